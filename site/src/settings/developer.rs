//! Developer mode: gate 2, the person's own switch, and the words it is turned on with (S033, S089 to S091).

use leptos::prelude::*;
use policy::Wanted;

use crate::people::requests::AskFor;
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook, Dialog, sentence};

/// Whether developer mode is on for the person, gate 1 included.
pub(crate) fn developer_on(app: AppState) -> Signal<bool> {
    Signal::derive(move || {
        app.rulebook
            .with(|rulebook| rulebook.member(&app.ws().seen_as()).is_ok_and(|me| rulebook.developer_mode(me).is_ok()))
    })
}

/// Why the person cannot turn it on, if so: gate 1 is closed to them.
pub(crate) fn gate_closed(app: AppState) -> Signal<Option<String>> {
    Signal::derive(move || {
        let me = app.ws().seen_as();
        app.rulebook.with(|rulebook| {
            let allowed = rulebook.member(&me).and_then(|me| rulebook.may_toggle_developer(me));
            allowed.err().map(|why| why.to_string())
        })
    })
}

/// In the place of what would add a server, where nobody may: who forbids it, and whom to ask (X131).
pub(crate) fn no_servers() -> impl IntoView {
    sentence(&policy::Why::OnlyPublished.to_string())
}

/// Who can open gate 1 for the person, and the request for it where the plan lets it be given to single people (S029).
#[component]
pub(crate) fn GateShut() -> impl IntoView {
    let app = use_state();
    let admins = app.rulebook.with(|book| crate::people::who_runs_it(book));
    let delegates = app.rulebook.with(|book| book.plan().delegates());
    view! {
        <p class="small">"Ask one of: "<bdi>{admins}</bdi>"."</p>
        {delegates.then(|| view! { <AskFor wanted=Some(Wanted::Developer) word="Request developer mode"/> })}
    }
}

/// That this is beta (S002).
#[component]
pub(crate) fn Beta() -> impl IntoView {
    view! { <p class="small"><span class="tag">"Beta"</span>" What it does and how it looks may still change."</p> }
}

/// The question before developer mode is on.
#[component]
pub(crate) fn RiskDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let app = use_state();
    let understood = RwSignal::new(false);
    let close = move || {
        open.set(false);
        understood.set(false);
    };
    let turn_on = move || {
        let ws = app.ws();
        app.run(async move { ws.set_developer_mode(true).await }, move |()| close());
    };
    move || {
        open.get().then(|| view! {
            <Dialog title="Turn on developer mode" on_close=move |()| close() light=true>
                <div class="body">
                    <p>"Developer mode lets you connect any MCP server and use what it offers, including actions that change things."</p>
                    <ul class="bullets">
                        <li>"A server can read everything you send it, and what it returns may try to steer a model (prompt injection)."</li>
                        <li>"A server may say that an action only reads when it does not. Every write asks you first, unless the workspace lets answers be remembered."</li>
                        <li>"Connect only servers you trust. What you add is a draft that only you can use."</li>
                    </ul>
                    <label class="check"><input type="checkbox" prop:checked=move || understood.get()
                        on:change=move |event| understood.set(event_target_checked(&event))/>"I understand the risks"</label>
                </div>
                <footer>
                    <Button on:click=move |_| close()>"Leave it off"</Button>
                    <Button look=ButtonLook::Primary disabled=Signal::derive(move || !understood.get()) on:click=move |_| turn_on()>"Turn on developer mode"</Button>
                </footer>
            </Dialog>
        })
    }
}

/// On a page that needs developer mode: says that it is off and turns it on in place, or says who can open the gate.
#[component]
pub(crate) fn DeveloperOffer() -> impl IntoView {
    let app = use_state();
    let on = developer_on(app);
    let closed = gate_closed(app);
    let open = RwSignal::new(false);
    view! {
        {move || (!on.get()).then(|| match closed.get() {
            Some(why) => view! { <div class="note"><div class="grow"><p>{sentence(&why)}</p><GateShut/></div></div> }.into_any(),
            None => view! {
                <div class="note"><span class="grow">"Developer mode is off for you. What you type here stays."</span>
                    <Button small=true on:click=move |_| open.set(true)>"Turn on developer mode"</Button></div>
            }.into_any(),
        })}
        <RiskDialog open/>
    }
}
