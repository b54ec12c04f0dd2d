//! The audit log: calls, refusals and changes, newest first, and whether the chain is whole.

use std::collections::BTreeMap;

use browser::AuditFilter;
use browser::policy::audit::{Entry, Outcome, Row};
use browser::policy::{CallId, ConnectorId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::connectors::new::sentence;
use crate::connectors::plural;
use crate::router::page_title;
use crate::settings::data::save_file;
use crate::state::{AppState, use_state};
use crate::ui::{Button, ClassMark, Segmented, Working, clock, seconds};

/// Rows that are read at once.
const PAGE: usize = 300;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Calls,
    Refusals,
    Changes,
}

/// The page.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let app = use_state();
    page_title(|| "Audit".into());
    let rows = RwSignal::new(None::<Vec<Row>>);
    let more = RwSignal::new(false);
    let kind = RwSignal::new(Kind::Calls);
    let whole = RwSignal::new(None::<Result<u64, String>>);
    let read = move |skip: usize| {
        let ws = app.ws();
        app.run(
            async move { ws.audit(AuditFilter { skip, take: PAGE, ..AuditFilter::default() }).await },
            move |found| {
                more.try_set(found.len() == PAGE);
                let _ = rows.try_update(|rows| rows.get_or_insert_default().extend(found));
            },
        );
    };
    read(0);
    let verify = move || {
        let ws = app.ws();
        spawn_local(async move {
            let found = ws.verify_audit().await;
            whole.try_set(Some(match found {
                Ok(state) => state.broken.map_or(Ok(state.rows), |broken| Err(broken.to_string())),
                Err(why) => Err(why.to_string()),
            }));
        });
    };
    verify();
    let export = move || {
        let ws = app.ws();
        app.run(async move { ws.audit(AuditFilter { take: usize::MAX, ..AuditFilter::default() }).await }, |rows| {
            let lines: Vec<String> = rows.iter().rev().filter_map(|row| serde_json::to_string(row).ok()).collect();
            save_file("countersign-audit.jsonl", &format!("{}\n", lines.join("\n")));
        });
    };
    view! {
        <header class="head"><div class="grow"><h1>"Audit"</h1>
            <p class="lead">"Every call that ran and every one that did not. Arguments and results are not kept here, only their digests."</p></div>
            <Button on:click=move |_| export()>"Export JSONL"</Button></header>
        {move || match whole.get() {
            None => view! { <Working what="Checking the chain"/> }.into_any(),
            Some(Ok(count)) => view! { <p class="small">{format!("The chain is whole: {}.", plural(usize::try_from(count).unwrap_or(usize::MAX), "row"))}
                " It shows tampering on this device; it does not prevent it."</p> }.into_any(),
            Some(Err(why)) => view! { <div class="note danger" role="alert"><b>"Broken"</b><span class="grow">{sentence(&why)}</span></div> }.into_any(),
        }}
        <Segmented label="Show" value=kind on_change=move |value| kind.set(value)
            options=vec![(Kind::Calls, "Tool calls"), (Kind::Refusals, "Refusals"), (Kind::Changes, "Changes")]/>
        {move || match rows.get() {
            None => view! { <Working what="Reading the log"/> }.into_any(),
            Some(rows) => table(app, &rows, kind.get()),
        }}
        {move || more.get().then(|| view! { <Button on:click=move |_| read(rows.with_untracked(|rows| rows.as_ref().map_or(0, Vec::len)))>"Show older rows"</Button> })}
    }
}

fn table(app: AppState, rows: &[Row], kind: Kind) -> AnyView {
    let ends: BTreeMap<&CallId, (Outcome, u64)> = rows
        .iter()
        .filter_map(|row| match &row.entry {
            Entry::Finished { call, outcome, took } => Some((call, (*outcome, *took))),
            _ => None,
        })
        .collect();
    let what = |connector: &ConnectorId, action: &str| {
        if connector.as_str().is_empty() {
            return view! { <bdi>{action.to_owned()}</bdi>" "<span class="small">"of no connector"</span> }.into_any();
        }
        let named = app
            .rulebook
            .with_untracked(|book| book.connector(connector).ok().map(|one| (one.name.clone(), one.host.clone())));
        let (name, host) = named.unwrap_or_else(|| (connector.to_string(), "removed".to_owned()));
        view! { <bdi>{action.to_owned()}</bdi>" "<span class="small"><bdi>{name}</bdi>" · "<bdi>{host}</bdi></span> }
            .into_any()
    };
    let lines: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let at = clock(row.at);
            Some(match (&row.entry, kind) {
                (Entry::Allowed { call, class, basis }, Kind::Calls) => {
                    let end = ends.get(&call.id).copied();
                    view! {
                        <tr><td>{at}</td><td>{what(&call.connector, &call.action)}</td><td><ClassMark class=*class/></td><td>{basis.sentence()}</td>
                            <td class:stop=end.is_none_or(|(outcome, _)| outcome != Outcome::Done)>{end_words(end)}</td></tr>
                    }
                    .into_any()
                }
                (Entry::Refused { call, cause }, Kind::Refusals) => view! {
                    <tr><td>{at}</td><td>{what(&call.connector, &call.action)}</td><td colspan="3">{sentence(&cause.sentence())}</td></tr>
                }
                .into_any(),
                (Entry::Changed { subject, how, .. }, Kind::Changes) => view! {
                    <tr><td>{at}</td><td><bdi>{subject.clone()}</bdi></td><td colspan="3"><bdi>{how.clone()}</bdi></td></tr>
                }
                .into_any(),
                (Entry::Began { after }, Kind::Changes) => view! {
                    <tr><td>{at}</td><td>"audit log"</td><td colspan="3">{match after {
                        Some(ended) => format!("began anew after everything was erased; the chain before had {}", plural(usize::try_from(ended.rows).unwrap_or(usize::MAX), "row")),
                        None => "began".to_owned(),
                    }}</td></tr>
                }
                .into_any(),
                _ => return None,
            })
        })
        .collect();
    if lines.is_empty() {
        return view! { <p class="none">{match kind {
            Kind::Calls => "No call has run yet.",
            Kind::Refusals => "Nothing was refused.",
            Kind::Changes => "Nothing was changed.",
        }}</p> }
        .into_any();
    }
    let last: [&str; 3] = match kind {
        Kind::Calls => ["Class", "Decision", "Outcome"],
        Kind::Refusals => ["Why", "", ""],
        Kind::Changes => ["What happened", "", ""],
    };
    let heads: Vec<_> = last.into_iter().filter(|head| !head.is_empty()).collect();
    let span = if heads.len() == 1 { "3" } else { "1" };
    view! {
        <div class="table-wrap"><table class="audit-table">
            <thead><tr><th scope="col">"When"</th><th scope="col">{if kind == Kind::Changes { "What" } else { "Action" }}</th>
                {heads.into_iter().map(|head| view! { <th scope="col" colspan=span>{head}</th> }).collect_view()}</tr></thead>
            <tbody>{lines}</tbody>
        </table></div>
    }
    .into_any()
}

fn end_words(end: Option<(Outcome, u64)>) -> String {
    let Some((outcome, took)) = end else { return "no end was recorded; it may have happened".to_owned() };
    let words = match outcome {
        Outcome::Done => "done",
        Outcome::ToolError => "the server answered with an error",
        Outcome::NotSent => "not sent",
        Outcome::Failed => "the server refused it",
        Outcome::Unknown => "unknown; it may have happened",
        Outcome::Cancelled => "cancelled; the server may still finish",
    };
    format!("{words} · {}", seconds(took))
}
