//! What a browser keeps as its own while its site is tied to a bundle.
//!
//! The rules of such a site are put together each time they are read: what is signed, and over it what is stricter here.
//! So what is signed is not stored here, or it would count here on and on although those who sign have changed it long
//! since. Three things follow. A demo that the signed rules name is *lent*: it is there while they name it ([`lend`]). Of
//! a connector of theirs a browser knows where it leads and how people sign in, which is how it notices that another
//! server took its place ([`meet`]). And of what somebody decides here only the decision is stored ([`kept`]).

use std::collections::BTreeMap;

use super::{Change, changes, portable};
use crate::{Confirm, Connector, ResultReview, Review, Rulebook};

/// A workspace with the demos that the signed rules lend it: those of `demos` that `base` names and that nobody added
/// here, each as `base` decided it, with what of it was set stricter here. They are the same each time that the same signed
/// rules are read, their times included. What is lent and is named no more is gone; with no signed rules nothing is lent.
pub fn lend(book: &Rulebook, base: Option<&Rulebook>, demos: &[Connector]) -> Rulebook {
    let mut with = book.clone();
    let decided = |demo: &Connector| base?.connector(&demo.id).ok().filter(|part| part.is_part());
    with.connectors.retain(|one| !one.lent || decided(one).is_some());
    for demo in demos {
        let Some(decided) = decided(demo) else { continue };
        let here = with.connector(&demo.id).ok();
        if here.is_some_and(|here| !here.lent) {
            continue;
        }
        let mut demo = Connector { lent: true, app_permissions: decided.app_permissions.clone(), ..demo.clone() };
        demo.updated_at = demo.updated_at.max(here.map_or(0, |here| here.updated_at));
        for (name, control) in &mut demo.controls {
            // What those who signed did not know is off.
            *control = decided.controls.get(name).copied().unwrap_or_default();
        }
        with.set_built_in(demo);
    }
    with
}

/// A workspace that knows the connectors of the signed rules `base`: where each leads and how people sign in, and nothing
/// that was decided about it. Should the signed rules be missing one day, nothing of it is on.
pub fn meet(book: &Rulebook, base: &Rulebook) -> Rulebook {
    let mut with = book.clone();
    for theirs in base.connectors.iter().filter(|one| !one.is_part()) {
        let known = Connector {
            controls: BTreeMap::new(),
            confirm: Confirm::default(),
            rules: BTreeMap::new(),
            result_review: ResultReview::default(),
            review: Review { new_actions: theirs.review.new_actions, ..Review::default() },
            ..theirs.clone()
        };
        match with.connectors.iter_mut().find(|one| one.id == theirs.id) {
            None => with.connectors.push(known),
            Some(here) if here.address != theirs.address || here.sign_in != theirs.sign_in => *here = known,
            Some(_) => {}
        }
    }
    with
}

/// What is stored of a change in a tied browser. `own` is what was stored before, `seen` what the signed rules `base` made
/// of it, and `changed` what the change made of that.
///
/// What the change left alone stays as it was stored, so that the next signed rules are tightened by what somebody decided
/// here and by nothing else.
pub fn kept(base: &Rulebook, own: &Rulebook, seen: &Rulebook, changed: &Rulebook) -> Rulebook {
    let own = meet(own, base);
    let mut book = changed.clone();
    let (now, saw, was) = (&mut book.workspace, &seen.workspace, &own.workspace);
    unless(&mut now.confirm, &saw.confirm, &was.confirm);
    unless(&mut now.remember, &saw.remember, &was.remember);
    unless(&mut now.refuse_secret_forms, &saw.refuse_secret_forms, &was.refuse_secret_forms);
    unless(&mut now.only_published, &saw.only_published, &was.only_published);
    unless(&mut now.lockdown, &saw.lockdown, &was.lockdown);
    unless(&mut now.allow_loopback, &saw.allow_loopback, &was.allow_loopback);
    // What is lent is stored only once something of it was decided here.
    book.connectors.retain(|one| {
        !one.lent || own.connector(&one.id).is_ok() || seen.connector(&one.id).is_ok_and(|saw| saw != one)
    });
    for now in &mut book.connectors {
        let (Ok(theirs), Ok(saw)) = (base.connector(&now.id), seen.connector(&now.id)) else { continue };
        let was = own.connector(&now.id).ok();
        restore(&mut now.controls, &saw.controls, was.map(|was| &was.controls));
        restore(&mut now.rules, &saw.rules, was.map(|was| &was.rules));
        for (action, rules) in &mut now.rules {
            let signed = theirs.rules.get(action).map(Vec::as_slice).unwrap_or_default();
            rules.retain(|rule| signed.iter().all(|known| known.id != rule.id));
        }
        let Some(was) = was else { continue };
        unless(&mut now.confirm, &saw.confirm, &was.confirm);
        unless(&mut now.result_review, &saw.result_review, &was.result_review);
        unless(&mut now.app_permissions, &saw.app_permissions, &was.app_permissions);
        unless(&mut now.review.new_actions, &saw.review.new_actions, &was.review.new_actions);
        unless(&mut now.review.pause, &saw.review.pause, &was.review.pause);
    }
    book
}

/// What is stricter here than what was signed, as [`changes()`] tells it. `alone` is what the signed rules make of a browser
/// in which nobody decided anything, and `here` what counts. What is only about this browser, such as its drafts and the
/// demos that somebody added, is no difference.
pub fn stricter_here(alone: &Rulebook, here: &Rulebook) -> Vec<Change> {
    let mut here = portable(here);
    here.connectors.retain(|one| alone.connector(&one.id).is_ok());
    for one in &mut here.connectors {
        // When somebody decided is no decision.
        one.updated_at = alone.connector(&one.id).map_or(one.updated_at, |alone| alone.updated_at);
        if one.is_part() {
            one.updated_at = 0;
        }
    }
    changes(&portable(alone), &here)
}

/// Puts back what was there, unless it was changed.
fn unless<T: PartialEq + Clone>(now: &mut T, saw: &T, was: &T) {
    if now == saw {
        now.clone_from(was);
    }
}

/// As [`unless`], entry by entry; an entry that was not there before and is as it was seen goes.
fn restore<T: PartialEq + Clone>(
    now: &mut BTreeMap<String, T>,
    saw: &BTreeMap<String, T>,
    was: Option<&BTreeMap<String, T>>,
) {
    let changed = std::mem::take(now);
    for (name, was) in was.into_iter().flatten() {
        if changed.get(name) == saw.get(name) {
            now.insert(name.clone(), was.clone());
        }
    }
    now.extend(changed.into_iter().filter(|(name, value)| saw.get(name) != Some(value)));
}
