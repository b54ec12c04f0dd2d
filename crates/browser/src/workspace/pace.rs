//! A pause after many decisions in one turn (X69).
//!
//! Whoever is asked again and again stops reading. After each [`DECISIONS`] decisions of a turn nothing more can be
//! allowed until the person has said that they go on; saying no is possible at any time. What the person starts by
//! themselves is not counted.

use policy::{Call, Caller, ConversationId};

use super::Workspace;
use crate::error::{Code, Error};
use crate::view::{Answer, Change};

/// How many decisions follow each other without a pause.
pub const DECISIONS: usize = 5;

/// How many decisions a turn has taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    decided: usize,
    paused: bool,
}

impl Workspace {
    /// The person goes on deciding in a conversation after a pause.
    pub fn go_on(&self, conversation: &ConversationId) {
        if let Some(pace) = self.0.paces.borrow_mut().get_mut(conversation) {
            pace.paused = false;
        }
        self.0.events.tell(Change::Questions);
    }

    /// A turn begins: what was decided before it does not count.
    pub(super) fn begin_pace(&self, conversation: &ConversationId) {
        self.0.paces.borrow_mut().remove(conversation);
    }

    /// After how many decisions a conversation pauses now, if it does.
    pub(crate) fn paused_after(&self, call: &Call) -> Option<usize> {
        let pace = *self.0.paces.borrow().get(counted(call)?)?;
        pace.paused.then_some(pace.decided)
    }

    /// Whether an answer can be taken now.
    ///
    /// # Errors
    /// When it would allow something during a pause.
    pub(crate) fn in_pace(&self, call: &Call, answer: &Answer) -> Result<(), Error> {
        match (self.paused_after(call), answer) {
            (Some(decided), Answer::AllowOnce | Answer::Edit { .. }) => {
                Err(Error::new(Code::Held, format!("this turn pauses after {decided} decisions"))
                    .hint("say that you go on, or deny all and stop"))
            }
            _ => Ok(()),
        }
    }

    /// Counts a decision.
    pub(crate) fn count_decision(&self, call: &Call, answer: &Answer) {
        let (Some(conversation), Answer::AllowOnce | Answer::Deny { .. }) = (counted(call), answer) else { return };
        let mut paces = self.0.paces.borrow_mut();
        let pace = paces.entry(conversation.clone()).or_default();
        pace.decided += 1;
        pace.paused = pace.decided.is_multiple_of(DECISIONS);
    }
}

/// The conversation in which decisions about a call count.
fn counted(call: &Call) -> Option<&ConversationId> {
    match call.by {
        Caller::Person | Caller::Sdk => None,
        Caller::Model | Caller::App | Caller::Automatic => call.conversation.as_ref(),
    }
}
