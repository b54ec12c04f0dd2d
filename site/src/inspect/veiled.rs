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
    // How often it was shown: the end of an earlier moment does not cover a later one.
    let round = StoredValue::new(0_u32);
    let press = move |_| {
        if shown.with_untracked(Option::is_some) {
            return shown.set(None);
        }
        let ws = app.ws();
        app.run(async move { ws.unveil(id, &at.get_value()).await }, move |value| {
            if shown.try_set(Some(value)).is_some() {
                return;
            }
            round.update_value(|round| *round = round.wrapping_add(1));
            let own = round.get_value();
            let cover = move || {
                if round.try_get_value() == Some(own) {
                    shown.try_set(None);
                }
            };
            set_timeout(cover, Duration::from_millis(MOMENT));
        });
    };
    // One button and one text, which change: who pressed it stays there, and a reader hears the value.
    let name = move || if shown.with(Option::is_some) { "Cover value" } else { "Show value" };
    let value = move || {
        shown.with(|shown| match shown {
            None => "••••".into_any(),
            Some(text) => view! { <bdi>{pieces(text)}</bdi> }.into_any(),
        })
    };
    view! {
        <li class="row">
            <code><bdi>{pieces(&path)}</bdi></code>
            <span class="mono" class:grow=move || shown.with(Option::is_some) role="status">{value}</span>
            <Button small=true attr:aria-label=move || format!("{} of {}", name(), at.get_value()) on:click=press>{name}</Button>
        </li>
    }
}
