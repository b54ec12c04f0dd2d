//! JSON-RPC 2.0 messages as text.
//!
//! Requests are written by putting texts together, so that arguments and states given as JSON text stay byte for byte
//! what they were. Answers are read into [`Value`]s that keep every field and its order.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A message of the server.
#[derive(Debug)]
pub(crate) enum Message {
    /// The answer to a request of ours. `id` is [`Value::Null`] if the server could not read ours.
    Response { id: Value, outcome: Result<Answered, RpcError> },
    /// A request of the server; its id is echoed as received.
    Request { id: Value, method: String, params: Value },
    /// A notification.
    Notification { method: String, params: Value },
}

/// A result, and the part of it that must go back byte for byte.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) result: Value,
    /// `requestState` of an `input_required` result, as JSON text.
    pub(crate) state: Option<Box<RawValue>>,
    /// Length of the result's text.
    pub(crate) bytes: usize,
}

/// An error answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

/// Why a text is not a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not JSON, or not JSON-RPC: what was wrong, in words.
    Malformed(String),
    /// Nested deeper than allowed.
    TooDeep,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    params: Option<Value>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct State {
    #[serde(default, rename = "requestState")]
    state: Option<Box<RawValue>>,
}

/// Reads one message, or a batch of them as 2025-03-26 allows.
pub(crate) fn read(bytes: &[u8], depth: usize) -> Result<Vec<Message>, Unreadable> {
    let malformed = |error: &dyn std::fmt::Display| Unreadable::Malformed(error.to_string());
    if nesting(bytes) > depth {
        return Err(Unreadable::TooDeep);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('[') {
        let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        return parts.into_iter().map(|part| one(part.get())).collect();
    }
    Ok(vec![one(text)?])
}

fn one(text: &str) -> Result<Message, Unreadable> {
    let malformed = |error: serde_json::Error| Unreadable::Malformed(error.to_string());
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(malformed)?;
    let id = envelope.id.unwrap_or(Value::Null);
    if let Some(method) = envelope.method {
        let params = envelope.params.unwrap_or(Value::Null);
        return Ok(if id.is_string() || id.is_i64() || id.is_u64() {
            Message::Request { id, method, params }
        } else {
            Message::Notification { method, params }
        });
    }
    if let Some(error) = envelope.error.filter(|error| error.get() != "null") {
        let error: Value = serde_json::from_str(error.get()).map_err(malformed)?;
        return Ok(Message::Response { id, outcome: Err(RpcError::of(&error)) });
    }
    let Some(raw) = envelope.result else {
        return Err(Unreadable::Malformed("neither a request nor an answer".into()));
    };
    let result: Value = serde_json::from_str(raw.get()).map_err(malformed)?;
    let state = if result.get("requestState").is_some() {
        serde_json::from_str::<State>(raw.get()).map_err(malformed)?.state
    } else {
        None
    };
    Ok(Message::Response { id, outcome: Ok(Answered { result, state, bytes: raw.get().len() }) })
}

impl RpcError {
    /// Reads an error object leniently: servers send codes as floats and leave messages out.
    fn of(error: &Value) -> Self {
        let code = error.get("code");
        Self {
            code: code
                .and_then(Value::as_i64)
                .or_else(|| code.and_then(Value::as_f64).map(|code| code as i64))
                .unwrap_or_default(),
            message: error
                .get("message")
                .and_then(Value::as_str)
                .or_else(|| error.as_str())
                .unwrap_or("no message")
                .to_owned(),
            data: error.get("data").cloned(),
        }
    }
}

/// The deepest nesting of arrays and objects, without parsing. Brackets inside strings do not count.
pub(crate) fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The members of a `params` object: names, and values as JSON text.
pub(crate) type Members = Vec<(&'static str, String)>;

/// Writes a request.
pub(crate) fn request(id: u64, method: &str, params: &Members) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":{},"params":{}}}"#, quoted(method), object(params))
}

/// Writes a notification.
pub(crate) fn notification(method: &str, params: &Members) -> String {
    if params.is_empty() {
        return format!(r#"{{"jsonrpc":"2.0","method":{}}}"#, quoted(method));
    }
    format!(r#"{{"jsonrpc":"2.0","method":{},"params":{}}}"#, quoted(method), object(params))
}

/// Writes the answer to a request of the server.
pub(crate) fn response(id: &Value, result: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// Writes an error answer to a request of the server.
pub(crate) fn error(id: &Value, code: i64, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{}}}}}"#, quoted(message))
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn object(members: &Members) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arguments_stay_byte_for_byte() {
        let arguments = r#"{ "b" : 1.0, "a":[ 1e2 ],"é":"\u00e9" }"#;
        let text = request(7, "tools/call", &vec![("name", quoted("x\"y")), ("arguments", arguments.into())]);
        assert_eq!(
            text,
            format!(
                r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"x\"y","arguments":{arguments}}}}}"#
            )
        );
        serde_json::from_str::<Value>(&text).expect("valid JSON");
    }

    #[test]
    fn x85_request_state_is_kept_as_text() {
        let text = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"a\u002fb\/é"}}"#;
        let messages = read(text.as_bytes(), 100).expect("readable");
        let [Message::Response { outcome: Ok(answered), .. }] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(answered.state.as_ref().expect("a state").get(), r#""a\u002fb\/é""#);
    }

    #[test]
    fn batches_requests_notifications_and_errors() {
        let text = r#"[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":"a","method":"ping"},
            {"jsonrpc":"2.0","id":null,"error":{"code":-32000.0}}]"#;
        let messages = read(text.as_bytes(), 100).expect("readable");
        assert!(matches!(
            messages.as_slice(),
            [
                Message::Notification { .. },
                Message::Request { .. },
                Message::Response { id: Value::Null, outcome: Err(RpcError { code: -32000, .. }) }
            ]
        ));
    }

    #[test]
    fn x58_nesting_is_counted_before_parsing() {
        assert_eq!(nesting(br#"{"a":"[[[\"[[","b":[{}]}"#), 3);
        let deep = "[".repeat(100_000);
        assert_eq!(read(deep.as_bytes(), 100).expect_err("too deep"), Unreadable::TooDeep);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, 100);
        }
    }
}
