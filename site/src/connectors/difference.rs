//! What differs between what is approved and what a server has now, drawn: an action, a page, one place with both values.

use browser::policy::diff::{Diff, Field as Place, PageStep, Step, Weight};
use browser::policy::findings::{Finding, Severity};
use browser::policy::publish::Accepted;
use browser::policy::{Connector, Digest};
use leptos::prelude::*;
use serde_json::Value;

use super::findings::Findings;
use crate::results::Visible;
use crate::ui::{Button, ButtonLook, capital, class_word};

/// How a change is decided about, and whether the person may.
#[derive(Clone, Copy)]
pub(super) struct Deciding {
    /// The connector, for what was decided before.
    pub(super) found: Memo<Option<Connector>>,
    /// Whether the person may decide.
    pub(super) may: Signal<bool>,
    /// Accepts something, with the words of the button.
    pub(super) accept: Callback<(String, Accepted)>,
    /// Declines the change of an action or a page, by its name or address.
    pub(super) decline: Callback<String>,
}

/// The buttons of one change.
#[component]
fn Decide(
    /// The action's name, or the page's address.
    name: String,
    /// The definition that would be declined; `None` when it is a removal.
    definition: Option<Digest>,
    /// What accepting it means.
    accepted: Accepted,
    /// How it is decided about.
    deciding: Deciding,
) -> impl IntoView {
    let closed = Signal::derive(move || !deciding.may.get());
    let declined = {
        let name = name.clone();
        Memo::new(move |_| {
            let has = |one: &Connector| one.review.has_declined(&name, definition.as_ref());
            deciding.found.with(|found| found.as_ref().is_some_and(has))
        })
    };
    let label = format!("Accept {name}");
    let accept = {
        let label = label.clone();
        move |_| deciding.accept.run((label.clone(), accepted.clone()))
    };
    view! {
        <span class="grow"></span>
        {move || declined.get().then(|| view! { <span class="small">"Declined"</span> })}
        <Button small=true disabled=closed on:click=accept>{label}</Button>
        {move || (!declined.get()).then(|| {
            let (words, name) = (format!("Decline {name}"), name.clone());
            view! { <Button small=true look=ButtonLook::Quiet disabled=closed on:click=move |_| deciding.decline.run(name.clone())>{words}</Button> }
        })}
    }
}

fn tag(weight: Weight) -> impl IntoView {
    let look = if weight == Weight::Risk { "tag risk" } else { "tag" };
    view! { <span class=look>{weight.label()}</span> }
}

/// The head of one difference: what it is about, how heavy it is, what happened, and what stands beside that.
fn head(name: String, weight: Weight, words: impl IntoView, beside: impl IntoView) -> impl IntoView {
    view! { <header><h3><code><Visible text=name/></code></h3>{tag(weight)}<span class="small">{words}</span>{beside}</header> }
}

/// What happened to an action, in words.
fn what(step: &Step) -> String {
    match step {
        Step::Added(_) => "New, comes switched off".to_owned(),
        Step::Removed(_) => "Gone from the server".to_owned(),
        Step::Renamed { from, .. } => format!("Looks like {} renamed; a new action, off", from.name()),
        Step::Changed { .. } => "Changed, held".to_owned(),
    }
}

/// Why a change is not among those that are accepted together; nothing when it is.
fn why_alone(step: &Step, findings: &[Finding]) -> Option<&'static str> {
    match step {
        _ if findings.iter().any(|finding| finding.severity > Severity::Low) => {
            Some("The scanner finds something in it that was not there before, so it is accepted by itself.")
        }
        step if step.weight() == Weight::Risk => Some("It raises the risk, so it is accepted by itself."),
        Step::Renamed { .. } => Some("A new name is a new action, so it is accepted by itself."),
        _ => None,
    }
}

/// One action that differs, with what the scanner finds in it now.
#[component]
pub(super) fn StepView(
    /// What happened to it.
    step: Step,
    /// What the scanner finds in it that was not there before.
    findings: Vec<Finding>,
    /// How it is decided about.
    deciding: Deciding,
) -> impl IntoView {
    let name = step.name().to_owned();
    let back = deciding.found.with_untracked(|found| {
        matches!(step, Step::Added(_)) && found.as_ref().is_some_and(|one| one.review.tombstone(&name).is_some())
    });
    let class = step.class_change();
    let definition = match &step {
        Step::Removed(_) => None,
        Step::Added(to) | Step::Renamed { to, .. } | Step::Changed { to, .. } => Some(to.digest().clone()),
    };
    let whole = match &step {
        Step::Added(action) => Some(serde_json::to_string_pretty(action.definition()).unwrap_or_default()),
        _ => None,
    };
    let accepted = Accepted { actions: step.names().into_iter().map(str::to_owned).collect(), ..Accepted::default() };
    view! {
        <li class="change">
            {head(name.clone(), step.weight(), view! { {what(&step)}{back.then_some("; it was here before")} }, view! {
                {class.map(|(from, to)| view! { <span class="small">{format!("{} → {}", class_word(from), class_word(to))}</span> })}
                <Decide name definition accepted deciding/>
            })}
            {why_alone(&step, &findings).map(|why| view! { <p class="small">{why}</p> })}
            {(!findings.is_empty()).then(|| view! { <Findings list=findings/> })}
            <Fields fields=step.fields().to_vec()/>
            {whole.map(|text| view! { <details><summary>"Full definition"</summary><pre class="json" tabindex="0"><Visible text/></pre></details> })}
        </li>
    }
}

/// One page that differs (X48).
#[component]
pub(super) fn PageView(
    /// The page as it was approved and as it is.
    page: PageStep,
    /// How it is decided about.
    deciding: Deciding,
) -> impl IntoView {
    let uri = page.now.uri.clone();
    let accepted = Accepted { pages: [uri.clone()].into(), ..Accepted::default() };
    view! {
        <li class="change">
            {head(uri.clone(), Weight::Risk, page_words(&page), view! { <Decide name=uri definition=Some(page.digest()) accepted deciding/> })}
            <p class="small">"What a page does is not read off its text, so it is accepted by itself."</p>
            <Says page/>
        </li>
    }
}

fn page_words(page: &PageStep) -> String {
    let shown = page.now.actions.join(", ");
    match page.before {
        Some(_) => format!("Page of {shown}; changed, held"),
        None => format!("New page of {shown}; not shown yet"),
    }
}

/// What is different about a page.
#[component]
pub(super) fn Says(
    /// The page as it was approved and as it is.
    page: PageStep,
) -> impl IntoView {
    let says = page.says().into_iter().map(|says| view! { <li><Visible text=capital(&says)/>"."</li> });
    view! { <ul>{says.collect_view()}</ul> }
}

/// Everything that differs, to be read and not decided about here.
#[component]
pub(super) fn Differences(
    /// What differs.
    diff: Diff,
) -> impl IntoView {
    let steps = diff.steps.into_iter().map(|step| view! {
        <li class="change">{head(step.name().to_owned(), step.weight(), what(&step), ())}<Fields fields=step.fields().to_vec()/></li>
    });
    let pages = diff.pages.into_iter().map(|page| {
        view! {
            <li class="change">{head(page.now.uri.clone(), Weight::Risk, page_words(&page), ())}<Says page/></li>
        }
    });
    let instructions = diff.instructions.map(|field| view! {
        <li class="change"><header><h3>"Instructions to a model"</h3>{tag(field.weight)}</header><Fields fields=vec![field]/></li>
    });
    view! { <ul class="changes plain" aria-label="What differs">{pages.collect_view()}{steps.collect_view()}{instructions}</ul> }
}

/// Places with both values side by side, every invisible character shown.
#[component]
pub(super) fn Fields(
    /// The places.
    fields: Vec<Place>,
) -> impl IntoView {
    let text = |value: &Option<Value>| match value {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(serde_json::to_string_pretty(other).unwrap_or_default()),
    };
    let pane = |label: &'static str, value: Option<String>| {
        view! {
            <div class="pane"><span class="small">{label}</span>
                {match value {
                    Some(text) => view! { <div class="server-text"><Visible text/></div> }.into_any(),
                    None => view! { <div class="small none">"nothing"</div> }.into_any(),
                }}
            </div>
        }
    };
    let drawn = fields.into_iter().map(|field| view! {
        <div class="field-change">
            <p class="small"><code><Visible text=field.at.clone()/></code>" · "{field.why}</p>
            <div class="panes">{pane("Approved", text(&field.before))}{pane("On the server now", text(&field.after))}</div>
        </div>
    });
    drawn.collect_view()
}
