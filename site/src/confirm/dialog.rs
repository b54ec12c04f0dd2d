//! The confirmation dialog: the one place where a person says that a call may run.
//!
//! It is built from the frozen call only (X65); what is approved is named by its digest, so that what was shown is
//! what is sent (X66). Nothing is preselected, the heading has the focus, Enter and Escape never approve, and the
//! approving button works after a short delay which begins anew when anything moves (X68). For a write every long
//! value has to be opened first (X67).

use std::collections::BTreeSet;
use std::sync::Arc;

use browser::{Answer, Asked, QuestionView};
use leptos::html;
use leptos::prelude::*;
use policy::findings::Finding;
use policy::{CallId, Class};
use serde_json::{Map, Value};

use super::arm::Arming;
use super::queue::{differences, groups};
use super::{Draft, words};
use crate::people::chain::ShortChain;
use crate::results::fold::{self, count};
use crate::results::{Folded, Visible, Worded, flat, pieces};
use crate::state::use_state;
use crate::ui::form::{Defaults, FormState, SchemaForm};
use crate::ui::{Badge, ClassMark, LocalMark, Monogram, sentence};

/// What the lower part of the dialog is for at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Deciding.
    Deciding,
    /// Typing a reason for saying no.
    Reason,
    /// Changing the arguments.
    Editing,
    /// Choosing how long the answer is remembered.
    Remembering,
}

/// What the three links below the arguments open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Panel {
    Definition,
    Why,
    Json,
}

/// Whether the arguments may be approved, and everything that decides it.
#[derive(Clone, Copy)]
struct Ready {
    arming: Arming,
    /// Long values that were not opened yet and must be.
    unopened: RwSignal<BTreeSet<String>>,
}

impl Ready {
    fn is(&self) -> bool {
        self.arming.is_armed() && self.unopened.with(BTreeSet::is_empty)
    }
}

/// One question. Mounted anew for every question and for every edit, so that nothing of one reaches another.
#[component]
pub(crate) fn Sheet(
    /// The question.
    asked: Asked,
    /// Its place in the queue from 1, and the length of the queue.
    place: Signal<(usize, usize)>,
    /// The arguments of the calls in the queue that want the same action, this one left out.
    alike: Signal<Vec<Map<String, Value>>>,
    /// The title of the conversation it belongs to, when that is not the one on the screen.
    elsewhere: Signal<Option<String>>,
    /// After how many decisions of this turn it pauses, while it does (X69).
    paused: Signal<Option<usize>>,
    /// What was typed for this question before it was set aside; kept up to date.
    draft: StoredValue<Draft>,
    /// The delay of the approving button.
    arming: Arming,
    /// Takes the decision. The words say why it could not be taken; nothing was sent then (X70).
    on_answer: Callback<Answer, Result<(), String>>,
    /// Sets the question aside. It keeps waiting.
    on_later: Callback<()>,
) -> impl IntoView {
    let view = Arc::new(asked.view);
    let must_open = view.class != Class::Read;
    let unopened: BTreeSet<String> = view
        .arguments
        .iter()
        .filter(|(_, value)| must_open && fold::fold_at(&fold::text(value)).is_some())
        .map(|(name, _)| name.clone())
        .collect();
    let ready = Ready { arming, unopened: RwSignal::new(unopened) };
    let doing =
        RwSignal::new(if draft.with_value(|draft| draft.form.is_some()) { Doing::Editing } else { Doing::Deciding });
    let panel = RwSignal::new(None::<Panel>);
    let refused = RwSignal::new(None::<String>);
    let heading = NodeRef::<html::H1>::new();
    let answer = Callback::new(move |answer: Answer| {
        if let Err(why) = on_answer.run(answer) {
            refused.set(Some(why));
        }
    });
    heading.on_load(move |heading| {
        arming.restart();
        // The neutral element: neither Enter nor Space does anything on a heading (X68).
        request_animation_frame(move || {
            // Only fails when the dialog is already gone.
            let _ = heading.focus();
        });
    });
    // Anything that moves the buttons, or puts other ones in their place.
    Effect::new(move |_| {
        doing.track();
        panel.track();
        place.track();
        paused.track();
        refused.track();
        arming.restart();
    });

    let form = StoredValue::new(None::<FormState>);
    let body = {
        let view = view.clone();
        move || {
            if let Some(why) = refused.get() {
                // The reason may say it already.
                let said = why.to_lowercase().contains("nothing was sent");
                return view! {
                    <div class="decide-refused" role="alert">
                        <p>{pieces(&why)}</p>
                        {(!said).then(|| view! { <p>"Nothing was sent."</p> })}
                    </div>
                }
                .into_any();
            }
            if let Some(decided) = paused.get() {
                return pause(decided);
            }
            if doing.get() == Doing::Editing {
                return editing(&view, form, draft);
            }
            view! {
                {arguments(&view, ready)}
                {notices(&view, arming)}
                {alike_calls(&view, alike)}
                {more(view.clone(), asked.id.clone(), panel, asked.shown.to_string())}
            }
            .into_any()
        }
    };
    let footer = {
        let view = view.clone();
        move || {
            if refused.get().is_some() {
                return view! {
                    <span class="decide-line"></span>
                    <button type="button" class="btn" on:click=move |_| on_later.run(())>"Close"</button>
                }
                .into_any();
            }
            if paused.get().is_some() {
                return pause_footer(asked.conversation.clone(), answer);
            }
            match doing.get() {
                Doing::Deciding => deciding(&view, ready, doing, answer).into_any(),
                Doing::Reason => reason(doing, draft, answer).into_any(),
                Doing::Remembering => remembering(&view, ready, doing, answer).into_any(),
                Doing::Editing => edit_footer(form, draft, doing, answer).into_any(),
            }
        }
    };
    view! {
        <div class="decide-sheet">
            {move || queue_bar(place.get(), elsewhere.get(), paused.get().is_some(), answer)}
            {head(&view, heading, on_later)}
            <div class="decide-body" tabindex="0" role="group" aria-label="What is sent">{body}</div>
            <footer class="decide-foot">{footer}</footer>
        </div>
    }
}

/// The strip above everything while more than one question waits.
fn queue_bar(
    (at, of): (usize, usize),
    elsewhere: Option<String>,
    paused: bool,
    answer: Callback<Answer>,
) -> Option<AnyView> {
    if of < 2 && elsewhere.is_none() {
        return None;
    }
    let place = (of > 1).then(|| view! { <b>{format!("{at} of {of}")}</b> });
    let where_ = elsewhere.map(|title| view! { <span>"In “"<Visible text=title/>"”"</span> });
    // During a pause the same button stands below.
    let stop = (of > 1 && !paused).then(|| {
        view! {
            <button type="button" class="btn" on:click=move |_| answer.run(Answer::DenyAllAndStop)>"Deny all and stop"</button>
        }
    });
    Some(view! { <div class="decide-queue">{place}{where_}<span class="grow"></span>{stop}</div> }.into_any())
}

/// Who is asked to do what, and of which class it is.
fn head(view: &QuestionView, heading: NodeRef<html::H1>, on_later: Callback<()>) -> AnyView {
    let (before, registrable) = words::host_parts(&view.host);
    let (before, registrable) = (before.to_owned(), registrable.to_owned());
    let mut says = vec![words::class_says(view.class, view.class_source).to_owned()];
    says.extend(view.reasons.iter().map(|reason| sentence(reason)));
    let badge = view.badge.clone().map(|word| view! { <Badge word=word/> });
    let local = view.local.then(|| view! { <LocalMark/> });
    let unsigned = view.account == "no sign-in";
    let account = view! { <small>{(!unsigned).then_some("as ")}<Visible text=view.account.clone()/></small> };
    // The name as sent, where the server shows another title: a title can say anything.
    let exact = (view.action != view.action_title).then(|| view! { <code><Visible text=view.action.clone()/></code> });
    view! {
        <header class="decide-head">
            <div class="title">
                <h1 id="decide-question" tabindex="-1" node_ref=heading><Visible text=view.verb_sentence.clone()/></h1>
                <button type="button" class="btn quiet small decide-later" on:click=move |_| on_later.run(())>"Decide later"</button>
            </div>
            <div class="decide-who" id="decide-who">
                <Monogram name=view.connector_name.clone() tint=view.tint/>
                <span class="host"><bdi>{before}<b>{registrable}</b></bdi></span>
                {account}
                {exact}
                {badge}
                {local}
                <span class="grow"></span>
                <ClassMark class=view.class/>
            </div>
            {view.by_app.then(|| view! { <p class="decide-app"><b>"Asked for by the app of this connector"</b>", not by you or a model."</p> })}
            <p class="decide-says" id="decide-says">{pieces(&says.join(" "))}</p>
        </header>
    }
    .into_any()
}

/// Every argument with its whole value, where it came from and what is odd about it.
fn arguments(view: &Arc<QuestionView>, ready: Ready) -> AnyView {
    if view.arguments.is_empty() {
        return view! { <p class="decide-none">"Sent without arguments."</p> }.into_any();
    }
    let rows: Vec<AnyView> = view.arguments.iter().map(|(name, value)| argument(view, name, value, ready)).collect();
    let headers: Vec<AnyView> = view
        .headers
        .iter()
        .filter_map(|note| {
            let value = fold::text(view.arguments.get(&note.argument)?);
            Some(view! { <code><Folded text=format!("{}: {value}", note.header)/></code><br/> }.into_any())
        })
        .collect();
    let headers = (!headers.is_empty()).then(|| view! { <dt>"Also sent as header"</dt><dd>{headers}</dd> });
    view! { <dl class="decide-args">{rows}{headers}</dl> }.into_any()
}

fn argument(view: &Arc<QuestionView>, name: &str, value: &Value, ready: Ready) -> AnyView {
    let label = words::label(name);
    // The name as sent stands beside the words unless they are the same but for spelling.
    let exact = (label.to_lowercase().replace(' ', "") != name.to_lowercase().replace(['_', '-', ' '], ""))
        .then(|| view! { <code>{pieces(name)}</code> });
    let belongs = |path: &str| fold::root(path) == name;
    let lineage: Vec<_> = view.lineage.iter().filter(|note| belongs(&note.path)).cloned().collect();
    let phrases: Vec<String> = lineage.iter().map(|note| note.text.clone()).collect();
    let from: Vec<AnyView> = lineage
        .iter()
        .map(|note| {
            let label = match (note.private, note.untrusted) {
                (true, true) => ", not for everybody, and somebody else may have written it",
                (true, false) => ", not for everybody",
                (false, true) => ", somebody else may have written it",
                (false, false) => "",
            };
            view! {
                <span class="decide-from">"from "<Visible text=note.connector_name.clone()/>" · "<bdi>{note.host.clone()}</bdi>{label}</span>
            }
            .into_any()
        })
        .collect();
    let secrets: Vec<AnyView> = view
        .secrets
        .iter()
        .filter(|note| belongs(&note.path))
        .map(|note| view! { <span class="decide-note secret">{format!("Looks like {}. It leaves this browser if you allow this.", note.looks_like)}</span> }.into_any())
        .collect();
    let hidden: Vec<AnyView> = view
        .hidden
        .iter()
        .filter(|note| belongs(&note.path))
        .map(|note| {
            let says = format!("{}: {}.", count(note.count, "hidden character"), note.names.join(", "));
            view! { <span class="decide-note hidden-chars">{pieces(&says)}</span> }.into_any()
        })
        .collect();
    let data = !value.is_string();
    view! {
        <dt><bdi>{pieces(&label)}</bdi>{exact}</dt>
        <dd>
            <span class:data=data>{value_view(name, value, phrases, ready)}</span>
            {from}
            {secrets}
            {hidden}
        </dd>
    }
    .into_any()
}

/// A value: whole when it is short, otherwise its beginning and how much more there is to open.
fn value_view(name: &str, value: &Value, phrases: Vec<String>, ready: Ready) -> AnyView {
    let text = fold::text(value);
    if text.is_empty() {
        return view! { <span class="empty">"empty text"</span> }.into_any();
    }
    let Some(at) = fold::fold_at(&text) else { return marked(&text, &phrases) };
    let opened = RwSignal::new(false);
    let name = name.to_owned();
    let hidden = text.get(at..).map_or(0, |rest| rest.chars().count());
    (move || {
        if opened.get() {
            return marked(&text, &phrases);
        }
        let shown = marked(text.get(..at).unwrap_or_default(), &phrases);
        let name = name.clone();
        let open = move |_| {
            opened.set(true);
            ready.unopened.update(|unopened| {
                unopened.remove(&name);
            });
            ready.arming.restart();
        };
        let must =
            if ready.unopened.with_untracked(|unopened| unopened.is_empty()) { "open" } else { "open to approve" };
        let says = format!("{}, {must}", count(hidden, "more character"));
        view! { {shown}" … "<button type="button" class="decide-fold" on:click=open>{says}</button> }.into_any()
    })
    .into_any()
}

/// A text in which every phrase that a server said earlier is marked (X75).
fn marked(text: &str, phrases: &[String]) -> AnyView {
    let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
    let runs: Vec<AnyView> = fold::marked(text, &phrases)
        .into_iter()
        .map(|run| {
            let text = pieces(&run.text);
            if run.marked { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() }
        })
        .collect();
    view! { <bdi>{runs}</bdi> }.into_any()
}

/// This many notices are shown at once.
const NOTICES: usize = 3;

/// What the scanner found in the action, by name and short (e.4). It is advice; the rules decided without it.
fn notices(view: &QuestionView, arming: Arming) -> Option<AnyView> {
    let found = use_state().rulebook.with_untracked(|book| book.notices_of(&view.connector, &view.action));
    if found.is_empty() {
        return None;
    }
    let row = |one: &Finding| {
        let (kind, words) = (one.kind.label(), sentence(&one.words));
        view! { <li><b>{kind}": "</b><Worded text=words/></li> }.into_any()
    };
    let first: Vec<AnyView> = found.iter().take(NOTICES).map(row).collect();
    let rest: Vec<AnyView> = found.iter().skip(NOTICES).map(row).collect();
    let more = (!rest.is_empty()).then(|| {
        let says = count(rest.len(), "more notice");
        view! { <details on:toggle=move |_| arming.restart()><summary>{says}</summary><ul>{rest}</ul></details> }
    });
    Some(
        view! {
            <section class="decide-notices" aria-label="Notices">
                <h2>"The scanner noticed in the definition of this action:"</h2>
                <ul>{first}</ul>
                {more}
            </section>
        }
        .into_any(),
    )
}

/// The other calls in the queue that want the same action, with what is different in each (X69).
fn alike_calls(view: &Arc<QuestionView>, alike: Signal<Vec<Map<String, Value>>>) -> AnyView {
    let view = view.clone();
    (move || {
        let others = alike.get();
        if others.is_empty() {
            return None;
        }
        let says = format!("{} of the same action wait. You decide each on its own; this is how they differ:", count(others.len(), "more call"));
        let lines: Vec<AnyView> = others
            .iter()
            .map(|other| {
                let differ = differences(&view.arguments, other);
                if differ.is_empty() {
                    return view! { <li>"exactly the same"</li> }.into_any();
                }
                let parts: Vec<AnyView> = differ
                    .into_iter()
                    .map(|(name, value)| {
                        let name = pieces(&words::label(&name));
                        match value {
                            Some(value) => view! {
                                <span class="differs"><span class="name">{name}": "</span><Folded text=fold::text(&value)/></span>
                            }
                            .into_any(),
                            None => view! { <span class="differs name">"without "{name}</span> }.into_any(),
                        }
                    })
                    .collect();
                view! { <li>{parts}</li> }.into_any()
            })
            .collect();
        Some(view! { <section class="decide-alike"><h2>{says}</h2><ol>{lines}</ol></section> }.into_any())
    })
    .into_any()
}

/// The three links and what they open.
fn more(view: Arc<QuestionView>, id: CallId, panel: RwSignal<Option<Panel>>, shown: String) -> AnyView {
    let app = use_state();
    let link = move |this: Panel, name: &'static str| {
        view! {
            <button
                type="button"
                aria-expanded=move || (panel.get() == Some(this)).to_string()
                aria-controls="decide-panel"
                on:click=move |_| panel.update(|now| *now = if *now == Some(this) { None } else { Some(this) })
            >
                {name}
            </button>
        }
    };
    let open = move || {
        let inner = match panel.get()? {
            Panel::Definition => {
                let text = serde_json::to_string_pretty(&view.definition).unwrap_or_default();
                view! {
                    <pre tabindex="0" role="group" aria-label="Full definition">{pieces(&text)}</pre>
                    <p class="digest">{format!("sha-256 {}", view.digest)}</p>
                }
                .into_any()
            }
            Panel::Why => {
                let says: Vec<AnyView> =
                    view.reasons.iter().map(|reason| view! { <li>{pieces(&sentence(reason))}</li> }.into_any()).collect();
                let world = if view.open_world {
                    "It may reach beyond its server; the server does not rule that out."
                } else {
                    "The server says it does not reach beyond itself."
                };
                view! {
                    <ul>
                        {says}
                        <li>{words::class_says(view.class, view.class_source)}</li>
                        <li>{world}</li>
                        <li>"Asked for by "<Visible text=view.by.clone()/>"."</li>
                    </ul>
                    {app.ws().explain_question(&id).map(|explanation| view! { <ShortChain explanation/> })}
                }
                .into_any()
            }
            Panel::Json => view! {
                <pre tabindex="0" role="group" aria-label="Exact JSON">{pieces(&view.arguments_text)}</pre>
                <p class="digest">{format!("This is sent byte for byte to the action “{}”. Approving names sha-256 {shown}.", flat(&view.action))}</p>
            }
            .into_any(),
        };
        Some(view! { <div class="decide-panel">{inner}</div> })
    };
    view! {
        <div class="decide-more">
            {link(Panel::Definition, "Full definition")}
            {link(Panel::Why, "Why is this asking?")}
            {link(Panel::Json, "Exact JSON")}
        </div>
        <div id="decide-panel">{open}</div>
    }
    .into_any()
}

/// Deny, the line, and the way to yes.
fn deciding(
    view: &QuestionView,
    ready: Ready,
    doing: RwSignal<Doing>,
    answer: Callback<Answer>,
) -> impl IntoView + use<> {
    let label = words::allow_label(view.class, &view.action_title);
    let look = if view.class == Class::Destructive { "btn danger" } else { "btn primary" };
    let remembers = view.remembering.conversation || view.remembering.longer;
    // Enter on the button says how to approve instead of approving (X68).
    let enter = RwSignal::new(false);
    let says = move || {
        let unopened = ready.unopened.with(BTreeSet::len);
        if unopened > 0 {
            format!("open {} to allow", count(unopened, "long value"))
        } else if enter.get() {
            "Enter does not approve; press Space or click".to_owned()
        } else {
            "nothing sent".to_owned()
        }
    };
    let off = move || (!ready.is()).to_string();
    // The line stays empty while something has to be opened first.
    let line = move || if ready.unopened.with(BTreeSet::is_empty) { ready.arming.line() } else { "" };
    view! {
        <button type="button" class="btn" on:click=move |_| answer.run(Answer::Deny { reason: None })>"Deny"</button>
        <button type="button" class="btn quiet" on:click=move |_| doing.set(Doing::Reason)>"Deny with reason"</button>
        <span class="decide-line" id="decide-line"><i class=line></i><span role="status">{says}</span></span>
        <button type="button" class="btn" on:click=move |_| doing.set(Doing::Editing)>"Edit"</button>
        {remembers.then(|| view! { <button type="button" class="btn quiet" on:click=move |_| doing.set(Doing::Remembering)>"Allow and remember"</button> })}
        <button
            type="button"
            class=look
            aria-disabled=off
            aria-describedby="decide-line"
            on:keydown=move |event| {
                if event.key() == "Enter" {
                    event.prevent_default();
                    enter.set(true);
                }
            }
            on:click=move |_| {
                if untrack(|| ready.is()) {
                    answer.run(Answer::AllowOnce);
                }
            }
        >
            {label}
        </button>
    }
}

/// What stands in the place of the arguments during a pause: how many decisions there were, and what waits (X69).
fn pause(decided: usize) -> AnyView {
    let app = use_state();
    let waiting = move || {
        app.questions
            .with(|queue| groups(queue))
            .into_iter()
            .map(|(count, says)| view! { <li><b>{format!("{} × ", fold::number(count))}</b><Visible text=says/></li> })
            .collect_view()
    };
    view! {
        <section class="decide-pause">
            <h2>{format!("You have decided {} in this turn", count(decided, "call"))}</h2>
            <p>"It pauses here, because whoever is asked again and again stops reading. Still waiting:"</p>
            <ul>{waiting}</ul>
        </section>
    }
    .into_any()
}

fn pause_footer(conversation: Option<policy::ConversationId>, answer: Callback<Answer>) -> AnyView {
    let app = use_state();
    let go_on = move |_| {
        if let Some(id) = &conversation {
            app.ws().go_on(id);
        }
    };
    view! {
        <button type="button" class="btn" on:click=move |_| answer.run(Answer::DenyAllAndStop)>"Deny all and stop"</button>
        <span class="decide-line"><span role="status">"paused; nothing sent"</span></span>
        <button type="button" class="btn" on:click=go_on>"Go on deciding"</button>
    }
    .into_any()
}

/// How long an answer counts for the next calls of the same action, as far as the workspace allows. Armed like the
/// approving button, because each of these approves.
fn remembering(
    view: &QuestionView,
    ready: Ready,
    doing: RwSignal<Doing>,
    answer: Callback<Answer>,
) -> impl IntoView + use<> {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    let here = view.remembering.conversation.then_some((Answer::AllowHere, "Allow in this conversation"));
    let longer = [(1, "Allow for 1 day"), (7, "Allow for 7 days"), (30, "Allow for 30 days")];
    let longer = longer.into_iter().filter(|_| view.remembering.longer);
    let ways = here.into_iter().chain(longer.map(|(days, says)| (Answer::AllowFor(days * DAY), says)));
    let buttons = ways.map(|(allows, says)| {
        view! {
            <button type="button" class="btn" aria-disabled=move || (!ready.is()).to_string()
                on:keydown=|event| if event.key() == "Enter" { event.prevent_default() }
                on:click=move |_| if untrack(|| ready.is()) { answer.run(allows.clone()) }>{says}</button>
        }
    });
    view! {
        <div class="decide-remember" role="group" aria-label="Allow and remember">
            <p class="small">"Later calls of this action as it is now, with any values, as the same account. You take it back under Settings, Approvals."</p>
            <div class="row">
                <button type="button" class="btn quiet" on:click=move |_| doing.set(Doing::Deciding)>"Back"</button>
                {buttons.collect_view()}
            </div>
        </div>
    }
}

/// A reason in the person's words.
fn reason(doing: RwSignal<Doing>, draft: StoredValue<Draft>, answer: Callback<Answer>) -> impl IntoView + use<> {
    let text = RwSignal::new(draft.with_value(|draft| draft.reason.clone()));
    let field = NodeRef::<html::Input>::new();
    field.on_load(|field| {
        request_animation_frame(move || {
            let _ = field.focus();
        });
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let reason = text.get_untracked().trim().to_owned();
        answer.run(Answer::Deny { reason: (!reason.is_empty()).then_some(reason) });
    };
    view! {
        <form class="decide-reason" on:submit=send>
            <button type="button" class="btn quiet" on:click=move |_| doing.set(Doing::Deciding)>"Back"</button>
            <label>
                <span class="sr">"Reason"</span>
                <input
                    class="input"
                    type="text"
                    autocomplete="off"
                    placeholder="Reason, told to whoever asked for the call"
                    node_ref=field
                    prop:value=move || text.get()
                    on:input=move |event| {
                        text.set(event_target_value(&event));
                        draft.update_value(|draft| draft.reason = text.get_untracked());
                    }
                />
            </label>
            <button type="submit" class="btn">"Deny with reason"</button>
        </form>
    }
}

/// The form that changes the arguments.
fn editing(view: &Arc<QuestionView>, form: StoredValue<Option<FormState>>, draft: StoredValue<Draft>) -> AnyView {
    let schema = view.definition.get("inputSchema").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    let state = FormState::new(&schema, view.arguments.clone(), Defaults::Offered);
    if let Some(left) = draft.with_value(|draft| draft.form.clone()) {
        state.resume(left);
    }
    form.set_value(Some(state));
    // What was typed survives Escape and Decide later.
    Effect::new(move |_| {
        let left = state.draft();
        draft.update_value(|draft| draft.form = Some(left));
    });
    view! { <div class="decide-edit"><SchemaForm state=state/></div> }.into_any()
}

/// Leaving the form: back without changes, or on to a new decision about what it holds now (X66).
fn edit_footer(
    form: StoredValue<Option<FormState>>,
    draft: StoredValue<Draft>,
    doing: RwSignal<Doing>,
    answer: Callback<Answer>,
) -> impl IntoView + use<> {
    let discard = move |_| {
        doing.set(Doing::Deciding);
        draft.update_value(|draft| draft.form = None);
    };
    let ask = move |_| {
        let Some(state) = form.get_value() else { return };
        if let Some(arguments) = state.ready() {
            answer.run(Answer::Edit { arguments });
        }
    };
    view! {
        <button type="button" class="btn quiet" on:click=discard>"Discard changes"</button>
        <span class="decide-line"><span>"nothing sent; you decide about the changed call next"</span></span>
        <button type="button" class="btn primary" on:click=ask>"Review changes"</button>
    }
}
