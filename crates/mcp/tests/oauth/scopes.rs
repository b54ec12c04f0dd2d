//! `auth/scope-*`, `auth/offline-access-*`; X22, X24.

use mcp::oauth::{AuthError, AuthorizeFailure, Retry};
use serde_json::json;

use crate::rig::{AS, ENDPOINT, META, PRM, World, block_on};

fn step_up(scope: &str) -> String {
    format!("Bearer scope=\"{scope}\", error=\"insufficient_scope\"")
}

fn asked(world: &World) -> Vec<Option<String>> {
    world.seen("VISIT").iter().map(|visit| visit.form.get("scope").cloned()).collect()
}

fn some(scope: &str) -> Option<String> {
    Some(scope.to_owned())
}

#[test]
fn scope_from_www_authenticate() {
    let world = World::new();
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": [AS], "scopes_supported": ["mcp:other"]}));
    world.rig().refuse(Some("Bearer scope=\"mcp:basic\"")).unwrap();
    assert_eq!(asked(&world), [some("mcp:basic")]);
}

#[test]
fn scope_from_scopes_supported() {
    let world = World::new();
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": [AS], "scopes_supported": ["a", "b", "c"]}));
    world.rig().refuse(Some("Bearer")).unwrap();
    assert_eq!(asked(&world), [some("a b c")]);
}

#[test]
fn scope_omitted_when_undefined() {
    let world = World::new();
    world.rig().refuse(Some("Bearer")).unwrap();
    assert_eq!(asked(&world), [None]);
}

#[test]
fn scopes_of_the_host_are_asked_for_in_any_case() {
    let world = World::new();
    let mut settings = World::settings();
    settings.scope = some("host");
    world.rig_with(settings).refuse(Some("Bearer scope=\"mcp:basic\"")).unwrap();
    assert_eq!(asked(&world), [some("host mcp:basic")]);
}

#[test]
fn scope_step_up_asks_for_the_union() {
    let world = World::new();
    world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": [AS], "scopes_supported": ["mcp:profile"]}));
    let mut rig = world.rig();
    assert_eq!(rig.refuse(Some("Bearer scope=\"mcp:basic\"")), Ok(Retry::SignedIn));
    rig.next();
    assert_eq!(rig.refuse_as(403, Some(&step_up("mcp:write")), None), Ok(Retry::SteppedUp));
    assert_eq!(asked(&world), [some("mcp:basic"), some("mcp:basic mcp:write")]);
    assert_eq!(world.seen("/register").len(), 1);
    // A later sign-in keeps what was gained.
    rig.next();
    assert_eq!(rig.refuse(Some("Bearer scope=\"mcp:basic\"")), Ok(Retry::SignedIn));
    assert_eq!(asked(&world)[2], some("mcp:basic mcp:write"));
}

#[test]
fn scope_retry_limit_the_same_scope_is_asked_for_once_for_each_operation_and_then_never_again() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(Some("Bearer scope=\"mcp:admin\"")).unwrap();
    let never = rig.refuse_as(403, Some(&step_up("mcp:admin")), None);
    assert_eq!(never, Err(AuthError::StillInsufficient { scope: "mcp:admin".into() }));
    for _ in 0..5 {
        rig.next();
        assert!(rig.refuse_as(403, Some(&step_up("mcp:admin")), None).is_err());
    }
    assert_eq!(world.seen("VISIT").len(), 1);
    // A person may try again.
    block_on(rig.auth.sign_in(None)).unwrap();
    assert_eq!(world.seen("VISIT").len(), 2);
}

#[test]
fn ever_new_scopes_end_after_three_sign_ins() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(Some("Bearer scope=\"s0\"")).unwrap();
    let mut last = Ok(Retry::SignedIn);
    for at in 1..10 {
        last = rig.refuse_as(403, Some(&step_up(&format!("s{at}"))), None);
    }
    assert_eq!(last, Err(AuthError::TooMany { rounds: 3 }));
    assert_eq!(world.seen("VISIT").len(), 3);
}

#[test]
fn a_denied_step_up_is_not_asked_again() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(Some("Bearer scope=\"a\"")).unwrap();
    rig.next();
    let failed = AuthorizeFailure::Failed("the host's own words".into());
    for (failure, scope, visits) in [(AuthorizeFailure::Cancelled, "b", 2), (failed, "c", 3)] {
        world.0.borrow_mut().person = Some(failure);
        assert!(matches!(rig.refuse_as(403, Some(&step_up(scope)), None), Err(AuthError::SignIn(_))));
        rig.next();
        assert!(matches!(rig.refuse_as(403, Some(&step_up(scope)), None), Err(AuthError::StillInsufficient { .. })));
        assert_eq!(world.seen("VISIT").len(), visits);
    }
    // It was no answer to the question for a sign-in.
    world.0.borrow_mut().person = None;
    assert_eq!(rig.refuse(None), Ok(Retry::SignedIn));
    // The old token is still there.
    assert!(rig.authorization().is_some());
}

#[test]
fn a_token_that_is_refused_right_after_its_sign_in_ends_the_operation() {
    let world = World::new();
    let mut rig = world.rig();
    rig.refuse(None).unwrap();
    assert_eq!(rig.refuse(None), Err(AuthError::StillRefused));
    assert_eq!(world.seen("VISIT").len(), 1);
}

#[test]
fn offline_access_scope_is_added_where_the_authorization_server_lists_it() {
    let world = World::new();
    world.server(AS, META, json!({"scopes_supported": ["mcp:basic", "offline_access"]}));
    let mut rig = world.rig();
    rig.refuse(Some("Bearer scope=\"mcp:basic\"")).unwrap();
    assert_eq!(asked(&world), [some("mcp:basic offline_access")]);
    assert_eq!(world.seen("VISIT")[0].form["prompt"], "consent");
    assert!(world.seen("/register")[0].body.contains("refresh_token"));
    // And it does not make the same scopes look like new ones.
    assert!(matches!(rig.refuse_as(403, Some(&step_up("mcp:basic")), None), Err(AuthError::StillInsufficient { .. })));
    assert_eq!(world.seen("VISIT").len(), 1);
}

#[test]
fn offline_access_not_supported_is_never_asked_for_whoever_wants_it() {
    let world = World::new();
    world.server(AS, META, json!({"scopes_supported": ["mcp:basic"]}));
    let document = json!({"resource": ENDPOINT, "authorization_servers": [AS], "scopes_supported": ["offline_access"]});
    world.doc(PRM, document);
    world.rig().refuse(Some("Bearer scope=\"mcp:basic offline_access\"")).unwrap();
    world.rig().refuse(None).unwrap();
    assert_eq!(asked(&world), [some("mcp:basic"), None]);
    assert!(!world.seen("VISIT")[0].form.contains_key("prompt"));
}

#[test]
fn a_scope_cannot_smuggle_in_another_parameter() {
    let world = World::new();
    world.rig().refuse(Some("Bearer scope=\"a&client_id=evil b\"")).unwrap();
    let visit = &world.seen("VISIT")[0];
    assert_eq!(visit.form["scope"], "a&client_id=evil b");
    assert_eq!(visit.form["client_id"], format!("client-of-{AS}"));
}

#[test]
fn ac10_the_person_is_asked_which_account_where_the_provider_can() {
    let prompt = |can: serde_json::Value, choose: bool, offline: bool| {
        let world = World::new();
        let scopes = if offline { json!(["a", "offline_access"]) } else { json!(["a"]) };
        world.server(AS, META, json!({"scopes_supported": scopes, "prompt_values_supported": can}));
        let mut rig = world.rig();
        rig.auth.set_choose_account(choose);
        crate::rig::block_on(rig.auth.sign_in(Some("Bearer scope=\"a\""))).unwrap();
        let told = rig.auth.steps().iter().any(|step| step.asked.contains("prompt_values_supported"));
        let visit = world.seen("VISIT").remove(0);
        (visit.form.get("prompt").cloned(), told)
    };
    let all = || json!(["none", "login", "select_account", "consent"]);
    assert_eq!(prompt(all(), true, false), (Some("select_account".into()), false));
    assert_eq!(prompt(json!(["none", "login"]), true, false), (Some("login".into()), false));
    assert_eq!(prompt(all(), true, true), (Some("select_account consent".into()), false));
    assert_eq!(prompt(all(), false, false), (None, false), "with one account nobody is asked");
    // Nothing is sent that its documents do not promise, and the doctor says what that means.
    assert_eq!(prompt(json!(null), true, false), (None, true));
    assert_eq!(prompt(json!(["none"]), true, true), (Some("consent".into()), true));
}
