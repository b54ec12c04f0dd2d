//! Settings, Data: what is stored, where, how large; export and erase.

use browser::{StorageState, StorageUse};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};

use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Working};

/// A size in words: `4.2 KB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

/// The page.
#[component]
pub(crate) fn Data() -> impl IntoView {
    let app = use_state();
    page_title(|| "Data".into());
    let used = RwSignal::new(None::<StorageUse>);
    let erasing = RwSignal::new(false);
    let read = move || {
        let ws = app.ws();
        spawn_local(async move {
            match ws.storage().await {
                Ok(found) => {
                    used.try_set(Some(found));
                }
                Err(why) => app.tell_error(&why),
            }
        });
    };
    read();
    let export = move || {
        let ws = app.ws();
        app.run(async move { ws.export().await }, |text| save_file("countersign-export.json", &text));
    };
    let erase = move || {
        let ws = app.ws();
        app.run(async move { ws.erase_all().await }, move |()| {
            crate::chat::draft::forget_all();
            erasing.set(false);
            app.tell("Everything was erased. The workspace is as on the first day.");
            read();
        });
    };
    view! {
        <header class="head"><div class="grow"><h1>"Data"</h1>
            <p class="lead">{move || match app.storage.get() {
                StorageState::Kept => "Everything is kept in this browser, on this device. There is no copy elsewhere.".to_owned(),
                StorageState::Memory | StorageState::Unavailable { .. } => "This browser will not keep history after you close the tab.".to_owned(),
                StorageState::Full { why } => format!("The browser's storage is full; the last change was not kept ({why}). Export and erase what you do not need."),
            }}</p></div></header>
        {move || match used.get() {
            None => view! { <Working what="Reading what is stored"/> }.into_any(),
            Some(found) => view! {
                <table>
                    <thead><tr><th scope="col">"What"</th><th scope="col" class="num">"Records"</th><th scope="col" class="num">"Size"</th></tr></thead>
                    <tbody>{found.tables.iter().map(|table| view! {
                        <tr><td>{table.name}</td><td class="num">{table.records}</td><td class="num">{size(table.bytes)}</td></tr>
                    }).collect_view()}</tbody>
                </table>
                {found.used.map(|used| view! { <p class="small">{format!("The browser counts {} for this site", size(used))}
                    {found.quota.map(|quota| format!(" of {} it allows", size(quota)))}"."</p> })}
                <p class="small">{if found.persisted { "The browser promised not to remove it by itself." } else { "The browser may remove it when space is short: export what must last." }}</p>
            }.into_any(),
        }}
        <section class="setting"><h2>"Export"</h2><p>"Settings, connectors, conversations, notes and the audit log as one JSON file. Tokens and keys are not in it."</p>
            <Button on:click=move |_| export()>"Export everything"</Button></section>
        <section class="setting"><h2>"Erase"</h2><p>"Removes everything from this browser: conversations, connectors, notes, keys. The audit log begins a new chain whose first row says so."</p>
            <Button look=ButtonLook::Danger on:click=move |_| erasing.set(true)>"Erase everything"</Button></section>
        {move || erasing.get().then(|| view! {
            <Dialog title="Erase everything in this browser" role="alertdialog" on_close=move |()| erasing.set(false)>
                <div class="body"><p>"This cannot be undone. What servers already did stays done."</p></div>
                <footer>
                    <Button on:click=move |_| erasing.set(false)>"Keep everything"</Button>
                    <Button look=ButtonLook::Danger on:click=move |_| erase()>"Erase now"</Button>
                </footer>
            </Dialog>
        })}
    }
}

/// Hands the person a file, made here.
pub(crate) fn save_file(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("application/json");
    let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    if let Ok(link) = document().create_element("a")
        && let Ok(link) = link.dyn_into::<web_sys::HtmlAnchorElement>()
    {
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    // Not at once: some browsers read the file only after this turn of the event loop.
    set_timeout(
        move || {
            let _ = web_sys::Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(10),
    );
}
