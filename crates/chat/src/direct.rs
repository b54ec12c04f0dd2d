//! Direct mode: finds the action that a sentence is about, without a language model, and says that it is none.
//!
//! [`plan`] cuts a message into steps, [`rank`]s the actions that are switched on for each, and [`fill()`]s the arguments
//! that can be seen in the text. Nothing is run from here: a plan becomes a proposal that a person starts, and every call
//! passes the same gate as any other.
//!
//! The ranking is BM25 over weighted fields (name, title, connector, argument names, description), on word stems, with
//! typing mistakes forgiven for words that no action has. Synonyms come from the actions' own texts: the verb with which
//! a description begins means what the verb in the name means (`search_docs`: "Find pages ..."), for every connector. For the
//! five things that can be done to data the common English verbs are known besides.

mod fill;
mod steps;
mod words;

pub use fill::{Fed, feed, fill};
pub use steps::split;
pub use words::words;

pub(crate) use words::distance;

use crate::conversation::{CallCard, Choice, Proposal, ProposalStep};
use policy::{Action, Class, ClassSource, Connector, ConnectorId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use words::{is_function_word, likeness, stem};

/// How many actions a person is given to choose from when it is not clear which one is meant.
pub const MAX_CHOICES: usize = 4;

/// An action reaches this part of the best one's score to be offered beside it.
const CLOSE: f64 = 0.72;

/// Most words of a text that are looked at.
const MAX_WORDS: usize = 60;

/// An action that is switched on for the person in this conversation, with the names that a decision shows.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The connector that has the action.
    pub connector: ConnectorId,
    /// Its name.
    pub connector_name: String,
    /// Its host.
    pub host: String,
    /// Its badge (`Dev`, `custom`, `demo`), if any.
    pub badge: Option<String>,
    /// The action, as approved.
    pub action: Action,
    /// What the action may do in this workspace.
    pub class: Class,
    /// Where the class comes from.
    pub class_source: ClassSource,
}

impl Candidate {
    /// An action of a connector, as [`policy::Rulebook::offered`] gives them.
    pub fn of(connector: &Connector, action: &Action) -> Self {
        let classified = connector.classify(action);
        Self {
            connector: connector.id.clone(),
            connector_name: connector.name.clone(),
            host: connector.host.clone(),
            badge: connector.badge().map(str::to_owned),
            action: action.clone(),
            class: classified.class,
            class_source: classified.source,
        }
    }
}

/// How well an action fits a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Which one, as a position in the list that was ranked.
    pub index: usize,
    /// The score; more is better, only comparable within one ranking.
    pub score: f64,
    /// The words of the text that count for it, as typed.
    pub matched: Vec<String>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The part of the message it is about.
    pub text: String,
    /// The actions that fit, best first, at most [`MAX_CHOICES`]. Never empty.
    pub choices: Vec<Ranked>,
    /// True when the first is not clearly the best.
    pub unsure: bool,
}

/// What the fields of an action weigh.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Title,
    Connector,
    Argument,
    Description,
}

impl Part {
    fn weight(self) -> f64 {
        match self {
            Self::Name => 3.0,
            Self::Title => 2.5,
            Self::Connector => 1.6,
            Self::Argument => 0.8,
            Self::Description => 1.0,
        }
    }
}

/// Verbs for the five things that can be done to data. The first of each is its name.
const VERBS: [&[&str]; 5] = [
    &["create", "add", "make", "new", "write", "insert", "open", "start", "post", "compose", "draft", "save"],
    &["list", "show", "get", "read", "view", "display", "fetch", "see", "give", "load", "open", "retrieve"],
    &["search", "find", "look", "query", "lookup", "seek", "locate"],
    &["update", "edit", "change", "modify", "rename", "set", "replace", "revise", "correct"],
    &["delete", "remove", "erase", "drop", "destroy", "discard", "trash", "clear"],
];

/// The words of one action, ready to be compared.
struct Doc {
    terms: BTreeMap<String, f64>,
    length: f64,
    /// How many numbers the action cannot do without.
    numbers: usize,
}

/// Everything that is known from the actions together.
struct Corpus {
    docs: Vec<Doc>,
    mean_length: f64,
    in_docs: BTreeMap<String, usize>,
    alike: BTreeMap<String, BTreeSet<String>>,
}

impl Corpus {
    fn new(candidates: &[Candidate]) -> Self {
        let docs: Vec<Doc> = candidates.iter().map(doc).collect();
        let mut in_docs: BTreeMap<String, usize> = BTreeMap::new();
        for term in docs.iter().flat_map(|doc| doc.terms.keys()) {
            *in_docs.entry(term.clone()).or_default() += 1;
        }
        let total: f64 = docs.iter().map(|doc| doc.length).sum();
        let mean_length = if docs.is_empty() { 1.0 } else { (total / count(docs.len())).max(1.0) };
        Self { docs, mean_length, in_docs, alike: synonyms(candidates) }
    }

    /// How telling a term is: rare ones say more.
    fn rarity(&self, term: &str) -> f64 {
        let docs = count(self.docs.len());
        let with = count(self.in_docs.get(term).copied().unwrap_or(0));
        (1.0 + (docs - with + 0.5) / (with + 0.5)).ln() + 0.2
    }

    /// The terms of the corpus that a word of the text may mean, with how surely.
    fn meanings(&self, term: &str) -> Vec<(String, f64)> {
        let mut out = vec![(term.to_owned(), 1.0)];
        for other in self.alike.get(term).into_iter().flatten() {
            out.push((other.clone(), 0.55));
        }
        for family in VERBS {
            let stems: Vec<String> = family.iter().map(|verb| stem(verb)).collect();
            if stems.iter().any(|verb| verb == term) {
                out.extend(stems.into_iter().filter(|verb| verb != term).map(|verb| (verb, 0.45)));
            }
        }
        // A word that no action has may be a mistyped or shortened one that some action has.
        if !self.in_docs.contains_key(term) {
            out.extend(
                self.in_docs
                    .keys()
                    .map(|other| (other.clone(), likeness(term, other)))
                    .filter(|(_, alike)| *alike > 0.0),
            );
        }
        out.retain(|(term, _)| self.in_docs.contains_key(term));
        out
    }

    /// BM25 with a saturation for repeated words and a mild correction for length.
    fn score(&self, doc: &Doc, term: &str) -> f64 {
        let Some(weight) = doc.terms.get(term) else {
            return 0.0;
        };
        let (k, b) = (1.4, 0.45);
        let norm = k * (1.0 - b + b * doc.length / self.mean_length);
        self.rarity(term) * weight * (k + 1.0) / (weight + norm)
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn doc(candidate: &Candidate) -> Doc {
    let action = &candidate.action;
    let mut terms: BTreeMap<String, f64> = BTreeMap::new();
    let mut length = 0.0;
    let mut add = |text: &str, part: Part, scale: f64| {
        let all = words(text);
        for word in all.iter().filter(|word| !is_function_word(word)).take(120) {
            *terms.entry(stem(word)).or_default() += part.weight() * scale;
            length += scale;
        }
        // "pull request" is also "pullrequest".
        if matches!(part, Part::Name | Part::Title | Part::Connector) {
            for pair in all.windows(2) {
                *terms.entry(pair.concat()).or_default() += part.weight() * 0.5;
            }
        }
    };
    add(action.name(), Part::Name, 1.0);
    if action.title() != action.name() {
        add(action.title(), Part::Title, 1.0);
    }
    add(&candidate.connector_name, Part::Connector, 1.0);
    // The first sentence says what an action does; the rest is about how.
    let description = action.description();
    let (first, rest) = description.split_once(". ").unwrap_or((description, ""));
    add(first, Part::Description, 1.0);
    add(rest, Part::Description, 0.35);
    for (name, schema) in
        action.input_schema().get("properties").and_then(|list| list.as_object()).into_iter().flatten().take(30)
    {
        add(name, Part::Argument, 1.0);
        add(schema.get("description").and_then(|text| text.as_str()).unwrap_or_default(), Part::Argument, 0.3);
        for value in schema
            .get("enum")
            .and_then(|list| list.as_array())
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_str())
            .take(20)
        {
            add(value, Part::Argument, 0.6);
        }
    }
    Doc { terms, length, numbers: needed_numbers(action.input_schema()) }
}

fn needed_numbers(schema: &serde_json::Value) -> usize {
    let required = schema.get("required").and_then(|list| list.as_array()).into_iter().flatten();
    let kinds = required.filter_map(|name| schema.get("properties")?.get(name.as_str()?)?.get("type")?.as_str());
    kinds.filter(|kind| matches!(*kind, "number" | "integer")).count()
}

/// Words that mean the same, learnt from the actions: the first word of a name and the first word of its description.
fn synonyms(candidates: &[Candidate]) -> BTreeMap<String, BTreeSet<String>> {
    let mut alike: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for candidate in candidates {
        let first = |text: &str| words(text).into_iter().find(|word| !is_function_word(word)).map(|word| stem(&word));
        let name = first(candidate.action.name());
        for other in [first(candidate.action.title()), first(candidate.action.description())] {
            if let (Some(name), Some(other)) = (&name, other)
                && *name != other
            {
                alike.entry(name.clone()).or_default().insert(other.clone());
                alike.entry(other).or_default().insert(name.clone());
            }
        }
    }
    alike
}

/// The actions that fit the text, best first. Actions that share no word with it are not in the list.
///
/// What stands in quotation marks, addresses and what follows `called`, `titled` or `saying` is content, and content
/// does not choose the action. `@name` takes a connector, `#name` an action by name.
pub fn rank(text: &str, candidates: &[Candidate]) -> Vec<Ranked> {
    rank_in(&Corpus::new(candidates), text, candidates)
}

fn rank_in(corpus: &Corpus, text: &str, candidates: &[Candidate]) -> Vec<Ranked> {
    let wanted = mentions(text);
    let asked: Vec<(String, String)> = subject(text)
        .into_iter()
        .filter(|word| !is_function_word(word))
        .take(MAX_WORDS)
        .map(|word| (stem(&word), word))
        .collect();
    let mut query: Vec<(String, String, f64)> = Vec::new();
    for (at, (term, word)) in asked.iter().enumerate() {
        // What is wanted stands in front, what it is wanted with comes later.
        let place = 1.0 / (1.0 + 0.08 * count(at));
        query.push((term.clone(), word.clone(), place));
        if let Some((_, next)) = asked.get(at + 1) {
            let pair = format!("{word}{next}");
            if corpus.in_docs.contains_key(&pair) {
                query.push((pair, format!("{word} {next}"), place));
            }
        }
    }
    let numbers = asked.iter().filter(|(_, word)| word.parse::<f64>().is_ok()).count();
    // Each word of the text: what it may mean and how surely, how it was typed, what its place is worth.
    let query: Vec<(Vec<_>, &str, f64)> =
        query.iter().map(|(term, word, place)| (corpus.meanings(term), word.as_str(), *place)).collect();
    let mut ranked: Vec<Ranked> = Vec::new();
    for (index, (candidate, doc)) in candidates.iter().zip(&corpus.docs).enumerate() {
        let Some(bonus) = wanted.bonus(candidate) else {
            continue;
        };
        let mut score = bonus;
        let mut matched: Vec<String> = Vec::new();
        for (terms, word, place) in &query {
            let best = terms.iter().map(|(term, sure)| sure * corpus.score(doc, term)).fold(0.0, f64::max);
            if best > 0.0 {
                score += best * place;
                if !matched.iter().any(|have| have == word) {
                    matched.push((*word).to_owned());
                }
            }
        }
        // As many numbers as the action needs speak for it; two or more even where no word does ("what is 2 plus 3").
        if numbers > 0 && doc.numbers == numbers && (score > 0.0 || numbers > 1) {
            score += 2.0;
        }
        // An action whose name was typed word for word is the one that is meant.
        let name: Vec<String> = words(candidate.action.name()).iter().map(|word| stem(word)).collect();
        if !name.is_empty() && name.iter().all(|part| asked.iter().any(|(term, _)| term == part)) {
            score *= 1.25;
        }
        if score > 0.0 {
            ranked.push(Ranked { index, score, matched });
        }
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
    ranked
}

/// What a message is about, step by step. A step that no action fits joins the one before it, because it is then more
/// likely a part of its content. Empty when nothing fits at all.
pub fn plan(text: &str, candidates: &[Candidate]) -> Vec<Step> {
    let corpus = Corpus::new(candidates);
    let mut steps: Vec<Step> = Vec::new();
    let mut waiting = String::new();
    for part in split(text) {
        let mut ranked = rank_in(&corpus, &part, candidates);
        let Some(best) = ranked.first().map(|first| first.score) else {
            match steps.last_mut() {
                Some(step) => step.text = format!("{}, {part}", step.text),
                None => waiting = part,
            }
            continue;
        };
        ranked.retain(|one| one.score >= best * CLOSE);
        ranked.truncate(MAX_CHOICES);
        let text = if waiting.is_empty() { part } else { format!("{}, {part}", std::mem::take(&mut waiting)) };
        steps.push(Step { text, unsure: ranked.len() > 1, choices: ranked });
    }
    steps
}

/// A plan as it is kept in a conversation, arguments filled in from the text.
pub fn propose(text: &str, candidates: &[Candidate]) -> Proposal {
    let choice = |step: &str, ranked: &Ranked| {
        let candidate = candidates.get(ranked.index)?;
        let action = &candidate.action;
        let about = [action.name(), action.title(), candidate.connector_name.as_str()];
        Some(choice(candidate, fill(step, action.input_schema(), &about), ranked.matched.clone()))
    };
    let steps = plan(text, candidates).into_iter().map(|step| {
        let mut choices: Vec<_> = step.choices.iter().filter_map(|ranked| choice(&step.text, ranked)).collect();
        // In a close race the action that could run with what was said goes first.
        choices.sort_by_key(|one| !is_complete(&one.input_schema, &one.arguments));
        ProposalStep { choices, unsure: step.unsure, text: step.text, call: None }
    });
    Proposal { text: text.to_owned(), steps: steps.collect() }
}

/// For a call of which nobody knows whether it happened (X114): the actions of its connector that only read, the one
/// that can run with what is known first. Values go over by the names of the arguments.
pub fn check_with_a_read(card: &CallCard, candidates: &[Candidate]) -> Option<Proposal> {
    let known = card.arguments.as_object();
    let mut choices: Vec<Choice> = candidates
        .iter()
        .filter(|one| one.connector == card.connector && one.class == Class::Read && one.action.name() != card.action)
        .map(|one| {
            let schema = one.action.input_schema();
            let fields = schema.get("properties").and_then(|fields| fields.as_object());
            let arguments = fields
                .into_iter()
                .flatten()
                .filter_map(|(name, _)| {
                    let value = known?.get(name)?;
                    fill::suits(schema, name, value).then(|| (name.clone(), value.clone()))
                })
                .collect();
            choice(one, arguments, Vec::new())
        })
        .collect();
    choices
        .sort_by_key(|one| (!is_complete(&one.input_schema, &one.arguments), std::cmp::Reverse(one.arguments.len())));
    choices.truncate(MAX_CHOICES);
    if choices.is_empty() {
        return None;
    }
    let text = format!("Check whether “{}” happened", card.title);
    let step = ProposalStep { text: text.clone(), choices, unsure: false, call: None };
    Some(Proposal { text, steps: vec![step] })
}

fn choice(candidate: &Candidate, arguments: Map<String, Value>, matched: Vec<String>) -> Choice {
    let action = &candidate.action;
    Choice {
        connector: candidate.connector.clone(),
        connector_name: candidate.connector_name.clone(),
        host: candidate.host.clone(),
        badge: candidate.badge.clone(),
        action: action.name().to_owned(),
        title: action.title().to_owned(),
        class: candidate.class,
        class_source: candidate.class_source,
        input_schema: action.input_schema().clone(),
        arguments,
        matched,
    }
}

fn is_complete(schema: &Value, arguments: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(|list| list.as_array()).into_iter().flatten();
    required.filter_map(|name| name.as_str()).all(|name| arguments.contains_key(name))
}

/// The words of a text that say what is to be done, without those that are its content.
fn subject(text: &str) -> Vec<String> {
    let mut kept = String::new();
    let mut from = 0;
    for quote in steps::quoted(text) {
        kept.push_str(text.get(from..quote.from).unwrap_or_default());
        kept.push(' ');
        from = quote.after;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    let lower = kept.to_lowercase();
    // Lower case can change lengths, so the place is looked up in the text that is cut.
    let end = [" called ", " titled ", " named ", " saying ", " that says ", " with text ", ": "]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min()
        .unwrap_or(lower.len());
    let head = lower.get(..end).unwrap_or_default();
    // A message that is all content still has to be understood somehow.
    let source = if words(head).iter().all(|word| is_function_word(word)) { lower.as_str() } else { head };
    source
        .split_whitespace()
        .filter(|piece| {
            !piece.contains("://") && !piece.contains('@') && !piece.starts_with('#') && !piece.contains('=')
        })
        .flat_map(words)
        .collect()
}

/// Connectors and actions that the text names outright.
#[derive(Default)]
struct Mentions {
    connectors: Vec<String>,
    actions: Vec<String>,
}

fn mentions(text: &str) -> Mentions {
    let mut out = Mentions::default();
    for piece in text.split_whitespace() {
        let piece = piece.trim_end_matches([',', '.', ':', ';', '?', '!']);
        let joined = |name: &str| words(name).concat();
        if let Some(name) = piece.strip_prefix('@').filter(|name| !name.is_empty()) {
            out.connectors.push(joined(name));
        } else if let Some(name) = piece.strip_prefix('#').filter(|name| name.contains(|c: char| c.is_alphabetic())) {
            out.actions.push(joined(name));
        }
    }
    out
}

impl Mentions {
    /// What being named is worth; `None` for an action that is not meant because others are named.
    fn bonus(&self, candidate: &Candidate) -> Option<f64> {
        let is = |names: &[String], name: &str| names.is_empty() || names.contains(&words(name).concat());
        let connector = is(&self.connectors, &candidate.connector_name)
            || self.connectors.iter().any(|name| *name == words(&candidate.host).concat());
        if !connector || !is(&self.actions, candidate.action.name()) {
            return None;
        }
        Some(if self.connectors.is_empty() { 0.0 } else { 0.5 } + if self.actions.is_empty() { 0.0 } else { 4.0 })
    }
}

/// Which of these connectors, each with its id and name, a text names: by `@name` in any writing, or by the name as it is
/// written, in the order of the list (S056).
///
/// A name in plain words counts only letter for letter and as whole words: "board the train" is not about *Board*.
pub fn named<'a>(text: &str, connectors: impl Iterator<Item = (&'a ConnectorId, &'a str)>) -> Vec<ConnectorId> {
    let mentioned = mentions(text).connectors;
    let inside = |name: &str| {
        let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        text.match_indices(name).any(|(at, _)| {
            let (before, after) = (text.get(..at), text.get(at + name.len()..));
            free(before.and_then(|text| text.chars().next_back())) && free(after.and_then(|text| text.chars().next()))
        })
    };
    connectors
        .filter(|(_, name)| {
            let joined = words(name).concat();
            let proper = name.chars().any(char::is_uppercase) && name.chars().count() > 2;
            mentioned.contains(&joined) || (proper && inside(name))
        })
        .map(|(id, _)| id.clone())
        .collect()
}

/// The places of the actions that a text names with `#name`.
pub fn named_actions(text: &str, candidates: &[Candidate]) -> Vec<usize> {
    let names = mentions(text).actions;
    let is_named = |one: &Candidate| names.contains(&words(one.action.name()).concat());
    candidates.iter().enumerate().filter(|(_, one)| is_named(one)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
