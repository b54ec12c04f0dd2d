//! The + menu: what can be brought into this chat. Its content is drawn once the workspace is open.

mod actions;
pub mod list;
mod sets;

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::Writing;
use crate::lazy::later;
use crate::ui::{Button, Icon, IconName, Working, move_focus, place};

/// The button and its popover.
#[component]
pub fn AddMenu(
    /// What is being written.
    writing: Writing,
    /// The id of the popover: a chip opens it too.
    id: String,
) -> impl IntoView {
    let (button, popover) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let open = RwSignal::new(false);
    // Its size is known, and there is something to put the focus on.
    let drawn = Callback::new(move |()| {
        if let (Some(popover), Some(button)) =
            (popover.try_get_untracked().flatten(), button.try_get_untracked().flatten())
        {
            place(&popover, &button);
            let unfolds = writing.unfold.with_untracked(Option::is_some);
            if !unfolds || !move_focus(&popover, ".add-actions input", "Home") {
                move_focus(&popover, "input[type=search]", "Home");
            }
        }
    });
    let list = move || {
        later(
            move |parts| (parts.add_list)(writing, drawn),
            || view! { <Working what="Reading the connectors"/> }.into_any(),
            |later| {
                view! {
                    <p class="rail-empty">"The list could not be fetched."</p>
                    <Button small=true on:click=move |_| later.want()>"Fetch the list again"</Button>
                }
                .into_any()
            },
        )
    };
    view! {
        <button node_ref=button type="button" class="btn quiet icon" popovertarget=id.clone() aria-label="Add" title="Add connectors, prompts, resources and files"
            aria-haspopup="dialog" aria-expanded=move || open.get().to_string()><Icon name=IconName::Add/></button>
        <div node_ref=popover id=id class="menu add" popover="auto" role="dialog" aria-label="Add to this chat"
            on:toggle=move |_| {
                let Some(popover) = popover.get_untracked() else { return };
                let shown = popover.matches(":popover-open").unwrap_or(false);
                open.set(shown);
                if !shown {
                    writing.unfold.set(None);
                }
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                let types = event.target().is_some_and(|target| target.has_type::<web_sys::HtmlInputElement>());
                if event.key() == "Enter" && types {
                    // The popover stands in the composer's form; Enter in it must not send.
                    event.prevent_default();
                }
                let text_key = matches!(event.key().as_str(), "Home" | "End");
                if let Some(popover) = popover.get_untracked()
                    && !text_key
                    && move_focus(&popover, "input, a, button", &event.key())
                {
                    event.prevent_default();
                }
            }>
            {move || open.get().then(list)}
        </div>
    }
}

/// Something in the popover grew or shrank: it goes beside its button again.
fn settle(within: &web_sys::Element) {
    let popover = within.closest("[popover]").ok().flatten().and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok());
    let Some(popover) = popover else { return };
    // Of the buttons that open it, the one that has a place of its own.
    let button = format!("[popovertarget=\"{}\"][aria-haspopup]", popover.id());
    if let Ok(Some(button)) = document().query_selector(&button) {
        place(&popover, &button);
    }
}
