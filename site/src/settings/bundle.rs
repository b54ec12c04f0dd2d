//! Workspace, General: the workspace as one signed file. Who may sign it, giving it away, and taking one over after a
//! look at what it would change.

use browser::policy::MemberId;
use browser::policy::bundle::{Change, LARGEST, Noun, PublicKey};
use browser::{Governed, Import, Trust};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::developer::no_servers;
use super::files::chosen;
use super::keys::{Keys, fingerprint};
use crate::results::{Visible, Worded};
use crate::state::{sentence, use_state};
use crate::ui::{Button, ButtonLook, Dialog, Field, capital, clock, save_text};

/// What is known of keys and bundles here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    pub(super) own: Option<PublicKey>,
    pub(super) trust: Option<Trust>,
    /// Whether something changed since the last bundle; none while there was none.
    changed: Option<bool>,
}

/// The sections about the bundle.
#[component]
pub(super) fn PolicyBundle(
    /// Whether the person runs the workspace: others take a file over and give none away.
    runs: bool,
) -> impl IntoView {
    let app = use_state();
    let known = RwSignal::new(Known::default());
    let problem = RwSignal::new(None::<String>);
    let import = RwSignal::new_local(None::<Import>);
    let contact = RwSignal::new(String::new());
    let drafts = RwSignal::new(true);
    let read = Callback::new(move |()| {
        let ws = app.ws();
        spawn_local(async move {
            let read = async {
                let (own, trust, changed) = (ws.signing_key().await?, ws.trust().await?, ws.since_bundle().await?);
                Ok::<_, browser::Error>(Known { own, trust, changed })
            };
            match read.await {
                Ok(found) => {
                    if let Some(told) = found.trust.as_ref().and_then(|trust| trust.contact.clone()) {
                        let _ = contact.try_set(told);
                    }
                    let _ = known.try_set(found);
                }
                Err(error) => app.tell_error(&error),
            }
        });
    });
    // Whatever changes the rules may make the last bundle old.
    Effect::new(move |_| {
        app.rulebook.track();
        read.run(());
    });
    let export = move || {
        let (ws, contact, drafts) = (app.ws(), contact.get_untracked(), drafts.get_untracked());
        app.run(async move { ws.export_bundle(Some(contact), drafts).await }, move |text| {
            save_text("countersign-workspace.json", &text);
            app.tell("The workspace was exported and signed.");
            let _ = read.try_run(());
        });
    };
    let open = move |text: Option<String>| {
        problem.set(None);
        let ws = app.ws();
        spawn_local(async move {
            let found = match text {
                Some(text) => ws.read_bundle(&text).await.map_err(|error| sentence(&error)),
                None => {
                    Err("The file is larger than 16 MB or is no text. Choose the file that was exported.".to_owned())
                }
            };
            match found {
                Ok(found) => drop(import.try_set(Some(found))),
                Err(why) => drop(problem.try_set(Some(why))),
            }
        });
    };
    let own_rules = move || {
        app.rulebook.track();
        app.ws().governed() == Governed::Here
    };
    view! {
        <section class="setting">
            <h2>"Signed workspace"</h2>
            <p>"The whole workspace as one signed file: people, groups, connectors with their actions, access, permissions, and the settings of built-in connectors. "
                "Tokens, keys, accounts, remembered answers and the audit log are not in it."</p>
            {move || {
                app.rulebook.track();
                standing(&app.ws().governed(), &known.get(), app.ws().stricter_here())
            }}
            {move || own_rules().then(|| view! {
                {runs.then(|| view! { <form class="inline-form" on:submit=move |event| { event.prevent_default(); export(); }>
                    <Field label="Contact for questions" help="Shown when a site cannot verify these settings. A mail address, for example." optional=true let:field>
                        <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="200" prop:value=move || contact.get()
                            on:input=move |event| contact.set(event_target_value(&event))/>
                    </Field>
                    <label class="check"><input type="checkbox" aria-describedby="export-drafts" prop:checked=move || drafts.get()
                        on:change=move |event| drafts.set(event_target_checked(&event))/>"Include drafts and archived connectors"</label>
                    <p class="small" id="export-drafts">"Whoever has the file can read them. Leave them out of a file that everybody gets."</p>
                    <Button submit=true disabled=Signal::derive(move || known.with(|known| known.own.is_none()))>"Export workspace"</Button>
                </form>
                {move || known.with(|known| known.own.is_none()).then(|| view! { <p class="small why">"Exporting needs a signing key. Make one below first."</p> })}
                })}
                {match app.ws().may_import() {
                    Err(_) => view! { <p class="small why">"No workspace is imported here. "{no_servers()}</p> }.into_any(),
                    Ok(()) => view! {
                        <Field label="Import workspace" help="Choose an exported file. You see what it would change before anything does." let:field>
                            <input id=field.id aria-describedby=field.described type="file" accept="application/json,.json"
                                on:change=move |event| chosen(&event, LARGEST as f64, open)/>
                        </Field>
                    }.into_any(),
                }}
                <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
            })}
        </section>
        {move || (runs && own_rules()).then(|| view! { <Keys known read/> })}
        {move || import.get().map(|found| view! { <Preview import=found on_close=move |()| import.set(None)/> })}
    }
}

/// Where the rules come from, which bundle was the last, and what is `stricter` here than it says (X121).
fn standing(governed: &Governed, known: &Known, stricter: Vec<Change>) -> AnyView {
    match governed {
        Governed::Signed { serial, issued_at, signer, contact } => {
            let text = format!(
                "This site uses the signed settings number {serial}, signed by {} on {}. Here they can only be made stricter.",
                signer.name,
                clock(*issued_at)
            );
            view! {
                <div class="note"><div class="grow"><p><Visible text=text/></p>
                    <p class="small">"Key "<code class="wrap">{fingerprint(signer)}</code></p>
                    {(!stricter.is_empty()).then(|| view! { <p>"In this browser they are stricter than what was signed:"</p>{listed(stricter)} })}
                    {contact.clone().map(|contact| view! { <p class="small">"Contact: "<Visible text=contact/></p> })}
                </div></div>
            }
            .into_any()
        }
        Governed::Unverified { .. } => ().into_any(),
        Governed::Here => match known.trust.as_ref().filter(|trust| trust.serial > 0) {
            None => view! { <p class="none">"This workspace was never exported or imported."</p> }.into_any(),
            Some(trust) => {
                let by = trust.signer.as_ref().map(|signer| format!(", signed by {}", signer.name)).unwrap_or_default();
                let text = format!("Last file: number {} of {}{by}.", trust.serial, clock(trust.issued_at));
                let since = match known.changed {
                    Some(true) => "The workspace has changed since: what is here is not what was signed.",
                    _ => "Nothing in it has changed since.",
                };
                view! { <p><Visible text=text/>" "{since}</p> }.into_any()
            }
        },
    }
}

/// What an import would change, and the decision.
#[component]
fn Preview(
    /// The bundle that was read.
    import: Import,
    /// The person wants it closed.
    #[prop(into)]
    on_close: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let compared = RwSignal::new(import.known);
    let me = app.ws().me().to_string();
    let stays = import.people.iter().any(|(id, _)| id.as_str() == me);
    // Whoever imports for the first time is not the person who exported, though both were *me* at home.
    let chosen = RwSignal::new(if import.known && stays { me.clone() } else { String::new() });
    let about = format!("Number {}, signed on {} by {}.", import.serial, clock(import.issued_at), import.signer.name);
    let key = fingerprint(&import.signer);
    let (known, people, contact) = (import.known, import.people.clone(), import.contact.clone());
    let groups = by_noun(&import.changes);
    let ready = Signal::derive(move || compared.get() && chosen.with(|id| !id.is_empty()));
    let import = StoredValue::new_local(Some(import));
    let take = move || {
        let (ws, me) = (app.ws(), MemberId::from(chosen.get_untracked()));
        let Some(import) = import.get_value() else { return };
        app.run(async move { ws.import_bundle(import, me).await }, move |()| {
            let _ = on_close.try_run(());
            app.tell("The workspace was imported.");
        });
    };
    view! {
        <Dialog title="Import workspace" class="wide" on_close=on_close>
            <div class="body">
                <p><Visible text=about/></p>
                {contact.map(|contact| view! { <p class="small">"Contact: "<Visible text=contact/></p> })}
                {if known {
                    view! { <p>"The key is one that this workspace trusts."</p> }.into_any()
                } else {
                    view! {
                        <div class="note warn"><div class="grow">
                            <p>"This browser has not seen the key before. Compare it with the one that the sender tells you, by phone for example."</p>
                            <p><code class="wrap">{key}</code></p>
                            <label class="check"><input type="checkbox" prop:checked=move || compared.get()
                                on:change=move |event| compared.set(event_target_checked(&event))/>"I compared the key with the sender"</label>
                        </div></div>
                    }.into_any()
                }}
                <h3>"What it changes"</h3>
                {if groups.is_empty() {
                    view! { <p>"Nothing: what is here is the same."</p> }.into_any()
                } else {
                    groups.into_iter().map(|(noun, changes)| { let count = changes.len(); view! {
                        <details open={count <= 12}>
                            <summary>{format!("{} · {count}", noun.label())}</summary>
                            {listed(changes)}
                        </details>
                    }}).collect_view().into_any()
                }}
                <p class="small">"Nothing is switched on for anybody by an import: developer mode stays off, servers on this machine stay forbidden where they are, a lockdown does not end, nobody is signed in anywhere, and a draft stays a draft that its developer has to connect."</p>
                <Field label="I am" help="You say it yourself; nothing checks it." let:field>
                    <select id=field.id aria-describedby=field.described on:change=move |event| chosen.set(event_target_value(&event))>
                        <option value="" selected=move || chosen.with(String::is_empty)>"Choose a person"</option>
                        {people.into_iter().map(|(id, name)| {
                            let mine = chosen.with_untracked(|chosen| *chosen == id.as_str());
                            view! { <option value=id.to_string() selected=mine>{name}</option> }
                        }).collect_view()}
                    </select>
                </Field>
            </div>
            <footer>
                <Button on:click=move |_| on_close.run(())>"Change nothing"</Button>
                <Button look=ButtonLook::Primary disabled=Signal::derive(move || !ready.get()) on:click=move |_| take()>"Import workspace"</Button>
            </footer>
        </Dialog>
    }
}

/// Changes, one a line.
fn listed(changes: Vec<Change>) -> impl IntoView {
    let line = |change: Change| {
        let what = if change.noun == Noun::Settings { capital(&change.what) } else { change.what };
        view! {
            <li><strong><Visible text=what/></strong>" "{change.how.label()}
                {(!change.detail.is_empty()).then(|| view! { ": "<Worded text=change.detail.join("; ")/> })}</li>
        }
    };
    view! { <ul class="bullets">{changes.into_iter().map(line).collect_view()}</ul> }
}

/// The changes under the nouns they are about.
fn by_noun(changes: &[Change]) -> Vec<(Noun, Vec<Change>)> {
    let mut groups: Vec<(Noun, Vec<Change>)> = Vec::new();
    for change in changes {
        match groups.last_mut() {
            Some((noun, of)) if *noun == change.noun => of.push(change.clone()),
            _ => groups.push((change.noun, vec![change.clone()])),
        }
    }
    groups
}
