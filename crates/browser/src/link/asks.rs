//! Questions of servers to the person: put, answered, taken back, and a row in the record about what came of each.

use std::cell::RefCell;
use std::rc::Rc;

use mcp::{Ask, AskId, OpError, ServerRequest};
use policy::audit::{Came, Entry, Question};
use policy::{CallId, ConnectionId, Connector, ConnectorId, ConversationId};
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;

use super::{Link, UnderWay};
use crate::drive::Connection;
use crate::error::{Code, Error};
use crate::inspect::Cover;
use crate::store::Op;
use crate::time::{new_id, now};
use crate::view::{AskAnswer, Change, ElicitationKind, ElicitationView};
use crate::workspace::Workspace;

/// A question of a server that waits for the person.
pub(crate) struct WaitingAsk {
    pub(crate) view: ElicitationView,
    /// Where the answer goes; nowhere where it only prepares another call.
    pub(crate) to: Option<(Connection, AskId)>,
    /// The server's own name for a page to open, by which it says that it is done (2025-11-25).
    elicitation: Option<String>,
    /// The account whose connection it came over.
    pub(super) account: ConnectionId,
    /// What signed that account in.
    pub(crate) cover: Rc<RefCell<Cover>>,
}

impl WaitingAsk {
    /// Whether it is the question that its session calls so.
    pub(super) fn is(&self, ask: AskId) -> bool {
        self.to.as_ref().is_some_and(|(_, id)| *id == ask)
    }
}

/// Pages that one refused call can want opened.
const PAGES: usize = 8;

impl Workspace {
    /// The questions which servers ask the person, the oldest first.
    pub fn asks(&self) -> Vec<ElicitationView> {
        self.0.asks.borrow().iter().map(|waiting| waiting.view.clone()).collect()
    }

    /// Answers a server's question. The answer is sent once the row about it is kept; where that cannot be, the question
    /// is cancelled instead.
    ///
    /// # Errors
    /// When there is no such question any more, or the values do not fit its form.
    pub fn answer_ask(&self, id: &str, answer: AskAnswer) -> Result<(), Error> {
        self.alive()?;
        let waiting = {
            let mut asks = self.0.asks.borrow_mut();
            let at = asks
                .iter()
                .position(|waiting| waiting.view.id == id)
                .ok_or_else(|| Error::not_found("open question of a server", id))?;
            if let (AskAnswer::Submit(values), Some(waiting)) = (&answer, asks.get(at)) {
                fits(&waiting.view.kind, values)?;
            }
            asks.remove(at)
        };
        if let (Some(_), Some(call), Some(conversation)) = (&waiting.to, &waiting.view.call, &waiting.view.conversation)
        {
            self.needs_input(conversation, call, false);
        }
        let came = match &answer {
            AskAnswer::Submit(_) => Came::Submitted,
            AskAnswer::Decline => Came::Declined,
            AskAnswer::Cancel => Came::Cancelled,
            AskAnswer::Unattended => Came::Unattended,
        };
        let answer = match (answer, &waiting.view.kind) {
            (AskAnswer::Submit(values), ElicitationKind::Form { .. }) => mcp::Answer::Accept(Some(values)),
            (AskAnswer::Submit(_), ElicitationKind::Url { .. }) => mcp::Answer::Accept(None),
            (AskAnswer::Decline | AskAnswer::Unattended, _) => mcp::Answer::Decline,
            (AskAnswer::Cancel, _) => mcp::Answer::Cancel,
        };
        let row = self.asked_row(&waiting.view, &waiting.cover.borrow(), came);
        let over = self.no_longer_open(&waiting);
        let Some((connection, ask)) = waiting.to else {
            self.write_rows_with(vec![row], vec![over]);
            self.0.events.tell(Change::Asks);
            return Ok(());
        };
        let late =
            (came == Came::Submitted).then(|| self.asked_row(&waiting.view, &waiting.cover.borrow(), Came::Withdrawn));
        self.answer_kept(connection, ask, (row, vec![over]), answer, late);
        self.0.events.tell(Change::Asks);
        Ok(())
    }

    pub(super) fn asked(&self, link: &Link, request: &ServerRequest) {
        let Some(connection) = link.connection.borrow().clone() else { return };
        let book = self.rulebook();
        let Ok(connector) = book.connector(&link.connector) else { return };
        let call = request.op.and_then(|op| link.calls.borrow().get(&op).cloned());
        let (call, conversation) = match call {
            Some(UnderWay { call, conversation, .. }) => (Some(call), conversation),
            None => (None, None),
        };
        let unattended = call.as_ref().is_some_and(|call| self.0.unattended.borrow().contains(call));
        if let Ask::Form { schema } = &request.kind
            && !unattended
            && book.workspace.refuse_secret_forms
        {
            let wanted = chat::schema::secrets_wanted(&chat::schema::form_of(schema), &request.message);
            if !wanted.is_empty() {
                let row = self.secret_refused(connector, conversation.as_ref(), &wanted);
                return self.answer_kept(connection, request.id, (row, Vec::new()), mcp::Answer::Decline, None);
            }
        }
        let cover = link.cover.borrow().clone();
        let (kind, elicitation) = match &request.kind {
            Ask::Form { schema } => {
                let mut schema = schema.clone();
                cover.said_in(&mut schema);
                (ElicitationKind::Form { schema }, None)
            }
            Ask::Url { url, elicitation } => (url_kind(url, &cover), elicitation.clone()),
        };
        let mut message = request.message.clone();
        cover.said(&mut message);
        let view = ElicitationView {
            id: new_id("ask"),
            connector: connector.id.clone(),
            connector_name: connector.name.clone(),
            host: connector.host.clone(),
            call: call.clone(),
            conversation: conversation.clone(),
            message,
            kind,
            repeated: request.repeated,
            run_again: false,
            done: false,
            asked_at: now(),
        };
        // A call without anybody to ask (the package, without a way to confirm) has nobody to fill in a form either.
        if unattended {
            let row = self.asked_row(&view, &cover, Came::Unattended);
            return self.answer_kept(connection, request.id, (row, Vec::new()), mcp::Answer::Decline, None);
        }
        let (account, cover) = (link.account.clone(), link.cover.clone());
        self.put_ask(WaitingAsk { view, to: Some((connection, request.id)), elicitation, account, cover });
        if let (Some(call), Some(conversation)) = (call, conversation) {
            self.needs_input(&conversation, &call, true);
        }
    }

    fn put_ask(&self, waiting: WaitingAsk) {
        self.keep_open(&waiting);
        self.0.asks.borrow_mut().push(waiting);
        self.0.events.tell(Change::Asks);
    }

    /// A server has refused a call until the person has opened pages (-32042 of 2025-11-25). They are asked as for any
    /// other page. What they answer goes nowhere: the call is over, and is made again by a decision of its own only.
    pub(crate) fn pages_first(
        &self,
        connector: &ConnectorId,
        account: &ConnectionId,
        call: &CallId,
        conversation: Option<&ConversationId>,
        refused: &OpError,
    ) {
        let book = self.rulebook();
        let Ok(connector) = book.connector(connector) else { return };
        // Where nobody can be asked the error alone says what is wanted.
        if self.0.unattended.borrow().contains(call) {
            return;
        }
        let cover = self.link(&connector.id, account).cover.clone();
        for page in refused.pages_first().into_iter().take(PAGES) {
            let kind = url_kind(&page.url, &cover.borrow());
            let waits = |one: &WaitingAsk| {
                one.account == *account && one.view.conversation.as_ref() == conversation && one.view.kind == kind
            };
            if self.0.asks.borrow().iter().any(waits) {
                continue;
            }
            let mut message = page.message;
            cover.borrow().said(&mut message);
            let view = ElicitationView {
                id: new_id("ask"),
                connector: connector.id.clone(),
                connector_name: connector.name.clone(),
                host: connector.host.clone(),
                call: Some(call.clone()),
                conversation: conversation.cloned(),
                message,
                kind,
                repeated: 0,
                run_again: true,
                done: false,
                asked_at: now(),
            };
            let (account, cover) = (account.clone(), cover.clone());
            self.put_ask(WaitingAsk { view, to: None, elicitation: page.elicitation, account, cover });
        }
    }

    /// A server says that what it wanted a page opened for is done. The person still has the last word.
    pub(super) fn asked_is_done(&self, account: &ConnectionId, elicitation: &str) {
        let mut found = false;
        for waiting in self.0.asks.borrow_mut().iter_mut() {
            if waiting.account == *account && waiting.elicitation.as_deref() == Some(elicitation) {
                waiting.view.done = true;
                found = true;
            }
        }
        if found {
            self.0.events.tell(Change::Asks);
        }
    }

    /// A form is refused because it asks for a secret (X80): said in its conversation, and the row to be kept.
    fn secret_refused(&self, connector: &Connector, conversation: Option<&ConversationId>, wanted: &[String]) -> Entry {
        if let Some(conversation) = conversation {
            let text = format!(
                "{} at {} asked for what looks like a secret: {}. This workspace refuses such forms, so nothing was sent.",
                connector.name,
                connector.host,
                policy::text::unticked(&wanted.join(", "))
            );
            self.add_item(conversation, chat::conversation::Body::note(text));
        }
        Entry::changed(&self.me(), format!("form of {}", connector.name), "refused, because it asks for a secret")
    }

    /// Answers a question once the row about it is kept; where that cannot be, the question is cancelled instead. `late`
    /// is the row for an answer that is not sent, because the question was withdrawn in between. What is done with the row
    /// in the same write goes with it.
    pub(crate) fn answer_kept(
        &self,
        connection: Connection,
        ask: AskId,
        (row, with): (Entry, Vec<Op>),
        answer: mcp::Answer,
        late: Option<Entry>,
    ) {
        let workspace = self.clone();
        spawn_local(async move {
            let answer = match workspace.0.audit.write_with(vec![row], with).await {
                Ok(()) => answer,
                Err(error) => {
                    workspace.storage_failed(&error);
                    mcp::Answer::Cancel
                }
            };
            if !connection.answer(ask, answer)
                && let Some(late) = late
            {
                workspace.write_rows(vec![late]);
            }
        });
    }

    /// The row about a question of a server. Names of its fields can be what signed the account in, said back.
    pub(crate) fn asked_row(&self, view: &ElicitationView, cover: &Cover, came: Came) -> Entry {
        let (fields, page) = match &view.kind {
            ElicitationKind::Form { schema } => (Question::fields_of(&cover.in_value(schema)), None),
            ElicitationKind::Url { host, .. } => (Vec::new(), Some(host.clone())),
        };
        let (member, connector, host) = (self.me(), view.connector.clone(), view.host.clone());
        Entry::Asked(Box::new(Question { member, connector, host, call: view.call.clone(), fields, page, came }))
    }

    /// Keeps why a server took a question back, until its call is over.
    pub(super) fn note_withdrawal(&self, link: &Link, ask: mcp::AskId, reason: &str) {
        let asks = self.0.asks.borrow();
        let about = asks.iter().find(|waiting| waiting.account == link.account && waiting.is(ask));
        let Some(call) = about.and_then(|waiting| waiting.view.call.as_ref()) else { return };
        if let Some(under_way) = link.calls.borrow_mut().values_mut().find(|one| one.call == *call) {
            under_way.withdrawn = Some(reason.to_owned());
        }
    }

    pub(crate) fn withdraw_asks(&self, gone: impl Fn(&WaitingAsk) -> bool) {
        let before = self.0.asks.borrow().len();
        let (mut calls, mut rows, mut over) = (Vec::new(), Vec::new(), Vec::new());
        self.0.asks.borrow_mut().retain(|waiting| {
            let keep = !gone(waiting);
            if !keep {
                rows.push(self.asked_row(&waiting.view, &waiting.cover.borrow(), Came::Withdrawn));
                over.push(self.no_longer_open(waiting));
            }
            let under_way = !keep && waiting.to.is_some();
            if let (true, Some(call), Some(conversation)) = (under_way, &waiting.view.call, &waiting.view.conversation)
            {
                calls.push((call.clone(), conversation.clone()));
            }
            keep
        });
        for (call, conversation) in calls {
            self.needs_input(&conversation, &call, false);
        }
        if self.0.asks.borrow().len() != before {
            self.write_rows_with(rows, over);
            self.0.events.tell(Change::Asks);
        }
    }
}

/// Whether values fit the form they were asked for.
fn fits(kind: &ElicitationKind, values: &Value) -> Result<(), Error> {
    let ElicitationKind::Form { schema } = kind else { return Ok(()) };
    match chat::schema::check(schema, values).first() {
        None => Ok(()),
        Some(problem) => {
            let place = problem.path.trim_start_matches('/');
            let message =
                if place.is_empty() { problem.message.clone() } else { format!("`{place}`: {}", problem.message) };
            Err(Error::new(Code::Invalid, message).hint("correct it and submit again"))
        }
    }
}

/// What can be opened of an address that a server wants opened: a page over `https:`, by a click (X81), and none that says
/// back what signed the account in (X21): that would go where the address leads, and into the history of the browser.
fn url_kind(url: &str, cover: &Cover) -> ElicitationKind {
    if cover.is_in(url) {
        let mut url = url.to_owned();
        cover.said(&mut url);
        let refused = Some("the address says back what signed you in at the server".to_owned());
        return ElicitationKind::Url { url, host: String::new(), refused };
    }
    let parsed = web_sys::Url::new(url).ok();
    let (host, refused) = match parsed {
        None => (String::new(), Some("this is not an address".to_owned())),
        Some(parsed) if parsed.protocol() != "https:" => {
            (parsed.host(), Some("only pages over https: can be opened".to_owned()))
        }
        Some(parsed) if !parsed.username().is_empty() || !parsed.password().is_empty() => {
            (parsed.host(), Some("the address carries a user name, which hides where it leads".to_owned()))
        }
        Some(parsed) => (parsed.host(), None),
    };
    ElicitationKind::Url { url: url.to_owned(), host, refused }
}
