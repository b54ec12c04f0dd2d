//! What was recorded, as a file of JSON lines. Every text in it was covered when it was recorded.

use mcp::inspect::Kind;
use serde_json::{Value, json};

use super::recorder::{Exchange, Header, Message, Recorder, State};
use crate::view::Millis;

impl Recorder {
    /// The file: a line that says what it is, then every exchange and every message, each with the connection it was on.
    /// Only what fits `keep`, for a part of it.
    pub fn export(&self, at: Millis, keep: impl Fn(&policy::ConnectorId) -> bool) -> String {
        let mut lines = vec![json!({
            "kind": "countersign.inspector",
            "version": 1,
            "exportedAt": at,
            "secrets": "covered",
        })];
        self.exchanges(|exchange| {
            if keep(&exchange.of.connector) {
                lines.push(exchange_line(exchange));
            }
        });
        self.messages(0, |message| {
            if keep(&message.of.connector) {
                lines.push(message_line(message));
            }
        });
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
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
    json!({
        "kind": "exchange",
        "number": exchange.number,
        "connector": exchange.of.connector,
        "name": exchange.of.name,
        "host": exchange.of.host,
        "session": exchange.of.session,
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
    })
}

fn message_line(message: &Message) -> Value {
    let body = match message.whole {
        true => serde_json::from_str(&message.text).unwrap_or_else(|_| Value::from(&*message.text)),
        false => Value::from(&*message.text),
    };
    json!({
        "kind": "message",
        "id": message.id,
        "exchange": message.exchange,
        "connector": message.of.connector,
        "name": message.of.name,
        "host": message.of.host,
        "session": message.of.session,
        "at": message.at,
        "direction": if message.sent { "to server" } else { "from server" },
        "is": kind_word(message.kind),
        "method": message.method,
        "took": message.took,
        "pair": message.pair,
        "roundOf": message.round_of,
        "bytes": message.bytes,
        "whole": message.whole,
        "covered": message.covered,
        "message": body,
    })
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
