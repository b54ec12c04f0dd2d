//! A recording from a file: chosen, shown in the place of what was recorded here, and closed again.

use std::rc::Rc;

use browser::inspect::{MAX_RECORDING, Recorder};
use leptos::{html, prelude::*};

use super::use_desk;
use crate::results::Visible;
use crate::settings::files::chosen;
use crate::state::use_state;
use crate::ui::{Button, clock};

/// What is shown in the place of what was recorded here.
#[derive(Clone)]
pub(super) struct Imported {
    /// What was read.
    pub(super) recorder: Rc<Recorder>,
    /// When the file says that it was made.
    at: u64,
}

/// The way to choose a file.
#[component]
pub(super) fn ImportButton() -> impl IntoView {
    let app = use_state();
    let desk = use_desk();
    let input = NodeRef::<html::Input>::new();
    let pick = move |event| {
        chosen(&event, MAX_RECORDING as f64, move |text| {
            let Some(text) = text else {
                let most = MAX_RECORDING >> 20;
                return app.tell(format!("The file is larger than {most} MB or is no text. Nothing was imported."));
            };
            match desk.live().import(&text) {
                Ok((recorder, at)) => desk.show(Some(Imported { recorder, at })),
                Err(error) => app.tell_error(&error),
            }
        });
    };
    view! {
        <input node_ref=input type="file" accept=".jsonl,application/jsonl,application/json" hidden on:change=pick/>
        <Button small=true on:click=move |_| {
            if let Some(input) = input.get_untracked() {
                input.click();
            }
        }>"Import recording"</Button>
    }
}

/// Says that a file is shown, and closes it.
#[component]
pub(super) fn ImportedBanner() -> impl IntoView {
    let desk = use_desk();
    move || {
        let at = desk.imported.with(|one| one.as_ref().map(|one| one.at))?;
        let says = format!(
            "This is a recording from a file, exported {}. Nothing of it was seen here, what it says was not checked, and nothing in it can be sent.",
            clock(at)
        );
        Some(view! {
            <div class="note warn" role="status"><span class="grow"><Visible text=says/></span>
                <Button small=true on:click=move |_| desk.show(None)>"Close imported recording"</Button></div>
        })
    }
}
