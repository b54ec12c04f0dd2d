//! Keys: what they are, what they do, and the list of them.
//!
//! Keys without a modifier work only outside text, and can be switched off (WCAG 2.1.4).

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{ShellState, focus, use_shell};
use crate::router::{Route, Router};
use crate::theme::local_storage;
use crate::ui::{Button, Dialog, Switch};

const KEY: &str = "countersign:single-keys";

/// How the palette is opened here: `Ctrl K`, on Apple's systems `⌘ K`.
pub fn palette_keys() -> &'static str {
    if apple() { "⌘ K" } else { "Ctrl K" }
}

fn apple() -> bool {
    let agent = window().navigator().user_agent().unwrap_or_default();
    ["Mac", "iPhone", "iPad"].iter().any(|name| agent.contains(name))
}

fn single_keys() -> bool {
    local_storage().and_then(|store| store.get_item(KEY).ok().flatten()).as_deref() != Some("off")
}

fn set_single_keys(on: bool) {
    let _ = local_storage().map(|store| if on { store.remove_item(KEY) } else { store.set_item(KEY, "off") });
}

/// Listens for as long as the shell lives.
pub fn listen(shell: ShellState, router: Router) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() || event.is_composing() {
            return;
        }
        let modified = event.ctrl_key() || event.meta_key();
        if modified && !event.alt_key() && !event.shift_key() && event.key().eq_ignore_ascii_case("k") {
            // Nothing opens over a question that waits for a decision.
            if shell.palette.get_untracked() || !modal_open() {
                event.prevent_default();
                shell.palette.update(|open| *open = !*open);
            }
            return;
        }
        if modified || event.alt_key() || modal_open() || writes_text(&event) || !single_keys() {
            return;
        }
        match event.key().as_str() {
            "?" => shell.shortcuts.set(true),
            "n" => router.go(Route::Chat),
            "/" => focus("main textarea[aria-label=Message]"),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

fn modal_open() -> bool {
    document().query_selector("dialog:modal").ok().flatten().is_some()
}

fn writes_text(event: &ev::KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.matches("input, textarea, select, [contenteditable]").unwrap_or(false))
}

/// The list of keys.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let shell = use_shell();
    let single = RwSignal::new(single_keys());
    let palette: &'static [&'static str] = if apple() { &["⌘ K"] } else { &["Ctrl K"] };
    let rows: [(&[&str], &str); 8] = [
        (palette, "Commands: conversations, connectors, actions, settings"),
        (&["Enter"], "Send the message"),
        (&["Shift Enter"], "New line in the message"),
        (&["Esc"], "Close what is open. It never approves and never sends"),
        (&["↑", "↓", "Home", "End"], "Move in menus and lists"),
        (&["/"], "Go to the message"),
        (&["n"], "New chat"),
        (&["?"], "This list"),
    ];
    view! {
        <Dialog title="Keyboard shortcuts" light=true on_close=move |()| shell.shortcuts.set(false)>
            <div class="body">
                <dl class="keys">
                    {rows.map(|(keys, what)| view! {
                        <div>
                            <dt>{keys.iter().map(|key| view! { <kbd class="kbd">{*key}</kbd>" " }).collect_view()}</dt>
                            <dd>{what}</dd>
                        </div>
                    }).collect_view()}
                </dl>
                <div class="switch-row">
                    <Switch label="Keys without Ctrl or ⌘" checked=single on_change=move |on| {
                        set_single_keys(on);
                        single.set(on);
                    }/>
                    <span class="grow">"Keys without Ctrl or ⌘"<br/><small>"Switch off if you speak to your computer or hit keys by accident."</small></span>
                </div>
            </div>
            <footer><Button on:click=move |_| shell.shortcuts.set(false)>"Close"</Button></footer>
        </Dialog>
    }
}
