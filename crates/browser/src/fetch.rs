//! One streaming request with an abort of our own.
//!
//! * The `AbortController` is ours and is aborted bare: a foreign signal with a reason that is no `Error` has trapped
//!   other clients. Dropping the [`Response`] or the future that waits for it aborts the request.
//! * The timeout covers the body, not only the headers.
//! * A redirect is never followed (X05). `redirect: "manual"` tells a redirect from a network failure, which
//!   `"error"` does not, and follows it just as little.
//! * What a workspace's proxies say is applied here and nowhere else, so that everything above speaks of a server's own
//!   address.
//! * No cookies, no referrer, no cache. What a POST is answered no browser keeps; forbidding it all the same would make
//!   Chromium ask the server for permission again before every single call, a second round trip. `fetch` is taken from the global object, never from `window`.

use std::cell::{Cell, RefCell};
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use futures_util::future::{Either, select};
use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, ReferrerPolicy, RequestCache, RequestCredentials,
    RequestInit, RequestMode, RequestRedirect, ResponseType,
};

use crate::reader::{Reader, Readers, Shared};
use crate::time::{Timer, global_function, words};

/// What to send.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
    /// Milliseconds for everything, the body included; none waits for ever.
    pub timeout: Option<u64>,
}

/// What stands before a browser's own words for a failure that it does not explain.
pub(crate) const UNEXPLAINED: &str = "the request failed: ";

/// Why there was no answer, or why it ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request could not be built: a bad URL or header, or there is no `fetch`. It surely never left.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// The browser could not send it or was not allowed to read the answer; it does not say which.
    #[error("{UNEXPLAINED}{0}", UNEXPLAINED = UNEXPLAINED)]
    Network(String),
    /// The server answered with a redirect, which is not followed.
    #[error("the server redirected the request; redirects are not followed")]
    Redirected,
    /// The time was up.
    #[error("no complete answer within {0} ms")]
    Timeout(u64),
}

/// What is known of a server that a page may not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It answers.
    There,
    /// It did not answer in time.
    Late,
    /// The request failed.
    Gone,
}

/// Where requests go: the realm's own `fetch`, or one that the embedding page brought.
#[derive(Clone, Default)]
pub struct Fetcher {
    custom: Option<Function>,
    reader: Shared,
    /// Origins whose requests go through a proxy, and the proxy's prefix. Shared by clones.
    proxies: Rc<RefCell<Vec<(String, String)>>>,
}

impl Fetcher {
    /// Uses a function with the signature of `fetch`.
    pub fn custom(function: Function) -> Self {
        Fetcher { custom: Some(function), ..Fetcher::default() }
    }

    /// Has a worker receive the answers that come in many small pieces; `script` is the address of its script, none
    /// leaves them to the realm itself.
    pub fn with_reader(script: Option<String>) -> Self {
        Fetcher { reader: script.map(|script| Rc::new(Readers::new(script))), ..Fetcher::default() }
    }

    /// From now on requests to these origins go through these prefixes. Everything else keeps speaking of the server's
    /// own addresses: only the last step knows.
    pub(crate) fn set_proxies<'a>(&self, proxies: impl Iterator<Item = (&'a String, &'a String)>) {
        let proxies = proxies.map(|(origin, through)| (origin.clone(), through.clone())).collect();
        self.proxies.replace(proxies);
    }

    /// The prefix of the proxy that requests to a URL go through, if any.
    pub(crate) fn proxy_of(&self, url: &str) -> Option<String> {
        self.proxied(url).map(|(through, _)| through)
    }

    /// The prefix of the proxy, and what follows the origin in a URL that goes through it.
    fn proxied<'a>(&self, url: &'a str) -> Option<(String, &'a str)> {
        let proxies = self.proxies.borrow();
        proxies.iter().find_map(|(origin, through)| Some((through.clone(), below(url, origin)?)))
    }

    /// Where a request really goes.
    fn routed(&self, url: &str) -> String {
        match self.proxied(url) {
            Some((through, rest)) if rest.starts_with('/') => format!("{through}{rest}"),
            Some((through, rest)) => format!("{through}/{rest}"),
            None => url.to_owned(),
        }
    }

    /// Sends a request and returns as soon as the headers are there.
    ///
    /// # Errors
    /// [`Failure`] when there is no answer.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let abort = Abort::new()?;
        let (init, _) = init(&request)?;
        init.set_signal(Some(&abort.controller.signal()));
        let controller = abort.controller.clone();
        let limit = Limit::new(request.timeout, move || controller.abort());

        let response: web_sys::Response = JsFuture::from(self.call(&self.routed(&request.url), &init)?)
            .await
            .map_err(|error| limit.failure(&error))?
            .unchecked_into();
        let status = response.status();
        not_redirected(status, response.type_() == ResponseType::Opaqueredirect)?;
        let body = match response.body() {
            Some(body) => Body::Own { reader: body.get_reader().unchecked_into(), reading: None },
            None => Body::Over,
        };
        Ok(Response { status, headers: pairs(&response.headers()), body, limit, abort: Some(abort) })
    }

    /// As [`Fetcher::send`], for an answer that comes in many small pieces: a worker receives it, where there is one.
    ///
    /// # Errors
    /// As [`Fetcher::send`].
    pub(crate) async fn stream(&self, request: Request) -> Result<Response, Failure> {
        let reader = match &self.reader {
            Some(readers) => readers.start().await,
            None => None,
        };
        let Some(mut reader) = reader else { return self.send(request).await };
        let (init, headers) = init(&request)?;
        // A message takes lists, and no `Headers`.
        init.set_headers(&Array::from(&headers));
        let limit = Limit::new(request.timeout, reader.ender());
        let head = reader.send(&self.routed(&request.url), &init).await.map_err(|error| limit.failure(&error))?;
        not_redirected(head.status, head.kind == "opaqueredirect")?;
        let body = Body::Carried(reader);
        Ok(Response { status: head.status, headers: pairs(&head.headers), body, limit, abort: None })
    }

    /// Whether anything answers at a URL, without being allowed to read what: this tells a server that refuses web
    /// pages from one that is not there (wires.md D), and both from one that is slow. Browsers send such a request only
    /// if they may follow redirects; it carries no header, no cookie and no body, and nothing of its answer is read.
    pub async fn answers(&self, url: &str, timeout: u64) -> Presence {
        let Ok(abort) = Abort::new() else { return Presence::Gone };
        let init = RequestInit::new();
        init.set_method("GET");
        init.set_mode(RequestMode::NoCors);
        init.set_redirect(RequestRedirect::Follow);
        init.set_credentials(RequestCredentials::Omit);
        init.set_cache(RequestCache::NoStore);
        init.set_referrer_policy(ReferrerPolicy::NoReferrer);
        init.set_signal(Some(&abort.controller.signal()));
        let Ok(promise) = self.call(&self.routed(url), &init) else { return Presence::Gone };
        let answer = JsFuture::from(promise);
        match select(answer, crate::time::sleep(timeout)).await {
            Either::Left((Ok(_), _)) => Presence::There,
            Either::Left((Err(_), _)) => Presence::Gone,
            Either::Right(_) => Presence::Late,
        }
    }

    fn call(&self, url: &str, init: &RequestInit) -> Result<Promise, Failure> {
        let fetch = self
            .custom
            .clone()
            .or_else(|| global_function("fetch"))
            .ok_or_else(|| Failure::Unsendable("there is no `fetch` here".to_owned()))?;
        let promise = fetch.call2(&JsValue::UNDEFINED, &url.into(), init).map_err(unsendable)?;
        Ok(handled(Promise::resolve(&promise)))
    }
}

/// A request as `fetch` takes it, and its headers.
fn init(request: &Request) -> Result<(RequestInit, Headers), Failure> {
    let init = RequestInit::new();
    init.set_method(&request.method);
    init.set_mode(RequestMode::Cors);
    init.set_redirect(RequestRedirect::Manual);
    init.set_credentials(RequestCredentials::Omit);
    if request.method != "POST" {
        init.set_cache(RequestCache::NoStore);
    }
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    let headers = Headers::new().map_err(unsendable)?;
    for (name, value) in &request.headers {
        headers.append(name, value).map_err(unsendable)?;
    }
    init.set_headers(&headers);
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_slice()));
    }
    Ok((init, headers))
}

fn not_redirected(status: u16, opaque: bool) -> Result<(), Failure> {
    if opaque || matches!(status, 301 | 302 | 303 | 307 | 308) { Err(Failure::Redirected) } else { Ok(()) }
}

/// How long an answer may take, and whether it took longer.
struct Limit {
    millis: Option<u64>,
    timed_out: Rc<Cell<bool>>,
    _timer: Option<Timer>,
}

impl Limit {
    /// Runs `end` when the time is up.
    fn new(millis: Option<u64>, end: impl Fn() + 'static) -> Self {
        let timed_out = Rc::new(Cell::new(false));
        let timer = millis.and_then(|millis| {
            let flag = timed_out.clone();
            Timer::after(millis, move || {
                flag.set(true);
                end();
            })
        });
        Limit { millis, timed_out, _timer: timer }
    }

    /// Why there is no answer, or no more of it.
    fn failure(&self, error: &JsValue) -> Failure {
        match (self.timed_out.get(), self.millis) {
            (true, Some(millis)) => Failure::Timeout(millis),
            _ => Failure::Network(words(error)),
        }
    }
}

/// What follows the origin in a URL of that origin. `https://a.example` is not the origin of `https://a.example.org`.
fn below<'a>(url: &'a str, origin: &str) -> Option<&'a str> {
    url.strip_prefix(origin).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// A read for which everything is there is over after so many turns of the queue of microtasks.
const TURNS: u8 = 6;
/// From so many bytes on, nothing more is gathered for one reading: a server that never pauses would fill the memory.
const GATHERED: usize = 256 * 1024;

#[wasm_bindgen]
extern "C" {
    /// What a read gives: a model's answer takes thousands, so it is not looked up by names.
    type Step;
    #[wasm_bindgen(method, getter)]
    fn done(this: &Step) -> bool;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Step) -> Uint8Array;
}

/// An answer whose body is still arriving. Dropping it aborts the request.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers the browser lets us read, names in lower case.
    pub headers: Vec<(String, String)>,
    body: Body,
    limit: Limit,
    /// Of a request of our own.
    abort: Option<Abort>,
}

/// What is still to come of an answer, and from whom.
enum Body {
    /// From a stream of this realm, with the read that is under way.
    Own { reader: ReadableStreamDefaultReader, reading: Option<JsFuture> },
    /// From a worker.
    Carried(Reader),
    /// Nothing more.
    Over,
}

impl Response {
    /// The next piece of the body; none at its end.
    ///
    /// # Errors
    /// [`Failure`] when the body broke off.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match &mut self.body {
            Body::Own { reader, reading } => {
                let read = reading.get_or_insert_with(|| next_of(reader)).await;
                self.read(read)
            }
            Body::Carried(reader) => {
                let (chunk, over) = reader.take().await.map_err(|error| self.limit.failure(&error))?;
                if over {
                    self.end();
                }
                Ok((!(over && chunk.is_empty())).then_some(chunk))
            }
            Body::Over => {
                self.end();
                Ok(None)
            }
        }
    }

    /// Adds what has come of the body by now, until [`GATHERED`] bytes are there. It waits for nothing: a read that does is
    /// left to [`Response::chunk`]. A worker has given all that has come already.
    ///
    /// # Errors
    /// [`Failure`] when the body broke off; what came before that is added.
    pub(crate) async fn come(&mut self, to: &mut Vec<u8>) -> Result<(), Failure> {
        while to.len() < GATHERED
            && let Body::Own { reader, reading } = &mut self.body
        {
            let reading = reading.get_or_insert_with(|| next_of(reader));
            let mut turns = 0;
            let read = poll_fn(|context| match Pin::new(&mut *reading).poll(context) {
                Poll::Pending if turns < TURNS => {
                    turns += 1;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Pending => Poll::Ready(None),
                Poll::Ready(read) => Poll::Ready(Some(read)),
            });
            let Some(read) = read.await else { return Ok(()) };
            let Some(chunk) = self.read(read)? else { return Ok(()) };
            to.extend_from_slice(&chunk);
        }
        Ok(())
    }

    /// Whether the body was read to its end.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.body, Body::Over)
    }

    /// What a read of our own stream gave.
    fn read(&mut self, read: Result<JsValue, JsValue>) -> Result<Option<Vec<u8>>, Failure> {
        if let Body::Own { reading, .. } = &mut self.body {
            *reading = None;
        }
        let step: Step = read.map_err(|error| self.limit.failure(&error))?.unchecked_into();
        if step.done() {
            self.end();
            return Ok(None);
        }
        Ok(Some(step.value().to_vec()))
    }

    /// Nothing more comes, so there is nothing to abort.
    fn end(&mut self) {
        self.body = Body::Over;
        if let Some(abort) = &self.abort {
            abort.disarm();
        }
    }

    /// The whole body, at most `limit` bytes.
    ///
    /// # Errors
    /// [`Failure`] when it broke off or is longer.
    pub async fn all(&mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Err(Failure::Network(format!("the answer is longer than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Aborts when dropped, unless the body was read to its end.
struct Abort {
    controller: AbortController,
    armed: Cell<bool>,
}

impl Abort {
    fn new() -> Result<Self, Failure> {
        Ok(Abort { controller: AbortController::new().map_err(unsendable)?, armed: Cell::new(true) })
    }

    fn disarm(&self) {
        self.armed.set(false);
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if self.armed.get() {
            self.controller.abort();
        }
    }
}

thread_local! {
    static NOTHING: Closure<dyn FnMut(JsValue)> = Closure::new(|_| ());
}

/// A promise whose rejection counts as handled: when nobody waits for it any more, because its request was aborted,
/// the realm must not report it (Node would end).
fn handled(promise: Promise) -> Promise {
    NOTHING.with(|nothing| drop(promise.catch(nothing)));
    promise
}

fn unsendable(error: JsValue) -> Failure {
    Failure::Unsendable(words(&error))
}

/// The next read of a stream.
fn next_of(reader: &ReadableStreamDefaultReader) -> JsFuture {
    JsFuture::from(handled(reader.read()))
}

/// What a `Headers`, or a list of pairs, holds.
fn pairs(headers: &JsValue) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Ok(Some(entries)) = js_sys::try_iter(headers) {
        for entry in entries.flatten() {
            let entry: js_sys::Array = entry.unchecked_into();
            if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
                pairs.push((name, value));
            }
        }
    }
    pairs
}
