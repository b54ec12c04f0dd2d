//! An answer while it is read: what all wires write into.

use super::{Answered, Delta, Finish, Part, Usage, WireCall};
use serde_json::Value;

/// The most calls that are taken from one answer.
pub(crate) const MAX_CALLS: usize = 64;

/// An answer so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) answer: Answered,
    /// What has come and was not handed out.
    pub(crate) out: Vec<Delta>,
    /// The provider said that the answer is over.
    pub(crate) ended: bool,
    /// What went wrong. Nothing more is read then.
    pub(crate) trouble: Option<Trouble>,
}

/// What can go wrong in an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The provider reported an error, in these words.
    Midway(String),
    /// It is no answer of this wire.
    NotUnderstood(String),
}

impl Draft {
    /// More text.
    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.answer.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.answer.parts.push(Part::Text(text.to_owned())),
        }
        match self.out.last_mut() {
            Some(Delta::Text(last)) => last.push_str(text),
            _ => self.out.push(Delta::Text(text.to_owned())),
        }
    }

    /// More of what the model says it is thinking.
    pub(crate) fn thinking(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.out.last_mut() {
            Some(Delta::Thinking(last)) => last.push_str(text),
            _ => self.out.push(Delta::Thinking(text.to_owned())),
        }
    }

    /// Something that has to go back as it is.
    pub(crate) fn thought(&mut self, thought: Value) {
        self.answer.parts.push(Part::Thought(thought));
    }

    /// Begins a call; gives its place for [`Draft::call_at`]. None when there are too many.
    pub(crate) fn begin_call(&mut self) -> Option<usize> {
        if self.answer.calls().count() >= MAX_CALLS {
            self.not_understood(format!("it asks for more than {MAX_CALLS} calls at once"));
            return None;
        }
        self.answer.parts.push(Part::Call(WireCall::new("", "", "")));
        Some(self.answer.parts.len() - 1)
    }

    /// A whole call.
    pub(crate) fn call(&mut self, call: WireCall) {
        if let Some(begun) = self.begin_call().and_then(|at| self.call_at(at)) {
            *begun = call;
        }
    }

    /// A call that was begun.
    pub(crate) fn call_at(&mut self, at: usize) -> Option<&mut WireCall> {
        match self.answer.parts.get_mut(at) {
            Some(Part::Call(call)) => Some(call),
            _ => None,
        }
    }

    pub(crate) fn finish(&mut self, finish: Finish) {
        self.answer.finish = Some(finish);
    }

    /// A reason for the end that is not known here.
    pub(crate) fn finish_other(&mut self, reason: &str) {
        self.finish(Finish::Other(crate::conversation::one_line(reason, 60)));
    }

    /// What it took. Some wires count on as they go: the last count of each kind stands.
    pub(crate) fn usage(&mut self, usage: Usage) {
        let known = self.answer.usage.unwrap_or_default();
        let last = |new: u64, old: u64| if new == 0 { old } else { new };
        self.answer.usage = Some(Usage {
            input: last(usage.input, known.input),
            output: last(usage.output, known.output),
            cached: last(usage.cached, known.cached),
        });
    }

    pub(crate) fn not_understood(&mut self, detail: impl Into<String>) {
        self.trouble.get_or_insert(Trouble::NotUnderstood(detail.into()));
    }

    /// The provider reported an error.
    pub(crate) fn failed(&mut self, said: String) {
        self.trouble.get_or_insert(Trouble::Midway(said));
    }
}

/// A number of tokens in an object.
pub(crate) fn count(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

/// A text in an object; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
