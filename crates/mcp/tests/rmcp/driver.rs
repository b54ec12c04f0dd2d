//! A driver in a few lines: requests go to the service as calls, their bodies come back in pieces, time is real.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use mcp::{CallResult, Config, Event, FetchId, HttpRequest, Input, OpError, OpId, Output, Session};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{sleep, timeout};

use crate::server::Library;

pub(crate) const ENDPOINT: &str = "http://localhost/mcp";

pub(crate) struct Driver {
    pub(crate) session: Session,
    /// Every event so far.
    pub(crate) seen: Vec<Event>,
    next: usize,
    service: Rc<Library>,
    piece: usize,
    began: Instant,
    to: mpsc::UnboundedSender<Input>,
    from: mpsc::UnboundedReceiver<Input>,
    flights: HashMap<FetchId, AbortHandle>,
    wake: Option<u64>,
}

impl Driver {
    /// A driver that hands bodies over in pieces of at most `piece` bytes.
    pub(crate) fn new(config: Config, service: Library, piece: usize) -> Self {
        let (to, from) = mpsc::unbounded_channel();
        Self {
            session: Session::new(config, 0),
            seen: Vec::new(),
            next: 0,
            service: Rc::new(service),
            piece,
            began: Instant::now(),
            to,
            from,
            flights: HashMap::new(),
            wake: None,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn pump(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Fetch(request) => {
                    let id = request.id;
                    let flight = spawn_local(carry(self.service.clone(), request, self.to.clone(), self.piece));
                    self.flights.insert(id, flight.abort_handle());
                }
                Output::Cancel(id) => {
                    if let Some(flight) = self.flights.remove(&id) {
                        flight.abort();
                    }
                }
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Event(event) => self.seen.push(event),
            }
        }
    }

    /// Runs until an event is what is wanted. Events are looked at once, in order.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let found = timeout(Duration::from_secs(30), async {
            loop {
                self.pump();
                while let Some(event) = self.seen.get(self.next) {
                    self.next += 1;
                    if let Some(found) = wanted(event) {
                        return found;
                    }
                }
                let pause = self.wake.map_or(30_000, |at| at.saturating_sub(self.now()));
                let input = tokio::select! {
                    input = self.from.recv() => input.expect("this end is kept"),
                    () = sleep(Duration::from_millis(pause)) => {
                        self.wake = None;
                        Input::Tick
                    }
                };
                self.session.handle(input, self.now());
            }
        })
        .await;
        found.unwrap_or_else(|_| panic!("nothing came; so far {:?}", self.seen))
    }

    /// Runs until an operation ends, which must be in the way that is wanted.
    pub(crate) async fn done<T>(&mut self, op: OpId, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let ended = self.until(|event| match event {
            Event::Tools { op: ended, .. }
            | Event::Listed { op: ended, .. }
            | Event::Answered { op: ended, .. }
            | Event::Called { op: ended, .. }
            | Event::Failed { op: ended, .. }
                if *ended == op =>
            {
                Some(event.clone())
            }
            _ => None,
        });
        let ended = ended.await;
        wanted(&ended).unwrap_or_else(|| panic!("{ended:?}"))
    }

    pub(crate) async fn tools(&mut self, op: OpId) -> Vec<Value> {
        let tools = self.done(op, |event| match event {
            Event::Tools { tools, .. } => Some(tools.clone()),
            _ => None,
        });
        tools.await
    }

    pub(crate) async fn called(&mut self, op: OpId) -> CallResult {
        let result = self.done(op, |event| match event {
            Event::Called { result, .. } => Some(result.clone()),
            _ => None,
        });
        result.await
    }

    pub(crate) async fn answered(&mut self, op: OpId) -> Value {
        let result = self.done(op, |event| match event {
            Event::Answered { result, .. } => Some(result.clone()),
            _ => None,
        });
        result.await
    }

    pub(crate) async fn failed(&mut self, op: OpId) -> OpError {
        let error = self.done(op, |event| match event {
            Event::Failed { error, .. } => Some(error.clone()),
            _ => None,
        });
        error.await
    }

    /// Closes the session and sees that nothing was set aside on the way: both ends speak the same protocol.
    pub(crate) async fn close(&mut self) {
        self.session.close(self.now());
        self.until(|event| matches!(event, Event::Closed).then_some(())).await;
        // Progress of a call that was cancelled may be on its way still.
        let cancelled = self.seen.iter().any(|event| matches!(event, Event::Failed { error: OpError::Cancelled, .. }));
        let odd = |event: &&Event| matches!(event, Event::Ignored { what } if !cancelled || !what.contains("progress"));
        let odd: Vec<&Event> = self.seen.iter().filter(odd).collect();
        assert!(odd.is_empty(), "{odd:?}");
        assert!(self.session.poll().is_none());
    }
}

async fn carry(service: Rc<Library>, request: HttpRequest, to: mpsc::UnboundedSender<Input>, piece: usize) {
    let id = request.id;
    let mut builder =
        http::Request::builder().method(request.method.as_str()).uri(&request.url).header("host", "localhost");
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body.unwrap_or_default()));
    let response = service.handle(builder.body(body).expect("headers that can be sent")).await;
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let _ = to.send(Input::Response { id, status: response.status().as_u16(), headers });
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let data = frame.map(|frame| frame.into_data().unwrap_or_default());
        let data = data.unwrap_or_else(|never| match never {});
        for chunk in data.chunks(piece.min(data.len()).max(1)) {
            let _ = to.send(Input::Bytes { id, chunk: chunk.to_vec() });
        }
    }
    let _ = to.send(Input::Ended { id });
}
