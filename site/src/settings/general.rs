//! Workspace, General: the name, the person's name, and the plan profile with what it allows (C7).

use browser::policy::{Class, Profile};
use leptos::prelude::*;

use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, Field, Segmented};

/// The page.
#[component]
pub(crate) fn General() -> impl IntoView {
    let app = use_state();
    page_title(|| "General".into());
    let kept = move || app.rulebook.with_untracked(|rulebook| rulebook.workspace.name.clone());
    let name = RwSignal::new(kept());
    let me = RwSignal::new(app.rulebook.with_untracked(|rulebook| {
        rulebook.member(&app.ws().me()).map(|member| member.name.clone()).unwrap_or_default()
    }));
    let profile = Signal::derive(move || app.rulebook.with(|rulebook| rulebook.workspace.profile));
    let options = Profile::ALL.into_iter().map(|profile| (profile, profile.rules().label)).collect::<Vec<_>>();
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
        <form class="setting inline-form" on:submit=move |event| {
            event.prevent_default();
            let (ws, name) = (app.ws(), me.get_untracked());
            app.run(async move { ws.rename_me(&name).await }, move |()| app.tell("Your name was changed."));
        }>
            <Field label="Your name" help="Stands in the audit log of this workspace." let:field>
                <input id=field.id aria-describedby=field.described autocomplete="name" maxlength="80" prop:value=move || me.get()
                    on:input=move |event| me.set(event_target_value(&event))/>
            </Field>
            <Button submit=true disabled=Signal::derive(move || me.get().trim().is_empty())>"Change name"</Button>
        </form>
        <section class="setting">
            <h2>"Plan profile"</h2>
            <p>"Which rules this workspace follows."</p>
            <Segmented label="Plan profile" value=profile options=options on_change=move |profile| {
                let ws = app.ws();
                app.run(async move { ws.set_profile(profile).await }, |()| ());
            }/>
            <table class="compare">
                <caption class="sr">"What each plan profile allows"</caption>
                <thead><tr><th scope="col">"Profile"</th><th scope="col">"Actions that change things"</th><th scope="col">"Publishing"</th><th scope="col">"Roles and groups"</th></tr></thead>
                <tbody>{Profile::ALL.into_iter().map(|one| {
                    let rules = one.rules();
                    view! {
                        <tr class:now=move || profile.get() == one>
                            <th scope="row">{rules.label}</th>
                            <td>{if rules.ceiling > Class::Read { "yes" } else { "no, reads only" }}</td>
                            <td>{match (rules.publishing.is_some(), rules.has_controls()) {
                                (false, _) => "no",
                                (true, false) => "yes, unchangeable",
                                (true, true) => "yes, with action control",
                            }}</td>
                            <td>{if rules.delegates() { "yes" } else { "no" }}</td>
                        </tr>
                    }
                }).collect_view()}</tbody>
            </table>
            <p class="small">"Enforced in this client. Restrict scopes on the server to enforce it everywhere."</p>
        </section>
        <super::proxies::Proxies/>
    }
}
