//! What goes over the wire when an account is signed in: nearly all of it is secret, and what is not says how a provider
//! works (RFC 6749, 7591, 8414, 9728). Everything is shown but what could be used.

use mcp::inspect::{Stands, reworded};
use policy::secrets::names_a_secret;

use super::Cover;

/// Names of what is told to an authorization server and would let somebody else in.
const TOLD: [&str; 6] = ["code", "code_verifier", "state", "nonce", "assertion", "client_assertion"];
/// Names of what it answers that would.
const GIVEN: [&str; 4] = ["device_code", "user_code", "request_uri", "software_statement"];

/// Whether the value of a field could be used: by its name, in what is sent or in what came.
fn is_secret(name: &str, sent: bool) -> bool {
    let list: &[&str] = if sent { &TOLD } else { &GIVEN };
    names_a_secret(name) || name.ends_with("_token") || list.contains(&name)
}

/// Whether a body is a form. Most are sent as one, and some providers answer so.
fn is_form(body: &str) -> bool {
    body.contains('=') && !body.contains(['{', '<', '"', ' ', '\n'])
}

/// A body without its secrets.
pub(super) fn covered(cover: &Cover, body: &str, sent: bool) -> String {
    match is_form(body) {
        true => cover.pairs(body, |name| is_secret(name, sent)),
        false => cover.written(body, |name| is_secret(name, sent)),
    }
}

/// The secrets in a body: what is said back of them later is covered too.
pub(super) fn secrets(body: &str, sent: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_form(body) {
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        found.extend(pairs.filter(|(name, _)| is_secret(name, sent)).map(|(_, value)| decoded(value)));
    } else {
        reworded(body, |stands, said| {
            if matches!(stands, Stands::Of(name) if is_secret(name, sent)) {
                found.push(said.to_owned());
            }
            None
        });
    }
    found
}

/// A value of a form as it was meant.
fn decoded(value: &str) -> String {
    let plain = value.replace('+', " ");
    js_sys::decode_uri_component(&plain).map_or(plain, String::from)
}

/// What a request is about, in words and with the path that it goes to.
pub(super) fn about(url: &str, body: Option<&str>) -> String {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let path = after.find('/').and_then(|at| after.get(at..)).unwrap_or("/");
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let field = |wanted: &str| {
        let mut pairs = body.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    let what = match (body, field("grant_type")) {
        (None, _) if path.contains("/.well-known/") => "discovery",
        (None, _) => "document",
        (Some(_), Some("refresh_token")) => "renewal",
        (Some(_), Some(_)) => "token request",
        (Some(body), None) if body.starts_with('{') => "registration",
        (Some(_), None) if field("token").is_some() => "revocation",
        (Some(_), None) => "request",
    };
    format!("{what} {path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn x21_what_could_be_used_is_covered_and_the_rest_says_how_it_went() {
        let cover = Cover::default();
        let said = |body: &str, sent| covered(&cover, body, sent);
        assert_eq!(
            said(
                "grant_type=authorization_code&code=abc&code_verifier=def&client_id=me&resource=https%3A%2F%2Fa",
                true
            ),
            "grant_type=authorization_code&code=••••&code_verifier=••••&client_id=me&resource=https%3A%2F%2Fa"
        );
        assert_eq!(
            said(
                r#"{"access_token":"a", "refresh_token" : "b","expires_in":60,"scope":"read","registration_access_token":"c"}"#,
                false
            ),
            r#"{"access_token":"••••", "refresh_token" : "••••","expires_in":60,"scope":"read","registration_access_token":"••••"}"#
        );
        assert_eq!(said("access_token=a&scope=read", false), "access_token=••••&scope=read");
        // A metadata document is whole, and what went wrong is said.
        let document = r#"{"token_endpoint":"https://a/token","code_challenge_methods_supported":["S256"]}"#;
        assert_eq!(said(document, false), document);
        assert_eq!(
            said(r#"{"error":"invalid_grant","code":"E17"}"#, false),
            r#"{"error":"invalid_grant","code":"E17"}"#
        );
    }

    #[test]
    fn what_is_secret_is_known_to_be_when_it_is_said_back() {
        assert_eq!(secrets("grant_type=refresh_token&refresh_token=a%2Bb%20c", true), ["a+b c"]);
        assert_eq!(secrets(r#"{"client_id":"me","client_secret":"s3cret"}"#, false), ["s3cret"]);
    }

    #[test]
    fn requests_are_told_apart() {
        let well_known = "https://a.example/.well-known/oauth-authorization-server/x?y=z";
        assert_eq!(about(well_known, None), "discovery /.well-known/oauth-authorization-server/x");
        assert_eq!(about("https://a.example/t", Some("grant_type=authorization_code&code=x")), "token request /t");
        assert_eq!(about("https://a.example/t", Some("client_id=x&grant_type=refresh_token")), "renewal /t");
        assert_eq!(about("https://a.example/r", Some(r#"{"redirect_uris":[]}"#)), "registration /r");
        assert_eq!(about("https://a.example/v", Some("token=x")), "revocation /v");
        assert_eq!(about("https://a.example", Some("a=b")), "request /");
    }
}
