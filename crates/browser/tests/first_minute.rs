//! The first minute: built-in connectors, direct mode, the gate, the record. In memory, so also in Node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use browser::chat::conversation::{Body, CallState};
use browser::policy::Class;
use browser::policy::audit::{Entry, Outcome};
use browser::{Answer, AskAnswer, AuditFilter, CallRequest, Code, Confirm, ElicitationKind};
use common::{conversation, ended, in_memory, object, propose, question, start, until};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "in-browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_note_is_written_only_after_the_person_allowed_it() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call =
        start(&ws, &id, "create a note about lunch", "create_note", json!({"title": "Lunch", "text": "12:30"})).await;
    let asked = question(&ws).await;
    assert_eq!(asked.id, call);
    assert_eq!(asked.view.connector_name, "Notebook");
    assert_eq!(asked.view.host, "this page");
    assert_eq!(asked.view.class, Class::Write);
    assert_eq!(asked.view.arguments_text, r#"{"title":"Lunch","text":"12:30"}"#);
    assert_eq!((asked.view.position, asked.view.of), (1, 1));
    let listed = ws.call(list(), Confirm::Never).await.unwrap();
    assert_eq!(listed.result["structuredContent"]["notes"], json!([]), "nothing is written before the answer");

    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    let card = ended(&ws, &id, &call).await;
    assert_eq!(card.state, CallState::Done, "{card:?}");
    assert_eq!(card.result.unwrap()["structuredContent"]["title"], "Lunch");
    let listed = ws.call(list(), Confirm::Never).await.unwrap();
    assert_eq!(listed.result["structuredContent"]["notes"][0]["title"], "Lunch");
}

#[wasm_bindgen_test]
async fn reading_does_not_ask() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "list my notes", "list_notes", json!({})).await;
    assert_eq!(ended(&ws, &id, &call).await.state, CallState::Done);
    assert!(ws.questions().is_empty());
}

#[wasm_bindgen_test]
async fn s117_the_guide_searches_and_fetches() {
    let ws = in_memory().await;
    let found = ws.call(request("guide", "search", json!({"query": "developer mode"})), Confirm::Never).await.unwrap();
    let id = found.result["structuredContent"]["results"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, "developer-mode");
    let article = ws.call(request("guide", "fetch", json!({"id": id})), Confirm::Never).await.unwrap();
    assert!(article.result["content"][0]["text"].as_str().unwrap().starts_with("# Developer mode"));
}

#[wasm_bindgen_test]
async fn a_denied_call_sends_nothing_and_is_a_row() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": "No"})).await;
    let asked = question(&ws).await;
    ws.answer(&call, &asked.shown, Answer::Deny { reason: Some("not now".into()) }).unwrap();
    assert_eq!(ended(&ws, &id, &call).await.state, CallState::Denied { reason: Some("not now".into()) });
    let rows = ws.audit(AuditFilter { refusals_only: true, ..AuditFilter::default() }).await.unwrap();
    assert_eq!(rows.len(), 1);
    let listed = ws.call(list(), Confirm::Never).await.unwrap();
    assert_eq!(listed.result["structuredContent"]["notes"], json!([]));
}

#[wasm_bindgen_test]
async fn x66_an_edit_is_another_call_and_an_old_approval_is_worth_nothing() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": "One"})).await;
    let first = question(&ws).await;
    ws.answer(&call, &first.shown, Answer::Edit { arguments: object(json!({"title": "Two"})) }).unwrap();
    let second = until("the edited question", || ws.questions().into_iter().find(|asked| asked.id != call)).await;
    assert_ne!(first.shown, second.shown);
    assert_eq!(second.view.arguments_text, r#"{"title":"Two"}"#);
    assert_eq!(ws.answer(&second.id, &first.shown, Answer::AllowOnce).unwrap_err().code, Code::Held);
    assert_eq!(ws.answer(&call, &first.shown, Answer::AllowOnce).unwrap_err().code, Code::NotFound);
    ws.answer(&second.id, &second.shown, Answer::AllowOnce).unwrap();
    let card = ended(&ws, &id, &call).await;
    assert_eq!(card.call, second.id);
    assert_eq!(card.result.unwrap()["structuredContent"]["title"], "Two");
}

#[wasm_bindgen_test]
async fn x70_the_rules_are_asked_again_at_the_click() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": "Late"})).await;
    let asked = question(&ws).await;
    ws.set_action_on(&"notebook".into(), "create_note", false).await.unwrap();
    assert_eq!(ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap_err().code, Code::Blocked);
    assert!(matches!(ended(&ws, &id, &call).await.state, CallState::Blocked { .. }));
    let listed = ws.call(list(), Confirm::Never).await.unwrap();
    assert_eq!(listed.result["structuredContent"]["notes"], json!([]));
}

#[wasm_bindgen_test]
async fn x73_arguments_that_do_not_fit_are_not_even_asked_about() {
    let ws = in_memory().await;
    let error = ws.call(request("notebook", "create_note", json!({"title": 7})), Confirm::Ask).await.unwrap_err();
    assert_eq!(error.code, Code::Invalid);
    assert!(ws.questions().is_empty());
}

#[wasm_bindgen_test]
async fn x77_an_unknown_action_is_refused_and_recorded() {
    let ws = in_memory().await;
    let error = ws.call(request("notebook", "format_disk", json!({})), Confirm::Ask).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound);
    assert_eq!(ws.audit(AuditFilter { refusals_only: true, ..AuditFilter::default() }).await.unwrap().len(), 1);
}

#[wasm_bindgen_test]
async fn x69_deny_all_and_stop_ends_the_queue() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let mut calls = Vec::new();
    for title in ["a", "b", "c"] {
        calls.push(start(&ws, &id, "create a note", "create_note", json!({"title": title})).await);
    }
    until("three questions", || (ws.questions().len() == 3).then_some(())).await;
    let queue = ws.questions();
    assert_eq!((queue[2].view.position, queue[2].view.of, queue[2].view.alike), (3, 3, 3));
    ws.answer(&queue[0].id, &queue[0].shown, Answer::DenyAllAndStop).unwrap();
    for call in &calls {
        assert!(matches!(ended(&ws, &id, call).await.state, CallState::Denied { .. }));
    }
    assert!(ws.questions().is_empty());
}

#[wasm_bindgen_test]
async fn without_anybody_to_ask_a_write_is_declined() {
    let ws = in_memory().await;
    let request = request("notebook", "create_note", json!({"title": "x"}));
    assert_eq!(ws.call(request, Confirm::Never).await.unwrap_err().code, Code::Declined);
}

#[wasm_bindgen_test]
async fn a_portal_answers_for_its_own_calls_only() {
    use futures_util::FutureExt as _;
    let ws = in_memory().await;
    let confirm = Confirm::With(Box::new(|asked| {
        assert_eq!(asked.view.action, "create_note");
        futures_util::future::ready(Answer::AllowOnce).boxed_local()
    }));
    let done = ws.call(request("notebook", "create_note", json!({"title": "x", "text": "y"})), confirm).await.unwrap();
    assert_eq!(done.result["structuredContent"]["title"], "x");
    assert!(ws.questions().is_empty());
}

#[wasm_bindgen_test]
async fn dropping_a_call_takes_its_question_back() {
    let ws = in_memory().await;
    let caller = ws.clone();
    let (stop, stopped) = futures_channel::oneshot::channel::<()>();
    wasm_bindgen_futures::spawn_local(async move {
        let call = Box::pin(caller.call(request("notebook", "create_note", json!({"title": "x"})), Confirm::Ask));
        futures_util::future::select(call, stopped).await;
    });
    question(&ws).await;
    stop.send(()).unwrap();
    until("no question", || ws.questions().is_empty().then_some(())).await;
    let rows = until_rows(&ws).await;
    assert!(matches!(&rows[0].entry, Entry::Refused { cause: browser::policy::Cause::NotAnswered, .. }));
}

async fn until_rows(ws: &browser::Workspace) -> Vec<browser::policy::audit::Row> {
    for _ in 0..200 {
        let rows = ws.audit(AuditFilter { refusals_only: true, ..AuditFilter::default() }).await.unwrap();
        if !rows.is_empty() {
            return rows;
        }
        browser::time::sleep(10).await;
    }
    panic!("no row came");
}

#[wasm_bindgen_test]
async fn the_record_names_what_allowed_a_call_before_it_is_sent_and_verifies() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "list my notes", "list_notes", json!({})).await;
    ended(&ws, &id, &call).await;
    let rows = ws.audit(AuditFilter::default()).await.unwrap();
    let kinds: Vec<&str> = rows
        .iter()
        .rev()
        .map(|row| match &row.entry {
            Entry::Began { .. } => "began",
            Entry::Allowed { .. } => "allowed",
            Entry::Sent { .. } => "sent",
            Entry::Finished { outcome: Outcome::Done, .. } => "done",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["began", "allowed", "sent", "done"]);
    let state = ws.verify_audit().await.unwrap();
    assert_eq!((state.rows, state.broken), (4, vec![]));
}

#[wasm_bindgen_test]
async fn tidying_asks_the_person_and_does_what_they_chose() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    for title in ["Old", "New"] {
        let call = start(&ws, &id, "create a note", "create_note", json!({"title": title})).await;
        let asked = question(&ws).await;
        ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
        ended(&ws, &id, &call).await;
    }
    let call = start(&ws, &id, "tidy notes", "tidy_notes", json!({})).await;
    let asked = question(&ws).await;
    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    let ask = until("the server's question", || ws.asks().into_iter().next()).await;
    assert_eq!(ask.call, Some(call.clone()));
    let ElicitationKind::Form { schema } = &ask.kind else { panic!("no form") };
    let choices = schema["properties"]["notes"]["items"]["anyOf"].as_array().unwrap();
    let old = choices.iter().find(|one| one["title"] == "Old").unwrap()["const"].clone();
    let state = conversation(&ws, &id).await.call(&call).unwrap().state.clone();
    assert_eq!(state, CallState::NeedsInput);
    assert_eq!(ws.answer_ask(&ask.id, AskAnswer::Submit(json!({}))).unwrap_err().code, Code::Invalid);
    ws.answer_ask(&ask.id, AskAnswer::Submit(json!({ "notes": [old] }))).unwrap();
    let card = ended(&ws, &id, &call).await;
    assert_eq!(card.state, CallState::Done, "{card:?}");
    assert_eq!(card.result.unwrap()["structuredContent"]["notes"][0]["title"], "Old");
    let listed = ws.call(list(), Confirm::Never).await.unwrap();
    assert_eq!(listed.result["structuredContent"]["notes"].as_array().unwrap().len(), 1);
}

#[wasm_bindgen_test]
async fn a_declined_question_of_a_server_archives_nothing() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": "Keep"})).await;
    let asked = question(&ws).await;
    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    ended(&ws, &id, &call).await;
    let call = start(&ws, &id, "tidy notes", "tidy_notes", json!({})).await;
    let asked = question(&ws).await;
    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    let ask = until("the server's question", || ws.asks().into_iter().next()).await;
    ws.answer_ask(&ask.id, AskAnswer::Decline).unwrap();
    let card = ended(&ws, &id, &call).await;
    assert_eq!(card.result.unwrap()["structuredContent"]["notes"], json!([]));
}

#[wasm_bindgen_test]
async fn one_result_feeds_the_next_step_and_the_question_says_so() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": "Quarterly budget review"})).await;
    let asked = question(&ws).await;
    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    let card = ended(&ws, &id, &call).await;
    let note = card.result.unwrap()["structuredContent"]["id"].as_str().unwrap().to_owned();
    let item = propose(&ws, &id, "delete that note").await;
    let (step, choice) = common::choice(&item, "delete_note");
    let Body::Proposal(proposal) = &item.body else { panic!() };
    assert_eq!(proposal.steps[step].choices[choice].arguments["id"], Value::from(note.clone()));
    let call = ws.run_proposal(&id, &item.id, step, choice, object(json!({ "id": note }))).unwrap();
    let asked = question(&ws).await;
    assert_eq!(asked.view.class, Class::Destructive);
    assert_eq!(asked.view.lineage[0].connector_name, "Notebook");
    assert_eq!(asked.view.lineage[0].path, "/id");
    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    assert_eq!(ended(&ws, &id, &call).await.state, CallState::Done);
}

#[wasm_bindgen_test]
async fn x59_x32_secrets_and_hidden_characters_are_pointed_at() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let text = "ghp_aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4 and a\u{202e}b";
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": "t", "text": text})).await;
    let asked = question(&ws).await;
    assert_eq!(asked.view.secrets[0].path, "/text");
    assert_eq!((asked.view.hidden[0].path.as_str(), asked.view.hidden[0].count), ("/text", 1));
    ws.cancel_call(&call);
    assert_eq!(ended(&ws, &id, &call).await.state, CallState::NotAnswered);
}

#[wasm_bindgen_test]
async fn a_connector_that_is_not_active_in_the_conversation_is_not_used() {
    let ws = in_memory().await;
    let id = ws.new_conversation().await.unwrap();
    let item = propose(&ws, &id, "list my notes").await;
    let (step, choice) = common::choice(&item, "list_notes");
    ws.set_active(&id, vec!["guide".into()]).await.unwrap();
    let call = ws.run_proposal(&id, &item.id, step, choice, object(json!({}))).unwrap();
    assert!(matches!(ended(&ws, &id, &call).await.state, CallState::Blocked { .. }));
    assert!(ws.candidates(&id).iter().all(|candidate| candidate.connector.as_str() == "guide"));
}

#[wasm_bindgen_test]
async fn a_listener_may_call_back_into_the_workspace() {
    let ws = in_memory().await;
    let seen = std::rc::Rc::new(std::cell::Cell::new(0));
    let (count, inner) = (seen.clone(), ws.clone());
    let subscription = ws.subscribe(move |_| {
        let _ = (inner.rulebook(), inner.conversations(), inner.questions());
        count.set(count.get() + 1);
    });
    let id = ws.new_conversation().await.unwrap();
    ws.rename_conversation(&id, "Renamed").await.unwrap();
    until("changes", || (seen.get() >= 2).then_some(())).await;
    assert_eq!(ws.conversations()[0].title, "Renamed");
    drop(subscription);
    let before = seen.get();
    ws.new_conversation().await.unwrap();
    browser::time::sleep(30).await;
    assert_eq!(seen.get(), before);
}

fn request(connector: &str, action: &str, arguments: Value) -> CallRequest {
    CallRequest { connector: connector.into(), action: action.to_owned(), arguments: object(arguments) }
}

fn list() -> CallRequest {
    request("notebook", "list_notes", json!({}))
}
