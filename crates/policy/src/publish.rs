//! The way of a definition to everybody: publishing on evidence, and afterwards changes that are accepted one by one,
//! declined, or answered with a pause (a.11, S060 to S083).
//!
//! Publishing refuses, it does not only warn: what is published is what was on the screen, what the server lists at
//! that moment is the same, every action that is on can be used, and a finding of high severity has a written reason.
//!
//! After that nothing of a live list counts until somebody accepts it. Accepting is by action, and by page. A change that
//! raises the risk is never among those that are accepted together (X36). What was published is held to the same standard
//! as long as it lives: a change that brings a finding of high severity needs a written reason, and every acceptance is
//! kept as a review of the version that runs from then on (S112).

use crate::diff::{Diff, Step, Weight};
use crate::findings::{self, Finding, Severity, Subject};
use crate::review::{
    Acceptance, Check, Declined, NewActions, Pause, Publication, SETTINGS, Settings, Sighting, Tombstone, Unread,
};
use crate::snapshot::SnapshotError;
use crate::{
    Access, Action, ArgumentRule, Class, Confirm, Connector, ConnectorId, Control, Digest, Member, MemberId, Millis,
    Permission, Reach, Rulebook, Snapshot, Stage, Why, rules,
};
use std::collections::{BTreeMap, BTreeSet};

/// The shortest reason that says something, in characters.
const REASON: usize = 8;
/// The longest evidence that is kept for a point of the checklist, in characters.
const EVIDENCE: usize = 300;

/// What a person decided on the review before publishing.
#[derive(Clone, Debug, PartialEq)]
pub struct Publishing {
    /// The digest of the definition that was on the screen.
    pub shown: Digest,
    /// The digest of what the server lists at this moment.
    pub live: Digest,
    /// The actions that are on; `None` leaves them as they are.
    pub on: Option<BTreeSet<String>>,
    /// Who gets access; `None` leaves it as it is.
    pub access: Option<Access>,
    /// What it asks for.
    pub confirm: Confirm,
    /// The points of the checklist that were ticked.
    pub checklist: BTreeSet<Check>,
    /// What was looked at for each point.
    pub evidence: BTreeMap<Check, String>,
    /// Why it is published in spite of findings of high severity.
    pub reason: String,
    /// Whether the person said that they answer for it (S060).
    pub responsible: bool,
    /// The actions that were run before, as far as is known.
    pub tried: Vec<String>,
}

/// What stands on the review: what there is to look at before publishing.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Everything the scanner found, the highest severity first.
    pub findings: Vec<Finding>,
    /// Actions that write, by name.
    pub write: Vec<String>,
    /// Actions that destroy, by name.
    pub destructive: Vec<String>,
    /// Actions that reach beyond their server, as far as one knows, by name.
    pub open_world: Vec<String>,
    /// Actions that say nothing about writing, by name.
    pub unlabelled: Vec<String>,
    /// Actions that cannot be used as they are, with the reason.
    pub unusable: Vec<(String, &'static str)>,
}

impl Evidence {
    /// How many findings are of high severity.
    pub fn high(&self) -> usize {
        self.high_findings().count()
    }

    /// The findings of high severity.
    pub fn high_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::High)
    }
}

impl Action {
    /// Why no model and no form could use its input schema; `None` when they can (MCP, *Tool*: an object schema).
    pub fn unusable(&self) -> Option<&'static str> {
        let schema = self.input_schema();
        let Some(fields) = schema.as_object() else { return Some("it has no input schema") };
        if fields.get("type").is_some_and(|kind| kind.as_str() != Some("object")) {
            return Some("its input schema is not one of an object");
        }
        if fields.get("properties").is_some_and(|properties| !properties.is_object()) {
            return Some("the properties of its input schema are not an object");
        }
        let texts =
            |list: &serde_json::Value| list.as_array().is_some_and(|list| list.iter().all(|one| one.is_string()));
        if fields.get("required").is_some_and(|list| !texts(list)) {
            return Some("the required names of its input schema are not a list of texts");
        }
        None
    }
}

impl Connector {
    /// Who vouched for it last, for which version and when, and where that is not the version that runs, which one does;
    /// no full stop. `None` when nobody did.
    pub fn vouched(&self) -> Option<String> {
        let told = self.review.vouched()?;
        let runs = self.snapshot.as_ref().map(|snapshot| snapshot.version)?;
        Some(match self.review.vouched_for() == Some(runs) {
            true => told,
            false => format!("{told}; version {runs} runs, and there is no record of its review"),
        })
    }

    /// Our settings as they are now.
    pub fn settings(&self) -> Settings {
        Settings {
            controls: self.controls.clone(),
            access: self.access.clone(),
            confirm: self.confirm,
            new_actions: self.review.new_actions,
            rules: self.rules.clone(),
        }
    }
}

impl Rulebook {
    /// What there is to look at before a connector is published.
    ///
    /// # Errors
    /// [`Why::UnknownConnector`], [`Why::NeverScanned`].
    pub fn evidence(&self, id: &ConnectorId) -> Result<Evidence, Why> {
        let connector = self.connector(id)?;
        let subject = Subject::of(connector).ok_or(Why::NeverScanned)?;
        let names = |fits: &dyn Fn(&Action) -> bool| -> Vec<String> {
            connector.actions().iter().filter(|action| fits(action)).map(|action| action.name().to_owned()).collect()
        };
        let class = |class: Class| move |action: &Action| connector.classify(action).class == class;
        let actions = connector.actions().iter();
        Ok(Evidence {
            findings: findings::of(subject, &self.beside()),
            write: names(&class(Class::Write)),
            destructive: names(&class(Class::Destructive)),
            open_world: names(&Action::open_world),
            unlabelled: names(&|action| action.claimed().is_none()),
            unusable: actions.filter_map(|action| Some((action.name().to_owned(), action.unusable()?))).collect(),
        })
    }

    /// The connectors that others stand beside: what is published.
    pub fn beside(&self) -> Vec<&Connector> {
        self.connectors.iter().filter(|connector| connector.stage == Stage::Published).collect()
    }

    /// Publishes a draft for the workspace on a review (S060 to S064).
    ///
    /// # Errors
    /// As [`Rulebook::may_publish`], and [`Why::NotReady`] with what is missing.
    pub fn publish_reviewed(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        review: Publishing,
        now: Millis,
    ) -> Result<(), Why> {
        let not_ready = |what: &str| Err(Why::NotReady(what.to_owned()));
        let controls = self.plan().has_controls();
        let mut after = self.connector(id)?.clone();
        if controls && let Some(on) = &review.on {
            for action in self.connector(id)?.actions() {
                after.controls.entry(action.name().to_owned()).or_default().on = on.contains(action.name());
            }
        }
        let member = self.member(by)?;
        self.may_publish(&after, member)?;
        let name = member.name.clone();
        let snapshot = after.snapshot.as_ref().ok_or(Why::NeverScanned)?;
        // A page that no action is shown with any more is no part of what a server lists.
        let listed = snapshot.clone().with_pages(snapshot.pages.clone()).digest;
        if review.shown != snapshot.digest || review.live != listed {
            return not_ready(
                "the server lists something else than what is on this page; read the list again and look at the changes",
            );
        }
        let evidence = self.evidence(id)?;
        if let Some((action, why)) = evidence.unusable.iter().find(|(action, _)| after.is_on(action)) {
            return Err(Why::NotReady(format!("the action `{action}` cannot be used: {why}; switch it off")));
        }
        if evidence.high() > 0 && review.reason.trim().chars().count() < REASON {
            return not_ready("there are findings of high severity; write down why it is published all the same");
        }
        if self.workspace.checklist && Check::ALL.iter().any(|check| !review.checklist.contains(check)) {
            return not_ready("the checklist is not complete; go through every point");
        }
        let said = |text: &String| text.trim().chars().take(EVIDENCE).collect::<String>();
        let written: BTreeMap<Check, String> =
            review.evidence.iter().map(|(check, text)| (*check, said(text))).collect();
        let ticked = |check: &Check| review.checklist.contains(check);
        let said_for = |check: &Check| written.get(check).is_some_and(|text| !text.is_empty());
        if self.workspace.checklist && !Check::ALL.iter().all(said_for) {
            return not_ready("the checklist has points without evidence; write down what was looked at for each");
        }
        if !review.responsible {
            return not_ready("somebody has to answer for it; confirm that you do");
        }
        let version = snapshot.version;
        let publication = Publication {
            name,
            at: now,
            version,
            digest: snapshot.digest.clone(),
            evidence: written
                .iter()
                .filter(|(check, text)| ticked(check) && !text.is_empty())
                .map(|(check, text)| (*check, text.clone()))
                .collect(),
            checklist: review.checklist.clone(),
            high: evidence.high(),
            accepted: evidence.high_findings().map(|finding| finding.told()).collect(),
            reason: Some(review.reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
            tried: review.tried,
        };
        after.stage = Stage::Published;
        after.access = match review.access {
            _ if !controls => Access::Everyone,
            Some(access) => access,
            None => after.access,
        };
        after.confirm = review.confirm;
        after.review.publication = Some(publication);
        after.review.acceptances.clear();
        after.updated_at = now;
        if let Some(connector) = self.connectors.iter_mut().find(|connector| &connector.id == id) {
            *connector = after;
        }
        self.settle_publication(by, id, now);
        self.keep_version(by, id, "published", now);
        Ok(())
    }

    /// Takes over what of a live list was accepted, by name; the rest stays as it was approved, and held (S080 to S083).
    ///
    /// A changed action keeps its switch: somebody has just looked at it. A milder class of an admin's does not survive
    /// a change (X36). A new action comes as the policy for new ones says, one that was here before always switched off;
    /// a removed one leaves a tombstone (X38). Of what is published the acceptance is kept as a review (S112).
    ///
    /// # Errors
    /// As [`Rulebook::may_refresh`]; [`Why::NotReady`] when nothing was chosen, the live list cannot be taken, or
    /// [`Rulebook::brings`] something and no reason is written down.
    pub fn accept(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        live: &Snapshot,
        accepted: &Accepted,
        connected: bool,
        now: Millis,
    ) -> Result<(), Why> {
        let connector = self.connector(id)?;
        self.may_refresh(connector, self.member(by)?, connected)?;
        let Taking { next, actions: taken, pages, what } = self.taking(connector, live, accepted)?;
        let high = self.high_findings_of(connector, &next);
        let reason = accepted.reason.trim();
        if !high.is_empty() && reason.chars().count() < REASON {
            return Err(Why::NotReady(
                "accepting it brings a finding of high severity; write down why it is accepted all the same".to_owned(),
            ));
        }
        if connector.snapshot.as_ref().is_some_and(|old| old.digest == next.digest) {
            // What a server calls itself is not what was approved of it.
            self.touch(id, now, |connector| connector.snapshot = Some(next));
            return Ok(());
        }
        let review = (connector.stage == Stage::Published).then(|| Acceptance {
            name: self.name_of(by),
            at: now,
            version: next.version,
            digest: next.digest.clone(),
            what,
            findings: high.iter().map(Finding::told).collect(),
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        });
        let was = connector.clone();
        self.change_settings(by, id, now, "changes accepted", |connector| {
            let gone = was.actions().iter().filter(|action| next.action(action.name()).is_none());
            connector.review.tombstones.extend(gone.map(|action| Tombstone {
                name: action.name().to_owned(),
                definition: action.digest().clone(),
                at: now,
            }));
            connector.controls = next
                .actions
                .iter()
                .map(|action| {
                    let name = action.name().to_owned();
                    let control = was.controls.get(&name).copied().unwrap_or_default();
                    let control = match was.action(&name) {
                        Some(same) if same.digest() == action.digest() => control,
                        Some(_) => {
                            let class = control.class.filter(|class| *class > action.classified().class);
                            Control { class, ..control }
                        }
                        None => {
                            let back = was.review.tombstone(&name).is_some();
                            let on = !back && was.review.new_actions.takes(action.classified().class);
                            Control { on, ..Control::default() }
                        }
                    };
                    (name, control)
                })
                .collect();
            connector.rules.retain(|name, _| next.action(name).is_some());
            connector
                .review
                .declined
                .retain(|declined| !taken.contains(&declined.name) && !pages.contains(&declined.name));
            connector.review.settle(&next);
            connector.review.vouch(review);
            connector.snapshot = Some(next);
        });
        Ok(())
    }

    /// The findings of high severity that accepting would bring to what is published and that are not in what is
    /// approved. A draft brings none: its review before publishing looks at all of them.
    ///
    /// # Errors
    /// [`Why::UnknownConnector`], and [`Why::NotReady`] when nothing was chosen or the live list cannot be taken.
    pub fn brings(&self, id: &ConnectorId, live: &Snapshot, accepted: &Accepted) -> Result<Vec<Finding>, Why> {
        let connector = self.connector(id)?;
        Ok(self.high_findings_of(connector, &self.taking(connector, live, accepted)?.next))
    }

    fn high_findings_of(&self, connector: &Connector, next: &Snapshot) -> Vec<Finding> {
        let mut new = match connector.stage {
            Stage::Published => self.new_findings(connector, next),
            Stage::Draft | Stage::Archived => Vec::new(),
        };
        new.retain(|finding| finding.severity == Severity::High);
        new
    }

    /// What the scanner finds in another definition of a connector and not in the approved one, the highest severity
    /// first. What is about the connector as a whole is the same finding whatever it counts.
    pub fn new_findings(&self, connector: &Connector, other: &Snapshot) -> Vec<Finding> {
        let others = self.beside();
        let of = |snapshot| {
            let (id, host, reach) = (Some(&connector.id), connector.host.as_str(), connector.reach);
            findings::of(Subject { id, host, reach, sign_in: &connector.sign_in, snapshot }, &others)
        };
        let known = connector.snapshot.as_ref().map(of).unwrap_or_default();
        let whole = |one: &Finding| one.action.is_none() && one.at.is_empty();
        let same = |one: &Finding, other: &Finding| {
            one == other || (whole(one) && whole(other) && (one.kind, one.severity) == (other.kind, other.severity))
        };
        of(other).into_iter().filter(|finding| !known.iter().any(|old| same(old, finding))).collect()
    }

    /// What is approved afterwards, and what of the live list that takes.
    fn taking(&self, connector: &Connector, live: &Snapshot, accepted: &Accepted) -> Result<Taking, Why> {
        let old = connector.snapshot.as_ref().ok_or(Why::NeverScanned)?;
        let diff = Diff::of(old, live);
        let mut actions = accepted.actions.clone();
        if accepted.mild {
            actions.extend(mild(&diff, &self.new_findings(connector, live)));
        }
        let differs: BTreeSet<&str> = diff.steps.iter().flat_map(Step::names).collect();
        actions.retain(|name| differs.contains(name.as_str()));
        let is_taken = |uri: &&str| accepted.pages.contains(*uri);
        let pages = diff.pages.iter().map(|page| page.now.uri.as_str()).filter(is_taken).map(str::to_owned).collect();
        let instructions = accepted.instructions && diff.instructions.is_some();
        let about = (accepted.about || accepted.mild) && !diff.about.is_empty();
        let taken = Accepted { actions, pages, instructions, about, ..Accepted::default() };
        let taking = Taking::of(old, live, taken)
            .map_err(|SnapshotError::Twice(name)| Why::NotReady(format!("the server lists `{name}` twice")))?;
        if taking.what.is_empty() {
            return Err(Why::NotReady("nothing was chosen that differs; choose a change first".to_owned()));
        }
        // A page is kept only with an action that is shown with it: without one nothing would be approved.
        let is_approved = |uri: &&String| {
            let (next, live) = (taking.next.page(uri), live.page(uri));
            next.zip(live).is_some_and(|(next, live)| next.is_same(live))
        };
        if let Some(uri) = taking.pages.iter().find(|uri| !is_approved(uri)) {
            return Err(Why::NotReady(format!(
                "no approved action is shown with the page `{uri}` yet; accept the action that it is shown with first"
            )));
        }
        Ok(taking)
    }

    /// Notes that a change of an action or of a page, by its name or address, is not wanted. It stays held; nobody is
    /// asked about this very change again.
    ///
    /// # Errors
    /// As [`Rulebook::may_refresh`]; [`Why::UnknownAction`] when neither side has it.
    pub fn decline_change(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        name: &str,
        live: &Snapshot,
        connected: bool,
        now: Millis,
    ) -> Result<(), Why> {
        let connector = self.connector(id)?;
        self.may_refresh(connector, self.member(by)?, connected)?;
        let of_page = || live.page(name).map(crate::AppPage::digest);
        let definition = live.action(name).map(|action| action.digest().clone()).or_else(of_page);
        if definition.is_none() && connector.action(name).is_none() {
            return Err(Why::UnknownAction(name.to_owned()));
        }
        let by = self.name_of(by);
        let declined = Declined { name: name.to_owned(), definition, by, at: now };
        self.touch(id, now, |connector| {
            connector.review.declined.retain(|one| one.name != declined.name);
            connector.review.declined.push(declined);
        });
        Ok(())
    }

    /// May pause a connector, and end the pause: the maker of a draft, admins what is published, on any plan with
    /// publishing. A pause only ever makes things stricter, so no plan forbids it to an admin.
    ///
    /// # Errors
    /// Why not.
    pub fn may_pause(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        match connector.stage {
            Stage::Archived => Err(Why::WrongStage { stage: connector.stage, what: "pause it" }),
            _ if self.holds(member, Permission::ControlActions) => Ok(()),
            Stage::Draft if connector.owner == member.id => Ok(()),
            _ => Err(Why::AdminsOnly("pause it")),
        }
    }

    /// Pauses a connector: nothing of it runs until the pause ends, and everybody reads who paused it and why.
    ///
    /// # Errors
    /// As [`Rulebook::may_pause`]; [`Why::NotReady`] without a reason.
    pub fn pause(&mut self, by: &MemberId, id: &ConnectorId, reason: &str, now: Millis) -> Result<(), Why> {
        let member = self.member(by)?;
        self.may_pause(self.connector(id)?, member)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Why::NotReady("a pause needs a reason that others can read; type one".to_owned()));
        }
        let pause = Pause { name: member.name.clone(), at: now, reason: reason.to_owned() };
        self.touch(id, now, |connector| connector.review.pause = Some(pause));
        Ok(())
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// As [`Rulebook::may_pause`].
    pub fn resume(&mut self, by: &MemberId, id: &ConnectorId, now: Millis) -> Result<(), Why> {
        self.may_pause(self.connector(id)?, self.member(by)?)?;
        self.touch(id, now, |connector| connector.review.pause = None);
        Ok(())
    }

    /// Switches many actions at once: what is named is on, the rest off.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`].
    pub fn set_actions_on(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        on: &BTreeSet<String>,
        now: Millis,
    ) -> Result<(), Why> {
        self.may_control_actions(self.connector(id)?, self.member(by)?)?;
        self.change_settings(by, id, now, SETTINGS, |connector| {
            let names: Vec<String> = connector.actions().iter().map(|action| action.name().to_owned()).collect();
            for name in names {
                let wanted = on.contains(&name);
                connector.controls.entry(name).or_default().on = wanted;
            }
        });
        Ok(())
    }

    /// Decides when an action asks; it can only add to what connector and workspace ask for.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`]; [`Why::UnknownAction`].
    pub fn set_action_confirm(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        action: &str,
        confirm: Confirm,
        now: Millis,
    ) -> Result<(), Why> {
        let connector = self.connector(id)?;
        self.may_control_actions(connector, self.member(by)?)?;
        connector.action(action).ok_or_else(|| Why::UnknownAction(action.to_owned()))?;
        self.change_settings(by, id, now, SETTINGS, |connector| {
            connector.controls.entry(action.to_owned()).or_default().confirm = confirm;
        });
        Ok(())
    }

    /// Decides what becomes of actions that a refresh finds for the first time (R09).
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`].
    pub fn set_new_actions(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        new_actions: NewActions,
        now: Millis,
    ) -> Result<(), Why> {
        self.may_control_actions(self.connector(id)?, self.member(by)?)?;
        self.change_settings(by, id, now, SETTINGS, |connector| connector.review.new_actions = new_actions);
        Ok(())
    }

    /// Keeps a rule on an argument of an action, in the place of one with the same id (N06).
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`] and [`ArgumentRule::check`]; [`Why::UnknownAction`].
    pub fn set_rule(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        action: &str,
        rule: ArgumentRule,
        now: Millis,
    ) -> Result<(), Why> {
        let connector = self.connector(id)?;
        self.may_control_actions(connector, self.member(by)?)?;
        connector.action(action).ok_or_else(|| Why::UnknownAction(action.to_owned()))?;
        rule.check()?;
        let known = connector.rules.get(action).map(Vec::as_slice).unwrap_or_default();
        if known.len() >= rules::MOST && !known.iter().any(|one| one.id == rule.id) {
            return Err(Why::Rule(format!("would be one more than {}; remove another one first", rules::MOST)));
        }
        let rule = ArgumentRule { by: self.name_of(by), at: now, ..rule };
        self.change_settings(by, id, now, SETTINGS, |connector| {
            let rules = connector.rules.entry(action.to_owned()).or_default();
            match rules.iter_mut().find(|one| one.id == rule.id) {
                Some(place) => *place = rule,
                None => rules.push(rule),
            }
        });
        Ok(())
    }

    /// Removes a rule on an argument.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`].
    pub fn remove_rule(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        action: &str,
        rule: &str,
        now: Millis,
    ) -> Result<(), Why> {
        self.may_control_actions(self.connector(id)?, self.member(by)?)?;
        self.change_settings(by, id, now, SETTINGS, |connector| {
            if let Some(rules) = connector.rules.get_mut(action) {
                rules.retain(|one| one.id != rule);
            }
            connector.rules.retain(|_, rules| !rules.is_empty());
        });
        Ok(())
    }

    /// Goes back to our settings of an earlier version. The definition stays: it is the server's. What is new since
    /// then is off, and a milder class counts only where the definition is still the one it was set for (X36).
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`] and, for who has access, [`Rulebook::may_set_access`];
    /// [`Why::NotReady`] when the version is not kept any more.
    pub fn roll_back(&mut self, by: &MemberId, id: &ConnectorId, number: u32, now: Millis) -> Result<(), Why> {
        let connector = self.connector(id)?;
        let member = self.member(by)?;
        self.may_control_actions(connector, member)?;
        let version = connector.review.versions.iter().find(|version| version.number == number);
        let Some(version) = version.cloned() else {
            return Err(Why::NotReady(format!("version {number} is not kept any more; choose a later one")));
        };
        let settings = version.settings;
        if settings.access != connector.access {
            self.may_set_access(connector, member)?;
        }
        let same = connector.snapshot.as_ref().map(|snapshot| &snapshot.digest) == version.definition.as_ref();
        let how = format!("settings of version {number} restored");
        self.change_settings(by, id, now, &how, |connector| {
            let controls = connector.actions().iter().map(|action| {
                let control = settings.controls.get(action.name()).copied().unwrap_or_default();
                let own = action.classified().class;
                let class = control.class.filter(|class| same || *class > own);
                (action.name().to_owned(), Control { class, ..control })
            });
            connector.controls = controls.collect::<BTreeMap<_, _>>();
            connector.access = settings.access;
            connector.confirm = settings.confirm;
            connector.review.new_actions = settings.new_actions;
            connector.rules = settings.rules.into_iter().filter(|(name, _)| connector.action(name).is_some()).collect();
        });
        Ok(())
    }

    /// Notes what a person's live list looks like (X39). Says whether that was news.
    pub fn note_sighting(&mut self, id: &ConnectorId, sighting: Sighting) -> bool {
        let found = self.connectors.iter_mut().find(|connector| &connector.id == id);
        found.is_some_and(|connector| connector.reach != Reach::InPage && connector.review.note(sighting))
    }

    /// Notes that the list of a published connector could not be read, or with `None` that it was. A draft concerns
    /// nobody but who made it, and they see it fail. Says whether that was news.
    pub fn note_unread(&mut self, id: &ConnectorId, unread: Option<Unread>) -> bool {
        let found = self.connectors.iter_mut().find(|connector| &connector.id == id);
        let concerns = |one: &&mut Connector| unread.is_none() || one.stage == Stage::Published;
        let Some(connector) = found.filter(concerns) else { return false };
        let news = connector.review.unread != unread;
        connector.review.unread = unread;
        news
    }

    /// Asks the people who run the workspace to look at what changed.
    ///
    /// # Errors
    /// When the person saw no change of this connector.
    pub fn ask_for_review(&mut self, by: &MemberId, id: &ConnectorId, now: Millis) -> Result<(), Why> {
        self.member(by)?;
        self.connector(id)?;
        let found = self.connectors.iter_mut().find(|connector| &connector.id == id);
        let seen = found.and_then(|one| one.review.sightings.iter_mut().find(|sighting| sighting.member == *by));
        let Some(seen) = seen else {
            return Err(Why::NotReady("nothing differs from what is approved; there is nothing to review".to_owned()));
        };
        seen.asked = Some(now);
        Ok(())
    }

    /// Changes one connector without a new version of its settings.
    fn touch(&mut self, id: &ConnectorId, now: Millis, change: impl FnOnce(&mut Connector)) {
        if let Some(connector) = self.connectors.iter_mut().find(|connector| &connector.id == id) {
            change(connector);
            connector.updated_at = now;
        }
    }

    /// Changes the settings of one connector and keeps them as a version. Whether the person may was asked before.
    fn change_settings(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        now: Millis,
        how: &str,
        change: impl FnOnce(&mut Connector),
    ) {
        self.keep_first(by, id);
        self.touch(id, now, change);
        self.keep_version(by, id, how, now);
    }

    /// The name of a person for the record.
    fn name_of(&self, id: &MemberId) -> String {
        self.member(id).map(|member| member.name.clone()).unwrap_or_default()
    }

    /// Connectors from before there were versions get one of how they were, or there would be nothing to go back to.
    pub(crate) fn keep_first(&mut self, by: &MemberId, id: &ConnectorId) {
        let by = self.name_of(by);
        let Some(connector) = self.connectors.iter_mut().find(|connector| &connector.id == id) else { return };
        if connector.review.versions.is_empty() {
            let (settings, at) = (connector.settings(), connector.updated_at);
            let definition = connector.snapshot.as_ref().map(|snapshot| snapshot.digest.clone());
            connector.review.keep(&by, "as it was", at, definition, settings);
        }
    }

    /// Keeps the settings of a connector as a version.
    pub(crate) fn keep_version(&mut self, by: &MemberId, id: &ConnectorId, how: &str, now: Millis) {
        let by = self.name_of(by);
        let Some(connector) = self.connectors.iter_mut().find(|connector| &connector.id == id) else { return };
        let settings = connector.settings();
        let definition = connector.snapshot.as_ref().map(|snapshot| snapshot.digest.clone());
        connector.review.keep(&by, how, now, definition, settings);
    }
}

/// What of a live list is taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Actions by name, each looked at by itself. A rename is two names.
    pub actions: BTreeSet<String>,
    /// Pages by address, each looked at by itself (X48).
    pub pages: BTreeSet<String>,
    /// Every change that does not raise the risk, see [`mild`], and what the server calls itself.
    pub mild: bool,
    /// The server's instructions (X45).
    pub instructions: bool,
    /// What the server calls itself, which is never its identity (X119).
    pub about: bool,
    /// Why it is accepted in spite of what it [brings](Rulebook::brings).
    pub reason: String,
}

impl Accepted {
    /// Each part in words, for the record.
    pub fn told(&self) -> Vec<String> {
        let mut what: Vec<String> = self.actions.iter().map(|name| format!("`{name}`")).collect();
        what.extend(self.pages.iter().map(|uri| format!("the page `{uri}`")));
        what.extend(self.mild.then(|| "all that do not raise the risk".to_owned()));
        what.extend(self.instructions.then(|| "the server's instructions".to_owned()));
        what.extend(self.about.then(|| "what the server calls itself".to_owned()));
        what
    }
}

/// The names of the changes that can be accepted together: nothing that raises the risk, no rename, and nothing in which
/// the scanner finds something `new` above low severity, see [`Rulebook::new_findings`].
pub fn mild(diff: &Diff, new: &[Finding]) -> BTreeSet<String> {
    let found = |name: &str| {
        new.iter().any(|finding| finding.severity > Severity::Low && finding.action.as_deref() == Some(name))
    };
    let mild = diff.steps.iter().filter(|step| step.weight() < Weight::Risk && !matches!(step, Step::Renamed { .. }));
    mild.flat_map(Step::names).filter(|name| !found(name)).map(str::to_owned).collect()
}

/// How many things of one acceptance are named in its record.
const NAMED: usize = 40;

/// What an acceptance takes over, and what is approved afterwards.
struct Taking {
    next: Snapshot,
    actions: BTreeSet<String>,
    pages: BTreeSet<String>,
    /// What it takes, in words.
    what: Vec<String>,
}

impl Taking {
    /// The approved list with what was accepted of the live one, in the live order, what is only approved at the end.
    /// It is another version only where something else is approved.
    fn of(old: &Snapshot, live: &Snapshot, taken: Accepted) -> Result<Self, SnapshotError> {
        let from_live = live.actions.iter().filter_map(|action| match old.action(action.name()) {
            _ if taken.actions.contains(action.name()) => Some(action.clone()),
            before => before.cloned(),
        });
        let gone = |action: &&Action| live.action(action.name()).is_none() && !taken.actions.contains(action.name());
        let listed = from_live.chain(old.actions.iter().filter(gone).cloned()).collect();
        let said = if taken.instructions { &live.instructions } else { &old.instructions };
        let (server, protocol) =
            if taken.about { (&live.server, &live.protocol) } else { (&old.server, &old.protocol) };
        let (server, protocol) = (server.clone(), protocol.clone());
        let next = Snapshot::new(old.version, live.taken_at, server, protocol, said.clone(), listed)?;
        let new = live.pages.iter().filter(|page| taken.pages.contains(&page.uri));
        let kept = old.pages.iter().filter(|page| !taken.pages.contains(&page.uri));
        let mut next = next.with_pages(new.chain(kept).cloned().collect());
        if next.digest != old.digest {
            next.version = old.version.saturating_add(1);
        }
        let mut what = taken.told();
        if what.len() > NAMED {
            let more = what.len() - NAMED;
            what.truncate(NAMED);
            what.push(format!("{more} more"));
        }
        Ok(Self { next, actions: taken.actions, pages: taken.pages, what })
    }
}

#[cfg(test)]
mod tests;
