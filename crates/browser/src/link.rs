//! The connections of a workspace: one for each account at a connector, opened when first needed, and what its server
//! lists right now. What was read over one is never shown to another account (X117).
//!
//! The live list is read when a connection opens, when the server says that it changed, and before each turn; it is
//! compared with the approved snapshot, and what differs is held by the gate (X35). A connector whose address,
//! sign-in or stage changes loses its connection.

mod asks;
mod left;
mod needs;
mod patience;
mod tasks;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::lock::Mutex;
use mcp::{Again, Elicitation, EraChoice, Event, Implementation, OpError, OpId};
use policy::audit::Entry;
use policy::{Action, AppPage, CallId, Caller, ConnectionId, Connector, ConnectorId, ConversationId, Reach, SignIn};
use wasm_bindgen_futures::spawn_local;

use crate::builtin::{self, Server};
use crate::drive::{Connection, Done, Failed, OFFLINE, Transport};
use crate::error::{Code, Error};
use crate::fetch::UNEXPLAINED;
use crate::inspect::{Cover, Wire};
use crate::store::{Op, Table};
use crate::view::{Change, ConnectionStatus, Drift, Excluded};
use crate::workspace::{Inner, Workspace};

pub(crate) use asks::WaitingAsk;
pub(crate) use left::Asker;
pub(crate) use needs::Need;
pub(crate) use tasks::LeftTask;

/// Who this client says it is.
pub(crate) fn client() -> Implementation {
    Implementation { name: "countersign".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// One connection and what is known through it.
pub(crate) struct Link {
    /// The connector.
    connector: ConnectorId,
    /// The account.
    account: ConnectionId,
    /// The connection, once opened.
    connection: RefCell<Option<Connection>>,
    /// How that found out what the server speaks: the choice may be another one by now.
    era: Cell<EraChoice>,
    /// What signed the account in: a server can say it back, and the record keeps what it is told (X21).
    cover: Rc<RefCell<Cover>>,
    /// What the server lists, once read.
    live: RefCell<Option<Live>>,
    /// What the server spoke last time, where it has stepped back since and nobody has gone on all the same (X112).
    before: RefCell<Option<String>>,
    /// Since which [`moment`] calls are held for that.
    held_back: Cell<Option<u64>>,
    /// How often the server said that its list changed.
    changes: Cell<u64>,
    /// The state to show.
    status: RefCell<ConnectionStatus>,
    /// The sign-in that is missing, as it is noted.
    need: RefCell<Option<Need>>,
    /// Calls under way, to know whose question a question is.
    calls: RefCell<HashMap<OpId, UnderWay>>,
    /// Pages of apps that were read over this connection, by address.
    pub(crate) pages: RefCell<HashMap<String, Rc<mcp::apps::Page>>>,
    /// One opener at a time.
    opening: Mutex<()>,
}

/// A call under way.
#[derive(Clone)]
struct UnderWay {
    call: CallId,
    conversation: Option<ConversationId>,
    /// How often it was sent.
    attempts: u32,
    /// Why the server took a question back.
    withdrawn: Option<String>,
    /// The server made a task of it, and told its name.
    is_task: bool,
}

/// What a server lists right now.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) actions: Vec<Action>,
    pub(crate) excluded: Vec<Excluded>,
    pub(crate) connected: mcp::Connected,
    /// What is known of its pages, as far as they were read.
    pub(crate) pages: Vec<AppPage>,
    /// The server said that the list changed since.
    stale: bool,
}

impl Link {
    fn new(connector: &ConnectorId, account: &ConnectionId) -> Self {
        Link {
            connector: connector.clone(),
            account: account.clone(),
            connection: RefCell::default(),
            era: Cell::default(),
            cover: Rc::default(),
            live: RefCell::default(),
            before: RefCell::default(),
            held_back: Cell::default(),
            changes: Cell::default(),
            status: RefCell::new(ConnectionStatus::Idle),
            need: RefCell::default(),
            calls: RefCell::default(),
            pages: RefCell::default(),
            opening: Mutex::new(()),
        }
    }
}

/// Who the requests of a connection come from.
#[derive(Default)]
pub(crate) struct Account {
    /// Fixed headers.
    pub(crate) headers: Vec<(String, String)>,
    /// Who has the tokens, where there are any.
    pub(crate) sign_in: Option<Rc<crate::oauth::SignIn>>,
}

/// Tells what is before from what is after, where a clock is too coarse: each is later than all that were given out.
pub(crate) fn moment() -> u64 {
    static LATEST: AtomicU64 = AtomicU64::new(0);
    LATEST.fetch_add(1, Ordering::Relaxed)
}

impl Workspace {
    pub(crate) fn link(&self, connector: &ConnectorId, account: &ConnectionId) -> Rc<Link> {
        let new = || Rc::new(Link::new(connector, account));
        self.0.links.borrow_mut().entry(account.clone()).or_insert_with(new).clone()
    }

    /// The state of the connection to a connector, as the person's usual account there.
    pub fn connection(&self, id: &ConnectorId) -> ConnectionStatus {
        self.connection_as(&self.usual_account(id))
    }

    /// The state of the connection of an account.
    pub fn connection_as(&self, account: &ConnectionId) -> ConnectionStatus {
        self.0.links.borrow().get(account).map_or(ConnectionStatus::Idle, |link| link.status.borrow().clone())
    }

    pub(crate) fn live(&self, id: &ConnectorId) -> Option<Live> {
        self.live_as(&self.usual_account(id))
    }

    /// What a server lists right now for an account.
    pub(crate) fn live_as(&self, account: &ConnectionId) -> Option<Live> {
        self.0.links.borrow().get(account)?.live.borrow().clone()
    }

    /// How the live list differs from what was approved, as of the last time the list was read as the usual account.
    pub fn drift(&self, id: &ConnectorId) -> Drift {
        self.drift_as(id, &self.usual_account(id))
    }

    /// The same for an account: each may be listed something else (X39).
    pub fn drift_as(&self, id: &ConnectorId, account: &ConnectionId) -> Drift {
        let book = self.rulebook();
        let snapshot = book.connector(id).ok().and_then(|connector| connector.snapshot.as_ref());
        match (snapshot, self.live_as(account)) {
            (Some(snapshot), Some(live)) => drift(snapshot, &live),
            _ => Drift::default(),
        }
    }

    /// Opens the connection of a connector now. It is otherwise opened when first needed.
    ///
    /// # Errors
    /// Why it could not be reached or used.
    pub async fn connect(&self, id: &ConnectorId) -> Result<(), Error> {
        self.connect_as(id, &self.usual_account(id)).await
    }

    /// The same for an account.
    ///
    /// # Errors
    /// As [`Workspace::connect`].
    pub async fn connect_as(&self, id: &ConnectorId, account: &ConnectionId) -> Result<(), Error> {
        self.alive()?;
        let book = self.rulebook();
        let connector = book.connector(id)?;
        book.may_use(connector, book.member(&self.me())?)?;
        let opened = self.open_link(connector, account, true).await;
        opened.map(|_| ()).map_err(|failed| self.by_choice(account, self.op_error(connector, account, &failed.error)))
    }

    /// Has the next list of a connector read from its server, whatever the server allowed to be kept.
    pub(crate) fn forget_list(&self, id: &ConnectorId) {
        let connection =
            self.0.links.borrow().get(&self.usual_account(id)).and_then(|link| link.connection.borrow().clone());
        if let Some(connection) = connection {
            connection.forget();
        }
    }

    /// What signed an account in, as far as it is known by now.
    pub(crate) fn cover_of(&self, connector: &ConnectorId, account: &ConnectionId) -> Cover {
        self.link(connector, account).cover.borrow().clone()
    }

    /// Closes the connections of a connector. They open again when needed.
    pub async fn disconnect(&self, id: &ConnectorId) {
        self.drop_links(id);
    }

    /// Forgets every connection to a connector: it changed, or is gone.
    pub(crate) fn drop_links(&self, id: &ConnectorId) {
        let of = |link: &&Rc<Link>| link.connector == *id;
        let accounts: Vec<_> = self.0.links.borrow().values().filter(of).map(|link| link.account.clone()).collect();
        accounts.iter().for_each(|account| self.drop_link(account));
    }

    /// Whether a call is under way over the connection of an account.
    pub(crate) fn calls_over(&self, account: &ConnectionId) -> bool {
        self.0.links.borrow().get(account).is_some_and(|link| !link.calls.borrow().is_empty())
    }

    /// Forgets the connection of an account: whoever acts through it is somebody else now, or nobody.
    pub(crate) fn drop_link(&self, account: &ConnectionId) {
        let Some(link) = self.0.links.borrow_mut().remove(account) else { return };
        let connection = link.connection.borrow_mut().take();
        if let Some(connection) = connection {
            connection.close();
        }
        self.withdraw_asks(|waiting| waiting.account == *account);
        self.set_status(&link, ConnectionStatus::Idle);
    }

    /// The connection of an account and its live list, opened and read if need be; read again with `fresh`.
    pub(crate) async fn open_link(
        &self,
        connector: &Connector,
        account: &ConnectionId,
        fresh: bool,
    ) -> Result<(Connection, Live), Failed> {
        let mut link = self.link(&connector.id, account);
        if self.outlived(&link) {
            self.drop_link(account);
            link = self.link(&connector.id, account);
        }
        let _opening = link.opening.lock().await;
        let known = link.live.borrow().clone();
        let open = link.connection.borrow().clone();
        if let (Some(live), Some(connection), false) = (&known, &open, fresh)
            && !live.stale
        {
            return Ok((connection.clone(), live.clone()));
        }
        if known.is_none() {
            self.set_status(&link, ConnectionStatus::Connecting);
        }
        let era = match open {
            Some(_) => link.era.get(),
            None => self.era_of(account),
        };
        // A chosen revision says nothing about what the server speaks by itself.
        let before = if era == EraChoice::Auto { self.spoken(account).await } else { None };
        let connection = match open {
            Some(connection) => connection,
            None => match self.new_connection(connector, &link, era, before.clone()).await {
                Ok(connection) => {
                    link.era.set(era);
                    *link.connection.borrow_mut() = Some(connection.clone());
                    connection
                }
                Err(failed) => {
                    self.set_status(&link, self.failed_status(connector, account, &failed.error));
                    return Err(failed);
                }
            },
        };
        let changes = link.changes.get();
        match read_list(&connection).await {
            Ok(mut live) => {
                self.learned(connector, account, &live).await;
                // It changed while it was gone through.
                live.stale = link.changes.get() != changes;
                live.pages = known.map(|known| known.pages).unwrap_or_default();
                *link.live.borrow_mut() = Some(live.clone());
                self.note_list(&connector.id, &live);
                // Names of revisions are dates, so they are ordered as texts.
                let is_known = before.as_ref() == Some(&live.connected.protocol);
                let later = before.filter(|before| *before > live.connected.protocol);
                // What it spoke stays kept until a person goes on all the same: a reload makes nothing of it forgotten.
                if era == EraChoice::Auto && later.is_none() && !is_known {
                    self.speaks(account, &live.connected.protocol).await;
                }
                link.before.replace(later);
                self.compare(connector, &link, &live);
                Ok((connection, live))
            }
            Err(failed) => {
                link.live.borrow_mut().take();
                link.connection.borrow_mut().take();
                self.set_status(&link, self.failed_status(connector, account, &failed.error));
                Err(failed)
            }
        }
    }

    /// Holds a call whose server has stepped back to a revision that protects less (X112), until a person who was told so,
    /// or the portal they are in, makes one all the same. A model, an app or an agent that tries again does not count, and
    /// neither does what began before the first was held.
    ///
    /// # Errors
    /// [`OpError::Downgrade`], with nothing sent.
    pub(crate) async fn held_back(
        &self,
        connector: &Connector,
        account: &ConnectionId,
        by: Caller,
        begun: u64,
    ) -> Result<(), Failed> {
        let link = self.link(&connector.id, account);
        if link.before.borrow().is_none() {
            return Ok(());
        }
        let since = link.held_back.get();
        let knows = matches!(by, Caller::Person | Caller::Sdk) && since.is_some_and(|since| begun > since);
        if !knows {
            link.held_back.set(since.or_else(|| Some(moment())));
            return Err(Failed { error: OpError::Downgrade, sent: mcp::Sent::No });
        }
        let live = link.live.borrow().clone();
        if let Some(live) = live {
            self.speaks(account, &live.connected.protocol).await;
            link.before.take();
            link.held_back.set(None);
            self.compare(connector, &link, &live);
        }
        Ok(())
    }

    /// The server stepped back within a connection, and a call was held for it. Its list is read again before the next one.
    pub(crate) fn stepped_back(&self, connector: &ConnectorId, account: &ConnectionId) {
        let link = self.link(connector, account);
        link.held_back.set(Some(moment()));
        if let Some(live) = link.live.borrow_mut().as_mut() {
            live.stale = true;
        }
    }

    /// Says whether what a server offers is what was approved.
    fn compare(&self, connector: &Connector, link: &Link, live: &Live) {
        let protocol = live.connected.protocol.clone();
        let before = link.before.borrow().clone();
        let drift = connector.snapshot.as_ref().map(|snapshot| drift(snapshot, live)).unwrap_or_default();
        let changed: Vec<String> = drift.changed.into_iter().chain(drift.removed).collect();
        let status = match changed.is_empty() {
            true => ConnectionStatus::Connected { protocol, before },
            false => ConnectionStatus::Changed { protocol, before, actions: changed },
        };
        self.set_status(link, status);
    }

    /// Something else was approved: what the server offers is compared with that from now on.
    pub(crate) fn compare_again(&self, id: &ConnectorId) {
        let book = self.rulebook();
        let Ok(connector) = book.connector(id) else { return };
        let links: Vec<_> = self.0.links.borrow().values().filter(|link| link.connector == *id).cloned().collect();
        for link in links {
            let Some(live) = link.live.borrow().clone() else { continue };
            self.compare(connector, &link, &live);
        }
    }

    /// Pages were read: they are part of what the server offers, and compared like it (X48).
    pub(crate) fn saw_pages(&self, connector: &Connector, account: &ConnectionId, pages: Vec<AppPage>) {
        let link = self.link(&connector.id, account);
        let live = {
            let mut live = link.live.borrow_mut();
            let Some(live) = live.as_mut() else { return };
            live.pages.retain(|old| !pages.iter().any(|new| new.uri == old.uri));
            live.pages.extend(pages);
            live.clone()
        };
        self.note_list(&connector.id, &live);
        self.compare(connector, &link, &live);
    }

    /// What a server speaks says how its authorization server is found.
    async fn learned(&self, connector: &Connector, account: &ConnectionId, live: &Live) {
        if let Ok(oauth) = self.oauth(connector, account).await {
            oauth.sign_in.speaks(live.connected.revision()).await;
        }
    }

    /// A call was refused for want of a sign-in: the connection says so.
    pub(crate) fn sign_in_ended(&self, connector: &Connector, account: &ConnectionId, error: &OpError) {
        let link = self.link(&connector.id, account);
        self.set_status(&link, self.failed_status(connector, account, error));
    }

    /// The revision that a server spoke last time with an account.
    async fn spoken(&self, id: &ConnectionId) -> Option<String> {
        self.0.store.get(Table::Settings, &spoken(id)).await.ok().flatten()
    }

    /// Keeps what a server speaks, for next time.
    async fn speaks(&self, id: &ConnectionId, protocol: &str) {
        if let Err(error) = self.0.store.write(vec![Op::Put(Table::Settings, spoken(id), protocol.to_owned())]).await {
            self.storage_failed(&error);
        }
    }

    /// A connection of an account, with the connector as it is now. `before` is what its server spoke last time.
    async fn new_connection(
        &self,
        connector: &Connector,
        link: &Link,
        era: EraChoice,
        before: Option<String>,
    ) -> Result<Connection, Failed> {
        let id = &link.account;
        let account = self.account_of(connector, id).await.map_err(|_| {
            // There is no WebCrypto, or no address to come back to: as good as not being signed in.
            Failed { error: OpError::SignIn { status: 401, challenge: None, text: String::new() }, sent: mcp::Sent::No }
        })?;
        let wire = self.wire(connector, id, &account, link.cover.clone());
        let (workspace, id) = (Rc::downgrade(&self.0), id.clone());
        Ok(self.connection_with(connector, account, wire, era, before, move |event| {
            if let Some(inner) = workspace.upgrade() {
                Workspace(inner).on_event(&id, event);
            }
        }))
    }

    /// Who the requests to a connector come from.
    pub(crate) async fn account_of(&self, connector: &Connector, id: &ConnectionId) -> Result<Account, Error> {
        Ok(match &connector.sign_in {
            SignIn::None => Account::default(),
            SignIn::Header { name } => {
                let value = self.0.secrets.get(&header_secret(id)).await?;
                Account { headers: value.map(|value| (name.clone(), value)).into_iter().collect(), sign_in: None }
            }
            SignIn::OAuth { .. } => {
                Account { headers: Vec::new(), sign_in: Some(self.oauth(connector, id).await?.sign_in.clone()) }
            }
        })
    }

    /// A connection for a scan: it has nothing to do with the one in use. The server sees the same capabilities, or it
    /// would list other actions; what it asks meanwhile is cancelled, because nobody is there to answer. The second
    /// value must live as long as the scan.
    pub(crate) fn scanning(
        &self,
        connector: &Connector,
        account: Account,
        era: EraChoice,
    ) -> (Connection, Rc<RefCell<Option<Connection>>>) {
        let own: Rc<RefCell<Option<Connection>>> = Rc::default();
        let asked = Rc::downgrade(&own);
        let wire = self.wire(connector, &self.usual_account(&connector.id), &account, Rc::default());
        let connection = self.connection_with(connector, account, wire, era, None, move |event| {
            if let Event::Asked(request) = event
                && let Some(own) = asked.upgrade()
                && let Some(connection) = own.borrow().clone()
            {
                connection.answer(request.id, mcp::Answer::Cancel);
            }
        });
        own.replace(Some(connection.clone()));
        (connection, own)
    }

    /// What goes over the connection of an account, to be seen. `cover` learns what signs it in.
    pub(crate) fn wire(
        &self,
        connector: &Connector,
        id: &ConnectionId,
        account: &Account,
        cover: Rc<RefCell<Cover>>,
    ) -> Wire {
        let secret = account.headers.iter().map(|(name, _)| name.clone()).collect();
        Wire::new(self.0.tap.clone(), connector, id, secret, cover)
    }

    fn connection_with(
        &self,
        connector: &Connector,
        account: Account,
        wire: Wire,
        era: EraChoice,
        before: Option<String>,
        on_event: impl Fn(&Event) + 'static,
    ) -> Connection {
        let mut config = mcp::Config::new(connector.address.clone(), client());
        config.era = era;
        config.last_seen = before;
        config.headers = account.headers;
        config.elicitation = Elicitation { form: true, url: true };
        // Without them an action that must run as a task cannot run at all (2025-11-25, basic/utilities/tasks).
        config.tasks = true;
        if self.0.apps {
            config.extensions.push((mcp::apps::EXTENSION.to_owned(), mcp::apps::settings()));
        }
        let transport = match (self.built_in(connector), account.sign_in) {
            (Some(server), _) => {
                config.era = EraChoice::Modern;
                Transport::InPage(Rc::new(builtin::Host(server)))
            }
            (None, Some(sign_in)) => Transport::SignedIn(self.0.fetcher.clone(), sign_in),
            (None, None) => Transport::Network(self.0.fetcher.clone()),
        };
        Connection::new(config, transport, on_event).wired(wire)
    }

    fn built_in(&self, connector: &Connector) -> Option<Rc<dyn Server>> {
        if connector.reach != Reach::InPage {
            return None;
        }
        match connector.id.as_str() {
            GUIDE => Some(Rc::new(builtin::guide::Guide)),
            NOTEBOOK => Some(Rc::new(builtin::notebook::Notebook::new(self.0.store.clone()))),
            WORKBENCH => Some(Rc::new(builtin::workbench::Workbench::new(self.0.store.clone()))),
            _ => None,
        }
    }

    fn set_status(&self, link: &Link, status: ConnectionStatus) {
        if link.status.replace(status.clone()) != status {
            self.note_need(link, &status);
            let (connector, account) = (link.connector.clone(), link.account.clone());
            self.0.events.tell(Change::Connection { connector, account, status });
        }
    }

    /// Whether a connection found out what its server speaks in another way than is chosen now, and no call needs it.
    fn outlived(&self, link: &Link) -> bool {
        let is_free = link.connection.borrow().is_some() && link.calls.borrow().is_empty();
        is_free && self.era_of(&link.account) != link.era.get()
    }

    /// Closes connections after another choice of revisions. They open again when needed.
    pub(crate) fn drop_outlived(&self) {
        let links: Vec<Rc<Link>> = self.0.links.borrow().values().cloned().collect();
        links.iter().filter(|link| self.outlived(link)).for_each(|link| self.drop_link(&link.account));
    }

    /// Why there is no connection, where a revision was chosen for it: that is what to look at first.
    pub(crate) fn by_choice(&self, account: &ConnectionId, error: Error) -> Error {
        match (self.era_of(account), error.code) {
            (EraChoice::Exact(revision), Code::Server | Code::Protocol) => error.hint(chosen_words(revision)),
            _ => error,
        }
    }

    /// Notes that an operation belongs to a call, until the returned guard is dropped.
    pub(crate) fn during(
        &self,
        connector: &ConnectorId,
        account: &ConnectionId,
        op: Option<OpId>,
        call: &CallId,
        conversation: Option<&ConversationId>,
    ) -> During {
        let link = self.link(connector, account);
        if let Some(op) = op {
            let under_way = UnderWay {
                call: call.clone(),
                conversation: conversation.cloned(),
                attempts: 1,
                withdrawn: None,
                is_task: false,
            };
            link.calls.borrow_mut().insert(op, under_way);
        }
        During { workspace: Rc::downgrade(&self.0), link, op }
    }

    fn on_event(&self, id: &ConnectionId, event: &Event) {
        let Some(link) = self.0.links.borrow().get(id).cloned() else { return };
        match event {
            Event::ListChanged(mcp::Listed::Tools) => {
                link.changes.set(link.changes.get() + 1);
                if let Some(live) = link.live.borrow_mut().as_mut() {
                    live.stale = true;
                }
            }
            Event::NotTold(list) => {
                self.0.events.tell(Change::NotTold { connector: link.connector.clone(), list: *list });
            }
            // What was read of its pages may be old.
            Event::ListChanged(mcp::Listed::Resources) => link.pages.borrow_mut().clear(),
            Event::ResourceUpdated { uri } => {
                let connection = link.connection.borrow().clone();
                self.resource_changed(id, uri, connection);
            }
            Event::Progress { op, progress, total, message } => {
                self.signal(&link, *op, *progress, *total, message.clone());
            }
            Event::Task { op, status } => {
                self.keep_task(&link, *op, &status.task);
                self.signal(&link, *op, 0.0, None, Some(task_words(status)));
            }
            Event::ElicitationComplete { elicitation } => self.asked_is_done(id, elicitation),
            Event::SentAgain { op, why } => self.sent_again(&link, *op, *why),
            Event::Asked(request) => self.asked(&link, request),
            Event::AskWithdrawn { id: ask, reason } => {
                if let Some(reason) = reason {
                    self.note_withdrawal(&link, *ask, reason);
                }
                self.withdraw_asks(|waiting| waiting.account == *id && waiting.is(*ask));
            }
            Event::Disconnected { error } => {
                link.pages.borrow_mut().clear();
                link.live.borrow_mut().take();
                let book = self.rulebook();
                if let Ok(connector) = book.connector(&link.connector) {
                    self.set_status(&link, self.failed_status(connector, id, error));
                }
            }
            _ => {}
        }
    }

    /// A server says how far a call is.
    fn signal(&self, link: &Link, op: OpId, done: f64, total: Option<f64>, mut message: Option<String>) {
        let call = link.calls.borrow().get(&op).cloned();
        let Some(UnderWay { call, conversation: Some(conversation), .. }) = call else { return };
        if let Some(message) = &mut message {
            link.cover.borrow().said(message);
        }
        self.progress(&conversation, &call, done, total, message);
    }

    /// A call goes out once more, which the session does only while the server has surely not run it: a row says so.
    fn sent_again(&self, link: &Link, op: OpId, why: Again) {
        let row = {
            let mut calls = link.calls.borrow_mut();
            let Some(under_way) = calls.get_mut(&op) else { return };
            under_way.attempts += 1;
            let why = match why {
                Again::NewSession => "the server did not know the session any more",
                Again::Headers => "the server missed parameter headers",
                Again::Input => "the server asked for input and got it",
                Again::Version => "the server speaks another revision now",
                Again::Read => "the answer broke off, and the request only reads",
            };
            Entry::Sent { call: under_way.call.clone(), attempt: under_way.attempts, again: Some(why.to_owned()) }
        };
        self.write_rows(vec![row]);
    }

    /// Writes rows about what is over anyhow: that they cannot be kept is told and stops nothing.
    fn write_rows(&self, rows: Vec<Entry>) {
        self.write_rows_with(rows, Vec::new());
    }

    /// The same, and something else in the same write.
    fn write_rows_with(&self, rows: Vec<Entry>, others: Vec<Op>) {
        let workspace = self.clone();
        spawn_local(async move {
            if let Err(error) = workspace.0.audit.write_with(rows, others).await {
                workspace.storage_failed(&error);
            }
        });
    }
}

/// The id of the built-in *Guide*.
pub(crate) const GUIDE: &str = "guide";
/// The id of the built-in *Notebook*.
pub(crate) const NOTEBOOK: &str = "notebook";

/// The id of the demo *Workbench*.
pub(crate) const WORKBENCH: &str = "workbench";

/// The name under which the header value of an account is kept.
pub(crate) fn header_secret(id: &ConnectionId) -> String {
    format!("header:{id}")
}

/// The key under which the revision is kept that a server spoke with an account.
pub(crate) fn spoken(id: &ConnectionId) -> String {
    format!("spoken:{id}")
}

/// What to do about a revision that somebody chose.
pub(crate) fn chosen_words(revision: mcp::Revision) -> String {
    format!(
        "{revision} was chosen for this connection in the inspector: choose another there, or have it found out by itself"
    )
}

/// Characters that are shown of what a refusal says.
const QUOTE: usize = 160;

/// Characters that the record keeps of a reason.
const REASON: usize = 300;

/// Takes an operation off the list of calls when it is over.
pub(crate) struct During {
    workspace: Weak<Inner>,
    link: Rc<Link>,
    op: Option<OpId>,
}

impl During {
    /// What signed the account in, as far as it is known by now.
    pub(crate) fn cover(&self) -> Cover {
        self.link.cover.borrow().clone()
    }

    /// Whether the server made a task of the call.
    pub(crate) fn is_task(&self) -> bool {
        self.op.is_some_and(|op| self.link.calls.borrow().get(&op).is_some_and(|one| one.is_task))
    }

    /// Why the call was cut short, or a question about it, where somebody said so; for the record. Text of the server in
    /// it is one line and cut short, and what signed the account in and what looks like a secret are masked.
    pub(crate) fn reason(&self, result: Option<&OpError>) -> Option<String> {
        let why = match result {
            Some(OpError::Cancelled) => mcp::CANCELLED.to_owned(),
            Some(why @ (OpError::Timeout { .. } | OpError::Stopped { .. } | OpError::Closed)) => why.to_string(),
            _ => {
                let calls = self.link.calls.borrow();
                let withdrawn = calls.get(&self.op?)?.withdrawn.as_ref()?;
                format!("the server took its question back: {withdrawn}")
            }
        };
        Some(chat::conversation::one_line(&self.link.cover.borrow().text(&why), REASON))
    }
}

impl Drop for During {
    fn drop(&mut self) {
        if let Some(op) = self.op {
            self.link.calls.borrow_mut().remove(&op);
        }
        // It was left to its call when another revision was chosen.
        if let Some(workspace) = self.workspace.upgrade().map(Workspace)
            && workspace.outlived(&self.link)
        {
            workspace.drop_link(&self.link.account);
        }
    }
}

/// Connects and reads the whole list. What signed the account in is covered in it, so that no definition that is kept,
/// shown or handed on says it back (X21).
pub(crate) async fn read_list(connection: &Connection) -> Result<Live, Failed> {
    let (tools, excluded) = match connection.list().await? {
        Done::Tools { tools, excluded } => (tools, excluded),
        _ => (Vec::new(), Vec::new()),
    };
    let mut connected = connection.connected().ok_or(Failed { error: OpError::Closed, sent: mcp::Sent::Unknown })?;
    let cover = connection.cover();
    cover.said_in(&mut connected.server);
    connected.instructions.iter_mut().for_each(|text| cover.said(text));
    let mut excluded: Vec<Excluded> =
        excluded.into_iter().map(|left| Excluded { name: left.name, why: left.reason }).collect();
    for left in &mut excluded {
        cover.said(&mut left.name);
        cover.said(&mut left.why);
    }
    let mut actions: Vec<Action> = Vec::with_capacity(tools.len());
    for mut tool in tools {
        let is_named_so = !cover.listed(&mut tool).await;
        match Action::new(tool) {
            Ok(action) if is_named_so => {
                let why = "its name says back what signed you in, and nobody could call it without it".to_owned();
                excluded.push(Excluded { name: action.name().to_owned(), why });
            }
            Ok(action) if actions.iter().any(|known| known.name() == action.name()) => {
                let why = "the server lists two actions of this name, so neither can be told apart".to_owned();
                excluded.push(Excluded { name: action.name().to_owned(), why });
            }
            Ok(action) => actions.push(action),
            Err(error) => excluded.push(Excluded { name: "(without a name)".to_owned(), why: error.to_string() }),
        }
    }
    // Of two with one name none can be used.
    actions.retain(|action| !excluded.iter().any(|left| left.name == action.name()));
    Ok(Live { actions, excluded, connected, pages: Vec::new(), stale: false })
}

fn drift(snapshot: &policy::Snapshot, live: &Live) -> Drift {
    let mut drift = Drift::default();
    for one in snapshot.drift(&live.actions) {
        match one {
            policy::snapshot::Drift::Added(name) => drift.added.push(name),
            policy::snapshot::Drift::Changed(name) => drift.changed.push(name),
            policy::snapshot::Drift::Removed(name) => drift.removed.push(name),
        }
    }
    for name in snapshot.pages_changed(&live.pages) {
        if !drift.changed.contains(&name) && !drift.removed.contains(&name) {
            drift.changed.push(name);
        }
    }
    drift
}

/// How a task is doing: what its server says of it, or else what its state means.
fn task_words(status: &mcp::TaskStatus) -> String {
    let said = status.message.as_deref().map(str::trim).filter(|said| !said.is_empty());
    let words = said.unwrap_or(match status.status.as_str() {
        "working" => "The server works on it as a task",
        "input_required" => "The task waits for an answer",
        "completed" => "The task is done, its result is being fetched",
        "failed" => "The task failed",
        _ => "The task was cancelled",
    });
    words.to_owned()
}

/// An error of a session in the words of the workspace.
pub(crate) fn op_error(error: &OpError, host: &str) -> Error {
    if let OpError::Http { status: 300..400, .. } = error {
        return Error::new(Code::Network, format!("{host} redirected the request, and redirects are not followed"))
            .hint("enter the address it leads to, after you have checked its host");
    }
    if matches!(error, OpError::Network { why } if why == OFFLINE) {
        return Error::new(Code::Network, OFFLINE).hint("run it again when you are back");
    }
    if !error.pages_first().is_empty() {
        let mut out = Error::new(Code::Server, format!("{host} wants a page opened before it runs this"))
            .hint("open the page, and run it again when you are done there");
        out.cause = cause_of(error);
        return out;
    }
    // What a browser says about a request that it will not explain helps nobody in a sentence; it is in the cause.
    let message = match error {
        OpError::Network { why } if why.starts_with(UNEXPLAINED) => {
            format!("{host} could not be reached, or the connection broke")
        }
        OpError::SignIn { status, text, .. } if refuses(error) => {
            format!("{host} refuses this page or this client (HTTP {status}){}", quoted(text))
        }
        // Of these only the number is ours.
        OpError::Rpc { .. } | OpError::Network { .. } => {
            format!("{host}: {}", policy::text::unticked(&error.to_string()))
        }
        _ => format!("{host}: {error}"),
    };
    let (code, hint) = match error {
        OpError::SignIn { .. } if refuses(error) => (
            Code::Cors,
            "its operator puts this page on the server's list of origins; a wrong key is refused like this too",
        ),
        OpError::SignIn { .. } => (Code::SignIn, "enter a new value for its header in the connector's settings"),
        OpError::Network { .. } => (Code::Network, "check that the server runs and lets this page in; scan it again"),
        OpError::Timeout { .. } => (Code::Timeout, "try again later"),
        OpError::Cancelled => (Code::Cancelled, "run it again if you still want it"),
        OpError::Closed => (Code::Network, "try again; the connection opens anew"),
        OpError::Rpc { .. } | OpError::Http { .. } => (Code::Server, "look at what the server said in the details"),
        OpError::Excluded { .. } | OpError::Arguments { .. } | OpError::Header { .. } => {
            (Code::Invalid, "change the values and run it again")
        }
        OpError::Downgrade => (
            Code::Held,
            "an older revision protects less; look at the connection, and run the call again if you go on with it",
        ),
        OpError::DefinitionChanged { .. } => (Code::Held, "rescan the connector and review the change"),
        _ => (Code::Protocol, "tell the server's operator; details are in the cause"),
    };
    let mut out = Error::new(code, message).hint(hint);
    out.cause = cause_of(error);
    out
}

/// Whether a server refuses without asking for a sign-in: a guard of the `Origin` header does, and a sign-in would not help.
pub(crate) fn refuses(error: &OpError) -> bool {
    matches!(error, OpError::SignIn { status: 403, challenge: None, .. })
}

/// What the body of a refusal says, as the end of a sentence of ours: one short line, or nothing.
pub(crate) fn quoted(body: &str) -> String {
    let said = chat::conversation::one_line(body, QUOTE);
    if said.is_empty() { said } else { format!(": “{}”", policy::text::unticked(&said)) }
}

fn cause_of(error: &OpError) -> Option<serde_json::Value> {
    use serde_json::json;
    match error {
        OpError::Rpc { code, message, data } => Some(json!({ "code": code, "message": message, "data": data })),
        OpError::Http { status, text, retry_after } => {
            Some(json!({ "status": status, "text": text, "retryAfter": retry_after }))
        }
        OpError::SignIn { status, text, .. } => Some(json!({ "status": status, "text": text })),
        OpError::Network { why } => Some(json!({ "browser": why })),
        OpError::SessionUnreadable { status, text } => Some(json!({ "status": status, "text": text })),
        _ => None,
    }
}

impl Inner {
    /// Closes every connection.
    pub(crate) fn close_links(&self) {
        let links: Vec<Rc<Link>> = self.links.borrow_mut().drain().map(|(_, link)| link).collect();
        for link in links {
            let connection = link.connection.borrow_mut().take();
            if let Some(connection) = connection {
                connection.close();
            }
        }
    }
}
