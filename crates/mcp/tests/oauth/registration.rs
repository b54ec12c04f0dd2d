//! `auth/basic-cimd`, `auth/pre-registration`, `auth/token-endpoint-auth-*`, `auth/authorization-server-migration`; X20,
//! X25.

use mcp::oauth::{AuthError, AuthMethod, Authorizer, Preregistered, Registered, Retry, Settings};
use serde_json::{Value, json};

use crate::rig::{AS, CIMD, ENDPOINT, META, PRM, REDIRECT, World};

fn by_hand(issuer: Option<&str>) -> Settings {
    let mut settings = World::settings();
    settings.preregistered = Some(Preregistered {
        client_id: "pre-registered-client".into(),
        client_secret: Some("pre-registered-secret".into()),
        key: None,
        issuer: issuer.map(str::to_owned),
        method: None,
    });
    settings
}

fn with_cimd() -> Settings {
    let mut settings = World::settings();
    settings.client_metadata_url = Some(CIMD.into());
    settings
}

#[test]
fn basic_cimd_the_address_of_our_document_is_the_client_id() {
    let world = World::new();
    world.server(AS, META, json!({"client_id_metadata_document_supported": true}));
    let mut rig = world.rig_with(with_cimd());
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert!(world.seen("/register").is_empty());
    assert_eq!(world.seen("VISIT")[0].form["client_id"], CIMD);
    assert_eq!(world.seen("/token")[0].form["client_id"], CIMD);
}

#[test]
fn our_document_is_only_used_where_that_is_supported_and_its_address_can_be_an_id() {
    let world = World::new();
    world.rig_with(with_cimd()).refuse(None).unwrap();
    assert_eq!(world.seen("/register").len(), 1);
    for bad in ["http://app.example/client.json", "https://app.example", "https://app.example/", "client.json"] {
        let world = World::new();
        world.server(AS, META, json!({"client_id_metadata_document_supported": true}));
        let mut settings = with_cimd();
        settings.client_metadata_url = Some(bad.into());
        world.rig_with(settings).refuse(None).unwrap();
        assert_eq!(world.seen("/register").len(), 1, "{bad}");
    }
}

#[test]
fn pre_registration_comes_first_and_authenticates_by_basic() {
    let world = World::new();
    world.server(
        AS,
        META,
        json!({
            "registration_endpoint": null,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "client_id_metadata_document_supported": true,
        }),
    );
    let mut settings = by_hand(Some(AS));
    settings.client_metadata_url = Some(CIMD.into());
    let mut rig = world.rig_with(settings);
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    let token = &world.seen("/token")[0];
    // base64("pre-registered-client:pre-registered-secret")
    let expected = "Basic cHJlLXJlZ2lzdGVyZWQtY2xpZW50OnByZS1yZWdpc3RlcmVkLXNlY3JldA==";
    assert_eq!(token.headers["Authorization"], expected);
    assert!(!token.form.contains_key("client_id") && !token.form.contains_key("client_secret"));
}

#[test]
fn the_parts_of_basic_are_encoded_as_a_form() {
    let world = World::new();
    world.server(AS, META, json!({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}));
    let mut settings = by_hand(None);
    let client = settings.preregistered.as_mut().unwrap();
    client.client_id = "a:b".into();
    client.client_secret = Some("c d/ü".into());
    world.rig_with(settings).refuse(None).unwrap();
    // base64("a%3Ab:c%20d%2F%C3%BC")
    assert_eq!(world.seen("/token")[0].headers["Authorization"], "Basic YSUzQWI6YyUyMGQlMkYlQzMlQkM=");
}

#[test]
fn a_client_registered_by_hand_is_never_shown_to_another_authorization_server() {
    let world = World::new();
    let error = world.rig_with(by_hand(Some("https://old.example"))).refuse(None).unwrap_err();
    assert_eq!(error, AuthError::ForeignClient { bound: "https://old.example".into(), issuer: AS.into() });
    assert!(world.seen("VISIT").is_empty() && world.seen("POST").is_empty());
    // Nor after it was bound by its first use.
    let world = World::new();
    let mut rig = world.rig_with(by_hand(None));
    rig.refuse(None).unwrap();
    world.server("https://as2.example", "https://as2.example/.well-known/oauth-authorization-server", json!({}));
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": ["https://as2.example"]}));
    rig.next();
    assert!(matches!(rig.refuse(None), Err(AuthError::ForeignClient { .. })));
    assert_eq!(world.seen("VISIT").len(), 1);
}

#[test]
fn where_several_are_trusted_the_one_that_knows_our_client_is_taken() {
    let world = World::new();
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": ["https://first.example", AS]}));
    assert_eq!(world.rig_with(by_hand(Some(AS))).refuse(None), Ok(Retry::SignedIn));
}

fn registered_with(methods: Value, answer: Value) -> World {
    let world = World::new();
    world.server(AS, META, json!({"token_endpoint_auth_methods_supported": methods}));
    world.edit(AS, |server| server.registered = answer);
    world
}

#[test]
fn token_endpoint_auth_basic() {
    let method = "client_secret_basic";
    let world = registered_with(json!([method]), json!({"token_endpoint_auth_method": method, "client_secret": "s"}));
    assert_eq!(world.rig().refuse(None), Ok(Retry::SignedIn));
    let token = &world.seen("/token")[0];
    assert!(token.headers["Authorization"].starts_with("Basic "));
    assert!(!token.form.contains_key("client_secret"));
    assert!(world.seen("/register")[0].body.contains("\"token_endpoint_auth_method\":\"client_secret_basic\""));
}

#[test]
fn token_endpoint_auth_post() {
    let method = "client_secret_post";
    let world = registered_with(json!([method]), json!({"token_endpoint_auth_method": method, "client_secret": "s"}));
    assert_eq!(world.rig().refuse(None), Ok(Retry::SignedIn));
    let token = &world.seen("/token")[0];
    assert_eq!(token.form["client_secret"], "s");
    assert!(!token.headers.contains_key("Authorization"));
}

#[test]
fn token_endpoint_auth_none_sends_no_secret_even_if_one_was_given() {
    for answer in [json!({"token_endpoint_auth_method": "none", "client_secret": null}), json!({})] {
        let world = registered_with(json!(["none"]), answer);
        let mut rig = world.rig();
        assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
        let token = &world.seen("/token")[0];
        assert_eq!(token.form["client_id"], format!("client-of-{AS}"));
        assert!(!token.headers.contains_key("Authorization") && !token.form.contains_key("client_secret"));
        let kept = rig.auth.credentials().current().unwrap().registration.clone().unwrap();
        assert_eq!((kept.method, kept.secret, kept.how), (AuthMethod::None, None, Registered::Dynamically));
    }
}

#[test]
fn the_token_endpoint_defaults_to_basic_where_the_document_is_silent() {
    let world = registered_with(json!(null), json!({}));
    assert_eq!(world.rig().refuse(None), Ok(Retry::SignedIn));
    assert!(world.seen("/token")[0].headers["Authorization"].starts_with("Basic "));
}

#[test]
fn a_registration_says_what_kind_of_program_this_is() {
    let kinds = [(REDIRECT, "web"), ("http://localhost:3000/cb", "native"), ("http://127.0.0.1:3000/cb", "native")];
    for (redirect, kind) in kinds {
        let world = World::new();
        let mut settings = World::settings();
        settings.redirect_uri = redirect.into();
        world.rig_with(settings).refuse(None).unwrap();
        let asked: Value = serde_json::from_str(&world.seen("/register")[0].body).unwrap();
        assert_eq!(asked["application_type"], kind);
        assert_eq!(asked["redirect_uris"], json!([redirect]));
        assert_eq!(asked["grant_types"], json!(["authorization_code", "refresh_token"]));
        assert_eq!(asked["client_name"], "Countersign");
        assert_eq!(world.seen("VISIT")[0].form["redirect_uri"], redirect);
    }
}

#[test]
fn a_registration_that_comes_back_changed_is_refused() {
    for (member, value) in [
        ("redirect_uris", json!(["https://evil.example/cb"])),
        ("redirect_uris", json!([])),
        ("client_name", json!("Google")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
    ] {
        let world = World::new();
        world.edit(AS, |server| server.registered = json!({member: value}));
        assert_eq!(world.rig().refuse(None), Err(AuthError::RegistrationChanged { member }));
        assert!(world.seen("VISIT").is_empty());
    }
}

#[test]
fn a_refused_registration_says_why() {
    let world = World::new();
    let body = json!({"error": "invalid_redirect_uri", "error_description": "web needs https"});
    world.edit(AS, |server| server.first.push_back((400, body)));
    match world.rig().refuse(None).unwrap_err() {
        AuthError::Refused { step, status, error, description } => {
            assert_eq!((step, status), ("registration", 400));
            assert_eq!((error.as_str(), description.as_str()), ("invalid_redirect_uri", "web needs https"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_any_way_to_register_a_person_is_asked_for_a_client_id() {
    let world = World::new();
    world.server(AS, META, json!({"registration_endpoint": null}));
    assert_eq!(world.rig().refuse(None), Err(AuthError::NoRegistration { issuer: AS.into() }));
}

#[test]
fn a_registration_is_kept_until_its_secret_ends() {
    let world = World::new();
    world.server(AS, META, json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    world.edit(AS, |server| server.registered = json!({"client_secret_expires_at": 1_000_100}));
    let mut rig = world.rig();
    for registrations in [1, 1] {
        crate::rig::block_on(rig.auth.sign_in(None)).unwrap();
        assert_eq!(world.seen("/register").len(), registrations);
    }
    world.wait(200);
    crate::rig::block_on(rig.auth.sign_in(None)).unwrap();
    assert_eq!(world.seen("/register").len(), 2);
}

#[test]
fn a_registration_is_for_its_redirect_address() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    for (redirect, registrations) in [(REDIRECT, 1), ("https://app.example/other", 2)] {
        let mut settings = World::settings();
        settings.redirect_uri = redirect.into();
        let mut moved = Authorizer::new(world.clone(), settings, rig.auth.credentials().clone());
        crate::rig::block_on(moved.sign_in(None)).unwrap();
        assert_eq!(world.seen("/register").len(), registrations);
    }
}

#[test]
fn a_client_registered_by_hand_is_not_shown_to_an_old_server_that_names_nobody() {
    let world = World::new();
    world.forget(PRM);
    let origin = "https://mcp.example";
    world.server(origin, "https://mcp.example/.well-known/oauth-authorization-server", json!({}));
    let error = world.rig_with(by_hand(Some(AS))).refuse(None).unwrap_err();
    assert_eq!(error, AuthError::ForeignClient { bound: AS.into(), issuer: origin.into() });
    assert!(world.seen("VISIT").is_empty() && world.seen("POST").is_empty());
}

#[test]
fn authorization_server_migration_registers_anew_and_shows_nothing_of_the_old_one() {
    let world = World::new();
    let second = "https://as2.example";
    world.edit(AS, |server| {
        server.refreshes = true;
        server.registered = json!({"client_id": "as1-client-id-LEAKED-IF-SEEN-AT-AS2"});
    });
    let mut rig = world.rig();
    rig.refuse(Some("Bearer scope=\"mcp:basic\"")).unwrap();
    world.server(second, "https://as2.example/.well-known/oauth-authorization-server", json!({}));
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": [second]}));
    rig.next();
    assert_eq!(rig.refuse(Some("Bearer scope=\"mcp:basic\"")), Ok(Retry::SignedIn));
    let seen = world.0.borrow().seen.clone();
    let there: Vec<_> = seen.iter().filter(|seen| seen.url.starts_with(second)).collect();
    assert!(there.iter().any(|seen| seen.url.ends_with("/register")));
    for seen in &there {
        let all = format!("{seen:?}");
        assert!(!all.contains("as1-client-id") && !all.contains("canary-refresh"), "{all}");
    }
    // The refresh token of the old one was not used anywhere, and is gone.
    assert!(seen.iter().all(|seen| seen.form.get("grant_type").is_none_or(|grant| grant != "refresh_token")));
    let kept = rig.auth.credentials();
    assert_eq!(kept.issuer.as_deref(), Some(second));
    assert!(kept.account(AS).unwrap().tokens.is_none());
    assert!(kept.account(AS).unwrap().registration.is_some());
}

#[test]
fn a_registration_that_the_provider_has_lost_is_made_anew_next_time() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    world.edit(AS, |server| server.first.push_back((401, json!({"error": "invalid_client"}))));
    assert!(matches!(crate::rig::block_on(rig.auth.sign_in(None)), Err(AuthError::Refused { .. })));
    assert_eq!(world.seen("/register").len(), 1);
    crate::rig::block_on(rig.auth.sign_in(None)).unwrap();
    assert_eq!(world.seen("/register").len(), 2);
}
