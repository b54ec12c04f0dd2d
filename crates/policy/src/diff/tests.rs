use super::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

fn action(definition: Value) -> Action {
    Action::new(definition).unwrap()
}

fn snapshot(version: u32, instructions: Option<&str>, actions: Vec<Action>) -> Snapshot {
    let server = ServerInfo { name: "tracker".into(), version: version.to_string() };
    Snapshot::new(version, u64::from(version), server, "2025-11-25".into(), instructions.map(Into::into), actions)
        .unwrap()
}

fn ticket() -> Value {
    json!({
        "name": "create_ticket", "title": "Create a ticket", "description": "Puts a ticket on the board.",
        "inputSchema": {"type": "object", "properties": {"title": {"type": "string", "description": "In one line"}},
            "required": ["title"]},
        "annotations": {"readOnlyHint": false, "destructiveHint": false, "openWorldHint": false},
    })
}

fn changed(change: impl FnOnce(&mut Value)) -> Step {
    let mut after = ticket();
    change(&mut after);
    let diff = Diff::of(&snapshot(1, None, vec![action(ticket())]), &snapshot(1, None, vec![action(after)]));
    let [step] = diff.steps.as_slice() else { panic!("one step: {diff:?}") };
    step.clone()
}

#[test]
fn s081_a_change_names_the_field_with_both_values() {
    let step = changed(|after| after["inputSchema"]["properties"]["title"]["description"] = json!("In two lines"));
    let [field] = step.fields() else { panic!("one field") };
    assert_eq!(field.at, "/inputSchema/properties/title/description");
    assert_eq!((&field.before, &field.after), (&Some(json!("In one line")), &Some(json!("In two lines"))));
    assert_eq!(step.weight(), Weight::Text);
}

#[test]
fn x36_a_hint_that_flips_alone_is_a_risk_whichever_way() {
    for (hint, value, why) in [
        ("readOnlyHint", json!(true), "it claims to only read now"),
        ("destructiveHint", json!(true), "it says that it is destructive now"),
        ("openWorldHint", json!(true), "it no longer claims to stay within its server"),
    ] {
        let step = changed(|after| after["annotations"][hint] = value);
        assert_eq!((step.weight(), step.fields()[0].why), (Weight::Risk, why));
    }
    let step = changed(|after| drop(after.as_object_mut().unwrap().remove("annotations")));
    assert_eq!(step.weight(), Weight::Risk);
}

#[test]
fn de_what_reaches_further_comes_before_words_and_words_before_looks() {
    let step = changed(|after| {
        after["icons"] = json!([{"src": "https://mcp.example.com/icon.png"}]);
        after["description"] = json!("Puts a ticket on the board, quickly.");
        after["inputSchema"]["properties"]["password"] = json!({"type": "string"});
        after["inputSchema"]["required"] = json!(["title", "password"]);
    });
    let weights: Vec<_> = step.fields().iter().map(|field| (field.weight, field.at.as_str())).collect();
    assert_eq!(
        weights,
        [
            (Weight::Risk, "/inputSchema/required"),
            (Weight::Text, "/description"),
            (Weight::Text, "/inputSchema/properties/password"),
            (Weight::Cosmetic, "/icons"),
        ]
    );
}

#[test]
fn x43_an_argument_that_becomes_a_header_is_a_risk() {
    let step = changed(|after| after["inputSchema"]["properties"]["title"]["x-mcp-header"] = json!("Title"));
    assert_eq!(step.weight(), Weight::Risk);
    let step = changed(|after| {
        after["inputSchema"]["properties"]["key"] = json!({"type": "string", "x-mcp-header": "Key"});
    });
    assert_eq!(step.weight(), Weight::Risk);
}

#[test]
fn x47_who_may_call_it_is_a_risk() {
    let only_app = || json!({"ui": {"visibility": ["app"]}});
    assert_eq!(changed(|after| after["_meta"] = only_app()).weight(), Weight::Risk);
    // The older names have the same effect, whole or one by one, and so has taking them away.
    for meta in [json!({"openai/visibility": "private"}), json!({"openai/widgetAccessible": false})] {
        assert_eq!(changed(|after| after["_meta"] = meta.clone()).weight(), Weight::Risk, "{meta}");
        let mut with = ticket();
        with["_meta"] = meta;
        assert_eq!(fields(&with, &ticket())[0].weight, Weight::Risk);
        with["_meta"]["other"] = json!(1);
        let mut without = ticket();
        without["_meta"] = json!({"other": 1});
        assert_eq!(fields(&without, &with)[0].weight, Weight::Risk);
    }
    // What says what holds anyhow, or what nobody acts on, is none.
    let same = changed(|after| after["_meta"] = json!({"openai/visibility": "public", "openai/note": "x"}));
    assert_eq!(same.weight(), Weight::Cosmetic);
    let mut before = ticket();
    before["_meta"] = json!({"ui": {"visibility": ["app"]}});
    let mut after = before.clone();
    after["_meta"]["ui"]["visibility"] = json!(["app", "model"]);
    assert_eq!(fields(&before, &after)[0].weight, Weight::Risk);
    after["_meta"] = json!({"ui": {}});
    assert_eq!(fields(&before, &after)[0].weight, Weight::Risk, "the visibility is gone");
}

#[test]
fn s081_what_the_card_of_a_call_says_is_text() {
    for name in ["openai/toolInvocation/invoking", "openai/toolInvocation/invoked"] {
        let with = |words: &str| {
            let mut one = ticket();
            one["_meta"] = json!({"other": 1});
            one["_meta"][name] = json!(words);
            one
        };
        let weighed = |one: &Value, two: &Value| fields(one, two)[0].weight;
        assert_eq!(weighed(&with("Looking"), &with("Paid, no need to look")), Weight::Text, "{name}");
        let mut without = ticket();
        without["_meta"] = json!({"other": 1});
        assert_eq!((weighed(&without, &with("x")), weighed(&with("x"), &without)), (Weight::Text, Weight::Text));
        // Its whole parent came or went.
        assert_eq!((weighed(&ticket(), &with("x")), weighed(&with("x"), &ticket())), (Weight::Text, Weight::Text));
        assert_eq!(weighed(&ticket(), &without), Weight::Cosmetic);
    }
}

#[test]
fn x48_a_page_that_an_action_gets_loses_or_swaps_is_a_risk_under_every_name() {
    let names = [
        json!({"ui": {"resourceUri": "ui://a"}}),
        json!({"ui/resourceUri": "ui://a"}),
        json!({"openai/outputTemplate": "ui://a"}),
    ];
    for meta in names {
        assert_eq!(changed(|after| after["_meta"] = meta.clone()).weight(), Weight::Risk, "{meta}");
        let (mut with, mut without) = (ticket(), ticket());
        (with["_meta"], without["_meta"]) = (meta, json!({"other": 1}));
        assert_eq!(fields(&with, &ticket())[0].weight, Weight::Risk);
        assert_eq!(fields(&without, &with)[0].weight, Weight::Risk);
    }
}

fn paged(html: &str, connect: &[&str]) -> Snapshot {
    let mut shows = ticket();
    shows["_meta"] = json!({"ui": {"resourceUri": "ui://a"}});
    let page = json!({ "uri": "ui://a", "actions": [], "html": Digest::of_bytes(html.as_bytes()), "bytes": 3, "connect": connect });
    snapshot(1, None, vec![action(shows)]).with_pages(vec![serde_json::from_value(page).unwrap()])
}

#[test]
fn x48_a_page_that_changed_is_a_difference_of_its_own() {
    let (before, after) = (paged("one", &[]), paged("two", &["https://b.example"]));
    let diff = Diff::of(&before, &after);
    assert!(diff.steps.is_empty() && !diff.is_empty(), "the action is what it was");
    assert_eq!((diff.count(), diff.weight()), (1, Some(Weight::Risk)));
    let says = diff.pages[0].says();
    assert_eq!(says[0], "it now wants to send requests to https://b.example");
    assert!(says[1].starts_with("its text is another one") && says[1].ends_with("… now"), "{says:?}");
    assert_eq!(diff.apply(&before).unwrap(), after);
    let less = Diff::of(&paged("one", &["https://b.example"]), &before);
    assert_eq!(less.pages[0].says(), ["it wants less than was approved"]);
    let bare = Snapshot { pages: Vec::new(), ..before.clone() };
    assert!(Diff::of(&bare, &before).pages[0].says()[0].contains("nobody has approved yet"));
    assert!(Diff::of(&before, &before).is_empty());
}

#[test]
fn x38_a_rename_is_recognised_and_still_two_actions() {
    let mut renamed = ticket();
    renamed["name"] = json!("make_ticket");
    let gone = action(json!({"name": "weather", "description": "Says what the weather is in a city."}));
    let come = action(json!({"name": "close_all", "description": "Closes each of them."}));
    let diff = Diff::of(
        &snapshot(1, None, vec![action(ticket()), gone.clone()]),
        &snapshot(2, None, vec![come.clone(), action(renamed.clone())]),
    );
    assert!(diff.steps.contains(&Step::Removed(gone)) && diff.steps.contains(&Step::Added(come)));
    let renamed = diff.steps.iter().find(|step| matches!(step, Step::Renamed { .. })).unwrap();
    assert_eq!((renamed.name(), renamed.weight()), ("make_ticket", Weight::Text));
}

#[test]
fn x45_changed_instructions_are_part_of_the_diff() {
    let diff = Diff::of(&snapshot(1, Some("Be kind."), vec![]), &snapshot(1, Some("Be kind. Send mail."), vec![]));
    assert_eq!(diff.instructions.as_ref().map(|field| field.weight), Some(Weight::Text));
    assert!(!diff.is_empty());
}

#[test]
fn a_class_that_goes_down_is_no_improvement() {
    let mut harmless = ticket();
    harmless["title"] = json!("Delete a ticket");
    let to_delete = changed(|after| after["title"] = harmless["title"].clone());
    assert_eq!(to_delete.class_change(), Some((Class::Write, Class::Destructive)));
    assert_eq!(to_delete.weight(), Weight::Risk);
    let back = Diff::of(&snapshot(1, None, vec![action(harmless)]), &snapshot(1, None, vec![action(ticket())]));
    assert_eq!(back.weight(), Some(Weight::Risk));
}

#[test]
fn a_diff_does_not_apply_to_another_snapshot() {
    let (one, two) = (snapshot(1, None, vec![action(ticket())]), snapshot(2, None, vec![]));
    let diff = Diff::of(&one, &two);
    assert_eq!(diff.apply(&one).unwrap(), two);
    assert_eq!(diff.apply(&two), Err(NotApplicable));
}

#[test]
fn de_five_hundred_actions_are_compared_within_the_budget() {
    let many = |prefix: &str| {
        let actions = (0..500).map(|n| {
            let mut one = ticket();
            one["name"] = json!(format!("{prefix}_{n}"));
            one["description"] = json!(format!("{prefix} number {n} of the catalogue {}", "word ".repeat(n % 30)));
            action(one)
        });
        snapshot(1, None, actions.collect())
    };
    let mut some = many("old");
    some.actions.truncate(300);
    // Every one changed; every name is another one; and as many went and came as are compared word by word.
    let rest = snapshot(1, None, some.actions.split_off(200));
    let changed = snapshot(
        2,
        None,
        many("old")
            .actions
            .into_iter()
            .map(|one| {
                let mut definition = one.definition().clone();
                definition["annotations"]["readOnlyHint"] = json!(true);
                action(definition)
            })
            .collect(),
    );
    for (one, two) in [(many("old"), changed), (many("old"), many("new")), (some, rest)] {
        let started = std::time::Instant::now();
        let diff = Diff::of(&one, &two);
        let took = started.elapsed();
        assert!(!diff.is_empty());
        // The budget is 100 ms in the product; this build is not optimised, and the machine may be busy.
        assert!(took.as_millis() < 2_000, "{took:?}");
    }
}

fn texts() -> impl Strategy<Value = Value> {
    select(vec![
        json!("a"),
        json!("b"),
        json!("a\u{200b}"),
        json!(1),
        json!(true),
        json!(null),
        json!([1, "x"]),
        json!([]),
    ])
}

fn schemas() -> impl Strategy<Value = Value> {
    let leaf = texts();
    leaf.prop_recursive(3, 12, 3, |inner| {
        vec((select(vec!["p", "q", "a/b", "m~n", "required", "x-mcp-header", "properties"]), inner), 0..3).prop_map(
            |entries| Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        )
    })
}

fn actions() -> impl Strategy<Value = Action> {
    let name = select(vec!["find", "find_all", "create", "delete", "mystery"]);
    (name, option::of(texts()), option::of(schemas()), option::of(schemas())).prop_map(
        |(name, description, schema, annotations)| {
            let mut definition = json!({ "name": name });
            let parts = [("description", description), ("inputSchema", schema), ("annotations", annotations)];
            for (key, value) in parts {
                if let Some(value) = value {
                    definition[key] = value;
                }
            }
            action(definition)
        },
    )
}

fn snapshots() -> impl Strategy<Value = Snapshot> {
    (1..4_u32, option::of(select(vec!["x", "y"])), vec(actions(), 0..5)).prop_map(|(version, said, mut actions)| {
        let mut seen = BTreeSet::new();
        actions.retain(|action| seen.insert(action.name().to_owned()));
        snapshot(version, said, actions)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_diff_of_a_snapshot_with_itself_is_empty(one in snapshots()) {
        let diff = Diff::of(&one, &one);
        prop_assert!(diff.is_empty() && diff.weight().is_none());
        prop_assert_eq!(diff.apply(&one).unwrap(), one);
    }

    #[test]
    fn applying_a_diff_gives_the_other_snapshot(one in snapshots(), two in snapshots()) {
        let diff = Diff::of(&one, &two);
        let applied = diff.apply(&one).unwrap();
        prop_assert_eq!(&applied, &two);
        prop_assert_eq!(applied.digest, two.digest);
        prop_assert!(diff.steps.windows(2).all(|pair| pair[0].weight() >= pair[1].weight()));
    }

    /// What the names-only comparison of the gate calls drift is in the diff, and the other way round.
    #[test]
    fn a_diff_and_a_drift_agree(one in snapshots(), two in snapshots()) {
        let names = |steps: &[Step]| -> usize {
            steps.iter().map(|step| if matches!(step, Step::Renamed { .. }) { 2 } else { 1 }).sum()
        };
        prop_assert_eq!(names(&Diff::of(&one, &two).steps), one.drift(&two.actions).len());
    }
}
