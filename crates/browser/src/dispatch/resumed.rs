//! Calls that go on after a reload: their servers made tasks of them, and still have those.
//!
//! Such a call was decided, sent and put on record by an earlier page. Nothing is sent again: its server is asked how the
//! task is doing, as the same account and for the same person, and the one row that was missing says how it ended. Where it
//! cannot be asked any more, nobody knows whether it happened.

use std::cell::Cell;
use std::rc::Rc;

use chat::conversation::{CallCard, Conversation, Sent};
use futures_util::future::{Either, select};
use mcp::OpError;
use policy::audit::Outcome;
use policy::{Class, ConnectionId, Connector};
use wasm_bindgen_futures::spawn_local;

use super::{Cancelled, Ended, MAY_HAVE_HAPPENED, Run, Wanted};
use crate::drive::{Connection, Failed};
use crate::error::{Code, Error};
use crate::link::{LeftTask, moment};
use crate::tabs::{Held, News};
use crate::time::{now, sleep};
use crate::view::Confirm;
use crate::workspace::Workspace;

/// How often a server that cannot be reached is tried again.
const TRIES: u32 = 5;
/// How long to wait before the first of them, in milliseconds. Each next one waits twice as long.
const PAUSE: u64 = 2_000;

impl Workspace {
    /// Goes on with the calls of a conversation that was just restored. They are under way from now on, and this tab has the
    /// conversation for as long.
    pub(crate) fn resume_calls(&self, conversation: &Conversation, left: Vec<LeftTask>, held: Rc<Held>) {
        if !left.is_empty() {
            self.tell_tabs(&News::TurnBegan(conversation.id.to_string()));
        }
        for one in left {
            let Some(card) = conversation.call(&one.call).cloned() else { continue };
            let (flight, cancelled) = self.flight_of(&one.call);
            let (workspace, id, held) = (self.clone(), conversation.id.clone(), held.clone());
            let account = card.acts_as.clone().unwrap_or_else(|| self.usual_account(&card.connector));
            let run = Run {
                card: one.card,
                call: one.call.clone(),
                account: account.clone(),
                wanted: Wanted {
                    id: one.call,
                    connector: card.connector.clone(),
                    action: card.action.clone(),
                    arguments: card.arguments.as_object().cloned().unwrap_or_default(),
                    by: card.by,
                    conversation: Some(id.clone()),
                    account: Some(account),
                    repeats: card.repeats.clone(),
                },
                confirm: Confirm::Ask,
                workspace: self.clone(),
                large: Cell::new(false),
                reloads: self.0.reloads.get(),
                begun: moment(),
            };
            spawn_local(async move {
                run.fly(&flight, async |run| run.resumed(&card, &one.task, &cancelled).await).await;
                workspace.give_turn_back(&id, held).await;
            });
        }
    }
}

impl Run {
    /// Asks for the task until it is done.
    async fn resumed(&self, card: &CallCard, task: &str, cancelled: &Cancelled) -> Ended {
        let took = || now().saturating_sub(card.running_since.unwrap_or(card.started_at));
        let conversation = self.wanted.conversation.as_ref();
        let connector = match self.may_go_on().await {
            Ok(connector) => connector,
            Err(error) => return self.lost(error, took()).await,
        };
        let reached = Box::pin(reach(self.workspace.clone(), connector.clone(), self.account.clone()));
        let opened = match select(reached, cancelled.clone()).await {
            Either::Left((opened, _)) => opened,
            // Nobody waits for it any more. The server still has the task, and is to hear that it is given up.
            Either::Right((_, reached)) => {
                let task = task.to_owned();
                spawn_local(async move { drop(reached.await.map(|connection| connection.resume(&task))) });
                Err(Failed { error: OpError::Cancelled, sent: mcp::Sent::Unknown })
            }
        };
        // It is the one write of its conversation again (X73), unless another goes on beside it.
        let turn = conversation.filter(|_| card.class > Class::Read).map(|id| self.workspace.write_turn(id));
        let _turn = turn.as_ref().and_then(|turn| turn.try_lock());
        let running = opened.map(|connection| connection.resume(task));
        let op = running.as_ref().ok().and_then(crate::drive::Running::op);
        let during = self.workspace.during(&connector.id, &self.account, op, &self.call, conversation);
        let result = match running {
            Err(failed) => Err(failed),
            Ok(running) => match select(running, cancelled.clone()).await {
                Either::Left((result, _)) => result,
                // Dropping the operation has the server end the task.
                Either::Right(_) => Err(Failed { error: OpError::Cancelled, sent: mcp::Sent::Unknown }),
            },
        };
        self.over(&connector, during, result, took(), self.forgets_task()).await
    }

    /// Whether the server may be asked as things are now. The call itself was allowed when it was sent.
    async fn may_go_on(&self) -> Result<Connector, Error> {
        self.workspace.latest_rules().await?;
        let (book, me) = (self.workspace.rulebook(), self.workspace.me());
        let connector = book.connector(&self.wanted.connector)?;
        book.may_use(connector, book.member(&me)?)?;
        if book.workspace.lockdown {
            return Err(Error::new(Code::Blocked, "the workspace is in lockdown"));
        }
        if !book.has_account(&me, &connector.id, &self.account) {
            return Err(Error::new(Code::NotFound, "the account that it was made as is gone"));
        }
        Ok(connector.clone())
    }

    /// Nobody can be asked: whether it happened stays unknown, and that is on record.
    async fn lost(&self, error: Error, took: u64) -> Ended {
        let reason = Some(format!("nobody could ask how its task ended: {}", error.message));
        let row = self.finished(self.call.clone(), Outcome::Unknown, took, None, reason).await;
        self.rows_with(vec![row], self.forgets_task()).await;
        let error = Error { code: Code::UnknownOutcome, ..error }.hint(MAY_HAVE_HAPPENED);
        Ended::Failed { error, sent: Sent::Unknown }
    }
}

/// The connection, tried again for a while: a page may be back before its network is.
async fn reach(workspace: Workspace, connector: Connector, account: ConnectionId) -> Result<Connection, Failed> {
    let mut pause = PAUSE;
    for _ in 0..TRIES {
        match workspace.open_link(&connector, &account, false).await {
            Err(Failed { error: OpError::Network { .. } | OpError::Timeout { .. }, .. }) => sleep(pause).await,
            opened => return opened.map(|(connection, _)| connection).map_err(unknown),
        }
        pause = pause.saturating_mul(2);
    }
    let opened = workspace.open_link(&connector, &account, false).await;
    opened.map(|(connection, _)| connection).map_err(unknown)
}

/// The call was sent long ago, so what fails now says nothing of it.
fn unknown(failed: Failed) -> Failed {
    Failed { sent: mcp::Sent::Unknown, ..failed }
}
