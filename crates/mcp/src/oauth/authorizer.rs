//! The sign-in of one connection: headers for requests, what to do when the server refuses one, and the end.

use std::fmt;
use std::rc::Rc;

use super::address::{Address, covers, is_allowed};
use super::challenge::Wanted;
use super::credentials::Credentials;
use super::discover::Found;
use super::error::AuthError;
use super::jwt;
use super::metadata::{OFFLINE, Server, union};
use super::port::{Once, Port};
use super::renew::is_passing;
use super::settings::{Grant, Settings};
use super::step::{Step, Steps, Verdict, cut, http, join};
use crate::types::without_query;

/// Most sign-ins that one operation may lead to.
const ROUNDS: u8 = 3;
/// How often one operation may find that the token was renewed by somebody else.
const RENEWED: u8 = 2;
/// Most nonces that one operation may be asked for.
const NONCES: u8 = 3;
/// The headers that authorize one request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Signed {
    /// `Authorization`, and `DPoP` for bound tokens; empty while there is no token. Secret.
    pub headers: Vec<(String, String)>,
    /// Which token it was, for [`Refusal::used`]. 0 stands for none.
    pub used: u64,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("used", &self.used).finish_non_exhaustive()
    }
}

/// A request that the server refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refusal<'a> {
    /// HTTP status, 401 or 403.
    pub status: u16,
    /// `WWW-Authenticate`, several joined by commas; `None` if there was none or it could not be read.
    pub www_authenticate: Option<&'a str>,
    /// `DPoP-Nonce`, if it was there and could be read.
    pub dpop_nonce: Option<&'a str>,
    /// [`Signed::used`] of the refused request.
    pub used: u64,
}

/// Why a refused request can be sent again. Its headers have to be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Another request, or another tab, has renewed the token in the meantime.
    Renewed,
    /// The server wants a nonce in the proof (RFC 9449 section 9).
    Nonce,
    /// The token was refreshed.
    Refreshed,
    /// There is a new token after a sign-in.
    SignedIn,
    /// There is a token with more scopes (2026-07-28, "Step-Up Authorization Flow").
    SteppedUp,
}

/// What one operation has led to so far. Make one for each operation and keep it over its retries: it is what ends
/// endless sign-ins (X22).
#[derive(Clone, Debug, Default)]
pub struct Chain {
    rounds: u8,
    nonces: u8,
    renewed: u8,
    refreshed: bool,
    /// The issuer of the latest sign-in.
    issuer: Option<String>,
    /// Scopes that were asked for.
    tried: Vec<String>,
}

/// The sign-in of one connection.
///
/// Its methods take `&mut self`, so that one sign-in runs at a time; callers queue up. Other tabs are kept out by
/// [`Port::lock`].
pub struct Authorizer<P: Port> {
    pub(crate) port: P,
    pub(crate) settings: Rc<Settings>,
    /// [`Settings::legacy_fallback`], as it is now.
    pub(crate) legacy_fallback: bool,
    /// Whether the person is asked which account they want.
    pub(crate) choose_account: bool,
    pub(crate) credentials: Credentials,
    /// Counts tokens, so that a caller can say which one was refused without holding it.
    pub(crate) generation: u64,
    /// Metadata of the authorization server in use.
    pub(crate) server: Option<Rc<Server>>,
    /// The next nonce by origin.
    pub(crate) nonces: Vec<(String, String)>,
    /// The last word on a sign-in in place of the present token: a person's no, or that of a workload's authorization
    /// server. Every request gets it until there is another token or the host asks for a sign-in.
    refusal: Option<AuthError>,
    /// No renewal ahead of time before this, in Unix seconds.
    pub(crate) pause_until: u64,
    /// Scopes that were asked for in vain.
    pub(crate) denied: Vec<String>,
    pub(crate) steps: Steps,
    /// What is being asked, for the step that an error becomes.
    pub(crate) asking: String,
}

impl<P: Port> Authorizer<P> {
    /// An authorizer for one connection, with what was kept of it. Kept tokens are used only if these settings would get
    /// them: for this server, by this grant and as this client.
    pub fn new(port: P, settings: Settings, credentials: Credentials) -> Self {
        let mut authorizer = Self {
            port,
            legacy_fallback: settings.legacy_fallback,
            choose_account: false,
            settings: Rc::new(settings),
            credentials: Credentials::default(),
            generation: 0,
            server: None,
            nonces: Vec::new(),
            refusal: None,
            pause_until: 0,
            denied: Vec::new(),
            steps: Steps::default(),
            asking: String::new(),
        };
        authorizer.take(credentials);
        authorizer
    }

    /// The settings, as they were given.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Turns the fallback of 2025-03-26 on or off, once it is known what the server speaks.
    pub fn set_legacy_fallback(&mut self, on: bool) {
        self.legacy_fallback = on;
    }

    /// Has the next sign-ins ask the person which account they want, where the authorization server says that it can do
    /// that: with several accounts, being signed in there already says nothing about which one is meant. Off at first.
    pub fn set_choose_account(&mut self, on: bool) {
        self.choose_account = on;
    }

    /// What is held now.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The port.
    pub fn port(&self) -> &P {
        &self.port
    }

    /// The steps of the latest sign-ins, oldest first. They hold no secret.
    pub fn steps(&self) -> &[Step] {
        self.steps.list()
    }

    /// Headers for one request to the server. A token that is about to end is renewed first, without a person; if that
    /// fails, the old one is used while it lasts. Never gives a token to another origin than the endpoint's (X20).
    ///
    /// # Errors
    ///
    /// Only if a proof for a bound token cannot be signed. The request must not go out then: without its proof it could
    /// only be refused, and the refusal would be taken for one of the token.
    pub async fn headers(&mut self, method: &str, url: &str) -> Result<Signed, AuthError> {
        let none = Signed { headers: Vec::new(), used: 0 };
        let own = match (Address::parse(url), Address::parse(&self.settings.endpoint)) {
            (Some(url), Some(endpoint)) => url.same_origin(&endpoint),
            _ => false,
        };
        if !own || !is_allowed(without_query(url), true) {
            return Ok(none);
        }
        if self.is_ending() {
            self.renew_early().await;
        }
        if self.is_key_gone().await? {
            // Another tab may have tokens for the key that is there now.
            let _lock = self.locked().await;
            if self.is_key_gone().await? {
                self.steps.warn("RFC 9449 section 6", "the key of the kept token", "another one; a sign-in is needed");
                self.drop_tokens().await;
            }
        }
        let Some(tokens) = self.credentials.tokens().cloned() else { return Ok(none) };
        if tokens.jkt.is_none() {
            let headers = vec![("Authorization".to_owned(), join(&["Bearer ", &tokens.access]))];
            return Ok(Signed { headers, used: self.generation });
        }
        let nonce = self.nonce(url);
        let proof = jwt::proof(&self.port, method, url, Some(&tokens.access), nonce.as_deref()).await?;
        let headers = vec![("Authorization".to_owned(), join(&["DPoP ", &tokens.access])), ("DPoP".to_owned(), proof)];
        Ok(Signed { headers, used: self.generation })
    }

    /// Whether the tokens are bound to another key than the one that is there.
    async fn is_key_gone(&self) -> Result<bool, AuthError> {
        let Some(jkt) = self.credentials.tokens().and_then(|tokens| tokens.jkt.as_ref()) else { return Ok(false) };
        Ok(jwt::thumbprint(&self.port.dpop_jwk().await?) != *jkt)
    }

    /// Remembers the `DPoP-Nonce` of any response, for the next proof (RFC 9449 section 8.2).
    pub fn seen_nonce(&mut self, url: &str, nonce: &str) {
        let Some(address) = Address::parse(url) else { return };
        // NQCHAR of RFC 9449 section 8.1.
        let plain = nonce.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if nonce.is_empty() || nonce.len() > 1024 || !plain {
            return;
        }
        self.nonces.retain(|(origin, _)| !Address::parse(origin).is_some_and(|origin| origin.same_origin(&address)));
        self.nonces.push((address.origin.to_owned(), nonce.to_owned()));
        if self.nonces.len() > 8 {
            self.nonces.remove(0);
        }
    }

    /// Decides what follows from a refused request, and does it: a sign-in may open.
    ///
    /// # Errors
    ///
    /// The operation has failed; sending it again would not help.
    pub async fn challenged(&mut self, chain: &mut Chain, refusal: Refusal<'_>) -> Result<Retry, AuthError> {
        self.asking = join(&[&http(refusal.status), " of the server"]);
        let ended = self.answer(chain, refusal).await;
        self.ended(ended)
    }

    /// Signs in now, because a person wants it. Forgets what was refused before: without this, a person who has closed the
    /// window is not asked again.
    ///
    /// # Errors
    ///
    /// There is no new token; the old one, if any, stays.
    pub async fn sign_in(&mut self, www_authenticate: Option<&str>) -> Result<(), AuthError> {
        self.refusal = None;
        self.denied.clear();
        self.asking = "sign-in".to_owned();
        let wanted = self.wanted(www_authenticate);
        let lock = self.locked().await;
        let ended = match self.discover(&wanted).await {
            Ok(found) => {
                let scope = self.first_scope(&wanted, &found);
                self.attempt(&found, scope, &mut Some(lock)).await
            }
            Err(error) => Err(error),
        };
        self.ended(ended)
    }

    /// Reads the metadata documents and stops there; [`Authorizer::steps`] says what was found.
    ///
    /// # Errors
    ///
    /// As a sign-in would fail before it opens.
    pub async fn examine(&mut self, www_authenticate: Option<&str>) -> Result<(), AuthError> {
        self.asking = "metadata".to_owned();
        let wanted = self.wanted(www_authenticate);
        let ended = self.discover(&wanted).await.map(|_| ());
        self.ended(ended)
    }

    /// Reads a challenge for the scheme in use.
    fn wanted(&self, www_authenticate: Option<&str>) -> Wanted {
        let bound = self.credentials.tokens().map_or(self.settings.dpop, |tokens| tokens.jkt.is_some());
        Wanted::of(www_authenticate, bound)
    }

    async fn answer(&mut self, chain: &mut Chain, refusal: Refusal<'_>) -> Result<Retry, AuthError> {
        if !matches!(refusal.status, 401 | 403) {
            return Err(AuthError::NotAChallenge { status: refusal.status });
        }
        let wanted = self.wanted(refusal.www_authenticate);
        self.note_challenge(&refusal, &wanted);
        if let Some(nonce) = refusal.dpop_nonce {
            let endpoint = self.settings.endpoint.clone();
            self.seen_nonce(&endpoint, nonce);
        }
        if refusal.status == 401 && wanted.error.as_deref() == Some("use_dpop_nonce") {
            if refusal.dpop_nonce.is_none() {
                return Err(AuthError::NotBound { what: "the server wants a nonce that it does not let be read" });
            }
            if chain.nonces == NONCES {
                return Err(AuthError::NotBound { what: "the server accepts no nonce of its own" });
            }
            chain.nonces += 1;
            return Ok(Retry::Nonce);
        }
        if refusal.status == 403 && wanted.error.as_deref() != Some("insufficient_scope") {
            return Err(AuthError::Forbidden { description: cut(wanted.description.as_deref().unwrap_or_default()) });
        }
        let lock = self.locked().await;
        let newer = self.generation != refusal.used && self.credentials.tokens().is_some();
        if newer && (refusal.status == 401 || self.covers(wanted.scope.as_deref())) {
            if chain.renewed == RENEWED {
                return Err(AuthError::StillRefused);
            }
            chain.renewed += 1;
            return Ok(Retry::Renewed);
        }
        let found = self.discover(&wanted).await?;
        let mut lock = Some(lock);
        if refusal.status == 403 {
            self.step_up(chain, &wanted, &found, &mut lock).await
        } else {
            self.anew(chain, &wanted, &found, &mut lock).await
        }
    }

    fn note_challenge(&mut self, refusal: &Refusal<'_>, wanted: &Wanted) {
        const RULE: &str = "RFC 9110 section 11.6.1";
        const EXPOSE: &str = "the server must expose `WWW-Authenticate` to browsers (Access-Control-Expose-Headers)";
        if refusal.www_authenticate.is_none() {
            self.steps.add(Verdict::Warn, RULE, "a request", &self.asking, EXPOSE);
            return;
        }
        let mut note = self.asking.clone();
        for (name, value) in [("error", &wanted.error), ("scope", &wanted.scope), ("metadata at", &wanted.metadata)] {
            if let Some(value) = value {
                note.push_str(&join(&[", ", name, " ", without_query(value)]));
            }
        }
        self.steps.ok(RULE, "a request", &note);
    }

    /// After 401: refresh if that can help, otherwise sign in.
    async fn anew(
        &mut self,
        chain: &mut Chain,
        wanted: &Wanted,
        found: &Found,
        lock: &mut Option<P::Lock>,
    ) -> Result<Retry, AuthError> {
        let issuer = &found.server.issuer;
        if chain.issuer.as_ref() == Some(issuer) {
            return Err(AuthError::StillRefused);
        }
        let same = self.credentials.issuer.as_ref() == Some(issuer);
        let fits = same && self.credentials.tokens().is_some_and(|tokens| tokens.resource == found.resource);
        if fits && !chain.refreshed && self.covers(wanted.scope.as_deref()) {
            chain.refreshed = true;
            match self.refresh().await {
                Ok(true) => return Ok(Retry::Refreshed),
                Ok(false) => {}
                // A server that is away for a moment is no reason to bother a person.
                Err(error) if is_passing(&error) => return Err(error),
                Err(error) => self.steps.warn("RFC 6749 section 6", &self.asking, &error.to_string()),
            }
        }
        if let Some(old) = self.credentials.issuer.as_ref().filter(|_| !same) {
            self.steps.warn(
                "Authorization Server Binding",
                "who issues tokens for this server",
                &join(&[issuer, " now, ", old, " before; nothing of the old one is shown to the new one"]),
            );
        }
        // Requests that waited for the same sign-in do not open it again.
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let scope = self.first_scope(wanted, found);
        self.round(chain, found, scope, lock).await?;
        Ok(Retry::SignedIn)
    }

    /// After 403 `insufficient_scope`: sign in with what was asked for before and what is asked for now.
    async fn step_up(
        &mut self,
        chain: &mut Chain,
        wanted: &Wanted,
        found: &Found,
        lock: &mut Option<P::Lock>,
    ) -> Result<Retry, AuthError> {
        let challenged = wanted.scope.as_deref().or(found.scopes.as_deref());
        let scope = union(self.requested(&found.server.issuer).as_deref(), challenged);
        let shown = scope.clone().unwrap_or_default();
        let in_vain = chain.tried.contains(&shown) || self.denied.contains(&shown);
        if in_vain || matches!(self.settings.grant, Grant::JwtBearer { .. }) {
            if !self.denied.contains(&shown) {
                self.denied.push(shown.clone());
            }
            return Err(AuthError::StillInsufficient { scope: shown });
        }
        let before = self.refusal.take();
        let ended = self.round(chain, found, scope, lock).await;
        // A no to more is none to what there is.
        if ended.is_err() && std::mem::replace(&mut self.refusal, before).is_some() {
            self.denied.push(shown);
        }
        ended.map(|()| Retry::SteppedUp)
    }

    async fn round(
        &mut self,
        chain: &mut Chain,
        found: &Found,
        scope: Option<String>,
        lock: &mut Option<P::Lock>,
    ) -> Result<(), AuthError> {
        if chain.rounds == ROUNDS {
            return Err(AuthError::TooMany { rounds: ROUNDS });
        }
        chain.rounds += 1;
        chain.tried.push(scope.clone().unwrap_or_default());
        chain.issuer = Some(found.server.issuer.clone());
        self.attempt(found, scope, lock).await
    }

    /// Gets tokens, and remembers a no. The lock is let go of while a person is at the sign-in page.
    async fn attempt(
        &mut self,
        found: &Found,
        scope: Option<String>,
        lock: &mut Option<P::Lock>,
    ) -> Result<(), AuthError> {
        use AuthError::{Callback, Iss, Malformed, Refused, SignIn, State};
        let ended = self.obtain(found, scope, lock).await;
        let asks = match self.settings.grant {
            // Without a registration nobody was asked yet, or the next sign-in makes a new one.
            Grant::AuthorizationCode => {
                self.credentials.account(&found.server.issuer).is_some_and(|account| account.registration.is_some())
            }
            Grant::JwtBearer { .. } => true,
            Grant::ClientCredentials | Grant::EnterpriseManaged(_) => false,
        };
        if let Err(error @ (SignIn(_) | State | Iss | Callback { .. } | Refused { .. } | Malformed { .. })) = &ended
            && asks
            && !is_passing(error)
            // Nobody was asked.
            && !matches!(error, SignIn(super::AuthorizeFailure::NeedsPerson))
        {
            self.refusal = Some(error.clone());
        }
        ended
    }

    /// Scopes of a sign-in: what the challenge asks for, otherwise what the resource names; with what the host wants and
    /// what this authorization server was asked for before ("Scope Selection Strategy").
    pub(crate) fn first_scope(&self, wanted: &Wanted, found: &Found) -> Option<String> {
        let before = union(self.requested(&found.server.issuer).as_deref(), self.settings.scope.as_deref());
        match (&wanted.scope, &before) {
            (None, Some(_)) => before,
            (challenged, _) => union(before.as_deref(), challenged.as_deref().or(found.scopes.as_deref())),
        }
    }

    /// What this authorization server was asked for, without `offline_access`, which is no permission of the resource.
    fn requested(&self, issuer: &str) -> Option<String> {
        let requested = self.credentials.account(issuer)?.tokens.as_ref()?.requested.as_deref()?;
        let scopes: Vec<&str> = requested.split_whitespace().filter(|scope| *scope != OFFLINE).collect();
        Some(scopes.join(" "))
    }

    /// Whether the present token was asked for with all these scopes. A resource server has no say in `offline_access`.
    fn covers(&self, scope: Option<&str>) -> bool {
        let requested = self.credentials.tokens().and_then(|tokens| tokens.requested.as_deref()).unwrap_or_default();
        let held: Vec<&str> = requested.split_whitespace().collect();
        scope.unwrap_or_default().split_whitespace().all(|scope| scope == OFFLINE || held.contains(&scope))
    }

    pub(crate) async fn drop_tokens(&mut self) {
        self.credentials.forget_tokens();
        self.changed();
        self.save().await;
    }

    /// There is another token, or none any more. What was said about the one before does not count.
    pub(crate) fn changed(&mut self) {
        self.generation += 1;
        self.refusal = None;
    }

    /// Waits for the lock, and takes over what another tab has kept meanwhile.
    pub(crate) fn locked(&mut self) -> Once<'_, P::Lock> {
        Box::pin(async {
            let (lock, stored) = self.port.lock().await;
            self.adopt(stored);
            lock
        })
    }

    /// Takes over what another tab has kept, if that is newer. Where nothing is kept any more, somebody has signed out.
    fn adopt(&mut self, stored: Option<Credentials>) {
        let Some(stored) = stored else { return };
        if stored.changed_at <= self.credentials.changed_at && !stored.accounts.is_empty() {
            return;
        }
        let changed_at = self.credentials.changed_at.max(stored.changed_at);
        self.take(stored);
        self.credentials.changed_at = changed_at;
    }

    /// Puts credentials in the place of those that are held, without tokens that are for something else.
    pub(crate) fn take(&mut self, credentials: Credentials) {
        let before = std::mem::replace(&mut self.credentials, credentials);
        if !self.is_own() {
            self.credentials.forget_tokens();
        }
        let access = |credentials: &Credentials| credentials.tokens().map(|tokens| tokens.access.clone());
        if access(&before) != access(&self.credentials) {
            self.changed();
        }
    }

    /// Whether the tokens are what a sign-in with the present settings would give.
    fn is_own(&self) -> bool {
        let (Some(issuer), Some(tokens)) = (&self.credentials.issuer, self.credentials.tokens()) else { return true };
        let by_hand = self.settings.preregistered.as_ref();
        let client = match (by_hand, &self.settings.grant) {
            (Some(by_hand), _) => Some(by_hand.client_id.clone()),
            (None, Grant::JwtBearer { .. }) => None,
            (None, _) => self.known_client(issuer).and_then(|client| client.id),
        };
        // A host that wants tokens bound does not go on with those that nobody asked to bind (RFC 9449).
        let bound = !self.settings.dpop || tokens.jkt.is_some() || tokens.unbound;
        covers(&tokens.resource, &self.settings.endpoint)
            && bound
            && tokens.grant == self.settings.grant.name()
            && tokens.client_id == client
            && by_hand.and_then(|by_hand| by_hand.issuer.as_ref()).is_none_or(|bound| bound == issuer)
    }

    /// Keeps what changed, as the newest version.
    pub(crate) fn save(&mut self) -> Once<'_, ()> {
        self.credentials.changed_at = self.port.now().max(self.credentials.changed_at.saturating_add(1));
        Box::pin(self.port.save(&self.credentials))
    }

    /// Makes a step of an error.
    pub(crate) fn ended<T>(&mut self, ended: Result<T, AuthError>) -> Result<T, AuthError> {
        if let Err(error) = &ended {
            let said = match error {
                AuthError::Refused { description, .. } if !description.is_empty() => {
                    join(&[&error.to_string(), ": ", description])
                }
                _ => error.to_string(),
            };
            self.steps.add(Verdict::Stop, error.rule(), &self.asking, &said, error.remedy());
        }
        ended
    }
}

impl<P: Port> fmt::Debug for Authorizer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("endpoint", &without_query(&self.settings.endpoint))
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
