//! The revision of the protocol that a person chose for a connection in the inspector, to see how its server behaves
//! with another one (screens.md e.6; peers D02).
//!
//! A choice is kept, and holds for everything that is sent over the connection of one account, its scan and its doctor
//! too, until it is undone, the account goes, the person leaves developer mode, or somebody else is here. It is on record,
//! because an older revision protects less. What a server spoke by itself stays known beside it, so that a server that
//! steps back is noticed when the choice is over (X112).

use mcp::{EraChoice, Revision};
use policy::audit::Entry;
use policy::{ConnectionId, ConnectorId, Reach};

use super::Workspace;
use crate::error::{Code, Error};
use crate::store::{Op, StoreError, Table, prefix_end};
use crate::tabs::News;

/// Where they are kept: `revision:ACCOUNT`.
const CHOSEN: &str = "revision:";

/// What takes the choice for an account away.
pub(crate) fn found_out(account: &ConnectionId) -> Op {
    Op::Delete(Table::Settings, format!("{CHOSEN}{account}"))
}

/// What takes every choice away.
pub(crate) fn all_found_out() -> Op {
    Op::DeletePrefix(Table::Settings, CHOSEN.to_owned())
}

impl Workspace {
    /// The revision that was chosen for the connection of an account; none while it is found out by itself. Who is not in
    /// developer mode has no choice.
    pub fn chosen_revision(&self, account: &ConnectionId) -> Option<Revision> {
        let chosen = self.0.revisions.borrow().get(account).copied();
        chosen.filter(|_| self.may_inspect().is_ok())
    }

    /// How the connection of an account finds out what its server speaks.
    pub(crate) fn era_of(&self, account: &ConnectionId) -> EraChoice {
        self.chosen_revision(account).map_or(EraChoice::Auto, EraChoice::Exact)
    }

    /// Takes up what is kept, and closes connections that speak what is not chosen any more.
    pub(crate) async fn recall_revisions(&self) -> Result<(), StoreError> {
        let kept = self.0.store.range(Table::Settings, CHOSEN, &prefix_end(CHOSEN)).await?;
        let chosen = kept.into_iter().filter_map(|(key, text)| {
            let account = key.strip_prefix(CHOSEN)?.to_owned();
            Some((ConnectionId::from(account), Revision::of(&text)?))
        });
        self.0.revisions.replace(chosen.collect());
        self.drop_outlived();
        Ok(())
    }

    /// Who leaves developer mode has no choice any more: the connections that follow one are closed, and find out by
    /// themselves when they open again. One with a call under way is left to it, as a cut call has no known outcome, and
    /// closed when that has ended.
    pub(crate) async fn forget_revisions(&self) {
        self.0.revisions.borrow_mut().clear();
        self.drop_outlived();
        if let Err(error) = self.0.store.write(vec![all_found_out()]).await {
            self.storage_failed(&error);
        }
        self.tell_tabs(&News::Revisions);
    }

    /// Has the connection of an account speak one revision and no other, or what it finds out by itself. It is opened anew
    /// at once.
    ///
    /// # Errors
    /// When the person may not look at the wire or use the connector, when it is part of this page, while a call is under
    /// way, when the choice cannot be kept, and when the server does not speak the revision. In the last case the choice
    /// stays.
    pub async fn choose_revision(
        &self,
        id: &ConnectorId,
        account: &ConnectionId,
        revision: Option<Revision>,
    ) -> Result<(), Error> {
        self.may_inspect()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_use(connector, book.member(&self.me())?)?;
        if connector.reach == Reach::InPage {
            let error = Error::new(Code::Invalid, format!("`{}` is part of this page", connector.name));
            return Err(error.hint("choose a connection to a server"));
        }
        if self.chosen_revision(account) == revision {
            return Ok(());
        }
        if self.calls_over(account) {
            let error = Error::new(Code::Busy, format!("a call to `{}` is under way", connector.name));
            return Err(error.hint("wait until it has ended, or cancel it, and choose again"));
        }
        let several = book.accounts_of(&self.me(), id).len() > 1;
        let whose = if several { format!(" for {}", self.account_name(id, account)) } else { String::new() };
        let row = Entry::Changed {
            by: self.me(),
            subject: format!("connector {}", connector.name),
            how: format!("protocol revision chosen in the inspector{whose}"),
            before: None,
            after: Some(revision.map_or_else(|| "found out by itself".to_owned(), |one| one.to_string())),
        };
        let kept = match revision {
            Some(one) => Op::Put(Table::Settings, format!("{CHOSEN}{account}"), one.as_str().to_owned()),
            None => found_out(account),
        };
        self.0.audit.write_with(vec![row], vec![kept]).await?;
        {
            let mut revisions = self.0.revisions.borrow_mut();
            match revision {
                Some(revision) => revisions.insert(account.clone(), revision),
                None => revisions.remove(account),
            };
        }
        // A call that began meanwhile is not cut off: its connection goes when it has ended.
        self.drop_outlived();
        self.tell_tabs(&News::Revisions);
        self.connect_as(id, account).await
    }
}
