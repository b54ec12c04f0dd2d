//! The functions of a page, which `index.js` and `mcp.js` wrap: they take and give plain values and never throw.

use browser::mcp::oauth::AuthorizeFailure;
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// One of the page's functions.
pub(crate) fn function(hooks: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(hooks, &name.into()).ok()?.dyn_into().ok()
}

/// Calls one of the page's functions and waits for what it gives; none when it throws or rejects.
pub(crate) fn called(function: &Function, given: Option<&JsValue>) -> LocalBoxFuture<'static, Option<JsValue>> {
    let none = JsValue::UNDEFINED;
    let said = function.call1(&none, given.unwrap_or(&none)).ok().map(|said| Promise::resolve(&said));
    Box::pin(async move { JsFuture::from(said?).await.ok() })
}

/// Has the page lead the person to `url`, and gives the whole address that they came back to.
pub(crate) fn authorized(authorize: &Function, url: &str) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>> {
    let asked = called(authorize, Some(&url.into()));
    Box::pin(async move {
        // It is the address, or in a list why there is none.
        let said = asked.await.ok_or(AuthorizeFailure::Cancelled)?;
        let why = || said.dyn_ref::<Array>().and_then(|why| why.get(0).as_string()).unwrap_or_default();
        said.as_string().ok_or_else(|| AuthorizeFailure::Failed(why()))
    })
}
