//! Choosing who: nobody, everyone, or chosen roles, groups and people. Empty means nobody, and the page says so (S075).

use browser::policy::{Access, GroupId, MemberId, Role, RoleId};
use leptos::prelude::*;
use std::collections::BTreeSet;

use crate::connectors::plural;
use crate::state::use_state;
use crate::ui::{More, SearchField, Segmented};

/// People who are listed at once.
const SHOWN: usize = 20;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Nobody,
    Only,
    Everyone,
}

/// Everybody who is chosen by something.
#[derive(Default)]
struct Chosen {
    members: BTreeSet<MemberId>,
    groups: BTreeSet<GroupId>,
    roles: BTreeSet<Role>,
    custom: BTreeSet<RoleId>,
}

fn chosen(access: &Access) -> Chosen {
    match access.clone() {
        Access::Only { members, groups, roles, custom } => Chosen { members, groups, roles, custom },
        Access::Nobody | Access::Everyone => Chosen::default(),
    }
}

/// The choice. It shows what is; what the person wants is handed to `on_change`.
#[component]
pub(crate) fn Audience(
    /// What the choice is about; its name.
    #[prop(into)]
    label: String,
    /// Who it is now.
    #[prop(into)]
    value: Signal<Access>,
    /// Who it should be.
    #[prop(into)]
    on_change: Callback<Access>,
) -> impl IntoView {
    let app = use_state();
    let search = RwSignal::new(String::new());
    // *Chosen people* with nobody in it is nobody; the page still shows who can be chosen.
    let choosing = RwSignal::new(false);
    let kind = Memo::new(move |_| match value.get() {
        Access::Everyone => Kind::Everyone,
        Access::Only { .. } => Kind::Only,
        Access::Nobody if choosing.get() => Kind::Only,
        Access::Nobody => Kind::Nobody,
    });
    let put = move |Chosen { members, groups, roles, custom }: Chosen| {
        let none = members.is_empty() && groups.is_empty() && roles.is_empty() && custom.is_empty();
        on_change.run(if none { Access::Nobody } else { Access::Only { members, groups, roles, custom } });
    };
    let set_kind = move |wanted: Kind| {
        choosing.set(wanted == Kind::Only);
        match wanted {
            Kind::Nobody => on_change.run(Access::Nobody),
            Kind::Everyone => on_change.run(Access::Everyone),
            Kind::Only => {
                // From everyone to nobody in particular: what is shown is what counts.
                if value.get_untracked() == Access::Everyone {
                    on_change.run(Access::Nobody);
                }
            }
        }
    };
    let reaches = move || {
        app.rulebook.with(|book| {
            let of = value.with(|access| book.members.iter().filter(|member| access.includes(member, book)).count());
            format!("{} of {}", of, plural(book.members.len(), "member"))
        })
    };
    let groups = Memo::new(move |_| {
        app.rulebook
            .with(|book| book.groups.iter().map(|group| (group.id.clone(), group.name.clone())).collect::<Vec<_>>())
    });
    // A plan without custom roles gives nobody anything by one.
    let custom = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let exist = book.plan().has_controls();
            let roles = book.roles.iter().filter(|_| exist);
            roles.map(|role| (role.id.clone(), role.name.clone())).collect::<Vec<_>>()
        })
    });
    let most = RwSignal::new(SHOWN);
    let found = Memo::new(move |_| {
        let text = search.get().trim().to_lowercase();
        let Chosen { members, .. } = chosen(&value.get());
        app.rulebook.with(|book| {
            let shown = book.members.iter().filter(|one| match text.is_empty() {
                true => members.contains(&one.id),
                false => one.name.to_lowercase().contains(&text),
            });
            shown.map(|one| (one.id.clone(), one.name.clone())).collect::<Vec<_>>()
        })
    });
    let people = Memo::new(move |_| found.with(|all| all.iter().take(most.get()).cloned().collect::<Vec<_>>()));
    let tick = move |want: bool, change: &dyn Fn(&mut Chosen, bool)| {
        let mut next = chosen(&value.get_untracked());
        change(&mut next, want);
        put(next);
    };
    view! {
        <div class="audience">
            <Segmented label=label value=kind on_change=set_kind options=vec![(Kind::Nobody, "Nobody"), (Kind::Only, "Chosen people"), (Kind::Everyone, "Everyone")]/>
            {move || (kind.get() == Kind::Only).then(|| view! {
                <fieldset class="choices"><legend>"Roles"</legend>{Role::ALL.map(|role| {
                    view! { <label class="check"><input type="checkbox" prop:checked=move || chosen(&value.get()).roles.contains(&role)
                        on:change=move |event| tick(event_target_checked(&event), &|next, want| { if want { next.roles.insert(role); } else { next.roles.remove(&role); } })/>
                        {role.label()}</label> }
                }).collect_view()}</fieldset>
                {move || (!custom.with(Vec::is_empty)).then(|| view! {
                    <fieldset class="choices"><legend>"Custom roles"</legend>{custom.get().into_iter().map(|(id, name)| {
                        let id = StoredValue::new(id);
                        view! { <label class="check"><input type="checkbox" prop:checked=move || chosen(&value.get()).custom.contains(&id.get_value())
                            on:change=move |event| tick(event_target_checked(&event), &|next, want| { if want { next.custom.insert(id.get_value()); } else { next.custom.remove(&id.get_value()); } })/>
                            <bdi>{name}</bdi></label> }
                    }).collect_view()}</fieldset>
                })}
                {move || (!groups.with(Vec::is_empty)).then(|| view! {
                    <fieldset class="choices"><legend>"Groups"</legend>{groups.get().into_iter().map(|(id, name)| {
                        let id = StoredValue::new(id);
                        view! { <label class="check"><input type="checkbox" prop:checked=move || chosen(&value.get()).groups.contains(&id.get_value())
                            on:change=move |event| tick(event_target_checked(&event), &|next, want| { if want { next.groups.insert(id.get_value()); } else { next.groups.remove(&id.get_value()); } })/>
                            <bdi>{name}</bdi></label> }
                    }).collect_view()}</fieldset>
                })}
                <fieldset class="choices"><legend>"People"</legend>
                    <SearchField label="Find people" value=search/>
                    <For each=move || people.get() key=|one| one.clone() let:one>{
                        let id = StoredValue::new(one.0);
                        view! { <label class="check"><input type="checkbox" prop:checked=move || chosen(&value.get()).members.contains(&id.get_value())
                            on:change=move |event| tick(event_target_checked(&event), &|next, want| { if want { next.members.insert(id.get_value()); } else { next.members.remove(&id.get_value()); } })/>
                            <bdi>{one.1}</bdi></label> }
                    }</For>
                    <More most step=SHOWN all=Signal::derive(move || found.with(Vec::len)) what="people"/>
                </fieldset>
            })}
            <p class="small" role="status">{reaches}</p>
        </div>
    }
}
