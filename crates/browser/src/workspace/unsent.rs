//! What was attached to a message that is not sent yet. It stays with what was typed, until it is sent or taken off: on
//! this device, for the person who attached it.

use chat::conversation::File;
use policy::ConversationId;
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use super::material::{MAX_ATTACHED, Wish};
use crate::error::Error;
use crate::leaving;
use crate::store::{Op, Table};

/// What goes with a message once it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// The person's files, as they were when they were chosen.
    #[serde(default)]
    pub files: Vec<File>,
    /// Resources, which are read when it is sent.
    #[serde(default)]
    pub attached: Vec<Wish>,
}

/// [`Unsent`] as it is written: pictures have megabytes and are not copied for that.
#[derive(Serialize)]
struct Written<'a> {
    files: Vec<&'a File>,
    attached: &'a [Wish],
}

impl Workspace {
    /// What was attached in a conversation, or on the page of a new one, and not sent. Resources of connectors that are
    /// gone are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn unsent(&self, id: Option<&ConversationId>) -> Result<Unsent, Error> {
        self.alive()?;
        let text = self.0.store.get(Table::Settings, &self.unsent_key(id)).await?;
        // What cannot be read is a convenience that is gone, and no reason to stop.
        let mut unsent: Unsent = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let book = self.rulebook();
        unsent.attached.retain(|wish| book.connector(&wish.connector).is_ok());
        unsent.files.truncate(MAX_ATTACHED);
        unsent.attached.truncate(MAX_ATTACHED);
        Ok(unsent)
    }

    /// Keeps that, soon; nothing of both forgets it. One that is kept later is what counts.
    pub fn keep_unsent<'a>(
        &self,
        id: Option<&ConversationId>,
        files: impl IntoIterator<Item = &'a File>,
        attached: &[Wish],
    ) {
        let (change, key) = (leaving::change(), self.unsent_key(id));
        let written = Written { files: files.into_iter().collect(), attached };
        let op = match (written.files.is_empty() && attached.is_empty(), serde_json::to_string(&written)) {
            (false, Ok(text)) => Op::Put(Table::Settings, key, text),
            _ => Op::Delete(Table::Settings, key),
        };
        let workspace = self.clone();
        spawn_local(async move {
            if let Err(error) = workspace.0.store.write(vec![op]).await {
                workspace.storage_failed(&error);
            }
            drop(change);
        });
    }

    /// Where that is kept.
    pub(super) fn unsent_key(&self, id: Option<&ConversationId>) -> String {
        format!("unsent:{}:{}", self.me(), id.map_or("new", ConversationId::as_str))
    }
}
