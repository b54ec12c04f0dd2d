use super::*;
use policy::{Action, ClassSource, ConnectorId};
use serde_json::json;

pub(super) fn action(name: &str, class: Class) -> Candidate {
    Candidate {
        connector: ConnectorId::from("desk"),
        connector_name: "Desk".to_owned(),
        host: "desk.example".to_owned(),
        badge: None,
        action: Action::new(json!({
            "name": name, "description": "Does it.",
            "inputSchema": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"], "additionalProperties": false },
        }))
        .unwrap(),
        class,
        class_source: ClassSource::Claimed,
    }
}

fn turn() -> Turn {
    Turn::new(setup())
}

fn setup() -> Setup {
    Setup {
        endpoint: Endpoint {
            base_url: "https://api.example.com/v1".to_owned(),
            model: "m".to_owned(),
            ..Endpoint::default()
        },
        actions: vec![action("look", Class::Read), action("make", Class::Write), action("wipe", Class::Destructive)],
        messages: vec![Message::System("s".to_owned()), Message::User("do it".to_owned())],
        limits: Limits::default(),
        mode: Mode::Chat,
        budget: 0,
        search: None,
    }
}

pub(super) fn drain(turn: &mut Turn) -> Vec<Output> {
    std::iter::from_fn(|| turn.poll()).collect()
}

/// Answers the request that is open with these calls (name, arguments); gives what comes out.
pub(super) fn answer(turn: &mut Turn, id: u32, text: &str, calls: &[(&str, &str)]) -> Vec<Output> {
    let calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, arguments))| json!({ "index": index, "id": format!("w{index}"), "function": { "name": name, "arguments": arguments } }))
        .collect();
    let finish = if calls.is_empty() { "stop" } else { "tool_calls" };
    let chunk = json!({ "choices": [{ "delta": { "content": text, "tool_calls": calls }, "finish_reason": finish }] });
    turn.handle(Input::Response { id, status: 200, headers: vec![] });
    turn.handle(Input::Bytes { id, chunk: format!("data: {chunk}\n\ndata: [DONE]\n\n").into_bytes() });
    turn.handle(Input::Ended { id });
    drain(turn)
}

pub(super) fn wanted(out: &[Output]) -> Vec<(u32, usize)> {
    out.iter()
        .filter_map(|one| if let Output::Call(call) = one { Some((call.key, call.action)) } else { None })
        .collect()
}

pub(super) fn request(out: &[Output]) -> Option<(u32, Value)> {
    out.iter().find_map(|one| {
        if let Output::Fetch { id, request } = one {
            Some((*id, serde_json::from_str(&request.body).unwrap()))
        } else {
            None
        }
    })
}

/// Answers a request with a refusal; gives what comes out.
fn refuse(turn: &mut Turn, id: u32, status: u16, retry_after: Option<&str>, body: &str) -> Vec<Output> {
    let headers = retry_after.map(|value| ("Retry-After".to_owned(), value.to_owned()));
    turn.handle(Input::Response { id, status, headers: headers.into_iter().collect() });
    let (a, b) = body.split_at(body.len() / 2);
    turn.handle(Input::Bytes { id, chunk: a.as_bytes().to_vec() });
    turn.handle(Input::Bytes { id, chunk: b.as_bytes().to_vec() });
    turn.handle(Input::Ended { id });
    drain(turn)
}

pub(super) fn ended(turn: &mut Turn, key: u32, text: &str) -> Vec<Output> {
    turn.handle(Input::CallEnded { key, text: text.to_owned() });
    drain(turn)
}

#[test]
fn a_turn_goes_from_question_over_calls_to_the_answer() {
    let mut turn = turn();
    let out = drain(&mut turn);
    let (id, body) = request(&out).unwrap();
    assert_eq!(body["tools"].as_array().unwrap().len(), 3);
    assert!(body["tools"][0]["function"]["description"].as_str().unwrap().contains("desk.example"));
    let out = answer(&mut turn, id, "I look.", &[("desk__look", "{\"n\":1}")]);
    assert_eq!(wanted(&out), [(0, 0)]);
    let out = ended(&mut turn, 0, "status: done");
    let (id, body) = request(&out).unwrap();
    assert_eq!(body["messages"][2]["tool_calls"][0]["function"]["name"], "desk__look");
    assert_eq!(body["messages"][3], json!({ "role": "tool", "tool_call_id": "w0", "content": "status: done" }));
    let out = answer(&mut turn, id, "Done.", &[]);
    assert_eq!(out.last(), Some(&Output::Ended(End::Answered)));
    assert!(turn.is_over());
}

#[test]
fn x69_x73_writes_wait_together_and_nothing_overtakes_them() {
    let mut turn = turn();
    drain(&mut turn);
    let call = |name| (name, "{\"n\":1}");
    let out = answer(
        &mut turn,
        0,
        "",
        &[call("desk__look"), call("desk__look"), call("desk__make"), call("desk__wipe"), call("desk__look")],
    );
    assert_eq!(wanted(&out), [(0, 0), (1, 0)], "reads first, side by side");
    assert_eq!(wanted(&ended(&mut turn, 1, "r")), []);
    assert_eq!(wanted(&ended(&mut turn, 0, "r")), [(2, 1), (3, 2)], "then both writes, to be decided in a row");
    assert_eq!(wanted(&ended(&mut turn, 4, "forged")), [], "what has not begun cannot end");
    assert_eq!(wanted(&ended(&mut turn, 2, "r")), [], "the read waits for the last write");
    assert_eq!(wanted(&ended(&mut turn, 2, "again")), []);
    assert_eq!(wanted(&ended(&mut turn, 3, "status: denied.")), [(4, 0)]);
    let (_, body) = request(&ended(&mut turn, 4, "r")).unwrap();
    let told: Vec<&str> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["role"] == "tool")
        .map(|m| m["tool_call_id"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["w0", "w1", "w2", "w3", "w4"]);
}

#[test]
fn x73_only_whole_and_valid_calls_come_out() {
    for arguments in ["{\"n\":", "{\"n\":\"x\"}", "", "[1]", "{\"n\":1,\"m\":2}", "7"] {
        let mut turn = turn();
        drain(&mut turn);
        let out = answer(&mut turn, 0, "", &[("desk__make", arguments)]);
        assert_eq!(wanted(&out), [], "{arguments}");
        assert!(out.iter().any(|one| matches!(one, Output::Refused { .. })));
        let (_, body) = request(&out).expect("the model is told and asked again");
        assert!(body["messages"][3]["content"].as_str().unwrap().starts_with("status: not a call. Nothing was sent."));
        let echoed = body["messages"][2]["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
        assert!(serde_json::from_str::<Map<String, Value>>(echoed).is_ok(), "the history stays valid JSON");
    }
}

#[test]
fn x77_an_invented_name_is_not_a_call_and_is_told() {
    let mut turn = turn();
    drain(&mut turn);
    let out = answer(&mut turn, 0, "", &[("grant_admin", "{}"), ("make", "{\"n\":1}"), ("desk__look", "{\"n\":1}")]);
    assert_eq!(wanted(&out), [(2, 0)]);
    assert_eq!(out.iter().filter(|one| matches!(one, Output::Refused { .. })).count(), 2);
    let (_, body) = request(&ended(&mut turn, 2, "r")).unwrap();
    assert!(body["messages"][3]["content"].as_str().unwrap().contains("there is no tool `grant_admin`"));
}

#[test]
fn x47_actions_for_apps_are_not_offered() {
    let mut hidden = action("inner", Class::Read);
    let mut definition = hidden.action.definition().clone();
    definition["_meta"] = json!({ "ui": { "visibility": ["app"] } });
    hidden.action = Action::new(definition).unwrap();
    let turn = Turn::new(Setup {
        endpoint: Endpoint { base_url: "https://a.example".to_owned(), model: "m".to_owned(), ..Endpoint::default() },
        actions: vec![hidden],
        messages: vec![],
        limits: Limits::default(),
        mode: Mode::Chat,
        budget: 0,
        search: None,
    });
    assert!(turn.actions().is_empty());
}

#[test]
fn ids_that_are_missing_or_twice_are_made_up() {
    let mut turn = turn();
    drain(&mut turn);
    let chunk = json!({ "choices": [{ "message": { "tool_calls": [
        { "function": { "name": "desk__look", "arguments": { "n": 1 } } }, { "function": { "name": "desk__look", "arguments": { "n": 2 } } },
    ] }, "finish_reason": "tool_calls" }] });
    turn.handle(Input::Response { id: 0, status: 200, headers: vec![] });
    turn.handle(Input::Bytes { id: 0, chunk: chunk.to_string().into_bytes() });
    turn.handle(Input::Ended { id: 0 });
    assert_eq!(wanted(&drain(&mut turn)).len(), 2);
    ended(&mut turn, 0, "a");
    let (_, body) = request(&ended(&mut turn, 1, "b")).unwrap();
    assert_ne!(body["messages"][3]["tool_call_id"], body["messages"][4]["tool_call_id"]);
    assert_eq!(body["messages"][2]["tool_calls"][1]["id"], body["messages"][4]["tool_call_id"]);
}

#[test]
fn a_stop_aborts_what_runs_and_ends() {
    let mut asked = turn();
    asked.handle(Input::Stop);
    assert_eq!(drain(&mut asked), [Output::Abort { id: 0 }, Output::Ended(End::Stopped)]);
    let mut calling = turn();
    drain(&mut calling);
    answer(&mut calling, 0, "", &[("desk__look", "{\"n\":1}"), ("desk__make", "{\"n\":1}")]);
    calling.handle(Input::Stop);
    assert_eq!(drain(&mut calling), [Output::CancelCall { key: 0 }, Output::Ended(End::Stopped)]);
    calling.handle(Input::CallEnded { key: 0, text: "late".to_owned() });
    calling.handle(Input::Stop);
    assert_eq!(drain(&mut calling), []);
    let mut reading = turn();
    drain(&mut reading);
    reading.handle(Input::Response { id: 0, status: 200, headers: vec![] });
    reading.handle(Input::Stop);
    reading.handle(Input::Bytes { id: 0, chunk: b"data: {}".to_vec() });
    assert!(matches!(
        &drain(&mut reading)[..],
        [
            Output::AnswerStarted,
            Output::Abort { id: 0 },
            Output::AnswerEnded { error: Some(_) },
            Output::Ended(End::Stopped)
        ]
    ));
}

#[test]
fn a_call_that_was_not_polled_before_a_stop_never_comes_out() {
    let mut turn = turn();
    drain(&mut turn);
    let chunk = json!({ "choices": [{ "message": { "tool_calls": [{ "id": "a", "function": { "name": "desk__make", "arguments": "{\"n\":1}" } }] }, "finish_reason": "tool_calls" }] });
    turn.handle(Input::Response { id: 0, status: 200, headers: vec![] });
    turn.handle(Input::Bytes { id: 0, chunk: chunk.to_string().into_bytes() });
    turn.handle(Input::Ended { id: 0 });
    turn.handle(Input::Stop);
    assert_eq!(wanted(&drain(&mut turn)), []);
}

#[test]
fn rounds_are_limited() {
    let mut turn = turn();
    let mut out = drain(&mut turn);
    for key in 0.. {
        let Some((id, _)) = request(&out) else { break };
        answer(&mut turn, id, "", &[("desk__look", "{\"n\":1}")]);
        out = ended(&mut turn, key, "r");
    }
    assert_eq!(out, [Output::Ended(End::TooManyRounds(MAX_ROUNDS))]);
}

#[test]
fn many_calls_in_one_answer_are_limited() {
    let mut turn = turn();
    drain(&mut turn);
    let calls = vec![("desk__look", "{\"n\":1}"); MAX_CALLS + 3];
    let out = answer(&mut turn, 0, "", &calls);
    assert_eq!(wanted(&out).len(), MAX_PARALLEL);
    assert_eq!(out.iter().filter(|one| matches!(one, Output::Refused { .. })).count(), 3);
}

#[test]
fn failures_are_said_in_words_with_a_next_step() {
    let mut unreachable = turn();
    drain(&mut unreachable);
    unreachable.handle(Input::Failed { id: 0, why: None });
    let out = drain(&mut unreachable);
    let Some(Output::Ended(end)) = out.last() else { panic!("{out:?}") };
    let note = end.note().unwrap();
    assert!(
        note.contains("`api.example.com` could not be reached, or it does not let web pages talk to it")
            && note.contains("Next step: check"),
        "{note}"
    );

    let mut limited = turn();
    drain(&mut limited);
    let out = refuse(&mut limited, 0, 429, Some("3600"), "{\"error\":{\"message\":\"slow down\"}}");
    assert!(
        matches!(&out[..], [Output::Ended(End::Failed(ModelError::TooMany { wait: Some(wait), said, .. }))] if wait == "in 3600 s" && said == "slow down")
    );

    let mut broken = turn();
    drain(&mut broken);
    broken.handle(Input::Response { id: 0, status: 200, headers: vec![] });
    let chunk = json!({ "choices": [{ "delta": { "tool_calls": [{ "index": 0, "id": "a", "function": { "name": "desk__make", "arguments": "{\"n\":1}" } }] } }] });
    broken.handle(Input::Bytes { id: 0, chunk: format!("data: {chunk}\n\n").into_bytes() });
    broken.handle(Input::Failed { id: 0, why: None });
    let out = drain(&mut broken);
    assert_eq!(wanted(&out), [], "x73: half an answer asks for nothing");
    assert!(matches!(out.last(), Some(Output::Ended(End::Failed(ModelError::BrokeOff { .. })))));
}

#[test]
fn wi15_an_answer_that_ends_for_another_reason_or_without_a_word_is_told_and_can_be_asked_for_again() {
    use crate::model::Wire;
    let ends = |wire: Wire, bytes: &str| {
        let mut turn = Turn::new(Setup { endpoint: Endpoint { wire, ..setup().endpoint }, ..setup() });
        drain(&mut turn);
        turn.handle(Input::Response { id: 0, status: 200, headers: vec![] });
        turn.handle(Input::Bytes { id: 0, chunk: bytes.as_bytes().to_vec() });
        turn.handle(Input::Ended { id: 0 });
        let out = drain(&mut turn);
        let Some(Output::Ended(end)) = out.last() else { panic!("{out:?}") };
        assert_eq!(end.remedy(), Some(Remedy::AskAgain), "{end:?}");
        end.note().unwrap()
    };
    let malformed = r#"data: {"candidates":[{"content":{"parts":[{"text":"Half"}]},"finishReason":"MALFORMED_FUNCTION_CALL"}]}

"#;
    let paused = r#"data: {"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"pause_turn"}

"#;
    let odd = r#"data: {"choices":[{"delta":{"content":""},"finish_reason":"a `b`"}]}

"#;
    for (wire, bytes, reason) in [
        (Wire::Gemini, malformed, "`MALFORMED_FUNCTION_CALL`"),
        (Wire::Anthropic, paused, "`pause_turn`"),
        (Wire::OpenaiChat, odd, "`a 'b'`"),
    ] {
        let note = ends(wire, bytes);
        assert!(
            note.starts_with("The answer may not be whole: the model ended it with ") && note.contains(reason),
            "{note}"
        );
    }
    let thought = r#"data: {"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]},"finishReason":"STOP"}]}

"#;
    let stop = r#"data: {"choices":[{"delta":{"content":"\n"},"finish_reason":"stop"}]}

"#;
    for (wire, bytes) in [(Wire::Gemini, thought), (Wire::OpenaiChat, stop)] {
        assert!(ends(wire, bytes).starts_with("The model answered without a word."));
    }
}

#[test]
fn an_answer_that_says_it_is_done_is_done_though_the_connection_stays_open() {
    let mut turn = turn();
    drain(&mut turn);
    turn.handle(Input::Response { id: 0, status: 200, headers: vec![] });
    turn.handle(Input::Bytes {
        id: 0,
        chunk: b"data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n".to_vec(),
    });
    let out = drain(&mut turn);
    assert!(out.contains(&Output::Abort { id: 0 }));
    assert_eq!(out.last(), Some(&Output::Ended(End::Answered)));
}

#[test]
fn s086_a_turn_goes_on_with_its_conversation() {
    use crate::conversation::tests::card;
    use crate::conversation::{Body, CallState, Event, Item, ItemId};
    let mut chat = Conversation::new(policy::ConversationId::from("k"), vec![], 0);
    let mut gone = card(CallState::Denied { reason: None });
    gone.action = "gone".to_owned();
    let mut looked = card(CallState::Done);
    looked.call = policy::CallId::from("c2");
    looked.action = "look".to_owned();
    let said = |text: &str| Body::Said { text: text.to_owned() };
    let bodies = [said("first"), Body::Call(Box::new(gone)), Body::Call(Box::new(looked)), said("second")];
    for (at, body) in bodies.into_iter().enumerate() {
        chat.apply(Event::Put(Item { id: ItemId::from(at.to_string()), at: 0, body }), 0).unwrap();
    }
    let endpoint =
        Endpoint { base_url: "https://a.example/v1".to_owned(), model: "m".to_owned(), ..Endpoint::default() };
    let setup = Setup::of(&chat, endpoint, vec![action("look", Class::Read)], "Ours", &[], Limits::default());
    let mut turn = Turn::new(setup);
    let (_, body) = request(&drain(&mut turn)).unwrap();
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool", "user"]);
    assert_eq!(messages[2]["tool_calls"][0]["function"]["name"], "former__gone");
    assert_eq!(messages[2]["tool_calls"][1]["function"]["name"], "desk__look");
    assert!(messages[3]["content"].as_str().unwrap().starts_with("status: denied."));
    assert_eq!(messages[5]["content"], "second");
}

#[test]
fn wi10_a_provider_without_time_is_asked_again_when_it_said_and_a_few_times_only() {
    let mut turn = turn();
    drain(&mut turn);
    let out = refuse(&mut turn, 0, 429, Some("7"), "{\"error\":{\"message\":\"slow down\"}}");
    let [Output::Wait { id: 1, millis: 7_000, why }] = &out[..] else { panic!("{out:?}") };
    assert!(
        why.contains("`api.example.com` wants fewer requests") && why.contains("asked again in 7 s, try 1 of 2"),
        "{why}"
    );
    turn.handle(Input::Waited { id: 0 });
    assert_eq!(drain(&mut turn), [], "another wait is over");
    turn.handle(Input::Waited { id: 1 });
    let (id, _) = request(&drain(&mut turn)).unwrap();
    turn.handle(Input::Waited { id: 1 });
    assert_eq!(drain(&mut turn), [], "the same wait is over once");
    let out = refuse(&mut turn, id, 503, None, "");
    assert!(matches!(&out[..], [Output::Wait { millis, .. }] if *millis == FIRST_WAIT * 4), "{out:?}");
    turn.handle(Input::Waited { id: id + 1 });
    let (id, _) = request(&drain(&mut turn)).unwrap();
    let out = refuse(&mut turn, id, 529, None, "");
    assert!(matches!(&out[..], [Output::Ended(End::Failed(ModelError::Server { status: 529, .. }))]), "{out:?}");
}

#[test]
fn wi10_a_provider_may_say_the_time_and_without_one_that_is_understood_the_own_wait_holds() {
    // Mon, 23 Nov 2026 09:59:50 GMT.
    const NOW: u64 = 1_795_427_990_000;
    let waits = |now: Option<u64>, retry_after: &str| {
        let mut turn = turn();
        now.into_iter().for_each(|now| turn.it_is(now));
        drain(&mut turn);
        match &refuse(&mut turn, 0, 429, Some(retry_after), "")[..] {
            [Output::Wait { millis, .. }] => Some(*millis),
            out => {
                assert!(matches!(out, [Output::Ended(End::Failed(ModelError::TooMany { .. }))]), "{out:?}");
                None
            }
        }
    };
    assert_eq!(waits(Some(NOW), "Mon, 23 Nov 2026 10:00:00 GMT"), Some(10_000));
    assert_eq!(waits(Some(NOW), "Mon, 23 Nov 2026 10:10:00 GMT"), None, "longer than anybody waits");
    for (now, odd) in [
        (Some(NOW), "Mon, 23 Nov 2026 09:59:50 GMT"),
        (None, "Mon, 23 Nov 2026 10:00:00 GMT"),
        (Some(NOW), "Monday, 23-Nov-26 10:00:00 GMT"),
        (Some(NOW), "soon"),
        (Some(NOW), ""),
    ] {
        assert_eq!(waits(now, odd), Some(FIRST_WAIT), "{odd}");
    }
}

#[test]
fn wi10_nothing_is_asked_again_that_cannot_get_better_or_has_begun() {
    for (status, retry, body) in [
        (401, Some("1"), ""),
        (402, Some("1"), ""),
        (429, Some("1"), "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"no\"}}"),
        (404, None, ""),
    ] {
        let mut turn = turn();
        drain(&mut turn);
        let out = refuse(&mut turn, 0, status, retry, body);
        assert!(matches!(&out[..], [Output::Ended(End::Failed(_))]), "{status}: {out:?}");
    }
    let mut begun = turn();
    drain(&mut begun);
    begun.handle(Input::Response { id: 0, status: 200, headers: vec![] });
    begun.handle(Input::Bytes {
        id: 0,
        chunk: b"data: {\"error\":{\"message\":\"overloaded\",\"code\":529}}\n\n".to_vec(),
    });
    let out = drain(&mut begun);
    assert!(out.iter().all(|one| !matches!(one, Output::Wait { .. } | Output::Fetch { .. })), "{out:?}");
    let mut waiting = turn();
    drain(&mut waiting);
    refuse(&mut waiting, 0, 429, Some("7"), "");
    waiting.handle(Input::Stop);
    waiting.handle(Input::Waited { id: 1 });
    assert_eq!(drain(&mut waiting), [Output::Ended(End::Stopped)]);
}

#[test]
fn wi11_a_request_that_is_refused_for_something_optional_is_made_once_without() {
    let mut turn = turn();
    let (_, body) = request(&drain(&mut turn)).unwrap();
    assert_eq!(body["stream_options"]["include_usage"], true);
    let said = "{\"detail\":[{\"loc\":[\"body\",\"stream_options\"],\"msg\":\"Extra inputs are not permitted\"}]}";
    let (id, body) = request(&refuse(&mut turn, 0, 422, None, said)).unwrap();
    assert!(body.get("stream_options").is_none());
    let out = refuse(&mut turn, id, 422, None, said);
    assert!(matches!(&out[..], [Output::Ended(End::Failed(ModelError::Rejected { .. }))]), "{out:?}");
}

#[test]
fn wi12_actions_are_offered_in_one_order_whatever_order_they_came_in() {
    let offered = |names: &[&str]| {
        let mut turn = Turn::new(Setup {
            endpoint: Endpoint {
                base_url: "https://a.example".to_owned(),
                model: "m".to_owned(),
                ..Endpoint::default()
            },
            actions: names.iter().map(|name| action(name, Class::Read)).collect(),
            messages: vec![Message::User("u".to_owned())],
            limits: Limits::default(),
            mode: Mode::Chat,
            budget: 0,
            search: None,
        });
        request(&drain(&mut turn)).unwrap().1.to_string()
    };
    assert_eq!(offered(&["b", "a", "c"]), offered(&["c", "b", "a"]));
}

#[test]
fn wi13_every_wire_goes_from_question_over_a_call_to_the_answer() {
    use crate::model::Wire;
    let answers = |wire: Wire| match wire {
        Wire::OpenaiChat => {
            r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"desk__look","arguments":"{\"n\":1}"}}]},"finish_reason":"tool_calls"}]}

data: [DONE]

"#
        }
        Wire::OpenaiResponses => {
            r#"data: {"type":"response.completed","response":{"status":"completed","output":[{"type":"function_call","call_id":"a","name":"desk__look","arguments":"{\"n\":1}"}]}}

"#
        }
        Wire::Anthropic => {
            r#"data: {"type":"message","content":[{"type":"tool_use","id":"a","name":"desk__look","input":{"n":1}}],"stop_reason":"tool_use"}

"#
        }
        Wire::Gemini => {
            r#"data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"desk__look","args":{"n":1}}}]},"finishReason":"STOP"}]}

"#
        }
        Wire::Ollama => {
            r#"{"message":{"content":"","tool_calls":[{"function":{"name":"desk__look","arguments":{"n":1}}}]},"done":true,"done_reason":"stop"}
"#
        }
        Wire::BuiltIn => unreachable!("it has no actions to call"),
    };
    for wire in Wire::ALL {
        let mut setup = Setup {
            endpoint: Endpoint {
                wire,
                base_url: "https://a.example".to_owned(),
                model: "m".to_owned(),
                ..Endpoint::default()
            },
            actions: vec![action("look", Class::Read)],
            messages: vec![Message::User("u".to_owned())],
            limits: Limits::default(),
            mode: Mode::Chat,
            budget: 0,
            search: None,
        };
        setup.messages.insert(0, Message::System("s".to_owned()));
        let mut turn = Turn::new(setup);
        drain(&mut turn);
        turn.handle(Input::Response { id: 0, status: 200, headers: vec![] });
        turn.handle(Input::Bytes { id: 0, chunk: answers(wire).as_bytes().to_vec() });
        turn.handle(Input::Ended { id: 0 });
        assert_eq!(wanted(&drain(&mut turn)), [(0, 0)], "{wire:?}");
        let (_, body) = request(&ended(&mut turn, 0, "status: done")).unwrap();
        assert!(body.to_string().contains("status: done"), "{wire:?}");
    }
}

#[test]
fn wi20_what_a_turn_takes_grows_with_its_actions_and_its_words() {
    let setup = |actions: usize, words: usize| Setup {
        endpoint: Endpoint { base_url: "https://a.example".to_owned(), model: "m".to_owned(), ..Endpoint::default() },
        actions: (0..actions).map(|at| action(&format!("look_{at}"), Class::Read)).collect(),
        messages: vec![Message::User("word ".repeat(words))],
        limits: Limits::default(),
        mode: Mode::Chat,
        budget: 0,
        search: None,
    };
    let (none, few) = setup(0, 10).weigh();
    assert_eq!((none, few), (0, 13));
    let (one, _) = setup(1, 10).weigh();
    let (two, many) = setup(2, 1_000).weigh();
    assert!(one > 20 && two == 2 * one && many == 1_250, "{one} {two} {many}");
}

#[test]
fn cq009_the_definitions_of_each_connector_are_weighed_by_themselves() {
    let of = |connector: &str, name: &str| Candidate {
        connector: ConnectorId::from(connector),
        connector_name: connector.to_uppercase(),
        host: format!("{connector}.example"),
        ..action(name, Class::Read)
    };
    let mut setup = Setup {
        endpoint: Endpoint { base_url: "https://a.example".to_owned(), model: "m".to_owned(), ..Endpoint::default() },
        actions: vec![of("a", "look"), of("a", "see"), of("b", "look")],
        messages: vec![],
        limits: Limits::default(),
        mode: Mode::Chat,
        budget: 0,
        search: None,
    };
    let shares = setup.shares();
    let named: Vec<_> = shares.iter().map(|share| (share.connector_name.as_str(), share.host.as_str())).collect();
    assert_eq!(named, [("A", "a.example"), ("B", "b.example")]);
    assert!(shares[0].tokens > shares[1].tokens && shares[1].tokens > 20);
    let all: u64 = shares.iter().map(|share| share.tokens).sum();
    assert!(all.abs_diff(setup.weigh().0) <= 2, "together they are what all definitions take");
    // Where the others are searched for, only what is offered counts.
    setup.search = Some([2].into());
    assert_eq!(setup.shares().len(), 1);
}

#[test]
fn n13_co30_many_actions_are_searched_for_and_the_pinned_are_always_there() {
    use crate::conversation::{Body, Event, Item, ItemId, Pin};
    let many: Vec<Candidate> = (0..200)
        .map(|n| action(&format!("make_thing_{n}"), Class::Write))
        .chain([action("look_up_weather", Class::Read), action("search_actions", Class::Read)])
        .collect();
    let mut chat = Conversation::new(policy::ConversationId::from("k"), vec![], 0);
    let pin = Pin { connector: ConnectorId::from("desk"), action: "make_thing_7".to_owned() };
    chat.apply(Event::Pins { pins: vec![pin] }, 0).unwrap();
    let said = Body::Said { text: "is it raining? #make_thing_150 and #nothing".to_owned() };
    chat.apply(Event::Put(Item { id: ItemId::from("i"), at: 0, body: said }), 0).unwrap();
    let endpoint =
        Endpoint { base_url: "https://a.example/v1".to_owned(), model: "m".to_owned(), ..Endpoint::default() };
    let of = |actions: Vec<Candidate>| Setup::of(&chat, endpoint.clone(), actions, "Ours", &[], Limits::default());
    let (few, setup) = (of(many.iter().take(100).cloned().collect()), of(many.clone()));
    assert_eq!((few.offered(), setup.offered()), (None, Some(2)));
    assert!(setup.weigh().0 < few.weigh().0 / 10);
    let names = |body: &Value| -> Vec<String> {
        body["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut backwards = many;
    backwards.reverse();
    let (_, other) = request(&drain(&mut Turn::new(of(backwards)))).unwrap();
    let mut turn = Turn::new(setup);
    let (id, body) = request(&drain(&mut turn)).unwrap();
    assert_eq!(names(&body), ["search_actions", "desk__make_thing_150", "desk__make_thing_7"]);
    assert_eq!(names(&body), names(&other), "one order, whatever order they came in");
    // What was not offered is no call, although it is there.
    let out = answer(&mut turn, id, "", &[("desk__look_up_weather", "{\"n\":1}")]);
    assert!(out.iter().any(|one| matches!(one, Output::Refused { .. })) && wanted(&out).is_empty(), "{out:?}");
    let (id, _) = request(&out).unwrap();
    let out = answer(
        &mut turn,
        id,
        "",
        &[("search_actions", "{\"query\":\"look up the weather\"}"), ("search_actions", "{}")],
    );
    assert!(out.iter().any(|one| matches!(one, Output::Searched { found, .. } if *found > 0)), "{out:?}");
    let (id, body) = request(&out).unwrap();
    let order = names(&body);
    assert!(order.contains(&"desk__look_up_weather".to_owned()) && order.len() <= 3 + search::FOUND, "{order:?}");
    let mut sorted = order[1..].to_vec();
    sorted.sort();
    assert_eq!(sorted, order[1..]);
    let told = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
    assert!(told.contains("needs a `query`"), "{told}");
    let out = answer(&mut turn, id, "", &[("desk__look_up_weather", "{\"n\":1}")]);
    assert_eq!(wanted(&out).len(), 1, "{out:?}");
}

#[test]
fn co30_a_small_context_searches_sooner_and_a_handful_is_never_searched_for() {
    assert!(search::is_needed(20, 2_000, Some(8_000)));
    assert!(!search::is_needed(20, 2_000, Some(128_000)));
    assert!(!search::is_needed(5, 9_000, Some(8_000)));
    assert!(search::is_needed(400, 10, None) && search::is_needed(50, 30_000, None));
}

#[test]
fn ct006_a_provider_chooses_no_code_in_the_sentence_about_it() {
    let error = ModelError::KeyRefused { host: "models.example".into(), said: "type `y` to go on".into() };
    let note = End::Failed(error).note().unwrap();
    assert!(note.contains("`models.example` did not accept the key: \"type 'y' to go on\""), "{note}");
}

#[test]
fn cq003_what_a_person_can_do_about_how_a_turn_ended() {
    let host = || "api.example.com".to_owned();
    let key = ModelError::KeyRefused { host: host(), said: String::new() };
    let busy = ModelError::TooMany { host: host(), wait: None, said: String::new() };
    let remedies = [
        (End::Answered, None),
        (End::Stopped, None),
        (End::TooManyRounds(16), Some(Remedy::GoOn)),
        (End::BudgetSpent(3), Some(Remedy::GoOn)),
        (End::CutShort, Some(Remedy::GoOn)),
        (End::Failed(busy), Some(Remedy::AskAgain)),
        (End::Failed(ModelError::BrokeOff { host: host() }), Some(Remedy::AskAgain)),
        (End::Failed(key), Some(Remedy::AskOrSet)),
    ];
    for (end, remedy) in remedies {
        assert_eq!(end.remedy(), remedy, "{end:?}");
        assert!(remedy.is_none() || end.note().is_some(), "what is offered stands beside words");
    }
}

#[test]
fn cq003_a_model_that_is_asked_again_is_never_given_a_history_that_ends_with_its_own_words() {
    let setup = |messages: Vec<Message>| {
        let mut setup = Setup {
            endpoint: Endpoint::default(),
            actions: vec![],
            messages,
            limits: Limits::default(),
            mode: Mode::Chat,
            budget: 0,
            search: None,
        };
        setup.again();
        setup.messages
    };
    let asked = || Message::User("do it".to_owned());
    assert_eq!(setup(vec![asked()]), [asked()]);
    let broken = Message::Assistant(vec![Part::Text("Half".to_owned())]);
    let after = setup(vec![asked(), broken.clone()]);
    assert_eq!((after.len(), &after[1]), (3, &broken), "what it said stays");
    assert!(matches!(&after[2], Message::User(text) if text.contains("answer again")));
}
