//! `countersign`: a workspace with its gate.

use std::cell::RefCell;
use std::rc::Rc;

use browser::policy::diff::{Step, Weight};
use browser::policy::{Class, ConnectorId, Provider, SignIn, Stage};
use browser::{
    Answer, AskAnswer, Asked, CallRequest, Change, Changes, Code, Confirm, ConnectionStatus, Error, Fetcher, Governed,
    Keep, NewConnector, Options, StorageState, Subscription, Where, Workspace,
};
use js_sys::{Function, Promise};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::page::function;
use crate::person::{Auth, Person, Wanted, word_of};
use crate::plain::{from_text, thrown, to_text};
use crate::tickets::Tickets;
use crate::tied::{Tied, policy_of};

/// What `open()` takes.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "an object of options")]
struct OpenOptions {
    store: Option<Value>,
    identity: Option<Identity>,
    allow_loopback: bool,
    custom_servers: Option<bool>,
    auth: Option<Auth>,
    policy: Option<Tied>,
}

/// Who the person is, for the audit log and the list of members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a `name`")]
struct Identity {
    name: String,
}

/// What `addConnector()` takes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object with a `name` and an `address`")]
struct AddConnector {
    name: String,
    address: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    header: Option<Header>,
    #[serde(default)]
    sign_in: Option<Wanted>,
}

/// A fixed header for sign-in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a `name` and a `value`")]
struct Header {
    name: String,
    value: String,
}

/// What `call()` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a `connector` and an `action`")]
struct Call {
    connector: String,
    action: String,
    #[serde(default)]
    arguments: Option<Map<String, Value>>,
}

/// What the page's `confirm` came back with, normalised by `index.js`.
#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    allow: bool,
    #[serde(default)]
    reason: Option<String>,
}

/// An open workspace.
#[wasm_bindgen]
pub struct Host {
    workspace: Workspace,
    person: Person,
    tickets: Tickets,
    listening: RefCell<Option<Subscription>>,
}

/// Opens a workspace. See `open` in `index.d.ts`; `hooks` has the page's functions.
#[wasm_bindgen]
pub async fn open(options: String, hooks: JsValue) -> Result<Host, JsValue> {
    let workspace = open_workspace(&options, function(&hooks, "fetch")).await.map_err(thrown)?;
    let person = Person::new(function(&hooks, "authorize"));
    Ok(Host { workspace, person, tickets: Tickets::default(), listening: RefCell::default() })
}

async fn open_workspace(options: &str, fetch: Option<Function>) -> Result<Workspace, Error> {
    let options: OpenOptions = from_text(options, "what open() was given")?;
    let name = options.identity.map(|identity| identity.name);
    if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Error::new(Code::Invalid, "the `name` of `identity` is empty")
            .hint("pass the person's name, or leave `identity` out"));
    }
    let (pinned, member) = match options.policy {
        Some(_) if name.is_some() => {
            return Err(Error::new(Code::Invalid, "open() was given both an `identity` and a `policy`")
                .hint("leave `identity` out and name the person by the `member` of `policy`: names are the policy's"));
        }
        Some(tied) => tied.pinned().map(|(pinned, member)| (Some(pinned), member))?,
        None => (None, None),
    };
    let workspace = Workspace::open(Options {
        store: store_of(options.store.as_ref())?,
        member_name: name.clone().unwrap_or_else(|| "You".to_owned()),
        allow_loopback: Some(options.allow_loopback),
        // A page can forbid them and not allow them: the settings decide who may.
        only_published: options.custom_servers == Some(false),
        fetcher: fetch.map(Fetcher::custom).unwrap_or_default(),
        // The package draws nothing, so it shows no pages of servers either.
        apps: false,
        pinned,
    })
    .await?;
    // Nobody is anybody in settings that could not be verified.
    if let Some(member) = member
        && matches!(workspace.governed(), Governed::Signed { .. })
    {
        workspace.be(member).await?;
    }
    if let Some(auth) = options.auth {
        workspace.set_sign_in_site(auth.site());
    }
    // A workspace that was there before knows its person under an older name.
    if let Some(name) = name
        && workspace.rulebook().member(&workspace.me())?.name != name
    {
        workspace.rename_me(&name).await?;
    }
    Ok(workspace)
}

/// Where things are kept: `"memory"`, or `{ indexedDb: "name" }`.
fn store_of(store: Option<&Value>) -> Result<Where, Error> {
    let named = |store: &Value| match store.as_object() {
        Some(fields) if fields.len() == 1 => {
            fields.get("indexedDb")?.as_str().filter(|name| !name.is_empty()).map(str::to_owned)
        }
        _ => None,
    };
    match store {
        None | Some(Value::Null) if has_indexed_db() => Ok(Where::IndexedDb("countersign".into())),
        None | Some(Value::Null) => Ok(Where::Memory),
        Some(Value::String(word)) if word == "memory" => Ok(Where::Memory),
        Some(store) => named(store).map(Where::IndexedDb).ok_or_else(|| {
            Error::new(Code::Invalid, format!("`{store}` is not a store"))
                .hint("use \"memory\" or { indexedDb: \"name\" }")
        }),
    }
}

#[wasm_bindgen]
impl Host {
    /// Calls `listener` with `{ kind, ... }` for each change. One listener; a second replaces it.
    pub fn listen(&self, listener: Function) {
        let workspace = self.workspace.clone();
        let subscription = self.workspace.subscribe(move |change| {
            if matches!(change, Change::Asks) {
                decline_asks(&workspace);
            }
            if let Some(detail) = detail_of(change)
                && let Ok(detail) = to_text(&detail)
            {
                // index.js wraps the page's listeners; it never throws here.
                let _ = listener.call1(&JsValue::UNDEFINED, &detail.into());
            }
        });
        self.listening.replace(Some(subscription));
    }

    /// The connectors and their actions.
    pub fn connectors(&self) -> Result<String, JsValue> {
        let rulebook = self.workspace.rulebook();
        let connectors: Vec<Value> = rulebook
            .connectors
            .iter()
            .filter(|connector| connector.stage != Stage::Archived)
            .map(connector_of)
            .collect();
        to_text(&connectors).map_err(thrown)
    }

    /// Where things are kept, as `{ state, why }`.
    pub fn storage(&self) -> Result<String, JsValue> {
        to_text(&storage_of(&self.workspace.storage_state())).map_err(thrown)
    }

    /// Where the rules come from, as `{ state, ... }`.
    pub fn policy(&self) -> Result<String, JsValue> {
        to_text(&policy_of(&self.workspace.governed())).map_err(thrown)
    }

    /// The whole record as JSON lines, with a checkpoint signed now; `countersign/verify` checks it.
    #[wasm_bindgen(js_name = exportAudit)]
    pub async fn export_audit(&self) -> Result<String, JsValue> {
        let mut text = String::new();
        self.workspace.export_audit(|piece, _, _| text.push_str(piece)).await.map_err(thrown)?;
        Ok(text)
    }

    /// Scans a server and keeps it as a draft; what it offers is switched on as the scan found it. Where the server asks
    /// for a sign-in and the connector is to have one, the person signs in on the way.
    #[wasm_bindgen(js_name = addConnector)]
    pub async fn add_connector(&self, ticket: u32, connector: String) -> Result<String, JsValue> {
        let workspace = &self.workspace;
        let add = async {
            let add: AddConnector = from_text(&connector, "the connector")?;
            let terms = add.sign_in.and_then(Wanted::terms);
            let (sign_in, header_value, keep) = match (add.header, terms) {
                (Some(_), Some(_)) => {
                    return Err(Error::new(Code::Invalid, "the connector has both a `header` and a `signIn`")
                        .hint("leave one of them out"));
                }
                (Some(header), None) => (SignIn::Header { name: header.name }, Some(header.value), Keep::Memory),
                (None, Some(terms)) => terms,
                (None, None) => (SignIn::None, None, Keep::Memory),
            };
            let asks = matches!(sign_in, SignIn::OAuth { .. });
            let new = NewConnector {
                name: add.name,
                description: add.description,
                address: add.address,
                provenance: Default::default(),
                sign_in,
                header_value,
                keep,
                colour: None,
            };
            // Nobody starts what nobody could finish.
            let going = if asks { Some(self.person.visit()?) } else { None };
            workspace.set_developer_mode(true).await?;
            let scanned = match (workspace.scan(&new, |_| {}).await, going) {
                (Err(stopped), Some(going)) if stopped.error.code == Code::SignIn => {
                    workspace.sign_in_new(&new, &going.0).await?;
                    workspace.scan(&new, |_| {}).await
                }
                (scanned, _) => scanned,
            };
            let scanned = scanned.map_err(|stopped| stopped.error)?;
            let id = workspace.create_draft(new, scanned).await?;
            to_text(&connector_of(workspace.rulebook().connector(&id)?))
        };
        self.tickets.run(ticket, add).await
    }

    /// A ticket for one call, so that it can be cancelled.
    pub fn ticket(&self) -> u32 {
        self.tickets.take()
    }

    /// Cancels the call under the ticket.
    pub fn cancel(&self, ticket: u32) {
        self.tickets.cancel(ticket);
    }

    /// Calls one action through the gate. `confirm` gets the question as JSON text and resolves to the text of
    /// `{ allow, reason? }`; without it, what needs a decision is declined.
    pub async fn call(&self, ticket: u32, call: String, confirm: Option<Function>) -> Result<String, JsValue> {
        let confirm = confirm.map_or(Confirm::Never, |confirm| {
            let confirm = Rc::new(confirm);
            Confirm::With(Box::new(move |asked: Asked| {
                let confirm = Rc::clone(&confirm);
                Box::pin(async move { answer_of(&confirm, &asked).await })
            }))
        });
        let run = async {
            let call: Call = from_text(&call, "the call")?;
            let request = CallRequest {
                connector: ConnectorId::from(call.connector),
                action: call.action,
                arguments: call.arguments.unwrap_or_default(),
            };
            to_text(&self.workspace.call(request, confirm).await?.result)
        };
        self.tickets.run(ticket, run).await
    }

    /// Has the person sign in to a connector, kept as before.
    #[wasm_bindgen(js_name = signIn)]
    pub async fn sign_in(&self, ticket: u32, connector: String) -> Result<(), JsValue> {
        let sign_in = async {
            let going = self.person.visit()?;
            self.workspace.sign_in_again(&ConnectorId::from(connector), &going.0).await
        };
        self.tickets.run(ticket, sign_in).await
    }

    /// Signs out of a connector, and says how that went at the provider.
    #[wasm_bindgen(js_name = signOut)]
    pub async fn sign_out(&self, ticket: u32, connector: String) -> Result<String, JsValue> {
        let sign_out = async {
            let out = self.workspace.sign_out(&ConnectorId::from(connector)).await?;
            to_text(&word_of(&out))
        };
        self.tickets.run(ticket, sign_out).await
    }

    /// Reads a connector's list again, as `{ digest, approved, changes, link }` (N02). Nothing of it is taken over.
    pub async fn refresh(&self, ticket: u32, connector: String) -> Result<String, JsValue> {
        let refresh = async {
            let id = ConnectorId::from(connector);
            to_text(&refreshed_of(&id, &self.workspace.refresh(&id, |_| ()).await?))
        };
        self.tickets.run(ticket, refresh).await
    }

    /// Ends everything; an open question counts as not answered.
    pub fn close(&self) {
        self.tickets.cancel_all();
        self.listening.replace(None);
        self.workspace.close();
    }
}

/// Asks the page. A `confirm` that throws, rejects or answers with something else is a no.
async fn answer_of(confirm: &Function, asked: &Asked) -> Answer {
    let no = |reason: Option<String>| Answer::Deny { reason };
    let Ok(question) = to_text(&question_of(asked)) else { return no(None) };
    let Ok(promise) = confirm.call1(&JsValue::UNDEFINED, &question.into()) else { return no(None) };
    let Ok(promise) = promise.dyn_into::<Promise>() else { return no(None) };
    let Ok(said) = JsFuture::from(promise).await else { return no(None) };
    let said: Said = said.as_string().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    if said.allow { Answer::AllowOnce } else { no(said.reason) }
}

/// Declines what servers ask: a page without our chat has nowhere to answer it, and a call must not wait for that.
fn decline_asks(workspace: &Workspace) {
    for ask in workspace.asks() {
        // One that was taken back meanwhile has nothing to answer.
        let _ = workspace.answer_ask(&ask.id, AskAnswer::Unattended);
    }
}

fn question_of(asked: &Asked) -> Value {
    let view = &asked.view;
    json!({
        "id": asked.id,
        "connector": view.connector,
        "connectorName": view.connector_name,
        "host": view.host,
        "badge": view.badge,
        "local": view.local,
        "account": view.account,
        "action": view.action,
        "title": view.action_title,
        "sentence": view.verb_sentence,
        "class": class_of(view.class),
        "openWorld": view.open_world,
        "arguments": view.arguments,
        "argumentsText": view.arguments_text,
        "from": view.lineage.iter().map(|note| json!({
            "path": note.path, "connectorName": note.connector_name, "host": note.host, "text": note.text,
        })).collect::<Vec<_>>(),
        "headers": view.headers.iter().map(|note| json!({ "header": note.header, "argument": note.argument })).collect::<Vec<_>>(),
        "secrets": view.secrets.iter().map(|note| json!({ "path": note.path, "looksLike": note.looks_like })).collect::<Vec<_>>(),
        "hidden": view.hidden.iter().map(|note| json!({ "path": note.path, "count": note.count, "names": note.names })).collect::<Vec<_>>(),
        "definition": view.definition,
        "reasons": view.reasons,
    })
}

/// What a refresh found, the heaviest first. What the server says about itself is one entry without an action, as are its
/// instructions; each page that is another one is an entry by its address, and always a risk (X48).
fn refreshed_of(id: &ConnectorId, changes: &Changes) -> Value {
    let weighs = |weight| match weight {
        Weight::Cosmetic => "cosmetic",
        Weight::Text => "text",
        Weight::Risk => "risk",
    };
    let steps = changes.diff.steps.iter().map(|step| {
        let (change, was) = match step {
            Step::Added(_) => ("added", None),
            Step::Removed(_) => ("removed", None),
            Step::Renamed { from, .. } => ("renamed", Some(from.name())),
            Step::Changed { .. } => ("changed", None),
        };
        (step.weight(), json!({ "action": step.name(), "change": change, "was": was, "page": null }))
    });
    let of_server = |change: &str, weight, page: Option<&str>| {
        (weight, json!({ "action": null, "change": change, "was": null, "page": page }))
    };
    let pages = changes.diff.pages.iter().map(|page| of_server("page", Weight::Risk, Some(&page.now.uri)));
    let instructions = changes.diff.instructions.iter().map(|field| of_server("instructions", field.weight, None));
    let about = changes.diff.about.iter().map(|field| field.weight).max();
    let about = about.map(|weight| of_server("about", weight, None));
    let mut all: Vec<(Weight, Value)> = steps.chain(pages).chain(instructions).chain(about).collect();
    // The order within one weight stays.
    all.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let all = all.into_iter().map(|(weight, mut entry)| {
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("weight".to_owned(), weighs(weight).into());
        }
        entry
    });
    json!({
        "digest": changes.live.digest,
        "approved": changes.approved.digest,
        "changes": all.collect::<Vec<_>>(),
        "link": format!("workspace/connectors/{}/changes", String::from(js_sys::encode_uri_component(id.as_str()))),
    })
}

fn connector_of(connector: &browser::policy::Connector) -> Value {
    let actions: Vec<Value> = connector
        .snapshot
        .iter()
        .flat_map(|snapshot| &snapshot.actions)
        .map(|action| {
            let class = connector.classify(action).class;
            json!({
                "name": action.name(),
                "title": action.title(),
                "description": action.description(),
                "class": class_of(class),
                "on": connector.is_on(action.name()),
                "inputSchema": action.input_schema(),
            })
        })
        .collect();
    json!({
        "id": connector.id,
        "name": connector.name,
        "description": connector.description,
        "address": connector.address,
        "host": connector.host,
        "badge": connector.badge(),
        "local": connector.is_local(),
        "provider": match connector.provider {
            Provider::FirstParty => "first-party",
            Provider::Demo => "demo",
            Provider::Custom => "custom",
        },
        "stage": match connector.stage {
            Stage::Draft => "draft",
            Stage::Published => "published",
            Stage::Archived => "archived",
        },
        "actions": actions,
    })
}

const fn class_of(class: Class) -> &'static str {
    match class {
        Class::Read => "read",
        Class::Write => "write",
        Class::Destructive => "destructive",
    }
}

/// The detail of a `change` event; none for what only a page with a chat needs.
fn detail_of(change: &Change) -> Option<Value> {
    match change {
        Change::Rulebook => Some(json!({ "kind": "connectors" })),
        Change::Connection { connector, status, .. } => {
            let (state, why) = connection_of(status);
            Some(json!({ "kind": "connection", "connector": connector, "state": state, "why": why }))
        }
        Change::NotTold { connector, list } => {
            Some(json!({ "kind": "not-told", "connector": connector, "list": list.as_str() }))
        }
        Change::Storage(state) => {
            let mut detail = storage_of(state);
            if let Some(fields) = detail.as_object_mut() {
                fields.insert("kind".to_owned(), "storage".into());
            }
            Some(detail)
        }
        Change::Dead => Some(json!({ "kind": "dead" })),
        Change::Conversations
        | Change::Conversation { .. }
        | Change::Item { .. }
        | Change::Delta { .. }
        | Change::Turn { .. }
        | Change::Questions
        | Change::Asks
        | Change::Models
        | Change::Record => None,
    }
}

fn storage_of(state: &StorageState) -> Value {
    match state {
        StorageState::Kept => json!({ "state": "kept", "why": null }),
        StorageState::Memory => json!({ "state": "memory", "why": null }),
        StorageState::Unavailable { why } => json!({ "state": "unavailable", "why": why }),
        StorageState::Full { why } => json!({ "state": "full", "why": why }),
    }
}

fn connection_of(status: &ConnectionStatus) -> (&'static str, Option<String>) {
    match status {
        ConnectionStatus::Idle => ("idle", None),
        ConnectionStatus::Connecting => ("connecting", None),
        ConnectionStatus::Connected { before: None, .. } => ("connected", None),
        // The server stepped back to a revision that protects less: the next call is held once (X112).
        ConnectionStatus::Connected { protocol, before: Some(before) } => (
            "connected",
            Some(format!("the server speaks {protocol} now and spoke {before} last time, which protects more")),
        ),
        ConnectionStatus::Changed { actions, .. } => ("changed", Some(actions.join(", "))),
        ConnectionStatus::SignIn { why } => ("sign-in", Some(why.clone())),
        ConnectionStatus::Failed { why, .. } => ("failed", Some(why.clone())),
    }
}

fn has_indexed_db() -> bool {
    js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("indexedDB")).is_ok_and(|found| found.is_object())
}
