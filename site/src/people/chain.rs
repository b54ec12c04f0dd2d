//! The chain of steps from a person to a verdict: the same in *Test access*, *Why is this asking?* and *Why can't I use
//! this?*.

use browser::policy::explain::Outcome;
use browser::policy::{Explanation, Place, Step, Verdict};
use leptos::prelude::*;

use crate::connectors::new::sentence;
use crate::results::Visible;
use crate::router::{ConnectorTab, Link, PermissionTab, Route};

/// Where a step can be changed.
fn route(place: &Place) -> Route {
    match place {
        Place::Members => Route::Members,
        Place::General => Route::General,
        Place::Roles => Route::Permissions(PermissionTab::Roles),
        Place::ConnectedData => Route::Permissions(PermissionTab::ConnectedData),
        Place::Advanced => Route::Advanced,
        Place::Domains => Route::Domains,
        Place::Connector(id) => Route::Connector(id.to_string(), ConnectorTab::Overview),
        Place::Access(id) => Route::Connector(id.to_string(), ConnectorTab::Access),
        Place::Accounts(id) => Route::Connector(id.to_string(), ConnectorTab::Authentication),
        Place::Actions(id) => Route::Connector(id.to_string(), ConnectorTab::Actions),
    }
}

/// How a call comes out, as a sentence.
pub(crate) fn verdict_says(explanation: &Explanation) -> &'static str {
    match (explanation.verdict, explanation.remembers) {
        (Verdict::Run, _) => "It runs without asking.",
        (Verdict::Ask, false) => "It asks first, every time.",
        (Verdict::Ask, true) => "It asks first, unless an answer was remembered.",
        (Verdict::Refuse, _) => "It is not allowed here. Nothing would be sent.",
    }
}

/// The steps that stand in the way or make it ask, and behind a click all of them: for where there is little room.
#[component]
pub(crate) fn ShortChain(
    /// What is explained.
    explanation: Explanation,
) -> impl IntoView {
    let telling: Vec<Step> = explanation.telling().cloned().collect();
    let all = format!("Every step ({})", explanation.steps.len());
    let shown = RwSignal::new(false);
    let whole = StoredValue::new(explanation);
    view! {
        {(!telling.is_empty()).then(|| view! {
            <ol class="chain" aria-label="What counts most">{telling.into_iter().map(|step| view! { <StepView step/> }).collect_view()}</ol>
        })}
        <details class="all-steps" on:toggle=move |_| shown.set(true)><summary class="small">{all}</summary>
            {move || shown.get().then(|| view! { <Chain explanation=whole.get_value()/> })}</details>
    }
}

/// Every step; those that stop or ask are set apart by shape and word, not by colour alone.
#[component]
pub(crate) fn Chain(
    /// What is explained.
    explanation: Explanation,
) -> impl IntoView {
    let steps: Vec<_> = explanation.steps.into_iter().map(|step| view! { <StepView step/> }).collect();
    view! { <ol class="chain" aria-label="Why">{steps}</ol> }
}

#[component]
fn StepView(step: Step) -> impl IntoView {
    let (look, sign, word) = match step.outcome {
        Outcome::NotNeeded => ("step", "–", "not needed"),
        Outcome::Passes => ("step passes", "✓", "passes"),
        Outcome::Depends => ("step asks", "…", "depends"),
        Outcome::Asks => ("step asks", "?", "asks"),
        Outcome::Stops => ("step stops", "✕", "stops"),
    };
    let telling = step.outcome >= Outcome::Depends;
    view! {
        <li class=look>
            <span class="sign" aria-hidden="true">{sign}</span>
            <b>{step.subject.label()}</b>
            <span class="grow"><span class="sr">{format!("{word}: ")}</span><Visible text=sentence(&step.says)/>
                {step.place.filter(|_| telling).map(|place| view! { " "<Link to=route(&place)>"See where this is set"</Link> })}</span>
        </li>
    }
}
