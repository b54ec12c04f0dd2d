//! The command palette: every conversation, connector, action and page under one field.

use browser::{ConnectionStatus, ToolSet};
use leptos::task::spawn_local;
use leptos::{ev, html, prelude::*};
use policy::ConnectorId;

use crate::chat::{Words, apply_set, draft, standing};
use crate::connectors::list::may_know;
use crate::router::{AuditTab, ConnectorTab, InspectTab, PermissionTab, Route, Router, StageTab, use_router};
use crate::settings::rail::Sections;
use crate::shell::{ShellState, use_shell};
use crate::state::{AppState, shown_title, use_state};
use crate::theme::Theme;
use crate::ui::{Dialog, DialogTitle, Icon, IconName};

/// Entries on the page at once; typing narrows them down.
const SHOWN: usize = 60;

#[derive(Clone, PartialEq)]
enum Does {
    Go(Route),
    /// Starts a new chat with these words.
    Say(String),
    Shortcuts,
    Theme(Theme),
    Reconnect(ConnectorId),
    /// Chooses what a tool set says, for the chat on the screen.
    Choose(ToolSet),
}

#[derive(Clone, PartialEq)]
struct Entry {
    group: &'static str,
    icon: IconName,
    text: String,
    /// Shown smaller, searched too.
    beside: String,
    does: Does,
}

/// The palette, while it is open.
#[component]
pub fn Palette() -> impl IntoView {
    let (state, router, shell, words) = (use_state(), use_router(), use_shell(), expect_context::<Words>());
    let text = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let all = StoredValue::new(untrack(|| entries(state)));
    // They are read, so they come a moment later.
    let sets = RwSignal::new(0_usize);
    let ws = state.ws();
    spawn_local(async move {
        let found = ws.tool_sets().await.unwrap_or_default();
        let count = found.len();
        let _ = all.try_update_value(|all| all.extend(found.into_iter().map(set)));
        let _ = sets.try_set(count);
    });
    let found = Memo::new(move |_| {
        sets.track();
        let wanted: Vec<String> = text.get().to_lowercase().split_whitespace().map(str::to_owned).collect();
        all.with_value(|all| search(all, &wanted))
    });
    let list = NodeRef::<html::Ul>::new();
    let close = move || shell.palette.set(false);
    let run = move |entry: Entry| {
        close();
        act(entry.does, state, router, shell, words);
    };
    let move_to = move |next: usize| {
        at.set(next);
        request_animation_frame(move || {
            let row = list
                .try_get_untracked()
                .flatten()
                .and_then(|list| list.query_selector("[aria-selected=true]").ok().flatten());
            if let Some(row) = row {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                row.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    };
    let keys = move |event: ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        let here = at.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => move_to((here + 1) % count),
            "ArrowUp" if count > 0 => move_to((here + count - 1) % count),
            "Enter" if !event.is_composing() => {
                if let Some(entry) = found.with_untracked(|found| found.get(here).cloned()) {
                    run(entry);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let selected = move || found.with(|found| (at.get() < found.len()).then(|| format!("palette-{}", at.get())));
    view! {
        <Dialog title="Commands" class="palette" light=true bare=true on_close=move |()| close()>
            <PaletteTitle/>
            <div class="palette-field">
                <Icon name=IconName::Search/>
                <input type="text" role="combobox" aria-label="Search commands" placeholder="Conversations, connectors, actions, settings" autocomplete="off"
                    spellcheck="false" autofocus aria-expanded="true" aria-controls="palette-list" aria-activedescendant=selected
                    prop:value=move || text.get()
                    on:input=move |event| {
                        text.set(event_target_value(&event));
                        at.set(0);
                    }
                    on:keydown=keys/>
                <span class="kbd" aria-hidden="true">"Esc"</span>
            </div>
            <ul node_ref=list id="palette-list" class="plain palette-list" role="listbox" aria-label="Commands">
                {move || {
                    let mut group = "";
                    found.get().into_iter().enumerate().map(|(index, entry)| {
                        let heading = (entry.group != group).then_some(entry.group);
                        group = entry.group;
                        let does = entry.clone();
                        view! {
                            {heading.map(|heading| view! { <li class="grp" role="presentation">{heading}</li> })}
                            <li id=format!("palette-{index}") class="menu-item" role="option" aria-selected=move || (at.get() == index).to_string()
                                on:click=move |_| run(does.clone()) on:pointermove=move |_| if at.get_untracked() != index { at.set(index) }>
                                <Icon name=entry.icon/>
                                <span class="grow ellipsis"><bdi>{entry.text}</bdi></span>
                                <small class="ellipsis"><bdi>{entry.beside}</bdi></small>
                            </li>
                        }
                    }).collect_view()
                }}
            </ul>
            {move || found.with(Vec::is_empty).then(|| view! { <p class="palette-none" role="status">"Nothing has this name."</p> })}
        </Dialog>
    }
}

#[component]
fn PaletteTitle() -> impl IntoView {
    let id = expect_context::<DialogTitle>().0;
    view! { <h2 class="sr" id=id>"Commands"</h2> }
}

fn set(set: ToolSet) -> Entry {
    let beside = crate::connectors::plural(set.connectors.len(), "connector");
    let text = format!("Choose {}", set.name);
    Entry { group: "Tool sets, for this chat", icon: IconName::Plug, text, beside, does: Does::Choose(set) }
}

/// Everything whose words hold all that was typed; a match at the start of a word stands before one inside.
fn search(all: &[Entry], wanted: &[String]) -> Vec<Entry> {
    let mut found: Vec<(usize, &Entry)> = all
        .iter()
        .filter_map(|entry| {
            let (text, beside) = (entry.text.to_lowercase(), entry.beside.to_lowercase());
            let score = wanted
                .iter()
                .map(|word| rank(&text, word).or_else(|| rank(&beside, word).map(|rank| rank + 2)))
                .sum::<Option<usize>>()?;
            Some((score, entry))
        })
        .collect();
    // Within one rank the order stays; groups stay together because equal ranks are compared group by group below.
    found.sort_by_key(|(score, _)| *score);
    let mut order: Vec<&'static str> = Vec::new();
    for (_, entry) in &found {
        if !order.contains(&entry.group) {
            order.push(entry.group);
        }
    }
    let place = |group: &str| order.iter().position(|other| *other == group);
    found.sort_by_key(|(score, entry)| (place(entry.group), *score));
    found.into_iter().take(SHOWN).map(|(_, entry)| entry.clone()).collect()
}

fn rank(text: &str, word: &str) -> Option<usize> {
    let at = text.find(word)?;
    let starts = at == 0 || text.get(..at).is_some_and(|before| before.ends_with(|c: char| !c.is_alphanumeric()));
    Some(usize::from(!starts))
}

fn entries(state: AppState) -> Vec<Entry> {
    let entry = |group, icon, text: String, beside: String, does| Entry { group, icon, text, beside, does };
    let go = |icon, text: &str, beside: &str, route| {
        entry("Go to", icon, text.to_owned(), beside.to_owned(), Does::Go(route))
    };
    let ws = state.ws();
    let me = ws.seen_as();
    let rules = ws.rulebook();
    let mut all = vec![go(IconName::Add, "New chat", "", Route::Chat)];
    if let Some((words, to)) = state.missing() {
        all.push(go(IconName::Plug, words, "apps, plugins", to));
    }
    for head in state.conversations.get_untracked() {
        all.push(entry(
            "Conversations",
            IconName::Chat,
            shown_title(&head),
            String::new(),
            Does::Go(Route::Conversation(head.id.to_string())),
        ));
    }
    for connector in rules.connectors.iter().filter(|one| may_know(&rules, one, &me)) {
        let status = ws.connection(&connector.id);
        let to = |tab| Does::Go(Route::Connector(connector.id.to_string(), tab));
        all.push(entry(
            "Connectors",
            IconName::Plug,
            connector.name.clone(),
            connector.host.clone(),
            to(ConnectorTab::Overview),
        ));
        match status {
            ConnectionStatus::Failed { .. } | ConnectionStatus::SignIn { .. } => {
                all.push(entry(
                    "Connectors",
                    IconName::Plug,
                    format!("Reconnect {}", connector.name),
                    connector.host.clone(),
                    Does::Reconnect(connector.id.clone()),
                ));
            }
            ConnectionStatus::Changed { .. } => {
                all.push(entry(
                    "Connectors",
                    IconName::Pause,
                    format!("Review changes in {}", connector.name),
                    connector.host.clone(),
                    to(ConnectorTab::Changes),
                ));
            }
            _ => {}
        }
        if standing(&rules, connector, &me, &status).usable {
            for action in connector.actions().iter().filter(|action| connector.is_on(action.name())) {
                let beside = format!("{} · {}", connector.name, connector.host);
                all.push(entry(
                    "Actions, in a new chat",
                    IconName::ChevronRight,
                    action.title().to_owned(),
                    beside,
                    Does::Say(action.title().to_owned()),
                ));
            }
        }
    }
    if rules.member(&me).is_ok_and(|member| rules.developer_mode(member).is_ok()) {
        let to = Route::Inspect(String::new(), InspectTab::Protocol);
        all.push(go(IconName::Wire, "Inspector", "protocol, network, requests by hand, cURL", to));
    }
    let settings = |text: &str, beside: &str, route| {
        entry("Settings", IconName::Settings, text.to_owned(), beside.to_owned(), Does::Go(route))
    };
    // The words beside are those of other products and of older help pages, so that people who follow them arrive.
    all.extend([
        settings("You", "name, person, who am I", Route::You),
        settings("Connectors", "apps, plugins, enabled, available", Route::Connectors),
        settings(
            "Advanced",
            "developer mode, servers on this machine, apps & connectors, advanced settings",
            Route::Advanced,
        ),
        settings("Models", "provider, key, direct mode", Route::Models),
        settings("Approvals", "remembered answers, grants, revoke", Route::Approvals),
        settings("Data", "storage, export, erase", Route::Data),
        settings("Help", "guide, manual, how to", Route::Help(String::new())),
        settings("About", "version, licence, limits, build", Route::About),
        settings("Invite people", "join, share, workspace, colleagues", Route::Invite),
    ]);
    // What somebody has in the rail has words here, and nothing else.
    let has = untrack(|| Sections::of(state));
    let controls = rules.plan().has_controls();
    let tab = |tab| Route::Permissions(tab);
    if has.runs {
        all.extend([
            settings(
                "Workspace: General",
                "name, plan, profile, export, import, signing keys, lockdown",
                Route::General,
            ),
            settings("Workspace: Domains", "allow list, deny list, hosts", Route::Domains),
            settings(
                "Workspace: Connected data",
                "permissions & roles, developer mode, create custom MCP connectors, create plugins with MCPs, workplace settings, when it asks, remembering answers, refuse forms",
                tab(PermissionTab::ConnectedData),
            ),
            settings("Workspace: Test access", "permissions & roles, why, effective access", tab(PermissionTab::TestAccess)),
        ]);
    }
    if has.runs && controls {
        all.extend([
            settings("Workspace: Workspace defaults", "permissions & roles, RBAC", tab(PermissionTab::Defaults)),
            settings("Workspace: Custom roles", "permissions & roles, RBAC", tab(PermissionTab::Roles)),
        ]);
    }
    if has.connectors {
        all.extend([
            settings(
                "Workspace: Connectors",
                if controls { "published, action control, user access" } else { "published, apps, plugins" },
                Route::WorkspaceConnectors(StageTab::Published),
            ),
            settings(
                "Workspace: Requests",
                "connectors, approve, decline",
                Route::WorkspaceConnectors(StageTab::Requests),
            ),
            settings(
                "Workspace: Drafts",
                "connectors, apps & connectors, publish, create",
                Route::WorkspaceConnectors(StageTab::Drafts),
            ),
        ]);
    }
    if has.audit {
        all.extend([
            settings("Workspace: Audit", "tool calls, refusals, log, compliance", Route::Audit(AuditTab::Calls)),
            settings("Workspace: Audit, Activity", "changes, history", Route::Audit(AuditTab::Activity)),
            settings("Workspace: Audit, Integrity", "checkpoint, chain, verify", Route::Audit(AuditTab::Integrity)),
            settings("Workspace: Audit, Export", "jsonl, csv, compliance", Route::Audit(AuditTab::Export)),
        ]);
    } else {
        all.push(settings("My calls", "tool calls, record, what was sent", Route::Audit(AuditTab::Calls)));
    }
    if has.catalogue {
        let words = "published, reviewed, directory, available, request access";
        all.push(settings("Workspace: Catalogue", words, Route::Catalogue));
    }
    if has.members {
        all.push(settings("Workspace: Members", "people, admins, owners, roles, import, view as", Route::Members));
    }
    if has.groups {
        all.push(settings("Workspace: Groups", "RBAC, user access, managers", Route::Groups));
    }
    all.push(entry("Settings", IconName::Question, "Keyboard shortcuts".into(), String::new(), Does::Shortcuts));
    for (theme, word) in Theme::ALL {
        let icon = match theme {
            Theme::System => IconName::Monitor,
            Theme::Light => IconName::Sun,
            Theme::Dark => IconName::Moon,
        };
        all.push(entry("Settings", icon, format!("Theme: {word}"), "appearance, colour".into(), Does::Theme(theme)));
    }
    all
}

fn act(does: Does, state: AppState, router: Router, shell: ShellState, words: Words) {
    match does {
        Does::Go(route) => router.go(route),
        Does::Say(text) => {
            if router.route_now() != Route::Chat {
                // The page of a new chat begins with what is kept for it.
                let kept = draft::read(None);
                draft::keep(None, &if kept.trim().is_empty() { text } else { format!("{kept}\n{text}") });
                router.go(Route::Chat);
            } else {
                words.put(text);
            }
        }
        Does::Shortcuts => shell.shortcuts.set(true),
        Does::Theme(theme) => theme.choose(),
        Does::Choose(set) => {
            // Elsewhere than in a chat it is for a new one.
            if !matches!(router.route_now(), Route::Chat | Route::Conversation(_)) {
                router.go(Route::Chat);
            }
            request_animation_frame(move || {
                request_animation_frame(move || {
                    if let Some(writing) = words.writing() {
                        apply_set(state, writing, set);
                    }
                });
            });
        }
        Does::Reconnect(id) => {
            let ws = state.ws();
            state.run(async move { ws.connect(&id).await }, move |()| state.tell("Connected."));
        }
    }
}
