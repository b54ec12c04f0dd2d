//! The card of a tool call: a head that the host draws alone, and below it what the server said.
//!
//! Every state has its own words (screens.md e.4), written in `chat::conversation` so that the model is told the same.

mod again;
mod failure;

use browser::chat::conversation::{Body, CallCard, CallState, Item, Look, Sent};
use browser::workspace::apps::AppOf;
use leptos::prelude::*;
use policy::{Caller, ConversationId};
use serde_json::Value;

use again::{AfterPage, Again, AnswerQuestion, Check, Held, SignInAndContinue};
use failure::FailureView;

use super::look::LookAtResult;
use super::sources::item_id;
use crate::confirm;
use crate::people::chain::ShortChain;
use crate::results::{ResultView, Visible};
use crate::sign_in::{Flow, SigningIn};
use crate::state::use_state;
use crate::ui::{Badge, Button, ButtonLook, ClassMark, HostName, now, tick, time_of_day};

/// A tool call. It follows its item.
#[component]
pub fn CallView(item: ArcRwSignal<Item>, conversation: ConversationId) -> impl IntoView {
    let id = item_id(item.with_untracked(|item| item.id.to_string()).as_str());
    let card = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::Call(card) => Some((**card).clone()),
            _ => None,
        })
    });
    // Who is called never changes during a call, so it is drawn once.
    card.get_untracked().map(|fixed| view! { <Card id=id card=card fixed=fixed conversation=conversation/> })
}

#[component]
fn Card(id: String, card: Memo<Option<CallCard>>, fixed: CallCard, conversation: ConversationId) -> impl IntoView {
    let app = use_state();
    let state = Memo::new(move |_| {
        card.with(|card| card.as_ref().map(|card| card.state.clone())).unwrap_or(CallState::Proposed)
    });
    let label = format!("{} · {} · {}", fixed.title, fixed.connector_name, fixed.host);
    // The result is there, and the model waits until the person has looked at it.
    let looking =
        Memo::new(move |_| card.with(|card| card.as_ref().is_some_and(|card| card.look == Some(Look::Waiting))));
    let look = move || {
        state.with(|state| match state {
            _ if looking.get() => "card call waiting",
            CallState::Waiting | CallState::NeedsInput | CallState::NeedsSignIn { .. } | CallState::NeedsPage => {
                "card call waiting"
            }
            CallState::Held => "card call held",
            CallState::Failed { .. } | CallState::Unknown { .. } => "card call failed",
            _ => "card call",
        })
    };
    // The one thing that is said at once: somebody waits for the person. Everything else is said politely.
    let waiting = Memo::new(move |_| state.with(|state| matches!(state, CallState::Waiting)));
    let name = StoredValue::new(format!("{} in {}", fixed.title, fixed.connector_name));
    Effect::new(move |before: Option<bool>| {
        let ended = state.with(CallState::ended);
        if before == Some(false) && ended {
            let says = card.with_untracked(|card| card.as_ref().map(|card| card.header(now()))).unwrap_or_default();
            app.announce(name.with_value(|name| format!("{name}: {says}")));
        }
        ended
    });
    // An edited call is another call on the same card.
    let call = Memo::new(move |_| card.with(|card| card.as_ref().map(|card| card.call.clone())));
    let review = confirm::reviewer();
    let (conversation, connector) = (StoredValue::new(conversation), StoredValue::new(fixed.connector.clone()));
    let flow = Flow::new();
    let app_shown = RwSignal::new(false);
    let by_app =
        (fixed.by == Caller::App).then(|| view! { <small class="says">"Asked for by its app, not by you"</small> });
    let repeats = fixed.repeats.is_some().then(|| view! { <small class="says">"Repeats an earlier call"</small> });
    let cancel = move || {
        if let Some(call) = call.get_untracked() {
            app.ws().cancel_call(&call);
        }
    };
    let controls = move || match state.get() {
        CallState::Waiting => {
            let decide = move |_| {
                if let Some(call) = call.get_untracked() {
                    review(&call);
                }
            };
            view! {
                <Button look=ButtonLook::Quiet on:click=move |_| cancel()>"Cancel"</Button>
                <Button look=ButtonLook::Primary on:click=decide>"Review"</Button>
            }
            .into_any()
        }
        CallState::Running => {
            view! { <KeepWaiting card/><Button on:click=move |_| cancel()>"Cancel"</Button> }.into_any()
        }
        CallState::Proposed => view! { <Button on:click=move |_| cancel()>"Cancel"</Button> }.into_any(),
        CallState::NeedsInput => {
            view! { <Button look=ButtonLook::Quiet on:click=move |_| cancel()>"Cancel"</Button><AnswerQuestion call/> }
                .into_any()
        }
        CallState::Held => view! { <Held connector=connector.get_value()/> }.into_any(),
        CallState::NeedsSignIn { .. } => {
            view! { <SignInAndContinue flow card=card conversation=conversation connector=connector.get_value()/> }
                .into_any()
        }
        CallState::NeedsPage => view! { <AfterPage call card=card conversation=conversation/> }.into_any(),
        CallState::NotAnswered | CallState::Denied { .. } => {
            view! { <Again word="Ask again" card=card conversation=conversation/> }.into_any()
        }
        // What may have happened is looked up instead.
        CallState::Unknown { .. } if !card.with_untracked(|card| card.as_ref().is_some_and(CallCard::may_repeat)) => {
            view! { <Check call conversation connector=connector.get_value()/> }.into_any()
        }
        CallState::Failed { .. } | CallState::Unknown { .. } => {
            view! { <Again word="Try again" card=card conversation=conversation/> }.into_any()
        }
        _ => ().into_any(),
    };
    // Where nobody signs in there is nobody to name.
    let account = fixed.account.clone().filter(|account| account != "no sign-in");
    view! {
        <section id=id class=look role="group" aria-label=label tabindex="-1">
            <header>
                <StateMark state=state/>
                <div class="grow">
                    <h3>
                        <bdi>{fixed.title.clone()}</bdi>
                        <HostName host=fixed.host.clone() name=Some(fixed.connector_name.clone())/>
                        {fixed.badge.clone().map(|badge| view! { <Badge word=badge/> })}
                        {account.map(|account| view! { <small class="ellipsis">"as "<bdi>{account}</bdi></small> })}
                    </h3>
                    <HeaderWords card=card state=state/>
                    {by_app}
                    {repeats}
                    <span class="sr" role="alert">{move || waiting.get().then(|| format!("{} is waiting for your decision", name.get_value()))}</span>
                    <span class="sr" role="alert">{move || looking.get().then(|| format!("The result of {} is waiting for your look at it", name.get_value()))}</span>
                </div>
                <ClassMark class=fixed.class/>
                {controls}
            </header>
            <SigningIn flow/>
            <WhyBlocked card=card state=state conversation=conversation/>
            <Invoked card=card/>
            <Progress card=card/>
            <AppSlot card=card fixed=fixed.clone() conversation=conversation.get_value() state=state shown=app_shown/>
            <FailureView card=card connector=connector.get_value()/>
            <CallBody card=card fixed=fixed state=state app_shown=app_shown/>
            <LookAtResult card conversation/>
        </section>
    }
}

/// More time for a call that gives no signal, beside the way to end it.
#[component]
fn KeepWaiting(card: Memo<Option<CallCard>>) -> impl IntoView {
    let (app, time) = (use_state(), tick());
    let silent = Memo::new(move |_| card.with(|card| card.as_ref().is_some_and(|card| card.silent(time.get()))));
    let wait = move |_| {
        let Some((call, host)) =
            card.with_untracked(|card| card.as_ref().map(|card| (card.call.clone(), card.host.clone())))
        else {
            return;
        };
        if let Some(more) = app.ws().keep_waiting(&call) {
            app.tell(format!("{host} has another {} min to give a signal.", more.div_ceil(60_000)));
        }
    };
    move || silent.get().then(|| view! { <Button look=ButtonLook::Quiet on:click=wait>"Keep waiting"</Button> })
}

/// The sentence of the state, with a clock only while time matters.
#[component]
fn HeaderWords(card: Memo<Option<CallCard>>, state: Memo<CallState>) -> impl IntoView {
    let moving = Memo::new(move |_| state.with(|state| matches!(state, CallState::Running | CallState::Waiting)));
    move || {
        let words = move |at: u64| {
            card.with(|card| {
                let Some(card) = card else { return String::new() };
                if let CallState::NeedsSignIn { ended: Some(ended), .. } = card.state {
                    return format!("Sign-in ended at {}. Nothing was sent.", time_of_day(ended, now()));
                }
                let mut words = card.header(at);
                if card.state == CallState::Waiting {
                    words.push_str(&format!(" · {} s", at.saturating_sub(card.started_at) / 1000));
                }
                words
            })
        };
        if moving.get() {
            let time = tick();
            view! { <small class="says timer">{move || words(time.get())}</small> }.into_any()
        } else {
            let reason = state.with_untracked(|state| match state {
                CallState::Denied { reason } => reason.clone(),
                CallState::Unknown { cause } => Some(cause.clone()),
                _ => None,
            });
            view! {
                <small class="says"><Visible text=masked(&words(now()))/></small>
                {reason.map(|reason| view! { <small class="says reason"><Visible text=masked(&reason)/></small> })}
            }
            .into_any()
        }
    }
}

/// Words of the head, in which a cause or a reason may hold a secret (X59). The whole of it is in the result.
fn masked(words: &str) -> String {
    policy::secrets::mask(words).into_owned()
}

/// A shape and a colour for the state; the words stand beside it.
#[component]
fn StateMark(state: Memo<CallState>) -> impl IntoView {
    let look = move || {
        state.with(|state| match state {
            CallState::Proposed => ("state", "…"),
            CallState::Waiting => ("state s-wait", "?"),
            CallState::Running => ("state s-run", ""),
            CallState::NeedsInput | CallState::NeedsSignIn { .. } | CallState::NeedsPage => ("state s-wait", "?"),
            CallState::Done => ("state s-done", "✓"),
            CallState::Failed { .. } => ("state s-bad", "!"),
            CallState::Unknown { .. } => ("state s-bad", "?"),
            CallState::Held => ("state s-held", "II"),
            CallState::Denied { .. } | CallState::Blocked { .. } => ("state", "✕"),
            CallState::NotAnswered | CallState::Cancelled { .. } => ("state", "–"),
        })
    };
    view! { <span class=move || look().0 aria-hidden="true">{move || look().1}</span> }
}

/// The longest words of a server about a call of its own, in characters.
const INVOKED_CHARS: usize = 100;

/// What the server would have said while an action runs, and after it (`openai/toolInvocation/*`): its words, as text,
/// behind the host whose they are.
#[component]
fn Invoked(card: Memo<Option<CallCard>>) -> impl IntoView {
    let state = use_state();
    let says = Memo::new(move |_| {
        card.with(|card| {
            let card = card.as_ref()?;
            let name = match card.state {
                CallState::Running => "openai/toolInvocation/invoking",
                CallState::Done => "openai/toolInvocation/invoked",
                _ => return None,
            };
            state.rulebook.with(|rules| {
                let action = rules.connector(&card.connector).ok()?.action(&card.action)?;
                let words = action.definition().get("_meta")?.get(name)?.as_str()?.trim();
                (!words.is_empty()).then(|| (card.host.clone(), words.chars().take(INVOKED_CHARS).collect::<String>()))
            })
        })
    });
    move || {
        says.get().map(|(host, text)| {
            view! { <div class="progress"><small><bdi>{host}</bdi>": "<Visible text/></small></div> }
        })
    }
}

/// How far the server says it is, while it runs.
#[component]
fn Progress(card: Memo<Option<CallCard>>) -> impl IntoView {
    let progress = Memo::new(move |_| {
        card.with(|card| {
            card.as_ref().filter(|card| card.state == CallState::Running).and_then(|card| card.progress.clone())
        })
    });
    move || {
        progress.get().map(|progress| {
            view! {
                <div class="progress">
                    {progress.total.filter(|total| *total > 0.0).map(|total| view! {
                        <progress max=total.to_string() value=progress.done.to_string() aria-label="Progress"></progress>
                    })}
                    {progress.message.map(|message| view! { <small><Visible text=message/></small> })}
                </div>
            }
        })
    }
}

/// The app that the action is shown with, if one was approved. Its code is fetched when the first app is shown.
///
/// A call that runs now shows its app as soon as it is allowed; one of before has a button, so that opening a
/// conversation starts nothing (X98).
#[component]
fn AppSlot(
    card: Memo<Option<CallCard>>,
    fixed: CallCard,
    conversation: ConversationId,
    state: Memo<CallState>,
    shown: RwSignal<bool>,
) -> impl IntoView {
    let app = use_state();
    let has = fixed.by != Caller::App && app.ws().has_app(&fixed.connector, &fixed.action);
    has.then(move || {
        let at_once = !state.with_untracked(CallState::ended);
        let starts = Memo::new(move |before: Option<&bool>| {
            before.copied().unwrap_or_default() || state.with(|state| if at_once { went_out(state) } else { *state == CallState::Done })
        });
        let part = LocalResource::new(move || {
            let starts = starts.get();
            let starts = starts && app.thread.mode.get().shows_apps();
            async move { if starts { Some(crate::lazy::apps().await) } else { None } }
        });
        let order = StoredValue::new_local(crate::apps::Order {
            of: AppOf {
                connector: fixed.connector.clone(),
                action: fixed.action.clone(),
                place: Some((conversation, fixed.call.clone())),
            },
            connector_name: fixed.connector_name.clone(),
            host: fixed.host.clone(),
            card: Some(card),
            at_once,
            shown,
        });
        // Knowledge has no apps: the result below says the same in words (S129).
        let suppressed = Memo::new(move |_| !app.thread.mode.get().shows_apps());
        Effect::new(move |_| {
            if suppressed.get() {
                shown.set(false);
            }
        });
        move || match part.get().flatten() {
            _ if suppressed.get() => {
                view! { <p class="app-words">"This connector has an app for it. Knowledge shows the result as text."</p> }.into_any()
            }
            Some(Ok(draw)) => draw(order.get_value()),
            Some(Err(_)) => view! { <p class="app-words">"The part of this page that shows apps could not be fetched. The result is below."</p> }.into_any(),
            None => ().into_any(),
        }
    })
}

/// Why a call is not allowed, step by step, by the rules of now.
#[component]
fn WhyBlocked(
    card: Memo<Option<CallCard>>,
    state: Memo<CallState>,
    conversation: StoredValue<ConversationId>,
) -> impl IntoView {
    let app = use_state();
    let shown = RwSignal::new(false);
    let blocked = Memo::new(move |_| state.with(|state| matches!(state, CallState::Blocked { .. })));
    let explained = move || {
        app.rulebook.track();
        app.thread.mode.track();
        app.chosen_actions.track();
        card.with(|card| Some(app.ws().explain_card(&conversation.get_value(), card.as_ref()?)))
    };
    move || {
        blocked.get().then(|| {
            view! {
                <details class="sent" on:toggle=move |_| shown.set(true)>
                    <summary>"Why can't I use this?"</summary>
                    {move || shown.get().then(|| explained().map(|explanation| view! { <ShortChain explanation/> }))}
                </details>
            }
        })
    }
}

/// What was sent and what came back. The result is drawn when it is there, the arguments when they are asked for.
#[component]
fn CallBody(
    card: Memo<Option<CallCard>>,
    fixed: CallCard,
    state: Memo<CallState>,
    app_shown: RwSignal<bool>,
) -> impl IntoView {
    let result = Memo::new(move |_| card.with(|card| card.as_ref().and_then(|card| card.result.clone())));
    let arguments =
        Memo::new(move |_| card.with(|card| card.as_ref().map(|card| card.arguments.clone())).unwrap_or(Value::Null));
    let shown = RwSignal::new(false);
    let uncovered = RwSignal::new(false);
    // Beside an app the same result in words is there when it is asked for.
    let in_words = RwSignal::new(false);
    let app = use_state();
    let promised = {
        let (connector, action) = (fixed.connector.clone(), fixed.action.clone());
        app.rulebook.with_untracked(|rules| {
            rules
                .connector(&connector)
                .ok()
                .and_then(|found| found.action(&action))
                .and_then(|action| action.output_schema().cloned())
        })
    };
    let (name, host) = (fixed.connector_name, fixed.host);
    view! {
        {move || (app_shown.get() && result.with(Option::is_some)).then(|| view! {
            <p class="app-words"><button type="button" class="text-btn" aria-expanded=move || in_words.get().to_string()
                on:click=move |_| in_words.update(|on| *on = !*on)>{move || if in_words.get() { "Hide the result" } else { "Show the result as text" }}</button></p>
        })}
        {move || result.get().filter(|_| !app_shown.get() || in_words.get()).map(|result| view! {
            <div class="body">
                <ResultView result=result connector=name.clone() host=host.clone() output_schema=promised.clone()/>
            </div>
        })}
        <details class="sent" on:toggle=move |_| shown.set(true)>
            <summary>{move || if state.with(went_out) { "What was sent" } else { "What would be sent" }}</summary>
            {move || shown.get().then(|| {
                let whole = arguments.get();
                // What looks like a secret is covered until somebody wants to see it (X59).
                let masked = policy::secrets::mask_value(&whole);
                let covered = (masked != whole).then(|| view! {
                    <p class="covered">"Parts of this look like secrets. "
                        <button type="button" class="text-btn" on:click=move |_| uncovered.update(|on| *on = !*on)>
                            {move || if uncovered.get() { "Cover them" } else { "Show them" }}</button></p>
                });
                let text = move || serde_json::to_string_pretty(if uncovered.get() { &whole } else { &masked }).unwrap_or_default();
                view! { {covered}<pre class="wire" tabindex="0" aria-label="Arguments">{move || view! { <Visible text=text()/> }}</pre> }
            })}
        </details>
    }
}

fn went_out(state: &CallState) -> bool {
    matches!(
        state,
        CallState::Running
            | CallState::NeedsInput
            | CallState::NeedsPage
            | CallState::Done
            | CallState::Unknown { .. }
            | CallState::Failed { sent: Sent::Yes | Sent::Unknown, .. }
            | CallState::Cancelled { sent: Sent::Yes | Sent::Unknown }
    )
}
