//! A resource that the person attached to a message: read from its server when the message is sent, and kept as read.

use policy::{ConnectionId, ConnectorId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was read of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    /// The connector whose server has it.
    pub connector: ConnectorId,
    /// The account that read it; none on those from before there could be several, which is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<ConnectionId>,
    /// Its name.
    pub connector_name: String,
    /// Its host.
    pub host: String,
    /// The address of the resource, in that server's own terms. It is never opened, only asked for there (X87).
    pub uri: String,
    /// The name of the resource. Server text.
    pub name: String,
    /// The `contents` of the answer, as far as they were kept: see [`crate::material::take`].
    #[serde(default)]
    pub contents: Vec<Value>,
    /// How many bytes were too many to be kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Why nothing was read, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When its server said that it changed since, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<u64>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Attached {
    /// The account that read it.
    pub fn account(&self) -> ConnectionId {
        self.account.clone().unwrap_or_else(|| ConnectionId::first(&self.connector))
    }

    /// What was kept, as a tool result that embeds it: pages draw it like one, and lineage reads it like one.
    pub fn as_result(&self) -> Value {
        let blocks: Vec<Value> =
            self.contents.iter().map(|one| json!({ "type": "resource", "resource": one })).collect();
        json!({ "content": blocks })
    }

    /// How many bytes were kept: those of the texts, and those that the base64 of the others stands for.
    pub fn size(&self) -> usize {
        self.contents.iter().map(crate::material::size).sum()
    }
}
