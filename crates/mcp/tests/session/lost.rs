//! Sessions that a server does not know any more, and requests that it had taken before it said so.

use mcp::{Again, Answer, Event, HttpRequest, List, Listed, Method, OpError, Request, Sent};
use serde_json::json;

use crate::rig::{Rig, body, config, handshake, handshake_with, header, legacy, legacy_has, modern, modern_has};

/// Breaks the stream of a taken request, and takes the GET that would go on with it.
fn resumption(rig: &mut Rig, request: &HttpRequest) -> HttpRequest {
    rig.open(request);
    rig.bytes(request, b"id: 1\ndata:\n\n");
    rig.fail(request);
    rig.pass(1_000);
    let get = rig.take();
    assert_eq!((get.method, header(&get, "last-event-id")), (Method::Get, Some("1")));
    get
}

/// Plays a handshake that nobody is bothered for.
fn quiet_handshake(rig: &mut Rig, session: &str) -> HttpRequest {
    let initialize = rig.take();
    assert!(initialize.background, "{initialize:?}");
    rig.fetches.push_front(initialize);
    let stream = handshake(rig, session);
    assert!(matches!(rig.event(), Event::Connected(_)));
    stream
}

/// A session whose standing stream ended, and which the server does not know any more when it is opened again.
fn forgotten() -> Rig {
    let (mut rig, stream) = legacy();
    rig.end(&stream);
    rig.pass(1_000);
    let again = rig.take();
    rig.reply(&again, 404, &[], "");
    rig
}

#[test]
fn x114_a_taken_call_is_never_sent_again_when_its_session_is_lost() {
    let (mut rig, stream) = legacy();
    let op = rig.call("write", "{}");
    let call = rig.post("tools/call");
    let get = resumption(&mut rig, &call);
    rig.reply(&get, 404, &[], "");
    let Event::Failed { op: failed, error, sent } = rig.event() else { panic!() };
    assert_eq!((failed, sent), (op, Sent::Unknown));
    assert!(matches!(error, OpError::Http { status: 404, .. }), "{error}");
    // The session is made anew, for what the server says by itself, and for what is asked next.
    assert!(rig.cancelled.contains(&stream.id));
    quiet_handshake(&mut rig, "another");
    rig.pass(60_000);
    assert_eq!(rig.event(), Event::ListChanged(Listed::Tools));
    rig.quiet();
    rig.call("next", "{}");
    let next = rig.post("tools/call");
    assert_eq!((&body(&next)["params"]["name"], header(&next, "mcp-session-id")), (&json!("next"), Some("another")));
}

#[test]
fn x114_nothing_that_may_write_is_sent_again_after_a_resumption_in_another_session() {
    for what in ["tools/call", "com.example/do", "logging/setLevel"] {
        let (mut rig, _stream) = legacy_has(config(), r#"{"tools":{},"logging":{}}"#);
        let op = match what {
            "tools/call" => rig.call("write", "{}"),
            "logging/setLevel" => {
                let op = rig.session.set_log_level(mcp::LogLevel::Info, rig.now);
                rig.pump();
                op
            }
            method => rig.request(Request::new(method, "{}")),
        };
        let request = rig.post(what);
        // Another operation finds the session lost meanwhile; the resumption goes out in the new one.
        rig.open(&request);
        rig.bytes(&request, b"id: 1\ndata:\n\n");
        rig.list();
        let list = rig.post("tools/list");
        rig.reply(&list, 404, &[], "gone");
        assert!(matches!(rig.event(), Event::SentAgain { why: Again::NewSession, .. }));
        handshake_with(&mut rig, "another", r#"{"tools":{}}"#);
        rig.event();
        let list = rig.post("tools/list");
        rig.result(&list, r#"{"tools":[]}"#);
        rig.event();
        rig.fail(&request);
        rig.pass(1_000);
        let get = rig.take();
        assert_eq!((get.method, header(&get, "mcp-session-id")), (Method::Get, Some("another")));
        rig.reply(&get, 404, &[], "");
        assert!(matches!(rig.event(), Event::Failed { op: failed, sent: Sent::Unknown, .. } if failed == op), "{what}");
        rig.pass(60_000);
        rig.quiet();
    }
}

#[test]
fn x114_what_only_reads_is_asked_for_again_in_the_new_session() {
    let (mut rig, _stream) = legacy_has(config(), r#"{"prompts":{}}"#);
    for list in [true, false] {
        let (op, method) = match list {
            true => (rig.lists(List::Prompts), "prompts/list"),
            false => (rig.request(Request::prompt("p", "{}")), "prompts/get"),
        };
        let first = rig.post(method);
        let get = resumption(&mut rig, &first);
        rig.reply(&get, 404, &[], "");
        assert_eq!(rig.event(), Event::SentAgain { op, why: Again::NewSession });
        handshake_with(&mut rig, "another", r#"{"prompts":{}}"#);
        rig.event();
        let second = rig.post(method);
        rig.pass(250);
        // What is read anew already needs no word.
        assert_eq!(rig.events.pop_front(), (!list).then_some(Event::ListChanged(Listed::Prompts)));
        assert_ne!(body(&first)["id"], body(&second)["id"]);
        // Once, not for ever.
        let get = resumption(&mut rig, &second);
        rig.reply(&get, 404, &[], "");
        assert!(matches!(rig.event(), Event::Failed { op: failed, sent: Sent::Unknown, .. } if failed == op));
        rig.quiet();
        if list {
            // The loss shows anew with the next request.
            rig.call("t", "{}");
            let call = rig.post("tools/call");
            rig.reply(&call, 404, &[], "");
            rig.event();
            handshake_with(&mut rig, "third", r#"{"prompts":{}}"#);
            rig.event();
            let call = rig.post("tools/call");
            rig.result(&call, "{}");
            rig.event();
            rig.pass(250);
            assert_eq!(rig.event(), Event::ListChanged(Listed::Prompts));
        }
    }
}

#[test]
fn x114_a_taken_call_is_not_sent_again_for_another_revision_or_for_missed_headers() {
    for (code, taken) in [(-32_022, true), (-32_022, false), (-32_020, true), (-32_020, false)] {
        let mut rig = modern();
        let op = rig.call("write", "{}");
        let call = rig.post("tools/call");
        let error = format!(r#"{{"code":{code},"message":"no","data":{{"supported":["2026-07-28"]}}}}"#);
        if taken {
            // It has begun, and says so only then.
            rig.open(&call);
            rig.message(&call, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{op},"progress":1}}}}"#));
            assert!(matches!(rig.event(), Event::Progress { .. }));
            rig.message(&call, &format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, body(&call)["id"]));
            assert!(
                matches!(rig.event(), Event::Failed { op: failed, error: OpError::Rpc { .. }, .. } if failed == op)
            );
        } else {
            rig.error(&call, 400, &error);
        }
        // Other than the call, whatever it takes to know the server again goes out.
        let next = rig.fetches.pop_front().map(|request| body(&request)["method"].clone());
        let expected = match (code, taken) {
            (-32_022, _) => Some(json!("server/discover")),
            (_, true) => None,
            (_, false) => Some(json!("tools/list")),
        };
        assert_eq!(next, expected, "{code} {taken}");
        assert_eq!(matches!(rig.events.front(), Some(Event::SentAgain { .. })), code == -32_022 && !taken);
    }
}

#[test]
fn a_taken_call_that_is_refused_for_its_revision_leaves_the_subscription_alive() {
    let mut rig = modern_has(config(), r#"{"tools":{"listChanged":true}}"#);
    rig.post("subscriptions/listen");
    rig.call("write", "{}");
    let call = rig.post("tools/call");
    rig.error(&call, 200, r#"{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}"#);
    assert!(matches!(rig.event(), Event::Failed { sent: Sent::Yes, .. }));
    let discover = rig.post("server/discover");
    assert!(discover.background, "nobody waits for it");
    rig.result(&discover, &crate::rig::DISCOVERED.replace(r#""tools":{}"#, r#""tools":{"listChanged":true}"#));
    assert!(matches!(rig.event(), Event::Connected(_)));
    rig.post("subscriptions/listen");
    rig.quiet();
}

#[test]
fn a_session_that_the_standing_stream_finds_lost_is_made_anew_at_once() {
    let (mut rig, stream) = legacy();
    rig.bytes(&stream, b"id: 41\ndata:\n\n");
    rig.pass(20_000);
    rig.end(&stream);
    rig.pass(1_000);
    let again = rig.take();
    rig.reply(&again, 404, &[], "no such session");
    let stream = quiet_handshake(&mut rig, "another");
    assert_eq!(header(&stream, "mcp-session-id"), Some("another"));
    assert_eq!(header(&stream, "last-event-id"), None, "the new session has no past");
    // What the server says by itself is heard again.
    rig.message(&stream, r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    rig.message(&stream, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
    let pong = rig.take();
    assert_eq!(header(&pong, "mcp-session-id"), Some("another"));
    rig.reply(&pong, 202, &[], "");
    rig.pass(250);
    assert_eq!(rig.event(), Event::ListChanged(Listed::Tools));
    rig.pass(60_000);
    rig.quiet();
}

#[test]
fn a_server_that_forgets_every_session_is_not_asked_for_new_ones_without_end() {
    let (mut rig, mut stream) = legacy();
    let (began, mut sessions) = (rig.now, 0);
    loop {
        rig.end(&stream);
        rig.pass(60_000);
        let Some(again) = rig.fetches.pop_front() else { break };
        rig.reply(&again, 404, &[], "");
        rig.events.clear();
        stream = quiet_handshake(&mut rig, "another");
        sessions += 1;
        assert!(sessions < 10, "without end");
    }
    assert_eq!((sessions, rig.now - began), (5, 360_000));
    rig.events.clear();
    rig.pass(200_000);
    rig.quiet();
}

#[test]
fn a_server_that_cannot_give_the_new_session_is_asked_again_after_pauses_and_not_for_ever() {
    let mut rig = forgotten();
    for pause in [2_000, 4_000, 8_000, 16_000] {
        let initialize = rig.post("initialize");
        assert!(initialize.background);
        rig.reply(&initialize, 503, &[], "starting");
        rig.pass(pause - 1);
        rig.quiet();
        rig.pass(1);
    }
    let initialize = rig.post("initialize");
    rig.reply(&initialize, 503, &[], "starting");
    rig.pass(3_600_000);
    rig.quiet();
    // The next operation asks, and all is well again: one stream, and no second one.
    rig.list();
    let stream = handshake(&mut rig, "another");
    assert!(matches!(rig.event(), Event::Connected(_)));
    let list = rig.post("tools/list");
    rig.result(&list, r#"{"tools":[]}"#);
    assert!(matches!(rig.event(), Event::Tools { .. }));
    rig.pass(60_000);
    rig.quiet();
    assert!(!rig.cancelled.contains(&stream.id));
}

#[test]
fn an_operation_that_comes_while_the_new_session_is_waited_for_connects_at_once_and_opens_one_stream() {
    let mut rig = forgotten();
    let initialize = rig.post("initialize");
    rig.reply(&initialize, 503, &[], "starting");
    rig.list();
    handshake(&mut rig, "another");
    rig.event();
    let list = rig.post("tools/list");
    rig.result(&list, r#"{"tools":[]}"#);
    rig.event();
    rig.pass(120_000);
    rig.quiet();
}

#[test]
fn nobody_is_asked_to_sign_in_for_the_new_session_until_something_is_wanted() {
    let mut rig = forgotten();
    let initialize = rig.post("initialize");
    assert!(initialize.background);
    rig.reply(&initialize, 401, &[], "no token");
    rig.pass(3_600_000);
    rig.quiet();
    rig.list();
    assert!(!rig.post("initialize").background);
}

#[test]
fn a_first_stream_that_is_refused_with_404_is_no_lost_session() {
    // Many servers have no such stream, and not all of them say so with 405.
    let mut config = config();
    config.era = mcp::EraChoice::Legacy;
    let mut rig = Rig::new(config);
    rig.connect();
    let initialize = rig.post("initialize");
    let text = format!(
        r#"{{"result":{},"jsonrpc":"2.0","id":{}}}"#,
        crate::rig::INITIALIZED.replace('\n', ""),
        body(&initialize)["id"]
    );
    rig.reply(&initialize, 200, &[("content-type", "application/json"), ("mcp-session-id", "s")], &text);
    let initialized = rig.post("notifications/initialized");
    rig.reply(&initialized, 202, &[], "");
    let stream = rig.take();
    assert_eq!(stream.method, Method::Get);
    rig.event();
    rig.reply(&stream, 404, &[], "Cannot GET /mcp");
    rig.pass(3_600_000);
    rig.quiet();
}

/// A notification and an answer that the server refuses to take, because it does not know their session any more.
fn refused_notices() -> [(&'static str, Rig, HttpRequest); 2] {
    let (mut cancelled, _) = legacy();
    let op = cancelled.call("t", "{}");
    cancelled.post("tools/call");
    cancelled.session.cancel(op, cancelled.now);
    cancelled.pump();
    let notification = cancelled.post("notifications/cancelled");
    assert!(matches!(cancelled.event(), Event::Failed { .. }));
    let (mut pinged, stream) = legacy();
    pinged.message(&stream, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
    let pong = pinged.take();
    [("a notification", cancelled, notification), ("an answer", pinged, pong)]
}

#[test]
fn a_session_that_a_notification_or_an_answer_finds_lost_is_made_anew() {
    for (what, mut rig, notice) in refused_notices() {
        assert_eq!(header(&notice, "mcp-session-id"), Some("canary-session"), "{what}");
        rig.reply(&notice, 404, &[], "no such session");
        assert!(matches!(rig.event(), Event::Ignored { .. }), "{what}");
        rig.quiet();
        // By itself after a moment, so that what the server says is heard again.
        rig.pass(1_000);
        let stream = quiet_handshake(&mut rig, "another");
        assert_eq!(header(&stream, "mcp-session-id"), Some("another"), "{what}");
        rig.pass(60_000);
        assert_eq!(rig.event(), Event::ListChanged(Listed::Tools), "{what}");
        rig.quiet();
    }
}

#[test]
fn the_next_request_after_a_notification_found_the_session_lost_goes_out_in_a_new_one() {
    for (what, mut rig, notice) in refused_notices() {
        rig.reply(&notice, 404, &[], "no such session");
        rig.event();
        rig.call("next", "{}");
        handshake(&mut rig, "another");
        assert!(matches!(rig.event(), Event::Connected(_)), "{what}");
        assert_eq!(header(&rig.post("tools/call"), "mcp-session-id"), Some("another"), "{what}");
        rig.pass(2_000);
        assert_eq!(rig.event(), Event::ListChanged(Listed::Tools), "{what}");
        rig.quiet();
    }
}

#[test]
fn a_notification_that_is_refused_otherwise_ends_no_session() {
    let method = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no such method"}}"#;
    for (status, text) in [(404, method), (400, "no"), (500, "oops")] {
        for (what, mut rig, notice) in refused_notices() {
            rig.reply(&notice, status, &[], text);
            rig.event();
            rig.pass(60_000);
            rig.quiet();
            rig.call("next", "{}");
            let next = rig.post("tools/call");
            assert_eq!(header(&next, "mcp-session-id"), Some("canary-session"), "{what} {status}");
        }
    }
}

#[test]
fn what_a_notification_of_an_older_session_came_to_does_not_end_the_one_in_use() {
    let (mut rig, stream) = legacy();
    rig.message(&stream, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
    let pong = rig.take();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 404, &[], "");
    handshake(&mut rig, "another");
    let call = rig.post("tools/call");
    rig.reply(&pong, 404, &[], "");
    rig.result(&call, "{}");
    rig.pass(60_000);
    assert!(rig.fetches.is_empty(), "{:?}", rig.fetches);
    rig.call("next", "{}");
    assert_eq!(header(&rig.post("tools/call"), "mcp-session-id"), Some("another"));
}

#[test]
fn a_server_that_loses_its_session_with_every_answer_is_not_given_new_ones_without_end() {
    let (mut rig, mut stream) = legacy();
    let mut sessions = 0;
    loop {
        rig.message(&stream, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
        let pong = rig.take();
        rig.reply(&pong, 404, &[], "");
        rig.pass(1_000 << sessions);
        if rig.fetches.is_empty() {
            break;
        }
        rig.events.clear();
        stream = quiet_handshake(&mut rig, "another");
        sessions += 1;
        assert!(sessions < 10, "without end");
    }
    assert_eq!(sessions, 5);
}

#[test]
fn what_the_person_is_asked_in_a_session_that_is_lost_is_withdrawn() {
    let (mut rig, stream) = {
        let mut config = config();
        config.elicitation = mcp::Elicitation { form: true, url: true };
        legacy_has(config, r#"{"tools":{}}"#)
    };
    for id in [1, 2] {
        let form = r#"{"mode":"form","message":"who?","requestedSchema":{"type":"object","properties":{}}}"#;
        let ask = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"elicitation/create","params":{form}}}"#);
        rig.message(&stream, &ask);
    }
    let (first, second) = (rig.asked(), rig.asked());
    rig.answer(first.id, Answer::Decline);
    let answer = rig.take();
    rig.reply(&answer, 404, &[], "");
    assert!(matches!(rig.event(), Event::Ignored { .. }));
    assert_eq!(rig.event(), Event::AskWithdrawn { id: second.id, reason: None });
}

#[test]
fn what_the_session_before_listed_counts_as_changed_in_a_new_one() {
    let (mut rig, _stream) = legacy_has(config(), r#"{"tools":{},"resources":{}}"#);
    // The first time there was nothing before.
    rig.pass(1_000);
    rig.quiet();
    rig.lists(List::Resources);
    let list = rig.post("resources/list");
    rig.reply(&list, 404, &[], "");
    rig.event();
    handshake_with(&mut rig, "another", r#"{"tools":{},"prompts":{}}"#);
    assert!(matches!(rig.event(), Event::Connected(_)));
    // Resources are gone with the session, which the list that waits for them says by itself.
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Unsupported { .. }, .. }));
    rig.pass(249);
    rig.quiet();
    rig.pass(1);
    assert_eq!([rig.event(), rig.event()], [Event::ListChanged(Listed::Tools), Event::ListChanged(Listed::Prompts)]);
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 404, &[], "");
    rig.event();
    handshake_with(&mut rig, "third", r#"{"tools":{}}"#);
    rig.event();
    rig.post("tools/call");
    rig.pass(250);
    assert_eq!([rig.event(), rig.event()], [Event::ListChanged(Listed::Tools), Event::ListChanged(Listed::Prompts)]);
    rig.quiet();
}
