//! Requests to token endpoints and the grants behind them.

use std::rc::Rc;

use serde_json::Value;

use super::address::{Address, encode, hidden, is_allowed};
use super::authorizer::Authorizer;
use super::callback;
use super::credentials::Tokens;
use super::discover::Found;
use super::error::AuthError;
use super::form::Form;
use super::jwt;
use super::metadata::{OFFLINE, Server};
use super::port::{Once, Port, SignInPage, WebRequest, WebResponse};
use super::register::{Auth, Client};
use super::settings::{Grant, Idp};
use super::step::{cut, http, join, scrub};
use crate::base64;
use crate::types::without_query;

/// RFC 7523 section 2.1.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The step at the company's identity provider, in [`AuthError::Refused`].
pub(crate) const EXCHANGE: &str = "token exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
/// Shortest lifetime that is believed, in seconds. With less, almost every request would renew the token.
const SHORTEST: u64 = 5;
/// Longest lifetime that is believed, in seconds: ten years.
const LONGEST: u64 = 315_360_000;

/// A successful answer of a token endpoint (RFC 6749 section 5.1).
pub(crate) struct Granted {
    access: String,
    refresh: Option<String>,
    expires_in: Option<u64>,
    scope: Option<String>,
    name: Option<String>,
}

impl<P: Port> Authorizer<P> {
    /// Gets tokens by the grant of the settings and keeps them. `lock` is the one that the caller holds.
    pub(crate) async fn obtain(
        &mut self,
        found: &Found,
        scope: Option<String>,
        lock: &mut Option<P::Lock>,
    ) -> Result<(), AuthError> {
        let server = &found.server;
        if found.bound && !server.dpop {
            return Err(AuthError::NotBound { what: "the server demands that, its authorization server cannot do it" });
        }
        let dpop = server.dpop && (self.settings.dpop || found.bound);
        if self.settings.dpop && !dpop {
            self.steps.warn(
                "RFC 9449 section 5.1",
                "`dpop_signing_alg_values_supported`",
                "no ES256; tokens are not bound",
            );
        }
        let client = self.client(server, dpop).await?;
        let jkt = if dpop { Some(jwt::thumbprint(&self.port.dpop_jwk().await?)) } else { None };
        let mut scope = scope;
        let granted = match self.ask(found, &client, &mut scope, jkt.as_deref(), lock).await {
            Ok(granted) => granted,
            Err(error) => {
                if self.lost_client(&server.issuer, &error) {
                    self.save().await;
                }
                return Err(error);
            }
        };
        let now = self.port.now();
        let tokens = Tokens {
            scope: granted.scope.or_else(|| scope.clone()),
            access: granted.access,
            refresh: granted.refresh,
            issued_at: now,
            expires_at: granted.expires_in.map(|seconds| now.saturating_add(seconds)),
            requested: scope,
            resource: found.resource.clone(),
            client_id: client.id,
            grant: self.settings.grant.name().to_owned(),
            unbound: self.settings.dpop && jkt.is_none(),
            jkt,
            name: granted.name,
        };
        let issuer = server.issuer.clone();
        // Tokens of an authorization server that is no longer trusted are of no use to anybody.
        self.credentials.forget_tokens();
        self.credentials.edit(&issuer, |account| account.tokens = Some(tokens));
        self.credentials.issuer = Some(issuer);
        self.changed();
        self.save().await;
        Ok(())
    }

    /// Asks for tokens, after whatever the grant takes. `scope` becomes what is asked for.
    async fn ask(
        &mut self,
        found: &Found,
        client: &Client,
        scope: &mut Option<String>,
        jkt: Option<&str>,
        lock: &mut Option<P::Lock>,
    ) -> Result<Granted, AuthError> {
        let server = &found.server;
        let settings = Rc::clone(&self.settings);
        let mut form = match &settings.grant {
            Grant::AuthorizationCode => {
                *scope = scope_for_person(scope.take(), server);
                self.code(found, client.id.as_deref(), scope.as_deref(), jkt, lock).await?
            }
            Grant::ClientCredentials => Form::grant("client_credentials"),
            Grant::JwtBearer { assertion } => {
                if !jwt::is_for(assertion, &[&server.issuer, server.token()?]) {
                    self.may_have(server)?;
                }
                asserted(assertion)
            }
            Grant::EnterpriseManaged(idp) => asserted(&self.exchange(idp, found, scope.as_deref()).await?),
        };
        if !matches!(settings.grant, Grant::AuthorizationCode) {
            form.maybe("scope", scope.as_deref());
        }
        form.open("resource", &found.resource);
        self.token_request("token request", server, client, &form, jkt.is_some()).await
    }

    /// The sign-in of the authorization code grant with PKCE (OAuth 2.1 section 4.1, RFC 7636). Gives the parameters of
    /// the token request.
    async fn code(
        &mut self,
        found: &Found,
        client: Option<&str>,
        scope: Option<&str>,
        jkt: Option<&str>,
        lock: &mut Option<P::Lock>,
    ) -> Result<Form, AuthError> {
        let server = &found.server;
        let page = server.authorization.as_deref().ok_or(AuthError::Endpoint { member: "authorization_endpoint" })?;
        // Before a person signs in in vain.
        server.token()?;
        self.asking = "`code_challenge_methods_supported`".to_owned();
        match &server.challenges {
            Some(methods) if methods.iter().any(|method| method == "S256") => {}
            None if server.assumed => {}
            _ => return Err(AuthError::Pkce),
        }
        let settings = Rc::clone(&self.settings);
        let redirect_uri = settings.redirect_uri.as_str();
        if !is_allowed(redirect_uri, true) {
            return Err(AuthError::BadSetting { url: cut(without_query(redirect_uri)) });
        }
        let verifier = base64::encode_url(&self.port.random(32));
        let state = base64::encode_url(&self.port.random(32));
        let mut query = Form::default();
        query.open("response_type", "code");
        query.open("client_id", client.unwrap_or_default());
        query.open("redirect_uri", redirect_uri);
        query.open("code_challenge", &jwt::hash(&verifier));
        query.open("code_challenge_method", "S256");
        query.open("state", &state);
        query.open("resource", &found.resource);
        query.maybe("scope", scope);
        // OpenID Connect Core section 11: without consent `offline_access` is ignored.
        let offline = scope.is_some_and(|scope| scope.split(' ').any(|scope| scope == OFFLINE));
        let which = self.choose_account.then(|| server.asks_which_account()).flatten();
        if self.choose_account && which.is_none() {
            self.steps.warn(
                "OpenID Connect Core section 3.1.2.1",
                "`prompt_values_supported`",
                "neither select_account nor login; the provider may take whoever is signed in there",
            );
        }
        let prompt: Vec<&str> = which.into_iter().chain(offline.then_some("consent")).collect();
        query.maybe("prompt", (!prompt.is_empty()).then(|| prompt.join(" ")).as_deref());
        query.maybe("dpop_jkt", jkt);
        let joint = match page.find('?') {
            None => "?",
            Some(_) if page.ends_with(['?', '&']) => "",
            Some(_) => "&",
        };
        let url = join(&[page, joint, &query.body]);
        self.asking = join(&[
            "sign-in page ",
            without_query(page),
            ", scope ",
            scope.unwrap_or("-"),
            ", resource ",
            without_query(&found.resource),
        ]);
        // A person may take minutes. Meanwhile other tabs renew the tokens that there are.
        lock.take();
        let back = self.port.authorize(&SignInPage { url: &url, state: &state, issuer: &server.issuer, scope }).await;
        let registered = self.credentials.account(&server.issuer).and_then(|account| account.registration.clone());
        *lock = Some(self.locked().await);
        // The code is for the client that asked for it, whatever another tab did to the record of it.
        if registered.is_some() {
            self.credentials.edit(&server.issuer, |account| account.registration = registered);
        }
        let callback = back?;
        let code = callback::code(&callback, &state, &server.issuer, server.iss, hidden(&found.resource))?;
        self.steps.ok("RFC 9207 section 2.4", &self.asking, "a code, with the right state and issuer");
        let mut form = Form::grant("authorization_code");
        form.secret("code", &code);
        form.open("redirect_uri", redirect_uri);
        form.secret("code_verifier", &verifier);
        Ok(form)
    }

    /// Exchanges the person's ID token for a grant (RFC 8693, Enterprise-Managed Authorization section 4).
    async fn exchange(&mut self, idp: &Idp, found: &Found, scope: Option<&str>) -> Result<String, AuthError> {
        let url = match &idp.token_endpoint {
            Some(url) => url.clone(),
            None => self.idp_endpoint(&idp.issuer).await?,
        };
        if !is_allowed(&url, true) {
            return Err(AuthError::BadSetting { url: cut(without_query(&url)) });
        }
        let mut form = Form::grant("urn:ietf:params:oauth:grant-type:token-exchange");
        form.open("requested_token_type", ID_JAG);
        form.open("audience", &found.server.issuer);
        form.open("resource", &found.resource);
        form.secret("subject_token", &idp.id_token);
        form.open("subject_token_type", "urn:ietf:params:oauth:token-type:id_token");
        form.open("client_id", &idp.client_id);
        form.maybe("scope", scope);
        if let Some(value) = &idp.client_secret {
            form.secret("client_secret", value);
        }
        let response = self.post(EXCHANGE, &url, &form).await?;
        if !(200..300).contains(&response.status) {
            return Err(refused(EXCHANGE, &response, &form.secrets));
        }
        let document: Value = serde_json::from_str(&response.body)
            .map_err(|_| AuthError::Malformed { step: EXCHANGE, what: "it is not JSON" })?;
        let text = |member: &str| document.get(member).and_then(Value::as_str);
        if text("issued_token_type") != Some(ID_JAG) {
            return Err(AuthError::Malformed { step: EXCHANGE, what: "its `issued_token_type` is not id-jag" });
        }
        if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("N_A")) {
            return Err(AuthError::Malformed { step: EXCHANGE, what: "its `token_type` is not N_A" });
        }
        let grant = text("access_token").filter(|token| is_token(token));
        let grant = grant.ok_or(AuthError::Malformed { step: EXCHANGE, what: "it has no usable grant" })?;
        self.steps.ok("RFC 8693 section 2.2.1", &self.asking, "an identity assertion grant");
        Ok(grant.to_owned())
    }

    /// Asks a token endpoint, again once if it wants a nonce (RFC 9449 section 8).
    pub(crate) async fn token_request(
        &mut self,
        step: &'static str,
        server: &Server,
        client: &Client,
        form: &Form,
        dpop: bool,
    ) -> Result<Granted, AuthError> {
        let url = server.token()?;
        let mut asked_again = false;
        loop {
            let mut form = form.clone();
            self.authenticate(server, client, &mut form).await?;
            if dpop {
                let nonce = self.nonce(url);
                form.header("DPoP", jwt::proof(&self.port, "POST", url, None, nonce.as_deref()).await?);
            }
            let response = self.post(step, url, &form).await?;
            if (200..300).contains(&response.status) {
                let granted = read_granted(step, &response.body, dpop)?;
                let note = granted.note(response.status, dpop);
                let (access, refresh) = (granted.access.as_str(), granted.refresh.as_deref().unwrap_or_default());
                self.steps.ok("RFC 6749 section 5.1", &self.asking, &scrub(&note, &[access, refresh]));
                return Ok(granted);
            }
            let error = refused(step, &response, &form.secrets);
            let wants_nonce = matches!(&error, AuthError::Refused { error, .. } if error == "use_dpop_nonce");
            if dpop && wants_nonce && !asked_again && response.header("DPoP-Nonce").is_some() {
                asked_again = true;
                self.steps.ok("RFC 9449 section 8", &self.asking, "asked again with the nonce it wants");
                continue;
            }
            return Err(error);
        }
    }

    /// Adds what says who we are, to the form or as headers (RFC 6749 section 2.3, RFC 7523 section 2.2).
    pub(crate) fn authenticate<'a>(
        &'a self,
        server: &'a Server,
        client: &'a Client,
        form: &'a mut Form,
    ) -> Once<'a, Result<(), AuthError>> {
        Box::pin(async move {
            let id = client.id.as_deref();
            match &client.auth {
                Auth::None => form.maybe("client_id", id),
                Auth::Basic(value) => {
                    let pair = join(&[&encode(id.unwrap_or_default()), ":", &encode(value)]);
                    let pair = base64::encode(pair.as_bytes());
                    form.secrets.push(value.clone());
                    form.secrets.push(pair.clone());
                    form.headers.push(("Authorization", join(&["Basic ", &pair])));
                }
                Auth::Post(value) => {
                    form.maybe("client_id", id);
                    form.secret("client_secret", value);
                }
                Auth::Jwt(key) => {
                    let made = jwt::assertion(&self.port, id.unwrap_or_default(), key, &server.issuer).await?;
                    form.open("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                    form.secret("client_assertion", &made);
                }
            }
            Ok(())
        })
    }

    /// Posts a form. Records what is asked without the secret values, and the nonce that comes back.
    pub(crate) async fn post(&mut self, step: &str, url: &str, form: &Form) -> Result<WebResponse, AuthError> {
        let shown = without_query(url);
        self.asking = cut(&join(&[step, ": POST ", shown, &form.shown]));
        let mut headers = form.headers.clone();
        headers.push(("Content-Type", "application/x-www-form-urlencoded".to_owned()));
        headers.push(("Accept", "application/json".to_owned()));
        let body = Some(form.body.clone());
        let answer = self.port.fetch(WebRequest { method: "POST", url: url.to_owned(), headers, body }).await;
        let response = answer.map_err(|why| AuthError::Web { url: shown.to_owned(), why })?;
        if let Some(nonce) = response.header("DPoP-Nonce") {
            self.seen_nonce(url, nonce);
        }
        Ok(response)
    }

    async fn idp_endpoint(&mut self, issuer: &str) -> Result<String, AuthError> {
        if !is_allowed(issuer, true) {
            return Err(AuthError::BadSetting { url: cut(without_query(issuer)) });
        }
        let server = self.idp(issuer).await?;
        Ok(server.token()?.to_owned())
    }

    /// The nonce that a server wants next.
    pub(crate) fn nonce(&self, url: &str) -> Option<String> {
        let address = Address::parse(url)?;
        let known = |origin: &str| Address::parse(origin).is_some_and(|known| known.same_origin(&address));
        self.nonces.iter().find(|(origin, _)| known(origin)).map(|(_, nonce)| nonce.clone())
    }
}

/// `offline_access` where the authorization server lists it, and nowhere else: a resource server must not ask for it
/// (X24). Scopes that are left out mean the provider's defaults, so none is added there.
fn scope_for_person(scope: Option<String>, server: &Server) -> Option<String> {
    let wanted: Vec<&str> = scope.as_deref()?.split(' ').filter(|scope| *scope != OFFLINE).collect();
    let mut wanted = wanted.join(" ");
    if server.offline() {
        wanted.push_str(if wanted.is_empty() { OFFLINE } else { " offline_access" });
    }
    (!wanted.is_empty()).then_some(wanted)
}

/// Whether a token can go into a header as it is.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A request with a JWT that says who asks (RFC 7523 section 2.1).
fn asserted(assertion: &str) -> Form {
    let mut form = Form::grant(JWT_BEARER);
    form.secret("assertion", assertion);
    form
}

/// What an error answer says (RFC 6749 section 5.2), with everything taken out that was secret in the question.
pub(crate) fn refused(step: &'static str, response: &WebResponse, secrets: &[String]) -> AuthError {
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let document: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let text = |member: &str| document.get(member).and_then(Value::as_str).map(|text| scrub(text, &secrets));
    AuthError::Refused {
        step,
        status: response.status,
        error: text("error").unwrap_or_else(|| http(response.status)),
        description: text("error_description").unwrap_or_default(),
    }
}

fn read_granted(step: &'static str, body: &str, bound: bool) -> Result<Granted, AuthError> {
    let malformed = |what: &'static str| AuthError::Malformed { step, what };
    let document: Value = serde_json::from_str(body).map_err(|_| malformed("it is not JSON"))?;
    let text = |member: &str| document.get(member).and_then(Value::as_str);
    match (text("token_type"), bound) {
        (Some(kind), false) if kind.eq_ignore_ascii_case("bearer") => {}
        (Some(kind), true) if kind.eq_ignore_ascii_case("dpop") => {}
        (Some(kind), true) if kind.eq_ignore_ascii_case("bearer") => {
            return Err(AuthError::NotBound { what: "the authorization server ignored the proof" });
        }
        (Some(_), _) => return Err(malformed("its `token_type` is not the one asked for")),
        (None, _) => return Err(malformed("it has no `token_type`")),
    }
    let access = text("access_token").filter(|token| is_token(token));
    Ok(Granted {
        access: access.ok_or_else(|| malformed("it has no usable access token"))?.to_owned(),
        refresh: text("refresh_token").filter(|token| !token.is_empty()).map(str::to_owned),
        expires_in: document.get("expires_in").and_then(seconds),
        scope: text("scope").filter(|scope| !scope.trim().is_empty() && scope.len() <= 8192).map(str::to_owned),
        name: text("id_token").and_then(jwt::subject_name),
    })
}

/// A lifetime in seconds; providers also send it as text or with a fraction. What makes no sense counts as unknown.
fn seconds(value: &Value) -> Option<u64> {
    let whole = match value {
        Value::String(text) => leading(text.trim()),
        Value::Number(number) => number.as_u64().or_else(|| leading(&number.to_string())),
        _ => None,
    };
    whole.filter(|seconds| *seconds >= SHORTEST).map(|seconds| seconds.min(LONGEST))
}

/// The whole part of a plain decimal number. Exponents make no sense in a lifetime, and reading them takes a lot of
/// code.
fn leading(text: &str) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(rest) {
        return None;
    }
    Some(whole.parse().unwrap_or(u64::MAX))
}

impl Granted {
    /// What came back, without the tokens.
    fn note(&self, status: u16, bound: bool) -> String {
        join(&[
            &http(status),
            if bound { ", bound token, scope " } else { ", bearer token, scope " },
            self.scope.as_deref().unwrap_or("as asked"),
            ", seconds ",
            &self.expires_in.map_or_else(|| "unknown".to_owned(), |seconds| seconds.to_string()),
            if self.refresh.is_some() { ", with a refresh token" } else { ", without a refresh token" },
        ])
    }

    /// Puts a renewed token in the place of the old one. What the answer leaves out stays (RFC 6749 section 6).
    pub(crate) fn replace(self, tokens: &mut Tokens, now: u64) {
        tokens.access = self.access;
        tokens.issued_at = now;
        tokens.expires_at = self.expires_in.map(|seconds| now.saturating_add(seconds));
        tokens.refresh = self.refresh.or_else(|| tokens.refresh.take());
        tokens.scope = self.scope.or_else(|| tokens.scope.take());
        tokens.name = self.name.or_else(|| tokens.name.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<Granted, AuthError> {
        read_granted("token request", body, false)
    }

    #[test]
    fn lifetimes_are_read_whatever_their_form() {
        let lifetime = |value: &str| {
            read(&format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{value}}}"#)).unwrap().expires_in
        };
        assert_eq!(lifetime("3600"), Some(3600));
        assert_eq!(lifetime("\"3600\""), Some(3600));
        assert_eq!(lifetime("59.9"), Some(59));
        assert_eq!(lifetime("5"), Some(5));
        assert_eq!(lifetime("\"99999999999999999999\""), Some(LONGEST));
        assert_eq!(lifetime("999999999999999"), Some(LONGEST));
        for junk in [
            "0", "0.5", "1", "4.9", "\"4\"", "-1", "null", "\"soon\"", "[]", "\"NaN\"", "\"inf\"", "1e300", "\"1e3\"",
            "\"\"", "\"+5\"",
        ] {
            assert_eq!(lifetime(junk), None, "{junk}");
        }
    }

    #[test]
    fn a_token_answer_needs_a_known_token_type_and_a_usable_token() {
        for bad in [
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":"a","token_type":"DPoP"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":"a\r\nX: y","token_type":"Bearer"}"#,
            r#"{"access_token":7,"token_type":"Bearer"}"#,
            r#"{"token_type":"Bearer"}"#,
            "<html>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(r#"{"access_token":"a","token_type":"bEaReR"}"#).is_ok());
    }

    #[test]
    fn offline_access_is_the_authorization_servers_to_offer() {
        let lists = Server { scopes: vec![OFFLINE.into()], ..Server::default() };
        let silent = Server::default();
        let of = |scope: Option<&str>, server: &Server| scope_for_person(scope.map(str::to_owned), server);
        assert_eq!(of(Some("a"), &lists).as_deref(), Some("a offline_access"));
        assert_eq!(of(Some("offline_access a"), &silent).as_deref(), Some("a"));
        assert_eq!(of(Some("offline_access"), &silent), None);
        assert_eq!(of(None, &lists), None);
        let no_refresh = Server { grants: Some(vec!["authorization_code".into()]), ..lists };
        assert_eq!(of(Some("a"), &no_refresh).as_deref(), Some("a"));
    }

    proptest! {
        #[test]
        fn no_token_answer_makes_it_panic(body in "\\PC{0,200}", value in "[0-9.eE+-]{1,20}") {
            let _ = read(&body);
            let _ = read(&format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":"{value}"}}"#));
        }
    }
}
