//! Language models: which there are, which is chosen, and whether one works.
//!
//! A key is a secret of `secrets`, never a part of the configuration, and goes to the model's own base URL and
//! nowhere else: a changed base URL loses the key (X130).

use chat::model::openai_chat::{Endpoint, Request as ModelRequest, Stream};
use chat::model::{Delta, Message};
use serde_json::Value;

use super::Workspace;
use crate::error::{Code, Error};
use crate::fetch::{Failure, Request};
use crate::store::{Op, Table};
use crate::tabs::News;
use crate::time::{monotonic, new_id};
use crate::view::{Change, ModelConfig, ModelTest};

pub(crate) const CHOSEN: &str = "chosen-model";
/// How long a test or a list may take, in milliseconds.
const PATIENCE: u64 = 60_000;
/// Bytes of an answer that is read whole.
const MAX_ANSWER: usize = 4 << 20;

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
        self.check_model_url(&config.base_url)?;
        if config.id.is_empty() {
            config.id = new_id("model");
        }
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

    /// Whether the key of a model is still there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_key(&self, id: &str) -> Result<bool, Error> {
        Ok(self.0.secrets.get(&key_secret(id)).await?.is_some())
    }

    /// The models that a provider lists.
    ///
    /// # Errors
    /// When it cannot be reached or does not list any.
    pub async fn list_models(&self, base_url: &str, key: Option<&str>) -> Result<Vec<String>, Error> {
        self.alive()?;
        self.check_model_url(base_url)?;
        let endpoint = Endpoint { base_url: base_url.to_owned(), model: String::new() };
        let request = Request {
            method: "GET".to_owned(),
            url: endpoint.models_url(),
            headers: authorization(key).into_iter().collect(),
            body: None,
            timeout: Some(PATIENCE),
        };
        let failed = |failure: Failure| unreachable(&endpoint, &failure);
        let mut response = self.0.fetcher.send(request).await.map_err(failed)?;
        let body = response.all(MAX_ANSWER).await.map_err(failed)?;
        if !(200..300).contains(&response.status) {
            return Err(refused(&endpoint, response.status, &body));
        }
        let list: Value = serde_json::from_slice(&body).unwrap_or_default();
        let models = list.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut names: Vec<String> =
            models.iter().filter_map(|model| model.get("id").and_then(Value::as_str)).map(str::to_owned).collect();
        names.sort();
        if names.is_empty() {
            let message = format!("`{}` lists no models", endpoint.host());
            return Err(Error::new(Code::Model, message).hint("type the model's name as the provider calls it"));
        }
        Ok(names)
    }

    /// Asks a model for one word, without any tools. `key` none uses the stored one.
    ///
    /// # Errors
    /// When it cannot be reached, refuses, or does not answer.
    pub async fn test_model(&self, config: &ModelConfig, key: Option<&str>) -> Result<ModelTest, Error> {
        self.alive()?;
        self.check_model_url(&config.base_url)?;
        let stored = match (key, config.key) {
            (None, Some(_)) if self.model(&config.id).is_some_and(|known| known.base_url == config.base_url) => {
                self.0.secrets.get(&key_secret(&config.id)).await?
            }
            _ => None,
        };
        let endpoint = Endpoint { base_url: config.base_url.clone(), model: config.model.clone() };
        let ask = Message::User("Answer with the single word: ready".to_owned());
        let request = chat::model::openai_chat::request(&endpoint, &[ask], &[]);
        let started = monotonic();
        let request = Request { timeout: Some(PATIENCE), ..with_key(request, key.or(stored.as_deref())) };
        let failed = |failure: Failure| unreachable(&endpoint, &failure);
        let mut response = self.0.fetcher.send(request).await.map_err(failed)?;
        if !(200..300).contains(&response.status) {
            let body = response.all(MAX_ANSWER).await.unwrap_or_default();
            return Err(refused(&endpoint, response.status, &body));
        }
        let mut stream = Stream::new(endpoint.clone());
        let mut deltas = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            deltas.extend(stream.push(&chunk));
            if stream.ended() {
                break;
            }
        }
        let (rest, end) = stream.finish();
        deltas.extend(rest);
        end.map_err(|error| model_error(&error))?;
        let text: String = deltas
            .into_iter()
            .filter_map(|delta| match delta {
                Delta::Text(text) => Some(text),
                Delta::Thinking(_) => None,
            })
            .collect();
        let answer = chat::conversation::one_line(&text, 80);
        Ok(ModelTest { answer, took: monotonic().saturating_sub(started) })
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
        let key = self.0.secrets.get(&key_secret(&model.id)).await?;
        Ok(with_key(request, key.as_deref()))
    }

    pub(crate) async fn load_models(&self) -> Result<(), Error> {
        let records = self.0.store.all(Table::Models).await?;
        let models = records.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()).collect();
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
    fn check_model_url(&self, base_url: &str) -> Result<(), Error> {
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
            "https:" => Ok(()),
            "http:" if here => Ok(()),
            "http:" => Err(wrong(format!("`{}` is not encrypted; use https:", url.host()))),
            other => Err(wrong(format!("`{other}` cannot be used here; use https:"))),
        }
    }

    async fn keep_models(&self, ops: Vec<Op>) -> Result<(), Error> {
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

fn authorization(key: Option<&str>) -> Option<(String, String)> {
    key.filter(|key| !key.is_empty()).map(|key| ("authorization".to_owned(), format!("Bearer {key}")))
}

fn with_key(request: ModelRequest, key: Option<&str>) -> Request {
    let mut headers = request.headers;
    headers.extend(authorization(key));
    Request {
        method: "POST".to_owned(),
        url: request.url,
        headers,
        body: Some(request.body.into_bytes()),
        timeout: None,
    }
}

fn unreachable(endpoint: &Endpoint, failure: &Failure) -> Error {
    let host = endpoint.host().to_owned();
    match failure {
        Failure::Timeout(_) => Error::new(Code::Timeout, format!("`{host}` did not answer in time")).hint("try again"),
        Failure::Redirected => {
            Error::new(Code::Network, format!("`{host}` redirected the request, and redirects are not followed"))
                .hint("enter the address it leads to")
        }
        Failure::Network(_) | Failure::Unsendable(_) => model_error(&chat::model::ModelError::Unreachable { host }),
    }
}

fn refused(endpoint: &Endpoint, status: u16, body: &[u8]) -> Error {
    let text = String::from_utf8_lossy(body);
    model_error(&chat::model::openai_chat::refused(endpoint, status, None, &text))
}

fn model_error(error: &chat::model::ModelError) -> Error {
    let out = Error::new(Code::Model, error.to_string());
    match error.hint() {
        Some(hint) => out.hint(hint),
        None => out,
    }
}
