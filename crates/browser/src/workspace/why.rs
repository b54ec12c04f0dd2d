//! Why something is as it is, and how another person sees the workspace.
//!
//! Viewing as somebody else is reading only: whatever would change or call something is refused meanwhile, and no call
//! is ever made as the other person. The person's own conversations are not part of what the other would see.

use chat::conversation::CallCard;
use policy::{
    Call, CallId, Caller, ConnectionId, ConnectorId, ConversationId, Digest, Explanation, MemberId, Rulebook, Rules,
};
use serde_json::{Map, Value};

use super::Workspace;
use crate::error::{Code, Error};
use crate::time::{new_id, now};
use crate::view::Change;

impl Workspace {
    /// Explains the question that waits under this id: by the rules of this moment, the conversation's included.
    pub fn explain_question(&self, id: &CallId) -> Option<Explanation> {
        let call = {
            let queue = self.0.questions.borrow();
            queue.iter().map(|pending| pending.question.call()).find(|call| call.id == *id).cloned()
        }?;
        let book = self.rulebook();
        Some(book.explain(&call, &self.rules(&book, &call)))
    }

    /// Explains what would become of a call by this person, made by a model outside any conversation. It is explained for
    /// their usual account. Without arguments they are taken to fit, and what depends on them is told. Nothing is sent.
    pub fn explain_action(
        &self,
        who: &MemberId,
        connector: &ConnectorId,
        action: &str,
        arguments: Option<Map<String, Value>>,
    ) -> Explanation {
        let book = self.rulebook();
        let account = match *who == self.me() {
            true => self.usual_account(connector),
            false => book.preferred_account(who, connector),
        };
        let sent = arguments.is_some();
        let call = Call {
            id: CallId::from(new_id("call")),
            connector: connector.clone(),
            definition: self.definition_now(&book, connector, action, &account),
            connection: account,
            action: action.to_owned(),
            arguments: arguments.unwrap_or_default(),
            by: Caller::Model,
            member: who.clone(),
            conversation: None,
            at: now(),
        };
        let mut rules = if sent { Rules::of(&book, &call) } else { Rules::of_any(&book, &call) };
        self.add_governed(&mut rules);
        book.explain(&call, &rules)
    }

    /// Explains the call of a card by the rules of now: with its arguments, as its account, by who wanted it.
    pub fn explain_card(&self, conversation: &ConversationId, card: &CallCard) -> Explanation {
        let book = self.rulebook();
        let account = card.acts_as.clone().unwrap_or_else(|| ConnectionId::first(&card.connector));
        let call = Call {
            id: card.call.clone(),
            connector: card.connector.clone(),
            definition: self.definition_now(&book, &card.connector, &card.action, &account),
            connection: account,
            action: card.action.clone(),
            arguments: card.arguments.as_object().cloned().unwrap_or_default(),
            by: card.by,
            member: self.me(),
            conversation: Some(conversation.clone()),
            at: now(),
        };
        book.explain(&call, &self.rules(&book, &call))
    }

    /// The digest of an action as it is listed for an account now, or as it was approved where no list was read.
    fn definition_now(&self, book: &Rulebook, connector: &ConnectorId, action: &str, account: &ConnectionId) -> Digest {
        let live = self.live_as(account);
        let found = live.as_ref().and_then(|live| live.actions.iter().find(|one| one.name() == action));
        let approved = book.connector(connector).ok().and_then(|known| known.action(action));
        found.or(approved).map_or_else(|| Digest::of_bytes(b""), |one| one.digest().clone())
    }

    /// The person whose view of the workspace is shown: the one at the browser, unless an owner looks at it as another.
    pub fn seen_as(&self) -> MemberId {
        self.viewing().unwrap_or_else(|| self.me())
    }

    /// The person whose view is shown instead of one's own, if so.
    pub fn viewing(&self) -> Option<MemberId> {
        self.0.viewing.borrow().clone()
    }

    /// Shows the workspace as another person sees it, until [`Workspace::leave_view`].
    ///
    /// # Errors
    /// When the person is no owner, there is no such person, or something runs.
    pub fn view_as(&self, who: &MemberId) -> Result<(), Error> {
        self.alive()?;
        let book = self.rulebook();
        book.may_view_as(book.member(&self.me())?, book.member(who)?)?;
        if !self.0.flights.borrow().is_empty() {
            return Err(Error::new(Code::Busy, "a call is under way").hint("wait for it or stop it first"));
        }
        self.0.viewing.replace(Some(who.clone()));
        self.view_changed();
        Ok(())
    }

    /// Shows one's own view again.
    pub fn leave_view(&self) {
        if self.0.viewing.take().is_some() {
            self.view_changed();
        }
    }

    /// Fails while another person's view is shown: nothing is changed or called then.
    pub(crate) fn acting(&self) -> Result<(), Error> {
        self.alive()?;
        match self.viewing() {
            None => Ok(()),
            Some(_) => {
                let error = Error::new(Code::Blocked, "you are looking at the workspace as another person sees it");
                Err(error.hint("leave the view first; nothing was changed or sent"))
            }
        }
    }

    fn view_changed(&self) {
        self.0.events.tell(Change::Rulebook);
        self.0.events.tell(Change::Conversations);
    }
}
