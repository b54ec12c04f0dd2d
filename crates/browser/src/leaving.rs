//! What a page that is left at once would lose: a change that somebody made and that is not written yet.
//!
//! Between a click and the store there are a lock, a reading and a row of the audit log: a few milliseconds, or many on
//! a busy machine. A page that goes away in between takes the change with it. As long as one is under way the browser
//! is told (`beforeunload`, HTML Living Standard section 7.4.4), and asks the person whether to leave.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

thread_local! {
    static UNWRITTEN: RefCell<Unwritten> = const { RefCell::new(Unwritten { changes: 0, listener: None }) };
}

/// The changes under way in this page, however many workspaces it has open.
struct Unwritten {
    changes: usize,
    /// Made with the first change. It listens only while there is one: a page that always listened would be kept out
    /// of the cache for going back.
    listener: Option<Closure<dyn Fn(web_sys::Event)>>,
}

/// A change under way, until this is dropped.
pub(crate) struct Change(());

/// A change begins that must not be lost.
pub(crate) fn change() -> Change {
    UNWRITTEN.with_borrow_mut(|unwritten| {
        unwritten.changes += 1;
        if unwritten.changes == 1
            && let Some(window) = web_sys::window()
        {
            let listener =
                unwritten.listener.get_or_insert_with(|| Closure::new(|event: web_sys::Event| event.prevent_default()));
            // Where it cannot be listened to the person is not asked; nothing else changes.
            let _ = window.add_event_listener_with_callback("beforeunload", listener.as_ref().unchecked_ref());
        }
    });
    Change(())
}

impl Drop for Change {
    fn drop(&mut self) {
        UNWRITTEN.with_borrow_mut(|unwritten| {
            unwritten.changes = unwritten.changes.saturating_sub(1);
            if unwritten.changes == 0
                && let (Some(window), Some(listener)) = (web_sys::window(), &unwritten.listener)
            {
                let _ = window.remove_event_listener_with_callback("beforeunload", listener.as_ref().unchecked_ref());
            }
        });
    }
}
