//! One error for everyone above this crate, and the one list of its codes.
//!
//! The codes are the contract with JavaScript (`index.d.ts`) and with the site: [`Code`] is matched exhaustively
//! wherever it is turned into something else, so a new code cannot be forgotten. A message says what happened with
//! the name of the thing, a hint says the next step; both are plain text. What a server said stays in `cause`.

use serde_json::Value;

/// Every kind of failure a caller can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The address of a connector breaks a rule (X01 to X04).
    Address,
    /// The person or their rules declined the call. Nothing was sent.
    Declined,
    /// Nobody answered the question. Nothing was sent.
    NotAnswered,
    /// The action differs from the approved definition. Nothing was sent.
    Held,
    /// A rule of the workspace forbids this. Nothing was sent.
    Blocked,
    /// The arguments do not fit the action's schema, or the input is not what the operation takes.
    Invalid,
    /// There is no such connector, action, conversation, question or model.
    NotFound,
    /// Something is already running here.
    Busy,
    /// The operation was cancelled by the caller.
    Cancelled,
    /// No answer came in time.
    Timeout,
    /// The server could not be reached, or the connection broke.
    Network,
    /// The server answered, but does not let web pages talk to it.
    Cors,
    /// The server asks for a sign-in that is missing or has ended.
    SignIn,
    /// The server broke the protocol.
    Protocol,
    /// The server answered with an error of its own; it is in `cause`.
    Server,
    /// The call was sent and its outcome is unknown.
    UnknownOutcome,
    /// The model provider answered with an error.
    Model,
    /// The browser's storage is missing, blocked, full or broken.
    Storage,
    /// The workspace stopped after an internal fault; open it again.
    Dead,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Code; 19] = [
        Code::Address,
        Code::Declined,
        Code::NotAnswered,
        Code::Held,
        Code::Blocked,
        Code::Invalid,
        Code::NotFound,
        Code::Busy,
        Code::Cancelled,
        Code::Timeout,
        Code::Network,
        Code::Cors,
        Code::SignIn,
        Code::Protocol,
        Code::Server,
        Code::UnknownOutcome,
        Code::Model,
        Code::Storage,
        Code::Dead,
    ];

    /// The string code which JavaScript sees.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Address => "address",
            Code::Declined => "declined",
            Code::NotAnswered => "not-answered",
            Code::Held => "held",
            Code::Blocked => "blocked",
            Code::Invalid => "invalid",
            Code::NotFound => "not-found",
            Code::Busy => "busy",
            Code::Cancelled => "cancelled",
            Code::Timeout => "timeout",
            Code::Network => "network",
            Code::Cors => "cors",
            Code::SignIn => "sign-in",
            Code::Protocol => "protocol",
            Code::Server => "server",
            Code::UnknownOutcome => "unknown-outcome",
            Code::Model => "model",
            Code::Storage => "storage",
            Code::Dead => "dead",
        }
    }
}

/// A failure in words: what happened, what to do next, and what the other side said.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind of failure.
    pub code: Code,
    /// What happened, lower case, without a full stop, the user's input in backticks.
    pub message: String,
    /// The next step, where there is one.
    pub hint: Option<String>,
    /// What a server or provider said, untouched, with its own numeric code. Never a token.
    pub cause: Option<Value>,
}

impl Error {
    /// An error of a kind with its message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error { code, message: message.into(), hint: None, cause: None }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what the other side said.
    #[must_use]
    pub fn cause(mut self, cause: Value) -> Self {
        self.cause = Some(cause);
        self
    }

    /// There is no such thing.
    pub(crate) fn not_found(kind: &str, name: &str) -> Self {
        Error::new(Code::NotFound, format!("there is no {kind} `{name}`"))
    }

    /// The workspace stopped after an internal fault.
    pub(crate) fn dead() -> Self {
        Error::new(Code::Dead, "the workspace stopped after an internal fault")
            .hint("reload the page; nothing more was sent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_its_own_string() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
