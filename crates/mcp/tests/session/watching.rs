//! Resources that are watched, and the subscriptions of 2026-07-28 that carry it.

use mcp::{Event, Listed, LogLevel, OpError, Sent};
use serde_json::json;

use crate::rig::{Rig, body, config, handshake_with, header, legacy_has, modern_has};

const WATCHABLE: &str = r#"{"resources":{"subscribe":true}}"#;

fn acknowledge(rig: &mut Rig, listen: &mcp::HttpRequest, taken: &str) {
    let id = &body(listen)["id"];
    rig.open(listen);
    rig.message(listen, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{taken}}}}}"#));
}

fn updated(rig: &mut Rig, stream: &mcp::HttpRequest, uri: &str) {
    rig.message(
        stream,
        &format!(r#"{{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{{"uri":"{uri}"}}}}"#),
    );
}

fn watch(rig: &mut Rig, uri: &str) -> mcp::OpId {
    let op = rig.session.watch(uri, rig.now);
    rig.pump();
    op
}

fn unwatch(rig: &mut Rig, uri: &str) -> mcp::OpId {
    let op = rig.session.unwatch(uri, rig.now);
    rig.pump();
    op
}

#[test]
fn a_resource_is_watched_by_a_subscription_that_replaces_the_one_before_without_a_gap() {
    let mut rig = modern_has(config(), r#"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#);
    let lists = rig.post("subscriptions/listen");
    assert_eq!(body(&lists)["params"]["notifications"], json!({"toolsListChanged": true}));
    acknowledge(&mut rig, &lists, r#"{"toolsListChanged":true}"#);
    rig.quiet();
    let op = watch(&mut rig, "file:///a");
    let both = rig.post("subscriptions/listen");
    assert_eq!(header(&both, "mcp-name"), None);
    assert_eq!(
        body(&both)["params"]["notifications"],
        json!({"toolsListChanged": true, "resourceSubscriptions": ["file:///a"]})
    );
    rig.message(&lists, r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    assert!(rig.cancelled.is_empty(), "the first one is needed until the second one stands");
    acknowledge(&mut rig, &both, r#"{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]}"#);
    assert_eq!(rig.cancelled, [lists.id]);
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    rig.pass(250);
    assert_eq!(rig.event(), Event::ListChanged(Listed::Tools));
    for _ in 0..1_000 {
        updated(&mut rig, &both, "file:///a");
        updated(&mut rig, &both, "file:///a/below");
    }
    rig.pass(250);
    assert_eq!(rig.event(), Event::ResourceUpdated { uri: "file:///a".into() });
    assert_eq!(rig.event(), Event::ResourceUpdated { uri: "file:///a/below".into() });
    rig.quiet();
    let op = unwatch(&mut rig, "file:///a");
    let lists = rig.post("subscriptions/listen");
    assert_eq!(body(&lists)["params"]["notifications"], json!({"toolsListChanged": true}));
    acknowledge(&mut rig, &lists, r#"{"toolsListChanged":true}"#);
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    assert_eq!(rig.cancelled.last(), Some(&both.id));
    rig.quiet();
}

#[test]
fn the_last_wish_ends_the_subscription() {
    let mut rig = modern_has(config(), WATCHABLE);
    rig.quiet();
    watch(&mut rig, "a:b");
    let listen = rig.post("subscriptions/listen");
    acknowledge(&mut rig, &listen, r#"{"resourceSubscriptions":["a:b"]}"#);
    rig.event();
    unwatch(&mut rig, "a:b");
    assert!(matches!(rig.event(), Event::Answered { .. }));
    assert_eq!(rig.cancelled, [listen.id]);
    rig.pass(100_000);
    rig.quiet();
}

#[test]
fn what_the_server_left_out_of_its_acknowledgment_is_told() {
    let mut rig = modern_has(config(), WATCHABLE);
    let (taken, left) = (watch(&mut rig, "a:1"), watch(&mut rig, "a:2"));
    let first = rig.post("subscriptions/listen");
    let second = rig.post("subscriptions/listen");
    assert_eq!(body(&second)["params"]["notifications"]["resourceSubscriptions"], json!(["a:1", "a:2"]));
    acknowledge(&mut rig, &second, r#"{"resourceSubscriptions":["a:1"]}"#);
    assert_eq!(rig.cancelled, [first.id]);
    assert!(matches!(rig.event(), Event::Answered { op, .. } if op == taken));
    let Event::Failed { op, error: OpError::Unsupported { what }, sent: Sent::Yes } = rig.event() else { panic!() };
    assert_eq!((op, what.as_str()), (left, "changes of `a:2`"));
    acknowledge(&mut rig, &second, r#"{"resourceSubscriptions":["a:1","a:2"]}"#);
    assert!(matches!(rig.event(), Event::Ignored { .. }), "acknowledged once");
    // The connection breaks: what is still wanted is subscribed to again.
    rig.fail(&second);
    rig.pass(1_000);
    let again = rig.post("subscriptions/listen");
    assert_eq!(body(&again)["params"]["notifications"]["resourceSubscriptions"], json!(["a:1"]));
    rig.quiet();
}

#[test]
fn a_subscription_that_is_refused_or_never_acknowledged_fails_the_wish() {
    let mut rig = modern_has(config(), WATCHABLE);
    let op = watch(&mut rig, "a:1");
    let listen = rig.post("subscriptions/listen");
    rig.error(&listen, 404, r#"{"code":-32601,"message":"Method not found"}"#);
    assert!(matches!(rig.event(), Event::Failed { op: failed, error: OpError::Rpc { .. }, .. } if failed == op));
    rig.pass(100_000);
    rig.quiet();
    let op = watch(&mut rig, "a:1");
    let listen = rig.post("subscriptions/listen");
    assert_eq!(body(&listen)["params"]["notifications"]["resourceSubscriptions"], json!(["a:1"]));
    rig.open(&listen);
    rig.pass(30_000);
    assert!(
        matches!(rig.event(), Event::Failed { op: failed, error: OpError::Timeout { seconds: 30 }, .. } if failed == op)
    );
    rig.quiet();
}

#[test]
fn a_server_may_end_a_subscription_and_is_asked_again_later() {
    for end in [0, 1] {
        let mut rig = modern_has(config(), WATCHABLE);
        watch(&mut rig, "a:1");
        let listen = rig.post("subscriptions/listen");
        acknowledge(&mut rig, &listen, r#"{"resourceSubscriptions":["a:1"]}"#);
        rig.event();
        let id = &body(&listen)["id"];
        let text = match end {
            0 => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete"}}}}"#),
            _ => format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#),
        };
        rig.message(&listen, &text);
        rig.quiet();
        rig.pass(1_000);
        rig.post("subscriptions/listen");
        rig.quiet();
    }
}

#[test]
fn x87_a_flood_of_wishes_and_of_foreign_changes_is_bounded() {
    let mut small = config();
    small.limits.watched = 2;
    let (mut rig, stream) = legacy_has(small, WATCHABLE);
    for uri in ["a:1", "a:2", "a:3"] {
        watch(&mut rig, uri);
    }
    assert!(matches!(
        rig.event(),
        Event::Failed { error: OpError::TooMuch { what: "watched resources", limit: 2 }, .. }
    ));
    assert_eq!(rig.fetches.len(), 2);
    rig.fetches.clear();
    for n in 0..10_000 {
        updated(&mut rig, &stream, &format!("a:1/{n}"));
    }
    rig.pass(250);
    assert_eq!(rig.events.len(), 2, "{:?}", rig.events);
}

#[test]
fn a_server_with_a_handshake_is_told_by_requests_and_told_again_after_a_lost_session() {
    let (mut rig, stream) = legacy_has(config(), WATCHABLE);
    updated(&mut rig, &stream, "a:1");
    assert!(matches!(rig.event(), Event::Ignored { .. }), "nothing is watched");
    let op = watch(&mut rig, "a:1");
    let subscribe = rig.post("resources/subscribe");
    assert_eq!(body(&subscribe)["params"], json!({"uri": "a:1"}));
    rig.result(&subscribe, "{}");
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    updated(&mut rig, &stream, "a:1");
    rig.pass(250);
    assert_eq!(rig.event(), Event::ResourceUpdated { uri: "a:1".into() });
    for (capabilities, again) in [(WATCHABLE, true), (r#"{"resources":{}}"#, false)] {
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.reply(&call, 404, &[], "");
        rig.event();
        handshake_with(&mut rig, "another", capabilities);
        rig.event();
        let call = rig.post("tools/call");
        rig.result(&call, "{}");
        rig.event();
        if again {
            let subscribe = rig.post("resources/subscribe");
            assert_eq!(header(&subscribe, "mcp-session-id"), Some("another"));
            rig.error(&subscribe, 200, r#"{"code":-32602,"message":"gone"}"#);
        }
        rig.quiet();
    }
}

#[test]
fn a_subscription_that_could_not_be_replaced_goes_on() {
    let mut rig = modern_has(config(), r#"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#);
    let lists = rig.post("subscriptions/listen");
    acknowledge(&mut rig, &lists, r#"{"toolsListChanged":true}"#);
    let op = watch(&mut rig, "a:1");
    let both = rig.post("subscriptions/listen");
    rig.fail(&both);
    assert!(matches!(rig.event(), Event::Failed { op: failed, error: OpError::Network { .. }, .. } if failed == op));
    assert!(!rig.cancelled.contains(&lists.id));
    rig.pass(100_000);
    rig.quiet();
    rig.message(&lists, r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    rig.pass(250);
    assert_eq!(rig.event(), Event::ListChanged(Listed::Tools));
}

#[test]
fn a_server_that_can_no_longer_tell_is_not_asked_to() {
    let mut rig = modern_has(config(), WATCHABLE);
    watch(&mut rig, "a:1");
    let listen = rig.post("subscriptions/listen");
    acknowledge(&mut rig, &listen, r#"{"resourceSubscriptions":["a:1"]}"#);
    rig.event();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.error(&call, 400, r#"{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}"#);
    rig.event();
    assert!(rig.cancelled.contains(&listen.id));
    let discover = rig.post("server/discover");
    rig.result(
        &discover,
        &crate::rig::DISCOVERED.replace(r#"{"tools":{}}"#, r#"{"tools":{"listChanged":true},"resources":{}}"#),
    );
    rig.event();
    let listen = rig.post("subscriptions/listen");
    assert_eq!(body(&listen)["params"]["notifications"], json!({"toolsListChanged": true}));
    rig.post("tools/call");
    rig.quiet();
}

/// Loses the session of a server with a handshake, and gives the parameters of what the new one is told.
fn told_anew(rig: &mut Rig, capabilities: &str) -> Vec<serde_json::Value> {
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 404, &[], "");
    handshake_with(rig, "another", capabilities);
    let call = rig.post("tools/call");
    rig.result(&call, "{}");
    rig.events.clear();
    rig.fetches.drain(..).map(|request| body(&request)["params"].clone()).collect()
}

#[test]
fn a_wish_that_the_server_refused_is_not_repeated_and_leaves_the_one_before() {
    const BOTH: &str = r#"{"resources":{"subscribe":true},"logging":{}}"#;
    const NO: &str = r#"{"code":-32602,"message":"no"}"#;
    let (mut rig, _stream) = legacy_has(config(), BOTH);
    let wishes = |rig: &mut Rig, level, uri: &str| {
        let ops = [rig.session.set_log_level(level, rig.now), rig.session.watch(uri, rig.now)];
        rig.pump();
        (ops, rig.post("logging/setLevel"), rig.post("resources/subscribe"))
    };
    for _ in 0..2 {
        let (ops, level, subscribe) = wishes(&mut rig, LogLevel::Debug, "a:1");
        for (op, request) in ops.into_iter().zip([level, subscribe]) {
            rig.error(&request, 200, NO);
            assert!(matches!(rig.event(), Event::Failed { op: failed, .. } if failed == op));
        }
        assert!(told_anew(&mut rig, BOTH).is_empty());
    }
    let (_, level, subscribe) = wishes(&mut rig, LogLevel::Error, "a:1");
    rig.result(&level, "{}");
    rig.result(&subscribe, "{}");
    // The same resource again: that it fails does not end what stands.
    let (_, level, subscribe) = wishes(&mut rig, LogLevel::Debug, "a:1");
    rig.fail(&level);
    rig.fail(&subscribe);
    assert_eq!(told_anew(&mut rig, BOTH), [json!({"level": "error"}), json!({"uri": "a:1"})]);
}

#[test]
fn a_server_that_is_slow_to_refuse_a_subscription_is_left_alone() {
    let mut rig = modern_has(config(), r#"{"tools":{"listChanged":true}}"#);
    for _ in 0..6 {
        let listen = rig.post("subscriptions/listen");
        rig.pass(10_000);
        rig.reply(&listen, 503, &[], "busy");
        rig.pass(60_000);
    }
    rig.pass(3_600_000);
    rig.quiet();
}

#[test]
fn lists_that_an_acknowledgment_leaves_out_are_told() {
    let mut rig =
        modern_has(config(), r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{}}"#);
    let listen = rig.post("subscriptions/listen");
    assert_eq!(body(&listen)["params"]["notifications"], json!({"toolsListChanged": true, "promptsListChanged": true}));
    acknowledge(&mut rig, &listen, r#"{"toolsListChanged":true,"promptsListChanged":false}"#);
    assert_eq!(rig.event(), Event::NotTold(Listed::Prompts));
    rig.quiet();
}

#[test]
fn what_is_said_of_a_subscription_counts_for_the_one_on_whose_stream_it_comes() {
    let mut rig = modern_has(config(), r#"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#);
    let lists = rig.post("subscriptions/listen");
    acknowledge(&mut rig, &lists, r#"{"toolsListChanged":true}"#);
    let op = watch(&mut rig, "a:1");
    let both = rig.post("subscriptions/listen");
    rig.open(&both);
    // On the stream of the first one, in the name of the second one.
    let id = &body(&both)["id"];
    rig.message(&lists, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{{"toolsListChanged":true,"resourceSubscriptions":["a:1"]}}}}}}"#));
    assert!(matches!(rig.event(), Event::Ignored { .. }));
    rig.message(
        &lists,
        &format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#),
    );
    rig.pass(1_000);
    rig.quiet();
    assert!(rig.cancelled.is_empty(), "both go on");
    // On its own stream.
    rig.message(&both, r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:1"]}}}"#);
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    assert_eq!(rig.cancelled, [lists.id]);
    rig.message(
        &both,
        &format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#),
    );
    rig.pass(1_000);
    rig.post("subscriptions/listen");
}
