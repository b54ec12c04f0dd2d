//! The wires that language models speak.
//!
//! A wire turns [`Message`]s and tools into a request and the bytes of the answer into [`Delta`]s. Requests carry no
//! key: `browser` adds the header, so that a key cannot end up in a record, a log or an error of this crate (X130).

pub mod names;
pub mod openai_chat;
mod sse;

use serde::{Deserialize, Serialize};

/// One message of a history, in no wire's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The system prompt.
    System(String),
    /// What the person said.
    User(String),
    /// What the model said, and the calls it asked for.
    Assistant {
        /// Its text; may be empty.
        text: String,
        /// Its calls; may be empty.
        calls: Vec<WireCall>,
    },
    /// What became of a call.
    Tool {
        /// The id of the call it answers.
        id: String,
        /// What the model is told.
        text: String,
    },
}

impl Message {
    /// About how much room it takes, in bytes.
    pub fn chars(&self) -> usize {
        match self {
            Self::System(text) | Self::User(text) => text.len(),
            Self::Assistant { text, calls } => {
                text.len() + calls.iter().map(|call| call.name.len() + call.arguments.len() + 40).sum::<usize>()
            }
            Self::Tool { text, .. } => text.len() + 20,
        }
    }
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
}

/// A tool as a model is told about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    /// A name that every provider takes: see [`names`].
    pub name: String,
    /// What the server says it does, after the host it comes from.
    pub description: String,
    /// Its input schema, as received.
    pub schema: serde_json::Value,
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
    /// Tokens of the request.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
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
    /// The text.
    pub text: String,
    /// The calls, in the order in which they were begun.
    pub calls: Vec<WireCall>,
    /// Why it ended, if the provider said.
    pub finish: Option<Finish>,
    /// What it took, if the provider said.
    pub usage: Option<Usage>,
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
    /// The key is missing, wrong, or not allowed to do this.
    #[error("`{host}` did not accept the key{}", quoted(.said))]
    KeyRefused {
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
    #[error("`{host}` answered with something that is not a chat completion: {detail}")]
    NotUnderstood {
        /// The host of the model.
        host: String,
        /// What was wrong with it.
        detail: String,
    },
}

impl ModelError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { .. } => {
                "check the address and that it is running; a local server has to allow this page: Ollama by OLLAMA_ORIGINS, LM Studio by \
                 its CORS switch, vLLM by --allowed-origins"
            }
            Self::KeyRefused { .. } => "check the key in Settings, Models",
            Self::NoCredit { .. } => "add credit there, or choose another model",
            Self::NotFound { .. } => "check the model's name and the base URL, which usually ends in /v1",
            Self::TooMany { .. } => "wait a little, or choose another model",
            Self::TooLong { .. } => {
                "start a new conversation, switch off connectors that are not needed, or choose a model with a larger context"
            }
            Self::NoTools { .. } => "choose a model that can call tools, or use direct mode",
            Self::Server { .. } | Self::Midway { .. } | Self::BrokeOff { .. } => "try again, or choose another model",
            Self::NotUnderstood { .. } => {
                "check that the base URL is the one of an OpenAI-compatible server, usually ending in /v1"
            }
            Self::Rejected { .. } => return None,
        })
    }
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": \"{said}\"") }
}
