//! Whatever servers answer: no panic, no endless asking, and no token where the rules were not kept.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rig::{AS, CIMD, META, PRM, ROOT_PRM, World, block_on};

/// How many cases a property is tried with: `PROPTEST_CASES`, or this many.
fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    ProptestConfig { cases, ..ProptestConfig::default() }
}

/// Any JSON, with member names that mean something here.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            AS,
            "https://as.example/token",
            "javascript:alert(1)",
            "S256",
            "none",
            "ES256",
            "Bearer"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let names = vec![
            "resource",
            "authorization_servers",
            "scopes_supported",
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "registration_endpoint",
            "code_challenge_methods_supported",
            "client_id",
            "client_secret",
            "redirect_uris",
            "token_endpoint_auth_method",
            "client_secret_expires_at",
            "access_token",
            "token_type",
            "expires_in",
            "refresh_token",
            "scope",
            "error",
            "error_description",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(names), inner, 0..6)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_sign_in_ends_whatever_the_documents_are(
        documents in prop::collection::vec((prop::sample::select(vec![PRM, ROOT_PRM, META]), any_json()), 0..3),
        answers in prop::collection::vec((prop::sample::select(vec![200u16, 201, 400, 401, 500]), any_json()), 0..4),
        challenge in "\\PC{0,60}",
        dpop in any::<bool>(),
        cimd in any::<bool>(),
    ) {
        let world = World::new();
        for (url, document) in documents {
            world.doc(url, document);
        }
        world.edit(AS, |server| server.first = answers.into());
        let mut settings = World::settings();
        settings.dpop = dpop;
        settings.client_metadata_url = cimd.then(|| CIMD.to_owned());
        let mut rig = world.rig_with(settings);
        let signed_in = rig.refuse(Some(&challenge)).is_ok();
        prop_assert!(world.0.borrow().seen.len() <= 20);
        prop_assert_eq!(signed_in, rig.authorization().is_some());
        rig.next();
        let _ = rig.refuse_as(403, Some("Bearer error=\"insufficient_scope\", scope=\"x\""), None);
        let _ = block_on(rig.auth.revoke());
        prop_assert_eq!(rig.authorization(), None);
        for step in rig.auth.steps() {
            prop_assert!(step.answered.len() < 400 && step.asked.len() < 2000);
        }
    }

    #[test]
    fn a_changed_member_of_a_good_document_never_signs_in_elsewhere(
        member in prop::sample::select(vec!["issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint"]),
        value in any_json(),
    ) {
        let world = World::new();
        let good = value == AS;
        world.server(AS, META, json!({member: value}));
        let _ = world.rig().refuse(None);
        for seen in &world.0.borrow().seen {
            prop_assert!(seen.url.starts_with("https://"), "{}", seen.url);
        }
        if member == "issuer" && !good {
            prop_assert!(world.seen("VISIT").is_empty());
        }
    }
}
