//! Both ends in memory: a session, a clock that only moves when told, and a hand that plays the server.

use std::collections::VecDeque;

use mcp::{
    CallTool, Config, EraChoice, Event, FetchId, HttpRequest, Implementation, Input, Method, OpId, Output, Sent,
    Session,
};
use serde_json::Value;

pub(crate) const ENDPOINT: &str = "https://mcp.example.com/mcp";

/// A session with everything that it put out.
pub(crate) struct Rig {
    pub(crate) session: Session,
    pub(crate) now: u64,
    pub(crate) fetches: VecDeque<HttpRequest>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) cancelled: Vec<FetchId>,
    pub(crate) wake: Option<u64>,
    /// Cut every body here, to see that it makes no difference.
    pub(crate) cut: Option<usize>,
    /// Cut every body into pieces of these lengths, over and over.
    pub(crate) sizes: Vec<usize>,
    /// Length of the longest piece of a body so far.
    pub(crate) longest: usize,
}

/// How many cases a property is tried with: `PROPTEST_CASES`, or this many.
pub(crate) fn cases(usual: u32) -> proptest::test_runner::Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}

pub(crate) fn config() -> Config {
    let mut config = Config::new(ENDPOINT, Implementation { name: "countersign".into(), version: "0.1.0".into() });
    config.headers.push(("Authorization".into(), "Bearer canary-token".into()));
    config
}

impl Rig {
    pub(crate) fn new(config: Config) -> Self {
        let now = 1_000_000;
        let session = Session::new(config, now);
        Self {
            session,
            now,
            fetches: VecDeque::new(),
            events: VecDeque::new(),
            cancelled: Vec::new(),
            wake: None,
            cut: None,
            sizes: Vec::new(),
            longest: 0,
        }
    }

    /// Does what the session wants, and sees that it comes to rest.
    pub(crate) fn pump(&mut self) {
        for _ in 0..10_000 {
            match self.session.poll() {
                None => return,
                Some(Output::Fetch(request)) => self.fetches.push_back(request),
                Some(Output::Cancel(id)) => {
                    self.fetches.retain(|request| request.id != id);
                    self.cancelled.push(id);
                }
                Some(Output::WakeAt(at)) => self.wake = Some(at),
                Some(Output::Event(event)) => self.events.push_back(event),
            }
        }
        panic!("the session does not come to rest");
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.session.handle(input, self.now);
        self.pump();
    }

    /// Lets time pass, with a tick whenever the session asked for one.
    pub(crate) fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        let mut ticks = 0;
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.wake = None;
            self.input(Input::Tick);
            ticks += 1;
            assert!(ticks < 10_000, "the session never sleeps");
        }
        self.now = end;
    }

    /// The next request, which must be there.
    pub(crate) fn take(&mut self) -> HttpRequest {
        self.fetches.pop_front().expect("a request")
    }

    /// The next request, which must be a POST of `method`.
    pub(crate) fn post(&mut self, method: &str) -> HttpRequest {
        let request = self.take();
        assert_eq!(request.method, Method::Post, "{request:?}");
        assert_eq!(body(&request)["method"], method, "{:?}", request.body);
        request
    }

    pub(crate) fn event(&mut self) -> Event {
        self.events.pop_front().expect("an event")
    }

    pub(crate) fn quiet(&self) {
        assert!(self.events.is_empty(), "{:?}", self.events);
        assert!(self.fetches.is_empty(), "{:?}", self.fetches);
    }

    pub(crate) fn head(&mut self, request: &HttpRequest, status: u16, headers: &[(&str, &str)]) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.input(Input::Response { id: request.id, status, headers });
    }

    pub(crate) fn bytes(&mut self, request: &HttpRequest, bytes: &[u8]) {
        self.longest = self.longest.max(bytes.len());
        if !self.sizes.is_empty() {
            let mut rest = bytes;
            for size in self.sizes.clone().into_iter().cycle() {
                if rest.is_empty() {
                    return;
                }
                let (piece, more) = rest.split_at(size.min(rest.len()));
                self.input(Input::Bytes { id: request.id, chunk: piece.to_vec() });
                rest = more;
            }
        }
        let (a, b) = bytes.split_at(self.cut.unwrap_or(0).min(bytes.len()));
        for chunk in [a, b] {
            if self.cut.is_none() || !chunk.is_empty() {
                self.input(Input::Bytes { id: request.id, chunk: chunk.to_vec() });
            }
        }
    }

    pub(crate) fn end(&mut self, request: &HttpRequest) {
        self.input(Input::Ended { id: request.id });
    }

    pub(crate) fn fail(&mut self, request: &HttpRequest) {
        self.input(Input::Failed { id: request.id, why: "TypeError: Failed to fetch".into(), sent: Sent::Unknown });
    }

    pub(crate) fn reply(&mut self, request: &HttpRequest, status: u16, headers: &[(&str, &str)], text: &str) {
        self.head(request, status, headers);
        self.bytes(request, text.as_bytes());
        self.end(request);
    }

    pub(crate) fn json(&mut self, request: &HttpRequest, status: u16, text: &str) {
        self.reply(request, status, &[("content-type", "application/json; charset=utf-8")], text);
    }

    /// A result for the request, as one JSON body.
    pub(crate) fn result(&mut self, request: &HttpRequest, result: &str) {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, body(request)["id"]);
        self.json(request, 200, &text);
    }

    /// An error for the request.
    pub(crate) fn error(&mut self, request: &HttpRequest, status: u16, error: &str) {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, body(request)["id"]);
        self.json(request, status, &text);
    }

    pub(crate) fn open(&mut self, request: &HttpRequest) {
        self.head(request, 200, &[("Content-Type", "text/event-stream")]);
    }

    /// One event with a message.
    pub(crate) fn message(&mut self, request: &HttpRequest, text: &str) {
        self.bytes(request, format!("event: message\r\ndata: {text}\r\n\r\n").as_bytes());
    }

    pub(crate) fn call(&mut self, name: &str, arguments: &str) -> OpId {
        let call = CallTool { name: name.into(), arguments: arguments.into(), progress: true };
        let op = self.session.call_tool(call, self.now);
        self.pump();
        op
    }

    pub(crate) fn list(&mut self) -> OpId {
        let op = self.session.list_tools(self.now);
        self.pump();
        op
    }

    pub(crate) fn lists(&mut self, list: mcp::List) -> OpId {
        let op = self.session.list(list, self.now);
        self.pump();
        op
    }

    pub(crate) fn request(&mut self, request: mcp::Request) -> OpId {
        let op = self.session.request(request, self.now);
        self.pump();
        op
    }

    pub(crate) fn answer(&mut self, ask: mcp::AskId, answer: mcp::Answer) {
        self.session.answer(ask, answer, self.now);
        self.pump();
    }

    /// The next event, which must be a question.
    pub(crate) fn asked(&mut self) -> mcp::ServerRequest {
        match self.event() {
            Event::Asked(request) => request,
            event => panic!("{event:?}"),
        }
    }

    pub(crate) fn connect(&mut self) -> OpId {
        let op = self.session.connect(self.now);
        self.pump();
        op
    }
}

pub(crate) fn body(request: &HttpRequest) -> Value {
    serde_json::from_str(request.body.as_deref().expect("a body")).expect("JSON")
}

pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

pub(crate) const DISCOVERED: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],
    "capabilities":{"tools":{}},"instructions":"Be kind.","ttlMs":0,"cacheScope":"private",
    "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"modern","version":"2.4.0"}}}"#;

/// A rig that is connected to a server of 2026-07-28, as the TypeScript SDK 2.x answers.
pub(crate) fn modern() -> Rig {
    modern_with(config())
}

pub(crate) fn modern_with(config: Config) -> Rig {
    modern_has(config, r#"{"tools":{}}"#)
}

/// A rig that is connected to a server of 2026-07-28 with these capabilities.
pub(crate) fn modern_has(config: Config, capabilities: &str) -> Rig {
    let mut rig = Rig::new(config);
    rig.connect();
    let discover = rig.post("server/discover");
    rig.result(&discover, &DISCOVERED.replace(r#"{"tools":{}}"#, capabilities));
    assert!(matches!(rig.event(), Event::Connected(_)));
    assert!(rig.events.is_empty(), "{:?}", rig.events);
    rig
}

pub(crate) const INITIALIZED: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},
    "serverInfo":{"name":"mcp-servers/everything","title":"Everything","version":"2.0.0"},"instructions":"Hi"}"#;

/// A rig that is connected to a server of 2025-11-25 with a session; also its open GET stream.
pub(crate) fn legacy() -> (Rig, HttpRequest) {
    legacy_with(config())
}

pub(crate) fn legacy_with(config: Config) -> (Rig, HttpRequest) {
    let (rig, stream) = legacy_has(config, r#"{"tools":{"listChanged":true}}"#);
    rig.quiet();
    (rig, stream)
}

/// A rig that is connected to a server of 2025-11-25 with these capabilities; also its open GET stream.
pub(crate) fn legacy_has(mut config: Config, capabilities: &str) -> (Rig, HttpRequest) {
    config.era = EraChoice::Legacy;
    let mut rig = Rig::new(config);
    rig.connect();
    let stream = handshake_with(&mut rig, "canary-session", capabilities);
    assert!(matches!(rig.event(), Event::Connected(_)));
    (rig, stream)
}

/// Plays the handshake of a legacy server, up to its open GET stream.
pub(crate) fn handshake(rig: &mut Rig, session: &str) -> HttpRequest {
    handshake_with(rig, session, r#"{"tools":{"listChanged":true}}"#)
}

/// The same for a server with these capabilities.
pub(crate) fn handshake_with(rig: &mut Rig, session: &str, capabilities: &str) -> HttpRequest {
    let initialize = rig.post("initialize");
    assert_eq!(header(&initialize, "mcp-session-id"), None);
    assert_eq!(header(&initialize, "mcp-protocol-version"), None);
    rig.head(&initialize, 200, &[("Content-Type", "text/event-stream"), ("Mcp-Session-Id", session)]);
    rig.bytes(&initialize, b"id: prime-0\ndata: \n\n");
    let result = INITIALIZED.replace('\n', "").replace(r#"{"tools":{"listChanged":true}}"#, capabilities);
    let text = format!(r#"{{"result":{result},"jsonrpc":"2.0","id":{}}}"#, body(&initialize)["id"]);
    rig.message(&initialize, &text);
    rig.end(&initialize);
    let initialized = rig.post("notifications/initialized");
    assert_eq!(header(&initialized, "mcp-session-id"), Some(session));
    assert_eq!(header(&initialized, "mcp-protocol-version"), Some("2025-11-25"));
    rig.reply(&initialized, 202, &[], "");
    let stream = rig.take();
    assert_eq!(stream.method, Method::Get);
    rig.open(&stream);
    stream
}

/// A rig that is connected over HTTP+SSE; also its stream.
pub(crate) fn oldest() -> (Rig, HttpRequest) {
    let mut config = config();
    config.era = EraChoice::LegacySse;
    config.endpoint = "https://mcp.example.com/sse".into();
    let mut rig = Rig::new(config);
    rig.connect();
    let stream = rig.take();
    oldest_handshake(&mut rig, &stream);
    assert!(matches!(rig.event(), Event::Connected(_)));
    rig.quiet();
    (rig, stream)
}

/// Plays the handshake over an opened HTTP+SSE stream.
pub(crate) fn oldest_handshake(rig: &mut Rig, stream: &HttpRequest) {
    assert_eq!(stream.method, Method::Get);
    rig.open(stream);
    rig.bytes(stream, b"event: endpoint\ndata: /message?sessionId=canary-session\n\n");
    let initialize = rig.post("initialize");
    assert_eq!(initialize.url, "https://mcp.example.com/message?sessionId=canary-session");
    rig.reply(&initialize, 202, &[], "Accepted");
    let text = format!(
        r#"{{"result":{{"protocolVersion":"2024-11-05","capabilities":{{}},"serverInfo":{{"name":"old","version":"1"}}}},"jsonrpc":"2.0","id":{}}}"#,
        body(&initialize)["id"]
    );
    rig.message(stream, &text);
    let initialized = rig.post("notifications/initialized");
    rig.reply(&initialized, 202, &[], "Accepted");
}
