//! Remembered answers.
//!
//! Every write asks, every time. Only where an admin has turned remembering on can *Allow for this conversation* be
//! chosen, never for a destructive action. A grant is bound to everything the person saw: another address, account,
//! definition, conversation or person is not covered by it (X06, X72).

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
    /// The conversation in which it counts.
    pub conversation: ConversationId,
    /// When given, the grant covers only a call with exactly these arguments: the digest of their JSON text.
    pub arguments: Option<Digest>,
}
