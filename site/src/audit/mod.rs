//! The record: what was changed, every call that ran and every one that did not, whether it is whole, and taking it
//! along (screens.md e.2).
//!
//! Lines come page by page out of an index, so that a long record opens as fast as a short one. Who may not see what
//! others did sees their own calls.

mod export;
mod filter;
mod integrity;
mod keep;
mod table;

pub(crate) use filter::Filters;

use browser::{RecordFilter, RecordPage, RecordPart};
use leptos::prelude::*;

use crate::connectors::plural;
use crate::router::{AuditTab, Route, page_title};
use crate::state::use_state;
use crate::ui::{Button, Tab, Tabs, Working};

/// Lines on a page.
const PAGE: usize = 50;

/// The page.
#[component]
pub(crate) fn AuditPage(
    /// The tab.
    tab: AuditTab,
) -> impl IntoView {
    let app = use_state();
    let all = app.ws().sees_all_of_record();
    let title = if all { "Audit" } else { "My calls" };
    page_title(move || title.into());
    view! {
        <header class="head"><div class="grow"><h1>{title}</h1>
            <p class="lead">{if all {
                "Every call that ran and every one that did not, and every change. Arguments and results are not in it, only their digests."
            } else {
                "Every call that was made for you and every one that was not. Arguments and results are not in it, only their digests."
            }}</p></div></header>
        <Tabs label="Record">
            <Tab to=Route::Audit(AuditTab::Activity)>"Activity"</Tab>
            <Tab to=Route::Audit(AuditTab::Calls)>"Tool calls"</Tab>
            <Tab to=Route::Audit(AuditTab::Refusals)>"Refusals"</Tab>
            <Tab to=Route::Audit(AuditTab::Integrity)>"Integrity"</Tab>
            <Tab to=Route::Audit(AuditTab::Export)>"Export"</Tab>
        </Tabs>
        {match tab {
            AuditTab::Activity => view! { <h2 class="sr">"Activity"</h2><Lines part=RecordPart::Changes/> }.into_any(),
            AuditTab::Calls => view! { <h2 class="sr">"Tool calls"</h2><Lines part=RecordPart::Calls/><keep::Payloads/> }.into_any(),
            AuditTab::Refusals => view! { <h2 class="sr">"Refusals"</h2><Lines part=RecordPart::Refusals/> }.into_any(),
            AuditTab::Integrity => view! { <integrity::Integrity/> }.into_any(),
            AuditTab::Export => view! { <export::Export/> }.into_any(),
        }}
    }
}

/// The lines of one kind that fit the filter, page by page.
#[component]
fn Lines(
    /// The kind.
    part: RecordPart,
) -> impl IntoView {
    let app = use_state();
    let filters = expect_context::<Filters>();
    let page = RwSignal::new(None::<RecordPage>);
    let count = RwSignal::new(None::<u64>);
    // An answer to an older question is not shown.
    let asked = StoredValue::new(0_u32);
    let read = move |filter: RecordFilter, before: Option<u64>| {
        let mine = asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let ws = app.ws();
        let counts = filter.clone();
        let current = move || asked.try_get_value() == mine;
        app.run(async move { ws.record(&filter, before, PAGE).await }, move |found| {
            if !current() {
                return;
            }
            let _ = page.try_update(|page| match (before, page) {
                (Some(_), Some(page)) => {
                    page.lines.extend(found.lines);
                    page.next = found.next;
                }
                (_, page) => *page = Some(found),
            });
        });
        if before.is_none() {
            let ws = app.ws();
            app.run(async move { ws.record_count(&counts).await }, move |found| {
                if current() {
                    count.try_set(Some(found));
                }
            });
        }
    };
    let wanted = Memo::new(move |_| filters.wanted(part));
    Effect::new(move |_| read(wanted.get(), None));
    let more = move || {
        let before = page.with_untracked(|page| page.as_ref().and_then(|page| page.next));
        read(wanted.get_untracked(), before);
    };
    view! {
        <filter::FilterBar part/>
        <p class="small" role="status">{move || count.get().map(|count| {
            let noun = if part == RecordPart::Changes { "change" } else { "call" };
            plural(usize::try_from(count).unwrap_or(usize::MAX), noun)
        })}</p>
        {move || match page.get() {
            None => view! { <Working what="Reading the record"/> }.into_any(),
            Some(page) if page.lines.is_empty() => view! { <p class="none">{match (part, filters.any(part)) {
                (_, true) => "Nothing fits this filter.",
                (RecordPart::Calls, _) => "No call was wanted yet.",
                (RecordPart::Refusals, _) => "Nothing was refused.",
                (RecordPart::Changes, _) => "Nothing was changed yet.",
            }}</p> }.into_any(),
            Some(page) => table::table(app, part, &page.lines),
        }}
        {move || page.with(|page| page.as_ref().is_some_and(|page| page.next.is_some())).then(|| view! {
            <div><Button on:click=move |_| more()>"Show older entries"</Button></div>
        })}
    }
}
