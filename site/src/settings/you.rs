//! Settings, You: who the person at this browser is.
//!
//! In a workspace that came from elsewhere there are several people, and each says who they are. That is a guard-rail
//! and not a sign-in, and the page says so (behaviour.md, section 0).

use browser::policy::MemberId;
use leptos::prelude::*;

use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, Field};

/// The page.
#[component]
pub(crate) fn You() -> impl IntoView {
    let app = use_state();
    page_title(|| "You".into());
    let name = RwSignal::new(app.rulebook.with_untracked(|rulebook| {
        rulebook.member(&app.ws().me()).map(|member| member.name.clone()).unwrap_or_default()
    }));
    let people = move || {
        let me = app.ws().me();
        app.rulebook.with(|rulebook| {
            let each = rulebook.members.iter();
            let known = rulebook.member(&me).is_ok();
            let label = |one: &browser::policy::Member| format!("{} · {}", one.name, one.role.label());
            (known, each.map(|one| (one.id.to_string(), label(one), one.id == me)).collect::<Vec<_>>())
        })
    };
    let signed = move || {
        app.rulebook.track();
        app.ws().governed() != browser::Governed::Here
    };
    let wanted = RwSignal::new(app.ws().me().to_string());
    let become_them = move || {
        let (ws, me) = (app.ws(), MemberId::from(wanted.get_untracked()));
        app.run(async move { ws.be(me).await }, move |()| {
            name.set(app.rulebook.with_untracked(|rulebook| {
                rulebook.member(&app.ws().me()).map(|member| member.name.clone()).unwrap_or_default()
            }));
            app.tell("You are somebody else now. Remembered answers and developer mode are off.");
        });
    };
    view! {
        <header class="head"><div class="grow"><h1>"You"</h1>
            <p class="lead">"Who you are in this workspace. It stands in the audit log and decides what you may use."</p></div></header>
        {move || (!signed()).then(|| view! {
            <form class="setting inline-form" on:submit=move |event| {
                event.prevent_default();
                let (ws, name) = (app.ws(), name.get_untracked());
                app.run(async move { ws.rename_me(&name).await }, move |()| app.tell("Your name was changed."));
            }>
                <Field label="Your name" let:field>
                    <input id=field.id aria-describedby=field.described autocomplete="name" maxlength="80" prop:value=move || name.get()
                        on:input=move |event| name.set(event_target_value(&event))/>
                </Field>
                <Button submit=true disabled=Signal::derive(move || name.get().trim().is_empty())>"Change name"</Button>
            </form>
        })}
        {move || {
            let (known, people) = people();
            (people.len() > 1 || !known).then(|| view! {
                <section class="setting">
                    <h2>"Person at this browser"</h2>
                    {(!known).then(|| view! { <p class="why">"Nobody of this workspace is chosen yet, so nothing can be used. Choose who you are."</p> })}
                    <form class="inline-form" on:submit=move |event| { event.prevent_default(); become_them(); }>
                        <Field label="I am" let:field>
                            <select id=field.id aria-describedby=field.described on:change=move |event| wanted.set(event_target_value(&event))>
                                {(!known).then(|| view! { <option value="" selected=true>"Choose a person"</option> })}
                                {people.into_iter().map(|(id, label, mine)| view! { <option value=id selected=mine>{label}</option> }).collect_view()}
                            </select>
                        </Field>
                        <Button submit=true disabled=Signal::derive(move || wanted.with(String::is_empty))>"Use as this person"</Button>
                    </form>
                    <p class="small">"You say who you are yourself: nothing checks it. This is a guard-rail in this client. What you can really do on a server is decided by the account that you sign in with there."</p>
                </section>
            })
        }}
    }
}
