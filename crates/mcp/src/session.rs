//! One connection to one server, as a state machine.
//!
//! Every operation has at most one request in flight. A request ends in exactly one landing ([`Session::land`]), whatever
//! happened to it: an answer, an error, a timeout, a broken stream. What a landing means is decided by the kind of
//! operation, so there is one place for each rule: connecting in `connect`, lists in `lists`, calls and other requests in
//! `calls`, calls that became tasks in `tasks`, questions of the server and notifications in `server`, bytes in
//! `exchange`, standing streams in `stream`, deadlines in `time`. What a host may ask for stands in `host`.

mod calls;
mod connect;
mod exchange;
mod host;
mod lists;
mod server;
mod stream;
mod tasks;
mod time;

use std::collections::VecDeque;
use std::fmt;

use serde_json::Value;

use crate::era::{Wire, y2025, y2026};
use crate::error::{OpError, Sent};
use crate::jsonrpc::{self, Answered, Members};
use crate::request::LogLevel;
use crate::table::Table;
use crate::types::{
    Again, AskId, Config, Connected, Era, Event, FetchId, HttpRequest, Input, Listed, Method, Millis, OpId, Output,
    without_query,
};
use calls::Calling;
use exchange::{Exchange, Notice, Purpose};
use lists::{Cache, Known, Listing};
use server::{Noise, Open, Progress};
use stream::{Listening, Stream, Watching};

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
    /// The lists that the server had when it was last connected.
    listed: Option<Vec<Listed>>,
    exchanges: Table<FetchId, Exchange>,
    ops: Table<OpId, Op>,
    waiting: VecDeque<OpId>,
    asks: Table<AskId, Open>,
    /// Since when at least one question has been open: time that is the person's, not the server's.
    asking_since: Option<Millis>,
    /// Since when the driver signs in; the person's time too.
    signing_since: Option<Millis>,
    tools: Table<String, Known>,
    cache: Cache,
    stream: Stream,
    /// When the server was last heard, on whatever stream.
    heard: Millis,
    /// Resources whose changes the host wants to hear of.
    watched: Vec<String>,
    /// Ids of addresses that the server asked to open, until it says that they are dealt with (2025-11-25).
    elicitations: Vec<String>,
    noise: Noise,
    changed: Vec<Listed>,
    changed_resources: Vec<String>,
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
    /// Its own time limit for each request.
    limit: Option<Millis>,
    /// Whether its last request went out in 2026-07-28: it is judged by the rules it was sent under, whatever the
    /// connection speaks when the answer comes.
    modern: bool,
    /// Whether the server had the tasks extension then.
    tasks: bool,
    progress: Progress,
}

impl Op {
    fn new(kind: Kind) -> Self {
        let progress = Progress::default();
        Self { kind, flight: None, renewed: false, limit: None, modern: false, tasks: false, progress }
    }

    /// How far it got, if it ends now.
    fn sent(&self) -> Sent {
        match &self.kind {
            _ if self.flight.is_some() => Sent::Unknown,
            Kind::Call(call) => call.sent(),
            _ => Sent::No,
        }
    }
}

enum Kind {
    /// The host wants to know what the server is.
    Connect,
    /// Connecting itself.
    Handshake(Box<connect::Handshake>),
    /// Reading a list.
    List(Box<Listing>),
    /// Calling a tool, or another request with one answer.
    Call(Box<Calling>),
    /// Watching a resource, or no longer.
    Watch(Watching),
    /// Choosing which log messages come.
    Level(LogLevel),
    /// The standing subscription of 2026-07-28.
    Listen(Listening),
}

/// A request that waits for its answer.
struct Flight {
    rpc: u64,
    /// The exchange that carries it now; none while a resumption waits, or where the answer comes on another stream.
    fetch: Option<FetchId>,
    /// The legacy session that it was sent in.
    session: Option<y2025::SessionId>,
    /// The server took it (2xx), so it may have run it, whatever is said of it later.
    taken: bool,
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
    /// The answer had begun and broke off.
    cut: bool,
}

impl Failure {
    fn new(error: OpError, sent: Sent) -> Self {
        Self { error, sent, status: None, cut: false }
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
            listed: None,
            exchanges: Table::default(),
            ops: Table::default(),
            waiting: VecDeque::new(),
            asks: Table::default(),
            asking_since: None,
            signing_since: None,
            tools: Table::default(),
            cache: Cache::default(),
            stream: Stream::default(),
            heard: now,
            watched: Vec::new(),
            elicitations: Vec::new(),
            noise: Noise::default(),
            changed: Vec::new(),
            changed_resources: Vec::new(),
            changed_at: None,
            out: VecDeque::new(),
            announced: None,
        }
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
        for (id, exchange) in self.exchanges.take() {
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
        self.cache.clear();
        self.changed_at = None;
        self.tell(Event::Closed);
    }

    /// Takes in what the driver reports. Reports about exchanges that are over are ignored.
    pub fn handle(&mut self, input: Input, now: Millis) {
        self.enter(now);
        match input {
            Input::Response { id, status, headers } => {
                self.hear(id);
                self.head(id, status, &headers);
            }
            Input::Bytes { id, chunk } => {
                self.hear(id);
                self.bytes(id, &chunk);
            }
            Input::Ended { id } => self.ended(id),
            Input::Failed { id, why, sent } => self.broken(id, why, sent),
            Input::SigningIn(true) => self.signing_since = self.signing_since.or(Some(self.now)),
            Input::SigningIn(false) => {
                if let Some(since) = self.signing_since.take() {
                    let until = self.now.saturating_add(self.config.timeouts.connect);
                    self.exchanges.values_mut().filter_map(|it| it.until.as_mut()).for_each(|at| *at = until);
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
        // Waking up too early is harmless, and cheaper than a timer for each byte that moves a deadline.
        if self.announced.is_some_and(|at| at <= next) {
            return None;
        }
        self.announced = Some(next);
        Some(Output::WakeAt(next))
    }

    fn enter(&mut self, now: Millis) {
        self.now = self.now.max(now);
    }

    /// Takes note of a sign of life of the server.
    fn hear(&mut self, id: FetchId) {
        self.heard = self.now;
        if self.stream.fetch == Some(id) {
            self.stream.heard = Some(self.now);
        }
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
        self.ops.insert(op, Op::new(kind));
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
            Some(Kind::Watch(_)) => self.start_watch(op),
            Some(Kind::Level(level)) => {
                let level = *level;
                self.start_level(op, level);
            }
            Some(Kind::Listen(_)) => self.send_listen(op),
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
                params.push(("_meta", y2026::meta(&self.config, token)));
                (self.config.endpoint.clone(), y2026::headers(method, name, mirrored))
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
        let own = match self.ops.get(&op).map(|op| &op.kind) {
            Some(Kind::Call(calling)) => calling.quiet,
            kind => matches!(kind, Some(Kind::Listen(_))),
        };
        if let Some(Output::Fetch(request)) = self.out.back_mut() {
            request.background |= own;
        }
        self.exchanges.insert(fetch, Exchange::new(Purpose::Op(op)));
        self.fly(op, rpc, Some(fetch));
    }

    fn fly(&mut self, op: OpId, rpc: u64, fetch: Option<FetchId>) {
        let (now, timeouts) = (self.now, self.config.timeouts);
        let session = self.session_id();
        let modern = self.is_modern();
        let tasks = modern && self.has_tasks();
        let Some(op) = self.ops.get_mut(&op) else { return };
        op.modern = modern;
        op.tasks = tasks;
        let (idle, total) = match op.kind {
            Kind::Listen(_) => (None, None),
            _ if op.limit.is_some() => (None, op.limit),
            Kind::Handshake(_) | Kind::Connect | Kind::Watch(_) => (None, Some(timeouts.connect)),
            Kind::List(_) | Kind::Call(_) | Kind::Level(_) => (Some(timeouts.idle), Some(timeouts.total)),
        };
        op.flight = Some(Flight {
            rpc,
            fetch,
            session,
            taken: false,
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
        // The first stream of a server of 2024 is how one connects.
        let beside = method == Method::Get && matches!(self.phase, Phase::Ready | Phase::Held { .. });
        let background = beside || self.connects_quietly();
        self.out.push_back(Output::Fetch(HttpRequest { id, method, url, headers, body, background }));
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
        let mut exchange = Exchange::new(Purpose::Notice(notice));
        // The last step of a handshake has the limit of its operation.
        exchange.until = (notice == Notice::Other).then(|| self.now.saturating_add(self.config.timeouts.connect));
        exchange.session = self.session_id();
        self.exchanges.insert(fetch, exchange);
        Some(fetch)
    }

    /// Whether an operation changes nothing on the server, so that it may be asked for twice.
    fn only_reads(&self, op: OpId) -> bool {
        match self.ops.get(&op).map(|op| &op.kind) {
            Some(Kind::List(_)) => true,
            Some(Kind::Call(calling)) => calling.only_reads(),
            _ => false,
        }
    }

    /// Whether the request of an operation may go out again although the server may have run it: it changes nothing, or
    /// is about a task, which a server takes note of once.
    fn may_repeat(&self, op: OpId) -> bool {
        self.only_reads(op)
            || matches!(self.ops.get(&op).map(|op| &op.kind), Some(Kind::Call(calling)) if calling.task.is_some())
    }

    /// Whether an operation is a request that the host did not ask for.
    fn is_quiet(&self, op: OpId) -> bool {
        matches!(self.ops.get(&op).map(|op| &op.kind), Some(Kind::Call(calling)) if calling.quiet)
    }

    /// Whether the last request of an operation went out in 2026-07-28.
    fn was_modern(&self, op: OpId) -> bool {
        self.ops.get(&op).is_some_and(|op| op.modern)
    }

    /// The legacy session in use.
    fn session_id(&self) -> Option<y2025::SessionId> {
        match &self.wire {
            Some(Wire::Y2025(wire)) => wire.session.clone(),
            _ => None,
        }
    }

    /// Whether the connection speaks 2026-07-28.
    fn is_modern(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.era() == Era::Y2026)
    }

    /// Whether the server does not have a capability, so that it must not be asked (2025-11-25, basic/lifecycle:
    /// "only use capabilities that were successfully negotiated").
    fn lacks(&self, capability: &str) -> bool {
        self.connected.as_ref().is_some_and(|connected| !connected.has(capability))
    }

    fn check_extensions(&self) -> Result<(), OpError> {
        let unusable = |(name, settings): &&(String, Value)| !crate::era::is_extension(name) || !settings.is_object();
        match self.config.extensions.iter().find(unusable) {
            Some((name, _)) => Err(OpError::Extension { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Ends the request of an operation and decides what follows.
    fn land(&mut self, op: OpId, landing: Landing) {
        let Some(entry) = self.ops.get_mut(&op) else { return };
        let Some(flight) = entry.flight.take() else { return };
        let (renewed, modern) = (entry.renewed, entry.modern);
        if let Some(fetch) = flight.fetch {
            self.drain(fetch, landing.is_ok());
        }
        self.withdraw_asks_of(op);
        let kind = match self.ops.get(&op) {
            Some(Op { kind: Kind::Handshake(_), .. }) => return self.handshake_landed(op, landing),
            Some(Op { kind: Kind::Listen(_), .. }) => return self.listen_landed(op, landing),
            Some(Op { kind: Kind::Connect | Kind::Watch(_) | Kind::Level(_), .. }) | None => return,
            Some(Op { kind, .. }) => kind,
        };
        let is_list = matches!(kind, Kind::List(_));
        if landing.is_ok() {
            self.open_stream_again();
        }
        match landing {
            Err(failure) => match flight.session {
                Some(session) if !renewed && y2025::is_lost(&failure.error, failure.status) => {
                    self.forget_session(&session);
                    self.again_unless_taken(op, flight.taken, failure, Again::NewSession);
                }
                _ if !renewed && modern && y2026::is_other_version(&failure.error) => {
                    self.forget_version();
                    self.again_unless_taken(op, flight.taken, failure, Again::Version);
                }
                _ if !renewed && modern && failure.cut && self.only_reads(op) => self.put_back(op, Again::Read),
                _ => self.failed(op, failure),
            },
            Ok(answered) if is_list => self.page(op, answered),
            Ok(answered) => self.call_answered(op, answered),
        }
    }

    /// Puts an operation back that the server refused to take. One that it had taken may have been run, and only what may
    /// be repeated goes out again (X114).
    fn again_unless_taken(&mut self, op: OpId, taken: bool, failure: Failure, why: Again) {
        if !taken || self.may_repeat(op) {
            return self.put_back(op, why);
        }
        self.failed(op, failure);
        self.connect_unasked();
    }

    /// Fails an operation for the host, or takes the consequences for one of our own.
    fn fail(&mut self, op: OpId, error: OpError, sent: Sent) {
        self.withdraw_asks_of(op);
        self.waiting.retain(|waiting| *waiting != op);
        let Some(entry) = self.ops.remove(&op) else { return };
        match entry.kind {
            Kind::List(listing) if listing.for_call.is_some() => {
                if let Some(call) = listing.for_call {
                    self.fail(call, error, Sent::No);
                }
            }
            Kind::Handshake(_) | Kind::Listen(_) => {}
            Kind::Call(calling) if calling.quiet => self.quietly_failed(&calling, error),
            kind => {
                match kind {
                    Kind::Watch(watching) => self.unwatch_failed(watching),
                    Kind::Call(calling) => calling.wish.into_iter().for_each(|wish| self.take_back(wish)),
                    _ => {}
                }
                self.tell(Event::Failed { op, error, sent });
            }
        }
    }

    /// Stops an operation from our side, by the host's wish or by a timeout.
    fn abandon(&mut self, op: OpId, error: OpError, reason: &str) {
        let Some(entry) = self.ops.get_mut(&op) else { return };
        let sent = entry.sent();
        let is_request = match &entry.kind {
            Kind::List(_) => true,
            Kind::Call(call) => call.task.is_none(),
            _ => false,
        };
        // A task is not stopped by the end of the connection: the host may go on with it later.
        let cancel = match &entry.kind {
            Kind::Call(call) if error != OpError::Closed => call.task.as_ref().map(tasks::Task::cancel),
            _ => None,
        };
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
        if let Some(cancel) = cancel
            && self.can_cancel_tasks()
        {
            self.send_quietly(cancel);
        }
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

/// Adds a text to a short list, once. Such lists are no sets because every kind of set is a kilobyte or two of the program.
fn add(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// A member of an object as a list, empty if it is none.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
