//! The wire of Gemini, in Google's own way: `streamGenerateContent` with `alt=sse`.
//!
//! Source: wires.md B2, and the types of the `@google/genai` package 2.32. A call comes whole. Its `thoughtSignature`
//! goes back on it, and so does one that came on a text. The wire of Google's that is like OpenAI's is not used: it
//! refuses browsers more often.

use super::draft::{Draft, count, text};
use super::endpoint::Extras;
use super::stream::Dialect;
use super::{Endpoint, Finish, Message, Part, ToolSpec, Usage, Wire, WireCall, calls_of, unseen};
use serde_json::{Map, Value, json};

/// What stands in the place of a signature on a call that the model did not ask for itself. Without one the newer models
/// refuse the whole request; Google documents this word for calls that came from elsewhere.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// The model's part of the address: `models/NAME`, with whatever is no letter, digit or plain mark escaped.
pub(crate) fn path(model: &str) -> String {
    let mut out = String::new();
    if !model.contains('/') {
        out.push_str("models/");
    }
    for byte in model.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The body of a request.
pub(crate) fn body(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec], extras: Extras) -> Value {
    let mut body = Map::new();
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let (role, parts) = match message {
            Message::System(text) => {
                body.insert("systemInstruction".into(), json!({ "parts": [{ "text": text }] }));
                continue;
            }
            Message::User(text) => ("user", vec![json!({ "text": text })]),
            Message::Picture { says, mime, data } if Wire::Gemini.takes_picture(mime) => {
                let image = json!({ "inlineData": { "mimeType": mime, "data": data } });
                ("user", vec![json!({ "text": says }), image])
            }
            Message::Picture { says, .. } => ("user", vec![json!({ "text": unseen(says) })]),
            Message::Tool { id, text } => ("user", vec![response(messages.get(..at).unwrap_or_default(), id, text)]),
            Message::Assistant(parts) => ("model", parts.iter().filter_map(|one| part(one, extras)).collect()),
        };
        match turns.last_mut() {
            Some((last, known)) if *last == role => known.extend(parts),
            _ if parts.is_empty() => {}
            _ => turns.push((role, parts)),
        }
    }
    body.insert(
        "contents".into(),
        turns.into_iter().map(|(role, parts)| json!({ "role": role, "parts": parts })).collect(),
    );
    if !tools.is_empty() {
        let tools: Vec<Value> = tools
            .iter()
            .map(|tool| json!({ "name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters() }))
            .collect();
        body.insert("tools".into(), json!([{ "functionDeclarations": tools }]));
    }
    if let Some(effort) = endpoint.effort.filter(|_| extras == Extras::All) {
        body.insert(
            "generationConfig".into(),
            json!({ "thinkingConfig": { "includeThoughts": true, "thinkingLevel": effort.name() } }),
        );
    }
    Value::Object(body)
}

/// A result names its call by the name of the tool, and by the id where the provider gave one.
fn response(before: &[Message], id: &str, text: &str) -> Value {
    let call = before.iter().rev().find_map(|message| match message {
        Message::Assistant(parts) => calls_of(parts).find(|call| call.id == id),
        _ => None,
    });
    let name = call.map(|call| call.name.as_str()).unwrap_or_default();
    json!({ "functionResponse": { "id": id, "name": name, "response": { "output": text } } })
}

fn part(part: &Part, extras: Extras) -> Option<Value> {
    match part {
        Part::Text(text) if text.is_empty() => None,
        Part::Text(text) => Some(json!({ "text": text })),
        Part::Thought(thought) => Some(thought.clone()),
        Part::Call(call) => {
            let mut out = json!({ "functionCall": { "id": call.id, "name": call.name, "args": call.object() } });
            let unsigned = (call.foreign && extras == Extras::All).then_some(UNSIGNED);
            if let (Some(seal), Some(out)) = (call.seal.as_deref().or(unsigned), out.as_object_mut()) {
                out.insert("thoughtSignature".into(), seal.into());
            }
            Some(out)
        }
    }
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(crate) struct Reader;

impl Dialect for Reader {
    fn take(&mut self, value: &Value, draft: &mut Draft) {
        let usage = value.get("usageMetadata");
        if let Some(usage) = usage {
            draft.usage(Usage {
                input: count(usage, "/promptTokenCount"),
                output: count(usage, "/candidatesTokenCount") + count(usage, "/thoughtsTokenCount"),
                cached: count(usage, "/cachedContentTokenCount"),
            });
        }
        if value.pointer("/promptFeedback/blockReason").is_some_and(Value::is_string) {
            return draft.finish(Finish::Filtered);
        }
        let Some(candidate) = value.pointer("/candidates/0") else {
            if usage.is_none() {
                draft.not_understood("it has no `candidates`");
            }
            return;
        };
        for part in candidate.pointer("/content/parts").and_then(Value::as_array).into_iter().flatten() {
            take_part(part, draft);
        }
        match text(candidate, "finishReason") {
            "" | "FINISH_REASON_UNSPECIFIED" => {}
            "STOP" if draft.answer.calls().next().is_none() => draft.finish(Finish::Stop),
            "STOP" | "FUNCTION_CALL" => draft.finish(Finish::Calls),
            "MAX_TOKENS" => draft.finish(Finish::Length),
            "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => {
                draft.finish(Finish::Filtered);
            }
            other => draft.finish_other(other),
        }
    }
}

fn take_part(part: &Value, draft: &mut Draft) {
    let seal = part.get("thoughtSignature").and_then(Value::as_str);
    if let Some(call) = part.get("functionCall") {
        let arguments = call.get("args").cloned().unwrap_or_else(|| json!({}));
        draft.call(WireCall {
            seal: seal.map(str::to_owned),
            ..WireCall::new(text(call, "id"), text(call, "name"), arguments.to_string())
        });
    } else if part.get("thought").is_some_and(|thought| thought == true) {
        draft.thinking(text(part, "text"));
    } else {
        draft.text(text(part, "text"));
        // It belongs to what was said up to here.
        if let Some(seal) = seal {
            draft.thought(json!({ "text": "", "thoughtSignature": seal }));
        }
    }
}

#[cfg(test)]
mod tests;
