//! One revision by the host's choice, a server that changes its revision, and a step back against last time.

use mcp::{Again, Era, EraChoice, Event, OpError, Revision, Sent};
use serde_json::json;

use crate::rig::{DISCOVERED, INITIALIZED, Rig, body, config, handshake, header, legacy, modern, oldest_handshake};

fn pinned(revision: Revision) -> Rig {
    let mut config = config();
    config.era = EraChoice::Exact(revision);
    let mut rig = Rig::new(config);
    rig.connect();
    rig
}

#[test]
fn a_revision_is_kept_to_exactly() {
    for revision in [Revision::V2025_03_26, Revision::V2025_06_18, Revision::V2025_11_25] {
        let mut rig = pinned(revision);
        let initialize = rig.post("initialize");
        assert_eq!(body(&initialize)["params"]["protocolVersion"], revision.as_str());
        rig.result(&initialize, &INITIALIZED.replace("2025-11-25", revision.as_str()));
        let initialized = rig.post("notifications/initialized");
        let sent = (revision > Revision::V2025_03_26).then_some(revision.as_str());
        assert_eq!(header(&initialized, "mcp-protocol-version"), sent);
        rig.reply(&initialized, 202, &[], "");
        let Event::Connected(connected) = rig.event() else { panic!() };
        assert_eq!((connected.era, connected.revision()), (Era::Y2025, Some(revision)));
    }
    let mut rig = pinned(Revision::V2026_07_28);
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, r#"{"code":-32000,"message":"Server not initialized"}"#);
    assert!(matches!(rig.event(), Event::Failed { .. }));
    rig.quiet();
}

#[test]
fn an_answer_in_another_revision_ends_the_attempt() {
    for answered in ["2025-11-25", "2025-03-26", "2024-11-05"] {
        let mut rig = pinned(Revision::V2025_06_18);
        let initialize = rig.post("initialize");
        rig.result(&initialize, &INITIALIZED.replace("2025-11-25", answered));
        let Event::Failed { error, .. } = rig.event() else { panic!() };
        assert_eq!(error, OpError::Version { offered: vec![answered.into()] });
        rig.quiet();
    }
    let mut rig = pinned(Revision::V2025_06_18);
    let initialize = rig.post("initialize");
    rig.reply(&initialize, 404, &[], "not here");
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Http { status: 404, .. }, .. }));
    rig.quiet();
}

#[test]
fn the_oldest_revision_is_looked_for_at_both_transports() {
    let mut rig = pinned(Revision::V2024_11_05);
    let initialize = rig.post("initialize");
    assert_eq!(body(&initialize)["params"]["protocolVersion"], "2024-11-05");
    rig.reply(&initialize, 405, &[], "");
    let stream = rig.take();
    oldest_handshake(&mut rig, &stream);
    let Event::Connected(connected) = rig.event() else { panic!() };
    assert_eq!((connected.era, connected.revision()), (Era::Y2024, Some(Revision::V2024_11_05)));
}

#[test]
fn x112_a_step_back_against_last_time_is_told() {
    for (seen, downgrade) in [
        (None, false),
        (Some("2025-06-18"), false),
        (Some("2025-11-25"), false),
        (Some("2026-07-28"), true),
        (Some("2027-01-01"), true),
    ] {
        let mut config = config();
        config.era = EraChoice::Legacy;
        config.last_seen = seen.map(str::to_owned);
        let mut rig = Rig::new(config);
        rig.connect();
        let op = rig.call("t", "{}");
        handshake(&mut rig, "s");
        let Event::Connected(connected) = rig.event() else { panic!() };
        assert_eq!(connected.downgrade, downgrade, "{seen:?}");
        if downgrade {
            assert_eq!(rig.event(), Event::Failed { op, error: OpError::Downgrade, sent: Sent::No });
        } else {
            rig.post("tools/call");
        }
        rig.quiet();
    }
}

#[test]
fn x112_a_call_is_held_where_the_server_steps_back_and_goes_out_when_it_is_asked_for_again() {
    let refused = r#"{"code":-32022,"message":"no","data":{"supported":["2025-11-25"],"requested":"2026-07-28"}}"#;
    let mut rig = modern();
    let asking = rig.call("asks", "{}");
    let call = rig.post("tools/call");
    let question = json!({"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {}}});
    rig.result(&call, &json!({"resultType": "input_required", "inputRequests": {"q": question}}).to_string());
    let asked = rig.asked();
    let op = rig.call("t", r#"{"a": 1}"#);
    let call = rig.post("tools/call");
    rig.error(&call, 400, refused);
    assert_eq!(rig.event(), Event::SentAgain { op, why: Again::Version });
    assert!(rig.session.connected().is_none());
    let early = rig.call("t", "{}");
    rig.list();
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, refused);
    handshake(&mut rig, "s");
    let Event::Connected(connected) = rig.event() else { panic!() };
    assert_eq!((connected.era, connected.downgrade), (Era::Y2025, true));
    assert_eq!(rig.event(), Event::AskWithdrawn { id: asked.id, reason: None });
    for (op, sent) in [(asking, Sent::Yes), (op, Sent::No), (early, Sent::No)] {
        assert_eq!(rig.event(), Event::Failed { op, error: OpError::Downgrade, sent });
    }
    // What only reads goes out, and so does what is asked for from now on.
    let list = rig.post("tools/list");
    rig.result(&list, r#"{"tools":[]}"#);
    rig.event();
    rig.quiet();
    let op = rig.call("t", r#"{"a": 1}"#);
    let call = rig.post("tools/call");
    assert!(call.body.as_deref().unwrap().contains(r#""arguments":{"a": 1}"#));
    assert_eq!(header(&call, "mcp-method"), None);
    rig.result(&call, r#"{"content":[]}"#);
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
}

#[test]
fn a_server_that_left_the_revision_is_asked_anew_and_the_unread_request_goes_out_once_more() {
    let mut rig = modern();
    rig.call("t", "{}");
    let again = r#"{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}"#;
    let call = rig.post("tools/call");
    rig.error(&call, 400, again);
    rig.event();
    let discover = rig.post("server/discover");
    rig.result(&discover, DISCOVERED);
    rig.event();
    let call = rig.post("tools/call");
    rig.error(&call, 400, again);
    assert!(
        matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32022, .. }, .. }),
        "once, not for ever"
    );
    rig.quiet();
}

#[test]
fn a_server_that_was_set_up_anew_as_modern_is_found_out() {
    let mut choice = config();
    choice.era = EraChoice::Auto;
    let mut rig = Rig::new(choice);
    rig.connect();
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, r#"{"code":-32000,"message":"Server not initialized"}"#);
    handshake(&mut rig, "s");
    rig.event();
    let op = rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 404, &[], "no such session");
    assert_eq!(rig.event(), Event::SentAgain { op, why: Again::NewSession });
    let initialize = rig.post("initialize");
    rig.error(&initialize, 400, r#"{"code":-32020,"message":"Header mismatch: MCP-Protocol-Version is missing"}"#);
    let discover = rig.post("server/discover");
    rig.result(&discover, DISCOVERED);
    assert!(matches!(rig.event(), Event::Connected(connected) if connected.era == Era::Y2026));
    let call = rig.post("tools/call");
    assert_eq!(header(&call, "mcp-method"), Some("tools/call"));

    // Where the host allows handshakes only, the answer stands.
    let (mut rig, _stream) = legacy();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 404, &[], "no such session");
    rig.event();
    let initialize = rig.post("initialize");
    rig.error(&initialize, 400, r#"{"code":-32020,"message":"Header mismatch"}"#);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32020, .. }, sent: Sent::No, .. }));
    rig.quiet();
}

#[test]
fn a_server_that_refuses_a_revision_is_asked_for_the_latest_that_it_names() {
    let refused = r#"{"code":-32602,"message":"Unsupported protocol version","data":{"supported":["2024-11-05","2025-06-18","2025-03-26","2031-01-01"],"requested":"2025-11-25"}}"#;
    for again in [false, true] {
        let mut config = config();
        config.era = EraChoice::Legacy;
        let mut rig = Rig::new(config);
        rig.connect();
        let initialize = rig.post("initialize");
        rig.error(&initialize, 200, refused);
        let initialize = rig.post("initialize");
        assert_eq!(body(&initialize)["params"]["protocolVersion"], "2025-06-18");
        if again {
            rig.error(&initialize, 200, refused);
            assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32602, .. }, .. }), "once");
        } else {
            rig.result(&initialize, &INITIALIZED.replace("2025-11-25", "2025-06-18"));
            let initialized = rig.post("notifications/initialized");
            assert_eq!(header(&initialized, "mcp-protocol-version"), Some("2025-06-18"));
            rig.reply(&initialized, 202, &[], "");
            assert!(matches!(rig.event(), Event::Connected(_)));
            continue;
        }
        rig.quiet();
    }
    let mut rig = pinned(Revision::V2025_11_25);
    let initialize = rig.post("initialize");
    rig.error(&initialize, 200, refused);
    assert!(matches!(rig.event(), Event::Failed { .. }), "no other one than the host's");
    rig.quiet();
}

#[test]
fn a_server_that_refuses_both_ways_is_given_up() {
    let mut rig = Rig::new(config());
    rig.connect();
    let legacy = r#"{"code":-32000,"message":"Server not initialized"}"#;
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, legacy);
    handshake(&mut rig, "s");
    rig.event();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 404, &[], "no such session");
    rig.event();
    let mut asked = 0;
    while let Some(request) = rig.fetches.pop_front() {
        asked += 1;
        assert!(asked < 10, "it never ends");
        let is_discover = body(&request)["method"] == "server/discover";
        rig.error(&request, 400, if is_discover { legacy } else { r#"{"code":-32020,"message":"Header mismatch"}"# });
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32020, .. }, sent: Sent::No, .. }));
    rig.quiet();
}

#[test]
fn x112_what_was_sent_in_a_revision_is_judged_by_it_when_the_server_steps_back_meanwhile() {
    let refused = r#"{"code":-32022,"message":"no","data":{"supported":["2025-11-25"],"requested":"2026-07-28"}}"#;
    let mut rig = modern();
    let [asks, odd, done, mismatched, unread] = ["asks", "odd", "done", "mismatched", "unread"].map(|name| {
        let op = rig.call(name, "{}");
        (op, rig.post("tools/call"))
    });
    let list = rig.list();
    let page = rig.post("tools/list");
    // Another operation finds out that the server steps back.
    rig.lists(mcp::List::Tools);
    let first = rig.post("tools/list");
    rig.error(&first, 400, refused);
    assert!(matches!(rig.event(), Event::SentAgain { why: Again::Version, .. }));
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, refused);
    handshake(&mut rig, "s");
    assert!(matches!(rig.event(), Event::Connected(connected) if connected.downgrade));
    let again = rig.post("tools/list");
    rig.result(&again, r#"{"tools":[]}"#);
    assert!(matches!(rig.event(), Event::Tools { .. }));
    // What comes now was asked for before.
    rig.result(&done.1, r#"{"resultType":"complete","content":[]}"#);
    assert!(matches!(rig.event(), Event::Called { op, .. } if op == done.0));
    rig.result(&odd.1, r#"{"resultType":"unheard of","content":[]}"#);
    assert!(matches!(rig.event(), Event::Failed { op, error: OpError::Invalid { .. }, .. } if op == odd.0));
    // The next round would go out in the other revision: it is held.
    rig.result(&asks.1, r#"{"resultType":"input_required","requestState":"s"}"#);
    assert!(matches!(rig.event(), Event::SentAgain { why: Again::Input, .. }));
    assert_eq!(rig.event(), Event::Failed { op: asks.0, error: OpError::Downgrade, sent: Sent::Yes });
    // So is what the server has surely not run.
    rig.error(&unread.1, 400, refused);
    assert!(matches!(rig.event(), Event::SentAgain { why: Again::Version, .. }));
    assert_eq!(rig.event(), Event::Failed { op: unread.0, error: OpError::Downgrade, sent: Sent::No });
    rig.error(&mismatched.1, 400, r#"{"code":-32020,"message":"headers"}"#);
    assert_eq!(rig.event(), Event::Failed { op: mismatched.0, error: OpError::Downgrade, sent: Sent::No });
    // The first page of a list is no beginning of one in the other revision.
    rig.result(&page, r#"{"resultType":"complete","tools":[{"name":"a","inputSchema":{}}],"nextCursor":"2"}"#);
    let anew = rig.post("tools/list");
    assert!(body(&anew)["params"].get("cursor").is_none());
    rig.result(&anew, r#"{"tools":[]}"#);
    let Event::Tools { op, tools, .. } = rig.event() else { panic!() };
    assert_eq!((op, tools.len()), (list, 0));
    rig.quiet();
}
