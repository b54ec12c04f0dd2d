//! Pausing a connector, with a reason that everybody reads (e.5: *Paused by NAME on DATE: reason*).

use browser::policy::{Connector, ConnectorId, Rulebook};
use leptos::prelude::*;

use super::new::sentence;
use crate::state::{AppState, use_state};
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

/// Whether the person on the screen may pause a connector.
pub(super) fn may_pause(book: &Rulebook, app: AppState, connector: &Connector) -> bool {
    book.member(&app.ws().seen_as()).is_ok_and(|me| book.may_pause(connector, me).is_ok())
}

/// Asks for the reason of a pause.
#[component]
pub(super) fn PauseDialog(
    /// Its title.
    title: &'static str,
    /// What the pause does.
    says: &'static str,
    /// Which connectors it is about, where the title does not say.
    #[prop(optional)]
    names: Vec<String>,
    /// The words for letting them run.
    keep: &'static str,
    /// The words for pausing.
    #[prop(into)]
    words: String,
    /// Whether it is open.
    asking: RwSignal<bool>,
    /// Pauses, with the reason.
    #[prop(into)]
    pause: Callback<String>,
) -> impl IntoView {
    let reason = RwSignal::new(String::new());
    let pause = move || pause.run(reason.get_untracked());
    view! {
        <Dialog title=title on_close=move |()| asking.set(false)>
            <form class="body" on:submit=move |event| { event.prevent_default(); pause(); }>
                <p>{says}" People read your name, the date and the reason."</p>
                {(!names.is_empty()).then(|| view! {
                    <ul class="bullets">{names.into_iter().map(|name| view! { <li><bdi>{name}</bdi></li> }).collect_view()}</ul>
                })}
                <Field label="Reason" let:field>
                    <input id=field.id aria-describedby=field.described maxlength="200" autocomplete="off" prop:value=move || reason.get()
                        on:input=move |event| reason.set(event_target_value(&event))/>
                </Field>
            </form>
            <footer>
                <Button on:click=move |_| asking.set(false)>{keep}</Button>
                <Button look=ButtonLook::Danger disabled=Signal::derive(move || reason.get().trim().is_empty()) on:click=move |_| pause()>{words}</Button>
            </footer>
        </Dialog>
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
    let asking = RwSignal::new(false);
    let paused = Memo::new(move |_| found.with(|found| found.as_ref().is_some_and(|one| one.review.pause.is_some())));
    let may = Memo::new(move |_| {
        app.rulebook.with(|book| found.with(|found| found.as_ref().is_some_and(|one| may_pause(book, app, one))))
    });
    let pause = move |text: String| {
        let ws = app.ws();
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
            false => view! { <Button on:click=move |_| asking.set(true)>"Pause connector"</Button> }.into_any(),
        })}
        {move || asking.get().then(|| view! {
            <PauseDialog title="Pause this connector" says="Nothing of it runs for anybody until the pause ends."
                keep="Keep it running" words="Pause connector" asking pause/>
        })}
    }
}
