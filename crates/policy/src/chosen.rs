//! The single actions that a conversation uses of its connectors, where the person chose them (screens.md e.4, U01).
//!
//! What is kept is what is *on*, and only of connectors where somebody chose: a connector without an entry is used with
//! everything that is switched on. So a conversation from before there was a choice is one without entries, and an action
//! that a server adds later stays off where a choice was made, whatever the action control says about new actions. A list
//! of what is off would let it in unseen.
//!
//! A choice only ever takes away. The list of what is offered is made by it, and the gate asks it once more for every
//! call with [`Chosen::veto`], so that a call which somebody makes up is refused all the same (X76).

use crate::{Call, Cause, ConnectorId, Level, Veto};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The actions that were chosen, by connector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chosen(BTreeMap<ConnectorId, BTreeSet<String>>);

impl Chosen {
    /// Whether nothing was chosen: every connector is used with all its actions.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the actions that are used of a connector; none where nobody chose, which means all.
    pub fn of(&self, connector: &ConnectorId) -> Option<&BTreeSet<String>> {
        self.0.get(connector)
    }

    /// Chooses the actions of a connector; none goes back to all of them, those included that come later.
    pub fn choose(&mut self, connector: ConnectorId, actions: Option<BTreeSet<String>>) {
        match actions {
            Some(actions) => self.0.insert(connector, actions),
            None => self.0.remove(&connector),
        };
    }

    /// Forgets what was chosen of other connectors than these.
    pub fn keep(&mut self, connectors: impl Fn(&ConnectorId) -> bool) {
        self.0.retain(|id, _| connectors(id));
    }

    /// Whether an action is used.
    pub fn admits(&self, connector: &ConnectorId, action: &str) -> bool {
        self.of(connector).is_none_or(|chosen| chosen.contains(action))
    }

    /// What the choice has to say about a call: nothing, or no. It knows only the call, not who offered it (X76).
    pub fn veto(&self, call: &Call) -> Option<Veto> {
        let refused = !self.admits(&call.connector, &call.action);
        refused.then(|| Veto::refuse(Level::Conversation, Cause::OffHere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Caller, Decision, Refusal, Rulebook, Rules, Subject, decide};

    fn only(names: &[&str]) -> Chosen {
        let mut chosen = Chosen::default();
        chosen.choose("tracker".into(), Some(names.iter().map(|name| (*name).to_owned()).collect()));
        chosen
    }

    fn rules(book: &Rulebook, chosen: &Chosen, call: &Call) -> Rules {
        let mut rules = Rules::of(book, call);
        if let Some(veto) = chosen.veto(call) {
            rules.add(veto);
        }
        rules
    }

    #[test]
    fn x76_whoever_makes_up_a_call_of_an_action_that_is_off_here_is_refused() {
        let book = published();
        for by in [Caller::Model, Caller::Person, Caller::App] {
            let wanted = Call { by, ..call(&book, "find") };
            let refused = decide(wanted.clone(), &rules(&book, &only(&["look"]), &wanted));
            assert!(matches!(refused, Decision::Refuse(Refusal { cause: Cause::OffHere, .. })), "{by:?}");
            for chosen in [only(&["find"]), Chosen::default()] {
                let decided = decide(wanted.clone(), &rules(&book, &chosen, &wanted));
                assert!(!matches!(decided, Decision::Refuse(Refusal { cause: Cause::OffHere, .. })), "{by:?}");
            }
        }
    }

    #[test]
    fn x76_a_choice_never_makes_a_call_possible_that_was_not() {
        let mut book = published();
        book.connectors[0].controls.clear();
        let wanted = call(&book, "find");
        let decided = decide(wanted.clone(), &rules(&book, &only(&["find"]), &wanted));
        assert!(matches!(decided, Decision::Refuse(Refusal { cause: Cause::Off, .. })), "{decided:?}");
    }

    #[test]
    fn why_an_action_is_off_here_is_a_step_of_its_own() {
        let book = published();
        let wanted = call(&book, "find");
        let why = book.explain(&wanted, &rules(&book, &only(&[]), &wanted));
        let telling: Vec<_> = why.telling().map(|step| (step.subject, step.says.as_str())).collect();
        assert_eq!(telling.len(), 1, "{telling:?}");
        assert_eq!(telling[0].0, Subject::Conversation);
        assert!(telling[0].1.contains("+ menu"), "{telling:?}");
    }

    #[test]
    fn what_a_server_adds_later_is_off_where_somebody_chose_and_on_where_nobody_did() {
        let mut chosen = only(&["find"]);
        assert!(!chosen.admits(&"tracker".into(), "new_one"));
        assert!(chosen.admits(&"desk".into(), "new_one"));
        let kept = serde_json::to_string(&chosen).unwrap();
        assert_eq!(kept, r#"{"tracker":["find"]}"#);
        assert_eq!(serde_json::from_str::<Chosen>(&kept).unwrap(), chosen);
        chosen.choose("tracker".into(), None);
        assert!(chosen.is_empty() && chosen.admits(&"tracker".into(), "new_one"));
    }

    #[test]
    fn a_set_keeps_the_choices_of_its_own_connectors() {
        let mut chosen = only(&["find"]);
        chosen.choose("desk".into(), Some(BTreeSet::new()));
        chosen.keep(|id| id.as_str() == "desk");
        assert_eq!((chosen.of(&"tracker".into()), chosen.admits(&"desk".into(), "any")), (None, false));
    }
}
