//! Whether the record is whole, and checkpoints that prove it later.

use browser::AuditState;
use browser::policy::audit::{Broken, Checkpoint};
use leptos::prelude::*;

use super::work::Work;
use crate::connectors::new::sentence;
use crate::connectors::plural;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, clock, save_text};

/// The tab.
#[component]
pub(super) fn Integrity() -> impl IntoView {
    let app = use_state();
    let found = RwSignal::new(None::<AuditState>);
    let last = RwSignal::new(None::<Checkpoint>);
    let work = Work::new();
    let verify = move || {
        let ws = app.ws();
        found.set(None);
        let check = async move { ws.verify_audit_telling(move |here, of| work.told(here, of)).await };
        work.begin(app, "Checking the chain", check, move |state| {
            last.try_set(state.checkpoint.clone());
            found.try_set(Some(state));
        });
    };
    verify();
    let kept = move |checkpoint: Checkpoint| {
        if let Ok(text) = serde_json::to_string_pretty(&checkpoint) {
            save_text("countersign-checkpoint.json", &format!("{text}\n"));
        }
        last.try_set(Some(checkpoint));
    };
    let sign = move || {
        let ws = app.ws();
        app.run(async move { ws.sign_checkpoint().await }, kept);
    };
    let new_key = move || {
        let ws = app.ws();
        app.run(async move { ws.new_signing_key().await }, move |checkpoint| {
            app.tell("A new key signs from now on. The old one signed that.");
            kept(checkpoint);
        });
    };
    let report = move || {
        let ws = app.ws();
        let check = async move { ws.integrity_report(move |here, of| work.told(here, of)).await };
        work.begin(app, "Checking the chain for the report", check, |text| {
            save_text("countersign-integrity.json", &text);
        });
    };
    let busy = Signal::derive(move || work.busy());
    let all = app.ws().sees_all_of_record();
    view! {
        <h2 class="section">"The chain"</h2>
        {work.view("End check")}
        {move || match found.get() {
            None => (!busy.get()).then(|| view! { <p>"The check was ended before it was through. Nothing is known about the chain."</p> }).into_any(),
            Some(state) if state.broken.is_empty() => view! {
                <div class="note ok" role="status"><b>"Whole"</b><span class="grow">{entries(state.rows)}", each with the hash of the one before it."</span></div>
            }.into_any(),
            Some(state) => view! {
                <div class="note danger" role="alert"><b>"Broken"</b><span class="grow">{entries(state.rows)}" are there. What is wrong with them:"
                    <ul class="bullets">{state.broken.iter().map(|broken| view! { <li>{words(broken)}</li> }).collect_view()}</ul></span></div>
            }.into_any(),
        }}
        <div class="row">
            <Button on:click=move |_| verify() disabled=busy>"Verify now"</Button>
            {all.then(|| view! { <Button disabled=busy on:click=move |_| report()>"Export integrity report"</Button> })}
        </div>
        <section class="setting"><h2>"Checkpoints"</h2>
            {move || match last.get() {
                None => view! { <p>"Nothing was signed yet."</p> }.into_any(),
                Some(checkpoint) => view! { <p>{format!("The last one covers {} and was signed on {} by the key ", entries(checkpoint.rows), clock(checkpoint.at))}
                    <code>{checkpoint.key.short()}</code>"."</p> }.into_any(),
            }}
            <p>"A checkpoint says how far the record goes, signed by a key that cannot be read out of this browser. One is signed with every export, every 256 entries, and once a day in which something happens."</p>
            <p><b>"What it proves: "</b>"whoever owns the browser owns its key, and could make another record. A checkpoint proves something only once it has been kept elsewhere: then an entry that is changed, or cut off before it, is found."</p>
            {all.then(|| view! {
                <div class="row">
                    <Button look=ButtonLook::Primary on:click=move |_| sign()>"Sign and save checkpoint"</Button>
                    <Button on:click=move |_| new_key()>"Replace signing key"</Button>
                </div>
            })}
        </section>
    }
}

fn entries(count: u64) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count == 1 { plural(count, "entry") } else { format!("{count} entries") }
}

/// What is wrong, with the times where that says more than places.
fn words(broken: &Broken) -> String {
    match broken {
        Broken::Missing { count, after, before, .. } => {
            let missing = if *count == 1 { "1 entry is".to_owned() } else { format!("{count} entries are") };
            format!("{missing} missing between {} and {}.", clock(*after), clock(*before))
        }
        other => sentence(&other.to_string()),
    }
}
