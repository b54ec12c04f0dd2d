//! A request that a worker carries out, so that the page pays for what it shows and not for how it comes (WI31).
//!
//! A model's answer comes in thousands of pieces, and the browser has work with each before any program reads it. The
//! worker (`site/reader.js`) takes that work: it sends the request, gathers what comes, and gives it when it is asked.
//! The request, with the key in its headers, goes to it in one message and nowhere else. There is one worker for each
//! request: ending it ends the request, and nothing is left of what it knew.
//!
//! Where the browser has shared workers it is one of these, under a name that nobody else has: of the pieces that come for
//! a dedicated worker Chromium tells the page that owns it, one by one, and that is a third of what an answer costs the
//! page. Nobody owns a shared one.
//!
//! A worker is held to the policy that its own file comes with, not to the one in the page. It says first whether there
//! is one; where there is none, or no worker, the page sends the request itself as it always can.

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::mpsc;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort, RequestInit, SharedWorker, Worker};

use crate::time::{new_id, sleep};

/// How long a worker may take to be there, in milliseconds; then the page does without it.
const PATIENCE: u64 = 3_000;

/// The worker of a site, if it has one that can be used.
#[derive(Debug)]
pub(crate) struct Readers {
    /// The address of its script.
    script: String,
    /// False once it turned out that the site has none that may be used.
    usable: Cell<bool>,
}

impl Readers {
    pub(crate) fn new(script: String) -> Self {
        Readers { script, usable: Cell::new(true) }
    }

    /// A worker for one request; none where there is none that is held to a policy.
    pub(crate) async fn start(&self) -> Option<Reader> {
        if !self.usable.get() {
            return None;
        }
        let reader = self.begin().await;
        self.usable.set(reader.is_some());
        reader
    }

    async fn begin(&self) -> Option<Reader> {
        let mut reader = Reader::new(&self.script)?;
        match select(reader.news.next(), sleep(PATIENCE)).await {
            Either::Left((Some(Some(held)), _)) if held.is_truthy() => Some(reader),
            _ => None,
        }
    }
}

/// The head of an answer.
pub(crate) struct Head {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What kind of answer it is, as `Response.type` says it.
    pub(crate) kind: String,
    /// Pairs of a name and a value.
    pub(crate) headers: Array,
}

/// A worker of this page, or one that could be shared and is not.
enum Realm {
    Own(Worker),
    Shared(SharedWorker, MessagePort),
}

/// What a shared worker is told when it is to end; an own one is ended from outside.
const END: &str = "end";

impl Realm {
    fn start(script: &str) -> Option<Self> {
        // Where there is no such thing, making one throws.
        if let Ok(worker) = SharedWorker::new_with_str(script, &new_id("reader")) {
            let port = worker.port();
            return Some(Realm::Shared(worker, port));
        }
        Worker::new(script).ok().map(Realm::Own)
    }

    fn listen(&self, hears: Option<&Function>, fails: Option<&Function>) {
        match self {
            Realm::Own(worker) => {
                worker.set_onmessage(hears);
                worker.set_onerror(fails);
            }
            Realm::Shared(worker, port) => {
                port.set_onmessage(hears);
                worker.set_onerror(fails);
            }
        }
    }

    fn post(&self, message: &JsValue) -> Result<(), JsValue> {
        match self {
            Realm::Own(worker) => worker.post_message(message),
            Realm::Shared(_, port) => port.post_message(message),
        }
    }

    fn end(&self) {
        match self {
            Realm::Own(worker) => worker.terminate(),
            Realm::Shared(_, port) => drop(port.post_message(&END.into())),
        }
    }
}

/// A worker with one request. Dropping it ends both.
pub(crate) struct Reader {
    realm: Realm,
    /// What the worker says; none when it broke down or there is no time left.
    news: mpsc::UnboundedReceiver<Option<JsValue>>,
    tell: mpsc::UnboundedSender<Option<JsValue>>,
    /// Whether it was asked for what has come and has not answered.
    asked: bool,
    _hears: Closure<dyn FnMut(MessageEvent)>,
    _fails: Closure<dyn FnMut()>,
}

impl Reader {
    fn new(script: &str) -> Option<Self> {
        let realm = Realm::start(script)?;
        let (tell, news) = mpsc::unbounded();
        let (says, breaks) = (tell.clone(), tell.clone());
        let hears = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let _ = says.unbounded_send(Some(event.data()));
        });
        let fails = Closure::<dyn FnMut()>::new(move || drop(breaks.unbounded_send(None)));
        realm.listen(Some(hears.as_ref().unchecked_ref()), Some(fails.as_ref().unchecked_ref()));
        Some(Reader { realm, news, tell, asked: false, _hears: hears, _fails: fails })
    }

    /// What ends the wait for an answer from outside, for a timer.
    pub(crate) fn ender(&self) -> impl Fn() + 'static + use<> {
        let tell = self.tell.clone();
        move || drop(tell.unbounded_send(None))
    }

    /// Sends the request; gives the head of its answer.
    ///
    /// # Errors
    /// What `fetch` failed with.
    pub(crate) async fn send(&mut self, url: &str, init: &RequestInit) -> Result<Head, JsValue> {
        self.realm.post(&Array::of2(&url.into(), init))?;
        let head = self.heard().await?;
        let said = |at| head.get(at);
        Ok(Head {
            status: said(0).as_f64().unwrap_or_default() as u16,
            kind: said(1).as_string().unwrap_or_default(),
            headers: said(2).unchecked_into(),
        })
    }

    /// What has come of the body since the last time, as soon as there is something, and whether that was the end.
    ///
    /// # Errors
    /// What reading it failed with.
    pub(crate) async fn take(&mut self) -> Result<(Vec<u8>, bool), JsValue> {
        if !std::mem::replace(&mut self.asked, true) {
            self.realm.post(&JsValue::NULL)?;
        }
        let heard = self.heard().await;
        self.asked = false;
        let heard = heard?;
        Ok((heard.get(0).unchecked_into::<Uint8Array>().to_vec(), heard.get(1).is_truthy()))
    }

    /// A message of the worker: a list, or what failed.
    async fn heard(&mut self) -> Result<Array, JsValue> {
        match self.news.next().await.flatten() {
            Some(heard) if Array::is_array(&heard) => Ok(heard.unchecked_into()),
            Some(failure) => Err(failure),
            None => Err("the worker that reads it broke down".into()),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.realm.listen(None, None);
        self.realm.end();
    }
}

/// A site's worker, shared by clones of what uses it.
pub(crate) type Shared = Option<Rc<Readers>>;
