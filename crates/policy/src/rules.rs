//! Rules on the values of arguments: only this channel, no more than this amount (R14, N06).
//!
//! A rule only ever makes things stricter. It refuses a call, or has it asked about whatever was remembered; there is
//! no rule that allows. Refusing comes first. What a rule cannot judge counts as met: a number limit on something that
//! is no number, a pattern that cannot be read. So a value in another shape is no way around a rule.
//!
//! Patterns run in linear time ([`regex_lite`]) and are limited in size, so no value can make a rule slow (X41).
//! Every rule carries examples, checked when it is saved: a rule whose examples do not come out as written is refused.

pub mod form;

use crate::{Millis, Why};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::cmp::Ordering;
use std::sync::OnceLock;

/// The most rules one action may have.
pub const MOST: usize = 50;
/// The longest pattern, in bytes.
pub const LONGEST_PATTERN: usize = 500;
/// How large a pattern may become when it is compiled, in bytes.
const COMPILED: usize = 1 << 18;
/// The most values of *one of*, and the most examples.
const MANY: usize = 200;

/// What a rule does where it is met. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Ask, whatever was remembered.
    Ask,
    /// Refuse.
    Deny,
}

/// A regular expression that is matched in linear time. Stored as its text; it is compiled when first used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<regex_lite::Regex>>,
}

impl Pattern {
    /// The pattern as typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a text matches anywhere; `None` when the pattern cannot be used.
    pub fn matches(&self, text: &str) -> Option<bool> {
        self.regex().map(|regex| regex.is_match(text))
    }

    fn regex(&self) -> Option<&regex_lite::Regex> {
        let compile = || {
            let fits = self.text.len() <= LONGEST_PATTERN;
            let build = || regex_lite::RegexBuilder::new(&self.text).size_limit(COMPILED).build().ok();
            fits.then(build).flatten()
        };
        self.compiled.get_or_init(compile).as_ref()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

/// What a value is held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// It is exactly this value.
    Equals(Value),
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It begins with this text.
    Prefix(String),
    /// It matches this pattern somewhere; `^` and `$` mark the ends.
    Matches(Pattern),
    /// It is a number within these bounds, both included; a missing bound is none.
    Within {
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Number>,
        /// The most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Number>,
    },
}

impl Test {
    /// Whether a value passes; `None` when it cannot be said.
    fn holds(&self, value: &Value) -> Option<bool> {
        match self {
            Test::Equals(wanted) => Some(same(wanted, value)),
            Test::OneOf(wanted) => Some(wanted.iter().any(|wanted| same(wanted, value))),
            Test::Prefix(prefix) => value.as_str().map(|text| text.starts_with(prefix.as_str())),
            Test::Matches(pattern) => pattern.matches(value.as_str()?),
            Test::Within { min, max } => {
                let number = value.as_number()?;
                let least = min.as_ref().map_or(Some(true), |min| Some(order(number, min)? != Ordering::Less));
                let most = max.as_ref().map_or(Some(true), |max| Some(order(number, max)? != Ordering::Greater));
                Some(least? && most?)
            }
        }
    }

    /// The test in words, to stand after *is* or *is not*.
    fn words(&self) -> String {
        let quoted = |value: &Value| format!("`{}`", shown(value));
        match self {
            Test::Equals(value) => quoted(value),
            Test::OneOf(values) => format!("one of {}", values.iter().map(quoted).collect::<Vec<_>>().join(", ")),
            Test::Prefix(prefix) => format!("a text that begins with `{prefix}`"),
            Test::Matches(pattern) => format!("a text that matches `{}`", pattern.as_str()),
            Test::Within { min: Some(min), max: Some(max) } => format!("from {min} to {max}"),
            Test::Within { min: Some(min), max: None } => format!("{min} or more"),
            Test::Within { min: None, max: Some(max) } => format!("{max} or less"),
            Test::Within { min: None, max: None } => "a number".to_owned(),
        }
    }
}

/// A value as a person types it: a text without its quotes.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Equal as JSON, with numbers compared by what they are worth.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => order(one, other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

/// Two numbers, exactly where both are whole.
fn order(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

/// A value with what the rule should make of it, checked when the rule is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// The value of the argument; `None` when it is left out.
    pub value: Option<Value>,
    /// Whether the rule stops it.
    pub stops: bool,
}

/// One rule about one argument of one action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArgumentRule {
    /// Its id, unique within the action.
    pub id: String,
    /// Which argument: a JSON pointer (RFC 6901) into the arguments, such as `/channel`. Of a list every entry counts.
    pub argument: String,
    /// What the value is held against.
    pub test: Test,
    /// The rule is met when the test does *not* hold: only these, and nothing else. An argument that is left out is
    /// then not one of these either.
    pub unless: bool,
    /// What happens where it is met.
    pub effect: Effect,
    /// Why there is such a rule, in the words of who made it.
    #[serde(default)]
    pub note: String,
    /// What should come out, checked when it is saved.
    pub examples: Vec<Example>,
    /// The name of who made it.
    pub by: String,
    /// When.
    pub at: Millis,
}

impl ArgumentRule {
    /// Whether the rule is met by these arguments.
    pub fn stops(&self, arguments: &Map<String, Value>) -> bool {
        let mut met = false;
        let found = each(arguments, &self.argument, &mut |value| met |= self.met_by(value));
        // What is not there is none of what is allowed, and nothing of what is forbidden.
        met || (!found && self.unless)
    }

    /// Whether one value meets it. What cannot be judged does.
    fn met_by(&self, value: &Value) -> bool {
        self.test.holds(value).is_none_or(|holds| holds != self.unless)
    }

    /// The rule as a sentence without its end: *refused when `channel` is not one of `ops`, `dev`*.
    pub fn sentence(&self) -> String {
        let what = match self.effect {
            Effect::Deny => "refused",
            Effect::Ask => "asked about",
        };
        let not = if self.unless { "not " } else { "" };
        format!("{what} when `{}` is {not}{}", argument_name(&self.argument), self.test.words())
    }

    /// Checks a rule before it is kept.
    ///
    /// # Errors
    /// [`Why::Rule`] with what is wrong and what to do.
    pub fn check(&self) -> Result<(), Why> {
        let wrong = |what: String| Err(Why::Rule(what));
        if !self.argument.starts_with('/') || self.argument.len() < 2 {
            return wrong("needs an argument to look at; choose one".to_owned());
        }
        match &self.test {
            Test::Matches(pattern) if pattern.as_str().len() > LONGEST_PATTERN => {
                return wrong(format!("has a pattern of more than {LONGEST_PATTERN} bytes; make it shorter"));
            }
            Test::Matches(pattern) if pattern.regex().is_none() => {
                return wrong(format!("has the pattern `{}`, which cannot be read; mend it", pattern.as_str()));
            }
            Test::OneOf(values) if values.is_empty() => return wrong("has no values; give at least one".to_owned()),
            Test::OneOf(values) if values.len() > MANY => {
                return wrong(format!("has more than {MANY} values; use a pattern"));
            }
            Test::Prefix(prefix) if prefix.is_empty() => {
                return wrong("has an empty beginning, which every text has; type one".to_owned());
            }
            Test::Within { min: None, max: None } => return wrong("has no bound; give one".to_owned()),
            Test::Within { min: Some(min), max: Some(max) } if order(min, max) == Some(Ordering::Greater) => {
                return wrong(format!("has {min} as the least and {max} as the most; swap them"));
            }
            _ => {}
        }
        if self.examples.len() > MANY {
            return wrong(format!("has more than {MANY} examples; keep fewer"));
        }
        let (stopped, passed) = (true, false);
        for wanted in [stopped, passed] {
            if !self.examples.iter().any(|example| example.stops == wanted) {
                let kind = if wanted { "stops" } else { "lets pass" };
                return wrong(format!("needs an example of a value that it {kind}; add one"));
            }
        }
        for example in &self.examples {
            let arguments = with(&self.argument, example.value.as_ref());
            if self.stops(&arguments) != example.stops {
                let value = example.value.as_ref().map_or_else(|| "nothing".to_owned(), shown);
                let (does, should) = if example.stops { ("lets pass", "stops") } else { ("stops", "lets pass") };
                return wrong(format!(
                    "{does} `{value}`, which is an example of what it {should}; mend the rule or the example"
                ));
            }
        }
        Ok(())
    }
}

/// The name of an argument as it is shown: the pointer without its first slash.
pub fn argument_name(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace("~1", "/").replace("~0", "~")
}

/// Calls `visit` with every value at a pointer; a list on the way, or at the end, stands for each of its entries. False
/// when nothing is there.
fn each(arguments: &Map<String, Value>, pointer: &str, visit: &mut dyn FnMut(&Value)) -> bool {
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let Some((first, rest)) = steps.split_first() else { return false };
    arguments.get(first.as_str()).is_some_and(|value| down(value, rest, visit))
}

fn down(value: &Value, steps: &[String], visit: &mut dyn FnMut(&Value)) -> bool {
    match (value, steps.split_first()) {
        (Value::Array(items), _) => {
            // Every entry, not only the first that has it.
            let mut found = false;
            for item in items {
                found |= down(item, steps, visit);
            }
            found
        }
        (value, None) => {
            visit(value);
            true
        }
        (Value::Object(fields), Some((step, rest))) => {
            fields.get(step.as_str()).is_some_and(|value| down(value, rest, visit))
        }
        (_, Some(_)) => false,
    }
}

/// Arguments with one value at a pointer.
fn with(pointer: &str, value: Option<&Value>) -> Map<String, Value> {
    let Some(value) = value else { return Map::new() };
    let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let mut whole = value.clone();
    for step in steps.collect::<Vec<_>>().into_iter().rev() {
        whole = Value::Object([(step, whole)].into_iter().collect());
    }
    whole.as_object().cloned().unwrap_or_default()
}

/// Every argument of an action that a rule can look at, as pointers, with the kind its schema gives: a type of JSON
/// Schema, `array of` one where the entries are no texts, or `any`. Objects are looked into two levels deep.
pub fn arguments_of(schema: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    properties(schema, &mut String::new(), 0, &mut found);
    found
}

fn properties(schema: &Value, path: &mut String, depth: u8, found: &mut Vec<(String, String)>) {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, one) in fields {
        crate::action::at(path, name, |path| {
            let kind = kind_of(one);
            let inner = if kind == "array" { one.get("items").unwrap_or(&Value::Null) } else { one };
            let entries = if kind == "array" { kind_of(inner) } else { String::new() };
            let whole = matches!(entries.as_str(), "number" | "integer" | "boolean");
            found.push((path.clone(), if whole { format!("array of {entries}") } else { kind }));
            if depth < 2 {
                properties(inner, path, depth + 1, found);
            }
        });
    }
}

/// The one kind that a schema takes beside null, in whatever way it says so; `any` where there are several or none.
fn kind_of(schema: &Value) -> String {
    let list = |name: &str| schema.get(name).and_then(Value::as_array);
    let of_value = |value: &Value| form::kind_of(value).to_owned();
    let mut kinds: Vec<String> = match (schema.get("type"), schema.get("const")) {
        (Some(Value::String(kind)), _) => vec![kind.clone()],
        (Some(Value::Array(kinds)), _) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        (_, Some(value)) => vec![of_value(value)],
        _ => match (list("enum"), list("anyOf").or_else(|| list("oneOf"))) {
            (Some(values), _) => values.iter().map(of_value).collect(),
            (None, Some(branches)) => branches.iter().map(kind_of).collect(),
            (None, None) => Vec::new(),
        },
    };
    if kinds.len() > 1 {
        kinds.retain(|kind| kind != "null");
    }
    kinds.dedup();
    match kinds.as_slice() {
        [one] => one.clone(),
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(test: Test, unless: bool) -> ArgumentRule {
        ArgumentRule {
            id: "r".into(),
            argument: "/channel".into(),
            test,
            unless,
            effect: Effect::Deny,
            note: String::new(),
            examples: Vec::new(),
            by: String::new(),
            at: 0,
        }
    }

    fn stops(rule: &ArgumentRule, arguments: Value) -> bool {
        rule.stops(arguments.as_object().unwrap())
    }

    fn only(channels: &[&str]) -> ArgumentRule {
        rule(Test::OneOf(channels.iter().map(|channel| json!(channel)).collect()), true)
    }

    #[test]
    fn n06_only_these_channels() {
        let rule = only(&["ops", "dev"]);
        assert!(!stops(&rule, json!({"channel": "ops"})));
        assert!(stops(&rule, json!({"channel": "general"})));
        // Neither leaving it out, nor another type, nor hiding it in a list gets around it.
        assert!(stops(&rule, json!({})) && stops(&rule, json!({"channel": 1})));
        assert!(stops(&rule, json!({"channel": ["ops", "general"]})));
        assert!(!stops(&rule, json!({"channel": ["ops", "dev"]})));
        assert_eq!(rule.sentence(), "refused when `channel` is not one of `ops`, `dev`");
    }

    #[test]
    fn n06_not_this_repository() {
        let rule = rule(Test::Prefix("acme/secret".into()), false);
        assert!(stops(&rule, json!({"channel": "acme/secret-plans"})));
        assert!(!stops(&rule, json!({"channel": "acme/site"})) && !stops(&rule, json!({})));
        assert!(stops(&rule, json!({"channel": {"name": "acme/secret"}})), "what cannot be judged is stopped");
    }

    #[test]
    fn r14_numbers_have_bounds_and_whole_ones_are_compared_exactly() {
        let most = |max: Value| rule(Test::Within { min: None, max: max.as_number().cloned() }, true);
        assert!(!stops(&most(json!(100)), json!({"channel": 100})));
        assert!(stops(&most(json!(100)), json!({"channel": 100.5})));
        assert!(stops(&most(json!(9007199254740992_u64)), json!({"channel": 9007199254740993_u64})));
        assert!(stops(&most(json!(100)), json!({"channel": "5"})), "a text is no number");
    }

    #[test]
    fn x41_a_pattern_is_matched_in_linear_time_and_limited_in_size() {
        let slow = rule(Test::Matches("^(a+)+$".to_owned().into()), true);
        let started = std::time::Instant::now();
        assert!(stops(&slow, json!({"channel": format!("{}b", "a".repeat(20_000))})));
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
        let huge = rule(Test::Matches("(((a{90}){90}){90}){9}".to_owned().into()), false);
        assert!(stops(&huge, json!({"channel": "x"})), "a rule that cannot be read stops");
        assert!(matches!(huge.check(), Err(Why::Rule(_))));
        let long = rule(Test::Matches("a".repeat(LONGEST_PATTERN + 1).into()), false);
        assert!(long.check().unwrap_err().to_string().contains("shorter"));
    }

    #[test]
    fn n06_every_entry_of_a_list_within_an_object_counts() {
        let mut rule = rule(Test::Equals(json!("root")), false);
        rule.argument = "/users/name".into();
        assert!(stops(&rule, json!({"users": [{"name": "ada"}, {"name": "root"}]})));
        assert!(!stops(&rule, json!({"users": [{"name": "ada"}, {"id": "root"}]})));
    }

    #[test]
    fn n06_examples_are_checked_when_a_rule_is_saved() {
        let mut rule = only(&["ops"]);
        let example = |value: Value, stops| Example { value: Some(value), stops };
        assert!(rule.check().unwrap_err().to_string().contains("needs an example of a value that it stops"));
        rule.examples = vec![example(json!("general"), true)];
        assert!(rule.check().unwrap_err().to_string().contains("lets pass"));
        rule.examples.push(example(json!("OPS"), false));
        assert_eq!(
            rule.check().unwrap_err().to_string(),
            "the rule stops `OPS`, which is an example of what it lets pass; mend the rule or the example"
        );
        rule.examples[1] = example(json!("ops"), false);
        assert_eq!(rule.check(), Ok(()));
    }

    #[test]
    fn a_rule_that_says_nothing_is_refused() {
        for test in [
            Test::OneOf(vec![]),
            Test::Prefix(String::new()),
            Test::Within { min: None, max: None },
            Test::Within { min: Some(5.into()), max: Some(1.into()) },
            Test::Matches("(".to_owned().into()),
        ] {
            assert!(matches!(rule(test.clone(), false).check(), Err(Why::Rule(_))), "{test:?}");
        }
        let nowhere = ArgumentRule { argument: String::new(), ..only(&["a"]) };
        assert!(matches!(nowhere.check(), Err(Why::Rule(_))));
    }

    #[test]
    fn a_rule_is_stored_as_it_was() {
        for test in [
            Test::Equals(json!({"a": 1})),
            Test::OneOf(vec![json!("a"), json!(1)]),
            Test::Prefix("a".into()),
            Test::Matches("^a".to_owned().into()),
            Test::Within { min: Some(1.into()), max: None },
        ] {
            let rule = rule(test, true);
            let text = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<ArgumentRule>(&text).unwrap(), rule);
        }
    }

    #[test]
    fn the_arguments_of_a_schema_are_found_with_their_types() {
        let schema = json!({"properties": {"channel": {"type": "string"}, "users": {"type": "array", "items": {
            "type": "object", "properties": {"name": {"type": "string"}}}}}});
        let found = arguments_of(&schema);
        let names: Vec<_> = found.iter().map(|(path, kind)| (path.as_str(), kind.as_str())).collect();
        assert_eq!(names, [("/channel", "string"), ("/users", "array"), ("/users/name", "string")]);
    }
}
