//! The left rail: in chat the conversations, in settings the sections.

use leptos::prelude::*;

use super::account::AccountMenu;
use super::conversations::Conversations;
use super::{Brand, use_shell};
use crate::router::{Link, Route, StageTab, use_router};
use crate::state::use_state;
use crate::ui::{Button, Icon, IconName};
use browser::ConnectionStatus;

/// The rail of the chat.
#[component]
pub fn ChatRail() -> impl IntoView {
    let (shell, router) = (use_shell(), use_router());
    view! {
        <div class="rail-top">
            <Brand/>
            <button type="button" class="rail-button" data-leave="" on:click=move |_| new_chat(router)>
                <Icon name=IconName::Add/><span class="grow">"New chat"</span>
            </button>
            <button type="button" class="rail-button" aria-haspopup="dialog" on:click=move |_| shell.palette.set(true)>
                <Icon name=IconName::Command/><span class="grow">"Commands"</span>
                <span class="kbd" aria-hidden="true">{super::shortcuts::palette_keys()}</span>
            </button>
        </div>
        <Conversations/>
        <RailEnd/>
    }
}

/// Goes to the page of a new chat and puts the cursor into the message.
pub fn new_chat(router: crate::router::Router) {
    router.go(Route::Chat);
}

/// The end of the rail: connectors and the account menu.
#[component]
fn RailEnd() -> impl IntoView {
    let state = use_state();
    let changed = move || {
        state
            .connections
            .with(|all| all.values().filter(|status| matches!(status, ConnectionStatus::Changed { .. })).count())
    };
    view! {
        <div class="rail-end">
            <Link to=Route::Connectors class="rail-button">
                <Icon name=IconName::Plug/><span class="grow">"Connectors"</span>
                {move || match changed() {
                    0 => None,
                    count => Some(view! {
                        <span class="dot held" aria-hidden="true"></span><span class="sr">{format!("{count} changed")}</span>
                    }),
                }}
            </Link>
            <AccountMenu/>
        </div>
    }
}

/// The rail of the settings.
#[component]
pub fn SettingsRail() -> impl IntoView {
    let state = use_state();
    let runs_workspace = Memo::new(move |_| {
        state.rulebook.with(|rules| rules.member(&state.ws().me()).is_ok_and(|member| member.role.runs_workspace()))
    });
    let router = use_router();
    // A connector's own page and the creation of one belong to the list of connectors.
    let in_connectors = move || {
        matches!(router.route(), Route::WorkspaceConnectors(_) | Route::NewConnector | Route::Connector(..))
            .then_some("page")
    };
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
                <li><Link to=Route::Data class="rail-link">"Data"</Link></li>
            </ul>
            {move || runs_workspace.get().then(|| view! {
                <div class="grp" id="grp-workspace">"Workspace"</div>
                <ul class="plain" aria-labelledby="grp-workspace">
                    <li><Link to=Route::General class="rail-link">"General"</Link></li>
                    <li>
                        <a class="rail-link" href=Route::WorkspaceConnectors(StageTab::Published).href() aria-current=in_connectors>"Connectors"</a>
                    </li>
                    <li><Link to=Route::Audit class="rail-link">"Audit"</Link></li>
                </ul>
            })}
        </nav>
        <div class="rail-end"><AccountMenu/></div>
    }
}

/// A button for pages that have nothing to show.
#[component]
pub fn BackToChat() -> impl IntoView {
    let router = use_router();
    view! { <Button on:click=move |_| router.go(Route::Chat)>"Back to chat"</Button> }
}
