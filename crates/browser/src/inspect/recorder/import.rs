//! A recording from a file that [`Recorder::export`] made: read strictly, and covered once more.
//!
//! Nobody knows who wrote a file. It is read as a whole or not at all, it has limits, and what is secret in it is covered
//! whatever the file says. What it says was seen somewhere else: nothing of it can be sent or copied as a request.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use mcp::inspect::{Kind, hear};
use policy::secrets::names_a_secret;
use policy::{ConnectionId, ConnectorId};
use serde_json::{Map, Value};

use super::super::kind_word;
use super::{
    Body, Cover, EXCHANGES, Exchange, Header, Kept, LONGEST, LONGEST_BODY, MESSAGES, Message, Peer, Reading, Recorder,
    Source, State, cut, subject,
};
use crate::error::{Code, Error};
use crate::inspect::cover::secret_header;
use crate::inspect::signing;
use crate::view::Millis;

/// The largest file that is read, in bytes: twice the text that is kept of a recording.
pub const MAX_RECORDING: usize = 48 << 20;

const KINDS: [Kind; 5] = [Kind::Request, Kind::Notification, Kind::Result, Kind::Error, Kind::Unreadable];

/// A line of the file.
struct Line {
    number: usize,
    members: Map<String, Value>,
}

/// What a line lacks.
fn bad(number: usize, what: &str) -> Error {
    Error::new(Code::Invalid, format!("line {number} of the file {what}"))
        .hint("choose a file that “Export recording” made; nothing was imported")
}

impl Line {
    fn read(number: usize, text: &str) -> Result<Self, Error> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Line { number, members }),
            _ => Err(bad(number, "is no object of JSON")),
        }
    }

    fn wrong(&self, name: &str) -> Error {
        bad(self.number, &format!("has no usable `{name}`"))
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<&str, Error> {
        self.member(name).and_then(Value::as_str).ok_or_else(|| self.wrong(name))
    }

    fn maybe_text(&self, name: &str) -> Result<Option<String>, Error> {
        self.maybe(name, |value| value.as_str().map(str::to_owned))
    }

    /// A member that may be missing, and is of its type where it is there.
    fn maybe<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Error> {
        self.member(name).map(|value| read(value).ok_or_else(|| self.wrong(name))).transpose()
    }

    fn number(&self, name: &str) -> Result<u64, Error> {
        self.member(name).and_then(Value::as_u64).ok_or_else(|| self.wrong(name))
    }

    fn count(&self, name: &str) -> Result<usize, Error> {
        usize::try_from(self.number(name)?).map_err(|_| self.wrong(name))
    }

    fn is(&self, name: &str) -> Result<bool, Error> {
        self.member(name).and_then(Value::as_bool).ok_or_else(|| self.wrong(name))
    }

    /// The connection that the line is about.
    fn of(&self) -> Result<Arc<Source>, Error> {
        let connector = self.text("connector")?;
        let name = self.maybe_text("name")?;
        let peer = match (self.maybe_text("with")?.as_deref(), self.maybe_text("action")?) {
            (None | Some("server"), None) => Peer::Server,
            (Some("sign-in"), None) => Peer::SignIn,
            (Some("app"), Some(action)) => Peer::App(action),
            _ => return Err(self.wrong("with")),
        };
        let account = self.maybe_text("account")?.unwrap_or_else(|| connector.to_owned());
        Ok(Arc::new(Source {
            session: self.number("session")?,
            peer,
            account: ConnectionId::from(account),
            connector: ConnectorId::from(connector),
            name: name.unwrap_or_else(|| connector.to_owned()),
            host: self.text("host")?.to_owned(),
            secret_headers: Vec::new(),
        }))
    }

    fn headers(&self, name: &str, cover: &Cover) -> Result<Vec<Header>, Error> {
        let list = self.member(name).and_then(Value::as_array).ok_or_else(|| self.wrong(name))?;
        let header = |one: &Value| {
            let pair = one.as_array().map(Vec::as_slice)?;
            let [Value::String(name), Value::String(value)] = pair else { return None };
            let secret = secret_header(name);
            let decoded = mcp::inspect::decoded(value).filter(|_| !secret).map(|text| cover.text(&text));
            Some(Header { name: name.clone(), value: cover.header(value, secret), decoded })
        };
        list.iter().map(header).collect::<Option<Vec<Header>>>().ok_or_else(|| self.wrong(name))
    }

    fn body(&self, name: &str, sent: bool, cover: &Cover) -> Result<Option<Body>, Error> {
        let body = |value: &Value| {
            let text = value.get("text")?.as_str().filter(|text| text.len() <= LONGEST_BODY + 4)?;
            let text = signing::covered(cover, text, sent);
            Some(Body { text: cut(&text, LONGEST_BODY).into(), whole: value.get("whole")?.as_bool()? })
        };
        self.maybe(name, body)
    }

    fn exchange(&self, cover: &Cover) -> Result<Exchange, Error> {
        let method = match self.text("method")? {
            "GET" => "GET",
            "POST" => "POST",
            "DELETE" => "DELETE",
            _ => return Err(self.wrong("method")),
        };
        let state = match self.text("state")? {
            "waiting" => State::Waiting,
            "open" => State::Open,
            "done" => State::Done,
            "failed" => State::Failed(cover.text(self.text("why")?)),
            "dropped" => State::Dropped,
            _ => return Err(self.wrong("state")),
        };
        Ok(Exchange {
            number: self.number("number")?,
            of: self.of()?,
            at: self.number("at")?,
            seen_from_start: true,
            method,
            url: cover.address(self.text("url")?),
            request: self.headers("requestHeaders", cover)?,
            // The file has the messages of a request and not its bytes, so it is no request to copy.
            body: None,
            has_body: true,
            status: self.maybe("status", |value| u16::try_from(value.as_u64()?).ok())?,
            response: self.headers("responseHeaders", cover)?,
            waited: self.maybe("waited", Value::as_u64)?,
            took: self.maybe("took", Value::as_u64)?,
            state,
            received: self.count("bytes")?,
            events: VecDeque::new(),
            event_count: self.count("events")?,
            about: cover.text(&self.maybe_text("about")?.unwrap_or_default()),
            bodies: (self.body("sent", true, cover)?, self.body("came", false, cover)?),
            started: 0,
            reading: Reading::No,
        })
    }

    fn message(&self, cover: &Cover) -> Result<Message, Error> {
        let word = self.text("is")?;
        let kind = KINDS.into_iter().find(|kind| kind_word(*kind) == word).ok_or_else(|| self.wrong("is"))?;
        let sent = match self.text("direction")? {
            "to server" | "to app" => true,
            "from server" | "from app" => false,
            _ => return Err(self.wrong("direction")),
        };
        let whole = self.is("whole")?;
        let body = self.members.get("message").ok_or_else(|| self.wrong("message"))?;
        let covered = cover.value(body);
        let text = match &covered {
            Value::String(text) => text.clone(),
            covered => covered.to_string(),
        };
        if text.len() > LONGEST + 4 {
            return Err(bad(self.number, "is longer than what is kept of a message"));
        }
        let wire =
            self.maybe("wire", |value| value.as_str().filter(|wire| wire.len() <= LONGEST + 4).map(str::to_owned))?;
        let wire = wire.map(|wire| cover.written(&wire, names_a_secret));
        let heard = hear(&text).into_iter().next().filter(|heard| whole && heard.kind == kind);
        Ok(Message {
            id: self.number("id")?,
            exchange: self.number("exchange")?,
            of: self.of()?,
            at: self.number("at")?,
            sent,
            kind,
            method: cover.text(self.text("method")?),
            subject: subject(&covered),
            rpc: heard.and_then(|heard| heard.id.clone()),
            took: self.maybe("took", Value::as_u64)?,
            pair: self.maybe("pair", Value::as_u64)?,
            round_of: self.maybe("roundOf", Value::as_u64)?,
            wire: wire.map(|wire| cut(&wire, LONGEST).into()),
            text: Arc::from(cut(&text, LONGEST)),
            bytes: self.count("bytes")?,
            whole,
            covered: self.is("covered")? || covered != *body,
            veiled: Arc::from([]),
        })
    }
}

impl Recorder {
    /// Reads a file that [`Recorder::export`] made, into a recording of its own, with the time at which it was made.
    /// What is known here to be secret is covered in it too.
    ///
    /// # Errors
    /// When it is too large, or a line of it is not what such a file has.
    pub fn import(&self, file: &str) -> Result<(Rc<Recorder>, Millis), Error> {
        if file.len() > MAX_RECORDING {
            let error = Error::new(Code::Invalid, format!("the file is larger than {} MB", MAX_RECORDING >> 20));
            return Err(error.hint("export a recording of one connection; nothing was imported"));
        }
        let mut lines = file.lines().enumerate().map(|(at, text)| Line::read(at + 1, text));
        let head = lines.next().ok_or_else(|| bad(1, "is missing"))??;
        if head.text("kind")? != "countersign.inspector" {
            return Err(head.wrong("kind"));
        }
        if head.number("version")? != 1 {
            return Err(bad(1, "names a version that this page does not read"));
        }
        let at = head.number("exportedAt")?;
        let cover = self.kept.borrow().cover.clone();
        let (mut messages, mut exchanges) = (VecDeque::<Message>::new(), BTreeMap::new());
        for line in lines {
            let line = line?;
            match line.text("kind")? {
                "exchange" if exchanges.len() < EXCHANGES => {
                    let exchange = line.exchange(&cover)?;
                    if exchanges.insert(exchange.number, exchange).is_some() {
                        return Err(line.wrong("number"));
                    }
                }
                "message" if messages.len() < MESSAGES => {
                    let mut message = line.message(&cover)?;
                    // Messages are found by halving, so they have to be in order.
                    if messages.back().is_some_and(|before| before.id >= message.id) {
                        return Err(line.wrong("id"));
                    }
                    if let (Kind::Result | Kind::Error, Some(request)) = (message.kind, message.pair)
                        && let Ok(at) = messages.binary_search_by_key(&request, |one| one.id)
                        && let Some(request) = messages.get(at)
                    {
                        message.subject = request.subject.clone();
                    }
                    messages.push_back(message);
                }
                "exchange" | "message" => return Err(bad(line.number, "is one more than a recording has")),
                _ => return Err(line.wrong("kind")),
            }
        }
        for message in messages.iter().filter(|message| message.sent) {
            if let Some(exchange) = exchanges.get_mut(&message.exchange)
                && exchange.about.is_empty()
            {
                exchange.about = message.about();
            }
        }
        let text = messages.iter().map(Message::weight).sum();
        let next = messages.back().map_or(0, |last| last.id.saturating_add(1));
        let kept = Kept { messages, exchanges, cover, text, next, ..Kept::default() };
        Ok((Rc::new(Recorder { kept: kept.into(), ..Recorder::default() }), at))
    }
}
