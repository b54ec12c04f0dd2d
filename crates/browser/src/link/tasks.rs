//! The names of tasks that calls became, kept until the calls are over: a server still has a task when the page that began
//! it is gone, and the next page goes on with it.
//!
//! Whoever has the name of a task may be able to ask for it, so it is sealed like a token, and forgotten with its call, its
//! conversation, and the sign-in of its account: somebody else may come next (X117).

use chat::conversation::{Body, CallState, Conversation, ItemId};
use mcp::OpId;
use policy::{CallId, ConnectionId, ConversationId, MemberId};
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;

use super::Link;
use crate::store::{Op, Table};
use crate::view::Keep;
use crate::workspace::Workspace;

/// Where they are kept: `task:CONVERSATION:ACCOUNT:CALL`.
const TASKS: &str = "task:";

/// What is kept of one.
#[derive(Serialize, Deserialize)]
struct Kept {
    task: String,
    /// Whose call it is.
    member: MemberId,
}

/// A task that an earlier page left.
pub(crate) struct LeftTask {
    /// The card of its call.
    pub(crate) card: ItemId,
    /// The call.
    pub(crate) call: CallId,
    /// The server's name for the task.
    pub(crate) task: String,
}

fn name_of(conversation: &ConversationId, account: &ConnectionId, call: &CallId) -> String {
    format!("{TASKS}{conversation}:{account}:{call}")
}

impl Workspace {
    /// A server says that a call is a task: its name is kept, so that a reload does not lose it. One that is no part of a
    /// conversation has nowhere to go on.
    pub(super) fn keep_task(&self, link: &Link, op: OpId, task: &str) {
        let under_way = {
            let mut calls = link.calls.borrow_mut();
            let Some(one) = calls.get_mut(&op).filter(|one| !one.is_task) else { return };
            one.is_task = true;
            one.clone()
        };
        let Some(conversation) = under_way.conversation else { return };
        let name = name_of(&conversation, &link.account, &under_way.call);
        let kept = Kept { task: task.to_owned(), member: self.me() };
        let Ok(text) = serde_json::to_string(&kept) else { return };
        let (workspace, account) = (self.clone(), link.account.clone());
        spawn_local(async move {
            // Where it cannot be kept, a reload loses the call as it would have without.
            let _ = workspace.0.secrets.put(&name, &text, Keep::Device).await;
            // What is over by then has forgotten it already.
            if !workspace.is_under_way(&account, op) {
                let _ = workspace.0.secrets.remove(&name).await;
            }
        });
    }

    fn is_under_way(&self, account: &ConnectionId, op: OpId) -> bool {
        self.0.links.borrow().get(account).is_some_and(|link| link.calls.borrow().contains_key(&op))
    }

    /// What forgets the task of a call that is over.
    pub(crate) fn task_over(&self, conversation: &ConversationId, account: &ConnectionId, call: &CallId) -> Op {
        let name = name_of(conversation, account, call);
        self.0.secrets.outdated(&name);
        Op::Delete(Table::Secrets, name)
    }

    /// What forgets the tasks of a conversation that goes.
    pub(crate) fn tasks_over(&self, conversation: &ConversationId) -> Op {
        Op::DeletePrefix(Table::Secrets, format!("{TASKS}{conversation}:"))
    }

    /// Forgets the tasks of an account: whoever acts through it is somebody else now, or nobody.
    pub(crate) async fn forget_tasks_of(&self, account: &ConnectionId) {
        let own = format!(":{account}:");
        if let Err(error) = self.0.secrets.remove_those(TASKS, |name| name.contains(&own)).await {
            self.storage_failed(&error);
        }
    }

    /// The calls of a conversation that were under way when its page went, and are tasks of the person at the browser.
    pub(crate) async fn left_tasks(&self, conversation: &Conversation) -> Vec<LeftTask> {
        let mut left = Vec::new();
        for item in &conversation.items {
            let Body::Call(card) = &item.body else { continue };
            let Some(account) = &card.acts_as else { continue };
            if !matches!(card.state, CallState::Running | CallState::NeedsInput) {
                continue;
            }
            let kept = self.0.secrets.get(&name_of(&conversation.id, account, &card.call)).await.ok().flatten();
            let kept = kept.and_then(|text| serde_json::from_str::<Kept>(&text).ok());
            if let Some(kept) = kept.filter(|kept| kept.member == self.me()) {
                left.push(LeftTask { card: item.id.clone(), call: card.call.clone(), task: kept.task });
            }
        }
        left
    }
}
