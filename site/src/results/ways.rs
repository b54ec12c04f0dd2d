//! Taking a result along: copied, or saved as a file. What looks like a secret is covered in both (X59).

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::cover;
use crate::state::Front;
use crate::ui::{Button, ButtonLook, copied, save_text};

/// The buttons in the head of a result.
#[component]
pub(super) fn Ways(
    /// The result as received.
    result: Arc<Value>,
) -> impl IntoView {
    let front = use_context::<Front>();
    let tell = move |says: &str| {
        if let Some(front) = front {
            front.tell(says);
        }
    };
    let saved = result.clone();
    let copy = move |_| {
        let result = result.clone();
        spawn_local(async move {
            let (covered, some) = cover::taken_along(&result).await;
            tell(match (copied(&browser::chat::results::whole(&covered).0).await, some) {
                (false, _) => "The browser did not let the page copy it. Save it instead.",
                (true, false) => "Result copied.",
                (true, true) => "Result copied. What looks like a secret is covered in it.",
            });
        });
    };
    let save = move |_| {
        let result = saved.clone();
        spawn_local(async move {
            let (covered, some) = cover::taken_along(&result).await;
            let (text, ending) = browser::chat::results::whole(&covered);
            save_text(&format!("result.{ending}"), &text);
            if some {
                tell("Result saved. What looks like a secret is covered in it.");
            }
        });
    };
    view! {
        <span class="looks">
            <Button look=ButtonLook::Quiet small=true on:click=copy>"Copy result"</Button>
            <Button look=ButtonLook::Quiet small=true on:click=save>"Save result"</Button>
        </span>
    }
}
