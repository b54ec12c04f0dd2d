//! Workspace, General: the name, the plan profile with what it allows (C7), the workspace as a signed file, lockdown.

use browser::policy::{Rulebook, Why};
use leptos::prelude::*;

use crate::people::{NotYours, may};
use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, Field, Switch};

/// The page.
#[component]
pub(crate) fn General() -> impl IntoView {
    let app = use_state();
    page_title(|| "General".into());
    let runs = may(app, Rulebook::may_set_workspace);
    move || match runs.get() {
        // A signed workspace is taken over by whoever is given its file, and says where its rules come from.
        false => view! {
            <NotYours title="General" why=Why::AdminsOnly("change the workspace's settings")/>
            <super::bundle::PolicyBundle runs=false/>
        }
        .into_any(),
        true => view! { <Settings/> }.into_any(),
    }
}

/// What whoever runs the workspace decides here.
#[component]
fn Settings() -> impl IntoView {
    let app = use_state();
    let kept = move || app.rulebook.with_untracked(|rulebook| rulebook.workspace.name.clone());
    let name = RwSignal::new(kept());
    let lockdown = Signal::derive(move || app.rulebook.with(|rulebook| rulebook.workspace.lockdown));
    view! {
        <header class="head"><h1>"General"</h1></header>
        <form class="setting inline-form" on:submit=move |event| {
            event.prevent_default();
            let (ws, name) = (app.ws(), name.get_untracked());
            app.run(async move { ws.rename_workspace(&name).await }, move |()| app.tell("Workspace renamed."));
        }>
            <Field label="Workspace name" let:field>
                <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="80" prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))/>
            </Field>
            <Button submit=true disabled=Signal::derive(move || name.get().trim().is_empty())>"Rename workspace"</Button>
        </form>
        <super::plan::Plan/>
        <super::bundle::PolicyBundle runs=true/>
        <section class="setting">
            <div class="switch-row">
                <div class="grow"><h2>"Lockdown"</h2>
                    <p>"Stops every call to every connector until an admin ends it. Use it when something is wrong and you need time."</p>
                    <p class="small">"Enforced in this client. What is already running on a server goes on there."</p></div>
                <Switch label="Lockdown" checked=lockdown on_change=move |on: bool| {
                    let ws = app.ws();
                    app.run(async move { ws.set_lockdown(on).await }, move |()| app.tell(if on { "Lockdown is on. Nothing runs." } else { "Lockdown has ended." }));
                }/>
            </div>
        </section>
        <Checklist/>
        <super::proxies::Proxies/>
        <section class="setting"><h2>"Version"</h2><p>"Countersign "{env!("CARGO_PKG_VERSION")}</p></section>
    }
}

/// Whether publishing needs every point of the checklist (S096). Absent where the plan publishes nothing.
#[component]
fn Checklist() -> impl IntoView {
    let app = use_state();
    let publishes = Memo::new(move |_| app.rulebook.with(|book| book.plan().publishing.is_some()));
    let needed = Signal::derive(move || app.rulebook.with(|book| book.workspace.checklist));
    move || {
        publishes.get().then(|| view! {
            <section class="setting">
                <div class="switch-row">
                    <div class="grow"><h2>"Checklist before publishing"</h2>
                        <p>"Nothing is published until every point of the checklist is ticked and says what was looked at. It stays in the review record, where everybody reads it."</p>
                        <ul class="bullets small">{browser::policy::review::Check::ALL.map(|check| view! { <li>{check.sentence()}</li> }).collect_view()}</ul></div>
                    <Switch label="Checklist before publishing" checked=needed on_change=move |want: bool| {
                        let ws = app.ws();
                        app.run(async move { ws.set_checklist(want).await }, |()| ());
                    }/>
                </div>
            </section>
        })
    }
}
