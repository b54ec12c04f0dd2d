//! The chat: one conversation, from the first word to the confirmed action.

mod add;
mod card;
mod composer;
pub mod draft;
mod first_run;
mod page;
mod proposal;
mod usable;

pub use composer::Words;
pub use page::{ChatPage, thread};
pub use usable::standing;
