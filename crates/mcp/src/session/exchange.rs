//! Bytes of responses: bodies, event streams, limits, and what they mean for the request they belong to.

use crate::era::{Wire, y2025};
use crate::error::{OpError, Sent};
use crate::jsonrpc::{self, Caps, Message, RpcError, Unreadable};
use crate::session::{Failure, Kind, Landing, Phase, Session};
use crate::sse::{Parser, SseEvent};
use crate::types::{FetchId, Method, Millis, OpId};

/// Longest error body that is read as JSON-RPC.
const ERROR_BODY: usize = 64 << 10;
/// Waiting time before a resumption where the server names none.
const RETRY: Millis = 1_000;
/// Resumptions of one request without an event in between.
const RESUMES: u32 = 5;

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The POST of an operation's request.
    Op(OpId),
    /// A GET that goes on with the answer to an operation's request.
    Resume(OpId),
    /// The standing GET stream.
    Stream,
    /// A POST that has no answer.
    Notice(Notice),
}

/// What is said by a POST that has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// `notifications/initialized`, the last step of a handshake.
    Initialized(OpId),
    /// Anything else.
    Other,
}

/// One HTTP exchange under way.
pub(super) struct Exchange {
    pub(super) purpose: Purpose,
    pub(super) status: Option<u16>,
    head: Head,
    body: Body,
    read: usize,
    events: usize,
    drain_until: Option<Millis>,
    /// When a notice is given up. Time in which the driver signs in does not count.
    pub(super) until: Option<Millis>,
    /// The legacy session that a notice was sent in.
    pub(super) session: Option<y2025::SessionId>,
}

#[derive(Default)]
struct Head {
    content_type: String,
    challenge: Option<String>,
    retry_after: Option<String>,
    session: Option<String>,
}

enum Body {
    /// Nothing expected yet, or nothing of interest.
    Skip,
    /// One JSON text.
    Json(Vec<u8>),
    /// An event stream.
    Events(Parser),
    /// The body of an error, cut.
    Error(Vec<u8>),
}

impl Exchange {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            status: None,
            head: Head::default(),
            body: Body::Skip,
            read: 0,
            events: 0,
            drain_until: None,
            until: None,
            session: None,
        }
    }

    pub(super) fn drain(&mut self, until: Millis) {
        self.body = Body::Skip;
        self.drain_until = Some(until);
    }

    /// When it is cut off, whatever it still brings.
    pub(super) fn cut_at(&self, signing: bool) -> Option<Millis> {
        self.drain_until.or(self.until.filter(|_| !signing))
    }

    fn op(&self) -> Option<OpId> {
        match self.purpose {
            Purpose::Op(op) | Purpose::Resume(op) => Some(op),
            Purpose::Stream | Purpose::Notice(_) => None,
        }
    }
}

impl Session {
    /// Status and headers arrived.
    pub(super) fn head(&mut self, id: FetchId, status: u16, headers: &[(String, String)]) {
        let limits = self.config.limits;
        let on_shared_stream = matches!(self.wire, Some(Wire::Y2024(_)));
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if exchange.status.is_some() || exchange.drain_until.is_some() {
            return;
        }
        exchange.status = Some(status);
        let find = |wanted: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
        };
        exchange.head = Head {
            content_type: find("content-type").unwrap_or_default(),
            challenge: find("www-authenticate"),
            retry_after: find("retry-after"),
            session: find("mcp-session-id"),
        };
        let kind = exchange.head.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let ok = (200..300).contains(&status);
        let purpose = exchange.purpose;
        let flight = exchange.op().and_then(|op| self.ops.get_mut(&op)?.flight.as_mut());
        let last_id = flight.and_then(|flight| {
            flight.taken |= ok;
            flight.last_id.clone()
        });
        exchange.body = match purpose {
            _ if !ok => Body::Error(Vec::new()),
            Purpose::Notice(_) => Body::Skip,
            Purpose::Op(_) if on_shared_stream => Body::Skip,
            _ if kind == "text/event-stream" => {
                let last_id = if purpose == Purpose::Stream { self.stream.last_id.clone() } else { last_id };
                Body::Events(Parser::new(limits.message_bytes, last_id))
            }
            Purpose::Op(_) if kind == "application/json" || kind.ends_with("+json") || kind.is_empty() => {
                Body::Json(Vec::new())
            }
            _ => Body::Skip,
        };
        let has_events = matches!(exchange.body, Body::Events(_));
        let is_readable = !matches!(exchange.body, Body::Skip);
        match purpose {
            Purpose::Stream if has_events => self.stream_opened(),
            Purpose::Stream => self.stream_refused(id, status),
            Purpose::Resume(op) if !has_events => {
                let error = if ok { OpError::NoAnswer } else { self.http_error(id, status, String::new()) };
                self.cut(id);
                self.land(op, Err(Failure { error, sent: Sent::Unknown, status: Some(status), cut: false }));
            }
            Purpose::Op(op) if !is_readable && !on_shared_stream => {
                let error = if matches!(status, 202 | 204 | 205) {
                    OpError::NoAnswer
                } else {
                    OpError::NotMcp { content_type: self.content_type(id) }
                };
                self.cut(id);
                self.land(op, Err(Failure { error, sent: Sent::Unknown, status: Some(status), cut: false }));
            }
            Purpose::Op(op) | Purpose::Resume(op) => self.touch(op),
            Purpose::Notice(_) => {}
        }
    }

    /// A piece of a body arrived.
    pub(super) fn bytes(&mut self, id: FetchId, chunk: &[u8]) {
        let limits = self.config.limits;
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        let op = exchange.op();
        exchange.read = exchange.read.saturating_add(chunk.len());
        let (read, purpose) = (exchange.read, exchange.purpose);
        if op.is_some() && read > limits.response_bytes && !self.is_standing(purpose) {
            return self.too_much(id, "bytes", limits.response_bytes);
        }
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        match &mut exchange.body {
            Body::Skip => {}
            Body::Error(text) => {
                let room = ERROR_BODY.saturating_sub(text.len());
                text.extend(chunk.iter().take(room));
            }
            Body::Json(text) => {
                if text.len() + chunk.len() > limits.message_bytes {
                    return self.too_much(id, "bytes", limits.message_bytes);
                }
                text.extend_from_slice(chunk);
            }
            Body::Events(parser) => {
                let mut events = Vec::new();
                let fed = parser.feed(chunk, &mut events);
                let (last_id, retry) = (parser.last_id().map(str::to_owned), parser.retry());
                self.note_position(id, last_id, retry);
                for event in events {
                    if !self.event(id, &event) {
                        return;
                    }
                }
                if fed.is_err() {
                    return self.too_much(id, "bytes", limits.message_bytes);
                }
            }
        }
        match (op, &self.wire) {
            (Some(op), _) => self.touch(op),
            (None, Some(Wire::Y2024(_))) => {
                for op in self.ops.keys().copied().collect::<Vec<_>>() {
                    self.touch(op);
                }
            }
            _ => {}
        }
    }

    /// The body is complete.
    pub(super) fn ended(&mut self, id: FetchId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if exchange.drain_until.is_some() {
            self.exchanges.remove(&id);
            return;
        }
        let Some(status) = exchange.status else {
            return self.broken(id, "the response has no head".into(), Sent::Unknown);
        };
        let body = std::mem::replace(&mut exchange.body, Body::Skip);
        let purpose = exchange.purpose;
        match (purpose, body) {
            (Purpose::Stream, _) => {
                self.exchanges.remove(&id);
                self.stream_lost(OpError::NoAnswer);
            }
            (Purpose::Notice(notice), body) => {
                let outcome = match body {
                    Body::Error(text) => Err(self.error_status(id, status, &text, None)),
                    _ => Ok(()),
                };
                let session = self.exchanges.remove(&id).and_then(|exchange| exchange.session);
                self.notice_done(notice, session, outcome);
            }
            (Purpose::Op(op) | Purpose::Resume(op), Body::Error(text)) => {
                let rpc = self.ops.get(&op).and_then(|op| Some(op.flight.as_ref()?.rpc));
                let failure = self.error_status(id, status, &text, rpc);
                self.exchanges.remove(&id);
                self.land(op, Err(failure));
            }
            (Purpose::Op(op), Body::Json(text)) => {
                self.json(id, op, &text);
                self.exchanges.remove(&id);
            }
            (Purpose::Op(op) | Purpose::Resume(op), Body::Events(_)) => {
                self.exchanges.remove(&id);
                self.stream_cut(op, OpError::NoAnswer);
            }
            (Purpose::Op(op) | Purpose::Resume(op), Body::Skip) => {
                self.exchanges.remove(&id);
                // HTTP+SSE: the POST is done, its answer comes on the stream.
                if let Some(flight) = self.ops.get_mut(&op).and_then(|op| op.flight.as_mut()) {
                    flight.fetch = None;
                }
            }
            (Purpose::Resume(_), Body::Json(_)) => {}
        }
    }

    /// The exchange failed below HTTP.
    pub(super) fn broken(&mut self, id: FetchId, why: String, sent: Sent) {
        let Some(exchange) = self.exchanges.remove(&id) else { return };
        if exchange.drain_until.is_some() {
            return;
        }
        let sent = if exchange.status.is_some() { Sent::Unknown } else { sent };
        let error = OpError::Network { why };
        let cut = exchange.status.is_some();
        match exchange.purpose {
            Purpose::Stream => self.stream_lost(error),
            Purpose::Notice(notice) => self.notice_done(notice, None, Err(Failure::new(error, sent))),
            Purpose::Resume(op) => self.stream_cut(op, error),
            Purpose::Op(op) => match exchange.body {
                Body::Events(_) => self.stream_cut(op, error),
                _ => self.land(op, Err(Failure { cut, ..Failure::new(error, sent) })),
            },
        }
    }

    /// One event of a stream. False when the exchange is over.
    fn event(&mut self, id: FetchId, event: &SseEvent) -> bool {
        let limits = self.config.limits;
        let Some(exchange) = self.exchanges.get_mut(&id) else { return false };
        if exchange.drain_until.is_some() {
            return false;
        }
        exchange.events += 1;
        let events = exchange.events;
        let purpose = exchange.purpose;
        if matches!(purpose, Purpose::Op(_) | Purpose::Resume(_))
            && !self.is_standing(purpose)
            && events > limits.events
        {
            self.too_much(id, "events", limits.events);
            return false;
        }
        match event.kind.as_str() {
            "" | "message" if event.data.is_empty() => {}
            "" | "message" => match jsonrpc::read(event.data.as_bytes(), self.caps()) {
                Ok(messages) => {
                    for message in messages {
                        self.message(id, message);
                    }
                }
                Err(Unreadable::TooDeep) => {
                    self.too_much(id, "nesting", limits.depth);
                    return false;
                }
                Err(Unreadable::TooMany) => {
                    self.too_much(id, "values", limits.values);
                    return false;
                }
                Err(Unreadable::Malformed(what)) => self.ignored(&format!("an event that is no message: {what}")),
            },
            "endpoint" if purpose == Purpose::Stream => self.endpoint_named(&event.data),
            kind => {
                self.ignored(&format!("an event of the unknown kind `{}`", kind.chars().take(40).collect::<String>()))
            }
        }
        self.exchanges.contains_key(&id)
    }

    /// A complete JSON body.
    fn json(&mut self, id: FetchId, op: OpId, text: &[u8]) {
        let limits = self.config.limits;
        let status = self.exchanges.get(&id).and_then(|exchange| exchange.status);
        let error = if text.iter().all(u8::is_ascii_whitespace) {
            OpError::NoAnswer
        } else {
            match jsonrpc::read(text, self.caps()) {
                Ok(messages) => {
                    for message in messages {
                        self.message(id, message);
                    }
                    OpError::Malformed { what: "it answers another request".into() }
                }
                Err(Unreadable::TooDeep) => OpError::TooMuch { what: "nesting", limit: limits.depth },
                Err(Unreadable::TooMany) => OpError::TooMuch { what: "values", limit: limits.values },
                Err(Unreadable::Malformed(what)) => OpError::Malformed { what },
            }
        };
        let unanswered =
            self.ops.get(&op).and_then(|op| op.flight.as_ref()).is_some_and(|flight| flight.fetch == Some(id));
        if unanswered {
            self.land(op, Err(Failure { error, sent: Sent::Unknown, status, cut: false }));
        }
    }

    /// One message of the server. A response counts only where it may come from: in the exchange of its own request, or
    /// on the shared stream of HTTP+SSE (X110, X111).
    fn message(&mut self, id: FetchId, message: Message) {
        let Some(exchange) = self.exchanges.get(&id) else { return };
        let own = exchange.op();
        let status = exchange.status;
        match message {
            Message::Response { id: rpc, outcome } => {
                let shared = matches!(self.wire, Some(Wire::Y2024(_)));
                let anonymous = rpc.is_null() && outcome.is_err() && own.is_some();
                let candidate = self.ops.iter().find(|(op, entry)| {
                    (own == Some(**op) || (own.is_none() && shared))
                        && entry.flight.as_ref().is_some_and(|flight| anonymous || rpc == flight.rpc)
                });
                match candidate.map(|(op, _)| *op) {
                    Some(op) => {
                        if matches!(self.ops.get(&op).map(|op| &op.kind), Some(Kind::Handshake(_))) {
                            let session = self.exchanges.get_mut(&id).and_then(|exchange| exchange.head.session.take());
                            self.note_session(op, session);
                        }
                        let landing: Landing = outcome.map_err(|error| Failure {
                            error: rpc_error(error),
                            sent: Sent::Yes,
                            status,
                            cut: false,
                        });
                        self.land(op, landing);
                    }
                    None => self.ignored("an answer to a request that was not asked here"),
                }
            }
            Message::Request { id: rpc, method, params } => self.server_request(own, rpc, &method, &params),
            Message::Notification { method, params } => self.notified(own, &method, &params),
        }
    }

    /// The stream of a request broke off or ended. 2025: it may be gone on with after the last event id, which repeats
    /// nothing. Otherwise the outcome is unknown and nothing is sent again (X114).
    fn stream_cut(&mut self, op: OpId, error: OpError) {
        let resumable =
            matches!(self.wire, Some(Wire::Y2025(_))) && matches!(self.phase, Phase::Ready | Phase::Held { .. });
        let now = self.now;
        if let Some(flight) = self.ops.get_mut(&op).and_then(|op| op.flight.as_mut()) {
            flight.fetch = None;
            if resumable && flight.last_id.is_some() && flight.resumes < RESUMES {
                flight.resumes += 1;
                flight.resume_at = Some(now.saturating_add(flight.retry.unwrap_or(RETRY)));
                return;
            }
        }
        self.land(op, Err(Failure { cut: true, ..Failure::new(error, Sent::Unknown) }));
    }

    /// Goes on with the answer to a request.
    pub(super) fn resume(&mut self, op: OpId) {
        let Some(flight) = self.ops.get_mut(&op).and_then(|op| op.flight.as_mut()) else { return };
        flight.resume_at = None;
        let last_id = flight.last_id.clone();
        let Some(Wire::Y2025(wire)) = &self.wire else { return };
        let headers = wire.get(last_id.as_deref());
        let url = self.config.endpoint.clone();
        let fetch = self.fetch(Method::Get, url, headers, None);
        self.exchanges.insert(fetch, Exchange::new(Purpose::Resume(op)));
        if let Some(flight) = self.ops.get_mut(&op).and_then(|op| op.flight.as_mut()) {
            flight.fetch = Some(fetch);
        }
    }

    fn note_position(&mut self, id: FetchId, last_id: Option<String>, retry: Option<Millis>) {
        let Some(exchange) = self.exchanges.get(&id) else { return };
        match exchange.op() {
            None => self.stream.note(last_id, retry),
            Some(op) => {
                if let Some(flight) = self.ops.get_mut(&op).and_then(|op| op.flight.as_mut()) {
                    if last_id != flight.last_id {
                        flight.resumes = 0;
                    }
                    flight.last_id = last_id;
                    flight.retry = retry.or(flight.retry);
                }
            }
        }
    }

    fn touch(&mut self, op: OpId) {
        let now = self.now;
        if let Some(flight) = self.ops.get_mut(&op).and_then(|op| op.flight.as_mut()) {
            flight.active = now;
        }
    }

    /// A limit was passed: the exchange is cut off, and what waits for it fails.
    fn too_much(&mut self, id: FetchId, what: &'static str, limit: usize) {
        let Some(purpose) = self.exchanges.get(&id).map(|exchange| exchange.purpose) else { return };
        self.cut(id);
        let error = OpError::TooMuch { what, limit };
        match purpose {
            Purpose::Op(op) | Purpose::Resume(op) => self.land(op, Err(Failure::new(error, Sent::Unknown))),
            Purpose::Stream => self.stream_lost(error),
            Purpose::Notice(_) => {}
        }
    }

    /// What an HTTP error means. The server's own JSON-RPC error counts for more than the status, except for a sign-in.
    fn error_status(&self, id: FetchId, status: u16, text: &[u8], rpc: Option<u64>) -> Failure {
        let sent = match status {
            401 | 403 => Sent::No,
            408 | 500.. => Sent::Unknown,
            _ => Sent::Yes,
        };
        if !matches!(status, 401 | 403)
            && let Ok(messages) = jsonrpc::read(text, self.caps())
        {
            for message in messages {
                if let Message::Response { id, outcome: Err(error) } = message
                    && (id.is_null() || rpc.is_some_and(|rpc| id == rpc))
                {
                    return Failure { error: rpc_error(error), sent: Sent::Yes, status: Some(status), cut: false };
                }
            }
        }
        let text = String::from_utf8_lossy(text.get(..self.config.limits.error_text).unwrap_or(text)).into_owned();
        Failure { error: self.http_error(id, status, text), sent, status: Some(status), cut: false }
    }

    pub(super) fn content_type(&self, id: FetchId) -> String {
        let text = self.exchanges.get(&id).map(|exchange| exchange.head.content_type.as_str()).unwrap_or_default();
        text.chars().take(100).collect()
    }

    pub(super) fn http_error(&self, id: FetchId, status: u16, text: String) -> OpError {
        let head = self.exchanges.get(&id).map(|exchange| &exchange.head);
        if matches!(status, 401 | 403) {
            return OpError::SignIn { status, challenge: head.and_then(|head| head.challenge.clone()), text };
        }
        OpError::Http { status, text, retry_after: head.and_then(|head| head.retry_after.clone()) }
    }

    fn caps(&self) -> Caps {
        let limits = self.config.limits;
        Caps { depth: limits.depth, values: limits.values, blocks: limits.blocks }
    }

    fn is_standing(&self, purpose: Purpose) -> bool {
        matches!(purpose, Purpose::Op(op) if matches!(self.ops.get(&op).map(|op| &op.kind), Some(Kind::Listen(_))))
    }
}

pub(super) fn rpc_error(error: RpcError) -> OpError {
    OpError::Rpc { code: error.code, message: error.message, data: error.data }
}
