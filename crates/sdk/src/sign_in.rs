//! The `auth` of `connect()`: what the page decided, and the functions that it passed in.

use std::any::Any;
use std::rc::Rc;

use browser::mcp::oauth::{Algorithm, AuthMethod, AuthorizeFailure, ClientKey, Grant, Idp, Preregistered, Settings};
use browser::oauth::Surroundings;
use browser::{Code, Error};
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Function};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};

use crate::client::{called, function};

/// Reads `auth` as `mcp.d.ts` has it, and nothing else: an option that is spelled wrong must not be passed over.
pub(crate) fn settings(endpoint: &str, client_name: &str, auth: &Value) -> Result<Settings, Error> {
    let mut settings = Settings::new(endpoint, "", client_name);
    for (name, value) in members(auth, "auth")? {
        match (name.as_str(), value, value.as_str()) {
            ("redirectUri", _, Some(text)) => settings.redirect_uri = text.to_owned(),
            ("clientName", _, Some(text)) => settings.client_name = text.to_owned(),
            ("clientMetadataUrl", _, Some(text)) => settings.client_metadata_url = Some(text.to_owned()),
            ("scope", _, Some(text)) => settings.scope = Some(text.to_owned()),
            ("dpop", Value::Bool(dpop), _) => settings.dpop = *dpop,
            ("client", client, _) => settings.preregistered = Some(preregistered(client)?),
            ("grant", grant, _) => settings.grant = read_grant(grant)?,
            _ => return Err(unfit(&format!("auth.{name}"))),
        }
    }
    if settings.grant == Grant::AuthorizationCode && settings.redirect_uri.is_empty() {
        return Err(unfit("auth.redirectUri"));
    }
    Ok(settings)
}

fn preregistered(client: &Value) -> Result<Preregistered, Error> {
    let mut out =
        Preregistered { client_id: String::new(), client_secret: None, key: None, issuer: None, method: None };
    let (mut pem, mut algorithm, mut kid) = (None, Algorithm::Es256, None);
    for (name, value) in members(client, "auth.client")? {
        let wrong = || unfit(&format!("auth.client.{name}"));
        let text = value.as_str().ok_or_else(wrong)?;
        match (name.as_str(), text) {
            ("id", text) => out.client_id = text.to_owned(),
            ("secret", text) => out.client_secret = Some(text.to_owned()),
            ("issuer", text) => out.issuer = Some(text.to_owned()),
            ("method", text) => out.method = Some(AuthMethod::of(text).ok_or_else(wrong)?),
            ("privateKey", text) => pem = Some(text.to_owned()),
            ("algorithm", "ES256") => {}
            ("algorithm", "RS256") => algorithm = Algorithm::Rs256,
            ("keyId", text) => kid = Some(text.to_owned()),
            _ => return Err(wrong()),
        }
    }
    if out.client_id.is_empty() {
        return Err(unfit("auth.client.id"));
    }
    out.key = pem.map(|pem| ClientKey { pem, algorithm, kid });
    Ok(out)
}

fn read_grant(grant: &Value) -> Result<Grant, Error> {
    match grant.as_str() {
        Some("authorization_code") => return Ok(Grant::AuthorizationCode),
        Some("client_credentials") => return Ok(Grant::ClientCredentials),
        _ => {}
    }
    let text = |name: &str| grant.get(name).and_then(Value::as_str).map(str::to_owned);
    let needed = |name: &str| text(name).ok_or_else(|| unfit(&format!("auth.grant.{name}")));
    match text("type").as_deref() {
        Some("jwt_bearer") => Ok(Grant::JwtBearer { assertion: needed("assertion")? }),
        Some("enterprise") => Ok(Grant::EnterpriseManaged(Idp {
            client_id: needed("clientId")?,
            client_secret: text("clientSecret"),
            id_token: needed("idToken")?,
            issuer: needed("issuer")?,
            token_endpoint: text("tokenEndpoint"),
        })),
        _ => Err(unfit("auth.grant")),
    }
}

fn members<'a>(value: &'a Value, what: &str) -> Result<&'a serde_json::Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| unfit(what))
}

/// An option that does not fit. Its value may be a secret and is not told.
pub(crate) fn unfit(name: &str) -> Error {
    Error::new(Code::Invalid, format!("what connect() was given does not fit: `{name}`"))
        .hint("see the package's types for its shape")
}

/// The functions of a page that signs in, as `mcp.js` wraps them.
pub(crate) struct Page(pub(crate) JsValue);

impl Surroundings for Page {
    fn authorize(&self, url: String, _state: String) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>> {
        let Some(authorize) = function(&self.0, "authorize") else {
            return Box::pin(async { Err(AuthorizeFailure::NeedsPerson) });
        };
        let asked = called(&authorize, Some(&url.into()));
        Box::pin(async move {
            // `mcp.js` gives the address, or in a list why there is none.
            let said = asked.await.ok_or(AuthorizeFailure::Cancelled)?;
            let why = || said.dyn_ref::<Array>().and_then(|why| why.get(0).as_string()).unwrap_or_default();
            said.as_string().ok_or_else(|| AuthorizeFailure::Failed(why()))
        })
    }

    fn load(&self) -> LocalBoxFuture<'static, (Option<String>, Option<JsValue>)> {
        let kept = function(&self.0, "load").map(|load| called(&load, None));
        Box::pin(async move {
            let Some(kept) = kept else { return (None, None) };
            let kept: Array = kept.await.map_or_else(Array::new, JsCast::unchecked_into);
            (kept.get(0).as_string(), Some(kept.get(1)))
        })
    }

    fn save(&self, credentials: Option<String>) -> LocalBoxFuture<'static, ()> {
        let kept = match credentials {
            Some(credentials) => function(&self.0, "save").map(|save| called(&save, Some(&credentials.into()))),
            None => function(&self.0, "forget").map(|forget| called(&forget, None)),
        };
        Box::pin(async move {
            if let Some(kept) = kept {
                kept.await;
            }
        })
    }

    fn save_key(&self, pair: JsValue) -> LocalBoxFuture<'static, ()> {
        let kept = function(&self.0, "saveKey").map(|save| called(&save, Some(&pair)));
        Box::pin(async move {
            if let Some(kept) = kept {
                kept.await;
            }
        })
    }

    fn lock(&self) -> Option<LocalBoxFuture<'static, Box<dyn Any>>> {
        let held = called(&function(&self.0, "lock")?, None);
        Some(Box::pin(async move { Box::new(Held(held.await)) as Box<dyn Any> }))
    }
}

/// A lock that is let go of when dropped.
struct Held(Option<JsValue>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = self.0.as_ref().and_then(|release| release.dyn_ref::<Function>()) {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Somebody who signs in for a client.
pub(crate) fn page(hooks: &JsValue) -> Rc<dyn Surroundings> {
    Rc::new(Page(hooks.clone()))
}
