//! Opens the workspace and puts the page for the address on the screen.

use browser::{Options, Workspace};
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::ConversationId;

use crate::chat::{ChatPage, Words};
use crate::confirm;
use crate::lazy;
use crate::router::{Route, Router, focus_page, page_title, use_router};
use crate::shell::rail::BackToChat;
use crate::shell::{Shell, stopped};
use crate::state::{AppState, sentence, use_state};
use crate::ui::{Button, Working};

/// Mounts the page.
pub fn start() {
    if let Some(booting) = document().get_element_by_id("booting") {
        booting.remove();
    }
    mount_to_body(App);
}

/// The root: waits for the workspace, then hands it to everything below.
#[component]
fn App() -> impl IntoView {
    Router::start();
    let state = RwSignal::new(None::<AppState>);
    let owner = Owner::current().unwrap_or_default();
    spawn_local(async move {
        match Workspace::open(Options::default()).await {
            Ok(ws) => {
                let opened = owner.with(|| AppState::new(ws));
                state.set(Some(opened));
            }
            Err(error) => stopped::show("Countersign could not start", &sentence(&error), &format!("{error:?}")),
        }
    });
    move || match state.get() {
        None => view! { <main class="opening"><Working what="Opening your workspace"/></main> }.into_any(),
        Some(state) => {
            provide_context(state);
            provide_context(Words::new());
            confirm::provide_decisions();
            lazy::Later::provide();
            view! { <Alive/> }.into_any()
        }
    }
}

/// Everything, as long as the workspace lives.
#[component]
fn Alive() -> impl IntoView {
    let state = use_state();
    move || {
        if state.dead.get() {
            view! {
                <main class="stopped" role="alert">
                    <h1>"Countersign has stopped"</h1>
                    <p>"An internal fault stopped the workspace. Nothing more was sent. Conversations that were kept are still there."</p>
                    <Button on:click=move |_| { let _ = window().location().reload(); }>"Reload the page"</Button>
                </main>
            }
            .into_any()
        } else {
            view! { <Shell/><confirm::Decisions/> }.into_any()
        }
    }
}

/// The page for the address.
#[component]
pub fn Page() -> impl IntoView {
    let router = use_router();
    // A tab of the same page is not a new page, and the settings look at the route themselves.
    let which = Memo::new(move |_| match router.route() {
        Route::NotFound(path) => Which::Nothing(path),
        Route::Chat => Which::Chat(None),
        Route::Conversation(id) => Which::Chat(Some(id.as_str().into())),
        _ => Which::Settings,
    });
    move || match which.get() {
        Which::Chat(id) => view! { <ChatPage id=id/> }.into_any(),
        Which::Settings => view! { <SettingsPage/> }.into_any(),
        Which::Nothing(path) => view! { <NothingHere path=path/> }.into_any(),
    }
}

#[derive(Clone, PartialEq)]
enum Which {
    Chat(Option<ConversationId>),
    Settings,
    Nothing(String),
}

/// The pages of the settings, which are fetched when they are first opened.
#[component]
fn SettingsPage() -> impl IntoView {
    let attempt = RwSignal::new(0_u32);
    let page = LocalResource::new(move || {
        attempt.track();
        lazy::settings()
    });
    // The focus came here before the page did.
    Effect::new(move |_| {
        let there = page.with(Option::is_some);
        if there && document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
            request_animation_frame(focus_page);
        }
    });
    move || match page.get() {
        None => view! { <main class="settings"><Working what="Opening the settings"/></main> }.into_any(),
        Some(Ok(draw)) => draw(),
        Some(Err(_)) => view! {
            <main class="settings">
                <h1>"This page could not be fetched"</h1>
                <p>"The rest of the page works. Check the connection and try again."</p>
                <p><Button on:click=move |_| attempt.update(|count| *count += 1)>"Try again"</Button></p>
            </main>
        }
        .into_any(),
    }
}

#[component]
fn NothingHere(path: String) -> impl IntoView {
    page_title(|| "Nothing here".to_owned());
    view! {
        <main class="settings">
            <h1>"There is no page at this address"</h1>
            <p><code><bdi>{path}</bdi></code></p>
            <p><BackToChat/></p>
        </main>
    }
}
