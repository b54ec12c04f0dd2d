//! Signing in with OAuth, against a played server with a played provider.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use browser::chat::conversation::CallState;
use browser::client::{Client, Hooks, Wish};
use browser::mcp::oauth::{AuthorizeFailure, Outlook, Registered, Settings, SignInPage};
use browser::oauth::{Kept, Surroundings};
use browser::policy::{ConnectorId, Provenance, SignIn};
use browser::store::memory::Memory;
use browser::store::{Store as _, Table};
use browser::workspace::doctor::{Check, CheckKind, Verdict};
use browser::{
    AuditFilter, CallRequest, Code, Confirm, ConnectionStatus, Fetcher, Keep, NewConnector, Options, ScanKind,
    SignInSite, SignedOut, Visit, Where, Workspace,
};
use common::{Got, Played, Say, called, ended, exported, object, open, play, until};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "in-browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const SERVER: &str = "https://mcp.example.com/mcp";
const ISSUER: &str = "https://as.example";
const BACK: &str = "https://app.example/oauth/callback";

/// What the played provider and its server do.
#[derive(Clone)]
struct World {
    /// Tokens that work.
    alive: Rc<RefCell<BTreeSet<String>>>,
    /// The scope that calls need beyond `mcp`.
    more: Rc<RefCell<Option<String>>>,
    lifetime: Rc<Cell<u64>>,
    refuses_refresh: Rc<Cell<bool>>,
    /// How long a token takes, in milliseconds.
    slow: Rc<Cell<u32>>,
    /// Whether tokens are bound to a key.
    bound: Rc<Cell<bool>>,
    /// Whether the server tells of changes, on a stream that needs more than `mcp`.
    streams: Rc<Cell<bool>>,
    count: Rc<Cell<u32>>,
    /// What is different in the documents of the provider: its metadata, and its answer to a registration.
    metadata: Rc<RefCell<Value>>,
    registration: Rc<RefCell<Value>>,
    played: Played,
}

/// A document with some members replaced; null takes one away.
fn with(mut document: Value, other: &Value) -> Value {
    for (name, value) in other.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(document.as_object_mut().unwrap().remove(name)),
            value => document[name] = value.clone(),
        }
    }
    document
}

fn form(got: &Got) -> web_sys::UrlSearchParams {
    web_sys::UrlSearchParams::new_with_str(&got.body).unwrap()
}

fn world() -> World {
    let world = World {
        alive: Rc::default(),
        more: Rc::default(),
        lifetime: Rc::new(Cell::new(3_600)),
        refuses_refresh: Rc::default(),
        slow: Rc::default(),
        bound: Rc::default(),
        streams: Rc::default(),
        count: Rc::default(),
        metadata: Rc::default(),
        registration: Rc::default(),
        played: play(|_| Say::Nothing),
    };
    let it = world.clone();
    let played = play(move |got| it.answer(got));
    World { played, ..world }
}

impl World {
    fn answer(&self, got: &Got) -> Say {
        let issuer = |path: &str| format!("{ISSUER}{path}");
        match got.url.as_str() {
            "https://mcp.example.com/.well-known/oauth-protected-resource/mcp" => Say::Json(
                200,
                json!({
                    "resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": ["mcp"],
                    "dpop_bound_access_tokens_required": self.bound.get(),
                }),
            ),
            "https://as.example/.well-known/oauth-authorization-server" => {
                let metadata = json!({
                    "issuer": ISSUER, "authorization_endpoint": issuer("/authorize"), "token_endpoint": issuer("/token"),
                    "registration_endpoint": issuer("/register"), "revocation_endpoint": issuer("/revoke"),
                    "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
                    "token_endpoint_auth_methods_supported": ["none"],
                    "authorization_response_iss_parameter_supported": true,
                    "client_id_metadata_document_supported": true,
                    "dpop_signing_alg_values_supported": ["ES256"],
                });
                Say::Json(200, with(metadata, &self.metadata.borrow()))
            }
            "https://app.example/client.json" => {
                Say::Json(200, json!({ "client_id": "https://app.example/client.json" }))
            }
            "https://as.example/register" => {
                let mut client = got.json();
                client["client_id"] = "client-1".into();
                Say::Json(201, with(client, &self.registration.borrow()))
            }
            "https://as.example/token" => self.token(got),
            "https://as.example/revoke" => {
                self.alive.borrow_mut().remove(&form(got).get("token").unwrap());
                Say::Json(200, Value::Null)
            }
            SERVER => self.mcp(got),
            _ => Say::Json(404, Value::Null),
        }
    }

    fn token(&self, got: &Got) -> Say {
        let form = form(got);
        let refreshes = form.get("grant_type").as_deref() == Some("refresh_token");
        let known = form.get("refresh_token").is_some_and(|token| self.alive.borrow_mut().remove(&token));
        if refreshes && (self.refuses_refresh.get() || !known) {
            return Say::Json(400, json!({ "error": "invalid_grant" }));
        }
        let count = self.count.get() + 1;
        self.count.set(count);
        let (access, refresh) = (format!("canary-access-{count}"), format!("canary-refresh-{count}"));
        self.alive.borrow_mut().extend([access.clone(), refresh.clone()]);
        let kind = if self.bound.get() { "DPoP" } else { "Bearer" };
        Say::Late(
            self.slow.get(),
            200,
            json!({
                "access_token": access, "token_type": kind, "expires_in": self.lifetime.get(), "refresh_token": refresh,
            }),
        )
    }

    fn mcp(&self, got: &Got) -> Say {
        let token = got.header("authorization").and_then(|value| value.split_once(' ')).map(|(_, token)| token);
        let metadata = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
        if !token.is_some_and(|token| self.alive.borrow().contains(token)) {
            return Say::Refuse(401, format!(r#"Bearer resource_metadata="{metadata}""#));
        }
        let message = got.json();
        let id = message["id"].clone();
        let result = |result: Value| Say::Json(200, json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        match message["method"].as_str() {
            Some("server/discover") => result(json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"],
                "capabilities": { "tools": { "listChanged": self.streams.get() } },
                "ttlMs": 0, "cacheScope": "private",
                "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "played", "version": "1" } },
            })),
            Some("tools/list") => result(json!({
                "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "tools": [{
                    "name": "whoami", "title": "See my account", "inputSchema": { "type": "object" },
                    "annotations": { "readOnlyHint": true },
                }],
            })),
            Some("tools/call") => match self.more.borrow().as_deref() {
                Some(scope) => Say::Refuse(
                    403,
                    format!(r#"Bearer error="insufficient_scope", scope="{scope}", resource_metadata="{metadata}""#),
                ),
                None => called(got, "Ann"),
            },
            Some("subscriptions/listen") => Say::Refuse(
                403,
                format!(r#"Bearer error="insufficient_scope", scope="stream", resource_metadata="{metadata}""#),
            ),
            _ => Say::Json(202, Value::Null),
        }
    }

    fn asked(&self, url: &str) -> Vec<Got> {
        self.played.got.borrow().iter().filter(|got| got.url == url).cloned().collect()
    }

    fn calls(&self) -> Vec<Got> {
        self.asked(SERVER).into_iter().filter(|got| got.json()["method"] == "tools/call").collect()
    }

    /// No access token works any more.
    fn expire(&self) {
        self.alive.borrow_mut().retain(|token| !token.starts_with("canary-access"));
    }
}

fn site_with(document: Option<&str>) -> SignInSite {
    SignInSite {
        client_name: "Countersign".into(),
        redirect_uri: BACK.into(),
        client_document: document.map(str::to_owned),
        dpop: false,
    }
}

async fn workspace(world: &World, store: &Memory) -> Workspace {
    let ws = open(Options {
        store: Where::Store(Rc::new(store.clone())),
        fetcher: Fetcher::custom(world.played.function.clone()),
        ..Options::default()
    })
    .await;
    ws.set_sign_in_site(site_with(None));
    ws.set_developer_mode(true).await.unwrap();
    ws
}

fn new(keep: Keep) -> NewConnector {
    NewConnector {
        name: "Desk".into(),
        description: String::new(),
        address: SERVER.into(),
        provenance: Provenance::Vendor,
        sign_in: SignIn::OAuth { client_id: None, scope: None, partly: false },
        header_value: None,
        keep,
        colour: None,
    }
}

/// A person who signs in at once: the address that they come back to is pasted. `seen` has the pages they were led to.
fn person(seen: &Rc<RefCell<Vec<String>>>) -> Visit {
    answering(seen, |state| format!("{BACK}?code=code-1&state={state}&iss=https%3A%2F%2Fas.example"))
}

fn answering(seen: &Rc<RefCell<Vec<String>>>, back: impl Fn(&str) -> String + 'static) -> Visit {
    let seen = seen.clone();
    let itself: Rc<RefCell<Option<Visit>>> = Rc::default();
    let visit = {
        let itself = itself.clone();
        Visit::new(move |url| {
            seen.borrow_mut().push(url.to_owned());
            let state = web_sys::Url::new(url).unwrap().search_params().get("state").unwrap();
            itself.borrow().as_ref().unwrap().paste(&back(&state));
        })
    };
    itself.replace(Some(visit.clone()));
    visit
}

async fn signed_in(world: &World, store: &Memory, keep: Keep) -> (Workspace, ConnectorId) {
    let ws = workspace(world, store).await;
    ws.sign_in_new(&new(keep), &person(&Rc::default())).await.unwrap();
    let scanned = ws.scan(&new(keep), |_| ()).await.unwrap();
    let id = ws.create_draft(new(keep), scanned).await.unwrap();
    (ws, id)
}

async fn call(ws: &Workspace, id: &ConnectorId) -> Result<Value, browser::Error> {
    let request = CallRequest { connector: id.clone(), action: "whoami".into(), arguments: object(json!({})) };
    ws.call(request, Confirm::Never).await.map(|done| done.result)
}

#[wasm_bindgen_test]
async fn a_scan_asks_for_the_sign_in_and_what_was_tried_is_kept() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let stopped = ws.scan(&new(Keep::Device), |_| ()).await.unwrap_err();
    assert_eq!((stopped.at, stopped.error.code), (ScanKind::SignIn, Code::SignIn));
    assert!(
        world.asked("https://as.example/register").is_empty(),
        "no client is registered before the person wants it"
    );
    let seen = Rc::default();
    ws.sign_in_new(&new(Keep::Device), &person(&seen)).await.unwrap();
    let page = web_sys::Url::new(&seen.borrow()[0]).unwrap().search_params();
    assert_eq!(page.get("redirect_uri").as_deref(), Some(BACK));
    assert_eq!(page.get("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(page.get("resource").as_deref(), Some(SERVER), "X20 the token is for this server only");
    assert_eq!(page.get("scope").as_deref(), Some("mcp"));
    let scanned = ws.scan(&new(Keep::Device), |_| ()).await.unwrap();
    let id = ws.create_draft(new(Keep::Device), scanned).await.unwrap();
    assert_eq!(call(&ws, &id).await.unwrap()["content"][0]["text"], "Ann");
    let report = ws.oauth_report_as(&id, &ws.usual_account(&id)).await.unwrap();
    assert!(report.signed_in && report.needs.is_none());
    assert_eq!((report.issuer.as_deref(), report.keep), (Some(ISSUER), Keep::Device));
    assert_eq!(report.registered, Some(Registered::Dynamically));
    assert_eq!((report.refresh_token, report.outlook), (Some(true), Some(Outlook::MayStopAtSignOut)));
    assert_eq!(report.renewal(|_| String::new()).unwrap(), "Renews, but may stop when you sign out of the provider.");
    assert!(report.renewal_next().unwrap().contains("offline_access"), "C5: what to do about it");
    let file: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(file["renewal"], "Renews, but may stop when you sign out of the provider.");
    // It is there after a reload, without another sign-in.
    let again = workspace(&world, &store).await;
    assert_eq!(call(&again, &id).await.unwrap()["content"][0]["text"], "Ann");
    assert_eq!(again.oauth_report_as(&id, &again.usual_account(&id)).await.unwrap().keep, Keep::Device);
    assert_eq!(world.asked("https://as.example/token").len(), 1);
}

#[wasm_bindgen_test]
async fn dr007_the_doctor_shakes_hands_as_the_account_and_says_nothing_secret() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Tab).await;
    let of =
        |checks: &[Check], kind: CheckKind| checks.iter().find(|check| check.kind == kind).map(|check| check.verdict);
    let checks = ws.diagnose_connector(&id, |_| ()).await.unwrap();
    assert_eq!(of(&checks, CheckKind::SignIn), Some(Verdict::Good), "{checks:#?}");
    assert_eq!(of(&checks, CheckKind::Revision), Some(Verdict::Good), "{checks:#?}");
    assert!(!format!("{checks:?}").contains("canary"), "no token is in an answer");

    // Who only has the address knows no more than that a sign-in is wanted.
    let asked = world.asked(SERVER).len();
    let plain = ws.diagnose(SERVER, |_| ()).await;
    assert_eq!(of(&plain, CheckKind::SignIn), Some(Verdict::Doubtful), "{plain:#?}");
    assert_eq!(of(&plain, CheckKind::Revision), None);
    let canary = |got: &Got| got.headers.iter().any(|(_, value)| value.contains("canary"));
    assert!(!world.asked(SERVER).iter().skip(asked).any(canary), "nothing secret is sent to an address");

    world.expire();
    world.refuses_refresh.set(true);
    let ended = ws.diagnose_connector(&id, |_| ()).await.unwrap();
    assert_eq!(of(&ended, CheckKind::SignIn), Some(Verdict::Bad), "{ended:#?}");
    ws.sign_out(&id).await.unwrap();
    let out = ws.diagnose_connector(&id, |_| ()).await.unwrap();
    assert_eq!(of(&out, CheckKind::SignIn), Some(Verdict::Doubtful), "{out:#?}");
    assert!(out.last().unwrap().remedy.as_ref().unwrap().contains("Authentication"));
}

#[wasm_bindgen_test]
async fn the_question_says_as_whom_a_call_acts() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Memory).await;
    ws.set_action_class(&id, "whoami", Some(browser::policy::Class::Write)).await.unwrap();
    let caller = (ws.clone(), id.clone());
    let done = common::beside(async move {
        let request =
            CallRequest { connector: caller.1.clone(), action: "whoami".into(), arguments: object(json!({})) };
        caller.0.call(request, Confirm::Ask).await
    });
    let asked = common::question(&ws).await;
    assert_eq!(asked.view.account, "signed in at https://as.example");
    ws.answer(&asked.id, &asked.shown, browser::Answer::AllowOnce).unwrap();
    done.await.unwrap().unwrap();
}

#[wasm_bindgen_test]
async fn our_client_document_is_used_where_it_is_served_and_taken() {
    let (world, store) = (world(), Memory::new());
    let ws = open(Options {
        store: Where::Store(Rc::new(store.clone())),
        fetcher: Fetcher::custom(world.played.function.clone()),
        ..Options::default()
    })
    .await;
    let document = "https://app.example/client.json";
    ws.set_sign_in_site(site_with(Some(document)));
    ws.set_developer_mode(true).await.unwrap();
    let seen = Rc::default();
    ws.sign_in_new(&new(Keep::Memory), &person(&seen)).await.unwrap();
    let page = web_sys::Url::new(&seen.borrow()[0]).unwrap().search_params();
    assert_eq!(page.get("client_id").as_deref(), Some(document));
    assert!(world.asked("https://as.example/register").is_empty());
    assert_eq!(ws.tried_report().await.unwrap().registered, Some(Registered::ByMetadata));
}

#[wasm_bindgen_test]
async fn a_host_brings_its_person_there_and_back_in_its_own_way() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let refusing = Visit::through(|_| Box::pin(async { Err(AuthorizeFailure::Failed("no window".to_owned())) }));
    let error = ws.sign_in_new(&new(Keep::Memory), &refusing).await.unwrap_err();
    assert_eq!(error.code, Code::SignIn);
    assert!(error.message.contains("no window"), "{error:?}");

    let never = Visit::through(|_| Box::pin(std::future::pending()));
    let (ended, ()) = futures_util::future::join(ws.sign_in_new(&new(Keep::Memory), &never), async {
        browser::time::sleep(20).await;
        never.cancel();
    })
    .await;
    assert!(ended.unwrap_err().message.contains("cancelled"));

    let willing = Visit::through(|url| {
        let state = web_sys::Url::new(url).unwrap().search_params().get("state").unwrap();
        Box::pin(async move { Ok(format!("{BACK}?code=code-1&state={state}&iss=https%3A%2F%2Fas.example")) })
    });
    ws.sign_in_new(&new(Keep::Memory), &willing).await.unwrap();
    ws.scan(&new(Keep::Memory), |_| ()).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_client_registered_by_hand_comes_first() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let by_hand = NewConnector {
        sign_in: SignIn::OAuth { client_id: Some("hand-1".into()), scope: Some("extra".into()), partly: false },
        ..new(Keep::Memory)
    };
    let seen = Rc::default();
    ws.sign_in_new(&by_hand, &person(&seen)).await.unwrap();
    let page = web_sys::Url::new(&seen.borrow()[0]).unwrap().search_params();
    assert_eq!(page.get("client_id").as_deref(), Some("hand-1"));
    assert!(page.get("scope").unwrap().split(' ').any(|scope| scope == "extra"));
    assert!(world.asked("https://as.example/register").is_empty());
}

#[wasm_bindgen_test]
async fn a_token_that_ends_is_renewed_without_a_person() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    world.expire();
    assert_eq!(call(&ws, &id).await.unwrap()["content"][0]["text"], "Ann");
    assert_eq!(world.asked("https://as.example/token").len(), 2, "a code, then a refresh");
    // The rotated refresh token is what is kept.
    let again = workspace(&world, &store).await;
    world.expire();
    assert_eq!(call(&again, &id).await.unwrap()["content"][0]["text"], "Ann");
}

#[wasm_bindgen_test]
async fn x23_a_renewal_whose_call_is_given_up_is_not_lost() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Memory).await;
    world.expire();
    world.slow.set(150);
    let renewing = {
        let mut given_up = Box::pin(call(&ws, &id));
        let until_asked = Box::pin(async {
            while world.asked("https://as.example/token").len() < 2 {
                browser::time::sleep(5).await;
            }
        });
        matches!(futures_util::future::select(&mut given_up, until_asked).await, futures_util::future::Either::Right(_))
    };
    assert!(renewing, "the call is given up while its token is being renewed");
    browser::time::sleep(300).await;
    world.slow.set(0);
    assert_eq!(call(&ws, &id).await.unwrap()["content"][0]["text"], "Ann");
    assert_eq!(world.asked("https://as.example/token").len(), 2, "the token that was rotated away is not shown again");
}

#[wasm_bindgen_test]
async fn a_call_opens_no_window_and_ends_as_sign_in_needed_with_nothing_sent() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Memory).await;
    let chat = ws.new_conversation().await.unwrap();
    ws.set_active(&chat, vec![id.clone()]).await.unwrap();
    world.refuses_refresh.set(true);
    world.expire();
    let started = common::start(&ws, &chat, "see my account", "whoami", json!({})).await;
    let card = ended(&ws, &chat, &started).await;
    let CallState::NeedsSignIn { scopes, ended: Some(at) } = &card.state else { panic!("{:?}", card.state) };
    assert!(scopes.is_empty() && *at <= card.ended_at.unwrap() && *at > card.started_at - 60_000, "{at} of {card:?}");
    assert_eq!(card.header(0), "Sign-in ended. Nothing was sent.");
    let ConnectionStatus::SignIn { why } = ws.connection(&id) else { panic!("{:?}", ws.connection(&id)) };
    assert_eq!(why, "your sign-in at mcp.example.com ended");
    // It is still one that ended when it is tried once more, and one that is missing once the person signed out.
    let again = common::start(&ws, &chat, "see my account", "whoami", json!({})).await;
    assert_eq!(ended(&ws, &chat, &again).await.state, card.state);
    assert_eq!(call(&ws, &id).await.unwrap_err().code, Code::SignIn);
    assert!(world.calls().iter().all(|got| got.header("authorization").is_none_or(|value| value.ends_with("-1"))));
    let told = card.for_model(1_000);
    assert!(told.contains("sign-in needed") && !told.contains("canary"), "{told}");
    // After the person signed in it can be run again.
    world.refuses_refresh.set(false);
    ws.sign_in(&id, Keep::Memory, &person(&Rc::default())).await.unwrap();
    assert_eq!(call(&ws, &id).await.unwrap()["content"][0]["text"], "Ann");
}

#[wasm_bindgen_test]
async fn no_request_leaves_unsigned_once_signed_in() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    let before = world.asked(SERVER).len();
    call(&ws, &id).await.unwrap();
    // Also not after a reload.
    let ws = workspace(&world, &store).await;
    call(&ws, &id).await.unwrap();
    let asked = world.asked(SERVER);
    assert!(asked.len() > before + 2);
    for got in &asked[before..] {
        assert_eq!(got.header("authorization"), Some("Bearer canary-access-1"), "{}", got.body);
    }
}

#[wasm_bindgen_test]
async fn x22_more_access_is_named_asked_for_by_a_click_and_added_to_what_was_given() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Memory).await;
    let chat = ws.new_conversation().await.unwrap();
    ws.set_active(&chat, vec![id.clone()]).await.unwrap();
    world.more.replace(Some("files.write".into()));
    let started = common::start(&ws, &chat, "see my account", "whoami", json!({})).await;
    let card = ended(&ws, &chat, &started).await;
    assert_eq!(card.state, CallState::NeedsSignIn { scopes: vec!["files.write".into()], ended: None });
    assert_eq!(
        ws.oauth_report_as(&id, &ws.usual_account(&id)).await.unwrap().needs,
        Some(vec!["files.write".to_owned()])
    );
    let ConnectionStatus::SignIn { why } = ws.connection(&id) else { panic!("{:?}", ws.connection(&id)) };
    assert_eq!(why, "mcp.example.com asks for more access: files.write");
    let seen = Rc::default();
    ws.sign_in(&id, Keep::Memory, &person(&seen)).await.unwrap();
    let page = web_sys::Url::new(&seen.borrow()[0]).unwrap().search_params();
    assert_eq!(page.get("scope").as_deref(), Some("mcp files.write"));
    world.more.replace(None);
    assert_eq!(call(&ws, &id).await.unwrap()["content"][0]["text"], "Ann");
}

#[wasm_bindgen_test]
async fn what_a_call_was_refused_for_is_known_after_a_reload_and_asked_for_then() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    world.more.replace(Some("files.write".into()));
    assert_eq!(call(&ws, &id).await.unwrap_err().code, Code::SignIn);
    let before = ws.connection(&id);
    browser::time::sleep(50).await;
    ws.close();
    let asked = world.asked("https://").len();
    let ws = workspace(&world, &store).await;
    assert!(matches!(before, ConnectionStatus::SignIn { .. }));
    assert_eq!(ws.connection(&id), before, "the connection says what is missing");
    assert_eq!(
        ws.oauth_report_as(&id, &ws.usual_account(&id)).await.unwrap().needs,
        Some(vec!["files.write".to_owned()])
    );
    assert_eq!(world.asked("https://").len(), asked, "nobody was asked for it");
    let seen = Rc::default();
    ws.sign_in(&id, Keep::Device, &person(&seen)).await.unwrap();
    let page = web_sys::Url::new(&seen.borrow()[0]).unwrap().search_params();
    assert_eq!(page.get("scope").as_deref(), Some("mcp files.write"));
    world.more.replace(None);
    assert_eq!(call(&ws, &id).await.unwrap()["content"][0]["text"], "Ann");
    browser::time::sleep(50).await;
    ws.close();
    // What was given is not missed any more.
    let ws = workspace(&world, &store).await;
    assert_eq!(ws.connection(&id), ConnectionStatus::Idle);
    assert_eq!(ws.oauth_report_as(&id, &ws.usual_account(&id)).await.unwrap().needs, None);
}

#[wasm_bindgen_test]
async fn x15_an_answer_with_another_state_is_refused_and_its_code_is_not_used() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let seen = Rc::default();
    let visit = answering(&seen, |_| format!("{BACK}?code=stolen&state=another&iss=https%3A%2F%2Fas.example"));
    let error = ws.sign_in_new(&new(Keep::Memory), &visit).await.unwrap_err();
    assert_eq!(error.message, "the answer of the sign-in page does not belong to this sign-in");
    assert!(world.asked("https://as.example/token").is_empty());
    // The flow is over: what comes for it later finds nobody.
    let state = web_sys::Url::new(&seen.borrow()[0]).unwrap().search_params().get("state").unwrap();
    visit.paste(&format!("{BACK}?code=late&state={state}&iss=https%3A%2F%2Fas.example"));
    browser::time::sleep(50).await;
    assert!(world.asked("https://as.example/token").is_empty());
    assert!(!ws.tried_report().await.unwrap().signed_in);
}

#[wasm_bindgen_test]
async fn x14_an_answer_of_another_issuer_is_refused_and_its_words_are_not_told() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let visit = answering(&Rc::default(), |state| {
        format!(
            "{BACK}?error=access_denied&error_description=call+evil.example&state={state}&iss=https%3A%2F%2Fevil.example"
        )
    });
    let error = ws.sign_in_new(&new(Keep::Memory), &visit).await.unwrap_err();
    assert!(!format!("{error:?}").contains("evil"), "{error:?}");
    assert!(world.asked("https://as.example/token").is_empty());
}

#[wasm_bindgen_test]
async fn a_denial_at_the_provider_is_told_in_words() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let visit = answering(&Rc::default(), |state| {
        format!("{BACK}?error=access_denied&error_description=no+thanks&state={state}&iss=https%3A%2F%2Fas.example")
    });
    let error = ws.sign_in_new(&new(Keep::Memory), &visit).await.unwrap_err();
    assert!(error.message.contains("access_denied"), "{}", error.message);
    let steps = ws.tried_report().await.unwrap().steps;
    assert_eq!(steps.last().unwrap().verdict, browser::mcp::oauth::Verdict::Stop);
}

#[wasm_bindgen_test]
async fn cancelling_ends_a_sign_in_at_any_time() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let led = Rc::new(Cell::new(false));
    let (there, asker) = (led.clone(), ws.clone());
    let visit = Visit::new(move |_| there.set(true));
    let waiting = visit.clone();
    let done = common::beside(async move { asker.sign_in_new(&new(Keep::Memory), &waiting).await });
    until("the window", || led.get().then_some(())).await;
    visit.cancel();
    assert_eq!(done.await.unwrap().unwrap_err().message, "the sign-in was cancelled");
    // The next one works.
    ws.sign_in_new(&new(Keep::Memory), &person(&Rc::default())).await.unwrap();
}

#[wasm_bindgen_test]
async fn x18_the_answer_comes_on_a_channel_that_only_who_began_the_flow_listens_to() {
    let (world, store) = (world(), Memory::new());
    let ws = workspace(&world, &store).await;
    let state: Rc<RefCell<String>> = Rc::default();
    let (told, asker) = (state.clone(), ws.clone());
    let visit = Visit::new(move |url| {
        told.replace(web_sys::Url::new(url).unwrap().search_params().get("state").unwrap());
    });
    let done = common::beside(async move { asker.sign_in_new(&new(Keep::Memory), &visit).await });
    let state = until("the window", || Some(state.borrow().clone()).filter(|state| !state.is_empty())).await;
    let post = |name: &str, text: &str| {
        let channel = web_sys::BroadcastChannel::new(name).unwrap();
        channel.post_message(&text.into()).unwrap();
        channel
    };
    let other = post("countersign-sign-in:another", &format!("{BACK}?code=stolen&state=another"));
    browser::time::sleep(50).await;
    assert!(world.asked("https://as.example/token").is_empty());
    let back = format!("{BACK}?code=code-1&state={state}&iss=https%3A%2F%2Fas.example");
    let ours = post(&format!("countersign-sign-in:{state}"), &back);
    done.await.unwrap().unwrap();
    assert_eq!(form(&world.asked("https://as.example/token")[0]).get("code").as_deref(), Some("code-1"));
    other.close();
    ours.close();
}

#[wasm_bindgen_test]
async fn signing_out_revokes_and_forgets() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    assert_eq!(ws.sign_out(&id).await.unwrap(), SignedOut::Revoked);
    assert!(world.alive.borrow().is_empty(), "both tokens are revoked");
    assert!(store.all(Table::Secrets).await.unwrap().is_empty());
    assert_eq!(ws.sign_out(&id).await.unwrap(), SignedOut::Nobody);
    assert_eq!(call(&ws, &id).await.unwrap_err().code, Code::SignIn);
    assert!(world.calls().is_empty());
}

#[wasm_bindgen_test]
async fn removing_a_connector_revokes_its_tokens() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    ws.remove(&id).await.unwrap();
    assert!(store.all(Table::Secrets).await.unwrap().is_empty());
    until("the revocation", || world.alive.borrow().is_empty().then_some(())).await;
}

#[wasm_bindgen_test]
async fn x21_tokens_are_in_no_view_no_export_and_no_audit_row() {
    let (world, store) = (world(), Memory::new());
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    call(&ws, &id).await.unwrap();
    world.expire();
    call(&ws, &id).await.unwrap();
    let report = ws.oauth_report_as(&id, &ws.usual_account(&id)).await.unwrap();
    let mut seen = vec![
        exported(&ws).await,
        format!("{:?}", ws.audit(AuditFilter::default()).await.unwrap()),
        format!("{report:?}"),
        report.to_json(),
        format!("{:?}", ws.rulebook()),
    ];
    for table in Table::ALL {
        seen.push(format!("{:?}", store.all(table).await.unwrap()));
    }
    let codes = world.asked("https://as.example/token");
    let verifier = form(&codes[0]).get("code_verifier").unwrap();
    for text in seen {
        for secret in ["canary", "code-1", &verifier] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    // What the token is for gets it, and nobody else.
    for got in world.played.got.borrow().iter().filter(|got| got.url != SERVER) {
        assert!(got.header("authorization").is_none(), "{}", got.url);
    }
}

#[wasm_bindgen_test]
async fn x28_a_bound_token_works_after_a_reload_with_a_key_that_nobody_can_read() {
    let (world, store) = (world(), Memory::new());
    world.bound.set(true);
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    call(&ws, &id).await.unwrap();
    assert!(ws.oauth_report_as(&id, &ws.usual_account(&id)).await.unwrap().bound);
    let pair = store.key_pair(&format!("oauth:{id}")).await.unwrap().unwrap();
    let private = js_sys::Reflect::get(&pair, &"privateKey".into()).unwrap();
    assert_eq!(js_sys::Reflect::get(&private, &"extractable".into()).unwrap().as_bool(), Some(false));
    let again = workspace(&world, &store).await;
    call(&again, &id).await.unwrap();
    let last = world.calls().pop().unwrap();
    assert!(last.header("authorization").unwrap().starts_with("DPoP ") && last.header("dpop").is_some());
    again.sign_out(&id).await.unwrap();
    assert!(store.key_pair(&format!("oauth:{id}")).await.unwrap().is_none());
}

#[wasm_bindgen_test]
async fn x04_an_authorization_server_on_a_private_network_is_not_asked() {
    let world = world();
    let played = {
        let world = world.clone();
        play(move |got| match got.url.as_str() {
            "https://mcp.example.com/.well-known/oauth-protected-resource/mcp" => {
                Say::Json(200, json!({ "resource": SERVER, "authorization_servers": ["https://10.0.0.7"] }))
            }
            _ => world.answer(got),
        })
    };
    let ws = workspace(&World { played: played.clone(), ..world }, &Memory::new()).await;
    let error = ws.sign_in_new(&new(Keep::Memory), &person(&Rc::default())).await.unwrap_err();
    assert_eq!(error.code, Code::SignIn);
    assert!(!played.got.borrow().iter().any(|got| got.url.contains("10.0.0.7")));
}

/// No window is led anywhere, no code is exchanged, and the reason is told.
async fn refused(world: &World, words: &str) {
    let ws = workspace(world, &Memory::new()).await;
    let seen = Rc::default();
    let error = ws.sign_in_new(&new(Keep::Memory), &person(&seen)).await.unwrap_err();
    assert!(error.message.contains(words), "{error:?}");
    assert!(seen.borrow().is_empty(), "no window was led to {seen:?}");
    assert!(world.asked("https://as.example/token").is_empty());
    let steps = ws.tried_report().await.unwrap().steps;
    assert_eq!(steps.last().unwrap().verdict, browser::mcp::oauth::Verdict::Stop, "the doctor has it");
}

#[wasm_bindgen_test]
async fn x10_a_sign_in_page_that_is_no_page_is_not_opened() {
    for page in ["javascript:alert(1)", "data:text/html,x", "http://as.example/authorize", "//as.example/authorize", ""]
    {
        let world = world();
        world.metadata.replace(json!({ "authorization_endpoint": page }));
        refused(&world, "authorization_endpoint").await;
    }
}

#[wasm_bindgen_test]
async fn x11_an_endpoint_that_is_not_https_is_not_asked() {
    for address in ["javascript:alert(1)", "http://as.example/token"] {
        let world = world();
        world.metadata.replace(json!({ "token_endpoint": address }));
        refused(&world, "token_endpoint").await;
    }
}

#[wasm_bindgen_test]
async fn x17_a_provider_without_pkce_is_refused() {
    for methods in [Value::Null, json!([]), json!(["plain"])] {
        let world = world();
        world.metadata.replace(json!({ "code_challenge_methods_supported": methods }));
        refused(&world, "PKCE").await;
    }
}

#[wasm_bindgen_test]
async fn x25_a_registration_that_was_changed_is_refused() {
    for changed in [json!({ "redirect_uris": ["https://evil.example/"] }), json!({ "client_name": "Evil" })] {
        let world = world();
        world.registration.replace(changed);
        refused(&world, "than asked for").await;
    }
}

/// A host whose person signs in at once whenever a window opens, and which counts the windows. Clones are tabs of it: they
/// have one store.
#[derive(Clone, Default)]
struct Portal {
    windows: Rc<Cell<u32>>,
    kept: Rc<RefCell<Kept>>,
    /// What lets one tab at a time at the tokens; none in a realm without locks.
    lock: Option<std::sync::Arc<futures_util::lock::Mutex<()>>>,
}

impl Surroundings for Portal {
    fn authorize(&self, page: &SignInPage<'_>) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>> {
        self.windows.set(self.windows.get() + 1);
        let back = format!("{BACK}?code=code-1&state={}&iss=https%3A%2F%2Fas.example", page.state);
        async { Ok(back) }.boxed_local()
    }

    fn load(&self) -> LocalBoxFuture<'static, Option<Kept>> {
        let kept = self.kept.borrow().clone();
        async { Some(kept) }.boxed_local()
    }

    fn save(&self, credentials: Option<String>) -> LocalBoxFuture<'static, ()> {
        let mut kept = self.kept.borrow_mut();
        kept.1 = kept.1.take().filter(|_| credentials.is_some());
        kept.0 = credentials;
        async {}.boxed_local()
    }

    fn save_key(&self, pair: JsValue) -> LocalBoxFuture<'static, ()> {
        self.kept.borrow_mut().1 = Some(pair);
        async {}.boxed_local()
    }

    fn lock(&self) -> Option<LocalBoxFuture<'static, Box<dyn Any>>> {
        let lock = self.lock.clone()?;
        Some(async move { Box::new(lock.lock_owned().await) as Box<dyn Any> }.boxed_local())
    }
}

impl Portal {
    fn with_locks() -> Self {
        Portal { lock: Some(std::sync::Arc::default()), ..Portal::default() }
    }

    /// The sign-in of one tab. What is kept is read now.
    async fn sign_in(&self, world: &World) -> Rc<browser::oauth::SignIn> {
        let fetcher = Fetcher::custom(world.played.function.clone());
        let settings = Settings::new(SERVER, BACK, "Portal");
        Rc::new(browser::oauth::SignIn::new(settings, fetcher, Rc::new(self.clone())).await.unwrap())
    }
}

/// A client of a tab.
async fn client(world: &World, sign_in: &Rc<browser::oauth::SignIn>) -> Client {
    let who = browser::mcp::Implementation { name: "portal".into(), version: "1".into() };
    let hooks = Hooks { sign_in: Some(sign_in.clone()), ..Hooks::default() };
    let fetcher = Fetcher::custom(world.played.function.clone());
    Client::connect(browser::mcp::Config::new(SERVER, who), fetcher, hooks).await.unwrap()
}

async fn whoami(client: &Client) -> Result<Value, browser::Error> {
    client.ask(Wish::Tool { name: "whoami", arguments: "{}".into() }, None, |_| ()).await
}

/// The public key in the proof of the last call.
fn key_of_last_call(world: &World) -> Value {
    let calls = world.calls();
    let head = calls.last().unwrap().header("dpop").unwrap().split('.').next().unwrap().to_owned();
    let text = browser_decoded(&head.replace('-', "+").replace('_', "/"));
    serde_json::from_str::<Value>(&text).unwrap()["jwk"]["x"].clone()
}

#[wasm_bindgen_test]
async fn a_standing_stream_that_is_refused_opens_no_window_and_a_call_does() {
    let (world, portal) = (world(), Portal::default());
    world.streams.set(true);
    let client = client(&world, &portal.sign_in(&world).await).await;
    let streams = || world.asked(SERVER).iter().filter(|got| got.json()["method"] == "subscriptions/listen").count();
    until("the stream", || (streams() > 0).then_some(())).await;
    for _ in 0..3 {
        whoami(&client).await.unwrap();
    }
    assert_eq!((portal.windows.get(), streams()), (1, 1), "the window of the first sign-in, and no other");
    // Where somebody waits for the answer, the person is asked.
    world.more.replace(Some("files.write".into()));
    whoami(&client).await.unwrap_err();
    assert!(portal.windows.get() > 1);
    client.close();
}

#[wasm_bindgen(inline_js = r#"
// The same pair of keys with a private half that signs nothing.
export async function muted(pair) {
  const other = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  return { publicKey: pair.publicKey, privateKey: other.privateKey };
}
export const browser_decoded = (text) => atob(text);
// How many locks whose name begins like this are held or waited for.
export async function locks_of(start) {
  const { held, pending } = await navigator.locks.query();
  return [...held, ...pending].filter(({ name }) => name.startsWith(start)).length;
}
"#)]
extern "C" {
    fn muted(pair: &JsValue) -> js_sys::Promise;
    fn browser_decoded(text: &str) -> String;
    #[cfg(feature = "in-browser")]
    fn locks_of(start: &str) -> js_sys::Promise;
}

#[wasm_bindgen_test]
async fn a_request_whose_proof_cannot_be_signed_does_not_go_out() {
    let (world, store) = (world(), Memory::new());
    world.bound.set(true);
    let (ws, id) = signed_in(&world, &store, Keep::Device).await;
    call(&ws, &id).await.unwrap();
    let name = format!("oauth:{id}");
    let pair = store.key_pair(&name).await.unwrap().unwrap();
    let pair = wasm_bindgen_futures::JsFuture::from(muted(&pair)).await.unwrap();
    store.set_key_pair(&name, Some(pair)).await.unwrap();
    let before = world.asked(SERVER).len();
    let again = workspace(&world, &store).await;
    call(&again, &id).await.unwrap_err();
    let sent = world.asked(SERVER).split_off(before);
    assert!(sent.is_empty(), "nothing goes out without its proof: {sent:?}");
}

/// Two tabs over one store, with a connector that the first one has signed in to.
#[cfg(feature = "in-browser")]
async fn two_tabs(world: &World, name: &str) -> (Workspace, Workspace, ConnectorId) {
    let tab = async || {
        let ws = open(Options {
            store: Where::IndexedDb(name.to_owned()),
            fetcher: Fetcher::custom(world.played.function.clone()),
            ..Options::default()
        })
        .await;
        ws.set_sign_in_site(site_with(None));
        ws
    };
    let first = tab().await;
    first.set_developer_mode(true).await.unwrap();
    first.sign_in_new(&new(Keep::Device), &person(&Rc::default())).await.unwrap();
    let scanned = first.scan(&new(Keep::Device), |_| ()).await.unwrap();
    let id = first.create_draft(new(Keep::Device), scanned).await.unwrap();
    (first, tab().await, id)
}

#[cfg(feature = "in-browser")]
#[wasm_bindgen_test]
async fn x23_a_sign_in_that_is_given_up_while_another_tab_renews_leaves_no_lock_behind() {
    let world = world();
    let name = format!("sign-in-{}", js_sys::Math::random());
    let (first, second, id) = two_tabs(&world, &name).await;
    call(&first, &id).await.unwrap();
    call(&second, &id).await.unwrap();
    world.expire();
    world.slow.set(500);
    let renews = common::beside({
        let (first, id) = (first.clone(), id.clone());
        async move { call(&first, &id).await }
    });
    until("the renewal", || (world.asked("https://as.example/token").len() > 1).then_some(())).await;
    let visit = person(&Rc::default());
    let waits = common::beside({
        let (second, id, visit) = (second.clone(), id.clone(), visit.clone());
        async move { second.sign_in(&id, Keep::Device, &visit).await }
    });
    browser::time::sleep(50).await;
    visit.cancel();
    assert_eq!(waits.await.unwrap().unwrap_err().code, Code::SignIn);
    renews.await.unwrap().unwrap();
    world.slow.set(0);
    let start = format!("countersign:{name}:oauth:");
    for round in 0.. {
        let left = wasm_bindgen_futures::JsFuture::from(locks_of(&start)).await.unwrap();
        if left.as_f64() == Some(0.0) {
            break;
        }
        assert!(round < 200, "a lock is left behind");
        browser::time::sleep(10).await;
    }
    // Both tabs can renew after that.
    world.expire();
    call(&second, &id).await.unwrap();
    world.expire();
    call(&first, &id).await.unwrap();
    first.close();
    second.close();
}

#[wasm_bindgen_test]
async fn a_tab_goes_on_with_the_key_and_the_tokens_of_another_one() {
    let (world, portal) = (world(), Portal::with_locks());
    world.bound.set(true);
    let (one, other) = (portal.sign_in(&world).await, portal.sign_in(&world).await);
    let (first, second) = (client(&world, &one).await, client(&world, &other).await);
    whoami(&first).await.unwrap();
    let key = key_of_last_call(&world);
    whoami(&second).await.unwrap();
    assert_eq!((key_of_last_call(&world), portal.windows.get()), (key.clone(), 1), "one key, and one window for both");
    // The first signs out and in again, which makes another key; the second knows nothing of it.
    assert_eq!(first.sign_out().await, "done");
    whoami(&first).await.unwrap();
    let anew = key_of_last_call(&world);
    assert_ne!(anew, key);
    whoami(&second).await.unwrap();
    assert_eq!((key_of_last_call(&world), portal.windows.get()), (anew, 2), "the key of the tokens that are kept");
}

#[wasm_bindgen_test]
async fn tabs_without_locks_have_one_key_too() {
    let (world, portal) = (world(), Portal::default());
    world.bound.set(true);
    let (one, other) = (portal.sign_in(&world).await, portal.sign_in(&world).await);
    let first = client(&world, &one).await;
    whoami(&first).await.unwrap();
    let key = key_of_last_call(&world);
    let second = client(&world, &other).await;
    whoami(&second).await.unwrap();
    assert_eq!(key_of_last_call(&world), key, "what the first one keeps is not overwritten");
    // Whoever comes later finds tokens and the key that they are bound to.
    let third = client(&world, &portal.sign_in(&world).await).await;
    whoami(&third).await.unwrap();
    assert_eq!((key_of_last_call(&world), portal.windows.get()), (key, 2));
}

#[cfg(feature = "in-browser")]
#[wasm_bindgen_test]
async fn x23_two_tabs_renew_a_token_once() {
    let world = world();
    let name = format!("sign-in-{}", js_sys::Math::random());
    let (first, second, id) = two_tabs(&world, &name).await;
    call(&first, &id).await.unwrap();
    call(&second, &id).await.unwrap();
    world.expire();
    let (one, other) = futures_util::future::join(call(&first, &id), call(&second, &id)).await;
    one.unwrap();
    other.unwrap();
    assert_eq!(world.asked("https://as.example/token").len(), 2, "a code, and one refresh for both");
    // Signing out in one tab is signing out in all of them.
    assert_eq!(first.sign_out(&id).await.unwrap(), SignedOut::Revoked);
    browser::time::sleep(200).await;
    assert_eq!(call(&second, &id).await.unwrap_err().code, Code::SignIn);
    first.close();
    second.close();
}
