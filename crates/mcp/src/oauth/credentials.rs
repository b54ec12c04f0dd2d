//! What is kept between page loads: registrations and tokens, by the issuer that gave them.

use std::fmt;

use serde_json::{Map, Value};

use super::settings::AuthMethod;
use crate::types::without_query;

/// Most authorization servers that are remembered for one connection.
const MOST: usize = 8;

/// How we became a client of an authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// By hand. The secret stays in the settings.
    ByHand,
    /// By the address of our metadata document.
    ByMetadata,
    /// By dynamic registration (RFC 7591).
    Dynamically,
}

impl Registered {
    const ALL: [(Self, &'static str); 3] =
        [(Self::ByHand, "hand"), (Self::ByMetadata, "metadata"), (Self::Dynamically, "dynamic")];
}

/// Who we are to one authorization server.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// The client id.
    pub client_id: String,
    /// How we got it.
    pub how: Registered,
    /// The secret of a dynamic registration that has one. Secret.
    pub secret: Option<String>,
    /// When the secret ends, in Unix seconds; `None` for never.
    pub secret_expires_at: Option<u64>,
    /// How we authenticate.
    pub method: AuthMethod,
    /// The redirect address that it was made for.
    pub redirect_uri: String,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("client_id", &self.client_id)
            .field("how", &self.how)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The tokens of one authorization server for one resource.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The access token. Secret.
    pub access: String,
    /// The refresh token, if one was given. Secret.
    pub refresh: Option<String>,
    /// When the access token came, in Unix seconds.
    pub issued_at: u64,
    /// When the access token ends, in Unix seconds, if the provider said so.
    pub expires_at: Option<u64>,
    /// The granted scopes: what the answer said, otherwise what was asked for (RFC 6749 section 5.1).
    pub scope: Option<String>,
    /// The scopes that were asked for.
    pub requested: Option<String>,
    /// The resource that they are for, byte for byte.
    pub resource: String,
    /// The client that they were issued to.
    pub client_id: Option<String>,
    /// [`super::Grant::name`] of how they were had.
    pub grant: String,
    /// Thumbprint of the key that they are bound to (RFC 9449); `None` for bearer tokens.
    pub jkt: Option<String>,
    /// They were to be bound, and the provider could not do that.
    pub unbound: bool,
    /// What the provider calls the person who signed in, if it said so: its own words, to be shown as text. Nothing
    /// depends on them.
    pub name: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("refresh", &self.refresh.is_some())
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .field("resource", &without_query(&self.resource))
            .finish_non_exhaustive()
    }
}

/// What one authorization server gave us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its issuer identifier, byte for byte.
    pub issuer: String,
    /// Who we are there.
    pub registration: Option<Registration>,
    /// What we hold.
    pub tokens: Option<Tokens>,
}

/// Everything that is kept for one connection. Nothing of one issuer is ever shown to another ("Authorization Server
/// Binding").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The authorization server in use.
    pub issuer: Option<String>,
    /// One entry for each issuer, the latest last.
    pub accounts: Vec<Account>,
    /// When it was last changed: Unix seconds, or one more than before where the clock has not moved on. Of two versions
    /// the higher one is newer.
    pub changed_at: u64,
}

impl Credentials {
    /// The entry of an issuer.
    pub fn account(&self, issuer: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.issuer == issuer)
    }

    /// The entry of the authorization server in use.
    pub fn current(&self) -> Option<&Account> {
        self.account(self.issuer.as_deref()?)
    }

    /// The tokens in use.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.current()?.tokens.as_ref()
    }

    pub(crate) fn tokens_mut(&mut self) -> Option<&mut Tokens> {
        let issuer = self.issuer.as_deref()?;
        self.accounts.iter_mut().find(|account| account.issuer == issuer)?.tokens.as_mut()
    }

    pub(crate) fn forget_tokens(&mut self) {
        for account in &mut self.accounts {
            account.tokens = None;
        }
    }

    /// Changes the entry of an issuer, made if there is none.
    pub(crate) fn edit(&mut self, issuer: &str, change: impl FnOnce(&mut Account)) {
        let at = self.accounts.iter().position(|account| account.issuer == issuer);
        let mut account = match at {
            Some(at) => self.accounts.remove(at),
            None => Account { issuer: issuer.to_owned(), registration: None, tokens: None },
        };
        change(&mut account);
        self.accounts.push(account);
        if self.accounts.len() > MOST {
            self.accounts.remove(0);
        }
    }

    /// The form that is kept. It holds secrets: keep it encrypted.
    pub fn to_json(&self) -> Value {
        let accounts = self.accounts.iter().map(|account| {
            object([
                ("issuer", Some(account.issuer.as_str().into())),
                ("registration", account.registration.as_ref().map(registration_to_json)),
                ("tokens", account.tokens.as_ref().map(tokens_to_json)),
            ])
        });
        object([
            ("issuer", self.issuer.as_deref().map(Value::from)),
            ("accounts", Some(Value::Array(accounts.collect()))),
            ("changed_at", Some(self.changed_at.into())),
        ])
    }

    /// Reads what [`Credentials::to_json`] made. Entries that cannot be read are left out: signing in again is always
    /// possible.
    pub fn from_json(value: &Value) -> Self {
        let accounts = value.get("accounts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let accounts = accounts.iter().filter_map(|account| {
            Some(Account {
                issuer: text(account, "issuer")?,
                registration: account.get("registration").and_then(registration_from_json),
                tokens: account.get("tokens").and_then(tokens_from_json),
            })
        });
        Self {
            issuer: text(value, "issuer"),
            accounts: accounts.take(MOST).collect(),
            changed_at: number(value, "changed_at").unwrap_or_default(),
        }
    }
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<String, Value>>())
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member)?.as_str().map(str::to_owned)
}

fn number(value: &Value, member: &str) -> Option<u64> {
    value.get(member)?.as_u64()
}

fn registration_to_json(registration: &Registration) -> Value {
    let how = Registered::ALL.iter().find(|(how, _)| *how == registration.how).map(|(_, name)| Value::from(*name));
    object([
        ("client_id", Some(registration.client_id.as_str().into())),
        ("how", how),
        ("secret", registration.secret.as_deref().map(Value::from)),
        ("secret_expires_at", registration.secret_expires_at.map(Value::from)),
        ("method", Some(registration.method.name().into())),
        ("redirect_uri", Some(registration.redirect_uri.as_str().into())),
    ])
}

fn registration_from_json(value: &Value) -> Option<Registration> {
    let how = text(value, "how")?;
    Some(Registration {
        client_id: text(value, "client_id")?,
        how: Registered::ALL.iter().find(|(_, name)| *name == how)?.0,
        secret: text(value, "secret"),
        secret_expires_at: number(value, "secret_expires_at"),
        method: AuthMethod::of(&text(value, "method")?)?,
        redirect_uri: text(value, "redirect_uri")?,
    })
}

fn tokens_to_json(tokens: &Tokens) -> Value {
    object([
        ("access", Some(tokens.access.as_str().into())),
        ("refresh", tokens.refresh.as_deref().map(Value::from)),
        ("issued_at", Some(tokens.issued_at.into())),
        ("expires_at", tokens.expires_at.map(Value::from)),
        ("scope", tokens.scope.as_deref().map(Value::from)),
        ("requested", tokens.requested.as_deref().map(Value::from)),
        ("resource", Some(tokens.resource.as_str().into())),
        ("client_id", tokens.client_id.as_deref().map(Value::from)),
        ("grant", Some(tokens.grant.as_str().into())),
        ("jkt", tokens.jkt.as_deref().map(Value::from)),
        ("unbound", tokens.unbound.then(|| true.into())),
        ("name", tokens.name.as_deref().map(Value::from)),
    ])
}

fn tokens_from_json(value: &Value) -> Option<Tokens> {
    Some(Tokens {
        access: text(value, "access")?,
        refresh: text(value, "refresh"),
        issued_at: number(value, "issued_at")?,
        expires_at: number(value, "expires_at"),
        scope: text(value, "scope"),
        requested: text(value, "requested"),
        resource: text(value, "resource")?,
        client_id: text(value, "client_id"),
        grant: text(value, "grant")?,
        jkt: text(value, "jkt"),
        unbound: value.get("unbound") == Some(&Value::Bool(true)),
        name: text(value, "name"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Credentials {
        let mut credentials =
            Credentials { issuer: Some("https://as.example".into()), accounts: Vec::new(), changed_at: 7 };
        credentials.edit("https://as.example", |account| {
            account.registration = Some(Registration {
                client_id: "c".into(),
                how: Registered::Dynamically,
                secret: Some("canary-secret".into()),
                secret_expires_at: Some(9),
                method: AuthMethod::Post,
                redirect_uri: "https://app.example/cb".into(),
            });
            account.tokens = Some(Tokens {
                access: "canary-access".into(),
                refresh: Some("canary-refresh".into()),
                issued_at: 1,
                expires_at: Some(2),
                scope: Some("a".into()),
                requested: Some("a b".into()),
                resource: "https://a.example".into(),
                client_id: Some("c".into()),
                grant: "authorization code".into(),
                jkt: Some("k".into()),
                unbound: true,
                name: Some("ann@example.com".into()),
            });
        });
        credentials
    }

    #[test]
    fn what_is_kept_comes_back() {
        assert_eq!(Credentials::from_json(&full().to_json()), full());
        assert_eq!(Credentials::from_json(&Credentials::default().to_json()), Credentials::default());
        assert_eq!(Credentials::from_json(&Value::from(7)), Credentials::default());
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_left_out() {
        let mut value = full().to_json();
        value["accounts"][0]["tokens"]["issued_at"] = "soon".into();
        let read = Credentials::from_json(&value);
        assert_eq!(read.tokens(), None);
        assert!(read.current().unwrap().registration.is_some());
    }

    #[test]
    fn debugging_shows_no_secret() {
        assert!(!format!("{:?}", full()).contains("canary"));
    }

    #[test]
    fn only_the_latest_authorization_servers_are_remembered() {
        let mut credentials = Credentials::default();
        for at in 0..20 {
            credentials.edit(&format!("https://{at}.example"), |_| {});
        }
        assert_eq!(credentials.accounts.len(), MOST);
        assert!(credentials.account("https://19.example").is_some());
    }
}
