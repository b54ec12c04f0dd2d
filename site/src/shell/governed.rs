//! What is said on every page about where the rules come from: a site tied to a signed bundle that cannot be verified, a
//! person who has not said who they are, or a browser in which something is stricter than what was signed (X121).

use browser::Governed;
use leptos::prelude::*;

use crate::results::Visible;
use crate::router::{Link, Route};
use crate::state::use_state;
use crate::ui::{Icon, IconName};

/// The banner, while there is something to say.
#[component]
pub fn GovernedNotice() -> impl IntoView {
    let app = use_state();
    let shown = Memo::new(move |_| {
        let known = app.rulebook.with(|rulebook| rulebook.member(&app.ws().me()).is_ok());
        let governed = app.ws().governed();
        let differs = matches!(governed, Governed::Signed { .. }) && !app.ws().stricter_here().is_empty();
        (governed, known, differs)
    });
    move || {
        match shown.get() {
        (Governed::Unverified { why, contact }, ..) => Some(
            view! {
                <div class="notice note warn" role="status">
                    <Icon name=IconName::Warning/>
                    <div class="grow">
                        <p>"Settings could not be verified. Running read-only."</p>
                        <details>
                            <summary>"Show details"</summary>
                            <p><Visible text=format!("{}.", crate::ui::capital(&why))/></p>
                            <p>"Nothing that writes can run, and no setting can be changed, until they can be verified."</p>
                        </details>
                        {contact.map(|contact| view! { <p class="small">"Contact: "<Visible text=contact/></p> })}
                    </div>
                </div>
            }
            .into_any(),
        ),
        (_, false, _) => Some(told("Say who you are to use this workspace.", Route::You, "Choose who you are")),
        (_, _, true) => Some(told(
            "In this browser some settings are stricter than what was signed.",
            Route::General,
            "See what is stricter",
        )),
        _ => None,
    }
    }
}

/// A sentence, and the way to what it is about.
fn told(words: &'static str, to: Route, link: &'static str) -> AnyView {
    view! {
        <div class="notice note" role="status">
            <Icon name=IconName::Shield/>
            <span class="grow">{words}</span>
            <Link to>{link}</Link>
        </div>
    }
    .into_any()
}
