//! Connectors: adding one, the lists, and one connector's page (screens.md e.2, e.3).

mod accepting;
mod access;
mod accounts;
mod actions;
pub(crate) mod app_ui;
mod arguments;
mod auth;
pub(crate) mod catalogue;
mod changes;
mod demos;
pub(crate) mod detail;
mod difference;
mod doctor;
pub(crate) mod ends;
mod findings;
mod history;
pub(crate) mod inbox;
pub(crate) mod list;
mod model_view;
mod naming;
mod never_read;
pub(crate) mod new;
mod overview;
mod pause;
pub(crate) mod publish;
mod reading;
mod review_record;
mod snippets;
pub(crate) mod workspace;

use browser::ConnectionStatus;
use browser::policy::{Class, Connector};
use leptos::prelude::*;

use crate::ui::StatusDot;

/// A number with its noun: `1 action`, `41 actions`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// How many of a connector's actions are on: `12 of 41 on, 3 write`.
pub(crate) fn action_summary(connector: &Connector) -> String {
    let actions = connector.actions();
    let on: Vec<_> = actions.iter().filter(|action| connector.is_on(action.name())).collect();
    let writing = on.iter().filter(|action| connector.classify(action).class > Class::Read).count();
    let mut words = format!("{} of {} on", on.len(), plural(actions.len(), "action"));
    if writing > 0 {
        words.push_str(&format!(", {writing} can change things"));
    }
    words
}

/// What a server speaks, and what it has stepped back from (X112).
fn speaks(protocol: &str, before: Option<String>) -> String {
    match before {
        None => format!("MCP {protocol}"),
        Some(before) => format!("MCP {protocol}; this server spoke {before} last time, which protects more"),
    }
}

/// A connection's state as a dot and words.
#[component]
pub(crate) fn ConnectionState(
    /// The state.
    #[prop(into)]
    status: Signal<ConnectionStatus>,
) -> impl IntoView {
    let look = Signal::derive(move || match status.get() {
        ConnectionStatus::Idle => "idle",
        ConnectionStatus::Connecting => "busy",
        ConnectionStatus::Connected { .. } => "ok",
        ConnectionStatus::Changed { .. } => "held",
        ConnectionStatus::SignIn { .. } | ConnectionStatus::Failed { .. } => "bad",
    });
    let words = move || match status.get() {
        ConnectionStatus::Idle => "connects when needed".to_owned(),
        ConnectionStatus::Connecting => "connecting".to_owned(),
        ConnectionStatus::Connected { protocol, before } => format!("connected, {}", speaks(&protocol, before)),
        ConnectionStatus::Changed { actions, before: None, .. } => {
            format!("{} changed, held", plural(actions.len(), "action"))
        }
        ConnectionStatus::Changed { protocol, before, actions } => {
            format!("{} changed, held; {}", plural(actions.len(), "action"), speaks(&protocol, before))
        }
        ConnectionStatus::SignIn { why } => new::sentence(&why),
        ConnectionStatus::Failed { why, next } => format!("{} {}", new::sentence(&why), new::sentence(&next)),
    };
    view! { <span class="status"><StatusDot look/><bdi>{words}</bdi></span> }
}
