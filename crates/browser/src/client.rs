//! The MCP client alone, for people who bring their own rules: **nothing here is gated**.
//!
//! It records nothing and keeps nothing, and it asks nobody but the page that embeds it. The workspace does not use it;
//! its calls go through the dispatcher.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use mcp::oauth::Revocation;
use mcp::{
    Again, Answer, Ask, CallTool, Config, Elicitation, Era, Event, List, Listed, LogLevel, Request, ServerRequest,
};
use serde_json::{Map, Value, json};
use wasm_bindgen_futures::spawn_local;

use crate::drive::{Connection, Done, Failed, Running, Transport, Weakly};
use crate::error::{Code, Error};
use crate::fetch::Fetcher;
use crate::link::op_error;
use crate::oauth::SignIn;

type OnProgress = Rc<dyn Fn(Value)>;

/// What the embedding page does for a client.
#[derive(Default)]
pub struct Hooks {
    /// Puts a question of the server to a person: `id`, `mode` (`form` or `url`), `message`, and `schema` or `url`. Without
    /// it, servers are told that nobody answers questions.
    pub elicit: Option<Box<dyn Fn(Value) -> LocalBoxFuture<'static, Answer>>>,
    /// Hears what the server or the connection says by itself, as `{kind, ...}`; the kinds are in `mcp.d.ts`, and
    /// `withdrawn` tells that the question `id` needs no answer any more.
    pub event: Option<Box<dyn Fn(Value)>>,
    /// Signs in where the server asks for it.
    pub sign_in: Option<Rc<SignIn>>,
}

/// A connection to one server, without a gate. Clones share it.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    host: Rc<str>,
    progress: Rc<RefCell<HashMap<mcp::OpId, OnProgress>>>,
    sign_in: Option<Rc<SignIn>>,
}

impl Client {
    /// Connects. Questions of the server are offered when somebody answers them.
    ///
    /// # Errors
    /// Why it could not be reached or used.
    pub async fn connect(config: Config, fetcher: Fetcher, hooks: Hooks) -> Result<Client, Error> {
        let mut config = config;
        let answers = hooks.elicit.is_some();
        // Nobody here has approved a definition.
        config.take_changes = true;
        config.elicitation = Elicitation { form: answers, url: answers };
        let url = web_sys::Url::new(&config.endpoint).ok();
        let Some(url) = url.filter(|url| matches!(url.protocol().as_str(), "https:" | "http:")) else {
            return Err(Error::new(Code::Address, format!("`{}` is not the address of a server", config.endpoint))
                .hint("use one that begins with https://"));
        };
        let sign_in = hooks.sign_in.clone();
        let transport = match sign_in.clone() {
            Some(sign_in) => Transport::SignedIn(fetcher, sign_in),
            None => Transport::Network(fetcher),
        };
        let progress: Rc<RefCell<HashMap<mcp::OpId, OnProgress>>> = Rc::default();
        let listeners = progress.clone();
        let itself: Rc<OnceCell<Weakly>> = Rc::default();
        let asked = itself.clone();
        let connection = Connection::new(config, transport, move |event| match event {
            Event::Progress { op, progress, total, message } => {
                if let Some(listener) = listeners.borrow().get(op).cloned() {
                    let mut detail = Map::new();
                    detail.insert("progress".to_owned(), json!(progress));
                    detail.extend(total.map(|total| ("total".to_owned(), json!(total))));
                    detail.extend(message.as_ref().map(|message| ("message".to_owned(), json!(message))));
                    listener(Value::Object(detail));
                }
            }
            Event::Asked(request) => {
                if let (Some(elicit), Some(itself)) = (&hooks.elicit, asked.get().cloned()) {
                    let (ask, answer) = (request.id, elicit(question(request)));
                    spawn_local(async move { itself.answer(ask, answer.await) });
                }
            }
            event => {
                if let (Some(hear), Some(told)) = (&hooks.event, told(event)) {
                    hear(told);
                }
            }
        });
        let _ = itself.set(connection.weakly());
        let client = Client { connection, host: url.host().into(), progress, sign_in };
        client.connection.connect().await.map_err(|failed| client.error(&failed))?;
        let era = client.connection.connected().map(|connected| connected.era);
        if let (Some(sign_in), Some(Era::Y2026)) = (&client.sign_in, era) {
            sign_in.is_modern().await;
        }
        Ok(client)
    }

    /// What the server is: `protocol`, `serverInfo`, `capabilities`, `instructions`, as it says.
    pub fn server(&self) -> Value {
        match self.connection.connected() {
            Some(connected) => json!({
                "protocol": connected.protocol,
                "serverInfo": connected.server,
                "capabilities": connected.capabilities,
                "instructions": connected.instructions,
            }),
            None => Value::Null,
        }
    }

    /// A whole list, as received.
    ///
    /// # Errors
    /// When it could not be read to its end.
    pub async fn list(&self, list: List) -> Result<Vec<Value>, Error> {
        let done = if list == List::Tools { self.connection.list() } else { self.connection.list_of(list) };
        match done.await {
            Ok(Done::Tools { tools: items, .. } | Done::Listed(items)) => Ok(items),
            Ok(_) => Err(of_another_kind()),
            Err(failed) => Err(self.error(&failed)),
        }
    }

    /// Calls a tool. `arguments` is the text of one JSON object, sent byte for byte. Dropping the future cancels it.
    ///
    /// # Errors
    /// When it did not work; a tool that says that it failed is no error.
    pub async fn call_tool(
        &self,
        name: &str,
        arguments: String,
        on_progress: impl Fn(Value) + 'static,
    ) -> Result<Value, Error> {
        let running = self.connection.call(CallTool { name: name.to_owned(), arguments, progress: true });
        self.wait(running, Rc::new(on_progress), true).await
    }

    /// Sends any other request. `params` is the text of one JSON object, sent byte for byte. Dropping the future cancels
    /// it.
    ///
    /// # Errors
    /// When it did not work.
    pub async fn request(
        &self,
        method: &str,
        params: String,
        on_progress: impl Fn(Value) + 'static,
    ) -> Result<Value, Error> {
        let only_reads = matches!(method, "prompts/get" | "resources/read" | "completion/complete");
        let running = self.connection.request(Request { method: method.to_owned(), params, progress: true });
        self.wait(running, Rc::new(on_progress), !only_reads).await
    }

    /// Wants to hear of changes of a resource by the event `resource-updated`, or no longer.
    ///
    /// # Errors
    /// When the server does not do that.
    pub async fn watch(&self, uri: &str, on: bool) -> Result<(), Error> {
        self.connection.watch(uri, on).await.map(drop).map_err(|failed| self.error(&failed))
    }

    /// Chooses from which level on the server sends log messages.
    ///
    /// # Errors
    /// When there is no such level, or the server does not do that.
    pub async fn set_log_level(&self, level: &str) -> Result<(), Error> {
        let Some(known) = LogLevel::of(level) else {
            return Err(
                Error::new(Code::Invalid, format!("`{level}` is no level")).hint("use one from debug to emergency")
            );
        };
        self.connection.set_log_level(known).await.map(drop).map_err(|failed| self.error(&failed))
    }

    /// Waits for the answer of a request that may do something on the server.
    async fn wait(&self, running: Running, on_progress: OnProgress, acts: bool) -> Result<Value, Error> {
        let _listening = running.op().map(|op| {
            self.progress.borrow_mut().insert(op, on_progress);
            Listening { op, progress: self.progress.clone() }
        });
        match running.await {
            Ok(Done::Called(result)) => Ok(result.raw),
            Ok(Done::Answered(result)) => Ok(result),
            Ok(_) => Err(of_another_kind()),
            Err(failed) => {
                let mut error = self.error(&failed);
                if acts && failed.sent == mcp::Sent::Unknown && error.code != Code::Cancelled {
                    error.code = Code::UnknownOutcome;
                    error.hint = Some("it may have happened; look on the server before you repeat it".to_owned());
                }
                Err(error)
            }
        }
    }

    /// Signs out: forgets what is kept, and has the authorization server revoke the tokens if it can. Says how that went:
    /// `done`, `not-offered`, `failed`, or `nothing` where nobody was signed in.
    pub async fn sign_out(&self) -> &'static str {
        match &self.sign_in {
            None => "nothing",
            Some(sign_in) => match sign_in.end().await {
                Revocation::Nothing => "nothing",
                Revocation::NotOffered => "not-offered",
                Revocation::Done => "done",
                Revocation::Failed(_) => "failed",
            },
        }
    }

    /// Ends the connection and tells the server.
    pub async fn close(&self) {
        self.connection.close();
    }

    fn error(&self, failed: &Failed) -> Error {
        let error = op_error(&failed.error, &self.host);
        match (error.code, &self.sign_in) {
            (Code::SignIn, Some(sign_in)) => sign_in.take_failure().unwrap_or(error),
            _ => error,
        }
    }
}

fn of_another_kind() -> Error {
    Error::new(Code::Protocol, "the answer was of another kind")
}

/// A question of the server as the page gets it.
fn question(request: &ServerRequest) -> Value {
    let (id, message) = (request.id.get(), &request.message);
    match &request.kind {
        Ask::Form { schema } => json!({ "id": id, "mode": "form", "message": message, "schema": schema }),
        Ask::Url { url, elicitation } => {
            json!({ "id": id, "mode": "url", "message": message, "url": url, "elicitation": elicitation })
        }
    }
}

/// What the page is told of an event, if anything.
fn told(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Log { level, logger, data, .. } => {
            json!({ "kind": "log", "level": level, "logger": logger, "data": data })
        }
        Event::ListChanged(listed) => {
            let list = match listed {
                Listed::Tools => "tools",
                Listed::Prompts => "prompts",
                Listed::Resources => "resources",
            };
            json!({ "kind": "list-changed", "list": list })
        }
        Event::SentAgain { why, .. } => {
            let why = match why {
                Again::NewSession => "new-session",
                Again::Headers => "headers",
                Again::Input => "input",
                Again::Version => "version",
            };
            json!({ "kind": "sent-again", "why": why })
        }
        Event::ResourceUpdated { uri } => json!({ "kind": "resource-updated", "uri": uri }),
        Event::ElicitationComplete { elicitation } => {
            json!({ "kind": "elicitation-complete", "elicitation": elicitation })
        }
        Event::Task { status, .. } => {
            json!({ "kind": "task", "task": status.task, "status": status.status, "message": status.message })
        }
        Event::Disconnected { error } => json!({ "kind": "disconnected", "message": error.to_string() }),
        Event::AskWithdrawn { id } => json!({ "kind": "withdrawn", "id": id.get() }),
        _ => return None,
    })
}

struct Listening {
    op: mcp::OpId,
    progress: Rc<RefCell<HashMap<mcp::OpId, OnProgress>>>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.progress.borrow_mut().remove(&self.op);
    }
}
