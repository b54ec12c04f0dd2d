//! What a connector's actions may do: each with its switch, class, rules and texts; presets and the policy for new ones.

use browser::Drift;
use browser::chat::prompts::Kind;
use browser::policy::findings::{Finding, Severity};
use browser::policy::review::NewActions;
use browser::policy::{Action, Class, ClassSource, Confirm, Connector, ConnectorId, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

use super::findings::Findings;
use super::never_read::NeverRead;
use super::new::sentence;
use super::overview::Differs;
use super::{action_summary, plural};
use crate::results::Visible;
use crate::state::use_state;
use crate::ui::{Button, ClassMark, CopyButton, SearchField, Segmented, Switch};

/// How many rows a page of actions has; a thousand actions stay quick this way.
const PAGE: usize = 100;

/// Every action with its switch, class, arguments and texts.
#[component]
pub(super) fn Actions(
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
    // Who looks at the actions wants to know how each is now; a failure is a state of the connection.
    if found.with_untracked(|found| found.as_ref().is_some_and(|one| one.stage != Stage::Archived)) {
        let ws = app.ws();
        spawn_local(async move { drop(ws.connect(&id.get_value()).await) });
    }
    // What the live list says of each, and what the scanner found in each; the latter once for a definition.
    let drift = Memo::new(move |_| {
        found.track();
        app.connections.track();
        app.ws().drift(&id.get_value())
    });
    let definition = Memo::new(move |_| {
        found.with(|found| found.as_ref().and_then(|one| one.snapshot.as_ref()).map(|snapshot| snapshot.digest.clone()))
    });
    let flags = Memo::new(move |_| {
        definition.track();
        Arc::new(app.ws().evidence(&id.get_value()).map(|evidence| evidence.findings).unwrap_or_default())
    });
    let unread = Memo::new(move |_| definition.with(Option::is_none));
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
                <ul class="rows">{actions.into_iter().map(|action| view! { <ActionRow id=id.get_value() action found allowed drift flags/> }).collect_view()}</ul>
            </section>
        }).collect();
        view! {
            {(total == 0 && !unread.get_untracked()).then(|| view! { <p class="none">"No action matches."</p> })}
            {groups}
            {(left > 0).then(|| view! { <Button on:click=move |_| pages.update(|pages| *pages += 1)>{format!("Show {} more of {}", left.min(PAGE), plural(total, "action"))}</Button> })}
        }.into_any()
    };
    view! {
        <div class="row"><SearchField label="Search actions" value=search/>
            <span class="small" aria-live="polite">{move || found.get().map(|one| action_summary(&one))}</span></div>
        {move || allowed.get().map(|why| view! { <div class="note"><span class="grow">{sentence(&why)}</span></div> })}
        <NeverRead id=id.get_value() found/>
        <Differs id=id.get_value() found/>
        {move || (!unread.get()).then(|| view! { <Presets id=id.get_value() found allowed/> })}
        {groups}
        <Fresh drift/>
    }
}

/// Actions that the server lists and nobody has accepted: they are off, and no part of what is approved.
#[component]
fn Fresh(
    /// How the live list differs.
    drift: Memo<Drift>,
) -> impl IntoView {
    move || {
        let added = drift.with(|drift| drift.added.clone());
        (!added.is_empty()).then(|| {
            let rows = added.into_iter().map(|name| {
                view! {
                    <li class="row-card action"><div class="grow"><h3><code><Visible text=name/></code></h3>
                        <p class="marks"><span class="tag">"New, off"</span></p></div></li>
                }
            });
            view! {
                <section class="action-group">
                    <h2 class="section">"New on the server, off until it is accepted"</h2>
                    <ul class="rows">{rows.collect_view()}</ul>
                </section>
            }
        })
    }
}

/// How the live list holds an action, as a word; nothing when it lists it as approved.
fn held(drift: &Drift, name: &str) -> Option<&'static str> {
    let has = |names: &[String]| names.iter().any(|one| one == name);
    match () {
        () if has(&drift.changed) => Some("Changed, held"),
        () if has(&drift.removed) => Some("Gone from the server, held"),
        () => None,
    }
}

/// Many switches at once, and what becomes of actions that are new (R09).
#[component]
fn Presets(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
    /// Why switches cannot be moved, if so.
    allowed: Signal<Option<String>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let preset = Signal::derive(move || {
        found.with(|found| {
            let Some(connector) = found else { return Preset::Custom };
            let fits = |wanted: Preset| {
                connector
                    .actions()
                    .iter()
                    .all(|action| connector.is_on(action.name()) == wanted.takes(connector, action))
            };
            if fits(Preset::All) {
                Preset::All
            } else if fits(Preset::ReadOnly) {
                Preset::ReadOnly
            } else {
                Preset::Custom
            }
        })
    });
    let choose = move |wanted: Preset| {
        let on = found.with_untracked(|found| {
            let connector = found.as_ref()?;
            let on = connector.actions().iter().filter(|action| wanted.takes(connector, action));
            (wanted != Preset::Custom).then(|| on.map(|action| action.name().to_owned()).collect())
        });
        let Some(on) = on else { return };
        let ws = app.ws();
        app.run(async move { ws.set_actions_on(&id.get_value(), on).await }, |()| ());
    };
    let new = Signal::derive(move || {
        found.with(|found| found.as_ref().map(|one| one.review.new_actions).unwrap_or_default())
    });
    move || {
        allowed.get().is_none().then(|| view! {
        <div class="row">
            <Segmented label="Which actions are on" value=preset on_change=choose
                options=vec![(Preset::All, "All"), (Preset::ReadOnly, "Read only"), (Preset::Custom, "Custom")]/>
            <label class="class-choice"><span class="small">"New actions come switched"</span>" "
                <select class="input" on:change=move |event| {
                    let wanted = match event_target_value(&event).as_str() {
                        "on" => NewActions::On,
                        "read" => NewActions::ReadOnly,
                        _ => NewActions::Off,
                    };
                    let ws = app.ws();
                    app.run(async move { ws.set_new_actions(&id.get_value(), wanted).await }, |()| ());
                }>
                    <option value="off" selected=move || new.get() == NewActions::Off>"off"</option>
                    <option value="read" selected=move || new.get() == NewActions::ReadOnly>"on if they only read"</option>
                    <option value="on" selected=move || new.get() == NewActions::On>"on"</option>
                </select>
            </label>
        </div>
    })
    }
}

/// Which actions are on, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preset {
    All,
    ReadOnly,
    Custom,
}

impl Preset {
    fn takes(self, connector: &Connector, action: &Action) -> bool {
        self == Preset::All || connector.classify(action).class == Class::Read
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
    /// How the live list differs.
    drift: Memo<Drift>,
    /// What the scanner found in all of them.
    flags: Memo<Arc<Vec<Finding>>>,
) -> impl IntoView {
    let app = use_state();
    let name = action.name().to_owned();
    let held = {
        let name = name.clone();
        Memo::new(move |_| drift.with(|drift| held(drift, &name)))
    };
    let flags = {
        let name = name.clone();
        Memo::new(move |_| {
            let of = |finding: &&Finding| finding.action.as_deref() == Some(name.as_str());
            flags.with(|all| all.iter().filter(of).cloned().collect::<Vec<_>>())
        })
    };
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
    let asks = {
        let name = name.clone();
        Memo::new(move |_| {
            found.with(|found| {
                found.as_ref().is_some_and(|one| {
                    one.controls.get(&name).is_some_and(|control| control.confirm == Confirm::Everything)
                })
            })
        })
    };
    let set_asks = {
        let (id, name) = (id.clone(), name.clone());
        move |always: bool| {
            let (ws, id, name) = (app.ws(), id.clone(), name.clone());
            let confirm = if always { Confirm::Everything } else { Confirm::Writes };
            app.run(async move { ws.set_action_confirm(&id, &name, confirm).await }, |()| ());
        }
    };
    let (rule_id, rule_name, prompted) = (id.clone(), name.clone(), action.clone());
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
                    {move || held.get().map(|words| view! { <span class="tag">{words}</span> })}
                    {move || flags.get().into_iter().map(|finding| {
                        let look = if finding.severity == Severity::High { "tag risk" } else { "tag" };
                        view! { <span class=look>{format!("{}: {}", finding.severity.label(), finding.kind.label())}</span> }
                    }).collect_view()}
                </p>
                {(!description.is_empty()).then(|| view! { <div class="server-text"><Visible text=description/></div> })}
                {(hidden > 0).then(|| view! { <p class="why small">{format!("{} in its texts, shown as marks.", plural(hidden, "hidden character"))}</p> })}
                <details on:toggle=move |_| open.set(true)>
                    <summary>{arguments_summary(action.input_schema())}</summary>
                    {move || open.get().then(|| view! {
                        {move || (!flags.with(Vec::is_empty)).then(|| view! { <Findings list=flags.get()/> })}
                        <Arguments schema=action.input_schema().clone()/>
                        <h4 class="small">"Full definition"</h4>
                        <pre class="json" tabindex="0"><Visible text=serde_json::to_string_pretty(&definition).unwrap_or_default()/></pre>
                        <ClassChoice classified=Signal::from(classified) set_class=set_class.clone() allowed/>
                        <label class="check"><input type="checkbox" disabled=move || allowed.get().is_some() prop:checked=move || asks.get()
                            on:change={ let set_asks = set_asks.clone(); move |event| set_asks(event_target_checked(&event)) }/>"Ask every time, whatever was remembered"</label>
                        <super::arguments::Rules id=rule_id.clone() found action=rule_name.clone() schema=action.input_schema().clone() allowed/>
                        <Prompts connector=found.with_untracked(|found| found.as_ref().map(|one| one.name.clone()).unwrap_or_default()) action=prompted.clone()/> })}
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

/// What to try in a chat: the action by name, what it is for, and what must not run it (S057).
#[component]
fn Prompts(
    /// The connector's name.
    connector: String,
    /// The action.
    action: Action,
) -> impl IntoView {
    let all = browser::chat::prompts::suggested(&connector, &action);
    view! {
        <h4 class="small">"Prompts to try in a chat"</h4>
        <ul class="plain prompts">{all.into_iter().map(|prompt| view! {
            <li class="row"><span class="small">{prompt.kind.label()}</span><span class="grow"><Visible text=prompt.text.clone()/></span><CopyButton text=prompt.text label=match prompt.kind {
                    Kind::Direct => "Copy direct prompt",
                    Kind::Indirect => "Copy indirect prompt",
                    Kind::Negative => "Copy prompt that must not run it",
                }/></li>
        }).collect_view()}</ul>
    }
}
