//! The inspector: what goes over the wire, and requests by hand (screens.md e.6). Loaded when first opened.
//!
//! It records from the moment it is first opened, also while another page is on the screen, until the person pauses it;
//! what was recorded is gone with the tab. Everything it shows was covered when it was recorded.

mod account;
mod compare;
mod connections;
mod imported;
mod list;
mod network;
mod part;
mod protocol;
mod revision;
mod runner;
mod saved;
mod veiled;
mod words;

use std::cell::Cell;
use std::rc::Rc;

use browser::inspect::{Message, Recorder, Source};
use browser::policy::ConnectionId;
use leptos::prelude::*;
use policy::ConnectorId;
use serde_json::Value;

use self::network::Requests;
use self::part::Part;
use crate::lazy;
use crate::router::{InspectTab, Link, Route, Router, page_title, use_router};
use crate::settings::developer::{DeveloperOffer, developer_on};
use crate::state::{AppState, sentence, use_state};
use crate::ui::{Button, Icon, IconName, Tab, Tabs, save_text};

/// The way to the inspector at the end of the rail, for who is in developer mode. A dot says that it records.
#[component]
pub(crate) fn InspectorLink() -> impl IntoView {
    let app = use_state();
    let router = use_router();
    let on = developer_on(app);
    let current = move || matches!(router.route(), Route::Inspect(..)).then_some("page");
    let records = move || {
        router.route();
        app.ws().records_wire()
    };
    move || {
        on.get().then(|| view! {
            <a href=Route::Inspect(String::new(), InspectTab::Protocol).href() class="rail-button" aria-current=current>
                <Icon name=IconName::Wire/><span class="grow">"Inspector"</span>
                {move || records().then(|| view! { <span class="dot ok" aria-hidden="true"></span><span class="sr">"records"</span> })}
            </a>
        })
    }
}

/// The page, which is fetched when it is first opened.
#[component]
pub(crate) fn InspectPage() -> impl IntoView {
    crate::app::fetched("Opening the inspector", lazy::inspector)
}

/// What the parts of the inspector share. Copy; in context.
#[derive(Clone, Copy)]
struct Desk {
    recorder: StoredValue<Rc<Recorder>, LocalStorage>,
    /// A recording from a file, shown in the place of what was recorded here.
    imported: RwSignal<Option<imported::Imported>, LocalStorage>,
    /// Moves with what is recorded, at most once a frame.
    version: RwSignal<u64>,
    /// Whether it records.
    recording: RwSignal<bool>,
    /// The connection that is looked at; none is all of them.
    connector: Memo<Option<ConnectorId>>,
    /// The account there that is looked at, where the person has several; none is all of them.
    account: Memo<Option<ConnectionId>>,
    /// The one that was chosen.
    chosen: RwSignal<Option<ConnectionId>>,
    /// The message that is looked at.
    message: RwSignal<Option<u64>>,
    /// Whether messages are shown as they went over the wire, and not as the value that they are.
    as_written: RwSignal<bool>,
    /// The exchange that is looked at.
    exchange: RwSignal<Option<u64>>,
    /// The answers that are compared.
    first: RwSignal<Option<u64>>,
    second: RwSignal<Option<u64>>,
    /// A request to make again, until the runner takes it.
    again: RwSignal<Option<Again>>,
}

/// A request to make again.
#[derive(Clone, Debug)]
struct Again {
    method: String,
    params: Value,
    /// The answer it had.
    answer: Option<u64>,
    /// Why it is only filled in and not made at once, if it is.
    waits: Option<&'static str>,
}

fn use_desk() -> Desk {
    expect_context::<Desk>()
}

impl Desk {
    /// Opens the inspector: from now on it records.
    fn open(recorder: Rc<Recorder>) -> Desk {
        let router = use_router();
        let app = use_state();
        let connector = Memo::new(move |_| match router.route() {
            Route::Inspect(id, _) if !id.is_empty() => Some(ConnectorId::from(id)),
            _ => None,
        });
        let chosen = RwSignal::new(None);
        let desk = Desk {
            version: RwSignal::new(recorder.version()),
            recorder: StoredValue::new_local(recorder.clone()),
            imported: RwSignal::new_local(None),
            recording: RwSignal::new(app.ws().records_wire()),
            connector,
            account: account::looked_at(app, connector, chosen),
            chosen,
            message: RwSignal::new(None),
            as_written: RwSignal::new(false),
            exchange: RwSignal::new(None),
            first: RwSignal::new(None),
            second: RwSignal::new(None),
            again: RwSignal::new(None),
        };
        let due = Rc::new(Cell::new(false));
        let version = desk.version;
        recorder.on_change(Some(Rc::new(move || {
            if due.replace(true) {
                return;
            }
            let due = due.clone();
            request_animation_frame(move || {
                due.set(false);
                let _ = version.try_update(|version| *version += 1);
            });
        })));
        on_cleanup(move || {
            let _ = desk.recorder.try_with_value(|recorder| recorder.on_change(None));
        });
        desk
    }

    /// What is shown: a file, or what was recorded here.
    fn recorder(self) -> Rc<Recorder> {
        let imported = self.imported.with_untracked(|one| one.as_ref().map(|one| one.recorder.clone()));
        imported.unwrap_or_else(|| self.live())
    }

    /// What was recorded here.
    fn live(self) -> Rc<Recorder> {
        self.recorder.get_value()
    }

    /// Whether a file is shown. Tracks.
    fn shows_file(self) -> bool {
        self.imported.with(Option::is_some)
    }

    /// Shows a file, or again what was recorded here. Nothing of one is chosen in the other.
    fn show(self, imported: Option<imported::Imported>) {
        for chosen in [self.message, self.exchange, self.first, self.second] {
            let _ = chosen.try_set(None);
        }
        let _ = self.imported.try_set(imported);
    }

    /// Whether something is on the connection that is looked at. Tracks.
    fn shows(self, of: &Source) -> bool {
        self.connector.with(|wanted| wanted.as_ref().is_none_or(|wanted| *wanted == of.connector))
            && self.account.with(|wanted| wanted.as_ref().is_none_or(|wanted| *wanted == of.account))
    }

    /// Makes a recorded request again, in the runner, as the account that made it. What was covered has to be typed first.
    fn replay(self, app: AppState, message: &Message, router: Router) {
        let params = serde_json::from_str::<Value>(&message.text)
            .ok()
            .and_then(|value| value.get("params").cloned())
            .unwrap_or_default();
        let (connector, account) = (&message.of.connector, &message.of.account);
        let is_there = app.ws().accounts(connector).iter().any(|one| one.id == *account);
        let waits = match (message.whole && !message.covered, is_there) {
            (false, _) => Some("Parts of the recorded request were covered or cut. Fill them in and run it."),
            (true, false) => Some(
                "The account that made this request is gone. It goes out as the one that acts now when you run it.",
            ),
            (true, true) => None,
        };
        self.chosen.set(Some(account.clone()));
        self.again.set(Some(Again { method: message.method.clone(), params, answer: message.pair, waits }));
        router.go(Route::Inspect(connector.to_string(), InspectTab::Run));
    }
}

/// The inspector, for who may look at the wire.
#[component]
pub(crate) fn Inspector() -> impl IntoView {
    let app = use_state();
    page_title(|| "Inspector".into());
    let on = developer_on(app);
    let page = move || {
        if !on.get() {
            app.ws().pause_wire();
            return view! {
                <header class="head"><div class="grow"><h1>"Inspector"</h1>
                    <p class="lead">"What goes over the wire of your connections, and requests by hand."</p></div></header>
                <DeveloperOffer/>
            }
            .into_any();
        }
        match app.ws().record_wire() {
            Ok(recorder) => view! { <Opened recorder/> }.into_any(),
            Err(error) => {
                view! { <h1>"Inspector"</h1><div class="note"><span class="grow">{sentence(&error)}</span></div> }
                    .into_any()
            }
        }
    };
    view! { <main class="settings inspect">{page}</main> }
}

#[component]
fn Opened(
    /// What is recorded.
    recorder: Rc<Recorder>,
) -> impl IntoView {
    let router = use_router();
    let desk = Desk::open(recorder);
    provide_context(desk);
    let id = move || desk.connector.get().map(|id| id.to_string()).unwrap_or_default();
    let tab = Memo::new(move |_| match router.route() {
        Route::Inspect(_, tab) => tab,
        _ => InspectTab::Protocol,
    });
    view! {
        <header class="head"><div class="grow"><h1>"Inspector"</h1></div><Toolbar/></header>
        <div class="inspect-body">
            <div class="inspect-side"><connections::Connections tab/><account::AccountChoice/><revision::RevisionChoice/></div>
            <div class="inspect-main">
                {move || { let id = id(); let to = move |tab| Route::Inspect(id.clone(), tab); view! {
                    <Tabs label="Inspector">
                        <Tab to=to(InspectTab::Protocol)>"Protocol"</Tab>
                        <Tab to=to(InspectTab::Network)>"Network"</Tab>
                        <Tab to=to(InspectTab::SignIn)>"Sign-in"</Tab>
                        <Tab to=to(InspectTab::Apps)>"Apps"</Tab>
                        <Tab to=to(InspectTab::Questions)>"Questions"</Tab>
                        <Tab to=to(InspectTab::Logs)>"Logs"</Tab>
                        <Tab to=to(InspectTab::Tasks)>"Tasks"</Tab>
                        <Tab to=to(InspectTab::Run)>"Run"</Tab>
                        <Tab to=to(InspectTab::Compare)>"Compare"</Tab>
                    </Tabs>
                } }}
                <imported::ImportedBanner/>
                // Drawn anew for a file: nothing that was found in the one recording is in the other.
                {move || match (tab.get(), desk.shows_file()) {
                    (InspectTab::Protocol, _) => view! { <protocol::Protocol part=Part::All/> }.into_any(),
                    (InspectTab::Network, _) => view! { <network::Network what=Requests::All/> }.into_any(),
                    (InspectTab::SignIn, _) => view! { <network::Network what=Requests::SignIn/> }.into_any(),
                    (InspectTab::Apps, _) => view! { <protocol::Protocol part=Part::Apps/> }.into_any(),
                    (InspectTab::Questions, _) => view! { <protocol::Protocol part=Part::Questions/> }.into_any(),
                    (InspectTab::Logs, _) => view! { <protocol::Protocol part=Part::Logs/> }.into_any(),
                    (InspectTab::Tasks, _) => view! { <protocol::Protocol part=Part::Tasks/> }.into_any(),
                    (InspectTab::Run, true) => view! { <p class="none">"Close the imported recording to send requests."</p> }.into_any(),
                    (InspectTab::Run, false) => view! { <runner::Runner/> }.into_any(),
                    (InspectTab::Compare, _) => view! { <compare::Compare/> }.into_any(),
                }}
            </div>
        </div>
    }
}

/// Recording, forgetting, taking along.
#[component]
fn Toolbar() -> impl IntoView {
    let app = use_state();
    let desk = use_desk();
    let turn = move |_| {
        if desk.recording.get_untracked() {
            app.ws().pause_wire();
            desk.recording.set(false);
        } else {
            match app.ws().record_wire() {
                Ok(_) => desk.recording.set(true),
                Err(error) => app.tell_error(&error),
            }
        }
    };
    let export = move |_| {
        let now = app.ws().now();
        let file = untrack(|| desk.live().export(now, |of| desk.shows(of)));
        save_text("inspector.jsonl", &file);
        app.tell("Exported. Secrets are covered in the file.");
    };
    view! {
        <div class="row inspect-tools">
            <span class="small" role="status">{move || if desk.recording.get() {
                "Recording. It goes on while you are on other pages."
            } else {
                "Paused. Nothing is recorded."
            }}</span>
            <Button small=true on:click=turn>{move || if desk.recording.get() { "Pause recording" } else { "Resume recording" }}</Button>
            {move || (!desk.shows_file()).then(|| view! {
                <Button small=true on:click=move |_| {
                    desk.live().clear();
                    desk.message.set(None);
                    desk.exchange.set(None);
                }>"Clear recording"</Button>
                <Button small=true on:click=export>"Export recording"</Button>
            })}
            <imported::ImportButton/>
        </div>
    }
}

/// Where one chooses a connection first.
fn choose_first() -> AnyView {
    view! { <p class="none">"Choose a connection to send requests to it."</p> }.into_any()
}

/// A link to a tab of the connection that is looked at.
fn to_tab(desk: Desk, tab: InspectTab, word: &'static str) -> AnyView {
    let id = desk.connector.get_untracked().map(|id| id.to_string()).unwrap_or_default();
    view! { <Link to=Route::Inspect(id, tab) class="btn small">{word}</Link> }.into_any()
}
