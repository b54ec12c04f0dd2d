//! The revision of the protocol that a person chose for a connection in the inspector, to see how its server behaves
//! with another one (screens.md e.6; peers D02).
//!
//! A choice holds for everything that this page sends over the connection and is gone with the page. It is on record,
//! because an older revision protects less. What a server spoke by itself stays known beside it, so that a server that
//! steps back is noticed when the choice is over (X112).

use mcp::{EraChoice, Revision};
use policy::audit::Entry;
use policy::{ConnectorId, Reach};

use super::Workspace;
use crate::error::{Code, Error};

impl Workspace {
    /// The revision that was chosen for a connector; none while it is found out by itself.
    pub fn chosen_revision(&self, id: &ConnectorId) -> Option<Revision> {
        self.0.revisions.borrow().get(id).copied()
    }

    /// How the connections of a connector find out what its server speaks.
    pub(crate) fn era_of(&self, id: &ConnectorId) -> EraChoice {
        // Who is not in developer mode any more has no choice.
        let chosen = self.chosen_revision(id).filter(|_| self.may_inspect().is_ok());
        chosen.map_or(EraChoice::Auto, EraChoice::Exact)
    }

    /// Who leaves developer mode has no choice any more: the connections that follow one are closed, and find out by
    /// themselves when they open again. One with a call under way is left to it, as a cut call has no known outcome, and
    /// closed when that has ended.
    pub(crate) fn forget_revisions(&self) {
        let chosen = std::mem::take(&mut *self.0.revisions.borrow_mut());
        chosen.keys().filter(|id| !self.calls_over(id)).for_each(|id| self.drop_links(id));
    }

    /// Has the connections of a connector speak one revision and no other, or what they find out by themselves. They are
    /// opened anew, and the usual one at once.
    ///
    /// # Errors
    /// When the person may not look at the wire or use the connector, when it is part of this page, while a call is under
    /// way, when the choice cannot be recorded, and when the server does not speak the revision. In the last case the
    /// choice stays.
    pub async fn choose_revision(&self, id: &ConnectorId, revision: Option<Revision>) -> Result<(), Error> {
        self.may_inspect()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_use(connector, book.member(&self.me())?)?;
        if connector.reach == Reach::InPage {
            let error = Error::new(Code::Invalid, format!("`{}` is part of this page", connector.name));
            return Err(error.hint("choose a connection to a server"));
        }
        if self.chosen_revision(id) == revision {
            return Ok(());
        }
        let busy = || {
            let error = Error::new(Code::Busy, format!("a call to `{}` is under way", connector.name));
            error.hint("wait until it has ended, or cancel it, and choose again")
        };
        if self.calls_over(id) {
            return Err(busy());
        }
        let row = |how: &str| Entry::Changed {
            by: self.me(),
            subject: format!("connector {}", connector.name),
            how: how.to_owned(),
            before: None,
            after: Some(revision.map_or_else(|| "found out by itself".to_owned(), |one| one.to_string())),
        };
        self.0.audit.write(vec![row("protocol revision chosen in the inspector, until the page is closed")]).await?;
        // A call that began meanwhile would be cut off.
        if self.calls_over(id) {
            self.0.audit.write(vec![row("protocol revision not chosen after all, because a call had begun")]).await?;
            return Err(busy());
        }
        {
            let mut revisions = self.0.revisions.borrow_mut();
            match revision {
                Some(revision) => revisions.insert(id.clone(), revision),
                None => revisions.remove(id),
            };
        }
        self.drop_links(id);
        self.connect(id).await
    }
}
