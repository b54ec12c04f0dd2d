//! How people join a workspace, for who wants to invite them and for who was invited (screens.md e.1, System).
//!
//! A site without a server can send no invitation and knows no accounts. The page says what takes their place.

use leptos::prelude::*;

use crate::router::{Link, Route, page_title};

/// The page.
#[component]
pub(super) fn Invite() -> impl IntoView {
    page_title(|| "Invite people".into());
    view! {
        <header class="head"><div class="grow"><h1>"Invite people"</h1>
            <p class="lead">"This site has no server of its own. It sends no invitations and knows no accounts, so a workspace is handed on as a signed file."</p></div></header>
        <section class="setting"><h2>"You invite somebody"</h2>
            <ol class="bullets">
                <li>"Add them in "<Link to=Route::Members>"Members"</Link>", with their role and groups."</li>
                <li>"Export the workspace in "<Link to=Route::General>"General"</Link>", leave drafts out, and send them the file. What is secret is not in it."</li>
                <li>"Tell them the key that signed it, by phone for example. They compare it before they import the file."</li>
            </ol>
            <p class="small">"What you change later reaches them with the next file. Requests and what each person does stay in their own browser."</p>
        </section>
        <section class="setting"><h2>"Somebody invited you"</h2>
            <ol class="bullets">
                <li>"Import the file in "<Link to=Route::General>"General"</Link>". You see what it changes before anything does."</li>
                <li>"Compare the key with the one that the sender tells you, and choose who you are."</li>
                <li>"Sign in at the connectors that ask for it in "<Link to=Route::Connectors>"Connectors"</Link>"."</li>
            </ol>
        </section>
        <section class="setting"><h2>"Many people, one site"</h2>
            <p>"Whoever runs the site can tie it to the signed file. Then everybody who opens it has the same rules and imports nothing: they only say who they are in "<Link to=Route::You>"You"</Link>". The next file replaces the rules for all of them."</p>
            <p class="small">"Who a person is, they say themselves; nothing checks it. Restrict on the servers what each account may do."</p>
        </section>
    }
}
