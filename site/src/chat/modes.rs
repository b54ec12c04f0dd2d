//! The mode of a chat, chosen under the composer: what it limits itself to, who takes part, and why others do not (S085).
//!
//! Everything said here comes from the rules that the calls are held to as well.

use browser::chat::plan;
use leptos::prelude::*;
use policy::{ConnectorId, Mode, Unfit};

use super::add::list::fits;
use crate::lazy::Active;
use crate::results::Visible;
use crate::router::{Link, Route};
use crate::state::{AppState, use_state};
use crate::ui::{HostName, Icon, IconName, Menu, capital};

/// The mode of the chat on the screen.
pub fn modes(active: Active) -> AnyView {
    let state = use_state();
    let mode = state.thread.mode;
    // The mode is set again with everything that happens in a chat; a field that somebody types in stays the one it is.
    let plans = Memo::new(move |_| mode.get().plans());
    let limits = Memo::new(move |_| !mode.get().is_chat());
    view! {
        <div class="modes">
            <div class="modes-row">
                <Menu label="Mode" named=true class="mode tag" trigger=move || view! {
                    <span class="sr">"Mode: "</span>{move || mode.get().label()}<Icon name=IconName::ChevronDown size=14/>
                }>
                    {Mode::ALL.map(|one| view! { <Choice one active/> }).collect_view()}
                </Menu>
                {move || (!mode.get().is_chat()).then(|| view! { <span class="modes-says">{move || mode.get().says()}</span> })}
                {move || plans.get().then(|| view! { <Budget/> })}
            </div>
            {move || limits.get().then(|| view! { <TakesPart active/> })}
        </div>
    }
    .into_any()
}

/// Why a mode cannot be chosen in this chat, if so. Tracks.
fn unusable(state: AppState, mode: Mode, active: Active) -> Option<String> {
    if mode.is_chat() {
        return None;
    }
    if mode.plans() && state.mind_here().is_none() {
        return Some("Needs a language model. Connect one in Settings, Models.".to_owned());
    }
    state.rulebook.track();
    let roll = state.ws().in_mode(mode, &active.get(), &state.chosen_actions.get());
    let left_out = |why: Unfit| roll.left_out.iter().any(|(_, one)| *one == why);
    roll.taken.is_empty().then(|| {
        match mode {
            _ if left_out(Unfit::OffHere) => "The actions it needs are switched off in this chat.",
            _ if left_out(Unfit::NothingNow) => "The actions it needs cannot be used now.",
            Mode::Knowledge => "No connector of this chat can search and fetch.",
            Mode::Research => "No connector of this chat has an action that only reads.",
            _ => "No connector of this chat is part of the product.",
        }
        .to_owned()
    })
}

/// One mode in the menu: what it does, or why it cannot be chosen.
#[component]
fn Choice(one: Mode, active: Active) -> impl IntoView {
    let state = use_state();
    let why = Memo::new(move |_| unusable(state, one, active));
    let choose = move |_| {
        if why.with_untracked(Option::is_none) {
            state.choose_mode(one, state.thread.calls_allowed.get_untracked());
        }
    };
    view! {
        <button type="button" class="menu-item mode-choice" role="menuitemradio" tabindex="-1"
            aria-checked=move || (state.thread.mode.get() == one).to_string()
            aria-disabled=move || why.with(Option::is_some).then_some("true") on:click=choose>
            <span class="grow"><b>{one.label()}</b><small>{move || why.get().unwrap_or_else(|| one.says().to_owned())}</small></span>
            <span class="menu-check"><Icon name=IconName::Check size=16/></span>
        </button>
    }
}

/// The modes in the + menu: each by its name and what it does, or why it cannot be chosen.
#[component]
pub(super) fn ModeRows(active: Active, search: RwSignal<String>) -> impl IntoView {
    let state = use_state();
    let shown = move || {
        let found = |mode: &Mode| fits(search, &format!("modes {} {}", mode.label(), mode.says()));
        Mode::ALL.into_iter().filter(found).collect::<Vec<_>>()
    };
    let any = Memo::new(move |_| !shown().is_empty());
    let row = move |one: Mode| {
        let why = Memo::new(move |_| unusable(state, one, active));
        let choose = move |_| {
            if why.with_untracked(Option::is_none) {
                state.choose_mode(one, state.thread.calls_allowed.get_untracked());
            }
        };
        view! {
            <button type="button" class="menu-item mode-choice" aria-pressed=move || (state.thread.mode.get() == one).to_string()
                aria-disabled=move || why.with(Option::is_some).then_some("true") on:click=choose>
                <span class="grow"><b>{one.label()}</b><small>{move || why.get().unwrap_or_else(|| one.says().to_owned())}</small></span>
                <span class="menu-check"><Icon name=IconName::Check size=16/></span>
            </button>
        }
    };
    move || {
        any.get().then(|| {
            view! {
                <div class="grp" id="add-modes">"Modes"</div>
                <div role="group" aria-labelledby="add-modes">{move || shown().into_iter().map(row).collect_view()}</div>
                <hr/>
            }
        })
    }
}

/// How many calls a message may take. The person sets it; the page counts.
#[component]
fn Budget() -> impl IntoView {
    let state = use_state();
    let now = move || state.thread.calls_allowed.get().unwrap_or(plan::CALLS).to_string();
    let set = move |event: leptos::ev::Event| {
        if let Ok(calls) = event_target_value(&event).trim().parse::<u32>() {
            state.choose_mode(state.thread.mode.get_untracked(), Some(calls.clamp(1, plan::MAX_CALLS)));
        }
    };
    view! {
        <label class="budget">"Step budget"
            <input class="input" type="number" min="1" max=plan::MAX_CALLS.to_string() prop:value=now on:change=set
                aria-describedby="budget-says"/>
            <span id="budget-says">"calls for each message"</span>
        </label>
    }
}

#[derive(Clone, PartialEq)]
struct Named {
    name: String,
    host: String,
    says: String,
}

/// Which connectors of the chat take part, and which do not and why.
#[component]
fn TakesPart(active: Active) -> impl IntoView {
    let state = use_state();
    let rows = Memo::new(move |_| {
        let roll = state.ws().in_mode(state.thread.mode.get(), &active.get(), &state.chosen_actions.get());
        state.rulebook.with(|rules| {
            let named = |id: &ConnectorId, says: String| {
                let connector = rules.connector(id).ok()?;
                Some(Named { name: connector.name.clone(), host: connector.host.clone(), says })
            };
            let taken = roll.taken.iter().filter_map(|(id, count)| {
                named(id, if *count == 1 { "1 action".to_owned() } else { format!("{count} actions") })
            });
            let out = roll.left_out.iter().filter_map(|(id, why)| named(id, format!("Left out: {}.", why.sentence())));
            (taken.collect::<Vec<_>>(), out.collect::<Vec<_>>())
        })
    });
    let says = move || {
        rows.with(|(taken, out)| match (taken.len(), taken.len() + out.len()) {
            (0, _) => "No connector of this chat takes part".to_owned(),
            (all, same) if all == same && all == 1 => "1 connector takes part".to_owned(),
            (all, same) if all == same => format!("All {all} connectors take part"),
            (some, all) => format!("{some} of {all} connectors take part"),
        })
    };
    let row = |row: Named, look: &'static str| {
        view! { <li class=look><HostName host=row.host name=Some(row.name)/>" "<small><Visible text=capital(&row.says)/></small></li> }
    };
    let missing = Memo::new(move |_| state.mind_here().is_none().then(|| state.thread.mode.get().plans()));
    view! {
        <details class="takes-part">
            <summary>{says}</summary>
            <ul class="plain">
                {move || rows.get().0.into_iter().map(|one| row(one, "")).collect_view()}
                {move || rows.get().1.into_iter().map(|one| row(one, "left-out")).collect_view()}
            </ul>
        </details>
        {move || missing.get().map(|plans| view! {
            <p class="modes-needs">
                {if plans { "This mode needs a language model. " } else { "Without a model it lists what the connectors find. " }}
                <Link to=Route::Models>"Connect a model"</Link>
            </p>
        })}
    }
}
