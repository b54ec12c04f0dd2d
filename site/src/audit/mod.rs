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
pub(crate) mod work;

pub(crate) use filter::Filters;

use browser::{Change, RecordFilter, RecordPage, RecordPart};
use leptos::prelude::*;

use crate::connectors::plural;
use crate::router::{AuditTab, Route, page_title};
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook, Tab, Tabs, Working};

/// Lines on a page.
const PAGE: usize = 50;
/// How long rows are let come in before they are counted, in milliseconds: a call writes several.
const CALM: u64 = 300;

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
    let days = Memo::new(move |_| app.rulebook.with(|book| book.workspace.record.payload_days));
    view! {
        <header class="head"><div class="grow"><h1>{title}</h1>
            <p class="lead">{if all {
                "Every call that ran and every one that did not, and every change. "
            } else {
                "Every call that was made for you and every one that was not. "
            }}{move || match days.get() {
                None => "Arguments and results are not in it, only their digests.".to_owned(),
                Some(days) => format!("The record has only digests of arguments and results. Beside it this browser keeps their beginning for {}, secrets masked, for auditors.", plural(days.into(), "day")),
            }}</p></div></header>
        <Tabs label="Record">
            <Tab to=Route::Audit(AuditTab::Activity)>"Activity"</Tab>
            <Tab to=Route::Audit(AuditTab::Calls)>"Tool calls"</Tab>
            <Tab to=Route::Audit(AuditTab::Refusals)>"Refusals"</Tab>
            <Tab to=Route::Audit(AuditTab::Questions)>"Questions"</Tab>
            <Tab to=Route::Audit(AuditTab::Integrity)>"Integrity"</Tab>
            <Tab to=Route::Audit(AuditTab::Export)>"Export"</Tab>
        </Tabs>
        {match tab {
            AuditTab::Activity => view! { <h2 class="sr">"Activity"</h2><Lines part=RecordPart::Changes/> }.into_any(),
            AuditTab::Calls => view! { <h2 class="sr">"Tool calls"</h2><Lines part=RecordPart::Calls/><keep::Payloads/> }.into_any(),
            AuditTab::Refusals => view! { <h2 class="sr">"Refusals"</h2><Lines part=RecordPart::Refusals/> }.into_any(),
            AuditTab::Questions => view! { <h2 class="sr">"Questions"</h2><Lines part=RecordPart::Questions/> }.into_any(),
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
    let news = News::of(app, page, wanted);
    let older = Older::of(app);
    Effect::new(move |_| {
        news.count.set(0);
        read(wanted.get(), None);
        older.look();
    });
    // Entries that are ready by now are shown as long as the first page has room for them.
    Effect::new(move |before: Option<Option<u64>>| {
        let left = older.left.get();
        let room = page.with_untracked(|page| page.as_ref().is_some_and(|page| page.lines.len() < PAGE));
        if before.flatten().is_some_and(|before| Some(before) != left) && room {
            read(wanted.get_untracked(), None);
        }
        left
    });
    let show = move || {
        news.count.set(0);
        read(wanted.get_untracked(), None);
    };
    let more = move || {
        let before = page.with_untracked(|page| page.as_ref().and_then(|page| page.next));
        read(wanted.get_untracked(), before);
    };
    view! {
        <filter::FilterBar part/>
        <p class="small" role="status">{move || older.left.get().map(|left| format!("{left} entries of an earlier version are being prepared, the newest first; until then they are not found."))}</p>
        <div class="row" role="status">{move || Some(news.count.get()).filter(|count| *count > 0).map(|count| view! {
            <span>{format!("{} new {}", count, noun(part, count))}</span>
            <Button look=ButtonLook::Link small=true on:click=move |_| show()>{format!("Show new {}", noun(part, count))}</Button>
        })}</div>
        <p class="small" role="status">{move || count.get().map(|count| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            plural(count, noun(part, 1))
        })}</p>
        {move || match page.get() {
            None => view! { <Working what="Reading the record"/> }.into_any(),
            Some(page) if page.lines.is_empty() && page.next.is_some() => view! { <p class="none">"Nothing so far."</p> }.into_any(),
            Some(page) if page.lines.is_empty() => view! { <p class="none">{match (part, untrack(|| filters.any(part))) {
                (_, true) => "Nothing fits this filter.",
                (RecordPart::Calls, _) => "No call was wanted yet.",
                (RecordPart::Refusals, _) => "Nothing was refused.",
                (RecordPart::Questions, _) => "No server has asked you anything yet.",
                (RecordPart::Changes, _) => "Nothing was changed yet.",
            }}</p> }.into_any(),
            Some(page) => table::table(app, part, &page.lines),
        }}
        {move || page.with(|page| page.as_ref().is_some_and(|page| page.next.is_some())).then(|| view! {
            <div><Button on:click=move |_| more()>"Show older entries"</Button></div>
        })}
    }
}

/// What a line of a kind is called.
fn noun(part: RecordPart, count: usize) -> &'static str {
    match (part, count) {
        (RecordPart::Questions, 1) => "question",
        (RecordPart::Questions, _) => "questions",
        (RecordPart::Changes, 1) => "change",
        (RecordPart::Changes, _) => "changes",
        (_, 1) => "call",
        _ => "calls",
    }
}

/// How many lines were added since the page was read. They are shown when the person asks for them, so that nothing
/// moves under their eyes.
#[derive(Clone, Copy)]
struct News {
    count: RwSignal<usize>,
}

impl News {
    /// Listens for as long as the page is shown.
    fn of(app: AppState, page: RwSignal<Option<RecordPage>>, wanted: Memo<RecordFilter>) -> Self {
        let count = RwSignal::new(0);
        let waiting = StoredValue::new(false);
        let look = move || {
            let _ = waiting.try_update_value(|waiting| *waiting = false);
            let Some(Some(newest)) = page.try_with_untracked(|page| page.as_ref().map(newest)) else { return };
            let Some(filter) = wanted.try_get_untracked() else { return };
            let ws = app.ws();
            let asked = filter.clone();
            app.run(async move { ws.record_since(&asked, newest).await }, move |found| {
                // Only while the same lines are on the page.
                let same = page.try_with_untracked(|page| page.as_ref().map(self::newest)) == Some(Some(newest));
                if same && wanted.try_get_untracked().as_ref() == Some(&filter) {
                    count.try_set(found);
                }
            });
        };
        let hears = app.ws().subscribe(move |change| {
            let first = || waiting.try_update_value(|waiting| !std::mem::replace(waiting, true)) == Some(true);
            if matches!(change, Change::Record) && first() {
                set_timeout(look, std::time::Duration::from_millis(CALM));
            }
        });
        // Goes with the page.
        StoredValue::new_local(hears);
        News { count }
    }
}

/// The place of the newest line of a page.
fn newest(page: &RecordPage) -> Option<u64> {
    page.lines.first().map(|line| line.seq)
}

/// How many entries of an earlier version cannot be found yet.
#[derive(Clone, Copy)]
struct Older {
    app: AppState,
    left: RwSignal<Option<u64>>,
}

impl Older {
    fn of(app: AppState) -> Self {
        Older { app, left: RwSignal::new(None) }
    }

    /// Looks, and again until there are none.
    fn look(self) {
        let ws = self.app.ws();
        self.app.run(async move { ws.record_older().await }, move |left| {
            let there = self.left.try_set((left > 0).then_some(left)).is_none();
            if left > 0 && there {
                set_timeout(move || self.look(), std::time::Duration::from_millis(CALM));
            }
        });
    }
}
