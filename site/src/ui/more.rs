//! The way to the rest of a long list, a part at a time.

use leptos::{html, prelude::*};

use super::button::Button;

/// Shows the next part of a list; nothing where all of it is shown.
#[component]
pub fn More(
    /// How many are shown at most. Each click adds `step`.
    most: RwSignal<usize>,
    /// How many a click adds.
    step: usize,
    /// How many there are.
    #[prop(into)]
    all: Signal<usize>,
    /// What they are, in the plural.
    what: &'static str,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let left = Memo::new(move |_| all.get().saturating_sub(most.get()));
    let show = move |_| {
        most.update(|most| *most += step);
        // The button goes with the last part; the focus stays where it was.
        if left.get_untracked() == 0
            && let Some(place) = place.get_untracked()
        {
            let _ = place.focus();
        }
    };
    view! {
        <div class="row more-of" tabindex="-1" node_ref=place>
            {move || (left.get() > 0).then(|| view! {
                <Button small=true on:click=show>{move || format!("Show {} more of {} {what}", left.get().min(step), all.get())}</Button>
            })}
        </div>
    }
}
