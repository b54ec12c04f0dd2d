//! Finding out what a server speaks, with the answers that real servers give.

use mcp::{Era, EraChoice, Event, Method, OpError, Sent};
use serde_json::json;

use crate::rig::{
    DISCOVERED, ENDPOINT, INITIALIZED, Rig, body, config, handshake, header, legacy, modern, oldest, oldest_handshake,
};

fn names(request: &mcp::HttpRequest) -> Vec<String> {
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names
}

#[test]
fn a_modern_server_is_known_by_its_first_answer() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    assert_eq!(discover.url, ENDPOINT);
    assert_eq!(header(&discover, "accept"), Some("application/json, text/event-stream"));
    assert_eq!(header(&discover, "content-type"), Some("application/json"));
    assert_eq!(header(&discover, "mcp-protocol-version"), Some("2026-07-28"));
    assert_eq!(header(&discover, "mcp-method"), Some("server/discover"));
    assert_eq!(header(&discover, "mcp-name"), None);
    assert_eq!(header(&discover, "authorization"), Some("Bearer canary-token"));
    assert_eq!(
        body(&discover)["params"]["_meta"],
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "countersign", "version": "0.1.0"},
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}, "url": {}}},
        })
    );
    rig.result(&discover, DISCOVERED);
    let Event::Connected(connected) = rig.event() else { panic!() };
    assert_eq!((connected.era, connected.protocol.as_str()), (Era::Y2026, "2026-07-28"));
    assert_eq!((connected.server_name(), connected.server_version()), ("modern", "2.4.0"));
    assert_eq!(connected.instructions.as_deref(), Some("Be kind."));
    rig.quiet();
}

#[test]
fn a_modern_server_that_rejects_the_first_request_is_asked_once_more() {
    let refused = r#"{"code":-32022,"message":"Unsupported protocol version","data":{"supported":["2026-07-28"]}}"#;
    let mut rig = Rig::new(config());
    rig.connect();
    let first = rig.post("server/discover");
    rig.error(&first, 400, refused);
    let second = rig.post("server/discover");
    assert_ne!(body(&first)["id"], body(&second)["id"]);
    rig.result(&second, DISCOVERED);
    assert!(matches!(rig.event(), Event::Connected(_)));

    let mut rig = Rig::new(config());
    rig.connect();
    for _ in 0..2 {
        let discover = rig.post("server/discover");
        rig.error(&discover, 400, refused);
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32022, .. }, .. }));
    rig.quiet();
}

#[test]
fn a_server_of_the_future_is_an_error_that_names_its_versions() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, r#"{"code":-32022,"message":"no","data":{"supported":["2030-01-01"]}}"#);
    let Event::Failed { error, .. } = rig.event() else { panic!() };
    assert!(error.to_string().ends_with("it offers 2030-01-01"), "{error}");
    rig.quiet();
}

#[test]
fn everything_that_is_not_surely_modern_is_tried_as_legacy() {
    type Answer = Box<dyn Fn(&mut Rig, &mcp::HttpRequest)>;
    fn error(status: u16, error: &'static str) -> Answer {
        Box::new(move |rig, request| rig.error(request, status, error))
    }
    fn plain(status: u16, kind: &'static str, text: &'static str) -> Answer {
        Box::new(move |rig, request| rig.reply(request, status, &[("content-type", kind)], text))
    }
    let answers: Vec<(&str, Answer)> = vec![
        ("server-everything", error(400, r#"{"code":-32000,"message":"Bad Request: Server not initialized"}"#)),
        (
            "sdk 1.x without id",
            plain(
                400,
                "application/json",
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}"#,
            ),
        ),
        ("ext-apps examples", error(400, r#"{"code":-32000,"message":"Bad Request: Unsupported protocol version"}"#)),
        ("supergateway", error(404, r#"{"code":-32601,"message":"Method not found"}"#)),
        ("in-band error", error(200, r#"{"code":-32601,"message":"Method not found"}"#)),
        ("legacy versions only", error(400, r#"{"code":-32022,"message":"no","data":{"supported":["2025-11-25"]}}"#)),
        ("version error without a list", error(400, r#"{"code":-32022,"message":"no"}"#)),
        ("a page", plain(404, "text/html", "<h1>Not found</h1>")),
        ("nothing", plain(400, "text/plain", "")),
        ("an odd result", Box::new(|rig, request| rig.result(request, "{}"))),
        ("accepted without an answer", plain(202, "text/plain", "")),
        ("blocked by CORS", Box::new(|rig, request| rig.fail(request))),
    ];
    for (name, answer) in answers {
        let mut rig = Rig::new(config());
        rig.connect();
        let discover = rig.post("server/discover");
        answer(&mut rig, &discover);
        let initialize = rig.post("initialize");
        assert_eq!(names(&initialize), ["accept", "authorization", "content-type"], "{name}");
        assert_eq!(body(&initialize)["params"]["protocolVersion"], "2025-11-25", "{name}");
        rig.fetches.push_front(initialize);
        handshake(&mut rig, "s");
        let Event::Connected(connected) = rig.event() else { panic!("{name}") };
        assert_eq!((connected.era, connected.protocol.as_str()), (Era::Y2025, "2025-11-25"), "{name}");
    }
}

#[test]
fn a_sign_in_a_server_error_and_a_modern_error_say_nothing_about_the_era() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    let challenge = r#"Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource""#;
    rig.reply(&discover, 401, &[("WWW-Authenticate", challenge)], "no token");
    let Event::Failed { error, sent, .. } = rig.event() else { panic!() };
    assert_eq!(error, OpError::SignIn { status: 401, challenge: Some(challenge.into()), text: "no token".into() });
    assert_eq!(sent, Sent::No);
    rig.quiet();

    for (status, text) in [
        (500, r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"Internal error"}}"#),
        (503, "try later"),
        (400, r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"Header mismatch"}}"#),
        (400, r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32021,"message":"Missing capability"}}"#),
    ] {
        let mut rig = Rig::new(config());
        rig.connect();
        let discover = rig.post("server/discover");
        rig.json(&discover, status, text);
        assert!(matches!(rig.event(), Event::Failed { .. }), "{text}");
        rig.quiet();
    }
}

#[test]
fn a_list_of_allowed_headers_without_the_version_is_lived_with() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    rig.fail(&discover);
    let initialize = rig.post("initialize");
    rig.result(&initialize, INITIALIZED);
    let initialized = rig.post("notifications/initialized");
    assert_eq!(header(&initialized, "mcp-protocol-version"), Some("2025-11-25"));
    rig.fail(&initialized);
    let initialized = rig.post("notifications/initialized");
    assert_eq!(names(&initialized), ["accept", "authorization", "content-type"]);
    rig.reply(&initialized, 202, &[], "");
    assert!(matches!(rig.event(), Event::Connected(_)));
    let stream = rig.take();
    assert_eq!(names(&stream), ["accept", "authorization"]);
    rig.reply(&stream, 405, &[], "");
    rig.list();
    let list = rig.post("tools/list");
    assert_eq!(names(&list), ["accept", "authorization", "content-type"]);
}

#[test]
fn an_unreadable_session_id_is_explained() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, r#"{"code":-32000,"message":"Bad Request: Server not initialized"}"#);
    let initialize = rig.post("initialize");
    rig.result(&initialize, INITIALIZED);
    let initialized = rig.post("notifications/initialized");
    assert_eq!(header(&initialized, "mcp-session-id"), None);
    rig.json(
        &initialized,
        400,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Mcp-Session-Id header is required"}}"#,
    );
    let Event::Failed { error, .. } = rig.event() else { panic!() };
    assert!(error.to_string().contains("must expose `Mcp-Session-Id`"), "{error}");
}

#[test]
fn an_address_that_takes_no_post_is_tried_as_http_sse() {
    for status in [400, 404, 405] {
        let mut config = config();
        config.endpoint = "https://mcp.example.com/sse".into();
        let mut rig = Rig::new(config);
        rig.connect();
        for method in ["server/discover", "initialize"] {
            let request = rig.post(method);
            rig.reply(&request, status, &[("content-type", "text/html")], "Cannot POST /sse");
        }
        let stream = rig.take();
        assert_eq!(names(&stream), ["accept", "authorization"]);
        oldest_handshake(&mut rig, &stream);
        let Event::Connected(connected) = rig.event() else { panic!() };
        assert_eq!((connected.era, connected.protocol.as_str()), (Era::Y2024, "2024-11-05"));
        assert!(!rig.cancelled.contains(&stream.id));
    }
}

#[test]
fn if_nothing_works_the_first_plain_answer_is_reported() {
    let mut rig = Rig::new(config());
    rig.connect();
    for method in ["server/discover", "initialize"] {
        let request = rig.post(method);
        rig.reply(&request, 404, &[("content-type", "text/plain")], "no such page");
    }
    let stream = rig.take();
    rig.reply(&stream, 404, &[], "");
    let Event::Failed { error, sent, .. } = rig.event() else { panic!() };
    assert_eq!(error, OpError::Http { status: 404, text: "no such page".into(), retry_after: None });
    assert_eq!(sent, Sent::No);
    rig.quiet();

    let mut rig = Rig::new(config());
    rig.connect();
    for _ in 0..3 {
        let request = rig.take();
        rig.fail(&request);
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Network { .. }, sent: Sent::No, .. }));
    rig.quiet();
}

#[test]
fn a_page_instead_of_a_server_is_called_that() {
    let mut rig = Rig::new(config());
    rig.connect();
    for method in ["server/discover", "initialize"] {
        let request = rig.post(method);
        rig.reply(&request, 200, &[("content-type", "text/html; charset=utf-8")], "<!doctype html>");
    }
    let Event::Failed { error, .. } = rig.event() else { panic!() };
    assert!(error.to_string().contains("is this the address of an MCP server?"), "{error}");
    rig.quiet();
}

#[test]
fn a_choice_of_era_is_kept_to() {
    let mut modern = config();
    modern.era = EraChoice::Modern;
    let mut rig = Rig::new(modern);
    rig.connect();
    let discover = rig.post("server/discover");
    rig.error(&discover, 404, r#"{"code":-32601,"message":"Method not found"}"#);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32601, .. }, .. }));
    rig.quiet();
}

#[test]
fn an_operation_connects_by_itself_and_waits_for_the_stream() {
    let mut rig = Rig::new(config());
    let op = rig.call("echo", r#"{"message":"hi"}"#);
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, r#"{"code":-32000,"message":"Bad Request: Server not initialized"}"#);
    let initialize = rig.post("initialize");
    rig.result(&initialize, INITIALIZED);
    let initialized = rig.post("notifications/initialized");
    rig.reply(&initialized, 202, &[], "");
    let stream = rig.take();
    assert_eq!(stream.method, Method::Get);
    assert!(rig.fetches.is_empty(), "the call waits for the stream");
    rig.pass(499);
    assert!(rig.fetches.is_empty());
    rig.pass(1);
    let call = rig.post("tools/call");
    rig.result(&call, r#"{"content":[{"type":"text","text":"Echo: hi"}]}"#);
    assert!(matches!(rig.event(), Event::Connected(_)));
    let Event::Called { op: called, result } = rig.event() else { panic!() };
    assert_eq!(called, op);
    assert_eq!(result.content()[0]["text"], "Echo: hi");
}

#[test]
fn a_failed_connection_fails_what_waits_and_the_next_operation_tries_again() {
    let mut rig = Rig::new(config());
    let call = rig.call("echo", "{}");
    let list = rig.list();
    let discover = rig.post("server/discover");
    rig.reply(&discover, 503, &[("retry-after", "7")], "busy");
    for op in [call, list] {
        let Event::Failed { op: failed, error, sent } = rig.event() else { panic!() };
        assert_eq!((failed, sent), (op, Sent::No));
        assert_eq!(error, OpError::Http { status: 503, text: "busy".into(), retry_after: Some("7".into()) });
    }
    rig.quiet();
    rig.list();
    rig.post("server/discover");
}

#[test]
fn connecting_has_a_time_limit_for_every_step() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    rig.pass(29_999);
    assert!(rig.events.is_empty());
    rig.pass(1);
    assert_eq!(rig.cancelled, [discover.id]);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Timeout { seconds: 30 }, .. }));

    let mut sse = config();
    sse.era = EraChoice::LegacySse;
    let mut rig = Rig::new(sse);
    rig.connect();
    let stream = rig.take();
    rig.open(&stream);
    rig.pass(30_000);
    assert_eq!(rig.cancelled, [stream.id]);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Timeout { .. }, .. }));
    rig.quiet();
}

#[test]
fn arguments_are_sent_byte_for_byte_in_every_era() {
    let arguments = "{ \"b\" : 1.0,\t\"a\":[ 1e2 ],\"é\":\"\\u00e9\", \"big\": 12345678901234567890123 }";
    for mut rig in [modern(), legacy().0, oldest().0] {
        rig.call("tool", arguments);
        let call = rig.post("tools/call");
        let text = call.body.as_deref().unwrap();
        assert!(text.contains(&format!("\"arguments\":{arguments}")), "{text}");
    }
}

#[test]
fn arguments_that_are_no_object_are_refused_here() {
    for arguments in [
        "",
        "[]",
        "{",
        "{}}",
        "{} {}",
        "null",
        "{\"a\":}",
        &format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200)),
    ] {
        let mut rig = modern();
        let op = rig.call("tool", arguments);
        let Event::Failed { op: failed, error: OpError::Arguments { .. }, sent: Sent::No } = rig.event() else {
            panic!("{arguments}")
        };
        assert_eq!(op, failed);
        rig.quiet();
    }
}

#[test]
fn a_modern_call_carries_its_headers() {
    let mut rig = modern();
    rig.list();
    let list = rig.post("tools/list");
    rig.result(
        &list,
        r#"{"resultType":"complete","tools":[{"name":"größe","inputSchema":{"type":"object","properties":{
            "region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer","x-mcp-header":"N"}}}}]}"#,
    );
    assert!(matches!(rig.event(), Event::Tools { .. }));
    let op = rig.call("größe", r#"{"region":"öst","n":7}"#);
    let call = rig.post("tools/call");
    assert_eq!(header(&call, "mcp-method"), Some("tools/call"));
    assert_eq!(header(&call, "mcp-name"), Some("=?base64?Z3LDtsOfZQ==?="));
    assert_eq!(header(&call, "mcp-param-region"), Some("=?base64?w7ZzdA==?="));
    assert_eq!(header(&call, "mcp-param-n"), Some("7"));
    assert_eq!(body(&call)["params"]["_meta"]["progressToken"], op.get());
    let other = rig.call("größe", r#"{"n":1.5}"#);
    assert!(
        matches!(rig.event(), Event::Failed { op, error: OpError::Arguments { .. }, sent: Sent::No } if op == other)
    );
}

#[test]
fn missed_headers_are_learned_from_the_list_when_nothing_was_known() {
    let mut rig = modern();
    let op = rig.call("q", r#"{"region":"eu"}"#);
    let call = rig.post("tools/call");
    let mismatch = r#"{"code":-32020,"message":"Header mismatch: Mcp-Param-Region is missing"}"#;
    rig.error(&call, 400, mismatch);
    let list = rig.post("tools/list");
    let tools = r#"{"tools":[{"name":"q","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}]}"#;
    rig.result(&list, tools);
    assert!(matches!(rig.event(), Event::SentAgain { op: again, why: mcp::Again::Headers } if again == op));
    let call = rig.post("tools/call");
    assert_eq!(header(&call, "mcp-param-region"), Some("eu"));
    rig.error(&call, 400, mismatch);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32020, .. }, .. }));
    rig.quiet();
}

#[test]
fn x35_missed_headers_never_send_a_call_under_another_definition() {
    let mut rig = modern();
    rig.list();
    let list = rig.post("tools/list");
    rig.result(&list, r#"{"tools":[{"name":"q","description":"reads","inputSchema":{"type":"object"}}]}"#);
    rig.event();
    for (tools, changed) in [
        (r#"{"tools":[{"inputSchema":{"type":"object"},"description":"reads","name":"q"}]}"#, false),
        (r#"{"tools":[{"name":"q","description":"deletes","inputSchema":{"type":"object"}}]}"#, true),
    ] {
        rig.call("q", "{}");
        let call = rig.post("tools/call");
        rig.error(&call, 400, r#"{"code":-32020,"message":"Header mismatch"}"#);
        let list = rig.post("tools/list");
        rig.result(&list, tools);
        let Event::Failed { error, sent, .. } = rig.event() else { panic!() };
        assert_eq!(matches!(error, OpError::DefinitionChanged { .. }), changed, "{error}");
        assert_eq!(sent, Sent::No);
        rig.quiet();
    }
}

#[test]
fn a_lost_session_is_made_anew_and_the_unread_request_goes_out_once_more() {
    for (status, text) in [
        (404, r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#),
        (404, "gone"),
        (
            400,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}"#,
        ),
    ] {
        let (mut rig, stream) = legacy();
        let first = rig.call("a", "{}");
        let second = rig.call("b", "{}");
        let (a, b) = (rig.post("tools/call"), rig.post("tools/call"));
        rig.json(&a, status, text);
        assert!(rig.cancelled.contains(&stream.id));
        let initialize = rig.post("initialize");
        rig.json(&b, status, text);
        rig.fetches.push_front(initialize);
        handshake(&mut rig, "another");
        for method in ["tools/call", "tools/call"] {
            let call = rig.post(method);
            assert_eq!(header(&call, "mcp-session-id"), Some("another"));
            rig.json(&call, status, text);
        }
        let failed: Vec<_> = rig
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Failed { op, .. } => Some(*op),
                _ => None,
            })
            .collect();
        assert_eq!(failed.len(), 2, "once more, not for ever: {:?}", rig.events);
        assert!(failed.contains(&first) && failed.contains(&second));
        assert!(rig.fetches.is_empty());
    }
}

#[test]
fn closing_ends_the_legacy_session() {
    let (mut rig, stream) = legacy();
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.session.close(rig.now);
    rig.pump();
    assert!(
        matches!(rig.event(), Event::Failed { op: failed, error: OpError::Closed, sent: Sent::Unknown } if failed == op)
    );
    assert_eq!(rig.event(), Event::Closed);
    assert!(rig.cancelled.contains(&stream.id) && rig.cancelled.contains(&call.id));
    let cancelled = rig.post("notifications/cancelled");
    assert_eq!(body(&cancelled)["params"]["requestId"], body(&call)["id"]);
    let delete = rig.take();
    assert_eq!((delete.method, header(&delete, "mcp-session-id")), (Method::Delete, Some("canary-session")));
    rig.list();
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Closed, sent: Sent::No, .. }));
    rig.quiet();
}
