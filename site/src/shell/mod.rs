//! What stands around every page: the rail, the bar on narrow screens, the palette, the shortcuts, the live regions.

pub mod account;
pub mod conversations;
pub mod governed;
pub mod rail;
pub mod shortcuts;
pub mod stopped;

use leptos::{ev, prelude::*};

use crate::app::Page;
use crate::lazy::{Parts, later, once_open};
use crate::router::use_router;
use crate::state::use_front;
use crate::ui::{Button, ButtonLook, Dialog, Icon, IconButton, IconName, Toasts};

/// Which of the shell's own windows are open. Copy; in context.
#[derive(Clone, Copy)]
pub struct ShellState {
    /// The rail as a drawer, on narrow screens.
    pub drawer: RwSignal<bool>,
    /// The command palette.
    pub palette: RwSignal<bool>,
    /// The list of shortcuts.
    pub shortcuts: RwSignal<bool>,
}

/// The shell's windows.
pub fn use_shell() -> ShellState {
    expect_context::<ShellState>()
}

/// The page with everything around it.
#[component]
pub fn Shell() -> impl IntoView {
    let (front, router) = (use_front(), use_router());
    let shell =
        ShellState { drawer: RwSignal::new(false), palette: RwSignal::new(false), shortcuts: RwSignal::new(false) };
    provide_context(shell);
    shortcuts::listen(shell, router);
    let in_chat = Memo::new(move |_| router.route().is_beside_chats());
    let rail_title = move || if in_chat.get() { "Main" } else { "Settings" };
    view! {
        <button type="button" class="skip btn" on:click=move |_| crate::router::focus_page()>"Skip to the page"</button>
        <div class="app" class:drawer-open=move || shell.drawer.get()>
            <header class="topbar">
                <IconButton label="Menu" icon=IconName::Menu attr:aria-expanded=move || shell.drawer.get().to_string()
                    attr:aria-controls="rail" on:click=move |_| open_drawer(shell)/>
                <Brand/>
                <span class="grow"></span>
                <IconButton label="Open commands" icon=IconName::Search on:click=move |_| shell.palette.set(true)/>
            </header>
            <aside id="rail" class="rail" aria-label=rail_title
                on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" { close_drawer(shell) }
                on:click=move |event| if leads_away(&event) { close_drawer(shell) }>
                {move || if in_chat.get() { view! { <rail::ChatRail/> }.into_any() } else { later(|parts| (parts.settings_rail)(), way_back, |_| way_back()) }}
            </aside>
            <div class="veil" aria-hidden="true" on:click=move |_| close_drawer(shell)></div>
            // While the drawer covers the page, the page behind it is not reachable.
            <div class="page" inert=move || shell.drawer.get()>
                <StorageNotice/>
                {once_open(|parts| (parts.governed)(), || ().into_any())}
                {once_open(|parts| (parts.viewing)(), || ().into_any())}
                <Page/>
            </div>
        </div>
        {move || shell.palette.get().then(|| window_of(shell.palette, |parts| (parts.palette)()))}
        {move || shell.shortcuts.get().then(|| window_of(shell.shortcuts, |parts| (parts.shortcuts)()))}
        <Toasts list=front.toasts on_close=move |id| front.close_toast(id) on_hold=move |(id, hold)| front.hold_toast(id, hold)/>
        <div class="sr" aria-live="polite">{move || front.announced.get()}</div>
    }
}

/// The rail of the settings until its sections are there.
fn way_back() -> AnyView {
    use crate::router::{Link, Route};
    view! {
        <div class="rail-top">
            <Link to=Route::Chat class="rail-button"><Icon name=IconName::Back/><span class="grow">"Back to chat"</span></Link>
        </div>
    }
    .into_any()
}

/// One of the shell's own windows, which are fetched when they are first opened.
fn window_of(open: RwSignal<bool>, draw: fn(Parts) -> AnyView) -> AnyView {
    later(
        draw,
        || ().into_any(),
        move |later| {
            view! {
                <Dialog title="This could not be fetched" light=true on_close=move |()| open.set(false)>
                    <div class="body"><p>"The rest of the page works. Check the connection and try again."</p></div>
                    <footer>
                        <Button on:click=move |_| open.set(false)>"Close message"</Button>
                        <Button look=ButtonLook::Primary on:click=move |_| later.want()>"Fetch it again"</Button>
                    </footer>
                </Dialog>
            }
            .into_any()
        },
    )
}

/// The product's sign and name.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <svg width="22" height="22" viewBox="0 0 22 22" fill="none" stroke="currentColor" stroke-width="2"
                stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
                <path d="M3 15c3-9 6-11 7-9s-3 9-1 9 3-6 5-6-1 5 1 5 2-1.5 4-2"/>
                <path d="M3 19h16" stroke-width="1.5" opacity=".55"/>
            </svg>
            "Countersign"
        </span>
    }
}

/// Says when things are not kept, once, where it cannot be missed.
#[component]
fn StorageNotice() -> impl IntoView {
    use browser::StorageState;
    let front = use_front();
    let text = move || match front.storage.get() {
        StorageState::Kept | StorageState::Memory => None,
        StorageState::Unavailable { .. } => Some("This browser will not keep history after you close the tab."),
        StorageState::Full { .. } => {
            Some("This browser's storage is full. What is new is not kept after you close the tab.")
        }
    };
    move || {
        text().map(|text| {
            view! {
                <div class="notice note warn" role="status">
                    <Icon name=IconName::Warning/>
                    <span class="grow">{text}</span>
                    <crate::router::Link to=crate::router::Route::Data>"Export or make room"</crate::router::Link>
                </div>
            }
        })
    }
}

fn open_drawer(shell: ShellState) {
    shell.drawer.set(true);
    request_animation_frame(|| focus("#rail a, #rail button"));
}

fn close_drawer(shell: ShellState) {
    if shell.drawer.get_untracked() {
        shell.drawer.set(false);
        request_animation_frame(|| focus(".topbar button"));
    }
}

/// Puts the focus on the first element that matches.
pub fn focus(selector: &str) {
    use wasm_bindgen::JsCast;
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Whether a click in the rail leads to another page.
fn leads_away(event: &ev::MouseEvent) -> bool {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.closest("a[href], [data-leave]").ok().flatten().is_some())
}
