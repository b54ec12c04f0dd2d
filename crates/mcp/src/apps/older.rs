//! Pages made for the older Apps SDK speak to `window.openai` and to nobody else (wires.md A4).
//!
//! In front of such a page goes a script of ours that speaks the messages of MCP Apps in its name: whatever the page
//! asks for comes to the [`super::View`] like the wish of any other page, and is decided there. The script runs with the
//! rights of the page and has no others.

use serde_json::{Map, Value, json};

/// A function of one value, in which what the page finds at once.
const SCRIPT: &str = include_str!("older.js");

/// What an older page finds at once, without waiting for a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The arguments of its call, once it went out.
    pub input: Option<Map<String, Value>>,
    /// Its result, once there is one: a `CallToolResult`.
    pub result: Option<Value>,
}

/// The script for a page, with its `McpUiHostContext` and what is known of its call.
pub fn older_script(context: &Map<String, Value>, known: &Known) -> String {
    let given = json!({ "context": context, "input": known.input, "result": known.result });
    // Nothing in a text may end the script that it stands in.
    let given = given.to_string().replace('<', "\\u003c");
    format!("({})({given})", SCRIPT.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x53_no_text_of_a_server_ends_the_script_in_front_of_its_page() {
        let evil = "</script><!--<script>alert(1)//\u{2028}";
        let mut input = Map::new();
        input.insert(evil.to_owned(), evil.into());
        let known = Known { input: Some(input), result: Some(json!({ "structuredContent": { "a": evil } })) };
        let mut context = Map::new();
        context.insert("theme".to_owned(), evil.into());
        let script = older_script(&context, &known);
        assert!(!script.contains("</") && !script.contains("<!--") && !script.contains("<script"), "{script}");
        let given = script.rsplit_once("})(").unwrap().1.trim_end_matches(')');
        let read: Value = serde_json::from_str(given).unwrap();
        assert_eq!((&read["context"]["theme"], &read["input"][evil]), (&json!(evil), &json!(evil)));
    }
}
