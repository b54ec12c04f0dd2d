//! The sections of the settings, in the left rail.

use leptos::prelude::*;
use policy::Permission;

use crate::connectors::inbox;
use crate::router::{AuditTab, Link, PermissionTab, Route, StageTab, use_router};
use crate::shell::account::AccountMenu;
use crate::state::{AppState, use_state};
use crate::ui::{Icon, IconName};

/// The rail of the settings.
#[component]
pub(crate) fn SettingsRail() -> impl IntoView {
    let app = use_state();
    let sections = Memo::new(move |_| Sections::of(app));
    let router = use_router();
    // A connector's own page and the creation of one belong to the list of connectors.
    let in_connectors = move || {
        matches!(
            router.route(),
            Route::WorkspaceConnectors(_) | Route::NewConnector | Route::Connector(..) | Route::Publish(_)
        )
        .then_some("page")
    };
    let in_audit = move || matches!(router.route(), Route::Audit(_)).then_some("page");
    let in_groups = move || matches!(router.route(), Route::Groups | Route::Group(_)).then_some("page");
    let in_permissions = move || matches!(router.route(), Route::Permissions(_)).then_some("page");
    view! {
        <div class="rail-top">
            <Link to=Route::Chat class="rail-button"><Icon name=IconName::Back/><span class="grow">"Back to chat"</span></Link>
        </div>
        <nav class="rail-list" aria-label="Settings">
            <div class="grp" id="grp-you">"Personal"</div>
            <ul class="plain" aria-labelledby="grp-you">
                <li><Link to=Route::You class="rail-link">"You"</Link></li>
                <li><Link to=Route::Connectors class="rail-link">"Connectors"</Link></li>
                <li><Link to=Route::Advanced class="rail-link">"Advanced"</Link></li>
                <li><Link to=Route::Models class="rail-link">"Models"</Link></li>
                <li><Link to=Route::Approvals class="rail-link">"Approvals"</Link></li>
                <li><Link to=Route::Data class="rail-link">"Data"</Link></li>
                <li><Link to=Route::Help(String::new()) class="rail-link">"Help"</Link></li>
                {move || (!sections.get().audit).then(|| view! {
                    <li><Link to=Route::Audit(AuditTab::Calls) class="rail-link">"My calls"</Link></li>
                })}
            </ul>
            {move || {
                let open = sections.get();
                (open.any() || open.catalogue).then(|| view! {
                    <div class="grp" id="grp-workspace">"Workspace"</div>
                    <ul class="plain" aria-labelledby="grp-workspace">
                        {open.runs.then(|| view! { <li><Link to=Route::General class="rail-link">"General"</Link></li> })}
                        {open.members.then(|| view! { <li><Link to=Route::Members class="rail-link">"Members"</Link></li> })}
                        {open.groups.then(|| view! {
                            <li><a class="rail-link" href=Route::Groups.href() aria-current=in_groups>"Groups"</a></li>
                        })}
                        {open.runs.then(|| view! {
                            <li><a class="rail-link" href=Route::Permissions(first_tab(app)).href() aria-current=in_permissions>"Permissions & roles"</a></li>
                        })}
                        {open.connectors.then(|| view! {
                            <li><a class="rail-link" href=Route::WorkspaceConnectors(StageTab::Published).href() aria-current=in_connectors>
                                <span class="grow">"Connectors"</span>
                                {move || { let count = inbox::count(app); (count > 0).then(|| view! { <span class="count">{count}<span class="sr">" waiting for you"</span></span> }) }}
                            </a></li>
                        })}
                        {open.catalogue.then(|| view! { <li><Link to=Route::Catalogue class="rail-link">"Catalogue"</Link></li> })}
                        {open.runs.then(|| view! { <li><Link to=Route::Domains class="rail-link">"Domains"</Link></li> })}
                        {open.audit.then(|| view! {
                            <li><a class="rail-link" href=Route::Audit(AuditTab::Calls).href() aria-current=in_audit>"Audit"</a></li>
                        })}
                    </ul>
                })
            }}
        </nav>
        <div class="rail-end"><AccountMenu/></div>
    }
}

/// Which sections of the workspace's settings the person has: what their plan and their roles let them do something in.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct Sections {
    /// General, domains, permissions & roles.
    pub(crate) runs: bool,
    /// Members.
    pub(crate) members: bool,
    /// Groups.
    pub(crate) groups: bool,
    /// The workspace's list of connectors.
    pub(crate) connectors: bool,
    /// The catalogue.
    pub(crate) catalogue: bool,
    /// The whole record.
    pub(crate) audit: bool,
}

impl Sections {
    /// Those of the person whose view is shown. Tracks.
    pub(crate) fn of(app: AppState) -> Self {
        app.rulebook.with(|book| {
            let Ok(me) = book.member(&app.ws().seen_as()) else { return Sections::default() };
            let runs = book.may_set_workspace(me).is_ok();
            let fills = book.groups.iter().any(|group| book.may_fill_group(me, group).is_ok());
            let looks_after =
                [Permission::SeeDrafts, Permission::ControlActions, Permission::ManageAccess, Permission::Publish];
            Sections {
                runs,
                members: book.may_see_members(me).is_ok(),
                groups: book.may_manage_groups(me).is_ok() || fills,
                connectors: runs || looks_after.into_iter().any(|one| book.holds(me, one)),
                catalogue: book.plan().publishing.is_some(),
                audit: book.may_see_record(me).is_ok(),
            }
        })
    }

    fn any(self) -> bool {
        self.runs || self.members || self.groups || self.connectors || self.audit
    }
}

/// Whether the person has a list of the workspace's connectors, with the inbox above it. Tracks.
pub(crate) fn sees_connectors(app: AppState) -> bool {
    Sections::of(app).connectors
}

/// The tab of the permissions that the plan begins with.
fn first_tab(app: AppState) -> PermissionTab {
    let roles = app.rulebook.with_untracked(|book| book.plan().has_controls());
    if roles { PermissionTab::Defaults } else { PermissionTab::ConnectedData }
}
