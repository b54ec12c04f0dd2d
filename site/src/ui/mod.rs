//! The parts every screen is made of: native elements with our look, our names and our keyboard.
//!
//! No part takes markup from a server: every text is a text node. `site/style/parts.css` gives them their look.

mod button;
mod choice;
mod copy;
mod dialog;
mod dressed;
mod field;
mod focus;
pub(crate) mod form;
mod icon;
mod marks;
mod menu;
mod more;
mod save;
mod switch;
mod tabs;
mod time;
mod toast;
mod words;

pub use button::{Button, ButtonLook, IconButton};
pub use choice::Choice;
pub use copy::{CopyButton, copied};
pub use dialog::{Dialog, DialogTitle};
pub use field::{Field, SearchField, unique};
pub use focus::{Spot, keep_focus};
pub use icon::{Icon, IconName};
pub use marks::{Badge, ClassMark, HostName, LocalMark, Monogram, StatusDot, class_word};
pub use menu::{Menu, MenuItem, move_focus, place};
pub use more::More;
pub use save::{Growing, save_bytes, save_text};
pub use switch::Switch;
pub use tabs::{Segmented, Tab, Tabs};
pub use time::{Working, ago, clock, day_group, now, seconds, tick, time_of_day};
pub use toast::{Toast, Toasts};
pub use words::{capital, sentence};
