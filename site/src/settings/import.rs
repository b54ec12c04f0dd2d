//! Settings, Data: conversations from a file, looked at before anything is taken.

use browser::chat::conversation::{Body, Conversation};
use browser::chat::import::MAX_BYTES;
use browser::read_file;
use leptos::prelude::*;

use super::files::chosen;
use crate::connectors::plural;
use crate::results::Visible;
use crate::state::{sentence, use_state};
use crate::ui::{Button, ButtonLook, ago, now};

/// Conversations that the preview lists; the others are counted.
const SHOWN: usize = 12;

/// What a file holds.
#[derive(Clone)]
struct Found {
    text: String,
    conversations: Vec<(String, usize, usize, u64)>,
}

/// What the preview says of a conversation: its title, how much was said, how many calls it has, when it changed last.
fn row(conversation: &Conversation) -> (String, usize, usize, u64) {
    let said = conversation.items.iter().filter(|item| matches!(item.body, Body::Said { .. })).count();
    let title = if conversation.title.trim().is_empty() { "New chat" } else { &conversation.title };
    (title.to_owned(), said, conversation.calls().count(), conversation.updated_at)
}

/// The file, its preview, and the button that takes it.
#[component]
pub(super) fn Import() -> impl IntoView {
    let state = use_state();
    let found = RwSignal::new(None::<Found>);
    let problem = RwSignal::new(None::<String>);
    let pick = move |event| {
        found.set(None);
        problem.set(None);
        chosen(&event, MAX_BYTES as f64, move |text| {
            let Some(text) = text else {
                let says = format!(
                    "The file is larger than {} MB or is no text. Nothing was imported.",
                    MAX_BYTES / 1024 / 1024
                );
                let _ = problem.try_set(Some(says));
                return;
            };
            let _ = match read_file(&text) {
                Ok(all) => found.try_set(Some(Found { conversations: all.iter().map(row).collect(), text })),
                Err(error) => {
                    problem.try_set(Some(sentence(&error)));
                    None
                }
            };
        });
    };
    let take = move |_| {
        let Some(file) = found.get_untracked() else { return };
        let ws = state.ws();
        state.run(async move { ws.import_conversations(&file.text).await }, move |ids| {
            let _ = found.try_set(None);
            state.tell(format!("{} imported.", plural(ids.len(), "conversation")));
        });
    };
    let preview = move |file: Found| {
        let count = file.conversations.len();
        let rows = file.conversations.into_iter().take(SHOWN).map(|(title, said, calls, at)| {
            let says = format!("{}, {}, {}", plural(said, "message"), plural(calls, "call"), ago(at, now()));
            view! { <li><b><Visible text=title/></b>" "<small>{says}</small></li> }
        });
        view! {
            <ul class="import-list" aria-label="Conversations in the file">{rows.collect_view()}</ul>
            {(count > SHOWN).then(|| view! { <p class="small">{format!("and {} more", count - SHOWN)}</p> })}
            <p class="small">"They are added to those that are here. Nothing in them is run, their calls reach no connector, and what the file says was not checked."</p>
            <div class="row">
                <Button on:click=move |_| found.set(None)>"Leave file"</Button>
                <Button look=ButtonLook::Primary on:click=take>{format!("Import {}", plural(count, "conversation"))}</Button>
            </div>
        }
    };
    view! {
        <section class="setting"><h2>"Import conversations"</h2>
            <p>"From a file that “Export everything” or “Export conversation” made. You see what is in it first."</p>
            <input type="file" accept="application/json,.json" aria-label="File with conversations" on:change=pick/>
            <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
            {move || found.get().map(preview)}
        </section>
    }
}
