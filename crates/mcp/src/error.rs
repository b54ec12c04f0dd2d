//! What can go wrong, in words a person can act on.

use serde_json::Value;

/// How far a request got before it failed. Only [`Sent::No`] allows sending it again without asking (X114).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The server surely has not run it: nothing left this machine, or the server refused it unread (401, 403,
    /// unknown session).
    No,
    /// The server got it and answered, with an error or with a question that was never answered.
    Yes,
    /// It may have been sent and it may have run; the answer was lost, late or unreadable.
    Unknown,
}

/// Why an operation failed. Texts are lower case, without a full stop, and name the next step where there is one; what
/// the server said is kept apart in its own fields.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpError {
    /// HTTP 401 or 403: the server wants a sign-in or refuses this one.
    #[error("the server asks for a sign-in (HTTP {status}); add or renew the sign-in of this connector")]
    SignIn {
        /// 401 or 403.
        status: u16,
        /// The `WWW-Authenticate` header as received, if the browser let us read it.
        challenge: Option<String>,
        /// What the body said, cut to [`crate::Limits::error_text`] bytes.
        text: String,
    },
    /// Any other HTTP status that is not a success.
    #[error("the server answered HTTP {status}")]
    Http {
        /// The status code.
        status: u16,
        /// What the body said, cut to [`crate::Limits::error_text`] bytes.
        text: String,
        /// `Retry-After` as received, if readable.
        retry_after: Option<String>,
    },
    /// A legacy server refused a request that carried no session id, right after a handshake without a readable one.
    #[error(
        "the server answered HTTP {status} to a request without a session id; if it uses sessions it must expose \
         `Mcp-Session-Id` to browsers (Access-Control-Expose-Headers)"
    )]
    SessionUnreadable {
        /// The status code, 400 or 404.
        status: u16,
        /// What the body said.
        text: String,
    },
    /// The request failed below HTTP: unreachable, blocked by CORS, or broken off. Browsers do not say which.
    #[error("the server could not be reached or the connection broke: {why}")]
    Network {
        /// What the browser said.
        why: String,
    },
    /// Nothing arrived for the idle time, or the hard limit passed in spite of progress.
    #[error("no answer after {seconds} seconds")]
    Timeout {
        /// How long was waited.
        seconds: u64,
    },
    /// The person or the host cancelled it.
    #[error("cancelled")]
    Cancelled,
    /// The session was closed.
    #[error("the connection is closed")]
    Closed,
    /// The server answered with a JSON-RPC error. Codes of the specification: -32602 bad arguments, -32601 unknown
    /// method, -32020 header mismatch, -32021 missing client capability, -32022 version, -32042 open an address first.
    #[error("the server answered with error {code}: {message}")]
    Rpc {
        /// JSON-RPC error code as received.
        code: i64,
        /// Its message, server text.
        message: String,
        /// Its data as received.
        data: Option<Value>,
    },
    /// No protocol revision in common.
    #[error("the server speaks none of the protocol revisions wanted here; it offers {}", one_of(.offered))]
    Version {
        /// What the server offers, as received.
        offered: Vec<String>,
    },
    /// The connection was made in an older revision than before or than last time, so a call that was asked for until
    /// then is not sent in it (X112). [`Event::Connected`](crate::Event::Connected) told the revision; a call from then
    /// on goes out. The person is to be asked first, even where the call is [`Sent::No`].
    #[error("the server now speaks an older revision of the protocol than before; review the connection and try again")]
    Downgrade,
    /// An answer that is not JSON-RPC.
    #[error("the server's answer could not be read: {what}")]
    Malformed {
        /// What was wrong, in words.
        what: String,
    },
    /// A successful status with a body that is neither JSON nor an event stream.
    #[error(
        "expected JSON or an event stream but the server sent `{content_type}`; is this the address of an MCP server?"
    )]
    NotMcp {
        /// The content type as received, empty if there was none.
        content_type: String,
    },
    /// The response ended without an answer.
    #[error("the connection ended before the answer came")]
    NoAnswer,
    /// A limit of this client was passed.
    #[error("the server sent more than allowed: {what} (limit {limit})")]
    TooMuch {
        /// What there was too much of: `bytes`, `events`, `nesting`, `values`, `tools`, `prompts`, `resources`,
        /// `resourceTemplates`, `pages`, `rounds`, `questions`, `watched resources`, `request state bytes`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A list returned a cursor that it had returned before (X40).
    #[error("the list never ends: the server repeated a page")]
    CursorLoop,
    /// The result does not have the form the specification asks for, or an unknown `resultType` (X111).
    #[error("the result is not valid: {what}")]
    Invalid {
        /// What was wrong, in words.
        what: String,
    },
    /// The server asked this client for something it does not offer.
    #[error("the server asked for `{method}`, which is not offered here")]
    NotOffered {
        /// The method asked for.
        method: String,
    },
    /// The server does not say that it can do this, so it was not asked; or it took the request and left this part out.
    #[error("the server does not offer {what}")]
    Unsupported {
        /// What, in words.
        what: String,
    },
    /// The server cancelled the task of a call.
    #[error("the server cancelled the task{}", colon(.message))]
    Stopped {
        /// Its status message, server text.
        message: Option<String>,
    },
    /// The tool was left out of the list, and cannot be called.
    #[error("the action `{name}` cannot be used: {reason}")]
    Excluded {
        /// The tool's name.
        name: String,
        /// Why it was left out (X42).
        reason: String,
    },
    /// The definition of the tool changed between listing and calling.
    #[error("the definition of `{name}` changed; review it and try again")]
    DefinitionChanged {
        /// The tool's name.
        name: String,
    },
    /// The arguments handed in are not one JSON object, or a header value cannot be made from them.
    #[error("the arguments are not usable: {what}")]
    Arguments {
        /// What was wrong, in words.
        what: String,
    },
    /// An extension named by the host cannot be declared (2026-07-28, basic/versioning: the rules of `_meta` keys).
    #[error("the extension `{name}` cannot be declared; names look like `com.example/name`, settings are objects")]
    Extension {
        /// Its name.
        name: String,
    },
    /// A header handed in by the host cannot be sent.
    #[error("the header `{name}` cannot be sent; names are letters, digits and dashes, values one line of plain text")]
    Header {
        /// Its name.
        name: String,
    },
    /// The legacy transport named a message address that is not on the server's own origin.
    #[error("the server named the message address `{address}`, which is not on its own origin")]
    ForeignEndpoint {
        /// The address as received, cut.
        address: String,
    },
}

/// `URLElicitationRequiredError` of 2025-11-25: addresses to open before the request is made again.
pub(crate) const URL_FIRST: i64 = -32042;

/// A page that the person has to open before a request is made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFirst {
    /// Its address as received; what may be opened is for the host to decide (X81).
    pub url: String,
    /// The server's text to the person, untrusted.
    pub message: String,
    /// `elicitationId`, to match [`crate::Event::ElicitationComplete`].
    pub elicitation: Option<String>,
}

impl OpError {
    /// The pages that the person has to open before the request is made again (2025-11-25, client/elicitation, "URL
    /// Elicitation Required Error"); none where the error says no such thing. Only `https:` and `http:` come through, as
    /// in [`crate::Ask::Url`].
    pub fn pages_first(&self) -> Vec<PageFirst> {
        let Self::Rpc { code: URL_FIRST, data: Some(data), .. } = self else { return Vec::new() };
        let page = |wanted: &Value| {
            let text = |key: &str| wanted.get(key).and_then(Value::as_str).map(str::to_owned);
            let url = text("url").filter(|url| is_web(url))?;
            let message = text("message").unwrap_or_default();
            (text("mode")? == "url").then(|| PageFirst { url, message, elicitation: text("elicitationId") })
        };
        crate::session::list(data, "elicitations").iter().filter_map(page).collect()
    }
}

/// Whether an address is one of the web.
pub(crate) fn is_web(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// The reason that a server is told, and a record keeps, when a person gives a request up
/// (basic/utilities/cancellation).
pub const CANCELLED: &str = "cancelled by the user";

fn colon(text: &Option<String>) -> String {
    text.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

fn one_of(list: &[String]) -> String {
    if list.is_empty() { "none".into() } else { list.join(", ") }
}
