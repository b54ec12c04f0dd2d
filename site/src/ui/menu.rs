//! Menus: a native popover beside the button that opens it.
//!
//! The popover gives Escape, a click elsewhere and the return of the focus. Arrow keys, Home and End move within.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::dressed::Dressed;
use super::field::unique;

/// Puts a popover beside its button, inside the window: below if there is room, else above.
pub fn place(popover: &web_sys::HtmlElement, button: &web_sys::Element) {
    const GAP: f64 = 6.0;
    const EDGE: f64 = 12.0;
    let window = window();
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0);
    let (width, height) = (size(window.inner_width()), size(window.inner_height()));
    let (at, own) = (button.get_bounding_client_rect(), popover.get_bounding_client_rect());
    let left = if at.left() + own.width() + EDGE > width { at.right() - own.width() } else { at.left() };
    let below = at.bottom() + GAP;
    let top = if below + own.height() + EDGE > height { at.top() - GAP - own.height() } else { below };
    let style = web_sys::HtmlElement::style(popover);
    let _ = style.set_property("left", &format!("{}px", left.min(width - own.width() - EDGE).max(EDGE)));
    let _ = style.set_property("top", &format!("{}px", top.max(EDGE)));
}

/// Moves the focus among the elements of `root` that match `selector`; false when the key means nothing here.
pub fn move_focus(root: &web_sys::Element, selector: &str, key: &str) -> bool {
    let Ok(list) = root.query_selector_all(selector) else { return false };
    let items: Vec<web_sys::HtmlElement> = (0..list.length()).filter_map(|at| list.item(at)?.dyn_into().ok()).collect();
    let Some(last) = items.len().checked_sub(1) else { return false };
    let active = document().active_element();
    let here = items.iter().position(|item| active.as_ref().is_some_and(|active| **item == *active));
    let next = match (key, here) {
        ("ArrowDown", Some(at)) if at < last => at + 1,
        ("ArrowDown" | "Home", _) => 0,
        ("ArrowUp", Some(at)) if at > 0 => at - 1,
        ("ArrowUp" | "End", _) => last,
        _ => return false,
    };
    items.get(next).is_some_and(|item| item.focus().is_ok())
}

/// A button that opens a menu of [`MenuItem`]s. Its look and content are given by `class` and `trigger`.
#[component]
pub fn Menu(
    /// The name of the button, and of the menu.
    #[prop(into)]
    label: Signal<String>,
    /// The button shows its name itself; `label` then names the menu alone.
    #[prop(optional)]
    named: bool,
    /// Classes of the button.
    #[prop(default = "btn quiet icon small")]
    class: &'static str,
    /// What the button shows.
    #[prop(into)]
    trigger: ViewFn,
    children: Children,
) -> impl IntoView {
    let (button, popover) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let open = RwSignal::new(false);
    let id = unique("menu");
    view! {
        <button node_ref=button type="button" class=class popovertarget=id.clone() aria-haspopup="menu"
            aria-expanded=move || open.get().to_string()
            aria-label=move || (!named).then(|| label.get()) title=move || (!named).then(|| label.get())>{trigger.run()}</button>
        <div node_ref=popover id=id class="menu" popover="auto" role="menu" aria-label=move || label.get()
            on:toggle=move |_| {
                let (Some(popover), Some(button)) = (popover.get_untracked(), button.get_untracked()) else { return };
                let shown = popover.matches(":popover-open").unwrap_or(false);
                open.set(shown);
                if shown {
                    place(&popover, &button);
                    move_focus(&popover, ".menu-item:not(:disabled)", "Home");
                }
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if let Some(popover) = popover.get_untracked()
                    && move_focus(&popover, ".menu-item:not(:disabled)", &event.key())
                {
                    event.prevent_default();
                }
            }
            on:click=move |_| {
                if let Some(popover) = popover.get_untracked() {
                    let _ = popover.hide_popover();
                }
            }>
            {children()}
        </div>
    }
}

/// One entry of a [`Menu`]; what it does is given with `on:click`.
#[component(transparent)]
pub fn MenuItem(
    /// Destroys something.
    #[prop(optional)]
    danger: bool,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    children: Children,
) -> Dressed {
    let children = untrack(children);
    Dressed::new(view! {
        <button type="button" class="menu-item" class:danger=danger role="menuitem" tabindex="-1"
            disabled=move || disabled.get()>{children}</button>
    })
}
