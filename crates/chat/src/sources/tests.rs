use super::*;
use crate::conversation::{Body, Conversation, Event, Item, ItemId};
use policy::{Class, ClassSource};
use serde_json::json;

fn card(call: &str, host: &str, result: Value) -> CallCard {
    CallCard {
        breaks: None,
        look: None,
        call: call.into(),
        by: Caller::Model,
        connector: host.into(),
        connector_name: format!("The {host}"),
        host: host.to_owned(),
        badge: None,
        account: Some("ada".to_owned()),
        acts_as: None,
        action: "search".to_owned(),
        title: "Search it".to_owned(),
        class: Class::Read,
        class_source: ClassSource::Claimed,
        arguments: json!({}),
        state: CallState::Done,
        failure: None,
        repeats: None,
        started_at: 10,
        running_since: None,
        ended_at: Some(20),
        signal_at: None,
        progress: None,
        result: Some(result),
        why: None,
        late: false,
        nth: None,
    }
}

fn hit(id: &str, title: &str, url: &str) -> Value {
    json!({ "id": id, "title": title, "url": url })
}

fn numbered(sources: &Sources) -> Vec<(u32, &str, &str)> {
    sources.all().iter().map(|one| (one.number, one.host.as_str(), one.title.as_str())).collect()
}

#[test]
fn hits_documents_links_and_whole_results_are_sources() {
    let found = |result: Value| {
        let sources = Sources::from_cards([card("a", "x", result)].iter());
        sources.all().iter().map(|one| (one.title.clone(), one.url.clone(), one.id.clone())).collect::<Vec<_>>()
    };
    let one = |title: &str, url: Option<&str>, id: Option<&str>| {
        vec![(title.to_owned(), url.map(str::to_owned), id.map(str::to_owned))]
    };
    let hits = json!({ "results": [hit("1", "One", "https://a.example/1")] });
    let as_data = found(json!({ "structuredContent": hits }));
    assert_eq!(as_data, one("One", Some("https://a.example/1"), Some("1")));
    assert_eq!(found(json!({ "content": [{ "type": "text", "text": hits.to_string() }] })), as_data);
    assert_eq!(found(json!({ "structuredContent": [{ "name": "Bare", "id": 7 }] })), one("Bare", None, Some("7")));
    assert_eq!(found(json!({ "structuredContent": { "title": "Doc", "text": "…" } })), one("Doc", None, None));
    assert_eq!(found(json!({ "structuredContent": { "tickets": [{ "title": "Toner" }] } })), one("Toner", None, None));
    let link = json!({ "type": "resource_link", "uri": "file:///x", "name": "X" });
    assert_eq!(found(json!({ "content": [link] })), one("X", Some("file:///x"), None));
    let sent = json!({ "type": "resource", "resource": { "uri": "doc:1", "text": "…" } });
    assert_eq!(found(json!({ "content": [sent] })), one("doc:1", Some("doc:1"), None));
    assert_eq!(found(json!({ "content": [{ "type": "text", "text": "plain words" }] })), one("Search it", None, None));
    assert_eq!(found(json!({ "structuredContent": { "results": [] } })), vec![], "nothing found is no source");
    let long = format!("https://a.example/{}", "x".repeat(3_000));
    assert_eq!(found(json!({ "structuredContent": { "title": "T", "url": long } })), one("T", None, None));
}

#[test]
fn what_a_call_gives_depends_on_how_it_ended_and_whose_it_is() {
    let result = json!({ "structuredContent": { "title": "Doc" } });
    for state in [CallState::Running, CallState::Denied { reason: None }, CallState::Held] {
        let mut one = card("a", "x", result.clone());
        one.state = state;
        assert!(Sources::from_cards([one].iter()).all().is_empty());
    }
    let mut app = card("a", "x", result);
    app.by = Caller::App;
    assert!(Sources::from_cards([app].iter()).all().is_empty(), "what an app reads for itself is not the answer's");
}

#[test]
fn a_document_that_was_found_and_then_read_keeps_its_number_and_another_server_gets_its_own() {
    let found =
        card("a", "x", json!({ "structuredContent": { "results": [hit("1", "One", ""), hit("2", "Two", "")] } }));
    let read = card("b", "x", json!({ "structuredContent": hit("2", "Two, whole", "https://a.example/2") }));
    let other = card("c", "y", json!({ "structuredContent": hit("2", "Two of y", "") }));
    let cards = [found, read, other];
    let sources = Sources::from_cards(cards.iter());
    assert_eq!(numbered(&sources), [(1, "x", "One"), (2, "x", "Two"), (3, "y", "Two of y")]);
    let two = sources.get(2).unwrap();
    assert_eq!((two.calls.len(), two.url.as_deref()), (2, Some("https://a.example/2")));
    assert_eq!(sources.for_model(&"b".into()), "[2] Two · https://a.example/2");
    assert_eq!(sources.get(0), None);
    assert_eq!(sources.get(9), None);
}

#[test]
fn numbers_follow_the_order_in_which_results_came_and_never_change() {
    let mut conversation = Conversation::new("c".into(), Vec::new(), 0);
    for call in ["slow", "quick"] {
        let mut one = card(call, call, Value::Null);
        (one.state, one.result, one.ended_at) = (CallState::Running, None, None);
        let item = Item { id: ItemId::from(call), at: 0, body: Body::Call(Box::new(one)) };
        conversation.apply(Event::Put(item), 1).unwrap();
    }
    let mut comes = |call: &str| {
        let result = json!({ "structuredContent": { "title": call } });
        conversation.apply(Event::CallResult { call: call.into(), result, breaks: None, reviewed: false }, 2).unwrap();
        Sources::of(&conversation).all().iter().map(|one| one.title.clone()).collect::<Vec<_>>()
    };
    assert_eq!(comes("quick"), ["quick"]);
    assert_eq!(comes("slow"), ["quick", "slow"], "the one that stands first came later");
}

#[test]
fn numbers_in_brackets_are_citations_and_nothing_else_is() {
    use Cited::{Source as S, Text as T};
    assert_eq!(cited("One [1] and [2, 3]."), [T("One "), S(1), T(" and "), S(2), S(3), T(".")]);
    assert_eq!(cited("[4]"), [S(4)]);
    assert_eq!(cited("[1][2]"), [S(1), S(2)]);
    for text in ["[a]", "[0]", "[1", "a[i] = [x, 1]", "[-1]", "[99999999999]", "", "[]", "[1,]"] {
        assert_eq!(cited(text), if text.is_empty() { vec![] } else { vec![T(text)] }, "{text}");
    }
    assert_eq!(cited("x [a [7] ä"), [T("x [a "), S(7), T(" ä")]);
    assert_eq!(numbers_in("[2] [1] [2] [1, 5]"), [2, 1, 5]);
}

#[test]
fn x62_a_report_lists_its_sources_by_host_and_what_servers_said_stays_text() {
    let result = json!({ "structuredContent": hit("1", "[bank](https://bank.example) <b>", "https://evil.example/") });
    let cards = [card("a", "evil.example", result)];
    let sources = Sources::from_cards(cards.iter());
    let report = report("What\nis it?", "It is so [1].", &[sources.get(1).unwrap()]);
    assert!(report.starts_with("# What is it?\n\nIt is so [1].\n\n## Sources\n\n- [1] "), "{report}");
    assert!(
        report
            .contains(r"\[bank\](https://bank.example) \<b\>, https://evil.example/ (The evil.example · evil.example)"),
        "{report}"
    );
    assert!(!super::report("q", "text", &[]).contains("Sources"));
}

#[test]
fn x58_a_result_with_many_hits_gives_a_bounded_number() {
    let many: Vec<Value> = (0..1_000).map(|at| hit(&at.to_string(), "T", "")).collect();
    let sources = Sources::from_cards([card("a", "x", json!({ "structuredContent": many }))].iter());
    assert_eq!(sources.all().len(), MAX_ITEMS);
}
