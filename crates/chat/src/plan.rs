//! The plan of a turn in several steps: what the model set out to do, what of it is done, and how many calls are left
//! (issue 5, section 2; S121, S122).
//!
//! A model proposes its steps with a tool of the host, [`tool`], which calls nothing: the page shows the steps and ticks
//! them. The words of the steps are the model's, shown as text. What the model may call, and how often, does not follow
//! from the plan: the gate decides about every call, and the budget that the person set counts them.

use crate::conversation::one_line;
use crate::model::ToolSpec;
use policy::Mode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the tool with which a model tells its plan. No action has it: theirs begin with their connector's name.
pub const TOOL: &str = "plan";

/// How many calls a message may take where the person did not say.
pub const CALLS: u32 = 12;

/// The most calls that a person can allow for one message.
pub const MAX_CALLS: u32 = 60;

/// How many steps of a plan are kept.
pub const MAX_STEPS: usize = 20;

/// How many characters of a step are kept.
pub const STEP_CHARS: usize = 160;

/// Where a step stands, as the model says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    #[default]
    Open,
    /// Being worked on.
    Now,
    /// Done.
    Done,
    /// Left out.
    Skipped,
}

impl StepState {
    /// The state as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Now => "in progress",
            Self::Done => "done",
            Self::Skipped => "left out",
        }
    }

    /// True when nothing more is to be done for it.
    pub fn over(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// What is to be done, in the model's words.
    pub text: String,
    /// Where it stands.
    pub state: StepState,
}

/// A plan as it is shown and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In which mode.
    pub mode: Mode,
    /// The steps in order; empty until the model proposed some.
    pub steps: Vec<PlanStep>,
    /// How many calls were made.
    pub calls: u32,
    /// How many may be made.
    pub budget: u32,
    /// How it ended, in words; none while the turn runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

impl Plan {
    /// A plan without steps yet.
    pub fn new(mode: Mode, budget: u32) -> Self {
        Self { mode, steps: Vec::new(), calls: 0, budget, end: None }
    }

    /// How far it is, in words.
    pub fn words(&self) -> String {
        let calls = format!("{} of {} calls", self.calls, self.budget);
        match self.steps.len() {
            0 => calls,
            all => format!("{} of {all} steps · {calls}", self.steps.iter().filter(|step| step.state.over()).count()),
        }
    }

    /// The plan for a model that goes on with it.
    pub fn for_model(&self) -> String {
        let line = |step: &PlanStep| format!("- {} ({})", step.text, step.state.label());
        self.steps.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The tool as a model is told about it.
pub fn tool() -> ToolSpec {
    ToolSpec {
        name: TOOL.to_owned(),
        description:
            "Shows your plan to the person. Call it first with all steps, and again whenever one was begun, done \
                      or left out, always with the whole list. It does nothing else, and counts as no call."
                .to_owned(),
        schema: json!({
            "type": "object",
            "properties": {
                "steps": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_STEPS,
                    "items": {
                        "type": "object",
                        "properties": {
                            "text": { "type": "string", "description": "What is to be done, in a few words" },
                            "state": { "type": "string", "enum": ["open", "now", "done", "skipped"] },
                        },
                        "required": ["text", "state"],
                    },
                },
            },
            "required": ["steps"],
        }),
    }
}

/// The steps that a model told, cut to what is kept.
///
/// # Errors
/// With a sentence for the model when there are none.
pub fn steps(arguments: &str) -> Result<Vec<PlanStep>, String> {
    let said: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
    let list = said.get("steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let steps: Vec<PlanStep> = list.iter().take(MAX_STEPS).filter_map(step).collect();
    if steps.is_empty() {
        return Err("a plan needs `steps`, a list of objects with `text` and `state`".to_owned());
    }
    Ok(steps)
}

fn step(said: &Value) -> Option<PlanStep> {
    let text = said.get("text").and_then(Value::as_str).or(said.as_str())?;
    let text = one_line(text, STEP_CHARS);
    let state = match said.get("state").and_then(Value::as_str) {
        Some("now") => StepState::Now,
        Some("done") => StepState::Done,
        Some("skipped") => StepState::Skipped,
        _ => StepState::Open,
    };
    (!text.is_empty()).then_some(PlanStep { text, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_told_and_cut_to_what_is_kept() {
        let told = json!({"steps": [
            {"text": "Look\nfor it", "state": "done"}, {"text": "Read it", "state": "now"}, {"text": " ", "state": "open"},
            "Write it up", {"text": "x".repeat(1_000), "state": "what?"},
        ]});
        let steps = steps(&told.to_string()).unwrap();
        let states: Vec<_> = steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Done, StepState::Now, StepState::Open, StepState::Open]);
        assert!(!steps[0].text.contains('\n'));
        assert!(steps[3].text.chars().count() <= STEP_CHARS);
        for nothing in ["", "{}", "[]", "{\"steps\":[]}", "{\"steps\":\"a\"}"] {
            assert!(super::steps(nothing).is_err(), "{nothing}");
        }
        let many = json!({"steps": vec![json!({"text": "a", "state": "open"}); 100]});
        assert_eq!(super::steps(&many.to_string()).unwrap().len(), MAX_STEPS);
    }

    #[test]
    fn how_far_a_plan_is_has_words() {
        let mut plan = Plan::new(Mode::Research, 5);
        assert_eq!(plan.words(), "0 of 5 calls");
        plan.steps = steps(
            r#"{"steps":[{"text":"a","state":"done"},{"text":"b","state":"skipped"},{"text":"c","state":"now"}]}"#,
        )
        .unwrap();
        plan.calls = 3;
        assert_eq!(plan.words(), "2 of 3 steps · 3 of 5 calls");
        assert_eq!(plan.for_model(), "- a (done)\n- b (left out)\n- c (in progress)");
    }
}
