//! The check of the whole chain, in pieces, so that the page stays usable however long the log is.

use std::collections::HashSet;

use policy::audit::{Broken, Check};

use super::{AuditLog, GAP, Gap, key, parse};
use crate::store::{StoreError, Table};
use crate::time::sleep;
use crate::view::AuditState;

/// So many rows are read at once.
const PIECE: u64 = 500;

impl AuditLog {
    /// Checks the whole chain, and tells after each piece how many rows of how many it has seen. What is written
    /// meanwhile is not part of it.
    pub(crate) async fn check(&self, told: impl Fn(u64, u64)) -> Result<AuditState, StoreError> {
        let (end, last) = {
            let _held = self.locks.hold(super::LOCK).await;
            (self.end().await?, self.last_key().await?)
        };
        let Some(last) = last else {
            let broken = if end.is_some() { vec![Broken::Empty] } else { Vec::new() };
            return Ok(AuditState { rows: 0, broken, checkpoint: None });
        };
        let mut check = Check::new();
        let mut from = 0;
        while from <= last {
            let to = from.saturating_add(PIECE - 1).min(last);
            for (_, text) in self.store.range(Table::Audit, &key(from), &key(to)).await? {
                check.text(&text);
            }
            from = to.saturating_add(1);
            told(from.min(last + 1), last + 1);
            sleep(0).await;
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
        Ok(AuditState { rows: report.rows, broken: report.broken, checkpoint })
    }

    /// The place of the last row that is there.
    pub(super) async fn last_key(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.store.last(Table::Audit).await?.and_then(|(key, _)| key.parse().ok()))
    }
}
