//! What the pages show: one store in context, one writer.
//!
//! The workspace (`browser::Workspace`) holds the truth. It tells of every change, [`AppState::apply`] puts it into
//! these signals, and nothing else writes them: not a page, not an effect. A page reads signals and calls the
//! workspace. What is selected is in the address; what is half typed is in the page that has the form.

use browser::chat::conversation::{Answer, Body, Conversation, Item};
use browser::{
    Asked, Change, ConnectionStatus, ConversationHead, ElicitationView, Error, ModelConfig, StorageState, Workspace,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::{ConnectorId, ConversationId, Rulebook};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::ui::Toast;

/// A signal only the store can write.
type Store<T> = (ReadSignal<T>, WriteSignal<T>);

/// The store. Copy; found in context with [`use_state`].
#[derive(Clone, Copy)]
pub struct AppState {
    ws: StoredValue<Workspace, LocalStorage>,
    /// Connectors, members, settings.
    pub rulebook: ReadSignal<Rc<Rulebook>, LocalStorage>,
    /// Every conversation, newest first.
    pub conversations: ReadSignal<Vec<ConversationHead>>,
    /// What waits for the person's decision; the head of the queue is first.
    pub questions: ReadSignal<Vec<Asked>>,
    /// What servers ask the person.
    pub asks: ReadSignal<Vec<ElicitationView>>,
    /// The state of each connection that was ever opened.
    pub connections: ReadSignal<BTreeMap<ConnectorId, ConnectionStatus>>,
    /// The conversations in which a turn runs.
    pub running: ReadSignal<BTreeSet<ConversationId>>,
    /// The models that can be chosen.
    pub models: ReadSignal<Vec<ModelConfig>>,
    /// The id of the chosen one; none means direct mode.
    pub chosen_model: ReadSignal<Option<String>>,
    /// Where things are kept.
    pub storage: ReadSignal<StorageState>,
    /// The workspace stopped after an internal fault.
    pub dead: ReadSignal<bool>,
    /// The conversation on the screen.
    pub thread: Thread,
    /// Short messages to the person.
    pub toasts: ReadSignal<Vec<Toast>>,
    /// What the polite live region says.
    pub announced: ReadSignal<String>,
    writers: StoredValue<Writers, LocalStorage>,
}

/// The conversation on the screen, item by item, so that a word that streams in touches one item only.
#[derive(Clone, Copy)]
pub struct Thread {
    /// Which one; none on the page of a new chat.
    pub id: ReadSignal<Option<ConversationId>>,
    /// Whether it is there.
    pub load: ReadSignal<Load>,
    /// Its items, oldest first.
    pub items: ReadSignal<Vec<Cell>>,
    /// The connectors that are active in it.
    pub connectors: ReadSignal<Vec<ConnectorId>>,
    /// Moves whenever something is added to it.
    pub pulse: ReadSignal<u64>,
}

/// Whether the conversation on the screen is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load {
    /// Being read.
    #[default]
    Loading,
    /// There.
    Ready,
    /// It cannot be shown.
    Failed(Error),
}

/// One item of the conversation on the screen.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its id, the key in the list.
    pub id: String,
    /// What it is now.
    pub item: ArcRwSignal<Item>,
}

struct Writers {
    rulebook: WriteSignal<Rc<Rulebook>, LocalStorage>,
    conversations: WriteSignal<Vec<ConversationHead>>,
    questions: WriteSignal<Vec<Asked>>,
    asks: WriteSignal<Vec<ElicitationView>>,
    connections: WriteSignal<BTreeMap<ConnectorId, ConnectionStatus>>,
    running: WriteSignal<BTreeSet<ConversationId>>,
    models: WriteSignal<Vec<ModelConfig>>,
    chosen_model: WriteSignal<Option<String>>,
    storage: WriteSignal<StorageState>,
    dead: WriteSignal<bool>,
    id: WriteSignal<Option<ConversationId>>,
    load: WriteSignal<Load>,
    items: WriteSignal<Vec<Cell>>,
    connectors: WriteSignal<Vec<ConnectorId>>,
    pulse: WriteSignal<u64>,
    toasts: WriteSignal<Vec<Toast>>,
    announced: WriteSignal<String>,
    /// The toast that the person is looking at.
    held: Option<u64>,
    next_toast: u64,
}

/// The store of the page.
pub fn use_state() -> AppState {
    expect_context::<AppState>()
}

impl AppState {
    /// Reads everything once and follows every change from then on. Called inside the owner that lives as long as the
    /// page.
    pub fn new(ws: Workspace) -> AppState {
        let (rulebook, set_rulebook) = signal_local(ws.rulebook());
        let (conversations, set_conversations) = signal(ws.conversations());
        let (questions, set_questions) = signal(ws.questions());
        let (asks, set_asks) = signal(ws.asks());
        let (connections, set_connections): Store<BTreeMap<_, _>> = signal(connections_of(&ws));
        let (running, set_running): Store<BTreeSet<_>> = signal(BTreeSet::new());
        let (models, set_models) = signal(ws.models());
        let (chosen_model, set_chosen_model) = signal(ws.chosen_model());
        let (storage, set_storage) = signal(ws.storage_state());
        let (dead, set_dead) = signal(ws.is_dead());
        let (id, set_id) = signal(None);
        let (load, set_load) = signal(Load::default());
        let (items, set_items) = signal(Vec::new());
        let (connectors, set_connectors) = signal(Vec::new());
        let (pulse, set_pulse) = signal(0);
        let (toasts, set_toasts) = signal(Vec::new());
        let (announced, set_announced) = signal(String::new());
        let writers = Writers {
            rulebook: set_rulebook,
            conversations: set_conversations,
            questions: set_questions,
            asks: set_asks,
            connections: set_connections,
            running: set_running,
            models: set_models,
            chosen_model: set_chosen_model,
            storage: set_storage,
            dead: set_dead,
            id: set_id,
            load: set_load,
            items: set_items,
            connectors: set_connectors,
            pulse: set_pulse,
            toasts: set_toasts,
            announced: set_announced,
            held: None,
            next_toast: 1,
        };
        let state = AppState {
            ws: StoredValue::new_local(ws.clone()),
            rulebook,
            conversations,
            questions,
            asks,
            connections,
            running,
            models,
            chosen_model,
            storage,
            dead,
            thread: Thread { id, load, items, connectors, pulse },
            toasts,
            announced,
            writers: StoredValue::new_local(writers),
        };
        ws.subscribe(move |change| state.apply(change)).forget();
        state
    }

    /// The workspace: a cheap handle. Its async methods belong into [`AppState::run`] or `spawn_local`.
    pub fn ws(&self) -> Workspace {
        self.ws.get_value()
    }

    /// Whether a turn runs in the conversation. Tracks.
    pub fn is_running(&self, id: &ConversationId) -> bool {
        self.running.with(|running| running.contains(id))
    }

    /// The title of a conversation as lists show it. Tracks.
    pub fn title_of(&self, id: &ConversationId) -> String {
        self.conversations.with(|all| all.iter().find(|head| head.id == *id).map(shown_title)).unwrap_or_default()
    }

    /// The state of a connector's connection. Tracks.
    pub fn connection(&self, id: &ConnectorId) -> ConnectionStatus {
        self.connections.with(|all| all.get(id).cloned()).unwrap_or(ConnectionStatus::Idle)
    }

    /// Does something that takes time. A failure is told in a toast, so it is never lost; `done` runs on success.
    pub fn run<T: 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        let state = *self;
        spawn_local(async move {
            match work.await {
                Ok(value) => done(value),
                Err(error) => state.tell_error(&error),
            }
        });
    }

    /// Shows a conversation, or the page of a new chat. Called when the page is built.
    pub fn show_thread(&self, id: Option<ConversationId>) {
        let same = self.thread.id.get_untracked() == id && self.thread.load.get_untracked() == Load::Ready;
        if same && id.is_some() {
            return;
        }
        self.write(|to| {
            to.id.set(id.clone());
            to.items.set(Vec::new());
            to.connectors.set(Vec::new());
            to.load.set(if id.is_some() { Load::Loading } else { Load::Ready });
        });
        if let Some(id) = id {
            self.read_thread(id);
        }
    }

    /// The one writer: puts a change of the workspace into the signals.
    pub fn apply(&self, change: &Change) {
        let Some(ws) = self.ws.try_get_value() else { return };
        match change {
            Change::Rulebook => self.write(|to| to.rulebook.set(ws.rulebook())),
            Change::Conversations => self.write(|to| to.conversations.set(ws.conversations())),
            Change::Conversation { id } => {
                if self.shows(id) {
                    self.read_thread(id.clone());
                }
            }
            Change::Item { conversation, item } => {
                if self.shows(conversation) {
                    self.put(item);
                }
            }
            Change::Delta { conversation, item, text } => {
                if self.shows(conversation) {
                    self.append(item.as_str(), text);
                }
            }
            Change::Turn { conversation, running } => self.write(|to| {
                to.running.update(|set| {
                    if *running {
                        set.insert(conversation.clone());
                    } else {
                        set.remove(conversation);
                    }
                });
            }),
            Change::Questions => self.write(|to| to.questions.set(ws.questions())),
            Change::Asks => self.write(|to| to.asks.set(ws.asks())),
            Change::Connection { connector, status } => self.write(|to| {
                to.connections.update(|all| {
                    all.insert(connector.clone(), status.clone());
                });
            }),
            Change::Models => self.write(|to| {
                to.models.set(ws.models());
                to.chosen_model.set(ws.chosen_model());
            }),
            Change::Storage(storage) => self.write(|to| to.storage.set(storage.clone())),
            Change::Dead => self.write(|to| to.dead.set(true)),
        }
    }

    /// Says something to the person in a toast.
    pub fn tell(&self, text: impl Into<String>) {
        self.toast(text.into());
    }

    /// Says what went wrong and the next step.
    pub fn tell_error(&self, error: &Error) {
        self.toast(sentence(error));
    }

    /// Takes a toast away.
    pub fn close_toast(&self, id: u64) {
        self.write(|to| to.toasts.update(|list| list.retain(|toast| toast.id != id)));
    }

    /// A toast that is being looked at stays.
    pub fn hold_toast(&self, id: u64, hold: bool) {
        let _ = self.writers.try_update_value(|to| to.held = hold.then_some(id));
        if !hold {
            self.expire(id);
        }
    }

    /// Says something to a screen reader, politely. What is on the screen says it too.
    pub fn announce(&self, text: impl Into<String>) {
        let text = text.into();
        self.write(|to| to.announced.set(text));
    }

    fn toast(&self, text: String) {
        let id = self.writers.try_update_value(|to| {
            let id = to.next_toast;
            to.next_toast += 1;
            id
        });
        let Some(id) = id else { return };
        self.write(|to| to.toasts.update(|list| list.push(Toast { id, text })));
        self.expire(id);
    }

    fn expire(&self, id: u64) {
        let state = *self;
        set_timeout(
            move || {
                if state.writers.try_with_value(|to| to.held) != Some(Some(id)) {
                    state.close_toast(id);
                }
            },
            Duration::from_secs(8),
        );
    }

    fn shows(&self, id: &ConversationId) -> bool {
        self.thread.id.with_untracked(|shown| shown.as_ref() == Some(id))
    }

    fn read_thread(&self, id: ConversationId) {
        let (state, ws) = (*self, self.ws());
        spawn_local(async move {
            let read = ws.conversation(&id).await;
            if !state.shows(&id) {
                return;
            }
            match read {
                Ok(conversation) => state.put_all(conversation),
                Err(error) => state.write(|to| to.load.set(Load::Failed(error))),
            }
        });
    }

    fn put_all(&self, conversation: Conversation) {
        let before = self.thread.items.get_untracked();
        let cells = conversation
            .items
            .into_iter()
            .map(|item| match before.iter().find(|cell| cell.id == item.id.as_str()) {
                Some(cell) => {
                    if cell.item.with_untracked(|old| *old != item) {
                        cell.item.set(item);
                    }
                    cell.clone()
                }
                None => Cell::new(item),
            })
            .collect();
        self.write(|to| {
            to.items.set(cells);
            to.connectors.set(conversation.connectors);
            to.load.set(Load::Ready);
            to.pulse.update(|pulse| *pulse += 1);
        });
    }

    fn put(&self, item: &Item) {
        let known =
            self.thread.items.with_untracked(|cells| cells.iter().find(|cell| cell.id == item.id.as_str()).cloned());
        match known {
            Some(cell) => cell.item.set(item.clone()),
            None => {
                if let Body::Note { text } = &item.body {
                    self.announce(text.clone());
                }
                self.write(|to| to.items.update(|cells| cells.push(Cell::new(item.clone()))));
            }
        }
        self.write(|to| to.pulse.update(|pulse| *pulse += 1));
    }

    fn append(&self, item: &str, text: &str) {
        let cell = self.thread.items.with_untracked(|cells| cells.iter().rev().find(|cell| cell.id == item).cloned());
        let Some(cell) = cell else { return };
        cell.item.update(|item| {
            if let Body::Answer(Answer { text: so_far, .. }) = &mut item.body {
                so_far.push_str(text);
            }
        });
        self.write(|to| to.pulse.update(|pulse| *pulse += 1));
    }

    fn write(&self, with: impl FnOnce(&Writers)) {
        // The page may be gone when a late change arrives.
        let _ = self.writers.try_with_value(with);
    }
}

impl Cell {
    fn new(item: Item) -> Cell {
        Cell { id: item.id.as_str().to_owned(), item: ArcRwSignal::new(item) }
    }
}

/// An error as a sentence with its next step.
pub fn sentence(error: &Error) -> String {
    let mut text = capital(&error.message);
    text.push('.');
    if let Some(hint) = &error.hint {
        text.push(' ');
        text.push_str(&capital(hint));
        if !hint.ends_with(['.', '?']) {
            text.push('.');
        }
    }
    text
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// The title of a conversation, or what stands for it until something is said.
pub fn shown_title(head: &ConversationHead) -> String {
    if head.title.trim().is_empty() { "New chat".to_owned() } else { head.title.clone() }
}

fn connections_of(ws: &Workspace) -> BTreeMap<ConnectorId, ConnectionStatus> {
    ws.rulebook().connectors.iter().map(|connector| (connector.id.clone(), ws.connection(&connector.id))).collect()
}
