//! Questions of servers that are open when the page goes away: nobody can answer them any more, and the record says so.
//!
//! While a question waits, the row that would tell of that is kept beside the record, under the name of the page that
//! asks. The page holds a lock of that name. Who gets the lock knows that the page is gone, and moves its rows into the
//! record; what came of a question otherwise takes the row away in the same write.

use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use futures_util::lock::Mutex;
use policy::audit::{Came, Entry};
use wasm_bindgen_futures::spawn_local;

use super::WaitingAsk;
use crate::leaving;
use crate::store::{Op, StoreError, Table, prefix_end};
use crate::tabs::Held;
use crate::time::new_id;
use crate::workspace::{Inner, Workspace};

/// Where such rows are kept: `open-ask:PAGE:QUESTION`.
const OPEN: &str = "open-ask:";

/// The page as others know it, once a server asked something.
pub(crate) struct Asker {
    page: String,
    lock: Mutex<Option<Held>>,
}

impl Default for Asker {
    fn default() -> Self {
        Asker { page: new_id("page"), lock: Mutex::new(None) }
    }
}

impl Asker {
    fn key(&self, ask: &str) -> String {
        format!("{OPEN}{}:{ask}", self.page)
    }
}

/// The lock of a page that has open questions.
fn lock_of(page: &str) -> String {
    format!("asks:{page}")
}

impl Workspace {
    /// Keeps the row about a question that waits, in case that nobody is there any more to say what came of it.
    pub(super) fn keep_open(&self, waiting: &WaitingAsk) {
        let id = waiting.view.id.clone();
        let row = self.asked_row(&waiting.view, &waiting.cover.borrow(), Came::NotAnswered);
        let Ok(text) = serde_json::to_string(&row) else { return };
        let workspace = self.clone();
        let change = leaving::change();
        spawn_local(async move {
            let _change = change;
            let asker = &workspace.0.asker;
            {
                let mut lock = asker.lock.lock().await;
                if lock.is_none() {
                    *lock = Some(workspace.0.locks.hold(&lock_of(&asker.page)).await);
                }
            }
            // What is answered by now has its row. What is answered later takes this one away with a later write.
            if workspace.0.asks.borrow().iter().any(|waiting| waiting.view.id == id)
                && let Err(error) = workspace.0.store.write(vec![Op::Put(Table::Settings, asker.key(&id), text)]).await
            {
                workspace.storage_failed(&error);
            }
        });
    }

    /// What takes the row of a question away that is over.
    pub(super) fn no_longer_open(&self, waiting: &WaitingAsk) -> Op {
        Op::Delete(Table::Settings, self.0.asker.key(&waiting.view.id))
    }

    /// Has what earlier pages left open noted as not answered: now where they are gone, otherwise once they are.
    pub(crate) async fn note_left_asks(&self) -> Result<(), StoreError> {
        let kept = self.0.store.range(Table::Settings, OPEN, &prefix_end(OPEN)).await?;
        let page = |(key, _): &(String, String)| Some(key.strip_prefix(OPEN)?.split(':').next()?.to_owned());
        let pages: BTreeSet<String> = kept.iter().filter_map(page).collect();
        for page in pages {
            let (inner, locks) = (Rc::downgrade(&self.0), self.0.locks.clone());
            spawn_local(async move {
                let _gone = locks.hold(&lock_of(&page)).await;
                if let Some(Err(error)) = note_left(&inner, &page).await
                    && let Some(inner) = inner.upgrade()
                {
                    Workspace(inner).storage_failed(&error);
                }
            });
        }
        Ok(())
    }
}

/// Moves the rows of a page that is gone into the record. None where this page is over itself.
async fn note_left(inner: &Weak<Inner>, page: &str) -> Option<Result<(), StoreError>> {
    let workspace = Workspace(inner.upgrade()?);
    workspace.alive().ok()?;
    let prefix = format!("{OPEN}{page}:");
    // Read under the lock: another page may have been here first.
    let kept = match workspace.0.store.range(Table::Settings, &prefix, &prefix_end(&prefix)).await {
        Ok(kept) => kept,
        Err(error) => return Some(Err(error)),
    };
    let rows = kept.iter().filter_map(|(_, text)| serde_json::from_str(text).ok());
    let rows: Vec<Entry> = rows.filter(|row| matches!(row, Entry::Asked(_))).collect();
    let away = kept.into_iter().map(|(key, _)| Op::Delete(Table::Settings, key)).collect();
    match rows.is_empty() {
        true => Some(workspace.0.store.write(away).await),
        false => Some(workspace.0.audit.write_with(rows, away).await),
    }
}
