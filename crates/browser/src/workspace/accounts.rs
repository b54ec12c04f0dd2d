//! The accounts of the person at a connector: adding one, naming it, which one acts, and its end.
//!
//! An account is a [`ConnectionId`]. Tokens, their key, the connection and what was read over it are kept by it, so one
//! account sees nothing of another (X117). The first one is kept under the connector's own id, where everything was before
//! there could be several. Which account acts is the person's choice: for a conversation, or the usual one; no model and
//! no server has a say in it.

use policy::{Confirm, ConnectionId, Connector, ConnectorId, Rulebook, SignIn as Rule};

use super::Workspace;
use super::sign_in::{OAuth, OAuthReport, SignedOut};
use crate::error::{Code, Error};
use crate::time::{new_id, now};
use crate::view::{AccountView, Keep};
use crate::visit::Visit;

/// An account that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Which account.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// The name of another account here, when the provider says that this is the same person.
    pub same_as: Option<String>,
}

impl Workspace {
    /// The account that acts for the person at a connector where no other was chosen.
    pub fn usual_account(&self, connector: &ConnectorId) -> ConnectionId {
        self.rulebook().preferred_account(&self.me(), connector)
    }

    /// The accounts of the person at a connector, as far as they are known without reading anything.
    pub fn accounts(&self, connector: &ConnectorId) -> Vec<AccountView> {
        let book = self.rulebook();
        let me = self.seen_as();
        let usual = book.preferred_account(&me, connector);
        let view = |account: policy::Account| AccountView {
            issuer: self.known_account(&account.id).and_then(|oauth| oauth.issuer()),
            usual: account.id == usual,
            id: account.id,
            name: account.name,
            confirm: account.confirm,
        };
        book.accounts_of(&me, connector).into_iter().map(view).collect()
    }

    /// Reads who is signed in at a connector, so that [`Workspace::accounts`] can say it.
    pub async fn look_at_accounts(&self, connector: &ConnectorId) {
        let book = self.rulebook();
        let Ok(connector) = book.connector(connector) else { return };
        for account in book.accounts_of(&self.me(), &connector.id) {
            self.look_at_account(connector, &account.id).await;
        }
    }

    /// Reads who is signed in with one account. What cannot be read is not known, which is what pages show then.
    pub(crate) async fn look_at_account(&self, connector: &Connector, account: &ConnectionId) {
        if let Rule::OAuth { .. } = connector.sign_in {
            drop(self.oauth(connector, account).await);
        }
    }

    /// The name of an account of the person, as pages show it.
    pub fn account_name(&self, connector: &ConnectorId, account: &ConnectionId) -> String {
        let all = self.rulebook().accounts_of(&self.me(), connector);
        all.into_iter().find(|one| one.id == *account).map_or_else(|| account.to_string(), |one| one.name)
    }

    /// The account that acts, in words: by its name once it has one or there are several, and where it is signed in.
    pub(crate) fn account(&self, connector: &Connector, account: &ConnectionId) -> String {
        let says = match &connector.sign_in {
            Rule::None => return "no sign-in".to_owned(),
            Rule::Header { name } => format!("header {name}"),
            Rule::OAuth { .. } => match self.known_account(account).and_then(|oauth| oauth.issuer()) {
                Some(issuer) => format!("signed in at {issuer}"),
                None => "not signed in".to_owned(),
            },
        };
        let book = self.rulebook();
        let named = book.accounts.iter().any(|one| one.connector == connector.id && one.member == self.me());
        match named {
            true => format!("{}, {says}", self.account_name(&connector.id, account)),
            false => says,
        }
    }

    /// Adds an account: the person signs in, asked by the provider for another account where it can do that, and only then
    /// is there one. What the provider calls them becomes its name.
    ///
    /// # Errors
    /// When there cannot be another one, or why there is no token; nothing is kept then.
    pub async fn add_account(&self, id: &ConnectorId, keep: Keep, visit: &Visit) -> Result<Added, Error> {
        self.acting()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        let account = ConnectionId::from(format!("{id}~{}", new_id("account")));
        // Whether it may be is known before anybody signs in.
        Rulebook::clone(&book).add_account(&self.me(), id, account.clone(), None, now())?;
        let oauth = self.oauth(connector, &account).await?;
        oauth.set_keep(keep);
        let signed_in = oauth.sign_in.sign_in(visit, true).await;
        let told = oauth.name();
        let added = match signed_in {
            Ok(()) => {
                let (me, told, account) = (self.me(), told.clone(), account.clone());
                self.change_rules(|book| {
                    let taken = book.accounts_of(&me, id).into_iter().any(|one| Some(&one.name) == told.as_ref());
                    book.add_account(&me, id, account, told.as_deref().filter(|_| !taken), now())
                })
                .await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = added {
            self.end_account(connector, &account).await?;
            return Err(error);
        }
        let name = self.account_name(id, &account);
        self.note(id, &format!("account {name} added, signed in at {}", oauth.issuer().unwrap_or_default())).await;
        self.look_at_accounts(id).await;
        let others = self.accounts(id).into_iter().filter(|one| one.id != account);
        let mut same =
            others.filter(|one| told.is_some() && self.known_account(&one.id).and_then(|one| one.name()) == told);
        let same_as = same.next().map(|one| one.name);
        Ok(Added { id: account, name, same_as })
    }

    /// Has the person sign in with an account. What is kept of the old sign-in is replaced when the new one works, and
    /// answers that were remembered for it end: somebody else may be signed in now (X72).
    ///
    /// # Errors
    /// When the connector signs in otherwise, or why there is no token; the doctor then has the steps.
    pub async fn sign_in_as(
        &self,
        id: &ConnectorId,
        account: &ConnectionId,
        keep: Keep,
        visit: &Visit,
    ) -> Result<(), Error> {
        self.acting()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_use(connector, book.member(&self.me())?)?;
        let several = book.accounts_of(&self.me(), id).len() > 1;
        let oauth = self.oauth(connector, account).await?;
        let before = oauth.set_keep(keep);
        if let Err(error) = oauth.sign_in.sign_in(visit, several).await {
            oauth.set_keep(before);
            return Err(error);
        }
        let at = oauth.issuer().unwrap_or_default();
        self.note(id, &format!("signed in at {at}")).await;
        self.drop_link(account);
        if oauth.keep() == Keep::Device {
            self.tell_secret(&super::sign_in::oauth_secret(account));
        }
        self.forget_what_was_theirs(account).await?;
        self.take_name(id, account, oauth.name()).await
    }

    /// An account that nobody named is called what the provider calls the person.
    pub(super) async fn take_name(
        &self,
        id: &ConnectorId,
        account: &ConnectionId,
        told: Option<String>,
    ) -> Result<(), Error> {
        let Some(told) = told else { return Ok(()) };
        let all = self.rulebook().accounts_of(&self.me(), id);
        let unnamed = |one: &policy::Account| one.id == *account && one.name.starts_with("Account ");
        if !all.iter().any(unnamed) || all.iter().any(|one| one.name == told) {
            return Ok(());
        }
        self.rename_account(id, account, &told).await
    }

    /// Somebody else may be signed in with an account now: what was remembered and left for who was is not theirs (X72, X117).
    async fn forget_what_was_theirs(&self, account: &ConnectionId) -> Result<(), Error> {
        self.forget_tasks_of(account).await;
        let me = self.me();
        if !self.rulebook().grants.iter().any(|grant| grant.connection == *account && grant.member == me) {
            return Ok(());
        }
        self.change_rules(|book| {
            book.forget_answers_as(&me, account);
            Ok(())
        })
        .await
    }

    /// Has the person sign in once more with an account, kept as before.
    ///
    /// # Errors
    /// As [`Workspace::sign_in_as`].
    pub async fn sign_in_again_as(&self, id: &ConnectorId, account: &ConnectionId, visit: &Visit) -> Result<(), Error> {
        self.alive()?;
        let book = self.rulebook();
        let keep = self.oauth(book.connector(id)?, account).await?.keep();
        self.sign_in_as(id, account, keep, visit).await
    }

    /// Signs an account out: forgets everything that is kept of it, and has the provider revoke the tokens if it can.
    /// Other accounts stay signed in.
    ///
    /// # Errors
    /// When the connector signs in otherwise.
    pub async fn sign_out_as(&self, id: &ConnectorId, account: &ConnectionId) -> Result<SignedOut, Error> {
        self.acting()?;
        let book = self.rulebook();
        let oauth = self.oauth(book.connector(id)?, account).await?;
        let shared = oauth.keep() == Keep::Device;
        let (out, how) = SignedOut::of(oauth.sign_in.end().await);
        self.forget_account(account);
        if shared {
            self.tell_secret(&super::sign_in::oauth_secret(account));
        }
        self.forget_what_was_theirs(account).await?;
        self.note(id, how).await;
        Ok(out)
    }

    /// Signs an account out and removes it. In a conversation for which it was chosen no other acts in its place.
    ///
    /// # Errors
    /// When it is the first one, or not the person's.
    pub async fn remove_account(&self, id: &ConnectorId, account: &ConnectionId) -> Result<(), Error> {
        let me = self.me();
        let before = self.rulebook();
        self.change_rules(|book| book.remove_account(&me, id, account)).await?;
        self.end_account(before.connector(id)?, account).await
    }

    /// Calls an account something else.
    ///
    /// # Errors
    /// When it is not the person's, or the name is empty or taken.
    pub async fn rename_account(&self, id: &ConnectorId, account: &ConnectionId, name: &str) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.rename_account(&me, id, account, name)).await
    }

    /// Has an account act where no other was chosen.
    ///
    /// # Errors
    /// When it is not the person's.
    pub async fn prefer_account(&self, id: &ConnectorId, account: &ConnectionId) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.prefer_account(&me, id, account)).await
    }

    /// Decides what an account asks for; never less than workspace and connector do.
    ///
    /// # Errors
    /// When it is not the person's.
    pub async fn set_account_confirm(
        &self,
        id: &ConnectorId,
        account: &ConnectionId,
        confirm: Confirm,
    ) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_account_confirm(&me, id, account, confirm)).await
    }

    /// What is known about the sign-in of an account.
    ///
    /// # Errors
    /// When the connector signs in otherwise.
    pub async fn oauth_report_as(&self, id: &ConnectorId, account: &ConnectionId) -> Result<OAuthReport, Error> {
        self.alive()?;
        let book = self.rulebook();
        let oauth = self.oauth(book.connector(id)?, account).await?;
        Ok(oauth.report(self.needed(account)).await)
    }

    /// Reads the metadata documents of a connector's server and of its authorization server again, for the doctor.
    ///
    /// # Errors
    /// As a sign-in would fail before its window opens.
    pub async fn examine_sign_in_as(&self, id: &ConnectorId, account: &ConnectionId) -> Result<(), Error> {
        self.alive()?;
        let book = self.rulebook();
        self.oauth(book.connector(id)?, account).await?.sign_in.examine().await
    }

    pub(crate) fn known_account(&self, account: &ConnectionId) -> Option<std::rc::Rc<OAuth>> {
        self.0.sign_ins.borrow().get(account).cloned()
    }
}

/// Every account that anybody at this browser has at a connector.
pub(crate) fn all_accounts(book: &Rulebook, connector: &ConnectorId) -> Vec<ConnectionId> {
    let more = book.accounts.iter().filter(|one| one.connector == *connector).map(|one| one.id.clone());
    let mut all: Vec<ConnectionId> = std::iter::once(ConnectionId::first(connector)).chain(more).collect();
    all.sort();
    all.dedup();
    all
}

/// That a connector has no accounts of this kind.
pub(crate) fn signs_in_otherwise() -> Error {
    Error::new(Code::Invalid, "this connector does not sign in with OAuth")
}
