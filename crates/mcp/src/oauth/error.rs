//! What can go wrong while signing in, in words a person can act on.

use super::port::{AuthorizeFailure, KeyFailure, WebFailure};

/// Why there is no token. Texts hold no secret; what a server said is kept apart, cut, and is text, never markup (X19).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// A request of the flow got no answer.
    #[error("`{url}`: {why}")]
    Web {
        /// The address without its query.
        url: String,
        /// What happened.
        why: WebFailure,
    },
    /// A metadata document could not be had for now: the server answered with an error of its own (429 or 5xx).
    #[error("`{url}` answered HTTP {status}; try again later")]
    Unavailable {
        /// The address without its query.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The endpoint or the redirect address of the settings cannot be used.
    #[error("the address `{url}` cannot be used; it must be https, or http on this machine")]
    BadSetting {
        /// The address as given, without its query.
        url: String,
    },
    /// The server wants a token and says nowhere who issues them.
    #[error("the server does not say which authorization server it trusts")]
    NoMetadata,
    /// The protected resource metadata is about another resource (X12).
    #[error("the server's metadata is about `{resource}`, which is not this server")]
    Resource {
        /// The `resource` member as received, cut.
        resource: String,
    },
    /// None of the named authorization servers has metadata.
    #[error("no metadata of the authorization server `{issuer}` was found")]
    NoServerMetadata {
        /// Its issuer identifier.
        issuer: String,
    },
    /// The metadata's `issuer` is another one than asked for (RFC 8414 section 3.3, X13).
    #[error("the metadata of `{expected}` says it is `{found}`; none of it is used")]
    IssuerMismatch {
        /// What the address was built from.
        expected: String,
        /// The `issuer` member as received, cut.
        found: String,
    },
    /// An endpoint is not `https` (X10, X11), or is missing.
    #[error("the authorization server's `{member}` is missing or not an https address")]
    Endpoint {
        /// The metadata member.
        member: &'static str,
    },
    /// No `S256` among `code_challenge_methods_supported` (X17).
    #[error("the authorization server does not say that it supports PKCE with S256")]
    Pkce,
    /// There is no way to become a client of this authorization server.
    #[error("`{issuer}` offers no way to register; enter a client id that its operator gave you")]
    NoRegistration {
        /// Its issuer identifier.
        issuer: String,
    },
    /// The client that was registered by hand belongs to another authorization server.
    #[error("the client id belongs to `{bound}`, but the server now trusts `{issuer}`; enter a client id for that one")]
    ForeignClient {
        /// Where the client id is known.
        bound: String,
        /// Whom the server trusts now.
        issuer: String,
    },
    /// Nobody is there to look at the authorization server that the MCP server names, and nothing else says that it may
    /// have what proves who we are.
    #[error("nothing but the server itself says that `{issuer}` may have the credentials; enter its issuer with them")]
    UnknownIssuer {
        /// Whom the server names.
        issuer: String,
    },
    /// The grant needs a client registered by hand and there is none, or its secret is missing.
    #[error("this kind of sign-in needs a client id and its {what}")]
    MissingClient {
        /// `secret`, `key` or `secret or key`.
        what: &'static str,
    },
    /// The registration came back with something other than asked for (X25).
    #[error("the authorization server registered another `{member}` than asked for")]
    RegistrationChanged {
        /// The member that differs.
        member: &'static str,
    },
    /// The person was not signed in.
    #[error(transparent)]
    SignIn(AuthorizeFailure),
    /// The callback has no or another `state` (X15). Nothing of it is used or shown.
    #[error("the answer of the sign-in page does not belong to this sign-in")]
    State,
    /// The callback has no, or another, `iss` (RFC 9207 section 2.4, X14). Nothing of it is used or shown.
    #[error("the answer of the sign-in page does not come from the authorization server that was asked")]
    Iss,
    /// The callback cannot be read.
    #[error("the answer of the sign-in page cannot be used: {what}")]
    Callback {
        /// What was wrong, in words.
        what: &'static str,
    },
    /// The authorization server or the identity provider said no.
    #[error("{step} was refused with `{error}`")]
    Refused {
        /// `registration`, `sign-in`, `token request`, `refresh`, `token exchange` or `revocation`.
        step: &'static str,
        /// HTTP status, 0 where it came by the callback.
        status: u16,
        /// The OAuth error code, or `HTTP <status>` where there is none; cut.
        error: String,
        /// `error_description`, cut, control characters removed. Server text.
        description: String,
    },
    /// An answer that should be JSON of a certain form is not.
    #[error("the answer to the {step} cannot be used: {what}")]
    Malformed {
        /// As in [`AuthError::Refused`].
        step: &'static str,
        /// What was wrong, in words.
        what: &'static str,
    },
    /// A bound token was asked for and an unbound one came, or the server demands bound tokens that cannot be had.
    #[error("the access token is not bound to this client's key: {what}")]
    NotBound {
        /// What happened, in words.
        what: &'static str,
    },
    /// A key could not be used.
    #[error(transparent)]
    Key(KeyFailure),
    /// The server refuses and asks for no other scope: 403 without `insufficient_scope`.
    #[error("the server refuses this with the present sign-in")]
    Forbidden {
        /// `error_description`, cut. Server text.
        description: String,
    },
    /// The server keeps asking for what was already asked for (X22).
    #[error("the server still asks for `{scope}` after a sign-in that asked for it")]
    StillInsufficient {
        /// The scopes that were asked for, separated by spaces.
        scope: String,
    },
    /// The server refuses a token that was just issued.
    #[error("the server refuses the token that its authorization server just issued")]
    StillRefused,
    /// One operation led to too many sign-ins.
    #[error("given up after {rounds} sign-ins for one operation")]
    TooMany {
        /// How many there were.
        rounds: u8,
    },
    /// The status is neither 401 nor 403.
    #[error("HTTP {status} does not ask for a sign-in")]
    NotAChallenge {
        /// HTTP status.
        status: u16,
    },
}

impl AuthError {
    /// What a person can do about it, as one sentence. Lower case, without a full stop.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Web { why: WebFailure::Network(_), .. } => {
                "check the connection; if the address works elsewhere, its operator must allow this page by CORS"
            }
            Self::Web { why: WebFailure::Redirect, .. } => "ask the operator for the final address",
            Self::Web { why: WebFailure::Refused(_), .. } | Self::BadSetting { .. } => "use a public https address",
            Self::Unavailable { .. } => "try again later",
            Self::NoMetadata
            | Self::Resource { .. }
            | Self::NoServerMetadata { .. }
            | Self::IssuerMismatch { .. }
            | Self::Endpoint { .. }
            | Self::Pkce
            | Self::Malformed { .. }
            | Self::RegistrationChanged { .. }
            | Self::StillRefused => "report this to the operator of the server",
            Self::UnknownIssuer { .. } => "ask the operator which authorization server it is, and enter its issuer",
            Self::NoRegistration { .. } | Self::ForeignClient { .. } | Self::MissingClient { .. } => {
                "register a client with the authorization server and enter its id"
            }
            Self::SignIn(AuthorizeFailure::Blocked) => "press the sign-in button, or paste the address by hand",
            Self::SignIn(_) | Self::State => "sign in again",
            Self::Iss | Self::Callback { .. } => "do not try again before the operator has explained this",
            Self::Refused { .. } => "read what the authorization server says, then sign in again",
            Self::NotBound { .. } => "turn off bound tokens for this connection, or report this to the operator",
            Self::Key(_) => "check the key",
            Self::Forbidden { .. } | Self::StillInsufficient { .. } => {
                "ask for the permission, or sign in with another account"
            }
            Self::TooMany { .. } | Self::NotAChallenge { .. } => "try again later",
        }
    }
}

impl AuthError {
    /// The rule behind it, for [`super::Step::rule`].
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Web { .. } | Self::Unavailable { .. } => "RFC 9110",
            Self::BadSetting { .. } | Self::Endpoint { .. } => "Authorization Security Considerations, Communication",
            Self::NoMetadata => "RFC 9728 section 3",
            Self::Resource { .. } => "RFC 9728 section 3.3",
            Self::NoServerMetadata { .. } => "RFC 8414 section 3",
            Self::IssuerMismatch { .. } => "RFC 8414 section 3.3",
            Self::Pkce => "Authorization Security Considerations, Authorization Code Protection",
            Self::NoRegistration { .. } | Self::MissingClient { .. } => "Client Registration",
            Self::ForeignClient { .. } | Self::UnknownIssuer { .. } => {
                "Client Registration, Authorization Server Binding"
            }
            Self::RegistrationChanged { .. } => "RFC 7591 section 3.2.1",
            Self::SignIn(_) | Self::Callback { .. } => "RFC 6749 section 4.1.2",
            Self::State => "RFC 6749 section 10.12",
            Self::Iss => "RFC 9207 section 2.4",
            Self::Refused { .. } => "RFC 6749 section 5.2",
            Self::Malformed { .. } => "RFC 6749 section 5.1",
            Self::NotBound { .. } | Self::Key(_) => "RFC 9449",
            Self::Forbidden { .. } | Self::StillRefused | Self::NotAChallenge { .. } => "RFC 6750 section 3.1",
            Self::StillInsufficient { .. } | Self::TooMany { .. } => "Authorization, Step-Up Authorization Flow",
        }
    }
}

impl From<KeyFailure> for AuthError {
    fn from(failure: KeyFailure) -> Self {
        Self::Key(failure)
    }
}

impl From<AuthorizeFailure> for AuthError {
    fn from(failure: AuthorizeFailure) -> Self {
        Self::SignIn(failure)
    }
}
