//! The + menu: what can be brought into this chat, and for what cannot, why and what to do.

use browser::ConnectionStatus;
use leptos::{ev, html, prelude::*};
use policy::{Connector, ConnectorId};

use super::usable::{Standing, listed, standing};
use crate::router::{Link, Route};
use crate::state::{AppState, use_state};
use crate::ui::{Badge, HostName, Icon, IconName, LocalMark, SearchField, StatusDot, move_focus, place, unique};

/// The connectors with which a new chat starts: all that can be used.
pub fn usable_now(state: AppState) -> Vec<ConnectorId> {
    let me = state.ws().me();
    state.rulebook.with(|rules| {
        rules
            .connectors
            .iter()
            .filter(|connector| standing(rules, connector, &me, &ConnectionStatus::Idle).usable)
            .map(|connector| connector.id.clone())
            .collect()
    })
}

#[derive(Clone, PartialEq)]
struct Row {
    id: ConnectorId,
    name: String,
    host: String,
    badge: Option<&'static str>,
    local: bool,
    standing: Standing,
}

impl Row {
    fn new(connector: &Connector, standing: Standing) -> Row {
        Row {
            id: connector.id.clone(),
            name: connector.name.clone(),
            host: connector.host.clone(),
            badge: connector.badge(),
            local: connector.is_local(),
            standing,
        }
    }
}

/// The button and its popover.
#[component]
pub fn AddMenu(
    /// The connectors that are active.
    active: Signal<Vec<ConnectorId>>,
    /// What they should be.
    on_change: Callback<Vec<ConnectorId>>,
) -> impl IntoView {
    let state = use_state();
    let (button, popover) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let open = RwSignal::new(false);
    let search = RwSignal::new(String::new());
    let id = unique("add");
    let rows = Memo::new(move |_| {
        let me = state.ws().me();
        let text = search.get().to_lowercase();
        state.rulebook.with(|rules| {
            let found = rules.connectors.iter().filter(|connector| listed(rules, connector, &me)).filter(|connector| {
                text.split_whitespace()
                    .all(|word| connector.name.to_lowercase().contains(word) || connector.host.contains(word))
            });
            let rows = found.map(|connector| {
                Row::new(connector, standing(rules, connector, &me, &state.connection(&connector.id)))
            });
            rows.partition::<Vec<Row>, _>(|row| row.standing.usable)
        })
    });
    let none = move || rows.with(|(usable, others)| usable.is_empty() && others.is_empty());
    view! {
        <button node_ref=button type="button" class="btn quiet icon" popovertarget=id.clone() aria-label="Add" title="Add connectors"
            aria-haspopup="dialog" aria-expanded=move || open.get().to_string()><Icon name=IconName::Add/></button>
        <div node_ref=popover id=id class="menu add" popover="auto" role="dialog" aria-label="Add to this chat"
            on:toggle=move |_| {
                let (Some(popover), Some(button)) = (popover.get_untracked(), button.get_untracked()) else { return };
                let shown = popover.matches(":popover-open").unwrap_or(false);
                open.set(shown);
                if shown {
                    search.set(String::new());
                    // Its content is there, and its size known, in the next frame.
                    request_animation_frame(move || {
                        place(&popover, &button);
                        move_focus(&popover, "input[type=search]", "Home");
                    });
                }
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if event.key() == "Enter" {
                    // The popover stands in the composer's form; Enter in it must not send.
                    event.prevent_default();
                }
                let text_key = matches!(event.key().as_str(), "Home" | "End");
                if let Some(popover) = popover.get_untracked()
                    && !text_key
                    && move_focus(&popover, "input, a", &event.key())
                {
                    event.prevent_default();
                }
            }>
            {move || open.get().then(|| view! {
                <SearchField label="Search connectors" value=search/>
                <div class="add-list">
                    {move || rows.with(|(usable, _)| !usable.is_empty()).then(|| view! { <div class="grp" id="add-usable">"Connectors"</div> })}
                    <ul class="plain" aria-labelledby="add-usable">
                        <For each=move || rows.get().0 key=|row| (row.id.clone(), row.standing.says.clone(), row.standing.dot, row.standing.on) let:row>
                            <Usable row=row active=active on_change=on_change/>
                        </For>
                    </ul>
                    {move || rows.with(|(_, others)| !others.is_empty()).then(|| view! { <div class="grp" id="add-others">"Not usable now"</div> })}
                    <ul class="plain" aria-labelledby="add-others">
                        <For each=move || rows.get().1 key=|row| (row.id.clone(), row.standing.says.clone()) let:row><Unusable row=row/></For>
                    </ul>
                    {move || none().then(|| view! { <p class="rail-empty">"No connector has this name."</p> })}
                </div>
                <hr/>
                <Link to=Route::NewConnector class="menu-item"><Icon name=IconName::Add/>"Add connector"</Link>
                <Link to=Route::Connectors class="menu-item"><Icon name=IconName::Settings/>"Manage connectors"</Link>
            })}
        </div>
    }
}

#[component]
fn Usable(row: Row, active: Signal<Vec<ConnectorId>>, on_change: Callback<Vec<ConnectorId>>) -> impl IntoView {
    let id = StoredValue::new(row.id);
    let is_on = Memo::new(move |_| active.with(|active| id.with_value(|id| active.contains(id))));
    let toggle = move |_| {
        let mut wanted = active.get_untracked();
        let id = id.get_value();
        if wanted.contains(&id) {
            wanted.retain(|other| *other != id);
        } else {
            wanted.push(id);
        }
        on_change.run(wanted);
    };
    let says = row.standing.says.unwrap_or_else(|| match row.standing.on {
        1 => "1 action".to_owned(),
        on => format!("{on} actions"),
    });
    view! {
        <li>
            <label class="menu-item">
                <input type="checkbox" prop:checked=move || is_on.get() on:change=toggle/>
                <span class="grow add-name">
                    <span><bdi>{row.name}</bdi>" "{row.badge.map(|badge| view! { <Badge word=badge/> })}{row.local.then(|| view! { " "<LocalMark/> })}</span>
                    <HostName host=row.host/>
                </span>
                <small>{says}</small>
                <StatusDot look=row.standing.dot/>
            </label>
            {row.standing.fix.map(|(word, to)| view! { <Link to=to class="add-fix">{word}</Link> })}
        </li>
    }
}

#[component]
fn Unusable(row: Row) -> impl IntoView {
    view! {
        <li class="menu-item unusable">
            <span class="grow add-name">
                <span><bdi>{row.name}</bdi>" "{row.badge.map(|badge| view! { <Badge word=badge/> })}{row.local.then(|| view! { " "<LocalMark/> })}</span>
                <HostName host=row.host/>
                <small>{row.standing.says}</small>
            </span>
            {row.standing.fix.map(|(word, to)| view! { <Link to=to>{word}</Link> })}
        </li>
    }
}
