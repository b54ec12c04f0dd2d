//! The `auth` of `connect()`: what the page decided, and the functions that it passed in.

use std::any::Any;
use std::rc::Rc;

use browser::mcp::oauth::{
    Algorithm, AuthMethod, AuthorizeFailure, ClientKey, Grant, Idp, Preregistered, Settings, SignInPage,
};
use browser::oauth::{Kept, Surroundings};
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Function};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::page::{authorized, called, function};

/// Reads `auth`, which `mcp.js` has checked: what is needed is there, and every choice is one of those below.
pub(crate) fn settings(endpoint: &str, client_name: &str, auth: &Value) -> Settings {
    let name = text(auth, "", "clientName").unwrap_or_else(|| client_name.to_owned());
    let mut settings = Settings::new(endpoint, &needed(auth, "", "redirectUri"), &name);
    settings.client_metadata_url = text(auth, "", "clientMetadataUrl");
    settings.scope = text(auth, "", "scope");
    let is = |name: &str| auth.get(name) == Some(&Value::Bool(true));
    settings.dpop = is("dpop");
    settings.trust_named_issuer = is("trustNamedIssuer");
    if auth.get("client").is_some() {
        let algorithm = match text(auth, "client", "algorithm").as_deref() {
            Some("RS256") => Algorithm::Rs256,
            _ => Algorithm::Es256,
        };
        let kid = text(auth, "client", "keyId");
        settings.preregistered = Some(Preregistered {
            client_id: needed(auth, "client", "id"),
            client_secret: text(auth, "client", "secret"),
            key: text(auth, "client", "privateKey").map(|pem| ClientKey { pem, algorithm, kid }),
            issuer: text(auth, "client", "issuer"),
            method: text(auth, "client", "method").and_then(|method| AuthMethod::of(&method)),
        });
    }
    settings.grant = match needed(auth, "grant", "type").as_str() {
        "client_credentials" => Grant::ClientCredentials,
        "jwt_bearer" => Grant::JwtBearer { assertion: needed(auth, "grant", "assertion") },
        "enterprise" => Grant::EnterpriseManaged(Idp {
            client_id: needed(auth, "grant", "clientId"),
            client_secret: text(auth, "grant", "clientSecret"),
            id_token: needed(auth, "grant", "idToken"),
            issuer: needed(auth, "grant", "issuer"),
            token_endpoint: text(auth, "grant", "tokenEndpoint"),
        }),
        _ => Grant::AuthorizationCode,
    };
    settings
}

/// A text in `auth`, or in one of its parts.
fn text(auth: &Value, part: &str, name: &str) -> Option<String> {
    let within = if part.is_empty() { auth } else { auth.get(part)? };
    within.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn needed(auth: &Value, part: &str, name: &str) -> String {
    text(auth, part, name).unwrap_or_default()
}

/// The functions of a page that signs in, as `mcp.js` wraps them.
pub(crate) struct Page(pub(crate) JsValue);

impl Surroundings for Page {
    fn authorize(&self, page: &SignInPage<'_>) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>> {
        let Some(authorize) = function(&self.0, "authorize") else {
            return Box::pin(async { Err(AuthorizeFailure::NeedsPerson) });
        };
        authorized(&authorize, page.url)
    }

    fn load(&self) -> LocalBoxFuture<'static, Option<Kept>> {
        let kept = function(&self.0, "load").map(|load| called(&load, None));
        Box::pin(async move {
            // A store that fails is not one that is empty.
            let kept: Array = kept?.await?.unchecked_into();
            Some((kept.get(0).as_string(), Some(kept.get(1))))
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
        // `mcp.js` gives a pair at once: what settles when the lock is there, and what lets go of it or of the wait.
        let pair: Array = function(&self.0, "lock")?.call0(&JsValue::UNDEFINED).ok()?.unchecked_into();
        let held = Held(pair.get(1));
        let granted = JsFuture::from(js_sys::Promise::resolve(&pair.get(0)));
        Some(Box::pin(async move {
            let _ = granted.await;
            Box::new(held) as Box<dyn Any>
        }))
    }
}

/// A lock, or the wait for one, that is let go of when dropped.
struct Held(JsValue);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = self.0.dyn_ref::<Function>() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Somebody who signs in for a client.
pub(crate) fn page(hooks: &JsValue) -> Rc<dyn Surroundings> {
    Rc::new(Page(hooks.clone()))
}
