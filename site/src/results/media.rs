//! What a server sent as data or named as a resource: pictures and sounds of a few harmless types are shown, everything
//! else is a row that says what it is (X53). Nothing is ever fetched for it.

use browser::chat::results::{Media, Part, Resource};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::fold::number;
use super::text::{Folded, Visible, pieces};
use crate::ui::save_bytes;

/// Pictures and sounds larger than this are offered as a download, in bytes.
const MAX_DRAWN: usize = 8 * 1024 * 1024;
/// Longest file name that is offered, in characters.
const NAME_CHARS: usize = 80;

/// A picture or a sound that was sent as data.
pub(crate) fn media(part: Part) -> AnyView {
    let drawn = part.data_type();
    let Part::Media { kind, mime, data, bytes } = part else { return ().into_any() };
    let what = match kind {
        Media::Image => "Picture",
        Media::Audio => "Sound",
    };
    let says = format!("{what} sent by the server, {mime}, {}", size(bytes as u64));
    let Some(mime) = drawn.filter(|_| bytes <= MAX_DRAWN && is_base64(&data)) else {
        let why = if bytes > MAX_DRAWN { "too large to show here" } else { "not a type that is shown here" };
        return view! {
            <div class="resource">
                <span class="what">{what}</span>
                <span class="grow">{pieces(&format!("{says}; {why}"))}</span>
                <Save data=data name=format!("{}.bin", what.to_lowercase())/>
            </div>
        }
        .into_any();
    };
    let src = format!("data:{mime};base64,{}", data.trim());
    match kind {
        Media::Image => {
            let broken = RwSignal::new(false);
            view! {
                <figure class="picture">
                    <Show when=move || !broken.get() fallback=|| view! { <p class="cut">"This picture could not be drawn."</p> }>
                        <img src=src.clone() alt=says.clone() on:error=move |_| broken.set(true)/>
                    </Show>
                </figure>
            }
            .into_any()
        }
        Media::Audio => {
            view! { <audio class="sound" controls=true preload="metadata" src=src aria-label=says></audio> }.into_any()
        }
    }
}

/// A resource which the server names and did not send: a row, and nothing to click.
#[component]
pub(crate) fn Link(
    /// What the server says about it.
    resource: Resource,
) -> impl IntoView {
    view! {
        <div class="resource">
            <span class="what">"Link"</span>
            <Names resource=resource/>
        </div>
    }
}

/// A resource that was sent along.
#[component]
pub(crate) fn Embedded(
    /// What the server says about it.
    resource: Resource,
    /// Its text.
    text: Option<String>,
    /// How many characters of the text were left out.
    cut: usize,
    /// Its bytes in base64.
    blob: Option<String>,
) -> impl IntoView {
    let name = safe_name(resource.name.as_deref().unwrap_or(&resource.uri));
    let save = blob.map(|data| view! { <Save data=data name=name/> });
    let text = text.map(|text| view! { <div class="plain"><Folded text=text/></div> });
    let cut =
        (cut > 0).then(|| view! { <p class="cut">{format!("{} more characters not shown here.", number(cut))}</p> });
    view! {
        <div class="resource">
            <span class="what">"Resource"</span>
            <Names resource=resource/>
            {save}
        </div>
        {text}
        {cut}
    }
}

/// The name and address of a resource, all of it the server's words.
#[component]
fn Names(resource: Resource) -> impl IntoView {
    let Resource { uri, name, title, description, mime, size: bytes } = resource;
    let about: Vec<String> = mime.into_iter().chain(bytes.map(size)).collect();
    let name = title.or(name).map(|name| view! { <b><Visible text=name/></b>" " });
    let description = description.map(|text| view! { <small class="about"><Folded text=text/></small> });
    view! {
        <span class="grow">
            {name}
            <code><Folded text=uri/></code>
            {(!about.is_empty()).then(|| view! { " "<small>{pieces(&about.join(", "))}</small> })}
            {description}
        </span>
    }
}

/// Offers bytes as a file. They go to the disk as an unnamed type under a plain name, never into a tab.
#[component]
fn Save(data: String, name: String) -> impl IntoView {
    let failed = RwSignal::new(false);
    let label = format!("Save {name}");
    let save = move |_| failed.set(save_file(&data, &name).is_err());
    view! {
        <button type="button" class="btn" on:click=save>{pieces(&label)}</button>
        {move || failed.get().then(|| view! { <small role="alert">"These bytes are not valid base64."</small> })}
    }
}

/// Writes base64 to a file.
pub(crate) fn save_file(data: &str, name: &str) -> Result<(), JsValue> {
    let binary: Vec<u8> = window().atob(data)?.chars().map(|c| c as u8).collect();
    save_bytes(name, &binary)
}

/// Whether a text is base64 and nothing else, so that it can stand in a `data:` URL.
fn is_base64(data: &str) -> bool {
    !data.trim().is_empty()
        && data.trim().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\r' | b'\n'))
}

/// A file name out of a server's name or address: its last part, plain characters only, no leading dot.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .take(NAME_CHARS)
        .collect();
    let kept = kept.trim_start_matches('.');
    if kept.trim_matches('_').is_empty() { "resource.bin".to_owned() } else { kept.to_owned() }
}

/// A size in bytes as words: `312 KB`. Thousands, as storage is sold.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn x53_file_names_are_plain() {
        assert_eq!(safe_name("file:///etc/passwd"), "passwd");
        assert_eq!(safe_name("../../.bashrc"), "bashrc");
        assert_eq!(safe_name("..\\evil.exe"), "evil.exe");
        assert_eq!(safe_name("a\u{202e}gpj.exe"), "a_gpj.exe");
        assert_eq!(safe_name("\u{202e}\u{202e}"), "resource.bin");
        assert_eq!(safe_name(""), "resource.bin");
        assert_eq!(safe_name(&"x".repeat(500)).len(), NAME_CHARS);
    }

    #[test]
    fn x53_only_base64_goes_into_a_data_url() {
        assert!(is_base64("iVBORw0KGgo="));
        assert!(!is_base64("x,<svg onload=alert(1)>"));
        assert!(!is_base64(""));
    }

    #[test]
    fn sizes_in_words() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(64_000), "64 KB");
        assert_eq!(size(5_250_000), "5.2 MB");
    }
}
