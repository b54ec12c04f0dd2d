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
    Wire { slot: slot.clone(), of: Arc::new(of), cover: Rc::default() }
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
fn what_stands_in_the_body_of_a_202_is_no_message_unless_it_is_one() {
    let (recorder, slot) = recording();
    let wire = wire(&slot);
    for (status, body) in [(202, "Accepted"), (200, "Accepted"), (202, r#"{"id":1,"result":{}}"#)] {
        let leg = wire.leg("POST", "https://board.example/mcp");
        leg.sends(&[], Some(br#"{"method":"notifications/initialized"}"#));
        leg.sees(Seen::Response { status, headers: &pair("Content-Type", "text/plain") });
        leg.sees(Seen::Chunk(body.as_bytes()));
        leg.sees(Seen::Ended);
    }
    let came: Vec<Kind> = all(&recorder).iter().filter(|one| !one.sent).map(|one| one.kind).collect();
    assert_eq!(came, [Kind::Unreadable, Kind::Result]);
    let mut received = Vec::new();
    recorder.exchanges(|exchange| received.push(exchange.received));
    assert_eq!(received, [8, 8, 20], "the exchange still says how much came");
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

#[test]
fn in009_a_recording_comes_back_from_its_file_as_it_went() {
    let (recorder, slot) = recording();
    let request =
        r#"{"id":1,"method":"tools/call","params":{"name":"count","arguments":{"passphrase":"open sesame"}}}"#;
    exchange(
        &wire(&slot),
        request,
        &[r#"{"method":"notifications/progress"}"#, r#"{"id":1,"result":{"isError":true}}"#],
    );
    let file = recorder.export(1_700, |_| true);
    assert!(!file.contains("sesame"));
    let (read, at) = Recorder::default().import(&file).unwrap();
    assert_eq!(at, 1_700);
    let told = |of: &Recorder| -> Vec<_> {
        let of = all(of).into_iter();
        of.map(|one| (one.id, one.about(), one.kind, one.sent, one.pair, one.rpc, one.text, one.of.name.clone()))
            .collect()
    };
    assert_eq!(told(&read), told(&recorder));
    let number = all(&read).first().map(|one| one.exchange).unwrap();
    let (was, is) = (recorder.exchange(number).unwrap(), read.exchange(number).unwrap());
    assert_eq!(
        (is.status, is.request, is.response, is.state, is.about),
        (was.status, was.request, was.response, was.state, was.about)
    );
    assert!(read.exchange(number).unwrap().curl().is_none(), "nothing in a file can be sent");
    assert_eq!(read.export(1_700, |_| true), file);
    // What was covered can be looked at where it was seen, and not in a file.
    assert_eq!(recorder.unveil(0, "/params/arguments/passphrase").as_deref(), Some("open sesame"));
    assert_eq!(read.unveil(0, "/params/arguments/passphrase"), None);
    assert_eq!(recorder.unveil(0, "/params/name"), None);
}

#[test]
fn in009_x21_a_file_is_read_strictly_and_its_secrets_are_covered() {
    let (recorder, slot) = recording();
    exchange(&wire(&slot), r#"{"id":1,"method":"ping"}"#, &[r#"{"id":1,"result":{}}"#]);
    let file = recorder.export(0, |_| true);
    let reads = |file: &str| recorder.import(file).map(|_| ()).map_err(|error| error.message);
    assert_eq!(reads(&file), Ok(()));
    for (from, to, says) in [
        ("countersign.inspector", "another", "line 1 of the file has no usable `kind`"),
        ("\"version\":1", "\"version\":2", "line 1 of the file names a version that this page does not read"),
        ("\"direction\":\"to server\"", "\"direction\":\"up\"", "line 3 of the file has no usable `direction`"),
        ("\"method\":\"POST\"", "\"method\":\"BREW\"", "line 2 of the file has no usable `method`"),
        ("\"at\":", "\"when\":", "line 2 of the file has no usable `at`"),
    ] {
        assert!(file.contains(from), "{from}");
        assert_eq!(reads(&file.replace(from, to)), Err(says.to_owned()));
    }
    assert_eq!(reads(&format!("{file}[]\n")), Err("line 5 of the file is no object of JSON".to_owned()));
    let last = file.lines().last().unwrap();
    assert_eq!(reads(&format!("{file}{last}\n")), Err("line 5 of the file has no usable `id`".to_owned()));
    assert_eq!(reads(""), Err("line 1 of the file is missing".to_owned()));
    // A file that somebody wrote by hand may hold secrets.
    let leaky = file.replace("\"result\":{}", r#""result":{"password":"hunter22","echo":"a value of mine"}"#);
    let (read, _) = recorder.import(&leaky).unwrap();
    assert!(all(&read).iter().all(|one| !one.text.contains("hunter22") && !one.text.contains("a value of mine")));
}
