//! Listing and calling tools.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::era::{Wire, y2026};
use crate::error::{OpError, Sent};
use crate::headers::{self, Mirrored};
use crate::jsonrpc::{self, Answered, quoted};
use crate::session::server::Progress;
use crate::session::{Failure, Kind, Op, Session};
use crate::types::{Again, CallResult, CallTool, Event, Excluded, OpId};

/// What a list taught about one tool.
pub(super) enum Known {
    /// It can be called.
    Usable { definition: Value, mirrored: Vec<Mirrored> },
    /// It was left out.
    Excluded { reason: String },
}

/// A list under way.
#[derive(Default)]
pub(super) struct Listing {
    tools: Vec<Value>,
    excluded: Vec<Excluded>,
    names: BTreeSet<String>,
    cursor: Option<String>,
    cursors: BTreeSet<String>,
    pages: usize,
    bytes: usize,
    /// The call that needs this list to learn its headers, instead of the host.
    pub(super) for_call: Option<OpId>,
}

impl Listing {
    /// Begins anew: cursors do not outlive the session.
    pub(super) fn restart(&mut self) {
        *self = Self { for_call: self.for_call, ..Self::default() };
    }
}

/// A call under way.
pub(super) struct Calling {
    call: CallTool,
    rounds: u32,
    /// What the server asked in the last round, by key.
    asked: Map<String, Value>,
    repeated: u32,
    responses: Map<String, Value>,
    state: Option<Box<RawValue>>,
    asking: bool,
    relisted: bool,
}

impl Calling {
    pub(super) fn new(call: CallTool) -> Self {
        Self {
            call,
            rounds: 0,
            asked: Map::new(),
            repeated: 0,
            responses: Map::new(),
            state: None,
            asking: false,
            relisted: false,
        }
    }

    /// Whether the person is being asked for the next round.
    pub(super) fn is_asking(&self) -> bool {
        self.asking
    }

    /// Takes one answer; true when none is missing.
    pub(super) fn respond(&mut self, key: String, answer: Value) -> bool {
        self.responses.insert(key, answer);
        let complete = self.responses.len() == self.asked.len();
        if complete {
            self.asking = false;
        }
        complete
    }
}

/// Checks that a text is one JSON object.
pub(super) fn check_arguments(text: &str, depth: usize) -> Result<(), OpError> {
    let unusable = |what: String| OpError::Arguments { what };
    if !text.trim_start().starts_with('{') {
        return Err(unusable("they are not a JSON object".into()));
    }
    if jsonrpc::measure(text.as_bytes()).depth > depth {
        return Err(unusable(format!("they are nested more than {depth} levels deep")));
    }
    serde_json::from_str::<IgnoredAny>(text).map(|_| ()).map_err(|error| unusable(error.to_string()))
}

impl Session {
    pub(super) fn send_list(&mut self, op: OpId) {
        let Some(Kind::List(listing)) = self.ops.get(&op).map(|op| &op.kind) else { return };
        let params = listing.cursor.iter().map(|cursor| ("cursor", quoted(cursor))).collect();
        self.send(op, "tools/list", params, None, Vec::new(), false);
    }

    /// One page of a list arrived.
    pub(super) fn page(&mut self, op: OpId, answered: Answered) {
        match self.take_page(op, answered) {
            Ok(true) => self.send_list(op),
            Ok(false) => self.listed(op),
            Err(error) => self.fail(op, error, Sent::Yes),
        }
    }

    /// Takes one page; true when there is another one.
    fn take_page(&mut self, op: OpId, answered: Answered) -> Result<bool, OpError> {
        let limits = self.config.limits;
        let modern = matches!(self.wire, Some(Wire::Y2026(_)));
        let Some(Kind::List(listing)) = self.ops.get_mut(&op).map(|op| &mut op.kind) else { return Ok(false) };
        let Value::Object(mut result) = answered.result else {
            return Err(OpError::Invalid { what: "the list is not an object".into() });
        };
        if modern && result.get("resultType").is_some_and(|kind| kind != "complete") {
            return Err(OpError::Invalid { what: "the list has an unknown `resultType`".into() });
        }
        let Some(Value::Array(tools)) = result.remove("tools") else {
            return Err(OpError::Invalid { what: "the list has no `tools`".into() });
        };
        listing.pages += 1;
        listing.bytes = listing.bytes.saturating_add(answered.bytes);
        if listing.bytes > limits.list_bytes {
            return Err(OpError::TooMuch { what: "bytes", limit: limits.list_bytes });
        }
        for tool in tools {
            let place = listing.names.len() + listing.excluded.len() + 1;
            let name = tool.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            let reason = match name {
                None => Some("it has no name".to_owned()),
                Some(name) if listing.names.contains(name) => {
                    Some("its name is taken by another tool of the list".into())
                }
                Some(_) if !tool.get("inputSchema").is_some_and(Value::is_object) => {
                    Some("it has no input schema".into())
                }
                Some(_) if modern => tool.get("inputSchema").and_then(|schema| headers::mirrored(schema).err()),
                Some(_) => None,
            };
            let name = name.map_or_else(|| format!("#{place}"), str::to_owned);
            match reason {
                Some(reason) => listing.excluded.push(Excluded { name, reason }),
                None => {
                    listing.names.insert(name);
                    listing.tools.push(tool);
                }
            }
            if listing.tools.len() + listing.excluded.len() > limits.tools {
                return Err(OpError::TooMuch { what: "tools", limit: limits.tools });
            }
        }
        match result.remove("nextCursor") {
            // An empty cursor is how several servers say that there is no more.
            None | Some(Value::Null) => Ok(false),
            Some(Value::String(cursor)) if cursor.is_empty() => Ok(false),
            Some(Value::String(cursor)) => {
                if !listing.cursors.insert(cursor.clone()) {
                    return Err(OpError::CursorLoop);
                }
                if listing.pages >= limits.pages {
                    return Err(OpError::TooMuch { what: "pages", limit: limits.pages });
                }
                listing.cursor = Some(cursor);
                Ok(true)
            }
            Some(_) => Err(OpError::Invalid { what: "`nextCursor` is not text".into() }),
        }
    }

    /// A list is complete.
    fn listed(&mut self, op: OpId) {
        let Some(Kind::List(listing)) = self.ops.remove(&op).map(|op| op.kind) else { return };
        let before = std::mem::take(&mut self.tools);
        if matches!(self.wire, Some(Wire::Y2026(_))) {
            for Excluded { name, reason } in &listing.excluded {
                self.tools.insert(name.clone(), Known::Excluded { reason: reason.clone() });
            }
            for tool in &listing.tools {
                let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
                let mirrored = tool.get("inputSchema").and_then(|schema| headers::mirrored(schema).ok());
                let known = Known::Usable { definition: tool.clone(), mirrored: mirrored.unwrap_or_default() };
                self.tools.insert(name.to_owned(), known);
            }
        }
        let Listing { tools, excluded, for_call, .. } = listing;
        match for_call {
            None => self.tell(Event::Tools { op, tools, excluded }),
            Some(call) => self.relisted(call, before),
        }
    }

    /// The tools were listed because the server missed headers. What a person approved must be what runs, so a call goes
    /// out again only if the definition is not another one than before.
    fn relisted(&mut self, op: OpId, before: std::collections::BTreeMap<String, Known>) {
        let Some(Kind::Call(calling)) = self.ops.get(&op).map(|op| &op.kind) else { return };
        let name = calling.call.name.clone();
        let old = match before.get(&name) {
            Some(Known::Usable { definition, .. }) => Some(definition),
            _ => None,
        };
        match (old, self.tools.get(&name)) {
            (None, Some(Known::Usable { .. })) => {
                self.tell(Event::SentAgain { op, why: Again::Headers });
                self.send_call(op);
            }
            (Some(old), Some(Known::Usable { definition, .. })) if old == definition => {
                let error = OpError::Rpc {
                    code: y2026::HEADER_MISMATCH,
                    message: "the headers do not match what the server expects, although its definition is unchanged"
                        .into(),
                    data: None,
                };
                self.fail(op, error, Sent::No);
            }
            _ => self.fail(op, OpError::DefinitionChanged { name }, Sent::No),
        }
    }

    pub(super) fn send_call(&mut self, op: OpId) {
        let Some(Kind::Call(calling)) = self.ops.get(&op).map(|op| &op.kind) else { return };
        let CallTool { name, arguments, progress } = calling.call.clone();
        let mut mirrored = Ok(Vec::new());
        if matches!(self.wire, Some(Wire::Y2026(_))) {
            match self.tools.get(&name) {
                Some(Known::Excluded { reason }) => {
                    let reason = reason.clone();
                    return self.fail(op, OpError::Excluded { name, reason }, Sent::No);
                }
                Some(Known::Usable { mirrored: wanted, .. }) if !wanted.is_empty() => {
                    mirrored = serde_json::from_str(&arguments)
                        .map_err(|error| error.to_string())
                        .and_then(|arguments| headers::of_arguments(wanted, &arguments));
                }
                _ => {}
            }
        }
        let mirrored = match mirrored {
            Ok(mirrored) => mirrored,
            Err(what) => return self.fail(op, OpError::Arguments { what }, Sent::No),
        };
        let mut params = vec![("name", quoted(&name)), ("arguments", arguments)];
        if !calling.responses.is_empty() {
            params.push(("inputResponses", Value::Object(calling.responses.clone()).to_string()));
        }
        params.extend(calling.state.as_ref().map(|state| ("requestState", state.get().to_owned())));
        self.send(op, "tools/call", params, Some(&name), mirrored, progress);
    }

    /// A call was answered.
    pub(super) fn call_answered(&mut self, op: OpId, answered: Answered) {
        let modern = matches!(self.wire, Some(Wire::Y2026(_)));
        let kind = answered.result.get("resultType").filter(|_| modern);
        match kind.map(Value::as_str) {
            None | Some(Some("complete")) => self.called(op, answered.result, answered.dropped_blocks),
            Some(Some("input_required")) => {
                if let Err((error, sent)) = self.another_round(op, answered) {
                    self.fail(op, error, sent);
                }
            }
            Some(_) => {
                let error = OpError::Invalid { what: "it has an unknown `resultType`".into() };
                self.fail(op, error, Sent::Unknown);
            }
        }
    }

    fn called(&mut self, op: OpId, mut raw: Value, mut dropped_blocks: usize) {
        if !raw.is_object() {
            let error = OpError::Invalid { what: "it is not an object".into() };
            return self.fail(op, error, Sent::Unknown);
        }
        if let Some(Value::Array(blocks)) = raw.get_mut("content") {
            dropped_blocks += blocks.len().saturating_sub(self.config.limits.blocks);
            blocks.truncate(self.config.limits.blocks);
        }
        self.ops.remove(&op);
        self.tell(Event::Called { op, result: CallResult { raw, dropped_blocks } });
    }

    /// The server wants input before it goes on (2026-07-28, MRTR). Its state is passed on unread.
    fn another_round(&mut self, op: OpId, answered: Answered) -> Result<(), (OpError, Sent)> {
        let limits = self.config.limits;
        let invalid = |what: &str| (OpError::Invalid { what: what.into() }, Sent::Yes);
        let Some(Kind::Call(calling)) = self.ops.get_mut(&op).map(|op| &mut op.kind) else { return Ok(()) };
        calling.rounds += 1;
        if calling.rounds > limits.rounds {
            return Err((OpError::TooMuch { what: "rounds", limit: limits.rounds as usize }, Sent::Yes));
        }
        if let Some(state) = &answered.state {
            if !state.get().starts_with('"') {
                return Err(invalid("its `requestState` is not text"));
            }
            if state.get().len() > limits.request_state {
                let limit = limits.request_state;
                return Err((OpError::TooMuch { what: "request state bytes", limit }, Sent::Yes));
            }
        }
        let asked = match answered.result.get("inputRequests") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(asked)) => asked.clone(),
            Some(_) => return Err(invalid("its `inputRequests` are not an object")),
        };
        if asked.is_empty() && answered.state.is_none() {
            return Err(invalid("it asks for input but names none"));
        }
        calling.repeated = if !asked.is_empty() && asked == calling.asked { calling.repeated + 1 } else { 0 };
        calling.asked.clone_from(&asked);
        calling.state = answered.state;
        calling.responses = Map::new();
        let repeated = calling.repeated;
        calling.asking = !asked.is_empty();
        if asked.is_empty() {
            self.tell(Event::SentAgain { op, why: Again::Input });
            self.resend(op);
            return Ok(());
        }
        self.ask_round(op, &asked, repeated).map_err(|error| (error, Sent::Yes))
    }

    /// A list or a call failed.
    pub(super) fn failed(&mut self, op: OpId, failure: Failure) {
        if matches!(failure.error, OpError::Rpc { code: y2026::HEADER_MISMATCH, .. })
            && matches!(self.wire, Some(Wire::Y2026(_)))
            && let Some(Kind::Call(calling)) = self.ops.get_mut(&op).map(|op| &mut op.kind)
            && !calling.relisted
        {
            calling.relisted = true;
            let list = OpId(self.next());
            let kind = Kind::List(Listing { for_call: Some(op), ..Listing::default() });
            self.ops.insert(list, Op { kind, flight: None, renewed: false, progress: Progress::default() });
            return self.send_list(list);
        }
        self.fail(op, failure.error, failure.sent);
    }
}
