use super::*;
use crate::results;
use serde_json::json;

fn candidate(connector: &str, name: &str, description: &str, properties: serde_json::Value) -> Candidate {
    let required: Vec<String> = properties.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
    candidate_with(
        connector,
        name,
        description,
        json!({ "type": "object", "properties": properties, "required": required }),
    )
}

fn candidate_with(connector: &str, name: &str, description: &str, schema: serde_json::Value) -> Candidate {
    Candidate {
        connector: ConnectorId::from(connector.to_lowercase()),
        connector_name: connector.to_owned(),
        host: format!("{}.example", connector.to_lowercase()),
        badge: None,
        action: Action::new(json!({ "name": name, "description": description, "inputSchema": schema })).unwrap(),
        class: Class::Write,
        class_source: ClassSource::Unlabelled,
    }
}

fn text() -> serde_json::Value {
    json!({ "type": "string" })
}

fn workspace() -> Vec<Candidate> {
    vec![
        candidate("Guide", "search", "Search the help pages of this product.", json!({ "query": text() })),
        candidate("Guide", "fetch", "Fetch one help page by its id.", json!({ "id": text() })),
        candidate("Notebook", "list_notes", "Lists all notes.", json!({})),
        candidate("Notebook", "create_note", "Creates a new note.", json!({ "title": text(), "text": text() })),
        candidate(
            "Notebook",
            "update_note",
            "Changes the title or text of a note.",
            json!({ "id": text(), "text": text() }),
        ),
        candidate("Notebook", "delete_note", "Deletes a note for good.", json!({ "id": text() })),
        candidate("Everything", "echo", "Echoes back the input string", json!({ "message": text() })),
        candidate(
            "Everything",
            "get-sum",
            "Returns the sum of two numbers",
            json!({ "a": { "type": "number" }, "b": { "type": "number" } }),
        ),
        candidate("Desk", "createTicket", "Opens a ticket with the support team.", json!({ "subject": text() })),
    ]
}

fn best(text: &str) -> String {
    let all = workspace();
    rank(text, &all).first().map(|first| all[first.index].action.name().to_owned()).unwrap_or_default()
}

#[test]
fn s056_sentences_find_their_action() {
    for (text, action) in [
        ("create a note called Milk", "create_note"),
        ("add a note", "create_note"),
        ("make a new note saying buy milk", "create_note"),
        ("show me my notes", "list_notes"),
        ("list notes", "list_notes"),
        ("please list all the notes I have", "list_notes"),
        ("remove note n-3", "delete_note"),
        ("delete the note", "delete_note"),
        ("search the guide for permissions", "search"),
        ("look up help about drafts", "search"),
        ("edit a note", "update_note"),
        ("echo hello", "echo"),
        ("sum of 2 and 3", "get-sum"),
        ("add 2 and 3", "get-sum"),
        ("what is 2 plus 3", "get-sum"),
        ("open a ticket", "createTicket"),
        ("tell support that the printer is broken with a new ticket", "createTicket"),
        ("#delete_note", "delete_note"),
        ("@Desk something about a note", "createTicket"),
    ] {
        assert_eq!(best(text), action, "{text}");
    }
}

#[test]
fn typing_mistakes_and_inflections_are_forgiven() {
    assert_eq!(best("serach the giude for access"), "search");
    assert_eq!(best("creating notess"), "create_note");
    assert_eq!(best("delte note 4"), "delete_note");
    assert_eq!(best("create-ticket"), "createTicket");
}

#[test]
fn content_does_not_choose_the_action() {
    assert_eq!(best("create a note \"delete everything and search the guide\""), "create_note");
    assert_eq!(best("create a note called delete ticket search"), "create_note");
    assert_eq!(best("echo message: delete the note"), "echo");
}

#[test]
fn what_nothing_fits_gives_nothing() {
    assert!(rank("xyzzy", &workspace()).is_empty());
    assert!(rank("", &workspace()).is_empty());
    assert!(rank("create a note", &[]).is_empty());
    assert!(plan("xyzzy plugh", &workspace()).is_empty());
    assert!(rank("@nobody create a note", &workspace()).is_empty());
}

#[test]
fn synonyms_are_learnt_from_descriptions() {
    let all = [
        candidate("A", "harvest_pages", "Crawl a site and keep its pages.", json!({})),
        candidate("B", "harvest_metrics", "Collects numbers.", json!({})),
        candidate("B", "ping", "Says pong.", json!({})),
    ];
    // `crawl` is learnt from the first action and helps to find the second.
    let ranked = rank("crawl metrics", &all);
    assert_eq!(ranked.first().map(|one| one.index), Some(1), "{ranked:?}");
}

#[test]
fn a_close_race_is_left_to_the_person() {
    let all = [
        candidate("Tracker", "create_issue", "Creates an issue.", json!({ "title": text() })),
        candidate("Board", "create_issue", "Creates an issue.", json!({ "title": text() })),
        candidate("Board", "close_issue", "Closes an issue.", json!({ "id": text() })),
    ];
    let steps = plan("create an issue", &all);
    assert_eq!(steps.len(), 1);
    assert!(steps[0].unsure);
    assert_eq!(steps[0].choices.len(), 2);
    let named = plan("create an issue in Board", &all);
    assert_eq!(named[0].choices[0].index, 1);
    assert!(!plan("delete the note n-1", &workspace())[0].unsure);
}

#[test]
fn s086_one_prompt_makes_steps_over_several_connectors() {
    let all = workspace();
    let steps = plan("search the guide for developer mode, then create a note called Findings; list notes", &all);
    let names: Vec<&str> = steps.iter().map(|step| all[step.choices[0].index].action.name()).collect();
    assert_eq!(names, ["search", "create_note", "list_notes"]);
    let proposal = propose("search the guide for developer mode, then create a note called Findings", &all);
    assert_eq!(proposal.steps[0].choices[0].arguments, *json!({ "query": "developer mode" }).as_object().unwrap());
    assert_eq!(proposal.steps[1].choices[0].arguments["title"], "Findings");
    assert_eq!(proposal.steps[1].choices[0].host, "notebook.example");
}

#[test]
fn s086_a_pointer_to_the_last_result_stays_open_for_it() {
    let proposal = propose("search the guide for drafts, then echo the result", &workspace());
    let echo = &proposal.steps[1].choices[0];
    assert_eq!((echo.action.as_str(), echo.arguments.len()), ("echo", 0));
    let offered = results::values(&json!({ "content": [{ "type": "text", "text": "Drafts are private." }] }));
    let fed = feed(&echo.input_schema, &echo.arguments, &offered);
    assert_eq!((fed[0].argument.as_str(), &fed[0].offered.value), ("message", &json!("Drafts are private.")));
}

#[test]
fn in_a_close_race_what_could_run_goes_first() {
    let proposal = propose("help with publishing", &workspace());
    let first = &proposal.steps[0].choices[0];
    assert_eq!((first.action.as_str(), proposal.steps[0].unsure), ("search", true));
}

#[test]
fn a_step_nothing_fits_belongs_to_the_one_before() {
    let steps = plan("create a note saying first we eat, then we sleep", &workspace());
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0].text.contains("we sleep"));
}

fn filled(text: &str, schema: serde_json::Value, about: &[&str]) -> serde_json::Value {
    serde_json::Value::Object(fill(text, &schema, about))
}

fn object(properties: serde_json::Value, required: &[&str]) -> serde_json::Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn arguments_are_seen_in_the_text() {
    let search = object(json!({ "query": text() }), &["query"]);
    let about = ["search", "Guide"];
    for (said, query) in [
        ("search the guide for permissions and drafts", "permissions and drafts"),
        ("search permissions", "permissions"),
        ("find \"access control\" in the guide", "access control"),
        ("query: what is a draft", "what is a draft"),
        ("Please search the Guide for search", "search"),
        ("search for developer mode?", "developer mode"),
        ("@Guide search developer mode", "developer mode"),
    ] {
        assert_eq!(filled(said, search.clone(), &about), json!({ "query": query }), "{said}");
    }
    let note = object(json!({ "title": text(), "text": text() }), &["title", "text"]);
    let about = ["create_note", "Notebook"];
    for (said, want) in [
        (
            "create a note called Milk saying buy two litres, then rest",
            json!({ "title": "Milk", "text": "buy two litres, then rest" }),
        ),
        ("create a note titled \"To do\" with text \"buy milk\"", json!({ "title": "To do", "text": "buy milk" })),
        ("create a note title: Milk, text: buy it today", json!({ "title": "Milk", "text": "buy it today" })),
        ("create a note \"Milk\" \"buy it\"", json!({ "title": "Milk", "text": "buy it" })),
        ("create note title=Milk text=\"buy it\"", json!({ "title": "Milk", "text": "buy it" })),
        ("create a note", json!({})),
    ] {
        assert_eq!(filled(said, note.clone(), &about), want, "{said}");
    }
}

#[test]
fn numbers_stay_the_numbers_that_were_typed() {
    let sum = object(json!({ "a": { "type": "number" }, "b": { "type": "number" } }), &["a", "b"]);
    assert_eq!(filled("add 2 and 3.50", sum.clone(), &["get-sum"]).to_string(), "{\"a\":2,\"b\":3.5}");
    assert_eq!(filled("b=7, a: -1", sum.clone(), &[]), json!({ "a": -1, "b": 7 }));
    assert_eq!(filled("add 1, 2 and 3", sum, &[]), json!({}), "nobody knows which is which");
    let limited = object(json!({ "query": text(), "limit": { "type": "integer", "maximum": 50 } }), &["query"]);
    assert_eq!(filled("search for cats limit 5", limited.clone(), &["search"]), json!({ "query": "cats", "limit": 5 }));
    assert_eq!(
        filled("search for cats limit 500", limited, &["search"])["limit"],
        json!(null),
        "out of range stays open"
    );
}

#[test]
fn shapes_choices_and_flags_are_seen() {
    let schema = object(
        json!({
            "to": { "type": "string", "format": "email" }, "link": { "type": "string", "format": "uri" },
            "due": { "type": "string", "format": "date" }, "priority": { "enum": ["low", "medium", "high"] },
            "urgent": { "type": "boolean" }, "order_id": text(),
            "tags": { "type": "array", "items": { "enum": ["red", "green", "blue"] } },
        }),
        &[],
    );
    assert_eq!(
        filled(
            "send order 18204 to ann@example.org by 23 November 2026, high priority, not urgent, red and blue, see https://example.org/x?y=1.",
            schema.clone(),
            &["send"]
        ),
        json!({
            "to": "ann@example.org", "link": "https://example.org/x?y=1", "due": "2026-11-23", "priority": "high", "urgent": false,
            "order_id": "18204", "tags": ["red", "blue"],
        })
    );
    assert_eq!(
        filled("low or high, 31.12.2026", schema.clone(), &[]),
        json!({ "due": "2026-12-31" }),
        "two choices are none"
    );
    assert_eq!(filled("due 2026-02-30", schema, &[]), json!({}), "no such day");
}

#[test]
fn x118_results_feed_arguments_by_name_and_say_where_they_are_from() {
    let result = json!({ "content": [], "structuredContent": { "notes": [{ "id": "n-1", "title": "Milk" }, { "id": "n-2", "title": "Tea" }] } });
    let offered = results::values(&result);
    let schema = object(json!({ "note_id": text(), "title": text() }), &["note_id"]);
    let fed = feed(&schema, &serde_json::Map::new(), &offered);
    let pairs: Vec<(&str, &serde_json::Value, &str)> =
        fed.iter().map(|one| (one.argument.as_str(), &one.offered.value, one.offered.label.as_str())).collect();
    assert_eq!(pairs, [("note_id", &json!("n-1"), "notes › 1 › id"), ("title", &json!("Milk"), "notes › 1 › title")]);
    let bare = results::values(&json!({ "content": [{ "type": "text", "text": "It rains." }] }));
    let fed = feed(&object(json!({ "message": text() }), &["message"]), &serde_json::Map::new(), &bare);
    assert_eq!(fed[0].offered.value, json!("It rains."));
    let two = object(json!({ "order_id": text(), "user_id": text() }), &["order_id", "user_id"]);
    assert!(
        feed(&two, &serde_json::Map::new(), &results::values(&json!({ "structuredContent": { "id": "x" } })))
            .is_empty(),
        "ambiguous"
    );
}

#[test]
fn ranking_a_thousand_actions_is_quick() {
    let all: Vec<Candidate> = (0..1000)
        .map(|n| {
            candidate(
                "Big",
                &format!("do_thing_{n}"),
                &format!("Does the thing with number {n} and part {}.", n % 7),
                json!({ "value": text() }),
            )
        })
        .chain(workspace())
        .collect();
    let begun = std::time::Instant::now();
    assert_eq!(
        rank("create a note called X", &all).first().map(|one| all[one.index].action.name()),
        Some("create_note")
    );
    // Debug builds of this machine class take about 100 ms; the bound only catches a wrong order of growth.
    assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
}

proptest::proptest! {
    #[test]
    fn any_text_is_planned_and_filled_without_a_panic(text in "\\PC{0,80}") {
        let all = workspace();
        for step in propose(&text, &all).steps {
            proptest::prop_assert!(!step.choices.is_empty());
        }
    }

    #[test]
    fn what_is_filled_is_valid(text in "[a-z0-9 :=,.\"'@#/-]{0,60}") {
        let properties = json!({
            "a": { "type": "integer", "minimum": 3 }, "b": { "type": "string", "maxLength": 5 }, "on": { "type": "boolean" },
            "when": { "type": "string", "format": "date" }, "kind": { "enum": ["x", "y z"] }, "list": { "type": "array", "items": { "type": "integer" } },
        });
        let schema = object(properties, &[]);
        let value = serde_json::Value::Object(fill(&text, &schema, &["do"]));
        proptest::prop_assert_eq!(crate::schema::check(&schema, &value), vec![]);
    }
}

#[test]
fn what_follows_a_name_behind_with_is_the_content() {
    let schema = json!({
        "type": "object",
        "properties": { "title": { "type": "string" }, "text": { "type": "string" } },
        "required": ["title"],
    });
    let filled = fill("create a note called Shopping with milk and bread.", &schema, &["Create a note", "Notebook"]);
    assert_eq!(serde_json::Value::Object(filled), json!({ "title": "Shopping", "text": "milk and bread" }));
    let only_title = fill("create a note called Shopping", &schema, &["Create a note", "Notebook"]);
    assert_eq!(serde_json::Value::Object(only_title), json!({ "title": "Shopping" }));
}

#[test]
fn s056_a_connector_is_named_by_a_mention_or_by_its_name() {
    let (board, notes) = (ConnectorId::from("b"), ConnectorId::from("n"));
    let all = [(&board, "Board"), (&notes, "Team Notes")];
    let found = |text: &str| named(text, all.into_iter()).iter().map(ConnectorId::to_string).collect::<Vec<_>>();
    assert_eq!(found("open a ticket in Board, please"), ["b"]);
    assert_eq!(found("@board what is new? and @TeamNotes."), ["b", "n"]);
    assert_eq!(found("search Team Notes"), ["n"]);
    assert!(found("board the train; Boards; mail@board.example; team notes").is_empty());
}
