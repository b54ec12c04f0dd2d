//! What is done when the browser is back on the network.

use policy::{ConnectionId, ConnectorId};

use super::Workspace;
use crate::view::ConnectionStatus;

impl Workspace {
    /// Opens the connections again that failed, as they do while there is no network. This only reads what the servers
    /// list; a call that was not made stays with the person, on its card.
    pub async fn back_online(&self) {
        let book = self.rulebook();
        let failed = |id: &ConnectionId| matches!(self.connection_as(id), ConnectionStatus::Failed { .. });
        let accounts = |id: &ConnectorId| self.accounts(id).into_iter().map(|account| account.id).collect::<Vec<_>>();
        for connector in &book.connectors {
            for account in accounts(&connector.id).into_iter().filter(failed) {
                // How it goes is a state of the connection, which pages show.
                let _ = self.connect_as(&connector.id, &account).await;
            }
        }
    }
}
