//! The JavaScript face of the npm package: wasm-bindgen only, no decisions.
//!
//! `pkg/index.js` and `pkg/mcp.js` are written by hand on top of this and own everything that JavaScript does better:
//! `EventTarget`, `AbortSignal`, frozen objects, the error class. Here, values cross as JSON text (see `plain.rs`) and
//! errors as plain `{code, message, hint, cause}`.

#[cfg(feature = "mcp")]
pub mod client;
#[cfg(feature = "host")]
pub mod host;
mod page;
#[cfg(feature = "host")]
mod person;
mod plain;
#[cfg(feature = "mcp")]
mod sign_in;
mod tickets;
#[cfg(feature = "host")]
mod tied;

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls `listener` with the words of a panic, before the instance traps: what was running will never settle, so
/// somebody outside has to end it.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(listener: Function) {
    ON_PANIC.with(|slot| slot.replace(Some(listener)));
    std::panic::set_hook(Box::new(|info| {
        ON_PANIC.with(|slot| {
            if let Ok(slot) = slot.try_borrow()
                && let Some(listener) = slot.as_ref()
            {
                let _ = listener.call1(&JsValue::UNDEFINED, &info.to_string().into());
            }
        });
    }));
}
