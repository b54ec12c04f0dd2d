//! Signing in takes a person: whatever waits for it is not late.

use mcp::{Event, Input, OpError, Sent};

use crate::rig::{Rig, config, modern};

#[test]
fn an_hour_of_signing_in_while_connecting_does_not_count() {
    let mut rig = Rig::new(config());
    let op = rig.connect();
    let discover = rig.post("server/discover");
    rig.input(Input::SigningIn(true));
    rig.pass(3_600_000);
    rig.quiet();
    rig.input(Input::SigningIn(false));
    rig.pass(29_999);
    rig.quiet();
    rig.result(
        &discover,
        r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#,
    );
    assert!(matches!(rig.event(), Event::Connected(_)), "{op} waited for the person");
}

#[test]
fn after_signing_in_a_silent_server_is_late_again() {
    let mut rig = modern();
    let op = rig.call("slow", "{}");
    rig.post("tools/call");
    rig.pass(60_000);
    rig.input(Input::SigningIn(true));
    rig.input(Input::SigningIn(true));
    rig.pass(3_600_000);
    rig.quiet();
    rig.input(Input::SigningIn(false));
    rig.pass(119_999);
    rig.quiet();
    rig.pass(1);
    let event = rig.event();
    let Event::Failed { op: failed, error: OpError::Timeout { .. }, sent: Sent::Unknown } = event else {
        panic!("{event:?}")
    };
    assert_eq!(failed, op);
}
