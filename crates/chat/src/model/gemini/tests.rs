use super::super::endpoint::request;
use super::super::testing::{self, calls, endpoint as at, events, read_in_every_way};
use super::super::{Effort, ModelError, Wire};
use super::*;

/// As Google sends it: thoughts, a signature on the first of two calls, `STOP` at the end.
const FULL: &[&str] = &[
    r#"{"candidates":[{"content":{"parts":[{"text":"Hm ","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":11}}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"Grüße "}],"role":"model"},"index":0}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"🦀"}],"role":"model"},"index":0}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":"ä"}},"thoughtSignature":"CkQB"},{"functionCall":{"id":"own","name":"g"}}],"role":"model"},"index":0}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":11,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":6}}"#,
];

#[test]
fn wi01_a_stream_may_be_split_at_every_offset() {
    let (text, thinking, result) = read_in_every_way(Wire::Gemini, &events(FULL));
    assert_eq!((text.as_str(), thinking.as_str()), ("Grüße 🦀", "Hm "));
    let answer = result.unwrap();
    assert_eq!(calls(&answer), [("", "f", "{\"x\":\"ä\"}"), ("own", "g", "{}")]);
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(answer.usage, Some(Usage { input: 11, output: 11, cached: 4 }));
}

#[test]
fn wi02_signatures_go_back_on_the_calls_they_came_on_and_results_name_their_calls() {
    let mut parts = read_in_every_way(Wire::Gemini, &events(FULL)).2.unwrap().parts;
    // The turn gives ids to calls that came without.
    for part in &mut parts {
        if let Part::Call(call) = part
            && call.id.is_empty()
        {
            call.id = "made".to_owned();
        }
    }
    let messages = [
        Message::System("s".to_owned()),
        Message::User("u".to_owned()),
        Message::Assistant(parts),
        Message::Tool { id: "made".to_owned(), text: "one".to_owned() },
        Message::Tool { id: "own".to_owned(), text: "two".to_owned() },
    ];
    let tool = ToolSpec {
        name: "f".to_owned(),
        description: "d".to_owned(),
        schema: json!({ "additionalProperties": false }),
    };
    let body = body(&at(Wire::Gemini), &messages, &[tool], Extras::All);
    assert_eq!(body["systemInstruction"], json!({ "parts": [{ "text": "s" }] }));
    assert_eq!(
        body["contents"],
        json!([
            { "role": "user", "parts": [{ "text": "u" }] },
            { "role": "model", "parts": [
                { "text": "Grüße 🦀" },
                { "functionCall": { "id": "made", "name": "f", "args": { "x": "ä" } }, "thoughtSignature": "CkQB" },
                { "functionCall": { "id": "own", "name": "g", "args": {} } },
            ] },
            { "role": "user", "parts": [
                { "functionResponse": { "id": "made", "name": "f", "response": { "output": "one" } } },
                { "functionResponse": { "id": "own", "name": "g", "response": { "output": "two" } } },
            ] },
        ])
    );
    assert_eq!(body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]["additionalProperties"], false);
}

#[test]
fn a_signature_on_a_text_goes_back_too() {
    let signed = events(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"Four.","thoughtSignature":"CkQC"}]},"finishReason":"STOP"}]}"#,
    ]);
    let answer = read_in_every_way(Wire::Gemini, &signed).2.unwrap();
    let body = body(&at(Wire::Gemini), &[Message::Assistant(answer.parts)], &[], Extras::All);
    assert_eq!(body["contents"][0]["parts"], json!([{ "text": "Four." }, { "text": "", "thoughtSignature": "CkQC" }]));
}

#[test]
fn wi01_a_second_dialect_gives_the_same_parts() {
    // Recorded from LiteLLM, which has its own idea of this wire.
    let (text, thinking, result) = read_in_every_way(Wire::Gemini, include_str!("litellm.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", ""));
    let answer = result.unwrap();
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(
        calls(&answer).iter().map(|call| (call.1, call.2)).collect::<Vec<_>>(),
        [("echo", "{\"message\":\"hello\"}")]
    );
    // Recorded from aimock.
    let (text, thinking, result) = read_in_every_way(Wire::Gemini, include_str!("aimock.txt"));
    assert_eq!((text.as_str(), thinking.as_str()), ("Calling echo.", "I should call echo."));
    let answer = result.unwrap();
    assert_eq!(calls(&answer), [("", "echo", "{\"message\":\"hello\"}"), ("", "echo", "{}")]);
    assert_eq!(answer.finish, Some(Finish::Calls));
}

#[test]
fn a_list_of_pieces_is_taken_where_a_stream_was_asked_for() {
    let plain = format!("[{}]", FULL.join(",\n"));
    let (text, _, result) = read_in_every_way(Wire::Gemini, &plain);
    assert_eq!((text.as_str(), result.unwrap().calls().count()), ("Grüße 🦀", 2));
}

#[test]
fn a_prompt_that_was_blocked_is_an_end_and_a_broken_stream_is_none() {
    let blocked = events(&[r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}"#]);
    assert_eq!(read_in_every_way(Wire::Gemini, &blocked).2.unwrap().finish, Some(Finish::Filtered));
    let cut = events(&FULL[..3]);
    assert!(matches!(read_in_every_way(Wire::Gemini, &cut).2, Err(ModelError::BrokeOff { .. })));
    let reason = |word: &str| {
        let line = format!(r#"{{"candidates":[{{"finishReason":"{word}"}}]}}"#);
        read_in_every_way(Wire::Gemini, &events(&[&line])).2.unwrap().finish.unwrap()
    };
    assert_eq!(reason("MAX_TOKENS"), Finish::Length);
    assert_eq!(reason("MALFORMED_FUNCTION_CALL"), Finish::Other("MALFORMED_FUNCTION_CALL".to_owned()));
}

#[test]
fn wi01_garbage_is_an_error_in_words() {
    testing::refuses_garbage(Wire::Gemini);
}

#[test]
fn the_model_is_a_part_of_the_address_and_cannot_leave_it() {
    let mut endpoint = at(Wire::Gemini);
    endpoint.effort = Some(Effort::Low);
    endpoint.base_url = "https://generativelanguage.googleapis.com/v1beta".to_owned();
    endpoint.model = "gemini-3-pro".to_owned();
    let sent = request(&endpoint, &[], &[], Extras::All);
    assert_eq!(
        sent.url,
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"
    );
    assert!(sent.body.contains("includeThoughts"));
    assert_eq!(path("tunedModels/a b?c#d"), "tunedModels/a%20b%3Fc%23d");
    assert!(!request(&endpoint, &[], &[], Extras::None).body.contains("thinking"));
}
