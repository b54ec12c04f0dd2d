//! Adding, changing and removing one person.

use browser::policy::{Drafts, GroupId, Member, MemberId, Role, RoleId, Stage};
use leptos::prelude::*;

use crate::connectors::plural;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Field, Segmented};

/// What a role is called in a list of choices.
pub(super) fn role_of(word: &str) -> Role {
    Role::ALL.into_iter().find(|role| role.label() == word).unwrap_or(Role::Member)
}

/// The dialog that adds a person.
#[component]
pub(super) fn AddPerson(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let app = use_state();
    move || {
        open.get().then(|| {
            let [name, email] = [(); 2].map(|()| RwSignal::new(String::new()));
            let role = RwSignal::new(Role::Member);
            let me = app.rulebook.with_untracked(|book| book.member(&app.ws().me()).map(|me| me.role).unwrap_or(Role::Member));
            let options: Vec<_> =
                Role::ALL.into_iter().filter(|one| *one <= me || *one == Role::Member).filter(|one| me.runs_workspace() || *one == Role::Member).map(|one| (one, one.label())).collect();
            let add = move |event: leptos::ev::SubmitEvent| {
                event.prevent_default();
                let (ws, name, email) = (app.ws(), name.get_untracked(), email.get_untracked());
                let role = role.get_untracked();
                let who = name.trim().to_owned();
                app.run(async move { ws.add_member(&name, &email, role, Vec::new()).await }, move |_| {
                    open.set(false);
                    app.tell(format!("{who} was added."));
                });
            };
            view! {
                <Dialog title="Add member" on_close=move |()| open.set(false)>
                    <form class="body" id="add-member" on:submit=add>
                        <Field label="Name" let:field>
                            <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="120"
                                prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))/>
                        </Field>
                        <Field label="Mail address" optional=true let:field>
                            <input id=field.id aria-describedby=field.described type="email" autocomplete="off" maxlength="254"
                                prop:value=move || email.get() on:input=move |event| email.set(event_target_value(&event))/>
                        </Field>
                        <div class="field"><span class="label">"Role"</span>
                            <Segmented label="Role" value=role options=options on_change=move |one| role.set(one)/></div>
                        <p class="small">"This makes an entry in this workspace. Nobody gets mail, and developer mode is off for them."</p>
                    </form>
                    <footer>
                        <Button on:click=move |_| open.set(false)>"Add nobody"</Button>
                        <button type="submit" form="add-member" class="btn primary" disabled=move || name.get().trim().is_empty()>"Add member"</button>
                    </footer>
                </Dialog>
            }
        })
    }
}

/// The dialog that changes a person: name, mail address, groups, custom roles. Each is kept as soon as it is changed, a
/// word once its field is left.
#[component]
pub(super) fn EditPerson(
    /// Who, while it is open.
    editing: RwSignal<Option<MemberId>>,
) -> impl IntoView {
    let app = use_state();
    move || {
        let id = editing.get()?;
        let member = app.rulebook.with_untracked(|book| book.member(&id).ok().cloned())?;
        let (name, email) =
            (RwSignal::new(member.name.clone()), RwSignal::new(member.email.clone().unwrap_or_default()));
        let (groups, roles) = app.rulebook.with_untracked(|book| {
            let controls = book.plan().has_controls();
            let groups: Vec<_> =
                book.groups.iter().filter(|_| controls).map(|group| (group.id.clone(), group.name.clone())).collect();
            let roles: Vec<_> =
                book.roles.iter().filter(|_| controls).map(|role| (role.id.clone(), role.name.clone())).collect();
            (groups, roles)
        });
        let whose = StoredValue::new(id);
        let kept = RwSignal::new((name.get_untracked(), email.get_untracked()));
        // Also when the dialog is closed: Escape leaves no field.
        let keep = move || {
            let words = (name.get_untracked(), email.get_untracked());
            if words == kept.get_untracked() {
                return;
            }
            kept.set(words.clone());
            let (ws, (name, email)) = (app.ws(), words);
            app.run(async move { ws.rename_member(&whose.get_value(), &name, &email).await }, move |()| {
                app.tell("The member was changed.");
            });
        };
        let close = move || {
            keep();
            editing.set(None);
        };
        Some(view! {
            <Dialog title=format!("Change {}", member.name) on_close=move |()| close()>
                <div class="body">
                    <Field label="Name" let:field>
                        <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="120"
                            prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event)) on:change=move |_| keep()/>
                    </Field>
                    <Field label="Mail address" optional=true let:field>
                        <input id=field.id aria-describedby=field.described type="email" autocomplete="off" maxlength="254"
                            prop:value=move || email.get() on:input=move |event| email.set(event_target_value(&event)) on:change=move |_| keep()/>
                    </Field>
                    {(!groups.is_empty()).then(|| view! {
                        <fieldset class="choices"><legend>"Groups"</legend>
                            {groups.into_iter().map(|(id, name)| view! { <InGroup whose=whose id name/> }).collect_view()}</fieldset>
                    })}
                    {(!roles.is_empty()).then(|| view! {
                        <fieldset class="choices"><legend>"Custom roles"</legend>
                            {roles.into_iter().map(|(id, name)| view! { <HasRole whose=whose id name/> }).collect_view()}</fieldset>
                    })}
                </div>
                <footer>
                    <Button on:click=move |_| close()>"Close"</Button>
                </footer>
            </Dialog>
        })
    }
}

#[component]
fn InGroup(whose: StoredValue<MemberId>, id: GroupId, name: String) -> impl IntoView {
    let app = use_state();
    let group = StoredValue::new(id);
    let is_in = Signal::derive(move || {
        app.rulebook
            .with(|book| book.member(&whose.get_value()).is_ok_and(|one| one.groups.contains(&group.get_value())))
    });
    view! {
        <label class="check"><input type="checkbox" prop:checked=move || is_in.get() on:change=move |event| {
            let (ws, inside) = (app.ws(), event_target_checked(&event));
            app.run(async move { ws.set_in_group(&group.get_value(), &whose.get_value(), inside).await }, |()| ());
        }/><bdi>{name}</bdi></label>
    }
}

#[component]
fn HasRole(whose: StoredValue<MemberId>, id: RoleId, name: String) -> impl IntoView {
    let app = use_state();
    let role = StoredValue::new(id);
    let has = Signal::derive(move || {
        app.rulebook.with(|book| book.member(&whose.get_value()).is_ok_and(|one| one.roles.contains(&role.get_value())))
    });
    view! {
        <label class="check"><input type="checkbox" prop:checked=move || has.get() on:change=move |event| {
            let (ws, give) = (app.ws(), event_target_checked(&event));
            app.run(async move { ws.give_role(&whose.get_value(), &role.get_value(), give).await }, |()| ());
        }/><bdi>{name}</bdi></label>
    }
}

/// The question before a person is removed.
#[component]
pub(super) fn RemovePerson(
    /// Who, while it is open.
    removing: RwSignal<Option<Member>>,
) -> impl IntoView {
    let app = use_state();
    move || {
        let member = removing.get()?;
        let drafts: Vec<String> = app.rulebook.with_untracked(|book| {
            let of_theirs = book.connectors.iter().filter(|one| one.owner == member.id && one.stage == Stage::Draft);
            of_theirs.map(|one| one.name.clone()).collect()
        });
        let then = RwSignal::new(Drafts::Archive);
        let (id, name) = (member.id.clone(), member.name.clone());
        let remove = move |_| {
            let (ws, id, name) = (app.ws(), id.clone(), name.clone());
            let drafts = then.get_untracked();
            app.run(async move { ws.remove_member(&id, drafts).await }, move |()| {
                removing.set(None);
                app.tell(format!("{name} was removed."));
            });
        };
        Some(view! {
            <Dialog title=format!("Remove {}", member.name) role="alertdialog" on_close=move |()| removing.set(None)>
                <div class="body">
                    <p>"Their access, groups, roles and remembered answers end. Connectors they published stay and become yours. The audit log keeps their name."</p>
                    {(!drafts.is_empty()).then(|| view! {
                        <p>{format!("{}: ", plural(drafts.len(), "draft"))}<bdi>{drafts.join(", ")}</bdi></p>
                        <Segmented label="Their drafts" value=then on_change=move |one| then.set(one)
                            options=vec![(Drafts::Archive, "Archive drafts"), (Drafts::TakeOver, "Take drafts over")]/>
                    })}
                </div>
                <footer>
                    <Button on:click=move |_| removing.set(None)>"Keep member"</Button>
                    <Button look=ButtonLook::Danger on:click=remove>"Remove member"</Button>
                </footer>
            </Dialog>
        })
    }
}
