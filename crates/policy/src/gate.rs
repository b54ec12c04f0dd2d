//! The one way to a tool.
//!
//! Whoever wants a call made (the model, the person, an MCP App, the SDK, an automatic step), it goes through
//! [`decide`], and only what comes out of it can be sent:
//!
//! ```text
//! decide(call, rules) -> Run(Permit) | Ask(Question) | Refuse(Refusal)
//! ```
//!
//! * A [`Permit`] **is** the frozen call. Nothing outside this file can make one, copy one, or change one, and running
//!   it uses it up. What was shown is what is sent, byte for byte (X66).
//! * *Vetoes* and *grants* are separate kinds. A veto sets the least strict verdict that is still possible; a grant is
//!   the only thing that can make a call run unasked. Adding a veto never loosens, removing a grant never loosens, and
//!   both are sets, so order never matters.
//! * *Ask for everything* is a veto too, of the mildest kind: a reading action asks unless an answer was remembered.
//! * No verdict means ask. A rule that cannot be read means no. A question that nobody answers means no.
//! * An answer is checked against the rules of the moment it is given, not those of the moment it was asked (X70).
//!
//! Nobody can make a permit by hand:
//!
//! ```compile_fail,E0451
//! # fn forge(frozen: policy::Frozen) -> policy::Permit {
//! policy::Permit { frozen }
//! # }
//! ```
//!
//! nor the frozen call inside it:
//!
//! ```compile_fail,E0451
//! # fn forge(call: policy::Call, basis: policy::Basis, class: policy::Class) -> policy::Frozen {
//! policy::Frozen { call, arguments: "{}".into(), basis, class }
//! # }
//! ```
//!
//! nor copy one:
//!
//! ```compile_fail,E0599
//! # fn copy(permit: policy::Permit) {
//! let other: policy::Permit = permit.clone();
//! # }
//! ```
//!
//! nor use one twice:
//!
//! ```compile_fail,E0382
//! # fn twice(permit: policy::Permit) {
//! let once = permit.spend();
//! let again = permit.spend();
//! # }
//! ```
//!
//! nor read one from storage:
//!
//! ```compile_fail,E0277
//! # fn load(text: &str) -> policy::Permit {
//! serde_json::from_str(text).unwrap()
//! # }
//! ```
//!
//! nor answer one question twice:
//!
//! ```compile_fail,E0382
//! # fn twice(question: policy::Question, rules: &policy::Rules) {
//! let first = question.allow(rules);
//! let second = question.allow(rules);
//! # }
//! ```
//!
//! nor slip a grant into the rules:
//!
//! ```compile_fail,E0616
//! # fn slip(rules: &mut policy::Rules) {
//! rules.grants.insert(policy::Basis::Reading);
//! # }
//! ```

use crate::index::Lookup;
use crate::{
    Action, CallId, Cause, Class, ClassSource, Classified, Confirm, ConnectionId, Connector, ConnectorId, Control,
    ConversationId, Digest, Grant, GrantId, LONGEST_ANSWER, MemberId, Millis, Provider, Remember, Remembering,
    Rulebook, Why, lineage, rules::Effect,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Who wants a call made. It changes what may be called, never whether a write asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// A language model.
    Model,
    /// The person, by hand or in direct mode.
    Person,
    /// An MCP App in its frame.
    App,
    /// A portal, through the package.
    Sdk,
    /// A step that nobody is watching: agents and scheduled work.
    Automatic,
}

/// One call that somebody wants made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Which call.
    pub id: CallId,
    /// The connector.
    pub connector: ConnectorId,
    /// The account.
    pub connection: ConnectionId,
    /// The action's exact name.
    pub action: String,
    /// The digest of the action's definition as the server lists it now.
    pub definition: Digest,
    /// The arguments, complete.
    pub arguments: Map<String, Value>,
    /// Who wants it made.
    pub by: Caller,
    /// For whom.
    pub member: MemberId,
    /// In which conversation, if any.
    pub conversation: Option<ConversationId>,
    /// When it was wanted.
    pub at: Millis,
}

impl Call {
    /// The arguments as JSON text, in their own order: what is shown, and what is sent.
    pub fn arguments_json(&self) -> String {
        // A map of JSON values always has a text.
        serde_json::to_string(&self.arguments).unwrap_or_default()
    }

    /// Every field, byte after byte: rules made for one call do not decide another. `arguments` is their text, so that no
    /// number is rounded on the way and it is written once.
    fn bytes(&self, arguments: &str) -> Bytes {
        let conversation = self.conversation.as_ref();
        // Each part stands behind its length, so that no two calls make the same bytes.
        let parts = [
            self.id.as_str(),
            self.connector.as_str(),
            self.connection.as_str(),
            &self.action,
            self.definition.as_str(),
            arguments,
            self.member.as_str(),
            conversation.map_or("", ConversationId::as_str),
        ];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum::<usize>() + 16);
        for part in parts {
            bytes.extend_from_slice(&part.len().to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&[self.by as u8, u8::from(conversation.is_some())]);
        bytes.extend_from_slice(&self.at.to_le_bytes());
        Bytes(bytes)
    }
}

/// Which call it is, whole: comparing takes less than hashing, and misses nothing.
#[derive(Clone, PartialEq, Eq)]
struct Bytes(Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The arguments are in it, and what is debugged must not have them.
        write!(f, "Bytes({})", self.0.len())
    }
}

/// Which of the things that have a say set a veto. The strictest of them wins, whatever its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The workspace and its plan.
    Workspace,
    /// The connector.
    Connector,
    /// Who may use it.
    Access,
    /// The action.
    Action,
    /// The account.
    Account,
    /// The conversation.
    Conversation,
}

/// A rule that can only make things stricter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Veto {
    level: Level,
    floor: Floor,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    /// Ask because of this, unless an answer was remembered.
    Unanswered(String),
    /// At least ask, because of this.
    Ask(String),
    /// Refuse.
    Refuse(Cause),
}

impl Veto {
    /// Asks, whatever any grant says.
    pub fn ask(level: Level, because: impl Into<String>) -> Self {
        Self { level, floor: Floor::Ask(because.into()) }
    }

    /// Asks unless an answer was remembered.
    pub fn ask_unanswered(level: Level, because: impl Into<String>) -> Self {
        Self { level, floor: Floor::Unanswered(because.into()) }
    }

    /// Refuses.
    pub fn refuse(level: Level, cause: Cause) -> Self {
        Self { level, floor: Floor::Refuse(cause) }
    }

    /// Who set it.
    pub fn level(&self) -> Level {
        self.level
    }
}

/// What allowed a call. Every row of the audit about a call that ran names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Basis {
    /// The workspace's rule that an action which is on and only reads may run.
    Reading,
    /// A remembered answer.
    Remembered {
        /// Which.
        grant: GrantId,
    },
    /// The person allowed this one call.
    Answer,
}

impl Basis {
    /// The basis in words, for *why was this allowed*.
    pub fn sentence(&self) -> &'static str {
        match self {
            Basis::Reading => "allowed because it only reads",
            Basis::Remembered { .. } => "allowed by your answer that was remembered",
            Basis::Answer => "allowed by you, once",
        }
    }
}

/// What the person is shown about the thing called, as the rules know it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Facts {
    classified: Classified,
    /// The strictest class that the definition or an admin gives the action.
    strictest: Class,
    open_world: bool,
    /// Everybody can use the connector.
    public: bool,
    name: String,
    host: String,
    address: String,
    remembering: Remembering,
}

/// Everything that has a say about one call.
///
/// Made by [`Rules::of`] for exactly one call; from outside it can only be made stricter.
#[derive(Clone, Debug)]
pub struct Rules {
    call: Bytes,
    facts: Option<Facts>,
    vetoes: BTreeSet<Veto>,
    grants: BTreeSet<Basis>,
    /// The rules on values that could not be held against anything, in words.
    unjudged: Vec<String>,
}

/// How a call would come out, without the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It runs unasked.
    Run,
    /// The person is asked.
    Ask,
    /// It is refused.
    Refuse,
}

impl Rules {
    /// Collects what the rulebook says about one call.
    pub fn of(book: &Rulebook, call: &Call) -> Self {
        Self::found(book, book, call)
    }

    /// The same for a call of which nobody knows what it sends: rules on values have no say, and are told by
    /// [`Rules::unjudged`]. It is for explaining. No call is decided by it, for these are the rules of none.
    pub fn of_any(book: &Rulebook, call: &Call) -> Self {
        let mut rules = Self::empty(Bytes(Vec::new()));
        rules.collect(book, book, call, &call.arguments_json(), false);
        rules
    }

    fn empty(call: Bytes) -> Self {
        Self { call, facts: None, vetoes: BTreeSet::new(), grants: BTreeSet::new(), unjudged: Vec::new() }
    }

    /// The same, with whoever finds things in the rulebook: [`crate::Indexed`] is faster and finds the same.
    pub(crate) fn found(book: &Rulebook, by: &impl Lookup, call: &Call) -> Self {
        let arguments = call.arguments_json();
        let mut rules = Self::empty(call.bytes(&arguments));
        rules.collect(book, by, call, &arguments, true);
        rules
    }

    /// Collects what has a say; `sent` is whether the arguments are what is sent.
    fn collect(&mut self, book: &Rulebook, by: &impl Lookup, call: &Call, arguments: &str, sent: bool) {
        if book.workspace.lockdown {
            self.refuse(Level::Workspace, Cause::Lockdown);
        }
        if by.is_ambiguous(&call.connector) {
            self.refuse(
                Level::Connector,
                Cause::Broken { what: format!("there are two connectors `{}`", call.connector) },
            );
        }
        match (by.find_member(&call.member), by.find_connector(&call.connector)) {
            (Ok(member), Ok(connector)) => {
                if let Err(why) = book.may_use(connector, member) {
                    self.refuse(Level::Access, why.into());
                }
                match by.find_action(connector, &call.action) {
                    Some((action, control)) => {
                        self.about(book, connector, action, control, call, sent);
                        if !action.intact() || !by.is_whole(connector) {
                            self.refuse(
                                Level::Action,
                                Cause::Broken {
                                    what: format!("the stored definition of `{}` is damaged", call.action),
                                },
                            );
                        }
                        self.remembered(book, by, connector, call, arguments);
                    }
                    None => self.refuse(Level::Action, Why::UnknownAction(call.action.clone()).into()),
                }
            }
            (Err(why), _) => self.refuse(Level::Access, why.into()),
            (_, Err(why)) => self.refuse(Level::Connector, why.into()),
        }
    }

    /// Makes the rules stricter.
    pub fn add(&mut self, veto: Veto) {
        self.vetoes.insert(veto);
    }

    /// Looks at where the arguments came from: a [`lineage::Flow`] always asks, whatever was remembered, and its answer
    /// cannot be remembered (X75, N20).
    pub fn add_lineage(&mut self, call: &Call, sources: &[lineage::Source], traces: &[lineage::Trace]) {
        let known = self.facts.as_ref();
        let sink = lineage::Sink {
            connector: &call.connector,
            // What is not known may be the worst.
            class: known.map_or(Class::Destructive, |facts| facts.strictest),
            public: known.is_none_or(|facts| facts.public || facts.open_world),
            open_world: known.is_none_or(|facts| facts.open_world),
        };
        let flows: Vec<String> = traces
            .iter()
            .filter_map(|trace| {
                let source = sources.get(trace.source)?;
                let argument = crate::rules::argument_name(&trace.path);
                Some(lineage::Flow::of(source, sink)?.sentence(&argument, source))
            })
            .collect();
        if let (false, Some(facts)) = (flows.is_empty(), &mut self.facts) {
            facts.remembering = Remembering::default();
        }
        for because in flows {
            self.add(Veto::ask(Level::Conversation, because));
        }
    }

    /// How the call would come out.
    pub fn verdict(&self) -> Verdict {
        let floor = self.vetoes.iter().map(|veto| match veto.floor {
            Floor::Unanswered(_) => Verdict::Run,
            Floor::Ask(_) => Verdict::Ask,
            Floor::Refuse(_) => Verdict::Refuse,
        });
        // No verdict means ask: only a grant can say anything milder.
        let granted = if self.basis().is_none() { Verdict::Ask } else { Verdict::Run };
        floor.max().unwrap_or(Verdict::Run).max(granted)
    }

    /// What would let the call run unasked, if nothing else asks: where everything asks, that it only reads is not
    /// enough.
    pub(crate) fn basis(&self) -> Option<&Basis> {
        let answers_only = self.asks_unanswered();
        self.grants.iter().find(|basis| !answers_only || matches!(basis, Basis::Remembered { .. }))
    }

    fn asks_unanswered(&self) -> bool {
        self.vetoes.iter().any(|veto| matches!(veto.floor, Floor::Unanswered(_)))
    }

    /// The class of the action; `None` when the action is not known.
    pub fn classified(&self) -> Option<Classified> {
        self.facts.as_ref().map(|facts| facts.classified)
    }

    /// Whether a remembered answer could spare the question, where the workspace allows this much of it.
    pub(crate) fn remembers(&self, allowed: Remember) -> bool {
        let could = self.classified().map(|known| self.rememberable(allowed, known.class));
        could.is_some_and(|could| could != Remembering::default())
    }

    /// The rules on values that would be held against what is sent, where that is not known: see [`Rules::of_any`].
    pub(crate) fn unjudged(&self) -> &[String] {
        &self.unjudged
    }

    /// Every reason to ask, sorted.
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self
            .vetoes
            .iter()
            .filter_map(|veto| match &veto.floor {
                Floor::Ask(because) => Some(because.clone()),
                Floor::Unanswered(because) => self.basis().is_none().then(|| because.clone()),
                Floor::Refuse(_) => None,
            })
            .collect();
        reasons.sort();
        reasons.dedup();
        if reasons.is_empty() && self.basis().is_none() {
            reasons.push(match self.classified() {
                Some(Classified { source: ClassSource::Unlabelled, .. }) => {
                    "the server does not say what this action does, so it counts as writing, and every write asks"
                        .into()
                }
                _ => "every action that writes asks".into(),
            });
        }
        reasons
    }

    /// Every veto that counts: its level, and the reason to ask or the cause to refuse.
    pub(crate) fn says(&self) -> impl Iterator<Item = (Level, Result<&str, &Cause>)> {
        self.vetoes.iter().filter_map(|veto| match &veto.floor {
            Floor::Ask(because) => Some((veto.level, Ok(because.as_str()))),
            Floor::Unanswered(because) => self.basis().is_none().then_some((veto.level, Ok(because.as_str()))),
            Floor::Refuse(cause) => Some((veto.level, Err(cause))),
        })
    }

    /// What rulebook, connector and action say about a known action.
    fn about(
        &mut self,
        book: &Rulebook,
        connector: &Connector,
        action: &Action,
        control: Option<&Control>,
        call: &Call,
        sent: bool,
    ) {
        let classified = Control::classify(control, action);
        self.facts = Some(Facts {
            classified,
            strictest: classified.class.max(action.classified().class),
            open_world: action.open_world(),
            public: connector.is_public(),
            name: connector.name.clone(),
            host: connector.host.clone(),
            address: connector.address.clone(),
            remembering: Remembering::default(),
        });

        if !control.is_some_and(|control| control.on) {
            self.refuse(Level::Action, Cause::Off);
        }
        if action.digest() != &call.definition {
            self.refuse(Level::Action, Cause::Held);
        }
        let class = action.classified().class.max(classified.class);
        if class > connector.provider.ceiling() {
            self.refuse(Level::Connector, Cause::ReadOnlyProvider);
        }
        if class > book.plan().ceiling {
            self.refuse(Level::Workspace, Cause::ReadOnlyPlan { plan: book.plan().label.to_owned() });
        }
        let meant = match call.by {
            Caller::Model | Caller::Automatic => action.visible_to_model(),
            Caller::App => action.visible_to_app(),
            Caller::Person | Caller::Sdk => true,
        };
        if !meant {
            self.refuse(Level::Action, Cause::NotForCaller);
        }
        if call.by == Caller::Automatic && connector.provider == Provider::Custom {
            self.refuse(Level::Connector, Cause::NotAutomatic);
        }

        let account = book.account_of(call);
        if account.is_none() && !call.connection.is_first_of(&connector.id) {
            self.refuse(Level::Account, Cause::NoAccount);
        }
        let ceilings = [
            (Level::Workspace, book.workspace.confirm, "the workspace asks for everything"),
            (Level::Connector, connector.confirm, "this connector asks for everything"),
            (Level::Account, account.map(|one| one.confirm).unwrap_or_default(), "this account asks for everything"),
        ];
        for (level, confirm, because) in ceilings {
            if confirm == Confirm::Everything {
                // Whatever writes asks then every time, also where answers are remembered.
                self.add(match classified.class {
                    Class::Read => Veto::ask_unanswered(level, because),
                    Class::Write | Class::Destructive => Veto::ask(level, because),
                });
            }
        }
        if control.is_some_and(|control| control.confirm == Confirm::Everything) {
            self.add(Veto::ask(Level::Action, "this action always asks"));
        }
        for rule in connector.rules.get(&call.action).into_iter().flatten() {
            if !sent {
                self.unjudged.push(rule.sentence());
            } else if rule.stops(&call.arguments) {
                let said = rule.sentence();
                self.add(match rule.effect {
                    Effect::Deny => Veto::refuse(Level::Action, Cause::Rule { rule: said }),
                    Effect::Ask => Veto::ask(Level::Action, format!("a rule of this action: {said}")),
                });
            }
        }
        if classified.class == Class::Destructive {
            self.add(Veto::ask(Level::Action, "it is destructive, and that asks every time"));
        }

        if classified.class == Class::Read {
            self.grants.insert(Basis::Reading);
        }
        let remembering = self.remembering(book.workspace.remember, classified.class, call);
        if let Some(facts) = &mut self.facts {
            facts.remembering = remembering;
        }
    }

    /// Adds the remembered answers that cover a call of a known action.
    fn remembered(&mut self, book: &Rulebook, by: &impl Lookup, connector: &Connector, call: &Call, arguments: &str) {
        let allowed = book.workspace.remember;
        let Some(class) = self.classified().map(|classified| classified.class) else { return };
        if allowed == Remember::Never || class == Class::Destructive || call.conversation.is_none() {
            return;
        }
        let counts = |grant: &&Grant| allowed >= grant.needs() && covers(grant, connector, class, call, arguments);
        let covering = by.grants_about(call).filter(counts);
        self.grants.extend(covering.map(|grant| Basis::Remembered { grant: grant.id.clone() }));
    }

    /// How an answer about a call can be remembered so that it counts. What asks every time asks every time.
    fn remembering(&self, allowed: Remember, class: Class, call: &Call) -> Remembering {
        match &call.conversation {
            Some(_) => self.rememberable(allowed, class),
            None => Remembering::default(),
        }
    }

    /// The same, were there a conversation.
    fn rememberable(&self, allowed: Remember, class: Class) -> Remembering {
        let every_time = self.vetoes.iter().any(|veto| matches!(veto.floor, Floor::Ask(_)));
        let asks = class == Class::Write || (class == Class::Read && self.asks_unanswered());
        let possible = asks && !every_time;
        Remembering {
            conversation: possible && allowed >= Remember::Conversation,
            longer: possible && class == Class::Read && allowed >= Remember::Longer,
        }
    }

    fn refuse(&mut self, level: Level, cause: Cause) {
        self.add(Veto::refuse(level, cause));
    }

    /// Why the call is refused, if it is: the most telling cause.
    fn refusal(&self, call: &Call) -> Option<Cause> {
        if self.call != call.bytes(&call.arguments_json()) {
            return Some(Cause::Broken { what: "these rules were made for another call".into() });
        }
        let causes = self.vetoes.iter().filter_map(|veto| match &veto.floor {
            Floor::Refuse(cause) => Some(cause),
            Floor::Ask(_) | Floor::Unanswered(_) => None,
        });
        causes.max().cloned()
    }
}

/// Whether a remembered answer is about this call, in every respect (X72).
fn covers(grant: &Grant, connector: &Connector, class: Class, call: &Call, arguments: &str) -> bool {
    let place = match &grant.conversation {
        Some(conversation) => call.conversation.as_ref() == Some(conversation),
        // Whoever wrote a longer one down, it ends.
        None => {
            let latest = grant.given_at.saturating_add(LONGEST_ANSWER);
            class == Class::Read && grant.until.is_some_and(|until| until <= latest)
        }
    };
    place
        && grant.connector == call.connector
        && grant.address == connector.address
        && grant.connection == call.connection
        && grant.action == call.action
        && grant.definition == call.definition
        && grant.member == call.member
        && grant.given_at <= call.at
        && grant.until.is_none_or(|until| call.at < until)
        && grant.arguments.as_ref().is_none_or(|digest| *digest == Digest::of_bytes(arguments.as_bytes()))
}

/// What became of a call that somebody wanted made.
#[derive(Debug)]
#[must_use = "a decision that is dropped is a call that silently never happened"]
pub enum Decision {
    /// It may run.
    Run(Permit),
    /// The person has to say.
    Ask(Question),
    /// It may not run.
    Refuse(Refusal),
}

/// Decides about a call. The one way to a [`Permit`] besides a person's answer to the [`Question`] this returns.
pub fn decide(call: Call, rules: &Rules) -> Decision {
    if let Some(cause) = rules.refusal(&call) {
        return Decision::Refuse(Refusal { call, cause });
    }
    let Some(facts) = rules.facts.clone() else {
        return Decision::Refuse(Refusal {
            call,
            cause: Cause::Broken { what: "nothing is known of the action".into() },
        });
    };
    let arguments = call.arguments_json();
    match (rules.verdict(), rules.basis()) {
        (Verdict::Run, Some(basis)) => Decision::Run(Permit {
            frozen: Frozen { call, arguments, basis: basis.clone(), class: facts.classified.class },
        }),
        _ => Decision::Ask(Question { call, arguments, facts, reasons: rules.reasons() }),
    }
}

/// Leave to make one call, and the call itself.
#[derive(Debug)]
#[must_use = "a permit that is dropped is a call that silently never happened"]
pub struct Permit {
    frozen: Frozen,
}

impl Permit {
    /// The call.
    pub fn call(&self) -> &Call {
        &self.frozen.call
    }

    /// What allowed it.
    pub fn basis(&self) -> &Basis {
        &self.frozen.basis
    }

    /// Uses the permit up for the call it is for.
    pub fn spend(self) -> Frozen {
        self.frozen
    }
}

/// The call that a permit was spent on, to be sent as it is.
#[derive(Debug)]
pub struct Frozen {
    call: Call,
    arguments: String,
    basis: Basis,
    class: Class,
}

impl Frozen {
    /// The call.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The JSON text of the arguments, frozen when the decision was made. Send exactly this.
    pub fn arguments_json(&self) -> &str {
        &self.arguments
    }

    /// What allowed it.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// The class it ran as.
    pub fn class(&self) -> Class {
        self.class
    }
}

/// A call that waits for the person. Dropping it sends nothing.
#[derive(Debug)]
#[must_use = "an unanswered question must become a refusal: `not_answered`"]
pub struct Question {
    call: Call,
    arguments: String,
    facts: Facts,
    reasons: Vec<String>,
}

impl Question {
    /// The call. A confirmation is built from this and nothing else (X65).
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The JSON text of the arguments that will be sent if the person allows it.
    pub fn arguments_json(&self) -> &str {
        &self.arguments
    }

    /// The class and where it comes from.
    pub fn classified(&self) -> Classified {
        self.facts.classified
    }

    /// Whether the action reaches things outside the server's own data.
    pub fn open_world(&self) -> bool {
        self.facts.open_world
    }

    /// The connector's name, always to be shown with the host.
    pub fn connector_name(&self) -> &str {
        &self.facts.name
    }

    /// The connector's host.
    pub fn host(&self) -> &str {
        &self.facts.host
    }

    /// Why it asks, sorted, at least one.
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// How the answer can be remembered: as far as an admin turned that on, and never for a destructive action.
    pub fn remembering(&self) -> Remembering {
        self.facts.remembering
    }

    /// The person allows this one call. The rules of this moment have to agree (X70).
    ///
    /// # Errors
    /// A refusal, when a rule forbids the call by now or what was shown is no longer true.
    #[expect(clippy::result_large_err, reason = "a permit holds the same call and is as large")]
    pub fn allow(self, rules: &Rules) -> Result<Permit, Refusal> {
        match self.objection(rules) {
            Some(cause) => Err(Refusal { call: self.call, cause }),
            None => Ok(Permit {
                frozen: Frozen {
                    call: self.call,
                    arguments: self.arguments,
                    basis: Basis::Answer,
                    class: self.facts.classified.class,
                },
            }),
        }
    }

    /// The person allows this call and, in this conversation, the next ones of the same action. `at` is when they
    /// answered, `id` names the grant; the caller keeps it in the [`Rulebook`].
    ///
    /// # Errors
    /// As [`Question::allow`], and when remembering is not possible here.
    #[expect(clippy::result_large_err, reason = "a permit holds the same call and is as large")]
    pub fn allow_for_conversation(self, rules: &Rules, id: GrantId, at: Millis) -> Result<(Permit, Grant), Refusal> {
        let possible = rules.facts.as_ref().is_some_and(|facts| facts.remembering.conversation);
        match (possible && self.facts.remembering.conversation, self.call.conversation.clone()) {
            (true, Some(conversation)) => self.remember(rules, id, at, Some(conversation), None),
            _ => Err(self.forgets()),
        }
    }

    /// The person allows this call and, in every conversation until `until`, the next ones of the same action, which
    /// only reads.
    ///
    /// # Errors
    /// As [`Question::allow`], and when that is not possible here, or longer than [`LONGEST_ANSWER`].
    #[expect(clippy::result_large_err, reason = "a permit holds the same call and is as large")]
    pub fn allow_until(
        self,
        rules: &Rules,
        id: GrantId,
        at: Millis,
        until: Millis,
    ) -> Result<(Permit, Grant), Refusal> {
        let possible = rules.facts.as_ref().is_some_and(|facts| facts.remembering.longer);
        let ends = at < until && until <= at.saturating_add(LONGEST_ANSWER);
        match possible && self.facts.remembering.longer && ends {
            true => self.remember(rules, id, at, None, Some(until)),
            false => Err(self.forgets()),
        }
    }

    fn forgets(self) -> Refusal {
        let changed = "remembering this answer became impossible".to_owned();
        Refusal { call: self.call, cause: Cause::Stale { changed } }
    }

    #[expect(clippy::result_large_err, reason = "a permit holds the same call and is as large")]
    fn remember(
        self,
        rules: &Rules,
        id: GrantId,
        at: Millis,
        conversation: Option<ConversationId>,
        until: Option<Millis>,
    ) -> Result<(Permit, Grant), Refusal> {
        let grant = Grant {
            id,
            given_for: self.call.id.clone(),
            given_at: at,
            until,
            member: self.call.member.clone(),
            connector: self.call.connector.clone(),
            address: self.facts.address.clone(),
            connection: self.call.connection.clone(),
            action: self.call.action.clone(),
            definition: self.call.definition.clone(),
            conversation,
            arguments: None,
        };
        Ok((self.allow(rules)?, grant))
    }

    /// The person says no.
    pub fn deny(self, reason: Option<String>) -> Refusal {
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        Refusal { call: self.call, cause: Cause::Denied { reason } }
    }

    /// Nobody answered: time ran out, the page went away, the turn was stopped.
    pub fn not_answered(self) -> Refusal {
        Refusal { call: self.call, cause: Cause::NotAnswered }
    }

    /// The person changed the arguments. That is another call, which has to be decided from the start (X66).
    pub fn edit(self, id: CallId, arguments: Map<String, Value>, at: Millis) -> (Refusal, Call) {
        let edited = Call { id: id.clone(), arguments, at, ..self.call.clone() };
        (Refusal { call: self.call, cause: Cause::Edited { into: id } }, edited)
    }

    /// What speaks against an answer by now.
    fn objection(&self, rules: &Rules) -> Option<Cause> {
        if let Some(cause) = rules.refusal(&self.call) {
            return Some(cause);
        }
        let changed = match &rules.facts {
            None => Some("the action disappeared"),
            Some(now) if now.classified.class > self.facts.classified.class => {
                Some("the action's class became stricter")
            }
            Some(now) if now.address != self.facts.address || now.host != self.facts.host => {
                Some("the connector's address changed")
            }
            Some(now) if now.name != self.facts.name => Some("the connector was renamed"),
            Some(_) => None,
        };
        changed.map(|changed| Cause::Stale { changed: changed.to_owned() })
    }
}

/// A call that is not made. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// The call.
    pub call: Call,
    /// Why.
    pub cause: Cause,
}

impl Refusal {
    /// The cause in words; see [`Cause::sentence`].
    pub fn sentence(&self) -> String {
        self.cause.sentence()
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
