//! The mode of a conversation: choosing it, holding every call to it, and what Knowledge does without a model.
//!
//! What a mode uses is decided by [`policy::Mode`] alone. Here it is asked three times, each on its own: for the list of
//! actions that is offered, for every call on its way ([`Workspace::add_limits`], X76), and for what the menu says. The single
//! actions that a person chose for a conversation ([`policy::Chosen`]) go the same three ways.

use chat::context::told;
use chat::conversation::{Body, Event, ItemId, Search};
use chat::sources::Sources;
use chat::turn::End;
use futures_channel::oneshot;
use futures_util::future::{Either, join_all, select};
use policy::mode::{FETCH, SEARCH};
use policy::{Action, Call, CallId, Caller, Chosen, ConnectorId, ConversationId, Indexed, Mode, Roll, Rules};
use serde_json::{Map, Value};

use super::Workspace;
use crate::dispatch::Wanted;
use crate::error::{Code, Error};
use crate::time::new_id;
use crate::view::{Change, Confirm};

impl Workspace {
    /// What a conversation limits itself to; a chat where it is not loaded.
    pub fn mode_of(&self, id: &ConversationId) -> Mode {
        self.0.records.borrow().get(id).map(|record| record.conversation.mode).unwrap_or_default()
    }

    /// Chooses what a conversation limits itself to, from the next call on; what is on its way is held to it as well.
    /// `calls_allowed` is how many calls a message may take in a mode with a plan; none for the usual number.
    ///
    /// # Errors
    /// When there is no such conversation, or another tab runs something in it.
    pub async fn set_mode(&self, id: &ConversationId, mode: Mode, calls_allowed: Option<u32>) -> Result<(), Error> {
        self.acting()?;
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        self.apply(id, Event::Mode { mode, calls_allowed });
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// The single actions that a conversation uses; all of them where it is not loaded.
    pub fn chosen_in(&self, id: &ConversationId) -> Chosen {
        self.0.records.borrow().get(id).map(|record| record.conversation.chosen.clone()).unwrap_or_default()
    }

    /// Which of these connectors take part in a mode for the person whose view is shown, with what was chosen of them, and
    /// why others do not.
    pub fn in_mode(&self, mode: Mode, connectors: &[ConnectorId], chosen: &Chosen) -> Roll {
        let book = self.rulebook();
        book.member(&self.seen_as()).map(|member| book.in_mode(mode, member, connectors, chosen)).unwrap_or_default()
    }

    /// Every source that the results of a conversation contain; none where it is not loaded.
    pub fn sources_of(&self, id: &ConversationId) -> Sources {
        self.0.records.borrow().get(id).map(|record| Sources::of(&record.conversation)).unwrap_or_default()
    }

    /// Holds a call to the mode of its conversation and to the actions that were chosen for it, whoever wants it made and
    /// whatever it was offered (X76).
    pub(crate) fn add_limits(&self, rules: &mut Rules, book: &Indexed, call: &Call) {
        let Some(id) = &call.conversation else { return };
        let vetoes = [self.mode_of(id).veto(book, call), self.chosen_in(id).veto(call)];
        vetoes.into_iter().flatten().for_each(|veto| rules.add(veto));
    }

    /// What a model is told about a call that ended. The card is under the id of the first call, also after an edit.
    pub(super) fn told(&self, id: &ConversationId, call: &CallId, limit: usize) -> String {
        let records = self.0.records.borrow();
        let conversation = records.get(id).map(|record| &record.conversation);
        let item = conversation.and_then(|conversation| conversation.item(&ItemId::from(call.as_str())));
        match (conversation, item.map(|item| &item.body)) {
            (Some(conversation), Some(Body::Call(card))) => {
                let sources = conversation.mode.cites().then(|| Sources::of(conversation));
                told(card, limit, sources.as_ref())
            }
            _ => "The conversation was deleted. Nothing was sent.".to_owned(),
        }
    }

    /// Looks for a text in every connector that takes part, side by side, and shows what was found (S085, S087). Each
    /// search is a call like any other.
    pub(super) async fn search_everywhere(&self, id: &ConversationId, text: &str, mut stopped: oneshot::Receiver<()>) {
        let (mut calls, mut left_out) = (Vec::new(), Vec::new());
        for candidate in self.candidates(id).into_iter().filter(|one| one.action.name() == SEARCH) {
            match argument(&candidate.action, &["query", "q", "text", "search"], text) {
                Some(arguments) => calls.push(Wanted {
                    id: CallId::from(new_id("call")),
                    connector: candidate.connector,
                    action: SEARCH.to_owned(),
                    arguments,
                    by: Caller::Person,
                    conversation: Some(id.clone()),
                    account: None,
                    repeats: None,
                }),
                None => left_out.push(format!(
                    "{} · {} was not searched: its search wants more than a text.",
                    candidate.connector_name, candidate.host
                )),
            }
        }
        let ids = calls.iter().map(|wanted| wanted.id.clone()).collect();
        self.add_item(id, Body::Search(Search { text: text.to_owned(), calls: ids, left_out }));
        let running = join_all(calls.into_iter().map(|wanted| self.start_call(wanted, Confirm::Ask)));
        // What runs is cancelled by whoever stopped the turn.
        if let Either::Right(_) = select(Box::pin(running), &mut stopped).await {
            self.add_item(id, Body::note(super::turns::STOPPED));
        }
    }

    /// Reads something that was found, with the `fetch` of the connector that found it. The card is a new item.
    ///
    /// # Errors
    /// When the connector has no such action, or the action wants more than an id.
    pub fn read_source(&self, id: &ConversationId, connector: &ConnectorId, source: &str) -> Result<CallId, Error> {
        self.acting()?;
        self.not_elsewhere(id)?;
        let fetch =
            self.candidates(id).into_iter().find(|one| one.connector == *connector && one.action.name() == FETCH);
        let fetch = fetch.ok_or_else(|| Error::not_found("action", FETCH))?;
        let arguments = argument(&fetch.action, &["id", "uri", "url", "document_id"], source)
            .ok_or_else(|| Error::new(Code::Invalid, format!("the `fetch` of {} wants more than an id", fetch.host)))?;
        let call = CallId::from(new_id("call"));
        let wanted = Wanted {
            id: call.clone(),
            connector: connector.clone(),
            action: FETCH.to_owned(),
            arguments,
            by: Caller::Person,
            conversation: Some(id.clone()),
            account: None,
            repeats: None,
        };
        self.start_alone(id, wanted, || ());
        Ok(call)
    }
}

/// The arguments of an action that wants one text: under the first of these names that its schema has, or else under the
/// only one that it cannot do without. None when it wants more than that.
fn argument(action: &Action, names: &[&str], text: &str) -> Option<Map<String, Value>> {
    let schema = action.input_schema();
    let is_text = |name: &str| schema.pointer(&format!("/properties/{name}/type")).is_some_and(|kind| kind == "string");
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let name = match required.as_slice() {
        [] => names.iter().copied().find(|name| is_text(name))?,
        [only] if is_text(only) => *only,
        _ => return None,
    };
    Some(Map::from_iter([(name.to_owned(), Value::from(text))]))
}

/// What is said in a mode with a plan where there is no model.
pub(super) fn needs_model(mode: Mode) -> String {
    format!(
        "{} needs a language model to plan its steps. Connect one in Settings, Models, or switch to Chat or Knowledge. Nothing was sent.",
        mode.label()
    )
}

/// How a plan ended, in words.
pub(super) fn plan_end(end: &End) -> String {
    match end {
        End::Answered | End::CutShort | End::Filtered => "Finished",
        End::Stopped => "Stopped by you",
        End::TooManyRounds(_) => "Paused",
        End::BudgetSpent(_) => "Paused: every allowed call was made",
        End::Failed(_) | End::Empty => "Stopped: the model gave no answer",
        End::Unclear(_) => "Stopped: the model gave no whole answer",
    }
    .to_owned()
}
