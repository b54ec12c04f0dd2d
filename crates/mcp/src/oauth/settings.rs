//! What the host decides about the sign-in of one connection.

use std::fmt;

use super::port::Algorithm;
use crate::types::without_query;

/// How tokens are had.
#[derive(Clone, PartialEq, Eq)]
pub enum Grant {
    /// A person signs in in a window (OAuth 2.1 section 4.1, with PKCE).
    AuthorizationCode,
    /// The client itself is the user (`io.modelcontextprotocol/oauth-client-credentials`). Needs
    /// [`Settings::preregistered`].
    ClientCredentials,
    /// A JWT that says who the workload is (RFC 7523 section 2.1, `io.modelcontextprotocol/auth/wif`). A refusal is
    /// final: it is neither repeated nor replaced by another grant.
    JwtBearer {
        /// The JWT. Secret.
        assertion: String,
    },
    /// The company's identity provider vouches for the person
    /// (`io.modelcontextprotocol/enterprise-managed-authorization`). Needs [`Settings::preregistered`].
    EnterpriseManaged(Idp),
}

impl Grant {
    /// The name in words, without anything secret.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization code",
            Self::ClientCredentials => "client credentials",
            Self::JwtBearer { .. } => "workload identity",
            Self::EnterpriseManaged(_) => "enterprise-managed",
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The company's identity provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Idp {
    /// Our client id there.
    pub client_id: String,
    /// Our secret there, if we have one.
    pub client_secret: Option<String>,
    /// The ID token of the signed-in person. Secret.
    pub id_token: String,
    /// Its issuer identifier; shown, and the origin of its metadata where no token endpoint is given.
    pub issuer: String,
    /// Where it exchanges tokens; found through the issuer's metadata if none is given.
    pub token_endpoint: Option<String>,
}

impl fmt::Debug for Idp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idp").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// How a client proves to a token endpoint who it is (OpenID Connect Core section 9 names).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// A public client: its id only.
    None,
    /// `client_secret_basic` (RFC 6749 section 2.3.1).
    Basic,
    /// `client_secret_post`.
    Post,
    /// `private_key_jwt` (RFC 7523 section 2.2).
    PrivateKeyJwt,
}

impl AuthMethod {
    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of a registered name, if it is known here.
    pub fn of(name: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post, Self::PrivateKeyJwt].into_iter().find(|method| method.name() == name)
    }
}

/// A key for `private_key_jwt`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// PKCS#8 PEM. Secret.
    pub pem: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The key id that the authorization server knows it by, if it wants one.
    pub kid: Option<String>,
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())
    }
}

/// A client that was registered by hand ("Pre-registration").
#[derive(Clone, PartialEq, Eq)]
pub struct Preregistered {
    /// The client id.
    pub client_id: String,
    /// Its secret, if it has one.
    pub client_secret: Option<String>,
    /// Its key, if it has one. Wins over the secret.
    pub key: Option<ClientKey>,
    /// Issuer identifier of the authorization server that knows it, byte for byte. Without one, the client is bound to
    /// the first authorization server that it is used with, and its secret or key is used only where a person signs in or
    /// [`Settings::trust_named_issuer`] is on.
    pub issuer: Option<String>,
    /// How to authenticate; chosen by what the authorization server supports if none is given.
    pub method: Option<AuthMethod>,
}

impl fmt::Debug for Preregistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preregistered")
            .field("client_id", &self.client_id)
            .field("issuer", &self.issuer)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What the host decides about one connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The canonical address of the MCP server, byte for byte as the person entered it. Never an address of a proxy.
    pub endpoint: String,
    /// Where the authorization server sends the person back to. `https`, or `http` on loopback.
    pub redirect_uri: String,
    /// Name of this program, shown by authorization servers when asking the person.
    pub client_name: String,
    /// Address of our Client ID Metadata Document, if one is served: `https` and with a path.
    pub client_metadata_url: Option<String>,
    /// A client registered by hand. Comes before every other way of registering.
    pub preregistered: Option<Preregistered>,
    /// How tokens are had.
    pub grant: Grant,
    /// Whether what proves who we are may go to whatever authorization server the MCP server names, where no person looks
    /// at it first. Off by default, since a hostile server could name its own. Without it, a grant without a person needs
    /// [`Preregistered::issuer`] before a secret or a key is used; an assertion of [`Grant::JwtBearer`] does without where
    /// its own `aud` names the authorization server (RFC 7523 section 3).
    pub trust_named_issuer: bool,
    /// Whether tokens are bound to a key (RFC 9449) where the authorization server can do that.
    pub dpop: bool,
    /// Scopes that the host wants, separated by spaces: together with those of a challenge, and in place of those that
    /// the resource names.
    pub scope: Option<String>,
    /// Whether a server that neither has nor names protected resource metadata is treated as 2025-03-26 says: its own
    /// origin is the authorization server, with default endpoints where that has no metadata either. Later revisions do
    /// without, so turn it off once a connection is known to speak one.
    pub legacy_fallback: bool,
}

impl Settings {
    /// Settings with a person signing in, registered by whatever way the authorization server offers.
    pub fn new(endpoint: &str, redirect_uri: &str, client_name: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            client_name: client_name.to_owned(),
            client_metadata_url: None,
            preregistered: None,
            grant: Grant::AuthorizationCode,
            trust_named_issuer: false,
            dpop: false,
            scope: None,
            legacy_fallback: true,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("endpoint", &without_query(&self.endpoint))
            .field("preregistered", &self.preregistered)
            .field("grant", &self.grant)
            .field("dpop", &self.dpop)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
