use super::super::endpoint::request;
use super::super::testing::{self, calls, endpoint as at, events, read_in_every_way, thoughts};
use super::super::{ModelError, Wire, WireCall};
use super::*;

/// As Anthropic sends it: pings, two thoughts with text between them, tokens of the cache.
const FULL: &[&str] = &[
    r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":10,"cache_read_input_tokens":100,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm, "}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"ä."}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"Emwk"}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Grüße 🦀"}}"#,
    r#"{"type":"content_block_stop","index":2}"#,
    r#"{"type":"content_block_start","index":3,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"content_block_delta","index":3,"delta":{"type":"signature_delta","signature":"second"}}"#,
    r#"{"type":"content_block_stop","index":3}"#,
    r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
    r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}}"#,
    r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"x\": "}}"#,
    r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
    r#"{"type":"content_block_stop","index":4}"#,
    r#"{"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"toolu_2","name":"g","input":{}}}"#,
    r#"{"type":"content_block_stop","index":5}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":42}}"#,
    r#"{"type":"message_stop"}"#,
];

#[test]
fn wi01_a_stream_may_be_split_at_every_offset() {
    let (text, thinking, result) = read_in_every_way(Wire::Anthropic, &events(FULL));
    assert_eq!((text.as_str(), thinking.as_str()), ("Grüße 🦀", "Hm, ä."));
    let answer = result.unwrap();
    assert_eq!(calls(&answer), [("toolu_1", "f", "{\"x\": 1}"), ("toolu_2", "g", "{}")]);
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(answer.usage, Some(Usage { input: 115, output: 42, cached: 100 }));
}

#[test]
fn wi02_thoughts_go_back_signed_and_in_their_place() {
    let answer = read_in_every_way(Wire::Anthropic, &events(FULL)).2.unwrap();
    let messages = [
        Message::System("s".to_owned()),
        Message::User("u".to_owned()),
        Message::Assistant(answer.parts),
        Message::Tool { id: "toolu_1".to_owned(), text: "one".to_owned() },
        Message::Tool { id: "toolu_2".to_owned(), text: "two".to_owned() },
        Message::User("and now".to_owned()),
    ];
    let body = body(&at(Wire::Anthropic), &messages, &[], Extras::All);
    let list = body["messages"].as_array().unwrap();
    assert_eq!(list.iter().map(|one| one["role"].as_str().unwrap()).collect::<Vec<_>>(), ["user", "assistant", "user"]);
    assert_eq!(
        list[1]["content"],
        json!([
            { "type": "thinking", "thinking": "Hm, ä.", "signature": "EqQB" },
            { "type": "redacted_thinking", "data": "Emwk" },
            { "type": "text", "text": "Grüße 🦀" },
            { "type": "thinking", "thinking": "", "signature": "second" },
            { "type": "tool_use", "id": "toolu_1", "name": "f", "input": { "x": 1 } },
            { "type": "tool_use", "id": "toolu_2", "name": "g", "input": {} },
        ])
    );
    let kinds: Vec<&str> =
        list[2]["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_result", "tool_result", "text"], "results first");
    assert_eq!(list[2]["content"][2]["cache_control"], json!({ "type": "ephemeral" }));
    assert_eq!(body["system"][0]["cache_control"], json!({ "type": "ephemeral" }));
}

#[test]
fn wi01_a_second_dialect_gives_the_same_parts() {
    // Recorded from LiteLLM, which has its own idea of this wire.
    let (text, thinking, result) = read_in_every_way(Wire::Anthropic, include_str!("litellm.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", ""));
    let answer = result.unwrap();
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(
        calls(&answer).iter().map(|call| (call.1, call.2)).collect::<Vec<_>>(),
        [("echo", "{\"message\":\"hello\"}")]
    );
    // Recorded from aimock.
    let (text, thinking, result) = read_in_every_way(Wire::Anthropic, include_str!("aimock.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", "I should call echo."));
    let answer = result.unwrap();
    assert_eq!(calls(&answer).iter().map(|call| call.2).collect::<Vec<_>>(), ["{\"message\":\"hello\"}", "{}"]);
    assert_eq!(thoughts(&answer)[0]["signature"], "aimock-placeholder-signature");
}

#[test]
fn a_plain_answer_is_taken_where_a_stream_was_asked_for() {
    let plain = r#"{"type":"message","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"Hi"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#;
    let (text, _, result) = read_in_every_way(Wire::Anthropic, plain);
    let answer = result.unwrap();
    assert_eq!((text.as_str(), calls(&answer)), ("Hi", vec![("a", "f", "{\"x\":1}")]));
    assert_eq!(thoughts(&answer).len(), 1);
}

#[test]
fn x73_an_answer_that_broke_off_gives_no_calls() {
    let cut = events(&FULL[..FULL.len() - 2]);
    let (text, _, result) = read_in_every_way(Wire::Anthropic, &cut);
    assert_eq!(text, "Grüße 🦀");
    assert!(matches!(result, Err(ModelError::BrokeOff { .. })));
}

#[test]
fn the_reasons_for_an_end_are_told_apart() {
    let reason = |word: &str| {
        let line = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{word}"}}}}"#);
        read_in_every_way(Wire::Anthropic, &events(&[&line, r#"{"type":"message_stop"}"#])).2.unwrap().finish.unwrap()
    };
    assert_eq!(reason("end_turn"), Finish::Stop);
    assert_eq!(reason("model_context_window_exceeded"), Finish::Length);
    assert_eq!(reason("refusal"), Finish::Filtered);
    assert_eq!(reason("pause_turn"), Finish::Other("pause_turn".to_owned()));
}

#[test]
fn wi01_garbage_is_an_error_in_words() {
    testing::refuses_garbage(Wire::Anthropic);
}

#[test]
fn wi03_only_the_documented_headers_are_sent_and_the_key_is_not_among_them() {
    let request = request(&at(Wire::Anthropic), &[Message::User("u".to_owned())], &[], Extras::All);
    assert_eq!(request.url, "https://api.example.com/v1/messages");
    assert_eq!(
        request.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["content-type", "accept", "anthropic-version", "anthropic-dangerous-direct-browser-access"]
    );
    assert_eq!(Wire::Anthropic.key_header("k"), ("x-api-key".to_owned(), "k".to_owned()));
}

#[test]
fn thinking_is_asked_for_in_the_way_of_new_models_and_then_of_old_ones() {
    let mut endpoint = at(Wire::Anthropic);
    endpoint.effort = Some(Effort::High);
    let new = body(&endpoint, &[], &[], Extras::All);
    assert_eq!((&new["thinking"]["type"], &new["output_config"]["effort"]), (&json!("adaptive"), &json!("high")));
    let old = body(&endpoint, &[], &[], Extras::None);
    assert_eq!(old["thinking"], json!({ "type": "enabled", "budget_tokens": 20480 }));
    assert!(old["max_tokens"].as_u64() > old["thinking"]["budget_tokens"].as_u64());
    let call = Part::Call(WireCall::new("a", "f", "nonsense"));
    let sent = body(&endpoint, &[Message::Assistant(vec![Part::Text("  ".to_owned()), call])], &[], Extras::All);
    assert_eq!(
        sent["messages"][0]["content"][0]["input"],
        json!({}),
        "empty text is left out, arguments are an object"
    );
}
