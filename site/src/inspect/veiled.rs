//! Covered values of a message, shown for a moment after a click. That somebody looked is on record.

use std::time::Duration;

use browser::inspect::Message;
use leptos::prelude::*;

use crate::results::pieces;
use crate::state::use_state;
use crate::ui::Button;

/// How long a value is shown, in milliseconds.
const MOMENT: u64 = 30_000;

/// The covered values of a message that can be looked at.
pub(super) fn veiled(message: &Message) -> Option<AnyView> {
    let id = message.id;
    let rows: Vec<AnyView> =
        message.veiled.iter().map(|one| view! { <Value id path=one.path.clone()/> }.into_any()).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <ul class="plain veiled" aria-label="Covered values">{rows}</ul>
            <p class="small">"A value is shown for 30 seconds, and the record says that you looked. Tokens and keys stay covered."</p>
        }
        .into_any()
    })
}

#[component]
fn Value(
    /// The message.
    id: u64,
    /// Where in it.
    path: String,
) -> impl IntoView {
    let app = use_state();
    let shown = RwSignal::new(None::<String>);
    let at = StoredValue::new(path.clone());
    let show = move |_| {
        let ws = app.ws();
        app.run(async move { ws.unveil(id, &at.get_value()).await }, move |value| {
            if shown.try_set(Some(value)).is_none() {
                set_timeout(move || drop(shown.try_set(None)), Duration::from_millis(MOMENT));
            }
        });
    };
    let value = move || {
        match shown.get() {
        None => view! {
            <span class="mono">"••••"</span>
            <Button small=true attr:aria-label=format!("Show value of {}", at.get_value()) on:click=show>"Show value"</Button>
        }
        .into_any(),
        Some(text) => view! {
            <span class="mono grow"><bdi>{pieces(&text)}</bdi></span>
            <Button small=true attr:aria-label=format!("Cover value of {}", at.get_value()) on:click=move |_| shown.set(None)>"Cover value"</Button>
        }
        .into_any(),
    }
    };
    view! { <li class="row"><code><bdi>{pieces(&path)}</bdi></code>{value}</li> }
}
