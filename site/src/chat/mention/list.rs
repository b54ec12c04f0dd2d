//! The entries of the list: what fits what was typed, the best first within its group.

use browser::ToolSet;
use browser::chat::material::{Prompt, Resource};
use browser::chat::mention::{Mark, Mention};
use browser::glance::Offer;
use leptos::prelude::*;
use policy::{ConnectionId, ConnectorId};

use super::Naming;
use crate::ui::IconName;

/// Entries that are on the page at once; typing narrows them down.
const SHOWN: usize = 50;

/// What an entry stands for.
#[derive(Clone, PartialEq)]
pub(super) enum Pick {
    Connector {
        name: String,
    },
    /// One of several accounts at a connector.
    Account {
        connector: ConnectorId,
        name: String,
        account: ConnectionId,
    },
    Action {
        name: String,
    },
    Set(ToolSet),
    Resource {
        connector: ConnectorId,
        resource: Resource,
    },
    Prompt {
        connector: ConnectorId,
        prompt: Prompt,
    },
}

/// An entry.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) group: &'static str,
    pub(super) icon: Option<IconName>,
    pub(super) text: String,
    /// What it is, as its server says.
    pub(super) says: String,
    /// Whose it is.
    pub(super) beside: String,
    pub(super) host: String,
    pub(super) pick: Pick,
}

/// What fits what was typed. Tracks.
pub(super) fn entries(typed: &Mention, naming: Naming) -> Vec<Entry> {
    let mut found: Vec<(usize, Entry)> = match typed.mark {
        Mark::Connector => connectors(naming),
        Mark::Thing => things(naming),
        Mark::Prompt => prompts(naming),
    }
    .into_iter()
    .filter_map(|entry| {
        let rank = typed
            .fits(&entry.text)
            .or_else(|| typed.fits(&entry.says).or(typed.fits(&entry.beside)).map(|rank| rank + 2));
        rank.map(|rank| (rank, entry))
    })
    .collect();
    // The group with the best entry is first; within one rank groups and entries stay in their order.
    let mut groups: Vec<(usize, &'static str)> = Vec::new();
    for (rank, entry) in &found {
        match groups.iter_mut().find(|(_, group)| *group == entry.group) {
            Some((best, _)) => *best = (*best).min(*rank),
            None => groups.push((*rank, entry.group)),
        }
    }
    groups.sort_by_key(|(best, _)| *best);
    found.sort_by_key(|(rank, entry)| (groups.iter().position(|(_, group)| *group == entry.group), *rank));
    found.into_iter().take(SHOWN).map(|(_, entry)| entry).collect()
}

/// Connectors, each followed by the accounts at it where there are several.
fn connectors(naming: Naming) -> Vec<Entry> {
    let active = naming.writing.active.get();
    let named = |offer: Offer| {
        let group = if active.contains(&offer.id) { "In this chat" } else { "For this turn" };
        let (_, host) = whose(naming, &offer.id);
        let entry = move |text: String, says: String, pick: Pick| Entry {
            group,
            icon: Some(IconName::Plug),
            text,
            says,
            beside: host.clone(),
            host: host.clone(),
            pick,
        };
        let accounts = naming.state.several_accounts(&offer.id);
        let own = entry(offer.name.clone(), String::new(), Pick::Connector { name: offer.name.clone() });
        let accounts = accounts.into_iter().map(move |account| {
            let text = format!("{} as {}", offer.name, account.name);
            let pick = Pick::Account { connector: offer.id.clone(), name: offer.name.clone(), account: account.id };
            entry(text, "acts in this chat from now on".to_owned(), pick)
        });
        std::iter::once(own).chain(accounts).collect::<Vec<_>>()
    };
    let mut entries: Vec<Entry> = naming.state.offers.get().into_iter().flat_map(named).collect();
    entries.sort_by_key(|entry| entry.group == "For this turn");
    entries
}

fn things(naming: Naming) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (id, offers) in naming.known.all() {
        let (beside, host) = whose(naming, &id);
        entries.extend(offers.resources.into_iter().map(|resource| Entry {
            group: "Resources",
            icon: None,
            text: resource.name.clone(),
            says: resource.uri.clone(),
            beside: beside.clone(),
            host: host.clone(),
            pick: Pick::Resource { connector: id.clone(), resource },
        }));
    }
    let active = naming.writing.active.get();
    naming.state.rulebook.with(|rules| {
        let me = naming.state.ws().seen_as();
        let Ok(member) = rules.member(&me) else { return };
        let chosen = naming.state.chosen_actions.get();
        for (connector, action) in rules.offered(member) {
            if !active.contains(&connector.id) || !chosen.admits(&connector.id, action.name()) {
                continue;
            }
            entries.push(Entry {
                group: "Actions",
                icon: Some(IconName::ChevronRight),
                text: action.title().to_owned(),
                says: action.name().to_owned(),
                beside: format!("{} · {}", connector.name, connector.host),
                host: connector.host.clone(),
                pick: Pick::Action { name: action.name().to_owned() },
            });
        }
    });
    entries.extend(naming.known.sets().into_iter().map(|set| Entry {
        group: "Tool sets",
        icon: Some(IconName::Settings),
        text: set.name.clone(),
        says: String::new(),
        beside: crate::connectors::plural(set.connectors.len(), "connector"),
        host: String::new(),
        pick: Pick::Set(set),
    }));
    entries
}

fn prompts(naming: Naming) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (id, offers) in naming.known.all() {
        let (beside, host) = whose(naming, &id);
        entries.extend(offers.prompts.into_iter().map(|prompt| Entry {
            group: "Prompts",
            icon: None,
            text: prompt.title.clone(),
            says: prompt.description.clone(),
            beside: beside.clone(),
            host: host.clone(),
            pick: Pick::Prompt { connector: id.clone(), prompt },
        }));
    }
    entries
}

/// The name and host of a connector, and the host alone. Tracks.
fn whose(naming: Naming, id: &ConnectorId) -> (String, String) {
    naming.state.rulebook.with(|rules| match rules.connector(id) {
        Ok(connector) => (format!("{} · {}", connector.name, connector.host), connector.host.clone()),
        Err(_) => (id.to_string(), id.to_string()),
    })
}
