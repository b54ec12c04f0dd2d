//! Renewal, rotation, several tabs, disconnection; C5, X20, X23.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use mcp::oauth::{
    AuthError, AuthorizeFailure, Authorizer, Chain, Credentials, Grant, Outlook, Preregistered, Refusal, Retry,
    Revocation, Settings,
};
use serde_json::json;

use crate::rig::{AS, ENDPOINT, META, Rig, World, block_on};

fn refreshing() -> (World, Rig) {
    let world = World::new();
    world.edit(AS, |server| server.refreshes = true);
    let mut rig = world.rig();
    rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
    rig.next();
    (world, rig)
}

#[test]
fn a_token_is_renewed_shortly_before_it_ends() {
    let (world, mut rig) = refreshing();
    let first = rig.authorization();
    world.wait(3560);
    assert_eq!(rig.authorization(), first);
    world.wait(15);
    assert_ne!(rig.authorization(), first);
    let asked = world.seen("/token");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].form["grant_type"], "refresh_token");
    assert_eq!(asked[1].form["resource"], ENDPOINT);
    assert_eq!(asked[1].form["client_id"], format!("client-of-{AS}"));
    assert!(!asked[1].form.contains_key("scope"));
}

#[test]
fn refresh_tokens_rotate_and_are_kept_before_use() {
    let (world, mut rig) = refreshing();
    let first = rig.auth.credentials().tokens().unwrap().refresh.clone().unwrap();
    world.wait(3600);
    rig.authorization();
    let second = rig.auth.credentials().tokens().unwrap().refresh.clone().unwrap();
    assert_ne!(first, second);
    assert_eq!(world.seen("/token")[1].form["refresh_token"], first);
    assert_eq!(world.0.borrow().saved.last().unwrap().tokens().unwrap().refresh.as_deref(), Some(second.as_str()));
    world.wait(3600);
    rig.authorization();
    assert_eq!(world.seen("/token")[2].form["refresh_token"], second);
}

#[test]
fn a_provider_that_does_not_rotate_keeps_its_refresh_token_and_its_scope() {
    let (world, mut rig) = refreshing();
    world.edit(AS, |server| server.refreshes = false);
    world.wait(3600);
    rig.authorization();
    let tokens = rig.auth.credentials().tokens().unwrap();
    assert!(tokens.refresh.is_some());
    assert_eq!(tokens.scope.as_deref(), Some("a"));
}

#[test]
fn a_token_of_five_seconds_is_not_renewed_at_once() {
    let world = World::new();
    world.edit(AS, |server| {
        server.refreshes = true;
        server.granted = json!({"expires_in": 5});
    });
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    rig.authorization();
    world.wait(3);
    rig.authorization();
    assert_eq!(world.seen("/token").len(), 1);
    world.wait(1);
    rig.authorization();
    assert_eq!(world.seen("/token").len(), 2);
}

#[test]
fn a_clock_that_went_back_does_not_renew_anything() {
    let (world, mut rig) = refreshing();
    world.0.borrow_mut().now = 5;
    rig.authorization();
    assert_eq!(world.seen("/token").len(), 1);
}

#[test]
fn a_refused_token_is_refreshed_before_a_person_is_asked() {
    let (world, mut rig) = refreshing();
    assert_eq!(rig.refuse(Some("Bearer error=\"invalid_token\", scope=\"a\"")), Ok(Retry::Refreshed));
    assert_eq!(world.seen("VISIT").len(), 1);
    // If that did not help, the person is.
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(rig.refuse(None), Err(AuthError::StillRefused));
    assert_eq!(world.seen("VISIT").len(), 2);
}

#[test]
fn a_dead_refresh_token_is_forgotten_and_the_person_asked() {
    let (world, mut rig) = refreshing();
    world.edit(AS, |server| server.first.push_back((400, json!({"error": "invalid_grant"}))));
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(world.seen("VISIT").len(), 2);
}

#[test]
fn only_a_dead_refresh_token_or_a_lost_client_costs_the_refresh_token() {
    let kept = |code: &str, by_hand: bool| {
        let world = World::new();
        world.edit(AS, |server| server.refreshes = true);
        let mut settings = World::settings();
        settings.preregistered = by_hand.then(|| Preregistered {
            client_id: "id".into(),
            client_secret: None,
            key: None,
            issuer: Some(AS.into()),
            method: None,
        });
        let mut rig = world.rig_with(settings);
        rig.refuse(None).unwrap();
        world.edit(AS, |server| server.first.push_back((400, json!({"error": code}))));
        world.wait(3590);
        assert!(rig.authorization().is_some());
        assert_eq!(world.seen("/token").len(), 2);
        let account = rig.auth.credentials().current().unwrap();
        (account.tokens.as_ref().unwrap().refresh.is_some(), account.registration.is_some())
    };
    assert_eq!(kept("invalid_grant", false), (false, true));
    for code in ["invalid_client", "unauthorized_client"] {
        assert_eq!(kept(code, false), (false, false));
        assert_eq!(kept(code, true), (true, true));
    }
    for code in ["invalid_request", "invalid_target", "invalid_scope", "access_denied", "slow_down"] {
        assert_eq!(kept(code, false), (true, true));
    }
}

#[test]
fn a_provider_in_trouble_does_not_cost_the_sign_in() {
    let (world, mut rig) = refreshing();
    world.edit(AS, |server| server.first.push_back((503, json!({}))));
    assert!(matches!(rig.refuse(None), Err(AuthError::Refused { step: "refresh", status: 503, .. })));
    assert_eq!(world.seen("VISIT").len(), 1);
    assert!(rig.auth.credentials().tokens().unwrap().refresh.is_some());
    world.0.borrow_mut().broken.push("https://as.example/token".into());
    rig.next();
    assert!(matches!(rig.refuse(None), Err(AuthError::Web { .. })));
    assert!(rig.auth.credentials().tokens().unwrap().refresh.is_some());
    // And a renewal ahead of time that fails leaves the old token in use.
    world.wait(3590);
    assert!(rig.authorization().is_some());
}

#[test]
fn a_token_that_was_renewed_meanwhile_is_simply_used() {
    let (world, mut rig) = refreshing();
    let old = block_on(rig.auth.headers("POST", ENDPOINT)).unwrap().used;
    rig.refuse(None).unwrap();
    let requests = world.0.borrow().seen.len();
    let refusal = Refusal { status: 401, used: old, ..Refusal::default() };
    assert_eq!(block_on(rig.auth.challenged(&mut Chain::default(), refusal)), Ok(Retry::Renewed));
    assert_eq!(world.0.borrow().seen.len(), requests);
}

#[test]
fn a_token_that_another_tab_has_fetched_is_taken_over() {
    let (world, mut rig) = refreshing();
    let mut tab = Authorizer::new(world.clone(), World::settings(), rig.auth.credentials().clone());
    world.wait(3600);
    assert!(block_on(tab.headers("POST", ENDPOINT)).unwrap().used > 0);
    assert_eq!(world.seen("/token").len(), 2);
    world.0.borrow_mut().stored = Some(tab.credentials().clone());
    let taken = rig.authorization().unwrap();
    assert_eq!(taken, format!("Bearer {}", tab.credentials().tokens().unwrap().access));
    // The refresh token was used once.
    assert_eq!(world.seen("/token").len(), 2);
    assert!(world.0.borrow().locks >= 3);
}

#[test]
fn a_sign_in_page_that_is_open_keeps_nobody_from_renewing() {
    let (world, mut rig) = refreshing();
    world.wait(3_590);
    // The rig refuses a sign-in page that opens under the lock. Another tab renews meanwhile.
    let mut tab = Authorizer::new(world.clone(), World::settings(), rig.auth.credentials().clone());
    assert!(block_on(tab.headers("POST", ENDPOINT)).unwrap().used > 0);
    let renewed = tab.credentials().clone();
    world.0.borrow_mut().meanwhile = Some(renewed.clone());
    block_on(rig.auth.sign_in(None)).unwrap();
    let (own, other) = (rig.auth.credentials(), renewed.tokens().unwrap());
    assert_ne!(own.tokens().unwrap().access, other.access, "the sign-in counts");
    assert!(own.changed_at > renewed.changed_at);
    assert_eq!(own.account(AS).unwrap().registration, renewed.account(AS).unwrap().registration);
    // Another tab signs out meanwhile: the code was for a client that is known all the same.
    world.0.borrow_mut().meanwhile = Some(Credentials { changed_at: own.changed_at + 1, ..Credentials::default() });
    block_on(rig.auth.sign_in(None)).unwrap();
    let account = rig.auth.credentials().account(AS).unwrap();
    assert!(account.registration.is_some() && account.tokens.is_some());
}

#[test]
fn what_another_tab_has_kept_is_only_taken_over_if_it_is_newer() {
    let (world, mut rig) = refreshing();
    let old = rig.auth.credentials().clone();
    world.wait(3600);
    let renewed = rig.authorization();
    assert!(rig.auth.credentials().changed_at > old.changed_at);
    // The other tab, or a store that was slow, still has the one before.
    world.0.borrow_mut().stored = Some(old.clone());
    world.wait(3600);
    let again = rig.authorization();
    assert!(again != renewed && again != Some(format!("Bearer {}", old.tokens().unwrap().access)));
    let used: Vec<_> =
        world.seen("/token").into_iter().filter_map(|seen| seen.form.get("refresh_token").cloned()).collect();
    assert_eq!(used.len(), 2);
    assert_ne!(used[0], used[1]);
}

#[test]
fn versions_are_told_apart_within_one_second_and_by_a_clock_that_went_back() {
    let (world, mut rig) = refreshing();
    let mut before = rig.auth.credentials().changed_at;
    for now in [1_000_000, 1_000_000, 5] {
        world.0.borrow_mut().now = now;
        rig.next();
        rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
        let kept = rig.auth.credentials().changed_at;
        assert!(kept > before);
        assert_eq!(world.0.borrow().saved.last().unwrap().changed_at, kept);
        before = kept;
    }
}

#[test]
fn a_sign_in_that_was_forgotten_elsewhere_is_not_written_back() {
    let (world, mut rig) = refreshing();
    world.0.borrow_mut().stored = Some(Credentials::default());
    let saved = world.0.borrow().saved.len();
    world.wait(3600);
    assert_eq!(rig.authorization(), None);
    assert_eq!(rig.auth.credentials().accounts, []);
    assert_eq!(world.0.borrow().saved.len(), saved);
    // A sign-in of later is a new one, and newer than all before, also for a tab that has slept through it.
    rig.next();
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(world.seen("/register").len(), 2);
    world.0.borrow_mut().stored = None;
    world.wait(10);
    let mut fresh = world.rig();
    fresh.refuse(None).unwrap();
    world.0.borrow_mut().stored = Some(fresh.auth.credentials().clone());
    rig.next();
    assert_eq!(rig.refuse(None), Ok(Retry::Renewed));
}

#[test]
fn after_a_reload_the_kept_sign_in_goes_on() {
    let (world, rig) = refreshing();
    let kept = rig.auth.credentials().to_json();
    let mut again = Authorizer::new(world.clone(), World::settings(), Credentials::from_json(&kept));
    world.wait(3600);
    let signed = block_on(again.headers("POST", ENDPOINT)).unwrap();
    assert!(!signed.headers.is_empty());
    assert_eq!(world.seen("VISIT").len(), 1);
    assert_eq!(world.seen("/token")[1].form["grant_type"], "refresh_token");
}

#[test]
fn kept_tokens_are_not_used_for_another_server_grant_or_client() {
    let by_hand = |id: &str, issuer: Option<&str>| {
        let mut settings = World::settings();
        settings.preregistered = Some(Preregistered {
            client_id: id.into(),
            client_secret: Some("s".into()),
            key: None,
            issuer: issuer.map(str::to_owned),
            method: None,
        });
        settings
    };
    let changed = |settings: &Settings, change: fn(&mut Settings)| {
        let mut settings = settings.clone();
        change(&mut settings);
        settings
    };
    let (dynamic, hand) = (World::settings(), by_hand("id", None));
    let own = [(&dynamic, dynamic.clone()), (&hand, hand.clone()), (&hand, by_hand("id", Some(AS)))];
    let foreign = [
        (&dynamic, hand.clone()),
        (&hand, dynamic.clone()),
        (&hand, by_hand("other", None)),
        (&hand, by_hand("id", Some("https://other.example"))),
        (&hand, changed(&hand, |settings| settings.grant = Grant::ClientCredentials)),
        (&dynamic, changed(&dynamic, |settings| settings.grant = Grant::JwtBearer { assertion: "a".into() })),
        (&dynamic, changed(&dynamic, |settings| settings.endpoint = "https://other.example/mcp".into())),
        (&dynamic, changed(&dynamic, |settings| settings.redirect_uri = "https://app.example/other".into())),
        (&dynamic, changed(&dynamic, |settings| settings.dpop = true)),
    ];
    let cases = own.into_iter().map(|case| (case, true)).chain(foreign.into_iter().map(|case| (case, false)));
    for ((before, after), used) in cases {
        let world = World::new();
        let mut rig = world.rig_with(before.clone());
        rig.refuse(None).unwrap();
        let kept = Credentials::from_json(&rig.auth.credentials().to_json());
        // After a reload, and from a tab with other settings.
        let reloaded = Authorizer::new(world.clone(), after.clone(), kept.clone());
        world.0.borrow_mut().stored = Some(kept);
        let mut tab = Authorizer::new(world.clone(), after.clone(), Credentials::default());
        let refusal = Refusal { status: 401, ..Refusal::default() };
        let taken = block_on(tab.challenged(&mut Chain::default(), refusal)) == Ok(Retry::Renewed);
        for (mut auth, kept) in [(reloaded, true), (tab, taken)] {
            let signed = block_on(auth.headers("POST", &after.endpoint)).unwrap();
            let old = signed.headers == block_on(rig.auth.headers("POST", ENDPOINT)).unwrap().headers;
            assert_eq!(old && kept, used, "{before:?} {after:?}");
        }
    }
}

#[test]
fn a_token_goes_to_its_own_origin_only() {
    let (_, mut rig) = refreshing();
    for other in [
        "https://evil.example/mcp",
        "http://mcp.example/mcp",
        "https://mcp.example:8443/mcp",
        "https://mcp.example.evil.example/mcp",
        "https://mcp.example@evil.example/mcp",
        "nonsense",
    ] {
        assert!(block_on(rig.auth.headers("POST", other)).unwrap().headers.is_empty(), "{other}");
    }
    assert_eq!(block_on(rig.auth.headers("POST", "https://mcp.example/messages?x=1")).unwrap().headers.len(), 1);
}

#[test]
fn the_four_cases_of_renewal() {
    let outlook = |refreshes: bool, scope: &str, expires: serde_json::Value| {
        let world = World::new();
        world.edit(AS, |server| {
            server.refreshes = refreshes;
            server.granted = json!({"scope": scope, "expires_in": expires});
        });
        let mut rig = world.rig();
        assert_eq!(rig.auth.renewal(), None);
        rig.refuse(None).unwrap();
        rig.auth.renewal().unwrap().outlook
    };
    assert_eq!(outlook(true, "a offline_access", json!(60)), Outlook::ByItself);
    assert_eq!(outlook(true, "a", json!(60)), Outlook::MayStopAtSignOut);
    assert_eq!(outlook(false, "a offline_access", json!(60)), Outlook::NeedsPersonAt(1_000_060));
    assert_eq!(outlook(false, "a", json!("60")), Outlook::NeedsPersonAt(1_000_060));
    assert_eq!(outlook(false, "a", json!(null)), Outlook::Unknown);
}

#[test]
fn a_disconnection_revokes_both_tokens() {
    let world = World::new();
    world.server(AS, META, json!({"revocation_endpoint": "https://as.example/revoke"}));
    world.edit(AS, |server| server.refreshes = true);
    let mut rig = world.rig();
    assert_eq!(block_on(rig.auth.revoke()), Revocation::Nothing);
    rig.refuse(None).unwrap();
    assert_eq!(block_on(rig.auth.revoke()), Revocation::Done);
    let asked = world.seen("/revoke");
    let hints: Vec<_> = asked.iter().map(|seen| seen.form["token_type_hint"].as_str()).collect();
    assert_eq!(hints, ["refresh_token", "access_token"]);
    assert!(asked.iter().all(|seen| seen.form["client_id"] == format!("client-of-{AS}")));
    assert_eq!(rig.authorization(), None);
    assert!(world.0.borrow().saved.last().unwrap().tokens().is_none());
}

#[test]
fn a_disconnection_says_what_the_provider_could_not_do() {
    let (_, mut rig) = refreshing();
    assert_eq!(block_on(rig.auth.revoke()), Revocation::NotOffered);
    assert_eq!(rig.authorization(), None);
    let world = World::new();
    world.server(AS, META, json!({"revocation_endpoint": "https://as.example/revoke"}));
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    world.0.borrow_mut().broken.push("https://as.example/revoke".into());
    assert!(matches!(block_on(rig.auth.revoke()), Revocation::Failed(AuthError::Web { .. })));
    assert_eq!(rig.authorization(), None);
}

fn revocable() -> (World, Rig) {
    let world = World::new();
    world.server(AS, META, json!({"revocation_endpoint": "https://as.example/revoke"}));
    world.edit(AS, |server| server.refreshes = true);
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    (world, rig)
}

#[test]
fn a_token_that_cannot_be_revoked_does_not_keep_the_other_one_alive() {
    let (world, mut rig) = revocable();
    world.edit(AS, |server| server.first.push_back((503, json!({"error": "later"}))));
    assert!(matches!(block_on(rig.auth.revoke()), Revocation::Failed(AuthError::Refused { status: 503, .. })));
    assert_eq!(world.seen("/revoke").len(), 2);
    // Of two errors it is the first that is told.
    let (world, mut rig) = revocable();
    world.edit(AS, |server| server.first = [(503, json!({})), (400, json!({}))].into());
    assert!(matches!(block_on(rig.auth.revoke()), Revocation::Failed(AuthError::Refused { status: 503, .. })));
    assert_eq!(world.seen("/revoke").len(), 2);
}

#[test]
fn a_sign_out_that_is_not_waited_for_is_one_all_the_same() {
    let (world, mut rig) = revocable();
    let before = rig.auth.credentials().changed_at;
    world.0.borrow_mut().silent.push("https://as.example/revoke".into());
    {
        let mut revocation = pin!(rig.auth.revoke());
        assert!(revocation.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(world.seen("/revoke").len(), 1);
    let kept = world.0.borrow().saved.last().unwrap().clone();
    assert_eq!((&kept.issuer, kept.accounts.len()), (&None, 0));
    assert!(kept.changed_at > before);
    assert_eq!(*rig.auth.credentials(), kept);
    assert_eq!(rig.authorization(), None);
    // Not even the client is known any more.
    rig.next();
    rig.refuse(None).unwrap();
    assert_eq!(world.seen("/register").len(), 2);
}

#[test]
fn a_sign_out_without_tokens_forgets_the_client_too() {
    let world = World::new();
    let mut rig = world.rig();
    world.0.borrow_mut().person = Some(AuthorizeFailure::Cancelled);
    rig.refuse(None).unwrap_err();
    assert_eq!(rig.auth.credentials().accounts.len(), 1);
    assert_eq!(block_on(rig.auth.revoke()), Revocation::Nothing);
    assert_eq!(world.0.borrow().saved.last().unwrap().accounts, []);
}

#[test]
fn a_failed_renewal_ahead_of_time_waits_before_the_next() {
    let (world, mut rig) = refreshing();
    world.0.borrow_mut().broken.push("https://as.example/token".into());
    world.wait(3580);
    for _ in 0..5 {
        assert!(rig.authorization().is_some());
    }
    assert_eq!(world.seen("/token").len(), 2);
    world.0.borrow_mut().broken.clear();
    world.wait(29);
    rig.authorization();
    assert_eq!(world.seen("/token").len(), 2);
    world.wait(1);
    rig.authorization();
    assert_eq!(world.seen("/token").len(), 3);
}

#[test]
fn a_lifetime_of_nothing_does_not_renew_at_every_request() {
    for lifetime in [0, 1, 4] {
        let world = World::new();
        world.edit(AS, |server| {
            server.refreshes = true;
            server.granted = json!({"expires_in": lifetime});
        });
        let mut rig = world.rig();
        rig.refuse(None).unwrap();
        for _ in 0..3 {
            rig.authorization();
            world.wait(2);
        }
        assert_eq!(world.seen("/token").len(), 1);
    }
}

#[test]
fn a_token_endpoint_that_moved_does_not_cost_the_refresh_token() {
    let (world, mut rig) = refreshing();
    world.edit(AS, |server| server.first.push_back((404, json!({}))));
    world.wait(3590);
    rig.authorization();
    assert!(rig.auth.credentials().tokens().unwrap().refresh.is_some());
}

#[test]
fn a_request_that_never_carries_the_token_does_not_go_round_for_ever() {
    let (_, mut rig) = refreshing();
    let refusal = Refusal { status: 401, used: 0, ..Refusal::default() };
    let mut chain = Chain::default();
    let ends: Vec<_> = (0..10).map(|_| block_on(rig.auth.challenged(&mut chain, refusal))).collect();
    assert_eq!(ends.iter().filter(|end| **end == Ok(Retry::Renewed)).count(), 2);
    assert_eq!(ends.last(), Some(&Err(AuthError::StillRefused)));
}

#[test]
fn a_resource_server_that_asks_for_offline_access_does_not_cost_a_sign_in() {
    let (world, mut rig) = refreshing();
    assert_eq!(rig.refuse(Some("Bearer scope=\"a offline_access\"")), Ok(Retry::Refreshed));
    rig.next();
    // A scope that the token was not asked for does.
    assert_eq!(rig.refuse(Some("Bearer scope=\"a b\"")), Ok(Retry::SignedIn));
    assert_eq!(world.seen("VISIT")[1].form["scope"], "a b");
}

#[test]
fn ac10_an_id_token_gives_the_person_a_name_and_nothing_else() {
    // {"sub":"7","name":"Ann","email":"ann@example.com"}
    let ann = "e30.eyJzdWIiOiI3IiwibmFtZSI6IkFubiIsImVtYWlsIjoiYW5uQGV4YW1wbGUuY29tIn0.x";
    for (id_token, name) in
        [(json!(ann), Some("ann@example.com")), (json!("x"), None), (json!(7), None), (json!(null), None)]
    {
        let world = World::new();
        world.edit(AS, |server| {
            server.granted = json!({"id_token": id_token});
            server.refreshes = true;
        });
        let mut rig = world.rig();
        rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
        let named = |rig: &Rig| rig.auth.credentials().tokens().and_then(|tokens| tokens.name.clone());
        assert_eq!(named(&rig).as_deref(), name);
        let kept = rig.auth.credentials().to_json();
        assert_eq!(Credentials::from_json(&kept), *rig.auth.credentials());
        assert!(!kept.to_string().contains("eyJ"), "the ID token itself is not kept");
        // A renewal that says nothing of the person leaves the name.
        world.edit(AS, |server| server.granted = json!({}));
        rig.next();
        world.wait(3590);
        rig.authorization();
        assert_eq!(named(&rig).as_deref(), name);
    }
}
