//! The MCP client alone, for people who bring their own rules: **nothing here is gated**.
//!
//! It asks nobody, records nothing and keeps nothing. The workspace does not use it; its calls go through the
//! dispatcher.

use std::rc::Rc;

use mcp::{CallTool, Config, Elicitation, Event};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

use crate::drive::{Connection, Done, Failed, Transport};
use crate::error::{Code, Error};
use crate::fetch::Fetcher;
use crate::link::op_error;

type OnProgress = Rc<dyn Fn(Value)>;

/// A connection to one server, without a gate. Clones share it.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    host: Rc<str>,
    progress: Rc<RefCell<HashMap<mcp::OpId, OnProgress>>>,
}

impl Client {
    /// Connects. Questions of the server are not offered, so it will not ask any.
    ///
    /// # Errors
    /// Why it could not be reached or used.
    pub async fn connect(config: Config, fetcher: Fetcher) -> Result<Client, Error> {
        let mut config = config;
        config.elicitation = Elicitation { form: false, url: false };
        let url = web_sys::Url::new(&config.endpoint).ok();
        let Some(url) = url.filter(|url| matches!(url.protocol().as_str(), "https:" | "http:")) else {
            return Err(Error::new(Code::Address, format!("`{}` is not the address of a server", config.endpoint))
                .hint("use one that begins with https://"));
        };
        let progress: Rc<RefCell<HashMap<mcp::OpId, OnProgress>>> = Rc::default();
        let listeners = progress.clone();
        let connection = Connection::new(config, Transport::Network(fetcher), move |event| {
            if let Event::Progress { op, progress, total, message } = event
                && let Some(listener) = listeners.borrow().get(op).cloned()
            {
                let mut detail = Map::new();
                detail.insert("progress".to_owned(), json!(progress));
                detail.extend(total.map(|total| ("total".to_owned(), json!(total))));
                detail.extend(message.as_ref().map(|message| ("message".to_owned(), json!(message))));
                listener(Value::Object(detail));
            }
        });
        let client = Client { connection, host: url.host().into(), progress };
        client.connection.connect().await.map_err(|failed| client.error(&failed))?;
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

    /// Every tool, as received.
    ///
    /// # Errors
    /// When the list could not be read to its end.
    pub async fn list_tools(&self) -> Result<Vec<Value>, Error> {
        match self.connection.list().await {
            Ok(Done::Tools { tools, .. }) => Ok(tools),
            Ok(_) => Ok(Vec::new()),
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
        let _listening = running.op().map(|op| {
            self.progress.borrow_mut().insert(op, Rc::new(on_progress));
            Listening { op, progress: self.progress.clone() }
        });
        match running.await {
            Ok(Done::Called(result)) => Ok(result.raw),
            Ok(_) => Err(Error::new(Code::Protocol, "the answer was of another kind")),
            Err(failed) => {
                let mut error = self.error(&failed);
                if failed.sent == mcp::Sent::Unknown && error.code != Code::Cancelled {
                    error.code = Code::UnknownOutcome;
                    error.hint = Some("it may have happened; look on the server before you repeat it".to_owned());
                }
                Err(error)
            }
        }
    }

    /// Ends the connection and tells the server.
    pub async fn close(&self) {
        self.connection.close();
    }

    fn error(&self, failed: &Failed) -> Error {
        op_error(&failed.error, &self.host)
    }
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
