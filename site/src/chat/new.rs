//! The page of a new chat: the first that a person sees. It does without an open workspace.

use browser::glance::ModelName;
use leptos::prelude::*;

use super::composer::Composer;
use super::first_run::FirstRun;
use crate::lazy::once_open;
use crate::router::{Link, Route, page_title};
use crate::state::use_front;

/// The page of a new chat.
#[component]
pub fn NewChat() -> impl IntoView {
    page_title(String::new);
    view! {
        <main class="chat">
            <header class="chat-head"><h1>"New chat"</h1><span class="grow"></span>{once_open(|parts| (parts.mind)(), mind_at_first)}</header>
            <div class="thread-scroll"><FirstRun/></div>
            <Composer id=None/>
        </main>
    }
}

/// Who answers, until another can be chosen.
fn mind_at_first() -> AnyView {
    let front = use_front();
    let chosen = front.chosen_model.get();
    let says = front.minds.with(|minds| minds.iter().find(|mind| Some(&mind.id) == chosen.as_ref()).map(shown_model));
    view! { <Link to=Route::Models class="mind tag"><bdi>{says.unwrap_or_else(|| "Direct mode".to_owned())}</bdi></Link> }
        .into_any()
}

/// A model with the host it runs at.
pub fn shown_model(model: &ModelName) -> String {
    let host = web_sys::Url::new(&model.base_url).map_or_else(|_| model.base_url.clone(), |url| url.host());
    format!("{} · {host}", model.name)
}
