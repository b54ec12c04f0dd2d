//! The connections beside everything: which revision each speaks and how it is.

use browser::ConnectionStatus;
use browser::mcp::Revision;
use leptos::prelude::*;

use super::use_desk;
use crate::connectors::ConnectionState;
use crate::router::{InspectTab, Route};
use crate::state::use_state;

/// Every connector that the person can use, as a way to narrow what is shown.
#[component]
pub(super) fn Connections(
    /// The tab that stays.
    tab: Memo<InspectTab>,
) -> impl IntoView {
    let app = use_state();
    let desk = use_desk();
    let usable = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let Ok(me) = book.member(&app.ws().me()) else { return Vec::new() };
            let usable = book.connectors.iter().filter(|one| book.may_use(one, me).is_ok());
            usable.map(|one| (one.id.clone(), one.name.clone(), one.host.clone())).collect::<Vec<_>>()
        })
    });
    let entry = move |id: String, inner: AnyView| {
        let to = {
            let id = id.clone();
            move || Route::Inspect(id.clone(), tab.get()).href()
        };
        let current = move || {
            (desk.connector.with(|wanted| wanted.as_ref().map(|one| one.as_str()).unwrap_or_default() == id))
                .then_some("true")
        };
        view! { <li><a class="inspect-connection" href=to aria-current=current>{inner}</a></li> }
    };
    view! {
        <nav class="inspect-connections" aria-label="Connections">
            <ul class="plain">
                {entry(String::new(), view! { <b>"All connections"</b> }.into_any())}
                {move || usable.get().into_iter().map(|(id, name, host)| {
                    let key = id.to_string();
                    let status = Signal::derive(move || app.connection(&id));
                    entry(key, view! {
                        <b><bdi>{name}</bdi></b>" "<small><bdi>{host}</bdi></small>
                        <small class="block"><ConnectionState status/>{move || era(&status.get()).map(|word| view! { " "<span class="tag">{word}</span> })}</small>
                    }.into_any())
                }).collect_view()}
            </ul>
        </nav>
    }
}

/// In which way a server speaks: the current one is without sessions, the legacy ones begin with a handshake.
fn era(status: &ConnectionStatus) -> Option<&'static str> {
    let (ConnectionStatus::Connected { protocol, .. } | ConnectionStatus::Changed { protocol, .. }) = status else {
        return None;
    };
    let revision = Revision::of(protocol)?;
    Some(if revision.has_handshake() { "legacy" } else { "current" })
}
