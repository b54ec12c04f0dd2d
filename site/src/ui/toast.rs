//! Short messages about what has just happened.
//!
//! They stand in a polite live region that is always in the page, and stay as long as the pointer or the focus is on
//! them.

use leptos::prelude::*;

use crate::results::Worded;

/// A message.
#[derive(Clone, Debug)]
pub struct Toast {
    /// Its id, so that it can be taken away.
    pub id: u64,
    /// What happened, one sentence.
    pub text: String,
}

/// The place where messages appear.
#[component]
pub fn Toasts(
    /// What is shown now.
    #[prop(into)]
    list: Signal<Vec<Toast>>,
    /// Takes one away.
    #[prop(into)]
    on_close: Callback<u64>,
    /// The person is looking at one: its time stops and starts anew.
    #[prop(into)]
    on_hold: Callback<(u64, bool)>,
) -> impl IntoView {
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || list.get() key=|toast| toast.id let:toast>
                {
                    let id = toast.id;
                    view! {
                        <div class="toast"
                            on:pointerenter=move |_| on_hold.run((id, true))
                            on:pointerleave=move |_| on_hold.run((id, false))
                            on:focusin=move |_| on_hold.run((id, true))
                            on:focusout=move |_| on_hold.run((id, false))>
                            <span class="grow"><Worded text=toast.text/></span>
                            <button type="button" class="btn" on:click=move |_| on_close.run(id)>"Close"</button>
                        </div>
                    }
                }
            </For>
        </div>
    }
}
