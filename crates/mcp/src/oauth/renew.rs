//! Going on without a person, and the end: refreshing, what can be expected of it, and revocation.

use super::authorizer::Authorizer;
use super::challenge::Wanted;
use super::credentials::{Account, Tokens};
use super::error::AuthError;
use super::form::Form;
use super::metadata::{OFFLINE, Server};
use super::port::Port;
use super::register::Client;
use super::settings::Grant;
use super::token::refused;

/// An access token is renewed this long before it ends, in seconds; shorter lived ones in their last quarter.
const EARLY: u64 = 30;
/// The rule of a revocation.
const REVOKED: &str = "RFC 7009 section 2.2";
/// How long after a failed renewal ahead of time the next one is tried, in seconds.
const PAUSE: u64 = 30;

/// Whether a connection will go on by itself (C5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Whether a refresh token was issued.
    pub refresh_token: bool,
    /// Whether `offline_access` was granted.
    pub offline_access: bool,
    /// The verdict.
    pub outlook: Outlook,
}

/// The verdict of [`Renewal`]. All but [`Outlook::ByItself`] deserve a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It renews by itself.
    ByItself,
    /// It renews, but may stop when the person signs out of the provider.
    MayStopAtSignOut,
    /// The person is needed again at this time, in Unix seconds.
    NeedsPersonAt(u64),
    /// The provider gave neither a refresh token nor an expiry.
    Unknown,
}

/// How a sign-out went at the provider. Here everything is gone in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// There were no tokens.
    Nothing,
    /// The provider offers no revocation: the tokens stay valid until they expire.
    NotOffered,
    /// The provider has revoked them (RFC 7009).
    Done,
    /// The provider could not be asked or refused: the tokens may still be valid.
    Failed(AuthError),
}

impl<P: Port> Authorizer<P> {
    /// Signs out: forgets everything that is kept, then has the provider revoke the tokens if it can (RFC 7009). Whoever
    /// stops waiting for the provider is signed out all the same.
    pub async fn revoke(&mut self) -> Revocation {
        let lock = self.locked().await;
        let old = std::mem::take(&mut self.credentials);
        self.credentials.changed_at = old.changed_at;
        self.nonces.clear();
        self.denied.clear();
        self.changed();
        self.save().await;
        drop(lock);
        let Some((account, tokens)) = old.current().and_then(|account| Some((account, account.tokens.as_ref()?)))
        else {
            return Revocation::Nothing;
        };
        let ended = self.revoke_at(account, tokens).await;
        self.asking = "revocation".to_owned();
        match self.ended(ended) {
            Ok(true) => Revocation::Done,
            Ok(false) => {
                self.steps.warn("RFC 7009", "`revocation_endpoint`", "there is none; tokens stay valid until they end");
                Revocation::NotOffered
            }
            Err(error) => Revocation::Failed(error),
        }
    }

    /// Whether the connection will go on by itself; `None` without tokens.
    pub fn renewal(&self) -> Option<Renewal> {
        let tokens = self.credentials.tokens()?;
        let refresh_token = tokens.refresh.is_some();
        let offline_access =
            tokens.scope.as_deref().is_some_and(|scope| scope.split_whitespace().any(|s| s == OFFLINE));
        let outlook = match (&self.settings.grant, refresh_token, offline_access, tokens.expires_at) {
            // The client is its own user.
            (Grant::ClientCredentials, ..) | (_, true, true, _) => Outlook::ByItself,
            // The identity provider vouches as long as the person is signed in there.
            (Grant::EnterpriseManaged(_), ..) | (_, true, false, _) => Outlook::MayStopAtSignOut,
            (_, false, _, Some(at)) => Outlook::NeedsPersonAt(at),
            (_, false, _, None) => Outlook::Unknown,
        };
        Some(Renewal { refresh_token, offline_access, outlook })
    }

    /// Whether the access token ends soon, by our own clock alone: `expires_in` counts from when the answer came, so a clock
    /// that is wrong does no harm, and one that jumps renews early or leaves it to the server's 401.
    pub(crate) fn is_ending(&self) -> bool {
        let now = self.port.now();
        let left = self.pause_until.saturating_sub(now);
        if left > 0 && left <= PAUSE {
            return false;
        }
        self.credentials.tokens().is_some_and(|tokens| {
            tokens.expires_at.is_some_and(|at| {
                let lifetime = at.saturating_sub(tokens.issued_at);
                let early = EARLY.min(lifetime / 4);
                now.saturating_add(early) >= at
            })
        })
    }

    /// Renews before the end, without a person. A failure is noted and nothing else: the server has the last word.
    pub(crate) async fn renew_early(&mut self) {
        let lock = self.locked().await;
        if !self.is_ending() {
            return;
        }
        let ended = match (self.refresh().await, &self.settings.grant) {
            (Ok(false), Grant::ClientCredentials | Grant::EnterpriseManaged(_)) => self.again(&mut Some(lock)).await,
            (ended, _) => ended.map(|_| ()),
        };
        if let Err(error) = ended {
            self.pause_until = self.port.now().saturating_add(PAUSE);
            self.steps.warn("RFC 6749 section 6", &self.asking, &error.to_string());
        }
    }

    /// Gets tokens once more by a grant that needs no person.
    async fn again(&mut self, lock: &mut Option<P::Lock>) -> Result<(), AuthError> {
        let found = self.discover(&Wanted::default()).await?;
        let scope = self.first_scope(&Wanted::default(), &found);
        self.obtain(&found, scope, lock).await
    }

    /// Refreshes the tokens in use (RFC 6749 section 6). `false` if there is nothing to refresh with.
    pub(crate) async fn refresh(&mut self) -> Result<bool, AuthError> {
        const STEP: &str = "refresh";
        let Some(tokens) = self.credentials.tokens().cloned() else { return Ok(false) };
        let (Some(refresh), Some(issuer)) = (tokens.refresh, self.credentials.issuer.clone()) else { return Ok(false) };
        let server = self.known_server(&issuer).await?;
        let Some(account) = self.credentials.current() else { return Ok(false) };
        let client = self.client_before(&server, account)?;
        let Some(client) = client.filter(|client| client.id == tokens.client_id) else { return Ok(false) };
        let mut form = Form::grant("refresh_token");
        form.secret("refresh_token", &refresh);
        form.open("resource", &tokens.resource);
        let granted = self.token_request(STEP, &server, &client, &form, tokens.jkt.is_some()).await;
        match granted {
            Ok(granted) => {
                let now = self.port.now();
                if let Some(tokens) = self.credentials.tokens_mut() {
                    granted.replace(tokens, now);
                }
                self.changed();
                self.save().await;
                Ok(true)
            }
            Err(error) => {
                // Only these say that it will never be accepted again: it is dead, or the client that it belongs to is.
                let dead = matches!(&error, AuthError::Refused { error, .. } if error == "invalid_grant");
                if self.lost_client(&issuer, &error) || dead {
                    if let Some(tokens) = self.credentials.tokens_mut() {
                        tokens.refresh = None;
                    }
                    self.save().await;
                }
                Err(error)
            }
        }
    }

    async fn revoke_at(&mut self, account: &Account, tokens: &Tokens) -> Result<bool, AuthError> {
        let server = self.known_server(&account.issuer).await?;
        if server.revocation.is_none() {
            return Ok(false);
        }
        let client = self.client_before(&server, account)?;
        let client = client.ok_or(AuthError::MissingClient { what: "secret or key" })?;
        let mut ended = Ok(true);
        // The refresh token first: most providers end the access tokens with it (RFC 7009 section 2.1). If it cannot be
        // revoked, the other one still may.
        let both = [("refresh_token", tokens.refresh.as_deref()), ("access_token", Some(tokens.access.as_str()))];
        for (hint, token) in both {
            let Some(token) = token else { continue };
            match self.revoke_one(&server, &client, hint, token).await {
                Ok(()) => self.steps.ok(REVOKED, &self.asking, "revoked"),
                Err(error) => {
                    self.steps.warn(REVOKED, &self.asking, &error.to_string());
                    ended = ended.and(Err(error));
                }
            }
        }
        ended
    }

    async fn revoke_one(&mut self, server: &Server, client: &Client, hint: &str, token: &str) -> Result<(), AuthError> {
        const STEP: &str = "revocation";
        let mut form = Form::default();
        form.secret("token", token);
        form.open("token_type_hint", hint);
        self.authenticate(server, client, &mut form).await?;
        let response = self.post(STEP, server.revocation.as_deref().unwrap_or_default(), &form).await?;
        if (200..300).contains(&response.status) { Ok(()) } else { Err(refused(STEP, &response, &form.secrets)) }
    }
}

/// Whether trying again later may help.
pub(crate) fn is_passing(error: &AuthError) -> bool {
    match error {
        AuthError::Web { .. } | AuthError::Unavailable { .. } => true,
        AuthError::Refused { status, .. } => *status == 429 || *status >= 500,
        _ => false,
    }
}
