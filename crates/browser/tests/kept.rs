//! What only a browser has: IndexedDB, Web Locks, BroadcastChannel, sessionStorage, WebCrypto. Two workspaces over one
//! database are two tabs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]
#![cfg(feature = "in-browser")]

mod common;

use std::rc::Rc;

use browser::chat::conversation::{Body, CallState, File};
use browser::glance::Glance;
use browser::policy::{Chosen, Mode, Provenance, SignIn};
use browser::store::indexed_db::IndexedDb;
use browser::store::{Op, Store, StoreError, Table};
use browser::{
    Answer, AuditFilter, CallRequest, Change, Code, Confirm, Fetcher, Keep, ModelConfig, NewConnector, Options,
    StorageState, Unsent, Where, Wish, Workspace,
};
use common::{called, ended, mcp_server, object, open, question, until};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn fresh() -> String {
    format!("test-{}", js_sys::Math::random())
}

async fn tab(name: &str) -> Workspace {
    open(Options { store: Where::IndexedDb(name.to_owned()), ..Options::default() }).await
}

#[wasm_bindgen_test]
async fn a_store_keeps_orders_and_refuses_to_overwrite() {
    let store = IndexedDb::open(&fresh(), || ()).await.unwrap();
    let put = |key: &str, value: &str| Op::Put(Table::Items, key.to_owned(), value.to_owned());
    store.write(vec![put("a/2", "two"), put("a/1", "o\u{202e}ne"), put("b/1", "other")]).await.unwrap();
    let all: Vec<String> =
        store.range(Table::Items, "a/", "a/\u{ffff}").await.unwrap().into_iter().map(|(k, _)| k).collect();
    assert_eq!(all, ["a/1", "a/2"]);
    assert_eq!(store.get(Table::Items, "a/1").await.unwrap().unwrap(), "o\u{202e}ne");
    assert_eq!(store.last(Table::Items).await.unwrap().unwrap().0, "b/1");
    let twice = store.write(vec![put("c", "x"), Op::Add(Table::Items, "a/1".into(), "y".into())]).await;
    assert!(matches!(twice, Err(StoreError::Exists(_))), "{twice:?}");
    assert_eq!(store.get(Table::Items, "c").await.unwrap(), None, "all or nothing");
    store.write(vec![Op::DeletePrefix(Table::Items, "a/".into())]).await.unwrap();
    assert_eq!(store.all(Table::Items).await.unwrap().len(), 1);
}

#[wasm_bindgen_test]
async fn a_newer_page_takes_the_database_over_and_the_old_one_says_so() {
    let name = fresh();
    let ws = tab(&name).await;
    assert_eq!(ws.storage_state(), StorageState::Kept);
    let factory = idb::Factory::new().unwrap();
    let newer = factory.open(&name, Some(1000)).unwrap().await.unwrap();
    until("the news", || matches!(ws.storage_state(), StorageState::Unavailable { .. }).then_some(())).await;
    assert_eq!(ws.rename_workspace("x").await.unwrap_err().code, Code::Storage);
    let after = tab(&name).await;
    assert!(
        matches!(after.storage_state(), StorageState::Unavailable { .. }),
        "an older page does not touch newer data"
    );
    newer.close();
}

#[wasm_bindgen_test]
async fn a_glance_shows_what_the_workspace_shows_before_it_is_opened() {
    let name = fresh();
    assert_eq!(Glance::read(&name).await, Glance::first(), "nothing is kept yet");
    let ws = tab(&name).await;
    assert_eq!(Glance::read(&name).await, Glance::first(), "a new workspace is what the first glance says");

    ws.rename_me("Ada").await.unwrap();
    ws.rename_workspace("Desk").await.unwrap();
    ws.set_action_on(&"notebook".into(), "delete_all_notes", false).await.unwrap();
    let model = ModelConfig {
        id: String::new(),
        name: "Small".into(),
        base_url: "https://models.example/v1".into(),
        model: "small".into(),
        context: None,
        key: None,
        ..ModelConfig::default()
    };
    let model = ws.save_model(model, None).await.unwrap();
    ws.choose_model(Some(&model)).await.unwrap();
    let first = ws.new_conversation().await.unwrap();
    ws.rename_conversation(&first, "Older").await.unwrap();
    browser::time::sleep(5).await;
    let second = ws.new_conversation().await.unwrap();
    ws.rename_conversation(&second, "Newer").await.unwrap();
    browser::time::sleep(600).await;

    let glance = Glance::read(&name).await;
    assert_eq!((glance.person.name.as_str(), glance.person.workspace.as_str()), ("Ada", "Desk"));
    assert!(glance.person.runs_workspace);
    let notebook = glance.offers.iter().find(|offer| offer.id.as_str() == "notebook").unwrap();
    assert!(!notebook.actions.iter().any(|name| name == "delete_all_notes"));
    assert_eq!(notebook.on, notebook.actions.len());
    assert_eq!(glance.conversations, ws.conversations());
    assert_eq!(glance.conversations[0].title, "Newer");
    assert_eq!(glance.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["Small"]);
    assert_eq!(glance.chosen_model, Some(model));
    assert_eq!(glance.storage, StorageState::Kept);
}

#[wasm_bindgen_test]
async fn everything_is_there_after_a_reload() {
    let name = fresh();
    let ws = tab(&name).await;
    ws.rename_workspace("Ours").await.unwrap();
    let id = ws.new_conversation().await.unwrap();
    let call = common::start(&ws, &id, "create a note", "create_note", json!({"title": "Kept", "text": "x"})).await;
    let asked = question(&ws).await;
    let (done, seen) = futures_channel::oneshot::channel();
    let done = std::cell::RefCell::new(Some(done));
    let _listening = ws.subscribe(move |change| {
        if let Change::Item { item, .. } = change
            && let Body::Call(card) = &item.body
            && card.state == CallState::Done
            && let Some(done) = done.borrow_mut().take()
        {
            let _ = done.send(());
        }
    });
    ws.answer(&call, &asked.shown, Answer::AllowOnce).unwrap();
    // What is shown as done is kept: a reload in the very same moment finds it.
    seen.await.unwrap();
    let other = tab(&name).await;
    assert_eq!(other.conversation(&id).await.unwrap().call(&call).unwrap().state, CallState::Done);
    other.close();
    ws.close();

    let ws = tab(&name).await;
    assert_eq!(ws.rulebook().workspace.name, "Ours");
    assert_eq!(ws.conversations()[0].title, "create a note");
    let conversation = ws.conversation(&id).await.unwrap();
    assert_eq!(conversation.items.len(), 3);
    assert_eq!(conversation.call(&call).unwrap().state, CallState::Done);
    let found = ws.search_conversations("create note").await;
    assert_eq!(found.len(), 1);
    assert!(ws.search_conversations("unheard of").await.is_empty());
    let list = CallRequest { connector: "notebook".into(), action: "list_notes".into(), arguments: object(json!({})) };
    let notes = ws.call(list, Confirm::Never).await.unwrap();
    assert_eq!(notes.result["structuredContent"]["notes"][0]["title"], "Kept");
    assert_eq!(ws.verify_audit().await.unwrap().broken, []);
    ws.delete_conversation(&id).await.unwrap();
    assert_eq!(ws.conversation(&id).await.unwrap_err().code, Code::NotFound);
}

#[wasm_bindgen_test]
async fn x129_another_tab_sees_changes_and_rules_are_checked_with_them() {
    let name = fresh();
    let (one, two) = (tab(&name).await, tab(&name).await);
    let id = one.new_conversation().await.unwrap();
    let call = common::start(&one, &id, "create a note", "create_note", json!({"title": "t"})).await;
    let asked = question(&one).await;
    until("the conversation in the other tab", || two.conversations().into_iter().find(|head| head.id == id)).await;
    // The call waits in the first tab, so the second shows it as it is and does not end it.
    let there = two.conversation(&id).await.unwrap();
    if let Some(card) = there.call(&call) {
        assert!(!card.state.ended(), "{:?}", card.state);
    }
    assert!(two.questions().is_empty());

    two.set_action_on(&"notebook".into(), "create_note", false).await.unwrap();
    let off = |ws: &Workspace| !ws.rulebook().connector(&"notebook".into()).unwrap().is_on("create_note");
    until("the rule in the first tab", || off(&one).then_some(())).await;
    assert_eq!(one.answer(&call, &asked.shown, Answer::AllowOnce).unwrap_err().code, Code::Blocked);
    ended(&one, &id, &call).await;
}

#[wasm_bindgen_test]
async fn two_tabs_do_not_undo_each_other_and_write_one_record() {
    let name = fresh();
    let (one, two) = (tab(&name).await, tab(&name).await);
    let (a, b) = futures_util::future::join(one.rename_workspace("Both"), two.set_developer_mode(true)).await;
    a.unwrap();
    b.unwrap();
    let three = tab(&name).await;
    assert_eq!(three.rulebook().workspace.name, "Both");
    assert!(three.rulebook().members[0].developer.on);

    let list = |ws: Workspace| async move {
        for _ in 0..5 {
            let list =
                CallRequest { connector: "notebook".into(), action: "list_notes".into(), arguments: object(json!({})) };
            ws.call(list, Confirm::Never).await.unwrap();
        }
    };
    futures_util::future::join(list(one.clone()), list(two.clone())).await;
    let state = one.verify_audit().await.unwrap();
    assert_eq!((state.rows, state.broken), (33, vec![]), "ten calls, two changes, and the beginning");
    assert_eq!(one.audit(AuditFilter { take: 7, ..AuditFilter::default() }).await.unwrap().len(), 7);
}

#[wasm_bindgen_test]
async fn a_turn_that_runs_in_one_tab_is_not_started_in_another() {
    let name = fresh();
    let (one, two) = (tab(&name).await, tab(&name).await);
    let id = one.new_conversation().await.unwrap();
    common::start(&one, &id, "create a note", "create_note", json!({"title": "t"})).await;
    question(&one).await;
    until("the conversation in the other tab", || two.conversations().into_iter().find(|head| head.id == id)).await;
    two.conversation(&id).await.unwrap();
    assert_eq!(two.say(&id, "list my notes").unwrap_err().code, Code::Busy);
    let asked = question(&one).await;
    one.answer(&asked.id, &asked.shown, Answer::Deny { reason: None }).unwrap();
    // Once it is over there, it goes on here, after what happened there.
    for _ in 0..200 {
        if two.say(&id, "list my notes").is_ok() {
            break;
        }
        browser::time::sleep(20).await;
    }
    until("the end", || (!two.is_running(&id)).then_some(())).await;
    let conversation = two.conversation(&id).await.unwrap();
    let kinds: Vec<&str> = conversation
        .items
        .iter()
        .map(|item| match &item.body {
            Body::Said { .. } => "said",
            Body::Proposal(_) => "proposal",
            Body::Call(_) => "call",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["said", "proposal", "call", "said", "proposal"]);
}

#[wasm_bindgen_test]
async fn ct001_nothing_is_chosen_for_a_conversation_while_another_tab_runs_something_in_it() {
    let name = fresh();
    let (one, two) = (tab(&name).await, tab(&name).await);
    let id = one.new_conversation().await.unwrap();
    common::start(&one, &id, "create a note", "create_note", json!({"title": "t"})).await;
    let asked = question(&one).await;
    until("the conversation in the other tab", || two.conversations().into_iter().find(|head| head.id == id)).await;
    let before = two.conversation(&id).await.unwrap();
    let account = two.accounts(&"notebook".into())[0].id.clone();
    let said = before.items[0].id.clone();
    let refused = [
        two.set_active(&id, Vec::new()).await,
        two.act_as(&id, &"notebook".into(), Some(account)).await,
        two.set_mode(&id, Mode::Research, None).await,
        two.choose(&id, Chosen::default()).await,
        two.pin(&id, Vec::new()).await,
        two.choose_mind(&id, Some(browser::chat::conversation::DIRECT.to_owned())).await,
        two.rename_conversation(&id, "Mine").await,
        two.show_version(&id, &said),
        two.say(&id, "list my notes"),
    ];
    for refusal in refused {
        let error = refusal.unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (Code::Busy, "this conversation is running in another tab"));
    }
    let after = two.conversation(&id).await.unwrap();
    assert_eq!((after.connectors, after.mode, after.accounts), (before.connectors, before.mode, before.accounts));
    one.answer(&asked.id, &asked.shown, Answer::Deny { reason: None }).unwrap();
    for _ in 0..200 {
        if two.set_active(&id, vec!["notebook".into()]).await.is_ok() {
            break;
        }
        browser::time::sleep(20).await;
    }
    two.set_mode(&id, Mode::Knowledge, None).await.unwrap();
    until("the choice in the first tab", || (one.mode_of(&id) == Mode::Knowledge).then_some(())).await;
}

#[wasm_bindgen_test]
async fn ct002_what_was_attached_is_kept_until_it_is_sent_and_a_picture_is_whole_in_every_export() {
    let name = fresh();
    let ws = tab(&name).await;
    let id = ws.new_conversation().await.unwrap();
    // Letters that would be a key, were they no picture.
    let image = format!("iVBORw0KGgo{}", "sk-ant-api03-".replace('-', "/").repeat(4));
    let picture =
        File { name: "a.png".into(), size: 9, text: None, image: Some(image.clone()), mime: Some("image/png".into()) };
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ0123";
    let keys = File { name: "keys".into(), size: 40, text: Some(format!("TOKEN={token}")), image: None, mime: None };
    let wish = |connector: &str| Wish {
        connector: connector.into(),
        uri: "note://1".into(),
        name: "One".into(),
        host: "h".into(),
        size: None,
    };
    ws.keep_unsent(Some(&id), [&picture, &keys], &[wish("notebook"), wish("gone")]);
    ws.keep_unsent(None, [&keys], &[]);
    let again = tab(&name).await;
    let unsent = again.unsent(Some(&id)).await.unwrap();
    assert_eq!((unsent.files.len(), unsent.attached), (2, vec![wish("notebook")]));
    assert_eq!(again.unsent(None).await.unwrap().files, [keys.clone()]);
    ws.keep_unsent(None, [], &[]);
    // It is written soon, and not before this goes on.
    for _ in 0..200 {
        if again.unsent(None).await.unwrap() == Unsent::default() {
            break;
        }
        browser::time::sleep(20).await;
    }
    assert_eq!(again.unsent(None).await.unwrap(), Unsent::default());

    ws.say_with(&id, "look", Vec::new(), vec![picture, keys]).unwrap();
    until("the end", || (!ws.is_running(&id)).then_some(())).await;
    let everything = std::cell::RefCell::new(String::new());
    ws.export(|piece, _, _| everything.borrow_mut().push_str(piece)).await.unwrap();
    let exports =
        [ws.export_conversation(&id).await.unwrap(), ws.export_conversations().await.unwrap(), everything.into_inner()];
    for export in exports {
        assert!(export.contains(&image), "the picture is whole: {export}");
        assert!(export.contains("a.png") && export.contains("image/png"));
        assert!(!export.contains(token), "a text is masked");
    }
    ws.delete_conversation(&id).await.unwrap();
    assert_eq!(again.unsent(Some(&id)).await.unwrap(), Unsent::default(), "it goes with its conversation");
}

async fn draft_with_header(name: &str, keep: Keep) -> (Workspace, browser::policy::ConnectorId) {
    let tools = Rc::new(std::cell::RefCell::new(json!([
        { "name": "get", "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } },
    ])));
    let played = mcp_server(tools, |got| called(got, got.header("x-key").unwrap_or("none")));
    let ws = open(Options {
        store: Where::IndexedDb(name.to_owned()),
        fetcher: Fetcher::custom(played.function.clone()),
        ..Options::default()
    })
    .await;
    ws.set_developer_mode(true).await.unwrap();
    let new = NewConnector {
        name: "Keyed".into(),
        description: String::new(),
        address: "https://mcp.example.com/mcp".into(),
        provenance: Provenance::Own,
        sign_in: SignIn::Header { name: "X-Key".into() },
        header_value: Some("s3cret-value".into()),
        keep,
        colour: None,
    };
    let scanned = ws.scan(&new, |_| ()).await.unwrap();
    let id = ws.create_draft(new, scanned).await.unwrap();
    (ws, id)
}

#[wasm_bindgen_test]
async fn x120_a_header_value_survives_a_reload_encrypted_and_is_gone_after_erasing() {
    for keep in [Keep::Tab, Keep::Device] {
        let name = fresh();
        let (ws, id) = draft_with_header(&name, keep).await;
        ws.close();
        browser::time::sleep(100).await;
        let ws = tab(&name).await;
        assert!(ws.has_header_value(&id).await.unwrap(), "{keep:?}");
        let window = js_sys::global();
        let storage = js_sys::Reflect::get(&window, &"sessionStorage".into()).unwrap();
        let text = String::from(js_sys::JSON::stringify(&storage).unwrap());
        assert!(!text.contains("s3cret-value"), "not in plain text");
        let raw = IndexedDb::open(&name, || ()).await.unwrap();
        for table in Table::ALL {
            assert!(!format!("{:?}", raw.all(table).await.unwrap()).contains("s3cret-value"), "{table:?}");
        }
        let key = raw.crypto_key().await.unwrap().unwrap();
        assert!(!key.extractable());
        ws.erase_all().await.unwrap();
        assert!(!ws.has_header_value(&id).await.unwrap());
        assert!(raw.crypto_key().await.unwrap().is_none());
    }
    let name = fresh();
    let (ws, id) = draft_with_header(&name, Keep::Memory).await;
    assert!(ws.has_header_value(&id).await.unwrap());
    let again = tab(&name).await;
    assert!(!again.has_header_value(&id).await.unwrap(), "memory only is gone with a reload");
}

#[wasm_bindgen_test]
async fn x130_a_changed_base_url_loses_the_key() {
    let ws = tab(&fresh()).await;
    let config = ModelConfig {
        id: String::new(),
        name: "Mine".into(),
        base_url: "https://one.example/v1".into(),
        model: "m".into(),
        context: None,
        key: Some(Keep::Tab),
        ..ModelConfig::default()
    };
    let id = ws.save_model(config.clone(), Some("sk-1".into())).await.unwrap();
    assert!(ws.has_key(&id).await.unwrap());
    ws.save_model(ModelConfig { id: id.clone(), name: "Renamed".into(), ..config.clone() }, None).await.unwrap();
    assert!(ws.has_key(&id).await.unwrap());
    let moved = ModelConfig { id: id.clone(), base_url: "https://two.example/v1".into(), ..config };
    ws.save_model(moved, None).await.unwrap();
    assert!(!ws.has_key(&id).await.unwrap());
}

/// A database as version 1 of the page made it, with an audit of calls as text.
async fn first_version(name: &str, calls: u64) -> (u64, String) {
    use browser::policy::audit::{Chain, Entry};
    let factory = idb::Factory::new().unwrap();
    let mut request = factory.open(name, Some(1)).unwrap();
    request.on_upgrade_needed(|event| {
        use idb::DatabaseEvent as _;
        let database = event.database().unwrap();
        for table in ["settings", "conversations", "items", "audit", "notes", "models", "secrets", "keys"] {
            database.create_object_store(table, idb::ObjectStoreParams::new()).unwrap();
        }
    });
    let database = request.await.unwrap();
    let transaction = database.transaction(&["audit", "notes"], idb::TransactionMode::ReadWrite).unwrap();
    let audit = transaction.object_store("audit").unwrap();
    let (mut chain, first) = Chain::begin("old", 1);
    let mut rows = vec![first];
    for at in 0..calls {
        rows.push(chain.append(Entry::changed(&"me".into(), "workspace", format!("renamed {at}")), at));
    }
    let mut last = String::new();
    for row in &rows {
        last = serde_json::to_string(row).unwrap();
        audit.put(&last.as_str().into(), Some(&format!("{:012}", row.seq).into())).unwrap();
    }
    let note = json!({"id": "n", "title": "Old", "text": "kept", "created_at": 1, "updated_at": 1}).to_string();
    transaction.object_store("notes").unwrap().put(&note.into(), Some(&"n".into())).unwrap();
    transaction.await.unwrap();
    database.close();
    (rows.len() as u64, last)
}

#[wasm_bindgen_test]
async fn a_database_of_the_first_version_is_brought_up_to_date_and_keeps_its_record() {
    use browser::{RecordFilter, RecordPart};
    let name = fresh();
    let (count, last) = first_version(&name, 1_200).await;
    let ws = tab(&name).await;
    assert_eq!(ws.storage_state(), StorageState::Kept);
    let changes = RecordFilter { part: RecordPart::Changes, ..RecordFilter::default() };
    assert_eq!(ws.record_count(&changes).await.unwrap(), count, "old rows have their marks");
    let page = ws.record(&changes, None, 3).await.unwrap();
    assert_eq!(page.lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [1200, 1199, 1198]);
    ws.rename_workspace("New").await.unwrap();
    let state = ws.verify_audit().await.unwrap();
    assert_eq!((state.broken, state.rows > count), (vec![], true), "and the chain goes on");
    let store = IndexedDb::open(&name, || ()).await.unwrap();
    assert_eq!(store.get(Table::Audit, &format!("{:012}", count - 1)).await.unwrap(), Some(last), "as it was");
    assert!(store.get(Table::Notes, "n").await.unwrap().is_some(), "nothing else was touched");
}
