//! What the servers of the chat offer, as far as it was asked for: asked once, and again after a while.

use std::collections::BTreeMap;

use browser::{Error, Offers, ToolSet};
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::{ConnectionId, ConnectorId};

use crate::chat::Writing;
use crate::state::{AppState, sentence};
use crate::ui::now;

/// After so many milliseconds a server is asked again.
const STALE: u64 = 60_000;
/// The same where it could not be asked.
const AGAIN: u64 = 10_000;

#[derive(Clone)]
enum Answer {
    Waiting,
    Has(Offers),
    Failed(String),
}

/// What is known of the servers, and the tool sets. Copy.
#[derive(Clone, Copy)]
pub(super) struct Known {
    state: AppState,
    /// What a server offers one account says nothing about another (X117).
    answers: RwSignal<BTreeMap<ConnectionId, (u64, Answer)>>,
    sets: RwSignal<Vec<ToolSet>>,
    wanted: RwSignal<Vec<(ConnectorId, ConnectionId)>>,
}

impl Known {
    pub(super) fn new(state: AppState) -> Known {
        Known {
            state,
            answers: RwSignal::new(BTreeMap::new()),
            sets: RwSignal::new(Vec::new()),
            wanted: RwSignal::new(Vec::new()),
        }
    }

    /// Asks the servers of these connectors, each as the account that acts in this chat, for what is not known of them,
    /// and reads the tool sets. Tracks the accounts.
    pub(super) fn want(self, connectors: impl Iterator<Item = ConnectorId>) {
        let acting = connectors.map(|id| {
            let account = self.state.account_here(&id);
            (id, account)
        });
        let wanted: Vec<(ConnectorId, ConnectionId)> = acting.collect();
        let now = now();
        for (id, account) in &wanted {
            let known = self.answers.with_untracked(|all| all.get(account).cloned());
            let fresh = known.as_ref().is_some_and(|(at, answer)| {
                let good = if matches!(answer, Answer::Failed(_)) { AGAIN } else { STALE };
                now.saturating_sub(*at) < good
            });
            if !fresh {
                // What was known stays on the screen until the new answer is there.
                let before = known.map_or(Answer::Waiting, |(_, answer)| answer);
                self.answers.update(|all| {
                    all.insert(
                        account.clone(),
                        (now, if matches!(before, Answer::Failed(_)) { Answer::Waiting } else { before }),
                    );
                });
                self.ask(id.clone(), account.clone());
            }
        }
        if self.wanted.with_untracked(|old| *old != wanted) {
            self.wanted.set(wanted);
        }
        let ws = self.state.ws();
        spawn_local(async move {
            if let Ok(sets) = ws.tool_sets().await
                && self.sets.try_with_untracked(|old| *old != sets) == Some(true)
            {
                self.sets.set(sets);
            }
        });
    }

    fn ask(self, id: ConnectorId, account: ConnectionId) {
        let ws = self.state.ws();
        spawn_local(async move {
            let answer = match ws.offers(&id, &account).await {
                Ok(offers) => Answer::Has(offers),
                Err(error) => Answer::Failed(sentence(&error)),
            };
            // The composer may be gone.
            let _ = self.answers.try_update(|all| all.insert(account, (now(), answer)));
        });
    }

    /// Whether an answer is awaited. Tracks.
    pub(super) fn loading(self) -> bool {
        self.of_wanted(|answer| matches!(answer, Answer::Waiting).then_some(())).next().is_some()
    }

    /// The connectors that could not be asked, by name, with the reason. Tracks.
    pub(super) fn failed(self) -> Vec<(String, String)> {
        let failed = self.of_wanted(|answer| if let Answer::Failed(why) = answer { Some(why.clone()) } else { None });
        let name = |id: &ConnectorId| {
            let known = self.state.offers.with(|all| all.iter().find(|one| one.id == *id).map(|one| one.name.clone()));
            known.unwrap_or_else(|| id.to_string())
        };
        failed.map(|(id, why)| (name(&id), why)).collect()
    }

    /// What the servers offer. Tracks.
    pub(super) fn all(self) -> Vec<(ConnectorId, Offers)> {
        self.of_wanted(|answer| if let Answer::Has(offers) = answer { Some(offers.clone()) } else { None }).collect()
    }

    /// The tool sets. Tracks.
    pub(super) fn sets(self) -> Vec<ToolSet> {
        self.sets.get()
    }

    fn of_wanted<T>(self, read: impl Fn(&Answer) -> Option<T>) -> impl Iterator<Item = (ConnectorId, T)> {
        let found: Vec<(ConnectorId, T)> = self.wanted.with(|wanted| {
            self.answers.with(|all| {
                let of = |(id, account): &(ConnectorId, ConnectionId)| {
                    all.get(account).and_then(|(_, answer)| Some((id.clone(), read(answer)?)))
                };
                wanted.iter().filter_map(of).collect()
            })
        });
        found.into_iter()
    }

    /// Chooses what a tool set says: for the conversation on the screen, or for the chat that is being begun.
    pub(super) fn apply(self, writing: Writing, set: ToolSet) {
        apply_set(self.state, writing, set);
    }
}

/// Chooses what a tool set says: for the conversation on the screen, or for the chat that is being begun.
pub(crate) fn apply_set(state: AppState, writing: Writing, set: ToolSet) {
    let told = format!("The tool set {} is chosen.", set.name);
    match state.thread.id.get_untracked() {
        None => {
            writing.choose.run(set.connectors);
            state.start_with(set.chosen);
            writing.pins.set(set.pins);
            state.announce(told);
        }
        Some(id) => {
            let ws = state.ws();
            state.run(async move { ws.apply_tool_set(&id, &set).await.map_err(|error: Error| error) }, move |()| {
                state.announce(told)
            });
        }
    }
}
