use super::*;
use crate::fixtures::*;
use crate::{Access, Profile, Reach, Rulebook, SignIn, Stage, connector::Control};
use serde_json::json;

fn decided(book: &Rulebook, call: Call) -> Decision {
    let rules = Rules::of(book, &call);
    decide(call, &rules)
}

fn runs(book: &Rulebook, call: Call) -> Frozen {
    match decided(book, call) {
        Decision::Run(permit) => permit.spend(),
        other => panic!("it should run, but: {other:?}"),
    }
}

fn asks(book: &Rulebook, call: Call) -> Question {
    match decided(book, call) {
        Decision::Ask(question) => question,
        other => panic!("it should ask, but: {other:?}"),
    }
}

fn only_asks(book: &Rulebook, call: Call) {
    assert_eq!(asks(book, call).not_answered().cause, Cause::NotAnswered);
}

fn refuses(book: &Rulebook, call: Call) -> Cause {
    match decided(book, call) {
        Decision::Refuse(refusal) => refusal.cause,
        other => panic!("it should be refused, but: {other:?}"),
    }
}

fn tracker(book: &mut Rulebook) -> &mut Connector {
    book.connectors.iter_mut().find(|connector| connector.id == "tracker".into()).unwrap()
}

fn control(book: &mut Rulebook, action: &str) -> Control {
    tracker(book).controls[action]
}

#[test]
fn a_read_of_an_action_that_is_on_runs() {
    let book = published();
    let frozen = runs(&book, call(&book, "find"));
    assert_eq!((frozen.basis(), frozen.class()), (&Basis::Reading, Class::Read));
}

#[test]
fn s059_every_write_asks() {
    let book = published();
    for by in [Caller::Model, Caller::Person, Caller::App, Caller::Sdk] {
        for action in ["create", "delete", "mystery"] {
            let question = asks(&book, Call { by, ..call(&book, action) });
            assert!(!question.reasons().is_empty());
            assert_eq!(question.remembering(), Remembering::default());
        }
    }
}

#[test]
fn s088_every_write_of_a_published_connector_asks_every_time() {
    let book = published();
    for _ in 0..3 {
        let question = asks(&book, call(&book, "create"));
        let rules = Rules::of(&book, question.call());
        let frozen = question.allow(&rules).unwrap().spend();
        assert_eq!(frozen.basis(), &Basis::Answer);
    }
}

#[test]
fn s009_an_action_that_is_not_read_only_is_callable_after_confirmation() {
    let book = published();
    let question = asks(&book, call(&book, "mystery"));
    assert_eq!(question.classified(), Classified { class: Class::Write, source: ClassSource::Unlabelled });
    assert!(question.reasons()[0].contains("does not say"));
    let rules = Rules::of(&book, question.call());
    assert!(question.allow(&rules).is_ok());
}

#[test]
fn x66_what_was_shown_is_what_is_sent() {
    let book = published();
    let question = asks(&book, call(&book, "create"));
    let shown = question.arguments_json().to_owned();
    // Order and digits as they came: nothing is sorted, nothing rounded.
    assert_eq!(shown, r#"{"title":"Leak","z":1,"a":[9007199254740993]}"#);
    let rules = Rules::of(&book, question.call());
    let frozen = question.allow(&rules).unwrap().spend();
    assert_eq!(frozen.arguments_json(), shown);
}

#[test]
fn x66_edit_makes_a_new_call() {
    let book = published();
    let question = asks(&book, call(&book, "create"));
    let other = json!({"title": "Flood"}).as_object().cloned().unwrap();
    let (refusal, edited) = question.edit("call-2".into(), other, NOW + 5);
    assert_eq!(refusal.cause, Cause::Edited { into: "call-2".into() });
    assert_eq!((refusal.call.id.as_str(), edited.id.as_str()), ("call-1", "call-2"));
    assert_eq!(asks(&book, edited).arguments_json(), r#"{"title":"Flood"}"#);
}

#[test]
fn x66_rules_made_for_one_call_do_not_decide_another() {
    let book = published();
    let read = Rules::of(&book, &call(&book, "find"));
    let swapped = Call { action: "delete".into(), ..call(&book, "find") };
    assert!(matches!(decide(swapped, &read), Decision::Refuse(Refusal { cause: Cause::Broken { .. }, .. })));

    let question = asks(&book, call(&book, "create"));
    let mut other = call(&book, "create");
    other.arguments.insert("title".into(), json!("Other"));
    let rules = Rules::of(&book, &other);
    assert!(matches!(question.allow(&rules).unwrap_err().cause, Cause::Broken { .. }));
}

#[test]
fn x70_an_answer_is_checked_against_the_rules_of_the_moment() {
    type Change = (fn(&mut Rulebook), Cause);
    let changes: [Change; 7] = [
        (|book| book.workspace.lockdown = true, Cause::Lockdown),
        (|book| tracker(book).access = Access::Nobody, Cause::NoAccess),
        (|book| tracker(book).stage = Stage::Archived, Cause::Stage { stage: Stage::Archived }),
        (|book| tracker(book).controls.clear(), Cause::Off),
        (|book| book.workspace.profile = Profile::Pro, Cause::NotYours),
        (|book| book.connectors.clear(), Cause::Unknown { what: "connector `tracker`".into() }),
        (|book| book.members.clear(), Cause::Unknown { what: "member `member`".into() }),
    ];
    for (change, cause) in changes {
        let mut book = published();
        let question = asks(&book, call(&book, "create"));
        change(&mut book);
        let rules = Rules::of(&book, question.call());
        assert_eq!(question.allow(&rules).unwrap_err().cause, cause);
    }
}

#[test]
fn x70_a_stale_dialog_refuses() {
    let changes: [fn(&mut Rulebook); 4] = [
        |book| {
            let stricter = Control { class: Some(Class::Destructive), ..control(book, "create") };
            tracker(book).controls.insert("create".into(), stricter);
        },
        |book| tracker(book).address = "https://other.example.com/mcp".into(),
        |book| tracker(book).host = "other.example.com".into(),
        |book| tracker(book).name = "Bank".into(),
    ];
    for change in changes {
        let mut book = published();
        let question = asks(&book, call(&book, "create"));
        change(&mut book);
        let rules = Rules::of(&book, question.call());
        assert!(matches!(question.allow(&rules).unwrap_err().cause, Cause::Stale { .. }));
    }
}

#[test]
fn x71_a_question_that_nobody_answers_is_a_no() {
    let book = published();
    assert_eq!(asks(&book, call(&book, "create")).not_answered().cause, Cause::NotAnswered);
}

#[test]
fn a_denial_keeps_its_reason() {
    let book = published();
    let denied = |reason: Option<&str>| asks(&book, call(&book, "create")).deny(reason.map(Into::into));
    assert_eq!(denied(Some("wrong project")).sentence(), "you declined: wrong project");
    assert_eq!(denied(None).sentence(), "you declined");
    assert_eq!(denied(Some("  ")).cause, Cause::Denied { reason: None });
}

#[test]
fn x35_a_changed_definition_is_held() {
    let book = published();
    let changed = Digest::of_bytes(b"something else");
    for action in ["find", "create"] {
        let cause = refuses(&book, Call { definition: changed.clone(), ..call(&book, action) });
        assert_eq!(cause, Cause::Held);
    }
}

#[test]
fn x36_a_flipped_annotation_is_held() {
    let book = published();
    let live = tool("create", json!({"readOnlyHint": true}));
    assert_eq!(refuses(&book, Call { definition: live.digest().clone(), ..call(&book, "create") }), Cause::Held);
}

#[test]
fn x77_an_unknown_action_is_refused() {
    let book = published();
    for name in ["grant_admin", "Find", "find ", "fi\u{200b}nd", ""] {
        assert_eq!(refuses(&book, call(&book, name)), Cause::Unknown { what: format!("action `{name}`") });
    }
    let elsewhere = Call { connector: "other".into(), ..call(&book, "find") };
    assert_eq!(refuses(&book, elsewhere), Cause::Unknown { what: "connector `other`".into() });
}

#[test]
fn x77_an_action_that_is_off_is_refused_for_every_caller() {
    let mut book = published();
    book.set_action_on(&"owner".into(), &"tracker".into(), "find", false, NOW).unwrap();
    for by in [Caller::Model, Caller::Person, Caller::App, Caller::Sdk, Caller::Automatic] {
        let cause = refuses(&book, Call { by, ..call(&book, "find") });
        assert!(cause >= Cause::Off || cause == Cause::NotAutomatic, "{cause:?}");
    }
    // What nobody ever decided about is off.
    tracker(&mut book).controls.clear();
    assert_eq!(refuses(&book, call(&book, "find")), Cause::Off);
}

#[test]
fn everything_can_be_asked_for_by_workspace_connector_or_action() {
    let stricter: [fn(&mut Rulebook); 3] = [
        |book| book.workspace.confirm = Confirm::Everything,
        |book| tracker(book).confirm = Confirm::Everything,
        |book| {
            let always = Control { confirm: Confirm::Everything, ..control(book, "find") };
            tracker(book).controls.insert("find".into(), always);
        },
    ];
    for change in stricter {
        let mut book = published();
        change(&mut book);
        assert_eq!(asks(&book, call(&book, "find")).reasons().len(), 1);
    }
}

#[test]
fn lockdown_stops_everything() {
    let mut book = published();
    book.set_lockdown(&"admin".into(), true).unwrap();
    assert_eq!(refuses(&book, call(&book, "find")), Cause::Lockdown);
    assert!(book.offered(book.member(&"member".into()).unwrap()).is_empty());
}

#[test]
fn s117_first_party_connectors_only_read() {
    let mut book = published();
    tracker(&mut book).provider = Provider::FirstParty;
    runs(&book, call(&book, "find"));
    for action in ["create", "delete", "mystery"] {
        assert_eq!(refuses(&book, call(&book, action)), Cause::ReadOnlyProvider);
    }
}

#[test]
fn s124_pro_only_reads_and_no_class_gets_around_it() {
    let mut book = published();
    book.workspace.profile = Profile::Pro;
    let mine = |action: &str| Call { member: "owner".into(), ..call(&book, action) };
    runs(&book, mine("find"));
    let only_reads = Cause::ReadOnlyPlan { plan: "Pro".into() };
    for action in ["create", "delete", "mystery"] {
        assert_eq!(refuses(&book, mine(action)), only_reads);
    }
    let mut lowered = book.clone();
    let read = Control { on: true, class: Some(Class::Read), confirm: Confirm::Writes };
    tracker(&mut lowered).controls.insert("create".into(), read);
    assert_eq!(refuses(&lowered, mine("create")), only_reads);
    let offered: Vec<_> = lowered.offered(lowered.member(&"owner".into()).unwrap());
    assert_eq!(offered.iter().map(|(_, action)| action.name()).collect::<Vec<_>>(), ["find", "look"]);
}

#[test]
fn s006_a_draft_runs_only_for_its_maker() {
    let mut book = workspace(Profile::Enterprise);
    book.create_draft(&"dev".into(), new_connector("tracker"), NOW).unwrap();
    runs(&book, Call { member: "dev".into(), ..call(&book, "find") });
    for other in ["owner", "admin", "member"] {
        assert_eq!(refuses(&book, Call { member: other.into(), ..call(&book, "find") }), Cause::NotYours);
    }
}

#[test]
fn s126_turning_developer_mode_off_takes_the_drafts_away_at_once() {
    let mut book = workspace(Profile::Pro);
    book.create_draft(&"owner".into(), new_connector("tracker"), NOW).unwrap();
    let mine = Call { member: "owner".into(), ..call(&book, "find") };
    runs(&book, mine.clone());
    book.set_developer_mode(&"owner".into(), false, NOW).unwrap();
    assert_eq!(refuses(&book, mine), Cause::DeveloperOff);
    assert!(book.offered(book.member(&"owner".into()).unwrap()).is_empty());
}

#[test]
fn x131_where_only_what_was_published_runs_no_draft_does_and_none_is_made_or_published() {
    for profile in Profile::ALL {
        let mut book = workspace(profile);
        let maker: MemberId = "owner".into();
        book.create_draft(&maker, new_connector("tracker"), NOW).unwrap();
        book.workspace.only_published = true;
        let call = Call { member: maker.clone(), ..call(&book, "find") };
        assert_eq!(refuses(&book, call), Cause::OnlyPublished, "{profile:?}");
        assert_eq!(book.create_draft(&maker, new_connector("other"), NOW), Err(Why::OnlyPublished), "{profile:?}");
        assert!(book.publish(&maker, &"tracker".into(), NOW).is_err(), "{profile:?}");
    }
    let mut book = published();
    let before = Rules::of(&book, &call(&book, "find")).verdict();
    book.workspace.only_published = true;
    assert_eq!(Rules::of(&book, &call(&book, "find")).verdict(), before, "what was published goes on");
    let text = serde_json::to_string(&workspace(Profile::Enterprise)).unwrap();
    assert!(!text.contains("only_published"), "what nobody decided is not stored");
}

#[test]
fn s025_with_gate_1_shut_no_draft_runs() {
    let mut book = workspace(Profile::Enterprise);
    book.create_draft(&"dev".into(), new_connector("tracker"), NOW).unwrap();
    book.set_developer_gate(&"admin".into(), false).unwrap();
    assert_eq!(refuses(&book, Call { member: "dev".into(), ..call(&book, "find") }), Cause::DeveloperNotGranted);
}

#[test]
fn s119_a_server_on_this_machine_runs_only_where_that_is_on() {
    let mut book = published();
    tracker(&mut book).reach = Reach::Local;
    assert_eq!(refuses(&book, call(&book, "find")), Cause::LocalServer);
    book.workspace.allow_loopback = true;
    runs(&book, call(&book, "find"));
}

#[test]
fn s121_unwatched_steps_never_use_connectors_that_people_added() {
    let mut book = published();
    let unwatched = |book: &Rulebook| Call { by: Caller::Automatic, ..call(book, "find") };
    assert_eq!(refuses(&book, unwatched(&book)), Cause::NotAutomatic);
    tracker(&mut book).provider = Provider::FirstParty;
    runs(&book, unwatched(&book));
}

#[test]
fn x47_the_model_cannot_call_what_an_app_reserved_for_itself() {
    let mut book = published();
    let reserved = Action::new(json!({"name": "find", "annotations": {"readOnlyHint": true},
        "_meta": {"ui": {"visibility": ["app"]}}}))
    .unwrap();
    tracker(&mut book).snapshot = Some(snapshot(vec![reserved]));
    assert_eq!(refuses(&book, call(&book, "find")), Cause::NotForCaller);
    runs(&book, Call { by: Caller::App, ..call(&book, "find") });
}

#[test]
fn x76_a_mode_can_refuse_what_the_list_should_not_have_held() {
    let book = published();
    let wanted = call(&book, "create");
    let mut rules = Rules::of(&book, &wanted);
    rules.add(Veto::refuse(Level::Conversation, Cause::Mode { mode: "Research".into() }));
    assert!(matches!(decide(wanted, &rules), Decision::Refuse(Refusal { cause: Cause::Mode { .. }, .. })));
}

#[test]
fn a_damaged_record_refuses() {
    let mut book = published();
    let mut stored = serde_json::to_value(&book).unwrap();
    stored["connectors"][0]["snapshot"]["actions"][2]["definition"]["annotations"] = json!({"readOnlyHint": true});
    let edited: Rulebook = serde_json::from_value(stored).unwrap();
    assert!(matches!(refuses(&edited, call(&edited, "create")), Cause::Broken { .. }));

    let twin = tracker(&mut book).clone();
    book.connectors.push(twin);
    assert!(matches!(refuses(&book, call(&book, "find")), Cause::Broken { .. }));
}

#[test]
fn the_most_telling_cause_is_told() {
    let mut book = published();
    book.workspace.lockdown = true;
    tracker(&mut book).controls.clear();
    assert_eq!(refuses(&book, Call { definition: Digest::of_bytes(b"x"), ..call(&book, "find") }), Cause::Lockdown);
}

#[test]
fn every_cause_has_a_sentence_in_the_house_style() {
    let causes = [
        Cause::NotAnswered,
        Cause::NotInConversation,
        Cause::OffHere,
        Cause::NotForCaller,
        Cause::NotAutomatic,
        Cause::Held,
        Cause::Rule { rule: "refused when `a` is `b`".into() },
        Cause::Paused { pause: "paused by ADA on 1 May 2026: it leaks".into() },
        Cause::Off,
        Cause::ReadOnlyProvider,
        Cause::LocalServer,
        Cause::DeveloperOff,
        Cause::DeveloperNotGranted,
        Cause::NotYours,
        Cause::NoAccess,
        Cause::Stage { stage: Stage::Archived },
        Cause::NeverScanned,
        Cause::Lockdown,
    ];
    for sentence in causes.map(|cause| cause.sentence()) {
        assert!(sentence.starts_with(char::is_lowercase) && !sentence.ends_with('.'), "{sentence}");
    }
}

fn remembering() -> Rulebook {
    let mut book = published();
    book.set_remember(&"admin".into(), Remember::Conversation).unwrap();
    book
}

fn remember(book: &mut Rulebook, action: &str) {
    let question = asks(book, call(book, action));
    let rules = Rules::of(book, question.call());
    let (permit, grant) = question.allow_for_conversation(&rules, "grant-1".into(), NOW).unwrap();
    assert_eq!(permit.basis(), &Basis::Answer);
    book.grants.push(grant);
}

#[test]
fn a_remembered_answer_lets_the_next_call_run_and_is_named_by_it() {
    let mut book = remembering();
    remember(&mut book, "create");
    let next = Call { id: "call-2".into(), at: NOW + 60_000, ..call(&book, "create") };
    assert_eq!(runs(&book, next).basis(), &Basis::Remembered { grant: "grant-1".into() });
}

#[test]
fn x72_a_remembered_answer_covers_nothing_else() {
    let mut book = remembering();
    remember(&mut book, "create");
    book.connectors[0].sign_in = SignIn::Header { name: "X-Key".into() };
    book.add_account(&"member".into(), &"tracker".into(), "tracker~2".into(), None, NOW).unwrap();
    let next = || call(&book, "create");
    only_asks(&book, Call { connection: "tracker~2".into(), ..next() });
    only_asks(&book, Call { conversation: Some("other".into()), ..next() });
    only_asks(&book, Call { conversation: None, ..next() });
    only_asks(&book, Call { member: "admin".into(), ..next() });
    only_asks(&book, Call { at: NOW - 1, ..next() });
    only_asks(&book, call(&book, "mystery"));
    assert_eq!(refuses(&book, Call { definition: Digest::of_bytes(b"x"), ..next() }), Cause::Held);

    let mut expired = book.clone();
    expired.grants[0].until = Some(NOW);
    only_asks(&expired, next());
    let mut exact = book.clone();
    exact.grants[0].arguments = Some(Digest::of_bytes(next().arguments_json().as_bytes()));
    runs(&exact, next());
    let mut other = next();
    other.arguments.insert("title".into(), json!("Other"));
    only_asks(&exact, other);
}

/// A workspace in which everything asks and answers may be remembered as far as `remember` says.
fn asking(remember: Remember) -> Rulebook {
    let mut book = published();
    book.set_remember(&"admin".into(), remember).unwrap();
    book.set_confirm(&"admin".into(), Confirm::Everything).unwrap();
    book
}

const DAY: Millis = 24 * 60 * 60 * 1_000;

#[test]
fn ac04_an_answer_about_reading_lasts_until_its_date_in_every_conversation() {
    let mut book = asking(Remember::Longer);
    let question = asks(&book, call(&book, "find"));
    assert_eq!(question.remembering(), Remembering { conversation: true, longer: true });
    let rules = Rules::of(&book, question.call());
    let (_, grant) = question.allow_until(&rules, "g".into(), NOW, NOW + DAY).unwrap();
    assert_eq!((grant.until, &grant.conversation), (Some(NOW + DAY), &None));
    book.grants.push(grant);
    let next = || Call { conversation: Some("other".into()), at: NOW + DAY - 1, ..call(&book, "find") };
    assert_eq!(runs(&book, next()).basis(), &Basis::Remembered { grant: "g".into() });
    only_asks(&book, Call { at: NOW + DAY, ..next() });
    only_asks(&book, Call { conversation: None, ..next() });
    only_asks(&book, Call { member: "admin".into(), ..next() });
    // What reads today and writes tomorrow is not covered.
    let mut writes = book.clone();
    writes.connectors[0].controls.get_mut("find").unwrap().class = Some(Class::Write);
    only_asks(&writes, next());
    // An admin caps it, and what was longer is gone and not asleep.
    let mut capped = book.clone();
    capped.set_remember(&"admin".into(), Remember::Conversation).unwrap();
    only_asks(&capped, next());
    capped.set_remember(&"admin".into(), Remember::Longer).unwrap();
    only_asks(&capped, next());
}

#[test]
fn ac04_only_reading_is_remembered_longer_and_only_for_so_long() {
    let book = asking(Remember::Longer);
    for (action, until) in [("create", NOW + DAY), ("delete", NOW + DAY), ("find", NOW), ("find", NOW + 31 * DAY)] {
        let question = asks(&book, call(&book, action));
        let rules = Rules::of(&book, question.call());
        assert!(question.allow_until(&rules, "g".into(), NOW, until).is_err(), "{action} until {until}");
    }
    let book = asking(Remember::Conversation);
    let question = asks(&book, call(&book, "find"));
    assert_eq!(question.remembering(), Remembering { conversation: true, longer: false });
    let rules = Rules::of(&book, question.call());
    assert!(question.allow_until(&rules, "g".into(), NOW, NOW + DAY).is_err());
    // A grant without an end, or with one too far away, counts for nothing however it came into the book.
    let mut forged = asking(Remember::Longer);
    let question = asks(&forged, call(&forged, "find"));
    let rules = Rules::of(&forged, question.call());
    let (_, grant) = question.allow_until(&rules, "g".into(), NOW, NOW + DAY).unwrap();
    for until in [None, Some(NOW + 31 * DAY)] {
        forged.grants = vec![Grant { until, ..grant.clone() }];
        only_asks(&forged, call(&forged, "find"));
    }
}

#[test]
fn ac03_where_everything_asks_a_write_asks_every_time() {
    let book = asking(Remember::Longer);
    let question = asks(&book, call(&book, "create"));
    assert_eq!(question.remembering(), Remembering::default());
    assert_eq!(question.reasons(), ["the workspace asks for everything"]);
    // Without that, the answer to a write counts for its conversation and no longer.
    let mut milder = book.clone();
    milder.workspace.confirm = Confirm::Writes;
    let question = asks(&milder, call(&milder, "create"));
    assert_eq!(question.remembering(), Remembering { conversation: true, longer: false });
}

#[test]
fn x72_a_destructive_action_is_never_remembered() {
    let mut book = remembering();
    let question = asks(&book, call(&book, "delete"));
    assert_eq!(question.remembering(), Remembering::default());
    let rules = Rules::of(&book, question.call());
    assert!(question.allow_for_conversation(&rules, "grant-1".into(), NOW).is_err());
    // Not even by a grant that got into the book some other way, nor one from when the class was milder.
    remember(&mut book, "create");
    let mut forged = book.grants[0].clone();
    let target = call(&book, "delete");
    (forged.action, forged.definition) = (target.action.clone(), target.definition.clone());
    book.grants.push(forged);
    only_asks(&book, target);
    let stricter = Control { class: Some(Class::Destructive), ..control(&mut book, "create") };
    tracker(&mut book).controls.insert("create".into(), stricter);
    only_asks(&book, call(&book, "create"));
}

#[test]
fn c4_nothing_is_remembered_where_no_admin_turned_it_on() {
    let mut book = remembering();
    remember(&mut book, "create");
    book.workspace.remember = Remember::Never;
    only_asks(&book, call(&book, "create"));
}

#[test]
fn x06_another_address_ends_every_grant() {
    let mut book = remembering();
    remember(&mut book, "create");
    let mut moved = book.clone();
    tracker(&mut moved).address = "https://mcp.example.com/other".into();
    only_asks(&moved, call(&moved, "create"));
}

fn from(connector: &str) -> lineage::Source {
    lineage::Source {
        connector: connector.into(),
        name: "Web search".into(),
        host: "example.org".into(),
        private: false,
        untrusted: true,
        text: "the title is Leak".into(),
    }
}

fn rules_of(book: &Rulebook, wanted: &Call, source: lineage::Source) -> Rules {
    let mut rules = Rules::of(book, wanted);
    let sources = [source];
    let traces = lineage::trace(&wanted.arguments, &sources);
    assert_eq!(traces.len(), 1);
    rules.add_lineage(wanted, &sources, &traces);
    rules
}

fn traced(book: &Rulebook, action: &str, connector: &str) -> Decision {
    let wanted = call(book, action);
    let rules = rules_of(book, &wanted, from(connector));
    decide(wanted, &rules)
}

#[test]
fn x75_text_of_another_connector_always_asks_before_it_leaves() {
    let mut book = remembering();
    remember(&mut book, "create");
    let Decision::Ask(question) = traced(&book, "create", "search") else { panic!("a remembered write ran") };
    assert_eq!(question.reasons(), ["`title` contains text from Web search · example.org"]);
    assert!(matches!(traced(&book, "find", "search"), Decision::Ask(_)));
    // A look-up that does not reach out, and text that goes back where it came from, are no such flow.
    assert!(matches!(traced(&book, "look", "search"), Decision::Run(_)));
    assert!(matches!(traced(&book, "find", "tracker"), Decision::Run(_)));
    assert!(matches!(traced(&book, "create", "tracker"), Decision::Run(_)));
}

#[test]
fn n20_what_is_private_asks_before_it_goes_where_others_can_read_it() {
    let book = published();
    let private = || lineage::Source { private: true, untrusted: false, ..from("mail") };
    // A look-up on a server that everybody can use, and that says that it does not reach out.
    let wanted = call(&book, "look");
    let Decision::Ask(question) = decide(wanted.clone(), &rules_of(&book, &wanted, private())) else {
        panic!("private text left unasked")
    };
    assert!(question.reasons()[0].contains("which not everybody may read"), "{:?}", question.reasons());
    let mut signed_in = book.clone();
    tracker(&mut signed_in).sign_in = crate::SignIn::Header { name: "Authorization".into() };
    assert!(matches!(decide(wanted.clone(), &rules_of(&signed_in, &wanted, private())), Decision::Run(_)));
}

#[test]
fn n20_untrusted_text_that_decides_what_is_destroyed_asks_although_an_admin_made_the_action_milder() {
    let mut book = remembering();
    let milder = Control { class: Some(Class::Write), ..control(&mut book, "delete") };
    tracker(&mut book).controls.insert("delete".into(), milder);
    remember(&mut book, "delete");
    let wanted = call(&book, "delete");
    assert!(matches!(decide(wanted.clone(), &Rules::of(&book, &wanted)), Decision::Run(_)), "it is remembered");
    // Of the same connector, too: whoever wrote the ticket does not delete it.
    let rules = rules_of(&book, &wanted, from("tracker"));
    let Decision::Ask(question) = decide(wanted.clone(), &rules) else { panic!("untrusted text destroyed unasked") };
    assert!(question.reasons()[0].contains("this action destroys"), "{:?}", question.reasons());
    assert_eq!(question.remembering(), Remembering::default());
    assert!(question.allow_for_conversation(&rules, "g2".into(), NOW).is_err(), "nor is this answer remembered");
    let plain = Rules::of(&book, &wanted);
    let Decision::Ask(again) = decide(wanted, &rules) else { panic!("it asked before") };
    assert!(again.allow_for_conversation(&plain, "g3".into(), NOW).is_err(), "whatever the rules are by then");
}
