//! A model that wants calls, over a played provider.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use browser::chat::conversation::{Body, CallState, Conversation};
use browser::fetch::Fetcher;
use browser::policy::ConversationId;
use browser::store::memory::Memory;
use browser::workspace::doctor::Verdict;
use browser::{Answer, Code, Keep, ModelConfig, Options, Where, Workspace};
use common::{Played, Say, open, play, question, until};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "in-browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn sse(chunks: &[Value]) -> Say {
    let mut text = String::new();
    for chunk in chunks {
        text.push_str(&format!("data: {chunk}\n\n"));
    }
    text.push_str("data: [DONE]\n\n");
    Say::Body("text/event-stream", text)
}

fn text(words: &str) -> Say {
    sse(&[
        json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": words}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ])
}

fn call(name: &str, arguments: &str) -> Say {
    let function = json!({"name": name, "arguments": arguments});
    sse(&[
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c1", "function": function}]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
    ])
}

async fn with_model(played: &Played) -> (Workspace, ConversationId) {
    let ws = open(Options {
        store: Where::Store(Rc::new(Memory::new())),
        fetcher: Fetcher::custom(played.function.clone()),
        ..Options::default()
    })
    .await;
    let config = ModelConfig {
        id: String::new(),
        name: "Played".into(),
        base_url: "http://localhost:4010/v1".into(),
        model: "played-1".into(),
        context: None,
        key: Some(Keep::Memory),
        ..ModelConfig::default()
    };
    let id = ws.save_model(config, Some("sk-canary-model-key".into())).await.unwrap();
    ws.choose_model(Some(&id)).await.unwrap();
    let conversation = ws.new_conversation().await.unwrap();
    (ws, conversation)
}

async fn over(ws: &Workspace, id: &ConversationId) -> Conversation {
    until("the end of the turn", || (!ws.is_running(id)).then_some(())).await;
    ws.conversation(id).await.unwrap()
}

fn answers(conversation: &Conversation) -> Vec<String> {
    let answer = |item: &browser::chat::conversation::Item| match &item.body {
        Body::Answer(answer) => Some(answer.text.clone()),
        _ => None,
    };
    conversation.items.iter().filter_map(answer).filter(|text| !text.is_empty()).collect()
}

/// The name under which the model was offered an action.
fn offered(body: &Value, action: &str) -> String {
    let tools = body["tools"].as_array().unwrap();
    let names = tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap());
    names.into_iter().find(|name| name.ends_with(action)).unwrap().to_owned()
}

#[wasm_bindgen_test]
async fn a_write_of_a_model_asks_and_its_result_goes_back() {
    let played = play(|got| {
        let body = got.json();
        let messages = body["messages"].as_array().unwrap();
        if messages.iter().any(|message| message["role"] == "tool") {
            return text("It is written.");
        }
        call(&offered(&body, "create_note"), r#"{"title":"From the model","text":"hi"}"#)
    });
    let (ws, id) = with_model(&played).await;
    ws.say(&id, "please write a note").unwrap();
    assert_eq!(ws.say(&id, "again").unwrap_err().code, Code::Busy);
    let asked = question(&ws).await;
    assert_eq!(asked.view.by, "the model");
    ws.answer(&asked.id, &asked.shown, Answer::AllowOnce).unwrap();
    let conversation = over(&ws, &id).await;
    assert_eq!(answers(&conversation), ["It is written."]);
    assert_eq!(conversation.calls().next().unwrap().state, CallState::Done);
    let got = played.got.borrow();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("authorization"), Some("Bearer sk-canary-model-key"));
    let bodies: String = got.iter().map(|got| got.body.clone()).collect();
    assert!(!bodies.contains("sk-canary-model-key"), "the key is a header and nothing else");
    assert!(!serde_json::to_string(&conversation).unwrap().contains("sk-canary-model-key"));
}

#[wasm_bindgen_test]
async fn a_denied_call_is_told_to_the_model_with_its_reason() {
    let played = play(|got| {
        let body = got.json();
        let messages = body["messages"].as_array().unwrap();
        match messages.iter().find(|message| message["role"] == "tool") {
            Some(told) if told["content"].as_str().unwrap().contains("wrong title") => text("Understood."),
            Some(told) => text(&format!("not told: {told}")),
            None => call(&offered(&body, "create_note"), r#"{"title":"x"}"#),
        }
    });
    let (ws, id) = with_model(&played).await;
    ws.say(&id, "write").unwrap();
    let asked = question(&ws).await;
    ws.answer(&asked.id, &asked.shown, Answer::Deny { reason: Some("wrong title".into()) }).unwrap();
    assert_eq!(answers(&over(&ws, &id).await), ["Understood."]);
}

#[wasm_bindgen_test]
async fn x73_x77_half_a_call_and_an_unknown_tool_are_not_calls() {
    let turn = Rc::new(RefCell::new(0));
    let played = play(move |got| {
        *turn.borrow_mut() += 1;
        match *turn.borrow() {
            1 => call("format_disk", "{}"),
            2 => call(&offered(&got.json(), "create_note"), r#"{"title":"#),
            _ => text("I give up."),
        }
    });
    let (ws, id) = with_model(&played).await;
    ws.say(&id, "go").unwrap();
    let conversation = over(&ws, &id).await;
    assert_eq!(conversation.calls().count(), 0);
    assert_eq!(answers(&conversation), ["I give up."]);
    assert!(ws.questions().is_empty());
}

#[wasm_bindgen_test]
async fn stopping_ends_the_stream_the_question_and_the_turn() {
    let half = json!({"choices": [{"index": 0, "delta": {"content": "Once upon"}}]});
    let played = play(move |_| Say::Stream("text/event-stream", vec![format!("data: {half}\n\n")]));
    let (ws, id) = with_model(&played).await;
    ws.say(&id, "tell").unwrap();
    for _ in 0..300 {
        if answers(&ws.conversation(&id).await.unwrap()) == ["Once upon"] {
            break;
        }
        browser::time::sleep(10).await;
    }
    ws.stop(&id);
    let conversation = over(&ws, &id).await;
    assert_eq!(answers(&conversation), ["Once upon"]);
    until("the abort", || (*played.aborted.borrow() > 0).then_some(())).await;

    let asks = play(|got| call(&offered(&got.json(), "create_note"), r#"{"title":"x"}"#));
    let (ws, id) = with_model(&asks).await;
    ws.say(&id, "write").unwrap();
    question(&ws).await;
    ws.stop(&id);
    let conversation = over(&ws, &id).await;
    assert_eq!(conversation.calls().next().unwrap().state, CallState::NotAnswered);
    assert!(ws.questions().is_empty());
}

#[wasm_bindgen_test]
async fn an_error_of_the_provider_is_said_in_words() {
    let played = play(|_| {
        Say::Json(401, json!({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}))
    });
    let (ws, id) = with_model(&played).await;
    ws.say(&id, "hello").unwrap();
    let conversation = over(&ws, &id).await;
    let note =
        conversation.items.iter().any(|item| matches!(&item.body, Body::Note { text, .. } if text.contains("key")));
    assert!(note, "{conversation:?}");
    let config = ws.models().remove(0);
    let checks = ws.test_model(&config, None, |_| ()).await;
    let last = checks.last().unwrap();
    assert!(last.verdict == Verdict::Bad && last.answered.contains("did not accept the key"), "{checks:?}");
}

#[wasm_bindgen_test]
async fn a_model_can_be_tested_and_its_siblings_listed() {
    let played = play(|got| match got.method.as_str() {
        "GET" => Say::Json(200, json!({"object": "list", "data": [{"id": "b"}, {"id": "a"}]})),
        _ => text("ready"),
    });
    let (ws, _) = with_model(&played).await;
    let config = ws.models().remove(0);
    let heard = Rc::new(RefCell::new(0));
    let counted = heard.clone();
    let checks = ws.test_model(&config, None, move |_| *counted.borrow_mut() += 1).await;
    assert_eq!(*heard.borrow(), checks.len());
    let answered = checks.iter().find(|check| check.asked == "Does the model answer?").unwrap();
    assert!(answered.verdict == Verdict::Good && answered.answered.contains("“ready”"), "{checks:?}");
    let tools = checks.last().unwrap();
    assert!(tools.verdict == Verdict::Doubtful && tools.answered.contains("answered in words"), "{checks:?}");
    let names: Vec<String> = ws.list_models(&config, None).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["a", "b"]);
    let open = ModelConfig { base_url: "http://models.example/v1".into(), ..config };
    assert_eq!(ws.list_models(&open, None).await.unwrap_err().code, Code::Address);
}
