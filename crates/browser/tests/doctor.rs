//! The connection doctor against a played server: each answer that a real one gives only now and then, or only for a
//! while.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use browser::fetch::{Fetcher, Presence};
use browser::policy::{Provenance, SignIn};
use browser::workspace::doctor::{Check, CheckKind, Verdict};
use browser::{Code, Keep, NewConnector, Options, ScanKind, Where, Workspace};
use common::{Got, Played, Say, open, play};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "in-browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const ADDRESS: &str = "https://mcp.example.com/mcp";

async fn workspace(played: &Played) -> Workspace {
    let fetcher = Fetcher::custom(played.function.clone());
    let ws = open(Options { store: Where::Memory, fetcher, ..Options::default() }).await;
    ws.set_developer_mode(true).await.unwrap();
    ws
}

fn new(sign_in: SignIn, header_value: Option<&str>) -> NewConnector {
    NewConnector {
        name: "Tracker".into(),
        description: String::new(),
        address: ADDRESS.into(),
        provenance: Provenance::Vendor,
        sign_in,
        header_value: header_value.map(str::to_owned),
        keep: Keep::Tab,
        colour: None,
    }
}

/// The answers to the examination of a played server.
async fn examined(answer: impl FnMut(&Got) -> Say + 'static) -> Vec<Check> {
    workspace(&play(answer)).await.diagnose(ADDRESS, |_| ()).await
}

fn row(checks: &[Check], kind: CheckKind) -> &Check {
    checks.iter().find(|check| check.kind == kind).unwrap_or_else(|| panic!("no {kind:?} in {checks:#?}"))
}

fn verdict(checks: &[Check], kind: CheckKind) -> Verdict {
    row(checks, kind).verdict
}

fn has(checks: &[Check], kind: CheckKind) -> bool {
    checks.iter().any(|check| check.kind == kind)
}

/// A server of 2025-11-25, which takes every message.
fn of_2025(got: &Got) -> Say {
    let message = got.json();
    let id = message["id"].clone();
    match message["method"].as_str() {
        Some("initialize") => Say::Json(
            200,
            json!({ "jsonrpc": "2.0", "id": id, "result": {
                "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
                "serverInfo": { "name": "played", "version": "1" },
            } }),
        ),
        Some("tools/list") => Say::Json(200, json!({ "jsonrpc": "2.0", "id": id, "result": { "tools": [] } })),
        Some("ping") => Say::Json(200, json!({ "jsonrpc": "2.0", "id": id, "result": {} })),
        Some("server/discover") => Say::Json(
            404,
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "no such method" } }),
        ),
        _ if got.method == "GET" => Say::Json(405, Value::Null),
        _ => Say::Json(202, Value::Null),
    }
}

#[wasm_bindgen_test]
async fn dr001_a_guard_of_origins_refuses_and_is_no_sign_in() {
    let guard = || |_: &Got| Say::Json(403, json!({ "error": "<b>Invalid</b> `Origin` header" }));
    let checks = examined(guard()).await;
    let refused = checks.last().unwrap();
    assert_eq!((refused.kind, refused.verdict), (CheckKind::LetIn, Verdict::Bad), "{checks:#?}");
    assert!(refused.answered.contains("403"), "{refused:?}");
    assert!(refused.answered.contains("<b>Invalid</b> 'Origin' header"), "its body is text of a sentence: {refused:?}");
    assert!(refused.remedy.as_ref().unwrap().contains("list of origins"), "{refused:?}");
    assert!(!has(&checks, CheckKind::SignIn) && !has(&checks, CheckKind::Revision));

    let stopped = workspace(&play(guard())).await.scan(&new(SignIn::None, None), |_| ()).await.unwrap_err();
    assert_eq!((stopped.at, stopped.error.code), (ScanKind::Cors, Code::Cors), "{stopped:?}");
    assert!(stopped.error.message.contains("refuses this page or this client"), "{stopped:?}");
    assert!(stopped.error.hint.as_ref().unwrap().contains("list of origins"), "{stopped:?}");

    // A challenge asks for a sign-in, with this status too.
    let asks = examined(|_| Say::Refuse(403, "Bearer".into())).await;
    assert_eq!(verdict(&asks, CheckKind::SignIn), Verdict::Doubtful, "{asks:#?}");
    assert!(!has(&asks, CheckKind::LetIn));
}

#[wasm_bindgen_test]
async fn dr001_what_a_refusal_says_back_of_a_header_value_is_in_no_answer() {
    let played = play(|got| match got.header("x-key") {
        Some(key) if got.json()["method"] == "tools/list" => {
            Say::Json(403, json!({ "said": format!("not with {key}") }))
        }
        Some(_) => of_2025(got),
        None => Say::Json(403, Value::Null),
    });
    let ws = workspace(&played).await;
    let header = SignIn::Header { name: "x-key".into() };
    let stopped = ws.scan(&new(header.clone(), Some("canary-key-0123")), |_| ()).await.unwrap_err();
    assert_eq!(stopped.at, ScanKind::List);
    assert!(stopped.error.message.contains("not with"), "{stopped:?}");
    assert!(!stopped.error.message.contains("canary"), "{stopped:?}");
}

#[wasm_bindgen_test]
async fn dr002_a_server_that_lets_no_version_header_in_is_spoken_to_without() {
    let fixed = |got: &Got| {
        let unknown = ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-param-probe", "dpop", "last-event-id"];
        match unknown.iter().any(|name| got.header(name).is_some()) {
            true => Say::Break,
            false => of_2025(got),
        }
    };
    let checks = examined(fixed).await;
    let header = row(&checks, CheckKind::Header("MCP-Protocol-Version"));
    assert_eq!((header.verdict, header.answered.as_str()), (Verdict::Doubtful, "no"));
    let last = checks.last().unwrap();
    assert_eq!((last.kind, last.verdict), (CheckKind::Revision, Verdict::Good), "{checks:#?}");
    assert!(last.answered.contains("2025-11-25"));

    // The same refusal of headers, by a server that cannot do without them.
    let strict = move |got: &Got| match got.json()["method"].as_str() {
        Some("initialize") => Say::Json(400, Value::Null),
        _ => fixed(got),
    };
    let checks = examined(strict).await;
    let last = checks.last().unwrap();
    assert_eq!((last.kind, last.verdict), (CheckKind::Handshake, Verdict::Bad), "{checks:#?}");
    assert!(last.remedy.as_ref().unwrap().contains("headers"), "{last:?}");
}

#[wasm_bindgen_test]
async fn dr003_a_session_that_pages_cannot_read_is_named_with_the_line_that_is_missing() {
    let hidden = |status: u16| {
        move |got: &Got| match got.json()["method"].as_str() {
            Some("notifications/initialized" | "ping") => Say::Json(status, Value::Null),
            _ => of_2025(got),
        }
    };
    for status in [400, 404] {
        let checks = examined(hidden(status)).await;
        assert_eq!(verdict(&checks, CheckKind::Path), Verdict::Good, "a server is there: {checks:#?}");
        let last = checks.last().unwrap();
        assert_eq!((last.kind, last.verdict), (CheckKind::Session, Verdict::Bad), "{checks:#?}");
        assert!(last.kind.is_of_cors(), "the snippet is shown");
        assert!(last.remedy.as_ref().unwrap().contains("Access-Control-Expose-Headers: Mcp-Session-Id"), "{last:?}");
    }
}

/// An examination through a proxy of the workspace; every request has to go there.
async fn through(prefix: &'static str, answer: impl FnMut(&Got) -> Say + 'static) -> Vec<Check> {
    let played = play(answer);
    let ws = workspace(&played).await;
    ws.set_proxy("https://mcp.example.com", Some(prefix)).await.unwrap();
    let checks = ws.diagnose(ADDRESS, |_| ()).await;
    let got = played.got.borrow();
    assert!(!got.is_empty() && got.iter().all(|one| one.url.starts_with(prefix)), "{got:#?}");
    assert!(row(&checks, CheckKind::Proxy).answered.contains(prefix));
    checks
}

#[wasm_bindgen_test]
async fn dr004_a_proxy_is_named_and_one_of_this_site_is_asked_nothing_about_other_origins() {
    let own = through("/mcp-proxy/board", of_2025).await;
    let of_cors: Vec<_> =
        own.iter().filter(|check| matches!(check.kind, CheckKind::Reads | CheckKind::Header(_))).collect();
    assert!(of_cors.is_empty(), "{of_cors:#?}");
    assert_eq!(own.last().unwrap().kind, CheckKind::Revision);
    assert!(own.iter().all(|check| check.verdict == Verdict::Good), "{own:#?}");

    let foreign = "https://proxy.example.com/mcp-proxy/board";
    let other = through(foreign, of_2025).await;
    assert!(has(&other, CheckKind::Reads) && has(&other, CheckKind::Header("DPoP")));
    for status in [403, 404, 502, 503, 504] {
        let checks = through(foreign, move |_| Say::Json(status, Value::Null)).await;
        let last = checks.last().unwrap();
        assert_eq!(last.verdict, Verdict::Bad, "{status}: {checks:#?}");
        assert!(last.remedy.as_ref().unwrap().contains(foreign), "{status}: {last:?}");
    }
}

#[wasm_bindgen_test]
async fn dr005_slow_is_neither_gone_nor_refused() {
    let presence = |say: fn() -> Say| {
        let fetcher = Fetcher::custom(play(move |_| say()).function);
        async move { fetcher.answers(ADDRESS, 50).await }
    };
    assert_eq!(presence(|| Say::Body("text/plain", String::new())).await, Presence::There);
    assert_eq!(presence(|| Say::Nothing).await, Presence::Late);
    assert_eq!(presence(|| Say::Break).await, Presence::Gone);

    // One that never answers, beside one that keeps every GET back and takes messages.
    let (silent, waits) = futures_util::future::join(
        examined(|_| Say::Nothing),
        examined(|got| if got.method == "GET" { Say::Nothing } else { of_2025(got) }),
    )
    .await;
    let last = silent.last().unwrap();
    assert_eq!((last.kind, last.verdict), (CheckKind::InTime, Verdict::Bad), "{silent:#?}");
    assert_eq!(last.answered, "no answer in 8 seconds");
    assert!(!silent.iter().any(|check| check.kind.is_of_cors()), "{silent:#?}");
    assert_eq!(verdict(&waits, CheckKind::InTime), Verdict::Doubtful);
    assert_eq!(
        verdict(&waits, CheckKind::Header("MCP-Protocol-Version")),
        Verdict::Good,
        "headers are tried on messages"
    );
    assert_eq!(verdict(&waits, CheckKind::Revision), Verdict::Good, "{waits:#?}");
}

#[wasm_bindgen_test]
async fn dr005_a_scan_of_a_server_that_is_slow_says_so() {
    // The first request fails as one that a browser refuses does, and whether anything is there stays open.
    let played = play(|got| if got.mode == "no-cors" { Say::Nothing } else { Say::Break });
    let stopped = workspace(&played).await.scan(&new(SignIn::None, None), |_| ()).await.unwrap_err();
    assert_eq!((stopped.at, stopped.error.code), (ScanKind::Reachable, Code::Timeout), "{stopped:?}");
    assert!(stopped.error.message.contains("no answer in 8 seconds"), "{stopped:?}");
}

#[wasm_bindgen_test]
async fn dr006_a_get_that_cannot_be_read_is_no_end_where_a_message_can() {
    let posts = |got: &Got| match (got.method.as_str(), got.mode.as_str()) {
        ("GET", "no-cors") => Say::Body("text/plain", String::new()),
        ("GET", _) => Say::Break,
        _ => of_2025(got),
    };
    let checks = examined(posts).await;
    assert_eq!(verdict(&checks, CheckKind::Reads), Verdict::Doubtful);
    assert_eq!(verdict(&checks, CheckKind::Posts), Verdict::Good);
    assert_eq!(verdict(&checks, CheckKind::Header("Mcp-Session-Id")), Verdict::Good, "{checks:#?}");
    assert_eq!(verdict(&checks, CheckKind::Revision), Verdict::Good, "{checks:#?}");

    let nothing = |got: &Got| match got.mode.as_str() {
        "no-cors" => Say::Body("text/plain", String::new()),
        _ => Say::Break,
    };
    let checks = examined(nothing).await;
    let last = checks.last().unwrap();
    assert_eq!((last.kind, last.verdict), (CheckKind::Reads, Verdict::Bad), "{checks:#?}");
}
