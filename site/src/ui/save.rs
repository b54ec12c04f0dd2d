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
        Some("txt") => "text/plain",
        _ => "application/json",
    };
    let parts = Array::of1(&JsValue::from_str(text));
    let _ = Blob::new_with_str_sequence_and_options(&parts, &of_kind(kind)).and_then(|blob| save(name, &blob));
}

/// A file that is made piece by piece, so that the page is not kept waiting by a large one.
pub struct Growing {
    name: &'static str,
    kind: BlobPropertyBag,
    parts: Array,
    text: String,
}

/// So much text becomes a part of the file at once, in bytes.
const PART: usize = 1 << 19;

impl Growing {
    /// An empty file, whose ending says what it is.
    pub fn new(name: &'static str) -> Self {
        let kind = of_kind(if name.ends_with(".csv") { "text/csv" } else { "application/json" });
        Growing { name, kind, parts: Array::new(), text: String::new() }
    }

    /// Adds to its end.
    pub fn put(&mut self, text: &str) {
        self.text.push_str(text);
        if self.text.len() >= PART {
            self.part();
        }
    }

    /// Hands it to the person.
    pub fn save(mut self) {
        self.part();
        let _ =
            Blob::new_with_blob_sequence_and_options(&self.parts, &self.kind).and_then(|blob| save(self.name, &blob));
    }

    fn part(&mut self) {
        let text = Array::of1(&JsValue::from_str(&std::mem::take(&mut self.text)));
        if let Ok(blob) = Blob::new_with_str_sequence(&text) {
            self.parts.push(&blob);
        }
    }
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
