use policy::{ConnectionId, ConnectorId};
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{Peer, Slot, Wire};
use super::*;

fn wire(slot: &Slot) -> Wire {
    wire_to(slot, Peer::Server)
}

fn wire_to(slot: &Slot, peer: Peer) -> Wire {
    let of = Source {
        session: 7,
        peer,
        account: ConnectionId::from("board"),
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
fn x21_a_message_is_shown_as_it_went_over_the_wire_and_no_spelling_uncovers_anything() {
    let (recorder, slot) = recording();
    // A token spelled otherwise, and in a field that a reader of the message never sees because it is there twice.
    let said =
        r#"{ "id":1.0, "result" : {"token":"abc","token":"","x":1e3,"echo":"a v\u0061lue of mine","e":"\u00e9"} }"#;
    exchange(&wire(&slot), r#"{"id":1,"method":"tools/call"}"#, &[said]);
    let answer = all(&recorder).pop().unwrap();
    let written = r#"{ "id":1.0, "result" : {"token":"••••","token":"","x":1e3,"echo":"••••","e":"\u00e9"} }"#;
    assert_eq!(&**answer.as_written(), written);
    assert!(answer.covered && answer.bytes == said.len());
    let request = all(&recorder).first().cloned().unwrap();
    assert_eq!(request.as_written(), &request.text, "what is written the same is kept once");
    let (read, _) = recorder.import(&recorder.export(0, |_| true)).unwrap();
    assert_eq!(&**all(&read).pop().unwrap().as_written(), written);
    // Nothing of a secret is left where a long text is cut.
    let long = format!(r#"{{"id":2,"result":"{}a value of mine"}}"#, "x".repeat(LONGEST + EDGE - 25));
    exchange(&wire(&slot), r#"{"id":2,"method":"tools/call"}"#, &[&long]);
    let cut = all(&recorder).pop().unwrap();
    assert!(!cut.whole && cut.as_written().len() <= LONGEST && !cut.as_written().contains("a val"));
}

#[test]
fn messages_of_apps_are_apart_in_pairs_and_covered() {
    let (recorder, slot) = recording();
    wire(&slot).leg("POST", "https://board.example/mcp").sends(&pair("X-Key", "a value of mine"), None);
    let app = wire_to(&slot, Peer::App("show".to_owned()));
    app.passes(false, r#"{"jsonrpc":"2.0","id":0,"method":"ui/initialize","params":{}}"#);
    app.passes(true, r#"{"jsonrpc":"2.0","id":0,"result":{"hostContext":{}}}"#);
    app.passes(true, r#"{"jsonrpc":"2.0","method":"ui/notifications/tool-input","params":{"arguments":{"pin":"1234","of":"a value of mine"}}}"#);
    let all = all(&recorder);
    let told: Vec<(&str, bool, Option<u64>, u64)> =
        all.iter().map(|one| (one.method.as_str(), one.sent, one.pair, one.exchange)).collect();
    assert_eq!(
        told,
        [
            ("ui/initialize", false, Some(1), 0),
            ("ui/initialize", true, Some(0), 0),
            ("ui/notifications/tool-input", true, None, 0),
        ]
    );
    assert!(all.iter().all(|one| one.of.peer == Peer::App("show".to_owned())));
    assert!(all.iter().all(|one| !one.text.contains("1234") && !one.text.contains("a value of mine")));
    let file = recorder.export(0, |_| true);
    let (read, _) = recorder.import(&file).unwrap();
    assert_eq!(read.export(0, |_| true), file);
    slot.turn(false);
    app.passes(false, r#"{"jsonrpc":"2.0","method":"ui/notifications/initialized"}"#);
    assert_eq!(recorder.next(), 3, "nothing is recorded while nobody looks");
}

#[test]
fn x21_what_signs_an_account_in_is_shown_without_its_secrets() {
    let (recorder, slot) = recording();
    let wire = wire_to(&slot, Peer::SignIn);
    let asks = |body: &str, answer: &str| {
        let leg = wire.leg("POST", "https://sign-in.example/token");
        leg.sends(&pair("Authorization", "Basic bWU6czNjcmV0LW9mLW1pbmU="), Some(body.as_bytes()));
        leg.sees(Seen::Response { status: 200, headers: &pair("Content-Type", "application/json") });
        leg.sees(Seen::Chunk(answer.as_bytes()));
        leg.sees(Seen::Ended);
        recorder.exchange(leg.number).unwrap()
    };
    let first =
        asks("grant_type=authorization_code&code=c0de-of-mine", r#"{"access_token":"t0ken-of-mine","expires_in":60}"#);
    assert_eq!(first.about, "token request /token");
    let text = |body: &Option<Body>| body.as_ref().map(|body| body.text.to_string()).unwrap();
    assert_eq!(text(&first.bodies.0), "grant_type=authorization_code&code=••••");
    assert_eq!(text(&first.bodies.1), r#"{"access_token":"••••","expires_in":60}"#);
    assert!(first.curl().is_none() && first.request.iter().all(|header| header.value == "Basic ••••"));
    let second = asks(
        "grant_type=refresh_token&refresh_token=r-of-mine",
        r#"{"error":"invalid_grant","error_description":"r-of-mine ended"}"#,
    );
    assert_eq!(text(&second.bodies.1), r#"{"error":"invalid_grant","error_description":"•••• ended"}"#);
    assert!(all(&recorder).is_empty(), "it is no message");
    let file = recorder.export(0, |_| true);
    assert!(!file.contains("of-mine"), "{file}");
    let (read, _) = recorder.import(&file).unwrap();
    assert_eq!(read.export(0, |_| true), file);
    assert!(recorder.import(&file.replace(r#""with":"sign-in""#, r#""with":"nobody""#)).is_err());
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
