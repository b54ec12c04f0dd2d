//! Taking the record along: all of it so that it can be verified, a choice of it, and conversations for compliance.

use browser::RecordPart;
use leptos::prelude::*;

use super::filter::{Filters, counted};
use super::work::Work;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Growing, Segmented, save_text};

/// The tab.
#[component]
pub(super) fn Export() -> impl IntoView {
    let app = use_state();
    let filters = expect_context::<Filters>();
    let part = RwSignal::new(RecordPart::Calls);
    let count = RwSignal::new(None::<u64>);
    Effect::new(move |_| {
        let filter = filters.wanted(part.get());
        let ws = app.ws();
        app.run(async move { ws.record_count(&filter).await }, move |found| {
            count.try_set(Some(found));
        });
    });
    let work = Work::new();
    let whole = move || {
        let (ws, mut file) = (app.ws(), Growing::new("countersign-audit.jsonl"));
        let export = async move {
            ws.export_audit(|text, here, of| grow(work, &mut file, text, here, of)).await?;
            Ok(file)
        };
        work.begin(app, "Exporting every entry", export, Growing::save);
    };
    let lines = move || {
        let (ws, filter) = (app.ws(), filters.wanted(part.get_untracked()));
        let mut file = Growing::new("countersign-audit-chosen.jsonl");
        let export = async move {
            ws.export_record(&filter, |text, here, of| grow(work, &mut file, text, here, of)).await?;
            Ok(file)
        };
        work.begin(app, "Exporting what fits the filter", export, Growing::save);
    };
    let table = move || {
        let (ws, filter) = (app.ws(), filters.wanted(part.get_untracked()));
        let mut file = Growing::new("countersign-audit.csv");
        let export = async move {
            ws.export_table(&filter, |text, here, of| grow(work, &mut file, text, here, of)).await?;
            Ok(file)
        };
        work.begin(app, "Exporting what fits the filter", export, Growing::save);
    };
    let conversations = move || {
        let ws = app.ws();
        app.run(async move { ws.export_conversations().await }, |text| {
            save_text("countersign-conversations.jsonl", &text);
        });
    };
    let busy = Signal::derive(move || work.busy());
    let all = app.ws().sees_all_of_record();
    // Where a plan has no such export, there is nothing to see of it.
    let compliance = move || {
        let me = app.ws().me();
        app.rulebook.with(|book| {
            book.plan().compliance_export && book.member(&me).is_ok_and(|me| book.may_export_conversations(me).is_ok())
        })
    };
    view! {
        {work.view("Cancel export")}
        {all.then(|| view! {
            <section class="setting"><h2>"Everything"</h2>
                <p>"Every entry as JSON lines, with a checkpoint signed now. It can be verified without this page: by "<code>"countersign/verify"</code>" of the npm package, or "<code>"cargo xtask verify-audit"</code>"."</p>
                <Button look=ButtonLook::Primary disabled=busy on:click=move |_| whole()>"Export every entry"</Button></section>
        })}
        <section class="setting"><h2>"With the current filter"</h2>
            <Segmented label="Entries" value=part on_change=move |value| part.set(value)
                options=vec![(RecordPart::Calls, "Tool calls"), (RecordPart::Refusals, "Refusals"), (RecordPart::Questions, "Questions"), (RecordPart::Changes, "Activity")]/>
            <super::filter::FilterBar part=RecordPart::Calls/>
            <p role="status">{move || count.get().map(|count| format!("{}.", counted(count, part.get())))}</p>
            <p>"As JSON lines each entry can be verified for itself. As CSV it is for reading in a table program, and cannot be verified."</p>
            <div class="row">
                <Button disabled=busy on:click=move |_| lines()>"Export JSONL"</Button>
                <Button disabled=busy on:click=move |_| table()>"Export CSV"</Button>
            </div></section>
        <section class="setting"><h2>"What is left out"</h2>
            <p>"Arguments and results, which the record does not hold: only their SHA-256 is in it. What looks like a secret in a reason or a setting is masked. Tokens and keys are nowhere in it. Every export is an entry of its own."</p></section>
        {move || compliance().then(|| view! {
            <section class="setting"><h2>"Conversations for compliance"</h2>
                <p>"Every conversation that this browser holds, with its calls, what was decided about each and whose connector it was. Texts that look like a secret are masked; tokens and keys are left out."</p>
                <Button on:click=move |_| conversations()>"Export conversations"</Button></section>
        })}
    }
}

fn grow(work: Work, file: &mut Growing, text: &str, here: u64, of: u64) {
    file.put(text);
    work.told(here, of);
}
