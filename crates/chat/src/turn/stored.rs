//! A turn that is built from the stored conversation says what the running one said.

use super::tests::{action, request};
use super::*;
use crate::conversation::tests::{card, chat};
use crate::conversation::{Answer, Body, CallState, Event, Item, ItemId};
use crate::model::Wire;
use serde_json::json;

/// A turn and its conversation, driven as the page drives them.
struct Rig {
    wire: Wire,
    chat: Conversation,
    turn: Turn,
    answer: Option<ItemId>,
    items: usize,
    /// How long the result of every call is.
    result: usize,
    shortened: usize,
}

fn setup(chat: &Conversation, wire: Wire, model: &str, limits: Limits) -> Setup {
    let endpoint = Endpoint {
        wire,
        base_url: "https://api.example.com/v1".to_owned(),
        model: model.to_owned(),
        ..Endpoint::default()
    };
    Setup::of(chat, endpoint, vec![action("look", Class::Read)], "Ours", &[], limits)
}

impl Rig {
    fn new(wire: Wire, result: usize, limits: Limits) -> Self {
        let mut chat = chat();
        let said = Body::Said { text: "look and tell".to_owned() };
        chat.apply(Event::Put(Item { id: ItemId::from("said"), at: 0, body: said }), 0).unwrap();
        let turn = Turn::new(setup(&chat, wire, "m", limits));
        Self { wire, chat, turn, answer: None, items: 0, result, shortened: 0 }
    }

    fn put(&mut self, body: Body) -> ItemId {
        self.items += 1;
        let id = ItemId::from(format!("i{}", self.items));
        self.chat.apply(Event::Put(Item { id: id.clone(), at: 0, body }), 0).unwrap();
        id
    }

    /// Does what the turn wants; gives the request that it made, and how it ended.
    fn pump(&mut self) -> (Option<(u32, Value)>, Option<End>) {
        let (mut asked, mut end) = (None, None);
        while let Some(out) = self.turn.poll() {
            let item = self.answer.clone();
            match out {
                Output::AnswerStarted => self.answer = Some(self.put(Body::Answer(Answer::default()))),
                Output::Answer(Delta::Text(text)) => {
                    self.chat.apply(Event::AnswerText { item: item.unwrap(), text }, 0).unwrap();
                }
                Output::Kept(kept) => {
                    self.chat.apply(Event::AnswerKept { item: item.unwrap(), kept }, 0).unwrap();
                }
                Output::AnswerEnded { error } => {
                    self.chat.apply(Event::AnswerEnded { item: item.unwrap(), error }, 0).unwrap();
                }
                Output::Call(wanted) => self.call(wanted, item.unwrap()),
                Output::Shortened => self.shortened += 1,
                Output::Ended(how) => end = Some(how),
                fetch @ Output::Fetch { .. } => asked = request(&[fetch]),
                _ => {}
            }
        }
        (asked, end)
    }

    fn call(&mut self, wanted: Wanted, answer: ItemId) {
        let call = policy::CallId::from(format!("call{}", self.items));
        let mut made = card(CallState::Running);
        made.call = call.clone();
        made.action = "look".to_owned();
        made.arguments = Value::Object(wanted.arguments);
        let card = self.put(Body::Call(Box::new(made)));
        self.chat.apply(Event::AnswerCalled { item: answer, id: wanted.id, card }, 0).unwrap();
        let result = json!({ "content": [{ "type": "text", "text": "r".repeat(self.result) }] });
        let came = Event::CallResult { call: call.clone(), result, breaks: None, reviewed: false };
        self.chat.apply(came, 0).unwrap();
        let text = self.chat.call(&call).unwrap().for_model(self.turn.result_limit());
        self.turn.handle(Input::CallEnded { key: wanted.key, text });
    }

    fn answer(&mut self, id: u32, bytes: &str) {
        self.turn.handle(Input::Response { id, status: 200, headers: vec![] });
        self.turn.handle(Input::Bytes { id, chunk: bytes.as_bytes().to_vec() });
        self.turn.handle(Input::Ended { id });
    }

    /// The turn that would go on from here, with this model.
    fn anew(&self, model: &str) -> Turn {
        Turn::new(setup(&self.chat, self.wire, model, self.turn.limits))
    }
}

/// An answer of a wire with a thought, words, a call and one of a tool that is not there; and one in words.
fn answers(wire: Wire) -> (String, String) {
    let event = |value: Value| format!("data: {value}\n\n");
    match wire {
        Wire::OpenaiChat => {
            let calls = json!([
                { "index": 0, "id": "a", "function": { "name": "desk__look", "arguments": "{ \"n\": 1 }" } },
                { "index": 1, "id": "b", "function": { "name": "nothing", "arguments": "{" } },
            ]);
            let delta = json!({ "reasoning_content": "THOUGHT", "content": "I look.", "tool_calls": calls });
            (
                event(json!({ "choices": [{ "delta": delta, "finish_reason": "tool_calls" }] })),
                event(json!({ "choices": [{ "delta": { "content": "Done." }, "finish_reason": "stop" }] })),
            )
        }
        Wire::OpenaiResponses => {
            let thought =
                |text: &str| json!({ "type": "reasoning", "id": "rs", "summary": [], "encrypted_content": text });
            let words = |text: &str| json!({ "type": "message", "content": [{ "type": "output_text", "text": text }] });
            let call = |id: &str, name: &str| json!({ "type": "function_call", "call_id": id, "name": name, "arguments": "{ \"n\": 1 }" });
            let whole = |output: Value| {
                event(json!({ "type": "response.completed", "response": { "status": "completed", "output": output } }))
            };
            (
                whole(json!([thought("THOUGHT"), words("I look."), call("a", "desk__look"), call("b", "nothing")])),
                whole(json!([thought("LAST"), words("Done.")])),
            )
        }
        Wire::Anthropic => {
            let thought = |signature: &str| json!({ "type": "thinking", "thinking": "hm", "signature": signature });
            let words = |text: &str| json!({ "type": "text", "text": text });
            let call =
                |id: &str, name: &str| json!({ "type": "tool_use", "id": id, "name": name, "input": { "n": 1 } });
            let whole =
                |content: Value| event(json!({ "type": "message", "content": content, "stop_reason": "end_turn" }));
            (
                whole(json!([thought("THOUGHT"), words("I look."), call("a", "desk__look"), call("b", "nothing")])),
                whole(json!([thought("LAST"), words("Done.")])),
            )
        }
        Wire::Gemini => {
            let whole = |parts: Value| {
                event(json!({ "candidates": [{ "content": { "parts": parts }, "finishReason": "STOP" }] }))
            };
            (
                whole(json!([
                    { "text": "hm", "thought": true },
                    { "text": "I look." },
                    { "functionCall": { "name": "desk__look", "args": { "n": 1 } }, "thoughtSignature": "THOUGHT" },
                    { "functionCall": { "name": "nothing", "args": {} } },
                ])),
                whole(json!([{ "text": "Done.", "thoughtSignature": "LAST" }])),
            )
        }
        Wire::Ollama => {
            let calls = json!([
                { "function": { "name": "desk__look", "arguments": { "n": 1 } } },
                { "function": { "name": "nothing", "arguments": {} } },
            ]);
            let message = json!({ "thinking": "THOUGHT", "content": "I look.", "tool_calls": calls });
            (
                format!("{}\n", json!({ "message": message, "done": true, "done_reason": "stop" })),
                format!("{}\n", json!({ "message": { "content": "Done." }, "done": true, "done_reason": "stop" })),
            )
        }
        Wire::BuiltIn => unreachable!("it has no actions to call"),
    }
}

#[test]
fn wi16_a_stored_conversation_goes_on_with_every_thought_and_signature_on_every_wire() {
    for wire in Wire::ALL {
        let mut rig = Rig::new(wire, 30_000, Limits::default());
        let (calls, words) = answers(wire);
        let (id, _) = rig.pump().0.unwrap();
        rig.answer(id, &calls);
        let (id, running) = rig.pump().0.unwrap();
        assert!(running.to_string().contains("THOUGHT"), "{wire:?}: {running}");
        // As after a reload: nothing but what is stored.
        let text = serde_json::to_string(&rig.chat).unwrap();
        rig.chat = serde_json::from_str(&text).unwrap();
        let mut anew = rig.anew("m");
        let (_, stored) = request(&super::tests::drain(&mut anew)).unwrap();
        assert_eq!(stored, running, "{wire:?}");
        // Another model is told the same in plain words.
        let (_, other) = request(&super::tests::drain(&mut rig.anew("other"))).unwrap();
        assert!(!other.to_string().contains("THOUGHT"), "{wire:?}: {other}");
        assert!(other.to_string().contains("rrrr"), "{wire:?}");
        let unsigned = other.to_string().contains("skip_thought_signature_validator");
        assert_eq!(unsigned, wire == Wire::Gemini);
        assert!(!stored.to_string().contains("skip_thought_signature_validator"));
        rig.answer(id, &words);
        assert_eq!(rig.pump().1, Some(End::Answered));
    }
}

#[test]
fn wi12_what_a_turn_said_stays_a_prefix_of_what_the_next_turn_says_on_every_wire() {
    for wire in Wire::ALL {
        let mut rig = Rig::new(wire, 30_000, Limits::default());
        let (calls, words) = answers(wire);
        for answer in [&calls, &calls, &words] {
            let (id, _) = rig.pump().0.unwrap();
            rig.answer(id, answer);
        }
        assert_eq!(rig.pump().1, Some(End::Answered));
        rig.put(Body::Said { text: "and now?".to_owned() });
        let next = rig.anew("m").messages;
        let (before, after) = next.split_at(rig.turn.messages.len());
        assert_eq!(before, rig.turn.messages, "{wire:?}");
        assert_eq!(after, [Message::User("and now?".to_owned())]);
    }
}

#[test]
fn wi16_calls_that_were_never_made_are_told_so_and_a_changed_text_is_told_without_thoughts() {
    let mut rig = Rig::new(Wire::Anthropic, 10, Limits::default());
    let (id, _) = rig.pump().0.unwrap();
    rig.answer(id, &answers(Wire::Anthropic).0);
    // The page is closed before it takes up the call.
    while let Some(out) = rig.turn.poll() {
        let item = rig.answer.clone();
        match out {
            Output::AnswerStarted => rig.answer = Some(rig.put(Body::Answer(Answer::default()))),
            Output::Answer(Delta::Text(text)) => {
                rig.chat.apply(Event::AnswerText { item: item.unwrap(), text }, 0).unwrap();
            }
            Output::Kept(kept) => drop(rig.chat.apply(Event::AnswerKept { item: item.unwrap(), kept }, 0).unwrap()),
            _ => {}
        }
    }
    rig.chat.apply(Event::AnswerEnded { item: rig.answer.clone().unwrap(), error: None }, 0).unwrap();
    let told = |rig: &Rig| request(&super::tests::drain(&mut rig.anew("m"))).unwrap().1["messages"].clone();
    let results = told(&rig)[2]["content"].clone();
    assert_eq!(results[0]["content"], "status: not made. The turn ended before this call was made; nothing was sent.");
    assert!(results[1]["content"].as_str().unwrap().starts_with("status: not a call."), "{results}");
    if let Some(Body::Answer(answer)) = rig.chat.items.last_mut().map(|item| &mut item.body) {
        answer.text.push('!');
    }
    let plain = told(&rig).to_string();
    assert!(plain.contains("I look.!") && !plain.contains("THOUGHT") && !plain.contains("tool_use"), "{plain}");
}

#[test]
fn wi16_what_is_kept_is_no_more_than_fits() {
    use crate::conversation::KEPT_BYTES;
    let parts = |bytes: usize| [Part::Thought(Value::String("t".repeat(bytes))), Part::Text("x".to_owned())];
    let endpoint = Endpoint::default();
    let kept = |parts: &[Part]| Kept::of(&endpoint, parts, |_| None);
    assert!(kept(&parts(KEPT_BYTES / 2)).is_some());
    assert!(kept(&parts(KEPT_BYTES)).is_none());
    assert!(kept(&[Part::Text("only words".to_owned())]).is_none());
}

#[test]
fn wi17_a_turn_that_outgrows_the_context_leaves_out_of_its_older_results_and_says_so() {
    for wire in Wire::ALL {
        let limits = Limits { result: 4_000, old_result: 500, history: 20_000 };
        let mut rig = Rig::new(wire, 4_000, limits);
        let calls = answers(wire).0;
        let size = |turn: &Turn| turn.messages.iter().skip(1).map(Message::chars).sum::<usize>();
        for _ in 0..12 {
            let (id, _) = rig.pump().0.unwrap();
            assert!(size(&rig.turn) <= limits.history, "{wire:?}: {}", size(&rig.turn));
            rig.answer(id, &calls);
        }
        rig.pump();
        assert_eq!(rig.shortened, 1, "the person is told once");
        let results: Vec<&String> = rig
            .turn
            .messages
            .iter()
            .filter_map(|message| if let Message::Tool { text, .. } = message { Some(text) } else { None })
            .filter(|text| text.contains("rrr"))
            .collect();
        let (newest, older) = results.split_last().unwrap();
        assert!(newest.len() > 4_000 && !newest.contains("to make room"), "{newest}");
        assert!(older[0].ends_with("ask for less of it in a new call.]") && older[0].len() < 1_000, "{}", older[0]);
        for text in &results {
            assert_eq!(text.matches("<tool-output").count(), text.matches("</tool-output>").count(), "{text}");
        }
    }
}
