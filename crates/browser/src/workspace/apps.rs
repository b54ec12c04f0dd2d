//! What an app may do in a workspace: be shown, call actions of its own server, read from it, and say something (MCP
//! Apps).
//!
//! A page is shown only if it is, byte for byte, the one that was approved (X48), with what it declares and the rules of
//! this moment allow. Its calls are calls of the dispatcher like any other, by [`Caller::App`].

use chat::conversation::{AppWords, Body, CallCard, Event, Item, ItemId, Look};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use mcp::List;
use mcp::apps::{Permission, Sources};
use policy::audit::Entry;
use policy::domains::DomainList;
use policy::{AppPage, CallId, Caller, Connector, ConnectorId, ConversationId, DomainUse};
use serde_json::{Map, Value};
use wasm_bindgen_futures::spawn_local;

use super::Workspace;
use super::models::Mind;
use crate::dispatch::{Ended, HearsProgress, Wanted};
use crate::drive::{Connection, Done, Running};
use crate::error::{Code, Error};
use crate::inspect::{Peer, Wire};
use crate::link::op_error;
use crate::time::{new_id, now};
use crate::view::Confirm;

/// Whose app it is, and where it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppOf {
    /// The connector that it belongs to; it calls and reads nothing else.
    pub connector: ConnectorId,
    /// The action that it is shown with.
    pub action: String,
    /// The conversation and the call, when it is shown in one. Without, it is a preview, and nothing is called.
    pub place: Option<(ConversationId, CallId)>,
}

/// How an app may have a model know something (TR02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// As it likes.
    Freely,
    /// After the person has seen the words: its connector is one whose results are looked at.
    AfterALook,
    /// Not at all: the result that it shows was withheld from the model, and its words would be a way around that.
    Never,
}

/// Why an app may have a model know nothing.
pub(crate) const WITHHELD: &str = "the person withheld the result that this app shows from the model";

/// Bytes of what an app had a model know before that are kept as sources. More would let it push out what it said first.
const MOST_EARLIER: usize = 200_000;

/// A page that may be shown.
#[derive(Clone, Debug)]
pub struct AppDocument {
    /// The page, as it was approved. It is loaded behind its policy: see [`mcp::apps::framed`].
    pub html: String,
    /// Whether it was made for the older Apps SDK: see [`mcp::apps::older_script`].
    pub older: bool,
    /// Whether it wants an edge around it; none leaves that to whoever shows it.
    pub border: Option<bool>,
    /// What it may load from elsewhere, by the rules of this moment.
    pub sources: Sources,
    /// What was approved of it.
    pub approved: AppPage,
    /// What of the device it asks for and the workspace lets it ask the person for (X99).
    pub asks: Vec<Permission>,
    /// The origin it would like to be at, which no app gets here.
    pub domain: Option<String>,
}

impl Workspace {
    /// Whether the page of an approved action can be shown at all: cheap, and nothing is read.
    pub fn has_app(&self, connector: &ConnectorId, action: &str) -> bool {
        let book = self.rulebook();
        let snapshot = book.connector(connector).ok().and_then(|connector| connector.snapshot.as_ref());
        self.0.apps && snapshot.is_some_and(|snapshot| snapshot.page_of(action).is_some())
    }

    /// The page of an approved action, read and compared with what was approved.
    ///
    /// # Errors
    /// When there is none, it is another one than was approved, or it cannot be read.
    pub async fn app_document(&self, of: &AppOf) -> Result<AppDocument, Error> {
        self.alive()?;
        if let Some((conversation, _)) = &of.place
            && !self.mode_of(conversation).shows_apps()
        {
            let mode = self.mode_of(conversation).label();
            let why = format!("the mode {mode} shows results as text and not as apps");
            return Err(Error::new(Code::Blocked, why).hint("to see the app, switch to Chat"));
        }
        let book = self.rulebook();
        let connector = book.connector(&of.connector)?;
        book.may_use(connector, book.member(&self.me())?)?;
        let snapshot = connector.snapshot.as_ref();
        let approved = snapshot.and_then(|snapshot| snapshot.page_of(&of.action)).cloned().ok_or_else(|| {
            Error::new(Code::NotFound, "no app was approved for this action").hint("scan the connector again")
        })?;
        let account = self.account_in(of.place.as_ref().map(|(conversation, _)| conversation), &of.connector);
        let opened = self.open_link(connector, &account, false).await;
        let (connection, _) = opened.map_err(|failed| self.op_error(connector, &account, &failed.error))?;
        let page = self.page(connector, &account, &connection, &approved.uri).await?;
        let now = self.live_as(&account).and_then(|live| live.pages.into_iter().find(|one| one.uri == approved.uri));
        if now.is_none_or(|now| !approved.is_same(&now)) {
            let why = format!("{} changed this app since it was approved", connector.host);
            return Err(Error::new(Code::Held, why).hint("an admin has to look at the change"));
        }
        let loopback = connector.is_local() && book.workspace.allow_loopback;
        let listed = |host: &str| may_use(book.workspace.domains.of(DomainUse::Apps), host);
        let sources = Sources::read(&page.csp, loopback, &listed);
        let let_ask = |one: &Permission| one.can_be_given() && connector.app_permissions.contains(one.name());
        let asks = page.permissions.iter().copied().filter(let_ask).collect();
        Ok(AppDocument {
            html: page.html.clone(),
            older: page.older,
            border: page.prefers_border,
            sources,
            approved,
            asks,
            domain: page.domain.clone(),
        })
    }

    /// Puts on record that the person gave an app something of the device, or did not.
    pub fn record_given(&self, of: &AppOf, given: &[Permission]) {
        let how = match given {
            [] => "was given nothing of the device".to_owned(),
            given => format!(
                "was given {} until it is closed",
                given.iter().map(|one| one.words()).collect::<Vec<_>>().join(", ")
            ),
        };
        let row = self.app_row(of, how);
        let workspace = self.clone();
        spawn_local(async move {
            if let Err(error) = workspace.0.audit.write(vec![row]).await {
                workspace.storage_failed(&error);
            }
        });
    }

    /// A row about what the person let an app do.
    fn app_row(&self, of: &AppOf, how: String) -> Entry {
        let book = self.rulebook();
        let name = book.connector(&of.connector).map_or_else(|_| of.connector.to_string(), |one| one.name.clone());
        Entry::changed(&self.me(), format!("app of {name}"), how)
    }

    /// What the page of an app is now beside what was approved, where it is known.
    pub fn app_page_now(&self, connector: &ConnectorId, uri: &str) -> Option<AppPage> {
        self.live(connector)?.pages.into_iter().find(|page| page.uri == uri)
    }

    /// Reads the pages of a connector now, for whoever looks at them.
    ///
    /// # Errors
    /// When the connector is not there or cannot be reached.
    pub async fn look_at_apps(&self, connector: &ConnectorId) -> Result<(), Error> {
        self.connect(connector).await?;
        self.read_pages(connector).await;
        Ok(())
    }

    /// A call that an app wants: through the gate, like every other. It is given up when `stopped` hears something, or
    /// whoever could say it is gone: the question goes, and what was not sent is not sent.
    pub(crate) async fn app_call(
        &self,
        of: &AppOf,
        name: String,
        arguments: Map<String, Value>,
        mut stopped: oneshot::Receiver<()>,
        progress: Option<HearsProgress>,
    ) -> Result<Value, String> {
        let Some((conversation, _)) = &of.place else {
            return Err("this is a preview; nothing is called".to_owned());
        };
        let Some(held) = self.take_turn(conversation, &mut stopped).await else {
            return Err("the call was cancelled".to_owned());
        };
        let id = CallId::from(new_id("call"));
        if let Some(progress) = progress {
            self.0.hears_progress.borrow_mut().insert(id.clone(), progress);
        }
        let wanted = Wanted {
            id: id.clone(),
            connector: of.connector.clone(),
            action: name,
            arguments,
            by: Caller::App,
            conversation: Some(conversation.clone()),
            account: None,
            repeats: None,
        };
        let ended = match select(Box::pin(self.start_call(wanted, Confirm::Ask)), stopped).await {
            Either::Left((ended, _)) => ended,
            Either::Right((_, running)) => {
                self.cancel_call(&id);
                running.await
            }
        };
        self.0.hears_progress.borrow_mut().remove(&id);
        self.give_turn_back(conversation, held).await;
        match ended {
            Ended::Done(result) => Ok(result),
            Ended::Failed { error, .. } | Ended::NeedsSignIn { error, .. } | Ended::NeedsPage { error } => {
                Err(error.message)
            }
            Ended::Refused(refusal) => Err(refusal.sentence()),
            Ended::Cancelled(_) => Err("the call was cancelled".to_owned()),
        }
    }

    /// A resource of its own server that an app wants to read.
    pub(crate) async fn app_read(&self, of: &AppOf, uri: &str) -> Result<Value, String> {
        let request = mcp::Request::new("resources/read", serde_json::json!({ "uri": uri }).to_string());
        match self.app_asks(of, |connection| connection.request(request)).await? {
            Done::Answered(result) => Ok(self.covered(of, result).await),
            _ => Err("the answer was of another kind".to_owned()),
        }
    }

    /// A list of its own server that an app wants to read, whole.
    pub(crate) async fn app_list(&self, of: &AppOf, list: List) -> Result<Value, String> {
        match self.app_asks(of, |connection| connection.list_of(list)).await? {
            Done::Listed(items) => Ok(self.covered(of, serde_json::json!({ list.member(): items })).await),
            _ => Err("the answer was of another kind".to_owned()),
        }
    }

    /// Asks the server of an app, and no other, for something that is only read.
    async fn app_asks(&self, of: &AppOf, ask: impl FnOnce(&Connection) -> Running) -> Result<Done, String> {
        let book = self.rulebook();
        let connector = book.connector(&of.connector).map_err(|why| why.to_string())?;
        let me = book.member(&self.me()).map_err(|why| why.to_string())?;
        book.may_use(connector, me).map_err(|why| why.to_string())?;
        if book.workspace.lockdown {
            return Err("the workspace has stopped every call".to_owned());
        }
        let account = self.app_account(of);
        let failed = |failed: crate::drive::Failed| {
            self.cover_of(&connector.id, &account).error(op_error(&failed.error, &connector.host)).message
        };
        let (connection, _) = self.open_link(connector, &account, false).await.map_err(failed)?;
        ask(&connection).await.map_err(failed)
    }

    /// What a server gave an app, without what signed the account in (X21).
    async fn covered(&self, of: &AppOf, mut result: Value) -> Value {
        self.cover_of(&of.connector, &self.app_account(of)).answered(&mut result).await;
        result
    }

    /// What passes between this page and an app in its frame, to be seen. None where its connector is gone.
    pub(crate) fn app_wire(&self, of: &AppOf) -> Option<Wire> {
        let book = self.rulebook();
        let connector = book.connector(&of.connector).ok()?;
        Some(Wire::to(self.0.tap.clone(), connector, &self.app_account(of), Peer::App(of.action.clone())))
    }

    /// The account that acts where an app is shown.
    fn app_account(&self, of: &AppOf) -> policy::ConnectionId {
        self.account_in(of.place.as_ref().map(|(conversation, _)| conversation), &of.connector)
    }

    fn app_words(&self, of: &AppOf, text: String, data: Option<Value>, context: bool) -> AppWords {
        let book = self.rulebook();
        let connector = book.connector(&of.connector).ok();
        AppWords {
            connector: of.connector.clone(),
            connector_name: connector.map_or_else(|| of.connector.to_string(), |connector| connector.name.clone()),
            host: connector.map(|connector| connector.host.clone()).unwrap_or_default(),
            text,
            data,
            context,
            earlier: String::new(),
        }
    }

    /// The person lets an app say something: it is said as the app's, and a model answers if one answers in that
    /// conversation.
    ///
    /// # Errors
    /// When the app is not shown in a conversation, or something runs in it.
    pub fn say_for_app(&self, of: &AppOf, text: String) -> Result<(), Error> {
        self.alive()?;
        let Some((id, _)) = of.place.clone() else {
            return Err(Error::new(Code::Invalid, "this is a preview").hint("open the app in a conversation"));
        };
        self.not_elsewhere(&id)?;
        let words = self.app_words(of, text, None, false);
        let work = async move |workspace: Workspace, id: ConversationId, stopped: oneshot::Receiver<()>| {
            workspace.add_item(&id, Body::FromApp(words));
            workspace.renew_settings().await;
            match workspace.mind_of(&id) {
                Mind::Model(model) => workspace.model_turn(&id, *model, stopped).await,
                Mind::Gone => workspace.nobody_answers(&id),
                Mind::Direct => {}
            }
        };
        self.in_turn(&id, work)
    }

    /// Whether an app may have a model know what it wants it to.
    pub(crate) fn telling(&self, of: &AppOf) -> Telling {
        // A preview is in no conversation, and no model hears of it.
        let Some((conversation, call)) = &of.place else { return Telling::Freely };
        let book = self.rulebook();
        // Whoever is gone from the rulebook meanwhile is looked at.
        let reviewed = book.connector(&of.connector).map_or(true, Connector::reviews_app_words);
        match self.card_of(conversation, call).and_then(|(_, card)| card.look) {
            Some(Look::Withheld) => Telling::Never,
            Some(Look::Waiting | Look::Edited { .. } | Look::NotAnswered) => Telling::AfterALook,
            Some(Look::Passed) | None if reviewed => Telling::AfterALook,
            Some(Look::Passed) | None => Telling::Freely,
        }
    }

    /// What the person said of words that an app would have a model know. The row is on disk before a model can be told.
    pub(crate) async fn app_tells_after_a_look(
        &self,
        of: &AppOf,
        text: String,
        data: Option<Value>,
        refused: Option<String>,
    ) -> Result<(), String> {
        let may = self.telling(of) != Telling::Never;
        let refused = refused.or_else(|| (!may).then(|| WITHHELD.to_owned()));
        let how = match refused {
            None => "was let tell a model what it shows",
            Some(_) => "was not let tell a model what it shows",
        };
        self.0.audit.write(vec![self.app_row(of, how.to_owned())]).await.map_err(|error| {
            self.storage_failed(&error);
            "it could not be recorded, so no model is told".to_owned()
        })?;
        match refused {
            None => self.app_tells(of, text, data).await,
            Some(why) => Err(why),
        }
    }

    /// An app says what a model is to know at its next turn, in the place of what it said before. What a model may have
    /// been told of that stays a source of arguments (TR01).
    pub(crate) async fn app_tells(&self, of: &AppOf, text: String, data: Option<Value>) -> Result<(), String> {
        let Some((id, call)) = &of.place else { return Ok(()) };
        let (_never, mut stopped) = oneshot::channel();
        let held = self.take_turn(id, &mut stopped).await.ok_or("the conversation is not here")?;
        let nothing = text.is_empty() && data.is_none();
        let mut words = self.app_words(of, text, data, true);
        let card = self.card_of(id, call).map_or_else(|| ItemId::from(call.as_str()), |(item, _)| item);
        let item = ItemId::from(format!("app:{card}"));
        words.earlier = self.told_before(id, &item);
        // What it told can always be taken back.
        let fits = nothing || words.earlier.len() <= MOST_EARLIER;
        if fits {
            self.apply(id, Event::Put(Item { id: item, at: now(), body: Body::FromApp(words) }));
        }
        self.give_turn_back(id, held).await;
        match fits {
            true => Ok(()),
            false => Err("this app has told as much as it can in one conversation".to_owned()),
        }
    }

    /// Everything that an app had a model know under this item, as far as a model may have been told it.
    fn told_before(&self, id: &ConversationId, item: &ItemId) -> String {
        let Some(Item { at, body: Body::FromApp(mut words), .. }) = self.item(id, item) else { return String::new() };
        let whole = words.whole();
        if !words.earlier.contains(&whole) && (self.0.turns.borrow().contains_key(id) || self.gone_on(id, item, at)) {
            words.earlier.push('\n');
            words.earlier.push_str(&whole);
        }
        words.earlier
    }

    /// Whether anything came to a conversation after an item: every turn of a model leaves something.
    fn gone_on(&self, id: &ConversationId, item: &ItemId, at: u64) -> bool {
        let records = self.0.records.borrow();
        let later = |one: &Item| one.at >= at && one.id != *item;
        records.get(id).is_some_and(|record| record.conversation.items.iter().rev().any(later))
    }

    /// The card of a call that an app belongs to, with the item it stands under. An edit gives a card another call.
    fn card_of(&self, id: &ConversationId, call: &CallId) -> Option<(ItemId, CallCard)> {
        let records = self.0.records.borrow();
        records.get(id)?.conversation.items.iter().find_map(|item| match &item.body {
            Body::Call(card) if card.call == *call || item.id.as_str() == call.as_str() => {
                Some((item.id.clone(), card.as_ref().clone()))
            }
            _ => None,
        })
    }
}

/// Whether the workspace lets apps use a host. A wildcard stands for every host below it, so none of them may be denied.
fn may_use(list: &DomainList, host: &str) -> bool {
    let denied_below =
        host.strip_prefix('*').is_some_and(|below| list.deny.iter().any(|one| one.as_str().ends_with(below)));
    list.about(host).lets_in() && !denied_below
}

#[cfg(test)]
mod tests {
    use super::may_use;
    use policy::Pattern;
    use policy::domains::DomainList;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn x91_the_list_of_the_workspace_holds_for_wildcards_too() {
        let pattern = |text: &str| Pattern::parse(text).unwrap();
        let open = DomainList::default();
        assert!(may_use(&open, "a.example.com") && may_use(&open, "*.example.com"));
        let denies = DomainList { deny: [pattern("bad.example.com")].into(), ..DomainList::default() };
        assert!(
            may_use(&denies, "a.example.com")
                && !may_use(&denies, "bad.example.com")
                && !may_use(&denies, "*.example.com")
        );
        let allows = DomainList { allow: [pattern("*.example.com")].into(), ..DomainList::default() };
        assert!(
            may_use(&allows, "*.example.com")
                && may_use(&allows, "a.example.com")
                && !may_use(&allows, "*.example.org")
        );
    }
}
