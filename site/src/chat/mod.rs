//! The chat: one conversation, from the first word to the confirmed action.

mod add;
mod card;
mod composer;
pub mod draft;
mod files;
mod first_run;
mod look;
mod mention;
mod mind;
mod modes;
mod new;
mod page;
mod pins;
mod plan;
mod proposal;
mod remark;
mod said;
pub(crate) mod sources;
mod thread;
mod title;
mod unsent;
mod usable;

pub use add::list::add_list;
pub use composer::{Words, Writing};
pub(crate) use mention::{apply_set, mentions};
pub use mind::mind;
pub use modes::modes;
pub use new::NewChat;
pub use page::conversation;
pub use title::{Delete, Rename};
pub use usable::standing;
