//! The sections of the settings, in the left rail.

use leptos::prelude::*;

use crate::router::{AuditTab, Link, Route, StageTab, use_router};
use crate::shell::account::AccountMenu;
use crate::state::use_front;
use crate::ui::{Icon, IconName};

/// The rail of the settings.
#[component]
pub(crate) fn SettingsRail() -> impl IntoView {
    let front = use_front();
    let runs_workspace = Memo::new(move |_| front.person.with(|person| person.runs_workspace));
    let router = use_router();
    // A connector's own page and the creation of one belong to the list of connectors.
    let in_connectors = move || {
        matches!(router.route(), Route::WorkspaceConnectors(_) | Route::NewConnector | Route::Connector(..))
            .then_some("page")
    };
    let in_audit = move || matches!(router.route(), Route::Audit(_)).then_some("page");
    view! {
        <div class="rail-top">
            <Link to=Route::Chat class="rail-button"><Icon name=IconName::Back/><span class="grow">"Back to chat"</span></Link>
        </div>
        <nav class="rail-list" aria-label="Settings">
            <div class="grp" id="grp-you">"You"</div>
            <ul class="plain" aria-labelledby="grp-you">
                <li><Link to=Route::Connectors class="rail-link">"Connectors"</Link></li>
                <li><Link to=Route::Advanced class="rail-link">"Advanced"</Link></li>
                <li><Link to=Route::Models class="rail-link">"Models"</Link></li>
                <li><Link to=Route::Approvals class="rail-link">"Approvals"</Link></li>
                <li><Link to=Route::Data class="rail-link">"Data"</Link></li>
                {move || (!runs_workspace.get()).then(|| view! {
                    <li><Link to=Route::Audit(AuditTab::Calls) class="rail-link">"My calls"</Link></li>
                })}
            </ul>
            {move || runs_workspace.get().then(|| view! {
                <div class="grp" id="grp-workspace">"Workspace"</div>
                <ul class="plain" aria-labelledby="grp-workspace">
                    <li><Link to=Route::General class="rail-link">"General"</Link></li>
                    <li>
                        <a class="rail-link" href=Route::WorkspaceConnectors(StageTab::Published).href() aria-current=in_connectors>"Connectors"</a>
                    </li>
                    <li>
                        <a class="rail-link" href=Route::Audit(AuditTab::Calls).href() aria-current=in_audit>"Audit"</a>
                    </li>
                </ul>
            })}
        </nav>
        <div class="rail-end"><AccountMenu/></div>
    }
}
