//! What a page declares, in words: the same on the app and where it is reviewed.

use browser::mcp::apps::{Permission, Sources};
use std::collections::BTreeSet;

/// What a page may load and send, and what of its wishes was dropped.
pub(crate) fn granted(sources: &Sources) -> Vec<String> {
    let mut said: Vec<String> = sources.sentences().into_iter().map(|says| format!("{says}.")).collect();
    said.extend(
        sources.dropped.iter().map(|(entry, why)| format!("It declared `{entry}`, which is not given: {why}.")),
    );
    said
}

/// What of the device a page asks for, a sentence for what the workspace lets it ask for and one for what it never gets.
pub(crate) fn permissions(asked: &[String], allowed: &BTreeSet<String>) -> Vec<String> {
    let asked = Permission::ALL.into_iter().filter(|one| asked.iter().any(|name| name == one.name()));
    let (may, never): (Vec<_>, Vec<_>) = asked.partition(|one| one.can_be_given() && allowed.contains(one.name()));
    let list = |all: Vec<Permission>| all.into_iter().map(Permission::words).collect::<Vec<_>>().join(", ");
    let may = (!may.is_empty()).then(|| format!("It asks for {}. You are asked each time it is shown.", list(may)));
    let never = (!never.is_empty()).then(|| format!("It asks for {}, which it does not get here.", list(never)));
    may.into_iter().chain(never).collect()
}
