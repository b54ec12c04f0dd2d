//! Keeps the latest messages and exchanges in memory, secrets covered, and pairs what belongs together.
//!
//! Two bounded queues: when one is full the oldest leaves it. Nothing of it is ever stored; it is gone with the page.

mod import;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use mcp::inspect::{Heard, Kind, Parser, SseEvent, hear};
use policy::secrets::names_a_secret;

use super::veil::{Veiled, is_no_key, veiled};
use super::{Cover, Leg, Peer, Seen, Source, Tap, signing};
use crate::time::{monotonic, now};
use crate::view::Millis;

pub use import::MAX_RECORDING;

/// Messages that are kept.
const MESSAGES: usize = 10_000;
/// Exchanges that are kept.
const EXCHANGES: usize = 2_000;
/// Bytes of text that are kept of all messages together, with the values that can be looked at.
const TEXT: usize = 24 << 20;
/// Bytes that are kept of one message.
const LONGEST: usize = 256 << 10;
/// Bytes that are kept of the body of a request that signs an account in, or of its answer.
const LONGEST_BODY: usize = 32 << 10;
/// Bytes at the end of what is looked at of a long text: a secret that is cut in two there cannot be told, so they are
/// not kept.
const EDGE: usize = 8 << 10;
/// Bytes of one answer that are read at all.
const READ: usize = 16 << 20;
/// Events that are kept of one stream.
const EVENTS: usize = 500;

/// One JSON-RPC message, secrets covered.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its number, in the order of being seen.
    pub id: u64,
    /// The exchange that carried it; none has the number 0, which is what the messages of apps have.
    pub exchange: u64,
    /// The connection.
    pub of: Arc<Source>,
    /// When, by the browser's clock.
    pub at: Millis,
    /// Whether it went to the server or the app.
    pub sent: bool,
    /// What it is.
    pub kind: Kind,
    /// Its method; of an answer that of its request, empty when that was not seen.
    pub method: String,
    /// What a request is about: the action, prompt or address it names.
    pub subject: String,
    /// Its JSON-RPC id, as JSON text.
    pub rpc: Option<String>,
    /// How long the answer took, of a request and of its answer.
    pub took: Option<Millis>,
    /// The request of an answer, or the answer of a request.
    pub pair: Option<u64>,
    /// The first round of the same call, where the server asked for input in between.
    pub round_of: Option<u64>,
    /// The message, or its beginning.
    pub text: Arc<str>,
    /// The same as it went over the wire, where that was written otherwise.
    wire: Option<Arc<str>>,
    /// How long it was on the wire, in bytes.
    pub bytes: usize,
    /// Whether `text` is all of it.
    pub whole: bool,
    /// Whether something in it is covered.
    pub covered: bool,
    /// What of that a person may look at, by `Workspace::unveil`.
    pub veiled: Arc<[Veiled]>,
}

/// A header with its value, covered where it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value as it may be seen.
    pub value: String,
    /// What a value in Base64 form stands for (2026-07-28, "Value Encoding").
    pub decoded: Option<String>,
}

/// Where an exchange stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing came back yet.
    Waiting,
    /// The body is arriving.
    Open,
    /// Everything arrived.
    Done,
    /// It failed below HTTP: what the browser said.
    Failed(String),
    /// It was cut off from here.
    Dropped,
}

/// One event of a stream (server-sent events).
#[derive(Clone, Debug)]
pub struct Served {
    /// When it was whole.
    pub at: Millis,
    /// Its type; empty means `message`.
    pub kind: String,
    /// Bytes of its data.
    pub bytes: usize,
    /// The first message in it.
    pub message: Option<u64>,
    /// What it says, where it is no message.
    pub text: Option<String>,
}

/// The body of a request that signs an account in, or of its answer, secrets covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The text as it went over the wire, or its beginning.
    pub text: Arc<str>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// One HTTP request with its answer, secrets covered.
#[derive(Clone)]
pub struct Exchange {
    /// Its number.
    pub number: u64,
    /// The connection.
    pub of: Arc<Source>,
    /// When it went out, or was first seen.
    pub at: Millis,
    /// Whether the request itself was seen, which it is not when it went out before anybody looked.
    pub seen_from_start: bool,
    /// The method.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// Headers of the request.
    pub request: Vec<Header>,
    /// The body of the request, where it is kept whole.
    pub body: Option<Arc<str>>,
    /// Whether the request had a body.
    pub has_body: bool,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Headers of the answer, as far as the browser shows them.
    pub response: Vec<Header>,
    /// Until the headers arrived.
    pub waited: Option<Millis>,
    /// Until everything had arrived.
    pub took: Option<Millis>,
    /// Where it stands.
    pub state: State,
    /// Bytes of the body so far.
    pub received: usize,
    /// The events of a stream, the latest.
    pub events: VecDeque<Served>,
    /// How many events there were.
    pub event_count: usize,
    /// The methods and names of the messages that went out with it, or what a request that signs in is for.
    pub about: String,
    /// What was sent and what came, where that signs an account in and is no message.
    pub bodies: (Option<Body>, Option<Body>),
    started: Millis,
    reading: Reading,
}

/// How the body of an answer is read.
#[derive(Clone)]
enum Reading {
    /// Its first piece says how.
    Unknown,
    /// As one text.
    Whole(Vec<u8>),
    /// Event by event. Shared by clones, which only look.
    Events(Rc<RefCell<Parser>>),
    /// Not any more: it is too long.
    No,
}

impl Reading {
    fn stream() -> Self {
        Reading::Events(Rc::new(RefCell::new(Parser::new(READ, None))))
    }
}

#[derive(Default)]
struct Kept {
    messages: VecDeque<Message>,
    exchanges: BTreeMap<u64, Exchange>,
    cover: Cover,
    text: usize,
    next: u64,
    /// Requests without an answer: connection, direction, id.
    open: HashMap<(u64, bool, String), u64>,
    /// Calls whose last answer asked for input: connection, method, name; and their first round.
    rounds: HashMap<(u64, String, String), u64>,
}

/// Records what a [`Tap`] sees.
#[derive(Default)]
pub struct Recorder {
    kept: RefCell<Kept>,
    version: Cell<u64>,
    hear: RefCell<Option<Rc<dyn Fn()>>>,
}

impl Recorder {
    /// Calls `hear` whenever something was recorded, in the place of who was called before.
    pub fn on_change(&self, hear: Option<Rc<dyn Fn()>>) {
        *self.hear.borrow_mut() = hear;
    }

    /// A number that moves with everything that is recorded.
    pub fn version(&self) -> u64 {
        self.version.get()
    }

    /// Looks at every message from a number on, the oldest first.
    pub fn messages(&self, from: u64, mut each: impl FnMut(&Message)) {
        let kept = self.kept.borrow();
        let at = kept.messages.partition_point(|message| message.id < from);
        kept.messages.range(at..).for_each(&mut each);
    }

    /// The number of the oldest message that is kept; later than every message when there is none.
    pub fn oldest(&self) -> u64 {
        let kept = self.kept.borrow();
        kept.messages.front().map_or(kept.next, |message| message.id)
    }

    /// The number that the next message gets.
    pub fn next(&self) -> u64 {
        self.kept.borrow().next
    }

    /// One message.
    pub fn message(&self, id: u64) -> Option<Message> {
        let kept = self.kept.borrow();
        let at = kept.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        kept.messages.get(at).cloned()
    }

    /// Looks at every exchange, the oldest first.
    pub fn exchanges(&self, mut each: impl FnMut(&Exchange)) {
        self.kept.borrow().exchanges.values().for_each(&mut each);
    }

    /// One exchange.
    pub fn exchange(&self, number: u64) -> Option<Exchange> {
        self.kept.borrow().exchanges.get(&number).cloned()
    }

    /// Forgets what was recorded, and goes on. Secrets stay covered.
    pub fn clear(&self) {
        {
            let mut kept = self.kept.borrow_mut();
            let (cover, next) = (std::mem::take(&mut kept.cover), kept.next);
            *kept = Kept { cover, next, ..Kept::default() };
        }
        self.changed();
    }

    /// A value without the secrets that went out to servers. What only looks like one stays: it is for the person who
    /// asked for it.
    pub fn without_known(&self, value: &serde_json::Value) -> serde_json::Value {
        self.kept.borrow().cover.in_value(value)
    }

    /// A covered value of a message, where a person may look at it.
    pub(crate) fn unveil(&self, id: u64, path: &str) -> Option<String> {
        let message = self.message(id)?;
        let one = message.veiled.iter().find(|one| one.path == path)?;
        is_no_key(&one.value, &self.kept.borrow().cover).then(|| one.value.to_string())
    }

    fn changed(&self) {
        self.version.set(self.version.get() + 1);
        let hear = self.hear.borrow().clone();
        if let Some(hear) = hear {
            hear();
        }
    }
}

impl Tap for Recorder {
    fn see(&self, leg: &Leg, seen: Seen<'_>) {
        self.kept.borrow_mut().see(leg, seen);
        self.changed();
    }

    fn passed(&self, of: &Arc<Source>, sent: bool, text: &str) {
        self.kept.borrow_mut().said(of, 0, sent, text);
        self.changed();
    }

    fn learn(&self, secret: &str) {
        self.kept.borrow_mut().cover.learn(secret);
    }

    fn learn_passing(&self, secret: &str) {
        self.kept.borrow_mut().cover.learn_passing(secret);
    }

    fn forget(&self) {
        self.clear();
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

impl Kept {
    fn see(&mut self, leg: &Leg, seen: Seen<'_>) {
        match seen {
            Seen::Request { headers, body } => {
                let mut exchange = Exchange::begin(leg, &self.cover, true);
                exchange.has_body = body.is_some();
                exchange.request = self.headers(leg, headers);
                let text = body.map(String::from_utf8_lossy);
                if leg.of.peer == Peer::SignIn {
                    exchange.about = self.cover.text(&signing::about(&leg.url, text.as_deref()));
                    exchange.bodies.0 = text.map(|text| self.body(&text, true));
                } else {
                    let said = text.map(|text| self.said(&leg.of, leg.number, true, &text)).unwrap_or_default();
                    exchange.body = match said.as_slice() {
                        [one] if one.whole => Some(one.text.clone()),
                        _ => None,
                    };
                    let about: Vec<String> = said.iter().map(Message::about).collect();
                    exchange.about = about.join(", ");
                }
                self.exchanges.insert(leg.number, exchange);
                while self.exchanges.len() > EXCHANGES {
                    self.exchanges.pop_first();
                }
            }
            Seen::Response { status, headers } => {
                // The id of a session is as good as a key to it.
                for (_, value) in headers.iter().filter(|(name, _)| leg.is_secret(name)) {
                    self.cover.learn(value);
                }
                let shown = self.headers(leg, headers);
                let is = |wanted: &str| {
                    headers
                        .iter()
                        .any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.starts_with(wanted))
                };
                let reading = match is("text/event-stream") {
                    true => Reading::stream(),
                    false => Reading::Whole(Vec::new()),
                };
                let exchange = self.exchange(leg);
                exchange.status = Some(status);
                exchange.response = shown;
                exchange.waited = exchange.seen_from_start.then(|| monotonic().saturating_sub(exchange.started));
                exchange.state = State::Open;
                exchange.reading = reading;
            }
            Seen::Chunk(chunk) => self.chunk(leg, chunk),
            Seen::Ended => {
                let exchange = self.end(leg, State::Done);
                let is_accepted = exchange.status == Some(202);
                if let Reading::Whole(bytes) = std::mem::replace(&mut exchange.reading, Reading::No)
                    && !bytes.is_empty()
                {
                    let text = String::from_utf8_lossy(&bytes);
                    if leg.of.peer == Peer::SignIn {
                        let body = self.body(&text, false);
                        self.exchange(leg).bodies.1 = Some(body);
                        return;
                    }
                    // 202 has no body that means anything, and many servers write "Accepted" there.
                    if !(is_accepted && hear(&text).iter().all(|one| one.kind == Kind::Unreadable)) {
                        self.said(&leg.of, leg.number, false, &text);
                    }
                }
            }
            Seen::Failed(why) => {
                let why = self.cover.text(why);
                self.end(leg, State::Failed(why));
            }
            Seen::Dropped => {
                self.end(leg, State::Dropped);
            }
        }
    }

    /// The exchange of a leg. One that went out before anybody looked is there from now on.
    fn exchange(&mut self, leg: &Leg) -> &mut Exchange {
        let Kept { exchanges, cover, .. } = self;
        exchanges.entry(leg.number).or_insert_with(|| {
            leg.secrets().iter().for_each(|value| cover.learn(value));
            Exchange { state: State::Open, ..Exchange::begin(leg, cover, false) }
        })
    }

    fn end(&mut self, leg: &Leg, state: State) -> &mut Exchange {
        let exchange = self.exchange(leg);
        exchange.took = exchange.seen_from_start.then(|| monotonic().saturating_sub(exchange.started));
        exchange.state = state;
        exchange
    }

    fn chunk(&mut self, leg: &Leg, chunk: &[u8]) {
        let exchange = self.exchange(leg);
        exchange.received += chunk.len();
        if let Reading::Unknown = exchange.reading {
            let first = chunk.iter().find(|byte| !byte.is_ascii_whitespace());
            exchange.reading = match first {
                Some(b'{' | b'[') => Reading::Whole(Vec::new()),
                _ => Reading::stream(),
            };
        }
        let mut events: Vec<SseEvent> = Vec::new();
        match &mut exchange.reading {
            Reading::Whole(bytes) if bytes.len() + chunk.len() <= READ => bytes.extend_from_slice(chunk),
            Reading::Events(parser) if parser.borrow_mut().feed(chunk, &mut events).is_ok() => {}
            reading => *reading = Reading::No,
        }
        for event in events {
            // The first event of a server of 2024 is the address to send to, that of one of 2025-11-25 only has an ID:
            // neither is a message.
            let is_message = matches!(event.kind.as_str(), "" | "message") && !event.data.is_empty();
            let said = if is_message { self.said(&leg.of, leg.number, false, &event.data) } else { Vec::new() };
            let text = (!is_message).then(|| self.cover.text(event.data.get(..500).unwrap_or(&event.data)));
            let served = Served {
                at: now(),
                kind: event.kind,
                bytes: event.data.len(),
                message: said.first().map(|message| message.id),
                text,
            };
            let exchange = self.exchange(leg);
            exchange.event_count += 1;
            exchange.events.push_back(served);
            if exchange.events.len() > EVENTS {
                exchange.events.pop_front();
            }
        }
    }

    /// A body that signs an account in.
    fn body(&mut self, text: &str, sent: bool) -> Body {
        signing::secrets(text, sent).iter().for_each(|secret| self.cover.learn_passing(secret));
        let (text, whole) = edged(text, LONGEST_BODY, |text| signing::covered(&self.cover, text, sent));
        Body { text: text.into(), whole }
    }

    /// Takes in the messages of a text that went over the wire.
    fn said(&mut self, of: &Arc<Source>, exchange: u64, sent: bool, text: &str) -> Vec<Message> {
        hear(text).into_iter().map(|one| self.take(of, exchange, sent, one)).collect()
    }

    fn take(&mut self, of: &Arc<Source>, exchange: u64, sent: bool, heard: Heard<'_>) -> Message {
        let session = of.session;
        let id = self.next;
        self.next += 1;
        let covered = self.cover.value(&heard.value);
        // What cannot be read is text, and not a value in quotes.
        let whole = match (&covered, heard.kind) {
            (serde_json::Value::String(text), Kind::Unreadable) => text.clone(),
            (covered, _) => covered.to_string(),
        };
        let (wire, _) = edged(heard.raw, LONGEST, |text| self.cover.written(text, names_a_secret));
        let is_covered = covered != heard.value || !heard.raw.starts_with(&wire);
        let mut message = Message {
            id,
            exchange,
            of: of.clone(),
            at: now(),
            sent,
            kind: heard.kind,
            method: heard.method.as_deref().map(|method| self.cover.text(method)).unwrap_or_default(),
            subject: subject(&covered),
            rpc: heard.id.as_deref().map(|rpc| self.cover.text(rpc)),
            took: None,
            pair: None,
            round_of: None,
            wire: (wire != cut(&whole, LONGEST)).then(|| wire.into()),
            text: Arc::from(cut(&whole, LONGEST)),
            bytes: heard.raw.len(),
            whole: whole.len() <= LONGEST,
            covered: is_covered,
            veiled: veiled(&heard.value, &self.cover),
        };
        match (heard.kind, &heard.id) {
            (Kind::Request, Some(rpc)) => {
                self.open.insert((session, sent, rpc.clone()), id);
                let call = (session, message.method.clone(), message.subject.clone());
                if heard.brings_input() {
                    message.round_of = self.rounds.get(&call).copied();
                }
            }
            (Kind::Result | Kind::Error, Some(rpc)) => {
                let request = self.open.remove(&(session, !sent, rpc.clone()));
                if let Some(request) = request.and_then(|id| self.known(id)) {
                    let took = message.at.saturating_sub(request.at);
                    request.took = Some(took);
                    request.pair = Some(id);
                    message.took = Some(took);
                    message.pair = Some(request.id);
                    message.method = request.method.clone();
                    message.subject = request.subject.clone();
                    message.round_of = request.round_of;
                    let call = (session, request.method.clone(), request.subject.clone());
                    let root = request.round_of.unwrap_or(request.id);
                    match heard.asks_for_input() {
                        true => drop(self.rounds.insert(call, root)),
                        false => drop(self.rounds.remove(&call)),
                    }
                }
            }
            _ => {}
        }
        self.text += message.weight();
        self.messages.push_back(message.clone());
        while self.messages.len() > MESSAGES || (self.text > TEXT && self.messages.len() > 1) {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.text = self.text.saturating_sub(oldest.weight());
            // Nobody can answer what is not there.
            if oldest.kind == Kind::Request
                && oldest.pair.is_none()
                && let Some(rpc) = oldest.rpc
            {
                self.open.remove(&(oldest.of.session, oldest.sent, rpc));
            }
        }
        message
    }

    fn known(&mut self, id: u64) -> Option<&mut Message> {
        let at = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        self.messages.get_mut(at)
    }

    fn headers(&self, leg: &Leg, headers: &[(String, String)]) -> Vec<Header> {
        let header = |(name, value): &(String, String)| {
            let secret = leg.is_secret(name);
            let decoded = mcp::inspect::decoded(value).filter(|_| !secret).map(|text| self.cover.text(&text));
            Header { name: name.clone(), value: self.cover.header(value, secret), decoded }
        };
        headers.iter().map(header).collect()
    }
}

impl Exchange {
    fn begin(leg: &Leg, cover: &Cover, seen_from_start: bool) -> Self {
        Exchange {
            number: leg.number,
            of: leg.of.clone(),
            at: now(),
            seen_from_start,
            method: leg.method,
            url: cover.address(&leg.url),
            request: Vec::new(),
            body: None,
            has_body: false,
            status: None,
            response: Vec::new(),
            waited: None,
            took: None,
            state: State::Waiting,
            received: 0,
            events: VecDeque::new(),
            event_count: 0,
            about: String::new(),
            bodies: (None, None),
            started: monotonic(),
            reading: Reading::Unknown,
        }
    }

    /// The request as a line for a shell, with variables in the place of secrets; none where the request is not known
    /// whole.
    pub fn curl(&self) -> Option<String> {
        let unknown = !self.seen_from_start || (self.has_body && self.body.is_none());
        if unknown || self.of.peer != Peer::Server {
            return None;
        }
        let headers: Vec<(String, String)> =
            self.request.iter().map(|header| (header.name.clone(), header.value.clone())).collect();
        Some(mcp::inspect::curl(self.method, &self.url, &headers, self.body.as_deref()))
    }
}

impl Message {
    /// Bytes that are kept of it.
    fn weight(&self) -> usize {
        let wire = self.wire.as_ref().map_or(0, |wire| wire.len());
        self.text.len() + wire + self.veiled.iter().map(Veiled::weight).sum::<usize>()
    }

    /// As [`Message::as_written`], where that is something else than `text`.
    pub(super) fn written_otherwise(&self) -> Option<&str> {
        self.wire.as_deref()
    }

    /// The message as it went over the wire but for what is covered, or its beginning.
    pub fn as_written(&self) -> &Arc<str> {
        self.wire.as_ref().unwrap_or(&self.text)
    }

    /// The method with what it is about: `tools/call echo`.
    pub fn about(&self) -> String {
        match self.subject.is_empty() {
            true => self.method.clone(),
            false => format!("{} {}", self.method, self.subject),
        }
    }
}

/// What a request is about.
fn subject(message: &serde_json::Value) -> String {
    let params = message.get("params");
    let member = |name: &str| params.and_then(|params| params.get(name)).and_then(serde_json::Value::as_str);
    let found = member("name").or_else(|| member("uri")).unwrap_or_default();
    found.chars().take(200).collect()
}

/// The beginning of a text, of at most so many bytes.
fn cut(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// A text as `covers` leaves it, or as much of its beginning as is kept, and whether that is all.
fn edged(text: &str, longest: usize, covers: impl FnOnce(&str) -> String) -> (String, bool) {
    let seen = cut(text, longest + EDGE);
    let mut covered = covers(seen);
    let whole = seen.len() == text.len() && covered.len() <= longest;
    if !whole {
        let kept = covered.len().saturating_sub(if seen.len() < text.len() { EDGE } else { 0 });
        covered.truncate(cut(&covered, kept.min(longest)).len());
    }
    (covered, whole)
}

#[cfg(test)]
mod tests;
