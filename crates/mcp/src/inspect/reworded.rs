//! A text of JSON with other words in it and everything else as it was written: blanks, the order and the doubles of its
//! fields, how numbers and letters are spelled.

use serde_json::Value;

/// What a string of a text of JSON is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands<'a> {
    /// The name of a field.
    Name,
    /// The value of the field of this name.
    Of(&'a str),
    /// Anything else, such as an item of a list.
    Alone,
}

/// The text with every string in it for which `each` has other words. The text may be cut off, be several messages or no
/// JSON at all: what is between two quotes on one line is a string.
pub fn reworded(text: &str, mut each: impl FnMut(Stands<'_>, &str) -> Option<String>) -> String {
    let mut written = String::with_capacity(text.len());
    // How much of the text was written, and the last name with the place behind its colon.
    let (mut done, mut named) = (0, None::<(String, usize)>);
    while let Some(start) = text.get(done..).and_then(|rest| rest.find('"')).map(|at| done + at) {
        let rest = text.get(start + 1..).unwrap_or_default();
        let length = length(rest);
        let inner = rest.get(..length).unwrap_or_default();
        let closed = rest.as_bytes().get(length) == Some(&b'"');
        let end = start + 1 + length + usize::from(closed);
        let said = match serde_json::from_str(&format!("\"{inner}\"")) {
            Ok(said) => said,
            // Cut off in the middle, or no string of JSON.
            Err(_) => inner.to_owned(),
        };
        let colon = text.get(end..).and_then(|after| {
            let blanks = after.len() - after.trim_start().len();
            (after.as_bytes().get(blanks) == Some(&b':')).then_some(end + blanks + 1)
        });
        let of = named.take().filter(|(_, from)| text.get(*from..start).is_some_and(|gap| gap.trim().is_empty()));
        let stands = match (&of, colon) {
            (_, Some(_)) => Stands::Name,
            (Some((name, _)), None) => Stands::Of(name),
            (None, None) => Stands::Alone,
        };
        written.push_str(text.get(done..start).unwrap_or_default());
        match each(stands, &said) {
            Some(other) => written.push_str(&Value::String(other).to_string()),
            None => written.push_str(text.get(start..end).unwrap_or_default()),
        }
        named = colon.map(|from| (said, from));
        done = end;
    }
    written.push_str(text.get(done..).unwrap_or_default());
    written
}

/// How far it is to the end of a string: to the quote that no backslash stands before, or to the end of the line.
fn length(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = matches!(byte, b'\n' | b'\r') || (byte == b'"' && !escaped);
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Covers the value of `password`, and `canary` wherever it stands.
    fn covered(text: &str) -> String {
        reworded(text, |stands, said| match stands {
            Stands::Of("password") => Some("•".to_owned()),
            _ => said.contains("canary").then(|| said.replace("canary", "•")),
        })
    }

    #[test]
    fn everything_stays_as_it_was_written_but_what_has_other_words() {
        for text in [
            r#"{ "a" : 1.50, "a":1e3,\t"b":["\\u00e9","\\/"], "" : null }"#,
            "event: message\ndata: {\"id\":1}\n\n",
            "<html lang=\"en\">",
            "\"",
            "",
        ] {
            assert_eq!(covered(text), text);
        }
        assert_eq!(covered(r#"{"x" :1,"password" : "a\"b","pass":"ok"}"#), r#"{"x" :1,"password" : "•","pass":"ok"}"#);
        assert_eq!(covered(r#"{"canary":["my canary"]}"#), r#"{"•":["my •"]}"#);
    }

    #[test]
    fn x21_no_spelling_and_no_double_hides_anything() {
        assert_eq!(covered(r#"{"a":"\u0063anary"}"#), r#"{"a":"•"}"#);
        assert_eq!(covered(r#"{"\u0070assword":"abc"}"#), r#"{"\u0070assword":"•"}"#);
        // Of two fields of one name, who reads the message sees the last only.
        assert_eq!(covered(r#"{"password":"abc","password":"•"}"#), r#"{"password":"•","password":"•"}"#);
        assert_eq!(covered(r#"{"password":"cut o"#), r#"{"password":"•""#);
        assert_eq!(covered(r#"{"password":1,"x":"abc"}"#), r#"{"password":1,"x":"abc"}"#);
    }
}
