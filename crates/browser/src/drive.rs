//! One loop that gives a sans-IO [`mcp::Session`] its hands: poll until nothing is left, do the effects, feed back
//! what happened.
//!
//! A [`Connection`] is a session with its requests in flight, its timer, and whoever waits for its answers. Dropping
//! a [`Running`] operation cancels it, with the server told as its revision knows. The session is never borrowed
//! while anybody else's code runs.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use futures_channel::oneshot;
use futures_util::future::{AbortHandle, LocalBoxFuture, abortable};
use mcp::oauth::{Chain, Refusal, Signed};
use mcp::{
    AskId, CallResult, CallTool, Connected, Event, Excluded, FetchId, HttpRequest, Input, List, LogLevel, OpError,
    OpId, Output, Sent, Session,
};
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;

use crate::error::Error;
use crate::fetch::{Failure, Fetcher, Request, Response};
use crate::inspect::{Cover, Leg, Seen, Wire};
use crate::link::op_error;
use crate::time::{Timer, monotonic, offline, sleep};

/// How long telling a server that the connection ends may take, in milliseconds.
const FAREWELL: u64 = 3_000;

/// Where the requests of a connection go.
#[derive(Clone)]
pub enum Transport {
    /// Over the network.
    Network(Fetcher),
    /// Over the network, with somebody who signs in where a server asks for it.
    SignedIn(Fetcher, Rc<dyn Authority>),
    /// To a server that runs in this page.
    InPage(Rc<dyn InPage>),
}

/// Who has the tokens of a connection, and gets them where a server asks for them.
///
/// Futures that take long are the person's time: the session is told ([`Input::SigningIn`]), and no request is late
/// meanwhile.
pub trait Authority {
    /// The headers that show who one request comes from; none while nobody is signed in. A token that is about to end
    /// is renewed first. Where they cannot be made, the request must not go out without them.
    ///
    /// # Errors
    /// Why, in words.
    fn headers<'a>(&'a self, method: &'a str, url: &'a str) -> LocalBoxFuture<'a, Result<Signed, String>>;

    /// A server refused a request with 401 or 403, and has surely not run it: does what it asks for, and says whether to
    /// send the same request again. `chain` is what the request has led to so far. In the `background` nobody waits for
    /// an answer, so no person is asked for anything.
    fn refused<'a>(&'a self, chain: &'a mut Chain, refusal: Refusal<'a>, background: bool) -> LocalBoxFuture<'a, bool>;

    /// Whether a person was at a sign-in page since this was last asked: whoever it was may be somebody else than before.
    fn is_somebody_new(&self) -> bool {
        false
    }

    /// A server gave a nonce for the next proof.
    fn nonce<'a>(&'a self, url: &'a str, nonce: &'a str) -> LocalBoxFuture<'a, ()>;
}

/// A server that runs in this page and answers the same requests as one on the network.
pub trait InPage {
    /// Answers one request.
    fn answer(&self, request: HttpRequest) -> LocalBoxFuture<'static, InPageAnswer>;
}

/// The answer of a server that runs in this page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InPageAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body; JSON when it is not empty.
    pub body: String,
}

/// What an operation gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// What the server is.
    Connected(Box<Connected>),
    /// Its actions.
    Tools {
        /// Definitions as received.
        tools: Vec<Value>,
        /// What was left out.
        excluded: Vec<Excluded>,
    },
    /// The answer to a call.
    Called(Box<CallResult>),
    /// The entries of another list, as received.
    Listed(Vec<Value>),
    /// The answer to another request, as received.
    Answered(Value),
}

/// Why an operation gave nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// The cause.
    pub error: OpError,
    /// Whether the server may have run it.
    pub sent: Sent,
}

impl Failed {
    fn closed() -> Self {
        Failed { error: OpError::Closed, sent: Sent::Unknown }
    }
}

/// Where the answer to an operation goes.
type Answered = oneshot::Sender<Result<Done, Failed>>;

/// A session with everything it needs to run. Clones share it.
#[derive(Clone)]
pub struct Connection(Rc<Inner>);

struct Inner {
    session: RefCell<Session>,
    transport: Transport,
    /// Few at a time, as everything below: a list is no slower than a map, and far less program.
    flights: RefCell<Vec<(FetchId, AbortHandle)>>,
    timer: RefCell<Option<Timer>>,
    waiting: RefCell<Vec<(OpId, Answered)>>,
    connecting: RefCell<Vec<OpId>>,
    connected: RefCell<Option<Connected>>,
    on_event: Box<dyn Fn(&Event)>,
    pumping: Cell<bool>,
    /// How many requests wait for a sign-in.
    signing: Cell<u32>,
    /// Who may look at what goes over the wire.
    wire: OnceCell<Wire>,
}

/// A connection, without keeping it alive: for whoever hears its events.
#[derive(Clone)]
pub struct Weakly(Weak<Inner>);

impl Weakly {
    /// Answers a question of the server, if the connection is still there.
    pub fn answer(&self, ask: AskId, answer: mcp::Answer) {
        if let Some(inner) = self.0.upgrade() {
            Connection(inner).answer(ask, answer);
        }
    }
}

impl Connection {
    /// A connection that has not sent anything yet. `on_event` hears every event of the session, in order.
    pub fn new(config: mcp::Config, transport: Transport, on_event: impl Fn(&Event) + 'static) -> Self {
        Connection(Rc::new(Inner {
            session: RefCell::new(Session::new(config, monotonic())),
            transport,
            flights: RefCell::default(),
            timer: RefCell::default(),
            waiting: RefCell::default(),
            connecting: RefCell::default(),
            connected: RefCell::default(),
            on_event: Box::new(on_event),
            pumping: Cell::new(false),
            signing: Cell::new(0),
            wire: OnceCell::new(),
        }))
    }

    /// The same connection, with what goes over its wire to be seen.
    pub(crate) fn wired(self, wire: Wire) -> Self {
        let _ = self.0.wire.set(wire);
        self
    }

    /// What signed the account in over it, to be covered in what the server says (X21).
    pub(crate) fn cover(&self) -> Cover {
        self.0.wire.get().map(Wire::cover).unwrap_or_default()
    }

    /// An error of it in the words of the workspace.
    pub(crate) fn error(&self, error: &OpError, host: &str) -> Error {
        self.cover().error(op_error(error, host))
    }

    /// The same connection, not kept alive.
    pub fn weakly(&self) -> Weakly {
        Weakly(Rc::downgrade(&self.0))
    }

    /// Connects, to learn what the server is.
    pub fn connect(&self) -> Running {
        if let Some(connected) = self.0.connected.borrow().clone() {
            return Running::finished(self, Done::Connected(Box::new(connected)));
        }
        let connecting = self.0.clone();
        self.start(|session, now| {
            let op = session.connect(now);
            connecting.connecting.borrow_mut().push(op);
            op
        })
    }

    /// Lists every action.
    pub fn list(&self) -> Running {
        self.start(|session, now| session.list_tools(now))
    }

    /// Calls an action. Only the dispatcher does, with what a permit holds.
    pub(crate) fn call(&self, call: CallTool) -> Running {
        self.start(|session, now| session.call_tool(call, now))
    }

    /// Goes on with the task that a call of an earlier page became, and gives what the call would have given.
    pub(crate) fn resume(&self, task: &str) -> Running {
        self.start(|session, now| session.resume_task(task, now))
    }

    /// Reads a list.
    pub(crate) fn list_of(&self, list: List) -> Running {
        self.start(|session, now| session.list(list, now))
    }

    /// Sends any other request. Like a call, it may do anything: only for who has no gate.
    pub(crate) fn request(&self, request: mcp::Request) -> Running {
        self.start(|session, now| session.request(request, now))
    }

    /// Wants to hear of changes of a resource, or no longer.
    pub(crate) fn watch(&self, uri: &str, on: bool) -> Running {
        self.start(|session, now| if on { session.watch(uri, now) } else { session.unwatch(uri, now) })
    }

    /// Chooses from which level on the server sends log messages.
    pub(crate) fn set_log_level(&self, level: LogLevel) -> Running {
        self.start(|session, now| session.set_log_level(level, now))
    }

    /// Forgets what the server allowed to be kept for a while: the next list is read from the server.
    pub(crate) fn forget(&self) {
        self.0.session.borrow_mut().forget();
    }

    /// Answers a question of the server, and says whether it was still open.
    pub fn answer(&self, ask: AskId, answer: mcp::Answer) -> bool {
        let open = self.0.session.borrow_mut().answer(ask, answer, monotonic());
        self.0.pump();
        open
    }

    /// Has an operation wait on, and says for how long, in milliseconds: see [`Session::keep_waiting`].
    pub(crate) fn keep_waiting(&self, op: OpId) -> Option<u64> {
        let more = self.0.session.borrow_mut().keep_waiting(op, monotonic());
        self.0.pump();
        more
    }

    /// Gives an operation a time limit of its own, in milliseconds: see [`Session::set_timeout`].
    pub(crate) fn set_timeout(&self, op: OpId, limit: u64) {
        self.0.session.borrow_mut().set_timeout(op, limit);
        self.0.pump();
    }

    /// What the server said it is, once connected.
    pub fn connected(&self) -> Option<Connected> {
        self.0.connected.borrow().clone()
    }

    /// Ends it: fails what is open and tells the server.
    pub fn close(&self) {
        self.0.session.borrow_mut().close(monotonic());
        self.0.pump();
        // What tells the server has to get out first, whoever lets go of this meanwhile.
        let inner = self.0.clone();
        spawn_local(async move {
            let started = monotonic();
            while !inner.flights.borrow().is_empty() && monotonic().saturating_sub(started) < FAREWELL {
                sleep(50).await;
            }
        });
    }

    fn start(&self, begin: impl FnOnce(&mut Session, u64) -> OpId) -> Running {
        let op = begin(&mut self.0.session.borrow_mut(), monotonic());
        let (done, wait) = oneshot::channel();
        self.0.waiting.borrow_mut().push((op, done));
        self.0.pump();
        Running { connection: Rc::downgrade(&self.0), op: Some(op), wait: Wait::For(wait) }
    }
}

impl Inner {
    /// Does what the session wants until it wants nothing more.
    fn pump(self: &Rc<Self>) {
        if self.pumping.replace(true) {
            // Whoever is pumping goes on until nothing is left.
            return;
        }
        while let Some(output) = self.next() {
            match output {
                Output::Fetch(request) => self.fetch(request),
                Output::Cancel(id) => {
                    if let Some(flight) = take(&mut self.flights.borrow_mut(), id) {
                        flight.abort();
                    }
                }
                Output::WakeAt(at) => self.wake_at(at),
                Output::Event(event) => self.tell(event),
            }
        }
        self.pumping.set(false);
    }

    fn next(&self) -> Option<Output> {
        self.session.borrow_mut().poll()
    }

    fn feed(self: &Rc<Self>, input: Input) {
        self.session.borrow_mut().handle(input, monotonic());
        self.pump();
    }

    fn wake_at(self: &Rc<Self>, at: u64) {
        let this = Rc::downgrade(self);
        let timer = Timer::after(at.saturating_sub(monotonic()), move || {
            if let Some(this) = this.upgrade() {
                this.feed(Input::Tick);
            }
        });
        *self.timer.borrow_mut() = timer;
    }

    fn tell(&self, event: Event) {
        (self.on_event)(&event);
        let (op, result) = match event {
            Event::Connected(connected) => {
                *self.connected.borrow_mut() = Some(connected);
                return self.tell_connected();
            }
            Event::Disconnected { .. } | Event::Closed => {
                *self.connected.borrow_mut() = None;
                return;
            }
            Event::Tools { op, tools, excluded } => (op, Ok(Done::Tools { tools, excluded })),
            Event::Called { op, result } => (op, Ok(Done::Called(Box::new(result)))),
            Event::Listed { op, items, .. } => (op, Ok(Done::Listed(items))),
            Event::Answered { op, result } => (op, Ok(Done::Answered(result))),
            Event::Failed { op, error, sent } => (op, Err(Failed { error, sent })),
            _ => return,
        };
        if let Some(done) = take(&mut self.waiting.borrow_mut(), op) {
            let _ = done.send(result);
        }
    }

    /// Whoever waits for the connection itself has it now. Other operations have answers of their own.
    fn tell_connected(&self) {
        let Some(connected) = self.connected.borrow().clone() else { return };
        let connecting: Vec<OpId> = self.connecting.borrow_mut().drain(..).collect();
        for op in connecting {
            if let Some(done) = take(&mut self.waiting.borrow_mut(), op) {
                let _ = done.send(Ok(Done::Connected(Box::new(connected.clone()))));
            }
        }
    }

    fn fetch(self: &Rc<Self>, request: HttpRequest) {
        let id = request.id;
        let this = Rc::downgrade(self);
        let (flight, handle) = abortable(carry(self.transport.clone(), request, this.clone()));
        self.flights.borrow_mut().push((id, handle));
        spawn_local(async move {
            let _ = flight.await;
            if let Some(this) = this.upgrade() {
                take(&mut this.flights.borrow_mut(), id);
            }
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for (_, flight) in self.flights.borrow_mut().drain(..) {
            flight.abort();
        }
    }
}

/// Takes out what is listed under a key.
pub(crate) fn take<K: PartialEq, V>(list: &mut Vec<(K, V)>, key: K) -> Option<V> {
    let at = list.iter().position(|(known, _)| *known == key)?;
    Some(list.swap_remove(at).1)
}

/// What is said of a request that went nowhere for want of a network (screens.md e.5).
pub(crate) const OFFLINE: &str = "you are offline";

/// Whether a request to this address goes nowhere, because the browser has no network. What runs on this machine or in
/// its network may still be reached.
fn is_alone(url: &str) -> bool {
    offline()
        && web_sys::Url::new(url).is_ok_and(|url| policy::address::reach(&url.hostname()) == Ok(policy::Reach::Public))
}

/// Carries one request out and its answer back, piece by piece.
async fn carry(transport: Transport, request: HttpRequest, to: Weak<Inner>) {
    let id = request.id;
    let mut leg =
        to.upgrade().and_then(|inner| inner.wire.get().map(|wire| wire.leg(request.method.as_str(), &request.url)));
    let report = |input: Input| match to.upgrade() {
        Some(inner) => {
            inner.feed(input);
            true
        }
        None => false,
    };
    let (fetcher, authority) = match transport {
        Transport::InPage(server) => {
            if let Some(leg) = &leg {
                leg.sends(&request.headers, request.body.as_deref().map(str::as_bytes));
            }
            let answer = server.answer(request).await;
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            see(&leg, Seen::Response { status: answer.status, headers: &headers });
            report(Input::Response { id, status: answer.status, headers });
            see(&leg, Seen::Chunk(answer.body.as_bytes()));
            report(Input::Bytes { id, chunk: answer.body.into_bytes() });
            see(&leg, Seen::Ended);
            report(Input::Ended { id });
            return;
        }
        Transport::Network(fetcher) => (fetcher, None),
        Transport::SignedIn(fetcher, authority) => (fetcher, Some(authority)),
    };
    let alone = is_alone(&request.url);
    let failed = |why: Failure| Input::Failed { id, why: why.to_string(), sent: sent(&why) };
    let mut response = match send(&fetcher, authority.as_deref(), request, &to, &mut leg).await {
        Ok(response) => response,
        // An answer, and one that no other revision of the protocol would change (X05).
        Err(Failure::Redirected) => {
            see(&leg, Seen::Failed(&Failure::Redirected.to_string()));
            report(Input::Response { id, status: REDIRECT, headers: Vec::new() });
            report(Input::Ended { id });
            return;
        }
        Err(Failure::Network(_)) if alone => {
            see(&leg, Seen::Failed(OFFLINE));
            report(Input::Failed { id, why: OFFLINE.to_owned(), sent: Sent::No });
            return;
        }
        Err(why) => {
            see(&leg, Seen::Failed(&why.to_string()));
            report(failed(why));
            return;
        }
    };
    let headers = std::mem::take(&mut response.headers);
    see(&leg, Seen::Response { status: response.status, headers: &headers });
    report(Input::Response { id, status: response.status, headers });
    loop {
        let more = match response.chunk().await {
            Ok(Some(chunk)) => {
                see(&leg, Seen::Chunk(&chunk));
                report(Input::Bytes { id, chunk })
            }
            Ok(None) => {
                see(&leg, Seen::Ended);
                report(Input::Ended { id });
                false
            }
            Err(why) => {
                see(&leg, Seen::Failed(&why.to_string()));
                report(failed(why));
                false
            }
        };
        if !more {
            return;
        }
    }
}

/// Shows what happens, to whoever looks.
fn see(leg: &Option<Leg>, seen: Seen<'_>) {
    if let Some(leg) = leg {
        leg.sees(seen);
    }
}

/// Sends one request, as whoever is signed in, and again after each sign-in that its refusal led to. A refused request
/// was not run, so a call goes out once more at no risk.
async fn send(
    fetcher: &Fetcher,
    authority: Option<&dyn Authority>,
    request: HttpRequest,
    to: &Weak<Inner>,
    leg: &mut Option<Leg>,
) -> Result<Response, Failure> {
    let method = request.method.as_str();
    let mut plain = Request {
        method: method.to_owned(),
        url: request.url,
        headers: request.headers,
        body: request.body.map(String::into_bytes),
        // The session keeps the time: it knows progress from silence.
        timeout: None,
    };
    let goes_out = |leg: &Option<Leg>, plain: &Request| {
        if let Some(leg) = leg {
            leg.sends(&plain.headers, plain.body.as_deref());
        }
    };
    let Some(authority) = authority else {
        goes_out(leg, &plain);
        return fetcher.send(plain).await;
    };
    let background = request.background;
    let own = std::mem::take(&mut plain.headers);
    let mut chain = Chain::default();
    loop {
        let signed = personal(to, authority.headers(method, &plain.url)).await.map_err(Failure::Unsendable)?;
        plain.headers = own.iter().chain(&signed.headers).cloned().collect();
        goes_out(leg, &plain);
        let mut response = fetcher.send(plain.clone()).await?;
        let header =
            |name: &str| response.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let nonce = header("dpop-nonce");
        // Ending a session is no reason to sign in.
        if !matches!(response.status, 401 | 403) || request.method == mcp::Method::Delete {
            if let Some(nonce) = nonce {
                authority.nonce(&plain.url, &nonce).await;
            }
            return Ok(response);
        }
        let challenge = header("www-authenticate");
        let refusal = Refusal {
            status: response.status,
            www_authenticate: challenge.as_deref(),
            dpop_nonce: nonce.as_deref(),
            used: signed.used,
        };
        if !personal(to, authority.refused(&mut chain, refusal, background)).await {
            return Ok(response);
        }
        // What was read as somebody is not shown to whoever comes next (X117).
        if authority.is_somebody_new()
            && let Some(inner) = to.upgrade()
        {
            inner.session.borrow_mut().forget();
        }
        // Read to its end, so that the connection can be used again.
        let refusal = response.all(REFUSAL).await;
        if let Some(refused) = leg {
            refused.sees(Seen::Response { status: response.status, headers: &response.headers });
            refused.sees(Seen::Chunk(&refusal.unwrap_or_default()));
            refused.sees(Seen::Ended);
            *leg = Some(refused.again());
        }
    }
}

/// How much of the body of a refusal is read before the request goes out again.
const REFUSAL: usize = 64 << 10;

/// Waits for what may need the person, and tells the session that it is their time.
async fn personal<T>(connection: &Weak<Inner>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut waiting = None;
    std::future::poll_fn(move |context| {
        let polled = work.as_mut().poll(context);
        match &polled {
            Poll::Pending if waiting.is_none() => waiting = Some(Waiting::begin(connection.clone())),
            Poll::Pending => {}
            Poll::Ready(_) => waiting = None,
        }
        polled
    })
    .await
}

/// One request that waits for a sign-in, until dropped.
struct Waiting(Weak<Inner>);

impl Waiting {
    fn begin(connection: Weak<Inner>) -> Self {
        Self::count(&connection, 1);
        Waiting(connection)
    }

    fn count(connection: &Weak<Inner>, change: i32) {
        let Some(inner) = connection.upgrade() else { return };
        let before = inner.signing.get();
        inner.signing.set(before.saturating_add_signed(change));
        if (before == 0) != (inner.signing.get() == 0) {
            inner.feed(Input::SigningIn(before == 0));
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        Self::count(&self.0, -1);
    }
}

/// The status under which a redirect is reported: browsers hide the real one.
pub(crate) const REDIRECT: u16 = 307;

/// Whether a failed request may have been run. Only what could not even be built surely was not.
fn sent(why: &Failure) -> Sent {
    match why {
        Failure::Unsendable(_) => Sent::No,
        Failure::Network(_) | Failure::Redirected | Failure::Timeout(_) => Sent::Unknown,
    }
}

/// An operation under way. Dropping it cancels it.
pub struct Running {
    connection: Weak<Inner>,
    op: Option<OpId>,
    wait: Wait,
}

enum Wait {
    For(oneshot::Receiver<Result<Done, Failed>>),
    Over(Option<Done>),
}

impl Running {
    fn finished(connection: &Connection, done: Done) -> Self {
        Running { connection: Rc::downgrade(&connection.0), op: None, wait: Wait::Over(Some(done)) }
    }

    /// The operation's id in its session, while it runs.
    pub fn op(&self) -> Option<OpId> {
        self.op
    }
}

impl Future for Running {
    type Output = Result<Done, Failed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.wait {
            Wait::Over(done) => done.take().ok_or_else(Failed::closed),
            Wait::For(wait) => match Pin::new(wait).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(result) => result.unwrap_or_else(|_| Err(Failed::closed())),
            },
        };
        self.op = None;
        Poll::Ready(result)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some(op), Some(inner)) = (self.op.take(), self.connection.upgrade()) else { return };
        take(&mut inner.waiting.borrow_mut(), op);
        inner.session.borrow_mut().cancel(op, monotonic());
        inner.pump();
    }
}
