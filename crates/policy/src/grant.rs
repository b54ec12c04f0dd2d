//! Remembered answers.
//!
//! Every write asks, every time (C4). Only where an admin has turned remembering on can *Allow for this conversation* be
//! chosen, never for a destructive action. An admin may go one step further and let answers about reading actions, where
//! those ask at all, outlive the conversation: up to an end date, and never for an action that writes. A grant is bound to
//! everything the person saw: another address, account, definition, conversation or person is not covered by it (X06,
//! X72).

use crate::{CallId, ConnectionId, ConnectorId, ConversationId, Digest, GrantId, MemberId, Millis};
use serde::{Deserialize, Serialize};

/// Whether answers may be remembered in this workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remember {
    /// Every write asks, every time (C4).
    #[default]
    Never,
    /// Until the conversation ends.
    Conversation,
    /// As before; answers about actions that only read may also count in every conversation until a date.
    Longer,
}

/// The longest that an answer outlives its conversation, in milliseconds: thirty days.
pub const LONGEST_ANSWER: Millis = 30 * 24 * 60 * 60 * 1_000;

/// Whether an answer to a question can be remembered, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembering {
    /// Until the conversation ends.
    pub conversation: bool,
    /// In every conversation, until a date within [`LONGEST_ANSWER`].
    pub longer: bool,
}

/// One remembered answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// Which grant; audit rows of the calls it allowed name it.
    pub id: GrantId,
    /// The call that the person was looking at when they answered.
    pub given_for: CallId,
    /// When they answered.
    pub given_at: Millis,
    /// From when on the grant no longer counts; `None` leaves it to the conversation's end.
    pub until: Option<Millis>,
    /// Who answered. It covers nobody else.
    pub member: MemberId,
    /// The connector.
    pub connector: ConnectorId,
    /// The connector's address at that time.
    pub address: String,
    /// The account.
    pub connection: ConnectionId,
    /// The action's name.
    pub action: String,
    /// The digest of the action's whole definition.
    pub definition: Digest,
    /// The conversation in which it counts; none for one that counts in all of them until [`Grant::until`].
    pub conversation: Option<ConversationId>,
    /// When given, the grant covers only a call with exactly these arguments: the digest of their JSON text.
    pub arguments: Option<Digest>,
}

impl Grant {
    /// What the workspace has to allow for the grant to count.
    pub fn needs(&self) -> Remember {
        if self.conversation.is_some() { Remember::Conversation } else { Remember::Longer }
    }
}
