//! Calling tools, and every other request of the host that is answered by one result.
//!
//! A request may take several rounds (2026-07-28, patterns/mrtr), and the call of a tool may become a task; see `tasks`.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::era::{TASKS, Wire, y2026};
use crate::error::{OpError, Sent};
use crate::headers;
use crate::jsonrpc::{Answered, quoted};
use crate::request::{self, List, Request};
use crate::revision::Revision;
use crate::session::lists::{Known, Listing};
use crate::session::stream::Wish;
use crate::session::tasks::Task;
use crate::session::{Failure, Kind, Op, Session};
use crate::table::Table;
use crate::types::{Again, CallResult, CallTool, Connected, Event, OpId};

/// What is to be done.
pub(super) enum Job {
    /// Call a tool.
    Tool(CallTool),
    /// Send a request.
    Plain(Request),
    /// Go on with a task of an earlier session.
    Resume,
}

/// A request under way, over all its rounds.
pub(super) struct Calling {
    job: Job,
    rounds: u32,
    /// What the server asked in the last round, by key.
    asked: Map<String, Value>,
    repeated: u32,
    pub(super) responses: Map<String, Value>,
    state: Option<Box<RawValue>>,
    relisted: bool,
    /// Its answer may be kept.
    pub(super) keep: bool,
    /// The host did not ask for it and is not told.
    pub(super) quiet: bool,
    /// What to take back if it fails.
    pub(super) wish: Option<Wish>,
    /// What the call became.
    pub(super) task: Option<Task>,
}

impl Calling {
    pub(super) fn new(job: Job) -> Self {
        Self {
            job,
            rounds: 0,
            asked: Map::new(),
            repeated: 0,
            responses: Map::new(),
            state: None,
            relisted: false,
            keep: true,
            quiet: false,
            wish: None,
            task: None,
        }
    }

    /// How far it got before the request that is next.
    pub(super) fn sent(&self) -> Sent {
        match self.task {
            Some(_) => Sent::Unknown,
            None if self.rounds > 0 => Sent::Yes,
            None => Sent::No,
        }
    }

    /// Takes note of what the person is being asked.
    pub(super) fn ask(&mut self, asked: Map<String, Value>) {
        self.asked = asked;
        self.responses = Map::new();
    }

    /// Takes one answer; true when none is missing.
    pub(super) fn respond(&mut self, key: String, answer: Value) -> bool {
        self.responses.insert(key, answer);
        self.responses.len() == self.asked.len()
    }

    /// Whether it changes nothing on the server. Nobody knows that of the requests of an extension.
    pub(super) fn only_reads(&self) -> bool {
        const READS: [&str; 4] = ["prompts/get", "resources/read", "completion/complete", "ping"];
        matches!(&self.job, Job::Plain(request) if READS.contains(&request.method.as_str()))
    }

    /// Whether it only asks whether the server is there.
    pub(super) fn is_ping(&self) -> bool {
        matches!(&self.job, Job::Plain(request) if request.method == "ping")
    }

    /// Whether the server may answer with `input_required`.
    fn may_ask(&self) -> bool {
        match &self.job {
            Job::Tool(_) => true,
            Job::Plain(request) => request.may_ask(),
            Job::Resume => false,
        }
    }
}

impl Session {
    /// The call of an operation, if it is one.
    pub(super) fn calling(&mut self, op: OpId) -> Option<&mut Calling> {
        match &mut self.ops.get_mut(&op)?.kind {
            Kind::Call(calling) => Some(calling),
            _ => None,
        }
    }

    /// Sends a request that the host is not told about.
    pub(super) fn send_quietly(&mut self, request: Request) -> OpId {
        let op = OpId(self.next());
        let mut calling = Calling::new(Job::Plain(request));
        calling.quiet = true;
        self.ops.insert(op, Op::new(Kind::Call(Box::new(calling))));
        self.waiting.push_back(op);
        op
    }

    pub(super) fn send_call(&mut self, op: OpId) {
        let (now_modern, was_modern) = (self.is_modern(), self.was_modern(op));
        let Some(Kind::Call(calling)) = self.ops.get(&op).map(|op| &op.kind) else { return };
        // A round, a task and what a person approved belong to the revision they began in (X112).
        let began = calling.rounds > 0 || calling.task.is_some();
        if was_modern && !now_modern && (began || !calling.only_reads()) && !calling.quiet {
            let sent = calling.sent();
            return self.fail(op, OpError::Downgrade, sent);
        }
        if calling.task.is_some() {
            if matches!(calling.job, Job::Resume) && now_modern && !self.has_tasks() {
                let error = OpError::Unsupported { what: format!("`{TASKS}`") };
                return self.fail(op, error, Sent::Unknown);
            }
            return self.send_task(op);
        }
        match &calling.job {
            Job::Tool(call) => {
                let call = call.clone();
                self.send_tool(op, call);
            }
            Job::Plain(request) => {
                let request = request.clone();
                self.send_plain(op, &request);
            }
            Job::Resume => {}
        }
    }

    /// The members of the next round.
    fn round(&self, op: OpId) -> Vec<(&'static str, String)> {
        let mut members = Vec::new();
        if let Some(Kind::Call(calling)) = self.ops.get(&op).map(|op| &op.kind) {
            if !calling.responses.is_empty() {
                members.push(("inputResponses", Value::Object(calling.responses.clone()).to_string()));
            }
            members.extend(calling.state.as_ref().map(|state| ("requestState", state.get().to_owned())));
        }
        members
    }

    fn send_plain(&mut self, op: OpId, request: &Request) {
        // The oldest revision has completion without a capability for it.
        let oldest = |it: &Connected| it.revision() == Some(Revision::V2024_11_05);
        let unnamed = request.method == "completion/complete" && self.connected.as_ref().is_some_and(oldest);
        if let Some(capability) = request.capability().filter(|_| !unnamed)
            && self.lacks(capability)
        {
            return self.fail(op, OpError::Unsupported { what: format!("`{capability}`") }, Sent::No);
        }
        let name = request.name();
        let round = self.round(op);
        if round.is_empty()
            && request.method == "resources/read"
            && let Some(result) = name.as_deref().and_then(|uri| self.cache.resource(uri, self.now))
        {
            self.ops.remove(&op);
            return self.tell(Event::Answered { op, result });
        }
        let mut params = vec![("", request::inside(&request.params).to_owned())];
        params.extend(round);
        // 2026-07-28 has no `ping`; this is the request that every server answers there.
        let method = if request.method == "ping" && self.is_modern() { "server/discover" } else { &request.method };
        self.send(op, method, params, name.as_deref(), Vec::new(), request.progress);
    }

    fn send_tool(&mut self, op: OpId, call: CallTool) {
        let CallTool { name, arguments, progress } = call;
        let mut mirrored = Ok(Vec::new());
        let mut as_task = false;
        match (self.tools.get(&name), &self.wire) {
            (Some(Known::Excluded { reason }), Some(Wire::Y2026(_))) => {
                let reason = reason.clone();
                return self.fail(op, OpError::Excluded { name, reason }, Sent::No);
            }
            (Some(Known::Usable { mirrored: wanted, .. }), Some(Wire::Y2026(_))) if !wanted.is_empty() => {
                mirrored = serde_json::from_str(&arguments)
                    .map_err(|error| error.to_string())
                    .and_then(|arguments| headers::of_arguments(wanted, &arguments));
            }
            (Some(Known::Usable { task, .. }), Some(Wire::Y2025(_))) => as_task = *task && self.has_old_tasks(),
            _ => {}
        }
        let mirrored = match mirrored {
            Ok(mirrored) => mirrored,
            Err(what) => return self.fail(op, OpError::Arguments { what }, Sent::No),
        };
        let mut params = vec![("name", quoted(&name)), ("arguments", arguments)];
        params.extend(self.round(op));
        if as_task {
            params.push(("task", "{}".to_owned()));
        }
        self.send(op, "tools/call", params, Some(&name), mirrored, progress);
    }

    /// A call or a request was answered.
    pub(super) fn call_answered(&mut self, op: OpId, answered: Answered) {
        let modern = self.was_modern(op);
        // A server that does not say that it has tasks has none, whatever it answers (2026-07-28, basic/versioning,
        // "Extension Negotiation").
        let tasks = self.config.tasks && self.ops.get(&op).is_some_and(|op| op.tasks);
        let has_old_tasks = !modern && self.has_old_tasks();
        let Some(calling) = self.calling(op) else { return };
        if calling.task.is_some() {
            return self.task_answered(op, answered);
        }
        let is_tool = matches!(calling.job, Job::Tool(_));
        let may_ask = calling.may_ask();
        let kind = answered.result.get("resultType").filter(|_| modern);
        match kind.map(Value::as_str) {
            None if is_tool && has_old_tasks && answered.result.get("task").is_some_and(Value::is_object) => {
                let task = answered.result.get("task").cloned().unwrap_or_default();
                self.task_made(op, &task);
            }
            None | Some(Some("complete")) => self.called(op, answered),
            Some(Some("input_required")) if may_ask => {
                if let Err((error, sent)) = self.another_round(op, answered) {
                    self.fail(op, error, sent);
                }
            }
            Some(Some("task")) if is_tool && tasks => self.task_made(op, &answered.result),
            Some(kind) => {
                let kind: String = kind.unwrap_or("?").chars().take(40).collect();
                let error = OpError::Invalid { what: format!("its `resultType` is `{kind}`, which is not known here") };
                self.fail(op, error, Sent::Unknown);
            }
        }
    }

    /// The answer is final.
    pub(super) fn called(&mut self, op: OpId, answered: Answered) {
        let Answered { result: mut raw, bytes, mut dropped_blocks, .. } = answered;
        if !raw.is_object() {
            let error = OpError::Invalid { what: "it is not an object".into() };
            return self.fail(op, error, Sent::Unknown);
        }
        // What was read before the connection was made anew is not kept for the new one.
        let modern = self.was_modern(op) && self.is_modern();
        let Some(Kind::Call(calling)) = self.ops.remove(&op).map(|op| op.kind) else { return };
        match calling.job {
            _ if calling.quiet => {}
            Job::Plain(request) => {
                // What came of a round depends on more than the address (server/utilities/caching, "Cache Key").
                if modern && calling.keep && calling.rounds == 0 && request.method == "resources/read" {
                    let (now, limit) = (self.now, self.config.limits.list_bytes);
                    if let Some(uri) = request.name() {
                        self.cache.keep_resource(&uri, &raw, bytes, now, limit);
                    }
                }
                self.tell(Event::Answered { op, result: raw });
            }
            Job::Tool(_) | Job::Resume => {
                if let Some(Value::Array(blocks)) = raw.get_mut("content") {
                    dropped_blocks += blocks.len().saturating_sub(self.config.limits.blocks);
                    blocks.truncate(self.config.limits.blocks);
                }
                self.tell(Event::Called { op, result: CallResult { raw, dropped_blocks } });
            }
        }
    }

    /// The server wants input before it goes on (2026-07-28, MRTR). Its state is passed on unread.
    fn another_round(&mut self, op: OpId, answered: Answered) -> Result<(), (OpError, Sent)> {
        let limits = self.config.limits;
        let invalid = |what: &str| (OpError::Invalid { what: what.into() }, Sent::Yes);
        let Some(calling) = self.calling(op) else { return Ok(()) };
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
        calling.state = answered.state;
        calling.ask(asked.clone());
        let repeated = calling.repeated;
        if asked.is_empty() {
            self.tell(Event::SentAgain { op, why: Again::Input });
            self.resend(op);
            return Ok(());
        }
        self.ask_round(op, &asked, repeated).map_err(|error| (error, Sent::Yes))
    }

    /// The tools were listed because the server missed headers. What a person approved must be what runs, so a call goes
    /// out again only if the definition is not another one than before, or the host said that it does not matter.
    pub(super) fn relisted(&mut self, op: OpId, before: Table<String, Known>) {
        let take_changes = self.config.take_changes;
        let Some(Job::Tool(call)) = self.calling(op).map(|calling| &calling.job) else { return };
        let name = call.name.clone();
        let old = match before.get(&name) {
            Some(Known::Usable { definition, .. }) => Some(definition),
            _ => None,
        };
        match (old, self.tools.get(&name)) {
            (Some(old), Some(Known::Usable { definition, .. })) if old == definition => {
                let error = OpError::Rpc {
                    code: y2026::HEADER_MISMATCH,
                    message: "the headers do not match what the server expects, although its definition is unchanged"
                        .into(),
                    data: None,
                };
                self.fail(op, error, Sent::No);
            }
            (old, Some(Known::Usable { .. })) if old.is_none() || take_changes => {
                self.tell(Event::SentAgain { op, why: Again::Headers });
                self.send_call(op);
            }
            _ => self.fail(op, OpError::DefinitionChanged { name }, Sent::No),
        }
    }

    /// A list, a call or a request failed.
    pub(super) fn failed(&mut self, op: OpId, failure: Failure) {
        let modern = self.was_modern(op);
        let code = match &failure.error {
            OpError::Rpc { code, data, .. } => {
                if *code == URL_FIRST
                    && let Some(data) = data
                {
                    self.note_elicitations(data);
                }
                Some(*code)
            }
            _ => None,
        };
        if let Some(calling) = self.calling(op) {
            if calling.task.is_some() {
                return self.task_failed(op, failure);
            }
            let is_tool = matches!(calling.job, Job::Tool(_));
            // Headers are missed before a call is taken (400); where it was taken it may have been run (X114).
            let refused = !failure.status.is_some_and(|status| (200..300).contains(&status));
            if is_tool && modern && refused && code == Some(y2026::HEADER_MISMATCH) && !calling.relisted {
                if !self.is_modern() {
                    // The server stepped back meanwhile (X112).
                    return self.fail(op, OpError::Downgrade, Sent::No);
                }
                let Some(calling) = self.calling(op) else { return };
                calling.relisted = true;
                let list = OpId(self.next());
                self.ops.insert(list, Op::new(Kind::List(Box::new(Listing::new(List::Tools, Some(op))))));
                return self.send_list(list);
            }
            if is_tool && matches!(code, Some(-32601 | -32602)) {
                // What is kept of the list may be why (server/utilities/caching, "Freshness Calculation").
                self.cache.drop_list(List::Tools);
            }
        }
        self.fail(op, failure.error, failure.sent);
    }
}

/// `URLElicitationRequiredError` of 2025-11-25: addresses to open before the request is made again.
const URL_FIRST: i64 = -32042;
