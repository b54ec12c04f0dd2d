//! Every message that passes, in both directions, word for word. `messages.json` is checked against the JSON Schema of
//! `@modelcontextprotocol/ext-apps` by `tests/servers/apps.test.mjs`; this test holds the state machine to the file.
//! `COUNTERSIGN_WRITE_MESSAGES=1 cargo test -p mcp transcript` writes it anew.

use mcp::apps::{Ask, Refused, Sources, settings};
use serde_json::{Value, json};

use crate::rig::{Rig, object};

struct Script {
    rig: Rig,
    lines: Vec<Value>,
}

impl Script {
    /// The page sends a message, which has this name in the schema.
    fn page(&mut self, name: &str, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        self.lines.push(json!({ "from": "page", "is": name, "message": message.clone() }));
        self.rig.says(message);
    }

    /// The host has sent exactly one message, which has this name in the schema.
    fn host(&mut self, name: &str) {
        self.rig.pump();
        assert_eq!(self.rig.sent.len(), 1, "{name}: {:?}", self.rig.sent);
        let message = self.rig.sent.remove(0);
        self.lines.push(json!({ "from": "host", "is": name, "message": message }));
    }

    /// The host answers the last question.
    fn answers(&mut self, name: &str, answer: Result<Value, Refused>) -> Ask {
        let (ticket, ask) = self.rig.asked().pop().unwrap();
        self.rig.view.answer(ticket, answer);
        self.host(name);
        ask
    }
}

#[test]
fn every_message_is_as_it_was_checked_against_the_schema() {
    let mut it = Script { rig: Rig::new(), lines: Vec::new() };
    it.lines.push(json!({ "from": "host", "is": "McpUiClientCapabilities", "message": settings() }));
    let sources = Sources::read(
        &json!({ "connectDomains": ["https://a.example"], "frameDomains": ["https://*.b.example"] }),
        false,
        &|_| true,
    );
    it.lines.push(json!({ "from": "host", "is": "McpUiResourceCsp", "message": sources.to_json() }));
    it.page("McpUiInitializeRequest", json!({ "id": 0, "method": "ui/initialize", "params": {
        "appInfo": { "name": "Board", "version": "1" }, "appCapabilities": { "availableDisplayModes": ["inline", "fullscreen"] }, "protocolVersion": "2026-01-26" } }));
    it.host("McpUiInitializeResult");
    it.page("McpUiInitializedNotification", json!({ "method": "ui/notifications/initialized" }));
    it.rig.view.input(&object(json!({ "title": "The door" })));
    it.host("McpUiToolInputNotification");
    it.rig.view.result(&json!({ "content": [{ "type": "text", "text": "made" }], "structuredContent": { "id": 7 }, "_meta": { "at": 1 } }));
    it.host("McpUiToolResultNotification");
    it.page(
        "McpUiSizeChangedNotification",
        json!({ "method": "ui/notifications/size-changed", "params": { "width": 300, "height": 200 } }),
    );
    it.rig.view.context_changed(object(json!({ "theme": "light", "displayMode": "fullscreen", "containerDimensions": { "width": 700, "maxHeight": 600 } })));
    it.host("McpUiHostContextChangedNotification");
    it.page(
        "McpUiOpenLinkRequest",
        json!({ "id": 1, "method": "ui/open-link", "params": { "url": "https://example.com" } }),
    );
    assert_eq!(it.answers("McpUiOpenLinkResult", Ok(json!({}))), Ask::Open { url: "https://example.com".into() });
    it.page("McpUiMessageRequest", json!({ "id": 2, "method": "ui/message", "params": { "role": "user", "content": [{ "type": "text", "text": "hello" }] } }));
    it.answers("McpUiMessageResult", Ok(json!({})));
    it.page("McpUiMessageRequest", json!({ "id": 3, "method": "ui/message", "params": { "role": "user", "content": [{ "type": "text", "text": "no" }] } }));
    it.answers("error", Err(Refused("the person did not want it said".into())));
    it.page("McpUiUpdateModelContextRequest", json!({ "id": 4, "method": "ui/update-model-context", "params": { "content": [{ "type": "text", "text": "x" }], "structuredContent": { "a": 1 } } }));
    it.answers("", Ok(json!({})));
    it.page(
        "McpUiRequestDisplayModeRequest",
        json!({ "id": 5, "method": "ui/request-display-mode", "params": { "mode": "fullscreen" } }),
    );
    it.answers("McpUiRequestDisplayModeResult", Ok(json!({ "mode": "fullscreen" })));
    it.page("", json!({ "id": 6, "method": "tools/call", "params": { "name": "refresh", "arguments": { "a": 1 } } }));
    it.answers("", Ok(json!({ "content": [] })));
    it.page("", json!({ "id": 7, "method": "resources/read", "params": { "uri": "ui://board/view" } }));
    it.answers("", Ok(json!({ "contents": [] })));
    it.page("", json!({ "id": 10, "method": "resources/list", "params": {} }));
    it.answers("", Ok(json!({ "resources": [] })));
    it.page("", json!({ "id": 8, "method": "ping" }));
    it.host("");
    it.page("", json!({ "id": 9, "method": "sampling/createMessage", "params": {} }));
    it.host("error");
    it.page("", json!({ "method": "notifications/message", "params": { "level": "info", "data": "there" } }));
    it.page("McpUiRequestTeardownNotification", json!({ "method": "ui/notifications/request-teardown" }));
    it.rig.view.close(it.rig.now);
    it.host("McpUiResourceTeardownRequest");
    it.page("McpUiResourceTeardownResult", json!({ "id": "teardown", "result": {} }));

    let mut other = Rig::ready();
    other.view.input(&object(json!({})));
    other.pump();
    other.sent.clear();
    other.view.cancelled("the person stopped it");
    let mut it2 = Script { rig: other, lines: std::mem::take(&mut it.lines) };
    it2.host("McpUiToolCancelledNotification");

    let written = format!("{}\n", serde_json::to_string_pretty(&it2.lines).unwrap());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apps/messages.json");
    if std::env::var_os("COUNTERSIGN_WRITE_MESSAGES").is_some() {
        std::fs::write(file, &written).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap_or_default(), written, "messages.json is another conversation");
}
