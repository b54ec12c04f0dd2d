//! The record of a conversation: what was said, what was proposed, what was called and how it ended.
//!
//! A record changes only by [`Conversation::apply`], so the page, the store and a second tab see the same steps.
//! A call that has ended stays ended: a late answer after a cancel never turns the card back (attacks.md X116), and a
//! reload turns a pending question into *not answered* and a running call into *unknown outcome* (X71, X114).
//!
//! Times are milliseconds since the Unix epoch and always come from the caller.

use crate::model::Usage;
use crate::plan::{self, Plan, PlanStep};
use policy::{CallId, Caller, Chosen, Class, ClassSource, ConnectionId, ConnectorId, ConversationId, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

mod attached;
mod failure;
mod file;
mod kept;
mod path;
mod repeat;

pub use attached::Attached;
pub use failure::{Failure, SAID_CHARS};
pub use file::{FILE_IMAGE_BYTES, FILE_IMAGES_BASE64, FILE_TEXT_BYTES, File, FileError};
pub(crate) use kept::Asked;
pub use kept::{KEPT_BYTES, Kept};
pub use repeat::Remedy;

/// How many characters a title taken from the first message may have.
pub const TITLE_CHARS: usize = 60;

/// After this many milliseconds without a sign of life a running call says so (screens.md e.4, *silent*).
pub const SILENT_AFTER: u64 = 30_000;

/// What answers in a conversation that was put into direct mode.
pub const DIRECT: &str = "direct";

/// Names one item of a conversation; chosen by the caller, unique within the conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(String);

impl ItemId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ItemId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for ItemId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A conversation as it is shown and stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Names the conversation.
    pub id: ConversationId,
    /// Empty until something was said; then from the first message, until the person renames it.
    pub title: String,
    /// True once the person chose the title, which then never changes by itself.
    #[serde(default)]
    pub renamed: bool,
    /// When it was begun, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// When it last changed, in milliseconds since the Unix epoch.
    pub updated_at: u64,
    /// The connectors that are active in this conversation, in the order they were added.
    pub connectors: Vec<ConnectorId>,
    /// The accounts that the person chose for this conversation; at other connectors their usual one acts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<ConnectorId, ConnectionId>,
    /// What answers here, where it is not what answers everywhere: the id of a model, or [`DIRECT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mind: Option<String>,
    /// What it limits itself to (S085).
    #[serde(default, skip_serializing_if = "Mode::is_chat")]
    pub mode: Mode,
    /// How many calls a message may take in a mode with a plan, where the person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_allowed: Option<u32>,
    /// The single actions that are used here, of connectors where the person chose.
    #[serde(default, skip_serializing_if = "Chosen::is_empty")]
    pub chosen: Chosen,
    /// The actions that are always offered here, also where the others have to be searched for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// What those items follow that do not follow the one before them in the list: see `path`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forks: BTreeMap<ItemId, ItemId>,
    /// Where the way ends that is shown; none where that is the last item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<ItemId>,
    /// Everything that happened, oldest first, on every branch. [`Conversation::path`] is what is shown.
    pub items: Vec<Item>,
}

/// An action that is always offered in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pin {
    /// The connector that has it.
    pub connector: ConnectorId,
    /// Its name, as the server calls it.
    pub action: String,
}

/// One thing in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Names the item within its conversation.
    pub id: ItemId,
    /// When it was added, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What it is.
    pub body: Body,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// What the person typed.
    Said {
        /// The text, exactly as typed.
        text: String,
    },
    /// What a model answered.
    Answer(Answer),
    /// What direct mode suggests.
    Proposal(Proposal),
    /// A tool call.
    Call(Box<CallCard>),
    /// A remark of the host, such as why a turn stopped.
    Note {
        /// The remark, as plain text.
        text: String,
        /// What can be done about it, if something can.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remedy: Option<Remedy>,
    },
    /// What an app of a server says: words that the person let it say, or what it has a model know. Never the person's.
    FromApp(AppWords),
    /// A resource that the person attached to what they said next.
    Attached(Box<Attached>),
    /// A file of the person's computer that went with what they said next.
    File(Box<File>),
    /// The plan of a turn in several steps.
    Plan(Plan),
    /// What a search without a model found.
    Search(Search),
}

impl Body {
    /// A remark about which there is nothing to do.
    pub fn note(text: impl Into<String>) -> Self {
        Self::Note { text: text.into(), remedy: None }
    }
}

/// A search of everything that can be searched, without a model (S085, S087).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// What was looked for.
    pub text: String,
    /// The calls that look, one for each connector.
    pub calls: Vec<CallId>,
    /// The connectors that could not be asked, each with the reason in words.
    pub left_out: Vec<String>,
}

/// What an app of a server says in a conversation (MCP Apps, `ui/message` and `ui/update-model-context`; X95).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppWords {
    /// The connector whose app it is.
    pub connector: ConnectorId,
    /// Its name.
    pub connector_name: String,
    /// Its host.
    pub host: String,
    /// The words. The app's, as plain text.
    pub text: String,
    /// Data beside them.
    #[serde(default)]
    pub data: Option<Value>,
    /// True for what a model is to know at its next turn, false for words that were said.
    #[serde(default)]
    pub context: bool,
    /// What it had a model know before, as far as a model may have been told it: no longer told, and still a source of
    /// arguments (TR01).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub earlier: String,
}

impl AppWords {
    /// Words and data as one text.
    pub fn whole(&self) -> String {
        Self::as_text(&self.text, self.data.as_ref())
    }

    /// Words of an app and the data beside them as one text.
    pub fn as_text(text: &str, data: Option<&Value>) -> String {
        match data {
            None => text.to_owned(),
            Some(data) if text.is_empty() => data.to_string(),
            Some(data) => format!("{text}\n{data}"),
        }
    }
}

/// What a model answered, whole or so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The text so far. Markdown from a model: text, never markup, until a renderer that trusts nothing shows it.
    pub text: String,
    /// What the model said it was thinking, where the wire gives it. Never sent back to a model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub thinking: String,
    /// True when nothing more will come.
    pub done: bool,
    /// The model that answered, as configured.
    #[serde(default)]
    pub model: Option<String>,
    /// Why the answer is not whole, in words, if it is not.
    #[serde(default)]
    pub error: Option<String>,
    /// What it took in tokens, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The mode in which it was given.
    #[serde(default, skip_serializing_if = "Mode::is_chat")]
    pub mode: Mode,
    /// What its model gets back besides the words; none where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Box<Kept>>,
}

/// What direct mode suggests for one message: one step, or several to be run one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The message that was understood.
    pub text: String,
    /// The steps in order. Empty when no action that is switched on fits.
    pub steps: Vec<ProposalStep>,
}

/// One step of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProposalStep {
    /// The part of the message that this step is about.
    pub text: String,
    /// The actions that fit, best first.
    pub choices: Vec<Choice>,
    /// True when the first choice is not clearly the best, so that the person has to pick.
    pub unsure: bool,
    /// The call that was started from this step, if one was.
    #[serde(default)]
    pub call: Option<CallId>,
}

/// An action that fits a step, with the arguments that were seen in the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The connector that has the action.
    pub connector: ConnectorId,
    /// Its name.
    pub connector_name: String,
    /// Its host: the part of its identity that cannot be made up (X26).
    pub host: String,
    /// Its badge (`Dev`, `custom`, `demo`), if any.
    pub badge: Option<String>,
    /// The action's name, as the server calls it.
    pub action: String,
    /// The action's title, or its name.
    pub title: String,
    /// What the action may do.
    pub class: Class,
    /// Where the class comes from.
    pub class_source: ClassSource,
    /// The action's input schema, as it was when the proposal was made.
    pub input_schema: Value,
    /// The arguments seen in the text.
    pub arguments: Map<String, Value>,
    /// The words of the text that made this action fit.
    pub matched: Vec<String>,
}

/// A tool call, as a card shows it. The header is drawn by the host from these fields alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallCard {
    /// Names the call.
    pub call: CallId,
    /// Who asked for it.
    pub by: Caller,
    /// The connector that has the action.
    pub connector: ConnectorId,
    /// The connector's name.
    pub connector_name: String,
    /// The connector's host.
    pub host: String,
    /// The connector's badge, if any.
    #[serde(default)]
    pub badge: Option<String>,
    /// The account it runs as, where the connector has accounts: in words.
    #[serde(default)]
    pub account: Option<String>,
    /// Which account that is; none on cards from before there could be several, which is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_as: Option<ConnectionId>,
    /// The action's name, as the server calls it.
    pub action: String,
    /// The action's title, or its name.
    pub title: String,
    /// What the action may do.
    pub class: Class,
    /// Where the class comes from.
    pub class_source: ClassSource,
    /// The arguments, exactly as sent or as they would be sent.
    pub arguments: Value,
    /// Where the call stands.
    pub state: CallState,
    /// More about why it did not work, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<Failure>>,
    /// The call that the person had made again by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<CallId>,
    /// When it was asked for, in milliseconds since the Unix epoch.
    pub started_at: u64,
    /// When it began to run, which is later than `started_at` where a person had to decide first.
    #[serde(default)]
    pub running_since: Option<u64>,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<u64>,
    /// The last sign of life of the server during the call.
    #[serde(default)]
    pub signal_at: Option<u64>,
    /// How far the server says it is.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// The whole `CallToolResult`, as received.
    #[serde(default)]
    pub result: Option<Value>,
    /// How its structured part breaks the schema that the server promised, if it does: the first problem (X57).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<String>,
    /// What became of the look that somebody takes at the result before a model is told it. None where nobody does (X54).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// Why it was allowed to run: the rule or the decision, in words.
    #[serde(default)]
    pub why: Option<String>,
    /// True when the server answered after the call had been given up; the answer was thrown away (X116).
    #[serde(default)]
    pub late: bool,
    /// The place of its result among the results of the conversation, from 1: see [`crate::sources`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
}

/// What a person said about a result before a model was told it (X54).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Look {
    /// Nothing yet. No model is told the result.
    Waiting,
    /// A model may be told it as it came.
    Passed,
    /// A model may be told this instead.
    Edited {
        /// The person's version of it.
        text: String,
    },
    /// No model is told it.
    Withheld,
    /// Nobody said anything: the turn was stopped, or the page was closed.
    NotAnswered,
}

impl Look {
    /// Whether something can still be said.
    pub fn open(&self) -> bool {
        matches!(self, Self::Waiting | Self::NotAnswered)
    }
}

/// How far a server says it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Units done.
    pub done: f64,
    /// Units in all, if the server knows.
    #[serde(default)]
    pub total: Option<f64>,
    /// What the server says it is doing. Server text.
    #[serde(default)]
    pub message: Option<String>,
}

/// Whether a call reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// It surely did not.
    No,
    /// It did.
    Yes,
    /// Nobody can tell.
    Unknown,
}

/// Where a call stands (screens.md e.4). Every state has its own words, for people and for models (N05).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallState {
    /// Wanted, not yet decided on.
    Proposed,
    /// A person has to decide.
    Waiting,
    /// Sent; the server is at work.
    Running,
    /// The server asks the person something before it goes on.
    NeedsInput,
    /// It was not made: the person has to sign in first, or to give more access. It can be run again afterwards.
    NeedsSignIn {
        /// The scopes that are missing; empty when nobody is signed in (any more).
        scopes: Vec<String>,
        /// When the sign-in that was there ended, in milliseconds since the Unix epoch; none where there was none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<u64>,
    },
    /// The server did not run it: it wants the person to open a page first. It can be run again afterwards.
    NeedsPage,
    /// It ran and the server answered.
    Done,
    /// It did not work.
    Failed {
        /// The cause in words.
        cause: String,
        /// Whether it reached the server.
        sent: Sent,
    },
    /// A person said no.
    Denied {
        /// Why, if they said.
        reason: Option<String>,
    },
    /// Nobody decided in time.
    NotAnswered,
    /// It was sent and the connection broke: nobody knows whether it happened.
    Unknown {
        /// What broke, in words.
        cause: String,
    },
    /// The action changed since it was approved.
    Held,
    /// The rules do not allow it.
    Blocked {
        /// Why, in words.
        reason: String,
    },
    /// The person stopped it.
    Cancelled {
        /// Whether it had reached the server.
        sent: Sent,
    },
}

impl CallState {
    /// True when nothing more can happen to the call.
    pub fn ended(&self) -> bool {
        !matches!(self, Self::Proposed | Self::Waiting | Self::Running | Self::NeedsInput)
    }

    /// A stable short name of the state, for style sheets and tests: `waiting`, `not_answered`, ...
    pub fn name(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::NeedsInput => "needs_input",
            Self::NeedsSignIn { .. } => "needs_sign_in",
            Self::NeedsPage => "needs_page",
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Denied { .. } => "denied",
            Self::NotAnswered => "not_answered",
            Self::Unknown { .. } => "unknown",
            Self::Held => "held",
            Self::Blocked { .. } => "blocked",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl CallCard {
    /// What the header of the card says now; `now` in milliseconds since the Unix epoch (screens.md e.4).
    ///
    /// Causes and reasons may hold server text: show the sentence as text, isolated from its surroundings.
    pub fn header(&self, now: u64) -> String {
        match &self.state {
            CallState::Proposed => format!("Wants to {}", lower_first(&self.title)),
            CallState::Waiting => "Waiting for your decision".to_owned(),
            CallState::Running => self.running_words(now),
            CallState::NeedsInput => format!("{} is asking you something", self.host),
            CallState::NeedsSignIn { scopes, .. } if !scopes.is_empty() => {
                format!("More access needed: {}. Nothing was sent.", scopes.join(", "))
            }
            // The page says when: only it knows the time of day where the person is.
            CallState::NeedsSignIn { ended: Some(_), .. } => "Sign-in ended. Nothing was sent.".to_owned(),
            CallState::NeedsSignIn { .. } => "Sign-in needed. Nothing was sent.".to_owned(),
            CallState::NeedsPage => {
                format!("{} wants you to open a page first. Run it again when you are done there.", self.host)
            }
            CallState::Done => {
                let mut words = "Done".to_owned();
                if let Some(took) = self.took() {
                    words.push_str(&format!(" · {}", seconds(took)));
                }
                if let Some(why) = &self.why {
                    words.push_str(&format!(" · {why}"));
                }
                words
            }
            CallState::Failed { cause, sent } => {
                format!("Failed: {} · {}", cause.trim_end_matches('.'), sent_words(*sent))
            }
            CallState::Denied { .. } => "You declined. Nothing was sent.".to_owned(),
            CallState::NotAnswered => "Nobody answered. Nothing was sent.".to_owned(),
            CallState::Unknown { .. } => "Connection broke after sending. It may have happened.".to_owned(),
            CallState::Held => "This action changed since it was approved. Nothing was sent.".to_owned(),
            CallState::Blocked { reason } => {
                format!("Not allowed here: {}. Nothing was sent.", reason.trim_end_matches('.'))
            }
            CallState::Cancelled { sent: Sent::No } => "Cancelled. Nothing was sent.".to_owned(),
            CallState::Cancelled { .. } if self.late => {
                format!("Cancelled. {} answered later; the answer was not used.", self.host)
            }
            CallState::Cancelled { .. } => format!("Cancelled. {} may still finish.", self.host),
        }
    }

    /// What a model is told about the call: its result as untrusted content, or why there is none.
    ///
    /// `limit` caps the characters taken from the result. See [`crate::context::call_for_model`].
    pub fn for_model(&self, limit: usize) -> String {
        crate::context::call_for_model(self, limit)
    }

    /// How long the call ran, in milliseconds, once it has ended.
    pub fn took(&self) -> Option<u64> {
        let ended = self.ended_at?;
        Some(ended.saturating_sub(self.running_since.unwrap_or(self.started_at)))
    }

    /// True when a running call has given no sign of life for [`SILENT_AFTER`].
    pub fn silent(&self, now: u64) -> bool {
        self.state == CallState::Running && now.saturating_sub(self.last_signal()) >= SILENT_AFTER
    }

    fn last_signal(&self) -> u64 {
        self.signal_at.or(self.running_since).unwrap_or(self.started_at)
    }

    fn running_words(&self, now: u64) -> String {
        if self.silent(now) {
            return format!("No signal for {}", seconds(now.saturating_sub(self.last_signal())));
        }
        let since = self.running_since.unwrap_or(self.started_at);
        let mut words = format!("Running · {}", whole_seconds(now.saturating_sub(since)));
        if let Some(progress) = &self.progress {
            words.push_str(&match progress.total {
                Some(total) => format!(" · {} of {}", plain(progress.done), plain(total)),
                None => format!(" · {} done", plain(progress.done)),
            });
        }
        if let Some(at) = self.signal_at {
            words.push_str(&format!(" · last signal {} ago", whole_seconds(now.saturating_sub(at))));
        }
        words
    }
}

/// What can happen to a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An item was added, or replaces the one with its id.
    Put(Item),
    /// Text was appended to an answer.
    AnswerText {
        /// The answer.
        item: ItemId,
        /// What came.
        text: String,
    },
    /// The model thought aloud.
    AnswerThinking {
        /// The answer.
        item: ItemId,
        /// What came.
        text: String,
    },
    /// The provider said what an answer took.
    AnswerUsage {
        /// The answer.
        item: ItemId,
        /// In tokens.
        usage: Usage,
    },
    /// What an answer consists of besides its words became known.
    AnswerKept {
        /// The answer.
        item: ItemId,
        /// What is kept.
        kept: Box<Kept>,
    },
    /// A call that a model asked for in an answer got a card.
    AnswerCalled {
        /// The answer. It may have ended.
        item: ItemId,
        /// The id that the model's provider gave the call.
        id: String,
        /// The item with the card.
        card: ItemId,
    },
    /// Nothing more will be appended to an answer.
    AnswerEnded {
        /// The answer.
        item: ItemId,
        /// Why it is not whole, in words, if it is not.
        error: Option<String>,
    },
    /// A call went into another state.
    Call {
        /// The call.
        call: CallId,
        /// Its new state.
        state: CallState,
    },
    /// More became known of why a call does not work. Its state follows.
    CallFailed {
        /// The call.
        call: CallId,
        /// What is known.
        failure: Failure,
    },
    /// A call ended with an answer of the server.
    CallResult {
        /// The call.
        call: CallId,
        /// The whole `CallToolResult`, as received. With `isError` the call counts as failed.
        result: Value,
        /// How its structured part breaks what was promised, if it does.
        breaks: Option<String>,
        /// Whether somebody looks at it before a model is told it.
        reviewed: bool,
    },
    /// A person said what a model is told of a result, or will not any more.
    CallLooked {
        /// The call.
        call: CallId,
        /// What they said.
        look: Look,
    },
    /// The rule or decision that let a call run became known.
    CallAllowed {
        /// The call.
        call: CallId,
        /// The rule or decision, in words.
        why: String,
    },
    /// The person changed the arguments before allowing the call.
    CallEdited {
        /// The call.
        call: CallId,
        /// The arguments as they will be sent.
        arguments: Value,
    },
    /// The server gave a sign of life.
    CallSignal {
        /// The call.
        call: CallId,
        /// How far it says it is, if it says.
        progress: Option<Progress>,
    },
    /// A step of a proposal was started as a call.
    StepStarted {
        /// The proposal.
        item: ItemId,
        /// Which step, from 0.
        step: usize,
        /// The call.
        call: CallId,
    },
    /// The person chose a title.
    Renamed {
        /// The title; blank goes back to the one from the first message.
        title: String,
    },
    /// The person chose what answers here.
    Mind {
        /// The id of a model, [`DIRECT`], or none for what answers everywhere.
        mind: Option<String>,
    },
    /// The person chose the account that acts here at a connector.
    ActsAs {
        /// At which connector.
        connector: ConnectorId,
        /// Which account; none for the usual one.
        account: Option<ConnectionId>,
    },
    /// The person chose what the conversation limits itself to.
    Mode {
        /// The mode.
        mode: Mode,
        /// How many calls a message may take in a mode with a plan; none for [`plan::CALLS`].
        calls_allowed: Option<u32>,
    },
    /// The model told how far its plan is.
    Planned {
        /// The plan.
        item: ItemId,
        /// All its steps.
        steps: Vec<PlanStep>,
    },
    /// A call was made for a plan.
    PlanCalled {
        /// The plan.
        item: ItemId,
    },
    /// Nothing more is done for a plan.
    PlanEnded {
        /// The plan.
        item: ItemId,
        /// Why, in words.
        why: String,
    },
    /// The active connectors changed.
    Active {
        /// All that are active now.
        connectors: Vec<ConnectorId>,
    },
    /// The person chose which single actions are used here.
    Chosen {
        /// All that was chosen.
        chosen: Chosen,
    },
    /// The actions that are always offered here changed.
    Pins {
        /// All of them.
        pins: Vec<Pin>,
    },
    /// Another way through the conversation is shown, or is gone on with from there.
    Tip {
        /// Where it ends; [`ItemId::beginning`] where it is to begin anew.
        tip: ItemId,
    },
}

/// Why an event could not be applied. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The conversation has no such item.
    #[error("this conversation has no item `{0}`")]
    NoItem(ItemId),
    /// The conversation has no such call.
    #[error("this conversation has no call `{0}`")]
    NoCall(CallId),
    /// The item is of another kind.
    #[error("item `{0}` is not of the kind that this event is for")]
    Kind(ItemId),
    /// The call or the answer has ended, and what has ended stays as it is.
    #[error("`{0}` has already ended")]
    Ended(String),
    /// The proposal has no such step.
    #[error("item `{item}` has no step {step}")]
    NoStep {
        /// The proposal.
        item: ItemId,
        /// The step, from 0.
        step: usize,
    },
}

impl Conversation {
    /// An empty conversation, begun at `now` (milliseconds since the Unix epoch).
    pub fn new(id: ConversationId, connectors: Vec<ConnectorId>, now: u64) -> Self {
        Self {
            id,
            title: String::new(),
            renamed: false,
            created_at: now,
            updated_at: now,
            connectors,
            accounts: BTreeMap::new(),
            mind: None,
            mode: Mode::Chat,
            calls_allowed: None,
            chosen: Chosen::default(),
            pins: Vec::new(),
            forks: BTreeMap::new(),
            tip: None,
            items: Vec::new(),
        }
    }

    /// Applies what happened at `now` (milliseconds since the Unix epoch). Gives the item that is new or changed, if
    /// one is.
    ///
    /// # Errors
    /// [`ApplyError`] when the event is about something that is not there or has ended; then nothing changes, except
    /// that a late result marks its card as [`CallCard::late`].
    pub fn apply(&mut self, event: Event, now: u64) -> Result<Option<ItemId>, ApplyError> {
        let changed = self.change(event, now)?;
        self.updated_at = self.updated_at.max(now);
        Ok(changed)
    }

    fn change(&mut self, event: Event, now: u64) -> Result<Option<ItemId>, ApplyError> {
        match event {
            Event::Put(item) => {
                let id = item.id.clone();
                match self.items.iter_mut().find(|old| old.id == id) {
                    Some(old) => *old = item,
                    None => self.append(item),
                }
                self.retitle();
                Ok(Some(id))
            }
            Event::AnswerText { item, text } => {
                self.answer(&item)?.text.push_str(&text);
                Ok(Some(item))
            }
            Event::AnswerThinking { item, text } => {
                self.answer(&item)?.thinking.push_str(&text);
                Ok(Some(item))
            }
            Event::AnswerUsage { item, usage } => {
                self.answer(&item)?.usage = Some(usage);
                Ok(Some(item))
            }
            Event::AnswerKept { item, kept } => {
                self.answer(&item)?.kept = Some(kept);
                Ok(Some(item))
            }
            Event::AnswerCalled { item, id, card } => {
                let found =
                    self.items.iter_mut().find(|i| i.id == item).ok_or_else(|| ApplyError::NoItem(item.clone()))?;
                let Body::Answer(answer) = &mut found.body else { return Err(ApplyError::Kind(item)) };
                if let Some(kept) = &mut answer.kept {
                    kept.called(&id, card);
                }
                Ok(Some(item))
            }
            Event::AnswerEnded { item, error } => {
                let answer = self.answer(&item)?;
                answer.done = true;
                answer.error = error;
                Ok(Some(item))
            }
            Event::Call { call, state } => {
                let (id, card) = self.open_call(&call)?;
                enter(card, state, now);
                Ok(Some(id))
            }
            Event::CallFailed { call, failure } => {
                let (id, card) = self.open_call(&call)?;
                card.failure = Some(Box::new(failure));
                Ok(Some(id))
            }
            Event::CallLooked { call, look } => {
                let (id, card) = self.any_call(&call)?;
                match &card.look {
                    Some(known) if known.open() => card.look = Some(look),
                    _ => return Err(ApplyError::Ended(call.to_string())),
                }
                Ok(Some(id))
            }
            Event::CallResult { call, result, breaks, reviewed } => {
                if let Ok((_, card)) = self.any_call(&call)
                    && card.state.ended()
                {
                    card.late = true;
                }
                let nth = 1 + self.calls().filter_map(|card| card.nth).max().unwrap_or(0);
                let (id, card) = self.open_call(&call)?;
                card.nth = Some(nth);
                let state = match crate::results::error_text(&result) {
                    Some(cause) => CallState::Failed { cause, sent: Sent::Yes },
                    None => CallState::Done,
                };
                card.result = Some(result);
                card.breaks = breaks;
                card.look = reviewed.then_some(Look::Waiting);
                enter(card, state, now);
                Ok(Some(id))
            }
            Event::CallAllowed { call, why } => {
                let (id, card) = self.open_call(&call)?;
                card.why = Some(why);
                Ok(Some(id))
            }
            Event::CallEdited { call, arguments } => {
                let (id, card) = self.open_call(&call)?;
                card.arguments = arguments;
                Ok(Some(id))
            }
            Event::CallSignal { call, progress } => {
                let (id, card) = self.open_call(&call)?;
                card.signal_at = Some(now);
                if progress.is_some() {
                    card.progress = progress;
                }
                Ok(Some(id))
            }
            Event::StepStarted { item, step, call } => {
                let found =
                    self.items.iter_mut().find(|i| i.id == item).ok_or_else(|| ApplyError::NoItem(item.clone()))?;
                let Body::Proposal(proposal) = &mut found.body else {
                    return Err(ApplyError::Kind(item));
                };
                let Some(it) = proposal.steps.get_mut(step) else {
                    return Err(ApplyError::NoStep { item, step });
                };
                it.call = Some(call);
                Ok(Some(item))
            }
            Event::Renamed { title } => {
                let title = one_line(&title, 200);
                self.renamed = !title.is_empty();
                self.title = title;
                self.retitle();
                Ok(None)
            }
            Event::Mind { mind } => {
                self.mind = mind;
                Ok(None)
            }
            Event::ActsAs { connector, account } => {
                match account {
                    Some(account) => self.accounts.insert(connector, account),
                    None => self.accounts.remove(&connector),
                };
                Ok(None)
            }
            Event::Mode { mode, calls_allowed } => {
                self.mode = mode;
                self.calls_allowed = calls_allowed.map(|calls| calls.clamp(1, plan::MAX_CALLS));
                Ok(None)
            }
            Event::Planned { item, steps } => {
                self.open_plan(&item)?.steps = steps;
                Ok(Some(item))
            }
            Event::PlanCalled { item } => {
                self.open_plan(&item)?.calls += 1;
                Ok(Some(item))
            }
            Event::PlanEnded { item, why } => {
                self.open_plan(&item)?.end = Some(why);
                Ok(Some(item))
            }
            Event::Active { connectors } => {
                self.connectors = connectors;
                Ok(None)
            }
            Event::Chosen { chosen } => {
                self.chosen = chosen;
                Ok(None)
            }
            Event::Pins { pins } => {
                self.pins = pins;
                Ok(None)
            }
            Event::Tip { tip } => {
                self.go_to(tip);
                Ok(None)
            }
        }
    }

    /// How many calls a message may take in a mode with a plan.
    pub fn budget(&self) -> u32 {
        self.calls_allowed.unwrap_or(plan::CALLS)
    }

    /// The item with this id.
    pub fn item(&self, id: &ItemId) -> Option<&Item> {
        self.items.iter().find(|item| item.id == *id)
    }

    /// The card of this call.
    pub fn call(&self, call: &CallId) -> Option<&CallCard> {
        self.calls().find(|card| card.call == *call)
    }

    /// All call cards, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = &CallCard> {
        self.items.iter().filter_map(|item| match &item.body {
            Body::Call(card) => Some(card.as_ref()),
            _ => None,
        })
    }

    /// What a loaded record means after the page that wrote it has gone. Gives the items that changed.
    ///
    /// A question nobody answered counts as *not answered* and nothing was sent (X71); a call that was running has an
    /// unknown outcome and is never sent again by itself (X114); a result that waited for a look was not looked at (X54);
    /// an answer that was being written is marked as cut off.
    /// A read that broke off is told the same way: only the person repeats it.
    pub fn restore(&mut self, now: u64) -> Vec<ItemId> {
        self.restore_but(now, &[])
    }

    /// The same, but calls that go on, because their servers still have them as tasks: they stay under way. A question in
    /// the middle of one is asked anew.
    pub fn restore_but(&mut self, now: u64, go_on: &[CallId]) -> Vec<ItemId> {
        let mut changed = Vec::new();
        for item in &mut self.items {
            match &mut item.body {
                Body::Answer(answer) if !answer.done => {
                    answer.done = true;
                    answer.error = Some("the page was closed before the answer was complete".to_owned());
                }
                Body::Plan(plan) if plan.end.is_none() => {
                    plan.end = Some("Stopped: the page was closed in the middle".to_owned());
                }
                Body::Call(card) if go_on.contains(&card.call) && !card.state.ended() => {
                    if card.state == CallState::Running {
                        continue;
                    }
                    enter(card, CallState::Running, now);
                }
                Body::Call(card) if !card.state.ended() => {
                    let state = match card.state {
                        CallState::Running | CallState::NeedsInput => {
                            CallState::Unknown { cause: "the page was closed while the call was running".to_owned() }
                        }
                        _ => CallState::NotAnswered,
                    };
                    enter(card, state, now);
                }
                Body::Call(card) if card.look == Some(Look::Waiting) => card.look = Some(Look::NotAnswered),
                _ => continue,
            }
            changed.push(item.id.clone());
        }
        changed
    }

    /// True when some text in the conversation (title, what was said, answers, notes, call titles) contains all words
    /// of `query`, whatever the case. A blank query matches everything.
    pub fn mentions(&self, query: &str) -> bool {
        let mut words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let mut strike = |text: &str| {
            let text = text.to_lowercase();
            words.retain(|word| !text.contains(word.as_str()));
            words.is_empty()
        };
        if strike(&self.title) {
            return true;
        }
        self.items.iter().any(|item| match &item.body {
            Body::Said { text } | Body::Note { text, .. } => strike(text),
            Body::Answer(answer) => strike(&answer.text),
            Body::FromApp(words) => strike(&words.text),
            Body::File(file) => strike(&file.name),
            Body::Attached(one) => strike(&format!("{} {} {}", one.name, one.connector_name, one.host)),
            Body::Proposal(proposal) => strike(&proposal.text),
            Body::Plan(plan) => plan.steps.iter().any(|step| strike(&step.text)),
            Body::Search(search) => strike(&search.text),
            Body::Call(card) => strike(&format!("{} {} {}", card.title, card.connector_name, card.host)),
        })
    }

    fn retitle(&mut self) {
        if self.renamed {
            return;
        }
        let first = self.items.iter().find_map(|item| match &item.body {
            Body::Said { text } => Some(one_line(text, TITLE_CHARS)),
            _ => None,
        });
        if let Some(first) = first {
            self.title = first;
        }
    }

    fn answer(&mut self, id: &ItemId) -> Result<&mut Answer, ApplyError> {
        let item = self.items.iter_mut().find(|item| item.id == *id).ok_or_else(|| ApplyError::NoItem(id.clone()))?;
        match &mut item.body {
            Body::Answer(answer) if answer.done => Err(ApplyError::Ended(id.to_string())),
            Body::Answer(answer) => Ok(answer),
            _ => Err(ApplyError::Kind(id.clone())),
        }
    }

    fn open_plan(&mut self, id: &ItemId) -> Result<&mut Plan, ApplyError> {
        let item = self.items.iter_mut().find(|item| item.id == *id).ok_or_else(|| ApplyError::NoItem(id.clone()))?;
        match &mut item.body {
            Body::Plan(plan) if plan.end.is_some() => Err(ApplyError::Ended(id.to_string())),
            Body::Plan(plan) => Ok(plan),
            _ => Err(ApplyError::Kind(id.clone())),
        }
    }

    fn any_call(&mut self, call: &CallId) -> Result<(ItemId, &mut CallCard), ApplyError> {
        self.items
            .iter_mut()
            .find_map(|item| match &mut item.body {
                Body::Call(card) if card.call == *call => Some((item.id.clone(), card.as_mut())),
                _ => None,
            })
            .ok_or_else(|| ApplyError::NoCall(call.clone()))
    }

    fn open_call(&mut self, call: &CallId) -> Result<(ItemId, &mut CallCard), ApplyError> {
        let (id, card) = self.any_call(call)?;
        if card.state.ended() { Err(ApplyError::Ended(call.to_string())) } else { Ok((id, card)) }
    }
}

fn enter(card: &mut CallCard, state: CallState, now: u64) {
    if state == CallState::Running && card.running_since.is_none() {
        card.running_since = Some(now);
    }
    if state.ended() {
        card.ended_at = Some(now);
    }
    card.state = state;
}

/// `text` on one line, at most `limit` characters, cut at a word where one ends in the second half.
pub fn one_line(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let mut cut: String = line.chars().take(limit.saturating_sub(1)).collect();
    if let Some(space) = cut.rfind(' ').filter(|at| *at > cut.len() / 2) {
        cut.truncate(space);
    }
    cut.push('…');
    cut
}

pub(crate) fn sent_words(sent: Sent) -> &'static str {
    match sent {
        Sent::No => "nothing was sent",
        Sent::Yes => "it was sent",
        Sent::Unknown => "it may have been sent",
    }
}

/// A title with a small first letter, unless it begins with an abbreviation ("URL check").
fn lower_first(title: &str) -> String {
    let mut chars = title.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => first.to_lowercase().chain(chars).collect(),
        _ => title.to_owned(),
    }
}

/// A duration in words: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn seconds(millis: u64) -> String {
    if millis < 100 {
        return "under 0.1 s".to_owned();
    }
    if millis < 9_950 {
        let tenths = (millis + 50) / 100;
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    whole_seconds(millis)
}

fn whole_seconds(millis: u64) -> String {
    match millis / 1_000 {
        whole @ 0..60 => format!("{whole} s"),
        whole @ 60..7_200 => format!("{} min {} s", whole / 60, whole % 60),
        whole => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
    }
}

fn plain(number: f64) -> String {
    let rounded = (number * 10.0).round() / 10.0;
    format!("{rounded}")
}

#[cfg(test)]
pub(crate) mod tests;
