//! Answers that are kept as long as the server says, for one connection, and never longer.

use mcp::{Answer, Event, List, Request};

use crate::rig::{Rig, config, legacy_has, modern, modern_has};

const ALL: &str = r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true}}"#;

/// A connected rig and its open subscription.
fn listening() -> (Rig, mcp::HttpRequest) {
    let mut rig = modern_has(config(), ALL);
    let listen = rig.post("subscriptions/listen");
    rig.open(&listen);
    (rig, listen)
}

fn changed(rig: &mut Rig, listen: &mcp::HttpRequest, method: &str, params: &str) {
    rig.message(listen, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{params}}}"#));
}

/// Lists, with answers of the server if it is asked; how often it was.
fn asked(rig: &mut Rig, list: List, pages: &[&str]) -> usize {
    rig.lists(list);
    let mut asked = 0;
    while let Some(request) = rig.fetches.pop_front() {
        rig.result(&request, pages[asked]);
        asked += 1;
    }
    assert!(matches!(rig.event(), Event::Tools { .. } | Event::Listed { .. }));
    asked
}

#[test]
fn a_list_is_kept_for_its_time_and_not_a_moment_longer() {
    for (list, member) in [
        (List::Tools, "tools"),
        (List::Prompts, "prompts"),
        (List::Resources, "resources"),
        (List::Templates, "resourceTemplates"),
    ] {
        let (mut rig, _listen) = listening();
        let page = format!(r#"{{"resultType":"complete","{member}":[],"ttlMs":300000,"cacheScope":"public"}}"#);
        assert_eq!(asked(&mut rig, list, &[&page]), 1);
        assert_eq!(asked(&mut rig, list, &[&page]), 0);
        rig.pass(299_999);
        assert_eq!(asked(&mut rig, list, &[&page]), 0);
        rig.pass(1);
        assert_eq!(asked(&mut rig, list, &[&page]), 1);
        rig.session.forget();
        assert_eq!(asked(&mut rig, list, &[&page]), 1);
        rig.session.set_headers(Vec::new()).expect("no headers");
        assert_eq!(asked(&mut rig, list, &[&page]), 1, "another sign-in");
    }
}

#[test]
fn a_kept_list_is_what_the_server_said_with_what_was_left_out() {
    let (mut rig, _listen) = listening();
    rig.list();
    let list = rig.post("tools/list");
    rig.result(&list, r#"{"tools":[{"name":"b","inputSchema":{"z":1,"a":2}},{"name":"c"}],"ttlMs":1000}"#);
    let Event::Tools { tools, excluded, .. } = rig.event() else { panic!() };
    let op = rig.list();
    assert_eq!(rig.event(), Event::Tools { op, tools, excluded });
    rig.quiet();
}

#[test]
fn the_page_with_the_shortest_time_counts() {
    let (mut rig, _listen) = listening();
    let pages = [
        r#"{"prompts":[],"ttlMs":60000,"nextCursor":"2"}"#,
        r#"{"prompts":[],"ttlMs":1000,"nextCursor":"3"}"#,
        r#"{"prompts":[],"ttlMs":60000}"#,
    ];
    assert_eq!(asked(&mut rig, List::Prompts, &pages), 3);
    rig.pass(999);
    assert_eq!(asked(&mut rig, List::Prompts, &pages), 0);
    rig.pass(1);
    assert_eq!(asked(&mut rig, List::Prompts, &pages), 3);
}

#[test]
fn without_a_usable_time_nothing_is_kept_and_older_revisions_keep_nothing() {
    let (mut rig, _listen) = listening();
    for ttl in ["", r#","ttlMs":0"#, r#","ttlMs":-5"#, r#","ttlMs":"60000""#, r#","ttlMs":null"#] {
        let page = format!(r#"{{"prompts":[]{ttl}}}"#);
        assert_eq!(asked(&mut rig, List::Prompts, &[&page]), 1, "{ttl}");
        assert_eq!(asked(&mut rig, List::Prompts, &[&page]), 1, "{ttl}");
    }
    let (mut rig, _stream) = legacy_has(config(), ALL);
    for _ in 0..2 {
        assert_eq!(asked(&mut rig, List::Prompts, &[r#"{"prompts":[],"ttlMs":60000}"#]), 1);
    }
}

#[test]
fn a_change_voids_what_is_kept_and_what_is_on_its_way() {
    for (method, lists) in [
        ("tools/list_changed", vec![List::Tools]),
        ("prompts/list_changed", vec![List::Prompts]),
        ("resources/list_changed", vec![List::Resources, List::Templates]),
    ] {
        let (mut rig, listen) = listening();
        let every = [
            (List::Tools, r#"{"tools":[],"ttlMs":60000}"#),
            (List::Prompts, r#"{"prompts":[],"ttlMs":60000}"#),
            (List::Resources, r#"{"resources":[],"ttlMs":60000}"#),
            (List::Templates, r#"{"resourceTemplates":[],"ttlMs":60000}"#),
        ];
        for (list, page) in every {
            assert_eq!(asked(&mut rig, list, &[page]), 1);
        }
        changed(&mut rig, &listen, method, "{}");
        for (list, page) in every {
            assert_eq!(asked(&mut rig, list, &[page]), usize::from(lists.contains(&list)), "{method} {list:?}");
        }
        let (list, page) = every[every.iter().position(|(list, _)| *list == lists[0]).unwrap()];
        rig.session.forget();
        rig.lists(list);
        let request = rig.take();
        changed(&mut rig, &listen, method, "{}");
        rig.result(&request, page);
        rig.events.clear();
        assert_eq!(asked(&mut rig, list, &[page]), 1, "the answer may be older than the change");
    }
}

#[test]
fn an_unexpected_error_of_a_call_makes_the_list_stale() {
    let (mut rig, _listen) = listening();
    let page = r#"{"tools":[],"ttlMs":60000}"#;
    assert_eq!(asked(&mut rig, List::Tools, &[page]), 1);
    rig.call("gone", "{}");
    let call = rig.post("tools/call");
    rig.error(&call, 200, r#"{"code":-32602,"message":"Unknown tool"}"#);
    rig.event();
    assert_eq!(asked(&mut rig, List::Tools, &[page]), 1);
}

/// Reads a resource; whether the server was asked.
fn read(rig: &mut Rig, uri: &str, result: &str) -> bool {
    let op = rig.request(Request::resource(uri));
    let request = rig.fetches.pop_front();
    if let Some(request) = &request {
        rig.result(request, result);
    }
    let Event::Answered { op: answered, result: given } = rig.event() else { panic!() };
    assert_eq!((answered, given.to_string()), (op, result.to_owned()));
    request.is_some()
}

#[test]
fn a_resource_is_kept_by_its_exact_address() {
    let result = r#"{"contents":[{"text":"ü"}],"ttlMs":1000}"#;
    let (mut rig, listen) = listening();
    assert!(read(&mut rig, "file:///a", result));
    assert!(!read(&mut rig, "file:///a", result));
    assert!(read(&mut rig, "file:///A", result));
    rig.pass(1_000);
    assert!(read(&mut rig, "file:///a", result));
    changed(&mut rig, &listen, "resources/updated", r#"{"uri":"file:///a"}"#);
    rig.events.clear();
    assert!(read(&mut rig, "file:///a", result));
    // A change below it, and a change above it.
    for uri in ["file:///a/b", "file:///"] {
        changed(&mut rig, &listen, "resources/updated", &format!(r#"{{"uri":"{uri}"}}"#));
        rig.events.clear();
        assert!(read(&mut rig, "file:///a", result), "{uri}");
    }
    let op = rig.request(Request::resource("file:///late"));
    let request = rig.post("resources/read");
    changed(&mut rig, &listen, "resources/updated", r#"{"uri":"file:///late"}"#);
    rig.events.clear();
    rig.result(&request, result);
    assert!(matches!(rig.event(), Event::Answered { op: answered, .. } if answered == op));
    assert!(read(&mut rig, "file:///late", result), "the answer may be older than the change");
}

#[test]
fn what_came_of_input_is_never_kept() {
    let (mut rig, _listen) = listening();
    rig.request(Request::resource("file:///a"));
    let first = rig.post("resources/read");
    rig.result(&first, r#"{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{"message":"?","requestedSchema":{}}}},"ttlMs":60000}"#);
    let asked = rig.asked();
    rig.answer(asked.id, Answer::Decline);
    rig.event();
    let second = rig.post("resources/read");
    rig.result(&second, r#"{"contents":[],"ttlMs":60000}"#);
    rig.event();
    assert!(read(&mut rig, "file:///a", r#"{"contents":[1]}"#));
}

#[test]
fn kept_resources_have_a_limit_and_the_oldest_go_first() {
    let mut small = config();
    small.limits.list_bytes = 1_000;
    let mut rig = modern_has(small, r#"{"resources":{}}"#);
    let result = |pad: usize| format!(r#"{{"ttlMs":60000,"pad":"{}"}}"#, "x".repeat(pad));
    for uri in ["a:1", "a:2", "a:3"] {
        assert!(read(&mut rig, uri, &result(370)));
    }
    assert!(!read(&mut rig, "a:3", &result(370)));
    assert!(!read(&mut rig, "a:2", &result(370)));
    assert!(read(&mut rig, "a:1", &result(370)));
    assert!(read(&mut rig, "a:big", &result(2_000)));
    assert!(read(&mut rig, "a:big", &result(2_000)));
    assert!(!read(&mut rig, "a:1", &result(370)), "what is too big pushes nothing out");
}

#[test]
fn the_later_of_two_answers_is_the_one_that_is_kept() {
    let (mut rig, _listen) = listening();
    let (old, new) = (r#"{"contents":[1],"ttlMs":60000}"#, r#"{"contents":[2],"ttlMs":60000}"#);
    for _ in 0..2 {
        rig.request(Request::resource("file:///a"));
    }
    let (first, second) = (rig.post("resources/read"), rig.post("resources/read"));
    rig.result(&first, old);
    rig.result(&second, new);
    rig.events.clear();
    assert!(!read(&mut rig, "file:///a", new));
}

#[test]
fn what_is_forgotten_is_read_anew_and_what_is_under_way_is_not_kept() {
    let mut rig = modern();
    let keepable = r#"{"resultType":"complete","tools":[],"ttlMs":60000,"cacheScope":"public"}"#;
    rig.list();
    let first = rig.post("tools/list");
    rig.result(&first, keepable);
    rig.event();
    rig.list();
    assert!(matches!(rig.event(), Event::Tools { .. }), "it is kept");
    rig.quiet();
    rig.session.forget();
    // Asked for as somebody, answered after they left.
    rig.list();
    let under_way = rig.post("tools/list");
    rig.session.forget();
    rig.result(&under_way, keepable);
    rig.event();
    rig.list();
    let again = rig.post("tools/list");
    rig.result(&again, keepable);
    rig.event();
    rig.quiet();
}
