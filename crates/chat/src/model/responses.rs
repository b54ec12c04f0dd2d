//! The OpenAI Responses wire.
//!
//! Source: wires.md B2, and the types of the `openai` package 6.49. Nothing is kept at the provider (`store: false`), so
//! a model's reasoning goes back as the encrypted item that it came as. Pieces belong together by `output_index`; servers
//! that send no deltas, or a text only after the calls, are taken too, by what the `done` events repeat.

use super::draft::{Draft, count, text};
use super::endpoint::Extras;
use super::stream::Dialect;
use super::{Endpoint, Finish, Message, Part, ToolSpec, Usage, Wire, WireCall, unseen};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The body of a request.
pub(crate) fn body(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec], extras: Extras) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), endpoint.model.as_str().into());
    let mut input: Vec<Value> = Vec::new();
    for message in messages {
        match message {
            Message::System(text) => {
                body.insert("instructions".into(), text.as_str().into());
            }
            Message::User(text) => input.push(json!({ "role": "user", "content": text })),
            Message::Picture { says, mime, data } if Wire::OpenaiResponses.takes_picture(mime) => {
                input.push(json!({ "role": "user", "content": [
                    { "type": "input_text", "text": says },
                    { "type": "input_image", "detail": "auto", "image_url": format!("data:{mime};base64,{data}") },
                ] }));
            }
            Message::Picture { says, .. } => input.push(json!({ "role": "user", "content": unseen(says) })),
            Message::Assistant(parts) => input.extend(parts.iter().filter_map(item)),
            Message::Tool { id, text } => {
                input.push(json!({ "type": "function_call_output", "call_id": id, "output": text }));
            }
        }
    }
    body.insert("input".into(), input.into());
    body.insert("stream".into(), true.into());
    body.insert("store".into(), false.into());
    if extras == Extras::All {
        body.insert("include".into(), json!(["reasoning.encrypted_content"]));
        if let Some(effort) = endpoint.effort {
            body.insert("reasoning".into(), json!({ "effort": effort.name(), "summary": "auto" }));
        }
    }
    if !tools.is_empty() {
        // Servers' schemas are not written to the rules of strict mode.
        let tools = tools.iter().map(|tool| {
            json!({ "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters(), "strict": false })
        });
        body.insert("tools".into(), tools.collect());
    }
    Value::Object(body)
}

fn item(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) if text.is_empty() => None,
        Part::Text(text) => Some(json!({ "role": "assistant", "content": text })),
        Part::Thought(thought) => Some(thought.clone()),
        Part::Call(call) => {
            Some(json!({ "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments }))
        }
    }
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The calls, by the number of their item.
    calls: BTreeMap<u64, usize>,
    /// The texts of which something came, by the number of their item and of the part in it.
    texts: Vec<(u64, u64)>,
    /// The items whose reasoning was shown.
    reasoned: Vec<u64>,
    /// The items that are whole.
    whole: Vec<u64>,
}

impl Dialect for Reader {
    fn take(&mut self, value: &Value, draft: &mut Draft) {
        let number = |key: &str| value.get(key).and_then(Value::as_u64).unwrap_or(0);
        let (item, part) = (number("output_index"), number("content_index"));
        match text(value, "type") {
            "response.output_text.delta" | "response.refusal.delta" => {
                self.texts.push((item, part));
                self.texts.dedup();
                draft.text(text(value, "delta"));
            }
            "response.output_text.done" => self.text(item, part, text(value, "text"), draft),
            "response.refusal.done" => self.text(item, part, text(value, "refusal"), draft),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.reasoned.push(item);
                self.reasoned.dedup();
                draft.thinking(text(value, "delta"));
            }
            "response.reasoning_summary_part.added" if self.reasoned.contains(&item) => draft.thinking("\n\n"),
            "response.output_item.added" => {
                if let Some(one) = value.get("item").filter(|one| text(one, "type") == "function_call") {
                    self.call(item, one, draft);
                }
            }
            "response.function_call_arguments.delta" => {
                let at = self.calls.get(&item).copied();
                if let Some(call) = at.and_then(|at| draft.call_at(at)) {
                    call.arguments.push_str(text(value, "delta"));
                }
            }
            "response.function_call_arguments.done" => {
                let at = self.calls.get(&item).copied();
                if let Some(call) = at.and_then(|at| draft.call_at(at)) {
                    call.arguments = text(value, "arguments").to_owned();
                }
            }
            "response.output_item.done" => {
                if let Some(one) = value.get("item") {
                    self.item(item, one, draft);
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => match value.get("response") {
                Some(response) => self.response(response, draft),
                None => draft.not_understood("it ends without a `response`"),
            },
            // An answer that is no stream.
            "" if text(value, "object") == "response" => self.response(value, draft),
            "" => draft.not_understood("an event has no `type`"),
            // There are some fifty kinds; the others say nothing that the ones above do not.
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
    /// A whole text, of which pieces may have come.
    fn text(&mut self, item: u64, part: u64, text: &str, draft: &mut Draft) {
        if !self.texts.contains(&(item, part)) {
            self.texts.push((item, part));
            draft.text(text);
        }
    }

    /// A call, begun or whole.
    fn call(&mut self, number: u64, item: &Value, draft: &mut Draft) {
        let at = match self.calls.get(&number) {
            Some(at) => *at,
            None => {
                let Some(at) = draft.begin_call() else { return };
                self.calls.insert(number, at);
                at
            }
        };
        if let Some(call) = draft.call_at(at) {
            let known = std::mem::replace(call, WireCall::new("", "", ""));
            let or = |new: &str, old: String| if new.is_empty() { old } else { new.to_owned() };
            *call = WireCall::new(
                or(text(item, "call_id"), known.id),
                or(text(item, "name"), known.name),
                or(text(item, "arguments"), known.arguments),
            );
        }
    }

    /// A whole item. What its pieces have said already is not said again.
    fn item(&mut self, number: u64, item: &Value, draft: &mut Draft) {
        if self.whole.contains(&number) {
            return;
        }
        self.whole.push(number);
        match text(item, "type") {
            "function_call" => self.call(number, item, draft),
            "message" => {
                for (part, content) in (0..).zip(item.get("content").and_then(Value::as_array).into_iter().flatten()) {
                    let words = if text(content, "type") == "refusal" { "refusal" } else { "text" };
                    self.text(number, part, text(content, words), draft);
                }
            }
            "reasoning" => {
                if !self.reasoned.contains(&number) {
                    for summary in item.get("summary").and_then(Value::as_array).into_iter().flatten() {
                        draft.thinking(text(summary, "text"));
                    }
                }
                // Without the encrypted content the provider does not know the item again.
                if item.get("encrypted_content").is_some_and(Value::is_string) {
                    draft.thought(item.clone());
                }
            }
            _ => {}
        }
    }

    fn response(&mut self, response: &Value, draft: &mut Draft) {
        // The end repeats everything. It counts only where nothing else came: servers number their items differently.
        if self.whole.is_empty() && self.texts.is_empty() && self.calls.is_empty() {
            for (number, item) in (0..).zip(response.get("output").and_then(Value::as_array).into_iter().flatten()) {
                self.item(number, item, draft);
            }
        }
        if let Some(usage) = response.get("usage") {
            draft.usage(Usage {
                input: count(usage, "/input_tokens"),
                output: count(usage, "/output_tokens"),
                cached: count(usage, "/input_tokens_details/cached_tokens"),
            });
        }
        match text(response, "status") {
            "failed" | "cancelled" => {
                draft.failed(super::refusal::error_said(response).unwrap_or_default());
            }
            "incomplete" => match response.pointer("/incomplete_details/reason").and_then(Value::as_str) {
                Some("max_output_tokens") | None => draft.finish(Finish::Length),
                Some("content_filter") => draft.finish(Finish::Filtered),
                Some(other) => draft.finish_other(other),
            },
            _ if !self.calls.is_empty() => draft.finish(Finish::Calls),
            _ => draft.finish(Finish::Stop),
        }
        draft.ended = true;
    }
}

#[cfg(test)]
mod tests;
