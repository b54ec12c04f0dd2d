//! Looking at what goes over the wire, for people (screens.md e.6): which messages a text holds, how two answers
//! differ, and a request as a command line. No session depends on this; it reads what was sent and received beside it.

mod compare;
mod curl;
mod forms;
mod reworded;

use serde_json::Value;
use serde_json::value::RawValue;

pub use crate::headers::decoded;
pub use crate::sse::{Parser, SseEvent, TooLong};
pub use compare::{Change, Difference, compare};
pub use curl::{COVER, curl};
pub use forms::forms;
pub use reworded::{Stands, reworded};

/// What a message is (JSON-RPC 2.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wants an answer.
    Request,
    /// Wants none.
    Notification,
    /// An answer with a result.
    Result,
    /// An answer with an error.
    Error,
    /// No message at all.
    Unreadable,
}

/// One message as it was read off the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its method; an answer has none.
    pub method: Option<String>,
    /// Its id as JSON text; a notification has none.
    pub id: Option<String>,
    /// The whole message. Text that is no JSON is here as a text.
    pub value: Value,
    /// The same as it was written.
    pub raw: &'a str,
}

impl<'a> Heard<'a> {
    fn read(raw: &'a str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(raw) else {
            return Heard { kind: Kind::Unreadable, method: None, id: None, value: raw.into(), raw };
        };
        let method = value.get("method").and_then(Value::as_str).map(str::to_owned);
        let id = value.get("id").filter(|id| !id.is_null()).map(Value::to_string);
        let kind = match (&method, &id) {
            (Some(_), Some(_)) => Kind::Request,
            (Some(_), None) => Kind::Notification,
            (None, _) if value.get("error").is_some() => Kind::Error,
            (None, _) if value.get("result").is_some() => Kind::Result,
            (None, _) => Kind::Unreadable,
        };
        Heard { kind, method, id, value, raw }
    }

    /// Whether it answers with a question: the request goes out again with what was asked for (2026-07-28, multi
    /// round-trip requests).
    pub fn asks_for_input(&self) -> bool {
        self.value.pointer("/result/resultType").and_then(Value::as_str) == Some("input_required")
    }

    /// Whether it is a later round of a request that was answered with a question.
    pub fn brings_input(&self) -> bool {
        let has = |name: &str| self.value.get("params").is_some_and(|params| params.get(name).is_some());
        has("inputResponses") || has("requestState")
    }
}

/// The messages in a text: one, or a batch of them as 2025-03-26 allows. A text that cannot be read is one message too:
/// who looks for a fault wants to see it.
pub fn hear(text: &str) -> Vec<Heard<'_>> {
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(batch) if !batch.is_empty() => batch.into_iter().map(|one| Heard::read(one.get())).collect(),
        _ => vec![Heard::read(text)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, Option<String>)> {
        hear(text).into_iter().map(|heard| (heard.kind, heard.id)).collect()
    }

    #[test]
    fn every_kind_of_message_is_told_apart() {
        assert_eq!(kinds(r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#), [(Kind::Request, Some("7".into()))]);
        assert_eq!(kinds(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#), [(Kind::Result, Some("\"7\"".into()))]);
        assert_eq!(kinds(r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#), [(Kind::Notification, None)]);
        assert_eq!(kinds(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#), [(Kind::Error, None)]);
        assert_eq!(kinds("<html>"), [(Kind::Unreadable, None)]);
        assert_eq!(kinds("[]"), [(Kind::Unreadable, None)]);
        assert_eq!(
            kinds(r#"[{"id":1,"method":"a"},{"method":"b"}]"#),
            [(Kind::Request, Some("1".into())), (Kind::Notification, None)]
        );
    }

    #[test]
    fn a_message_is_kept_as_it_was_written() {
        let written = |text: &'static str| hear(text).iter().map(|heard| heard.raw).collect::<Vec<_>>();
        assert_eq!(written(r#"{ "id": 1.0, "method":"\u0061" }"#), [r#"{ "id": 1.0, "method":"\u0061" }"#]);
        assert_eq!(
            written(r#"[ {"id":1, "method":"a"} ,{"method":"b"}]"#),
            [r#"{"id":1, "method":"a"}"#, r#"{"method":"b"}"#]
        );
        assert_eq!(written("<html>"), ["<html>"]);
    }

    #[test]
    fn a_question_in_an_answer_and_the_round_after_it_are_known() {
        let question = r#"{"id":1,"result":{"resultType":"input_required","inputRequests":{}}}"#;
        let round = r#"{"id":2,"method":"tools/call","params":{"name":"a","inputResponses":{}}}"#;
        assert!(hear(question).iter().all(Heard::asks_for_input) && !hear(question).iter().any(Heard::brings_input));
        assert!(hear(round).iter().all(Heard::brings_input) && !hear(round).iter().any(Heard::asks_for_input));
    }
}
