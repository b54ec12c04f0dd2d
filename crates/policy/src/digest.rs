//! The fingerprint of a JSON value: SHA-256 over its canonical form (RFC 8785).
//!
//! Key order and white space do not count, so a server may reorder its JSON without causing drift. Every string counts
//! exactly as received, so an invisible character does (X32).
//!
//! RFC 8785 writes every number as a double, which makes two large integers look the same. A changed limit would then
//! go unseen, so integers that a double cannot hold are appended in full. Without such integers the digest is the
//! plain RFC 8785 one.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

/// The largest integer up to which a double holds every integer: 2^53.
const EXACT: u64 = 1 << 53;

impl Digest {
    /// The digest of a JSON value in its canonical form.
    pub fn of_json(value: &Value) -> Self {
        let mut hash = Sha256::new();
        // The canonical form of a `Value` always exists: its keys are strings and its numbers are finite. Should that
        // ever stop being true, the fallback keeps two different values different.
        match serde_json_canonicalizer::to_vec(value) {
            Ok(bytes) => hash.update(bytes),
            Err(_) => hash.update(value.to_string()),
        }
        add_large_integers(value, &mut hash);
        Self(hex(&hash.finalize()))
    }

    /// The digest of bytes as they are.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// The digest of everything that a hash took in.
    pub(crate) fn of_hash(hash: Sha256) -> Self {
        Self(hex(&hash.finalize()))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for showing to a person. Never compare by it.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

/// Adds, in canonical order, each integer that the canonical form rounds.
fn add_large_integers(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Number(number) => {
            let rounded =
                number.as_u64().is_some_and(|n| n > EXACT) || number.as_i64().is_some_and(|n| n.unsigned_abs() > EXACT);
            if rounded {
                hash.update([0]);
                hash.update(number.to_string());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_large_integers(item, hash)),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            fields.into_iter().for_each(|(_, field)| add_large_integers(field, hash));
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn hex(bytes: &[u8]) -> String {
    // No formatting: it takes longer than the hashing.
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_digest_is_the_sha256_of_the_canonical_form() {
        assert_eq!(Digest::of_json(&json!({"b": 1, "a": 2.50})), Digest::of_bytes(br#"{"a":2.5,"b":1}"#));
        assert_eq!(Digest::of_bytes(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn x35_key_order_is_no_drift() {
        let one: Value = serde_json::from_str(r#"{"name":"a","inputSchema":{"type":"object","x":[1,2]}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{ "inputSchema": {"x":[1,2],"type":"object"}, "name":"a"}"#).unwrap();
        assert_eq!(Digest::of_json(&one), Digest::of_json(&two));
    }

    #[test]
    fn x32_an_invisible_character_changes_the_digest() {
        let plain = Digest::of_json(&json!({"description": "Reads notes"}));
        assert_ne!(plain, Digest::of_json(&json!({"description": "Reads\u{200b} notes"})));
        assert_ne!(plain, Digest::of_json(&json!({"descri\u{200b}ption": "Reads notes"})));
        // No normalisation either: é as one character and as two are different strings.
        assert_ne!(Digest::of_json(&json!("\u{e9}")), Digest::of_json(&json!("e\u{301}")));
    }

    #[test]
    fn x35_integers_that_a_double_would_merge_stay_different() {
        let digest = |text: &str| Digest::of_json(&serde_json::from_str(text).unwrap());
        assert_ne!(digest(r#"{"maximum":9007199254740992}"#), digest(r#"{"maximum":9007199254740993}"#));
        assert_ne!(digest("[-9007199254740993]"), digest("[-9007199254740992]"));
        assert_eq!(digest(r#"{"a":9007199254740993,"b":1}"#), digest(r#"{"b":1,"a":9007199254740993}"#));
    }
}
