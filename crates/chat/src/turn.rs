//! One turn with a model: question, answer, calls, results, answer, without IO.
//!
//! The driver loops as with `mcp`: [`Turn::poll`] until it gives nothing, do what it says, feed back what happened with
//! [`Turn::handle`]. A call that comes out of here is a wish: the driver takes it through the gate like any other, and
//! says with [`Input::CallEnded`] what the model is to be told.
//!
//! * Only whole calls come out: parsed, of an action that is in the list, valid against its schema (attacks.md X73). Other
//!   wishes are answered to the model in words and told to the driver as [`Output::Refused`] (X77).
//! * Reads may run side by side. Writes that follow each other are handed over together, so that the person sees how
//!   many wait (X69); whoever runs them runs one at a time. A read never overtakes a write, nor a write a read (X73).
//! * A provider that has no time is asked again after as long as it says, a few times, and only while it has said nothing:
//!   what a person has read is not taken back. A request that it does not take because of something optional is asked
//!   once more without.
//! * The actions are offered in one order, whatever order they came in, so that a provider's cache goes on to fit.
//! * In a mode with a plan the model tells its steps with a tool of the host, which is answered here; its calls are counted
//!   against the budget that the person set, and in the mode Agent an answer in the middle of the plan is not the end.
//! * What does not fit into the context any more is taken from the older results of the turn, and the model and the person
//!   are told so: a provider would refuse the whole, or cut it without a word.
//! * No call that failed is tried again from here, and no other tool is tried in its stead: that is the model's wish and
//!   passes the gate (X56).

use crate::context::{self, Limits, Party};
use crate::conversation::{Conversation, Kept, Remedy};
use crate::direct::Candidate;
use crate::model::endpoint::{self, Extras};
use crate::model::{
    Delta, Endpoint, Finish, Message, ModelError, Part, Request, Stream, ToolSpec, Usage, WireCall, names, refusal,
    text_of,
};
use crate::modes;
use crate::plan::PlanStep;
use policy::{Class, ConnectorId, Mode};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, VecDeque};

pub mod search;

use course::Course;

mod course;

/// How many answers with calls a turn may have before it stops.
pub const MAX_ROUNDS: u32 = 16;

/// How many reads run side by side. A browser opens six connections to one host that does not speak HTTP/2; what is
/// beyond them waits there.
pub const MAX_PARALLEL: usize = 10;

/// How many calls are taken from one answer; the others are answered with a word that there were too many.
pub const MAX_CALLS: usize = 16;

/// How many characters of a description a model is given (X30: long texts hide things, and cost).
pub const DESCRIPTION_CHARS: usize = 2_000;

/// How often a provider that has no time is asked again.
const MAX_RETRIES: u32 = 2;

/// The longest wait before it is asked again, in milliseconds. Who wants to be left alone for longer is not asked again.
const MAX_WAIT: u64 = 60_000;

/// How long to wait where the provider does not say, in milliseconds; four times as long the next time.
const FIRST_WAIT: u64 = 2_000;

/// How many bytes of an error body are kept.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// The actions that a model on this wire is offered.
fn for_wire(endpoint: &Endpoint, actions: Vec<Candidate>) -> Vec<Candidate> {
    if endpoint.wire.calls_actions() { actions } else { Vec::new() }
}

/// What a turn needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where the model is.
    pub endpoint: Endpoint,
    /// The actions the model may ask for. Those that are only for apps are left out here (X47).
    pub actions: Vec<Candidate>,
    /// The system prompt and the history, the question last. See [`crate::context`].
    pub messages: Vec<Message>,
    /// How much of a result the model is given.
    pub limits: Limits,
    /// The mode. It decides here how the turn goes on, and not what may be called: that is in the list already.
    pub mode: Mode,
    /// How many calls may be made in a mode with a plan.
    pub budget: u32,
    /// Where there are too many actions to offer all: the positions of those that are offered from the beginning.
    pub search: Option<BTreeSet<usize>>,
}

impl Setup {
    /// A turn that goes on with a conversation whose last item is the question. `parties` are its active connectors.
    pub fn of(
        conversation: &Conversation,
        endpoint: Endpoint,
        actions: Vec<Candidate>,
        workspace: &str,
        parties: &[Party],
        limits: Limits,
    ) -> Self {
        let actions = for_wire(&endpoint, offered(actions));
        let specs = tools(&actions);
        // An action that is gone keeps a name of its own in the history.
        let name_of = |connector: &ConnectorId, action: &str| {
            let known = actions.iter().position(|one| one.connector == *connector && one.action.name() == action);
            match known.and_then(|at| specs.get(at)) {
                Some(spec) => spec.name.clone(),
                None => names::alone(connector, "former", action),
            }
        };
        let mut system = match endpoint.wire.calls_actions() {
            true => context::system_prompt(workspace, parties),
            false => context::plain_prompt(workspace),
        };
        let (mode, budget) = (conversation.mode, conversation.budget());
        system.push_str(&modes::prompt(mode, budget, modes::unfinished(conversation)));
        let mut messages = vec![Message::System(system)];
        messages.extend(context::messages(conversation, &endpoint, limits, &name_of));
        let needed = search::is_needed(actions.len(), weight(specs.iter()), endpoint.context);
        let search = needed.then(|| search::always(conversation, &actions));
        Self { endpoint, actions, messages, limits, mode, budget, search }
    }

    /// Goes on where the model was before, without a word of the person. A history may not end with an answer, so one that
    /// broke off is followed by a word of the host.
    pub fn again(&mut self) {
        if matches!(self.messages.last(), Some(Message::Assistant(_))) {
            let says = "[The answer above is not whole. The person asks you to answer again.]";
            self.messages.push(Message::User(says.to_owned()));
        }
    }

    /// About how many tokens the definitions of each connector take that are offered from the beginning (N13), in the order
    /// in which they are offered.
    pub fn shares(&self) -> Vec<Share> {
        let mut shares: Vec<Share> = Vec::new();
        let offered = |at: &usize| self.search.as_ref().is_none_or(|places| places.contains(at));
        for ((_, action), tool) in
            self.actions.iter().enumerate().zip(&tools(&self.actions)).filter(|((at, _), _)| offered(at))
        {
            let tokens = weight(std::iter::once(tool));
            match shares
                .last_mut()
                .filter(|last| last.host == action.host && last.connector_name == action.connector_name)
            {
                Some(last) => last.tokens += tokens,
                None => shares.push(Share {
                    connector_name: action.connector_name.clone(),
                    host: action.host.clone(),
                    tokens,
                }),
            }
        }
        shares
    }

    /// About how many tokens the definitions and the messages take (N13). No provider's own count is at hand before it
    /// was asked; four bytes a token is right within a quarter for English and JSON.
    pub fn weigh(&self) -> (u64, u64) {
        let mut tools = given(&tools(&self.actions), self.search.as_ref());
        tools.extend(Course::tool(self.mode));
        let messages: usize = self.messages.iter().map(Message::chars).sum();
        (weight(tools.iter()), tokens(messages))
    }
}

/// What the definitions of one connector take of a model's context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The connector's name.
    pub connector_name: String,
    /// Its host.
    pub host: String,
    /// About how many tokens.
    pub tokens: u64,
}

/// About how many tokens these definitions take.
fn weight<'a>(tools: impl Iterator<Item = &'a ToolSpec>) -> u64 {
    let bytes = |tool: &ToolSpec| tool.name.len() + tool.description.len() + tool.schema.to_string().len() + 40;
    tokens(tools.map(bytes).sum())
}

fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// What of these tools a model is given: all, or those at these places and the search for the others.
fn given(tools: &[ToolSpec], search: Option<&BTreeSet<usize>>) -> Vec<ToolSpec> {
    match search {
        None => tools.to_vec(),
        Some(places) => {
            let some = places.iter().filter_map(|at| tools.get(*at)).cloned();
            std::iter::once(search::tool(tools.len())).chain(some).collect()
        }
    }
}

/// What happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// The head of an HTTP answer came.
    Response {
        /// The request it answers.
        id: u32,
        /// The HTTP status.
        status: u16,
        /// Header names and values.
        headers: Vec<(String, String)>,
    },
    /// Bytes of its body came.
    Bytes {
        /// The request.
        id: u32,
        /// The bytes.
        chunk: Vec<u8>,
    },
    /// The body is complete.
    Ended {
        /// The request.
        id: u32,
    },
    /// The request failed below HTTP: no connection, CORS, broken in the middle.
    Failed {
        /// The request.
        id: u32,
        /// Why, where it could be found out. It counts only as long as nothing has come.
        why: Option<ModelError>,
    },
    /// The time of an [`Output::Wait`] is over.
    Waited {
        /// The wait.
        id: u32,
    },
    /// A call has ended, in whatever way.
    CallEnded {
        /// The call.
        key: u32,
        /// What the model is told: [`crate::conversation::CallCard::for_model`].
        text: String,
    },
    /// The person stopped the turn, or denied all and stopped it.
    Stop,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this request, with the key added, and feed back what comes.
    Fetch {
        /// Names the request.
        id: u32,
        /// What to send.
        request: Request,
    },
    /// Give up a request.
    Abort {
        /// The request.
        id: u32,
    },
    /// Feed back [`Input::Waited`] after this time.
    Wait {
        /// Names the wait.
        id: u32,
        /// Milliseconds.
        millis: u64,
        /// Why, for people: what the provider said, and when it is asked again.
        why: String,
    },
    /// A new answer begins; text and thinking that follow belong to it.
    AnswerStarted,
    /// A piece of the answer.
    Answer(Delta),
    /// What is to be kept beside the answer, for when the conversation goes on later. It comes before the end of the answer.
    Kept(Box<Kept>),
    /// The answer is over.
    AnswerEnded {
        /// Why it is not whole, if it is not: a sentence for people.
        error: Option<String>,
    },
    /// The model wants this call. Take it through the gate.
    Call(Wanted),
    /// Stop a call that came out earlier and has not ended.
    CancelCall {
        /// The call.
        key: u32,
    },
    /// The model wanted something that is no call: record it. The model has been told.
    Refused {
        /// The name it used. Text of a model.
        name: String,
        /// Why it is no call, in words.
        why: String,
    },
    /// The model told its plan, whole.
    Planned(Vec<PlanStep>),
    /// The model answered in the middle of its plan and is asked to go on: a sentence for people.
    GoesOn(String),
    /// The model searched for actions; those found are offered from now on.
    Searched {
        /// What it searched for. Text of a model.
        query: String,
        /// How many were found.
        found: usize,
    },
    /// The model gets less of older results from now on, because not everything fits any more. It comes once in a turn.
    Shortened,
    /// What the answer took, if the provider said. It comes before the end of the answer.
    Usage(Usage),
    /// The turn is over. Nothing follows.
    Ended(End),
}

/// A call that the model wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Names the call within the turn.
    pub key: u32,
    /// The id under which the model knows it, unique within its answer.
    pub id: String,
    /// The action, as a position in [`Turn::actions`].
    pub action: usize,
    /// The arguments; valid against the action's schema as far as it could be checked.
    pub arguments: Map<String, Value>,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The model answered.
    Answered,
    /// The model answered, but the provider's limit cut the answer.
    CutShort,
    /// The provider's filter stopped the answer.
    Filtered,
    /// The answer ended for a reason that is not known here, in the provider's word.
    Unclear(String),
    /// The model answered without a word and without a call.
    Empty,
    /// The person stopped it.
    Stopped,
    /// The model asked for calls again and again.
    TooManyRounds(u32),
    /// The calls that the person allowed are used up.
    BudgetSpent(u32),
    /// It did not work.
    Failed(ModelError),
}

impl End {
    /// What the person can do about it, if something can be done.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Answered | Self::Filtered | Self::Stopped => None,
            Self::CutShort | Self::TooManyRounds(_) | Self::BudgetSpent(_) => Some(Remedy::GoOn),
            Self::Unclear(_) | Self::Empty => Some(Remedy::AskAgain),
            Self::Failed(
                ModelError::TooMany { .. }
                | ModelError::Server { .. }
                | ModelError::Midway { .. }
                | ModelError::BrokeOff { .. },
            ) => Some(Remedy::AskAgain),
            Self::Failed(_) => Some(Remedy::AskOrSet),
        }
    }

    /// What is to be said about it, if something is.
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Answered => None,
            Self::CutShort => Some("The answer was cut: the model reached its limit.".to_owned()),
            Self::Filtered => Some("The provider's filter stopped the answer.".to_owned()),
            Self::Unclear(reason) => Some(format!(
                "The answer may not be whole: the model ended it with `{}`. Next step: ask it again, or choose another model.",
                policy::text::unticked(reason)
            )),
            Self::Empty => {
                Some("The model answered without a word. Next step: ask it again, or choose another model.".to_owned())
            }
            Self::Stopped => Some("You stopped this turn.".to_owned()),
            Self::TooManyRounds(rounds) => {
                Some(format!("This turn was paused after {rounds} rounds of calls. Say how to go on."))
            }
            Self::BudgetSpent(calls) => Some(format!(
                "The {calls} calls that you allowed for one message are used up. Say how to go on, or allow more."
            )),
            Self::Failed(error) => {
                let hint = error.hint().map(|hint| format!(" Next step: {hint}.")).unwrap_or_default();
                Some(format!("The model gave no answer: {error}.{hint}"))
            }
        }
    }
}

/// A turn.
#[derive(Debug)]
pub struct Turn {
    endpoint: Endpoint,
    actions: Vec<Candidate>,
    tools: Vec<ToolSpec>,
    /// The places of the actions that are offered, where the others are searched for.
    search: Option<BTreeSet<usize>>,
    messages: Vec<Message>,
    limits: Limits,
    out: VecDeque<Output>,
    state: State,
    next_request: u32,
    next_call: u32,
    rounds: u32,
    /// The time, in milliseconds since the Unix epoch; none while nobody said.
    now: Option<u64>,
    /// Whether older results were shortened.
    shortened: bool,
    /// How often the provider was asked again for the answer that is awaited.
    retries: u32,
    extras: Extras,
    course: Course,
}

#[derive(Debug)]
enum State {
    /// Waiting before the provider is asked again.
    Waiting {
        id: u32,
    },
    /// Waiting for the head of an answer.
    Asked {
        id: u32,
    },
    /// Reading an answer.
    Reading {
        id: u32,
        stream: Box<Stream>,
    },
    /// Reading why it was refused.
    Refused {
        id: u32,
        status: u16,
        retry_after: Option<String>,
        body: Vec<u8>,
    },
    /// Calls run or wait for their place.
    Calling {
        calls: Vec<Called>,
    },
    Over,
}

#[derive(Debug)]
struct Called {
    key: u32,
    id: String,
    /// What runs, until it was given out.
    wanted: Option<Wanted>,
    class: Class,
    told: Option<String>,
}

impl Turn {
    /// Begins a turn: the first request is ready to be polled.
    pub fn new(setup: Setup) -> Self {
        let Setup { endpoint, actions, messages, limits, mode, budget, search } = setup;
        let actions = for_wire(&endpoint, offered(actions));
        let tools = tools(&actions);
        let mut turn = Self {
            endpoint,
            actions,
            tools,
            search,
            messages,
            limits,
            out: VecDeque::new(),
            state: State::Over,
            next_request: 0,
            next_call: 0,
            rounds: 0,
            now: None,
            shortened: false,
            retries: 0,
            extras: Extras::All,
            course: Course::new(mode, budget),
        };
        turn.ask();
        turn
    }

    /// The actions the model may ask for; [`Wanted::action`] counts in this list.
    pub fn actions(&self) -> &[Candidate] {
        &self.actions
    }

    /// How many characters of a result the model is given, for [`crate::conversation::CallCard::for_model`].
    pub fn result_limit(&self) -> usize {
        self.limits.result
    }

    /// The next thing to be done, if there is one.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// True when the turn is over and everything was polled.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over) && self.out.is_empty()
    }

    /// Says the time, in milliseconds since the Unix epoch, for the dates that a provider may send.
    pub fn it_is(&mut self, now: u64) {
        self.now = Some(now);
    }

    /// Takes in what happened. What comes too late or belongs to nothing is ignored.
    pub fn handle(&mut self, input: Input) {
        match input {
            Input::Response { id, status, headers } => self.response(id, status, &headers),
            Input::Bytes { id, chunk } => self.bytes(id, &chunk),
            Input::Ended { id } => self.ended(id),
            Input::Failed { id, why } => self.failed(id, why),
            Input::Waited { id } => {
                if matches!(self.state, State::Waiting { id: waiting } if waiting == id) {
                    self.ask();
                }
            }
            Input::CallEnded { key, text } => self.call_ended(key, text),
            Input::Stop => self.stop(),
        }
    }

    fn ask(&mut self) {
        if context::make_room(&mut self.messages, self.limits) && !std::mem::replace(&mut self.shortened, true) {
            self.out.push_back(Output::Shortened);
        }
        let id = self.next_request;
        self.next_request += 1;
        let mut tools = given(&self.tools, self.search.as_ref());
        tools.extend(self.course.tools());
        let request = endpoint::request(&self.endpoint, &self.messages, &tools, self.extras);
        self.state = State::Asked { id };
        self.out.push_back(Output::Fetch { id, request });
    }

    fn response(&mut self, id: u32, status: u16, headers: &[(String, String)]) {
        if !matches!(self.state, State::Asked { id: asked } if asked == id) {
            return;
        }
        self.state = if (200..300).contains(&status) {
            self.retries = 0;
            self.out.push_back(Output::AnswerStarted);
            State::Reading { id, stream: Box::new(Stream::new(self.endpoint.clone())) }
        } else {
            let retry_after = headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
                .map(|(_, value)| value.clone());
            State::Refused { id, status, retry_after, body: Vec::new() }
        };
    }

    fn bytes(&mut self, from: u32, chunk: &[u8]) {
        match &mut self.state {
            State::Reading { id, stream } if *id == from => {
                self.out.extend(stream.push(chunk).into_iter().map(Output::Answer));
                // What the provider calls the end is the end, also when it keeps the connection open.
                if stream.ended() {
                    self.out.push_back(Output::Abort { id: from });
                    self.ended(from);
                }
            }
            State::Refused { id, body, .. } if *id == from => {
                let room = MAX_ERROR_BODY.saturating_sub(body.len());
                body.extend(chunk.iter().take(room));
            }
            _ => {}
        }
    }

    fn ended(&mut self, from: u32) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Reading { id, stream } if id == from => {
                let (deltas, result) = stream.finish();
                self.out.extend(deltas.into_iter().map(Output::Answer));
                match result {
                    Ok(answer) => {
                        self.out.extend(answer.usage.map(Output::Usage));
                        self.answered(answer);
                    }
                    Err(error) => self.broken(error),
                }
            }
            State::Refused { id, status, retry_after, body } if id == from => {
                let text = String::from_utf8_lossy(&body);
                self.refused(status, retry_after.as_deref(), &text);
            }
            State::Asked { id } if id == from => {
                self.over(End::Failed(ModelError::BrokeOff { host: self.endpoint.host().to_owned() }));
            }
            other => self.state = other,
        }
    }

    /// The provider refused. It has said nothing yet, so it may be asked again.
    fn refused(&mut self, status: u16, retry_after: Option<&str>, body: &str) {
        if self.extras == Extras::All && endpoint::is_about_extras(status, body) {
            self.extras = Extras::None;
            return self.ask();
        }
        let error = refusal::refused(&self.endpoint, status, retry_after, body);
        let busy = matches!(error, ModelError::TooMany { .. } | ModelError::Server { .. });
        let own = FIRST_WAIT << (2 * self.retries);
        let wait = Some(refusal::wait(retry_after, body, self.now).unwrap_or(own)).filter(|wait| *wait <= MAX_WAIT);
        let (true, true, Some(millis)) = (busy, self.retries < MAX_RETRIES, wait) else {
            return self.over(End::Failed(error));
        };
        self.retries += 1;
        let id = self.next_request;
        self.next_request += 1;
        self.state = State::Waiting { id };
        let seconds = millis.div_ceil(1_000);
        let why = format!("{error}. It is asked again in {seconds} s, try {} of {MAX_RETRIES}.", self.retries);
        self.out.push_back(Output::Wait { id, millis, why });
    }

    fn failed(&mut self, from: u32, why: Option<ModelError>) {
        let host = self.endpoint.host().to_owned();
        match &self.state {
            State::Asked { id } if *id == from => {
                self.over(End::Failed(why.unwrap_or(ModelError::Unreachable { host })))
            }
            State::Reading { id, .. } if *id == from => self.broken(ModelError::BrokeOff { host }),
            // The refusal itself is known; only its words broke off.
            State::Refused { id, .. } if *id == from => self.ended(from),
            _ => {}
        }
    }

    /// The answer has begun and is not whole: none of its calls counts (X73).
    fn broken(&mut self, error: ModelError) {
        self.out.push_back(Output::AnswerEnded { error: Some(error.to_string()) });
        self.over(End::Failed(error));
    }

    fn over(&mut self, end: End) {
        self.state = State::Over;
        self.out.push_back(Output::Ended(end));
    }

    fn answered(&mut self, answer: crate::model::Answered) {
        let mut parts = answer.parts;
        let at = self.out.len();
        let (calls, overspent) = self.calls_of(&mut parts);
        let at_once = |id: &str| calls.iter().find(|call| call.id == id).and_then(|call| call.told.clone());
        let kept = Kept::of(&self.endpoint, &parts, at_once).map(|kept| Output::Kept(Box::new(kept)));
        // What came of the calls at once follows the end of the answer.
        let followed = self.out.split_off(at);
        self.out.extend(kept);
        self.out.push_back(Output::AnswerEnded { error: None });
        self.out.extend(followed);
        let silent = text_of(&parts).trim().is_empty();
        self.messages.push(Message::Assistant(parts));
        if calls.is_empty() {
            return self.answered_in_words(answer.finish, silent);
        }
        self.rounds += 1;
        if overspent && self.course.overspent() {
            return self.over(End::BudgetSpent(self.course.budget()));
        }
        self.state = State::Calling { calls };
        self.advance();
    }

    /// An answer without calls is the last, except in the middle of a plan.
    fn answered_in_words(&mut self, finish: Option<Finish>, silent: bool) {
        if !matches!(finish, Some(Finish::Length | Finish::Filtered | Finish::Other(_)))
            && let Some(says) = self.course.goes_on()
        {
            self.messages.push(Message::User(says));
            self.out.push_back(Output::GoesOn("Its plan has open steps, so the model was asked to go on.".to_owned()));
            return self.ask();
        }
        self.over(match finish {
            Some(Finish::Length) => End::CutShort,
            Some(Finish::Filtered) => End::Filtered,
            // Anthropic's `pause_turn` is one of these: only tools of the provider's own bring it, and none is offered.
            Some(Finish::Other(reason)) => End::Unclear(reason),
            Some(Finish::Stop | Finish::Calls) | None if silent => End::Empty,
            Some(Finish::Stop | Finish::Calls) | None => End::Answered,
        });
    }

    /// The calls among the parts of an answer, made whole, and whether the model asked for more than it is allowed.
    fn calls_of(&mut self, parts: &mut [Part]) -> (Vec<Called>, bool) {
        let mut calls: Vec<Called> = Vec::new();
        let mut overspent = false;
        for call in parts.iter_mut().filter_map(|part| if let Part::Call(call) = part { Some(call) } else { None }) {
            let (key, position) = (self.next_call, calls.len());
            self.next_call += 1;
            // Ids are the provider's; some leave them out or use one twice. Mistral wants nine letters or digits.
            if call.id.is_empty() || calls.iter().any(|other| other.id == call.id) {
                call.id = format!("x{:03}{:05}", self.rounds + 1, key);
            }
            let id = call.id.clone();
            let at_once =
                |told: String| Called { key, id: id.clone(), wanted: None, class: Class::Read, told: Some(told) };
            if let Some(told) = self.searched(call) {
                calls.push(at_once(told));
                continue;
            }
            let judged = match self.course.planned(&call.name, &call.arguments) {
                Some(Ok(steps)) => {
                    self.out.push_back(Output::Planned(steps));
                    calls.push(at_once("The person sees the plan.".to_owned()));
                    continue;
                }
                Some(Err(why)) => Err(why),
                None if position < MAX_CALLS => self.judge(key, call),
                None => Err(format!("at most {MAX_CALLS} calls are taken at once; ask for this one again later")),
            };
            calls.push(match judged {
                Ok((wanted, class)) => match self.course.count() {
                    Ok(()) => Called { key, id, wanted: Some(wanted), class, told: None },
                    Err(told) => {
                        overspent = true;
                        at_once(told)
                    }
                },
                Err(why) => {
                    let told = format!("status: not a call. Nothing was sent. {why}");
                    self.out.push_back(Output::Refused { name: crate::conversation::one_line(&call.name, 100), why });
                    at_once(told)
                }
            });
            // What goes back has to be JSON, or the provider refuses the whole history.
            if serde_json::from_str::<Map<String, Value>>(&call.arguments).is_err() {
                call.arguments = "{}".to_owned();
            }
            if call.name.is_empty() {
                call.name = "unnamed".to_owned();
            }
        }
        (calls, overspent)
    }

    /// A search for actions, if that is what the model wishes: done at once, and what the model is told of it.
    fn searched(&mut self, call: &mut WireCall) -> Option<String> {
        let offered = self.search.as_mut().filter(|_| call.name == search::TOOL)?;
        Some(match search::search(&call.arguments, &self.actions, &self.tools) {
            Ok(found) => {
                offered.extend(&found.places);
                self.out.push_back(Output::Searched { query: found.query, found: found.places.len() });
                found.told
            }
            Err(why) => format!("status: not a search. {why}"),
        })
    }

    /// Whether a wish of the model is a call: whole, of a known action, valid.
    fn judge(&self, key: u32, call: &WireCall) -> Result<(Wanted, Class), String> {
        let Some(action) = self.tools.iter().position(|tool| tool.name == call.name) else {
            return Err(format!(
                "there is no tool `{}`; use only the tools of the list",
                crate::conversation::one_line(&call.name, 100)
            ));
        };
        if self.search.as_ref().is_some_and(|offered| !offered.contains(&action)) {
            return Err(format!("this tool is not in the list; find it with `{}` first", search::TOOL));
        }
        let text = call.arguments.trim();
        let arguments: Map<String, Value> = match text {
            "" | "null" => Map::new(),
            _ => serde_json::from_str(text).map_err(|_| {
                "the arguments are not a complete JSON object; send the call again with all of them".to_owned()
            })?,
        };
        let candidate = self.actions.get(action).ok_or_else(|| "this tool is no longer there".to_owned())?;
        let whole = Value::Object(arguments);
        let problems = crate::schema::check(candidate.action.input_schema(), &whole);
        if !problems.is_empty() {
            let list: Vec<String> =
                problems.iter().take(8).map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
            return Err(format!("the arguments do not fit the tool's schema: {}", list.join("; ")));
        }
        let Value::Object(arguments) = whole else {
            return Err("the arguments are not an object".to_owned());
        };
        Ok((Wanted { key, id: call.id.clone(), action, arguments }, candidate.class))
    }

    /// Gives out the calls whose turn it is, or asks again when all have ended.
    fn advance(&mut self) {
        let State::Calling { calls } = &mut self.state else {
            return;
        };
        let mut running: Vec<Class> =
            calls.iter().filter(|call| call.wanted.is_none() && call.told.is_none()).map(|call| call.class).collect();
        for call in calls.iter_mut() {
            if call.wanted.is_none() {
                continue;
            }
            let free = match call.class {
                Class::Read => running.len() < MAX_PARALLEL && running.iter().all(|class| *class == Class::Read),
                Class::Write | Class::Destructive => running.iter().all(|class| *class > Class::Read),
            };
            // In order: nothing overtakes a call that has to wait.
            if !free {
                break;
            }
            running.push(call.class);
            self.out.extend(call.wanted.take().map(Output::Call));
        }
        if calls.iter().any(|call| call.told.is_none()) {
            return;
        }
        let State::Calling { calls } = std::mem::replace(&mut self.state, State::Over) else {
            return;
        };
        for call in calls {
            self.messages.push(Message::Tool { id: call.id, text: call.told.unwrap_or_default() });
        }
        if self.rounds >= self.course.rounds() {
            return self.over(End::TooManyRounds(self.rounds));
        }
        self.ask();
    }

    fn call_ended(&mut self, key: u32, text: String) {
        let State::Calling { calls } = &mut self.state else {
            return;
        };
        let Some(call) = calls.iter_mut().find(|call| call.key == key && call.wanted.is_none() && call.told.is_none())
        else {
            return;
        };
        call.told = Some(text);
        self.advance();
    }

    fn stop(&mut self) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Over => return,
            State::Waiting { .. } => {}
            State::Asked { id } | State::Refused { id, .. } => self.out.push_back(Output::Abort { id }),
            State::Reading { id, .. } => {
                self.out.push_back(Output::Abort { id });
                self.out.push_back(Output::AnswerEnded { error: Some("you stopped it".to_owned()) });
            }
            State::Calling { calls } => {
                // What was never polled never happens.
                let unpolled: Vec<u32> = self
                    .out
                    .iter()
                    .filter_map(|out| if let Output::Call(wanted) = out { Some(wanted.key) } else { None })
                    .collect();
                self.out.retain(|out| !matches!(out, Output::Call(_)));
                let running = calls
                    .iter()
                    .filter(|call| call.wanted.is_none() && call.told.is_none() && !unpolled.contains(&call.key));
                self.out.extend(running.map(|call| Output::CancelCall { key: call.key }));
            }
        }
        self.out.retain(|out| !matches!(out, Output::Fetch { .. } | Output::Wait { .. }));
        self.over(End::Stopped);
    }
}

/// What is offered of these actions, in the one order: by connector and by name.
fn offered(actions: Vec<Candidate>) -> Vec<Candidate> {
    let mut actions = actions;
    actions.retain(|one| one.action.visible_to_model());
    actions.sort_by(|a, b| (&a.connector, a.action.name()).cmp(&(&b.connector, b.action.name())));
    actions
}

/// The actions as a model is told about them: a safe name, the host, and what the server says.
pub fn tools(actions: &[Candidate]) -> Vec<ToolSpec> {
    let ids: Vec<_> =
        actions.iter().map(|one| (&one.connector, one.connector_name.as_str(), one.action.name())).collect();
    names::safe(&ids)
        .into_iter()
        .zip(actions)
        .map(|(name, one)| {
            let effect = match one.class {
                Class::Read => "reads",
                Class::Write => "changes something, the person is asked",
                Class::Destructive => "may destroy something, the person is asked",
            };
            let said: String = one.action.description().chars().take(DESCRIPTION_CHARS).collect();
            // The host's own tool has this name, whatever servers call theirs.
            let name = if name == search::TOOL { format!("{name}_") } else { name };
            let description = format!(
                "{} of connector {} at {} ({effect}). The server says: {said}",
                one.action.title(),
                one.connector_name,
                one.host
            );
            ToolSpec { name, description, schema: one.action.input_schema().clone() }
        })
        .collect()
}

#[cfg(test)]
mod planned;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod tests;
