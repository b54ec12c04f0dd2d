//! What may happen: who may do what, and the gate.
//!
//! This crate is pure: no IO, no async, no clock, no browser. Everything that a decision depends on comes in as plain
//! data ([`Rulebook`], [`Call`]), and what comes out is a value. That is what lets every rule here be tested in
//! milliseconds, and read by a person who wants to know what the product will do.
//!
//! Where things are:
//!
//! * [`plan`] what each plan allows, as data; [`member`] people, roles, groups; [`connector`] a remote MCP server as
//!   the workspace knows it; [`action`] one tool of it and its class; [`snapshot`] the approved definitions.
//! * [`rulebook`] all of the above together, and every *may I* question; [`lifecycle`] the changes to it, each of
//!   which asks that question first.
//! * [`gate`] the one function between wanting a call and making it; [`cause`] why one is not made; [`grant`] answers
//!   that are remembered.
//! * [`audit`] what happened, in a chain that shows when it was touched; [`record`] who may read it and what is kept;
//!   [`lineage`] where arguments came from.
//! * [`address`], [`text`], [`secrets`] look at what came from outside: an address, a text, a value.

pub mod action;
pub mod address;
pub mod audit;
pub mod cause;
pub mod connector;
pub mod digest;
#[cfg(test)]
mod fixtures;
pub mod gate;
pub mod grant;
pub mod id;
pub mod lifecycle;
pub mod lineage;
pub mod member;
pub mod plan;
pub mod record;
pub mod rulebook;
pub mod secrets;
pub mod snapshot;
pub mod text;

pub use action::{Action, Class, ClassSource, Classified};
pub use cause::Cause;
pub use connector::{Access, Confirm, Connector, Control, Provenance, Provider, Reach, SignIn, Stage};
pub use digest::Digest;
pub use gate::{Basis, Call, Caller, Decision, Frozen, Level, Permit, Question, Refusal, Rules, Verdict, Veto, decide};
pub use grant::{Grant, Remember};
pub use id::{CallId, ConnectionId, ConnectorId, ConversationId, GrantId, GroupId, MemberId};
pub use lifecycle::NewConnector;
pub use member::{Developer, Group, Member, Role};
pub use plan::{Profile, ProfileRules};
pub use record::{RecordSettings, Standing};
pub use rulebook::{FIRST_WORKSPACE, Rulebook, Why, WorkspaceSettings};
pub use snapshot::Snapshot;

/// A point in time: milliseconds since the Unix epoch, UTC. This crate never reads a clock, so times come in.
pub type Millis = u64;
