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
        if self.calls_over(id) {
            let error = Error::new(Code::Busy, format!("a call to `{}` is under way", connector.name));
            return Err(error.hint("wait until it has ended, or cancel it, and choose again"));
        }
        let row = Entry::Changed {
            by: self.me(),
            subject: format!("connector {}", connector.name),
            how: "protocol revision chosen in the inspector, until the page is closed".to_owned(),
            before: None,
            after: Some(revision.map_or_else(|| "found out by itself".to_owned(), |one| one.to_string())),
        };
        self.0.audit.write(vec![row]).await?;
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
