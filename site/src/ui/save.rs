//! Hands the person a file that was made in the page.

use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag};

/// Saves `text` under `name`, whose ending says what it is. It goes to the disk, never into a tab.
pub fn save_text(name: &str, text: &str) {
    let kind = match name.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("md") => "text/markdown",
        _ => "application/json",
    };
    let parts = Array::of1(&JsValue::from_str(text));
    let _ = Blob::new_with_str_sequence_and_options(&parts, &of_kind(kind)).and_then(|blob| save(name, &blob));
}

/// Saves bytes under `name`, as a file of no type.
///
/// # Errors
/// When the browser makes no file of them.
pub fn save_bytes(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    save(name, &Blob::new_with_u8_array_sequence_and_options(&parts, &of_kind("application/octet-stream"))?)
}

fn of_kind(kind: &str) -> BlobPropertyBag {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    options
}

fn save(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let url = web_sys::Url::create_object_url_with_blob(blob)?;
    let link: web_sys::HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // Not at once: some browsers read the file only after this turn of the event loop.
    set_timeout(
        move || {
            let _ = web_sys::Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(10),
    );
    Ok(())
}
