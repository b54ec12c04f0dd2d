//! The only way to a tool.
//!
//! Whoever wants a call (the person, a model, the package) hands it in as [`Wanted`]; what comes back is how it
//! [`Ended`]. In between:
//!
//! 1. The rules decide with what was approved, so that what is not allowed never even reaches out to a server.
//! 2. The connection is opened and the live definition is read; the call is frozen with the digest of that.
//! 3. [`policy::decide`] says run, ask or refuse. A question waits in the queue; an answer names the digest of what
//!    was shown (X66) and is checked against the rules of that moment (X70). An edit is another call.
//! 4. Whatever writes waits for its turn: one write at a time in a conversation (X73). Then the rules are asked once
//!    more, with the list read again if it changed, because the wait may have been long.
//! 5. The audit row is on disk, and only then the frozen bytes are sent. If the row cannot be written, nothing is.
//!
//! A call runs in a task of its own: nobody who stops listening can leave a question or a row behind. Cancelling,
//! closing, an answer that never comes: all mean no. Only this file spends a [`Permit`], and only it calls
//! `Connection::call`.

mod resumed;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use chat::conversation::{Body, CallCard, CallState, Event, Failure, Item, ItemId, Progress, Sent};
use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::{Either, Shared, select};
use mcp::{CallTool, OpError};
use policy::audit::{Entry, Measured, Measuring, Outcome};
use policy::{
    Action, Call, CallId, Caller, Cause, Class, ConnectionId, Connector, ConnectorId, ConversationId, Decision, Digest,
    Grant, GrantId, Indexed, Level, Permit, Question, Refusal, Rules, Veto, decide,
};
use serde_json::{Map, Value, json};
use wasm_bindgen_futures::spawn_local;

use crate::drive::{Connection, Done, Failed};
use crate::error::{Code, Error};
use crate::inspect::Cover;
use crate::link::{During, Live, moment, op_error};
use crate::oauth::Needs;
use crate::store::Op;
use crate::time::{Pace, monotonic, new_id, now};
use crate::view::{
    Answer, Asked, Change, Confirm, HeaderNote, HiddenNote, LineageNote, Millis, QuestionView, SecretNote,
};
use crate::workspace::Workspace;

/// A call that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) id: CallId,
    pub(crate) connector: ConnectorId,
    pub(crate) action: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) by: Caller,
    pub(crate) conversation: Option<ConversationId>,
    /// The account that acts, where it was chosen for this call.
    pub(crate) account: Option<ConnectionId>,
    /// The call of that conversation which is made again by this one.
    pub(crate) repeats: Option<CallId>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The server answered.
    Done(Value),
    /// It did not work.
    Failed { error: Error, sent: Sent },
    /// It was not made: the person has to sign in first, or to give more access.
    NeedsSignIn { error: Error, needs: Needs },
    /// The server did not run it: it wants the person to open a page first.
    NeedsPage { error: Error },
    /// It was not made.
    Refused(Refusal),
    /// It was given up.
    Cancelled(Sent),
}

/// Hears how far a call is: units done, units in all, and what the server says about it.
pub(crate) type HearsProgress = Rc<dyn Fn(f64, Option<f64>, Option<&str>)>;

/// A call under way.
pub(crate) struct Flight {
    cancel: RefCell<Option<oneshot::Sender<()>>>,
}

type Cancelled = Shared<futures_util::future::Map<oneshot::Receiver<()>, fn(Result<(), oneshot::Canceled>)>>;

/// A question that waits for an answer.
pub(crate) struct Pending {
    pub(crate) question: Question,
    pub(crate) shown: Digest,
    view: QuestionView,
    /// Asked of somebody else than the page.
    elsewhere: bool,
    answered: oneshot::Sender<Answered>,
}

enum Answered {
    Allowed(Permit),
    Refused(Refusal),
    /// With the place that the question had in the queue.
    Edited(Refusal, Call, usize),
}

/// An answer that is remembered, with what it allows now.
fn remembered((permit, grant): (Permit, Grant)) -> (Permit, Option<Grant>) {
    (permit, Some(grant))
}

/// A file of the person's as a source of arguments: theirs alone, and it belongs to no connector.
fn file_source(file: &chat::conversation::File) -> Option<policy::lineage::Source> {
    Some(policy::lineage::Source {
        connector: ConnectorId::from(""),
        name: file.name.clone(),
        host: "your file".to_owned(),
        private: true,
        untrusted: true,
        text: file.text.clone()?,
    })
}

/// How long the server has been silent when a result is lost does not matter; what matters is what was sent.
fn sent_of(sent: mcp::Sent) -> Sent {
    match sent {
        mcp::Sent::No => Sent::No,
        mcp::Sent::Yes => Sent::Yes,
        mcp::Sent::Unknown => Sent::Unknown,
    }
}

impl Workspace {
    /// Starts a call. It runs on its own; the future only listens for how it ended.
    pub(crate) fn start_call(&self, wanted: Wanted, confirm: Confirm) -> impl Future<Output = Ended> + use<> {
        let (flight, cancelled) = self.flight_of(&wanted.id);
        // Who does not ask the person at the page cannot put a server's question to them either.
        if !matches!(confirm, Confirm::Ask) {
            self.0.unattended.borrow_mut().insert(wanted.id.clone());
        }
        let (over, wait) = oneshot::channel();
        let workspace = self.clone();
        spawn_local(async move {
            let id = wanted.id.clone();
            // Chosen once: whatever is chosen meanwhile, this call stays with the account that it began with.
            let account = workspace.account_for(&wanted);
            let card = ItemId::from(id.as_str());
            let large = Cell::new(false);
            let reloads = workspace.0.reloads.get();
            let begun = moment();
            let run = Run { card, call: id, account, wanted, confirm, workspace, large, reloads, begun };
            let _ = over.send(run.fly(&flight, async |run| run.whole(&cancelled).await).await);
        });
        wait.map(|ended| ended.unwrap_or(Ended::Cancelled(Sent::Unknown)))
    }

    /// Has a call be under way, so that it can be given up.
    fn flight_of(&self, call: &CallId) -> (Rc<Flight>, Cancelled) {
        let (cancel, cancelled) = oneshot::channel();
        let flight = Rc::new(Flight { cancel: RefCell::new(Some(cancel)) });
        self.0.flights.borrow_mut().insert(call.clone(), flight.clone());
        (flight, cancelled.map((|_| ()) as fn(_)).shared())
    }

    /// The account that a call is made as: the one that was chosen for it, the one of the call that it repeats, otherwise
    /// the one of its conversation.
    fn account_for(&self, wanted: &Wanted) -> ConnectionId {
        if let Some(account) = &wanted.account {
            return account.clone();
        }
        let former = wanted.conversation.as_ref().zip(wanted.repeats.as_ref());
        let former = former.and_then(|(conversation, call)| self.card(conversation, call)?.acts_as);
        former.unwrap_or_else(|| self.account_in(wanted.conversation.as_ref(), &wanted.connector))
    }

    /// Gives a call up: a question is taken back, a request is cancelled with the server.
    pub fn cancel_call(&self, id: &CallId) {
        let flight = self.0.flights.borrow().get(id).cloned();
        if let Some(cancel) = flight.and_then(|flight| flight.cancel.borrow_mut().take()) {
            let _ = cancel.send(());
        }
    }

    /// Tells whether something runs in a conversation.
    fn tell_running(&self, conversation: Option<&ConversationId>, running: bool) {
        if let Some(conversation) = conversation {
            self.0.events.tell(Change::Turn { conversation: conversation.clone(), running });
        }
    }

    /// The questions to the person, the oldest first.
    pub fn questions(&self) -> Vec<Asked> {
        let queue = self.0.questions.borrow();
        let mine: Vec<&Pending> = queue.iter().filter(|pending| !pending.elsewhere).collect();
        let of = mine.len();
        mine.iter()
            .enumerate()
            .map(|(at, pending)| {
                let same = |other: &&&Pending| {
                    other.view.connector == pending.view.connector && other.view.action == pending.view.action
                };
                let mut asked = pending.asked();
                asked.view.position = at + 1;
                asked.view.of = of;
                asked.view.paused_after = self.paused_after(pending.question.call());
                asked.view.alike = mine.iter().filter(same).count();
                asked
            })
            .collect()
    }

    /// Answers a question. `shown` is [`Asked::shown`]: the answer is about what was shown and nothing else.
    ///
    /// # Errors
    /// When there is no such question, when what it shows has changed meanwhile, and when the rules of this moment
    /// forbid the call although it was allowed; then nothing is sent.
    pub fn answer(&self, id: &CallId, shown: &Digest, answer: Answer) -> Result<(), Error> {
        self.alive()?;
        let (pending, place) = {
            let mut queue = self.0.questions.borrow_mut();
            let at = queue
                .iter()
                .position(|pending| pending.question.call().id == *id)
                .ok_or_else(|| Error::not_found("open question", id.as_str()))?;
            let Some(pending) = queue.get(at).filter(|pending| pending.shown == *shown) else {
                return Err(Error::new(Code::Held, "the question changed since it was shown").hint("look at it again"));
            };
            if !pending.elsewhere {
                self.in_pace(pending.question.call(), &answer)?;
            }
            (queue.remove(at), at)
        };
        let Pending { question, answered, elsewhere, .. } = pending;
        if !elsewhere {
            self.count_decision(question.call(), &answer);
        }
        self.0.events.tell(Change::Questions);
        match answer {
            Answer::AllowOnce | Answer::AllowHere | Answer::AllowFor(_) => {
                let rules = self.rules(&self.rulebook(), question.call());
                let (id, at) = (GrantId::from(new_id("grant")), now());
                let allowed = match answer {
                    Answer::AllowHere => question.allow_for_conversation(&rules, id, at).map(remembered),
                    Answer::AllowFor(long) => {
                        question.allow_until(&rules, id, at, at.saturating_add(long)).map(remembered)
                    }
                    _ => question.allow(&rules).map(|permit| (permit, None)),
                };
                match allowed {
                    Ok((permit, grant)) => {
                        let _ = answered.send(Answered::Allowed(permit));
                        if let Some(grant) = grant {
                            self.keep_answer(grant);
                        }
                        Ok(())
                    }
                    Err(refusal) => {
                        let error = Error::from(&refusal);
                        let _ = answered.send(Answered::Refused(refusal));
                        Err(error)
                    }
                }
            }
            Answer::Deny { reason } => {
                let _ = answered.send(Answered::Refused(question.deny(reason)));
                Ok(())
            }
            Answer::Edit { arguments } => {
                let (refusal, call) = question.edit(new_id("call").into(), arguments, now());
                let _ = answered.send(Answered::Edited(refusal, call, place));
                Ok(())
            }
            Answer::DenyAllAndStop => {
                let conversation = question.call().conversation.clone();
                let _ = answered.send(Answered::Refused(question.deny(None)));
                let others: Vec<Pending> = {
                    let mut queue = self.0.questions.borrow_mut();
                    let (gone, kept) = std::mem::take(&mut *queue)
                        .into_iter()
                        .partition(|pending| pending.question.call().conversation == conversation);
                    *queue = kept;
                    gone
                };
                for Pending { question, answered, .. } in others {
                    let _ = answered.send(Answered::Refused(question.deny(None)));
                }
                if let Some(conversation) = conversation {
                    self.stop(&conversation);
                }
                Ok(())
            }
        }
    }

    /// Keeps an answer for the calls to come. Where it cannot be kept, the state of the storage says so and the next call
    /// asks again.
    fn keep_answer(&self, grant: Grant) {
        let workspace = self.clone();
        spawn_local(async move {
            let kept = workspace.change_rules(|book| {
                // An admin may have turned remembering off in this moment.
                if book.workspace.remember >= grant.needs() {
                    book.grants.push(grant);
                }
                Ok(())
            });
            drop(kept.await);
        });
    }

    /// Everything that has a say about a call right now.
    pub(crate) fn rules(&self, book: &Indexed, call: &Call) -> Rules {
        let mut rules = book.rules(call);
        self.add_governed(&mut rules);
        if let Some(conversation) = &call.conversation
            && !self.active_in(conversation).contains(&call.connector)
        {
            rules.add(Veto::refuse(Level::Conversation, Cause::NotInConversation));
        }
        self.add_limits(&mut rules, book, call);
        let approved = book.connector(&call.connector).ok().and_then(|connector| connector.action(&call.action));
        if let Some(action) = approved {
            let problems = chat::schema::check(action.input_schema(), &Value::Object(call.arguments.clone()));
            if let Some(problem) = problems.first() {
                // Where, and not what: the words may quote the value, and this goes into the audit log.
                let place = problem.path.trim_start_matches('/');
                let problem = match place.is_empty() {
                    true => "they are not what the action's schema asks for".to_owned(),
                    false => format!("`{place}` is not what the action's schema asks for"),
                };
                rules.add(Veto::refuse(Level::Action, Cause::Invalid { problem }));
            }
        }
        // The list may have been read again since the call was frozen.
        if let Some(live) = self.live_as(&call.connection) {
            let same = live.actions.iter().any(|one| one.name() == call.action && *one.digest() == call.definition);
            // So may the page that it is shown with (X48).
            let snapshot = book.connector(&call.connector).ok().and_then(|connector| connector.snapshot.as_ref());
            let page_changed =
                snapshot.is_some_and(|snapshot| snapshot.pages_changed(&live.pages).contains(&call.action));
            if !same || page_changed {
                rules.add(Veto::refuse(Level::Action, Cause::Held));
            }
        }
        let sources = self.sources(call);
        let traces = policy::lineage::trace(&call.arguments, &sources);
        rules.add_lineage(call, &sources, &traces);
        rules
    }

    /// The earlier results of a call's conversation, and what else is in it of others, as sources of its arguments.
    fn sources(&self, call: &Call) -> Vec<policy::lineage::Source> {
        let Some(conversation) = &call.conversation else { return Vec::new() };
        let records = self.0.records.borrow();
        let Some(record) = records.get(conversation) else { return Vec::new() };
        let book = self.rulebook();
        // What is not known any more may have been private, and what has no action anybody may have written.
        let source = |connector: &ConnectorId, name: &str, host: &str, action: Option<&str>, result: &Value| {
            let mut text = String::new();
            leaves("", result, &mut |_, leaf| {
                text.push_str(leaf);
                text.push('\n');
            });
            let known = book.connector(connector).ok();
            let action = known.zip(action).and_then(|(connector, action)| connector.action(action));
            policy::lineage::Source {
                connector: connector.clone(),
                name: name.to_owned(),
                host: host.to_owned(),
                private: known.is_none_or(policy::lineage::holds_private),
                untrusted: action.is_none_or(Action::open_world),
                text,
            }
        };
        let sources = record.conversation.items.iter().filter_map(|item| match &item.body {
            Body::Call(card) if card.call != call.id => {
                let action = Some(card.action.as_str());
                Some(source(&card.connector, &card.connector_name, &card.host, action, card.result.as_ref()?))
            }
            // What the person attached is a server's all the same.
            Body::Attached(one) => Some(source(&one.connector, &one.connector_name, &one.host, None, &one.as_result())),
            // What an app says is its server's, and so is what it had a model know before.
            Body::FromApp(words) => {
                let said = json!([words.whole(), words.data, words.earlier]);
                Some(source(&words.connector, &words.connector_name, &words.host, None, &said))
            }
            // So is a file of theirs, which may have been written by anybody.
            Body::File(file) => Some(file_source(file)?),
            _ => None,
        });
        sources.collect()
    }

    fn view(&self, question: &Question) -> QuestionView {
        let call = question.call();
        let book = self.rulebook();
        let connector = book.connector(&call.connector).ok();
        let action = connector.and_then(|connector| connector.action(&call.action));
        let sources = self.sources(call);
        let lineage = policy::lineage::trace(&call.arguments, &sources)
            .into_iter()
            .filter_map(|trace| {
                let source = sources.get(trace.source)?;
                Some(LineageNote {
                    path: trace.path,
                    connector_name: source.name.clone(),
                    host: source.host.clone(),
                    private: source.private,
                    untrusted: source.untrusted,
                    text: trace.text,
                })
            })
            .collect();
        let (mut secrets, mut hidden) = (Vec::new(), Vec::new());
        leaves_of(&call.arguments, &mut |path, leaf| {
            let looks_like = policy::secrets::find(leaf).first().map(|found| found.what.to_owned());
            let named = path.rsplit('/').next().is_some_and(policy::secrets::names_a_secret);
            if let Some(looks_like) = looks_like.or(named.then(|| "a secret, by its name".to_owned())) {
                secrets.push(SecretNote { path: path.to_owned(), looks_like });
            }
            let found = policy::text::hidden(leaf);
            if !found.is_empty() {
                let mut names: Vec<String> = found.iter().map(policy::text::Hidden::label).collect();
                names.sort();
                names.dedup();
                hidden.push(HiddenNote { path: path.to_owned(), count: found.len(), names });
            }
        });
        let title = action.map_or(call.action.as_str(), Action::title);
        QuestionView {
            connector: call.connector.clone(),
            connector_name: question.connector_name().to_owned(),
            host: question.host().to_owned(),
            badge: connector.and_then(Connector::badge).map(str::to_owned),
            tint: connector.map(Connector::tint).unwrap_or_default(),
            local: connector.is_some_and(Connector::is_local),
            account: connector.map(|connector| self.account(connector, &call.connection)).unwrap_or_default(),
            action: call.action.clone(),
            action_title: title.to_owned(),
            verb_sentence: format!("{title} in {}", question.connector_name()),
            class: question.classified().class,
            class_source: question.classified().source,
            class_sentence: question.classified().source_sentence().to_owned(),
            open_world: question.open_world(),
            arguments: call.arguments.clone(),
            arguments_text: question.arguments_json().to_owned(),
            lineage,
            headers: action.map(|action| self.header_notes(action, call)).unwrap_or_default(),
            definition: action.map(|action| action.definition().clone()).unwrap_or_default(),
            digest: call.definition.clone(),
            reasons: question.reasons().to_vec(),
            secrets,
            hidden,
            by: match call.by {
                Caller::Model => "the model",
                Caller::Person => "you",
                Caller::App => "the app of this connector",
                Caller::Sdk => "the page that embeds this",
                Caller::Automatic => "an automatic step",
            }
            .to_owned(),
            by_app: call.by == Caller::App,
            remembering: question.remembering(),
            position: 1,
            of: 1,
            alike: 1,
            paused_after: None,
            asked_at: now(),
        }
    }

    /// The arguments that are also sent as request headers (`x-mcp-header`, X43), which only the newest revision does.
    fn header_notes(&self, action: &Action, call: &Call) -> Vec<HeaderNote> {
        if self.live_as(&call.connection).is_none_or(|live| live.connected.era != mcp::Era::Y2026) {
            return Vec::new();
        }
        mcp::header_arguments(action.input_schema(), &Value::Object(call.arguments.clone()))
            .into_iter()
            .map(|one| HeaderNote { header: one.header, argument: one.path.join(".") })
            .collect()
    }

    /// The server reports progress of a call.
    pub(crate) fn progress(
        &self,
        conversation: &ConversationId,
        call: &CallId,
        done: f64,
        total: Option<f64>,
        message: Option<String>,
    ) {
        let hears = self.0.hears_progress.borrow().get(call).cloned();
        if let Some(hears) = hears {
            hears(done, total, message.as_deref());
        }
        let progress = Some(Progress { done, total, message });
        self.apply(conversation, Event::CallSignal { call: call.clone(), progress });
    }

    /// The server asks the person something during a call, or has got its answer.
    pub(crate) fn needs_input(&self, conversation: &ConversationId, call: &CallId, needs: bool) {
        let state = if needs { CallState::NeedsInput } else { CallState::Running };
        self.apply(conversation, Event::Call { call: call.clone(), state });
    }
}

/// One call on its way.
struct Run {
    workspace: Workspace,
    wanted: Wanted,
    confirm: Confirm,
    /// The call's id; another one after an edit.
    call: CallId,
    /// The account that acts.
    account: ConnectionId,
    /// The card that shows it; the same after an edit.
    card: ItemId,
    /// Whether its result is so large that what is done with it is done in steps (SP05).
    large: Cell<bool>,
    /// How often the rules had been read again when it began.
    reloads: u64,
    /// The [`moment`] at which it began.
    begun: u64,
}

/// What to do about a call of which nobody knows whether it happened.
const MAY_HAVE_HAPPENED: &str = "it may have happened; look on the server before you repeat it";

/// Results of more bytes than this are large.
const LARGE: u64 = 256 * 1024;

impl Run {
    /// Does the work of a call, shows how it ended, and is under way meanwhile.
    async fn fly(mut self, flight: &Rc<Flight>, work: impl AsyncFnOnce(&mut Run) -> Ended) -> Ended {
        let first = self.call.clone();
        // What an app does beside the conversation does not make the conversation busy.
        let conversation = self.wanted.conversation.clone().filter(|_| self.wanted.by != Caller::App);
        self.workspace.tell_running(conversation.as_ref(), true);
        let ended = work(&mut self).await;
        self.show(&ended).await;
        let workspace = self.workspace;
        workspace.0.flights.borrow_mut().retain(|_, one| !Rc::ptr_eq(one, flight));
        workspace.0.unattended.borrow_mut().remove(&first);
        let running = conversation.as_ref().is_some_and(|id| workspace.is_running(id));
        workspace.tell_running(conversation.as_ref(), running);
        ended
    }

    async fn whole(&mut self, cancelled: &Cancelled) -> Ended {
        if let Err(error) = self.workspace.latest_rules().await {
            return Ended::Failed { error, sent: Sent::No };
        }
        self.reloads = self.workspace.0.reloads.get();
        let book = self.workspace.rulebook();
        let known = book.connector(&self.wanted.connector).ok().cloned();
        let action = known.as_ref().and_then(|connector| connector.action(&self.wanted.action)).cloned();
        let approved = action.as_ref().map_or_else(|| Digest::of_json(&Value::Null), |action| action.digest().clone());
        let mut call = Call {
            id: self.call.clone(),
            connector: self.wanted.connector.clone(),
            connection: self.account.clone(),
            action: self.wanted.action.clone(),
            definition: approved,
            arguments: self.wanted.arguments.clone(),
            by: self.wanted.by,
            member: self.workspace.me(),
            conversation: self.wanted.conversation.clone(),
            at: now(),
        };
        if let Some(connector) = &known {
            self.workspace.look_at_account(connector, &self.account).await;
        }
        self.put_card(&call, CallState::Proposed);

        // What the rules forbid with what was approved does not even reach out to the server. What was read of the
        // live list before is looked at when the connection is there: it may have changed back.
        let mut approved_only = book.rules(&call);
        self.workspace.add_limits(&mut approved_only, &book, &call);
        if let Decision::Refuse(refusal) = decide(call.clone(), &approved_only) {
            return self.refused(refusal).await;
        }
        let Some(connector) = known else {
            return Ended::Failed { error: Error::not_found("connector", call.connector.as_str()), sent: Sent::No };
        };

        let opened = match select(Box::pin(self.open(&connector)), cancelled.clone()).await {
            Either::Left((opened, _)) => opened,
            Either::Right(_) => return Ended::Cancelled(Sent::No),
        };
        let (connection, live) = match opened {
            Ok(opened) => opened,
            Err(failed) => return self.unopened(&connector, &failed).await,
        };
        // The page that the action is shown with is part of what was approved, so it is read before it is decided.
        let reading = self.workspace.check_page(&connector, &self.account, &connection, &call.action);
        if let Either::Right(_) = select(Box::pin(reading), cancelled.clone()).await {
            return Ended::Cancelled(Sent::No);
        }
        let live = live.actions.iter().find(|action| action.name() == call.action);
        call.definition = live.map_or_else(|| Digest::of_json(&Value::Null), |action| action.digest().clone());

        let mut place = None;
        let permit = loop {
            let rules = self.workspace.rules(&self.workspace.rulebook(), &call);
            match decide(call, &rules) {
                Decision::Run(permit) => break permit,
                Decision::Refuse(refusal) => return self.refused(refusal).await,
                Decision::Ask(question) => match self.ask(question, place, cancelled).await {
                    Answered::Allowed(permit) => break permit,
                    Answered::Refused(refusal) => return self.refused(refusal).await,
                    Answered::Edited(refusal, edited, at) => {
                        // The old call ends as a row; the new one is decided from the start.
                        self.row_of(&refusal).await;
                        self.become_call(&edited);
                        call = edited;
                        place = Some(at);
                    }
                },
            }
        };
        self.run(permit, &connector, cancelled).await
    }

    /// Asks, and waits for the answer.
    async fn ask(&mut self, question: Question, place: Option<usize>, cancelled: &Cancelled) -> Answered {
        if matches!(self.confirm, Confirm::Never) {
            return Answered::Refused(question.deny(Some("there was nobody to ask".to_owned())));
        }
        self.state(CallState::Waiting);
        // Each waits here for as long as the store takes, and the first one not for longer than the others.
        let first = self.workspace.0.asking.lock().await;
        // In the store before it is on the screen: a reload the moment it appears must find it (X71).
        if let Some(conversation) = &self.wanted.conversation {
            self.workspace.settle(conversation).await;
        }
        let view = self.workspace.view(&question);
        let shown = shown(&question);
        let (answered, wait) = oneshot::channel();
        let id = question.call().id.clone();
        let elsewhere = matches!(self.confirm, Confirm::With(_));
        let pending = Pending { question, shown: shown.clone(), view, elsewhere, answered };
        let asked = pending.asked();
        {
            let mut queue = self.workspace.0.questions.borrow_mut();
            let place = place.unwrap_or(queue.len()).min(queue.len());
            queue.insert(place, pending);
        }
        drop(first);
        self.workspace.0.events.tell(Change::Questions);
        if let Confirm::With(ask) = &self.confirm {
            let (workspace, id, answer) = (self.workspace.clone(), id.clone(), ask(asked));
            spawn_local(async move {
                let answer = answer.await;
                // A question that was taken back meanwhile has nothing to answer.
                let _ = workspace.answer(&id, &shown, answer);
            });
        }
        match select(wait, cancelled.clone()).await {
            Either::Left((Ok(answered), _)) => answered,
            Either::Left((Err(_), _)) | Either::Right(_) => {
                let taken = {
                    let mut queue = self.workspace.0.questions.borrow_mut();
                    let at = queue.iter().position(|pending| pending.question.call().id == id);
                    at.map(|at| queue.remove(at))
                };
                self.workspace.0.events.tell(Change::Questions);
                match taken {
                    Some(pending) => Answered::Refused(pending.question.not_answered()),
                    // Answered in the same moment: the cancel wins, and nothing is sent.
                    None => Answered::Refused(Refusal { call: self.as_call(), cause: Cause::NotAnswered }),
                }
            }
        }
    }

    /// Sends what a permit holds, once.
    async fn run(&mut self, permit: Permit, connector: &Connector, cancelled: &Cancelled) -> Ended {
        let book = self.workspace.rulebook();
        let class = book
            .connector(&connector.id)
            .ok()
            .and_then(|connector| Some(connector.classify(connector.action(&permit.call().action)?).class))
            .unwrap_or(Class::Destructive);
        // The decision is made: what follows is not waiting for the person.
        self.state(CallState::Proposed);
        let turn = match (class > Class::Read, &self.wanted.conversation) {
            (true, Some(conversation)) => Some(self.workspace.write_turn(conversation)),
            _ => None,
        };
        let _turn = match &turn {
            None => None,
            Some(turn) => match select(Box::pin(turn.lock()), cancelled.clone()).await {
                Either::Left((turn, _)) => Some(turn),
                Either::Right(_) => return self.given_up(permit.call().clone()).await,
            },
        };
        // The wait may have been long. The list is read again if the server said that it changed or was lost, and what
        // is forbidden by now is not sent. The rules can only say no here.
        let opened = match select(Box::pin(self.open(connector)), cancelled.clone()).await {
            Either::Left((opened, _)) => opened,
            Either::Right(_) => return self.given_up(permit.call().clone()).await,
        };
        let connection = match opened {
            Ok((connection, _)) => connection,
            Err(failed) => {
                // It was allowed, and that is on record although it cannot be sent.
                let frozen = permit.spend();
                let call = frozen.call().id.clone();
                let (outcome, reason) = (Outcome::NotSent, None);
                let finished = Entry::Finished { call, outcome, took: 0, result: None, reason };
                self.rows(vec![Entry::allowed(&frozen), finished]).await;
                return self.unopened(connector, &failed).await;
            }
        };
        if let Err(error) = self.workspace.latest_rules().await {
            return Ended::Failed { error, sent: Sent::No };
        }
        let rules = self.workspace.rules(&self.workspace.rulebook(), permit.call());
        if let Decision::Refuse(refusal) = decide(permit.call().clone(), &rules) {
            return self.refused(refusal).await;
        }

        let frozen = permit.spend();
        let call = frozen.call().id.clone();
        let rows = vec![Entry::allowed(&frozen), Entry::Sent { call: call.clone(), attempt: 1, again: None }];
        if let Err(error) = self.workspace.0.audit.write(rows).await {
            self.workspace.storage_failed(&error);
            let error =
                Error::from(error).hint("nothing was sent, because it could not be recorded; free some space first");
            return Ended::Failed { error, sent: Sent::No };
        }
        self.workspace.keep_sent(&call, frozen.arguments_json()).await;
        if cancelled.clone().now_or_never().is_some() {
            let reason = Some(mcp::CANCELLED.to_owned());
            self.rows(vec![self.finished(call, Outcome::NotSent, 0, None, reason).await]).await;
            return Ended::Cancelled(Sent::No);
        }
        if let Some(conversation) = &self.wanted.conversation {
            let mut why = frozen.basis().sentence().to_owned();
            if self.workspace.0.reloads.get() != self.reloads {
                why.push_str(" · rules changed in another tab; this request was checked again");
            }
            self.workspace.apply(conversation, Event::CallAllowed { call: call.clone(), why });
        }
        self.state(CallState::Running);

        let started = monotonic();
        let running = connection.call(CallTool {
            name: frozen.call().action.clone(),
            arguments: frozen.arguments_json().to_owned(),
            progress: true,
        });
        let conversation = self.wanted.conversation.as_ref();
        let during = self.workspace.during(&connector.id, &self.account, running.op(), &call, conversation);
        let result = match select(running, cancelled.clone()).await {
            Either::Left((result, _)) => result,
            // Dropping the operation tells the server.
            Either::Right(_) => Err(Failed { error: OpError::Cancelled, sent: mcp::Sent::Unknown }),
        };
        if matches!(result, Err(Failed { error: OpError::Downgrade, .. })) {
            self.workspace.stepped_back(&connector.id, &self.account);
        }
        let forgets = during.is_task().then(|| self.forgets_task()).flatten();
        self.over(connector, during, result, monotonic().saturating_sub(started), forgets).await
    }

    /// How a call ended that was sent, and the row about it. `forgets` is what else is written with that.
    async fn over(
        &self,
        connector: &Connector,
        during: During,
        result: Result<Done, Failed>,
        took: Millis,
        forgets: Option<Op>,
    ) -> Ended {
        let call = self.call.clone();
        let reason = during.reason(result.as_ref().err().map(|failed| &failed.error));
        let cover = during.cover();
        drop(during);
        if let Err(Failed { error: error @ OpError::SignIn { .. }, .. }) = &result {
            self.workspace.sign_in_ended(connector, &self.account, error);
        }
        let mut ended = match result {
            // A server that refuses a request for want of a sign-in has not run it; one that refuses to say how its task is
            // doing may well have.
            Err(failed) if matches!(failed.error, OpError::SignIn { .. }) && failed.sent == mcp::Sent::No => {
                self.unopened(connector, &failed).await
            }
            Err(failed) if !failed.error.pages_first().is_empty() => {
                let conversation = self.wanted.conversation.as_ref();
                self.workspace.pages_first(&connector.id, &self.account, &call, conversation, &failed.error);
                Ended::NeedsPage { error: op_error(&failed.error, &connector.host) }
            }
            result => ended(result, &connector.host),
        };
        ended.cover(&cover).await;
        let outcome = match &ended {
            Ended::Done(result) if chat::results::is_error(result) => Outcome::ToolError,
            Ended::Done(_) => Outcome::Done,
            Ended::Failed { sent: Sent::No, .. } | Ended::NeedsSignIn { .. } => Outcome::NotSent,
            Ended::Failed { sent: Sent::Yes, .. } | Ended::NeedsPage { .. } => Outcome::Failed,
            Ended::Failed { sent: Sent::Unknown, .. } => Outcome::Unknown,
            Ended::Cancelled(_) | Ended::Refused(_) => Outcome::Cancelled,
        };
        let result = match &ended {
            Ended::Done(result) => Some(result),
            _ => None,
        };
        let row = self.finished(call, outcome, took, result, reason).await;
        self.rows_with(vec![row], forgets).await;
        ended
    }

    /// What forgets the task of the call, if it has one: where it could have gone on is over.
    fn forgets_task(&self) -> Option<Op> {
        let conversation = self.wanted.conversation.as_ref()?;
        Some(self.workspace.task_over(conversation, &self.account, &self.call))
    }

    /// The connection that the call goes over, and the live list.
    async fn open(&self, connector: &Connector) -> Result<(Connection, Live), Failed> {
        let opened = self.workspace.open_link(connector, &self.account, false).await?;
        self.workspace.held_back(connector, &self.account, self.wanted.by, self.begun).await?;
        Ok(opened)
    }

    /// How a call ends whose connection could not be had. Nothing was sent. What a server refused it with may say back what
    /// signed the account in (X21).
    async fn unopened(&self, connector: &Connector, failed: &Failed) -> Ended {
        let needs = self.workspace.needs_person(&self.account, &failed.error);
        let error = self.workspace.op_error(connector, &self.account, &failed.error);
        let mut ended = match needs {
            Some(needs) => Ended::NeedsSignIn { error, needs },
            None => Ended::Failed { error, sent: Sent::No },
        };
        ended.cover(&self.workspace.cover_of(&connector.id, &self.account)).await;
        ended
    }

    /// The caller gave the call up after it was allowed and before it was sent.
    async fn given_up(&self, call: Call) -> Ended {
        self.row_of(&Refusal { call, cause: Cause::NotAnswered }).await;
        Ended::Cancelled(Sent::No)
    }

    /// The row about how a call ended.
    async fn finished(
        &self,
        call: CallId,
        outcome: Outcome,
        took: Millis,
        answer: Option<&Value>,
        reason: Option<String>,
    ) -> Entry {
        let mut result = None;
        if let Some(answer) = answer {
            let measured = measure(answer).await;
            self.workspace.keep_answered(&call, answer, measured.bytes).await;
            self.large.set(measured.bytes > LARGE);
            result = Some(measured);
        }
        Entry::Finished { call, outcome, took, result, reason }
    }

    /// Writes rows about what has happened already: that they cannot be kept is told, and changes nothing of it.
    async fn rows(&self, rows: Vec<Entry>) {
        self.rows_with(rows, None).await;
    }

    /// The same, and something else in the same write.
    async fn rows_with(&self, rows: Vec<Entry>, other: Option<Op>) {
        if let Err(error) = self.workspace.0.audit.write_with(rows, other.into_iter().collect()).await {
            self.workspace.storage_failed(&error);
        }
    }

    /// Writes the row about a call that is not made. That nothing was sent stays true if the row cannot be written.
    async fn refused(&self, refusal: Refusal) -> Ended {
        self.row_of(&refusal).await;
        Ended::Refused(refusal)
    }

    async fn row_of(&self, refusal: &Refusal) {
        let mut kept = refusal.clone();
        // What the person typed is theirs, but a secret in it does not belong into a log that is exported.
        if let Cause::Denied { reason: Some(reason) } = &mut kept.cause {
            *reason = policy::secrets::mask(reason).into_owned();
        }
        let class = self.workspace.class_of(&kept.call);
        self.rows(vec![Entry::refused(&kept, class)]).await;
    }

    fn as_call(&self) -> Call {
        Call {
            id: self.call.clone(),
            connector: self.wanted.connector.clone(),
            connection: self.account.clone(),
            action: self.wanted.action.clone(),
            definition: Digest::of_json(&Value::Null),
            arguments: self.wanted.arguments.clone(),
            by: self.wanted.by,
            member: self.workspace.me(),
            conversation: self.wanted.conversation.clone(),
            at: now(),
        }
    }

    /// An edited call takes the place of the old one: same card, same way to cancel.
    fn become_call(&mut self, call: &Call) {
        // Both ids lead to it: whoever started the call knows only the first.
        let flight = self.workspace.0.flights.borrow().get(&self.call).cloned();
        if let Some(flight) = flight {
            self.workspace.0.flights.borrow_mut().insert(call.id.clone(), flight);
        }
        self.call = call.id.clone();
        self.wanted.arguments = call.arguments.clone();
        self.put_card(call, CallState::Proposed);
    }

    fn put_card(&self, call: &Call, state: CallState) {
        let Some(conversation) = &call.conversation else { return };
        let book = self.workspace.rulebook();
        let connector = book.connector(&call.connector).ok();
        let action = connector.and_then(|connector| connector.action(&call.action));
        let classified = connector.zip(action).map(|(connector, action)| connector.classify(action));
        // What an app reads for itself is shown with the app, and not as a step of the conversation.
        if call.by == Caller::App && classified.is_some_and(|classified| classified.class == Class::Read) {
            return;
        }
        let card = CallCard {
            call: call.id.clone(),
            by: call.by,
            connector: call.connector.clone(),
            connector_name: connector.map_or_else(|| call.connector.to_string(), |connector| connector.name.clone()),
            host: connector.map(|connector| connector.host.clone()).unwrap_or_default(),
            badge: connector.and_then(Connector::badge).map(str::to_owned),
            account: connector.map(|connector| self.workspace.account(connector, &call.connection)),
            acts_as: Some(call.connection.clone()),
            action: call.action.clone(),
            title: action.map_or(call.action.as_str(), Action::title).to_owned(),
            class: classified.map_or(Class::Write, |classified| classified.class),
            class_source: classified.map_or(policy::ClassSource::Unlabelled, |classified| classified.source),
            arguments: Value::Object(call.arguments.clone()),
            state,
            failure: None,
            repeats: self.wanted.repeats.clone(),
            started_at: now(),
            running_since: None,
            ended_at: None,
            signal_at: None,
            progress: None,
            result: None,
            breaks: None,
            look: None,
            why: None,
            late: false,
            nth: None,
        };
        let item = Item { id: self.card.clone(), at: now(), body: Body::Call(Box::new(card)) };
        self.workspace.apply(conversation, Event::Put(item));
    }

    fn state(&self, state: CallState) {
        if let Some(conversation) = &self.wanted.conversation {
            self.workspace.apply(conversation, Event::Call { call: self.call.clone(), state });
        }
    }

    /// Shows on the card how it ended.
    async fn show(&self, ended: &Ended) {
        let state = match ended {
            Ended::Done(result) => {
                if let Some(conversation) = &self.wanted.conversation {
                    if self.large.get() {
                        Pace::late().rest().await;
                    }
                    let book = self.workspace.rulebook();
                    let connector = book.connector(&self.wanted.connector).ok();
                    let event = Event::CallResult {
                        call: self.call.clone(),
                        result: result.clone(),
                        breaks: connector
                            .and_then(|connector| connector.action(&self.wanted.action)?.output_schema())
                            .and_then(|promised| broken_promise(promised, result)),
                        // Whoever is gone from the rulebook meanwhile is looked at.
                        reviewed: self.wanted.by != Caller::App
                            && connector.is_none_or(|connector| connector.reviews_results_of(&self.wanted.action)),
                    };
                    if self.large.get() {
                        self.workspace.apply_kept_resting(conversation, event).await;
                    } else {
                        self.workspace.apply_kept(conversation, event).await;
                    }
                }
                return;
            }
            Ended::Failed { error, sent } => {
                if let Some(conversation) = &self.wanted.conversation {
                    let failure = Failure::new(error.code.as_str(), error.hint.clone(), error.cause.as_ref());
                    self.workspace.apply(conversation, Event::CallFailed { call: self.call.clone(), failure });
                }
                let cause = error.message.clone();
                match sent {
                    Sent::Unknown => CallState::Unknown { cause },
                    sent => CallState::Failed { cause, sent: *sent },
                }
            }
            Ended::Cancelled(sent) => CallState::Cancelled { sent: *sent },
            Ended::NeedsSignIn { needs, .. } => {
                CallState::NeedsSignIn { scopes: needs.scopes.clone(), ended: needs.ended }
            }
            Ended::NeedsPage { .. } => CallState::NeedsPage,
            Ended::Refused(refusal) => match &refusal.cause {
                Cause::Denied { reason } => CallState::Denied { reason: reason.clone() },
                Cause::NotAnswered => CallState::NotAnswered,
                Cause::Held => CallState::Held,
                _ => CallState::Blocked { reason: refusal.sentence() },
            },
        };
        if let Some(conversation) = &self.wanted.conversation {
            let event = Event::Call { call: self.call.clone(), state };
            self.workspace.apply_kept(conversation, event).await;
        }
    }
}

impl Ended {
    /// Covers what signed the account in, where the server says it back, before anybody has it (X21).
    async fn cover(&mut self, cover: &Cover) {
        match self {
            Ended::Done(result) => cover.answered(result).await,
            Ended::Failed { error, .. } | Ended::NeedsSignIn { error, .. } | Ended::NeedsPage { error } => {
                cover.said(&mut error.message);
                if let Some(cause) = &mut error.cause {
                    cover.answered(cause).await;
                }
            }
            Ended::Refused(_) | Ended::Cancelled(_) => {}
        }
    }
}

impl Pending {
    fn asked(&self) -> Asked {
        let call = self.question.call();
        Asked {
            id: call.id.clone(),
            conversation: call.conversation.clone(),
            shown: self.shown.clone(),
            view: self.view.clone(),
        }
    }
}

impl From<&Refusal> for Error {
    fn from(refusal: &Refusal) -> Self {
        let code = match refusal.cause {
            Cause::Denied { .. } | Cause::Edited { .. } => Code::Declined,
            Cause::NotAnswered => Code::NotAnswered,
            Cause::Held | Cause::Stale { .. } => Code::Held,
            Cause::Invalid { .. } => Code::Invalid,
            Cause::Unknown { .. } => Code::NotFound,
            _ => Code::Blocked,
        };
        Error::new(code, refusal.sentence()).hint("nothing was sent")
    }
}

fn ended(result: Result<Done, Failed>, host: &str) -> Ended {
    match result {
        Ok(Done::Called(result)) => Ended::Done(result.raw),
        Ok(_) => {
            let error = Error::new(Code::Protocol, format!("{host}: the answer was of another kind"));
            Ended::Failed { error, sent: Sent::Unknown }
        }
        Err(Failed { error: OpError::Cancelled, sent }) => Ended::Cancelled(sent_of(sent)),
        Err(Failed { error, sent }) => {
            let mut out = op_error(&error, host);
            if sent == mcp::Sent::Unknown {
                out.code = Code::UnknownOutcome;
                out.hint = Some(MAY_HAVE_HAPPENED.to_owned());
            }
            Ended::Failed { error: out, sent: sent_of(sent) }
        }
    }
}

/// Measures a result, a step at a time: one of megabytes must not keep the page from answering.
async fn measure(result: &Value) -> Measured {
    // A large one was read in the same task.
    let (mut measuring, mut pace) = (Measuring::of(result), Pace::late());
    while measuring.step() {
        pace.rest().await;
    }
    measuring.done()
}

/// How the structured part of a result breaks the schema that was promised for it: the first problem (X57).
fn broken_promise(promised: &Value, result: &Value) -> Option<String> {
    let structured = result.get("structuredContent").filter(|value| !value.is_null())?;
    let problem = chat::schema::check(promised, structured).into_iter().next()?;
    Some(format!("{} {}", problem.path, problem.message).trim().to_owned())
}

/// What an approval names.
fn shown(question: &Question) -> Digest {
    let call = question.call();
    Digest::of_json(&json!([
        call.id,
        call.connector,
        call.connection,
        call.action,
        call.definition,
        question.arguments_json(),
        question.connector_name(),
        question.host(),
    ]))
}

/// Every text and number of the arguments, with its JSON pointer.
fn leaves_of(arguments: &Map<String, Value>, each: &mut impl FnMut(&str, &str)) {
    for (key, value) in arguments {
        leaves(&format!("/{}", escaped(key)), value, each);
    }
}

fn leaves(path: &str, value: &Value, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(path, text),
        Value::Number(number) => each(path, &number.to_string()),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                leaves(&format!("{path}/{at}"), item, each);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                leaves(&format!("{path}/{}", escaped(key)), field, each);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// A key as a part of a JSON pointer (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
