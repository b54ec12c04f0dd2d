//! The workspace: everything the pages and the package can ask for.
//!
//! A [`Workspace`] is a cheap handle. Its state is in memory and consistent after every call; what must survive is
//! written to the store behind it, and what another tab changed is read from there. Each file beside this one holds
//! one part of it.

mod accounts;
mod again;
pub mod apps;
pub mod branches;
mod bundle;
mod choices;
mod connectors;
mod conversations;
mod data;
mod definitions;
pub mod doctor;
mod eras;
mod export;
mod inspect;
mod looks;
mod masked;
pub mod material;
mod model_check;
mod model_sign_in;
mod models;
mod modes;
mod online;
pub mod pace;
mod people;
mod record;
mod scan;
mod settings;
mod sign_in;
mod turns;
mod unsent;
mod why;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use futures_util::lock::Mutex;
use policy::{CallId, ConnectionId, ConnectorId, ConversationId, Indexed, MemberId, Rulebook, Why};
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;

pub use accounts::Added;
pub use bundle::{BundleSource, Governed, Import, Pinned, Trust};
pub use choices::{ArgumentSet, ToolSet};
pub(crate) use conversations::Record;
pub use definitions::{Changes, ModelView, ModelViews, Preview, Publish, Tried};
pub use inspect::{Listed, Plain, SavedRequest};
pub(crate) use models::CHOSEN;
pub(crate) use sign_in::{OAuth, needs_words};
pub use sign_in::{OAuthReport, SignInSite, SignedOut, registered_words, verdict_word};
pub(crate) use turns::TurnHandle;
pub use unsent::Unsent;

use crate::audit::AuditLog;
use crate::dispatch::{Flight, HearsProgress, Pending};
use crate::error::{Code, Error};
use crate::events::{Events, Subscription};
use crate::fetch::Fetcher;
use crate::leaving;
use crate::link::{Asker, Link, WaitingAsk};
use crate::secrets::Secrets;
use crate::store::indexed_db::IndexedDb;
use crate::store::memory::Memory;
use crate::store::{Op, Store, StoreError, Table};
use crate::tabs::{Channel, Held, Locks, News};
use crate::view::{Change, ConversationHead, Millis, ModelConfig, StorageState};

/// Where a workspace keeps things.
#[derive(Clone)]
pub enum Where {
    /// In the browser's IndexedDB under this name.
    IndexedDb(String),
    /// In memory, gone with this realm.
    Memory,
    /// In a store of the caller's; nobody else may use it at the same time.
    Store(Rc<dyn Store>),
}

/// How to open a workspace.
#[derive(Clone)]
pub struct Options {
    /// Where it keeps things.
    pub store: Where,
    /// The name of the person, for a workspace that does not exist yet.
    pub member_name: String,
    /// Allows or forbids servers on this machine for this handle, whatever is set; none takes the setting. It is not
    /// stored: what a portal allows itself changes nothing for the person's own pages.
    pub allow_loopback: Option<bool>,
    /// Forbids servers of people's own for this handle: none can be added, and drafts do not run (X131). It is not stored.
    pub only_published: bool,
    /// Where requests go.
    pub fetcher: Fetcher,
    /// Whether the caller can show the pages of apps (MCP Apps). Servers are told so, and may list other actions then.
    pub apps: bool,
    /// The bundle that the site is tied to, if it is.
    pub pinned: Option<Pinned>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            store: Where::IndexedDb("countersign".to_owned()),
            member_name: "You".to_owned(),
            allow_loopback: None,
            only_published: false,
            fetcher: Fetcher::default(),
            apps: false,
            pinned: None,
        }
    }
}

/// A workspace. Clones are the same workspace.
#[derive(Clone)]
pub struct Workspace(pub(crate) Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Rc<dyn Store>,
    pub(crate) storage: RefCell<StorageState>,
    /// What it is while every write works.
    home: StorageState,
    pub(crate) locks: Locks,
    channel: OnceCell<Channel>,
    /// Hears that the page is left.
    left: OnceCell<leaving::Left>,
    pub(crate) fetcher: Fetcher,
    /// Whether pages of apps can be shown.
    pub(crate) apps: bool,
    pub(crate) secrets: Secrets,
    pub(crate) audit: AuditLog,
    pub(crate) events: Events,
    /// What goes over the wire, for whoever looks.
    pub(crate) tap: crate::inspect::Slot,
    /// Revisions of the protocol that the person chose for connections, as they are kept.
    pub(crate) revisions: RefCell<HashMap<ConnectionId, mcp::Revision>>,
    me: RefCell<MemberId>,
    pinned: Option<Pinned>,
    /// When the bundle was asked for last, on the monotonic clock.
    settings_read: Cell<Millis>,
    governed: RefCell<Governed>,
    /// The rules of the bundle that the site is tied to.
    signed: RefCell<Option<Rulebook>>,
    /// The person whose view is shown instead of one's own.
    viewing: RefCell<Option<MemberId>>,
    rulebook: RefCell<Rc<Indexed>>,
    /// The stamp of the rulebook as it was read or written here last.
    stamp: RefCell<Option<String>>,
    /// How often the rulebook was read again because another tab had written it.
    pub(crate) reloads: Cell<u64>,
    closed: Cell<bool>,

    pub(crate) links: RefCell<HashMap<ConnectionId, Rc<Link>>>,
    pub(crate) asks: RefCell<Vec<WaitingAsk>>,
    pub(crate) asker: Asker,

    /// Where authorization servers send people back to, once the page has said so.
    pub(crate) sign_in_site: OnceCell<SignInSite>,
    pub(crate) sign_ins: RefCell<HashMap<ConnectionId, Rc<OAuth>>>,
    /// The sign-in to a server that is no connector yet.
    pub(crate) tried: RefCell<Option<(sign_in::Trial, Rc<OAuth>)>>,

    pub(crate) questions: RefCell<Vec<Pending>>,
    /// Whoever is on the way to a question: they come to the person in the order in which they set out.
    pub(crate) asking: Mutex<()>,
    pub(crate) flights: RefCell<HashMap<CallId, Rc<Flight>>>,
    pub(crate) unattended: RefCell<HashSet<CallId>>,
    /// Who hears how far their call is.
    pub(crate) hears_progress: RefCell<HashMap<CallId, HearsProgress>>,
    /// Calls that are being made again.
    pub(crate) repeating: RefCell<HashSet<CallId>>,
    /// Turns that wait for a look at a result.
    pub(crate) looks: RefCell<Vec<looks::Waiting>>,
    /// How many decisions the turns have taken.
    pub(crate) paces: RefCell<HashMap<ConversationId, pace::Pace>>,
    /// Held by the one write that is under way in a conversation (X73).
    pub(crate) write_turns: RefCell<HashMap<ConversationId, Rc<Mutex<()>>>>,

    pub(crate) heads: RefCell<BTreeMap<ConversationId, ConversationHead>>,
    pub(crate) records: RefCell<HashMap<ConversationId, Record>>,
    pub(crate) dirty: RefCell<BTreeSet<(ConversationId, usize)>>,
    pub(crate) flushing: Cell<bool>,
    /// Conversations that are being written right now.
    pub(crate) writing: RefCell<Vec<ConversationId>>,
    /// Ends the pause between two writes.
    pub(crate) hurry: RefCell<Option<oneshot::Sender<()>>>,
    /// Conversations in which another tab has a turn running.
    pub(crate) elsewhere: RefCell<HashSet<ConversationId>>,
    /// What the embedding page said about servers on this machine, for this handle only.
    allow_loopback: Cell<Option<bool>>,
    /// The embedding page forbids servers of people's own, for this handle only.
    only_published: bool,
    pub(crate) turns: RefCell<HashMap<ConversationId, TurnHandle>>,
    pub(crate) turn_locks: Mutex<HashMap<ConversationId, Weak<Held>>>,

    pub(crate) models: RefCell<Vec<ModelConfig>>,
    pub(crate) chosen_model: RefCell<Option<String>>,
}

/// The rulebook as it is stored. A later form gets a later number and a step that reads this one.
#[derive(Serialize, Deserialize)]
struct StoredRulebook {
    schema: u32,
    rulebook: Rulebook,
}

/// How long what was cancelled may take to end, in milliseconds.
pub(crate) const FAREWELL: u64 = 3_000;
const RULEBOOK: &str = "rulebook";
/// What of the rulebook the first page shows: see [`crate::glance`].
pub(crate) const GLANCE: &str = "glance";
const RULEBOOK_SCHEMA: u32 = 1;
/// A new word with each write of the rulebook: by it a tab knows whether it has the latest.
const STAMP: &str = "rulebook-stamp";

impl Workspace {
    /// Opens a workspace, making it on a fresh machine. Storage that is missing or blocked is no error: the workspace
    /// then lives in memory and [`Workspace::storage_state`] says so.
    ///
    /// # Errors
    /// When what is stored cannot be read.
    pub async fn open(options: Options) -> Result<Workspace, Error> {
        crate::dead::watch();
        let lost: Rc<RefCell<Weak<Inner>>> = Rc::default();
        let (store, storage, name, shared): (Rc<dyn Store>, _, _, _) = match options.store {
            Where::Memory => (Rc::new(Memory::new()), StorageState::Memory, "memory".to_owned(), false),
            Where::Store(store) => (store, StorageState::Memory, "memory".to_owned(), false),
            Where::IndexedDb(name) => {
                let workspace = lost.clone();
                let on_lost = move || {
                    if let Some(inner) = workspace.borrow().upgrade() {
                        let why = "a newer version of this page is open in another tab; reload this one".to_owned();
                        Workspace(inner).set_storage(StorageState::Unavailable { why });
                    }
                };
                match IndexedDb::open(&name, on_lost).await {
                    Ok(store) => (Rc::new(store), StorageState::Kept, name, true),
                    Err(error) => {
                        let why = error.to_string();
                        (Rc::new(Memory::new()), StorageState::Unavailable { why }, name, false)
                    }
                }
            }
        };
        let locks = Locks::new(&name, shared);
        let inner = Rc::new(Inner {
            home: storage.clone(),
            storage: RefCell::new(storage),
            channel: OnceCell::new(),
            left: OnceCell::new(),
            fetcher: options.fetcher,
            apps: options.apps,
            secrets: Secrets::new(&name, store.clone()),
            audit: AuditLog::new(store.clone(), locks.clone()),
            events: Events::default(),
            tap: crate::inspect::Slot::default(),
            revisions: RefCell::default(),
            me: RefCell::new(MemberId::from("me")),
            pinned: options.pinned,
            settings_read: Cell::new(0),
            governed: RefCell::default(),
            signed: RefCell::default(),
            viewing: RefCell::default(),
            rulebook: RefCell::new(Rc::new(Rulebook::first_run(&options.member_name, crate::time::now()).into())),
            stamp: RefCell::default(),
            reloads: Cell::new(0),
            closed: Cell::new(false),
            links: RefCell::default(),
            asks: RefCell::default(),
            asker: Asker::default(),
            sign_in_site: OnceCell::new(),
            sign_ins: RefCell::default(),
            tried: RefCell::default(),
            questions: RefCell::default(),
            asking: Mutex::default(),
            flights: RefCell::default(),
            unattended: RefCell::default(),
            hears_progress: RefCell::default(),
            repeating: RefCell::default(),
            looks: RefCell::default(),
            paces: RefCell::default(),
            write_turns: RefCell::default(),
            heads: RefCell::default(),
            records: RefCell::default(),
            dirty: RefCell::default(),
            flushing: Cell::new(false),
            writing: RefCell::default(),
            hurry: RefCell::default(),
            elsewhere: RefCell::default(),
            allow_loopback: Cell::new(options.allow_loopback),
            only_published: options.only_published,
            turns: RefCell::default(),
            turn_locks: Mutex::default(),
            models: RefCell::default(),
            chosen_model: RefCell::default(),
            store,
            locks,
        });
        let workspace = Workspace(inner);
        crate::dead::enlist(&workspace.0.events);
        let listener = Rc::downgrade(&workspace.0);
        let channel = Channel::join(&name, shared, move |news| {
            if let Some(inner) = listener.upgrade() {
                spawn_local(async move { Workspace(inner).hear(news).await });
            }
        });
        let _ = workspace.0.channel.set(channel);
        let owner = Rc::downgrade(&workspace.0);
        let left = leaving::Left::new(move || {
            if let Some(inner) = owner.upgrade() {
                Workspace(inner).flush_now();
            }
        });
        left.into_iter().for_each(|left| drop(workspace.0.left.set(left)));
        let writer = Rc::downgrade(&workspace.0);
        workspace.0.audit.on_written(move || {
            if let Some(inner) = writer.upgrade() {
                inner.events.tell(Change::Record);
                Workspace(inner).tell_tabs(&News::Record);
            }
        });
        workspace.load(&options.member_name).await?;
        *lost.borrow_mut() = Rc::downgrade(&workspace.0);
        workspace.watch_settings();
        Ok(workspace)
    }

    /// Reads everything, and puts the built-in connectors of this version in place.
    async fn load(&self, member_name: &str) -> Result<(), Error> {
        self.read_stamp().await?;
        let stored = self.stored_rulebook().await?;
        let first = stored.is_none();
        let mut book = stored.unwrap_or_else(|| Rulebook::first_run(member_name, crate::time::now()));
        self.read_me().await?;
        self.0.audit.read_found().await?;
        self.read_pinned(&book).await?;
        let me = self.me();
        let before = book.clone();
        let parts = connectors::built_in(&me, crate::time::now());
        // A demo that nobody added is not put in place; one that signed settings name, they lend (`Workspace::seen`).
        let demos = connectors::demos(&me, crate::time::now());
        let demos = demos.into_iter().filter(|demo| before.connector(&demo.id).is_ok_and(|here| !here.lent));
        for connector in parts.into_iter().chain(demos) {
            let same = book.connector(&connector.id).ok().and_then(|old| old.snapshot.as_ref()).map(|old| &old.digest)
                == connector.snapshot.as_ref().map(|new| &new.digest);
            if !same {
                book.set_built_in(connector);
            }
        }
        book = self.met(book);
        self.take_rulebook(book.clone());
        // Another version of the page may have kept another glance, or none.
        let glance = self.0.store.get(Table::Settings, GLANCE).await?;
        if first || book != before || glance.as_deref() != Some(&crate::glance::record(&self.rulebook(), &me)) {
            // Not being able to keep it is a state, not an error: the page says so and goes on.
            if let Err(error) = self.keep_rulebook(&book).await {
                self.storage_failed(&error);
            }
        }
        self.prune_payloads().await;
        self.load_heads().await?;
        self.note_left_asks().await?;
        self.recall_needs().await?;
        self.recall_revisions().await?;
        self.load_models().await
    }

    /// Ends everything that runs, and lets go of the storage. Later calls fail.
    pub fn close(&self) {
        if self.0.closed.replace(true) {
            return;
        }
        let conversations: Vec<ConversationId> = self.0.turns.borrow().keys().cloned().collect();
        for id in conversations {
            self.stop(&id);
        }
        let calls: Vec<CallId> = self.0.flights.borrow().keys().cloned().collect();
        for id in calls {
            self.cancel_call(&id);
        }
        self.0.close_links();
        if let Some(channel) = self.0.channel.get() {
            channel.leave();
        }
        // What was cancelled still writes its last rows; the storage is let go when they are through.
        let inner = self.0.clone();
        spawn_local(async move {
            let started = crate::time::monotonic();
            while (!inner.flights.borrow().is_empty() || inner.flushing.get())
                && crate::time::monotonic().saturating_sub(started) < FAREWELL
            {
                crate::time::sleep(20).await;
            }
            inner.store.close();
        });
    }

    /// Whether the workspace stopped after an internal fault.
    pub fn is_dead(&self) -> bool {
        crate::dead::is_dead()
    }

    /// The browser's clock.
    pub fn now(&self) -> Millis {
        crate::time::now()
    }

    /// The rules as they are now.
    pub fn rulebook(&self) -> Rc<Indexed> {
        self.0.rulebook.borrow().clone()
    }

    /// The person at the browser.
    pub fn me(&self) -> MemberId {
        self.0.me.borrow().clone()
    }

    /// Listens to changes until the subscription is dropped.
    pub fn subscribe(&self, listener: impl Fn(&Change) + 'static) -> Subscription {
        self.0.events.subscribe(listener)
    }

    /// Where things are kept.
    pub fn storage_state(&self) -> StorageState {
        self.0.storage.borrow().clone()
    }

    /// Fails when the workspace is closed or dead.
    pub(crate) fn alive(&self) -> Result<(), Error> {
        if self.is_dead() {
            return Err(Error::dead());
        }
        if self.0.closed.get() {
            return Err(Error::new(Code::Cancelled, "the workspace is closed").hint("open it again"));
        }
        Ok(())
    }

    /// Changes the rulebook: read again under the lock, so that two tabs do not undo each other, then kept, then told.
    pub(crate) async fn change_rules<T>(
        &self,
        change: impl FnOnce(&mut Rulebook) -> Result<T, Why>,
    ) -> Result<T, Error> {
        self.acting()?;
        let _change = leaving::change();
        let _held = self.0.locks.hold(RULEBOOK).await;
        let own = match self.stored_rulebook().await? {
            Some(stored) => stored,
            None => Rulebook::clone(&self.rulebook()),
        };
        let before = self.seen(own.clone());
        let mut book = before.clone();
        let out = change(&mut book)?;
        self.takes(&before, &book)?;
        // What changed is on record with the change itself: one is not kept without the other.
        let rows = policy::audit::changes::changes(&before, &book, &self.me());
        let book = self.to_keep(&own, &before, book);
        let kept = match self.rulebook_ops(&book) {
            Ok(ops) if rows.is_empty() => self.0.store.write(ops).await,
            Ok(ops) => self.0.audit.write_with(rows, ops).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            self.storage_failed(&error);
            return Err(error.into());
        }
        self.storage_works();
        self.set_rulebook(book);
        self.tell_tabs(&News::Rulebook);
        Ok(out)
    }

    fn set_rulebook(&self, book: Rulebook) {
        self.take_rulebook(book);
        self.0.events.tell(Change::Rulebook);
    }

    /// From now on these rules count here, those about the way of requests too.
    fn take_rulebook(&self, book: Rulebook) {
        self.0.fetcher.set_proxies(book.workspace.proxies.iter());
        *self.0.rulebook.borrow_mut() = Rc::new(self.seen(book).into());
    }

    /// The person decides in the settings: what the embedding page said counts no more.
    fn allow_loopback_by_person(&self) {
        self.0.allow_loopback.set(None);
    }

    /// The rulebook as this handle sees it.
    fn seen(&self, mut book: Rulebook) -> Rulebook {
        let signed = self.0.signed.borrow();
        match &*signed {
            Some(signed) => book = self.tightened(signed, &book),
            None => book.connectors.retain(|one| !one.lent),
        }
        book.workspace.only_published |= self.0.only_published;
        if let Some(allow) = self.0.allow_loopback.get() {
            // What the embedding page allows loosens nothing that is signed.
            book.workspace.allow_loopback =
                allow && signed.as_ref().is_none_or(|signed| signed.workspace.allow_loopback);
        }
        book
    }

    /// What is stored of a change: what only this handle allows or forbids is not, and neither is what is signed. `own` is
    /// what was stored before, and `seen` what this handle saw of it.
    fn to_keep(&self, own: &Rulebook, seen: &Rulebook, changed: Rulebook) -> Rulebook {
        let as_stored = |mut book: Rulebook| {
            if changed.workspace.allow_loopback == seen.workspace.allow_loopback {
                book.workspace.allow_loopback = own.workspace.allow_loopback;
            }
            book.workspace.only_published = own.workspace.only_published;
            book
        };
        let signed = self.0.signed.borrow();
        if let Some(signed) = &*signed {
            let kept = as_stored(policy::bundle::kept(signed, own, seen, &changed));
            // What was decided is what counts from now on, or more than the decision is stored.
            if self.seen(kept.clone()) == changed {
                return kept;
            }
        }
        as_stored(changed.clone())
    }

    async fn stored_rulebook(&self) -> Result<Option<Rulebook>, Error> {
        let Some(text) = self.0.store.get(Table::Settings, RULEBOOK).await? else { return Ok(None) };
        let broken = |why: String| {
            Error::new(Code::Storage, format!("the stored settings cannot be read: {why}"))
                .hint("reload the page; if it stays, erase the data of this site")
        };
        let stored: StoredRulebook = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if stored.schema > RULEBOOK_SCHEMA {
            return Err(broken("a newer version of this page wrote them".to_owned()));
        }
        Ok(Some(stored.rulebook))
    }

    async fn keep_rulebook(&self, book: &Rulebook) -> Result<(), StoreError> {
        self.0.store.write(self.rulebook_ops(book)?).await
    }

    fn rulebook_ops(&self, book: &Rulebook) -> Result<Vec<Op>, StoreError> {
        let stored = StoredRulebook { schema: RULEBOOK_SCHEMA, rulebook: book.clone() };
        let text = serde_json::to_string(&stored).map_err(|error| StoreError::Failed(error.to_string()))?;
        // What is shown at once is what this handle sees; what is kept is not narrowed to it.
        let glance = crate::glance::record(&self.seen(book.clone()), &self.me());
        let stamp = new_stamp();
        self.0.stamp.replace(Some(stamp.clone()));
        Ok(vec![
            Op::Put(Table::Settings, RULEBOOK.to_owned(), text),
            Op::Put(Table::Settings, STAMP.to_owned(), stamp),
            Op::Put(Table::Settings, GLANCE.to_owned(), glance),
        ])
    }

    /// A write failed: say so on the page.
    pub(crate) fn storage_failed(&self, error: &StoreError) {
        match error {
            StoreError::Full(why) => self.set_storage(StorageState::Full { why: why.clone() }),
            StoreError::Unavailable(why) => self.set_storage(StorageState::Unavailable { why: why.clone() }),
            StoreError::Failed(why) => self.set_storage(StorageState::Unavailable { why: why.clone() }),
            StoreError::Exists(_) => {}
        }
    }

    /// A write worked: a full disk has room again, and what failed once works again.
    pub(crate) fn storage_works(&self) {
        self.set_storage(self.0.home.clone());
    }

    fn set_storage(&self, state: StorageState) {
        if self.0.storage.replace(state.clone()) != state {
            self.0.events.tell(Change::Storage(state));
        }
    }

    pub(crate) fn tell_tabs(&self, news: &News) {
        if let Some(channel) = self.0.channel.get() {
            channel.tell(news);
        }
    }

    /// A secret was replaced or removed: other tabs must not go on with the old one.
    pub(crate) fn tell_secret(&self, name: &str) {
        self.tell_tabs(&News::Secret(name.to_owned()));
    }

    fn secret_outdated(&self, name: &str) {
        self.0.secrets.outdated(name);
        if let Some(id) = name.strip_prefix("header:") {
            self.drop_link(&ConnectionId::from(id));
        }
        if let Some(id) = name.strip_prefix("oauth:") {
            self.forget_account(&ConnectionId::from(id));
        }
        if let Some(id) = name.strip_prefix("oauth-client:") {
            self.forget_sign_ins(&self.rulebook(), &ConnectorId::from(id));
        }
    }

    /// Another tab changed something: read it again.
    async fn hear(&self, news: News) {
        if self.alive().is_err() {
            return;
        }
        let heard = match news {
            News::Rulebook => self.reload_rulebook().await,
            News::Conversations => self.load_heads().await.map(|()| self.0.events.tell(Change::Conversations)),
            News::Conversation(id) => self.reload_conversation(&id.into()).await,
            News::Secret(name) => {
                self.secret_outdated(&name);
                Ok(())
            }
            News::TurnBegan(id) => {
                self.0.elsewhere.borrow_mut().insert(id.into());
                Ok(())
            }
            News::TurnEnded(id) => {
                self.0.elsewhere.borrow_mut().remove(&ConversationId::from(id));
                Ok(())
            }
            News::Models => self.load_models().await.map(|()| self.0.events.tell(Change::Models)),
            News::Record => {
                let read = self.0.audit.read_found().await;
                self.0.events.tell(Change::Record);
                read.map_err(Error::from)
            }
            News::Revisions => self.recall_revisions().await.map_err(Error::from),
            News::Erased => self.erased_elsewhere().await,
        };
        if let Err(error) = heard {
            let why = error.to_string();
            self.set_storage(StorageState::Unavailable { why });
        }
    }

    /// Reads the rules again if another tab wrote them since they were read here. News of other tabs may be late, lost or
    /// forged; before a call is decided and before it is sent, the store is asked (X129).
    pub(crate) async fn latest_rules(&self) -> Result<(), Error> {
        let kept = self.0.store.get(Table::Settings, STAMP).await?;
        if kept == *self.0.stamp.borrow() { Ok(()) } else { self.reload_rulebook().await }
    }

    /// Before the rulebook itself, so that what is written in between counts as newer.
    async fn read_stamp(&self) -> Result<(), StoreError> {
        let kept = self.0.store.get(Table::Settings, STAMP).await?;
        self.0.stamp.replace(kept);
        Ok(())
    }

    pub(crate) async fn reload_rulebook(&self) -> Result<(), Error> {
        self.read_stamp().await?;
        self.read_me().await?;
        if let Some(book) = self.stored_rulebook().await? {
            let old = self.rulebook();
            self.set_rulebook(book);
            self.0.reloads.set(self.0.reloads.get() + 1);
            self.drop_changed_links(&old);
        }
        Ok(())
    }

    /// Closes the connections of connectors that are gone or lead elsewhere now.
    pub(crate) fn drop_changed_links(&self, old: &Rulebook) {
        let book = self.rulebook();
        for before in &old.connectors {
            let same = book.connector(&before.id).is_ok_and(|after| {
                after.address == before.address && after.sign_in == before.sign_in && after.stage == before.stage
            });
            if !same {
                self.forget_sign_ins(old, &before.id);
            }
            let approved = |book: &Rulebook| book.connector(&before.id).ok().map(|one| one.snapshot.clone());
            if approved(&book) != approved(old) {
                self.compare_again(&before.id);
            }
        }
    }
}

fn new_stamp() -> String {
    crate::time::new_id("rules")
}

impl From<Why> for Error {
    fn from(why: Why) -> Self {
        let code = match why {
            Why::UnknownMember(_)
            | Why::UnknownConnector(_)
            | Why::UnknownAction(_)
            | Why::UnknownGroup(_)
            | Why::UnknownRole(_)
            | Why::UnknownRequest(_)
            | Why::NoGrant => Code::NotFound,
            Why::NoName
            | Why::Reserved(_)
            | Why::Exists(_)
            | Why::Proxy(_)
            | Why::Taken(_)
            | Why::Email(_)
            | Why::Pattern(_)
            | Why::Roster(_)
            | Why::NotNeeded
            | Why::AskedAlready
            | Why::Rule(_)
            | Why::NotReady(_) => Code::Invalid,
            _ => Code::Blocked,
        };
        Error::new(code, why.to_string())
    }
}
