//! Conversations from a file that this page wrote.
//!
//! A file can say anything: that a call was allowed, that a server answered. So what is imported is a record to read and
//! to go on from, and nothing of it acts. Its calls belong to no connector here, what was proposed is left out, and a note
//! at its beginning says where it comes from. Either the whole file is understood or nothing is taken.

use crate::conversation::{Body, Conversation, Item, ItemId};
use policy::{CallId, ConnectorId, ConversationId};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The most conversations that are taken from one file.
pub const MAX_CONVERSATIONS: usize = 500;
/// The most items that a conversation may have.
pub const MAX_ITEMS: usize = 20_000;

/// Why a file cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is larger than [`MAX_BYTES`].
    #[error("the file is larger than {} MB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// It is no export of this page.
    #[error("this is not a file that Countersign exported: {0}")]
    NotOurs(String),
    /// One of its conversations is not whole.
    #[error("conversation {at} of the file cannot be read: {why}")]
    Broken {
        /// Which one, from 1.
        at: usize,
        /// Why, in words.
        why: String,
    },
    /// It has none.
    #[error("the file has no conversations")]
    Empty,
}

/// Reads the conversations of an export.
///
/// # Errors
/// [`ImportError`] when anything in it is not as this page writes it; then nothing is taken.
pub fn read(text: &str) -> Result<Vec<Conversation>, ImportError> {
    if text.len() > MAX_BYTES {
        return Err(ImportError::TooLarge);
    }
    let not_ours = |why: &str| ImportError::NotOurs(why.to_owned());
    let whole: Value = serde_json::from_str(text).map_err(|error| ImportError::NotOurs(error.to_string()))?;
    whole.get("countersign").and_then(Value::as_str).ok_or_else(|| not_ours("it does not say so"))?;
    let list =
        whole.get("conversations").and_then(Value::as_array).ok_or_else(|| not_ours("it has no conversations"))?;
    if list.is_empty() {
        return Err(ImportError::Empty);
    }
    if list.len() > MAX_CONVERSATIONS {
        return Err(ImportError::NotOurs(format!("it has more than {MAX_CONVERSATIONS} conversations")));
    }
    let one = |(at, value): (usize, &Value)| {
        let broken = |why: String| ImportError::Broken { at: at + 1, why };
        let conversation = Conversation::deserialize(value).map_err(|error| broken(error.to_string()))?;
        if conversation.items.len() > MAX_ITEMS {
            return Err(broken(format!("it has more than {MAX_ITEMS} items")));
        }
        let flaw = conversation.items.iter().find_map(|item| match &item.body {
            Body::File(file) => file.flaw(),
            _ => None,
        });
        if let Some(flaw) = flaw {
            return Err(broken(flaw.to_owned()));
        }
        let mut ids = BTreeSet::new();
        match conversation.items.iter().find(|item| item.id == ItemId::beginning() || !ids.insert(&item.id)) {
            Some(item) => Err(broken(format!("the item `{}` is there twice or has no id", item.id))),
            None => Ok(conversation),
        }
    };
    list.iter().enumerate().map(one).collect()
}

/// A conversation of a file as it is kept here, under a new id. `fresh` makes ids for its calls; `note` is its first item.
pub fn adopt(
    from: Conversation,
    id: ConversationId,
    note: Item,
    now: u64,
    mut fresh: impl FnMut() -> CallId,
) -> Conversation {
    let mut conversation = Conversation {
        id,
        updated_at: now,
        connectors: Vec::new(),
        // Which account acts is the choice of the person, and of no file.
        accounts: BTreeMap::new(),
        mind: None,
        pins: Vec::new(),
        // What a file has switched off stays off: a choice of actions only ever takes away.
        ..from
    };
    let mut renamed: BTreeMap<CallId, CallId> = BTreeMap::new();
    let foreign = |connector: &ConnectorId| ConnectorId::from(format!("imported:{connector}"));
    for item in &mut conversation.items {
        match &mut item.body {
            Body::Call(card) => {
                card.connector = foreign(&card.connector);
                card.acts_as = None;
                let old = std::mem::replace(&mut card.call, fresh());
                renamed.insert(old, card.call.clone());
            }
            Body::FromApp(words) => words.connector = foreign(&words.connector),
            Body::Attached(one) => {
                one.connector = foreign(&one.connector);
                one.account = None;
            }
            // Whoever ran what a file suggests would not have been asked what they want done.
            Body::Proposal(proposal) => proposal.steps.clear(),
            // What goes back to a provider comes from that provider, and from no file.
            Body::Answer(answer) => answer.kept = None,
            // What names calls follows when they all have new names.
            Body::Search(_) | Body::Said { .. } | Body::Note { .. } | Body::Plan(_) | Body::File(_) => {}
        }
    }
    for item in &mut conversation.items {
        match &mut item.body {
            Body::Search(search) => {
                search.calls = search.calls.iter().filter_map(|call| renamed.get(call).cloned()).collect();
            }
            Body::Call(card) => card.repeats = card.repeats.as_ref().and_then(|call| renamed.get(call).cloned()),
            // What a turn of this page left off cannot be gone on with from a file.
            Body::Note { remedy, .. } => *remedy = None,
            _ => {}
        }
    }
    // What stood in the place before the first item now follows the note.
    for parent in conversation.forks.values_mut().filter(|parent| **parent == ItemId::beginning()) {
        *parent = note.id.clone();
    }
    if conversation.tip == Some(ItemId::beginning()) {
        conversation.tip = Some(note.id.clone());
    }
    conversation.items.insert(0, note);
    conversation.restore(now);
    conversation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::tests::{card, chat};
    use crate::conversation::{Answer, CallState, Event};
    use serde_json::json;

    fn put(chat: &mut Conversation, id: &str, body: Body) {
        chat.apply(Event::Put(Item { id: id.into(), at: 1, body }), 1).unwrap();
    }

    fn exported() -> Conversation {
        let mut chat = chat();
        chat.accounts.insert("desk".into(), "desk~2".into());
        chat.chosen.choose("desk".into(), Some(["read".to_owned()].into()));
        put(&mut chat, "i1", Body::Said { text: "make a ticket".to_owned() });
        put(&mut chat, "i2", Body::Call(Box::new(card(CallState::Running))));
        chat
    }

    fn file(conversations: Value) -> String {
        json!({ "countersign": "0", "conversations": conversations }).to_string()
    }

    #[test]
    fn co22_an_exported_conversation_comes_back_and_nothing_of_it_acts() {
        let found = read(&file(json!([exported()]))).unwrap();
        assert_eq!(found, [exported()]);
        let note = Item { id: "note".into(), at: 5, body: Body::note("from a file") };
        let kept = adopt(exported(), "new".into(), note, 5, || "fresh".into());
        assert_eq!((kept.id.as_str(), kept.items.len(), kept.connectors.len()), ("new", 3, 0));
        let call = kept.calls().next().unwrap();
        assert_eq!((call.connector.as_str(), call.call.as_str()), ("imported:desk", "fresh"));
        assert!(call.state.ended(), "what the file says is running is not");
        assert_eq!(kept.path().len(), 3);
        assert!(kept.accounts.is_empty(), "no file chooses who acts");
        assert_eq!(kept.chosen, exported().chosen, "what was off stays off");
    }

    #[test]
    fn wi16_what_goes_back_to_a_provider_comes_from_no_file() {
        let mut from = exported();
        let kept = json!({ "wire": "anthropic", "base": "https://x.example", "model": "m", "pieces": [] });
        let answer = Answer { kept: Some(serde_json::from_value(kept).unwrap()), done: true, ..Answer::default() };
        put(&mut from, "i3", Body::Answer(answer));
        let note = Item { id: "note".into(), at: 5, body: Body::note("from a file") };
        let adopted = adopt(from, "new".into(), note, 5, || "fresh".into());
        assert!(matches!(&adopted.items[3].body, Body::Answer(answer) if answer.kept.is_none()));
    }

    #[test]
    fn co22_a_file_is_understood_as_a_whole_or_not_at_all() {
        let good = serde_json::to_value(exported()).unwrap();
        let with = |change: &dyn Fn(&mut Value)| {
            let mut bad = good.clone();
            change(&mut bad);
            read(&file(json!([good, bad])))
        };
        let broken = |found: Result<Vec<Conversation>, ImportError>| {
            assert!(matches!(found, Err(ImportError::Broken { at: 2, .. })), "{found:?}");
        };
        broken(with(&|bad| bad["items"][0]["body"]["kind"] = json!("script")));
        broken(with(&|bad| bad["items"][1]["id"] = json!("i1")));
        broken(with(&|bad| bad["items"][0]["id"] = json!("")));
        broken(with(&|bad| bad["items"] = json!("many")));
        broken(with(&|bad| {
            bad["items"][0]["body"] =
                json!({"kind": "file", "name": "a.png", "size": 1, "image": "A".repeat(5_000_000)});
        }));
        assert!(matches!(read("[]"), Err(ImportError::NotOurs(_))));
        assert!(matches!(read("{\"conversations\":[]}"), Err(ImportError::NotOurs(_))));
        assert_eq!(read(&file(json!([]))), Err(ImportError::Empty));
        assert!(matches!(read(&"[".repeat(300)), Err(ImportError::NotOurs(_))));
        assert_eq!(read(&" ".repeat(MAX_BYTES + 1)), Err(ImportError::TooLarge));
    }
}
