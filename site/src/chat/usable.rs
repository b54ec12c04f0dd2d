//! Which connectors can be used in a chat, and for those that cannot: why, and what to do about it.

use browser::ConnectionStatus;
use policy::{Connector, Rulebook, Stage, Why};

use crate::router::{ConnectorTab, Route};
use crate::ui::sentence;

/// How a connector stands for the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Whether its actions can be called now.
    pub usable: bool,
    /// Its state in a few words, when there is something to say.
    pub says: Option<String>,
    /// The next step and where it is taken.
    pub fix: Option<(&'static str, Route)>,
    /// How many of its actions are switched on.
    pub on: usize,
    /// The look of its dot.
    pub dot: &'static str,
}

/// How a connector stands for a member, given the state of its connection.
pub fn standing(
    rules: &Rulebook,
    connector: &Connector,
    me: &policy::MemberId,
    connection: &ConnectionStatus,
) -> Standing {
    let on = connector.actions().iter().filter(|action| connector.is_on(action.name())).count();
    let detail = |tab| Route::Connector(connector.id.to_string(), tab);
    let stopped = |says: &str, fix| Standing { usable: false, says: Some(says.to_owned()), fix, on, dot: "bad" };
    let may = rules.member(me).and_then(|member| rules.may_use(connector, member));
    match may {
        Err(Why::DeveloperOff) => {
            return stopped("Developer mode is off for you.", Some(("Turn on developer mode", Route::Advanced)));
        }
        Err(Why::LocalServers) => {
            return stopped(
                "Servers on this machine are switched off.",
                Some(("Change this setting", Route::Advanced)),
            );
        }
        Err(Why::NeverScanned) => {
            return stopped("Its actions were never read.", Some(("Read the actions", detail(ConnectorTab::Actions))));
        }
        Err(Why::NoAccess) => {
            return stopped("You are not in a group that can use this.", Some(("Request access", Route::Connectors)));
        }
        Err(why) => return stopped(&sentence(&why.to_string()), None),
        Ok(()) => {}
    }
    if on == 0 {
        return stopped("Every action is switched off.", Some(("See actions", detail(ConnectorTab::Actions))));
    }
    let works = |says: Option<String>, fix, dot| Standing { usable: true, says, fix, on, dot };
    match connection {
        ConnectionStatus::Idle => works(None, None, "idle"),
        ConnectionStatus::Connecting => works(Some("Connecting".into()), None, "busy"),
        ConnectionStatus::Connected { before: None, .. } => works(None, None, "ok"),
        ConnectionStatus::Connected { protocol, before: Some(before) } => works(
            Some(format!("Speaks MCP {protocol} now; it spoke {before} last time, which protects more.")),
            Some(("See the connection", detail(ConnectorTab::Overview))),
            "held",
        ),
        ConnectionStatus::Changed { actions, .. } => works(
            Some(match actions.len() {
                1 => "1 action changed and is held.".to_owned(),
                count => format!("{count} actions changed and are held."),
            }),
            Some(("See what changed", detail(ConnectorTab::Changes))),
            "held",
        ),
        ConnectionStatus::SignIn { why } => {
            works(Some(sentence(why)), Some(("Sign in", detail(ConnectorTab::Authentication))), "bad")
        }
        ConnectionStatus::Failed { why, .. } => {
            works(Some(sentence(why)), Some(("See why", detail(ConnectorTab::Overview))), "bad")
        }
    }
}

/// Whether a connector belongs into lists of what could be used: archived ones do not.
pub fn listed(rules: &Rulebook, connector: &Connector, me: &policy::MemberId) -> bool {
    connector.stage != Stage::Archived && crate::connectors::list::may_know(rules, connector, me)
}
