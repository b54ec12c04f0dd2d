//! The check of a value against a JSON Schema.

use super::form::{Format, display};
use super::reference;
use serde_json::{Map, Number, Value};

/// How many schema keywords are looked at before the check gives up (X41: exponential `allOf`).
const MAX_WORK: usize = 200_000;

/// How deep schemas may lie in schemas, references counted.
const MAX_DEPTH: usize = 64;

/// How many problems are reported.
const MAX_PROBLEMS: usize = 50;

/// Says whether a text matches a pattern (ECMA 262, unanchored), or `None` when it cannot or will not say.
///
/// Lent by the caller, because patterns come from servers and must not be able to hang the page.
pub type Matches<'a> = &'a dyn Fn(&str, &str) -> Option<bool>;

/// Something that is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON Pointer (RFC 6901): empty for the value itself, `/address/street`, `/tags/0`.
    pub path: String,
    /// What is wrong and what would be right. Holds server text where the schema has some.
    pub message: String,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong, at most 50 things.
    pub problems: Vec<Problem>,
    /// What was not looked at, in words: patterns without an engine, keywords and dialects not known here.
    pub unchecked: Vec<String>,
}

impl Checked {
    /// True when nothing wrong was found.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// What is wrong with `value`; patterns are not looked at. See [`check_with`].
pub fn check(schema: &Value, value: &Value) -> Vec<Problem> {
    check_with(schema, value, &|_, _| None).problems
}

/// What is wrong with `value`, and what was not looked at.
///
/// References inside the document are followed, remote ones never: a value whose schema lies behind one does not count as
/// valid, because nobody knows (2026-07-28, basic, "`$ref` Resolution"). Neither does one whose schema asks for too much
/// work.
pub fn check_with(schema: &Value, value: &Value, matches: Matches<'_>) -> Checked {
    let mut run =
        Run { root: schema, resource: schema, matches, work: 0, out: Checked::default(), gave_up: false, lost: 0 };
    match schema.get("$schema").and_then(Value::as_str) {
        Some(dialect) if !is_known(dialect) => {
            run.unchecked(format!("a schema of the dialect `{}`", short_text(dialect)))
        }
        _ => run.value(schema, value, "", 0),
    }
    if run.gave_up {
        run.out.problems = vec![Problem {
            path: String::new(),
            message: "the schema of this action is too large or too deep to be checked here; tell who runs the server"
                .to_owned(),
        }];
    }
    run.out.problems.truncate(MAX_PROBLEMS);
    run.out
}

/// The dialects whose words mean here what they say: 2020-12, and the three before it, which differ from it in words that
/// are not judged. Others are older than `const` or somebody's own.
fn is_known(dialect: &str) -> bool {
    let name = dialect.trim_end_matches('#').split_once("://").map_or(dialect, |(_, name)| name);
    const KNOWN: [&str; 4] = [
        "json-schema.org/draft/2020-12/schema",
        "json-schema.org/draft/2019-09/schema",
        "json-schema.org/draft-07/schema",
        "json-schema.org/draft-06/schema",
    ];
    KNOWN.contains(&name)
}

struct Run<'a> {
    root: &'a Value,
    /// The part of the document, with an address of its own, that is being looked at.
    resource: &'a Value,
    matches: Matches<'a>,
    work: usize,
    out: Checked,
    gave_up: bool,
    /// How many references led nowhere.
    lost: usize,
}

impl<'a> Run<'a> {
    fn problem(&mut self, path: &str, message: String) {
        // One more than reported: a branch that is tried and thrown away needs only the first.
        if self.out.problems.len() <= MAX_PROBLEMS {
            self.out.problems.push(Problem { path: path.to_owned(), message });
        }
    }

    fn unchecked(&mut self, what: String) {
        if self.out.unchecked.len() < MAX_PROBLEMS && !self.out.unchecked.contains(&what) {
            self.out.unchecked.push(what);
        }
    }

    /// True when `value` fits `schema`; nothing is reported.
    fn fits(&mut self, schema: &'a Value, value: &Value, path: &str, depth: usize) -> bool {
        let kept = std::mem::take(&mut self.out.problems);
        self.value(schema, value, path, depth);
        std::mem::replace(&mut self.out.problems, kept).is_empty()
    }

    fn value(&mut self, schema: &'a Value, value: &Value, path: &str, depth: usize) {
        self.work += 1;
        if depth > MAX_DEPTH || self.work > MAX_WORK {
            self.gave_up = true;
        }
        if self.gave_up {
            return;
        }
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return self.problem(path, "nothing is allowed here".to_owned()),
            Value::Object(keywords) => keywords,
            _ => return self.unchecked("a part of the schema that is not a schema".to_owned()),
        };
        let outer = self.resource;
        if reference::id(schema).is_some() {
            self.resource = schema;
        }
        for (keyword, rule) in keywords {
            // A list is looked through in one go, but one that many references lead to is not free.
            self.work += 1 + reference::width(rule) / 16;
            self.keyword(keywords, keyword, rule, value, path, depth);
            if self.gave_up {
                break;
            }
        }
        self.resource = outer;
    }

    /// Judges by what a reference leads to. What lies elsewhere is refused.
    fn refers(&mut self, keyword: &str, rule: &Value, value: &Value, path: &str, depth: usize) {
        let mut left = MAX_WORK.saturating_sub(self.work);
        let look = if keyword == "$ref" { reference::target } else { reference::dynamic_target };
        let found = rule.as_str().and_then(|name| look(self.root, self.resource, name, &mut left));
        self.work = MAX_WORK - left;
        let Some((resource, schema)) = found else {
            self.lost += 1;
            let name = short_text(rule.as_str().unwrap_or("?"));
            return self.problem(
                path,
                format!("what belongs here is defined under `{name}`, which is not fetched; tell who runs the server"),
            );
        };
        let outer = std::mem::replace(&mut self.resource, resource);
        self.value(schema, value, path, depth + 1);
        self.resource = outer;
    }

    fn keyword(
        &mut self,
        all: &'a Map<String, Value>,
        keyword: &str,
        rule: &'a Value,
        value: &Value,
        path: &str,
        depth: usize,
    ) {
        let lost = self.lost;
        match keyword {
            "$ref" | "$dynamicRef" | "$recursiveRef" => self.refers(keyword, rule, value, path, depth),
            "type" => self.kind(rule, value, path),
            "enum" => {
                let options = rule.as_array().map(Vec::as_slice).unwrap_or_default();
                if !options.iter().any(|option| same(option, value)) {
                    let list = options
                        .iter()
                        .take(12)
                        .map(|option| format!("`{}`", display(option)))
                        .collect::<Vec<_>>()
                        .join(", ");
                    let more = if options.len() > 12 { ", ..." } else { "" };
                    self.problem(path, format!("`{}` is not one of {list}{more}", short(value)));
                }
            }
            "const" if !same(rule, value) => self.problem(path, format!("this has to be `{}`", display(rule))),
            "allOf" => {
                for part in list(rule) {
                    self.value(part, value, path, depth + 1);
                }
            }
            "anyOf" => self.any_of(list(rule), value, path, depth),
            "oneOf" => {
                let fitting = list(rule).iter().filter(|part| self.fits(part, value, path, depth + 1)).count();
                match fitting {
                    1 => {}
                    0 => self.any_of(list(rule), value, path, depth),
                    many => {
                        self.problem(path, format!("this fits {many} of the allowed shapes and has to fit exactly one"))
                    }
                }
            }
            "not" if self.fits(rule, value, path, depth + 1) => {
                self.problem(path, "this value is one that the server excludes".to_owned());
            }
            "if" => {
                let branch = if self.fits(rule, value, path, depth + 1) { "then" } else { "else" };
                if let Some(branch) = all.get(branch) {
                    self.value(branch, value, path, depth + 1);
                }
            }
            _ => match value {
                Value::String(text) => self.text(keyword, rule, text, path),
                Value::Number(number) => self.number(keyword, rule, number, path),
                Value::Array(items) => self.items(all, keyword, rule, items, path, depth),
                Value::Object(object) => self.object(all, keyword, rule, object, value, path, depth),
                Value::Null | Value::Bool(_) => {}
            },
        }
        // Where a no of a part is a yes of the whole, what nobody can judge must not become one.
        if matches!(keyword, "not" | "if" | "oneOf" | "contains") && self.lost > lost {
            self.problem(
                path,
                "a part of the schema is defined elsewhere and not fetched; tell who runs the server".into(),
            );
        }
        if matches!(keyword, "unevaluatedProperties" | "unevaluatedItems" | "dependencies") {
            self.unchecked(format!("`{keyword}`"));
        }
    }

    /// None of the alternatives fits: the problems of the one that comes closest say most.
    fn any_of(&mut self, parts: &'a [Value], value: &Value, path: &str, depth: usize) {
        let mut closest: Option<Vec<Problem>> = None;
        for part in parts {
            let kept = std::mem::take(&mut self.out.problems);
            self.value(part, value, path, depth + 1);
            let problems = std::mem::replace(&mut self.out.problems, kept);
            if problems.is_empty() {
                return;
            }
            // A type mismatch at the top says only that another alternative was meant.
            let weight = |list: &[Problem]| {
                (list.iter().any(|one| one.path == path && one.message.starts_with("this has to be")), list.len())
            };
            if closest.as_ref().is_none_or(|best| weight(&problems) < weight(best)) {
                closest = Some(problems);
            }
        }
        match closest {
            Some(problems) if parts.len() <= 2 && problems.len() == 1 => self.out.problems.extend(problems),
            Some(problems) => {
                let first = problems.first().map(|one| one.message.clone()).unwrap_or_default();
                self.problem(
                    path,
                    format!("this fits none of the {} allowed shapes; the closest says: {first}", parts.len()),
                );
            }
            None => {}
        }
    }

    fn kind(&mut self, rule: &Value, value: &Value, path: &str) {
        let names: Vec<&str> = match rule {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        if !names.iter().any(|name| is_a(name, value)) {
            let wanted = names.iter().map(|name| kind_words(name)).collect::<Vec<_>>().join(" or ");
            self.problem(path, format!("this has to be {wanted}, not {}", kind_words(kind_of(value))));
        }
    }

    fn text(&mut self, keyword: &str, rule: &Value, text: &str, path: &str) {
        match keyword {
            "minLength" | "maxLength" => {
                let (Some(limit), length) = (rule.as_u64(), count(text.chars())) else {
                    return;
                };
                if keyword == "minLength" && length < limit {
                    let message = match (limit, length) {
                        (1, _) => "this must not be empty".to_owned(),
                        _ => format!("at least {limit} characters are needed, this has {length}"),
                    };
                    self.problem(path, message);
                } else if keyword == "maxLength" && length > limit {
                    self.problem(path, format!("at most {limit} characters are allowed, this has {length}"));
                }
            }
            "pattern" => {
                let Some(pattern) = rule.as_str() else { return };
                match (self.matches)(pattern, text) {
                    Some(true) => {}
                    Some(false) => {
                        self.problem(path, format!("`{}` does not match the pattern `{pattern}`", short_text(text)))
                    }
                    None => self.unchecked(format!("the pattern `{pattern}`")),
                }
            }
            "format" => {
                let Some(name) = rule.as_str() else { return };
                match Format::named(name) {
                    Some(format) if !well_formed(format, text) => {
                        self.problem(path, format!("`{}` is not {}", short_text(text), format_words(format)));
                    }
                    Some(_) => {}
                    None => self.unchecked(format!("the format `{name}`")),
                }
            }
            _ => {}
        }
    }

    fn number(&mut self, keyword: &str, rule: &Value, number: &Number, path: &str) {
        let Value::Number(bound) = rule else { return };
        let order = compare(number, bound);
        let message = match keyword {
            "minimum" if order.is_lt() => {
                format!("{number} is less than {bound}, the least allowed")
            }
            "maximum" if order.is_gt() => {
                format!("{number} is more than {bound}, the most allowed")
            }
            "exclusiveMinimum" if order.is_le() => {
                format!("this has to be more than {bound}, not {number}")
            }
            "exclusiveMaximum" if order.is_ge() => {
                format!("this has to be less than {bound}, not {number}")
            }
            "multipleOf" if !is_multiple(number, bound) => {
                format!("{number} is not a multiple of {bound}")
            }
            _ => return,
        };
        self.problem(path, message);
    }

    fn items(
        &mut self,
        all: &'a Map<String, Value>,
        keyword: &str,
        rule: &'a Value,
        items: &[Value],
        path: &str,
        depth: usize,
    ) {
        let length = count(items.iter());
        match keyword {
            "prefixItems" => {
                for (at, (schema, item)) in list(rule).iter().zip(items).enumerate() {
                    self.value(schema, item, &format!("{path}/{at}"), depth + 1);
                }
            }
            "items" => {
                let skip = all.get("prefixItems").map_or(0, |prefix| list(prefix).len());
                for (at, item) in items.iter().enumerate().skip(skip) {
                    self.value(rule, item, &format!("{path}/{at}"), depth + 1);
                }
            }
            "minItems" if rule.as_u64().is_some_and(|min| length < min) => {
                self.problem(path, format!("at least {rule} entries are needed, there are {length}"));
            }
            "maxItems" if rule.as_u64().is_some_and(|max| length > max) => {
                self.problem(path, format!("at most {rule} entries are allowed, there are {length}"));
            }
            "uniqueItems" if rule == &Value::Bool(true) => {
                self.work = self.work.saturating_add(items.len().saturating_mul(items.len()) / 2);
                if self.work > MAX_WORK {
                    self.gave_up = true;
                    return;
                }
                let twice = items
                    .iter()
                    .enumerate()
                    .find(|(at, item)| items.iter().take(*at).any(|earlier| same(earlier, item)));
                if let Some((at, item)) = twice {
                    self.problem(&format!("{path}/{at}"), format!("`{}` is in the list twice", short(item)));
                }
            }
            "contains" => {
                let fitting = count(
                    items
                        .iter()
                        .enumerate()
                        .filter(|(at, item)| self.fits(rule, item, &format!("{path}/{at}"), depth + 1)),
                );
                let least = all.get("minContains").and_then(Value::as_u64).unwrap_or(1);
                let most = all.get("maxContains").and_then(Value::as_u64).unwrap_or(u64::MAX);
                if fitting < least {
                    self.problem(
                        path,
                        format!("at least {least} entries of a certain shape are needed, there are {fitting}"),
                    );
                } else if fitting > most {
                    self.problem(
                        path,
                        format!("at most {most} entries of a certain shape are allowed, there are {fitting}"),
                    );
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one keyword needs its siblings, its rule, the value, and the place")]
    fn object(
        &mut self,
        all: &'a Map<String, Value>,
        keyword: &str,
        rule: &'a Value,
        object: &Map<String, Value>,
        whole: &Value,
        path: &str,
        depth: usize,
    ) {
        match keyword {
            "required" => {
                for name in list(rule).iter().filter_map(Value::as_str).filter(|name| !object.contains_key(*name)) {
                    self.problem(&child(path, name), "this is required".to_owned());
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(value) = object.get(name) {
                        self.value(schema, value, &child(path, name), depth + 1);
                    }
                }
            }
            "patternProperties" => {
                for (pattern, schema) in rule.as_object().into_iter().flatten() {
                    for (name, value) in object {
                        match (self.matches)(pattern, name) {
                            Some(true) => self.value(schema, value, &child(path, name), depth + 1),
                            Some(false) => {}
                            None => self.unchecked(format!("keys that match `{pattern}`")),
                        }
                    }
                }
            }
            "additionalProperties" => self.additional(all, rule, object, path, depth),
            "propertyNames" => {
                for name in object.keys() {
                    if !self.fits(rule, &Value::String(name.clone()), path, depth + 1) {
                        self.problem(
                            &child(path, name),
                            format!("`{}` is not allowed as a name here", short_text(name)),
                        );
                    }
                }
            }
            "minProperties" if rule.as_u64().is_some_and(|min| count(object.iter()) < min) => {
                self.problem(path, format!("at least {rule} values are needed, there are {}", object.len()));
            }
            "maxProperties" if rule.as_u64().is_some_and(|max| count(object.iter()) > max) => {
                self.problem(path, format!("at most {rule} values are allowed, there are {}", object.len()));
            }
            "dependentRequired" => {
                for (name, needed) in
                    rule.as_object().into_iter().flatten().filter(|(name, _)| object.contains_key(*name))
                {
                    for other in
                        list(needed).iter().filter_map(Value::as_str).filter(|other| !object.contains_key(*other))
                    {
                        self.problem(&child(path, other), format!("this is required together with `{name}`"));
                    }
                }
            }
            "dependentSchemas" => {
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if object.contains_key(name) {
                        self.value(schema, whole, path, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn additional(
        &mut self,
        all: &'a Map<String, Value>,
        rule: &'a Value,
        object: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) {
        let named = all.get("properties").and_then(Value::as_object);
        let patterns = all.get("patternProperties").and_then(Value::as_object);
        for (name, value) in object {
            if named.is_some_and(|named| named.contains_key(name)) {
                continue;
            }
            let by_pattern: Vec<Option<bool>> =
                patterns.into_iter().flatten().map(|(pattern, _)| (self.matches)(pattern, name)).collect();
            if by_pattern.contains(&Some(true)) || by_pattern.contains(&None) {
                continue;
            }
            if *rule == Value::Bool(false) {
                let known = named.map(|named| named.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
                let hint = closest(name, &known).map(|near| format!("; did you mean `{near}`")).unwrap_or_default();
                self.problem(&child(path, name), format!("the action takes no argument `{}`{hint}", short_text(name)));
            } else {
                self.value(rule, value, &child(path, name), depth + 1);
            }
        }
    }
}

fn closest<'k>(name: &str, known: &'k [String]) -> Option<&'k str> {
    let near = known.iter().map(|one| (crate::direct::distance(&name.to_lowercase(), &one.to_lowercase()), one));
    near.filter(|(distance, one)| *distance <= 1 + one.chars().count() / 5).min().map(|(_, one)| one.as_str())
}

fn list(rule: &Value) -> &[Value] {
    rule.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn count(items: impl Iterator) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

fn child(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn short(value: &Value) -> String {
    short_text(&display(value))
}

fn short_text(text: &str) -> String {
    crate::conversation::one_line(text, 60)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if whole(number) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    kind_of(value) == name || (name == "number" && value.is_number())
}

fn kind_words(name: &str) -> &str {
    match name {
        "null" => "nothing (null)",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a group of values",
        other => other,
    }
}

/// To JSON Schema 3.0 is a whole number.
fn whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

fn compare(a: &Number, b: &Number) -> std::cmp::Ordering {
    // Whole numbers exactly, beyond what a float holds.
    let exact = |n: &Number| n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
    match (exact(a), exact(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or(f64::NAN).total_cmp(&b.as_f64().unwrap_or(f64::NAN)),
    }
}

fn is_multiple(number: &Number, of: &Number) -> bool {
    if let (Some(number), Some(of)) = (number.as_i64(), of.as_i64()) {
        return of != 0 && number % of == 0;
    }
    let (Some(number), Some(of)) = (number.as_f64(), of.as_f64()) else {
        return true;
    };
    if of == 0.0 {
        return false;
    }
    let times = number / of;
    // 0.3 is a multiple of 0.1 to people, though not to binary fractions.
    (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

/// Equality of JSON Schema: 1 and 1.0 are the same.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b).is_eq(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn format_words(format: Format) -> &'static str {
    match format {
        Format::Date => "a date such as 2026-11-23",
        Format::DateTime => "a date with time such as 2026-11-23T09:30:00Z",
        Format::Time => "a time such as 09:30:00Z",
        Format::Email => "an e-mail address",
        Format::Uri => "a whole address such as https://example.com/",
        Format::Uuid => "a UUID",
    }
}

fn well_formed(format: Format, text: &str) -> bool {
    match format {
        Format::Date => is_date(text),
        Format::Time => is_time(text),
        Format::DateTime => text.split_once(['T', 't', ' ']).is_some_and(|(date, time)| is_date(date) && is_time(time)),
        Format::Email => text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !text.contains(char::is_whitespace)
        }),
        Format::Uri => text.split_once(':').is_some_and(|(scheme, rest)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
                && !rest.is_empty()
                && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
        }),
        Format::Uuid => {
            let groups: Vec<&str> = text.split('-').collect();
            groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                && groups.iter().all(|g| g.chars().all(|c| c.is_ascii_hexdigit()))
        }
    }
}

/// True for a day that exists, written as RFC 3339 `full-date`.
pub(crate) fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (fixed(year, 4), fixed(month, 2), fixed(day, 2)) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// RFC 3339 `full-time`.
fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => return false,
    };
    let zone_ok = match zone.strip_prefix(['+', '-']) {
        Some(offset) => offset
            .split_once(':')
            .is_some_and(|(h, m)| fixed(h, 2).is_some_and(|h| h < 24) && fixed(m, 2).is_some_and(|m| m < 60)),
        None => zone.len() == 1,
    };
    let (whole, fraction) = clock.split_once('.').map_or((clock, None), |(whole, fraction)| (whole, Some(fraction)));
    let fraction_ok = fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    let mut parts = whole.split(':');
    let (Some(h), Some(m), Some(s), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let below = |text: &str, limit: u32| fixed(text, 2).is_some_and(|number| number < limit);
    zone_ok && fraction_ok && below(h, 24) && below(m, 60) && below(s, 61)
}

fn fixed(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}
