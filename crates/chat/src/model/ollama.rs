//! Ollama's own wire: `/api/chat`, a line of JSON for each piece.
//!
//! Source: wires.md B1 and B2. Ollama is told how large the context is to be: by itself it takes a small one and cuts the
//! beginning of the conversation off without a word, the tools first.

use super::draft::{Draft, count, text};
use super::endpoint::Extras;
use super::stream::Dialect;
use super::{Endpoint, Finish, Message, ToolSpec, Usage, Wire, WireCall, calls_of, text_of, thoughts_of, unseen};
use serde_json::{Map, Value, json};

/// The body of a request.
pub(crate) fn body(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec], extras: Extras) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), endpoint.model.as_str().into());
    let told = messages.iter().enumerate().map(|(at, one)| message(messages.get(..at).unwrap_or_default(), one));
    body.insert("messages".into(), told.collect());
    body.insert("stream".into(), true.into());
    if let Some(context) = endpoint.context {
        body.insert("options".into(), json!({ "num_ctx": context }));
    }
    if endpoint.effort.is_some() && extras == Extras::All {
        body.insert("think".into(), true.into());
    }
    if !tools.is_empty() {
        let tools = tools.iter().map(|tool| {
            json!({ "type": "function", "function": { "name": tool.name, "description": tool.description, "parameters": tool.parameters() } })
        });
        body.insert("tools".into(), tools.collect());
    }
    Value::Object(body)
}

fn message(before: &[Message], message: &Message) -> Value {
    match message {
        Message::System(text) => json!({ "role": "system", "content": text }),
        Message::User(text) => json!({ "role": "user", "content": text }),
        Message::Picture { says, mime, data } if Wire::Ollama.takes_picture(mime) => {
            json!({ "role": "user", "content": says, "images": [data] })
        }
        Message::Picture { says, .. } => json!({ "role": "user", "content": unseen(says) }),
        Message::Assistant(parts) => {
            let mut out = json!({ "role": "assistant", "content": text_of(parts) });
            let Some(object) = out.as_object_mut() else { return out };
            let calls: Vec<Value> = calls_of(parts)
                .map(|call| json!({ "function": { "name": call.name, "arguments": call.object() } }))
                .collect();
            if !calls.is_empty() {
                object.insert("tool_calls".into(), calls.into());
            }
            for thought in thoughts_of(parts).filter_map(Value::as_object) {
                object.extend(thought.clone());
            }
            out
        }
        // A result names its tool; results come in the order of their calls.
        Message::Tool { id, text } => {
            let call = before.iter().rev().find_map(|message| match message {
                Message::Assistant(parts) => calls_of(parts).find(|call| call.id == *id),
                _ => None,
            });
            let name = call.map(|call| call.name.as_str()).unwrap_or_default();
            json!({ "role": "tool", "tool_name": name, "content": text })
        }
    }
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    thought: String,
}

impl Dialect for Reader {
    fn take(&mut self, value: &Value, draft: &mut Draft) {
        let Some(message) = value.get("message") else {
            return draft.not_understood("a line has no `message`");
        };
        // Servers that speak this wire without being Ollama have another word for it.
        let thought = ["thinking", "reasoning_content"].map(|key| text(message, key)).concat();
        self.thought.push_str(&thought);
        draft.thinking(&thought);
        draft.text(text(message, "content"));
        for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let function = call.get("function").unwrap_or(call);
            let arguments = match function.get("arguments") {
                Some(Value::String(text)) => text.clone(),
                Some(object) => object.to_string(),
                None => "{}".to_owned(),
            };
            draft.call(WireCall::new(text(call, "id"), text(function, "name"), arguments));
        }
        if value.get("done").is_some_and(|done| done == true) {
            draft.usage(Usage {
                input: count(value, "/prompt_eval_count"),
                output: count(value, "/eval_count"),
                cached: 0,
            });
            match text(value, "done_reason") {
                _ if draft.answer.calls().next().is_some() => draft.finish(Finish::Calls),
                "" | "stop" => draft.finish(Finish::Stop),
                "length" => draft.finish(Finish::Length),
                other => draft.finish_other(other),
            }
            draft.ended = true;
        }
    }

    fn end(&mut self, draft: &mut Draft) {
        if !self.thought.is_empty() && draft.answer.calls().next().is_some() {
            draft.thought(json!({ "thinking": std::mem::take(&mut self.thought) }));
        }
    }
}

#[cfg(test)]
mod tests;
