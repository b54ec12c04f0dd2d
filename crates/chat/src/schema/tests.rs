use super::*;
use serde_json::json;

fn messages(schema: &Value, value: &Value) -> Vec<String> {
    check(schema, value).into_iter().map(|problem| format!("{} {}", problem.path, problem.message)).collect()
}

#[test]
fn a_form_has_a_field_for_every_kind() {
    let form = form_of(&json!({
        "type": "object",
        "title": "Ticket",
        "required": ["title"],
        "properties": {
            "title": { "type": "string", "minLength": 1, "maxLength": 80, "description": "Short" },
            "body": { "type": "string" },
            "mail": { "type": "string", "format": "email" },
            "count": { "type": "integer", "minimum": 1, "maximum": 9, "default": 2 },
            "share": { "type": ["number", "null"] },
            "urgent": { "type": "boolean" },
            "color": { "oneOf": [{ "const": "#f00", "title": "Red" }, { "const": "#0f0", "title": "Green" }] },
            "level": { "type": "string", "enum": ["lo", "hi"], "enumNames": ["Low", "High"] },
            "tags": { "type": "array", "items": { "anyOf": [{ "const": 1, "title": "One" }, { "const": 2, "title": "Two" }] }, "maxItems": 2 },
            "lines": { "type": "array", "items": { "type": "string" } },
            "where": { "$ref": "#/$defs/place", "description": "Here" },
            "maybe": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
            "either": { "anyOf": [{ "type": "integer" }, { "type": "object" }] },
            "free": { "type": "object", "additionalProperties": { "type": "string" } },
            "fixed": { "const": "v1" },
            "away": { "$ref": "https://example.com/schema.json" },
        },
        "$defs": { "place": { "type": "object", "properties": { "street": { "type": "string" } }, "required": ["street"] } },
    }));
    let kind =
        |name: &str| form.fields.iter().find(|field| field.name == name).map(|field| field.kind.clone()).unwrap();
    assert_eq!(form.title.as_deref(), Some("Ticket"));
    assert!(form.fields[0].required && !form.fields[1].required);
    assert!(matches!(kind("title"), Kind::Text { min: Some(1), max: Some(80), long: false, .. }));
    assert!(matches!(kind("body"), Kind::Text { long: true, .. }));
    assert!(matches!(kind("mail"), Kind::Text { format: Some(Format::Email), .. }));
    assert!(matches!(kind("count"), Kind::Number { whole: true, .. }));
    assert_eq!(form.fields[3].default, Some(json!(2)));
    assert!(form.fields[4].nullable && matches!(kind("share"), Kind::Number { whole: false, .. }));
    assert_eq!(kind("urgent"), Kind::Boolean);
    assert!(
        matches!(kind("color"), Kind::Choice(options) if options[1].title == "Green" && options[1].value == "#0f0")
    );
    assert!(matches!(kind("level"), Kind::Choice(options) if options[0].title == "Low"));
    assert!(matches!(kind("tags"), Kind::Choices { options, max: Some(2), .. } if options[0].value == 1));
    assert!(matches!(kind("lines"), Kind::List { item, .. } if matches!(*item, Kind::Text { .. })));
    assert!(matches!(kind("where"), Kind::Group(fields) if fields[0].required));
    assert_eq!(form.fields[10].description.as_deref(), Some("Here"));
    assert!(matches!(kind("maybe"), Kind::Number { whole: true, .. }));
    assert!(form.fields[11].nullable);
    assert!(matches!(kind("either"), Kind::Raw { .. }));
    assert!(matches!(kind("free"), Kind::Raw { .. }));
    assert_eq!(kind("fixed"), Kind::Fixed(json!("v1")));
    assert!(matches!(kind("away"), Kind::Raw { why } if why.contains("https://example.com/schema.json")));
}

#[test]
fn names_become_readable_titles() {
    let form =
        form_of(&json!({ "properties": { "dueDate": { "type": "string" }, "max_rows": { "type": "integer" } } }));
    assert_eq!(form.fields.iter().map(|field| field.title.as_str()).collect::<Vec<_>>(), ["Due date", "Max rows"]);
    assert!(form_of(&json!({ "type": "object" })).open);
    assert!(form_of(&Value::Null).fields.is_empty());
}

#[test]
fn x41_references_in_circles_or_elsewhere_end() {
    let circle =
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } });
    assert!(form_of(&circle).open);
    assert!(!check(&circle, &json!({})).is_empty(), "what cannot be checked is not valid");
    let deep = json!({ "type": "object", "properties": { "next": { "$ref": "#" } } });
    assert!(format!("{:?}", form_of(&deep)).contains("it lies too deep"));
    for endless in [
        json!({ "properties": { "a": { "anyOf": [{ "$ref": "#/properties/a" }, { "$ref": "#/properties/a" }] } } }),
        json!({ "properties": { "a": { "oneOf": [{ "$ref": "#/properties/a" }] } } }),
        json!({ "properties": { "a": { "type": "array", "items": { "$ref": "#/properties/a" } } } }),
        json!({ "properties": { "a": { "allOf": [{ "$ref": "#/properties/a" }] } } }),
        json!({ "properties": { "a": { "properties": { "b": { "type": ["array", "null"], "items": { "$ref": "#/properties/a" } } } } } }),
    ] {
        assert_eq!(form_of(&endless).fields.len(), 1, "{endless}");
        let _ = check(&endless, &json!({ "a": [[[[1]]]] }));
        let _ = crate::direct::fill("a: x", &endless, &[]);
    }
}

#[test]
fn x41_what_lies_behind_a_reference_to_elsewhere_is_refused_and_the_rest_is_judged() {
    let schema = json!({
        "type": "object",
        "properties": {
            "near": { "type": "string" },
            "far": { "$ref": "https://example.com/x.json#/$defs/far" },
            "lost": { "$ref": "#/$defs/nowhere" },
            "odd": { "$ref": 7 },
            "moving": { "$dynamicRef": "https://example.com/x.json#far" },
        },
    });
    assert_eq!(check(&schema, &json!({ "near": "x" })), [], "nobody looks there without a value");
    assert_eq!(messages(&schema, &json!({ "near": 1 })), ["/near this has to be text, not a whole number"]);
    assert_eq!(
        messages(&schema, &json!({ "far": 1 })),
        [
            "/far what belongs here is defined under `https://example.com/x.json#/$defs/far`, which is not fetched; tell who runs the server"
        ]
    );
    for name in ["lost", "odd", "moving"] {
        assert_eq!(check(&schema, &json!({ name: 1 })).len(), 1, "{name}");
    }
    // No way around by alternatives or by a no; an alternative that fits is one.
    let far = json!({ "$ref": "https://example.com/x" });
    for around in [
        json!({ "anyOf": [far] }),
        json!({ "oneOf": [far, true] }),
        json!({ "allOf": [far] }),
        json!({ "not": far }),
        json!({ "if": far }),
        json!({ "not": { "not": far } }),
        json!({ "contains": far, "minContains": 0, "maxContains": 0 }),
    ] {
        assert!(!check(&around, &json!([1])).is_empty(), "{around}");
    }
    assert_eq!(check(&json!({ "anyOf": [far, { "type": "array" }] }), &json!([1])), []);
}

#[test]
fn references_inside_the_document_are_followed_wherever_they_lead() {
    let text = json!({ "type": "string" });
    for schema in [
        json!({ "$ref": "#/definitions/a%20b", "definitions": { "a b": text } }),
        json!({ "$ref": "#here", "properties": { "x": { "items": { "$anchor": "here", "type": "string" } } } }),
        json!({ "$ref": "#old", "definitions": { "x": { "$id": "#old", "type": "string" } } }),
        json!({ "$dynamicRef": "#node", "$defs": { "x": { "$dynamicAnchor": "node", "type": "string" } } }),
        // Parts with an address of their own, by each way to name them.
        json!({ "$ref": "https://example.com/a/name.json", "$defs": { "x": { "$id": "https://example.com/a/name.json", "type": "string" } } }),
        json!({ "$id": "https://example.com/a/root.json", "$ref": "name.json", "$defs": { "x": { "$id": "name.json", "type": "string" } } }),
        json!({ "$id": "https://example.com/a/root.json", "$ref": "/b/name.json#here", "$defs": { "x": {
            "$id": "https://example.com/b/name.json", "$defs": { "y": { "$anchor": "here", "type": "string" } },
        } } }),
        json!({ "$id": "https://example.com/root.json", "$ref": "https://example.com/root.json#/$defs/x", "$defs": { "x": text } }),
        // A pointer in such a part begins at the part.
        json!({ "$ref": "urn:part", "$defs": { "in": { "type": "number" }, "x": {
            "$id": "urn:part", "$ref": "#/$defs/in", "$defs": { "in": { "type": "string" } },
        } } }),
    ] {
        assert_eq!(check(&schema, &json!("x")), [], "{schema}");
        assert_eq!(messages(&schema, &json!(1)), [" this has to be text, not a whole number"], "{schema}");
    }
    // A tree whose nodes are what the document says they are, in 2020-12 and in 2019-09.
    let tree = json!({
        "$id": "urn:strict", "$dynamicAnchor": "node", "$ref": "urn:tree", "required": ["name"],
        "$defs": { "tree": {
            "$id": "urn:tree", "$dynamicAnchor": "node", "type": "object",
            "properties": { "below": { "items": { "$dynamicRef": "#node" } } },
        } },
    });
    let old = json!({
        "$id": "urn:strict", "$recursiveAnchor": true, "$ref": "urn:tree", "required": ["name"],
        "$defs": { "tree": {
            "$id": "urn:tree", "$recursiveAnchor": true, "type": "object",
            "properties": { "below": { "items": { "$recursiveRef": "#" } } },
        } },
    });
    for tree in [tree, old] {
        assert_eq!(check(&tree, &json!({ "name": "a", "below": [{ "name": "b" }] })), []);
        let bad = json!({ "name": "a", "below": [{ "name": "b", "below": [{}] }] });
        assert_eq!(messages(&tree, &bad), ["/below/0/below/0/name this is required"]);
    }
    // One name for two places is no place.
    let two = json!({ "$ref": "#a", "$defs": { "x": { "$anchor": "a" }, "y": { "$anchor": "a" } } });
    assert_eq!(check(&two, &json!(1)).len(), 1);
    // What is only a value defines nothing.
    let value = json!({ "$ref": "#a", "default": { "$anchor": "a" }, "enum": [1, { "$anchor": "a" }] });
    assert_eq!(check(&value, &json!(1)).len(), 1);
}

#[test]
fn x41_looking_for_anchors_is_work_and_limited() {
    let many: Vec<Value> = (0..3_000).map(|at| json!({ "$ref": format!("#a{at}") })).collect();
    let all: serde_json::Map<String, Value> =
        (0..3_000).map(|at| (format!("d{at}"), json!({ "$anchor": format!("a{at}") }))).collect();
    let problems = check(&json!({ "allOf": many, "$defs": all }), &json!(1));
    assert!(problems[0].message.contains("too large or too deep"), "{problems:?}");
    let large: Vec<Value> = (0..30_000).map(Value::from).collect();
    assert_eq!(check(&json!({ "$ref": "#a", "allOf": [], "x": large }), &json!(1)).len(), 1);
}

#[test]
fn x41_many_references_into_a_wide_document_are_one_work() {
    let many: Vec<Value> = (0..20_000).map(|_| json!({ "$ref": "#a" })).collect();
    let wide: Vec<Value> = (0..500_000).map(Value::from).collect();
    let far: Vec<Value> = (0..5_000).map(|at| json!({ "$id": format!("{at}") })).collect();
    let base = format!("https://example.com/{}/", "x".repeat(1_000_000));
    for schema in [
        json!({ "type": "object", "allOf": many }),
        json!({ "type": "object", "allOf": many, "x": wide }),
        json!({ "$id": base, "type": "object", "$defs": { "far": far },
            "allOf": (0..5_000).map(|_| json!({ "$ref": "far" })).collect::<Vec<_>>() }),
    ] {
        let form = form_of(&schema);
        assert!(form.open && form.notes.len() <= 2, "{:?}", form.notes);
        assert!(!check(&schema, &json!({})).is_empty());
    }
    // Whatever it finds, a search takes no more than there is, and a wide part is not entered for nothing.
    let schema = json!({ "x": wide, "y": { "$ref": "#a" } });
    let mut left = 600_000;
    assert!(resolve(&schema, &schema["y"], &mut left).is_err());
    assert!(left <= 100_000, "{left}");
    assert!(resolve(&schema, &schema["y"], &mut left).is_err());
    assert_eq!(left, 0);
    let ended = resolve(&schema, &json!({ "$ref": "#/x" }), &mut left).is_err();
    assert!(ended, "nothing is left for another one");
}

#[test]
fn x41_a_long_list_behind_many_references_is_work() {
    let names: Vec<String> = (0..50_000).map(|at| format!("n{at}")).collect();
    let long = json!({ "enum": names, "required": names });
    let many: Vec<Value> = (0..1_000).map(|_| json!({ "$ref": "#/$defs/long" })).collect();
    let schema = json!({ "properties": { "x": { "anyOf": many } }, "allOf": many, "$defs": { "long": long } });
    assert!(form_of(&schema).open);
    let problems = check(&schema, &json!({ "x": "none" }));
    assert!(problems[0].message.contains("too large or too deep"), "{problems:?}");
    let long = format!("#/$defs/{}", "x".repeat(3_000));
    assert_eq!(check(&json!({ "$ref": long, "$defs": { long[8..]: true } }), &json!(1)).len(), 1);
}

#[test]
fn x41_work_is_limited() {
    // Each level tries the one below twice: two to the power of sixty.
    let mut definitions = serde_json::Map::new();
    for level in 0..60 {
        let below = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
        definitions.insert(format!("l{level}"), json!({ "allOf": [below.clone(), below] }));
    }
    definitions.insert("l60".to_owned(), json!({ "type": "string" }));
    let schema = json!({ "$ref": "#/$defs/l0", "$defs": definitions });
    let problems = check(&schema, &json!("x"));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("too large or too deep"));
    let big: Value = (0..5_000).map(Value::from).collect();
    assert!(check(&json!({ "uniqueItems": true }), &big)[0].message.contains("too large"));
}

#[test]
fn x41_patterns_are_left_to_who_can_run_them() {
    let schema = json!({ "type": "string", "pattern": "^(a+)+$" });
    let none = check_with(&schema, &json!("b"), &|_, _| None);
    assert!(none.is_ok() && none.unchecked == ["the pattern `^(a+)+$`"]);
    let lent = check_with(&schema, &json!("b"), &|pattern, text| Some(pattern == "^(a+)+$" && text == "a"));
    assert_eq!(lent.problems[0].message, "`b` does not match the pattern `^(a+)+$`");
}

#[test]
fn problems_name_the_place_and_what_would_be_right() {
    let schema = json!({
        "type": "object", "required": ["title"], "additionalProperties": false,
        "properties": {
            "title": { "type": "string", "minLength": 1 }, "count": { "type": "integer", "minimum": 1 },
            "tags": { "type": "array", "uniqueItems": true, "items": { "enum": ["a", "b"] } },
            "when": { "type": "string", "format": "date" },
        },
    });
    assert_eq!(
        messages(&schema, &json!({ "titel": 1, "count": 0, "tags": ["a", "a", "c"], "when": "2026-02-30" })),
        [
            "/title this is required",
            "/titel the action takes no argument `titel`; did you mean `title`",
            "/count 0 is less than 1, the least allowed",
            "/tags/1 `a` is in the list twice",
            "/tags/2 `c` is not one of `a`, `b`",
            "/when `2026-02-30` is not a date such as 2026-11-23",
        ]
    );
    assert_eq!(messages(&schema, &json!({ "title": "" })), ["/title this must not be empty"]);
    assert_eq!(
        messages(&schema, &json!({ "title": "x", "count": "2" })),
        ["/count this has to be a whole number, not text"]
    );
    assert_eq!(messages(&schema, &json!([])), [" this has to be a group of values, not a list"]);
}

#[test]
fn the_words_of_2020_12_are_checked() {
    for (schema, good, bad) in [
        (json!({ "const": 1 }), json!(1.0), json!(2)),
        (json!({ "type": "integer" }), json!(3.0), json!(3.5)),
        (json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), json!(null), json!(1)),
        (json!({ "oneOf": [{ "multipleOf": 2 }, { "multipleOf": 3 }] }), json!(4), json!(6)),
        (json!({ "not": { "type": "string" } }), json!(1), json!("x")),
        (
            json!({ "if": { "required": ["a"] }, "then": { "required": ["b"] }, "else": { "required": ["c"] } }),
            json!({ "a": 1, "b": 1 }),
            json!({}),
        ),
        (json!({ "prefixItems": [{ "type": "string" }], "items": false }), json!(["a"]), json!(["a", 1])),
        (json!({ "contains": { "type": "string" }, "maxContains": 1 }), json!([1, "a"]), json!(["a", "b"])),
        (json!({ "dependentRequired": { "a": ["b"] } }), json!({ "b": 1 }), json!({ "a": 1 })),
        (json!({ "propertyNames": { "maxLength": 2 } }), json!({ "ab": 1 }), json!({ "abc": 1 })),
        (json!({ "minProperties": 1 }), json!({ "a": 1 }), json!({})),
        (json!({ "exclusiveMinimum": 0 }), json!(0.1), json!(0)),
        (json!({ "multipleOf": 0.1 }), json!(0.3), json!(0.35)),
        (
            json!({ "maximum": 9_007_199_254_740_993_u64 }),
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_994_u64),
        ),
        (json!({ "$defs": { "a/b": { "type": "string" } }, "$ref": "#/$defs/a~1b" }), json!("x"), json!(1)),
        (json!({ "$defs": { "x": { "$anchor": "here", "type": "string" } }, "$ref": "#here" }), json!("x"), json!(1)),
        (json!({ "format": "email" }), json!("a@b.example"), json!("a b@c")),
        (json!({ "format": "date-time" }), json!("2026-11-23T09:30:00.5+01:00"), json!("2026-11-23 9:30")),
        (json!({ "format": "uri" }), json!("https://example.com/a"), json!("example.com")),
        (json!({ "format": "uuid" }), json!("123e4567-e89b-12d3-a456-426614174000"), json!("123e4567")),
        (json!(true), json!(1), json!(null)),
    ] {
        assert_eq!(check(&schema, &good), vec![], "{schema}");
        assert!(schema == json!(true) || !check(&schema, &bad).is_empty(), "{schema} let {bad} pass");
    }
    assert!(!check(&json!(false), &json!(1)).is_empty());
    assert_eq!(
        check_with(&json!({ "unevaluatedProperties": false }), &json!({}), &|_, _| None).unchecked,
        ["`unevaluatedProperties`"]
    );
}

#[test]
fn typed_numbers_stay_what_was_typed() {
    let number = |whole| Kind::Number { whole, min: None, max: None, step: None };
    assert_eq!(typed(&number(true), " 42 ").unwrap().to_string(), "42");
    assert_eq!(typed(&number(true), "18446744073709551615").unwrap().to_string(), "18446744073709551615");
    assert_eq!(
        typed(&number(true), "18446744073709551616"),
        Err(TypedError::NotExact("18446744073709551616".to_owned()))
    );
    assert_eq!(typed(&number(true), "1.5"), Err(TypedError::NotWhole("1.5".to_owned())));
    assert_eq!(typed(&number(false), "-0.10").unwrap().to_string(), "-0.1");
    assert_eq!(typed(&number(false), "1e3").unwrap().as_f64(), Some(1000.0));
    assert_eq!(
        typed(&number(false), "0.12345678901234567890"),
        Err(TypedError::NotExact("0.12345678901234567890".to_owned()))
    );
    for not in ["", "1,5", "0x10", "NaN", "1 2"] {
        assert!(matches!(typed(&number(false), not), Err(TypedError::NotANumber(_))), "{not}");
    }
    assert_eq!(
        typed(&Kind::Text { format: None, min: None, max: None, pattern: None, long: false }, "007").unwrap(),
        json!("007")
    );
    assert!(matches!(typed(&Kind::Raw { why: String::new() }, "{"), Err(TypedError::NotJson(_))));
}

#[test]
fn values_are_put_together_without_those_that_are_absent() {
    let form = form_of(&json!({
        "properties": { "a": { "type": "string" }, "b": { "type": "string" }, "v": { "const": 1 }, "g": { "type": "object", "properties": { "x": { "type": "integer" } } } },
        "required": ["v"],
    }));
    let value = collect(&form, &mut |path, _| match path {
        ["a"] => Some(json!("A")),
        ["g", "x"] => Some(json!(2)),
        _ => None,
    });
    assert_eq!(Value::Object(value), json!({ "a": "A", "v": 1, "g": { "x": 2 } }));
}

/// Small JSON values, as schemas and as instances.
fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let keys = prop::sample::select(vec![
        "type",
        "enum",
        "anyOf",
        "items",
        "properties",
        "$ref",
        "required",
        "allOf",
        "const",
        "not",
        "minimum",
        "if",
        "a",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["string", "object", "array", "#", "#/a", "", "x"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..4).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

#[test]
fn x41_another_dialect_is_named_and_nothing_is_judged_by_it() {
    let checked =
        |dialect: &str| check_with(&json!({"$schema": dialect, "type": "object"}), &json!("text"), &|_, _| None);
    for known in [
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-06/schema#",
    ] {
        assert_eq!(checked(known).problems.len(), 1, "{known}");
    }
    for other in ["http://json-schema.org/draft-04/schema#", "https://example.com/dialect", ""] {
        let checked = checked(other);
        assert!(checked.is_ok());
        assert_eq!(checked.unchecked, [format!("a schema of the dialect `{other}`")]);
    }
}

proptest::proptest! {
    #[test]
    fn x41_any_schema_makes_a_form_and_a_check(schema in any_json(), value in any_json()) {
        let _ = form_of(&schema);
        let _ = check_with(&schema, &value, &|_, _| Some(true));
        let _ = crate::direct::fill("set a to 5 called \"x\"", &schema, &["set"]);
    }

    #[test]
    fn a_typed_number_is_sent_with_the_same_digits(whole in -1_000_000_000_i64..1_000_000_000, cents in 0_u32..100) {
        let kind = Kind::Number { whole: false, min: None, max: None, step: None };
        let text = format!("{whole}.{cents:02}");
        let sent = typed(&kind, &text).map(|value| value.to_string().parse::<f64>());
        proptest::prop_assert_eq!(sent, Ok(text.parse::<f64>()));
    }
}
