//! What may happen: who may do what, and the gate.
//!
//! This crate is pure: no IO, no async, no clock, no browser. Everything that a decision depends on comes in as plain
//! data ([`Rulebook`], [`Call`]), and what comes out is a value. That is what lets every rule here be tested in
//! milliseconds, and read by a person who wants to know what the product will do.
//!
//! Where things are:
//!
//! * [`plan`] what each plan allows, as data; [`member`] people, roles, groups; [`connector`] a remote MCP server as
//!   the workspace knows it; [`account`] a person's accounts there; [`action`] one tool of it and its class; [`snapshot`] the approved definitions.
//! * [`diff`] what differs between two definitions; [`findings`] what in one deserves a look; [`review`] what was decided
//!   about them; [`publish`] the way to everybody; [`rules`] limits on the values of arguments.
//! * [`people`] changes to people and groups, [`role`] permissions and custom roles, [`roster`] a list of people as CSV,
//!   [`request`] what members ask for, [`domains`] which hosts the workspace deals with.
//! * [`rulebook`] all of the above together, and every *may I* question; [`lifecycle`] the changes to it, each of
//!   which asks that question first; [`index`] finds things in it fast.
//! * [`explain`] why: the chain of steps from a person to a verdict.
//! * [`gate`] the one function between wanting a call and making it; [`cause`] why one is not made; [`grant`] answers
//!   that are remembered; [`mode`] what a whole conversation limits itself to, [`chosen`] which single actions it
//!   uses.
//! * [`audit`] what happened, in a chain that shows when it was touched; [`record`] who may read it and what is kept;
//!   [`lineage`] where arguments came from.
//! * [`bundle`] a whole workspace as one signed file.
//! * [`address`], [`text`], [`secrets`] look at what came from outside: an address, a text, a value; [`csv`] writes it
//!   into cells.

pub mod account;
pub mod action;
pub mod address;
pub mod audit;
pub mod bundle;
pub mod cause;
pub mod chosen;
pub mod connector;
pub mod csv;
pub mod diff;
pub mod digest;
pub mod domains;
pub mod explain;
pub mod findings;
#[cfg(test)]
mod fixtures;
pub mod gate;
pub mod grant;
pub mod id;
pub mod index;
pub mod lifecycle;
pub mod lineage;
pub mod member;
pub mod mode;
pub mod page;
pub mod people;
pub mod plan;
pub mod publish;
pub mod record;
pub mod request;
pub mod review;
pub mod role;
pub mod roster;
pub mod rulebook;
pub mod rules;
pub mod secrets;
pub mod snapshot;
pub mod text;

pub use account::Account;
pub use action::{Action, Class, ClassSource, Classified};
pub use cause::Cause;
pub use chosen::Chosen;
pub use connector::{
    Access, Confirm, Connector, Control, Provenance, Provider, Reach, ResultReview, SignIn, Stage, tint,
};
pub use digest::Digest;
pub use domains::{DomainUse, Domains, Pattern};
pub use explain::{Explanation, Place, Step, Subject};
pub use gate::{Basis, Call, Caller, Decision, Frozen, Level, Permit, Question, Refusal, Rules, Verdict, Veto, decide};
pub use grant::{Grant, LONGEST_ANSWER, Remember, Remembering};
pub use id::{CallId, ConnectionId, ConnectorId, ConversationId, GrantId, GroupId, MemberId, RequestId, RoleId};
pub use index::Indexed;
pub use lifecycle::NewConnector;
pub use member::{Developer, Group, Member, Role};
pub use mode::{Mode, Roll, Unfit};
pub use page::AppPage;
pub use people::{Drafts, NewMember};
pub use plan::{Profile, ProfileRules};
pub use record::{RecordSettings, Standing};
pub use request::{Request, Wanted};
pub use review::Review;
pub use role::{CustomRole, Holding, Permission, Setting};
pub use rulebook::{FIRST_WORKSPACE, Rulebook, Why, WorkspaceSettings};
pub use rules::ArgumentRule;
pub use snapshot::Snapshot;

/// A point in time: milliseconds since the Unix epoch, UTC. This crate never reads a clock, so times come in.
pub type Millis = u64;
