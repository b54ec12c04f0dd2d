//! Permissions & roles, Test access: a person, a connector, an action, and the chain to the verdict.

use browser::policy::{ConnectorId, MemberId, Stage};
use leptos::prelude::*;

use super::chain::{Chain, verdict_says};
use crate::state::use_state;
use crate::ui::Field;

/// The tab.
#[component]
pub(super) fn TestAccess() -> impl IntoView {
    let app = use_state();
    let (people, connectors) = app.rulebook.with_untracked(|book| {
        let people: Vec<_> = book.members.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
        let connectors = book.connectors.iter().filter(|one| one.stage != Stage::Archived);
        (people, connectors.map(|one| (one.id.to_string(), format!("{} · {}", one.name, one.host))).collect::<Vec<_>>())
    });
    let first = |list: &[(String, String)]| RwSignal::new(list.first().map(|one| one.0.clone()).unwrap_or_default());
    let who = RwSignal::new(app.ws().me().to_string());
    let connector = first(&connectors);
    let action = RwSignal::new(String::new());
    let actions = Memo::new(move |_| {
        let id = ConnectorId::from(connector.get());
        app.rulebook.with(|book| {
            let found = book.connector(&id).map(|one| {
                one.actions().iter().map(|one| (one.name().to_owned(), one.title().to_owned())).collect::<Vec<_>>()
            });
            found.unwrap_or_default()
        })
    });
    // The chosen action, or the first of a connector that does not have it.
    let chosen = Memo::new(move |_| {
        let wanted = action.get();
        actions.with(|all| {
            all.iter().find(|one| one.0 == wanted).or(all.first()).map(|one| one.0.clone()).unwrap_or_default()
        })
    });
    let explained = move || {
        app.rulebook.track();
        app.connections.track();
        app.ws().explain_action(&MemberId::from(who.get()), &ConnectorId::from(connector.get()), &chosen.get())
    };
    let choice = |id: String, described: String, list: Vec<(String, String)>, value: RwSignal<String>| {
        view! {
            <select id=id aria-describedby=described on:change=move |event| value.set(event_target_value(&event))>
                {list.into_iter().map(|(key, name)| {
                    let own = key.clone();
                    view! { <option value=key selected=move || value.get() == own>{name}</option> }
                }).collect_view()}
            </select>
        }
    };
    view! {
        <p class="lead">"What would become of a call, and why. Nothing is sent."</p>
        <div class="three">
            <Field label="Person" let:field>{choice(field.id, field.described, people, who)}</Field>
            <Field label="Connector" let:field>{choice(field.id, field.described, connectors, connector)}</Field>
            <Field label="Action" let:field>
                <select id=field.id aria-describedby=field.described on:change=move |event| action.set(event_target_value(&event))>
                    {move || actions.get().into_iter().map(|(key, title)| {
                        let own = key.clone();
                        view! { <option value=key selected=move || chosen.get() == own>{title}</option> }
                    }).collect_view()}
                </select>
            </Field>
        </div>
        {move || {
            let explanation = explained();
            view! {
                <section class="found" aria-live="polite"><h2>{verdict_says(explanation.verdict)}</h2>
                    <Chain explanation/></section>
            }
        }}
        <super::Reach/>
    }
}
