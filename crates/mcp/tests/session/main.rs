//! What a session does with what servers send: real servers' habits, attacks, and bytes cut anywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attacks;
mod caching;
mod cuts;
mod eras;
mod lost;
mod requests;
mod revisions;
mod rig;
mod rules;
mod signing_in;
mod streams;
mod tasks;
mod watching;
