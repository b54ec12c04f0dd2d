//! The plan of a turn in several steps: what the model set out to do, ticked as it goes, and how many calls are left.

use browser::chat::conversation::{Body, Item};
use browser::chat::plan::{Plan, StepState};
use leptos::prelude::*;

use crate::results::Visible;
use crate::state::use_state;

/// A plan. It follows its item.
#[component]
pub fn PlanView(item: ArcRwSignal<Item>) -> impl IntoView {
    let app = use_state();
    let plan = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::Plan(plan) => Some(plan.clone()),
            _ => None,
        })
    });
    let label = plan.with_untracked(|plan| plan.as_ref().map_or("Plan", |plan| plan.mode.label()));
    let ended = Memo::new(move |_| plan.with(|plan| plan.as_ref().and_then(|plan| plan.end.clone())));
    // What is said aloud is how far it is, once for every step, and how it ended.
    let over = Memo::new(move |_| {
        plan.with(|plan| plan.as_ref().map_or(0, |plan| plan.steps.iter().filter(|step| step.state.over()).count()))
    });
    Effect::new(move |before: Option<(usize, bool)>| {
        let (now, end) = (over.get(), ended.get());
        let words = plan.with_untracked(|plan| plan.as_ref().map(Plan::words)).unwrap_or_default();
        match before {
            Some((_, false)) if end.is_some() => {
                app.announce(format!("{label}: {}, {words}", end.clone().unwrap_or_default()))
            }
            Some((done, _)) if done != now => app.announce(format!("{label}: {words}")),
            _ => {}
        }
        (now, end.is_some())
    });
    let words = move || plan.with(|plan| plan.as_ref().map(Plan::words)).unwrap_or_default();
    let calls = move || plan.with(|plan| plan.as_ref().map_or((0, 1), |plan| (plan.calls, plan.budget.max(1))));
    let steps = move || {
        let steps = plan.with(|plan| plan.as_ref().map(|plan| plan.steps.clone())).unwrap_or_default();
        if steps.is_empty() {
            let says = if ended.get().is_some() { "No plan was made." } else { "Waiting for the model's plan." };
            return view! { <p class="plan-none">{says}</p> }.into_any();
        }
        let row = |step: browser::chat::plan::PlanStep| {
            let (mark, look) = match step.state {
                StepState::Open => ("", "plan-step"),
                StepState::Now => ("", "plan-step now"),
                StepState::Done => ("✓", "plan-step done"),
                StepState::Skipped => ("–", "plan-step skipped"),
            };
            let current = (step.state == StepState::Now).then_some("step");
            view! {
                <li class=look aria-current=current>
                    <span class="plan-mark" aria-hidden="true">{mark}</span>
                    <span class="grow"><Visible text=step.text/></span>
                    <small>{step.state.label()}</small>
                </li>
            }
        };
        view! { <ol class="plain plan-steps">{steps.into_iter().map(row).collect_view()}</ol> }.into_any()
    };
    view! {
        <section class="card plan" role="group" aria-label=format!("Plan · {label}")>
            <header>
                <h3>{label}</h3>
                <span class="grow"></span>
                <small class="plan-words">{words}</small>
            </header>
            <progress max=move || calls().1.to_string() value=move || calls().0.to_string() aria-label="Calls made"></progress>
            {steps}
            {move || ended.get().map(|end| view! { <p class="plan-end">{end}</p> })}
        </section>
    }
}
