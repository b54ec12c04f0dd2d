//! What a server says without being asked: questions to the person, progress, logs, changes.

use serde_json::{Map, Value, json};

use crate::error::{OpError, Sent};
use crate::jsonrpc;
use crate::session::exchange::{Exchange, Notice, Purpose};
use crate::session::{Failure, Kind, Phase, Session, add};
use crate::types::{Again, Answer, Ask, AskId, Era, Event, Listed, Millis, OpId, ServerRequest};

/// Shortest time between two reports of progress of one operation.
const PROGRESS: Millis = 100;
/// How long changes of lists are collected.
const CHANGES: Millis = 250;
const LOGS_A_SECOND: u32 = 20;
/// Requests of the server that are answered without the person, in a second and at a time. A request costs a server a
/// line of its stream and us a POST (X115).
const REPLIES_A_SECOND: u32 = 20;
const REPLIES: usize = 8;
/// Requests of the server that are put to the person, in a minute: each is a row of the record too, which stays.
const QUESTIONS_A_MINUTE: u32 = 30;
const MINUTE: Millis = 60_000;
/// Addresses to open that are remembered until they are dealt with.
const ELICITATIONS: usize = 64;
/// Characters kept of the reason of a cancellation.
const LONGEST_REASON: usize = 500;
/// Longest address of a resource, or id of an address to open, that is remembered.
const LONGEST_URI: usize = 8_000;
/// The member of `_meta` that names the task a message of 2025-11-25 belongs to.
const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";
const IGNORED: u32 = 100;

/// A question that waits for the person.
pub(super) struct Open {
    origin: Origin,
    op: Option<OpId>,
    /// It is an address to open, whose answer has no content (2026-07-28, client/elicitation, "Response Actions").
    is_url: bool,
}

enum Origin {
    /// A request of the server, with its id as received, and the task that it belongs to, which the answer names too
    /// (2025-11-25, basic/utilities/tasks, "Related Task Metadata"); legacy revisions.
    Request(Value, Option<Value>),
    /// An entry of an `input_required` result.
    Round(String),
}

/// What was last told about the progress of an operation.
#[derive(Default)]
pub(super) struct Progress {
    highest: Option<f64>,
    told_at: Option<Millis>,
    pending: Option<(f64, Option<f64>, Option<String>)>,
}

impl Progress {
    pub(super) fn due(&self) -> Option<Millis> {
        self.pending.as_ref().map(|_| self.told_at.map_or(0, |at| at + PROGRESS))
    }
}

/// How much a server chatters.
#[derive(Default)]
pub(super) struct Noise {
    second: Millis,
    logs: u32,
    replies: u32,
    dropped: u32,
    ignored: u32,
    /// Questions since then.
    asked: u32,
    asked_since: Millis,
}

impl Noise {
    /// Counts a question, and says whether it is one too many of its minute.
    fn asks_too_much(&mut self, now: Millis) -> bool {
        if now >= self.asked_since + MINUTE {
            (self.asked_since, self.asked) = (now, 0);
        }
        self.asked = self.asked.saturating_add(1);
        self.asked > QUESTIONS_A_MINUTE
    }

    /// The counts of the second that `now` is in.
    fn at(&mut self, now: Millis) -> &mut Self {
        if now >= self.second + 1_000 {
            (self.second, self.logs, self.replies) = (now, 0, 0);
        }
        self
    }
}

impl Session {
    /// A request of the server, on a stream of a legacy revision.
    pub(super) fn server_request(&mut self, op: Option<OpId>, id: Value, method: &str, params: &Value) {
        let legacy = self.wire.as_ref().is_none_or(|wire| wire.era() != Era::Y2026);
        if !legacy {
            return self.ignored("a request, which this revision does not allow servers");
        }
        let reply = match method {
            "ping" => Ok(jsonrpc::response(&id, &json!({}))),
            "elicitation/create" => {
                if self.asks.values().any(|open| matches!(&open.origin, Origin::Request(known, _) if *known == id)) {
                    return self.ignored("a question that is open already");
                }
                match self.question(params) {
                    Ok(_) if self.asks.len() >= self.config.limits.asks => {
                        Err((-32603, "too many questions are open".to_owned()))
                    }
                    Ok(_) if self.noise.asks_too_much(self.now) => Err((-32603, "too many questions".to_owned())),
                    Ok((message, kind)) => {
                        let task = params.get("_meta").and_then(|meta| meta.get(RELATED_TASK)).cloned();
                        self.ask(Origin::Request(id, task), op, message, kind, 0);
                        return;
                    }
                    Err(what) => Err((-32602, what)),
                }
            }
            _ => Err((-32601, format!("`{method}` is not offered by this client"))),
        };
        let other = |exchange: &&Exchange| exchange.purpose == Purpose::Notice(Notice::Other);
        let flying = self.exchanges.values().filter(other).count();
        let noise = self.noise.at(self.now);
        if flying >= REPLIES || noise.replies >= REPLIES_A_SECOND {
            return self.ignored("a request, because there are too many");
        }
        noise.replies += 1;
        let body = reply.unwrap_or_else(|(code, message)| jsonrpc::error(&id, code, &message));
        self.post_notice(Notice::Other, body);
    }

    /// Reads the parameters of `elicitation/create`.
    fn question(&self, params: &Value) -> Result<(String, Ask), String> {
        let text = |key: &str| params.get(key).and_then(Value::as_str);
        let message = text("message").ok_or("an elicitation needs a `message`")?.to_owned();
        match params.get("mode").map_or(Some("form"), Value::as_str) {
            Some("form") if self.config.elicitation.form => {
                let schema = params.get("requestedSchema").filter(|schema| schema.is_object());
                let schema = schema.ok_or("an elicitation by form needs a `requestedSchema`")?.clone();
                Ok((message, Ask::Form { schema }))
            }
            Some("url") if self.config.elicitation.url => {
                let url = text("url").ok_or("an elicitation by address needs a `url`")?.to_owned();
                if !crate::error::is_web(&url) {
                    return Err("an elicitation may only name an https address".into());
                }
                Ok((message, Ask::Url { url, elicitation: text("elicitationId").map(str::to_owned) }))
            }
            mode => Err(format!("elicitation mode `{}` is not offered by this client", mode.unwrap_or("?"))),
        }
    }

    fn ask(&mut self, origin: Origin, op: Option<OpId>, message: String, kind: Ask, repeated: u32) {
        let id = AskId(self.next());
        if let Ask::Url { elicitation: Some(elicitation), .. } = &kind {
            self.note_elicitation(elicitation);
        }
        self.asks.insert(id, Open { origin, op, is_url: matches!(kind, Ask::Url { .. }) });
        self.asking_since = self.asking_since.or(Some(self.now));
        self.tell(Event::Asked(ServerRequest { id, op, message, kind, repeated }));
    }

    /// Puts every question of an `input_required` result to the person.
    pub(super) fn ask_round(&mut self, op: OpId, requests: &Map<String, Value>, repeated: u32) -> Result<(), OpError> {
        if self.asks.len() + requests.len() > self.config.limits.asks {
            return Err(OpError::TooMuch { what: "questions", limit: self.config.limits.asks });
        }
        let mut questions = Vec::new();
        for (key, request) in requests {
            let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
            if method != "elicitation/create" {
                return Err(OpError::NotOffered { method: method.to_owned() });
            }
            let question = self.question(request.get("params").unwrap_or(&Value::Null));
            questions.push((key.clone(), question.map_err(|what| OpError::Invalid { what })?));
        }
        for (key, (message, kind)) in questions {
            self.ask(Origin::Round(key), Some(op), message, kind, repeated);
        }
        Ok(())
    }

    /// Answers a question, unless it is not open any more.
    pub(super) fn answered(&mut self, id: AskId, answer: Answer) -> bool {
        let Some(open) = self.asks.remove(&id) else { return false };
        self.stop_asking();
        let mut result = match answer {
            Answer::Accept(Some(content)) if !open.is_url => json!({ "action": "accept", "content": content }),
            Answer::Accept(_) => json!({ "action": "accept" }),
            Answer::Decline => json!({ "action": "decline" }),
            Answer::Cancel => json!({ "action": "cancel" }),
        };
        match (open.origin, open.op) {
            (Origin::Request(rpc, task), _) => {
                if let (Some(task), Some(result)) = (task, result.as_object_mut()) {
                    result.insert("_meta".into(), json!({ RELATED_TASK: task }));
                }
                self.post_notice(Notice::Other, jsonrpc::response(&rpc, &result));
            }
            (Origin::Round(key), Some(op)) => {
                if self.calling(op).is_some_and(|call| call.respond(key, result)) && !self.task_responded(op) {
                    self.tell(Event::SentAgain { op, why: Again::Input });
                    self.resend(op);
                }
            }
            (Origin::Round(_), None) => {}
        }
        true
    }

    /// Puts an operation at the front of the line.
    pub(super) fn resend(&mut self, op: OpId) {
        self.waiting.push_front(op);
    }

    /// The request that a question belongs to is over.
    pub(super) fn withdraw_asks_of(&mut self, op: OpId) {
        self.withdraw(None, |open| open.op == Some(op));
    }

    /// The connection that the server asked on is gone.
    pub(super) fn withdraw_asks_of_server(&mut self) {
        self.withdraw(None, |open| matches!(open.origin, Origin::Request(..)));
    }

    fn withdraw(&mut self, reason: Option<String>, void: impl Fn(&Open) -> bool) {
        let ids: Vec<AskId> = self.asks.iter().filter(|(_, open)| void(open)).map(|(id, _)| *id).collect();
        for id in ids {
            self.asks.remove(&id);
            self.tell(Event::AskWithdrawn { id, reason: reason.clone() });
        }
        self.stop_asking();
    }

    /// Gives requests in flight back the time that the person took.
    fn stop_asking(&mut self) {
        if !self.asks.is_empty() {
            return;
        }
        if let Some(since) = self.asking_since.take() {
            self.forgive(since);
        }
    }

    /// Does not count the time since then: it was the person's.
    pub(super) fn forgive(&mut self, since: Millis) {
        let now = self.now;
        for flight in self.ops.values_mut().filter_map(|op| op.flight.as_mut()) {
            flight.started += now - since.clamp(flight.started, now);
            flight.active = now;
        }
    }

    /// A notification.
    pub(super) fn notified(&mut self, own: Option<OpId>, method: &str, params: &Value) {
        match method {
            "notifications/progress" => self.progressed(own, params),
            "notifications/message" => self.logged(params),
            "notifications/tools/list_changed" => self.list_changed(Listed::Tools),
            "notifications/prompts/list_changed" => self.list_changed(Listed::Prompts),
            "notifications/resources/list_changed" => self.list_changed(Listed::Resources),
            "notifications/elicitation/complete" => {
                // Unknown and finished ones must be ignored (2025-11-25, client/elicitation).
                let elicitation = params.get("elicitationId").and_then(Value::as_str).unwrap_or_default();
                let before = self.elicitations.len();
                self.elicitations.retain(|known| known != elicitation);
                if self.elicitations.len() < before {
                    self.tell(Event::ElicitationComplete { elicitation: elicitation.to_owned() });
                } else {
                    self.ignored("the end of something that was not asked to be opened");
                }
            }
            "notifications/cancelled" => {
                let request = params.get("requestId").cloned().unwrap_or(Value::Null);
                // 2026-07-28: servers end subscriptions in this way, and nothing else (patterns/cancellation).
                if let Some(op) = own.filter(|op| self.is_listen(*op, &request)) {
                    let error = OpError::NoAnswer;
                    return self.land(op, Err(Failure::new(error, Sent::Yes)));
                }
                let reason = params.get("reason").and_then(Value::as_str);
                let reason = reason.map(|reason| reason.chars().take(LONGEST_REASON).collect());
                self.withdraw(reason, |open| matches!(&open.origin, Origin::Request(id, _) if *id == request));
            }
            "notifications/subscriptions/acknowledged" => {
                if let Some(op) = own {
                    self.acknowledged(op, params);
                }
            }
            "notifications/resources/updated" => self.resource_changed(params),
            "notifications/tasks/status" => self.task_changed(params),
            "notifications/tasks" if own.is_some_and(|own| self.was_modern(own)) => self.task_told(params),
            _ => self.ignored("a notification of an unknown kind"),
        }
    }

    fn progressed(&mut self, own: Option<OpId>, params: &Value) {
        let token = params.get("progressToken").and_then(Value::as_u64).map(OpId);
        let known = token.filter(|token| own.is_none_or(|own| own == *token));
        let Some(entry) = known.and_then(|op| self.ops.get_mut(&op)) else {
            return self.ignored("progress of something that was not asked here");
        };
        let Some(progress) = params.get("progress").and_then(Value::as_f64) else {
            return self.ignored("progress without a number");
        };
        // A task of 2025-11-25 goes on with the token of its call.
        let is_task = matches!(&entry.kind, Kind::Call(call) if call.task.is_some());
        if (entry.flight.is_none() && !is_task) || entry.progress.highest.is_some_and(|highest| progress <= highest) {
            return;
        }
        entry.progress.highest = Some(progress);
        let total = params.get("total").and_then(Value::as_f64);
        let message = params.get("message").and_then(Value::as_str).map(str::to_owned);
        entry.progress.pending = Some((progress, total, message));
        self.tell_progress();
    }

    /// Tells the latest progress of each operation, not more often than useful (X115).
    pub(super) fn tell_progress(&mut self) {
        let now = self.now;
        let mut events = Vec::new();
        for (op, entry) in self.ops.iter_mut() {
            if entry.progress.due().is_some_and(|at| at <= now)
                && let Some((progress, total, message)) = entry.progress.pending.take()
            {
                entry.progress.told_at = Some(now);
                events.push(Event::Progress { op: *op, progress, total, message });
            }
        }
        events.into_iter().for_each(|event| self.tell(event));
    }

    fn logged(&mut self, params: &Value) {
        let noise = self.noise.at(self.now);
        noise.logs += 1;
        if noise.logs > LOGS_A_SECOND {
            noise.dropped = noise.dropped.saturating_add(1);
            return;
        }
        let dropped = std::mem::take(&mut noise.dropped);
        let text = |key: &str| params.get(key).and_then(Value::as_str).map(str::to_owned);
        self.tell(Event::Log {
            level: text("level").unwrap_or_default(),
            logger: text("logger"),
            data: params.get("data").cloned().unwrap_or(Value::Null),
            dropped,
        });
    }

    fn is_listen(&self, op: OpId, rpc: &Value) -> bool {
        self.ops.get(&op).is_some_and(|op| {
            matches!(op.kind, Kind::Listen(_)) && op.flight.as_ref().is_some_and(|flight| *rpc == flight.rpc)
        })
    }

    fn note_elicitation(&mut self, id: &str) {
        if self.elicitations.len() < ELICITATIONS && id.len() <= LONGEST_URI {
            add(&mut self.elicitations, id);
        }
    }

    /// The data of an error that names addresses to open first (2025-11-25, `URLElicitationRequiredError`).
    pub(super) fn note_elicitations(&mut self, data: &Value) {
        for elicitation in crate::session::list(data, "elicitations") {
            if let Some(id) = elicitation.get("elicitationId").and_then(Value::as_str) {
                self.note_elicitation(id);
            }
        }
    }

    /// A resource changed. It may be one below a watched one, so its address is not compared (2025-11-25,
    /// server/resources, `notifications/resources/updated`).
    fn resource_changed(&mut self, params: &Value) {
        let Some(uri) = params.get("uri").and_then(Value::as_str).filter(|uri| uri.len() <= LONGEST_URI) else {
            return self.ignored("a change of a resource without an address");
        };
        self.void_resource(uri);
        if self.watched.is_empty() {
            return self.ignored("a change of a resource that is not watched");
        }
        if self.changed_resources.len() < self.config.limits.watched {
            add(&mut self.changed_resources, uri);
            self.changed_at = self.changed_at.or(Some(self.now + CHANGES));
        }
    }

    /// A list is another one now, or may be.
    pub(super) fn list_changed(&mut self, list: Listed) {
        self.void_list(list);
        if !self.changed.contains(&list) {
            self.changed.push(list);
        }
        self.changed_at = self.changed_at.or(Some(self.now + CHANGES));
    }

    /// Tells collected changes of lists, each list once (X40).
    pub(super) fn tell_changes(&mut self) {
        if self.changed_at.is_some_and(|at| at <= self.now) {
            self.changed_at = None;
            for list in std::mem::take(&mut self.changed) {
                self.tell(Event::ListChanged(list));
            }
            for uri in std::mem::take(&mut self.changed_resources) {
                self.tell(Event::ResourceUpdated { uri });
            }
        }
    }

    pub(super) fn ignored(&mut self, what: &str) {
        self.noise.ignored = self.noise.ignored.saturating_add(1);
        if self.noise.ignored <= IGNORED && self.phase != Phase::Closed {
            self.tell(Event::Ignored { what: what.to_owned() });
        }
    }
}
