use super::*;
use serde_json::json;

fn names(wire: Wire, list: Value) -> Vec<(String, Option<u32>)> {
    read(wire, &list).into_iter().map(|one| (one.name, one.context)).collect()
}

#[test]
fn wi05_each_providers_list_is_read() {
    let one = |name: &str, context| vec![(name.to_owned(), context)];
    let openrouter = json!({ "data": [{ "id": "a/b", "context_length": 131072 }, { "id": "" }, 7] });
    assert_eq!(names(Wire::OpenaiChat, openrouter), one("a/b", Some(131_072)));
    let llama = json!({ "data": [{ "id": "m.gguf", "meta": { "n_ctx_train": 8192 } }] });
    assert_eq!(names(Wire::OpenaiChat, llama), one("m.gguf", Some(8192)));
    let gemini = json!({ "models": [
        { "name": "models/gemini-3-pro", "inputTokenLimit": 1048576, "supportedGenerationMethods": ["generateContent", "countTokens"] },
        { "name": "models/embedding-001", "supportedGenerationMethods": ["embedContent"] },
    ] });
    assert_eq!(names(Wire::Gemini, gemini), one("gemini-3-pro", Some(1_048_576)));
    let mistral = json!({ "data": [{ "id": "m", "capabilities": { "completion_chat": true } }, { "id": "embed", "capabilities": { "completion_chat": false } }] });
    assert_eq!(names(Wire::OpenaiChat, mistral), one("m", None));
    assert_eq!(names(Wire::Ollama, json!({ "models": [{ "name": "qwen3:8b" }] })), one("qwen3:8b", None));
    for nothing in [json!(null), json!([]), json!({ "data": "x" }), json!({ "data": [{}] })] {
        assert_eq!(names(Wire::Anthropic, nothing), []);
    }
}
