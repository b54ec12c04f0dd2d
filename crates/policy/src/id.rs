//! Names of things: one type per kind, so that a member's id cannot be handed in where a group's is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text, as it is stored.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

id!(
    /// A connector: the definition of one remote MCP server in this workspace.
    ConnectorId
);
id!(
    /// A connection: one account signed in to one connector.
    ConnectionId
);
id!(
    /// A person in the workspace.
    MemberId
);
id!(
    /// A group of people.
    GroupId
);
id!(
    /// A custom role.
    RoleId
);
id!(
    /// Something that a member asked the admins for.
    RequestId
);
id!(
    /// One call of one action. An edited call is another call with another id (X66).
    CallId
);
id!(
    /// One conversation.
    ConversationId
);
id!(
    /// One remembered answer.
    GrantId
);
