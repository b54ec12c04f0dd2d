//! Rows from before there were marks get them in the background, the newest first.
//!
//! How far that went is written with each piece, so a page that is closed in between goes on where it was, and of
//! several tabs one does it. A row is read and taken apart outside of any lock; only the writing holds the log's.

use policy::audit::{Row, marks};
use wasm_bindgen_futures::spawn_local;

use super::{AuditLog, LOCK, key, parse};
use crate::store::{Op, StoreError, Table};
use crate::time::{Pace, sleep};

/// Below which place rows have no marks yet: a number after [`BELOW`], or [`ALL`]. Nothing, or anything else, means that
/// it has not begun: an earlier version went the other way and wrote a number alone.
const MARKED: &str = "audit-marked";
const ALL: &str = "all";
const BELOW: &str = "below ";
/// Held by the tab that does it.
const TURN: &str = "audit-marks";
/// So many rows get their marks in one write.
const PIECE: u64 = 150;
/// How often to look whether another tab is through, in milliseconds.
const PATIENCE: u64 = 200;

impl AuditLog {
    /// How many of the oldest rows have no marks yet, so that [`AuditLog::find`] does not see them.
    pub(crate) async fn older(&self) -> Result<u64, StoreError> {
        if self.marked.get() {
            return Ok(0);
        }
        let kept = self.store.get(Table::Settings, MARKED).await?.unwrap_or_default();
        if kept == ALL {
            self.marked.set(true);
            return Ok(0);
        }
        if let Some(below) = kept.strip_prefix(BELOW).and_then(|below| below.parse().ok()) {
            return Ok(below);
        }
        // What is written from now on has marks.
        let below = self.last_key().await?.map_or(0, |last| last + 1);
        self.store.write(vec![so_far(below)]).await?;
        self.marked.set(below == 0);
        Ok(below)
    }

    /// Every row has its marks when this returns.
    pub(crate) async fn mark_older(&self) -> Result<(), StoreError> {
        while self.older().await? > 0 {
            match self.locks.try_hold(TURN).await {
                Some(_turn) => self.mark().await?,
                None => sleep(PATIENCE).await,
            }
        }
        Ok(())
    }

    /// The same, without anybody waiting for it. What fails is tried again when rows are looked for the next time.
    pub(super) fn mark_older_meanwhile(&self) {
        if self.marking.replace(true) {
            return;
        }
        let log = self.clone();
        spawn_local(async move {
            let _ = log.mark_older().await;
            log.marking.set(false);
        });
    }

    /// With a new chain everything is marked from the start.
    pub(super) fn all_marked(&self) -> Op {
        self.marked.set(true);
        so_far(0)
    }

    async fn mark(&self) -> Result<(), StoreError> {
        let chain = self.end().await?.map(|end| end.name().to_owned());
        let (mut below, mut pace) = (self.older().await?, Pace::begin());
        while below > 0 {
            let from = below.saturating_sub(PIECE);
            let mut ops = vec![so_far(from)];
            for (key, text) in self.store.range(Table::Audit, &key(from), &key(below - 1)).await? {
                // What cannot be read has no marks, and is for the check to tell.
                if let Ok(row) = parse::<Row>(&text) {
                    ops.push(Op::PutMarked(Table::Audit, key, text, marks(&row.entry)));
                }
                pace.rest().await;
            }
            let _held = self.locks.hold(LOCK).await;
            // Erased meanwhile: what was read is gone, and the new chain has its marks.
            if self.end().await?.map(|end| end.name().to_owned()) != chain {
                return Ok(());
            }
            self.store.write(ops).await?;
            below = from;
        }
        self.marked.set(true);
        Ok(())
    }
}

fn so_far(below: u64) -> Op {
    let text = if below == 0 { ALL.to_owned() } else { format!("{BELOW}{below}") };
    Op::Put(Table::Settings, MARKED.to_owned(), text)
}
