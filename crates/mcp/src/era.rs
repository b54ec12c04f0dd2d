//! What differs between the revisions, one file for each family. Deleting an era is deleting its file and its variant.

pub(crate) mod y2024;
pub(crate) mod y2025;
pub(crate) mod y2026;

use serde_json::{Map, Value, json};

use crate::types::{Config, Era};

/// How requests are written on this connection.
#[derive(Clone)]
pub(crate) enum Wire {
    /// HTTP+SSE.
    Y2024(y2024::Wire),
    /// Streamable HTTP with a handshake.
    Y2025(y2025::Wire),
    /// Stateless Streamable HTTP.
    Y2026(y2026::Wire),
}

impl Wire {
    pub(crate) fn era(&self) -> Era {
        match self {
            Self::Y2024(_) => Era::Y2024,
            Self::Y2025(_) => Era::Y2025,
            Self::Y2026(_) => Era::Y2026,
        }
    }
}

/// Headers that every POST has.
pub(crate) fn post_headers() -> Vec<(String, String)> {
    vec![header("Content-Type", "application/json"), header("Accept", "application/json, text/event-stream")]
}

pub(crate) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The tasks extension of 2026-07-28.
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// What this client can do. Roots and sampling are never offered (X86). Extensions stand in the same place in every
/// revision, because servers of MCP Apps look for them there in handshakes too; the tasks extension needs requests that
/// only 2026-07-28 has.
pub(crate) fn capabilities(config: &Config, modern: bool) -> Value {
    let mut all = Map::new();
    let mut elicitation = Map::new();
    if config.elicitation.form {
        elicitation.insert("form".into(), json!({}));
    }
    if config.elicitation.url {
        elicitation.insert("url".into(), json!({}));
    }
    if !elicitation.is_empty() {
        all.insert("elicitation".into(), elicitation.into());
    }
    let mut extensions = Map::new();
    for (name, settings) in &config.extensions {
        extensions.insert(name.clone(), settings.clone());
    }
    if config.tasks && modern {
        extensions.insert(TASKS.into(), json!({}));
    }
    if !extensions.is_empty() {
        all.insert("extensions".into(), extensions.into());
    }
    all.into()
}

/// Whether a name is a key as extensions must have: labels with dots, a slash, a name (2026-07-28, basic, "`_meta`").
pub(crate) fn is_extension(name: &str) -> bool {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && alphanumeric(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    name.split_once('/').is_some_and(|(prefix, name)| {
        let bytes = name.as_bytes();
        prefix.split('.').all(label)
            && alphanumeric(bytes.first())
            && alphanumeric(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    })
}

/// Who this client is.
pub(crate) fn client_info(config: &Config) -> Value {
    json!({ "name": config.client.name, "version": config.client.version })
}
