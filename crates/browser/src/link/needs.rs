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
}

impl Workspace {
    /// A connection is in another state: a sign-in that is missing is noted, and one that is there again is not any more.
    pub(super) fn note_need(&self, link: &Link, status: &ConnectionStatus) {
        let account = &link.account;
        let op = match status {
            // It is not over yet.
            ConnectionStatus::Connecting => return,
            ConnectionStatus::SignIn { .. } => {
                let missing = self.known_account(account).and_then(|known| known.sign_in.needs_person());
                let cover = link.cover.borrow();
                let mut needs = missing.unwrap_or_default();
                needs.scopes.retain(|scope| !cover.is_in(scope));
                let need = Need { connector: link.connector.clone(), needs };
                let Ok(text) = serde_json::to_string(&need) else { return };
                link.need.replace(Some(need));
                Op::Put(Table::Settings, format!("{NEEDS}{account}"), text)
            }
            _ if link.need.take().is_none() => return,
            _ => Need::over(account),
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

    /// What an account needs a person for, by what is noted.
    pub(crate) fn noted_needs(&self, account: &ConnectionId) -> Option<Needs> {
        let need = self.0.links.borrow().get(account)?.need.borrow().clone();
        need.map(|need| need.needs)
    }
}
