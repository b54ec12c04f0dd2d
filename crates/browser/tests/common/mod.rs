//! What the suites share: waiting for things, and a `fetch` that plays a server.

#![allow(dead_code, reason = "each suite uses a part of this")]

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use browser::chat::conversation::{Body, CallCard, Conversation};
use browser::policy::{CallId, ConversationId};
use browser::store::memory::Memory;
use browser::{Asked, Options, Where, Workspace};
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::*;

/// A workspace in memory.
pub(crate) async fn in_memory() -> Workspace {
    open(Options { store: Where::Memory, ..Options::default() }).await
}

/// A workspace over a store that the test keeps a hand on.
pub(crate) async fn over(store: &Memory) -> Workspace {
    open(Options { store: Where::Store(Rc::new(store.clone())), ..Options::default() }).await
}

pub(crate) async fn open(options: Options) -> Workspace {
    Workspace::open(options).await.unwrap()
}

/// The export of everything, as text.
pub(crate) async fn exported(ws: &Workspace) -> String {
    let mut text = String::new();
    ws.export(|piece, _, _| text.push_str(piece)).await.unwrap();
    text
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Waits until something is there, at most five seconds.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = look() {
            return found;
        }
        browser::time::sleep(10).await;
    }
    panic!("waited in vain for {what}");
}

pub(crate) async fn question(ws: &Workspace) -> Asked {
    until("a question", || ws.questions().into_iter().next()).await
}

pub(crate) async fn conversation(ws: &Workspace, id: &ConversationId) -> Conversation {
    ws.conversation(id).await.unwrap()
}

/// The card of a call once it has ended.
pub(crate) async fn ended(ws: &Workspace, id: &ConversationId, call: &CallId) -> CallCard {
    for _ in 0..500 {
        let conversation = conversation(ws, id).await;
        let card = conversation.items.iter().find_map(|item| match &item.body {
            Body::Call(card) if item.id.as_str() == call.as_str() && card.state.ended() => Some(card.as_ref().clone()),
            _ => None,
        });
        if let Some(card) = card {
            return card;
        }
        browser::time::sleep(10).await;
    }
    panic!("the call {call} did not end");
}

/// Says something and gives back the proposal's item.
pub(crate) async fn propose(ws: &Workspace, id: &ConversationId, text: &str) -> browser::chat::conversation::Item {
    let before = conversation(ws, id).await.items.len();
    ws.say(id, text).unwrap();
    for _ in 0..500 {
        let conversation = conversation(ws, id).await;
        let found = conversation.items.iter().skip(before).find(|item| matches!(item.body, Body::Proposal(_)));
        if let Some(item) = found {
            return item.clone();
        }
        browser::time::sleep(10).await;
    }
    panic!("nothing was proposed for `{text}`");
}

/// The choice of a proposal whose action has this name.
pub(crate) fn choice(item: &browser::chat::conversation::Item, action: &str) -> (usize, usize) {
    let Body::Proposal(proposal) = &item.body else { panic!("no proposal") };
    for (step, one) in proposal.steps.iter().enumerate() {
        if let Some(choice) = one.choices.iter().position(|choice| choice.action == action) {
            return (step, choice);
        }
    }
    panic!("`{action}` is not among {:?}", proposal.steps);
}

/// Starts an action of the Notebook in a conversation, by direct mode.
pub(crate) async fn start(ws: &Workspace, id: &ConversationId, text: &str, action: &str, arguments: Value) -> CallId {
    let item = propose(ws, id, text).await;
    let (step, choice) = choice(&item, action);
    ws.run_proposal(id, &item.id, step, choice, object(arguments)).unwrap()
}

/// A request that the played server got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) mode: String,
    pub(crate) redirect: String,
    pub(crate) credentials: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }
}

/// What the played server says.
pub(crate) enum Say {
    Json(u16, Value),
    /// The same, but only after so many milliseconds, and not to who has given up.
    Late(u32, u16, Value),
    /// A body in pieces; the stream stays open after the last.
    Stream(&'static str, Vec<String>),
    /// A body that ends.
    Body(&'static str, String),
    /// Breaks off as a lost connection does.
    Break,
    /// Refuses with a challenge.
    Refuse(u16, String),
    /// Never answers.
    Nothing,
    Redirect,
}

/// A `fetch` that plays a server: faults that a real one does not produce on request.
#[derive(Clone)]
pub(crate) struct Played {
    pub(crate) got: Rc<RefCell<Vec<Got>>>,
    pub(crate) aborted: Rc<RefCell<usize>>,
    pub(crate) function: js_sys::Function,
}

#[wasm_bindgen(inline_js = r#"
export function make_fetch(answer, aborted) {
  return async (url, init) => {
    const headers = [];
    new Headers(init.headers).forEach((value, name) => headers.push(name, value));
    const body = init.body ? new TextDecoder().decode(init.body) : "";
    const signal = init.signal;
    const said = answer(url, init.method, headers, body, String(init.redirect), String(init.credentials), String(init.mode));
    signal?.addEventListener("abort", () => aborted());
    if (said.kind === "nothing") {
      return await new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));
    }
    if (said.late) {
      await new Promise((resolve, reject) => {
        setTimeout(resolve, said.late);
        signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    }
    if (said.kind === "break") throw new TypeError("Failed to fetch");
    if (said.kind === "redirect") return new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } });
    if (said.kind === "body") return new Response(said.status === 202 ? null : said.text, { status: said.status, headers: said.headers ?? (said.type ? { "content-type": said.type } : {}) });
    const encoder = new TextEncoder();
    const stream = new ReadableStream({
      start(controller) {
        for (const piece of said.pieces) controller.enqueue(encoder.encode(piece));
        signal?.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
      },
    });
    return new Response(stream, { status: 200, headers: { "content-type": said.type } });
  };
}
"#)]
extern "C" {
    fn make_fetch(answer: &js_sys::Function, aborted: &js_sys::Function) -> js_sys::Function;
}

/// Plays a server whose answers a function decides.
pub(crate) fn play(mut answer: impl FnMut(&Got) -> Say + 'static) -> Played {
    let got: Rc<RefCell<Vec<Got>>> = Rc::default();
    let aborted: Rc<RefCell<usize>> = Rc::default();
    let record = got.clone();
    type Answer = dyn FnMut(String, String, js_sys::Array, String, String, String, String) -> JsValue;
    let callback: Closure<Answer> =
        Closure::new(move |url, method, headers: js_sys::Array, body, redirect, credentials, mode| {
            let flat: Vec<String> = headers.iter().filter_map(|value| value.as_string()).collect();
            let headers = flat.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let one = Got { url, method, headers, body, redirect, credentials, mode };
            record.borrow_mut().push(one.clone());
            let said = match answer(&one) {
                Say::Json(status, value) => {
                    json!({ "kind": "body", "status": status, "type": "application/json", "text": value.to_string() })
                }
                Say::Late(millis, status, value) => json!({
                    "kind": "body", "late": millis, "status": status, "type": "application/json",
                    "text": value.to_string(),
                }),
                Say::Refuse(status, challenge) => json!({
                    "kind": "body", "status": status, "text": "{}", "headers": { "www-authenticate": challenge },
                }),
                Say::Body(kind, text) => json!({ "kind": "body", "status": 200, "type": kind, "text": text }),
                Say::Stream(kind, pieces) => json!({ "kind": "stream", "type": kind, "pieces": pieces }),
                Say::Break => json!({ "kind": "break" }),
                Say::Nothing => json!({ "kind": "nothing" }),
                Say::Redirect => json!({ "kind": "redirect" }),
            };
            js_sys::JSON::parse(&said.to_string()).unwrap()
        });
    let count = aborted.clone();
    let on_abort: Closure<dyn FnMut()> = Closure::new(move || *count.borrow_mut() += 1);
    let function = make_fetch(callback.as_ref().unchecked_ref(), on_abort.as_ref().unchecked_ref());
    callback.forget();
    on_abort.forget();
    Played { got, aborted, function }
}

/// A modern MCP server with these tools, played; calls are answered by a function.
pub(crate) fn mcp_server(tools: Rc<RefCell<Value>>, mut call: impl FnMut(&Got) -> Say + 'static) -> Played {
    play(move |got| {
        let message = got.json();
        let id = message.get("id").cloned().unwrap_or_default();
        let result = |result: Value| Say::Json(200, json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        match message.get("method").and_then(Value::as_str) {
            Some("server/discover") => result(json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
                "ttlMs": 0, "cacheScope": "private",
                "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "played", "version": "1" } },
            })),
            Some("tools/list") => result(json!({
                "resultType": "complete", "tools": tools.borrow().clone(), "ttlMs": 0, "cacheScope": "private",
            })),
            Some("tools/call") => call(got),
            _ => Say::Json(202, Value::Null),
        }
    })
}

/// The plain answer to a call.
pub(crate) fn called(got: &Got, text: &str) -> Say {
    let id = got.json().get("id").cloned().unwrap_or_default();
    let result = json!({ "resultType": "complete", "content": [{ "type": "text", "text": text }] });
    Say::Json(200, json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

/// Runs a future until it is polled once, then drops it.
pub(crate) async fn poll_once<F: Future>(future: F) {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
}

/// Runs a future beside the test and gives back a handle to its outcome.
pub(crate) fn beside<T: 'static>(future: impl Future<Output = T> + 'static) -> futures_channel::oneshot::Receiver<T> {
    let (done, wait) = futures_channel::oneshot::channel();
    wasm_bindgen_futures::spawn_local(async move {
        let _ = done.send(future.await);
    });
    wait
}
