//! What a change of the rulebook was, as rows: who, what, before and after.
//!
//! Two rulebooks are compared field by field as they are stored, and not setting by setting, so that no part of them can
//! be changed without a row: what is added to the rulebook later is recorded from its first day.

use super::Entry;
use crate::{MemberId, Rulebook, secrets};
use serde_json::{Map, Value};

/// A value is shown up to this many characters.
const SHOWN: usize = 160;

/// Fields that only say when something happened, which the row itself says.
const TIMES: [&str; 3] = ["created_at", "updated_at", "changed_at"];

/// One row for each difference between two rulebooks; none when they are the same.
pub fn changes(before: &Rulebook, after: &Rulebook, by: &MemberId) -> Vec<Entry> {
    if before == after {
        return Vec::new();
    }
    let json = |book: &Rulebook| serde_json::to_value(book).ok();
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (json(before), json(after)) else {
        return vec![Entry::changed(by, "workspace", "changed")];
    };
    let mut rows = Rows { by, entries: Vec::new() };
    for key in keys(&before, &after) {
        match (before.get(key), after.get(key)) {
            (Some(Value::Array(old)), Some(Value::Array(new))) => rows.list(key, old, new),
            (None, Some(Value::Array(new))) => rows.list(key, &[], new),
            (Some(Value::Array(old)), None) => rows.list(key, old, &[]),
            (Some(Value::Object(old)), Some(Value::Object(new))) => rows.fields(key, old, new),
            (old, new) => rows.field("workspace", key, old, new),
        }
    }
    rows.entries
}

struct Rows<'a> {
    by: &'a MemberId,
    entries: Vec<Entry>,
}

impl Rows<'_> {
    /// Things with an id: which came, which went, and what changed in the others.
    fn list(&mut self, key: &str, old: &[Value], new: &[Value]) {
        if old == new {
            return;
        }
        let noun = noun(key);
        for thing in new {
            let subject = format!("{noun} {}", name(thing));
            match old.iter().find(|other| id(other) == id(thing)) {
                None => self.add(subject, "added".to_owned(), None, Some(summary(thing))),
                Some(before) if before != thing => match (before, thing) {
                    (Value::Object(before), Value::Object(after)) => self.fields(&subject, before, after),
                    _ => self.add(subject, "changed".to_owned(), Some(shown(before)), Some(shown(thing))),
                },
                Some(_) => {}
            }
        }
        for thing in old.iter().filter(|thing| !new.iter().any(|other| id(other) == id(thing))) {
            self.add(format!("{noun} {}", name(thing)), "removed".to_owned(), Some(summary(thing)), None);
        }
    }

    fn fields(&mut self, subject: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        for key in keys(old, new) {
            if TIMES.contains(&key) {
                continue;
            }
            match (old.get(key), new.get(key)) {
                // What was approved is told by version and digest; its texts are the server's and long.
                (old, new) if key == "snapshot" => {
                    self.values(subject, "definition", old.map(version), new.map(version))
                }
                // Tables by name, such as what was decided about each action.
                (Some(Value::Object(old)), Some(Value::Object(new))) if key == "controls" || key == "proxies" => {
                    for name in keys(old, new) {
                        let what = format!("{} {name}", noun(key));
                        self.values(subject, &what, old.get(name).map(shown), new.get(name).map(shown));
                    }
                }
                // What a review decided, each part by itself. The versions it keeps are what earlier rows told, and
                // that a list could not be read is nobody's decision.
                (old, new) if key == "review" => {
                    let nothing = Map::new();
                    let [old, new] = [old, new].map(|review| review.and_then(Value::as_object).unwrap_or(&nothing));
                    for part in keys(old, new).filter(|part| !matches!(*part, "versions" | "unread")) {
                        match part {
                            "acceptances" => self.acceptances(subject, old.get(part), new.get(part)),
                            "publication" => {
                                self.evidence(subject, old.get(part), new.get(part));
                                self.field(subject, part, old.get(part), new.get(part));
                            }
                            _ => self.field(subject, part, old.get(part), new.get(part)),
                        }
                    }
                }
                (old, new) => self.field(subject, key, old, new),
            }
        }
    }

    /// What was looked at before a publication, a row for each point, so that no text is cut off (S095).
    fn evidence(&mut self, subject: &str, old: Option<&Value>, new: Option<&Value>) {
        let nothing = Map::new();
        let [old, new] = [old, new]
            .map(|one| one.and_then(|one| one.get("evidence")).and_then(Value::as_object).unwrap_or(&nothing));
        for point in keys(old, new) {
            self.values(subject, &format!("evidence for {point}"), old.get(point).map(said), new.get(point).map(said));
        }
    }

    /// Changes that were accepted since, each with the reason in full. Those that are not kept any more were told before.
    fn acceptances(&mut self, subject: &str, old: Option<&Value>, new: Option<&Value>) {
        let [old, new] = [old, new].map(|all| all.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default());
        for one in new.iter().filter(|one| !old.contains(one)) {
            let review = format!("review of {}", version(one));
            let what = one.get("what").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let what: Vec<String> = what.iter().map(said).collect();
            self.values(subject, &review, None, Some(format!("accepted {}", what.join(", "))));
            for finding in one.get("findings").and_then(Value::as_array).into_iter().flatten() {
                self.values(subject, &format!("{review}, finding"), None, Some(said(finding)));
            }
            self.values(subject, &format!("{review}, reason"), None, one.get("reason").map(said));
        }
    }

    fn field(&mut self, subject: &str, key: &str, old: Option<&Value>, new: Option<&Value>) {
        self.values(subject, &key.replace('_', " "), old.map(shown), new.map(shown));
    }

    fn values(&mut self, subject: &str, what: &str, old: Option<String>, new: Option<String>) {
        if old != new {
            self.add(subject.to_owned(), format!("{what} changed"), old, new);
        }
    }

    fn add(&mut self, subject: String, how: String, before: Option<String>, after: Option<String>) {
        let nothing = |text: &String| !text.is_empty();
        let (before, after) = (before.filter(nothing), after.filter(nothing));
        self.entries.push(Entry::Changed { by: self.by.clone(), subject, how, before, after });
    }
}

/// The names of the fields of both, each once, in the order of the newer.
fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> impl Iterator<Item = &'a str> {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    new.keys().chain(gone).map(String::as_str)
}

/// What one thing of a list is called.
fn noun(key: &str) -> String {
    match key {
        "members" => "person".to_owned(),
        "grants" => "approval".to_owned(),
        "controls" => "action".to_owned(),
        "proxies" => "proxy".to_owned(),
        other => other.trim_end_matches('s').replace('_', " "),
    }
}

fn id(thing: &Value) -> &Value {
    thing.get("id").unwrap_or(thing)
}

/// How a person knows a thing: by its name, for a remembered answer by its action.
fn name(thing: &Value) -> String {
    let text = |key| thing.get(key).and_then(Value::as_str);
    let name = text("name").or_else(|| text("action")).or_else(|| text("id"));
    cut(name.map_or_else(|| thing.to_string(), str::to_owned))
}

/// What is worth saying about a thing that came or went: the parts that are short.
fn summary(thing: &Value) -> String {
    let parts = ["role", "stage", "host", "email", "connector", "owner"];
    let found = parts.iter().filter_map(|key| thing.get(key).and_then(Value::as_str));
    cut(secrets::mask(&found.collect::<Vec<_>>().join(", ")).into_owned())
}

fn version(snapshot: &Value) -> String {
    let Some(digest) = snapshot.get("digest").and_then(Value::as_str) else { return String::new() };
    let version = snapshot.get("version").map(Value::to_string).unwrap_or_default();
    format!("version {version}, {}", digest.get(..12).unwrap_or(digest))
}

/// A value in words, short, with what looks like a secret masked.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        // One of our own words, such as `first_party`; anything else is somebody's text.
        Value::String(text) if text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()) => {
            text.replace('_', " ")
        }
        Value::String(text) => secrets::mask(text).into_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(parts) => parts.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let kind = fields.get("kind").map(shown);
            let rest =
                fields.iter().filter(|(key, value)| *key != "kind" && !TIMES.contains(&key.as_str()) && !empty(value));
            let rest = rest.map(|(key, value)| match key.as_str() {
                "on" => shown(value),
                key => format!("{} {}", key.replace('_', " "), shown(value)),
            });
            kind.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
        }
    };
    cut(secrets::mask(&text).into_owned())
}

/// Somebody's text as it is, with what looks like a secret masked. It was cut where it was written.
fn said(value: &Value) -> String {
    secrets::mask(value.as_str().unwrap_or_default()).into_owned()
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_str().is_some_and(str::is_empty)
}

fn cut(text: String) -> String {
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::*;

    /// Each row as `subject: how, before -> after`.
    fn told(before: &Rulebook, after: &Rulebook) -> Vec<String> {
        changes(before, after, &"owner".into())
            .into_iter()
            .map(|entry| {
                let Entry::Changed { subject, how, before, after, .. } = entry else { panic!("not a change") };
                format!("{subject}: {how}, {} -> {}", before.unwrap_or_default(), after.unwrap_or_default())
            })
            .collect()
    }

    /// A change of a workspace and the row it must make.
    type Case = (fn(&mut Rulebook), &'static str);

    #[test]
    fn s092_every_change_says_what_it_was_before_and_what_it_is_now() {
        let cases: [Case; 9] = [
            (
                |book| book.rename_workspace(&"owner".into(), "Desk").unwrap(),
                "workspace: name changed, My workspace -> Desk",
            ),
            (
                |book| book.set_profile(&"owner".into(), Profile::Business).unwrap(),
                "workspace: profile changed, enterprise -> business",
            ),
            (|book| book.set_lockdown(&"owner".into(), true).unwrap(), "workspace: lockdown changed, off -> on"),
            (
                |book| book.set_access(&"owner".into(), &"tracker".into(), Access::Nobody, NOW).unwrap(),
                "connector Tracker: access changed, everyone -> nobody",
            ),
            (
                |book| book.set_action_on(&"owner".into(), &"tracker".into(), "find", false, NOW).unwrap(),
                "connector Tracker: action find changed, on, confirm writes -> off, confirm writes",
            ),
            (
                |book| book.archive(&"owner".into(), &"tracker".into(), NOW).unwrap(),
                "connector Tracker: stage changed, published -> archived",
            ),
            (
                |book| book.set_developer_mode(&"dev".into(), false, NOW).unwrap(),
                "person DEV: developer changed, on -> off",
            ),
            (|book| book.members.retain(|one| one.id.as_str() != "member"), "person MEMBER: removed, member -> "),
            (
                |book| book.create_draft(&"owner".into(), new_connector("other"), NOW).unwrap(),
                "connector Tracker: added,  -> draft, mcp.example.com, owner",
            ),
        ];
        for (change, row) in cases {
            let before = published();
            let mut after = before.clone();
            change(&mut after);
            let rows = told(&before, &after);
            assert!(rows.iter().any(|one| one == row), "{rows:?} has not {row:?}");
        }
        assert_eq!(told(&published(), &published()), Vec::<String>::new());
    }

    #[test]
    fn s092_what_a_review_decided_is_told_and_the_versions_it_keeps_are_not() {
        let before = published();
        let mut after = before.clone();
        after.set_action_on(&"owner".into(), &"tracker".into(), "find", false, NOW).unwrap();
        let rows = told(&before, &after);
        assert!(!rows.iter().any(|row| row.contains("version")), "{rows:?}");
        let mut paused = after.clone();
        paused.pause(&"owner".into(), &"tracker".into(), "looks odd", NOW).unwrap();
        let rows = told(&after, &paused);
        assert!(
            rows.iter().any(|row| row.starts_with("connector Tracker: pause changed") && row.contains("looks odd")),
            "{rows:?}"
        );
    }

    #[test]
    fn a_new_definition_is_told_by_version_and_digest_and_secrets_are_masked() {
        let before = published();
        let mut after = before.clone();
        let mut newer = tools();
        newer[0] = tool("find", serde_json::json!({"readOnlyHint": true, "title": "Changed"}));
        let newer = Snapshot::new(2, NOW, Default::default(), "2025-11-25".into(), None, newer).unwrap();
        let (old, new) = (before.connectors[0].snapshot.clone().unwrap(), newer.digest.clone());
        after.connectors[0].snapshot = Some(newer);
        let row = format!(
            "connector Tracker: definition changed, version 1, {} -> version 2, {}",
            old.digest.short(),
            new.short()
        );
        assert_eq!(told(&before, &after), [row]);

        let mut after = before.clone();
        after.connectors[0].description = format!("key ghp_{}", "a1B2".repeat(9));
        let rows = told(&before, &after);
        assert_eq!(rows.len(), 1);
        assert!(!rows[0].contains("a1B2"), "{rows:?}");
    }
}
