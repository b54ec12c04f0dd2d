//! A switch: on or off, at once, without a *Save*.

use leptos::prelude::*;

/// A native button with the switch role.
///
/// It shows what is, not what was clicked: `checked` comes from the workspace, so a change that is refused never
/// looks done.
#[component]
pub fn Switch(
    /// What it switches; its name.
    #[prop(into)]
    label: Signal<String>,
    /// Whether it is on.
    #[prop(into)]
    checked: Signal<bool>,
    /// What the person wants it to be.
    #[prop(into)]
    on_change: Callback<bool>,
    /// Cannot be used now. Say why beside it.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button type="button" class="switch" role="switch" aria-label=move || label.get()
            aria-checked=move || if checked.get() { "true" } else { "false" }
            disabled=move || disabled.get()
            on:click=move |_| on_change.run(!checked.get_untracked())></button>
    }
}
