//! What direct mode suggests: an action or a short choice, a form for what it needs, and *Run*.
//!
//! *Run* goes through the same gate as everything else: an action that writes asks before anything is sent.

mod arguments;

use arguments::ArgumentSets;
use browser::chat::conversation::{Body, CallState, Choice, Item, Proposal, ProposalStep};
use browser::chat::results;
use leptos::prelude::*;
use policy::{Class, ClassSource, ConversationId};

use super::page::ConnectModel;
use crate::results::Visible;
use crate::router::{Link, Route};
use crate::state::{AppState, Cell, sentence, use_state};
use crate::ui::form::{Defaults, FormState, Offer, SchemaForm};
use crate::ui::{Badge, Button, ButtonLook, ClassMark, HostName, Icon, IconName, unique};

/// Results of this many earlier calls are offered to a form.
const OFFERED_CALLS: usize = 6;

/// A proposal. It follows its item.
#[component]
pub fn ProposalView(id: String, item: ArcRwSignal<Item>, conversation: ConversationId) -> impl IntoView {
    let proposal = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::Proposal(proposal) => proposal.clone(),
            _ => Proposal { text: String::new(), steps: Vec::new() },
        })
    });
    let empty = Memo::new(move |_| proposal.with(|proposal| proposal.steps.iter().all(|step| step.choices.is_empty())));
    // Which step is to be filled in now: the first that was not started.
    let current =
        Memo::new(move |_| proposal.with(|proposal| proposal.steps.iter().position(|step| step.call.is_none())));
    let count = Memo::new(move |_| proposal.with(|proposal| proposal.steps.len()));
    let id = StoredValue::new(id);
    let state = use_state();
    let goes_on_below =
        Memo::new(move |_| next_below(state).is_some_and(|(other, _)| id.with_value(|id| *id == other)));
    let conversation = StoredValue::new(conversation);
    let steps = move || {
        (0..count.get())
            .map(|at| {
                let step = Memo::new(move |_| proposal.with(|proposal| proposal.steps.get(at).cloned()));
                let started = Memo::new(move |_| step.with(|step| step.as_ref().is_some_and(|step| step.call.is_some())));
                let now = Memo::new(move |_| current.get() == Some(at) && !goes_on_below.get());
                let many = move || count.get() > 1;
                view! {
                    <li class="step" aria-current=move || now.get().then_some("step")>
                        {move || {
                            let step = step.get_untracked()?;
                            Some(if started.get() {
                                // A single step needs no mention: its card stands right below.
                                many().then(|| view! { <Started step=step/> }).into_any()
                            } else if now.get() {
                                view! {
                                    {many().then(|| view! { <StepName at total=count.get_untracked() text=step.text.clone()/> })}
                                    <StepForm step=step at=at id=id.get_value() conversation=conversation.get_value()/>
                                }
                                .into_any()
                            } else {
                                view! { <p class="step-text later"><span class="muted">"Then: "</span><bdi>{step.text}</bdi></p> }.into_any()
                            })
                        }}
                    </li>
                }
            })
            .collect_view()
    };
    move || {
        if empty.get() {
            view! { <Nothing/> }.into_any()
        } else {
            let over = move || count.get() == 1 && current.get().is_none();
            view! { <ol class="proposal plain" aria-label="Suggested steps" hidden=over>{steps}</ol> }.into_any()
        }
    }
}

/// The step that stands at the end of the thread: where a proposal has several, the next one belongs below the result of
/// the one before. That is so for the newest proposal; an older one goes on in its own place.
fn next_below(state: AppState) -> Option<(String, usize)> {
    state.thread.items.with(|items| {
        // Only the proposal itself is followed: an item stays of its kind, and a thread may have thousands.
        let is_proposal = |cell: &&Cell| cell.item.with_untracked(|item| matches!(item.body, Body::Proposal(_)));
        items.iter().rev().find(is_proposal).and_then(|cell| {
            cell.item.with(|item| match &item.body {
                Body::Proposal(proposal) => Some(
                    proposal
                        .steps
                        .iter()
                        .position(|step| step.call.is_none())
                        .filter(|at| *at > 0)
                        .map(|at| (cell.id.clone(), at)),
                ),
                _ => None,
            })
        })?
    })
}

/// The next step of the newest proposal, at the end of the thread.
#[component]
pub fn NextStep(conversation: ConversationId) -> impl IntoView {
    let state = use_state();
    let next = Memo::new(move |_| next_below(state));
    move || {
        let (id, at) = next.get()?;
        let (step, total) = untrack(|| {
            state.thread.items.with(|items| {
                let cell = items.iter().find(|cell| cell.id == id)?;
                cell.item.with(|item| match &item.body {
                    Body::Proposal(proposal) => Some((proposal.steps.get(at).cloned()?, proposal.steps.len())),
                    _ => None,
                })
            })
        })?;
        let conversation = conversation.clone();
        Some(view! {
            <section aria-label="Next step">
                <StepName at total text=step.text.clone()/>
                <StepForm step=step at=at id=id conversation=conversation/>
            </section>
        })
    }
}

/// Which of several steps is to be filled in now, in the person's own words.
#[component]
fn StepName(at: usize, total: usize, text: String) -> impl IntoView {
    view! { <p class="step-text"><span class="muted">{format!("Step {} of {total}: ", at + 1)}</span><bdi>{text}</bdi></p> }
}

/// No action fits.
#[component]
fn Nothing() -> impl IntoView {
    let state = use_state();
    view! {
        <article class="proposal-none" aria-label="No action found">
            <p>"No action that is switched on in this chat fits these words. Direct mode looks for the words in the names and descriptions of actions."</p>
            <p class="row">
                <Link to=Route::Connectors>"See what is switched on"</Link>
                {move || state.missing().map(|(words, to)| view! { <Link to>{words}</Link> })}
                <ConnectModel/>
            </p>
        </article>
    }
}

/// A step that was started: its card stands below.
#[component]
fn Started(step: ProposalStep) -> impl IntoView {
    let state = use_state();
    let call = step.call.clone();
    let title = Memo::new(move |_| {
        state.thread.items.with(|items| {
            items.iter().find_map(|cell| {
                // The title of a call does not change.
                cell.item.with_untracked(|item| match &item.body {
                    Body::Call(card) if Some(&card.call) == call.as_ref() => Some(card.title.clone()),
                    _ => None,
                })
            })
        })
    });
    view! {
        <p class="step-done"><Icon name=IconName::ChevronRight size=14/><bdi>{move || title.get().unwrap_or_else(|| step.text.clone())}</bdi></p>
    }
}

/// The choice and the form of the step that is next.
#[component]
fn StepForm(step: ProposalStep, at: usize, id: String, conversation: ConversationId) -> impl IntoView {
    let (choices, unsure) = (step.choices, step.unsure);
    if choices.is_empty() {
        return view! { <p class="muted">"No action that is switched on fits this step. The steps after it wait."</p> }
            .into_any();
    }
    let chosen = RwSignal::new((!unsure || choices.len() == 1).then_some(0_usize));
    let others = choices.len() > 1;
    let group = unique("choice");
    let rows = StoredValue::new(choices.clone());
    let options = move || {
        let group = group.clone();
        rows.get_value()
            .into_iter()
            .enumerate()
            .map(|(index, choice)| {
                view! {
                    <label class="option">
                        <input type="radio" name=group.clone() prop:checked=move || chosen.get() == Some(index) on:change=move |_| chosen.set(Some(index))/>
                        <ChoiceName choice=choice/>
                    </label>
                }
            })
            .collect_view()
    };
    let picked = move || {
        let index = chosen.get()?;
        rows.with_value(|rows| rows.get(index).cloned()).map(|choice| (index, choice))
    };
    view! {
        <article class="card proposal-card" aria-label="Suggested action">
            {if unsure {
                view! {
                    <header class="ask"><h3>"Which of these do you mean?"</h3></header>
                    <div class="body options" role="radiogroup" aria-label="Actions that fit">{options()}</div>
                }.into_any()
            } else {
                view! {
                    <header>
                        <div class="grow">{move || picked().map(|(_, choice)| view! { <ChoiceName choice=choice heading=true/> })}</div>
                    </header>
                    {others.then(|| view! {
                        <details class="others">
                            <summary>"Another action"</summary>
                            <div class="options" role="radiogroup" aria-label="Actions that fit">{options()}</div>
                        </details>
                    })}
                }.into_any()
            }}
            {move || picked().map(|(index, choice)| view! {
                <Run choice=choice index=index at=at id=id.clone() conversation=conversation.clone()/>
            })}
        </article>
    }
    .into_any()
}

#[component]
fn ChoiceName(choice: Choice, #[prop(optional)] heading: bool) -> impl IntoView {
    let title = choice.title.clone();
    view! {
        <span class="choice">
            {if heading {
                view! { <h3><Visible text=title/></h3> }.into_any()
            } else {
                view! { <b><Visible text=title/></b> }.into_any()
            }}
            <HostName host=choice.host name=Some(choice.connector_name)/>
            {choice.badge.map(|badge| view! { <Badge word=badge/> })}
            <span class="grow"></span>
            <ClassMark class=choice.class/>
        </span>
    }
}

/// The form for one action and the button that runs it.
#[component]
fn Run(choice: Choice, index: usize, at: usize, id: String, conversation: ConversationId) -> impl IntoView {
    let state = use_state();
    let form = FormState::new(&choice.input_schema, choice.arguments.clone(), Defaults::FilledIn);
    let has_fields = !form.form().fields.is_empty();
    let offers = Signal::derive(move || offers(state));
    let problem = RwSignal::new(None::<String>);
    let says = match (choice.class, choice.class_source) {
        (Class::Read, ClassSource::SetByAdmin) => {
            "An admin set this as reading only. The rules of your workspace decide whether you are asked."
        }
        (Class::Read, _) => {
            "The server says this only reads. The rules of your workspace decide whether you are asked."
        }
        _ => "You see exactly what is sent before it is sent.",
    };
    let run = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        problem.set(None);
        let Some(arguments) = form.ready() else { return };
        if let Err(error) = state.ws().run_proposal(&conversation, &id.as_str().into(), at, index, arguments) {
            problem.set(Some(sentence(&error)));
        }
    };
    view! {
        <form novalidate on:submit=run>
            {has_fields.then(|| view! {
                <div class="body">
                    <SchemaForm state=form offers=offers/>
                    <ArgumentSets connector=choice.connector action=choice.action form=form/>
                </div>
            })}
            <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
            <footer>
                <small class="grow">{says}</small>
                <Button look=ButtonLook::Primary submit=true>"Run action"</Button>
            </footer>
        </form>
    }
}

/// Values of earlier results in this conversation, the newest result first.
fn offers(state: AppState) -> Vec<Offer> {
    state.thread.items.with(|items| {
        let done = items.iter().rev().filter_map(|cell| {
            cell.item.with(|item| match &item.body {
                Body::Call(card) if card.state == CallState::Done => {
                    let from = format!("{} · {}", card.title, card.host);
                    card.result.as_ref().map(|result| (from, results::values(result)))
                }
                _ => None,
            })
        });
        done.take(OFFERED_CALLS)
            .flat_map(|(from, values)| values.into_iter().map(move |offered| Offer { from: from.clone(), offered }))
            .collect()
    })
}
