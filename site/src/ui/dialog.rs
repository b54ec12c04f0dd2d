//! The one way to put a question over the page: the native dialog.
//!
//! It is mounted when it is wanted and unmounted when it is not. While it is there, the page behind it is inert and the
//! focus stays inside; afterwards the focus is back where it was, or at what stands there now. Escape asks to close and never does anything else.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::field::unique;
use super::focus::Spot;

/// A modal dialog. Mount it to open it: `{move || open.get().then(|| view! { <Dialog ...> })}`.
#[component]
pub fn Dialog(
    /// The heading, which names the dialog.
    #[prop(into)]
    title: Signal<String>,
    /// The person wants it closed: Escape, *Close*, or a click beside it where that is allowed.
    #[prop(into)]
    on_close: Callback<()>,
    /// Classes of the dialog element.
    #[prop(optional)]
    class: &'static str,
    /// `dialog`, or `alertdialog` for a question that must be answered.
    #[prop(default = "dialog")]
    role: &'static str,
    /// Whether a click beside the dialog closes it. Only where nothing typed can be lost.
    #[prop(optional)]
    light: bool,
    /// Leaves the heading to the children, who then must give one element the id from [`DialogTitle`].
    #[prop(optional)]
    bare: bool,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    let title_id = unique("dialog");
    provide_context(DialogTitle(title_id.clone()));
    element.on_load(|dialog| {
        // The element is in the page only after this turn of the event loop.
        request_animation_frame(move || {
            if dialog.is_connected() && !dialog.open() {
                let _ = dialog.show_modal();
            }
        });
    });
    let before = StoredValue::new_local(Spot::here());
    on_cleanup(move || {
        if let Some(Some(before)) = before.try_update_value(Option::take) {
            before.back_soon();
        }
    });
    let heading = (!bare).then(|| {
        let id = title_id.clone();
        view! { <header><h2 id=id tabindex="-1" autofocus>{move || title.get()}</h2></header> }
    });
    view! {
        <dialog node_ref=element class=class role=role aria-labelledby=title_id
            on:cancel=move |event: ev::Event| {
                event.prevent_default();
                on_close.run(());
            }
            on:close=move |_: ev::Event| on_close.run(())
            on:click=move |event| {
                let beside = light && event.target().is_some_and(|target| {
                    element.get_untracked().is_some_and(|dialog| target == *dialog.unchecked_ref::<web_sys::EventTarget>())
                });
                if beside {
                    on_close.run(());
                }
            }>
            {heading}
            {children()}
        </dialog>
    }
}

/// The id which the heading of a `bare` [`Dialog`] must carry; found with `expect_context`.
#[derive(Clone, Debug)]
pub struct DialogTitle(pub String);
