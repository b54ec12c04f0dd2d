//! What happened, in rows that show when they were touched (X123).
//!
//! Each row carries the hash of the one before it. Changing, removing or reordering a row breaks every hash after it.
//! Rows cut off at the end leave no broken hash; [`verify_to`] finds that too, against a [`Chain`] kept elsewhere.
//! There is one chain per device. Erasing everything ends it, and the first row of the next one says so.
//!
//! Rows hold no arguments and no results: the digest of the arguments says which they were to whoever has them.

use crate::{
    Basis, CallId, Caller, Cause, Class, ConnectionId, ConnectorId, ConversationId, Digest, Frozen, MemberId, Millis,
    Refusal, gate::Call,
};
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Entry {
    /// The chain begins. Always the first row, and never another.
    Began {
        /// What was before, when there was something: everything was erased.
        after: Option<Ended>,
    },
    /// A call was allowed and is about to be sent.
    Allowed {
        /// Which call.
        call: CallFacts,
        /// As which class.
        class: Class,
        /// What allowed it.
        basis: Basis,
    },
    /// The call was sent. More than once only while the server has surely not run it.
    Sent {
        /// Which call.
        call: CallId,
        /// 1 for the first time.
        attempt: u32,
        /// Why it is sent again; `None` for the first time.
        again: Option<String>,
    },
    /// The call came to an end.
    Finished {
        /// Which call.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// From the decision to the end, in milliseconds.
        took: Millis,
    },
    /// A call was not made.
    Refused {
        /// Which call.
        call: CallFacts,
        /// Why.
        cause: Cause,
    },
    /// Someone changed a setting, a connector, or who may do what.
    Changed {
        /// Who.
        by: MemberId,
        /// What was changed, such as `connector notes`.
        subject: String,
        /// How, in words, such as `published`.
        how: String,
    },
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server answered.
    Done,
    /// The server answered that it went wrong.
    ToolError,
    /// It never reached the server.
    NotSent,
    /// The server refused or could not handle it.
    Failed,
    /// The connection broke after sending; it may have happened (X114).
    Unknown,
    /// The person cancelled; the server may still finish (X116).
    Cancelled,
}

/// A call, without its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallFacts {
    /// Which call.
    pub id: CallId,
    /// The connector.
    pub connector: ConnectorId,
    /// The account.
    pub connection: ConnectionId,
    /// The action's name.
    pub action: String,
    /// The digest of its definition.
    pub definition: Digest,
    /// The digest of the arguments' JSON text.
    pub arguments: Digest,
    /// Who wanted it.
    pub by: Caller,
    /// For whom.
    pub member: MemberId,
    /// In which conversation.
    pub conversation: Option<ConversationId>,
}

impl CallFacts {
    /// What is kept of a call.
    pub fn of(call: &Call) -> Self {
        Self {
            id: call.id.clone(),
            connector: call.connector.clone(),
            connection: call.connection.clone(),
            action: call.action.clone(),
            definition: call.definition.clone(),
            arguments: Digest::of_bytes(call.arguments_json().as_bytes()),
            by: call.by,
            member: call.member.clone(),
            conversation: call.conversation.clone(),
        }
    }
}

impl Entry {
    /// The row about a call that is about to be sent. It names what allowed it.
    pub fn allowed(frozen: &Frozen) -> Self {
        Entry::Allowed { call: CallFacts::of(frozen.call()), class: frozen.class(), basis: frozen.basis().clone() }
    }

    /// The row about a call that is not made.
    pub fn refused(refusal: &Refusal) -> Self {
        Entry::Refused { call: CallFacts::of(&refusal.call), cause: refusal.cause.clone() }
    }

    /// The call that the row is about, if any.
    pub fn call(&self) -> Option<&CallId> {
        match self {
            Entry::Allowed { call, .. } | Entry::Refused { call, .. } => Some(&call.id),
            Entry::Sent { call, .. } | Entry::Finished { call, .. } => Some(call),
            Entry::Began { .. } | Entry::Changed { .. } => None,
        }
    }
}

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
        let hash = hash_of(&chain, seq, at, previous.as_ref(), &entry);
        Self { chain, seq, at, previous, entry, hash }
    }

    /// Whether the row says what it said when it was written.
    pub fn intact(&self) -> bool {
        hash_of(&self.chain, self.seq, self.at, self.previous.as_ref(), &self.entry) == self.hash
    }
}

fn hash_of(chain: &str, seq: u64, at: Millis, previous: Option<&Digest>, entry: &Entry) -> Digest {
    // An `Entry` always has a JSON form: its keys are strings. Should that ever fail, the row will not verify.
    let entry = serde_json::to_value(entry).unwrap_or_default();
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

    fn first(name: String, at: Millis, after: Option<Ended>) -> (Self, Row) {
        let row = Row::new(name, 0, at, None, Entry::Began { after });
        (Self::resume(&row), row)
    }
}

/// What is wrong with a chain, and from which row on nothing can be trusted.
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
    /// A row does not say what it said when it was written.
    #[error("row {seq} was changed after it was written")]
    Changed {
        /// Which row.
        seq: u64,
    },
    /// A row does not follow the one before it.
    #[error("row {seq} does not follow the row before it; rows are missing, added or in another order")]
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
}

/// Checks every row and that each follows the one before it.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Result<Chain, Broken> {
    let mut chain: Option<Chain> = None;
    for row in rows {
        if !row.intact() {
            return Err(Broken::Changed { seq: row.seq });
        }
        let first = matches!(row.entry, Entry::Began { .. });
        match &chain {
            None if row.seq != 0 || !first || row.previous.is_some() => {
                return Err(Broken::NoBeginning { seq: row.seq });
            }
            None => {}
            Some(chain) => {
                let follows =
                    row.chain == chain.name && row.seq == chain.rows && row.previous.as_ref() == Some(&chain.last);
                if !follows || first {
                    return Err(Broken::Gap { seq: row.seq });
                }
            }
        }
        chain = Some(Chain::resume(row));
    }
    chain.ok_or(Broken::Empty)
}

/// As [`verify`], and that the rows go up to where the chain is known to have been.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_to<'a>(rows: impl IntoIterator<Item = &'a Row>, end: &Chain) -> Result<(), Broken> {
    let found = verify(rows)?;
    if found.name == end.name && found.rows < end.rows {
        return Err(Broken::CutOff { found: found.rows, expected: end.rows });
    }
    if found != *end { Err(Broken::AnotherChain) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Decision, Rules, decide};

    fn changed(what: &str) -> Entry {
        Entry::Changed { by: "owner".into(), subject: "workspace".into(), how: what.into() }
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
        assert_eq!(verify(&missing), Err(Broken::Gap { seq: 3 }));
        let mut swapped = all.clone();
        swapped.swap(2, 3);
        assert_eq!(verify(&swapped), Err(Broken::Gap { seq: 3 }));
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
    fn the_row_of_a_call_names_what_allowed_it_and_holds_no_arguments() {
        let book = published();
        let call = call(&book, "find");
        let rules = Rules::of(&book, &call);
        let Decision::Run(permit) = decide(call, &rules) else { panic!("a read runs") };
        let entry = Entry::allowed(&permit.spend());
        assert!(matches!(&entry, Entry::Allowed { basis: Basis::Reading, class: Class::Read, .. }));
        assert_eq!(entry.call(), Some(&"call-1".into()));
        assert!(!serde_json::to_string(&entry).unwrap().contains("Leak"));
    }

    #[test]
    fn x77_a_refusal_is_a_row_too() {
        let book = published();
        let call = call(&book, "made_up");
        let rules = Rules::of(&book, &call);
        let Decision::Refuse(refusal) = decide(call, &rules) else { panic!("an unknown action is refused") };
        let (mut chain, first) = Chain::begin("one", NOW);
        let row = chain.append(Entry::refused(&refusal), NOW);
        assert!(matches!(&row.entry, Entry::Refused { cause: Cause::Unknown { .. }, .. }));
        assert!(verify([&first, &row]).is_ok());
    }
}
