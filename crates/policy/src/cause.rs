//! Why a call was not made.

use crate::{CallId, Mode, Stage, Why};
use serde::{Deserialize, Serialize};

/// Why a call was not made. The order is how telling it is: of several causes the last is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// Nobody answered: time ran out, the tab was closed or reloaded (X71).
    NotAnswered,
    /// The person said no.
    Denied {
        /// What they said about it.
        reason: Option<String>,
    },
    /// The person changed the arguments, which made another call (X66).
    Edited {
        /// The call that took its place.
        into: CallId,
    },
    /// What the person was shown was no longer true when they answered (X70).
    Stale {
        /// What had changed.
        changed: String,
    },
    /// The arguments do not fit the action's schema (X73).
    Invalid {
        /// What does not fit, and where.
        problem: String,
    },
    /// The connector is not switched on in this conversation.
    NotInConversation,
    /// The action was switched off for this conversation (X76).
    OffHere,
    /// The account that was to act is gone, or someone else's.
    NoAccount,
    /// The action is not for this caller, such as one that an MCP App reserved for itself (X47).
    NotForCaller,
    /// Unwatched steps never use connectors that people added (S121).
    NotAutomatic,
    /// The mode of this conversation does not use such actions (S087, S122, X76).
    Mode {
        /// The mode's name as shown.
        mode: String,
    },
    /// The definition is another one than was approved (X35).
    Held,
    /// A rule on the arguments refuses it (N06).
    Rule {
        /// The rule in words, such as *refused when `channel` is not one of `ops`*.
        rule: String,
    },
    /// The action is switched off.
    Off,
    /// First-party connectors only search and fetch (S117).
    ReadOnlyProvider,
    /// The plan has no writing actions (S124).
    ReadOnlyPlan {
        /// The plan's name as shown.
        plan: String,
    },
    /// The server is on this machine, and that is not allowed here (S119).
    LocalServer,
    /// The server's host is not on the workspace's list (X131).
    Domain {
        /// The host.
        host: String,
    },
    /// No role of the person allows this.
    NotPermitted {
        /// What was wanted, such as `use connectors`.
        what: String,
    },
    /// The person's own developer mode is off (S126).
    DeveloperOff,
    /// Only what was published runs here (X131).
    OnlyPublished,
    /// The workspace has not given the person developer mode (S025).
    DeveloperNotGranted,
    /// The connector is someone else's draft (S006).
    NotYours,
    /// The person is not among those who have access (S070).
    NoAccess,
    /// The connector is in a stage in which nothing runs.
    Stage {
        /// The stage it is in.
        stage: Stage,
    },
    /// The actions of the connector were never read.
    NeverScanned,
    /// The connector is paused.
    Paused {
        /// The pause in words: *paused by NAME on DATE: reason*.
        pause: String,
    },
    /// The workspace is in lockdown.
    Lockdown,
    /// The site's signed settings could not be verified, so only reading is possible (X121).
    Unverified,
    /// There is no such connector, action or member (X77).
    Unknown {
        /// What is not there.
        what: String,
    },
    /// A rule, or a record it depends on, cannot be trusted.
    Broken {
        /// What is wrong.
        what: String,
    },
}

impl Cause {
    /// The cause in words: lower case, no full stop, with the next step where there is one.
    pub fn sentence(&self) -> String {
        match self {
            Cause::NotAnswered => "nobody answered".into(),
            Cause::Denied { reason: None } => "you declined".into(),
            Cause::Denied { reason: Some(reason) } => format!("you declined: {reason}"),
            Cause::Edited { .. } => "you changed the arguments, so it became a new call".into(),
            Cause::Stale { changed } => {
                format!("{changed} while you were deciding; look at it again")
            }
            Cause::Invalid { problem } => format!("the arguments do not fit: {problem}"),
            Cause::NotInConversation => {
                "this connector is not switched on in this conversation; add it with the + menu".into()
            }
            Cause::OffHere => {
                "this action is switched off in this conversation; switch it on under its connector in the + menu".into()
            }
            Cause::NoAccount => {
                "the account that was chosen here is gone; choose another one in the + menu".into()
            }
            Cause::NotForCaller => "this action is not meant to be called this way".into(),
            Cause::NotAutomatic => "steps that nobody watches never use connectors that people added".into(),
            Cause::Mode { mode } => match Mode::named(mode) {
                Some(known) => format!("the mode {mode} {}; to use this, switch to Chat", known.limit()),
                None => format!("the mode {mode} does not use such actions; switch to Chat"),
            },
            Cause::Held => "this action changed since it was approved; review the change".into(),
            Cause::Rule { rule } => {
                format!("a rule of this action says: {rule}; change the value, or ask an admin about the rule")
            }
            Cause::Off => "this action is switched off; switch it on at the connector's actions".into(),
            Cause::ReadOnlyProvider => "connectors that are part of the product only search and fetch".into(),
            Cause::ReadOnlyPlan { plan } => format!("the plan {plan} only reads"),
            Cause::LocalServer => Why::LocalServers.to_string(),
            Cause::Domain { host } => Why::Domain(host.clone()).to_string(),
            Cause::NotPermitted { what } => not_permitted(what),
            Cause::DeveloperOff => Why::DeveloperOff.to_string(),
            Cause::OnlyPublished => Why::OnlyPublished.to_string(),
            Cause::DeveloperNotGranted => Why::DeveloperNotGranted.to_string(),
            Cause::NotYours => Why::NotYours.to_string(),
            Cause::NoAccess => Why::NoAccess.to_string(),
            Cause::Stage { stage } => Why::WrongStage { stage: *stage, what: "use it" }.to_string(),
            Cause::NeverScanned => Why::NeverScanned.to_string(),
            Cause::Paused { pause } => pause.clone(),
            Cause::Lockdown => "the workspace is in lockdown: no connector runs until an admin ends it".into(),
            Cause::Unverified => "the settings of this site could not be verified, so only reading is possible; reload the page, or ask whoever runs it".into(),
            Cause::Unknown { what } => format!("there is no {what}"),
            Cause::Broken { what } => format!("{what}; nothing runs on a broken rule"),
        }
    }
}

impl From<Why> for Cause {
    fn from(why: Why) -> Self {
        match why {
            Why::OnlyPublished => Cause::OnlyPublished,
            Why::DeveloperNotGranted => Cause::DeveloperNotGranted,
            Why::DeveloperOff => Cause::DeveloperOff,
            Why::NotYours => Cause::NotYours,
            Why::NoAccount => Cause::NoAccount,
            Why::NoAccess => Cause::NoAccess,
            Why::LocalServers => Cause::LocalServer,
            Why::Domain(host) => Cause::Domain { host },
            Why::NotPermitted(what) => Cause::NotPermitted { what: what.to_owned() },
            Why::NeverScanned => Cause::NeverScanned,
            Why::WrongStage { stage, .. } => Cause::Stage { stage },
            Why::Paused { .. } => Cause::Paused { pause: why.to_string() },
            Why::UnknownMember(id) => Cause::Unknown { what: format!("member `{id}`") },
            Why::UnknownConnector(id) => Cause::Unknown { what: format!("connector `{id}`") },
            Why::UnknownAction(name) => Cause::Unknown { what: format!("action `{name}`") },
            other => Cause::Broken { what: other.to_string() },
        }
    }
}

/// That no role of the person allows something, in words.
pub(crate) fn not_permitted(what: &str) -> String {
    format!("your role does not let you {what}; ask an admin")
}
