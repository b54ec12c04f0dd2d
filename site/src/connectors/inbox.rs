//! What waits for the people who run the workspace: what members ask for, changes that somebody saw, reviews that were
//! asked for, lists that differ from person to person (N01, X39), lists that could not be read, a record that is broken
//! (screens.md e.1, Navigation). It is derived from the rules and from the last check of the record; settling a thing
//! takes it away.

use browser::policy::{Connector, ConnectorId, Rulebook, Stage};
use futures_util::future::abortable;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::list::may_know;
use super::plural;
use crate::people::requests::waiting;
use crate::router::{AuditTab, ConnectorTab, Link, Route, StageTab, use_router};
use crate::settings::rail::sees_connectors;
use crate::state::{AppState, use_state};
use crate::ui::{HostName, Icon, IconName, ago, sentence};

/// How much waits, for the number beside the way to it.
pub(crate) fn count(app: AppState) -> usize {
    waiting(app) + found(app)
}

/// How much waits that nobody asked for.
fn found(app: AppState) -> usize {
    let of_connectors = app.rulebook.with(|book| {
        known(app, book).map(|one| usize::from(differs(&one)) + usize::from(one.review.unread.is_some())).sum::<usize>()
    });
    of_connectors + usize::from(record(app))
}

/// The connectors that the person may know of: another's draft waits for nobody else (S006).
fn known(app: AppState, book: &Rulebook) -> impl Iterator<Item = &Connector> {
    let me = app.ws().seen_as();
    book.connectors.iter().filter(move |one| may_know(book, one, &me))
}

fn differs(connector: &&Connector) -> bool {
    connector.stage != Stage::Archived && (connector.review.open().next().is_some() || connector.review.lists_differ())
}

/// Whether the record is broken and the person sees all of it.
fn record(app: AppState) -> bool {
    app.rulebook.track();
    app.record_broken.get() && app.ws().sees_all_of_record()
}

/// The way to the inbox at the end of the chat's rail, while something waits for who looks after the connectors.
#[component]
pub(crate) fn InboxLink() -> impl IntoView {
    let app = use_state();
    let waits = Memo::new(move |_| if sees_connectors(app) { count(app) } else { 0 });
    move || {
        let count = waits.get();
        (count > 0).then(|| {
            view! {
                <Link to=Route::WorkspaceConnectors(StageTab::Published) class="rail-button">
                    <Icon name=IconName::Bell/><span class="grow">"Inbox"</span>
                    <span class="count">{count}<span class="sr">" waiting for you"</span></span>
                </Link>
            }
        })
    }
}

/// The inbox; nothing when nothing waits. Whoever looks at it and sees the whole record has it checked once a day.
#[component]
pub(super) fn Inbox() -> impl IntoView {
    let app = use_state();
    let (check, ends) = abortable(async move { app.ws().verify_audit_daily().await });
    spawn_local(async move {
        // A record that cannot be read is told by its own page.
        drop(check.await);
    });
    on_cleanup(move || ends.abort());
    let asked = requests_elsewhere(app);
    let any = Memo::new(move |_| asked.get() + found(app) > 0);
    move || {
        any.get().then(|| {
            view! {
                <section aria-label="Inbox"><h2 class="section">"Waiting for you"</h2>
                    <ul class="plain inbox"><Broken/><Asked asked/><Changed/><Unread/></ul></section>
            }
        })
    }
}

/// A record whose chain is broken, and the way to what is wrong with it.
#[component]
fn Broken() -> impl IntoView {
    let app = use_state();
    let broken = Memo::new(move |_| record(app));
    move || {
        broken.get().then(|| view! {
            <li class="note danger"><b>"Broken"</b>
                <span class="grow">"The record of this workspace is not whole: the last check found entries that were changed, moved or are missing."</span>
                <Link to=Route::Audit(AuditTab::Integrity)>"See what is wrong"</Link></li>
        })
    }
}

/// How many requests wait, where they are not on the screen themselves.
fn requests_elsewhere(app: AppState) -> Memo<usize> {
    let router = use_router();
    let here = Route::WorkspaceConnectors(StageTab::Requests);
    Memo::new(move |_| if router.route() == here { 0 } else { waiting(app) })
}

/// The requests that wait, as one thing.
#[component]
fn Asked(
    /// How many there are.
    asked: Memo<usize>,
) -> impl IntoView {
    move || {
        let words = match asked.get() {
            0 => return None,
            1 => "1 request waits".to_owned(),
            count => format!("{count} requests wait"),
        };
        Some(view! {
            <li class="note"><b>"Asked for"</b><span class="grow">{words}" for an answer."</span>
                <Link to=Route::WorkspaceConnectors(StageTab::Requests)>"Answer requests"</Link></li>
        })
    }
}

/// The connectors of which somebody saw another list than the approved one.
#[component]
fn Changed() -> impl IntoView {
    let app = use_state();
    let differing = Memo::new(move |_| {
        app.rulebook.with(|book| {
            known(app, book).filter(differs).map(|one| (one.id.clone(), one.updated_at)).collect::<Vec<_>>()
        })
    });
    let item = move |id: &ConnectorId| {
        app.rulebook.with_untracked(|book| {
            let connector = book.connector(id).ok()?;
            let name = |id| book.member(id).map_or_else(|_| "Somebody".to_owned(), |one| one.name.clone());
            let seen: Vec<String> = connector
                .review
                .open()
                .map(|one| {
                    let count = one.count();
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
        let rows = differing.get().into_iter().filter_map(|(id, _)| {
            let (name, host, seen, differ) = item(&id)?;
            Some(view! {
                <li class="note held"><b>"Changed"</b>
                    <span class="grow"><HostName host=host name=Some(name)/>": "<bdi>{seen}</bdi>"."{differ.then_some(" The server shows people different lists.")}</span>
                    <Link to=Route::Connector(id.to_string(), ConnectorTab::Changes)>"Review changes"</Link></li>
            })
        });
        rows.collect_view()
    }
}

/// The connectors whose list could not be read when somebody wanted it read again.
#[component]
fn Unread() -> impl IntoView {
    let app = use_state();
    let failed = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let unread = known(app, book).filter_map(|one| Some((one, one.review.unread.clone()?)));
            unread.map(|(one, unread)| (one.id.clone(), one.name.clone(), one.host.clone(), unread)).collect::<Vec<_>>()
        })
    });
    move || {
        let rows = failed.get().into_iter().map(|(id, name, host, unread)| {
            let by = format!("{} could not read the list {}. ", unread.by, ago(unread.at, app.ws().now()));
            view! {
                <li class="note warn"><b>"Not read"</b>
                    <span class="grow"><HostName host=host name=Some(name)/>": "<bdi>{by}</bdi><bdi>{sentence(&unread.why)}</bdi></span>
                    <Link to=Route::Connector(id.to_string(), ConnectorTab::Changes)>"Read the list again"</Link></li>
            }
        });
        rows.collect_view()
    }
}
