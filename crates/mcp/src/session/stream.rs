//! The standing stream, by which a server speaks without being asked: the GET of 2025, `subscriptions/listen` of 2026,
//! and the one stream of HTTP+SSE that carries everything.

use crate::era::{Wire, y2026};
use crate::error::{OpError, Sent};
use crate::session::exchange::{Exchange, Purpose};
use crate::session::server::Progress;
use crate::session::{Failure, Kind, Landing, Op, Phase, Session};
use crate::types::{Era, Event, FetchId, Method, Millis, OpId};

const RETRY: Millis = 1_000;
const LONGEST: Millis = 60_000;
/// Failures in a row after which the stream is left alone.
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
}

impl Stream {
    pub(super) fn note(&mut self, last_id: Option<String>, retry: Option<Millis>) {
        self.last_id = last_id;
        self.retry = retry.or(self.retry);
    }

    /// Servers close idle streams all the time; only one that never stays open is given up.
    fn reopen_later(&mut self, now: Millis) {
        if self.opened_at.take().is_some_and(|at| now.saturating_sub(at) >= STAYED) {
            self.failures = 0;
        }
        self.failures += 1;
        if self.failures <= FAILURES {
            let own = (RETRY << (self.failures - 1)).min(LONGEST);
            self.reopen_at = Some(now.saturating_add(self.retry.unwrap_or_default().max(own)));
        }
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
                let op = OpId(self.next());
                let entry = Op { kind: Kind::Listen, flight: None, renewed: false, progress: Progress::default() };
                self.ops.insert(op, entry);
                self.send_listen(op);
            }
            Some(Wire::Y2024(_)) | None => {}
        }
    }

    pub(super) fn send_listen(&mut self, op: OpId) {
        self.stream.opened_at = Some(self.now);
        let members = self.connected.as_ref().and_then(|connected| y2026::listen(&connected.capabilities));
        match members {
            Some(members) => self.send(op, "subscriptions/listen", members, None, Vec::new(), false),
            None => {
                self.ops.remove(&op);
            }
        }
    }

    /// The head of the GET says that it is a stream.
    pub(super) fn stream_opened(&mut self) {
        self.stream.opened_at = Some(self.now);
        self.release();
    }

    /// The head of the GET says that there is no stream: most servers have none (405). One that does not know the session
    /// any more is asked for a new one by the next operation.
    pub(super) fn stream_refused(&mut self, id: FetchId, status: u16) {
        let error = match status {
            200..300 => OpError::NotMcp { content_type: self.content_type(id) },
            _ => self.http_error(id, status, String::new()),
        };
        self.cut(id);
        self.stream.fetch = None;
        if let Phase::Connecting(op) = self.phase {
            return self.sse_failed(op, Failure { error, sent: Sent::No, status: Some(status) });
        }
        if status >= 500 || status == 429 {
            self.stream.reopen_later(self.now);
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

    /// The subscription of 2026-07-28 ended: with an answer when the server shuts it down, otherwise by accident. A server
    /// that does not know the request is not asked again.
    pub(super) fn listen_landed(&mut self, op: OpId, landing: Landing) {
        self.ops.remove(&op);
        let again = match &landing {
            Ok(_) => true,
            Err(failure) => match failure.error {
                OpError::Network { .. } | OpError::NoAnswer => true,
                OpError::Http { status, .. } => status >= 500 || status == 429,
                _ => false,
            },
        };
        let is_modern = self.connected.as_ref().is_some_and(|connected| connected.era == Era::Y2026);
        if again && is_modern && self.phase != Phase::Closed {
            self.stream.reopen_later(self.now);
        }
    }

    fn release(&mut self) {
        if matches!(self.phase, Phase::Held { .. }) {
            self.phase = Phase::Ready;
        }
    }
}
