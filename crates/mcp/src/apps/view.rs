//! The conversation with a page, as a state machine (specification, "Lifecycle").
//!
//! The order is fixed: the page greets, it is answered, it says that it is ready; only then is it told the arguments of
//! its call, once, and after them the result or that there will be none. What the host has to say earlier waits.
//!
//! A page is not trusted: a message that is too large, too early, in the wrong form or one of too many is refused or
//! dropped (X93, X98), each request has an id of its own while it is open, and answers count only for requests of ours.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::message::{Ask, Mode, UNKNOWN_METHOD, WRONG, is_id};
use super::{Permission, REVISION, Sources};
use crate::types::{Implementation, Millis};

/// Bytes of the largest message of a page.
const LARGEST: usize = 1 << 20;
/// Requests of a page that are open at a time.
const OPEN: usize = 16;
/// Messages at once, and how many more each second.
const BURST: u64 = 200;
const PER_SECOND: u64 = 50;
/// Calls and reads at once, and how many more each second (X94).
const CALLS_BURST: u64 = 40;
const CALLS_PER_SECOND: u64 = 2;
/// Messages too many before the page is stopped (X98).
const FLOOD: u32 = 2_000;
/// How long a page may take to say that it is ready, in milliseconds.
const GREETING: Millis = 10_000;
/// How long a page may take to say goodbye, in milliseconds.
const FAREWELL: Millis = 1_000;
/// The largest size that is listened to, in CSS pixels.
const LARGEST_SIZE: f64 = 20_000.0;
/// The id of the one request that the host makes.
const GOODBYE: &str = "teardown";

/// What a page is told about its host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Who the host is.
    pub info: Implementation,
    /// What the page may load from elsewhere.
    pub sources: Sources,
    /// Where it is: a `McpUiHostContext`, without the modes.
    pub context: Map<String, Value>,
    /// The modes that this host can show it in.
    pub modes: Vec<Mode>,
    /// What of the device it was given (X99).
    pub given: Vec<Permission>,
}

/// A request of the page that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Why the page does not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this JSON text to the page.
    Send(String),
    /// The page asks for something; answer it with [`View::answer`].
    Asked {
        /// By which it is answered.
        ticket: Ticket,
        /// What it asks for.
        ask: Ask,
    },
    /// The page no longer waits for an answer.
    Withdrawn(Ticket),
    /// The page is ready.
    Ready {
        /// What it calls itself. Its own words.
        name: String,
        /// The modes it can be shown in, besides inline.
        modes: Vec<Mode>,
    },
    /// The page has been there for a while and has not said that it is ready: it is told nothing, and may never be. Said
    /// once; a page that is ready after all is.
    Silent,
    /// The page would like another height, in CSS pixels. Its width is that of its place, so what it says of that is not
    /// passed on.
    Resized(u32),
    /// The page logs something. Its own words.
    Logged {
        /// How important, in its words.
        level: String,
        /// What.
        text: String,
    },
    /// The page would like to be closed.
    WantsToEnd,
    /// The page has said goodbye, or has taken too long: the frame can go.
    Ended,
    /// The page sends more than anybody needs: the frame must go.
    Flooded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has not greeted.
    New,
    /// It was answered.
    Greeted,
    /// It is ready.
    Ready,
    /// It was asked to say goodbye.
    Ending(Millis),
    /// Nothing more is listened to.
    Over,
}

/// One page in its frame.
#[derive(Debug)]
pub struct View {
    host: Host,
    stage: Stage,
    /// When it is late to say that it is ready; none before it is there, and after that was said.
    late_at: Option<Millis>,
    outputs: VecDeque<Output>,
    /// What the host has to say and the page cannot hear yet.
    held: Vec<(&'static str, Value)>,
    open: Vec<(Ticket, Value)>,
    tickets: u64,
    modes: Vec<Mode>,
    told_input: bool,
    told_end: bool,
    messages: Bucket,
    calls: Bucket,
    too_many: u32,
}

/// So many at once, and so many more each second.
#[derive(Debug)]
struct Bucket {
    burst: u64,
    per_second: u64,
    /// In thousandths.
    left: u64,
    at: Millis,
}

impl Bucket {
    fn new(burst: u64, per_second: u64) -> Self {
        Self { burst, per_second, left: burst * 1_000, at: 0 }
    }

    fn take(&mut self, now: Millis) -> bool {
        let more = now.saturating_sub(self.at).saturating_mul(self.per_second);
        self.left = self.left.saturating_add(more).min(self.burst * 1_000);
        self.at = now;
        match self.left.checked_sub(1_000) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl View {
    /// A page that has not said anything yet.
    pub fn new(host: Host) -> Self {
        Self {
            host,
            stage: Stage::New,
            late_at: None,
            outputs: VecDeque::new(),
            held: Vec::new(),
            open: Vec::new(),
            tickets: 0,
            modes: Vec::new(),
            told_input: false,
            told_end: false,
            messages: Bucket::new(BURST, PER_SECOND),
            calls: Bucket::new(CALLS_BURST, CALLS_PER_SECOND),
            too_many: 0,
        }
    }

    /// Its document was handed to the frame: from now on it can say that it is ready.
    pub fn is_there(&mut self, now: Millis) {
        self.late_at = Some(now + GREETING);
    }

    /// What is to be done next, if anything.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether nothing more is listened to.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Whether the page said that it can be shown this way. Inline is always possible ("Display Modes").
    pub fn can_show(&self, mode: Mode) -> bool {
        mode == Mode::Inline || self.modes.contains(&mode) && self.host.modes.contains(&mode)
    }

    /// The page sent a message: JSON text. `now` is a clock that only goes forward, in milliseconds.
    pub fn receive(&mut self, text: &str, now: Millis) {
        if self.stage == Stage::Over {
            return;
        }
        let in_time = self.messages.take(now);
        if !in_time {
            self.too_many += 1;
            if self.too_many >= FLOOD {
                self.stage = Stage::Over;
                self.outputs.push_back(Output::Flooded);
                return;
            }
        }
        if text.len() > LARGEST {
            return;
        }
        let Ok(Value::Object(message)) = serde_json::from_str::<Value>(text) else { return };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return;
        }
        let params = message.get("params").cloned().unwrap_or(Value::Null);
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some(method), Some(id)) if is_id(id) => match in_time {
                true => self.request(method, id.clone(), &params, now),
                false => self.refuse(id, -32000, "too many messages"),
            },
            (Some(method), None) if in_time => self.notified(method, &params),
            (None, Some(id)) if id.as_str() == Some(GOODBYE) && matches!(self.stage, Stage::Ending(_)) => self.end(),
            _ => {}
        }
    }

    fn request(&mut self, method: &str, id: Value, params: &Value, now: Millis) {
        if self.open.iter().any(|(_, open)| *open == id) {
            // An answer could not be told from the one that is still to come, so there is none (X93).
            return;
        }
        match (method, self.stage) {
            ("ping", _) => self.send(json!({ "jsonrpc": "2.0", "id": id, "result": {} })),
            ("ui/initialize", Stage::New) => self.greet(&id, params),
            ("ui/initialize", _) => self.refuse(&id, -32600, "this view has been initialized"),
            (_, Stage::New | Stage::Greeted) => self.refuse(&id, -32600, "this view is not initialized yet"),
            (_, Stage::Ending(_) | Stage::Over) => self.refuse(&id, -32000, "this view is being closed"),
            (_, Stage::Ready) => match Ask::read(method, params) {
                Err((UNKNOWN_METHOD, why)) => self.refuse(&id, UNKNOWN_METHOD, why),
                Err((code, why)) => self.refuse(&id, code, why),
                Ok(ask) => {
                    let works = matches!(ask, Ask::Call { .. } | Ask::Read { .. } | Ask::List(_));
                    if self.open.len() >= OPEN {
                        self.refuse(&id, -32000, "too many requests are open");
                    } else if works && !self.calls.take(now) {
                        self.refuse(&id, -32000, "too many calls; wait a little");
                    } else {
                        self.tickets += 1;
                        let ticket = Ticket(self.tickets);
                        self.open.push((ticket, id));
                        self.outputs.push_back(Output::Asked { ticket, ask });
                    }
                }
            },
        }
    }

    fn notified(&mut self, method: &str, params: &Value) {
        match (method, self.stage) {
            ("ui/notifications/initialized", Stage::Greeted) => {
                self.stage = Stage::Ready;
                for (method, params) in std::mem::take(&mut self.held) {
                    self.notify(method, params);
                }
            }
            ("ui/notifications/size-changed", Stage::Greeted | Stage::Ready) => {
                let height = params.get("height").and_then(Value::as_f64);
                if let Some(height) = height.filter(|height| height.is_finite() && *height >= 0.0) {
                    // No fraction, no more than a page has.
                    self.outputs.push_back(Output::Resized(height.min(LARGEST_SIZE).ceil() as u32));
                }
            }
            ("notifications/message", Stage::Ready) => {
                let level = params.get("level").and_then(Value::as_str).unwrap_or("info").chars().take(20).collect();
                let text = match params.get("data") {
                    Some(Value::String(text)) => text.chars().take(2_000).collect(),
                    Some(data) => data.to_string().chars().take(2_000).collect(),
                    None => String::new(),
                };
                self.outputs.push_back(Output::Logged { level, text });
            }
            ("notifications/cancelled", Stage::Ready) => {
                let id = params.get("requestId");
                if let Some(at) = self.open.iter().position(|(_, open)| Some(open) == id) {
                    let (ticket, _) = self.open.remove(at);
                    self.outputs.push_back(Output::Withdrawn(ticket));
                }
            }
            ("ui/notifications/request-teardown", Stage::Ready) => self.outputs.push_back(Output::WantsToEnd),
            _ => {}
        }
    }

    fn greet(&mut self, id: &Value, params: &Value) {
        let name = params.pointer("/appInfo/name").and_then(Value::as_str);
        let (Some(name), Some(capabilities)) = (name, params.get("appCapabilities").and_then(Value::as_object)) else {
            return self.refuse(id, WRONG, "`appInfo` and `appCapabilities` are needed");
        };
        let modes = capabilities.get("availableDisplayModes").and_then(Value::as_array);
        self.modes = modes
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|mode| mode.as_str().and_then(Mode::of))
            .filter(|mode| self.host.modes.contains(mode))
            .collect();
        let mut context = self.host.context.clone();
        let modes: Vec<&str> = self.host.modes.iter().map(|mode| mode.name()).collect();
        context.insert("availableDisplayModes".into(), modes.into());
        let text = json!({ "text": {} });
        let given: Map<String, Value> = self.host.given.iter().map(|one| (one.name().to_owned(), json!({}))).collect();
        let result = json!({
            "protocolVersion": REVISION,
            "hostInfo": { "name": self.host.info.name, "version": self.host.info.version },
            "hostCapabilities": {
                "openLinks": {},
                "downloadFile": {},
                "serverTools": {},
                "serverResources": {},
                "logging": {},
                "message": text,
                "updateModelContext": { "text": {}, "structuredContent": {} },
                "sandbox": { "permissions": given, "csp": self.host.sources.to_json() },
            },
            "hostContext": context,
        });
        let name: String = name.chars().take(100).collect();
        self.stage = Stage::Greeted;
        self.outputs.push_back(Output::Ready { name, modes: self.modes.clone() });
        self.send(json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    /// The arguments of the call that the page belongs to. Told once.
    pub fn input(&mut self, arguments: &Map<String, Value>) {
        if !std::mem::replace(&mut self.told_input, true) {
            self.tell("ui/notifications/tool-input", json!({ "arguments": arguments }));
        }
    }

    /// The result of the call: a `CallToolResult`. Told once, after the arguments.
    pub fn result(&mut self, result: &Value) {
        if self.told_input && !std::mem::replace(&mut self.told_end, true) {
            self.tell("ui/notifications/tool-result", result.clone());
        }
    }

    /// There will be no result.
    pub fn cancelled(&mut self, reason: &str) {
        if self.told_input && !std::mem::replace(&mut self.told_end, true) {
            self.tell("ui/notifications/tool-cancelled", json!({ "reason": reason }));
        }
    }

    /// How far a call is that the page wanted to hear of, by its token.
    pub fn progress(&mut self, token: &Value, done: f64, total: Option<f64>, message: Option<&str>) {
        let said = [
            ("progressToken", Some(token.clone())),
            ("progress", Some(done.into())),
            ("total", total.map(Value::from)),
            ("message", message.map(Value::from)),
        ];
        let params: Map<String, Value> =
            said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        self.tell("notifications/progress", params.into());
    }

    /// Something about where the page is has changed: the part that did.
    pub fn context_changed(&mut self, part: Map<String, Value>) {
        self.host.context.extend(part.iter().map(|(key, value)| (key.clone(), value.clone())));
        if self.stage != Stage::New {
            self.tell("ui/notifications/host-context-changed", part.into());
        }
    }

    /// The answer to a request: a result, or why there is none. An answer to what was withdrawn goes nowhere.
    pub fn answer(&mut self, ticket: Ticket, answer: Result<Value, Refused>) {
        let Some(at) = self.open.iter().position(|(open, _)| *open == ticket) else { return };
        let (_, id) = self.open.remove(at);
        match answer {
            Ok(result) => self.send(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Err(Refused(why)) => self.refuse(&id, -32000, &why),
        }
    }

    /// Asks the page to say goodbye. [`Output::Ended`] follows, at the latest when [`View::tick`] says that it took
    /// too long.
    pub fn close(&mut self, now: Millis) {
        match self.stage {
            Stage::Ready => {
                self.stage = Stage::Ending(now + FAREWELL);
                self.send(json!({ "jsonrpc": "2.0", "id": GOODBYE, "method": "ui/resource-teardown", "params": {} }));
            }
            Stage::New | Stage::Greeted => self.end(),
            Stage::Ending(_) | Stage::Over => {}
        }
    }

    /// When [`View::tick`] is wanted next.
    pub fn wake_at(&self) -> Option<Millis> {
        match self.stage {
            Stage::New | Stage::Greeted => self.late_at,
            Stage::Ending(at) => Some(at),
            Stage::Ready | Stage::Over => None,
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Millis) {
        match self.stage {
            Stage::New | Stage::Greeted if self.late_at.is_some_and(|at| now >= at) => {
                self.late_at = None;
                self.outputs.push_back(Output::Silent);
            }
            Stage::Ending(at) if now >= at => self.end(),
            _ => {}
        }
    }

    fn end(&mut self) {
        self.stage = Stage::Over;
        self.open.clear();
        self.outputs.push_back(Output::Ended);
    }

    /// Says something to the page, as soon as it can hear it.
    fn tell(&mut self, method: &'static str, params: Value) {
        match self.stage {
            Stage::New | Stage::Greeted => self.held.push((method, params)),
            Stage::Ready => self.notify(method, params),
            Stage::Ending(_) | Stage::Over => {}
        }
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn refuse(&mut self, id: &Value, code: i64, why: &str) {
        self.send(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": why } }));
    }

    fn send(&mut self, message: Value) {
        self.outputs.push_back(Output::Send(message.to_string()));
    }
}
