//! `auth/iss-*`, state, PKCE, and what a person or a provider answers; X14, X15, X17, X19.

use mcp::oauth::{AuthError, AuthorizeFailure, Retry};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::rig::{AS, META, World, base64url, block_on};

fn advertising(advertised: Value, iss: Option<&str>) -> World {
    let world = World::new();
    world.server(AS, META, json!({"authorization_response_iss_parameter_supported": advertised}));
    world.edit(AS, |server| server.iss = iss.map(str::to_owned));
    world
}

#[test]
fn iss_supported_goes_on() {
    assert_eq!(advertising(json!(true), Some(AS)).rig().refuse(None), Ok(Retry::SignedIn));
}

#[test]
fn iss_not_advertised_goes_on() {
    assert_eq!(advertising(json!(null), None).rig().refuse(None), Ok(Retry::SignedIn));
    assert_eq!(advertising(json!(null), Some(AS)).rig().refuse(None), Ok(Retry::SignedIn));
}

fn stops(world: &World) {
    assert_eq!(world.rig().refuse(None), Err(AuthError::Iss));
    assert_eq!(world.seen("VISIT").len(), 1);
    assert!(world.seen("/token").is_empty());
}

#[test]
fn iss_supported_missing_stops_before_the_token() {
    stops(&advertising(json!(true), None));
}

#[test]
fn iss_wrong_issuer_stops_before_the_token() {
    stops(&advertising(json!(true), Some("https://evil.example.com")));
}

#[test]
fn iss_unexpected_stops_before_the_token() {
    stops(&advertising(json!(null), Some("https://evil.example.com")));
    stops(&advertising(json!(false), Some("https://evil.example.com")));
}

#[test]
fn iss_normalized_stops_before_the_token() {
    for almost in ["https://as.example/", "https://AS.example", "https://as.example:443", "HTTPS://as.example"] {
        stops(&advertising(json!(true), Some(almost)));
    }
}

#[test]
fn an_error_from_a_wrong_issuer_is_neither_used_nor_shown() {
    let world = advertising(json!(true), Some("https://evil.example.com"));
    world.edit(AS, |server| server.error = Some(("access_denied".into(), "call 555-1234".into())));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(None), Err(AuthError::Iss));
    assert!(!rig.warned("555") && !rig.warned("access_denied"));
}

#[test]
fn an_error_from_the_right_issuer_is_data() {
    let world = World::new();
    world.edit(AS, |server| server.error = Some(("access_denied".into(), "<img src=x>\u{7}no".into())));
    let mut rig = world.rig();
    match rig.refuse(None).unwrap_err() {
        AuthError::Refused { step: "sign-in", error, description, .. } => {
            assert_eq!((error.as_str(), description.as_str()), ("access_denied", "<img src=x> no"));
        }
        other => panic!("{other:?}"),
    }
    assert!(world.seen("/token").is_empty());
}

#[test]
fn a_callback_of_another_sign_in_is_thrown_away() {
    let changes: [fn(String) -> String; 4] = [
        |back| back.replace("state=", "state=x"),
        |back| back.replace("state=", "other="),
        |back| format!("{back}&state=again"),
        |_| "https://app.example/oauth/callback?code=injected".into(),
    ];
    for change in changes {
        let world = World::new();
        world.0.borrow_mut().callback = Some(change);
        assert_eq!(world.rig().refuse(None), Err(AuthError::State));
        assert!(world.seen("/token").is_empty());
    }
}

#[test]
fn a_callback_is_good_for_one_sign_in_only() {
    thread_local!(static FIRST: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) });
    let world = World::new();
    world.0.borrow_mut().callback = Some(|back| FIRST.with(|first| first.borrow_mut().get_or_insert(back).clone()));
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    rig.next();
    assert_eq!(rig.refuse(None), Err(AuthError::State));
}

#[test]
fn the_sign_in_is_tied_to_its_verifier() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    rig.next();
    rig.refuse(None).unwrap();
    let (visits, tokens) = (world.seen("VISIT"), world.seen("/token"));
    for (visit, token) in visits.iter().zip(&tokens) {
        assert_eq!(visit.form["response_type"], "code");
        assert_eq!(visit.form["code_challenge_method"], "S256");
        let verifier = &token.form["code_verifier"];
        assert_eq!(verifier.len(), 43);
        let digest = Sha256::digest(verifier.as_bytes());
        let expected: String = base64url(&digest);
        assert_eq!(visit.form["code_challenge"], expected);
        assert_eq!(token.form["redirect_uri"], visit.form["redirect_uri"]);
        assert_eq!(token.form["code"], "canary-code");
        assert_eq!(token.headers["Content-Type"], "application/x-www-form-urlencoded");
    }
    assert_ne!(visits[0].form["state"], visits[1].form["state"]);
    assert_ne!(visits[0].form["code_challenge"], visits[1].form["code_challenge"]);
}

#[test]
fn a_sign_in_page_with_a_query_keeps_it() {
    let world = World::new();
    let page = "https://as.example/authorize?tenant=7";
    world.server(AS, META, json!({"authorization_endpoint": page}));
    world.rig().refuse(None).unwrap();
    let visit = &world.seen("VISIT")[0];
    assert!(visit.body.starts_with("tenant=7&response_type=code&"));
}

#[test]
fn what_keeps_a_person_from_signing_in_is_told_apart() {
    for failure in [
        AuthorizeFailure::Blocked,
        AuthorizeFailure::Cancelled,
        AuthorizeFailure::NeedsPerson,
        AuthorizeFailure::TimedOut,
    ] {
        let world = World::new();
        world.0.borrow_mut().person = Some(failure.clone());
        let mut rig = world.rig();
        assert_eq!(rig.refuse(None), Err(AuthError::SignIn(failure)));
        let last = rig.auth.steps().last().unwrap();
        assert_eq!(last.verdict, mcp::oauth::Verdict::Stop);
        assert!(!last.remedy.is_empty());
    }
}

#[test]
fn a_person_who_said_no_is_not_asked_by_the_requests_that_waited() {
    for failure in [
        AuthorizeFailure::Cancelled,
        AuthorizeFailure::Blocked,
        AuthorizeFailure::TimedOut,
        AuthorizeFailure::Failed("the host's own words".into()),
    ] {
        let world = World::new();
        let mut rig = world.rig();
        // Without a token, and with one that is refused.
        for visits in [1, 3] {
            world.0.borrow_mut().person = Some(failure.clone());
            for _ in 0..3 {
                rig.next();
                assert_eq!(rig.refuse(None), Err(AuthError::SignIn(failure.clone())));
                assert_eq!(world.seen("VISIT").len(), visits);
            }
            // The host asks because the person wants it now.
            world.0.borrow_mut().person = None;
            block_on(rig.auth.sign_in(None)).unwrap();
            rig.next();
        }
        assert!(rig.authorization().is_some());
    }
}

#[test]
fn a_no_to_the_host_counts_as_well_and_another_tab_may_say_yes() {
    let world = World::new();
    let mut rig = world.rig();
    world.0.borrow_mut().person = Some(AuthorizeFailure::Cancelled);
    assert!(block_on(rig.auth.sign_in(None)).is_err());
    assert_eq!(rig.refuse(None), Err(AuthError::SignIn(AuthorizeFailure::Cancelled)));
    assert_eq!(world.seen("VISIT").len(), 1);
    world.0.borrow_mut().person = None;
    let mut tab = world.rig();
    world.wait(1);
    tab.refuse(None).unwrap();
    world.0.borrow_mut().stored = Some(tab.auth.credentials().clone());
    assert_eq!(rig.refuse(None), Ok(Retry::Renewed));
    // What was said about no token does not count for the new one.
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
}

#[test]
fn a_no_to_a_new_sign_in_leaves_the_old_one_as_it_is() {
    let world = World::new();
    world.edit(AS, |server| server.refreshes = true);
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    world.0.borrow_mut().person = Some(AuthorizeFailure::Cancelled);
    assert!(block_on(rig.auth.sign_in(None)).is_err());
    assert!(rig.authorization().is_some());
    rig.next();
    assert_eq!(rig.refuse(None), Ok(Retry::Refreshed));
    assert_eq!(world.seen("VISIT").len(), 2);
}

#[test]
fn trouble_with_a_step_up_is_no_answer_and_takes_none_back() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    world.0.borrow_mut().person = Some(AuthorizeFailure::Cancelled);
    assert!(block_on(rig.auth.sign_in(None)).is_err());
    world.0.borrow_mut().person = None;
    world.edit(AS, |server| server.first.push_back((503, json!({}))));
    let challenge = Some("Bearer error=\"insufficient_scope\", scope=\"b\"");
    rig.next();
    assert!(matches!(rig.refuse_as(403, challenge, None), Err(AuthError::Refused { status: 503, .. })));
    rig.next();
    assert_eq!(rig.refuse(None), Err(AuthError::SignIn(AuthorizeFailure::Cancelled)));
    rig.next();
    assert_eq!(rig.refuse_as(403, challenge, None), Ok(Retry::SteppedUp));
}

#[test]
fn what_the_sign_in_page_gives_back_is_not_asked_for_again_and_again() {
    type Change = fn(String) -> String;
    let changes: [(Change, AuthError); 2] = [
        (|back| back.replace("state=", "state=x"), AuthError::State),
        (|back| back.replace("&code=", "&cod="), AuthError::Callback { what: "it has no code" }),
    ];
    for (change, error) in changes {
        let world = World::new();
        world.0.borrow_mut().callback = Some(change);
        let mut rig = world.rig();
        for _ in 0..3 {
            rig.next();
            assert_eq!(rig.refuse(None), Err(error.clone()));
        }
        assert_eq!(world.seen("VISIT").len(), 1);
    }
    // A token endpoint that refuses the code is asked once as well, one in trouble as often as there are requests.
    for (status, visits) in [(400, 1), (503, 3)] {
        let world = World::new();
        let mut rig = world.rig();
        rig.refuse(None).unwrap();
        world.edit(AS, |server| server.first.extend((0..3).map(|_| (status, json!({"error": "nope"})))));
        for _ in 0..3 {
            rig.next();
            assert!(matches!(rig.refuse(None), Err(AuthError::Refused { .. })));
        }
        assert_eq!(world.seen("VISIT").len(), 1 + visits);
    }
}

#[test]
fn a_token_answer_without_a_token_type_is_not_used() {
    let world = World::new();
    world.edit(AS, |server| server.granted = json!({"token_type": null}));
    let mut rig = world.rig();
    assert!(matches!(rig.refuse(None), Err(AuthError::Malformed { step: "token request", .. })));
    assert_eq!(rig.authorization(), None);
}

#[test]
fn a_status_that_asks_for_nothing_opens_nothing() {
    let world = World::new();
    let mut rig = world.rig();
    assert_eq!(rig.refuse_as(500, None, None), Err(AuthError::NotAChallenge { status: 500 }));
    let refused = rig.refuse_as(403, Some("Bearer error=\"access_denied\", error_description=\"no\""), None);
    assert_eq!(refused, Err(AuthError::Forbidden { description: "no".into() }));
    assert!(world.0.borrow().seen.is_empty());
}
