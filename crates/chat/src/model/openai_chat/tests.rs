use super::*;

fn endpoint() -> Endpoint {
    Endpoint { base_url: "https://api.example.com/v1/".to_owned(), model: "m-1".to_owned() }
}

fn read(chunks: &[&[u8]]) -> (String, String, Result<Answered, ModelError>) {
    let mut stream = Stream::new(endpoint());
    let mut deltas: Vec<Delta> = chunks.iter().flat_map(|chunk| stream.push(chunk)).collect();
    let (last, result) = stream.finish();
    deltas.extend(last);
    let mut text = String::new();
    let mut thinking = String::new();
    for delta in deltas {
        match delta {
            Delta::Text(piece) => text.push_str(&piece),
            Delta::Thinking(piece) => thinking.push_str(&piece),
        }
    }
    (text, thinking, result)
}

fn events(chunks: &[&str]) -> Vec<u8> {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect::<String>().into_bytes()
}

fn calls(chunks: &[&str]) -> Vec<(String, String, String)> {
    let (_, _, result) = read(&[&events(chunks)]);
    result.unwrap().calls.into_iter().map(|call| (call.id, call.name, call.arguments)).collect()
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
fn a_stream_may_be_split_at_every_offset() {
    let bytes = FULL.as_bytes();
    let whole = read(&[bytes]);
    assert_eq!((whole.0.as_str(), whole.1.as_str()), ("Grüße 🦀", "hm "));
    let answer = whole.2.clone().unwrap();
    assert_eq!(answer.usage, Some(Usage { input: 7, output: 3 }));
    assert_eq!(answer.finish, Some(Finish::Calls));
    assert_eq!(answer.calls.iter().map(|call| call.arguments.as_str()).collect::<Vec<_>>(), ["{\"x\":\"ä\"}", "{}"]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(read(&[a, b]), whole, "split at {at}");
    }
    assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>()), whole);
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
        assert_eq!((text.as_str(), result.unwrap().calls.len()), ("Hello", 1));
    }
}

#[test]
fn x73_an_answer_that_broke_off_gives_no_calls() {
    let cut = events(&[
        r#"{"choices":[{"delta":{"content":"so","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
    ]);
    let (text, _, result) = read(&[&cut]);
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
    let (text, _, result) = read(&[&midway]);
    assert_eq!(text, "so");
    assert_eq!(
        result.unwrap_err().to_string(),
        "`api.example.com` stopped in the middle of the answer: \"overloaded\""
    );
    for nonsense in ["data: {nope\n\n", "<html>Sign in</html>", "data: {\"hello\":1}\n\n", "{\"hello\":1}"] {
        assert!(matches!(read(&[nonsense.as_bytes()]).2, Err(ModelError::NotUnderstood { .. })), "{nonsense}");
    }
    let object = events(&[r#"{"object":"error","message":"bad","code":400}"#]);
    assert!(matches!(read(&[&object]).2, Err(ModelError::Midway { said, .. }) if said == "bad"));
}

#[test]
fn refusals_are_said_in_words() {
    let say = |status, retry: Option<&str>, body: &str| refused(&endpoint(), status, retry, body).to_string();
    assert_eq!(
        say(401, None, r#"{"error":{"message":"Incorrect API key provided: sk-abc123.","code":"invalid_api_key"}}"#),
        "`api.example.com` did not accept the key: \"Incorrect API key provided: [key]\""
    );
    assert_eq!(
        say(404, None, r#"{"error":"model \"m-1\" not found"}"#),
        "`api.example.com` has no model `m-1` at this address: \"model \"m-1\" not found\""
    );
    assert_eq!(say(429, Some("20"), ""), "`api.example.com` wants fewer requests; try again in 20 s");
    assert_eq!(
        say(429, Some("Mon, 23 Nov 2026 10:00:00 GMT"), ""),
        "`api.example.com` wants fewer requests; try again after Mon, 23 Nov 2026 10:00:00 GMT"
    );
    assert!(
        say(429, None, r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#)
            .contains("no credit left")
    );
    assert!(
        say(400, None, r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#)
            .contains("longer than `m-1` can take")
    );
    assert!(
        say(400, None, r#"{"error":{"message":"registry/m-1 does not support tools"}}"#).contains("cannot use tools")
    );
    assert_eq!(say(503, None, "<html>nginx</html>"), "`api.example.com` has a problem of its own (503)");
    assert_eq!(
        say(418, None, r#"[{"error":{"message":"teapot"}}]"#),
        "`api.example.com` refused the request (418): \"teapot\""
    );
    assert_eq!(
        say(422, None, r#"{"detail":"missing field"}"#),
        "`api.example.com` refused the request (422): \"missing field\""
    );
    assert!(say(500, None, "Bearer abc.def leaked").contains("Bearer [key] leaked"), "x21");
}

#[test]
fn x130_a_request_holds_no_key_and_only_plain_headers() {
    let tool = ToolSpec { name: "f".to_owned(), description: "d".to_owned(), schema: json!({ "$schema": "x" }) };
    let messages = [
        Message::System("s".to_owned()),
        Message::User("u".to_owned()),
        Message::Assistant {
            text: String::new(),
            calls: vec![WireCall { id: "a".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() }],
        },
        Message::Tool { id: "a".to_owned(), text: "t".to_owned() },
    ];
    let request = request(&endpoint(), &messages, &[tool]);
    assert_eq!(request.url, "https://api.example.com/v1/chat/completions");
    assert_eq!(request.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["content-type", "accept"]);
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["tools"][0]["function"]["parameters"], json!({ "type": "object", "properties": {} }));
    assert_eq!(
        body["messages"][2],
        json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } }] })
    );
    assert_eq!(body["messages"][3], json!({ "role": "tool", "tool_call_id": "a", "content": "t" }));
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert!(super::request(&endpoint(), &messages, &[]).body.find("tools").is_none());
}

#[test]
fn addresses_are_made_from_the_base_url() {
    let at = |base: &str| Endpoint { base_url: base.to_owned(), model: String::new() };
    assert_eq!(at("http://localhost:11434/v1").url(), "http://localhost:11434/v1/chat/completions");
    assert_eq!(at("https://x.example/v1/chat/completions").models_url(), "https://x.example/v1/models");
    assert_eq!(at("http://localhost:11434/v1").host(), "localhost:11434");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), at in 0_usize..200) {
        let (a, b) = bytes.split_at(at.min(bytes.len()));
        let split = read(&[a, b]);
        proptest::prop_assert_eq!(split, read(&[&bytes]));
    }

    #[test]
    fn any_json_is_read_without_a_panic(key in "choices|delta|error|usage", inner in "(\\{|\\}|\\[|\\]|\"a\"|:|,|1|null){0,12}") {
        let _ = read(&[format!("data: {{\"{key}\":{inner}}}\n\ndata: {{\"choices\":[{inner}]}}\n\n").as_bytes()]);
    }
}
