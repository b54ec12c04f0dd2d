//! What a workspace becomes by a bundle.
//!
//! There are two ways. Somebody imports a file and looks at what it changes first: [`adopt`]. Or the site itself is tied
//! to a bundle: [`tighten`] then lets what is set in this browser only make it stricter, and it is applied again after
//! every change. Neither switches anything on for anybody: developer mode, servers on this machine, remembered answers and
//! accounts stay as the person left them or off, and lockdown never ends.

use super::portable;
use crate::{Account, Class, Connector, Control, Developer, MemberId, Rulebook, Stage};

/// The workspace after an import. `before` is what is here, `was` the person at this browser until now and `me` the one
/// they are in the imported workspace.
///
/// What the product brings is what is here, and only what was decided about it comes from elsewhere. Drafts and archived
/// connectors that are only here stay, those of the person under their new id. Remembered answers stay only where the
/// same person still faces the same connector.
///
/// A draft comes as a draft, and with nobody's sign-in. Where it is the person's own and more than what was here, their
/// developer mode is off until they turn it on: nothing of it runs before they decided that it should.
pub fn adopt(before: &Rulebook, rules: &Rulebook, was: &MemberId, me: &MemberId) -> Rulebook {
    let mut book = portable(rules);
    let (settings, mut brought): (Vec<_>, Vec<_>) = book.connectors.drain(..).partition(Connector::is_part);
    let (parts, own): (Vec<_>, Vec<_>) = before.connectors.iter().partition(|one| one.is_part());
    // No connector takes the place of a part of the product.
    brought.retain(|one| parts.iter().all(|part| part.id != one.id));
    let brings_draft =
        brought.iter().any(|one| one.stage == Stage::Draft && one.owner == *me && is_news(one, before, was));
    let kept = own.into_iter().filter(|one| one.stage != Stage::Published);
    let kept = kept.filter(|one| brought.iter().all(|other| other.id != one.id)).cloned().map(|mut one| {
        if one.owner == *was {
            one.owner = me.clone();
        }
        one
    });
    let kept: Vec<Connector> = kept.collect();
    // What is part of the product comes first, as on the first day.
    book.connectors.extend(parts.into_iter().map(|part| {
        let decided = settings.iter().find(|one| one.id == part.id);
        Connector { owner: me.clone(), ..decided.map_or_else(|| part.clone(), |decided| part_with(part, decided)) }
    }));
    book.connectors.append(&mut brought);
    book.connectors.extend(kept);
    own_switch(&mut book, before, was, me);
    if brings_draft {
        book.members.iter_mut().for_each(|member| member.developer = Developer::default());
    }
    if was == me {
        book.requests.clone_from(&before.requests);
    }
    if was == me {
        let same = |id, address: &str| book.connector(id).is_ok_and(|connector| connector.address == address);
        let grants = before.grants.iter().filter(|grant| grant.member == *me && same(&grant.connector, &grant.address));
        let grants = grants.filter(|grant| book.workspace.remember >= grant.needs());
        book.grants = grants.cloned().collect();
    }
    book.accounts = accounts(&book, before, was, me);
    book.workspace.lockdown |= before.workspace.lockdown;
    book.workspace.allow_loopback &= before.workspace.allow_loopback;
    book
}

/// A workspace with the parts of the product that rules from elsewhere name and that are not here: of `demos`, which can
/// be added everywhere and are the same everywhere. Each comes with every action off; what of it is on, the rules say.
pub fn with_parts(book: &Rulebook, rules: &Rulebook, demos: &[Connector]) -> Rulebook {
    let mut with = book.clone();
    // What other settings lent is theirs no more; what these name comes new.
    with.connectors.retain(|one| !one.lent);
    let named = |demo: &&Connector| rules.connector(&demo.id).is_ok_and(Connector::is_part);
    for demo in demos.iter().filter(named) {
        if with.connector(&demo.id).is_ok() {
            continue;
        }
        let mut demo = demo.clone();
        demo.controls.values_mut().for_each(|control| control.on = false);
        with.connectors.push(demo);
    }
    with
}

/// The rules of a site that is tied to a bundle: those of `base`, which [`super::governing`] left, with whatever is
/// stricter in this browser.
///
/// People, groups and access are the bundle's. The person keeps their own developer-mode switch, their drafts and their
/// remembered answers; the bundle's rules decide whether those count.
pub fn tighten(base: &Rulebook, local: &Rulebook, me: &MemberId) -> Rulebook {
    let mut book = adopt(local, base, me, me);
    let (ours, theirs) = (&local.workspace, &mut book.workspace);
    theirs.confirm = theirs.confirm.max(ours.confirm);
    theirs.remember = theirs.remember.min(ours.remember);
    theirs.refuse_secret_forms |= ours.refuse_secret_forms;
    theirs.only_published |= ours.only_published;
    let remember = theirs.remember;
    book.grants.retain(|grant| remember >= grant.needs());
    for connector in book.connectors.iter_mut().filter(|connector| base.connector(&connector.id).is_ok()) {
        let Ok(here) = local.connector(&connector.id) else { continue };
        // Another server's switches say nothing about this one.
        if here.address != connector.address {
            continue;
        }
        connector.confirm = connector.confirm.max(here.confirm);
        connector.result_review = connector.result_review.max(here.result_review);
        connector.app_permissions.retain(|name| here.app_permissions.contains(name));
        connector.updated_at = connector.updated_at.max(here.updated_at);
        connector.review = connector.review.tightened(&here.review);
        // Rules of this place are added; those of the bundle stay as they are.
        for (action, rules) in &here.rules {
            let all = connector.rules.entry(action.clone()).or_default();
            let own = rules.iter().filter(|rule| !all.iter().any(|known| known.id == rule.id)).cloned();
            let own: Vec<_> = own.collect();
            all.extend(own);
        }
        let own = |name: &str| connector.snapshot.as_ref()?.action(name).map(|action| action.classified().class);
        for (name, control) in &mut connector.controls {
            if let Some(here) = here.controls.get(name) {
                *control = stricter(control, here, own(name));
            }
        }
    }
    book
}

/// Both controls at once; `own` is the class by the action's definition.
fn stricter(base: &Control, here: &Control, own: Option<Class>) -> Control {
    // A class that is set here counts only where it raises the one that counts without it.
    let class = here.class.filter(|class| base.class.or(own).is_none_or(|counts| *class > counts)).or(base.class);
    let mut both = base.to_owned();
    (both.on, both.class, both.confirm) = (base.on && here.on, class, base.confirm.max(here.confirm));
    both
}

/// Whether a draft is more than the one that the person had here: another server, somebody else's, one that was put
/// away, or one with actions switched on that were off.
fn is_news(draft: &Connector, before: &Rulebook, was: &MemberId) -> bool {
    before.connector(&draft.id).map_or(true, |here| {
        let on = |connector: &Connector, name: &str| connector.controls.get(name).is_some_and(|control| control.on);
        here.stage != Stage::Draft
            || here.owner != *was
            || here.address != draft.address
            || draft.controls.keys().any(|name| on(draft, name) && !on(here, name))
    })
}

/// A part of the product as it is here, with what was decided about it elsewhere. An action that only one of the two
/// knows, because it is of another version, stays as it is here.
fn part_with(here: &Connector, decided: &Connector) -> Connector {
    let mut part = here.clone();
    for (name, control) in &mut part.controls {
        if let Some(decided) = decided.controls.get(name) {
            *control = *decided;
        }
    }
    part.access.clone_from(&decided.access);
    part.confirm = decided.confirm;
    part.rules.clone_from(&decided.rules);
    part.result_review = decided.result_review;
    part.app_permissions.clone_from(&decided.app_permissions);
    part.review = decided.review.with_history_of(&here.review);
    part
}

/// The accounts at servers that are still the same ones, those of the person under their new id.
fn accounts(book: &Rulebook, before: &Rulebook, was: &MemberId, me: &MemberId) -> Vec<Account> {
    let same = |account: &&Account| {
        let old = before.connector(&account.connector).map(|connector| &connector.address);
        old.is_ok() && old == book.connector(&account.connector).map(|connector| &connector.address)
    };
    let own = |account: &Account| {
        let member = if account.member == *was { me.clone() } else { account.member.clone() };
        book.member(&member).is_ok().then(|| Account { member, ..account.clone() })
    };
    before.accounts.iter().filter(same).filter_map(own).collect()
}

/// Everybody's own switch is off; the person at this browser keeps theirs while they stay the same person.
fn own_switch(book: &mut Rulebook, before: &Rulebook, was: &MemberId, me: &MemberId) {
    let switch = before.member(was).map(|member| member.developer).unwrap_or_default();
    for member in &mut book.members {
        member.developer = if was == me && member.id == *me { switch } else { Developer::default() };
    }
}
