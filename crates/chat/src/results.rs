//! What a tool result consists of, ready to be shown, and the values it offers to a later call.
//!
//! A `CallToolResult` is server content: text, never markup. Nothing here is dropped: what is not understood is kept
//! raw, what is too long is counted, and the whole result stays in the card as received.

mod table;
mod whole;

pub use table::Order;
pub use whole::whole;

use crate::schema;
use serde_json::{Map, Value};

/// How many content blocks are taken apart; the rest is counted in [`Shown::more`] (attacks.md X58).
pub const MAX_PARTS: usize = 200;

/// How many characters of one text are given out for display; the rest is counted.
pub const MAX_TEXT: usize = 256 * 1024;

/// How many rows a table has at most; the rest is counted.
pub const MAX_ROWS: usize = 1_000;

/// How many columns a table has at most; wider data is shown as a tree.
pub const MAX_COLUMNS: usize = 24;

/// How many values [`values`] offers at most.
pub const MAX_VALUES: usize = 200;

/// How many members an object has at most to be shown as a card; larger ones are a tree.
pub const MAX_FACTS: usize = 16;

/// How deep [`values`] looks into nested data.
const MAX_DEPTH: usize = 8;

/// A result, taken apart for display.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The content blocks in order.
    pub parts: Vec<Part>,
    /// How many content blocks are not among the parts because there are too many.
    pub more: usize,
    /// The structured result, if there is one.
    pub structured: Option<Structured>,
    /// True when `structured` only repeats what a text part says, so that one of the two is enough.
    pub repeated: bool,
    /// True when the server says that this is an error.
    pub is_error: bool,
}

/// One content block.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text.
    Text {
        /// The text, at most [`MAX_TEXT`] characters of it.
        text: String,
        /// How many characters were left out.
        cut: usize,
        /// What the text looks like. A guess for the choice of a view; the other view is a click away.
        look: Look,
    },
    /// An image or a sound, sent as data.
    Media {
        /// Which of the two.
        kind: Media,
        /// The MIME type the server claims. Not trusted: see [`Part::data_type`].
        mime: String,
        /// The bytes in base64, as received.
        data: String,
        /// About how many bytes that is.
        bytes: usize,
    },
    /// A link to something that was not sent. Inert: nothing is fetched for it.
    Link(Resource),
    /// A resource that was sent along.
    Embedded {
        /// What it is.
        resource: Resource,
        /// Its text, at most [`MAX_TEXT`] characters, if it is text.
        text: Option<String>,
        /// How many characters of the text were left out.
        cut: usize,
        /// Its bytes in base64, as received, if it is not text.
        blob: Option<String>,
    },
    /// A block of a kind that is not known here, or not well formed: shown raw.
    Unknown(Value),
}

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Plain text.
    Plain,
    /// Probably Markdown.
    Markdown,
    /// A JSON object or array.
    Json,
}

/// Kinds of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A picture.
    Image,
    /// A sound.
    Audio,
}

/// A resource that a server names. All of it is server text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Where it is, as the server says. Any scheme may stand here (X53): show it, do not open it.
    pub uri: String,
    /// Its name.
    pub name: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Its MIME type.
    pub mime: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

/// A structured result.
#[derive(Clone, Debug, PartialEq)]
pub enum Structured {
    /// A list of like objects, with the path at which it was found in the result (empty for the result itself).
    Table(Table),
    /// One flat object: a few facts, each a name and a value that stands on its own.
    Card(Vec<Fact>),
    /// Anything else, to be shown as a tree.
    Tree(Value),
}

/// A fact of a [`Structured::Card`].
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The key, as received.
    pub name: String,
    /// What the action's schema calls it, when it has a title of its own. Server text.
    pub title: Option<String>,
    /// The value: no object, and no list but of plain values.
    pub value: Value,
}

/// A list of like objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The key under which the list stood, empty when the data itself is the list.
    pub path: String,
    /// The column names in the order in which they first occur.
    pub columns: Vec<Column>,
    /// The rows; a cell is `None` where the object has no such key.
    pub rows: Vec<Vec<Option<Value>>>,
    /// How many rows were left out.
    pub more: usize,
    /// What stood beside the list, to be shown with it.
    pub beside: Map<String, Value>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The key, as received.
    pub name: String,
    /// What the action's schema calls it, when it has a title of its own. Server text.
    pub title: Option<String>,
    /// True when every cell that is there is a number.
    pub numeric: bool,
}

/// A value of an earlier result that a later call may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Its path in the result in words: `items › 2 › id`.
    pub label: String,
    /// The last key of the path, which is compared with argument names; empty for a bare text.
    pub name: String,
    /// The keys of the objects around it, outermost first, without list positions.
    pub within: Vec<String>,
    /// The value, exactly as received.
    pub value: Value,
}

impl Part {
    /// The MIME type under which the bytes may be handed to an `img` or `audio` element, from a short list of types
    /// that such an element draws without running anything. SVG is not one of them. `None` means: offer a download.
    pub fn data_type(&self) -> Option<&'static str> {
        let Self::Media { kind, mime, .. } = self else {
            return None;
        };
        let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let known: &[&'static str] = match kind {
            Media::Image => &["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"],
            Media::Audio => &[
                "audio/mpeg",
                "audio/mp4",
                "audio/ogg",
                "audio/wav",
                "audio/x-wav",
                "audio/webm",
                "audio/flac",
                "audio/aac",
            ],
        };
        known.iter().copied().find(|known| *known == essence)
    }
}

/// Takes a `CallToolResult` apart. `promised` is the action's `outputSchema`, whose titles name columns and facts.
pub fn shown(result: &Value, promised: Option<&Value>) -> Shown {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut parts: Vec<Part> = blocks.iter().take(MAX_PARTS).map(part).collect();
    let structured_value = result.get("structuredContent").filter(|value| !value.is_null());
    let repeated = structured_value.is_some_and(|value| repeats(blocks, value));
    // Neither content nor structure: an unknown shape of result, kept whole. A blank card would hide it (N14).
    if parts.is_empty() && structured_value.is_none() && result.get("content").is_none_or(|content| !content.is_array())
    {
        parts.push(Part::Unknown(result.clone()));
    }
    Shown {
        parts,
        more: blocks.len().saturating_sub(MAX_PARTS),
        structured: structured_value.map(|value| titled(structured(value), promised)),
        repeated,
        is_error: is_error(result),
    }
}

/// True when the server says that the result is an error.
pub fn is_error(result: &Value) -> bool {
    result.get("isError").and_then(Value::as_bool).unwrap_or(false)
}

/// The first line of what the server says went wrong, when the result is an error. Server text, at most 200 characters.
pub fn error_text(result: &Value) -> Option<String> {
    if !is_error(result) {
        return None;
    }
    let text = result
        .get("content")
        .and_then(Value::as_array)
        .and_then(|blocks| blocks.iter().find_map(|block| block.get("text").and_then(Value::as_str)))
        .map(|text| crate::conversation::one_line(text, 200))
        .filter(|text| !text.is_empty());
    Some(match text {
        Some(text) => format!("the server said: {text}"),
        None => "the server reported an error without saying which".to_owned(),
    })
}

/// True when a text block is the JSON text of `value`, which the protocol asks servers to send for older clients.
pub(crate) fn repeats(blocks: &[Value], value: &Value) -> bool {
    blocks.iter().any(|block| {
        block
            .get("text")
            .and_then(Value::as_str)
            .filter(|text| text.trim_start().starts_with(['{', '[', '"']) || !value.is_object())
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
            .is_some_and(|parsed| parsed == *value)
    })
}

fn part(block: &Value) -> Part {
    let text_of = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let unknown = || Part::Unknown(block.clone());
    match block.get("type").and_then(Value::as_str) {
        Some("text") => match block.get("text").and_then(Value::as_str) {
            Some(text) => {
                let (shown, cut) = capped(text);
                Part::Text { look: look(&shown), text: shown, cut }
            }
            None => unknown(),
        },
        Some(kind @ ("image" | "audio")) => match (text_of(block, "data"), text_of(block, "mimeType")) {
            (Some(data), Some(mime)) => Part::Media {
                kind: if kind == "image" { Media::Image } else { Media::Audio },
                bytes: data.len() / 4 * 3,
                mime,
                data,
            },
            _ => unknown(),
        },
        Some("resource_link") => resource(block).map_or_else(unknown, Part::Link),
        Some("resource") => {
            let Some(inner) = block.get("resource") else {
                return unknown();
            };
            let Some(resource) = resource(inner) else {
                return unknown();
            };
            let text = inner.get("text").and_then(Value::as_str).map(capped);
            let blob = text_of(inner, "blob");
            if text.is_none() && blob.is_none() {
                return unknown();
            }
            let (text, cut) = text.map_or((None, 0), |(text, cut)| (Some(text), cut));
            Part::Embedded { resource, text, cut, blob }
        }
        _ => unknown(),
    }
}

fn resource(value: &Value) -> Option<Resource> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Resource {
        uri: text("uri")?,
        name: text("name"),
        title: text("title"),
        description: text("description"),
        mime: text("mimeType"),
        size: value.get("size").and_then(Value::as_u64),
    })
}

fn capped(text: &str) -> (String, usize) {
    match text.char_indices().nth(MAX_TEXT) {
        None => (text.to_owned(), 0),
        Some((at, _)) => {
            let (kept, rest) = text.split_at(at);
            (kept.to_owned(), rest.chars().count())
        }
    }
}

/// What a text looks like, from its first lines.
pub fn look(text: &str) -> Look {
    let trimmed = text.trim();
    let bracketed =
        (trimmed.starts_with('{') && trimmed.ends_with('}')) || (trimmed.starts_with('[') && trimmed.ends_with(']'));
    if bracketed && serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok() {
        return Look::Json;
    }
    let mut signs = 0_u32;
    for line in text.lines().take(200) {
        let line = line.trim_start();
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        let heading = (1..=6).contains(&hashes) && line.get(hashes..).is_some_and(|rest| rest.starts_with(' '));
        let fence = line.starts_with("```") || line.starts_with("~~~");
        let rule = line.starts_with('|') && line.trim_end().ends_with('|') && line.contains("---");
        if heading || fence || rule {
            return Look::Markdown;
        }
        let item = line.starts_with("- ") || line.starts_with("* ") || line.starts_with("> ") || numbered(line);
        signs += u32::from(item);
        signs += u32::from(line.matches("**").count() >= 2 || line.matches('`').count() >= 2 || line.contains("]("));
    }
    if signs >= 2 { Look::Markdown } else { Look::Plain }
}

fn numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits) && line.get(digits..).is_some_and(|rest| rest.starts_with(". "))
}

/// Structured data as a table, where it is a list of like objects, else as a tree.
///
/// The list may be the data itself or stand under one key of it (`{"items": [..], "total": 3}`), as most servers send.
pub fn structured(value: &Value) -> Structured {
    if let Some(table) = table_of(value) {
        return Structured::Table(table);
    }
    if let Value::Object(object) = value {
        let mut lists = object.iter().filter_map(|(key, inner)| table_of(inner).map(|table| (key, table)));
        if let (Some((key, mut table)), None) = (lists.next(), lists.next()) {
            table.path.clone_from(key);
            table.beside =
                object.iter().filter(|(other, _)| *other != key).map(|(k, v)| (k.clone(), v.clone())).collect();
            return Structured::Table(table);
        }
    }
    card_of(value).map_or_else(|| Structured::Tree(value.clone()), Structured::Card)
}

fn card_of(value: &Value) -> Option<Vec<Fact>> {
    let object = value.as_object().filter(|object| (1..=MAX_FACTS).contains(&object.len()))?;
    let plain = |value: &Value| match value {
        Value::Object(_) => false,
        Value::Array(list) => list.iter().all(|inner| !inner.is_object() && !inner.is_array()),
        _ => true,
    };
    object.values().all(plain).then(|| {
        object.iter().map(|(name, value)| Fact { name: name.clone(), title: None, value: value.clone() }).collect()
    })
}

/// Gives columns and facts the titles that the schema has for them.
fn titled(mut structured: Structured, promised: Option<&Value>) -> Structured {
    let Some(root) = promised else {
        return structured;
    };
    let mut left = schema::MAX_LOOKED;
    let left = &mut left;
    let title = |object: Option<&Value>, name: &str, left: &mut usize| {
        schema::title(root, object?.get("properties")?.get(name)?, left)
    };
    match &mut structured {
        Structured::Table(table) => {
            let list = if table.path.is_empty() {
                schema::resolved(root, root, left)
            } else {
                schema::resolved(root, root, left)
                    .and_then(|object| schema::resolved(root, object.get("properties")?.get(&table.path)?, left))
            };
            let row = list.and_then(|list| schema::resolved(root, list.get("items")?, left));
            for column in &mut table.columns {
                column.title = title(row, &column.name, left);
            }
        }
        Structured::Card(facts) => {
            let object = schema::resolved(root, root, left);
            for fact in facts {
                fact.title = title(object, &fact.name, left);
            }
        }
        Structured::Tree(_) => {}
    }
    structured
}

fn table_of(value: &Value) -> Option<Table> {
    let rows = value.as_array().filter(|rows| !rows.is_empty())?;
    let mut columns: Vec<Column> = Vec::new();
    for row in rows.iter().take(MAX_ROWS) {
        for (name, cell) in row.as_object()? {
            let numeric = cell.is_number() || cell.is_null();
            if let Some(column) = columns.iter_mut().find(|column| column.name == *name) {
                column.numeric &= numeric;
            } else if columns.len() < MAX_COLUMNS {
                columns.push(Column { name: name.clone(), title: None, numeric });
            } else {
                return None;
            }
        }
    }
    if columns.is_empty() {
        return None;
    }
    let cells = |row: &Value| columns.iter().map(|column| row.get(&column.name).cloned()).collect();
    Some(Table {
        path: String::new(),
        rows: rows.iter().take(MAX_ROWS).map(cells).collect(),
        more: rows.len().saturating_sub(MAX_ROWS),
        columns,
        beside: Map::new(),
    })
}

/// The values of a result that a later call may take as arguments: the scalars of its structured content, or of JSON
/// found in its text, and the short texts themselves. At most [`MAX_VALUES`], in reading order.
///
/// What is taken from here came from a server: the dispatcher traces it and the confirmation says so (X75, X118).
pub fn values(result: &Value) -> Vec<Offered> {
    let mut found = Vec::new();
    if let Some(structured) = result.get("structuredContent").filter(|value| !value.is_null()) {
        walk(structured, &mut Vec::new(), &mut found);
    }
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for block in blocks.iter().take(MAX_PARTS) {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => {
                let Some(text) = block.get("text").and_then(Value::as_str) else {
                    continue;
                };
                let parsed = if look(text) == Look::Json { serde_json::from_str::<Value>(text).ok() } else { None };
                match parsed {
                    Some(_) if !found.is_empty() => {}
                    Some(value) => walk(&value, &mut Vec::new(), &mut found),
                    None if text.trim().is_empty() => {}
                    None => offer(&mut found, &[], &Value::String(text.to_owned())),
                }
            }
            Some("resource_link") => {
                if let Some(uri) = block.get("uri") {
                    offer(&mut found, &["uri".to_owned()], uri);
                }
            }
            _ => {}
        }
    }
    found
}

fn walk(value: &Value, path: &mut Vec<String>, found: &mut Vec<Offered>) {
    if path.len() > MAX_DEPTH || found.len() >= MAX_VALUES {
        return;
    }
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                path.push(key.clone());
                walk(inner, path, found);
                path.pop();
            }
        }
        Value::Array(list) => {
            for (position, inner) in list.iter().enumerate() {
                path.push((position + 1).to_string());
                walk(inner, path, found);
                path.pop();
            }
        }
        Value::Null => {}
        scalar => offer(found, path, scalar),
    }
}

fn offer(found: &mut Vec<Offered>, path: &[String], value: &Value) {
    if found.len() >= MAX_VALUES
        || found.iter().any(|old| old.value == *value && path.last().is_none_or(|name| old.name == *name))
    {
        return;
    }
    let keys: Vec<&String> = path.iter().filter(|key| key.parse::<usize>().is_err()).collect();
    let (name, within) = match keys.split_last() {
        Some((last, rest)) => ((*last).clone(), rest.iter().map(|key| (*key).clone()).collect()),
        None => (String::new(), Vec::new()),
    };
    let label = if path.is_empty() { "the text".to_owned() } else { path.join(" › ") };
    found.push(Offered { label, name, within, value: value.clone() });
}

#[cfg(test)]
mod tests;
