//! What can be done with a conversation as a whole: renaming and deleting it.

use browser::ConversationHead;
use leptos::{ev, html, prelude::*};
use policy::ConversationId;

use super::draft;
use crate::router::{Route, use_router};
use crate::state::{shown_title, use_state};
use crate::ui::{Button, ButtonLook, Dialog};

/// A field in the place of a title. Enter keeps, Escape and leaving it empty do not.
#[component]
pub fn Rename(
    /// Which conversation.
    id: ConversationId,
    /// Its title so far.
    title: String,
    /// Called when it is over, either way.
    done: Callback<()>,
) -> impl IntoView {
    let state = use_state();
    let field = NodeRef::<html::Input>::new();
    field.on_load(|input| {
        request_animation_frame(move || {
            let _ = input.focus();
            input.select();
        });
    });
    let before = title.clone();
    let over = StoredValue::new(false);
    let keep = move || {
        if over.try_get_value().unwrap_or(true) {
            return;
        }
        over.set_value(true);
        let wanted =
            field.try_get_untracked().flatten().map(|input| input.value()).unwrap_or_default().trim().to_owned();
        if !wanted.is_empty() && wanted != before {
            let (ws, id) = (state.ws(), id.clone());
            state.run(async move { ws.rename_conversation(&id, &wanted).await }, |()| ());
        }
        done.run(());
    };
    let keep_on_enter = keep.clone();
    view! {
        <input node_ref=field class="input rename" aria-label="Title" maxlength="200" prop:value=title
            on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                "Enter" if !event.is_composing() => {
                    event.prevent_default();
                    keep_on_enter();
                }
                "Escape" => {
                    event.stop_propagation();
                    over.set_value(true);
                    done.run(());
                }
                _ => {}
            }
            on:blur=move |_| keep()/>
    }
}

/// Asks before a conversation is deleted.
#[component]
pub fn Delete(
    /// Which conversation.
    head: ConversationHead,
    /// Where the question stands; cleared when it is over.
    deleting: RwSignal<Option<ConversationHead>>,
) -> impl IntoView {
    let (state, router) = (use_state(), use_router());
    let title = shown_title(&head);
    let id = head.id;
    let delete = move |_| {
        let (ws, id) = (state.ws(), id.clone());
        deleting.set(None);
        let gone = id.clone();
        state.run(async move { ws.delete_conversation(&id).await }, move |()| {
            draft::forget(Some(&gone));
            draft::mark_more(Some(&gone), false);
            state.tell("Conversation deleted.");
            if router.route_now() == Route::Conversation(gone.to_string()) {
                router.replace(Route::Chat);
            }
        });
    };
    view! {
        <Dialog title="Delete this conversation?" on_close=move |()| deleting.set(None)>
            <div class="body">
                <p><b><bdi>{title}</bdi></b></p>
                <p>"Its messages and results are erased from this browser. The audit log keeps which calls were made. This cannot be undone."</p>
            </div>
            <footer>
                <Button on:click=move |_| deleting.set(None)>"Keep conversation"</Button>
                <Button look=ButtonLook::Danger on:click=delete>"Delete conversation"</Button>
            </footer>
        </Dialog>
    }
}
