//! What the flow needs from outside: the network, a window, random bytes, a clock, keys and a place to keep things.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::credentials::Credentials;

/// A step that several others take. As its own future it is in the program once, and not once in each of them.
pub(crate) type Once<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One HTTP request of the flow. Its body and headers may hold secrets, so `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct WebRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute address, `https`, or `http` on loopback.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(&'static str, String)>,
    /// The body; none with `GET`.
    pub body: Option<String>,
}

impl fmt::Debug for WebRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, crate::types::without_query(&self.url))
    }
}

/// The answer to a [`WebRequest`]. `Debug` shows the status only.
#[derive(Clone, PartialEq, Eq)]
pub struct WebResponse {
    /// HTTP status.
    pub status: u16,
    /// The headers that could be read. A browser hides those that the server does not expose.
    pub headers: Vec<(String, String)>,
    /// The body as text, cut off by the port at a sensible size (256 KiB is plenty).
    pub body: String,
}

impl WebResponse {
    /// The value of a header, names compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for WebResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)
    }
}

/// Why there is no [`WebResponse`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebFailure {
    /// Unreachable, blocked by CORS or broken off. Browsers do not say which.
    #[error("it could not be reached: {0}")]
    Network(String),
    /// It answered with a redirect, which is never followed (X05).
    #[error("it answered with a redirect, which is not followed")]
    Redirect,
    /// The port's own rules forbid the address (a private network, X04).
    #[error("this address is not allowed: {0}")]
    Refused(String),
}

/// Why a person was not signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeFailure {
    /// The person closed the window or pressed cancel.
    #[error("the sign-in was cancelled")]
    Cancelled,
    /// The browser did not let a window open. A click of the person makes it possible.
    #[error("the browser blocked the sign-in window")]
    Blocked,
    /// Nobody is there who could sign in now.
    #[error("a person has to sign in")]
    NeedsPerson,
    /// The window was left open for too long.
    #[error("the sign-in took too long")]
    TimedOut,
    /// The host could not have the person sign in; its own words.
    #[error("the sign-in could not be done: {0}")]
    Failed(String),
}

/// A sign-in page to open.
#[derive(Clone, Copy)]
pub struct SignInPage<'a> {
    /// The whole address, `https`, or `http` on loopback. It holds `state`.
    pub url: &'a str,
    /// Lets the callback page find who waits. It is compared again here.
    pub state: &'a str,
    /// Who asks the person, for showing before leaving (X22).
    pub issuer: &'a str,
    /// The scopes that are asked for, for showing before leaving (X22).
    pub scope: Option<&'a str>,
}

impl fmt::Debug for SignInPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInPage").field("issuer", &self.issuer).field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// The public half of an ES256 key (P-256), as base64url without padding (RFC 7518 section 6.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwk {
    /// The x coordinate, 32 bytes.
    pub x: String,
    /// The y coordinate, 32 bytes.
    pub y: String,
}

/// How a client assertion is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256; the signature is r and s, 64 bytes.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The name in a JOSE header (RFC 7518 section 3.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// Which key signs.
#[derive(Clone, Copy)]
pub enum SigningKey<'a> {
    /// The key behind [`Port::dpop_jwk`]. ES256.
    Dpop,
    /// A key that the person or the host gave, as PKCS#8 PEM.
    Pem {
        /// The PEM text.
        pem: &'a str,
        /// Which algorithm it is for.
        algorithm: Algorithm,
    },
}

impl fmt::Debug for SigningKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dpop => "Dpop",
            Self::Pem { .. } => "Pem",
        })
    }
}

/// A key could not be made, read or used. The text must not hold key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used: {0}")]
pub struct KeyFailure(pub String);

/// What the flow needs from outside. Futures need not be `Send`: a page has one thread.
#[allow(async_fn_in_trait)]
pub trait Port {
    /// Held while tokens are renewed. Dropping it lets other tabs in.
    type Lock;

    /// Makes one HTTP request: without cookies, without the HTTP cache (a server may have moved to another authorization
    /// server), and without following redirects. It ends in bounded time.
    async fn fetch(&self, request: WebRequest) -> Result<WebResponse, WebFailure>;

    /// Opens the sign-in page and gives the whole callback URL as the browser saw it.
    async fn authorize(&self, page: &SignInPage<'_>) -> Result<String, AuthorizeFailure>;

    /// That many bytes from a cryptographic generator.
    fn random(&self, bytes: usize) -> Vec<u8>;

    /// Seconds since 1970 by the machine's clock.
    fn now(&self) -> u64;

    /// Signs with a key that never leaves the port (DPoP) or was handed in by the host.
    async fn sign(&self, key: SigningKey<'_>, data: &[u8]) -> Result<Vec<u8>, KeyFailure>;

    /// The public half of the DPoP key of this connection; made on first use and kept with the credentials.
    async fn dpop_jwk(&self) -> Result<PublicJwk, KeyFailure>;

    /// Waits until no other tab renews tokens of this connection, and gives what is stored now, so that a token which
    /// another tab fetched in the meantime is taken over (X23). Where nothing is stored it gives [`Credentials::default`]:
    /// if something was before, somebody has signed out, and nothing of that sign-in is written back. A port that has no
    /// other tabs, or no store, gives `None`.
    async fn lock(&self) -> (Self::Lock, Option<Credentials>);

    /// Keeps what changed. It is called before a new token is used, since a rotated refresh token that is lost cannot be
    /// had again.
    async fn save(&self, credentials: &Credentials);
}
