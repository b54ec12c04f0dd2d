//! The session against `rmcp`, the official Rust SDK, as server: its Streamable HTTP service is called in memory, with
//! real time and real streams. What a host sees must be the same in every revision that both speak.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod driver;
mod server;

use mcp::{
    Answer, CallTool, Config, EraChoice, Event, Implementation, List, Listed, OpError, Reference, Request, Revision,
};
use serde_json::{Value, json};

use driver::Driver;

fn config(revision: Revision) -> Config {
    let mut config = Config::new(driver::ENDPOINT, Implementation { name: "countersign".into(), version: "0".into() });
    config.era = EraChoice::Exact(revision);
    config.tasks = true;
    config
}

fn call(name: &str, arguments: Value) -> CallTool {
    CallTool { name: name.into(), arguments: arguments.to_string(), progress: true }
}

/// Revisions that are spoken over Streamable HTTP by both.
const REVISIONS: [Revision; 4] =
    [Revision::V2025_03_26, Revision::V2025_06_18, Revision::V2025_11_25, Revision::V2026_07_28];

/// Runs a test against each revision, with bodies in whole frames, in pieces of seven bytes, and of one.
fn every(test: impl AsyncFn(&mut Driver, Revision)) {
    each(true, test);
}

fn each(sessions: bool, test: impl AsyncFn(&mut Driver, Revision)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for revision in REVISIONS {
        for piece in [usize::MAX, 7, 1] {
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let mut driver = Driver::new(config(revision), server::service(sessions), piece);
                test(&mut driver, revision).await;
                driver.close().await;
            });
        }
    }
}

/// Members that differ by revision, and say nothing about what the host asked for.
fn neutral(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        for own in ["resultType", "_meta", "ttlMs", "cacheScope"] {
            object.shift_remove(own);
        }
    }
    value
}

#[test]
fn the_server_is_found_by_its_revision() {
    every(async |driver, revision| {
        driver.session.connect(driver.now());
        let connected = driver.until(|event| match event {
            Event::Connected(connected) => Some(connected.clone()),
            _ => None,
        });
        let connected = connected.await;
        assert_eq!(connected.revision(), Some(revision));
        assert_eq!(connected.server_name(), "library");
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut auto = config(Revision::V2026_07_28);
        auto.era = EraChoice::Auto;
        let mut driver = Driver::new(auto, server::service(true), 3);
        let op = driver.session.list_tools(driver.now());
        driver.tools(op).await;
        assert_eq!(driver.session.connected().unwrap().revision(), Some(Revision::V2026_07_28));
    });
}

#[test]
fn lists_are_the_same_in_every_revision() {
    each(true, lists);
    each(false, lists);
}

async fn lists(driver: &mut Driver, _: Revision) {
    let op = driver.session.list_tools(driver.now());
    let names: Vec<String> =
        driver.tools(op).await.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["echo", "größe", "ask", "steps", "job"], "both pages");
    for (list, key, first) in [
        (List::Prompts, "name", "review"),
        (List::Resources, "uri", "file:///a%20b"),
        (List::Templates, "uriTemplate", "file:///{path}"),
    ] {
        let op = driver.session.list(list, driver.now());
        let items = driver.done(op, |event| match event {
            Event::Listed { items, .. } => Some(items.clone()),
            _ => None,
        });
        assert_eq!(items.await[0][key], first);
    }
}

#[test]
fn calls_and_requests_have_the_same_answers_in_every_revision() {
    each(true, calls);
    each(false, calls);
}

async fn calls(driver: &mut Driver, _: Revision) {
    let op = driver.session.list_tools(driver.now());
    driver.tools(op).await;
    let arguments = json!({"text": "日本語 🦀\n", "n": 7, "on": true});
    for name in ["echo", "größe"] {
        let op = driver.session.call_tool(call(name, arguments.clone()), driver.now());
        let result = driver.called(op).await;
        assert_eq!(
            neutral(result.raw),
            json!({"content": [{"type": "text", "text": arguments.to_string()}], "isError": false})
        );
    }
    for (request, expected) in [
        (
            Request::prompt("review", r#"{"code":"ü"}"#),
            json!({"messages": [{"role": "user", "content": {"type": "text", "text": "look at ü"}}]}),
        ),
        (Request::resource("file:///a%20b"), json!({"contents": [{"uri": "file:///a%20b", "text": "ä"}]})),
        (
            Request::completion(Reference::Prompt("review"), "code", "py", "{}"),
            json!({"completion": {"values": ["python"], "total": 1, "hasMore": false}}),
        ),
    ] {
        let op = driver.session.request(request, driver.now());
        assert_eq!(neutral(driver.answered(op).await), expected);
    }
    let op = driver.session.ping(driver.now());
    driver.answered(op).await;
    let op = driver.session.call_tool(call("none", json!({})), driver.now());
    let error = driver.failed(op).await;
    assert!(matches!(error, OpError::Rpc { code: -32602, .. }), "{error}");
}

#[test]
fn progress_comes_in_order_before_the_answer() {
    every(async |driver, _| {
        let op = driver.session.call_tool(call("steps", json!({})), driver.now());
        driver.called(op).await;
        let steps: Vec<f64> = driver
            .seen
            .iter()
            .filter_map(|event| match event {
                Event::Progress { op: of, progress, .. } if *of == op => Some(*progress),
                _ => None,
            })
            .collect();
        assert!(!steps.is_empty() && steps.is_sorted(), "{steps:?}");
    });
}

#[test]
fn a_question_is_asked_by_a_request_or_by_a_round_and_is_the_same_to_the_host() {
    every(async |driver, revision| {
        // 2025-03-26 has no questions.
        if revision < Revision::V2025_06_18 {
            return;
        }
        for (answer, expected) in [
            (Answer::Accept(Some(json!({"name": "Ada 🦀"}))), "hello Ada 🦀"),
            (Answer::Decline, "hello nobody"),
            (Answer::Cancel, "hello nobody"),
        ] {
            let op = driver.session.call_tool(call("ask", json!({})), driver.now());
            let asked = driver
                .until(|event| match event {
                    Event::Asked(request) => Some(request.clone()),
                    _ => None,
                })
                .await;
            assert_eq!(asked.message, "Who?");
            let mcp::Ask::Form { schema } = &asked.kind else { panic!() };
            assert_eq!(schema["properties"]["name"]["default"], "x");
            driver.session.answer(asked.id, answer, driver.now());
            assert_eq!(driver.called(op).await.content()[0]["text"], expected);
        }
    });
}

#[test]
fn a_call_becomes_a_task_that_asks_in_the_middle() {
    every(async |driver, revision| {
        let op = driver.session.call_tool(call("job", json!({})), driver.now());
        if revision < Revision::V2026_07_28 {
            // The server has tasks of the extension only.
            assert_eq!(driver.called(op).await.content()[0]["text"], "done at once");
            return;
        }
        let asked = driver
            .until(|event| match event {
                Event::Asked(request) => Some(request.clone()),
                _ => None,
            })
            .await;
        assert_eq!(asked.op, Some(op));
        driver.session.answer(asked.id, Answer::Accept(Some(json!({"name": "Grace"}))), driver.now());
        assert_eq!(driver.called(op).await.content()[0]["text"], "done for Grace");

        // Another one is cancelled, and its server knows.
        let op = driver.session.call_tool(call("job", json!({})), driver.now());
        let task = driver
            .until(|event| match event {
                Event::Task { op: of, status } if *of == op && status.status == "input_required" => {
                    Some(status.task.clone())
                }
                _ => None,
            })
            .await;
        driver.session.cancel(op, driver.now());
        assert_eq!(driver.failed(op).await, OpError::Cancelled);
        let op = driver.session.resume_task(&task, driver.now());
        let error = driver.failed(op).await;
        assert!(matches!(error, OpError::Stopped { .. }), "{error}");
    });
}

#[test]
fn changes_come_by_the_stream_of_the_revision() {
    every(async |driver, revision| {
        let op = driver.session.list_tools(driver.now());
        driver.tools(op).await;
        let op = driver.session.watch("file:///a%20b", driver.now());
        driver.answered(op).await;
        if revision < Revision::V2026_07_28 {
            // The server of this test tells the rest of its changes by subscriptions only.
            return;
        }
        driver.until(|event| matches!(event, Event::ListChanged(Listed::Tools)).then_some(())).await;
        driver
            .until(|event| matches!(event, Event::ResourceUpdated { uri } if uri == "file:///a%20b").then_some(()))
            .await;
    });
}

#[test]
fn a_cancelled_call_ends_at_once_and_the_next_one_works() {
    every(async |driver, _| {
        let op = driver.session.call_tool(call("steps", json!({"forever": true})), driver.now());
        driver.until(|event| matches!(event, Event::Progress { .. }).then_some(())).await;
        driver.session.cancel(op, driver.now());
        assert_eq!(driver.failed(op).await, OpError::Cancelled);
        let op = driver.session.call_tool(call("echo", json!({"a": 1})), driver.now());
        assert_eq!(driver.called(op).await.content()[0]["text"], r#"{"a":1}"#);
    });
}
