//! A row as a person reads it, and the marks by which a store finds it.
//!
//! A mark is a word about a row, such as `connector=notebook`. A store keeps an index of marks, so that the newest rows
//! with some of them are found without reading the others. Marks are computed from the row alone: whoever doubts an
//! index computes it again.

use super::{Entry, Outcome, Row};
use crate::{Basis, CallId, Cause, Class, Digest, GrantId, MemberId, Millis};
use std::fmt;

/// What was decided about a call (screens.md e.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decided {
    /// The person allowed this one call.
    Once,
    /// An answer that was remembered allowed it.
    Grant,
    /// A rule of the workspace allowed it.
    Policy,
    /// The person said no.
    Denied,
    /// Nobody answered.
    NotAnswered,
    /// The person changed the arguments, and another call took its place.
    Edited,
    /// A rule forbade it.
    Blocked,
}

impl Decided {
    /// Every one, in the order in which they are offered as filters.
    pub const ALL: [Decided; 7] = [
        Decided::Once,
        Decided::Grant,
        Decided::Policy,
        Decided::Denied,
        Decided::NotAnswered,
        Decided::Edited,
        Decided::Blocked,
    ];

    /// The words to show.
    pub fn label(self) -> &'static str {
        match self {
            Decided::Once => "allowed once",
            Decided::Grant => "by grant",
            Decided::Policy => "by policy",
            Decided::Denied => "denied",
            Decided::NotAnswered => "not answered",
            Decided::Edited => "edited",
            Decided::Blocked => "blocked",
        }
    }

    fn of_basis(basis: &Basis) -> Self {
        match basis {
            Basis::Answer => Decided::Once,
            Basis::Remembered { .. } => Decided::Grant,
            Basis::Reading => Decided::Policy,
        }
    }

    fn of_cause(cause: &Cause) -> Self {
        match cause {
            Cause::Denied { .. } => Decided::Denied,
            Cause::NotAnswered => Decided::NotAnswered,
            Cause::Edited { .. } => Decided::Edited,
            _ => Decided::Blocked,
        }
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How a row can be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark<'a> {
    /// About a call: it was decided on.
    Calls,
    /// About a call that was not made.
    Refused,
    /// About anything but calls.
    Changes,
    /// The person for whom a call was wanted.
    Person(&'a str),
    /// The person who changed something.
    By(&'a str),
    /// The connector of a call.
    Connector(&'a str),
    /// The action of a call.
    Action(&'a str),
    /// What was decided.
    Decided(Decided),
    /// The class it ran as.
    Class(Class),
    /// The grant that allowed it.
    Grant(&'a str),
    /// Any row about one call.
    Call(&'a str),
}

impl fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::Calls => f.write_str("calls"),
            Mark::Refused => f.write_str("refused"),
            Mark::Changes => f.write_str("changes"),
            Mark::Person(id) => write!(f, "person={id}"),
            Mark::By(id) => write!(f, "by={id}"),
            Mark::Connector(id) => write!(f, "connector={id}"),
            Mark::Action(name) => write!(f, "action={name}"),
            Mark::Decided(decided) => write!(f, "decided={decided}"),
            Mark::Class(class) => write!(f, "class={class:?}"),
            Mark::Grant(id) => write!(f, "grant={id}"),
            Mark::Call(id) => write!(f, "call={id}"),
        }
    }
}

/// The marks of an entry.
pub fn marks(entry: &Entry) -> Vec<String> {
    let mut marks = Vec::with_capacity(8);
    let mut add = |mark: Mark<'_>| marks.push(mark.to_string());
    if let Some(call) = entry.call() {
        add(Mark::Call(call.as_str()));
    }
    match entry {
        Entry::Allowed { call, .. } | Entry::Refused { call, .. } => {
            add(Mark::Calls);
            add(Mark::Person(call.member.as_str()));
            add(Mark::Connector(call.connector.as_str()));
            add(Mark::Action(&call.action));
        }
        Entry::Changed { by, .. } => {
            add(Mark::Changes);
            add(Mark::By(by.as_str()));
        }
        Entry::Began { .. } | Entry::Checkpoint(_) => add(Mark::Changes),
        Entry::Sent { .. } | Entry::Finished { .. } => {}
    }
    match entry {
        Entry::Allowed { class, basis, .. } => {
            add(Mark::Class(*class));
            add(Mark::Decided(Decided::of_basis(basis)));
            if let Basis::Remembered { grant } = basis {
                add(Mark::Grant(grant.as_str()));
            }
        }
        Entry::Refused { cause, class, .. } => {
            add(Mark::Refused);
            add(Mark::Decided(Decided::of_cause(cause)));
            if let Some(class) = class {
                add(Mark::Class(*class));
            }
        }
        _ => {}
    }
    marks
}

/// A row as a table shows it: a call with how it ended, or a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The row's place in the chain.
    pub seq: u64,
    /// When it happened.
    pub at: Millis,
    /// Who wanted the call or made the change; `None` where nobody did, as when a chain begins.
    pub person: Option<MemberId>,
    /// What it is about.
    pub about: About,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    /// A call.
    Call(Box<CallLine>),
    /// Something that changed.
    Change {
        /// What, such as `connector Tracker`.
        subject: String,
        /// How, in words.
        how: String,
        /// What it was before.
        before: Option<String>,
        /// What it is now.
        after: Option<String>,
    },
}

/// A call and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct CallLine {
    /// The call as it was wanted.
    pub call: super::CallFacts,
    /// As which class, where that is known.
    pub class: Option<Class>,
    /// What was decided.
    pub decided: Decided,
    /// Why it ran, or why not, in words.
    pub why: String,
    /// The grant that allowed it, if one did.
    pub grant: Option<GrantId>,
    /// How it ended; `None` when it was not made, or when no end was recorded.
    pub outcome: Option<Outcome>,
    /// How long it took, in milliseconds.
    pub took: Option<Millis>,
    /// How often it was sent.
    pub sent: u32,
    /// Why it was cut short, where somebody said so. May hold text of the server.
    pub reason: Option<String>,
}

impl CallLine {
    /// How it ended, in words, and that something may have happened where that is so.
    pub fn outcome_words(&self) -> &'static str {
        match self.outcome {
            _ if self.decided >= Decided::Denied => "not made; nothing was sent",
            None => "no end was recorded; it may have happened",
            Some(Outcome::Done) => "done",
            Some(Outcome::ToolError) => "the server answered with an error",
            Some(Outcome::NotSent) => "not sent",
            Some(Outcome::Failed) => "the server refused it",
            Some(Outcome::Unknown) => "unknown; it may have happened",
            Some(Outcome::Cancelled) => "cancelled; the server may still finish",
        }
    }
}

impl Line {
    /// Reads a row, and for a call the later rows about it. `None` for a row that is no line of its own.
    pub fn of<'a>(row: &Row, later: impl IntoIterator<Item = &'a Row>) -> Option<Self> {
        let (person, about) = match &row.entry {
            Entry::Allowed { call, class, basis } => {
                let grant = match basis {
                    Basis::Remembered { grant } => Some(grant.clone()),
                    Basis::Reading | Basis::Answer => None,
                };
                let decided = Decided::of_basis(basis);
                let why = basis.sentence().to_owned();
                let mut line = CallLine {
                    call: call.clone(),
                    class: Some(*class),
                    decided,
                    why,
                    grant,
                    outcome: None,
                    took: None,
                    sent: 0,
                    reason: None,
                };
                line.finish(&call.id, later);
                (Some(call.member.clone()), About::Call(Box::new(line)))
            }
            Entry::Refused { call, cause, class } => {
                let line = CallLine {
                    call: call.clone(),
                    class: *class,
                    decided: Decided::of_cause(cause),
                    why: cause.sentence(),
                    grant: None,
                    outcome: None,
                    took: None,
                    sent: 0,
                    reason: None,
                };
                (Some(call.member.clone()), About::Call(Box::new(line)))
            }
            Entry::Changed { by, subject, how, before, after } => (
                Some(by.clone()),
                About::Change {
                    subject: subject.clone(),
                    how: how.clone(),
                    before: before.clone(),
                    after: after.clone(),
                },
            ),
            Entry::Began { after } => {
                let (by, how) = match after {
                    None => (None, "began".to_owned()),
                    Some(ended) => (
                        Some(ended.by.clone()),
                        format!("began anew after everything was erased; the chain before had {} entries", ended.rows),
                    ),
                };
                (by, change("audit log", how, None))
            }
            Entry::Checkpoint(checkpoint) => {
                let key = checkpoint.key.short();
                let how = match &checkpoint.next {
                    None => format!("checkpoint signed over {} entries", checkpoint.rows),
                    Some(next) => format!("signing key replaced by {}; the old one signed that", next.short()),
                };
                (None, change("audit log", how, Some(format!("key {key}"))))
            }
            Entry::Sent { .. } | Entry::Finished { .. } => return None,
        };
        Some(Line { seq: row.seq, at: row.at, person, about })
    }

    /// The digest of the definition, of a call.
    pub fn definition(&self) -> Option<&Digest> {
        match &self.about {
            About::Call(line) => Some(&line.call.definition),
            About::Change { .. } => None,
        }
    }
}

fn change(subject: &str, how: String, after: Option<String>) -> About {
    About::Change { subject: subject.to_owned(), how, before: None, after }
}

impl CallLine {
    fn finish<'a>(&mut self, id: &CallId, later: impl IntoIterator<Item = &'a Row>) {
        for row in later {
            match &row.entry {
                Entry::Sent { call, attempt, .. } if call == id => self.sent = self.sent.max(*attempt),
                Entry::Finished { call, outcome, took, reason, .. } if call == id => {
                    self.outcome = Some(*outcome);
                    self.took = Some(*took);
                    self.reason.clone_from(reason);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{CallFacts, Chain};
    use crate::fixtures::*;

    fn facts() -> CallFacts {
        CallFacts::of(&call(&published(), "create"))
    }

    #[test]
    fn n16_every_way_not_to_run_is_a_line_with_its_own_words() {
        let (mut chain, _) = Chain::begin("one", NOW);
        let causes = [
            (Cause::Denied { reason: None }, Decided::Denied),
            (Cause::NotAnswered, Decided::NotAnswered),
            (Cause::Edited { into: "call-2".into() }, Decided::Edited),
            (Cause::Held, Decided::Blocked),
            (Cause::Lockdown, Decided::Blocked),
        ];
        for (cause, decided) in causes {
            let entry = Entry::Refused { call: facts(), cause: cause.clone(), class: Some(Class::Write) };
            let marks = marks(&entry);
            assert!(marks.contains(&Mark::Refused.to_string()), "{marks:?}");
            assert!(marks.contains(&Mark::Decided(decided).to_string()), "{marks:?}");
            let row = chain.append(entry, NOW);
            let line = Line::of(&row, []).unwrap();
            let About::Call(line) = line.about else { panic!("it is a call") };
            assert_eq!((line.decided, line.why), (decided, cause.sentence()));
            assert_eq!(line.outcome, None);
        }
        let labels: std::collections::BTreeSet<_> = Decided::ALL.iter().map(|one| one.label()).collect();
        assert_eq!(labels.len(), Decided::ALL.len(), "no word is used twice");
    }

    #[test]
    fn a_call_that_ran_names_its_grant_and_how_it_ended() {
        let (mut chain, _) = Chain::begin("one", NOW);
        let entry =
            Entry::Allowed { call: facts(), class: Class::Write, basis: Basis::Remembered { grant: "g".into() } };
        assert!(marks(&entry).contains(&Mark::Grant("g").to_string()));
        assert!(marks(&entry).contains(&Mark::Call("call-1").to_string()));
        let allowed = chain.append(entry, NOW);
        let sent = chain.append(Entry::Sent { call: "call-1".into(), attempt: 2, again: None }, NOW);
        let other =
            Entry::Finished { call: "other".into(), outcome: Outcome::Done, took: 1, result: None, reason: None };
        let other = chain.append(other, NOW);
        let open = Line::of(&allowed, [&sent, &other]).unwrap();
        let About::Call(open) = open.about else { panic!("it is a call") };
        assert_eq!((open.outcome, open.sent, open.grant), (None, 2, Some("g".into())));

        let reason = Some("cancelled by the user".to_owned());
        let end = Entry::Finished { call: "call-1".into(), outcome: Outcome::Unknown, took: 7, result: None, reason };
        let end = chain.append(end, NOW);
        assert_eq!(marks(&end.entry), [Mark::Call("call-1").to_string()]);
        assert_eq!(Line::of(&end, []), None, "the end of a call is part of its line");
        let About::Call(whole) = Line::of(&allowed, [&sent, &end]).unwrap().about else { panic!("it is a call") };
        assert_eq!((whole.outcome, whole.took), (Some(Outcome::Unknown), Some(7)));
        assert_eq!(whole.outcome_words(), "unknown; it may have happened");
        assert_eq!(whole.reason.as_deref(), Some("cancelled by the user"));
    }
}
