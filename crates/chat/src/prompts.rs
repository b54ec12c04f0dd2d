//! Prompts to try an action with: one that names it, one that says what it is for, one that must not run it (S057).
//!
//! Made from what the server says, so they are server text: to be shown and copied, never sent by themselves.

use policy::Action;

/// What a prompt is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It names the action: it should be used.
    Direct,
    /// It says what is wanted in other words: it should be found.
    Indirect,
    /// It speaks about the action: it must not run.
    Negative,
}

impl Kind {
    /// The kind as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Direct => "Direct",
            Kind::Indirect => "Indirect",
            Kind::Negative => "Must not run it",
        }
    }
}

/// One prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is to show.
    pub kind: Kind,
    /// The words.
    pub text: String,
}

/// The longest first sentence of a description that is taken over, in characters.
const LONGEST: usize = 160;

/// The prompts for an action of a connector. Without a description there is no indirect one.
pub fn suggested(connector: &str, action: &Action) -> Vec<Prompt> {
    let title = action.title();
    let required = action.input_schema().get("required").and_then(|names| names.as_array());
    let names: Vec<&str> = required.into_iter().flatten().filter_map(|name| name.as_str()).collect();
    let with = match names.as_slice() {
        [] => String::new(),
        names => format!(", with {} of your choice", names.join(" and ")),
    };
    let mut all = vec![Prompt { kind: Kind::Direct, text: format!("Use “{title}” of {connector}{with}.") }];
    let first = action.description().split(['.', '\n']).next().unwrap_or_default().trim();
    if !first.is_empty() && first.chars().count() <= LONGEST {
        all.push(Prompt { kind: Kind::Indirect, text: format!("I need something that does this: {first}.") });
    }
    let text = format!("What would “{title}” of {connector} do? Explain it, and do not use it.");
    all.push(Prompt { kind: Kind::Negative, text });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn s057_an_action_has_a_direct_an_indirect_and_a_negative_prompt() {
        let definition = json!({"name": "create_ticket", "title": "Create a ticket", "description": "Puts a ticket on the board. Ever.",
            "inputSchema": {"type": "object", "required": ["title"]}});
        let all = suggested("Board", &Action::new(definition).unwrap());
        let texts: Vec<_> = all.iter().map(|one| (one.kind, one.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                (Kind::Direct, "Use “Create a ticket” of Board, with title of your choice."),
                (Kind::Indirect, "I need something that does this: Puts a ticket on the board."),
                (Kind::Negative, "What would “Create a ticket” of Board do? Explain it, and do not use it."),
            ]
        );
        let bare = suggested("Board", &Action::new(json!({"name": "x"})).unwrap());
        assert_eq!(bare.len(), 2);
    }
}
