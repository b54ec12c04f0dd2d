//! The catalogue: what is published, as members meet it, each with the record of its review (S065, S112, screens.md e.1).
//!
//! Nothing here is called safe. A record says who reviewed what, when, and on which evidence; whoever reads it decides.

use browser::policy::{Class, Connector, ConnectorId, Provenance, Provider, Stage, Wanted, Why};
use leptos::prelude::*;

use super::list::may_know;
use super::plural;
use super::review_record::Record;
use crate::people::requests::AskFor;
use crate::router::{ConnectorTab, Link, Route, StageTab, page_title};
use crate::state::use_state;
use crate::ui::{Badge, Field, HostName, LocalMark, Monogram, SearchField, sentence};

/// Who built a server, in words.
pub(super) fn built_by(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Own => "us",
        Provenance::Vendor => "a vendor",
        Provenance::OpenSource => "an open-source project",
        Provenance::Other => "not known",
    }
}

/// The same as a sentence after another.
fn built(provenance: Provenance) -> String {
    match provenance {
        Provenance::Other => " Nobody said who built the server.".to_owned(),
        known => format!(" Built by {}.", built_by(known)),
    }
}

/// What is shown of the catalogue.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    All,
    Mine,
    Reading,
}

/// The page.
#[component]
pub(crate) fn Catalogue() -> impl IntoView {
    let app = use_state();
    page_title(|| "Catalogue".into());
    let search = RwSignal::new(String::new());
    let shown = RwSignal::new("all".to_owned());
    let plan = Memo::new(move |_| app.rulebook.with(|book| (book.plan().publishing.is_some(), book.plan().label)));
    let published = Memo::new(move |_| {
        let me = app.ws().seen_as();
        app.rulebook.with(|book| {
            let all =
                book.connectors.iter().filter(|one| one.stage == Stage::Published && one.provider == Provider::Custom);
            all.filter(|one| may_know(book, one, &me)).cloned().collect::<Vec<Connector>>()
        })
    });
    let found = Memo::new(move |_| {
        let me = app.ws().seen_as();
        let text = search.get().to_lowercase();
        let kind = match shown.get().as_str() {
            "mine" => Shown::Mine,
            "reading" => Shown::Reading,
            _ => Shown::All,
        };
        app.rulebook.with(|book| {
            let fits = |one: &&Connector| {
                let actions = one.actions().iter().map(|action| action.title().to_lowercase());
                let mut words =
                    [&one.name, &one.host, &one.description].map(|text| text.to_lowercase()).into_iter().chain(actions);
                let reads = one
                    .actions()
                    .iter()
                    .filter(|action| one.is_on(action.name()))
                    .all(|action| one.classify(action).class == Class::Read);
                words.any(|words| words.contains(text.trim()))
                    && match kind {
                        Shown::All => true,
                        Shown::Mine => book.member(&me).is_ok_and(|me| book.may_use(one, me).is_ok()),
                        Shown::Reading => reads,
                    }
            };
            published.with(|all| all.iter().filter(fits).map(|one| one.id.clone()).collect::<Vec<_>>())
        })
    });
    let runs = crate::people::may(app, browser::policy::Rulebook::may_set_workspace);
    view! {
        <header class="head"><div class="grow"><h1>"Catalogue"</h1>
            <p class="lead">"What this workspace has published, who reviewed it, and on which evidence. A review is a person's word about one version, not a promise about the server."</p></div></header>
        {move || match plan.get() {
            (false, label) => view! { <p class="none">{format!("Not part of the {label} profile: connectors stay with the person who added them.")}</p> }.into_any(),
            (true, _) if published.with(Vec::is_empty) => view! {
                <div class="empty"><p>"Nothing has been published for you yet."</p>
                    {move || if runs.get() {
                        view! { <Link to=Route::WorkspaceConnectors(StageTab::Drafts)>"See the drafts"</Link> }.into_any()
                    } else {
                        view! { <AskFor wanted=None word="Request a connector"/> }.into_any()
                    }}</div>
            }.into_any(),
            (true, _) => view! {
                <div class="row">
                    <SearchField label="Search catalogue" value=search/>
                    <Field label="Show" let:field>
                        <select id=field.id aria-describedby=field.described on:change=move |event| shown.set(event_target_value(&event))>
                            <option value="all" selected=true>"Everything"</option>
                            <option value="mine">"What I can use"</option>
                            <option value="reading">"What only reads"</option>
                        </select>
                    </Field>
                </div>
                <p class="sr" role="status">{move || plural(found.with(Vec::len), "connector")}</p>
                {move || found.with(Vec::is_empty).then(|| view! { <p class="none">"No published connector matches."</p> })}
                <h2 class="sr">"Published"</h2>
                <ul class="rows" aria-label="Catalogue">
                    <For each=move || found.get() key=|id| id.clone() let:id><Entry id published/></For>
                </ul>
                <p class="row"><AskFor wanted=None word="Request a connector"/></p>
            }.into_any(),
        }}
    }
}

/// One published connector.
#[component]
fn Entry(
    /// Which.
    id: ConnectorId,
    /// Everything that is published.
    published: Memo<Vec<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let of = Memo::new(move |_| published.with(|all| all.iter().find(|one| one.id == id).cloned()));
    let why = Memo::new(move |_| {
        let me = app.ws().seen_as();
        app.rulebook.with(|book| {
            of.with(|one| one.as_ref().and_then(|one| book.member(&me).and_then(|me| book.may_use(one, me)).err()))
        })
    });
    let may_change = move |one: &Connector| {
        app.rulebook.with(|book| {
            book.member(&app.ws().seen_as()).is_ok_and(|me| {
                book.may_control_actions(one, me).is_ok()
                    || book.may_publish(one, me).is_ok()
                    || me.role.runs_workspace()
            })
        })
    };
    move || {
        of.get().map(|one| {
            let (id, name) = (one.id.to_string(), one.name.clone());
            let wanted = Wanted::Access(one.id.clone());
            let looks = may_change(&one);
            view! {
                <li class="row-card">
                    <Monogram name=name.clone() tint=one.tint()/>
                    <div class="grow entry">
                        <h3><Link to=Route::Connector(id.clone(), ConnectorTab::Overview)><bdi>{name}</bdi></Link>
                            <HostName host=one.host.clone()/>
                            {one.badge().map(|word| view! { <Badge word/> })}
                            {one.is_local().then(|| view! { <LocalMark/> })}</h3>
                        {(!one.description.is_empty()).then(|| view! { <p><bdi>{one.description.clone()}</bdi></p> })}
                        <p class="small">{can_do(&one)}{built(one.provenance)}</p>
                        {move || match why.get() {
                            None => view! { <p class="small">"You can use it. Add it to a chat with the + menu."</p> }.into_any(),
                            Some(Why::NoAccess) => view! {
                                <p class="small why">"You are not in a group that can use this."</p>
                                <AskFor wanted=Some(wanted.clone()) word="Request access"/>
                            }.into_any(),
                            Some(why) => view! { <p class="small why">{sentence(&why.to_string())}</p> }.into_any(),
                        }}
                        {match one.vouched() {
                            Some(_) => view! { <Record connector=one.clone()/> }.into_any(),
                            None => view! { <p class="small why">"There is no review record: it was published before records were kept."</p> }.into_any(),
                        }}
                        {looks.then(|| view! {
                            <p class="row small"><Link to=Route::Connector(id.clone(), ConnectorTab::Changes)>"Compare with the server now"</Link>
                                <Link to=Route::Connector(id.clone(), ConnectorTab::History)>"History"</Link></p>
                        })}
                    </div>
                </li>
            }
        })
    }
}

/// What its actions can do: `5 actions on: 2 read, 2 write, 1 destructive.`
fn can_do(one: &Connector) -> String {
    let on: Vec<Class> = one
        .actions()
        .iter()
        .filter(|action| one.is_on(action.name()))
        .map(|action| one.classify(action).class)
        .collect();
    let count = |class| on.iter().filter(|one| **one == class).count();
    let parts = [(Class::Read, "read"), (Class::Write, "write"), (Class::Destructive, "destructive")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(class, _)| count(*class) > 0)
        .map(|(class, word)| format!("{} {word}", count(class)))
        .collect();
    match on.len() {
        0 => "Every action is switched off.".to_owned(),
        all => format!("{} on: {}.", plural(all, "action"), parts.join(", ")),
    }
}
