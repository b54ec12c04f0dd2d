//! `auth/dpop`, `auth/dpop-nonce` (RFC 9449).

use std::collections::BTreeSet;

use mcp::oauth::{AuthError, Authorizer, Credentials, Retry};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::rig::{AS, ENDPOINT, META, ORIGIN, PRM, ROOT_PRM, Rig, World, block_on, part};

fn bound() -> (World, Rig) {
    let world = World::new();
    world.server(AS, META, json!({"dpop_signing_alg_values_supported": ["ES256"]}));
    let mut settings = World::settings();
    settings.dpop = true;
    let rig = world.rig_with(settings);
    (world, rig)
}

const CHALLENGE: &str = "DPoP resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"";

#[test]
fn dpop_proves_possession_at_the_token_endpoint_and_at_every_request() {
    let (world, mut rig) = bound();
    assert_eq!(rig.refuse(Some(CHALLENGE)), Ok(Retry::SignedIn));
    let proof = world.seen("/token")[0].headers["DPoP"].clone();
    assert_eq!(
        part(&proof, 0),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": "key-one", "y": "y"}})
    );
    let claims = part(&proof, 1);
    assert_eq!((claims["htm"].as_str(), claims["htu"].as_str()), (Some("POST"), Some("https://as.example/token")));
    assert_eq!(claims["iat"], 1_000_000);
    assert!(claims.get("ath").is_none() && claims.get("nonce").is_none());
    assert!(world.seen("VISIT")[0].form.contains_key("dpop_jkt"));
    assert!(world.seen("/register")[0].body.contains("\"dpop_bound_access_tokens\":true"));

    let mut ids = BTreeSet::from([claims["jti"].to_string()]);
    for _ in 0..3 {
        let authorization = rig.authorization().unwrap();
        let token = authorization.strip_prefix("DPoP ").unwrap().to_owned();
        let proof = rig.header("DPoP").unwrap();
        let claims = part(&proof, 1);
        assert_eq!((claims["htm"].as_str(), claims["htu"].as_str()), (Some("POST"), Some(ENDPOINT)));
        assert_eq!(claims["ath"].as_str().unwrap().len(), 43);
        let digest = Sha256::digest(token.as_bytes());
        assert!(claims["ath"].as_str().unwrap().starts_with(match digest[0] >> 2 {
            n @ 0..=25 => char::from(b'A' + n),
            n @ 26..=51 => char::from(b'a' + n - 26),
            n @ 52..=61 => char::from(b'0' + n - 52),
            62 => '-',
            _ => '_',
        }));
        assert!(ids.insert(claims["jti"].to_string()));
    }
}

#[test]
fn the_address_in_a_proof_has_no_query() {
    let (_, mut rig) = bound();
    rig.refuse(None).unwrap();
    let url = "https://mcp.example/mcp?session=1#x";
    let signed = crate::rig::block_on(rig.auth.headers("GET", url)).unwrap();
    let proof = &signed.headers.iter().find(|(name, _)| name == "DPoP").unwrap().1;
    assert_eq!(part(proof, 1)["htu"], ENDPOINT);
    assert_eq!(part(proof, 1)["htm"], "GET");
}

#[test]
fn the_address_in_a_proof_ends_with_a_slash_where_there_is_no_path_and_the_resource_does_not() {
    let world = World::new();
    world.server(AS, META, json!({"dpop_signing_alg_values_supported": ["ES256"]}));
    world.doc(ROOT_PRM, json!({"resource": ORIGIN, "authorization_servers": [AS]}));
    let mut settings = World::settings();
    settings.dpop = true;
    settings.endpoint = ORIGIN.into();
    let mut rig = world.rig_with(settings);
    rig.refuse(None).unwrap();
    assert_eq!(world.seen("/token")[0].form["resource"], ORIGIN);
    for url in [ORIGIN, "https://mcp.example?x=1", "https://mcp.example/?x=1"] {
        let signed = block_on(rig.auth.headers("POST", url)).unwrap();
        let proof = &signed.headers.iter().find(|(name, _)| name == "DPoP").unwrap().1;
        assert_eq!(part(proof, 1)["htu"], "https://mcp.example/");
    }
}

#[test]
fn dpop_nonce_is_used_for_each_server_when_it_asks() {
    let (world, mut rig) = bound();
    world.edit(AS, |server| server.nonce = Some("as-nonce".into()));
    assert_eq!(rig.refuse(Some(CHALLENGE)), Ok(Retry::SignedIn));
    let asked = world.seen("/token");
    assert_eq!(asked.len(), 2);
    let (first, second) = (part(&asked[0].headers["DPoP"], 1), part(&asked[1].headers["DPoP"], 1));
    assert_eq!((first.get("nonce"), &second["nonce"]), (None, &json!("as-nonce")));
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(asked[0].form["code"], asked[1].form["code"]);

    let wants = "DPoP error=\"use_dpop_nonce\"";
    assert_eq!(rig.refuse_as(401, Some(wants), Some("rs-nonce")), Ok(Retry::Nonce));
    assert_eq!(part(&rig.header("DPoP").unwrap(), 1)["nonce"], "rs-nonce");
    // The next nonce comes with any answer.
    rig.auth.seen_nonce(ENDPOINT, "rs-nonce-2");
    assert_eq!(part(&rig.header("DPoP").unwrap(), 1)["nonce"], "rs-nonce-2");
    assert_eq!(world.seen("VISIT").len(), 1);
}

#[test]
fn a_challenge_of_the_other_scheme_asks_for_neither_a_scope_nor_a_nonce() {
    let both = "Bearer scope=\"b\", DPoP scope=\"a\"";
    let (world, mut rig) = bound();
    rig.refuse(Some(both)).unwrap();
    assert_eq!(world.seen("VISIT")[0].form["scope"], "a");
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(Some(both)).unwrap();
    assert_eq!(world.seen("VISIT")[0].form["scope"], "b");
    rig.next();
    let wants = "Bearer, DPoP error=\"use_dpop_nonce\"";
    assert_eq!(rig.refuse_as(401, Some(wants), Some("n")), Ok(Retry::SignedIn));
}

#[test]
fn nonces_without_end_and_unreadable_ones_stop() {
    let (world, mut rig) = bound();
    rig.refuse(None).unwrap();
    let wants = "DPoP error=\"use_dpop_nonce\"";
    let ends = (0..10).map(|at| rig.refuse_as(401, Some(wants), Some(&format!("n{at}")))).collect::<Vec<_>>();
    assert_eq!(ends.iter().filter(|end| **end == Ok(Retry::Nonce)).count(), 3);
    rig.next();
    assert!(matches!(rig.refuse_as(401, Some(wants), None), Err(AuthError::NotBound { .. })));
    // A token endpoint that is never content is asked twice.
    world.edit(AS, |server| {
        server.nonce = Some("n".into());
        server.first.extend((0..5).map(|_| (400, json!({"error": "use_dpop_nonce"}))));
    });
    let before = world.seen("/token").len();
    assert!(crate::rig::block_on(rig.auth.sign_in(None)).is_err());
    assert_eq!(world.seen("/token").len(), before + 2);
}

#[test]
fn a_provider_that_ignores_the_proof_is_not_trusted_with_it() {
    let (world, mut rig) = bound();
    world.edit(AS, |server| server.granted = json!({"token_type": "Bearer"}));
    assert!(matches!(rig.refuse(None), Err(AuthError::NotBound { .. })));
    assert_eq!(rig.authorization(), None);
}

#[test]
fn a_provider_that_cannot_bind_gets_no_proof_and_the_doctor_says_so() {
    let world = World::new();
    let mut settings = World::settings();
    settings.dpop = true;
    let mut rig = world.rig_with(settings);
    rig.refuse(None).unwrap();
    assert!(rig.authorization().unwrap().starts_with("Bearer "));
    assert!(!world.seen("/token")[0].headers.contains_key("DPoP"));
    assert!(rig.warned("tokens are not bound"));
}

#[test]
fn a_resource_that_demands_bound_tokens_gets_them_unasked() {
    let world = World::new();
    let document =
        json!({"resource": ENDPOINT, "authorization_servers": [AS], "dpop_bound_access_tokens_required": true});
    world.doc(PRM, document);
    assert!(matches!(world.rig().refuse(None), Err(AuthError::NotBound { .. })));
    assert!(world.seen("VISIT").is_empty());
    world.server(AS, META, json!({"dpop_signing_alg_values_supported": ["ES256"]}));
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    assert!(rig.authorization().unwrap().starts_with("DPoP "));
}

#[test]
fn a_token_whose_key_is_gone_is_not_sent() {
    let (world, mut rig) = bound();
    rig.refuse(None).unwrap();
    world.0.borrow_mut().key = "key-two".into();
    assert_eq!(rig.authorization(), None);
    rig.next();
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert!(rig.authorization().is_some());
}

#[test]
fn a_key_that_cannot_be_used_is_an_error_and_no_request_without_a_token() {
    let (world, mut rig) = bound();
    rig.refuse(None).unwrap();
    world.0.borrow_mut().key = String::new();
    let signed = block_on(rig.auth.headers("POST", ENDPOINT));
    assert!(matches!(signed, Err(AuthError::Key(_))), "{signed:?}");
    // The tokens are still there for when the key is.
    world.0.borrow_mut().key = "key-one".into();
    assert!(rig.authorization().is_some());
}

#[test]
fn tokens_that_another_tab_has_for_the_present_key_are_taken_over() {
    let (world, mut rig) = bound();
    rig.refuse(None).unwrap();
    world.0.borrow_mut().key = "key-two".into();
    let mut tab = Authorizer::new(world.clone(), rig.auth.settings().clone(), Credentials::default());
    world.wait(1);
    block_on(tab.sign_in(None)).unwrap();
    world.0.borrow_mut().stored = Some(tab.credentials().clone());
    let access = tab.credentials().tokens().unwrap().access.clone();
    assert_eq!(rig.authorization(), Some(format!("DPoP {access}")));
}

#[test]
fn a_bound_token_is_refreshed_with_a_proof() {
    let (world, mut rig) = bound();
    world.edit(AS, |server| server.refreshes = true);
    rig.refuse(None).unwrap();
    world.wait(3600);
    assert!(rig.authorization().unwrap().starts_with("DPoP "));
    assert!(world.seen("/token")[1].headers.contains_key("DPoP"));
}

#[test]
fn kept_tokens_that_the_provider_could_not_bind_go_on_after_a_reload() {
    let world = World::new();
    let mut settings = World::settings();
    settings.dpop = true;
    let mut rig = world.rig_with(settings.clone());
    assert_eq!(rig.refuse(Some("Bearer")), Ok(Retry::SignedIn));
    let kept = Credentials::from_json(&rig.auth.credentials().to_json());
    let mut later = Authorizer::new(world.clone(), settings, kept);
    assert_eq!(block_on(later.headers("POST", ENDPOINT)).unwrap().headers[0].0, "Authorization");
}
