use super::*;
use serde_json::json;

pub(crate) fn card(state: CallState) -> CallCard {
    CallCard {
        call: CallId::from("c1"),
        by: Caller::Model,
        connector: ConnectorId::from("desk"),
        connector_name: "Desk".to_owned(),
        host: "desk.example".to_owned(),
        badge: Some("Dev".to_owned()),
        account: None,
        acts_as: None,
        action: "create_ticket".to_owned(),
        title: "Create ticket".to_owned(),
        class: Class::Write,
        class_source: ClassSource::Claimed,
        arguments: json!({ "title": "x" }),
        state,
        failure: None,
        repeats: None,
        started_at: 1_000,
        running_since: None,
        ended_at: None,
        signal_at: None,
        progress: None,
        result: None,
        breaks: None,
        look: None,
        why: None,
        late: false,
        nth: None,
    }
}

/// An empty conversation.
pub(crate) fn chat() -> Conversation {
    Conversation::new(ConversationId::from("k"), vec![], 500)
}

fn conversation(state: CallState) -> Conversation {
    let mut chat = Conversation::new(ConversationId::from("k"), vec![], 500);
    put(&mut chat, "i1", Body::Said { text: "Make a ticket\n about   the printer".to_owned() });
    put(&mut chat, "i2", Body::Call(Box::new(card(state))));
    chat
}

fn put(chat: &mut Conversation, id: &str, body: Body) {
    chat.apply(Event::Put(Item { id: ItemId::from(id), at: 1_000, body }), 1_000).unwrap();
}

fn every_state() -> Vec<CallState> {
    vec![
        CallState::Proposed,
        CallState::Waiting,
        CallState::Running,
        CallState::NeedsInput,
        CallState::NeedsSignIn { scopes: vec![], ended: None },
        CallState::NeedsSignIn { scopes: vec![], ended: Some(1_000) },
        CallState::NeedsSignIn { scopes: vec!["files.write".to_owned()], ended: None },
        CallState::NeedsPage,
        CallState::Done,
        CallState::Failed { cause: "the server said: no.".to_owned(), sent: Sent::Yes },
        CallState::Failed { cause: "offline".to_owned(), sent: Sent::No },
        CallState::Denied { reason: None },
        CallState::NotAnswered,
        CallState::Unknown { cause: "stream broke".to_owned() },
        CallState::Held,
        CallState::Blocked { reason: "writes are off".to_owned() },
        CallState::Cancelled { sent: Sent::Yes },
        CallState::Cancelled { sent: Sent::No },
    ]
}

#[test]
fn n05_every_state_has_its_own_words_for_people_and_for_models() {
    let cards: Vec<CallCard> = every_state().into_iter().map(card).collect();
    let mut headers: Vec<String> = cards.iter().map(|card| card.header(2_000)).collect();
    headers.sort();
    headers.dedup();
    assert_eq!(headers.len(), cards.len());
    let mut told: Vec<String> =
        cards.iter().filter(|card| card.state.ended()).map(|card| card.for_model(1_000)).collect();
    let count = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), count);
}

#[test]
fn headers_say_what_screens_e4_says() {
    let words: Vec<String> = every_state().into_iter().map(|state| card(state).header(2_000)).collect();
    assert_eq!(
        words,
        [
            "Wants to create ticket",
            "Waiting for your decision",
            "Running · 1 s",
            "desk.example is asking you something",
            "Sign-in needed. Nothing was sent.",
            "Sign-in ended. Nothing was sent.",
            "More access needed: files.write. Nothing was sent.",
            "desk.example wants you to open a page first. Run it again when you are done there.",
            "Done",
            "Failed: the server said: no · it was sent",
            "Failed: offline · nothing was sent",
            "You declined. Nothing was sent.",
            "Nobody answered. Nothing was sent.",
            "Connection broke after sending. It may have happened.",
            "This action changed since it was approved. Nothing was sent.",
            "Not allowed here: writes are off. Nothing was sent.",
            "Cancelled. desk.example may still finish.",
            "Cancelled. Nothing was sent.",
        ]
    );
}

#[test]
fn u06_a_running_call_says_how_far_it_is_and_when_it_was_last_heard() {
    let mut chat = conversation(CallState::Proposed);
    let call = CallId::from("c1");
    chat.apply(Event::Call { call: call.clone(), state: CallState::Running }, 10_000).unwrap();
    let progress = Progress { done: 3.0, total: Some(10.0), message: None };
    chat.apply(Event::CallSignal { call: call.clone(), progress: Some(progress) }, 20_000).unwrap();
    let card = chat.call(&call).unwrap();
    assert_eq!(card.header(22_000), "Running · 12 s · 3 of 10 · last signal 2 s ago");
    assert_eq!(card.header(55_000), "No signal for 35 s");
    assert!(card.silent(50_000) && !card.silent(49_999));
    chat.apply(Event::CallAllowed { call: call.clone(), why: "you allowed it once".to_owned() }, 60_000).unwrap();
    chat.apply(
        Event::CallResult { call: call.clone(), result: json!({ "content": [] }), breaks: None, reviewed: false },
        11_400,
    )
    .unwrap();
    assert_eq!(chat.call(&call).unwrap().header(99_000), "Done · 1.4 s · you allowed it once");
}

#[test]
fn x116_what_has_ended_stays_ended_and_a_late_answer_is_marked() {
    for state in every_state().into_iter().filter(CallState::ended) {
        let mut chat = conversation(state.clone());
        let call = CallId::from("c1");
        let late = chat.apply(
            Event::CallResult { call: call.clone(), result: json!({ "content": [] }), breaks: None, reviewed: false },
            9_000,
        );
        assert_eq!(late, Err(ApplyError::Ended("c1".to_owned())));
        assert!(chat.apply(Event::Call { call: call.clone(), state: CallState::Running }, 9_000).is_err());
        let card = chat.call(&call).unwrap();
        assert_eq!((&card.state, card.late, &card.result), (&state, true, &None));
    }
}

#[test]
fn a_result_with_is_error_counts_as_failed() {
    let mut chat = conversation(CallState::Running);
    let result = json!({ "isError": true, "content": [{ "type": "text", "text": "no such queue\nat line 3" }] });
    chat.apply(Event::CallResult { call: CallId::from("c1"), result, breaks: None, reviewed: false }, 2_000).unwrap();
    let card = chat.call(&CallId::from("c1")).unwrap();
    assert_eq!(card.header(3_000), "Failed: the server said: no such queue at line 3 · it was sent");
}

#[test]
fn x71_a_pending_question_after_a_reload_is_not_answered() {
    for state in [CallState::Waiting, CallState::Proposed] {
        let mut chat = conversation(state);
        assert_eq!(chat.restore(5_000), [ItemId::from("i2")]);
        assert_eq!(chat.call(&CallId::from("c1")).unwrap().state, CallState::NotAnswered);
        assert!(chat.restore(6_000).is_empty(), "restoring twice changes nothing");
    }
}

#[test]
fn mb003_a_call_that_goes_on_as_a_task_stays_under_way_after_a_reload_and_nothing_else_does() {
    let call = CallId::from("c1");
    for (state, changes) in [(CallState::Running, 0), (CallState::NeedsInput, 1)] {
        let mut chat = conversation(state);
        assert_eq!(chat.restore_but(5_000, std::slice::from_ref(&call)).len(), changes);
        assert_eq!(chat.call(&call).unwrap().state, CallState::Running);
    }
    let mut chat = conversation(CallState::Running);
    chat.restore_but(5_000, &[CallId::from("c2")]);
    assert!(matches!(chat.call(&call).unwrap().state, CallState::Unknown { .. }));
}

#[test]
fn x114_a_running_call_after_a_reload_has_an_unknown_outcome() {
    for state in [CallState::Running, CallState::NeedsInput] {
        let mut chat = conversation(state);
        chat.restore(5_000);
        assert!(matches!(chat.call(&CallId::from("c1")).unwrap().state, CallState::Unknown { .. }));
    }
    let mut chat = conversation(CallState::Done);
    put(&mut chat, "i3", Body::Answer(Answer { text: "Half".to_owned(), ..Answer::default() }));
    assert_eq!(chat.restore(5_000), [ItemId::from("i3")]);
    assert!(
        matches!(&chat.items[2].body, Body::Answer(answer) if answer.done && answer.text == "Half" && answer.error.is_some())
    );
}

#[test]
fn the_title_comes_from_the_first_message_until_the_person_chooses() {
    let mut chat = conversation(CallState::Waiting);
    assert_eq!(chat.title, "Make a ticket about the printer");
    put(&mut chat, "i9", Body::Said { text: "something else".to_owned() });
    assert_eq!(chat.title, "Make a ticket about the printer");
    chat.apply(Event::Renamed { title: " Printer ".to_owned() }, 2_000).unwrap();
    put(&mut chat, "i1", Body::Said { text: "changed".to_owned() });
    assert_eq!((chat.title.as_str(), chat.renamed, chat.updated_at), ("Printer", true, 2_000));
    chat.apply(Event::Renamed { title: " ".to_owned() }, 2_000).unwrap();
    assert_eq!(chat.title, "changed");
    let long = one_line(&"word ".repeat(40), TITLE_CHARS);
    assert!(long.chars().count() <= TITLE_CHARS && long.ends_with("word…"), "{long}");
}

#[test]
fn an_answer_grows_and_ends() {
    let mut chat = conversation(CallState::Done);
    put(&mut chat, "a", Body::Answer(Answer::default()));
    let item = ItemId::from("a");
    chat.apply(Event::AnswerText { item: item.clone(), text: "Hel".to_owned() }, 1).unwrap();
    chat.apply(Event::AnswerText { item: item.clone(), text: "lo".to_owned() }, 1).unwrap();
    chat.apply(Event::AnswerEnded { item: item.clone(), error: None }, 1).unwrap();
    assert!(matches!(&chat.item(&item).unwrap().body, Body::Answer(answer) if answer.text == "Hello" && answer.done));
    assert!(matches!(chat.apply(Event::AnswerText { item, text: "!".to_owned() }, 1), Err(ApplyError::Ended(_))));
    let said = ItemId::from("i1");
    assert_eq!(chat.apply(Event::AnswerEnded { item: said.clone(), error: None }, 1), Err(ApplyError::Kind(said)));
    let none = ItemId::from("none");
    assert_eq!(chat.apply(Event::AnswerEnded { item: none.clone(), error: None }, 1), Err(ApplyError::NoItem(none)));
}

#[test]
fn cq002_more_about_a_failure_is_kept_with_its_call_and_no_more_than_fits() {
    let mut chat = conversation(CallState::Running);
    let call = CallId::from("c1");
    let said = json!({ "code": -32000, "message": "m".repeat(9_000), "data": { "queue": 7 } });
    let failure = Failure::new("server", Some("look at the details".to_owned()), Some(&said));
    assert_eq!(failure.said.as_ref().map(|said| said.chars().count()), Some(SAID_CHARS));
    assert!(failure.left_out > 5_000 && failure.said.as_ref().is_some_and(|said| said.contains("-32000")));
    chat.apply(Event::CallFailed { call: call.clone(), failure: failure.clone() }, 2_000).unwrap();
    let state = CallState::Failed { cause: "it said no".to_owned(), sent: Sent::Yes };
    chat.apply(Event::Call { call: call.clone(), state }, 2_000).unwrap();
    let again: Conversation = serde_json::from_str(&serde_json::to_string(&chat).unwrap()).unwrap();
    assert_eq!(again.call(&call).unwrap().failure.as_deref(), Some(&failure));
    assert!(chat.apply(Event::CallFailed { call, failure }, 3_000).is_err(), "what has ended stays as it is");
    let way = |kind: &str, said: Option<&Value>| Failure::new(kind, None, said).of_the_way;
    assert!(way("network", Some(&said)) && way("cors", None) && way("timeout", None));
    assert!(way("unknown-outcome", None), "the connection broke");
    assert!(!way("network", None) && !way("server", Some(&said)));
    let words_of_the_browser = json!("TypeError: Failed to fetch");
    assert_eq!(Failure::new("network", None, Some(&words_of_the_browser)).said, None);
}

#[test]
fn cq003_a_remark_of_before_is_read_and_offers_nothing() {
    let old: Body = serde_json::from_value(json!({ "kind": "note", "text": "You stopped this turn." })).unwrap();
    assert_eq!(old, Body::note("You stopped this turn."));
    let new = Body::Note { text: "x".to_owned(), remedy: Some(Remedy::AskOrSet) };
    let kept = serde_json::to_value(&new).unwrap();
    assert_eq!(kept, json!({ "kind": "note", "text": "x", "remedy": "ask_or_set" }));
    assert_eq!(serde_json::from_value::<Body>(kept).unwrap(), new);
}

#[test]
fn a_search_needs_all_words_somewhere() {
    let chat = conversation(CallState::Done);
    assert!(chat.mentions("PRINTER desk") && chat.mentions("") && !chat.mentions("printer scanner"));
}

#[test]
fn a_record_survives_its_store() {
    for state in every_state() {
        let chat = conversation(state);
        let text = serde_json::to_string(&chat).unwrap();
        assert_eq!(serde_json::from_str::<Conversation>(&text).unwrap(), chat);
    }
}

#[test]
fn x54_a_result_waits_for_a_look_that_is_taken_once_and_not_answered_after_a_reload() {
    let mut chat = conversation(CallState::Running);
    let call = CallId::from("c1");
    let result = json!({ "content": [{ "type": "text", "text": "found" }] });
    let came = Event::CallResult { call: call.clone(), result, breaks: None, reviewed: true };
    chat.apply(came, 2_000).unwrap();
    let look = |chat: &Conversation| chat.call(&call).unwrap().look.clone();
    assert_eq!((look(&chat), chat.call(&call).unwrap().state.clone()), (Some(Look::Waiting), CallState::Done));

    let mut reloaded: Conversation = serde_json::from_str(&serde_json::to_string(&chat).unwrap()).unwrap();
    assert_eq!(reloaded.restore(3_000), [ItemId::from("i2")]);
    assert_eq!(look(&reloaded), Some(Look::NotAnswered));
    // It may still be passed on, once.
    let looked = |look| Event::CallLooked { call: call.clone(), look };
    reloaded.apply(looked(Look::Withheld), 4_000).unwrap();
    assert!(reloaded.apply(looked(Look::Passed), 5_000).is_err(), "what was said stays said");
    assert_eq!(look(&reloaded), Some(Look::Withheld));
    let mut plain = conversation(CallState::Done);
    assert!(plain.apply(looked(Look::Passed), 5_000).is_err(), "nobody looks at this one");
}
