//! Workspace, Members: who is here, and as what (S030).

use browser::policy::{Member, MemberId, Role, Rulebook};
use leptos::prelude::*;
use std::collections::HashMap;

use super::person::{AddPerson, EditPerson, RemovePerson, role_of};
use super::roster::Roster;
use super::{NotYours, Reach, may};
use crate::connectors::plural;
use crate::router::{Link, Route, page_title, use_router};
use crate::state::use_state;
use crate::ui::{
    Button, ButtonLook, Dialog, Icon, IconName, Menu, MenuItem, Monogram, SearchField, Segmented, ago, clock,
};

/// People on the page at once; searching narrows them down.
const SHOWN: usize = 100;

/// Who is shown.
#[derive(Clone, Copy, PartialEq)]
enum Filter {
    All,
    Role(Role),
    Developers,
}

/// One row.
#[derive(Clone, PartialEq)]
struct Row {
    member: Member,
    groups: String,
    roles: String,
    developer: String,
    may_change: bool,
    may_view: bool,
    is_me: bool,
}

/// The page.
#[component]
pub(crate) fn Members() -> impl IntoView {
    let app = use_state();
    page_title(|| "Members".into());
    let refused = move || {
        app.rulebook.with(|book| book.member(&app.ws().seen_as()).and_then(|me| book.may_see_members(me)).err())
    };
    let there = Memo::new(move |_| refused().is_none());
    move || match (there.get(), untrack(refused)) {
        (false, Some(why)) => view! { <NotYours title="Members" why/> }.into_any(),
        _ => view! { <List/> }.into_any(),
    }
}

#[component]
fn List() -> impl IntoView {
    let app = use_state();
    let search = RwSignal::new(String::new());
    let filter = RwSignal::new(Filter::All);
    let (adding, importing) = (RwSignal::new(false), RwSignal::new(false));
    let (editing, removing) = (RwSignal::new(None), RwSignal::new(None::<Member>));
    let manages = may(app, Rulebook::may_manage_members);
    let found = Memo::new(move |_| {
        let text = search.get().trim().to_lowercase();
        let filter = filter.get();
        app.rulebook.with(|book| {
            let seen = app.ws().seen_as();
            let fits = |member: &&Member| {
                let named = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
                let kind = match filter {
                    Filter::All => true,
                    Filter::Role(role) => member.role == role,
                    Filter::Developers => book.may_toggle_developer(member).is_ok(),
                };
                kind && (named(&member.name, &text) || member.email.as_deref().is_some_and(|email| named(email, &text)))
            };
            let all = book.members.iter().filter(fits).count();
            let rows: Vec<Row> =
                book.members.iter().filter(fits).take(SHOWN).filter_map(|member| row(book, &seen, member)).collect();
            (all, rows)
        })
    });
    // When they were last active is read for who is on the page, and only by who sees the others' lines.
    let active = RwSignal::new(None::<HashMap<MemberId, Option<u64>>>);
    Effect::new(move |_| {
        let shown: Vec<MemberId> = found.with(|(_, rows)| rows.iter().map(|row| row.member.id.clone()).collect());
        let ws = app.ws();
        if ws.sees_all_of_record() {
            app.run(
                async move { Ok(shown.iter().cloned().zip(ws.last_active(&shown).await?).collect()) },
                move |all| {
                    active.try_set(Some(all));
                },
            );
        }
    });
    let counts = move || {
        app.rulebook.with(|book| {
            let count = |role| book.members.iter().filter(|member| member.role == role).count();
            format!(
                "{} · {} · {}",
                plural(count(Role::Owner), "owner"),
                plural(count(Role::Admin), "admin"),
                plural(count(Role::Member), "member")
            )
        })
    };
    let options = vec![
        (Filter::All, "All"),
        (Filter::Role(Role::Owner), "Owners"),
        (Filter::Role(Role::Admin), "Admins"),
        (Filter::Role(Role::Member), "Members"),
        (Filter::Developers, "Developers"),
    ];
    view! {
        <header class="head">
            <div class="grow"><h1>"Members"</h1><p class="lead">{counts}</p></div>
            {move || manages.get().then(|| view! {
                <Button on:click=move |_| importing.set(true)>"Import or export list"</Button>
                <Button look=ButtonLook::Primary on:click=move |_| adding.set(true)>"Add member"</Button>
            })}
        </header>
        <div class="row"><SearchField label="Search members" value=search/>
            <Segmented label="Show" value=filter options=options on_change=move |one| filter.set(one)/></div>
        <h2 class="sr">"People"</h2>
        <ul class="rows" aria-label="Members">
            <For each=move || found.get().1 key=|row| row_key(row) let:row><Person row active editing removing/></For>
        </ul>
        {move || found.with(|(all, rows)| match (rows.len(), *all) {
            (0, _) => view! { <p class="none">"Nobody matches."</p> }.into_any(),
            (shown, all) if shown < all => view! { <p class="small">{format!("{shown} of {all} are shown. Search to find the others.")}</p> }.into_any(),
            _ => ().into_any(),
        })}
        <p class="small">"People here are entries of this workspace in this browser. Without a server behind it, what they may do is a guard-rail and a record, not a lock. Last active is the newest line about them in this browser's record. "<Link to=Route::Invite>"How people join"</Link></p>
        <Reach/>
        <AddPerson open=adding/>
        <EditPerson editing/>
        <RemovePerson removing/>
        <Roster open=importing/>
    }
}

fn row(book: &Rulebook, seen: &browser::policy::MemberId, member: &Member) -> Option<Row> {
    let me = book.member(seen).ok()?;
    let controls = book.plan().has_controls();
    let groups: Vec<&str> = member
        .groups
        .iter()
        .filter(|_| controls)
        .filter_map(|id| book.group(id))
        .map(|group| group.name.as_str())
        .collect();
    let roles: Vec<&str> = book.roles_of(member).map(|role| role.name.as_str()).collect();
    let developer = match (book.may_toggle_developer(member).is_ok(), member.developer.on, member.developer.changed_at)
    {
        (false, ..) => "developer mode not granted".to_owned(),
        (true, false, _) => "developer mode granted, off".to_owned(),
        (true, true, None) => "developer mode on".to_owned(),
        (true, true, Some(at)) => format!("developer mode on since {}", clock(at)),
    };
    Some(Row {
        groups: groups.join(", "),
        roles: roles.join(", "),
        developer,
        may_change: book.may_change_member(me, member).is_ok(),
        may_view: me.id != member.id && book.may_view_as(me, member).is_ok(),
        is_me: me.id == member.id,
        member: member.clone(),
    })
}

/// A row is drawn anew when anything of it changes.
fn row_key(row: &Row) -> String {
    let Row { member, groups, roles, developer, may_change, may_view, .. } = row;
    format!(
        "{} {} {:?} {:?} {groups} {roles} {developer} {may_change} {may_view}",
        member.id, member.name, member.email, member.role
    )
}

/// The button that gives a chosen role. Who becomes an owner, or stops being one, and whoever gives up what they have
/// themselves, is asked first.
#[component]
fn ChangeRole(
    /// Whose.
    member: StoredValue<Member>,
    /// The role that was chosen.
    wanted: RwSignal<Role>,
    /// It is one's own.
    is_me: bool,
) -> impl IntoView {
    let app = use_state();
    let asking = RwSignal::new(false);
    let (role, name) = member.with_value(|one| (one.role, StoredValue::new(one.name.clone())));
    let keep = move || {
        asking.set(false);
        wanted.set(role);
    };
    let give = move || {
        let (ws, to) = (app.ws(), wanted.get_untracked());
        // What is refused must not look done: the choice goes back to what is.
        keep();
        app.run(async move { ws.set_member_role(&member.with_value(|one| one.id.clone()), to).await }, |()| ());
    };
    let word = move || match is_me {
        true => format!("Make yourself {}", with_article(wanted.get())),
        false => format!("Make {} {}", name.get_value(), with_article(wanted.get())),
    };
    let grave = move || wanted.get() == Role::Owner || role == Role::Owner || (is_me && wanted.get() < role);
    let words = move || match (is_me, wanted.get()) {
        (true, _) => "You give up what your role lets you do, at once. You cannot give it back to yourself.",
        (false, Role::Owner) => "An owner may do everything here, and take the role of owner from everybody else.",
        (false, _) => "They may no longer do what only owners may.",
    };
    let press = move |_| if grave() { asking.set(true) } else { give() };
    view! {
        {move || (wanted.get() != role).then(|| view! {
            <Button small=true look=ButtonLook::Primary on:click=press>{word()}</Button>
            <Button small=true look=ButtonLook::Quiet on:click=move |_| keep()>{format!("Keep {}", role.label())}</Button>
        })}
        {move || asking.get().then(|| view! {
            <Dialog title=word() role="alertdialog" on_close=move |()| asking.set(false)>
                <div class="body"><p>{words()}</p></div>
                <footer>
                    <Button on:click=move |_| keep()>{format!("Keep {}", role.label())}</Button>
                    <Button look=ButtonLook::Primary on:click=move |_| give()>{word()}</Button>
                </footer>
            </Dialog>
        })}
    }
}

/// A role after *make somebody*.
fn with_article(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Admin => "an admin",
        Role::Member => "a member",
    }
}

#[component]
fn Person(
    /// The row.
    row: Row,
    /// When who is on the page was last active, once it is known.
    active: RwSignal<Option<HashMap<MemberId, Option<u64>>>>,
    /// Who is being changed.
    editing: RwSignal<Option<browser::policy::MemberId>>,
    /// Who is being removed.
    removing: RwSignal<Option<Member>>,
) -> impl IntoView {
    let app = use_state();
    let router = use_router();
    let Row { member, groups, roles, developer, may_change, may_view, is_me } = row;
    let name = member.name.clone();
    let facts: Vec<String> = [groups, roles].into_iter().filter(|text| !text.is_empty()).chain([developer]).collect();
    let (id, role) = (StoredValue::new(member.id.clone()), member.role);
    let stored = StoredValue::new(member.clone());
    // Only what is on record counts: who never did anything here has a dash, and no guess.
    let last_active = move || {
        let at = active.with(|all| all.as_ref().and_then(|all| all.get(&id.get_value()).copied()))?;
        Some(match at {
            Some(at) => {
                view! { " · "<span title=clock(at)>{format!("last active {}", ago(at, app.ws().now()))}</span> }
                    .into_any()
            }
            None => {
                view! { " · "<span aria-hidden="true">"last active –"</span><span class="sr">"never active"</span> }
                    .into_any()
            }
        })
    };
    // A choice gives nothing yet: a keyboard passes the roles between on its way to the one that is meant.
    let wanted = RwSignal::new(role);
    let view_as = move |_| match app.ws().view_as(&id.get_value()) {
        Ok(()) => router.go(Route::Chat),
        Err(error) => app.tell_error(&error),
    };
    view! {
        <li class="row-card">
            <Monogram name=name.clone()/>
            <div class="grow">
                <h3><bdi>{name.clone()}</bdi>{(is_me && name != "You").then(|| view! { <span class="tag">"you"</span> })}</h3>
                {member.email.clone().map(|email| view! { <p class="small"><bdi>{email}</bdi></p> })}
                <p class="small"><bdi>{facts.join(" · ")}</bdi>{last_active}</p>
            </div>
            {if may_change {
                view! {
                    <select class="input role" aria-label=format!("Role of {name}") prop:value=move || wanted.get().label()
                        on:change=move |event| wanted.set(role_of(&event_target_value(&event)))>
                        {Role::ALL.map(|one| view! { <option value=one.label() selected=one == role>{one.label()}</option> }).collect_view()}
                    </select>
                    <ChangeRole member=stored wanted is_me/>
                }.into_any()
            } else {
                view! { <span class="tag">{role.label()}</span> }.into_any()
            }}
            {(may_change || may_view).then(|| view! {
                <Menu label=format!("More for {name}") trigger=move || view! { <Icon name=IconName::More/> }>
                    {may_change.then(|| view! { <MenuItem on:click=move |_| editing.set(Some(id.get_value()))>"Change member"</MenuItem> })}
                    {may_view.then(|| view! { <MenuItem on:click=view_as>"View as this member"</MenuItem> })}
                    {may_change.then(|| view! { <MenuItem danger=true on:click=move |_| removing.set(Some(stored.get_value()))>"Remove member"</MenuItem> })}
                </Menu>
            })}
        </li>
    }
}
