use super::super::endpoint::request;
use super::super::testing::{self, endpoint as at, events, read_in_every_way};
use super::super::{Answered, ModelError, Wire, WireCall};
use super::*;

fn endpoint() -> Endpoint {
    at(Wire::OpenaiChat)
}

fn read(chunks: &[&[u8]]) -> testing::Said {
    testing::read(Wire::OpenaiChat, chunks)
}

fn calls(chunks: &[&str]) -> Vec<(String, String, String)> {
    let answer = read(&[events(chunks).as_bytes()]).2.unwrap();
    testing::calls(&answer).into_iter().map(|(id, name, arguments)| one(id, name, arguments)).collect()
}

fn one(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.to_owned(), name.to_owned(), arguments.to_owned())
}

const FULL: &str = ": OPENROUTER PROCESSING\r\n\r\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
    data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm \"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"Grüße 🦀\"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"ä\\\"}\"}}]}}]}\n\n\
    data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n\
    data: [DONE]\n\n";

#[test]
fn wi01_a_stream_may_be_split_at_every_offset() {
    let whole = read_in_every_way(Wire::OpenaiChat, FULL);
    assert_eq!((whole.0.as_str(), whole.1.as_str()), ("Grüße 🦀", "hm "));
    let answer = whole.2.unwrap();
    assert_eq!(answer.usage, Some(Usage { input: 7, output: 3, cached: 0 }));
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(answer.calls().map(|call| call.arguments.as_str()).collect::<Vec<_>>(), ["{\"x\":\"ä\"}", "{}"]);
}

#[test]
fn the_variants_of_providers_give_the_same_calls() {
    // The whole call in one piece, no index, no finish reason but [DONE].
    assert_eq!(
        calls(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}}]}"#,
            "[DONE]"
        ]),
        [one("a", "f", "{\"x\":1}")]
    );
    // Arguments as an object.
    assert_eq!(
        calls(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}]},"finish_reason":"tool_calls"}]}"#
        ]),
        [one("a", "f", "{\"x\":1}")]
    );
    // The name again with every piece.
    assert_eq!(
        calls(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]},"finish_reason":"stop"}]}"#,
        ]),
        [one("a", "f", "{\"x\":1}")]
    );
    // All calls numbered 0.
    assert_eq!(
        calls(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            "[DONE]",
        ]),
        [one("a", "f", "{}"), one("b", "f", "{}")]
    );
    // Two calls of one function without id and index.
    assert_eq!(
        calls(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{\"n\":1}"}},{"function":{"name":"f","arguments":"{\"n\":2}"}}]}}]}"#,
            "[DONE]",
        ]),
        [one("", "f", "{\"n\":1}"), one("", "f", "{\"n\":2}")]
    );
    // The name in pieces, and content as parts.
    assert_eq!(
        calls(&[
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":"hi"}],"tool_calls":[{"index":0,"id":"a","function":{"name":"get_"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
        ]),
        [one("a", "get_weather", "{}")]
    );
}

#[test]
fn a_plain_answer_is_taken_where_a_stream_was_asked_for() {
    let body = br#" {"choices":[{"message":{"role":"assistant","content":"Hello","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    for at in 0..=body.len() {
        let (a, b) = body.split_at(at);
        let (text, _, result) = read(&[a, b]);
        assert_eq!((text.as_str(), result.unwrap().calls().count()), ("Hello", 1));
    }
}

#[test]
fn x73_an_answer_that_broke_off_gives_no_calls() {
    let cut = events(&[
        r#"{"choices":[{"delta":{"content":"so","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
    ]);
    let (text, _, result) = read(&[cut.as_bytes()]);
    assert_eq!(text, "so");
    assert_eq!(result, Err(ModelError::BrokeOff { host: "api.example.com".to_owned() }));
    assert!(matches!(read(&[]).2, Err(ModelError::BrokeOff { .. })));
}

#[test]
fn errors_in_the_middle_and_nonsense_are_said_in_words() {
    let midway = events(&[
        r#"{"choices":[{"delta":{"content":"so"}}]}"#,
        r#"{"error":{"message":"overloaded","code":502}}"#,
        "[DONE]",
    ]);
    let (text, _, result) = read(&[midway.as_bytes()]);
    assert_eq!(text, "so");
    assert_eq!(
        result.unwrap_err().to_string(),
        "`api.example.com` stopped in the middle of the answer: \"overloaded\""
    );
    for nonsense in ["data: {nope\n\n", "<html>Sign in</html>", "data: {\"hello\":1}\n\n", "{\"hello\":1}"] {
        assert!(matches!(read(&[nonsense.as_bytes()]).2, Err(ModelError::NotUnderstood { .. })), "{nonsense}");
    }
    let object = events(&[r#"{"object":"error","message":"bad","code":400}"#]);
    assert!(matches!(read(&[object.as_bytes()]).2, Err(ModelError::Midway { said, .. }) if said == "bad"));
}

#[test]
fn x130_a_request_holds_no_key_and_only_plain_headers() {
    let tool = ToolSpec { name: "f".to_owned(), description: "d".to_owned(), schema: json!({ "$schema": "x" }) };
    let messages = [
        Message::System("s".to_owned()),
        Message::User("u".to_owned()),
        Message::Assistant(vec![super::super::Part::Call(WireCall::new("a", "f", "{}"))]),
        Message::Tool { id: "a".to_owned(), text: "t".to_owned() },
    ];
    let sent = request(&endpoint(), &messages, &[tool], Extras::All);
    assert_eq!(sent.url, "https://api.example.com/v1/chat/completions");
    assert_eq!(sent.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["content-type", "accept"]);
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(body["tools"][0]["function"]["parameters"], json!({ "type": "object", "properties": {} }));
    assert_eq!(
        body["messages"][2],
        json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } }] })
    );
    assert_eq!(body["messages"][3], json!({ "role": "tool", "tool_call_id": "a", "content": "t" }));
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert!(request(&endpoint(), &messages, &[], Extras::All).body.find("tools").is_none());
}

/// Recorded from LiteLLM in front of a model that thinks.
const SECOND: &str = include_str!("litellm.txt");

#[test]
fn wi01_a_second_dialect_gives_the_same_parts() {
    let (text, thinking, result) = read_in_every_way(Wire::OpenaiChat, SECOND);
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", "I should call echo."));
    let answer = result.unwrap();
    let found = testing::calls(&answer);
    assert_eq!(found.iter().map(|call| (call.1, call.2)).collect::<Vec<_>>(), [("echo", "{\"message\":\"hello\"}")]);
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert!(answer.usage.is_some());
}

#[test]
fn thinking_as_a_part_of_the_content_is_thinking() {
    let mistral = events(&[
        r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me see."}]}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"Four."},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ]);
    let (text, thinking, _) = read_in_every_way(Wire::OpenaiChat, &mistral);
    assert_eq!((text.as_str(), thinking.as_str()), ("Four.", "Let me see."));
}

#[test]
fn wi02_reasoning_goes_back_with_calls_and_only_then() {
    let asks = events(&[
        r#"{"choices":[{"delta":{"reasoning_content":"First "}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_content":"this."}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
    ]);
    let answer = read(&[asks.as_bytes()]).2.unwrap();
    let back = message(&Message::Assistant(answer.parts));
    assert_eq!(back["reasoning_content"], "First this.");
    let details = events(&[
        r#"{"choices":[{"delta":{"reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"H","index":0}]}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":"m","index":0}]}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
    ]);
    let answer = read(&[details.as_bytes()]).2.unwrap();
    let back = message(&Message::Assistant(answer.parts));
    assert_eq!(
        back["reasoning_details"],
        json!([{ "type": "reasoning.text", "text": "Hm", "signature": "sig", "index": 0 }])
    );
    let plain =
        events(&[r#"{"choices":[{"delta":{"reasoning_content":"Hm","content":"Four."},"finish_reason":"stop"}]}"#]);
    let answer: Answered = read(&[plain.as_bytes()]).2.unwrap();
    assert_eq!(message(&Message::Assistant(answer.parts)), json!({ "role": "assistant", "content": "Four." }));
}

#[test]
fn wi01_garbage_is_an_error_in_words() {
    testing::refuses_garbage(Wire::OpenaiChat);
}
