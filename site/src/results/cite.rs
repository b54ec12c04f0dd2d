//! Numbers in an answer that name a source: `[3]` becomes a button that shows it. Only in answers of a mode that names
//! sources; what servers write stays as it is.

use browser::chat::sources::{Cited, cited};
use leptos::prelude::*;

use super::still::Still;

/// What the numbers of an answer lead to. In the context of its text; Copy.
#[derive(Clone, Copy)]
pub(crate) struct Cites {
    /// What a source is called; none when there is no such number. Tracks.
    pub(crate) name: Callback<u32, Option<String>>,
    /// Shows a source.
    pub(crate) show: Callback<u32>,
}

/// Writes a piece of text inside a line, with its citations where it may have some.
pub(super) fn words(on: &mut Still, text: &str) {
    let cites = if text.contains('[') { use_context::<Cites>() } else { None };
    let Some(cites) = cites else { return on.text(text) };
    for piece in cited(text) {
        match piece {
            Cited::Text(text) => on.text(text),
            Cited::Source(number) => on.live(mark(cites, number)),
        }
    }
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
