//! Where arguments came from: which earlier results hold the same text (X75).
//!
//! The confirmation shows it as a strip: *`title` contains text from web-search · example.org*. It is found by
//! comparing texts, so it holds whatever the model says about itself. It cannot see text that was reworded, translated
//! or encoded; no trace is therefore no proof.
//!
//! Some ways of a text are named, because they are how people are harmed (N20): what not everybody may read goes where
//! others can read it, and what anybody may have written decides what is destroyed. A [`Flow`] always asks. Nothing that
//! was remembered and no milder class that an admin set gets around it, and its answer cannot be remembered.

use crate::{Class, Connector, ConnectorId, Provider, action::at};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// An earlier result whose text may have gone into arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The connector that gave the result.
    pub connector: ConnectorId,
    /// The connector's name to show.
    pub name: String,
    /// Its host to show.
    pub host: String,
    /// Not everybody may read it: see [`holds_private`].
    pub private: bool,
    /// Anybody may have written it: the action reaches beyond its server, or does not rule that out.
    pub untrusted: bool,
    /// All text of the result.
    pub text: String,
}

/// Whether what a connector gives is not for everybody: one signs in to it, or it is on this machine or in this page. What
/// is part of the product is the same for everybody.
pub fn holds_private(connector: &Connector) -> bool {
    connector.provider != Provider::FirstParty && !connector.is_public()
}

/// Where arguments are about to go.
#[derive(Clone, Copy, Debug)]
pub struct Sink<'a> {
    /// The connector.
    pub connector: &'a ConnectorId,
    /// The strictest class that anybody gave the action, whatever counts.
    pub class: Class,
    /// Others may see what is sent: the action reaches beyond its server, or everybody can use the connector.
    pub public: bool,
    /// The action reaches beyond its server, or does not rule that out.
    pub open_world: bool,
}

/// A way of a text that always asks. The order is how telling it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// From one connector to an action of another that writes or reaches out (X75).
    Across,
    /// What not everybody may read, to where others can read it (N20).
    PrivateToPublic,
    /// What anybody may have written decides what is destroyed, also within one connector (N20).
    UntrustedToDestructive,
}

impl Flow {
    /// What it is when text of `source` goes to `sink`, if it is anything.
    pub fn of(source: &Source, sink: Sink<'_>) -> Option<Self> {
        let across = source.connector != *sink.connector;
        if sink.class == Class::Destructive && (source.untrusted || across) {
            Some(Flow::UntrustedToDestructive)
        } else if across && source.private && sink.public {
            Some(Flow::PrivateToPublic)
        } else if across && (sink.open_world || sink.class > Class::Read) {
            Some(Flow::Across)
        } else {
            None
        }
    }

    /// Why it asks: lower case, no full stop. The names in it are other people's words.
    pub fn sentence(self, argument: &str, source: &Source) -> String {
        let from = format!("`{argument}` contains text from {} · {}", source.name, source.host);
        match self {
            Flow::Across => from,
            Flow::PrivateToPublic => {
                format!(
                    "{from}, which not everybody may read, and others may see what is sent here; that asks every time"
                )
            }
            Flow::UntrustedToDestructive => {
                format!("{from}, which somebody else may have written, and this action destroys; that asks every time")
            }
        }
    }
}

/// One place in the arguments that holds text of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Where in the arguments: a JSON pointer (RFC 6901), such as `/title`.
    pub path: String,
    /// Which source: its index in what was given.
    pub source: usize,
    /// The longest common text that was found, as it stands in the argument.
    pub text: String,
}

/// The shortest run of characters in the middle of a longer value that is evidence: shorter ones occur by chance.
const RUN: usize = 16;
/// The shortest whole value that is evidence, when it stands alone as a word in the source: an id, a name.
const WORD: usize = 4;

/// Values longer than this are compared by their runs only, which find them too.
const WHOLE: usize = 200;

/// Finds, for each value in the arguments, the sources that hold its text.
///
/// White space and the case of ASCII letters do not count. Whole values of at least 4 characters count where they
/// stand as words of their own; of longer values any run of 16 characters. Numbers are compared as they are written.
/// Runs in time linear in the sizes of arguments and sources for ordinary texts.
pub fn trace(arguments: &Map<String, Value>, sources: &[Source]) -> Vec<Trace> {
    let mut leaves = Vec::new();
    for (key, value) in arguments {
        at(&mut String::new(), key, |path| collect(value, path, &mut leaves));
    }
    let mut traces = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let haystack = Plain::of(&source.text);
        for (path, leaf) in &leaves {
            if let Some(text) = common(leaf, &haystack) {
                traces.push(Trace { path: path.clone(), source: index, text });
            }
        }
    }
    traces.sort_by(|one, two| (&one.path, one.source).cmp(&(&two.path, two.source)));
    traces
}

fn collect(value: &Value, path: &mut String, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => leaves.push((path.clone(), text.clone())),
        Value::Number(number) => leaves.push((path.clone(), number.to_string())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at(path, &index.to_string(), |path| collect(item, path, leaves));
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                at(path, key, |path| collect(field, path, leaves));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// A text without differences that do not count, and where each character of it was.
struct Plain {
    chars: Vec<char>,
    offsets: Vec<usize>,
    end: usize,
}

impl Plain {
    fn of(text: &str) -> Self {
        let mut plain = Self { chars: Vec::new(), offsets: Vec::new(), end: text.len() };
        for (offset, c) in text.char_indices() {
            let c = if c.is_whitespace() { ' ' } else { c.to_ascii_lowercase() };
            if c == ' ' && plain.chars.last().is_none_or(|last| *last == ' ') {
                continue;
            }
            plain.chars.push(c);
            plain.offsets.push(offset);
        }
        if plain.chars.last() == Some(&' ') {
            plain.chars.pop();
            plain.end = plain.offsets.pop().unwrap_or(text.len());
        }
        plain
    }

    fn char(&self, index: usize) -> Option<char> {
        self.chars.get(index).copied()
    }

    /// The original text of `len` characters from `start`.
    fn original<'a>(&self, text: &'a str, start: usize, len: usize) -> &'a str {
        let from = self.offsets.get(start).copied().unwrap_or_default();
        let to = self.offsets.get(start + len).copied().unwrap_or(self.end);
        text.get(from..to).unwrap_or_default().trim()
    }
}

/// The longest text that a value has in common with a source, when it is long enough to be evidence.
fn common(leaf: &str, haystack: &Plain) -> Option<String> {
    let needle = Plain::of(leaf);
    let whole = (WORD..=WHOLE).contains(&needle.chars.len()) && stands_alone(&needle.chars, &haystack.chars);
    if whole {
        return Some(leaf.trim().to_owned());
    }
    // Every run of the value by its characters, then one pass over the source.
    let mut runs: HashMap<&[char], usize> = HashMap::new();
    for (start, run) in needle.chars.windows(RUN).enumerate() {
        runs.entry(run).or_insert(start);
    }
    if runs.is_empty() {
        return None;
    }
    let mut best = (0, 0);
    let mut position = 0;
    while let Some(run) = haystack.chars.get(position..position + RUN) {
        let mut step = 1;
        if let Some(start) = runs.get(run).copied() {
            let mut len = RUN;
            while needle.char(start + len).is_some() && needle.char(start + len) == haystack.char(position + len) {
                len += 1;
            }
            if len > best.1 {
                best = (start, len);
            }
            // Go on where a run reaches beyond this match; that keeps the pass linear.
            step = len - RUN + 1;
        }
        position += step;
    }
    let (start, len) = best;
    (len >= RUN).then(|| needle.original(leaf, start, len).to_owned())
}

/// Whether a value occurs with no letter or digit right before or after it.
fn stands_alone(needle: &[char], haystack: &[char]) -> bool {
    let (Some(first), len) = (needle.first(), needle.len()) else {
        return false;
    };
    let edge = |c: Option<&char>| c.is_none_or(|c| !c.is_alphanumeric());
    haystack.iter().enumerate().filter(|(_, c)| *c == first).any(|(start, _)| {
        haystack.get(start..start + len) == Some(needle)
            && edge(start.checked_sub(1).and_then(|before| haystack.get(before)))
            && edge(haystack.get(start + len))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn source(text: &str) -> Source {
        Source {
            connector: "search".into(),
            name: "Search".into(),
            host: "example.org".into(),
            private: false,
            untrusted: true,
            text: text.into(),
        }
    }

    fn traces(arguments: Value, sources: &[&str]) -> Vec<(String, usize, String)> {
        let sources: Vec<Source> = sources.iter().map(|text| source(text)).collect();
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        trace(&arguments, &sources).into_iter().map(|trace| (trace.path, trace.source, trace.text)).collect()
    }

    #[test]
    fn x75_a_value_is_traced_to_the_result_it_came_from() {
        assert_eq!(
            traces(
                json!({"title": "Re the boiler in room 12 is leaking again", "priority": "low"}),
                &["nothing here", "Ticket 4711: The boiler  in room 12\nis leaking. Please help."]
            ),
            [("/title".into(), 1, "the boiler in room 12 is leaking".into())]
        );
    }

    #[test]
    fn n20_private_to_public_and_untrusted_to_destructive_are_named_and_nothing_harmless_is() {
        let (here, there) = (ConnectorId::from("search"), ConnectorId::from("deploy"));
        let sink = |connector, class, public, open_world| Sink { connector, class, public, open_world };
        let flow = |private, untrusted, sink| Flow::of(&Source { private, untrusted, ..source("x") }, sink);
        let destroys = |connector| sink(connector, Class::Destructive, false, false);
        // Whoever wrote it, another connector's text decides about no destruction by itself.
        assert_eq!(flow(false, true, destroys(&here)), Some(Flow::UntrustedToDestructive));
        assert_eq!(flow(false, false, destroys(&there)), Some(Flow::UntrustedToDestructive));
        assert_eq!(flow(true, false, destroys(&here)), None);
        let look_up = |public| sink(&there, Class::Read, public, false);
        assert_eq!(flow(true, false, look_up(true)), Some(Flow::PrivateToPublic));
        assert_eq!(flow(true, false, look_up(false)), None);
        assert_eq!(flow(false, true, look_up(true)), None);
        assert_eq!(flow(false, true, sink(&there, Class::Write, false, false)), Some(Flow::Across));
        assert_eq!(flow(true, true, sink(&here, Class::Write, true, true)), None, "it goes back where it came from");
        let said = Flow::PrivateToPublic.sentence("title", &source("x"));
        assert!(said.starts_with("`title` contains text from Search · example.org, which not everybody may read"));
    }

    #[test]
    fn x75_an_id_is_traced_where_it_stands_alone() {
        assert_eq!(traces(json!({"ids": ["TK-4711"]}), &["see TK-4711."]), [("/ids/0".into(), 0, "TK-4711".into())]);
        assert_eq!(traces(json!({"id": 4711}), &[r#"{"id":4711}"#]), [("/id".into(), 0, "4711".into())]);
        assert_eq!(traces(json!({"id": "4711"}), &["147110"]), []);
    }

    #[test]
    fn what_occurs_by_chance_is_no_trace() {
        assert_eq!(traces(json!({"a": "yes", "b": 12, "c": true, "d": null, "e": ""}), &["yes 12 true null"]), []);
        assert_eq!(traces(json!({"text": "please send the report now"}), &["please send money"]), []);
    }

    #[test]
    fn every_source_of_a_value_is_named() {
        let found = traces(json!({"x": {"a/b": "shared-token-1234"}}), &["shared-token-1234", "or SHARED-token-1234"]);
        assert_eq!(
            found.iter().map(|(path, source, _)| (path.as_str(), *source)).collect::<Vec<_>>(),
            [("/x/a~1b", 0), ("/x/a~1b", 1)]
        );
    }

    #[test]
    fn the_longest_common_text_is_shown() {
        let found = traces(
            json!({"body": "intro 0123456789abcdefXYZ outro and then some more words"}),
            &["0123456789abcdef / 0123456789abcdefXYZ out"],
        );
        assert_eq!(found, [("/body".into(), 0, "0123456789abcdefXYZ out".into())]);
    }

    #[test]
    fn large_repetitive_texts_are_traced_quickly() {
        let found = traces(json!({"body": "ab".repeat(50_000)}), &[&"ab".repeat(200_000)]);
        assert_eq!(found.len(), 1);
    }
}
