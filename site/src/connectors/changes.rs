//! What a server changed since its definition was approved, field by field, and what becomes of it (S081, N03).

use browser::Changes;
use browser::policy::diff::Weight;
use browser::policy::findings::Finding;
use browser::policy::publish::Accepted;
use browser::policy::{Connector, ConnectorId, Digest, Stage, Why};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::accepting::{Asking, ReasonDialog};
use super::difference::{Deciding, Fields, PageView, StepView};
use super::findings::Findings;
use super::never_read::NeverRead;
use super::new::sentence;
use super::pause::PauseButton;
use super::plural;
use super::reading::Reading;
use crate::router::{ConnectorTab, Link, Route};
use crate::state::use_state;
use crate::ui::{Button, clock};

/// The tab.
#[component]
pub(super) fn ChangesTab(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let read = RwSignal::new(0_u32);
    let checked = RwSignal::new(None::<u64>);
    let changes = Memo::new(move |_| {
        read.track();
        found.track();
        app.connections.track();
        app.ws().changes(&id.get_value())
    });
    let refused = Memo::new(move |_| {
        found.track();
        app.connections.track();
        app.ws().may_refresh(&id.get_value()).err()
    });
    let unread = Memo::new(move |_| found.with(|found| found.as_ref().is_some_and(|one| one.snapshot.is_none())));
    let reading = Reading::new();
    let check = move || {
        let (ws, on_step) = (app.ws(), reading.begin());
        spawn_local(async move {
            if reading.over(ws.refresh(&id.get_value(), on_step).await).is_some() {
                checked.try_set(Some(ws.now()));
                let _ = read.try_update(|count| *count += 1);
            }
        });
    };
    // Whoever opens this page wants to know how the server is now.
    if found.with_untracked(|found| found.as_ref().is_some_and(|one| one.stage != Stage::Archived)) {
        let ws = app.ws();
        spawn_local(async move {
            // What cannot be reached is a state of the connection, and the button says more.
            if ws.read_now(&id.get_value()).await.is_ok() {
                checked.try_set(Some(ws.now()));
            }
            let _ = read.try_update(|count| *count += 1);
        });
    }
    // Kept by the tab: what is taken over has the list drawn again.
    let take = Callback::new(move |(accepted, shown): (Accepted, Digest)| {
        let ws = app.ws();
        app.run(async move { ws.accept_changes(&id.get_value(), &shown, accepted).await }, move |()| {
            let _ = read.try_update(|count| *count += 1);
            app.tell("Accepted. What was not accepted stays held.");
        });
    });
    let asking = RwSignal::new(None::<Asking>);
    let taken = Callback::new(move |(label, accepted, shown): (String, Accepted, Digest)| {
        match app.ws().brings(&id.get_value(), &shown, &accepted) {
            Ok(brings) if !brings.is_empty() => asking.set(Some(Asking { label, accepted, shown, brings })),
            // What stands against it is told when it is tried.
            _ => take.run((accepted, shown)),
        }
    });
    view! {
        <div class="row">
            {move || (!unread.get()).then(|| view! { <Button disabled=Signal::derive(move || reading.busy.get() || refused.get().is_some()) on:click=move |_| check()>"Read the list again"</Button> })}
            <PauseButton id=id.get_value() found/>
            <span class="small" role="status">{move || match (refused.get(), checked.get()) {
                (Some(why), _) => sentence(&why.to_string()),
                (None, Some(at)) => format!("Read {}, as you.", clock(at)),
                _ => String::new(),
            }}</span>
            {move || (refused.get() == Some(Why::ConnectFirst)).then(|| view! {
                <Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Authentication)>"Connect your account first"</Link>
            })}
        </div>
        <NeverRead id=id.get_value() found/>
        {reading.view()}
        {move || match changes.get() {
            None if unread.get() => ().into_any(),
            None => view! { <p class="none">"The list was not read in this tab yet."</p> }.into_any(),
            Some(changes) if changes.diff.is_empty() => {
                let words = format!("Nothing changed since version {} was approved.", changes.approved.version);
                view! { <p class="none">{words}</p> }.into_any()
            }
            Some(changes) => view! { <ChangeList id=id.get_value() changes found refused taken/> }.into_any(),
        }}
        <ReasonDialog asking accept=take/>
    }
}

/// Everything that differs, the riskiest first.
#[component]
fn ChangeList(
    /// Which connector.
    id: ConnectorId,
    /// What differs.
    changes: Changes,
    /// The connector.
    found: Memo<Option<Connector>>,
    /// Why the person may not decide, if so.
    refused: Memo<Option<Why>>,
    /// Accepts something of the list on the screen, with the words of the button.
    taken: Callback<(String, Accepted, Digest)>,
) -> impl IntoView {
    let app = use_state();
    let Changes { live, diff, findings, mild, .. } = changes;
    let shown = live.digest;
    let accept = {
        let shown = shown.clone();
        Callback::new(move |(label, accepted)| taken.run((label, accepted, shown.clone())))
    };
    let decline = Callback::new(move |name: String| {
        let (ws, id, shown) = (app.ws(), id.clone(), shown.clone());
        app.run(async move { ws.decline_change(&id, &shown, &name).await }, move |()| {
            app.tell("Declined. It stays held.");
        });
    });
    let may = Signal::derive(move || refused.get().is_none());
    let closed = Signal::derive(move || !may.get());
    let deciding = Deciding { found, may, accept, decline };
    let risky = diff.steps.iter().filter(|step| step.weight() == Weight::Risk).count() + diff.pages.len();
    let together = (!mild.is_empty()).then(|| {
        let verb = if mild.len() == 1 { "does" } else { "do" };
        let label = format!("Accept the {} that {verb} not raise the risk", plural(mild.len(), "change"));
        let words = label.clone();
        let all = move |_| accept.run((words.clone(), Accepted { mild: true, ..Accepted::default() }));
        view! { <Button small=true disabled=closed on:click=all>{label}</Button> }
    });
    // What the scanner finds stands with what it is about; the rest is about the connector as a whole.
    let about_steps: Vec<String> = diff.steps.iter().flat_map(|step| step.names()).map(str::to_owned).collect();
    let (of_steps, others): (Vec<Finding>, Vec<Finding>) = findings
        .into_iter()
        .partition(|finding| finding.action.as_ref().is_some_and(|name| about_steps.contains(name)));
    let (of_instructions, whole): (Vec<Finding>, Vec<Finding>) =
        others.into_iter().partition(|finding| finding.at == "/instructions");
    let any = diff.steps.len() + diff.pages.len() > 0;
    let count = differs(diff.steps.len(), diff.pages.len());
    let steps = diff.steps.into_iter().map(|step| {
        let of = |finding: &&Finding| finding.action.as_deref().is_some_and(|name| step.names().contains(&name));
        let findings: Vec<Finding> = of_steps.iter().filter(of).cloned().collect();
        (step, findings)
    });
    let (steps, pages) = (steps.collect::<Vec<_>>(), diff.pages);
    let by_itself = move |label: &'static str, accepted: Accepted| {
        let go = move |_| accept.run((label.to_owned(), accepted.clone()));
        view! { <span class="grow"></span><Button small=true disabled=closed on:click=go>{label}</Button> }
    };
    view! {
        {count.map(|count| view! {
            <div class="row"><b>{count}</b>
                <span class="small">{match risky {
                    0 => None,
                    1 => Some("1 raises the risk and is accepted by itself".to_owned()),
                    _ => Some(format!("{risky} raise the risk and are accepted one by one")),
                }}</span>
                {together}</div>
        })}
        {(!whole.is_empty()).then(|| view! {
            <section class="change"><header><h2>"New findings about the connector as a whole"</h2></header><Findings list=whole/></section>
        })}
        <h2 class="sr">"What differs"</h2>
        {any.then(|| view! {
            // By their keys: no button becomes that of another change under somebody's finger.
            <ul class="changes plain">
                <For each=move || pages.clone() key=|page| page.now.uri.clone() let:page><PageView page deciding/></For>
                <For each=move || steps.clone() key=|(step, _)| step.name().to_owned() let:one><StepView step=one.0 findings=one.1 deciding/></For>
            </ul>
        })}
        {diff.instructions.map(|field| view! {
            <section class="change"><header><h3>"Instructions to a model"</h3><span class="tag">{field.weight.label()}</span>
                {by_itself("Accept instructions", Accepted { instructions: true, ..Accepted::default() })}</header>
                {(!of_instructions.is_empty()).then(|| view! { <Findings list=of_instructions/> })}
                <Fields fields=vec![field]/></section>
        })}
        {(!diff.about.is_empty()).then(|| view! {
            <section class="change"><header><h3>"What the server calls itself"</h3><span class="tag">{Weight::Cosmetic.label()}</span>
                <span class="small">"Its own words; the host is what counts."</span>
                {by_itself("Accept what it calls itself", Accepted { about: true, ..Accepted::default() })}</header>
                <Fields fields=diff.about/></section>
        })}
    }
}

/// How many actions and pages differ: `2 actions and 1 page differ`.
fn differs(actions: usize, pages: usize) -> Option<String> {
    let part = |count: usize, noun: &str| (count > 0).then(|| plural(count, noun));
    let parts: Vec<String> = [part(actions, "action"), part(pages, "page")].into_iter().flatten().collect();
    let verb = if actions + pages == 1 { "differs" } else { "differ" };
    (!parts.is_empty()).then(|| format!("{} {verb}", parts.join(" and ")))
}
