//! The course of a turn: the plan that the model tells, and the calls that the person allows it (S121, S122).

use crate::model::ToolSpec;
use crate::modes::{MAX_REMINDERS, reminder};
use crate::plan::{self, PlanStep};
use policy::Mode;

/// Answers that only read, think or plan may come between the calls of a budget.
const SPARE_ROUNDS: u32 = 8;

/// How often a model that asks for calls which are used up is told so, before the turn ends.
const MAX_TOLD: u32 = 2;

/// Where a turn stands in its plan and its budget.
#[derive(Debug)]
pub(super) struct Course {
    mode: Mode,
    budget: u32,
    spent: u32,
    told: u32,
    plan: Vec<PlanStep>,
    reminders: u32,
}

impl Course {
    pub(super) fn new(mode: Mode, budget: u32) -> Self {
        Self { mode, budget, spent: 0, told: 0, plan: Vec::new(), reminders: 0 }
    }

    /// The tool of the host that the mode adds to the list, behind all actions.
    pub(super) fn tool(mode: Mode) -> Option<ToolSpec> {
        mode.plans().then(plan::tool)
    }

    /// The same for the turn that runs.
    pub(super) fn tools(&self) -> Option<ToolSpec> {
        Self::tool(self.mode)
    }

    /// The plan that a call of this name tells; none for every other call.
    pub(super) fn planned(&mut self, name: &str, arguments: &str) -> Option<Result<Vec<PlanStep>, String>> {
        if !self.mode.plans() || name != plan::TOOL {
            return None;
        }
        Some(plan::steps(arguments).inspect(|steps| self.plan.clone_from(steps)))
    }

    /// Counts a call.
    ///
    /// # Errors
    /// With what the model is told when none is left.
    pub(super) fn count(&mut self) -> Result<(), String> {
        if self.mode.plans() && self.spent >= self.budget {
            return Err(format!(
                "status: not made. The {} calls that the person allowed for this message are used up. Answer now with what \
                 you have, and say what is missing.",
                self.budget
            ));
        }
        self.spent += 1;
        self.reminders = 0;
        Ok(())
    }

    /// An answer asked for calls that are used up. True when that is the end.
    pub(super) fn overspent(&mut self) -> bool {
        self.told += 1;
        self.told > MAX_TOLD
    }

    /// How many calls the person allowed.
    pub(super) fn budget(&self) -> u32 {
        self.budget
    }

    /// How many answers with calls the turn may have.
    pub(super) fn rounds(&self) -> u32 {
        if self.mode.plans() { self.budget.saturating_add(SPARE_ROUNDS) } else { super::MAX_ROUNDS }
    }

    /// What the model is told that has answered, when it is to go on.
    pub(super) fn goes_on(&mut self) -> Option<String> {
        if self.mode != Mode::Agent || self.reminders >= MAX_REMINDERS || self.spent >= self.budget {
            return None;
        }
        let says = reminder(&self.plan)?;
        self.reminders += 1;
        Some(says)
    }
}
