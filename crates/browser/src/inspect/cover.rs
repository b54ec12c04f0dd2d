//! Covers secrets before anything is kept of a request or an answer (X21).
//!
//! Two ways at once: values that are known, because they went out in a header, are covered wherever they come back; and
//! what looks like a secret, or stands in a field or header whose name says that it is one, is covered unseen.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::mem;

use mcp::inspect::{COVER, Stands, forms, reworded};
use policy::secrets::{mask, mask_value, names_a_secret};
use serde_json::Value;

use crate::error::Error;
use crate::time::Pace;

/// Shorter values are no secrets, and would cover half of every text.
const SHORTEST: usize = 4;

/// The same in what a server says to the person and to a model, where nothing may be covered that is none: a short value
/// is likely to be a word, such as the name of a tenant.
const SHORTEST_SAID: usize = 8;

/// The same in what an entry of a list is called by: it is sent back as it came, so that nothing in it may be covered, and
/// what a tenant is called stands in many of them.
const SHORTEST_NAMED: usize = 12;

/// How many values that are new with every request are known at a time.
const PASSING: usize = 32;

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
    values: Vec<Known>,
    /// Those of them that are new with every request, the oldest first.
    passing: VecDeque<String>,
}

/// What is covered: a value, or a form in which it can come back.
#[derive(Clone)]
struct Known {
    text: String,
    /// Bytes of the value.
    bytes: usize,
}

impl Cover {
    /// From now on a value is covered wherever it stands. Of `Bearer abc` that is the token too, and of a token that is no
    /// word also how it looks in percent signs and inside of a Base64 text.
    pub fn learn(&mut self, value: &str) {
        let value = value.trim();
        let token = value.split_once(' ').map(|(_, token)| token.trim());
        let parts: Vec<&str> = std::iter::once(value).chain(token).filter(|part| part.len() >= SHORTEST).collect();
        // It goes out with every request.
        if parts.iter().all(|part| self.values.iter().any(|known| known.text == *part)) {
            return;
        }
        parts.into_iter().for_each(|part| self.add(part.to_owned(), part.len()));
        let alone = token.unwrap_or(value);
        if alone.len() >= SHORTEST_SAID {
            forms(alone).into_iter().for_each(|form| self.add(form, alone.len()));
        }
    }

    /// The same for a value that is new with every request, as a proof or the id of a session is: as it stands, and only
    /// the latest of them, for there is no end of them.
    pub fn learn_passing(&mut self, value: &str) {
        let value = value.trim();
        if value.len() < SHORTEST || self.values.iter().any(|known| known.text == value) {
            return;
        }
        if self.passing.len() >= PASSING
            && let Some(oldest) = self.passing.pop_front()
        {
            self.values.retain(|known| known.text != oldest);
        }
        self.passing.push_back(value.to_owned());
        self.add(value.to_owned(), value.len());
    }

    fn add(&mut self, text: String, bytes: usize) {
        if !self.values.iter().any(|known| known.text == text) {
            // The longest first: to cover a part of a value would leave the rest of it.
            let at = self.values.partition_point(|known| known.text.len() >= text.len());
            self.values.insert(at, Known { text, bytes });
        }
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
        match url.split_once('?') {
            Some((before, query)) => format!("{}?{}", self.text(before), self.pairs(query, names_a_secret)),
            None => self.text(url),
        }
    }

    /// A form as it is sent, `name=value&name=value`: the values of those names that are `secret`, and what is known.
    pub(super) fn pairs(&self, form: &str, secret: impl Fn(&str) -> bool) -> String {
        let pair = |part| match str::split_once(part, '=') {
            Some((name, value)) if secret(name) && !value.is_empty() => format!("{name}={COVER}"),
            _ => self.text(part),
        };
        form.split('&').map(pair).collect::<Vec<String>>().join("&")
    }

    /// A text of JSON as it was written, without its secrets and the values of fields whose names are `secret`. How a
    /// secret is spelled in it does not matter, nor whether it is valid.
    pub(super) fn written(&self, text: &str, secret: impl Fn(&str) -> bool) -> String {
        let worded = reworded(text, |stands, said| match stands {
            Stands::Of(name) if secret(name) && !said.is_empty() => Some(COVER.to_owned()),
            _ => Some(self.text(said)).filter(|covered| covered != said),
        });
        // What stands between the strings.
        self.text(&worded)
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

    /// Whether a text says back what signed the account in.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        matches!(self.hide(text, SHORTEST_SAID), Cow::Owned(_))
    }

    /// The same as [`Cover::answered`] in an entry of a list, whose name and address stay as they are. False where these
    /// say it back: nobody could use it without, so it has to be left out.
    pub(crate) async fn listed(&self, entry: &mut Value) -> bool {
        const CALLED: [&str; 3] = ["name", "uri", "uriTemplate"];
        let called = CALLED.into_iter().filter_map(|member| Some((member, entry.get(member)?.as_str()?.to_owned())));
        let called: Vec<(&str, String)> = called.collect();
        self.answered(entry).await;
        if called.iter().any(|(_, text)| matches!(self.hide(text, SHORTEST_NAMED), Cow::Owned(_))) {
            return false;
        }
        if let Some(entry) = entry.as_object_mut() {
            entry.extend(called.into_iter().map(|(member, text)| (member.to_owned(), Value::String(text))));
        }
        true
    }

    /// The entries of a list that can be used, each as [`Cover::listed`] leaves it.
    pub(crate) async fn entries(&self, listed: Vec<Value>) -> Vec<Value> {
        let mut entries = Vec::with_capacity(listed.len());
        for mut entry in listed {
            if self.listed(&mut entry).await {
                entries.push(entry);
            }
        }
        entries
    }

    /// The same as [`Cover::said`] in what went wrong.
    pub(crate) fn error(&self, mut error: Error) -> Error {
        self.said(&mut error.message);
        if let Some(cause) = &mut error.cause {
            self.said_in(cause);
        }
        error
    }

    /// The same in a definition or a form; in its texts and in the names of its fields.
    pub(crate) fn said_in(&self, value: &mut Value) {
        let mut left = vec![value];
        while let Some(value) = left.pop() {
            self.look(value, &mut left);
        }
    }

    /// The same in an answer, before a card, a model or an app has it. An answer of megabytes is gone through in pieces, so
    /// that the page can be used meanwhile.
    pub(crate) async fn answered(&self, answer: &mut Value) {
        if self.values.iter().all(|known| known.bytes < SHORTEST_SAID) {
            return;
        }
        let (mut pace, mut seen) = (Pace::late(), 0_usize);
        let mut left = vec![answer];
        while let Some(value) = left.pop() {
            self.look(value, &mut left);
            seen += 1;
            if seen.is_multiple_of(STEP) {
                pace.rest().await;
            }
        }
    }

    /// Covers one value, and notes what is in it to be looked at next.
    fn look<'a>(&self, value: &'a mut Value, left: &mut Vec<&'a mut Value>) {
        match value {
            Value::String(text) => self.said(text),
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => {
                if fields.keys().any(|key| self.is_in(key)) {
                    let named = |(key, value): (String, Value)| (self.hide(&key, SHORTEST_SAID).into_owned(), value);
                    *fields = mem::take(fields).into_iter().map(named).collect();
                }
                left.extend(fields.values_mut());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text without the values that are known.
    fn known<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.hide(text, SHORTEST)
    }

    fn hide<'a>(&self, text: &'a str, shortest: usize) -> Cow<'a, str> {
        let mut covered = Cow::Borrowed(text);
        for known in self.values.iter().filter(|known| known.bytes >= shortest) {
            if covered.contains(known.text.as_str()) {
                covered = Cow::Owned(covered.replace(known.text.as_str(), COVER));
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
    async fn x21_an_entry_of_a_list_keeps_what_it_is_called_by_or_is_left_out() {
        let mut cover = Cover::default();
        cover.learn("acme-corp");
        cover.learn("Bearer canary-in-the-coal-mine");
        let mut entry = json!({"name": "acme-corp docs", "uri": "docs://acme-corp/1", "description": "Of acme-corp."});
        assert!(cover.listed(&mut entry).await);
        assert_eq!(entry, json!({"name": "acme-corp docs", "uri": "docs://acme-corp/1", "description": "Of ••••."}));
        let mut echo = json!({"name": "x", "uri": "docs://canary-in-the-coal-mine/1"});
        assert!(!cover.listed(&mut echo).await && !echo.to_string().contains("canary"), "{echo}");
    }

    #[test]
    fn x21_of_what_is_new_with_every_request_the_latest_is_covered_and_there_is_an_end_of_it() {
        let mut cover = Cover::default();
        cover.learn("Bearer canary-in-the-coal-mine");
        for at in 0..1_000 {
            cover.learn_passing(&format!("proof-{at:04}"));
        }
        assert_eq!(cover.text("proof-0999 and canary-in-the-coal-mine"), "•••• and ••••");
        assert!(cover.values.len() < 100, "{}", cover.values.len());
    }

    #[test]
    fn x21_what_signed_in_is_covered_in_percent_signs_and_inside_of_base64_too() {
        let mut cover = Cover::default();
        cover.learn("Bearer mine/of+coal=canary");
        // The last is `{"who":"Bearer mine/of+coal=canary"}`.
        for said in [
            "to=mine%2Fof%2Bcoal%3Dcanary",
            "to=mine%2fof%2bcoal%3dcanary",
            "eyJ3aG8iOiJCZWFyZXIgbWluZS9vZitjb2FsPWNhbmFyeSJ9",
        ] {
            let mut text = format!("see {said}.");
            cover.said(&mut text);
            assert!(text.contains("••••"), "{text}");
            assert!(cover.is_in(said) && !cover.text(said).contains("mine%2"), "{said}");
        }
        // A word is not looked for in other forms: what it looks like there can be in any text.
        let mut cover = Cover::default();
        cover.learn("acme");
        assert_eq!(cover.text("YWNtZQ== YWNtZ"), "YWNtZQ== YWNtZ");
    }

    #[test]
    fn names_of_fields_and_headers_say_what_is_secret() {
        assert!(secret_header("X-Api-Key") && secret_header("COOKIE") && !secret_header("Mcp-Method"));
        let covered = Cover::default().value(&json!({"password": "hunter22", "page": "hunter22"}));
        assert_eq!(covered, json!({"password": "••••", "page": "hunter22"}));
    }
}
