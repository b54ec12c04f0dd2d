//! What the pages and the package see: plain data, built here, never a handle into the machinery.

use chat::conversation::{Item, ItemId};
use chat::model::{Effort, Endpoint, Wire};
use chat::turn::Share;
use policy::{
    CallId, Class, ClassSource, ConnectionId, ConnectorId, ConversationId, Digest, Provenance, Remembering, SignIn,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::workspace::doctor::Verdict;

/// Milliseconds since 1970-01-01T00:00:00Z, from the browser's clock.
pub type Millis = u64;

/// Something in the workspace changed. Dispatched after the state is consistent and never while it is borrowed, so a
/// listener may call anything on the workspace.
#[derive(Clone, Debug)]
pub enum Change {
    /// Connectors, members or settings changed, here or in another tab.
    Rulebook,
    /// The list of conversations changed: a new one, a new title, a deletion, a new order.
    Conversations,
    /// One conversation changed as a whole; read it again.
    Conversation {
        /// Which one.
        id: ConversationId,
    },
    /// An item of a conversation is new or was replaced.
    Item {
        /// In which conversation.
        conversation: ConversationId,
        /// The item as it is now.
        item: Box<Item>,
    },
    /// Text was appended to an answer that is being streamed.
    Delta {
        /// In which conversation.
        conversation: ConversationId,
        /// The id of the item.
        item: ItemId,
        /// What to append.
        text: String,
    },
    /// A turn began or ended; see [`crate::Workspace::is_running`].
    Turn {
        /// In which conversation.
        conversation: ConversationId,
        /// Whether it is running now.
        running: bool,
    },
    /// The queue of questions to the person changed; see [`crate::Workspace::questions`].
    Questions,
    /// The questions which servers ask changed; see [`crate::Workspace::asks`].
    Asks,
    /// The state of a connection.
    Connection {
        /// Which connector.
        connector: ConnectorId,
        /// The account that it is for.
        account: ConnectionId,
        /// Its state now.
        status: ConnectionStatus,
    },
    /// A server does not tell when this list of it changes, although it says that it can: what is known of it may be old
    /// until it is read again.
    NotTold {
        /// Which connector.
        connector: ConnectorId,
        /// Which list.
        list: mcp::Listed,
    },
    /// The list of models or the chosen one changed.
    Models,
    /// Rows were added to the record, here or in another tab, or a check of it came to something else than the last.
    Record,
    /// What can be kept on this device changed.
    Storage(StorageState),
    /// The workspace stopped after an internal fault. Every later call fails with [`crate::error::Code::Dead`].
    Dead,
}

/// Where things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageState {
    /// On this device, across reloads.
    Kept,
    /// Only in memory, because the caller asked for it.
    Memory,
    /// Only until the tab closes, although more was asked for: a private window, blocked or broken storage.
    Unavailable {
        /// What the browser said.
        why: String,
    },
    /// The last change could not be kept: the browser's quota is used up.
    Full {
        /// What the browser said.
        why: String,
    },
}

/// How much a connector is used, as far as the record of this browser knows and its reader sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many calls were wanted, made or not.
    pub calls: u64,
    /// When one of the latest calls last succeeded; none where none of them did.
    pub succeeded: Option<Millis>,
}

/// How much is stored, in bytes, as far as the browser tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageUse {
    /// Where things are kept.
    pub state: StorageState,
    /// One line per table, largest first.
    pub tables: Vec<TableUse>,
    /// Bytes used by this origin as the browser estimates them.
    pub used: Option<u64>,
    /// Bytes this origin may use as the browser estimates them.
    pub quota: Option<u64>,
    /// Whether the browser promised not to evict the data on its own.
    pub persisted: bool,
}

/// One table of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUse {
    /// Its name: settings, conversations, audit, notes, models, secrets.
    pub name: &'static str,
    /// Number of records.
    pub records: u64,
    /// Size of the records as JSON text, in bytes.
    pub bytes: u64,
}

/// The state of the connection of one account to a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Not opened yet; it is opened when first needed.
    Idle,
    /// Being opened.
    Connecting,
    /// Open, and what the server offers is what was approved.
    Connected {
        /// The protocol revision in use, for example `2025-11-25`.
        protocol: String,
        /// The later revision that the server spoke last time, if it stepped back since (X112).
        before: Option<String>,
    },
    /// Open, but these actions differ from what was approved; they are held (X35).
    Changed {
        /// The protocol revision in use.
        protocol: String,
        /// The later revision that the server spoke last time, if it stepped back since (X112).
        before: Option<String>,
        /// Names of the actions which differ or are gone.
        actions: Vec<String>,
    },
    /// The server wants a sign-in that is missing or has ended.
    SignIn {
        /// One sentence.
        why: String,
    },
    /// The server cannot be reached or broke the protocol.
    Failed {
        /// One sentence.
        why: String,
        /// The next step.
        next: String,
    },
}

/// One account of the person at a connector, as pages show it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Which account.
    pub id: ConnectionId,
    /// Its name: the person's or the provider's words.
    pub name: String,
    /// The authorization server that it is signed in at; none while nobody is, or it was not looked at yet.
    pub issuer: Option<String>,
    /// When it asks, before the ceilings of workspace and connector.
    pub confirm: policy::Confirm,
    /// Whether it acts where no other was chosen.
    pub usual: bool,
}

/// How a connector's live list differs from its approved snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Actions whose definition changed.
    pub changed: Vec<String>,
    /// Actions which are gone.
    pub removed: Vec<String>,
    /// Actions which are new; they are off until somebody reviews them.
    pub added: Vec<String>,
}

impl Drift {
    /// Whether live and approved are the same.
    pub fn is_none(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty() && self.added.is_empty()
    }
}

/// One line of the list of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationHead {
    /// Its id, as in the route `/c/:id`.
    pub id: ConversationId,
    /// Its title; empty until something is said.
    pub title: String,
    /// When it was started.
    pub created_at: Millis,
    /// When something last happened in it.
    pub updated_at: Millis,
}

/// What the person fills in to add a connector.
#[derive(Clone, Debug)]
pub struct NewConnector {
    /// The name it is shown under.
    pub name: String,
    /// What it is for, in the person's words.
    pub description: String,
    /// The address as typed.
    pub address: String,
    /// Who built the server, as the person says.
    pub provenance: Provenance,
    /// How one signs in.
    pub sign_in: SignIn,
    /// The secret value for [`SignIn::Header`]; for [`SignIn::OAuth`] the secret of the client, where it has one.
    pub header_value: Option<String>,
    /// How long the secret and the sign-in are kept.
    pub keep: Keep,
    /// The colour of the monogram, 0 to 7, when chosen.
    pub colour: Option<u8>,
}

/// How long a token or key is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Gone with a reload.
    Memory,
    /// Until the tab closes; survives a reload, encrypted under a key that cannot be read out.
    #[default]
    Tab,
    /// On this device until removed, encrypted under a key that cannot be read out.
    Device,
}

/// The lines of the scan's checklist, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScanKind {
    /// Something answers at the address.
    Reachable,
    /// It lets this page talk to it.
    Cors,
    /// A protocol revision both sides speak.
    Protocol,
    /// The sign-in is accepted.
    SignIn,
    /// The list of actions could be read to its end.
    List,
    /// The schemas can be used.
    Schemas,
    /// What was left out, and why.
    Excluded,
}

impl ScanKind {
    /// Every line, in order.
    pub const ALL: [ScanKind; 7] = [
        ScanKind::Reachable,
        ScanKind::Cors,
        ScanKind::Protocol,
        ScanKind::SignIn,
        ScanKind::List,
        ScanKind::Schemas,
        ScanKind::Excluded,
    ];
}

/// One line of the checklist changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanStep {
    /// Which line.
    pub kind: ScanKind,
    /// Its state now.
    pub state: StepState,
}

/// The state of one line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Being checked.
    Running,
    /// Good, with what was found.
    Ok(String),
    /// Not good.
    Failed {
        /// What happened, one sentence.
        why: String,
        /// What to do, one sentence.
        next: String,
    },
}

/// What a scan found; hand it to [`crate::Workspace::create_draft`].
#[derive(Clone, Debug)]
pub struct Scanned {
    /// The address after the browser's normalisation; this is what is connected to.
    pub address: String,
    /// What the server offers, as it will be approved.
    pub snapshot: policy::Snapshot,
    /// Actions that were left out, with the reason.
    pub excluded: Vec<Excluded>,
}

/// An action that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Its name, or `(without a name)`.
    pub name: String,
    /// The reason, one sentence.
    pub why: String,
}

/// Why a scan stopped, with the line of the checklist it stopped at.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct ScanError {
    /// The line of the checklist.
    pub at: ScanKind,
    /// What happened and what to do.
    pub error: Error,
}

/// What to do in one call outside a conversation (the package, the inspector).
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// The connector.
    pub connector: ConnectorId,
    /// The name of the action as the server calls it.
    pub action: String,
    /// The arguments.
    pub arguments: Map<String, Value>,
}

/// A question to the person: may this call run?
#[derive(Clone, Debug)]
pub struct Asked {
    /// The call that waits.
    pub id: CallId,
    /// The conversation it belongs to, if any.
    pub conversation: Option<ConversationId>,
    /// What an approval names: the digest of the frozen call as shown. Hand it back with the answer; an answer that
    /// names another digest is refused (X66).
    pub shown: Digest,
    /// What to show.
    pub view: QuestionView,
}

/// Everything the confirmation shows, built from the frozen call only (X65).
#[derive(Clone, Debug)]
pub struct QuestionView {
    /// The connector.
    pub connector: ConnectorId,
    /// Its name.
    pub connector_name: String,
    /// Its host; shown wherever the name is (X26).
    pub host: String,
    /// `Dev`, `custom`, `demo`, or none.
    pub badge: Option<String>,
    /// The colour of its monogram, 0 to 7.
    pub tint: u8,
    /// Whether the server runs on this machine or network.
    pub local: bool,
    /// The account that acts, for example `no sign-in`, `header Authorization` or `signed in at https://as.example`.
    pub account: String,
    /// The name of the action as sent.
    pub action: String,
    /// The title of the action, the server's words.
    pub action_title: String,
    /// What will happen, for example `Run “Create note” in Notebook`.
    pub verb_sentence: String,
    /// The class that counts.
    pub class: Class,
    /// Where the class comes from.
    pub class_source: ClassSource,
    /// The source of the class in words, for example `server claims read-only`.
    pub class_sentence: String,
    /// Whether the action may reach beyond its server, as the server says (silence means yes).
    pub open_world: bool,
    /// Every argument, in the order in which it is sent.
    pub arguments: Map<String, Value>,
    /// The exact text of the arguments that will be sent.
    pub arguments_text: String,
    /// Which arguments repeat something that a server said earlier in this conversation (X75).
    pub lineage: Vec<LineageNote>,
    /// Arguments which the server also wants in a request header (X43).
    pub headers: Vec<HeaderNote>,
    /// The whole definition as received.
    pub definition: Value,
    /// Its digest.
    pub digest: Digest,
    /// Why this asks, one sentence each.
    pub reasons: Vec<String>,
    /// Values that look like a password, key or token (X59).
    pub secrets: Vec<SecretNote>,
    /// Invisible or direction-changing characters in the arguments (X32).
    pub hidden: Vec<HiddenNote>,
    /// Who wants the call, for example `the model` or `you`.
    pub by: String,
    /// Whether it is the app of the connector that wants it, which the person did not ask for by themselves (X94).
    pub by_app: bool,
    /// Place in the queue, from 1.
    pub position: usize,
    /// Length of the queue.
    pub of: usize,
    /// How many calls in the queue, this one included, want the same action of the same connector (X69).
    pub alike: usize,
    /// Nothing can be allowed until the person says that they go on: after how many decisions of this turn (X69).
    pub paused_after: Option<usize>,
    /// How the answer can be remembered.
    pub remembering: Remembering,
    /// Since when it waits.
    pub asked_at: Millis,
}

/// An argument that repeats what a server said earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineageNote {
    /// Where it is: a JSON pointer (RFC 6901) into the arguments, for example `/items/0/name`.
    pub path: String,
    /// The connector it came from.
    pub connector_name: String,
    /// The host it came from.
    pub host: String,
    /// Not everybody may read what it came from ([`policy::lineage::holds_private`]).
    pub private: bool,
    /// Somebody else may have written it.
    pub untrusted: bool,
    /// The text both have in common.
    pub text: String,
}

/// An argument that is also sent as a request header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderNote {
    /// The header's name.
    pub header: String,
    /// The argument's name; of a nested one the names that lead to it, joined by dots.
    pub argument: String,
}

/// An argument that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretNote {
    /// Where it is: a JSON pointer (RFC 6901) into the arguments.
    pub path: String,
    /// What it looks like, for example `a private key`.
    pub looks_like: String,
}

/// Hidden characters in an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenNote {
    /// Where it is: a JSON pointer (RFC 6901) into the arguments.
    pub path: String,
    /// How many there are.
    pub count: usize,
    /// Their names, each once.
    pub names: Vec<String>,
}

/// What the person decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Run exactly what was shown, once.
    AllowOnce,
    /// Run it, and the next calls of this action in this conversation without asking.
    AllowHere,
    /// Run it, and the next calls of this action, which only reads, without asking for so long, in milliseconds.
    AllowFor(Millis),
    /// Do not run it.
    Deny {
        /// In the person's words; the model is told.
        reason: Option<String>,
    },
    /// Ask again with these arguments: a new question, nothing is sent by this.
    Edit {
        /// The arguments to ask about.
        arguments: Map<String, Value>,
    },
    /// Do not run it nor anything else that waits in its conversation, and stop the turn.
    DenyAllAndStop,
}

/// A question which a server asks the person (elicitation).
#[derive(Clone, Debug)]
pub struct ElicitationView {
    /// Its id, for [`crate::Workspace::answer_ask`].
    pub id: String,
    /// The connector that asks.
    pub connector: ConnectorId,
    /// Its name.
    pub connector_name: String,
    /// Its host.
    pub host: String,
    /// The call during which it asks, if known.
    pub call: Option<CallId>,
    /// The conversation, if known.
    pub conversation: Option<ConversationId>,
    /// The server's message, plain text.
    pub message: String,
    /// What it wants.
    pub kind: ElicitationKind,
    /// How often the same question was asked before during the same call (X84).
    pub repeated: u32,
    /// The call is over: its server wants this page opened first, and the person runs it again when that is done.
    pub run_again: bool,
    /// The server says that what it wanted the page opened for is done.
    pub done: bool,
    /// Since when it waits.
    pub asked_at: Millis,
}

/// What a server wants from the person.
#[derive(Clone, Debug, PartialEq)]
pub enum ElicitationKind {
    /// Values for a form.
    Form {
        /// The JSON Schema of the form.
        schema: Value,
    },
    /// A page to open, by a click only (X81).
    Url {
        /// The whole URL, as text.
        url: String,
        /// Its host, empty when it cannot be opened.
        host: String,
        /// Why it cannot be opened, when its scheme is not `https:`.
        refused: Option<String>,
    },
}

/// The person's answer to a server's question.
#[derive(Clone, Debug, PartialEq)]
pub enum AskAnswer {
    /// The values of the form; for a URL an empty object, meaning that the page was opened.
    Submit(Value),
    /// The person does not want to give it.
    Decline,
    /// The person left the question.
    Cancel,
    /// Nobody can be asked where this runs: it is declined, and the record says so.
    Unattended,
}

/// A language model behind an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Its id here; empty for a new one.
    pub id: String,
    /// The name it is shown under.
    pub name: String,
    /// The preset it was made from ([`chat::model::presets`]); empty for those made before there were presets.
    #[serde(default)]
    pub preset: String,
    /// What the endpoint speaks.
    #[serde(default)]
    pub wire: Wire,
    /// The base URL, for example `http://localhost:11434/v1`.
    pub base_url: String,
    /// The model's name at the provider.
    pub model: String,
    /// Size of its context in tokens, when known.
    pub context: Option<u32>,
    /// How much it is to think; none leaves it to the model.
    #[serde(default)]
    pub effort: Option<Effort>,
    /// Whether a key is needed and how long it is kept; none when the provider takes no key.
    pub key: Option<Keep>,
}

impl ModelConfig {
    /// Where it is, for the wires.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            wire: self.wire,
            base_url: self.base_url.clone(),
            model: self.model.clone(),
            context: self.context,
            effort: self.effort,
        }
    }
}

/// About how much of a model's context a conversation takes, in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextUse {
    /// How many actions are offered from the beginning of a turn.
    pub actions: usize,
    /// How many there are; where that is more, the model searches for the others.
    pub all: usize,
    /// What their definitions take. An estimate.
    pub definitions: u64,
    /// What of that each connector takes.
    pub shares: Vec<Share>,
    /// What the conversation and the words before it take. An estimate.
    pub history: u64,
    /// What the model holds, where it is known.
    pub limit: Option<u32>,
}

/// One question of a test of a model, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCheck {
    /// What was asked, in words.
    pub asked: &'static str,
    /// What came back, in words.
    pub answered: String,
    /// How that is.
    pub verdict: Verdict,
    /// What to do, when it is not good.
    pub remedy: Option<String>,
}

/// Which rows of the audit log to read. The newest come first.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only this connector.
    pub connector: Option<ConnectorId>,
    /// Only refusals.
    pub refusals_only: bool,
    /// Rows to skip, counted from the newest.
    pub skip: usize,
    /// Rows to return; 0 means 100.
    pub take: usize,
}

/// What a check of the audit log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditState {
    /// How many rows there are.
    pub rows: u64,
    /// Everything that is wrong, in the order of the rows; empty when the chain is whole.
    pub broken: Vec<policy::audit::Broken>,
    /// The last checkpoint among the rows.
    pub checkpoint: Option<policy::audit::Checkpoint>,
}

/// Which lines of the record to show. Every field narrows it down; all of them are looked up in an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Which kind of line.
    pub part: RecordPart,
    /// Only what this person wanted or changed.
    pub person: Option<policy::MemberId>,
    /// Only calls and questions of this connector.
    pub connector: Option<ConnectorId>,
    /// Only calls of this action, by its exact name.
    pub action: Option<String>,
    /// Only calls that were decided like this.
    pub decided: Option<policy::audit::Decided>,
    /// Only calls of this class.
    pub class: Option<Class>,
    /// Only calls that this remembered answer allowed.
    pub grant: Option<policy::GrantId>,
    /// Not before this time.
    pub from: Option<Millis>,
    /// Not after this time.
    pub until: Option<Millis>,
}

/// The kinds of lines in the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordPart {
    /// Every call, made or not.
    #[default]
    Calls,
    /// Calls that were not made.
    Refusals,
    /// What servers asked, and what came of it.
    Questions,
    /// Everything that was changed.
    Changes,
}

/// A page of the record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordPage {
    /// Its lines, the newest first.
    pub lines: Vec<policy::audit::Line>,
    /// Where the next page begins; none on the last.
    pub next: Option<u64>,
}

/// What was sent or what came back, as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// The text, secrets masked, cut short.
    pub text: String,
    /// How many bytes it had.
    pub bytes: u64,
}

/// What is kept of a call for the auditors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// When the call was allowed.
    pub at: Millis,
    /// What was sent.
    pub arguments: KeptText,
    /// What came back; none when nothing did.
    pub result: Option<KeptText>,
}

/// A remembered answer as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The answer.
    pub grant: policy::Grant,
    /// Whether it still counts.
    pub standing: policy::Standing,
    /// How many calls it allowed.
    pub used: u64,
    /// When it allowed the last one.
    pub last_used: Option<Millis>,
}

/// Who answers when a call asks.
pub enum Confirm {
    /// The person at the page: the question is in [`crate::Workspace::questions`].
    Ask,
    /// A function of the embedding page.
    With(Box<dyn Fn(Asked) -> futures_util::future::LocalBoxFuture<'static, Answer>>),
    /// Nobody: whatever asks is declined.
    Never,
}

impl std::fmt::Debug for Confirm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Confirm::Ask => "Ask",
            Confirm::With(_) => "With(..)",
            Confirm::Never => "Never",
        })
    }
}

/// A call that ran.
#[derive(Clone, Debug, PartialEq)]
pub struct CallDone {
    /// Which call; the audit log has it under this id.
    pub id: CallId,
    /// The whole `CallToolResult` as received. `isError` in it means that the tool says it failed.
    pub result: Value,
}
