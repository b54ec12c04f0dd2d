//! Where a model is, which wire it speaks, and the request for its next answer.
//!
//! Only the headers that a provider documents are sent; their CORS rules refuse more (wires.md B1). The key's header is
//! named here ([`Wire::key_header`]) and added by whoever sends the request.

use super::{Message, ToolSpec, anthropic, built_in, gemini, ollama, openai_chat, responses};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The way in which an endpoint wants to be asked, and answers (wires.md B2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wire {
    /// OpenAI chat completions, which most providers and local servers speak.
    #[default]
    OpenaiChat,
    /// OpenAI Responses.
    OpenaiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini, in Google's own way.
    Gemini,
    /// Ollama, in its own way.
    Ollama,
    /// The model that the browser has built in; see [`super::built_in`]. Not an endpoint that a person enters.
    BuiltIn,
}

impl Wire {
    /// Every wire of an endpoint, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::OpenaiChat, Self::OpenaiResponses, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenaiChat => "OpenAI chat completions",
            Self::OpenaiResponses => "OpenAI Responses",
            Self::Anthropic => "Anthropic Messages",
            Self::Gemini => "Gemini",
            Self::Ollama => "Ollama",
            Self::BuiltIn => "built into the browser",
        }
    }

    /// Whether a model on this wire can call actions. One that cannot is offered none.
    pub fn calls_actions(self) -> bool {
        self != Self::BuiltIn
    }

    /// Whether a model on this wire can be given a picture of a type. Whether the model then sees, its provider knows.
    pub fn takes_picture(self, mime: &str) -> bool {
        let common = matches!(mime, "image/png" | "image/jpeg");
        match self {
            Self::OpenaiChat | Self::OpenaiResponses | Self::Anthropic => {
                common || matches!(mime, "image/webp" | "image/gif")
            }
            Self::Gemini => common || mime == "image/webp",
            Self::Ollama => common,
            Self::BuiltIn => false,
        }
    }

    /// The header that carries the key.
    pub fn key_header(self, key: &str) -> (String, String) {
        let (name, value) = match self {
            Self::Anthropic => ("x-api-key", key.to_owned()),
            Self::Gemini => ("x-goog-api-key", key.to_owned()),
            Self::OpenaiChat | Self::OpenaiResponses | Self::Ollama | Self::BuiltIn => {
                ("authorization", format!("Bearer {key}"))
            }
        };
        (name.to_owned(), value)
    }

    /// The headers without which the provider does not answer, the key's aside. They belong to the request for the list
    /// of models too.
    pub fn headers(self) -> Vec<(String, String)> {
        match self {
            Self::Anthropic => {
                anthropic::HEADERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What follows a base URL in the addresses of this wire. A base URL that already has it is taken without it.
    fn tails(self) -> &'static [&'static str] {
        match self {
            Self::OpenaiChat => &["/chat/completions"],
            Self::OpenaiResponses => &["/responses"],
            Self::Anthropic => &["/messages"],
            Self::Gemini => &["/models"],
            Self::Ollama => &["/api/chat", "/api", "/v1"],
            Self::BuiltIn => &[],
        }
    }
}

/// How much a model is to think before it answers, where it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A little.
    Low,
    /// Some.
    Medium,
    /// A lot.
    High,
}

impl Effort {
    /// Its name on the wires.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Where a model is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// What it speaks.
    pub wire: Wire,
    /// The base URL, as a person enters it: `https://api.openai.com/v1`.
    pub base_url: String,
    /// The model's name, as the provider calls it.
    pub model: String,
    /// The size of its context in tokens, where known. Ollama is told, as it would cut the conversation silently.
    pub context: Option<u32>,
    /// How much it is to think; none leaves it to the model.
    pub effort: Option<Effort>,
}

impl Endpoint {
    /// The address that requests go to.
    pub fn url(&self) -> String {
        let base = self.base();
        match self.wire {
            Wire::OpenaiChat => format!("{base}/chat/completions"),
            Wire::OpenaiResponses => format!("{base}/responses"),
            Wire::Anthropic => format!("{base}/messages"),
            Wire::Gemini => format!("{base}/{}:streamGenerateContent?alt=sse", gemini::path(&self.model)),
            Wire::Ollama => format!("{base}/api/chat"),
            Wire::BuiltIn => base.to_owned(),
        }
    }

    /// The address that lists the provider's models, for a choice. See [`super::listing::read`].
    pub fn models_url(&self) -> String {
        let base = self.base();
        match self.wire {
            Wire::OpenaiChat | Wire::OpenaiResponses => format!("{base}/models"),
            Wire::Anthropic => format!("{base}/models?limit=1000"),
            Wire::Gemini => format!("{base}/models?pageSize=1000"),
            Wire::Ollama => format!("{base}/api/tags"),
            Wire::BuiltIn => base.to_owned(),
        }
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        let rest = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().and_then(|authority| authority.rsplit('@').next()).unwrap_or(rest)
    }

    /// The base URL without what the wire adds to it.
    pub(crate) fn base(&self) -> &str {
        let mut base = self.base_url.trim().trim_end_matches('/');
        for tail in self.wire.tails() {
            base = base.strip_suffix(tail).unwrap_or(base).trim_end_matches('/');
        }
        base
    }
}

/// A request to send. The key is not in it: the sender adds [`Wire::key_header`], where there is a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: String,
}

/// What of a request not every server takes. A server that refuses a request for one of these is asked again without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extras {
    /// Everything that makes the answer better.
    All,
    /// Only what the oldest servers of the wire take too.
    None,
}

/// The request for the next answer, as a stream. The same input gives the same bytes, and what was said before stays a
/// prefix of what is said later, which is what providers' caches go by.
pub fn request(endpoint: &Endpoint, messages: &[Message], tools: &[ToolSpec], extras: Extras) -> Request {
    let body: Value = match endpoint.wire {
        Wire::OpenaiChat => openai_chat::body(endpoint, messages, tools, extras),
        Wire::OpenaiResponses => responses::body(endpoint, messages, tools, extras),
        Wire::Anthropic => anthropic::body(endpoint, messages, tools, extras),
        Wire::Gemini => gemini::body(endpoint, messages, tools, extras),
        Wire::Ollama => ollama::body(endpoint, messages, tools, extras),
        Wire::BuiltIn => built_in::body(messages),
    };
    let accept = match endpoint.wire {
        Wire::Ollama => "application/x-ndjson, application/json",
        _ => "text/event-stream, application/json",
    };
    let mut headers =
        vec![("content-type".to_owned(), "application/json".to_owned()), ("accept".to_owned(), accept.to_owned())];
    headers.extend(endpoint.wire.headers());
    Request { url: endpoint.url(), headers, body: body.to_string() }
}

/// True when a refusal is about something that [`Extras::None`] leaves out.
pub fn is_about_extras(status: u16, body: &str) -> bool {
    let named = [
        "stream_options",
        "encrypted",
        "include",
        "reasoning",
        "effort",
        "thinking",
        "output_config",
        "adaptive",
        "cache_control",
        "num_ctx",
        "thought_signature",
        "thoughtsignature",
    ];
    let about = body.to_lowercase();
    matches!(status, 400 | 404 | 422) && named.iter().any(|name| about.contains(name))
}

#[cfg(test)]
mod tests;
