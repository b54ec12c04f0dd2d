//! What a host may ask of a session. Every operation connects by itself where needed, and ends with exactly one event.

use crate::error::{OpError, Sent};
use crate::request::{self, List, LogLevel, Request};
use crate::session::calls::{Calling, Job};
use crate::session::lists::Listing;
use crate::session::stream::Watching;
use crate::session::tasks::{Task, is_task_id};
use crate::session::{Kind, Phase, Session};
use crate::types::{Answer, AskId, CallTool, Connected, Event, Millis, OpId};

impl Session {
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

    /// Lists all tools. The same as [`Session::list`] of [`List::Tools`].
    pub fn list_tools(&mut self, now: Millis) -> OpId {
        self.list(List::Tools, now)
    }

    /// Reads a whole list, page by page, or gives it from what is kept while the server says that it is good
    /// (2026-07-28, server/utilities/caching; see [`Session::forget`]). Ends with [`Event::Tools`] for tools, with
    /// [`Event::Listed`] for the others, or with [`Event::Failed`]. A server without the capability is not asked, except
    /// for tools, which some servers have without saying so.
    pub fn list(&mut self, list: List, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        self.enqueue(op, Kind::List(Box::new(Listing::new(list, None))));
        self.advance();
        op
    }

    /// Calls a tool. Ends with [`Event::Called`] or [`Event::Failed`]. It is never sent twice, unless the server surely
    /// has not run it ([`Event::SentAgain`]).
    pub fn call_tool(&mut self, call: CallTool, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        if let Err(error) = request::check_object(&call.arguments, self.config.limits.depth) {
            self.tell(Event::Failed { op, error, sent: Sent::No });
        } else {
            self.enqueue(op, Kind::Call(Box::new(Calling::new(Job::Tool(call)))));
        }
        self.advance();
        op
    }

    /// Sends any other request with one answer: a prompt, a resource, a completion, or one of an extension that the host
    /// handles. Ends with [`Event::Answered`] or [`Event::Failed`]. Like a call, it is never sent twice unless the server
    /// surely has not run it. A resource may come from what is kept, as with [`Session::list`].
    pub fn request(&mut self, request: Request, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        match request.check(self.config.limits.depth) {
            Err(error) => self.tell(Event::Failed { op, error, sent: Sent::No }),
            Ok(()) => self.enqueue(op, Kind::Call(Box::new(Calling::new(Job::Plain(request))))),
        }
        self.advance();
        op
    }

    /// Asks whether the server is there, by `ping`; by `server/discover` in 2026-07-28, which has no `ping`. Ends with
    /// [`Event::Answered`] or [`Event::Failed`].
    pub fn ping(&mut self, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        let ping = Request::new("ping", "{}");
        self.enqueue(op, Kind::Call(Box::new(Calling::new(Job::Plain(ping)))));
        self.advance();
        op
    }

    /// Wants to hear of changes of a resource by [`Event::ResourceUpdated`]: `resources/subscribe`, or
    /// `subscriptions/listen` in 2026-07-28. The wish lasts as long as the session and is told to the server again where a
    /// connection is made anew. Ends with [`Event::Answered`] or [`Event::Failed`].
    pub fn watch(&mut self, uri: &str, now: Millis) -> OpId {
        self.watching(uri, true, now)
    }

    /// No longer wants to hear of changes of a resource. Ends like [`Session::watch`].
    pub fn unwatch(&mut self, uri: &str, now: Millis) -> OpId {
        self.watching(uri, false, now)
    }

    fn watching(&mut self, uri: &str, on: bool, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        self.enqueue(op, Kind::Watch(Watching::new(uri.to_owned(), on)));
        self.advance();
        op
    }

    /// Chooses from which level on the server sends log messages: `logging/setLevel`, or a member of every later request
    /// in 2026-07-28. Lasts as [`crate::Config::log_level`] does. Ends with [`Event::Answered`] or [`Event::Failed`].
    pub fn set_log_level(&mut self, level: LogLevel, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        self.enqueue(op, Kind::Level(level));
        self.advance();
        op
    }

    /// Goes on with the task of a call of an earlier session, by the name from [`crate::TaskStatus::task`]. Ends as the
    /// call would have ended, with [`Event::Called`] or [`Event::Failed`].
    pub fn resume_task(&mut self, task: &str, now: Millis) -> OpId {
        self.enter(now);
        let op = OpId(self.next());
        if is_task_id(task) {
            let mut calling = Calling::new(Job::Resume);
            calling.task = Some(Task::new(task.to_owned(), self.now, self.config.timeouts.task));
            self.enqueue(op, Kind::Call(Box::new(calling)));
        } else {
            let error = OpError::Arguments { what: "this is not the name of a task".into() };
            self.tell(Event::Failed { op, error, sent: Sent::No });
        }
        self.advance();
        op
    }

    /// Lets go of every list and resource that is kept, so that the next one comes from the server. What is under way is
    /// answered and not kept: it was asked for before.
    pub fn forget(&mut self) {
        self.cache.clear();
        for op in self.ops.values_mut() {
            match &mut op.kind {
                Kind::List(listing) => listing.changed = true,
                Kind::Call(calling) => calling.keep = false,
                _ => {}
            }
        }
    }

    /// Replaces the host's headers from the next request on, for example after a sign-in was renewed. What is kept goes
    /// too: it may have been for someone else (X117).
    ///
    /// # Errors
    /// [`OpError::Header`] where one of them cannot be sent; then nothing is replaced.
    pub fn set_headers(&mut self, headers: Vec<(String, String)>) -> Result<(), OpError> {
        crate::headers::check(&headers)?;
        self.config.headers = headers;
        self.cache.clear();
        Ok(())
    }

    /// Gives an operation a time limit of its own, in milliseconds for each of its requests, in the place of
    /// [`crate::Timeouts::idle`] and [`crate::Timeouts::total`] (2025-11-25, basic/lifecycle, "Timeouts"). Connecting,
    /// which it may wait for, keeps its own. Unknown and finished operations are ignored.
    pub fn set_timeout(&mut self, op: OpId, limit: Millis) {
        let Some(op) = self.ops.get_mut(&op) else { return };
        op.limit = Some(limit);
        if let Some(flight) = &mut op.flight {
            (flight.idle, flight.total) = (None, Some(limit));
        }
    }

    /// Waits on for the request of an operation: without a sign of life it is given up as late from now as from its
    /// beginning, whatever its limits would have left it. Says how long that is, in milliseconds; none for an operation
    /// without a request on its way.
    pub fn keep_waiting(&mut self, op: OpId, now: Millis) -> Option<Millis> {
        self.enter(now);
        let now = self.now;
        let flight = self.ops.get_mut(&op)?.flight.as_mut()?;
        let more = flight.idle.or(flight.total)?;
        flight.active = now;
        flight.total = flight.total.map(|total| total.max(now.saturating_sub(flight.started) + more));
        self.advance();
        Some(more)
    }

    /// Gives up on an operation: it fails at once with [`OpError::Cancelled`], and the server is told in the way its
    /// revision knows: the request is cancelled, or the task that it became. A late answer is thrown away (X116). Unknown and finished operations are ignored.
    pub fn cancel(&mut self, op: OpId, now: Millis) {
        self.enter(now);
        self.abandon(op, OpError::Cancelled, crate::error::CANCELLED);
        self.advance();
    }

    /// Answers a question of the server. An answer to a question that is void is ignored; whether it was open is
    /// returned.
    pub fn answer(&mut self, ask: AskId, answer: Answer, now: Millis) -> bool {
        self.enter(now);
        let open = self.answered(ask, answer);
        self.advance();
        open
    }
}
