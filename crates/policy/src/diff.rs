//! What is different between two snapshots, field by field, the riskiest first (S081, N03).
//!
//! A change is weighed by what it could be used for: reaching further or claiming less is *risk*, words that a model
//! reads or that the card of a call shows are *text*, the rest is *cosmetic*. A hint that flips alone is risk too,
//! whichever way it flips: claims about a tool are the cheapest thing to change (X36). A removed action and a new one
//! that look alike are told as a rename, which is a hint for the person and nothing more: the new name is a new action
//! (X38).
//!
//! Who may call an action, and the page it is shown with, stand in `_meta` under new and older names. They are weighed by
//! their effect: what lets somebody else call it, or shows another page, is risk, under whatever name (X47, X48).
//!
//! A diff is exact. Applied to the one snapshot it gives the other, so nothing that changed can be missing from it. A page
//! of an app is a difference of its own: an action can stay as it is while the page that it is shown with changes (X48).

use crate::action::{acted_on, at};
use crate::snapshot::ServerInfo;
use crate::{Action, AppPage, Class, Digest, Millis, Snapshot, snapshot::SnapshotError};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How much a change matters. The order is that of concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Nobody is told or asked anything else than before.
    Cosmetic,
    /// A model or a person reads other words, or a model fills another form.
    Text,
    /// The action reaches further, asks for more, or claims less than before.
    Risk,
}

impl Weight {
    /// The weight as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Weight::Cosmetic => "Cosmetic",
            Weight::Text => "Text for the model",
            Weight::Risk => "Raises the risk",
        }
    }
}

/// One place that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Where: a JSON pointer (RFC 6901) into the definition, such as `/inputSchema/properties/q/description`.
    pub at: String,
    /// What stood there; `None` when nothing did.
    pub before: Option<Value>,
    /// What stands there; `None` when nothing does.
    pub after: Option<Value>,
    /// How much it matters.
    pub weight: Weight,
    /// What that means, in words.
    pub why: &'static str,
}

/// What happened to one action.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It was not there before.
    Added(Action),
    /// It is there no more.
    Removed(Action),
    /// It is there under another name, as far as one can see.
    Renamed {
        /// As it was.
        from: Action,
        /// As it is.
        to: Action,
        /// What differs, the name too.
        fields: Vec<Field>,
    },
    /// It has another definition.
    Changed {
        /// As it was.
        from: Action,
        /// As it is.
        to: Action,
        /// What differs.
        fields: Vec<Field>,
    },
}

impl Step {
    /// The name that the live list has for it; of a removed one, the name it had.
    pub fn name(&self) -> &str {
        match self {
            Step::Added(action) | Step::Removed(action) => action.name(),
            Step::Renamed { to, .. } | Step::Changed { to, .. } => to.name(),
        }
    }

    /// The names that it is about: both of a rename.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Step::Renamed { from, to, .. } => vec![from.name(), to.name()],
            step => vec![step.name()],
        }
    }

    /// What differs; nothing for what was added or removed whole.
    pub fn fields(&self) -> &[Field] {
        match self {
            Step::Added(_) | Step::Removed(_) => &[],
            Step::Renamed { fields, .. } | Step::Changed { fields, .. } => fields,
        }
    }

    /// The class before and after, without any admin's choice, where they differ.
    pub fn class_change(&self) -> Option<(Class, Class)> {
        match self {
            Step::Renamed { from, to, .. } | Step::Changed { from, to, .. } => {
                let (before, after) = (from.classified().class, to.classified().class);
                (before != after).then_some((before, after))
            }
            Step::Added(_) | Step::Removed(_) => None,
        }
    }

    /// How much it matters. A class that moved matters, whichever way: up it does more, down it claims less.
    pub fn weight(&self) -> Weight {
        let fields = self.fields().iter().map(|field| field.weight).max().unwrap_or(Weight::Cosmetic);
        match self {
            Step::Added(action) if action.classified().class > Class::Read => Weight::Risk,
            Step::Added(_) => Weight::Text,
            Step::Removed(_) => Weight::Cosmetic,
            Step::Renamed { .. } | Step::Changed { .. } if self.class_change().is_some() => Weight::Risk,
            Step::Renamed { .. } => fields.max(Weight::Text),
            Step::Changed { .. } => fields,
        }
    }
}

/// A page that is not the approved one, or that was not approved yet (X48). It raises the risk whatever is different:
/// what a page does cannot be read off a comparison of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageStep {
    /// What was approved; `None` when nothing was.
    pub before: Option<AppPage>,
    /// What the server has now.
    pub now: AppPage,
}

impl PageStep {
    /// What is different, a sentence without a full stop for each thing: what it wants more first.
    pub fn says(&self) -> Vec<String> {
        let Some(before) = &self.before else {
            return vec![format!("a page of {} bytes that nobody has approved yet", self.now.bytes)];
        };
        let mut says = before.widened(&self.now);
        if before.html != self.now.html {
            let (was, is) = (before.html.short(), self.now.html.short());
            says.push(format!("its text is another one: approved {was}…, {is}… now"));
        }
        if says.is_empty() {
            says.push("it wants less than was approved".to_owned());
        }
        says
    }

    /// The digest of the page as it is now.
    pub fn digest(&self) -> Digest {
        self.now.digest()
    }
}

/// What is not about single actions.
#[derive(Clone, Debug, PartialEq)]
struct Head {
    version: u32,
    taken_at: Millis,
    server: ServerInfo,
    protocol: String,
}

impl Head {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            version: snapshot.version,
            taken_at: snapshot.taken_at,
            server: snapshot.server.clone(),
            protocol: snapshot.protocol.clone(),
        }
    }
}

/// Everything that differs between two snapshots.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// What happened to each action, the heaviest first, then by name.
    pub steps: Vec<Step>,
    /// The server's instructions to a model, when they differ (X45).
    pub instructions: Option<Field>,
    /// What the server says about itself, where it differs: name, version, protocol.
    pub about: Vec<Field>,
    /// The pages that differ, by address.
    pub pages: Vec<PageStep>,
    head: Head,
    order: Vec<String>,
    all_pages: Vec<AppPage>,
}

impl Diff {
    /// Compares two snapshots.
    pub fn of(before: &Snapshot, after: &Snapshot) -> Self {
        let old: BTreeMap<&str, &Action> = before.actions.iter().map(|action| (action.name(), action)).collect();
        let new: BTreeMap<&str, &Action> = after.actions.iter().map(|action| (action.name(), action)).collect();
        let mut steps = Vec::new();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for (name, from) in &old {
            match new.get(name) {
                Some(to) if to.digest() == from.digest() => {}
                Some(to) => steps.push(Step::Changed {
                    fields: fields(from.definition(), to.definition()),
                    from: (*from).clone(),
                    to: (*to).clone(),
                }),
                None => gone.push(*from),
            }
        }
        come.extend(new.iter().filter(|(name, _)| !old.contains_key(*name)).map(|(_, action)| *action));
        let renamed = renames(&gone, &come);
        for (at, action) in gone.iter().enumerate() {
            match renamed.get(&at).and_then(|to| come.get(*to)) {
                Some(to) => steps.push(Step::Renamed {
                    fields: fields(action.definition(), to.definition()),
                    from: (*action).clone(),
                    to: (*to).clone(),
                }),
                None => steps.push(Step::Removed((*action).clone())),
            }
        }
        let taken: BTreeSet<usize> = renamed.values().copied().collect();
        let added = come.iter().enumerate().filter(|(at, _)| !taken.contains(at));
        steps.extend(added.map(|(_, action)| Step::Added((*action).clone())));
        steps.sort_by(|one, two| two.weight().cmp(&one.weight()).then_with(|| one.name().cmp(two.name())));

        let word = |text: &str| Some(Value::from(text));
        let about = [
            ("/serverInfo/name", word(&before.server.name), word(&after.server.name)),
            ("/serverInfo/version", word(&before.server.version), word(&after.server.version)),
            ("/protocolVersion", word(&before.protocol), word(&after.protocol)),
        ];
        let field = |at: &str, before: Option<Value>, after: Option<Value>, weight, why| {
            (before != after).then(|| Field { at: at.to_owned(), before, after, weight, why })
        };
        Diff {
            steps,
            instructions: field(
                "/instructions",
                before.instructions.clone().map(Value::from),
                after.instructions.clone().map(Value::from),
                Weight::Text,
                "the server tells a model something else about itself",
            ),
            about: about
                .into_iter()
                .filter_map(|(at, before, after)| {
                    field(at, before, after, Weight::Cosmetic, "the server calls itself something else")
                })
                .collect(),
            head: Head::of(after),
            order: after.actions.iter().map(|action| action.name().to_owned()).collect(),
            pages: pages(before, after),
            all_pages: after.pages.clone(),
        }
    }

    /// Whether both are the same: actions, their pages, instructions, and what the server calls itself.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.pages.is_empty() && self.instructions.is_none() && self.about.is_empty()
    }

    /// How many things differ that are approved: actions, pages, instructions. What the server calls itself is none.
    pub fn count(&self) -> usize {
        self.steps.len() + self.pages.len() + usize::from(self.instructions.is_some())
    }

    /// The heaviest weight in it; `None` when nothing differs.
    pub fn weight(&self) -> Option<Weight> {
        let words = self.instructions.iter().chain(&self.about).map(|field| field.weight);
        let pages = self.pages.iter().map(|_| Weight::Risk);
        self.steps.iter().map(Step::weight).chain(words).chain(pages).max()
    }

    /// Makes the later snapshot from the earlier one.
    ///
    /// # Errors
    /// When the snapshot is not the one that the diff was made from.
    pub fn apply(&self, before: &Snapshot) -> Result<Snapshot, NotApplicable> {
        let mut actions: BTreeMap<&str, Action> =
            before.actions.iter().map(|action| (action.name(), action.clone())).collect();
        for step in &self.steps {
            match step {
                Step::Added(action) => {
                    actions.insert(action.name(), action.clone());
                }
                Step::Removed(action) => {
                    actions.remove(action.name()).ok_or(NotApplicable)?;
                }
                Step::Renamed { from, to, fields } | Step::Changed { from, to, fields } => {
                    let mut definition = actions.remove(from.name()).ok_or(NotApplicable)?.definition().clone();
                    for field in fields {
                        put(&mut definition, &field.at, field.after.clone()).ok_or(NotApplicable)?;
                    }
                    actions.insert(to.name(), Action::new(definition).map_err(|_| NotApplicable)?);
                }
            }
        }
        let instructions = match &self.instructions {
            None => before.instructions.clone(),
            Some(field) => field.after.as_ref().and_then(Value::as_str).map(str::to_owned),
        };
        let ordered: Option<Vec<Action>> = self.order.iter().map(|name| actions.remove(name.as_str())).collect();
        let ordered = ordered.filter(|_| actions.is_empty()).ok_or(NotApplicable)?;
        let head = self.head.clone();
        Snapshot::new(head.version, head.taken_at, head.server, head.protocol, instructions, ordered)
            .map(|snapshot| snapshot.with_pages(self.all_pages.clone()))
            .map_err(|SnapshotError::Twice(_)| NotApplicable)
    }
}

/// A diff was applied to another snapshot than the one it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this diff was made from another snapshot; compare again")]
pub struct NotApplicable;

/// The pages of a later list that are not as they were.
fn pages(before: &Snapshot, after: &Snapshot) -> Vec<PageStep> {
    let steps = after.pages.iter().map(|now| PageStep { before: before.page(&now.uri).cloned(), now: now.clone() });
    steps.filter(|step| !step.before.as_ref().is_some_and(|before| before.is_same(&step.now))).collect()
}

/// The places in `_meta` that say who may call an action and which page it is shown with, whole or under each name.
const ACTED_ON: [&str; 6] = [
    "/_meta",
    "/_meta/ui",
    "/_meta/ui~1resourceUri",
    "/_meta/openai~1outputTemplate",
    "/_meta/openai~1visibility",
    "/_meta/openai~1widgetAccessible",
];

/// Every place in which two definitions differ, the heaviest first.
pub fn fields(before: &Value, after: &Value) -> Vec<Field> {
    let mut out = Vec::new();
    compare(before, after, &mut String::new(), &mut out);
    if acted_on(before) != acted_on(after) {
        for field in out.iter_mut().filter(|field| ACTED_ON.contains(&field.at.as_str())) {
            (field.weight, field.why) = (Weight::Risk, PAGE_OR_CALLER);
        }
    }
    out.sort_by(|one, two| two.weight.cmp(&one.weight).then_with(|| one.at.cmp(&two.at)));
    out
}

fn compare(before: &Value, after: &Value, path: &mut String, out: &mut Vec<Field>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                at(path, key, |path| match (old.get(key), new.get(key)) {
                    (Some(old), Some(new)) => compare(old, new, path, out),
                    (old, new) => out.push(weighed(path, old, new)),
                });
            }
        }
        // A list is one thing: its order means something, and one more entry moves all that follow.
        (old, new) if old == new => {}
        (old, new) => out.push(weighed(path, Some(old), Some(new))),
    }
}

fn weighed(path: &str, before: Option<&Value>, after: Option<&Value>) -> Field {
    let (weight, why) = weigh(path, before, after);
    Field { at: path.to_owned(), before: before.cloned(), after: after.cloned(), weight, why }
}

/// What a change at a place could be used for.
fn weigh(path: &str, before: Option<&Value>, after: Option<&Value>) -> (Weight, &'static str) {
    let mut parts = path.split('/').skip(1);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let last = path.rsplit('/').next().unwrap_or_default();
    let mirrors = |value: Option<&Value>| value.is_some_and(|value| has_key(value, "x-mcp-header"));
    if last == "x-mcp-header" || (mirrors(after) && !mirrors(before)) {
        return (Weight::Risk, "an argument is also sent as a request header");
    }
    match (first, second) {
        ("annotations", "title") => (Weight::Text, "the title changed"),
        ("annotations", _) => (Weight::Risk, hint(last, after)),
        ("inputSchema", _) if last == "required" && asks_more(before, after) => {
            (Weight::Risk, "it asks for data that it did not ask for before")
        }
        ("inputSchema", _) if before.is_none() && holds_property(path) => {
            (Weight::Text, "it takes another argument, which a model may fill")
        }
        ("inputSchema", _) => (Weight::Text, "what a model reads and fills in changed"),
        ("outputSchema", _) => (Weight::Text, "what it says to return changed"),
        ("_meta", "ui") => (Weight::Risk, PAGE_OR_CALLER),
        ("_meta", INVOKING | INVOKED) => (Weight::Text, SAID_OF_A_CALL),
        ("_meta", "") if said_of_a_call(before) != said_of_a_call(after) => (Weight::Text, SAID_OF_A_CALL),
        ("securitySchemes", _) => (Weight::Risk, "how one signs in for it changed"),
        ("_meta" | "icons" | "execution", _) => (Weight::Cosmetic, "nothing that a model or a person acts on"),
        ("name", _) => (Weight::Text, "it has another name"),
        _ => (Weight::Text, "a model reads other words"),
    }
}

/// Why a change in `_meta` matters.
const PAGE_OR_CALLER: &str = "its page or who may call it changed";

/// The names in `_meta` of the server's words on the card of a call, while it runs and after it, as steps of a pointer.
const INVOKING: &str = "openai~1toolInvocation~1invoking";
const INVOKED: &str = "openai~1toolInvocation~1invoked";
/// Why a change of them matters.
const SAID_OF_A_CALL: &str = "what it says on the card of a call changed";

/// The server's words on the card of a call, of a whole `_meta`.
fn said_of_a_call(meta: Option<&Value>) -> [Option<&Value>; 2] {
    ["openai/toolInvocation/invoking", "openai/toolInvocation/invoked"].map(|name| meta.and_then(|meta| meta.get(name)))
}

fn hint(name: &str, after: Option<&Value>) -> &'static str {
    match (name, after.and_then(Value::as_bool)) {
        ("readOnlyHint", Some(true)) => "it claims to only read now",
        ("readOnlyHint", _) => "it no longer claims to only read",
        ("destructiveHint", Some(true)) => "it says that it is destructive now",
        ("destructiveHint", _) => "it no longer says that it is destructive",
        ("openWorldHint", Some(false)) => "it claims to stay within its server now",
        ("openWorldHint", _) => "it no longer claims to stay within its server",
        _ => "what it claims about itself changed",
    }
}

/// Whether a list of required names has one that was not in it.
fn asks_more(before: Option<&Value>, after: Option<&Value>) -> bool {
    let names = |value: Option<&Value>| -> BTreeSet<String> {
        let list = value.and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    !names(after).is_subset(&names(before))
}

fn holds_property(path: &str) -> bool {
    path.rsplit('/').nth(1) == Some("properties")
}

fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key(key) || fields.values().any(|field| has_key(field, key)),
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        _ => false,
    }
}

/// Puts a value at a pointer, or takes away what is there. The parent has to be there.
fn put(value: &mut Value, pointer: &str, new: Option<Value>) -> Option<()> {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        *value = new?;
        return Some(());
    };
    let fields: &mut Map<String, Value> = value.pointer_mut(parent)?.as_object_mut()?;
    let key = last.replace("~1", "/").replace("~0", "~");
    match new {
        Some(new) => fields.insert(key, new),
        None => fields.shift_remove(&key),
    };
    Some(())
}

/// How alike two actions must be to be told as a rename, of 1.
const ALIKE: f64 = 0.5;
/// How many words of a definition are compared: enough to tell actions apart, few enough for a thousand of them.
const SKETCH: usize = 48;

/// Up to so many pairs are compared word by word. Where more went and came, it is another list and no renaming.
const PAIRS: usize = 40_000;

/// Which of the actions that went is which of those that came, as indices; each is used once. Those with the same
/// definition but for the name first, which a server that renames all of its actions has, then the most alike.
fn renames(gone: &[&Action], come: &[&Action]) -> BTreeMap<usize, usize> {
    let (mut found, mut taken) = (BTreeMap::new(), BTreeSet::new());
    let mut by_rest: BTreeMap<String, usize> = BTreeMap::new();
    for (at, action) in come.iter().enumerate() {
        by_rest.entry(nameless(action)).or_insert(at);
    }
    for (from, action) in gone.iter().enumerate() {
        if let Some(to) = by_rest.remove(&nameless(action)) {
            taken.insert(to);
            found.insert(from, to);
        }
    }
    let left = |actions: &[&Action], skip: &dyn Fn(usize) -> bool| -> Vec<(usize, Vec<u32>)> {
        let left = actions.iter().enumerate().filter(|(at, _)| !skip(*at));
        left.map(|(at, action)| (at, sketch(action))).collect()
    };
    let old = left(gone, &|at| found.contains_key(&at));
    let new = left(come, &|at| taken.contains(&at));
    if old.len().saturating_mul(new.len()) > PAIRS {
        return found;
    }
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (from, one) in &old {
        let alike = new.iter().map(|(to, two)| (likeness(one, two), *from, *to));
        pairs.extend(alike.filter(|(alike, _, _)| *alike >= ALIKE));
    }
    pairs.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| (one.1, one.2).cmp(&(two.1, two.2))));
    for (_, from, to) in pairs {
        if !found.contains_key(&from) && taken.insert(to) {
            found.insert(from, to);
        }
    }
    found
}

/// A definition without its name, as text; key order counts here, because this is only for a hint. One that says
/// nothing but its name is like no other.
fn nameless(action: &Action) -> String {
    let mut rest = action.definition().clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.shift_remove("name");
        if !fields.contains_key("description") {
            return format!("{}\n{rest}", action.name());
        }
    }
    rest.to_string()
}

/// The words of an action as numbers, the smallest of them, sorted: a sample that is the same for the same words.
fn sketch(action: &Action) -> Vec<u32> {
    let mut words: Vec<u32> = Vec::new();
    let mut add = |kind: &str, text: &str| {
        let split = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.extend(split.map(|word| hash(kind, &word.to_lowercase())));
    };
    add("word", action.name());
    add("word", action.title());
    add("word", action.description());
    if let Some(properties) = action.input_schema().get("properties").and_then(Value::as_object) {
        properties.keys().for_each(|name| add("argument", name));
    }
    words.sort_unstable();
    words.dedup();
    words.truncate(SKETCH);
    words
}

/// How much two sorted samples have in common, of 1 (Jaccard).
fn likeness(one: &[u32], two: &[u32]) -> f64 {
    let (mut right, mut common) = (0, 0_u32);
    for a in one {
        while two.get(right).is_some_and(|b| b < a) {
            right += 1;
        }
        common += u32::from(two.get(right) == Some(a));
    }
    let all = u32::try_from(one.len() + two.len()).unwrap_or(u32::MAX) - common;
    if all == 0 { 0.0 } else { f64::from(common) / f64::from(all) }
}

/// FNV-1a: nobody gains by a collision, which at most shows a rename that is none.
fn hash(kind: &str, word: &str) -> u32 {
    let bytes = kind.bytes().chain([0]).chain(word.bytes());
    bytes.fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests;
