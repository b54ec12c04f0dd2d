//! Rows that each carry the hash of the one before, and the check of them.
//!
//! Changing, removing, adding or reordering a row breaks a hash or leaves a gap. Rows cut off at the end break nothing;
//! [`verify_to`] and a [`Checkpoint`] find that, against an end that was kept elsewhere.
//!
//! The check reads rows as text and takes no row apart further than it must: a row of a later version, with a kind that
//! is not known here, verifies all the same.

use super::{Checkpoint, Entry, PublicKey};
use crate::{Digest, MemberId, Millis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So many findings are told; after that, one more says nothing new.
const TOLD: usize = 100;

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which chain: a name that no other chain has.
    pub chain: String,
    /// Counts up from 0 without a gap.
    pub seq: u64,
    /// When it happened, by the device's clock. Clocks can be wrong; the order is `seq`.
    pub at: Millis,
    /// The hash of the row before; `None` in the first.
    pub previous: Option<Digest>,
    /// What happened.
    pub entry: Entry,
    /// The hash over all of the above: SHA-256 of their canonical JSON (RFC 8785).
    pub hash: Digest,
}

impl Row {
    fn new(chain: String, seq: u64, at: Millis, previous: Option<Digest>, entry: Entry) -> Self {
        let hash = hash_of(&chain, seq, at, previous.as_ref(), &json_of(&entry));
        Self { chain, seq, at, previous, entry, hash }
    }

    /// Whether the row says what it said when it was written.
    pub fn intact(&self) -> bool {
        hash_of(&self.chain, self.seq, self.at, self.previous.as_ref(), &json_of(&self.entry)) == self.hash
    }
}

/// An `Entry` always has a JSON form: its keys are strings. Should that ever fail, the row will not verify.
fn json_of(entry: &Entry) -> Value {
    serde_json::to_value(entry).unwrap_or_default()
}

fn hash_of(chain: &str, seq: u64, at: Millis, previous: Option<&Digest>, entry: &Value) -> Digest {
    Digest::of_json(&serde_json::json!({
        "chain": chain, "seq": seq, "at": at, "previous": previous.map(Digest::as_str), "entry": entry,
    }))
}

/// Where a chain ended, in the first row of the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The chain that was erased.
    pub chain: String,
    /// How many rows it had.
    pub rows: u64,
    /// The hash of its last row, to compare an export with.
    pub last: Digest,
    /// Who erased it.
    pub by: MemberId,
}

/// The end of a chain: what is needed to go on, and to notice that rows are missing at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    name: String,
    rows: u64,
    last: Digest,
}

impl Chain {
    /// Begins the first chain of a device. `name` must be one that no other chain has: make it of random.
    pub fn begin(name: impl Into<String>, at: Millis) -> (Self, Row) {
        Self::first(name.into(), at, None)
    }

    /// Goes on after the last row that is there.
    pub fn resume(last: &Row) -> Self {
        Self { name: last.chain.clone(), rows: last.seq.saturating_add(1), last: last.hash.clone() }
    }

    /// Writes the next row.
    pub fn append(&mut self, entry: Entry, at: Millis) -> Row {
        let row = Row::new(self.name.clone(), self.rows, at, Some(self.last.clone()), entry);
        *self = Self::resume(&row);
        row
    }

    /// Ends the chain because everything is being erased, and begins another whose first row says so.
    pub fn erase(self, name: impl Into<String>, by: MemberId, at: Millis) -> (Self, Row) {
        let ended = Ended { chain: self.name, rows: self.rows, last: self.last, by };
        Self::first(name.into(), at, Some(ended))
    }

    /// The chain's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash of its last row.
    pub fn last(&self) -> &Digest {
        &self.last
    }

    fn first(name: String, at: Millis, after: Option<Ended>) -> (Self, Row) {
        let row = Row::new(name, 0, at, None, Entry::Began { after });
        (Self::resume(&row), row)
    }
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// There is not even a first row.
    #[error("the audit is empty, though every audit has a first row")]
    Empty,
    /// The first row that is there is not the first row of a chain.
    #[error("the audit starts at row {seq}; the rows before it are missing")]
    NoBeginning {
        /// The row it starts at.
        seq: u64,
    },
    /// A row does not say what it said when it was written, or is no row any more.
    #[error("row {seq} was changed after it was written")]
    Changed {
        /// Which row.
        seq: u64,
    },
    /// Rows are not there.
    #[error("{count} entries are missing between row {from} and row {to}")]
    Missing {
        /// How many.
        count: u64,
        /// The last row before them.
        from: u64,
        /// When that was.
        after: Millis,
        /// The first row after them.
        to: u64,
        /// When that was.
        before: Millis,
    },
    /// A row does not follow the one before it.
    #[error("row {seq} does not follow the row before it; rows were changed, added or put in another order")]
    Gap {
        /// Which row.
        seq: u64,
    },
    /// Rows are missing at the end.
    #[error("the audit ends at {found} rows, but {expected} were written")]
    CutOff {
        /// How many there are.
        found: u64,
        /// How many there were.
        expected: u64,
    },
    /// The rows are whole, but not the ones that were written here.
    #[error("the last row is not the one that was written here")]
    AnotherChain,
    /// A checkpoint that was kept is about other rows than these.
    #[error("the first {rows} rows are not the ones that the kept checkpoint is about")]
    Kept {
        /// How many rows it is about.
        rows: u64,
    },
    /// A checkpoint is about other rows than those before it.
    #[error("the checkpoint in row {seq} is about other rows than the ones before it")]
    Checkpoint {
        /// Which row.
        seq: u64,
    },
    /// The signature of a checkpoint is not by the key it names.
    #[error("the signature of the checkpoint in row {seq} does not fit")]
    Signature {
        /// Which row.
        seq: u64,
    },
    /// A checkpoint is signed by a key that the key before it did not name as its successor.
    #[error("the checkpoint in row {seq} is signed by another key, which the one before it did not name")]
    Key {
        /// Which row.
        seq: u64,
    },
}

/// A row as text has it, its entry untouched. The order of the fields is that of [`Row`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    chain: String,
    seq: u64,
    at: Millis,
    previous: Option<Digest>,
    entry: Value,
    hash: Digest,
}

impl Raw {
    fn intact(&self) -> bool {
        hash_of(&self.chain, self.seq, self.at, self.previous.as_ref(), &self.entry) == self.hash
    }

    fn kind(&self) -> &str {
        self.entry.get("kind").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A check under way: rows come in one by one, oldest first, so that a long chain never has to be in memory.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The rows are a choice, so what is between them may be missing.
    partial: bool,
    chain: Option<Chain>,
    /// The row before could not be read, so nobody knows its hash.
    blind: bool,
    at: Millis,
    rows: u64,
    broken: Vec<Broken>,
    checkpoints: Vec<Checkpoint>,
    next: Option<PublicKey>,
    /// Ends of the chain that are known from elsewhere and were not met yet.
    expected: Vec<Chain>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many rows there are.
    pub rows: u64,
    /// Where they end.
    pub end: Option<Chain>,
    /// Everything that is wrong, in the order of the rows, up to a hundred.
    pub broken: Vec<Broken>,
    /// The checkpoints among the rows. Their signatures are the caller's to check: this crate knows no keys.
    pub checkpoints: Vec<Checkpoint>,
}

impl Check {
    /// Begins a check of a whole chain.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a check of rows that were chosen from a chain: each is checked for itself, and that they are in order.
    pub fn of_some() -> Self {
        Self { partial: true, ..Self::default() }
    }

    /// Has the rows agree with a checkpoint from elsewhere.
    pub fn expect(&mut self, checkpoint: &Checkpoint) {
        let (name, last) = (checkpoint.chain.clone(), checkpoint.last.clone());
        self.expected.push(Chain { name, rows: checkpoint.rows, last });
    }

    /// Takes the next row, as text. A row that was written has one text only; any other, even one that means the same,
    /// counts as changed, so that nothing can be put into it that one reader sees and another does not.
    pub fn text(&mut self, text: &str) {
        let raw = serde_json::from_str::<Raw>(text).ok();
        let same = raw.as_ref().is_some_and(|raw| serde_json::to_string(raw).is_ok_and(|again| again == text));
        match raw {
            Some(raw) if same => self.raw(&raw),
            other => {
                let expected = self.chain.as_ref().map_or(0, Chain::rows);
                let seq = other.as_ref().map_or(expected, |raw| raw.seq);
                self.rows = self.rows.saturating_add(1);
                self.tell(Broken::Changed { seq });
                match other {
                    Some(raw) => self.go_on(&raw),
                    // Where the next row belongs is known, and what it follows is not: it is taken at its word.
                    None => {
                        self.blind = true;
                        if let Some(chain) = &mut self.chain {
                            chain.rows = chain.rows.saturating_add(1);
                        }
                    }
                }
            }
        }
    }

    /// Takes the next row.
    pub fn row(&mut self, row: &Row) {
        match serde_json::to_string(row) {
            Ok(text) => self.text(&text),
            Err(_) => self.tell(Broken::Changed { seq: row.seq }),
        }
    }

    /// Ends the check.
    pub fn done(mut self) -> Report {
        if self.rows == 0 {
            self.tell(Broken::Empty);
        }
        for end in std::mem::take(&mut self.expected) {
            let same = self.chain.as_ref().is_none_or(|chain| chain.name == end.name);
            let found = self.chain.as_ref().map_or(0, Chain::rows);
            match same {
                false => self.tell(Broken::AnotherChain),
                // Of rows that were chosen, the last one before the checkpoint need not be there.
                true if self.partial => {}
                true => self.tell(Broken::CutOff { found, expected: end.rows }),
            }
        }
        self.broken.dedup();
        Report { rows: self.rows, end: self.chain, broken: self.broken, checkpoints: self.checkpoints }
    }

    fn tell(&mut self, broken: Broken) {
        if self.broken.len() < TOLD {
            self.broken.push(broken);
        }
    }

    fn raw(&mut self, raw: &Raw) {
        self.rows = self.rows.saturating_add(1);
        let seq = raw.seq;
        if !raw.intact() {
            self.tell(Broken::Changed { seq });
        }
        let first = raw.kind() == "began";
        match &self.chain {
            None if self.partial => {}
            None if seq != 0 || !first || raw.previous.is_some() => self.tell(Broken::NoBeginning { seq }),
            None => {}
            Some(chain) => {
                let follows = self.blind || raw.previous.as_ref() == Some(&chain.last);
                let broken = if raw.chain != chain.name || first || seq < chain.rows {
                    Some(Broken::Gap { seq })
                } else if seq > chain.rows {
                    let count = seq - chain.rows;
                    let from = chain.rows.saturating_sub(1);
                    (!self.partial).then_some(Broken::Missing { count, from, after: self.at, to: seq, before: raw.at })
                } else {
                    (!follows).then_some(Broken::Gap { seq })
                };
                if let Some(broken) = broken {
                    self.tell(broken);
                }
            }
        }
        if raw.kind() == "checkpoint" {
            self.checkpoint(raw);
        }
        self.go_on(raw);
    }

    fn checkpoint(&mut self, raw: &Raw) {
        let seq = raw.seq;
        let Ok(Entry::Checkpoint(checkpoint)) = Entry::deserialize(&raw.entry) else {
            return self.tell(Broken::Checkpoint { seq });
        };
        let about =
            checkpoint.chain == raw.chain && checkpoint.rows == seq && Some(&checkpoint.last) == raw.previous.as_ref();
        if !about {
            self.tell(Broken::Checkpoint { seq });
        }
        let before = self.checkpoints.last().map(|before| &before.key);
        let known = before.is_none_or(|key| *key == checkpoint.key) || self.next.as_ref() == Some(&checkpoint.key);
        if !known && !self.partial {
            self.tell(Broken::Key { seq });
        }
        self.next = checkpoint.next.clone();
        self.checkpoints.push(*checkpoint);
    }

    fn go_on(&mut self, raw: &Raw) {
        self.at = raw.at;
        let (met, expected) = std::mem::take(&mut self.expected)
            .into_iter()
            .partition(|end| end.name == raw.chain && end.rows == raw.seq.saturating_add(1));
        self.expected = expected;
        let met: Vec<Chain> = met;
        if let Some(end) = met.iter().find(|end| end.last != raw.hash) {
            self.tell(Broken::Kept { rows: end.rows });
        }
        let rows = raw.seq.saturating_add(1);
        self.chain = Some(Chain { name: raw.chain.clone(), rows, last: raw.hash.clone() });
        self.blind = false;
    }
}

impl Report {
    /// Also says whether the rows go up to where the chain is known to have been.
    #[must_use]
    pub fn up_to(mut self, end: &Chain) -> Self {
        let broken = match &self.end {
            None => None,
            Some(found) if found.name == end.name && found.rows < end.rows => {
                Some(Broken::CutOff { found: found.rows, expected: end.rows })
            }
            Some(found) => (found != end).then_some(Broken::AnotherChain),
        };
        self.broken.extend(broken);
        self
    }

    /// Adds what the signatures say: `fits` tells whether a checkpoint is signed by the key it names.
    #[must_use]
    pub fn signed(mut self, fits: impl Fn(&Checkpoint) -> bool) -> Self {
        let forged = self.checkpoints.iter().filter(|checkpoint| !fits(checkpoint));
        self.broken.extend(forged.map(|checkpoint| Broken::Signature { seq: checkpoint.rows }));
        self
    }
}

/// Checks every row and that each follows the one before it.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Result<Chain, Broken> {
    let mut check = Check::new();
    rows.into_iter().for_each(|row| check.row(row));
    let report = check.done();
    match (report.broken.into_iter().next(), report.end) {
        (None, Some(end)) => Ok(end),
        (broken, _) => Err(broken.unwrap_or(Broken::Empty)),
    }
}

/// As [`verify`], and that the rows go up to where the chain is known to have been.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_to<'a>(rows: impl IntoIterator<Item = &'a Row>, end: &Chain) -> Result<(), Broken> {
    let mut check = Check::new();
    rows.into_iter().for_each(|row| check.row(row));
    check.done().up_to(end).broken.into_iter().next().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;

    fn changed(what: &str) -> Entry {
        Entry::changed(&"owner".into(), "workspace", what)
    }

    /// A chain of six rows.
    fn rows() -> (Chain, Vec<Row>) {
        let (mut chain, first) = Chain::begin("one", NOW);
        let mut rows = vec![first];
        for (minute, what) in ["renamed", "locked down", "unlocked", "renamed", "renamed"].iter().enumerate() {
            rows.push(chain.append(changed(what), NOW + minute as u64 * 60_000));
        }
        (chain, rows)
    }

    #[test]
    fn a_chain_that_nobody_touched_verifies() {
        let (chain, rows) = rows();
        assert_eq!(verify(&rows), Ok(chain.clone()));
        assert_eq!(verify_to(&rows, &chain), Ok(()));
        assert_eq!((chain.rows(), chain.name()), (6, "one"));
    }

    #[test]
    fn a_chain_comes_back_from_storage_and_goes_on() {
        let (_, rows) = rows();
        let text = serde_json::to_string(&rows).unwrap();
        let mut rows: Vec<Row> = serde_json::from_str(&text).unwrap();
        let mut chain = Chain::resume(rows.last().unwrap());
        rows.push(chain.append(changed("renamed"), NOW));
        assert_eq!(verify_to(&rows, &chain), Ok(()));
    }

    #[test]
    fn x123_an_edited_row_is_found() {
        let edits: [fn(&mut Row); 4] = [
            |row| row.entry = changed("nothing happened"),
            |row| row.at += 1,
            |row| row.chain = "other".into(),
            |row| row.seq += 100,
        ];
        for edit in edits {
            let (_, mut rows) = rows();
            edit(&mut rows[3]);
            assert!(matches!(verify(&rows), Err(Broken::Changed { .. })));
        }
    }

    #[test]
    fn x123_an_edited_row_with_a_new_hash_breaks_the_next() {
        let (_, mut rows) = rows();
        let row = rows[3].clone();
        rows[3] = Row::new(row.chain, row.seq, row.at, row.previous, changed("nothing happened"));
        assert_eq!(verify(&rows), Err(Broken::Gap { seq: 4 }));
    }

    #[test]
    fn x123_missing_added_and_reordered_rows_are_found() {
        let (chain, all) = rows();
        let mut missing = all.clone();
        missing.remove(2);
        let gap = Broken::Missing { count: 1, from: 1, after: NOW, to: 3, before: NOW + 120_000 };
        assert_eq!(verify(&missing), Err(gap));
        let mut swapped = all.clone();
        swapped.swap(2, 3);
        assert!(matches!(verify(&swapped), Err(Broken::Missing { to: 3, .. })));
        let mut check = Check::new();
        swapped.iter().for_each(|row| check.row(row));
        assert!(check.done().broken.contains(&Broken::Gap { seq: 2 }), "the other of the two is found too");
        let mut twice = all.clone();
        twice.insert(2, all[2].clone());
        assert_eq!(verify(&twice), Err(Broken::Gap { seq: 2 }));
        assert_eq!(verify(&all[1..]), Err(Broken::NoBeginning { seq: 1 }));
        assert_eq!(verify(&[]), Err(Broken::Empty));
        // The end is missing: the rows alone look whole, the kept end tells.
        assert!(verify(&all[..4]).is_ok());
        assert_eq!(verify_to(&all[..4], &chain), Err(Broken::CutOff { found: 4, expected: 6 }));
    }

    #[test]
    fn x123_another_chain_in_its_place_is_found() {
        let (chain, _) = rows();
        let (_, first) = Chain::begin("two", NOW);
        assert_eq!(verify_to([&first], &chain), Err(Broken::AnotherChain));
    }

    #[test]
    fn erasing_ends_the_chain_and_the_next_one_says_so() {
        let (chain, rows) = rows();
        let last = rows[5].hash.clone();
        let (next, first) = chain.erase("two", "owner".into(), NOW + 1);
        let Entry::Began { after: Some(ended) } = &first.entry else { panic!("it says nothing") };
        assert_eq!(ended, &Ended { chain: "one".into(), rows: 6, last, by: "owner".into() });
        assert_eq!(verify_to([&first], &next), Ok(()));
        // Old rows and the new chain are not one chain.
        assert_eq!(verify(rows.iter().chain([&first])), Err(Broken::Gap { seq: 0 }));
    }

    #[test]
    fn x123_every_gap_is_told_with_what_is_around_it() {
        let (_, all) = rows();
        let mut check = Check::new();
        [0, 3, 5].iter().for_each(|at| check.row(&all[*at]));
        let report = check.done();
        let gap = |count, from: usize, to: usize| Broken::Missing {
            count,
            from: from as u64,
            after: all[from].at,
            to: to as u64,
            before: all[to].at,
        };
        assert_eq!(report.broken, [gap(2, 0, 3), gap(1, 3, 5)]);
        assert_eq!(report.broken[0].to_string(), "2 entries are missing between row 0 and row 3");
    }

    #[test]
    fn x123_a_row_has_one_text_only() {
        let (_, all) = rows();
        let text = serde_json::to_string(&all[2]).unwrap();
        let same = [text.replacen(':', ": ", 1), text.replacen("\"at\"", "\"at\":1,\"at\"", 1), "{}".to_owned()];
        for other in same {
            let mut check = Check::new();
            check.row(&all[0]);
            check.row(&all[1]);
            check.text(&other);
            check.row(&all[3]);
            assert_eq!(check.done().broken, [Broken::Changed { seq: 2 }], "{other}");
        }
    }

    #[test]
    fn a_row_of_a_later_version_verifies() {
        let (mut chain, first) = Chain::begin("one", NOW);
        let entry = serde_json::json!({"kind": "made_later", "what": [1, 2]});
        let hash = hash_of("one", 1, NOW, Some(&first.hash), &entry);
        let raw = Raw { chain: "one".into(), seq: 1, at: NOW, previous: Some(first.hash.clone()), entry, hash };
        chain = Chain { rows: 2, last: raw.hash.clone(), ..chain };
        let mut check = Check::new();
        check.row(&first);
        check.text(&serde_json::to_string(&raw).unwrap());
        assert_eq!(check.done().up_to(&chain).broken, []);
    }

    #[test]
    fn rows_that_were_chosen_are_checked_for_themselves() {
        let (_, mut all) = rows();
        let mut check = Check::of_some();
        [1, 3, 4].iter().for_each(|at| check.row(&all[*at]));
        assert_eq!(check.done().broken, []);
        all[3].at += 1;
        let mut check = Check::of_some();
        [1, 3, 4].iter().for_each(|at| check.row(&all[*at]));
        assert_eq!(check.done().broken, [Broken::Changed { seq: 3 }]);
        let mut check = Check::of_some();
        [4, 1].iter().for_each(|at| check.row(&all[*at]));
        assert_eq!(check.done().broken, [Broken::Gap { seq: 1 }]);
    }

    #[test]
    fn x123_a_checkpoint_is_about_the_rows_before_it_and_its_key_is_known() {
        let key = |name: &str| PublicKey::from(name.to_owned());
        let sign = |chain: &Chain, name: &str, next: Option<&str>| {
            Entry::Checkpoint(Box::new(Checkpoint::of(chain, NOW, key(name), next.map(key), "00".into())))
        };
        let (mut chain, first) = Chain::begin("one", NOW);
        let mut rows = vec![first];
        for (name, next) in [("a", None), ("a", Some("b")), ("b", None)] {
            let entry = sign(&chain, name, next);
            rows.push(chain.append(entry, NOW));
        }
        assert_eq!(verify(&rows), Ok(chain.clone()));
        let report = |rows: &[Row]| {
            let mut check = Check::new();
            rows.iter().for_each(|row| check.row(row));
            check.done()
        };
        assert_eq!(report(&rows).checkpoints.len(), 3);
        assert_eq!(report(&rows).signed(|one| one.rows != 2).broken, [Broken::Signature { seq: 2 }]);

        let mut stranger = chain.clone();
        let entry = sign(&stranger, "c", None);
        let row = stranger.append(entry, NOW);
        assert_eq!(report(&[rows.clone(), vec![row]].concat()).broken, [Broken::Key { seq: 4 }]);

        let (mut other, _) = Chain::begin("two", NOW);
        let entry = sign(&other, "b", None);
        let row = chain.append(entry, NOW);
        assert_eq!(report(&[rows, vec![row]].concat()).broken, [Broken::Checkpoint { seq: 4 }]);
        let _ = other.append(Entry::changed(&"owner".into(), "workspace", "renamed"), NOW);
    }
}
