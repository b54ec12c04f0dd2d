//! Definitions: what changed on a server, what of it is accepted, and the way of a draft to everybody.
//!
//! Lists are read with the person's own connection (S079, S082). What is decided is decided in `policy`; here it is
//! read, kept, told and noted in the audit log.

use std::collections::{BTreeMap, BTreeSet};

use chat::context::{Party, system_prompt};
use chat::conversation::Body;
use chat::direct::Candidate;
use chat::model::endpoint;
use policy::audit::Entry;
use policy::diff::Diff;
use policy::findings::{self, Finding, Subject};
use policy::publish::{Accepted, Evidence, Publishing, mild};
use policy::review::{Check, NewActions, Sighting, Unread};
use policy::{
    Access, Action, ArgumentRule, Class, Confirm, Connector, ConnectorId, Digest, Reach, SignIn, Snapshot, Why,
};
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use super::scan::take;
use crate::error::{Code, Error};
use crate::link::Live;
use crate::time::{new_id, now, offline};
use crate::view::{Millis, ScanStep, Scanned};

/// How a live list differs from what is approved, to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// What is approved.
    pub approved: Snapshot,
    /// What the server lists for this person.
    pub live: Snapshot,
    /// Everything that differs.
    pub diff: Diff,
    /// What the scanner finds in the live list and not in what is approved.
    pub findings: Vec<Finding>,
    /// The names of what can be accepted together.
    pub mild: BTreeSet<String>,
}

/// An action that was run before (S013).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Its name.
    pub action: String,
    /// The people who ran it, by name.
    pub by: Vec<String>,
    /// How often.
    pub times: usize,
    /// When the last time was.
    pub last: Millis,
}

/// What a person decides on the review of a draft.
#[derive(Clone, Debug)]
pub struct Publish {
    /// The digest of the definition that is on the screen.
    pub shown: Digest,
    /// The actions that are on; `None` leaves them as they are.
    pub on: Option<BTreeSet<String>>,
    /// Who gets access; `None` leaves it as it is.
    pub access: Option<Access>,
    /// What it asks for.
    pub confirm: Confirm,
    /// The points of the checklist that were ticked.
    pub checklist: BTreeSet<Check>,
    /// What was looked at for each point.
    pub evidence: BTreeMap<Check, String>,
    /// Why it is published in spite of findings of high severity.
    pub reason: String,
    /// Whether the person said that they answer for it.
    pub responsible: bool,
}

/// What a rule would have done to earlier calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Earlier calls of the action that are kept in conversations on this device.
    pub calls: usize,
    /// Those that the rule would have met.
    pub met: usize,
    /// Those that ran and that the rule would have refused or asked about.
    pub different: usize,
}

/// One action as a model is told about it (N19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelView {
    /// The action's own name.
    pub action: String,
    /// Exactly the text that stands for it in a request.
    pub text: String,
    /// How many tokens that is, estimated.
    pub tokens: usize,
    /// Characters of the description that are cut off because it is too long.
    pub cut: usize,
}

/// What a model is told about a connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelViews {
    /// The wire in whose words it stands.
    pub wire: &'static str,
    /// What it is told of the server's instructions, with the frame around them; empty when there are none.
    pub instructions: String,
    /// Each action that is on.
    pub actions: Vec<ModelView>,
    /// How many tokens all of it is, estimated.
    pub tokens: usize,
}

/// About so many characters are a token, on the careful side for English and JSON.
const TOKEN: usize = 3;
/// So many rows of the audit log are looked through for what was tried.
const LOOKED_THROUGH: usize = 1_000;

impl Workspace {
    /// What differs between the list that was read last and what is approved; none before a list was read.
    pub fn changes(&self, id: &ConnectorId) -> Option<Changes> {
        let book = self.rulebook();
        let connector = book.connector(id).ok()?;
        let live = listed(connector, &self.live(id)?).ok()?;
        let approved = connector.snapshot.clone()?;
        let diff = Diff::of(&approved, &live);
        let findings = book.new_findings(connector, &live);
        let mild = mild(&diff, &findings);
        Some(Changes { approved, live, diff, findings, mild })
    }

    /// Reads the list and the pages of a connector now, as the person, for whoever looks at what differs.
    ///
    /// # Errors
    /// When the person may not use it, or it cannot be reached.
    pub async fn read_now(&self, id: &ConnectorId) -> Result<(), Error> {
        self.forget_list(id);
        self.look_at_apps(id).await
    }

    /// Whether the list of a connector can be read as this person: without a sign-in always, else once they are
    /// connected (S082).
    pub fn is_connected(&self, connector: &Connector) -> bool {
        connector.sign_in == SignIn::None || self.live(&connector.id).is_some()
    }

    /// Why this person cannot read the list again, if so.
    ///
    /// # Errors
    /// As [`policy::Rulebook::may_refresh`].
    pub fn may_refresh(&self, id: &ConnectorId) -> Result<(), Why> {
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_refresh(connector, book.member(&self.me())?, self.is_connected(connector))
    }

    /// Reads the list again with the person's own connection, and says what differs (S079). Who was connected on an
    /// earlier visit is connected first.
    ///
    /// # Errors
    /// When the person may not, or the list cannot be read.
    pub async fn refresh(&self, id: &ConnectorId, on_step: impl Fn(ScanStep) + 'static) -> Result<Changes, Error> {
        let connected = {
            let book = self.rulebook();
            let connector = book.connector(id)?;
            book.may_refresh(connector, book.member(&self.me())?, true)?;
            self.is_connected(connector)
        };
        let read = async {
            if !connected {
                self.connect(id).await?;
            }
            self.rescan(id, on_step).await.map_err(|stopped| stopped.error)
        };
        if let Err(error) = read.await {
            self.note_unread(id, error.code).await;
            return Err(error);
        }
        self.changes(id).ok_or_else(|| Error::new(Code::Protocol, "the list cannot be compared with what is approved"))
    }

    /// Notes for everybody who looks after a published connector that its list could not be read. Somebody who is
    /// offline, or not signed in, learns nothing about the server. What the server said stays with who asked: it may
    /// hold what they signed in with (X21).
    async fn note_unread(&self, id: &ConnectorId, code: Code) {
        let why = match code {
            Code::Network => "the server could not be reached, or the connection broke",
            Code::Timeout => "no answer came in time",
            Code::Cors => "the server does not let this page talk to it",
            Code::Protocol => "its answer is no list",
            Code::Server => "the server answered with an error",
            _ => return,
        };
        if offline() {
            return;
        }
        let by = self.person_name(self.me().as_str());
        let unread = Unread { by, at: now(), why: why.to_owned() };
        // Where it cannot be kept, who asked for the list knows all the same.
        drop(self.change_rules(|book| Ok(book.note_unread(id, Some(unread)))).await);
    }

    /// The findings of high severity that accepting would bring to what is published: they need a written reason.
    ///
    /// # Errors
    /// When the list is another one by now, or nothing was chosen.
    pub fn brings(&self, id: &ConnectorId, shown: &Digest, accepted: &Accepted) -> Result<Vec<Finding>, Error> {
        let live = self.live_as_shown(id, shown)?;
        Ok(self.rulebook().brings(id, &live, accepted)?)
    }

    /// Takes over what was accepted of the list on the screen (S080 to S083).
    ///
    /// # Errors
    /// When the person may not, the list is another one by now, or it cannot be kept.
    pub async fn accept_changes(&self, id: &ConnectorId, shown: &Digest, accepted: Accepted) -> Result<(), Error> {
        let live = self.live_as_shown(id, shown)?;
        let me = self.me();
        let connected = self.is_connected(self.rulebook().connector(id)?);
        self.change_rules(|book| book.accept(&me, id, &live, &accepted, connected, now())).await?;
        self.note(id, &format!("changes accepted: {}", accepted.told().join(", "))).await;
        self.look_again(id).await;
        Ok(())
    }

    /// Notes that a change of an action or a page, by its name or address, is not wanted. It stays held.
    ///
    /// # Errors
    /// As [`Workspace::accept_changes`].
    pub async fn decline_change(&self, id: &ConnectorId, shown: &Digest, name: &str) -> Result<(), Error> {
        let live = self.live_as_shown(id, shown)?;
        let me = self.me();
        let connected = self.is_connected(self.rulebook().connector(id)?);
        self.change_rules(|book| book.decline_change(&me, id, name, &live, connected, now())).await?;
        Ok(())
    }

    fn live_as_shown(&self, id: &ConnectorId, shown: &Digest) -> Result<Snapshot, Error> {
        self.alive()?;
        let live = self.live(id).ok_or_else(|| {
            Error::new(Code::Invalid, "the list of this connector was not read yet").hint("read it again first")
        })?;
        let live = listed(self.rulebook().connector(id)?, &live)?;
        if live.digest != *shown {
            return Err(Error::new(Code::Held, "the server lists something else than what is on this page")
                .hint("look at the changes again"));
        }
        Ok(live)
    }

    /// The state of the connection, and what is noted about the list, follow what is approved now.
    async fn look_again(&self, id: &ConnectorId) {
        let book = self.rulebook();
        if let Ok(connector) = book.connector(id) {
            // What cannot be reached now is a state of the connection, which the page shows.
            drop(self.open_link(connector, &self.usual_account(id), true).await);
        }
    }

    /// Notes in the rules how this person's list looks beside what is approved, where that is news (X39).
    pub(crate) fn note_list(&self, id: &ConnectorId, live: &Live) {
        let book = self.rulebook();
        let Ok(connector) = book.connector(id) else { return };
        if connector.review.unread.is_some() {
            let (workspace, id) = (self.clone(), id.clone());
            spawn_local(async move {
                drop(workspace.change_rules(|book| Ok(book.note_unread(&id, None))).await);
            });
        }
        let (Some(approved), Ok(live)) = (&connector.snapshot, take(live)) else { return };
        if connector.reach == Reach::InPage {
            return;
        }
        let sighting = Sighting::of(self.me(), now(), approved, &live).with_unread_of(&connector.review, &live);
        if !connector.review.clone().note(sighting.clone()) {
            return;
        }
        let (workspace, id) = (self.clone(), id.clone());
        spawn_local(async move {
            // Where it cannot be kept, the banner and the gate still know.
            drop(workspace.change_rules(|book| Ok(book.note_sighting(&id, sighting))).await);
        });
    }

    /// Asks the people who run the workspace to look at what changed (N01).
    ///
    /// # Errors
    /// When nothing differs, or it cannot be kept.
    pub async fn ask_for_review(&self, id: &ConnectorId) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.ask_for_review(&me, id, now())).await?;
        self.note(id, "review of the changes asked for").await;
        Ok(())
    }

    /// Pauses a connector.
    ///
    /// # Errors
    /// When the person may not, there is no reason, or it cannot be kept.
    pub async fn pause(&self, id: &ConnectorId, reason: &str) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.pause(&me, id, reason, now())).await?;
        Ok(())
    }

    /// Pauses several connectors with one reason: all of them or, when one cannot be paused, none. Each has its own row in
    /// the record.
    ///
    /// # Errors
    /// As [`Workspace::pause`].
    pub async fn pause_all(&self, ids: &[ConnectorId], reason: &str) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| ids.iter().try_for_each(|id| book.pause(&me, id, reason, now()))).await
    }

    /// Ends the pause of several connectors: of all of them or of none.
    ///
    /// # Errors
    /// As [`Workspace::resume`].
    pub async fn resume_all(&self, ids: &[ConnectorId]) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| ids.iter().try_for_each(|id| book.resume(&me, id, now()))).await
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn resume(&self, id: &ConnectorId) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.resume(&me, id, now())).await?;
        Ok(())
    }

    /// Switches many actions at once: those named are on, the rest off.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_actions_on(&self, id: &ConnectorId, on: BTreeSet<String>) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_actions_on(&me, id, &on, now())).await?;
        Ok(())
    }

    /// Decides when an action asks.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_action_confirm(&self, id: &ConnectorId, action: &str, confirm: Confirm) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_action_confirm(&me, id, action, confirm, now())).await?;
        Ok(())
    }

    /// Decides what a connector asks for.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_connector_confirm(&self, id: &ConnectorId, confirm: Confirm) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_connector_confirm(&me, id, confirm, now())).await?;
        Ok(())
    }

    /// Decides what becomes of actions that a refresh finds for the first time.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_new_actions(&self, id: &ConnectorId, new_actions: NewActions) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_new_actions(&me, id, new_actions, now())).await?;
        Ok(())
    }

    /// Keeps a rule on an argument. One without an id is new.
    ///
    /// # Errors
    /// When the person may not, an example does not come out as written, or it cannot be kept.
    pub async fn set_rule(&self, id: &ConnectorId, action: &str, mut rule: ArgumentRule) -> Result<(), Error> {
        let me = self.me();
        if rule.id.is_empty() {
            rule.id = new_id("rule");
        }
        self.change_rules(|book| book.set_rule(&me, id, action, rule, now())).await?;
        Ok(())
    }

    /// Removes a rule on an argument.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn remove_rule(&self, id: &ConnectorId, action: &str, rule: &str) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.remove_rule(&me, id, action, rule, now())).await?;
        Ok(())
    }

    /// What a rule would have done to the calls that are kept in conversations on this device. Arguments stand nowhere
    /// else: the audit log has only their digest.
    ///
    /// # Errors
    /// When a conversation cannot be read.
    pub async fn preview_rule(&self, id: &ConnectorId, action: &str, rule: &ArgumentRule) -> Result<Preview, Error> {
        let mut preview = Preview::default();
        for head in self.conversations() {
            for item in self.kept_conversation(&head.id).await?.items {
                let Body::Call(card) = item.body else { continue };
                let Some(arguments) = card.arguments.as_object() else { continue };
                if card.connector != *id || card.action != action {
                    continue;
                }
                preview.calls += 1;
                if rule.stops(arguments) {
                    preview.met += 1;
                    let asked_anyway = card.class > Class::Read && rule.effect == policy::rules::Effect::Ask;
                    preview.different += usize::from(card.running_since.is_some() && !asked_anyway);
                }
            }
        }
        Ok(preview)
    }

    /// Goes back to our settings of an earlier version.
    ///
    /// # Errors
    /// When the person may not, the version is gone, or it cannot be kept.
    pub async fn roll_back(&self, id: &ConnectorId, version: u32) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.roll_back(&me, id, version, now())).await?;
        self.note(id, &format!("settings of version {version} restored")).await;
        Ok(())
    }

    /// Makes a new draft from a connector, with its kept sign-in left behind (S068).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn recreate(&self, id: &ConnectorId) -> Result<ConnectorId, Error> {
        let me = self.me();
        let new = ConnectorId::from(new_id("con"));
        self.change_rules(|book| book.recreate(&me, id, new.clone(), now())).await?;
        self.note(&new, &format!("recreated from connector {id}")).await;
        Ok(new)
    }

    /// What there is to look at before publishing.
    ///
    /// # Errors
    /// When there is no such connector, or it was never scanned.
    pub fn evidence(&self, id: &ConnectorId) -> Result<Evidence, Error> {
        Ok(self.rulebook().evidence(id)?)
    }

    /// What the scanner finds in what a scan read, beside what is published.
    pub fn findings_of(&self, scanned: &Scanned, sign_in: &SignIn) -> Vec<Finding> {
        let book = self.rulebook();
        let Ok(address) = self.check_address(&scanned.address) else { return Vec::new() };
        let snapshot = &scanned.snapshot;
        let subject = Subject { id: None, host: &address.host, reach: address.reach, sign_in, snapshot };
        findings::of(subject, &book.beside())
    }

    /// The actions of a connector that were run before, by whom and how often: from the audit log of this device (S013).
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn trials(&self, id: &ConnectorId) -> Result<Vec<Tried>, Error> {
        let rows = self.0.audit.of_connector(id, LOOKED_THROUGH).await?;
        let book = self.rulebook();
        let mut tried: BTreeMap<String, Tried> = BTreeMap::new();
        for row in rows {
            let Entry::Allowed { call, .. } = &row.entry else { continue };
            let name = book.member(&call.member).map_or_else(|_| call.member.to_string(), |one| one.name.clone());
            let new = || Tried { action: call.action.clone(), by: Vec::new(), times: 0, last: 0 };
            let one = tried.entry(call.action.clone()).or_insert_with(new);
            one.times += 1;
            one.last = one.last.max(row.at);
            if !one.by.contains(&name) {
                one.by.push(name);
            }
        }
        Ok(tried.into_values().collect())
    }

    /// Publishes a draft. The server's list is read at this moment; if it is not what is on the screen, nothing happens.
    ///
    /// # Errors
    /// When the person may not, something is missing, the list cannot be read, or it cannot be kept.
    pub async fn publish(&self, id: &ConnectorId, publish: Publish) -> Result<(), Error> {
        self.alive()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        self.forget_list(id);
        let account = self.usual_account(id);
        let opened = self.open_link(connector, &account, true).await;
        opened.map_err(|failed| self.op_error(connector, &account, &failed.error))?;
        // The pages of its apps are part of what is published.
        self.read_pages(id).await;
        let live =
            self.live(id).ok_or_else(|| Error::new(Code::Network, "the connection was lost").hint("try again"))?;
        let live = listed(connector, &live)?.digest;
        let tried = self.trials(id).await?.into_iter().map(|tried| tried.action).collect();
        let me = self.me();
        let review = Publishing {
            shown: publish.shown,
            live,
            on: publish.on,
            access: publish.access,
            confirm: publish.confirm,
            checklist: publish.checklist,
            evidence: publish.evidence,
            reason: publish.reason,
            responsible: publish.responsible,
            tried,
        };
        self.change_rules(|book| book.publish_reviewed(&me, id, review, now())).await?;
        Ok(())
    }

    /// Exactly what a model is told about a connector: each action that is on, and the server's instructions (N19).
    pub fn model_views(&self, id: &ConnectorId) -> ModelViews {
        let book = self.rulebook();
        let Ok(connector) = book.connector(id) else { return ModelViews::default() };
        let told = |action: &&Action| connector.is_on(action.name()) && action.visible_to_model();
        let candidates: Vec<Candidate> =
            connector.actions().iter().filter(told).map(|action| candidate(connector, action)).collect();
        let party = Party {
            name: connector.name.clone(),
            host: connector.host.clone(),
            instructions: connector.snapshot.as_ref().and_then(|snapshot| snapshot.instructions.clone()),
        };
        let said = party.instructions.as_deref().is_some_and(|text| !text.trim().is_empty());
        let without = system_prompt(&book.workspace.name, &[]);
        let with = system_prompt(&book.workspace.name, &[party]);
        let instructions =
            if said { with.strip_prefix(&without).unwrap_or(&with).trim().to_owned() } else { String::new() };
        let specs = chat::turn::tools(&candidates);
        // In the words of the wire that is in use; without a model, of the one that most speak.
        let model = self.chosen_model().and_then(|id| self.model(&id));
        let place = model.map(|model| model.endpoint()).unwrap_or_default();
        let wire = place.wire.name();
        let request = endpoint::request(&place, &[], &specs, endpoint::Extras::None);
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let places = ["/tools/0/functionDeclarations", "/tools"];
        let texts = places.iter().find_map(|place| body.pointer(place)?.as_array()).cloned().unwrap_or_default();
        let actions: Vec<ModelView> = candidates
            .iter()
            .zip(texts)
            .map(|(candidate, text)| {
                let text = text.to_string();
                let length = candidate.action.description().chars().count();
                ModelView {
                    action: candidate.action.name().to_owned(),
                    tokens: tokens(&text),
                    cut: length.saturating_sub(chat::turn::DESCRIPTION_CHARS),
                    text,
                }
            })
            .collect();
        let tokens = tokens(&instructions) + actions.iter().map(|action| action.tokens).sum::<usize>();
        ModelViews { wire, instructions, actions, tokens }
    }
}

/// What a live list is beside what is approved. A page that nobody has looked at yet is as it was approved.
fn listed(connector: &Connector, live: &Live) -> Result<Snapshot, Error> {
    let live = take(live).map_err(|why| Error::new(Code::Protocol, why))?;
    Ok(match &connector.snapshot {
        Some(approved) => live.with_unread_as(approved),
        None => live,
    })
}

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(TOKEN)
}

/// An action as it is offered in a conversation.
pub(super) fn candidate(connector: &Connector, action: &Action) -> Candidate {
    let classified = connector.classify(action);
    Candidate {
        connector: connector.id.clone(),
        connector_name: connector.name.clone(),
        host: connector.host.clone(),
        badge: connector.badge().map(str::to_owned),
        action: action.clone(),
        class: classified.class,
        class_source: classified.source,
    }
}
