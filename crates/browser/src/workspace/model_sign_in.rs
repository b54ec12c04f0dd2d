//! A key by signing in: OpenRouter makes one for this page after the person has agreed there.
//!
//! Source: wires.md B1, OpenRouter's guide to OAuth with PKCE. It is not the OAuth of RFC 6749: there is no client to
//! register, no `state` and no token, but a challenge (RFC 7636), a page, a code and a key. The `state` in the address to
//! come back to is ours: it names the channel on which the page that ends a sign-in hands its address over
//! ([`crate::visit`]).

use mcp::oauth::AuthorizeFailure;
use serde_json::{Value, json};

use super::Workspace;
use crate::error::{Code, Error};
use crate::fetch::Request;
use crate::time::random;
use crate::visit::Visit;

/// How long the exchange of the code may take, in milliseconds.
const PATIENCE: u64 = 30_000;
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 << 10;

impl Workspace {
    /// Has the person sign in at an endpoint that makes keys, and gives the key. It belongs to this base URL alone.
    ///
    /// # Errors
    /// When the person does not come back, or the provider makes no key.
    pub async fn sign_in_model(&self, base_url: &str, visit: &Visit) -> Result<String, Error> {
        self.alive()?;
        self.check_model_url(base_url)?;
        let failed = |why: &str| Error::new(Code::SignIn, why.to_owned()).hint("sign in again, or paste a key");
        let back = self.redirect_uri().ok_or_else(|| failed("this page has no address to come back to"))?;
        let site = web_sys::Url::new(base_url).map_err(|_| failed("the base URL is not an address"))?;
        let (state, verifier) = (secret(), secret());
        let page =
            web_sys::Url::new_with_base("/auth", &site.origin()).map_err(|_| failed("there is no sign-in page"))?;
        let query = [
            ("callback_url", format!("{back}?state={state}")),
            ("code_challenge", mcp::oauth::challenge_of(&verifier)),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", String::from(js_sys::encode_uri_component(value))))
            .collect();
        page.set_search(&query.join("&"));
        let address = visit.authorize(&page.href(), &state).await.map_err(|why| match why {
            AuthorizeFailure::Cancelled => Error::new(Code::Cancelled, "the sign-in was cancelled"),
            AuthorizeFailure::TimedOut => failed("nobody came back from the sign-in page in time"),
            _ => failed("the sign-in page could not be shown"),
        })?;
        let code = code_of(&address, &back, &state).ok_or_else(|| failed("the address that came back has no code"))?;
        let body = json!({ "code": code, "code_verifier": verifier, "code_challenge_method": "S256" });
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{}/auth/keys", base_url.trim_end_matches('/')),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Some(body.to_string().into_bytes()),
            timeout: Some(PATIENCE),
        };
        let host = site.host();
        let network = |_| failed(&format!("`{host}` could not be reached"));
        let mut response = self.0.fetcher.send(request).await.map_err(network)?;
        let answer = response.all(MAX_ANSWER).await.map_err(network)?;
        let answer = chat::json_of(&answer).unwrap_or_default();
        match answer.get("key").and_then(Value::as_str) {
            Some(key) if response.status == 200 && !key.is_empty() => Ok(key.to_owned()),
            _ => Err(failed(&format!("`{host}` made no key (status {})", response.status))),
        }
    }
}

/// 32 random bytes as letters and digits, which both a `state` and a verifier may be.
fn secret() -> String {
    let mut bytes = [0; 32];
    random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The code in the address that the person came back to, if it is the one that was waited for (X15).
fn code_of(address: &str, back: &str, state: &str) -> Option<String> {
    let query = address.strip_prefix(back)?.strip_prefix('?')?.split('#').next()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let ours = pairs.clone().any(|(name, value)| name == "state" && value == state);
    let code = pairs.find(|(name, _)| *name == "code").map(|(_, value)| value).filter(|code| !code.is_empty())?;
    let code = js_sys::decode_uri_component(code).ok().map(String::from)?;
    ours.then_some(code)
}
