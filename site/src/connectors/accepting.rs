//! The question before a change is accepted that brings a finding of high severity: why all the same. The answer stays with
//! the record of the review (screens.md e.2, S112).

use browser::policy::Digest;
use browser::policy::findings::Finding;
use browser::policy::publish::Accepted;
use leptos::prelude::*;

use super::findings::Findings;
use crate::ui::{Button, ButtonLook, Dialog, Field};

/// What waits for a reason.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    /// The words of the button.
    pub(super) label: String,
    /// What is accepted.
    pub(super) accepted: Accepted,
    /// The digest of the list on the screen.
    pub(super) shown: Digest,
    /// What it brings.
    pub(super) brings: Vec<Finding>,
}

/// The dialog, while something waits.
#[component]
pub(super) fn ReasonDialog(
    /// What waits.
    asking: RwSignal<Option<Asking>>,
    /// Accepts it.
    accept: Callback<(Accepted, Digest)>,
) -> impl IntoView {
    move || {
        asking.get().map(|Asking { label, accepted, shown, brings }| {
            let reason = RwSignal::new(String::new());
            let short = Signal::derive(move || reason.with(|text| text.trim().chars().count() < 8));
            let go = move || {
                if short.get_untracked() {
                    return;
                }
                let accepted = Accepted { reason: reason.get_untracked(), ..accepted.clone() };
                asking.set(None);
                accept.run((accepted, shown.clone()));
            };
            let send = StoredValue::new(go);
            let says = format!(
                "The approved definition does not have {}. To accept it all the same, write down why. The reason stays with the record of its review.",
                match brings.len() {
                    1 => "this finding of high severity".to_owned(),
                    count => format!("these {count} findings of high severity"),
                }
            );
            view! {
                <Dialog title=label.clone() on_close=move |()| asking.set(None)>
                    <form class="body" id="accept-reason" on:submit=move |event| { event.prevent_default(); send.with_value(|go| go()); }>
                        <p>{says}</p>
                        <Findings list=brings/>
                        <Field label="Why it is accepted in spite of the findings" let:field>
                            <textarea id=field.id aria-describedby=field.described maxlength="500"
                                prop:value=move || reason.get() on:input=move |event| reason.set(event_target_value(&event))></textarea>
                        </Field>
                    </form>
                    <footer>
                        <Button on:click=move |_| asking.set(None)>"Keep it held"</Button>
                        <Button look=ButtonLook::Primary disabled=short on:click=move |_| send.with_value(|go| go())>{label}</Button>
                    </footer>
                </Dialog>
            }
        })
    }
}
