//! Conversations: the list, the records, and keeping them.
//!
//! A record changes in memory at once and is written soon after: the first change immediately, a stream of changes once
//! a second. The head and each item are records of their own, so a long conversation is not rewritten for
//! every word. A turn holds a lock of its conversation; a tab that loads a conversation whose lock is free knows that
//! whatever was under way there is over (X71).

use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use chat::conversation::{Body, CallState, Conversation, Event, Item, ItemId, Look};
use futures_channel::oneshot;
use futures_util::future::select;
use futures_util::lock::Mutex;
use policy::audit::{CallFacts, Entry, Outcome};
use policy::{CallId, Cause, ConnectionId, ConnectorId, ConversationId, Digest, Why};
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use crate::error::Error;
use crate::link::LeftTask;
use crate::store::{Op, StoreError, Table, prefix_end};
use crate::tabs::{Held, News};
use crate::time::{Pace, new_id, now, sleep};
use crate::view::{Change, ConversationHead, StorageState};

/// How long to wait between two writes of a conversation that is changing, in milliseconds. Each writes the whole of an
/// item that grows.
const PAUSE: u64 = 1_000;

/// How long to wait after a write that failed, in milliseconds.
const RETRY: u64 = 2_000;

/// Stands for the head alone, where an item's position is expected.
pub(super) const HEAD: usize = usize::MAX;

/// What an event changed.
struct Applied {
    /// The position of the item.
    at: Option<usize>,
    news: Vec<Change>,
}

/// A conversation in memory.
pub(crate) struct Record {
    pub(crate) conversation: Conversation,
}

impl Workspace {
    /// Every conversation, the one with the latest change first.
    pub fn conversations(&self) -> Vec<ConversationHead> {
        let mut heads: Vec<ConversationHead> = self.0.heads.borrow().values().cloned().collect();
        crate::glance::newest_first(&mut heads);
        heads
    }

    /// A conversation with everything in it. What was under way when the page that ran it went away is over: questions
    /// count as not answered, calls as of unknown outcome.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Conversation, Error> {
        self.alive()?;
        if let Some(record) = self.0.records.borrow().get(id) {
            return Ok(record.conversation.clone());
        }
        let mut conversation = self.read(id).await?;
        let held = self.hold_turn(id).await;
        let (mut changed, mut left) = (Vec::new(), Vec::new());
        if held.is_some() {
            (changed, left) = self.restore(&mut conversation).await;
        } else {
            self.watch_elsewhere(id);
        }
        // Somebody else may have loaded and changed it while this waited.
        if let Some(record) = self.0.records.borrow().get(id) {
            return Ok(record.conversation.clone());
        }
        if let Some(held) = held {
            self.resume_calls(&conversation, left, held);
        }
        self.put_restored(id, &conversation, &changed).await;
        Ok(conversation)
    }

    /// Another tab runs something here, or went away without a word. Once that is over, what it left is put in order:
    /// a question nobody can answer any more is not answered (X71).
    fn watch_elsewhere(&self, id: &ConversationId) {
        self.0.elsewhere.borrow_mut().insert(id.clone());
        let (inner, id) = (Rc::downgrade(&self.0), id.clone());
        spawn_local(async move {
            loop {
                sleep(1000).await;
                let Some(workspace) = inner.upgrade().map(Workspace) else { return };
                if workspace.alive().is_err() || !workspace.0.records.borrow().contains_key(&id) {
                    return;
                }
                let Some(held) = workspace.hold_turn(&id).await else { continue };
                workspace.0.elsewhere.borrow_mut().remove(&id);
                let Ok(mut conversation) = workspace.read(&id).await else { return };
                let (changed, left) = workspace.restore(&mut conversation).await;
                workspace.resume_calls(&conversation, left, held);
                if !changed.is_empty() {
                    workspace.put_restored(&id, &conversation, &changed).await;
                    workspace.0.events.tell(Change::Conversation { id });
                }
                return;
            }
        });
    }

    /// What a loaded record means after its page went away: the items that changed, and the calls that go on, because their
    /// servers still have them as tasks.
    async fn restore(&self, conversation: &mut Conversation) -> (Vec<ItemId>, Vec<LeftTask>) {
        let left = self.left_tasks(conversation).await;
        let go_on: Vec<CallId> = left.iter().map(|one| one.call.clone()).collect();
        (conversation.restore_but(now(), &go_on), left)
    }

    /// Keeps a conversation that was restored, and the rows about what was cut off in it.
    async fn put_restored(&self, id: &ConversationId, conversation: &Conversation, changed: &[ItemId]) {
        let positions: Vec<usize> =
            changed.iter().filter_map(|item| conversation.items.iter().position(|one| one.id == *item)).collect();
        self.0.records.borrow_mut().insert(id.clone(), Record { conversation: conversation.clone() });
        for position in positions {
            self.soil(id, position);
        }
        self.record_restored(conversation, changed).await;
    }

    /// The rows about calls whose page went away: a question that nobody answered is a refusal, a call that was sent has
    /// an unknown outcome.
    async fn record_restored(&self, conversation: &Conversation, changed: &[ItemId]) {
        let book = self.rulebook();
        let rows: Vec<Entry> = conversation
            .items
            .iter()
            .filter(|item| changed.contains(&item.id))
            .filter_map(|item| match &item.body {
                Body::Call(card) => Some(card),
                _ => None,
            })
            .filter_map(|card| match card.state {
                CallState::Unknown { .. } => {
                    let (call, outcome) = (card.call.clone(), Outcome::Unknown);
                    Some(Entry::Finished { call, outcome, took: 0, result: None, reason: None })
                }
                CallState::NotAnswered => {
                    let action = book.connector(&card.connector).ok().and_then(|one| one.action(&card.action));
                    let definition = action.map_or_else(|| Digest::of_json(&Value::Null), |one| one.digest().clone());
                    let facts = CallFacts {
                        id: card.call.clone(),
                        connector: card.connector.clone(),
                        connection: card.acts_as.clone().unwrap_or_else(|| ConnectionId::first(&card.connector)),
                        action: card.action.clone(),
                        definition,
                        arguments: Digest::of_bytes(card.arguments.to_string().as_bytes()),
                        by: card.by,
                        member: self.me(),
                        conversation: Some(conversation.id.clone()),
                    };
                    Some(Entry::Refused { call: facts, cause: Cause::NotAnswered, class: Some(card.class) })
                }
                _ if card.look == Some(Look::NotAnswered) => Some(self.look_row(card, &Look::NotAnswered)),
                _ => None,
            })
            .collect();
        if !rows.is_empty()
            && let Err(error) = self.0.audit.write(rows).await
        {
            self.storage_failed(&error);
        }
    }

    /// The page shows a conversation no more. It leaves the memory, unless something runs in it or is not written yet, and
    /// is read again when it is next wanted.
    pub fn close_conversation(&self, id: &ConversationId) {
        if !self.is_running(id) && !self.unwritten(id) {
            self.0.records.borrow_mut().remove(id);
        }
    }

    /// Starts a conversation with every connector that the person can use.
    ///
    /// # Errors
    /// When the workspace is closed or dead. A store that is full is a state and not an error of this.
    pub async fn new_conversation(&self) -> Result<ConversationId, Error> {
        self.acting()?;
        let book = self.rulebook();
        let member = book.member(&self.me())?;
        let usable = book.connectors.iter().filter(|connector| book.may_use(connector, member).is_ok());
        let connectors = usable.map(|connector| connector.id.clone()).collect();
        let id = ConversationId::from(new_id("c"));
        let conversation = Conversation::new(id.clone(), connectors, now());
        self.set_head(&conversation);
        self.0.records.borrow_mut().insert(id.clone(), Record { conversation });
        self.soil(&id, HEAD);
        self.0.events.tell(Change::Conversations);
        Ok(id)
    }

    /// Gives a conversation a title; an empty one goes back to the first words said in it.
    ///
    /// # Errors
    /// When there is no such conversation, or another tab runs something in it.
    pub async fn rename_conversation(&self, id: &ConversationId, title: &str) -> Result<(), Error> {
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        self.apply(id, Event::Renamed { title: title.to_owned() });
        Ok(())
    }

    /// Deletes a conversation with everything in it, results included. The audit log keeps its rows.
    ///
    /// # Errors
    /// When there is none, or it cannot be deleted from the store.
    pub async fn delete_conversation(&self, id: &ConversationId) -> Result<(), Error> {
        self.alive()?;
        if !self.0.heads.borrow().contains_key(id) {
            return Err(Error::not_found("conversation", id.as_str()));
        }
        self.stop(id);
        // A page that was wanted for a call of it has no card any more.
        self.withdraw_asks(|waiting| waiting.to.is_none() && waiting.view.conversation.as_ref() == Some(id));
        self.0.records.borrow_mut().remove(id);
        self.0.write_turns.borrow_mut().remove(id);
        self.0.dirty.borrow_mut().retain(|(one, _)| one != id);
        let written = self
            .0
            .store
            .write(vec![
                Op::Delete(Table::Conversations, id.to_string()),
                Op::DeletePrefix(Table::Items, format!("{id}/")),
                Op::Delete(Table::Settings, self.unsent_key(Some(id))),
                self.tasks_over(id),
            ])
            .await;
        if let Err(error) = written {
            self.storage_failed(&error);
            return Err(error.into());
        }
        self.storage_works();
        self.0.heads.borrow_mut().remove(id);
        let book = self.rulebook();
        if book.grants.iter().any(|grant| grant.conversation.as_ref() == Some(id)) {
            self.change_rules(|book| {
                book.forget_conversation(id);
                Ok(())
            })
            .await?;
        }
        self.0.events.tell(Change::Conversations);
        self.tell_tabs(&News::Conversations);
        Ok(())
    }

    /// The conversations that mention every word of a text, in their title or in what was said; all for an empty text.
    pub async fn search_conversations(&self, text: &str) -> Vec<ConversationHead> {
        let heads = self.conversations();
        if text.trim().is_empty() {
            return heads;
        }
        let mut found = Vec::new();
        for head in heads {
            let loaded = self.0.records.borrow().get(&head.id).map(|record| record.conversation.mentions(text));
            let mentions = match loaded {
                Some(mentions) => mentions,
                None => self.read(&head.id).await.is_ok_and(|conversation| conversation.mentions(text)),
            };
            if mentions {
                found.push(head);
            }
        }
        found
    }

    /// Chooses the connectors that are active in a conversation.
    ///
    /// # Errors
    /// When there is no such conversation or connector, or another tab runs something in it: that one would not hear of
    /// the choice, and would undo it.
    pub async fn set_active(&self, id: &ConversationId, connectors: Vec<ConnectorId>) -> Result<(), Error> {
        self.acting()?;
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        let book = self.rulebook();
        for connector in &connectors {
            book.connector(connector)?;
        }
        self.apply(id, Event::Active { connectors });
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// Chooses the account that acts in a conversation at a connector; none goes back to the usual one. What waits for an
    /// answer keeps the account that it was asked about.
    ///
    /// # Errors
    /// When there is no such conversation, connector or account, or another tab runs something in it.
    pub async fn act_as(
        &self,
        id: &ConversationId,
        connector: &ConnectorId,
        account: Option<ConnectionId>,
    ) -> Result<(), Error> {
        self.acting()?;
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        let book = self.rulebook();
        book.connector(connector)?;
        let own = book.accounts_of(&self.me(), connector);
        if account.as_ref().is_some_and(|account| own.iter().all(|one| one.id != *account)) {
            return Err(Why::NoAccount.into());
        }
        self.apply(id, Event::ActsAs { connector: connector.clone(), account });
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// The account that acts at a connector, in a conversation or outside of any: the one that the person chose for it,
    /// otherwise their usual one. One that was chosen and is gone still counts as chosen: nothing acts in its place.
    pub(crate) fn account_in(&self, conversation: Option<&ConversationId>, connector: &ConnectorId) -> ConnectionId {
        let records = self.0.records.borrow();
        let record = conversation.and_then(|id| records.get(id));
        let chosen = record.and_then(|record| record.conversation.accounts.get(connector).cloned());
        chosen.unwrap_or_else(|| self.usual_account(connector))
    }

    /// Takes the lock which says that something runs in a conversation here; none when another tab has it. Everything
    /// that runs here shares it.
    pub(crate) async fn hold_turn(&self, id: &ConversationId) -> Option<Rc<Held>> {
        let mut held_here = self.0.turn_locks.lock().await;
        if let Some(held) = held_here.get(id).and_then(Weak::upgrade) {
            return Some(held);
        }
        let held = Rc::new(self.0.locks.try_hold(&format!("turn:{id}")).await?);
        held_here.retain(|_, held| held.strong_count() > 0);
        held_here.insert(id.clone(), Rc::downgrade(&held));
        Some(held)
    }

    /// The connectors that a text names, in the order of the settings (S056). Naming one that the person may not use
    /// changes nothing: the rules hold for it as before.
    pub fn named(&self, text: &str) -> Vec<ConnectorId> {
        let book = self.rulebook();
        let known = book.connectors.iter().filter(|one| one.stage != policy::Stage::Archived);
        chat::direct::named(text, known.map(|one| (&one.id, one.name.as_str())))
    }

    /// The lock that a write of a conversation holds while it runs (X73).
    pub(crate) fn write_turn(&self, id: &ConversationId) -> Rc<Mutex<()>> {
        self.0.write_turns.borrow_mut().entry(id.clone()).or_default().clone()
    }

    /// The connectors that are active in a conversation now: those chosen for it, and those that the last message names,
    /// which are for its turn (S056).
    pub(crate) fn active_in(&self, id: &ConversationId) -> Vec<ConnectorId> {
        let records = self.0.records.borrow();
        let Some(conversation) = records.get(id).map(|record| &record.conversation) else { return Vec::new() };
        let mut active = conversation.connectors.clone();
        let named = conversation.last_said().map(|text| self.named(text)).unwrap_or_default();
        active.extend(named.into_iter().filter(|one| !conversation.connectors.contains(one)));
        active
    }

    /// Applies what happened, tells it, and keeps it. What comes too late (a deleted conversation, an ended call) is
    /// left out, as [`Conversation::apply`] says.
    pub(crate) fn apply(&self, id: &ConversationId, event: Event) {
        let streamed =
            matches!(event, Event::AnswerText { .. } | Event::AnswerThinking { .. } | Event::CallSignal { .. });
        let Some(applied) = self.apply_quietly(id, event) else { return };
        self.soil(id, applied.at.unwrap_or(HEAD));
        if !streamed {
            self.hurry();
        }
        applied.news.into_iter().for_each(|news| self.0.events.tell(news));
    }

    /// As [`Workspace::apply`], but told only when it is kept: nobody sees a call as done that a reload would not know
    /// to be done.
    pub(crate) async fn apply_kept(&self, id: &ConversationId, event: Event) {
        let Some(applied) = self.apply_quietly(id, event) else { return };
        self.flush([(id.clone(), applied.at.unwrap_or(HEAD))].into()).await;
        applied.news.into_iter().for_each(|news| self.0.events.tell(news));
    }

    /// As [`Workspace::apply_kept`], with a rest in between, for what takes long. Until it is written it counts as changed:
    /// a page that is left meanwhile writes it, and so does whoever writes the conversation.
    pub(crate) async fn apply_kept_resting(&self, id: &ConversationId, event: Event) {
        let Some(applied) = self.apply_quietly(id, event) else { return };
        let changed = (id.clone(), applied.at.unwrap_or(HEAD));
        self.0.dirty.borrow_mut().insert(changed.clone());
        Pace::late().rest().await;
        let still = self.0.dirty.borrow_mut().remove(&changed);
        if still {
            self.flush([changed].into()).await;
        } else {
            self.settle(id).await;
        }
        applied.news.into_iter().for_each(|news| self.0.events.tell(news));
    }

    fn apply_quietly(&self, id: &ConversationId, event: Event) -> Option<Applied> {
        let delta = match &event {
            Event::AnswerText { item, text } => Some((item.clone(), text.clone())),
            _ => None,
        };
        let mut news = Vec::new();
        let (at, head) = {
            let mut records = self.0.records.borrow_mut();
            let conversation = &mut records.get_mut(id)?.conversation;
            let before = (conversation.title.clone(), conversation.items.len());
            let item = conversation.apply(event, now()).ok().flatten();
            let at = item.and_then(|item| conversation.items.iter().rposition(|one| one.id == item));
            if let Some(item) = at.and_then(|at| conversation.items.get(at)) {
                news.push(match delta {
                    Some((item, text)) => Change::Delta { conversation: id.clone(), item, text },
                    None => Change::Item { conversation: id.clone(), item: Box::new(item.clone()) },
                });
            }
            if before != (conversation.title.clone(), conversation.items.len()) {
                news.push(Change::Conversations);
            }
            (at, head_of(conversation))
        };
        self.0.heads.borrow_mut().insert(id.clone(), head);
        Some(Applied { at, news })
    }

    /// Adds an item.
    pub(crate) fn add_item(&self, id: &ConversationId, body: Body) -> ItemId {
        let item = ItemId::from(new_id("i"));
        self.apply(id, Event::Put(Item { id: item.clone(), at: now(), body }));
        item
    }

    pub(crate) fn item(&self, id: &ConversationId, item: &ItemId) -> Option<Item> {
        self.0.records.borrow().get(id)?.conversation.item(item).cloned()
    }

    pub(super) fn set_head(&self, conversation: &Conversation) {
        self.0.heads.borrow_mut().insert(conversation.id.clone(), head_of(conversation));
    }

    /// An item changed and has to be written; the head goes with it.
    pub(super) fn soil(&self, id: &ConversationId, at: usize) {
        self.0.dirty.borrow_mut().insert((id.clone(), at));
        if self.0.flushing.replace(true) {
            return;
        }
        let workspace = self.clone();
        spawn_local(async move {
            workspace.flush_all().await;
            workspace.0.flushing.set(false);
        });
    }

    /// What changed is written without waiting for the pause to end.
    fn hurry(&self) {
        if let Some(hurry) = self.0.hurry.borrow_mut().take() {
            let _ = hurry.send(());
        }
    }

    /// The page is left: what changed is in a transaction before this task is over.
    pub(super) fn flush_now(&self) {
        let dirty = std::mem::take(&mut *self.0.dirty.borrow_mut());
        if dirty.is_empty() {
            return;
        }
        let workspace = self.clone();
        spawn_local(async move {
            workspace.flush(dirty).await;
        });
    }

    /// Writes what changed, now and then again, until nothing changes any more.
    async fn flush_all(&self) {
        loop {
            let dirty = std::mem::take(&mut *self.0.dirty.borrow_mut());
            if dirty.is_empty() {
                return;
            }
            let written = self.flush(dirty).await;
            if !written && self.alive().is_err() {
                return;
            }
            let (hurry, hurried) = oneshot::channel();
            *self.0.hurry.borrow_mut() = Some(hurry);
            let pause = if written { PAUSE } else { RETRY };
            select(sleep(pause), hurried).await;
        }
    }

    /// Waits until everything about a conversation is written, or cannot be.
    pub(crate) async fn settle(&self, id: &ConversationId) {
        while self.unwritten(id) && *self.0.storage.borrow() == StorageState::Kept && self.alive().is_ok() {
            // Each time: what was being written when this began may be followed by more.
            self.hurry();
            sleep(10).await;
        }
    }

    /// Whether something about a conversation is not written yet.
    fn unwritten(&self, id: &ConversationId) -> bool {
        self.0.dirty.borrow().iter().any(|(one, _)| one == id) || self.0.writing.borrow().contains(id)
    }

    /// Writes items with the heads of their conversations. What could not be written is tried again later.
    async fn flush(&self, dirty: BTreeSet<(ConversationId, usize)>) -> bool {
        let mut ops = Vec::new();
        let mut touched: Vec<ConversationId> = Vec::new();
        for (id, at) in &dirty {
            let mut records = self.0.records.borrow_mut();
            let Some(conversation) = records.get_mut(id).map(|record| &mut record.conversation) else { continue };
            if let Some(item) = conversation.items.get(*at)
                && let Ok(text) = serde_json::to_string(item)
            {
                ops.push(Op::Put(Table::Items, item_key(id, *at), text));
            }
            if touched.last() != Some(id) {
                touched.push(id.clone());
                // Items are not copied for that: their results can have megabytes.
                let items = std::mem::take(&mut conversation.items);
                let head = serde_json::to_string(&*conversation);
                conversation.items = items;
                if let Ok(text) = head {
                    ops.push(Op::Put(Table::Conversations, id.to_string(), text));
                }
            }
        }
        self.0.writing.borrow_mut().extend(touched.iter().cloned());
        // It is committed in this task, with what `dirty` held: a page that is left asks nobody (`leaving`).
        let written = self.0.store.write(ops).await;
        for id in &touched {
            let mut writing = self.0.writing.borrow_mut();
            if let Some(at) = writing.iter().position(|one| one == id) {
                writing.swap_remove(at);
            }
        }
        if let Err(error) = written {
            self.storage_failed(&error);
            for (id, at) in dirty {
                self.soil(&id, at);
            }
            return false;
        }
        self.storage_works();
        self.tell_tabs(&News::Conversations);
        for id in touched {
            self.tell_tabs(&News::Conversation(id.to_string()));
        }
        true
    }

    /// A conversation as it is kept, with what was not written yet where it is open here.
    pub(super) async fn kept_conversation(&self, id: &ConversationId) -> Result<Conversation, Error> {
        let loaded = self.0.records.borrow().get(id).map(|record| record.conversation.clone());
        match loaded {
            Some(conversation) => Ok(conversation),
            None => self.read(id).await,
        }
    }

    /// Reads a conversation from the store as it is.
    async fn read(&self, id: &ConversationId) -> Result<Conversation, Error> {
        let text = self.0.store.get(Table::Conversations, id.as_str()).await?;
        let text = text.ok_or_else(|| Error::not_found("conversation", id.as_str()))?;
        let mut conversation: Conversation = parse(&text)?;
        let prefix = format!("{id}/");
        for (_, text) in self.0.store.range(Table::Items, &prefix, &prefix_end(&prefix)).await? {
            conversation.items.push(parse(&text)?);
        }
        Ok(conversation)
    }

    pub(crate) async fn load_heads(&self) -> Result<(), Error> {
        let mut heads = std::collections::BTreeMap::new();
        for (_, text) in self.0.store.all(Table::Conversations).await? {
            let head: ConversationHead = parse(&text)?;
            heads.insert(head.id.clone(), head);
        }
        // What is in memory is newer than what is written.
        for record in self.0.records.borrow().values() {
            let head = head_of(&record.conversation);
            if self.unwritten(&head.id) || heads.contains_key(&head.id) {
                heads.insert(head.id.clone(), head);
            }
        }
        let gone: Vec<ConversationId> = {
            let records = self.0.records.borrow();
            records.keys().filter(|id| !heads.contains_key(*id)).cloned().collect()
        };
        *self.0.heads.borrow_mut() = heads;
        for id in gone {
            // Deleted in another tab.
            self.stop(&id);
            self.0.records.borrow_mut().remove(&id);
            self.0.events.tell(Change::Conversation { id });
        }
        Ok(())
    }

    /// Another tab wrote a conversation: take that over, unless a turn of it runs here.
    pub(crate) async fn reload_conversation(&self, id: &ConversationId) -> Result<(), Error> {
        let loaded = self.0.records.borrow().contains_key(id);
        if !loaded || self.is_running(id) {
            return Ok(());
        }
        let conversation = match self.read(id).await {
            Ok(conversation) => conversation,
            Err(error) if error.code == crate::error::Code::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !self.is_running(id) && !self.unwritten(id) {
            self.take_over(conversation);
        }
        Ok(())
    }

    /// What another tab wrote while it had the conversation, before something begins here.
    pub(crate) async fn catch_up(&self, id: &ConversationId) {
        if !self.unwritten(id)
            && let Ok(conversation) = self.read(id).await
        {
            self.take_over(conversation);
        }
    }

    fn take_over(&self, conversation: Conversation) {
        let id = conversation.id.clone();
        self.set_head(&conversation);
        self.0.records.borrow_mut().insert(id.clone(), Record { conversation });
        self.0.events.tell(Change::Conversation { id });
    }
}

fn item_key(id: &ConversationId, at: usize) -> String {
    format!("{id}/{at:06}")
}

fn head_of(conversation: &Conversation) -> ConversationHead {
    ConversationHead {
        id: conversation.id.clone(),
        title: conversation.title.clone(),
        created_at: conversation.created_at,
        updated_at: conversation.updated_at,
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Failed(format!("a stored conversation cannot be read: {error}")).into())
}
