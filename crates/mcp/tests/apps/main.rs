//! The conversation with the page of an MCP App, from outside: its order, its limits, and every message word for word.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, reason = "these are tests")]

mod hostile;
mod order;
mod rig;
mod transcript;
