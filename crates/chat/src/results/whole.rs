//! A whole result as one text that a person takes along: copied, or saved as a file.

use serde_json::Value;

/// The text of a result that is only text, or the whole of it as JSON. The word is the ending of a file with it.
pub fn whole(result: &Value) -> (String, &'static str) {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Option<Vec<&str>> = blocks
        .iter()
        .map(|block| block.get("text").filter(|_| block.get("type").is_some_and(|kind| kind == "text"))?.as_str())
        .collect();
    let more = result.get("structuredContent").is_some_and(|value| !value.is_null());
    match texts.filter(|texts| !texts.is_empty() && !more) {
        Some(texts) => (texts.join("\n\n"), "txt"),
        None => (serde_json::to_string_pretty(result).unwrap_or_default(), "json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cq007_a_result_is_taken_along_as_its_text_or_whole() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        assert_eq!(whole(&json!({ "content": [text("a"), text("b")] })), ("a\n\nb".to_owned(), "txt"));
        let mixed = json!({ "content": [text("a"), { "type": "image", "data": "x" }] });
        let data = json!({ "content": [text("{\"n\":1}")], "structuredContent": { "n": 1 } });
        for result in [mixed, data, json!({ "content": [] }), json!({ "other": 1 })] {
            let (taken, ending) = whole(&result);
            assert_eq!((serde_json::from_str::<Value>(&taken).unwrap(), ending), (result, "json"));
        }
    }
}
