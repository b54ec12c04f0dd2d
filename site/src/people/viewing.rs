//! The banner above the page while an owner looks at the workspace as somebody else.

use leptos::prelude::*;

use crate::router::{Route, use_router};
use crate::state::use_state;
use crate::ui::Button;

/// The banner, while another person's view is shown.
#[component]
pub(crate) fn ViewingBanner() -> impl IntoView {
    let (app, router) = (use_state(), use_router());
    let name = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let who = app.ws().viewing()?;
            Some(book.member(&who).map_or_else(|_| who.to_string(), |one| one.name.clone()))
        })
    });
    let leave = move |_| {
        app.ws().leave_view();
        router.go(Route::Members);
    };
    move || {
        name.get().map(|name| view! {
            <div class="note warn viewing" role="status"><b>"View as "<bdi>{name.clone()}</bdi></b>
                <span class="grow">"You see the workspace as this member does. Nothing can be changed or called here, and your own conversations are not shown."</span>
                <Button small=true on:click=leave>"Leave this view"</Button></div>
        })
    }
}
