//! `countersign/mcp`: the MCP client alone, openly without a gate.

use std::cell::RefCell;

use browser::client::Client as Inner;
use browser::{Code, Error, Fetcher, mcp};
use js_sys::Function;
use serde::Deserialize;
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::plain::{from_text, thrown, to_text};
use crate::tickets::Tickets;

/// What `connect()` takes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object of options")]
struct ConnectOptions {
    headers: Vec<(String, String)>,
    name: Option<String>,
    version: Option<String>,
}

/// One connection to one server; made first and connected then, so that connecting can be cancelled too.
#[wasm_bindgen]
#[derive(Default)]
pub struct Client {
    inner: RefCell<Option<Inner>>,
    tickets: Tickets,
}

#[wasm_bindgen]
impl Client {
    /// A client that is not connected yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects to a server. See `connect` in `mcp.d.ts`.
    pub async fn connect(
        &self,
        ticket: u32,
        url: String,
        options: String,
        fetch: Option<Function>,
    ) -> Result<(), JsValue> {
        let connect = async {
            let options: ConnectOptions = from_text(&options, "what connect() was given")?;
            let name = options.name.unwrap_or_else(|| "countersign".to_owned());
            let version = options.version.unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
            let mut config = mcp::Config::new(url, mcp::Implementation { name, version });
            config.headers = options.headers;
            Inner::connect(config, fetch.map(Fetcher::custom).unwrap_or_default()).await
        };
        let inner = self.tickets.run(ticket, connect).await?;
        self.inner.replace(Some(inner));
        Ok(())
    }

    /// What the server said about itself.
    pub fn server(&self) -> Result<String, JsValue> {
        to_text(&self.inner().map_err(thrown)?.server()).map_err(thrown)
    }

    /// Every tool, all pages.
    #[wasm_bindgen(js_name = listTools)]
    pub async fn list_tools(&self, ticket: u32) -> Result<String, JsValue> {
        self.tickets.run(ticket, async { to_text(&self.inner()?.list_tools().await?) }).await
    }

    /// A ticket for one call, so that it can be cancelled.
    pub fn ticket(&self) -> u32 {
        self.tickets.take()
    }

    /// Cancels the call under the ticket.
    pub fn cancel(&self, ticket: u32) {
        self.tickets.cancel(ticket);
    }

    /// Calls a tool; the arguments are JSON text and are sent as they are.
    #[wasm_bindgen(js_name = callTool)]
    pub async fn call_tool(
        &self,
        ticket: u32,
        name: String,
        arguments: String,
        on_progress: Option<Function>,
    ) -> Result<String, JsValue> {
        let progress = move |detail: Value| {
            if let Some(on_progress) = &on_progress
                && let Ok(detail) = to_text(&detail)
            {
                // mcp.js wraps the page's function; it never throws here.
                let _ = on_progress.call1(&JsValue::UNDEFINED, &detail.into());
            }
        };
        let call = async { to_text(&self.inner()?.call_tool(&name, arguments, progress).await?) };
        self.tickets.run(ticket, call).await
    }

    /// Ends the connection.
    pub async fn close(&self) {
        self.tickets.cancel_all();
        let inner = self.inner.take();
        if let Some(inner) = inner {
            inner.close().await;
        }
    }
}

impl Client {
    fn inner(&self) -> Result<Inner, Error> {
        let inner = self.inner.borrow().clone();
        inner.ok_or_else(|| Error::new(Code::Cancelled, "this client is not connected").hint("connect() again"))
    }
}
