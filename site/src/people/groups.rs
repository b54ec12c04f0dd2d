//! Workspace, Groups: who is in them, who manages them, and what being in one gives (screens.md e.2).

use browser::policy::{Access, CustomRole, GroupId, Member, MemberId, Permission, Rulebook, Setting};
use leptos::prelude::*;

use super::{NotYours, Reach, may};
use crate::connectors::plural;
use crate::router::{Link, Route, page_title, use_router};
use crate::state::{AppState, use_state};
use crate::ui::{Button, ButtonLook, Dialog, Field, Monogram, More, SearchField, Switch};

/// People who are listed at once.
const SHOWN: usize = 50;

/// The list of groups: all of them, or those that the person manages.
#[component]
pub(crate) fn Groups() -> impl IntoView {
    let app = use_state();
    page_title(|| "Groups".into());
    let makes = may(app, Rulebook::may_manage_groups);
    let name = RwSignal::new(String::new());
    let refused = move || {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as()).ok()?;
            let manages = book.groups.iter().any(|group| book.may_fill_group(me, group).is_ok());
            book.may_manage_groups(me).err().filter(|_| !manages)
        })
    };
    let groups = move || {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as()).ok();
            let mine = book.groups.iter().filter(|group| me.is_some_and(|me| book.may_fill_group(me, group).is_ok()));
            mine.map(|group| (group.id.clone(), group.name.clone(), book.people_of(&group.id).count()))
                .collect::<Vec<_>>()
        })
    };
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, wanted) = (app.ws(), name.get_untracked());
        app.run(async move { ws.add_group(&wanted).await }, move |_| name.set(String::new()));
    };
    move || {
        match refused() {
        Some(why) => view! { <NotYours title="Groups" why/> }.into_any(),
        None => view! {
            <header class="head"><div class="grow"><h1>"Groups"</h1><p class="lead">"Access, roles and developer mode can be given to a group at once."</p></div></header>
            {move || makes.get().then(|| view! {
                <form class="setting inline-form" on:submit=add>
                    <Field label="New group" let:field>
                        <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="80" prop:value=move || name.get()
                            on:input=move |event| name.set(event_target_value(&event))/>
                    </Field>
                    <Button submit=true disabled=Signal::derive(move || name.get().trim().is_empty())>"Add group"</Button>
                </form>
            })}
            {move || {
                let groups = groups();
                if groups.is_empty() {
                    return view! { <p class="none">"There are no groups yet."</p> }.into_any();
                }
                view! {
                    <h2 class="sr">"All groups"</h2>
                    <ul class="rows" aria-label="Groups">{groups.into_iter().map(|(id, name, people)| view! {
                        <li class="row-card"><Monogram name=name.clone()/>
                            <div class="grow"><h3><Link to=Route::Group(id.to_string())><bdi>{name}</bdi></Link></h3><p class="small">{plural(people, "member")}</p></div></li>
                    }).collect_view()}</ul>
                }.into_any()
            }}
            <Reach/>
        }
        .into_any(),
    }
    }
}

/// One group.
#[component]
pub(crate) fn GroupPage(
    /// Which.
    id: String,
) -> impl IntoView {
    let app = use_state();
    let id = GroupId::from(id);
    let name = {
        let id = id.clone();
        Memo::new(move |_| app.rulebook.with(|book| book.group(&id).map(|group| group.name.clone())))
    };
    page_title(move || name.get().unwrap_or_else(|| "Group".into()));
    let id = StoredValue::new(id);
    let there = Memo::new(move |_| name.with(Option::is_some));
    let fills = may(app, move |book, me| match book.group(&id.get_value()) {
        Some(group) => book.may_fill_group(me, group),
        None => Ok(()),
    });
    move || {
        match (there.get(), fills.get()) {
        (false, _) => view! { <div class="empty"><h1>"There is no such group"</h1><p>"It may have been removed."</p><Link to=Route::Groups>"All groups"</Link></div> }.into_any(),
        (true, false) => view! { <div class="empty"><h1><bdi>{name.get_untracked()}</bdi></h1><p>"Only admins and the managers of this group see its page."</p></div> }.into_any(),
        (true, true) => view! {
            <header class="head"><div class="grow"><h1><bdi>{move || name.get()}</bdi></h1></div></header>
            <Gives id/>
            <People id/>
            <Ending id/>
        }.into_any(),
    }
    }
}

/// What being in the group gives.
#[component]
fn Gives(id: StoredValue<GroupId>) -> impl IntoView {
    let app = use_state();
    let roles_managed = may(app, Rulebook::may_manage_roles);
    let reached = move || {
        app.rulebook.with(|book| {
            let group = id.get_value();
            let connectors: Vec<String> = book
                .connectors
                .iter()
                .filter_map(|one| Some(format!("{} · {}{}", one.name, one.host, given_by(book, &one.access, &group)?)))
                .collect();
            (connectors, developer_by(book, &id.get_value()), managers_of(book, &id.get_value()))
        })
    };
    let roles = Memo::new(move |_| {
        app.rulebook.with(|book| book.roles.iter().map(|role| (role.id.clone(), role.name.clone())).collect::<Vec<_>>())
    });
    view! {
        <section class="setting"><h2>"What being in this group gives"</h2>
            {move || {
                let (connectors, developer, managers) = reached();
                view! {
                    <dl class="facts">
                        <dt>"Connectors"</dt><dd>{if connectors.is_empty() { "None by this group alone.".to_owned() } else { connectors.join(", ") }}</dd>
                        <dt>"Developer mode"</dt><dd>{match developer {
                            Some(by) => view! { "Given"<bdi>{by}</bdi>"; each person turns it on for themselves." }.into_any(),
                            None => "Not given by this group.".into_any(),
                        }}</dd>
                        <dt>"Managed by"</dt><dd><bdi>{if managers.is_empty() { "Admins and owners".to_owned() } else { managers.join(", ") }}</bdi></dd>
                    </dl>
                }
            }}
            {move || {
                let roles = roles.get();
                (roles_managed.get() && !roles.is_empty()).then(|| view! {
                    <fieldset class="choices"><legend>"Custom roles of everyone in it"</legend>{roles.into_iter().map(|(role, name)| {
                        let role = StoredValue::new(role);
                        let has = Signal::derive(move || app.rulebook.with(|book| book.group(&id.get_value()).is_some_and(|group| group.roles.contains(&role.get_value()))));
                        view! {
                            <label class="check"><input type="checkbox" prop:checked=move || has.get() on:change=move |event| {
                                let (ws, give) = (app.ws(), event_target_checked(&event));
                                app.run(async move { ws.give_group_role(&id.get_value(), &role.get_value(), give).await }, |()| ());
                            }/><bdi>{name}</bdi></label>
                        }
                    }).collect_view()}</fieldset>
                })
            }}
        </section>
    }
}

/// Whether a choice of people takes in a group, and by which of its custom roles where not by itself: ` by the role Clerks`.
fn given_by(book: &Rulebook, access: &Access, group: &GroupId) -> Option<String> {
    let Access::Only { groups, custom, .. } = access else { return None };
    if groups.contains(group) {
        return Some(String::new());
    }
    let of_group = book.group(group).map(|group| &group.roles).filter(|_| book.plan().has_controls())?;
    let role = book.roles.iter().find(|role| of_group.contains(&role.id) && custom.contains(&role.id))?;
    Some(format!(" by the role {}", role.name))
}

/// By what being in a group gives developer mode, as [`given_by`] says it; a role of the group may give it too.
fn developer_by(book: &Rulebook, group: &GroupId) -> Option<String> {
    given_by(book, &book.workspace.developers, group).or_else(|| {
        let of_group = book.group(group).map(|group| &group.roles).filter(|_| book.plan().has_controls())?;
        let gives = |role: &&CustomRole| role.setting(Permission::CreateConnectors) == Setting::On;
        let role = book.roles.iter().filter(|role| of_group.contains(&role.id)).find(gives)?;
        Some(format!(" by the role {}", role.name))
    })
}

/// The names of those who manage a group.
fn managers_of(book: &Rulebook, group: &GroupId) -> Vec<String> {
    let managers = book.group(group).map(|group| group.managers.iter().collect::<Vec<_>>()).unwrap_or_default();
    managers.into_iter().filter_map(|id| Some(book.member(id).ok()?.name.clone())).collect()
}

/// Who is in it, and who manages it. Searching finds the others.
#[component]
fn People(id: StoredValue<GroupId>) -> impl IntoView {
    let app = use_state();
    let search = RwSignal::new(String::new());
    let makes = may(app, Rulebook::may_manage_groups);
    let most = RwSignal::new(SHOWN);
    let found = Memo::new(move |_| {
        let text = search.get().trim().to_lowercase();
        app.rulebook.with(|book| {
            let inside = |member: &&Member| member.groups.contains(&id.get_value());
            let named = |member: &&Member| member.name.to_lowercase().contains(&text);
            let found: Vec<&Member> = match text.is_empty() {
                true => book.members.iter().filter(inside).collect(),
                false => book.members.iter().filter(named).collect(),
            };
            found.into_iter().map(|member| (member.id.clone(), member.name.clone())).collect::<Vec<_>>()
        })
    });
    let people = Memo::new(move |_| found.with(|all| all.iter().take(most.get()).cloned().collect::<Vec<_>>()));
    view! {
        <section class="setting"><h2>"People"</h2>
            <SearchField label="Find people to put in" value=search/>
            <ul class="rows wide" aria-label="People">
                <For each=move || people.get() key=|one| one.clone() let:one><Place id whose=one.0 name=one.1 makes/></For>
            </ul>
            <More most step=SHOWN all=Signal::derive(move || found.with(Vec::len)) what="people"/>
            {move || people.with(Vec::is_empty).then(|| view! { <p class="none">{move || if search.with(|text| text.trim().is_empty()) { "Nobody is in this group yet. Search to find people." } else { "Nobody has this name." }}</p> })}
        </section>
    }
}

#[component]
fn Place(id: StoredValue<GroupId>, whose: MemberId, name: String, makes: Signal<bool>) -> impl IntoView {
    let app = use_state();
    let whose = StoredValue::new(whose);
    let of = move |question: fn(&Rulebook, &GroupId, &MemberId) -> bool| {
        Signal::derive(move || app.rulebook.with(|book| question(book, &id.get_value(), &whose.get_value())))
    };
    let inside = of(|book, group, who| book.member(who).is_ok_and(|member| member.groups.contains(group)));
    let manages = of(|book, group, who| book.group(group).is_some_and(|group| group.managers.contains(who)));
    let label = name.clone();
    view! {
        <li class="row-card">
            <div class="grow"><h3><bdi>{name.clone()}</bdi></h3>
                {move || makes.get().then(|| view! {
                    <label class="check small"><input type="checkbox" prop:checked=move || manages.get() on:change=move |event| {
                        let (ws, want) = (app.ws(), event_target_checked(&event));
                        app.run(async move { ws.set_group_manager(&id.get_value(), &whose.get_value(), want).await }, |()| ());
                    }/>"Manages this group"</label>
                })}</div>
            <Switch label=format!("{label} is in this group") checked=inside on_change=move |want: bool| {
                let ws = app.ws();
                app.run(async move { ws.set_in_group(&id.get_value(), &whose.get_value(), want).await }, |()| ());
            }/>
        </li>
    }
}

#[component]
fn Ending(id: StoredValue<GroupId>) -> impl IntoView {
    let (app, router) = (use_state(), use_router());
    let makes = may(app, Rulebook::may_manage_groups);
    let asking = RwSignal::new(false);
    let name = RwSignal::new(name_of(app, &id.get_value()));
    let rename = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, wanted) = (app.ws(), name.get_untracked());
        app.run(async move { ws.rename_group(&id.get_value(), &wanted).await }, move |()| app.tell("Group renamed."));
    };
    let remove = move |_| {
        let ws = app.ws();
        app.run(async move { ws.remove_group(&id.get_value()).await }, move |()| router.go(Route::Groups));
    };
    move || {
        makes.get().then(|| view! {
            <form class="setting inline-form" on:submit=rename>
                <Field label="Group name" let:field>
                    <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="80" prop:value=move || name.get()
                        on:input=move |event| name.set(event_target_value(&event))/>
                </Field>
                <Button submit=true disabled=Signal::derive(move || name.get().trim().is_empty())>"Rename group"</Button>
            </form>
            <div class="row ending"><Button look=ButtonLook::Danger on:click=move |_| asking.set(true)>"Remove group"</Button></div>
            {move || asking.get().then(|| view! {
                <Dialog title=format!("Remove {}", name_of(app, &id.get_value())) role="alertdialog" on_close=move |()| asking.set(false)>
                    <div class="body"><p>"Whoever has access, a role or developer mode by this group alone loses it. The people stay."</p></div>
                    <footer><Button on:click=move |_| asking.set(false)>"Keep group"</Button>
                        <Button look=ButtonLook::Danger on:click=remove>"Remove group"</Button></footer>
                </Dialog>
            })}
        })
    }
}

fn name_of(app: AppState, id: &GroupId) -> String {
    app.rulebook.with_untracked(|book| book.group(id).map(|group| group.name.clone()).unwrap_or_default())
}
