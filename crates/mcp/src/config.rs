//! What a session is opened with.

use std::fmt;

use serde_json::Value;

use crate::request::LogLevel;
use crate::revision::Revision;
use crate::types::{Masked, Millis, without_query};

/// Which revisions to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EraChoice {
    /// A modern request first, then every older way by the signals that real servers give.
    #[default]
    Auto,
    /// 2026-07-28 only.
    Modern,
    /// `initialize` over Streamable HTTP, then HTTP+SSE.
    Legacy,
    /// HTTP+SSE of 2024-11-05 only.
    LegacySse,
    /// This revision and no other; an answer in another one ends the attempt with [`crate::OpError::Version`].
    /// 2024-11-05 is tried over Streamable HTTP first and over HTTP+SSE then.
    Exact(Revision),
}

/// Who this client says it is. Sent to every server; holds nothing about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implementation {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which kinds of questions the host can put to a person. Only these are advertised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elicitation {
    /// Forms described by a JSON Schema.
    pub form: bool,
    /// Addresses to open in a new tab.
    pub url: bool,
}

/// How long to wait, in milliseconds. Every limit covers the body, not only the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Longest silence while an answer is awaited. Any byte counts as life.
    pub idle: Millis,
    /// Hard limit for one request, whatever progress it reports. Time that a person needs to answer a question of the
    /// server does not count.
    pub total: Millis,
    /// Hard limit for each step of connecting.
    pub connect: Millis,
    /// Longest life of a task whose server names none, or a longer one (tasks extension, `ttlMs`). Its requests each have
    /// the limits above.
    pub task: Millis,
    /// How long a server whose standing stream is open may say nothing before it is asked by a `ping` whether it is still
    /// there; 0 for never. Revisions before 2026-07-28 only (2025-11-25, basic/utilities/ping). A ping has `connect` to be
    /// answered; without an answer the stream is opened anew ([`crate::Event::Stale`]).
    pub ping: Millis,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { idle: 120_000, total: 600_000, connect: 30_000, task: 86_400_000, ping: 300_000 }
    }
}

/// How much to accept (X40, X58, X84, X85, X115).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one JSON body or one event.
    pub message_bytes: usize,
    /// Bytes of one response to a request, all events together. Standing streams are not counted.
    pub response_bytes: usize,
    /// Events of one response to a request.
    pub events: usize,
    /// Nesting of JSON; the JSON parser itself stops at 127.
    pub depth: usize,
    /// JSON values of one message: a small text can take a lot of memory.
    pub values: usize,
    /// Content blocks kept of one result; the rest is counted in [`crate::CallResult::dropped_blocks`].
    pub blocks: usize,
    /// Pages of one list.
    pub pages: usize,
    /// Entries of one list, of whatever kind.
    pub tools: usize,
    /// Bytes of one whole list. Also the bytes of all resources that are kept for their `ttlMs`.
    pub list_bytes: usize,
    /// Rounds of `input_required` for one call.
    pub rounds: u32,
    /// Bytes of a `requestState`.
    pub request_state: usize,
    /// Questions of the server open at a time.
    pub asks: usize,
    /// Resources watched at a time (X87).
    pub watched: usize,
    /// Bytes kept of the body of an HTTP error.
    pub error_text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 8 << 20,
            response_bytes: 32 << 20,
            events: 50_000,
            depth: 100,
            values: 500_000,
            blocks: 1_000,
            pages: 200,
            tools: 5_000,
            list_bytes: 4 << 20,
            rounds: 10,
            request_state: 64 << 10,
            asks: 16,
            watched: 200,
            error_text: 4 << 10,
        }
    }
}

/// What a session is opened with.
#[derive(Clone)]
pub struct Config {
    /// The address of the server, sent as it is. Where a proxy is in use the driver rewrites it: the session knows the
    /// canonical address only.
    pub endpoint: String,
    /// Who we are.
    pub client: Implementation,
    /// Headers for every request, for example `Authorization`. They never replace a header of the protocol and never
    /// appear in debug output.
    pub headers: Vec<(String, String)>,
    /// Which revisions to try.
    pub era: EraChoice,
    /// The revision that was found last time, as [`crate::Connected::protocol`] said it. Only for
    /// [`crate::Connected::downgrade`].
    pub last_seen: Option<String>,
    /// What the host can ask a person.
    pub elicitation: Elicitation,
    /// Extensions that the host handles, each with its settings (2026-07-28, basic/versioning, "Extension Negotiation").
    /// The tasks extension is declared by `tasks`, not here.
    pub extensions: Vec<(String, Value)>,
    /// Whether the server may answer a call with a task that is then asked for until it is done: the tasks extension of
    /// 2026-07-28, and the experimental tasks of 2025-11-25 for tools that require them.
    pub tasks: bool,
    /// From which level on the server is asked for log messages. Deprecated by 2026-07-28, so off unless wanted.
    pub log_level: Option<LogLevel>,
    /// Whether a call that the server refused for missing headers goes out again under a definition that is another one
    /// than before (2026-07-28, "Client Behavior"). Off where a person approves definitions: then such a call fails with
    /// [`crate::OpError::DefinitionChanged`].
    pub take_changes: bool,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How much to accept.
    pub limits: Limits,
}

impl Config {
    /// The usual settings for a server at `endpoint`: every revision, both kinds of questions, no extra headers.
    pub fn new(endpoint: impl Into<String>, client: Implementation) -> Self {
        Self {
            endpoint: endpoint.into(),
            client,
            headers: Vec::new(),
            era: EraChoice::Auto,
            last_seen: None,
            elicitation: Elicitation { form: true, url: true },
            extensions: Vec::new(),
            tasks: false,
            log_level: None,
            take_changes: false,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &without_query(&self.endpoint))
            .field("client", &self.client)
            .field("headers", &Masked(&self.headers))
            .field("era", &self.era)
            .finish_non_exhaustive()
    }
}
