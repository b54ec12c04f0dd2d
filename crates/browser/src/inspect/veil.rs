//! Covered values that a person may look at: those that are covered only because their field is called like a secret.
//!
//! What went out in a header, what looks like a key or token, and fields that are called like one stay covered always
//! (X21): nothing of them is kept. The others are kept beside the message, outside of every view, search and file.

use std::fmt;
use std::sync::Arc;

use policy::secrets::{looks_like_secret, names_a_secret};
use serde_json::Value;

use super::Cover;

/// Values of one message that can be looked at.
const MOST: usize = 50;
/// Bytes of one of them.
const LONGEST: usize = 4 << 10;
/// Bytes of the path to one of them: a server chooses its names.
const LONGEST_PATH: usize = 300;

/// A covered value that a person may look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Veiled {
    /// Where it is in the message, as a JSON pointer (RFC 6901).
    pub path: String,
    pub(super) value: Arc<str>,
}

impl Veiled {
    /// Bytes that are kept of it.
    pub(super) fn weight(&self) -> usize {
        self.path.len() + self.value.len()
    }
}

impl fmt::Debug for Veiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Veiled").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether the name of a field says that its value opens something: a token or a key. What is called a secret is a key of
/// a program more often than a word of a person, as in `webhook_secret`.
fn names_a_key(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    name.contains("secret") || ["token", "key", "credential", "credentials"].iter().any(|end| name.ends_with(end))
}

/// The values of a message that can be looked at.
pub(super) fn veiled(message: &Value, cover: &Cover) -> Arc<[Veiled]> {
    let mut found = Vec::new();
    look(message, &mut String::new(), cover, &mut found);
    found.into()
}

fn look(value: &Value, path: &mut String, cover: &Cover, found: &mut Vec<Veiled>) {
    let mut step = |name: &str, inner: &Value, found: &mut Vec<Veiled>| {
        let length = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        match inner {
            Value::String(text) if names_a_secret(name) => {
                let short = (1..=LONGEST).contains(&text.len()) && path.len() <= LONGEST_PATH && found.len() < MOST;
                if short && !names_a_key(name) && is_no_key(text, cover) {
                    found.push(Veiled { path: path.clone(), value: Arc::from(text.as_str()) });
                }
            }
            inner => look(inner, path, cover, found),
        }
        path.truncate(length);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| step(&at.to_string(), item, found)),
        // A name can be a secret that came back.
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| step(&cover.text(name), field, found));
        }
        _ => {}
    }
}

/// Whether a text is neither known nor looks like what opens something. Asked again when it is shown: more may be known
/// by then.
pub(super) fn is_no_key(text: &str, cover: &Cover) -> bool {
    cover.text(text) == text && !looks_like_secret(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn x21_keys_and_tokens_are_never_kept_to_be_looked_at() {
        let mut cover = Cover::default();
        cover.learn("Bearer canary in the coal mine");
        let message = json!({"params": {"arguments": {
            "passphrase": "open sesame", "access_token": "abc", "apiKey": "abc", "client_secret": "abc",
            "webhook_secret": "abc", "signingSecret": "abc", "secret": "abc",
            "password": "canary in the coal mine", "old": [{"pin": "1234", "passcode": "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"}],
            "page": "2",
        }}});
        let found = veiled(&message, &cover);
        let told: Vec<(&str, &str)> = found.iter().map(|one| (one.path.as_str(), &*one.value)).collect();
        assert_eq!(told, [("/params/arguments/passphrase", "open sesame"), ("/params/arguments/old/0/pin", "1234")],);
        assert!(!format!("{found:?}").contains("sesame"));
        cover.learn("open sesame");
        assert!(!is_no_key("open sesame", &cover), "what became known since is not shown");
    }

    #[test]
    fn a_value_whose_path_is_too_long_is_not_kept() {
        let name = "n".repeat(LONGEST_PATH);
        let found = veiled(&json!({name: {"pin": "1234"}, "pin": "5678"}), &Cover::default());
        let told: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(told, ["/pin"]);
        assert_eq!(found.iter().map(Veiled::weight).sum::<usize>(), 8);
    }
}
