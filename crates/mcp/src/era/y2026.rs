//! 2026-07-28: no handshake, no session. Every request says who asks, in `_meta` and in headers; questions of the server
//! come as results that ask for another round.

use serde_json::Value;

use crate::era::{capabilities, client_info, header, post_headers};
use crate::error::OpError;
use crate::headers;
use crate::jsonrpc::Members;
use crate::types::{Config, Connected, Era, Listed};

/// The revision spoken here.
pub(crate) const VERSION: &str = "2026-07-28";

pub(crate) const HEADER_MISMATCH: i64 = -32020;
const MISSING_CAPABILITY: i64 = -32021;
const UNSUPPORTED_VERSION: i64 = -32022;

/// Nothing is kept between requests.
#[derive(Clone, Debug)]
pub(crate) struct Wire;

/// What the answer to `server/discover` says about the server.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// A modern server.
    Modern(Box<Connected>),
    /// A modern server that wants to be asked once more, at our version.
    Again,
    /// Not a modern server, or none that can be shown to be one.
    Legacy,
    /// No statement about the era, or none in common.
    Fail(OpError),
}

/// The `_meta` of a request, as JSON text.
pub(crate) fn meta(config: &Config, progress: Option<u64>) -> String {
    let mut meta = serde_json::json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": client_info(config),
        "io.modelcontextprotocol/clientCapabilities": capabilities(config, true),
    });
    if let Some(meta) = meta.as_object_mut() {
        if let Some(level) = config.log_level {
            meta.insert("io.modelcontextprotocol/logLevel".into(), level.as_str().into());
        }
        if let Some(token) = progress {
            meta.insert("progressToken".into(), token.into());
        }
    }
    meta.to_string()
}

/// The headers of a request. `name` is `params.name` or `params.uri`.
pub(crate) fn headers(method: &str, name: Option<&str>, mirrored: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut all = post_headers();
    all.push(header("MCP-Protocol-Version", VERSION));
    all.push(header("Mcp-Method", method));
    all.extend(name.map(|name| header("Mcp-Name", &headers::encode(name))));
    all.extend(mirrored);
    all
}

/// Whether a request was refused, unread, for its revision.
pub(crate) fn is_other_version(error: &OpError) -> bool {
    matches!(error, OpError::Rpc { code: UNSUPPORTED_VERSION, .. })
}

/// Whether only a modern server answers so (transports/streamable-http, "Backward Compatibility").
pub(crate) fn is_modern_error(error: &OpError) -> bool {
    matches!(error, OpError::Rpc { code: HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION, .. })
}

/// The members of `subscriptions/listen`, or nothing if there is nothing to listen to: the server has no lists that change
/// and no resource is watched (patterns/subscriptions, "Notification Filter").
///
/// `tasks` are named beside it where the server listens anyway (tasks extension, "Task Status Notifications"): what it then
/// tells saves waiting, and asking for them goes on, so they are not worth a stream of their own.
pub(crate) fn listen(capabilities: &Value, watched: &[String], tasks: &[String]) -> Option<Members> {
    let mut filter = serde_json::Map::new();
    for (_, wish) in lists_that_change(capabilities) {
        filter.insert(wish.to_owned(), Value::Bool(true));
    }
    if !watched.is_empty() && can_watch(capabilities) {
        filter.insert("resourceSubscriptions".into(), watched.into());
    }
    if !tasks.is_empty() && !filter.is_empty() {
        filter.insert("taskIds".into(), tasks.into());
    }
    (!filter.is_empty()).then(|| vec![("notifications", Value::Object(filter).to_string())])
}

/// The lists that the server says it tells of, with the names of the filters for them.
fn lists_that_change(capabilities: &Value) -> impl Iterator<Item = (Listed, &'static str)> {
    let all = [
        (Listed::Tools, "tools", "toolsListChanged"),
        (Listed::Prompts, "prompts", "promptsListChanged"),
        (Listed::Resources, "resources", "resourcesListChanged"),
    ];
    let changes =
        |list: &str| capabilities.get(list).and_then(|list| list.get("listChanged")) == Some(&Value::Bool(true));
    all.into_iter().filter(move |(_, list, _)| changes(list)).map(|(listed, _, wish)| (listed, wish))
}

/// The lists that an acknowledgment leaves out, although the server said that it tells of them.
pub(crate) fn left_out(capabilities: &Value, taken: &Value) -> Vec<Listed> {
    let is_left = |wish: &str| taken.get(wish) != Some(&Value::Bool(true));
    lists_that_change(capabilities).filter(|(_, wish)| is_left(wish)).map(|(listed, _)| listed).collect()
}

/// Whether the server tells of changes of single resources. In every revision that has them the capability is the same.
pub(crate) fn can_watch(capabilities: &Value) -> bool {
    capabilities.pointer("/resources/subscribe") == Some(&Value::Bool(true))
}

/// How long a result may be kept, in milliseconds: `ttlMs`, nothing if it is absent or negative (server/utilities/caching).
pub(crate) fn ttl(result: &Value) -> u64 {
    let ttl = result.get("ttlMs");
    ttl.and_then(|ttl| ttl.as_u64().or_else(|| ttl.as_f64().map(|ttl| ttl.max(0.0) as u64))).unwrap_or_default()
}

/// Judges a result of `server/discover`.
pub(crate) fn judge_result(result: &Value) -> Verdict {
    let complete = result.get("resultType").is_none_or(|kind| kind == "complete");
    let Some(versions) = result.get("supportedVersions").and_then(Value::as_array).filter(|_| complete) else {
        return Verdict::Legacy;
    };
    if !versions.iter().any(|version| version == VERSION) {
        return other_versions(versions);
    }
    Verdict::Modern(Box::new(Connected {
        era: Era::Y2026,
        protocol: VERSION.into(),
        server: result.pointer("/_meta/io.modelcontextprotocol~1serverInfo").cloned().unwrap_or(Value::Null),
        capabilities: result.get("capabilities").cloned().unwrap_or(Value::Null),
        instructions: result.get("instructions").and_then(Value::as_str).map(str::to_owned),
        downgrade: false,
    }))
}

/// Judges a failure of `server/discover`. What is not surely modern is taken for legacy: servers answer an unknown
/// request with 400 and -32000 and three different texts, with 404 and -32601, or with plain pages. A browser that may
/// not send the modern headers to a server fails without a reason, so that counts as legacy too. A sign-in, a server
/// error and silence say nothing about the era.
pub(crate) fn judge_failure(error: OpError, status: Option<u16>) -> Verdict {
    match &error {
        OpError::Rpc { code: UNSUPPORTED_VERSION, data, .. } => {
            match data.as_ref().and_then(|data| data.get("supported")).and_then(Value::as_array) {
                Some(versions) if versions.iter().any(|version| version == VERSION) => Verdict::Again,
                Some(versions) => other_versions(versions),
                None => Verdict::Legacy,
            }
        }
        OpError::Rpc { code: HEADER_MISMATCH | MISSING_CAPABILITY, .. } => Verdict::Fail(error),
        OpError::SignIn { .. } | OpError::Timeout { .. } | OpError::Header { .. } | OpError::TooMuch { .. } => {
            Verdict::Fail(error)
        }
        _ if status.is_some_and(|status| status >= 500) => Verdict::Fail(error),
        _ => Verdict::Legacy,
    }
}

fn other_versions(versions: &[Value]) -> Verdict {
    let offered: Vec<String> = versions.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if offered.is_empty() || offered.iter().any(|version| crate::era::y2025::is_known(version)) {
        Verdict::Legacy
    } else {
        Verdict::Fail(OpError::Version { offered })
    }
}
