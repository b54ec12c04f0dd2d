//! The connection doctor: what is in the way between this page and a server, asked step by step (screens.md e.2.1).

use browser::policy::ConnectorId;
use browser::workspace::doctor::{Check, CheckKind, Verdict};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::snippets::{ServerKind, snippet};
use crate::results::Worded;
use crate::state::use_state;
use crate::ui::{Button, CopyButton, Icon, IconName, Segmented, Working, capital};

/// A button that examines an address, and what was found.
#[component]
pub(crate) fn ConnectionDoctor(
    /// The address, as it is when the button is pressed.
    #[prop(into)]
    address: Signal<String>,
    /// The connector whose address it is, to be asked as its account; none for one that is not added yet.
    #[prop(optional_no_strip)]
    connector: Option<ConnectorId>,
) -> impl IntoView {
    let app = use_state();
    let checks = RwSignal::new(None::<Vec<Check>>);
    let busy = RwSignal::new(false);
    let examine = move |_| {
        checks.set(Some(Vec::new()));
        busy.set(true);
        let (ws, address, connector) = (app.ws(), address.get_untracked(), connector.clone());
        spawn_local(async move {
            let on_check = move |check: &Check| {
                let _ = checks.try_update(|checks| checks.get_or_insert_default().push(check.clone()));
            };
            let found = match connector {
                Some(id) => ws.diagnose_connector(&id, on_check).await,
                None => Ok(ws.diagnose(&address, on_check).await),
            };
            let _ = busy.try_set(false);
            match found {
                Ok(found) => app.announce(summary(&found)),
                Err(error) => {
                    let _ = checks.try_set(None);
                    app.tell_error(&error);
                }
            }
        });
    };
    let refused = move || {
        checks.with(|checks| {
            let of_cors = |check: &Check| check.verdict != Verdict::Good && check.kind.is_of_cors();
            checks.as_ref().is_some_and(|checks| checks.iter().any(of_cors))
        })
    };
    let over = move || !busy.get() && checks.with(Option::is_some);
    view! {
        <div class="examine">
            <div class="row">
                <Button disabled=Signal::derive(move || busy.get()) on:click=examine>"Examine the connection"</Button>
                {move || busy.get().then(|| view! { <Working what="Asking"/> })}
            </div>
            {move || checks.with(|checks| checks.as_ref().map(|checks| list(checks)))}
            {move || over().then(|| view! { <p class="doctor-says"><b>{checks.with(|checks| summary(checks.as_deref().unwrap_or_default()))}</b></p> })}
            {move || (over() && refused()).then(|| view! { <Snippets/> })}
        </div>
    }
}

/// The questions and their answers.
fn list(checks: &[Check]) -> AnyView {
    let rows: Vec<AnyView> = checks
        .iter()
        .map(|check| {
            let (look, icon, word) = match check.verdict {
                Verdict::Good => ("ok", IconName::Check, "good"),
                Verdict::Doubtful => ("warn", IconName::Warning, "doubtful"),
                Verdict::Bad => ("bad", IconName::Close, "in the way"),
            };
            let remedy = check.remedy.clone();
            view! {
                <li class=look>
                    <span class="sign"><Icon name=icon size=14/></span>
                    <b><Worded text=capital(&check.asked)/>"?"</b>
                    <span>
                        // A tick says it; only what is not good is said in words as well.
                        <span class="verdict" class:sr={ check.verdict == Verdict::Good }>{word}": "</span><Worded text=check.answered.clone()/>
                        {remedy.map(|remedy| view! { <span class="next">". "<Worded text=capital(&remedy)/>"."</span> })}
                        <small class="rule">{check.rule}</small>
                    </span>
                </li>
            }
            .into_any()
        })
        .collect();
    view! { <ul class="checklist examined" aria-label="Examination">{rows}</ul> }.into_any()
}

/// What the examination comes to, in one sentence.
fn summary(checks: &[Check]) -> String {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    match checks.iter().find(|check| check.verdict == Verdict::Bad) {
        Some(check) => match check.kind {
            CheckKind::Address => "The address cannot be connected.".into(),
            CheckKind::Online => "You are offline.".into(),
            CheckKind::LocalNetwork => "This browser keeps the page from your own network.".into(),
            CheckKind::Answers => "Nothing answers at this address.".into(),
            CheckKind::InTime => "No answer came in time.".into(),
            CheckKind::Reads | CheckKind::Posts | CheckKind::Header(_) | CheckKind::Session | CheckKind::Handshake => {
                "Something answers, but it does not let this page talk to it.".into()
            }
            CheckKind::LetIn => "The server is reachable, but it refuses this page or this client.".into(),
            CheckKind::SignIn => "The server is reachable, but it does not take the sign-in of this account.".into(),
            CheckKind::Proxy | CheckKind::Challenge | CheckKind::Path => {
                "The server is reachable; the path or the server itself is the problem.".into()
            }
            CheckKind::Revision => {
                "The server is reachable, but it does not speak the protocol as it is spoken here.".into()
            }
        },
        None if checks.iter().any(|check| check.kind == CheckKind::SignIn && check.verdict == Verdict::Doubtful) => {
            "Reachable. The rest shows after the sign-in.".into()
        }
        None => match count(Verdict::Doubtful) {
            0 => "Nothing is in the way of this page.".into(),
            1 => "It works, with one thing missing.".into(),
            more => format!("It works, with {more} things missing."),
        },
    }
}

/// What the server's operator can paste.
#[component]
fn Snippets() -> impl IntoView {
    let kind = RwSignal::new(ServerKind::Express);
    let origin = window().location().origin().unwrap_or_default();
    let text = Signal::derive(move || snippet(kind.get(), &origin));
    view! {
        <section class="snippets" aria-label="What to add to the server">
            <h3>"What to add to the server"</h3>
            <Segmented label="Kind of server" value=kind options=ServerKind::ALL.to_vec() on_change=move |chosen| kind.set(chosen)/>
            <pre class="snippet" tabindex="0" aria-label="Snippet"><code>{move || text.get()}</code></pre>
            <CopyButton label="Copy snippet" text=text/>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn check(kind: CheckKind, verdict: Verdict) -> Check {
        Check { kind, asked: "x".into(), answered: "y".into(), rule: "z", verdict, remedy: None }
    }

    #[test]
    fn the_summary_is_about_the_first_thing_in_the_way() {
        assert_eq!(summary(&[]), "Nothing is in the way of this page.");
        let doubt = check(CheckKind::Header("Mcp-Name"), Verdict::Doubtful);
        assert_eq!(summary(std::slice::from_ref(&doubt)), "It works, with one thing missing.");
        assert_eq!(summary(&[doubt.clone(), doubt.clone()]), "It works, with 2 things missing.");
        let bad = [doubt, check(CheckKind::Posts, Verdict::Bad), check(CheckKind::Path, Verdict::Bad)];
        assert!(summary(&bad).starts_with("Something answers"));
        let asks = check(CheckKind::SignIn, Verdict::Doubtful);
        assert_eq!(summary(&[asks]), "Reachable. The rest shows after the sign-in.");
        let late = [check(CheckKind::InTime, Verdict::Doubtful), check(CheckKind::InTime, Verdict::Bad)];
        assert_eq!(summary(&late), "No answer came in time.");
        let refuses = check(CheckKind::LetIn, Verdict::Bad);
        assert!(summary(&[refuses]).contains("refuses this page or this client"));
    }
}
