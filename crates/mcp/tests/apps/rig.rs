//! A page that says what a test has it say.

use mcp::Implementation;
use mcp::apps::{Ask, Host, Mode, Output, Sources, Ticket, View};
use serde_json::{Map, Value, json};

/// A view and what it wanted.
pub(crate) struct Rig {
    pub(crate) view: View,
    pub(crate) now: u64,
    pub(crate) sent: Vec<Value>,
    pub(crate) other: Vec<Output>,
}

/// An object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

impl Rig {
    pub(crate) fn new() -> Self {
        let host = Host {
            info: Implementation { name: "countersign".into(), version: "0.1.0".into() },
            sources: Sources::read(&json!({ "connectDomains": ["https://api.example.com"] }), false, &|_| true),
            context: object(json!({ "theme": "dark", "displayMode": "inline", "platform": "web" })),
            modes: Mode::ALL.to_vec(),
            given: vec![mcp::apps::Permission::ClipboardWrite],
        };
        Self { view: View::new(host), now: 1_000, sent: Vec::new(), other: Vec::new() }
    }

    /// One that has greeted and is ready.
    pub(crate) fn ready() -> Self {
        let mut rig = Self::new();
        rig.greet();
        rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/initialized" }));
        rig.sent.clear();
        rig.other.clear();
        rig
    }

    pub(crate) fn greet(&mut self) {
        self.says(json!({ "jsonrpc": "2.0", "id": 0, "method": "ui/initialize", "params": {
            "appInfo": { "name": "Board", "version": "1" },
            "appCapabilities": { "availableDisplayModes": ["inline", "fullscreen"] },
            "protocolVersion": "2026-01-26" } }));
    }

    /// The page sends a message.
    pub(crate) fn says(&mut self, message: Value) {
        self.says_text(&message.to_string());
    }

    pub(crate) fn says_text(&mut self, text: &str) {
        self.view.receive(text, self.now);
        self.pump();
    }

    /// The page asks for something.
    pub(crate) fn asks(&mut self, id: Value, method: &str, params: Value) {
        self.says(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
    }

    pub(crate) fn pump(&mut self) {
        while let Some(output) = self.view.poll() {
            match output {
                Output::Send(text) => self.sent.push(serde_json::from_str(&text).unwrap()),
                other => self.other.push(other),
            }
        }
    }

    /// What was asked, in order.
    pub(crate) fn asked(&self) -> Vec<(Ticket, Ask)> {
        let asked = |output: &Output| match output {
            Output::Asked { ticket, ask } => Some((*ticket, ask.clone())),
            _ => None,
        };
        self.other.iter().filter_map(asked).collect()
    }

    /// The methods of what was sent; of an answer its id.
    pub(crate) fn methods(&self) -> Vec<String> {
        let name = |message: &Value| message.get("method").and_then(Value::as_str).map(str::to_owned);
        self.sent.iter().map(|message| name(message).unwrap_or_else(|| format!("answer {}", message["id"]))).collect()
    }

    /// The code of the last error that was sent.
    pub(crate) fn code(&self) -> Option<i64> {
        self.sent.last()?.pointer("/error/code")?.as_i64()
    }
}
