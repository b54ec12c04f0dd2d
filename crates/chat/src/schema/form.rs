//! A form from a JSON Schema.

use super::reference::{spend, width};
use super::{MAX_LOOKED, resolve, types};
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;

/// How deep groups may lie in groups; below that a field takes raw JSON.
const MAX_DEPTH: usize = 4;

/// How many fields a form has at most, groups counted with their fields; what is beyond takes raw JSON.
const MAX_FIELDS: usize = 300;

/// How many notes a form has at most.
const MAX_NOTES: usize = 20;

const TOO_LARGE: &str = "the schema is too large to be shown";

/// What a person is asked to fill in. All texts are server texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// The title of the schema.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The fields: required ones as they stand in the schema, like all others.
    pub fields: Vec<Field>,
    /// True when the schema allows arguments it does not name, or asks for more than fields can show; the form then
    /// offers to edit the whole value as JSON.
    pub open: bool,
    /// What the form could not show, in words.
    pub notes: Vec<String>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key under which the value is sent.
    pub name: String,
    /// The title from the schema, or the name in readable words.
    pub title: String,
    /// What the server says about it.
    pub description: Option<String>,
    /// What can be put in.
    pub kind: Kind,
    /// True when the call is not valid without it.
    pub required: bool,
    /// True when `null` is allowed.
    pub nullable: bool,
    /// The value that the server suggests. Shown as suggested by the server, never sent unseen.
    pub default: Option<Value>,
    /// An example from the schema, for a placeholder.
    pub example: Option<String>,
}

/// What can be put into a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text.
    Text {
        /// What kind of text.
        format: Option<Format>,
        /// Fewest characters.
        min: Option<u64>,
        /// Most characters.
        max: Option<u64>,
        /// The pattern it has to match, as written by the server; see [`super::Matches`].
        pattern: Option<String>,
        /// True when it is likely to be longer than a line.
        long: bool,
    },
    /// A number.
    Number {
        /// True when only whole numbers are allowed.
        whole: bool,
        /// Smallest value, as written.
        min: Option<Number>,
        /// Largest value, as written.
        max: Option<Number>,
        /// It has to be a multiple of this.
        step: Option<Number>,
    },
    /// Yes or no.
    Boolean,
    /// One of a few values.
    Choice(Vec<Opt>),
    /// Any number of a few values (multi-select).
    Choices {
        /// What there is to choose from.
        options: Vec<Opt>,
        /// Fewest.
        min: Option<u64>,
        /// Most.
        max: Option<u64>,
    },
    /// A list of values of one kind, which is never a list or group itself.
    List {
        /// The kind of each.
        item: Box<Kind>,
        /// Fewest.
        min: Option<u64>,
        /// Most.
        max: Option<u64>,
    },
    /// A group of fields: an object.
    Group(Vec<Field>),
    /// A single value that is always sent as it is.
    Fixed(Value),
    /// JSON, typed by hand, because the schema asks for something that fields cannot show.
    Raw {
        /// Why.
        why: String,
    },
}

/// One of the values to choose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Opt {
    /// The value that is sent.
    pub value: Value,
    /// What is shown for it.
    pub title: String,
    /// What the server says about it.
    pub description: Option<String>,
}

/// Formats of text that a field helps with. Others are shown as plain text fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `2026-11-23`.
    Date,
    /// `2026-11-23T09:30:00Z`.
    DateTime,
    /// `09:30:00Z`.
    Time,
    /// An e-mail address.
    Email,
    /// An absolute URI.
    Uri,
    /// A UUID.
    Uuid,
}

impl Format {
    /// The format with this name in JSON Schema.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "time" => Self::Time,
            "email" | "idn-email" => Self::Email,
            "uri" | "url" | "iri" => Self::Uri,
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }
}

/// Why a typed text is not a value of the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// Not a number.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// Not a whole number.
    #[error("`{0}` is not a whole number")]
    NotWhole(String),
    /// More digits than a JSON number here can keep.
    #[error("`{0}` has more digits than can be sent exactly")]
    NotExact(String),
    /// Not one of the options.
    #[error("`{0}` is not one of the choices")]
    NotAChoice(String),
    /// Not yes or no.
    #[error("`{0}` is neither true nor false")]
    NotABoolean(String),
    /// Not JSON.
    #[error("this is not valid JSON: {0}")]
    NotJson(String),
}

/// The form for an input schema, or for the schema of an elicitation.
///
/// Never fails: what cannot be shown becomes a [`Kind::Raw`] field or a note.
pub fn form_of(schema: &Value) -> Form {
    let mut maker = Maker { root: schema, left: MAX_FIELDS, work: MAX_LOOKED, notes: Vec::new() };
    let top = match resolve(schema, schema, &mut maker.work) {
        Ok(top) => maker.merged(top),
        Err(reference) => {
            maker.note(elsewhere(&reference));
            return Form { open: true, notes: maker.notes, ..Form::default() };
        }
    };
    let fields = maker.fields(&top, 0);
    let combined = ["anyOf", "oneOf", "if", "dependentSchemas", "dependentRequired", "not"]
        .iter()
        .any(|key| top.get(*key).is_some());
    if combined {
        maker.note("some fields depend on each other; the whole is checked before it is sent".to_owned());
    }
    let additional = match top.get("additionalProperties") {
        None => fields.is_empty(),
        Some(Value::Bool(allowed)) => *allowed,
        Some(_) => true,
    };
    Form {
        title: text(&top, "title"),
        description: text(&top, "description"),
        open: additional || top.get("patternProperties").is_some() || combined || maker.work == 0,
        fields,
        notes: maker.notes,
    }
}

struct Maker<'a> {
    root: &'a Value,
    /// Fields that it may still have.
    left: usize,
    /// Parts of the schema that may still be looked at.
    work: usize,
    notes: Vec<String>,
}

impl Maker<'_> {
    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn fields(&mut self, object: &Value, depth: usize) -> Vec<Field> {
        let Some(properties) = object.get("properties").and_then(Value::as_object) else {
            return Vec::new();
        };
        let required: Vec<&str> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = Vec::new();
        for (name, schema) in properties {
            if self.left == 0 {
                self.note(format!("only the first {MAX_FIELDS} fields are shown; edit the rest as JSON"));
                break;
            }
            self.left -= 1;
            fields.push(self.field(name, schema, required.contains(&name.as_str()), depth));
        }
        fields
    }

    fn field(&mut self, name: &str, schema: &Value, required: bool, depth: usize) -> Field {
        let resolved = match resolve(self.root, schema, &mut self.work) {
            Ok(resolved) => self.merged(resolved),
            Err(reference) => {
                let why = elsewhere(&reference);
                return Field {
                    name: name.to_owned(),
                    title: text(schema, "title").unwrap_or_else(|| readable(name)),
                    description: text(schema, "description"),
                    kind: Kind::Raw { why },
                    required,
                    nullable: false,
                    default: schema.get("default").cloned(),
                    example: None,
                };
            }
        };
        // What stands beside a `$ref` speaks about this use of it and goes first.
        let said = |key: &str| text(schema, key).or_else(|| text(&resolved, key));
        let (inner, nullable) = self.without_null(&resolved);
        let example = inner
            .get("examples")
            .and_then(Value::as_array)
            .and_then(|examples| examples.first())
            .or_else(|| inner.get("example"))
            .filter(|example| !example.is_object() && !example.is_array())
            .map(display);
        Field {
            name: name.to_owned(),
            title: said("title").unwrap_or_else(|| readable(name)),
            description: said("description").or_else(|| text(&inner, "description")),
            kind: self.kind(&inner, name, depth),
            required,
            nullable,
            default: schema
                .get("default")
                .or_else(|| resolved.get("default"))
                .or_else(|| inner.get("default"))
                .cloned(),
            example,
        }
    }

    /// `null` taken out of `type: [..]`, `anyOf`, `oneOf` or `enum`, and whether it was there.
    fn without_null(&mut self, schema: &Value) -> (Value, bool) {
        let mut out = schema.clone();
        let mut nullable = schema.get("nullable").and_then(Value::as_bool).unwrap_or(false);
        if let Some(object) = out.as_object_mut() {
            if let Some(Value::Array(list)) = object.get_mut("type") {
                let before = list.len();
                list.retain(|one| one != "null");
                nullable |= list.len() < before;
                if let ([one], true) = (list.as_slice(), true) {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(list)) = object.get_mut("enum") {
                let before = list.len();
                list.retain(|one| !one.is_null());
                nullable |= list.len() < before;
            }
            for key in ["anyOf", "oneOf"] {
                let Some(Value::Array(list)) = object.get_mut(key) else {
                    continue;
                };
                let before = list.len();
                list.retain(|one| {
                    one.get("type").is_none_or(|kind| kind != "null") && one.get("const") != Some(&Value::Null)
                });
                nullable |= list.len() < before;
                // With one alternative left the alternative is the schema.
                if let [one] = list.as_slice() {
                    let one =
                        resolve(self.root, one, &mut self.work).map_or_else(|_| one.clone(), |one| self.merged(one));
                    object.remove(key);
                    if let Value::Object(one) = one {
                        for (name, value) in one {
                            object.entry(name).or_insert(value);
                        }
                    }
                    break;
                }
            }
        }
        (out, nullable)
    }

    /// The schema with the parts of its `allOf` put into it, as far as they add properties and keywords.
    fn merged(&mut self, schema: &Value) -> Value {
        let Some(parts) = schema.get("allOf").and_then(Value::as_array) else {
            return schema.clone();
        };
        let mut out = schema.as_object().cloned().unwrap_or_default();
        out.remove("allOf");
        for part in parts {
            match resolve(self.root, part, &mut self.work) {
                Ok(Value::Object(part)) => {
                    for (key, value) in part {
                        let work = 1 + width(value) + out.get(key).map_or(0, width);
                        if spend(&mut self.work, work).is_none() {
                            self.note(TOO_LARGE.to_owned());
                            return Value::Object(out);
                        }
                        merge_keyword(&mut out, key, value);
                    }
                }
                Ok(_) => {}
                Err(reference) => {
                    self.note(elsewhere(&reference));
                    if self.work == 0 {
                        break;
                    }
                }
            }
        }
        Value::Object(out)
    }

    fn kind(&mut self, schema: &Value, name: &str, depth: usize) -> Kind {
        if let Some(fixed) = schema.get("const") {
            return Kind::Fixed(fixed.clone());
        }
        if let Some(options) = self.options(schema) {
            return Kind::Choice(options);
        }
        // Half of its options, or none, would be a wrong field.
        if self.work == 0 {
            return raw(TOO_LARGE);
        }
        if schema.get("anyOf").is_some() || schema.get("oneOf").is_some() {
            return raw("it can have one of several shapes");
        }
        let named = types(schema);
        let guessed = match named.as_slice() {
            [one] => one,
            // A number that is also a whole number is a number.
            ["integer", "number"] | ["number", "integer"] => "number",
            [] if schema.get("properties").is_some() => "object",
            [] if schema.get("items").is_some() => "array",
            [] if ["minLength", "maxLength", "pattern", "format"].iter().any(|key| schema.get(*key).is_some()) => {
                "string"
            }
            [] if ["minimum", "maximum", "multipleOf"].iter().any(|key| schema.get(*key).is_some()) => "number",
            [] => return raw("the schema does not say what it is"),
            _ => return raw("it can be of several types"),
        };
        match guessed {
            "string" => text_kind(schema, name),
            "integer" => number_kind(schema, true),
            "number" => number_kind(schema, false),
            "boolean" => Kind::Boolean,
            "array" => self.list_kind(schema, name, depth),
            "object" if depth >= MAX_DEPTH => raw("it lies too deep"),
            "object" => {
                let fields = self.fields(schema, depth + 1);
                let closed = schema
                    .get("additionalProperties")
                    .is_none_or(|more| *more == Value::Bool(false) || *more == Value::Bool(true));
                if fields.is_empty() || !closed { raw("its keys are free") } else { Kind::Group(fields) }
            }
            "null" => Kind::Fixed(Value::Null),
            other => raw(&format!("`{other}` is not a JSON type")),
        }
    }

    fn list_kind(&mut self, schema: &Value, name: &str, depth: usize) -> Kind {
        let count = |key: &str| schema.get(key).and_then(Value::as_u64);
        let (min, max) = (count("minItems"), count("maxItems"));
        if depth >= MAX_DEPTH {
            return raw("it lies too deep");
        }
        let Some(items) = schema.get("items") else {
            return raw("the schema does not say what the list holds");
        };
        if schema.get("prefixItems").is_some() {
            return raw("each place of the list has its own shape");
        }
        let Ok(items) = resolve(self.root, items, &mut self.work) else {
            return raw("the shape of its items is defined elsewhere");
        };
        let items = self.merged(items);
        if let Some(options) = self.options(&items) {
            return Kind::Choices { options, min, max };
        }
        match self.kind(&items, name, depth + 1) {
            item @ (Kind::Text { .. } | Kind::Number { .. } | Kind::Boolean) => {
                Kind::List { item: Box::new(item), min, max }
            }
            _ => raw("its items are not plain values"),
        }
    }

    /// The options of an `enum` (with `enumNames`, as MCP elicitation once had them) or of constants under `oneOf` or
    /// `anyOf`.
    fn options(&mut self, schema: &Value) -> Option<Vec<Opt>> {
        if let Some(values) = schema.get("enum").and_then(Value::as_array).filter(|values| !values.is_empty()) {
            // Many alternatives can be the same long list.
            spend(&mut self.work, values.len())?;
            let names: Vec<&str> = schema
                .get("enumNames")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let title =
                |at: usize, value: &Value| names.get(at).map_or_else(|| display(value), |name| (*name).to_owned());
            return Some(
                values
                    .iter()
                    .enumerate()
                    .map(|(at, value)| Opt { value: value.clone(), title: title(at, value), description: None })
                    .collect(),
            );
        }
        let alternatives =
            schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array().filter(|list| !list.is_empty())?;
        let mut options = Vec::new();
        for alternative in alternatives {
            let alternative = resolve(self.root, alternative, &mut self.work).ok()?;
            if let Some(value) = alternative.get("const") {
                options.push(Opt {
                    value: value.clone(),
                    title: text(alternative, "title").unwrap_or_else(|| display(value)),
                    description: text(alternative, "description"),
                });
            } else {
                // Only a plain list of values, so that alternatives within alternatives cannot go on for ever (X41).
                alternative.get("enum")?;
                options.extend(self.options(alternative)?);
            }
        }
        Some(options)
    }
}

fn merge_keyword(out: &mut Map<String, Value>, key: &str, value: &Value) {
    match (key, out.get_mut(key), value) {
        ("properties" | "$defs", Some(Value::Object(have)), Value::Object(more)) => {
            for (name, schema) in more {
                have.entry(name.clone()).or_insert_with(|| schema.clone());
            }
        }
        ("required", Some(Value::Array(have)), Value::Array(more)) => {
            let mut known: BTreeSet<&str> = have.iter().filter_map(Value::as_str).collect();
            let new = more.iter().filter(|name| name.as_str().is_some_and(|name| known.insert(name)));
            let new: Vec<Value> = new.cloned().collect();
            have.extend(new);
        }
        (_, Some(_), _) => {}
        (_, None, _) => {
            out.insert(key.to_owned(), value.clone());
        }
    }
}

fn text_kind(schema: &Value, name: &str) -> Kind {
    let format = schema.get("format").and_then(Value::as_str).and_then(Format::named);
    let max = schema.get("maxLength").and_then(Value::as_u64);
    // There is no keyword for "several lines". Names that usually hold prose get a larger box; nothing else hangs on it.
    let prose = [
        "text",
        "body",
        "content",
        "description",
        "message",
        "markdown",
        "comment",
        "note",
        "notes",
        "summary",
        "prompt",
        "code",
        "html",
    ];
    let last = crate::direct::words(name).pop().unwrap_or_default();
    let long = format.is_none()
        && max.is_none_or(|max| max > 200)
        && (prose.contains(&last.as_str()) || max.is_some_and(|max| max > 500));
    Kind::Text {
        format,
        min: schema.get("minLength").and_then(Value::as_u64),
        max,
        pattern: text(schema, "pattern"),
        long,
    }
}

fn number_kind(schema: &Value, whole: bool) -> Kind {
    let number = |key: &str| match schema.get(key) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    // An exclusive bound is a bound for the field too; the check refuses the bound itself.
    Kind::Number {
        whole,
        min: number("minimum").or_else(|| number("exclusiveMinimum")),
        max: number("maximum").or_else(|| number("exclusiveMaximum")),
        step: number("multipleOf"),
    }
}

fn raw(why: &str) -> Kind {
    Kind::Raw { why: why.to_owned() }
}

fn elsewhere(reference: &str) -> String {
    format!("its shape is defined under `{reference}`, which is not followed")
}

fn text(schema: &Value, key: &str) -> Option<String> {
    schema.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// A name in readable words: `dueDate` and `due_date` become `Due date`.
fn readable(name: &str) -> String {
    let words = crate::direct::words(name).join(" ");
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => name.to_owned(),
    }
}

/// A value as a person reads it: text bare, everything else as JSON.
pub fn display(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value of a text typed into a field of this kind. A number stays exactly the number that was typed.
///
/// # Errors
/// [`TypedError`] with what was typed, when it is not a value of the kind. Ranges and lengths are checked by
/// [`super::check()`].
pub fn typed(kind: &Kind, text: &str) -> Result<Value, TypedError> {
    let trimmed = text.trim();
    match kind {
        Kind::Text { .. } => Ok(Value::String(text.to_owned())),
        Kind::Number { whole, .. } => number(trimmed, *whole),
        Kind::Boolean => match trimmed {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            other => Err(TypedError::NotABoolean(other.to_owned())),
        },
        Kind::Choice(options) => options
            .iter()
            .find(|option| option.title == text || display(&option.value) == text)
            .map(|option| option.value.clone())
            .ok_or_else(|| TypedError::NotAChoice(text.to_owned())),
        Kind::Fixed(value) => Ok(value.clone()),
        Kind::List { item, .. } => typed(item, text),
        Kind::Choices { options, .. } => typed(&Kind::Choice(options.clone()), text),
        Kind::Group(_) | Kind::Raw { .. } => {
            let value: Value = serde_json::from_str(trimmed).map_err(|error| TypedError::NotJson(error.to_string()))?;
            Ok(value)
        }
    }
}

fn number(text: &str, whole: bool) -> Result<Value, TypedError> {
    let not = || TypedError::NotANumber(text.to_owned());
    let parsed: Number = serde_json::from_str(text.strip_prefix('+').unwrap_or(text)).map_err(|_| not())?;
    if !exact(text, &parsed) {
        return Err(TypedError::NotExact(text.to_owned()));
    }
    if whole && !parsed.is_i64() && !parsed.is_u64() {
        // 3.0 is a whole number to JSON Schema, but not what a field for whole numbers should send.
        return Err(TypedError::NotWhole(text.to_owned()));
    }
    Ok(Value::Number(parsed))
}

/// True when the number has the same digits as the text, so that nothing was rounded away.
fn exact(text: &str, number: &Number) -> bool {
    digits(text) == digits(&number.to_string())
}

/// Significant digits and the place of the point: `-12.50e1` and `-125` give the same.
fn digits(text: &str) -> (String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches(['+', '-']);
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{before}{after}");
    let significant = all.trim_start_matches('0');
    let leading = all.len() - significant.len();
    let kept = significant.trim_end_matches('0');
    if kept.is_empty() {
        return (String::new(), 0);
    }
    let point = i64::try_from(before.len()).unwrap_or(0) - i64::try_from(leading).unwrap_or(0);
    (kept.to_owned(), point + exponent.parse::<i64>().unwrap_or(0))
}

/// Puts the values of fields together: absent stays absent, [`Kind::Fixed`] fields that are required are always there.
/// `value_of` gets the path of each field (names from the outside in) and gives its value, if it has one.
pub fn collect(form: &Form, value_of: &mut dyn FnMut(&[&str], &Field) -> Option<Value>) -> Map<String, Value> {
    fn walk<'f>(
        fields: &'f [Field],
        path: &mut Vec<&'f str>,
        value_of: &mut dyn FnMut(&[&str], &Field) -> Option<Value>,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        for field in fields {
            path.push(&field.name);
            let value = match &field.kind {
                Kind::Group(inner) => {
                    let group = walk(inner, path, value_of);
                    (field.required || !group.is_empty()).then_some(Value::Object(group))
                }
                Kind::Fixed(value) if field.required => Some(value.clone()),
                _ => value_of(path, field),
            };
            path.pop();
            if let Some(value) = value {
                out.insert(field.name.clone(), value);
            }
        }
        out
    }
    walk(&form.fields, &mut Vec::new(), value_of)
}
