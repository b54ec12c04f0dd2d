//! Authorization, without IO.
//!
//! An [`Authorizer`] signs one connection in. It is strictly sequential, so it is written as `async` functions over a
//! [`Port`], which does everything that touches the world. The story of a first request:
//!
//! 1. [`Authorizer::headers`] has nothing to give yet, the request goes out without a token and the server answers 401.
//! 2. [`Authorizer::challenged`] reads the challenge and the server's metadata (RFC 9728), then the metadata of the
//!    authorization server that it trusts (RFC 8414 or OpenID Connect). Every document has to be about the address that
//!    it was found by, byte for byte.
//! 3. It becomes a client there: registered by hand, by the address of our Client ID Metadata Document, or dynamically
//!    (RFC 7591). What one issuer gave is never shown to another.
//! 4. The person signs in (OAuth 2.1 with PKCE S256). The callback is used only with the right `state` and the right
//!    `iss` (RFC 9207), and a no is remembered. Other grants need no person; what they prove themselves with goes only to
//!    an authorization server that the host names, or the assertion itself.
//! 5. The request is sent again with its token, bound to a key where both sides can (RFC 9449).
//!
//! Later, `headers` renews a token before it ends, and `challenged` refreshes, signs in again or steps up. A [`Chain`]
//! belongs to each operation and ends what would otherwise go round for ever. [`Authorizer::revoke`] is the end.
//! Several tabs share what is kept: the newest version counts, and a sign-out in one is one in all.
//!
//! Each step is kept as a [`Step`] for the person who wants to know why it fails. Tokens, codes, verifiers, secrets and
//! assertions are in no step, no error and no `Debug` output.

mod address;
mod authorizer;
mod callback;
mod challenge;
mod credentials;
mod discover;
mod error;
mod form;
mod jwt;
mod metadata;
mod port;
mod register;
mod renew;
mod settings;
mod step;
mod token;

pub(crate) use address::encode as percent;
pub use authorizer::{Authorizer, Chain, Refusal, Retry, Signed};
pub use challenge::{Challenge, challenges};
pub use credentials::{Account, Credentials, Registered, Registration, Tokens};
pub use error::AuthError;
pub use jwt::hash as challenge_of;
pub use port::{
    Algorithm, AuthorizeFailure, KeyFailure, Port, PublicJwk, SignInPage, SigningKey, WebFailure, WebRequest,
    WebResponse,
};
pub use renew::{Outlook, Renewal, Revocation};
pub use settings::{AuthMethod, ClientKey, Grant, Idp, Preregistered, Settings};
pub use step::{Step, Verdict};
