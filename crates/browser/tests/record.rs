//! The record: what is in it, how it is found, what proves it, what goes out of it, and remembered answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use std::cell::Cell;
use std::rc::Rc;

use browser::policy::audit::line::About;
use browser::policy::audit::{Broken, Decided, Entry, Line, file};
use browser::policy::{Class, Permission, Profile, Role, Setting};
use browser::store::memory::Memory;
use browser::store::{Op, Store as _, Table};
use browser::{Answer, CallRequest, Code, Confirm, RecordFilter, RecordPart, Workspace};
use common::{ended, in_memory, object, over, question, start};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "in-browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn list() -> CallRequest {
    CallRequest { connector: "notebook".into(), action: "list_notes".into(), arguments: object(json!({})) }
}

/// A call that is allowed, one that is denied, one that nobody answers, one that a rule blocks, and one that reads.
async fn every_way(ws: &Workspace) {
    let id = ws.new_conversation().await.unwrap();
    for answer in [Some(Answer::AllowOnce), Some(Answer::Deny { reason: Some("not now".into()) }), None] {
        let call = start(ws, &id, "create a note", "create_note", json!({"title": "Milk", "text": "x"})).await;
        let asked = question(ws).await;
        match answer {
            Some(answer) => ws.answer(&call, &asked.shown, answer).unwrap(),
            None => ws.cancel_call(&call),
        }
        ended(ws, &id, &call).await;
    }
    ws.set_action_on(&"notebook".into(), "delete_all_notes", false).await.unwrap();
    let wipe = CallRequest { action: "delete_all_notes".into(), ..list() };
    assert_eq!(ws.call(wipe, Confirm::Ask).await.unwrap_err().code, Code::Blocked);
    ws.call(list(), Confirm::Never).await.unwrap();
}

async fn lines(ws: &Workspace, filter: &RecordFilter) -> Vec<Line> {
    ws.record(filter, None, 100).await.unwrap().lines
}

fn decided(lines: &[Line]) -> Vec<Decided> {
    let one = |line: &Line| match &line.about {
        About::Call(call) => call.decided,
        About::Question(_) | About::Change { .. } => panic!("no call: {line:?}"),
    };
    lines.iter().map(one).collect()
}

#[wasm_bindgen_test]
async fn n16_every_call_is_a_line_with_its_decision_made_or_not() {
    let ws = in_memory().await;
    every_way(&ws).await;
    let calls = lines(&ws, &RecordFilter::default()).await;
    let all = [Decided::Policy, Decided::Blocked, Decided::NotAnswered, Decided::Denied, Decided::Once];
    assert_eq!(decided(&calls), all);
    let refusals = RecordFilter { part: RecordPart::Refusals, ..RecordFilter::default() };
    assert_eq!(decided(&lines(&ws, &refusals).await), all[1..4]);
    let About::Call(denied) = &calls[3].about else { panic!("it is a call") };
    assert_eq!((denied.why.as_str(), denied.class), ("you declined: not now", Some(Class::Write)));
    let About::Call(ran) = &calls[4].about else { panic!("it is a call") };
    assert_eq!((ran.outcome_words(), ran.sent, ran.took.is_some()), ("done", 1, true));

    let by = |change: fn(&mut RecordFilter)| {
        let mut filter = RecordFilter::default();
        change(&mut filter);
        filter
    };
    let cases = [
        (by(|one| one.decided = Some(Decided::Denied)), 1),
        (by(|one| one.class = Some(Class::Read)), 1),
        (by(|one| one.action = Some("create_note".into())), 3),
        (by(|one| one.connector = Some("notebook".into())), 5),
        (by(|one| one.connector = Some("guide".into())), 0),
        (by(|one| one.person = Some("me".into())), 5),
        (by(|one| (one.action, one.decided) = (Some("create_note".into()), Some(Decided::Once))), 1),
        (by(|one| (one.class, one.decided) = (Some(Class::Read), Some(Decided::Once))), 0),
        (by(|one| one.until = Some(1)), 0),
        (by(|one| one.from = Some(1)), 5),
    ];
    for (filter, count) in cases {
        assert_eq!(lines(&ws, &filter).await.len(), count, "{filter:?}");
        assert_eq!(ws.record_count(&filter).await.unwrap(), count as u64, "{filter:?}");
    }
}

#[wasm_bindgen_test]
async fn a_page_follows_the_other_until_there_is_none() {
    let ws = in_memory().await;
    for _ in 0..7 {
        ws.call(list(), Confirm::Never).await.unwrap();
    }
    let (mut seen, mut next) = (Vec::new(), None);
    loop {
        let page = ws.record(&RecordFilter::default(), next, 3).await.unwrap();
        seen.extend(page.lines.iter().map(|line| line.seq));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (7, &sorted));
}

#[wasm_bindgen_test]
async fn s092_a_change_is_on_record_with_what_it_was_before() {
    let ws = in_memory().await;
    ws.rename_workspace("Desk").await.unwrap();
    ws.set_profile(Profile::Business).await.unwrap();
    let changes = lines(&ws, &RecordFilter { part: RecordPart::Changes, ..RecordFilter::default() }).await;
    let About::Change { subject, how, before, after } = &changes[0].about else { panic!("it is a change") };
    assert_eq!((subject.as_str(), how.as_str()), ("workspace", "profile changed"));
    assert_eq!((before.as_deref(), after.as_deref()), (Some("enterprise"), Some("business")));
    assert_eq!(changes[0].person, Some("me".into()));
    let before = changes.len();
    ws.set_profile(Profile::Business).await.unwrap();
    let changes = RecordFilter { part: RecordPart::Changes, ..RecordFilter::default() };
    assert_eq!(lines(&ws, &changes).await.len(), before, "what changes nothing is no row");
}

#[wasm_bindgen_test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    let store = Memory::new();
    let ws = over(&store).await;
    store.fail_writes(Some(browser::store::StoreError::Full("no room".into())));
    assert_eq!(ws.rename_workspace("Desk").await.unwrap_err().code, Code::Storage);
    assert_ne!(ws.rulebook().workspace.name, "Desk");
}

#[wasm_bindgen_test]
async fn x123_checkpoints_are_signed_by_a_key_that_cannot_be_read_out_and_rotate() {
    let store = Memory::new();
    let ws = over(&store).await;
    ws.call(list(), Confirm::Never).await.unwrap();
    let first = ws.sign_checkpoint().await.unwrap();
    let rotated = ws.new_signing_key().await.unwrap();
    assert_ne!(first.key, rotated.key);
    let state = ws.verify_audit().await.unwrap();
    assert_eq!((state.broken, state.checkpoint.as_ref()), (vec![], Some(&rotated)));
    let pair = store.key_pair("audit").await.unwrap().unwrap();
    let private = js_sys::Reflect::get(&pair, &"privateKey".into()).unwrap();
    let out = js_sys::Reflect::get(&private, &"extractable".into()).unwrap();
    assert_eq!(out.as_bool(), Some(false));

    // A checkpoint about what never was has a signature that does not fit.
    let rows = ws.audit(browser::AuditFilter::default()).await.unwrap();
    let row = rows.iter().find(|row| matches!(row.entry, Entry::Checkpoint(_))).unwrap();
    let text = serde_json::to_string(row).unwrap();
    let forged = text.replacen("\"signature\":\"", "\"signature\":\"00", 1);
    store.write(vec![Op::Put(Table::Audit, format!("{:012}", row.seq), forged)]).await.unwrap();
    let broken = ws.verify_audit().await.unwrap().broken;
    assert!(broken.contains(&Broken::Signature { seq: row.seq }), "{broken:?}");
}

#[wasm_bindgen_test]
async fn x123_a_checkpoint_is_signed_after_so_many_rows() {
    let ws = in_memory().await;
    for _ in 0..86 {
        ws.call(list(), Confirm::Never).await.unwrap();
    }
    for _ in 0..100 {
        if ws.verify_audit().await.unwrap().checkpoint.is_some() {
            break;
        }
        browser::time::sleep(20).await;
    }
    let state = ws.verify_audit().await.unwrap();
    let checkpoint = state.checkpoint.unwrap();
    assert!((256..270).contains(&checkpoint.rows), "{checkpoint:?}");
    assert_eq!(state.broken, []);
}

#[wasm_bindgen_test]
async fn x123_missing_entries_are_told_with_what_is_around_them_and_the_work_is_told_of() {
    let store = Memory::new();
    let ws = over(&store).await;
    for _ in 0..5 {
        ws.call(list(), Confirm::Never).await.unwrap();
    }
    let gone = (4..8).map(|seq| Op::Delete(Table::Audit, format!("{seq:012}"))).collect();
    store.write(gone).await.unwrap();
    let told = Rc::new(Cell::new((0, 0)));
    let hears = told.clone();
    let state = ws.verify_audit_telling(move |seen, of| hears.set((seen, of))).await.unwrap();
    assert!(
        matches!(state.broken.as_slice(), [Broken::Missing { count: 4, from: 3, to: 8, .. }]),
        "{:?}",
        state.broken
    );
    assert_eq!(told.get(), (16, 16));
}

#[wasm_bindgen_test]
async fn a10_who_does_not_run_the_workspace_finds_their_own_calls_and_no_others() {
    let ws = in_memory().await;
    let ada = ws.add_member("Ada", "", Role::Member, Vec::new()).await.unwrap();
    ws.call(list(), Confirm::Never).await.unwrap();
    ws.be(ada.clone()).await.unwrap();
    ws.call(list(), Confirm::Never).await.unwrap();
    let calls = RecordFilter { part: RecordPart::Calls, ..RecordFilter::default() };
    assert_eq!(lines(&ws, &calls).await.len(), 1, "her own");
    let others = RecordFilter { person: Some("me".into()), ..calls.clone() };
    assert_eq!(lines(&ws, &others).await.len(), 1, "whatever the filter says");
    assert_eq!(jsonl(&ws, &others).await.matches("\"member\":\"me\"").count(), 0, "and none in an export");
    ws.be("me".into()).await.unwrap();
    assert_eq!(lines(&ws, &calls).await.len(), 2, "whoever runs the workspace finds all");
}

#[wasm_bindgen_test]
async fn ro008_a_check_during_which_everything_is_erased_says_nothing_bad_of_what_followed() {
    let store = Memory::new();
    let ws = over(&store).await;
    // More rows than are read at once, so that the chain ends between two pieces.
    for _ in 0..170 {
        ws.call(list(), Confirm::Never).await.unwrap();
    }
    let other = over(&store).await;
    let (erased, began) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
    let (first, rows) = (erased.clone(), began.clone());
    let state = ws
        .verify_audit_telling(move |seen, of| {
            if !first.replace(true) {
                assert!(seen < of, "{seen} of {of}");
                rows.set(of);
                other.erase_all().now_or_never().expect("nothing waits in memory").unwrap();
            }
        })
        .await
        .unwrap();
    assert!(erased.get() && state.rows < began.get(), "it is about the chain that followed");
    assert_eq!(state.broken, []);
    assert!(!ws.record_is_broken());
    assert!(!over(&store).await.record_is_broken(), "and nothing else was kept of it");
}

async fn jsonl(ws: &Workspace, filter: &RecordFilter) -> String {
    let mut text = String::new();
    ws.export_record(filter, |piece, _, _| text.push_str(piece)).await.unwrap();
    text
}

#[wasm_bindgen_test]
async fn x123_x21_an_export_verifies_without_the_page_and_holds_no_secret() {
    let ws = in_memory().await;
    every_way(&ws).await;
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let id = ws.new_conversation().await.unwrap();
    let call = start(&ws, &id, "create a note", "create_note", json!({"title": secret, "text": "x"})).await;
    let asked = question(&ws).await;
    ws.answer(&call, &asked.shown, Answer::Deny { reason: Some(format!("it has {secret}")) }).unwrap();
    ended(&ws, &id, &call).await;

    let (mut whole, mut told) = (String::new(), Vec::new());
    let put = |piece: &str, here, of| {
        whole.push_str(piece);
        told.push((here, of));
    };
    ws.export_audit(put).await.unwrap();
    assert!(told.first().unwrap().0 == 0 && told.last().unwrap().0 == told[0].1, "{told:?}");
    assert!(!whole.contains(&secret));
    let verdict = file::check(&whole, None, |_| true).unwrap();
    assert_eq!((verdict.report.broken, verdict.header.filter), (vec![], None));
    let checkpoint = verdict.header.checkpoint.unwrap();
    assert_eq!(verdict.header.rows, checkpoint.rows + 1, "the checkpoint is the last row");
    let cut: Vec<&str> = whole.lines().take(6).collect();
    let broken = file::check(&cut.join("\n"), Some(&checkpoint), |_| true).unwrap().report.broken;
    assert!(broken.iter().any(|one| matches!(one, Broken::CutOff { .. })), "{broken:?}");

    let denied = RecordFilter { decided: Some(Decided::Denied), ..RecordFilter::default() };
    let some = jsonl(&ws, &denied).await;
    let verdict = file::check(&some, None, |_| true).unwrap();
    assert_eq!((verdict.report.broken, verdict.report.rows), (vec![], 2));
    assert_eq!(verdict.header.filter.as_deref(), Some("tool calls, denied"));
    let once = RecordFilter { decided: Some(Decided::Once), ..RecordFilter::default() };
    let with_ends = file::check(&jsonl(&ws, &once).await, None, |_| true).unwrap();
    assert_eq!(with_ends.report.rows, 3, "allowed, sent and finished");

    let mut table = String::new();
    ws.export_table(&denied, |piece, _, _| table.push_str(piece)).await.unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.contains("Notebook · ") && table.contains("denied") && !table.contains(&secret), "{table}");
    assert!(table.starts_with("entry,time (UTC),") && table.contains("arguments and results are left out"));
}

#[wasm_bindgen_test]
async fn x102_payloads_are_kept_only_when_that_is_on_masked_cut_and_for_auditors() {
    let ws = in_memory().await;
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let note = |text: String| CallRequest {
        action: "create_note".into(),
        arguments: object(json!({"title": "Long", "text": text})),
        ..list()
    };
    let allow = || Confirm::With(Box::new(|_| Box::pin(futures_util::future::ready(Answer::AllowOnce))));
    let before = ws.call(note("x".into()), allow()).await.unwrap();
    let auditor = ws.add_role("Auditor").await.unwrap();
    ws.set_role(&auditor, Permission::SeePayloads, Setting::On).await.unwrap();
    ws.give_role(&"me".into(), &auditor, true).await.unwrap();
    assert_eq!(ws.payload(&before.id).await.unwrap(), None, "off by default");

    ws.set_payload_days(Some(7)).await.unwrap();
    let long = format!("{secret} {}", "word ".repeat(2_000));
    let done = ws.call(note(long.clone()), allow()).await.unwrap();
    let payload = ws.payload(&done.id).await.unwrap().unwrap();
    assert!(payload.arguments.bytes > 10_000 && payload.arguments.text.len() <= 4096);
    assert!(!payload.arguments.text.contains(&secret));
    let result = payload.result.unwrap();
    assert!(result.bytes > 0 && !result.text.contains("_meta") && !result.text.contains(&secret));

    ws.give_role(&"me".into(), &auditor, false).await.unwrap();
    assert_eq!(ws.payload(&done.id).await.unwrap_err().code, Code::Blocked, "an owner is no auditor by being one");
    ws.give_role(&"me".into(), &auditor, true).await.unwrap();
    ws.set_payload_days(None).await.unwrap();
    assert_eq!(ws.payload(&done.id).await.unwrap(), None, "switched off, nothing stays");
    let rows = ws.audit(browser::AuditFilter::default()).await.unwrap();
    let measured = rows.iter().find_map(|row| match &row.entry {
        Entry::Finished { call, result, .. } if *call == done.id => result.clone(),
        _ => None,
    });
    assert_eq!(measured.unwrap().bytes, done.result.to_string().len() as u64, "the row has size and digest");
}

#[wasm_bindgen_test]
async fn s097_conversations_are_exported_with_calls_decisions_and_provenance_where_the_plan_has_that() {
    let ws = in_memory().await;
    every_way(&ws).await;
    let text = ws.export_conversations().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["conversations"]), (2, &json!(1)));
    assert!(lines[0]["left_out"].as_str().unwrap().contains("masked"));
    let calls = lines[1]["calls"].as_array().unwrap();
    let decisions: Vec<&str> = calls.iter().map(|call| call["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["allowed once", "denied", "not answered"]);
    assert_eq!(calls[0]["connector"], "Notebook");
    assert!(calls[0]["provenance"].is_string() && calls[0]["entries"].as_array().unwrap().len() == 3);
    let exported = RecordFilter { part: RecordPart::Changes, ..RecordFilter::default() };
    let newest = &ws.record(&exported, None, 1).await.unwrap().lines[0];
    assert!(matches!(&newest.about, About::Change { subject, .. } if subject == "conversations"), "{newest:?}");

    ws.set_profile(Profile::Business).await.unwrap();
    assert_eq!(ws.export_conversations().await.unwrap_err().code, Code::Blocked);
}

#[wasm_bindgen_test]
async fn results_are_erased_and_the_words_stay() {
    let ws = in_memory().await;
    every_way(&ws).await;
    let id = ws.conversations()[0].id.clone();
    assert_eq!(ws.erase_results().await.unwrap(), 1);
    let conversation = ws.conversation(&id).await.unwrap();
    assert!(conversation.calls().count() == 3 && conversation.calls().all(|card| card.result.is_none()));
    assert_eq!(ws.erase_results().await.unwrap(), 0);
    assert_eq!(ws.erase_conversations().await.unwrap(), 1);
    assert!(ws.conversations().is_empty());
    assert!(!lines(&ws, &RecordFilter::default()).await.is_empty(), "the record keeps which calls were made");
}

#[wasm_bindgen_test]
async fn approvals_say_how_often_they_were_used_and_can_be_taken_back() {
    let ws = in_memory().await;
    assert_eq!(ws.approvals().await.unwrap(), []);
    assert_eq!(ws.revoke_approval(&"none".into()).await.unwrap_err().code, Code::NotFound);
    assert_eq!(ws.revoke_approvals().await.unwrap(), 0);
}
