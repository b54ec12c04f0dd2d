//! Times, sizes and directions as the inspector says them.

use browser::inspect::{Message, Peer, Source, kind_word};
use js_sys::Date;

use super::account::name_of;
use crate::state::AppState;

/// The time of day to the millisecond: `14:05:12.345`.
pub(super) fn time_of_day(at: u64) -> String {
    let date = Date::new(&(at as f64).into());
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}

/// A length of time, to the millisecond while it is short.
pub(super) fn took(millis: u64) -> String {
    if millis < 1_000 { format!("{millis} ms") } else { crate::ui::seconds(millis) }
}

/// A message in one line: `request tools/call echo`.
pub(super) fn named(message: &Message) -> String {
    let about = message.about();
    let kind = kind_word(message.kind);
    if about.is_empty() { kind.to_owned() } else { format!("{kind} {about}") }
}

/// Whose connection, and as which account where there are several; of an app also which one it is.
pub(super) fn whose(app: AppState, of: &Source) -> String {
    let action = match &of.peer {
        Peer::App(action) => Some(action.clone()),
        Peer::Server | Peer::SignIn => None,
    };
    let account = name_of(app, &of.connector, &of.account).map(|name| format!("as {name}"));
    [Some(of.name.clone()), action, account].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Who a message goes to, or comes from.
pub(super) fn other_end(of: &Source) -> String {
    match &of.peer {
        Peer::Server | Peer::SignIn => of.host.clone(),
        Peer::App(action) => format!("the app {action} of {}", of.host),
    }
}
