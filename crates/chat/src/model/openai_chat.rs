//! The OpenAI chat-completions wire, as OpenAI, OpenRouter, Ollama, LM Studio, vLLM and llama.cpp speak it.
//!
//! Source: wires.md B1 and B2. Providers differ in small ways and all of those ways are taken: a missing
//! `finish_reason`, a name sent again with every piece, a call whole in one piece, arguments as an object,
//! `reasoning_content`, an error in the middle, comments, CRLF, a last piece with usage and no choices, and a plain JSON
//! answer although a stream was asked for.
//!
//! Only `content-type`, `accept` and the key are sent; providers' CORS rules refuse more.

use super::sse::Events;
use super::{Answered, Delta, Finish, Message, ModelError, ToolSpec, Usage, WireCall};
use serde_json::{Value, json};

/// The longest plain JSON answer that is taken, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The most calls that are taken from one answer.
pub const MAX_CALLS: usize = 64;

/// How many characters of what a provider said are kept in an error.
const SAID_CHARS: usize = 300;

/// Where a model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The base URL, as a person enters it: `https://api.openai.com/v1`.
    pub base_url: String,
    /// The model's name, as the provider calls it.
    pub model: String,
}

impl Endpoint {
    /// The address that requests go to. A base URL that already names it is taken as it is.
    pub fn url(&self) -> String {
        let base = self.base_url.trim().trim_end_matches('/');
        if base.ends_with("/chat/completions") { base.to_owned() } else { format!("{base}/chat/completions") }
    }

    /// The address that lists the provider's models, for a choice.
    pub fn models_url(&self) -> String {
        let base = self.base_url.trim().trim_end_matches('/');
        format!("{}/models", base.trim_end_matches("/chat/completions"))
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        let rest = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().and_then(|authority| authority.rsplit('@').next()).unwrap_or(rest)
    }
}

/// A request to send. The key is not in it: the sender adds `authorization: Bearer KEY`, where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: String,
}

/// The request for the next answer, as a stream.
pub fn request(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec]) -> Request {
    let mut body = json!({
        "model": endpoint.model,
        "messages": messages.iter().map(message).collect::<Vec<_>>(),
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if !tools.is_empty()
        && let Some(body) = body.as_object_mut()
    {
        let tools = tools.iter().map(|tool| {
            json!({ "type": "function", "function": { "name": tool.name, "description": tool.description, "parameters": parameters(&tool.schema) } })
        });
        body.insert("tools".to_owned(), tools.collect());
    }
    Request {
        url: endpoint.url(),
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("accept".to_owned(), "text/event-stream, application/json".to_owned()),
        ],
        body: body.to_string(),
    }
}

/// Providers want an object schema with `properties`, also where an action takes nothing.
fn parameters(schema: &Value) -> Value {
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    schema.remove("$schema");
    schema.entry("type").or_insert_with(|| json!("object"));
    schema.entry("properties").or_insert_with(|| json!({}));
    Value::Object(schema)
}

fn message(message: &Message) -> Value {
    match message {
        Message::System(text) => json!({ "role": "system", "content": text }),
        Message::User(text) => json!({ "role": "user", "content": text }),
        Message::Assistant { text, calls } if calls.is_empty() => {
            json!({ "role": "assistant", "content": text })
        }
        Message::Assistant { text, calls } => {
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            let calls: Vec<Value> = calls
                .iter()
                .map(|call| json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } }))
                .collect();
            json!({ "role": "assistant", "content": content, "tool_calls": calls })
        }
        Message::Tool { id, text } => {
            json!({ "role": "tool", "tool_call_id": id, "content": text })
        }
    }
}

/// What an HTTP answer other than success means. `body` is what came, as text; `retry_after` the header's value.
pub fn refused(endpoint: &Endpoint, status: u16, retry_after: Option<&str>, body: &str) -> ModelError {
    let host = endpoint.host().to_owned();
    let model = endpoint.model.clone();
    let parsed = serde_json::from_str::<Value>(body).ok();
    let said = match &parsed {
        Some(value) => error_said(value).unwrap_or_default(),
        // An HTML page of some proxy says nothing to a person.
        None if body.trim_start().starts_with('<') => String::new(),
        None => said(body),
    };
    let code = parsed.as_ref().map(error_code).unwrap_or_default();
    let about = format!("{code} {said}").to_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|word| about.contains(word));
    let too_long = [
        "context_length",
        "context length",
        "context window",
        "context size",
        "maximum context",
        "too many tokens",
        "prompt is too long",
        "n_ctx",
    ];
    match status {
        400 | 413 | 422 | 500 if mentions(&too_long) => ModelError::TooLong { model, said },
        413 => ModelError::TooLong { model, said },
        400 | 404 | 422 | 500
            if about.contains("tool")
                && mentions(&["not support", "unsupported", "no endpoints", "tool-call-parser"]) =>
        {
            ModelError::NoTools { model, said }
        }
        401 | 403 => ModelError::KeyRefused { host, said },
        402 => ModelError::NoCredit { host, said },
        429 if mentions(&["insufficient_quota", "credit"]) => ModelError::NoCredit { host, said },
        404 => ModelError::NotFound { host, model, said },
        400 if mentions(&["model_not_found", "invalid model", "model not found"]) => {
            ModelError::NotFound { host, model, said }
        }
        429 => ModelError::TooMany { host, wait: retry_after.and_then(wait_words), said },
        500.. => ModelError::Server { host, status, said },
        _ => ModelError::Rejected { host, status, said },
    }
}

/// RFC 9110, section 10.2.3: seconds or a date.
fn wait_words(value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || value.len() > 40 || value.contains(char::is_control) {
        return None;
    }
    match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Some(format!("in {} s", seconds.ceil())),
        Ok(_) => None,
        Err(_) => Some(format!("after {value}")),
    }
}

/// The words of an error in one of the shapes that providers use.
fn error_said(value: &Value) -> Option<String> {
    // Some wrap it in a list.
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let error = value.get("error").filter(|error| !error.is_null());
    let text = match error {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(error) => error.get("message").and_then(Value::as_str),
        None => value.get("message").or_else(|| value.get("detail")).and_then(Value::as_str),
    };
    match (text, error) {
        (Some(text), _) => Some(said(text)),
        (None, Some(error)) => Some(said(&error.to_string())),
        (None, None) => None,
    }
}

fn error_code(value: &Value) -> String {
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let error = value.get("error").unwrap_or(value);
    ["code", "type"].iter().filter_map(|key| error.get(*key).and_then(Value::as_str)).collect::<Vec<_>>().join(" ")
}

/// One line of what a provider said. Providers quote keys in their errors, whole or in part, so whatever looks like one
/// goes (X21).
fn said(text: &str) -> String {
    let mut after_bearer = false;
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let key = std::mem::take(&mut after_bearer) || bare.starts_with("sk-");
            after_bearer = bare.eq_ignore_ascii_case("bearer");
            if key { "[key]" } else { word }
        })
        .collect();
    crate::conversation::one_line(&policy::secrets::mask(&words.join(" ")), SAID_CHARS)
}

/// The bytes of one answer, as they come.
#[derive(Debug)]
pub struct Stream {
    endpoint: Endpoint,
    shape: Shape,
    answer: Answered,
    pieces: Vec<Piece>,
    ended: bool,
    error: Option<ModelError>,
}

#[derive(Debug)]
enum Shape {
    /// Nothing but white space so far.
    Open,
    Events(Events),
    Plain(Vec<u8>),
}

#[derive(Debug, Default)]
struct Piece {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Stream {
    /// Ready for the first byte.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            shape: Shape::Open,
            answer: Answered::default(),
            pieces: Vec::new(),
            ended: false,
            error: None,
        }
    }

    /// Takes the next bytes, split anywhere, and gives what they say. After an error nothing more is taken;
    /// [`Stream::finish`] tells it.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Delta> {
        let mut out = Vec::new();
        if self.error.is_some() || self.ended {
            return out;
        }
        let mut chunk = chunk;
        if matches!(self.shape, Shape::Open) {
            let Some(at) = chunk.iter().position(|byte| !byte.is_ascii_whitespace()) else {
                return out;
            };
            chunk = chunk.get(at..).unwrap_or_default();
            let plain = matches!(chunk.first(), Some(b'{' | b'[' | b'<'));
            self.shape = if plain { Shape::Plain(Vec::new()) } else { Shape::Events(Events::default()) };
        }
        match &mut self.shape {
            Shape::Plain(body) => {
                if body.len() + chunk.len() > MAX_BODY {
                    self.error = Some(self.not_understood("it is too long"));
                } else {
                    body.extend_from_slice(chunk);
                }
            }
            Shape::Events(events) => match events.push(chunk) {
                Ok(list) => {
                    for data in list {
                        self.event(&data, &mut out);
                    }
                }
                Err(_) => self.error = Some(self.not_understood("an event is too long")),
            },
            Shape::Open => {}
        }
        out
    }

    /// True once the provider said that the answer is over; bytes after that are ignored.
    pub fn ended(&self) -> bool {
        self.ended || self.error.is_some()
    }

    /// The whole answer, once no more bytes come. Also gives what only the end made known (a plain JSON answer).
    ///
    /// # Errors
    /// [`ModelError`] with what was said so far left in the deltas. An answer that ended without a finish reason or
    /// `[DONE]` broke off: its calls are not complete and are not given (X73).
    pub fn finish(mut self) -> (Vec<Delta>, Result<Answered, ModelError>) {
        let mut out = Vec::new();
        match std::mem::replace(&mut self.shape, Shape::Open) {
            Shape::Plain(body) => {
                let whole = serde_json::from_slice::<Value>(&body).ok();
                match whole {
                    Some(value) => {
                        self.chunk(&value, &mut out);
                        self.ended = true;
                    }
                    None => self.error = Some(self.not_understood("it is neither a stream nor JSON")),
                }
            }
            Shape::Events(mut events) => {
                if !self.ended
                    && let Some(data) = events.end()
                {
                    self.event(&data, &mut out);
                }
            }
            Shape::Open => {}
        }
        if let Some(error) = self.error {
            return (out, Err(error));
        }
        if !self.ended && self.answer.finish.is_none() {
            return (out, Err(ModelError::BrokeOff { host: self.endpoint.host().to_owned() }));
        }
        let mut answer = self.answer;
        answer.calls = self
            .pieces
            .into_iter()
            .map(|piece| WireCall { id: piece.id, name: piece.name, arguments: piece.arguments })
            .collect();
        (out, Ok(answer))
    }

    fn not_understood(&self, detail: &str) -> ModelError {
        ModelError::NotUnderstood { host: self.endpoint.host().to_owned(), detail: detail.to_owned() }
    }

    fn event(&mut self, data: &str, out: &mut Vec<Delta>) {
        let data = data.trim();
        if data.is_empty() || self.ended || self.error.is_some() {
            return;
        }
        if data == "[DONE]" {
            self.ended = true;
            return;
        }
        match serde_json::from_str::<Value>(data) {
            Ok(value) => self.chunk(&value, out),
            Err(_) => self.error = Some(self.not_understood("a piece of the stream is not JSON")),
        }
    }

    fn chunk(&mut self, value: &Value, out: &mut Vec<Delta>) {
        let failed = value.get("error").is_some_and(|error| !error.is_null())
            || value.get("object").is_some_and(|kind| kind == "error");
        if failed || value.is_array() {
            let said = error_said(value).unwrap_or_default();
            self.error = Some(ModelError::Midway { host: self.endpoint.host().to_owned(), said });
            return;
        }
        if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
            let count = |key: &str| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
            self.answer.usage = Some(Usage { input: count("prompt_tokens"), output: count("completion_tokens") });
        }
        let choices = value.get("choices").and_then(Value::as_array);
        if choices.is_none() && value.get("usage").is_none() {
            self.error = Some(self.not_understood("it has no `choices`"));
            return;
        }
        let Some(choice) = choices.and_then(|choices| choices.first()) else {
            return;
        };
        if let Some(delta) = choice.get("delta").filter(|delta| delta.is_object()).or_else(|| choice.get("message")) {
            self.delta(delta, out);
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str).filter(|reason| !reason.is_empty()) {
            self.answer.finish = Some(match reason {
                "stop" => Finish::Stop,
                "tool_calls" | "function_call" => Finish::Calls,
                "length" => Finish::Length,
                "content_filter" => Finish::Filtered,
                other => Finish::Other(crate::conversation::one_line(other, 60)),
            });
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<Delta>) {
        for key in ["reasoning_content", "reasoning"] {
            let thought = text_of(delta.get(key));
            if !thought.is_empty() {
                out.push(Delta::Thinking(thought));
                break;
            }
        }
        for key in ["content", "refusal"] {
            let text = text_of(delta.get(key));
            if !text.is_empty() {
                self.answer.text.push_str(&text);
                out.push(Delta::Text(text));
            }
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call);
        }
    }

    /// One piece of a call. Pieces belong together by `index`; providers without one send an `id` with each new call.
    fn call(&mut self, call: &Value) {
        let index = call.get("index").and_then(Value::as_u64);
        let id = call.get("id").and_then(Value::as_str).unwrap_or_default();
        let function = call.get("function").unwrap_or(call);
        let name = function.get("name").and_then(Value::as_str).unwrap_or_default();
        // Another id under the same index, with a name, is another call: some providers number all of them 0.
        let same = |piece: &Piece| id.is_empty() || piece.id.is_empty() || piece.id == id || name.is_empty();
        let at = match index {
            Some(_) => self
                .pieces
                .iter()
                .rposition(|piece| piece.index == index)
                .filter(|at| self.pieces.get(*at).is_some_and(same)),
            None if !id.is_empty() => self.pieces.iter().position(|piece| piece.id == id),
            // A name without id and index begins a new call, unless it only repeats the name of the running one.
            None if !name.is_empty() => {
                self.pieces.last().filter(|p| p.name == name && !is_whole(&p.arguments)).map(|_| self.pieces.len() - 1)
            }
            None => self.pieces.len().checked_sub(1),
        };
        let at = match at {
            Some(at) => at,
            None if self.pieces.len() >= MAX_CALLS => {
                self.error = Some(self.not_understood(&format!("it asks for more than {MAX_CALLS} calls at once")));
                return;
            }
            None => {
                self.pieces.push(Piece { index, ..Piece::default() });
                self.pieces.len() - 1
            }
        };
        let Some(piece) = self.pieces.get_mut(at) else {
            return;
        };
        if piece.id.is_empty() {
            piece.id = id.to_owned();
        }
        if name.starts_with(piece.name.as_str()) {
            // The first piece of the name, the whole of it again, or all of it so far.
            if !name.is_empty() {
                piece.name = name.to_owned();
            }
        } else if piece.arguments.is_empty() {
            piece.name.push_str(name);
        }
        match function.get("arguments") {
            Some(Value::String(text)) => piece.arguments.push_str(text),
            Some(object @ Value::Object(_)) => piece.arguments = object.to_string(),
            _ => {}
        }
    }
}

fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
}

/// Text, or the texts of a list of parts.
fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
