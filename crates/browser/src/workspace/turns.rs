//! Turns: what happens when the person says something.
//!
//! Without a model it is direct mode: the actions that fit are proposed, and the person runs them. With one, the
//! sans-IO [`Turn`] of `chat` says what to do and this drives it; a call that the model wants goes through the same
//! dispatcher as any other. Before either, the live lists of the active connectors are compared with what was
//! approved (X35).

use std::collections::HashMap;
use std::rc::Rc;

use chat::context::{Limits, Party};
use chat::conversation::{Answer, Body, Event, File, Item, ItemId, Remedy};
use chat::direct::{self, Candidate};
use chat::model::{Delta, Wire};
use chat::plan::Plan;
use chat::turn::{Input, Output, Setup, Turn, Wanted as ModelWants};
use futures_channel::{mpsc, oneshot};
use futures_util::future::{AbortHandle, Either, abortable, select};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use policy::audit::{CallFacts, Entry};
use policy::text::unticked;
use policy::{CallId, Caller, Cause, ConnectionId, Connector, ConnectorId, ConversationId, Digest, Mode};
use serde_json::{Map, Value};
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use super::material::{MAX_ATTACHED, Wish};
use super::models::{GONE, Mind};
use crate::dispatch::{Ended, Wanted};
use crate::error::{Code, Error};
use crate::fetch::{Failure, Request};
use crate::tabs::{Held, News};
use crate::time::{new_id, now, sleep, unseen};
use crate::view::{CallDone, CallRequest, Change, Confirm, ContextUse, ModelConfig};

/// How long a turn waits for the live lists, in milliseconds; what has not come by then is read when it is called.
const LISTS: u64 = 4_000;

/// How many servers are asked for their lists at once. A browser keeps as many connections to one host, and sixty that
/// begin together would hold up the request to the model.
const AT_ONCE: usize = 6;

/// For how long pieces of an answer are gathered before they are read and shown, in milliseconds. Models send a few
/// letters at a time, and each showing costs the page the same whether it is of three letters or of thirty (WI31).
const GATHER: u64 = 100;

/// As [`GATHER`], where so much comes that nobody reads it as it comes: larger pieces cost the page less.
const GATHER_MUCH: u64 = 400;

/// More bytes than this in one reading are much. Of a piece of an answer most bytes are what the wire puts around it, so
/// this is about forty words.
const MUCH: usize = 8 * 1024;

/// As [`GATHER`], for the first pieces: it doubles until it is as long. A short answer waits for nothing.
const SOON: u64 = 10;

/// What is said about a turn that the person stopped before it asked anybody.
pub(super) const STOPPED: &str = "You stopped this turn.";

/// What is said where older results no longer fit into the model's context whole.
const SHORTENED: &str = "Not everything fits into the model's context any more: it gets only the beginning of older results. Where it misses something, ask for less at a time, or start a new conversation.";

/// A turn that runs.
pub(crate) struct TurnHandle {
    stop: Option<oneshot::Sender<()>>,
}

impl Workspace {
    /// The person says something: a turn begins. How it goes on is told by [`Change`].
    ///
    /// # Errors
    /// When the conversation is not loaded, something runs in it already, the text is empty, or the model that answered in
    /// it was removed.
    pub fn say(&self, id: &ConversationId, text: &str) -> Result<(), Error> {
        self.say_with(id, text, Vec::new(), Vec::new())
    }

    /// As [`Workspace::say`], with resources that are read now, each from its own server, and with files of the person's.
    ///
    /// # Errors
    /// As [`Workspace::say`]. A resource that cannot be read is no error: the conversation says so.
    pub fn say_with(
        &self,
        id: &ConversationId,
        text: &str,
        attached: Vec<Wish>,
        files: Vec<File>,
    ) -> Result<(), Error> {
        self.acting()?;
        if !self.0.records.borrow().contains_key(id) {
            return Err(Error::not_found("open conversation", id.as_str()));
        }
        if text.trim().is_empty() {
            return Err(Error::new(Code::Invalid, "there is nothing to say yet").hint("type what you want done"));
        }
        self.not_elsewhere(id)?;
        if self.mind_of(id) == Mind::Gone {
            return Err(
                Error::new(Code::Model, GONE).hint("choose who answers at the top of the chat, and send it again")
            );
        }
        let text = text.to_owned();
        let work = async move |workspace: Workspace, id: ConversationId, stopped: oneshot::Receiver<()>| {
            files.into_iter().for_each(|file| drop(workspace.add_item(&id, Body::File(Box::new(file)))));
            workspace.turn(&id, &text, attached, stopped).await;
        };
        self.in_turn(id, work)
    }

    /// The turn itself: what is attached, what is said, and what answers it.
    async fn turn(&self, id: &ConversationId, text: &str, attached: Vec<Wish>, mut stopped: oneshot::Receiver<()>) {
        for wish in attached.into_iter().take(MAX_ATTACHED) {
            let reading = Box::pin(self.attach(id, wish));
            if let Either::Right(_) = select(reading, &mut stopped).await {
                self.add_item(id, Body::Said { text: text.to_owned() });
                self.add_item(id, Body::note(STOPPED));
                return;
            }
        }
        self.add_item(id, Body::Said { text: text.to_owned() });
        self.renew_settings().await;
        match self.mind_of(id) {
            Mind::Model(model) => self.model_turn(id, *model, stopped).await,
            Mind::Direct => self.direct_turn(id, text, stopped).await,
            Mind::Gone => self.nobody_answers(id),
        }
    }

    /// The model was removed after something was said to it.
    pub(super) fn nobody_answers(&self, id: &ConversationId) {
        let text = format!("Nobody answers: {GONE}. Choose who answers at the top of the chat.");
        self.add_item(id, Body::Note { text, remedy: Some(Remedy::AskAgain) });
    }

    /// Another tab may be running something in this conversation.
    pub(super) fn not_elsewhere(&self, id: &ConversationId) -> Result<(), Error> {
        if !self.0.elsewhere.borrow().contains(id) {
            return Ok(());
        }
        // Or it may have gone without a word: look again for the next try.
        let (workspace, id) = (self.clone(), id.clone());
        spawn_local(async move {
            if workspace.hold_turn(&id).await.is_some() {
                workspace.0.elsewhere.borrow_mut().remove(&id);
            }
        });
        Err(Error::new(Code::Busy, "this conversation is running in another tab")
            .hint("go on there, or try again in a moment"))
    }

    /// Takes the lock of a conversation before anything is added to it: items are stored by their position, and two
    /// tabs must not write the same one. If another tab got there first, this waits and then takes over what it wrote.
    pub(super) async fn take_turn(&self, id: &ConversationId, stopped: &mut oneshot::Receiver<()>) -> Option<Rc<Held>> {
        if let Some(held) = self.hold_turn(id).await {
            self.tell_tabs(&News::TurnBegan(id.to_string()));
            return Some(held);
        }
        loop {
            if let Either::Right(_) = select(sleep(250), &mut *stopped).await {
                return None;
            }
            if let Some(held) = self.hold_turn(id).await {
                self.catch_up(id).await;
                self.tell_tabs(&News::TurnBegan(id.to_string()));
                return Some(held);
            }
        }
    }

    /// Lets other tabs go on with a conversation, once everything about it is written.
    pub(crate) async fn give_turn_back(&self, id: &ConversationId, held: Rc<Held>) {
        self.settle(id).await;
        if Rc::strong_count(&held) == 1 {
            self.tell_tabs(&News::TurnEnded(id.to_string()));
        }
    }

    /// Runs one choice of a proposal with these arguments, through the gate. The card of the call is a new item.
    ///
    /// # Errors
    /// When there is no such proposal, step or choice.
    pub fn run_proposal(
        &self,
        id: &ConversationId,
        item: &ItemId,
        step: usize,
        choice: usize,
        arguments: Map<String, Value>,
    ) -> Result<CallId, Error> {
        self.acting()?;
        let proposal = match self.item(id, item).map(|item| item.body) {
            Some(Body::Proposal(proposal)) => proposal,
            _ => return Err(Error::not_found("proposal", item.as_str())),
        };
        let chosen = proposal.steps.get(step).and_then(|step| step.choices.get(choice));
        let chosen = chosen.ok_or_else(|| Error::not_found("choice", &format!("{}.{}", step + 1, choice + 1)))?;
        let call = CallId::from(new_id("call"));
        let wanted = Wanted {
            id: call.clone(),
            connector: chosen.connector.clone(),
            action: chosen.action.clone(),
            arguments,
            by: Caller::Person,
            conversation: Some(id.clone()),
            account: None,
            repeats: None,
        };
        self.not_elsewhere(id)?;
        let (workspace, of, item) = (self.clone(), id.clone(), item.clone());
        let started = call.clone();
        self.start_alone(id, wanted, move || {
            workspace.apply(&of, Event::StepStarted { item, step, call: started });
        });
        Ok(call)
    }

    /// Whether a turn runs in a conversation, or a call that a person started.
    pub fn is_running(&self, id: &ConversationId) -> bool {
        let calling = || {
            let records = self.0.records.borrow();
            records.get(id).is_some_and(|record| {
                record
                    .conversation
                    .calls()
                    .any(|card| !card.state.ended() && self.0.flights.borrow().contains_key(&card.call))
            })
        };
        self.0.turns.borrow().contains_key(id) || calling()
    }

    /// Stops what runs in a conversation: the model's stream, its questions, its calls. Nothing more is sent.
    pub fn stop(&self, id: &ConversationId) {
        let stop = self.0.turns.borrow_mut().get_mut(id).and_then(|turn| turn.stop.take());
        if let Some(stop) = stop {
            let _ = stop.send(());
        }
        let calls: Vec<CallId> = {
            let records = self.0.records.borrow();
            let open = records.get(id).map(|record| {
                record.conversation.calls().filter(|card| !card.state.ended()).map(|card| card.call.clone()).collect()
            });
            open.unwrap_or_default()
        };
        for call in calls {
            self.cancel_call(&call);
        }
        self.stop_looks(id);
    }

    /// Suggests, for a call of which nobody knows whether it happened, a read of the same connector: a proposal that the
    /// person starts (X114).
    ///
    /// # Errors
    /// When there is no such call, its connector has no reading action that can be offered, or another tab runs the
    /// conversation.
    pub fn suggest_check(&self, id: &ConversationId, call: &CallId) -> Result<(), Error> {
        self.acting()?;
        self.not_elsewhere(id)?;
        let card = self.0.records.borrow().get(id).and_then(|record| record.conversation.call(call).cloned());
        let card = card.ok_or_else(|| Error::not_found("call", call.as_str()))?;
        let proposal = direct::check_with_a_read(&card, &self.candidates(id)).ok_or_else(|| {
            Error::new(Code::NotFound, format!("{} has no reading action that can be used here", card.connector_name))
                .hint("look on the server itself")
        })?;
        let (workspace, id) = (self.clone(), id.clone());
        spawn_local(async move {
            let (_never, mut stopped) = oneshot::channel();
            let Some(held) = workspace.take_turn(&id, &mut stopped).await else { return };
            workspace.add_item(&id, Body::Proposal(proposal));
            workspace.give_turn_back(&id, held).await;
        });
        Ok(())
    }

    /// One call outside a conversation, through the same gate. Dropping the future cancels it.
    ///
    /// # Errors
    /// When it is refused, declined, cancelled, or does not work. A tool that says that it failed is no error.
    pub async fn call(&self, request: CallRequest, confirm: Confirm) -> Result<CallDone, Error> {
        self.call_as(CallId::from(new_id("call")), request, None, Caller::Sdk, confirm).await
    }

    /// One call outside a conversation, by whoever wants it; as the usual account, where none was chosen for it.
    pub(crate) async fn call_as(
        &self,
        id: CallId,
        request: CallRequest,
        account: Option<ConnectionId>,
        by: Caller,
        confirm: Confirm,
    ) -> Result<CallDone, Error> {
        self.acting()?;
        let wanted = Wanted {
            id: id.clone(),
            connector: request.connector,
            action: request.action,
            arguments: request.arguments,
            by,
            conversation: None,
            account,
            repeats: None,
        };
        let ended = self.start_call(wanted, confirm);
        let mut on_drop = CancelOnDrop { workspace: self, call: Some(id.clone()) };
        let ended = ended.await;
        on_drop.call = None;
        match ended {
            Ended::Done(result) => Ok(CallDone { id, result }),
            Ended::Failed { error, .. } => Err(error),
            Ended::NeedsSignIn { error, .. } | Ended::NeedsPage { error } => Err(error),
            Ended::Refused(refusal) => Err(self.refused_call(&refusal)),
            Ended::Cancelled(_) => Err(Error::new(Code::Cancelled, "the call was cancelled")),
        }
    }

    /// A refusal for the caller, who may see what is wrong with their own values.
    fn refused_call(&self, refusal: &policy::Refusal) -> Error {
        let error = Error::from(refusal);
        let book = self.rulebook();
        let action = book.connector(&refusal.call.connector).ok().and_then(|one| one.action(&refusal.call.action));
        match action {
            Some(action) if error.code == Code::Invalid => {
                let values = Value::Object(refusal.call.arguments.clone());
                let problems = chat::schema::check(action.input_schema(), &values);
                let list = problems.iter().map(|one| serde_json::json!({ "path": one.path, "message": one.message }));
                error.cause(Value::Array(list.collect()))
            }
            _ => error,
        }
    }

    pub(super) fn begin(&self, id: &ConversationId) -> Result<oneshot::Receiver<()>, Error> {
        if self.0.turns.borrow().contains_key(id) {
            return Err(Error::new(Code::Busy, "an answer is still coming").hint("wait for it, or stop it"));
        }
        self.begin_pace(id);
        let (stop, stopped) = oneshot::channel();
        self.0.turns.borrow_mut().insert(id.clone(), TurnHandle { stop: Some(stop) });
        self.0.events.tell(Change::Turn { conversation: id.clone(), running: true });
        Ok(stopped)
    }

    /// Ends a turn once everything about it is written: what is shown as ended, a reload knows to be ended.
    pub(super) async fn finish(&self, id: &ConversationId) {
        self.settle(id).await;
        self.end(id);
    }

    pub(super) fn end(&self, id: &ConversationId) {
        self.0.turns.borrow_mut().remove(id);
        self.0.events.tell(Change::Turn { conversation: id.clone(), running: self.is_running(id) });
    }

    async fn direct_turn(&self, id: &ConversationId, text: &str, mut stopped: oneshot::Receiver<()>) {
        let mode = self.mode_of(id);
        if mode.plans() {
            self.add_item(id, Body::Note { text: super::modes::needs_model(mode), remedy: Some(Remedy::SetModel) });
            return;
        }
        let lists = Box::pin(self.read_lists(id));
        if let Either::Right(_) = select(lists, &mut stopped).await {
            self.add_item(id, Body::note(STOPPED));
            return;
        }
        if mode == Mode::Knowledge {
            return self.search_everywhere(id, text, stopped).await;
        }
        let mut proposal = direct::propose(text, &self.candidates(id));
        self.feed(id, &mut proposal);
        self.add_item(id, Body::Proposal(proposal));
    }

    /// Fills what the text left open with values of the latest results: suggestions in a form, whose origin the
    /// confirmation shows again (X75).
    fn feed(&self, id: &ConversationId, proposal: &mut chat::conversation::Proposal) {
        let offered: Vec<chat::results::Offered> = {
            let records = self.0.records.borrow();
            let Some(record) = records.get(id) else { return };
            let path = record.conversation.path();
            let results = path.into_iter().rev().filter_map(|item| match &item.body {
                Body::Call(card) => card.result.as_ref(),
                _ => None,
            });
            results.take(3).flat_map(chat::results::values).collect()
        };
        if offered.is_empty() {
            return;
        }
        for choice in proposal.steps.iter_mut().flat_map(|step| step.choices.iter_mut()) {
            for fed in direct::feed(&choice.input_schema, &choice.arguments, &offered) {
                choice.arguments.insert(fed.argument, fed.offered.value);
            }
        }
    }

    /// Reads the live lists of the active connectors, a few at a time: those first that the message names, that have pins
    /// and that were used here before. One that is slow or gone holds up no message: what has not come in [`LISTS`] is
    /// read when it is called.
    async fn read_lists(&self, id: &ConversationId) {
        let book = self.rulebook();
        let Ok(member) = book.member(&self.me()) else { return };
        let (active, mode) = (self.active_in(id), self.mode_of(id));
        let usable: Vec<&Connector> = book
            .connectors
            .iter()
            .filter(|connector| active.contains(&connector.id) && mode.takes(connector).is_ok())
            .filter(|connector| book.may_use(connector, member).is_ok())
            .collect();
        // Of an account that is gone nothing is read: the gate says so to whoever calls.
        let there = |connector: &&Connector| {
            let account = self.account_in(Some(id), &connector.id);
            book.has_account(&member.id, &connector.id, &account).then_some(account)
        };
        let accounts: Vec<Option<ConnectionId>> = usable.iter().map(there).collect();
        let both = usable.into_iter().zip(&accounts);
        let mut both: Vec<_> = both.filter_map(|(connector, account)| Some((connector, account.as_ref()?))).collect();
        let wanted = self.wanted_in(id);
        both.sort_by_key(|(connector, _)| wanted.iter().position(|one| *one == connector.id).unwrap_or(usize::MAX));
        let lists = stream::iter(both)
            .for_each_concurrent(AT_ONCE, |(connector, account)| self.open_link(connector, account, true).map(drop));
        select(Box::pin(lists), sleep(LISTS)).await;
    }

    /// The connectors that the turn of a conversation is likely to need, the likeliest first.
    fn wanted_in(&self, id: &ConversationId) -> Vec<ConnectorId> {
        let records = self.0.records.borrow();
        let Some(conversation) = records.get(id).map(|record| &record.conversation) else { return Vec::new() };
        let mut wanted = conversation.last_said().map(|text| self.named(text)).unwrap_or_default();
        wanted.extend(conversation.pins.iter().map(|pin| pin.connector.clone()));
        wanted.extend(conversation.path().into_iter().rev().filter_map(|item| match &item.body {
            Body::Call(card) => Some(card.connector.clone()),
            _ => None,
        }));
        wanted
    }

    /// The actions that can be offered in a conversation: active, usable, on, chosen, and not known to have changed.
    pub fn candidates(&self, id: &ConversationId) -> Vec<Candidate> {
        let book = self.rulebook();
        let Ok(member) = book.member(&self.me()) else { return Vec::new() };
        let active = self.active_in(id);
        let held: HashMap<ConnectorId, Vec<String>> = active
            .iter()
            .map(|connector| {
                let drift = self.drift_as(connector, &self.account_in(Some(id), connector));
                (connector.clone(), drift.changed.into_iter().chain(drift.removed).collect())
            })
            .collect();
        let (mode, chosen) = (self.mode_of(id), self.chosen_in(id));
        book.offered(member)
            .into_iter()
            .filter(|(connector, action)| mode.admits(connector, action).is_ok())
            .filter(|(connector, action)| chosen.admits(&connector.id, action.name()))
            .filter(|(connector, action)| {
                held.get(&connector.id).is_some_and(|held| !held.iter().any(|name| name == action.name()))
            })
            .map(|(connector, action)| super::definitions::candidate(connector, action))
            .collect()
    }

    pub(super) async fn model_turn(&self, id: &ConversationId, model: ModelConfig, mut stopped: oneshot::Receiver<()>) {
        let lists = Box::pin(self.read_lists(id));
        if let Either::Right(_) = select(lists, &mut stopped).await {
            self.add_item(id, Body::note(STOPPED));
            return;
        }
        let Some(mut setup) = self.setup(id, &model) else { return };
        setup.again();
        let (mode, budget) = (setup.mode, setup.budget);
        let mut run = ModelRun::new(self, id, &model, mode, Turn::new(setup));
        if mode.plans() {
            run.plan = Some(self.add_item(id, Body::Plan(Plan::new(mode, budget))));
        }
        run.pump();
        while !run.over {
            let next = select(run.news.next(), &mut stopped).await;
            run.turn.it_is(now());
            match next {
                Either::Left((Some(input), _)) => run.turn.handle(input),
                Either::Left((None, _)) => break,
                // What runs is cancelled by whoever stopped the turn; the turn itself is over at once.
                Either::Right(_) => run.turn.handle(Input::Stop),
            }
            run.pump();
            if run.turn.is_over() {
                break;
            }
        }
        for event in std::mem::take(&mut run.last) {
            self.apply_kept(id, event).await;
        }
    }

    fn setup(&self, id: &ConversationId, model: &ModelConfig) -> Option<Setup> {
        let book = self.rulebook();
        let actions = self.candidates(id);
        let limits = model.context.map_or_else(Limits::default, Limits::for_context);
        let mut parties: Vec<Party> = Vec::new();
        for candidate in &actions {
            if let Ok(connector) = book.connector(&candidate.connector)
                && !parties.iter().any(|party| party.host == connector.host && party.name == connector.name)
            {
                parties.push(Party {
                    name: connector.name.clone(),
                    host: connector.host.clone(),
                    instructions: connector.snapshot.as_ref().and_then(|snapshot| snapshot.instructions.clone()),
                });
            }
        }
        let records = self.0.records.borrow();
        let conversation = &records.get(id)?.conversation;
        Some(Setup::of(conversation, model.endpoint(), actions, &book.workspace.name, &parties, limits))
    }
}

impl Workspace {
    /// About how much of its model's context a conversation takes: the actions that are offered, and what was said. None
    /// in direct mode, or while the conversation is not loaded.
    pub fn context_use(&self, id: &ConversationId) -> Option<ContextUse> {
        let model = self.mind_of(id).model()?;
        let setup = self.setup(id, &model)?;
        let (definitions, history) = setup.weigh();
        let all = setup.actions.len();
        let actions = setup.offered().unwrap_or(all);
        Some(ContextUse { actions, all, definitions, shares: setup.shares(), history, limit: model.context })
    }
}

/// A model's turn, being driven.
struct ModelRun<'a> {
    workspace: &'a Workspace,
    id: &'a ConversationId,
    model: &'a ModelConfig,
    turn: Turn,
    /// What happened outside, for the turn.
    news: mpsc::UnboundedReceiver<Input>,
    tell: mpsc::UnboundedSender<Input>,
    /// Pieces of the answer that are not shown yet.
    gathered: Vec<Delta>,
    flights: HashMap<u32, AbortHandle>,
    calls: HashMap<u32, CallId>,
    answer: Option<ItemId>,
    /// The answer that ended last, whose calls are made.
    asking: Option<ItemId>,
    /// The mode as it was when the turn began.
    mode: Mode,
    /// The plan, in a mode that has one.
    plan: Option<ItemId>,
    /// How the turn ended: kept before it is told.
    last: Vec<Event>,
    over: bool,
}

impl<'a> ModelRun<'a> {
    fn new(workspace: &'a Workspace, id: &'a ConversationId, model: &'a ModelConfig, mode: Mode, turn: Turn) -> Self {
        let (tell, news) = mpsc::unbounded();
        ModelRun {
            workspace,
            id,
            model,
            turn,
            news,
            tell,
            gathered: Vec::new(),
            flights: HashMap::new(),
            calls: HashMap::new(),
            answer: None,
            asking: None,
            mode,
            plan: None,
            last: Vec::new(),
            over: false,
        }
    }

    /// Does what the turn wants until it wants nothing more.
    fn pump(&mut self) {
        while let Some(output) = self.turn.poll() {
            if let Output::Answer(delta) = output {
                self.gather(delta);
                continue;
            }
            self.show();
            match output {
                Output::Answer(_) => {}
                Output::Fetch { id, request } => self.fetch(id, request),
                Output::Abort { id } => {
                    if let Some(flight) = self.flights.remove(&id) {
                        flight.abort();
                    }
                }
                Output::AnswerStarted => {
                    let answer = Answer { model: Some(self.model.name.clone()), mode: self.mode, ..Answer::default() };
                    self.answer = Some(self.workspace.add_item(self.id, Body::Answer(answer)));
                }
                Output::Kept(kept) => {
                    if let Some(item) = self.answer.clone() {
                        self.workspace.apply(self.id, Event::AnswerKept { item, kept });
                    }
                }
                Output::AnswerEnded { error } => {
                    if let Some(item) = self.answer.take() {
                        self.asking = Some(item.clone());
                        self.workspace.apply(self.id, Event::AnswerEnded { item, error });
                    }
                }
                Output::Call(wanted) => self.call(wanted),
                Output::Planned(steps) => {
                    if let Some(item) = self.plan.clone() {
                        self.workspace.apply(self.id, Event::Planned { item, steps });
                    }
                }
                Output::GoesOn(text) => {
                    self.workspace.add_item(self.id, Body::note(text));
                }
                Output::CancelCall { key } => {
                    if let Some(call) = self.calls.get(&key) {
                        self.workspace.cancel_call(call);
                    }
                }
                Output::Refused { name, why } => {
                    self.refused(&name);
                    let text =
                        format!("The model asked for `{}`, which was not done: {}.", unticked(&name), unticked(&why));
                    self.workspace.add_item(self.id, Body::note(text));
                }
                Output::Searched { query, found } => {
                    let text = match found {
                        0 => format!("The model searched the actions for “{query}”: none fits."),
                        1 => format!("The model searched the actions for “{query}”: 1 is offered now."),
                        found => format!("The model searched the actions for “{query}”: {found} are offered now."),
                    };
                    self.workspace.add_item(self.id, Body::note(text));
                }
                Output::Shortened => {
                    self.workspace.add_item(self.id, Body::note(SHORTENED));
                }
                Output::Usage(usage) => {
                    if let Some(item) = self.answer.clone() {
                        self.workspace.apply(self.id, Event::AnswerUsage { item, usage });
                    }
                }
                Output::Wait { id, millis, why } => self.wait(id, millis, why),
                Output::Ended(end) => {
                    self.over = true;
                    if let Some(item) = self.plan.take() {
                        self.last.push(Event::PlanEnded { item, why: super::modes::plan_end(&end) });
                    }
                    if let Some(text) = end.note() {
                        let item = ItemId::from(new_id("i"));
                        let body = Body::Note { text, remedy: end.remedy() };
                        self.last.push(Event::Put(Item { id: item, at: now(), body }));
                    }
                }
            }
        }
        self.show();
    }

    /// Keeps a piece of the answer until the turn wants nothing more.
    fn gather(&mut self, delta: Delta) {
        match (self.gathered.last_mut(), delta) {
            (Some(Delta::Text(last)), Delta::Text(more)) | (Some(Delta::Thinking(last)), Delta::Thinking(more)) => {
                last.push_str(&more);
            }
            (_, delta) => self.gathered.push(delta),
        }
    }

    /// Shows what was gathered.
    fn show(&mut self) {
        let Some(item) = self.answer.clone() else { return };
        for delta in std::mem::take(&mut self.gathered) {
            let item = item.clone();
            let event = match delta {
                Delta::Text(text) => Event::AnswerText { item, text },
                Delta::Thinking(text) => Event::AnswerThinking { item, text },
            };
            self.workspace.apply(self.id, event);
        }
    }

    /// The row about a wish of the model that is no call of any connector: a name that was not offered, or arguments
    /// that do not fit (X77). It has no connector, and its arguments are not kept.
    fn refused(&self, name: &str) {
        let nothing = Digest::of_json(&Value::Null);
        let facts = CallFacts {
            id: CallId::from(new_id("call")),
            connector: "".into(),
            connection: "".into(),
            action: name.chars().take(100).collect(),
            definition: nothing.clone(),
            arguments: nothing,
            by: Caller::Model,
            member: self.workspace.me(),
            conversation: Some(self.id.clone()),
        };
        let workspace = self.workspace.clone();
        spawn_local(async move {
            let row = Entry::Refused {
                call: facts,
                cause: Cause::Unknown { what: "such action, or its arguments do not fit".to_owned() },
                class: None,
            };
            if let Err(error) = workspace.0.audit.write(vec![row]).await {
                workspace.storage_failed(&error);
            }
        });
    }

    /// The provider wants to be left alone for a while. The person sees why nothing happens.
    fn wait(&mut self, id: u32, millis: u64, why: String) {
        self.workspace.add_item(self.id, Body::note(why));
        let tell = self.tell.clone();
        let (work, handle) = abortable(async move {
            sleep(millis).await;
            let _ = tell.unbounded_send(Input::Waited { id });
        });
        self.flights.insert(id, handle);
        spawn_local(work.map(drop));
    }

    fn fetch(&mut self, id: u32, request: chat::model::Request) {
        let (workspace, tell, model) = (self.workspace.clone(), self.tell.clone(), self.model.clone());
        if model.wire == Wire::BuiltIn {
            return self.ask_browser(id, request, tell);
        }
        let work = async move {
            let sent = match workspace.model_request(&model, request).await {
                Ok(request) => carry(&workspace, id, request, &tell).await,
                Err(_) => Err(None),
            };
            if let Err(unsent) = sent {
                let why = match unsent {
                    None => workspace.may_ask(&model.base_url).err(),
                    Some(Failure::Network(_)) => Some(workspace.why_unreachable(&model).await),
                    _ => None,
                };
                let _ = tell.unbounded_send(Input::Failed { id, why });
            }
        };
        let (work, handle) = abortable(work);
        self.flights.insert(id, handle);
        spawn_local(work.map(drop));
    }

    /// The browser's own model is asked in the page: its words come as if they were bytes of an endpoint.
    fn ask_browser(&mut self, id: u32, request: chat::model::Request, tell: mpsc::UnboundedSender<Input>) {
        let work = async move {
            let _ = tell.unbounded_send(Input::Response { id, status: 200, headers: Vec::new() });
            let line = |line: String| drop(tell.unbounded_send(Input::Bytes { id, chunk: line.into_bytes() }));
            if let Err(said) = crate::built_in::answer(&request.body, line).await {
                line(format!("{}\n", serde_json::json!({ "error": said })));
            }
            let _ = tell.unbounded_send(Input::Ended { id });
        };
        let (work, handle) = abortable(work);
        self.flights.insert(id, handle);
        spawn_local(work.map(drop));
    }

    fn call(&mut self, wanted: ModelWants) {
        let Some(action) = self.turn.actions().get(wanted.action) else { return };
        let call = CallId::from(new_id("call"));
        let limit = self.turn.result_limit();
        let request = Wanted {
            id: call.clone(),
            connector: action.connector.clone(),
            action: action.action.name().to_owned(),
            arguments: wanted.arguments,
            // What works by itself is held to more than what a person watches step by step (S121).
            by: if self.mode == Mode::Agent { Caller::Automatic } else { Caller::Model },
            conversation: Some(self.id.clone()),
            account: None,
            repeats: None,
        };
        if let Some(item) = self.plan.clone() {
            self.workspace.apply(self.id, Event::PlanCalled { item });
        }
        self.calls.insert(wanted.key, call.clone());
        if let Some(item) = self.asking.clone() {
            // The card is under the id of the first call, also after an edit.
            let card = ItemId::from(call.as_str());
            self.workspace.apply(self.id, Event::AnswerCalled { item, id: wanted.id, card });
        }
        let running = self.workspace.start_call(request, Confirm::Ask);
        let (workspace, id, tell) = (self.workspace.clone(), self.id.clone(), self.tell.clone());
        spawn_local(async move {
            drop(running.await);
            // The card is under the id of the first call, also after an edit.
            workspace.until_looked(&id, &ItemId::from(call.as_str())).await;
            let text = workspace.told(&id, &call, limit);
            let _ = tell.unbounded_send(Input::CallEnded { key: wanted.key, text });
        });
    }
}

impl Drop for ModelRun<'_> {
    fn drop(&mut self) {
        for flight in self.flights.values() {
            flight.abort();
        }
    }
}

/// Carries a model's request out and its stream back. The failure is given where not even the head of an answer came.
async fn carry(
    workspace: &Workspace,
    id: u32,
    request: Request,
    tell: &mpsc::UnboundedSender<Input>,
) -> Result<(), Option<Failure>> {
    let mut response = workspace.0.fetcher.stream(request).await.map_err(Some)?;
    let headers = std::mem::take(&mut response.headers);
    let _ = tell.unbounded_send(Input::Response { id, status: response.status, headers });
    let mut rest = SOON;
    while let Some(mut chunk) = response.chunk().await.map_err(|_| None)? {
        let more = response.come(&mut chunk).await;
        let longest = if chunk.len() > MUCH { GATHER_MUCH } else { GATHER };
        let _ = tell.unbounded_send(Input::Bytes { id, chunk });
        more.map_err(|_| None)?;
        // The timers of a page that nobody sees are slow, and nobody sees there what showing costs.
        if !response.is_over() && !unseen() {
            sleep(rest).await;
            rest = longest.min(rest * 2);
        }
    }
    let _ = tell.unbounded_send(Input::Ended { id });
    Ok(())
}

/// Cancels a call whose caller stopped waiting.
struct CancelOnDrop<'a> {
    workspace: &'a Workspace,
    call: Option<CallId>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            // After an edit the call has another id and the same flight.
            self.workspace.cancel_call(&call);
        }
    }
}
