//! The workspace's connectors by stage, for the people who look after them (screens.md e.1, e.2): found by what they are
//! called, how they are, what they can do and where they lead, and paused together.

use std::collections::BTreeSet;

use browser::ConnectionStatus;
use browser::policy::{Access, Class, Connector, ConnectorId, Rulebook, Stage, Why};
use leptos::prelude::*;

use super::list::{Row, matches, may_know};
use super::pause::{PauseDialog, may_pause};
use super::plural;
use crate::people::NotYours;
use crate::people::requests::{Requests, waiting};
use crate::router::{Link, Route, StageTab, page_title};
use crate::settings::developer::{developer_on, no_servers};
use crate::settings::rail::sees_connectors;
use crate::state::{AppState, use_state};
use crate::ui::{Button, Choice, SearchField, Tab, Tabs, class_word};

/// How a connector is, as the list sorts it out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Fine,
    Changed,
    Unreachable,
    Paused,
}

impl Condition {
    const ALL: [Condition; 4] = [Condition::Fine, Condition::Changed, Condition::Unreachable, Condition::Paused];

    fn label(self) -> &'static str {
        match self {
            Condition::Fine => "No problem",
            Condition::Changed => "Changed, needs a review",
            Condition::Unreachable => "Sign-in or connection problem",
            Condition::Paused => "Paused",
        }
    }

    /// A pause says more than a change, and a change more than a connection.
    fn of(connector: &Connector, status: &ConnectionStatus) -> Condition {
        let seen = connector.review.open().next().is_some() || connector.review.lists_differ();
        match status {
            _ if connector.review.pause.is_some() => Condition::Paused,
            ConnectionStatus::Changed { .. } => Condition::Changed,
            _ if seen => Condition::Changed,
            _ if connector.review.unread.is_some() => Condition::Unreachable,
            ConnectionStatus::SignIn { .. } | ConnectionStatus::Failed { .. } => Condition::Unreachable,
            _ => Condition::Fine,
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy)]
struct Wanted {
    text: RwSignal<String>,
    condition: RwSignal<Option<String>>,
    class: RwSignal<Option<String>>,
    host: RwSignal<Option<String>>,
}

impl Wanted {
    fn new() -> Self {
        let none = || RwSignal::new(None);
        Self { text: RwSignal::new(String::new()), condition: none(), class: none(), host: none() }
    }

    fn fits(self, app: AppState, connector: &Connector) -> bool {
        let condition = self.condition.get();
        let class = self.class.get();
        matches(connector, &self.text.get())
            && self.host.get().is_none_or(|host| host == connector.host)
            && class.is_none_or(|class| worst(connector).is_some_and(|worst| class_word(worst) == class))
            && condition.is_none_or(|label| Condition::of(connector, &app.connection(&connector.id)).label() == label)
    }
}

/// The strictest class of the actions that are on.
fn worst(connector: &Connector) -> Option<Class> {
    let on = connector.actions().iter().filter(|action| connector.is_on(action.name()));
    on.map(|action| connector.classify(action).class).max()
}

/// Who may use it and whose it is, in words.
fn kept_by(book: &Rulebook, connector: &Connector) -> String {
    let who = match &connector.access {
        Access::Everyone => "For everyone".to_owned(),
        Access::Nobody => "For nobody yet".to_owned(),
        access => {
            let count = book.members.iter().filter(|member| access.includes(member, book)).count();
            format!("For {}", plural(count, "member"))
        }
    };
    match book.member(&connector.owner) {
        Ok(owner) => format!("{who} · added by {}", owner.name),
        Err(_) => who,
    }
}

/// The page.
#[component]
pub(crate) fn WorkspaceConnectors(
    /// The stage.
    tab: StageTab,
) -> impl IntoView {
    let app = use_state();
    page_title(|| "Workspace connectors".into());
    let sees = Memo::new(move |_| sees_connectors(app));
    move || {
        match sees.get() {
        false => view! { <NotYours title="Workspace connectors" why=Why::AdminsOnly("look after the workspace's connectors")/> }.into_any(),
        true => view! { <Stages tab/> }.into_any(),
    }
    }
}

/// The stages, and what waits above them.
#[component]
fn Stages(
    /// The stage.
    tab: StageTab,
) -> impl IntoView {
    let app = use_state();
    let stage = match tab {
        StageTab::Published => Stage::Published,
        StageTab::Archived => Stage::Archived,
        // What is asked for is no connector yet, and has a list of its own.
        StageTab::Drafts | StageTab::Requests => Stage::Draft,
    };
    let count = move |stage| {
        let me = app.ws().seen_as();
        let of = app.rulebook.with(|rulebook| {
            rulebook.connectors.iter().filter(|one| one.stage == stage && may_know(rulebook, one, &me)).count()
        });
        (of > 0).then(|| view! { " "<span class="count">{of}</span> })
    };
    view! {
        <header class="head"><div class="grow"><h1>"Workspace connectors"</h1></div><AddLink/></header>
        <super::inbox::Inbox/>
        <Tabs label="Stage">
            <Tab to=Route::WorkspaceConnectors(StageTab::Published)>"Published"{move || count(Stage::Published)}</Tab>
            <Tab to=Route::WorkspaceConnectors(StageTab::Drafts)>"Drafts"{move || count(Stage::Draft)}</Tab>
            <Tab to=Route::WorkspaceConnectors(StageTab::Requests)>"Requests"{move || { let count = waiting(app); (count > 0).then(|| view! { " "<span class="count">{count}</span> }) }}</Tab>
            <Tab to=Route::WorkspaceConnectors(StageTab::Archived)>"Archived"{move || count(Stage::Archived)}</Tab>
        </Tabs>
        {if tab == StageTab::Requests { view! { <Requests/> }.into_any() } else { view! { <List stage/> }.into_any() }}
    }
}

/// The connectors of a stage, what finds them, and what is done with several.
#[component]
fn List(
    /// The stage.
    stage: Stage,
) -> impl IntoView {
    let app = use_state();
    let wanted = Wanted::new();
    let of_stage = Memo::new(move |_| {
        let me = app.ws().seen_as();
        app.rulebook.with(|book| {
            let known = book.connectors.iter().filter(|one| one.stage == stage && may_know(book, one, &me));
            known.cloned().collect::<Vec<_>>()
        })
    });
    let shown = Memo::new(move |_| {
        of_stage.with(|all| all.iter().filter(|one| wanted.fits(app, one)).cloned().collect::<Vec<_>>())
    });
    let selected = RwSignal::new(BTreeSet::<ConnectorId>::new());
    let hosts = move || {
        let hosts: BTreeSet<String> = of_stage.with(|all| all.iter().map(|one| one.host.clone()).collect());
        hosts.into_iter().map(|host| (host.clone(), host)).collect::<Vec<_>>()
    };
    let same = |words: &'static str| (words.to_owned(), words.to_owned());
    let conditions: Vec<_> = Condition::ALL.into_iter().map(|one| same(one.label())).collect();
    let classes: Vec<_> = Class::ALL.into_iter().map(|one| same(class_word(one))).collect();
    let empty = move || match (of_stage.with(Vec::is_empty), stage) {
        (false, _) => "No connector matches.",
        (true, Stage::Published) => "Nothing is published yet.",
        (true, Stage::Draft) => "No drafts. A connector you add starts here, and only you can use it.",
        (true, Stage::Archived) => "Nothing is archived.",
    };
    view! {
        <div class="finds">
            <SearchField label="Search connectors" value=wanted.text/>
            <Choice label="State" all="Every state" options=Signal::stored(conditions) value=wanted.condition on_change=move |one| wanted.condition.set(one)/>
            <Choice label="Strictest action" all="Every class" options=Signal::stored(classes) value=wanted.class on_change=move |one| wanted.class.set(one)/>
            <Choice label="Host" all="Every host" options=Signal::derive(hosts) value=wanted.host on_change=move |one| wanted.host.set(one)/>
        </div>
        <h2 class="sr">{stage.label()}</h2>
        <Together shown selected/>
        {move || match shown.get() {
            none if none.is_empty() => view! { <p class="none">{empty()}</p> }.into_any(),
            all => view! { <ul class="rows" aria-label="Connectors">{all.into_iter().map(|connector| view! { <Kept connector selected/> }).collect_view()}</ul> }.into_any(),
        }}
    }
}

/// A row that can be chosen, where the person may pause it.
#[component]
fn Kept(
    /// The connector.
    connector: Connector,
    /// Which ones are chosen.
    selected: RwSignal<BTreeSet<ConnectorId>>,
) -> impl IntoView {
    let app = use_state();
    let (id, name) = (connector.id.clone(), format!("Select {} · {}", connector.name, connector.host));
    let may = app.rulebook.with_untracked(|book| may_pause(book, app, &connector));
    let kept = app.rulebook.with_untracked(|book| kept_by(book, &connector));
    let kept = (connector.stage == Stage::Published).then_some(kept);
    let paused = connector.review.pause.as_ref().map(|pause| pause.why().to_string());
    let before = move || {
        may.then(|| {
            let (id, chosen) = (id.clone(), id.clone());
            view! {
                <input type="checkbox" class="pick" aria-label=name.clone() prop:checked=move || selected.with(|all| all.contains(&chosen))
                    on:change=move |event| selected.update(|all| {
                        if event_target_checked(&event) { all.insert(id.clone()); } else { all.remove(&id); }
                    })/>
            }
        })
    };
    match kept {
        Some(kept) => view! { <Row connector why=paused before kept/> }.into_any(),
        None => view! { <Row connector why=paused before/> }.into_any(),
    }
}

/// What is done with the connectors that are chosen: pausing them with one reason, and ending their pauses.
#[component]
fn Together(
    /// What the list shows. Only what is shown is done anything with.
    shown: Memo<Vec<Connector>>,
    /// Which ones are chosen.
    selected: RwSignal<BTreeSet<ConnectorId>>,
) -> impl IntoView {
    let app = use_state();
    let asking = RwSignal::new(false);
    let able = Memo::new(move |_| {
        let able = |one: &&Connector| app.rulebook.with(|book| may_pause(book, app, one));
        shown.with(|all| {
            all.iter().filter(able).map(|one| (one.id.clone(), one.review.pause.is_some())).collect::<Vec<_>>()
        })
    });
    let chosen = move |paused: bool| {
        let all = able.get();
        selected.with(|ids| {
            let of = all.into_iter().filter(|(id, is)| *is == paused && ids.contains(id));
            of.map(|(id, _)| id).collect::<Vec<_>>()
        })
    };
    let (running, paused) = (Memo::new(move |_| chosen(false)), Memo::new(move |_| chosen(true)));
    let all = Memo::new(move |_| {
        able.with(|all| !all.is_empty() && selected.with(|ids| all.iter().all(|(id, _)| ids.contains(id))))
    });
    let pick = move |every: bool| {
        let ids = able.get_untracked().into_iter().map(|(id, _)| id);
        selected.set(if every { ids.collect() } else { BTreeSet::new() });
    };
    let pause = move |text: String| {
        let (ws, ids) = (app.ws(), running.get_untracked());
        let told = format!("Paused {}. Nothing of them runs.", plural(ids.len(), "connector"));
        app.run(async move { ws.pause_all(&ids, &text).await }, move |()| {
            asking.try_set(false);
            selected.try_set(BTreeSet::new());
            app.tell(&told);
        });
    };
    let resume = move || {
        let (ws, ids) = (app.ws(), paused.get_untracked());
        let told = format!("The pause of {} ended.", plural(ids.len(), "connector"));
        app.run(async move { ws.resume_all(&ids).await }, move |()| {
            selected.try_set(BTreeSet::new());
            app.tell(&told);
        });
    };
    let some = Memo::new(move |_| able.with(|all| !all.is_empty()));
    view! {
        {move || some.get().then(|| view! {
            <div class="row together" role="group" aria-label="Selected connectors">
                <label class="check"><input type="checkbox" prop:checked=move || all.get()
                    on:change=move |event| pick(event_target_checked(&event))/>"Select all shown"</label>
                {move || match running.with(Vec::len) {
                    0 => ().into_any(),
                    count => view! { <Button small=true on:click=move |_| asking.set(true)>{format!("Pause {}", plural(count, "connector"))}</Button> }.into_any(),
                }}
                {move || match paused.with(Vec::len) {
                    0 => ().into_any(),
                    count => view! { <Button small=true on:click=move |_| resume()>{format!("End the pause of {}", plural(count, "connector"))}</Button> }.into_any(),
                }}
                <span class="small" role="status">{move || {
                    let count = running.with(Vec::len) + paused.with(Vec::len);
                    (count > 0).then(|| format!("{count} selected"))
                }}</span>
            </div>
        })}
        {move || asking.get().then(|| {
            let names = shown.with_untracked(|all| {
                let ids = running.get_untracked();
                let named = all.iter().filter(|one| ids.contains(&one.id)).map(|one| format!("{} · {}", one.name, one.host));
                named.collect::<Vec<_>>()
            });
            let words = format!("Pause {}", plural(names.len(), "connector"));
            view! {
                <PauseDialog title="Pause connectors" says="Nothing of these runs for anybody until the pause ends."
                    names keep="Keep them running" words asking pause/>
            }
        })}
    }
}

#[component]
fn AddLink() -> impl IntoView {
    let app = use_state();
    let on = developer_on(app);
    view! {
        {move || app.person.with(|person| person.only_published).then(|| view! { <span class="small">{no_servers()}</span> })}
        {move || app.missing().map(|(words, to)| {
            let first = to == Route::NewConnector && !on.get();
            view! {
                <Link to class="btn primary">{words}</Link>
                {first.then(|| view! { <span class="small">"Turns on developer mode first."</span> })}
            }
        })}
    }
}
