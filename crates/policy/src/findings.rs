//! What in a definition deserves a look before anybody relies on it: the scanner (G14, X30 to X37, X42 to X45, N18).
//!
//! It is advice. It looks at every text of every definition and at the server's instructions, always in the same way,
//! and finds the same things every time; what may happen is decided by the gate, whatever was found here. A text that
//! was worded with this list beside it will pass. What is found is worth a look; that nothing is found proves nothing.
//!
//! Ordinary servers must come out clean, or nobody reads what is found. So single words that good servers use too
//! (*always*, *must*, *password*) are not findings; what counts is a text that speaks to the model behind the person's
//! back, hides, or names what belongs to another connector.

use crate::action::walk_texts;
use crate::{Action, Class, ClassSource, Connector, ConnectorId, Reach, Rulebook, SignIn, Snapshot, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How much a finding matters. The order is that of concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Low,
    /// Look at it before you rely on it.
    Medium,
    /// Publishing needs a written reason.
    High,
}

impl Severity {
    /// Every severity, the highest first.
    pub const ALL: [Severity; 3] = [Severity::High, Severity::Medium, Severity::Low];

    /// The severity as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
        }
    }
}

/// What sort of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A text speaks to the model about more than its own action (X30, X31).
    Instruction,
    /// A text holds what an eye does not see (X32).
    Invisible,
    /// A text names another connector's action or host (X33).
    Reference,
    /// A name looks like another (X34).
    LookAlike,
    /// The hints say less than the names do (X37).
    LyingHint,
    /// An argument asks for a password, key or token (X59).
    Secret,
    /// An argument is also sent as a request header (X43).
    Mirrored,
    /// A text is so long that nobody reads it (G14).
    TooLong,
    /// An icon would be loaded from elsewhere, or is no picture (X44).
    Icon,
    /// Actions that change something need no sign-in (N18).
    Unauthenticated,
    /// Together with other connectors, data could be read in one place and sent away in another (G14).
    Toxic,
}

impl Kind {
    /// The kind as a heading.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Instruction => "Speaks to the model",
            Kind::Invisible => "Invisible characters",
            Kind::Reference => "Names another connector",
            Kind::LookAlike => "Looks like another name",
            Kind::LyingHint => "Claims less than its name says",
            Kind::Secret => "Asks for a secret",
            Kind::Mirrored => "Also sent as a header",
            Kind::TooLong => "Very long",
            Kind::Icon => "Icon from elsewhere",
            Kind::Unauthenticated => "No sign-in",
            Kind::Toxic => "Risky together",
        }
    }
}

/// One thing worth a look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What sort of thing it is.
    pub kind: Kind,
    /// The action; `None` when it is about the connector as a whole.
    pub action: Option<String>,
    /// Where: a JSON pointer (RFC 6901) into the definition, or `/instructions`; empty when it is no place.
    pub at: String,
    /// What was found, one sentence.
    pub words: String,
    /// The text it was found in, cut short; empty when there is none. Server text.
    pub quote: String,
}

impl Finding {
    /// The finding in one sentence, with the action it is about.
    pub fn told(&self) -> String {
        match &self.action {
            Some(action) => format!("{}, `{action}`: {}", self.kind.label(), self.words),
            None => format!("{}: {}", self.kind.label(), self.words),
        }
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its id, so that it is not compared with itself.
    pub id: Option<&'a ConnectorId>,
    /// Its host.
    pub host: &'a str,
    /// Where the server is.
    pub reach: Reach,
    /// How one signs in.
    pub sign_in: &'a SignIn,
    /// What it offers.
    pub snapshot: &'a Snapshot,
}

impl<'a> Subject<'a> {
    /// A connector as it is approved; `None` when it was never scanned.
    pub fn of(connector: &'a Connector) -> Option<Self> {
        Some(Self {
            id: Some(&connector.id),
            host: &connector.host,
            reach: connector.reach,
            sign_in: &connector.sign_in,
            snapshot: connector.snapshot.as_ref()?,
        })
    }
}

/// Up to this many characters of a text are shown with a finding.
const QUOTE: usize = 160;
/// A text longer than this is not read by anybody, in characters.
const LONG: usize = 6_000;
/// More actions than this are not looked through by anybody.
const MANY: usize = 128;
/// Up to this many findings of one kind are told for one action; more say nothing new.
const EACH: usize = 5;

/// Everything that is worth a look, the highest severity first. `others` are the connectors it will stand beside.
pub fn of(subject: Subject<'_>, others: &[&Connector]) -> Vec<Finding> {
    let others: Vec<&Connector> =
        others.iter().copied().filter(|other| Some(&other.id) != subject.id && other.host != subject.host).collect();
    let mut found = Found(Vec::new());
    let names = Names::of(subject.snapshot, &others);
    if let Some(instructions) = &subject.snapshot.instructions {
        of_text(None, "/instructions", instructions, &names, &mut found);
    }
    for action in &subject.snapshot.actions {
        of_action(action, &names, &mut found);
    }
    look_alikes(subject.snapshot, &mut found);
    if subject.snapshot.actions.len() > MANY {
        found.add(
            Severity::Low,
            Kind::TooLong,
            None,
            "",
            format!(
                "it lists {} actions; nobody reads so many, and a model gets lost among them",
                subject.snapshot.actions.len()
            ),
            "",
        );
    }
    unauthenticated(subject, &mut found);
    toxic(subject, &others, &mut found);
    let mut all = found.0;
    all.sort_by(|one, two| two.severity.cmp(&one.severity).then_with(|| one.cmp(two)));
    all.dedup();
    all
}

impl Rulebook {
    /// What deserves a look in one approved action, of medium severity and more, for whoever decides about a call of it
    /// (screens.md e.4, scanner notices). The highest severity first. Only this action is looked through: the others of a
    /// large connector would take longer than an opening dialog may.
    pub fn notices_of(&self, connector: &ConnectorId, action: &str) -> Vec<Finding> {
        let Ok(connector) = self.connector(connector) else { return Vec::new() };
        let Some((snapshot, own)) = connector.snapshot.as_ref().zip(connector.action(action)) else {
            return Vec::new();
        };
        let alone = Snapshot { actions: vec![own.clone()], instructions: None, ..snapshot.clone() };
        let Some(subject) = Subject::of(connector) else { return Vec::new() };
        let mut found = of(Subject { snapshot: &alone, ..subject }, &self.beside());
        found.retain(|finding| finding.severity >= Severity::Medium && finding.action.as_deref() == Some(action));
        found
    }
}

/// Findings as they are collected, not too many alike.
struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, severity: Severity, kind: Kind, action: Option<&str>, at: &str, words: String, quote: &str) {
        let alike = self.0.iter().rev().take_while(|one| one.action.as_deref() == action);
        if alike.filter(|one| one.kind == kind).count() >= EACH {
            return;
        }
        self.0.push(Finding {
            severity,
            kind,
            action: action.map(str::to_owned),
            at: at.to_owned(),
            words,
            quote: cut(quote),
        });
    }
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Names and hosts that belong to other connectors.
struct Names<'a> {
    /// Names of two words or more, which no text contains by chance, and whose they are.
    actions: HashMap<&'a str, &'a Connector>,
    hosts: Vec<(&'a str, &'a Connector)>,
}

impl<'a> Names<'a> {
    fn of(own: &Snapshot, others: &[&'a Connector]) -> Self {
        let mut actions = HashMap::new();
        for other in others {
            for action in other.actions() {
                let name = action.name();
                let telling = name.len() >= 6 && name.contains(['_', '-', '.', '/']);
                if telling && own.action(name).is_none() {
                    actions.insert(name, *other);
                }
            }
        }
        let public = others.iter().filter(|other| other.reach == Reach::Public && other.host.contains('.'));
        Names { actions, hosts: public.map(|other| (other.host.as_str(), *other)).collect() }
    }
}

fn of_action(action: &Action, names: &Names<'_>, found: &mut Found) {
    let name = action.name();
    let definition = action.definition();
    walk_texts(definition, &mut String::new(), &mut |path, content| {
        // Pictures are long and no text; where they come from is looked at below.
        if path.starts_with("/icons") {
            return;
        }
        of_text(Some(name), path, content, names, found);
    });
    let classified = action.classified();
    if classified.source == ClassSource::Raised && action.claimed() == Some(Class::Read) {
        let (severity, what) = match classified.class {
            Class::Destructive => (Severity::High, "destroy something"),
            // Every other server has one of these; the class is raised all the same.
            Class::Read | Class::Write => (Severity::Low, "change something"),
        };
        let words = format!("the server claims that it only reads, and its name or arguments say that it can {what}");
        found.add(severity, Kind::LyingHint, Some(name), "/annotations/readOnlyHint", words, "");
    }
    of_arguments(action, found);
    of_icons(action, found);
}

/// Looks at one text, wherever it stands.
fn of_text(action: Option<&str>, at: &str, content: &str, names: &Names<'_>, found: &mut Found) {
    let hidden = text::hidden(content);
    if !hidden.is_empty() {
        let spelled = hidden.iter().filter(|one| one.kind == text::Kind::Tag).count();
        let severity = if spelled > 0 || hidden.len() >= 8 { Severity::High } else { Severity::Medium };
        let mut kinds: Vec<&str> = hidden.iter().map(|one| one.name).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let count = if hidden.len() == 1 {
            "a hidden character".to_owned()
        } else {
            format!("{} hidden characters", hidden.len())
        };
        let words = format!("it holds {count}: {}", kinds.join(", "));
        found.add(severity, Kind::Invisible, action, at, words, content);
    }
    let length = content.chars().count();
    if length > LONG {
        let words = format!("it is {length} characters long, more than anybody reads");
        found.add(Severity::Low, Kind::TooLong, action, at, words, content);
    }
    let plain = plain(content);
    if let Some((severity, what)) = speaks(&plain) {
        found.add(severity, Kind::Instruction, action, at, what.to_owned(), content);
    }
    let mut told = BTreeSet::new();
    for word in content.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c))) {
        let word = word.trim_matches(['.', '/', '-']);
        if let Some(other) = names.actions.get(word)
            && told.insert(word)
        {
            let words = format!("it names `{word}`, an action of {} · {}", other.name, other.host);
            found.add(Severity::High, Kind::Reference, action, at, words, content);
        }
    }
    for (host, other) in &names.hosts {
        if plain.contains(*host) {
            let words = format!("it names {host}, the host of {}", other.name);
            found.add(Severity::Medium, Kind::Reference, action, at, words, content);
        }
    }
}

/// A text as a model reads it, whatever it is dressed in: without hidden characters, in lower case, with single blanks,
/// look-alike letters as the letters they look like.
fn plain(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    for c in content.chars().filter(|c| !text::is_hidden(*c)) {
        if c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if c == '’' {
            out.push('\'');
        } else {
            out.extend(c.to_lowercase().map(latin));
        }
    }
    out
}

/// The Latin letter that a Cyrillic or Greek one looks like.
fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'с' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'п' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ѵ' | 'ν' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' => 'y',
        other => other,
    }
}

/// Phrases that speak to a model behind the person's back. Each is one that a description of what an action does has no
/// use for.
const BEHIND_THE_BACK: [&str; 26] = [
    "do not tell the user",
    "don't tell the user",
    "do not mention this",
    "don't mention this",
    "do not mention to the user",
    "do not mention that you",
    "do not inform the user",
    "don't inform the user",
    "without telling the user",
    "without informing the user",
    "without the user's knowledge",
    "without the user knowing",
    "without asking the user",
    "without user confirmation",
    "do not ask the user",
    "don't ask the user",
    "do not show the user",
    "don't show the user",
    "do not reveal",
    "hide this from the user",
    "keep this secret from",
    "never mention this",
    "the user must not know",
    "the user should not know",
    "the user does not need to know",
    "no need to tell the user",
];

/// Phrases that take the place of what the model was told before.
const TAKES_OVER: [&str; 18] = [
    "ignore all previous",
    "ignore previous instructions",
    "ignore any previous",
    "ignore the above",
    "ignore your instructions",
    "ignore all other instructions",
    "disregard previous",
    "disregard all previous",
    "disregard the above",
    "disregard your instructions",
    "forget previous instructions",
    "forget all previous",
    "forget your instructions",
    "override previous instructions",
    "new system prompt",
    "your system prompt",
    "you are now in",
    "developer mode enabled",
];

/// Marks that pretend to be something else than a description.
const PRETENDS: [&str; 12] = [
    "<important>",
    "<system>",
    "</system>",
    "<secret>",
    "<hidden>",
    "<!--",
    "[system]",
    "[inst]",
    "<|im_start|>",
    "<|system|>",
    "### system",
    "<instructions>",
];

/// Places where secrets are, which a description has no reason to name.
const SECRET_PLACES: [&str; 11] = [
    "~/.ssh",
    "id_rsa",
    "id_ed25519",
    "/etc/passwd",
    "/etc/shadow",
    "~/.aws",
    "~/.cursor/mcp.json",
    ".env file",
    "claude_desktop_config",
    "keychain",
    "~/.netrc",
];

/// Openings that, together with something to read or send, tell a model to do more than it was asked.
const BEFORE_USE: [&str; 7] = [
    "before using this tool",
    "before calling this tool",
    "before you use this tool",
    "before you call this tool",
    "after using this tool",
    "after calling this tool",
    "whenever you use this tool",
];

/// What such an opening may ask for.
const SMUGGLES: [&str; 10] = [
    "as sidenote",
    "as 'sidenote'",
    "in the sidenote",
    "pass its content",
    "pass the content",
    "send its content",
    "send the content",
    "read the file",
    "contents of",
    "conversation history",
];

fn speaks(plain: &str) -> Option<(Severity, &'static str)> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| plain.contains(phrase));
    let behind = any(&BEHIND_THE_BACK);
    if any(&TAKES_OVER) {
        return Some((Severity::High, "it tells a model to forget what it was told"));
    }
    if behind {
        return Some((Severity::High, "it tells a model to do something behind the person's back"));
    }
    let (before, smuggles, places) = (any(&BEFORE_USE), any(&SMUGGLES), any(&SECRET_PLACES));
    if (before && (smuggles || places)) || (smuggles && places) {
        return Some((Severity::High, "it tells a model to read something else and send it along"));
    }
    if places {
        return Some((Severity::Medium, "it names a place where secrets are kept"));
    }
    any(&PRETENDS).then_some((Severity::Medium, "it pretends to be a message of the system"))
}

/// Names of arguments that ask for a secret, compared without `_`, `-` and case.
const SECRETS: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "clientsecret",
    "apikey",
    "apitoken",
    "accesstoken",
    "authtoken",
    "bearertoken",
    "refreshtoken",
    "privatekey",
    "secretkey",
    "sshkey",
    "credentials",
    "cardnumber",
    "creditcard",
    "cvv",
    "ssn",
];

/// A name without what people join words with, in lower case, letters that look like Latin ones as those.
pub(crate) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).map(latin).collect()
}

fn of_arguments(action: &Action, found: &mut Found) {
    let mut visit = |path: &str, name: &str, schema: &Value| {
        if SECRETS.contains(&folded(name).as_str()) {
            let words =
                format!("the argument `{name}` asks for a secret; a sign-in of the connector keeps it from the model");
            found.add(Severity::Medium, Kind::Secret, Some(action.name()), path, words, "");
        }
        if let Some(header) = schema.get("x-mcp-header").and_then(Value::as_str) {
            let words = format!(
                "the argument `{name}` is also sent as the request header `Mcp-Param-{header}`, which proxies may log"
            );
            found.add(Severity::Medium, Kind::Mirrored, Some(action.name()), path, words, "");
        }
    };
    arguments(action.input_schema(), &mut "/inputSchema".to_owned(), 0, &mut visit);
}

fn arguments(schema: &Value, path: &mut String, depth: u8, visit: &mut dyn FnMut(&str, &str, &Value)) {
    if depth > 6 {
        return;
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    crate::action::at(path, "properties", |path| {
        for (name, one) in properties.into_iter().flatten() {
            crate::action::at(path, name, |path| {
                visit(path, name, one);
                arguments(one, path, depth + 1, visit);
            });
        }
    });
    if let Some(items) = schema.get("items") {
        crate::action::at(path, "items", |path| arguments(items, path, depth + 1, visit));
    }
}

fn of_icons(action: &Action, found: &mut Found) {
    let icons = action.definition().get("icons").and_then(Value::as_array);
    for (at, icon) in icons.into_iter().flatten().enumerate() {
        let source = icon.get("src").and_then(Value::as_str).unwrap_or_default();
        let lower = source.trim().to_lowercase();
        let path = format!("/icons/{at}/src");
        if !lower.starts_with("https://") && !lower.starts_with("data:image/") {
            let words = "its icon is neither a picture nor at an address with https; it is never shown".to_owned();
            found.add(Severity::Medium, Kind::Icon, Some(action.name()), &path, words, source);
        } else if lower.starts_with("data:image/svg") && lower.contains("script") {
            let words = "its icon is a picture with a script in it; it is never shown".to_owned();
            found.add(Severity::Medium, Kind::Icon, Some(action.name()), &path, words, source);
        }
    }
}

fn look_alikes(snapshot: &Snapshot, found: &mut Found) {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for action in &snapshot.actions {
        let name = action.name();
        if name.chars().any(|c| c.to_lowercase().map(latin).any(|plain| !c.is_ascii() && plain.is_ascii())) {
            let words =
                format!("its name has a letter of another script that looks like a Latin one: {}", escaped(name));
            found.add(Severity::High, Kind::LookAlike, Some(name), "/name", words, name);
        }
        alike.entry(folded(name)).or_default().push(name);
    }
    for names in alike.values().filter(|names| names.len() > 1) {
        let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let words = format!("{list} look alike; a model or a person may take one for the other");
        found.add(Severity::Medium, Kind::LookAlike, names.first().copied(), "/name", words, "");
    }
}

/// A name with every character that is not plain ASCII written as its code.
fn escaped(name: &str) -> String {
    let code = |c: char| if c.is_ascii_graphic() { c.to_string() } else { format!("U+{:04X}", c as u32) };
    name.chars().map(code).collect::<Vec<_>>().join(" ")
}

fn unauthenticated(subject: Subject<'_>, found: &mut Found) {
    if *subject.sign_in != SignIn::None || subject.reach == Reach::InPage {
        return;
    }
    let writing: Vec<&str> = writing(subject.snapshot).map(Action::name).collect();
    let Some(first) = writing.first() else { return };
    let words = match writing.len() {
        1 => format!("anybody who knows the address can change things: `{first}` needs no sign-in"),
        count => format!(
            "anybody who knows the address can change things: {count} actions that write need no sign-in, `{first}` for one"
        ),
    };
    found.add(Severity::High, Kind::Unauthenticated, None, "", words, "");
}

fn writing(snapshot: &Snapshot) -> impl Iterator<Item = &Action> {
    snapshot.actions.iter().filter(|action| action.classified().class > Class::Read)
}

/// What an action can be part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Brings in text that anybody may have written.
    Stranger,
    /// Reads what belongs to the people here.
    Private,
    /// Sends something out of the house.
    Sink,
}

/// Verbs and nouns of actions that bring in text of strangers.
const STRANGERS: [&str; 12] =
    ["fetch", "browse", "crawl", "scrape", "web", "url", "inbox", "email", "mail", "feed", "comment", "issue"];
/// Verbs of actions that send something out.
const SENDS: [&str; 9] = ["send", "post", "publish", "email", "mail", "tweet", "share", "upload", "forward"];
/// Nouns of what belongs to the people here.
const PRIVATE: [&str; 14] = [
    "file",
    "files",
    "document",
    "documents",
    "note",
    "notes",
    "contact",
    "contacts",
    "customer",
    "customers",
    "calendar",
    "drive",
    "database",
    "record",
];

/// The part that an action can play. Only what the server or the name says counts: silence about the open world, which
/// MCP reads as yes, would make every server a danger to every other.
fn part(action: &Action) -> Option<Part> {
    let words = crate::action::words(action.name());
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let reads = action.classified().class == Class::Read;
    match action.open_world_claim() {
        Some(true) if reads && has(&STRANGERS) => Some(Part::Stranger),
        None if reads && words.first().is_some_and(|verb| ["browse", "crawl", "scrape"].contains(&verb.as_str())) => {
            Some(Part::Stranger)
        }
        Some(false) if reads && has(&PRIVATE) => Some(Part::Private),
        claim if !reads && claim != Some(false) && words.first().is_some_and(|verb| SENDS.contains(&verb.as_str())) => {
            Some(Part::Sink)
        }
        _ => None,
    }
}

/// Text of strangers, data of the house and a way out, spread over several connectors (*toxic flow*).
fn toxic(subject: Subject<'_>, others: &[&Connector], found: &mut Found) {
    let mut parts: BTreeMap<Part, Vec<(Option<&Connector>, &str)>> = BTreeMap::new();
    for action in &subject.snapshot.actions {
        if let Some(part) = part(action) {
            parts.entry(part).or_default().push((None, action.name()));
        }
    }
    if parts.is_empty() {
        return;
    }
    for other in others {
        for action in other.actions().iter().filter(|action| other.is_on(action.name())) {
            if let Some(part) = part(action) {
                parts.entry(part).or_default().push((Some(other), action.name()));
            }
        }
    }
    let first = |part: Part| {
        let all = parts.get(&part)?;
        // Its own where it has one: that is what the person is about to add.
        let chosen = all.iter().find(|(whose, _)| whose.is_none()).or_else(|| all.first())?;
        Some(match chosen.0 {
            None => format!("`{}`", chosen.1),
            Some(other) => format!("`{}` of {} · {}", chosen.1, other.name, other.host),
        })
    };
    if let (Some(stranger), Some(private), Some(sink)) =
        (first(Part::Stranger), first(Part::Private), first(Part::Sink))
    {
        let words = format!(
            "{stranger} brings in text of strangers, {private} reads your data, and {sink} can send it away; a text could talk a model into doing all three"
        );
        found.add(Severity::Medium, Kind::Toxic, None, "", words, "");
    }
}

#[cfg(test)]
mod tests;
