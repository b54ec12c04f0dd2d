//! Custom roles: each permission Default, On or Off; roles add up (C8).

use browser::policy::{CustomRole, Permission, RoleId, Setting};
use leptos::prelude::*;

use crate::connectors::plural;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Field, Segmented};

/// The tab.
#[component]
pub(super) fn Roles() -> impl IntoView {
    let app = use_state();
    let name = RwSignal::new(String::new());
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, wanted) = (app.ws(), name.get_untracked());
        app.run(async move { ws.add_role(&wanted).await }, move |_| name.set(String::new()));
    };
    let roles =
        Memo::new(move |_| app.rulebook.with(|book| book.roles.iter().map(|role| role.id.clone()).collect::<Vec<_>>()));
    view! {
        <form class="inline-form setting begins" on:submit=add>
            <Field label="New role" let:field>
                <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="80" prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))/>
            </Field>
            <Button submit=true disabled=Signal::derive(move || name.get().trim().is_empty())>"Add role"</Button>
        </form>
        <h2 class="sr">"All roles"</h2>
        {move || roles.with(Vec::is_empty).then(|| view! { <p class="none">"There are no custom roles yet. Members have what every member has."</p> })}
        <For each=move || roles.get() key=|id| id.clone() let:id><RoleCard id/></For>
        <p class="small">"Roles add up: a person has what any of their roles gives. Off means that this role does not give the permission; it takes nothing away that another role gives. Default is what every member has. Roles are given to people on the Members page and to groups on their page."</p>
        <super::Reach/>
    }
}

#[component]
fn RoleCard(id: RoleId) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let found = Memo::new(move |_| app.rulebook.with(|book| book.role(&id.get_value()).cloned()));
    let asking = RwSignal::new(false);
    let name = move || found.with(|role| role.as_ref().map(|role| role.name.clone()).unwrap_or_default());
    let typed = RwSignal::new(untrack(name));
    let rename = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, wanted) = (app.ws(), typed.get_untracked());
        app.run(async move { ws.rename_role(&id.get_value(), &wanted).await }, move |()| app.tell("Role renamed."));
    };
    let given = move || {
        app.rulebook.with(|book| {
            let role = &id.get_value();
            let people = book.members.iter().filter(|member| book.roles_of(member).any(|one| one.id == *role)).count();
            let gives = Permission::ALL
                .into_iter()
                .filter(|one| found.with(|role| role.as_ref().is_some_and(|role| role.setting(*one) == Setting::On)));
            format!("{} · gives {}", plural(people, "member"), plural(gives.count(), "permission"))
        })
    };
    let rows = Permission::ALL.map(|permission| {
        let value = Signal::derive(move || {
            found.with(|role| role.as_ref().map(|role: &CustomRole| role.setting(permission)).unwrap_or_default())
        });
        let set = move |setting: Setting| {
            let ws = app.ws();
            app.run(async move { ws.set_role(&id.get_value(), permission, setting).await }, |()| ());
        };
        view! {
            <tr><th scope="row">{permission.label()}</th>
                <td><Segmented label=permission.label() value=value on_change=set
                    options=vec![(Setting::Default, "Default"), (Setting::On, "On"), (Setting::Off, "Off")]/></td></tr>
        }
    });
    let remove = move |_| {
        let ws = app.ws();
        app.run(async move { ws.remove_role(&id.get_value()).await }, |()| ());
    };
    view! {
        <details class="card role-card">
            <summary><h3><bdi>{name}</bdi></h3><span class="small">{given}</span></summary>
            <div class="body">
                <table class="wide-first"><thead><tr><th scope="col">"Permission"</th><th scope="col">"This role"</th></tr></thead><tbody>{rows.collect_view()}</tbody></table>
                <form class="inline-form" on:submit=rename>
                    <Field label="Role name" let:field>
                        <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="80" prop:value=move || typed.get()
                            on:input=move |event| typed.set(event_target_value(&event))/>
                    </Field>
                    <Button submit=true disabled=Signal::derive(move || typed.with(|typed| typed.trim().is_empty() || typed.trim() == name()))>"Rename role"</Button>
                </form>
                <Button look=ButtonLook::Danger small=true on:click=move |_| asking.set(true)>"Remove role"</Button>
            </div>
        </details>
        {move || asking.get().then(|| view! {
            <Dialog title=format!("Remove {}", name()) role="alertdialog" on_close=move |()| asking.set(false)>
                <div class="body"><p>"Whoever has a permission by this role alone loses it, at once."</p></div>
                <footer><Button on:click=move |_| asking.set(false)>"Keep role"</Button>
                    <Button look=ButtonLook::Danger on:click=remove>"Remove role"</Button></footer>
            </Dialog>
        })}
    }
}
