//! Settings, Advanced: developer mode and what only exists with it.

use leptos::prelude::*;

use super::developer::{Beta, GateShut, RiskDialog, developer_on, gate_closed};
use crate::connectors::new::sentence;
use crate::router::page_title;
use crate::state::{AppState, use_state};
use crate::ui::Switch;

/// The page.
#[component]
pub(crate) fn Advanced() -> impl IntoView {
    let app = use_state();
    page_title(|| "Advanced".into());
    let on = developer_on(app);
    let closed = gate_closed(app);
    let asking = RwSignal::new(false);
    let loopback = local_servers(app);
    let drafts = move || {
        let me = app.ws().seen_as();
        app.rulebook.with(|rulebook| {
            let mine = rulebook.connectors.iter().filter(|one| one.badge() == Some("Dev") && one.owner == me);
            mine.map(|one| one.name.clone()).collect::<Vec<_>>()
        })
    };
    view! {
        <header class="head"><h1>"Advanced"</h1></header>
        <section class="setting">
            <div class="switch-row">
                <div class="grow"><h2>"Developer mode"</h2><Beta/>
                    <p>"Add connectors of your own and try them in chat. Untrusted servers raise the risk of prompt injection; connect only servers you trust."</p>
                    {move || closed.get().map(|why| view! {
                        <p class="small why">{sentence(&why)}</p>
                        <GateShut/>
                    })}
                    {move || {
                        let names = drafts();
                        (on.get() && !names.is_empty()).then(|| view! { <p class="small">{format!("Turning it off takes your drafts out of every chat: {}.", names.join(", "))}</p> })
                    }}
                </div>
                <Switch label="Developer mode" checked=on disabled=Signal::derive(move || closed.get().is_some() && !on.get())
                    on_change=move |want: bool| {
                        if want {
                            asking.set(true);
                        } else {
                            let ws = app.ws();
                            app.run(async move { ws.set_developer_mode(false).await }, |()| ());
                        }
                    }/>
            </div>
        </section>
        {move || (on.get() || loopback.get()).then(|| view! { <section class="setting"><LocalServers/></section> })}
        <RiskDialog open=asking/>
    }
}

/// Whether servers on this machine and its network may be connected.
fn local_servers(app: AppState) -> Signal<bool> {
    Signal::derive(move || app.rulebook.with(|rulebook| rulebook.workspace.allow_loopback))
}

/// The switch that allows them, with what it means. Also stands where such an address was refused (S119).
#[component]
pub(crate) fn LocalServers() -> impl IntoView {
    let app = use_state();
    view! {
        <div class="switch-row">
            <div class="grow"><h2>"Servers on this machine"</h2>
                <p>"Allow addresses such as "<code>"http://localhost"</code>" and private networks. Such connectors carry the mark "<span class="tag local">"local"</span>"."</p>
                <p class="small">"Any page you visit could try to talk to a server on your machine: run only servers that check who asks."</p></div>
            <Switch label="Servers on this machine" checked=local_servers(app) on_change=move |want: bool| {
                let ws = app.ws();
                app.run(async move { ws.set_allow_loopback(want).await }, |()| ());
            }/>
        </div>
    }
}
