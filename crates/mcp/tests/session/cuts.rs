//! Whole conversations, with every body cut at every place: the events and the requests must be the same.

use mcp::{Answer, Event, HttpRequest};
use proptest::prelude::*;

use crate::rig::{DISCOVERED, Rig, body, config, legacy, modern, oldest};

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
    let mut rig = Rig::new(config());
    rig.cut = cut;
    talk(&mut rig);
    let left: Vec<Option<String>> = rig.fetches.iter().map(|request: &HttpRequest| request.body.clone()).collect();
    (format!("{:?}", rig.events), left, rig.longest)
}

#[test]
fn every_cut_of_every_body_reads_the_same_in_every_era() {
    for talk in [modern_talk, legacy_talk, oldest_talk] {
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
    Call,
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
        3 => Just(Act::Call),
        1 => (0u64..60).prop_map(Act::Cancel),
        2 => (0u64..60).prop_map(Act::Answer),
        1 => Just(Act::Close),
        6 => (0usize..4, prop_oneof![4 => Just(200u16), 1 => Just(202), 1 => Just(404), 1 => Just(400), 1 => 100u16..600], 0usize..4, 0usize..3)
            .prop_map(|(at, status, kind, session)| Act::Head(at, status, kind, session)),
        2 => (0usize..4, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(at, bytes)| Act::Bytes(at, bytes)),
        2 => (0usize..4, "(data: ?|event: endpoint|id: 1|retry: [0-9]{1,30}|\\{\"id\":[0-9]|\"result\":\\{\\}\\}|\n|\r|[\\[\\]{}\":,a-z0-9]){0,12}")
            .prop_map(|(at, text)| Act::Text(at, text)),
        6 => (0usize..4, 0usize..10).prop_map(|(at, what)| Act::Reply(at, what)),
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
            Act::Call => ops.push(rig.call("t", "{}")),
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
                Event::Called { op: ended, .. } | Event::Tools { op: ended, .. } | Event::Failed { op: ended, .. } => {
                    *ended == op
                }
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
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_never_panics_loops_or_answers_twice(acts in proptest::collection::vec(act(), 0..60), era in 0usize..4) {
        let rig = match era {
            0 => Rig::new(config()),
            1 => modern(),
            2 => legacy().0,
            _ => oldest().0,
        };
        play(rig, acts)?;
    }
}
