//! What is not written yet when the page is left, by a reload, a link or the end of the tab.
//!
//! A transaction that is complete and committed before the page is gone is carried out without it; what is only
//! begun is lost. So whoever has something to write does all of that in the task of this event.

use wasm_bindgen::prelude::*;
use web_sys::Window;

const LEFT: &str = "pagehide";

/// Hears that the page is left, until it is dropped.
pub(crate) struct Leaving {
    window: Window,
    hears: Closure<dyn FnMut()>,
}

impl Leaving {
    /// Runs `left` whenever the page is left; it may come back. None where there is no page, as in a worker.
    pub(crate) fn new(left: impl FnMut() + 'static) -> Option<Self> {
        let window = web_sys::window()?;
        let hears = Closure::new(left);
        window.add_event_listener_with_callback(LEFT, hears.as_ref().unchecked_ref()).ok()?;
        Some(Leaving { window, hears })
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let _ = self.window.remove_event_listener_with_callback(LEFT, self.hears.as_ref().unchecked_ref());
    }
}
