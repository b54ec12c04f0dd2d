//! The model that a browser may have built in (Chrome's Prompt API, `LanguageModel`).
//!
//! There is no network and no provider: whoever has the browser asks it, and hands its words over as lines of JSON, which
//! is what the reader here takes. It only writes. It is offered no actions, and what calls gave earlier is told as text.

use super::draft::{Draft, text};
use super::stream::Dialect;
use super::{Finish, Message, text_of, unseen};
use serde_json::{Value, json};

/// The place of such a model, where others have a base URL.
pub const PLACE: &str = "this browser";
/// How many tokens its context holds at least.
pub const CONTEXT: u32 = 4_096;

/// What the browser is asked: `messages`, the system's first and the newest of the person last.
pub(crate) fn body(messages: &[Message]) -> Value {
    let told = messages.iter().filter_map(|message| {
        let (role, content) = match message {
            Message::System(text) => ("system", text.clone()),
            Message::User(text) => ("user", text.clone()),
            Message::Picture { says, .. } => ("user", unseen(says)),
            Message::Assistant(parts) => ("assistant", text_of(parts)),
            Message::Tool { text, .. } => ("user", format!("[What an earlier call gave]\n{text}")),
        };
        (!content.is_empty()).then(|| json!({ "role": role, "content": content }))
    });
    json!({ "messages": told.collect::<Value>() })
}

/// A piece of an answer as a line for [`super::Stream`].
pub fn piece(words: &str) -> String {
    format!("{}\n", json!({ "text": words }))
}

/// The line after the last piece.
pub fn end() -> String {
    format!("{}\n", json!({ "done": true }))
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(crate) struct Reader;

impl Dialect for Reader {
    fn take(&mut self, value: &Value, draft: &mut Draft) {
        draft.text(text(value, "text"));
        if value.get("done").is_some_and(|done| done == true) {
            draft.finish(Finish::Stop);
            draft.ended = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::{Extras, request};
    use super::super::testing::{endpoint, read_in_every_way};
    use super::super::{ModelError, Part, ToolSpec, Wire, WireCall};
    use super::*;

    #[test]
    fn tr12_pieces_become_one_answer_and_one_that_breaks_off_is_none() {
        let lines = [piece("Grüße\n"), piece("🦀"), end()].concat();
        let (said, _, result) = read_in_every_way(Wire::BuiltIn, &lines);
        assert_eq!((said.as_str(), result.unwrap().finish), ("Grüße\n🦀", Some(Finish::Stop)));
        let (_, _, cut) = read_in_every_way(Wire::BuiltIn, &piece("so"));
        assert!(matches!(cut, Err(ModelError::BrokeOff { .. })));
    }

    #[test]
    fn tr12_it_is_told_no_actions_and_what_calls_gave_as_text() {
        let call = Part::Call(WireCall::new("c", "find", "{}"));
        let messages = [
            Message::System("You are".into()),
            Message::User("hi".into()),
            Message::Assistant(vec![call]),
            Message::Tool { id: "c".into(), text: "found".into() },
            Message::User("and?".into()),
        ];
        let tool = ToolSpec { name: "find".into(), description: "x".into(), schema: json!({}) };
        let body = request(&endpoint(Wire::BuiltIn), &messages, &[tool], Extras::All).body;
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({ "messages": [
                { "role": "system", "content": "You are" },
                { "role": "user", "content": "hi" },
                { "role": "user", "content": "[What an earlier call gave]\nfound" },
                { "role": "user", "content": "and?" },
            ] })
        );
    }
}
