//! Deadlines: what is late, what is due, and when to wake up next.

use crate::error::{OpError, Sent};
use crate::session::tasks::Task;
use crate::session::{Failure, Kind, Op, Phase, Session};
use crate::types::{Millis, OpId};

impl Session {
    /// When a request is given up, if the person is not the one who is being waited for.
    fn deadline(&self, op: &Op) -> Option<(Millis, Millis)> {
        let flight = op.flight.as_ref()?;
        let asking = self.asking_since.is_some() && !matches!(op.kind, Kind::Handshake(_));
        if asking || self.signing_since.is_some() {
            return None;
        }
        let idle = flight.idle.map(|idle| (flight.active + idle, idle));
        let total = flight.total.map(|total| (flight.started + total, total));
        idle.into_iter().chain(total).min()
    }

    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let ops = self.ops.values().flat_map(|op| {
            let resume = op.flight.as_ref().and_then(|flight| flight.resume_at);
            let task = match &op.kind {
                Kind::Call(call) => call.task.as_ref().and_then(Task::due),
                _ => None,
            };
            [self.deadline(op).map(|(at, _)| at), resume, op.progress.due(), task]
        });
        let signing = self.signing_since.is_some();
        let cuts = self.exchanges.values().map(|exchange| exchange.cut_at(signing));
        let held = match self.phase {
            Phase::Held { until } => Some(until),
            _ => None,
        };
        ops.chain(cuts).chain([held, self.stream.reopen_at, self.stream.look_at, self.changed_at]).flatten().min()
    }

    /// Does everything whose time has come.
    pub(super) fn due(&mut self) {
        let now = self.now;
        if matches!(self.phase, Phase::Held { until } if until <= now) {
            self.phase = Phase::Ready;
        }
        let signing = self.signing_since.is_some();
        let over = self.exchanges.iter().filter(|(_, exchange)| exchange.cut_at(signing).is_some_and(|at| at <= now));
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.cut(id);
        }
        let late = self.ops.iter().filter_map(|(id, op)| {
            self.deadline(op).filter(|(at, _)| *at <= now).map(|(_, waited)| (*id, waited.div_ceil(1000)))
        });
        for (op, seconds) in late.collect::<Vec<_>>() {
            self.late(op, seconds);
        }
        let resumes = self
            .ops
            .iter()
            .filter(|(_, op)| op.flight.as_ref().and_then(|flight| flight.resume_at).is_some_and(|at| at <= now));
        for op in resumes.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.resume(op);
        }
        if self.stream.reopen_at.is_some_and(|at| at <= now) {
            self.reopen_stream();
        }
        self.look_after_stream();
        self.tasks_due();
        self.tell_progress();
        self.tell_changes();
    }

    fn late(&mut self, op: OpId, seconds: u64) {
        let error = OpError::Timeout { seconds };
        // A task lives on without an answer to one request about it.
        let lands = match self.ops.get(&op).map(|op| &op.kind) {
            Some(Kind::Handshake(_)) => true,
            Some(Kind::Call(call)) => call.task.is_some(),
            _ => false,
        };
        if lands {
            if let Some(fetch) = self.ops.get(&op).and_then(|op| op.flight.as_ref()?.fetch) {
                self.cut(fetch);
            }
            self.land(op, Err(Failure::new(error, Sent::Unknown)));
        } else {
            self.abandon(op, error, "timed out");
        }
    }
}
