//! What waits for the people who run the workspace: changes that somebody saw, reviews that were asked for, lists that
//! differ from person to person (N01, X39). It is derived from the rules; settling a thing takes it away.

use browser::policy::Connector;
use leptos::prelude::*;

use super::plural;
use crate::router::{ConnectorTab, Link, Route};
use crate::state::{AppState, use_state};
use crate::ui::{HostName, ago};

/// How many connectors wait for a look, for the number beside the way to them.
pub(crate) fn changed(app: AppState) -> usize {
    app.rulebook.with(|book| book.connectors.iter().filter(waits).count())
}

fn waits(connector: &&Connector) -> bool {
    connector.review.open().next().is_some() || connector.review.lists_differ()
}

/// The inbox; nothing when nothing waits.
#[component]
pub(super) fn Inbox() -> impl IntoView {
    let app = use_state();
    let waiting = Memo::new(move |_| {
        app.rulebook.with(|book| {
            book.connectors.iter().filter(waits).map(|one| (one.id.clone(), one.updated_at)).collect::<Vec<_>>()
        })
    });
    let item = move |id: &browser::policy::ConnectorId| {
        app.rulebook.with_untracked(|book| {
            let connector = book.connector(id).ok()?;
            let name = |id| book.member(id).map_or_else(|_| "Somebody".to_owned(), |one| one.name.clone());
            let seen: Vec<String> = connector
                .review
                .open()
                .map(|one| {
                    let count = one.differs.len();
                    let words = match (count, one.instructions) {
                        (0, _) => "other instructions".to_owned(),
                        (_, false) => plural(count, "change"),
                        (_, true) => format!("{} and other instructions", plural(count, "change")),
                    };
                    let asked = if one.asked.is_some() { ", asks for a review" } else { "" };
                    format!("{} saw {words} {}{asked}", name(&one.member), ago(one.at, app.ws().now()))
                })
                .collect();
            let differ = connector.review.lists_differ();
            Some((connector.name.clone(), connector.host.clone(), seen.join("; "), differ))
        })
    };
    move || {
        let rows: Vec<_> = waiting.get().into_iter().filter_map(|(id, _)| {
            let (name, host, seen, differ) = item(&id)?;
            Some(view! {
                <li class="note held"><b>"Changed"</b>
                    <span class="grow"><HostName host=host name=Some(name)/>": "<bdi>{seen}</bdi>"."{differ.then_some(" The server shows people different lists.")}</span>
                    <Link to=Route::Connector(id.to_string(), ConnectorTab::Changes)>"Review"</Link></li>
            })
        }).collect();
        (!rows.is_empty()).then(|| view! { <section aria-label="Inbox"><h2 class="section">"Waiting for you"</h2><ul class="plain inbox">{rows}</ul></section> })
    }
}
