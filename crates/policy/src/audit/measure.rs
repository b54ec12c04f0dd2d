//! How large a result is and which: its JSON text is measured in steps, without ever being made whole.
//!
//! Results have megabytes. Hashing one at once would keep a page from answering, so whoever measures can rest after every
//! step. The text is that of `serde_json`, so the digest is the same as that of the whole.

use super::Measured;
use crate::Digest;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// About so many bytes are taken in by a step.
const STEP: usize = 1 << 16;

/// A measurement under way.
#[derive(Debug)]
pub struct Measuring<'a> {
    /// What is still to come, the next one last.
    left: Vec<Part<'a>>,
    text: String,
    bytes: u64,
    hash: Sha256,
}

#[derive(Debug)]
enum Part<'a> {
    Value(&'a Value),
    /// The rest of what is between the quotes of a string.
    Inside(&'a str),
    Key(&'a str),
    Sign(&'static str),
}

impl<'a> Measuring<'a> {
    /// Begins with a value of which nothing was taken in yet.
    pub fn of(value: &'a Value) -> Self {
        Self { left: vec![Part::Value(value)], text: String::with_capacity(STEP), bytes: 0, hash: Sha256::new() }
    }

    /// Takes in some more; false once there is no more.
    pub fn step(&mut self) -> bool {
        while self.text.len() < STEP
            && let Some(part) = self.left.pop()
        {
            self.part(part);
        }
        self.hash.update(self.text.as_bytes());
        self.bytes = self.bytes.saturating_add(u64::try_from(self.text.len()).unwrap_or(u64::MAX));
        self.text.clear();
        !self.left.is_empty()
    }

    /// Takes in the rest, and says what it is.
    pub fn done(mut self) -> Measured {
        while self.step() {}
        Measured { bytes: self.bytes, digest: Digest::of_hash(self.hash) }
    }

    fn part(&mut self, part: Part<'a>) {
        match part {
            Part::Sign(sign) => self.text.push_str(sign),
            Part::Key(key) => self.text.push_str(&Value::from(key).to_string()),
            Part::Inside(rest) => {
                let mut end = STEP.min(rest.len());
                while !rest.is_char_boundary(end) {
                    end += 1;
                }
                let (now, later) = rest.split_at(end);
                // Characters are escaped one by one, so a string is what its parts are.
                let quoted = Value::from(now).to_string();
                self.text.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
                if !later.is_empty() {
                    self.left.push(Part::Inside(later));
                }
            }
            Part::Value(Value::String(text)) => {
                self.left.extend([Part::Sign("\""), Part::Inside(text), Part::Sign("\"")]);
            }
            Part::Value(Value::Array(items)) => {
                self.left.push(Part::Sign("]"));
                for (at, item) in items.iter().enumerate().rev() {
                    self.left.push(Part::Value(item));
                    self.left.push(Part::Sign(if at > 0 { "," } else { "" }));
                }
                self.left.push(Part::Sign("["));
            }
            Part::Value(Value::Object(fields)) => {
                self.left.push(Part::Sign("}"));
                for (at, (key, field)) in fields.iter().enumerate().rev() {
                    self.left.extend([Part::Value(field), Part::Sign(":"), Part::Key(key)]);
                    self.left.push(Part::Sign(if at > 0 { "," } else { "" }));
                }
                self.left.push(Part::Sign("{"));
            }
            Part::Value(plain) => self.text.push_str(&plain.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole(value: &Value) -> Measured {
        let text = value.to_string();
        Measured { bytes: u64::try_from(text.len()).unwrap(), digest: Digest::of_bytes(text.as_bytes()) }
    }

    #[test]
    fn sp05_measured_in_steps_a_value_is_what_its_text_is() {
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!({"b": [1, -2.5, true, null, "a \"quote\"\n\u{1}"], "a\"": {"c": {}, "d": [[], [""]]}}),
            json!("ä\"".repeat(100_000)),
            json!({"content": [{"type": "text", "text": "x".repeat(STEP * 3 + 1)}]}),
        ] {
            assert_eq!(Measuring::of(&value).done(), whole(&value));
        }
    }

    #[test]
    fn sp05_no_step_takes_in_much() {
        let value = json!({"content": [{"type": "text", "text": "\u{1}".repeat(STEP * 8)}, vec!["y"; 100_000]]});
        let mut measuring = Measuring::of(&value);
        let (mut before, mut steps) = (0, 0);
        loop {
            let more = measuring.step();
            steps += 1;
            // A character becomes six at most.
            assert!(measuring.bytes - before <= u64::try_from(STEP * 7).unwrap());
            before = measuring.bytes;
            if !more {
                break;
            }
        }
        assert!(steps > 8, "{steps} steps");
        assert_eq!(measuring.done(), whole(&value));
    }
}
