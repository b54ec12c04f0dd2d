//! Covers secrets before anything is kept of a request or an answer (X21).
//!
//! Two ways at once: values that are known, because they went out in a header, are covered wherever they come back; and
//! what looks like a secret, or stands in a field or header whose name says that it is one, is covered unseen.

use std::borrow::Cow;
use std::mem;

use mcp::inspect::COVER;
use policy::secrets::{mask, mask_value, names_a_secret};
use serde_json::Value;

use crate::time::Pace;

/// Shorter values are no secrets, and would cover half of every text.
const SHORTEST: usize = 4;

/// The same in what a server says to the person and to a model, where nothing may be covered that is none: a short value
/// is likely to be a word, such as the name of a tenant.
const SHORTEST_SAID: usize = 8;

/// Values of a result that are looked at in one go.
const STEP: usize = 256;

/// Whether the value of a header is a secret, by its name.
pub(super) fn secret_header(name: &str) -> bool {
    const NAMES: [&str; 6] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "dpop", "mcp-session-id"];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)) || names_a_secret(name)
}

/// What is covered on the connections of a workspace.
#[derive(Clone, Default)]
pub struct Cover {
    values: Vec<String>,
}

impl Cover {
    /// From now on a value is covered wherever it stands. Of `Bearer abc` that is the token too.
    pub fn learn(&mut self, value: &str) {
        let parts = std::iter::once(value).chain(value.split_once(' ').map(|(_, token)| token));
        for part in parts.map(str::trim).filter(|part| part.len() >= SHORTEST) {
            if !self.values.iter().any(|known| known == part) {
                self.values.push(part.to_owned());
            }
        }
        // The longest first: to cover a part of a value would leave the rest of it.
        self.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    }

    /// A text without its secrets.
    pub fn text(&self, text: &str) -> String {
        mask(&self.known(text)).into_owned()
    }

    /// The value of a header: what a scheme is stays, to be read.
    pub fn header(&self, value: &str, secret: bool) -> String {
        if !secret {
            return self.text(value);
        }
        match value.split_once(' ') {
            Some((scheme @ ("Bearer" | "Basic" | "DPoP"), _)) => format!("{scheme} {COVER}"),
            _ => COVER.to_owned(),
        }
    }

    /// An address: its user, and the values of parameters whose name says that they are secret.
    pub fn address(&self, url: &str) -> String {
        let Some((before, query)) = url.split_once('?') else { return self.text(url) };
        let parts: Vec<String> = query
            .split('&')
            .map(|part| match part.split_once('=') {
                Some((name, value)) if names_a_secret(name) && !value.is_empty() => format!("{name}={COVER}"),
                _ => self.text(part),
            })
            .collect();
        format!("{}?{}", self.text(before), parts.join("&"))
    }

    /// A message without its secrets.
    pub fn value(&self, value: &Value) -> Value {
        mask_value(&self.in_value(value))
    }

    /// A value without the secrets that are known.
    pub(crate) fn in_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.known(text).into_owned()),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.in_value(item)).collect()),
            Value::Object(fields) => {
                // A secret can be echoed as the name of a field too.
                Value::Object(
                    fields.iter().map(|(key, field)| (self.known(key).into_owned(), self.in_value(field))).collect(),
                )
            }
            other => other.clone(),
        }
    }

    /// Covers what signed the account in, where its server says it back: in a text to the person (X21).
    pub(crate) fn said(&self, text: &mut String) {
        if let Cow::Owned(covered) = self.hide(text, SHORTEST_SAID) {
            *text = covered;
        }
    }

    /// The same in an answer, before a card, a model or an app has it; in its texts and in the names of its fields. An
    /// answer of megabytes is gone through in pieces, so that the page can be used meanwhile.
    pub(crate) async fn answered(&self, answer: &mut Value) {
        if self.values.iter().all(|value| value.len() < SHORTEST_SAID) {
            return;
        }
        let (mut pace, mut seen) = (Pace::late(), 0_usize);
        let mut left = vec![answer];
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) => self.said(text),
                Value::Array(items) => left.extend(items),
                Value::Object(fields) => {
                    if fields.keys().any(|key| matches!(self.hide(key, SHORTEST_SAID), Cow::Owned(_))) {
                        let named =
                            |(key, value): (String, Value)| (self.hide(&key, SHORTEST_SAID).into_owned(), value);
                        *fields = mem::take(fields).into_iter().map(named).collect();
                    }
                    left.extend(fields.values_mut());
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
            seen += 1;
            if seen.is_multiple_of(STEP) {
                pace.rest().await;
            }
        }
    }

    /// The text without the values that are known.
    fn known<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.hide(text, SHORTEST)
    }

    fn hide<'a>(&self, text: &'a str, shortest: usize) -> Cow<'a, str> {
        let mut covered = Cow::Borrowed(text);
        for value in self.values.iter().filter(|value| value.len() >= shortest) {
            if covered.contains(value.as_str()) {
                covered = Cow::Owned(covered.replace(value.as_str(), COVER));
            }
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn x21_a_value_that_went_out_in_a_header_is_covered_wherever_it_comes_back() {
        let mut cover = Cover::default();
        cover.learn("Bearer canary in the coal mine");
        let echoed = json!({"text": "I got canary in the coal mine.", "canary in the coal mine": [1, "Bearer canary in the coal mine"]});
        let covered = cover.value(&echoed).to_string();
        assert!(!covered.contains("canary"), "{covered}");
        assert!(!cover.text("x canary in the coal mine y").contains("canary"));
        assert_eq!(cover.header("Bearer canary in the coal mine", true), "Bearer ••••");
        assert_eq!(cover.header("k-1", true), "••••");
        assert_eq!(
            cover.address("https://a.example/mcp?api_key=abc&page=2"),
            "https://a.example/mcp?api_key=••••&page=2"
        );
    }

    #[test]
    async fn x21_what_signed_in_is_covered_in_an_answer_and_nothing_else_of_it_is_touched() {
        let mut cover = Cover::default();
        cover.learn("Bearer canary-in-the-coal-mine");
        cover.learn("acme");
        let mut answer = json!({
            "content": [{"type": "text", "text": "You came with Bearer canary-in-the-coal-mine to acme."}],
            "structuredContent": {"canary-in-the-coal-mine": {"deep": ["canary-in-the-coal-mine", 1, null]}, "password": "hunter22"},
        });
        cover.answered(&mut answer).await;
        assert_eq!(
            answer,
            json!({
                "content": [{"type": "text", "text": "You came with •••• to acme."}],
                "structuredContent": {"••••": {"deep": ["••••", 1, null]}, "password": "hunter22"},
            })
        );
    }

    #[test]
    fn names_of_fields_and_headers_say_what_is_secret() {
        assert!(secret_header("X-Api-Key") && secret_header("COOKIE") && !secret_header("Mcp-Method"));
        let covered = Cover::default().value(&json!({"password": "hunter22", "page": "hunter22"}));
        assert_eq!(covered, json!({"password": "••••", "page": "hunter22"}));
    }
}
