//! `countersign`: a workspace with its gate.

use std::cell::RefCell;
use std::rc::Rc;

use browser::policy::{Class, ConnectorId, Provider, SignIn, Stage};
use browser::{
    Answer, Asked, CallRequest, Change, Code, Confirm, Error, Fetcher, Keep, NewConnector, Options, Subscription,
    Where, Workspace,
};
use js_sys::{Function, Promise};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::plain::{error, from_js, to_js};
use crate::tickets::Tickets;

/// What `open()` takes.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct OpenOptions {
    store: Option<Store>,
    identity: Option<Identity>,
    allow_loopback: bool,
}

/// Where things are kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum Store {
    /// `"memory"`.
    Word(String),
    /// `{ indexedDb: "name" }`.
    Named {
        #[serde(rename = "indexedDb")]
        indexed_db: String,
    },
}

/// Who the person is, for the audit log and the list of members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    name: String,
}

/// What `addConnector()` takes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddConnector {
    name: String,
    address: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    header: Option<Header>,
}

/// A fixed header for sign-in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    value: String,
}

/// What `call()` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
    tickets: Tickets,
    listening: RefCell<Option<Subscription>>,
}

/// Opens a workspace. See `open` in `index.d.ts`.
#[wasm_bindgen]
pub async fn open(options: JsValue, fetch: Option<Function>) -> Result<Host, JsValue> {
    let options: OpenOptions = from_js(options, "the options of open()")?;
    let store = match options.store {
        None if has_indexed_db() => Where::IndexedDb("countersign".into()),
        None => Where::Memory,
        Some(Store::Word(word)) if word == "memory" => Where::Memory,
        Some(Store::Word(word)) => {
            return Err(error(
                &Error::new(Code::Invalid, format!("`{word}` is not a store"))
                    .hint("use \"memory\" or { indexedDb: \"name\" }"),
            ));
        }
        Some(Store::Named { indexed_db }) => Where::IndexedDb(indexed_db),
    };
    let member_name = options.identity.map_or_else(|| "You".to_owned(), |identity| identity.name);
    let workspace = Workspace::open(Options {
        store,
        member_name,
        allow_loopback: Some(options.allow_loopback),
        fetcher: fetch.map(Fetcher::custom).unwrap_or_default(),
    })
    .await
    .map_err(|why| error(&why))?;
    Ok(Host { workspace, tickets: Tickets::default(), listening: RefCell::default() })
}

#[wasm_bindgen]
impl Host {
    /// Calls `listener` with `{ kind, ... }` for each change. One listener; a second replaces it.
    pub fn listen(&self, listener: Function) {
        let subscription = self.workspace.subscribe(move |change| {
            if let Some(detail) = detail_of(change)
                && let Ok(detail) = to_js(&detail)
            {
                // What the listener throws is the page's own affair; index.js never throws here.
                let _ = listener.call1(&JsValue::UNDEFINED, &detail);
            }
        });
        self.listening.replace(Some(subscription));
    }

    /// The connectors and their actions.
    pub fn connectors(&self) -> Result<JsValue, JsValue> {
        let rulebook = self.workspace.rulebook();
        let connectors: Vec<Value> = rulebook
            .connectors
            .iter()
            .filter(|connector| connector.stage != Stage::Archived)
            .map(connector_of)
            .collect();
        to_js(&connectors)
    }

    /// Scans a server and keeps it as a draft; what it offers is switched on as the scan found it.
    #[wasm_bindgen(js_name = addConnector)]
    pub async fn add_connector(&self, connector: JsValue) -> Result<JsValue, JsValue> {
        let add: AddConnector = from_js(connector, "the connector")?;
        let new = NewConnector {
            name: add.name,
            description: add.description,
            address: add.address,
            provenance: Default::default(),
            sign_in: add.header.as_ref().map_or(SignIn::None, |header| SignIn::Header { name: header.name.clone() }),
            header_value: add.header.map(|header| header.value),
            keep: Keep::Memory,
            colour: None,
        };
        let workspace = self.workspace.clone();
        let add = async move {
            workspace.set_developer_mode(true).await?;
            let scanned = workspace.scan(&new, |_| {}).await.map_err(|stopped| stopped.error)?;
            workspace.create_draft(new, scanned).await
        };
        let id = add.await.map_err(|why| error(&why))?;
        let rulebook = self.workspace.rulebook();
        let connector = rulebook.connectors.iter().find(|connector| connector.id == id).map(connector_of);
        to_js(&connector)
    }

    /// A ticket for one call, so that it can be cancelled.
    pub fn ticket(&self) -> u32 {
        self.tickets.take()
    }

    /// Cancels the call under the ticket.
    pub fn cancel(&self, ticket: u32) {
        self.tickets.cancel(ticket);
    }

    /// Calls one action through the gate; `confirm` gets the question and resolves to `{ allow, reason? }`.
    pub async fn call(&self, ticket: u32, call: JsValue, confirm: Function) -> Result<JsValue, JsValue> {
        let call: Call = from_js(call, "the call")?;
        let request = CallRequest {
            connector: ConnectorId::from(call.connector),
            action: call.action,
            arguments: call.arguments.unwrap_or_default(),
        };
        let confirm = Rc::new(confirm);
        let ask = Confirm::With(Box::new(move |asked: Asked| {
            let confirm = Rc::clone(&confirm);
            Box::pin(async move { answer_of(&confirm, &asked).await })
        }));
        let done = self.tickets.run(ticket, self.workspace.call(request, ask)).await.map_err(|why| error(&why))?;
        to_js(&done.result)
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
    let Ok(question) = to_js(&question_of(asked)) else { return no(None) };
    let Ok(promise) = confirm.call1(&JsValue::UNDEFINED, &question) else { return no(None) };
    let Ok(promise) = promise.dyn_into::<Promise>() else { return no(None) };
    let Ok(said) = JsFuture::from(promise).await else { return no(None) };
    let said: Said = serde_wasm_bindgen::from_value(said).unwrap_or_default();
    if said.allow { Answer::AllowOnce } else { no(said.reason) }
}

fn question_of(asked: &Asked) -> Value {
    let view = &asked.view;
    json!({
        "id": asked.id,
        "connector": view.connector,
        "connectorName": view.connector_name,
        "host": view.host,
        "badge": view.badge,
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
        Change::Connection { connector, .. } => Some(json!({ "kind": "connection", "connector": connector })),
        Change::Storage(_) => Some(json!({ "kind": "storage" })),
        Change::Dead => Some(json!({ "kind": "dead" })),
        Change::Conversations
        | Change::Conversation { .. }
        | Change::Item { .. }
        | Change::Delta { .. }
        | Change::Turn { .. }
        | Change::Questions
        | Change::Asks
        | Change::Models => None,
    }
}

fn has_indexed_db() -> bool {
    js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("indexedDB")).is_ok_and(|found| found.is_object())
}
