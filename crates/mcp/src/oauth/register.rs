//! Who we are to an authorization server ("Client Registration"): registered by hand, by the address of our metadata
//! document, or dynamically (RFC 7591).

use std::rc::Rc;

use serde_json::Value;

use super::address::{Address, is_allowed};
use super::authorizer::Authorizer;
use super::credentials::{Account, Registered, Registration};
use super::error::AuthError;
use super::metadata::Server;
use super::port::{Port, WebRequest};
use super::settings::{AuthMethod, ClientKey, Grant, Preregistered, Settings};
use super::step::{cut, http, join, scrub};
use super::token::{EXCHANGE, JWT_BEARER, refused};
use crate::jsonrpc::quoted;
use crate::types::without_query;

/// A client that can ask for tokens.
#[derive(Clone)]
pub(crate) struct Client {
    /// `None` where an assertion says all (RFC 7521 section 4.1).
    pub(crate) id: Option<String>,
    pub(crate) auth: Auth,
}

/// How it authenticates, with what that takes.
#[derive(Clone)]
pub(crate) enum Auth {
    None,
    Basic(String),
    Post(String),
    Jwt(ClientKey),
}

impl Auth {
    fn method(&self) -> AuthMethod {
        match self {
            Self::None => AuthMethod::None,
            Self::Basic(_) => AuthMethod::Basic,
            Self::Post(_) => AuthMethod::Post,
            Self::Jwt(_) => AuthMethod::PrivateKeyJwt,
        }
    }
}

impl<P: Port> Authorizer<P> {
    /// The authorization server that the client registered by hand belongs to, if that is known.
    pub(crate) fn bound_issuer(&self) -> Option<&str> {
        let by_hand = self.settings.preregistered.as_ref()?;
        by_hand.issuer.as_deref().or_else(|| {
            let mut accounts = self.credentials.accounts.iter();
            let bound = accounts.find(|account| {
                let registration = account.registration.as_ref();
                registration
                    .is_some_and(|known| known.how == Registered::ByHand && known.client_id == by_hand.client_id)
            });
            bound.map(|account| account.issuer.as_str())
        })
    }

    /// The client for an authorization server; registered now if need be. Nothing of another issuer is used.
    pub(crate) async fn client(&mut self, server: &Server, dpop: bool) -> Result<Client, AuthError> {
        let settings = Rc::clone(&self.settings);
        if let Some(by_hand) = &settings.preregistered {
            let client = self.by_hand(by_hand, server)?;
            let registration = Registration {
                client_id: by_hand.client_id.clone(),
                how: Registered::ByHand,
                secret: None,
                secret_expires_at: None,
                method: client.auth.method(),
                redirect_uri: settings.redirect_uri.clone(),
            };
            self.credentials.edit(&server.issuer, |account| account.registration = Some(registration));
            return Ok(client);
        }
        match self.settings.grant {
            Grant::JwtBearer { .. } => return Ok(Client { id: None, auth: Auth::None }),
            Grant::ClientCredentials => return Err(AuthError::MissingClient { what: "secret or key" }),
            Grant::AuthorizationCode | Grant::EnterpriseManaged(_) => {}
        }
        if let Some(known) = self.known_client(&server.issuer) {
            return Ok(known);
        }
        let registration = match self.metadata_url().filter(|_| server.cimd).map(str::to_owned) {
            Some(url) => {
                self.steps.ok("Client Registration, 1", "how to register", "by our Client ID Metadata Document");
                Registration {
                    client_id: url,
                    how: Registered::ByMetadata,
                    secret: None,
                    secret_expires_at: None,
                    method: AuthMethod::None,
                    redirect_uri: self.settings.redirect_uri.clone(),
                }
            }
            None => self.register(server, dpop).await?,
        };
        let client = client_of(&registration);
        self.credentials.edit(&server.issuer, |account| account.registration = Some(registration));
        self.save().await;
        Ok(client)
    }

    /// The client that is known already, if it still holds.
    pub(crate) fn known_client(&self, issuer: &str) -> Option<Client> {
        self.holds(self.credentials.account(issuer)?.registration.as_ref()?)
    }

    /// The client that tokens of an account were had by. Nothing is registered for it.
    pub(crate) fn client_before(&self, server: &Server, account: &Account) -> Result<Option<Client>, AuthError> {
        match &self.settings.preregistered {
            Some(by_hand) => self.by_hand(by_hand, server).map(Some),
            None => Ok(account.registration.as_ref().and_then(|known| self.holds(known))),
        }
    }

    fn holds(&self, known: &Registration) -> Option<Client> {
        let holds = match known.how {
            Registered::ByHand => false,
            Registered::ByMetadata => self.metadata_url() == Some(known.client_id.as_str()),
            Registered::Dynamically => {
                known.redirect_uri == self.settings.redirect_uri
                    && known.secret_expires_at.is_none_or(|at| self.port.now() < at)
            }
        };
        holds.then(|| client_of(known))
    }

    /// The address of our metadata document, if it can be a client id: `https` and with a path.
    fn metadata_url(&self) -> Option<&str> {
        let url = self.settings.client_metadata_url.as_deref()?;
        let address = Address::parse(url).filter(|address| address.path.len() > 1)?;
        (is_allowed(url, false) && address.query.is_empty()).then_some(url)
    }

    fn by_hand(&self, by_hand: &Preregistered, server: &Server) -> Result<Client, AuthError> {
        let method = by_hand.method.unwrap_or_else(|| {
            let offered = |method: AuthMethod| match &server.methods {
                Some(methods) => methods.iter().any(|name| name == method.name()),
                // RFC 8414 section 2: the default is `client_secret_basic`.
                None => method == AuthMethod::Basic,
            };
            match (&by_hand.key, &by_hand.client_secret) {
                (Some(_), _) => AuthMethod::PrivateKeyJwt,
                (None, None) => AuthMethod::None,
                (None, Some(_)) if !offered(AuthMethod::Basic) && offered(AuthMethod::Post) => AuthMethod::Post,
                (None, Some(_)) => AuthMethod::Basic,
            }
        });
        let secret = || by_hand.client_secret.clone().ok_or(AuthError::MissingClient { what: "secret" });
        let auth = match method {
            AuthMethod::None if self.settings.grant == Grant::ClientCredentials => {
                return Err(AuthError::MissingClient { what: "secret or key" });
            }
            AuthMethod::None => Auth::None,
            AuthMethod::Basic => Auth::Basic(secret()?),
            AuthMethod::Post => Auth::Post(secret()?),
            AuthMethod::PrivateKeyJwt => {
                Auth::Jwt(by_hand.key.clone().ok_or(AuthError::MissingClient { what: "key" })?)
            }
        };
        if !matches!(auth, Auth::None) {
            self.may_have(server)?;
        }
        Ok(Client { id: Some(by_hand.client_id.clone()), auth })
    }

    /// Whether an authorization server may have a secret of ours: a person has looked at it, or the host names it.
    pub(crate) fn may_have(&self, server: &Server) -> Result<(), AuthError> {
        let named =
            self.settings.preregistered.as_ref().is_some_and(|client| client.issuer.as_ref() == Some(&server.issuer));
        if named || self.settings.trust_named_issuer || self.settings.grant == Grant::AuthorizationCode {
            return Ok(());
        }
        Err(AuthError::UnknownIssuer { issuer: cut(&server.issuer) })
    }

    /// Registers dynamically (RFC 7591 section 3).
    async fn register(&mut self, server: &Server, dpop: bool) -> Result<Registration, AuthError> {
        const STEP: &str = "registration";
        let Some(url) = &server.registration else {
            return Err(AuthError::NoRegistration { issuer: cut(&server.issuer) });
        };
        let asked = asked_method(server);
        let body = self.registration(server, asked, dpop);
        let shown = without_query(url);
        self.asking = join(&["registration: POST ", shown, ", application_type ", self.kind()]);
        let json = || "application/json".to_owned();
        let headers = vec![("Content-Type", json()), ("Accept", json())];
        let request = WebRequest { method: "POST", url: url.clone(), headers, body: Some(body) };
        let answer = self.port.fetch(request).await;
        let response = answer.map_err(|why| AuthError::Web { url: shown.to_owned(), why })?;
        if !(200..300).contains(&response.status) {
            return Err(refused(STEP, &response, &[]));
        }
        let registration = read_registration(&self.settings, asked, &response.body)?;
        let secret = registration.secret.as_deref().unwrap_or_default();
        let shown = scrub(&registration.client_id, &[secret]);
        let note = join(&[&http(response.status), ", client id ", &shown, ", by ", registration.method.name()]);
        self.steps.ok("RFC 7591 section 3.2.1", &self.asking, &note);
        Ok(registration)
    }

    /// Our kind of program by the redirect address (OpenID Connect Registration section 2).
    fn kind(&self) -> &'static str {
        let native = Address::parse(&self.settings.redirect_uri).is_none_or(|address| address.is_loopback());
        if native { "native" } else { "web" }
    }

    /// The body of a registration (RFC 7591 section 2).
    fn registration(&self, server: &Server, asked: AuthMethod, dpop: bool) -> String {
        let grant = match self.settings.grant {
            Grant::EnterpriseManaged(_) => JWT_BEARER,
            _ => "authorization_code",
        };
        join(&[
            r#"{"client_name":"#,
            &quoted(&self.settings.client_name),
            r#","redirect_uris":["#,
            &quoted(&self.settings.redirect_uri),
            r#"],"grant_types":[""#,
            grant,
            if server.refreshes() { r#"","refresh_token"# } else { "" },
            r#""],"response_types":["code"],"token_endpoint_auth_method":""#,
            asked.name(),
            r#"","application_type":""#,
            self.kind(),
            if dpop { r#"","dpop_bound_access_tokens":true}"# } else { r#""}"# },
        ])
    }

    /// Forgets a dynamic registration if an error says that the authorization server no longer knows it. Whether there
    /// was one; the other kinds are not the authorization server's to lose.
    pub(crate) fn lost_client(&mut self, issuer: &str, error: &AuthError) -> bool {
        // What the identity provider says is about our client there.
        let AuthError::Refused { step, error, .. } = error else { return false };
        let mut lost = false;
        if *step != EXCHANGE && (error == "invalid_client" || error == "unauthorized_client") {
            self.credentials.edit(issuer, |account| {
                lost = account.registration.as_ref().is_some_and(|known| known.how == Registered::Dynamically);
                if lost {
                    account.registration = None;
                }
            });
        }
        lost
    }
}

/// The answer to a registration (RFC 7591 section 3.2.1). It has to be what was asked for (X25).
fn read_registration(settings: &Settings, asked: AuthMethod, body: &str) -> Result<Registration, AuthError> {
    let malformed = |what| AuthError::Malformed { step: "registration", what };
    let document: Value = serde_json::from_str(body).map_err(|_| malformed("it is not JSON"))?;
    let text = |member: &str| document.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let client_id = text("client_id").ok_or(malformed("it has no client_id"))?;
    if let Some(uris) = document.get("redirect_uris").and_then(Value::as_array)
        && !uris.iter().any(|uri| uri.as_str() == Some(&settings.redirect_uri))
    {
        return Err(AuthError::RegistrationChanged { member: "redirect_uris" });
    }
    if text("client_name").is_some_and(|name| name != settings.client_name) {
        return Err(AuthError::RegistrationChanged { member: "client_name" });
    }
    let method = match text("token_endpoint_auth_method") {
        Some(name) => AuthMethod::of(name)
            .filter(|method| *method != AuthMethod::PrivateKeyJwt)
            .ok_or(AuthError::RegistrationChanged { member: "token_endpoint_auth_method" })?,
        None => asked,
    };
    // A public client has no use for a secret, so it is not even kept.
    let (method, secret) = match (method, text("client_secret")) {
        (AuthMethod::Basic | AuthMethod::Post, Some(secret)) => (method, Some(secret.to_owned())),
        _ => (AuthMethod::None, None),
    };
    let ends = document.get("client_secret_expires_at").and_then(Value::as_u64).filter(|at| *at > 0);
    Ok(Registration {
        client_id: client_id.to_owned(),
        how: Registered::Dynamically,
        secret_expires_at: ends.filter(|_| secret.is_some()),
        secret,
        method,
        redirect_uri: settings.redirect_uri.clone(),
    })
}

/// How to authenticate after a dynamic registration: a public client where that is possible, since a browser keeps no
/// secret from its user.
fn asked_method(server: &Server) -> AuthMethod {
    let Some(methods) = &server.methods else {
        // RFC 8414 section 2: the default is `client_secret_basic`. Where there is no document there is no default.
        return if server.assumed { AuthMethod::None } else { AuthMethod::Basic };
    };
    [AuthMethod::None, AuthMethod::Basic, AuthMethod::Post]
        .into_iter()
        .find(|method| methods.iter().any(|name| name == method.name()))
        .unwrap_or(AuthMethod::None)
}

fn client_of(registration: &Registration) -> Client {
    let auth = match (registration.method, registration.secret.clone()) {
        (AuthMethod::Basic, Some(secret)) => Auth::Basic(secret),
        (AuthMethod::Post, Some(secret)) => Auth::Post(secret),
        _ => Auth::None,
    };
    Client { id: Some(registration.client_id.clone()), auth }
}
