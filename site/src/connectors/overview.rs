//! What a connector is, how it is doing, who vouched for it, and what can be done about it.

use browser::mcp::Revision;
use browser::policy::{Connector, ConnectorId, Permission, Reach, SignIn, Stage, Wanted};
use browser::{Keep, Usage};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::doctor::ConnectionDoctor;
use super::naming::Naming;
use super::new::KeepChoice;
use super::pause::PauseButton;
use super::{ConnectionState, action_summary, plural};
use crate::people::requests::AskFor;
use crate::results::Visible;
use crate::results::fold::number;
use crate::router::{ConnectorTab, Link, Route, Router, StageTab, use_router};
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook, Dialog, Field, ago, clock};

/// What it is, how it is doing, and what can be done about it.
#[component]
pub(super) fn Overview(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let status = {
        let id = id.clone();
        Signal::derive(move || app.connection(&id))
    };
    // What is shown here is how the server is now, so the connection is opened; a failure is a state of it.
    if found.with_untracked(|found| found.as_ref().is_some_and(|one| one.stage != Stage::Archived)) {
        let (ws, id) = (app.ws(), id.clone());
        spawn_local(async move {
            let _ = ws.connect(&id).await;
        });
    }
    // Calls go on while the page is open: each changes the state of the connection or comes with it.
    let used = RwSignal::new(None::<Usage>);
    let of = id.clone();
    Effect::new(move |_| {
        app.connections.track();
        let (ws, id) = (app.ws(), of.clone());
        app.run(async move { ws.usage(&id).await }, move |usage| {
            used.try_set(Some(usage));
        });
    });
    view! {
        <super::pause::PauseNote found/>
        <div class="row"><ConnectionState status/><PublishLink id=id.clone() found/><Recreate id=id.clone() found/><PauseButton id=id.clone() found/></div>
        <ChosenRevision id=id.clone()/>
        <Differs id=id.clone() found/>
        {move || found.get().map(|connector| {
            let snapshot = connector.snapshot.clone();
            view! {
                {(!connector.description.is_empty()).then(|| view! { <p><bdi>{connector.description.clone()}</bdi></p> })}
                <dl class="facts">
                    <dt>"Address"</dt><dd><code class="wrap">{connector.address.clone()}</code></dd>
                    {app.ws().proxy_of(&connector.address).map(|through| view! {
                        <dt>"Goes through"</dt><dd><code class="wrap">{through}</code>" "<span class="small">"a proxy of this workspace, which sees everything that is sent"</span></dd>
                    })}
                    <dt>"Actions"</dt><dd>{action_summary(&connector)}</dd>
                    <dt>"Sign-in"</dt><dd>{match &connector.sign_in {
                        SignIn::None => "None".to_owned(),
                        SignIn::Header { name } => format!("Header {name}"),
                        SignIn::OAuth { partly: true, .. } => "OAuth for some actions".to_owned(),
                        SignIn::OAuth { .. } => "OAuth".to_owned(),
                    }}</dd>
                    <dt>"Added"</dt><dd>{clock(connector.created_at)}" by "<bdi>{owner_name(&connector)}</bdi></dd>
                    <dt>"Built by"</dt><dd>{super::catalogue::built_by(connector.provenance)}</dd>
                    <dt>"Used"</dt><dd>{move || used.get().map(|usage| used_words(usage, app.ws().now()))}</dd>
                    <dt>"Told to a model"</dt><dd>{format!("about {} tokens in every request", number(app.ws().model_views(&connector.id).tokens))}</dd>
                    {snapshot.map(|snapshot| view! {
                        <dt>"Approved definition"</dt>
                        <dd>{format!("Version {}, read {}", snapshot.version, clock(snapshot.taken_at))}<br/>
                            <code class="digest" title=snapshot.digest.as_str().to_owned()>{snapshot.digest.as_str().chars().take(16).collect::<String>()}"…"</code></dd>
                        <dt>"Server calls itself"</dt>
                        <dd><bdi>{format!("{} {}", snapshot.server.name, snapshot.server.version)}</bdi>" "<span class="small">"its own words; the host is what counts"</span></dd>
                        <dt>"Protocol"</dt><dd>{snapshot.protocol.clone()}</dd>
                        {snapshot.instructions.clone().map(|text| view! {
                            <dt>"Instructions to a model"</dt><dd class="server-text"><Visible text/></dd>
                        })}
                    })}
                </dl>
            }
        })}
        {(found.with_untracked(|found| found.as_ref().is_some_and(|one| one.reach != Reach::InPage))).then(|| {
            let address = Signal::derive(move || found.with(|found| found.as_ref().map(|one| one.address.clone()).unwrap_or_default()));
            view! { <ConnectionDoctor address connector=Some(id.clone())/> }
        })}
        <ReviewRecord found/>
        <Naming id=id.clone() found/>
        <HeaderValue id=id.clone() found/>
        <Ending id found/>
    }
}

/// The way to the review, for a draft (S063), or who goes it; absent where the plan publishes nothing.
#[component]
fn PublishLink(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let may = Memo::new(move |_| {
        let draft = found.with(|found| found.as_ref().is_some_and(|one| one.stage == Stage::Draft));
        app.rulebook.with(|book| {
            let published = draft && book.plan().publishing.is_some();
            let me = book.member(&app.ws().seen_as());
            published.then(|| me.is_ok_and(|me| book.holds(me, Permission::Publish)))
        })
    });
    let wanted = StoredValue::new(Wanted::Publication(id.clone()));
    let asks = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as()).ok()?;
            found.with(|found| book.may_ask_for_publication(found.as_ref()?, me).ok())
        })
    });
    move || {
        may.get().map(|may| match may {
            true => view! { <Link to=Route::Publish(id.to_string()) class="btn primary">"Publish"</Link> }.into_any(),
            // A member who may develop waits for somebody else here (S015, S061).
            false => {
                let runs = app.rulebook.with(|book| crate::people::who_runs_it(book));
                view! { <span class="small why">"Admins and owners publish it. Ask one of: "<bdi>{runs}</bdi>"."</span>
                    {move || asks.get().map(|()| view! { <AskFor wanted=Some(wanted.get_value()) word="Ask for publication"/> })} }.into_any()
            }
        })
    }
}

/// A new draft from what cannot be changed (S068).
#[component]
fn Recreate(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let router = use_router();
    let id = StoredValue::new(id);
    let shown = Memo::new(move |_| {
        let fixed = app.rulebook.with(|book| book.plan().publishing.is_some() && !book.plan().has_controls());
        let custom = |one: &Connector| one.provider == browser::policy::Provider::Custom && one.stage != Stage::Draft;
        fixed && found.with(|found| found.as_ref().is_some_and(custom)) && app.ws().may_add().is_ok()
    });
    move || {
        shown.get().then(
            || view! { <Button on:click=move |_| recreate(app, router, id.get_value())>"Recreate from this"</Button> },
        )
    }
}

/// Makes a new draft from a connector and goes there, where its list is read.
pub(super) fn recreate(app: AppState, router: Router, id: ConnectorId) {
    let ws = app.ws();
    app.run(async move { ws.recreate(&id).await }, move |new| {
        app.tell("A new draft was made. Sign in again if the server asks for it.");
        router.go(Route::Connector(new.to_string(), ConnectorTab::Changes));
    });
}

/// That the server lists something else than what is approved, and where to look at it.
#[component]
pub(super) fn Differs(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let words = Memo::new(move |_| {
        found.track();
        app.connections.track();
        let drift = app.ws().drift(&id.get_value());
        let part = |count: usize, what: &str| (count > 0).then(|| format!("{} {what}", plural(count, "action")));
        let all: Vec<String> =
            [(drift.changed.len(), "changed"), (drift.removed.len(), "gone"), (drift.added.len(), "new")]
                .into_iter()
                .filter_map(|(count, what)| part(count, what))
                .collect();
        all.join(", ")
    });
    move || {
        (!words.with(String::is_empty)).then(|| view! {
        <div class="note held"><b>"Held"</b><span class="grow">{words.get()}" since it was approved."</span>
            <Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Changes)>"See what changed"</Link></div>
    })
    }
}

/// That the person chose a revision of the protocol here, which an older one makes worth saying (X112), and how to undo it.
#[component]
fn ChosenRevision(
    /// Which connector.
    id: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let chosen = Memo::new(move |_| {
        app.connections.track();
        app.rulebook.track();
        app.ws().chosen_revision(&app.ws().usual_account(&id.get_value()))
    });
    let undo = move |_| {
        let (ws, id) = (app.ws(), id.get_value());
        let account = ws.usual_account(&id);
        app.run(async move { ws.choose_revision(&id, &account, None).await }, |()| ());
    };
    move || {
        chosen.get().map(|revision| {
            let newest = Revision::ALL.last() == Some(&revision);
            let less = if newest { "" } else { " A newer one protects more, and is not asked for meanwhile." };
            view! {
                <div class="note held"><b>"Revision chosen"</b>
                    <span class="grow">{format!("You chose MCP {revision} for this connection in the inspector.{less} Only you can undo it, here or there; it ends when you leave developer mode, too.")}</span>
                    <Button small=true on:click=undo>"Find the revision out"</Button></div>
            }
        })
    }
}

/// Who vouched for what runs (S112).
#[component]
pub(super) fn ReviewRecord(
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    move || {
        found.get().filter(|one| one.vouched().is_some()).map(|connector| {
            view! {
                <section class="setting"><h2>"Review"</h2>
                    <super::review_record::Record connector/></section>
            }
        })
    }
}

/// How much it is used, in words.
fn used_words(usage: Usage, now: u64) -> String {
    match (usage.calls, usage.succeeded) {
        (0, _) => "Not yet".to_owned(),
        (calls, Some(at)) => format!("{}, the last that succeeded {}", plural(calls as usize, "call"), ago(at, now)),
        (calls, None) => format!("{}, none of the latest succeeded", plural(calls as usize, "call")),
    }
}

fn owner_name(connector: &Connector) -> String {
    let app = use_state();
    app.rulebook.with_untracked(|book| book.member(&connector.owner).map(|one| one.name.clone()).unwrap_or_default())
}

/// Replaces the value of a fixed header.
#[component]
fn HeaderValue(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let value = RwSignal::new(String::new());
    let keep = RwSignal::new(Keep::Tab);
    let header = Memo::new(move |_| {
        found.with(|found| match found.as_ref().map(|one| &one.sign_in) {
            Some(SignIn::Header { name }) => Some(name.clone()),
            _ => None,
        })
    });
    move || {
        header.get().map(|name| view! {
            <form class="setting" on:submit=move |event| {
                event.prevent_default();
                let (ws, text) = (app.ws(), value.get_untracked());
                app.run(async move { ws.set_header_value(&id.get_value(), &text, keep.get_untracked()).await }, move |_| {
                    value.set(String::new());
                    app.tell("The value was replaced.");
                });
            }>
                <h2>"Sign-in"</h2>
                <Field label=format!("New value for {name}") help="Replaces the one that is kept. It is never shown again." let:field>
                    <input id=field.id aria-describedby=field.described class="mono" type="password" autocomplete="off" spellcheck="false"
                        prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/>
                </Field>
                <KeepChoice keep/>
                <Button submit=true disabled=Signal::derive(move || value.get().is_empty())>"Replace value"</Button>
            </form>
        })
    }
}

/// Archive and remove, each with a question before.
#[component]
fn Ending(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let router = use_router();
    let id = StoredValue::new(id);
    let asking = RwSignal::new(None::<bool>);
    let may_archive = move || {
        app.rulebook.with(|rulebook| {
            let me = rulebook.member(&app.ws().seen_as());
            found.with(|found| {
                found.as_ref().is_some_and(|one| {
                    one.stage != Stage::Archived && me.and_then(|me| rulebook.may_archive(one, me)).is_ok()
                })
            })
        })
    };
    let removable = move || {
        use browser::policy::Provider;
        found.with(|found| {
            found.as_ref().is_some_and(|one| one.provider == Provider::Custom && one.stage != Stage::Published)
        })
    };
    let go = move |remove: bool| {
        let ws = app.ws();
        let work = async move {
            let id = id.get_value();
            if remove { ws.remove(&id).await } else { ws.archive(&id).await }
        };
        app.run(work, move |()| {
            asking.try_set(None);
            router.go(Route::WorkspaceConnectors(if remove { StageTab::Drafts } else { StageTab::Archived }));
        });
    };
    view! {
        <div class="row ending">
            {move || may_archive().then(|| view! { <Button on:click=move |_| asking.set(Some(false))>"Archive connector"</Button> })}
            {move || removable().then(|| view! { <Button look=ButtonLook::Danger on:click=move |_| asking.set(Some(true))>"Remove connector"</Button> })}
        </div>
        {move || asking.get().map(|remove| {
            let name = found.with_untracked(|found| found.as_ref().map(|one| one.name.clone()).unwrap_or_default());
            let (title, words, verb) = if remove {
                (format!("Remove {name}"), "Its definition, switches and kept sign-in go. Conversations and the audit log stay.", "Remove connector")
            } else {
                (format!("Archive {name}"), "Nothing runs through it any more. It cannot be brought back; add it again as a draft when it is needed.", "Archive connector")
            };
            view! {
                <Dialog title role="alertdialog" on_close=move |()| asking.set(None)>
                    <div class="body"><p>{words}</p></div>
                    <footer>
                        <Button on:click=move |_| asking.set(None)>"Keep connector"</Button>
                        <Button look=ButtonLook::Danger on:click=move |_| go(remove)>{verb}</Button>
                    </footer>
                </Dialog>
            }
        })}
    }
}
