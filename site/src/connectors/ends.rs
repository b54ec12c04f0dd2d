//! That a sign-in ends soon and cannot be renewed without the person (screens.md e.3, *expiring*).

use browser::policy::{ConnectionId, ConnectorId};
use leptos::prelude::*;

use crate::router::{ConnectorTab, Link, Route};
use crate::state::use_state;
use crate::ui::clock;

/// So long before the end it is told, in milliseconds.
const SOON: u64 = 24 * 60 * 60 * 1_000;

/// Says it, with the way to signing in again; nothing while there is time, or where it renews by itself.
#[component]
pub(super) fn SignInEnds(
    /// Which connector.
    id: ConnectorId,
    /// The account at it.
    account: ConnectionId,
) -> impl IntoView {
    let app = use_state();
    let ends = RwSignal::new(None::<u64>);
    let to = Route::Connector(id.to_string(), ConnectorTab::Authentication);
    // A sign-in anew changes the state of the connection, and with it when it ends.
    let status = Memo::new({
        let account = account.clone();
        move |_| app.connection_as(&account)
    });
    Effect::new(move |_| {
        status.track();
        let (ws, id, account) = (app.ws(), id.clone(), account.clone());
        leptos::task::spawn_local(async move {
            // What cannot be read is told where the person looks at it: on the tab.
            let at = ws.oauth_report_as(&id, &account).await.ok().and_then(|report| report.ends_at());
            let now = ws.now();
            // That it has ended is the state of the connection.
            let _ = ends.try_set(at.filter(|at| *at > now && *at < now.saturating_add(SOON)));
        });
    });
    move || {
        ends.get().map(|at| {
            let words = format!("Expiring: the sign-in ends on {} and is not renewed by itself. ", clock(at));
            view! { <p class="small why">{words}<Link to=to.clone()>"Sign in again"</Link></p> }
        })
    }
}
