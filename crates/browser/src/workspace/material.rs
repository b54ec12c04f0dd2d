//! What servers offer besides actions, for the composer: prompts, resources, and suggestions for what is filled in.
//!
//! A server is asked only with the person's own connection, as the account that acts where it is asked for, only while
//! they may use the connector, and only for what is its own: an address goes to the server that listed it and nowhere
//! else (X87). What comes back is text (X46).

use chat::conversation::{Attached, Body, Event, Item, ItemId};
use chat::material::{self, Draft, Prompt, Resource};
use mcp::{List, Reference};
use policy::{ConnectionId, Connector, ConnectorId, ConversationId, Why};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::Workspace;
use crate::drive::{Connection, Done};
use crate::error::{Code, Error};
use crate::time::now;

/// How many resources go with one message.
pub const MAX_ATTACHED: usize = 8;

/// A resource that the person wants to attach to a message. It is read when that is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The connector whose server has it.
    pub connector: ConnectorId,
    /// Its address there.
    pub uri: String,
    /// Its name, to be shown.
    pub name: String,
    /// The host it is read from, to be shown.
    pub host: String,
    /// Its size in bytes, where the server says.
    pub size: Option<u64>,
}

/// What a connector's server offers for a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offers {
    /// Its prompts.
    pub prompts: Vec<Prompt>,
    /// Its resources, then its templates.
    pub resources: Vec<Resource>,
}

/// What suggestions are wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fills {
    /// An argument of the prompt of this name.
    Prompt(String),
    /// A variable of this template.
    Template(String),
}

impl Workspace {
    /// What the server of a connector offers an account for a message. A server without prompts or resources is not asked for them.
    ///
    /// # Errors
    /// When the person may not use the connector or has no such account, or the server cannot be reached.
    pub async fn offers(&self, connector: &ConnectorId, account: &ConnectionId) -> Result<Offers, Error> {
        let server = self.reading(connector, account).await?;
        let mut offers = Offers::default();
        if server.has("prompts") {
            let list = self.entries(&server, List::Prompts).await?;
            offers.prompts = list.iter().filter_map(Prompt::read).collect();
        }
        if server.has("resources") {
            for list in [List::Resources, List::Templates] {
                // Some servers have resources and know nothing of templates.
                let found = self.entries(&server, list).await;
                let found = if list == List::Templates { found.unwrap_or_default() } else { found? };
                offers.resources.extend(found.iter().filter_map(Resource::read));
            }
        }
        Ok(offers)
    }

    /// What a prompt of a connector says with these arguments, as a draft for the person to read and edit (X46).
    ///
    /// # Errors
    /// When the server refuses or cannot be reached, or its answer is no prompt.
    pub async fn prompt(
        &self,
        connector: &ConnectorId,
        account: &ConnectionId,
        name: &str,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Draft, Error> {
        let server = self.reading(connector, account).await?;
        let result = self.answered(&server, mcp::Request::prompt(name, &object(arguments))).await?;
        material::draft(&result).ok_or_else(|| server.unreadable("prompt"))
    }

    /// What the server suggests for a value, as text; nothing where it suggests nothing. `filled` is what was filled in
    /// besides. Whoever asks waits for the person to pause, and keeps the answers.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn suggestions(
        &self,
        connector: &ConnectorId,
        account: &ConnectionId,
        of: &Fills,
        name: &str,
        value: &str,
        filled: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, Error> {
        let server = self.reading(connector, account).await?;
        if !server.has("completions") {
            return Ok(Vec::new());
        }
        let of = match of {
            Fills::Prompt(prompt) => Reference::Prompt(prompt),
            Fills::Template(template) => Reference::Resource(template),
        };
        let request = mcp::Request::completion(of, name, value, &object(filled));
        Ok(material::suggestions(&self.answered(&server, request).await?))
    }

    /// Reads a resource for a message, as the account that acts there, and puts it into the conversation. What cannot be read is there with the reason.
    pub(super) async fn attach(&self, id: &ConversationId, wish: Wish) {
        let book = self.rulebook();
        let name = book.connector(&wish.connector).map(|one| one.name.clone());
        let mut attached = Attached {
            connector: wish.connector.clone(),
            account: Some(self.account_in(Some(id), &wish.connector)),
            connector_name: name.unwrap_or_else(|_| wish.connector.to_string()),
            host: wish.host,
            uri: wish.uri,
            name: wish.name,
            contents: Vec::new(),
            left_out: 0,
            error: None,
            changed_at: None,
        };
        match self.read_resource(&attached).await {
            Ok((contents, left_out)) => (attached.contents, attached.left_out) = (contents, left_out),
            Err(error) => attached.error = Some(error.message),
        }
        self.add_item(id, Body::Attached(Box::new(attached)));
    }

    async fn read_resource(&self, wanted: &Attached) -> Result<(Vec<Value>, usize), Error> {
        let server = self.reading(&wanted.connector, &wanted.account()).await?;
        let result = self.answered(&server, mcp::Request::resource(&wanted.uri)).await?;
        let taken = material::take(&result).ok_or_else(|| server.unreadable("resource"))?;
        if server.tells_changes() {
            // That it changed later is worth a word. A server that cannot tell is no failure, and holds up nothing.
            let (connection, uri) = (server.connection, wanted.uri.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let _ = connection.watch(&uri, true).await;
            });
        }
        Ok(taken)
    }

    /// A server says that a resource changed. What was attached of it says so, once: after the first word nothing more is
    /// wanted of the server, so a flood of them costs nothing (X87).
    pub(crate) fn resource_changed(&self, account: &ConnectionId, uri: &str, connection: Option<Connection>) {
        let mut changed: Vec<(ConversationId, ItemId)> = Vec::new();
        for (id, record) in self.0.records.borrow().iter() {
            let told = record.conversation.items.iter().filter(|item| match &item.body {
                Body::Attached(one) => one.account() == *account && one.uri == uri && one.changed_at.is_none(),
                _ => false,
            });
            changed.extend(told.map(|item| (id.clone(), item.id.clone())));
        }
        for (id, item) in changed {
            let Some(Item { id: key, at, body: Body::Attached(mut one) }) = self.item(&id, &item) else { continue };
            one.changed_at = Some(now());
            self.apply(&id, Event::Put(Item { id: key, at, body: Body::Attached(one) }));
        }
        if let Some(connection) = connection {
            let uri = uri.to_owned();
            wasm_bindgen_futures::spawn_local(async move {
                let _ = connection.watch(&uri, false).await;
            });
        }
    }

    /// The server of a connector that the person may use, connected as one of their accounts, to read something that is no
    /// action.
    async fn reading(&self, id: &ConnectorId, account: &ConnectionId) -> Result<Server, Error> {
        self.acting()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_use(connector, book.member(&self.me())?)?;
        if book.workspace.lockdown {
            return Err(Error::new(Code::Blocked, "the workspace has stopped every call").hint("ask an owner"));
        }
        if book.accounts_of(&self.me(), id).iter().all(|own| own.id != *account) {
            return Err(Why::NoAccount.into());
        }
        match self.open_link(connector, account, false).await {
            Ok((connection, _)) => Ok(Server { connector: connector.clone(), account: account.clone(), connection }),
            Err(failed) => Err(self.op_error(connector, account, &failed.error)),
        }
    }

    async fn entries(&self, server: &Server, list: List) -> Result<Vec<Value>, Error> {
        match server.connection.list_of(list).await {
            Ok(Done::Listed(items)) => Ok(server.connection.cover().entries(items).await),
            Ok(_) => Err(server.unreadable("list")),
            Err(failed) => Err(self.op_error(&server.connector, &server.account, &failed.error)),
        }
    }

    async fn answered(&self, server: &Server, request: mcp::Request) -> Result<Value, Error> {
        match server.connection.request(request).await {
            Ok(Done::Answered(mut result)) => {
                server.connection.cover().answered(&mut result).await;
                Ok(result)
            }
            Ok(_) => Err(server.unreadable("answer")),
            Err(failed) => Err(self.op_error(&server.connector, &server.account, &failed.error)),
        }
    }
}

/// A server that is read from, and the account that reads.
struct Server {
    connector: Connector,
    account: ConnectionId,
    connection: Connection,
}

impl Server {
    /// Whether it says that it has a capability.
    fn has(&self, capability: &str) -> bool {
        let connected = self.connection.connected();
        connected.is_some_and(|server| server.capabilities.get(capability).is_some_and(|found| !found.is_null()))
    }

    /// Whether it says when a resource changes.
    fn tells_changes(&self) -> bool {
        let connected = self.connection.connected();
        connected.is_some_and(|server| server.capabilities.pointer("/resources/subscribe") == Some(&Value::Bool(true)))
    }

    fn unreadable(&self, what: &str) -> Error {
        Error::new(Code::Protocol, format!("{} sent a {what} that cannot be read", self.connector.host))
            .hint("tell the server's operator")
    }
}

fn object(values: &BTreeMap<String, String>) -> String {
    let object: Map<String, Value> =
        values.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    Value::Object(object).to_string()
}
