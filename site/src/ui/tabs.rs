//! Tabs are links to places; segments are one choice of a few.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::field::unique;
use crate::router::{Link, Route, use_router};

/// A row of links that shows which one is here.
#[component]
pub fn Tabs(
    /// What the tabs are about.
    #[prop(into)]
    label: String,
    children: Children,
) -> impl IntoView {
    let router = use_router();
    let nav = NodeRef::<leptos::html::Nav>::new();
    // On a narrow screen the tabs are wider than their place: the one that is open is always seen whole.
    Effect::new(move |_| {
        router.route();
        let Some(nav) = nav.get() else { return };
        let here = nav.query_selector("[aria-current]").ok().flatten();
        if let Some(here) = here.and_then(|here| here.dyn_into::<web_sys::HtmlElement>().ok()) {
            let spare = (nav.client_width() - here.offset_width()) / 2;
            nav.set_scroll_left(here.offset_left() - nav.offset_left() - spare);
        }
    });
    view! { <nav class="tabs" aria-label=label node_ref=nav>{children()}</nav> }
}

/// One of the links in [`Tabs`].
#[component]
pub fn Tab(
    /// Where it leads.
    to: Route,
    children: Children,
) -> impl IntoView {
    view! { <Link to=to>{children()}</Link> }
}

/// One choice of a few, as radio buttons in a row.
#[component]
pub fn Segmented<T>(
    /// What is chosen.
    #[prop(into)]
    label: String,
    /// The choices with their words.
    options: Vec<(T, &'static str)>,
    /// The choice now.
    #[prop(into)]
    value: Signal<T>,
    /// What the person chooses.
    #[prop(into)]
    on_change: Callback<T>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let group = unique("choice");
    let choices: Vec<_> = options
        .into_iter()
        .map(|(option, word)| {
            let (shown, chosen) = (option.clone(), option);
            view! {
                <label>
                    <input type="radio" name=group.clone() prop:checked=move || value.get() == shown
                        on:change=move |_| on_change.run(chosen.clone())/>
                    <span>{word}</span>
                </label>
            }
        })
        .collect();
    view! { <div class="segments" role="radiogroup" aria-label=label>{choices}</div> }
}
