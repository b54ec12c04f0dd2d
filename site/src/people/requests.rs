//! What members ask for: asking, how it stands, and the list for those who decide.

use browser::policy::request::Standing;
use browser::policy::{ConnectorId, Request, RequestId, Rulebook, Wanted, address};
use leptos::prelude::*;

use super::may;
use crate::connectors::new::{prefill, sentence};
use crate::router::{Route, use_router};
use crate::settings::developer::no_servers;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Field, HostName, ago};

/// What is asked for, in words.
fn says(book: &Rulebook, wanted: &Wanted) -> String {
    match wanted {
        Wanted::Connector(address) => format!("A connector for {address}"),
        Wanted::Access(id) => match book.connector(id) {
            Ok(one) => format!("Access to {} · {}", one.name, one.host),
            Err(_) => "Access to a connector that was removed".to_owned(),
        },
        Wanted::Developer => "Developer mode".to_owned(),
    }
}

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
    let waiting = Signal::derive(move || {
        let me = app.ws().seen_as();
        let same = |request: &&Request| {
            request.by == me && request.is_open() && Some(&request.wanted) == wanted.get_value().as_ref()
        };
        app.rulebook.with(|book| book.requests.iter().any(|request| same(&request)))
    });
    move || match (asks.get(), waiting.get()) {
        (false, _) => ().into_any(),
        (true, true) => view! { <span class="small">"Requested; an admin decides."</span> }.into_any(),
        (true, false) => view! {
            <Button small=true on:click=move |_| open.set(true)>{word}</Button>
            {move || open.get().then(|| view! { <Form wanted=wanted.get_value() word open/> })}
        }
        .into_any(),
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
            app.tell("Requested. An admin sees it in this workspace and decides.");
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
                        Standing::Open => "Waiting for an admin.".to_owned(),
                        Standing::Approved { by, .. } => format!("Approved by {}.", name(by)),
                        Standing::Declined { by, reason, .. } if reason.is_empty() => {
                            format!("Declined by {}.", name(by))
                        }
                        Standing::Declined { by, reason, .. } => format!("Declined by {}: {reason}", name(by)),
                    };
                    (request.id.clone(), says(book, &request.wanted), standing, request.is_open())
                })
                .collect::<Vec<_>>()
        })
    });
    move || {
        let mine = mine.get();
        (!mine.is_empty()).then(|| view! {
            <h2 class="section">"Your requests"</h2>
            <ul class="rows" aria-label="Your requests"><For each=move || mine.clone() key=|one| one.0.clone() children=move |(id, what, standing, open)| {
                let id = StoredValue::new(id);
                let away = move |_| {
                    let ws = app.ws();
                    app.run(async move { ws.withdraw(&id.get_value()).await }, |()| ());
                };
                view! {
                    <li class="row-card"><div class="grow"><h3><bdi>{what}</bdi></h3><p class="small"><bdi>{standing}</bdi></p></div>
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
                    says(book, &request.wanted),
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
        Wanted::Access(_) | Wanted::Developer => None,
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
                <div class="row">{may.then(|| view! { <Button small=true on:click=approve>{word}</Button> })}
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
