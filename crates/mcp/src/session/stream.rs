//! The standing stream, by which a server speaks without being asked: the GET of 2025, `subscriptions/listen` of 2026,
//! and the one stream of HTTP+SSE that carries everything.

use serde_json::{Value, json};

use crate::era::{Wire, y2026};
use crate::error::{OpError, Sent};
use crate::jsonrpc::quoted;
use crate::request::{LogLevel, Request};
use crate::session::calls::{Calling, Job};
use crate::session::exchange::{Exchange, Purpose};
use crate::session::{Failure, Kind, Landing, Op, Phase, Session};
use crate::types::{Era, Event, FetchId, Method, Millis, OpId};

const RETRY: Millis = 1_000;
const LONGEST: Millis = 60_000;
/// Failures in a row after which the stream is left alone until the server answers something else.
const FAILURES: u32 = 5;
/// A stream that was open for so long had not failed.
const STAYED: Millis = 10_000;

/// The state of the standing stream.
#[derive(Default)]
pub(super) struct Stream {
    /// The exchange that carries it, except for 2026-07-28, where it is an operation.
    pub(super) fetch: Option<FetchId>,
    pub(super) last_id: Option<String>,
    retry: Option<Millis>,
    failures: u32,
    opened_at: Option<Millis>,
    pub(super) reopen_at: Option<Millis>,
    /// It was left alone: the first answer of the server after then opens it again. Somebody signed in meanwhile, or the
    /// network is back.
    again_from: Option<Millis>,
    /// It was open in this session, so that the server has such streams.
    known: bool,
    /// The server does not know its session any more: a new one is what is opened again.
    lost: bool,
    /// When to look whether the server has been silent for too long.
    pub(super) look_at: Option<Millis>,
    /// When something came on it last.
    pub(super) heard: Option<Millis>,
    /// When the last ping for it was asked for.
    pinged_at: Option<Millis>,
}

/// A subscription of 2026-07-28.
#[derive(Default)]
pub(super) struct Listening {
    acknowledged: bool,
    /// Operations that are done when the server acknowledges it.
    waiting: Vec<OpId>,
    /// Older subscriptions that it replaces. They stay until it is acknowledged, so that nothing is missed between.
    replaces: Vec<OpId>,
}

/// A wish about one resource.
pub(super) struct Watching {
    pub(super) uri: String,
    pub(super) on: bool,
    /// It was not watched before, so that a failure leaves it so.
    new: bool,
}

impl Watching {
    pub(super) fn new(uri: String, on: bool) -> Self {
        Self { uri, on, new: false }
    }
}

/// What a wish changed here before the server agreed to it. Taken back if the server does not, as it would be repeated on
/// every new connection otherwise.
pub(super) enum Wish {
    /// Watching this resource.
    Watch(String),
    /// The second level in the place of the first one.
    Level(Option<LogLevel>, LogLevel),
}

impl Stream {
    pub(super) fn note(&mut self, last_id: Option<String>, retry: Option<Millis>) {
        self.last_id = last_id;
        self.retry = retry.or(self.retry);
    }

    /// The server lost the session. How often the stream failed counts on, so that a server that forgets every session
    /// is not asked for new ones without end.
    pub(super) fn lose_session(&mut self) {
        let stayed = self.opened_at;
        *self = Self { failures: self.failures, opened_at: stayed, lost: true, ..Self::default() };
    }

    /// There is a session again.
    pub(super) fn has_session(&mut self) {
        self.lost = false;
        self.reopen_at = None;
        self.again_from = None;
    }

    /// A new session in the place of the lost one could not be had: asked for later.
    pub(super) fn connect_later(&mut self, now: Millis) {
        if self.lost {
            self.reopen_later(now);
        }
    }

    /// Servers close idle streams all the time; only one that never stays open is given up.
    fn reopen_later(&mut self, now: Millis) {
        if self.opened_at.take().is_some_and(|at| now.saturating_sub(at) >= STAYED) {
            self.failures = 0;
        }
        self.failures += 1;
        if self.failures <= FAILURES {
            self.reopen_at = Some(now.saturating_add(self.retry.unwrap_or_default().max(self.pause())));
        } else {
            self.again_from = Some(now.saturating_add(LONGEST));
        }
    }

    /// The server wants a sign-in for it, which is not asked of a person for this alone. Some want it for ever: each try
    /// costs them a renewal.
    fn open_once_signed_in(&mut self, now: Millis) {
        self.failures += 1;
        self.again_from = (self.failures <= FAILURES).then(|| now.saturating_add(self.pause()));
    }

    /// How long to wait after so many failures.
    fn pause(&self) -> Millis {
        RETRY.checked_shl(self.failures.saturating_sub(1)).unwrap_or(LONGEST).min(LONGEST)
    }
}

impl Session {
    /// Opens the stream, in the way of the revision in use.
    pub(super) fn open_stream(&mut self) {
        match &self.wire {
            Some(Wire::Y2025(wire)) => {
                let headers = wire.get(self.stream.last_id.as_deref());
                let url = self.config.endpoint.clone();
                let fetch = self.fetch(Method::Get, url, headers, None);
                self.exchanges.insert(fetch, Exchange::new(Purpose::Stream));
                self.stream.fetch = Some(fetch);
            }
            Some(Wire::Y2026(_)) => {
                self.listen(Vec::new());
            }
            Some(Wire::Y2024(_)) | None => {}
        }
    }

    /// Subscribes to everything that is wanted now, in the place of every older subscription.
    fn listen(&mut self, waiting: Vec<OpId>) {
        self.stream.reopen_at = None;
        let replaces = self.listens();
        let op = OpId(self.next());
        self.ops.insert(op, Op::new(Kind::Listen(Listening { acknowledged: false, waiting, replaces })));
        self.send_listen(op);
    }

    pub(super) fn listens(&self) -> Vec<OpId> {
        let is_listen = |(_, op): &(&OpId, &Op)| matches!(op.kind, Kind::Listen(_));
        self.ops.iter().filter(is_listen).map(|(id, _)| *id).collect()
    }

    /// Ends subscriptions from our side: closing the stream is how a server is told.
    pub(super) fn end_listens(&mut self, listens: &[OpId]) {
        for op in listens {
            if let Some(fetch) = self.ops.remove(op).and_then(|op| op.flight?.fetch) {
                self.cut(fetch);
            }
        }
    }

    /// The server took a subscription on (patterns/subscriptions, "Acknowledgment").
    pub(super) fn acknowledged(&mut self, op: OpId, params: &Value) {
        let Some(Kind::Listen(listening)) = self.ops.get_mut(&op).map(|op| &mut op.kind) else {
            return self.ignored("an acknowledgment of something that is no subscription");
        };
        if std::mem::replace(&mut listening.acknowledged, true) {
            return self.ignored("a second acknowledgment of a subscription");
        }
        self.stream.opened_at = Some(self.now);
        let (waiting, replaces) = (std::mem::take(&mut listening.waiting), std::mem::take(&mut listening.replaces));
        self.end_listens(&replaces);
        let taken = params.get("notifications").cloned().unwrap_or_else(|| json!({}));
        let left = self.connected.as_ref().map(|connected| y2026::left_out(&connected.capabilities, &taken));
        // Told once, and not for each subscription that takes the place of one before.
        for listed in left.filter(|_| replaces.is_empty()).into_iter().flatten() {
            self.tell(Event::NotTold(listed));
        }
        for op in waiting {
            let Some(Kind::Watch(Watching { uri, on, .. })) = self.ops.get(&op).map(|op| &op.kind) else { continue };
            let (uri, on) = (uri.clone(), *on);
            let is_taken = crate::session::list(&taken, "resourceSubscriptions").iter().any(|taken| *taken == *uri);
            if !on || is_taken {
                self.ops.remove(&op);
                self.tell(Event::Answered { op, result: taken.clone() });
            } else {
                self.watched.retain(|known| *known != uri);
                self.fail(op, OpError::Unsupported { what: format!("changes of `{uri}`") }, Sent::Yes);
            }
        }
    }

    /// Begins to watch a resource, or ends it.
    pub(super) fn start_watch(&mut self, op: OpId) {
        let Some(Kind::Watch(watching)) = self.ops.get_mut(&op).map(|op| &mut op.kind) else { return };
        watching.new = watching.on && !self.watched.contains(&watching.uri);
        let (uri, on, new) = (watching.uri.clone(), watching.on, watching.new);
        if !self.connected.as_ref().is_some_and(|connected| y2026::can_watch(&connected.capabilities)) {
            return self.fail(op, OpError::Unsupported { what: "changes of single resources".into() }, Sent::No);
        }
        let limit = self.config.limits.watched;
        if !on {
            self.watched.retain(|known| *known != uri);
        } else if new {
            if self.watched.len() >= limit {
                return self.fail(op, OpError::TooMuch { what: "watched resources", limit }, Sent::No);
            }
            self.watched.push(uri.clone());
        }
        if !self.is_modern() {
            let method = if on { "resources/subscribe" } else { "resources/unsubscribe" };
            let request = subscription(method, &uri);
            return self.become_request(op, request, new.then_some(Wish::Watch(uri)));
        }
        let capabilities = self.connected.as_ref().map(|connected| &connected.capabilities);
        if capabilities.is_some_and(|capabilities| y2026::listen(capabilities, &self.watched, &[]).is_none()) {
            let listens = self.listens();
            self.end_listens(&listens);
            self.ops.remove(&op);
            return self.tell(Event::Answered { op, result: json!({}) });
        }
        // It is done when the server acknowledges, which has a time limit of its own.
        let rpc = self.next();
        self.fly(op, rpc, None);
        self.listen_anew(Some(op));
    }

    /// Subscribes anew, also for those who still wait for the subscription before.
    fn listen_anew(&mut self, op: Option<OpId>) {
        let mut waiting: Vec<OpId> = Vec::new();
        for entry in self.ops.values_mut() {
            if let Kind::Listen(listening) = &mut entry.kind {
                waiting.append(&mut listening.waiting);
            }
        }
        waiting.extend(op);
        self.listen(waiting);
    }

    /// A call became a task: where the server is listened to, it may tell of that too.
    pub(super) fn listen_for_tasks(&mut self) {
        if self.is_modern() && !self.listens().is_empty() {
            self.listen_anew(None);
        }
    }

    /// A wish to watch came to nothing.
    pub(super) fn unwatch_failed(&mut self, watching: Watching) {
        if watching.new {
            self.take_back(Wish::Watch(watching.uri));
        }
    }

    /// A wish came to nothing.
    pub(super) fn take_back(&mut self, wish: Wish) {
        match wish {
            Wish::Watch(uri) => self.watched.retain(|known| *known != uri),
            // Unless another wish came since.
            Wish::Level(before, level) if self.config.log_level == Some(level) => self.config.log_level = before,
            Wish::Level(..) => {}
        }
    }

    /// Chooses which log messages come.
    pub(super) fn start_level(&mut self, op: OpId, level: LogLevel) {
        if self.lacks("logging") {
            return self.fail(op, OpError::Unsupported { what: "`logging`".into() }, Sent::No);
        }
        let before = self.config.log_level.replace(level);
        if self.is_modern() {
            // Every request says it from now on.
            self.ops.remove(&op);
            return self.tell(Event::Answered { op, result: json!({}) });
        }
        self.become_request(op, set_level(level), Some(Wish::Level(before, level)));
    }

    fn become_request(&mut self, op: OpId, request: Request, wish: Option<Wish>) {
        if let Some(entry) = self.ops.get_mut(&op) {
            let mut calling = Calling::new(Job::Plain(request));
            calling.wish = wish;
            entry.kind = Kind::Call(Box::new(calling));
            self.send_call(op);
        }
    }

    /// Tells a server with a handshake again what the host wished for earlier: its new session knows nothing of it.
    pub(super) fn repeat_wishes(&mut self) {
        if let Some(level) = self.config.log_level.filter(|_| !self.lacks("logging")) {
            self.send_quietly(set_level(level));
        }
        if !self.connected.as_ref().is_some_and(|connected| y2026::can_watch(&connected.capabilities)) {
            return;
        }
        for uri in self.watched.clone() {
            self.send_quietly(subscription("resources/subscribe", &uri));
        }
    }

    pub(super) fn send_listen(&mut self, op: OpId) {
        let tasks = self.tasks_under_way();
        let capabilities = self.connected.as_ref().map(|connected| &connected.capabilities);
        let members = capabilities.and_then(|capabilities| y2026::listen(capabilities, &self.watched, &tasks));
        match members {
            Some(members) => self.send(op, "subscriptions/listen", members, None, Vec::new(), false),
            None => {
                self.ops.remove(&op);
            }
        }
    }

    /// The time has come to open the stream again.
    pub(super) fn reopen_stream(&mut self) {
        self.stream.reopen_at = None;
        match self.stream.lost {
            true => self.connect_unasked(),
            false => self.open_stream(),
        }
    }

    /// The server answered something: a stream that was left alone may work again.
    pub(super) fn open_stream_again(&mut self) {
        let is_due = self.stream.again_from.is_some_and(|at| at <= self.now);
        if is_due && self.phase == Phase::Ready && self.stream.fetch.is_none() && self.listens().is_empty() {
            self.stream.again_from = None;
            self.open_stream();
        }
    }

    /// The head of the GET says that it is a stream.
    pub(super) fn stream_opened(&mut self) {
        self.stream.known = true;
        self.stream.opened_at = Some(self.now);
        self.look_later(self.now);
        self.release();
    }

    /// The head of the GET says that there is no stream: most servers have none (405, and some say 404). One that had it in
    /// this session and answers 404 does not know the session any more: a new one is begun (2025-11-25,
    /// basic/transports, "Session Management"), as nothing else may tell for long.
    pub(super) fn stream_refused(&mut self, id: FetchId, status: u16) {
        let error = match status {
            200..300 => OpError::NotMcp { content_type: self.content_type(id) },
            _ => self.http_error(id, status, String::new()),
        };
        self.cut(id);
        self.stream.fetch = None;
        if let Phase::Connecting(op) = self.phase {
            return self.sse_failed(op, Failure { error, sent: Sent::No, status: Some(status), cut: false });
        }
        if status == 404
            && self.stream.known
            && let Some(Wire::Y2025(wire)) = &self.wire
            && let Some(session) = wire.session.clone()
        {
            self.forget_session(&session);
            return self.connect_unasked();
        }
        match status {
            401 | 403 => self.stream.open_once_signed_in(self.now),
            429 | 500.. => self.stream.reopen_later(self.now),
            _ => {}
        }
        self.release();
    }

    /// The GET stream ended or broke.
    pub(super) fn stream_lost(&mut self, error: OpError) {
        self.stream.fetch = None;
        match (&self.wire, self.phase) {
            (_, Phase::Connecting(op)) => self.sse_failed(op, Failure::new(error, Sent::Unknown)),
            (Some(Wire::Y2025(_)), _) => {
                self.stream.reopen_later(self.now);
                self.release();
            }
            (Some(Wire::Y2024(_)), _) => {
                // Every answer was to come here.
                self.wire = None;
                self.phase = Phase::Idle;
                self.stream = Stream::default();
                let flying: Vec<OpId> =
                    self.ops.iter().filter(|(_, op)| op.flight.is_some()).map(|(id, _)| *id).collect();
                for op in flying {
                    self.land(op, Err(Failure::new(error.clone(), Sent::Unknown)));
                }
                self.withdraw_asks_of_server();
                self.tell(Event::Disconnected { error });
            }
            _ => {}
        }
    }

    /// Plans to look after the stream once the server has been silent since then for as long as it may be.
    fn look_later(&mut self, since: Millis) {
        let silence = self.config.timeouts.ping;
        self.stream.look_at = (silence > 0).then(|| since.saturating_add(silence));
    }

    /// A stream that a server or a network in between forgot looks like one on which nothing happens. A server that has
    /// said nothing for long is asked whether it is there. The time is moved here, and not with every byte, so that a
    /// request needs no timer for it.
    pub(super) fn look_after_stream(&mut self) {
        let now = self.now;
        if self.stream.look_at.is_none_or(|at| at > now) {
            return;
        }
        self.stream.look_at = None;
        if self.stream.fetch.is_none() {
            return;
        }
        let silent = now.saturating_sub(self.heard) >= self.config.timeouts.ping;
        // While the person is asked or signs in, silence is what is expected.
        let idle = self.phase == Phase::Ready && self.asking_since.is_none() && self.signing_since.is_none();
        // One ping at a time: they would pile up where they are more frequent than their time limit.
        let pinging = self.ops.values().any(|op| matches!(&op.kind, Kind::Call(call) if call.quiet && call.is_ping()));
        if silent && idle && !pinging {
            self.stream.pinged_at = Some(now);
            let op = self.send_quietly(Request::new("ping", "{}"));
            self.set_timeout(op, self.config.timeouts.connect);
            self.look_later(now);
        } else {
            self.look_later(if silent { now } else { self.heard });
        }
    }

    /// One of our own requests failed. An unanswered ping takes the stream with it; any answer, an error too, shows that
    /// the server is there, and so does what came on the stream meanwhile, which can be another one since.
    pub(super) fn quietly_failed(&mut self, calling: &Calling, error: OpError) {
        let is_silence = matches!(error, OpError::Timeout { .. } | OpError::Network { .. } | OpError::NoAnswer);
        let is_dead = self.stream.pinged_at.is_some_and(|at| self.stream.heard.is_none_or(|heard| heard <= at));
        if let Some(fetch) = self.stream.fetch.filter(|_| calling.is_ping() && is_silence && is_dead) {
            self.tell(Event::Stale { error: error.clone() });
            self.cut(fetch);
            self.stream_lost(error);
        }
    }

    /// A subscription of 2026-07-28 ended: with an answer when the server shuts it down, otherwise by accident. A server
    /// that does not know the request is not asked again. An older subscription that it was to replace goes on.
    pub(super) fn listen_landed(&mut self, op: OpId, landing: Landing) {
        let Some(Kind::Listen(listening)) = self.ops.remove(&op).map(|op| op.kind) else { return };
        let (again, error) = match landing {
            Ok(_) => (true, OpError::NoAnswer),
            Err(failure) => match failure.error {
                OpError::Network { .. } | OpError::NoAnswer => (true, failure.error),
                OpError::Http { status, .. } => (status >= 500 || status == 429, failure.error),
                error => (false, error),
            },
        };
        for waiting in listening.waiting {
            self.fail(waiting, error.clone(), Sent::Yes);
        }
        let is_modern = self.connected.as_ref().is_some_and(|connected| connected.era == Era::Y2026);
        if again && is_modern && self.phase != Phase::Closed && self.listens().is_empty() {
            self.stream.reopen_later(self.now);
        }
    }

    fn release(&mut self) {
        if matches!(self.phase, Phase::Held { .. }) {
            self.phase = Phase::Ready;
        }
    }
}

fn subscription(method: &str, uri: &str) -> Request {
    Request::new(method, format!(r#"{{"uri":{}}}"#, quoted(uri)))
}

fn set_level(level: LogLevel) -> Request {
    Request::new("logging/setLevel", format!(r#"{{"level":{}}}"#, quoted(level.as_str())))
}
