//! Asking the person: the one confirmation dialog with its queue, and the cards on which servers ask for something.
//!
//! The two look nothing alike on purpose (X83). The dialog is modal, drawn over everything, the same everywhere; a
//! server's question is a card in the conversation. Neither can be answered by what a server or a model sends (X74).

mod arm;
mod ask;
mod dialog;
mod queue;
mod words;

use std::collections::BTreeMap;

use browser::{Answer, Asked};
use leptos::html;
use leptos::prelude::*;
use policy::{CallId, Digest};

use crate::state::{sentence, use_state};
use crate::ui::Spot;
use crate::ui::form::FormDraft;
pub(crate) use ask::{Asks, ask_id};

/// What was typed for a question that is not decided yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// The form, while the arguments are being edited.
    form: Option<FormDraft>,
    /// A reason for denying.
    reason: String,
}

/// Which questions the person has set aside, and which one a card asked for. In context; Copy.
#[derive(Clone, Copy)]
struct Deciding {
    aside: RwSignal<Vec<CallId>>,
    wanted: RwSignal<Option<CallId>>,
    drafts: StoredValue<BTreeMap<CallId, Draft>>,
}

/// Puts the state of the dialog into context. Once, above everything that shows a card, before any is shown.
pub(crate) fn provide_decisions() {
    provide_context(Deciding {
        aside: RwSignal::new(Vec::new()),
        wanted: RwSignal::new(None),
        drafts: StoredValue::new(BTreeMap::new()),
    });
}

/// Opens the dialog with a question in front: what the *Review* button of a waiting card does. Taken where the card is
/// drawn, called when the button is pressed.
pub(crate) fn reviewer() -> impl Fn(&CallId) + Copy + 'static {
    let deciding = expect_context::<Deciding>();
    move |id: &CallId| {
        deciding.aside.update(|aside| aside.retain(|known| known != id));
        deciding.wanted.set(Some(id.clone()));
    }
}

/// The dialog: there while a question waits that was not set aside. Once, at the end of the page.
#[component]
pub(crate) fn Decisions() -> impl IntoView {
    let state = use_state();
    let deciding = expect_context::<Deciding>();
    // A call whose answer was refused stays in front until the person has read why, although it left the queue.
    let reading = RwSignal::new(None::<Asked>);
    let front = move || {
        if let Some(asked) = reading.get() {
            return Some(asked);
        }
        state.questions.with(|queue| {
            let waiting: Vec<CallId> = queue.iter().map(|asked| asked.id.clone()).collect();
            let at = deciding
                .aside
                .with(|aside| deciding.wanted.with(|wanted| queue::head(&waiting, aside, wanted.as_ref())))?;
            queue.get(at).cloned()
        })
    };
    // The same question, unchanged, is not drawn again when something else in the queue changes.
    let key: Memo<Option<(CallId, Digest)>> = Memo::new(move |_| front().map(|asked| (asked.id, asked.shown)));
    let open = Memo::new(move |_| key.with(Option::is_some));
    let asked = Signal::derive(move || {
        key.track();
        untrack(front)
    });
    move || open.get().then(|| view! { <Frame asked=asked reading=reading/> })
}

/// Leaves the question in front for later.
fn set_aside(deciding: Deciding, asked: Signal<Option<Asked>>) {
    let Some(asked) = asked.get_untracked() else { return };
    deciding.aside.update(|aside| aside.push(asked.id));
    deciding.wanted.set(None);
}

/// The dialog element, which stays while one question follows another.
#[component]
fn Frame(
    /// The question in front.
    asked: Signal<Option<Asked>>,
    /// Where a refused one is kept until it was read.
    reading: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let state = use_state();
    let deciding = expect_context::<Deciding>();
    let element = NodeRef::<html::Dialog>::new();
    let arming = arm::Arming::new();
    let closing = StoredValue::new(false);
    let before = StoredValue::new_local(Spot::here());
    arm::show(element, move |dialog| arming.watch(&dialog));
    on_cleanup(move || {
        if let Some(Some(before)) = before.try_update_value(Option::take) {
            before.back_soon();
        }
    });
    let later = move || {
        if reading.get_untracked().is_some() {
            reading.set(None);
            return;
        }
        set_aside(deciding, asked);
    };
    let announce = move || {
        asked.get().map(|asked| {
            let view = asked.view;
            format!(
                "Waiting for your decision: {}, {}, {}",
                view.verb_sentence,
                view.host,
                crate::ui::class_word(view.class)
            )
        })
    };
    let sheet = move || {
        let asked = asked.get()?;
        let id = asked.id.clone();
        let place = {
            let id = id.clone();
            Signal::derive(move || {
                state.questions.with(|queue| {
                    (queue.iter().position(|waits| waits.id == id).map_or(1, |at| at + 1), queue.len().max(1))
                })
            })
        };
        let alike = {
            let (id, connector, action) = (id.clone(), asked.view.connector.clone(), asked.view.action.clone());
            Signal::derive(move || {
                state.questions.with(|queue| {
                    queue
                        .iter()
                        .filter(|other| {
                            other.id != id && other.view.connector == connector && other.view.action == action
                        })
                        .map(|other| other.view.arguments.clone())
                        .collect::<Vec<_>>()
                })
            })
        };
        let paused = {
            let id = id.clone();
            Signal::derive(move || {
                state
                    .questions
                    .with(|queue| queue.iter().find(|waits| waits.id == id).and_then(|waits| waits.view.paused_after))
            })
        };
        let conversation = asked.conversation.clone();
        let elsewhere = Signal::derive(move || {
            let here = state.thread.id.get();
            conversation.clone().filter(|id| here.as_ref() != Some(id)).map(|id| state.title_of(&id))
        });
        let draft = StoredValue::new(deciding.drafts.with_value(|drafts| drafts.get(&id).cloned()).unwrap_or_default());
        {
            let id = id.clone();
            on_cleanup(move || {
                if let Some(draft) = draft.try_get_value() {
                    deciding.drafts.update_value(|drafts| {
                        drafts.insert(id, draft);
                    });
                }
            });
        }
        let on_answer = {
            let asked = asked.clone();
            Callback::new(move |answer: Answer| {
                let edit = matches!(answer, Answer::Edit { .. });
                // Kept in front while the answer is taken, so that a refusal can be read.
                reading.set(Some(asked.clone()));
                match state.ws().answer(&asked.id, &asked.shown, answer) {
                    Ok(()) => {
                        draft.update_value(|draft| *draft = Draft::default());
                        if !edit {
                            deciding.wanted.set(None);
                        }
                        reading.set(None);
                        Ok(())
                    }
                    Err(error) => Err(sentence(&error)),
                }
            })
        };
        Some(view! {
            <dialog::Sheet
                asked=asked
                place=place
                alike=alike
                elsewhere=elsewhere
                paused=paused
                draft=draft
                arming=arming
                on_answer=on_answer
                on_later=Callback::new(move |()| later())
            />
        })
    };
    view! {
        <dialog
            node_ref=element
            class="decide"
            role="alertdialog"
            aria-labelledby="decide-question"
            aria-describedby="decide-who decide-says"
            on:cancel=move |event: web_sys::Event| {
                // Escape sets the question aside; it never answers it (X68).
                event.prevent_default();
                closing.set_value(!event.cancelable());
                later();
            }
            on:close=move |_| {
                // A browser closes a dialog after some Escapes whatever the page says, with both events: the question
                // was set aside by the first, and the next one needs its dialog open.
                if !closing.get_value() {
                    later();
                }
                closing.set_value(false);
                request_animation_frame(move || {
                    let waits = asked.try_get_untracked().flatten().is_some();
                    if let Some(dialog) = element.try_get_untracked().flatten()
                        && waits
                        && dialog.is_connected()
                        && !dialog.open()
                    {
                        // Fails only when it is open already.
                        let _ = dialog.show_modal();
                    }
                });
            }
        >
            <p class="sr" role="alert">{announce}</p>
            {sheet}
        </dialog>
    }
}
