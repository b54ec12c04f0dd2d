//! Whether a model works, and if not, what is in the way.
//!
//! As with the connection doctor, a browser does not say why a request failed (wires.md B1 and D). So the test asks one
//! thing after the other: what may be reached, what may be read, whether the key is taken, whether the model answers, and
//! whether it calls a tool when it is told to. The first that fails is the reason.

use chat::conversation::one_line;
use chat::model::endpoint::{Extras, is_about_extras, request};
use chat::model::listing::{self, Listed};
use chat::model::{Answered, Endpoint, Message, ModelError, Stream, ToolSpec, presets};
use policy::Reach;
use serde_json::json;

use super::Workspace;
use super::doctor::{LOCAL, Verdict, permission};
use super::models::{headers, lets_in, model_error, refused, unreachable, with_key};
use crate::error::{Code, Error};
use crate::fetch::{Failure, Presence, Request};
use crate::time::monotonic;
use crate::view::{ModelCheck, ModelConfig};

/// How long a question may take, in milliseconds. A local model may have to be loaded first.
const PATIENCE: u64 = 60_000;
/// How long it may take to find out whether anything is there, in milliseconds.
const SHORT: u64 = 8_000;
/// Bytes of an answer that is read whole.
const MAX_ANSWER: usize = 4 << 20;
/// The name of the tool that a model is to call in the test.
const TOOL: &str = "ready";

impl Workspace {
    /// The models that an endpoint lists. `key` none uses the kept one.
    ///
    /// # Errors
    /// When it cannot be reached or does not list any.
    pub async fn list_models(&self, config: &ModelConfig, key: Option<&str>) -> Result<Vec<Listed>, Error> {
        self.alive()?;
        self.check_model_url(&config.base_url)?;
        let key = self.key_for(config, key).await?;
        let endpoint = config.endpoint();
        let (status, body) = match self.read_list(&endpoint, key.as_deref()).await {
            Ok(read) => read,
            Err(failure) => return Err(self.explained(config, &failure).await),
        };
        if !(200..300).contains(&status) {
            return Err(model_error(&refused(&endpoint, status, &body)));
        }
        let models = listing::read(config.wire, &chat::json_of(&body).unwrap_or_default());
        if models.is_empty() {
            let message = format!("`{}` lists no models", endpoint.host());
            return Err(Error::new(Code::Model, message).hint("type the model's name as the provider calls it"));
        }
        Ok(models)
    }

    /// Tests a model. `on_check` hears each answer as it comes; all of them come back at the end. It ends at the first
    /// thing without which nothing else can work. `key` none uses the kept one. Dropping the future stops it.
    pub async fn test_model(
        &self,
        config: &ModelConfig,
        key: Option<&str>,
        on_check: impl Fn(&ModelCheck),
    ) -> Vec<ModelCheck> {
        let mut report = Report { checks: Vec::new(), on_check };
        // Each question stands on the one before; `None` is an answer after which there is nothing left to ask.
        let _ = self.examine_model(config, key, &mut report).await;
        report.checks
    }

    async fn examine_model(
        &self,
        config: &ModelConfig,
        typed: Option<&str>,
        report: &mut Report<impl Fn(&ModelCheck)>,
    ) -> Option<()> {
        let asked = "Can this address be used?";
        if let Err(error) = self.alive().and_then(|()| self.check_model_url(&config.base_url)) {
            return report.bad(asked, error);
        }
        let endpoint = config.endpoint();
        report.good(asked, format!("yes: {}", endpoint.host()));
        let key = match self.key_for(config, typed).await {
            Ok(key) => key,
            Err(error) => return report.bad("Is the key there?", error),
        };
        let asked = "May this page talk to it?";
        let (status, body) = match self.read_list(&endpoint, key.as_deref()).await {
            Ok(read) => read,
            Err(failure) => return report.bad(asked, self.explained(config, &failure).await),
        };
        report.good(asked, "yes".to_owned());
        self.listed(config, key.is_some(), status, &body, report)?;
        self.answers_in_words(config, key.as_deref(), report).await?;
        self.calls_a_tool(config, key.as_deref(), report).await
    }

    /// What the list of models says about the key and the model. Not every endpoint has a list.
    fn listed(
        &self,
        config: &ModelConfig,
        has_key: bool,
        status: u16,
        body: &[u8],
        report: &mut Report<impl Fn(&ModelCheck)>,
    ) -> Option<()> {
        let key = if has_key { "Does it take the key?" } else { "Does it want a key?" };
        match status {
            200..300 => report.good(key, if has_key { "yes".to_owned() } else { "no".to_owned() }),
            401..=403 => return report.bad(key, model_error(&refused(&config.endpoint(), status, body))),
            _ => return Some(()),
        }
        let asked = "Does it list the model?";
        let models = listing::read(config.wire, &chat::json_of(body).unwrap_or_default());
        if models.is_empty() {
            return Some(());
        }
        match models.iter().any(|one| one.name == config.model || one.name == format!("{}:latest", config.model)) {
            true => report.good(asked, format!("yes, among {}", models.len())),
            false => report.say(
                asked,
                format!("no, it lists {} others", models.len()),
                Verdict::Doubtful,
                Some("choose one of the list, if it does not answer".to_owned()),
            ),
        }
        Some(())
    }

    async fn answers_in_words(
        &self,
        config: &ModelConfig,
        key: Option<&str>,
        report: &mut Report<impl Fn(&ModelCheck)>,
    ) -> Option<()> {
        let asked = "Does the model answer?";
        let started = monotonic();
        match self.ask_model(config, key, "Answer with the single word: ready", &[]).await {
            Ok(answer) => {
                let took = monotonic().saturating_sub(started) as f64 / 1000.0;
                report.good(
                    asked,
                    format!("yes, “{}” in {took:.1} s", policy::text::unticked(&one_line(&answer.text(), 80))),
                );
                Some(())
            }
            Err(error) => report.bad(asked, error),
        }
    }

    async fn calls_a_tool(
        &self,
        config: &ModelConfig,
        key: Option<&str>,
        report: &mut Report<impl Fn(&ModelCheck)>,
    ) -> Option<()> {
        let asked = "Does it call a tool when it is told to?";
        let tool = ToolSpec {
            name: TOOL.to_owned(),
            description: "Says that you are ready.".to_owned(),
            schema: json!({ "type": "object", "properties": {} }),
        };
        let remedy = || presets::of(&config.preset).and_then(|preset| preset.tools).map(str::to_owned);
        match self.ask_model(config, key, "Call the tool `ready` now.", &[tool]).await {
            Ok(answer) if answer.calls().any(|call| call.name == TOOL) => report.good(asked, "yes".to_owned()),
            Ok(_) => {
                let words = "no, it answered in words: it may not be able to use connectors".to_owned();
                report.say(
                    asked,
                    words,
                    Verdict::Doubtful,
                    remedy().or_else(|| Some("choose another model".to_owned())),
                );
            }
            Err(error) => report.say(asked, error.message, Verdict::Bad, remedy().or(error.hint)),
        }
        Some(())
    }

    /// Asks a model one thing, outside any conversation.
    async fn ask_model(
        &self,
        config: &ModelConfig,
        key: Option<&str>,
        words: &str,
        tools: &[ToolSpec],
    ) -> Result<Answered, Error> {
        let endpoint = config.endpoint();
        let ask = [Message::User(words.to_owned())];
        let mut extras = Extras::All;
        loop {
            let sent = with_key(config.wire, request(&endpoint, &ask, tools, extras), key);
            let mut response = match self.0.fetcher.send(Request { timeout: Some(PATIENCE), ..sent }).await {
                Ok(response) => response,
                Err(failure) => return Err(self.explained(config, &failure).await),
            };
            if (200..300).contains(&response.status) {
                let mut stream = Stream::new(endpoint.clone());
                while let Some(chunk) = response.chunk().await.map_err(|failure| broke_off(&endpoint, &failure))? {
                    stream.push(&chunk);
                    if stream.ended() {
                        break;
                    }
                }
                return stream.finish().1.map_err(|error| model_error(&error));
            }
            let body = response.all(MAX_ANSWER).await.unwrap_or_default();
            if extras == Extras::All && is_about_extras(response.status, &String::from_utf8_lossy(&body)) {
                extras = Extras::None;
                continue;
            }
            return Err(model_error(&refused(&endpoint, response.status, &body)));
        }
    }

    async fn read_list(&self, endpoint: &Endpoint, key: Option<&str>) -> Result<(u16, Vec<u8>), Failure> {
        let request = Request {
            method: "GET".to_owned(),
            url: endpoint.models_url(),
            headers: headers(endpoint.wire, endpoint.wire.headers(), key),
            body: None,
            timeout: Some(PATIENCE),
        };
        let mut response = self.0.fetcher.send(request).await?;
        Ok((response.status, response.all(MAX_ANSWER).await?))
    }

    /// Why a request to a model never got an answer.
    async fn explained(&self, config: &ModelConfig, failure: &Failure) -> Error {
        match unreachable(&config.endpoint(), failure) {
            Some(error) => error,
            None => model_error(&self.why_unreachable(config).await),
        }
    }

    /// Finds out why a request that the browser reports as failed has failed: refused by the browser, refused by the
    /// server's CORS rules, or nothing there.
    pub(crate) async fn why_unreachable(&self, config: &ModelConfig) -> ModelError {
        let endpoint = config.endpoint();
        let host = endpoint.host().to_owned();
        match self.0.fetcher.answers(&endpoint.models_url(), SHORT).await {
            Presence::There => return ModelError::NotLetIn { host, remedy: lets_in(config) },
            Presence::Late => return ModelError::Unreachable { host },
            Presence::Gone => {}
        }
        let here = crate::address::check(&config.base_url, true).is_ok_and(|address| address.reach == Reach::Local);
        if here && permission(&LOCAL).await.is_some_and(|state| state == "denied") {
            return ModelError::LocalNetwork { host };
        }
        ModelError::Silent { host }
    }
}

fn broke_off(endpoint: &Endpoint, failure: &Failure) -> Error {
    let host = endpoint.host().to_owned();
    unreachable(endpoint, failure).unwrap_or_else(|| model_error(&ModelError::BrokeOff { host }))
}

/// The checks so far, and who hears of them.
struct Report<F> {
    checks: Vec<ModelCheck>,
    on_check: F,
}

impl<F: Fn(&ModelCheck)> Report<F> {
    fn say(&mut self, asked: &'static str, answered: String, verdict: Verdict, remedy: Option<String>) {
        let check = ModelCheck { asked, answered, verdict, remedy };
        (self.on_check)(&check);
        self.checks.push(check);
    }

    fn good(&mut self, asked: &'static str, answered: String) {
        self.say(asked, answered, Verdict::Good, None);
    }

    /// The end of the test.
    fn bad(&mut self, asked: &'static str, error: Error) -> Option<()> {
        self.say(asked, error.message, Verdict::Bad, error.hint);
        None
    }
}
