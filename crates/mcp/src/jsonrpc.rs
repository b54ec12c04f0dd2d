//! JSON-RPC 2.0 messages as text.
//!
//! Requests are written by putting texts together, so that arguments and states given as JSON text stay byte for byte
//! what they were. Answers are read into [`Value`]s that keep every field and its order.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
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
    /// Content blocks that were cut off because the result had too many values.
    pub(crate) dropped_blocks: usize,
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
    /// More values than allowed: a small text can take a lot of memory.
    TooMany,
}

/// What is accepted of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) depth: usize,
    pub(crate) values: usize,
    /// Content blocks that are kept of a result with too many values.
    pub(crate) blocks: usize,
}

/// Longest id of a request of the server: it is kept and sent back.
const LONGEST_ID: usize = 1_000;

/// Members of one object by their names, each as its text. One reader for every object here: a derived one for each would
/// be as much program again.
struct Pick<'n>(&'n [&'n str]);

type Picked<'a> = [Option<&'a RawValue>; 5];

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Picked<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Picked<'de>, A::Error> {
        let mut picked = Picked::default();
        while let Some(name) = map.next_key::<String>()? {
            let text: &RawValue = map.next_value()?;
            let place = self.0.iter().position(|wanted| *wanted == name);
            if place.and_then(|place| picked.get_mut(place)).is_some_and(|slot| slot.replace(text).is_some()) {
                // Two readers might take one each.
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(picked)
    }
}

/// The members of these names. One that is null counts as absent.
fn pick<'a>(text: &'a str, names: &[&str]) -> Result<Picked<'a>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let picked = reader.deserialize_map(Pick(names))?;
    reader.end()?;
    Ok(picked.map(|member| member.filter(|text| text.get() != "null")))
}

/// Reads one message, or a batch of them as 2025-03-26 allows.
pub(crate) fn read(bytes: &[u8], caps: Caps) -> Result<Vec<Message>, Unreadable> {
    let whole = measure(bytes);
    if whole.depth > caps.depth {
        return Err(Unreadable::TooDeep);
    }
    // No part has more values than the whole, so a large text is measured only once.
    let caps = if whole.values > caps.values { caps } else { Caps { values: usize::MAX, ..caps } };
    let text = std::str::from_utf8(bytes).map_err(|error| Unreadable::Malformed(error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('[') {
        if whole.values > caps.values {
            return Err(Unreadable::TooMany);
        }
        let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(malformed)?;
        return parts.into_iter().map(|part| one(part.get(), caps)).collect();
    }
    Ok(vec![one(text, caps)?])
}

fn malformed(error: serde_json::Error) -> Unreadable {
    Unreadable::Malformed(error.to_string())
}

fn value(text: &str, caps: Caps) -> Result<Value, Unreadable> {
    if caps.values < usize::MAX && measure(text.as_bytes()).values > caps.values {
        return Err(Unreadable::TooMany);
    }
    serde_json::from_str(text).map_err(malformed)
}

fn one(text: &str, caps: Caps) -> Result<Message, Unreadable> {
    let [id, method, params, result, error] =
        pick(text, &["id", "method", "params", "result", "error"]).map_err(malformed)?;
    let id = match id {
        Some(id) if id.get().len() > LONGEST_ID => return Err(Unreadable::Malformed("its id is too long".into())),
        Some(id) => serde_json::from_str(id.get()).map_err(malformed)?,
        None => Value::Null,
    };
    if let Some(method) = method {
        let method: String = serde_json::from_str(method.get()).map_err(malformed)?;
        let params = params.map_or(Ok(Value::Null), |params| value(params.get(), caps))?;
        return Ok(if id.is_string() || id.is_i64() || id.is_u64() {
            Message::Request { id, method, params }
        } else {
            Message::Notification { method, params }
        });
    }
    if let Some(error) = error {
        return Ok(Message::Response { id, outcome: Err(RpcError::of(&value(error.get(), caps)?)) });
    }
    let Some(raw) = result else {
        return Err(Unreadable::Malformed("neither a request nor an answer".into()));
    };
    let (result, dropped_blocks) = match value(raw.get(), caps) {
        Err(Unreadable::TooMany) => {
            let (text, dropped) = cut_blocks(raw.get(), caps.blocks).ok_or(Unreadable::TooMany)?;
            (value(&text, caps)?, dropped)
        }
        result => (result?, 0),
    };
    let state = if result.get("requestState").is_some() {
        let [state, ..] = pick(raw.get(), &["requestState"]).map_err(malformed)?;
        state.map(ToOwned::to_owned)
    } else {
        None
    };
    Ok(Message::Response { id, outcome: Ok(Answered { result, state, bytes: raw.get().len(), dropped_blocks }) })
}

/// The text of a result with its first `keep` content blocks, and how many were cut off.
fn cut_blocks(result: &str, keep: usize) -> Option<(String, usize)> {
    let [content, ..] = pick(result, &["content"]).ok()?;
    let content = content?.get();
    let blocks: Vec<&RawValue> = serde_json::from_str(content).ok()?;
    let start = (content.as_ptr() as usize).checked_sub(result.as_ptr() as usize)?;
    let (before, after) = (result.get(..start)?, result.get(start + content.len()..)?);
    let kept: Vec<&str> = blocks.iter().take(keep).map(|block| block.get()).collect();
    Some((format!("{before}[{}]{after}", kept.join(",")), blocks.len().saturating_sub(keep)))
}

impl RpcError {
    /// Reads an error object leniently: servers send codes as floats and leave messages out.
    pub(crate) fn of(error: &Value) -> Self {
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

/// How big a JSON text is once it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    /// The deepest nesting of arrays and objects.
    pub(crate) depth: usize,
    /// At least as many values as it has.
    pub(crate) values: usize,
}

/// Measures a JSON text without reading it. Brackets and commas inside strings do not count.
pub(crate) fn measure(bytes: &[u8]) -> Measure {
    let mut measure = Measure { depth: 0, values: 1 };
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
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
                measure.depth = measure.depth.max(depth);
                measure.values += 1;
            }
            b',' => measure.values += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    measure
}

/// The members of a `params` object: names, and values as JSON text. A text without a name is several members already put
/// together, or none.
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
    let member = |(name, value): &(&'static str, String)| match *name {
        "" if value.is_empty() => None,
        "" => Some(value.clone()),
        name => Some(format!("{}:{value}", quoted(name))),
    };
    let members: Vec<String> = members.iter().filter_map(member).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAPS: Caps = Caps { depth: 100, values: 1_000, blocks: 2 };

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
        let messages = read(text.as_bytes(), CAPS).expect("readable");
        let [Message::Response { outcome: Ok(answered), .. }] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(answered.state.as_ref().expect("a state").get(), r#""a\u002fb\/é""#);
    }

    #[test]
    fn names_may_be_escaped_and_nothing_is_there_twice() {
        let text = r#" {"\u0069d":1,"method":null,"error":null,"result":{"a":1},"later":[{"id":2}]} "#;
        let messages = read(text.as_bytes(), CAPS).expect("readable");
        assert!(matches!(messages.as_slice(), [Message::Response { id, outcome: Ok(_) }] if *id == 1));
        for text in [
            r#"{"id":1,"id":2,"result":{}}"#,
            r#"{"id":1,"result":{},"\u0072esult":{}}"#,
            r#"{"id":1,"result":{"requestState":"a","requestState":"b"}}"#,
            r#"{"id":1,"method":7}"#,
            r#"{"id":1,"result":{}} {}"#,
            r#"{"id":1,"result":{}"#,
            r#"{"id":1,"result":null}"#,
            r#"[["id",1]]"#,
            "7",
        ] {
            assert!(matches!(read(text.as_bytes(), CAPS), Err(Unreadable::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn batches_requests_notifications_and_errors() {
        let text = r#"[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":"a","method":"ping"},
            {"jsonrpc":"2.0","id":null,"error":{"code":-32000.0}}]"#;
        let messages = read(text.as_bytes(), CAPS).expect("readable");
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
        assert_eq!(measure(br#"{"a":"[[[\"[[,,","b":[{}]}"#), Measure { depth: 3, values: 5 });
        let deep = "[".repeat(100_000);
        assert_eq!(read(deep.as_bytes(), CAPS).expect_err("too deep"), Unreadable::TooDeep);
    }

    #[test]
    fn x58_values_are_counted_before_they_take_memory() {
        let many = vec!["[]"; 2_000].join(",");
        let content = format!(r#"{{"id":1,"result":{{"a":"ü","content":[{many}],"z":[7]}}}}"#);
        let messages = read(content.as_bytes(), CAPS).expect("readable in part");
        let [Message::Response { outcome: Ok(answered), .. }] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(answered.result.to_string(), r#"{"a":"ü","content":[[],[]],"z":[7]}"#);
        assert_eq!(answered.dropped_blocks, 1_998);
        for text in [
            format!(r#"{{"id":1,"result":{{"content":[],"structuredContent":[{many}]}}}}"#),
            format!(r#"{{"id":1,"result":{{"content":[[{many}]]}}}}"#),
            format!(r#"{{"id":1,"result":[{many}]}}"#),
            format!(r#"{{"id":1,"error":{{"code":1,"data":[{many}]}}}}"#),
            format!(r#"{{"method":"m","params":[{many}]}}"#),
            format!("[{many}]"),
        ] {
            assert_eq!(read(text.as_bytes(), CAPS).expect_err(&text), Unreadable::TooMany);
        }
        let id = format!(r#"{{"id":[{many}],"method":"m"}}"#);
        assert!(matches!(read(id.as_bytes(), CAPS), Err(Unreadable::Malformed(_))));
    }

    /// JSON of any kind, not too deep.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\[\\]{},\"\\\\]{0,9}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
            Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
            _ => 0,
        }
    }

    fn values(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(values).sum(),
            Value::Object(members) => members.values().map(values).sum(),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn every_result_is_read_as_it_was_written(result in json(), state in proptest::option::of(any::<String>()), pretty in any::<bool>()) {
            // A result that is null is no answer: results are objects.
            prop_assume!(!result.is_null());
            let mut result = result;
            if let (Some(object), Some(state)) = (result.as_object_mut(), &state) {
                object.insert("requestState".into(), state.as_str().into());
            }
            let message = serde_json::json!({"jsonrpc": "2.0", "result": result, "id": 7});
            let text = if pretty { serde_json::to_string_pretty(&message) } else { serde_json::to_string(&message) }.expect("JSON");
            let messages = read(text.as_bytes(), Caps { depth: 100, values: 10_000, blocks: 2 }).expect("readable");
            let [Message::Response { id, outcome: Ok(answered) }] = messages.as_slice() else { panic!("{messages:?}") };
            prop_assert_eq!(id, &Value::from(7));
            prop_assert_eq!(&answered.result, &result);
            let expected = result.get("requestState").filter(|state| state.is_string()).map(Value::to_string);
            let found = answered.state.as_ref().map(|state| state.get().to_owned());
            prop_assert_eq!(found.filter(|state| state.starts_with('"')), expected);
        }

        #[test]
        fn no_text_is_bigger_than_its_measure(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
            let measured = measure(text.as_bytes());
            prop_assert_eq!(measured.depth, depth(&value));
            prop_assert!(measured.values >= values(&value) - usize::from(!matches!(value, Value::Array(_) | Value::Object(_))), "{:?}", measured);
        }

        #[test]
        fn parameters_are_spliced_without_a_change(params in proptest::collection::vec((any::<String>(), json()), 0..5), more in any::<bool>()) {
            let params = Value::Object(params.into_iter().collect());
            let mut members = vec![("", crate::request::inside(&params.to_string()).to_owned())];
            if more {
                members.push(("requestState", r#""\u002f""#.into()));
            }
            let text = request(1, "m", &members);
            prop_assert!(text.contains(crate::request::inside(&params.to_string())));
            let sent: Value = serde_json::from_str(&text).expect("JSON");
            let mut expected = params;
            if let (true, Some(object)) = (more, expected.as_object_mut()) {
                object.insert("requestState".into(), "/".into());
            }
            prop_assert_eq!(&sent["params"], &expected);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, CAPS);
        }
    }
}
