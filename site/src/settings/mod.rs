//! Settings of the person and of the workspace: one frame, one page per route. Loaded when first opened.

pub(crate) mod advanced;
pub(crate) mod data;
pub(crate) mod developer;
pub(crate) mod general;
pub(crate) mod models;

use leptos::prelude::*;

use crate::audit::AuditPage;
use crate::connectors::detail::ConnectorPage;
use crate::connectors::list::{MyConnectors, WorkspaceConnectors};
use crate::connectors::new::NewConnectorPage;
use crate::router::{Link, Route, StageTab, use_router};
use crate::ui::{Icon, IconName};

/// The frame around every settings page: where one can go, and the page of the route.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let router = use_router();
    let page = move || match router.route() {
        Route::Connectors => view! { <MyConnectors/> }.into_any(),
        Route::Advanced => view! { <advanced::Advanced/> }.into_any(),
        Route::Models => view! { <models::Models/> }.into_any(),
        Route::Data => view! { <data::Data/> }.into_any(),
        Route::General => view! { <general::General/> }.into_any(),
        Route::WorkspaceConnectors(tab) => view! { <WorkspaceConnectors tab/> }.into_any(),
        Route::NewConnector => view! { <NewConnectorPage/> }.into_any(),
        Route::Connector(id, tab) => view! { <ConnectorPage id tab/> }.into_any(),
        Route::Audit => view! { <AuditPage/> }.into_any(),
        Route::Chat | Route::Conversation(_) | Route::NotFound(_) => ().into_any(),
    };
    view! {
        <div class="settings-frame">
            <nav class="settings-nav" aria-label="Settings">
                <Link to=Route::Chat class="back"><Icon name=IconName::Back size=16/>"Back to chat"</Link>
                <div class="grp">"You"</div>
                <Link to=Route::Connectors>"Connectors"</Link>
                <Link to=Route::Advanced>"Advanced"</Link>
                <Link to=Route::Models>"Models"</Link>
                <Link to=Route::Data>"Data"</Link>
                <div class="grp">"Workspace"</div>
                <Link to=Route::General>"General"</Link>
                <Link to=Route::WorkspaceConnectors(StageTab::Published)>"Workspace connectors"</Link>
                <Link to=Route::Audit>"Audit"</Link>
            </nav>
            <main class="settings" id="main" tabindex="-1">{page}</main>
        </div>
    }
}
