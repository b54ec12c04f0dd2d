//! Several tabs, one workspace: locks between them and news for them.
//!
//! A lock is a Web Lock where the realm has them, and a queue in this realm where it has not (Node, and then the
//! store is in memory and nobody else sees it). News only say *what* changed; the reader reads it again from the
//! store, so a forged message can cause nothing but a read (X129).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::time::global;

/// What changed in another tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "changed", content = "id", rename_all = "kebab-case")]
pub(crate) enum News {
    /// The rulebook.
    Rulebook,
    /// The list of conversations.
    Conversations,
    /// One conversation.
    Conversation(String),
    /// The models.
    Models,
    /// The secret of this name was replaced or removed.
    Secret(String),
    /// A turn began in the conversation of this id.
    TurnBegan(String),
    /// The turn in the conversation of this id is over.
    TurnEnded(String),
    /// Rows were added to the record.
    Record,
    /// Another revision of the protocol was chosen for a connection.
    Revisions,
    /// Everything is being erased, or was.
    Erased,
}

/// The locks of one workspace.
#[derive(Clone)]
pub(crate) struct Locks {
    prefix: Rc<str>,
    shared: bool,
    here: Queues,
}

/// Who waits for the locks of this realm; a name that is here is taken.
type Queues = Rc<RefCell<HashMap<String, Vec<oneshot::Sender<Held>>>>>;

/// A lock that is held until this is dropped.
pub(crate) struct Held {
    release: Option<Box<dyn FnOnce()>>,
}

impl Held {
    fn new(release: impl FnOnce() + 'static) -> Self {
        Held { release: Some(Box::new(release)) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl Locks {
    /// Locks under a name; `shared` when other tabs see the same store.
    pub(crate) fn new(name: &str, shared: bool) -> Self {
        Locks { prefix: format!("countersign:{name}:").into(), shared, here: Rc::default() }
    }

    /// Waits for a lock.
    pub(crate) async fn hold(&self, name: &str) -> Held {
        match self.web_locks() {
            Some(locks) => match self.request(&locks, name, false).await {
                Some(held) => held,
                // The browser refused the lock itself (a page being unloaded): go on in this realm only.
                None => self.hold_here(name).await,
            },
            None => self.hold_here(name).await,
        }
    }

    /// Takes a lock if nobody has it.
    pub(crate) async fn try_hold(&self, name: &str) -> Option<Held> {
        match self.web_locks() {
            Some(locks) => self.request(&locks, name, true).await,
            None => {
                let free = !self.here.borrow().contains_key(name);
                if free { Some(self.hold_here(name).await) } else { None }
            }
        }
    }

    fn web_locks(&self) -> Option<JsValue> {
        if !self.shared {
            return None;
        }
        let locks = Reflect::get(&global("navigator")?, &"locks".into()).ok()?;
        (!locks.is_undefined()).then_some(locks)
    }

    async fn request(&self, locks: &JsValue, name: &str, if_available: bool) -> Option<Held> {
        // A `Held` travels, not a promise of one: whoever stops waiting drops it, and that frees the lock.
        let (granted, wait) = oneshot::channel::<Option<Held>>();
        let granted = Rc::new(RefCell::new(Some(granted)));
        let on_lock = {
            let granted = granted.clone();
            Closure::once_into_js(move |lock: JsValue| -> JsValue {
                let Some(granted) = granted.borrow_mut().take() else { return JsValue::UNDEFINED };
                if lock.is_null() {
                    let _ = granted.send(None);
                    return JsValue::UNDEFINED;
                }
                // The browser holds the lock until this promise resolves.
                let mut resolve = None;
                let promise = Promise::new(&mut |done, _| resolve = Some(done));
                let release = move || {
                    if let Some(resolve) = resolve {
                        let _ = resolve.call0(&JsValue::UNDEFINED);
                    }
                };
                let _ = granted.send(Some(Held::new(release)));
                promise.into()
            })
        };
        let options = Object::new();
        let _ = Reflect::set(&options, &"ifAvailable".into(), &if_available.into());
        let request: Function = Reflect::get(locks, &"request".into()).ok()?.dyn_into().ok()?;
        let name = format!("{}{name}", self.prefix);
        let promise: Promise = request.call3(locks, &name.into(), &options, &on_lock).ok()?.dyn_into().ok()?;
        // A refused request must not leave us waiting.
        let refused = Closure::once_into_js(move |_error: JsValue| {
            if let Some(granted) = granted.borrow_mut().take() {
                let _ = granted.send(None);
            }
        });
        let catch: Function = Reflect::get(&promise, &"catch".into()).ok()?.dyn_into().ok()?;
        let _ = catch.call1(&promise, &refused);
        wait.await.ok()?
    }

    async fn hold_here(&self, name: &str) -> Held {
        let wait = match self.here.borrow_mut().entry(name.to_owned()) {
            Entry::Vacant(free) => {
                free.insert(Vec::new());
                None
            }
            Entry::Occupied(mut queue) => {
                let (turn, wait) = oneshot::channel();
                queue.get_mut().push(turn);
                Some(wait)
            }
        };
        match wait {
            None => held_here(&self.here, name),
            // The holder passes the lock on and never drops the queue, so the error cannot occur.
            Some(wait) => wait.await.unwrap_or(Held { release: None }),
        }
    }
}

fn held_here(here: &Queues, name: &str) -> Held {
    let (here, name) = (here.clone(), name.to_owned());
    Held::new(move || pass_on(&here, &name))
}

/// Gives a lock of this realm to the next who still waits, or frees it.
fn pass_on(here: &Queues, name: &str) {
    loop {
        let next = match here.borrow_mut().get_mut(name) {
            Some(queue) if !queue.is_empty() => Some(queue.remove(0)),
            _ => None,
        };
        let Some(next) = next else {
            here.borrow_mut().remove(name);
            return;
        };
        match next.send(held_here(here, name)) {
            Ok(()) => return,
            // This one no longer waits: the lock is still ours to pass on.
            Err(mut held) => held.release = None,
        }
    }
}

/// The channel on which tabs tell each other what changed.
pub(crate) struct Channel {
    channel: Option<BroadcastChannel>,
    open: Cell<bool>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Channel {
    /// Joins the channel; without one (memory only, or an old realm) news go nowhere.
    pub(crate) fn join(name: &str, shared: bool, on_news: impl Fn(News) + 'static) -> Self {
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(news) = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok()) {
                on_news(news);
            }
        });
        let exists = global("BroadcastChannel").is_some();
        let channel = (shared && exists).then(|| BroadcastChannel::new(&format!("countersign:{name}")).ok()).flatten();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Channel { channel, open: Cell::new(true), _on_message: on_message }
    }

    /// Tells the other tabs.
    pub(crate) fn tell(&self, news: &News) {
        if let (Some(channel), true, Ok(text)) = (&self.channel, self.open.get(), serde_json::to_string(news)) {
            let _ = channel.post_message(&text.into());
        }
    }

    /// Leaves the channel.
    pub(crate) fn leave(&self) {
        self.open.set(false);
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.leave();
    }
}
