//! Rows of the list of attacks that a session must survive, by their ids.

use mcp::{Event, Input, OpError, Sent};
use serde_json::json;

use crate::rig::{Rig, body, config, handshake, legacy, legacy_with, modern, modern_with, oldest};

const CANARIES: [&str; 2] = ["canary-token", "canary-session"];

#[test]
fn x21_x113_secrets_never_show_in_debug_output() {
    let mut shown = format!("{:?}", config());
    for (mut rig, stream) in [legacy(), oldest()] {
        let op = rig.call("echo", "{}");
        let call = rig.post("tools/call");
        shown.push_str(&format!("{:?} {call:?} {stream:?} {op:?} ", rig.session));
        let head = mcp::Input::Response {
            id: call.id,
            status: 200,
            headers: vec![("Mcp-Session-Id".into(), "canary-session".into())],
        };
        shown.push_str(&format!("{head:?}"));
        rig.fail(&call);
        shown.push_str(&format!("{:?}", rig.events));
    }
    assert!(shown.contains("Authorization") && shown.contains("***"), "{shown}");
    for canary in CANARIES {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}

#[test]
fn x20_the_message_address_of_another_origin_gets_nothing() {
    for address in ["https://evil.example/m", "//evil.example/m", "/\\evil.example/m", "javascript:alert(1)"] {
        let mut config = config();
        config.era = mcp::EraChoice::LegacySse;
        let mut rig = Rig::new(config);
        rig.connect();
        let stream = rig.take();
        rig.open(&stream);
        rig.bytes(&stream, format!("event: endpoint\ndata: {address}\n\n").as_bytes());
        assert!(matches!(rig.event(), Event::Failed { error: OpError::ForeignEndpoint { .. }, sent: Sent::No, .. }));
        assert_eq!(rig.cancelled, [stream.id]);
        rig.quiet();
    }
}

#[test]
fn x20_a_second_message_address_is_ignored() {
    let (mut rig, stream) = oldest();
    rig.bytes(&stream, b"event: endpoint\ndata: /other\n\n");
    assert!(matches!(rig.event(), Event::Ignored { .. }));
    rig.call("echo", "{}");
    assert_eq!(rig.post("tools/call").url, "https://mcp.example.com/message?sessionId=canary-session");
}

#[test]
fn x27_headers_that_would_split_a_request_are_refused_before_anything_is_sent() {
    for (name, value) in [("X-Key", "a\r\nHost: evil"), ("X Key", "a"), ("X-Key", "ä"), ("", "a")] {
        let mut config = config();
        config.headers = vec![(name.into(), value.into())];
        let mut rig = Rig::new(config);
        rig.connect();
        let Event::Failed { error, sent: Sent::No, .. } = rig.event() else { panic!() };
        assert!(!error.to_string().contains("evil"));
        rig.quiet();
    }
    let mut config = config();
    config.headers = vec![("mcp-method".into(), "tools/call".into()), ("ACCEPT".into(), "*/*".into())];
    let mut rig = Rig::new(config);
    rig.connect();
    let discover = rig.post("server/discover");
    let count = |name: &str| discover.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count();
    assert_eq!((count("mcp-method"), count("accept")), (1, 1), "the protocol's own headers stay");
}

#[test]
fn x40_a_list_that_never_ends_is_refused() {
    let mut rig = modern();
    rig.list();
    for _ in 0..2 {
        let list = rig.post("tools/list");
        rig.result(&list, r#"{"tools":[],"nextCursor":"again"}"#);
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::CursorLoop, .. }));
    rig.quiet();

    let mut config = config();
    config.limits.pages = 7;
    let mut rig = modern_with(config);
    rig.list();
    for page in 0..7 {
        let list = rig.post("tools/list");
        rig.result(&list, &format!(r#"{{"tools":[],"nextCursor":"{page}"}}"#));
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::TooMuch { what: "pages", limit: 7 }, .. }));
    rig.quiet();
}

#[test]
fn x40_ten_thousand_tools_and_five_megabytes_are_refused_and_a_thousand_are_not() {
    let tools = |count: usize, pad: usize| {
        let tools: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"name":"t{n}","description":"{}","inputSchema":{{}}}}"#, "x".repeat(pad)))
            .collect();
        format!(r#"{{"tools":[{}]}}"#, tools.join(","))
    };
    for (count, pad, what) in
        [(10_000, 0, Some("tools")), (1, 5 << 20, Some("bytes")), (1, 9 << 20, Some("bytes")), (1_000, 500, None)]
    {
        let mut rig = modern();
        rig.list();
        let list = rig.post("tools/list");
        rig.result(&list, &tools(count, pad));
        match (rig.event(), what) {
            (Event::Tools { tools, .. }, None) => assert_eq!(tools.len(), 1_000),
            (Event::Failed { error: OpError::TooMuch { what, .. }, .. }, Some(expected)) => assert_eq!(what, expected),
            (event, _) => panic!("{event:?}"),
        }
    }
}

#[test]
fn x40_a_flood_of_changes_is_told_once() {
    let (mut rig, stream) = legacy();
    for _ in 0..10_000 {
        rig.message(&stream, r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    }
    rig.pass(1_000);
    assert_eq!(rig.events.len(), 1, "{:?}", rig.events);
}

#[test]
fn x41_a_reference_to_the_network_is_never_followed() {
    let mut rig = modern();
    rig.list();
    let list = rig.post("tools/list");
    rig.result(&list, r#"{"tools":[{"name":"t","inputSchema":{"$ref":"https://evil.example/schema.json"}}]}"#);
    assert!(matches!(rig.event(), Event::Tools { tools, .. } if tools.len() == 1));
    rig.quiet();
}

#[test]
fn x42_tools_with_invalid_headers_are_left_out_by_name_and_cannot_be_called() {
    let mut rig = modern();
    rig.list();
    let list = rig.post("tools/list");
    rig.result(
        &list,
        r#"{"tools":[
            {"name":"crlf","inputSchema":{"type":"object","properties":{"p":{"type":"string","x-mcp-header":"A\r\nB: c"}}}},
            {"name":"valid_tool","inputSchema":{"type":"object","properties":{"p":{"type":"string","x-mcp-header":"A"}}}}]}"#,
    );
    let Event::Tools { tools, excluded, .. } = rig.event() else { panic!() };
    assert_eq!(tools[0]["name"], "valid_tool");
    assert_eq!(excluded[0].name, "crlf");
    assert!(excluded[0].reason.contains("x-mcp-header"), "{}", excluded[0].reason);
    rig.call("crlf", "{}");
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Excluded { .. }, sent: Sent::No, .. }));
    rig.quiet();
    rig.call("valid_tool", "{}");
    rig.post("tools/call");
}

#[test]
fn x58_oversized_and_endless_answers_are_cut_off() {
    let mut small = config();
    small.limits.message_bytes = 10_000;
    small.limits.response_bytes = 100_000;
    small.limits.events = 500;
    for (what, chunk) in [
        ("bytes", "data: ".to_owned() + &"x".repeat(900)),
        ("bytes", format!("data: {}\n", "x".repeat(900))),
        ("bytes", format!(": {}\n\n", "x".repeat(900))),
        ("events", "data: {}\n\n".repeat(50)),
        ("nesting", format!("data: {}\n\n", "[".repeat(5_000))),
    ] {
        let mut rig = modern_with(small.clone());
        let op = rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.open(&call);
        for _ in 0..200 {
            rig.bytes(&call, chunk.as_bytes());
        }
        let failed = rig.events.iter().find(|event| matches!(event, Event::Failed { .. }));
        let Some(Event::Failed { op: failed, error: OpError::TooMuch { what: named, .. }, sent: Sent::Unknown }) =
            failed
        else {
            panic!("{what}: {failed:?}")
        };
        assert_eq!((*failed, *named), (op, what));
        assert_eq!(rig.cancelled, [call.id], "{what}");
    }
    let mut rig = modern_with(small);
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.json(&call, 200, &"x".repeat(10_001));
    assert!(matches!(rig.event(), Event::Failed { error: OpError::TooMuch { what: "bytes", limit: 10_000 }, .. }));
    let op = rig.call("t", "{}");
    let call = rig.post("tools/call");
    let deep = format!(r#"{{"content":[],"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    rig.result(&call, &deep);
    assert!(
        matches!(rig.event(), Event::Failed { op: failed, error: OpError::TooMuch { what: "nesting", .. }, .. } if failed == op)
    );
}

#[test]
fn x58_a_million_blocks_are_shown_in_part() {
    let mut rig = modern();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    let blocks = vec![r#"{"t":1}"#; 1_000_000].join(",");
    rig.result(&call, &format!(r#"{{"content":[{blocks}],"isError":true}}"#));
    let Event::Called { result, .. } = rig.event() else { panic!() };
    assert_eq!((result.content().len(), result.dropped_blocks), (1_000, 999_000));
    assert!(result.is_error());
}

#[test]
fn x57_unknown_parts_of_a_result_are_kept_in_order() {
    let raw = r#"{"content":[{"type":"hologram","z":1,"a":2}],"structuredContent":[1],"_meta":{"k":1},"later":{"y":0,"b":1}}"#;
    for mut rig in [modern(), legacy().0] {
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, raw);
        let Event::Called { result, .. } = rig.event() else { panic!() };
        assert_eq!(result.raw.to_string(), raw);
        assert_eq!((result.structured(), result.meta()), (Some(&json!([1])), Some(&json!({"k": 1}))));
    }
}

#[test]
fn x81_only_web_addresses_are_asked_to_be_opened() {
    let (mut rig, stream) = legacy();
    for url in
        ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " https://a.example", "intent://x", "ü"]
    {
        rig.message(
            &stream,
            &json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create",
            "params": {"mode": "url", "message": "m", "url": url}})
            .to_string(),
        );
        let reply = rig.take();
        assert_eq!(body(&reply)["error"]["code"], -32602, "{url}");
        rig.quiet();
    }
}

#[test]
fn x84_endless_rounds_end_and_the_same_question_is_counted() {
    let ask = r#"{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{"message":"?","requestedSchema":{}}}}}"#;
    let mut rig = modern();
    rig.call("t", "{}");
    for round in 0..10 {
        let call = rig.post("tools/call");
        rig.result(&call, ask);
        let Event::Asked(asked) = rig.event() else { panic!() };
        assert_eq!(asked.repeated, round);
        rig.session.answer(asked.id, mcp::Answer::Cancel, rig.now);
        rig.pump();
        rig.event();
    }
    let call = rig.post("tools/call");
    rig.result(&call, ask);
    assert!(matches!(
        rig.event(),
        Event::Failed { error: OpError::TooMuch { what: "rounds", limit: 10 }, sent: Sent::Yes, .. }
    ));
    rig.quiet();

    let mut rig = modern();
    rig.call("t", "{}");
    let mut sent = 0;
    while let Some(call) = rig.fetches.pop_front() {
        sent += 1;
        rig.result(&call, r#"{"resultType":"input_required","requestState":"s"}"#);
    }
    assert_eq!(sent, 11);
}

#[test]
fn x85_a_huge_or_odd_state_is_refused() {
    for state in [json!("x".repeat(70_000)), json!({"a": 1}), json!(7)] {
        let mut rig = modern();
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, &json!({"resultType": "input_required", "requestState": state}).to_string());
        assert!(matches!(rig.event(), Event::Failed { sent: Sent::Yes, .. }));
        rig.quiet();
    }
}

#[test]
fn x86_input_that_is_not_offered_fails_the_call() {
    for method in ["sampling/createMessage", "roots/list", "eval"] {
        let mut rig = modern();
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.result(
            &call,
            &json!({"resultType": "input_required", "inputRequests": {"k": {"method": method}}}).to_string(),
        );
        assert!(matches!(rig.event(), Event::Failed { error: OpError::NotOffered { .. }, .. }));
        rig.quiet();
    }
}

#[test]
fn x110_events_are_messages_and_nothing_else() {
    let mut rig = modern();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.bytes(&call, b"event: execute\ndata: alert(1)\n\nevent: endpoint\ndata: https://evil.example\n\ndata: not json\n\ndata: [1]\n\n");
    assert_eq!(rig.events.len(), 4);
    assert!(rig.events.iter().all(|event| matches!(event, Event::Ignored { .. })), "{:?}", rig.events);
    rig.events.clear();
    let text = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[]}}}}"#, body(&call)["id"]);
    rig.message(&call, &text);
    assert!(matches!(rig.event(), Event::Called { .. }));
}

#[test]
fn x111_only_the_first_answer_with_the_right_id_on_the_right_stream_counts() {
    let (mut rig, stream) = legacy();
    let first = rig.call("a", "{}");
    let second = rig.call("b", "{}");
    let (a, b) = (rig.post("tools/call"), rig.post("tools/call"));
    rig.open(&a);
    rig.open(&b);
    let answer = |id: &serde_json::Value, text: &str| {
        json!({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}]}}).to_string()
    };
    let (id_a, id_b) = (body(&a)["id"].clone(), body(&b)["id"].clone());
    for (on, id) in [
        (&a, &id_b),
        (&b, &id_a),
        (&stream, &id_a),
        (&a, &json!(id_a.to_string())),
        (&a, &json!(99_999)),
        (&a, &json!(null)),
    ] {
        rig.message(on, &answer(id, "forged"));
        assert!(matches!(rig.event(), Event::Ignored { .. }), "{id} was taken");
        rig.quiet();
    }
    rig.message(&a, &answer(&id_a, "right"));
    rig.message(&a, &answer(&id_a, "second"));
    let Event::Called { op, result } = rig.event() else { panic!() };
    assert_eq!((op, result.content()[0]["text"].as_str()), (first, Some("right")));
    rig.quiet();
    rig.json(&b, 200, "");
    rig.end(&b);
    let _ = second;
}

#[test]
fn x111_a_json_answer_with_a_foreign_id_is_no_answer() {
    let mut rig = modern();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.json(&call, 200, r#"{"jsonrpc":"2.0","id":424242,"result":{"content":[]}}"#);
    assert!(matches!(rig.event(), Event::Ignored { .. }));
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Malformed { .. }, sent: Sent::Unknown, .. }));
    rig.quiet();
}

#[test]
fn x111_an_unknown_result_type_is_invalid_and_none_is_complete() {
    for (kind, valid) in [
        ("", true),
        (r#""resultType":"complete","#, true),
        (r#""resultType":"task","#, false),
        (r#""resultType":7,"#, false),
    ] {
        let mut rig = modern();
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, &format!(r#"{{{kind}"content":[]}}"#));
        match rig.event() {
            Event::Called { .. } => assert!(valid, "{kind}"),
            Event::Failed { error: OpError::Invalid { .. }, .. } => assert!(!valid, "{kind}"),
            event => panic!("{event:?}"),
        }
    }
}

#[test]
fn x111_requests_on_a_modern_stream_are_rejected() {
    let mut rig = modern();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.message(
        &call,
        r#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"?","requestedSchema":{}}}"#,
    );
    assert!(matches!(rig.event(), Event::Ignored { .. }));
    rig.quiet();
}

#[test]
fn x112_the_version_is_told_and_an_unknown_one_is_refused() {
    let (rig, _stream) = oldest();
    assert_eq!(rig.session.connected().unwrap().protocol, "2024-11-05");
    let mut legacy = config();
    legacy.era = mcp::EraChoice::Legacy;
    for version in ["2024-10-07", "1.0", ""] {
        let mut rig = Rig::new(legacy.clone());
        rig.connect();
        let initialize = rig.post("initialize");
        rig.result(&initialize, &json!({"protocolVersion": version, "capabilities": {}}).to_string());
        assert!(matches!(rig.event(), Event::Failed { error: OpError::Version { .. }, .. }));
        rig.quiet();
    }
}

#[test]
fn x113_a_session_id_that_is_no_id_is_not_used() {
    let mut legacy = config();
    legacy.era = mcp::EraChoice::Legacy;
    let mut rig = Rig::new(legacy);
    rig.connect();
    let initialize = rig.post("initialize");
    let text = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{}}}"#, body(&initialize)["id"], crate::rig::INITIALIZED);
    rig.reply(&initialize, 200, &[("content-type", "application/json"), ("mcp-session-id", "a b\r\nX: y")], &text);
    let initialized = rig.post("notifications/initialized");
    assert_eq!(crate::rig::header(&initialized, "mcp-session-id"), None);
}

#[test]
fn x115_floods_of_progress_and_logs_are_thinned() {
    let mut rig = modern();
    let op = rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    for n in 0..10_000 {
        rig.message(&call, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{op},"progress":{n}}}}}"#));
        rig.message(
            &call,
            &format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{n}}}}}"#),
        );
    }
    rig.pass(100);
    let progress: Vec<f64> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Progress { progress, .. } => Some(*progress),
            _ => None,
        })
        .collect();
    assert_eq!(progress, [0.0, 9_999.0], "the first and the latest");
    let logs = rig.events.iter().filter(|event| matches!(event, Event::Log { .. })).count();
    assert_eq!(logs, 20);
    rig.events.clear();
    rig.pass(1_000);
    rig.message(&call, r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#);
    assert!(matches!(rig.event(), Event::Log { dropped: 9_980, .. }));
    for foreign in [json!(op.get() + 1), json!("x"), json!(null)] {
        rig.message(&call, &json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": foreign, "progress": 1e9}}).to_string());
        assert!(matches!(rig.event(), Event::Ignored { .. }));
    }
    for _ in 0..1_000 {
        rig.message(&call, "{}");
    }
    assert!(rig.events.len() < 100, "what is ignored is not a flood either");
}

#[test]
fn x115_a_flood_of_pings_is_not_answered_one_by_one() {
    let (mut rig, stream) = legacy();
    let flood = |rig: &mut Rig, method: &str| {
        for id in 0..1_000 {
            rig.message(&stream, &json!({"jsonrpc": "2.0", "id": id, "method": method}).to_string());
        }
        rig.events.clear();
        rig.fetches.drain(..).collect::<Vec<_>>()
    };
    // A server that leaves the answers open gets no more of them until they are given up.
    let stuck = flood(&mut rig, "ping");
    assert_eq!(stuck.len(), 8);
    rig.pass(29_999);
    assert_eq!((flood(&mut rig, "x/unknown").len(), rig.cancelled.len()), (0, 0));
    rig.pass(1);
    assert_eq!(rig.cancelled, stuck.iter().map(|reply| reply.id).collect::<Vec<_>>());
    // A server that takes them at once has a limit for each second.
    for _ in 0..2 {
        rig.pass(1_000);
        let mut answered = 0;
        for _ in 0..10 {
            let replies = flood(&mut rig, "ping");
            answered += replies.len();
            for reply in replies {
                rig.reply(&reply, 202, &[], "");
            }
        }
        assert_eq!(answered, 20);
    }
    // One that has to wait for a sign-in is not given up.
    rig.pass(1_000);
    rig.message(&stream, r#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#);
    let last = rig.take();
    rig.input(Input::SigningIn(true));
    rig.pass(100_000);
    rig.input(Input::SigningIn(false));
    rig.pass(29_999);
    assert!(!rig.cancelled.contains(&last.id));
    rig.pass(1);
    assert!(rig.cancelled.contains(&last.id));
    rig.quiet();
}

#[test]
fn x115_a_flood_of_questions_is_declined() {
    let mut config = config();
    config.limits.asks = 3;
    let (mut rig, stream) = legacy_with(config);
    for id in 0..10 {
        rig.message(
            &stream,
            &json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create",
            "params": {"message": "?", "requestedSchema": {}}})
            .to_string(),
        );
    }
    assert_eq!(rig.events.len(), 3);
    assert_eq!(rig.fetches.len(), 7);
    for reply in &rig.fetches {
        assert_eq!(body(reply)["error"]["code"], -32603);
    }
}

#[test]
fn x115_questions_that_are_taken_back_at_once_are_limited_in_a_minute() {
    let (mut rig, stream) = legacy_with(config());
    let ask = |rig: &mut Rig, id: u64| {
        let question = json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create",
            "params": {"message": "?", "requestedSchema": {}}});
        rig.message(&stream, &question.to_string());
        let back = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
        rig.message(&stream, &back.to_string());
        let asked = rig.events.iter().filter(|event| matches!(event, Event::Asked(_))).count();
        rig.events.clear();
        asked
    };
    assert_eq!((0..33).map(|id| ask(&mut rig, id)).sum::<usize>(), 30);
    assert_eq!(rig.fetches.len(), 3);
    for reply in &rig.fetches {
        assert_eq!(body(reply)["error"]["code"], -32603);
    }
    rig.pass(60_000);
    assert_eq!(ask(&mut rig, 40), 1);
}

#[test]
fn x119_the_name_a_server_gives_itself_changes_nothing() {
    let (rig, _stream) = legacy();
    assert_eq!(rig.session.connected().unwrap().server_name(), "mcp-servers/everything");
    let mut legacy = config();
    legacy.era = mcp::EraChoice::Legacy;
    let mut rig = Rig::new(legacy);
    rig.connect();
    handshake(&mut rig, "s");
    assert!(matches!(rig.event(), Event::Connected(connected) if connected.server["title"] == "Everything"));
}
