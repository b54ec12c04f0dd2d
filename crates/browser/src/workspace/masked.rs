//! What was said and done, as it goes into a file that leaves this page: what looks like a secret is masked (X59).

use chat::conversation::{Body, Conversation, Item};
use serde_json::Value;

/// An item as it goes into a file: what looks like a secret is masked, except in a picture, whose letters are no words, and
/// what only the provider of its model understands stays here.
pub(super) fn masked_item(item: &Item) -> Value {
    let mut value = serde_json::to_value(item).unwrap_or_default();
    if let (Body::Answer(_), Some(answer)) = (&item.body, value.get_mut("body").and_then(Value::as_object_mut)) {
        answer.remove("kept");
    }
    let is_picture = matches!(&item.body, Body::File(file) if file.picture().is_some());
    let picture = value.pointer_mut("/body/image").filter(|_| is_picture).map(Value::take);
    let mut masked = policy::secrets::mask_value(&value);
    if let (Some(place), Some(picture)) = (masked.pointer_mut("/body/image"), picture) {
        *place = picture;
    }
    masked
}

/// A conversation as it goes into a file, as [`masked_item`] says.
pub(super) fn masked_conversation(mut conversation: Conversation) -> Value {
    let items = std::mem::take(&mut conversation.items);
    let mut value = policy::secrets::mask_value(&serde_json::to_value(&conversation).unwrap_or_default());
    if let Some(fields) = value.as_object_mut() {
        fields.insert("items".to_owned(), items.iter().map(masked_item).collect());
    }
    value
}
