//! A rule as a form has it: every value is a text there, and comes back as the value that it was.
//!
//! A text says less than a value: `5` may be a number or a text, and a rule on the wrong one never meets what is sent.
//! So a line that nobody changed is the value that stood there, whatever the schema says by now. Only a new line is read
//! by the kind that the schema gives; where it gives none, a new line is JSON, and a text where it is no JSON.

use super::{Example, Pattern, Test, shown};
use serde_json::{Number, Value};

/// What a value is held against, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// How it is compared: `equals`, `one`, `prefix`, `pattern` or `within`.
    pub how: String,
    /// The value, the values one a line, or the least.
    pub first: String,
    /// The most; empty for anything but a range.
    pub second: String,
}

impl Typed {
    /// A test as it is typed.
    pub fn of(test: &Test) -> Self {
        let bound = |number: &Option<Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
        let (how, first, second) = match test {
            Test::Equals(value) => ("equals", shown(value), String::new()),
            Test::OneOf(values) => ("one", lines(values), String::new()),
            Test::Prefix(text) => ("prefix", text.clone(), String::new()),
            Test::Matches(pattern) => ("pattern", pattern.as_str().to_owned(), String::new()),
            Test::Within { min, max } => ("within", bound(min), bound(max)),
        };
        Self { how: how.to_owned(), first, second }
    }

    /// The test that was typed, for an argument of a kind as of [`arguments_of`](super::arguments_of). `was` is the test
    /// that the form began with, on the same argument.
    pub fn test(&self, kind: &str, was: Option<&Test>) -> Test {
        if let Some(was) = was.filter(|was| Self::of(was) == *self) {
            return was.clone();
        }
        let known = was.map(values_of).unwrap_or_default();
        let number = |text: &str| serde_json::from_str::<Number>(text.trim()).ok();
        match self.how.as_str() {
            "equals" => Test::Equals(Reader::new(kind, &known).value(&self.first)),
            "prefix" => Test::Prefix(self.first.trim().to_owned()),
            "pattern" => Test::Matches(Pattern::from(self.first.trim().to_owned())),
            "within" => Test::Within { min: number(&self.first), max: number(&self.second) },
            _ => Test::OneOf(Reader::new(kind, &known).values(&self.first)),
        }
    }
}

/// The examples of one side as they are typed, one a line. One of an argument that is left out has no line.
pub fn examples_as_typed(examples: &[Example], stops: bool) -> String {
    let of_side = examples.iter().filter(|example| example.stops == stops);
    lines(&of_side.filter_map(|example| example.value.clone()).collect::<Vec<_>>())
}

/// The examples of one side that were typed, and those of it that have no line. `was` are those that the form began
/// with, on the same argument.
pub fn examples_typed(kind: &str, text: &str, stops: bool, was: &[Example]) -> Vec<Example> {
    let of_side = || was.iter().filter(|example| example.stops == stops);
    let known: Vec<Value> = of_side().filter_map(|example| example.value.clone()).collect();
    let typed = if examples_as_typed(was, stops) == text { known } else { Reader::new(kind, &known).values(text) };
    let left_out = of_side().filter(|example| example.value.is_none()).cloned();
    typed.into_iter().map(|value| Example { value: Some(value), stops }).chain(left_out).collect()
}

/// The kind of the values that a test compares with, for an argument that its schema does not name.
pub fn kind_of_test(test: &Test) -> &'static str {
    match test {
        Test::Equals(value) => kind_of(value),
        Test::OneOf(values) => values.first().map_or("any", kind_of),
        Test::Prefix(_) | Test::Matches(_) => "string",
        Test::Within { .. } => "number",
    }
}

/// What JSON Schema calls the kind of a value.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn values_of(test: &Test) -> Vec<Value> {
    match test {
        Test::Equals(value) => vec![value.clone()],
        Test::OneOf(values) => values.clone(),
        Test::Prefix(_) | Test::Matches(_) | Test::Within { .. } => Vec::new(),
    }
}

fn lines(values: &[Value]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// Reads lines. Each value that stood there is given back once.
struct Reader<'a> {
    kind: &'a str,
    known: Vec<&'a Value>,
}

impl<'a> Reader<'a> {
    /// Where the schema says nothing, the values that stood there do.
    fn new(kind: &'a str, known: &'a [Value]) -> Self {
        let by_known = || known.first().map_or("any", kind_of);
        let kind = kind.strip_prefix("array of ").unwrap_or(kind);
        Self { kind: if kind == "any" { by_known() } else { kind }, known: known.iter().collect() }
    }

    /// The value that stood there as this text, else the text as a value of the kind.
    fn value(&mut self, text: &str) -> Value {
        let text = text.trim();
        if let Some(at) = self.known.iter().position(|known| shown(known).trim() == text) {
            return self.known.remove(at).clone();
        }
        match self.kind {
            "number" | "integer" | "boolean" | "object" | "any" => {
                serde_json::from_str(text).unwrap_or_else(|_| text.into())
            }
            _ => text.into(),
        }
    }

    /// One value a line: a value may hold commas. An empty line is a value only where an empty text stood there.
    fn values(&mut self, text: &str) -> Vec<Value> {
        let mut values = Vec::new();
        for line in text.lines() {
            let stood_there = || self.known.iter().any(|known| shown(known).trim().is_empty());
            if !line.trim().is_empty() || stood_there() {
                values.push(self.value(line));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::arguments_of;
    use serde_json::json;

    /// What comes back when one line is added.
    fn with_line(test: &Test, line: &str, kind: &str) -> Test {
        let typed = Typed::of(test);
        Typed { first: format!("{}\n{line}", typed.first), ..typed }.test(kind, Some(test))
    }

    #[test]
    fn n06_a_rule_that_nobody_changed_comes_back_as_it_was() {
        let tests = [
            Test::Equals(json!(5)),
            Test::Equals(json!("5")),
            Test::Equals(json!({"a": [1, null]})),
            Test::Equals(json!(" two\nlines ")),
            Test::OneOf(vec![json!(5), json!("5"), json!(true), json!("true"), json!(null), json!("")]),
            Test::Prefix(" #".into()),
            Test::Matches("^a ".to_owned().into()),
            Test::Within { min: Some(1.into()), max: None },
        ];
        for test in tests {
            for kind in ["any", "", "string", "integer", "array"] {
                assert_eq!(Typed::of(&test).test(kind, Some(&test)), test, "{kind}");
            }
        }
    }

    #[test]
    fn n06_lines_that_stay_keep_their_values_and_new_ones_follow_the_schema() {
        let mixed = Test::OneOf(vec![json!("5"), json!(5), json!(true), json!("")]);
        let longer = |more: Value| Test::OneOf(vec![json!("5"), json!(5), json!(true), json!(""), more]);
        assert_eq!(with_line(&mixed, "6", "integer"), longer(json!(6)));
        assert_eq!(with_line(&mixed, "6", "string"), longer(json!("6")));
        // Where the schema is silent, a new value is of the kind of those that are there.
        let numbers = Test::OneOf(vec![json!(1), json!(2)]);
        assert_eq!(with_line(&numbers, "3", "any"), Test::OneOf(vec![json!(1), json!(2), json!(3)]));
        // Where nothing is there either, it is JSON: a text that looks like a number stands in quotes.
        let open = Typed { how: "one".into(), first: "5\n\"5\"\nhigh\nnull".into(), second: String::new() };
        assert_eq!(open.test("any", None), Test::OneOf(vec![json!(5), json!("5"), json!("high"), json!(null)]));
        assert_eq!(
            Typed { how: "equals".into(), ..open }.test("any", None),
            Test::Equals(json!("5\n\"5\"\nhigh\nnull"))
        );
        // Another way to compare takes the values along.
        let one = Typed { how: "one".into(), ..Typed::of(&Test::Equals(json!(7))) };
        assert_eq!(one.test("any", Some(&Test::Equals(json!(7)))), Test::OneOf(vec![json!(7)]));
        // A new rule has the schema alone, and an empty line is no value.
        let new = Typed { how: "one".into(), first: "1\n\n x ".into(), second: String::new() };
        assert_eq!(new.test("array of integer", None), Test::OneOf(vec![json!(1), json!("x")]));
    }

    #[test]
    fn n06_examples_keep_their_values_and_those_of_an_argument_left_out() {
        let example = |value: Option<Value>, stops| Example { value, stops };
        let was = [example(Some(json!(5)), true), example(None, true), example(Some(json!("5")), false)];
        assert_eq!(examples_as_typed(&was, true), "5");
        assert_eq!(examples_typed("string", "5", true, &was), was[..2]);
        assert_eq!(examples_typed("integer", "5", false, &was), was[2..]);
        let longer = examples_typed("string", "5\n6", true, &was);
        assert_eq!(longer, [was[0].clone(), example(Some(json!("6")), true), was[1].clone()]);
    }

    #[test]
    fn n06_the_kind_of_an_argument_is_found_in_every_way_of_a_schema() {
        let schema = json!({"properties": {
            "a": {"type": ["integer", "null"]}, "b": {"enum": [1, 2, null]}, "c": {"enum": [1, "auto"]},
            "d": {"anyOf": [{"type": "number"}, {"type": "null"}]}, "e": {"oneOf": [{"const": true}, {"enum": [false]}]},
            "f": {"type": "array", "items": {"type": "integer"}}, "g": {"type": ["string", "integer"]}, "h": {},
        }});
        let found = arguments_of(&schema);
        let kinds: Vec<&str> = found.iter().map(|(_, kind)| kind.as_str()).collect();
        let wanted = ["integer", "number", "any", "number", "boolean", "array of integer", "any", "any"];
        assert_eq!(kinds, wanted);
        assert_eq!(kind_of_test(&Test::OneOf(vec![json!(false)])), "boolean");
    }
}
