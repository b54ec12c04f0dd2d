//! Turns with a plan and a budget.

use super::tests::{action, answer, drain, ended, request, wanted};
use super::*;
use serde_json::json;

fn turn(mode: Mode, budget: u32) -> Turn {
    Turn::new(Setup {
        endpoint: Endpoint {
            base_url: "https://api.example.com/v1".to_owned(),
            model: "m".to_owned(),
            ..Endpoint::default()
        },
        actions: vec![action("look", Class::Read)],
        messages: vec![Message::System("s".to_owned()), Message::User("do it".to_owned())],
        limits: Limits::default(),
        mode,
        budget,
        search: None,
    })
}

const LOOK: (&str, &str) = ("desk__look", "{\"n\":1}");

fn plan(steps: &[(&str, &str)]) -> String {
    let steps: Vec<Value> = steps.iter().map(|(text, state)| json!({ "text": text, "state": state })).collect();
    json!({ "steps": steps }).to_string()
}

fn offered(body: &Value) -> Vec<&str> {
    body["tools"].as_array().unwrap().iter().filter_map(|tool| tool["function"]["name"].as_str()).collect()
}

#[test]
fn s121_s122_a_plan_is_told_shown_and_no_call() {
    let mut turn = turn(Mode::Research, 5);
    let (id, body) = request(&drain(&mut turn)).unwrap();
    assert_eq!(offered(&body), ["desk__look", "plan"], "the tool of the host stands behind the actions");
    let told = plan(&[("Look", "now"), ("Write it up", "open")]);
    let out = answer(&mut turn, id, "", &[("plan", &told), LOOK]);
    let steps = out.iter().find_map(|one| if let Output::Planned(steps) = one { Some(steps.len()) } else { None });
    assert_eq!(steps, Some(2));
    assert_eq!(wanted(&out), [(1, 0)], "the call beside it runs");
    let (id, body) = request(&ended(&mut turn, 1, "status: done")).unwrap();
    assert_eq!(body["messages"][3]["content"], "The person sees the plan.");
    let out = answer(&mut turn, id, "The report.", &[]);
    assert_eq!(out.last(), Some(&Output::Ended(End::Answered)), "a report may leave steps open");
}

#[test]
fn a_plan_that_is_none_is_said_to_be_and_in_a_chat_there_is_no_such_tool() {
    let mut research = turn(Mode::Research, 5);
    let (id, _) = request(&drain(&mut research)).unwrap();
    let out = answer(&mut research, id, "", &[("plan", "{}")]);
    assert!(out.iter().any(|one| matches!(one, Output::Refused { why, .. } if why.contains("`steps`"))), "{out:?}");
    let mut chat = turn(Mode::Chat, 5);
    let (id, body) = request(&drain(&mut chat)).unwrap();
    assert_eq!(offered(&body), ["desk__look"]);
    let out = answer(&mut chat, id, "", &[("plan", &plan(&[("a", "open")]))]);
    assert!(out.iter().any(|one| matches!(one, Output::Refused { .. })));
    assert!(!out.iter().any(|one| matches!(one, Output::Planned(_))));
}

#[test]
fn the_budget_counts_calls_and_a_model_that_goes_on_asking_is_stopped() {
    let mut turn = turn(Mode::Agent, 2);
    let (id, _) = request(&drain(&mut turn)).unwrap();
    let out = answer(&mut turn, id, "", &[LOOK, LOOK, LOOK]);
    assert_eq!(wanted(&out).len(), 2, "two are allowed");
    ended(&mut turn, 0, "r");
    let (mut id, body) = request(&ended(&mut turn, 1, "r")).unwrap();
    let told = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
    assert!(told.contains("The 2 calls that the person allowed for this message are used up"), "{told}");
    let last = loop {
        let out = answer(&mut turn, id, "", &[LOOK]);
        assert!(wanted(&out).is_empty());
        match request(&out) {
            Some((next, _)) => id = next,
            None => break out,
        }
    };
    assert_eq!(last.last(), Some(&Output::Ended(End::BudgetSpent(2))));
    assert!(End::BudgetSpent(2).note().unwrap().contains("allow more"));
}

#[test]
fn an_agent_goes_on_while_its_plan_has_open_steps_and_is_not_asked_for_ever() {
    let mut turn = turn(Mode::Agent, 5);
    let (id, _) = request(&drain(&mut turn)).unwrap();
    let out = answer(&mut turn, id, "", &[("plan", &plan(&[("Look", "open")]))]);
    let (id, _) = request(&out).unwrap();
    let out = answer(&mut turn, id, "I am tired.", &[]);
    assert!(out.iter().any(|one| matches!(one, Output::GoesOn(_))));
    let (id, body) = request(&out).unwrap();
    let last = body["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["role"], "user");
    assert!(last["content"].as_str().unwrap().contains("from the page, not from the person"));
    let (id, _) = request(&answer(&mut turn, id, "Still tired.", &[])).unwrap();
    let out = answer(&mut turn, id, "No.", &[]);
    assert_eq!(out.last(), Some(&Output::Ended(End::Answered)));
}

#[test]
fn stopping_an_agent_sends_nothing_more() {
    let mut turn = turn(Mode::Agent, 5);
    let (id, _) = request(&drain(&mut turn)).unwrap();
    answer(&mut turn, id, "", &[("plan", &plan(&[("Look", "now")])), LOOK]);
    turn.handle(Input::Stop);
    let out = drain(&mut turn);
    assert_eq!(out, [Output::CancelCall { key: 1 }, Output::Ended(End::Stopped)]);
    assert!(ended(&mut turn, 1, "late").is_empty());
}
