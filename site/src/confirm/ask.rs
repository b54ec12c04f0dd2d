//! What a server asks the person (elicitation): a card under the server's name, unlike a decision in every part (X83).
//!
//! The message is text and stays text (X82). What was filled in is shown once more before it goes out; when it looks
//! like a secret is wanted, that takes a step more (X80). A page to open is named by its host, opened by a click only,
//! in a tab that knows nothing of this one (X81).

use browser::chat::schema::{display, secrets_wanted};
use browser::{AskAnswer, ElicitationKind, ElicitationView};
use leptos::prelude::*;
use policy::address::international;
use serde_json::{Map, Value};

use super::words;
use crate::results::{Folded, Visible, away, fold, pieces, unlisted};
use crate::state::{sentence, use_state};
use crate::ui::form::{Defaults, FormState, SchemaForm};

/// The questions of servers for the conversation on the screen, and those that belong to none.
#[component]
pub(crate) fn Asks() -> impl IntoView {
    let state = use_state();
    let here = move || {
        let thread = state.thread.id.get();
        state.asks.with(|asks| {
            asks.iter()
                .filter(|ask| ask.conversation.is_none() || ask.conversation == thread)
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    let card = move |ask: ElicitationView| {
        let id = ask.id.clone();
        let on_answer = Callback::new(move |answer: AskAnswer| {
            state.ws().answer_ask(&id, answer).map_err(|error| sentence(&error))
        });
        // The server may say that it is done while the question is on the screen.
        let id = ask.id.clone();
        let done = Memo::new(move |_| state.asks.with(|asks| asks.iter().any(|one| one.id == id && one.done)));
        view! { <AskCard ask=ask done=done on_answer=on_answer/> }
    };
    let says = move || here().last().map(|ask| format!("{} is asking you something", ask.host));
    view! {
        <div class="asks">
            <p class="sr" role="status">{says}</p>
            <For each=here key=|ask| ask.id.clone() children=card/>
        </div>
    }
}

/// One question of a server.
#[component]
pub(crate) fn AskCard(
    /// The question.
    ask: ElicitationView,
    /// Whether the server says that what it wanted a page opened for is done.
    done: Memo<bool>,
    /// Takes the answer, or says why it could not be taken.
    on_answer: Callback<AskAnswer, Result<(), String>>,
) -> impl IntoView {
    let ElicitationView { id, connector_name, host, message, kind, repeated, run_again, .. } = ask;
    let asked = message.clone();
    let problem = RwSignal::new(None::<String>);
    let answer = Callback::new(move |answer: AskAnswer| problem.set(on_answer.run(answer).err()));
    let (before, registrable) = words::host_parts(&host);
    let (before, registrable) = (before.to_owned(), registrable.to_owned());
    let (label, place) = (format!("Question from {host}"), ask_id(&id));
    // A server that asks on and on is named as one; declining ends it (X84).
    let again = (repeated > 0).then(|| {
        view! { <p class="field-hint">{format!("It has asked this {} before during the same call.", fold::count(repeated as usize, "time"))}</p> }
    });
    let body = match kind {
        ElicitationKind::Form { schema } => form(&schema, &host, &asked, answer),
        ElicitationKind::Url { url, host: leads_to, refused } => {
            page(&url, &leads_to, refused, Going { asks: host, done, run_again }, answer)
        }
    };
    view! {
        <section class="ask" id=place role="group" aria-label=label tabindex="-1">
            <header class="ask-head">
                <h3>
                    <span class="host"><bdi>{before}<b>{registrable}</b></bdi></span>
                    " is asking you something"
                </h3>
                <span class="grow"></span>
                <small>"through "<Visible text=connector_name/></small>
            </header>
            <div class="ask-body">
                <blockquote class="ask-message"><Folded text=message/></blockquote>
                {again}
            </div>
            {body}
            {move || problem.get().map(|why| view! { <p class="ask-body field-error" role="alert">{pieces(&why)}</p> })}
        </section>
    }
}

/// Where a question of a server stands on the page.
pub(crate) fn ask_id(ask: &str) -> String {
    format!("ask-{ask}")
}

/// Steps of a form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Filling,
    Reviewing,
}

fn form(schema: &Value, host: &str, message: &str, answer: Callback<AskAnswer>) -> AnyView {
    let state = FormState::new(schema, Map::new(), Defaults::FilledIn);
    let wanted = secrets_wanted(&state.form(), message);
    let step = RwSignal::new(Step::Filling);
    let sure = RwSignal::new(wanted.is_empty());
    let host = host.to_owned();
    let warning = (!wanted.is_empty()).then(|| {
        let list: Vec<AnyView> = wanted.iter().map(|name| view! { <li><Visible text=name.clone()/></li> }.into_any()).collect();
        view! {
            <div class="ask-warn">
                <p><b>"This looks like a request for a secret."</b>" A server must not ask for one here. Decline unless you know why."</p>
                <ul>{list}</ul>
            </div>
        }
    });
    let secret = !wanted.is_empty();
    let review = {
        let host = host.clone();
        move || {
            let form = state.form();
            let values = untrack(|| state.values());
            let rows: Vec<AnyView> = values
                .iter()
                .map(|(name, value)| {
                    let title = form
                        .fields
                        .iter()
                        .find(|field| field.name == *name)
                        .map_or_else(|| name.clone(), |field| field.title.clone());
                    let text = if value.is_string() { display(value) } else { fold::text(value) };
                    view! { <dt><bdi>{pieces(&title)}</bdi></dt><dd><Folded text=text/></dd> }.into_any()
                })
                .collect();
            let none = values.is_empty().then(|| view! { <p class="nothing">"An empty answer."</p> });
            let extra = secret.then(|| {
                view! {
                    <div class="ask-warn">
                        <label>
                            <input type="checkbox" prop:checked=move || sure.get() on:change=move |event| sure.set(event_target_checked(&event))/>
                            {format!("I want {host} to have this secret.")}
                        </label>
                    </div>
                }
            });
            view! {
                <h4 tabindex="-1" class="ask-step">{format!("This goes to {host}:")}</h4>
                {none}
                <dl class="ask-review">{rows}</dl>
                {extra}
            }
        }
    };
    let body = move || match step.get() {
        Step::Filling => view! { <SchemaForm state=state/> }.into_any(),
        Step::Reviewing => review().into_any(),
    };
    let main = move || {
        match step.get() {
        Step::Filling => view! {
            <button type="button" class="btn" on:click=move |_| if state.ready().is_some() { step.set(Step::Reviewing) }>"Review answers"</button>
        }
        .into_any(),
        Step::Reviewing => view! {
            <button type="button" class="btn quiet" on:click=move |_| step.set(Step::Filling)>"Back"</button>
            <button
                type="button"
                class="btn"
                aria-disabled=move || (!sure.get()).to_string()
                on:click=move |_| {
                    if !sure.get_untracked() {
                        return;
                    }
                    match state.ready() {
                        Some(values) => answer.run(AskAnswer::Submit(Value::Object(values))),
                        None => step.set(Step::Filling),
                    }
                }
            >
                "Submit"
            </button>
        }
        .into_any(),
    }
    };
    view! {
        <div class="ask-body">{warning}{body}</div>
        <footer class="ask-foot">{main}{ways_out(answer)}</footer>
    }
    .into_any()
}

/// The two ways to say no, which are different to the server.
fn ways_out(answer: Callback<AskAnswer>) -> AnyView {
    view! {
        <button type="button" class="btn" on:click=move |_| answer.run(AskAnswer::Decline)>"Decline"</button>
        <button type="button" class="btn quiet" on:click=move |_| answer.run(AskAnswer::Cancel)>"Cancel"</button>
    }
    .into_any()
}

/// How it goes on with a page.
struct Going {
    /// The host of the server that asks.
    asks: String,
    /// Whether the server says that it is done.
    done: Memo<bool>,
    /// Whether the person runs the call again afterwards, because the server waits for nothing.
    run_again: bool,
}

/// A page which the server wants opened.
fn page(url: &str, host: &str, refused: Option<String>, going: Going, answer: Callback<AskAnswer>) -> AnyView {
    let Going { asks, done: said_done, run_again } = going;
    let opened = RwSignal::new(false);
    // Judged here once more: only what may be opened becomes a link.
    let refused = refused.or_else(|| away(url).and_then(|link| untrack(|| unlisted(&link.host))));
    let link = away(url).filter(|_| refused.is_none());
    let (before, registrable) = words::host_parts(host);
    let (before, registrable) = (before.to_owned(), registrable.to_owned());
    let named =
        (!host.is_empty()).then(|| view! { <p class="ask-host"><bdi><span>{before}</span>{registrable}</bdi></p> });
    let why = link.is_none().then(|| {
        let why = refused.unwrap_or_else(|| "only https pages without a user name can be opened".to_owned());
        view! { <p class="ask-warn"><b>"This cannot be opened: "</b>{pieces(&why)}"."</p> }
    });
    let doubt = link.as_ref().and_then(|link| international(&link.host)).map(|doubt| {
        view! { <p class="ask-warn">{pieces(&crate::ui::capital(&doubt.to_string()))}"."</p> }
    });
    let open = link.map(|link| {
        view! {
            <a
                class="btn"
                href=link.href
                target="_blank"
                rel="noopener noreferrer"
                referrerpolicy="no-referrer"
                on:click=move |_| opened.set(true)
            >
                "Open in new tab"
            </a>
        }
    });
    let openable = open.is_some();
    let done = move || {
        (openable && (opened.get() || said_done.get()))
            .then(|| view! { <button type="button" class="btn" on:click=move |_| answer.run(AskAnswer::Submit(Value::Object(Map::new())))>"Submit"</button> })
    };
    let then = match run_again {
        true => "then you can run the action again",
        false => "then the server goes on",
    };
    let waiting = move || {
        let words = match (said_done.get(), opened.get()) {
            (true, _) => format!("{asks} says that this is done. Press Submit; {then}."),
            (false, true) => format!("Opened. Press Submit when you are done there; {then}."),
            (false, false) => return None,
        };
        Some(view! { <p role="status">{words}</p> })
    };
    view! {
        <div class="ask-body">
            {named}
            <p class="ask-url">{pieces(url)}</p>
            {why}
            {doubt}
            {waiting}
        </div>
        <footer class="ask-foot">{open}{done}{ways_out(answer)}</footer>
    }
    .into_any()
}
