//! The page: what it shows first, and which screen stands at the address.

use browser::glance::Glance;
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::ConversationId;

use crate::chat::{NewChat, Words};
use crate::lazy::{self, Later, NotLoaded, later};
use crate::router::{Route, Router, focus_page, page_title, use_router};
use crate::shell::Shell;
use crate::shell::rail::BackToChat;
use crate::state::{Front, STORE, use_front};
use crate::ui::{Button, Working};

/// Mounts the page.
pub fn start() {
    if let Some(booting) = document().get_element_by_id("booting") {
        booting.remove();
    }
    mount_to_body(App);
}

/// The root: waits for what the first page shows, then hands it to everything below.
#[component]
fn App() -> impl IntoView {
    Router::start();
    let front = RwSignal::new(None::<Front>);
    let owner = Owner::current().unwrap_or_default();
    spawn_local(async move {
        let glance = Glance::read(STORE).await;
        front.set(Some(owner.with(|| Front::new(glance))));
    });
    move || match front.get() {
        None => view! { <main class="opening"><Working what="Opening your workspace"/></main> }.into_any(),
        Some(front) => {
            provide_context(front);
            provide_context(Words::new());
            Later::provide(front);
            view! { <Alive/> }.into_any()
        }
    }
}

/// Everything, as long as the workspace lives.
#[component]
fn Alive() -> impl IntoView {
    let front = use_front();
    move || {
        if front.dead.get() {
            view! {
                <main class="stopped" role="alert">
                    <h1>"Countersign has stopped"</h1>
                    <p>"An internal fault stopped the workspace. Nothing more was sent. Conversations that were kept are still there."</p>
                    <Button on:click=move |_| { let _ = window().location().reload(); }>"Reload the page"</Button>
                </main>
            }
            .into_any()
        } else {
            view! { <Shell/>{lazy::once_open(|parts| (parts.decisions)(), || ().into_any())} }.into_any()
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
        Route::Chat => Which::NewChat,
        Route::Conversation(id) => Which::Conversation(id.as_str().into()),
        Route::Inspect(..) => Which::Inspector,
        _ => Which::Settings,
    });
    move || match which.get() {
        Which::NewChat => view! { <NewChat/> }.into_any(),
        Which::Conversation(id) => {
            later(move |parts| (parts.conversation)(id.clone()), || waiting("Reading the conversation"), missing)
        }
        Which::Inspector => later(|parts| (parts.inspector)(), || waiting("Opening the inspector"), missing),
        Which::Settings => later(|parts| (parts.settings)(), || waiting("Opening the settings"), missing),
        Which::Nothing(path) => view! { <NothingHere path=path/> }.into_any(),
    }
}

#[derive(Clone, PartialEq)]
enum Which {
    NewChat,
    Conversation(ConversationId),
    Inspector,
    Settings,
    Nothing(String),
}

fn waiting(what: &'static str) -> AnyView {
    view! { <main class="settings"><Working what=what/></main> }.into_any()
}

/// A page of a part of the program, which is fetched when it is first opened.
pub fn fetched<F>(what: &'static str, part: fn() -> F) -> impl IntoView
where
    F: Future<Output = Result<fn() -> AnyView, NotLoaded>> + 'static,
{
    let attempt = RwSignal::new(0_u32);
    let page = LocalResource::new(move || {
        attempt.track();
        part()
    });
    // The focus came here before the page did.
    Effect::new(move |_| {
        let there = page.with(Option::is_some);
        if there && document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
            request_animation_frame(focus_page);
        }
    });
    move || match page.get() {
        None => waiting(what),
        Some(Ok(draw)) => draw(),
        Some(Err(_)) => not_fetched(move || attempt.update(|count| *count += 1)),
    }
}

/// A page whose part of the program cannot be fetched.
fn missing(later: Later) -> AnyView {
    not_fetched(move || later.want())
}

/// Says that a page could not be fetched, and tries again when asked to.
pub fn not_fetched(again: impl Fn() + 'static) -> AnyView {
    view! {
        <main class="settings">
            <h1>"This page could not be fetched"</h1>
            <p>"The rest of the page works. Check the connection and try again."</p>
            <p><Button on:click=move |_| again()>"Fetch the page again"</Button></p>
        </main>
    }
    .into_any()
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
