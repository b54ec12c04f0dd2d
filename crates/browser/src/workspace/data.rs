//! The data as a whole: how much there is, and away with it. How it goes out is in [`super::export`].

use chat::conversation::{Body, Event};
use js_sys::{Function, Promise, Reflect};
use policy::ConversationId;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::Workspace;
use crate::error::Error;
use crate::store::{Op, Table};
use crate::tabs::News;
use crate::time::{global, monotonic, sleep};
use crate::view::{Change, StorageUse, TableUse};

impl Workspace {
    /// How much is stored, table by table.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn storage(&self) -> Result<StorageUse, Error> {
        self.alive()?;
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            let (records, bytes) = if table == Table::Audit {
                self.0.audit.size().await?
            } else {
                let all = self.0.store.all(table).await?;
                (all.len(), all.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>())
            };
            tables.push(TableUse {
                name: table.name(),
                records: u64::try_from(records).unwrap_or(u64::MAX),
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            });
        }
        tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
        let estimate = ask_storage("estimate").await;
        let number = |name: &str| {
            let value = Reflect::get(estimate.as_ref()?, &name.into()).ok()?.as_f64()?;
            Some(value as u64)
        };
        let persisted = ask_storage("persisted").await.and_then(|value| value.as_bool()).unwrap_or_default();
        Ok(StorageUse { state: self.storage_state(), tables, used: number("usage"), quota: number("quota"), persisted })
    }

    /// Erases every conversation with its results. The record keeps which calls were made.
    ///
    /// # Errors
    /// When one cannot be deleted; those before it are gone.
    pub async fn erase_conversations(&self) -> Result<usize, Error> {
        let all = self.conversations();
        for head in &all {
            self.delete_conversation(&head.id).await?;
        }
        Ok(all.len())
    }

    /// Erases what servers answered, in every conversation and in what is kept for auditors. The words of the
    /// conversations stay, and so do the cards of their calls. Says how many results there were.
    ///
    /// # Errors
    /// When a conversation cannot be read or kept.
    pub async fn erase_results(&self) -> Result<usize, Error> {
        self.alive()?;
        let mut erased = 0;
        for head in self.conversations() {
            let conversation = self.conversation(&head.id).await?;
            for item in conversation.items {
                let mut item = item;
                let had = match &mut item.body {
                    Body::Call(card) => card.result.take().is_some(),
                    Body::Attached(one) => !std::mem::take(&mut one.contents).is_empty(),
                    _ => false,
                };
                if had {
                    erased += 1;
                    self.apply(&head.id, Event::Put(item));
                }
            }
            self.settle(&head.id).await;
        }
        self.0.store.write(vec![Op::Clear(Table::Payloads)]).await?;
        Ok(erased)
    }

    /// Erases everything: conversations, connectors, notes, models, secrets. The audit chain ends and a new one
    /// begins whose first row says so. Afterwards the workspace is as on the first run.
    ///
    /// # Errors
    /// When the store refuses; then nothing was erased but the secrets.
    pub async fn erase_all(&self) -> Result<(), Error> {
        self.alive()?;
        // Twice: before, so that other tabs stop writing, and after, so that they begin anew.
        self.tell_tabs(&News::Erased);
        self.stop_everything().await;
        let name = {
            let book = self.rulebook();
            book.member(&self.me()).map(|member| member.name.clone()).unwrap_or_default()
        };
        let _rules = self.0.locks.hold(super::RULEBOOK).await;
        self.0.secrets.remove_all().await?;
        {
            let _audit = self.0.audit.lock().await;
            let mut ops: Vec<Op> =
                Table::ALL.into_iter().filter(|table| *table != Table::Audit).map(Op::Clear).collect();
            ops.extend(self.0.audit.erased(self.me()).await?);
            self.0.store.write(ops).await?;
        }
        self.storage_works();
        let gone = self.forget_all();
        self.load(&name).await?;
        self.tell_tabs(&News::Erased);
        self.tell_all(gone);
        Ok(())
    }

    /// Another tab erased everything.
    pub(crate) async fn erased_elsewhere(&self) -> Result<(), Error> {
        self.stop_everything().await;
        self.0.secrets.forget_here();
        let gone = self.forget_all();
        self.load("You").await?;
        self.tell_all(gone);
        Ok(())
    }

    /// Stops what runs, and waits until it has written its last rows.
    async fn stop_everything(&self) {
        let running: Vec<_> = self.0.turns.borrow().keys().cloned().collect();
        for id in running {
            self.stop(&id);
        }
        let calls: Vec<_> = self.0.flights.borrow().keys().cloned().collect();
        for id in calls {
            self.cancel_call(&id);
        }
        self.0.close_links();
        self.0.sign_ins.borrow_mut().clear();
        self.0.tried.take();
        self.0.asks.borrow_mut().clear();
        let started = monotonic();
        while !self.0.flights.borrow().is_empty() && monotonic().saturating_sub(started) < super::FAREWELL {
            sleep(20).await;
        }
    }

    /// Forgets what is in memory, and says which conversations that were.
    fn forget_all(&self) -> Vec<ConversationId> {
        self.forget_wire();
        self.0.dirty.borrow_mut().clear();
        let gone = self.0.records.borrow_mut().drain().map(|(id, _)| id).collect();
        self.0.heads.borrow_mut().clear();
        self.0.models.borrow_mut().clear();
        *self.0.chosen_model.borrow_mut() = None;
        gone
    }

    fn tell_all(&self, gone: Vec<ConversationId>) {
        for id in gone {
            self.0.events.tell(Change::Conversation { id });
        }
        for change in [Change::Rulebook, Change::Conversations, Change::Questions, Change::Asks, Change::Models] {
            self.0.events.tell(change);
        }
    }
}

/// Asks `navigator.storage` something; none where there is no such thing.
async fn ask_storage(method: &str) -> Option<JsValue> {
    let storage = Reflect::get(&global("navigator")?, &"storage".into()).ok()?;
    if storage.is_undefined() {
        return None;
    }
    let method: Function = Reflect::get(&storage, &method.into()).ok()?.dyn_into().ok()?;
    let promise: Promise = method.call0(&storage).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()
}
