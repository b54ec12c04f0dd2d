//! Settings of the person and of the workspace: one page per route. Loaded when first opened.

pub(crate) mod advanced;
mod approvals;
mod bundle;
pub(crate) mod data;
pub(crate) mod developer;
pub(crate) mod files;
pub(crate) mod general;
mod help;
mod import;
mod invite;
mod keys;
pub(crate) mod models;
mod plan;
mod proxies;
pub(crate) mod rail;
mod you;

use leptos::prelude::*;

use crate::audit::{AuditPage, Filters};
use crate::connectors::catalogue::Catalogue;
use crate::connectors::detail::ConnectorPage;
use crate::connectors::list::MyConnectors;
use crate::connectors::new::NewConnectorPage;
use crate::connectors::workspace::WorkspaceConnectors;
use crate::lazy;
use crate::people::{
    domains::DomainsPage,
    groups::{GroupPage, Groups},
    members::Members,
    permissions::Permissions,
};
use crate::router::{Route, use_router};

/// The pages of the settings, which are fetched when they are first opened.
#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    crate::app::fetched("Opening the settings", lazy::settings)
}

/// The settings page of the route. The rail beside it says where else one can go.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let router = use_router();
    // What was filtered by stays from one tab of the record to the next.
    provide_context(Filters::new());
    let page = move || match router.route() {
        Route::You => view! { <you::You/> }.into_any(),
        Route::Connectors => view! { <MyConnectors/> }.into_any(),
        Route::Advanced => view! { <advanced::Advanced/> }.into_any(),
        Route::Models => view! { <models::Models/> }.into_any(),
        Route::Data => view! { <data::Data/> }.into_any(),
        Route::General => view! { <general::General/> }.into_any(),
        Route::WorkspaceConnectors(tab) => view! { <WorkspaceConnectors tab/> }.into_any(),
        Route::NewConnector => view! { <NewConnectorPage/> }.into_any(),
        Route::Publish(id) => view! { <crate::connectors::publish::PublishPage id/> }.into_any(),
        Route::Connector(id, tab) => view! { <ConnectorPage id tab/> }.into_any(),
        Route::Audit(tab) => view! { <AuditPage tab/> }.into_any(),
        Route::Approvals => view! { <approvals::Approvals/> }.into_any(),
        Route::Members => view! { <Members/> }.into_any(),
        Route::Groups => view! { <Groups/> }.into_any(),
        Route::Group(id) => view! { <GroupPage id/> }.into_any(),
        Route::Permissions(tab) => view! { <Permissions tab/> }.into_any(),
        Route::Domains => view! { <DomainsPage/> }.into_any(),
        Route::Catalogue => view! { <Catalogue/> }.into_any(),
        Route::Help(id) => view! { <help::HelpPage id/> }.into_any(),
        Route::About => view! { <help::About/> }.into_any(),
        Route::Invite => view! { <invite::Invite/> }.into_any(),
        Route::Chat | Route::Conversation(_) | Route::Inspect(..) | Route::NotFound(_) => ().into_any(),
    };
    view! { <main class="settings">{page}</main> }
}
