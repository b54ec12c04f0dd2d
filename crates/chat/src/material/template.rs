//! Templates of addresses (RFC 6570, levels 1 to 3 as far as servers use them).
//!
//! A value is written in percent signs wherever its expression does not say otherwise, so that it stays in its place. An
//! expression that lets slashes through (`{+path}`) lets none through that climb (X87).

use std::collections::BTreeMap;

/// Why a template cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace is open.
    #[error("the server's template `{0}` is not complete")]
    Open(String),
    /// A value climbs out of its place.
    #[error("`{0}` has a part that climbs (`..`)")]
    Climbs(String),
    /// The address is too long.
    #[error("the address is longer than {0} bytes")]
    Long(usize),
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Expression { operator: Option<char>, names: Vec<&'a str> },
}

fn pieces<'a>(template: &'a str) -> Result<Vec<Piece<'a>>, TemplateError> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, then)) = after.split_once('}') else { return Err(TemplateError::Open(template.to_owned())) };
        out.push(Piece::Text(before));
        let operator = inside.chars().next().filter(|first| "+#./;?&".contains(*first));
        let list = operator.map_or(inside, |_| inside.get(1..).unwrap_or_default());
        // `*` and `:3` say how lists and long values are written; there are neither here.
        let name = |one: &'a str| one.trim_end_matches('*').split(':').next().unwrap_or_default();
        let names = list.split(',').map(name).filter(|one| !one.is_empty()).collect();
        out.push(Piece::Expression { operator, names });
        rest = then;
    }
    out.push(Piece::Text(rest));
    Ok(out)
}

/// What is to be filled into a template, in the order in which it stands there.
pub fn variables(template: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for piece in pieces(template).unwrap_or_default() {
        let Piece::Expression { names, .. } = piece else { continue };
        for name in names {
            if !out.iter().any(|known| known == name) {
                out.push(name.to_owned());
            }
        }
    }
    out
}

/// The address that a template stands for with these values. What has no value is left out.
///
/// # Errors
/// [`TemplateError`] where the template is broken, or a value would climb.
pub fn expand(template: &str, values: &BTreeMap<String, String>) -> Result<String, TemplateError> {
    let mut out = String::new();
    for piece in pieces(template)? {
        let (operator, names) = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Expression { operator, names } => (operator, names),
        };
        let (first, between, named) = match operator {
            Some('#') => ("#", ",", false),
            Some('.') => (".", ".", false),
            Some('/') => ("/", "/", false),
            Some(';') => (";", ";", true),
            Some('?') => ("?", "&", true),
            Some('&') => ("&", "&", true),
            _ => ("", ",", false),
        };
        let open = matches!(operator, Some('+' | '#'));
        let mut any = false;
        for name in names {
            let Some(value) = values.get(name).filter(|value| !value.is_empty()) else { continue };
            if open && value.split(['/', '\\']).any(|part| part == ".." || part.eq_ignore_ascii_case("%2e%2e")) {
                return Err(TemplateError::Climbs(value.clone()));
            }
            out.push_str(if any { between } else { first });
            any = true;
            if named {
                out.push_str(name);
                out.push('=');
            }
            out.push_str(&encoded(value, open));
        }
    }
    let most = super::URI_BYTES;
    if out.len() > most { Err(TemplateError::Long(most)) } else { Ok(out) }
}

/// The value with everything in percent signs that could mean something in an address; `open` lets that through.
fn encoded(value: &str, open: bool) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && value != "." && value != "..");
        if plain || (open && b".:/?#[]@!$&'()*+,;=%".contains(&byte)) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, value: &str) -> Result<String, TemplateError> {
        expand(template, &[("x".to_owned(), value.to_owned())].into())
    }

    #[test]
    fn values_are_filled_in_as_their_expression_says() {
        for (template, value, wanted) in [
            ("demo://r/{x}", "7", "demo://r/7"),
            ("demo://r/{x}", "a b/é", "demo://r/a%20b%2F%C3%A9"),
            ("a:{+x}", "b/c?d", "a:b/c?d"),
            ("a{/x}", "b", "a/b"),
            ("a{?x,y}", "1", "a?x=1"),
            ("a{#x*}", "s", "a#s"),
            ("a{.x:3}", "s", "a.s"),
            ("a{;y}b", "1", "ab"),
        ] {
            assert_eq!(filled(template, value).as_deref(), Ok(wanted), "{template}");
        }
        assert_eq!(variables("a/{x}/{+y,z*}{?x}"), ["x", "y", "z"]);
    }

    #[test]
    fn x87_a_value_never_climbs_out_of_its_place() {
        assert_eq!(
            filled("file:///notes/{x}", "../../etc/passwd").as_deref(),
            Ok("file:///notes/..%2F..%2Fetc%2Fpasswd")
        );
        assert_eq!(filled("file:///notes/{x}/a", "..").as_deref(), Ok("file:///notes/%2E%2E/a"));
        for value in ["../a", "a/../b", "a\\..\\b", "a/%2E%2e/b"] {
            assert_eq!(filled("file:///notes/{+x}", value), Err(TemplateError::Climbs(value.to_owned())));
        }
        assert!(matches!(filled("a://{x", "1"), Err(TemplateError::Open(_))));
        assert!(matches!(filled("a://{x}", &"a".repeat(5_000)), Err(TemplateError::Long(_))));
    }
}
