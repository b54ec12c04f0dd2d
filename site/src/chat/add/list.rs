//! What the + menu lists: what can be brought into this chat, and for what cannot, why and what to do.

use leptos::prelude::*;
use policy::{ConnectionId, Connector, ConnectorId};
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;

use super::actions::Actions;
use super::sets::Sets;
use crate::chat::Writing;
use crate::chat::modes::ModeRows;
use crate::chat::usable::{Standing, listed, standing};
use crate::people::chain::ShortChain;
use crate::router::{Link, Route};
use crate::settings::developer::no_servers;
use crate::state::{AppState, use_state};
use crate::ui::{Badge, HostName, Icon, IconName, LocalMark, SearchField, StatusDot};

#[derive(Clone, PartialEq)]
struct Row {
    id: ConnectorId,
    name: String,
    host: String,
    badge: Option<&'static str>,
    local: bool,
    standing: Standing,
    /// The accounts to choose from, where there are several.
    accounts: Vec<(ConnectionId, String)>,
}

/// The connectors that can be used, and the others.
type Rows = Memo<(Vec<Row>, Vec<Row>)>;

impl Row {
    fn new(state: AppState, connector: &Connector, standing: Standing) -> Row {
        let accounts = state.several_accounts(&connector.id).into_iter();
        Row {
            accounts: accounts.map(|one| (one.id, one.name)).collect(),
            id: connector.id.clone(),
            name: connector.name.clone(),
            host: connector.host.clone(),
            badge: connector.badge(),
            local: connector.is_local(),
            standing,
        }
    }
}

/// The content of the + menu; `drawn` is called when it is there.
pub fn add_list(writing: Writing, drawn: Callback<()>) -> AnyView {
    let state = use_state();
    let search = RwSignal::new(String::new());
    let rows = Memo::new(move |_| {
        let me = state.ws().seen_as();
        let text = search.get().to_lowercase();
        state.rulebook.with(|rules| {
            let found = rules.connectors.iter().filter(|connector| listed(rules, connector, &me)).filter(|connector| {
                text.split_whitespace()
                    .all(|word| connector.name.to_lowercase().contains(word) || connector.host.contains(word))
            });
            let rows = found.map(|connector| {
                let status = state.connection_as(&state.account_here(&connector.id));
                Row::new(state, connector, standing(rules, connector, &me, &status))
            });
            rows.partition::<Vec<Row>, _>(|row| row.standing.usable)
        })
    });
    // Which of them show their actions: searching, or a connection that breaks off, folds nothing.
    let unfolded = RwSignal::new(writing.unfold.with_untracked(|one| one.iter().cloned().collect::<BTreeSet<_>>()));
    let none = move || rows.with(|(usable, others)| usable.is_empty() && others.is_empty());
    request_animation_frame(move || drawn.run(()));
    view! {
        <SearchField label="Search what can be added" value=search/>
        <div class="add-list">
            {move || rows.with(|(usable, _)| !usable.is_empty()).then(|| view! { <div class="grp" id="add-usable">"Connectors"</div> })}
            <ul class="plain" aria-labelledby="add-usable">
                <For each=move || rows.get().0 key=|row| row.id.clone() let:row>
                    <Usable row=row rows=rows unfolded=unfolded writing=writing/>
                </For>
            </ul>
            {move || rows.with(|(_, others)| !others.is_empty()).then(|| view! { <div class="grp" id="add-others">"Not usable now"</div> })}
            <ul class="plain" aria-labelledby="add-others">
                <For each=move || rows.get().1 key=|row| (row.id.clone(), row.standing.says.clone()) let:row><Unusable row=row/></For>
            </ul>
            {move || none().then(|| view! { <p class="rail-empty">"No connector has this name."</p> })}
        </div>
        <hr/>
        <Sets writing=writing search=search/>
        <hr/>
        <Marks writing=writing search=search/>
        <FilesRow writing=writing search=search/>
        <hr/>
        <ModeRows active=writing.active search=search/>
        {move || state.person.with(|person| person.only_published).then(|| view! { <p class="rail-empty">{no_servers()}</p> })}
        {move || state.missing().map(|(words, to)| view! { <Link to class="menu-item"><Icon name=IconName::Add/>{words}</Link> })}
        <Link to=Route::Connectors class="menu-item"><Icon name=IconName::Settings/>"Manage connectors"</Link>
    }
    .into_any()
}

/// One that can be used. It stays, with the focus in it, while the state of its connection changes.
#[component]
fn Usable(row: Row, rows: Rows, unfolded: RwSignal<BTreeSet<ConnectorId>>, writing: Writing) -> impl IntoView {
    let (state, active) = (use_state(), writing.active);
    let id = StoredValue::new(row.id);
    let now = Memo::new(move |_| {
        rows.with(|(usable, _)| usable.iter().find(|row| id.with_value(|id| row.id == *id)).cloned())
    });
    let accounts = Memo::new(move |_| now.with(|row| row.as_ref().map(|row| row.accounts.clone()).unwrap_or_default()));
    let fix = Memo::new(move |_| now.with(|row| row.as_ref().and_then(|row| row.standing.fix.clone())));
    let dot = Signal::derive(move || now.with(|row| row.as_ref().map_or("idle", |row| row.standing.dot)));
    let told = move || now.with(|row| row.as_ref().and_then(|row| row.standing.says.clone()));
    // Said again with every change, also where it stays the same: a tick that was refused goes away again.
    let is_on = move || active.with(|active| id.with_value(|id| active.contains(id)));
    let toggle = move |_| {
        let mut wanted = active.get_untracked();
        let id = id.get_value();
        if wanted.contains(&id) {
            wanted.retain(|other| *other != id);
        } else {
            wanted.push(id);
        }
        writing.choose.run(wanted);
    };
    let counted = move || {
        let on = now.with(|row| row.as_ref().map_or(0, |row| row.standing.on));
        let counts = state.counts.get();
        match counts.into_iter().find(|(one, _)| id.with_value(|id| one == id)) {
            Some((_, count)) => format!("{count} actions"),
            None if on == 1 => "1 action".to_owned(),
            None => format!("{on} actions"),
        }
    };
    let is_unfolded = Memo::new(move |_| unfolded.with(|all| id.with_value(|id| all.contains(id))));
    let fold = move |_| {
        let id = id.get_value();
        unfolded.update(|all| {
            if !all.remove(&id) {
                all.insert(id);
            }
        });
    };
    let (name, host) = (row.name.clone(), row.host.clone());
    let actions = move || {
        is_unfolded.get().then(|| view! { <Actions connector=id.get_value() name=name.clone() host=host.clone()/> })
    };
    let fold_label = format!("Actions of {}", row.name);
    view! {
        <li>
            <div class="add-row"><label class="menu-item grow">
                <input type="checkbox" prop:checked=is_on on:change=toggle/>
                <span class="grow add-name">
                    <span><bdi>{row.name}</bdi>" "{row.badge.map(|badge| view! { <Badge word=badge/> })}{row.local.then(|| view! { " "<LocalMark/> })}</span>
                    <HostName host=row.host/>
                </span>
                <small>{move || told().unwrap_or_else(counted)}</small>
                <StatusDot look=dot/>
            </label>
            <button type="button" class="btn quiet icon small" aria-label=fold_label.clone() title=fold_label aria-expanded=move || is_unfolded.get().to_string()
                on:click=fold>
                {move || if is_unfolded.get() { view! { <Icon name=IconName::ChevronDown size=16/> } } else { view! { <Icon name=IconName::ChevronRight size=16/> } }}
            </button></div>
            {actions}
            {move || {
                let accounts = accounts.get();
                (!accounts.is_empty()).then(|| view! { <AccountChoice connector=id.get_value() accounts=accounts/> })
            }}
            {move || fix.get().map(|(word, to)| view! { <Link to=to class="add-fix">{word}</Link> })}
        </li>
    }
}

/// Which account acts in this chat. One that was chosen and is gone is said to be gone, and no other acts in its place.
#[component]
fn AccountChoice(connector: ConnectorId, accounts: Vec<(ConnectionId, String)>) -> impl IntoView {
    let app = use_state();
    let name = app.rulebook.with_untracked(|book| book.connector(&connector).map(|one| one.name.clone()));
    let label = format!("Account for {} in this chat", name.unwrap_or_default());
    let connector = StoredValue::new(connector);
    let acts = Signal::derive(move || connector.with_value(|id| app.account_here(id)));
    let known: Vec<ConnectionId> = accounts.iter().map(|(id, _)| id.clone()).collect();
    let gone = Memo::new(move |_| acts.with(|acts| !known.contains(acts)));
    let choose = move |event: leptos::ev::Event| {
        app.choose_account(connector.get_value(), event_target_value(&event).into());
    };
    view! {
        // Arrow keys choose in it, and do not leave it.
        <select class="input add-account" aria-label=label on:change=choose on:keydown=|event| event.stop_propagation()>
            {move || gone.get().then(|| view! { <option value="" selected=true disabled=true>"Removed; choose another account"</option> })}
            {accounts.into_iter().map(|(id, name)| {
                let (value, own) = (id.to_string(), id);
                view! { <option value=value prop:selected=move || acts.get() == own>{format!("as {name}")}</option> }
            }).collect_view()}
        </select>
    }
}

#[component]
fn Unusable(row: Row) -> impl IntoView {
    let app = use_state();
    let (shown, id) = (RwSignal::new(false), StoredValue::new(row.id.clone()));
    view! {
        <li class="menu-item unusable">
            <span class="grow add-name">
                <span><bdi>{row.name}</bdi>" "{row.badge.map(|badge| view! { <Badge word=badge/> })}{row.local.then(|| view! { " "<LocalMark/> })}</span>
                <HostName host=row.host/>
                <small>{row.standing.says}</small>
                <details on:toggle=move |_| shown.set(true)>
                    <summary><small>"Why can't I use this?"</small></summary>
                    {move || shown.get().then(|| view! { <ShortChain explanation=app.rulebook.with(|book| book.explain_use(&app.ws().seen_as(), &id.get_value()))/> })}
                </details>
            </span>
            {row.standing.fix.map(|(word, to)| view! { <Link to=to>{word}</Link> })}
        </li>
    }
}

/// What is named with a mark, for who does not know the marks: each writes its mark and opens its list.
#[component]
fn Marks(writing: Writing, search: RwSignal<String>) -> impl IntoView {
    let put = move |mark: &'static str| {
        // The popover closes first and gives the focus back.
        request_animation_frame(move || {
            let text = writing.text.get_untracked();
            let between = match (text.is_empty() || text.ends_with(char::is_whitespace), mark) {
                (true, _) => "",
                (false, "/") => "\n",
                (false, _) => " ",
            };
            if let Some(area) = writing.field.try_get_untracked().flatten() {
                let _ = area.focus();
            }
            writing.put.run(format!("{text}{between}{mark}"));
        });
    };
    let row = move |mark: &'static str, says: &'static str| {
        move || {
            fits(search, says).then(|| {
                view! {
                    <button type="button" class="menu-item" on:click=move |event| {
                        close_around(&event);
                        put(mark);
                    }><span class="kbd" aria-hidden="true">{mark}</span>{says}</button>
                }
            })
        }
    };
    view! {
        {row("#", "Attach a resource or name an action")}
        {row("/", "Use a prompt of a server")}
        {row("@", "Name a connector for one turn")}
    }
}

/// Files of the person's computer.
#[component]
fn FilesRow(writing: Writing, search: RwSignal<String>) -> impl IntoView {
    let choose = move |event: leptos::ev::MouseEvent| {
        close_around(&event);
        if let Some(picker) = writing.picker.try_get_untracked().flatten() {
            picker.click();
        }
    };
    let says = "Attach files of this computer";
    move || {
        fits(search, says).then(|| view! {
        <button type="button" class="menu-item" on:click=choose><span class="kbd clip"><Icon name=IconName::Clip size=14/></span>{says}</button>
    })
    }
}

/// Whether words are searched for, all of them. Tracks.
pub(in crate::chat) fn fits(search: RwSignal<String>, words: &str) -> bool {
    let words = words.to_lowercase();
    search.with(|text| text.to_lowercase().split_whitespace().all(|word| words.contains(word)))
}

/// Closes the popover that the event happened in.
pub(super) fn close_around(event: &leptos::ev::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let popover = target.and_then(|target| target.closest("[popover]").ok().flatten());
    if let Some(popover) = popover.and_then(|popover| popover.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = popover.hide_popover();
    }
}
