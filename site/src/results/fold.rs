//! How a long value is laid out: what is shown at once, what is folded, what is marked, and how lengths are said. Pure.

use serde_json::Value;

/// Values up to this many characters are shown whole.
const WHOLE_CHARS: usize = 320;
/// Values up to this many lines are shown whole.
const WHOLE_LINES: usize = 12;
/// How many characters of a folded value are shown.
const SHOWN_CHARS: usize = 220;
/// How many lines of a folded value are shown.
const SHOWN_LINES: usize = 6;

/// A value as text: strings as they are, everything else as JSON over several lines.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => serde_json::to_string_pretty(value).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// Where a long text is folded, in bytes: `None` when it is shown whole. Counts characters and lines, so that neither
/// a long string nor a tall one can push something out of sight (X67).
pub(crate) fn fold_at(text: &str) -> Option<usize> {
    let long = text.chars().nth(WHOLE_CHARS).is_some();
    let tall = text.lines().nth(WHOLE_LINES).is_some();
    if !long && !tall {
        return None;
    }
    let by_chars = text.char_indices().nth(SHOWN_CHARS).map_or(text.len(), |(at, _)| at);
    let by_lines = text.match_indices('\n').nth(SHOWN_LINES - 1).map_or(text.len(), |(at, _)| at);
    Some(by_chars.min(by_lines))
}

/// A run of a text that is marked or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The text of the run.
    pub(crate) text: String,
    /// Whether it repeats what a server said.
    pub(crate) marked: bool,
}

/// Splits a text into runs, marking every place where one of the phrases stands.
pub(crate) fn marked(text: &str, phrases: &[&str]) -> Vec<Run> {
    let mut spans: Vec<(usize, usize)> = phrases
        .iter()
        .filter(|phrase| !phrase.is_empty())
        .flat_map(|phrase| text.match_indices(phrase).map(|(at, found)| (at, at + found.len())))
        .collect();
    spans.sort_unstable();
    let mut runs: Vec<Run> = Vec::new();
    let mut done = 0;
    let mut add = |from: usize, to: usize, marked: bool| {
        if let Some(part) = text.get(from..to)
            && !part.is_empty()
        {
            match runs.last_mut() {
                Some(last) if last.marked == marked => last.text.push_str(part),
                _ => runs.push(Run { text: part.to_owned(), marked }),
            }
        }
    };
    for (from, to) in spans {
        if from > done {
            add(done, from, false);
        }
        if to > done {
            add(from.max(done), to, true);
            done = to;
        }
    }
    add(done, text.len(), false);
    runs
}

/// The argument that a JSON pointer (RFC 6901) like `/items/0/name` leads into.
pub(crate) fn root(pointer: &str) -> String {
    let first = pointer.strip_prefix('/').unwrap_or(pointer).split('/').next().unwrap_or_default();
    first.replace("~1", "/").replace("~0", "~")
}

/// A number with narrow no-break spaces between its thousands: `2 310`.
pub(crate) fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 field`, `3 fields`. The plural takes an s.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn values_as_text() {
        assert_eq!(text(&json!("a\nb")), "a\nb");
        assert_eq!(text(&json!(1.50)), "1.5");
        assert_eq!(text(&json!(null)), "null");
        assert_eq!(text(&json!({"a": [1]})), "{\n  \"a\": [\n    1\n  ]\n}");
    }

    #[test]
    fn x67_long_and_tall_values_are_folded_at_a_character() {
        assert_eq!(fold_at("short"), None);
        let long = "ä".repeat(2_530);
        let at = fold_at(&long).unwrap();
        assert_eq!(long[at..].chars().count(), 2_530 - SHOWN_CHARS);
        let tall = "\n".repeat(4_000) + "delete everything";
        assert!(tall[..fold_at(&tall).unwrap()].lines().count() <= SHOWN_LINES);
        let padded = format!("ok{}and more", " ".repeat(5_000));
        assert!(fold_at(&padded).is_some());
    }

    fn runs(text: &str, phrases: &[&str]) -> Vec<(String, bool)> {
        marked(text, phrases).into_iter().map(|run| (run.text, run.marked)).collect()
    }

    #[test]
    fn x75_matched_text_is_marked_and_nothing_is_lost() {
        let run = |text: &str, marked| (text.to_owned(), marked);
        assert_eq!(runs("a size b", &["size"]), vec![run("a ", false), run("size", true), run(" b", false)]);
        assert_eq!(runs("abcdef", &["bcd", "cde", "c"]), vec![run("a", false), run("bcde", true), run("f", false)]);
        assert_eq!(runs("x", &["", "y"]), vec![run("x", false)]);
        assert_eq!(runs("", &["y"]), vec![]);
    }

    #[test]
    fn a_path_names_its_argument() {
        assert_eq!(root("/items/0/name"), "items");
        assert_eq!(root("/a~1b~0c"), "a/b~c");
    }

    #[test]
    fn numbers_and_counts() {
        assert_eq!(number(7), "7");
        assert_eq!(number(2310), "2\u{202f}310");
        assert_eq!(number(1234567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(1, "field"), "1 field");
        assert_eq!(count(0, "field"), "0 fields");
    }
}
