//! Which revision of the protocol a connection speaks: found out by itself, or chosen (peers D02).

use browser::mcp::Revision;
use browser::policy::Reach;
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::{ConnectionId, ConnectorId};

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
        app.rulebook.with(|book| {
            let remote = book.connector(&id).is_ok_and(|connector| connector.reach != Reach::InPage);
            let looked_at = || desk.account.get().unwrap_or_else(|| book.preferred_account(&app.ws().me(), &id));
            remote.then(|| (id.clone(), looked_at()))
        })
    });
    move || server.get().map(|(id, account)| view! { <Choice id account/> })
}

#[component]
fn Choice(
    /// Of which connector.
    id: ConnectorId,
    /// Which account: the one that is looked at, or the usual one.
    account: ConnectionId,
) -> impl IntoView {
    let app = use_state();
    let chosen = RwSignal::new(app.ws().chosen_revision(&account));
    let several = app.rulebook.with_untracked(|book| book.accounts_of(&app.ws().me(), &id).len() > 1);
    let whose = if several { app.ws().account_name(&id, &account) } else { "this connection".to_owned() };
    let help = format!(
        "Kept for {whose} until you choose otherwise or leave developer mode, also while it is scanned or examined. The choice is on record."
    );
    let busy = RwSignal::new(false);
    let choose = move |event| {
        let (ws, id, account) = (app.ws(), id.clone(), account.clone());
        let wanted = Revision::of(&event_target_value(&event));
        busy.set(true);
        spawn_local(async move {
            let done = ws.choose_revision(&id, &account, wanted).await;
            // Said again also where it is as before, so that the list shows what holds.
            let _ = chosen.try_set(ws.chosen_revision(&account));
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
        <Field label="Protocol revision" help let:field>
            <select id=field.id aria-describedby=field.described class="input" prop:disabled=move || busy.get() on:change=choose.clone()>{options}</select>
        </Field>
        <div role="status">{move || busy.get().then(|| view! { <Working what="Connecting anew"/> })}</div>
    }
}
