//! One connection to one server.

use std::collections::VecDeque;

use crate::types::{Answer, AskId, CallTool, Config, Input, Millis, OpId, Output};

/// One connection to one server.
pub struct Session {
    #[allow(dead_code, reason = "signatures first; the machine follows")]
    config: Config,
    now: Millis,
    next: u64,
    out: VecDeque<Output>,
}

impl Session {
    /// A session that has not sent anything yet.
    pub fn new(config: Config, now: Millis) -> Self {
        Self {
            config,
            now,
            next: 0,
            out: VecDeque::new(),
        }
    }

    /// Connects now. Other operations connect by themselves; this one is for learning what the server is.
    /// Ends with [`crate::Event::Connected`] or [`crate::Event::Failed`].
    pub fn connect(&mut self, now: Millis) -> OpId {
        self.op(now)
    }

    /// Lists all tools, page by page. Ends with [`crate::Event::Tools`] or [`crate::Event::Failed`].
    pub fn list_tools(&mut self, now: Millis) -> OpId {
        self.op(now)
    }

    /// Calls a tool. Ends with [`crate::Event::Called`] or [`crate::Event::Failed`]; never sent twice unless the server
    /// surely has not run it, see [`crate::Event::SentAgain`].
    pub fn call_tool(&mut self, call: CallTool, now: Millis) -> OpId {
        let _ = call;
        self.op(now)
    }

    /// Gives up on an operation: fails it at once with [`crate::OpError::Cancelled`] and tells the server in the way
    /// its revision knows. A late answer is thrown away (X116).
    pub fn cancel(&mut self, op: OpId, now: Millis) {
        let _ = op;
        self.now = now;
    }

    /// Answers a question of the server. Answers to withdrawn questions are ignored.
    pub fn answer(&mut self, ask: AskId, answer: Answer, now: Millis) {
        let _ = (ask, answer);
        self.now = now;
    }

    /// Ends the session: fails what is open, tells the server where its revision has a way, and closes.
    pub fn close(&mut self, now: Millis) {
        self.now = now;
    }

    /// Takes in what the driver reports.
    pub fn handle(&mut self, input: Input, now: Millis) {
        let _ = input;
        self.now = now;
    }

    /// The next thing to do, until there is nothing left.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn op(&mut self, now: Millis) -> OpId {
        self.now = now;
        self.next += 1;
        OpId(self.next)
    }
}
