//! The workspace as its inspector needs it (screens.md e.6): who may look at the wire, and requests that a person makes
//! by hand.
//!
//! An action is called through the dispatcher, like from anywhere else. Prompts, resources, completion and ping have no
//! definition that a rule could be about: like reading for an app, they need the right to use the connector and stop at
//! the lockdown.

use std::future::Future;
use std::rc::Rc;

use mcp::{List, OpError, Reference, Request};
use policy::audit::Entry;
use policy::{CallId, Caller, ConnectionId, ConnectorId};
use serde_json::{Map, Value, json};

use super::Workspace;
use crate::drive::{Connection, Done, Failed};
use crate::error::{Code, Error};
use crate::inspect::{Recorder, Tap};
use crate::leaving;
use crate::store::{Op, Table, prefix_end};
use crate::time::{new_id, now};
use crate::view::{CallDone, CallRequest, Confirm, Excluded, Millis};

/// A request that is no call of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// `prompts/get`.
    Prompt {
        /// The prompt's name.
        name: String,
        /// Its arguments, texts by name.
        arguments: Map<String, Value>,
    },
    /// `resources/read`.
    Resource {
        /// The address, which only the server reads.
        uri: String,
    },
    /// `completion/complete`.
    Completion {
        /// A prompt's name, or the address of a resource template.
        of: String,
        /// Whether it is a template.
        template: bool,
        /// The argument that is typed.
        argument: String,
        /// What was typed of it.
        value: String,
    },
    /// `ping`.
    Ping,
}

impl Plain {
    fn request(&self) -> Request {
        match self {
            Plain::Prompt { name, arguments } => Request::prompt(name, &Value::Object(arguments.clone()).to_string()),
            Plain::Resource { uri } => Request::resource(uri),
            Plain::Completion { of, template, argument, value } => {
                let of = if *template { Reference::Resource(of) } else { Reference::Prompt(of) };
                Request::completion(of, argument, value, "")
            }
            Plain::Ping => Request::new("ping", "{}"),
        }
    }
}

/// What a server lists besides actions, as received.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// Its prompts.
    pub prompts: Vec<Value>,
    /// Its resources.
    pub resources: Vec<Value>,
    /// Its resource templates.
    pub templates: Vec<Value>,
}

/// A request that a person keeps to make it again.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRequest {
    /// Its id.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// Whose server.
    pub connector: ConnectorId,
    /// `tools/call`, `prompts/get`, `resources/read`, `completion/complete` or `ping`.
    pub method: String,
    /// The parameters as they go out.
    pub params: Value,
    /// When it was kept.
    pub at: Millis,
}

const SAVED: &str = "inspector:saved:";

impl SavedRequest {
    fn text(&self) -> String {
        json!({
            "name": self.name, "connector": self.connector, "method": self.method, "params": self.params, "at": self.at,
        })
        .to_string()
    }

    fn read(key: &str, text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let member = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(SavedRequest {
            id: key.strip_prefix(SAVED)?.to_owned(),
            name: member("name")?,
            connector: member("connector")?.into(),
            method: member("method")?,
            params: value.get("params").cloned().unwrap_or_default(),
            at: value.get("at").and_then(Value::as_u64).unwrap_or_default(),
        })
    }
}

impl Workspace {
    /// Whether the person may look at the wire: in developer mode, as themselves.
    ///
    /// # Errors
    /// Why they may not.
    pub fn may_inspect(&self) -> Result<(), Error> {
        self.acting()?;
        let book = self.rulebook();
        Ok(book.developer_mode(book.member(&self.me())?)?)
    }

    /// What was recorded of the wire, where anything was ever recorded.
    pub fn recorder(&self) -> Option<Rc<Recorder>> {
        self.0.tap.tap()?.as_any().downcast().ok()
    }

    /// Records what goes over the wire from now on, and goes on with what was recorded before.
    ///
    /// # Errors
    /// When the person may not look at the wire.
    pub fn record_wire(&self) -> Result<Rc<Recorder>, Error> {
        self.may_inspect()?;
        if let Some(recorder) = self.recorder() {
            self.0.tap.turn(true);
            return Ok(recorder);
        }
        let recorder: Rc<Recorder> = Rc::default();
        let tap: Rc<dyn Tap> = recorder.clone();
        self.0.tap.set(Some(tap));
        Ok(recorder)
    }

    /// Records nothing more. What was recorded stays until the page is closed.
    pub fn pause_wire(&self) {
        self.0.tap.turn(false);
    }

    /// Whether the wire is recorded now.
    pub fn records_wire(&self) -> bool {
        self.0.tap.is_on()
    }

    /// A covered value of a recorded message, to be looked at for a moment. That somebody looked is on record first.
    /// What opens something, as a token or a key does, is never given out.
    ///
    /// # Errors
    /// When the person may not look at the wire, the value is not one that can be shown, or the row cannot be written.
    pub async fn unveil(&self, message: u64, path: &str) -> Result<String, Error> {
        self.may_inspect()?;
        let recorder = self.recorder();
        let seen = recorder.as_ref().and_then(|one| one.message(message).zip(one.unveil(message, path)));
        let Some((message, value)) = seen else {
            let error = Error::new(Code::Blocked, "this value stays covered");
            return Err(error.hint("tokens and keys are never shown; look where the server keeps them"));
        };
        let row = Entry::Changed {
            by: self.me(),
            subject: format!("connector {}", message.of.name),
            how: "a covered value was shown in the inspector".to_owned(),
            before: None,
            after: Some(format!("{} of {}", path, message.about())),
        };
        self.0.audit.write(vec![row]).await?;
        Ok(value)
    }

    /// Another person is here, or everything is gone: nothing that was recorded may stay.
    pub(crate) fn forget_wire(&self) {
        if let Some(tap) = self.0.tap.tap() {
            tap.forget();
        }
        self.0.tap.turn(false);
    }

    /// One call by the person, through the gate: its id, with which it can be cancelled, and how it ends. It is made as the
    /// usual account, where none is chosen; so are the others by hand.
    ///
    /// # Errors
    /// The future gives an error when it is refused, declined, cancelled, or does not work. A tool that says that it
    /// failed is no error.
    pub fn call_by_hand(
        &self,
        request: CallRequest,
        account: Option<ConnectionId>,
    ) -> (CallId, impl Future<Output = Result<CallDone, Error>> + use<>) {
        let id = CallId::from(new_id("call"));
        let (workspace, own) = (self.clone(), id.clone());
        (id, async move {
            let account = workspace.account_by_hand(&request.connector, account.as_ref())?;
            workspace.call_as(own, request, Some(account), Caller::Person, Confirm::Ask).await
        })
    }

    /// Another request by the person: what the server answers, as received.
    ///
    /// # Errors
    /// When the connector may not be used now, cannot be reached, or the server refuses.
    pub async fn ask_by_hand(
        &self,
        connector: &ConnectorId,
        account: Option<&ConnectionId>,
        plain: &Plain,
    ) -> Result<Value, Error> {
        let account = self.account_by_hand(connector, account)?;
        let connection = self.by_hand(connector, &account).await?;
        let failed = |failed: Failed| self.failed_by_hand(connector, &account, &failed);
        match connection.request(plain.request()).await.map_err(failed)? {
            Done::Answered(mut result) => {
                connection.cover().answered(&mut result).await;
                Ok(result)
            }
            _ => Err(Error::new(Code::Protocol, "the answer was of another kind").hint("look at it on the wire")),
        }
    }

    /// What the server of a connector lists besides its actions.
    ///
    /// # Errors
    /// When the connector may not be used now, or a list cannot be read.
    pub async fn listed_by_hand(
        &self,
        connector: &ConnectorId,
        account: Option<&ConnectionId>,
    ) -> Result<Listed, Error> {
        let account = self.account_by_hand(connector, account)?;
        let connection = self.by_hand(connector, &account).await?;
        let mut lists = Vec::new();
        for list in [List::Prompts, List::Resources, List::Templates] {
            lists.push(match connection.list_of(list).await {
                Ok(Done::Listed(items)) => connection.cover().entries(items).await,
                Ok(_) => Vec::new(),
                // A server without prompts has none to list; many have resources and no templates.
                Err(Failed { error: OpError::Unsupported { .. }, .. }) => Vec::new(),
                Err(Failed { error: OpError::Rpc { code: -32601, .. }, .. }) => Vec::new(),
                Err(failed) => return Err(self.failed_by_hand(connector, &account, &failed)),
            });
        }
        let mut lists = lists.into_iter();
        let mut next = || lists.next().unwrap_or_default();
        let (prompts, resources, templates) = (next(), next(), next());
        Ok(Listed { prompts, resources, templates })
    }

    /// Actions that a server lists for an account and that were left out, with the rule each broke; none until it is
    /// connected.
    pub fn left_out(&self, account: &ConnectionId) -> Vec<Excluded> {
        self.live_as(account).map(|live| live.excluded).unwrap_or_default()
    }

    /// The account that was chosen, if it is the person's at this connector; where none was, the usual one.
    fn account_by_hand(&self, id: &ConnectorId, chosen: Option<&ConnectionId>) -> Result<ConnectionId, Error> {
        let Some(chosen) = chosen else { return Ok(self.usual_account(id)) };
        match self.rulebook().has_account(&self.me(), id, chosen) {
            true => Ok(chosen.clone()),
            false => Err(Error::not_found("account", chosen.as_str()).hint("choose another account")),
        }
    }

    /// The connection of an account at a connector, for a person in developer mode who may use it now.
    async fn by_hand(&self, id: &ConnectorId, account: &ConnectionId) -> Result<Connection, Error> {
        self.may_inspect()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_use(connector, book.member(&self.me())?)?;
        if book.workspace.lockdown {
            let error = Error::new(Code::Blocked, "the workspace has stopped every call");
            return Err(error.hint("nothing was sent; an admin can end the lockdown"));
        }
        let opened = self.open_link(connector, account, false).await;
        opened.map(|(connection, _)| connection).map_err(|failed| self.op_error(connector, account, &failed.error))
    }

    fn failed_by_hand(&self, id: &ConnectorId, account: &ConnectionId, failed: &Failed) -> Error {
        match self.rulebook().connector(id) {
            Ok(connector) => self.op_error(connector, account, &failed.error),
            Err(why) => why.into(),
        }
    }

    /// The requests that are kept, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn saved_requests(&self) -> Result<Vec<SavedRequest>, Error> {
        let found = self.0.store.range(Table::Settings, SAVED, &prefix_end(SAVED)).await?;
        let mut saved: Vec<SavedRequest> =
            found.iter().filter_map(|(key, text)| SavedRequest::read(key, text)).collect();
        saved.sort_by_key(|saved| std::cmp::Reverse(saved.at));
        Ok(saved)
    }

    /// Keeps a request under a name.
    ///
    /// # Errors
    /// When the name is empty, something in it looks like a secret, or it cannot be kept.
    pub async fn save_request(
        &self,
        name: &str,
        connector: &ConnectorId,
        method: &str,
        params: Value,
    ) -> Result<(), Error> {
        self.acting()?;
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::new(Code::Invalid, "the request has no name").hint("type one and save it again"));
        }
        if let Some((path, what)) = policy::secrets::notes(&params).first() {
            let error = Error::new(Code::Blocked, format!("`{path}` looks like {what}, and secrets are not kept"));
            return Err(error.hint("take it out and save the request again"));
        }
        let saved = SavedRequest {
            id: new_id("saved"),
            name: name.to_owned(),
            connector: connector.clone(),
            method: method.to_owned(),
            params,
            at: now(),
        };
        let op = Op::Put(Table::Settings, format!("{SAVED}{}", saved.id), saved.text());
        let _change = leaving::change();
        Ok(self.0.store.write(vec![op]).await?)
    }

    /// Lets a kept request go.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete_request(&self, id: &str) -> Result<(), Error> {
        self.acting()?;
        let _change = leaving::change();
        Ok(self.0.store.write(vec![Op::Delete(Table::Settings, format!("{SAVED}{id}"))]).await?)
    }
}
