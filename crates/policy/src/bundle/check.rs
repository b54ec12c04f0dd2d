//! What a bundle may hold (X122): limits, ids that are there once, names that lead somewhere, definitions that are whole.

use super::{BundleError, Payload, PublicKey, Signature};
use crate::{Access, Connector, Reach, Role, Rulebook, SignIn, Stage};
use std::collections::HashSet;

const MEMBERS: usize = 20_000;
const GROUPS: usize = 2_000;
const CONNECTORS: usize = 2_000;
const ACTIONS: usize = 100_000;
const KEYS: usize = 32;
/// The longest id or name, in bytes.
const LONGEST: usize = 400;
/// The longest contact, in bytes.
const CONTACT: usize = 400;
/// The largest number that every reader of JSON takes as it is (RFC 7493): 2^53 - 1.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

pub(super) fn payload(payload: &Payload) -> Result<(), BundleError> {
    if payload.serial == 0 || payload.serial > LARGEST_NUMBER || payload.issued_at > LARGEST_NUMBER {
        return Err(BundleError::Form("a number out of range".into()));
    }
    if payload.contact.as_ref().is_some_and(|contact| contact.len() > CONTACT) {
        return Err(BundleError::Form("a `contact` that is too long".into()));
    }
    if payload.keys.is_empty() {
        return Err(BundleError::Form("no key that may sign the next one".into()));
    }
    count("keys", payload.keys.len(), KEYS)?;
    payload.keys.iter().try_for_each(key)?;
    once("key", payload.keys.iter().map(|key| key.id().as_str().to_owned()))?;
    rules(&payload.rules)
}

pub(super) fn signatures(signatures: &[Signature]) -> Result<(), BundleError> {
    count("signatures", signatures.len(), KEYS)?;
    for signature in signatures {
        key(&signature.key)?;
        base64url("signature", &signature.value, 86)?;
    }
    once("signature of the key", signatures.iter().map(|signature| signature.key.id().as_str().to_owned()))
}

fn key(key: &PublicKey) -> Result<(), BundleError> {
    name("key", &key.name)?;
    base64url("key", &key.x, 43)?;
    base64url("key", &key.y, 43)
}

fn base64url(what: &str, text: &str, length: usize) -> Result<(), BundleError> {
    let fits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    fits.then_some(()).ok_or_else(|| BundleError::Form(format!("a {what} that is not base64url of the right length")))
}

fn rules(rules: &Rulebook) -> Result<(), BundleError> {
    count("people", rules.members.len(), MEMBERS)?;
    count("groups", rules.groups.len(), GROUPS)?;
    count("connectors", rules.connectors.len(), CONNECTORS)?;
    count("actions", rules.connectors.iter().map(|connector| connector.actions().len()).sum(), ACTIONS)?;
    if !rules.grants.is_empty() || !rules.requests.is_empty() || !rules.accounts.is_empty() {
        return Err(BundleError::Form(
            "remembered answers, requests or accounts, which belong to a person's browser".into(),
        ));
    }
    name("workspace", &rules.workspace.name)?;
    for member in &rules.members {
        id("person", member.id.as_str())?;
        name("person", &member.name)?;
    }
    for group in &rules.groups {
        id("group", group.id.as_str())?;
        name("group", &group.name)?;
    }
    once("person", rules.members.iter().map(|member| member.id.as_str()))?;
    once("group", rules.groups.iter().map(|group| group.id.as_str()))?;
    count("roles", rules.roles.len(), GROUPS)?;
    for role in &rules.roles {
        id("role", role.id.as_str())?;
        name("role", &role.name)?;
    }
    once("role", rules.roles.iter().map(|role| role.id.as_str()))?;
    once("connector", rules.connectors.iter().map(|connector| connector.id.as_str()))?;
    if !rules.members.iter().any(|member| member.role == Role::Owner) {
        return Err(BundleError::NoOwner);
    }
    let people: HashSet<&str> = rules.members.iter().map(|member| member.id.as_str()).collect();
    let groups: HashSet<&str> = rules.groups.iter().map(|group| group.id.as_str()).collect();
    let roles: HashSet<&str> = rules.roles.iter().map(|role| role.id.as_str()).collect();
    for group in &rules.groups {
        known("person", &people, group.managers.iter().map(crate::MemberId::as_str))?;
        known("role", &roles, group.roles.iter().map(crate::RoleId::as_str))?;
    }
    for member in &rules.members {
        known("role", &roles, member.roles.iter().map(crate::RoleId::as_str))?;
        known("group", &groups, member.groups.iter().map(crate::GroupId::as_str))?;
        if member.developer.on {
            return Err(BundleError::Form("a developer mode that is switched on for somebody".into()));
        }
    }
    let reaches = |access: &Access| match access {
        Access::Nobody | Access::Everyone => Ok(()),
        Access::Only { members, groups: of, custom, .. } => {
            known("role", &roles, custom.iter().map(crate::RoleId::as_str))?;
            known("person", &people, members.iter().map(crate::MemberId::as_str))?;
            known("group", &groups, of.iter().map(crate::GroupId::as_str))
        }
    };
    reaches(&rules.workspace.developers)?;
    for connector in &rules.connectors {
        id("connector", connector.id.as_str())?;
        name("connector", &connector.name)?;
        known("person", &people, std::iter::once(connector.owner.as_str()))?;
        reaches(&connector.access)?;
        if connector.is_part() {
            part(connector)?;
            continue;
        }
        let damaged = || BundleError::Damaged(connector.id.to_string());
        let Some(snapshot) = connector.snapshot.as_ref() else {
            // What was never read can be a draft, and kept for the record, but nobody published it.
            if connector.stage == Stage::Published { return Err(damaged()) } else { continue }
        };
        if snapshot.computed_digest() != snapshot.digest || !snapshot.actions.iter().all(crate::Action::intact) {
            return Err(damaged());
        }
        once("action", snapshot.actions.iter().map(crate::Action::name))?;
    }
    Ok(())
}

/// The first form held published connectors of the workspace's own and nothing else.
pub(super) fn first_form(payload: &Payload) -> Result<(), BundleError> {
    let other = payload.rules.connectors.iter().find(|one| one.is_part() || one.stage != Stage::Published);
    other.map_or(Ok(()), |other| {
        Err(BundleError::Form(format!("the connector `{}`, which does not belong into a file of form 1", other.id)))
    })
}

/// A part of the product: only what was decided about it, nothing that would say what it is.
fn part(connector: &Connector) -> Result<(), BundleError> {
    let plain = connector.stage == Stage::Published
        && connector.reach == Reach::InPage
        && connector.address.starts_with("in-page:")
        && connector.sign_in == SignIn::None
        && connector.snapshot.is_none();
    plain.then_some(()).ok_or_else(|| {
        BundleError::Form(format!(
            "the connector `{}`, which says it is a part of the product and is not",
            connector.id
        ))
    })
}

fn count(what: &'static str, found: usize, limit: usize) -> Result<(), BundleError> {
    if found > limit { Err(BundleError::TooMany { what, limit }) } else { Ok(()) }
}

fn once<T: std::hash::Hash + Eq + Clone + Into<String>>(
    what: &'static str,
    mut ids: impl Iterator<Item = T>,
) -> Result<(), BundleError> {
    let mut seen = HashSet::new();
    match ids.find(|id| !seen.insert(id.clone())) {
        None => Ok(()),
        Some(id) => Err(BundleError::Twice { what, id: id.into() }),
    }
}

fn known<'a>(
    what: &'static str,
    all: &HashSet<&str>,
    mut ids: impl Iterator<Item = &'a str>,
) -> Result<(), BundleError> {
    match ids.find(|id| !all.contains(id)) {
        None => Ok(()),
        Some(id) => Err(BundleError::Dangling { what, id: id.to_owned() }),
    }
}

fn id(what: &str, text: &str) -> Result<(), BundleError> {
    let plain = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(|c| c.is_control());
    plain
        .then_some(())
        .ok_or_else(|| BundleError::Form(format!("a {what} whose id is empty, too long or no plain text")))
}

fn name(what: &str, text: &str) -> Result<(), BundleError> {
    let visible = text.chars().any(|c| !c.is_whitespace() && !crate::text::is_hidden(c));
    let plain = visible && text.len() <= LONGEST && !text.chars().any(|c| c.is_control());
    plain
        .then_some(())
        .ok_or_else(|| BundleError::Form(format!("a {what} whose name is empty, too long or no plain text")))
}
