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

/// Forgets every draft, when everything is erased.
pub fn forget_all() {
    let Some(store) = local_storage() else { return };
    let keys: Vec<String> = (0..store.length().unwrap_or(0)).filter_map(|at| store.key(at).ok().flatten()).collect();
    for key in keys.iter().filter(|key| key.starts_with(PREFIX)) {
        let _ = store.remove_item(key);
    }
}
