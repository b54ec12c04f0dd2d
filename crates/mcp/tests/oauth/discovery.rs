//! `auth/metadata-*`, `auth/resource-mismatch`, `auth/metadata-issuer-mismatch`, the flows of 2025-03-26; X10 to X13.

use mcp::oauth::{AuthError, Retry, WebFailure};
use serde_json::json;

use crate::rig::{AS, ENDPOINT, META, ORIGIN, PRM, ROOT_PRM, World, block_on};

fn challenge(url: &str) -> String {
    format!("Bearer resource_metadata=\"{url}\"")
}

#[test]
fn metadata_default_the_named_document_is_read_and_the_root_is_left_alone() {
    let world = World::new();
    let mut rig = world.rig();
    assert_eq!(rig.authorization(), None);
    assert_eq!(rig.refuse(Some(&challenge(PRM))), Ok(Retry::SignedIn));
    assert_eq!(world.fetched(), [PRM, META]);
    assert_eq!(rig.authorization().unwrap().get(..20), Some("Bearer canary-access"));
}

#[test]
fn metadata_var1_without_a_named_document_the_path_comes_first_and_openid_configuration_is_found() {
    let world = World::new();
    world.forget(META);
    let openid = "https://as.example/.well-known/openid-configuration";
    world.server(AS, openid, json!({}));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(Some("Bearer")), Ok(Retry::SignedIn));
    assert_eq!(world.fetched(), [PRM, META, openid]);
}

#[test]
fn metadata_var2_the_root_document_and_a_tenant_keep_their_bytes() {
    let world = World::new();
    let issuer = "https://as.example/tenant1";
    world.forget(PRM);
    world.doc(ROOT_PRM, json!({"resource": ORIGIN, "authorization_servers": [issuer]}));
    let inserted = "https://as.example/.well-known/oauth-authorization-server/tenant1";
    world.server(issuer, inserted, json!({}));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(world.fetched(), [PRM, ROOT_PRM, inserted]);
    // No slash is added.
    assert_eq!(world.seen("VISIT")[0].form["resource"], ORIGIN);
    assert_eq!(world.seen("/token")[0].form["resource"], ORIGIN);
}

#[test]
fn metadata_var3_a_document_anywhere_and_an_appended_openid_configuration() {
    let world = World::new();
    let issuer = "https://as.example/tenant1";
    let custom = "https://mcp.example/custom/metadata/location.json";
    world.forget(PRM);
    world.doc(custom, json!({"resource": ENDPOINT, "authorization_servers": [issuer]}));
    let appended = "https://as.example/tenant1/.well-known/openid-configuration";
    world.server(issuer, appended, json!({}));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(Some(&challenge(custom))), Ok(Retry::SignedIn));
    assert_eq!(
        world.fetched(),
        [
            custom,
            "https://as.example/.well-known/oauth-authorization-server/tenant1",
            "https://as.example/.well-known/openid-configuration/tenant1",
            appended,
        ]
    );
}

#[test]
fn resource_mismatch_stops_after_the_document() {
    for resource in [
        "https://evil.example.com/mcp",
        "https://mcp.example/mcp/deeper",
        "https://mcp.example/other",
        "http://mcp.example/mcp",
        "not an address",
    ] {
        let world = World::new();
        world.doc(PRM, json!({"resource": resource, "authorization_servers": [AS]}));
        let mut rig = world.rig();
        let error = rig.refuse(Some(&challenge(PRM))).unwrap_err();
        assert_eq!(error, AuthError::Resource { resource: resource.into() });
        assert_eq!(world.fetched(), [PRM]);
        assert!(world.seen("VISIT").is_empty() && world.seen("/register").is_empty());
    }
}

#[test]
fn a_document_of_another_origin_is_judged_by_what_it_is_about() {
    let world = World::new();
    let foreign = "https://evil.example/prm";
    world.doc(foreign, json!({"resource": "https://evil.example", "authorization_servers": ["https://evil.example"]}));
    assert!(matches!(world.rig().refuse(Some(&challenge(foreign))), Err(AuthError::Resource { .. })));
}

#[test]
fn a_named_document_that_is_no_https_address_is_not_fetched() {
    for bad in ["javascript:alert(1)", "http://mcp.example/prm", "http://localhost:1/prm", "https://a@b.example/"] {
        let world = World::new();
        assert_eq!(world.rig().refuse(Some(&challenge(bad))), Ok(Retry::SignedIn), "{bad}");
        assert_eq!(world.fetched(), [PRM, META]);
    }
}

#[test]
fn metadata_issuer_mismatch_uses_none_of_its_endpoints() {
    for issuer in ["https://honest.example", "https://as.example/", "https://AS.example", "https://as.example:443"] {
        let world = World::new();
        world.server(AS, META, json!({"issuer": issuer}));
        let error = world.rig().refuse(None).unwrap_err();
        assert_eq!(error, AuthError::IssuerMismatch { expected: AS.into(), found: issuer.into() });
        assert!(world.seen("VISIT").is_empty() && world.seen("POST").is_empty());
    }
}

#[test]
fn a_later_document_with_the_right_issuer_is_found() {
    let world = World::new();
    let openid = "https://as.example/.well-known/openid-configuration";
    world.server(AS, openid, json!({}));
    world.doc(META, json!({"issuer": "https://other.example", "token_endpoint": "https://other.example/token"}));
    assert_eq!(world.rig().refuse(None), Ok(Retry::SignedIn));
    assert!(world.seen("/token")[0].url.starts_with("https://as.example/"));
}

#[test]
fn endpoints_with_another_scheme_are_not_used() {
    for member in ["authorization_endpoint", "token_endpoint"] {
        for bad in ["javascript:alert(1)", "data:text/html,x", "http://as.example/x", "http://localhost/x", "/x"] {
            let world = World::new();
            world.server(AS, META, json!({member: bad}));
            let error = world.rig().refuse(None).unwrap_err();
            assert_eq!(error, AuthError::Endpoint { member }, "{member} {bad}");
        }
    }
}

#[test]
fn addresses_with_dot_segments_are_not_used() {
    for dots in ["..", "%2e%2E", ".%2e", "."] {
        let world = World::new();
        let issuer = format!("{AS}/a/{dots}");
        world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": [issuer]}));
        assert_eq!(world.rig().refuse(None), Err(AuthError::Endpoint { member: "authorization_servers" }));
        let world = World::new();
        world.server(AS, META, json!({"token_endpoint": format!("{AS}/{dots}/token")}));
        assert_eq!(world.rig().refuse(None), Err(AuthError::Endpoint { member: "token_endpoint" }));
        let mut settings = World::settings();
        settings.endpoint = format!("{ENDPOINT}/{dots}/other");
        assert!(matches!(world.rig_with(settings).refuse(None), Err(AuthError::BadSetting { .. })));
        // Nor does a token go to one.
        let mut rig = World::new().rig();
        rig.refuse(None).unwrap();
        let signed = block_on(rig.auth.headers("POST", &format!("{ENDPOINT}/{dots}/other"))).unwrap();
        assert!(signed.headers.is_empty());
    }
}

#[test]
fn pkce_has_to_be_advertised_with_s256() {
    for methods in [json!(null), json!([]), json!(["plain"]), json!(["s256"]), json!("S256")] {
        let world = World::new();
        world.server(AS, META, json!({"code_challenge_methods_supported": methods}));
        assert_eq!(world.rig().refuse(None), Err(AuthError::Pkce), "{methods}");
        assert!(world.seen("VISIT").is_empty());
    }
}

#[test]
fn an_application_page_in_place_of_a_document_is_no_document() {
    let world = World::new();
    world.raw("https://mcp.example/weird", 200, "<!doctype html>");
    assert_eq!(world.rig().refuse(Some(&challenge("https://mcp.example/weird"))), Ok(Retry::SignedIn));
    assert_eq!(world.fetched()[1], PRM);
}

#[test]
fn a_server_in_trouble_is_not_taken_for_an_old_one() {
    let world = World::new();
    world.raw(PRM, 503, "");
    assert_eq!(world.rig().refuse(None), Err(AuthError::Unavailable { url: PRM.into(), status: 503 }));
    assert!(world.seen("VISIT").is_empty());
}

#[test]
fn without_a_network_nothing_is_assumed() {
    let world = World::new();
    world.0.borrow_mut().broken.push("https://".into());
    assert!(matches!(world.rig().refuse(None), Err(AuthError::Web { why: WebFailure::Network(_), .. })));
    assert!(world.seen("VISIT").is_empty() && world.seen("POST").is_empty());
}

#[test]
fn a_resource_that_trusts_nobody_usable_stops() {
    let world = World::new();
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": ["http://as.example", "javascript:1"]}));
    assert_eq!(world.rig().refuse(None), Err(AuthError::Endpoint { member: "authorization_servers" }));
}

#[test]
fn backcompat_metadata_the_origin_of_an_old_server_is_its_authorization_server() {
    let world = World::new();
    world.forget(PRM);
    let url = "https://mcp.example/.well-known/oauth-authorization-server";
    world.server(ORIGIN, url, json!({}));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(world.fetched(), [PRM, ROOT_PRM, url]);
    assert_eq!(world.seen("VISIT")[0].form["resource"], ENDPOINT);
}

#[test]
fn backcompat_metadata_may_end_its_issuer_with_a_slash() {
    let world = World::new();
    world.forget(PRM);
    let issuer = "https://mcp.example/";
    world.server(issuer, "https://mcp.example/.well-known/oauth-authorization-server", json!({}));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(rig.auth.credentials().issuer.as_deref(), Some(issuer));
}

#[test]
fn backcompat_endpoint_fallback_uses_the_default_addresses() {
    let world = World::new();
    world.forget(PRM);
    world.server(ORIGIN, "https://mcp.example/nowhere", json!({}));
    world.edit(ORIGIN, |server| server.iss = None);
    let mut rig = world.rig();
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    assert_eq!(world.seen("VISIT")[0].url, "https://mcp.example/authorize");
    assert_eq!(world.seen("VISIT")[0].form["code_challenge_method"], "S256");
    assert_eq!(world.seen("/register")[0].url, "https://mcp.example/register");
    assert!(rig.warned("PKCE cannot be verified"));
}

#[test]
fn where_no_document_names_the_resource_it_has_no_slash_behind_a_bare_host() {
    for (endpoint, resource) in
        [("https://mcp.example/", ORIGIN), (ORIGIN, ORIGIN), ("https://mcp.example/mcp/", "https://mcp.example/mcp/")]
    {
        let world = World::new();
        world.forget(PRM);
        world.forget(ROOT_PRM);
        world.server(ORIGIN, "https://mcp.example/nowhere", json!({}));
        world.edit(ORIGIN, |server| server.iss = None);
        let mut settings = World::settings();
        settings.endpoint = endpoint.into();
        let mut rig = world.rig_with(settings);
        assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
        assert_eq!(world.seen("/token")[0].form["resource"], resource);
        assert_eq!(world.seen("VISIT")[0].form["resource"], resource);
    }
}

#[test]
fn a_modern_connection_has_no_such_fallback() {
    let world = World::new();
    world.forget(PRM);
    world.server(ORIGIN, "https://mcp.example/.well-known/oauth-authorization-server", json!({}));
    let mut settings = World::settings();
    settings.legacy_fallback = false;
    assert_eq!(world.rig_with(settings).refuse(None), Err(AuthError::NoMetadata));
    assert!(world.seen("VISIT").is_empty());
}

#[test]
fn a_server_that_names_a_document_or_has_one_has_no_such_fallback_either() {
    let url = "https://mcp.example/.well-known/oauth-authorization-server";
    let world = World::new();
    world.forget(PRM);
    world.server(ORIGIN, url, json!({}));
    assert_eq!(world.rig().refuse(Some(&challenge(PRM))), Err(AuthError::NoMetadata));
    for servers in [json!(null), json!([]), json!("https://as.example")] {
        world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": servers}));
        assert_eq!(world.rig().refuse(None), Err(AuthError::NoMetadata), "{servers}");
    }
    assert!(world.seen("VISIT").is_empty() && world.seen("POST").is_empty());
}

#[test]
fn an_endpoint_that_is_not_https_is_refused_before_anything_is_asked() {
    let world = World::new();
    let mut settings = World::settings();
    settings.endpoint = "http://mcp.example/mcp".into();
    assert!(matches!(world.rig_with(settings).refuse(None), Err(AuthError::BadSetting { .. })));
    assert!(world.fetched().is_empty());
}

#[test]
fn an_examination_reads_the_documents_and_stops() {
    let world = World::new();
    let mut rig = world.rig();
    block_on(rig.auth.examine(None)).unwrap();
    assert_eq!(world.fetched(), [PRM, META]);
    assert!(world.seen("VISIT").is_empty() && world.seen("/register").is_empty());
    assert_eq!(rig.auth.steps().len(), 3, "two documents, and which scopes they offer");
}

#[test]
fn s052_s053_the_offered_scopes_are_named_and_a_missing_offline_access_has_its_remedy() {
    for (offered, told, remedy) in [
        (json!(["a", "offline_access"]), "a, offline_access", ""),
        (json!(["a"]), "a; `offline_access` cannot be asked for", "enable `offline_access` at the provider"),
        (json!(null), "none are listed; `offline_access` cannot", "enable `offline_access` at the provider"),
    ] {
        let world = World::new();
        world.server(AS, META, json!({ "scopes_supported": offered }));
        let mut rig = world.rig();
        block_on(rig.auth.examine(None)).unwrap();
        let step = rig.auth.steps().last().unwrap();
        assert!(step.asked.starts_with("scopes that ") && step.answered.starts_with(told), "{step:?}");
        assert!(step.remedy.starts_with(remedy) && step.remedy.is_empty() == remedy.is_empty(), "{step:?}");
    }
}

#[test]
fn a_challenge_that_a_browser_may_not_read_is_explained() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    assert!(rig.warned("must expose `WWW-Authenticate`"));
    let mut rig = World::new().rig();
    rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
    assert!(rig.warned("HTTP 401 of the server, scope a") && !rig.warned("must expose"));
}

#[test]
fn default_addresses_are_only_assumed_of_a_server_that_surely_has_no_documents() {
    let world = World::new();
    world.forget(PRM);
    world.0.borrow_mut().broken.push(ROOT_PRM.into());
    assert_eq!(world.rig().refuse(None), Err(AuthError::NoServerMetadata { issuer: ORIGIN.into() }));
    assert!(world.seen("VISIT").is_empty() && world.seen("/register").is_empty());
}
