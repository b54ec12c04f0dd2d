//! Calls that became tasks: the tasks extension of 2026-07-28 (`io.modelcontextprotocol/tasks`), and the experimental
//! tasks of 2025-11-25.
//!
//! The operation of the call stays and asks for its task until it is done. A task outlives connections, so asking for it
//! survives broken ones. What differs in 2025-11-25: the call asks for a task itself, the result is fetched by
//! `tasks/result`, and while that is open the server asks its questions by requests of its own.

use serde_json::{Map, Value};

use crate::era::TASKS;
use crate::error::{OpError, Sent};
use crate::jsonrpc::{Answered, RpcError, quoted};
use crate::request::Request;
use crate::session::{Failure, Kind, Session};
use crate::table::Table;
use crate::types::{Era, Event, Millis, OpId, TaskStatus};

/// Waiting time between two requests for a task where the server names none.
const INTERVAL: Millis = 2_000;
/// The shortest, whatever the server names.
const SHORTEST: Millis = 100;
/// Requests for a task that may fail in a row.
const FAILURES: u32 = 5;
/// Longest name of a task: it goes into a header.
const LONGEST: usize = 2_000;

/// The request that is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// `tasks/get`.
    Get,
    /// `tasks/update`, with the answers of the person.
    Update,
    /// `tasks/result` of 2025-11-25.
    Result,
}

/// A task and how far it is.
pub(super) struct Task {
    id: String,
    step: Step,
    interval: Millis,
    /// When the next request goes out, if one is waited for.
    next_at: Option<Millis>,
    began: Millis,
    /// When it counts as lost, unless it is done by then.
    give_up_at: Millis,
    failures: u32,
    /// Keys of questions that the person saw: each is asked once in the life of a task.
    seen: Table<String, ()>,
    told: Option<TaskStatus>,
}

impl Task {
    pub(super) fn new(id: String, now: Millis, longest: Millis) -> Self {
        Self {
            id,
            step: Step::Get,
            interval: INTERVAL,
            next_at: None,
            began: now,
            give_up_at: now.saturating_add(longest),
            failures: 0,
            seen: Table::default(),
            told: None,
        }
    }

    pub(super) fn due(&self) -> Option<Millis> {
        self.next_at
    }

    /// The request that tells the server that nobody waits for it any more.
    pub(super) fn cancel(&self) -> Request {
        Request::new("tasks/cancel", format!(r#"{{"taskId":{}}}"#, quoted(&self.id)))
    }

    fn wait(&mut self, now: Millis, pause: Millis) {
        let at = now.saturating_add(pause);
        // One last look when the time is over.
        self.next_at = Some(if now < self.give_up_at { at.min(self.give_up_at) } else { at });
    }
}

/// Whether a text can name a task.
pub(super) fn is_task_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST
}

impl Session {
    /// Whether the server says that it has the tasks extension.
    pub(super) fn has_tasks(&self) -> bool {
        self.connected.as_ref().is_some_and(|connected| connected.extension(TASKS).is_some())
    }

    /// Whether this is a server of 2025-11-25 whose tools may run as tasks, and the host wants that.
    pub(super) fn has_old_tasks(&self) -> bool {
        self.config.tasks
            && self.connected.as_ref().is_some_and(|connected| {
                connected.era == Era::Y2025
                    && connected.protocol == "2025-11-25"
                    && connected.capabilities.pointer("/tasks/requests/tools/call").is_some_and(Value::is_object)
            })
    }

    /// Whether the server takes `tasks/cancel`.
    pub(super) fn can_cancel_tasks(&self) -> bool {
        self.is_modern()
            || self
                .connected
                .as_ref()
                .is_some_and(|connected| connected.capabilities.pointer("/tasks/cancel").is_some())
    }

    /// The answer to a call is a task.
    pub(super) fn task_made(&mut self, op: OpId, state: &Value) {
        let (now, longest) = (self.now, self.config.timeouts.task);
        let Some(id) = state.get("taskId").and_then(Value::as_str).filter(|id| is_task_id(id)) else {
            let error = OpError::Invalid { what: "the task has no usable `taskId`".into() };
            return self.fail(op, error, Sent::Unknown);
        };
        let task = Task::new(id.to_owned(), now, longest);
        let Some(calling) = self.calling(op) else { return };
        calling.task = Some(task);
        calling.ask(Map::new());
        self.task_state(op, state, true);
        if self.calling(op).is_some() {
            self.listen_for_tasks();
        }
    }

    /// The names of the tasks that are waited for.
    pub(super) fn tasks_under_way(&self) -> Vec<String> {
        let name = |op: &crate::session::Op| match &op.kind {
            Kind::Call(calling) => calling.task.as_ref().map(|task| task.id.clone()),
            _ => None,
        };
        self.ops.values().filter_map(name).collect()
    }

    /// The server of 2026-07-28 tells the whole state of a task, as it would have been asked for.
    pub(super) fn task_told(&mut self, params: &Value) {
        let Some(id) = params.get("taskId").and_then(Value::as_str) else { return };
        // While a request for the task is open or the person is asked, what comes of that counts.
        let waits = |op: &crate::session::Op| match &op.kind {
            Kind::Call(calling) => calling
                .task
                .as_ref()
                .is_some_and(|task| task.id == id && task.step == Step::Get && task.next_at.is_some()),
            _ => false,
        };
        let found = self.ops.iter().find(|(_, op)| op.flight.is_none() && waits(op)).map(|(op, _)| *op);
        if let Some(op) = found {
            self.task_state(op, params, false);
        }
    }

    /// Sends what is next for a task.
    pub(super) fn send_task(&mut self, op: OpId) {
        let Some(calling) = self.calling(op) else { return };
        let Some(task) = &mut calling.task else { return };
        task.next_at = None;
        let id = task.id.clone();
        let mut params = vec![("taskId", quoted(&id))];
        let method = match task.step {
            Step::Get => "tasks/get",
            Step::Result => "tasks/result",
            Step::Update => {
                params.push(("inputResponses", Value::Object(calling.responses.clone()).to_string()));
                "tasks/update"
            }
        };
        self.send(op, method, params, Some(&id), Vec::new(), false);
    }

    /// A request for a task was answered.
    pub(super) fn task_answered(&mut self, op: OpId, answered: Answered) {
        let now = self.now;
        let Some(calling) = self.calling(op) else { return };
        let Some(task) = &mut calling.task else { return };
        match task.step {
            Step::Get => self.task_state(op, &answered.result, false),
            Step::Result => self.called(op, answered),
            Step::Update => {
                task.failures = 0;
                task.step = Step::Get;
                task.wait(now, task.interval);
                calling.ask(Map::new());
            }
        }
    }

    /// The server says how the task is doing.
    fn task_state(&mut self, op: OpId, state: &Value, made: bool) {
        let (now, modern, longest) = (self.now, self.was_modern(op), self.config.timeouts.task);
        let text = |key: &str| state.get(key).and_then(Value::as_str);
        let millis = |key: &str| state.get(key).and_then(Value::as_f64).map(|millis| millis.max(0.0) as Millis);
        let (ttl, interval) = if modern { ("ttlMs", "pollIntervalMs") } else { ("ttl", "pollInterval") };
        let Some(task) = self.calling(op).and_then(|calling| calling.task.as_mut()) else { return };
        if let Some(interval) = millis(interval) {
            task.interval = interval.max(SHORTEST);
        }
        if let Some(ttl) = millis(ttl) {
            task.give_up_at = task.began.saturating_add(ttl.min(longest));
        }
        let status = TaskStatus {
            task: task.id.clone(),
            status: text("status").unwrap_or_default().to_owned(),
            message: text("statusMessage").map(str::to_owned),
        };
        let message = status.message.clone();
        let seconds = now.saturating_sub(task.began).div_ceil(1_000);
        let changed = task.told.as_ref() != Some(&status);
        let kind = status.status.clone();
        let known = matches!(kind.as_str(), "working" | "input_required" | "completed" | "failed" | "cancelled");
        if changed && known {
            task.told = Some(status.clone());
        }
        // A task that was just made has nothing but its state; what it holds is asked for at once.
        let pause = if made && kind != "working" { 0 } else { task.interval };
        let late = now >= task.give_up_at && matches!(kind.as_str(), "working" | "input_required");
        let wait = made || kind == "working" || (kind == "input_required" && modern);
        if wait {
            // Where `tasks/result` is owed, a good state between two failures of it is no progress.
            task.failures = 0;
            task.wait(now, pause);
        } else if !modern {
            task.step = Step::Result;
        }
        if changed && known {
            self.tell(Event::Task { op, status });
        }
        if !known {
            let error = OpError::Invalid { what: "the task is in an unknown state".into() };
            return self.fail(op, error, Sent::Unknown);
        }
        if late {
            return self.abandon(op, OpError::Timeout { seconds }, "timed out");
        }
        if made {
            return;
        }
        match kind.as_str() {
            "cancelled" => self.fail(op, OpError::Stopped { message }, Sent::Yes),
            "input_required" if modern => self.task_asks(op, state),
            "working" => {}
            _ if !modern => self.send_task(op),
            "completed" => self.task_done(op, state),
            _ => {
                let error = RpcError::of(state.get("error").unwrap_or(&Value::Null));
                self.fail(op, crate::session::exchange::rpc_error(error), Sent::Yes);
            }
        }
    }

    fn task_done(&mut self, op: OpId, state: &Value) {
        let Some(result) = state.get("result").cloned() else {
            let error = OpError::Invalid { what: "the task is completed but has no `result`".into() };
            return self.fail(op, error, Sent::Unknown);
        };
        self.called(op, Answered { result, state: None, bytes: 0, dropped_blocks: 0 });
    }

    /// The task waits for input (2026-07-28). What was asked before is not asked again; until the person has answered,
    /// the task is left alone.
    fn task_asks(&mut self, op: OpId, state: &Value) {
        let Some(calling) = self.calling(op) else { return };
        let Some(task) = &mut calling.task else { return };
        let asked = state.get("inputRequests").and_then(Value::as_object);
        let mut new = Map::new();
        for (key, request) in asked.into_iter().flatten() {
            if task.seen.insert(key.clone(), ()) {
                new.insert(key.clone(), request.clone());
            }
        }
        if new.is_empty() {
            return;
        }
        task.next_at = None;
        let asked_in_all = task.seen.len();
        calling.ask(new.clone());
        let limit = self.config.limits.asks * self.config.limits.rounds as usize;
        let error = match asked_in_all > limit {
            true => Err(OpError::TooMuch { what: "questions", limit }),
            false => self.ask_round(op, &new, 0),
        };
        if let Err(error) = error {
            self.abandon(op, error, "the question cannot be put");
        }
    }

    /// The person answered everything the task asked. True if the operation is a task.
    pub(super) fn task_responded(&mut self, op: OpId) -> bool {
        let Some(task) = self.calling(op).and_then(|calling| calling.task.as_mut()) else { return false };
        task.step = Step::Update;
        self.resend(op);
        true
    }

    /// A request for a task failed. Reading is repeated, and so are answers: a server takes each of them once.
    pub(super) fn task_failed(&mut self, op: OpId, failure: Failure) {
        let now = self.now;
        let Some(task) = self.calling(op).and_then(|calling| calling.task.as_mut()) else { return };
        let passing = match &failure.error {
            OpError::Network { .. } | OpError::NoAnswer | OpError::Timeout { .. } => true,
            OpError::Http { status, .. } => *status >= 500 || matches!(status, 408 | 429),
            _ => false,
        };
        if passing && task.failures < FAILURES && now < task.give_up_at {
            task.failures += 1;
            if task.step == Step::Result {
                task.step = Step::Get;
            }
            let pause = task.interval.max(INTERVAL) << task.failures.min(4);
            return task.wait(now, pause);
        }
        // `tasks/result` gives exactly what the call would have given, errors too.
        let sent = match failure.error {
            OpError::Rpc { .. } if task.step == Step::Result => Sent::Yes,
            _ => Sent::Unknown,
        };
        self.fail(op, failure.error, sent);
    }

    /// The server of 2025-11-25 says that a task is in another state: asked for soon.
    pub(super) fn task_changed(&mut self, params: &Value) {
        let now = self.now;
        let Some(id) = params.get("taskId").and_then(Value::as_str) else { return };
        for op in self.ops.values_mut() {
            if let Kind::Call(calling) = &mut op.kind
                && let Some(task) = &mut calling.task
                && task.id == id
                && task.next_at.is_some()
                && task.failures == 0
            {
                // Not at once: notifications must not drive requests without a pause.
                task.next_at = task.next_at.map(|at| at.min(now + SHORTEST));
            }
        }
    }

    /// Puts the tasks in line that it is time to ask for.
    pub(super) fn tasks_due(&mut self) {
        let now = self.now;
        for (op, entry) in self.ops.iter_mut() {
            if let Kind::Call(calling) = &mut entry.kind
                && let Some(task) = &mut calling.task
                && task.next_at.is_some_and(|at| at <= now)
            {
                task.next_at = None;
                self.waiting.push_back(*op);
            }
        }
    }
}
