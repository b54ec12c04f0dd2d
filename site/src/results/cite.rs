//! Numbers in an answer that name a source: `[3]` becomes a button that shows it. Only in answers of a mode that names
//! sources; what servers write stays as it is.

use browser::chat::sources::{Cited, cited};
use leptos::prelude::*;

use super::text::pieces;

/// What the numbers of an answer lead to. In the context of its text; Copy.
#[derive(Clone, Copy)]
pub(crate) struct Cites {
    /// What a source is called; none when there is no such number. Tracks.
    pub(crate) name: Callback<u32, Option<String>>,
    /// Shows a source.
    pub(crate) show: Callback<u32>,
}

/// A piece of text inside a line, with its citations where it may have some.
pub(super) fn words(text: &str) -> AnyView {
    let Some(cites) = use_context::<Cites>() else { return pieces(text).into_any() };
    cited(text)
        .into_iter()
        .map(|piece| match piece {
            Cited::Text(text) => pieces(text).into_any(),
            Cited::Source(number) => mark(cites, number),
        })
        .collect_view()
        .into_any()
}

fn mark(cites: Cites, number: u32) -> AnyView {
    let name = Memo::new(move |_| cites.name.run(number));
    let view = move || match name.get() {
        Some(name) => view! {
            <button type="button" class="cite" title=name.clone() aria-label=format!("Source {number}: {name}")
                on:click=move |_| cites.show.run(number)>{number}</button>
        }
        .into_any(),
        None => format!("[{number}]").into_any(),
    };
    view.into_any()
}
