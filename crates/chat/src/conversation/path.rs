//! The way through a conversation in which something was said in more than one way.
//!
//! Items stay in the list in the order in which they happened, and none is ever taken out: an edited message is a new
//! item. Where an item does not follow the one before it in the list, [`Conversation::forks`] says what it follows. What
//! is shown, and what a model is told, is the way from the beginning to [`Conversation::tip`].

use super::{Body, Conversation, Event, Item, ItemId};
use policy::ConversationId;
use std::collections::BTreeMap;

impl ItemId {
    /// Stands for the place before the first item.
    pub fn beginning() -> Self {
        Self(String::new())
    }
}

impl Conversation {
    /// What was said and done on the way that is shown, oldest first.
    pub fn path(&self) -> Vec<&Item> {
        if self.tip.is_none() && self.forks.is_empty() {
            return self.items.iter().collect();
        }
        let parents = self.parents();
        let mut at = match &self.tip {
            None => self.items.len().checked_sub(1),
            Some(tip) => self.place(tip),
        };
        let mut path = Vec::new();
        while let Some(here) = at {
            path.extend(self.items.get(here));
            at = parents.get(here).copied().flatten();
        }
        path.reverse();
        path
    }

    /// The versions of something that was said, oldest first, itself among them; one where it was never edited.
    pub fn versions(&self, id: &ItemId) -> Vec<ItemId> {
        let parents = self.parents();
        let Some(parent) = self.place(id).and_then(|at| parents.get(at)) else { return Vec::new() };
        let said = |item: &Item| matches!(item.body, Body::Said { .. });
        let all = self.items.iter().zip(&parents);
        all.filter(|(item, other)| *other == parent && said(item)).map(|(item, _)| item.id.clone()).collect()
    }

    /// What an item follows: the id of that item, or [`ItemId::beginning`]. None where there is no such item.
    pub fn before(&self, id: &ItemId) -> Option<ItemId> {
        let at = self.place(id)?;
        let parent = self.parents().get(at).copied().flatten();
        Some(parent.and_then(|at| self.items.get(at)).map_or_else(ItemId::beginning, |item| item.id.clone()))
    }

    /// Where the way through an item ended that was gone last.
    pub fn latest(&self, id: &ItemId) -> Option<ItemId> {
        let parents = self.parents();
        let mut at = self.place(id)?;
        // Whatever follows an item stands behind it in the list, so this ends.
        while let Some(next) = parents.iter().rposition(|parent| *parent == Some(at)).filter(|next| *next > at) {
            at = next;
        }
        self.items.get(at).map(|item| item.id.clone())
    }

    /// A conversation of its own that begins with everything on the way to an item, and with that. What was under way is
    /// over in it, and nobody's permission goes with it. None where there is no such item.
    pub fn branch(&self, at: &ItemId, id: ConversationId, now: u64) -> Option<Conversation> {
        let mut along = self.clone();
        along.tip = Some(self.place(at).and_then(|at| self.items.get(at))?.id.clone());
        let mut branch = Conversation::new(id, self.connectors.clone(), now);
        branch.items = along.path().into_iter().cloned().collect();
        branch.title = format!("{} (branch)", self.title);
        branch.renamed = true;
        branch.mind = self.mind.clone();
        // What holds here holds there: a branch of a chat that only reads does not begin to write.
        (branch.mode, branch.calls_allowed) = (self.mode, self.calls_allowed);
        branch.pins = self.pins.clone();
        branch.chosen = self.chosen.clone();
        // Nothing acts in the place of what was chosen, here either.
        branch.accounts = self.accounts.clone();
        branch.restore(now);
        Some(branch)
    }

    /// What was said last on the way that is shown.
    pub fn last_said(&self) -> Option<&str> {
        self.path().into_iter().rev().find_map(|item| match &item.body {
            Body::Said { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// Puts a new item at the end of the way that is shown.
    pub(super) fn append(&mut self, item: Item) {
        if let (Some(tip), Some(last)) = (self.tip.take(), self.items.last())
            && last.id != tip
        {
            self.forks.insert(item.id.clone(), tip);
        }
        self.items.push(item);
    }

    /// From now on the way ends here.
    pub(super) fn go_to(&mut self, tip: ItemId) {
        self.tip = self.items.last().is_none_or(|last| last.id != tip).then_some(tip);
    }

    fn place(&self, id: &ItemId) -> Option<usize> {
        self.items.iter().position(|item| item.id == *id)
    }

    /// What each item follows, by position.
    fn parents(&self) -> Vec<Option<usize>> {
        let places: BTreeMap<&ItemId, usize> = match self.forks.is_empty() {
            true => BTreeMap::new(),
            false => self.items.iter().enumerate().map(|(at, item)| (&item.id, at)).collect(),
        };
        let parent = |(at, item): (usize, &Item)| match self.forks.get(&item.id) {
            // A record that names a later item, or none, is read as one that begins there.
            Some(parent) => places.get(parent).copied().filter(|parent| *parent < at),
            None => at.checked_sub(1),
        };
        self.items.iter().enumerate().map(parent).collect()
    }
}

impl Event {
    /// The way that goes through an item, as far as it was gone.
    pub fn to_version(conversation: &Conversation, item: &ItemId) -> Option<Event> {
        conversation.latest(item).map(|tip| Event::Tip { tip })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::tests::chat;
    use policy::Mode;

    fn say(chat: &mut Conversation, id: &str) {
        let item = Item { id: id.into(), at: 0, body: Body::Said { text: format!("said {id}") } };
        chat.apply(Event::Put(item), 0).unwrap();
    }

    fn shown(chat: &Conversation) -> String {
        chat.path().iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn edit(chat: &mut Conversation, old: &str, new: &str) {
        let tip = chat.before(&old.into()).unwrap();
        chat.apply(Event::Tip { tip }, 0).unwrap();
        say(chat, new);
    }

    fn go(chat: &mut Conversation, id: &str) {
        let event = Event::to_version(chat, &id.into()).unwrap();
        chat.apply(event, 0).unwrap();
    }

    #[test]
    fn co20_an_edited_message_begins_a_branch_and_nothing_is_lost() {
        let mut chat = chat();
        for id in ["a", "b", "c"] {
            say(&mut chat, id);
        }
        edit(&mut chat, "b", "b2");
        assert_eq!(shown(&chat), "a b2");
        say(&mut chat, "d");
        assert_eq!(shown(&chat), "a b2 d");
        assert_eq!(chat.versions(&"b2".into()), ["b".into(), "b2".into()]);
        go(&mut chat, "b");
        assert_eq!(shown(&chat), "a b c");
        say(&mut chat, "e");
        assert_eq!(shown(&chat), "a b c e");
        go(&mut chat, "b2");
        assert_eq!(shown(&chat), "a b2 d");
        // The first message has versions too.
        edit(&mut chat, "a", "a2");
        assert_eq!((shown(&chat).as_str(), chat.versions(&"a".into()).len()), ("a2", 2));
        go(&mut chat, "a");
        assert_eq!(shown(&chat), "a b2 d", "the way that was gone last");
        assert_eq!(chat.items.len(), 7);
    }

    #[test]
    fn co20_a_record_with_branches_is_read_as_it_was_kept_and_one_without_as_before() {
        let mut chat = chat();
        for id in ["a", "b"] {
            say(&mut chat, id);
        }
        let plain = serde_json::to_string(&chat).unwrap();
        assert!(
            !plain.contains("forks") && !plain.contains("tip") && !plain.contains("pins") && !plain.contains("chosen"),
            "{plain}"
        );
        edit(&mut chat, "b", "b2");
        go(&mut chat, "b");
        let again: Conversation = serde_json::from_str(&serde_json::to_string(&chat).unwrap()).unwrap();
        assert_eq!((&again, shown(&again).as_str()), (&chat, "a b"));
        // A record that was tampered with is shown, and nothing runs in circles.
        let mut odd = chat.clone();
        odd.forks.insert("a".into(), "b2".into());
        odd.forks.insert("b2".into(), "nowhere".into());
        assert_eq!(shown(&odd), "a b");
    }

    #[test]
    fn co21_a_branch_of_its_own_has_the_way_to_its_item_and_no_more() {
        let mut chat = chat();
        for id in ["a", "b", "c"] {
            say(&mut chat, id);
        }
        edit(&mut chat, "b", "b2");
        chat.accounts.insert("tracker".into(), "tracker~2".into());
        chat.chosen.choose("tracker".into(), Some(["find".to_owned()].into()));
        chat.apply(Event::Mode { mode: Mode::Research, calls_allowed: Some(5) }, 5).unwrap();
        let branch = chat.branch(&"b".into(), "other".into(), 9).unwrap();
        assert_eq!((shown(&branch).as_str(), branch.created_at), ("a b", 9));
        assert_eq!(branch.accounts, chat.accounts, "it acts as the accounts that were chosen");
        assert_eq!(branch.chosen, chat.chosen, "and what is off stays off");
        assert_eq!((branch.mode, branch.calls_allowed), (Mode::Research, Some(5)), "it limits itself as this one does");
        assert_eq!(chat.branch(&"none".into(), "other".into(), 9), None);
    }
}
