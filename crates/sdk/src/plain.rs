//! Plain values across the border.

use browser::{Code, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// A value as plain objects, arrays and scalars.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value
        .serialize(&Serializer::json_compatible())
        .map_err(|why| error(&Error::new(Code::Protocol, format!("a value could not be handed over: {why}"))))
}

/// Reads plain options, with an error that names what did not fit.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue, what: &str) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|why| {
        error(&Error::new(Code::Invalid, format!("{what} does not fit: {why}")).hint("see index.d.ts for its shape"))
    })
}

/// An error as `{code, message, hint, cause}`; `shared.js` makes it the one error class.
pub(crate) fn error(error: &Error) -> JsValue {
    let plain = serde_json::json!({
        "code": error.code.as_str(),
        "message": error.message,
        "hint": error.hint,
        "cause": error.cause,
    });
    plain.serialize(&Serializer::json_compatible()).unwrap_or_else(|_| JsValue::from_str(&error.message))
}
