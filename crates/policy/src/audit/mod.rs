//! What happened, in rows that show when they were touched (X123).
//!
//! * [`chain`] rows that each carry the hash of the one before, and the check that finds an edited, removed, added or
//!   reordered one.
//! * [`checkpoint`] signed statements of how far a chain went, which also find rows that were cut off its end.
//! * [`mod@line`] a row as a person reads it, and the marks by which a store finds it.
//! * [`changes`] what a change of the rulebook was, as rows.
//! * [`measure`] how large a result is and which, without making its text.
//! * [`mod@file`] an audit outside the browser: what is exported, and the check of it without the app.
//!
//! There is one chain per device. Erasing everything ends it, and the first row of the next one says so.
//!
//! Rows hold no arguments and no results: the digest of the arguments says which they were to whoever has them.
//!
//! Whoever owns the browser owns the chain and the key of its checkpoints, and could make another chain. A checkpoint
//! proves something only once it has been kept elsewhere.

pub mod chain;
pub mod changes;
pub mod checkpoint;
pub mod file;
pub mod line;
pub mod measure;

pub use chain::{Broken, Chain, Check, Ended, Report, Row, verify, verify_to};
pub use checkpoint::{Checkpoint, PublicKey};
pub use line::{Decided, Line, marks};
pub use measure::Measuring;

use crate::{
    Basis, CallId, Caller, Cause, Class, ConnectionId, ConnectorId, ConversationId, Digest, Frozen, MemberId, Millis,
    Refusal, gate::Call, secrets,
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
        /// What the server answered, by size and digest alone (X102); `None` when there was no answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<Measured>,
        /// Why it was cut short, or a question of the server about it, where somebody said so: the server, the person or
        /// a time limit. Text, cut short, secrets masked (basic/utilities/cancellation, "Implementation Notes").
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A call was not made.
    Refused {
        /// Which call.
        call: CallFacts,
        /// Why.
        cause: Cause,
        /// As which class it would have run, where the action is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<Class>,
    },
    /// Someone changed a setting, a connector, or who may do what.
    Changed {
        /// Who.
        by: MemberId,
        /// What was changed, such as `connector notes`.
        subject: String,
        /// How, in words, such as `published`.
        how: String,
        /// What it was before, where there was something: text, cut short, secrets masked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// What it is now, where there is something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// A server asked the person something, and this is what came of it (elicitation). Which fields, never their values.
    Asked(Box<Question>),
    /// How far the chain went, signed. The statement is about every row before this one.
    Checkpoint(Box<Checkpoint>),
}

/// What a server wanted to know, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who was asked.
    pub member: MemberId,
    /// The connector.
    pub connector: ConnectorId,
    /// The host that asked.
    pub host: String,
    /// The call during which it asked, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The names of the fields of its form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The host of the page that it wanted opened, in the place of a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// What came of it.
    pub came: Came,
}

/// Names of fields that are kept of one question.
const FIELDS: usize = 50;
/// Characters that are kept of one name.
const NAME: usize = 100;

impl Question {
    /// The names of the fields that a form's schema asks for, as far as they are kept. They are a server's words.
    pub fn fields_of(schema: &serde_json::Value) -> Vec<String> {
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        let names = properties.into_iter().flat_map(serde_json::Map::keys).take(FIELDS);
        names.map(|name| secrets::mask(name).chars().take(NAME).collect()).collect()
    }

    /// What it asked for, in words.
    pub fn wanted(&self) -> String {
        match &self.page {
            Some(page) => format!("to open a page at {page}"),
            None if self.fields.is_empty() => "a form without fields".to_owned(),
            None => self.fields.join(", "),
        }
    }
}

/// What came of a question of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// The person answered, and the answer is about to be sent.
    Submitted,
    /// The person would not answer.
    Declined,
    /// The person put it away.
    Cancelled,
    /// It was taken back, or its connection ended, before anybody answered.
    Withdrawn,
    /// Nobody was there who could be asked, so it was declined.
    Unattended,
    /// The page was closed before anybody answered.
    NotAnswered,
}

impl Came {
    /// The words to show.
    pub fn label(self) -> &'static str {
        match self {
            Came::Submitted => "submitted",
            Came::Declined => "declined",
            Came::Cancelled => "cancelled",
            Came::Withdrawn => "ended before it was answered",
            Came::Unattended => "declined, because nobody could be asked",
            Came::NotAnswered => "not answered, because the page was closed",
        }
    }
}

/// A text that is not kept: how large it was, and which. [`Measuring`] makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
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

    /// The row about a call that is not made. `class` is what it would have run as, where that is known.
    pub fn refused(refusal: &Refusal, class: Option<Class>) -> Self {
        Entry::Refused { call: CallFacts::of(&refusal.call), cause: refusal.cause.clone(), class }
    }

    /// The row about something that is no part of the rulebook, such as an export.
    pub fn changed(by: &MemberId, subject: impl Into<String>, how: impl Into<String>) -> Self {
        Entry::Changed { by: by.clone(), subject: subject.into(), how: how.into(), before: None, after: None }
    }

    /// The call that the row is about, if any.
    pub fn call(&self) -> Option<&CallId> {
        match self {
            Entry::Allowed { call, .. } | Entry::Refused { call, .. } => Some(&call.id),
            Entry::Sent { call, .. } | Entry::Finished { call, .. } => Some(call),
            Entry::Asked(question) => question.call.as_ref(),
            Entry::Began { .. } | Entry::Changed { .. } | Entry::Checkpoint(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Decision, Rules, decide};

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
        let row = chain.append(Entry::refused(&refusal, None), NOW);
        assert!(matches!(&row.entry, Entry::Refused { cause: Cause::Unknown { .. }, .. }));
        assert!(verify([&first, &row]).is_ok());
    }
}
