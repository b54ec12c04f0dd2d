//! The OpenAI chat-completions wire, as OpenAI, OpenRouter, Mistral, Groq, LM Studio, vLLM and llama.cpp speak it.
//!
//! Source: wires.md B1 and B2. Providers differ in small ways and all of those ways are taken: a missing
//! `finish_reason`, a name sent again with every piece, a call whole in one piece, arguments as an object,
//! `reasoning_content`, thinking as a part of the content, an error in the middle, a last piece with usage and no
//! choices, and a plain JSON answer although a stream was asked for.

use super::draft::{Draft, count, text};
use super::endpoint::Extras;
use super::stream::Dialect;
use super::{Endpoint, Finish, Message, ToolSpec, Usage, Wire, calls_of, text_of, thoughts_of, unseen};
use serde_json::{Map, Value, json};

/// The body of a request.
pub(crate) fn body(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec], extras: Extras) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), endpoint.model.as_str().into());
    body.insert("messages".into(), messages.iter().map(message).collect());
    body.insert("stream".into(), true.into());
    if extras == Extras::All {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
        if let Some(effort) = endpoint.effort {
            body.insert("reasoning_effort".into(), effort.name().into());
        }
    }
    if !tools.is_empty() {
        let tools = tools.iter().map(|tool| {
            json!({ "type": "function", "function": { "name": tool.name, "description": tool.description, "parameters": tool.parameters() } })
        });
        body.insert("tools".into(), tools.collect());
    }
    Value::Object(body)
}

fn message(message: &Message) -> Value {
    match message {
        Message::System(text) => json!({ "role": "system", "content": text }),
        Message::User(text) => json!({ "role": "user", "content": text }),
        Message::Picture { says, mime, data } if Wire::OpenaiChat.takes_picture(mime) => {
            json!({ "role": "user", "content": [
                { "type": "text", "text": says },
                { "type": "image_url", "image_url": { "url": format!("data:{mime};base64,{data}") } },
            ] })
        }
        Message::Picture { says, .. } => json!({ "role": "user", "content": unseen(says) }),
        Message::Assistant(parts) => {
            let text = text_of(parts);
            let calls: Vec<Value> = calls_of(parts)
                .map(|call| json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } }))
                .collect();
            let content = if text.is_empty() && !calls.is_empty() { Value::Null } else { text.into() };
            let mut out = json!({ "role": "assistant", "content": content });
            let Some(object) = out.as_object_mut() else { return out };
            if !calls.is_empty() {
                object.insert("tool_calls".into(), calls.into());
            }
            // Kept as `{ name: value }`, one for each field that came.
            for thought in thoughts_of(parts).filter_map(Value::as_object) {
                object.extend(thought.clone());
            }
            out
        }
        Message::Tool { id, text } => json!({ "role": "tool", "tool_call_id": id, "content": text }),
    }
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    calls: Vec<Begun>,
    /// `reasoning_content`, which some providers want back with the results of calls.
    reasoned: String,
    /// OpenRouter's `reasoning_details`, which carry the signatures of the provider behind it.
    details: Vec<Value>,
}

/// A call that was begun: where it is, and under which number.
#[derive(Debug)]
struct Begun {
    at: usize,
    index: Option<u64>,
}

impl Dialect for Reader {
    fn take(&mut self, value: &Value, draft: &mut Draft) {
        if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
            draft.usage(Usage {
                input: count(usage, "/prompt_tokens"),
                output: count(usage, "/completion_tokens"),
                cached: count(usage, "/prompt_tokens_details/cached_tokens"),
            });
        }
        let choices = value.get("choices").and_then(Value::as_array);
        if choices.is_none() && value.get("usage").is_none() {
            return draft.not_understood("it has no `choices`");
        }
        let Some(choice) = choices.and_then(|choices| choices.first()) else {
            return;
        };
        if let Some(delta) = choice.get("delta").filter(|delta| delta.is_object()).or_else(|| choice.get("message")) {
            self.delta(delta, draft);
        }
        match text(choice, "finish_reason") {
            "" => {}
            "stop" => draft.finish(Finish::Stop),
            "tool_calls" | "function_call" => draft.finish(Finish::Calls),
            "length" => draft.finish(Finish::Length),
            "content_filter" => draft.finish(Finish::Filtered),
            other => draft.finish_other(other),
        }
    }

    fn end(&mut self, draft: &mut Draft) {
        // Providers without calls to answer do not want it back, and some refuse it.
        if self.calls.is_empty() {
            return;
        }
        if !self.details.is_empty() {
            draft.thought(json!({ "reasoning_details": std::mem::take(&mut self.details) }));
        } else if !self.reasoned.is_empty() {
            draft.thought(json!({ "reasoning_content": std::mem::take(&mut self.reasoned) }));
        }
    }
}

impl Reader {
    fn delta(&mut self, delta: &Value, draft: &mut Draft) {
        let reasoned = content(delta.get("reasoning_content"));
        self.reasoned.push_str(&reasoned);
        let thought = if reasoned.is_empty() { content(delta.get("reasoning")) } else { reasoned };
        draft.thinking(&thought);
        for detail in delta.get("reasoning_details").and_then(Value::as_array).into_iter().flatten() {
            self.detail(detail);
        }
        // Mistral: thinking is a part of the content.
        for part in delta.get("content").and_then(Value::as_array).into_iter().flatten() {
            draft.thinking(&content(part.get("thinking")));
        }
        for key in ["content", "refusal"] {
            draft.text(&content(delta.get(key)));
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call, draft);
        }
    }

    /// A piece of a reasoning detail: pieces of one detail have its `index` and join their texts.
    fn detail(&mut self, detail: &Value) {
        let same = |known: &Value| known.get("index") == detail.get("index") && known.get("type") == detail.get("type");
        let Some(known) = self.details.last_mut().filter(|known| detail.get("index").is_some() && same(known)) else {
            self.details.push(detail.clone());
            return;
        };
        let (Some(known), Some(piece)) = (known.as_object_mut(), detail.as_object()) else { return };
        for (key, value) in piece {
            match (known.get_mut(key), value) {
                (Some(Value::String(whole)), Value::String(more))
                    if ["text", "summary", "data"].contains(&key.as_str()) =>
                {
                    whole.push_str(more);
                }
                (_, Value::Null) => {}
                _ => {
                    known.insert(key.clone(), value.clone());
                }
            }
        }
    }

    /// One piece of a call. Pieces belong together by `index`; providers without one send an `id` with each new call.
    fn call(&mut self, call: &Value, draft: &mut Draft) {
        let index = call.get("index").and_then(Value::as_u64);
        let id = text(call, "id");
        let function = call.get("function").unwrap_or(call);
        let name = text(function, "name");
        let Some(at) = self.known(index, id, name, draft).or_else(|| {
            let at = draft.begin_call()?;
            self.calls.push(Begun { at, index });
            Some(at)
        }) else {
            return;
        };
        let Some(call) = draft.call_at(at) else {
            return;
        };
        if call.id.is_empty() {
            call.id = id.to_owned();
        }
        if name.starts_with(call.name.as_str()) {
            // The first piece of the name, the whole of it again, or all of it so far.
            if !name.is_empty() {
                call.name = name.to_owned();
            }
        } else if call.arguments.is_empty() {
            call.name.push_str(name);
        }
        match function.get("arguments") {
            Some(Value::String(text)) => call.arguments.push_str(text),
            Some(object @ Value::Object(_)) => call.arguments = object.to_string(),
            _ => {}
        }
    }

    /// The call that a piece belongs to, if it was begun.
    fn known(&self, index: Option<u64>, id: &str, name: &str, draft: &mut Draft) -> Option<usize> {
        let mut begun = |test: &dyn Fn(&super::WireCall) -> bool, begun: &Begun| {
            draft.call_at(begun.at).is_some_and(|call| test(call)).then_some(begun.at)
        };
        match index {
            // Another id under the same index, with a name, is another call: some providers number all of them 0.
            Some(_) => {
                let same =
                    |call: &super::WireCall| id.is_empty() || call.id.is_empty() || call.id == id || name.is_empty();
                self.calls.iter().rfind(|one| one.index == index).and_then(|one| begun(&same, one))
            }
            None if !id.is_empty() => self.calls.iter().find_map(|one| begun(&|call| call.id == id, one)),
            // A name without id and index begins a new call, unless it only repeats the name of the running one.
            None if !name.is_empty() => {
                self.calls.last().and_then(|one| begun(&|call| call.name == name && !is_whole(&call.arguments), one))
            }
            None => self.calls.last().map(|one| one.at),
        }
    }
}

fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
}

/// Text, or the texts of a list of parts.
fn content(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().map(|part| text(part, "text")).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
