//! What a host can ask of a server besides calling tools: lists, prompts, resources, completion, logging.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::OpError;
use crate::jsonrpc::{self, quoted};

/// A list of the server that comes page by page (2026-07-28, server/utilities/pagination).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    Templates,
}

impl List {
    /// The method that asks for it.
    pub fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }

    /// The member of the result that holds the entries. Also what [`OpError::TooMuch`] calls them.
    pub fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }

    /// The member of an entry that no other entry has.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::Templates => "uriTemplate",
        }
    }

    /// The server's capability that the list belongs to.
    pub(crate) fn capability(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources | Self::Templates => "resources",
        }
    }
}

/// How important a log message is (RFC 5424, 6.2.1, by the names of server/utilities/logging). Ordered, the least
/// important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `debug`.
    Debug,
    /// `info`.
    Info,
    /// `notice`.
    Notice,
    /// `warning`.
    Warning,
    /// `error`.
    Error,
    /// `critical`.
    Critical,
    /// `alert`.
    Alert,
    /// `emergency`.
    Emergency,
}

impl LogLevel {
    const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// The level as it stands in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }

    /// The level of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// What is being completed (server/utilities/completion, "Reference Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// An argument of the prompt of this name.
    Prompt(&'a str),
    /// A variable of this resource template.
    Resource(&'a str),
}

/// A request that the session sends as it is, in the way of the revision in use. Its answer comes as
/// [`crate::Event::Answered`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, for example `prompts/get`.
    pub method: String,
    /// The parameters: the text of one JSON object, sent byte for byte. `_meta`, `inputResponses` and `requestState` are
    /// the session's own and must not be in it.
    pub params: String,
    /// Whether to ask the server for progress.
    pub progress: bool,
}

/// Members of `params` that the session writes.
const OWN: [&str; 3] = ["_meta", "inputResponses", "requestState"];
/// Methods that are more than one request and have operations of their own.
const RESERVED: [&str; 7] = [
    "initialize",
    "server/discover",
    "tools/call",
    "subscriptions/listen",
    "resources/subscribe",
    "resources/unsubscribe",
    "logging/setLevel",
];

impl Request {
    /// A request without progress.
    pub fn new(method: impl Into<String>, params: impl Into<String>) -> Self {
        Self { method: method.into(), params: params.into(), progress: false }
    }

    /// `prompts/get`. `arguments` is the text of one JSON object of texts.
    pub fn prompt(name: &str, arguments: &str) -> Self {
        Self::new("prompts/get", format!(r#"{{"name":{},"arguments":{arguments}}}"#, quoted(name)))
    }

    /// `resources/read`. The address goes to the server as it is, and is never fetched by this client (X87).
    pub fn resource(uri: &str) -> Self {
        Self::new("resources/read", format!(r#"{{"uri":{}}}"#, quoted(uri)))
    }

    /// `completion/complete`: what may follow `value` in the argument `name`. `arguments` is the text of one JSON object
    /// with the arguments that are settled already; it was added by 2025-06-18 and is left out when empty.
    pub fn completion(of: Reference<'_>, name: &str, value: &str, arguments: &str) -> Self {
        let of = match of {
            Reference::Prompt(name) => format!(r#"{{"type":"ref/prompt","name":{}}}"#, quoted(name)),
            Reference::Resource(uri) => format!(r#"{{"type":"ref/resource","uri":{}}}"#, quoted(uri)),
        };
        let context = match arguments.trim() {
            "" | "{}" => String::new(),
            arguments => format!(r#","context":{{"arguments":{arguments}}}"#),
        };
        let argument = format!(r#"{{"name":{},"value":{}}}"#, quoted(name), quoted(value));
        Self::new("completion/complete", format!(r#"{{"ref":{of},"argument":{argument}{context}}}"#))
    }

    /// Checks what can be checked before anything is sent.
    pub(crate) fn check(&self, depth: usize) -> Result<(), OpError> {
        let method = self.method.as_str();
        let reserved = RESERVED.contains(&method) || method.starts_with("notifications/") || method.ends_with("/list");
        if reserved || !method.bytes().all(|byte| byte.is_ascii_graphic()) || method.is_empty() {
            return Err(OpError::Arguments { what: format!("`{method}` cannot be sent as a plain request") });
        }
        check_object(&self.params, depth)?;
        let members: Value = serde_json::from_str(&self.params).unwrap_or_default();
        match OWN.into_iter().find(|own| members.get(own).is_some()) {
            Some(own) => Err(OpError::Arguments { what: format!("`{own}` is written by the session") }),
            None => Ok(()),
        }
    }

    /// What `Mcp-Name` says (2026-07-28, transports/streamable-http, "Standard Request Headers"; for tasks, the tasks
    /// extension, "Routing Headers").
    pub(crate) fn name(&self) -> Option<String> {
        let member = match self.method.as_str() {
            "prompts/get" => "name",
            "resources/read" => "uri",
            "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
            _ => return None,
        };
        let params: Value = serde_json::from_str(&self.params).ok()?;
        params.get(member).and_then(Value::as_str).map(str::to_owned)
    }

    /// The server's capability that the request needs.
    pub(crate) fn capability(&self) -> Option<&'static str> {
        match self.method.as_str() {
            "prompts/get" => Some("prompts"),
            "resources/read" => Some("resources"),
            "completion/complete" => Some("completions"),
            _ => None,
        }
    }

    /// Whether the server may ask for input before it answers (2026-07-28, patterns/mrtr, "Supported Requests").
    pub(crate) fn may_ask(&self) -> bool {
        matches!(self.method.as_str(), "prompts/get" | "resources/read")
    }
}

/// Checks that a text is one JSON object, not nested deeper than `depth`.
pub(crate) fn check_object(text: &str, depth: usize) -> Result<(), OpError> {
    let unusable = |what: String| OpError::Arguments { what };
    if !text.trim_start().starts_with('{') {
        return Err(unusable("they are not a JSON object".into()));
    }
    if jsonrpc::measure(text.as_bytes()).depth > depth {
        return Err(unusable(format!("they are nested more than {depth} levels deep")));
    }
    serde_json::from_str::<&RawValue>(text).map(|_| ()).map_err(|error| unusable(error.to_string()))
}

/// The members of a JSON object as one text, without its braces.
pub(crate) fn inside(object: &str) -> &str {
    let text = object.trim();
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_put_together_as_the_specification_shows() {
        assert_eq!(Request::prompt("a\"b", "{}").params, r#"{"name":"a\"b","arguments":{}}"#);
        assert_eq!(Request::resource("file:///ö").params, r#"{"uri":"file:///ö"}"#);
        let completion =
            Request::completion(Reference::Prompt("code_review"), "framework", "fla", r#"{"language":"py"}"#);
        assert_eq!(
            completion.params,
            r#"{"ref":{"type":"ref/prompt","name":"code_review"},"argument":{"name":"framework","value":"fla"},"context":{"arguments":{"language":"py"}}}"#
        );
        assert_eq!(
            Request::completion(Reference::Resource("file:///{path}"), "path", "", "").params,
            r#"{"ref":{"type":"ref/resource","uri":"file:///{path}"},"argument":{"name":"path","value":""}}"#
        );
    }

    #[test]
    fn names_of_requests_are_what_their_headers_say() {
        assert_eq!(Request::prompt("p", "{}").name().as_deref(), Some("p"));
        assert_eq!(Request::resource("file:///a b/%20?x#y").name().as_deref(), Some("file:///a b/%20?x#y"));
        assert_eq!(Request::new("tasks/get", r#"{"taskId":"t"}"#).name().as_deref(), Some("t"));
        assert_eq!(Request::new("completion/complete", r#"{"name":"t"}"#).name(), None);
    }

    #[test]
    fn what_the_session_writes_itself_is_refused() {
        for (method, params) in [
            ("tools/call", "{}"),
            ("prompts/list", "{}"),
            ("notifications/cancelled", "{}"),
            ("", "{}"),
            ("a b", "{}"),
            ("a\r\nb", "{}"),
            ("prompts/get", "[]"),
            ("prompts/get", "{} {}"),
            ("prompts/get", r#"{"_meta":{}}"#),
            ("prompts/get", r#"{"\u005fmeta":{}}"#),
            ("prompts/get", r#"{"requestState":null}"#),
        ] {
            Request::new(method, params).check(100).expect_err(params);
        }
        Request::new("com.example/greet", r#" {"a":{"_meta":1}} "#).check(100).expect("a request of an extension");
    }

    #[test]
    fn levels_have_names() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::of(level.as_str()), Some(level));
        }
        assert_eq!(LogLevel::of("loud"), None);
        assert_eq!(inside(" { \"a\" : 1 } "), "\"a\" : 1");
        assert_eq!(inside("{}"), "");
    }
}
