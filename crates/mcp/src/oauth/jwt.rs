//! The two JWTs that this client makes: DPoP proofs (RFC 9449 section 4.2) and client assertions (RFC 7523 section 3).

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::address::Address;
use super::port::{KeyFailure, Port, PublicJwk, SigningKey};
use super::settings::ClientKey;
use super::step::join;
use crate::base64::{self, Alphabet, encode_url};
use crate::jsonrpc::quoted;
use crate::types::without_query;

/// How long a client assertion holds, in seconds.
const LIFETIME: u64 = 120;
/// Longest name of a person that is taken, in characters.
const LONGEST_NAME: usize = 80;

/// SHA-256 as base64url: of a verifier it is the challenge of the method `S256` (RFC 7636 section 4.2).
pub fn hash(text: &str) -> String {
    encode_url(&Sha256::digest(text.as_bytes()))
}

/// The thumbprint of a public key (RFC 7638 section 3).
pub(crate) fn thumbprint(jwk: &PublicJwk) -> String {
    hash(&key(jwk))
}

/// The members of the key in the order that RFC 7638 wants, which is as good as any other.
fn key(jwk: &PublicJwk) -> String {
    join(&[r#"{"crv":"P-256","kty":"EC","x":"#, &quoted(&jwk.x), r#","y":"#, &quoted(&jwk.y), "}"])
}

/// A fresh DPoP proof for one request. `token` is the access token that goes with it, if one does.
pub(crate) async fn proof<P: Port>(
    port: &P,
    method: &str,
    url: &str,
    token: Option<&str>,
    nonce: Option<&str>,
) -> Result<String, KeyFailure> {
    let header = join(&[r#"{"typ":"dpop+jwt","alg":"ES256","jwk":"#, &key(&port.dpop_jwk().await?), "}"]);
    let mut claims = join(&[
        r#"{"jti":"#,
        &quoted(&encode_url(&port.random(16))),
        r#","htm":"#,
        &quoted(method),
        r#","htu":"#,
        &quoted(&target(url)),
        r#","iat":"#,
        &port.now().to_string(),
    ]);
    for (name, value) in [("ath", token.map(hash)), ("nonce", nonce.map(str::to_owned))] {
        if let Some(value) = value {
            claims.push_str(&join(&[",", &quoted(name), ":", &quoted(&value)]));
        }
    }
    claims.push('}');
    sign(port, SigningKey::Dpop, &header, &claims).await
}

/// `htu`: the address without query and fragment. Where it has no path it is `/`, as it is on the wire (RFC 9449 section
/// 4.3, RFC 3986 section 6.2.3).
fn target(url: &str) -> String {
    let bare = without_query(url);
    let rootless = Address::parse(bare).is_some_and(|address| address.path.is_empty());
    join(&[bare, if rootless { "/" } else { "" }])
}

/// A client assertion for the token endpoint of `issuer`. The audience is the issuer alone (RFC 7523bis).
pub(crate) async fn assertion<P: Port>(
    port: &P,
    client: &str,
    key: &ClientKey,
    issuer: &str,
) -> Result<String, KeyFailure> {
    let kid = key.kid.as_ref().map(|kid| join(&[r#","kid":"#, &quoted(kid)])).unwrap_or_default();
    let header = join(&[r#"{"typ":"JWT","alg":""#, key.algorithm.name(), "\"", &kid, "}"]);
    let now = port.now();
    let client = quoted(client);
    let claims = join(&[
        r#"{"iss":"#,
        &client,
        r#","sub":"#,
        &client,
        r#","aud":"#,
        &quoted(issuer),
        r#","jti":"#,
        &quoted(&encode_url(&port.random(16))),
        r#","iat":"#,
        &now.to_string(),
        r#","exp":"#,
        &now.saturating_add(LIFETIME).to_string(),
        "}",
    ]);
    sign(port, SigningKey::Pem { pem: &key.pem, algorithm: key.algorithm }, &header, &claims).await
}

/// Whether a JWT says that it is for one of these, compared byte for byte (RFC 7519 section 4.1.3). Its signature is for
/// others to check.
pub(crate) fn is_for(jwt: &str, audiences: &[&str]) -> bool {
    let claims = jwt.split('.').nth(1).and_then(read).unwrap_or_default();
    let wanted = |audience: &Value| audience.as_str().is_some_and(|audience| audiences.contains(&audience));
    match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().any(wanted),
        Some(one) => wanted(one),
        None => false,
    }
}

/// What an ID token calls the person (OpenID Connect Core section 5.1), as far as it is short enough for a name. It came
/// straight from the token endpoint, and its words are only shown, so its signature is not looked at.
pub(crate) fn subject_name(jwt: &str) -> Option<String> {
    let claims = jwt.split('.').nth(1).and_then(read)?;
    let named = |claim: &&str| {
        let text = claims.get(*claim)?.as_str()?.trim();
        (!text.is_empty() && text.chars().count() <= LONGEST_NAME).then(|| text.to_owned())
    };
    ["email", "preferred_username", "name"].iter().find_map(named)
}

/// The JSON in a part of a JWT: base64url without padding (RFC 7515 section 2).
fn read(part: &str) -> Option<Value> {
    let bytes = base64::decode(part, Alphabet::Url)?;
    serde_json::from_str(std::str::from_utf8(&bytes).ok()?).ok()
}

async fn sign<P: Port>(port: &P, key: SigningKey<'_>, header: &str, claims: &str) -> Result<String, KeyFailure> {
    let signed = join(&[&encode_url(header.as_bytes()), ".", &encode_url(claims.as_bytes())]);
    let signature = port.sign(key, signed.as_bytes()).await?;
    Ok(join(&[&signed, ".", &encode_url(&signature)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_says_whom_it_is_for() {
        let is_for = |claims: &str| {
            let jwt = join(&["e30.", &encode_url(claims.as_bytes()), ".c2ln"]);
            is_for(&jwt, &["https://as.example", "https://as.example/token"])
        };
        for good in [
            r#"{"aud":"https://as.example"}"#,
            r#"{"aud":"https:\/\/as.example\/token","sub":"ü"}"#,
            r#"{"aud":["https://other.example","https://as.example"]}"#,
        ] {
            assert!(is_for(good), "{good}");
        }
        for bad in [
            r#"{"aud":"https://as.example/"}"#,
            r#"{"aud":"https://other.example"}"#,
            r#"{"aud":["https://other.example",7]}"#,
            r#"{"aud":[["https://as.example"]]}"#,
            r#"{"aud":null}"#,
            "{}",
            "7",
            "no json",
        ] {
            assert!(!is_for(bad), "{bad}");
        }
        for bad in ["", "opaque", "a.b", "a.!.c", "a..c", "a._w.c"] {
            assert!(!super::is_for(bad, &["https://as.example"]), "{bad}");
        }
    }

    #[test]
    fn the_challenge_of_rfc_7636_appendix_b_comes_out() {
        assert_eq!(hash("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_token_hash_of_rfc_9449_section_7_comes_out() {
        assert_eq!(hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    }

    #[test]
    fn the_thumbprint_of_rfc_9449_section_6_comes_out() {
        let jwk = PublicJwk {
            x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs".into(),
            y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA".into(),
        };
        assert_eq!(thumbprint(&jwk), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }
}
