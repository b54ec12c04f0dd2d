//! The wires that language models speak.
//!
//! There is one model of a conversation with a language model, [`Message`] to [`Answered`], and five ways to write it
//! down (wires.md B2), one file each. [`endpoint`] makes the request, [`stream`] reads the answer whatever its wire, and
//! [`refusal`] says in words why there is none. What a wire wants to get back as it was, such as a signed thought, stays
//! what it is: a [`Part::Thought`] that nobody else reads.
//!
//! Requests carry no key: `browser` adds the header, so that a key cannot end up in a record, a log or an error of this
//! crate (X130).

mod anthropic;
pub mod built_in;
mod draft;
pub mod endpoint;
mod gemini;
pub mod listing;
pub mod names;
mod ollama;
mod openai_chat;
pub mod presets;
pub mod refusal;
mod responses;
mod sse;
pub mod stream;
#[cfg(test)]
mod testing;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use endpoint::{Effort, Endpoint, Request, Wire};
pub use stream::Stream;

/// One message of a history, in no wire's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The system prompt.
    System(String),
    /// What the person said.
    User(String),
    /// A picture of the person's, on a wire that takes it: see [`Wire::takes_picture`]. Others are told its words alone.
    Picture {
        /// What stands beside it.
        says: String,
        /// Its type.
        mime: String,
        /// The picture in base64.
        data: String,
    },
    /// What the model said and the calls it asked for, in its order.
    Assistant(Vec<Part>),
    /// What became of a call.
    Tool {
        /// The id of the call it answers.
        id: String,
        /// What the model is told.
        text: String,
    },
}

/// What a picture takes of a context, in bytes of text: providers count between 250 and 1,600 tokens for one.
const PICTURE_CHARS: usize = 6_000;

/// The words beside a picture, for a wire that does not take it.
pub(crate) fn unseen(says: &str) -> String {
    format!("{says} [You cannot be shown it. Say so where it matters.]")
}

impl Message {
    /// Whether it is told as the person's: what turns begin with.
    pub(crate) fn is_persons(&self) -> bool {
        matches!(self, Self::User(_) | Self::Picture { .. })
    }

    /// About how much room it takes, in bytes.
    pub fn chars(&self) -> usize {
        match self {
            Self::System(text) | Self::User(text) => text.len(),
            Self::Picture { says, .. } => says.len() + PICTURE_CHARS,
            Self::Assistant(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.len(),
                    Part::Thought(thought) => letters(thought),
                    Part::Call(call) => call.name.len() + call.arguments.len() + 40,
                })
                .sum(),
            Self::Tool { text, .. } => text.len() + 20,
        }
    }
}

/// How many bytes of text a value holds.
fn letters(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(letters).sum(),
        Value::Object(object) => object.values().map(letters).sum(),
        _ => 0,
    }
}

/// A piece of what a model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(String),
    /// What the wire wants to get back with the results of the calls, exactly as it came: a thought with its signature.
    Thought(Value),
    /// A call it asked for.
    Call(WireCall),
}

/// The text among the parts.
pub(crate) fn text_of(parts: &[Part]) -> String {
    parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
}

/// The calls among the parts.
pub(crate) fn calls_of(parts: &[Part]) -> impl Iterator<Item = &WireCall> {
    parts.iter().filter_map(|part| if let Part::Call(call) = part { Some(call) } else { None })
}

/// The thoughts among the parts.
pub(crate) fn thoughts_of(parts: &[Part]) -> impl Iterator<Item = &Value> {
    parts.iter().filter_map(|part| if let Part::Thought(thought) = part { Some(thought) } else { None })
}

/// A call in a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireCall {
    /// Its id, unique within the history.
    pub id: String,
    /// The name of the tool as the model knows it.
    pub name: String,
    /// The arguments as JSON text.
    pub arguments: String,
    /// What the wire put on the call and wants to get back on it, such as Gemini's `thoughtSignature`.
    pub seal: Option<String>,
    /// Whether the model that is asked did not ask for it itself: another model did, or the person.
    pub foreign: bool,
}

impl WireCall {
    /// A call without a seal.
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), arguments: arguments.into(), seal: None, foreign: false }
    }

    /// The arguments as an object; empty where they are none.
    pub(crate) fn object(&self) -> Value {
        serde_json::from_str(&self.arguments)
            .ok()
            .filter(Value::is_object)
            .unwrap_or_else(|| Value::Object(serde_json::Map::new()))
    }
}

/// A tool as a model is told about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    /// A name that every provider takes: see [`names`].
    pub name: String,
    /// What the server says it does, after the host it comes from.
    pub description: String,
    /// Its input schema, as received.
    pub schema: Value,
}

impl ToolSpec {
    /// The schema as providers want it: of an object, with `properties` also where an action takes nothing.
    pub(crate) fn parameters(&self) -> Value {
        let mut schema = self.schema.as_object().cloned().unwrap_or_default();
        schema.remove("$schema");
        schema.entry("type").or_insert_with(|| "object".into());
        schema.entry("properties").or_insert_with(|| Value::Object(serde_json::Map::new()));
        Value::Object(schema)
    }
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// Text of the answer.
    Text(String),
    /// What the model says it is thinking.
    Thinking(String),
}

/// How many tokens a request took, as the provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request, those from the provider's cache included.
    pub input: u64,
    /// Tokens of the answer, thinking included.
    pub output: u64,
    /// How many of the request's tokens came from the provider's cache.
    #[serde(default)]
    pub cached: u64,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It was complete.
    Stop,
    /// The model wants its calls answered.
    Calls,
    /// The provider's limit was reached.
    Length,
    /// The provider's filter stopped it.
    Filtered,
    /// A reason that is not known here.
    Other(String),
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// What it consists of, in the order in which the pieces were begun.
    pub parts: Vec<Part>,
    /// Why it ended, if the provider said.
    pub finish: Option<Finish>,
    /// What it took, if the provider said.
    pub usage: Option<Usage>,
}

impl Answered {
    /// Its text.
    pub fn text(&self) -> String {
        text_of(&self.parts)
    }

    /// Its calls, in the order in which they were begun.
    pub fn calls(&self) -> impl Iterator<Item = &WireCall> {
        calls_of(&self.parts)
    }
}

/// Why there is no answer, or no whole one. Messages are for people; what a provider said is quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No answer came at all.
    #[error("`{host}` could not be reached, or it does not let web pages talk to it")]
    Unreachable {
        /// The host of the model.
        host: String,
    },
    /// Something is there, and it does not let this page read its answers.
    #[error("`{host}` answers, but it does not let web pages talk to it")]
    NotLetIn {
        /// The host of the model.
        host: String,
        /// What lets this page in, where it is a setting that is known.
        remedy: Option<String>,
    },
    /// The browser does not let this page reach programs on this machine or in its network.
    #[error("this browser does not let the page reach `{host}`, which is on this machine or in its network")]
    LocalNetwork {
        /// The host of the model.
        host: String,
    },
    /// The workspace does not deal with it (X130).
    #[error("`{host}` is not on your workspace's list of hosts for models, so nothing was sent")]
    NotListed {
        /// The host of the model.
        host: String,
        /// Who can change the list, by name; empty where it is the person themselves.
        who: String,
    },
    /// Nothing is there.
    #[error("nothing answers at `{host}`")]
    Silent {
        /// The host of the model.
        host: String,
    },
    /// The key is missing, wrong, or not allowed to do this.
    #[error("`{host}` did not accept the key{}", quoted(.said))]
    KeyRefused {
        /// The host of the model.
        host: String,
        /// What it said.
        said: String,
    },
    /// The provider does not let web pages talk to it on behalf of this account.
    #[error("`{host}` does not let web pages use this account{}", quoted(.said))]
    NoBrowsers {
        /// The host of the model.
        host: String,
        /// What it said.
        said: String,
    },
    /// The account has nothing left.
    #[error("the account at `{host}` has no credit left{}", quoted(.said))]
    NoCredit {
        /// The host of the model.
        host: String,
        /// What it said.
        said: String,
    },
    /// No such model or no such address.
    #[error("`{host}` has no model `{model}` at this address{}", quoted(.said))]
    NotFound {
        /// The host of the model.
        host: String,
        /// The model that was asked for.
        model: String,
        /// What it said.
        said: String,
    },
    /// Too many requests.
    #[error("`{host}` wants fewer requests{}{}", .wait.as_ref().map(|wait| format!("; try again {wait}")).unwrap_or_default(), quoted(.said))]
    TooMany {
        /// The host of the model.
        host: String,
        /// When to try again, in words, if it said: `in 20 s`, `after Mon, 23 Nov 2026 ...`.
        wait: Option<String>,
        /// What it said.
        said: String,
    },
    /// The conversation does not fit.
    #[error("this conversation is longer than `{model}` can take{}", quoted(.said))]
    TooLong {
        /// The model that was asked.
        model: String,
        /// What the provider said.
        said: String,
    },
    /// The model cannot call tools.
    #[error("`{model}` cannot use tools{}", quoted(.said))]
    NoTools {
        /// The model that was asked.
        model: String,
        /// What the provider said.
        said: String,
    },
    /// The provider refused the request for another reason.
    #[error("`{host}` refused the request ({status}){}", quoted(.said))]
    Rejected {
        /// The host of the model.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The provider is in trouble.
    #[error("`{host}` has a problem of its own ({status}){}", quoted(.said))]
    Server {
        /// The host of the model.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The provider reported an error in the middle of the answer.
    #[error("`{host}` stopped in the middle of the answer{}", quoted(.said))]
    Midway {
        /// The host of the model.
        host: String,
        /// What it said.
        said: String,
    },
    /// The answer ended before it was complete.
    #[error("the answer of `{host}` broke off")]
    BrokeOff {
        /// The host of the model.
        host: String,
    },
    /// The answer is not one of this wire.
    #[error("`{host}` did not answer in the way of this kind of endpoint: {detail}")]
    NotUnderstood {
        /// The host of the model.
        host: String,
        /// What was wrong with it.
        detail: String,
    },
}

impl ModelError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::NotLetIn { remedy: Some(remedy), .. } => remedy,
                Self::NotLetIn { remedy: None, .. } => {
                    "it has to answer with `Access-Control-Allow-Origin` for this page; where it is not yours, put a proxy that does in front of it and enter the proxy's address as base URL"
                }
                Self::NotListed { who, .. } if who.is_empty() => {
                    "allow it in Workspace settings, Domains, or choose another model"
                }
                Self::NotListed { who, .. } => {
                    return Some(format!("ask {who} to allow it in Workspace settings, Domains, or choose another model"));
                }
                Self::LocalNetwork { .. } => {
                    "allow local network access for this site in the browser's site settings, then try again"
                }
                Self::Silent { .. } => "check the address, that it is running, and that this device is online",
                Self::Unreachable { .. } => {
                    "check the address, that it is running, and that it lets web pages talk to it; Test in Settings, Models finds out which"
                }
                Self::KeyRefused { .. } => "check the key in Settings, Models",
                Self::NoBrowsers { .. } => {
                    "ask an administrator of the organisation to allow requests from browsers, or enter the address of a proxy as base URL"
                }
                Self::NoCredit { .. } => "add credit there, or choose another model",
                Self::NotFound { .. } => "check the model's name and the base URL",
                Self::TooMany { .. } => "wait a little, or choose another model",
                Self::TooLong { .. } => {
                    "start a new conversation, switch off connectors that are not needed, or choose a model with a larger context"
                }
                Self::NoTools { .. } => "choose a model that can call tools, or use direct mode",
                Self::Server { .. } | Self::Midway { .. } | Self::BrokeOff { .. } => "try again, or choose another model",
                Self::NotUnderstood { .. } => {
                    "check the base URL, and that the kind of the endpoint is the one it speaks"
                }
                Self::Rejected { .. } => return None,
            }
            .to_owned(),
        )
    }
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": \"{}\"", policy::text::unticked(said)) }
}
