//! What members ask for: asking, how it stands, and the list for those who decide.

use browser::policy::request::Standing;
use browser::policy::{ConnectorId, Member, MemberId, Request, RequestId, Rulebook, Wanted, address};
use leptos::prelude::*;

use super::{may, who_runs_it};
use crate::connectors::new::{prefill, sentence};
use crate::results::Visible;
use crate::router::{Link, Route, StageTab, use_router};
use crate::settings::developer::no_servers;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, CopyButton, Dialog, Field, HostName, ago};

/// The host of an address, for emphasis.
fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned()
}

/// A button that asks for something, with a reason. It is not there for people who may not ask.
#[component]
pub(crate) fn AskFor(
    /// What; with none, a connector whose address is typed.
    wanted: Option<Wanted>,
    /// What the button says: the verb and the object.
    word: &'static str,
) -> impl IntoView {
    let app = use_state();
    let open = RwSignal::new(false);
    let asks = may(app, Rulebook::may_request);
    let wanted = StoredValue::new(wanted);
    let waiting = Memo::new(move |_| {
        let me = app.ws().seen_as();
        let same = |request: &&Request| {
            request.by == me && request.is_open() && Some(&request.wanted) == wanted.get_value().as_ref()
        };
        app.rulebook.with(|book| book.requests.iter().find(same).map(|request| Hand::of(book, &me, request)))
    });
    move || match (asks.get(), waiting.get()) {
        (false, _) => ().into_any(),
        (true, Some(hand)) => view! { <span class="small">"Requested. "</span><HandOn hand/> }.into_any(),
        (true, None) => view! {
            <Button small=true on:click=move |_| open.set(true)>{word}</Button>
            {move || open.get().then(|| view! { <Form wanted=wanted.get_value() word open/> })}
        }
        .into_any(),
    }
}

/// How something that was asked for gets to those who decide. It is kept in this browser and goes nowhere by itself.
#[derive(Clone, PartialEq)]
enum Hand {
    /// The person can decide it themselves, here.
    Own,
    /// Somebody else decides.
    On {
        /// It, as a text.
        text: String,
        /// Who decides, by name.
        to: String,
    },
}

impl Hand {
    fn of(book: &Rulebook, me: &MemberId, request: &Request) -> Self {
        let deciders: Vec<&Member> = book.deciders(request).collect();
        match deciders.iter().any(|one| one.id == *me) {
            true => Hand::Own,
            false => Hand::On {
                text: book.request_text(request),
                to: deciders.into_iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
            },
        }
    }
}

/// Where a request waits, and how it gets to whoever decides.
#[component]
fn HandOn(hand: Hand) -> impl IntoView {
    let app = use_state();
    let contact = RwSignal::new(None::<String>);
    match hand {
        Hand::Own => view! {
            <span class="small">"It waits for your own answer. "<Link to=Route::WorkspaceConnectors(StageTab::Requests)>"Answer requests"</Link></span>
        }
        .into_any(),
        Hand::On { text, to } => {
            let ws = app.ws();
            app.run(async move { ws.contact().await }, move |found| drop(contact.try_set(found)));
            view! {
                <span class="small">"Only this browser knows of it. "
                    {if to.is_empty() { view! { "Send it to whoever runs the workspace." }.into_any() } else { view! { "Send it to one of: "<bdi>{to}</bdi>"." }.into_any() }}
                    {move || contact.get().map(|contact| view! { " Contact: "<Visible text=contact/>"." })}</span>
                <CopyButton label="Copy request" text=Signal::stored(text)/>
            }
            .into_any()
        }
    }
}

/// A button that asks the people who run the workspace to review what a server changed.
#[component]
pub(crate) fn AskForReview(
    /// Which connector.
    id: ConnectorId,
    /// What the button says.
    word: &'static str,
    /// A button of a line.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let asked = Memo::new(move |_| {
        let me = app.ws().seen_as();
        app.rulebook.with(|book| {
            let connector = book.connector(&id.get_value()).ok()?;
            connector.review.open().find(|one| one.member == me && one.asked.is_some())?;
            let what = format!("A review of what {} · {} changed", connector.name, connector.host);
            Some(Hand::On { text: book.asked_text(&what, &me, ""), to: who_runs_it(book) })
        })
    });
    let ask = move |_| {
        let ws = app.ws();
        app.run(async move { ws.ask_for_review(&id.get_value()).await }, |()| ());
    };
    move || match asked.get() {
        Some(hand) => view! { <span class="small">"Review requested. "</span><HandOn hand/> }.into_any(),
        None => view! { <Button small=small on:click=ask>{word}</Button> }.into_any(),
    }
}

#[component]
fn Form(wanted: Option<Wanted>, word: &'static str, open: RwSignal<bool>) -> impl IntoView {
    let app = use_state();
    let (address, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let typed = wanted.is_none();
    let wanted = StoredValue::new(wanted);
    let ready = Signal::derive(move || !typed || app.ws().check_address(&address.get()).is_ok());
    let problem = Signal::derive(move || {
        let text = address.get();
        (typed && !text.trim().is_empty())
            .then(|| app.ws().check_address(&text).err().map(|why| sentence(&why.to_string())))
            .flatten()
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, reason) = (app.ws(), reason.get_untracked());
        let wanted = wanted.get_value().unwrap_or_else(|| Wanted::Connector(address.get_untracked()));
        app.run(async move { ws.ask_for(wanted, &reason).await }, move |()| {
            open.set(false);
            app.tell("Requested, in this browser.");
        });
    };
    view! {
        <Dialog title=word on_close=move |()| open.set(false)>
            <form class="body" id="ask-for" on:submit=send>
                {typed.then(|| view! {
                    <Field label="Server URL" help="Nothing is contacted." problem let:field>
                        <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" placeholder="https://mcp.example.com/mcp"
                            aria-invalid=move || problem.get().is_some().to_string()
                            prop:value=move || address.get() on:input=move |event| address.set(event_target_value(&event))/>
                    </Field>
                })}
                <Field label="Reason" optional=true let:field>
                    <textarea id=field.id aria-describedby=field.described rows="3" maxlength="500" prop:value=move || reason.get()
                        on:input=move |event| reason.set(event_target_value(&event))></textarea>
                </Field>
            </form>
            <footer>
                <Button on:click=move |_| open.set(false)>"Request nothing"</Button>
                <button type="submit" form="ask-for" class="btn primary" disabled=move || !ready.get()>"Send request"</button>
            </footer>
        </Dialog>
    }
}

/// One's own requests and how they stand.
#[component]
pub(crate) fn MyRequests() -> impl IntoView {
    let app = use_state();
    let mine = Memo::new(move |_| {
        let me = app.ws().seen_as();
        app.rulebook.with(|book| {
            let name = |id| book.member(id).map_or_else(|_| "somebody who left".to_owned(), |one| one.name.clone());
            let of_mine = book.requests.iter().rev().filter(|request| request.by == me);
            of_mine
                .map(|request| {
                    let standing = match &request.standing {
                        Standing::Open => "Waiting for an answer.".to_owned(),
                        Standing::Approved { by, .. } => format!("Approved by {}.", name(by)),
                        Standing::Declined { by, reason, .. } if reason.is_empty() => {
                            format!("Declined by {}.", name(by))
                        }
                        Standing::Declined { by, reason, .. } => format!("Declined by {}: {reason}", name(by)),
                    };
                    let hand = request.is_open().then(|| Hand::of(book, &me, request));
                    (request.id.clone(), book.wanted_says(&request.wanted), standing, hand)
                })
                .collect::<Vec<_>>()
        })
    });
    move || {
        let mine = mine.get();
        (!mine.is_empty()).then(|| view! {
            <h2 class="section">"Your requests"</h2>
            <ul class="rows" aria-label="Your requests"><For each=move || mine.clone() key=|one| one.0.clone() children=move |(id, what, standing, hand)| {
                let (id, open) = (StoredValue::new(id), hand.is_some());
                let away = move |_| {
                    let ws = app.ws();
                    app.run(async move { ws.withdraw(&id.get_value()).await }, |()| ());
                };
                view! {
                    <li class="row-card"><div class="grow"><h3><bdi>{what}</bdi></h3><p class="small"><bdi>{standing}</bdi></p>
                        {hand.map(|hand| view! { <div class="row"><HandOn hand/></div> })}</div>
                        <Button small=true look=ButtonLook::Quiet on:click=away>{if open { "Take request back" } else { "Clear request" }}</Button></li>
                }
            }/></ul>
        })
    }
}

/// How many requests wait for the person whose view is shown.
pub(crate) fn waiting(app: crate::state::AppState) -> usize {
    app.rulebook.with(|book| {
        let Ok(me) = book.member(&app.ws().seen_as()) else { return 0 };
        book.requests.iter().filter(|request| request.is_open() && book.may_decide(me, request).is_ok()).count()
    })
}

/// The open requests that the person may decide about.
#[component]
pub(crate) fn Requests() -> impl IntoView {
    let app = use_state();
    let declining = RwSignal::new(None::<RequestId>);
    let list = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as()).ok();
            let open = book
                .requests
                .iter()
                .filter(|request| request.is_open() && me.is_some_and(|me| book.may_decide(me, request).is_ok()));
            open.map(|request| {
                (
                    request.clone(),
                    book.wanted_says(&request.wanted),
                    book.member(&request.by).map(|one| one.name.clone()).unwrap_or_default(),
                )
            })
            .collect::<Vec<_>>()
        })
    });
    view! {
        <h2 class="sr">"Requests"</h2>
        {move || list.with(Vec::is_empty).then(|| view! { <p class="none">"Nobody is waiting for an answer."</p> })}
        <ul class="rows" aria-label="Requests">
            <For each=move || list.get() key=|one| one.0.id.clone() let:one><Waiting request=one.0 what=one.1 who=one.2 declining/></For>
        </ul>
        <Decline declining/>
    }
}

#[component]
fn Waiting(request: Request, what: String, who: String, declining: RwSignal<Option<RequestId>>) -> impl IntoView {
    let (app, router) = (use_state(), use_router());
    let id = StoredValue::new(request.id.clone());
    let address = match &request.wanted {
        Wanted::Connector(address) => Some(address.clone()),
        Wanted::Access(_) | Wanted::Developer | Wanted::Publication(_) => None,
    };
    let listed = address.as_ref().map(|address| {
        let host = host(address);
        let owner = address::registrable_hint(&host).to_owned();
        view! { <p class="small">"Not contacted yet. "<HostName host=host/>{(!owner.is_empty()).then(|| format!(" belongs to {owner}"))}</p> }
    });
    let (word, target) = match &request.wanted {
        Wanted::Connector(_) => ("Approve and add connector", address),
        Wanted::Access(_) => ("Approve access", None),
        Wanted::Developer => ("Approve developer mode", None),
        Wanted::Publication(_) => ("Review and publish", None),
    };
    // It is approved by publishing it, and by nothing less.
    let review = match &request.wanted {
        Wanted::Publication(connector) => Some(Route::Publish(connector.to_string())),
        _ => None,
    };
    let may = target.is_none() || !app.person.with_untracked(|person| person.only_published);
    let target = StoredValue::new(target);
    let approve = move |_| {
        let ws = app.ws();
        // The request is gone from the page by then, and what it kept with it.
        let target = target.get_value();
        app.run(async move { ws.approve(&id.get_value()).await }, move |()| match target {
            Some(address) => {
                prefill(&address);
                router.go(Route::NewConnector);
            }
            None => app.tell("The request was approved."),
        });
    };
    view! {
        <li class="row-card"><div class="grow">
                <h3><bdi>{what}</bdi></h3>
                <p class="small"><bdi>{who}</bdi>{format!(" · {}", ago(request.at, app.ws().now()))}</p>
                {listed}
                {(!request.reason.is_empty()).then(|| view! { <p><bdi>{request.reason.clone()}</bdi></p> })}
                {(!may).then(|| view! { <p class="small why">{no_servers()}</p> })}
                <div class="row">{match review {
                        Some(to) => view! { <Link to class="btn small">{word}</Link> }.into_any(),
                        None => may.then(|| view! { <Button small=true on:click=approve>{word}</Button> }).into_any(),
                    }}
                    <Button small=true look=ButtonLook::Quiet on:click=move |_| declining.set(Some(id.get_value()))>"Decline request"</Button></div>
            </div></li>
    }
}

#[component]
fn Decline(declining: RwSignal<Option<RequestId>>) -> impl IntoView {
    let app = use_state();
    let reason = RwSignal::new(String::new());
    move || {
        declining.get().map(|id| {
            let id = StoredValue::new(id);
            let decline = move |event: leptos::ev::SubmitEvent| {
                event.prevent_default();
                let (ws, text) = (app.ws(), reason.get_untracked());
                app.run(async move { ws.decline(&id.get_value(), &text).await }, move |()| {
                    declining.set(None);
                    reason.set(String::new());
                });
            };
            view! {
                <Dialog title="Decline request" on_close=move |()| declining.set(None)>
                    <form class="body" id="decline" on:submit=decline>
                        <Field label="Reason" optional=true help="The person who asked reads this." let:field>
                            <textarea id=field.id aria-describedby=field.described rows="3" maxlength="500" prop:value=move || reason.get()
                                on:input=move |event| reason.set(event_target_value(&event))></textarea>
                        </Field>
                    </form>
                    <footer><Button on:click=move |_| declining.set(None)>"Keep it open"</Button>
                        <button type="submit" form="decline" class="btn primary">"Decline request"</button></footer>
                </Dialog>
            }
        })
    }
}

/// The request for access to a connector that the person cannot use, where access is what is missing.
pub(crate) fn access_missing(book: &Rulebook, app: crate::state::AppState, id: &ConnectorId) -> bool {
    let missing = book.member(&app.ws().seen_as()).and_then(|me| book.may_use(book.connector(id)?, me)).err();
    missing == Some(browser::policy::Why::NoAccess)
}
