//! Every JSON-RPC message of the connections, both ways, in the order of being seen; and those of the apps of servers.

use std::collections::BTreeMap;

use browser::inspect::{Message, Peer, kind_word};
use browser::mcp::inspect::Kind;
use leptos::prelude::*;

use super::list::LongList;
use super::part::Part;
use super::words::{named, other_end, time_of_day, took, whose};
use super::{Desk, use_desk};
use crate::connectors::plural;
use crate::results::{Raw, pieces};
use crate::router::{InspectTab, Route, use_router};
use crate::settings::data::size;
use crate::state::use_state;
use crate::ui::{Button, CopyButton, SearchField};

/// Which messages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Which {
    #[default]
    All,
    Requests,
    Answers,
    Errors,
    Notifications,
    Sent,
    Received,
}

impl Which {
    const ALL: [(Which, &'static str, &'static str); 7] = [
        (Which::All, "all", "All messages"),
        (Which::Requests, "requests", "Requests"),
        (Which::Answers, "answers", "Answers"),
        (Which::Errors, "errors", "Errors"),
        (Which::Notifications, "notifications", "Notifications"),
        (Which::Sent, "sent", "To the server"),
        (Which::Received, "received", "From the server"),
    ];

    /// What it is called among the messages of apps, where that is another word.
    fn of_apps(self) -> Option<&'static str> {
        match self {
            Which::Sent => Some("To the app"),
            Which::Received => Some("From the app"),
            _ => None,
        }
    }

    fn takes(self, message: &Message) -> bool {
        match self {
            Which::All => true,
            Which::Requests => message.kind == Kind::Request,
            Which::Answers => matches!(message.kind, Kind::Result | Kind::Error),
            Which::Errors => matches!(message.kind, Kind::Error | Kind::Unreadable) || tool_failed(message),
            Which::Notifications => message.kind == Kind::Notification,
            Which::Sent => message.sent,
            Which::Received => !message.sent,
        }
    }
}

/// An answer in which a tool says that it failed is no error of the protocol, and one for the person who looks for it.
fn tool_failed(message: &Message) -> bool {
    message.kind == Kind::Result && message.text.contains(r#""isError":true"#)
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    /// In small letters.
    words: String,
    which: Which,
    connector: Option<policy::ConnectorId>,
    account: Option<policy::ConnectionId>,
    /// One of the frames of apps.
    frame: Option<u64>,
}

/// What was found so far, so that new messages cost no look at the old ones.
#[derive(Default)]
struct Found {
    /// What was looked for.
    wanted: Option<Wanted>,
    /// The first message that was not looked at yet.
    next: u64,
    keys: Vec<u64>,
}

/// The tab, and the tabs that show a part of the messages.
#[component]
pub(super) fn Protocol(
    /// Which of them.
    part: Part,
) -> impl IntoView {
    let (app, desk) = (use_state(), use_desk());
    let frame = RwSignal::new(None::<u64>);
    let search = RwSignal::new(String::new());
    let which = RwSignal::new(Which::All);
    let found = StoredValue::new(Found::default());
    let keys = Memo::new(move |_| {
        desk.version.track();
        let wanted = Wanted {
            words: search.get().trim().to_lowercase(),
            which: which.get(),
            connector: desk.connector.get(),
            account: desk.account.get(),
            frame: frame.get(),
        };
        let recorder = desk.recorder();
        found
            .try_update_value(|found| {
                if found.wanted.as_ref() != Some(&wanted) {
                    *found = Found { wanted: Some(wanted.clone()), ..Found::default() };
                }
                let oldest = recorder.oldest();
                found.keys.drain(..found.keys.partition_point(|key| *key < oldest));
                let mut next = found.next;
                recorder.messages(found.next, |message| {
                    next = message.id + 1;
                    if part.takes(message)
                        && wanted.which.takes(message)
                        && desk.shows(&message.of)
                        && wanted.frame.is_none_or(|frame| frame == message.of.session)
                        && holds(message, &wanted.words)
                    {
                        found.keys.push(message.id);
                    }
                });
                found.next = next;
                found.keys.clone()
            })
            .unwrap_or_default()
    });
    let row = Callback::new(move |id: u64| {
        desk.recorder().message(id).map(|message| line(whose(app, &message.of), &message, part))
    });
    // An answer that arrives changes the line of its request too.
    let stamped = Signal::derive(move || {
        desk.version.track();
        keys.get()
    });
    let empty = Memo::new(move |_| keys.with(Vec::is_empty));
    let total = move || {
        desk.version.track();
        let mut total = 0;
        desk.recorder().messages(0, |message| total += usize::from(part.takes(message)));
        total
    };
    view! {
        <h2 class="sr">{part.title()}</h2>
        <div class="row">
            <SearchField label="Search messages" value=search/>
            {(part == Part::Apps).then(|| view! { <Frames frame/> })}
            {matches!(part, Part::All | Part::Apps).then(|| view! {
                <select class="input" aria-label="Which messages" on:change=move |event| {
                    let value = event_target_value(&event);
                    which.set(Which::ALL.into_iter().find(|(_, name, _)| *name == value).map(|(which, ..)| which).unwrap_or_default());
                }>
                    {Which::ALL.map(|(which, name, words)| view! { <option value=name>{which.of_apps().filter(|_| part == Part::Apps).unwrap_or(words)}</option> })}
                </select>
            })}
            <span class="small" role="status">{move || { let (shown, all) = (keys.with(Vec::len), total());
                if shown == all { plural(all, "message") } else { format!("{shown} of {}", plural(all, "message")) } }}</span>
        </div>
        {move || if empty.get() {
            view! { <p class="none">{move || if total() == 0 { part.nothing() } else { "No message fits." }}</p> }.into_any()
        } else {
            view! { <LongList label="Messages" keys=stamped chosen=desk.message row/> }.into_any()
        }}
        {move || desk.message.get().map(|id| view! { <Detail id/> })}
    }
}

/// The apps that were shown, each in a frame of its own, as a way to narrow what is shown.
#[component]
fn Frames(
    /// The frame that is looked at.
    frame: RwSignal<Option<u64>>,
) -> impl IntoView {
    let (app, desk) = (use_state(), use_desk());
    let frames = Memo::new(move |_| {
        desk.version.track();
        let mut frames = BTreeMap::new();
        desk.recorder().messages(0, |message| {
            if Part::Apps.takes(message) && desk.shows(&message.of) {
                let words = || format!("{}, {}", whose(app, &message.of), time_of_day(message.at));
                frames.entry(message.of.session).or_insert_with(words);
            }
        });
        frames
    });
    let options = move || {
        let one = |(number, words): (u64, String)| {
            view! { <option value=number.to_string() selected=move || frame.get() == Some(number)>{words}</option> }
        };
        frames.get().into_iter().map(one).collect_view()
    };
    view! {
        <select class="input" aria-label="Which app" on:change=move |event| frame.set(event_target_value(&event).parse().ok())>
            <option value="" selected=move || frame.with(Option::is_none)>"All apps"</option>
            {options}
        </select>
    }
}

/// Whether a message holds what is looked for. Small letters are given.
fn holds(message: &Message, wanted: &str) -> bool {
    wanted.is_empty()
        || message.about().to_lowercase().contains(wanted)
        || message.of.name.to_lowercase().contains(wanted)
        || message.rpc.as_deref() == Some(wanted)
        || message.text.to_lowercase().contains(wanted)
}

/// A message as a line.
fn line(whose: String, message: &Message, part: Part) -> AnyView {
    let bad = matches!(message.kind, Kind::Error | Kind::Unreadable) || tool_failed(message);
    let (arrow, way) = match (part, message.sent) {
        (Part::Apps, true) => ("→", "to the app"),
        (Part::Apps, false) => ("←", "from the app"),
        (_, true) => ("→", "to the server"),
        (_, false) => ("←", "from the server"),
    };
    let waits = message.kind == Kind::Request && message.took.is_none();
    let duration = match message.took {
        Some(millis) => took(millis),
        None if waits => "no answer yet".to_owned(),
        None => String::new(),
    };
    let kind = if tool_failed(message) { "tool error" } else { kind_word(message.kind) };
    view! {
        <span class="c-time mono">{time_of_day(message.at)}</span>
        <span class="c-way" class:out=message.sent aria-label=way role="img">{arrow}</span>
        <span class="c-kind" class:stop=bad>{kind}</span>
        <span class="c-about mono"><bdi>{pieces(&part.about(message))}</bdi></span>
        <span class="c-id mono"><bdi>{message.rpc.clone()}</bdi></span>
        <span class="c-took">{duration}</span>
        <span class="c-who"><bdi>{whose}</bdi></span>
    }
    .into_any()
}

/// One message with what belongs to it.
#[component]
fn Detail(
    /// Which.
    id: u64,
) -> impl IntoView {
    let desk = use_desk();
    // The answer of a request may still come; the text does not change.
    let message = Memo::new(move |_| {
        desk.version.track();
        desk.recorder().message(id).map(|message| (message.took, message.pair))
    });
    move || {
        message.get().and_then(|_| desk.recorder().message(id)).map(|message| {
            let label = named(&message);
            view! { <section class="wire-detail" aria-label="Message">{detail(desk, label, message)}</section> }
        })
    }
}

fn detail(desk: Desk, label: String, message: Message) -> AnyView {
    let (app, router) = (use_state(), use_router());
    let read = message.whole.then(|| serde_json::from_str::<serde_json::Value>(&message.text).ok()).flatten();
    let read = read.and_then(|value| serde_json::to_string_pretty(&value).ok());
    let (pretty, written) = (StoredValue::new(read), StoredValue::new(message.as_written().to_string()));
    let shown = Signal::derive(move || match desk.as_written.get() {
        true => written.get_value(),
        false => pretty.get_value().unwrap_or_else(|| written.get_value()),
    });
    let view = |is: bool, word: &'static str| {
        let pressed = move || (desk.as_written.get() == is).to_string();
        view! { <button type="button" class="look" aria-pressed=pressed on:click=move |_| desk.as_written.set(is)>{word}</button> }
    };
    let views = pretty.with_value(Option::is_some).then(|| {
        view! { <span class="looks" role="group" aria-label="View">{view(false, "JSON")}{view(true, "Wire")}</span> }
    });
    let pair = message.pair.map(|pair| {
        let word = if message.kind == Kind::Request { "Show answer" } else { "Show request" };
        view! { <Button small=true on:click=move |_| desk.message.set(Some(pair))>{word}</Button> }
    });
    let rounds = message.round_of.map(|first| {
        view! {
            <p class="small">"A later round of the same call: the server had asked for input. "
                <Button small=true on:click=move |_| desk.message.set(Some(first))>"Show first round"</Button></p>
        }
    });
    let from_here = desk.imported.with_untracked(Option::is_none);
    let can_make =
        from_here && message.kind == Kind::Request && message.sent && super::runner::can_make(&message.method);
    let replays = can_make.then(|| {
        let message = message.clone();
        view! { <Button small=true on:click=move |_| desk.replay(app, &message, router)>"Replay request"</Button> }
    });
    let curl =
        message.sent.then(|| desk.recorder().exchange(message.exchange).and_then(|exchange| exchange.curl())).flatten();
    let curl = curl.map(|line| view! { <CopyButton label="Copy as cURL" text=Signal::stored(line)/> });
    let compares = matches!(message.kind, Kind::Result | Kind::Error).then(|| {
        let id = message.id;
        let to = Route::Inspect(
            desk.connector.get_untracked().map(|id| id.to_string()).unwrap_or_default(),
            InspectTab::Compare,
        );
        view! {
            <Button small=true on:click=move |_| {
                // The one that was chosen before stays to be compared with.
                let before = desk.first.get_untracked().filter(|first| *first != id);
                desk.second.set(before.map(|_| id));
                desk.first.set(Some(before.unwrap_or(id)));
                router.go(to.clone());
            }>"Compare answer"</Button>
        }
    });
    let exchange = (!matches!(message.of.peer, Peer::App(_))).then_some(message.exchange);
    let network = Route::Inspect(
        desk.connector.get_untracked().map(|id| id.to_string()).unwrap_or_default(),
        InspectTab::Network,
    );
    let facts = {
        let way = if message.sent { "To" } else { "From" };
        let mut facts = format!("{way} {}, {}", other_end(&message.of), time_of_day(message.at));
        facts.push_str(&format!(", {}", size(u64::try_from(message.bytes).unwrap_or(u64::MAX))));
        if let Some(rpc) = &message.rpc {
            facts.push_str(&format!(", id {rpc}"));
        }
        if let Some(millis) = message.took {
            facts.push_str(&format!(", {}", took(millis)));
        }
        facts
    };
    let covered = message.covered.then(|| view! { <p class="small">"Secrets in it are covered with ••••."</p> });
    let cut = (!message.whole).then(|| view! { <p class="small">"Only its beginning is kept."</p> });
    view! {
        <h3><bdi>{pieces(&label)}</bdi></h3>
        <p class="small"><bdi>{pieces(&facts)}</bdi></p>
        {rounds}
        <div class="row">
            {pair}{replays}{curl}{compares}
            <CopyButton label="Copy message" text=shown/>
            {exchange.map(|exchange| view! {
                <Button small=true on:click=move |_| {
                    desk.exchange.set(Some(exchange));
                    router.go(network.clone());
                }>"Show exchange"</Button>
            })}
            {views}
        </div>
        {covered}{super::veiled::veiled(&message)}{cut}
        <div class="wire-text" role="region" aria-label="Text" tabindex="0">{move || view! { <Raw text=shown.get()/> }}</div>
    }
    .into_any()
}
