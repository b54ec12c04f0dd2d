//! A connector whose list was never read, such as one that came with somebody else's rules: it has no actions until whoever
//! may read it does (screens.md e.2, *never scanned*).

use browser::policy::{Connector, ConnectorId, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::new::{Checklist, fresh_lines, sentence};
use crate::results::Worded;
use crate::state::use_state;
use crate::ui::Button;

/// What it is told, and the way to its first list; nothing for a connector that was read.
#[component]
pub(super) fn NeverRead(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let unread = Memo::new(move |_| {
        let unread = |one: &Connector| one.snapshot.is_none() && one.stage == Stage::Draft;
        found.with(|found| found.as_ref().is_some_and(unread))
    });
    let lines = RwSignal::new(fresh_lines());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<(String, Option<String>)>);
    let read = move || {
        busy.set(true);
        problem.set(None);
        lines.set(fresh_lines());
        let ws = app.ws();
        spawn_local(async move {
            let on_step = move |step: browser::ScanStep| {
                let _ = lines.try_update(|lines| {
                    if let Some(line) = lines.iter_mut().find(|(kind, _)| *kind == step.kind) {
                        line.1 = Some(step.state);
                    }
                });
            };
            let done = ws.read_first(&id.get_value(), on_step).await;
            busy.try_set(false);
            if let Err(error) = done {
                problem.try_set(Some((error.message, error.hint)));
            }
        });
    };
    move || {
        unread.get().then(|| {
            view! {
                <div class="note"><b>"Never read"</b>
                    <span class="grow">"Nobody has read the list of this connector yet, so it has no actions. Read it, and look at each of them."</span>
                    <Button small=true disabled=busy on:click=move |_| read()>"Read the list"</Button></div>
                {move || busy.get().then(|| view! { <Checklist lines/> })}
                {move || problem.get().map(|(why, next)| view! {
                    <div class="note danger" role="alert"><span class="grow"><Worded text=sentence(&why)/>" "{next.map(|next| view! { <Worded text=sentence(&next)/> })}</span></div>
                })}
            }
        })
    }
}
