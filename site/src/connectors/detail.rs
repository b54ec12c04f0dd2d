//! One connector: what it is, and what each of its actions may do (screens.md e.2).

use browser::policy::{Action, Class, ClassSource, Connector, ConnectorId, Reach, SignIn, Stage};
use browser::{Drift, Keep};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::doctor::ConnectionDoctor;
use super::new::{Checklist, KeepChoice, fresh_lines, sentence};
use super::{ConnectionState, action_summary, plural};
use crate::results::Visible;
use crate::router::{ConnectorTab, Route, StageTab, page_title, use_router};
use crate::state::use_state;
use crate::ui::{
    Badge, Button, ButtonLook, ClassMark, Dialog, Field, HostName, LocalMark, Monogram, SearchField, Switch, Tab, Tabs,
    clock,
};

/// The page.
#[component]
pub(crate) fn ConnectorPage(
    /// Which connector.
    id: String,
    /// Which tab.
    tab: ConnectorTab,
) -> impl IntoView {
    let app = use_state();
    let id = ConnectorId::from(id);
    let found = {
        let id = id.clone();
        Memo::new(move |_| {
            app.rulebook.with(|rulebook| {
                // Other people's drafts are not there for whoever may not know of them.
                let seen = app.ws().seen_as();
                rulebook.connector(&id).ok().filter(|one| super::list::may_know(rulebook, one, &seen)).cloned()
            })
        })
    };
    page_title(move || {
        found.with(|found| found.as_ref().map(|one| one.name.clone())).unwrap_or_else(|| "Connector".into())
    });
    view! {
        {move || match found.get() {
            None => view! {
                <div class="empty"><h1>"There is no such connector"</h1><p>"It may have been removed."</p>
                    <crate::router::Link to=Route::Connectors>"All connectors"</crate::router::Link></div>
            }.into_any(),
            Some(connector) => view! { <Heading connector tab/> }.into_any(),
        }}
        {
            // Built once: a switch that moves must not rebuild the page under the finger that moves it.
            let there = Memo::new(move |_| found.with(Option::is_some));
            let id = id.clone();
            move || there.get().then(|| match tab {
                ConnectorTab::Overview => view! { <Overview id=id.clone() found/> }.into_any(),
                ConnectorTab::Actions => view! { <Actions id=id.clone() found/> }.into_any(),
                ConnectorTab::Authentication => view! { <super::auth::Authentication id=id.clone() found/> }.into_any(),
                ConnectorTab::Apps => view! { <super::app_ui::AppUi id=id.clone() found/> }.into_any(),
            })
        }
    }
}

#[component]
fn Heading(
    /// The connector.
    connector: Connector,
    /// Which tab is here.
    tab: ConnectorTab,
) -> impl IntoView {
    let count = connector.actions().len();
    let id = connector.id.to_string();
    let _ = tab;
    let has_apps = connector.snapshot.as_ref().is_some_and(|snapshot| !snapshot.pages.is_empty());
    let signs_in = matches!(connector.sign_in, SignIn::OAuth { .. });
    view! {
        <header class="head">
            <Monogram name=connector.name.clone() colour=connector.colour size="big"/>
            <div class="grow">
                <h1><bdi>{connector.name.clone()}</bdi></h1>
                <p class="marks"><HostName host=connector.host.clone()/>
                    {connector.badge().map(|word| view! { <Badge word/> })}
                    {connector.is_local().then(|| view! { <LocalMark/> })}
                    <span class="small">{connector.stage.label()}</span></p>
            </div>
        </header>
        <Tabs label="Connector">
            <Tab to=Route::Connector(id.clone(), ConnectorTab::Overview)>"Overview"</Tab>
            <Tab to=Route::Connector(id.clone(), ConnectorTab::Actions)>"Actions "<span class="count">{count}</span></Tab>
            {has_apps.then(|| view! { <Tab to=Route::Connector(id.clone(), ConnectorTab::Apps)>"App UI"</Tab> })}
            {signs_in.then(|| view! { <Tab to=Route::Connector(id, ConnectorTab::Authentication)>"Authentication"</Tab> })}
        </Tabs>
    }
}

/// What it is, how it is doing, and what can be done about it.
#[component]
fn Overview(
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
    view! {
        <p><ConnectionState status/></p>
        <Recheck id=id.clone() found/>
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
                        SignIn::OAuth { .. } => "OAuth".to_owned(),
                    }}</dd>
                    <dt>"Added"</dt><dd>{clock(connector.created_at)}</dd>
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
            view! { <ConnectionDoctor address/> }
        })}
        <HeaderValue id=id.clone() found/>
        <Ending id found/>
    }
}

/// Reads the live list and says how it differs from what was approved; accepting is a second step.
#[component]
fn Recheck(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let lines = RwSignal::new(fresh_lines());
    let busy = RwSignal::new(false);
    let drift = RwSignal::new(None::<Drift>);
    let problem = RwSignal::new(None::<(String, Option<String>)>);
    let id = StoredValue::new(id);
    let known = move || drift.get().unwrap_or_else(|| app.ws().drift(&id.get_value()));
    let check = move || {
        busy.set(true);
        problem.set(None);
        drift.set(None);
        lines.set(fresh_lines());
        let ws = app.ws();
        spawn_local(async move {
            let on_step = move |step: browser::ScanStep| {
                let _ = lines.try_update(|lines| {
                    if let Some(line) = lines.iter_mut().find(|(kind, _)| *kind == step.kind) {
                        line.1 = Some(step.state);
                    }
                });
            };
            let seen = ws.rescan(&id.get_value(), on_step).await;
            busy.try_set(false);
            match seen {
                Ok(seen) => {
                    drift.try_set(Some(seen));
                }
                Err(stopped) => {
                    problem.try_set(Some((stopped.error.message, stopped.error.hint)));
                }
            }
        });
    };
    let accept = move || {
        let ws = app.ws();
        app.run(async move { ws.accept_scan(&id.get_value()).await }, move |()| {
            drift.try_set(None);
            app.tell("The list was approved. New and changed actions are switched off until you look at them.");
        });
    };
    let archived = move || found.with(|found| found.as_ref().is_some_and(|one| one.stage == Stage::Archived));
    let named = |names: &[String]| names.join(", ");
    view! {
        {move || (!archived()).then(|| view! {
            <div class="row">
                <Button disabled=Signal::derive(move || busy.get()) on:click=move |_| check()>"Read the list again"</Button>
                <span class="small" aria-live="polite">{move || match drift.get() {
                    Some(seen) if seen.is_none() => "Nothing changed since it was approved.",
                    _ => "",
                }}</span>
            </div>
        })}
        {move || busy.get().then(|| view! { <Checklist lines/> })}
        {move || problem.get().map(|(why, next)| view! {
            <div class="note danger" role="alert"><span class="grow"><bdi>{sentence(&why)}</bdi>" "{next.map(|next| view! { <bdi>{sentence(&next)}</bdi> })}</span></div>
        })}
        {move || {
            found.track();
            app.connections.track();
            let seen = known();
            (!seen.is_none()).then(|| view! {
                <div class="note held">
                    <b>"Held"</b>
                    <div class="grow">
                        {(!seen.changed.is_empty()).then(|| view! { <p>{format!("{} changed since approved: ", plural(seen.changed.len(), "action"))}<bdi>{named(&seen.changed)}</bdi></p> })}
                        {(!seen.removed.is_empty()).then(|| view! { <p>{format!("{} gone: ", plural(seen.removed.len(), "action"))}<bdi>{named(&seen.removed)}</bdi></p> })}
                        {(!seen.added.is_empty()).then(|| view! { <p>{format!("{} new: ", plural(seen.added.len(), "action"))}<bdi>{named(&seen.added)}</bdi></p> })}
                    </div>
                    {drift.get().is_some().then(|| view! { <Button small=true on:click=move |_| accept()>"Approve this list"</Button> })}
                </div>
            })
        }}
    }
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
            {move || may_archive().then(|| view! { <Button on:click=move |_| asking.set(Some(false))>"Archive"</Button> })}
            {move || removable().then(|| view! { <Button look=ButtonLook::Danger on:click=move |_| asking.set(Some(true))>"Remove"</Button> })}
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
                        <Button on:click=move |_| asking.set(None)>"Keep it"</Button>
                        <Button look=ButtonLook::Danger on:click=move |_| go(remove)>{verb}</Button>
                    </footer>
                </Dialog>
            }
        })}
    }
}

/// How many rows a page of actions has; a thousand actions stay quick this way.
const PAGE: usize = 100;

/// Every action with its switch, class, arguments and texts.
#[component]
fn Actions(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let search = RwSignal::new(String::new());
    let pages = RwSignal::new(1_usize);
    // The list changes with the snapshot and the search, not with a switch.
    let listed = Memo::new(move |_| {
        let search = search.get().trim().to_lowercase();
        found.with(|found| {
            let Some(connector) = found else { return Vec::new() };
            let fits = |action: &&Action| {
                search.is_empty()
                    || [action.name(), action.title(), action.description()]
                        .iter()
                        .any(|text| text.to_lowercase().contains(&search))
            };
            let mut actions: Vec<Action> = connector.actions().iter().filter(fits).cloned().collect();
            actions.sort_by_key(|action| group_of(connector, action));
            actions
        })
    });
    let allowed = Signal::derive(move || {
        app.rulebook.with(|rulebook| {
            let me = rulebook.member(&app.ws().seen_as());
            found.with(|found| {
                let connector = found.as_ref()?;
                me.and_then(|me| rulebook.may_control_actions(connector, me)).err().map(|why| why.to_string())
            })
        })
    });
    let groups = move || {
        let actions = listed.get();
        let total = actions.len();
        let shown: Vec<Action> = actions.into_iter().take(pages.get() * PAGE).collect();
        let left = total - shown.len();
        let Some(connector) = found.get_untracked() else { return ().into_any() };
        let mut groups: Vec<(Group, Vec<Action>)> = Vec::new();
        for action in shown {
            let group = group_of(&connector, &action);
            match groups.last_mut() {
                Some((last, rows)) if *last == group => rows.push(action),
                _ => groups.push((group, vec![action])),
            }
        }
        let groups: Vec<_> = groups.into_iter().map(|(group, actions)| view! {
            <section class="action-group">
                <h2 class="section">{group.label()}</h2>
                <ul class="rows">{actions.into_iter().map(|action| view! { <ActionRow id=id.get_value() action found allowed/> }).collect_view()}</ul>
            </section>
        }).collect();
        view! {
            {(total == 0).then(|| view! { <p class="none">"No action matches."</p> })}
            {groups}
            {(left > 0).then(|| view! { <Button on:click=move |_| pages.update(|pages| *pages += 1)>{format!("Show {} more of {}", left.min(PAGE), plural(total, "action"))}</Button> })}
        }.into_any()
    };
    view! {
        <div class="row"><SearchField label="Search actions" value=search/>
            <span class="small" aria-live="polite">{move || found.get().map(|one| action_summary(&one))}</span></div>
        {move || allowed.get().map(|why| view! { <div class="note"><span class="grow">{sentence(&why)}</span></div> })}
        {groups}
    }
}

/// The groups in which actions are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Read,
    Write,
    Destructive,
    Unlabelled,
}

impl Group {
    const fn label(self) -> &'static str {
        match self {
            Group::Read => "Read",
            Group::Write => "Write",
            Group::Destructive => "Destructive",
            Group::Unlabelled => "Unlabelled, treated as write",
        }
    }
}

fn group_of(connector: &Connector, action: &Action) -> Group {
    let classified = connector.classify(action);
    match (classified.source, classified.class) {
        (ClassSource::Unlabelled, Class::Write) => Group::Unlabelled,
        (_, Class::Read) => Group::Read,
        (_, Class::Write) => Group::Write,
        (_, Class::Destructive) => Group::Destructive,
    }
}

#[component]
fn ActionRow(
    /// Which connector.
    id: ConnectorId,
    /// The action.
    action: Action,
    /// The connector.
    found: Memo<Option<Connector>>,
    /// Why switches cannot be moved, if so.
    allowed: Signal<Option<String>>,
) -> impl IntoView {
    let app = use_state();
    let name = action.name().to_owned();
    let on = {
        let name = name.clone();
        Memo::new(move |_| found.with(|found| found.as_ref().is_some_and(|one| one.is_on(&name))))
    };
    let classified = {
        let action = action.clone();
        Memo::new(move |_| {
            found.with(|found| found.as_ref().map_or_else(|| action.classified(), |one| one.classify(&action)))
        })
    };
    let set_class = {
        let (id, name) = (id.clone(), name.clone());
        move |class: Option<Class>| {
            let (ws, id, name) = (app.ws(), id.clone(), name.clone());
            app.run(async move { ws.set_action_class(&id, &name, class).await }, |()| ());
        }
    };
    let set_on = {
        let (id, name) = (id.clone(), name.clone());
        move |on: bool| {
            let (ws, id, name) = (app.ws(), id.clone(), name.clone());
            app.run(async move { ws.set_action_on(&id, &name, on).await }, |()| ());
        }
    };
    let hidden = action.hidden().len();
    let definition = action.definition().clone();
    let open = RwSignal::new(false);
    let description = action.description().to_owned();
    let title = action.title().to_owned();
    view! {
        <li class="row-card action">
            <div class="grow">
                <h3><Visible text=title.clone()/>" "{(title != name).then(|| view! { <code><Visible text=name.clone()/></code> })}</h3>
                <p class="marks">
                    {move || view! { <ClassMark class=classified.get().class/> }}
                    <span class="small">{move || classified.get().source_sentence()}</span>
                    {action.open_world().then(|| view! { <span class="small">{if action.open_world_claim().is_some() { "reaches beyond its server" } else { "may reach beyond its server" }}</span> })}
                </p>
                {(!description.is_empty()).then(|| view! { <div class="server-text"><Visible text=description/></div> })}
                {(hidden > 0).then(|| view! { <p class="why small">{format!("{} in its texts, shown as marks.", plural(hidden, "hidden character"))}</p> })}
                <details on:toggle=move |_| open.set(true)>
                    <summary>{arguments_summary(action.input_schema())}</summary>
                    {move || open.get().then(|| view! { <Arguments schema=action.input_schema().clone()/>
                        <h4 class="small">"Full definition"</h4>
                        <pre class="json"><Visible text=serde_json::to_string_pretty(&definition).unwrap_or_default()/></pre>
                        <ClassChoice classified=Signal::from(classified) set_class=set_class.clone() allowed/> })}
                </details>
            </div>
            <Switch label=title checked=on disabled=Signal::derive(move || allowed.get().is_some()) on_change=set_on/>
        </li>
    }
}

/// An admin's class in the place of the server's.
#[component]
fn ClassChoice(
    /// The class now.
    classified: Signal<browser::policy::Classified>,
    /// Sets it; none goes back to the server's claim.
    #[prop(into)]
    set_class: Callback<Option<Class>>,
    /// Why it cannot be changed, if so.
    allowed: Signal<Option<String>>,
) -> impl IntoView {
    let value = move || match classified.get() {
        one if one.source != ClassSource::SetByAdmin => "server",
        one => match one.class {
            Class::Read => "read",
            Class::Write => "write",
            Class::Destructive => "destructive",
        },
    };
    view! {
        <label class="class-choice"><span class="small">"Class"</span>" "
            <select class="input" disabled=move || allowed.get().is_some() prop:value=value on:change=move |event| {
                set_class.run(match event_target_value(&event).as_str() {
                    "read" => Some(Class::Read),
                    "write" => Some(Class::Write),
                    "destructive" => Some(Class::Destructive),
                    _ => None,
                });
            }>
                <option value="server" selected=move || value() == "server">"as the server says"</option>
                <option value="read" selected=move || value() == "read">"read"</option>
                <option value="write" selected=move || value() == "write">"write"</option>
                <option value="destructive" selected=move || value() == "destructive">"destructive"</option>
            </select>
        </label>
    }
}

fn properties(schema: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    properties.map(|all| all.iter().map(|(name, one)| (name.clone(), one.clone())).collect()).unwrap_or_default()
}

fn arguments_summary(schema: &serde_json::Value) -> String {
    let names: Vec<String> = properties(schema).into_iter().map(|(name, _)| name).collect();
    match names.len() {
        0 => "No arguments".to_owned(),
        1..=4 => format!("Arguments: {}", names.join(", ")),
        more => {
            format!("Arguments: {} and {} more", names.iter().take(3).cloned().collect::<Vec<_>>().join(", "), more - 3)
        }
    }
}

#[component]
fn Arguments(
    /// The JSON Schema of the arguments.
    schema: serde_json::Value,
) -> impl IntoView {
    let required: Vec<String> = schema
        .get("required")
        .and_then(serde_json::Value::as_array)
        .map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let rows: Vec<_> = properties(&schema).into_iter().map(|(name, one)| {
        let kind = match one.get("type") {
            Some(serde_json::Value::String(kind)) => kind.clone(),
            Some(other) => other.to_string(),
            None => "any".to_owned(),
        };
        let text = one.get("description").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let needed = required.contains(&name);
        view! { <tr><th scope="row"><code><Visible text=name/></code></th><td>{kind}{needed.then_some(", required")}</td><td><Visible text/></td></tr> }
    }).collect();
    (!rows.is_empty()).then(|| view! {
        <div class="table-wrap"><table><thead><tr><th scope="col">"Argument"</th><th scope="col">"Type"</th><th scope="col">"The server says"</th></tr></thead>
            <tbody>{rows}</tbody></table></div>
    })
}
