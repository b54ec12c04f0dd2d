//! The check of the whole chain, in pieces, so that the page stays usable however long the log is.

use std::collections::HashSet;

use policy::audit::{Broken, Check};

use super::{AuditLog, GAP, Gap, key, parse};
use crate::store::{Record, StoreError, Table};
use crate::time::Pace;
use crate::view::AuditState;

/// So many rows are read at once.
const PIECE: u64 = 500;

impl AuditLog {
    /// Checks the whole chain, and tells after each piece how many rows of how many it has seen. What is written
    /// meanwhile is not part of it. A chain that ends meanwhile, because everything is erased, is no broken one: the
    /// check begins anew with the chain that followed it. Dropping the check ends it.
    pub(crate) async fn check(&self, told: impl Fn(u64, u64)) -> Result<AuditState, StoreError> {
        loop {
            let (start, state) = self.checked(&told).await?;
            if self.keep_found(start.as_ref(), !state.broken.is_empty()).await? {
                return Ok(state);
            }
        }
    }

    /// What the chain of this moment comes to, and by which row it is known.
    async fn checked(&self, told: &impl Fn(u64, u64)) -> Result<(Option<Record>, AuditState), StoreError> {
        let (end, last, start) = {
            let _held = self.locks.hold(super::LOCK).await;
            (self.end().await?, self.last_key().await?, self.start().await?)
        };
        let Some(last) = last else {
            let broken = if end.is_some() { vec![Broken::Empty] } else { Vec::new() };
            return Ok((start, AuditState { rows: 0, broken, checkpoint: None }));
        };
        let (mut check, mut pace) = (Check::new(), Pace::begin());
        let mut pieces = self.pieces(last);
        while let Some(rows) = pieces.next().await? {
            for (_, text) in rows {
                check.text(&text);
                pace.rest().await;
            }
            told(pieces.here(), last + 1);
        }
        let mut report = check.done();
        if let Some(end) = &end {
            report = report.up_to(end);
        }
        // What was found missing at the end once stays missing, though rows came after.
        if let Some(text) = self.store.get(Table::Settings, GAP).await?
            && let Ok(Gap { found, expected }) = parse(&text)
        {
            report.broken.push(Broken::CutOff { found, expected });
        }
        let mut fitting = HashSet::new();
        for checkpoint in &report.checkpoints {
            let statement = checkpoint.statement();
            if super::key::fits(checkpoint.key.as_str(), &statement, &checkpoint.signature).await {
                fitting.insert(checkpoint.signature.clone());
            }
        }
        let report = report.signed(|checkpoint| fitting.contains(&checkpoint.signature));
        let checkpoint = report.checkpoints.last().cloned();
        Ok((start, AuditState { rows: report.rows, broken: report.broken, checkpoint }))
    }

    /// The first row of the chain, as it is kept: a chain that follows another one has another first row.
    pub(super) async fn start(&self) -> Result<Option<Record>, StoreError> {
        Ok(self.store.range(Table::Audit, &key(0), &key(0)).await?.pop())
    }

    /// Reads the rows up to a place, oldest first, some at a time.
    pub(crate) fn pieces(&self, last: u64) -> Pieces<'_> {
        Pieces { log: self, from: 0, last }
    }

    /// How many rows there are and the place of the last, of one moment; none where there is no row.
    pub(crate) async fn extent(&self) -> Result<Option<(u64, u64)>, StoreError> {
        let _held = self.locks.hold(super::LOCK).await;
        let Some(last) = self.last_key().await? else { return Ok(None) };
        Ok(Some((self.store.count(Table::Audit, None).await?, last)))
    }

    /// The place of the last row that is there.
    pub(super) async fn last_key(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.store.last(Table::Audit).await?.and_then(|(key, _)| key.parse().ok()))
    }
}

/// The rows of a log, read a piece at a time.
pub(crate) struct Pieces<'a> {
    log: &'a AuditLog,
    from: u64,
    last: u64,
}

impl Pieces<'_> {
    /// The next rows as they are kept, which may be none where some are missing; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        if self.from > self.last {
            return Ok(None);
        }
        let to = self.from.saturating_add(PIECE - 1).min(self.last);
        let rows = self.log.store.range(Table::Audit, &key(self.from), &key(to)).await?;
        self.from = to.saturating_add(1);
        Ok(Some(rows))
    }

    /// Up to which place they were read.
    pub(crate) fn here(&self) -> u64 {
        self.from
    }
}
