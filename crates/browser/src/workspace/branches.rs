//! Other ways through a conversation: an edited message, a branch of its own, a conversation from a file.

use chat::conversation::{Body, Conversation, Event, Item, ItemId};
use chat::import;
use policy::{CallId, ConversationId};
use serde_json::json;

use super::Workspace;
use super::conversations::{HEAD, Record};
use super::masked::masked_conversation;
use crate::error::{Code, Error};
use crate::time::{new_id, now};
use crate::view::Change;

impl Workspace {
    /// Says something else in the place of what was said: a branch begins there, and what was is kept beside it. What was
    /// attached to the message goes on to be.
    ///
    /// # Errors
    /// When there is no such message, something runs in the conversation, or the text is empty.
    pub fn say_instead(&self, id: &ConversationId, item: &ItemId, text: &str) -> Result<(), Error> {
        self.standing_still(id)?;
        if text.trim().is_empty() {
            return Err(Error::new(Code::Invalid, "there is nothing to say yet").hint("type what you want done"));
        }
        self.not_elsewhere(id)?;
        let before = {
            let records = self.0.records.borrow();
            let said = records.get(id).map(|record| &record.conversation).filter(|conversation| {
                conversation.item(item).is_some_and(|item| matches!(item.body, Body::Said { .. }))
            });
            said.and_then(|conversation| {
                Some((conversation.before(item)?, conversation.tip.clone(), conversation.items.last()?.id.clone()))
            })
        };
        let (before, tip, last) = before.ok_or_else(|| Error::not_found("message", item.as_str()))?;
        self.apply(id, Event::Tip { tip: before });
        if let Err(error) = self.say(id, text) {
            self.apply(id, Event::Tip { tip: tip.unwrap_or(last) });
            return Err(error);
        }
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// The versions of a message, oldest first, itself among them.
    pub fn versions(&self, id: &ConversationId, item: &ItemId) -> Vec<ItemId> {
        self.0.records.borrow().get(id).map(|record| record.conversation.versions(item)).unwrap_or_default()
    }

    /// Shows the way that goes through a version of a message, as far as it was gone.
    ///
    /// # Errors
    /// When there is none, or something runs in the conversation, here or in another tab.
    pub fn show_version(&self, id: &ConversationId, item: &ItemId) -> Result<(), Error> {
        self.standing_still(id)?;
        self.not_elsewhere(id)?;
        let event = {
            let records = self.0.records.borrow();
            records.get(id).and_then(|record| Event::to_version(&record.conversation, item))
        };
        self.apply(id, event.ok_or_else(|| Error::not_found("message", item.as_str()))?);
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// A conversation of its own that begins with everything up to an item. What was remembered as allowed stays behind.
    ///
    /// # Errors
    /// When there is no such item.
    pub async fn branch_conversation(&self, id: &ConversationId, item: &ItemId) -> Result<ConversationId, Error> {
        self.acting()?;
        let from = self.conversation(id).await?;
        let new = ConversationId::from(new_id("c"));
        let branch = from.branch(item, new.clone(), now()).ok_or_else(|| Error::not_found("message", item.as_str()))?;
        self.put_new(branch).await;
        Ok(new)
    }

    /// One conversation as the text of a file, in the form of the export of everything. What looks like a secret is masked.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn export_conversation(&self, id: &ConversationId) -> Result<String, Error> {
        self.alive()?;
        let conversation = self.conversation(id).await?;
        let export = json!({
            "countersign": env!("CARGO_PKG_VERSION"),
            "exportedAt": now(),
            "leftOut": "texts that look like a token or key are masked",
            "conversations": [masked_conversation(conversation)],
        });
        serde_json::to_string_pretty(&export)
            .map_err(|error| Error::new(Code::Invalid, format!("the export cannot be written: {error}")))
    }

    /// Takes conversations out of a file, each under a new id. Nothing in them runs or reaches a server: see
    /// [`chat::import`]. Gives their ids in the order of the file.
    ///
    /// # Errors
    /// When the file is not one that this page wrote; then nothing is taken.
    pub async fn import_conversations(&self, text: &str) -> Result<Vec<ConversationId>, Error> {
        self.acting()?;
        let found = read_file(text)?;
        let mut ids = Vec::with_capacity(found.len());
        for from in found {
            let id = ConversationId::from(new_id("c"));
            let text = "This conversation was imported from a file. What it says was done was not checked here, and its calls reach no connector.";
            let note = Item { id: new_id("i").into(), at: now(), body: Body::note(text) };
            self.put_new(import::adopt(from, id.clone(), note, now(), || CallId::from(new_id("call")))).await;
            ids.push(id);
        }
        Ok(ids)
    }

    /// Keeps a conversation that was not there before.
    async fn put_new(&self, conversation: Conversation) {
        let (id, items) = (conversation.id.clone(), conversation.items.len());
        self.set_head(&conversation);
        self.0.records.borrow_mut().insert(id.clone(), Record { conversation });
        self.soil(&id, HEAD);
        for at in 0..items {
            self.soil(&id, at);
        }
        self.settle(&id).await;
        self.0.events.tell(Change::Conversations);
    }

    fn standing_still(&self, id: &ConversationId) -> Result<(), Error> {
        self.acting()?;
        match self.is_running(id) {
            true => Err(Error::new(Code::Busy, "an answer is still coming").hint("wait for it, or stop it")),
            false => Ok(()),
        }
    }
}

/// The conversations of a file, for a look at them before anything is taken.
///
/// # Errors
/// When the file is not one that this page wrote.
pub fn read_file(text: &str) -> Result<Vec<Conversation>, Error> {
    import::read(text).map_err(|error| {
        Error::new(Code::Invalid, error.to_string()).hint("choose a file that “Export” made; nothing was imported")
    })
}
