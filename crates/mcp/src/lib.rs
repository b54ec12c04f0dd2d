//! How to talk MCP, without IO.
//!
//! A [`Session`] is one connection to one server, as a state machine: the host asks it for operations, a driver feeds it
//! what the network and the clock report ([`Input`]) and does what it wants done ([`Output`]). It never reads a clock,
//! opens a connection or waits. Every revision of the protocol from 2024-11-05 to 2026-07-28 is spoken; which one is
//! found out while connecting (see [`EraChoice`]).
//!
//! The driver's loop:
//!
//! ```text
//! loop {
//!     while let Some(output) = session.poll() { do it }
//!     wait for a network report or the wake-up time
//!     session.handle(input, now)
//! }
//! ```
//!
//! After every call of a method that takes `now`, poll until nothing is left.

pub mod apps;
mod base64;
mod config;
mod era;
mod error;
mod headers;
pub mod inspect;
mod jsonrpc;
pub mod oauth;
mod request;
mod revision;
mod session;
mod sse;
mod table;
mod types;

pub use error::{CANCELLED, OpError, PageFirst, Sent};
pub use headers::{HeaderArgument, header_arguments};
pub use request::{List, LogLevel, Reference, Request};
pub use revision::Revision;
pub use session::Session;
pub use types::{
    Again, Answer, Ask, AskId, CallResult, CallTool, Config, Connected, Elicitation, Era, EraChoice, Event, Excluded,
    FetchId, HttpRequest, Implementation, Input, Limits, Listed, Method, Millis, OpId, Output, ServerRequest,
    TaskStatus, Timeouts,
};
