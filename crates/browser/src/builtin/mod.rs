//! The connectors that come with the product: MCP servers that run in this page.
//!
//! They speak the 2026-07-28 revision over the same session code as a server on the network; their requests are
//! answered in the page and never leave it. *Guide* is first-party and only searches and fetches (S117); *Notebook*
//! is a demo with every class of action, so that the first minute works with nothing set up. *Workbench* is a demo that
//! people add when they want to see the jobs that connectors are for.

pub mod guide;
pub mod notebook;
pub mod workbench;

use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use mcp::HttpRequest;
use serde_json::{Map, Value, json};

use crate::drive::{InPage, InPageAnswer};

/// The revision these servers speak.
pub const PROTOCOL: &str = "2026-07-28";

/// What a server in this page is.
pub trait Server {
    /// Its name, title and version.
    fn info(&self) -> Value;

    /// What a model should know about it.
    fn instructions(&self) -> &'static str;

    /// Its tools as an MCP list.
    fn tools(&self) -> Vec<Value>;

    /// Calls a tool.
    fn call(&self, call: ToolCall) -> LocalBoxFuture<'static, ToolAnswer>;
}

/// One call of a tool, with what the person answered to the server's question, if it asked one.
#[derive(Clone, Debug, Default)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// Answers by the name of the question.
    pub answers: Map<String, Value>,
}

/// What a tool answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolAnswer {
    /// It is done.
    Done {
        /// The words for people and models.
        text: String,
        /// The same as data.
        structured: Value,
    },
    /// It could not be done; the words say why.
    Failed(String),
    /// It wants to ask the person first.
    Ask {
        /// The name of the question.
        name: &'static str,
        /// The words.
        message: String,
        /// The form.
        schema: Value,
    },
    /// There is no such tool.
    Unknown,
}

/// A server in this page as the other end of a connection.
pub(crate) struct Host(pub(crate) Rc<dyn Server>);

impl InPage for Host {
    fn answer(&self, request: HttpRequest) -> LocalBoxFuture<'static, InPageAnswer> {
        let server = self.0.clone();
        async move {
            let message = request.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
            match message {
                Some(message) => respond(server.as_ref(), &message).await,
                None => error(400, &Value::Null, -32700, "the body is not JSON", None),
            }
        }
        .boxed_local()
    }
}

async fn respond(server: &dyn Server, message: &Value) -> InPageAnswer {
    let Some(id) = message.get("id") else {
        // A notification: taken note of, nothing to say.
        return InPageAnswer { status: 202, body: String::new() };
    };
    let empty = Map::new();
    let method = message.get("method").and_then(Value::as_str).unwrap_or_default();
    let params = message.get("params").and_then(Value::as_object).unwrap_or(&empty);
    let asked = params.get("_meta").and_then(|meta| meta.get("io.modelcontextprotocol/protocolVersion"));
    if asked.and_then(Value::as_str) != Some(PROTOCOL) {
        let data = json!({ "supported": [PROTOCOL], "requested": asked });
        return error(400, id, -32022, "only this revision is spoken here", Some(data));
    }
    match method {
        "server/discover" => result(
            server,
            id,
            json!({
                "resultType": "complete",
                "supportedVersions": [PROTOCOL],
                "capabilities": { "tools": {} },
                "instructions": server.instructions(),
                "ttlMs": 3_600_000,
                "cacheScope": "public",
            }),
        ),
        "tools/list" => result(
            server,
            id,
            json!({ "resultType": "complete", "tools": server.tools(), "ttlMs": 3_600_000, "cacheScope": "public" }),
        ),
        "tools/call" => {
            let object = |name: &str| params.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            let call = ToolCall {
                name: params.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                arguments: object("arguments"),
                answers: object("inputResponses"),
            };
            match server.call(call).await {
                ToolAnswer::Done { text, structured } => result(
                    server,
                    id,
                    json!({
                        "resultType": "complete",
                        "content": [{ "type": "text", "text": text }],
                        "structuredContent": structured,
                    }),
                ),
                ToolAnswer::Failed(text) => result(
                    server,
                    id,
                    json!({ "resultType": "complete", "content": [{ "type": "text", "text": text }], "isError": true }),
                ),
                ToolAnswer::Ask { name, message, schema } => result(
                    server,
                    id,
                    json!({
                        "resultType": "input_required",
                        "inputRequests": {
                            name: {
                                "method": "elicitation/create",
                                "params": { "mode": "form", "message": message, "requestedSchema": schema },
                            },
                        },
                    }),
                ),
                ToolAnswer::Unknown => error(400, id, -32602, "there is no such tool", None),
            }
        }
        _ => error(404, id, -32601, "this method is not offered here", None),
    }
}

fn result(server: &dyn Server, id: &Value, mut result: Value) -> InPageAnswer {
    if let Some(result) = result.as_object_mut() {
        result.insert("_meta".to_owned(), json!({ "io.modelcontextprotocol/serverInfo": server.info() }));
    }
    InPageAnswer { status: 200, body: json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string() }
}

fn error(status: u16, id: &Value, code: i32, message: &str, data: Option<Value>) -> InPageAnswer {
    let mut error = json!({ "code": code, "message": message });
    if let (Some(data), Some(error)) = (data, error.as_object_mut()) {
        error.insert("data".to_owned(), data);
    }
    InPageAnswer { status, body: json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string() }
}

/// A text argument; empty when it is missing.
fn text<'a>(arguments: &'a Map<String, Value>, name: &str) -> &'a str {
    arguments.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The annotations of a tool that stays within this page.
fn annotations(read_only: bool, destructive: bool, idempotent: bool) -> Value {
    json!({
        "readOnlyHint": read_only,
        "destructiveHint": destructive,
        "idempotentHint": idempotent,
        "openWorldHint": false,
    })
}

/// A tool whose arguments are exactly these.
fn tool(
    name: &str,
    title: &str,
    description: &str,
    properties: Value,
    required: &[&str],
    output: Value,
    annotations: Value,
) -> Value {
    json!({
        "name": name,
        "title": title,
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        },
        "outputSchema": output,
        "annotations": annotations,
    })
}

/// How many of the words of a query occur in a text; the words of a title count twice.
fn score(words: &[String], title: &str, text: &str) -> usize {
    let (title, text) = (title.to_lowercase(), text.to_lowercase());
    words
        .iter()
        .map(|word| 2 * usize::from(title.contains(word.as_str())) + usize::from(text.contains(word.as_str())))
        .sum()
}

/// The words of a query that say something, in lower case.
fn words(query: &str) -> Vec<String> {
    const COMMON: [&str; 26] = [
        "a", "an", "the", "is", "are", "do", "does", "how", "what", "why", "when", "where", "who", "can", "i", "to",
        "of", "in", "on", "for", "and", "or", "it", "my", "me", "with",
    ];
    query
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !COMMON.contains(word))
        // `connectors` should find `connector`.
        .map(|word| match word.strip_suffix('s') {
            Some(stem) if stem.len() > 3 => stem.to_owned(),
            _ => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_nothing_are_left_out() {
        assert_eq!(words("How do I add connectors?"), ["add", "connector"]);
        assert_eq!(score(&words("add connectors"), "Add a connector", "x"), 4);
        assert_eq!(score(&words("models"), "Add a connector", "a model"), 1);
    }
}
