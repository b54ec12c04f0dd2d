//! A remark of the host in the conversation, with what can be done about it while it is the last word.

use browser::chat::conversation::{Body, Item, Remedy};
use browser::{Error, Workspace};
use leptos::prelude::*;
use policy::ConversationId;

use crate::results::Worded;
use crate::router::{Link, Route};
use crate::shell::focus;
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook};

/// What the person says by going on.
const GO_ON: &str = "Go on.";

/// A remark. Its buttons go once something newer was said, and while something runs.
#[component]
pub(super) fn Remark(id: String, item: ArcRwSignal<Item>, conversation: ConversationId) -> impl IntoView {
    let state = use_state();
    let (text, remedy) = item.with_untracked(|item| match &item.body {
        Body::Note { text, remedy } => (text.clone(), *remedy),
        _ => (String::new(), None),
    });
    view! {
        <div class="remark">
            <p role="note"><Worded text/></p>
            {remedy.map(|remedy| {
                let conversation = StoredValue::new(conversation);
                let last = Memo::new(move |_| {
                    let is_last = state.thread.items.with(|items| items.last().is_some_and(|cell| cell.id == id));
                    is_last && !conversation.with_value(|id| state.is_running(id))
                });
                move || last.get().then(|| view! { <p class="row">{ways(state, remedy, conversation)}</p> })
            })}
        </div>
    }
}

/// The buttons for a remedy.
fn ways(state: AppState, remedy: Remedy, conversation: StoredValue<ConversationId>) -> AnyView {
    let go = move |deed: fn(&Workspace, &ConversationId) -> Result<(), Error>| {
        let Some(id) = conversation.try_get_value() else { return };
        match deed(&state.ws(), &id) {
            // The button is gone: whoever pressed it by key is where they can say more.
            Ok(()) => focus(".composer textarea"),
            Err(error) => state.tell_error(&error),
        }
    };
    let ask =
        move || view! { <Button small=true on:click=move |_| go(Workspace::ask_again)>"Ask the model again"</Button> };
    let set = || view! { <Link to=Route::Models>"Open model settings"</Link> };
    match remedy {
        Remedy::AskAgain => ask().into_any(),
        Remedy::AskOrSet => view! { {ask()}{set()} }.into_any(),
        Remedy::SetModel => set().into_any(),
        Remedy::GoOn => view! {
            <Button small=true look=ButtonLook::Primary on:click=move |_| go(|ws, id| ws.say(id, GO_ON))>"Go on"</Button>
        }
        .into_any(),
    }
}
