//! News for the pages: queued, and handed out in a microtask of its own.
//!
//! A listener never runs while anything here is borrowed, so it may call whatever it likes; and changes arrive in the
//! order in which they happened.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use wasm_bindgen_futures::spawn_local;

use crate::view::Change;

type Listener = Rc<dyn Fn(&Change)>;

/// The listeners and what they have not heard yet.
#[derive(Clone, Default)]
pub(crate) struct Events(Rc<Inner>);

#[derive(Default)]
struct Inner {
    listeners: RefCell<Vec<(u64, Listener)>>,
    queue: RefCell<VecDeque<Change>>,
    scheduled: Cell<bool>,
    next: Cell<u64>,
}

/// [`Events`] that do not keep the listeners alive.
pub(crate) struct WeakEvents(Weak<Inner>);

impl WeakEvents {
    pub(crate) fn upgrade(&self) -> Option<Events> {
        self.0.upgrade().map(Events)
    }
}

impl Events {
    pub(crate) fn downgrade(&self) -> WeakEvents {
        WeakEvents(Rc::downgrade(&self.0))
    }

    /// Adds a listener.
    pub(crate) fn subscribe(&self, listener: impl Fn(&Change) + 'static) -> Subscription {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        self.0.listeners.borrow_mut().push((id, Rc::new(listener)));
        Subscription { id, events: Rc::downgrade(&self.0) }
    }

    /// Tells everyone, soon.
    pub(crate) fn tell(&self, change: Change) {
        self.0.queue.borrow_mut().push_back(change);
        if !self.0.scheduled.replace(true) {
            let inner = self.0.clone();
            spawn_local(async move { inner.deliver() });
        }
    }

    /// Tells everyone now, leaving out whoever is busy; for a fault after which nothing else may run.
    pub(crate) fn tell_dead(&self) {
        let Ok(listeners) = self.0.listeners.try_borrow() else { return };
        let listeners: Vec<Listener> = listeners.iter().map(|(_, listener)| listener.clone()).collect();
        for listener in listeners {
            listener(&Change::Dead);
        }
    }
}

impl Inner {
    fn deliver(&self) {
        self.scheduled.set(false);
        loop {
            let Some(change) = self.queue.borrow_mut().pop_front() else { return };
            let listeners: Vec<Listener> =
                self.listeners.borrow().iter().map(|(_, listener)| listener.clone()).collect();
            for listener in listeners {
                listener(&change);
            }
        }
    }
}

/// A listener's place. Dropping it ends the listening.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    id: u64,
    events: Weak<Inner>,
}

impl Subscription {
    /// Listens for as long as the workspace lives.
    pub fn forget(mut self) {
        self.events = Weak::new();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(events) = self.events.upgrade() {
            events.listeners.borrow_mut().retain(|(id, _)| *id != self.id);
        }
    }
}
