//! Files of the person's that go with a message: chosen, dropped on the composer, or pasted (screens.md e.4, *Files*).
//!
//! They are read here and go nowhere before the message is sent. What becomes of each is said while it can still be taken
//! off: who is given it, what that endpoint does not take, and what in it looks like a secret (X59).

use std::sync::Arc;

use browser::chat::context::Limits;
use browser::chat::conversation::{Body, FILE_IMAGE_BYTES, FILE_IMAGES_BASE64, File, FileError, Item};
use browser::chat::model::Wire;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::JsFuture;

use super::{Writing, unsent};
use crate::results::{Folded, Visible, flat, number, size};
use crate::state::{AppState, use_state};
use crate::ui::{Icon, IconName, sentence};

/// The files of the message: the field that chooses them, a chip for each, and what is to be said about them.
#[component]
pub(super) fn Files(writing: Writing) -> impl IntoView {
    let state = use_state();
    let problems = RwSignal::new(Vec::<String>::new());
    let take = Callback::new(move |files: Vec<web_sys::File>| {
        problems.set(Vec::new());
        files.into_iter().for_each(|file| attach(writing, problems, file));
    });
    let chosen = move |event: ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        take.run(listed(input.files()));
        // So that the same file can be chosen again.
        input.set_value("");
    };
    listen(writing, take);
    unsent::keep(writing);
    let chip = move |file: Arc<File>| {
        let label = format!("Take {} off this message", flat(&file.name));
        let (name, bytes) = (file.name.clone(), file.size);
        view! {
            <li class="chip with">
                <Icon name=IconName::Clip size=14/>
                <span class="ellipsis"><Visible text=name/></span><small>{size(bytes)}</small>
                <button type="button" class="chip-off" aria-label=label.clone() title=label
                    on:click=move |_| writing.files.update(|all| all.retain(|one| !Arc::ptr_eq(one, &file)))>
                    <Icon name=IconName::Close size=12/>
                </button>
            </li>
        }
    };
    let notes = Memo::new(move |_| writing.files.with(|files| notes(state, files)));
    let line = |text: String| view! { <p><Visible text=text/></p> };
    view! {
        <input node_ref=writing.picker type="file" multiple hidden aria-label="Files to attach" on:change=chosen/>
        {move || writing.files.with(|all| !all.is_empty()).then(|| view! {
            <ul class="chips plain" aria-label="Files of this message">{move || writing.files.get().into_iter().map(chip).collect_view()}</ul>
        })}
        <div class="file-notes" role="status">{move || notes.get().into_iter().map(line).collect_view()}</div>
        <div class="file-notes form-problem" role="alert">{move || problems.get().into_iter().map(line).collect_view()}</div>
    }
}

/// What is to be said before these files are sent. Tracks.
fn notes(state: AppState, files: &[Arc<File>]) -> Vec<String> {
    if files.is_empty() {
        return Vec::new();
    }
    if state.mind_gone() {
        return Vec::new();
    }
    let mind = state.mind_here();
    let model = state.models.with(|all| all.iter().find(|model| Some(&model.id) == mind.as_ref()).cloned());
    let Some(model) = model else {
        return vec![
            "Files are for a language model. In direct mode nothing reads them; they stay with the message.".to_owned(),
        ];
    };
    let (mut notes, mut texts, mut bytes, mut alone) = (Vec::new(), Vec::new(), 0_usize, false);
    // Four bytes a token, as everywhere before a provider has counted.
    let too_long = |bytes: usize| model.context.map(|context| context as usize).filter(|context| bytes / 4 > *context);
    for file in files {
        let name = &file.name;
        if let Some((mime, _)) = file.picture().filter(|(mime, _)| !model.wire.takes_picture(mime)) {
            let what = if model.wire == Wire::BuiltIn { "pictures" } else { mime };
            notes.push(format!("{} cannot be given {what}. It is told the name {name} and no more.", model.name));
        }
        let Some(text) = &file.text else { continue };
        texts.push(name.as_str());
        bytes += text.len();
        if let Some(context) = too_long(text.len()) {
            alone = true;
            notes.push(format!(
                "{name} is about {} tokens long, and {} holds {}. Attach a part of it.",
                number(text.len() / 4),
                model.name,
                number(context)
            ));
        }
        if let Some(found) = policy::secrets::find(text).first() {
            notes.push(format!("{name} contains what looks like {}. {} is given it as it is.", found.what, model.name));
        }
    }
    // What a turn keeps of the ones before it.
    let kept = model.context.map_or_else(Limits::default, Limits::for_context).history;
    match too_long(bytes) {
        Some(_) if alone => {}
        Some(context) => notes.push(format!(
            "The files are about {} tokens long together, and {} holds {}. Take one off.",
            number(bytes / 4),
            model.name,
            number(context)
        )),
        None if bytes > kept => {
            let (are, them) = if texts.len() == 1 { ("is", "it") } else { ("are", "them") };
            let names = texts.join(", ");
            notes.push(format!("{names} {are} read with this message; later messages may be sent without {them}."));
        }
        None => {}
    }
    notes
}

/// Reads a file and puts it beside the message.
fn attach(writing: Writing, problems: RwSignal<Vec<String>>, file: web_sys::File) {
    writing.reading.update(|count| *count += 1);
    spawn_local(async move {
        let read = read(&file).await;
        // The composer may be gone.
        let Some(()) = writing.reading.try_update(|count| *count = count.saturating_sub(1)) else { return };
        let pictures: usize = writing.files.with_untracked(|all| all.iter().map(|file| weight(file)).sum());
        match (read, writing.full()) {
            (Ok(_), Some(says)) => {
                problems.update(|all| {
                    if !all.contains(&says) {
                        all.push(says)
                    }
                });
            }
            (Ok(file), None) if file.image.is_some() && pictures + weight(&file) > FILE_IMAGES_BASE64 => problems
                .update(|all| {
                    all.push(format!(
                        "The pictures of one message may have 10 MB together. Send `{}` with another message.",
                        file.name
                    ));
                }),
            (Ok(file), None) => writing.files.update(|all| all.push(Arc::new(file))),
            (Err(error), _) => problems.update(|all| all.push(sentence(&error.to_string()))),
        }
    });
}

/// What a picture takes of [`FILE_IMAGES_BASE64`].
fn weight(file: &File) -> usize {
    file.image.as_ref().map_or(0, String::len)
}

async fn read(file: &web_sys::File) -> Result<File, FileError> {
    let name = file.name();
    if file.size() > FILE_IMAGE_BYTES as f64 {
        return Err(FileError::TooLarge { name, limit: "3 MB, the most for a picture; a text may have 512 KB" });
    }
    match JsFuture::from(file.array_buffer()).await {
        Ok(buffer) => File::of(&name, js_sys::Uint8Array::new(&buffer).to_vec(), base64),
        // A folder, or a file that is gone.
        Err(_) => Err(FileError::Other { name }),
    }
}

fn base64(bytes: &[u8]) -> Option<String> {
    window().btoa(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>()).ok()
}

fn listed(files: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    files.map(|files| (0..files.length()).filter_map(|at| files.get(at)).collect()).unwrap_or_default()
}

/// Files that are dropped on the composer or pasted into its text.
fn listen(writing: Writing, take: Callback<Vec<web_sys::File>>) {
    let form = move || writing.field.try_get_untracked().flatten().and_then(|area| area.closest("form").ok().flatten());
    let drops = move |over: bool| {
        if let Some(form) = form() {
            let _ = form.class_list().toggle_with_force("dropping", over);
        }
    };
    let dragged = Closure::<dyn Fn(web_sys::DragEvent)>::new(move |event: web_sys::DragEvent| {
        let Some(data) = event.data_transfer() else { return };
        if !data.types().includes(&"Files".into(), 0) {
            return;
        }
        match event.type_().as_str() {
            "drop" => {
                drops(false);
                take.run(listed(data.files()));
            }
            kind => drops(kind == "dragover"),
        }
    });
    let pasted = Closure::<dyn Fn(web_sys::ClipboardEvent)>::new(move |event: web_sys::ClipboardEvent| {
        let Some(data) = event.clipboard_data() else { return };
        let files = listed(data.files());
        // Of what is both, such as cells of a table, the words are meant.
        if !files.is_empty() && data.get_data("text/plain").unwrap_or_default().is_empty() {
            event.prevent_default();
            take.run(files);
        }
    });
    let heard = StoredValue::new_local((dragged, pasted));
    let each = move |area: &web_sys::HtmlTextAreaElement, on: bool| {
        let target: &web_sys::EventTarget = area.unchecked_ref();
        let form = area.closest("form").ok().flatten();
        let _ = heard.try_with_value(|(dragged, pasted)| {
            let (dragged, pasted) = (dragged.as_ref().unchecked_ref(), pasted.as_ref().unchecked_ref());
            let _ = match on {
                true => target.add_event_listener_with_callback("paste", pasted),
                false => target.remove_event_listener_with_callback("paste", pasted),
            };
            for name in ["dragover", "dragleave", "drop"] {
                let _ = form.as_ref().map(|form| match on {
                    true => form.add_event_listener_with_callback(name, dragged),
                    false => form.remove_event_listener_with_callback(name, dragged),
                });
            }
        });
    };
    Effect::new(move |before: Option<bool>| {
        let area = writing.field.get();
        if let (Some(area), false) = (&area, before == Some(true)) {
            each(area, true);
        }
        area.is_some()
    });
    on_cleanup(move || {
        if let Some(area) = writing.field.try_get_untracked().flatten() {
            each(&area, false);
        }
    });
}

/// A file that went with a message: its name and size, and on a click what is in it.
#[component]
pub(super) fn FileView(item: ArcRwSignal<Item>) -> impl IntoView {
    fn of<T>(item: &Item, read: impl FnOnce(&File) -> T) -> Option<T> {
        match &item.body {
            Body::File(file) => Some(read(file)),
            _ => None,
        }
    }
    let shown = RwSignal::new(false);
    let (name, bytes) = item.with_untracked(|item| of(item, |file| (file.name.clone(), file.size))).unwrap_or_default();
    let alt = format!("Picture {}", flat(&name));
    // What is not opened costs nothing.
    let content = move || {
        item.with(|item| {
            of(item, |file| match (&file.text, file.picture()) {
                (Some(text), _) => view! { <div class="plain"><Folded text=text.clone()/></div> }.into_any(),
                (None, Some((mime, data))) => {
                    let src = format!("data:{mime};base64,{data}");
                    view! { <figure class="picture"><img src=src alt=alt.clone()/></figure> }.into_any()
                }
                (None, None) => view! { <p class="small">"It is not here any more."</p> }.into_any(),
            })
        })
    };
    view! {
        <article class="attached" aria-label="Attached file">
            <p class="attached-head"><Icon name=IconName::Clip size=14/><b><Visible text=name/></b><small>{size(bytes)}</small></p>
            <details on:toggle=move |_| shown.set(true)><summary>"What is in it"</summary>{move || shown.get().then(&content)}</details>
        </article>
    }
}
