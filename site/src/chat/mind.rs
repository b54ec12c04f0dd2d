//! Who answers in a chat, how that is chosen, and how much of its context the chat takes.

use browser::chat::conversation::DIRECT;
use browser::chat::model::Usage;
use leptos::prelude::*;
use policy::ConversationId;

use super::new::shown_model;
use super::pins::Pins;
use crate::results::fold::number;
use crate::router::{Link, Route, use_router};
use crate::state::use_state;
use crate::ui::{Icon, IconName, Menu, MenuItem};

/// From this share of the context on the meter warns, in percent.
const FULL: u64 = 80;

/// Who answers on the page of a new chat.
pub fn mind() -> AnyView {
    view! { <Mind conversation=None/> }.into_any()
}

/// Who answers: a model with the host it runs at, or direct mode. Where there are models, it is also where one is chosen:
/// for this conversation, or for all that have not chosen one on the page of a new chat.
#[component]
pub(super) fn Mind(
    /// The conversation.
    conversation: Option<ConversationId>,
) -> impl IntoView {
    let state = use_state();
    let router = use_router();
    let any = Memo::new(move |_| state.minds.with(|models| !models.is_empty()));
    let here = conversation.is_some();
    let chosen = Memo::new(move |_| if here { state.mind_here() } else { state.chosen_model.get() });
    let gone = Memo::new(move |_| here && state.mind_gone());
    let says = move || {
        if gone.get() {
            return "Removed; choose who answers".to_owned();
        }
        let chosen = chosen.get();
        let known =
            state.minds.with(|models| models.iter().find(|model| Some(&model.id) == chosen.as_ref()).map(shown_model));
        known.unwrap_or_else(|| "Direct mode".to_owned())
    };
    let choose = StoredValue::new(move |id: Option<String>| {
        let (ws, conversation) = (state.ws(), conversation.clone());
        let work = async move {
            match conversation {
                Some(conversation) => {
                    ws.choose_mind(&conversation, Some(id.unwrap_or_else(|| DIRECT.to_owned()))).await
                }
                None => ws.choose_model(id.as_deref()).await,
            }
        };
        state.run(work, |()| ());
    });
    let option = move |id: Option<String>, words: String| {
        let this = id.clone();
        view! {
            <button type="button" class="menu-item" role="menuitemradio" tabindex="-1"
                aria-checked=move || (!gone.get() && chosen.get() == this).to_string() on:click=move |_| choose.with_value(|choose| choose(id.clone()))>
                <span class="grow"><bdi>{words}</bdi></span><span class="menu-check"><Icon name=IconName::Check size=16/></span>
            </button>
        }
    };
    move || {
        if !any.get() && !gone.get() {
            return view! { <Link to=Route::Models class="mind tag">"Direct mode"</Link> }.into_any();
        }
        view! {
            <Menu label="Who answers" named=true class="mind tag" trigger=move || view! { <bdi>{says}</bdi> }>
                {move || state.minds.get().into_iter().map(|model| option(Some(model.id.clone()), shown_model(&model))).collect_view()}
                {option(None, "Direct mode".to_owned())}
                <hr/>
                <MenuItem on:click=move |_| router.go(Route::Models)><Icon name=IconName::Settings/>"Manage models"</MenuItem>
            </Menu>
        }
        .into_any()
    }
}

/// How much of the model's context the conversation takes (N13): in the head as a share or a number, opened as a list of
/// what takes it.
#[component]
pub(super) fn Meter(
    /// The conversation.
    id: ConversationId,
) -> impl IntoView {
    let state = use_state();
    let id = StoredValue::new(id);
    let taken = Memo::new(move |_| {
        let id = id.get_value();
        // While words stream in nothing of this changes that could be acted upon.
        if state.is_running(&id) {
            return None;
        }
        state.thread.items.track();
        state.thread.connectors.track();
        state.thread.mind.track();
        state.chosen_model.track();
        state.models.track();
        state.rulebook.track();
        state.ws().context_use(&id)
    });
    let kept = Memo::new(move |before: Option<&Option<browser::ContextUse>>| taken.get().or(before.copied().flatten()));
    let shown = Memo::new(move |_| state.mind_here().and_then(|_| kept.get()));
    let here = Memo::new(move |_| shown.with(Option::is_some));
    let share = Memo::new(move |_| {
        shown.get().and_then(|taken| {
            let limit = taken.limit.filter(|limit| *limit > 0)?;
            Some((taken.definitions + taken.history) * 100 / u64::from(limit))
        })
    });
    let full = Memo::new(move |_| share.get().is_some_and(|share| share >= FULL));
    let searched = Memo::new(move |_| shown.get().filter(|taken| taken.actions < taken.all));
    let says = move || match (share.get(), shown.get()) {
        (Some(share), _) => format!("{share} %"),
        (None, Some(taken)) => tokens(taken.definitions + taken.history),
        (None, None) => String::new(),
    };
    let list = move || {
        shown.get().map(|taken| {
            let actions = match taken.actions {
                offered if offered < taken.all => format!("The search, and {offered} of {} actions", taken.all),
                1 => "Definition of 1 action".to_owned(),
                count => format!("Definitions of {count} actions"),
            };
            let limit = match taken.limit {
                Some(limit) => format!("The model holds {}.", tokens(limit.into())),
                None => "How much the model holds is not known; it can be entered in Settings, Models.".to_owned(),
            };
            view! {
                <dl>
                    <dt>{actions}</dt><dd>"about "{tokens(taken.definitions)}</dd>
                    <dt>"This conversation"</dt><dd>"about "{tokens(taken.history)}</dd>
                </dl>
                <p class="small">{limit}</p>
                {full.get().then(|| view! { <p class="small">"Little is left. Switch off connectors that are not needed here, or start a new chat."</p> })}
            }
        })
    };
    // What is opened stays open while its numbers change.
    move || {
        here.get().then(|| view! {
            <details class="meter" class:full=move || full.get()>
                <summary class="tag"><span class="meter-word">"Context "</span>{says}{move || searched.get().map(|taken| view! { <span class="searched">{format!(" · {} of {} actions", taken.actions, taken.all)}</span> })}</summary>
                <div class="meter-list" role="group" aria-label="What takes the context">
                    {list}
                    {move || searched.get().map(|taken| view! {
                        <p class="small">{format!("{} of {} actions offered, the rest can be searched for: all their definitions would take too much of what the model holds.", taken.actions, taken.all)}</p>
                    })}
                    {id.with_value(|id| view! { <Pins id=id.clone()/> })}
                </div>
            </details>
        })
    }
}

fn tokens(count: u64) -> String {
    format!("{} tokens", number(usize::try_from(count).unwrap_or(usize::MAX)))
}

/// What an answer took, in words.
pub(super) fn spent(usage: Usage) -> String {
    let count = |tokens: u64| number(usize::try_from(tokens).unwrap_or(usize::MAX));
    let cached = match usage.cached {
        0 => String::new(),
        cached => format!(", {} of them from the provider's cache", count(cached)),
    };
    format!("{} tokens read{cached}, {} written", count(usage.input), count(usage.output))
}
