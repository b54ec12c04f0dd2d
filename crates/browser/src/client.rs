//! The MCP client alone, for people who bring their own rules: **nothing here is gated**.
//!
//! It records nothing and keeps nothing, and it asks nobody but the page that embeds it. The workspace does not use it;
//! its calls go through the dispatcher.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use mcp::oauth::Revocation;
use mcp::{
    Again, Answer, Ask, CallTool, Config, Elicitation, EraChoice, Event, Excluded, List, LogLevel, OpError, Request,
    ServerRequest,
};
use serde_json::{Map, Value, json};
use wasm_bindgen_futures::spawn_local;

use crate::drive::{Connection, Done, Failed, Transport, Weakly, take};
use crate::error::{Code, Error};
use crate::fetch::Fetcher;
use crate::link::op_error;
use crate::oauth::SignIn;

type OnProgress = Rc<dyn Fn(Value)>;
/// Who hears of the progress of which operation.
type Listeners = Rc<RefCell<Vec<(mcp::OpId, OnProgress)>>>;

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

/// What a client can do on its server.
pub enum Wish<'a> {
    /// Read a whole list.
    List(List),
    /// Call a tool.
    Tool {
        /// Its name.
        name: &'a str,
        /// The text of one JSON object, sent byte for byte.
        arguments: String,
    },
    /// Send any other request.
    Request {
        /// The method.
        method: &'a str,
        /// The text of one JSON object, sent byte for byte.
        params: String,
    },
    /// Hear of changes of a resource by the event `resource-updated`, or no longer.
    Watch {
        /// Its address.
        uri: &'a str,
        /// Whether to hear of them.
        on: bool,
    },
    /// Choose from which level on the server sends log messages.
    LogLevel(LogLevel),
}

/// A connection to one server, without a gate. Clones share it.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    host: Rc<str>,
    progress: Listeners,
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
        if let (Some(sign_in), EraChoice::Exact(revision)) = (&sign_in, &config.era) {
            sign_in.speaks(Some(*revision)).await;
        }
        let transport = match sign_in.clone() {
            Some(sign_in) => Transport::SignedIn(fetcher, sign_in),
            None => Transport::Network(fetcher),
        };
        let progress = Listeners::default();
        let listeners = progress.clone();
        let itself: Rc<OnceCell<Weakly>> = Rc::default();
        let asked = itself.clone();
        let connection = Connection::new(config, transport, move |event| match event {
            Event::Progress { op, progress, total, message } => {
                let listener = listeners.borrow().iter().find(|(known, _)| known == op).map(|(_, it)| it.clone());
                if let Some(listener) = listener {
                    let mut detail = Map::new();
                    detail.insert("progress".to_owned(), (*progress).into());
                    detail.extend(total.map(|total| ("total".to_owned(), total.into())));
                    detail.extend(message.clone().map(|message| ("message".to_owned(), message.into())));
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
        if let Some(sign_in) = &client.sign_in {
            sign_in.speaks(client.connection.connected().and_then(|connected| connected.revision())).await;
        }
        Ok(client)
    }

    /// What the server is: `protocol`, `serverInfo`, `capabilities`, `instructions`, as it says, and `downgrade`: whether
    /// the protocol is older than the one that it spoke before.
    pub fn server(&self) -> Value {
        match self.connection.connected() {
            Some(connected) => json!({
                "protocol": connected.protocol,
                "serverInfo": connected.server,
                "capabilities": connected.capabilities,
                "instructions": connected.instructions,
                "downgrade": connected.downgrade,
            }),
            None => Value::Null,
        }
    }

    /// Does what is wished and waits for the answer, as received: a list of all its pages, or the whole result. `limit` is
    /// for how long, in milliseconds, in the place of the usual limits. Dropping the future cancels it.
    ///
    /// # Errors
    /// When it did not work; a tool that says that it failed is no error.
    pub async fn ask(
        &self,
        wish: Wish<'_>,
        limit: Option<u64>,
        on_progress: impl Fn(Value) + 'static,
    ) -> Result<Value, Error> {
        let lists = matches!(wish, Wish::List(_));
        // What only reads may be asked again by anybody; of anything else it matters whether it happened.
        let (running, acts) = match wish {
            Wish::List(List::Tools) => (self.connection.list(), false),
            Wish::List(list) => (self.connection.list_of(list), false),
            Wish::Tool { name, arguments } => {
                let call = CallTool { name: name.to_owned(), arguments, progress: true };
                (self.connection.call(call), true)
            }
            Wish::Request { method, params } => {
                let reads = matches!(method, "prompts/get" | "resources/read" | "completion/complete");
                let request = Request { method: method.to_owned(), params, progress: true };
                (self.connection.request(request), !reads)
            }
            Wish::Watch { uri, on } => (self.connection.watch(uri, on), false),
            Wish::LogLevel(level) => (self.connection.set_log_level(level), false),
        };
        if let Some((op, limit)) = running.op().zip(limit) {
            self.connection.set_timeout(op, limit);
        }
        let _listening = running.op().map(|op| {
            self.progress.borrow_mut().push((op, Rc::new(on_progress)));
            Listening { op, progress: self.progress.clone() }
        });
        match running.await {
            Ok(Done::Called(result)) => Ok(result.raw),
            Ok(Done::Answered(result)) => Ok(result),
            Ok(Done::Tools { tools: items, .. } | Done::Listed(items)) => Ok(Value::Array(items)),
            Ok(Done::Connected(_)) => Ok(Value::Null),
            // A server without prompts has none to list.
            Err(Failed { error: OpError::Unsupported { .. }, .. }) if lists => Ok(Value::Array(Vec::new())),
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
            Some(sign_in) => match self.signed_out(sign_in).await {
                Revocation::Nothing => "nothing",
                Revocation::NotOffered => "not-offered",
                Revocation::Done => "done",
                Revocation::Failed(_) => "failed",
            },
        }
    }

    /// What was read as somebody is not shown to whoever comes next (X117).
    async fn signed_out(&self, sign_in: &SignIn) -> Revocation {
        self.connection.forget();
        let revocation = sign_in.end().await;
        self.connection.forget();
        revocation
    }

    /// Ends the connection and tells the server.
    pub fn close(&self) {
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

/// A question of the server as the page gets it.
fn question(request: &ServerRequest) -> Value {
    let (mode, name, what, elicitation) = match &request.kind {
        Ask::Form { schema } => ("form", "schema", schema.clone(), None),
        Ask::Url { url, elicitation } => ("url", "url", url.as_str().into(), Some(elicitation.clone())),
    };
    let mut members = vec![("id", request.id.get().into()), ("message", request.message.as_str().into()), (name, what)];
    members.extend(elicitation.map(|elicitation| ("elicitation", elicitation.into())));
    object("mode", mode, members)
}

/// What the page is told of an event, if anything.
fn told(event: &Event) -> Option<Value> {
    let (kind, members) = match event {
        Event::Log { level, logger, data, .. } => {
            let logger = logger.clone().into();
            ("log", vec![("level", level.as_str().into()), ("logger", logger), ("data", data.clone())])
        }
        Event::ListChanged(listed) => ("list-changed", vec![("list", listed.as_str().into())]),
        Event::NotTold(listed) => ("not-told", vec![("list", listed.as_str().into())]),
        Event::Tools { excluded, .. } if !excluded.is_empty() => left_out("tools", excluded),
        Event::Listed { list, excluded, .. } if !excluded.is_empty() => {
            let list = match list {
                List::Tools => "tools",
                List::Prompts => "prompts",
                List::Resources => "resources",
                List::Templates => "templates",
            };
            left_out(list, excluded)
        }
        Event::SentAgain { why, .. } => {
            let why = match why {
                Again::NewSession => "new-session",
                Again::Headers => "headers",
                Again::Input => "input",
                Again::Version => "version",
                Again::Read => "read",
            };
            ("sent-again", vec![("why", why.into())])
        }
        Event::ResourceUpdated { uri } => ("resource-updated", vec![("uri", uri.as_str().into())]),
        Event::ElicitationComplete { elicitation } => {
            ("elicitation-complete", vec![("elicitation", elicitation.as_str().into())])
        }
        Event::Task { status, .. } => {
            let message = status.message.clone().into();
            let (task, state) = (status.task.as_str().into(), status.status.as_str().into());
            ("task", vec![("task", task), ("status", state), ("message", message)])
        }
        Event::Stale { error } => ("stale", vec![("message", error.to_string().into())]),
        Event::Disconnected { error } => ("disconnected", vec![("message", error.to_string().into())]),
        Event::AskWithdrawn { id, reason } => {
            ("withdrawn", vec![("id", id.get().into()), ("reason", reason.clone().into())])
        }
        _ => return None,
    };
    Some(object("kind", kind, members))
}

/// What a list of the server has that cannot be used, and why.
fn left_out(list: &str, excluded: &[Excluded]) -> (&'static str, Vec<(&'static str, Value)>) {
    let entries = excluded.iter().map(|one| object("name", &one.name, vec![("reason", one.reason.as_str().into())]));
    ("left-out", vec![("list", list.into()), ("entries", entries.collect())])
}

/// An object whose first member says what it is. One function for all of them: the macro would be one each.
fn object(name: &str, kind: &str, members: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    object.insert(name.to_owned(), kind.into());
    object.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(object)
}

struct Listening {
    op: mcp::OpId,
    progress: Listeners,
}

impl Drop for Listening {
    fn drop(&mut self) {
        take(&mut self.progress.borrow_mut(), self.op);
    }
}
