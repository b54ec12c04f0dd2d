//! Pausing a connector, with a reason that everybody reads (e.5: *Paused by NAME on DATE: reason*).

use browser::policy::{Connector, ConnectorId};
use leptos::prelude::*;

use super::new::sentence;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Field};

/// The pause, while there is one: who, when, why.
#[component]
pub(super) fn PauseNote(
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    move || {
        found.with(|found| found.as_ref().and_then(|one| one.review.pause.as_ref().map(|pause| pause.why().to_string()))).map(|why| {
            view! { <div class="note held" role="status"><span class="grow"><bdi>{sentence(&why)}</bdi></span></div> }
        })
    }
}

/// Pauses the connector, or ends the pause.
#[component]
pub(super) fn PauseButton(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let (asking, reason) = (RwSignal::new(false), RwSignal::new(String::new()));
    let paused = Memo::new(move |_| found.with(|found| found.as_ref().is_some_and(|one| one.review.pause.is_some())));
    let may = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as());
            found.with(|found| found.as_ref().is_some_and(|one| me.and_then(|me| book.may_pause(one, me)).is_ok()))
        })
    });
    let pause = move || {
        let (ws, text) = (app.ws(), reason.get_untracked());
        app.run(async move { ws.pause(&id.get_value(), &text).await }, move |()| {
            asking.try_set(false);
            app.tell("Paused. Nothing of it runs.");
        });
    };
    let resume = move || {
        let ws = app.ws();
        app.run(async move { ws.resume(&id.get_value()).await }, move |()| app.tell("The pause ended."));
    };
    view! {
        {move || may.get().then(|| match paused.get() {
            true => view! { <Button on:click=move |_| resume()>"End the pause"</Button> }.into_any(),
            false => view! { <Button on:click=move |_| { reason.set(String::new()); asking.set(true); }>"Pause connector"</Button> }.into_any(),
        })}
        {move || asking.get().then(|| view! {
            <Dialog title="Pause this connector" on_close=move |()| asking.set(false)>
                <form class="body" id="pause-form" on:submit=move |event| { event.prevent_default(); pause(); }>
                    <p>"Nothing of it runs for anybody until the pause ends. People read your name, the date and the reason."</p>
                    <Field label="Reason" let:field>
                        <input id=field.id aria-describedby=field.described maxlength="200" autocomplete="off" prop:value=move || reason.get()
                            on:input=move |event| reason.set(event_target_value(&event))/>
                    </Field>
                </form>
                <footer>
                    <Button on:click=move |_| asking.set(false)>"Keep it running"</Button>
                    <Button look=ButtonLook::Danger disabled=Signal::derive(move || reason.get().trim().is_empty()) on:click=move |_| pause()>"Pause connector"</Button>
                </footer>
            </Dialog>
        })}
    }
}
