//! The single actions of a connector in the + menu, each with its switch for this chat (screens.md e.4, U01).
//!
//! Nothing chosen means all of them. From the first switch on it is a list of what is on, so that what the server adds
//! later stays off here: see [`policy::Chosen`].

use leptos::{html, prelude::*};
use policy::{Class, ConnectorId};
use std::collections::BTreeSet;
use web_sys::ScrollLogicalPosition;

use super::settle;
use crate::results::Visible;
use crate::state::use_state;
use crate::ui::{Button, ClassMark, SearchField};

/// Actions that are on the page at once; typing narrows them down.
const SHOWN: usize = 60;

/// From how many actions on there is a field to search them.
const SEARCHED: usize = 12;

#[derive(Clone, PartialEq)]
struct One {
    name: String,
    title: String,
    class: Class,
    /// Only the connector's own app can call it.
    for_app: bool,
}

/// The actions that can be used, with their switches. Drawn when they are unfolded.
#[component]
pub(super) fn Actions(connector: ConnectorId, name: String, host: String) -> impl IntoView {
    let state = use_state();
    let id = StoredValue::new(connector);
    let text = RwSignal::new(String::new());
    let all = Memo::new(move |_| {
        let me = state.ws().seen_as();
        state.rulebook.with(|rules| {
            let found = id.with_value(|id| rules.connector(id).ok()).zip(rules.member(&me).ok());
            let Some((connector, member)) = found else { return Vec::new() };
            let one = |action: &policy::Action| One {
                name: action.name().to_owned(),
                title: action.title().to_owned(),
                class: connector.classify(action).class,
                for_app: !action.visible_to_model(),
            };
            rules.offered_of(connector, member).into_iter().map(one).collect()
        })
    });
    let fitting = Memo::new(move |_| {
        let text = text.get().to_lowercase();
        let fits = |one: &One| {
            let whole = format!("{} {}", one.title, one.name).to_lowercase();
            text.split_whitespace().all(|word| whole.contains(word))
        };
        all.with(|all| all.iter().filter(|one| fits(one)).cloned().collect::<Vec<_>>())
    });
    let is_on = move |name: &str| state.chosen_actions.with(|chosen| id.with_value(|id| chosen.admits(id, name)));
    let choose = move |wanted: Option<BTreeSet<String>>| state.choose_actions(id.get_value(), wanted);
    let toggle = move |name: String| {
        let chosen = state.chosen_actions.with_untracked(|chosen| id.with_value(|id| chosen.of(id).cloned()));
        let every = || all.with_untracked(|all| all.iter().map(|one| one.name.clone()).collect());
        let mut wanted: BTreeSet<String> = chosen.unwrap_or_else(every);
        if !wanted.remove(&name) {
            wanted.insert(name);
        }
        choose(Some(wanted));
    };
    let narrowed = Memo::new(move |_| state.chosen_actions.with(|chosen| id.with_value(|id| chosen.of(id).is_some())));
    let says = move || {
        let (on, of) = all.with(|all| (all.iter().filter(|one| is_on(&one.name)).count(), all.len()));
        match narrowed.get() {
            true => format!("{on} of {of} are used in this chat. What {host} adds later stays off here."),
            false => format!("All {of} are used in this chat."),
        }
    };
    let group = NodeRef::<html::Div>::new();
    // What was unfolded is seen whole, where there is room for it.
    group.on_load(|group| {
        request_animation_frame(move || {
            settle(&group);
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            group.scroll_into_view_with_scroll_into_view_options(&options);
        });
    });
    let label = format!("Actions of {name} in this chat");
    let search_label = format!("Search actions of {name}");
    view! {
        <div node_ref=group class="add-actions" role="group" aria-label=label>
            {move || all.with(|all| all.len() >= SEARCHED).then(|| view! { <SearchField label=search_label.clone() value=text/> })}
            <ul class="plain">
                <For each=move || fitting.with(|all| all.iter().take(SHOWN).cloned().collect::<Vec<_>>()) key=|one| (one.name.clone(), one.title.clone(), one.class, one.for_app) let:one>
                    {
                        let (own, name) = (one.name.clone(), one.name);
                        view! {
                            <li><label class="check">
                                <input type="checkbox" prop:checked=move || is_on(&own) on:change=move |_| toggle(name.clone())/>
                                <span class="grow"><Visible text=one.title/>{one.for_app.then(|| view! { " "<small>"for its app"</small> })}</span>
                                <ClassMark class=one.class/>
                            </label></li>
                        }
                    }
                </For>
            </ul>
            {move || match fitting.with(Vec::len) {
                0 => view! { <p class="small">"No action has this name."</p> }.into_any(),
                count if { count > SHOWN } => view! { <p class="small">{format!("{} more; type to find them.", count - SHOWN)}</p> }.into_any(),
                _ => ().into_any(),
            }}
            <p class="small" role="status">{says}</p>
            <div class="row">
                <Button small=true disabled=Signal::derive(move || !narrowed.get()) on:click=move |_| choose(None)>"Use all actions"</Button>
                <Button small=true on:click=move |_| choose(Some(BTreeSet::new()))>"Use no actions"</Button>
            </div>
        </div>
    }
}
