//! What is half typed is never lost: kept per conversation in local storage until it is sent.

use policy::ConversationId;

use crate::theme::local_storage;

const PREFIX: &str = "countersign:draft:";

fn key(id: Option<&ConversationId>) -> String {
    format!("{PREFIX}{}", id.map_or("new", ConversationId::as_str))
}

/// What was typed into this conversation, or into a new chat, and not sent.
pub fn read(id: Option<&ConversationId>) -> String {
    local_storage().and_then(|store| store.get_item(&key(id)).ok().flatten()).unwrap_or_default()
}

/// Keeps it. Where storage is blocked it lives as long as the page.
pub fn keep(id: Option<&ConversationId>, text: &str) {
    if text.is_empty() {
        return forget(id);
    }
    let _ = local_storage().map(|store| store.set_item(&key(id), text));
}

/// Forgets it: it was sent, or its conversation is gone.
pub fn forget(id: Option<&ConversationId>) {
    let _ = local_storage().map(|store| store.remove_item(&key(id)));
}

fn with(id: Option<&ConversationId>) -> String {
    format!("{PREFIX}with:{}", id.map_or("new", ConversationId::as_str))
}

/// Whether something is attached to it, which the workspace keeps.
pub fn has_more(id: Option<&ConversationId>) -> bool {
    local_storage().is_some_and(|store| store.get_item(&with(id)).ok().flatten().is_some())
}

/// Remembers whether something is attached to it.
pub fn mark_more(id: Option<&ConversationId>, more: bool) {
    let _ = local_storage().map(|store| match more {
        true => store.set_item(&with(id), "1"),
        false => store.remove_item(&with(id)),
    });
}

/// Forgets every draft, when everything is erased.
pub fn forget_all() {
    let Some(store) = local_storage() else { return };
    let keys: Vec<String> = (0..store.length().unwrap_or(0)).filter_map(|at| store.key(at).ok().flatten()).collect();
    for key in keys.iter().filter(|key| key.starts_with(PREFIX)) {
        let _ = store.remove_item(key);
    }
}
