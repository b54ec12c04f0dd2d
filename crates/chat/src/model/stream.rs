//! The bytes of one answer, whatever its wire.
//!
//! This finds the objects in the bytes: the data of server-sent events, lines of JSON (Ollama), or one plain JSON answer
//! although a stream was asked for. What an object means is the wire's affair ([`Dialect`]). Objects are told apart by
//! what they hold and never by the name of their event: some servers send no such names (wires.md B2).

use super::draft::{Draft, Trouble};
use super::sse::Events;
use super::{
    Answered, Delta, Endpoint, ModelError, Wire, anthropic, built_in, gemini, ollama, openai_chat, refusal, responses,
};
use serde_json::Value;

/// The longest plain JSON answer, and the longest line, that is taken, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What the objects of a wire mean.
pub(crate) trait Dialect: std::fmt::Debug {
    /// Takes one object of the stream, or the one object of an answer that is no stream.
    fn take(&mut self, value: &Value, draft: &mut Draft);

    /// No more objects come.
    fn end(&mut self, _draft: &mut Draft) {}
}

/// The bytes of one answer, as they come.
#[derive(Debug)]
pub struct Stream {
    endpoint: Endpoint,
    dialect: Box<dyn Dialect>,
    shape: Shape,
    draft: Draft,
}

#[derive(Debug)]
enum Shape {
    /// Nothing but white space so far.
    Open,
    Events(Events),
    Lines(Vec<u8>),
    Plain(Vec<u8>),
}

impl Stream {
    /// Ready for the first byte.
    pub fn new(endpoint: Endpoint) -> Self {
        let dialect: Box<dyn Dialect> = match endpoint.wire {
            Wire::OpenaiChat => Box::<openai_chat::Reader>::default(),
            Wire::OpenaiResponses => Box::<responses::Reader>::default(),
            Wire::Anthropic => Box::<anthropic::Reader>::default(),
            Wire::Gemini => Box::<gemini::Reader>::default(),
            Wire::Ollama => Box::<ollama::Reader>::default(),
            Wire::BuiltIn => Box::<built_in::Reader>::default(),
        };
        Self { endpoint, dialect, shape: Shape::Open, draft: Draft::default() }
    }

    /// Takes the next bytes, split anywhere, and gives what they say. After an error nothing more is taken;
    /// [`Stream::finish`] tells it.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Delta> {
        if self.ended() {
            return Vec::new();
        }
        let mut chunk = chunk;
        if matches!(self.shape, Shape::Open) {
            let Some(at) = chunk.iter().position(|byte| !byte.is_ascii_whitespace()) else {
                return Vec::new();
            };
            chunk = chunk.get(at..).unwrap_or_default();
            self.shape = match (chunk.first(), self.endpoint.wire) {
                (Some(b'{'), Wire::Ollama | Wire::BuiltIn) => Shape::Lines(Vec::new()),
                (Some(b'{' | b'[' | b'<'), _) => Shape::Plain(Vec::new()),
                _ => Shape::Events(Events::default()),
            };
        }
        match &mut self.shape {
            Shape::Plain(body) | Shape::Lines(body) if body.len() + chunk.len() > MAX_BODY => {
                self.draft.not_understood("it is too long");
            }
            Shape::Plain(body) => body.extend_from_slice(chunk),
            Shape::Lines(begun) => {
                let mut lines = chunk.split(|byte| *byte == b'\n');
                begun.extend_from_slice(lines.next().unwrap_or_default());
                let mut whole = Vec::new();
                for next in lines {
                    whole.push(std::mem::replace(begun, next.to_vec()));
                }
                for line in whole {
                    self.object(&String::from_utf8_lossy(&line));
                }
            }
            Shape::Events(events) => match events.push(chunk) {
                Ok(list) => {
                    for data in list {
                        self.object(&data);
                    }
                }
                Err(_) => self.draft.not_understood("an event is too long"),
            },
            Shape::Open => {}
        }
        std::mem::take(&mut self.draft.out)
    }

    /// True once the provider said that the answer is over; bytes after that are ignored.
    pub fn ended(&self) -> bool {
        self.draft.ended || self.draft.trouble.is_some()
    }

    /// The whole answer, once no more bytes come. Also gives what only the end made known (a plain JSON answer).
    ///
    /// # Errors
    /// [`ModelError`] with what was said so far left in the deltas. An answer that ended without a word that it is over
    /// broke off: its calls are not complete and are not given (X73).
    pub fn finish(mut self) -> (Vec<Delta>, Result<Answered, ModelError>) {
        match std::mem::replace(&mut self.shape, Shape::Open) {
            Shape::Plain(body) => match crate::json_of(&body) {
                Some(Value::Array(list)) => list.iter().for_each(|value| self.take(value)),
                Some(value) => {
                    self.take(&value);
                    self.draft.ended = true;
                }
                None => self.draft.not_understood("it is neither a stream nor JSON"),
            },
            Shape::Lines(rest) => self.object(&String::from_utf8_lossy(&rest)),
            Shape::Events(mut events) => {
                if let Some(data) = events.end() {
                    self.object(&data);
                }
            }
            Shape::Open => {}
        }
        self.dialect.end(&mut self.draft);
        let host = || self.endpoint.host().to_owned();
        let Draft { answer, out, ended, trouble } = self.draft;
        let result = match trouble {
            Some(Trouble::Midway(said)) => Err(ModelError::Midway { host: host(), said }),
            Some(Trouble::NotUnderstood(detail)) => Err(ModelError::NotUnderstood { host: host(), detail }),
            None if !ended && answer.finish.is_none() => Err(ModelError::BrokeOff { host: host() }),
            None => Ok(answer),
        };
        (out, result)
    }

    fn object(&mut self, data: &str) {
        let data = data.trim();
        if data.is_empty() || self.ended() {
            return;
        }
        if data == "[DONE]" {
            self.draft.ended = true;
            return;
        }
        match serde_json::from_str::<Value>(data) {
            Ok(value) => self.take(&value),
            Err(_) => self.draft.not_understood("a piece of the stream is not JSON"),
        }
    }

    fn take(&mut self, value: &Value) {
        if self.ended() {
            return;
        }
        let failed = value.get("error").is_some_and(|error| !error.is_null())
            || ["object", "type"].iter().any(|key| value.get(key).is_some_and(|kind| kind == "error"));
        if failed {
            self.draft.failed(refusal::error_said(value).unwrap_or_default());
        } else if value.is_object() {
            self.dialect.take(value, &mut self.draft);
        } else {
            self.draft.not_understood("a piece of the stream is no object");
        }
    }
}
