//! People of the workspace and what they may do: members, groups, permissions and roles, domains, requests, and why
//! (screens.md e.2).
//!
//! Every page asks the rulebook's own *may I* questions as the person whose view is shown, so a control that is there
//! is one that works.

pub(crate) mod audience;
pub(crate) mod chain;
pub(crate) mod connected;
pub(crate) mod domains;
pub(crate) mod groups;
pub(crate) mod members;
pub(crate) mod permissions;
mod person;
pub(crate) mod requests;
mod roles;
mod roster;
mod test_access;
pub(crate) mod viewing;

use browser::policy::{Member, Rulebook, Why};
use leptos::prelude::*;

use crate::state::AppState;

/// Asks the rulebook about the person whose view is shown. Tracks.
pub(crate) fn may(
    app: AppState,
    question: impl Fn(&Rulebook, &Member) -> Result<(), Why> + Send + Sync + 'static,
) -> Signal<bool> {
    Memo::new(move |_| {
        app.rulebook.with(|book| book.member(&app.ws().seen_as()).and_then(|me| question(book, me)).is_ok())
    })
    .into()
}

/// The people who run the workspace, by name: whom to ask.
pub(crate) fn who_runs_it(book: &Rulebook) -> String {
    book.admins().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Says where the rules of a page hold, once on the page where they are set (screens.md e.0).
#[component]
pub(crate) fn Reach() -> impl IntoView {
    view! { <p class="small">"Enforced in this client. Restrict scopes on the server to enforce it everywhere."</p> }
}

/// A page for people who run the workspace, as others see it: why it is not theirs, and whom to ask.
#[component]
pub(crate) fn NotYours(
    /// The heading.
    title: &'static str,
    /// Why not.
    why: Why,
) -> impl IntoView {
    let app = crate::state::use_state();
    let admins = app.rulebook.with_untracked(|book| who_runs_it(book));
    view! {
        <header class="head"><h1>{title}</h1></header>
        <div class="empty">
            <p>{crate::connectors::new::sentence(&why.to_string())}</p>
            {(!admins.is_empty()).then(|| view! { <p>"Ask one of: "<bdi>{admins}</bdi>"."</p> })}
        </div>
    }
}
