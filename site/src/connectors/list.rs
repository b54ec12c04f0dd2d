//! The person's own list of connectors, and a row of it, which the workspace's lists share.

use browser::policy::{
    Connector, ConnectorId, Member, MemberId, Permission, Provider, Rulebook, SignIn, Stage, Wanted,
};
use leptos::prelude::*;

use super::ends::SignInEnds;
use super::overview::recreate;
use super::pause::may_pause;
use super::{ConnectionState, action_summary};
use crate::people::chain::ShortChain;
use crate::people::requests::{AskFor, MyRequests, access_missing};
use crate::router::{ConnectorTab, Link, Route, page_title, use_router};
use crate::settings::developer::{developer_on, gate_closed, no_servers};
use crate::state::{AppState, use_state};
use crate::ui::{Badge, HostName, LocalMark, Menu, MenuItem, Monogram, SearchField, ago, clock, sentence};

/// What the person can use, and what they cannot with the reason (screens.md e.3).
#[component]
pub(crate) fn MyConnectors() -> impl IntoView {
    let app = use_state();
    page_title(|| "Connectors".into());
    let search = RwSignal::new(String::new());
    let split = Memo::new(move |_| {
        let rulebook = app.rulebook.get();
        let me = app.ws().seen_as();
        let mut usable = Vec::new();
        let mut rest = Vec::new();
        for connector in rulebook.connectors.iter().filter(|connector| matches(connector, &search.get())) {
            match rulebook.member(&me).and_then(|me| rulebook.may_use(connector, me)) {
                Ok(()) => usable.push((connector.clone(), None)),
                Err(_) if connector.stage == Stage::Archived => {}
                Err(_) if !may_know(&rulebook, connector, &me) => {}
                Err(why) => rest.push((connector.clone(), Some(why.to_string()))),
            }
        }
        (usable, rest)
    });
    view! {
        <header class="head">
            <div class="grow"><h1>"Connectors"</h1><p class="lead">"What chats can use. Each conversation chooses from these."</p></div>
            <AddOwn/>
        </header>
        {move || app.person.with(|person| person.only_published).then(|| view! { <p class="small">{no_servers()}</p> })}
        <SearchField label="Search connectors" value=search/>
        <h2 class="section">"Enabled"</h2>
        {move || rows(split.get().0, "No connector matches.")}
        {move || {
            let rest = split.get().1;
            (!rest.is_empty()).then(|| view! { <h2 class="section">"Not usable now"</h2>{rows(rest, "")} })
        }}
        <MyRequests/>
        <p class="row"><AskFor wanted=None word="Request a connector"/></p>
        <super::demos::Demos/>
    }
}

/// Adding one of one's own: only with developer mode on (S042), otherwise where that is turned on.
#[component]
fn AddOwn() -> impl IntoView {
    let app = use_state();
    let (on, closed) = (developer_on(app), gate_closed(app));
    move || {
        match (on.get(), closed.get().is_none()) {
        (true, _) => view! { <Link to=Route::NewConnector class="btn primary">"Add connector"</Link> }.into_any(),
        (false, true) => view! {
            <span class="small">"To add your own, turn on developer mode in "<Link to=Route::Advanced>"Advanced"</Link>"."</span>
        }
        .into_any(),
        (false, false) => ().into_any(),
    }
    }
}

/// Whether a person may know of a connector. What was published is known to whoever could ask for access to it; other
/// people's drafts are not (S006, S028).
pub(crate) fn may_know(book: &Rulebook, connector: &Connector, who: &MemberId) -> bool {
    book.member(who).is_ok_and(|member| {
        let asks = connector.stage == Stage::Published && book.may_request(member).is_ok();
        asks || book.may_see(connector, member).is_ok() || book.may_use(connector, member).is_ok()
    })
}

pub(super) fn matches(connector: &Connector, search: &str) -> bool {
    let search = search.trim().to_lowercase();
    [&connector.name, &connector.host, &connector.description].iter().any(|text| text.to_lowercase().contains(&search))
}

fn rows(connectors: Vec<(Connector, Option<String>)>, empty: &'static str) -> AnyView {
    if connectors.is_empty() {
        return view! { <p class="none">{empty}</p> }.into_any();
    }
    let rows: Vec<_> = connectors.into_iter().map(|(connector, why)| view! { <Row connector why/> }).collect();
    view! { <ul class="rows">{rows}</ul> }.into_any()
}

/// One connector in a list.
#[component]
pub(super) fn Row(
    /// The connector.
    connector: Connector,
    /// Why it cannot be used, if so.
    #[prop(default = None)]
    why: Option<String>,
    /// What stands before it.
    #[prop(optional, into)]
    before: ViewFn,
    /// Who may use it and whose it is, in a list of what is looked after.
    #[prop(optional, into)]
    kept: Option<String>,
) -> impl IntoView {
    let app = use_state();
    let id: ConnectorId = connector.id.clone();
    let status = Signal::derive(move || app.connection(&id));
    let summary = action_summary(&connector);
    let (badge, local) = (connector.badge(), connector.is_local());
    let checked = connector.snapshot.as_ref().map(|snapshot| ago(snapshot.taken_at, app.ws().now()));
    // Whose draft it is, and since when (S046).
    let made = (connector.stage == Stage::Draft).then(|| {
        let name = app
            .rulebook
            .with_untracked(|book| book.member(&connector.owner).map(|one| one.name.clone()).unwrap_or_default());
        format!("Added by {name}, {}", clock(connector.created_at))
    });
    let reviewed = connector.vouched();
    let manages = connector.provider == Provider::Custom
        && app.rulebook.with_untracked(|book| {
            let me = book.member(&app.ws().seen_as());
            me.is_ok_and(|me| me.role.runs_workspace() || connector.owner == me.id)
        });
    let ends = matches!(connector.sign_in, SignIn::OAuth { .. }).then(|| {
        let (id, account) = (connector.id.clone(), app.ws().usual_account(&connector.id));
        view! { <SignInEnds id account/> }
    });
    let menu = manages.then(|| {
        let connector = connector.clone();
        view! { <RowMenu connector/> }
    });
    view! {
        <li class="row-card">
            {before.run()}
            <Monogram name=connector.name.clone() tint=connector.tint()/>
            <div class="grow">
                <h3>
                    <Link to=Route::Connector(connector.id.to_string(), ConnectorTab::Overview)><bdi>{connector.name.clone()}</bdi></Link>
                    <HostName host=connector.host.clone()/>
                    {badge.map(|word| view! { <Badge word/> })}
                    {local.then(|| view! { <LocalMark/> })}
                </h3>
                <p class="small">{summary}{checked.map(|ago| format!(" · read {ago}"))}</p>
                {match why {
                    Some(why) => view! {
                        <p class="small why">{sentence(&why)}</p>
                        <WhyNot id=connector.id.clone()/>
                    }.into_any(),
                    None => view! { <p class="small"><ConnectionState status/></p>{ends}<AccountsOf id=connector.id.clone()/> }.into_any(),
                }}
                {kept.map(|words| view! { <p class="small"><bdi>{words}</bdi></p> })}
                {made.map(|words| view! { <p class="small"><bdi>{words}</bdi></p> })}
                {reviewed.map(|words| view! { <p class="small"><bdi>{words}</bdi></p> })}
            </div>
            {menu}
        </li>
    }
}

/// The accounts of the person underneath a connector, where there are several (screens.md e.3).
#[component]
fn AccountsOf(
    /// Which connector.
    id: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let to = Route::Connector(id.to_string(), ConnectorTab::Authentication);
    let accounts = Memo::new(move |_| {
        app.rulebook.track();
        Some(app.ws().accounts(&id)).filter(|all| all.len() > 1)
    });
    move || {
        accounts.get().map(|all| {
            let rows = all.into_iter().map(|account| {
                let id = account.id;
                let status = Signal::derive(move || app.connection_as(&id));
                view! { <li class="small"><bdi>{account.name}</bdi>{account.usual.then_some(", the usual one")}" · "<ConnectionState status/></li> }
            });
            view! {
                <ul class="plain accounts" aria-label="Accounts">{rows.collect_view()}</ul>
                <p class="small"><Link to=to.clone()>"Manage accounts"</Link></p>
            }
        })
    }
}

/// The … menu of a row (S077). Where the plan changes nothing that is published, only what is left to do is in it.
#[component]
fn RowMenu(
    /// Which connector.
    connector: Connector,
) -> impl IntoView {
    let app = use_state();
    let router = use_router();
    let id = StoredValue::new(connector.id.clone());
    let draft = connector.stage == Stage::Draft;
    let archived = connector.stage == Stage::Archived;
    // What the plan does not have, or somebody else does, is not there (screens.md e.0).
    let (controls, publishes, reads, sees) = app.rulebook.with_untracked(|book| {
        let me = book.member(&app.ws().seen_as());
        let may = |question: &dyn Fn(&Member) -> bool| me.as_ref().is_ok_and(|me| question(me));
        let publishes = may(&|me| draft && book.plan().publishing.is_some() && book.holds(me, Permission::Publish));
        // The connection is a matter of the moment in which the list is read (S082).
        let reads = may(&|me| book.may_refresh(&connector, me, true).is_ok());
        (book.plan().has_controls(), publishes, reads, may(&|me| book.may_see(&connector, me).is_ok()))
    });
    let copies = sees && app.ws().may_add().is_ok();
    let paused = connector.review.pause.is_some();
    let (pauses, archives) = app.rulebook.with_untracked(|book| {
        let me = book.member(&app.ws().seen_as());
        (may_pause(book, app, &connector), me.is_ok_and(|me| book.may_archive(&connector, me).is_ok()))
    });
    let name = connector.name;
    let label = format!("Menu of {name}");
    let to = move |tab| router.go(Route::Connector(id.get_value().to_string(), tab));
    view! {
        <Menu label trigger=|| view! { "…" }>
            {(draft || controls).then(|| view! { <MenuItem on:click=move |_| to(ConnectorTab::Actions)>"Manage actions"</MenuItem> })}
            {controls.then(|| view! { <MenuItem on:click=move |_| to(ConnectorTab::Access)>"User access"</MenuItem> })}
            {(!archived).then(|| view! { <MenuItem on:click=move |_| to(ConnectorTab::Access)>"Permission"</MenuItem> })}
            {publishes.then(|| view! { <MenuItem on:click=move |_| router.go(Route::Publish(id.get_value().to_string()))>"Publish"</MenuItem> })}
            {reads.then(|| view! { <MenuItem on:click=move |_| read_again(app, id.get_value(), name.clone())>"Refresh"</MenuItem> })}
            <MenuItem on:click=move |_| to(ConnectorTab::Changes)>"View changes"</MenuItem>
            <MenuItem on:click=move |_| to(ConnectorTab::History)>"History"</MenuItem>
            {pauses.then(|| view! { <MenuItem on:click=move |_| to(ConnectorTab::Overview)>{if paused { "End the pause" } else { "Pause" }}</MenuItem> })}
            {archives.then(|| view! { <MenuItem on:click=move |_| to(ConnectorTab::Overview)>"Archive"</MenuItem> })}
            {copies.then(|| view! {
                <MenuItem on:click=move |_| recreate(app, router, id.get_value())>{if draft || controls { "Duplicate to new draft" } else { "Recreate from this" }}</MenuItem>
            })}
        </Menu>
    }
}

/// Reads a connector's list again with the person's own connection, and says what came of it (S079).
fn read_again(app: AppState, id: ConnectorId, name: String) {
    let ws = app.ws();
    app.tell(format!("Reading the list of {name}, as you."));
    let read = async move { ws.refresh(&id, |_| ()).await };
    app.run(read, move |changes| {
        app.tell(match changes.diff.steps.len() {
            0 if changes.diff.is_empty() => format!("Nothing of {name} changed since it was approved."),
            0 => format!("{name} says something else about itself than approved. View changes shows it."),
            1 => format!("1 action of {name} differs from what is approved. View changes shows it."),
            count => format!("{count} actions of {name} differ from what is approved. View changes shows them."),
        });
    });
}

/// Why a connector cannot be used, step by step, and the request for what is missing.
#[component]
fn WhyNot(id: ConnectorId) -> impl IntoView {
    let app = use_state();
    let shown = RwSignal::new(false);
    let missing = app.rulebook.with_untracked(|book| access_missing(book, app, &id));
    let wanted = Wanted::Access(id.clone());
    let id = StoredValue::new(id);
    view! {
        <details on:toggle=move |_| shown.set(true)>
            <summary class="small">"Why can't I use this?"</summary>
            {move || shown.get().then(|| view! { <ShortChain explanation=app.rulebook.with(|book| book.explain_use(&app.ws().seen_as(), &id.get_value()))/> })}
        </details>
        {missing.then(|| view! { <AskFor wanted=Some(wanted) word="Request access"/> })}
    }
}
