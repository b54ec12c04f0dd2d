//! A small world for one authorizer: a server, authorization servers, a person who signs in, a clock.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use mcp::oauth::{
    AuthError, AuthorizeFailure, Authorizer, Chain, Credentials, KeyFailure, Port, PublicJwk, Refusal, Retry, Settings,
    SignInPage, SigningKey, WebFailure, WebRequest, WebResponse,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const ENDPOINT: &str = "https://mcp.example/mcp";
pub(crate) const ORIGIN: &str = "https://mcp.example";
pub(crate) const REDIRECT: &str = "https://app.example/oauth/callback";
pub(crate) const AS: &str = "https://as.example";
pub(crate) const PRM: &str = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
pub(crate) const ROOT_PRM: &str = "https://mcp.example/.well-known/oauth-protected-resource";
pub(crate) const META: &str = "https://as.example/.well-known/oauth-authorization-server";
pub(crate) const CIMD: &str = "https://conformance-test.local/client-metadata.json";

/// Runs a future that never really waits.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..10 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
    panic!("it waits for something");
}

/// One request as a server saw it. A visit to the sign-in page has the method `VISIT`.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What a mock authorization server does.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) issuer: String,
    /// `iss` in the callback; `None` leaves it out.
    pub(crate) iss: Option<String>,
    /// Parameters that replace `code` in the callback.
    pub(crate) error: Option<(String, String)>,
    /// What `/register` answers, over the defaults.
    pub(crate) registered: Value,
    /// What `/token` answers, over the defaults; `null` removes a member.
    pub(crate) granted: Value,
    /// Answers that come before the ordinary ones.
    pub(crate) first: VecDeque<(u16, Value)>,
    /// Whether it gives refresh tokens.
    pub(crate) refreshes: bool,
    /// The nonce that it wants.
    pub(crate) nonce: Option<String>,
}

pub(crate) struct Inner {
    pub(crate) docs: BTreeMap<String, (u16, String)>,
    pub(crate) broken: Vec<String>,
    /// What never answers.
    pub(crate) silent: Vec<String>,
    pub(crate) servers: Vec<Server>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) now: u64,
    pub(crate) made: u64,
    pub(crate) saved: Vec<Credentials>,
    /// What another tab has stored.
    pub(crate) stored: Option<Credentials>,
    pub(crate) locks: u32,
    /// Who holds the lock; one more than there are.
    pub(crate) held: Rc<()>,
    /// What another tab stores while a person is at the sign-in page.
    pub(crate) meanwhile: Option<Credentials>,
    pub(crate) person: Option<AuthorizeFailure>,
    /// Changes the callback URL before it is handed over.
    pub(crate) callback: Option<fn(String) -> String>,
    /// What the DPoP key is made of; empty for one that cannot be had.
    pub(crate) key: String,
}

#[derive(Clone)]
pub(crate) struct World(pub(crate) Rc<RefCell<Inner>>);

pub(crate) struct Rig {
    pub(crate) auth: Authorizer<World>,
    pub(crate) chain: Chain,
}

impl World {
    /// A server that trusts one authorization server, with everything as the specification wants it.
    pub(crate) fn new() -> Self {
        let world = Self(Rc::new(RefCell::new(Inner {
            docs: BTreeMap::new(),
            broken: Vec::new(),
            silent: Vec::new(),
            servers: Vec::new(),
            seen: Vec::new(),
            now: 1_000_000,
            made: 0,
            saved: Vec::new(),
            stored: None,
            locks: 0,
            held: Rc::new(()),
            meanwhile: None,
            person: None,
            callback: None,
            key: "key-one".into(),
        })));
        world.doc(PRM, json!({"resource": ENDPOINT, "authorization_servers": [AS]}));
        world.server(AS, META, json!({}));
        world
    }

    pub(crate) fn doc(&self, url: &str, document: Value) {
        self.raw(url, 200, &document.to_string());
    }

    pub(crate) fn raw(&self, url: &str, status: u16, body: &str) {
        self.0.borrow_mut().docs.insert(url.into(), (status, body.into()));
    }

    pub(crate) fn forget(&self, url: &str) {
        self.0.borrow_mut().docs.remove(url);
    }

    /// Adds an authorization server with its metadata at `url`; `extra` replaces members, `null` removes them.
    pub(crate) fn server(&self, issuer: &str, url: &str, extra: Value) {
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let metadata = merged(
            json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "registration_endpoint": format!("{base}/register"),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "token_endpoint_auth_methods_supported": ["none"],
            }),
            extra,
        );
        self.doc(url, metadata);
        let mut inner = self.0.borrow_mut();
        inner.servers.retain(|server| server.issuer != issuer);
        inner.servers.push(Server {
            issuer: issuer.into(),
            iss: Some(issuer.into()),
            error: None,
            registered: json!({}),
            granted: json!({}),
            first: VecDeque::new(),
            refreshes: false,
            nonce: None,
        });
    }

    /// Changes the behaviour of an authorization server.
    pub(crate) fn edit(&self, issuer: &str, change: impl FnOnce(&mut Server)) {
        let mut inner = self.0.borrow_mut();
        change(inner.servers.iter_mut().find(|server| server.issuer == issuer).unwrap());
    }

    pub(crate) fn settings() -> Settings {
        Settings::new(ENDPOINT, REDIRECT, "Countersign")
    }

    pub(crate) fn rig(&self) -> Rig {
        self.rig_with(Self::settings())
    }

    pub(crate) fn rig_with(&self, settings: Settings) -> Rig {
        let auth = Authorizer::new(self.clone(), settings, Credentials::default());
        Rig { auth, chain: Chain::default() }
    }

    /// Requests of a kind: `VISIT`, `GET`, or the end of a `POST` address.
    pub(crate) fn seen(&self, kind: &str) -> Vec<Seen> {
        let inner = self.0.borrow();
        let fits = |seen: &&Seen| seen.method == kind || (seen.method == "POST" && seen.url.ends_with(kind));
        inner.seen.iter().filter(fits).cloned().collect()
    }

    pub(crate) fn fetched(&self) -> Vec<String> {
        self.seen("GET").into_iter().map(|seen| seen.url).collect()
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.0.borrow_mut().now += seconds;
    }
}

impl Rig {
    /// The server refuses a request with 401.
    pub(crate) fn refuse(&mut self, challenge: Option<&str>) -> Result<Retry, AuthError> {
        self.refuse_as(401, challenge, None)
    }

    pub(crate) fn refuse_as(
        &mut self,
        status: u16,
        challenge: Option<&str>,
        nonce: Option<&str>,
    ) -> Result<Retry, AuthError> {
        let used = block_on(self.auth.headers("POST", ENDPOINT)).unwrap().used;
        let refusal = Refusal { status, www_authenticate: challenge, dpop_nonce: nonce, used };
        block_on(self.auth.challenged(&mut self.chain, refusal))
    }

    /// Another operation begins.
    pub(crate) fn next(&mut self) {
        self.chain = Chain::default();
    }

    /// The `Authorization` header of the next request.
    pub(crate) fn authorization(&mut self) -> Option<String> {
        self.header("Authorization")
    }

    pub(crate) fn header(&mut self, name: &str) -> Option<String> {
        let signed = block_on(self.auth.headers("POST", ENDPOINT)).unwrap();
        signed.headers.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn warned(&self, text: &str) -> bool {
        self.auth.steps().iter().any(|step| format!("{step:?}").contains(text))
    }
}

pub(crate) fn merged(mut base: Value, extra: Value) -> Value {
    for (name, value) in extra.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

pub(crate) fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub(crate) fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    bits.chunks(6)
        .map(|group| {
            let value = (0..6).fold(0u8, |value, at| value << 1 | group.get(at).copied().unwrap_or(0));
            char::from(DIGITS[usize::from(value)])
        })
        .collect()
}

/// The claims or the header of a JWT.
pub(crate) fn part(jwt: &str, at: usize) -> Value {
    let text = jwt.split('.').nth(at).unwrap();
    let mut bits = 0u32;
    let mut count = 0;
    let mut out = Vec::new();
    for char in text.chars() {
        let digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".find(char).unwrap();
        bits = bits << 6 | u32::try_from(digit).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 255) as u8);
        }
    }
    serde_json::from_slice(&out).unwrap()
}

fn reply(status: u16, body: &Value, nonce: Option<&str>) -> WebResponse {
    let headers = nonce.map(|nonce| ("dpop-nonce".to_owned(), nonce.to_owned())).into_iter().collect();
    WebResponse { status, headers, body: body.to_string() }
}

impl Inner {
    fn answer(&mut self, seen: &Seen) -> WebResponse {
        if seen.method == "GET" {
            let (status, body) = self.docs.get(&seen.url).cloned().unwrap_or((404, "not found".into()));
            return WebResponse { status, headers: Vec::new(), body };
        }
        let (base, path) = seen.url.rsplit_once('/').unwrap();
        let known =
            self.servers.iter_mut().find(|server| server.issuer.strip_suffix('/').unwrap_or(&server.issuer) == base);
        let Some(server) = known else { return reply(404, &json!({}), None) };
        self.made += 1;
        let made = self.made;
        if let Some((status, body)) = server.first.pop_front() {
            return reply(status, &body, server.nonce.as_deref());
        }
        match path {
            "register" => {
                let asked: Value = serde_json::from_str(&seen.body).unwrap();
                let base = json!({
                    "client_id": format!("client-of-{}", server.issuer),
                    "client_secret": "canary-registered",
                    "client_name": asked["client_name"],
                    "redirect_uris": asked["redirect_uris"],
                });
                reply(201, &merged(base, server.registered.clone()), None)
            }
            "token" => {
                let proof = seen.headers.get("DPoP");
                if let (Some(nonce), Some(proof)) = (&server.nonce, proof)
                    && part(proof, 1)["nonce"].as_str() != Some(nonce)
                {
                    let body = json!({"error": "use_dpop_nonce", "error_description": "a nonce please"});
                    return reply(400, &body, Some(nonce));
                }
                let mut base = json!({
                    "access_token": format!("canary-access-{made}"),
                    "token_type": if proof.is_some() { "DPoP" } else { "Bearer" },
                    "expires_in": 3600,
                });
                if server.refreshes {
                    base["refresh_token"] = format!("canary-refresh-{made}").into();
                }
                reply(200, &merged(base, server.granted.clone()), None)
            }
            "revoke" => reply(200, &json!({}), None),
            _ => reply(404, &json!({}), None),
        }
    }
}

/// The lock among tabs, while somebody holds it.
pub(crate) struct Held {
    _held: Rc<()>,
}

impl Port for World {
    type Lock = Held;

    async fn fetch(&self, request: WebRequest) -> Result<WebResponse, WebFailure> {
        let body = request.body.clone().unwrap_or_default();
        let seen = Seen {
            method: request.method.into(),
            url: request.url.clone(),
            headers: request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            form: if body.starts_with('{') { BTreeMap::new() } else { form(&body) },
            body,
        };
        self.0.borrow_mut().seen.push(seen.clone());
        let silent = self.0.borrow().silent.iter().any(|prefix| request.url.starts_with(prefix.as_str()));
        if silent {
            std::future::pending::<()>().await;
        }
        let mut inner = self.0.borrow_mut();
        if inner.broken.iter().any(|prefix| request.url.starts_with(prefix.as_str())) {
            return Err(WebFailure::Network("Failed to fetch".into()));
        }
        Ok(inner.answer(&seen))
    }

    async fn authorize(&self, shown: &SignInPage<'_>) -> Result<String, AuthorizeFailure> {
        let (url, state) = (shown.url, shown.state);
        let mut inner = self.0.borrow_mut();
        assert_eq!(Rc::strong_count(&inner.held), 1, "nobody else may renew while a person signs in");
        if let Some(meanwhile) = inner.meanwhile.take() {
            inner.stored = Some(meanwhile);
        }
        let (page, query) = url.split_once('?').unwrap();
        let asked = form(query);
        assert_eq!(asked["state"], state);
        assert_eq!(asked.get("scope").map(String::as_str), shown.scope);
        inner.seen.push(Seen {
            method: "VISIT".into(),
            url: page.into(),
            headers: BTreeMap::new(),
            form: asked.clone(),
            body: query.into(),
        });
        if let Some(failure) = &inner.person {
            return Err(failure.clone());
        }
        let base = page.strip_suffix("/authorize").unwrap_or(page);
        let known =
            inner.servers.iter().find(|server| server.issuer.strip_suffix('/').unwrap_or(&server.issuer) == base);
        let server = known.cloned();
        let mut back = format!("{}?state={}", asked["redirect_uri"], encode(&asked["state"]));
        match server.as_ref().and_then(|server| server.error.clone()) {
            Some((error, text)) => {
                back.push_str(&format!("&error={}&error_description={}", encode(&error), encode(&text)));
            }
            None => back.push_str("&code=canary-code"),
        }
        if let Some(iss) = server.and_then(|server| server.iss) {
            back.push_str(&format!("&iss={}", encode(&iss)));
        }
        Ok(inner.callback.map_or(back.clone(), |change| change(back)))
    }

    fn random(&self, bytes: usize) -> Vec<u8> {
        let mut inner = self.0.borrow_mut();
        inner.made += 1;
        let seed = Sha256::digest(inner.made.to_be_bytes());
        seed.iter().cycle().take(bytes).copied().collect()
    }

    fn now(&self) -> u64 {
        self.0.borrow().now
    }

    async fn sign(&self, key: SigningKey<'_>, data: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let tag = match key {
            SigningKey::Dpop => self.0.borrow().key.clone(),
            SigningKey::Pem { pem, .. } if pem.starts_with("canary-pem") => pem.to_owned(),
            SigningKey::Pem { .. } => return Err(KeyFailure("it is no PKCS#8 key".into())),
        };
        let half = Sha256::new_with_prefix(tag.as_bytes()).chain_update(data).finalize();
        Ok([half.as_slice(), half.as_slice()].concat())
    }

    async fn dpop_jwk(&self) -> Result<PublicJwk, KeyFailure> {
        if self.0.borrow().key.is_empty() {
            return Err(KeyFailure("the store does not give it".into()));
        }
        Ok(PublicJwk { x: self.0.borrow().key.clone(), y: "y".into() })
    }

    async fn lock(&self) -> (Self::Lock, Option<Credentials>) {
        let mut inner = self.0.borrow_mut();
        inner.locks += 1;
        assert_eq!(Rc::strong_count(&inner.held), 1, "the lock is taken twice");
        (Held { _held: inner.held.clone() }, inner.stored.clone())
    }

    async fn save(&self, credentials: &Credentials) {
        self.0.borrow_mut().saved.push(credentials.clone());
    }
}
