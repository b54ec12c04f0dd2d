//! Whether a form of a server asks for a secret (X80). Words are looked at, so it is a guess, and never a proof that a
//! form is harmless.

use super::{Field, Form, Kind};
use policy::secrets::names_a_secret;

/// The titles of the fields that look as if a secret is wanted. Where only the message beside the form names one, every
/// field for free text counts.
pub fn secrets_wanted(form: &Form, message: &str) -> Vec<String> {
    let named = by_name(&form.fields);
    if named.is_empty() && says_secret(message) { free_text(&form.fields) } else { named }
}

fn by_name(fields: &[Field]) -> Vec<String> {
    fields
        .iter()
        .flat_map(|field| match &field.kind {
            Kind::Group(inner) => by_name(inner),
            _ => {
                let named = names_a_secret(&field.name) || names_a_secret(&field.title);
                let said = says_secret(field.description.as_deref().unwrap_or_default());
                if named || said { vec![field.title.clone()] } else { Vec::new() }
            }
        })
        .collect()
}

fn free_text(fields: &[Field]) -> Vec<String> {
    fields
        .iter()
        .flat_map(|field| match &field.kind {
            Kind::Group(inner) => free_text(inner),
            Kind::Text { .. } => vec![field.title.clone()],
            _ => Vec::new(),
        })
        .collect()
}

/// Whether a sentence names a secret: word by word, and its words in pairs (`api key`).
fn says_secret(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().any(|word| names_a_secret(word)) || words.windows(2).any(|pair| names_a_secret(&pair.concat()))
}

#[cfg(test)]
mod tests {
    use super::super::form_of;
    use super::*;
    use serde_json::json;

    #[test]
    fn x80_fields_that_want_a_secret_are_noticed() {
        let form = form_of(&json!({"type": "object", "properties": {
            "x": {"type": "string", "description": "Your account password"},
            "apiKey": {"type": "string"},
            "inner": {"type": "object", "properties": {"card_number": {"type": "string"}}},
            "nick": {"type": "string", "description": "How others see you"}
        }}));
        assert_eq!(secrets_wanted(&form, "About you").len(), 3);
    }

    #[test]
    fn x80_a_message_that_asks_for_a_secret_counts_for_fields_of_free_text() {
        let form = form_of(&json!({"type": "object", "properties": {
            "value": {"type": "string", "title": "Value"}, "sure": {"type": "boolean"}
        }}));
        assert_eq!(secrets_wanted(&form, "Please type your API key."), ["Value"]);
        assert_eq!(secrets_wanted(&form, "Which colour?"), [""; 0]);
        let yes = form_of(&json!({"type": "object", "properties": {"sure": {"type": "boolean"}}}));
        assert_eq!(secrets_wanted(&yes, "Reset your password?"), [""; 0], "a yes is no secret");
    }
}
