//! What goes in and what comes out: plain data, no behaviour.

use std::fmt;

use serde_json::Value;

pub use crate::config::{Config, Elicitation, EraChoice, Implementation, Limits, Timeouts};
use crate::error::{OpError, Sent};
use crate::request::List;
use crate::revision::Revision;

/// Milliseconds on any clock that never goes back. Only differences count.
pub type Millis = u64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u64);

        impl $name {
            /// The number behind the id, unique within its session.
            pub fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One HTTP exchange that the session asked the driver to make.
    FetchId
);
id!(
    /// One operation that the host asked the session for.
    OpId
);
id!(
    /// One question of the server that waits for an answer.
    AskId
);

/// Which family of revisions a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// HTTP+SSE, 2024-11-05.
    Y2024,
    /// Streamable HTTP with a handshake, 2025-03-26 to 2025-11-25.
    Y2025,
    /// Stateless Streamable HTTP, 2026-07-28.
    Y2026,
}

/// HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Open or resume a stream.
    Get,
    /// Send one message.
    Post,
    /// End a legacy session.
    Delete,
}

impl Method {
    /// The method as `fetch` wants it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request to make. Never follow redirects, never send cookies, never cache.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// To name it in [`Input`] and [`Output::Cancel`].
    pub id: FetchId,
    /// The method.
    pub method: Method,
    /// The address.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body: JSON text whose bytes are part of what a person approved, so send it as it is.
    pub body: Option<String>,
    /// Nobody waits for its answer: a stream that stands beside the work or is picked up again, or a request of the
    /// session's own. No person is to be asked for anything because of it.
    pub background: bool,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("url", &without_query(&self.url))
            .field("headers", &Masked(&self.headers))
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .finish()
    }
}

/// What the driver reports.
#[derive(Clone)]
pub enum Input {
    /// Status and headers arrived. Reported at most once per exchange.
    Response {
        /// Which exchange.
        id: FetchId,
        /// HTTP status.
        status: u16,
        /// Header names, in any case, and values.
        headers: Vec<(String, String)>,
    },
    /// A piece of the body arrived, cut anywhere.
    Bytes {
        /// Which exchange.
        id: FetchId,
        /// The bytes.
        chunk: Vec<u8>,
    },
    /// The body is complete.
    Ended {
        /// Which exchange.
        id: FetchId,
    },
    /// The exchange failed below HTTP, before or after the response began.
    Failed {
        /// Which exchange.
        id: FetchId,
        /// What the browser said.
        why: String,
        /// [`Sent::No`] only if the request surely never left, for example because it could not be built; otherwise
        /// [`Sent::Unknown`].
        sent: Sent,
    },
    /// The driver began or ended what needs the person for a sign-in before a request can go out or go out again. As with
    /// questions of the server, that time is the person's: no request is late meanwhile.
    SigningIn(bool),
    /// Time passed. Due after every [`Output::WakeAt`]; harmless at any other time.
    Tick,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { id, status, headers } => f
                .debug_struct("Response")
                .field("id", id)
                .field("status", status)
                .field("headers", &Masked(headers))
                .finish(),
            Self::Bytes { id, chunk } => f.debug_struct("Bytes").field("id", id).field("bytes", &chunk.len()).finish(),
            Self::Ended { id } => f.debug_struct("Ended").field("id", id).finish(),
            Self::Failed { id, why, sent } => {
                f.debug_struct("Failed").field("id", id).field("why", why).field("sent", sent).finish()
            }
            Self::SigningIn(begins) => f.debug_tuple("SigningIn").field(begins).finish(),
            Self::Tick => f.write_str("Tick"),
        }
    }
}

/// What the session wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Make this HTTP request and report on it.
    Fetch(HttpRequest),
    /// Abort this exchange; nothing more needs to be reported about it.
    Cancel(FetchId),
    /// Send [`Input::Tick`] at this time. Each one replaces the one before.
    WakeAt(Millis),
    /// Tell the host.
    Event(Event),
}

/// What a connection turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Connected {
    /// Family of revisions.
    pub era: Era,
    /// The revision in use, for example `2025-11-25`.
    pub protocol: String,
    /// `serverInfo` as received (name, version, title, icons). Self-reported: for display only (X119).
    pub server: Value,
    /// The server's capabilities as received.
    pub capabilities: Value,
    /// The server's instructions, untrusted text (X45).
    pub instructions: Option<String>,
    /// The revision is older than [`Config::last_seen`], or than the one that this session spoke before: something between
    /// took protections away, or the server was set back (X112).
    pub downgrade: bool,
}

impl Connected {
    /// The revision in use. Nothing but a server's odd answer to a handshake makes it `None`, and such an answer is
    /// refused.
    pub fn revision(&self) -> Option<Revision> {
        Revision::of(&self.protocol)
    }

    /// The server's settings for an extension, if it has it. It is in use only if [`Config::extensions`] names it too.
    pub fn extension(&self, id: &str) -> Option<&Value> {
        self.capabilities.get("extensions")?.get(id).filter(|settings| settings.is_object())
    }

    /// Whether the server says that it has this capability, for example `prompts`.
    pub(crate) fn has(&self, capability: &str) -> bool {
        self.capabilities.get(capability).is_some_and(|found| !matches!(found, Value::Null | Value::Bool(false)))
    }

    /// The server's name as it reports it, empty if it reports none.
    pub fn server_name(&self) -> &str {
        self.server.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The server's version as it reports it, empty if it reports none.
    pub fn server_version(&self) -> &str {
        self.server.get("version").and_then(Value::as_str).unwrap_or_default()
    }
}

/// An entry that was left out of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Its name or address, or its position where it has none.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}

/// A call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallTool {
    /// The tool's name.
    pub name: String,
    /// The arguments: the text of one JSON object, sent byte for byte.
    pub arguments: String,
    /// Whether to ask the server for progress.
    pub progress: bool,
}

/// The answer to a call, as received.
#[derive(Clone, Debug, PartialEq)]
pub struct CallResult {
    /// The whole result object, unknown fields included. Content blocks over the limit are cut off.
    pub raw: Value,
    /// How many content blocks were cut off.
    pub dropped_blocks: usize,
}

impl CallResult {
    /// The content blocks, unknown kinds included.
    pub fn content(&self) -> &[Value] {
        self.raw.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The structured result, if there is one.
    pub fn structured(&self) -> Option<&Value> {
        self.raw.get("structuredContent")
    }

    /// Whether the tool says that it failed.
    pub fn is_error(&self) -> bool {
        self.raw.get("isError").and_then(Value::as_bool).unwrap_or(false)
    }

    /// `_meta`: for components, never for the model (X102).
    pub fn meta(&self) -> Option<&Value> {
        self.raw.get("_meta")
    }
}

/// A question of the server to the person.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerRequest {
    /// To name it in [`crate::Session::answer`].
    pub id: AskId,
    /// The operation it belongs to, where the server made that clear.
    pub op: Option<OpId>,
    /// The server's text to the person, untrusted.
    pub message: String,
    /// What is asked for.
    pub kind: Ask,
    /// How often the same question was asked before within the same operation (X84).
    pub repeated: u32,
}

/// What a server asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Values for a form.
    Form {
        /// `requestedSchema` as received: a flat JSON Schema object.
        schema: Value,
    },
    /// To open an address. Only `https:` and `http:` come through here; what may be opened is for the host to decide
    /// (X81).
    Url {
        /// The address as received.
        url: String,
        /// `elicitationId`, to match [`Event::ElicitationComplete`]; 2025-11-25 only.
        elicitation: Option<String>,
    },
}

/// What the person answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Yes, with the values of the form, or without any for an address.
    Accept(Option<Value>),
    /// No.
    Decline,
    /// Closed without deciding.
    Cancel,
}

/// Which list changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listed {
    /// Tools.
    Tools,
    /// Prompts.
    Prompts,
    /// Resources.
    Resources,
}

impl Listed {
    /// Its name, which is that of the server's capability too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
        }
    }

    /// The lists that are read for it.
    pub(crate) const fn lists(self) -> &'static [List] {
        match self {
            Self::Tools => &[List::Tools],
            Self::Prompts => &[List::Prompts],
            Self::Resources => &[List::Resources, List::Templates],
        }
    }
}

/// Why a request was sent again. Each of them means that the server surely had not run it, or that running it changes
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The server did not know the session any more; a new one was made.
    NewSession,
    /// The server missed parameter headers; the tools were listed to learn them.
    Headers,
    /// The server asked for input and got it.
    Input,
    /// The server does not speak the revision any more; it was found out anew.
    Version,
    /// The answer broke off, and the request only reads: a list, a prompt, a resource, a completion (2026-07-28, changelog,
    /// "Major changes", 9). The call of a tool is never sent again for this (X114).
    Read,
}

/// How a task is doing (tasks extension, "Task Status"; 2025-11-25, basic/utilities/tasks).
#[derive(Clone, PartialEq, Eq)]
pub struct TaskStatus {
    /// The server's name for the task. Whoever has it may be able to ask for the task, so it never appears in debug
    /// output; keep it to go on with [`crate::Session::resume_task`] after a restart.
    pub task: String,
    /// `working`, `input_required`, `completed`, `failed` or `cancelled`, as received.
    pub status: String,
    /// Server text.
    pub message: Option<String>,
}

impl fmt::Debug for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskStatus")
            .field("task", &"***")
            .field("status", &self.status)
            .field("message", &self.message)
            .finish()
    }
}

/// What the host should know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection stands. Comes again when a new session replaces a lost one.
    Connected(Connected),
    /// The answer to [`crate::Session::list_tools`].
    Tools {
        /// Which operation.
        op: OpId,
        /// Every usable definition as received, in order.
        tools: Vec<Value>,
        /// What was left out, and why.
        excluded: Vec<Excluded>,
    },
    /// The answer to [`crate::Session::call_tool`].
    Called {
        /// Which operation.
        op: OpId,
        /// The result.
        result: CallResult,
    },
    /// The answer to [`crate::Session::list`] for any other list.
    Listed {
        /// Which operation.
        op: OpId,
        /// Which list.
        list: List,
        /// Every usable entry as received, in order.
        items: Vec<Value>,
        /// What was left out, and why.
        excluded: Vec<Excluded>,
    },
    /// The answer to [`crate::Session::request`], [`crate::Session::watch`] and [`crate::Session::set_log_level`].
    Answered {
        /// Which operation.
        op: OpId,
        /// The whole result as received.
        result: Value,
    },
    /// A call became a task, or the task is in another state than before.
    Task {
        /// Which operation. It ends with [`Event::Called`] or [`Event::Failed`].
        op: OpId,
        /// How it is doing.
        status: TaskStatus,
    },
    /// A watched resource, or one below it, is another one now. Several changes at once are told once.
    ResourceUpdated {
        /// Its address as received.
        uri: String,
    },
    /// The server reports progress. At most ten a second per operation.
    Progress {
        /// Which operation.
        op: OpId,
        /// Grows with each report.
        progress: f64,
        /// The end, if known.
        total: Option<f64>,
        /// Server text.
        message: Option<String>,
    },
    /// A log message of the server. At most twenty a second.
    Log {
        /// `debug` to `emergency`, as received.
        level: String,
        /// Its source, as received.
        logger: Option<String>,
        /// What it says.
        data: Value,
        /// How many messages were dropped before this one.
        dropped: u32,
    },
    /// A list changed on the server, or may have: its session is a new one. Several changes at once are told once.
    ListChanged(Listed),
    /// The server asks the person something.
    Asked(ServerRequest),
    /// A question is void: the server took it back, or its operation ended.
    AskWithdrawn {
        /// Which question.
        id: AskId,
        /// Why, where the server said it; server text, at most 500 characters.
        reason: Option<String>,
    },
    /// The server says that what it asked to open has been dealt with.
    ElicitationComplete {
        /// The `elicitationId` of the question.
        elicitation: String,
    },
    /// A request goes out once more; for the record.
    SentAgain {
        /// Which operation.
        op: OpId,
        /// Why that is allowed.
        why: Again,
    },
    /// An operation failed.
    Failed {
        /// Which operation.
        op: OpId,
        /// Why.
        error: OpError,
        /// Whether the server may have run it.
        sent: Sent,
    },
    /// The server said that it tells of changes of this list, and its acknowledgment of a subscription left that out
    /// (2026-07-28, patterns/subscriptions): what is shown may be old until it is read again.
    NotTold(Listed),
    /// The server sent something that was set aside: a foreign id, a second answer, an unknown event. For the
    /// inspector; at most a hundred per session.
    Ignored {
        /// What, in words.
        what: String,
    },
    /// The server did not answer a `ping` that was sent because it had said nothing for long ([`crate::Timeouts::ping`]).
    /// Its standing stream counts as broken and is opened anew.
    Stale {
        /// Why the ping has no answer.
        error: OpError,
    },
    /// The connection was lost while nothing was asked of it. The next operation connects again.
    Disconnected {
        /// Why.
        error: OpError,
    },
    /// The session is closed.
    Closed,
}

/// Shows header names, and values only where they cannot be a secret.
pub(crate) struct Masked<'a>(pub(crate) &'a [(String, String)]);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PLAIN: [&str; 5] = ["content-type", "accept", "mcp-protocol-version", "mcp-method", "content-length"];
        f.debug_map()
            .entries(self.0.iter().map(|(name, value)| {
                let plain = PLAIN.iter().any(|known| name.eq_ignore_ascii_case(known));
                (name.as_str(), if plain { value.as_str() } else { "***" })
            }))
            .finish()
    }
}

/// An address without what may hold a session id or a key.
pub(crate) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
