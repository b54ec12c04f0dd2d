//! One item of the conversation on the screen, and the pace at which an answer grows.
//!
//! A model may send hundreds of pieces in a second. To parse and draw each of them would keep the page busy with what
//! nobody sees: the first piece is shown at once, and what follows a few times a second, as much as has come by then.

use browser::chat::conversation::{Answer, Body, Item};
use browser::time::sleep;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// How often a text that streams in grows on the page, in milliseconds (WI31).
const PACE: u64 = 50;

/// One item of the conversation on the screen.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its id, the key in the list.
    pub id: String,
    /// What it is now.
    pub item: ArcRwSignal<Item>,
    late: ArcStoredValue<Late>,
}

/// What came of an answer and is not on the page yet.
#[derive(Debug, Default)]
struct Late {
    text: String,
    /// Whether somebody looks again after [`PACE`].
    watched: bool,
}

impl Cell {
    pub(super) fn new(item: Item) -> Cell {
        Cell {
            id: item.id.as_str().to_owned(),
            item: ArcRwSignal::new(item),
            late: ArcStoredValue::new(Late::default()),
        }
    }

    /// It is this from now on, with all that has come.
    pub(super) fn set(&self, item: Item) {
        self.late.update_value(|late| late.text.clear());
        self.item.set(item);
    }

    /// An answer goes on.
    pub(super) fn append(&self, text: &str) {
        self.late.update_value(|late| late.text.push_str(text));
        if !self.late.with_value(|late| late.watched) {
            self.catch_up();
        }
    }

    /// Shows what has come, and looks again later for as long as something comes.
    fn catch_up(&self) {
        let mut text = String::new();
        self.late.update_value(|late| {
            text = std::mem::take(&mut late.text);
            late.watched = !text.is_empty();
        });
        if text.is_empty() {
            return;
        }
        self.item.update(|item| {
            if let Body::Answer(Answer { text: so_far, .. }) = &mut item.body {
                so_far.push_str(&text);
            }
        });
        let cell = self.clone();
        spawn_local(async move {
            sleep(PACE).await;
            cell.catch_up();
        });
    }
}
