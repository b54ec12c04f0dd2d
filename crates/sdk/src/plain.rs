//! Plain values across the border, as JSON text.
//!
//! Text and not a serializer of JavaScript values, because of what servers send: an integer beyond 2^53 must not lose
//! a whole result, a member called `__proto__` must stay a member, and never is there a `Map`. It is also smaller.

use browser::{Code, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// A value as JSON text; `shared.js` makes it a frozen plain object.
pub(crate) fn to_text(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|why| Error::new(Code::Protocol, format!("a value could not be handed over: {why}")))
}

/// Reads what the page gave, with an error that names what did not fit.
pub(crate) fn from_text<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|why| {
        let why = why.to_string();
        // Where in the text it is says nothing to somebody who wrote an object.
        let why = why.split(" at line ").next().unwrap_or_default();
        Error::new(Code::Invalid, format!("{what} does not fit: {why}")).hint("see the package's types for its shape")
    })
}

/// An error as `{code, message, hint, cause}`; `shared.js` makes it the one error class.
pub(crate) fn thrown(error: Error) -> JsValue {
    let plain = serde_json::json!({
        "code": error.code.as_str(),
        "message": error.message,
        "hint": error.hint,
        "cause": error.cause,
    });
    js_sys::JSON::parse(&plain.to_string()).unwrap_or_else(|_| JsValue::from_str(&error.message))
}
