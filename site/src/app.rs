//! Opens the workspace and puts the page for the address on the screen.

use browser::{Options, Workspace};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::router::{Route, Router};
use crate::shell::stopped;
use crate::state::{AppState, sentence, use_state};
use crate::ui::{Toasts, Working};

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
    let router = Router::start();
    let state = RwSignal::new(None::<AppState>);
    let owner = Owner::current().unwrap_or_default();
    spawn_local(async move {
        match Workspace::open(Options::default()).await {
            Ok(ws) => state.set(Some(owner.with(|| AppState::new(ws)))),
            Err(error) => stopped::show("Countersign could not start", &sentence(&error), &format!("{error:?}")),
        }
    });
    view! {
        {move || match state.get() {
            None => view! { <main class="opening"><Working what="Opening your workspace"/></main> }.into_any(),
            Some(state) => {
                provide_context(state);
                view! { <Pages router=router/> }.into_any()
            }
        }}
    }
}

#[component]
fn Pages(router: Router) -> impl IntoView {
    let state = use_state();
    view! {
        <main>{move || match router.route() {
            Route::Chat => "chat".into_any(),
            _ => "other".into_any(),
        }}</main>
        <Toasts list=state.toasts on_close=move |id| state.close_toast(id) on_hold=move |(id, hold)| state.hold_toast(id, hold)/>
        <div class="sr" aria-live="polite">{move || state.announced.get()}</div>
    }
}
