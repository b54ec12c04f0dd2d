//! Permissions & roles, Connected data: *Developer mode / Create custom MCP connectors* (gate 1, S026), what the
//! workspace asks for, remembering, drafts, lockdown.

use browser::policy::{Access, Confirm, Permission, Remember, Rulebook};
use leptos::prelude::*;

use super::audience::Audience;
use super::{Reach, may};
use crate::state::use_state;
use crate::ui::{Segmented, Switch};

/// The tab.
#[component]
pub(super) fn ConnectedData() -> impl IntoView {
    let app = use_state();
    let opens = may(app, Rulebook::may_open_gate);
    let grants = may(app, Rulebook::may_grant_developer);
    let gate = Memo::new(move |_| app.rulebook.with(|book| book.workspace.developer_gate));
    let developers = Signal::derive(move || app.rulebook.with(|book| book.workspace.developers.clone()));
    let confirm = Signal::derive(move || app.rulebook.with(|book| book.workspace.confirm));
    let remember = Signal::derive(move || app.rulebook.with(|book| book.workspace.remember));
    let secret_forms = Signal::derive(move || app.rulebook.with(|book| book.workspace.refuse_secret_forms));
    let lockdown = Signal::derive(move || app.rulebook.with(|book| book.workspace.lockdown));
    let drafts = Signal::derive(move || app.rulebook.with(|book| book.for_all(Permission::SeeDrafts)));
    let shared = Memo::new(move |_| app.rulebook.with(|book| book.plan().has_controls()));
    let delegates = Memo::new(move |_| app.rulebook.with(|book| book.plan().delegates()));
    // Who has it on now: what admins have to look after (S092).
    let on = move || {
        app.rulebook.with(|book| {
            let names: Vec<&str> = book
                .members
                .iter()
                .filter(|one| book.developer_mode(one).is_ok())
                .map(|one| one.name.as_str())
                .collect();
            if names.is_empty() {
                "Nobody has it on now.".to_owned()
            } else {
                format!("On now for: {}.", names.join(", "))
            }
        })
    };
    let set = move |access: Access| {
        let ws = app.ws();
        app.run(async move { ws.set_developers(access).await }, |()| ());
    };
    view! {
        {move || opens.get().then(|| view! {
            <section class="setting begins">
                <div class="switch-row">
                    <div class="grow"><h2>"Developer mode / Create custom MCP connectors"</h2>
                        <p>"Lets people connect MCP servers of their own choice and try them as drafts. Such a server sees what is sent to it, its texts may try to steer a model, and its actions may change things elsewhere. Each person also turns it on for themselves, after reading this; opening it here switches nobody on."</p>
                        <p class="small"><bdi>{on}</bdi></p></div>
                    <Switch label="Developer mode / Create custom MCP connectors" checked=gate on_change=move |want: bool| {
                        let ws = app.ws();
                        app.run(async move { ws.set_developer_gate(want).await }, |()| ());
                    }/>
                </div>
                {move || gate.get().then(|| if delegates.get() && grants.get() {
                    view! {
                        <h3>"Besides admins and owners, for"</h3>
                        <Audience label="Besides admins and owners, for" value=developers on_change=set/>
                    }.into_any()
                } else {
                    view! { <p class="small">"On this plan it is for admins and owners only."</p> }.into_any()
                })}
            </section>
        })}
        <section class="setting">
            <h2>"When it asks"</h2>
            <p>"Whatever may change something asks, every time as long as no answers are remembered. This is a ceiling: connectors, actions and people's own accounts can only add to it."</p>
            <Segmented label="When it asks" value=confirm options=vec![(Confirm::Writes, "Ask for writes"), (Confirm::Everything, "Ask for everything")] on_change=move |one| {
                let ws = app.ws();
                app.run(async move { ws.set_confirm(one).await }, |()| ());
            }/>
        </section>
        <section class="setting">
            <h2>"Remembering answers"</h2>
            <p>"Destructive actions always ask. Reading may be remembered longer where reading asks: each person chooses until when, at most 30 days, and takes it back under Approvals. What is no longer allowed here ends at once."</p>
            <Segmented label="Remembering answers" value=remember options=vec![(Remember::Never, "Never"), (Remember::Conversation, "For a conversation"), (Remember::Longer, "Reading also longer")] on_change=move |one| {
                let ws = app.ws();
                app.run(async move { ws.set_remember(one).await }, |()| ());
            }/>
        </section>
        <section class="setting"><div class="switch-row">
            <div class="grow"><h2>"Refuse forms that ask for a secret"</h2>
                <p>"A server must not ask for a password, a key or a card number in a form. When this is on, such a form is declined at once and nobody sees it. Names and words are looked at, so it is a guess."</p></div>
            <Switch label="Refuse forms that ask for a secret" checked=secret_forms on_change=move |want: bool| {
                let ws = app.ws();
                app.run(async move { ws.set_refuse_secret_forms(want).await }, |()| ());
            }/>
        </div></section>
        {move || shared.get().then(|| view! {
            <section class="setting"><div class="switch-row">
                <div class="grow"><h2>"Drafts are seen by every member"</h2>
                    <p>"Admins and owners always see them. Only its maker uses a draft."</p></div>
                <Switch label="Drafts are seen by every member" checked=drafts on_change=move |want: bool| {
                    let ws = app.ws();
                    app.run(async move { ws.set_default(Permission::SeeDrafts, want).await }, |()| ());
                }/>
            </div></section>
        })}
        <section class="setting"><div class="switch-row">
            <div class="grow"><h2>"Lockdown"</h2>
                <p>"No connector runs for anybody until it ends. Nothing else is changed by it."</p></div>
            <Switch label="Lockdown" checked=lockdown on_change=move |want: bool| {
                let ws = app.ws();
                app.run(async move { ws.set_lockdown(want).await }, |()| ());
            }/>
        </div></section>
        <Reach/>
    }
}
