//! `countersign/mcp`: the MCP client alone, openly without a gate.

use browser::client::Client as Inner;
use browser::{Fetcher, mcp};
use js_sys::Function;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::plain::{error, from_js, to_js};
use crate::tickets::Tickets;

/// What `connect()` takes.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ConnectOptions {
    headers: Vec<(String, String)>,
    name: Option<String>,
    version: Option<String>,
}

/// One connection to one server.
#[wasm_bindgen]
pub struct Client {
    inner: Inner,
    tickets: Tickets,
}

/// Connects to a server. See `connect` in `mcp.d.ts`.
#[wasm_bindgen]
pub async fn connect(url: String, options: JsValue, fetch: Option<Function>) -> Result<Client, JsValue> {
    let options: ConnectOptions = from_js(options, "the options of connect()")?;
    let name = options.name.unwrap_or_else(|| "countersign".to_owned());
    let version = options.version.unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
    let mut config = mcp::Config::new(url, mcp::Implementation { name, version });
    config.headers = options.headers;
    let fetcher = fetch.map(Fetcher::custom).unwrap_or_default();
    let inner = Inner::connect(config, fetcher).await.map_err(|why| error(&why))?;
    Ok(Client { inner, tickets: Tickets::default() })
}

#[wasm_bindgen]
impl Client {
    /// What the server said about itself.
    pub fn server(&self) -> Result<JsValue, JsValue> {
        to_js(&self.inner.server())
    }

    /// Every tool, all pages.
    #[wasm_bindgen(js_name = listTools)]
    pub async fn list_tools(&self) -> Result<JsValue, JsValue> {
        let tools = self.inner.list_tools().await.map_err(|why| error(&why))?;
        to_js(&tools)
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
    ) -> Result<JsValue, JsValue> {
        let progress = move |detail: serde_json::Value| {
            if let Some(on_progress) = &on_progress
                && let Ok(detail) = to_js(&detail)
            {
                // mcp.js wraps the page's function; it never throws here.
                let _ = on_progress.call1(&JsValue::UNDEFINED, &detail);
            }
        };
        let call = self.inner.call_tool(&name, arguments, progress);
        let result = self.tickets.run(ticket, call).await.map_err(|why| error(&why))?;
        to_js(&result)
    }

    /// Ends the connection.
    pub async fn close(&self) {
        self.tickets.cancel_all();
        self.inner.close().await;
    }
}
