//! No secret gets out: not into a step, an error or `Debug` (X21).

use mcp::oauth::{Algorithm, AuthError, ClientKey, Grant, Idp, Preregistered, Settings};
use serde_json::{Value, json};

use crate::rig::{AS, META, Rig, World, block_on};

/// Everything that can be printed of a rig, and of an error.
fn printed(rig: &Rig, errors: &[AuthError]) -> String {
    let steps: Vec<_> = rig.auth.steps().iter().map(|step| format!("{step:?}")).collect();
    let errors: Vec<_> = errors.iter().map(|error| format!("{error} {error:?}")).collect();
    format!("{}{}{:?}{:?}", steps.concat(), errors.concat(), rig.auth, rig.auth.settings())
}

/// Secrets that were made on the way.
fn made(world: &World) -> Vec<String> {
    let mut secrets = Vec::new();
    for seen in &world.0.borrow().seen {
        for name in ["code_verifier", "state", "client_assertion", "refresh_token", "assertion", "subject_token"] {
            secrets.extend(seen.form.get(name).cloned());
        }
        secrets.extend(seen.headers.get("Authorization").cloned());
        secrets.extend(seen.headers.get("DPoP").cloned());
    }
    secrets
}

fn clean(world: &World, rig: &Rig, errors: &[AuthError]) {
    let text = printed(rig, errors);
    assert!(!text.contains("canary"), "{text}");
    let secrets = made(world);
    assert!(!secrets.is_empty());
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}

/// An error that repeats everything that was sent.
fn parrot(world: &World) -> Value {
    let said: Vec<_> = world.0.borrow().seen.iter().flat_map(|seen| seen.form.values().cloned()).collect();
    json!({"error": said.last(), "error_description": said.join(" ")})
}

#[test]
fn a_whole_life_prints_no_secret() {
    let world = World::new();
    let extra = json!({
        "revocation_endpoint": "https://as.example/revoke",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "dpop_signing_alg_values_supported": ["ES256"],
    });
    world.server(AS, META, extra);
    world.edit(AS, |server| server.refreshes = true);
    let mut settings = World::settings();
    settings.dpop = true;
    let mut rig = world.rig_with(settings);
    rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
    rig.next();
    rig.refuse(None).unwrap();
    clean(&world, &rig, &[]);
    block_on(rig.auth.revoke());
    assert!(rig.auth.steps().len() > 8);
    clean(&world, &rig, &[]);
}

#[test]
fn a_provider_that_repeats_what_it_was_sent_gives_nothing_away() {
    let world = World::new();
    world.server(AS, META, json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    world.edit(AS, |server| server.refreshes = true);
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    let mut errors = Vec::new();
    for _ in 0..3 {
        let refresh = rig.auth.credentials().tokens().and_then(|tokens| tokens.refresh.clone());
        let body = json!({"error": "invalid_grant", "error_description":
            format!("bad {} canary-code canary-registered", refresh.unwrap_or_default())});
        world.edit(AS, |server| server.first = [(503, body.clone()), (400, body)].into());
        rig.next();
        // The refresh repeats the refresh token and the secret; the rest was not part of it and is the provider's text.
        errors.extend(rig.refuse(None).err());
    }
    let text = printed(&rig, &errors);
    assert!(!text.contains("canary-refresh") && !text.contains("canary-registered"), "{text}");
    assert!(text.contains("[hidden]"));
}

#[test]
fn the_token_request_repeats_nothing_either() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    // The mock's answer is made before the request, so it repeats the first one; the code is the same in both.
    let body = parrot(&world);
    world.edit(AS, |server| server.first.push_back((400, body)));
    let error = block_on(rig.auth.sign_in(None)).unwrap_err();
    let text = printed(&rig, &[error]);
    assert!(!text.contains("canary-code"), "{text}");
}

#[test]
fn settings_and_keys_print_no_secret() {
    let mut settings: Settings = World::settings();
    settings.preregistered = Some(Preregistered {
        client_id: "id".into(),
        client_secret: Some("canary-secret".into()),
        key: Some(ClientKey { pem: "canary-pem".into(), algorithm: Algorithm::Rs256, kid: None }),
        issuer: None,
        method: None,
    });
    let idp = Idp {
        client_id: "i".into(),
        client_secret: Some("canary-idp".into()),
        id_token: "canary-id-token".into(),
        issuer: "https://idp.example".into(),
        token_endpoint: None,
    };
    for grant in [Grant::EnterpriseManaged(idp.clone()), Grant::JwtBearer { assertion: "canary-jwt".into() }] {
        settings.grant = grant;
        assert!(!format!("{settings:?}{idp:?}").contains("canary"));
    }
}

#[test]
fn every_grant_prints_no_secret() {
    let by_hand = |pem: bool| {
        Some(Preregistered {
            client_id: "id".into(),
            client_secret: Some("canary-secret".into()),
            key: pem.then(|| ClientKey {
                pem: "canary-pem".into(),
                algorithm: Algorithm::Es256,
                kid: Some("k".into()),
            }),
            issuer: None,
            method: None,
        })
    };
    let idp = Idp {
        client_id: "i".into(),
        client_secret: Some("canary-idp".into()),
        id_token: "canary-id-token".into(),
        issuer: AS.into(),
        token_endpoint: Some("https://idp.example/token".into()),
    };
    let cases = [
        (Grant::ClientCredentials, by_hand(false)),
        (Grant::ClientCredentials, by_hand(true)),
        (Grant::JwtBearer { assertion: "canary-workload".into() }, by_hand(false)),
        (Grant::EnterpriseManaged(idp), by_hand(false)),
    ];
    for (grant, preregistered) in cases {
        let world = World::new();
        world.server("https://idp.example", "https://idp.example/x", json!({}));
        world.edit("https://idp.example", |server| {
            server.granted = json!({
                "access_token": "canary-id-jag",
                "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag",
                "token_type": "N_A",
            });
        });
        let mut settings = World::settings();
        settings.grant = grant;
        settings.preregistered = preregistered;
        let mut rig = world.rig_with(settings.clone());
        let error = rig.refuse(None).unwrap_err();
        assert!(!printed(&rig, &[error]).contains("canary"));
        settings.trust_named_issuer = true;
        let mut rig = world.rig_with(settings);
        rig.refuse(None).unwrap();
        clean(&world, &rig, &[]);
    }
}

#[test]
fn headers_print_no_token() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    let signed = block_on(rig.auth.headers("POST", crate::rig::ENDPOINT)).unwrap();
    assert!(format!("{:?}", signed.headers).contains("canary"));
    assert!(!format!("{signed:?}").contains("canary"));
}

#[test]
fn a_key_in_the_address_of_the_server_is_not_printed() {
    let world = World::new();
    let endpoint = "https://mcp.example/mcp?key=canary-query";
    let document = json!({"resource": endpoint, "authorization_servers": [AS]});
    world.doc("https://mcp.example/.well-known/oauth-protected-resource/mcp?key=canary-query", document);
    let mut settings = World::settings();
    settings.endpoint = endpoint.into();
    let mut rig = world.rig_with(settings.clone());
    rig.refuse(None).unwrap();
    assert_eq!(world.seen("/token")[0].form["resource"], endpoint);
    clean(&world, &rig, &[]);
    // Nor where others repeat it: the token endpoint, the sign-in page, the two documents.
    let said = format!("no token for {endpoint}");
    let body = json!({"error": said, "error_description": said});
    world.edit(AS, |server| server.first.push_back((400, body)));
    let mut errors = vec![block_on(rig.auth.sign_in(None)).unwrap_err()];
    world.edit(AS, |server| server.error = Some((said.clone(), said)));
    errors.push(block_on(rig.auth.sign_in(None)).unwrap_err());
    assert!(printed(&rig, &errors).contains("no token for [hidden]"));
    world.server(AS, META, json!({"issuer": format!("{AS}?key=canary-query")}));
    errors.push(block_on(rig.auth.sign_in(None)).unwrap_err());
    let named = "https://mcp.example/named";
    for document in [
        json!({"resource": endpoint, "authorization_servers": [endpoint]}),
        json!({"resource": "https://mcp.example/mcp?key=canary-query-of-another", "authorization_servers": [AS]}),
    ] {
        world.doc(named, document);
        let challenge = format!("Bearer resource_metadata=\"{named}\", scope=\"a\"");
        errors.push(block_on(rig.auth.sign_in(Some(&challenge))).unwrap_err());
    }
    assert!(matches!(
        errors.as_slice(),
        [
            AuthError::Refused { .. },
            AuthError::Refused { .. },
            AuthError::IssuerMismatch { .. },
            AuthError::Endpoint { .. },
            AuthError::Resource { .. },
        ]
    ));
    clean(&world, &rig, &errors);
}

#[test]
fn a_provider_that_repeats_the_basic_header_gives_nothing_away() {
    let world = World::new();
    world.server(AS, META, json!({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}));
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    let header = world.seen("/token")[0].headers["Authorization"].clone();
    let body = json!({"error": "invalid_client", "error_description": format!("got {header}, canary-registered")});
    world.edit(AS, |server| server.first.push_back((401, body)));
    let error = block_on(rig.auth.sign_in(None)).unwrap_err();
    let text = printed(&rig, &[error]);
    assert!(!text.contains(&header) && !text.contains("canary-registered"), "{text}");
    assert!(text.contains("got Basic [hidden]"), "{text}");
}
