//! The short delay before the approving button works (X68).
//!
//! It begins anew whenever what the person was about to click may have become something else: another question, a
//! change of the dialog's size, the window coming back to the front. A click, a key or a second click that was meant
//! for something else therefore never approves.

use std::time::Duration;

use leptos::ev;
use leptos::html::Dialog;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// How long the button stays off. The filling line in `confirm.css` takes as long.
const DELAY: Duration = Duration::from_millis(700);

/// Whether the approving button works yet. Copy.
#[derive(Clone, Copy)]
pub(crate) struct Arming {
    armed: RwSignal<bool>,
    /// Counts the beginnings, so that the line can start to fill again.
    round: RwSignal<u32>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Arming {
    /// Not armed, and not arming until [`Arming::restart`].
    pub(crate) fn new() -> Self {
        let this = Self { armed: RwSignal::new(false), round: RwSignal::new(0), timer: StoredValue::new(None) };
        on_cleanup(move || this.stop());
        this
    }

    /// Whether the button works. Tracked.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.get()
    }

    /// The class of the line: two that look the same take turns, which is what makes the animation begin again.
    pub(crate) fn line(&self) -> &'static str {
        match (self.armed.get(), self.round.get() % 2) {
            (true, _) => "armed",
            (false, 0) => "fill-a",
            (false, _) => "fill-b",
        }
    }

    /// Begins the delay anew.
    pub(crate) fn restart(&self) {
        let this = *self;
        // A late event may find the dialog gone.
        if this.armed.try_set(false).is_some() {
            return;
        }
        this.stop();
        this.round.update(|round| *round = round.wrapping_add(1));
        let timer = set_timeout_with_handle(
            move || {
                this.armed.try_set(true);
            },
            DELAY,
        );
        this.timer.set_value(timer.ok());
    }

    fn stop(&self) {
        if let Some(Some(timer)) = self.timer.try_update_value(Option::take) {
            timer.clear();
        }
    }

    /// Begins anew with every change of the dialog's size or place and whenever the window comes to the front.
    pub(crate) fn watch(&self, dialog: &web_sys::HtmlElement) {
        let this = *self;
        let resized = Closure::<dyn FnMut()>::new(move || this.restart());
        if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(dialog);
            let kept = StoredValue::new_local((observer, resized));
            on_cleanup(move || {
                kept.try_with_value(|(observer, _)| observer.disconnect());
            });
        }
        let handles = [
            window_event_listener(ev::focus, move |_| this.restart()),
            window_event_listener(ev::resize, move |_| this.restart()),
            window_event_listener(ev::visibilitychange, move |_| this.restart()),
        ];
        on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    }
}

/// Opens the dialog over the page and keeps it there as long as the question is.
pub(crate) fn show(dialog: NodeRef<Dialog>, then: impl Fn(web_sys::HtmlDialogElement) + 'static) {
    dialog.on_load(move |dialog| {
        // The element is in the page only after this turn of the event loop.
        request_animation_frame(move || {
            if dialog.is_connected() && !dialog.open() {
                // Fails only when it is open already.
                let _ = dialog.show_modal();
            }
            then(dialog);
        });
    });
}
