//! What a page may ask for, and whether it asks in the right form (specification, "Communication Protocol").
//!
//! Every request is taken apart here, field by field. What is not understood is an error that the page is told, never
//! something that is passed on.

use serde_json::{Map, Value};

use crate::request::List;

/// Characters of the longest message that a page may want said (X95).
const LONGEST_MESSAGE: usize = 8_000;
/// Characters of the most that a page may have a model told (X95).
const LONGEST_CONTEXT: usize = 16_000;
/// Files of one request.
const MOST_FILES: usize = 10;
/// Characters of the longest address.
const LONGEST_ADDRESS: usize = 2_000;

/// How a page is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// In the conversation.
    #[default]
    Inline,
    /// Over the whole window.
    Fullscreen,
    /// In a corner, over everything else.
    Pip,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::Inline, Mode::Fullscreen, Mode::Pip];

    /// The mode as it stands in messages.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Inline => "inline",
            Mode::Fullscreen => "fullscreen",
            Mode::Pip => "pip",
        }
    }

    /// The mode of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Something that a page asks for and that is answered once.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// `tools/call`: an action of its own server.
    Call {
        /// The action's name.
        name: String,
        /// The arguments.
        arguments: Map<String, Value>,
        /// By which the page knows the call again in reports of its progress, if it wants some: a text or a whole number.
        progress: Option<Value>,
    },
    /// `resources/list`, `resources/templates/list` or `prompts/list`: what its own server has.
    List(List),
    /// `resources/read`: a resource of its own server.
    Read {
        /// Its address.
        uri: String,
    },
    /// `ui/open-link`: an address outside.
    Open {
        /// The address as the page wrote it. It was not looked at.
        url: String,
    },
    /// `ui/message`: words to be said in the conversation.
    Say {
        /// The words.
        text: String,
    },
    /// `ui/update-model-context`: what a model is to know at its next turn, in the place of what it was told before.
    Tell {
        /// The words.
        text: String,
        /// Data beside them.
        data: Option<Value>,
    },
    /// `ui/request-display-mode`.
    Show(Mode),
    /// `ui/download-file`: files for the person to keep.
    Save(Vec<File>),
}

/// A file that a page brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its address, out of which a name is made. The page's words.
    pub uri: String,
    /// Its bytes.
    pub content: FileContent,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// Text.
    Text(String),
    /// Bytes, as base64 that nobody has read yet.
    Base64(String),
}

/// The method is not one that this host has.
pub(super) const UNKNOWN_METHOD: i64 = -32601;
/// The parameters are not as they must be.
pub(super) const WRONG: i64 = -32602;

type Wrong = (i64, &'static str);

impl Ask {
    /// Reads a request.
    pub(super) fn read(method: &str, params: &Value) -> Result<Self, Wrong> {
        let text = |key: &str, longest: usize| {
            params.get(key).and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= longest)
        };
        match method {
            "tools/call" => {
                let name = text("name", 200).ok_or((WRONG, "`name` must be the name of an action"))?;
                let arguments = match params.get("arguments") {
                    None | Some(Value::Null) => Map::new(),
                    Some(Value::Object(arguments)) => arguments.clone(),
                    Some(_) => return Err((WRONG, "`arguments` must be an object")),
                };
                let progress = params.pointer("/_meta/progressToken").filter(|token| is_id(token)).cloned();
                Ok(Ask::Call { name: name.to_owned(), arguments, progress })
            }
            "resources/list" => list(List::Resources, params),
            "resources/templates/list" => list(List::Templates, params),
            "prompts/list" => list(List::Prompts, params),
            "resources/read" => {
                let uri = text("uri", LONGEST_ADDRESS).ok_or((WRONG, "`uri` must be the address of a resource"))?;
                Ok(Ask::Read { uri: uri.to_owned() })
            }
            "ui/open-link" => {
                let url = text("url", LONGEST_ADDRESS).ok_or((WRONG, "`url` must be an address"))?;
                Ok(Ask::Open { url: url.to_owned() })
            }
            "ui/message" => {
                if params.get("role").and_then(Value::as_str) != Some("user") {
                    return Err((WRONG, "`role` must be `user`"));
                }
                let text = words(params.get("content").unwrap_or(&Value::Null))?;
                match text.trim().is_empty() {
                    true => Err((WRONG, "`content` has no text")),
                    false if text.chars().count() > LONGEST_MESSAGE => {
                        Err((WRONG, "`content` is longer than 8000 characters"))
                    }
                    false => Ok(Ask::Say { text }),
                }
            }
            "ui/update-model-context" => {
                let text = params.get("content").map_or(Ok(String::new()), words)?;
                let data = match params.get("structuredContent") {
                    None | Some(Value::Null) => None,
                    Some(data @ Value::Object(_)) => Some(data.clone()),
                    Some(_) => return Err((WRONG, "`structuredContent` must be an object")),
                };
                let long = text.chars().count() + data.as_ref().map_or(0, |data| data.to_string().chars().count());
                match long > LONGEST_CONTEXT {
                    true => Err((WRONG, "the context is longer than 16000 characters")),
                    false => Ok(Ask::Tell { text, data }),
                }
            }
            "ui/request-display-mode" => {
                let mode = params.get("mode").and_then(Value::as_str).and_then(Mode::of);
                mode.map(Ask::Show).ok_or((WRONG, "`mode` must be `inline`, `fullscreen` or `pip`"))
            }
            "ui/download-file" => {
                let contents = params.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                if contents.is_empty() || contents.len() > MOST_FILES {
                    return Err((WRONG, "`contents` must be 1 to 10 files"));
                }
                contents.iter().map(file).collect::<Result<_, _>>().map(Ask::Save)
            }
            _ => Err((UNKNOWN_METHOD, "this host does not have this method")),
        }
    }
}

/// Whether a value can be the id of a request or the token of its progress: a short text or a whole number.
pub(super) fn is_id(id: &Value) -> bool {
    match id {
        Value::String(text) => text.len() <= 200,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

/// Lists are given whole, so there is no place in them where a page could go on.
fn list(list: List, params: &Value) -> Result<Ask, Wrong> {
    match params.get("cursor") {
        None | Some(Value::Null) => Ok(Ask::List(list)),
        Some(_) => Err((WRONG, "`cursor` is not one that this host gave; lists come whole")),
    }
}

/// A file that came along. A link to one would have to be fetched, by whom and with whose rights nobody would see.
fn file(block: &Value) -> Result<File, Wrong> {
    let resource = (block.get("type").and_then(Value::as_str) == Some("resource")).then(|| block.get("resource"));
    let resource = resource.flatten().ok_or((WRONG, "only files that come with the request are taken, no links"))?;
    let text = |key: &str| resource.get(key).and_then(Value::as_str);
    let uri = text("uri").filter(|uri| uri.len() <= LONGEST_ADDRESS).ok_or((WRONG, "a file needs a `uri`"))?;
    let content = match (text("text"), text("blob")) {
        (Some(text), None) => FileContent::Text(text.to_owned()),
        (None, Some(blob)) => FileContent::Base64(blob.to_owned()),
        _ => return Err((WRONG, "a file needs `text` or `blob`")),
    };
    Ok(File { uri: uri.to_owned(), content })
}

/// The text of content: one block as the specification has it, or a list of them as its SDK sends.
fn words(content: &Value) -> Result<String, Wrong> {
    let wrong = (WRONG, "`content` must be blocks of text; nothing else is taken here");
    let block = |block: &Value| match (block.get("type").and_then(Value::as_str), block.get("text")) {
        (Some("text"), Some(Value::String(text))) => Ok(text.clone()),
        _ => Err(wrong),
    };
    match content {
        Value::Array(blocks) => {
            let texts: Vec<String> = blocks.iter().map(block).collect::<Result<_, _>>()?;
            Ok(texts.join("\n"))
        }
        Value::Object(_) => block(content),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_asked_for_in_the_right_form_is_understood() {
        assert_eq!(
            Ask::read("tools/call", &json!({ "name": "x", "_meta": { "progressToken": 0 } })),
            Ok(Ask::Call { name: "x".into(), arguments: Map::new(), progress: Some(json!(0)) })
        );
        let listed = |method: &str, params: Value| Ask::read(method, &params);
        assert_eq!(listed("resources/list", json!({})), Ok(Ask::List(List::Resources)));
        assert_eq!(listed("prompts/list", json!(null)), Ok(Ask::List(List::Prompts)));
        assert_eq!(listed("resources/templates/list", json!({ "cursor": null })), Ok(Ask::List(List::Templates)));
        assert_eq!(Ask::read("resources/read", &json!({ "uri": "doc://1" })), Ok(Ask::Read { uri: "doc://1".into() }));
        let said = Ok(Ask::Say { text: "one\ntwo".into() });
        let blocks = json!([{ "type": "text", "text": "one" }, { "type": "text", "text": "two" }]);
        assert_eq!(Ask::read("ui/message", &json!({ "role": "user", "content": blocks })), said);
        let one = json!({ "role": "user", "content": { "type": "text", "text": "one\ntwo" } });
        assert_eq!(Ask::read("ui/message", &one), said);
        let told = json!({ "structuredContent": { "a": 1 } });
        assert_eq!(
            Ask::read("ui/update-model-context", &told),
            Ok(Ask::Tell { text: String::new(), data: Some(json!({ "a": 1 })) })
        );
        assert_eq!(Ask::read("ui/request-display-mode", &json!({ "mode": "pip" })), Ok(Ask::Show(Mode::Pip)));
    }

    #[test]
    fn files_come_along_and_links_are_not_taken() {
        let block = |resource: Value| json!({ "type": "resource", "resource": resource });
        let asked = |contents: Value| Ask::read("ui/download-file", &json!({ "contents": contents }));
        let text = block(json!({ "uri": "file:///report.csv", "mimeType": "text/csv", "text": "a,b" }));
        let bytes = block(json!({ "uri": "x", "blob": "AAE=" }));
        assert_eq!(
            asked(json!([text, bytes])),
            Ok(Ask::Save(vec![
                File { uri: "file:///report.csv".into(), content: FileContent::Text("a,b".into()) },
                File { uri: "x".into(), content: FileContent::Base64("AAE=".into()) },
            ]))
        );
        let link = json!({ "type": "resource_link", "uri": "https://evil.example/x", "name": "x" });
        for contents in [json!([]), json!([link]), json!([block(json!({ "uri": "x" }))]), json!(vec![text; 11])] {
            assert!(asked(contents).is_err());
        }
    }

    #[test]
    fn x93_what_is_not_in_the_right_form_is_an_error() {
        for (method, params) in [
            ("tools/call", json!({})),
            ("tools/call", json!({ "name": "x", "arguments": [1] })),
            ("tools/call", json!({ "name": { "toString": 1 } })),
            ("resources/read", json!({ "uri": 7 })),
            ("resources/list", json!({ "cursor": 7 })),
            ("prompts/list", json!({ "cursor": "2" })),
            ("ui/open-link", json!(null)),
            ("ui/open-link", json!({ "url": "x".repeat(2_001) })),
            ("ui/message", json!({ "role": "assistant", "content": [{ "type": "text", "text": "x" }] })),
            ("ui/message", json!({ "role": "user", "content": [{ "type": "image", "data": "" }] })),
            ("ui/message", json!({ "role": "user", "content": [] })),
            ("ui/message", json!({ "role": "user", "content": "x" })),
            ("ui/update-model-context", json!({ "structuredContent": "x" })),
            ("ui/request-display-mode", json!({ "mode": "tab" })),
        ] {
            assert_eq!(Ask::read(method, &params).map_err(|(code, _)| code), Err(WRONG), "{method} {params}");
        }
    }

    #[test]
    fn x95_words_and_context_have_a_limit() {
        let say =
            |length: usize| json!({ "role": "user", "content": [{ "type": "text", "text": "\u{e9}".repeat(length) }] });
        assert!(Ask::read("ui/message", &say(8_000)).is_ok());
        assert!(Ask::read("ui/message", &say(8_001)).is_err());
        let tell = |length: usize| json!({ "content": [{ "type": "text", "text": "x" }], "structuredContent": { "a": "x".repeat(length) } });
        assert!(Ask::read("ui/update-model-context", &tell(15_900)).is_ok());
        assert!(Ask::read("ui/update-model-context", &tell(16_000)).is_err());
    }

    #[test]
    fn a_method_that_is_not_there_is_told_so() {
        for method in
            ["sampling/createMessage", "tools/list", "initialize", "ui/notifications/sandbox-resource-ready", ""]
        {
            assert_eq!(Ask::read(method, &json!({})).map_err(|(code, _)| code), Err(UNKNOWN_METHOD), "{method}");
        }
    }
}
