//! Prompts, resources, completion, logging: one way for all of them, in every revision.

use mcp::{Again, Answer, Event, List, LogLevel, OpError, PageFirst, Reference, Request, Sent};
use serde_json::json;

use crate::rig::{Rig, body, config, header, legacy_has, modern, modern_has, oldest};

const ALL: &str = r#"{"tools":{},"prompts":{},"resources":{"subscribe":true},"completions":{},"logging":{}}"#;

fn both() -> [(Rig, bool); 2] {
    [(modern_has(config(), ALL), true), (legacy_has(config(), ALL).0, false)]
}

#[test]
fn prompts_resources_and_templates_are_listed_page_by_page() {
    for (mut rig, _) in both() {
        for (list, method, member, key) in [
            (List::Prompts, "prompts/list", "prompts", "name"),
            (List::Resources, "resources/list", "resources", "uri"),
            (List::Templates, "resources/templates/list", "resourceTemplates", "uriTemplate"),
        ] {
            let op = rig.lists(list);
            let first = rig.post(method);
            rig.result(&first, &format!(r#"{{"{member}":[{{"{key}":"b","z":1,"a":{{"new":2}}}}],"nextCursor":"2"}}"#));
            let second = rig.post(method);
            assert_eq!(body(&second)["params"]["cursor"], "2");
            rig.result(&second, &format!(r#"{{"{member}":[{{"{key}":"a"}},{{"{key}":"b"}},{{"title":"x"}},7]}}"#));
            let Event::Listed { op: listed, list: which, items, excluded } = rig.event() else { panic!() };
            assert_eq!((listed, which), (op, list));
            assert_eq!(items[0].to_string(), format!(r#"{{"{key}":"b","z":1,"a":{{"new":2}}}}"#));
            assert_eq!(items.len(), 2);
            let names: Vec<&str> = excluded.iter().map(|left| left.name.as_str()).collect();
            assert_eq!(names, ["b", "#4", "#5"]);
            rig.quiet();
        }
    }
}

#[test]
fn x40_other_lists_end_and_are_bounded_too() {
    let mut small = config();
    small.limits.tools = 3;
    small.limits.pages = 2;
    let mut rig = modern_has(small, ALL);
    rig.lists(List::Resources);
    for _ in 0..2 {
        let list = rig.post("resources/list");
        rig.result(&list, r#"{"resources":[],"nextCursor":""}"#);
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::CursorLoop, .. }), "an empty cursor is a cursor");
    rig.lists(List::Resources);
    for page in 0..2 {
        let list = rig.post("resources/list");
        rig.result(&list, &format!(r#"{{"resources":[],"nextCursor":"{page}"}}"#));
    }
    assert!(matches!(rig.event(), Event::Failed { error: OpError::TooMuch { what: "pages", limit: 2 }, .. }));
    rig.lists(List::Templates);
    let list = rig.post("resources/templates/list");
    rig.result(&list, r#"{"resourceTemplates":[1,2,3,4]}"#);
    let Event::Failed { error, .. } = rig.event() else { panic!() };
    assert_eq!(error, OpError::TooMuch { what: "resourceTemplates", limit: 3 });
    for result in
        [r#"{"prompts":{}}"#, "[]", r#"{"prompts":[],"nextCursor":7}"#, r#"{"resultType":"task","prompts":[]}"#]
    {
        rig.lists(List::Prompts);
        let list = rig.post("prompts/list");
        rig.result(&list, result);
        assert!(
            matches!(rig.event(), Event::Failed { error: OpError::Invalid { .. }, sent: Sent::Yes, .. }),
            "{result}"
        );
    }
    rig.quiet();
}

#[test]
fn a_request_carries_its_parameters_byte_for_byte_and_its_headers() {
    let uri = "file:///a%20b/ö?x=1#y";
    for (mut rig, is_modern) in both() {
        for (request, name) in [
            (Request::prompt("code_review", r#"{ "code" : "x\u00e9" }"#), Some("code_review")),
            (Request::resource("file:///a%20b"), Some("file:///a%20b")),
            (Request::resource(uri), Some("=?base64?ZmlsZTovLy9hJTIwYi/Dtj94PTEjeQ==?=")),
            (Request::completion(Reference::Prompt("p"), "a", "x", "{}"), None),
            (Request::new("com.example/do", r#"{ "taskId": 1e2 }"#), None),
        ] {
            let (method, params) = (request.method.clone(), request.params.clone());
            let op = rig.request(request);
            let sent = rig.post(&method);
            let inner = params.trim().trim_matches(['{', '}']).trim();
            assert!(sent.body.as_deref().unwrap().contains(inner), "{:?} has not {inner}", sent.body);
            if is_modern {
                assert_eq!(header(&sent, "mcp-method"), Some(method.as_str()));
                assert_eq!(header(&sent, "mcp-name"), name);
                assert_eq!(body(&sent)["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
            } else {
                assert_eq!((header(&sent, "mcp-method"), header(&sent, "mcp-name")), (None, None));
                assert_eq!(body(&sent)["params"].get("_meta"), None);
            }
            rig.result(&sent, r#"{"z":1,"contents":[{"new":1}],"a":2}"#);
            let Event::Answered { op: answered, result } = rig.event() else { panic!() };
            assert_eq!((answered, result.to_string()), (op, r#"{"z":1,"contents":[{"new":1}],"a":2}"#.to_owned()));
            rig.quiet();
        }
    }
}

#[test]
fn a_request_reports_progress_when_it_is_wanted() {
    for (mut rig, _) in both() {
        let mut request = Request::resource("file:///a");
        request.progress = true;
        let op = rig.request(request);
        let sent = rig.post("resources/read");
        assert_eq!(body(&sent)["params"]["_meta"]["progressToken"], op.get());
        rig.open(&sent);
        rig.message(&sent, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{op},"progress":1}}}}"#));
        assert!(matches!(rig.event(), Event::Progress { op: of, .. } if of == op));
    }
}

#[test]
fn what_the_server_does_not_have_is_not_asked_for() {
    for (mut rig, _) in [(modern(), true), (legacy_has(config(), r#"{"tools":{},"prompts":null}"#).0, false)] {
        let mut ops = vec![rig.lists(List::Prompts), rig.lists(List::Resources), rig.lists(List::Templates)];
        ops.push(rig.request(Request::prompt("p", "{}")));
        ops.push(rig.request(Request::resource("a:b")));
        ops.push(rig.request(Request::completion(Reference::Prompt("p"), "a", "", "")));
        ops.push(rig.session.set_log_level(LogLevel::Info, rig.now));
        ops.push(rig.session.watch("a:b", rig.now));
        rig.pump();
        for op in ops {
            let Event::Failed { op: failed, error: OpError::Unsupported { .. }, sent: Sent::No } = rig.event() else {
                panic!()
            };
            assert_eq!(failed, op);
        }
        rig.quiet();
        rig.list();
        rig.post("tools/list");
    }
    let (mut rig, _stream) = oldest();
    rig.request(Request::new("com.example/do", "{}"));
    rig.post("com.example/do");
    // The oldest revision has completion, and no capability for it.
    rig.request(Request::completion(Reference::Prompt("p"), "a", "", ""));
    rig.post("completion/complete");
}

#[test]
fn requests_with_operations_of_their_own_are_refused_here() {
    let mut rig = modern();
    for method in ["tools/call", "tools/list", "initialize", "notifications/cancelled", "subscriptions/listen"] {
        rig.request(Request::new(method, "{}"));
        assert!(matches!(rig.event(), Event::Failed { error: OpError::Arguments { .. }, sent: Sent::No, .. }));
        rig.quiet();
    }
}

#[test]
fn a_server_is_pinged_in_the_way_of_its_revision() {
    for (mut rig, is_modern) in both() {
        let op = rig.session.ping(rig.now);
        rig.pump();
        let ping = rig.post(if is_modern { "server/discover" } else { "ping" });
        rig.result(&ping, "{}");
        assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    }
}

#[test]
fn a_ping_that_is_not_answered_in_time_has_failed() {
    for (mut rig, is_modern) in both() {
        let op = rig.session.ping(rig.now);
        rig.pump();
        let ping = rig.post(if is_modern { "server/discover" } else { "ping" });
        rig.pass(119_999);
        rig.quiet();
        rig.pass(1);
        assert!(
            matches!(rig.event(), Event::Failed { op: failed, error: OpError::Timeout { seconds: 120 }, .. } if failed == op)
        );
        assert_eq!(rig.cancelled, [ping.id]);
    }
}

#[test]
fn the_level_of_log_messages_is_chosen_in_the_way_of_the_revision() {
    const KEY: &str = "io.modelcontextprotocol/logLevel";
    let mut rig = modern_has(config(), ALL);
    rig.list();
    assert!(body(&rig.post("tools/list"))["params"]["_meta"].get(KEY).is_none(), "nothing unless wanted");
    let op = rig.session.set_log_level(LogLevel::Warning, rig.now);
    rig.pump();
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    rig.call("t", "{}");
    assert_eq!(body(&rig.post("tools/call"))["params"]["_meta"][KEY], "warning");
    rig.quiet();

    let (mut rig, _stream) = legacy_has(config(), ALL);
    let op = rig.session.set_log_level(LogLevel::Error, rig.now);
    rig.pump();
    let set = rig.post("logging/setLevel");
    assert_eq!(body(&set)["params"], json!({"level": "error"}));
    rig.result(&set, "{}");
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    rig.quiet();

    let mut wanting = config();
    wanting.log_level = Some(LogLevel::Debug);
    let (mut rig, _stream) = legacy_has(wanting, ALL);
    let set = rig.post("logging/setLevel");
    assert_eq!(body(&set)["params"], json!({"level": "debug"}));
    rig.error(&set, 200, r#"{"code":-32603,"message":"no"}"#);
    rig.quiet();
}

#[test]
fn prompts_and_resources_may_ask_for_input_and_nothing_else_may() {
    let ask = r#"{"resultType":"input_required","requestState":"s\u002f\/","inputRequests":{"k":{"method":"elicitation/create","params":{"message":"?","requestedSchema":{}}}}}"#;
    for request in [Request::prompt("p", r#"{"a":"b"}"#), Request::resource("file:///x")] {
        let mut rig = modern_has(config(), ALL);
        let (method, params) = (request.method.clone(), request.params.clone());
        let op = rig.request(request);
        let first = rig.post(&method);
        rig.result(&first, ask);
        let asked = rig.asked();
        assert_eq!(asked.op, Some(op));
        rig.answer(asked.id, Answer::Accept(Some(json!({"v": 1}))));
        assert_eq!(rig.event(), Event::SentAgain { op, why: Again::Input });
        let second = rig.post(&method);
        let text = second.body.as_deref().unwrap();
        assert!(text.contains(r#""requestState":"s\u002f\/""#), "{text}");
        assert!(text.contains(&params[1..params.len() - 1]), "{text}");
        assert_eq!(body(&second)["params"]["inputResponses"]["k"], json!({"action": "accept", "content": {"v": 1}}));
        assert_eq!(header(&first, "mcp-name"), header(&second, "mcp-name"));
        assert_ne!(body(&first)["id"], body(&second)["id"]);
        // The second round has no state, so the third has none either.
        rig.result(&second, &ask.replace(r#""requestState":"s\u002f\/","#, ""));
        let asked = rig.asked();
        assert_eq!(asked.repeated, 1);
        rig.answer(asked.id, Answer::Decline);
        rig.event();
        let third = rig.post(&method);
        assert_eq!(body(&third)["params"].get("requestState"), None);
        rig.result(&third, r#"{"resultType":"complete","messages":[]}"#);
        assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
        rig.quiet();
    }
    let mut rig = modern_has(config(), ALL);
    rig.request(Request::completion(Reference::Prompt("p"), "a", "", ""));
    let sent = rig.post("completion/complete");
    rig.result(&sent, ask);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Invalid { .. }, .. }));
    rig.lists(List::Prompts);
    let sent = rig.post("prompts/list");
    rig.result(&sent, ask);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Invalid { .. }, .. }));
    rig.quiet();
}

#[test]
fn x111_a_result_of_an_unknown_type_is_no_result_and_older_revisions_have_none() {
    for kind in ["task", "later", "Complete"] {
        let mut rig = modern_has(config(), ALL);
        let ops = [rig.request(Request::prompt("p", "{}")), rig.call("t", "{}")];
        for (op, method) in ops.into_iter().zip(["prompts/get", "tools/call"]) {
            let sent = rig.post(method);
            rig.result(
                &sent,
                &json!({"resultType": kind, "content": [], "taskId": "x", "status": "working"}).to_string(),
            );
            let Event::Failed { op: failed, error, sent } = rig.event() else { panic!() };
            assert_eq!((failed, sent), (op, Sent::Unknown));
            assert!(error.to_string().contains(kind), "{error}");
        }
        let (mut rig, _stream) = legacy_has(config(), ALL);
        rig.request(Request::prompt("p", "{}"));
        let sent = rig.post("prompts/get");
        rig.result(&sent, &json!({"resultType": kind}).to_string());
        assert!(matches!(rig.event(), Event::Answered { .. }));
    }
}

#[test]
fn a_missing_capability_is_told_with_what_the_server_wants() {
    let mut rig = modern_has(config(), ALL);
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    let data = json!({"requiredCapabilities": {"sampling": {}}});
    rig.error(&call, 400, &json!({"code": -32021, "message": "no", "data": data}).to_string());
    let Event::Failed { error, sent: Sent::Yes, .. } = rig.event() else { panic!() };
    assert_eq!(error, OpError::Rpc { code: -32021, message: "no".into(), data: Some(data) });
    rig.quiet();
}

#[test]
fn extensions_are_declared_with_their_settings_in_every_revision() {
    let mut apps = config();
    apps.extensions = vec![("io.modelcontextprotocol/ui".into(), json!({"mimeTypes": ["text/html;profile=mcp-app"]}))];
    let wanted = json!({"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}});
    let mut rig = Rig::new(apps.clone());
    rig.connect();
    let discover = rig.post("server/discover");
    let declared = &body(&discover)["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(declared["extensions"], wanted);
    rig.result(
        &discover,
        &crate::rig::DISCOVERED.replace(
            r#"{"tools":{}}"#,
            r#"{"tools":{},"extensions":{"io.modelcontextprotocol/ui":{},"com.example/odd":7}}"#,
        ),
    );
    let Event::Connected(connected) = rig.event() else { panic!() };
    assert_eq!(connected.extension("io.modelcontextprotocol/ui"), Some(&json!({})));
    assert_eq!((connected.extension("com.example/odd"), connected.extension("com.example/other")), (None, None));

    apps.era = mcp::EraChoice::Legacy;
    let mut rig = Rig::new(apps);
    rig.connect();
    assert_eq!(body(&rig.post("initialize"))["params"]["capabilities"]["extensions"], wanted);
}

#[test]
fn an_extension_that_cannot_be_declared_is_refused_before_anything_is_sent() {
    for (name, settings) in [
        ("noprefix", json!({})),
        ("/name", json!({})),
        ("com.example/", json!({})),
        ("com..example/x", json!({})),
        ("1com/x", json!({})),
        ("com.example-/x", json!({})),
        ("com.example/-x", json!({})),
        ("com.example/x/y", json!({})),
        ("com.example/x", json!(true)),
    ] {
        let mut odd = config();
        odd.extensions = vec![(name.into(), settings)];
        let mut rig = Rig::new(odd);
        rig.connect();
        assert!(
            matches!(rig.event(), Event::Failed { error: OpError::Extension { .. }, sent: Sent::No, .. }),
            "{name}"
        );
        rig.quiet();
    }
    for name in ["io.modelcontextprotocol/ui", "com.example-1/a_b.c-d", "x/1"] {
        let mut fine = config();
        fine.extensions = vec![(name.into(), json!({}))];
        let mut rig = Rig::new(fine);
        rig.connect();
        rig.post("server/discover");
    }
}

#[test]
fn the_end_of_an_opened_address_is_told_once_and_only_if_it_was_asked_for() {
    let (mut rig, stream) = legacy_has(config(), ALL);
    let done = |id: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{{"elicitationId":"{id}"}}}}"#
        )
    };
    rig.message(&stream, &done("e-1"));
    assert!(matches!(rig.event(), Event::Ignored { .. }));
    rig.call("t", "{}");
    let call = rig.post("tools/call");
    rig.error(&call, 200, r#"{"code":-32042,"message":"open first","data":{"elicitations":[{"mode":"url","elicitationId":"e-1","url":"https://a.example","message":"m"}]}}"#);
    let Event::Failed { error, .. } = rig.event() else { panic!("it fails") };
    let page = PageFirst { url: "https://a.example".into(), message: "m".into(), elicitation: Some("e-1".into()) };
    assert_eq!(error.pages_first(), [page]);
    rig.message(&stream, &done("e-1"));
    assert_eq!(rig.event(), Event::ElicitationComplete { elicitation: "e-1".into() });
    rig.message(&stream, &done("e-1"));
    assert!(matches!(rig.event(), Event::Ignored { .. }));
}

#[test]
fn renewed_headers_count_from_the_next_request_on() {
    let mut rig = modern();
    rig.session.set_headers(vec![("Authorization".into(), "Bearer second".into())]).expect("can be sent");
    let refused = rig.session.set_headers(vec![("Authorization".into(), "a\r\nb".into())]);
    assert!(matches!(refused, Err(OpError::Header { .. })));
    rig.list();
    assert_eq!(header(&rig.post("tools/list"), "authorization"), Some("Bearer second"));
}

#[test]
fn a_changed_definition_is_taken_only_where_the_host_says_so() {
    let list = |rig: &mut Rig, header: &str| {
        let list = rig.post("tools/list");
        rig.result(&list, &format!(r#"{{"tools":[{{"name":"q","inputSchema":{{"type":"object","properties":{{"r":{{"type":"string"{header}}}}}}}}}]}}"#));
    };
    for take in [false, true] {
        let mut open = config();
        open.take_changes = take;
        let mut rig = crate::rig::modern_with(open);
        rig.list();
        list(&mut rig, "");
        rig.event();
        let op = rig.call("q", r#"{"r":"eu"}"#);
        let call = rig.post("tools/call");
        assert_eq!(header(&call, "mcp-param-r"), None);
        rig.error(&call, 400, r#"{"code":-32020,"message":"Header mismatch"}"#);
        list(&mut rig, r#","x-mcp-header":"R""#);
        if take {
            assert_eq!(rig.event(), Event::SentAgain { op, why: Again::Headers });
            assert_eq!(header(&rig.post("tools/call"), "mcp-param-r"), Some("eu"));
        } else {
            assert!(matches!(
                rig.event(),
                Event::Failed { error: OpError::DefinitionChanged { .. }, sent: Sent::No, .. }
            ));
        }
        rig.quiet();
    }
}

#[test]
fn x114_what_only_reads_is_asked_for_once_more_when_its_answer_breaks_off() {
    let cuts: [fn(&mut Rig, &mcp::HttpRequest); 3] = [
        |rig, sent| {
            rig.open(sent);
            rig.fail(sent);
        },
        |rig, sent| {
            rig.open(sent);
            rig.end(sent);
        },
        |rig, sent| {
            rig.head(sent, 200, &[("content-type", "application/json")]);
            rig.bytes(sent, b"{");
            rig.fail(sent);
        },
    ];
    for cut in cuts {
        for method in
            ["prompts/get", "resources/read", "completion/complete", "prompts/list", "tools/list", "com.example/do"]
        {
            let mut rig = modern_has(config(), ALL);
            let op = match method {
                "prompts/get" => rig.request(Request::prompt("p", "{}")),
                "resources/read" => rig.request(Request::resource("a:b")),
                "completion/complete" => rig.request(Request::completion(Reference::Prompt("p"), "a", "", "")),
                "prompts/list" => rig.lists(List::Prompts),
                "tools/list" => rig.list(),
                method => rig.request(Request::new(method, "{}")),
            };
            let first = rig.post(method);
            cut(&mut rig, &first);
            if method != "com.example/do" {
                assert_eq!(rig.event(), Event::SentAgain { op, why: Again::Read });
                let second = rig.post(method);
                assert_ne!(body(&first)["id"], body(&second)["id"]);
                cut(&mut rig, &second);
            }
            let Event::Failed { op: failed, sent: Sent::Unknown, .. } = rig.event() else { panic!("{method}") };
            assert_eq!(failed, op, "once more, not for ever");
            rig.pass(10_000);
            rig.quiet();
        }
    }
    // What did not even begin says nothing about the server.
    let mut rig = modern_has(config(), ALL);
    rig.list();
    let list = rig.post("tools/list");
    rig.fail(&list);
    assert!(matches!(rig.event(), Event::Failed { error: OpError::Network { .. }, .. }));
    rig.quiet();
}

#[test]
fn an_id_is_an_integer_and_never_used_twice() {
    for (mut rig, is_modern) in both() {
        let mut ids = std::collections::BTreeSet::new();
        for name in ["a", "b", "c"] {
            rig.call(name, "{}");
            let call = rig.post("tools/call");
            assert!(ids.insert(body(&call)["id"].as_u64().expect("an integer")), "used twice");
            rig.result(&call, r#"{"content":[]}"#);
            rig.event();
        }
        let op = rig.call("d", "{}");
        let call = rig.post("tools/call");
        assert!(ids.insert(body(&call)["id"].as_u64().expect("an integer")), "used twice");
        rig.session.cancel(op, rig.now);
        rig.pump();
        if !is_modern {
            let told = rig.post("notifications/cancelled");
            assert!(body(&told).get("id").is_none(), "a notification has none");
        }
    }
}

#[test]
fn a_missing_resource_is_told_by_either_code() {
    for (mut rig, _) in both() {
        for code in [-32602, -32002] {
            let op = rig.request(Request::resource("a:1"));
            let read = rig.post("resources/read");
            rig.error(&read, 200, &format!(r#"{{"code":{code},"message":"no such resource"}}"#));
            let Event::Failed { op: failed, error: OpError::Rpc { code: told, message, .. }, .. } = rig.event() else {
                panic!()
            };
            assert_eq!((failed, told, message.as_str()), (op, code, "no such resource"));
        }
    }
}

#[test]
fn an_empty_cursor_is_a_cursor() {
    let mut rig = modern();
    rig.list();
    let first = rig.post("tools/list");
    rig.result(&first, r#"{"resultType":"complete","tools":[],"nextCursor":""}"#);
    let second = rig.post("tools/list");
    assert_eq!(body(&second)["params"]["cursor"], "");
    rig.result(&second, r#"{"resultType":"complete","tools":[]}"#);
    assert!(matches!(rig.event(), Event::Tools { .. }));
    rig.quiet();
}
