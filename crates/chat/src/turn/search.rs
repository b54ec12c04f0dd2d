//! When there are too many actions to offer them all: a tool to search for them, and those that are always there (N13).
//!
//! The definitions of many actions cost more of a model's context than the conversation does, and models choose worse
//! among hundreds. So above a share of the context a turn offers [`TOOL`], the pinned actions, those that the message
//! names with `#` and those that were used before; what is found is offered from then on. A found action is one of
//! [`super::Setup::actions`] like any other: nothing that is not in that list is ever found, and each call passes the gate.

use super::Setup;
use crate::conversation::{Body, Conversation};
use crate::direct::{self, Candidate};
use crate::model::ToolSpec;
use policy::Caller;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name of the tool that searches. No action of a server gets this name.
pub const TOOL: &str = "search_actions";
/// Definitions may take this share of the context, in percent, before actions are searched for.
pub const SHARE: u64 = 20;
/// The same in tokens, where it is not known how much the model holds.
const TOKENS: u64 = 20_000;
/// Providers take no more tools than this.
const MOST: usize = 120;
/// Fewer actions than this are never searched for.
const FEW: usize = 12;
/// How many actions one search finds.
pub const FOUND: usize = 8;
/// How many actions are offered from the beginning.
const ALWAYS: usize = 40;

/// Whether so many actions, whose definitions take so many tokens, are to be searched for.
pub(super) fn is_needed(actions: usize, tokens: u64, context: Option<u32>) -> bool {
    let limit = context.map_or(TOKENS, |context| u64::from(context) * SHARE / 100);
    actions > MOST || (actions >= FEW && tokens > limit)
}

/// The positions of the actions that are offered from the beginning: the pinned, the named, and those used before.
pub(super) fn always(conversation: &Conversation, actions: &[Candidate]) -> BTreeSet<usize> {
    let place = |connector: &policy::ConnectorId, action: &str| {
        actions.iter().position(|one| one.connector == *connector && one.action.name() == action)
    };
    let pinned = conversation.pins.iter().filter_map(|pin| place(&pin.connector, &pin.action));
    let named = conversation.last_said().map(|text| direct::named_actions(text, actions)).unwrap_or_default();
    let path = conversation.path();
    let used = path.iter().rev().filter_map(|item| match &item.body {
        Body::Call(card) if card.by != Caller::App => place(&card.connector, &card.action),
        _ => None,
    });
    let mut all = BTreeSet::new();
    for at in pinned.chain(named).chain(used) {
        if all.len() >= ALWAYS {
            break;
        }
        all.insert(at);
    }
    all
}

/// The tool as a model is told about it.
pub(super) fn tool(actions: usize) -> ToolSpec {
    let description = format!(
        "Searches the {actions} actions of the connected servers. Only some of them are in this list; what this finds can be called afterwards. \
         Search before you say that something cannot be done."
    );
    let schema = json!({
        "type": "object",
        "properties": { "query": { "type": "string", "description": "What is to be done, in a few words" } },
        "required": ["query"],
        "additionalProperties": false,
    });
    ToolSpec { name: TOOL.to_owned(), description, schema }
}

/// What a search found.
pub(super) struct Found {
    /// What was searched for.
    pub(super) query: String,
    /// The positions of the actions, the best first.
    pub(super) places: Vec<usize>,
    /// What the model is told.
    pub(super) told: String,
}

/// Searches, as the model wished. The error is what it is told instead.
pub(super) fn search(arguments: &str, actions: &[Candidate], tools: &[ToolSpec]) -> Result<Found, String> {
    let query = serde_json::from_str::<Value>(arguments.trim()).ok();
    let query = query.as_ref().and_then(|value| value.get("query")).and_then(Value::as_str).unwrap_or_default();
    let query = crate::conversation::one_line(query, 200);
    if query.is_empty() {
        return Err("the search needs a `query`".to_owned());
    }
    let places: Vec<usize> = direct::rank(&query, actions).into_iter().take(FOUND).map(|ranked| ranked.index).collect();
    let mut told = match places.len() {
        0 => format!("No action fits `{query}`. Try other words for what is to be done."),
        count => format!("{count} of {} actions fit and can be called now:", actions.len()),
    };
    for (tool, one) in places.iter().filter_map(|at| Some((tools.get(*at)?, actions.get(*at)?))) {
        told.push_str(&format!("\n- {}: {} of {}", tool.name, one.action.title(), one.connector_name));
    }
    Ok(Found { query, places, told })
}

impl Setup {
    /// How many actions are offered from the beginning, where the others are searched for.
    pub fn offered(&self) -> Option<usize> {
        self.search.as_ref().map(BTreeSet::len)
    }
}
