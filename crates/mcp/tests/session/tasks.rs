//! Calls that became tasks: the extension of 2026-07-28, and what 2025-11-25 had.

use mcp::{Answer, Event, OpError, Request, Sent};
use serde_json::{Value, json};

use crate::rig::{Rig, body, config, header, legacy_has, modern, modern_has};

const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// What a server with tasks says that it has.
const WITH_TASKS: &str = r#"{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;

fn wanting() -> mcp::Config {
    let mut config = config();
    config.tasks = true;
    config
}

fn rig() -> Rig {
    modern_has(wanting(), WITH_TASKS)
}

fn state(status: &str, more: Value) -> String {
    let mut state = json!({
        "resultType": "complete", "taskId": "t-ü/1", "status": status, "createdAt": "2026-11-25T10:30:00Z",
        "lastUpdatedAt": "2026-11-25T10:30:00Z", "ttlMs": 3_600_000, "pollIntervalMs": 5_000
    });
    state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    state.to_string()
}

fn made() -> String {
    state("working", json!({"resultType": "task"}))
}

/// The next event, which must tell a state of the task.
fn told(rig: &mut Rig) -> String {
    match rig.event() {
        Event::Task { status, .. } => {
            assert_eq!(status.task, "t-ü/1");
            status.status
        }
        event => panic!("{event:?}"),
    }
}

/// A rig with a call that is a task already.
fn running() -> (Rig, mcp::OpId) {
    let mut rig = rig();
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &made());
    assert_eq!(told(&mut rig), "working");
    rig.quiet();
    (rig, op)
}

fn poll(rig: &mut Rig, answer: &str) {
    let get = rig.post("tasks/get");
    rig.result(&get, answer);
}

#[test]
fn tasks_are_declared_when_the_host_wants_them_and_in_no_other_case() {
    let mut rig = rig();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    let declared = &body(&call)["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(declared["extensions"], json!({EXTENSION: {}}));
    let mut rig = modern();
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    assert!(!call.body.as_deref().unwrap().contains(EXTENSION));
    rig.result(&call, &made());
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Invalid { .. }, sent: Sent::Unknown, .. }));
    rig.quiet();
}

#[test]
fn a_server_that_does_not_say_that_it_has_tasks_has_none() {
    for capabilities in [
        r#"{"tools":{}}"#,
        r#"{"tools":{},"tasks":{"requests":{"tools":{"call":{}}}}}"#,
        r#"{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":true,"com.example/tasks":{}}}"#,
    ] {
        let mut rig = modern_has(wanting(), capabilities);
        let op = rig.call("slow", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, &made());
        let Event::Failed { op: failed, error: OpError::Invalid { what }, sent } = rig.event() else { panic!() };
        assert_eq!((failed, sent), (op, Sent::Unknown));
        assert!(what.contains("`task`"), "{what}");
        // Nor is it asked for one of an earlier session: nobody knows how that ended.
        let op = rig.session.resume_task("t-ü/1", rig.now);
        rig.pump();
        let error = OpError::Unsupported { what: format!("`{EXTENSION}`") };
        assert_eq!(rig.event(), Event::Failed { op, error, sent: Sent::Unknown });
        rig.pass(3_600_000);
        rig.quiet();
    }
}

#[test]
fn a_call_is_judged_by_what_the_server_had_when_it_was_sent() {
    let mut rig = rig();
    rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.list();
    let list = rig.post("tools/list");
    rig.error(&list, 400, r#"{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}"#);
    assert!(matches!(rig.event(), Event::SentAgain { .. }));
    rig.result(&call, &made());
    assert_eq!(told(&mut rig), "working", "nobody knows what the server has now");
}

#[test]
fn a_task_is_asked_for_at_the_pace_of_the_server_until_it_is_done() {
    let (mut rig, op) = running();
    rig.pass(4_999);
    rig.quiet();
    rig.pass(1);
    let get = rig.post("tasks/get");
    assert_eq!(body(&get)["params"]["taskId"], "t-ü/1");
    assert_eq!(
        (header(&get, "mcp-method"), header(&get, "mcp-name")),
        (Some("tasks/get"), Some("=?base64?dC3DvC8x?="))
    );
    rig.result(&get, &state("working", json!({"pollIntervalMs": 1, "statusMessage": "half"})));
    assert_eq!(told(&mut rig), "working", "a message is news");
    rig.pass(99);
    rig.quiet();
    rig.pass(1);
    poll(&mut rig, &state("working", json!({"statusMessage": "half", "pollIntervalMs": 700_000})));
    rig.pass(699_999);
    rig.quiet();
    rig.pass(1);
    poll(
        &mut rig,
        &state("completed", json!({"result": {"content": [{"type": "text", "text": "ö"}], "isError": true}})),
    );
    assert_eq!(told(&mut rig), "completed");
    let Event::Called { op: called, result } = rig.event() else { panic!() };
    assert_eq!((called, result.is_error()), (op, true));
    assert_eq!(result.content()[0]["text"], "ö");
    rig.pass(3_600_000);
    rig.quiet();
}

#[test]
fn a_task_that_was_done_at_once_is_fetched_at_once() {
    let mut rig = rig();
    rig.call("quick", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &state("completed", json!({"resultType": "task"})));
    assert_eq!(told(&mut rig), "completed");
    rig.pass(0);
    poll(&mut rig, &state("completed", json!({"result": {"content": []}})));
    assert!(matches!(rig.event(), Event::Called { .. }));
    rig.quiet();
}

#[test]
fn the_other_ends_of_a_task_fail_the_call() {
    for (answer, check) in [
        (state("failed", json!({"error": {"code": -32603, "message": "m", "data": 1}})), 0),
        (state("cancelled", json!({"statusMessage": "by an operator"})), 1),
        (state("completed", json!({})), 2),
        (state("sleeping", json!({})), 2),
        (json!({"resultType": "complete"}).to_string(), 2),
    ] {
        let (mut rig, op) = running();
        rig.pass(5_000);
        poll(&mut rig, &answer);
        let event = loop {
            match rig.event() {
                Event::Task { .. } => {}
                event => break event,
            }
        };
        let Event::Failed { op: failed, error, sent } = event else { panic!("{event:?}") };
        assert_eq!(failed, op);
        match check {
            0 => assert_eq!(
                (error, sent),
                (OpError::Rpc { code: -32603, message: "m".into(), data: Some(json!(1)) }, Sent::Yes)
            ),
            1 => {
                assert_eq!(error.to_string(), "the server cancelled the task: by an operator");
                assert_eq!(sent, Sent::Yes);
            }
            _ => assert!(matches!((error, sent), (OpError::Invalid { .. }, Sent::Unknown))),
        }
        rig.pass(100_000);
        rig.quiet();
    }
}

#[test]
fn a_task_without_a_usable_name_is_refused() {
    for id in [json!(null), json!(""), json!(7), json!("x".repeat(3_000))] {
        let mut rig = rig();
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, &state("working", json!({"resultType": "task", "taskId": id})));
        assert!(matches!(rig.event(), Event::Failed { error: OpError::Invalid { .. }, sent: Sent::Unknown, .. }));
        rig.quiet();
    }
}

#[test]
fn only_a_call_may_become_a_task() {
    let mut rig = modern_has(wanting(), r#"{"prompts":{}}"#);
    rig.request(Request::prompt("p", "{}"));
    let get = rig.post("prompts/get");
    rig.result(&get, &made());
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Invalid { .. }, .. }));
    rig.quiet();
}

#[test]
fn input_in_the_middle_is_asked_once_and_goes_to_the_task() {
    let question =
        |text: &str| json!({"method": "elicitation/create", "params": {"message": text, "requestedSchema": {}}});
    let (mut rig, op) = running();
    rig.pass(5_000);
    poll(&mut rig, &state("input_required", json!({"inputRequests": {"a": question("A?"), "b": question("B?")}})));
    assert_eq!(told(&mut rig), "input_required");
    let (a, b) = (rig.asked(), rig.asked());
    assert_eq!((a.message.as_str(), a.op, b.message.as_str()), ("A?", Some(op), "B?"));
    rig.pass(600_000);
    rig.quiet();
    rig.answer(a.id, Answer::Accept(Some(json!({"v": "ü"}))));
    rig.quiet();
    rig.answer(b.id, Answer::Decline);
    let update = rig.post("tasks/update");
    assert_eq!(header(&update, "mcp-name"), Some("=?base64?dC3DvC8x?="));
    let params = &body(&update)["params"];
    assert_eq!(params["taskId"], "t-ü/1");
    assert_eq!(
        params["inputResponses"],
        json!({"a": {"action": "accept", "content": {"v": "ü"}}, "b": {"action": "decline"}})
    );
    rig.fail(&update);
    rig.pass(10_000);
    let again = rig.post("tasks/update");
    assert_eq!(
        body(&again)["params"]["inputResponses"],
        params["inputResponses"],
        "answers count once, so they may repeat"
    );
    rig.result(&again, r#"{"resultType":"complete"}"#);
    rig.quiet();
    rig.pass(5_000);
    // The server has not taken note yet, and has one more question.
    poll(&mut rig, &state("input_required", json!({"inputRequests": {"a": question("A?"), "c": question("C?")}})));
    let c = rig.asked();
    assert_eq!(c.message, "C?");
    rig.answer(c.id, Answer::Cancel);
    let update = rig.post("tasks/update");
    assert_eq!(body(&update)["params"]["inputResponses"], json!({"c": {"action": "cancel"}}));
    rig.result(&update, r#"{"resultType":"complete"}"#);
    rig.pass(5_000);
    poll(&mut rig, &state("input_required", json!({"inputRequests": {"c": question("C?")}})));
    rig.pass(5_000);
    poll(&mut rig, &state("completed", json!({"result": {"content": []}})));
    assert_eq!(told(&mut rig), "completed");
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
    rig.quiet();
}

#[test]
fn input_that_is_not_offered_stops_the_task() {
    let (mut rig, op) = running();
    rig.pass(5_000);
    poll(&mut rig, &state("input_required", json!({"inputRequests": {"a": {"method": "sampling/createMessage"}}})));
    told(&mut rig);
    assert!(matches!(rig.event(), Event::Failed { op: failed, error: OpError::NotOffered { .. }, .. } if failed == op));
    rig.post("tasks/cancel");
    rig.quiet();
}

#[test]
fn a_task_that_asks_for_ever_is_stopped() {
    let mut small = wanting();
    small.limits.rounds = 1;
    small.limits.asks = 2;
    let mut rig = modern_has(small, WITH_TASKS);
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &made());
    told(&mut rig);
    for n in 0..3 {
        rig.pass(5_000);
        let ask = json!({"inputRequests": {n.to_string(): {"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {}}}}});
        poll(&mut rig, &state("input_required", ask));
        if n == 0 {
            told(&mut rig);
        }
        if n < 2 {
            let asked = rig.asked();
            rig.answer(asked.id, Answer::Decline);
            let update = rig.post("tasks/update");
            rig.result(&update, "{}");
        }
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::TooMuch { what: "questions", limit: 2 }, .. }));
    rig.post("tasks/cancel");
}

#[test]
fn a_task_survives_broken_connections_but_not_for_ever() {
    let (mut rig, op) = running();
    rig.pass(5_000);
    let breaks: [fn(&mut Rig, &mcp::HttpRequest); 5] = [
        |rig, get| rig.fail(get),
        |rig, get| rig.reply(get, 503, &[], "busy"),
        |rig, get| rig.reply(get, 429, &[], "slowly"),
        |rig, _| rig.pass(120_000),
        |rig, get| {
            rig.open(get);
            rig.end(get)
        },
    ];
    for cut in breaks {
        let get = rig.post("tasks/get");
        cut(&mut rig, &get);
        assert!(rig.events.is_empty(), "{:?}", rig.events);
        rig.pass(80_000);
    }
    poll(&mut rig, &state("working", json!({})));
    rig.pass(5_000);
    for _ in 0..6 {
        let get = rig.post("tasks/get");
        rig.fail(&get);
        rig.pass(80_000);
    }
    assert!(
        matches!(rig.event(), Event::Failed { op: failed, error: OpError::Network { .. }, sent: Sent::Unknown } if failed == op)
    );
    rig.quiet();

    let (mut rig, _) = running();
    rig.pass(5_000);
    let get = rig.post("tasks/get");
    rig.error(&get, 200, r#"{"code":-32602,"message":"Task not found"}"#);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32602, .. }, sent: Sent::Unknown, .. }));
    rig.quiet();
}

#[test]
fn a_task_that_outlives_its_time_is_looked_at_once_more_and_given_up() {
    let (mut rig, op) = running();
    rig.pass(5_000);
    poll(&mut rig, &state("working", json!({"ttlMs": 12_000})));
    rig.pass(5_000);
    poll(&mut rig, &state("working", json!({"ttlMs": 12_000})));
    rig.pass(1_999);
    rig.quiet();
    rig.pass(1);
    poll(&mut rig, &state("working", json!({"ttlMs": 12_000})));
    assert!(
        matches!(rig.event(), Event::Failed { op: failed, error: OpError::Timeout { seconds: 12 }, sent: Sent::Unknown } if failed == op)
    );
    rig.post("tasks/cancel");
    rig.quiet();

    // One without an end, or with one that is too far, has the limit of the host.
    for ttl in [json!(null), json!(1e300)] {
        let mut short = wanting();
        short.timeouts.task = 6_000;
        let mut rig = modern_has(short, WITH_TASKS);
        rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, &state("working", json!({"resultType": "task", "ttlMs": ttl, "pollIntervalMs": 1e300})));
        told(&mut rig);
        rig.pass(6_000);
        poll(&mut rig, &state("completed", json!({"result": {}})));
        told(&mut rig);
        assert!(matches!(rig.event(), Event::Called { .. }));
    }
}

#[test]
fn cancelling_the_call_cancels_the_task_and_closing_does_not() {
    for in_flight in [false, true] {
        let (mut rig, op) = running();
        let get = in_flight.then(|| {
            rig.pass(5_000);
            rig.post("tasks/get")
        });
        rig.session.cancel(op, rig.now);
        rig.pump();
        assert!(
            matches!(rig.event(), Event::Failed { op: failed, error: OpError::Cancelled, sent: Sent::Unknown } if failed == op)
        );
        if let Some(get) = get {
            assert!(rig.cancelled.contains(&get.id));
        }
        let cancel = rig.post("tasks/cancel");
        assert_eq!(body(&cancel)["params"]["taskId"], "t-ü/1");
        assert_eq!(header(&cancel, "mcp-name"), Some("=?base64?dC3DvC8x?="));
        rig.error(&cancel, 200, r#"{"code":-32602,"message":"over already"}"#);
        rig.pass(100_000);
        rig.quiet();
    }
    let (mut rig, _) = running();
    rig.session.close(rig.now);
    rig.pump();
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Closed, sent: Sent::Unknown, .. }));
    assert_eq!(rig.event(), Event::Closed);
    rig.quiet();
}

#[test]
fn a_task_of_an_earlier_session_is_gone_on_with() {
    let mut rig = Rig::new(wanting());
    let op = rig.session.resume_task("t-ü/1", rig.now);
    rig.pump();
    let discover = rig.post("server/discover");
    rig.result(&discover, &crate::rig::DISCOVERED.replace(r#"{"tools":{}}"#, WITH_TASKS));
    rig.event();
    poll(&mut rig, &state("working", json!({})));
    assert_eq!(told(&mut rig), "working");
    rig.pass(5_000);
    poll(&mut rig, &state("completed", json!({"result": {"content": []}})));
    assert_eq!(told(&mut rig), "completed");
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
    rig.session.resume_task("", rig.now);
    rig.pump();
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Arguments { .. }, sent: Sent::No, .. }));
    rig.quiet();
}

#[test]
fn a_task_name_never_shows_in_debug_output() {
    let (mut rig, op) = running();
    let mut shown = format!("{:?}", rig.session);
    rig.pass(5_000);
    let get = rig.post("tasks/get");
    shown.push_str(&format!("{get:?}"));
    rig.result(&get, &state("completed", json!({"result": {}})));
    shown.push_str(&format!("{:?} {op:?}", rig.events));
    assert!(shown.contains("completed"), "{shown}");
    assert!(!shown.contains("t-ü"), "{shown}");
}

const OLD: &str = r#"{"tools":{},"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}"#;
const TOOLS: &str = r#"{"tools":[{"name":"must","inputSchema":{},"execution":{"taskSupport":"required"}},{"name":"may","inputSchema":{},"execution":{"taskSupport":"optional"}}]}"#;

fn old_state(status: &str) -> String {
    json!({"taskId": "t-ü/1", "status": status, "createdAt": "x", "lastUpdatedAt": "x", "ttl": 60_000, "pollInterval": 1_000})
        .to_string()
}

fn old(config: mcp::Config, capabilities: &str) -> (Rig, mcp::HttpRequest) {
    let (mut rig, stream) = legacy_has(config, capabilities);
    rig.list();
    let list = rig.post("tools/list");
    rig.result(&list, TOOLS);
    rig.event();
    (rig, stream)
}

#[test]
fn a_tool_of_2025_that_must_run_as_a_task_does_and_no_other_one() {
    for (config, capabilities) in [(wanting(), OLD), (config(), OLD), (wanting(), r#"{"tools":{}}"#)] {
        let is_task = config.tasks && capabilities == OLD;
        let (mut rig, _stream) = old(config, capabilities);
        rig.call("must", "{}");
        let call = rig.post("tools/call");
        assert_eq!(body(&call)["params"].get("task"), is_task.then_some(&json!({})));
        rig.call("may", "{}");
        assert_eq!(body(&rig.post("tools/call"))["params"].get("task"), None);
        if !is_task {
            rig.result(&call, r#"{"task":{"taskId":"x"},"content":[]}"#);
            assert!(matches!(rig.event(), Event::Called { .. }), "a member like any other");
        }
    }
}

#[test]
fn the_result_of_an_old_task_is_fetched_and_its_questions_come_meanwhile() {
    let (mut rig, stream) = old(wanting(), OLD);
    let op = rig.call("must", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &format!(r#"{{"task":{}}}"#, old_state("working")));
    assert_eq!(told(&mut rig), "working");
    rig.message(
        &stream,
        &format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{op},"progress":1}}}}"#
        ),
    );
    assert!(matches!(rig.event(), Event::Progress { .. }), "its token lives as long as the task");
    rig.pass(1_000);
    let get = rig.post("tasks/get");
    assert_eq!((header(&get, "mcp-name"), body(&get)["params"].clone()), (None, json!({"taskId": "t-ü/1"})));
    rig.result(&get, &old_state("input_required"));
    assert_eq!(told(&mut rig), "input_required");
    let result = rig.post("tasks/result");
    rig.open(&result);
    rig.message(&result, r#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?","requestedSchema":{},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t-ü/1"}}}}"#);
    let asked = rig.asked();
    assert_eq!(asked.op, Some(op));
    rig.answer(asked.id, Answer::Accept(Some(json!({"v": 1}))));
    let answer = rig.take();
    assert_eq!(
        body(&answer)["result"],
        json!({"action": "accept", "content": {"v": 1}, "_meta": {"io.modelcontextprotocol/related-task": {"taskId": "t-ü/1"}}})
    );
    rig.reply(&answer, 202, &[], "");
    // The stream breaks off; the state is asked for again, and the result is there.
    rig.fail(&result);
    rig.pass(10_000);
    let get = rig.post("tasks/get");
    rig.message(
        &stream,
        r#"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t-ü/1","status":"completed"}}"#,
    );
    rig.result(&get, &old_state("completed"));
    assert_eq!(told(&mut rig), "completed");
    let result = rig.post("tasks/result");
    rig.result(&result, r#"{"content":[{"type":"text","text":"done"}]}"#);
    let Event::Called { op: called, result } = rig.event() else { panic!() };
    assert_eq!((called, result.content()[0]["text"].as_str()), (op, Some("done")));
    rig.pass(100_000);
    rig.quiet();
}

#[test]
fn an_old_task_fails_with_the_error_of_its_call_and_a_notice_shortens_the_wait() {
    let (mut rig, stream) = old(wanting(), OLD);
    rig.call("must", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &format!(r#"{{"task":{}}}"#, old_state("working")));
    told(&mut rig);
    for _ in 0..1_000 {
        rig.message(&stream, r#"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t-ü/1"}}"#);
    }
    rig.quiet();
    rig.pass(100);
    poll(&mut rig, &old_state("failed"));
    told(&mut rig);
    let result = rig.post("tasks/result");
    rig.error(&result, 200, r#"{"code":-32000,"message":"rate limit"}"#);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Rpc { code: -32000, .. }, sent: Sent::Yes, .. }));
    rig.quiet();
}

#[test]
fn the_result_of_an_old_task_that_never_comes_is_given_up() {
    for (ttl, fetched) in [(json!(null), 6), (json!(15_000), 2)] {
        let mut config = wanting();
        config.timeouts.ping = 0;
        let (mut rig, _stream) = old(config, OLD);
        let op = rig.call("must", "{}");
        let call = rig.post("tools/call");
        let state = |status| old_state(status).replace("60000", &ttl.to_string());
        rig.result(&call, &format!(r#"{{"task":{}}}"#, state("working")));
        told(&mut rig);
        rig.pass(1_000);
        for n in 0..fetched {
            poll(&mut rig, &state("completed"));
            if n == 0 {
                assert_eq!(told(&mut rig), "completed");
            }
            let result = rig.post("tasks/result");
            rig.quiet();
            rig.reply(&result, 503, &[], "busy");
            rig.pass(40_000);
        }
        assert!(
            matches!(rig.event(), Event::Failed { op: failed, error: OpError::Http { status: 503, .. }, sent: Sent::Unknown } if failed == op)
        );
        rig.pass(3_600_000);
        rig.quiet();
    }
}

#[test]
fn an_old_task_is_cancelled_only_where_the_server_can() {
    for (capabilities, can) in [(OLD.to_owned(), true), (OLD.replace(r#""cancel":{},"#, ""), false)] {
        let (mut rig, _stream) = old(wanting(), &capabilities);
        let op = rig.call("must", "{}");
        let call = rig.post("tools/call");
        rig.result(&call, &format!(r#"{{"task":{}}}"#, old_state("working")));
        told(&mut rig);
        rig.session.cancel(op, rig.now);
        rig.pump();
        assert!(matches!(rig.event(), Event::Failed { error: OpError::Cancelled, .. }));
        if can {
            rig.post("tasks/cancel");
        }
        rig.quiet();
    }
}

#[test]
fn where_the_server_is_listened_to_it_may_tell_of_its_tasks() {
    let capabilities = r#"{"tools":{"listChanged":true},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;
    let mut rig = modern_has(wanting(), capabilities);
    let lists = rig.post("subscriptions/listen");
    let acknowledge = |rig: &mut Rig, listen: &mcp::HttpRequest| {
        rig.open(listen);
        rig.message(listen, r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"taskIds":["t-ü/1"]}}}"#);
    };
    acknowledge(&mut rig, &lists);
    let op = rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, &made());
    assert_eq!(told(&mut rig), "working");
    let listen = rig.post("subscriptions/listen");
    assert_eq!(body(&listen)["params"]["notifications"], json!({"toolsListChanged": true, "taskIds": ["t-ü/1"]}));
    acknowledge(&mut rig, &listen);
    assert_eq!(rig.cancelled, [lists.id]);
    let tell = |rig: &mut Rig, state: &str| {
        rig.message(&listen, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/tasks","params":{state}}}"#));
    };
    // Each notice begins the wait anew.
    rig.pass(4_000);
    tell(&mut rig, &state("working", json!({"statusMessage": "half"})));
    assert_eq!(told(&mut rig), "working");
    rig.pass(4_999);
    tell(&mut rig, &state("completed", json!({"taskId": "another", "result": {}})));
    rig.quiet();
    // The answer to a request that is open counts, not what is told meanwhile.
    rig.pass(1);
    let get = rig.post("tasks/get");
    tell(&mut rig, &state("completed", json!({"result": {"content": []}})));
    rig.quiet();
    rig.result(&get, &state("working", json!({"statusMessage": "half"})));
    rig.quiet();
    tell(&mut rig, &state("completed", json!({"result": {"content": []}})));
    assert_eq!(told(&mut rig), "completed");
    assert!(matches!(rig.event(), Event::Called { op: called, .. } if called == op));
    rig.pass(3_600_000);
    rig.quiet();
}
