//! Whole conversations, with every body cut at every place: the events and the requests must be the same.

use mcp::{Answer, Event, HttpRequest, List, LogLevel, OpError, Reference, Request};
use proptest::prelude::*;

use crate::rig::{DISCOVERED, Rig, body, cases, config, legacy, legacy_has, modern, modern_has, oldest};

/// A server that has everything.
const ALL: &str = r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"completions":{},"logging":{},"tasks":{"cancel":{},"requests":{"tools":{"call":{}}}},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;

/// Texts with characters of two, three and four bytes, in the tool list, the progress and the result.
const TOOLS: &str =
    r#"{"tools":[{"name":"größe","title":"日本語 🦀","inputSchema":{"type":"object"},"x-unknown":{"ü":1}}]}"#;

fn modern_talk(rig: &mut Rig) {
    rig.connect();
    let discover = rig.post("server/discover");
    rig.result(&discover, DISCOVERED);
    rig.list();
    let list = rig.post("tools/list");
    rig.result(&list, TOOLS);
    let op = rig.call("größe", r#"{"ö":"ß"}"#);
    let call = rig.post("tools/call");
    rig.open(&call);
    let id = &body(&call)["id"];
    let stream = format!(
        ": keep\r\n\r\nevent: message\r\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":{op},\"progress\":1,\"message\":\"läuft 🦀\"}}}}\r\n\r\nid: é\rdata: {{\"jsonrpc\":\"2.0\",\rdata: \"id\":{id},\"result\":{{\"resultType\":\"input_required\",\"requestState\":\"ä\\u00e4\",\rdata: \"inputRequests\":{{\"k\":{{\"method\":\"elicitation/create\",\"params\":{{\"message\":\"Größe?\",\"requestedSchema\":{{\"type\":\"object\"}}}}}}}}}}}}\r\r"
    );
    rig.bytes(&call, stream.as_bytes());
    rig.end(&call);
    let ask = rig.events.iter().find_map(|event| match event {
        Event::Asked(request) => Some(request.id),
        _ => None,
    });
    rig.session.answer(ask.expect("a question"), Answer::Accept(Some(serde_json::json!({"v": "日本"}))), rig.now);
    rig.pump();
    let call = rig.post("tools/call");
    rig.result(
        &call,
        r#"{"content":[{"type":"text","text":"日本語 🦀"},{"type":"future","ä":1}],"structuredContent":{"é":1}}"#,
    );
}

/// Everything besides tools, and a call that becomes a task.
fn wide_talk(rig: &mut Rig) {
    rig.connect();
    let discover = rig.post("server/discover");
    rig.result(&discover, &DISCOVERED.replace(r#"{"tools":{}}"#, ALL));
    let listen = rig.post("subscriptions/listen");
    rig.open(&listen);
    let id = &body(&listen)["id"];
    rig.message(&listen, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{{"toolsListChanged":true,"resourcesListChanged":true}}}}}}"#));
    rig.lists(List::Prompts);
    let list = rig.post("prompts/list");
    rig.result(&list, r#"{"prompts":[{"name":"größe 🦀"}],"ttlMs":5}"#);
    rig.request(Request::resource("file:///日本"));
    let read = rig.post("resources/read");
    rig.open(&read);
    let text =
        format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"contents":[{{"text":"日本語 🦀"}}]}}}}"#, body(&read)["id"]);
    rig.message(&read, &text);
    rig.end(&read);
    rig.call("slow", "{}");
    let call = rig.post("tools/call");
    rig.result(&call, r#"{"resultType":"task","taskId":"ü","status":"working","pollIntervalMs":100}"#);
    let listen = rig.post("subscriptions/listen");
    rig.open(&listen);
    let id = &body(&listen)["id"];
    rig.message(&listen, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{{"taskIds":["ü"]}}}}}}"#));
    rig.pass(100);
    let get = rig.post("tasks/get");
    rig.result(&get, r#"{"resultType":"complete","taskId":"ü","status":"completed","result":{"content":[{"type":"text","text":"🦀"}]}}"#);
    rig.bytes(
        &listen,
        "data: {\"jsonrpc\":\"2.0\",\rdata: \"method\":\"notifications/prompts/list_changed\"}\r\n\r\n".as_bytes(),
    );
    rig.pass(250);
}

fn legacy_talk(rig: &mut Rig) {
    rig.connect();
    let discover = rig.post("server/discover");
    rig.error(&discover, 400, r#"{"code":-32000,"message":"Bad Request: Unsupported protocol version 🦀"}"#);
    let stream = crate::rig::handshake(rig, "s");
    rig.call("größe", "{}");
    let call = rig.post("tools/call");
    rig.bytes(&stream, "id: s-1\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"q-ü\",\"method\":\"ping\"}\n\n".as_bytes());
    rig.open(&call);
    let text = format!(
        r#"{{"result":{{"content":[{{"type":"text","text":"日本語 🦀"}}]}},"jsonrpc":"2.0","id":{}}}"#,
        body(&call)["id"]
    );
    rig.message(&call, &text);
    rig.end(&call);
}

fn oldest_talk(rig: &mut Rig) {
    rig.connect();
    for method in ["server/discover", "initialize"] {
        let request = rig.post(method);
        rig.reply(&request, 405, &[], "Method Not Allowed");
    }
    let stream = rig.take();
    crate::rig::oldest_handshake(rig, &stream);
    rig.call("größe", "{}");
    let call = rig.post("tools/call");
    rig.reply(&call, 202, &[], "Accepted");
    let text = format!(
        r#"{{"result":{{"content":[{{"type":"text","text":"日本語 🦀"}}]}},"jsonrpc":"2.0","id":{}}}"#,
        body(&call)["id"]
    );
    rig.message(&stream, &text);
}

fn outcome(talk: fn(&mut Rig), cut: Option<usize>) -> (String, Vec<Option<String>>, usize) {
    played(talk, |rig| rig.cut = cut)
}

fn played(talk: fn(&mut Rig), cuts: impl FnOnce(&mut Rig)) -> (String, Vec<Option<String>>, usize) {
    let mut all = config();
    all.tasks = true;
    let mut rig = Rig::new(all);
    cuts(&mut rig);
    talk(&mut rig);
    let left: Vec<Option<String>> = rig.fetches.iter().map(|request: &HttpRequest| request.body.clone()).collect();
    (format!("{:?}", rig.events), left, rig.longest)
}

#[test]
fn every_cut_of_every_body_reads_the_same_in_every_era() {
    for talk in [modern_talk, wide_talk, legacy_talk, oldest_talk] {
        let whole = outcome(talk, None);
        assert!(whole.0.contains("日本語 🦀") && whole.0.contains("Called"), "{}", whole.0);
        for cut in 0..=whole.2 {
            assert_eq!(outcome(talk, Some(cut)), whole, "cut at {cut}");
        }
    }
}

/// What a fuzzing hand may do.
#[derive(Clone, Debug)]
enum Act {
    Connect,
    List,
    Lists(usize),
    Call,
    Request(usize),
    Watch(usize, bool),
    Resume,
    Level,
    Cancel(u64),
    Answer(u64),
    Close,
    Head(usize, u16, usize, usize),
    Bytes(usize, Vec<u8>),
    Text(usize, String),
    Reply(usize, usize),
    End(usize),
    Fail(usize),
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Connect),
        2 => Just(Act::List),
        2 => (0usize..3).prop_map(Act::Lists),
        3 => Just(Act::Call),
        2 => (0usize..4).prop_map(Act::Request),
        2 => (0usize..3, any::<bool>()).prop_map(|(which, on)| Act::Watch(which, on)),
        1 => Just(Act::Resume),
        1 => Just(Act::Level),
        1 => (0u64..60).prop_map(Act::Cancel),
        2 => (0u64..60).prop_map(Act::Answer),
        1 => Just(Act::Close),
        6 => (0usize..4, prop_oneof![4 => Just(200u16), 1 => Just(202), 1 => Just(404), 1 => Just(400), 1 => 100u16..600], 0usize..4, 0usize..3)
            .prop_map(|(at, status, kind, session)| Act::Head(at, status, kind, session)),
        2 => (0usize..4, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(at, bytes)| Act::Bytes(at, bytes)),
        2 => (0usize..4, "(data: ?|event: endpoint|id: 1|retry: [0-9]{1,30}|\\{\"id\":[0-9]|\"result\":\\{\\}\\}|\n|\r|[\\[\\]{}\":,a-z0-9]){0,12}")
            .prop_map(|(at, text)| Act::Text(at, text)),
        8 => (0usize..4, 0usize..20).prop_map(|(at, what)| Act::Reply(at, what)),
        3 => (0usize..4).prop_map(Act::End),
        2 => (0usize..4).prop_map(Act::Fail),
        2 => (0u64..400_000).prop_map(Act::Pass),
    ]
}

/// Messages that look right, so that the hand gets past the first gate.
fn plausible(request: &HttpRequest, what: usize) -> String {
    let id = request.body.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let id = id.map_or(serde_json::Value::from(1), |body| body["id"].clone());
    let message = match what {
        0 => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{DISCOVERED}}}"#).replace('\n', ""),
        1 => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{}}}"#, crate::rig::INITIALIZED).replace('\n', ""),
        2 => format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{{"name":"t","inputSchema":{{}}}}],"nextCursor":"{id}"}}}}"#
        ),
        3 => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#),
        4 => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"input_required","requestState":"x"}}}}"#),
        5 => format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"input_required","inputRequests":{{"k":{{"method":"elicitation/create","params":{{"message":"?","requestedSchema":{{}}}}}}}}}}}}"#
        ),
        6 => format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32020,"message":"m"}}}}"#),
        7 => {
            r#"{"jsonrpc":"2.0","id":"s","method":"elicitation/create","params":{"message":"?","requestedSchema":{}}}"#
                .to_owned()
        }
        8 => r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#.to_owned(),
        9 => r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:1"}}"#.to_owned(),
        10 => r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"resourceSubscriptions":["a:0","a:1"]}}}"#.to_owned(),
        11 => format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#),
        12 => format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32022,"message":"m","data":{{"supported":["2025-06-18"]}}}}}}"#),
        13..=16 => {
            let status = ["working", "input_required", "completed", "failed"][what - 13];
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"{}","taskId":"t","status":"{status}","ttlMs":600000,"pollIntervalMs":1,"result":{{}},"inputRequests":{{"{id}":{{"method":"elicitation/create","params":{{"message":"?","requestedSchema":{{}}}}}}}}}}}}"#,
                if request.body.as_deref().is_some_and(|text| text.contains("tools/call")) { "task" } else { "complete" }
            )
        }
        17 => format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"prompts":[],"resources":[],"resourceTemplates":[],"tools":[],"contents":[],"ttlMs":60000}}}}"#
        ),
        _ => return "event: endpoint\ndata: /m\n\n".into(),
    };
    format!("id: {id}\ndata: {message}\n\n")
}

fn play(mut rig: Rig, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let mut open: Vec<HttpRequest> = Vec::new();
    let mut ops = Vec::new();
    for act in acts {
        open.extend(rig.fetches.drain(..));
        open.retain(|request| !rig.cancelled.contains(&request.id));
        let pick = |at: usize| open.len().checked_sub(1 + at).and_then(|at| open.get(at)).cloned();
        match act {
            Act::Connect => drop(rig.connect()),
            Act::List => ops.push(rig.list()),
            Act::Lists(which) => ops.push(rig.lists([List::Prompts, List::Resources, List::Templates][which])),
            Act::Call => ops.push(rig.call("t", "{}")),
            Act::Request(which) => ops.push(rig.request(match which {
                0 => Request::prompt("p", "{}"),
                1 => Request::resource("a:1"),
                2 => Request::completion(Reference::Prompt("p"), "a", "", "{}"),
                _ => Request::new("com.example/x", "{ }"),
            })),
            Act::Watch(which, true) => ops.push(rig.session.watch(&format!("a:{which}"), rig.now)),
            Act::Watch(which, false) => ops.push(rig.session.unwatch(&format!("a:{which}"), rig.now)),
            Act::Resume => ops.push(rig.session.resume_task("t", rig.now)),
            Act::Level => ops.push(rig.session.set_log_level(LogLevel::Info, rig.now)),
            Act::Cancel(nth) => {
                if let Some(op) = ops.get(nth as usize % ops.len().max(1)) {
                    rig.session.cancel(*op, rig.now);
                }
            }
            Act::Answer(nth) => {
                let mut asks = rig.events.iter().filter_map(|event| match event {
                    Event::Asked(request) => Some(request.id),
                    _ => None,
                });
                if let Some(ask) = asks.next_back() {
                    let answer =
                        if nth % 2 == 0 { Answer::Decline } else { Answer::Accept(Some(serde_json::json!({}))) };
                    rig.session.answer(ask, answer, rig.now);
                }
            }
            Act::Close => rig.session.close(rig.now),
            Act::Head(at, status, kind, session) => {
                if let Some(request) = pick(at) {
                    let kind = ["text/event-stream", "application/json", "text/html", ""][kind];
                    let session = ["", "a", "b"][session];
                    rig.head(&request, status, &[("content-type", kind), ("mcp-session-id", session)]);
                }
            }
            Act::Bytes(at, bytes) => {
                if let Some(request) = pick(at) {
                    rig.bytes(&request, &bytes);
                }
            }
            Act::Text(at, text) => {
                if let Some(request) = pick(at) {
                    rig.bytes(&request, text.as_bytes());
                }
            }
            Act::Reply(at, what) => {
                if let Some(request) = pick(at) {
                    rig.head(&request, 200, &[("content-type", "text/event-stream"), ("mcp-session-id", "a")]);
                    rig.bytes(&request, plausible(&request, what).as_bytes());
                }
            }
            Act::End(at) => {
                if let Some(request) = pick(at) {
                    rig.end(&request);
                }
            }
            Act::Fail(at) => {
                if let Some(request) = pick(at) {
                    rig.fail(&request);
                }
            }
            Act::Pass(milliseconds) => rig.pass(milliseconds),
        }
        rig.pump();
    }
    // However it went, every operation ends by itself when nobody does anything any more, and ends once.
    for _ in 0..30 {
        let asked: Vec<mcp::AskId> = rig
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Asked(request) => Some(request.id),
                _ => None,
            })
            .collect();
        for ask in asked {
            rig.session.answer(ask, Answer::Cancel, rig.now);
        }
        rig.pump();
        rig.pass(700_000);
    }
    let ended = |op: mcp::OpId| {
        rig.events
            .iter()
            .filter(|event| match event {
                Event::Called { op: ended, .. }
                | Event::Tools { op: ended, .. }
                | Event::Listed { op: ended, .. }
                | Event::Answered { op: ended, .. }
                | Event::Failed { op: ended, .. } => *ended == op,
                _ => false,
            })
            .count()
    };
    for op in ops {
        prop_assert_eq!(ended(op), 1, "operation {} in {:?}", op, rig.events);
    }
    rig.session.close(rig.now);
    rig.pump();
    let closed = rig.events.iter().filter(|event| matches!(event, Event::Closed)).count();
    prop_assert_eq!(closed, 1);
    prop_assert!(rig.session.poll().is_none());
    Ok(())
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn garbage_never_panics_loops_or_answers_twice(acts in proptest::collection::vec(act(), 0..60), era in 0usize..6) {
        let mut all = config();
        all.tasks = true;
        let rig = match era {
            0 => Rig::new(all),
            1 => modern(),
            2 => legacy().0,
            3 => oldest().0,
            4 => modern_has(all, ALL),
            _ => legacy_has(all, ALL).0,
        };
        play(rig, acts)?;
    }
}

/// What an endless body may be made of.
fn filler() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"data: x\n".to_vec()),
        Just(b"data: x".to_vec()),
        Just(b": keep\n\n".to_vec()),
        Just(b"id: 123456789".to_vec()),
        Just(b"event: a\n".to_vec()),
        Just(b"data: {}\n\n".to_vec()),
        Just(b"\xff\xfe".to_vec()),
        Just(br#"[{"a":"#.to_vec()),
        proptest::collection::vec(any::<u8>(), 1..40),
    ]
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn any_number_of_cuts_reads_the_same(sizes in proptest::collection::vec(1usize..30, 1..20), talk in 0usize..4) {
        let talk = [modern_talk, wide_talk, legacy_talk, oldest_talk][talk];
        prop_assert_eq!(played(talk, |rig| rig.sizes = sizes), outcome(talk, None));
    }

    /// Whatever an endless answer is made of, and whatever it claims to be, it is cut off at the limit, and what waited
    /// for it ends.
    #[test]
    fn x58_no_answer_is_read_for_ever(
        filler in proptest::collection::vec(filler(), 1..4),
        status in prop_oneof![Just(200u16), Just(404), Just(500)],
        kind in prop_oneof![Just("text/event-stream"), Just("application/json")],
    ) {
        let mut small = config();
        small.limits.message_bytes = 2_000;
        small.limits.response_bytes = 20_000;
        small.limits.events = 200;
        let mut rig = modern_has(small, "{}");
        let op = rig.call("t", "{}");
        let call = rig.post("tools/call");
        rig.head(&call, status, &[("content-type", kind)]);
        let mut sent = 0;
        while !rig.cancelled.contains(&call.id) {
            for piece in &filler {
                sent += piece.len();
                rig.bytes(&call, piece);
            }
            prop_assert!(sent < 30_000, "read {} bytes", sent);
        }
        let ends = rig.events.iter().filter(|event| matches!(event, Event::Failed { op: of, error: OpError::TooMuch { .. }, .. } if *of == op));
        prop_assert_eq!(ends.count(), 1);
    }
}
