//! Tabs are links to places; segments are one choice of a few.

use leptos::prelude::*;

use super::field::unique;
use crate::router::{Link, Route};

/// A row of links that shows which one is here.
#[component]
pub fn Tabs(
    /// What the tabs are about.
    #[prop(into)]
    label: String,
    children: Children,
) -> impl IntoView {
    view! { <nav class="tabs" aria-label=label>{children()}</nav> }
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
