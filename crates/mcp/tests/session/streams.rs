//! Answers in streams: progress, questions, resumption, broken streams, cancelling, time.

use mcp::{Answer, Ask, Event, Listed, Method, OpError, Sent};
use serde_json::json;

use crate::rig::{Rig, body, config, header, legacy, legacy_with, modern, modern_has, oldest};

const FORM: &str = r#"{"message":"Your name?","requestedSchema":{"type":"object","properties":{"name":{"type":"string","default":"x"}}}}"#;

fn result_of(request: &mcp::HttpRequest, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, body(request)["id"])
}

#[test]
fn a_question_on_the_standing_stream_is_asked_and_answered_while_the_call_waits() {
    let (mut rig, stream) = legacy();
    let op = rig.call("trigger-elicitation", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.message(&stream, &format!(r#"{{"jsonrpc":"2.0","id":0,"method":"elicitation/create","params":{FORM}}}"#));
    let Event::Asked(asked) = rig.event() else { panic!() };
    assert_eq!((asked.message.as_str(), asked.op), ("Your name?", None));
    let Ask::Form { schema } = &asked.kind else { panic!() };
    assert_eq!(schema["properties"]["name"]["default"], "x");
    rig.pass(3_600_000);
    rig.quiet();
    rig.session.answer(asked.id, Answer::Accept(Some(json!({"name": "x"}))), rig.now);
    rig.pump();
    let answer = rig.take();
    assert_eq!(
        body(&answer),
        json!({"jsonrpc": "2.0", "id": 0, "result": {"action": "accept", "content": {"name": "x"}}})
    );
    assert_eq!(header(&answer, "mcp-session-id"), Some("canary-session"));
    rig.reply(&answer, 202, &[], "");
    rig.pass(119_999);
    let text = result_of(&call, r#"{"content":[]}"#);
    rig.message(&call, &text);
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op), "the person's hour did not count");
    rig.quiet();
}

#[test]
fn questions_can_be_declined_closed_taken_back_and_are_asked_once() {
    let (mut rig, stream) = legacy();
    let question =
        |id: &str| format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"elicitation/create","params":{FORM}}}"#);
    for (answer, action) in [(Answer::Decline, "decline"), (Answer::Cancel, "cancel")] {
        rig.message(&stream, &question("q"));
        rig.message(&stream, &question("q"));
        let Event::Asked(asked) = rig.event() else { panic!() };
        assert!(matches!(rig.event(), Event::Ignored { .. }), "asked once");
        rig.session.answer(asked.id, answer.clone(), rig.now);
        rig.session.answer(asked.id, answer, rig.now);
        rig.pump();
        let reply = rig.take();
        assert_eq!(body(&reply)["result"], json!({ "action": action }));
        rig.quiet();
    }
    rig.message(&stream, &question("r"));
    let Event::Asked(asked) = rig.event() else { panic!() };
    rig.message(&stream, r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"r"}}"#);
    assert_eq!(rig.event(), Event::AskWithdrawn { id: asked.id, reason: None });
    rig.session.answer(asked.id, Answer::Decline, rig.now);
    rig.pump();
    rig.quiet();
}

#[test]
fn the_reason_for_which_a_question_is_taken_back_is_told_and_cut() {
    let (mut rig, stream) = legacy();
    for (reason, told) in [
        (json!("the form expired"), Some("the form expired".to_owned())),
        (json!("é".repeat(9_000)), Some("é".repeat(500))),
        (json!({ "not": "text" }), None),
    ] {
        rig.message(&stream, &format!(r#"{{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{FORM}}}"#));
        let id = rig.asked().id;
        let params = json!({ "requestId": "q", "reason": reason });
        let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
        rig.message(&stream, &cancelled.to_string());
        assert_eq!(rig.event(), Event::AskWithdrawn { id, reason: told });
    }
    rig.quiet();
}

#[test]
fn a_question_by_address_comes_with_its_address() {
    let (mut rig, stream) = legacy();
    rig.message(
        &stream,
        r#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"mode":"url","message":"Open","url":"https://pay.example/x?y","elicitationId":"e-1"}}"#,
    );
    let Event::Asked(asked) = rig.event() else { panic!() };
    assert_eq!(asked.kind, Ask::Url { url: "https://pay.example/x?y".into(), elicitation: Some("e-1".into()) });
    // Whatever the host hands in: the answer to an address has no content.
    rig.session.answer(asked.id, Answer::Accept(Some(json!({"secret": 1}))), rig.now);
    rig.pump();
    let reply = rig.take();
    assert_eq!(body(&reply)["result"], json!({"action": "accept"}));
    rig.message(
        &stream,
        r#"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e-1"}}"#,
    );
    assert_eq!(rig.event(), Event::ElicitationComplete { elicitation: "e-1".into() });
}

#[test]
fn x86_roots_and_sampling_are_not_offered_and_declined() {
    for (mut rig, stream) in [legacy(), oldest()] {
        for method in ["roots/list", "sampling/createMessage", "tasks/get"] {
            rig.message(&stream, &format!(r#"{{"jsonrpc":"2.0","id":"a","method":"{method}","params":{{}}}}"#));
            let reply = rig.take();
            assert_eq!((&body(&reply)["id"], &body(&reply)["error"]["code"]), (&json!("a"), &json!(-32601)));
        }
        rig.message(&stream, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
        let reply = rig.take();
        assert_eq!(body(&reply), json!({"jsonrpc": "2.0", "id": 7, "result": {}}));
        rig.quiet();
    }
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    let capabilities = &body(&discover)["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(*capabilities, json!({"elicitation": {"form": {}, "url": {}}}));
}

#[test]
fn a_polled_stream_is_gone_on_with_after_the_time_the_server_named() {
    let (mut rig, _stream) = legacy();
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.bytes(&call, b"id: event-1\nretry: 500\ndata: \n\n");
    rig.end(&call);
    rig.pass(499);
    rig.quiet();
    rig.pass(1);
    let get = rig.take();
    assert_eq!((get.method, header(&get, "last-event-id")), (Method::Get, Some("event-1")));
    assert_eq!(header(&get, "mcp-session-id"), Some("canary-session"));
    rig.open(&get);
    rig.bytes(&get, b"id: event-2\ndata:\n\n");
    rig.fail(&get);
    rig.pass(500);
    let get = rig.take();
    assert_eq!(header(&get, "last-event-id"), Some("event-2"));
    rig.open(&get);
    let text = result_of(&call, r#"{"content":[]}"#);
    rig.message(&get, &text);
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
    rig.quiet();
}

#[test]
fn x114_a_resumption_that_leads_nowhere_ends_with_an_unknown_outcome() {
    let (mut rig, _stream) = legacy();
    rig.call("write", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.bytes(&call, b"id: 1\ndata:\n\n");
    rig.fail(&call);
    for _ in 0..5 {
        rig.pass(1_000);
        let get = rig.take();
        assert_eq!(get.method, Method::Get);
        rig.fail(&get);
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Network { .. }, sent: Sent::Unknown, .. }));
    rig.quiet();

    rig.call("write", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.bytes(&call, b"id: 1\ndata:\n\n");
    rig.end(&call);
    rig.pass(1_000);
    let get = rig.take();
    rig.reply(&get, 405, &[], "");
    assert!(matches!(rig.event(), Event::Failed { sent: Sent::Unknown, .. }));
    rig.quiet();
}

#[test]
fn x114_a_broken_stream_is_never_sent_again() {
    for (mut rig, stream) in [(modern(), None), {
        let (rig, stream) = legacy();
        (rig, Some(stream))
    }] {
        let _ = stream;
        let breaks: [fn(&mut Rig, &mcp::HttpRequest); 6] = [
            |rig, call| rig.fail(call),
            |rig, call| {
                rig.open(call);
                rig.fail(call)
            },
            |rig, call| {
                rig.open(call);
                rig.end(call)
            },
            |rig, call| {
                rig.head(call, 200, &[("content-type", "application/json")]);
                rig.bytes(call, b"{\"jsonrpc\"");
                rig.fail(call)
            },
            |rig, call| {
                rig.head(call, 200, &[("content-type", "application/json")]);
                rig.bytes(call, b"{\"jsonrpc\"");
                rig.end(call)
            },
            |rig, call| rig.reply(call, 504, &[], "gateway timeout"),
        ];
        for cut in breaks {
            let op = rig.call("write", "{}");
            let call = rig.post("tools/call");
            cut(&mut rig, &call);
            let Event::Failed { op: failed, sent, .. } = rig.event() else { panic!() };
            assert_eq!((failed, sent), (op, Sent::Unknown));
            rig.pass(1_000);
            rig.quiet();
        }
    }
}

#[test]
fn x114_a_request_that_never_left_is_known_to_be_unsent() {
    let mut rig = modern();
    rig.call("write", "{}");
    let call = rig.post("tools/call");
    rig.input(mcp::Input::Failed { id: call.id, why: "TypeError: bad header".into(), sent: Sent::No });
    assert!(matches!(rig.event(), Event::Failed { sent: Sent::No, .. }));
    rig.quiet();
}

#[test]
fn x114_losing_the_stream_of_http_sse_loses_every_answer() {
    let (mut rig, stream) = oldest();
    let first = rig.call("a", "{}");
    let second = rig.call("b", "{}");
    let a = rig.post("tools/call");
    rig.reply(&a, 202, &[], "Accepted");
    rig.fail(&stream);
    for op in [first, second] {
        assert!(matches!(rig.event(), Event::Failed { op: failed, sent: Sent::Unknown, .. } if failed == op));
    }
    assert!(matches!(rig.event(), Event::Disconnected { .. }));
    rig.fetches.clear();
    rig.list();
    let again = rig.take();
    assert_eq!(again.method, Method::Get, "the next operation connects again, straight to HTTP+SSE");
}

#[test]
fn the_standing_stream_is_opened_again_from_where_it_was() {
    let (mut rig, stream) = legacy();
    rig.bytes(&stream, b"id: 41\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n");
    rig.bytes(&stream, b"id: 42\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n");
    rig.pass(250);
    assert_eq!(rig.event(), Event::ListChanged(Listed::Tools));
    rig.quiet();
    rig.end(&stream);
    rig.pass(1_000);
    let stream = rig.take();
    assert_eq!((stream.method, header(&stream, "last-event-id")), (Method::Get, Some("42")));
    let mut opened = vec![stream];
    for _ in 0..20 {
        let stream = opened.last().cloned().unwrap();
        rig.fail(&stream);
        rig.pass(60_000);
        opened.extend(rig.fetches.drain(..));
    }
    assert_eq!(opened.len(), 5, "a stream that never stays open is left alone");
}

/// Makes a call and answers it.
fn one_call(rig: &mut Rig) {
    let op = rig.call("a", "{}");
    let call = rig.post("tools/call");
    let text = result_of(&call, r#"{"content":[]}"#);
    rig.reply(&call, 200, &[("content-type", "application/json")], &text);
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
}

#[test]
fn a_stream_that_was_left_alone_is_opened_by_the_next_answer_and_not_by_every_one() {
    let (mut rig, stream) = legacy();
    rig.fail(&stream);
    let mut tries = 0;
    for _ in 0..20 {
        rig.pass(60_000);
        // Among them is a ping after the silence.
        while let Some(fetch) = rig.fetches.pop_front() {
            tries += u32::from(fetch.method == Method::Get);
            rig.fail(&fetch);
        }
    }
    assert_eq!(tries, 5);
    one_call(&mut rig);
    let stream = rig.take();
    assert_eq!(stream.method, Method::Get, "the server is there again");
    rig.fail(&stream);
    one_call(&mut rig);
    rig.pass(30_000);
    one_call(&mut rig);
    rig.quiet();
    rig.pass(30_000);
    one_call(&mut rig);
    let stream = rig.take();
    rig.open(&stream);
    rig.pass(20_000);
    rig.end(&stream);
    rig.pass(1_000);
    assert_eq!(rig.take().method, Method::Get, "one that stayed open counts as one that never failed");
}

#[test]
fn a_stream_that_wants_a_sign_in_is_opened_once_the_server_answers() {
    let (mut rig, stream) = legacy();
    rig.end(&stream);
    rig.pass(1_000);
    let stream = rig.take();
    rig.reply(&stream, 401, &[], "");
    rig.pass(3_600_000);
    rig.quiet();
    one_call(&mut rig);
    assert_eq!(rig.take().method, Method::Get);
}

#[test]
fn a_modern_server_is_listened_to_when_its_lists_can_change() {
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    rig.result(
        &discover,
        &crate::rig::DISCOVERED.replace(r#""tools":{}"#, r#""tools":{"listChanged":true},"prompts":{}"#),
    );
    rig.event();
    let listen = rig.post("subscriptions/listen");
    assert_eq!(body(&listen)["params"]["notifications"], json!({"toolsListChanged": true}));
    assert_eq!(header(&listen, "mcp-method"), Some("subscriptions/listen"));
    rig.open(&listen);
    rig.message(&listen, r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true}}}"#);
    rig.pass(3_600_000);
    rig.message(&listen, r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}}"#);
    rig.pass(250);
    assert_eq!(rig.event(), Event::ListChanged(Listed::Tools));
    rig.end(&listen);
    rig.pass(1_000);
    let listen = rig.post("subscriptions/listen");
    rig.error(&listen, 404, r#"{"code":-32601,"message":"Method not found"}"#);
    rig.pass(3_600_000);
    rig.quiet();
}

#[test]
fn silence_and_the_hard_limit_both_end_a_call() {
    let (mut rig, _stream) = legacy();
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    rig.pass(119_999);
    rig.quiet();
    rig.pass(1);
    assert!(
        matches!(rig.event(), Event::Failed { op: failed, error: OpError::Timeout { seconds: 120 }, sent: Sent::Unknown } if failed == op)
    );
    assert_eq!(rig.cancelled, [call.id]);
    let told = rig.post("notifications/cancelled");
    assert_eq!(body(&told)["params"]["requestId"], body(&call)["id"]);

    let mut rig = modern();
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    for minute in 0..9 {
        rig.pass(60_000);
        rig.message(&call, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{op},"progress":{minute}}}}}"#));
        assert!(matches!(rig.event(), Event::Progress { .. }));
    }
    rig.pass(60_000);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Timeout { seconds: 600 }, .. }));
    assert_eq!(rig.cancelled, [call.id]);
    rig.quiet();
}

#[test]
fn ct007_a_call_that_is_waited_on_for_has_its_time_again_also_beyond_the_hard_limit() {
    let mut rig = modern();
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    // Seven times within the silence that ends a call: beyond ten minutes.
    for _ in 0..7 {
        rig.pass(100_000);
        assert_eq!(rig.session.keep_waiting(op, rig.now), Some(120_000));
        rig.pump();
    }
    rig.pass(119_999);
    rig.quiet();
    rig.pass(1);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Timeout { .. }, .. }));
    assert_eq!(rig.cancelled, [call.id]);
    assert_eq!(rig.session.keep_waiting(op, rig.now), None, "it is over");
}

#[test]
fn an_operation_may_have_a_time_limit_of_its_own() {
    for limit in [1_000, 700_000] {
        let mut rig = Rig::new(config());
        // One waits for the connection, the other one is on its way.
        let waiting = rig.call("slow", "{}");
        rig.session.set_timeout(waiting, limit);
        let discover = rig.post("server/discover");
        rig.result(&discover, crate::rig::DISCOVERED);
        rig.event();
        let flying = rig.call("slow", "{}");
        rig.session.set_timeout(flying, limit);
        let usual = rig.call("slow", "{}");
        rig.pass(limit.min(119_999));
        if limit > 600_000 {
            assert!(rig.events.is_empty(), "{:?}", rig.events);
            rig.pass(1);
            assert!(matches!(rig.event(), Event::Failed { op, .. } if op == usual));
            rig.pass(limit - 120_001);
            assert!(rig.events.is_empty(), "{:?}", rig.events);
            rig.pass(1);
        }
        for expected in [waiting, flying] {
            let Event::Failed { op, error: OpError::Timeout { seconds }, .. } = rig.event() else { panic!() };
            assert_eq!((op, seconds), (expected, limit / 1_000));
        }
        assert!(rig.events.is_empty(), "{:?}", rig.events);
    }
}

#[test]
fn x116_a_cancelled_call_is_over_at_once_and_its_late_answer_is_thrown_away() {
    for (mut rig, legacy) in [(modern(), false), (legacy().0, true), (oldest().0, true)] {
        let op = rig.call("slow", "{}");
        let call = rig.post("tools/call");
        rig.session.cancel(op, rig.now);
        rig.pump();
        assert!(
            matches!(rig.event(), Event::Failed { op: failed, error: OpError::Cancelled, sent: Sent::Unknown } if failed == op)
        );
        assert!(rig.cancelled.contains(&call.id));
        if legacy {
            let told = rig.post("notifications/cancelled");
            assert_eq!(body(&told)["params"]["requestId"], body(&call)["id"]);
        }
        rig.result(&call, r#"{"content":[]}"#);
        rig.session.cancel(op, rig.now);
        rig.pump();
        rig.quiet();
    }
}

#[test]
fn a_call_that_waits_for_the_connection_is_cancelled_unsent() {
    let mut rig = Rig::new(config());
    let op = rig.call("write", "{}");
    rig.session.cancel(op, rig.now);
    rig.pump();
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Cancelled, sent: Sent::No, .. }));
}

#[test]
fn input_is_asked_for_and_goes_back_with_the_state_byte_for_byte() {
    let mut rig = modern();
    let op = rig.call("deploy", r#"{"to": "prod"}"#);
    let first = rig.post("tools/call");
    rig.result(
        &first,
        &format!(r#"{{"resultType":"input_required","requestState":"a\u002fb\/ü==","inputRequests":{{
            "who":{{"method":"elicitation/create","params":{FORM}}},
            "pay":{{"method":"elicitation/create","params":{{"mode":"url","message":"Pay","url":"https://pay.example"}}}}}}}}"#),
    );
    let (Event::Asked(who), Event::Asked(pay)) = (rig.event(), rig.event()) else { panic!() };
    assert_eq!((who.op, pay.op), (Some(op), Some(op)));
    rig.pass(3_600_000);
    rig.session.answer(pay.id, Answer::Decline, rig.now);
    rig.pump();
    rig.quiet();
    rig.call("other", "{}");
    let other = rig.post("tools/call");
    assert!(body(&other)["params"].get("requestState").is_none(), "the state belongs to one call");
    rig.session.answer(who.id, Answer::Accept(Some(json!({"name": "x"}))), rig.now);
    rig.pump();
    assert!(matches!(rig.event(), Event::SentAgain { why: mcp::Again::Input, .. }));
    let second = rig.post("tools/call");
    let text = second.body.as_deref().unwrap();
    assert!(text.contains(r#""requestState":"a\u002fb\/ü==""#), "{text}");
    assert!(text.contains(r#""arguments":{"to": "prod"}"#), "{text}");
    assert_ne!(body(&first)["id"], body(&second)["id"]);
    assert_eq!(
        body(&second)["params"]["inputResponses"],
        json!({"pay": {"action": "decline"}, "who": {"action": "accept", "content": {"name": "x"}}})
    );
    rig.result(&second, r#"{"resultType":"input_required","requestState":"only"}"#);
    rig.event();
    let third = rig.post("tools/call");
    assert_eq!(body(&third)["params"]["requestState"], "only");
    assert!(body(&third)["params"].get("inputResponses").is_none());
    rig.result(&third, r#"{"content":[]}"#);
    assert!(matches!(rig.event(), Event::Called { .. }));
    rig.quiet();
}

/// What the Python SDK 2.3.0 answers when a tool asks by a resolver (`Resolve`, `Elicit`).
#[test]
fn a_resolver_of_the_python_sdk_asks_and_gets_its_answer() {
    let mut rig = modern();
    let op = rig.call("issue_card", "{}");
    let first = rig.post("tools/call");
    assert_eq!(
        body(&first)["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"]["elicitation"]["form"],
        json!({}),
        "the SDK asks nobody who does not offer forms"
    );
    rig.result(
        &first,
        r#"{"inputRequests":{"__main__:ask_for_card":{"method":"elicitation/create","params":{"message":"Who is the card for?","mode":"form","requestedSchema":{"properties":{"name":{"description":"Name on the card","title":"Name","type":"string"},"years":{"default":1,"description":"For how many years","maximum":5,"minimum":1,"title":"Years","type":"integer"}},"required":["name"],"type":"object"}}}},"requestState":"v1.MGqUC0sCIZooBdfWm8OnhfQofztai-GpJBNOO_UKhJpJHhGdW2zVHJhG","resultType":"input_required","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"library","version":""}}}"#,
    );
    let Event::Asked(asked) = rig.event() else { panic!() };
    assert_eq!((asked.message.as_str(), asked.op), ("Who is the card for?", Some(op)));
    let Ask::Form { schema } = &asked.kind else { panic!() };
    assert_eq!(schema["required"], json!(["name"]));
    rig.session.answer(asked.id, Answer::Accept(Some(json!({"name": "Ada", "years": 2}))), rig.now);
    rig.pump();
    assert!(matches!(rig.event(), Event::SentAgain { why: mcp::Again::Input, .. }));
    let second = rig.post("tools/call");
    assert_eq!(
        body(&second)["params"]["inputResponses"],
        json!({"__main__:ask_for_card": {"action": "accept", "content": {"name": "Ada", "years": 2}}})
    );
    assert_eq!(body(&second)["params"]["requestState"], "v1.MGqUC0sCIZooBdfWm8OnhfQofztai-GpJBNOO_UKhJpJHhGdW2zVHJhG");
    rig.result(&second, r#"{"content":[{"text":"Card for Ada, 2 years","type":"text"}],"isError":false,"resultType":"complete","structuredContent":{"result":"Card for Ada, 2 years"},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"library","version":""}}}"#);
    assert!(matches!(rig.event(), Event::Called { .. }));
    rig.quiet();
}

/// What the Python SDK 2.3.0 answers when a tool asks by `ctx.elicit`: 2026-07-28 forbids servers requests of their own,
/// so its question never leaves the server. What the tool did before is done, so the call does not go out again.
#[test]
fn a_question_that_this_revision_leaves_no_way_for_fails_with_the_words_of_the_server() {
    let mut rig = modern();
    let op = rig.call("issue_card", "{}");
    let call = rig.post("tools/call");
    let words =
        "Cannot send 'elicitation/create': this transport context has no back-channel for server-initiated requests.";
    rig.error(&call, 400, &format!(r#"{{"code":-32600,"message":"{words}"}}"#));
    let error = OpError::Rpc { code: -32600, message: words.into(), data: None };
    assert_eq!(rig.event(), Event::Failed { op, error, sent: Sent::Yes });
    rig.quiet();
}

#[test]
fn cancelling_while_the_person_is_asked_withdraws_the_question() {
    let mut rig = modern();
    let op = rig.call("deploy", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &format!(r#"{{"resultType":"input_required","inputRequests":{{"who":{{"method":"elicitation/create","params":{FORM}}}}}}}"#));
    let Event::Asked(asked) = rig.event() else { panic!() };
    rig.session.cancel(op, rig.now);
    rig.pump();
    assert_eq!(rig.event(), Event::AskWithdrawn { id: asked.id, reason: None });
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Cancelled, sent: Sent::Yes, .. }));
    rig.session.answer(asked.id, Answer::Decline, rig.now);
    rig.pump();
    rig.quiet();
}

#[test]
fn a_list_comes_page_by_page_with_everything_it_holds() {
    // Older servers end their lists with an empty cursor; since 2026-07-28 that is a cursor like any other.
    for (mut rig, end) in [(modern(), "null"), (legacy().0, r#""""#)] {
        let op = rig.list();
        let first = rig.post("tools/list");
        assert!(body(&first)["params"].get("cursor").is_none());
        rig.result(&first, r#"{"tools":[{"name":"b","inputSchema":{"type":"object","$defs":{"z":1,"a":2}},"new":{"k":[1]}}],"nextCursor":"p\"2"}"#);
        let second = rig.post("tools/list");
        assert_eq!(body(&second)["params"]["cursor"], "p\"2");
        let last = r#"{"tools":[{"name":"a","inputSchema":{}},{"name":"b","inputSchema":{}},{"inputSchema":{}},7,{"name":"c"}],"nextCursor":"#;
        rig.result(&second, &format!("{last}{end}}}"));
        let Event::Tools { op: listed, tools, excluded } = rig.event() else { panic!() };
        assert_eq!(op, listed);
        assert_eq!(
            tools[0].to_string(),
            r#"{"name":"b","inputSchema":{"type":"object","$defs":{"z":1,"a":2}},"new":{"k":[1]}}"#
        );
        assert_eq!(tools.len(), 2);
        let names: Vec<&str> = excluded.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["b", "#4", "#5", "c"]);
        rig.quiet();
    }
}

#[test]
fn a_finished_stream_is_cut_off_when_the_server_leaves_it_open() {
    let mut rig = modern();
    rig.call("echo", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    let text = result_of(&call, r#"{"content":[]}"#);
    rig.message(&call, &text);
    rig.event();
    assert!(rig.cancelled.is_empty());
    rig.pass(1_000);
    assert_eq!(rig.cancelled, [call.id]);
    rig.quiet();
}

#[test]
fn a_server_that_is_silent_for_long_is_pinged_and_its_stream_opened_anew_if_it_does_not_answer() {
    let (mut rig, stream) = legacy();
    rig.pass(200_000);
    rig.bytes(&stream, b": still here\n\n");
    rig.pass(299_999);
    rig.quiet();
    rig.pass(1);
    let ping = rig.post("ping");
    assert!(ping.background, "nobody is bothered for it");
    rig.result(&ping, "{}");
    rig.pass(300_000);
    // An error is an answer too.
    let ping = rig.post("ping");
    rig.error(&ping, 200, r#"{"code":-32601,"message":"no"}"#);
    rig.quiet();
    rig.pass(300_000);
    let ping = rig.post("ping");
    rig.cancelled.clear();
    rig.pass(29_999);
    rig.quiet();
    rig.pass(1);
    assert_eq!(rig.event(), Event::Stale { error: OpError::Timeout { seconds: 30 } });
    assert_eq!(rig.cancelled, [ping.id, stream.id]);
    rig.post("notifications/cancelled");
    rig.quiet();
    rig.pass(1_000);
    let again = rig.take();
    assert_eq!((again.method, again.background), (Method::Get, true));
    rig.open(&again);
    rig.pass(299_999);
    rig.quiet();
}

#[test]
fn the_rhythm_of_pings_can_be_chosen_and_there_is_none_without_a_stream_or_in_2026() {
    for (ping, after) in [(10_000, Some(10_000)), (0, None)] {
        let mut config = config();
        config.timeouts.ping = ping;
        let (mut rig, _stream) = legacy_with(config);
        rig.pass(after.unwrap_or(86_400_000));
        match after {
            Some(_) => assert_eq!(body(&rig.take())["method"], "ping"),
            None => rig.quiet(),
        }
    }
    let (mut rig, stream) = legacy();
    rig.fail(&stream);
    rig.pass(1_000);
    let refused = rig.take();
    rig.reply(&refused, 405, &[], "");
    rig.pass(86_400_000);
    rig.quiet();
    let mut rig = modern_has(config(), r#"{"tools":{"listChanged":true}}"#);
    let listen = rig.post("subscriptions/listen");
    assert!(listen.background);
    rig.open(&listen);
    rig.pass(86_400_000);
    rig.quiet();
}

#[test]
fn pings_more_frequent_than_their_time_limit_do_not_pile_up_and_a_late_one_leaves_a_new_stream_alone() {
    for every in [2_000, 10_000] {
        let quick = || {
            let mut config = config();
            config.timeouts.ping = every;
            let (mut rig, stream) = legacy_with(config);
            rig.cancelled.clear();
            rig.pass(every);
            (rig.post("ping"), rig, stream)
        };
        let (ping, mut rig, stream) = quick();
        rig.pass(29_999);
        rig.quiet();
        rig.pass(1);
        assert_eq!(rig.event(), Event::Stale { error: OpError::Timeout { seconds: 30 } });
        assert_eq!(rig.cancelled, [ping.id, stream.id]);
        rig.post("notifications/cancelled");
        rig.quiet();
        rig.pass(1_000);
        let again = rig.take();
        rig.open(&again);
        rig.pass(every - 1);
        rig.quiet();

        // The stream is another one when the ping is late.
        let (ping, mut rig, stream) = quick();
        rig.fail(&stream);
        rig.pass(1_000);
        let again = rig.take();
        rig.open(&again);
        rig.pass(29_000);
        assert_eq!(rig.cancelled, [ping.id]);
        assert!(rig.events.is_empty(), "{:?}", rig.events);
    }
}

#[test]
fn a_session_that_a_ping_finds_lost_is_made_anew_without_asking_anybody_to_sign_in() {
    let (mut rig, _stream) = legacy();
    rig.pass(300_000);
    let ping = rig.post("ping");
    rig.reply(&ping, 404, &[], "no such session");
    let initialize = rig.post("initialize");
    assert!(initialize.background);
    // Something that the host wants meanwhile is worth asking for.
    let list = rig.list();
    rig.reply(&initialize, 401, &[], "no token");
    let initialize = rig.post("initialize");
    assert!(!initialize.background);
    rig.reply(&initialize, 401, &[], "no token");
    let failed = rig.event();
    assert!(matches!(&failed, Event::Failed { op, error: OpError::SignIn { .. }, .. } if *op == list), "{failed:?}");
    rig.quiet();
}

#[test]
fn one_ping_at_a_time_and_none_while_the_person_is_asked() {
    let (mut rig, stream) = legacy();
    rig.message(&stream, &format!(r#"{{"jsonrpc":"2.0","id":0,"method":"elicitation/create","params":{FORM}}}"#));
    let asked = rig.asked();
    rig.pass(3_600_000);
    rig.quiet();
    rig.answer(asked.id, Answer::Decline);
    rig.take();
    rig.pass(329_999);
    rig.post("ping");
    rig.quiet();
}

#[test]
fn x114_a_dead_stream_of_http_sse_is_found_by_a_ping_and_the_next_operation_connects_again() {
    let (mut rig, stream) = oldest();
    rig.pass(300_000);
    let ping = rig.post("ping");
    // The POST gets through, and the stream that was to bring the answer is dead.
    rig.reply(&ping, 202, &[], "Accepted");
    rig.pass(30_000);
    let error = OpError::Timeout { seconds: 30 };
    assert_eq!(rig.event(), Event::Stale { error: error.clone() });
    assert_eq!(rig.event(), Event::Disconnected { error });
    assert!(rig.cancelled.contains(&stream.id));
    rig.fetches.clear();
    rig.list();
    let again = rig.take();
    assert_eq!((again.method, again.background), (Method::Get, false));
}
