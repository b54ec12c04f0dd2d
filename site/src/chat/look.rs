//! The look at a result before a model is told it (X54): pass it on, pass one's own version on, or withhold it.

use browser::chat::context::result_to_edit;
use browser::chat::conversation::{CallCard, Look};
use leptos::prelude::*;
use policy::ConversationId;

use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Field};

/// The bar below the result. Nothing where nobody looks, and nothing while no model answers here.
#[component]
pub(super) fn LookAtResult(
    /// The card of the call.
    card: Memo<Option<CallCard>>,
    /// Its conversation.
    conversation: StoredValue<ConversationId>,
) -> impl IntoView {
    let app = use_state();
    let look = Memo::new(move |_| card.with(|card| card.as_ref().and_then(|card| card.look.clone())));
    let version = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let decide = move |look: Look| {
        let (Some(call), Some(id)) =
            (card.with_untracked(|card| card.as_ref().map(|card| card.call.clone())), conversation.try_get_value())
        else {
            return;
        };
        let ws = app.ws();
        busy.set(true);
        app.run(
            async move {
                let done = ws.decide_result(&id, &call, look).await;
                let _ = busy.try_set(false);
                done
            },
            |()| (),
        );
    };
    let open = move |nobody: bool| {
        let says = match nobody {
            false => "Look at this result before the model is told it. Until then the model waits.",
            true => "Nobody decided whether the model is told this result, so it was not shown.",
        };
        match version.get() {
            None => view! {
                <p class="grow">{says}</p>
                <div class="row">
                    <Button disabled=busy on:click=move |_| decide(Look::Withheld)>"Withhold result"</Button>
                    <Button disabled=busy on:click=move |_| {
                        let text = card.with_untracked(|card| card.as_ref().map(result_to_edit)).unwrap_or_default();
                        version.set(Some(text));
                    }>"Change result"</Button>
                    <Button look=ButtonLook::Primary disabled=busy on:click=move |_| decide(Look::Passed)>"Pass result on"</Button>
                </div>
            }
            .into_any(),
            Some(text) => {
                let typed = RwSignal::new(text);
                view! {
                    <div class="grow">
                        <Field label="What the model is told instead"
                            help="What looks like a secret is covered already. The model is told that you changed it." let:field>
                            <textarea class="mono" rows="8" spellcheck="false" dir="auto" id=field.id aria-describedby=field.described
                                prop:value=move || typed.get() on:input=move |event| typed.set(event_target_value(&event))></textarea>
                        </Field>
                    </div>
                    <div class="row">
                        <Button disabled=busy on:click=move |_| version.set(None)>"Keep result as it is"</Button>
                        <Button look=ButtonLook::Primary disabled=busy on:click=move |_| decide(Look::Edited { text: typed.get_untracked() })>
                            "Pass changed result on"</Button>
                    </div>
                }
                .into_any()
            }
        }
    };
    let has_model = move || conversation.try_get_value().is_some_and(|id| app.ws().mind_of(&id).model().is_some());
    move || {
        let says = |text: &'static str| view! { <p class="look-said">{text}</p> }.into_any();
        match look.get()? {
            Look::Waiting | Look::NotAnswered if !has_model() => None,
            Look::Waiting => Some(bar(open(false))),
            Look::NotAnswered => Some(bar(open(true))),
            Look::Passed => Some(says("You passed this result on to the model.")),
            Look::Withheld => Some(says("You withheld this result from the model.")),
            Look::Edited { .. } => Some(says("You changed this result before the model was told it.")),
        }
    }
}

fn bar(inside: AnyView) -> AnyView {
    view! { <section class="look-bar" role="group" aria-label="Result for the model">{inside}</section> }.into_any()
}
