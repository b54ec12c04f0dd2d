//! One connection to one server, as a state machine.
//!
//! Every operation has at most one request in flight. A request ends in exactly one landing ([`Session::land`]), whatever
//! happened to it: an answer, an error, a timeout, a broken stream. What a landing means is decided by the kind of
//! operation, so there is one place for each rule: connecting in `connect`, lists and calls in `tools`, questions of the
//! server and notifications in `server`, bytes in `exchange`, standing streams in `stream`.

mod connect;
mod exchange;
mod server;
mod stream;
mod tools;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use serde_json::Value;

use crate::era::{Wire, y2025};
use crate::error::{OpError, Sent};
use crate::headers::{is_token, is_value};
use crate::jsonrpc::{self, Answered, Members};
use crate::types::{
    Answer, AskId, CallTool, Config, Connected, Event, FetchId, HttpRequest, Input, Listed, Method, Millis, OpId,
    Output, without_query,
};
use exchange::{Exchange, Notice, Purpose};
use server::{Noise, Open, Progress};
use stream::Stream;
use tools::{Calling, Known, Listing};

/// How long a finished response may stay open before it is cut off. Letting it end by itself keeps its connection
/// usable for the next request.
const DRAIN: Millis = 1_000;

/// One connection to one server.
pub struct Session {
    config: Config,
    now: Millis,
    ids: u64,
    phase: Phase,
    wire: Option<Wire>,
    connected: Option<Connected>,
    exchanges: BTreeMap<FetchId, Exchange>,
    ops: BTreeMap<OpId, Op>,
    waiting: VecDeque<OpId>,
    asks: BTreeMap<AskId, Open>,
    /// Since when at least one question has been open: time that is the person's, not the server's.
    asking_since: Option<Millis>,
    /// Since when the driver signs in; the person's time too.
    signing_since: Option<Millis>,
    tools: BTreeMap<String, Known>,
    stream: Stream,
    noise: Noise,
    changed: BTreeSet<Listed>,
    changed_at: Option<Millis>,
    out: VecDeque<Output>,
    announced: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing stands; the next operation connects.
    Idle,
    /// Connecting, by this internal operation.
    Connecting(OpId),
    /// Connected, but operations wait until the standing stream is open, so that no question of the server is lost.
    Held { until: Millis },
    /// Operations run.
    Ready,
    /// Over.
    Closed,
}

/// One operation, the host's or our own.
struct Op {
    kind: Kind,
    flight: Option<Flight>,
    /// It was put back once because the session was lost.
    renewed: bool,
    progress: Progress,
}

enum Kind {
    /// The host wants to know what the server is.
    Connect,
    /// Connecting itself.
    Handshake(connect::Handshake),
    /// Listing tools.
    List(Listing),
    /// Calling a tool.
    Call(Box<Calling>),
    /// The standing subscription of 2026-07-28.
    Listen,
}

/// A request that waits for its answer.
struct Flight {
    rpc: u64,
    /// The exchange that carries it now; none while a resumption waits, or where the answer comes on another stream.
    fetch: Option<FetchId>,
    /// The legacy session that it was sent in.
    session: Option<y2025::SessionId>,
    started: Millis,
    active: Millis,
    idle: Option<Millis>,
    total: Option<Millis>,
    last_id: Option<String>,
    retry: Option<Millis>,
    resumes: u32,
    resume_at: Option<Millis>,
}

/// Why a request has no answer.
struct Failure {
    error: OpError,
    sent: Sent,
    /// The HTTP status, where there was one.
    status: Option<u16>,
}

impl Failure {
    fn new(error: OpError, sent: Sent) -> Self {
        Self { error, sent, status: None }
    }
}

/// How a request ended.
type Landing = Result<Answered, Failure>;

impl Session {
    /// A session that has not sent anything yet. `now` is the time by the caller's clock, as everywhere.
    pub fn new(config: Config, now: Millis) -> Self {
        Self {
            config,
            now,
            ids: 0,
            phase: Phase::Idle,
            wire: None,
            connected: None,
            exchanges: BTreeMap::new(),
            ops: BTreeMap::new(),
            waiting: VecDeque::new(),
            asks: BTreeMap::new(),
            asking_since: None,
            signing_since: None,
            tools: BTreeMap::new(),
            stream: Stream::default(),
            noise: Noise::default(),
            changed: BTreeSet::new(),
            changed_at: None,
            out: VecDeque::new(),
            announced: None,
        }
    }

    /// What the connection turned out to be, once it stands.
    pub fn connected(&self) -> Option<&Connected> {
        self.connected.as_ref()
    }

    /// Connects now. Other operations connect by themselves; this one is for learning what the server is. Ends with
    /// [`Event::Connected`] or [`Event::Failed`].
    pub fn connect(&mut self, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        match (&self.phase, &self.connected) {
            (Phase::Ready | Phase::Held { .. }, Some(connected)) => {
                let event = Event::Connected(connected.clone());
                self.tell(event);
            }
            _ => self.enqueue(op, Kind::Connect),
        }
        self.advance();
        op
    }

    /// Lists all tools, page by page. Ends with [`Event::Tools`] or [`Event::Failed`].
    pub fn list_tools(&mut self, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        self.enqueue(op, Kind::List(Listing::default()));
        self.advance();
        op
    }

    /// Calls a tool. Ends with [`Event::Called`] or [`Event::Failed`]. It is never sent twice, unless the server surely
    /// has not run it ([`Event::SentAgain`]).
    pub fn call_tool(&mut self, call: CallTool, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        if let Err(error) = tools::check_arguments(&call.arguments, self.config.limits.depth) {
            self.tell(Event::Failed { op, error, sent: Sent::No });
        } else {
            self.enqueue(op, Kind::Call(Box::new(Calling::new(call))));
        }
        self.advance();
        op
    }

    /// Gives up on an operation: it fails at once with [`OpError::Cancelled`], and the server is told in the way its
    /// revision knows. A late answer is thrown away (X116). Unknown and finished operations are ignored.
    pub fn cancel(&mut self, op: OpId, now: Millis) {
        self.enter(now);
        self.abandon(op, OpError::Cancelled, "cancelled by the user");
        self.advance();
    }

    /// Answers a question of the server. An answer to a question that is void is ignored.
    pub fn answer(&mut self, ask: AskId, answer: Answer, now: Millis) {
        self.enter(now);
        self.answered(ask, answer);
        self.advance();
    }

    /// Ends the session: what is open fails with [`OpError::Closed`], a legacy server is told to forget its session, and
    /// [`Event::Closed`] is the last event. Let a request that this asks for run to its end; nothing about it needs to
    /// be reported.
    pub fn close(&mut self, now: Millis) {
        self.enter(now);
        if self.phase == Phase::Closed {
            return;
        }
        for op in self.ops.keys().copied().collect::<Vec<_>>() {
            self.abandon(op, OpError::Closed, "closed by the user");
        }
        for (id, exchange) in std::mem::take(&mut self.exchanges) {
            if !matches!(exchange.purpose, Purpose::Notice(_)) {
                self.out.push_back(Output::Cancel(id));
            }
        }
        if let Some(Wire::Y2025(wire)) = &self.wire
            && let Some(headers) = wire.delete()
        {
            let url = self.config.endpoint.clone();
            self.fetch(Method::Delete, url, headers, None);
        }
        self.phase = Phase::Closed;
        self.wire = None;
        self.stream = Stream::default();
        self.changed_at = None;
        self.tell(Event::Closed);
    }

    /// Takes in what the driver reports. Reports about exchanges that are over are ignored.
    pub fn handle(&mut self, input: Input, now: Millis) {
        self.enter(now);
        match input {
            Input::Response { id, status, headers } => self.head(id, status, &headers),
            Input::Bytes { id, chunk } => self.bytes(id, &chunk),
            Input::Ended { id } => self.ended(id),
            Input::Failed { id, why, sent } => self.broken(id, why, sent),
            Input::SigningIn(true) => self.signing_since = self.signing_since.or(Some(self.now)),
            Input::SigningIn(false) => {
                if let Some(since) = self.signing_since.take() {
                    self.forgive(since);
                }
            }
            Input::Tick => self.announced = None,
        }
        self.due();
        self.advance();
    }

    /// The next thing to do, until there is nothing left.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.out.pop_front() {
            return Some(output);
        }
        let next = self.next_deadline()?;
        if self.announced == Some(next) {
            return None;
        }
        self.announced = Some(next);
        Some(Output::WakeAt(next))
    }

    fn enter(&mut self, now: Millis) {
        self.now = self.now.max(now);
    }

    fn next(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn enqueue(&mut self, op: OpId, kind: Kind) {
        if self.phase == Phase::Closed {
            self.tell(Event::Failed { op, error: OpError::Closed, sent: Sent::No });
            return;
        }
        self.ops.insert(op, Op { kind, flight: None, renewed: false, progress: Progress::default() });
        self.waiting.push_back(op);
    }

    /// Starts what can be started.
    fn advance(&mut self) {
        while !self.waiting.is_empty() {
            match self.phase {
                Phase::Idle => self.begin_connect(),
                Phase::Ready => {
                    if let Some(op) = self.waiting.pop_front() {
                        self.start(op);
                    }
                }
                Phase::Connecting(_) | Phase::Held { .. } | Phase::Closed => return,
            }
        }
    }

    fn start(&mut self, op: OpId) {
        match self.ops.get(&op).map(|op| &op.kind) {
            Some(Kind::Connect) => {
                self.ops.remove(&op);
            }
            Some(Kind::List(_)) => self.send_list(op),
            Some(Kind::Call(_)) => self.send_call(op),
            Some(Kind::Listen) => self.send_listen(op),
            Some(Kind::Handshake(_)) | None => {}
        }
    }

    /// Sends a request of `op` in the way of the revision in use. `name` and `mirrored` only matter to 2026-07-28.
    fn send(
        &mut self,
        op: OpId,
        method: &str,
        mut params: Members,
        name: Option<&str>,
        mirrored: Vec<(String, String)>,
        progress: bool,
    ) {
        let rpc = self.next();
        let token = progress.then_some(op.0);
        let (url, headers) = match &self.wire {
            Some(Wire::Y2026(_)) => {
                params.push(("_meta", crate::era::y2026::meta(&self.config, token)));
                (self.config.endpoint.clone(), crate::era::y2026::headers(method, name, mirrored))
            }
            wire => {
                params.extend(token.map(|token| ("_meta", format!(r#"{{"progressToken":{token}}}"#))));
                match wire {
                    Some(Wire::Y2024(wire)) => (wire.post.clone(), crate::era::post_headers()),
                    Some(Wire::Y2025(wire)) => (self.config.endpoint.clone(), wire.post()),
                    _ => (self.config.endpoint.clone(), crate::era::post_headers()),
                }
            }
        };
        let body = jsonrpc::request(rpc, method, &params);
        let fetch = self.fetch(Method::Post, url, headers, Some(body));
        self.exchanges.insert(fetch, Exchange::new(Purpose::Op(op)));
        self.fly(op, rpc, Some(fetch));
    }

    fn fly(&mut self, op: OpId, rpc: u64, fetch: Option<FetchId>) {
        let (now, timeouts) = (self.now, self.config.timeouts);
        let session = match &self.wire {
            Some(Wire::Y2025(wire)) => wire.session.clone(),
            _ => None,
        };
        let Some(op) = self.ops.get_mut(&op) else { return };
        let (idle, total) = match op.kind {
            Kind::Handshake(_) | Kind::Connect => (None, Some(timeouts.connect)),
            Kind::List(_) | Kind::Call(_) => (Some(timeouts.idle), Some(timeouts.total)),
            Kind::Listen => (None, None),
        };
        op.flight = Some(Flight {
            rpc,
            fetch,
            session,
            started: now,
            active: now,
            idle,
            total,
            last_id: None,
            retry: None,
            resumes: 0,
            resume_at: None,
        });
    }

    /// Asks the driver for an HTTP exchange. The host's headers come last and never replace one of the protocol.
    fn fetch(
        &mut self,
        method: Method,
        url: String,
        mut headers: Vec<(String, String)>,
        body: Option<String>,
    ) -> FetchId {
        let id = FetchId(self.next());
        for (name, value) in &self.config.headers {
            if !headers.iter().any(|(taken, _)| taken.eq_ignore_ascii_case(name)) {
                headers.push((name.clone(), value.clone()));
            }
        }
        self.out.push_back(Output::Fetch(HttpRequest { id, method, url, headers, body }));
        id
    }

    /// Sends a notification, or an answer to a request of the server.
    fn post_notice(&mut self, notice: Notice, body: String) -> Option<FetchId> {
        let (url, headers) = match &self.wire {
            Some(Wire::Y2024(wire)) => (wire.post.clone(), crate::era::post_headers()),
            Some(Wire::Y2025(wire)) => (self.config.endpoint.clone(), wire.post()),
            Some(Wire::Y2026(_)) | None => return None,
        };
        let fetch = self.fetch(Method::Post, url, headers, Some(body));
        self.exchanges.insert(fetch, Exchange::new(Purpose::Notice(notice)));
        Some(fetch)
    }

    fn check_headers(&self) -> Result<(), OpError> {
        match self.config.headers.iter().find(|(name, value)| !is_token(name) || !is_value(value)) {
            Some((name, _)) => Err(OpError::Header { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Ends the request of an operation and decides what follows.
    fn land(&mut self, op: OpId, landing: Landing) {
        let Some(entry) = self.ops.get_mut(&op) else { return };
        let Some(flight) = entry.flight.take() else { return };
        let renewed = entry.renewed;
        if let Some(fetch) = flight.fetch {
            self.drain(fetch, landing.is_ok());
        }
        self.withdraw_asks_of(op);
        let kind = match self.ops.get(&op) {
            Some(Op { kind: Kind::Handshake(_), .. }) => return self.handshake_landed(op, landing),
            Some(Op { kind: Kind::Listen, .. }) => return self.listen_landed(op, landing),
            Some(Op { kind: Kind::Connect, .. }) | None => return,
            Some(Op { kind, .. }) => kind,
        };
        let is_list = matches!(kind, Kind::List(_));
        match landing {
            Err(failure) => match flight.session {
                Some(session) if !renewed && y2025::is_lost(&failure.error, failure.status) => self.renew(op, &session),
                _ => self.failed(op, failure),
            },
            Ok(answered) if is_list => self.page(op, answered),
            Ok(answered) => self.call_answered(op, answered),
        }
    }

    /// Fails an operation for the host, or takes the consequences for one of our own.
    fn fail(&mut self, op: OpId, error: OpError, sent: Sent) {
        self.withdraw_asks_of(op);
        self.waiting.retain(|waiting| *waiting != op);
        let Some(entry) = self.ops.remove(&op) else { return };
        match entry.kind {
            Kind::List(Listing { for_call: Some(call), .. }) => self.fail(call, error, Sent::No),
            Kind::Handshake(_) | Kind::Listen => {}
            Kind::Connect | Kind::List(_) | Kind::Call(_) => self.tell(Event::Failed { op, error, sent }),
        }
    }

    /// Stops an operation from our side, by the host's wish or by a timeout.
    fn abandon(&mut self, op: OpId, error: OpError, reason: &str) {
        let Some(entry) = self.ops.get_mut(&op) else { return };
        let sent = match (&entry.flight, &entry.kind) {
            (Some(_), _) => Sent::Unknown,
            (None, Kind::Call(call)) if call.is_asking() => Sent::Yes,
            (None, _) => Sent::No,
        };
        let is_request = matches!(entry.kind, Kind::List(_) | Kind::Call(_));
        if let Some(flight) = entry.flight.take() {
            if let Some(fetch) = flight.fetch {
                self.cut(fetch);
            }
            if is_request {
                let params = vec![("requestId", flight.rpc.to_string()), ("reason", jsonrpc::quoted(reason))];
                self.post_notice(Notice::Other, jsonrpc::notification("notifications/cancelled", &params));
            }
        }
        let helper = self.ops.iter().find_map(|(id, other)| match &other.kind {
            Kind::List(listing) if listing.for_call == Some(op) => Some(*id),
            _ => None,
        });
        self.fail(op, error.clone(), sent);
        if let Some(helper) = helper {
            self.abandon(helper, error, reason);
        }
    }

    /// Lets a response that is no longer needed end by itself, or cuts it off.
    fn drain(&mut self, id: FetchId, gently: bool) {
        match self.exchanges.get_mut(&id) {
            Some(exchange) if gently => exchange.drain(self.now + DRAIN),
            Some(_) => self.cut(id),
            None => {}
        }
    }

    fn cut(&mut self, id: FetchId) {
        if self.exchanges.remove(&id).is_some() {
            self.out.push_back(Output::Cancel(id));
        }
    }

    /// When a request is given up, if the person is not the one who is being waited for.
    fn deadline(&self, op: &Op) -> Option<(Millis, Millis)> {
        let flight = op.flight.as_ref()?;
        let asking = self.asking_since.is_some() && !matches!(op.kind, Kind::Handshake(_));
        if asking || self.signing_since.is_some() {
            return None;
        }
        let idle = flight.idle.map(|idle| (flight.active + idle, idle));
        let total = flight.total.map(|total| (flight.started + total, total));
        idle.into_iter().chain(total).min()
    }

    fn next_deadline(&self) -> Option<Millis> {
        let ops = self.ops.values().flat_map(|op| {
            let resume = op.flight.as_ref().and_then(|flight| flight.resume_at);
            [self.deadline(op).map(|(at, _)| at), resume, op.progress.due()]
        });
        let drains = self.exchanges.values().map(Exchange::drained_at);
        let held = match self.phase {
            Phase::Held { until } => Some(until),
            _ => None,
        };
        ops.chain(drains).chain([held, self.stream.reopen_at, self.changed_at]).flatten().min()
    }

    /// Does everything whose time has come.
    fn due(&mut self) {
        let now = self.now;
        if matches!(self.phase, Phase::Held { until } if until <= now) {
            self.phase = Phase::Ready;
        }
        let drained = self.exchanges.iter().filter(|(_, exchange)| exchange.drained_at().is_some_and(|at| at <= now));
        for id in drained.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.cut(id);
        }
        let late = self.ops.iter().filter_map(|(id, op)| {
            self.deadline(op).filter(|(at, _)| *at <= now).map(|(_, waited)| (*id, waited.div_ceil(1000)))
        });
        for (op, seconds) in late.collect::<Vec<_>>() {
            self.late(op, seconds);
        }
        let resumes = self
            .ops
            .iter()
            .filter(|(_, op)| op.flight.as_ref().and_then(|flight| flight.resume_at).is_some_and(|at| at <= now));
        for op in resumes.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.resume(op);
        }
        if self.stream.reopen_at.is_some_and(|at| at <= now) {
            self.stream.reopen_at = None;
            self.open_stream();
        }
        self.tell_progress();
        self.tell_changes();
    }

    fn late(&mut self, op: OpId, seconds: u64) {
        let error = OpError::Timeout { seconds };
        if matches!(self.ops.get(&op).map(|op| &op.kind), Some(Kind::Handshake(_))) {
            if let Some(fetch) = self.ops.get(&op).and_then(|op| op.flight.as_ref()?.fetch) {
                self.cut(fetch);
            }
            self.land(op, Err(Failure::new(error, Sent::Unknown)));
        } else {
            self.abandon(op, error, "timed out");
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("endpoint", &without_query(&self.config.endpoint))
            .field("phase", &self.phase)
            .field("era", &self.wire.as_ref().map(Wire::era))
            .field("ops", &self.ops.len())
            .field("exchanges", &self.exchanges.len())
            .finish_non_exhaustive()
    }
}

/// A member of an object as a list, empty if it is none.
fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
