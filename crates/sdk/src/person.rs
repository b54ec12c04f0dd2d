//! The person of a workspace and how they sign in: the page's own way to them, which `open()` was given.
//!
//! As in our site, a call never opens a window. Adding a connector and `signIn()` do, because somebody wanted that.

use browser::policy::SignIn;
use browser::{Code, Error, Keep, SignInSite, SignedOut, Visit};
use js_sys::Function;
use serde::Deserialize;

use crate::page::authorized;

/// The `auth` of `open()`, without its function.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object with a `redirectUri`")]
pub(crate) struct Auth {
    redirect_uri: String,
    client_name: Option<String>,
    client_metadata_url: Option<String>,
    #[serde(default)]
    dpop: bool,
}

impl Auth {
    /// What authorization servers see of the page.
    pub(crate) fn site(self) -> SignInSite {
        SignInSite {
            client_name: self.client_name.unwrap_or_else(|| "countersign".to_owned()),
            redirect_uri: self.redirect_uri,
            client_document: self.client_metadata_url,
            dpop: self.dpop,
        }
    }
}

/// The `signIn` of a new connector: `true`, or what is known about it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "`true`, or an object about the sign-in")]
pub(crate) enum Wanted {
    /// Nothing is known.
    Plainly(bool),
    /// The client that was registered by hand, the scope, and for how long.
    With(Terms),
}

/// What is known about the sign-in of a new connector.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Terms {
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
    keep: Option<Keep>,
}

impl Wanted {
    /// The rule of the connector, the client's secret, and how long the sign-in is kept; none where none is wanted.
    pub(crate) fn terms(self) -> Option<(SignIn, Option<String>, Keep)> {
        let terms = match self {
            Wanted::Plainly(false) => return None,
            Wanted::Plainly(true) => Terms::default(),
            Wanted::With(terms) => terms,
        };
        let rule = SignIn::OAuth { client_id: terms.client_id, scope: terms.scope, partly: false };
        Some((rule, terms.client_secret, terms.keep.unwrap_or(Keep::Memory)))
    }
}

/// The way to the person that the page gave.
pub(crate) struct Person(Option<Function>);

impl Person {
    /// The person behind `authorize`; nobody where there is none.
    pub(crate) fn new(authorize: Option<Function>) -> Self {
        Self(authorize)
    }

    /// One sign-in of theirs.
    pub(crate) fn visit(&self) -> Result<Going, Error> {
        let authorize = self.0.clone().ok_or_else(|| {
            Error::new(Code::SignIn, "nobody can sign in: open() was given no `auth`")
                .hint("pass open() the `auth` with `redirectUri` and `authorize`")
        })?;
        Ok(Going(Visit::through(move |url| authorized(&authorize, url))))
    }
}

/// A sign-in under way, which is cancelled when nobody waits for it any more.
pub(crate) struct Going(pub(crate) Visit);

impl Drop for Going {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// How a sign-out went at the provider, in the words of `index.d.ts`.
pub(crate) const fn word_of(out: &SignedOut) -> &'static str {
    match out {
        SignedOut::Nobody => "nothing",
        SignedOut::Revoked => "done",
        SignedOut::NotOffered => "not-offered",
        SignedOut::Failed(_) => "failed",
    }
}
