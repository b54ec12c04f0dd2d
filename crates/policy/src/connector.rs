//! A connector: one remote MCP server as the workspace knows it, and how far through its life it is.
//!
//! Draft, published, archived; there is no way back from archived, and a draft that is wanted again is recreated
//! (S003, S068). Access, action control and asking are three separate things and never mixed on one control
//! (screens.md e.0).

use crate::{
    Action, ArgumentRule, Class, ClassSource, Classified, ConnectorId, GroupId, Member, MemberId, Millis, Review, Role,
    RoleId, Rulebook, Snapshot,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who brought a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Part of the product. Searches and fetches, never writes (C6, S117).
    FirstParty,
    /// Part of the product, to try every class of action with.
    Demo,
    /// Added by people of the workspace, whoever built it (S008).
    Custom,
}

impl Provider {
    /// The strictest class of action a connector of this provider may have. First-party connectors only read (S117);
    /// *demo* and *custom* are free within the plan.
    pub fn ceiling(self) -> Class {
        match self {
            Provider::FirstParty => Class::Read,
            Provider::Demo | Provider::Custom => Class::Destructive,
        }
    }
}

/// Who built the server, as the person who added it says (S008). Changes nothing about what is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// We built it.
    Own,
    /// A vendor runs it.
    Vendor,
    /// An open-source project.
    OpenSource,
    /// Something else, or not known.
    #[default]
    Other,
}

/// How far through its life a connector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Usable by the person who made it, in developer mode (S006).
    Draft,
    /// In the workspace's catalogue (S065).
    Published,
    /// Kept for the record; nothing runs.
    Archived,
}

impl Stage {
    /// The stage as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Stage::Draft => "Draft",
            Stage::Published => "Published",
            Stage::Archived => "Archived",
        }
    }
}

/// Where a connector's server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// In this page; nothing goes over the network.
    InPage,
    /// On the internet.
    Public,
    /// On this machine or its private network. Refused unless the workspace allows it; badge *local* (S119, X04).
    Local,
}

/// How the person signs in to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SignIn {
    /// Not at all.
    #[default]
    None,
    /// A fixed request header. Its value is a secret and not kept here.
    Header {
        /// The name of the header, such as `Authorization`.
        name: String,
    },
    /// In a window of the server's authorization server (OAuth 2.1). Tokens are secrets and not kept here.
    #[serde(rename = "oauth")]
    OAuth {
        /// The client id that the operator gave us by hand; without one, we register by ourselves (S044).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
        /// Scopes to ask for in any case, separated by spaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// Only some actions need it, as whoever added the connector says: the list is read and the others are called
        /// without it (S044, *mixed*).
        #[serde(default, skip_serializing_if = "is_off")]
        partly: bool,
    },
}

/// What is off is not stored, so that what was stored before there was the choice stays the same.
fn is_off(on: &bool) -> bool {
    !on
}

/// Who may use something. Empty means nobody; *everyone* is an explicit choice (S075).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Access {
    /// Nobody yet.
    #[default]
    Nobody,
    /// Everyone in the workspace.
    Everyone,
    /// Whoever is named, has a role that is named, or is in a group that is named.
    Only {
        /// People.
        #[serde(default)]
        members: BTreeSet<MemberId>,
        /// Groups.
        #[serde(default)]
        groups: BTreeSet<GroupId>,
        /// Roles.
        #[serde(default)]
        roles: BTreeSet<Role>,
        /// Custom roles: who was given one, or is in a group that was.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        custom: BTreeSet<RoleId>,
    },
}

impl Access {
    /// Whether a member of a workspace is among them.
    pub fn includes(&self, member: &Member, book: &Rulebook) -> bool {
        match self {
            Access::Nobody => false,
            Access::Everyone => true,
            Access::Only { members, groups, roles, custom } => {
                members.contains(&member.id)
                    || roles.contains(&member.role)
                    || member.groups.iter().any(|group| groups.contains(group))
                    || (!custom.is_empty() && book.roles_of(member).any(|role| custom.contains(&role.id)))
            }
        }
    }
}

/// When to ask before an action runs. The order is that of strictness; writes always ask (C4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// Ask for every action that may change something.
    #[default]
    Writes,
    /// Ask for every action, reading ones too.
    Everything,
}

/// Whether somebody looks at a result before a model is told it (X54). The order is that of strictness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultReview {
    /// A model is told what came back.
    #[default]
    Off,
    /// Of actions that reach beyond their server, or do not rule that out: strangers may have written what they give.
    OpenWorld,
    /// Of every action.
    Always,
}

impl ResultReview {
    /// Whether nobody decided anything.
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

/// What was decided about one action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Whether the action may be used at all. Off by default (S073, S080).
    pub on: bool,
    /// The class an admin set, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// When to ask for this action; it can only add to what connector and workspace ask for.
    #[serde(default)]
    pub confirm: Confirm,
}

impl Control {
    /// The class of an action, an admin's choice included.
    pub(crate) fn classify(decided: Option<&Control>, action: &Action) -> Classified {
        match decided.and_then(|control| control.class) {
            Some(class) => Classified { class, source: ClassSource::SetByAdmin },
            None => action.classified(),
        }
    }
}

/// One remote MCP server in this workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connector {
    /// Which connector.
    pub id: ConnectorId,
    /// The name to show, always together with the host (X26).
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The server's URL as it is requested.
    pub address: String,
    /// The host to show, in ASCII: the connector's identity (X03, X119).
    pub host: String,
    /// Where the server is.
    pub reach: Reach,
    /// Who brought it.
    pub provider: Provider,
    /// Who built it.
    #[serde(default)]
    pub provenance: Provenance,
    /// How far through its life it is.
    pub stage: Stage,
    /// The person who made it.
    pub owner: MemberId,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// What was approved; `None` until the first scan.
    pub snapshot: Option<Snapshot>,
    /// What was decided about each action, by its exact name. An action without an entry is off.
    #[serde(default)]
    pub controls: BTreeMap<String, Control>,
    /// Who may use it once it is published.
    #[serde(default)]
    pub access: Access,
    /// When to ask; it can only add to what the workspace asks for.
    #[serde(default)]
    pub confirm: Confirm,
    /// How to sign in.
    #[serde(default)]
    pub sign_in: SignIn,
    /// The monogram's colour, 0 to 7, when one was chosen.
    #[serde(default)]
    pub colour: Option<u8>,
    /// Rules on the arguments of actions, by the action's exact name.
    #[serde(default)]
    pub rules: BTreeMap<String, Vec<ArgumentRule>>,
    /// What was decided about it over time.
    #[serde(default)]
    pub review: Review,
    /// Whose results somebody looks at before a model is told them.
    #[serde(default, skip_serializing_if = "ResultReview::is_off")]
    pub result_review: ResultReview,
    /// What of the device its apps may ask for, by the names of MCP Apps (`camera`). Empty is nothing (X99).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub app_permissions: BTreeSet<String>,
    /// Whether it is a demo that nobody here added: signed settings name it, and it goes when they do no more. It is never
    /// part of a bundle.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lent: bool,
}

/// So many colours a monogram can have.
const TINTS: u8 = 8;

/// The colour that goes with a host: the same host has the same one, whatever the connector is called.
pub fn tint(host: &str) -> u8 {
    let mixed = host.bytes().fold(0x811c_9dc5_u32, |mixed, byte| (mixed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // The upper bits are mixed best.
    (mixed >> 29) as u8
}

impl Connector {
    /// The word beside the name wherever it shows: *Dev*, *custom*, *demo*, or none (S048, S066).
    pub fn badge(&self) -> Option<&'static str> {
        match (self.provider, self.stage) {
            (Provider::FirstParty, _) => None,
            (_, Stage::Draft) => Some("Dev"),
            (Provider::Demo, _) => Some("demo"),
            (Provider::Custom, _) => Some("custom"),
        }
    }

    /// The colour of its monogram, 0 to 7: the one that was chosen, else one that goes with its host.
    pub fn tint(&self) -> u8 {
        self.colour.unwrap_or_else(|| tint(&self.host)) % TINTS
    }

    /// Whether it is a part of the product, which nobody added.
    pub fn is_part(&self) -> bool {
        self.provider != Provider::Custom
    }

    /// Whether the *local* badge belongs beside the name (S119).
    pub fn is_local(&self) -> bool {
        self.reach == Reach::Local
    }

    /// Whether somebody looks at what an action gives before a model is told it (X54).
    pub fn reviews_results_of(&self, action: &str) -> bool {
        match self.result_review {
            ResultReview::Off => false,
            ResultReview::OpenWorld => self.action(action).is_none_or(Action::open_world),
            ResultReview::Always => true,
        }
    }

    /// Whether somebody looks at what its app would have a model know. An app reads what it likes from its server, so the
    /// class of a single action says nothing about its words (X54).
    pub fn reviews_app_words(&self) -> bool {
        self.result_review != ResultReview::Off
    }

    /// Whether everybody can use it: it is on the internet, and nobody signs in to it.
    pub fn is_public(&self) -> bool {
        self.reach == Reach::Public && self.sign_in == SignIn::None
    }

    /// The approved action of that exact name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.snapshot.as_ref()?.action(name)
    }

    /// Every approved action, in the server's order.
    pub fn actions(&self) -> &[Action] {
        self.snapshot.as_ref().map_or(&[], |snapshot| &snapshot.actions)
    }

    /// Whether an action is switched on. What nobody decided about is off.
    pub fn is_on(&self, action: &str) -> bool {
        self.controls.get(action).is_some_and(|control| control.on)
    }

    /// The class of an approved action, an admin's choice included.
    pub fn classify(&self, action: &Action) -> Classified {
        Control::classify(self.controls.get(action.name()), action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_kept_under_its_own_word() {
        let all = [
            (SignIn::None, r#"{"kind":"none"}"#),
            (SignIn::Header { name: "X-Key".into() }, r#"{"kind":"header","name":"X-Key"}"#),
            (SignIn::OAuth { client_id: None, scope: None, partly: false }, r#"{"kind":"oauth"}"#),
            (SignIn::OAuth { client_id: None, scope: None, partly: true }, r#"{"kind":"oauth","partly":true}"#),
            (
                SignIn::OAuth { client_id: Some("c".into()), scope: Some("a b".into()), partly: false },
                r#"{"kind":"oauth","client_id":"c","scope":"a b"}"#,
            ),
        ];
        for (sign_in, text) in all {
            assert_eq!(serde_json::to_string(&sign_in).unwrap(), text);
            assert_eq!(serde_json::from_str::<SignIn>(text).unwrap(), sign_in);
        }
    }

    #[test]
    fn x54_results_are_reviewed_by_what_the_connector_says_and_silence_is_open_world() {
        let mut connector = crate::fixtures::published().connectors.remove(0);
        let reviewed = |connector: &Connector| {
            ["find", "look", "gone"].map(|action| connector.reviews_results_of(action)).to_vec()
        };
        assert_eq!((reviewed(&connector), connector.reviews_app_words()), (vec![false, false, false], false));
        connector.result_review = ResultReview::OpenWorld;
        assert_eq!((reviewed(&connector), connector.reviews_app_words()), (vec![true, false, true], true));
        connector.result_review = ResultReview::Always;
        assert_eq!((reviewed(&connector), connector.reviews_app_words()), (vec![true, true, true], true));
    }

    #[test]
    fn x44_a_monogram_has_the_colour_of_its_host_unless_one_was_chosen() {
        let mut connector = crate::fixtures::published().connectors.remove(0);
        assert_eq!(connector.tint(), tint(&connector.host));
        connector.name = "Another name".into();
        assert_eq!(connector.tint(), tint(&connector.host));
        connector.colour = Some(5);
        assert_eq!(connector.tint(), 5);
        // What no colour stands for is one of them all the same.
        connector.colour = Some(11);
        assert_eq!(connector.tint(), 3);
        let tints: std::collections::BTreeSet<u8> = (0..60).map(|at| tint(&format!("mcp{at}.example.com"))).collect();
        assert_eq!(tints, (0..TINTS).collect());
    }

    #[test]
    fn s075_empty_access_is_nobody() {
        let member = Member {
            id: "ada".into(),
            name: "Ada".into(),
            email: None,
            role: Role::Owner,
            groups: vec!["support".into()],
            roles: Vec::new(),
            developer: Default::default(),
        };
        let book = Rulebook::first_run("Ada", 0);
        let only = |members: &[&str], groups: &[&str], roles: &[Role]| Access::Only {
            members: members.iter().map(|id| MemberId::from(*id)).collect(),
            groups: groups.iter().map(|id| GroupId::from(*id)).collect(),
            roles: roles.iter().copied().collect(),
            custom: Default::default(),
        };
        assert!(!Access::default().includes(&member, &book));
        assert!(!only(&[], &[], &[]).includes(&member, &book));
        assert!(only(&["ada"], &[], &[]).includes(&member, &book));
        assert!(only(&[], &["support"], &[]).includes(&member, &book));
        assert!(only(&[], &[], &[Role::Owner]).includes(&member, &book));
        assert!(!only(&["bob"], &["sales"], &[Role::Admin]).includes(&member, &book));
        assert!(Access::Everyone.includes(&member, &book));
    }
}
