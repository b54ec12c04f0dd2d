//! The ways on from a call that came to nothing: made again, signed in first, looked up, or told to an admin.

use browser::chat::conversation::CallCard;
use leptos::prelude::*;
use policy::{Action, CallId, Class, ConnectionId, ConnectorId, ConversationId};

use crate::chat::sources::{focus, item_id};
use crate::chat::thread::soon_shown;
use crate::confirm::ask_id;
use crate::people::requests::AskForReview;
use crate::router::{ConnectorTab, Link, Route};
use crate::sign_in::Flow;
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook};

/// Makes the same call again, with a decision and a card of its own. Gone once that was done.
#[component]
pub(super) fn Again(
    word: &'static str,
    card: Memo<Option<CallCard>>,
    conversation: StoredValue<ConversationId>,
) -> impl IntoView {
    let app = use_state();
    let offered = can_be_repeated(app, card, conversation);
    move || offered.get().then(|| view! { <Button on:click=move |_| repeat(app, card, conversation)>{word}</Button> })
}

/// Whether the call can be made again and was not yet. What a call repeats is known from its beginning.
fn can_be_repeated(
    app: AppState,
    card: Memo<Option<CallCard>>,
    conversation: StoredValue<ConversationId>,
) -> Memo<bool> {
    Memo::new(move |_| {
        app.thread.items.track();
        let call = card.with(|card| card.as_ref().map(|card| card.call.clone()));
        let may = |call: &CallId| conversation.with_value(|id| app.ws().may_repeat(id, call));
        call.as_ref().is_some_and(may)
    })
}

fn repeat(app: AppState, card: Memo<Option<CallCard>>, conversation: StoredValue<ConversationId>) {
    // The conversation may have been left meanwhile.
    let call = card.try_get_untracked().flatten().map(|card| card.call);
    let (Some(call), Some(conversation)) = (call, conversation.try_get_value()) else { return };
    match app.ws().repeat_call(&conversation, &call) {
        Ok(new) => {
            let id = item_id(new.as_str());
            soon_shown(move || focus(&id));
        }
        Err(error) => app.tell_error(&error),
    }
}

/// Signs in by a click, and then makes the call again.
#[component]
pub(super) fn SignInAndContinue(
    flow: Flow,
    card: Memo<Option<CallCard>>,
    conversation: StoredValue<ConversationId>,
    connector: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let offered = can_be_repeated(app, card, conversation);
    let connector = StoredValue::new(connector);
    let go = move |_| {
        let ws = app.ws();
        flow.begin(
            move |visit| async move {
                let connector = connector.get_value();
                let account = card.get_untracked().and_then(|card| card.acts_as);
                let account = account.unwrap_or_else(|| ConnectionId::first(&connector));
                ws.sign_in_again_as(&connector, &account, &visit).await
            },
            move |ended| match ended {
                Ok(()) => repeat(app, card, conversation),
                Err(error) => app.tell_error(&error),
            },
        );
    };
    move || {
        offered.get().then(|| {
            let to = Route::Connector(connector.get_value().to_string(), ConnectorTab::Authentication);
            view! {
                <Link to=to class="btn quiet">"See why"</Link>
                <Button look=ButtonLook::Primary disabled=Signal::derive(move || flow.is_busy()) on:click=go>"Sign in and continue"</Button>
            }
        })
    }
}

/// The call again that a server wanted a page opened for. Where that is not asked for any more, it was answered, or went
/// away with the page.
#[component]
pub(super) fn AfterPage(
    call: Memo<Option<CallId>>,
    card: Memo<Option<CallCard>>,
    conversation: StoredValue<ConversationId>,
) -> impl IntoView {
    let asked = question_about(call);
    move || {
        let gone = asked.with(Option::is_none);
        view! {
            {gone.then(|| view! { <p class="field-hint">"If the server still needs its page, running this shows it again."</p> })}
            <Again word="Run again" card=card conversation=conversation/>
        }
    }
}

/// Where the open question of a server about a call stands on the page.
fn question_about(call: Memo<Option<CallId>>) -> Memo<Option<String>> {
    let app = use_state();
    Memo::new(move |_| {
        let call = call.get()?;
        app.asks.with(|asks| asks.iter().find(|ask| ask.call.as_ref() == Some(&call)).map(|ask| ask_id(&ask.id)))
    })
}

/// The way to what the server asks, which stands at the end of the thread.
#[component]
pub(super) fn AnswerQuestion(call: Memo<Option<CallId>>) -> impl IntoView {
    let asked = question_about(call);
    move || {
        asked.get().map(|place| {
            view! { <Button look=ButtonLook::Primary on:click=move |_| { focus(&place); }>"Answer question"</Button> }
        })
    }
}

/// After a broken connection only looking helps: suggests a read of the same connector, which the person starts (X114).
#[component]
pub(super) fn Check(
    call: Memo<Option<CallId>>,
    conversation: StoredValue<ConversationId>,
    connector: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let reads = app.rulebook.with_untracked(|rules| {
        rules.connector(&connector).is_ok_and(|found| {
            let read = |action: &Action| found.is_on(action.name()) && found.classify(action).class == Class::Read;
            found.actions().iter().any(read)
        })
    });
    let go = move |_| {
        let (Some(Some(call)), Some(id)) = (call.try_get_untracked(), conversation.try_get_value()) else { return };
        if let Err(error) = app.ws().suggest_check(&id, &call) {
            app.tell_error(&error);
        }
    };
    reads.then(|| view! { <Button on:click=go>"Check with a read"</Button> })
}

/// What changed since the action was approved, and, for whoever may not review it, a word to those who may.
#[component]
pub(super) fn Held(connector: ConnectorId) -> impl IntoView {
    let app = use_state();
    let may = app.ws().may_refresh(&connector).is_ok();
    let to = Route::Connector(connector.to_string(), ConnectorTab::Changes);
    view! {
        <Link to=to class="btn">"View change"</Link>
        {(!may).then(|| view! { <AskForReview id=connector word="Tell an admin"/> })}
    }
}
