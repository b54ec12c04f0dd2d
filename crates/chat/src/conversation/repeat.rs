//! Calls that are made again, and remarks that offer a way on.
//!
//! A call that ended stays ended. Where the person wants it once more, that is another call with a card, a decision and
//! a row of its own; its card names the one that it repeats.

use super::{CallCard, CallState, Conversation, Sent};
use policy::{CallId, Caller, Class};
use serde::{Deserialize, Serialize};

/// What a person can do about a remark, as long as nothing newer was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// The model is asked again.
    AskAgain,
    /// As [`Remedy::AskAgain`]; what reaches the model can also be set otherwise: its address, its key, another model.
    AskOrSet,
    /// A model is set first.
    SetModel,
    /// The turn was paused, and goes on at a word of the person.
    GoOn,
}

impl CallCard {
    /// Whether the person is offered to make this call again: where nothing was taken by the server, and reads. What may
    /// have written is never offered again (X114), and what an app asked for, its app asks for again.
    pub fn may_repeat(&self) -> bool {
        let taken = match &self.state {
            CallState::NeedsSignIn { .. }
            | CallState::NeedsPage
            | CallState::Denied { .. }
            | CallState::NotAnswered
            | CallState::Failed { sent: Sent::No, .. } => false,
            CallState::Failed { .. } | CallState::Unknown { .. } => true,
            _ => return false,
        };
        self.by != Caller::App && (!taken || self.class == Class::Read)
    }
}

impl Conversation {
    /// Whether the person had this call made again.
    pub fn is_repeated(&self, call: &CallId) -> bool {
        self.calls().any(|card| card.repeats.as_ref() == Some(call))
    }

    /// The call that this one goes back to, through all that were made again; itself where it repeats none.
    pub fn first_of(&self, call: &CallId) -> Option<&CallCard> {
        let mut card = self.call(call)?;
        // A record in which two calls repeat each other goes nowhere, and ends.
        for _ in 0..self.items.len() {
            match card.repeats.as_ref().and_then(|former| self.call(former)) {
                Some(former) => card = former,
                None => break,
            }
        }
        Some(card)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::tests::{card, chat};
    use crate::conversation::{Body, Event, Item};

    #[test]
    fn cq001_what_may_have_written_is_never_offered_again() {
        let of = |class: Class, state: CallState| CallCard { class, ..card(state) }.may_repeat();
        let failed = |sent| CallState::Failed { cause: "x".to_owned(), sent };
        let broke = || CallState::Unknown { cause: "x".to_owned() };
        for class in [Class::Read, Class::Write, Class::Destructive] {
            let reads = class == Class::Read;
            for state in [
                CallState::NeedsSignIn { scopes: vec![], ended: None },
                CallState::NeedsPage,
                CallState::Denied { reason: None },
                CallState::NotAnswered,
                failed(Sent::No),
            ] {
                assert!(of(class, state.clone()), "{state:?}");
            }
            for state in [failed(Sent::Yes), failed(Sent::Unknown), broke()] {
                assert_eq!(of(class, state.clone()), reads, "{state:?}");
            }
            for state in [CallState::Done, CallState::Held, CallState::Waiting, CallState::Cancelled { sent: Sent::No }]
            {
                assert!(!of(class, state.clone()), "{state:?}");
            }
        }
        let app = CallCard { by: Caller::App, ..card(CallState::NotAnswered) };
        assert!(!app.may_repeat(), "its app asks for it again");
    }

    #[test]
    fn cq001_a_call_goes_back_to_the_first_of_those_that_it_repeats() {
        let mut chat = chat();
        let mut put = |call: &str, by: Caller, repeats: Option<&str>| {
            let repeats = repeats.map(CallId::from);
            let made = CallCard { call: call.into(), by, repeats, ..card(CallState::NotAnswered) };
            chat.apply(Event::Put(Item { id: call.into(), at: 1, body: Body::Call(Box::new(made)) }), 1).unwrap();
        };
        put("a", Caller::Model, None);
        put("b", Caller::Person, Some("a"));
        put("c", Caller::Person, Some("b"));
        // Two that name each other, as no record of ours does.
        put("x", Caller::Person, Some("y"));
        put("y", Caller::Person, Some("x"));
        assert_eq!(chat.first_of(&"c".into()).map(|card| card.call.as_str()), Some("a"));
        assert_eq!(chat.first_of(&"a".into()).map(|card| card.call.as_str()), Some("a"));
        assert!(chat.first_of(&"x".into()).is_some() && chat.first_of(&"none".into()).is_none());
        assert!(chat.is_repeated(&"b".into()) && !chat.is_repeated(&"c".into()));
    }
}
