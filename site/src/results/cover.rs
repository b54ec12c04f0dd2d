//! What looks like a secret in a result is covered until somebody wants to see it (X59).
//!
//! Looking through megabytes takes its time, so a large result is looked through in steps, and the page has its turn in
//! between (SP05).

use std::sync::Arc;

use browser::time::Pace;
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::secrets::{self, Looking};
use serde_json::Value;

use crate::ui::Working;

/// The result with its secrets covered; none when it has none.
type Covered = Option<Arc<Value>>;

/// Draws a result as it is, or covered with a way to uncover it. `draw` follows nothing of the cover.
pub(super) fn covered(
    result: Arc<Value>,
    large: bool,
    draw: impl Fn(&Arc<Value>) -> AnyView + Clone + Send + 'static,
) -> AnyView {
    let looked = RwSignal::new((!large).then(|| cover(&result, secrets::mask_value(&result))));
    if large {
        let result = result.clone();
        spawn_local(async move {
            let masked = if has_some(&result).await { cover(&result, secrets::mask_value(&result)) } else { None };
            let _ = looked.try_set(Some(masked));
        });
    }
    let view = move || match looked.get() {
        None => view! { <div class="result-body"><Working what="Opening the result"/></div> }.into_any(),
        Some(masked) => with_cover(result.clone(), masked, draw.clone()),
    };
    view.into_any()
}

fn cover(result: &Value, masked: Value) -> Covered {
    (masked != *result).then(|| Arc::new(masked))
}

/// A result as somebody takes it along, covered, and whether anything in it is.
pub(super) async fn taken_along(result: &Arc<Value>) -> (Arc<Value>, bool) {
    let large = super::weight(result) > super::ON_DEMAND;
    let masked = match large && !has_some(result).await {
        true => None,
        false => cover(result, secrets::mask_value(result)),
    };
    let some = masked.is_some();
    (masked.unwrap_or_else(|| result.clone()), some)
}

/// Whether anything in a large result looks like a secret.
async fn has_some(result: &Value) -> bool {
    let (mut looking, mut pace) = (Looking::of(result), Pace::begin());
    loop {
        if let Some(some) = looking.step() {
            // What comes now is work of its own.
            Pace::late().rest().await;
            return some;
        }
        pace.rest().await;
    }
}

fn with_cover(result: Arc<Value>, masked: Covered, draw: impl Fn(&Arc<Value>) -> AnyView + Send + 'static) -> AnyView {
    let uncovered = RwSignal::new(masked.is_none());
    let cover = masked.is_some().then(|| {
        let says = move || if uncovered.get() { "Cover them" } else { "Show them" };
        view! {
            <p class="covered">
                "Parts of this look like secrets. "
                <button type="button" class="text-btn" on:click=move |_| uncovered.update(|on| *on = !*on)>{says}</button>
            </p>
        }
    });
    let body = move || match &masked {
        Some(masked) if !uncovered.get() => draw(masked),
        _ => draw(&result),
    };
    view! { {cover}<div class="result-body">{body}</div> }.into_any()
}
