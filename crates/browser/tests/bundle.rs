//! Moving a workspace between browsers: who may sign, what an import forgets, and what it writes at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use browser::policy::audit::Entry;
use browser::policy::bundle::PublicKey;
use browser::policy::snapshot::ServerInfo;
use browser::policy::{Access, Action, Connector, Member, MemberId, Provider, Role, Rulebook, SignIn, Snapshot};
use browser::store::memory::Memory;
use browser::store::{Op, Store as _, Table};
use browser::{AuditFilter, BundleSource, Code, Governed, Keep, Options, Pinned, Where, Workspace};
use common::{open, over};
use serde_json::json;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "in-browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const PASSPHRASE: &str = "correct horse battery staple";

/// A workspace with Ada, who owns it, Bob, and a published connector at an address that signs in with a header.
fn acme(address: &str) -> Rulebook {
    let mut book = Rulebook::first_run("Ada", 1);
    let bob = Member { id: "bob".into(), name: "Bob".into(), role: Role::Member, ..book.members[0].clone() };
    book.members.push(bob);
    let tool = json!({"name": "find", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}});
    let actions = vec![Action::new(tool).unwrap()];
    let snapshot = Snapshot::new(1, 1, ServerInfo::default(), "2025-11-25".into(), None, actions).unwrap();
    let host = address.trim_start_matches("https://").split('/').next().unwrap().to_owned();
    let part = Connector::built_in("tracker".into(), "Tracker", "", Provider::Custom, "me".into(), snapshot, 1);
    book.connectors.push(Connector {
        address: address.to_owned(),
        host,
        reach: browser::policy::Reach::Public,
        access: Access::Everyone,
        sign_in: SignIn::Header { name: "X-Key".into() },
        ..part
    });
    book
}

/// A store with a workspace in it.
async fn kept(book: &Rulebook) -> Memory {
    let store = Memory::new();
    let text = json!({ "schema": 1, "rulebook": book }).to_string();
    store.write(vec![Op::Put(Table::Settings, "rulebook".into(), text)]).await.unwrap();
    store
}

async fn read_and_import(ws: &Workspace, file: &str, me: &str) {
    let import = ws.read_bundle(file).await.unwrap();
    ws.import_bundle(import, MemberId::from(me)).await.unwrap();
}

/// Puts other rules in the place of those in a store, as if they had been changed by hand, and opens it again.
async fn reopened(store: &Memory, book: &Rulebook) -> Workspace {
    let text = json!({ "schema": 1, "rulebook": book }).to_string();
    store.write(vec![Op::Put(Table::Settings, "rulebook".into(), text)]).await.unwrap();
    over(store).await
}

#[wasm_bindgen_test]
async fn x06_an_import_forgets_the_sign_in_of_a_connector_that_leads_elsewhere() {
    let store = kept(&acme("https://mcp.example.com/mcp")).await;
    let ada = over(&store).await;
    ada.make_signing_key(PASSPHRASE).await.unwrap();
    let first = ada.export_bundle(None, true).await.unwrap();

    let bob = common::in_memory().await;
    read_and_import(&bob, &first, "bob").await;
    let id = "tracker".into();
    bob.set_header_value(&id, "bobs-own-key", Keep::Memory).await.unwrap();
    assert!(bob.has_header_value(&id).await.unwrap());

    // The same again changes nothing about it.
    let again = ada.export_bundle(None, true).await.unwrap();
    read_and_import(&bob, &again, "bob").await;
    assert!(bob.has_header_value(&id).await.unwrap());

    let ada = reopened(&store, &acme("https://elsewhere.example/mcp")).await;
    let moved = ada.export_bundle(None, true).await.unwrap();
    read_and_import(&bob, &moved, "bob").await;
    assert!(!bob.has_header_value(&id).await.unwrap(), "Bob's key must not reach another server");
    assert_eq!(bob.rulebook().connector(&id).unwrap().host, "elsewhere.example");
}

#[wasm_bindgen_test]
async fn the_old_key_lets_the_new_one_in_and_nobody_else_is() {
    let ada = over(&kept(&acme("https://mcp.example.com/mcp")).await).await;
    assert_eq!(
        ada.export_bundle(None, true).await.unwrap_err().code,
        Code::Invalid,
        "nothing is exported without a key"
    );
    assert_eq!(ada.make_signing_key("short").await.unwrap_err().code, Code::Invalid);
    ada.make_signing_key(PASSPHRASE).await.unwrap();
    let first = ada.export_bundle(None, true).await.unwrap();

    // A second owner's browser, with a key of its own that may not sign yet.
    let second = common::in_memory().await;
    read_and_import(&second, &first, "me").await;
    second.make_signing_key(PASSPHRASE).await.unwrap();
    assert_eq!(second.export_bundle(None, true).await.unwrap_err().code, Code::Blocked);

    // A third browser that only follows.
    let bob = common::in_memory().await;
    read_and_import(&bob, &first, "bob").await;

    let key: PublicKey = second.signing_key().await.unwrap().unwrap();
    ada.trust_key(key, true).await.unwrap();
    let handed_over = ada.export_bundle(None, true).await.unwrap();
    read_and_import(&second, &handed_over, "me").await;
    let by_the_second = second.export_bundle(Some("it@example.com".into()), true).await.unwrap();
    assert_eq!(
        bob.read_bundle(&by_the_second).await.unwrap_err().code,
        Code::Blocked,
        "Bob has not seen that the old key lets the new one in"
    );
    read_and_import(&bob, &handed_over, "bob").await;
    let import = bob.read_bundle(&by_the_second).await.unwrap();
    assert!(import.known && import.changes.is_empty());
    assert_eq!(import.contact.as_deref(), Some("it@example.com"));
    bob.import_bundle(import, "bob".into()).await.unwrap();

    // Bob runs nothing, so he signs nothing.
    assert_eq!(bob.make_signing_key(PASSPHRASE).await.unwrap_err().code, Code::Blocked);
    assert_eq!(bob.set_lockdown(true).await.unwrap_err().code, Code::Blocked);
}

#[wasm_bindgen_test]
async fn an_import_is_one_write_with_its_audit_row_and_keeps_who_the_person_is() {
    let ada = over(&kept(&acme("https://mcp.example.com/mcp")).await).await;
    ada.make_signing_key(PASSPHRASE).await.unwrap();
    let file = ada.export_bundle(None, true).await.unwrap();

    let store = Memory::new();
    let bob = over(&store).await;
    read_and_import(&bob, &file, "bob").await;
    let rows = bob.audit(AuditFilter::default()).await.unwrap();
    let told = rows.iter().any(|row| {
        matches!(&row.entry, Entry::Changed { subject, how, .. } if subject == "policy bundle" && how.contains("number 1 imported"))
    });
    assert!(told, "{rows:?}");
    assert_eq!(bob.since_bundle().await.unwrap(), Some(false));
    bob.close();

    let again = over(&store).await;
    assert_eq!(again.me(), MemberId::from("bob"));
    assert_eq!(again.rulebook().members.len(), 2);
    assert_eq!(again.read_bundle(&file).await.unwrap().changes, [], "the very same once more is no harm");
    // Somebody else at the same browser.
    again.be("me".into()).await.unwrap();
    assert!(again.be("nobody".into()).await.is_err());
    again.set_developer_mode(true).await.unwrap();
    again.be("bob".into()).await.unwrap();
    assert!(again.rulebook().members.iter().all(|member| !member.developer.on), "a switch is one person's");
}

#[wasm_bindgen_test]
async fn x121_a_site_whose_bundle_does_not_come_only_reads() {
    // Nothing answers there, and no key is pinned: neither is taken for a site without signed settings.
    let source = BundleSource::Url("https://policy.invalid/policy.json".into());
    let pinned = Pinned { source, keys: Vec::new(), contact: None };
    let store = Memory::new();
    let fetcher =
        browser::Fetcher::custom(js_sys::Function::new_no_args("return Promise.reject(new TypeError('off'))"));
    let ws = open(Options { store: Where::Store(Rc::new(store)), pinned: Some(pinned), fetcher, ..Options::default() })
        .await;
    assert!(matches!(ws.governed(), Governed::Unverified { .. }));
    assert_eq!(ws.rename_workspace("Mine").await.unwrap_err().code, Code::Blocked);
    assert_eq!(ws.set_lockdown(true).await.unwrap_err().code, Code::Blocked);
    assert_eq!(ws.export_bundle(None, true).await.unwrap_err().code, Code::Blocked);
}

/// A site over a store that is tied to a bundle.
async fn tied(store: &Memory, file: &str, key: &str) -> Workspace {
    let pinned = Pinned { source: BundleSource::Text(file.to_owned()), keys: vec![key.to_owned()], contact: None };
    open(Options { store: Where::Store(Rc::new(store.clone())), pinned: Some(pinned), ..Options::default() }).await
}

#[wasm_bindgen_test]
async fn ro006_a_demo_that_signed_settings_name_is_there_while_they_name_it_and_is_not_stored() {
    let workbench = browser::policy::ConnectorId::from("workbench");
    let ada = over(&Memory::new()).await;
    ada.make_signing_key(PASSPHRASE).await.unwrap();
    let key = ada.signing_key().await.unwrap().unwrap().id().to_string();
    ada.add_demo(&workbench).await.unwrap();
    ada.set_action_on(&workbench, "start_workflow", false).await.unwrap();
    let names = ada.export_bundle(None, false).await.unwrap();
    ada.set_action_on(&workbench, "start_workflow", true).await.unwrap();
    let loosened = ada.export_bundle(None, false).await.unwrap();
    ada.remove_demo(&workbench).await.unwrap();
    let without = ada.export_bundle(None, false).await.unwrap();

    let store = Memory::new();
    let stored = || async { store.get(Table::Settings, "rulebook").await.unwrap().unwrap() };
    let on = |ws: &Workspace, name: &str| ws.rulebook().connector(&workbench).unwrap().is_on(name);
    let ws = tied(&store, &names, &key).await;
    assert!(on(&ws, "list_customers") && !on(&ws, "start_workflow"), "as it was decided");
    assert!(ws.is_demo_signed(&workbench) && ws.demos().is_empty());
    assert_eq!(ws.remove_demo(&workbench).await.unwrap_err().code, Code::Blocked);
    assert_eq!(ws.set_action_on(&workbench, "start_workflow", true).await.unwrap_err().code, Code::Blocked);
    ws.set_lockdown(true).await.unwrap();
    assert!(!stored().await.contains("workbench"), "it is not stored");
    ws.set_action_on(&workbench, "list_customers", false).await.unwrap();
    let told: Vec<String> = ws.stricter_here().into_iter().flat_map(|one| one.detail).collect();
    assert_eq!(told, ["off → on", "`list_customers` off"]);
    ws.close();

    // The next settings loosen one action; what was decided here stays stricter.
    let ws = tied(&store, &loosened, &key).await;
    assert!(on(&ws, "start_workflow") && !on(&ws, "list_customers"));
    assert!(ws.rulebook().workspace.lockdown, "decided here");
    ws.close();

    let ws = tied(&store, &without, &key).await;
    assert!(ws.rulebook().connector(&workbench).is_err(), "named no more, it goes");
    assert_eq!(ws.demos().len(), 1);
    ws.add_demo(&workbench).await.unwrap();
    ws.close();
    let ws = tied(&store, &without, &key).await;
    assert!(on(&ws, "list_customers"), "what somebody added is theirs");
    assert!(!ws.is_demo_signed(&workbench));
    ws.remove_demo(&workbench).await.unwrap();
    assert!(!stored().await.contains("workbench"));
}

#[wasm_bindgen_test]
async fn x121_a_site_without_its_bundle_reads_by_the_one_that_was_verified_last() {
    let workbench = browser::policy::ConnectorId::from("workbench");
    let ada = over(&Memory::new()).await;
    ada.make_signing_key(PASSPHRASE).await.unwrap();
    let key = ada.signing_key().await.unwrap().unwrap().id().to_string();
    ada.add_demo(&workbench).await.unwrap();
    ada.set_action_on(&workbench, "list_customers", false).await.unwrap();
    ada.set_lockdown(true).await.unwrap();
    let file = ada.export_bundle(None, false).await.unwrap();

    let store = Memory::new();
    let ws = tied(&store, &file, &key).await;
    ws.set_action_on(&"notebook".into(), "delete_note", false).await.unwrap();
    ws.close();
    let holds = |ws: &Workspace| {
        let book = ws.rulebook();
        book.workspace.lockdown && book.connector(&workbench).is_ok_and(|one| !one.is_on("list_customers"))
    };
    let ws = tied(&store, "nothing that was signed", &key).await;
    assert!(matches!(ws.governed(), Governed::Unverified { .. }));
    assert!(holds(&ws), "what was signed last");
    assert!(!ws.rulebook().connector(&"notebook".into()).unwrap().is_on("delete_note"), "and what was decided here");
    ws.close();
    // What somebody wrote into the store in its place is not what was signed.
    let forged = file.replace("\"lockdown\": true", "\"lockdown\": false");
    assert_ne!(forged, file);
    store.write(vec![Op::Put(Table::Settings, "bundle-seen".into(), forged)]).await.unwrap();
    let ws = tied(&store, "nothing that was signed", &key).await;
    assert!(matches!(ws.governed(), Governed::Unverified { .. }) && !holds(&ws), "it does not count");
}
