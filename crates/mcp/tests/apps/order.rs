//! What is said when.

use mcp::apps::{Mode, Output, Refused};
use serde_json::json;

use crate::rig::{Rig, object};

#[test]
fn nothing_is_said_before_the_page_is_ready_and_then_in_order() {
    let mut rig = Rig::new();
    rig.view.input(&object(json!({ "a": 1 })));
    rig.view.result(&json!({ "content": [] }));
    rig.pump();
    assert_eq!(rig.sent, Vec::<serde_json::Value>::new());
    rig.greet();
    assert_eq!(rig.methods(), ["answer 0"]);
    rig.view.context_changed(object(json!({ "theme": "light" })));
    rig.pump();
    assert_eq!(rig.methods(), ["answer 0"]);
    rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/initialized" }));
    assert_eq!(
        rig.methods(),
        [
            "answer 0",
            "ui/notifications/tool-input",
            "ui/notifications/tool-result",
            "ui/notifications/host-context-changed"
        ]
    );
}

#[test]
fn only_what_a_host_has_is_among_its_capabilities() {
    let mut rig = Rig::new();
    rig.greet();
    let told = object(rig.sent[0]["result"]["hostCapabilities"].clone());
    let mut names: Vec<&str> = told.keys().map(String::as_str).collect();
    names.sort_unstable();
    // No models, and no changes of lists.
    assert_eq!(
        names,
        [
            "downloadFile",
            "logging",
            "message",
            "openLinks",
            "sandbox",
            "serverResources",
            "serverTools",
            "updateModelContext"
        ]
    );
    assert_eq!((&told["serverTools"], &told["serverResources"]), (&json!({}), &json!({})));
    rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/initialized" }));
    for method in ["sampling/createMessage", "tools/list"] {
        rig.asks(json!(method), method, json!({}));
        assert_eq!(rig.sent.last().unwrap()["error"]["code"], -32601, "{method}");
    }
    assert_eq!(rig.asked(), []);
}

#[test]
fn arguments_are_told_once_and_a_result_never_before_them() {
    let mut rig = Rig::ready();
    rig.view.result(&json!({ "content": [] }));
    rig.view.cancelled("stopped");
    rig.view.input(&object(json!({ "a": "hello" })));
    rig.view.input(&object(json!({ "a": "again" })));
    rig.view.cancelled("stopped");
    rig.view.result(&json!({ "content": [] }));
    rig.pump();
    assert_eq!(rig.methods(), ["ui/notifications/tool-input", "ui/notifications/tool-cancelled"]);
    assert_eq!(rig.sent[0]["params"]["arguments"]["a"], "hello");
}

#[test]
fn aq006_a_page_that_does_not_say_that_it_is_ready_is_noticed_once_and_may_still_say_it() {
    for greeted in [false, true] {
        let mut rig = Rig::new();
        assert_eq!(rig.view.wake_at(), None, "its document is not there yet");
        rig.view.is_there(rig.now);
        if greeted {
            rig.greet();
        }
        assert_eq!(rig.view.wake_at(), Some(rig.now + 10_000));
        let silent = |rig: &mut Rig, at: u64| {
            rig.view.tick(at);
            rig.pump();
            rig.other.iter().filter(|output| **output == Output::Silent).count()
        };
        assert_eq!(silent(&mut rig, 10_999), 0);
        assert_eq!(silent(&mut rig, 11_000), 1);
        assert_eq!((rig.view.wake_at(), silent(&mut rig, 99_000)), (None, 1));
        if !greeted {
            rig.greet();
        }
        rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/initialized" }));
        rig.view.input(&object(json!({})));
        rig.pump();
        assert_eq!(rig.methods(), ["answer 0", "ui/notifications/tool-input"]);
    }
    let mut rig = Rig::new();
    rig.view.is_there(rig.now);
    rig.greet();
    rig.says(json!({ "jsonrpc": "2.0", "method": "ui/notifications/initialized" }));
    assert_eq!(rig.view.wake_at(), None, "one that is ready is waited for no longer");
}

#[test]
fn aq008_progress_of_a_call_is_told_under_the_token_of_the_page() {
    let mut rig = Rig::ready();
    rig.view.progress(&json!("mine"), 1.0, Some(4.0), Some("one of four"));
    rig.view.progress(&json!(7), 2.0, None, None);
    rig.pump();
    assert_eq!(rig.methods(), ["notifications/progress", "notifications/progress"]);
    let told = json!({ "progressToken": "mine", "progress": 1.0, "total": 4.0, "message": "one of four" });
    assert_eq!(rig.sent[0]["params"], told);
    assert_eq!(rig.sent[1]["params"], json!({ "progressToken": 7, "progress": 2.0 }));
}

#[test]
fn the_page_is_told_the_context_that_is_true_when_it_greets() {
    let mut rig = Rig::new();
    rig.view.context_changed(object(json!({ "theme": "light" })));
    rig.greet();
    let result = &rig.sent[0]["result"];
    assert_eq!(result["protocolVersion"], "2026-01-26");
    assert_eq!(result["hostContext"]["theme"], "light");
    assert_eq!(result["hostContext"]["availableDisplayModes"], json!(["inline", "fullscreen", "pip"]));
    assert_eq!(result["hostCapabilities"]["sandbox"]["csp"]["connectDomains"], json!(["https://api.example.com"]));
    assert_eq!(result["hostCapabilities"]["sandbox"]["permissions"], json!({ "clipboardWrite": {} }));
    assert_eq!(result["hostCapabilities"].get("sampling"), None);
}

#[test]
fn a_mode_that_the_page_did_not_declare_is_never_possible() {
    let mut rig = Rig::ready();
    assert!(rig.view.can_show(Mode::Inline) && rig.view.can_show(Mode::Fullscreen) && !rig.view.can_show(Mode::Pip));
    rig.asks(json!(1), "ui/request-display-mode", json!({ "mode": "fullscreen" }));
    let (ticket, _) = rig.asked()[0].clone();
    rig.view.answer(ticket, Ok(json!({ "mode": "inline" })));
    rig.pump();
    assert_eq!(rig.sent[0], json!({ "jsonrpc": "2.0", "id": 1, "result": { "mode": "inline" } }));
}

#[test]
fn a_page_says_goodbye_and_is_not_waited_for_longer_than_a_second() {
    let mut rig = Rig::ready();
    rig.view.close(rig.now);
    rig.pump();
    assert_eq!(rig.methods(), ["ui/resource-teardown"]);
    rig.asks(json!(1), "tools/call", json!({ "name": "late" }));
    assert_eq!((rig.code(), rig.asked().len()), (Some(-32000), 0));
    rig.says(json!({ "jsonrpc": "2.0", "id": "teardown", "result": {} }));
    assert_eq!(rig.other, [Output::Ended]);
    assert!(rig.view.is_over());

    let mut silent = Rig::ready();
    silent.view.close(silent.now);
    assert_eq!(silent.view.wake_at(), Some(silent.now + 1_000));
    silent.view.tick(silent.now + 999);
    silent.pump();
    assert_eq!(silent.other, []);
    silent.view.tick(silent.now + 1_000);
    silent.pump();
    assert_eq!(silent.other, [Output::Ended]);

    // One that never became ready has nothing to save.
    let mut new = Rig::new();
    new.view.close(new.now);
    new.pump();
    assert_eq!((new.sent.len(), &new.other), (0, &vec![Output::Ended]));
}

#[test]
fn an_answer_to_what_was_withdrawn_goes_nowhere() {
    let mut rig = Rig::ready();
    rig.asks(json!("a"), "tools/call", json!({ "name": "slow" }));
    let (ticket, _) = rig.asked()[0].clone();
    rig.says(json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "a" } }));
    assert_eq!(rig.other.last(), Some(&Output::Withdrawn(ticket)));
    rig.view.answer(ticket, Err(Refused("no".into())));
    rig.pump();
    assert_eq!(rig.sent.len(), 0);
}
