//! What was attached and not sent stays with what was typed: in another conversation, in the settings, after a reload.

use std::sync::Arc;

use browser::Wish;
use browser::chat::conversation::File;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Writing, draft};
use crate::state::use_state;

/// What goes with the message at one time.
type More = (Vec<Arc<File>>, Vec<Wish>);

/// Puts back what was attached before, and keeps what is attached from now on.
pub(super) fn keep(writing: Writing) {
    let (ws, id) = (use_state().ws(), writing.conversation.get_value());
    let promised = draft::has_more(id.as_ref());
    // What the store has. Nothing is written before that is read.
    let (kept, read) = (StoredValue::new(More::default()), RwSignal::new(false));
    {
        let (ws, id) = (ws.clone(), id.clone());
        spawn_local(async move {
            let unsent = ws.unsent(id.as_ref()).await.unwrap_or_default();
            let before: More = (unsent.files.into_iter().map(Arc::new).collect(), unsent.attached);
            // What was attached meanwhile comes after it.
            let put = writing.files.try_update(|all| all.splice(0..0, before.0.iter().cloned()).count());
            if put.is_none() {
                return;
            }
            if !before.1.is_empty() {
                writing.attached.update(|all| drop(all.splice(0..0, before.1.iter().cloned())));
            }
            kept.set_value(before);
            read.set(true);
            if promised {
                writing.reading.update(|count| *count = count.saturating_sub(1));
            }
        });
    }
    Effect::new(move |_| {
        let (files, attached) = (writing.files.get(), writing.attached.get());
        let same = kept.with_value(|(before, wishes)| {
            let alike = before.len() == files.len() && before.iter().zip(&files).all(|(a, b)| Arc::ptr_eq(a, b));
            alike && *wishes == attached
        });
        if read.get() && !same {
            draft::mark_more(id.as_ref(), !files.is_empty() || !attached.is_empty());
            ws.keep_unsent(id.as_ref(), files.iter().map(Arc::as_ref), &attached);
            kept.set_value((files, attached));
        }
    });
}
