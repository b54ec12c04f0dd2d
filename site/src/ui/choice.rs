//! A choice out of a list that may be left open: what a filter is made of.

use leptos::prelude::*;

use super::Field;

/// One of a list, or all.
#[component]
pub fn Choice(
    /// What it is about.
    label: &'static str,
    /// The words for no choice.
    all: &'static str,
    /// What can be chosen: the value and its words.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// What is chosen.
    #[prop(into)]
    value: Signal<Option<String>>,
    /// What the person chooses.
    #[prop(into)]
    on_change: Callback<Option<String>>,
) -> impl IntoView {
    let choice = move |(option, words): (String, String)| {
        let own = option.clone();
        view! { <option value=option selected=move || value.get().as_deref() == Some(own.as_str())>{words}</option> }
    };
    view! {
        <Field label=label let:field>
            <select id=field.id class="input" on:change=move |event| {
                on_change.run(Some(event_target_value(&event)).filter(|chosen| !chosen.is_empty()));
            }>
                <option value="" selected=move || value.get().is_none()>{all}</option>
                {move || options.get().into_iter().map(choice).collect_view()}
            </select>
        </Field>
    }
}
