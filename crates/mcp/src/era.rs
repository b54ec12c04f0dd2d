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

/// What this client can do, in the form that all revisions share. Roots and sampling are never offered (X86).
pub(crate) fn capabilities(config: &Config) -> Value {
    let mut elicitation = Map::new();
    if config.elicitation.form {
        elicitation.insert("form".into(), json!({}));
    }
    if config.elicitation.url {
        elicitation.insert("url".into(), json!({}));
    }
    if elicitation.is_empty() { json!({}) } else { json!({ "elicitation": elicitation }) }
}

/// Who this client is.
pub(crate) fn client_info(config: &Config) -> Value {
    json!({ "name": config.client.name, "version": config.client.version })
}
