//! Arguments mirrored into headers: `x-mcp-header` (2026-07-28, Streamable HTTP, "Custom Headers from Tool
//! Parameters").

use serde_json::Value;

use crate::base64::{self, Alphabet};
use crate::error::OpError;

const KEY: &str = "x-mcp-header";
const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";
/// Largest integer that every JSON reader keeps exactly: 2^53 - 1.
const SAFE: i64 = 9_007_199_254_740_991;
const DEEPEST: usize = 100;

/// One argument to mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mirrored {
    path: Vec<String>,
    /// The header's name without `Mcp-Param-`.
    name: String,
}

/// Finds the arguments that a tool wants mirrored, or says why its schema is not valid (X42).
pub(crate) fn mirrored(schema: &Value) -> Result<Vec<Mirrored>, String> {
    let mut found = Vec::new();
    walk(schema, &mut Vec::new(), true, 0, &mut found)?;
    Ok(found)
}

fn walk(
    schema: &Value,
    path: &mut Vec<String>,
    reachable: bool,
    depth: usize,
    found: &mut Vec<Mirrored>,
) -> Result<(), String> {
    let Some(object) = schema.as_object() else { return Ok(()) };
    if depth > DEEPEST {
        return Err(format!("its input schema is nested more than {DEEPEST} levels deep"));
    }
    if let Some(name) = object.get(KEY) {
        let at = if path.is_empty() { "the schema itself".to_owned() } else { format!("`{}`", path.join(".")) };
        if !reachable || path.is_empty() {
            return Err(format!("`{KEY}` on {at} is not on a plain property"));
        }
        let Some(name) = name.as_str().filter(|name| is_token(name)) else {
            return Err(format!("`{KEY}` on {at} is not a header name"));
        };
        if !matches!(object.get("type").and_then(Value::as_str), Some("string" | "integer" | "boolean")) {
            return Err(format!("`{KEY}` on {at} is only allowed on a string, an integer or a boolean"));
        }
        if found.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            return Err(format!("`{KEY}` names the header `{name}` twice"));
        }
        found.push(Mirrored { path: path.clone(), name: name.to_owned() });
    }
    for (keyword, value) in object {
        match keyword.as_str() {
            "properties" => each(value, path, reachable, depth, found)?,
            "patternProperties" | "dependentSchemas" | "$defs" | "definitions" => {
                each(value, path, false, depth, found)?;
            }
            "items"
            | "prefixItems"
            | "additionalItems"
            | "contains"
            | "additionalProperties"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "contentSchema"
            | "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "if"
            | "then"
            | "else" => {
                for schema in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                    path.push(format!("<{keyword}>"));
                    walk(schema, path, false, depth + 1, found)?;
                    path.pop();
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn each(
    schemas: &Value,
    path: &mut Vec<String>,
    reachable: bool,
    depth: usize,
    found: &mut Vec<Mirrored>,
) -> Result<(), String> {
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        path.push(name.clone());
        walk(schema, path, reachable, depth + 1, found)?;
        path.pop();
    }
    Ok(())
}

/// An argument of a call that goes into a request header too, where every server and proxy on the way can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderArgument {
    /// The header's name, for example `Mcp-Param-Region`.
    pub header: String,
    /// The names of the properties that lead to the argument.
    pub path: Vec<String>,
}

/// The arguments of a call that 2026-07-28 also sends as headers, for showing before it is sent (X43). Older revisions
/// send none. Empty for a schema with invalid annotations: such a tool is left out of the list (X42).
pub fn header_arguments(input_schema: &Value, arguments: &Value) -> Vec<HeaderArgument> {
    let present = |path: &[String]| {
        path.iter().try_fold(arguments, |value, key| value.get(key)).is_some_and(|value| !value.is_null())
    };
    mirrored(input_schema)
        .unwrap_or_default()
        .into_iter()
        .filter(|Mirrored { path, .. }| present(path))
        .map(|Mirrored { path, name }| HeaderArgument { header: format!("Mcp-Param-{name}"), path })
        .collect()
}

/// The headers for one call. Absent and null arguments have none.
pub(crate) fn of_arguments(mirrored: &[Mirrored], arguments: &Value) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    for Mirrored { path, name } in mirrored {
        let value = path.iter().try_fold(arguments, |value, key| value.get(key));
        let text = match value {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(yes)) => yes.to_string(),
            Some(value) => integer(value).ok_or_else(|| {
                format!("`{}` goes into a header too and must be text, a whole number or yes or no", path.join("."))
            })?,
        };
        headers.push((format!("Mcp-Param-{name}"), encode(&text)));
    }
    Ok(headers)
}

fn integer(value: &Value) -> Option<String> {
    let number = match value.as_i64() {
        Some(number) => number,
        None => value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= SAFE as f64)? as i64,
    };
    (-SAFE..=SAFE).contains(&number).then(|| number.to_string())
}

/// A value as it may stand in a header: as it is, or in the Base64 form of the specification.
pub(crate) fn encode(text: &str) -> String {
    let plain = text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
        && text.trim_matches([' ', '\t']).len() == text.len()
        && !(text.starts_with(PREFIX) && text.ends_with(SUFFIX));
    if plain { text.to_owned() } else { format!("{PREFIX}{}{SUFFIX}", base64::encode(text.as_bytes())) }
}

/// The text that a header value stands for, where it is in the Base64 form of the specification.
pub fn decoded(value: &str) -> Option<String> {
    let digits = value.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.trim_end_matches('=');
    String::from_utf8(base64::decode(digits, Alphabet::Standard)?).ok()
}

/// Checks that headers of the host can be sent: one line of plain text each, nothing that would begin another one (X27).
pub(crate) fn check(headers: &[(String, String)]) -> Result<(), OpError> {
    match headers.iter().find(|(name, value)| !is_token(name) || !is_value(value)) {
        Some((name, _)) => Err(OpError::Header { name: name.clone() }),
        None => Ok(()),
    }
}

/// Whether a text is a header name (RFC 9110, `token`).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a text can be the value of a header that the host hands in.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_encoded_as_the_specification_shows() {
        for (text, header) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("", ""),
            ("a\tb", "a\tb"),
            ("\u{7f}", "=?base64?fw==?="),
        ] {
            assert_eq!(encode(text), header, "{text:?}");
            let shown = decoded(header).unwrap_or_else(|| header.to_owned());
            assert_eq!(shown, text, "{header}");
        }
        assert_eq!(decoded("=?base64?*?="), None);
    }

    #[test]
    fn arguments_are_found_at_their_exact_path() {
        let schema = json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "opts": {"type": "object", "properties": {"limit": {"type": "integer", "x-mcp-header": "Limit"}}},
            "dry": {"type": "boolean", "x-mcp-header": "Dry"},
            "gone": {"type": "string", "x-mcp-header": "Gone"},
            "x-mcp-header": {"type": "string", "description": "a property of that name is no annotation"},
            "example": {"type": "object", "default": {"x-mcp-header": "no annotation either"}}
        }});
        let mirrored = mirrored(&schema).expect("valid");
        let arguments = json!({"region": "eu", "opts": {"limit": 42.0}, "dry": false, "gone": null});
        let headers = of_arguments(&mirrored, &arguments).expect("usable");
        assert_eq!(
            headers,
            [("Mcp-Param-Region", "eu"), ("Mcp-Param-Limit", "42"), ("Mcp-Param-Dry", "false")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let shown: Vec<String> = header_arguments(&schema, &arguments)
            .into_iter()
            .map(|HeaderArgument { header, path }| format!("{header}={}", path.join(".")))
            .collect();
        assert_eq!(shown, ["Mcp-Param-Region=region", "Mcp-Param-Limit=opts.limit", "Mcp-Param-Dry=dry"]);
        for bad in [json!({"region": 1.5}), json!({"region": ["a"]}), json!({"region": 9_007_199_254_740_992_i64})] {
            of_arguments(&mirrored, &bad).expect_err("not a header value");
        }
    }

    #[test]
    fn x42_invalid_annotations_are_named() {
        let property = |schema: Value| json!({"type": "object", "properties": {"p": schema}});
        let mut cases = vec![
            property(json!({"type": "string", "x-mcp-header": ""})),
            property(json!({"type": "string", "x-mcp-header": "A\r\nB: c"})),
            property(json!({"type": "string", "x-mcp-header": "A B"})),
            property(json!({"type": "string", "x-mcp-header": 7})),
            property(json!({"x-mcp-header": "A"})),
            property(json!({"type": "array", "items": {"type": "string", "x-mcp-header": "A"}})),
            property(json!({"anyOf": [{"type": "string", "x-mcp-header": "A"}]})),
            property(json!({"if": {"properties": {"q": {"type": "string", "x-mcp-header": "A"}}}})),
            json!({"type": "object", "x-mcp-header": "A"}),
            json!({"type": "object", "$defs": {"d": {"type": "string", "x-mcp-header": "A"}}}),
            json!({"type": "object", "properties": {
                "p": {"type": "string", "x-mcp-header": "A"}, "q": {"type": "string", "x-mcp-header": "a"}}}),
        ];
        for kind in ["object", "array", "null", "number"] {
            cases.push(property(json!({"type": kind, "x-mcp-header": "A"})));
        }
        for case in cases {
            let reason = mirrored(&case).expect_err(&case.to_string());
            assert!(reason.contains("x-mcp-header"), "{reason}");
        }
    }

    /// Reads a value as a server does ("Value Encoding").
    fn decode(value: &str) -> String {
        let Some(text) = value.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)) else {
            return value.to_owned();
        };
        let digit = |byte: u8| match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            other => panic!("{other}"),
        };
        assert_eq!(text.len() % 4, 0, "padded");
        let digits = text.trim_end_matches('=');
        assert!(text.len() - digits.len() <= 2);
        let mut bytes = Vec::new();
        let (mut bits, mut count) = (0u32, 0);
        for byte in digits.bytes() {
            bits = bits << 6 | u32::from(digit(byte));
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        assert_eq!(bits, 0, "no stray bits");
        String::from_utf8(bytes).expect("text")
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[ -~\\t]{0,40}", "(=\\?base64\\?|\\?=|[a-zA-Z0-9+/=]| |\r|\n|ü|🦀|\u{0}){0,8}",]
    }

    proptest! {
        #[test]
        fn every_value_arrives_as_it_was(text in text()) {
            let value = encode(&text);
            prop_assert!(value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')), "{:?}", value);
            prop_assert_eq!(value.trim_matches([' ', '\t']).len(), value.len(), "nothing that a proxy would trim");
            prop_assert_eq!(decode(&value), text);
        }

        #[test]
        fn a_schema_of_any_form_is_read_or_refused(names in proptest::collection::vec("[a-cA-C\\-\r ü]{0,2}", 0..6)) {
            let properties: serde_json::Map<String, Value> = names
                .iter()
                .enumerate()
                .map(|(n, name)| (format!("p{n}"), json!({"type": "string", "x-mcp-header": name})))
                .collect();
            let found = mirrored(&json!({"type": "object", "properties": properties}));
            let mut lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            lower.sort();
            lower.dedup();
            let fine = lower.len() == names.len() && names.iter().all(|name| is_token(name));
            prop_assert_eq!(found.map(|found| found.len()).ok(), fine.then_some(names.len()));
        }
    }
}
