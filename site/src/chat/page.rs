//! The page of a conversation: its head, the thread, the composer, and what stands in the thread. Drawn once the
//! workspace is open.

use browser::ConnectionStatus;
use browser::chat::conversation::{Answer, Body, Item};
use leptos::context::Provider;
use leptos::prelude::*;
use policy::{ConnectorId, ConversationId};

use super::card::CallView;
use super::composer::Composer;
use super::files::FileView;
use super::mind::{Meter, Mind, spent};
use super::plan::PlanView;
use super::proposal::ProposalView;
use super::remark::Remark;
use super::said::{AttachedView, Said};
use super::sources::{AnswerFoot, SearchView, Side, SourcesPanel};
use super::thread::{Position, ThreadView};
use super::title::{Delete, Rename};
use crate::people::requests::AskForReview;
use crate::results::{Markdown, Visible, pieces};
use crate::router::{ConnectorTab, Link, Route, page_title};
use crate::shell::rail::BackToChat;
use crate::state::{AppState, Cell, Load, sentence, use_state};
use crate::ui::{Button, ButtonLook, HostName, Icon, IconName, Menu, MenuItem, Working, save_text};

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
    let side = Side::new(id.clone());
    let page = move || {
        let id = id.clone();
        match failed.get() {
            Some(why) => view! {
                <div class="missing empty"><h1>"This conversation cannot be shown"</h1><p>{why}</p><BackToChat/></div>
            }
            .into_any(),
            None => {
                view! { <Head id=id.clone()/><Drift/><ThreadView id=id.clone()/><Composer id=Some(id)/><SourcesPanel/> }
                    .into_any()
            }
        }
    };
    view! { <Provider value=side><main class="chat" class:with-side=move || side.is_open()>{page}</main></Provider> }
}

/// Connectors of this chat whose actions changed since they were approved (N01). What changed is held.
#[component]
fn Drift() -> impl IntoView {
    let state = use_state();
    let changed = Memo::new(move |_| {
        let active = state.thread.connectors.get();
        state.rulebook.with(|rules| {
            let of = |id: ConnectorId| match state.connection_as(&state.account_here(&id)) {
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
                            <Link to=Route::Connector(id.to_string(), ConnectorTab::Changes)>"See what changed"</Link>
                            {review(state, id)}
                        </div>
                    }
                }
            </For>
        </div>
    }
}

/// The next step on a change: whoever may review it goes there, others ask for it (e.4).
fn review(state: AppState, id: ConnectorId) -> AnyView {
    if state.ws().may_refresh(&id).is_ok() {
        return view! { <Link to=Route::Connector(id.to_string(), ConnectorTab::Changes)>"Review"</Link> }.into_any();
    }
    view! { <AskForReview id word="Ask for review" small=true/> }.into_any()
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
    let export = {
        let id = id.clone();
        move |_| {
            let (ws, id) = (state.ws(), id.clone());
            let work = async move { ws.export_conversation(&id).await };
            state.run(work, |text| save_text("countersign-conversation.json", &text));
        }
    };
    let (metered, minded) = (id.clone(), id.clone());
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
                <MenuItem on:click=move |_| renaming.set(true)><Icon name=IconName::Edit/>"Rename conversation"</MenuItem>
                <MenuItem on:click=export><Icon name=IconName::ChevronDown/>"Export conversation"</MenuItem>
                <MenuItem danger=true on:click=delete><Icon name=IconName::Trash/>"Delete conversation"</MenuItem>
            </Menu>
            <span class="grow"></span>
            <Meter id=metered/>
            <Mind conversation=Some(minded)/>
        </header>
        {move || deleting.get().map(|head| view! { <Delete head=head deleting=deleting/> })}
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
pub(super) fn Pause(id: ConversationId) -> impl IntoView {
    let state = use_state();
    let waits = Memo::new(move |_| {
        state.is_running(&id)
            && state.thread.items.with(|items| items.last().map(|cell| cell.item.clone())).is_some_and(|last| {
                last.with(|item| {
                    matches!(&item.body, Body::Said { .. } | Body::Note { .. } | Body::Plan(_))
                        || matches!(&item.body, Body::Call(card) if card.state.ended())
                })
            })
    });
    let what = Signal::derive(move || {
        let says = if state.mind_here().is_some() { "Waiting for the model" } else { "Looking for an action" };
        says.to_owned()
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
        Body::Plan(_) => 6,
        Body::Search(_) => 7,
        Body::Attached(_) => 8,
        Body::File(_) => 9,
    }
}

/// One item. It is built anew only when it becomes another kind of thing; what changes within is followed inside.
pub(super) fn item(cell: Cell, position: Position, conversation: ConversationId) -> impl IntoView {
    let of = {
        let item = cell.item.clone();
        Memo::new(move |_| item.with(kind))
    };
    move || {
        let (id, item, conversation) = (cell.id.clone(), cell.item.clone(), conversation.clone());
        match of.get() {
            0 => view! { <Said item=item conversation=conversation position/> }.into_any(),
            8 => view! { <AttachedView item=item/> }.into_any(),
            9 => view! { <FileView item=item/> }.into_any(),
            1 => view! { <AnswerView item=item position/> }.into_any(),
            2 => view! { <ProposalView id=id item=item conversation=conversation/> }.into_any(),
            5 => view! { <FromApp item=item/> }.into_any(),
            6 => view! { <PlanView item=item/> }.into_any(),
            7 => view! { <SearchView item=item conversation=conversation/> }.into_any(),
            3 => view! { <CallView item=item conversation=conversation/> }.into_any(),
            _ => view! { <Remark id=id item=item conversation=conversation/> }.into_any(),
        }
    }
}

/// Something of an answer.
fn of_answer<T: Default>(item: &ArcRwSignal<Item>, read: impl FnOnce(&Answer) -> T) -> T {
    item.with(|item| match &item.body {
        Body::Answer(answer) => read(answer),
        _ => T::default(),
    })
}

/// Something of an answer, followed.
fn memo<T: Default + PartialEq + Send + Sync + 'static>(item: &ArcRwSignal<Item>, read: fn(&Answer) -> T) -> Memo<T> {
    let item = item.clone();
    Memo::new(move |_| of_answer(&item, read))
}

#[component]
fn AnswerView(item: ArcRwSignal<Item>, position: Position) -> impl IntoView {
    let (state, side) = (use_state(), expect_context::<Side>());
    // Each reads what it shows and no more: a word that streams in is not to copy the whole answer for all of them.
    let (all, named, whole) = (item.clone(), item.clone(), item.clone());
    let (id, cites) = (item.with_untracked(|item| item.id.to_string()), of_answer(&item, |answer| answer.mode.cites()));
    let text = Signal::derive(move || of_answer(&all, |answer| answer.text.clone()));
    let streaming = memo(&item, |answer| !answer.done);
    let error = memo(&item, |answer| answer.error.clone());
    let usage = memo(&item, |answer| answer.usage);
    let empty = memo(&item, |answer| answer.text.is_empty());
    // It only grows, so its length says whether it changed.
    let thought = memo(&item, |answer| answer.thinking.len());
    let thinks = Memo::new(move |_| thought.get() > 0);
    let thinking = move || {
        thought.track();
        item.with_untracked(|item| match &item.body {
            Body::Answer(answer) => answer.thinking.clone(),
            _ => String::new(),
        })
    };
    let label = of_answer(&named, |answer| answer.model.clone()).unwrap_or_else(|| "Answer".into());
    // A screen reader hears the whole answer once it is whole, not every piece of it.
    Effect::new(move |before: Option<bool>| {
        let streams = streaming.get();
        if before == Some(true) && !streams {
            state.announce(text.get_untracked());
        }
        streams
    });
    view! {
        <article class="it" aria-label=label aria-posinset=position.at aria-setsize=move || position.of.get() aria-busy=move || streaming.get().to_string()>
            <Show when=move || thinks.get()>
                <details class="thinking"><summary>"Thinking"</summary><p class="pre">{
                    let thinking = thinking.clone();
                    move || pieces(&thinking())
                }</p></details>
            </Show>
            {if cites {
                view! { <Provider value=side.cites(id)><Markdown text=text growing=streaming/></Provider> }.into_any()
            } else {
                view! { <Markdown text=text growing=streaming/> }.into_any()
            }}
            {move || (streaming.get() && empty.get()).then(|| view! { <Working what="Thinking"/> })}
            {move || usage.get().map(|usage| view! { <p class="spent">{spent(usage)}</p> })}
            {move || error.get().map(|error| view! {
                <div class="note danger" role="alert"><b>"Stopped"</b><span class="grow"><Visible text=error/></span></div>
            })}
            <AnswerFoot item=whole/>
        </article>
    }
}

/// A button that opens the models' settings, for where a model would help.
#[component]
pub fn ConnectModel() -> impl IntoView {
    let router = crate::router::use_router();
    view! { <Button look=ButtonLook::Link on:click=move |_| router.go(Route::Models)>"Connect a model"</Button> }
}
