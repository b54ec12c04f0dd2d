//! What the pages show: one store in context, one writer.
//!
//! It comes in two halves. [`Front`] is what the page shows that a person has only opened. [`AppState`] is there once
//! the workspace is open, which [`crate::lazy`] does when it is needed.
//!
//! The workspace (`browser::Workspace`) holds the truth. It tells of every change, [`AppState::apply`] puts it into
//! these signals, and nothing else writes them: not a page, not an effect. A page reads signals and calls the
//! workspace. What is selected is in the address; what is half typed is in the page that has the form.

mod cell;
mod deeds;
mod front;

use browser::chat::conversation::{Body, Conversation, DIRECT, Item};
use browser::glance::{ModelName, Offer, Person};
use browser::{
    AccountView, Asked, Change, ConnectionStatus, ConversationHead, ElicitationView, Error, ModelConfig, Workspace,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::{Chosen, ConnectionId, ConnectorId, ConversationId, Indexed, Mode};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::rc::Rc;

pub use cell::Cell;
pub use deeds::{DEEDS, open};
pub use front::{Front, STORE, policy_tag, use_front};

/// The store of an open workspace: everything of [`Front`], and what runs. Copy; found in context with [`use_state`].
#[derive(Clone, Copy)]
pub struct AppState {
    front: Front,
    ws: StoredValue<Workspace, LocalStorage>,
    /// Connectors, members, settings.
    pub rulebook: ReadSignal<Rc<Indexed>, LocalStorage>,
    /// What waits for the person's decision; the head of the queue is first.
    pub questions: ReadSignal<Vec<Asked>>,
    /// What servers ask the person.
    pub asks: ReadSignal<Vec<ElicitationView>>,
    /// The state of each connection that was ever opened, by its account.
    pub connections: ReadSignal<BTreeMap<ConnectionId, ConnectionStatus>>,
    /// The accounts that were chosen for the conversation on the screen, or for the new one.
    pub chosen_accounts: ReadSignal<BTreeMap<ConnectorId, ConnectionId>>,
    /// The single actions that were chosen for the conversation on the screen, or for the new one.
    pub chosen_actions: ReadSignal<Chosen>,
    /// The models that can be chosen, whole.
    pub models: ReadSignal<Vec<ModelConfig>>,
    /// The last check of the record found something wrong.
    pub record_broken: ReadSignal<bool>,
    /// The conversation on the screen.
    pub thread: Thread,
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
    /// What answers in it, where it has its own: see [`AppState::mind_here`].
    pub mind: ReadSignal<Option<String>>,
    /// What it limits itself to; on the page of a new chat, what that will.
    pub mode: ReadSignal<Mode>,
    /// How many calls a message may take in a mode with a plan, where the person said.
    pub calls_allowed: ReadSignal<Option<u32>>,
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

struct Writers {
    rulebook: WriteSignal<Rc<Indexed>, LocalStorage>,
    questions: WriteSignal<Vec<Asked>>,
    asks: WriteSignal<Vec<ElicitationView>>,
    connections: WriteSignal<BTreeMap<ConnectionId, ConnectionStatus>>,
    chosen_accounts: WriteSignal<BTreeMap<ConnectorId, ConnectionId>>,
    chosen_actions: WriteSignal<Chosen>,
    models: WriteSignal<Vec<ModelConfig>>,
    record_broken: WriteSignal<bool>,
    id: WriteSignal<Option<ConversationId>>,
    load: WriteSignal<Load>,
    items: WriteSignal<Vec<Cell>>,
    mind: WriteSignal<Option<String>>,
    mode: WriteSignal<Mode>,
    calls_allowed: WriteSignal<Option<u32>>,
}

/// The store of the page, for what is drawn once the workspace is open.
pub fn use_state() -> AppState {
    expect_context::<AppState>()
}

impl Deref for AppState {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

impl AppState {
    /// Reads everything once and follows every change from then on. Called inside the owner that lives as long as the
    /// page.
    pub fn new(ws: Workspace, front: Front) -> AppState {
        let (rulebook, set_rulebook) = signal_local(ws.rulebook());
        let (questions, set_questions) = signal(ws.questions());
        let (asks, set_asks) = signal(ws.asks());
        let (connections, set_connections) = signal(connections_of(&ws));
        let (chosen_accounts, set_chosen_accounts) = signal(BTreeMap::new());
        let (chosen_actions, set_chosen_actions) = signal(Chosen::default());
        let (models, set_models) = signal(ws.models());
        let (record_broken, set_record_broken) = signal(ws.record_is_broken());
        let (id, set_id) = signal(None);
        let (load, set_load) = signal(Load::default());
        let (items, set_items) = signal(Vec::new());
        let (mind, set_mind) = signal(None);
        let (mode, set_mode) = signal(Mode::Chat);
        let (calls_allowed, set_calls_allowed) = signal(None);
        let writers = Writers {
            rulebook: set_rulebook,
            questions: set_questions,
            asks: set_asks,
            connections: set_connections,
            chosen_accounts: set_chosen_accounts,
            chosen_actions: set_chosen_actions,
            models: set_models,
            record_broken: set_record_broken,
            id: set_id,
            load: set_load,
            items: set_items,
            mind: set_mind,
            mode: set_mode,
            calls_allowed: set_calls_allowed,
        };
        let state = AppState {
            front,
            ws: StoredValue::new_local(ws.clone()),
            rulebook,
            questions,
            asks,
            connections,
            chosen_accounts,
            chosen_actions,
            models,
            record_broken,
            thread: Thread { id, load, items, connectors: front.active, mind, mode, calls_allowed },
            writers: StoredValue::new_local(writers),
        };
        ws.subscribe(move |change| state.apply(change)).forget();
        let _ = window_event_listener(leptos::ev::online, move |_| {
            let ws = state.ws();
            spawn_local(async move { ws.back_online().await });
        });
        front.stop_watching();
        for change in [Change::Rulebook, Change::Conversations, Change::Models, Change::Storage(ws.storage_state())] {
            state.apply(&change);
        }
        if ws.is_dead() {
            state.apply(&Change::Dead);
        }
        state
    }

    /// The workspace: a cheap handle. Its async methods belong into [`Front::run`] or `spawn_local`.
    pub fn ws(&self) -> Workspace {
        self.ws.get_value()
    }

    /// The state of the connection of the person's usual account at a connector. Tracks.
    pub fn connection(&self, id: &ConnectorId) -> ConnectionStatus {
        self.rulebook.track();
        self.connection_as(&self.ws().usual_account(id))
    }

    /// The state of the connection of an account. Tracks.
    pub fn connection_as(&self, account: &ConnectionId) -> ConnectionStatus {
        self.connections.with(|all| all.get(account).cloned()).unwrap_or(ConnectionStatus::Idle)
    }

    /// The person's accounts at a connector, where there are several to choose from. Tracks.
    pub fn several_accounts(&self, id: &ConnectorId) -> Vec<AccountView> {
        self.rulebook.track();
        let accounts = self.ws().accounts(id);
        if accounts.len() > 1 { accounts } else { Vec::new() }
    }

    /// The account that acts at a connector in the conversation on the screen. Tracks.
    pub fn account_here(&self, id: &ConnectorId) -> ConnectionId {
        self.rulebook.track();
        self.chosen_accounts.with(|all| all.get(id).cloned()).unwrap_or_else(|| self.ws().usual_account(id))
    }

    /// Chooses the account that acts at a connector in the conversation on the screen, or in the one that the next
    /// message begins.
    pub fn choose_account(&self, connector: ConnectorId, account: ConnectionId) {
        match self.thread.id.get_untracked() {
            None => {
                self.write(|to| {
                    to.chosen_accounts.update(|all| {
                        all.insert(connector, account);
                    })
                });
                self.name_accounts();
            }
            Some(id) => {
                let ws = self.ws();
                self.choose(async move { ws.act_as(&id, &connector, Some(account)).await });
            }
        }
    }

    /// Chooses something for the conversation on the screen. Where that is refused, the person is told, and what they
    /// moved shows again what is kept.
    pub fn choose(&self, work: impl Future<Output = Result<(), Error>> + 'static) {
        let state = *self;
        let work = async move {
            let kept = work.await;
            if kept.is_err() {
                state.front.write(|to| to.active.update(|_| ()));
                state.write(|to| {
                    to.chosen_accounts.update(|_| ());
                    to.chosen_actions.update(|_| ());
                    to.calls_allowed.update(|_| ());
                });
            }
            kept
        };
        self.front.run(work, |()| ());
    }

    /// Chooses the single actions of a connector for the conversation on the screen, or for the one that the next message
    /// begins; none goes back to all of them.
    pub fn choose_actions(&self, connector: ConnectorId, actions: Option<BTreeSet<String>>) {
        let mut chosen = self.chosen_actions.get_untracked();
        chosen.choose(connector, actions);
        match self.thread.id.get_untracked() {
            None => self.start_with(chosen),
            Some(id) => {
                let ws = self.ws();
                self.choose(async move { ws.choose(&id, chosen).await });
            }
        }
    }

    /// What the conversation that the next message begins uses of its connectors.
    pub fn start_with(&self, chosen: Chosen) {
        self.write(|to| to.chosen_actions.set(chosen));
        self.count_actions();
    }

    /// What the first page says about connectors of which single actions were chosen: how many of how many.
    fn count_actions(&self) {
        let (rules, me) = (self.rulebook.get_untracked(), self.ws().seen_as());
        let counts = self.chosen_actions.with_untracked(|chosen| {
            let count = |connector: &policy::Connector| {
                chosen.of(&connector.id)?;
                let all = rules.offered_of(connector, rules.member(&me).ok()?);
                let on = all.iter().filter(|action| chosen.admits(&connector.id, action.name())).count();
                Some((connector.id.clone(), format!("{on} of {}", all.len())))
            };
            match chosen.is_empty() {
                true => Vec::new(),
                false => rules.connectors.iter().filter_map(count).collect(),
            }
        });
        self.front.write(|to| to.counts.set(counts));
    }

    /// What the first page says about accounts: their names, where there are several to choose from.
    fn name_accounts(&self) {
        let ws = self.ws();
        let named = |connector: &policy::Connector| {
            let accounts = ws.accounts(&connector.id);
            let acts = untrack(|| self.account_here(&connector.id));
            (accounts.len() > 1).then(|| (connector.id.clone(), ws.account_name(&connector.id, &acts)))
        };
        let all = ws.rulebook().connectors.iter().filter_map(named).collect();
        self.front.write(|to| to.acting.set(all));
    }

    /// The id of the model that answers in the conversation on the screen; none means direct mode, or nobody at all where
    /// [`AppState::mind_gone`]. Tracks.
    pub fn mind_here(&self) -> Option<String> {
        self.thread.mind.get().or_else(|| self.chosen_model.get()).filter(|id| self.has_mind(id))
    }

    /// Whether the model that was chosen for the conversation on the screen was removed, so that nobody answers in it
    /// until the person chooses. Tracks.
    pub fn mind_gone(&self) -> bool {
        self.thread.mind.get().is_some_and(|own| own != DIRECT && !self.has_mind(&own))
    }

    fn has_mind(&self, id: &str) -> bool {
        self.minds.with(|minds| minds.iter().any(|mind| mind.id == *id))
    }

    /// Chooses what the chat on the screen limits itself to: the conversation, or the one that its page begins.
    pub fn choose_mode(&self, mode: Mode, calls_allowed: Option<u32>) {
        match self.thread.id.get_untracked() {
            Some(id) => {
                let ws = self.ws();
                self.choose(async move { ws.set_mode(&id, mode, calls_allowed).await });
            }
            None => self.write(|to| {
                to.mode.set(mode);
                to.calls_allowed.set(calls_allowed);
            }),
        }
    }

    /// Shows a conversation, or the page of a new chat. Called when the page is built.
    pub fn show_thread(&self, id: Option<ConversationId>) {
        let same = self.thread.id.get_untracked() == id && self.thread.load.get_untracked() == Load::Ready;
        if same && id.is_some() {
            return;
        }
        if let Some(before) = self.thread.id.get_untracked().filter(|before| Some(before) != id.as_ref()) {
            self.ws().close_conversation(&before);
        }
        self.write(|to| {
            to.id.set(id.clone());
            to.items.set(Vec::new());
            to.mind.set(None);
            to.chosen_accounts.set(BTreeMap::new());
            to.chosen_actions.set(Chosen::default());
            to.mode.set(Mode::Chat);
            to.calls_allowed.set(None);
            to.load.set(if id.is_some() { Load::Loading } else { Load::Ready });
        });
        self.front.write(|to| to.active.set(Vec::new()));
        self.name_accounts();
        self.count_actions();
        if let Some(id) = id {
            self.read_thread(id);
        }
    }

    /// The one writer: puts a change of the workspace into the signals.
    pub fn apply(&self, change: &Change) {
        let Some(ws) = self.ws.try_get_value() else { return };
        match change {
            Change::Rulebook => {
                let rules = ws.rulebook();
                let me = ws.seen_as();
                let offers = rules.member(&me).map(|member| Offer::all(&rules, member)).unwrap_or_default();
                self.front.write(|to| {
                    to.person.set(Person::of(&rules, &me));
                    to.offers.set(offers);
                });
                self.write(|to| to.rulebook.set(rules));
                // Where everything was erased, the record is a new one.
                self.look_at_record(&ws);
                self.name_accounts();
                self.count_actions();
            }
            Change::Conversations => {
                // Another person's view has none of one's own conversations.
                let heads = if ws.viewing().is_some() { Vec::new() } else { ws.conversations() };
                self.front.write(|to| to.conversations.set(heads));
            }
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
            Change::Turn { conversation, running } => self.front.write(|to| {
                to.running.update(|set| {
                    if *running {
                        set.insert(conversation.clone());
                    } else {
                        set.remove(conversation);
                    }
                });
            }),
            Change::Questions => {
                self.write(|to| to.questions.set(ws.questions()));
                self.front.write(|to| to.waiting.set(ws.needing_person()));
            }
            Change::Asks => {
                self.write(|to| to.asks.set(ws.asks()));
                self.front.write(|to| to.waiting.set(ws.needing_person()));
            }
            Change::Connection { account, status, .. } => {
                self.write(|to| {
                    to.connections.update(|all| {
                        all.insert(account.clone(), status.clone());
                    });
                });
                let is_changed = |status: &&ConnectionStatus| matches!(status, ConnectionStatus::Changed { .. });
                let changed = self.connections.with_untracked(|all| all.values().filter(is_changed).count());
                self.front.write(|to| to.changed.set(changed));
            }
            Change::Models => {
                let models = ws.models();
                self.front.write(|to| {
                    to.minds.set(models.iter().map(mind).collect());
                    to.chosen_model.set(ws.chosen_model());
                });
                self.write(|to| to.models.set(models));
            }
            Change::Storage(storage) => self.front.write(|to| to.storage.set(storage.clone())),
            // Here the lists are read before each turn in any case.
            Change::NotTold { .. } => {}
            // What is in the record is read by its page, which listens for itself.
            Change::Record => self.look_at_record(&ws),
            Change::Dead => self.front.write(|to| to.dead.set(true)),
        }
    }

    fn look_at_record(&self, ws: &Workspace) {
        let broken = ws.record_is_broken();
        if self.record_broken.get_untracked() != broken {
            self.write(|to| to.record_broken.set(broken));
        }
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
        let known: HashMap<&str, &Cell> = before.iter().map(|cell| (cell.id.as_str(), cell)).collect();
        let cells = conversation
            .path()
            .into_iter()
            .cloned()
            .map(|item| match known.get(item.id.as_str()).copied() {
                Some(cell) => {
                    if cell.item.with_untracked(|old| *old != item) {
                        cell.set(item);
                    }
                    cell.clone()
                }
                None => Cell::new(item),
            })
            .collect();
        self.front.write(|to| to.active.set(conversation.connectors));
        self.write(|to| {
            to.items.set(cells);
            to.mind.set(conversation.mind);
            to.chosen_accounts.set(conversation.accounts);
            to.chosen_actions.set(conversation.chosen);
            to.mode.set(conversation.mode);
            to.calls_allowed.set(conversation.calls_allowed);
            to.load.set(Load::Ready);
        });
        self.name_accounts();
        self.count_actions();
    }

    fn put(&self, item: &Item) {
        let known =
            self.thread.items.with_untracked(|cells| cells.iter().find(|cell| cell.id == item.id.as_str()).cloned());
        match known {
            Some(cell) => cell.set(item.clone()),
            None => {
                if let Body::Note { text, .. } = &item.body {
                    self.announce(text.clone());
                }
                self.write(|to| to.items.update(|cells| cells.push(Cell::new(item.clone()))));
            }
        }
    }

    fn append(&self, item: &str, text: &str) {
        let cell = self.thread.items.with_untracked(|cells| cells.iter().rev().find(|cell| cell.id == item).cloned());
        if let Some(cell) = cell {
            cell.append(text);
        }
    }

    fn write(&self, with: impl FnOnce(&Writers)) {
        // The page may be gone when a late change arrives.
        let _ = self.writers.try_with_value(with);
    }
}

fn mind(model: &ModelConfig) -> ModelName {
    ModelName { id: model.id.clone(), name: model.name.clone(), base_url: model.base_url.clone() }
}

/// An error as a sentence with its next step.
pub fn sentence(error: &Error) -> String {
    let mut text = crate::ui::sentence(&error.message);
    if let Some(hint) = &error.hint {
        text.push(' ');
        text.push_str(&crate::ui::sentence(hint));
    }
    text
}

/// The title of a conversation, or what stands for it until something is said.
pub fn shown_title(head: &ConversationHead) -> String {
    if head.title.trim().is_empty() { "New chat".to_owned() } else { head.title.clone() }
}

fn connections_of(ws: &Workspace) -> BTreeMap<ConnectionId, ConnectionStatus> {
    let accounts = |connector: &policy::Connector| ws.accounts(&connector.id).into_iter().map(|account| account.id);
    ws.rulebook().connectors.iter().flat_map(accounts).map(|id| (id.clone(), ws.connection_as(&id))).collect()
}
