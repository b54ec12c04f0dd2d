//! People of a workspace: their role, their groups, and whether they switched developer mode on for themselves. The
//! changes to them are in [`crate::people`].

use crate::{GroupId, MemberId, Millis, RoleId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person is in the workspace. The order is that of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Uses what was published for them.
    Member,
    /// Runs the workspace: opens gate 1, publishes, decides on access (S014, S015).
    Admin,
    /// An admin who also owns the workspace.
    Owner,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Role; 3] = [Role::Member, Role::Admin, Role::Owner];

    /// Whether the role runs the workspace: *admin* or *owner*, between which the source text never tells a difference.
    pub fn runs_workspace(self) -> bool {
        self >= Role::Admin
    }

    /// The role as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Role::Member => "Member",
            Role::Admin => "Admin",
            Role::Owner => "Owner",
        }
    }
}

/// Gate 2: a person's own developer-mode switch (S031, S037). It does nothing unless the person also passes gate 1
/// ([`crate::Rulebook::developer_mode`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Developer {
    /// The position of the switch. Off until the person turns it on (S038).
    pub on: bool,
    /// When the person last moved it; `None` when they never did.
    pub changed_at: Option<Millis>,
}

/// A person in the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who it is.
    pub id: MemberId,
    /// The name to show.
    pub name: String,
    /// The mail address, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the person is in the workspace.
    pub role: Role,
    /// The groups the person is in.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// The custom roles that were given to the person alone ([`crate::CustomRole`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleId>,
    /// The person's own developer-mode switch.
    #[serde(default)]
    pub developer: Developer,
}

/// A group of people, for access and for developer mode (S036, S070).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Which group.
    pub id: GroupId,
    /// The name to show.
    pub name: String,
    /// Who may put people into the group and take them out, and nothing else.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub managers: BTreeSet<MemberId>,
    /// The custom roles that everyone in the group has.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<RoleId>,
}

impl Group {
    /// A group without managers and roles.
    pub fn new(id: GroupId, name: String) -> Group {
        Group { id, name, managers: BTreeSet::new(), roles: BTreeSet::new() }
    }
}
