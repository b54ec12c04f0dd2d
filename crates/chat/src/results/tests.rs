use super::*;
use serde_json::json;

#[test]
fn every_kind_of_block_is_shown_as_what_it_is() {
    let shown = shown(
        &json!({ "content": [
        { "type": "text", "text": "plain" },
        { "type": "text", "text": "# Title\n\n- a\n- b" },
        { "type": "text", "text": "{\"a\": 1}" },
        { "type": "image", "data": "AAAA", "mimeType": "image/png" },
        { "type": "image", "data": "AAAA", "mimeType": "image/svg+xml" },
        { "type": "audio", "data": "AAAA", "mimeType": "audio/wav" },
        { "type": "resource_link", "uri": "javascript:alert(1)", "name": "x" },
        { "type": "resource", "resource": { "uri": "a://b", "text": "t" } },
        { "type": "resource", "resource": { "uri": "a://b", "blob": "AAAA" } },
        { "type": "hologram", "depth": 3 },
        { "type": "text" },
        7,
    ] }),
        None,
    );
    assert!(matches!(&shown.parts[0], Part::Text { look: Look::Plain, cut: 0, .. }));
    assert!(matches!(&shown.parts[1], Part::Text { look: Look::Markdown, .. }));
    assert!(matches!(&shown.parts[2], Part::Text { look: Look::Json, .. }));
    assert_eq!(shown.parts[3].data_type(), Some("image/png"));
    assert_eq!(shown.parts[4].data_type(), None, "x50: an SVG is not drawn");
    assert_eq!(shown.parts[5].data_type(), Some("audio/wav"));
    assert!(matches!(&shown.parts[6], Part::Link(resource) if resource.uri == "javascript:alert(1)"));
    assert!(matches!(&shown.parts[7], Part::Embedded { text: Some(_), blob: None, .. }));
    assert!(matches!(&shown.parts[8], Part::Embedded { text: None, blob: Some(_), .. }));
    assert!(shown.parts[9..].iter().all(|part| matches!(part, Part::Unknown(_))));
    assert!(matches!(&shown_of(json!({ "odd": true })).parts[..], [Part::Unknown(_)]), "n14: never blank");
}

fn shown_of(result: Value) -> Shown {
    shown(&result, None)
}

#[test]
fn x58_too_much_is_cut_and_counted() {
    let many: Vec<Value> = (0..MAX_PARTS + 5).map(|n| json!({ "type": "text", "text": n.to_string() })).collect();
    assert_eq!(shown_of(json!({ "content": many })).more, 5);
    let long = "ä".repeat(MAX_TEXT + 7);
    let shown = shown_of(json!({ "content": [{ "type": "text", "text": long }] }));
    assert!(matches!(&shown.parts[0], Part::Text { cut: 7, text, .. } if text.chars().count() == MAX_TEXT));
    let rows: Vec<Value> = (0..MAX_ROWS + 3).map(|n| json!({ "n": n })).collect();
    assert!(
        matches!(structured(&json!(rows)), Structured::Table(table) if table.more == 3 && table.rows.len() == MAX_ROWS)
    );
    assert_eq!(values(&json!({ "structuredContent": (0..500).collect::<Vec<_>>() })).len(), MAX_VALUES);
}

#[test]
fn n14_lists_of_like_objects_are_tables() {
    let Structured::Table(table) =
        structured(&json!({ "orders": [{ "id": 1, "who": "a" }, { "id": 2, "paid": true }], "total": 2 }))
    else {
        panic!("not a table")
    };
    assert_eq!(table.path, "orders");
    assert_eq!(
        table.columns.iter().map(|c| (c.name.as_str(), c.numeric)).collect::<Vec<_>>(),
        [("id", true), ("who", false), ("paid", false)]
    );
    assert_eq!(table.rows[1], [Some(json!(2)), None, Some(json!(true))]);
    assert_eq!(Value::Object(table.beside), json!({ "total": 2 }));
    for tree in [json!([1, 2]), json!([]), json!([{ "a": 1 }, 2]), json!({ "a": [{ "x": 1 }], "b": [{ "y": 1 }] })] {
        assert!(matches!(structured(&tree), Structured::Tree(_)), "{tree}");
    }
}

#[test]
fn a_text_that_repeats_the_structure_is_known() {
    let data = json!({ "a": [1, 2] });
    let result = json!({ "content": [{ "type": "text", "text": data.to_string() }], "structuredContent": data });
    assert!(shown(&result, None).repeated);
    assert!(
        !shown_of(json!({ "content": [{ "type": "text", "text": "two" }], "structuredContent": { "a": 2 } })).repeated
    );
}

#[test]
fn values_have_a_path_and_stay_exact() {
    let offered = values(&json!({
        "content": [{ "type": "text", "text": "{\"x\": 1.50}" }, { "type": "resource_link", "uri": "a://b" }],
    }));
    assert_eq!(
        offered.iter().map(|one| (one.label.as_str(), one.name.as_str(), one.value.clone())).collect::<Vec<_>>(),
        [("x", "x", json!(1.5)), ("uri", "uri", json!("a://b"))]
    );
    let nested = values(&json!({ "structuredContent": { "user": { "name": "Ann", "tags": ["a", "b"] } } }));
    assert_eq!(nested[0].within, ["user"]);
    assert_eq!(nested[1].label, "user › tags › 1");
    assert_eq!(nested[1].name, "tags");
}

#[test]
fn looks_are_told_apart() {
    for (text, want) in [
        ("Hello there.", Look::Plain),
        ("# not a heading without more? yes it is", Look::Markdown),
        ("#hashtag", Look::Plain),
        ("a - b\nc - d", Look::Plain),
        ("- one\n- two", Look::Markdown),
        ("| a | b |\n|---|---|", Look::Markdown),
        ("```\ncode\n```", Look::Markdown),
        ("[1, 2]", Look::Json),
        ("[not json]", Look::Plain),
        ("", Look::Plain),
    ] {
        assert_eq!(look(text), want, "{text}");
    }
}

#[test]
fn n14_a_flat_object_is_a_card_and_names_come_from_the_schema() {
    let promised = json!({
        "type": "object",
        "properties": { "id": { "$ref": "#/$defs/id" }, "due": { "type": "string", "title": " Due date " }, "tags": {} },
        "$defs": { "id": { "type": "integer", "title": "Number" } },
    });
    let result = json!({ "structuredContent": { "id": 7, "due": "tomorrow", "tags": ["a", "b"] } });
    let Some(Structured::Card(facts)) = shown(&result, Some(&promised)).structured else { panic!("no card") };
    let names: Vec<_> = facts.iter().map(|fact| (fact.name.as_str(), fact.title.as_deref())).collect();
    assert_eq!(names, [("id", Some("Number")), ("due", Some("Due date")), ("tags", None)]);
    assert!(matches!(structured(&json!({ "a": { "b": 1 } })), Structured::Tree(_)), "nested data is a tree");
    assert!(matches!(structured(&json!({})), Structured::Tree(_)));
    let wide: Map<String, Value> = (0..=MAX_FACTS).map(|n| (n.to_string(), json!(n))).collect();
    assert!(matches!(structured(&Value::Object(wide)), Structured::Tree(_)));
}

#[test]
fn n14_columns_are_named_by_the_schema_of_the_rows() {
    let row = json!({ "type": "object", "properties": { "id": { "title": "Order" } } });
    let under_a_key = json!({ "properties": { "orders": { "type": "array", "items": { "$ref": "#/$defs/row" } } }, "$defs": { "row": row } });
    let itself = json!({ "type": "array", "items": row });
    let orders = json!([{ "id": 1, "who": "a" }]);
    for (promised, value) in [(under_a_key, json!({ "orders": orders })), (itself, orders)] {
        let result = json!({ "structuredContent": value });
        let Some(Structured::Table(table)) = shown(&result, Some(&promised)).structured else { panic!("no table") };
        assert_eq!(table.columns[0].title.as_deref(), Some("Order"));
        assert_eq!(table.columns[1].title, None);
    }
    let circle = json!({ "$ref": "#" });
    let result = json!({ "structuredContent": [{ "id": 1 }] });
    assert!(
        matches!(shown(&result, Some(&circle)).structured, Some(Structured::Table(_))),
        "x41: a circle names nothing"
    );
}
