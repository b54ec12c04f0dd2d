//! A large workspace made by counting, and the same workspace as Cedar's policies and entities.
//!
//! Nothing here is random: whoever runs it measures the same thing.

pub mod beside;

use policy::rules::{ArgumentRule, Effect, Test};
use policy::snapshot::ServerInfo;
use policy::{
    Access, Action, Call, Caller, Class, Connector, Control, Developer, Grant, Group, GroupId, Member, MemberId,
    Provenance, Provider, Reach, Remember, Role, Rulebook, SignIn, Snapshot, Stage,
};
use serde_json::json;

/// How large a workspace is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// People.
    pub members: usize,
    /// Connectors, each published for two groups.
    pub connectors: usize,
    /// Actions of all connectors together.
    pub actions: usize,
    /// Rules on the values of arguments, five of each connector: see [`value_rule`].
    pub values: usize,
    /// Remembered answers, half of them also by argument.
    pub answers: usize,
}

/// The size that the product promises for: under 10 microseconds for a decision.
pub const LARGE: Size = Size { members: 10_000, connectors: 1_000, actions: 50_000, values: 5_000, answers: 5_000 };

impl Size {
    /// The same workspace, so many times as large.
    pub fn times(self, factor: usize) -> Size {
        Size {
            members: self.members * factor,
            connectors: self.connectors * factor,
            actions: self.actions * factor,
            values: self.values * factor,
            answers: self.answers * factor,
        }
    }
}

const GROUPS: usize = 50;
const NOW: u64 = 1_700_000_000_000;

/// The actions of each connector.
pub fn actions_each(size: Size) -> usize {
    size.actions / size.connectors
}

/// The id of the nth person.
pub fn member(at: usize) -> String {
    format!("member-{at}")
}

/// The id of the nth connector.
pub fn connector(at: usize) -> String {
    format!("connector-{at}")
}

/// The name of the nth action of a connector: a third reads, a third writes, a third destroys.
pub fn action(at: usize) -> String {
    match at % 3 {
        0 => format!("get_item_{at}"),
        1 => format!("create_item_{at}"),
        _ => format!("delete_item_{at}"),
    }
}

/// The groups of the nth person.
pub fn groups_of(at: usize) -> [usize; 2] {
    [at % GROUPS, (at / GROUPS) % GROUPS]
}

/// The groups that the nth connector is for.
pub fn access_of(at: usize) -> [usize; 2] {
    [at % GROUPS, (at * 7 + 3) % GROUPS]
}

/// The place of the nth rule on a value: its connector and action.
pub fn ruled(size: Size, at: usize) -> (usize, usize) {
    (at % size.connectors, at / size.connectors * 7 % actions_each(size))
}

/// The nth rule on a value: what it looks at and what it is held against. Two of five are patterns. Every fourth rule of
/// the fourth kind is met by the calls that are asked about, the others are not.
pub fn value_rule(size: Size, at: usize) -> ArgumentRule {
    let texts = |all: &[&str]| Test::OneOf(all.iter().map(|one| json!(one)).collect());
    let (argument, test, unless, effect) = match at / size.connectors % 5 {
        0 => ("/title", texts(&["Report", "A short title", "Minutes"]), true, Effect::Deny),
        1 => ("/id", Test::Matches("^[A-Z]-[0-9]{1,6}$".to_owned().into()), true, Effect::Deny),
        2 => ("/count", Test::Within { min: None, max: Some(100.into()) }, true, Effect::Deny),
        3 if at % 4 == 0 => ("/title", Test::Equals(json!("A short title")), false, Effect::Ask),
        3 => ("/id", Test::Prefix("B-".to_owned()), false, Effect::Ask),
        _ => ("/title", Test::Matches("secret|internal".to_owned().into()), false, Effect::Deny),
    };
    ArgumentRule {
        id: format!("rule-{at}"),
        argument: argument.to_owned(),
        test,
        unless,
        effect,
        note: String::new(),
        examples: Vec::new(),
        by: "Person 0".to_owned(),
        at: NOW,
    }
}

fn group(at: usize) -> GroupId {
    GroupId::from(format!("group-{at}"))
}

fn tool(at: usize) -> Action {
    let name = action(at);
    Action::new(json!({
        "name": name,
        "description": "Works on one item of the list. Answers with the item as it is afterwards.",
        "inputSchema": {
            "type": "object",
            "properties": { "id": { "type": "string" }, "title": { "type": "string" }, "count": { "type": "integer" } },
            "required": ["id"],
        },
        "annotations": { "readOnlyHint": at % 3 == 0, "destructiveHint": at % 3 == 2 },
    }))
    .expect("a tool with a name")
}

/// The workspace.
pub fn workspace(size: Size) -> Rulebook {
    let mut book = Rulebook::first_run("Owner", NOW);
    book.workspace.remember = Remember::Conversation;
    book.groups = (0..GROUPS).map(|at| serde_json::from_value::<Group>(json!({"id": group(at), "name": group(at)})).expect("a group")).collect();
    book.members = (0..size.members)
        .map(|at| Member {
            id: MemberId::from(member(at)),
            name: format!("Person {at}"),
            role: if at == 0 { Role::Owner } else { Role::Member },
            groups: groups_of(at).map(group).into(),
            developer: Developer::default(),
            ..book.members[0].clone()
        })
        .collect();
    let actions: Vec<Action> = (0..actions_each(size)).map(tool).collect();
    let snapshot = Snapshot::new(1, NOW, ServerInfo::default(), "2025-11-25".into(), None, actions).expect("a snapshot");
    let on = Control { on: true, ..Control::default() };
    let controls: std::collections::BTreeMap<_, _> = (0..actions_each(size)).map(|at| (action(at), on.clone())).collect();
    let pattern = Connector {
        provider: Provider::Custom,
        provenance: Provenance::Vendor,
        reach: Reach::Public,
        stage: Stage::Published,
        sign_in: SignIn::None,
        controls,
        ..Connector::built_in("x".into(), "Tracker", "", Provider::Custom, member(0).as_str().into(), snapshot, NOW)
    };
    book.connectors = (0..size.connectors)
        .map(|at| Connector {
            id: connector(at).into(),
            name: format!("Connector {at}"),
            address: format!("https://mcp-{at}.example.com/mcp"),
            host: format!("mcp-{at}.example.com"),
            access: Access::Only {
                members: Default::default(),
                groups: access_of(at).map(group).into(),
                roles: Default::default(), custom: Default::default() },
            ..pattern.clone()
        })
        .collect();
    for at in 0..size.values {
        let (of, what) = ruled(size, at);
        book.connectors[of].rules.entry(action(what)).or_default().push(value_rule(size, at));
    }
    book.grants = (0..size.answers)
        .map(|at| {
            let call = call(&book, at % size.members, at % size.connectors, at % actions_each(size));
            // As it is stored, so that a field which is new and may be missing changes nothing here.
            serde_json::from_value::<Grant>(json!({
                "id": format!("grant-{at}"),
                "given_for": call.id,
                "given_at": NOW,
                "until": null,
                "member": call.member,
                "connector": call.connector,
                "address": format!("https://mcp-{}.example.com/mcp", at % size.connectors),
                "connection": call.connection,
                "action": call.action,
                "definition": call.definition,
                "conversation": "talk",
                "arguments": (at % 2 == 0).then(|| policy::Digest::of_bytes(call.arguments_json().as_bytes())),
            }))
            .expect("a remembered answer")
        })
        .collect();
    book
}

/// What every call sends.
pub fn arguments() -> serde_json::Value {
    json!({"id": "A-1", "title": "A short title", "count": 3})
}

/// A call of the nth person to an action of a connector.
pub fn call(book: &Rulebook, by: usize, of: usize, what: usize) -> Call {
    let action = action(what);
    let approved = book.connectors[of].actions().iter().find(|one| one.name() == action).expect("an action");
    Call {
        id: "call-1".into(),
        connector: connector(of).into(),
        connection: connector(of).into(),
        definition: approved.digest().clone(),
        action,
        arguments: arguments().as_object().cloned().expect("an object"),
        by: Caller::Model,
        member: member(by).into(),
        conversation: Some("talk".into()),
        at: NOW + 1,
    }
}

/// The class of the nth action, as its server claims it.
pub fn class(at: usize) -> Class {
    [Class::Read, Class::Write, Class::Destructive][at % 3]
}

/// Questions spread over the whole workspace, as person, connector and action; every third about something that was
/// remembered, and every third about an action with a rule on a value, by somebody who may use it.
pub fn questions(size: Size) -> Vec<(usize, usize, usize)> {
    // Steps that share no factor with the sizes, so that every part of the workspace is asked about.
    let anything = |at: usize| (at * 7919 % size.members, at * 613 % size.connectors, at * 29 % actions_each(size));
    let remembered = |at: usize| {
        let at = at * 997 % size.answers;
        (at % size.members, at % size.connectors, at % actions_each(size))
    };
    let with_rule = |at: usize| {
        let (of, what) = ruled(size, at * 991 % size.values);
        // The first group of the person with the connector's number is the first that the connector is for.
        (of % size.members, of, what)
    };
    let question = |at: usize| match at % 3 {
        0 => anything(at),
        1 => remembered(at),
        _ => with_rule(at),
    };
    (0..1024).map(question).collect()
}
