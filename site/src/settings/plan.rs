//! Workspace, General: the plan profile, what each allows, and what a switch would change before it is made (C7).

use browser::policy::{Class, Profile};
use leptos::prelude::*;

use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Segmented};

/// The section.
#[component]
pub(super) fn Plan() -> impl IntoView {
    let app = use_state();
    let profile = Signal::derive(move || app.rulebook.with(|rulebook| rulebook.workspace.profile));
    let options = Profile::ALL.into_iter().map(|profile| (profile, profile.rules().label)).collect::<Vec<_>>();
    let wanted = RwSignal::new(None::<Profile>);
    let switch = move |to: Profile| {
        let ws = app.ws();
        app.run(async move { ws.set_profile(to).await }, move |()| wanted.set(None));
    };
    view! {
        <section class="setting">
            <h2>"Plan profile"</h2>
            <p>"Which rules this workspace follows."</p>
            <Segmented label="Plan profile" value=profile options=options on_change=move |to| if to != profile.get_untracked() { wanted.set(Some(to)) }/>
            <table class="compare">
                <caption class="sr">"What each plan profile allows"</caption>
                <thead><tr><th scope="col">"Profile"</th><th scope="col">"Actions that change things"</th><th scope="col">"Publishing"</th><th scope="col">"Roles and groups"</th></tr></thead>
                <tbody>{Profile::ALL.into_iter().map(|one| {
                    let rules = one.rules();
                    view! {
                        <tr class:now=move || profile.get() == one>
                            <th scope="row">{rules.label}</th>
                            <td>{if rules.ceiling > Class::Read { "yes" } else { "no, reads only" }}</td>
                            <td>{match (rules.publishing.is_some(), rules.has_controls()) {
                                (false, _) => "no",
                                (true, false) => "yes, unchangeable",
                                (true, true) => "yes, with action control",
                            }}</td>
                            <td>{if rules.delegates() { "yes" } else { "no" }}</td>
                        </tr>
                    }
                }).collect_view()}</tbody>
            </table>
            <p class="small">"Enforced in this client. Restrict scopes on the server to enforce it everywhere."</p>
        </section>
        {move || wanted.get().map(|to| {
            let from = profile.get_untracked();
            let (old, new) = (from.rules().label, to.rules().label);
            let told = differences(from, to);
            view! {
                <Dialog title=format!("Switch from {old} to {new}") on_close=move |()| wanted.set(None)>
                    <div class="body">
                        {if told.is_empty() {
                            view! { <p>"Both profiles have the same rules. Only the name changes."</p> }.into_any()
                        } else {
                            view! { <p>"From then on:"</p><ul class="bullets">{told.into_iter().map(|one| view! { <li>{one}</li> }).collect_view()}</ul> }.into_any()
                        }}
                        <p class="small">"Nothing is deleted. Switching back brings back what is hidden."</p>
                    </div>
                    <footer>
                        <Button on:click=move |_| wanted.set(None)>{format!("Keep {old}")}</Button>
                        <Button look=ButtonLook::Primary on:click=move |_| switch(to)>{format!("Switch to {new}")}</Button>
                    </footer>
                </Dialog>
            }
        })}
    }
}

/// What is different after a switch, one sentence each.
fn differences(from: Profile, to: Profile) -> Vec<&'static str> {
    let (old, new) = (from.rules(), to.rules());
    let mut told = Vec::new();
    let mut tell = |before: bool, after: bool, on: &'static str, off: &'static str| {
        if before != after {
            told.push(if after { on } else { off });
        }
    };
    tell(
        old.full_mcp(),
        new.full_mcp(),
        "Actions that write can be used, and ask every time.",
        "Actions that write are refused. Only reading is left.",
    );
    tell(
        old.publishing.is_some(),
        new.publishing.is_some(),
        "Drafts can be published for everyone in the workspace.",
        "Nothing is published: each person uses only what they added, in developer mode.",
    );
    tell(
        old.has_controls(),
        new.has_controls(),
        "Admins decide who may use a published connector and which of its actions are on.",
        "A published connector is for everyone, with all of its actions, and is not changed any more.",
    );
    tell(
        old.delegates(),
        new.delegates(),
        "Admins can give developer mode to single people, groups and roles.",
        "Only admins and owners can have developer mode.",
    );
    tell(
        old.gate.is_some(),
        new.gate.is_some(),
        "The workspace has a developer-mode switch that comes before each person's own.",
        "Each person turns developer mode on for themselves.",
    );
    tell(
        old.compliance_export,
        new.compliance_export,
        "Conversations can be exported for compliance.",
        "There is no export of conversations for compliance.",
    );
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn c7_a_switch_says_what_it_changes_and_back_again() {
        for from in Profile::ALL {
            for to in Profile::ALL {
                let (there, back) = (differences(from, to), differences(to, from));
                assert_eq!(there.len(), back.len());
                let alike = |profile| matches!(profile, Profile::Enterprise | Profile::Edu);
                assert_eq!(there.is_empty(), from == to || (alike(from) && alike(to)));
                assert!(there.iter().all(|one| !back.contains(one)));
            }
        }
    }
}
