//! Who issues tokens for the server: protected resource metadata, then authorization server metadata.

use std::rc::Rc;

use super::address::{Address, covers, is_allowed, is_local, resource_metadata, server_metadata};
use super::authorizer::Authorizer;
use super::challenge::Wanted;
use super::error::AuthError;
use super::metadata::{Resource, Server};
use super::port::{Once, Port, WebFailure, WebRequest, WebResponse};
use super::step::{Verdict, cut, http, join};
use crate::types::without_query;

/// What discovery found out.
pub(crate) struct Found {
    /// The resource identifier to ask tokens for, byte for byte.
    pub(crate) resource: String,
    /// Scopes that the resource names.
    pub(crate) scopes: Option<String>,
    /// The resource takes bound tokens only.
    pub(crate) bound: bool,
    /// The authorization server.
    pub(crate) server: Rc<Server>,
}

/// How the probes of one discovery ended that found nothing.
#[derive(Default)]
struct Probes {
    /// At least one address surely has no document.
    absent: bool,
    failure: Option<AuthError>,
    unavailable: Option<AuthError>,
}

impl Probes {
    /// Sorts an answer: a body that may be a document, or a note that there is none.
    fn sort(&mut self, url: &str, answer: Result<WebResponse, WebFailure>) -> Result<String, String> {
        let shown = without_query(url).to_owned();
        match answer {
            Ok(response) if (200..300).contains(&response.status) => Ok(response.body),
            Ok(WebResponse { status, .. }) => {
                if status == 429 || status >= 500 {
                    self.unavailable = Some(AuthError::Unavailable { url: shown, status });
                } else {
                    self.absent = true;
                }
                Err(http(status))
            }
            Err(why) => {
                let said = why.to_string();
                self.failure = Some(AuthError::Web { url: shown, why });
                Err(said)
            }
        }
    }
}

impl<P: Port> Authorizer<P> {
    /// Finds the authorization server. Read anew at every sign-in, since a server may have moved to another one.
    pub(crate) async fn discover(&mut self, wanted: &Wanted) -> Result<Found, AuthError> {
        let settings = Rc::clone(&self.settings);
        let endpoint = &settings.endpoint;
        let Some(address) = Address::parse(endpoint).filter(|_| is_allowed(endpoint, true)) else {
            return Err(AuthError::BadSetting { url: cut(without_query(endpoint)) });
        };
        let mut probes = Probes::default();
        let read = self.resource(wanted.metadata.as_deref(), &mut probes).await?;
        // A server that has or names a document speaks a later revision, and says there whom it trusts.
        let modern = read.is_some() || wanted.metadata.is_some();
        let (resource, scopes, bound, servers) = match read {
            Some(read) if read.unusable => return Err(AuthError::Endpoint { member: "authorization_servers" }),
            Some(read) => (read.resource, read.scopes, read.bound, read.servers),
            None => match probes.unavailable {
                Some(error) => return Err(error),
                None => (address.canonical().unwrap_or(endpoint).to_owned(), None, false, Vec::new()),
            },
        };
        let server = if servers.is_empty() {
            if modern || !self.legacy_fallback {
                return Err(probes.failure.unwrap_or(AuthError::NoMetadata));
            }
            self.steps.warn(
                "2025-03-26 authorization, 2.3",
                "who issues tokens for this server",
                "it does not say; its own origin is tried",
            );
            self.guessed(address.origin, probes.absent).await?
        } else {
            let issuer = self.choose(&servers)?;
            self.server(&issuer, false, &mut Probes::default()).await?
        };
        if let Some(bound) = self.bound_issuer()
            && bound != server.issuer
        {
            return Err(AuthError::ForeignClient { bound: bound.to_owned(), issuer: cut(&server.issuer) });
        }
        let server = Rc::new(server);
        self.server = Some(Rc::clone(&server));
        Ok(Found { resource, scopes, bound, server })
    }

    /// The text of one metadata document, if there is one. A step says why there is none.
    async fn document(&mut self, url: &str, rule: &'static str, probes: &mut Probes) -> Option<String> {
        let answer = self.get(url).await;
        match probes.sort(url, answer) {
            Ok(body) => Some(body),
            Err(note) => {
                self.steps.warn(rule, &self.asking, &note);
                None
            }
        }
    }

    /// The protected resource metadata, if the server has any (RFC 9728 section 3).
    async fn resource(&mut self, named: Option<&str>, probes: &mut Probes) -> Result<Option<Resource>, AuthError> {
        const RULE: &str = "RFC 9728 section 3.1";
        let settings = Rc::clone(&self.settings);
        let endpoint = &settings.endpoint;
        let local = is_local(endpoint);
        let mut urls = resource_metadata(endpoint);
        if let Some(named) = named {
            if is_allowed(named, local) {
                urls.retain(|url| url != named);
                urls.insert(0, named.to_owned());
            } else {
                self.steps.warn("RFC 9728 section 5.1", "`resource_metadata` of the challenge", "not an https address");
            }
        }
        for url in urls {
            let Some(body) = self.document(&url, RULE, probes).await else { continue };
            let Some(read) = Resource::read(&body, local) else {
                probes.absent = true;
                self.steps.warn(RULE, &self.asking, "no protected resource metadata");
                continue;
            };
            if !covers(&read.resource, endpoint) {
                return Err(AuthError::Resource { resource: cut(without_query(&read.resource)) });
            }
            let note = join(&["resource ", without_query(&read.resource), ", trusts ", &read.servers.join(", ")]);
            self.steps.ok("RFC 9728 section 3.3", &self.asking, &note);
            return Ok(Some(read));
        }
        Ok(None)
    }

    /// Which of the named authorization servers to use: where our client is known, then the one in use, then the first.
    fn choose(&self, servers: &[String]) -> Result<String, AuthError> {
        let first = servers.first().ok_or(AuthError::NoMetadata)?;
        if let Some(bound) = self.bound_issuer() {
            return match servers.iter().find(|issuer| *issuer == bound) {
                Some(issuer) => Ok(issuer.clone()),
                None => Err(AuthError::ForeignClient { bound: bound.to_owned(), issuer: cut(first) }),
            };
        }
        let current = self.credentials.issuer.as_ref();
        Ok(servers.iter().find(|issuer| Some(*issuer) == current).unwrap_or(first).clone())
    }

    /// Authorization server metadata (RFC 8414 section 3, OpenID Connect Discovery section 4).
    async fn server(&mut self, issuer: &str, guessed: bool, probes: &mut Probes) -> Result<Server, AuthError> {
        const RULE: &str = "RFC 8414 section 3.1";
        let local = is_local(&self.settings.endpoint);
        let mut mismatch = None;
        for url in server_metadata(issuer) {
            let Some(body) = self.document(&url, RULE, probes).await else { continue };
            let Some(server) = Server::read(&body, local) else {
                probes.absent = true;
                self.steps.warn(RULE, &self.asking, "no authorization server metadata");
                continue;
            };
            if let Err(error) = server.check_issuer(issuer, guessed) {
                self.steps.warn("RFC 8414 section 3.3", &self.asking, &error.to_string());
                mismatch = Some(error);
                continue;
            }
            for member in &server.dropped {
                self.steps.warn(
                    "RFC 8414 section 2",
                    &join(&["`", member, "`"]),
                    "not an https address; it is not used",
                );
            }
            self.steps.ok("RFC 8414 section 3.3", &self.asking, &join(&["issuer ", &server.issuer]));
            self.offered(&server);
            return Ok(server);
        }
        let error = mismatch.or(probes.unavailable.take());
        Err(error
            .or_else(|| if probes.absent { None } else { probes.failure.take() })
            .unwrap_or_else(|| AuthError::NoServerMetadata { issuer: cut(issuer) }))
    }

    /// Which scopes the authorization server offers, and whether `offline_access` is among them (S052, S053).
    fn offered(&mut self, server: &Server) {
        const RULE: &str = "OpenID Connect Core section 11";
        const REMEDY: &str = "enable `offline_access` at the provider, then read the documents again; without it you may have to sign in again whenever access ends";
        let asked = join(&["scopes that ", &server.issuer, " offers"]);
        let listed = if server.scopes.is_empty() { "none are listed".to_owned() } else { server.scopes.join(", ") };
        match server.offline() {
            true => self.steps.ok(RULE, &asked, &listed),
            false => {
                let told = join(&[&listed, "; `offline_access` cannot be asked for"]);
                self.steps.add(Verdict::Warn, RULE, &asked, &told, REMEDY);
            }
        }
    }

    /// The origin of a server that does not say whom it trusts, with default endpoints where it has no metadata and
    /// really answers.
    async fn guessed(&mut self, origin: &str, answers: bool) -> Result<Server, AuthError> {
        match self.server(origin, true, &mut Probes::default()).await {
            Err(AuthError::NoServerMetadata { .. }) if answers => {
                self.steps.warn(
                    "2025-03-26 authorization, 2.3.3",
                    "authorization server metadata",
                    "there is none; the default endpoints are used, and PKCE cannot be verified",
                );
                Ok(Server::assumed(origin))
            }
            other => other,
        }
    }

    /// The metadata of the authorization server in use, from memory or by asking again. For renewing.
    pub(crate) fn known_server<'a>(&'a mut self, issuer: &'a str) -> Once<'a, Result<Rc<Server>, AuthError>> {
        Box::pin(async move {
            if let Some(server) = self.server.as_ref().filter(|server| server.issuer == issuer) {
                return Ok(Rc::clone(server));
            }
            let legacy = self.legacy_fallback
                && Address::parse(&self.settings.endpoint).is_some_and(|endpoint| endpoint.origin == issuer);
            let server = match self.server(issuer, false, &mut Probes::default()).await {
                Err(AuthError::NoServerMetadata { .. }) if legacy => Server::assumed(issuer),
                other => other?,
            };
            let server = Rc::new(server);
            self.server = Some(Rc::clone(&server));
            Ok(server)
        })
    }

    /// The metadata of the company's identity provider.
    pub(crate) async fn idp(&mut self, issuer: &str) -> Result<Server, AuthError> {
        self.server(issuer, false, &mut Probes::default()).await
    }

    async fn get(&mut self, url: &str) -> Result<WebResponse, WebFailure> {
        self.asking = join(&["GET ", without_query(url)]);
        let headers = vec![("Accept", "application/json".to_owned())];
        self.port.fetch(WebRequest { method: "GET", url: url.to_owned(), headers, body: None }).await
    }
}
