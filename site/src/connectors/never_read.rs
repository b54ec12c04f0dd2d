//! A connector whose list was never read, such as one that came with somebody else's rules: it has no actions until whoever
//! may read it does (screens.md e.2, *never scanned*).

use browser::policy::{Connector, ConnectorId, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::reading::Reading;
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
    let reading = Reading::new();
    let read = move || {
        let (ws, on_step) = (app.ws(), reading.begin());
        spawn_local(async move {
            let _ = reading.over(ws.read_first(&id.get_value(), on_step).await);
        });
    };
    move || {
        unread.get().then(|| {
            view! {
                <div class="note"><b>"Never read"</b>
                    <span class="grow">"Nobody has read the list of this connector yet, so it has no actions. Read it, and look at each of them."</span>
                    <Button small=true disabled=reading.busy on:click=move |_| read()>"Read the list"</Button></div>
                {reading.view()}
            }
        })
    }
}
