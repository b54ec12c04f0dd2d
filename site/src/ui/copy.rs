//! A button that copies a text, and says whether that worked.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};

use super::Button;

/// Copies `text` when pressed. Where the browser refuses, it says so: the text can still be selected by hand.
#[component]
pub fn CopyButton(
    /// What is copied, named: `Copy snippet`.
    label: &'static str,
    /// The text, as it is when the button is pressed.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let says = RwSignal::new(label);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let copied = copied(&text).await;
            let _ = says.try_set(if copied { "Copied" } else { "Not copied: select it by hand" });
            set_timeout(
                move || {
                    let _ = says.try_set(label);
                },
                std::time::Duration::from_secs(3),
            );
        });
    };
    view! { <Button small=true on:click=copy><span aria-live="polite">{move || says.get()}</span></Button> }
}

/// Puts a text into the clipboard; whether the browser let the page do that.
pub async fn copied(text: &str) -> bool {
    write(text).await.is_some()
}

/// `navigator.clipboard.writeText`, where there is one and it may be used.
async fn write(text: &str) -> Option<()> {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).ok()?;
    let write: js_sys::Function = js_sys::Reflect::get(&clipboard, &"writeText".into()).ok()?.dyn_into().ok()?;
    let promise: js_sys::Promise = write.call1(&clipboard, &JsValue::from_str(text)).ok()?.dyn_into().ok()?;
    wasm_bindgen_futures::JsFuture::from(promise).await.ok().map(drop)
}
