//! The only crate with IO: fetch, streams, IndexedDB, timers, and the dispatcher.

pub mod error;
pub mod fetch;
pub mod store;
pub mod time;
pub mod view;

mod tabs;

pub use chat;
pub use error::{Code, Error};
pub use mcp;
pub use policy;
pub use view::*;
