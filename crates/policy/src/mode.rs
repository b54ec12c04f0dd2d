//! Modes of a conversation: what a whole conversation limits itself to (S085, S087, S121, S122).
//!
//! [`Mode::admits`] is the one place that knows what a mode uses. The menu asks it what to offer and what to leave out,
//! the list of actions is made by it, and the gate asks it once more for every single call with [`Mode::veto`], so that a
//! call which the list should not have held is refused all the same (X76). A mode only ever takes away: who may use what,
//! and what asks first, is decided as in every other conversation.

use crate::{
    Action, Call, Cause, Chosen, Class, Connector, ConnectorId, Level, Member, Provider, Rulebook, Stage, Veto,
};
use serde::{Deserialize, Serialize};

/// The action that a connector has to have for *Knowledge*: finding (S087).
pub const SEARCH: &str = "search";

/// The other one: reading what was found (S087).
pub const FETCH: &str = "fetch";

/// What a conversation limits itself to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything that may be used.
    #[default]
    Chat,
    /// Answers from connectors that can search and fetch, with sources; no apps (S087, S127, S129).
    Knowledge,
    /// Several steps that only read, and a report with sources (S122).
    Research,
    /// Goes on by itself over a plan, with connectors that are part of the product (S121).
    Agent,
}

/// Why a mode does not use a connector or an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The connector cannot search and fetch.
    NoSearchAndFetch,
    /// Nothing of the connector that is on only reads.
    NothingReads,
    /// The action may change something.
    Writes,
    /// The connector was added by people.
    Added,
    /// The connector is a draft.
    Draft,
    /// What the mode uses of the connector is switched off in the conversation.
    OffHere,
    /// Nothing that the mode uses of the connector can be offered now.
    NothingNow,
}

impl Unfit {
    /// The reason in words: lower case, no full stop.
    pub fn sentence(self) -> &'static str {
        match self {
            Unfit::NoSearchAndFetch => "it has no `search` and `fetch` that are switched on and only read",
            Unfit::NothingReads => "none of its actions that are switched on only reads",
            Unfit::Writes => "it may change something",
            Unfit::Added => "people added it, and this mode only uses connectors that are part of the product",
            Unfit::Draft => "it is a draft",
            Unfit::OffHere => "the actions that this mode uses of it are switched off in this chat",
            Unfit::NothingNow => "none of its actions can be used now",
        }
    }
}

/// Which of the connectors of a conversation take part in a mode, for one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// Those that take part, each with how many of its actions are used: one at least.
    pub taken: Vec<(ConnectorId, usize)>,
    /// Those that do not, each with the reason.
    pub left_out: Vec<(ConnectorId, Unfit)>,
}

impl Mode {
    /// Every mode, in the order in which they are offered.
    pub const ALL: [Mode; 4] = [Mode::Chat, Mode::Knowledge, Mode::Research, Mode::Agent];

    /// The name to show.
    pub fn label(self) -> &'static str {
        match self {
            Mode::Chat => "Chat",
            Mode::Knowledge => "Knowledge",
            Mode::Research => "Research",
            Mode::Agent => "Agent",
        }
    }

    /// What it does, in one line.
    pub fn says(self) -> &'static str {
        match self {
            Mode::Chat => "Uses every connector of this chat.",
            Mode::Knowledge => {
                "Only reads, from connectors that can search and fetch. Answers name their sources. No apps."
            }
            Mode::Research => "Only reads, in several steps, and ends in a report with its sources.",
            Mode::Agent => {
                "Goes on by itself over a plan, with connectors that are part of the product. What writes still asks."
            }
        }
    }

    /// Whether it is the mode that limits nothing.
    pub fn is_chat(&self) -> bool {
        *self == Mode::Chat
    }

    /// Whether answers name their sources by number.
    pub fn cites(self) -> bool {
        self != Mode::Chat
    }

    /// Whether it works over a plan, in several steps. Only a language model can do that.
    pub fn plans(self) -> bool {
        matches!(self, Mode::Research | Mode::Agent)
    }

    /// Whether results are shown with the apps of their connectors (S129).
    pub fn shows_apps(self) -> bool {
        self != Mode::Knowledge
    }

    /// Whether a connector takes part.
    ///
    /// # Errors
    /// With the reason when it does not.
    pub fn takes(self, connector: &Connector) -> Result<(), Unfit> {
        let reads = |action: &Action| connector.is_on(action.name()) && connector.classify(action).class == Class::Read;
        let has = |name: &str| connector.action(name).is_some_and(reads);
        match self {
            Mode::Chat => Ok(()),
            Mode::Knowledge if has(SEARCH) && has(FETCH) => Ok(()),
            Mode::Knowledge => Err(Unfit::NoSearchAndFetch),
            Mode::Research if connector.actions().iter().any(reads) => Ok(()),
            Mode::Research => Err(Unfit::NothingReads),
            Mode::Agent if connector.provider == Provider::Custom => Err(Unfit::Added),
            Mode::Agent if connector.stage == Stage::Draft => Err(Unfit::Draft),
            Mode::Agent => Ok(()),
        }
    }

    /// Whether an action of a connector is used.
    ///
    /// # Errors
    /// With the reason when it is not.
    pub fn admits(self, connector: &Connector, action: &Action) -> Result<(), Unfit> {
        self.takes(connector)?;
        match self {
            Mode::Knowledge | Mode::Research if connector.classify(action).class > Class::Read => Err(Unfit::Writes),
            _ => Ok(()),
        }
    }

    /// What the mode has to say about a call: nothing, or no. It knows only the call, not who offered it (X76).
    pub fn veto(self, book: &Rulebook, call: &Call) -> Option<Veto> {
        let connector = book.connector(&call.connector).ok()?;
        let admitted = match connector.action(&call.action) {
            Some(action) => self.admits(connector, action),
            None => self.takes(connector),
        };
        admitted.err().map(|_| Veto::refuse(Level::Conversation, Cause::Mode { mode: self.label().to_owned() }))
    }

    /// The mode of that name, as shown.
    pub(crate) fn named(label: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.label() == label)
    }

    /// What it does not do, for a call that it refused.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Mode::Chat => "uses every connector",
            Mode::Knowledge => "only reads, from connectors that can search and fetch",
            Mode::Research => "only reads",
            Mode::Agent => "only uses connectors that are part of the product",
        }
    }
}

impl Rulebook {
    /// Which of these connectors take part in a mode for a person, with what was chosen of them. Connectors that the
    /// person may not use are not mentioned at all: a mode opens nothing (S128).
    pub fn in_mode(&self, mode: Mode, member: &Member, connectors: &[ConnectorId], chosen: &Chosen) -> Roll {
        let mut roll = Roll::default();
        let offered = self.offered(member);
        for id in connectors {
            let Ok(connector) = self.connector(id) else { continue };
            if self.may_use(connector, member).is_err() {
                continue;
            }
            match mode.takes(connector) {
                Err(unfit) => roll.left_out.push((id.clone(), unfit)),
                Ok(()) => {
                    let usable: Vec<_> = offered
                        .iter()
                        .filter(|(one, action)| one.id == *id && mode.admits(one, action).is_ok())
                        .collect();
                    let used = usable.iter().filter(|(_, action)| chosen.admits(id, action.name())).count();
                    match used {
                        0 if usable.is_empty() => roll.left_out.push((id.clone(), Unfit::NothingNow)),
                        0 => roll.left_out.push((id.clone(), Unfit::OffHere)),
                        used => roll.taken.push((id.clone(), used)),
                    }
                }
            }
        }
        roll
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Access, Caller, Decision, Refusal, Rules, decide};
    use serde_json::json;

    fn library() -> Rulebook {
        let mut book = published();
        let actions = vec![
            tool("search", json!({"readOnlyHint": true})),
            tool("fetch", json!({"readOnlyHint": true})),
            tool("count", json!({"readOnlyHint": true})),
            tool("create", json!({"readOnlyHint": false, "destructiveHint": false})),
        ];
        for action in &actions {
            let control = crate::Control { on: true, ..Default::default() };
            book.connectors[0].controls.insert(action.name().to_owned(), control);
        }
        book.connectors[0].snapshot = Some(snapshot(actions));
        book
    }

    fn admitted(book: &Rulebook, mode: Mode) -> Vec<&str> {
        let connector = &book.connectors[0];
        connector
            .actions()
            .iter()
            .filter(|action| mode.admits(connector, action).is_ok())
            .map(|action| action.name())
            .collect()
    }

    fn comes_out(book: &Rulebook, mode: Mode, wanted: Call) -> Option<Cause> {
        let mut rules = Rules::of(book, &wanted);
        if let Some(veto) = mode.veto(book, &wanted) {
            rules.add(veto);
        }
        match decide(wanted, &rules) {
            Decision::Refuse(Refusal { cause, .. }) => Some(cause),
            Decision::Run(_) | Decision::Ask(_) => None,
        }
    }

    #[test]
    fn s087_s127_knowledge_takes_connectors_with_search_and_fetch_whoever_added_them_and_only_reads() {
        let mut book = library();
        assert_eq!(book.connectors[0].provider, Provider::Custom);
        assert_eq!(admitted(&book, Mode::Knowledge), ["search", "fetch", "count"]);
        for missing in [SEARCH, FETCH] {
            let mut book = book.clone();
            book.connectors[0].controls.get_mut(missing).unwrap().on = false;
            assert_eq!(Mode::Knowledge.takes(&book.connectors[0]), Err(Unfit::NoSearchAndFetch));
            assert!(admitted(&book, Mode::Knowledge).is_empty(), "nothing of it, not even what reads");
        }
        book.connectors[0].controls.get_mut(FETCH).unwrap().class = Some(Class::Write);
        assert_eq!(
            Mode::Knowledge.takes(&book.connectors[0]),
            Err(Unfit::NoSearchAndFetch),
            "a fetch that writes is none"
        );
        assert_eq!(Mode::Knowledge.takes(&published().connectors[0]), Err(Unfit::NoSearchAndFetch));
    }

    #[test]
    fn s122_research_uses_custom_connectors_for_reading_alone() {
        let book = published();
        assert_eq!(admitted(&book, Mode::Research), ["find", "look"], "what is not labelled counts as writing");
        let mut writes = book.clone();
        for name in ["find", "look"] {
            writes.connectors[0].controls.get_mut(name).unwrap().on = false;
        }
        assert_eq!(Mode::Research.takes(&writes.connectors[0]), Err(Unfit::NothingReads));
    }

    #[test]
    fn s121_agent_uses_neither_custom_connectors_nor_drafts() {
        let mut book = published();
        assert_eq!(Mode::Agent.takes(&book.connectors[0]), Err(Unfit::Added));
        assert!(admitted(&book, Mode::Agent).is_empty());
        book.connectors[0].provider = Provider::Demo;
        assert_eq!(Mode::Agent.takes(&book.connectors[0]), Ok(()));
        book.connectors[0].stage = Stage::Draft;
        assert_eq!(Mode::Agent.takes(&book.connectors[0]), Err(Unfit::Draft));
    }

    #[test]
    fn x76_whatever_was_offered_the_gate_refuses_what_the_mode_does_not_use() {
        let book = library();
        for by in [Caller::Model, Caller::Person, Caller::App, Caller::Automatic] {
            let write = Call { by, ..call(&book, "create") };
            for mode in [Mode::Knowledge, Mode::Research] {
                let refused = comes_out(&book, mode, write.clone());
                assert!(refused.is_some(), "{mode:?} {by:?}");
                if by != Caller::Automatic {
                    assert_eq!(refused, Some(Cause::Mode { mode: mode.label().to_owned() }));
                }
            }
            assert!(comes_out(&book, Mode::Agent, Call { by, ..call(&book, "search") }).is_some(), "{by:?}");
        }
        assert_eq!(comes_out(&book, Mode::Chat, call(&book, "create")), None);
        assert_eq!(comes_out(&book, Mode::Knowledge, call(&book, "search")), None);
        assert_eq!(comes_out(&book, Mode::Research, call(&book, "search")), None);
    }

    #[test]
    fn x76_a_mode_never_makes_a_call_possible_that_was_not() {
        let mut book = library();
        book.connectors[0].controls.get_mut(SEARCH).unwrap().on = false;
        for mode in Mode::ALL {
            assert!(comes_out(&book, mode, call(&book, SEARCH)).is_some(), "{mode:?}");
            assert!(comes_out(&book, mode, call(&book, "no_such")).is_some(), "{mode:?}");
        }
    }

    #[test]
    fn s128_the_access_list_decides_who_finds_a_connector_in_a_mode() {
        let mut book = library();
        let ids = ["tracker".into()];
        let roll = |book: &Rulebook, who: &str| {
            book.in_mode(Mode::Knowledge, book.member(&who.into()).unwrap(), &ids, &Chosen::default())
        };
        assert_eq!(roll(&book, "member").taken, [("tracker".into(), 3)]);
        let only = Access::Only {
            members: Default::default(),
            groups: ["builders".into()].into(),
            roles: Default::default(),
            custom: Default::default(),
        };
        book.set_access(&"owner".into(), &"tracker".into(), only, NOW).unwrap();
        assert_eq!(roll(&book, "member"), Roll::default(), "it is not even named as left out");
        assert_eq!(roll(&book, "dev").taken.len(), 1);
        let agent = book.in_mode(Mode::Agent, book.member(&"dev".into()).unwrap(), &ids, &Chosen::default());
        let mut chosen = Chosen::default();
        chosen.choose("tracker".into(), Some([FETCH.to_owned()].into()));
        let counted = book.in_mode(Mode::Knowledge, book.member(&"dev".into()).unwrap(), &ids, &chosen);
        assert_eq!(counted.taken, [("tracker".into(), 1)], "what is off here is not counted");
        assert_eq!(agent.left_out, [("tracker".into(), Unfit::Added)]);
        chosen.choose("tracker".into(), Some(["create".to_owned()].into()));
        let none = book.in_mode(Mode::Knowledge, book.member(&"dev".into()).unwrap(), &ids, &chosen);
        assert_eq!((none.taken, none.left_out), (vec![], vec![("tracker".into(), Unfit::OffHere)]));
    }

    #[test]
    fn what_a_mode_refused_says_why_and_what_to_do() {
        for mode in Mode::ALL {
            assert_eq!(Mode::named(mode.label()), Some(mode));
            let said = Cause::Mode { mode: mode.label().to_owned() }.sentence();
            assert!(said.contains(mode.label()) && said.ends_with("switch to Chat"), "{said}");
        }
        assert!(Cause::Mode { mode: "Old".into() }.sentence().contains("Old"));
    }
}
