//! The same questions for Cedar: may this person use this action of this connector at all, and without being asked?
//!
//! A connector is for groups, an action is on or off and has a class. What reads is permitted to the groups of its
//! connector; what writes is permitted where a remembered answer names person and action; nothing else is. A rule on a
//! value forbids, by what is sent, which Cedar is given as the context of the question.
//! This is the part of our rules that both can say: Cedar knows nothing of digests, address, drift or lockdown, which we
//! check on top. It has no regular expressions either: a pattern is a text with wildcards there, the nearest there is and
//! less work than ours. Entries of lists, and arguments that are left out, are not asked about.

use crate::{Size, access_of, actions_each, class, connector, groups_of, member, ruled, value_rule};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use policy::Class;
use policy::rules::Test;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// A workspace as Cedar knows it.
pub struct Beside {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

fn uid(kind: &str, id: &str) -> EntityUid {
    format!("{kind}::\"{id}\"").parse().expect("an id")
}

fn action_id(of: usize, what: usize) -> String {
    format!("{}/{}", connector(of), crate::action(what))
}

impl Beside {
    /// The policies as text: one for what reads, one for each remembered answer, and one for each rule on a value.
    pub fn policies(size: Size) -> String {
        let mut text = String::from(
            "permit(principal, action == Action::\"use\", resource) when { principal in resource.access && resource.on && resource.class == \"read\" };\n",
        );
        for at in 0..size.values {
            let (of, what) = ruled(size, at);
            let rule = value_rule(size, at);
            let argument = rule.argument.trim_start_matches('/');
            let holds = match &rule.test {
                Test::Equals(value) => format!("context.{argument} == {value}"),
                Test::OneOf(values) => format!("{}.contains(context.{argument})", serde_json::Value::from(values.clone())),
                Test::Prefix(text) => format!("context.{argument} like \"{text}*\""),
                Test::Within { max: Some(max), .. } => format!("context.{argument} <= {max}"),
                Test::Within { .. } => "true".to_owned(),
                Test::Matches(pattern) => {
                    let like = |text: &str| format!("context.{argument} like \"{text}\"");
                    match pattern.as_str() {
                        "^[A-Z]-[0-9]{1,6}$" => like("*-*"),
                        other => other.split('|').map(|part| like(&format!("*{part}*"))).collect::<Vec<_>>().join(" || "),
                    }
                }
            };
            let met = if rule.unless { format!("!({holds})") } else { holds };
            writeln!(
                text,
                "forbid(principal, action == Action::\"use\", resource == Tool::\"{}\") when {{ {met} }};",
                action_id(of, what)
            )
            .expect("a text");
        }
        for at in 0..size.answers {
            let (who, of, what) = (at % size.members, at % size.connectors, at % actions_each(size));
            let (who, what) = (member(who), action_id(of, what));
            writeln!(
                text,
                "permit(principal == Member::\"{who}\", action == Action::\"use\", resource == Tool::\"{what}\") when {{ principal in resource.access && resource.on && resource.class != \"destructive\" }};"
            )
            .expect("a text");
        }
        text
    }

    /// The workspace.
    pub fn new(size: Size) -> Self {
        let policies = Self::policies(size).parse().expect("policies");
        let group = |at: usize| uid("Group", &format!("group-{at}"));
        let members = (0..size.members).map(|at| {
            let parents: HashSet<EntityUid> = groups_of(at).map(group).into();
            Entity::new(uid("Member", &member(at)), HashMap::new(), parents).expect("a member")
        });
        let tools = (0..size.connectors).flat_map(|of| {
            (0..actions_each(size)).map(move |what| {
                let access = access_of(of).map(|at| RestrictedExpression::new_entity_uid(group(at)));
                let class = match class(what) {
                    Class::Read => "read",
                    Class::Write => "write",
                    Class::Destructive => "destructive",
                };
                let facts = HashMap::from([
                    ("access".to_owned(), RestrictedExpression::new_set(access)),
                    ("on".to_owned(), RestrictedExpression::new_bool(true)),
                    ("class".to_owned(), RestrictedExpression::new_string(class.to_owned())),
                ]);
                Entity::new(uid("Tool", &action_id(of, what)), facts, HashSet::new()).expect("a tool")
            })
        });
        let entities = Entities::from_entities(members.chain(tools), None).expect("entities");
        Self { authorizer: Authorizer::new(), policies, entities }
    }

    /// A question, made ready, with what is sent.
    pub fn request(by: usize, of: usize, what: usize) -> Request {
        let action = uid("Action", "use");
        let sent = Context::from_json_value(crate::arguments(), None).expect("a context");
        Request::new(uid("Member", &member(by)), action, uid("Tool", &action_id(of, what)), sent, None)
            .expect("a request")
    }

    /// Whether it may run unasked.
    pub fn runs(&self, request: &Request) -> bool {
        self.authorizer.is_authorized(request, &self.policies, &self.entities).decision() == Decision::Allow
    }
}
