//! `countersign/mcp`: the MCP client alone, openly without a gate.

use std::cell::RefCell;
use std::rc::Rc;

use browser::client::{Client as Inner, Hooks, Wish};
use browser::mcp::List;
use browser::oauth::SignIn;
use browser::{Code, Error, Fetcher, mcp};
use js_sys::Function;
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::page::{called, function};
use crate::plain::{from_text, thrown, to_text};
use crate::sign_in;
use crate::tickets::Tickets;

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

    /// Connects to a server. See `connect` in `mcp.d.ts`; `hooks` has the page's functions, which take and give JSON text.
    pub async fn connect(&self, ticket: u32, url: String, options: String, hooks: JsValue) -> Result<(), JsValue> {
        let connect = async {
            let options: Value = from_text(&options, "what connect() was given")?;
            let config = config(&url, &options);
            let fetcher = function(&hooks, "fetch").map(Fetcher::custom).unwrap_or_default();
            let mut page = page(&hooks);
            if let Some(auth) = options.get("auth") {
                let settings = sign_in::settings(&url, &config.client.name, auth);
                page.sign_in = Some(Rc::new(SignIn::new(settings, fetcher.clone(), sign_in::page(&hooks)).await?));
            }
            Inner::connect(config, fetcher, page).await
        };
        let inner = self.tickets.run(ticket, connect).await?;
        self.inner.replace(Some(inner));
        Ok(())
    }

    /// What the server said about itself.
    pub fn server(&self) -> Result<String, JsValue> {
        to_text(&self.inner().map_err(thrown)?.server()).map_err(thrown)
    }

    /// A ticket for one call, so that it can be cancelled.
    pub fn ticket(&self) -> u32 {
        self.tickets.take()
    }

    /// Cancels the call under the ticket.
    pub fn cancel(&self, ticket: u32) {
        self.tickets.cancel(ticket);
    }

    /// Does what `wish` names, with its subject (a name, a method, an address) and JSON text that is sent as it is. `limit`
    /// is in milliseconds. Gives JSON text. One entry for everything: each asynchronous one costs kilobytes.
    pub async fn ask(
        &self,
        ticket: u32,
        wish: String,
        subject: String,
        text: String,
        limit: Option<f64>,
        on_progress: Option<Function>,
    ) -> Result<String, JsValue> {
        let asked = async {
            let inner = self.inner()?;
            let subject = subject.as_str();
            let wish = match wish.as_str() {
                "call" => Wish::Tool { name: subject, arguments: text },
                "request" => Wish::Request { method: subject, params: text },
                "subscribe" => Wish::Watch { uri: subject, on: true },
                "unsubscribe" => Wish::Watch { uri: subject, on: false },
                "sign-out" => return to_text(&inner.sign_out().await),
                "level" => Wish::LogLevel(mcp::LogLevel::of(subject).unwrap_or(mcp::LogLevel::Info)),
                "prompts" => Wish::List(List::Prompts),
                "resources" => Wish::List(List::Resources),
                "templates" => Wish::List(List::Templates),
                _ => Wish::List(List::Tools),
            };
            to_text(&inner.ask(wish, limit.map(|limit| limit as u64), heard(on_progress)).await?)
        };
        self.tickets.run(ticket, asked).await
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.tickets.cancel_all();
        let inner = self.inner.take();
        if let Some(inner) = inner {
            inner.close();
        }
    }
}

impl Client {
    fn inner(&self) -> Result<Inner, Error> {
        let inner = self.inner.borrow().clone();
        inner.ok_or_else(|| Error::new(Code::Cancelled, "this client is not connected").hint("connect() again"))
    }
}

/// What `connect()` takes; `mcp.js` has checked the names, the types and the choices.
fn config(url: &str, options: &Value) -> mcp::Config {
    let text = |name: &str| options.get(name).and_then(Value::as_str);
    let name = text("name").unwrap_or("countersign").to_owned();
    let version = text("version").unwrap_or(env!("CARGO_PKG_VERSION")).to_owned();
    let mut config = mcp::Config::new(url, mcp::Implementation { name, version });
    for pair in options.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let half = |at| pair.get(at).and_then(Value::as_str).map(str::to_owned);
        config.headers.extend(half(0).zip(half(1)));
    }
    config.era = text("protocol").and_then(mcp::Revision::of).map_or(mcp::EraChoice::Auto, mcp::EraChoice::Exact);
    config.last_seen = text("lastProtocol").map(str::to_owned);
    config.log_level = text("logLevel").and_then(mcp::LogLevel::of);
    if let Some(silence) = options.get("ping").and_then(Value::as_f64) {
        // A number of JavaScript; what is too large or too small is as near as it gets.
        config.timeouts.ping = silence as u64;
    }
    config.tasks = options.get("tasks").and_then(Value::as_bool).unwrap_or_default();
    for (id, settings) in options.get("extensions").and_then(Value::as_object).into_iter().flatten() {
        config.extensions.push((id.clone(), settings.clone()));
    }
    config
}

/// The functions of the page.
fn page(hooks: &JsValue) -> Hooks {
    let mut page = Hooks::default();
    if let Some(elicit) = function(hooks, "elicit") {
        page.elicit = Some(Box::new(move |question| {
            let asked = called(&elicit, Some(&question.to_string().into()));
            Box::pin(async move { answer(asked.await.and_then(|said| said.as_string())) })
        }));
    }
    if let Some(event) = function(hooks, "event") {
        page.event = Some(Box::new(move |detail| tell(&event, &detail)));
    }
    page
}

/// What hands progress to the page.
fn heard(on_progress: Option<Function>) -> impl Fn(Value) + 'static {
    move |detail| {
        if let Some(on_progress) = &on_progress {
            tell(on_progress, &detail);
        }
    }
}

/// What the page answered to a question; anything that is no answer means that nobody decided.
fn answer(said: Option<String>) -> mcp::Answer {
    let said: Option<Value> = said.and_then(|said| serde_json::from_str(&said).ok());
    let action = said.as_ref().and_then(|said| said.get("action")).and_then(Value::as_str);
    match action {
        Some("accept") => mcp::Answer::Accept(said.and_then(|mut said| Some(said.get_mut("content")?.take()))),
        Some("decline") => mcp::Answer::Decline,
        _ => mcp::Answer::Cancel,
    }
}

/// Tells the page something. Its function does not throw: `mcp.js` runs the person's own later.
fn tell(function: &Function, detail: &Value) {
    if let Ok(detail) = to_text(detail) {
        let _ = function.call1(&JsValue::UNDEFINED, &detail.into());
    }
}
