//! What the sign-in does with what servers send: the rows of the official suite at core level, their traps, and attacks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bound;
mod discovery;
mod garbage;
mod grants;
mod registration;
mod rig;
mod scopes;
mod secrets;
mod sign_in;
mod tokens;
