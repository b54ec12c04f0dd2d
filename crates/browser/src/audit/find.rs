//! The newest rows with some marks, found in the index and not by reading the log.
//!
//! The keys of each mark are read window by window, the newest first, and only what all of them have is read as rows. A
//! window that gave too little is followed by a larger one, so that what is rare is found in few steps and what is
//! frequent without reading far.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::try_join_all;
use policy::audit::line::Mark;
use policy::audit::{Entry, Line, Row, marks};
use policy::{CallId, Millis};

use super::{AuditLog, LOCK, key, parse};
use crate::store::{Op, StoreError, Table};
use crate::time::sleep;

/// How far all rows have their marks: a log from before there were any gets them once.
const MARKED: &str = "audit-marked";
/// All of them have.
const ALL: &str = "all";
/// So many rows get their marks at once.
const PIECE: u64 = 500;
/// The first window, in rows, and the largest: its keys are read without the page noticing.
const FIRST: u64 = 2_048;
const LARGEST: u64 = 32_768;

/// Which rows are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// All of these marks.
    pub(crate) marks: Vec<String>,
    /// Not before this time.
    pub(crate) from: Option<Millis>,
    /// Not after this time.
    pub(crate) until: Option<Millis>,
    /// Only rows before this place in the chain.
    pub(crate) before: Option<u64>,
}

/// The places of rows, the newest first, and where the next page begins, if there is one.
pub(crate) type Found = (Vec<u64>, Option<u64>);

impl AuditLog {
    /// The places of the newest rows that are wanted.
    pub(crate) async fn find(&self, wanted: &Wanted, take: usize) -> Result<Found, StoreError> {
        let Some((first, last)) = self.bounds(wanted).await? else { return Ok((Vec::new(), None)) };
        let mut found = Vec::new();
        let (mut to, mut width) = (last, FIRST);
        loop {
            let from = to.saturating_sub(width - 1).max(first);
            for seq in self.both(&wanted.marks, from, to).await?.into_iter().rev() {
                if found.len() == take {
                    let next = found.last().copied();
                    return Ok((found, next));
                }
                found.push(seq);
            }
            if from == first {
                return Ok((found, None));
            }
            (to, width) = (from - 1, (width * 4).min(LARGEST));
        }
    }

    /// How many rows are wanted. One mark is counted by the index; for several their keys are compared.
    pub(crate) async fn count(&self, wanted: &Wanted) -> Result<u64, StoreError> {
        self.mark_old().await?;
        if let ([mark], None, None) = (wanted.marks.as_slice(), wanted.from, wanted.until) {
            return self.store.count(Table::Audit, Some(mark)).await;
        }
        let Some((mut from, last)) = self.bounds(wanted).await? else { return Ok(0) };
        let mut count = 0;
        while from <= last {
            let to = from.saturating_add(LARGEST - 1).min(last);
            count += self.both(&wanted.marks, from, to).await?.len() as u64;
            from = to.saturating_add(1);
            sleep(0).await;
        }
        Ok(count)
    }

    /// The rows at some places as a person reads them, calls with how they ended.
    pub(crate) async fn lines(&self, places: &[u64]) -> Result<Vec<Line>, StoreError> {
        let keys = places.iter().map(|seq| key(*seq)).collect();
        let rows = self.rows(keys).await?;
        let calls: Vec<String> = rows
            .iter()
            .filter(|row| matches!(row.entry, Entry::Allowed { .. }))
            .filter_map(|row| row.entry.call().map(|call| Mark::Call(call.as_str()).to_string()))
            .collect();
        let all = calls.iter().map(|mark| self.store.marked(Table::Audit, mark, "", "\u{ffff}"));
        let later: Vec<String> = try_join_all(all).await?.into_iter().flatten().collect();
        let mut ends: HashMap<String, Vec<Row>> = HashMap::new();
        for row in self.rows(later).await? {
            if let Entry::Sent { call, .. } | Entry::Finished { call, .. } = &row.entry {
                ends.entry(call.to_string()).or_default().push(row.clone());
            }
        }
        let none = Vec::new();
        let line = |row: &Row| {
            let later = row.entry.call().and_then(|call| ends.get(call.as_str())).unwrap_or(&none);
            Line::of(row, later)
        };
        Ok(rows.iter().filter_map(line).collect())
    }

    /// The rows of some keys; one that cannot be read is for the check to tell.
    async fn rows(&self, keys: Vec<String>) -> Result<Vec<Row>, StoreError> {
        let records = self.store.some(Table::Audit, keys).await?;
        Ok(records.iter().filter_map(|(_, text)| parse(text).ok()).collect())
    }

    /// The places of the later rows about the calls at some places: sent, and ended.
    pub(crate) async fn later(&self, places: &[u64]) -> Result<Vec<u64>, StoreError> {
        let rows = self.rows(places.iter().map(|seq| key(*seq)).collect()).await?;
        let calls = rows.iter().filter_map(|row| row.entry.call().map(|call| Mark::Call(call.as_str()).to_string()));
        let mut later = BTreeSet::new();
        for mark in calls {
            let keys = self.store.marked(Table::Audit, &mark, "", "\u{ffff}").await?;
            later.extend(keys.iter().filter_map(|key| key.parse::<u64>().ok()));
        }
        for seq in places {
            later.remove(seq);
        }
        Ok(later.into_iter().collect())
    }

    /// Every row about a call, oldest first.
    pub(crate) async fn about(&self, call: &CallId) -> Result<Vec<Row>, StoreError> {
        self.mark_old().await?;
        let mark = Mark::Call(call.as_str()).to_string();
        let keys = self.store.marked(Table::Audit, &mark, "", "\u{ffff}").await?;
        self.rows(keys).await
    }

    /// The texts of the rows at some places, as they are kept.
    pub(crate) async fn texts(&self, places: &[u64]) -> Result<Vec<String>, StoreError> {
        let keys = places.iter().map(|seq| key(*seq)).collect();
        Ok(self.store.some(Table::Audit, keys).await?.into_iter().map(|(_, text)| text).collect())
    }

    /// The places between two that have all the marks, in order.
    async fn both(&self, marks: &[String], from: u64, to: u64) -> Result<Vec<u64>, StoreError> {
        let (from, to) = (key(from), key(to));
        let all = try_join_all(marks.iter().map(|mark| self.store.marked(Table::Audit, mark, &from, &to))).await?;
        let mut all = all.into_iter();
        let mut found = all.next().unwrap_or_default();
        for other in all {
            // Both are in order, so one walk over both does.
            let mut other = other.into_iter().peekable();
            found.retain(|one| {
                while other.next_if(|next| next < one).is_some() {}
                other.peek() == Some(one)
            });
        }
        Ok(found.iter().filter_map(|key| key.parse().ok()).collect())
    }

    /// The first and the last place that can be wanted; none when nothing can.
    async fn bounds(&self, wanted: &Wanted) -> Result<Option<(u64, u64)>, StoreError> {
        self.mark_old().await?;
        let Some(end) = self.last_key().await? else { return Ok(None) };
        let last = match wanted.before {
            None => end,
            Some(0) => return Ok(None),
            Some(before) => end.min(before - 1),
        };
        let first = match wanted.from {
            None => 0,
            Some(from) => self.place_of(from, end).await?,
        };
        let last = match wanted.until {
            None => last,
            Some(until) => match self.place_of(until.saturating_add(1), end).await? {
                0 => return Ok(None),
                after => last.min(after - 1),
            },
        };
        Ok((first <= last).then_some((first, last)))
    }

    /// The place of the first row at or after a time, by halving. The order of the chain counts: where a clock was set
    /// back in between, the rows around that moment are told by their place.
    async fn place_of(&self, time: Millis, end: u64) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, end.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let there = self.store.get(Table::Audit, &key(middle)).await?;
            match there.and_then(|text| parse::<Row>(&text).ok()) {
                Some(row) if row.at >= time => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low)
    }

    /// Gives marks to rows from before there were any, once, in pieces.
    pub(crate) async fn mark_old(&self) -> Result<(), StoreError> {
        if self.marked.get() {
            return Ok(());
        }
        let known = self.store.get(Table::Settings, MARKED).await?.unwrap_or_default();
        if known == ALL {
            self.marked.set(true);
            return Ok(());
        }
        let mut from: u64 = known.parse().unwrap_or_default();
        loop {
            {
                let _held = self.locks.hold(LOCK).await;
                let rows = self.store.range(Table::Audit, &key(from), &key(from.saturating_add(PIECE - 1))).await?;
                let end = self.last_key().await?.map_or(0, |last| last + 1);
                from = from.saturating_add(PIECE).min(end);
                let mut ops = Vec::with_capacity(rows.len() + 1);
                for (key, text) in rows {
                    // What cannot be read has no marks, and is for the check to tell.
                    if let Ok(row) = parse::<Row>(&text) {
                        ops.push(Op::PutMarked(Table::Audit, key, text, marks(&row.entry)));
                    }
                }
                let so_far = if from == end { ALL.to_owned() } else { from.to_string() };
                ops.push(Op::Put(Table::Settings, MARKED.to_owned(), so_far));
                self.store.write(ops).await?;
                if from == end {
                    self.marked.set(true);
                    return Ok(());
                }
            }
            sleep(0).await;
        }
    }
}
