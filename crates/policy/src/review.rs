//! What the workspace decided about a connector over time: its publication with the evidence it was made on, changes
//! that were accepted or declined, what each person's live list looked like, a pause, and the versions of our settings.
//!
//! It stands beside the connector so that a definition can change without anybody losing sight of who approved what.
//! A removed action leaves a [`Tombstone`]: the same name coming back is a new action (X38). Each person's list is noted
//! as a [`Sighting`], because a server may show an admin another list than a member (X39). Each change that is accepted of
//! what is published is an [`Acceptance`]: the record vouches for the version that runs, not for one that ran (S112).

use crate::diff::Diff;
use crate::snapshot::{Drift, Snapshot};
use crate::{Access, Class, Confirm, Control, Digest, MemberId, Millis, Why, rules::ArgumentRule};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What happens to actions that a refresh finds for the first time (R09).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewActions {
    /// They come switched off (S080).
    #[default]
    Off,
    /// Those that only read come switched on, the others off.
    ReadOnly,
    /// They come switched on. Writes still ask.
    On,
}

impl NewActions {
    /// Whether a new action of a class comes switched on.
    pub fn takes(self, class: Class) -> bool {
        match self {
            NewActions::Off => false,
            NewActions::ReadOnly => class == Class::Read,
            NewActions::On => true,
        }
    }
}

/// A connector that somebody paused. Nothing of it runs until the pause ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The name of who paused it, so that the sentence stays whole when they leave.
    pub name: String,
    /// When.
    pub at: Millis,
    /// Why, in their words.
    pub reason: String,
}

impl Pause {
    /// What the pause says to whoever wants to use the connector.
    pub fn why(&self) -> Why {
        Why::Paused { name: self.name.clone(), date: date(self.at), reason: self.reason.clone() }
    }
}

/// An action that was there once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Its name.
    pub name: String,
    /// The digest of the definition it had.
    pub definition: Digest,
    /// When its removal was accepted.
    pub at: Millis,
}

/// A change that somebody looked at and did not want. The action stays held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// The action's name.
    pub name: String,
    /// The definition that was declined; `None` when it was the removal.
    pub definition: Option<Digest>,
    /// The name of who declined it.
    pub by: String,
    /// When.
    pub at: Millis,
}

/// How an action of a live list differs from what is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It has this definition instead.
    Changed(Digest),
    /// It is new.
    Added(Digest),
    /// It is gone.
    Removed,
}

impl Seen {
    /// The live definition; `None` when it is gone.
    pub fn definition(&self) -> Option<&Digest> {
        match self {
            Seen::Changed(definition) | Seen::Added(definition) => Some(definition),
            Seen::Removed => None,
        }
    }
}

/// How one person's live list looked when it was last read, where it was not what is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Whose list.
    pub member: MemberId,
    /// When it was read first.
    pub at: Millis,
    /// The digest of the whole list, instructions included and pages not: not everybody looks at every page. `None` in
    /// what was noted when the digest had the pages in it, which compares with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Digest>,
    /// The actions that differ from what is approved, by name.
    #[serde(default)]
    pub differs: BTreeMap<String, Seen>,
    /// The pages that differ from what is approved, as they were read: address and digest (X48).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pages: BTreeMap<String, Digest>,
    /// The server's instructions are other ones (X45).
    #[serde(default)]
    pub instructions: bool,
    /// When the person asked for a review; `None` when they did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Millis>,
}

impl Sighting {
    /// What a live list looks like beside what is approved. Of pages only those that were read count.
    pub fn of(member: MemberId, at: Millis, approved: &Snapshot, live: &Snapshot) -> Self {
        let definition = |name: &str| live.action(name).map(|action| action.digest().clone());
        let differs = approved.drift(&live.actions).into_iter().filter_map(|drift| match drift {
            Drift::Changed(name) => definition(&name).map(|definition| (name, Seen::Changed(definition))),
            Drift::Added(name) => definition(&name).map(|definition| (name, Seen::Added(definition))),
            Drift::Removed(name) => Some((name, Seen::Removed)),
        });
        Self {
            member,
            at,
            listed: Some(live.list_digest()),
            differs: differs.collect(),
            pages: Diff::of(approved, live).pages.iter().map(|page| (page.now.uri.clone(), page.digest())).collect(),
            instructions: approved.instructions != live.instructions,
            asked: None,
        }
    }

    /// With the pages that the same person saw before and has not read again since: that nobody looked is no news.
    pub fn with_unread_of(mut self, review: &Review, live: &Snapshot) -> Self {
        let shown = |uri: &str| live.actions.iter().any(|action| action.page() == Some(uri));
        let before = review.sightings.iter().find(|known| known.member == self.member);
        let unread = before.iter().flat_map(|known| &known.pages).filter(|(uri, _)| live.page(uri).is_none());
        self.pages.extend(unread.filter(|(uri, _)| shown(uri)).map(|(uri, page)| (uri.clone(), page.clone())));
        self
    }

    /// Whether the list was as approved, with every page that was read.
    pub fn is_clean(&self) -> bool {
        self.differs.is_empty() && self.pages.is_empty() && !self.instructions
    }

    /// How many things differ, not counting the instructions.
    pub fn count(&self) -> usize {
        self.differs.len() + self.pages.len()
    }
}

/// A published list that could not be read when somebody who looks after the connector wanted it read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The name of who wanted it, as it was at that time.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Why it could not be read, without a full stop.
    pub why: String,
}

/// One point of the checklist that an organisation goes through before it publishes (S095, S096).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The server's operator is known and can be reached.
    Operator,
    /// Its terms and its handling of data fit the organisation's policy.
    Policy,
    /// The actions were tried, and did what they say.
    Technical,
    /// The people who get access need it.
    Access,
}

impl Check {
    /// Every point, in the order in which they are shown.
    pub const ALL: [Check; 4] = [Check::Operator, Check::Policy, Check::Technical, Check::Access];

    /// What the evidence for the point is about, as the label of a field.
    pub fn evidence(self) -> &'static str {
        match self {
            Check::Operator => "Who runs it, and where they were reached",
            Check::Policy => "Which terms were read",
            Check::Technical => "What was tried, and what came of it",
            Check::Access => "Who needs it, and for what",
        }
    }

    /// The point as a sentence to tick.
    pub fn sentence(self) -> &'static str {
        match self {
            Check::Operator => "We know who runs this server and how to reach them.",
            Check::Policy => "Its terms and what it does with data fit our policies.",
            Check::Technical => "Its actions were tried and do what they say.",
            Check::Access => "The people who get access need it.",
        }
    }
}

/// The record of a publication: who vouched for what, and on which evidence (S112).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// The name of who published it, as it was at that time.
    pub name: String,
    /// When.
    pub at: Millis,
    /// The version of the definition.
    pub version: u32,
    /// Its digest.
    pub digest: Digest,
    /// The points of the checklist that were ticked.
    pub checklist: BTreeSet<Check>,
    /// What was looked at for a point, in the words of who ticked it (S095).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<Check, String>,
    /// How many findings of high severity there were.
    pub high: usize,
    /// Those findings, each as a sentence, so that the record says what was accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// Why it was published in spite of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The actions that had been run before, as far as was known.
    #[serde(default)]
    pub tried: Vec<String>,
}

/// A change of a published definition that somebody accepted: who vouched for what runs since then (S112).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The name of who accepted it, as it was at that time.
    pub name: String,
    /// When.
    pub at: Millis,
    /// The version that runs since then.
    pub version: u32,
    /// Its digest.
    pub digest: Digest,
    /// What was accepted, in words: actions and pages by name.
    pub what: Vec<String>,
    /// The findings of high severity that it brought, each as a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Why it was accepted in spite of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Our settings of a connector at one time. The definition is the server's and is never rolled back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What was decided about each action.
    pub controls: BTreeMap<String, Control>,
    /// Who had access.
    pub access: Access,
    /// What was asked for.
    pub confirm: Confirm,
    /// What became of new actions.
    pub new_actions: NewActions,
    /// The rules on arguments.
    pub rules: BTreeMap<String, Vec<ArgumentRule>>,
}

/// One version of our settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Counts up from 1.
    pub number: u32,
    /// When.
    pub at: Millis,
    /// The name of who made it.
    pub by: String,
    /// What they did, such as `published`.
    pub how: String,
    /// The digest of the definition that was approved then; `None` before the first scan.
    pub definition: Option<Digest>,
    /// The settings as they were afterwards.
    pub settings: Settings,
}

/// How many versions are kept, and how many acceptances.
const VERSIONS: usize = 30;
/// Changes of settings by one person within this time are one version, in milliseconds.
const ONE_SITTING: Millis = 10 * 60 * 1000;
/// The word for such changes.
pub(crate) const SETTINGS: &str = "settings changed";
/// A list that changes again within this time, with the same names in it, is not noted again, in milliseconds (X40).
const FLOOD: Millis = 60 * 1000;

/// Everything of this kind about one connector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// What happens to actions that are new.
    #[serde(default)]
    pub new_actions: NewActions,
    /// The pause, while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// The publication, once it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<Publication>,
    /// The latest changes that were accepted since then, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptances: Vec<Acceptance>,
    /// Actions that were there once.
    #[serde(default)]
    pub tombstones: Vec<Tombstone>,
    /// Changes that were looked at and not wanted.
    #[serde(default)]
    pub declined: Vec<Declined>,
    /// What people's live lists looked like, where they differ from what is approved.
    #[serde(default)]
    pub sightings: Vec<Sighting>,
    /// The last refresh, if it failed and nobody could read the list since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
    /// The latest versions of our settings, oldest first.
    #[serde(default)]
    pub versions: Vec<Version>,
}

impl Review {
    /// Notes what a person's list looked like. Says whether that was news.
    ///
    /// A list as approved is news only where somebody saw another one: then it says that the lists differ (X39). The
    /// same names again within a minute are no news, however often the server changes their texts (X40).
    pub fn note(&mut self, sighting: Sighting) -> bool {
        let first = self.sightings.is_empty();
        match self.sightings.iter_mut().find(|known| known.member == sighting.member) {
            Some(known) if known.listed == sighting.listed && known.pages == sighting.pages => false,
            Some(known) => {
                let same =
                    known.differs.keys().eq(sighting.differs.keys()) && known.pages.keys().eq(sighting.pages.keys());
                if same && sighting.at.saturating_sub(known.at) < FLOOD {
                    return false;
                }
                *known = sighting;
                self.tidy();
                true
            }
            None if sighting.is_clean() && first => false,
            None => {
                self.sightings.push(sighting);
                true
            }
        }
    }

    /// Something else is approved now: what somebody saw and what is approved may be the same.
    pub(crate) fn settle(&mut self, approved: &Snapshot) {
        let settled = Some(approved.list_digest());
        for sighting in &mut self.sightings {
            sighting.pages.retain(|uri, seen| approved.page(uri).is_none_or(|page| page.digest() != *seen));
        }
        self.sightings.retain(|sighting| sighting.listed != settled || !sighting.pages.is_empty());
    }

    /// Keeps an acceptance beside the publication.
    pub(crate) fn vouch(&mut self, acceptance: Option<Acceptance>) {
        self.acceptances.extend(acceptance);
        let over = self.acceptances.len().saturating_sub(VERSIONS);
        self.acceptances.drain(..over);
    }

    /// The version that somebody vouched for last: the one that was published, or a change of it that was accepted.
    pub fn vouched_for(&self) -> Option<u32> {
        let accepted = self.acceptances.last().map(|one| one.version);
        accepted.or_else(|| self.publication.as_ref().map(|one| one.version))
    }

    /// Who vouched last, for which version and when; no full stop.
    pub fn vouched(&self) -> Option<String> {
        let accepted = self.acceptances.last().map(|one| (&one.name, one.at, one.version));
        let published = || self.publication.as_ref().map(|one| (&one.name, one.at, one.version));
        let (name, at, version) = accepted.or_else(published)?;
        Some(format!("Reviewed by {name}, {}, version {version}", date(at)))
    }

    /// Where everybody sees what is approved there is nothing to note.
    fn tidy(&mut self) {
        if self.sightings.iter().all(Sighting::is_clean) {
            self.sightings.clear();
        }
    }

    /// The sightings that differ from what is approved and that nobody has declined in every part.
    pub fn open(&self) -> impl Iterator<Item = &Sighting> {
        self.sightings.iter().filter(|sighting| !sighting.is_clean() && !self.is_settled(sighting))
    }

    /// Whether every change of a sighting was declined, as it is now.
    fn is_settled(&self, sighting: &Sighting) -> bool {
        let mut actions = sighting.differs.iter().map(|(name, seen)| (name, seen.definition()));
        let mut pages = sighting.pages.iter().map(|(uri, page)| (uri, Some(page)));
        !sighting.instructions
            && actions.all(|(name, seen)| self.has_declined(name, seen))
            && pages.all(|(uri, page)| self.has_declined(uri, page))
    }

    /// Whether this very change was looked at and not wanted.
    pub fn has_declined(&self, name: &str, definition: Option<&Digest>) -> bool {
        self.declined.iter().any(|declined| declined.name == name && declined.definition.as_ref() == definition)
    }

    /// Whether people were shown different lists (X39).
    pub fn lists_differ(&self) -> bool {
        let mut lists = self.sightings.iter().filter_map(|sighting| sighting.listed.as_ref());
        let first = lists.next();
        lists.any(|list| Some(list) != first)
    }

    /// Whether an action of that name was removed before.
    pub fn tombstone(&self, name: &str) -> Option<&Tombstone> {
        self.tombstones.iter().rev().find(|tombstone| tombstone.name == name)
    }

    /// Somebody left: what they saw goes with them. What they did stays, under the name they had.
    pub(crate) fn forget_member(&mut self, id: &MemberId) {
        self.sightings.retain(|sighting| sighting.member != *id);
        self.tidy();
    }

    /// What of it is for others: not what people here saw, nor how the settings came to be.
    pub(crate) fn portable(&self) -> Self {
        Self { sightings: Vec::new(), unread: None, versions: Vec::new(), ..self.clone() }
    }

    /// What was decided elsewhere, with what people here saw, and how the settings here came to be.
    pub(crate) fn with_history_of(&self, here: &Self) -> Self {
        Self {
            sightings: here.sightings.clone(),
            unread: here.unread.clone(),
            versions: here.versions.clone(),
            ..self.clone()
        }
    }

    /// What was decided elsewhere, with whatever is stricter here, and with what is only about this place.
    pub(crate) fn tightened(&self, here: &Self) -> Self {
        Self {
            new_actions: self.new_actions.min(here.new_actions),
            pause: self.pause.clone().or_else(|| here.pause.clone()),
            declined: here.declined.clone(),
            sightings: here.sightings.clone(),
            unread: here.unread.clone(),
            versions: here.versions.clone(),
            ..self.clone()
        }
    }

    /// Keeps our settings as a version. Small changes of one sitting are one.
    pub(crate) fn keep(&mut self, by: &str, how: &str, at: Millis, definition: Option<Digest>, settings: Settings) {
        let number = self.versions.last().map_or(1, |last| last.number.saturating_add(1));
        let version = Version { number, at, by: by.to_owned(), how: how.to_owned(), definition, settings };
        match self.versions.last_mut() {
            Some(last) if last.settings == version.settings && how == SETTINGS => {}
            Some(last)
                if how == SETTINGS
                    && last.how == SETTINGS
                    && last.by == by
                    && at.saturating_sub(last.at) < ONE_SITTING =>
            {
                *last = Version { number: last.number, ..version };
            }
            _ => self.versions.push(version),
        }
        let over = self.versions.len().saturating_sub(VERSIONS);
        self.versions.drain(..over);
    }
}

/// A date as it is written in a sentence: `26 November 2026`, UTC.
pub fn date(at: Millis) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    // Days from civil, the other way round (Howard Hinnant): years of 400 begin in March, so that the leap day is last.
    let days = at / 86_400_000 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = usize::try_from((shifted + 2) % 12).unwrap_or_default();
    let year = year_of_era + era * 400 + u64::from(shifted >= 10);
    format!("{day} {} {year}", MONTHS.get(month).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(member: &str, at: Millis, list: &str, changed: &[&str]) -> Sighting {
        Sighting {
            member: member.into(),
            at,
            listed: Some(Digest::of_bytes(list.as_bytes())),
            differs: changed.iter().map(|name| ((*name).to_owned(), Seen::Removed)).collect(),
            pages: BTreeMap::new(),
            instructions: false,
            asked: None,
        }
    }

    #[test]
    fn x39_a_list_that_only_one_person_sees_is_told_as_such() {
        let mut review = Review::default();
        assert!(!review.note(seen("admin", 1, "approved", &[])), "as approved is no news");
        assert!(review.note(seen("member", 2, "other", &["find"])));
        assert!(!review.lists_differ(), "nobody else has looked yet");
        assert!(review.note(seen("admin", 3, "approved", &[])));
        assert!(review.lists_differ());
        assert_eq!(review.open().map(|one| one.member.as_str()).collect::<Vec<_>>(), ["member"]);
        assert!(review.note(seen("member", 4, "approved", &[])));
        assert!(review.sightings.is_empty(), "and when everybody sees the same again it is over");
    }

    #[test]
    fn x39_a_sighting_from_before_compares_with_no_other_list() {
        let digest = Digest::of_bytes(b"the list with its pages");
        let stored = serde_json::json!({"member": "admin", "at": 1, "list": digest, "differs": {"find": "removed"}});
        let mut review = Review { sightings: vec![serde_json::from_value(stored).unwrap()], ..Review::default() };
        assert!(review.note(seen("member", 2, "other", &["find"])));
        assert!(!review.lists_differ(), "its digest was one of something else");
        assert!(review.note(seen("third", 3, "approved", &[])));
        assert!(review.lists_differ(), "it does not hide that two others differ");
        assert_eq!(review.open().count(), 2, "what it says about actions still holds");
        // Read again, it compares like any other.
        assert!(review.note(seen("admin", FLOOD + 2, "other", &["find"])));
        assert!(review.sightings.iter().all(|sighting| sighting.listed.is_some()));
    }

    #[test]
    fn x40_a_list_that_changes_all_the_time_is_noted_once_a_minute() {
        let mut review = Review::default();
        assert!(review.note(seen("member", 0, "0", &["find"])));
        let news = (1..1_000).filter(|at| review.note(seen("member", *at, &at.to_string(), &["find"]))).count();
        assert_eq!((news, review.sightings.len()), (0, 1));
        assert!(review.note(seen("member", 5, "more", &["find", "look"])), "another name is news");
        assert!(review.note(seen("member", FLOOD + 5, "again", &["find", "look"])));
    }

    #[test]
    fn s080_new_actions_are_off_unless_somebody_decides_otherwise() {
        assert!(Class::ALL.iter().all(|class| !NewActions::default().takes(*class)));
        let takes = |policy: NewActions| Class::ALL.map(|class| policy.takes(class));
        assert_eq!(takes(NewActions::ReadOnly), [true, false, false]);
        assert_eq!(takes(NewActions::On), [true, true, true]);
    }

    #[test]
    fn a_date_is_written_as_people_read_it() {
        for (at, wanted) in [
            (0, "1 January 1970"),
            (951_782_400_000, "29 February 2000"),
            (1_700_000_000_000, "14 November 2023"),
            (1_709_251_200_000, "1 March 2024"),
            (1_798_675_199_999, "30 December 2026"),
            (1_798_761_599_999, "31 December 2026"),
            (1_798_761_600_000, "1 January 2027"),
        ] {
            assert_eq!(date(at), wanted);
        }
    }
}
