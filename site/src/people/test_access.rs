//! Permissions & roles, Test access: a person, a connector, an action, and the chain to the verdict.

use browser::policy::{ConnectorId, MemberId, Stage};
use leptos::prelude::*;
use serde_json::{Map, Value};

use super::chain::{Chain, verdict_says};
use crate::state::use_state;
use crate::ui::form::{Defaults, FormState, SchemaForm};
use crate::ui::{Field, SearchField};

/// People and connectors that can be chosen at once; searching finds the others.
const SHOWN: usize = 100;

/// An id with the words to show for it.
type Named = (String, String);

/// The tab.
#[component]
pub(super) fn TestAccess() -> impl IntoView {
    let app = use_state();
    let search = RwSignal::new(String::new());
    let people = Memo::new(move |_| {
        app.rulebook
            .with(|book| book.members.iter().map(|one| (one.id.to_string(), one.name.clone())).collect::<Vec<Named>>())
    });
    let connectors = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let there = book.connectors.iter().filter(|one| one.stage != Stage::Archived);
            there.map(|one| (one.id.to_string(), format!("{} · {}", one.name, one.host))).collect::<Vec<Named>>()
        })
    });
    let many = Memo::new(move |_| people.with(Vec::len) > SHOWN || connectors.with(Vec::len) > SHOWN);
    let who = RwSignal::new(app.ws().me().to_string());
    let first = connectors.with_untracked(|all| all.first().map(|one| one.0.clone()).unwrap_or_default());
    let connector = RwSignal::new(first);
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
    // What would be sent matters only where rules look at it.
    let ruled = Memo::new(move |_| {
        let (id, name) = (ConnectorId::from(connector.get()), chosen.get());
        app.rulebook.with(|book| {
            let one = book.connector(&id).ok()?;
            let rules = one.rules.get(&name).is_some_and(|rules| !rules.is_empty());
            rules.then(|| one.action(&name).map(|action| (id.clone(), action.input_schema().clone()))).flatten()
        })
    });
    let sent = RwSignal::new(None::<Map<String, Value>>);
    let explained = move || {
        app.rulebook.track();
        app.connections.track();
        let (who, id) = (MemberId::from(who.get()), ConnectorId::from(connector.get()));
        app.ws().explain_action(&who, &id, &chosen.get(), sent.get())
    };
    let choice = move |id: String, described: String, list: Memo<Vec<Named>>, value: RwSignal<String>| {
        // What is chosen stays in the list, whatever is searched for.
        let shown = move || {
            let (text, chosen) = (search.get().trim().to_lowercase(), value.get());
            let fits = |one: &&Named| one.0 == chosen || one.1.to_lowercase().contains(&text);
            list.with(|all| {
                let mut shown: Vec<Named> = all.iter().filter(fits).take(SHOWN).cloned().collect();
                if !shown.iter().any(|one| one.0 == chosen) {
                    shown.extend(all.iter().find(|one| one.0 == chosen).cloned());
                }
                shown
            })
        };
        view! {
            <select id=id aria-describedby=described on:change=move |event| value.set(event_target_value(&event))>
                {move || shown().into_iter().map(|(key, name)| {
                    let own = key.clone();
                    view! { <option value=key selected=move || value.get() == own>{name}</option> }
                }).collect_view()}
            </select>
        }
    };
    view! {
        <p class="lead">"What would become of a call, and why. Nothing is sent."</p>
        {move || many.get().then(|| view! { <SearchField label="Find people and connectors to choose from" value=search/> })}
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
        {move || ruled.get().map(|(_, schema)| view! { <WouldBeSent schema sent/> })}
        {move || {
            let explanation = explained();
            view! {
                <section class="found" aria-live="polite"><h2>{verdict_says(&explanation)}</h2>
                    {explanation.depends().then(|| view! { <p>"A rule on values may make it stricter. Type above what would be sent."</p> })}
                    <Chain explanation/></section>
            }
        }}
        <super::Reach/>
    }
}

/// What would be sent, for rules on values. As long as nothing is typed, what they say stays open.
#[component]
fn WouldBeSent(
    /// The JSON Schema of the arguments.
    schema: Value,
    /// What was typed, once something was.
    sent: RwSignal<Option<Map<String, Value>>>,
) -> impl IntoView {
    let state = FormState::new(&schema, Map::new(), Defaults::Offered);
    let begins = untrack(|| state.values());
    Effect::new(move |_| {
        let values = state.values();
        sent.set(Some(values).filter(|values| *values != begins));
    });
    on_cleanup(move || drop(sent.try_set(None)));
    view! {
        <section aria-label="What would be sent">
            <h2>"What would be sent"</h2>
            <SchemaForm state/>
        </section>
    }
}
