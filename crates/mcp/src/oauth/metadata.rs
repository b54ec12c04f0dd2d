//! The two metadata documents, read member by member. Values are kept byte for byte.

use serde_json::Value;

use super::address::{hidden, is_allowed};
use super::error::AuthError;
use super::step::{cut, join};
use crate::types::without_query;

/// Most entries of a list that are looked at.
const MOST: usize = 100;

/// Protected resource metadata (RFC 9728 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// The resource identifier, byte for byte.
    pub(crate) resource: String,
    /// Issuer identifiers that can be used, byte for byte.
    pub(crate) servers: Vec<String>,
    /// `scopes_supported` joined by spaces.
    pub(crate) scopes: Option<String>,
    /// `dpop_bound_access_tokens_required`.
    pub(crate) bound: bool,
    /// Authorization servers are named, and none can be used.
    pub(crate) unusable: bool,
}

impl Resource {
    /// Reads a document; `None` if it is none. `local` allows authorization servers on this machine.
    pub(crate) fn read(body: &str, local: bool) -> Option<Self> {
        let document: Value = serde_json::from_str(body).ok()?;
        let named = list(&document, "authorization_servers").unwrap_or_default();
        // An issuer has neither query nor fragment (RFC 8414 section 2); here it could only repeat somebody else's.
        let usable = |issuer: &&&str| is_allowed(issuer, local) && hidden(issuer).is_empty();
        let servers: Vec<String> = named.iter().filter(usable).map(|issuer| (*issuer).to_owned()).collect();
        Some(Self {
            resource: document.get("resource")?.as_str()?.to_owned(),
            unusable: servers.is_empty() && !named.is_empty(),
            servers,
            scopes: list(&document, "scopes_supported").and_then(|scopes| joined(&scopes)),
            bound: truth(&document, "dpop_bound_access_tokens_required"),
        })
    }
}

/// Authorization server metadata (RFC 8414 section 2, OpenID Connect Discovery section 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Server {
    /// The issuer identifier, byte for byte.
    pub(crate) issuer: String,
    pub(crate) authorization: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) registration: Option<String>,
    pub(crate) revocation: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// `None` where the member is absent.
    pub(crate) grants: Option<Vec<String>>,
    /// `None` where the member is absent.
    pub(crate) methods: Option<Vec<String>>,
    /// `None` where the member is absent.
    pub(crate) challenges: Option<Vec<String>>,
    pub(crate) iss: bool,
    pub(crate) cimd: bool,
    pub(crate) dpop: bool,
    /// What it can ask the person for (`prompt_values_supported`); empty where it does not say.
    pub(crate) prompts: Vec<String>,
    /// There is no document; these are the default endpoints of 2025-03-26.
    pub(crate) assumed: bool,
    /// Members with an address that cannot be used; they count as absent (X11).
    pub(crate) dropped: Vec<&'static str>,
}

impl Server {
    /// Reads a document; `None` if it is none. `local` allows endpoints on this machine.
    pub(crate) fn read(body: &str, local: bool) -> Option<Self> {
        let document: Value = serde_json::from_str(body).ok()?;
        let issuer = document.get("issuer")?.as_str()?.to_owned();
        let mut dropped = Vec::new();
        let mut endpoint = |member: &'static str| {
            let url = document.get(member)?.as_str()?;
            if is_allowed(url, local) {
                return Some(url.to_owned());
            }
            dropped.push(member);
            None
        };
        let strings = |member: &str| {
            list(&document, member).map(|list| list.into_iter().map(str::to_owned).collect::<Vec<String>>())
        };
        Some(Self {
            issuer,
            authorization: endpoint("authorization_endpoint"),
            token: endpoint("token_endpoint"),
            registration: endpoint("registration_endpoint"),
            revocation: endpoint("revocation_endpoint"),
            scopes: strings("scopes_supported").unwrap_or_default(),
            grants: strings("grant_types_supported"),
            methods: strings("token_endpoint_auth_methods_supported"),
            challenges: strings("code_challenge_methods_supported"),
            iss: truth(&document, "authorization_response_iss_parameter_supported"),
            cimd: truth(&document, "client_id_metadata_document_supported"),
            dpop: list(&document, "dpop_signing_alg_values_supported").is_some_and(|algs| algs.contains(&"ES256")),
            prompts: strings("prompt_values_supported").unwrap_or_default(),
            assumed: false,
            dropped,
        })
    }

    /// The default endpoints of a server without any metadata (2025-03-26, "Fallbacks for Servers without Metadata
    /// Discovery").
    pub(crate) fn assumed(origin: &str) -> Self {
        Self {
            issuer: origin.to_owned(),
            authorization: Some(join(&[origin, "/authorize"])),
            token: Some(join(&[origin, "/token"])),
            registration: Some(join(&[origin, "/register"])),
            assumed: true,
            ..Self::default()
        }
    }

    pub(crate) fn token(&self) -> Result<&str, AuthError> {
        self.token.as_deref().ok_or(AuthError::Endpoint { member: "token_endpoint" })
    }

    /// Whether tokens can be renewed here, as far as it says.
    pub(crate) fn refreshes(&self) -> bool {
        self.grants.as_ref().is_none_or(|grants| grants.iter().any(|grant| grant == "refresh_token"))
    }

    /// How it has the person say which account they want, if it says that it can: by choosing among those that it knows,
    /// otherwise by signing in anew (OpenID Connect Core section 3.1.2.1).
    pub(crate) fn asks_which_account(&self) -> Option<&'static str> {
        ["select_account", "login"].into_iter().find(|prompt| self.prompts.iter().any(|known| known == prompt))
    }

    /// Whether `offline_access` may be asked for (X24).
    pub(crate) fn offline(&self) -> bool {
        self.refreshes() && self.scopes.iter().any(|scope| scope == OFFLINE)
    }

    /// The issuer is what the address was built from. An origin that nobody named may have its final slash.
    pub(crate) fn check_issuer(&self, expected: &str, guessed: bool) -> Result<(), AuthError> {
        if self.issuer == expected || (guessed && self.issuer.strip_suffix('/') == Some(expected)) {
            return Ok(());
        }
        Err(AuthError::IssuerMismatch { expected: expected.to_owned(), found: cut(without_query(&self.issuer)) })
    }
}

/// The scope that asks for a refresh token (OpenID Connect Core section 11).
pub(crate) const OFFLINE: &str = "offline_access";

/// Scopes of both, each once, in order.
pub(crate) fn union(first: Option<&str>, second: Option<&str>) -> Option<String> {
    let scopes: Vec<&str> = first.into_iter().chain(second).flat_map(str::split_whitespace).collect();
    joined(&scopes)
}

fn joined(scopes: &[&str]) -> Option<String> {
    let mut out = String::new();
    for (at, scope) in scopes.iter().enumerate() {
        // NQSCHAR of RFC 6749 appendix A; anything else could split one scope in two.
        let plain = !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if plain && !scopes.iter().take(at).any(|earlier| earlier == scope) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(scope);
        }
    }
    (!out.is_empty()).then_some(out)
}

fn list<'a>(document: &'a Value, member: &str) -> Option<Vec<&'a str>> {
    Some(document.get(member)?.as_array()?.iter().take(MOST).filter_map(Value::as_str).collect())
}

fn truth(document: &Value, member: &str) -> bool {
    document.get(member).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_resource_stays_byte_for_byte() {
        let read =
            Resource::read(r#"{"resource":"https://A.example","authorization_servers":["https://As.example"]}"#, false);
        let read = read.unwrap();
        assert_eq!(read.resource, "https://A.example");
        assert_eq!(read.servers, ["https://As.example"]);
        assert_eq!(read.scopes, None);
    }

    #[test]
    fn authorization_servers_that_are_not_https_are_left_out() {
        let body = r#"{"resource":"x","authorization_servers":["javascript:1","https://as.example?key=k","http://localhost:1","https://as.example",7]}"#;
        assert_eq!(Resource::read(body, false).unwrap().servers, ["https://as.example"]);
        assert_eq!(Resource::read(body, true).unwrap().servers, ["http://localhost:1", "https://as.example"]);
    }

    #[test]
    fn endpoints_that_are_not_https_count_as_absent() {
        let body = r#"{"issuer":"https://as.example","authorization_endpoint":"javascript:alert(1)",
            "token_endpoint":"http://as.example/token","registration_endpoint":"data:,x","revocation_endpoint":"https://as.example/r"}"#;
        let server = Server::read(body, true).unwrap();
        assert_eq!(server.authorization, None);
        assert!(server.token().is_err());
        assert_eq!(server.registration, None);
        assert_eq!(server.revocation.as_deref(), Some("https://as.example/r"));
        assert_eq!(server.dropped, ["authorization_endpoint", "token_endpoint", "registration_endpoint"]);
    }

    #[test]
    fn the_issuer_is_compared_byte_for_byte() {
        let server = |issuer: &str| Server { issuer: issuer.into(), ..Server::default() };
        assert!(server("https://as.example").check_issuer("https://as.example", false).is_ok());
        for other in ["https://as.example/", "https://AS.example", "https://as.example:443", "https://evil.example"] {
            assert!(server(other).check_issuer("https://as.example", false).is_err(), "{other}");
        }
        assert!(server("https://as.example/").check_issuer("https://as.example", true).is_ok());
        assert!(server("https://as.example//").check_issuer("https://as.example", true).is_err());
    }

    #[test]
    fn scopes_are_united_without_doubles() {
        assert_eq!(union(Some("a b"), Some("b  c")).as_deref(), Some("a b c"));
        assert_eq!(union(None, Some(" ")), None);
        assert_eq!(union(Some("a\"b c"), None).as_deref(), Some("c"));
    }

    proptest! {
        #[test]
        fn any_document_is_read_without_a_panic(body in "\\PC{0,300}") {
            let _ = Resource::read(&body, true);
            let _ = Server::read(&body, true);
        }

        #[test]
        fn members_of_any_type_are_read_without_a_panic(value in prop_oneof![
            Just("null"), Just("7"), Just("[]"), Just("[[1]]"), Just("{}"), Just("\"x\""), Just("true"), Just("[\"a\",null]")
        ]) {
            let members = ["resource", "authorization_servers", "scopes_supported", "issuer", "token_endpoint",
                "grant_types_supported", "code_challenge_methods_supported", "dpop_signing_alg_values_supported"];
            let body: Vec<String> = members.iter().map(|member| format!("\"{member}\":{value}")).collect();
            let body = format!("{{{}}}", body.join(","));
            if let Some(server) = Server::read(&body, true) {
                prop_assert_eq!(server.token, None);
            }
            if let Some(resource) = Resource::read(&body, true) {
                prop_assert!(resource.servers.is_empty());
            }
        }
    }
}
