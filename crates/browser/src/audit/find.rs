//! The newest rows with some marks, found in the index and not by reading the log.
//!
//! The keys of each mark are read window by window, the newest first, and only what all of them have is read as rows. A
//! window that gave too little is followed by a larger one, so that what is rare is found in few steps and what is
//! frequent without reading far. Rows that have no marks yet are not found; [`AuditLog::older`] says how many those are.

use std::collections::{BTreeSet, HashMap};

use policy::audit::line::Mark;
use policy::audit::{Entry, Line, Row};
use policy::{CallId, ConnectorId, Millis};

use super::{AuditLog, key, parse};
use crate::store::{StoreError, Table};
use crate::time::Pace;

/// The first window, in rows, and the largest: its keys are read without the page noticing.
const FIRST: u64 = 2_048;
const LARGEST: u64 = 16_384;
/// So many keys of a window are enough for now: the next one is no larger.
const ENOUGH: usize = 1_024;
/// So many calls are looked up at once.
const CALLS: usize = 100;

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
    /// Only rows after this place.
    pub(crate) after: Option<u64>,
}

/// The places of rows, the newest first, and where the next page begins, if there is one.
pub(crate) type Found = (Vec<u64>, Option<u64>);

impl AuditLog {
    /// The places of the newest rows that are wanted. While older rows have no marks yet, the next page begins at them.
    pub(crate) async fn find(&self, wanted: &Wanted, take: usize) -> Result<Found, StoreError> {
        let older = self.older().await?;
        if older > 0 {
            self.mark_older_meanwhile();
        }
        let Some((start, last)) = self.bounds(wanted).await? else { return Ok((Vec::new(), None)) };
        let first = start.max(older);
        let rest = (start < older).then_some(older);
        if last < first {
            return Ok((Vec::new(), rest));
        }
        let mut found = Vec::new();
        let (mut to, mut width) = (last, FIRST);
        loop {
            let from = to.saturating_sub(width - 1).max(first);
            let (places, read) = self.both(&wanted.marks, from, to).await?;
            for seq in places.into_iter().rev() {
                if found.len() == take {
                    let next = found.last().copied();
                    return Ok((found, next));
                }
                found.push(seq);
            }
            if from == first {
                return Ok((found, rest));
            }
            to = from - 1;
            if read < ENOUGH {
                width = (width * 4).min(LARGEST);
            }
        }
    }

    /// How many rows are wanted, once all have their marks. One mark is counted by the index; for several their keys are
    /// compared.
    pub(crate) async fn count(&self, wanted: &Wanted) -> Result<u64, StoreError> {
        self.mark_older().await?;
        if let Wanted { marks, from: None, until: None, before: None, after: None } = wanted
            && let [mark] = marks.as_slice()
        {
            return self.store.count(Table::Audit, Some(mark)).await;
        }
        let Some((mut from, last)) = self.bounds(wanted).await? else { return Ok(0) };
        let (mut count, mut pace) = (0, Pace::begin());
        while from <= last {
            let to = from.saturating_add(LARGEST / 2 - 1).min(last);
            count += self.both(&wanted.marks, from, to).await?.0.len() as u64;
            from = to.saturating_add(1);
            pace.rest().await;
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
        let later = self.keys_of(&calls).await?;
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

    /// The places of the later rows about the calls at some places: sent, and ended. Tells how many of the places it has
    /// looked at.
    pub(crate) async fn later(&self, places: &[u64], told: impl Fn(u64)) -> Result<Vec<u64>, StoreError> {
        let (mut later, mut pace, mut here) = (BTreeSet::new(), Pace::begin(), 0);
        for piece in places.chunks(CALLS) {
            let rows = self.rows(piece.iter().map(|seq| key(*seq)).collect()).await?;
            let calls: Vec<String> = rows
                .iter()
                .filter_map(|row| row.entry.call().map(|call| Mark::Call(call.as_str()).to_string()))
                .collect();
            for key in self.keys_of(&calls).await? {
                later.extend(key.parse::<u64>().ok());
            }
            here += piece.len() as u64;
            told(here);
            pace.rest().await;
        }
        for seq in places {
            later.remove(seq);
        }
        Ok(later.into_iter().collect())
    }

    /// The newest calls of a connector, each by the row that says what was decided.
    pub(crate) async fn of_connector(&self, id: &ConnectorId, take: usize) -> Result<Vec<Row>, StoreError> {
        self.mark_older().await?;
        let marks = vec![Mark::Connector(id.as_str()).to_string()];
        let (places, _) = self.find(&Wanted { marks, ..Wanted::default() }, take).await?;
        self.rows(places.into_iter().map(key).collect()).await
    }

    /// Every row about a call, oldest first.
    pub(crate) async fn about(&self, call: &CallId) -> Result<Vec<Row>, StoreError> {
        self.mark_older().await?;
        let keys = self.keys_of(&[Mark::Call(call.as_str()).to_string()]).await?;
        self.rows(keys).await
    }

    /// The texts of the rows at some places, as they are kept.
    pub(crate) async fn texts(&self, places: &[u64]) -> Result<Vec<String>, StoreError> {
        let keys = places.iter().map(|seq| key(*seq)).collect();
        Ok(self.store.some(Table::Audit, keys).await?.into_iter().map(|(_, text)| text).collect())
    }

    /// The keys of every row that has one of some marks, mark by mark.
    async fn keys_of(&self, marks: &[String]) -> Result<Vec<String>, StoreError> {
        Ok(self.store.marked(Table::Audit, marks, "", "\u{ffff}").await?.concat())
    }

    /// The places between two that have all the marks, in order, and how many keys were read for that.
    async fn both(&self, marks: &[String], from: u64, to: u64) -> Result<(Vec<u64>, usize), StoreError> {
        let (from, to) = (key(from), key(to));
        let all = self.store.marked(Table::Audit, marks, &from, &to).await?;
        let read = all.iter().map(Vec::len).sum();
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
        Ok((found.iter().filter_map(|key| key.parse().ok()).collect(), read))
    }

    /// The first and the last place that can be wanted; none when nothing can.
    async fn bounds(&self, wanted: &Wanted) -> Result<Option<(u64, u64)>, StoreError> {
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
        let first = first.max(wanted.after.map_or(0, |after| after.saturating_add(1)));
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
}
