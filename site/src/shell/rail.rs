//! The left rail of the chat: the conversations.

use leptos::prelude::*;

use super::account::AccountMenu;
use super::conversations::Conversations;
use super::{Brand, use_shell};
use crate::lazy::once_open;
use crate::router::{Link, Route, use_router};
use crate::state::use_front;
use crate::ui::{Button, Icon, IconName};

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
    let front = use_front();
    view! {
        <div class="rail-end">
            <Link to=Route::Connectors class="rail-button">
                <Icon name=IconName::Plug/><span class="grow">"Connectors"</span>
                {move || match front.changed.get() {
                    0 => None,
                    count => Some(view! {
                        <span class="dot held" aria-hidden="true"></span><span class="sr">{format!("{count} changed")}</span>
                    }),
                }}
            </Link>
            {once_open(|parts| (parts.rail_links)(), || ().into_any())}
            <AccountMenu/>
        </div>
    }
}

/// A button for pages that have nothing to show.
#[component]
pub fn BackToChat() -> impl IntoView {
    let router = use_router();
    view! { <Button on:click=move |_| router.go(Route::Chat)>"Back to chat"</Button> }
}
