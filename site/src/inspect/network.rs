//! Every HTTP request of the connections, with its answer, its headers and the events of its stream; those that sign an
//! account in have a tab of their own, with what was sent and what came.

use browser::inspect::{Body, Exchange, Header, Peer, State};
use leptos::prelude::*;

use super::list::LongList;
use super::words::{time_of_day, took, whose};
use super::{Desk, use_desk};
use crate::connectors::plural;
use crate::results::{Raw, pieces};
use crate::router::{ConnectorTab, InspectTab, Link, Route, use_router};
use crate::settings::data::size;
use crate::state::use_state;
use crate::ui::{Button, CopyButton, SearchField};

/// Which requests a tab shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requests {
    /// All of them.
    All,
    /// Those that sign an account in: discovery, registration, tokens.
    SignIn,
}

impl Requests {
    fn takes(self, exchange: &Exchange) -> bool {
        self == Requests::All || exchange.of.peer == Peer::SignIn
    }
}

/// The tab.
#[component]
pub(super) fn Network(
    /// Which of them.
    what: Requests,
) -> impl IntoView {
    let (app, desk) = (use_state(), use_desk());
    let search = RwSignal::new(String::new());
    let keys = Signal::derive(move || {
        desk.version.track();
        let wanted = search.get().trim().to_lowercase();
        let mut keys = Vec::new();
        desk.recorder().exchanges(|exchange| {
            if what.takes(exchange) && desk.shows(&exchange.of) && holds(exchange, &wanted) {
                keys.push(exchange.number);
            }
        });
        keys
    });
    let row = Callback::new(move |number: u64| {
        desk.recorder().exchange(number).map(|exchange| line(whose(app, &exchange.of), &exchange))
    });
    let empty = Memo::new(move |_| keys.with(Vec::is_empty));
    let title = if what == Requests::All { "Network" } else { "Sign-in" };
    let nothing = match what {
        Requests::All => "No exchange to show.",
        Requests::SignIn => "No request of a sign-in was seen yet. Sign in while this page records.",
    };
    // What was checked on the way, and what to do about it.
    let steps = move || {
        let id = desk.connector.get().filter(|_| what == Requests::SignIn)?;
        Some(
            view! { <p class="small"><Link to=Route::Connector(id.to_string(), ConnectorTab::Authentication)>"Show how the sign-in was checked"</Link></p> },
        )
    };
    view! {
        <h2 class="sr">{title}</h2>
        {steps}
        <div class="row">
            <SearchField label="Search exchanges" value=search/>
            <span class="small" role="status">{move || plural(keys.with(Vec::len), "exchange")}</span>
        </div>
        {move || if empty.get() {
            view! { <p class="none">{nothing}</p> }.into_any()
        } else {
            view! { <LongList label="Exchanges" keys chosen=desk.exchange row/> }.into_any()
        }}
        {move || desk.exchange.get().map(|number| view! { <Detail number/> })}
    }
}

/// Whether an exchange holds what is looked for. Small letters are given.
fn holds(exchange: &Exchange, wanted: &str) -> bool {
    wanted.is_empty()
        || exchange.url.to_lowercase().contains(wanted)
        || exchange.about.to_lowercase().contains(wanted)
        || exchange.of.name.to_lowercase().contains(wanted)
        || exchange.status.is_some_and(|status| status.to_string() == wanted)
        || exchange.method.to_lowercase() == wanted
}

/// Where an exchange stands, in words.
fn stands(exchange: &Exchange) -> String {
    match &exchange.state {
        State::Waiting => "waiting for an answer".to_owned(),
        State::Open => "open".to_owned(),
        State::Done => "done".to_owned(),
        State::Failed(why) => why.clone(),
        State::Dropped => "cut off from here".to_owned(),
    }
}

/// An exchange as a line.
fn line(whose: String, exchange: &Exchange) -> AnyView {
    let status = exchange.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
    let bad = exchange.status.is_some_and(|status| status >= 400) || matches!(exchange.state, State::Failed(_));
    let about = if exchange.about.is_empty() { stands(exchange) } else { exchange.about.clone() };
    let time = match (exchange.took, &exchange.state) {
        (Some(millis), _) => took(millis),
        (None, State::Open | State::Waiting) => "open".to_owned(),
        (None, _) => String::new(),
    };
    view! {
        <span class="c-time mono">{time_of_day(exchange.at)}</span>
        <span class="c-method mono">{exchange.method}</span>
        <span class="c-status mono" class:stop=bad>{status}</span>
        <span class="c-about mono"><bdi>{pieces(&about)}</bdi></span>
        <span class="c-took">{time}</span>
        <span class="c-who"><bdi>{whose}</bdi></span>
    }
    .into_any()
}

#[component]
fn Detail(
    /// Which.
    number: u64,
) -> impl IntoView {
    let desk = use_desk();
    let shown = Memo::new(move |_| {
        desk.version.track();
        let exchange = desk.recorder().exchange(number)?;
        Some((exchange.status, stands(&exchange), exchange.event_count, exchange.received))
    });
    move || {
        shown.get().and_then(|_| desk.recorder().exchange(number)).map(
            |exchange| view! { <section class="wire-detail" aria-label="Exchange">{detail(desk, &exchange)}</section> },
        )
    }
}

fn detail(desk: Desk, exchange: &Exchange) -> AnyView {
    let router = use_router();
    let curl = match exchange.curl() {
        Some(line) => {
            let shown = line.clone();
            view! {
                <div class="row"><CopyButton label="Copy as cURL" text=Signal::stored(line)/>
                    <span class="small">"Secrets are variables in it: set them in your shell first."</span></div>
                <details><summary class="small">"Show as cURL"</summary><pre class="json curl" tabindex="0"><bdi>{pieces(&shown)}</bdi></pre></details>
            }
            .into_any()
        }
        None if desk.imported.with_untracked(Option::is_some) || exchange.of.peer == Peer::SignIn => ().into_any(),
        None => view! { <p class="small">"The request was not seen whole, so it cannot be copied."</p> }.into_any(),
    };
    let bytes = size(u64::try_from(exchange.received).unwrap_or(u64::MAX));
    let mut facts = vec![stands(exchange), format!("{bytes} received")];
    facts.extend(exchange.waited.map(|millis| format!("headers after {}", took(millis))));
    facts.extend(exchange.took.map(|millis| format!("whole after {}", took(millis))));
    let messages = Route::Inspect(
        desk.connector.get_untracked().map(|id| id.to_string()).unwrap_or_default(),
        InspectTab::Protocol,
    );
    let more = exchange.event_count - exchange.events.len();
    let counted = (exchange.event_count > 0 && exchange.events.is_empty())
        .then(|| view! { <p class="small">{format!("{} came over the stream; a file has the messages in them.", plural(exchange.event_count, "event"))}</p> });
    let events = (!exchange.events.is_empty()).then(|| {
        let rows: Vec<_> = exchange
            .events
            .iter()
            .map(|event| {
                let kind = if event.kind.is_empty() { "message".to_owned() } else { event.kind.clone() };
                let message = event.message;
                let about = message.and_then(|id| desk.recorder().message(id)).map(|message| super::words::named(&message));
                let said = about.or_else(|| event.text.clone()).unwrap_or_default();
                let messages = messages.clone();
                view! {
                    <tr><td class="mono nowrap">{time_of_day(event.at)}</td><td><bdi>{pieces(&kind)}</bdi></td>
                        <td class="mono"><bdi>{pieces(&said)}</bdi></td><td class="num">{size(u64::try_from(event.bytes).unwrap_or(u64::MAX))}</td>
                        <td>{message.map(|id| view! { <Button small=true on:click=move |_| {
                            desk.message.set(Some(id));
                            router.go(messages.clone());
                        }>"Show message"</Button> })}</td></tr>
                }
            })
            .collect();
        view! {
            <h4>"Events of the stream"</h4>
            {(more > 0).then(|| view! { <p class="small">{format!("The latest; {} before them are not kept.", plural(more, "event"))}</p> })}
            <div class="table-wrap" role="region" aria-label="Events" tabindex="0"><table>
                <thead><tr><th scope="col">"Time"</th><th scope="col">"Kind"</th><th scope="col">"Says"</th><th scope="col">"Size"</th><th scope="col">"Message"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        }
    });
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    view! {
        <h3 class="mono">{exchange.method}" "<bdi>{pieces(&exchange.url)}</bdi>" · "{status}</h3>
        <p class="small"><bdi>{pieces(&facts.join(", "))}</bdi></p>
        {curl}
        {(!exchange.seen_from_start).then(|| view! { <p class="small">"It went out before recording began."</p> })}
        <div class="wire-headers">
            {headers("Request headers", &exchange.request)}
            {headers("Response headers", &exchange.response)}
        </div>
        {body("Request body", exchange.bodies.0.as_ref())}
        {body("Response body", exchange.bodies.1.as_ref())}
        {counted}{events}
    }
    .into_any()
}

/// A body that signs an account in, as it went over the wire.
fn body(title: &'static str, body: Option<&Body>) -> Option<AnyView> {
    let body = body.filter(|body| !body.text.is_empty())?;
    let cut = (!body.whole).then(|| view! { <p class="small">"Only its beginning is kept."</p> });
    Some(
        view! {
            <h4>{title}</h4>{cut}
            <div class="wire-text" role="region" aria-label=title tabindex="0"><Raw text=body.text.to_string()/></div>
        }
        .into_any(),
    )
}

fn headers(title: &'static str, list: &[Header]) -> AnyView {
    if list.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = list
        .iter()
        .map(|header| {
            let decoded = header.decoded.clone().map(|text| {
                view! { <span class="small block">"stands for "<bdi>{pieces(&text)}</bdi></span> }
            });
            view! { <tr><th scope="row"><bdi>{pieces(&header.name)}</bdi></th><td class="mono"><bdi>{pieces(&header.value)}</bdi>{decoded}</td></tr> }
        })
        .collect();
    view! { <table class="headers"><caption>{title}</caption><tbody>{rows}</tbody></table> }.into_any()
}
