//! What an app may do, what it did, and what it was kept from, in words (X92).

use browser::app_frame::AppReport;
use browser::mcp::apps::NOT_STOPPED;
use browser::workspace::apps::AppDocument;
use leptos::prelude::*;
use std::collections::BTreeSet;

use super::words::{granted, permissions};
use crate::results::Visible;
use crate::ui::CopyButton;

/// Entries of a list that are shown.
const SHOWN: usize = 30;

/// The report of an app that is open.
#[component]
pub(super) fn Report(
    /// Its page.
    document: AppDocument,
    /// What happened.
    report: RwSignal<AppReport>,
    /// Whether it runs on an origin of its own.
    apart: bool,
) -> impl IntoView {
    let approved = document.approved.clone();
    let allowed = names(&document);
    let digest = approved.html.as_str().to_owned();
    let blocked = move || {
        let rows: Vec<(String, u32)> =
            report.with(|report| report.blocked.iter().map(|(one, count)| (one.sentence(), *count)).collect());
        if rows.is_empty() {
            return view! { <p>"Nothing was blocked."</p> }.into_any();
        }
        let rows: Vec<_> = rows
            .into_iter()
            .take(SHOWN)
            .map(|(says, count)| {
                let times = if count > 1 { format!(", {count} times") } else { String::new() };
                view! { <li><Visible text=says/>{times}</li> }
            })
            .collect();
        view! { <ul>{rows}</ul> }.into_any()
    };
    let calls = move || {
        let row = |(what, how)| view! { <li><code><Visible text=what/></code>" · "<Visible text=how/></li> }.into_any();
        newest(report.with(|report| report.calls.clone()), "It called nothing.", row)
    };
    let logs = move || {
        let row = |line| view! { <li><Visible text=line/></li> }.into_any();
        newest(report.with(|report| report.logs.clone()), "It logged nothing.", row)
    };
    let text = {
        let (document, digest) = (document.clone(), digest.clone());
        Signal::derive(move || as_text(&document, &digest, &report.get(), apart))
    };
    view! {
        <div class="app-report" role="group" aria-label="Report about the app">
            <h4>"What it may do"</h4>
            <ul>{granted(&document.sources).into_iter().map(|says| view! { <li><Visible text=says/></li> }).collect_view()}
                {permissions(&approved.permissions, &allowed).into_iter().map(|says| view! { <li>{says}</li> }).collect_view()}
                <li>{NOT_STOPPED}</li>
                {document.domain.clone().map(|domain| view! { <li>"It would like to be at "<code><Visible text=domain/></code>", which is not given here."</li> })}</ul>
            <h4>"What was blocked"</h4>
            {blocked}
            <h4>"What it called"</h4>
            {calls}
            <h4>"What it logged"</h4>
            {logs}
            <h4>"Where it runs"</h4>
            <p>{place(apart)}</p>
            <p><code class="digest" title=digest.clone()>{format!("sha-256 {}…", digest.chars().take(16).collect::<String>())}</code>
                <span class="small">{format!(" · {} bytes · ", approved.bytes)}<Visible text=approved.uri.clone()/></span></p>
            <CopyButton text label="Copy the report"/>
        </div>
    }
}

/// The last of what an app did, the newest first.
fn newest<T>(rows: Vec<T>, nothing: &'static str, draw: impl Fn(T) -> AnyView) -> AnyView {
    if rows.is_empty() {
        return view! { <p>{nothing}</p> }.into_any();
    }
    let more = rows.len().saturating_sub(SHOWN);
    let rows: Vec<_> = rows.into_iter().rev().take(SHOWN).map(draw).collect();
    view! { <ul>{rows}</ul>{(more > 0).then(|| view! { <p class="cut">{format!("{more} earlier ones are not shown.")}</p> })} }
        .into_any()
}

/// What of the device the workspace lets the app ask for, by name.
fn names(document: &AppDocument) -> BTreeSet<String> {
    document.asks.iter().map(|one| one.name().to_owned()).collect()
}

/// Where an app runs, in words.
fn place(apart: bool) -> &'static str {
    match apart {
        true => "In a frame without an origin, inside a sandbox on another origin than this page.",
        false => {
            "In a frame without an origin, inside a sandbox on this site. The specification wants another origin for the sandbox; this deployment has none."
        }
    }
}

fn as_text(document: &AppDocument, digest: &str, report: &AppReport, apart: bool) -> String {
    let mut lines = vec![
        format!("App {} (sha-256 {digest}, {} bytes)", document.approved.uri, document.approved.bytes),
        place(apart).to_owned(),
    ];
    lines.extend(granted(&document.sources));
    lines.extend(permissions(&document.approved.permissions, &names(document)));
    lines.push(NOT_STOPPED.to_owned());
    lines.extend(report.blocked.iter().map(|(one, count)| format!("Blocked {count}: {}", one.sentence())));
    lines.extend(report.calls.iter().map(|(what, how)| format!("Called {what}: {how}")));
    lines.extend(report.logs.iter().map(|line| format!("Logged {line}")));
    lines.join("\n")
}
