//! Sources: what the results of a conversation contain that an answer can stand on (screens.md e.4, *Sources*).
//!
//! Every result gives sources: the hits of a search, a document that was fetched, a resource that is linked, or, where
//! nothing of that is found, the result as a whole. They are numbered through the conversation in the order in which the
//! results came, and the same thing of the same connector keeps its number, so `[3]` means the same in every answer,
//! for the model and on the page. Title, id and address are server text; who a source is from is the host (X62).

use crate::conversation::{CallCard, CallState, Conversation, one_line};
use policy::{CallId, Caller, ConnectorId};
use serde_json::{Map, Value};

/// How many sources are taken from one result.
pub const MAX_ITEMS: usize = 50;

/// How many bytes of a text are read as data, to find sources in it (X58).
const MAX_DATA: usize = 256 * 1024;

/// How many characters of a title are kept.
const TITLE_CHARS: usize = 140;

/// The longest address or id that is taken, in bytes.
const PLACE_CHARS: usize = 2_000;

/// Under which names servers give a title, an address, and a list.
const TITLES: [&str; 5] = ["title", "name", "headline", "label", "subject"];
const PLACES: [&str; 7] = ["url", "uri", "link", "href", "html_url", "web_url", "permalink"];
const LISTS: [&str; 6] = ["results", "items", "documents", "pages", "hits", "data"];

/// One source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its number in the conversation, from 1.
    pub number: u32,
    /// The calls whose results contain it, the newest last.
    pub calls: Vec<CallId>,
    /// The connector that gave it.
    pub connector: ConnectorId,
    /// The connector's name.
    pub connector_name: String,
    /// The connector's host.
    pub host: String,
    /// The account with which it was read, where the connector has accounts.
    pub account: Option<String>,
    /// When it was read, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What it is called. Server text.
    pub title: String,
    /// Where it is, as the server says. Any scheme may stand here: show it, and open it only by a click.
    pub url: Option<String>,
    /// Its id at the server.
    pub id: Option<String>,
}

/// Something in a result that may be a source.
#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    title: Option<String>,
    url: Option<String>,
    id: Option<String>,
}

/// The sources of a conversation, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// The sources of a conversation.
    pub fn of(conversation: &Conversation) -> Self {
        Self::from_cards(conversation.calls())
    }

    /// The sources of these calls, whatever order they stand in.
    pub fn from_cards<'a>(cards: impl Iterator<Item = &'a CallCard>) -> Self {
        let mut ended: Vec<&CallCard> = cards.filter(|card| gives(card)).collect();
        ended.sort_by_key(|card| card.nth.unwrap_or(0));
        let mut sources = Self::default();
        ended.into_iter().for_each(|card| sources.add(card));
        sources
    }

    fn add(&mut self, card: &CallCard) {
        let Some(result) = &card.result else { return };
        for found in found_in(result) {
            let same = |source: &&mut Source| {
                let equal = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
                source.connector == card.connector && (equal(&source.url, &found.url) || equal(&source.id, &found.id))
            };
            match self.all.iter_mut().find(same) {
                Some(known) => {
                    if !known.calls.contains(&card.call) {
                        known.calls.push(card.call.clone());
                    }
                    known.url = known.url.take().or(found.url);
                    known.id = known.id.take().or(found.id);
                }
                None => self.all.push(Source {
                    number: u32::try_from(self.all.len() + 1).unwrap_or(u32::MAX),
                    calls: vec![card.call.clone()],
                    connector: card.connector.clone(),
                    connector_name: card.connector_name.clone(),
                    host: card.host.clone(),
                    account: card.account.clone(),
                    at: card.ended_at.unwrap_or(card.started_at),
                    title: found.title.unwrap_or_else(|| card.title.clone()),
                    url: found.url,
                    id: found.id,
                }),
            }
        }
    }

    /// Every source.
    pub fn all(&self) -> &[Source] {
        &self.all
    }

    /// The source of that number.
    pub fn get(&self, number: u32) -> Option<&Source> {
        self.all.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The sources in the result of a call.
    pub fn of_call<'a>(&'a self, call: &'a CallId) -> impl Iterator<Item = &'a Source> {
        self.all.iter().filter(move |source| source.calls.contains(call))
    }

    /// The sources of a call as a model is told about them, one a line: server text, to be framed. Empty without any.
    pub fn for_model(&self, call: &CallId) -> String {
        let line = |source: &Source| {
            let place =
                source.url.as_ref().or(source.id.as_ref()).map(|place| format!(" · {place}")).unwrap_or_default();
            format!("[{}] {}{place}", source.number, source.title)
        };
        self.of_call(call).map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Whether a call gives sources: it worked, and it is a step of the conversation.
pub fn gives(card: &CallCard) -> bool {
    card.state == CallState::Done && card.by != Caller::App && card.result.is_some()
}

/// What in a result may be a source, in its order. An empty list of hits is none; a result that says nothing about
/// itself is one as a whole.
fn found_in(result: &Value) -> Vec<Found> {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |block: &Value| block.get("text").and_then(Value::as_str).map(str::to_owned);
    let data =
        result.get("structuredContent").filter(|data| data.is_object() || data.is_array()).cloned().or_else(|| {
            let text =
                blocks.iter().find_map(text).filter(|text| text.len() <= MAX_DATA && text.starts_with(['{', '[']))?;
            serde_json::from_str(&text).ok()
        });
    let mut found: Vec<Found> = Vec::new();
    let mut known = false;
    if let Some(data) = &data {
        if let Some(list) = hits(data) {
            known = true;
            found.extend(list.iter().filter_map(Value::as_object).filter_map(named));
        } else if let Some(one) = data.as_object().and_then(named) {
            found.push(one);
        }
    }
    for block in blocks {
        let resource = match block.get("type").and_then(Value::as_str) {
            Some("resource_link") => block.as_object(),
            Some("resource") => block.get("resource").and_then(Value::as_object),
            _ => None,
        };
        found.extend(resource.and_then(named));
    }
    if found.is_empty() && !known {
        found.push(Found::default());
    }
    found.truncate(MAX_ITEMS);
    found
}

/// The list of hits in a result: the data itself, or the list of objects under a name that servers use for it, or the only
/// one there is.
fn hits(data: &Value) -> Option<&Vec<Value>> {
    if let Value::Array(list) = data {
        return Some(list);
    }
    let is_list = |value: &&Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_object));
    let usual = LISTS.iter().find_map(|name| data.get(*name)).filter(is_list);
    let mut lists = data.as_object().into_iter().flat_map(Map::values).filter(is_list);
    usual.or_else(|| lists.next().filter(|_| lists.next().is_none())).and_then(Value::as_array)
}

/// What an object calls itself, if it has a title or an address.
fn named(object: &Map<String, Value>) -> Option<Found> {
    let first = |names: &[&str]| names.iter().find_map(|name| object.get(*name).and_then(Value::as_str)).map(str::trim);
    // A place that is cut is another place, so a longer one is none.
    let place = |text: &str| (!text.is_empty() && text.len() <= PLACE_CHARS).then(|| text.to_owned());
    let id = match object.get("id") {
        Some(Value::String(id)) => place(id.trim()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let url = first(&PLACES).and_then(place);
    let title = first(&TITLES).filter(|title| !title.is_empty()).or(url.as_deref()).or(id.as_deref())?;
    Some(Found { title: Some(one_line(title, TITLE_CHARS)), url, id })
}

/// A piece of an answer's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cited<'a> {
    /// Words.
    Text(&'a str),
    /// `[n]`: the number of a source, which need not exist.
    Source(u32),
}

/// Takes the numbers in brackets out of a text: `[3]`, `[1, 2]`. Everything else stays text, brackets included.
pub fn cited(text: &str) -> Vec<Cited<'_>> {
    let mut out = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find('[')).map(|at| at + from) {
        let inner = rest.get(at + 1..).unwrap_or_default();
        let numbers = inner.find(']').filter(|end| *end <= 40).and_then(|end| Some((numbers(inner.get(..end)?)?, end)));
        match numbers {
            Some((numbers, end)) => {
                if let Some(before) = rest.get(..at).filter(|before| !before.is_empty()) {
                    out.push(Cited::Text(before));
                }
                out.extend(numbers.into_iter().map(Cited::Source));
                rest = inner.get(end + 1..).unwrap_or_default();
                from = 0;
            }
            None => from = at + 1,
        }
    }
    if !rest.is_empty() {
        out.push(Cited::Text(rest));
    }
    out
}

/// The numbers of a list like `1, 2`; none when it is anything else.
fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|part| part.trim().parse::<u32>().ok().filter(|number| *number > 0)).collect()
}

/// The numbers that a text names, each once, in the order of the text.
pub fn numbers_in(text: &str) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::new();
    for piece in cited(text) {
        if let Cited::Source(number) = piece
            && !out.contains(&number)
        {
            out.push(number);
        }
    }
    out
}

/// A report as a Markdown document with its sources at the end. Titles and addresses are server text: what means
/// something in Markdown is escaped.
pub fn report(question: &str, text: &str, sources: &[&Source]) -> String {
    let mut out = format!("# {}\n\n{}\n", escaped(&one_line(question, 200)), text.trim());
    if sources.is_empty() {
        return out;
    }
    out.push_str("\n## Sources\n\n");
    for source in sources {
        out.push_str(&format!("- [{}] {}", source.number, escaped(&source.title)));
        if let Some(place) = source.url.as_ref().or(source.id.as_ref()) {
            out.push_str(&format!(", {}", escaped(place)));
        }
        out.push_str(&format!(" ({} · {})\n", escaped(&source.connector_name), escaped(&source.host)));
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>#|!".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;
