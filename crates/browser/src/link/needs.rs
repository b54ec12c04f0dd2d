//! Sign-ins that are missing, noted beside the rules: a page that is loaded again says so without asking a server.

use policy::{ConnectionId, ConnectorId};
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;

use super::Link;
use crate::oauth::Needs;
use crate::store::{Op, StoreError, Table, prefix_end};
use crate::view::ConnectionStatus;
use crate::workspace::{Workspace, needs_words};

/// Where they are kept: `needs-sign-in:ACCOUNT`.
const NEEDS: &str = "needs-sign-in:";

/// A sign-in that is missing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Need {
    connector: ConnectorId,
    needs: Needs,
}

impl Need {
    /// What takes the note about an account away.
    pub(crate) fn over(account: &ConnectionId) -> Op {
        Op::Delete(Table::Settings, format!("{NEEDS}{account}"))
    }

    fn is_of_scopes(&self) -> bool {
        !self.needs.scopes.is_empty()
    }
}

impl Workspace {
    /// A connection is in another state: a sign-in that is missing is noted, and one that is there again is not any more.
    pub(super) fn note_need(&self, link: &Link, status: &ConnectionStatus) {
        let account = &link.account;
        let op = match status {
            // It is not over yet.
            ConnectionStatus::Connecting => return,
            ConnectionStatus::SignIn { .. } => {
                let needs = match (self.known_account(account), self.needed(account)) {
                    (_, Some(needs)) => needs,
                    // It signs in by a header.
                    (None, None) => Needs::default(),
                    // It failed for want of something that no person can give.
                    (Some(_), None) => return,
                };
                let need = Need { connector: link.connector.clone(), needs };
                let Ok(text) = serde_json::to_string(&need) else { return };
                link.need.replace(Some(need));
                Op::Put(Table::Settings, format!("{NEEDS}{account}"), text)
            }
            // Lists can be read without the access that a call was refused for: only a sign-in or a sign-out ends that, and
            // with them the connection.
            _ if *status != ConnectionStatus::Idle && link.need.borrow().as_ref().is_some_and(Need::is_of_scopes) => {
                return;
            }
            _ if link.need.take().is_none() => return,
            _ => {
                if let Some(known) = self.known_account(account) {
                    known.sign_in.misses_nothing();
                }
                Need::over(account)
            }
        };
        let workspace = self.clone();
        spawn_local(async move {
            if let Err(error) = workspace.0.store.write(vec![op]).await {
                workspace.storage_failed(&error);
            }
        });
    }

    /// Takes up what an earlier page noted.
    pub(crate) async fn recall_needs(&self) -> Result<(), StoreError> {
        let book = self.rulebook();
        for (key, text) in self.0.store.range(Table::Settings, NEEDS, &prefix_end(NEEDS)).await? {
            let account = key.strip_prefix(NEEDS).unwrap_or_default();
            let Ok(need) = serde_json::from_str::<Need>(&text) else { continue };
            let Ok(connector) = book.connector(&need.connector) else { continue };
            let link = self.link(&need.connector, &ConnectionId::from(account.to_owned()));
            let why = needs_words(&connector.host, &need.needs);
            link.status.replace(ConnectionStatus::SignIn { why });
            link.need.replace(Some(need));
        }
        Ok(())
    }

    /// What the last refused request of an account needs a person for, without what its server says back of what signs it
    /// in (X21).
    pub(crate) fn needed(&self, account: &ConnectionId) -> Option<Needs> {
        let mut needs = self.known_account(account)?.sign_in.needs_person()?;
        if let Some(link) = self.0.links.borrow().get(account) {
            let cover = link.cover.borrow();
            needs.scopes.retain(|scope| !cover.is_in(scope));
        }
        Some(needs)
    }

    /// What an account needs a person for, by what is noted.
    pub(crate) fn noted_needs(&self, account: &ConnectionId) -> Option<Needs> {
        let need = self.0.links.borrow().get(account)?.need.borrow().clone();
        need.map(|need| need.needs)
    }
}
