//! After a panic nothing of this instance can be trusted: it is marked dead, listeners are told, and later calls fail
//! with a sentence instead of doing half of something.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use crate::events::{Events, WeakEvents};
use crate::time::global_function;

thread_local! {
    static DEAD: Cell<bool> = const { Cell::new(false) };
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static LISTENERS: RefCell<Vec<WeakEvents>> = const { RefCell::new(Vec::new()) };
    static TELL: RefCell<Option<Closure<dyn FnMut()>>> = const { RefCell::new(None) };
}

/// Whether this instance is dead.
pub(crate) fn is_dead() -> bool {
    DEAD.with(Cell::get)
}

/// Marks the instance dead when it panics. The hook that was there before runs first.
pub(crate) fn watch() {
    if WATCHING.with(|watching| watching.replace(true)) {
        return;
    }
    // Made now: while panicking nothing should have to be allocated for it.
    TELL.with(|tell| *tell.borrow_mut() = Some(Closure::new(tell_all)));
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        DEAD.with(|dead| dead.set(true));
        TELL.with(|tell| {
            if let (Ok(tell), Some(later)) = (tell.try_borrow(), global_function("setTimeout"))
                && let Some(tell) = tell.as_ref()
            {
                let _ = later.call2(&JsValue::UNDEFINED, tell.as_ref(), &JsValue::from_f64(0.0));
            }
        });
    }));
}

/// Tells these listeners too when it comes to that.
pub(crate) fn enlist(events: &Events) {
    LISTENERS.with(|listeners| {
        let mut listeners = listeners.borrow_mut();
        listeners.retain(|one| one.upgrade().is_some());
        listeners.push(events.downgrade());
    });
}

fn tell_all() {
    LISTENERS.with(|listeners| {
        if let Ok(listeners) = listeners.try_borrow() {
            for events in listeners.iter().filter_map(WeakEvents::upgrade) {
                events.tell_dead();
            }
        }
    });
}
