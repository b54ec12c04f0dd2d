//! The JavaScript face of the npm package: wasm-bindgen only, no decisions.
//!
//! `pkg/index.js` and `pkg/mcp.js` are written by hand on top of this and own everything that JavaScript does better:
//! `EventTarget`, `AbortSignal`, frozen objects, the error class. Here, values cross as plain objects (never a `Map`)
//! and errors as plain `{code, message, hint, cause}`.

#[cfg(feature = "mcp")]
pub mod client;
#[cfg(feature = "host")]
pub mod host;
mod plain;
mod tickets;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs when the module is instantiated: a panic is reported in words before the instance traps.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
