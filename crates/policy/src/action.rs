//! One tool of a server as the workspace knows it: an *action*, its class, and what its definition hides.
//!
//! What a server says about its own tool is a claim (X37). A claim is believed only as far as it is the strict choice:
//! names, verbs and telling arguments may raise a class and never lower it. Only an admin lowers one, by hand, and
//! that is recorded as their choice.

use crate::{Digest, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::OnceLock;

/// How far an action reaches. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Looks something up and changes nothing.
    Read,
    /// Changes something. Silence about writing means this.
    Write,
    /// Deletes or overwrites; may not be undone. An answer to it is never remembered (X72).
    Destructive,
}

impl Class {
    /// Every class, mildest first.
    pub const ALL: [Class; 3] = [Class::Read, Class::Write, Class::Destructive];

    /// The class as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Class::Read => "Read",
            Class::Write => "Write",
            Class::Destructive => "Destructive",
        }
    }
}

/// Where a class comes from. Shown beside it, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassSource {
    /// The server says so in the annotations.
    Claimed,
    /// The server says nothing; treated as *write*.
    Unlabelled,
    /// The server claims a milder class than its names and arguments suggest (X37).
    Raised,
    /// An admin of this workspace decided.
    SetByAdmin,
}

/// A class and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Classified {
    /// How far the action reaches.
    pub class: Class,
    /// Who says so.
    pub source: ClassSource,
}

impl Classified {
    /// The source in words, as it stands beside the class: *server claims read-only*.
    pub fn source_sentence(self) -> &'static str {
        match (self.source, self.class) {
            (ClassSource::Claimed, Class::Read) => "server claims read-only",
            (ClassSource::Claimed, Class::Write) => "server says it writes",
            (ClassSource::Claimed, Class::Destructive) => "server says it is destructive",
            (ClassSource::Unlabelled, _) => "not labelled by the server, treated as write",
            (ClassSource::Raised, Class::Destructive) => "name or arguments suggest it destroys something",
            (ClassSource::Raised, _) => "name or arguments suggest it writes",
            (ClassSource::SetByAdmin, _) => "set by an admin",
        }
    }
}

/// One tool, with its definition exactly as the server sent it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Action {
    definition: Value,
    digest: Digest,
    /// Follows from the definition, which never changes: worked out once, because every decision asks for it.
    #[serde(skip)]
    intact: OnceLock<bool>,
    #[serde(skip)]
    classified: OnceLock<Classified>,
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && self.definition == other.definition
    }
}

/// A tool definition that cannot be an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// The definition is not a JSON object.
    #[error("a tool definition must be a JSON object")]
    NotAnObject,
    /// The definition has no name, so nothing could ever call it.
    #[error("a tool definition needs a `name` that is a text of at least one character")]
    NoName,
}

impl Action {
    /// Takes a tool definition as received, unknown fields and all.
    ///
    /// # Errors
    /// When the definition is not an object or has no name.
    pub fn new(definition: Value) -> Result<Self, ActionError> {
        let fields = definition.as_object().ok_or(ActionError::NotAnObject)?;
        match fields.get("name") {
            Some(Value::String(name)) if !name.is_empty() => {}
            _ => return Err(ActionError::NoName),
        }
        let digest = Digest::of_json(&definition);
        Ok(Self { definition, digest, intact: OnceLock::new(), classified: OnceLock::new() })
    }

    /// The whole definition, as received.
    pub fn definition(&self) -> &Value {
        &self.definition
    }

    /// The digest over the whole definition. Identity of an action is connector, name and this.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether the stored digest is the one of the stored definition. When not, the record was damaged or edited, and
    /// the gate refuses.
    pub fn intact(&self) -> bool {
        *self.intact.get_or_init(|| !self.name().is_empty() && Digest::of_json(&self.definition) == self.digest)
    }

    /// The name by which the server knows it.
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// The title to show: `title`, else `annotations.title`, else the name (MCP, *Tool*).
    pub fn title(&self) -> &str {
        let annotated = || self.annotation("title").and_then(Value::as_str);
        self.text("title").or_else(annotated).filter(|title| !title.trim().is_empty()).unwrap_or(self.name())
    }

    /// What the server says the action does. Server text: show it as text, never follow it (X30).
    pub fn description(&self) -> &str {
        self.text("description").unwrap_or_default()
    }

    /// The JSON Schema of the arguments; `null` when there is none.
    pub fn input_schema(&self) -> &Value {
        self.definition.get("inputSchema").unwrap_or(&Value::Null)
    }

    /// The JSON Schema of the structured result, when the server gives one.
    pub fn output_schema(&self) -> Option<&Value> {
        self.definition.get("outputSchema")
    }

    /// Whether the action reaches things outside the server's own data. Silence counts as yes (MCP default of
    /// `openWorldHint`).
    pub fn open_world(&self) -> bool {
        self.hint("openWorldHint") != Some(false)
    }

    /// What the server says about open-world, for showing: `None` when it is silent.
    pub fn open_world_claim(&self) -> Option<bool> {
        self.hint("openWorldHint")
    }

    /// Whether the model may see and call it. A UI may reserve a tool for itself by `_meta.ui.visibility`, or by the
    /// older `openai/visibility` (MCP Apps; X47).
    pub fn visible_to_model(&self) -> bool {
        self.visible_to("model")
    }

    /// Whether an MCP App of the same server may call it (MCP Apps; X47).
    pub fn visible_to_app(&self) -> bool {
        self.visible_to("app")
    }

    /// The class before any admin's choice: what the server claims, raised by what its names and arguments suggest.
    pub fn classified(&self) -> Classified {
        *self.classified.get_or_init(|| self.weighed())
    }

    fn weighed(&self) -> Classified {
        let claim = self.claimed();
        let (class, source) = match claim {
            Some(class) => (class, ClassSource::Claimed),
            None => (Class::Write, ClassSource::Unlabelled),
        };
        let suspected = self.suspected();
        if suspected > class {
            Classified { class: suspected, source: ClassSource::Raised }
        } else {
            Classified { class, source }
        }
    }

    /// What the server claims by its annotations; `None` when it says nothing about writing.
    ///
    /// Contradictory hints mean the stricter one. A hint that is not a boolean is no hint.
    pub fn claimed(&self) -> Option<Class> {
        match (self.hint("readOnlyHint"), self.hint("destructiveHint")) {
            (_, Some(true)) => Some(Class::Destructive),
            (Some(true), _) => Some(Class::Read),
            (Some(false), _) | (None, Some(false)) => Some(Class::Write),
            (None, None) => None,
        }
    }

    /// Every hidden character in any text of the definition, with the JSON pointer (RFC 6901) of where it is. Keys are
    /// looked at too (X31, X32).
    pub fn hidden(&self) -> Vec<(String, text::Hidden)> {
        let mut found = Vec::new();
        walk_texts(&self.definition, &mut String::new(), &mut |path, content| {
            found.extend(text::hidden(content).into_iter().map(|hidden| (path.to_owned(), hidden)));
        });
        found
    }

    /// The mildest class that names and arguments make believable.
    fn suspected(&self) -> Class {
        let named = suspicion(self.name()).max(suspicion(self.title()));
        let properties = self.input_schema().get("properties").and_then(Value::as_object);
        let argued = properties.is_some_and(|properties| {
            properties.keys().any(|key| {
                let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
                WRITING_ARGUMENTS.contains(&key.to_ascii_lowercase().as_str())
            })
        });
        named.max(if argued { Class::Write } else { Class::Read })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.definition.get(key).and_then(Value::as_str)
    }

    fn annotation(&self, key: &str) -> Option<&Value> {
        self.definition.get("annotations")?.get(key)
    }

    fn hint(&self, key: &str) -> Option<bool> {
        self.annotation(key).and_then(Value::as_bool)
    }

    fn visible_to(&self, who: &str) -> bool {
        visible_to(&self.definition, who)
    }

    /// The address of the page that it is shown with, as the server names it: `_meta.ui.resourceUri`, else one of the
    /// older names (MCP Apps). Whether that is an address of a page at all is for whoever reads it.
    pub fn page(&self) -> Option<&str> {
        page(&self.definition)
    }
}

/// What of a definition's `_meta` the product acts on: whether a model and an app may call the action, and its page.
pub(crate) fn acted_on(definition: &Value) -> (bool, bool, Option<&str>) {
    (visible_to(definition, "model"), visible_to(definition, "app"), page(definition))
}

fn visible_to(definition: &Value, who: &str) -> bool {
    let Some(meta) = definition.get("_meta") else { return true };
    match meta.get("ui").and_then(|ui| ui.get("visibility")) {
        Some(Value::Array(list)) => list.iter().any(|entry| entry.as_str() == Some(who)),
        _ => match who {
            "model" => meta.get("openai/visibility").and_then(Value::as_str) != Some("private"),
            _ => meta.get("openai/widgetAccessible").and_then(Value::as_bool) != Some(false),
        },
    }
}

fn page(definition: &Value) -> Option<&str> {
    let meta = definition.get("_meta")?;
    let nested = meta.get("ui").and_then(|ui| ui.get("resourceUri"));
    nested.or_else(|| meta.get("ui/resourceUri")).or_else(|| meta.get("openai/outputTemplate"))?.as_str()
}

/// Calls `visit` with the JSON pointer and content of every text in a value: keys, and strings.
pub(crate) fn walk_texts(value: &Value, path: &mut String, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(content) => visit(path, content),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at(path, &index.to_string(), |path| walk_texts(item, path, visit));
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                at(path, key, |path| {
                    visit(path, key);
                    walk_texts(field, path, visit);
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Runs `then` with one more step at the end of a JSON pointer.
pub(crate) fn at(path: &mut String, step: &str, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(&step.replace('~', "~0").replace('/', "~1"));
    then(path);
    path.truncate(length);
}

/// Words that name destruction wherever they stand: a false alarm costs one question.
const DESTROYS: [&str; 19] = [
    "delete",
    "remove",
    "destroy",
    "drop",
    "erase",
    "purge",
    "wipe",
    "truncate",
    "revoke",
    "terminate",
    "uninstall",
    "kill",
    "unpublish",
    "overwrite",
    "rm",
    "del",
    "nuke",
    "obliterate",
    "shred",
];

/// Words that name a change when they are the verb of the name.
const WRITES: [&str; 62] = [
    "add", "append", "apply", "approve", "archive", "assign", "book", "cancel", "clear", "close", "commit", "copy",
    "create", "deploy", "disable", "edit", "enable", "eval", "exec", "execute", "grant", "import", "insert", "install",
    "invite", "invoke", "launch", "lock", "merge", "modify", "move", "patch", "pay", "post", "publish", "push", "put",
    "register", "rename", "replace", "reply", "reset", "restart", "restore", "run", "save", "schedule", "send", "set",
    "start", "stop", "store", "submit", "transfer", "trigger", "unlock", "update", "upload", "upsert", "withdraw",
    "write", "charge",
];

/// Words that name a look-up when they are the verb of the name. What follows them is an object: `get_update`.
const READS: [&str; 26] = [
    "browse", "check", "compare", "count", "describe", "diff", "download", "explain", "export", "fetch", "find", "get",
    "inspect", "is", "list", "look", "lookup", "peek", "ping", "preview", "query", "read", "search", "show", "status",
    "view",
];

/// Arguments that only make sense for something that changes things. Compared without `_`, `-` and case.
const WRITING_ARGUMENTS: [&str; 5] = ["dryrun", "force", "overwrite", "upsert", "ifmatch"];

/// The class that the words of a name suggest.
///
/// A destroying word counts anywhere. For changes the first verb of each part counts (parts are joined by *and*, *or*,
/// *then*), so that `list_merge_requests` stays a look-up and `find_and_replace` does not.
fn suspicion(name: &str) -> Class {
    let words = words(name);
    if words.iter().any(|word| DESTROYS.contains(&word.as_str())) {
        return Class::Destructive;
    }
    let writes = words.split(|word| matches!(word.as_str(), "and" | "or" | "then")).any(|part| {
        let verb = part.iter().find(|word| WRITES.contains(&word.as_str()) || READS.contains(&word.as_str()));
        verb.is_some_and(|verb| WRITES.contains(&verb.as_str()))
    });
    if writes { Class::Write } else { Class::Read }
}

/// The words of a name in lower case: split at anything that is no letter or digit, and at `camelCase` humps. Hidden
/// characters are dropped first, so that they cannot split a word apart.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars().filter(|c| !text::is_hidden(*c)) {
        if !c.is_alphanumeric() {
            words.push(String::new());
        } else {
            if c.is_uppercase() && after_lower {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn action(name: &str, annotations: Value) -> Action {
        Action::new(json!({"name": name, "inputSchema": {"type": "object"}, "annotations": annotations})).unwrap()
    }

    fn class(name: &str, annotations: Value) -> (Class, ClassSource) {
        let classified = action(name, annotations).classified();
        (classified.class, classified.source)
    }

    #[test]
    fn silence_about_writing_means_writing() {
        assert_eq!(class("frobnicate", json!({})), (Class::Write, ClassSource::Unlabelled));
        assert_eq!(class("get_thing", json!(null)), (Class::Write, ClassSource::Unlabelled));
        // A hint that is not a boolean is no hint.
        assert_eq!(class("get_thing", json!({"readOnlyHint": "true"})), (Class::Write, ClassSource::Unlabelled));
    }

    #[test]
    fn a_claim_is_believed_where_nothing_speaks_against_it() {
        assert_eq!(class("get_thing", json!({"readOnlyHint": true})), (Class::Read, ClassSource::Claimed));
        assert_eq!(class("thing", json!({"readOnlyHint": false})), (Class::Write, ClassSource::Claimed));
        assert_eq!(class("thing", json!({"destructiveHint": true})), (Class::Destructive, ClassSource::Claimed));
        assert_eq!(
            class("update_thing", json!({"readOnlyHint": false, "destructiveHint": false})),
            (Class::Write, ClassSource::Claimed)
        );
    }

    #[test]
    fn contradictory_hints_mean_the_stricter_one() {
        assert_eq!(
            class("thing", json!({"readOnlyHint": true, "destructiveHint": true})),
            (Class::Destructive, ClassSource::Claimed)
        );
    }

    #[test]
    fn x37_a_lying_read_only_claim_is_raised() {
        let lie = || json!({"readOnlyHint": true});
        for name in
            ["delete_all", "deleteAll", "notes.delete", "github-remove-repo", "get_and_delete", "de\u{200b}lete_all"]
        {
            assert_eq!(class(name, lie()), (Class::Destructive, ClassSource::Raised), "{name:?}");
        }
        for name in ["create_ticket", "sendMail", "run_sql", "find_and_replace", "tracker_update_issue"] {
            assert_eq!(class(name, lie()), (Class::Write, ClassSource::Raised), "{name}");
        }
        let titled = json!({"name": "t1", "title": "Delete a file", "annotations": {"readOnlyHint": true}});
        assert_eq!(Action::new(titled).unwrap().classified().class, Class::Destructive);
        let argued = json!({"name": "sync", "annotations": {"readOnlyHint": true},
            "inputSchema": {"type": "object", "properties": {"dry_run": {"type": "boolean"}}}});
        assert_eq!(Action::new(argued).unwrap().classified().class, Class::Write);
    }

    #[test]
    fn x37_a_name_never_lowers_a_class() {
        assert_eq!(class("get_thing", json!({"destructiveHint": true})).0, Class::Destructive);
        assert_eq!(class("read_only_list", json!({"readOnlyHint": false})).0, Class::Write);
        assert_eq!(class("drop_table", json!({})), (Class::Destructive, ClassSource::Raised));
    }

    #[test]
    fn the_object_of_a_look_up_is_no_verb() {
        for name in ["list_merge_requests", "get_update", "read_post", "searchCommits", "fetch", "list_closed_orders"] {
            assert_eq!(class(name, json!({"readOnlyHint": true})), (Class::Read, ClassSource::Claimed), "{name}");
        }
    }

    #[test]
    fn open_world_is_a_flag_beside_the_class_and_silence_is_yes() {
        assert!(action("a", json!({})).open_world());
        assert_eq!(action("a", json!({})).open_world_claim(), None);
        assert!(!action("a", json!({"openWorldHint": false})).open_world());
    }

    #[test]
    fn x36_an_annotation_alone_changes_the_digest() {
        let one = action("a", json!({"readOnlyHint": false}));
        let two = action("a", json!({"readOnlyHint": true}));
        assert_ne!(one.digest(), two.digest());
    }

    #[test]
    fn x31_hidden_characters_are_found_in_every_text_of_a_definition() {
        let action = Action::new(json!({
            "name": "a",
            "inputSchema": {"properties": {"x": {"enum": ["ok", "no\u{202e}k"], "description": "fine"}}},
            "_meta": {"k\u{e0041}ey": 1}
        }))
        .unwrap();
        let paths: Vec<String> = action.hidden().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["/inputSchema/properties/x/enum/1", "/_meta/k\u{e0041}ey"]);
    }

    #[test]
    fn x47_visibility_reserves_an_action_for_the_model_or_the_app() {
        let only = |who: &str| Action::new(json!({"name": "a", "_meta": {"ui": {"visibility": [who]}}})).unwrap();
        assert!(!only("app").visible_to_model() && only("app").visible_to_app());
        assert!(only("model").visible_to_model() && !only("model").visible_to_app());
        assert!(action("a", json!({})).visible_to_model());
        // The older names count where the newer one is missing.
        let older = |meta: Value| Action::new(json!({"name": "a", "_meta": meta})).unwrap();
        let private = older(json!({"openai/visibility": "private", "openai/widgetAccessible": true}));
        assert!(!private.visible_to_model() && private.visible_to_app());
        assert!(!older(json!({"openai/widgetAccessible": false})).visible_to_app());
        let both = older(json!({"ui": {"visibility": ["model"]}, "openai/visibility": "private"}));
        assert!(both.visible_to_model() && !both.visible_to_app());
    }

    #[test]
    fn a_definition_without_a_name_is_no_action() {
        assert_eq!(Action::new(json!([])), Err(ActionError::NotAnObject));
        assert_eq!(Action::new(json!({"name": ""})), Err(ActionError::NoName));
        assert_eq!(Action::new(json!({"title": "x"})), Err(ActionError::NoName));
    }

    #[test]
    fn the_title_falls_back_to_the_annotation_and_then_to_the_name() {
        assert_eq!(action("a", json!({"title": "From annotations"})).title(), "From annotations");
        assert_eq!(action("a", json!({})).title(), "a");
        assert_eq!(Action::new(json!({"name": "a", "title": "  "})).unwrap().title(), "a");
    }

    #[test]
    fn an_edited_record_is_not_intact() {
        let action = action("a", json!({"readOnlyHint": false}));
        assert!(action.intact());
        let mut stored = serde_json::to_value(&action).unwrap();
        stored["definition"]["annotations"]["readOnlyHint"] = json!(true);
        assert!(!serde_json::from_value::<Action>(stored).unwrap().intact());
    }

    #[test]
    fn the_page_of_an_action_is_found_under_every_name_it_has_had() {
        let page = |meta: Value| {
            let action = Action::new(json!({"name": "show", "_meta": meta})).unwrap();
            action.page().map(str::to_owned)
        };
        let found = Some("ui://board/view".to_owned());
        assert_eq!(page(json!({"ui": {"resourceUri": "ui://board/view"}})), found);
        assert_eq!(page(json!({"ui/resourceUri": "ui://board/view"})), found);
        assert_eq!(page(json!({"openai/outputTemplate": "ui://board/view"})), found);
        // The nested name wins over the flat one.
        assert_eq!(page(json!({"ui": {"resourceUri": "ui://board/view"}, "ui/resourceUri": "ui://other"})), found);
        assert_eq!(page(json!({"ui": {"resourceUri": 7}})), None);
        assert_eq!(page(json!({})), None);
    }
}
