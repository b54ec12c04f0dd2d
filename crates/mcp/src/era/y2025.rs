//! 2025-03-26 to 2025-11-25: Streamable HTTP with an `initialize` handshake, an optional session id, a standing GET
//! stream, and streams that can be resumed.

use std::fmt;

use serde_json::Value;

use crate::era::{capabilities, client_info, header, post_headers};
use crate::error::OpError;
use crate::jsonrpc::{Members, quoted};
use crate::revision::Revision;
use crate::types::{Config, Connected, Era};

/// The revision to ask for.
pub(crate) const LATEST: &str = "2025-11-25";
/// The first revision that has the `MCP-Protocol-Version` header.
const WITH_HEADER: &str = "2025-06-18";

/// Whether this is a revision with a handshake that is spoken here.
pub(crate) fn is_known(version: &str) -> bool {
    Revision::of(version).is_some_and(Revision::has_handshake)
}

/// The latest of these revisions that has a handshake and is spoken here.
pub(crate) fn best_of(names: &[Value]) -> Option<Revision> {
    let known = names.iter().filter_map(Value::as_str).filter_map(Revision::of);
    known.filter(|revision| revision.has_handshake()).max()
}

/// What is kept between requests.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    /// The revision agreed on.
    pub(crate) version: String,
    /// The session id, if the server gave one and the browser let us read it.
    pub(crate) session: Option<SessionId>,
    /// Leave `MCP-Protocol-Version` out: this server's list of allowed headers does not have it.
    pub(crate) lean: bool,
}

/// A session id: memory only, never shown (X113).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SessionId(String);

impl SessionId {
    /// Takes an id as received; anything but visible ASCII is not one.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Wire {
    /// Headers of a POST.
    pub(crate) fn post(&self) -> Vec<(String, String)> {
        let mut all = post_headers();
        self.common(&mut all);
        all
    }

    /// Headers of a GET that opens the standing stream, or resumes one after `last_id`.
    pub(crate) fn get(&self, last_id: Option<&str>) -> Vec<(String, String)> {
        let mut all = vec![header("Accept", "text/event-stream")];
        self.common(&mut all);
        all.extend(last_id.map(|id| header("Last-Event-ID", id)));
        all
    }

    /// Headers of the DELETE that ends the session, if there is one.
    pub(crate) fn delete(&self) -> Option<Vec<(String, String)>> {
        self.session.as_ref()?;
        let mut all = Vec::new();
        self.common(&mut all);
        Some(all)
    }

    /// Whether requests carry the version.
    pub(crate) fn has_version_header(&self) -> bool {
        !self.lean && self.version.as_str() >= WITH_HEADER
    }

    fn common(&self, all: &mut Vec<(String, String)>) {
        if self.has_version_header() {
            all.push(header("MCP-Protocol-Version", &self.version));
        }
        all.extend(self.session.as_ref().map(|session| header("Mcp-Session-Id", &session.0)));
    }
}

/// Whether the failure of a request that carried a session id says that the server does not know the session any more.
/// The specification has 404 for it; the example servers of the TypeScript SDK answer 400 with a text about the session.
pub(crate) fn is_lost(error: &OpError, status: Option<u16>) -> bool {
    match (status, error) {
        (Some(404), OpError::Rpc { code, .. }) => *code != -32601,
        (Some(404), _) => true,
        (Some(400), OpError::Rpc { code: -32000, message, .. }) => message.to_ascii_lowercase().contains("session id"),
        _ => false,
    }
}

/// The members of `initialize`.
pub(crate) fn initialize(config: &Config, version: &str) -> Members {
    vec![
        ("protocolVersion", quoted(version)),
        ("capabilities", capabilities(config, false).to_string()),
        ("clientInfo", client_info(config).to_string()),
    ]
}

/// Reads the result of `initialize`.
pub(crate) fn connected(result: &Value, era: Era) -> Result<Connected, OpError> {
    let Some(version) = result.get("protocolVersion").and_then(Value::as_str) else {
        return Err(OpError::Invalid { what: "the handshake names no protocol version".into() });
    };
    if !is_known(version) {
        return Err(OpError::Version { offered: vec![version.to_owned()] });
    }
    Ok(Connected {
        era,
        protocol: version.to_owned(),
        server: result.get("serverInfo").cloned().unwrap_or(Value::Null),
        capabilities: result.get("capabilities").cloned().unwrap_or(Value::Null),
        instructions: result.get("instructions").and_then(Value::as_str).map(str::to_owned),
        downgrade: false,
    })
}
