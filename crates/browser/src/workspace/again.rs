//! What is done once more: a call that came to nothing, and a question that a model did not answer.
//!
//! A call that is made again is another call of the person's, with the same arguments and the same account: it passes the
//! gate like any other, and asks where any other would. Where a model had asked for the first one, it is told the outcome
//! and goes on.

use chat::conversation::{Body, CallState, ItemId};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use policy::{CallId, Caller, ConversationId};
use serde_json::{Map, Value};
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use crate::dispatch::Wanted;
use crate::error::{Code, Error};
use crate::time::new_id;
use crate::view::{Confirm, ModelConfig};

impl Workspace {
    /// Makes a call again that came to nothing, as the person's: after a sign-in, a decline, an answer that never came, or
    /// a failure in which the server took nothing. The card of the new call is a new item, which names the former one.
    ///
    /// # Errors
    /// When there is no such call, it may have written something, it was made again already, or something runs in the
    /// conversation, here or in another tab.
    pub fn repeat_call(&self, id: &ConversationId, call: &CallId) -> Result<CallId, Error> {
        self.acting()?;
        self.not_elsewhere(id)?;
        let former = self.card(id, call).ok_or_else(|| Error::not_found("call", call.as_str()))?;
        // One that was asked for a moment ago has no card yet.
        let under_way = self.may_repeat(id, call).then(|| UnderWay::begin(self, call)).flatten();
        let Some(under_way) = under_way else {
            let error = Error::new(Code::Invalid, "this call is not made again");
            return Err(error.hint("look at what stands below it in the conversation; nothing was sent"));
        };
        let for_model = {
            let records = self.0.records.borrow();
            let first = records.get(id).and_then(|record| record.conversation.first_of(call));
            first.is_some_and(|first| matches!(first.by, Caller::Model | Caller::Automatic))
        };
        let new = CallId::from(new_id("call"));
        let arguments = former.arguments.as_object().cloned().unwrap_or_else(Map::<String, Value>::new);
        let wanted = Wanted {
            id: new.clone(),
            connector: former.connector.clone(),
            action: former.action.clone(),
            arguments,
            by: Caller::Person,
            conversation: Some(id.clone()),
            account: None,
            repeats: Some(call.clone()),
        };
        match self.mind_of(id).model().filter(|_| for_model) {
            Some(model) => self.repeat_for(model, id, wanted, under_way)?,
            None => self.start_alone(id, wanted, move || under_way),
        }
        Ok(new)
    }

    /// Whether the person is offered to make a call again: nothing was taken by the server, or it reads, and they did not
    /// do so already.
    pub fn may_repeat(&self, id: &ConversationId, call: &CallId) -> bool {
        let records = self.0.records.borrow();
        records.get(id).is_some_and(|record| {
            let conversation = &record.conversation;
            conversation.call(call).is_some_and(|card| card.may_repeat()) && !conversation.is_repeated(call)
        })
    }

    /// Makes the call, and has the model go on with what came of it.
    fn repeat_for(
        &self,
        model: ModelConfig,
        id: &ConversationId,
        wanted: Wanted,
        under_way: UnderWay,
    ) -> Result<(), Error> {
        let work = async move |workspace: Workspace, id: ConversationId, mut stopped: oneshot::Receiver<()>| {
            let _until_over = under_way;
            let call = wanted.id.clone();
            let running = Box::pin(workspace.start_call(wanted, Confirm::Ask));
            if let Either::Right((_, running)) = select(running, &mut stopped).await {
                // It may have had no card yet when the turn was stopped.
                workspace.cancel_call(&call);
                drop(running.await);
                return;
            }
            // The card is under the id of the first call, also after an edit.
            let item = ItemId::from(call.as_str());
            workspace.until_looked(&id, &item).await;
            if workspace.came_to_something(&id, &item) {
                workspace.model_turn(&id, model, stopped).await;
            }
        };
        self.in_turn(id, work)
    }

    /// Whether a model is to go on after a call that was made again: after a no it has had its say already.
    fn came_to_something(&self, id: &ConversationId, item: &ItemId) -> bool {
        let body = self.item(id, item).map(|item| item.body);
        matches!(body, Some(Body::Call(card)) if matches!(
            card.state,
            CallState::Done | CallState::Failed { .. } | CallState::Unknown { .. }
        ))
    }

    /// Asks the model again after a turn that failed or broke off, with everything that was said and done so far.
    ///
    /// # Errors
    /// When no model answers here, or something runs in the conversation, here or in another tab.
    pub fn ask_again(&self, id: &ConversationId) -> Result<(), Error> {
        self.acting()?;
        self.not_elsewhere(id)?;
        if self.mind_of(id).model().is_none() {
            let error = Error::new(Code::NotFound, "no model answers in this conversation");
            return Err(error.hint("choose one at the top of the chat"));
        }
        let work = async move |workspace: Workspace, id: ConversationId, stopped: oneshot::Receiver<()>| {
            workspace.renew_settings().await;
            if let Some(model) = workspace.mind_of(&id).model() {
                workspace.model_turn(&id, model, stopped).await;
            }
        };
        self.in_turn(id, work)
    }

    /// Starts a call of the person's in a conversation, beside any turn. `before` runs when it is the conversation's turn;
    /// what it gives is kept until the call is over.
    pub(super) fn start_alone<K: 'static>(
        &self,
        id: &ConversationId,
        wanted: Wanted,
        before: impl FnOnce() -> K + 'static,
    ) {
        let (workspace, id) = (self.clone(), id.clone());
        spawn_local(async move {
            // Nobody stops a call before it is there; the sender stays alive as long as this waits.
            let (_never, mut stopped) = oneshot::channel();
            let Some(held) = workspace.take_turn(&id, &mut stopped).await else { return };
            let _until_over = before();
            drop(workspace.start_call(wanted, Confirm::Ask).await);
            workspace.give_turn_back(&id, held).await;
        });
    }

    /// Runs a turn of a conversation, under its lock and until everything about it is written.
    ///
    /// # Errors
    /// When one runs there already.
    pub(super) fn in_turn<W>(&self, id: &ConversationId, work: W) -> Result<(), Error>
    where
        W: AsyncFnOnce(Workspace, ConversationId, oneshot::Receiver<()>) + 'static,
    {
        let mut stopped = self.begin(id)?;
        let (workspace, id) = (self.clone(), id.clone());
        spawn_local(async move {
            if let Some(held) = workspace.take_turn(&id, &mut stopped).await {
                work(workspace.clone(), id.clone(), stopped).await;
                workspace.finish(&id).await;
                workspace.give_turn_back(&id, held).await;
            } else {
                workspace.end(&id);
            }
        });
        Ok(())
    }
}

/// A call that is being made again, from the press until it is over: what is pressed twice is made again once.
struct UnderWay(Workspace, CallId);

impl UnderWay {
    /// None when it is being made again already.
    fn begin(workspace: &Workspace, call: &CallId) -> Option<Self> {
        let begins = workspace.0.repeating.borrow_mut().insert(call.clone());
        begins.then(|| UnderWay(workspace.clone(), call.clone()))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.repeating.borrow_mut().remove(&self.1);
    }
}
