//! Workspace, Permissions & roles: workspace defaults, custom roles, connected data, test access (S026).

use browser::policy::{Permission, Rulebook};
use leptos::prelude::*;

use super::connected::ConnectedData;
use super::roles::Roles;
use super::test_access::TestAccess;
use super::{NotYours, may};
use crate::router::{PermissionTab, Route, page_title};
use crate::state::use_state;
use crate::ui::{Switch, Tab, Tabs};

/// The page.
#[component]
pub(crate) fn Permissions(
    /// Which tab.
    tab: PermissionTab,
) -> impl IntoView {
    let app = use_state();
    page_title(|| "Permissions & roles".into());
    let refused = move || {
        app.rulebook.with(|book| book.member(&app.ws().seen_as()).and_then(|me| book.may_set_workspace(me)).err())
    };
    let there = Memo::new(move |_| refused().is_none());
    // What the plan does not have is not there (screens.md e.0).
    let has_roles = Memo::new(move |_| app.rulebook.with(|book| book.plan().has_controls()));
    move || match (there.get(), untrack(refused)) {
        (false, Some(why)) => view! { <NotYours title="Permissions & roles" why/> }.into_any(),
        _ => view! {
            <header class="head"><h1>"Permissions & roles"</h1></header>
            <Tabs label="Permissions">
                {move || has_roles.get().then(|| view! {
                    <Tab to=Route::Permissions(PermissionTab::Defaults)>"Workspace defaults"</Tab>
                    <Tab to=Route::Permissions(PermissionTab::Roles)>"Custom roles"</Tab>
                })}
                <Tab to=Route::Permissions(PermissionTab::ConnectedData)>"Connected data"</Tab>
                <Tab to=Route::Permissions(PermissionTab::TestAccess)>"Test access"</Tab>
            </Tabs>
            {move || match (tab, has_roles.get()) {
                (PermissionTab::Defaults, true) => view! { <Defaults/> }.into_any(),
                (PermissionTab::Roles, true) => view! { <Roles/> }.into_any(),
                (PermissionTab::TestAccess, _) => view! { <TestAccess/> }.into_any(),
                _ => view! { <ConnectedData/> }.into_any(),
            }}
        }
        .into_any(),
    }
}

/// What every member has, and what only roles give.
#[component]
fn Defaults() -> impl IntoView {
    let app = use_state();
    let manages = may(app, Rulebook::may_manage_roles);
    let rows = Permission::ALL.map(|permission| {
        let on = Signal::derive(move || app.rulebook.with(|book| book.for_all(permission)));
        let says = match permission {
            Permission::UseConnectors => "Only connectors they have access to.",
            Permission::RequestConnectors => "A request changes nothing until an admin approves it.",
            Permission::SeeDrafts => "Seeing is not using: a draft is used by its maker only.",
            _ => "",
        };
        view! {
            <tr><th scope="row">{permission.label()}{(!says.is_empty()).then(|| view! { <br/><span class="small">{says}</span> })}</th>
                <td>{if permission.for_everyone() {
                    view! { <Switch label=permission.label() checked=on disabled=Signal::derive(move || !manages.get()) on_change=move |want: bool| {
                        let ws = app.ws();
                        app.run(async move { ws.set_default(permission, want).await }, |()| ());
                    }/> }.into_any()
                } else {
                    view! { <span class="small">"by role only"</span> }.into_any()
                }}</td></tr>
        }
    });
    view! {
        <h2 class="section">"What every member has"</h2>
        <table class="wide-first"><thead><tr><th scope="col">"Permission"</th><th scope="col">"Everyone"</th></tr></thead><tbody>{rows.collect_view()}</tbody></table>
        <p class="small">"Admins and owners have all of these, except payloads in the audit: those are for people with a custom role that gives them. Everyone with a custom role has what their roles give instead of these defaults."</p>
        <super::Reach/>
    }
}
