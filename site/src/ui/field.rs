//! A labelled field with its help and its problem, tied together for the screen reader.

use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Icon, IconName};
use crate::results::Worded;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// An id that no other element of the page has.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What the input inside a [`Field`] must carry.
#[derive(Clone, Debug)]
pub struct FieldIds {
    /// For `id`.
    pub id: String,
    /// For `aria-describedby`.
    pub described: String,
}

/// A label above, the input given as child, help and problem below.
///
/// ```ignore
/// <Field label="Name" problem=problem let:field>
///     <input id=field.id aria-describedby=field.described aria-invalid=move || problem.get().is_some().to_string()/>
/// </Field>
/// ```
#[component]
pub fn Field<C, V>(
    /// The label.
    #[prop(into)]
    label: String,
    /// One line of help.
    #[prop(optional, into)]
    help: Option<String>,
    /// Marks the field as one that may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What is wrong with the value, in words.
    #[prop(optional, into)]
    problem: Signal<Option<String>>,
    children: C,
) -> impl IntoView
where
    C: FnOnce(FieldIds) -> V + 'static,
    V: IntoView,
{
    let id = unique("field");
    let described = format!("{id}-help {id}-problem");
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    view! {
        <div class="field">
            <label for=id.clone()>{label}{optional.then(|| view! { <span class="optional">"optional"</span> })}</label>
            {children(FieldIds { id, described })}
            {help.map(|help| view! { <span class="help" id=help_id>{help}</span> })}
            <span id=problem_id aria-live="polite">
                {move || problem.get().map(|problem| view! { <span class="problem"><Worded text=problem/></span> })}
            </span>
        </div>
    }
}

/// A search field with its sign. The value is a signal of the caller.
#[component]
pub fn SearchField(
    /// Its name, also shown while it is empty.
    #[prop(into)]
    label: String,
    /// The text.
    value: RwSignal<String>,
) -> impl IntoView {
    view! {
        <span class="search">
            <Icon name=IconName::Search size=16/>
            <input class="input" type="search" aria-label=label.clone() placeholder=label autocomplete="off" spellcheck="false"
                prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/>
        </span>
    }
}
