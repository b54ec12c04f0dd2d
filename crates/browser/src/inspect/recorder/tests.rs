use policy::ConnectorId;
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{Slot, Wire};
use super::*;

fn wire(slot: &Slot) -> Wire {
    let of = Source {
        session: 7,
        connector: ConnectorId::from("board"),
        name: "Board".to_owned(),
        host: "board.example".to_owned(),
        secret_headers: vec!["x-key".to_owned()],
    };
    Wire { slot: slot.clone(), of: Arc::new(of) }
}

fn recording() -> (Rc<Recorder>, Slot) {
    let (recorder, slot) = (Rc::new(Recorder::default()), Slot::default());
    slot.set(Some(recorder.clone()));
    (recorder, slot)
}

fn pair(text: &str, value: &str) -> Vec<(String, String)> {
    vec![(text.to_owned(), value.to_owned())]
}

/// One request with the answer of a stream.
fn exchange(wire: &Wire, request: &str, events: &[&str]) {
    let leg = wire.leg("POST", "https://board.example/mcp");
    leg.sends(&pair("X-Key", "a value of mine"), Some(request.as_bytes()));
    leg.sees(Seen::Response { status: 200, headers: &pair("Content-Type", "text/event-stream") });
    for event in events {
        leg.sees(Seen::Chunk(format!("data: {event}\n\n").as_bytes()));
    }
    leg.sees(Seen::Ended);
}

fn all(recorder: &Recorder) -> Vec<Message> {
    let mut all = Vec::new();
    recorder.messages(0, |message| all.push(message.clone()));
    all
}

#[test]
fn answers_find_their_requests_in_both_directions() {
    let (recorder, slot) = recording();
    let wire = wire(&slot);
    exchange(
        &wire,
        r#"{"id":1,"method":"tools/call","params":{"name":"count"}}"#,
        &[
            r#"{"method":"notifications/progress","params":{}}"#,
            // A request of the server with the same id is another one.
            r#"{"id":1,"method":"roots/list"}"#,
            r#"{"id":1,"result":{}}"#,
        ],
    );
    exchange(&wire, r#"{"id":1,"result":{"roots":[]}}"#, &[]);
    let all = all(&recorder);
    let told: Vec<(Kind, bool, &str, Option<u64>)> =
        all.iter().map(|one| (one.kind, one.sent, one.method.as_str(), one.pair)).collect();
    assert_eq!(
        told,
        [
            (Kind::Request, true, "tools/call", Some(3)),
            (Kind::Notification, false, "notifications/progress", None),
            (Kind::Request, false, "roots/list", Some(4)),
            (Kind::Result, false, "tools/call", Some(0)),
            (Kind::Result, true, "roots/list", Some(2)),
        ]
    );
    assert!(
        all.iter().all(|one| one.took.is_some() == one.pair.is_some()) && all.iter().all(|one| one.of.session == 7)
    );
    let exchange = recorder.exchange(all.first().map(|one| one.exchange).unwrap()).unwrap();
    assert_eq!((exchange.status, exchange.event_count, exchange.state), (Some(200), 3, State::Done));
}

#[test]
fn the_rounds_of_a_call_are_one() {
    let (recorder, slot) = recording();
    let wire = wire(&slot);
    let question = r#"{"id":1,"result":{"resultType":"input_required","inputRequests":{}}}"#;
    exchange(&wire, r#"{"id":1,"method":"tools/call","params":{"name":"book"}}"#, &[question]);
    exchange(
        &wire,
        r#"{"id":2,"method":"tools/call","params":{"name":"book","inputResponses":{}}}"#,
        &[r#"{"id":2,"result":{}}"#],
    );
    exchange(&wire, r#"{"id":3,"method":"tools/call","params":{"name":"book"}}"#, &[]);
    let rounds: Vec<Option<u64>> = all(&recorder).iter().map(|one| one.round_of).collect();
    assert_eq!(rounds, [None, None, Some(0), Some(0), None]);
}

#[test]
fn x21_nothing_secret_is_kept_of_an_exchange() {
    let (recorder, slot) = recording();
    let echoed = r#"{"id":1,"result":{"content":"a value of mine","password":"hunter22"}}"#;
    exchange(&wire(&slot), r#"{"id":1,"method":"tools/call","params":{}}"#, &[echoed]);
    let file = recorder.export(0, |_| true);
    assert!(!file.contains("a value of mine") && !file.contains("hunter22"), "{file}");
    assert!(file.contains("••••"));
    let number = all(&recorder).first().map(|one| one.exchange).unwrap();
    let line = recorder.exchange(number).unwrap().curl().unwrap();
    assert!(line.contains(r#"'X-Key: '"$X_KEY""#), "{line}");
}

#[test]
fn what_is_kept_is_bounded_and_the_newest_stays() {
    let (recorder, slot) = recording();
    let wire = wire(&slot);
    let leg = wire.leg("GET", "https://board.example/mcp");
    leg.sends(&[], None);
    leg.sees(Seen::Response { status: 200, headers: &pair("content-type", "text/event-stream") });
    for n in 0..MESSAGES + 5 {
        leg.sees(Seen::Chunk(format!("data: {{\"method\":\"n/{n}\"}}\n\n").as_bytes()));
    }
    let all = all(&recorder);
    assert_eq!((all.len(), recorder.oldest()), (MESSAGES, 5));
    assert_eq!(all.last().map(|one| one.method.clone()), Some(format!("n/{}", MESSAGES + 4)));
    let exchange = recorder.exchange(leg.number).unwrap();
    assert_eq!((exchange.events.len(), exchange.event_count), (EVENTS, MESSAGES + 5));
}

#[test]
fn a_stream_that_was_there_before_is_heard_and_nothing_is_while_nobody_looks() {
    let (recorder, slot) = recording();
    slot.turn(false);
    let leg = wire(&slot).leg("GET", "https://board.example/mcp");
    leg.sends(&pair("X-Key", "a value of mine"), None);
    leg.sees(Seen::Response { status: 200, headers: &pair("content-type", "text/event-stream") });
    leg.sees(Seen::Chunk(b"data: {\"method\":\"missed\"}\n\n"));
    assert!(all(&recorder).is_empty() && recorder.version() == 0, "nothing was done");
    slot.turn(true);
    leg.sees(Seen::Chunk(b"data: {\"method\":\"heard\",\"params\":{\"echo\":\"a value of mine\"}}\n\n"));
    let heard = all(&recorder);
    assert_eq!(heard.iter().map(|one| one.method.as_str()).collect::<Vec<_>>(), ["heard"]);
    assert!(heard.iter().all(|one| !one.text.contains("a value of mine")));
    let exchange = recorder.exchange(leg.number).unwrap();
    assert!(!exchange.seen_from_start && exchange.curl().is_none());
}
