//! What is different between two workspaces, in words, by noun: what a person reads before they import.
//!
//! Every field is compared, also one that nobody thought of here: the preview of an import must not leave anything out.

use crate::{Access, Action, Connector, Control, DomainUse, Rulebook, Stage};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What kind of thing is different. The order is that in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noun {
    /// A setting of the workspace.
    Settings,
    /// A person.
    People,
    /// A group.
    Groups,
    /// A connector.
    Connectors,
    /// Who may use a connector.
    Access,
    /// What a connector can do.
    Actions,
    /// Anything else of the rules.
    Other,
}

impl Noun {
    /// The noun as a heading.
    pub fn label(self) -> &'static str {
        match self {
            Noun::Settings => "Settings",
            Noun::People => "People",
            Noun::Groups => "Groups",
            Noun::Connectors => "Connectors",
            Noun::Access => "Access",
            Noun::Actions => "Actions",
            Noun::Other => "Other rules",
        }
    }
}

/// How it is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// It is another one.
    Changed,
}

impl How {
    /// The word to show.
    pub fn label(self) -> &'static str {
        match self {
            How::Added => "added",
            How::Removed => "removed",
            How::Changed => "changed",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What kind of thing.
    pub noun: Noun,
    /// How.
    pub how: How,
    /// Which thing, by the name it is shown under; a connector with its host.
    pub what: String,
    /// What about it, one short text each.
    pub detail: Vec<String>,
}

/// What an import of rules would change here, sorted by noun and name. Drafts, archived connectors and parts of the
/// product that the rules say nothing about stay as they are, so nothing is told about them. Neither is what an import
/// leaves as it is: that servers on this machine are forbidden, and that a lockdown is on.
///
/// `demos` are the parts that can be added here, as in [`super::with_parts`].
pub fn preview(here: &Rulebook, rules: &Rulebook, demos: &[Connector]) -> Vec<Change> {
    let (mut before, mut rules) = (super::portable(here), rules.clone());
    let with = super::with_parts(here, &rules, demos);
    // A part that this product does not have, and a connector with the id of one, are left alone.
    rules
        .connectors
        .retain(|one| with.connector(&one.id).map_or(!one.is_part(), |found| found.is_part() == one.is_part()));
    let stays = |one: &Connector| one.is_part() || one.stage != Stage::Published;
    before.connectors.retain(|one| !stays(one) || rules.connector(&one.id).is_ok());
    // Of a part only what was decided about it is taken over, and that only as far as it has it here. Who imports it makes
    // no difference to that.
    if let Some(anybody) = rules.members.first().map(|member| member.id.clone()) {
        let after = super::adopt(&with, &rules, &anybody, &anybody);
        rules.workspace.clone_from(&after.workspace);
        let known = super::portable(&after);
        for part in rules.connectors.iter_mut().filter(|one| one.is_part()) {
            // One that comes new is told with all that it can do.
            let book = if here.connector(&part.id).is_ok() { &known } else { &after };
            if let Ok(after) = book.connector(&part.id) {
                part.clone_from(after);
            }
        }
    }
    for part in before.connectors.iter_mut().filter(|one| one.is_part()) {
        // Whose it is, is about a browser.
        if let Ok(theirs) = rules.connector(&part.id) {
            part.owner = theirs.owner.clone();
        }
    }
    changes(&before, &rules)
}

/// Every difference, sorted by noun and name. None means that the two are equal, except for when something last
/// changed.
pub fn changes(before: &Rulebook, after: &Rulebook) -> Vec<Change> {
    let mut found = Vec::new();
    let settings = fields(&before.workspace, &after.workspace, &["domains"]);
    found.extend(settings.into_iter().map(|(name, detail)| Change {
        noun: Noun::Settings,
        how: How::Changed,
        what: words(&name),
        detail: vec![detail],
    }));
    found.extend(DomainUse::ALL.into_iter().filter_map(|use_| {
        let (old, new) = (before.workspace.domains.of(use_), after.workspace.domains.of(use_));
        let detail = fields(old, new, &[]).into_iter().map(|(side, detail)| format!("{side} {detail}"));
        let what = format!("hosts for {}", use_.label().to_lowercase());
        (old != new).then(|| Change { noun: Noun::Settings, how: How::Changed, what, detail: detail.collect() })
    }));
    let people = |book: &Rulebook| -> BTreeMap<String, (String, Value)> {
        let each = book.members.iter();
        each.map(|one| (one.id.to_string(), (format!("{} ({})", one.name, one.role.label()), json(one)))).collect()
    };
    listed(Noun::People, people(before), people(after), &mut found);
    let groups = |book: &Rulebook| -> BTreeMap<String, (String, Value)> {
        book.groups.iter().map(|one| (one.id.to_string(), (one.name.clone(), json(one)))).collect()
    };
    listed(Noun::Groups, groups(before), groups(after), &mut found);
    let others = ["workspace", "members", "groups", "connectors"];
    found.extend(fields(before, after, &others).into_iter().map(|(name, detail)| Change {
        noun: Noun::Other,
        how: How::Changed,
        what: words(&name),
        detail: vec![detail],
    }));

    let by_id = |book: &'_ Rulebook| -> BTreeMap<String, Connector> {
        book.connectors.iter().map(|one| (one.id.to_string(), one.clone())).collect()
    };
    let (old, mut new) = (by_id(before), by_id(after));
    for (id, old) in &old {
        match new.remove(id) {
            Some(new) => connector(old, &new, &mut found),
            None => {
                found.push(Change { noun: Noun::Connectors, how: How::Removed, what: called(old), detail: Vec::new() })
            }
        }
    }
    for new in new.values() {
        found.push(Change { noun: Noun::Connectors, how: How::Added, what: called(new), detail: added(new, after) });
    }
    found.sort();
    found
}

/// A connector's name with its host (X26).
fn called(connector: &Connector) -> String {
    format!("{} · {}", connector.name, connector.host)
}

fn added(connector: &Connector, book: &Rulebook) -> Vec<String> {
    let mut detail = vec![format!("address {}", connector.address)];
    match connector.stage {
        Stage::Published => detail.push(format!("for {}", reach(&connector.access, book))),
        stage => {
            let owner = book.member(&connector.owner).map_or(connector.owner.as_str(), |owner| &owner.name);
            detail.push(format!("{} of {owner}", stage.label().to_lowercase()));
        }
    }
    detail.push(on_of(connector));
    detail
}

fn on_of(connector: &Connector) -> String {
    let on = connector.actions().iter().filter(|action| connector.is_on(action.name())).count();
    format!("{on} of {} actions on", connector.actions().len())
}

fn connector(old: &Connector, new: &Connector, found: &mut Vec<Change>) {
    let mut push = |noun, detail: Vec<String>| {
        if !detail.is_empty() {
            found.push(Change { noun, how: How::Changed, what: called(new), detail });
        }
    };
    let own = fields(old, new, &["updated_at", "snapshot", "controls", "access"]);
    push(Noun::Connectors, own.into_iter().map(|(name, detail)| format!("{}: {detail}", words(&name))).collect());
    if old.access != new.access {
        push(Noun::Access, vec![format!("{} → {}", plain(&old.access), plain(&new.access))]);
    }
    push(Noun::Actions, actions(old, new));
}

fn actions(old: &Connector, new: &Connector) -> Vec<String> {
    let mut detail = Vec::new();
    let names = |one: &Connector| -> BTreeMap<String, Action> {
        one.actions().iter().map(|action| (action.name().to_owned(), action.clone())).collect()
    };
    let (before, after) = (names(old), names(new));
    for (name, action) in &before {
        match after.get(name) {
            None => detail.push(format!("`{name}` removed")),
            Some(now) if now.digest() != action.digest() => detail.push(format!("`{name}` defined differently")),
            Some(_) => {}
        }
    }
    detail.extend(after.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("`{name}` added")));
    let instructions = |one: &Connector| one.snapshot.as_ref().and_then(|snapshot| snapshot.instructions.clone());
    if instructions(old) != instructions(new) {
        detail.push("the server's instructions changed".into());
    }
    let mut all: Vec<&String> = old.controls.keys().chain(new.controls.keys()).collect();
    all.sort_unstable();
    all.dedup();
    for name in all {
        let (was, is) = (control(old, name), control(new, name));
        if was.on != is.on {
            detail.push(format!("`{name}` {}", if is.on { "on" } else { "off" }));
        }
        let others = fields(&was, &is, &["on"]);
        detail.extend(others.into_iter().map(|(field, how)| format!("`{name}` {}: {how}", words(&field))));
    }
    // What is left of a snapshot: its number, time, protocol, the server's own name.
    if detail.is_empty() && json(&old.snapshot) != json(&new.snapshot) {
        detail.push("read from the server again, with the same actions".into());
    }
    if detail.is_empty() && json(&old.controls) != json(&new.controls) {
        detail.push("written down differently, with the same meaning".into());
    }
    detail
}

fn control(connector: &Connector, name: &str) -> Control {
    connector.controls.get(name).cloned().unwrap_or_default()
}

/// Things with an id, a name and fields.
fn listed(
    noun: Noun,
    before: BTreeMap<String, (String, Value)>,
    mut after: BTreeMap<String, (String, Value)>,
    found: &mut Vec<Change>,
) {
    for (id, (name, old)) in before {
        match after.remove(&id) {
            None => found.push(Change { noun, how: How::Removed, what: name, detail: Vec::new() }),
            Some((name, new)) => {
                let detail: Vec<String> = fields(&old, &new, &[])
                    .into_iter()
                    .map(|(field, how)| format!("{}: {how}", words(&field)))
                    .collect();
                if !detail.is_empty() {
                    found.push(Change { noun, how: How::Changed, what: name, detail });
                }
            }
        }
    }
    found.extend(after.into_values().map(|(name, _)| Change { noun, how: How::Added, what: name, detail: Vec::new() }));
}

/// The fields that differ, with how: from what to what where that is short.
fn fields(before: &impl Serialize, after: &impl Serialize, but: &[&str]) -> Vec<(String, String)> {
    let (before, after) = (json(before), json(after));
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Vec::new() };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !but.contains(&name.as_str()))
        .filter_map(|name| {
            let (old, new) = (before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null));
            let how = match (short(old), short(new)) {
                _ if old == new => return None,
                (Some(old), Some(new)) => format!("{old} → {new}"),
                _ => "changed".to_owned(),
            };
            Some((name.clone(), how))
        })
        .collect()
}

/// A value as a few words, where it has them.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(short).collect::<Option<Vec<_>>>()?.join(", "),
        Value::Object(fields) => match fields.get("kind") {
            Some(Value::String(kind)) if fields.len() == 1 => kind.clone(),
            _ => return None,
        },
    };
    (text.chars().count() <= 120).then_some(text)
}

/// Who may use something, without looking names up.
fn plain(access: &Access) -> String {
    match access {
        Access::Nobody => "nobody".into(),
        Access::Everyone => "everyone".into(),
        only => {
            let value = json(only);
            let lists = value.as_object().into_iter().flatten().filter(|(name, _)| *name != "kind");
            let named = lists.filter_map(|(name, list)| {
                let list = list.as_array().filter(|list| !list.is_empty())?;
                Some(format!("{name} {}", list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")))
            });
            let named: Vec<String> = named.collect();
            if named.is_empty() { "nobody".into() } else { named.join("; ") }
        }
    }
}

/// Who may use something, groups by their names.
fn reach(access: &Access, book: &Rulebook) -> String {
    match access {
        Access::Only { members, groups, roles, custom } if members.is_empty() && roles.is_empty() => {
            let group = |id| book.group(id).map_or_else(|| id.to_string(), |group| group.name.clone());
            let role = |id| book.role(id).map_or_else(|| id.to_string(), |role| format!("role {}", role.name));
            let named: Vec<String> = groups.iter().map(group).chain(custom.iter().map(role)).collect();
            if named.is_empty() { "nobody".into() } else { named.join(", ") }
        }
        other => plain(other),
    }
}

fn words(field: &str) -> String {
    field.replace('_', " ")
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
