//! Settings, Approvals: the answers that were remembered, and taking them back (screens.md e.3).

use browser::Approval;
use browser::policy::{ConnectorId, GrantId, Remember};
use leptos::prelude::*;

use crate::audit::Filters;
use crate::connectors::plural;
use crate::router::{AuditTab, Route, page_title, use_router};
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook, HostName, SearchField, Working, capital, clock};

/// The page.
#[component]
pub(crate) fn Approvals() -> impl IntoView {
    let app = use_state();
    page_title(|| "Approvals".into());
    let found = RwSignal::new(None::<Vec<Approval>>);
    // Grants are in the rulebook: what changes them, here or in another tab, changes this page.
    Effect::new(move |_| {
        app.rulebook.track();
        let ws = app.ws();
        app.run(async move { ws.approvals().await }, move |all| {
            found.try_set(Some(all));
        });
    });
    let revoke_all = move || {
        let ws = app.ws();
        app.run(async move { ws.revoke_approvals().await }, move |count| {
            app.tell(format!("{} taken back. The next such call asks again.", plural(count, "approval")));
        });
    };
    let clear = move || {
        let ws = app.ws();
        app.run(async move { ws.clear_ended_approvals().await }, |()| ());
    };
    let search = expect_context::<Filters>().approvals;
    let remembers = Memo::new(move |_| app.rulebook.with(|book| book.workspace.remember != Remember::Never));
    view! {
        <header class="head"><div class="grow"><h1>"Approvals"</h1>
            <p class="lead">"Answers you let this workspace remember. Each counts for one action as you saw it, and for nothing else."</p></div>
            {move || found.with(|all| all.as_ref().is_some_and(|all| all.iter().any(counts))).then(|| view! {
                <Button look=ButtonLook::Danger on:click=move |_| revoke_all()>"Revoke all approvals"</Button>
            })}</header>
        {move || (!remembers.get()).then(|| view! { <p class="small">"This workspace remembers no answers: every write asks, every time."</p> })}
        {move || found.with(|all| all.as_ref().is_some_and(|all| !all.is_empty())).then(|| view! { <SearchField label="Search approvals" value=search/> })}
        {move || match found.get() {
            None => view! { <Working what="Reading your approvals"/> }.into_any(),
            Some(all) if all.is_empty() => view! { <p class="none">"Nothing is remembered."</p> }.into_any(),
            Some(all) => {
                let wanted = search.get().trim().to_lowercase();
                let all: Vec<Approval> = all.into_iter().filter(|one| fits(app, one, &wanted)).collect();
                let none = all.is_empty();
                let ended: Vec<Approval> = all.iter().filter(|one| !counts(one)).cloned().collect();
                let standing: Vec<Approval> = all.into_iter().filter(counts).collect();
                view! {
                    {none.then(|| view! { <p class="none">"No approval matches."</p> })}
                    {by_connector(&standing).into_iter().map(|(id, grants)| group(app, &id, grants)).collect_view()}
                    {(!ended.is_empty()).then(|| view! {
                        <h2 class="section">"Ended"</h2>
                        <ul class="rows">{ended.iter().map(|one| ended_row(app, one)).collect_view()}</ul>
                        <div><Button on:click=move |_| clear()>"Clear ended approvals"</Button></div>
                    })}
                }.into_any()
            }
        }}
    }
}

/// Whether an approval is looked for: by its action, its connector, its host, or its own id.
fn fits(app: AppState, approval: &Approval, wanted: &str) -> bool {
    let (name, host) = names(app, &approval.grant.connector);
    let texts = [approval.grant.action.as_str(), &name, &host, approval.grant.id.as_str()];
    texts.iter().any(|text| text.to_lowercase().contains(wanted))
}

fn counts(approval: &Approval) -> bool {
    approval.standing.ended().is_none()
}

/// The approvals of each connector, in the order in which they were given.
fn by_connector(all: &[Approval]) -> Vec<(ConnectorId, Vec<Approval>)> {
    let mut groups: Vec<(ConnectorId, Vec<Approval>)> = Vec::new();
    for one in all {
        match groups.iter_mut().find(|(id, _)| *id == one.grant.connector) {
            Some((_, grants)) => grants.push(one.clone()),
            None => groups.push((one.grant.connector.clone(), vec![one.clone()])),
        }
    }
    groups
}

/// A connector's name and host, as far as it is still there.
fn names(app: AppState, id: &ConnectorId) -> (String, String) {
    app.rulebook.with_untracked(|book| {
        book.connector(id)
            .map_or_else(|_| (id.to_string(), "removed".to_owned()), |one| (one.name.clone(), one.host.clone()))
    })
}

fn group(app: AppState, id: &ConnectorId, grants: Vec<Approval>) -> impl IntoView + use<> {
    let (name, host) = names(app, id);
    view! {
        <h2 class="section"><HostName host name=Some(name)/></h2>
        // By their keys: no button takes back another answer than the one it was pressed for.
        <ul class="rows"><For each=move || grants.clone() key=|one| one.grant.id.clone() let:one>{row(app, one)}</For></ul>
    }
}

fn row(app: AppState, approval: Approval) -> impl IntoView {
    let grant = approval.grant;
    let (id, action) = (grant.id.clone(), grant.action.clone());
    let place = match &grant.conversation {
        Some(id) => conversation_title(app, id),
        None => "every conversation".to_owned(),
    };
    let account = app.rulebook.with_untracked(|book| {
        let all = book.accounts_of(&grant.member, &grant.connector);
        let name = all.iter().find(|one| one.id == grant.connection).map(|one| one.name.clone());
        name.filter(|_| all.len() > 1)
    });
    let until = grant.until.map_or("until the conversation ends".to_owned(), |until| format!("until {}", clock(until)));
    let used = match approval.last_used {
        Some(at) => format!("used {}, last on {}", times(approval.used), clock(at)),
        None => "not used yet".to_owned(),
    };
    let revoke = move || {
        let (ws, id) = (app.ws(), id.clone());
        app.run(async move { ws.revoke_approval(&id).await }, move |()| {
            app.tell("Taken back. The next such call asks again.")
        });
    };
    view! {
        <li class="row-card">
            <div class="grow">
                <h3><bdi>{action.clone()}</bdi></h3>
                <p class="small">{if grant.arguments.is_some() { "Only with the same arguments, in " } else { "With any arguments, in " }}
                    <bdi>{place}</bdi>", "{until}{account.map(|name| view! { ", as "<bdi>{name}</bdi> })}"."</p>
                <GrantLine id=grant.id.clone()/>
                <p class="small">"Given on "{clock(grant.given_at)}" for definition "<code>{grant.definition.short().to_owned()}</code>", "{used}"."</p>
            </div>
            <Button small=true on:click=move |_| revoke()>"Revoke "<bdi>{action}</bdi></Button>
        </li>
    }
}

/// Under which id the record names an approval, and the way to the calls that it allowed.
#[component]
fn GrantLine(
    /// Its id.
    id: GrantId,
) -> impl IntoView {
    let (filters, router) = (expect_context::<Filters>(), use_router());
    let name = id.to_string();
    let go = move |_| {
        filters.by_grant(id.clone());
        router.go(Route::Audit(AuditTab::Calls));
    };
    view! {
        <p class="small">"Grant "<code class="wrap">{name.clone()}</code>" "
            <Button look=ButtonLook::Link small=true on:click=go>"Show calls it allowed"<span class="sr">" by "{name}</span></Button></p>
    }
}

fn ended_row(app: AppState, approval: &Approval) -> impl IntoView + use<> {
    let (name, host) = names(app, &approval.grant.connector);
    let why = approval.standing.ended().map(capital).unwrap_or_default();
    let used = match approval.used {
        0 => "It was never used.".to_owned(),
        count => format!("It was used {}.", times(count)),
    };
    view! {
        <li class="row-card"><div class="grow">
            <h3><bdi>{approval.grant.action.clone()}</bdi>" "<HostName host name=Some(name)/></h3>
            <p class="small">{why}". "{used}</p>
            <GrantLine id=approval.grant.id.clone()/>
        </div></li>
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// The conversation in which an approval counts, as lists show it.
fn conversation_title(app: AppState, id: &browser::policy::ConversationId) -> String {
    let title = untrack(|| app.title_of(id));
    if title.is_empty() { "one conversation".to_owned() } else { format!("“{title}”") }
}
