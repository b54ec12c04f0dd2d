//! The Anthropic Messages wire.
//!
//! Source: wires.md B1 and B2, and the types of the `@anthropic-ai/sdk` package 1.12. What a model thought goes back with
//! the results of its calls, block by block with the signatures, in the order in which it came. Results stand first in
//! the message that follows their calls, and messages of one role that follow each other are one.

use super::draft::{Draft, count, text};
use super::endpoint::{Effort, Extras};
use super::stream::Dialect;
use super::{Endpoint, Finish, Message, Part, ToolSpec, Usage, Wire, unseen};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is sent with every request. Without the last one Anthropic refuses requests of web pages: it wants to be told
/// that the key is in the hands of whoever uses the page, which here it is.
pub(crate) const HEADERS: &[(&str, &str)] =
    &[("anthropic-version", "2023-06-01"), ("anthropic-dangerous-direct-browser-access", "true")];

/// The wire wants to be told how long an answer may be, in tokens. Enough for an answer, and below every model's limit.
const MAX_TOKENS: u32 = 8_192;

/// The body of a request.
pub(crate) fn body(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec], extras: Extras) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), endpoint.model.as_str().into());
    let mut max = MAX_TOKENS;
    match (endpoint.effort, extras) {
        (Some(effort), Extras::All) => {
            max = MAX_TOKENS * 3;
            body.insert("thinking".into(), json!({ "type": "adaptive", "display": "summarized" }));
            body.insert("output_config".into(), json!({ "effort": effort.name() }));
        }
        // Models before 4.6 want a number.
        (Some(effort), Extras::None) => {
            let budget = match effort {
                Effort::Low => 2_048,
                Effort::Medium => 8_192,
                Effort::High => 20_480,
            };
            max += budget;
            body.insert("thinking".into(), json!({ "type": "enabled", "budget_tokens": budget }));
        }
        (None, _) => {}
    }
    body.insert("max_tokens".into(), max.into());
    body.insert("stream".into(), true.into());
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let (role, blocks) = match message {
            Message::System(text) => {
                body.insert(
                    "system".into(),
                    json!([{ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } }]),
                );
                continue;
            }
            Message::User(text) => ("user", vec![json!({ "type": "text", "text": text })]),
            Message::Picture { says, mime, data } if Wire::Anthropic.takes_picture(mime) => {
                let source = json!({ "type": "base64", "media_type": mime, "data": data });
                let image = json!({ "type": "image", "source": source });
                ("user", vec![json!({ "type": "text", "text": says }), image])
            }
            Message::Picture { says, .. } => ("user", vec![json!({ "type": "text", "text": unseen(says) })]),
            Message::Tool { id, text } => {
                ("user", vec![json!({ "type": "tool_result", "tool_use_id": id, "content": text })])
            }
            Message::Assistant(parts) => ("assistant", parts.iter().filter_map(block).collect()),
        };
        match turns.last_mut() {
            Some((last, known)) if *last == role => known.extend(blocks),
            _ if blocks.is_empty() => {}
            _ => turns.push((role, blocks)),
        }
    }
    // What was said up to here is the beginning of every later request of this conversation.
    if let Some(last) = turns.last_mut().and_then(|(_, blocks)| blocks.last_mut()).and_then(Value::as_object_mut) {
        last.insert("cache_control".into(), json!({ "type": "ephemeral" }));
    }
    body.insert(
        "messages".into(),
        turns.into_iter().map(|(role, content)| json!({ "role": role, "content": content })).collect(),
    );
    if !tools.is_empty() {
        let tools = tools.iter().map(
            |tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.parameters() }),
        );
        body.insert("tools".into(), tools.collect());
    }
    Value::Object(body)
}

fn block(part: &Part) -> Option<Value> {
    match part {
        // Empty text is refused.
        Part::Text(text) if text.trim().is_empty() => None,
        Part::Text(text) => Some(json!({ "type": "text", "text": text })),
        Part::Thought(thought) => Some(thought.clone()),
        Part::Call(call) => {
            Some(json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.object() }))
        }
    }
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The blocks that are open, by their number.
    open: BTreeMap<u64, Open>,
}

#[derive(Debug)]
enum Open {
    Text,
    Thinking(Map<String, Value>),
    Call(usize),
}

impl Dialect for Reader {
    fn take(&mut self, value: &Value, draft: &mut Draft) {
        let number = value.get("index").and_then(Value::as_u64).unwrap_or(0);
        let nothing = Value::Null;
        match text(value, "type") {
            "message_start" => usage(value.pointer("/message/usage"), draft),
            "content_block_start" => self.begin(number, value.get("content_block").unwrap_or(&nothing), draft),
            "content_block_delta" => self.delta(number, value.get("delta").unwrap_or(&nothing), draft),
            "content_block_stop" => self.close(number, draft),
            "message_delta" => {
                usage(value.get("usage"), draft);
                reason(value.pointer("/delta/stop_reason"), draft);
            }
            "message_stop" => draft.ended = true,
            // An answer that is no stream.
            "message" => {
                for (number, block) in (0..).zip(value.get("content").and_then(Value::as_array).into_iter().flatten()) {
                    self.begin(number, block, draft);
                    self.close(number, draft);
                }
                usage(value.get("usage"), draft);
                reason(value.get("stop_reason"), draft);
            }
            "" => draft.not_understood("an event has no `type`"),
            // `ping`, and what is yet to come.
            _ => {}
        }
    }

    fn end(&mut self, draft: &mut Draft) {
        // A thought after which nothing was said is refused when it comes back.
        while matches!(draft.answer.parts.last(), Some(Part::Thought(_))) {
            draft.answer.parts.pop();
        }
    }
}

impl Reader {
    fn begin(&mut self, number: u64, block: &Value, draft: &mut Draft) {
        match text(block, "type") {
            "text" => {
                draft.text(text(block, "text"));
                self.open.insert(number, Open::Text);
            }
            "thinking" => {
                draft.thinking(text(block, "thinking"));
                self.open.insert(number, Open::Thinking(block.as_object().cloned().unwrap_or_default()));
            }
            // Encrypted: nothing to show, and it has to go back.
            "redacted_thinking" => draft.thought(block.clone()),
            "tool_use" => {
                let Some(at) = draft.begin_call() else { return };
                if let Some(call) = draft.call_at(at) {
                    call.id = text(block, "id").to_owned();
                    call.name = text(block, "name").to_owned();
                    let input = block.get("input").and_then(Value::as_object).filter(|input| !input.is_empty());
                    call.arguments = input.map(|input| Value::Object(input.clone()).to_string()).unwrap_or_default();
                }
                self.open.insert(number, Open::Call(at));
            }
            _ => {}
        }
    }

    fn delta(&mut self, number: u64, delta: &Value, draft: &mut Draft) {
        match (self.open.get_mut(&number), text(delta, "type")) {
            (_, "text_delta") => draft.text(text(delta, "text")),
            (Some(Open::Call(at)), "input_json_delta") => {
                if let Some(call) = draft.call_at(*at) {
                    call.arguments.push_str(text(delta, "partial_json"));
                }
            }
            (Some(Open::Thinking(block)), kind @ ("thinking_delta" | "signature_delta")) => {
                let key = if kind == "thinking_delta" { "thinking" } else { "signature" };
                let more = text(delta, key);
                if let Value::String(known) = block.entry(key).or_insert_with(|| Value::String(String::new())) {
                    known.push_str(more);
                }
                if key == "thinking" {
                    draft.thinking(more);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, number: u64, draft: &mut Draft) {
        match self.open.remove(&number) {
            // Only what is signed is known again.
            Some(Open::Thinking(block)) if block.get("signature").is_some_and(|signature| signature != "") => {
                draft.thought(Value::Object(block));
            }
            Some(Open::Call(at)) => {
                if let Some(call) = draft.call_at(at).filter(|call| call.arguments.is_empty()) {
                    call.arguments = "{}".to_owned();
                }
            }
            _ => {}
        }
    }
}

/// Tokens that came from the cache are counted apart.
fn usage(usage: Option<&Value>, draft: &mut Draft) {
    let Some(usage) = usage else { return };
    let cached = count(usage, "/cache_read_input_tokens");
    draft.usage(Usage {
        input: count(usage, "/input_tokens") + count(usage, "/cache_creation_input_tokens") + cached,
        output: count(usage, "/output_tokens"),
        cached,
    });
}

fn reason(reason: Option<&Value>, draft: &mut Draft) {
    match reason.and_then(Value::as_str) {
        None | Some("") => {}
        Some("end_turn" | "stop_sequence") => draft.finish(Finish::Stop),
        Some("tool_use") => draft.finish(Finish::Calls),
        Some("max_tokens" | "model_context_window_exceeded") => draft.finish(Finish::Length),
        Some("refusal") => draft.finish(Finish::Filtered),
        Some(other) => draft.finish_other(other),
    }
}

#[cfg(test)]
mod tests;
