//! Arguments that can be seen in a text, and values of an earlier result that fit an argument.

use super::steps::quoted;
use super::words::{is_function_word, stem, words};
use crate::results::Offered;
use crate::schema::{Field, Form, Format, Kind, form_of, typed};
use serde_json::{Map, Value};

/// The arguments that can be seen in `text`; what cannot be seen stays open for the form.
///
/// Seen are: `name: value` and `name=value`, `name value` for short values, what follows `called`, `titled` or `named`,
/// choices by their words, `with`/`without` for yes and no, numbers, dates, e-mail and web addresses, quotations, and
/// the rest of the sentence for the one free text that is left. `about` holds the names of the action and connector,
/// whose words say what to do and are no content. Every value given is valid for its field.
pub fn fill(text: &str, schema: &Value, about: &[&str]) -> Map<String, Value> {
    let form = form_of(schema);
    let fields: Vec<&Field> = form.fields.iter().collect();
    let mut reader = Reader { text: Text::new(text), found: Vec::new() };
    reader.by_name(&fields);
    reader.by_title_words(&fields);
    reader.by_choice(&fields);
    reader.by_shape(&fields);
    reader.by_quotation(&fields);
    reader.by_what_follows_the_name(&fields);
    reader.by_rest(&fields, about);
    let mut out = Map::new();
    // In the order of the schema, as the form shows them.
    for field in &form.fields {
        if let Some((_, value)) = reader.found.iter().find(|(name, _)| *name == field.name)
            && suits(schema, &field.name, value)
        {
            out.insert(field.name.clone(), value.clone());
        }
    }
    out
}

/// Whether a value may stand under a name, whatever stands beside it.
pub(super) fn suits(schema: &Value, name: &str, value: &Value) -> bool {
    let alone = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
    crate::schema::check(&wrapped(schema, name), &alone).is_empty()
}

/// The schema with one property only, references kept.
fn wrapped(schema: &Value, name: &str) -> Value {
    let mut out = schema.as_object().cloned().unwrap_or_default();
    for keyword in [
        "required",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "then",
        "else",
        "not",
        "dependentRequired",
        "dependentSchemas",
        "minProperties",
    ] {
        out.remove(keyword);
    }
    if let Some(Value::Object(properties)) = out.get_mut("properties") {
        properties.retain(|key, _| key == name);
    }
    Value::Object(out)
}

/// A value of an earlier result that fits an argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Fed {
    /// The argument.
    pub argument: String,
    /// The value and where it comes from.
    pub offered: Offered,
}

/// Values of earlier results for the arguments that are still open, best fit for each; `offered` in order of nearness,
/// the last result first. Only names that agree count: `id` fits `note_id` when the value lies under `note` or `notes`,
/// or when it is the only `..id` asked for. A bare text fits the one free text that is required.
///
/// These are suggestions for a form. Where each came from is shown, and the confirmation traces it again (X75, X118).
pub fn feed(schema: &Value, filled: &Map<String, Value>, offered: &[Offered]) -> Vec<Fed> {
    let form: Form = form_of(schema);
    let open: Vec<&Field> = form.fields.iter().filter(|field| !filled.contains_key(&field.name)).collect();
    let mut out = Vec::new();
    for field in &open {
        let wanted: Vec<String> = words(&field.name).iter().map(|word| stem(word)).collect();
        let best = offered
            .iter()
            .enumerate()
            .filter(|(_, one)| fits(field, &one.value))
            .filter_map(|(at, one)| agreement(&wanted, one, &open).map(|score| (score, at, one)))
            // The first of equals: results come nearest first, values in reading order.
            .max_by(|(a, at_a, _), (b, at_b, _)| a.cmp(b).then(at_b.cmp(at_a)));
        if let Some((_, _, one)) = best {
            out.push(Fed { argument: field.name.clone(), offered: one.clone() });
        }
    }
    let texts: Vec<&&Field> = open.iter().filter(|field| field.required && is_free_text(field)).collect();
    if let [only] = texts.as_slice()
        && !out.iter().any(|fed: &Fed| fed.argument == only.name)
        && let Some(bare) = offered.iter().find(|one| one.name.is_empty() && fits(only, &one.value))
    {
        out.push(Fed { argument: only.name.clone(), offered: bare.clone() });
    }
    out
}

/// How well the name of a value agrees with the name of an argument, if it does.
fn agreement(wanted: &[String], offered: &Offered, open: &[&Field]) -> Option<u32> {
    let have: Vec<String> = words(&offered.name).iter().map(|word| stem(word)).collect();
    if have.is_empty() {
        return None;
    }
    if have == wanted {
        return Some(3);
    }
    let around: Vec<String> = offered.within.iter().flat_map(|key| words(key)).map(|word| stem(&word)).collect();
    let (last, front) = wanted.split_last()?;
    if have.last() != Some(last) {
        return None;
    }
    if !front.is_empty() && front.iter().all(|word| around.contains(word) || have.contains(word)) {
        return Some(2);
    }
    // `id` for `note_id`, when nothing else that is asked for ends in `id`.
    let alone =
        open.iter().filter(|field| words(&field.name).last().map(|word| stem(word)).as_ref() == Some(last)).count()
            == 1;
    (alone && (have.len() == 1 || wanted.len() == 1)).then_some(1)
}

fn fits(field: &Field, value: &Value) -> bool {
    match (&field.kind, value) {
        (Kind::Text { max, .. }, Value::String(text)) => {
            max.is_none_or(|max| u64::try_from(text.chars().count()).is_ok_and(|n| n <= max))
        }
        (Kind::Number { whole, .. }, Value::Number(number)) => !whole || number.is_i64() || number.is_u64(),
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Choice(options), value) => options.iter().any(|option| option.value == *value),
        _ => false,
    }
}

fn is_free_text(field: &Field) -> bool {
    matches!(field.kind, Kind::Text { format: None, pattern: None, .. })
}

/// A text of which parts are taken, so that nothing is used twice.
struct Text {
    whole: String,
    taken: Vec<(usize, usize)>,
}

impl Text {
    fn new(text: &str) -> Self {
        Self { whole: text.to_owned(), taken: Vec::new() }
    }

    fn free(&self, from: usize, to: usize) -> bool {
        self.taken.iter().all(|(begin, end)| to <= *begin || *end <= from)
    }

    fn take(&mut self, from: usize, to: usize) {
        self.taken.push((from, to));
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.whole.get(from..to).unwrap_or_default()
    }

    /// Words with their places, split at white space, marks at the ends left out.
    fn pieces(&self) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        let mut begin: Option<usize> = None;
        for (at, c) in self.whole.char_indices().chain([(self.whole.len(), ' ')]) {
            match (c.is_whitespace(), begin) {
                (true, Some(from)) => {
                    let word = self.slice(from, at);
                    let front = word.len() - word.trim_start_matches(['(', '[', ',', '"', '\'', '“']).len();
                    let back = word.trim_end_matches([')', ']', ',', '.', ';', ':', '?', '!', '"', '\'', '”']).len();
                    if front < back {
                        out.push((from + front, from + back));
                    }
                    begin = None;
                }
                (false, None) => begin = Some(at),
                _ => {}
            }
        }
        out
    }
}

struct Reader {
    text: Text,
    found: Vec<(String, Value)>,
}

/// Words after which a value has ended.
const STOPS: &[&str] =
    &[" and ", " with ", " in ", " on ", " to ", " for ", " from ", " by ", " saying ", " that says ", " as "];

/// Last words of the names of arguments that hold content.
const CONTENT_NAMES: &[&str] =
    &["text", "body", "content", "message", "description", "note", "comment", "markdown", "details"];

impl Reader {
    fn open<'f>(&self, fields: &[&'f Field]) -> Vec<&'f Field> {
        fields.iter().copied().filter(|field| !self.found.iter().any(|(name, _)| *name == field.name)).collect()
    }

    fn set(&mut self, field: &Field, value: Value, from: usize, to: usize) {
        self.found.push((field.name.clone(), value));
        self.text.take(from, to);
    }

    /// Where the value that begins at `from` ends: after its quotation, at a comma or another `name:`, or at the end.
    fn value_at(&self, from: usize, names: &[String]) -> (usize, usize, String) {
        if let Some(quote) = quoted(&self.text.whole).into_iter().find(|quote| quote.from == from) {
            return (from, quote.after, quote.text);
        }
        let rest = self.text.slice(from, self.text.whole.len());
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            let after = rest.get(at + c.len_utf8()..).unwrap_or_default();
            let names_follow = || {
                let next = after.trim_start().strip_prefix("and ").unwrap_or(after.trim_start());
                let key: String = next.chars().take_while(|c| c.is_alphanumeric() || "_- ".contains(*c)).collect();
                next.get(key.len()..).is_some_and(|rest| rest.starts_with([':', '=']))
                    && names.iter().any(|name| *name == words(&key).concat())
            };
            let stop = matches!(c, '\n' | ';') || ((c == ',' || c.is_whitespace()) && names_follow());
            if stop {
                end = at;
                break;
            }
        }
        let value = rest.get(..end).unwrap_or_default().trim_end().trim_end_matches(',').to_owned();
        (from, from + value.len(), value)
    }

    /// `name: value`, `name=value`, and `name value` where the value is one word of the right shape.
    fn by_name(&mut self, fields: &[&Field]) {
        let names: Vec<String> =
            fields.iter().flat_map(|field| [&field.name, &field.title]).map(|name| words(name).concat()).collect();
        let places: Vec<usize> = self.text.whole.char_indices().map(|(at, _)| at).collect();
        for at in places {
            let starts_word =
                self.text.slice(0, at).chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
            if !starts_word || !self.text.free(at, at + 1) {
                continue;
            }
            for field in self.open(fields) {
                if let Some((from, to, value)) = self.named_value(field, at, &names)
                    && let Some(value) = coerce(field, &value)
                {
                    self.set(field, value, at.min(from), to);
                    break;
                }
            }
        }
    }

    fn named_value(&self, field: &Field, at: usize, names: &[String]) -> Option<(usize, usize, String)> {
        let rest = self.text.slice(at, self.text.whole.len());
        for name in [&field.name, &field.title] {
            let Some(after) = spelled(rest, name).and_then(|length| rest.get(length..)) else {
                continue;
            };
            let trimmed = after.trim_start_matches([' ', '"']);
            if let Some(value) = trimmed.strip_prefix([':', '=']) {
                // "https://..." is no argument named `https`.
                if value.starts_with("//") {
                    continue;
                }
                let spaced = value.trim_start_matches(' ');
                let from = at + rest.len() - spaced.len();
                let equals = trimmed.starts_with('=') && !spaced.starts_with(['"', '\'', '“']);
                if equals {
                    let word = spaced.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ';']);
                    return (!word.is_empty()).then(|| (from, from + word.len(), word.to_owned()));
                }
                return Some(self.value_at(from, names)).filter(|(_, _, value)| !value.is_empty());
            }
            let Some(value) = after.strip_prefix(' ').map(str::trim_start) else {
                continue;
            };
            let from = at + rest.len() - value.len();
            if let Some(quote) = quoted(&self.text.whole).into_iter().find(|quote| quote.from == from) {
                return Some((from, quote.after, quote.text));
            }
            let word = value.split_whitespace().next().unwrap_or_default().trim_end_matches([',', '.', ';', '?', '!']);
            let telling = match &field.kind {
                Kind::Number { .. } => true,
                Kind::Text { format: Some(_), .. } => true,
                // "order 18204" names an order; "note about" does not name a note.
                Kind::Text { .. } => word.chars().any(|c| c.is_ascii_digit()),
                Kind::Choice(_) => true,
                _ => false,
            };
            if telling && !word.is_empty() {
                return Some((from, from + word.len(), word.to_owned()));
            }
        }
        // "note n-12" for `note_id`, "order 18204" for `orderNumber`.
        let parts = words(&field.name);
        let (last, front) = parts.split_last()?;
        if !front.is_empty() && matches!(last.as_str(), "id" | "number" | "no" | "key" | "code") {
            let length = spelled(rest, &front.join(" "))?;
            let value = rest.get(length..)?.strip_prefix(' ')?;
            let value = value.strip_prefix('#').unwrap_or(value);
            let from = at + rest.len() - value.len();
            let word = value.split_whitespace().next().unwrap_or_default().trim_end_matches([',', '.', ';', '?', '!']);
            if word.chars().any(|c| c.is_ascii_digit()) {
                return Some((from, from + word.len(), word.to_owned()));
            }
        }
        None
    }

    /// `called X`, `titled X`, `named X` for the field that holds a name; `saying X`, `with text X` for the one that
    /// holds the content.
    fn by_title_words(&mut self, fields: &[&Field]) {
        let marks: [(&[&str], &[&str]); 2] = [
            (
                &[" called ", " titled ", " named ", " entitled "],
                &["title", "name", "subject", "label", "summary", "heading", "headline"],
            ),
            (
                &[
                    " saying ",
                    " that says ",
                    " with the text ",
                    " with text ",
                    " with content ",
                    " with body ",
                    " with the content ",
                    " which says ",
                ],
                CONTENT_NAMES,
            ),
        ];
        for (marks, names) in marks {
            let holder = self.open(fields).into_iter().find(|field| {
                matches!(field.kind, Kind::Text { .. })
                    && words(&field.name).last().is_some_and(|last| names.contains(&last.as_str()))
            });
            let Some(field) = holder else { continue };
            let lower = self.text.whole.to_ascii_lowercase();
            let Some((at, mark)) = marks.iter().filter_map(|mark| lower.find(mark).map(|at| (at, *mark))).min() else {
                continue;
            };
            let from = at + mark.len();
            let is_title = names.contains(&"title");
            let (from, to, value) = match quoted(&self.text.whole).into_iter().find(|quote| quote.from == from) {
                Some(quote) => (from, quote.after, quote.text),
                None => {
                    let rest = self.text.slice(from, self.text.whole.len());
                    // A name ends where the sentence goes on; content goes on to the end.
                    let lower_rest = rest.to_ascii_lowercase();
                    let stops =
                        STOPS.iter().filter_map(|stop| lower_rest.find(stop)).chain(rest.find([',', ';', '\n'])).min();
                    let end = if is_title { stops.unwrap_or(rest.len()) } else { rest.len() };
                    let value = rest.get(..end).unwrap_or_default().trim().trim_end_matches('.').to_owned();
                    (from, from + end, value)
                }
            };
            if !value.is_empty()
                && self.text.free(from, to)
                && let Some(value) = coerce(field, &value)
            {
                self.set(field, value, at, to);
            }
        }
    }

    /// Choices by their words, yes and no by `with`/`without`.
    fn by_choice(&mut self, fields: &[&Field]) {
        for field in self.open(fields) {
            match &field.kind {
                Kind::Choice(options) => {
                    let hits: Vec<(usize, usize, Value)> = options
                        .iter()
                        .filter_map(|option| {
                            let (from, to) = self
                                .find_words(&crate::schema::display(&option.value))
                                .or_else(|| self.find_words(&option.title))?;
                            Some((from, to, option.value.clone()))
                        })
                        .collect();
                    // Two choices in one sentence: nobody knows which is meant.
                    if let [(from, to, value)] = hits.as_slice() {
                        self.set(field, value.clone(), *from, *to);
                    }
                }
                Kind::Choices { options, .. } => {
                    let hits: Vec<(usize, usize, Value)> = options
                        .iter()
                        .filter_map(|option| {
                            let (from, to) = self
                                .find_words(&crate::schema::display(&option.value))
                                .or_else(|| self.find_words(&option.title))?;
                            Some((from, to, option.value.clone()))
                        })
                        .collect();
                    if !hits.is_empty() {
                        let values: Vec<Value> = hits.iter().map(|(_, _, value)| value.clone()).collect();
                        self.found.push((field.name.clone(), Value::Array(values)));
                        for (from, to, _) in hits {
                            self.text.take(from, to);
                        }
                    }
                }
                Kind::Boolean => {
                    let mut name = words(&field.name);
                    if name.first().is_some_and(|first| {
                        matches!(first.as_str(), "is" | "include" | "with" | "has" | "enable" | "show")
                    }) && name.len() > 1
                    {
                        name.remove(0);
                    }
                    let name = name.join(" ");
                    let no = ["without ", "not ", "no ", "don't "]
                        .iter()
                        .find_map(|word| self.find_words(&format!("{word}{name}")));
                    let yes = ["with ", "include ", "including ", "is ", "as "]
                        .iter()
                        .find_map(|word| self.find_words(&format!("{word}{name}")));
                    match (no, yes) {
                        (Some((from, to)), _) => self.set(field, Value::Bool(false), from, to),
                        (None, Some((from, to))) => self.set(field, Value::Bool(true), from, to),
                        (None, None) => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// The place of these words in the free text, as whole words, whatever their case and inflection.
    fn find_words(&self, wanted: &str) -> Option<(usize, usize)> {
        let wanted: Vec<String> = words(wanted).iter().map(|word| stem(word)).collect();
        if wanted.is_empty() || wanted.iter().all(|word| is_function_word(word)) {
            return None;
        }
        let pieces = self.text.pieces();
        pieces.windows(wanted.len()).find_map(|window| {
            let (from, to) = (window.first()?.0, window.last()?.1);
            let same = words(self.text.slice(from, to)).iter().map(|word| stem(word)).eq(wanted.iter().cloned());
            (same && self.text.free(from, to)).then_some((from, to))
        })
    }

    /// E-mail and web addresses, dates and numbers, for fields that want just these.
    fn by_shape(&mut self, fields: &[&Field]) {
        for (from, to) in self.text.pieces() {
            if !self.text.free(from, to) {
                continue;
            }
            let word = self.text.slice(from, to).to_owned();
            let format = if word.contains("://") {
                Some(Format::Uri)
            } else if word.contains('@')
                && word.rsplit('@').next().is_some_and(|domain| domain.contains('.'))
                && !word.starts_with('@')
            {
                Some(Format::Email)
            } else {
                None
            };
            let Some(format) = format else { continue };
            let open = self.open(fields);
            let exact = open
                .iter()
                .find(|field| matches!(&field.kind, Kind::Text { format: Some(have), .. } if *have == format));
            let by_name = || {
                let names: &[&str] = match format {
                    Format::Email => &["email", "mail", "recipient", "to", "address"],
                    _ => &["url", "uri", "link", "href", "address", "website"],
                };
                open.iter().find(|field| {
                    is_free_text(field) && words(&field.name).iter().any(|part| names.contains(&part.as_str()))
                })
            };
            let list = || {
                open.iter().find(|field| matches!(&field.kind, Kind::List { item, .. } if matches!(item.as_ref(), Kind::Text { format: Some(have), .. } if *have == format)))
            };
            if let Some(field) = exact.or_else(by_name) {
                self.set(field, Value::String(word), from, to);
            } else if let Some(field) = list() {
                self.set(field, Value::Array(vec![Value::String(word)]), from, to);
            }
        }
        for (from, to, date) in self.dates() {
            let wanted = self.open(fields).into_iter().find(|field| match &field.kind {
                Kind::Text { format: Some(Format::Date), .. } => true,
                Kind::Text { format: None, .. } => {
                    words(&field.name).iter().any(|part| matches!(part.as_str(), "date" | "day" | "due" | "deadline"))
                }
                _ => false,
            });
            if let Some(field) = wanted {
                self.set(field, Value::String(date), from, to);
            }
        }
        self.numbers(fields);
    }

    /// Numbers go to the fields for numbers in their order, when there are as many open fields as numbers, or when only
    /// one field is required; else nobody knows which is which.
    fn numbers(&mut self, fields: &[&Field]) {
        let numbers: Vec<(usize, usize)> = self
            .text
            .pieces()
            .into_iter()
            .filter(|(from, to)| {
                self.text.free(*from, *to) && self.text.slice(*from, *to).parse::<f64>().is_ok_and(f64::is_finite)
            })
            .filter(|(from, to)| quoted(&self.text.whole).iter().all(|quote| *to <= quote.from || quote.after <= *from))
            .collect();
        let open: Vec<&Field> =
            self.open(fields).into_iter().filter(|field| matches!(field.kind, Kind::Number { .. })).collect();
        let required: Vec<&Field> = open.iter().copied().filter(|field| field.required).collect();
        let takers = if numbers.len() == required.len() { required } else { open };
        if takers.len() != numbers.len() {
            return;
        }
        for (field, (from, to)) in takers.into_iter().zip(numbers) {
            if let Ok(value) = typed(&field.kind, self.text.slice(from, to)) {
                self.set(field, value, from, to);
            }
        }
    }

    /// Dates, written `2026-11-23`, `23.11.2026`, `23 November 2026` or `Nov 23, 2026`, as `2026-11-23`.
    fn dates(&self) -> Vec<(usize, usize, String)> {
        let pieces = self.text.pieces();
        let mut out: Vec<(usize, usize, String)> = Vec::new();
        for (at, (from, to)) in pieces.iter().copied().enumerate() {
            let word = self.text.slice(from, to);
            let dotted: Vec<&str> = word.split('.').collect();
            let near = |step: usize| pieces.get(at + step).map(|(from, to)| self.text.slice(*from, *to));
            let day_of = |word: &str| word.trim_end_matches(char::is_alphabetic).parse::<u32>().ok();
            let spelled = match (near(1), near(2)) {
                (Some(b), Some(year)) => month(b)
                    .zip(day_of(word))
                    .or_else(|| month(word).zip(day_of(b)))
                    .map(|(month, day)| (year.to_owned(), month, day)),
                _ => None,
            };
            let (end, date) = if crate::schema::is_date(word) {
                (to, word.to_owned())
            } else if let [day, month, year] = dotted.as_slice() {
                (to, format!("{year}-{month:0>2}-{day:0>2}"))
            } else if let (Some((year, month, day)), Some((_, end))) = (spelled, pieces.get(at + 2)) {
                (*end, format!("{year}-{month:02}-{day:02}"))
            } else {
                continue;
            };
            if crate::schema::is_date(&date) && self.text.free(from, end) {
                out.push((from, end, date));
            }
        }
        out
    }

    /// Quotations, in order, for free texts, required ones first.
    fn by_quotation(&mut self, fields: &[&Field]) {
        let quotes: Vec<_> =
            quoted(&self.text.whole).into_iter().filter(|quote| self.text.free(quote.from, quote.after)).collect();
        let (required, optional): (Vec<&Field>, Vec<&Field>) =
            self.open(fields).into_iter().filter(|f| is_free_text(f)).partition(|f| f.required);
        for (field, quote) in required.into_iter().chain(optional).zip(quotes) {
            self.set(field, Value::String(quote.text), quote.from, quote.after);
        }
    }

    /// `called Shopping with milk and bread`: what follows a part that was read, behind `with`, is the content.
    fn by_what_follows_the_name(&mut self, fields: &[&Field]) {
        let holder = self.open(fields).into_iter().find(|field| {
            is_free_text(field) && words(&field.name).last().is_some_and(|last| CONTENT_NAMES.contains(&last.as_str()))
        });
        let (Some(field), Some(after)) = (holder, self.text.taken.iter().map(|(_, end)| *end).max()) else { return };
        let rest = self.text.slice(after, self.text.whole.len());
        let Some(content) = rest.strip_prefix(" with ") else { return };
        let from = after + rest.len() - content.len();
        let content = content.trim().trim_end_matches('.').to_owned();
        if !content.is_empty() {
            self.set(field, Value::String(content), from, self.text.whole.len());
        }
    }

    /// The rest of the sentence, for the one free text that is required, or that is the only one.
    fn by_rest(&mut self, fields: &[&Field], about: &[&str]) {
        let texts: Vec<&Field> = self.open(fields).into_iter().filter(|field| is_free_text(field)).collect();
        let required: Vec<&Field> = texts.iter().copied().filter(|field| field.required).collect();
        let only_one_at_all = fields.iter().filter(|field| is_free_text(field)).count() == 1;
        let field = match (required.as_slice(), texts.as_slice()) {
            ([one], _) => one,
            ([], [one]) if only_one_at_all => one,
            _ => return,
        };
        // A name or an identifier is not "the rest of the sentence".
        let last = words(&field.name).pop().unwrap_or_default();
        if matches!(last.as_str(), "id" | "key" | "uri" | "url" | "path" | "token" | "code" | "number" | "slug") {
            return;
        }
        let rest = self.rest(about);
        // "echo the result", "send it": a pointer to an earlier result, which the form offers; see `feed`.
        let pointers =
            ["answer", "first", "it", "last", "one", "output", "outcome", "result", "results", "that", "them", "this"];
        let points = words(&rest).iter().all(|word| pointers.contains(&word.as_str()) || is_function_word(word));
        if !points {
            self.found.push((field.name.clone(), Value::String(rest)));
        }
    }

    /// What is left when the words that say what to do are gone from the front and used parts from everywhere.
    fn rest(&self, about: &[&str]) -> String {
        let mut about: Vec<String> = about.iter().flat_map(|name| words(name)).map(|word| stem(&word)).collect();
        for verb in super::VERBS.iter().flat_map(|family| family.iter()) {
            about.push(stem(verb));
        }
        let marks = ["for", "about", "on", "that", "saying", "says", "with", "regarding", "to"];
        let pieces: Vec<(usize, usize)> = self.text.pieces();
        let mut from = None;
        let mut after_mark = false;
        for (begin, end) in &pieces {
            let word = self.text.slice(*begin, *end);
            let plain = words(word);
            let mention = word.starts_with('@') || word.starts_with('#');
            let colon = self.text.slice(*end, self.text.whole.len()).starts_with(':');
            let says = plain.iter().all(|part| is_function_word(part) || about.contains(&stem(part)));
            let used = !self.text.free(*begin, *end);
            // Behind "for" or "about" the content has begun, even if it repeats a word of the action.
            let content = after_mark && !plain.iter().all(|part| is_function_word(part));
            if !mention && !used && (content || !says) && !colon {
                from = Some(*begin);
                break;
            }
            after_mark = colon || plain.last().is_some_and(|last| marks.contains(&last.as_str()));
        }
        let Some(from) = from else {
            return String::new();
        };
        let mut out = String::new();
        let mut at = from;
        let mut taken: Vec<(usize, usize)> = self.text.taken.iter().copied().filter(|(_, end)| *end > from).collect();
        taken.sort_unstable();
        for (begin, end) in taken {
            if begin >= at {
                out.push_str(self.text.slice(at, begin));
            }
            at = at.max(end);
        }
        out.push_str(self.text.slice(at, self.text.whole.len()));
        let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut out = out.trim_matches([' ', ',', ';', '?', '.']).to_owned();
        // What connected the content to a part that was used elsewhere.
        for tail in [" with", " and", " in", " on", " for", " to", " as", " at", " by", " from", ","] {
            if let Some(shorter) = out.strip_suffix(tail) {
                out = shorter.trim_end().to_owned();
            }
        }
        out
    }
}

/// How much of `rest` spells `name` (as `note id`, `note_id`, `noteId` or `note-id`), up to a word's end.
fn spelled(rest: &str, name: &str) -> Option<usize> {
    let wanted = words(name);
    if wanted.is_empty() {
        return None;
    }
    let mut at = 0;
    for (position, word) in wanted.iter().enumerate() {
        let mut tail = rest.get(at..)?;
        if position > 0
            && let Some(shorter) = tail.strip_prefix([' ', '_', '-'])
        {
            at += tail.len() - shorter.len();
            tail = shorter;
        }
        let head = tail.get(..word.len())?;
        if head.to_lowercase() != *word {
            return None;
        }
        at += word.len();
    }
    let ends = rest.get(at..).and_then(|tail| tail.chars().next()).is_none_or(|c| !c.is_alphanumeric() && c != '_');
    ends.then_some(at)
}

fn month(word: &str) -> Option<u32> {
    let word = word.to_ascii_lowercase();
    let months = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let found = months
        .iter()
        .position(|month| *month == word || (word.len() >= 3 && word.len() <= 4 && month.starts_with(&word)))?;
    u32::try_from(found + 1).ok()
}

/// A text as a value of a field, if it is one.
fn coerce(field: &Field, text: &str) -> Option<Value> {
    let text = text.trim();
    match &field.kind {
        Kind::Text { .. } => Some(Value::String(text.to_owned())),
        Kind::Number { .. } | Kind::Boolean | Kind::Fixed(_) => {
            let yes_no = match text.to_ascii_lowercase().as_str() {
                "yes" | "on" => "true",
                "no" | "off" => "false",
                _ => text,
            };
            typed(&field.kind, if field.kind == Kind::Boolean { yes_no } else { text }).ok()
        }
        Kind::Choice(options) => {
            let wanted = words(text);
            options
                .iter()
                .find(|option| {
                    words(&crate::schema::display(&option.value)) == wanted || words(&option.title) == wanted
                })
                .map(|option| option.value.clone())
        }
        Kind::List { item, .. } => {
            let parts: Option<Vec<Value>> = text.split(',').map(|part| typed(item, part.trim()).ok()).collect();
            parts.map(Value::Array)
        }
        Kind::Choices { options, .. } => {
            let one = |part: &str| {
                options
                    .iter()
                    .find(|option| {
                        words(&crate::schema::display(&option.value)) == words(part)
                            || words(&option.title) == words(part)
                    })
                    .map(|option| option.value.clone())
            };
            let parts: Option<Vec<Value>> = text.split(',').map(one).collect();
            parts.map(Value::Array)
        }
        Kind::Group(_) | Kind::Raw { .. } => typed(&field.kind, text).ok(),
    }
}
