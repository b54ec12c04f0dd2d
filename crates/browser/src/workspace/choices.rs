//! Choices of a person: which single actions a chat uses, and those that have a name: the connectors, actions and pins of a
//! chat (tool sets, S084), and what an action is run with (argument sets). Kept on this device, each person's own; no value that looks like a secret is kept.

use chat::conversation::{Event, Pin};
use policy::{Chosen, ConnectorId, ConversationId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Workspace;
use crate::error::{Code, Error};
use crate::leaving;
use crate::store::{Op, Table};
use crate::view::Change;

/// The most sets of one kind that are kept.
const MAX_SETS: usize = 50;
/// Longest name of a set, in characters.
const NAME_CHARS: usize = 60;

/// A named choice of connectors and actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSet {
    /// Its name.
    pub name: String,
    /// The connectors that are active with it.
    pub connectors: Vec<ConnectorId>,
    /// The single actions that are used of them, where the person chose.
    #[serde(default, skip_serializing_if = "Chosen::is_empty")]
    pub chosen: Chosen,
    /// The actions that are pinned with it.
    #[serde(default)]
    pub pins: Vec<Pin>,
}

/// What an action was run with, under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArgumentSet {
    /// Its name.
    pub name: String,
    /// The arguments.
    pub values: Map<String, Value>,
}

impl Workspace {
    /// The person's tool sets, by name. Connectors that are gone are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tool_sets(&self) -> Result<Vec<ToolSet>, Error> {
        let mut sets: Vec<ToolSet> = self.kept_list(&self.tool_sets_key()).await?;
        let book = self.rulebook();
        for set in &mut sets {
            set.connectors.retain(|id| book.connector(id).is_ok());
            set.chosen.keep(|id| book.connector(id).is_ok());
            set.pins.retain(|pin| book.connector(&pin.connector).is_ok());
        }
        Ok(sets)
    }

    /// Keeps a choice under a name, in the place of one that has it. What was chosen of connectors that are not in it is left
    /// out.
    ///
    /// # Errors
    /// When the name is empty or too long, there are too many, or it cannot be kept.
    pub async fn keep_tool_set(&self, set: ToolSet) -> Result<(), Error> {
        let _change = leaving::change();
        let mut sets = self.tool_sets().await?;
        let mut set = ToolSet { name: named(&set.name)?, ..set };
        set.chosen.keep(|id| set.connectors.contains(id));
        put(&mut sets, set, |one| one.name.clone())?;
        self.keep_list(&self.tool_sets_key(), &sets).await
    }

    /// Gives a tool set another name.
    ///
    /// # Errors
    /// When there is none, the name is taken or none, or it cannot be kept.
    pub async fn rename_tool_set(&self, name: &str, to: &str) -> Result<(), Error> {
        let _change = leaving::change();
        let to = named(to)?;
        let mut sets = self.tool_sets().await?;
        if to != name && sets.iter().any(|set| set.name == to) {
            return Err(
                Error::new(Code::Invalid, format!("there is a tool set `{to}` already")).hint("choose another name")
            );
        }
        let set = sets.iter_mut().find(|set| set.name == name).ok_or_else(|| Error::not_found("tool set", name))?;
        set.name = to;
        sets.sort_by(|a, b| a.name.cmp(&b.name));
        self.keep_list(&self.tool_sets_key(), &sets).await
    }

    /// Forgets a tool set.
    ///
    /// # Errors
    /// When it cannot be kept so.
    pub async fn forget_tool_set(&self, name: &str) -> Result<(), Error> {
        let _change = leaving::change();
        let mut sets = self.tool_sets().await?;
        sets.retain(|set| set.name != name);
        self.keep_list(&self.tool_sets_key(), &sets).await
    }

    /// Chooses what a tool set says for a conversation. What the person may not use stays out of reach as before.
    ///
    /// # Errors
    /// When there is no such conversation, or another tab runs something in it.
    pub async fn apply_tool_set(&self, id: &ConversationId, set: &ToolSet) -> Result<(), Error> {
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        self.set_active(id, set.connectors.clone()).await?;
        self.choose(id, set.chosen.clone()).await?;
        self.pin(id, set.pins.clone()).await
    }

    /// Chooses the single actions that a conversation uses, from the next call on; what is on its way is held to it as well.
    ///
    /// # Errors
    /// When there is no such conversation, or another tab runs something in it: that one would not hear of the choice,
    /// and would undo it.
    pub async fn choose(&self, id: &ConversationId, chosen: Chosen) -> Result<(), Error> {
        self.acting()?;
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        self.apply(id, Event::Chosen { chosen });
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// The actions that are always offered in a conversation.
    pub fn pins(&self, id: &ConversationId) -> Vec<Pin> {
        self.0.records.borrow().get(id).map(|record| record.conversation.pins.clone()).unwrap_or_default()
    }

    /// Chooses the actions that are always offered in a conversation, also where the others are searched for.
    ///
    /// # Errors
    /// When there is no such conversation, or another tab runs something in it.
    pub async fn pin(&self, id: &ConversationId, pins: Vec<Pin>) -> Result<(), Error> {
        self.acting()?;
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        let mut pins = pins;
        pins.sort();
        pins.dedup();
        self.apply(id, Event::Pins { pins });
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// What an action was run with before, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn argument_sets(&self, connector: &ConnectorId, action: &str) -> Result<Vec<ArgumentSet>, Error> {
        self.kept_list(&self.arguments_key(connector, action)).await
    }

    /// Keeps arguments of an action under a name, in the place of those that have it. What looks like a secret, by its
    /// value or by its name, is left out; gives the names of what was.
    ///
    /// # Errors
    /// When the name is empty or too long, there are too many, or they cannot be kept.
    pub async fn keep_arguments(
        &self,
        connector: &ConnectorId,
        action: &str,
        set: ArgumentSet,
    ) -> Result<Vec<String>, Error> {
        let _change = leaving::change();
        let name = named(&set.name)?;
        let is_secret = |name: &str, value: &Value| {
            policy::secrets::names_a_secret(name) || policy::secrets::mask_value(value) != *value
        };
        let (left_out, values): (Vec<_>, Vec<_>) =
            set.values.into_iter().partition(|(name, value)| is_secret(name, value));
        let mut sets = self.argument_sets(connector, action).await?;
        put(&mut sets, ArgumentSet { name, values: values.into_iter().collect() }, |one| one.name.clone())?;
        self.keep_list(&self.arguments_key(connector, action), &sets).await?;
        Ok(left_out.into_iter().map(|(name, _)| name).collect())
    }

    /// Forgets arguments that were kept.
    ///
    /// # Errors
    /// When it cannot be kept so.
    pub async fn forget_arguments(&self, connector: &ConnectorId, action: &str, name: &str) -> Result<(), Error> {
        let _change = leaving::change();
        let mut sets = self.argument_sets(connector, action).await?;
        sets.retain(|set| set.name != name);
        self.keep_list(&self.arguments_key(connector, action), &sets).await
    }

    fn tool_sets_key(&self) -> String {
        format!("tool-sets:{}", self.me())
    }

    fn arguments_key(&self, connector: &ConnectorId, action: &str) -> String {
        format!("arguments:{}:{connector}:{action}", self.me())
    }

    async fn kept_list<T: for<'a> Deserialize<'a>>(&self, key: &str) -> Result<Vec<T>, Error> {
        self.alive()?;
        let text = self.0.store.get(Table::Settings, key).await?;
        // What cannot be read is a convenience that is gone, and no reason to stop.
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    async fn keep_list<T: Serialize>(&self, key: &str, list: &[T]) -> Result<(), Error> {
        self.acting()?;
        let op = match list.is_empty() {
            true => Op::Delete(Table::Settings, key.to_owned()),
            false => {
                let text = serde_json::to_string(list).map_err(|error| Error::new(Code::Invalid, error.to_string()))?;
                Op::Put(Table::Settings, key.to_owned(), text)
            }
        };
        Ok(self.0.store.write(vec![op]).await?)
    }
}

/// A name as it is kept.
fn named(name: &str) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => Err(Error::new(Code::Invalid, "the set needs a name").hint("type one")),
        count if count > NAME_CHARS => {
            Err(Error::new(Code::Invalid, format!("the name is longer than {NAME_CHARS} characters"))
                .hint("shorten it"))
        }
        _ => Ok(name),
    }
}

/// Puts a set among the others, in the place of one with its name, in the order of their names.
fn put<T>(sets: &mut Vec<T>, set: T, name: impl Fn(&T) -> String) -> Result<(), Error> {
    let own = name(&set);
    sets.retain(|one| name(one) != own);
    if sets.len() >= MAX_SETS {
        return Err(Error::new(Code::Invalid, format!("there are {MAX_SETS} sets already")).hint("delete one first"));
    }
    sets.push(set);
    sets.sort_by_key(name);
    Ok(())
}
