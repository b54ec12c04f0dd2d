//! Names of tools that every provider takes and that no two actions share (attacks.md X34).
//!
//! Providers want `^[a-zA-Z0-9_-]{1,64}$`. A name is `connector__action`; where letters had to be replaced or cut, or
//! where two names would look alike, a mark made from the connector's id and the action's exact name is added. The same
//! actions get the same names in every order of the list, so histories stay readable for the model.

use policy::ConnectorId;
use std::collections::BTreeMap;

/// The most characters a name may have.
pub const MAX: usize = 64;

const CONNECTOR_PART: usize = 24;

/// One name for each `(connector id, connector name, action name)`, in the same order.
pub fn safe(actions: &[(&ConnectorId, &str, &str)]) -> Vec<String> {
    let mut plain: Vec<(String, bool)> =
        actions.iter().map(|(_, connector, action)| joined(connector, action)).collect();
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in &plain {
        *alike.entry(folded(name)).or_default() += 1;
    }
    let mut used: Vec<String> = Vec::new();
    for ((name, changed), (id, _, action)) in plain.iter_mut().zip(actions) {
        if *changed || alike.get(&folded(name)).is_some_and(|count| *count > 1) {
            *name = marked(name, id.as_str(), action, 0);
        }
        let mut round = 1;
        while used.contains(name) {
            *name = marked(name, id.as_str(), action, round);
            round += 1;
        }
        used.push(name.clone());
    }
    plain.into_iter().map(|(name, _)| name).collect()
}

/// The name an action would get if no other were like it, for actions that are no longer in the list.
pub fn alone(connector: &ConnectorId, connector_name: &str, action: &str) -> String {
    safe(&[(connector, connector_name, action)]).pop().unwrap_or_default()
}

fn joined(connector: &str, action: &str) -> (String, bool) {
    let (connector, _) = slug(&connector.to_lowercase(), CONNECTOR_PART);
    // The connector's part is decoration; only changes to the action's name make names ambiguous.
    let (action, changed) = slug(action, MAX - CONNECTOR_PART - 2);
    let changed = changed || action.is_empty();
    (if connector.is_empty() { action } else { format!("{connector}__{action}") }, changed)
}

/// Letters, digits, `_` and `-`; others become one `_`. Also says whether something was replaced or cut.
fn slug(text: &str, limit: usize) -> (String, bool) {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            out.push(c);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    let out: String = out.chars().take(limit).collect();
    let changed = out != text;
    (out, changed)
}

/// Names that a reader, human or model, could take for one another.
fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != '_' && *c != '-').map(|c| c.to_ascii_lowercase()).collect()
}

fn marked(name: &str, id: &str, action: &str, round: u32) -> String {
    let mark = hash(&format!("{id}\n{action}\n{round}"));
    let kept: String = name.chars().take(MAX - 9).collect();
    format!("{kept}_{mark:08x}")
}

/// FNV-1a: names only have to be told apart, nobody gains by a collision, which the caller resolves anyway.
pub(crate) fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests;
