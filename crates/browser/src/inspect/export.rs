//! What was recorded, as a file of JSON lines. Every text in it was covered when it was recorded.

use mcp::inspect::Kind;
use serde_json::{Value, json};

use super::recorder::{Body, Exchange, Header, Message, Recorder, State};
use super::{Peer, Source};
use crate::view::Millis;

impl Recorder {
    /// The file: a line that says what it is, then every exchange and every message, each with the connection it was on.
    /// Only what fits `keep`, for a part of it.
    pub fn export(&self, at: Millis, keep: impl Fn(&Source) -> bool) -> String {
        let mut lines = vec![json!({
            "kind": "countersign.inspector",
            "version": 1,
            "exportedAt": at,
            "secrets": "covered",
        })];
        self.exchanges(|exchange| {
            if keep(&exchange.of) {
                lines.push(exchange_line(exchange));
            }
        });
        self.messages(0, |message| {
            if keep(&message.of) {
                lines.push(message_line(message));
            }
        });
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Whose line it is, and what else there is to say.
fn line(kind: &str, of: &Source, more: Value) -> Value {
    let (with, action) = match &of.peer {
        Peer::Server => ("server", None),
        Peer::SignIn => ("sign-in", None),
        Peer::App(action) => ("app", Some(action)),
    };
    let mut line = json!({
        "kind": kind,
        "connector": of.connector,
        "name": of.name,
        "host": of.host,
        "account": of.account,
        "session": of.session,
        "with": with,
        "action": action,
    });
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    line
}

fn exchange_line(exchange: &Exchange) -> Value {
    let headers = |list: &[Header]| -> Value {
        list.iter().map(|header| json!([header.name, header.value])).collect::<Vec<Value>>().into()
    };
    let (state, why) = match &exchange.state {
        State::Waiting => ("waiting", None),
        State::Open => ("open", None),
        State::Done => ("done", None),
        State::Failed(why) => ("failed", Some(why.as_str())),
        State::Dropped => ("dropped", None),
    };
    let body = |body: &Option<Body>| body.as_ref().map(|body| json!({ "text": &*body.text, "whole": body.whole }));
    let more = json!({
        "number": exchange.number,
        "at": exchange.at,
        "method": exchange.method,
        "url": exchange.url,
        "requestHeaders": headers(&exchange.request),
        "status": exchange.status,
        "responseHeaders": headers(&exchange.response),
        "waited": exchange.waited,
        "took": exchange.took,
        "bytes": exchange.received,
        "events": exchange.event_count,
        "state": state,
        "why": why,
        "about": exchange.about,
        "sent": body(&exchange.bodies.0),
        "came": body(&exchange.bodies.1),
    });
    line("exchange", &exchange.of, more)
}

fn message_line(message: &Message) -> Value {
    let body = match message.whole {
        true => serde_json::from_str(&message.text).unwrap_or_else(|_| Value::from(&*message.text)),
        false => Value::from(&*message.text),
    };
    let direction = match (&message.of.peer, message.sent) {
        (Peer::App(_), true) => "to app",
        (Peer::App(_), false) => "from app",
        (_, true) => "to server",
        (_, false) => "from server",
    };
    let more = json!({
        "id": message.id,
        "exchange": message.exchange,
        "at": message.at,
        "direction": direction,
        "is": kind_word(message.kind),
        "method": message.method,
        "took": message.took,
        "pair": message.pair,
        "roundOf": message.round_of,
        "bytes": message.bytes,
        "whole": message.whole,
        "covered": message.covered,
        "message": body,
        "wire": message.written_otherwise(),
    });
    line("message", &message.of, more)
}

/// What a message is, in a word.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Request => "request",
        Kind::Notification => "notification",
        Kind::Result => "answer",
        Kind::Error => "error",
        Kind::Unreadable => "unreadable",
    }
}
