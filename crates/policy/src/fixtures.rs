//! A small workspace for tests, with people and a connector of every class of action.

use crate::*;
use serde_json::{Map, Value, json};

pub(crate) const NOW: Millis = 1_700_000_000_000;

/// A tool definition with the two hints that decide its class.
pub(crate) fn tool(name: &str, annotations: Value) -> Action {
    Action::new(json!({"name": name, "inputSchema": {"type": "object"}, "annotations": annotations})).unwrap()
}

/// `find` reads, `look` reads and does not reach out, `create` writes, `delete` destroys, `mystery` says nothing.
pub(crate) fn tools() -> Vec<Action> {
    vec![
        tool("find", json!({"readOnlyHint": true})),
        tool("look", json!({"readOnlyHint": true, "openWorldHint": false})),
        tool("create", json!({"readOnlyHint": false, "destructiveHint": false})),
        tool("delete", json!({"destructiveHint": true})),
        tool("mystery", json!({})),
    ]
}

pub(crate) fn snapshot(actions: Vec<Action>) -> Snapshot {
    Snapshot::new(1, NOW, Default::default(), "2025-11-25".into(), None, actions).unwrap()
}

pub(crate) fn new_connector(id: &str) -> NewConnector {
    NewConnector {
        id: id.into(),
        name: "Tracker".into(),
        description: "Tickets".into(),
        address: "https://mcp.example.com/mcp".into(),
        host: "mcp.example.com".into(),
        reach: Reach::Public,
        provenance: Provenance::Vendor,
        sign_in: SignIn::None,
        colour: None,
        snapshot: snapshot(tools()),
    }
}

pub(crate) fn person(id: &str, role: Role) -> Member {
    Member {
        id: id.into(),
        name: id.to_uppercase(),
        email: None,
        role,
        groups: Vec::new(),
        roles: Vec::new(),
        developer: Developer { on: true, changed_at: None },
    }
}

/// A workspace with an *owner*, an *admin*, a *dev* who was let through gate 1 by group, and a *member*. Everyone has
/// their own switch on, so that only gate 1 and roles make a difference. No connectors.
pub(crate) fn workspace(profile: Profile) -> Rulebook {
    let mut book = Rulebook::first_run("Owner", NOW);
    book.workspace.profile = profile;
    let builders = Access::Only {
        members: Default::default(),
        groups: ["builders".into()].into(),
        roles: Default::default(),
        custom: Default::default(),
    };
    book.workspace.developers = builders;
    book.groups = vec![Group::new("builders".into(), "Builders".into())];
    book.members = vec![
        person("owner", Role::Owner),
        person("admin", Role::Admin),
        Member { groups: vec!["builders".into()], ..person("dev", Role::Member) },
        person("member", Role::Member),
    ];
    book
}

/// The same with one connector, `tracker`, published for everyone.
pub(crate) fn published() -> Rulebook {
    let mut book = workspace(Profile::Enterprise);
    book.create_draft(&"owner".into(), new_connector("tracker"), NOW).unwrap();
    book.publish(&"owner".into(), &"tracker".into(), NOW).unwrap();
    book.set_access(&"owner".into(), &"tracker".into(), Access::Everyone, NOW).unwrap();
    book
}

/// A call by the model for *member*, of the definition that was approved.
pub(crate) fn call(book: &Rulebook, action: &str) -> Call {
    let approved = book.connectors.first().and_then(|connector| connector.action(action));
    let definition = approved.map_or_else(|| Digest::of_bytes(b""), |action| action.digest().clone());
    let arguments: Map<String, Value> =
        json!({"title": "Leak", "z": 1, "a": [9007199254740993_u64]}).as_object().cloned().unwrap();
    Call {
        id: "call-1".into(),
        connector: "tracker".into(),
        connection: "tracker".into(),
        action: action.into(),
        definition,
        arguments,
        by: Caller::Model,
        member: "member".into(),
        conversation: Some("talk".into()),
        at: NOW,
    }
}
