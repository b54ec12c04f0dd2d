//! A look at a result before a model is told it (X54).
//!
//! Where a connector says so, what came back waits on its card. The turn waits with it: the person passes the result on,
//! passes on their own version of it, or withholds it, and the model is told which. The row is on disk before the model
//! is told anything. Stopping the turn, closing the page and erasing everything mean that nobody said anything, and a
//! model is not shown what nobody passed on.

use std::collections::BTreeSet;

use chat::conversation::{Body, CallCard, Event, ItemId, Look};
use futures_channel::oneshot;
use policy::audit::Entry;
use policy::{CallId, ConversationId};
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use crate::error::{Code, Error};
use crate::view::Change;

/// The most characters that a person's version of a result may have.
const LONGEST: usize = 200_000;

/// A turn that waits for a look.
pub(crate) struct Waiting {
    conversation: ConversationId,
    call: CallId,
    over: oneshot::Sender<()>,
}

impl Workspace {
    /// Says what a model is told of a result that waits for a look. It is said once.
    ///
    /// # Errors
    /// When no such result waits, the text is too long, another tab runs the conversation, or the row cannot be written;
    /// then no model is told anything.
    pub async fn decide_result(&self, conversation: &ConversationId, call: &CallId, look: Look) -> Result<(), Error> {
        self.acting()?;
        self.not_elsewhere(conversation)?;
        let open = |card: &CallCard| card.look.as_ref().is_some_and(Look::open);
        let card = self.card(conversation, call).filter(open);
        let card = card.ok_or_else(|| Error::not_found("result that waits for a look", call.as_str()))?;
        if matches!(&look, Look::Edited { text } if text.chars().count() > LONGEST) {
            return Err(Error::new(Code::Invalid, format!("the text has more than {LONGEST} characters"))
                .hint("shorten it, or withhold the result"));
        }
        self.0.audit.write(vec![self.look_row(&card, &look)]).await?;
        self.looked(conversation, call, look).await;
        Ok(())
    }

    /// The conversations that need the person: a call waits for a decision, a server for an answer, or a turn for a look at
    /// a result.
    pub fn needing_person(&self) -> BTreeSet<ConversationId> {
        let mut all: BTreeSet<_> = self.questions().into_iter().filter_map(|asked| asked.conversation).collect();
        all.extend(self.asks().into_iter().filter_map(|ask| ask.conversation));
        all.extend(self.0.looks.borrow().iter().map(|waiting| waiting.conversation.clone()));
        all
    }

    async fn looked(&self, conversation: &ConversationId, call: &CallId, look: Look) {
        self.apply_kept(conversation, Event::CallLooked { call: call.clone(), look }).await;
        self.wake(|waiting| waiting.call == *call);
    }

    /// Waits until somebody has said what a model is told of the result on a card, if it waits for that.
    pub(super) async fn until_looked(&self, conversation: &ConversationId, item: &ItemId) {
        loop {
            let call = match self.item(conversation, item).map(|item| item.body) {
                Some(Body::Call(card)) if card.look == Some(Look::Waiting) => card.call,
                _ => return,
            };
            let (over, wait) = oneshot::channel();
            self.0.looks.borrow_mut().push(Waiting { conversation: conversation.clone(), call, over });
            self.0.events.tell(Change::Questions);
            // Whoever lets go of the other end has erased the conversation.
            let _ = wait.await;
        }
    }

    /// The turn of a conversation stops: nobody will say anything about what it waits for.
    pub(super) fn stop_looks(&self, conversation: &ConversationId) {
        let calls: Vec<CallId> = {
            let looks = self.0.looks.borrow();
            looks.iter().filter(|one| one.conversation == *conversation).map(|one| one.call.clone()).collect()
        };
        for call in calls {
            let Some(card) = self.card(conversation, &call) else { continue };
            let row = self.look_row(&card, &Look::NotAnswered);
            let (workspace, conversation) = (self.clone(), conversation.clone());
            spawn_local(async move {
                if let Err(error) = workspace.0.audit.write(vec![row]).await {
                    workspace.storage_failed(&error);
                }
                workspace.looked(&conversation, &call, Look::NotAnswered).await;
            });
        }
    }

    /// Lets go of what waits.
    fn wake(&self, which: impl Fn(&Waiting) -> bool) {
        let woken: Vec<Waiting> = {
            let mut looks = self.0.looks.borrow_mut();
            let (woken, kept) = std::mem::take(&mut *looks).into_iter().partition(which);
            *looks = kept;
            woken
        };
        let any = !woken.is_empty();
        for waiting in woken {
            let _ = waiting.over.send(());
        }
        if any {
            self.0.events.tell(Change::Questions);
        }
    }

    /// The card of a call in a conversation that is open.
    pub(crate) fn card(&self, conversation: &ConversationId, call: &CallId) -> Option<CallCard> {
        self.0.records.borrow().get(conversation)?.conversation.call(call).cloned()
    }

    /// The row about what was said of a result.
    pub(super) fn look_row(&self, card: &CallCard, look: &Look) -> Entry {
        let how = match look {
            Look::Passed => "passed on to the model",
            Look::Edited { .. } => "passed on to the model with changes",
            Look::Withheld => "withheld from the model",
            Look::Waiting | Look::NotAnswered => "not shown to the model, because nobody decided",
        };
        Entry::changed(&self.me(), format!("result of {} in {}", card.action, card.connector_name), how)
    }
}
