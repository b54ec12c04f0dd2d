//! Files that a person chooses: read here, never sent anywhere.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// Reads the file that was chosen in an input, and lets the same one be chosen again. A file larger than the limit in
/// bytes, and one that is no text, is none.
pub(crate) fn chosen(event: &ev::Event, limit: f64, then: impl FnOnce(Option<String>) + 'static) {
    let input: web_sys::HtmlInputElement = event_target(event);
    let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
    input.set_value("");
    if file.size() > limit {
        return then(None);
    }
    spawn_local(async move { then(JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string())) });
}
