//! The page of a conversation: its head, the thread, the composer. Drawn once the workspace is open.

use browser::ConnectionStatus;
use browser::chat::conversation::{Answer, Body, Item};
use leptos::{html, prelude::*};
use policy::{ConnectorId, ConversationId};

use super::card::CallView;
use super::composer::Composer;
use super::new::shown_model;
use super::proposal::{NextStep, ProposalView};
use super::title::{Delete, Rename};
use crate::results::{Markdown, Visible};
use crate::router::{ConnectorTab, Link, Route, page_title};
use crate::shell::rail::BackToChat;
use crate::state::{Cell, Load, sentence, use_state};
use crate::ui::{Button, ButtonLook, HostName, Icon, IconName, Menu, MenuItem, Working};

/// Items of a conversation that are on the page at once; older ones come when asked for.
const SHOWN: usize = 120;
/// How close to the end, in pixels, counts as reading the end.
const NEAR: i32 = 80;

/// The page of a conversation.
pub fn conversation(id: ConversationId) -> AnyView {
    view! { <Kept id=id/> }.into_any()
}

#[component]
fn Kept(id: ConversationId) -> impl IntoView {
    let state = use_state();
    state.show_thread(Some(id.clone()));
    on_cleanup(move || state.show_thread(None));
    let failed = Memo::new(move |_| match state.thread.load.get() {
        Load::Failed(error) => Some(sentence(&error)),
        _ => None,
    });
    {
        let id = id.clone();
        page_title(move || state.title_of(&id));
    }
    let page = move || {
        let id = id.clone();
        match failed.get() {
            Some(why) => view! {
                <div class="missing empty"><h1>"This conversation cannot be shown"</h1><p>{why}</p><BackToChat/></div>
            }
            .into_any(),
            None => {
                view! { <Head id=id.clone()/><Drift/><ThreadView id=id.clone()/><Composer id=Some(id)/> }.into_any()
            }
        }
    };
    view! { <main class="chat">{page}</main> }
}

/// Connectors of this chat whose actions changed since they were approved (N01). What changed is held.
#[component]
fn Drift() -> impl IntoView {
    let state = use_state();
    let changed = Memo::new(move |_| {
        let active = state.thread.connectors.get();
        state.rulebook.with(|rules| {
            let of = |id: ConnectorId| match state.connection(&id) {
                ConnectionStatus::Changed { actions, .. } => {
                    let connector = rules.connector(&id).ok()?;
                    Some((id, connector.name.clone(), connector.host.clone(), actions.len()))
                }
                _ => None,
            };
            active.into_iter().filter_map(of).collect::<Vec<_>>()
        })
    });
    view! {
        <div class="drift" aria-live="polite">
            <For each=move || changed.get() key=|row| row.clone() let:row>
                {
                    let (id, name, host, count) = row;
                    let says = match count {
                        1 => " changed 1 action since it was approved. It is paused in this chat.".to_owned(),
                        count => format!(" changed {count} actions since it was approved. They are paused in this chat."),
                    };
                    view! {
                        <div class="note held">
                            <b>"Held"</b>
                            <span class="grow"><HostName host=host name=Some(name)/>{says}</span>
                            <Link to=Route::Connector(id.to_string(), ConnectorTab::Actions)>"See what changed"</Link>
                        </div>
                    }
                }
            </For>
        </div>
    }
}

/// The title, which model thinks, and what can be done with the conversation as a whole.
#[component]
fn Head(id: ConversationId) -> impl IntoView {
    let state = use_state();
    let renaming = RwSignal::new(false);
    let deleting = RwSignal::new(None);
    let title = {
        let id = id.clone();
        Memo::new(move |_| state.title_of(&id))
    };
    let delete = {
        let id = id.clone();
        move |_| deleting.set(state.conversations.with_untracked(|all| all.iter().find(|head| head.id == id).cloned()))
    };
    view! {
        <header class="chat-head">
            {move || if renaming.get() {
                view! { <Rename id=id.clone() title=title.get_untracked() done=Callback::new(move |()| renaming.set(false))/> }.into_any()
            } else {
                view! { <h1 class="ellipsis"><bdi>{move || title.get()}</bdi></h1> }.into_any()
            }}
            <Menu label="Conversation menu" trigger=|| view! { <Icon name=IconName::ChevronDown/> }>
                <MenuItem on:click=move |_| renaming.set(true)><Icon name=IconName::Edit/>"Rename"</MenuItem>
                <MenuItem danger=true on:click=delete><Icon name=IconName::Trash/>"Delete"</MenuItem>
            </Menu>
            <span class="grow"></span>
            {mind()}
        </header>
        {move || deleting.get().map(|head| view! { <Delete head=head deleting=deleting/> })}
    }
}

/// Who answers: a model with the host it runs at, or direct mode. Where there are models, it is also where one is chosen.
pub fn mind() -> AnyView {
    view! { <Mind/> }.into_any()
}

#[component]
fn Mind() -> impl IntoView {
    let state = use_state();
    let router = crate::router::use_router();
    let any = Memo::new(move |_| state.minds.with(|models| !models.is_empty()));
    let chosen = Memo::new(move |_| {
        let chosen = state.chosen_model.get()?;
        state.minds.with(|models| models.iter().find(|model| model.id == chosen).map(shown_model))
    });
    let says = move || chosen.get().unwrap_or_else(|| "Direct mode".to_owned());
    let choose = move |id: Option<String>| {
        let ws = state.ws();
        state.run(async move { ws.choose_model(id.as_deref()).await }, |()| ());
    };
    let option = move |id: Option<String>, words: String| {
        let this = id.clone();
        view! {
            <button type="button" class="menu-item" role="menuitemradio" tabindex="-1"
                aria-checked=move || (state.chosen_model.get() == this).to_string() on:click=move |_| choose(id.clone())>
                <span class="grow"><bdi>{words}</bdi></span><span class="menu-check"><Icon name=IconName::Check size=16/></span>
            </button>
        }
    };
    move || {
        if !any.get() {
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

/// Everything that happened, oldest first. It stays at its end while the person reads there.
#[component]
fn ThreadView(id: ConversationId) -> impl IntoView {
    let state = use_state();
    let scroller = NodeRef::<html::Div>::new();
    let at_end = RwSignal::new(true);
    let shown = RwSignal::new(SHOWN);
    let to_end = move || {
        if let Some(element) = scroller.try_get_untracked().flatten() {
            element.set_scroll_top(element.scroll_height());
        }
    };
    Effect::new(move |_| {
        state.thread.pulse.track();
        if at_end.get_untracked() {
            request_animation_frame(to_end);
        }
    });
    let earlier = Memo::new(move |_| state.thread.items.with(|items| items.len().saturating_sub(shown.get())));
    let cells = move || {
        let skip = earlier.get();
        state.thread.items.with(|items| items.iter().skip(skip).cloned().collect::<Vec<Cell>>())
    };
    let loading = Memo::new(move |_| state.thread.load.get() == Load::Loading);
    let (pause, next) = (id.clone(), id.clone());
    view! {
        <div class="thread-scroll" node_ref=scroller tabindex="0" role="region" aria-label="Thread"
            on:scroll=move |_| {
                let Some(element) = scroller.get_untracked() else { return };
                let near = element.scroll_height() - element.scroll_top() - element.client_height() < NEAR;
                if at_end.get_untracked() != near {
                    at_end.set(near);
                }
            }>
            <div class="thread" role="log" aria-label="Conversation" aria-live="off">
                <h2 class="sr">"Messages"</h2>
                {move || loading.get().then(|| view! { <Working what="Reading the conversation"/> })}
                {move || (earlier.get() > 0).then(|| view! {
                    <div class="earlier">
                        <Button small=true on:click=move |_| shown.update(|shown| *shown += SHOWN)>
                            {move || format!("Show earlier ({})", earlier.get())}
                        </Button>
                    </div>
                })}
                <For each=cells key=|cell| cell.id.clone() let:cell>{item(cell, id.clone())}</For>
                <NextStep conversation=next/>
                <crate::confirm::Asks/>
                <Pause id=pause/>
            </div>
            {move || (!at_end.get()).then(|| view! {
                <div class="to-end"><Button small=true on:click=move |_| to_end()>"Go to the end"</Button></div>
            })}
        </div>
    }
}

/// What an app of a server says: in a frame with its host, so that nobody takes it for the person or the model (X95).
#[component]
fn FromApp(item: ArcRwSignal<Item>) -> impl IntoView {
    let words = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::FromApp(words) => Some(words.clone()),
            _ => None,
        })
    });
    move || {
        words.get().map(|words| {
            let whole = words.whole();
            let (name, host) = (words.connector_name.clone(), words.host.clone());
            match (words.context, whole.is_empty()) {
                (true, true) => ().into_any(),
                (true, false) => view! {
                    <details class="from-app context">
                        <summary><HostName host name=Some(name)/>" · its app tells a model what it shows"</summary>
                        <p class="pre"><Visible text=whole/></p>
                    </details>
                }
                .into_any(),
                (false, _) => view! {
                    <article class="from-app" aria-label="Message of an app">
                        <p class="small"><HostName host name=Some(name)/>" · its app wrote this, and you let it be said"</p>
                        <p class="pre"><Visible text=whole/></p>
                    </article>
                }
                .into_any(),
            }
        })
    }
}

/// What the person sees between their message and the first sign of an answer.
#[component]
fn Pause(id: ConversationId) -> impl IntoView {
    let state = use_state();
    let waits = Memo::new(move |_| {
        state.is_running(&id)
            && state.thread.items.with(|items| items.last().map(|cell| cell.item.clone())).is_some_and(|last| {
                last.with(|item| {
                    matches!(&item.body, Body::Said { .. } | Body::Note { .. })
                        || matches!(&item.body, Body::Call(card) if card.state.ended())
                })
            })
    });
    let what = Signal::derive(move || {
        state
            .chosen_model
            .with(|model| if model.is_some() { "Waiting for the model" } else { "Looking for an action" })
            .to_owned()
    });
    move || waits.get().then(|| view! { <Working what=what/> })
}

fn kind(item: &Item) -> u8 {
    match &item.body {
        Body::Said { .. } => 0,
        Body::Answer(_) => 1,
        Body::Proposal(_) => 2,
        Body::Call(_) => 3,
        Body::Note { .. } => 4,
        Body::FromApp(_) => 5,
    }
}

/// One item. It is built anew only when it becomes another kind of thing; what changes within is followed inside.
fn item(cell: Cell, conversation: ConversationId) -> impl IntoView {
    let of = {
        let item = cell.item.clone();
        Memo::new(move |_| item.with(kind))
    };
    move || {
        let (id, item, conversation) = (cell.id.clone(), cell.item.clone(), conversation.clone());
        match of.get() {
            0 => view! { <Said item=item/> }.into_any(),
            1 => view! { <AnswerView item=item/> }.into_any(),
            2 => view! { <ProposalView id=id item=item conversation=conversation/> }.into_any(),
            5 => view! { <FromApp item=item/> }.into_any(),
            3 => view! { <CallView item=item conversation=conversation/> }.into_any(),
            _ => {
                let text = item.with(|item| match &item.body {
                    Body::Note { text } => text.clone(),
                    _ => String::new(),
                });
                view! { <p class="remark" role="note"><Visible text=text/></p> }.into_any()
            }
        }
    }
}

#[component]
fn Said(item: ArcRwSignal<Item>) -> impl IntoView {
    let text = move || {
        item.with(|item| match &item.body {
            Body::Said { text } => text.clone(),
            _ => String::new(),
        })
    };
    view! { <article class="me" aria-label="You"><span dir="auto">{text}</span></article> }
}

#[component]
fn AnswerView(item: ArcRwSignal<Item>) -> impl IntoView {
    let state = use_state();
    let answer = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::Answer(answer) => answer.clone(),
            _ => Answer::default(),
        })
    });
    let text = Signal::derive(move || answer.with(|answer| answer.text.clone()));
    let streaming = Signal::derive(move || answer.with(|answer| !answer.done));
    let error = Memo::new(move |_| answer.with(|answer| answer.error.clone()));
    let thinking = Memo::new(move |_| answer.with(|answer| answer.thinking.clone()));
    let label = move || answer.with(|answer| answer.model.clone()).unwrap_or_else(|| "Answer".into());
    // A screen reader hears the whole answer once it is whole, not every piece of it.
    Effect::new(move |before: Option<bool>| {
        let streams = streaming.get();
        if before == Some(true) && !streams {
            state.announce(text.get_untracked());
        }
        streams
    });
    view! {
        <article class="it" aria-label=label aria-busy=move || streaming.get().to_string()>
            {move || {
                let thinking = thinking.get();
                (!thinking.is_empty()).then(|| view! {
                    <details class="thinking"><summary>"Thinking"</summary><p class="pre"><Visible text=thinking/></p></details>
                })
            }}
            <Markdown text=text/>
            {move || (streaming.get() && text.with(String::is_empty)).then(|| view! { <Working what="Thinking"/> })}
            {move || error.get().map(|error| view! {
                <div class="note danger" role="alert"><b>"Stopped"</b><span class="grow"><Visible text=error/></span></div>
            })}
        </article>
    }
}

/// A button that opens the models' settings, for where a model would help.
#[component]
pub fn ConnectModel() -> impl IntoView {
    let router = crate::router::use_router();
    view! { <Button look=ButtonLook::Link on:click=move |_| router.go(Route::Models)>"Connect a model"</Button> }
}
