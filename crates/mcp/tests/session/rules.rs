//! Small rules of the specification: cancelling, pings, questions that are not offered, codes without a meaning, and what
//! a handshake declares.

use mcp::{Answer, Elicitation, EraChoice, Event, HttpRequest, OpError, Request, Sent};
use serde_json::{Value, json};

use crate::rig::{Rig, body, config, legacy, legacy_with, modern, oldest};

const BY_FORM: &str = r#"{"message":"Your name?","requestedSchema":{"type":"object"}}"#;
const BY_ADDRESS: &str = r#"{"mode":"url","message":"Open","url":"https://pay.example/x","elicitationId":"e-1"}"#;

/// A rig that waits for the answer to `initialize`, with a call behind it.
fn initializing() -> (Rig, mcp::OpId, HttpRequest) {
    let mut config = config();
    config.era = EraChoice::Legacy;
    let mut rig = Rig::new(config);
    let op = rig.call("write", "{}");
    let initialize = rig.post("initialize");
    (rig, op, initialize)
}

/// Whether anything that waits to be sent tells the server of a cancellation.
fn tells_of_a_cancellation(rig: &Rig) -> bool {
    rig.fetches.iter().any(|request| request.body.as_deref().is_some_and(|body| body.contains("cancelled")))
}

#[test]
fn initialize_is_never_cancelled() {
    // The call that waits for it is cancelled, and the handshake goes on.
    let (mut rig, op, initialize) = initializing();
    rig.session.cancel(op, rig.now);
    rig.pump();
    assert_eq!(rig.event(), Event::Failed { op, error: OpError::Cancelled, sent: Sent::No });
    assert!(rig.cancelled.is_empty());
    rig.quiet();
    rig.fetches.push_front(initialize);
    crate::rig::handshake(&mut rig, "s");
    assert!(matches!(rig.event(), Event::Connected(_)));
    rig.quiet();
    // It runs out of time, and the session is closed: the exchange ends, and no notification says so.
    let ends: [fn(&mut Rig); 2] = [
        |rig| rig.pass(30_000),
        |rig| {
            rig.session.close(rig.now);
            rig.pump();
        },
    ];
    for end in ends {
        let (mut rig, op, initialize) = initializing();
        end(&mut rig);
        assert!(matches!(rig.event(), Event::Failed { op: failed, sent: Sent::No, .. } if failed == op));
        assert_eq!(rig.cancelled, [initialize.id]);
        assert!(!tells_of_a_cancellation(&rig), "{:?}", rig.fetches);
    }
    // A call that is on its way is, so that this would be seen.
    let (mut rig, _stream) = legacy();
    let op = rig.call("slow", "{}");
    rig.post("tools/call");
    rig.session.cancel(op, rig.now);
    rig.pump();
    assert!(tells_of_a_cancellation(&rig));
}

#[test]
fn a_cancellation_of_something_unknown_or_done_is_ignored() {
    let (legacy_rig, legacy_stream) = legacy();
    let (oldest_rig, oldest_stream) = oldest();
    for (mut rig, stream, shared) in [(legacy_rig, legacy_stream, false), (oldest_rig, oldest_stream, true)] {
        let op = rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.open(&call);
        rig.message(
            &stream,
            &format!(r#"{{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{BY_FORM}}}"#),
        );
        let done = rig.asked();
        rig.answer(done.id, Answer::Decline);
        let answer = rig.take();
        rig.reply(&answer, 202, &[], "");
        rig.message(
            &stream,
            &format!(r#"{{"jsonrpc":"2.0","id":"r","method":"elicitation/create","params":{BY_FORM}}}"#),
        );
        let open = rig.asked();
        // The question that is done, one that never was, our own request, and nothing at all.
        let own = &body(&call)["id"];
        for params in [
            json!({"requestId": "q"}),
            json!({"requestId": "never", "reason": "x"}),
            json!({"requestId": own}),
            json!({"requestId": null}),
            json!({}),
            json!([1]),
        ] {
            rig.message(
                &stream,
                &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).to_string(),
            );
            rig.quiet();
        }
        rig.answer(open.id, Answer::Decline);
        assert_eq!(body(&rig.take())["id"], "r", "the open question is still open");
        let text = format!(r#"{{"jsonrpc":"2.0","id":{own},"result":{{"content":[]}}}}"#);
        rig.message(if shared { &stream } else { &call }, &text);
        assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op), "the call goes on");
    }
    let mut rig = modern();
    let op = rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.open(&call);
    let own = &body(&call)["id"];
    for id in [own.clone(), json!("never"), Value::Null] {
        let params = json!({"requestId": id});
        rig.message(
            &call,
            &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).to_string(),
        );
        rig.quiet();
    }
    rig.message(&call, &format!(r#"{{"jsonrpc":"2.0","id":{own},"result":{{"content":[]}}}}"#));
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
}

#[test]
fn a_ping_is_answered_at_once_with_an_empty_result() {
    for (mut rig, stream) in [legacy(), oldest()] {
        let ping = |rig: &mut Rig, id: Value| {
            rig.message(&stream, &json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string());
            let pong = rig.take();
            assert_eq!(body(&pong), json!({"jsonrpc": "2.0", "id": id, "result": {}}));
            rig.reply(&pong, 202, &[], "");
        };
        ping(&mut rig, json!("p"));
        ping(&mut rig, json!(0));
        // Also while the person is asked and a call is on its way.
        rig.call("slow", "{}");
        rig.post("tools/call");
        rig.message(
            &stream,
            &format!(r#"{{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{BY_FORM}}}"#),
        );
        rig.asked();
        ping(&mut rig, json!(7));
        rig.quiet();
    }
}

#[test]
fn a_mode_of_questions_that_is_not_offered_is_refused() {
    for (form, url, refused, taken) in [(true, false, BY_ADDRESS, BY_FORM), (false, true, BY_FORM, BY_ADDRESS)] {
        let mut config = config();
        config.elicitation = Elicitation { form, url };
        let (mut rig, stream) = legacy_with(config.clone());
        let ask =
            |params: &str| format!(r#"{{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{params}}}"#);
        rig.message(&stream, &ask(refused));
        let answer = rig.take();
        assert_eq!((&body(&answer)["id"], &body(&answer)["error"]["code"]), (&json!("q"), &json!(-32602)));
        assert!(body(&answer).get("result").is_none());
        rig.quiet();
        rig.message(&stream, &ask(taken));
        rig.asked();

        // 2026-07-28 has no way to refuse a question alone: what asks it fails.
        let mut rig = crate::rig::modern_with(config);
        for (params, is_refused) in [(refused, true), (taken, false)] {
            rig.call("t", "{}");
            let call = rig.post("tools/call");
            let declared = &body(&call)["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"]["elicitation"];
            assert_eq!((declared.get("form").is_some(), declared.get("url").is_some()), (form, url));
            rig.result(&call, &format!(r#"{{"resultType":"input_required","inputRequests":{{"k":{{"method":"elicitation/create","params":{params}}}}}}}"#));
            match rig.event() {
                Event::Failed { error: OpError::Invalid { what }, .. } if is_refused => assert!(what.contains("mode")),
                Event::Asked(_) if !is_refused => {}
                event => panic!("{event:?}"),
            }
            rig.quiet();
        }
    }
}

#[test]
fn no_meaning_is_read_into_the_codes_that_servers_may_use_as_they_like() {
    // The texts are those that mean something elsewhere.
    let words =
        ["No valid session ID provided", "Session not found", "Unsupported protocol version", "Header mismatch"];
    for code in -32_019..=-32_000 {
        for (status, words) in [200, 400, 404, 500].into_iter().zip(words) {
            let mut rig = modern();
            for plain in [false, true] {
                let (op, method) = match plain {
                    false => (rig.call("t", "{}"), "tools/call"),
                    true => (rig.request(Request::new("com.example/x", "{}")), "com.example/x"),
                };
                let request = rig.post(method);
                let data = json!({"supported": ["2025-11-25"], "elicitations": []});
                let error = json!({"code": code, "message": words, "data": data});
                rig.error(&request, status, &error.to_string());
                let error = OpError::Rpc { code, message: words.into(), data: Some(data) };
                assert_eq!(rig.event(), Event::Failed { op, error, sent: Sent::Yes });
                rig.quiet();
            }
            assert!(rig.session.connected().is_some(), "{code} {status}");
        }
    }
}

#[test]
fn x86_roots_and_sampling_are_declared_in_no_handshake() {
    let offered = json!({"elicitation": {"form": {}, "url": {}}});
    let (_, _, initialize) = initializing();
    assert_eq!(body(&initialize)["params"]["capabilities"], offered);
    // Also where it comes after a refusal, and on the stream of HTTP+SSE.
    let mut rig = Rig::new(config());
    rig.connect();
    let discover = rig.post("server/discover");
    let declared = &body(&discover)["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(*declared, offered);
    rig.reply(&discover, 405, &[], "Method Not Allowed");
    let initialize = rig.post("initialize");
    assert_eq!(body(&initialize)["params"]["capabilities"], offered);
    rig.reply(&initialize, 405, &[], "Method Not Allowed");
    let stream = rig.take();
    rig.open(&stream);
    rig.bytes(&stream, b"event: endpoint\ndata: /message\n\n");
    let initialize = rig.post("initialize");
    assert_eq!(body(&initialize)["params"]["capabilities"], offered);
}
