//! The review before a draft is published: the evidence on the left, the decisions on the right (screens.md e.2).

use browser::policy::diff::{Diff, Field as Place, Step};
use browser::policy::publish::Accepted;
use browser::policy::review::Check;
use browser::policy::{Access, Confirm, Connector, ConnectorId, Why};
use browser::{Publish, Tried};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Differences, Fields};
use super::findings::Findings;
use super::new::sentence;
use super::plural;
use crate::people::audience::Audience;
use crate::results::{Visible, Worded};
use crate::router::{ConnectorTab, Link, Route, page_title, use_router};
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, ClassMark, Field, HostName, Segmented, ago};

/// Where one reads about connecting servers that somebody else built (S018, S060).
pub(super) const LEARN_MORE: &str = "https://modelcontextprotocol.io/docs/tutorials/security/security_best_practices";

/// The page.
#[component]
pub(crate) fn PublishPage(
    /// Which connector.
    id: String,
) -> impl IntoView {
    let app = use_state();
    page_title(|| "Publish".into());
    let id = StoredValue::new(ConnectorId::from(id));
    let found = Memo::new(move |_| app.rulebook.with(|book| book.connector(&id.get_value()).ok().cloned()));
    let there = Memo::new(move |_| found.with(Option::is_some));
    // Whoever may not publish reads why, and what to do, in the place of the form.
    let refused = app.rulebook.with_untracked(|book| {
        let me = book.member(&app.ws().seen_as());
        let connector = book.connector(&id.get_value());
        me.and_then(|me| connector.and_then(|one| book.may_publish(one, me))).err().map(|why| why.to_string())
    });
    view! {
        {move || found.get().map(|connector| view! {
            <header class="head"><div class="grow"><h1>"Publish "<bdi>{connector.name.clone()}</bdi></h1><p class="marks"><HostName host=connector.host.clone()/></p></div></header>
        })}
        {move || (!there.get()).then(|| view! { <div class="empty"><h1>"There is no such connector"</h1><Link to=Route::Connectors>"All connectors"</Link></div> })}
        {match refused {
            Some(why) => view! {
                <div class="note"><span class="grow">{sentence(&why)}</span><Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Actions)>"See its actions"</Link></div>
            }.into_any(),
            None => (move || there.get().then(|| view! { <Review id=id.get_value() found/> })).into_any(),
        }}
    }
}

#[component]
fn Review(id: ConnectorId, found: Memo<Option<Connector>>) -> impl IntoView {
    let app = use_state();
    let router = use_router();
    let id = StoredValue::new(id);
    let first = found.get_untracked();
    let switched = first.as_ref().map(|one| {
        one.actions()
            .iter()
            .map(|action| action.name().to_owned())
            .filter(|name| one.is_on(name))
            .collect::<BTreeSet<_>>()
    });
    let on = RwSignal::new(switched.unwrap_or_default());
    let access = RwSignal::new(first.as_ref().map(|one| one.access.clone()).unwrap_or_default());
    let confirm = RwSignal::new(first.as_ref().map(|one| one.confirm).unwrap_or_default());
    let checks = RwSignal::new(BTreeSet::<Check>::new());
    let said = RwSignal::new(BTreeMap::<Check, String>::new());
    let (reason, responsible) = (RwSignal::new(String::new()), RwSignal::new(false));
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<(String, Option<String>)>));
    // What the last refresh brought, until it is taken over; and what was taken over, to be decided about here.
    let (news, differs) = (RwSignal::new(None::<usize>), RwSignal::new(None::<Diff>));
    let marked = RwSignal::new(Vec::<Step>::new());
    let tried = RwSignal::new(Vec::<Tried>::new());
    let controls = app.rulebook.with_untracked(|book| book.plan().has_controls());
    let plan = app.rulebook.with_untracked(|book| book.plan().label);
    let wants_checks = app.rulebook.with_untracked(|book| book.workspace.checklist);
    let evidence = Memo::new(move |_| {
        found.track();
        app.ws().evidence(&id.get_value()).ok()
    });
    {
        let ws = app.ws();
        spawn_local(async move {
            if let Ok(list) = ws.trials(&id.get_value()).await {
                // What the log knows is the beginning of the evidence; the person adds what they saw.
                let names: Vec<String> =
                    list.iter().map(|one| format!("{} ({})", one.action, plural(one.times, "time"))).collect();
                if !names.is_empty() {
                    said.try_update(|said| {
                        said.entry(Check::Technical).or_insert_with(|| format!("Ran {}", names.join(", "))).len()
                    });
                }
                tried.try_set(list);
            }
        });
    }
    let high = Memo::new(move |_| evidence.with(|one| one.as_ref().map_or(0, |one| one.high())));
    let missing = move || {
        let mut missing = Vec::new();
        if wants_checks && checks.with(BTreeSet::len) < Check::ALL.len() {
            missing.push("every point of the checklist");
        }
        let written = |check: &Check| said.with(|said| said.get(check).is_some_and(|text| !text.trim().is_empty()));
        if wants_checks && !Check::ALL.iter().all(written) {
            missing.push("the evidence for each point");
        }
        if high.get() > 0 && reason.with(|text| text.trim().chars().count() < 8) {
            missing.push("the reason in spite of the findings");
        }
        if !responsible.get() {
            missing.push("that you answer for it");
        }
        (!missing.is_empty()).then(|| format!("Still needed: {}.", missing.join(", ")))
    };
    // Why the list cannot be read again, in place, and what to do (S082).
    let refused = Memo::new(move |_| {
        found.track();
        app.connections.track();
        app.ws().may_refresh(&id.get_value()).err()
    });
    if refused.get_untracked() == Some(Why::ConnectFirst) {
        // Whoever was connected on an earlier visit is again; what cannot be reached is said by the reason that stays.
        let ws = app.ws();
        spawn_local(async move { drop(ws.connect(&id.get_value()).await) });
    }
    let failed = move |error: browser::Error| drop(problem.try_set(Some((error.message, error.hint))));
    let refresh = move || {
        busy.set(true);
        problem.set(None);
        let ws = app.ws();
        spawn_local(async move {
            let seen = ws.refresh(&id.get_value(), |_| ()).await;
            busy.try_set(false);
            match seen {
                Ok(changes) => {
                    news.try_set(Some(changes.diff.count()));
                    differs.try_set((changes.diff.count() > 0).then_some(changes.diff));
                }
                Err(error) => failed(error),
            }
        });
    };
    let take = move || {
        let ws = app.ws();
        let Some(changes) = ws.changes(&id.get_value()) else { return };
        let diff = changes.diff;
        let accepted = Accepted {
            actions: diff.steps.iter().flat_map(|step| step.names()).map(str::to_owned).collect(),
            pages: diff.pages.iter().map(|page| page.now.uri.clone()).collect(),
            instructions: true,
            about: true,
            ..Accepted::default()
        };
        let shown = changes.live.digest.clone();
        app.run(async move { ws.accept_changes(&id.get_value(), &shown, accepted).await }, move |()| {
            // What is new or changed is decided about again, here.
            on.try_update(|on| on.retain(|name| !diff.steps.iter().any(|step| step.name() == name)));
            // What came with an earlier refresh and did not change since stays marked.
            let _ = marked.try_update(|marked| {
                marked.retain(|old| !diff.steps.iter().any(|step| step.name() == old.name()));
                marked.extend(diff.steps);
            });
            differs.try_set(None);
            news.try_set(Some(0));
        });
    };
    let publish = move || {
        let Some(shown) = found.with_untracked(|found| {
            found.as_ref().and_then(|one| one.snapshot.as_ref().map(|snapshot| snapshot.digest.clone()))
        }) else {
            return;
        };
        busy.set(true);
        problem.set(None);
        let wanted = Publish {
            shown,
            on: controls.then(|| on.get_untracked()),
            access: controls.then(|| access.get_untracked()),
            confirm: confirm.get_untracked(),
            checklist: checks.get_untracked(),
            evidence: said.get_untracked(),
            reason: reason.get_untracked(),
            responsible: responsible.get_untracked(),
        };
        let ws = app.ws();
        spawn_local(async move {
            let done = ws.publish(&id.get_value(), wanted).await;
            busy.try_set(false);
            match done {
                Ok(()) => {
                    app.tell("Published.");
                    // Whoever left the page meanwhile stays where they went.
                    if let Some(id) = id.try_get_value() {
                        router.go(Route::Connector(id.to_string(), ConnectorTab::Overview));
                    }
                }
                Err(error) => failed(error),
            }
        });
    };
    view! {
        <div class="review">
            <div class="evidence">
                <section><h2>"Findings"</h2>
                    {move || evidence.get().map(|one| {
                        // The one that weighs most stands alone (N18); it is not told twice.
                        let (open, rest): (Vec<_>, Vec<_>) = one.findings.into_iter().partition(|finding| finding.kind == browser::policy::findings::Kind::Unauthenticated);
                        let alone = open.is_empty() || !rest.is_empty();
                        view! {
                            {open.into_iter().map(|finding| view! { <div class="note danger"><b>"No sign-in"</b><span class="grow"><Worded text=sentence(&finding.words)/></span></div> }).collect_view()}
                            {alone.then(|| view! { <Findings list=rest/> })}
                        }
                    })}
                </section>
                <section><h2>"Tried before"</h2>
                    {move || match tried.get() {
                        list if list.is_empty() => view! { <p class="small why">"No action of it was run in this browser yet. Try the draft in a chat first."</p> }.into_any(),
                        list => view! { <ul class="plain">{list.into_iter().map(|one| view! {
                            <li><code><Visible text=one.action/></code>" "<span class="small">{format!("{} by ", plural(one.times, "time"))}<bdi>{one.by.join(", ")}</bdi>{format!(", {}", ago(one.last, app.ws().now()))}</span></li>
                        }).collect_view()}</ul> }.into_any(),
                    }}
                </section>
                <section><h2>"What its actions can do"</h2>
                    {move || evidence.get().map(|one| {
                        // S094: by number and by name, before anybody gets it.
                        let changing = one.write.len() + one.destructive.len();
                        view! {
                        {(changing > 0).then(|| view! { <div class="note warn"><b>"Changes things"</b><span class="grow">{format!("{} can change or destroy things at {}. Each asks first; what it does on the other side is the server's doing.", plural(changing, "action"), found.with(|one| one.as_ref().map(|one| one.host.clone()).unwrap_or_default()))}</span></div> })}
                        <Named label="Destructive" names=one.destructive/>
                        <Named label="Write" names=one.write/>
                        <Named label="Not labelled, treated as write" names=one.unlabelled/>
                        <Named label="May reach beyond the server" names=one.open_world/>
                        {(!one.unusable.is_empty()).then(|| view! { <div class="note danger"><span class="grow">{one.unusable.iter().map(|(name, why)| format!("{name}: {why}")).collect::<Vec<_>>().join("; ")}</span></div> })}
                    }})}
                </section>
            </div>
            <form class="decisions" on:submit=move |event| { event.prevent_default(); publish(); }>
                {if controls { view! {
                    <section><h2>"Configure actions"</h2>
                        <div class="row"><Button small=true disabled=Signal::derive(move || busy.get() || refused.get().is_some()) on:click=move |_| refresh()>"Refresh"</Button>
                            <span class="small" role="status">{move || match (refused.get(), news.get()) {
                                (Some(why), _) => sentence(&why.to_string()),
                                (None, None) => String::new(),
                                (None, Some(0)) => "The list is as it stands here.".to_owned(),
                                (None, Some(count)) => format!("{} on the server.", plural(count, "change")),
                            }}</span>
                            {move || (refused.get() == Some(Why::ConnectFirst)).then(|| view! {
                                <Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Authentication)>"Connect your account first"</Link>
                            })}</div>
                        {move || differs.get().map(|diff| view! {
                            <div class="note held"><b>"Changed"</b><span class="grow">"The server lists something else than what is on this page. Nothing of it counts until you take it over."</span>
                                <Button small=true on:click=move |_| take()>"Take the changes over, unticked"</Button></div>
                            <Differences diff/>
                        })}
                        <ul class="plain ticks">{move || found.get().map(|connector| connector.actions().iter().map(|action| {
                            let name = action.name().to_owned();
                            let (ticked, put) = (name.clone(), name.clone());
                            let mark = marked.with(|marked| marked.iter().find(|step| step.name() == name).map(mark_of));
                            view! { <li><label class="check"><input type="checkbox" prop:checked=move || on.with(|on| on.contains(&ticked))
                                on:change=move |event| { let want = event_target_checked(&event); on.update(|on| { if want { on.insert(put.clone()); } else { on.remove(&put); } }); }/>
                                <code><Visible text=name/></code></label>" "<ClassMark class=connector.classify(action).class/>{mark.map(|(word, fields)| view! { " "<span class="tag">{word}</span>
                                    {(!fields.is_empty()).then(|| view! { <details><summary class="small">"What changed"</summary><Fields fields/></details> })} })}</li> }
                        }).collect_view())}</ul>
                    </section>
                    <section><h2>"Configure access"</h2>
                        <Audience label="Who may use it" value=access on_change=move |value: Access| access.set(value)/>
                        {move || (access.get() == Access::Nobody).then(|| view! { <p class="small why">"Nobody is chosen, so nobody can use it yet."</p> })}
                    </section>
                }.into_any() } else { view! {
                    <section><h2>"What is published"</h2><p>{format!("On the plan {plan} all actions are published, for everyone, and the published version cannot be changed. To change it later, recreate it as a new draft.")}</p></section>
                }.into_any() }}
                <section><h2>"Permission: when it asks"</h2>
                    <Segmented label="When it asks" value=confirm options=vec![(Confirm::Writes, "Before every write"), (Confirm::Everything, "Before everything")] on_change=move |value| confirm.set(value)/></section>
                <section><h2>"Checklist"</h2>
                    {(!wants_checks).then(|| view! { <p class="small">"This workspace does not ask for it. What is ticked stays in the record."</p> })}
                    {Check::ALL.into_iter().map(|check| view! {
                        <label class="check"><input type="checkbox" prop:checked=move || checks.with(|checks| checks.contains(&check))
                            on:change=move |event| { let want = event_target_checked(&event); checks.update(|checks| { if want { checks.insert(check); } else { checks.remove(&check); } }); }/>{check.sentence()}</label>
                        <Field label=check.evidence() optional=!wants_checks let:field>
                            <input id=field.id aria-describedby=field.described maxlength="300" autocomplete="off"
                                prop:value=move || said.with(|said| said.get(&check).cloned().unwrap_or_default())
                                on:input=move |event| { let text = event_target_value(&event); said.update(|said| { said.insert(check, text); }); }/>
                        </Field>
                    }).collect_view()}</section>
                {move || (high.get() > 0).then(|| view! {
                    <Field label="Why it is published in spite of the findings of high severity" let:field>
                        <textarea id=field.id aria-describedby=field.described maxlength="500" prop:value=move || reason.get() on:input=move |event| reason.set(event_target_value(&event))></textarea>
                    </Field>
                })}
                <section>
                    <p>"You are responsible for verifying that this server and its actions are safe and appropriate for your organization. What it returns may try to steer a model. "
                        <a href=LEARN_MORE target="_blank" rel="noopener noreferrer">"Learn more about the risks"</a></p>
                    <label class="check"><input type="checkbox" prop:checked=move || responsible.get() on:change=move |event| responsible.set(event_target_checked(&event))/>"I have verified it, and I answer for publishing it."</label>
                </section>
                {move || problem.get().map(|(why, next)| view! {
                    <div class="note danger" role="alert"><span class="grow"><Worded text=sentence(&why)/>" "{next.map(|next| view! { <Worded text=sentence(&next)/> })}</span>
                        <Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Changes)>"See changes"</Link></div>
                })}
                <div class="row"><Button look=ButtonLook::Primary submit=true disabled=Signal::derive(move || busy.get() || missing().is_some())>"Publish connector"</Button>
                    <Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Overview) class="btn quiet">"Cancel"</Link>
                    <span class="small" aria-live="polite">{missing}</span></div>
            </form>
        </div>
    }
}

/// How a row that a refresh brought is flagged, and what changed about it (S073, S074).
fn mark_of(step: &Step) -> (&'static str, Vec<Place>) {
    match step {
        Step::Added(_) | Step::Removed(_) => ("New", Vec::new()),
        Step::Renamed { fields, .. } => ("New", fields.clone()),
        Step::Changed { fields, .. } => ("Changed", fields.clone()),
    }
}

/// Actions of one sort, by name (S064).
#[component]
fn Named(label: &'static str, names: Vec<String>) -> impl IntoView {
    (!names.is_empty()).then(|| {
        let count = names.len();
        let list = names.into_iter().map(|name| view! { <li><code><Visible text=name/></code></li> }).collect_view();
        view! { <h3>{label}" "<span class="count">{count}</span></h3><ul class="names plain">{list}</ul> }
    })
}
