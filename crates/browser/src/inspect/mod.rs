//! What goes over the wire of the connections of this page, for whoever looks (screens.md e.6).
//!
//! Every connection of a workspace passes its requests and what comes back by a [`Tap`]. There is one for the whole
//! workspace and it is off unless somebody records; then a request costs the look at one flag for each of its pieces.
//! The tap is a trait so that the [`Recorder`] behind it is loaded with the inspector and not before.
//!
//! Secrets are covered before anything is kept (X21): [`Cover`] knows the values that went out in headers, and what
//! looks like a secret.

mod cover;
mod export;
mod recorder;
mod signing;
mod veil;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use policy::{ConnectionId, ConnectorId};

pub use cover::Cover;
pub use export::kind_word;
pub use recorder::{Body, Exchange, Header, MAX_RECORDING, Message, Recorder, Served, State};
pub use veil::Veiled;

static NEXT: AtomicU64 = AtomicU64::new(1);

fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Sees what goes over the wire.
pub trait Tap {
    /// One piece of one exchange. Called in order, also for an exchange that began before anybody looked.
    fn see(&self, leg: &Leg, seen: Seen<'_>);

    /// A message between this page and an app, to it or from it.
    fn passed(&self, of: &Arc<Source>, sent: bool, text: &str);

    /// A secret value goes out. Told also while nothing is recorded, so that it stays covered when it comes back.
    fn learn(&self, secret: &str);

    /// The same of one that is new with every request.
    fn learn_passing(&self, secret: &str);

    /// Forgets everything: another person is here, or everything is erased.
    fn forget(&self);

    /// Itself, to find the recorder again.
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
}

/// One piece of an exchange.
#[derive(Clone, Copy)]
pub enum Seen<'a> {
    /// The request goes out, with these headers.
    Request {
        /// Names and values, secrets included: cover them.
        headers: &'a [(String, String)],
        /// The body, if any.
        body: Option<&'a [u8]>,
    },
    /// Status and headers arrived.
    Response {
        /// The HTTP status.
        status: u16,
        /// Names and values.
        headers: &'a [(String, String)],
    },
    /// A piece of the body arrived.
    Chunk(&'a [u8]),
    /// The body is complete.
    Ended,
    /// It failed below HTTP.
    Failed(&'a str),
    /// Nobody waits any more: it was cut off from here.
    Dropped,
}

/// The one tap of a workspace. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Slot(Rc<Inside>);

#[derive(Default)]
struct Inside {
    tap: RefCell<Option<Rc<dyn Tap>>>,
    on: Cell<bool>,
}

impl Slot {
    pub(crate) fn tap(&self) -> Option<Rc<dyn Tap>> {
        self.0.tap.borrow().clone()
    }

    pub(crate) fn set(&self, tap: Option<Rc<dyn Tap>>) {
        self.0.on.set(tap.is_some());
        *self.0.tap.borrow_mut() = tap;
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.on.get()
    }

    pub(crate) fn turn(&self, on: bool) {
        self.0.on.set(on);
    }

    fn see(&self, leg: &Leg, seen: Seen<'_>) {
        if !self.0.on.get() {
            return;
        }
        // Never borrowed while the tap runs.
        if let Some(tap) = self.tap() {
            tap.see(leg, seen);
        }
    }
}

/// Who is at the other end of a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The server itself.
    Server,
    /// Whoever signs the account in: where that is asked, and what it is asked for.
    SignIn,
    /// An app of the server, in a frame of its own: the action that it is shown with.
    App(String),
}

/// Whose connection a wire is.
#[derive(Clone)]
pub(crate) struct Wire {
    slot: Slot,
    of: Arc<Source>,
    /// What signs its account in, learned as it goes out.
    cover: Rc<RefCell<Cover>>,
}

/// The connection that something was seen on.
#[derive(Debug)]
pub struct Source {
    /// The number of the connection; a connector that connects anew gets another.
    pub session: u64,
    /// Who is at the other end.
    pub peer: Peer,
    /// The account that acts.
    pub account: ConnectionId,
    /// The connector.
    pub connector: ConnectorId,
    /// Its name.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Names of headers whose value is the connector's secret, in lower case.
    secret_headers: Vec<String>,
}

impl Source {
    fn new(connector: &policy::Connector, account: &ConnectionId, peer: Peer) -> Self {
        Source {
            session: next(),
            peer,
            account: account.clone(),
            connector: connector.id.clone(),
            name: connector.name.clone(),
            host: connector.host.clone(),
            secret_headers: Vec::new(),
        }
    }

    /// Whether a header is one whose value is the connector's secret.
    fn is_own(&self, name: &str) -> bool {
        self.secret_headers.iter().any(|known| name.eq_ignore_ascii_case(known))
    }
}

impl Wire {
    /// `cover` learns what signs the account in.
    pub(crate) fn new(
        slot: Slot,
        connector: &policy::Connector,
        account: &ConnectionId,
        secret_headers: Vec<String>,
        cover: Rc<RefCell<Cover>>,
    ) -> Self {
        let secret_headers = secret_headers.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        let of = Source { secret_headers, ..Source::new(connector, account, Peer::Server) };
        Wire { slot, of: Arc::new(of), cover }
    }

    /// A wire of the same connection with another at its end. What it sends signs nobody in at the server.
    pub(crate) fn to(slot: Slot, connector: &policy::Connector, account: &ConnectionId, peer: Peer) -> Self {
        Wire { slot, of: Arc::new(Source::new(connector, account, peer)), cover: Rc::default() }
    }

    /// A message passes between this page and an app: the whole of it, to the app or from it.
    pub(crate) fn passes(&self, sent: bool, text: &str) {
        if let Some(tap) = self.slot.tap().filter(|_| self.slot.is_on()) {
            tap.passed(&self.of, sent, text);
        }
    }

    /// What signs the account in, as far as it is known by now.
    pub(crate) fn cover(&self) -> Cover {
        self.cover.borrow().clone()
    }

    /// A request that is about to go out.
    pub(crate) fn leg(&self, method: &'static str, url: &str) -> Leg {
        Leg {
            slot: self.slot.clone(),
            number: next(),
            of: self.of.clone(),
            method,
            url: url.to_owned(),
            secrets: RefCell::default(),
            cover: self.cover.clone(),
            open: Cell::new(true),
        }
    }
}

/// One request with its answer. A request that goes out again after a sign-in is another leg.
pub struct Leg {
    slot: Slot,
    /// Its number, in the order of going out.
    pub number: u64,
    /// Whose it is.
    pub of: Arc<Source>,
    /// The method.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// Values that must not be shown, from the headers that went out.
    secrets: RefCell<Vec<String>>,
    /// What signs the account in.
    cover: Rc<RefCell<Cover>>,
    open: Cell<bool>,
}

impl Leg {
    /// The request goes out as it is. What is secret of it is remembered, also while nobody looks: who looks later must
    /// not see it come back.
    pub(crate) fn sends(&self, headers: &[(String, String)], body: Option<&[u8]>) {
        let tap = self.slot.tap();
        let mut secrets = Vec::new();
        for (name, value) in headers.iter().filter(|(name, _)| self.is_secret(name)) {
            // The others are new with every request, and there is no end of them: a proof, the id of a session.
            let signs = name.eq_ignore_ascii_case("authorization") || self.of.is_own(name);
            if signs {
                self.cover.borrow_mut().learn(value);
            }
            match &tap {
                Some(tap) if signs => tap.learn(value),
                Some(tap) => tap.learn_passing(value),
                None => {}
            }
            secrets.push(value.clone());
        }
        *self.secrets.borrow_mut() = secrets;
        self.sees(Seen::Request { headers, body });
    }

    /// Something happened.
    pub(crate) fn sees(&self, seen: Seen<'_>) {
        if matches!(seen, Seen::Ended | Seen::Failed(_)) {
            self.open.set(false);
        }
        self.slot.see(self, seen);
    }

    /// The same request once more.
    pub(crate) fn again(&self) -> Leg {
        Leg {
            slot: self.slot.clone(),
            number: next(),
            of: self.of.clone(),
            method: self.method,
            url: self.url.clone(),
            secrets: RefCell::default(),
            cover: self.cover.clone(),
            open: Cell::new(true),
        }
    }

    /// Whether the value of a header is a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        cover::secret_header(name) || self.of.is_own(name)
    }

    /// The secret values that went out with it.
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.borrow().clone()
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        if self.open.get() {
            self.slot.see(self, Seen::Dropped);
        }
    }
}
