//! The accounts of a person at a connector.
//!
//! A connection is one account signed in to one connector (screens.md e.0). The first account of every connector is there
//! without being written down: its id is the connector's own ([`ConnectionId::first`]), so whatever was kept before
//! there could be several belongs to it. What a person decides about an account (its name, when it asks, which one acts
//! where nothing else was chosen) is an [`Account`] in the rulebook. Tokens are secrets and not kept here.
//!
//! An account is one person's and stays in their browser: it is in no bundle, nobody else sees it, and no call of
//! somebody else runs as it. Which account acts is the person's choice alone; a call that names another one than the
//! person has is refused.

use crate::lifecycle::visible_name;
use crate::{Call, Confirm, ConnectionId, Connector, ConnectorId, MemberId, Millis, Rulebook, SignIn, Why};
use serde::{Deserialize, Serialize};

/// So many accounts a person may have at one connector.
pub const MOST_ACCOUNTS: usize = 20;

/// What a person decided about one of their accounts at a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Which account.
    pub id: ConnectionId,
    /// Of which connector.
    pub connector: ConnectorId,
    /// Whose it is.
    pub member: MemberId,
    /// The name to show. A provider may have suggested it: text, which proves nothing.
    pub name: String,
    /// When it asks; it can only add to what workspace and connector ask for.
    #[serde(default)]
    pub confirm: Confirm,
    /// Whether it acts where no other was chosen.
    #[serde(default)]
    pub preferred: bool,
    /// When it was added, in milliseconds since the Unix epoch.
    pub added_at: Millis,
}

impl ConnectionId {
    /// The first account of a connector. Its id is the connector's own.
    pub fn first(connector: &ConnectorId) -> Self {
        connector.as_str().into()
    }

    /// Whether this is the first account of a connector.
    pub fn is_first_of(&self, connector: &ConnectorId) -> bool {
        self.as_str() == connector.as_str()
    }
}

impl Rulebook {
    /// Whether an account is one of a person's at a connector.
    pub fn has_account(&self, member: &MemberId, connector: &ConnectorId, account: &ConnectionId) -> bool {
        self.accounts_of(member, connector).iter().any(|one| one.id == *account)
    }

    /// The accounts of a person at a connector, the first one first. Nobody has to be signed in with any of them.
    pub fn accounts_of(&self, member: &MemberId, connector: &ConnectorId) -> Vec<Account> {
        let own = |account: &&Account| account.member == *member && account.connector == *connector;
        let (mut all, more): (Vec<Account>, Vec<Account>) =
            self.accounts.iter().filter(own).cloned().partition(|account| account.id.is_first_of(connector));
        if all.is_empty() {
            all.push(Account {
                id: ConnectionId::first(connector),
                connector: connector.clone(),
                member: member.clone(),
                name: "Account 1".to_owned(),
                confirm: Confirm::default(),
                preferred: false,
                added_at: 0,
            });
        }
        all.extend(more);
        all
    }

    /// The account that acts for a person at a connector where no other was chosen.
    pub fn preferred_account(&self, member: &MemberId, connector: &ConnectorId) -> ConnectionId {
        let own =
            |account: &&Account| account.member == *member && account.connector == *connector && account.preferred;
        self.accounts.iter().find(own).map_or_else(|| ConnectionId::first(connector), |account| account.id.clone())
    }

    /// The account that a call names, as far as something was decided about it.
    pub(crate) fn account_of(&self, call: &Call) -> Option<&Account> {
        let called = |account: &&Account| {
            account.id == call.connection && account.connector == call.connector && account.member == call.member
        };
        self.accounts.iter().find(called)
    }

    /// Adds an account, once somebody has signed in with it. Without a usable name it gets one by its number.
    ///
    /// # Errors
    /// The person may not use the connector, it signs in nobody, or there are enough accounts.
    pub fn add_account(
        &mut self,
        by: &MemberId,
        connector: &ConnectorId,
        id: ConnectionId,
        name: Option<&str>,
        now: Millis,
    ) -> Result<(), Why> {
        let found = self.connector(connector)?;
        self.may_use(found, self.member(by)?)?;
        signs_in(found)?;
        let all = self.accounts_of(by, connector);
        if all.len() >= MOST_ACCOUNTS {
            return Err(Why::NotReady(format!("{MOST_ACCOUNTS} accounts are the most; remove one first")));
        }
        if self.accounts.iter().any(|account| account.id == id) || id.is_first_of(connector) {
            return Err(Why::Taken(id.to_string()));
        }
        let number = (all.len() + 1..).map(|number| format!("Account {number}"));
        let mut free = number.filter(|name| all.iter().all(|account| account.name != *name));
        let name = name.and_then(|name| visible_name(name).ok()).or_else(|| free.next()).unwrap_or_default();
        self.accounts.push(Account {
            id,
            connector: connector.clone(),
            member: by.clone(),
            name,
            confirm: Confirm::default(),
            preferred: false,
            added_at: now,
        });
        Ok(())
    }

    /// Calls an account something else.
    ///
    /// # Errors
    /// It is not one of the person's, the name shows nothing, or another of their accounts there has it.
    pub fn rename_account(
        &mut self,
        by: &MemberId,
        connector: &ConnectorId,
        id: &ConnectionId,
        name: &str,
    ) -> Result<(), Why> {
        let name = visible_name(name)?;
        if self.accounts_of(by, connector).iter().any(|account| account.name == name && account.id != *id) {
            return Err(Why::Taken(name));
        }
        self.account_mut(by, connector, id)?.name = name;
        Ok(())
    }

    /// Decides what an account asks for. The workspace's and the connector's choice are a ceiling: this never loosens.
    ///
    /// # Errors
    /// It is not one of the person's.
    pub fn set_account_confirm(
        &mut self,
        by: &MemberId,
        connector: &ConnectorId,
        id: &ConnectionId,
        confirm: Confirm,
    ) -> Result<(), Why> {
        self.account_mut(by, connector, id)?.confirm = confirm;
        Ok(())
    }

    /// Has an account act where no other was chosen.
    ///
    /// # Errors
    /// It is not one of the person's.
    pub fn prefer_account(&mut self, by: &MemberId, connector: &ConnectorId, id: &ConnectionId) -> Result<(), Why> {
        self.account_mut(by, connector, id)?;
        for account in self.accounts.iter_mut().filter(|one| one.member == *by && one.connector == *connector) {
            account.preferred = account.id == *id;
        }
        Ok(())
    }

    /// Removes an account with the answers that were remembered for it. The first one stays: it is where the next sign-in
    /// goes.
    ///
    /// # Errors
    /// It is the first, or not one of the person's.
    pub fn remove_account(&mut self, by: &MemberId, connector: &ConnectorId, id: &ConnectionId) -> Result<(), Why> {
        if id.is_first_of(connector) {
            return Err(Why::NotReady("the first account is not removed; sign it out".to_owned()));
        }
        let before = self.accounts.len();
        self.accounts.retain(|one| one.id != *id || one.member != *by || one.connector != *connector);
        if self.accounts.len() == before {
            return Err(Why::NoAccount);
        }
        self.forget_answers_as(by, id);
        Ok(())
    }

    /// Ends the remembered answers that were given for an account: whoever signs in with it next may be somebody else
    /// (X72).
    pub fn forget_answers_as(&mut self, by: &MemberId, id: &ConnectionId) {
        self.grants.retain(|grant| grant.connection != *id || grant.member != *by);
    }

    /// What was decided about an account, written down if it was not yet.
    fn account_mut(&mut self, by: &MemberId, connector: &ConnectorId, id: &ConnectionId) -> Result<&mut Account, Why> {
        signs_in(self.connector(connector)?)?;
        self.member(by)?;
        let own = |one: &Account| one.id == *id && one.member == *by && one.connector == *connector;
        if !self.accounts.iter().any(own) {
            let first = self.accounts_of(by, connector).into_iter().find(|one| own(one)).ok_or(Why::NoAccount)?;
            self.accounts.push(first);
        }
        self.accounts.iter_mut().find(|one| own(one)).ok_or(Why::NoAccount)
    }
}

fn signs_in(connector: &Connector) -> Result<(), Why> {
    match connector.sign_in {
        SignIn::None => Err(Why::NotReady("nobody signs in to this connector, so it has no accounts".to_owned())),
        SignIn::Header { .. } | SignIn::OAuth { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Cause, Rules, Verdict};

    fn signed() -> Rulebook {
        let mut book = published();
        book.connectors[0].sign_in = SignIn::OAuth { client_id: None, scope: None, partly: false };
        book
    }

    fn ids() -> (MemberId, ConnectorId, ConnectionId, ConnectionId) {
        ("member".into(), "tracker".into(), ConnectionId::first(&"tracker".into()), "tracker~2".into())
    }

    #[test]
    fn ac01_the_first_account_is_there_and_the_next_ones_are_added() {
        let (me, tracker, first, second) = ids();
        let mut book = signed();
        assert_eq!(book.preferred_account(&me, &tracker), first);
        book.add_account(&me, &tracker, second.clone(), None, NOW).unwrap();
        book.add_account(&me, &tracker, "tracker~3".into(), Some(" ann@example.com "), NOW).unwrap();
        let names: Vec<String> = book.accounts_of(&me, &tracker).into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["Account 1", "Account 2", "ann@example.com"]);
        assert_eq!(book.preferred_account(&me, &tracker), first, "adding one changes nothing about the others");
        book.prefer_account(&me, &tracker, &second).unwrap();
        assert_eq!(book.preferred_account(&me, &tracker), second);
        book.prefer_account(&me, &tracker, &first).unwrap();
        assert_eq!(book.preferred_account(&me, &tracker), first);
        assert_eq!(book.accounts_of(&"dev".into(), &tracker).len(), 1, "they are one person's");
    }

    #[test]
    fn ac01_an_account_that_cannot_be_is_refused_with_the_reason() {
        let (me, tracker, first, second) = ids();
        let mut book = signed();
        assert_eq!(book.prefer_account(&me, &tracker, &second), Err(Why::NoAccount));
        assert!(book.add_account(&me, &tracker, first.clone(), None, NOW).is_err());
        book.add_account(&me, &tracker, second.clone(), None, NOW).unwrap();
        assert_eq!(book.rename_account(&me, &tracker, &second, "Account 1"), Err(Why::Taken("Account 1".into())));
        assert_eq!(book.rename_account(&"dev".into(), &tracker, &second, "Mine"), Err(Why::NoAccount));
        assert!(book.remove_account(&me, &tracker, &first).is_err());
        book.connectors[0].sign_in = SignIn::None;
        assert!(book.add_account(&me, &tracker, "tracker~3".into(), None, NOW).is_err());
    }

    #[test]
    fn ac02_a_call_runs_as_an_account_of_the_person_and_as_no_other() {
        let (me, tracker, _, second) = ids();
        let mut book = signed();
        let as_second = Call { connection: second.clone(), ..call(&book, "find") };
        let rules = Rules::of(&book, &as_second);
        assert_eq!(rules.verdict(), Verdict::Refuse);
        book.add_account(&"dev".into(), &tracker, second.clone(), None, NOW).unwrap();
        assert_eq!(Rules::of(&book, &as_second).verdict(), Verdict::Refuse, "it is somebody else's");
        book.accounts.clear();
        book.add_account(&me, &tracker, second.clone(), None, NOW).unwrap();
        assert_eq!(Rules::of(&book, &as_second).verdict(), Verdict::Run);
        book.remove_account(&me, &tracker, &second).unwrap();
        let crate::Decision::Refuse(refusal) = crate::decide(as_second.clone(), &Rules::of(&book, &as_second)) else {
            panic!("a removed account does not act")
        };
        assert_eq!(refusal.cause, Cause::NoAccount);
    }

    #[test]
    fn ac03_what_an_account_asks_for_only_adds_and_only_to_itself() {
        let (me, tracker, first, second) = ids();
        let mut book = signed();
        book.add_account(&me, &tracker, second.clone(), None, NOW).unwrap();
        book.set_account_confirm(&me, &tracker, &second, Confirm::Everything).unwrap();
        let as_account = |id: &ConnectionId| Call { connection: id.clone(), ..call(&book, "find") };
        let verdict = |book: &Rulebook, id| Rules::of(book, &as_account(id)).verdict();
        assert_eq!((verdict(&book, &first), verdict(&book, &second)), (Verdict::Run, Verdict::Ask));
        let mut strict = book.clone();
        strict.workspace.confirm = Confirm::Everything;
        strict.set_account_confirm(&me, &tracker, &second, Confirm::Writes).unwrap();
        assert_eq!((verdict(&strict, &first), verdict(&strict, &second)), (Verdict::Ask, Verdict::Ask));
    }
}
