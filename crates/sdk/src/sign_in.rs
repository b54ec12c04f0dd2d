//! The `auth` of `connect()`: what the page decided, and the functions that it passed in.

use std::any::Any;
use std::rc::Rc;

use browser::mcp::oauth::{
    Algorithm, AuthMethod, AuthorizeFailure, ClientKey, Grant, Idp, Preregistered, Settings, SignInPage,
};
use browser::oauth::Surroundings;
use browser::{Code, Error};
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Function};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};

use crate::client::{called, function};

/// Reads `auth` as `mcp.d.ts` has it; `mcp.js` has checked the names and the types.
pub(crate) fn settings(endpoint: &str, client_name: &str, auth: &Value) -> Result<Settings, Error> {
    let text = |at: &str| auth.pointer(at).and_then(Value::as_str).map(str::to_owned);
    let needed = |at: &str| text(at).ok_or_else(|| unfit(&format!("auth{at}")));
    let name = text("/clientName");
    let mut settings = Settings::new(endpoint, "", name.as_deref().unwrap_or(client_name));
    settings.client_metadata_url = text("/clientMetadataUrl");
    settings.scope = text("/scope");
    settings.dpop = auth.get("dpop").and_then(Value::as_bool).unwrap_or_default();
    if auth.get("client").is_some() {
        let method = text("/client/method");
        let algorithm = match text("/client/algorithm").as_deref() {
            None | Some("ES256") => Algorithm::Es256,
            Some("RS256") => Algorithm::Rs256,
            Some(_) => return Err(unfit("auth/client/algorithm")),
        };
        settings.preregistered = Some(Preregistered {
            client_id: needed("/client/id")?,
            client_secret: text("/client/secret"),
            key: text("/client/privateKey").map(|pem| ClientKey { pem, algorithm, kid: text("/client/keyId") }),
            issuer: text("/client/issuer"),
            method: match method {
                Some(name) => Some(AuthMethod::of(&name).ok_or_else(|| unfit("auth/client/method"))?),
                None => None,
            },
        });
    }
    let grant = text("/grant").or_else(|| text("/grant/type"));
    settings.grant = match grant.as_deref() {
        None | Some("authorization_code") => {
            settings.redirect_uri = needed("/redirectUri")?;
            Grant::AuthorizationCode
        }
        Some("client_credentials") => Grant::ClientCredentials,
        Some("jwt_bearer") => Grant::JwtBearer { assertion: needed("/grant/assertion")? },
        Some("enterprise") => Grant::EnterpriseManaged(Idp {
            client_id: needed("/grant/clientId")?,
            client_secret: text("/grant/clientSecret"),
            id_token: needed("/grant/idToken")?,
            issuer: needed("/grant/issuer")?,
            token_endpoint: text("/grant/tokenEndpoint"),
        }),
        Some(_) => return Err(unfit("auth/grant")),
    };
    Ok(settings)
}

/// An option that does not fit. Its value may be a secret and is not told.
pub(crate) fn unfit(name: &str) -> Error {
    Error::new(Code::Invalid, format!("what connect() was given does not fit: `{name}`"))
        .hint("see the package's types for its shape")
}

/// The functions of a page that signs in, as `mcp.js` wraps them.
pub(crate) struct Page(pub(crate) JsValue);

impl Surroundings for Page {
    fn authorize(&self, page: &SignInPage<'_>) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>> {
        let Some(authorize) = function(&self.0, "authorize") else {
            return Box::pin(async { Err(AuthorizeFailure::NeedsPerson) });
        };
        let asked = called(&authorize, Some(&page.url.into()));
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
