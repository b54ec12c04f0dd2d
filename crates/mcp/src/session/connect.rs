//! Finding out what the server speaks.
//!
//! A modern request first. If that does not show a modern server, `initialize` with nothing but a content type and what
//! to accept, because older servers allow browsers a fixed list of headers. If that is refused like an unknown address,
//! the stream of 2024-11-05. The first refusal that says something is what is reported if nothing works.

use serde_json::Value;

use crate::era::y2026::Verdict;
use crate::era::{Wire, y2024, y2025, y2026};
use crate::error::{OpError, Sent};
use crate::headers;
use crate::jsonrpc;
use crate::revision::Revision;
use crate::session::exchange::{Exchange, Notice, Purpose};
use crate::session::stream::Stream;
use crate::session::{Failure, Kind, Landing, Op, Phase, Session};
use crate::types::{Again, Connected, Era, EraChoice, Event, Listed, Method, Millis, OpId};

/// Longest wait of operations for the standing stream to open.
const HOLD: Millis = 500;

/// The state of connecting.
pub(super) struct Handshake {
    step: Step,
    /// Asked once more for the modern version already.
    corrected: bool,
    /// The revision that the server named when it refused the one of the first `initialize`.
    named: Option<Revision>,
    /// What to report if the last way fails too.
    first: Option<Failure>,
    /// What the server turned out to be, until the last step is done.
    found: Option<Connected>,
    session: Option<y2025::SessionId>,
    /// Only requests of our own wait for it, so that no person is asked to sign in because of it.
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Discover,
    Initialize,
    /// The GET of HTTP+SSE is open or opening; its first event names where to post.
    Endpoint,
    InitializeOnStream,
    Initialized,
}

impl Session {
    pub(super) fn begin_connect(&mut self) {
        let op = OpId(self.next());
        let handshake = Handshake {
            step: Step::Discover,
            corrected: false,
            named: None,
            first: None,
            found: None,
            session: None,
            quiet: self.waiting.iter().all(|op| self.is_quiet(*op)),
        };
        self.ops.insert(op, Op::new(Kind::Handshake(Box::new(handshake))));
        self.phase = Phase::Connecting(op);
        if let Err(error) = headers::check(&self.config.headers).and_then(|()| self.check_extensions()) {
            return self.give_up(op, Failure::new(error, Sent::No));
        }
        // A connection that is made anew speaks what it spoke before.
        match (self.config.era, self.connected.as_ref().map(|connected| connected.era)) {
            (EraChoice::Exact(revision), _) if !revision.has_handshake() => self.discover(op),
            (EraChoice::Auto, Some(Era::Y2025)) | (EraChoice::Legacy | EraChoice::Exact(_), _) => self.initialize(op),
            (EraChoice::Auto, Some(Era::Y2024)) | (EraChoice::LegacySse, _) => self.open_sse(op),
            (EraChoice::Auto | EraChoice::Modern, _) => self.discover(op),
        }
    }

    fn handshake(&mut self, op: OpId) -> Option<&mut Handshake> {
        match &mut self.ops.get_mut(&op)?.kind {
            Kind::Handshake(handshake) => Some(handshake),
            _ => None,
        }
    }

    /// Whether a connection is being made for requests of our own only.
    pub(super) fn connects_quietly(&self) -> bool {
        let Phase::Connecting(op) = self.phase else { return false };
        matches!(self.ops.get(&op).map(|op| &op.kind), Some(Kind::Handshake(handshake)) if handshake.quiet)
    }

    fn step(&mut self, op: OpId, step: Step) {
        if let Some(handshake) = self.handshake(op) {
            handshake.step = step;
        }
    }

    fn discover(&mut self, op: OpId) {
        self.step(op, Step::Discover);
        self.wire = Some(Wire::Y2026(y2026::Wire));
        self.send(op, "server/discover", Vec::new(), None, Vec::new(), false);
    }

    fn initialize(&mut self, op: OpId) {
        self.step(op, Step::Initialize);
        self.wire = None;
        let named = self.handshake(op).and_then(|handshake| handshake.named);
        let version = match (self.config.era, named) {
            (EraChoice::Exact(revision), _) | (_, Some(revision)) => revision.as_str(),
            _ => y2025::LATEST,
        };
        let params = y2025::initialize(&self.config, version);
        self.send(op, "initialize", params, None, Vec::new(), false);
    }

    /// Opens the stream of 2024-11-05. The GET has no answer of its own; the handshake waits for its first event.
    fn open_sse(&mut self, op: OpId) {
        self.step(op, Step::Endpoint);
        self.wire = None;
        let url = self.config.endpoint.clone();
        let headers = vec![crate::era::header("Accept", "text/event-stream")];
        let fetch = self.fetch(Method::Get, url, headers, None);
        self.exchanges.insert(fetch, Exchange::new(Purpose::Stream));
        self.stream.fetch = Some(fetch);
        let rpc = self.next();
        self.fly(op, rpc, None);
    }

    /// The `endpoint` event of HTTP+SSE.
    pub(super) fn endpoint_named(&mut self, address: &str) {
        let Phase::Connecting(op) = self.phase else {
            return self.ignored("an `endpoint` event on a connection that has its address");
        };
        if self.handshake(op).is_none_or(|handshake| handshake.step != Step::Endpoint) {
            return self.ignored("an `endpoint` event on a connection that has its address");
        }
        match y2024::resolve(&self.config.endpoint, address) {
            Err(error) => self.give_up(op, Failure::new(error, Sent::No)),
            Ok(post) => {
                self.wire = Some(Wire::Y2024(y2024::Wire { post }));
                self.step(op, Step::InitializeOnStream);
                let params = y2025::initialize(&self.config, y2024::LATEST);
                self.send(op, "initialize", params, None, Vec::new(), false);
            }
        }
    }

    /// The GET of HTTP+SSE was refused or broke off before the handshake was done.
    pub(super) fn sse_failed(&mut self, op: OpId, failure: Failure) {
        let first = self.handshake(op).and_then(|handshake| match handshake.step {
            Step::Endpoint if !matches!(failure.error, OpError::SignIn { .. }) => handshake.first.take(),
            _ => None,
        });
        self.give_up(op, first.unwrap_or(failure));
    }

    /// Remembers the session id of the response that carries the handshake's answer.
    pub(super) fn note_session(&mut self, op: OpId, id: Option<String>) {
        let id = id.as_deref().and_then(y2025::SessionId::new);
        if let Some(handshake) = self.handshake(op)
            && handshake.step == Step::Initialize
        {
            handshake.session = id;
        }
    }

    /// A request of the handshake ended.
    pub(super) fn handshake_landed(&mut self, op: OpId, landing: Landing) {
        let Some(step) = self.handshake(op).map(|handshake| handshake.step) else { return };
        match (step, landing) {
            (Step::Discover, landing) => self.discovered(op, landing),
            (Step::Initialize, Ok(answered)) => self.initialized(op, Era::Y2025, &answered.result),
            (Step::InitializeOnStream, Ok(answered)) => self.initialized(op, Era::Y2024, &answered.result),
            (Step::Initialize, Err(failure)) => {
                let unknown_here = matches!(failure.status, Some(400 | 404 | 405))
                    && !matches!(failure.error, OpError::Rpc { code: -32099..=-32020, .. });
                let unreachable = failure.status.is_none()
                    && failure.sent != Sent::No
                    && matches!(failure.error, OpError::Network { .. });
                let probe = self.config.era == EraChoice::Auto
                    && y2026::is_modern_error(&failure.error)
                    && self.handshake(op).is_some_and(|handshake| !handshake.corrected);
                // Neither of the other revisions has HTTP+SSE.
                let sse = matches!(self.config.era, EraChoice::Auto | EraChoice::Legacy)
                    || self.config.era == EraChoice::Exact(Revision::V2024_11_05);
                let named = match (&failure.error, self.config.era) {
                    (_, EraChoice::Exact(_)) => None,
                    (OpError::Rpc { data: Some(data), .. }, _) => {
                        y2025::best_of(crate::session::list(data, "supported"))
                    }
                    _ => None,
                };
                if named.is_some() && self.handshake(op).is_some_and(|handshake| handshake.named.is_none()) {
                    // 2025-11-25, basic/lifecycle, "Error Handling": some servers refuse instead of naming another one.
                    if let Some(handshake) = self.handshake(op) {
                        handshake.named = named;
                    }
                    self.initialize(op);
                } else if probe {
                    // The server was set up anew since: what it spoke is no longer what it speaks.
                    self.discover(op);
                } else if sse && (unknown_here || unreachable) {
                    if let Some(handshake) = self.handshake(op) {
                        handshake.first = Some(failure);
                    }
                    self.open_sse(op);
                } else {
                    self.give_up(op, failure);
                }
            }
            (Step::Endpoint | Step::InitializeOnStream, Err(failure)) => self.sse_failed(op, failure),
            (Step::Initialized, Err(failure)) => self.give_up(op, failure),
            (Step::Endpoint | Step::Initialized, Ok(_)) => {}
        }
    }

    fn discovered(&mut self, op: OpId, landing: Landing) {
        let (verdict, failure) = match landing {
            Ok(answered) => {
                let offered: Vec<String> = crate::session::list(&answered.result, "supportedVersions")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect();
                (y2026::judge_result(&answered.result), Failure::new(OpError::Version { offered }, Sent::Yes))
            }
            Err(failure) if failure.sent == Sent::No && failure.status.is_none() => {
                (Verdict::Fail(failure.error.clone()), failure)
            }
            Err(failure) => (y2026::judge_failure(failure.error.clone(), failure.status), failure),
        };
        let corrected = self.handshake(op).is_some_and(|handshake| std::mem::replace(&mut handshake.corrected, true));
        match verdict {
            Verdict::Modern(connected) => self.ready(op, *connected),
            Verdict::Again if !corrected => self.discover(op),
            Verdict::Legacy if self.config.era == EraChoice::Auto => self.initialize(op),
            Verdict::Again | Verdict::Legacy => self.give_up(op, failure),
            Verdict::Fail(error) => self.give_up(op, Failure { error, ..failure }),
        }
    }

    fn initialized(&mut self, op: OpId, era: Era, result: &Value) {
        let connected = match y2025::connected(result, era) {
            Ok(connected) => connected,
            Err(error) => return self.give_up(op, Failure::new(error, Sent::Yes)),
        };
        let version = connected.protocol.clone();
        if matches!(self.config.era, EraChoice::Exact(revision) if revision.as_str() != version) {
            let error = OpError::Version { offered: vec![version] };
            return self.give_up(op, Failure::new(error, Sent::Yes));
        }
        let session = self.handshake(op).and_then(|handshake| {
            handshake.step = Step::Initialized;
            handshake.found = Some(connected);
            handshake.session.take()
        });
        if era == Era::Y2025 {
            self.wire = Some(Wire::Y2025(y2025::Wire { version, session, lean: false }));
        }
        self.say_initialized(op);
    }

    fn say_initialized(&mut self, op: OpId) {
        let rpc = self.next();
        let body = jsonrpc::notification("notifications/initialized", &Vec::new());
        let fetch = self.post_notice(Notice::Initialized(op), body);
        self.fly(op, rpc, fetch);
    }

    /// A POST without an answer is done. `session` is the one that it was sent in: its loss shows here as with a request
    /// (2025-11-25, basic/transports, "Session Management"), and where nothing is asked for, a new one is begun.
    pub(super) fn notice_done(
        &mut self,
        notice: Notice,
        session: Option<y2025::SessionId>,
        outcome: Result<(), Failure>,
    ) {
        let Notice::Initialized(op) = notice else {
            if let Err(failure) = outcome {
                self.ignored(&format!("a notification or answer could not be delivered: {}", failure.error));
                let lost = session.filter(|_| y2025::is_lost(&failure.error, failure.status));
                if lost.is_some_and(|lost| self.forget_session(&lost)) {
                    self.stream.connect_later(self.now);
                }
            }
            return;
        };
        let Some(found) = self.handshake(op).and_then(|handshake| handshake.found.take()) else { return };
        let Err(failure) = outcome else { return self.ready(op, found) };
        // The first request with the version header. If it does not even arrive, the server's fixed list of headers is
        // without it: go on without, as clients of older revisions do. A notification may be repeated.
        let unreachable = failure.status.is_none() && matches!(failure.error, OpError::Network { .. });
        if unreachable
            && let Some(Wire::Y2025(wire)) = &mut self.wire
            && wire.has_version_header()
        {
            wire.lean = true;
            if let Some(handshake) = self.handshake(op) {
                handshake.found = Some(found);
            }
            return self.say_initialized(op);
        }
        let error = match (&self.wire, failure.status, failure.error) {
            (Some(Wire::Y2025(wire)), Some(status @ (400 | 404)), error) if wire.session.is_none() => {
                let text = match error {
                    OpError::Http { text, .. } => text,
                    OpError::Rpc { message, .. } => message,
                    other => other.to_string(),
                };
                OpError::SessionUnreadable { status, text }
            }
            (_, _, error) => error,
        };
        self.give_up(op, Failure { error, ..failure });
    }

    /// The connection stands.
    fn ready(&mut self, op: OpId, mut connected: Connected) {
        self.ops.remove(&op);
        let capabilities = connected.capabilities.clone();
        let era = connected.era;
        // Names of revisions are dates, so they are ordered as texts.
        let seen = self.config.last_seen.replace(connected.protocol.clone());
        let downgrade = seen.is_some_and(|seen| connected.protocol < seen);
        connected.downgrade = downgrade;
        self.connected = Some(connected.clone());
        self.stream.has_session();
        self.tell(Event::Connected(connected));
        self.lists_may_differ();
        if downgrade {
            self.hold();
        }
        match era {
            Era::Y2024 => {
                self.phase = Phase::Ready;
                self.repeat_wishes();
            }
            Era::Y2025 => {
                self.phase = Phase::Held { until: self.now + HOLD };
                self.open_stream();
                self.repeat_wishes();
            }
            Era::Y2026 => {
                self.phase = Phase::Ready;
                if y2026::listen(&capabilities, &self.watched, &[]).is_some() {
                    self.open_stream();
                }
            }
        }
    }

    /// What was listed before the connection was made anew may be something else now, and nobody told of it meanwhile. A
    /// list that is waited for is read by itself.
    fn lists_may_differ(&mut self) {
        let mut listed = vec![Listed::Tools, Listed::Prompts, Listed::Resources];
        listed.retain(|listed| !self.lacks(listed.as_str()));
        let Some(before) = self.listed.replace(listed.clone()) else { return };
        listed.extend(before);
        for listed in listed {
            let waits = |op: &Op| matches!(&op.kind, Kind::List(listing) if op.flight.is_none() && listed.lists().contains(&listing.list));
            if !self.ops.values().any(waits) {
                self.list_changed(listed);
            }
        }
    }

    /// Fails every call that would go out in a revision with less protection than the one it was approved for, or than
    /// last time (X112).
    fn hold(&mut self) {
        let held = self.ops.iter().filter_map(|(id, op)| match &op.kind {
            Kind::Call(call) if op.flight.is_none() && !call.quiet && !call.only_reads() => Some((*id, call.sent())),
            _ => None,
        });
        for (op, sent) in held.collect::<Vec<_>>() {
            self.fail(op, OpError::Downgrade, sent);
        }
    }

    /// Connecting failed, and so does everything that waited for it.
    fn give_up(&mut self, op: OpId, failure: Failure) {
        let quiet = self.connects_quietly();
        let unasked = quiet && matches!(failure.error, OpError::SignIn { .. });
        if let Some(fetch) = self.ops.remove(&op).and_then(|op| op.flight?.fetch) {
            self.cut(fetch);
        }
        self.wire = None;
        self.phase = Phase::Idle;
        if let Some(fetch) = self.stream.fetch.take() {
            self.cut(fetch);
        }
        if quiet && !unasked {
            self.stream.connect_later(self.now);
        }
        let sent = match failure.error {
            OpError::SignIn { .. } => failure.sent,
            _ => Sent::No,
        };
        for waiting in std::mem::take(&mut self.waiting) {
            // What the host asked for meanwhile connects again, and then the person is asked.
            if unasked && !self.is_quiet(waiting) {
                self.waiting.push_back(waiting);
                continue;
            }
            self.fail(waiting, failure.error.clone(), sent);
        }
    }

    /// Lets go of a session that the server does not know any more. False where another one is in use by now.
    pub(super) fn forget_session(&mut self, lost: &y2025::SessionId) -> bool {
        let is_in_use = self.session_id().as_ref() == Some(lost);
        if is_in_use {
            if let Some(fetch) = self.stream.fetch.take() {
                self.cut(fetch);
            }
            self.stream.lose_session();
            self.wire = None;
            self.phase = Phase::Idle;
            self.withdraw_asks_of_server();
        }
        is_in_use
    }

    /// Connects although no operation waits for it, so that what the server says by itself is heard again. Nobody is
    /// asked to sign in because of it.
    pub(super) fn connect_unasked(&mut self) {
        if self.phase == Phase::Idle {
            self.begin_connect();
        }
    }

    /// Lets go of what the server spoke, because it refused a request for its revision: it is found out anew
    /// (basic/versioning, "Protocol Version Negotiation").
    pub(super) fn forget_version(&mut self) {
        if self.is_modern() && !matches!(self.phase, Phase::Connecting(_)) {
            let listens = self.listens();
            self.end_listens(&listens);
            self.stream = Stream::default();
            self.wire = None;
            self.connected = None;
            self.cache.clear();
            self.phase = Phase::Idle;
        }
    }

    /// Puts an operation back to the front, once.
    pub(super) fn put_back(&mut self, op: OpId, why: Again) {
        if let Some(entry) = self.ops.get_mut(&op) {
            entry.renewed = true;
            if let Kind::List(listing) = &mut entry.kind {
                listing.restart();
            }
            let quiet = matches!(&entry.kind, Kind::Call(calling) if calling.quiet);
            self.waiting.push_front(op);
            if !quiet {
                self.tell(Event::SentAgain { op, why });
            }
        }
    }
}
