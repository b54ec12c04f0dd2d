//! Reads the pages of apps (`ui://`, MCP Apps) and says what there is to approve of them.
//!
//! A page is read over the connection that its actions are called over, once, and what was read is what is shown: the
//! text that was compared with the approval is the text that runs.

use std::rc::Rc;

use mcp::apps::{Page, Sources, is_page_uri};
use policy::{Action, AppPage, ConnectionId, Connector, ConnectorId, Digest};
use serde_json::Value;

use crate::drive::{Connection, Done};
use crate::error::{Code, Error};
use crate::workspace::Workspace;

/// Pages of one server that are read when it is scanned.
const MOST: usize = 40;

/// Reads one page.
async fn read(connection: &Connection, uri: &str, host: &str) -> Result<Page, Error> {
    let failed = |failed: crate::drive::Failed| connection.error(&failed.error, host);
    let request = mcp::Request::new("resources/read", serde_json::json!({ "uri": uri }).to_string());
    let Done::Answered(result) = connection.request(request).await.map_err(failed)? else {
        return Err(Error::new(Code::Protocol, format!("{host}: the answer was of another kind")));
    };
    let has_meta = result.pointer("/contents/0/_meta/ui").is_some();
    let listed = if has_meta { None } else { entry(connection, uri).await };
    Page::read(uri, &result, listed.as_ref())
        .map_err(|error| Error::new(Code::Protocol, format!("{host}: {error}")).hint("tell the server's operator"))
}

/// The entry of a page among the server's resources. Most servers do not list their pages.
async fn entry(connection: &Connection, uri: &str) -> Option<Value> {
    match connection.list_of(mcp::List::Resources).await {
        Ok(Done::Listed(entries)) => {
            entries.into_iter().find(|one| one.get("uri").and_then(Value::as_str) == Some(uri))
        }
        _ => None,
    }
}

/// What there is to approve of a page. Its wishes are kept as far as any rules could grant them; the rules of the
/// workspace are looked at when it is shown.
fn facts(page: &Page, actions: &[Action]) -> AppPage {
    let sources = Sources::read(&page.csp, true, &|_| true);
    let shows = |action: &&Action| action.page() == Some(page.uri.as_str());
    let mut names: Vec<String> = actions.iter().filter(shows).map(|action| action.name().to_owned()).collect();
    names.sort();
    AppPage {
        uri: page.uri.clone(),
        actions: names,
        html: Digest::of_bytes(page.html.as_bytes()),
        bytes: page.html.len() as u64,
        connect: sources.connect,
        resource: sources.resource,
        frame: sources.frame,
        base: sources.base,
        permissions: page.permissions.iter().map(|one| one.name().to_owned()).collect(),
    }
}

/// The addresses of the pages of actions, each once.
fn uris(actions: &[Action]) -> Vec<String> {
    let named = actions.iter().filter_map(Action::page).filter(|uri| is_page_uri(uri));
    let mut uris: Vec<String> = named.map(str::to_owned).collect();
    uris.sort();
    uris.dedup();
    uris.truncate(MOST);
    uris
}

/// Reads every page of a server that is being scanned. One that cannot be read is left out: its actions work, and
/// nothing is shown with them.
pub(crate) async fn read_all(connection: &Connection, actions: &[Action], host: &str) -> Vec<AppPage> {
    let mut pages = Vec::new();
    for uri in uris(actions) {
        if let Ok(page) = read(connection, &uri, host).await {
            pages.push(facts(&page, actions));
        }
    }
    pages
}

impl Workspace {
    /// A page of a connector, read if need be.
    pub(crate) async fn page(
        &self,
        connector: &Connector,
        account: &ConnectionId,
        connection: &Connection,
        uri: &str,
    ) -> Result<Rc<Page>, Error> {
        let link = self.link(&connector.id, account);
        let known = link.pages.borrow().get(uri).cloned();
        if let Some(page) = known {
            return Ok(page);
        }
        let page = Rc::new(read(connection, uri, &connector.host).await?);
        link.pages.borrow_mut().insert(uri.to_owned(), page.clone());
        let actions = self.live_as(account).map(|live| live.actions).unwrap_or_default();
        self.saw_pages(connector, account, vec![facts(&page, &actions)]);
        Ok(page)
    }

    /// Reads the page that an approved action is shown with, so that a change of it is seen before the call. Without
    /// apps nothing is shown, and so nothing read.
    pub(crate) async fn check_page(
        &self,
        connector: &Connector,
        account: &ConnectionId,
        connection: &Connection,
        action: &str,
    ) {
        let page = connector.snapshot.as_ref().and_then(|snapshot| snapshot.page_of(action));
        if let (true, Some(page)) = (self.0.apps, page) {
            // That it cannot be read is no reason not to call: then the app is not shown.
            let _ = self.page(connector, account, connection, &page.uri).await;
        }
    }

    /// Reads every page of a connector anew.
    pub(crate) async fn read_pages(&self, id: &ConnectorId) {
        let book = self.rulebook();
        let Ok(connector) = book.connector(id) else { return };
        let account = self.usual_account(id);
        let Ok((connection, live)) = self.open_link(connector, &account, false).await else { return };
        self.link(id, &account).pages.borrow_mut().clear();
        for uri in uris(&live.actions) {
            let _ = self.page(connector, &account, &connection, &uri).await;
        }
    }
}
