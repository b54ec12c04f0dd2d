//! What a mode asks of a model, in words (issue 5, section 2).
//!
//! The words are for a good answer and nothing else: what may be called is decided by [`policy::Mode`], in the list of
//! actions and again for every call.

use crate::conversation::{Body, Conversation};
use crate::plan::{self, Plan};
use policy::Mode;

/// How often a model that stops in the middle of its plan is asked to go on, without a call in between.
pub const MAX_REMINDERS: u32 = 2;

/// What the system prompt says about the mode; empty for a chat.
pub fn prompt(mode: Mode, budget: u32, before: Option<&Plan>) -> String {
    let cite = "- Results begin with a list of numbered sources. After every statement that rests on one, name its number \
                in square brackets, like [2] or [1, 3]. Name no number that was not in a list. Say what you could not find.\n";
    let plan = format!(
        "- First call the tool `{}` with the steps you will take, three to eight. Call it again when a step was begun, \
         done or left out.\n- At most {budget} calls of other tools are possible for this message; use them well.\n",
        plan::TOOL
    );
    let mut out = match mode {
        Mode::Chat => return String::new(),
        Mode::Knowledge => format!(
            "\nThis conversation is in the mode Knowledge: answer from what the connectors hold, not from memory.\n\
             - Search first, then fetch what you rest your answer on.\n{cite}"
        ),
        Mode::Research => format!(
            "\nThis conversation is in the mode Research: work in several steps that only read, and end with a report.\n\
             {plan}{cite}- The last answer is the report, in Markdown: a short summary first, then sections. It stands for itself.\n"
        ),
        Mode::Agent => format!(
            "\nThis conversation is in the mode Agent: work by yourself until the plan is done. The person watches and can \
             stop you; what changes something still waits for their decision.\n{plan}{cite}"
        ),
    };
    if let Some(plan) = before.filter(|plan| !plan.steps.is_empty()) {
        out.push_str(&format!(
            "- The plan of the message before, in your own words, as far as it went:\n{}\n",
            plan.for_model()
        ));
    }
    out
}

/// What a model is told that answers although its plan has open steps.
pub fn reminder(plan: &[plan::PlanStep]) -> Option<String> {
    let open: Vec<&str> = plan.iter().filter(|step| !step.state.over()).map(|step| step.text.as_str()).collect();
    (!open.is_empty()).then(|| {
        format!(
            "[from the page, not from the person: these steps of your plan are open: {}. Go on with them, or mark them as \
             done or skipped with the tool `{}` and say why.]",
            open.join("; "),
            plan::TOOL
        )
    })
}

/// The newest plan of a conversation, if it did not come to its end.
pub fn unfinished(conversation: &Conversation) -> Option<&Plan> {
    let newest = conversation.path().into_iter().rev().find_map(|item| match &item.body {
        Body::Plan(plan) => Some(plan),
        _ => None,
    })?;
    newest.steps.iter().any(|step| !step.state.over()).then_some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_but_chat_asks_for_numbers_and_only_those_with_a_plan_for_one() {
        assert!(prompt(Mode::Chat, 5, None).is_empty());
        for mode in [Mode::Knowledge, Mode::Research, Mode::Agent] {
            let says = prompt(mode, 5, None);
            assert!(says.contains(mode.label()) && says.contains("[2]"), "{says}");
            assert_eq!(says.contains("`plan`") && says.contains("At most 5 calls"), mode.plans());
        }
    }

    #[test]
    fn a_plan_that_was_cut_off_is_told_to_who_goes_on() {
        let mut plan = Plan::new(Mode::Agent, 3);
        plan.steps =
            plan::steps(r#"{"steps":[{"text":"Look","state":"done"},{"text":"Write","state":"open"}]}"#).unwrap();
        assert!(prompt(Mode::Agent, 5, Some(&plan)).contains("- Write (open)"));
        let says = reminder(&plan.steps).unwrap();
        assert!(says.contains("Write") && !says.contains("Look"));
        plan.steps[1].state = plan::StepState::Skipped;
        assert_eq!(reminder(&plan.steps), None);
    }
}
