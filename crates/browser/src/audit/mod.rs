//! The one writer of the audit log.
//!
//! * A row that a call is about to be sent is on disk before the call is sent. If it cannot be written, nothing is
//!   sent. The row about the outcome comes after; a crash between the two leaves *sent, outcome unknown*, which is
//!   the truth.
//! * One writer at a time across tabs: the head is read again under a lock, and rows are added with an operation that
//!   refuses to overwrite, so that even without locks two tabs cannot write one row twice.
//! * Where the chain ends is kept beside it, so that rows cut off its end are noticed (X123).
//!
//! [`check`] reads a chain from its first row to its last; [`find`] finds rows by their marks, which [`older`] gives to
//! those that have none; [`sign`] makes checkpoints with the [`mod@key`] that cannot be read out.

mod check;
mod find;
mod key;
mod older;
mod sign;

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use policy::audit::{Chain, Entry, Row, marks};
use policy::{MemberId, Millis};

use serde::{Deserialize, Serialize};

pub(crate) use find::Wanted;

use crate::leaving;
use crate::store::{Op, Record, Store, StoreError, Table};
use crate::tabs::Locks;
use crate::time::{new_id, now};
use crate::view::AuditFilter;

const END: &str = "audit-end";
/// What the last check of the chain came to.
const FOUND: &str = "audit-found";
/// Rows that were found missing at the end, once and for all.
const GAP: &str = "audit-gap";
const LOCK: &str = "audit";
/// Tries of a write that lost against another tab, where there are no locks.
const TRIES: usize = 8;

#[derive(Serialize, Deserialize)]
struct Gap {
    found: u64,
    expected: u64,
}

/// What a check of the chain came to.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// When it was through.
    pub(crate) at: Millis,
    /// Whether something was wrong with the chain.
    pub(crate) broken: bool,
}

/// The audit log of one workspace. Clones are the same log.
#[derive(Clone)]
pub(crate) struct AuditLog {
    store: Rc<dyn Store>,
    locks: Locks,
    /// How many rows the last checkpoint is about and when it was signed, once that was looked up.
    signed: Rc<Cell<Option<(u64, Millis)>>>,
    /// Every row has its marks.
    marked: Rc<Cell<bool>>,
    /// Rows without marks are getting them.
    marking: Rc<Cell<bool>>,
    /// What the last check came to.
    found: Rc<Cell<Option<Found>>>,
    /// Hears that rows were written, or that a check came to something else than the one before.
    written: Rc<OnceCell<Box<dyn Fn()>>>,
}

impl AuditLog {
    pub(crate) fn new(store: Rc<dyn Store>, locks: Locks) -> Self {
        AuditLog {
            store,
            locks,
            signed: Rc::default(),
            marked: Rc::default(),
            marking: Rc::default(),
            found: Rc::default(),
            written: Rc::default(),
        }
    }

    /// Has somebody hear that rows were written here. Only the first one does.
    pub(crate) fn on_written(&self, hears: impl Fn() + 'static) {
        let _ = self.written.set(Box::new(hears));
    }

    fn tell_written(&self) {
        if let Some(hears) = self.written.get() {
            hears();
        }
    }

    /// What the last check came to; none before the first.
    pub(crate) fn found(&self) -> Option<Found> {
        self.found.get()
    }

    /// Reads what the last check came to, which an earlier visit may have made.
    pub(crate) async fn read_found(&self) -> Result<(), StoreError> {
        let text = self.store.get(Table::Settings, FOUND).await?;
        self.found.set(text.and_then(|text| parse(&text).ok()));
        Ok(())
    }

    /// Keeps what a check came to that began with this first row. Says no and keeps nothing when the chain is another one
    /// by now: nothing is known of that one. Where it cannot be stored, the next visit checks again.
    async fn keep_found(&self, start: Option<&Record>, broken: bool) -> Result<bool, StoreError> {
        // Under the lock under which everything is erased, so that no chain ends between the look and the write.
        let held = self.locks.hold(LOCK).await;
        if self.start().await?.as_ref() != start {
            return Ok(false);
        }
        let found = Found { at: now(), broken };
        if let Ok(text) = json(&found) {
            drop(self.store.write(vec![Op::Put(Table::Settings, FOUND.to_owned(), text)]).await);
        }
        drop(held);
        if self.found.replace(Some(found)).is_some_and(|before| before.broken) != broken {
            self.tell_written();
        }
        Ok(true)
    }

    /// Writes rows, in order, all or none. They are on disk when this returns.
    pub(crate) async fn write(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.write_with(entries, Vec::new()).await
    }

    /// Writes rows and does something else with them: both or neither.
    pub(crate) async fn write_with(&self, entries: Vec<Entry>, others: Vec<Op>) -> Result<(), StoreError> {
        let _change = leaving::change();
        let _held = self.locks.hold(LOCK).await;
        let mut lost = StoreError::Exists(String::new());
        for _ in 0..TRIES {
            let (mut chain, mut ops) = self.head().await?;
            for entry in &entries {
                ops.push(add(&chain.append(entry.clone(), now()))?);
            }
            ops.push(Op::Put(Table::Settings, END.to_owned(), json(&chain)?));
            ops.extend(others.iter().cloned());
            match self.store.write(ops).await {
                Err(StoreError::Exists(row)) => lost = StoreError::Exists(row),
                Err(other) => return Err(other),
                Ok(()) => {
                    self.tell_written();
                    self.sign_when_due(&chain).await;
                    return Ok(());
                }
            }
        }
        Err(lost)
    }

    /// The chain as it is, begun if there is none, and what has to be written with its next row.
    async fn head(&self) -> Result<(Chain, Vec<Op>), StoreError> {
        let mut ops = Vec::new();
        let chain = match self.last().await? {
            Some(row) => {
                let chain = Chain::resume(&row);
                // Rows that were cut off the end must not be forgotten by writing on.
                if let Some(end) = self.end().await?
                    && end.name() == chain.name()
                    && end.rows() > chain.rows()
                {
                    let gap = Gap { found: chain.rows(), expected: end.rows() };
                    let found = Found { at: now(), broken: true };
                    ops.push(Op::Put(Table::Settings, GAP.to_owned(), json(&gap)?));
                    ops.push(Op::Put(Table::Settings, FOUND.to_owned(), json(&found)?));
                    self.found.set(Some(found));
                }
                chain
            }
            None => {
                let (chain, row) = Chain::begin(new_id("chain"), now());
                ops.extend([add(&row)?, self.all_marked()]);
                chain
            }
        };
        Ok((chain, ops))
    }

    /// The operations that end the chain and begin a new one whose first row says so.
    pub(crate) async fn erased(&self, by: MemberId) -> Result<Vec<Op>, StoreError> {
        let (chain, row) = match self.last().await? {
            Some(last) => Chain::resume(&last).erase(new_id("chain"), by, now()),
            None => Chain::begin(new_id("chain"), now()),
        };
        // The key goes with everything else, and the next chain gets its own.
        self.signed.set(None);
        let end = Op::Put(Table::Settings, END.to_owned(), json(&chain)?);
        Ok(vec![Op::Clear(Table::Audit), add(&row)?, end, self.all_marked()])
    }

    /// The lock under which the chain is changed.
    pub(crate) async fn lock(&self) -> crate::tabs::Held {
        self.locks.hold(LOCK).await
    }

    /// Rows, newest first.
    pub(crate) async fn read(&self, filter: &AuditFilter) -> Result<Vec<Row>, StoreError> {
        let take = if filter.take == 0 { 100 } else { filter.take };
        let Some(last) = self.last().await? else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        let mut skip = filter.skip;
        let mut to = last.seq;
        // Backwards, a page at a time, until there are enough that fit.
        loop {
            let page = u64::try_from(take.max(256)).unwrap_or(256);
            let from = to.saturating_sub(page - 1);
            let records = self.store.range(Table::Audit, &key(from), &key(to)).await?;
            for (_, text) in records.iter().rev() {
                let row: Row = parse(text)?;
                if !fits(&row, filter) {
                    continue;
                }
                if skip > 0 {
                    skip -= 1;
                } else if rows.len() < take {
                    rows.push(row);
                }
            }
            if rows.len() >= take || from == 0 {
                return Ok(rows);
            }
            to = from - 1;
        }
    }

    /// How many rows there are and how many bytes they take, counted in pieces.
    pub(crate) async fn size(&self) -> Result<(usize, usize), StoreError> {
        let Some(last) = self.last_key().await? else { return Ok((0, 0)) };
        let (mut records, mut bytes, mut pieces) = (0, 0, self.pieces(last));
        while let Some(rows) = pieces.next().await? {
            records += rows.len();
            bytes += rows.iter().map(|(key, text)| key.len() + text.len()).sum::<usize>();
        }
        Ok((records, bytes))
    }

    /// The name of the chain; empty before its first row.
    pub(crate) async fn name(&self) -> Result<String, StoreError> {
        Ok(self.last().await?.map(|row| row.chain).unwrap_or_default())
    }

    /// Where the chain ended when it was last written; a mark that cannot be read counts as none.
    async fn end(&self) -> Result<Option<Chain>, StoreError> {
        Ok(self.store.get(Table::Settings, END).await?.and_then(|text| parse(&text).ok()))
    }

    async fn last(&self) -> Result<Option<Row>, StoreError> {
        match self.store.last(Table::Audit).await? {
            Some((_, text)) => parse(&text).map(Some),
            None => Ok(None),
        }
    }
}

fn fits(row: &Row, filter: &AuditFilter) -> bool {
    let refused = matches!(row.entry, Entry::Refused { .. });
    if filter.refusals_only && !refused {
        return false;
    }
    match (&filter.connector, &row.entry) {
        (None, _) => true,
        (Some(id), Entry::Allowed { call, .. } | Entry::Refused { call, .. }) => call.connector == *id,
        (Some(_), _) => false,
    }
}

fn key(seq: u64) -> String {
    format!("{seq:012}")
}

fn add(row: &Row) -> Result<Op, StoreError> {
    Ok(Op::AddMarked(Table::Audit, key(row.seq), json(row)?, marks(&row.entry)))
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Failed(format!("a record cannot be read: {error}")))
}
