use super::super::endpoint::request;
use super::super::testing::{self, calls, endpoint as at, read_in_every_way, thoughts};
use super::super::{Effort, ModelError, Wire};
use super::*;

/// As Ollama sends it: thinking, text, a call whole in one line, the counts at the end.
const FULL: &str = "{\"model\":\"qwen3\",\"created_at\":\"2026-10-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm \"},\"done\":false}\n\
    {\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"Grüße 🦀\"},\"done\":false}\r\n\
    {\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"call_1\",\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":{\"x\":\"ä\"}}},{\"function\":{\"name\":\"g\",\"arguments\":{}}}]},\"done\":false}\n\
    {\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done_reason\":\"stop\",\"done\":true,\"prompt_eval_count\":26,\"eval_count\":8}\n";

#[test]
fn wi01_a_stream_may_be_split_at_every_offset() {
    let (text, thinking, result) = read_in_every_way(Wire::Ollama, FULL);
    assert_eq!((text.as_str(), thinking.as_str()), ("Grüße 🦀", "Hm "));
    let answer = result.unwrap();
    assert_eq!(calls(&answer), [("call_1", "f", "{\"x\":\"ä\"}"), ("", "g", "{}")]);
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(answer.usage, Some(Usage { input: 26, output: 8, cached: 0 }));
    assert_eq!(thoughts(&answer), [&json!({ "thinking": "Hm " })]);
}

#[test]
fn wi01_a_second_dialect_gives_the_same_parts() {
    let (text, thinking, result) = read_in_every_way(Wire::Ollama, include_str!("aimock.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", "I should call echo."));
    assert_eq!(calls(&result.unwrap()), [("", "echo", "{\"message\":\"hello\"}"), ("", "echo", "{}")]);
}

#[test]
fn a_last_line_may_end_without_a_line_end_and_a_missing_one_is_no_answer() {
    assert!(read_in_every_way(Wire::Ollama, FULL.trim_end()).2.is_ok());
    let cut = FULL.lines().take(3).collect::<Vec<_>>().join("\n");
    assert!(matches!(read_in_every_way(Wire::Ollama, &cut).2, Err(ModelError::BrokeOff { .. })));
    let midway = "{\"message\":{\"content\":\"so\"},\"done\":false}\n{\"error\":\"out of memory\"}\n";
    let (text, _, result) = read_in_every_way(Wire::Ollama, midway);
    assert_eq!(text, "so");
    assert!(matches!(result, Err(ModelError::Midway { said, .. }) if said == "out of memory"));
}

#[test]
fn wi01_garbage_is_an_error_in_words() {
    testing::refuses_garbage(Wire::Ollama);
}

#[test]
fn results_name_their_tools_and_the_context_is_asked_for() {
    let mut endpoint = at(Wire::Ollama);
    endpoint.base_url = "http://localhost:11434/v1/".to_owned();
    endpoint.context = Some(16_384);
    endpoint.effort = Some(Effort::Medium);
    let mut answer = read_in_every_way(Wire::Ollama, FULL).2.unwrap();
    answer.parts.retain(|part| !matches!(part, super::super::Part::Call(call) if call.name == "g"));
    let messages = [
        Message::System("s".to_owned()),
        Message::Assistant(answer.parts),
        Message::Tool { id: "call_1".to_owned(), text: "t".to_owned() },
    ];
    let sent = request(&endpoint, &messages, &[], Extras::All);
    assert_eq!(sent.url, "http://localhost:11434/api/chat");
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!((&body["options"]["num_ctx"], &body["think"]), (&json!(16_384), &json!(true)));
    assert_eq!(
        body["messages"][1],
        json!({ "role": "assistant", "content": "Grüße 🦀", "thinking": "Hm ", "tool_calls": [{ "function": { "name": "f", "arguments": { "x": "ä" } } }] })
    );
    assert_eq!(body["messages"][2], json!({ "role": "tool", "tool_name": "f", "content": "t" }));
    assert!(!request(&endpoint, &messages, &[], Extras::None).body.contains("\"think\""));
}
