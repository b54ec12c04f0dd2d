//! A page that does not behave (attacks d.7, as far as messages go).

use mcp::apps::Output;
use serde_json::json;

use crate::rig::Rig;

#[test]
fn x93_what_comes_too_early_is_refused_or_dropped() {
    let mut rig = Rig::new();
    rig.asks(json!(1), "tools/call", json!({ "name": "x" }));
    assert_eq!(rig.code(), Some(-32600));
    rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/initialized" }));
    rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/size-changed", "params": { "height": 9 } }));
    rig.asks(json!(2), "ui/message", json!({ "role": "user", "content": [{ "type": "text", "text": "hi" }] }));
    assert_eq!((rig.code(), rig.other.len()), (Some(-32600), 0));
    rig.greet();
    rig.asks(json!(3), "ui/open-link", json!({ "url": "https://example.com" }));
    assert_eq!((rig.code(), rig.asked().len()), (Some(-32600), 0));
}

#[test]
fn x93_a_page_greets_once() {
    let mut rig = Rig::ready();
    rig.greet();
    assert_eq!(rig.code(), Some(-32600));
}

#[test]
fn x93_what_is_no_message_is_dropped() {
    let mut rig = Rig::ready();
    for text in [
        "",
        "no json",
        "7",
        "null",
        "[]",
        "{}",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
    ] {
        rig.says_text(text);
    }
    rig.says(json!({ "jsonrpc": "2.0", "id": "x".repeat(201), "method": "ping" }));
    rig.says_text(&"[".repeat(10_000));
    assert_eq!((rig.sent.len(), rig.other.len()), (0, 0));
    // What the sandbox says to the host is not the page's to say.
    for method in [
        "ui/notifications/sandbox-proxy-ready",
        "ui/notifications/sandbox-resource-ready",
        "ui/notifications/tool-result",
    ] {
        rig.says(json!({ "jsonrpc": "2.0", "method": method, "params": { "html": "x" } }));
    }
    assert_eq!((rig.sent.len(), rig.other.len()), (0, 0));
}

#[test]
fn x93_an_id_in_use_is_not_used_twice_and_answers_of_others_do_not_count() {
    let mut rig = Rig::ready();
    rig.asks(json!(1), "tools/call", json!({ "name": "first" }));
    rig.asks(json!(1), "tools/call", json!({ "name": "second" }));
    assert_eq!(rig.asked().len(), 1);
    rig.says(json!({ "jsonrpc": "2.0", "id": "teardown", "result": {} }));
    rig.says(json!({ "jsonrpc": "2.0", "id": 1, "result": { "content": [] } }));
    assert!(!rig.view.is_over());
    let (ticket, _) = rig.asked()[0].clone();
    rig.view.answer(ticket, Ok(json!({})));
    rig.view.answer(ticket, Ok(json!({})));
    rig.pump();
    assert_eq!(rig.methods(), ["answer 1"]);
    // Answered, so it may be used again.
    rig.asks(json!(1), "tools/call", json!({ "name": "third" }));
    assert_eq!(rig.asked().len(), 2);
}

#[test]
fn x93_a_method_that_is_not_there_is_told_so() {
    let mut rig = Rig::ready();
    for method in ["sampling/createMessage", "tools/list", "roots/list", "anything"] {
        rig.asks(json!(method), method, json!({}));
        assert_eq!(rig.code(), Some(-32601), "{method}");
    }
    assert_eq!(rig.asked().len(), 0);
}

#[test]
fn x94_calls_come_at_a_rate_that_a_person_can_follow() {
    let mut rig = Rig::ready();
    let mut ran = 0;
    for id in 0..60 {
        rig.asks(json!(id), "tools/call", json!({ "name": "x" }));
        let asked = rig.asked();
        if asked.len() > ran {
            ran = asked.len();
            rig.view.answer(asked[ran - 1].0, Ok(json!({ "content": [] })));
        } else {
            assert_eq!(rig.code(), Some(-32000));
        }
    }
    assert_eq!(ran, 40);
    rig.now += 5_000;
    for id in 100..150 {
        rig.asks(json!(id), "tools/call", json!({ "name": "x" }));
    }
    assert_eq!(rig.asked().len(), 50);
}

#[test]
fn x94_no_more_requests_are_open_than_can_be_looked_at() {
    let mut rig = Rig::ready();
    for id in 0..30 {
        rig.asks(json!(id), "ui/open-link", json!({ "url": "https://example.com" }));
    }
    assert_eq!((rig.asked().len(), rig.code()), (16, Some(-32000)));
}

#[test]
fn x98_a_flood_is_dropped_and_a_page_that_goes_on_is_stopped() {
    let mut rig = Rig::ready();
    for height in 0..5_000 {
        rig.says(
            json!({ "jsonrpc": "2.0", "method": "ui/notifications/size-changed", "params": { "height": height } }),
        );
    }
    let resized = rig.other.iter().filter(|output| matches!(output, Output::Resized(_))).count();
    assert!(resized < 210, "{resized}");
    assert_eq!(rig.other.last(), Some(&Output::Flooded));
    assert!(rig.view.is_over());
    let before = rig.other.len();
    rig.asks(json!(1), "tools/call", json!({ "name": "x" }));
    assert_eq!(rig.other.len(), before);
}

#[test]
fn x98_sizes_are_numbers_of_pixels() {
    let mut rig = Rig::ready();
    for params in [json!({}), json!({ "height": "9" }), json!({ "height": -1 }), json!({ "height": null }), json!(null)]
    {
        rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/size-changed", "params": params }));
    }
    assert_eq!(rig.other, []);
    rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/size-changed", "params": { "width": 10.2, "height": 1e300 } }));
    assert_eq!(rig.other, [Output::Resized(20_000)]);
}

#[test]
fn x98_a_message_that_is_too_large_is_dropped() {
    let mut rig = Rig::ready();
    rig.asks(json!(1), "tools/call", json!({ "name": "x", "arguments": { "a": "x".repeat(1 << 20) } }));
    assert_eq!((rig.asked().len(), rig.sent.len()), (0, 0));
}
