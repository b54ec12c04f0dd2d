//! Which revision of the protocol a connection speaks: found out by itself, or chosen (peers D02).

use browser::mcp::Revision;
use browser::policy::Reach;
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::ConnectorId;

use super::use_desk;
use crate::state::use_state;
use crate::ui::{Field, Working};

/// The choice for the connection that is looked at. What is part of this page has none.
#[component]
pub(super) fn RevisionChoice() -> impl IntoView {
    let app = use_state();
    let desk = use_desk();
    let server = Memo::new(move |_| {
        let id = desk.connector.get()?;
        let remote =
            app.rulebook.with(|book| book.connector(&id).is_ok_and(|connector| connector.reach != Reach::InPage));
        remote.then_some(id)
    });
    move || server.get().map(|id| view! { <Choice id/> })
}

#[component]
fn Choice(
    /// Of which connector.
    id: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let chosen = RwSignal::new(app.ws().chosen_revision(&id));
    let busy = RwSignal::new(false);
    let choose = move |event| {
        let (ws, id) = (app.ws(), id.clone());
        let wanted = Revision::of(&event_target_value(&event));
        busy.set(true);
        spawn_local(async move {
            let done = ws.choose_revision(&id, wanted).await;
            // Said again also where it is as before, so that the list shows what holds.
            let _ = chosen.try_set(ws.chosen_revision(&id));
            let _ = busy.try_set(false);
            if let Err(error) = done {
                app.tell_error(&error);
            }
        });
    };
    let options = move || {
        let now = chosen.get();
        let known = Revision::ALL.into_iter().rev().map(|one| {
            let era = if one.has_handshake() { "legacy" } else { "current" };
            view! { <option value=one.as_str() selected=now == Some(one)>{format!("{one} ({era})")}</option> }
        });
        view! {
            <option value="" selected=now.is_none()>"Found out by itself"</option>
            {known.collect_view()}
        }
    };
    view! {
        <Field label="Protocol revision" help="Holds for what this page sends until you close it. The choice is on record." let:field>
            <select id=field.id aria-describedby=field.described class="input" prop:disabled=move || busy.get() on:change=choose.clone()>{options}</select>
        </Field>
        <div role="status">{move || busy.get().then(|| view! { <Working what="Connecting anew"/> })}</div>
    }
}
