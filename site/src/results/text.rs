//! Server text on the page: isolated from the direction of what is around it, with every character that would not be
//! seen drawn as a chip (X32, X61). Text nodes only.

use leptos::prelude::*;
use policy::text::{Piece, visible};

/// A text that somebody else wrote, shown so that nothing in it is hidden and nothing of it reaches outside.
#[component]
pub(crate) fn Visible(
    /// The text as received.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <bdi>{pieces(&text)}</bdi> }
}

/// The pieces of a text as views: plain runs as text nodes, unseen characters as chips, a run of one of them as one
/// chip with its length.
pub(crate) fn pieces(text: &str) -> Vec<AnyView> {
    visible(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.to_owned().into_any(),
            Piece::Hidden { code, name, count } => {
                let times = if count > 1 { format!(" ×{count}") } else { String::new() };
                view! { <span class="unseen" title=name>{format!("U+{code:04X}{times}")}</span> }.into_any()
            }
        })
        .collect()
}

/// A long text of which the first part is shown, with the rest a click away and its length said.
#[component]
pub(crate) fn Folded(
    /// The whole text.
    text: String,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let Some(at) = super::fold::fold_at(&text) else { return pieces(&text).into_any() };
    let (shown, rest) = text.split_at(at);
    let hidden = super::fold::count(rest.chars().count(), "more character");
    let (shown, rest) = (shown.to_owned(), rest.to_owned());
    view! {
        <bdi>
            {pieces(&shown)}
            {move || {
                if open.get() {
                    pieces(&rest).into_any()
                } else {
                    let hidden = hidden.clone();
                    view! { "… " <button type="button" class="text-btn" on:click=move |_| open.set(true)>{hidden}</button> }
                        .into_any()
                }
            }}
        </bdi>
    }
    .into_any()
}
