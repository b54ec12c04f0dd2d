//! Workspace, Domains: which hosts the workspace deals with, for five uses (X130, X131).

use browser::policy::domains::Side;
use browser::policy::{DomainUse, Pattern, Rulebook};
use leptos::prelude::*;

use super::{NotYours, Reach, may};
use crate::connectors::new::sentence;
use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Field, Segmented};

/// The page.
#[component]
pub(crate) fn DomainsPage() -> impl IntoView {
    let app = use_state();
    page_title(|| "Domains".into());
    let allowed = may(app, Rulebook::may_set_workspace);
    move || {
        match allowed.get() {
        false => view! { <NotYours title="Domains" why=browser::policy::Why::AdminsOnly("change the workspace's settings")/> }.into_any(),
        true => view! {
            <header class="head"><div class="grow"><h1>"Domains"</h1>
                <p class="lead">"Which hosts this workspace deals with. Denied is looked at first. Where nothing is allowed by name, every host is; once one is, all others are not."</p></div></header>
            {DomainUse::ALL.map(|use_| view! { <OneUse use_/> }).collect_view()}
            <Reach/>
        }
        .into_any(),
    }
    }
}

fn says(use_: DomainUse) -> &'static str {
    match use_ {
        DomainUse::Servers => "MCP servers: adding, scanning and calling them.",
        DomainUse::SignIn => {
            "Authorization servers that a server sends people to. The server's own host is covered by the list above."
        }
        DomainUse::Apps => "What an app of a server may load from and send to.",
        DomainUse::Links => "Links in answers and results. A link that is not let in stays text.",
        DomainUse::Models => {
            "Endpoints of language models, also on a person's own machine: localhost, for example. The model of the browser itself is asked nowhere else and is not covered."
        }
    }
}

#[component]
fn OneUse(use_: DomainUse) -> impl IntoView {
    let app = use_state();
    let (text, side) = (RwSignal::new(String::new()), RwSignal::new(Side::Allow));
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, wanted, side) = (app.ws(), text.get_untracked(), side.get_untracked());
        app.run(async move { ws.add_domain(use_, side, &wanted).await }, move |()| text.set(String::new()));
    };
    let problem = Signal::derive(move || {
        let typed = text.get();
        (!typed.trim().is_empty()).then(|| Pattern::parse(&typed).err().map(|why| sentence(&why.to_string()))).flatten()
    });
    // Connectors that the list keeps from running, named: a rule nobody notices is a riddle later.
    let hit = move || {
        app.rulebook.with(|book| {
            let out = book.connectors.iter().filter(|one| {
                use_ == DomainUse::Servers
                    && one.reach != browser::policy::Reach::InPage
                    && book.may_reach_host(use_, &one.host).is_err()
            });
            out.map(|one| format!("{} · {}", one.name, one.host)).collect::<Vec<_>>()
        })
    };
    view! {
        <section class="setting"><h2>{use_.label()}</h2><p class="small">{says(use_)}</p>
            <Patterns use_ side=Side::Allow heading="Allowed"/>
            <Patterns use_ side=Side::Deny heading="Denied"/>
            <form class="row domain-form" on:submit=add>
                <Field label=format!("Host for {}", use_.label().to_lowercase()) problem let:field>
                    <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" autocapitalize="off" placeholder="*.example.com"
                        aria-invalid=move || problem.get().is_some().to_string()
                        prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event))/>
                </Field>
                <Segmented label=format!("List for {}", use_.label().to_lowercase()) value=side on_change=move |one| side.set(one)
                    options=vec![(Side::Allow, "Allow"), (Side::Deny, "Deny")]/>
                <Button submit=true disabled=Signal::derive(move || text.with(|text| text.trim().is_empty()) || problem.get().is_some())>"Add host"</Button>
            </form>
            {move || {
                let out = hit();
                (!out.is_empty()).then(|| view! { <div class="note warn"><b>"Not let in"</b><span class="grow"><bdi>{out.join(", ")}</bdi></span></div> })
            }}
        </section>
    }
}

#[component]
fn Patterns(use_: DomainUse, side: Side, heading: &'static str) -> impl IntoView {
    let app = use_state();
    let list = Memo::new(move |_| {
        app.rulebook.with(|book| book.workspace.domains.of(use_).side(side).iter().cloned().collect::<Vec<Pattern>>())
    });
    move || {
        let patterns = list.get();
        (!patterns.is_empty()).then(|| view! {
            <div class="patterns"><h3>{heading}</h3><ul class="plain">
                // By their keys: no button becomes that of another host under somebody's finger.
                <For each=move || patterns.clone() key=|pattern| pattern.as_str().to_owned() children=move |pattern| {
                    let (whole, owner) = (pattern.as_str().to_owned(), pattern.registrable().to_owned());
                    let before = whole.strip_suffix(&owner).unwrap_or_default().to_owned();
                    let stored = StoredValue::new(pattern);
                    let remove = move |_| {
                        let ws = app.ws();
                        app.run(async move { ws.remove_domain(use_, side, &stored.get_value()).await }, |()| ());
                    };
                    view! {
                        <li><span class="host">{before}<b>{owner}</b></span>
                            <Button look=ButtonLook::Link on:click=remove>"Remove "<span class="sr">{whole}</span></Button></li>
                    }
                }/>
            </ul></div>
        })
    }
}
