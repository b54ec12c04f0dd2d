//! Language models: which there are, which is chosen, and their keys.
//!
//! A key is a secret of `secrets`, never a part of the configuration, and goes to the model's own base URL and
//! nowhere else: a changed base URL loses the key (X130).

use chat::conversation::{DIRECT, Event};
use chat::model::{Endpoint, ModelError, Request as ModelRequest, Wire, built_in, presets, refusal};
use policy::{ConversationId, DomainUse};
use serde_json::Value;

use super::Workspace;
use crate::error::{Code, Error};
use crate::fetch::{Failure, Request};
use crate::leaving;
use crate::store::{Op, Table};
use crate::tabs::News;
use crate::time::new_id;
use crate::view::{Change, ModelConfig};

pub(crate) const CHOSEN: &str = "chosen-model";

/// Why nobody answers where the model was removed.
pub(super) const GONE: &str = "the model that answered here was removed";

/// What answers in a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Mind {
    /// Direct mode.
    Direct,
    /// A model.
    Model(Box<ModelConfig>),
    /// The model that was chosen for it is gone. Nobody answers until the person chooses: another provider would be told
    /// what was meant for the first.
    Gone,
}

impl Mind {
    /// The model, where it is one.
    pub fn model(self) -> Option<ModelConfig> {
        match self {
            Mind::Model(model) => Some(*model),
            Mind::Direct | Mind::Gone => None,
        }
    }
}

impl Workspace {
    /// The configured models, in the order in which they were added.
    pub fn models(&self) -> Vec<ModelConfig> {
        self.0.models.borrow().clone()
    }

    /// The id of the chosen model; none means direct mode.
    pub fn chosen_model(&self) -> Option<String> {
        self.0.chosen_model.borrow().clone()
    }

    /// Adds or changes a model. `key` none leaves the stored key alone, unless the base URL changed.
    ///
    /// # Errors
    /// When the base URL cannot be used, a name is missing, or it cannot be kept.
    pub async fn save_model(&self, config: ModelConfig, key: Option<String>) -> Result<String, Error> {
        self.alive()?;
        let mut config = config;
        config.name = config.name.trim().to_owned();
        config.model = config.model.trim().to_owned();
        config.base_url = config.base_url.trim().to_owned();
        if config.model.is_empty() {
            return Err(
                Error::new(Code::Invalid, "the model needs its name at the provider").hint("for example `llama3.2`")
            );
        }
        if config.name.is_empty() {
            config.name = config.model.clone();
        }
        if config.wire == Wire::BuiltIn {
            (config.base_url, config.key) = (built_in::PLACE.to_owned(), None);
        } else {
            self.check_model_url(&config.base_url)?;
        }
        if config.id.is_empty() {
            config.id = new_id("model");
        }
        let _change = leaving::change();
        let moved = self.model(&config.id).is_some_and(|old| old.base_url != config.base_url);
        match (config.key, key.filter(|key| !key.trim().is_empty())) {
            (Some(keep), Some(key)) => {
                config.key = Some(self.0.secrets.put(&key_secret(&config.id), key.trim(), keep).await?);
                self.tell_secret(&key_secret(&config.id));
            }
            (None, _) => self.forget_key(&config.id).await?,
            (Some(_), None) if moved => self.forget_key(&config.id).await?,
            (Some(keep), None) => {
                // Kept longer or shorter than before, with the value it has.
                if let Some(key) = self.0.secrets.get(&key_secret(&config.id)).await? {
                    config.key = Some(self.0.secrets.put(&key_secret(&config.id), &key, keep).await?);
                }
            }
        }
        let text = serde_json::to_string(&config).map_err(|error| Error::new(Code::Invalid, error.to_string()))?;
        self.keep_models(vec![Op::Put(Table::Models, config.id.clone(), text)]).await?;
        let id = config.id.clone();
        {
            let mut models = self.0.models.borrow_mut();
            match models.iter_mut().find(|model| model.id == id) {
                Some(model) => *model = config,
                None => models.push(config),
            }
        }
        self.models_changed();
        Ok(id)
    }

    /// Removes a model with its key.
    ///
    /// # Errors
    /// When there is none, or it cannot be removed from the store.
    pub async fn remove_model(&self, id: &str) -> Result<(), Error> {
        self.alive()?;
        self.model(id).ok_or_else(|| Error::not_found("model", id))?;
        self.forget_key(id).await?;
        let mut ops = vec![Op::Delete(Table::Models, id.to_owned())];
        let chosen = self.chosen_model().as_deref() == Some(id);
        if chosen {
            ops.push(Op::Delete(Table::Settings, CHOSEN.to_owned()));
        }
        self.keep_models(ops).await?;
        if chosen {
            *self.0.chosen_model.borrow_mut() = None;
        }
        self.0.models.borrow_mut().retain(|model| model.id != id);
        self.models_changed();
        Ok(())
    }

    /// Chooses the model that answers; none chooses direct mode.
    ///
    /// # Errors
    /// When there is none, or it cannot be kept.
    pub async fn choose_model(&self, id: Option<&str>) -> Result<(), Error> {
        self.alive()?;
        let op = match id {
            Some(id) => {
                self.model(id).ok_or_else(|| Error::not_found("model", id))?;
                Op::Put(Table::Settings, CHOSEN.to_owned(), Value::from(id).to_string())
            }
            None => Op::Delete(Table::Settings, CHOSEN.to_owned()),
        };
        self.keep_models(vec![op]).await?;
        *self.0.chosen_model.borrow_mut() = id.map(str::to_owned);
        self.models_changed();
        Ok(())
    }

    /// Chooses what answers in one conversation: a model, [`DIRECT`], or none for what answers everywhere.
    ///
    /// # Errors
    /// When there is no such conversation or model, or another tab runs something in it.
    pub async fn choose_mind(&self, id: &ConversationId, mind: Option<String>) -> Result<(), Error> {
        self.conversation(id).await?;
        self.not_elsewhere(id)?;
        if let Some(model) = mind.as_deref().filter(|mind| *mind != DIRECT) {
            self.model(model).ok_or_else(|| Error::not_found("model", model))?;
        }
        self.apply(id, Event::Mind { mind });
        self.0.events.tell(Change::Conversation { id: id.clone() });
        Ok(())
    }

    /// What answers in a conversation: what was chosen for it, or what answers everywhere.
    pub fn mind_of(&self, id: &ConversationId) -> Mind {
        let own = self.0.records.borrow().get(id).and_then(|record| record.conversation.mind.clone());
        let model = |id: &str| self.model(id).map(|model| Mind::Model(Box::new(model)));
        match own.as_deref() {
            Some(DIRECT) => Mind::Direct,
            Some(own) => model(own).unwrap_or(Mind::Gone),
            None => self.chosen_model().and_then(|id| model(&id)).unwrap_or(Mind::Direct),
        }
    }

    /// Whether the key of a model is still there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_key(&self, id: &str) -> Result<bool, Error> {
        Ok(self.0.secrets.get(&key_secret(id)).await?.is_some())
    }

    pub(crate) fn model(&self, id: &str) -> Option<ModelConfig> {
        self.0.models.borrow().iter().find(|model| model.id == id).cloned()
    }

    /// The request of a turn with its key.
    ///
    /// # Errors
    /// When the model was moved or removed since the turn began: its key belongs to another address now (X130).
    pub(crate) async fn model_request(&self, model: &ModelConfig, request: ModelRequest) -> Result<Request, Error> {
        if self.model(&model.id).is_none_or(|now| now.base_url != model.base_url) {
            return Err(Error::new(Code::Model, "the model was changed during the turn").hint("say it again"));
        }
        self.may_ask(&model.base_url).map_err(|why| model_error(&why))?;
        let key = self.0.secrets.get(&key_secret(&model.id)).await?;
        Ok(with_key(model.wire, request, key.as_deref()))
    }

    /// The key to try a configuration with: the one just typed, or the kept one as long as the address is its own.
    pub(super) async fn key_for(&self, config: &ModelConfig, typed: Option<&str>) -> Result<Option<String>, Error> {
        match (typed.map(str::trim).filter(|key| !key.is_empty()), config.key) {
            (Some(key), _) => Ok(Some(key.to_owned())),
            (None, Some(_)) if self.model(&config.id).is_some_and(|known| known.base_url == config.base_url) => {
                Ok(self.0.secrets.get(&key_secret(&config.id)).await?)
            }
            _ => Ok(None),
        }
    }

    pub(crate) async fn load_models(&self) -> Result<(), Error> {
        let records = self.0.store.all(Table::Models).await?;
        // The browser's own model is there only where the browser has one, also when another browser had it.
        let there = |model: &ModelConfig| model.wire != Wire::BuiltIn || crate::built_in::exists();
        let models = records.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()).filter(there).collect();
        let chosen = self.0.store.get(Table::Settings, CHOSEN).await?;
        let chosen = chosen.and_then(|text| serde_json::from_str::<String>(&text).ok());
        *self.0.models.borrow_mut() = models;
        *self.0.chosen_model.borrow_mut() = chosen.filter(|id| self.model(id).is_some());
        Ok(())
    }

    async fn forget_key(&self, id: &str) -> Result<(), Error> {
        self.0.secrets.remove(&key_secret(id)).await?;
        self.tell_secret(&key_secret(id));
        Ok(())
    }

    /// A model may be on this machine: that is where many of them run, and it is the person's own choice, not a
    /// server's. It must be encrypted anywhere else.
    pub(super) fn check_model_url(&self, base_url: &str) -> Result<(), Error> {
        let wrong = |why: String| {
            Error::new(Code::Address, why)
                .hint("for example `https://api.example.com/v1` or `http://localhost:11434/v1`")
        };
        let url = web_sys::Url::new(base_url.trim()).map_err(|_| wrong(format!("`{base_url}` is not an address")))?;
        if !url.username().is_empty() || !url.password().is_empty() {
            return Err(wrong("the address must not carry a user name or password".to_owned()));
        }
        let here = matches!(url.hostname().as_str(), "localhost" | "127.0.0.1" | "[::1]");
        match url.protocol().as_str() {
            "https:" => {}
            "http:" if here => {}
            "http:" => return Err(wrong(format!("`{}` is not encrypted; use https:", url.host()))),
            other => return Err(wrong(format!("`{other}` cannot be used here; use https:"))),
        }
        self.may_ask(base_url).map_err(|why| model_error(&why))
    }

    /// Whether the workspace lets people ask a model at this address (X130). The browser's own model is asked at none.
    ///
    /// # Errors
    /// [`ModelError::NotListed`], with who can change that.
    pub(super) fn may_ask(&self, base_url: &str) -> Result<(), ModelError> {
        // What is no address is told by whoever checks addresses, and reaches nothing.
        let Ok(url) = web_sys::Url::new(base_url.trim()) else { return Ok(()) };
        let (book, host) = (self.rulebook(), url.host());
        if book.may_reach_host(DomainUse::Models, &host).is_ok() {
            return Ok(());
        }
        let own = book.member(&self.me()).is_ok_and(|me| book.may_set_workspace(me).is_ok());
        let names = || book.admins().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        Err(ModelError::NotListed { host, who: if own { String::new() } else { names() } })
    }

    async fn keep_models(&self, ops: Vec<Op>) -> Result<(), Error> {
        let _change = leaving::change();
        match self.0.store.write(ops).await {
            Ok(()) => {
                self.storage_works();
                Ok(())
            }
            Err(error) => {
                self.storage_failed(&error);
                Err(error.into())
            }
        }
    }

    fn models_changed(&self) {
        self.0.events.tell(Change::Models);
        self.tell_tabs(&News::Models);
    }
}

fn key_secret(id: &str) -> String {
    format!("model:{id}")
}

/// The headers of a request, with the key where there is one.
pub(super) fn headers(wire: Wire, headers: Vec<(String, String)>, key: Option<&str>) -> Vec<(String, String)> {
    let mut headers = headers;
    headers.extend(key.filter(|key| !key.is_empty()).map(|key| wire.key_header(key)));
    headers
}

pub(super) fn with_key(wire: Wire, request: ModelRequest, key: Option<&str>) -> Request {
    Request {
        method: "POST".to_owned(),
        url: request.url,
        headers: headers(wire, request.headers, key),
        body: Some(request.body.into_bytes()),
        timeout: None,
    }
}

/// What lets this page in at an endpoint, where that is a setting.
pub(super) fn lets_in(config: &ModelConfig) -> Option<String> {
    let origin = crate::time::global("location").and_then(|location| {
        js_sys::Reflect::get(&location, &"origin".into()).ok().and_then(|origin| origin.as_string())
    });
    let words = presets::of(&config.preset)?.lets_in?;
    Some(words.replace("{origin}", origin.as_deref().unwrap_or("https://this-page.example")))
}

pub(super) fn refused(endpoint: &Endpoint, status: u16, body: &[u8]) -> ModelError {
    refusal::refused(endpoint, status, None, &String::from_utf8_lossy(body))
}

pub(super) fn unreachable(endpoint: &Endpoint, failure: &Failure) -> Option<Error> {
    let host = endpoint.host();
    match failure {
        Failure::Timeout(_) => {
            Some(Error::new(Code::Timeout, format!("`{host}` did not answer in time")).hint("try again"))
        }
        Failure::Redirected => Some(
            Error::new(Code::Network, format!("`{host}` redirected the request, and redirects are not followed"))
                .hint("enter the address it leads to"),
        ),
        Failure::Network(_) | Failure::Unsendable(_) => None,
    }
}

pub(super) fn model_error(error: &ModelError) -> Error {
    let out = Error::new(Code::Model, error.to_string());
    match error.hint() {
        Some(hint) => out.hint(hint),
        None => out,
    }
}
