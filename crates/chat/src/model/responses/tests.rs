use super::super::endpoint::request;
use super::super::testing::{self, calls, endpoint as at, events, read_in_every_way, thoughts};
use super::super::{Effort, ModelError, Wire};
use super::*;

/// As OpenAI sends it, with the sequence numbers and empty members that come with it.
const FULL: &[&str] = &[
    r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"output":[]}}"#,
    r#"{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAA"}}"#,
    r#"{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
    r#"{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Looking."}"#,
    r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Looking."}],"encrypted_content":"gAAAAB"}}"#,
    r#"{"type":"response.output_item.added","output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"}}"#,
    r#"{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"Grüße "}"#,
    r#"{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"🦀"}"#,
    r#"{"type":"response.output_text.done","item_id":"msg_1","output_index":1,"content_index":0,"text":"Grüße 🦀"}"#,
    r#"{"type":"response.output_item.added","output_index":2,"item":{"id":"fc_1","type":"function_call","status":"in_progress","arguments":"","call_id":"call_a","name":"f"}}"#,
    r#"{"type":"response.output_item.added","output_index":3,"item":{"id":"fc_2","type":"function_call","status":"in_progress","arguments":"","call_id":"call_b","name":"g"}}"#,
    r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":2,"delta":"{\"x\":"}"#,
    r#"{"type":"response.function_call_arguments.delta","item_id":"fc_2","output_index":3,"delta":"{}"}"#,
    r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":2,"delta":"\"ä\"}"}"#,
    r#"{"type":"response.output_item.done","output_index":3,"item":{"id":"fc_2","type":"function_call","status":"completed","arguments":"{}","call_id":"call_b","name":"g"}}"#,
    r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","error":null,"output":[],"usage":{"input_tokens":70,"input_tokens_details":{"cached_tokens":64},"output_tokens":9}}}"#,
];

#[test]
fn wi01_a_stream_may_be_split_at_every_offset() {
    let (text, thinking, result) = read_in_every_way(Wire::OpenaiResponses, &events(FULL));
    assert_eq!((text.as_str(), thinking.as_str()), ("Grüße 🦀", "Looking."));
    let answer = result.unwrap();
    assert_eq!(calls(&answer), [("call_a", "f", "{\"x\":\"ä\"}"), ("call_b", "g", "{}")]);
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(answer.usage, Some(Usage { input: 70, output: 9, cached: 64 }));
    assert_eq!(thoughts(&answer)[0]["encrypted_content"], "gAAAAB");
}

#[test]
fn wi01_a_second_dialect_gives_the_same_parts() {
    // Recorded from LiteLLM, which has its own idea of this wire.
    let (text, thinking, result) = read_in_every_way(Wire::OpenaiResponses, include_str!("litellm.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", "I should call echo."));
    let answer = result.unwrap();
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(
        calls(&answer).iter().map(|call| (call.1, call.2)).collect::<Vec<_>>(),
        [("echo", "{\"message\":\"hello\"}")]
    );
    // Recorded from aimock.
    let (text, thinking, result) = read_in_every_way(Wire::OpenaiResponses, include_str!("aimock.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", "I should call echo."));
    let answer = result.unwrap();
    assert_eq!(
        calls(&answer).into_iter().map(|(_, name, arguments)| (name, arguments)).collect::<Vec<_>>(),
        [("echo", "{\"message\":\"hello\"}"), ("echo", "{}")]
    );
    assert!(thoughts(&answer).is_empty(), "without encrypted content the provider does not know it again");
}

#[test]
fn whole_items_are_taken_where_no_pieces_came_and_not_twice_where_they_did() {
    let item =
        r#"{"type":"message","content":[{"type":"output_text","text":"Hi"},{"type":"refusal","refusal":" no"}]}"#;
    let call = r#"{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}"#;
    let done = |output: &str| {
        format!(r#"{{"type":"response.completed","response":{{"status":"completed","output":[{output}]}}}}"#)
    };
    let of = |lines: &[String]| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (text, _, result) = read_in_every_way(Wire::OpenaiResponses, &events(&lines));
        (text, calls(&result.unwrap()).len())
    };
    assert_eq!(of(&[done(&format!("{item},{call}"))]), ("Hi no".to_owned(), 1));
    let items = [
        format!(r#"{{"type":"response.output_item.done","output_index":4,"item":{call}}}"#),
        format!(r#"{{"type":"response.output_item.done","output_index":5,"item":{item}}}"#),
        done(&format!("{item},{call}")),
    ];
    assert_eq!(of(&items), ("Hi no".to_owned(), 1));
    let plain = format!(
        r#"{{"object":"response","status":"completed","output":[{item},{call}],"usage":{{"input_tokens":1,"output_tokens":2}}}}"#
    );
    let (text, _, result) = read_in_every_way(Wire::OpenaiResponses, &plain);
    assert_eq!((text.as_str(), result.unwrap().usage.unwrap().output), ("Hi no", 2));
}

#[test]
fn x73_an_answer_that_broke_off_or_failed_gives_no_calls() {
    let cut = events(&FULL[..FULL.len() - 1]);
    assert!(matches!(read_in_every_way(Wire::OpenaiResponses, &cut).2, Err(ModelError::BrokeOff { .. })));
    let failed = events(&[
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"boom"}}}"#,
    ]);
    assert!(
        matches!(read_in_every_way(Wire::OpenaiResponses, &failed).2, Err(ModelError::Midway { said, .. }) if said == "boom")
    );
    let cut = |why: &str| {
        let line = format!(
            r#"{{"type":"response.incomplete","response":{{"status":"incomplete","incomplete_details":{{"reason":"{why}"}}}}}}"#
        );
        read_in_every_way(Wire::OpenaiResponses, &events(&[&line])).2.unwrap().finish
    };
    assert_eq!(cut("max_output_tokens"), Some(Finish::Length));
    assert_eq!(cut("content_filter"), Some(Finish::Filtered));
}

#[test]
fn wi01_garbage_is_an_error_in_words() {
    testing::refuses_garbage(Wire::OpenaiResponses);
}

#[test]
fn wi02_what_was_said_goes_back_in_its_order_and_nothing_is_kept_there() {
    let answer = read_in_every_way(Wire::OpenaiResponses, &events(FULL)).2.unwrap();
    let messages = [
        Message::System("s".to_owned()),
        Message::User("u".to_owned()),
        Message::Assistant(answer.parts),
        Message::Tool { id: "call_a".to_owned(), text: "t".to_owned() },
    ];
    let tool = ToolSpec { name: "f".to_owned(), description: "d".to_owned(), schema: json!({}) };
    let mut endpoint = at(Wire::OpenaiResponses);
    endpoint.effort = Some(Effort::Low);
    let body = body(&endpoint, &messages, &[tool], Extras::All);
    assert_eq!((&body["store"], &body["instructions"]), (&json!(false), &json!("s")));
    assert_eq!(body["reasoning"], json!({ "effort": "low", "summary": "auto" }));
    let kinds: Vec<&str> = body["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.get("type").or_else(|| item.get("role")).and_then(Value::as_str).unwrap())
        .collect();
    assert_eq!(kinds, ["user", "reasoning", "assistant", "function_call", "function_call", "function_call_output"]);
    assert_eq!(body["input"][5], json!({ "type": "function_call_output", "call_id": "call_a", "output": "t" }));
    assert_eq!(body["tools"][0]["strict"], false);
    let plain: Value = serde_json::from_str(&request(&endpoint, &messages, &[], Extras::None).body).unwrap();
    assert!(plain.get("include").is_none() && plain.get("reasoning").is_none() && plain.get("tools").is_none());
}
