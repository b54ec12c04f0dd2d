//! `auth/client-credentials-*`, `auth/wif-jwt-bearer`, `auth/enterprise-managed-authorization`.

use mcp::oauth::{Algorithm, AuthError, Authorizer, ClientKey, Grant, Idp, Outlook, Preregistered, Retry, Settings};
use serde_json::{Value, json};

use crate::rig::{AS, ENDPOINT, META, Rig, World, base64url, part};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const IDP: &str = "https://idp.example";

fn client(secret: Option<&str>, pem: Option<&str>) -> Option<Preregistered> {
    Some(Preregistered {
        client_id: "conformance-test-client".into(),
        client_secret: secret.map(str::to_owned),
        key: pem.map(|pem| ClientKey { pem: pem.into(), algorithm: Algorithm::Es256, kid: None }),
        issuer: Some(AS.into()),
        method: None,
    })
}

fn world(methods: &str) -> World {
    let world = World::new();
    let extra = json!({
        "token_endpoint_auth_methods_supported": [methods],
        "registration_endpoint": null,
        "authorization_endpoint": null,
        "code_challenge_methods_supported": null,
    });
    world.server(AS, META, extra);
    world
}

fn settings(grant: Grant, preregistered: Option<Preregistered>) -> Settings {
    let mut settings = World::settings();
    settings.grant = grant;
    settings.preregistered = preregistered;
    settings
}

#[test]
fn client_credentials_basic() {
    let world = world("client_secret_basic");
    let mut rig = world.rig_with(settings(Grant::ClientCredentials, client(Some("s"), None)));
    assert_eq!(rig.refuse(Some("Bearer scope=\"a\"")), Ok(Retry::SignedIn));
    let token = &world.seen("/token")[0];
    assert_eq!(token.form["grant_type"], "client_credentials");
    assert_eq!(token.form["resource"], ENDPOINT);
    assert_eq!(token.form["scope"], "a");
    // base64("conformance-test-client:s")
    assert_eq!(token.headers["Authorization"], "Basic Y29uZm9ybWFuY2UtdGVzdC1jbGllbnQ6cw==");
    assert!(world.seen("VISIT").is_empty());
    assert_eq!(rig.auth.renewal().unwrap().outlook, Outlook::ByItself);
}

#[test]
fn client_credentials_jwt_is_for_the_issuer_alone() {
    let world = world("private_key_jwt");
    let mut rig = world.rig_with(settings(Grant::ClientCredentials, client(None, Some("canary-pem"))));
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    let token = &world.seen("/token")[0];
    assert_eq!(token.form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!token.form.contains_key("client_id") && !token.headers.contains_key("Authorization"));
    let jwt = &token.form["client_assertion"];
    assert_eq!(part(jwt, 0), json!({"typ": "JWT", "alg": "ES256"}));
    let claims = part(jwt, 1);
    assert_eq!(claims["aud"], AS);
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("conformance-test-client"), &json!("conformance-test-client"))
    );
    assert_eq!((claims["iat"].as_u64(), claims["exp"].as_u64()), (Some(1_000_000), Some(1_000_120)));
    assert!(claims["jti"].as_str().unwrap().len() >= 20);
    // 64 bytes of signature.
    assert_eq!(jwt.split('.').nth(2).unwrap().len(), 86);
}

#[test]
fn client_credentials_are_had_again_before_they_end_and_without_a_challenge() {
    let world = world("client_secret_basic");
    let mut rig = world.rig_with(settings(Grant::ClientCredentials, client(Some("s"), None)));
    rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
    let first = rig.authorization();
    world.wait(3590);
    assert_ne!(rig.authorization(), first);
    assert_eq!(world.seen("/token")[1].form["scope"], "a");
}

#[test]
fn client_credentials_need_a_client_with_a_secret_or_a_key() {
    for preregistered in [None, client(None, None)] {
        let mut rig = world("client_secret_basic").rig_with(settings(Grant::ClientCredentials, preregistered));
        assert_eq!(rig.refuse(None), Err(AuthError::MissingClient { what: "secret or key" }));
    }
    let mut rig = world("private_key_jwt").rig_with(settings(Grant::ClientCredentials, client(None, Some("junk"))));
    assert!(matches!(rig.refuse(None), Err(AuthError::Key(_))));
}

#[test]
fn client_credentials_may_step_up_without_a_person() {
    let world = world("client_secret_basic");
    let mut rig = world.rig_with(settings(Grant::ClientCredentials, client(Some("s"), None)));
    rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"b\"";
    assert_eq!(rig.refuse_as(403, Some(challenge), None), Ok(Retry::SteppedUp));
    assert_eq!(world.seen("/token")[1].form["scope"], "a b");
}

#[test]
fn wif_jwt_bearer_sends_the_assertion() {
    let world = world("none");
    let grant = Grant::JwtBearer { assertion: "canary-workload".into() };
    let mut rig = world.rig_with(settings(grant, client(None, None)));
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    let token = &world.seen("/token")[0];
    assert_eq!(token.form["grant_type"], JWT_BEARER);
    assert_eq!(token.form["assertion"], "canary-workload");
    assert_eq!(token.form["client_id"], "conformance-test-client");
    assert!(!token.form.contains_key("scope"));
    // Without a client id too: the assertion says it all.
    let grant = Grant::JwtBearer { assertion: workload(json!(AS)) };
    assert_eq!(world.rig_with(settings(grant, None)).refuse(None), Ok(Retry::SignedIn));
}

#[test]
fn wif_jwt_bearer_neither_repeats_a_refusal_nor_tries_another_grant() {
    for code in ["invalid_grant", "invalid_scope", "unauthorized_client"] {
        let world = world("none");
        world.edit(AS, |server| server.first.push_back((400, json!({"error": code}))));
        let grant = Grant::JwtBearer { assertion: "canary-workload".into() };
        let mut rig = world.rig_with(settings(grant, client(None, None)));
        for _ in 0..3 {
            match rig.refuse(None) {
                Err(AuthError::Refused { error, .. }) => assert_eq!(error, code),
                other => panic!("{other:?}"),
            }
            rig.next();
        }
        assert_eq!(world.seen("/token").len(), 1);
    }
}

/// A JWT for an audience. Nobody here checks its signature.
fn workload(audience: Value) -> String {
    let claims = json!({"iss": "https://cloud.example", "sub": "workload", "aud": audience}).to_string();
    format!("e30.{}.canary-signature", base64url(claims.as_bytes()))
}

/// `client`, without saying who knows it.
fn unbound(secret: Option<&str>, pem: Option<&str>) -> Option<Preregistered> {
    client(secret, pem).map(|client| Preregistered { issuer: None, ..client })
}

#[test]
fn what_needs_no_person_goes_to_no_authorization_server_that_only_the_server_names() {
    let workload = || Grant::JwtBearer { assertion: "canary-workload".into() };
    let enterprise = |preregistered| {
        let (_, settings) = enterprise(json!({}));
        Settings { preregistered, ..settings }
    };
    let unknown = Err(AuthError::UnknownIssuer { issuer: AS.into() });
    for settings in [
        settings(Grant::ClientCredentials, unbound(Some("canary-secret"), None)),
        settings(Grant::ClientCredentials, unbound(None, Some("canary-pem"))),
        settings(workload(), None),
        settings(workload(), unbound(None, None)),
        enterprise(unbound(Some("canary-secret"), None)),
        enterprise(unbound(None, Some("canary-pem"))),
    ] {
        let (world, _) = self::enterprise(json!({}));
        let mut rig = world.rig_with(settings.clone());
        assert_eq!(rig.refuse(None), unknown, "{settings:?}");
        // Nor the second time: a refusal binds the client to nobody.
        rig.next();
        assert_eq!(rig.refuse(None), unknown, "{settings:?}");
        assert!(world.seen("/token").is_empty());
        // The host may say that it trusts whom the server names.
        let trusting = Settings { trust_named_issuer: true, ..settings };
        assert_eq!(world.rig_with(trusting).refuse(None), Ok(Retry::SignedIn));
    }
    // With nothing to lose, the identity provider decides.
    let (world, _) = self::enterprise(json!({}));
    assert_eq!(world.rig_with(enterprise(unbound(None, None))).refuse(None), Ok(Retry::SignedIn));
}

#[test]
fn a_client_that_a_person_has_used_does_not_become_one_for_machines() {
    let world = World::new();
    let person = settings(Grant::AuthorizationCode, unbound(Some("canary-secret"), None));
    let mut rig = world.rig_with(person);
    rig.refuse(None).unwrap();
    let machine = settings(Grant::ClientCredentials, unbound(Some("canary-secret"), None));
    let mut rig = Rig { auth: Authorizer::new(world.clone(), machine, rig.auth.credentials().clone()), ..rig };
    rig.next();
    assert_eq!(rig.refuse(None), Err(AuthError::UnknownIssuer { issuer: AS.into() }));
}

#[test]
fn wif_an_assertion_says_itself_whom_it_is_for() {
    for (audience, fits) in [
        (json!(AS), true),
        (json!("https://as.example/token"), true),
        (json!(["https://other.example", AS]), true),
        (json!("https://as.example/"), false),
        (json!(["https://other.example"]), false),
        (json!(null), false),
    ] {
        let world = world("none");
        let grant = Grant::JwtBearer { assertion: workload(audience.clone()) };
        let mut rig = world.rig_with(settings(grant, unbound(None, None)));
        assert_eq!(rig.refuse(None).is_ok(), fits, "{audience}");
        assert_eq!(world.seen("/token").len(), usize::from(fits));
    }
}

fn enterprise(answer: Value) -> (World, Settings) {
    let world = world("client_secret_basic");
    world.server(IDP, "https://idp.example/.well-known/oauth-authorization-server", json!({}));
    let granted = crate::rig::merged(
        json!({
            "access_token": "canary-id-jag",
            "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag",
            "token_type": "N_A",
        }),
        answer,
    );
    world.edit(IDP, |server| server.granted = granted);
    let idp = Idp {
        client_id: "idp-client".into(),
        client_secret: None,
        id_token: "canary-id-token".into(),
        issuer: IDP.into(),
        token_endpoint: Some(format!("{IDP}/token")),
    };
    (world, settings(Grant::EnterpriseManaged(idp), client(Some("s"), None)))
}

#[test]
fn enterprise_managed_authorization_exchanges_then_asserts() {
    let (world, settings) = enterprise(json!({}));
    let mut rig = world.rig_with(settings);
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    let asked = world.seen("/token");
    let exchange = &asked[0];
    assert_eq!(exchange.url, "https://idp.example/token");
    assert_eq!(exchange.form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!(exchange.form["requested_token_type"], "urn:ietf:params:oauth:token-type:id-jag");
    assert_eq!(exchange.form["subject_token_type"], "urn:ietf:params:oauth:token-type:id_token");
    assert_eq!(exchange.form["subject_token"], "canary-id-token");
    assert_eq!(exchange.form["audience"], AS);
    assert_eq!(exchange.form["resource"], ENDPOINT);
    assert_eq!(exchange.form["client_id"], "idp-client");
    let grant = &asked[1];
    assert_eq!(grant.url, "https://as.example/token");
    assert_eq!(grant.form["grant_type"], JWT_BEARER);
    assert_eq!(grant.form["assertion"], "canary-id-jag");
    assert!(grant.headers["Authorization"].starts_with("Basic "));
    assert_eq!(rig.auth.renewal().unwrap().outlook, Outlook::MayStopAtSignOut);
}

#[test]
fn an_identity_provider_without_a_given_endpoint_is_found_by_its_metadata() {
    let (world, mut settings) = enterprise(json!({}));
    if let Grant::EnterpriseManaged(idp) = &mut settings.grant {
        idp.token_endpoint = None;
    }
    assert_eq!(world.rig_with(settings).refuse(None), Ok(Retry::SignedIn));
    assert_eq!(world.seen("/token")[0].url, "https://idp.example/token");
}

#[test]
fn an_exchange_that_gives_something_else_is_not_passed_on() {
    for answer in [
        json!({"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}),
        json!({"token_type": "Bearer"}),
        json!({"access_token": ""}),
    ] {
        let (world, settings) = enterprise(answer);
        let error = world.rig_with(settings).refuse(None).unwrap_err();
        assert!(matches!(error, AuthError::Malformed { step: "token exchange", .. }));
        assert_eq!(world.seen("/token").len(), 1);
    }
}

#[test]
fn an_identity_provider_that_does_not_know_us_does_not_cost_the_client_at_the_authorization_server() {
    let (world, mut settings) = enterprise(json!({}));
    settings.preregistered = None;
    world.server(AS, META, json!({}));
    let mut rig = world.rig_with(settings);
    rig.refuse(None).unwrap();
    rig.next();
    world.edit(IDP, |server| server.first.push_back((401, json!({"error": "invalid_client"}))));
    assert!(matches!(rig.refuse(None), Err(AuthError::Refused { step: "token exchange", .. })));
    assert!(rig.auth.credentials().current().unwrap().registration.is_some());
}
