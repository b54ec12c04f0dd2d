//! The language model that the browser has built in, where it has one (Chrome's Prompt API, `LanguageModel`).
//!
//! It is looked for and never taken for granted: other browsers have none, and in Chrome it has to fit the device and be
//! fetched first. It runs on this device, so nothing leaves it; the wire of `chat` says what it is told
//! ([`chat::model::built_in`]).

use chat::model::built_in::{end, piece};
use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::error::{Code, Error};
use crate::time::global;

/// How far the browser's model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// It can be asked.
    Ready,
    /// The browser can fetch it, when a person wants that.
    Downloadable,
    /// The browser is fetching it.
    Downloading,
}

/// Whether this browser has such a thing at all. Whether the model can be used, [`availability`] says.
pub fn exists() -> bool {
    global("LanguageModel").is_some()
}

/// How far the browser's model is; none where there is none for this device.
pub async fn availability() -> Option<BuiltIn> {
    let said = called(&global("LanguageModel")?, "availability", &JsValue::UNDEFINED).await.ok()?;
    match said.as_string()?.as_str() {
        "available" => Some(BuiltIn::Ready),
        "downloadable" => Some(BuiltIn::Downloadable),
        "downloading" => Some(BuiltIn::Downloading),
        _ => None,
    }
}

/// Has the browser fetch its model. To be called from a click; `progress` hears which share has come, from 0 to 1.
///
/// # Errors
/// When there is none, or the browser does not fetch it.
pub async fn download(progress: impl Fn(f64) + 'static) -> Result<(), Error> {
    let failed = |what: JsValue| {
        Error::new(Code::Model, format!("this browser did not fetch its model: {}", words(&what)))
            .hint("look at the browser's own page about it, or choose another model")
    };
    let api = global("LanguageModel")
        .ok_or_else(|| Error::new(Code::Model, "this browser has no model of its own").hint("choose another model"))?;
    let hears = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        if let Some(loaded) = Reflect::get(&event, &"loaded".into()).ok().and_then(|loaded| loaded.as_f64()) {
            progress(loaded.clamp(0.0, 1.0));
        }
    });
    let listener: JsValue = hears.as_ref().clone();
    let monitor = Closure::<dyn FnMut(JsValue)>::new(move |monitor: JsValue| {
        let add =
            Reflect::get(&monitor, &"addEventListener".into()).ok().and_then(|add| add.dyn_into::<Function>().ok());
        // A browser that reports nothing fetches all the same.
        let _ = add.map(|add| add.call2(&monitor, &"downloadprogress".into(), &listener));
    });
    let options = Object::new();
    Reflect::set(&options, &"monitor".into(), monitor.as_ref()).map_err(failed)?;
    let session = called(&api, "create", &options).await.map_err(failed)?;
    drop(Session(session));
    Ok(())
}

/// A session, which is ended when nobody needs it: a stream of it then ends, too.
struct Session(JsValue);

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(destroy) =
            Reflect::get(&self.0, &"destroy".into()).ok().and_then(|end| end.dyn_into::<Function>().ok())
        {
            let _ = destroy.call0(&self.0);
        }
    }
}

/// Asks the model what a request of the wire says, and hands over lines for [`chat::model::Stream`]. Dropping the future
/// stops it.
///
/// # Errors
/// In words, when there is none, or it does not answer.
pub(crate) async fn answer(body: &str, line: impl Fn(String)) -> Result<(), String> {
    let said = |what: JsValue| words(&what);
    let api = global("LanguageModel").ok_or("this browser has no model of its own")?;
    let messages = JSON::parse(body).and_then(|body| Reflect::get(&body, &"messages".into())).map_err(said)?;
    let messages: Array = messages.dyn_into().map_err(said)?;
    let last = Reflect::get(&messages.pop(), &"content".into()).map_err(said)?;
    let options = Object::new();
    Reflect::set(&options, &"initialPrompts".into(), &messages).map_err(said)?;
    let session = Session(called(&api, "create", &options).await.map_err(said)?);
    let ask: Function =
        Reflect::get(&session.0, &"promptStreaming".into()).and_then(|ask| ask.dyn_into()).map_err(said)?;
    let stream: web_sys::ReadableStream = ask.call1(&session.0, &last).map_err(said)?.dyn_into().map_err(said)?;
    let reader = stream.get_reader().unchecked_into::<web_sys::ReadableStreamDefaultReader>();
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(said)?;
        if Reflect::get(&read, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            break;
        }
        if let Some(words) = Reflect::get(&read, &"value".into()).ok().and_then(|value| value.as_string()) {
            line(piece(&words));
        }
    }
    line(end());
    Ok(())
}

async fn called(of: &JsValue, method: &str, with: &JsValue) -> Result<JsValue, JsValue> {
    let method: Function = Reflect::get(of, &method.into())?.dyn_into()?;
    let promise: Promise = if with.is_undefined() { method.call0(of)? } else { method.call1(of, with)? }.dyn_into()?;
    JsFuture::from(promise).await
}

/// What a browser throws, in words.
fn words(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).ok().and_then(|message| message.as_string());
    let text = message.or_else(|| thrown.as_string()).unwrap_or_default();
    if text.is_empty() { "it did not say why".to_owned() } else { text.chars().take(300).collect() }
}
