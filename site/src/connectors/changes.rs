//! What a server changed since its definition was approved, field by field, and what becomes of it (S081, N03).

use browser::Changes;
use browser::policy::diff::{Field as Place, Step, Weight};
use browser::policy::publish::Accepted;
use browser::policy::{Connector, ConnectorId, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::new::{Checklist, fresh_lines, sentence};
use super::pause::PauseButton;
use super::plural;
use crate::results::{Visible, Worded};
use crate::router::{ConnectorTab, Link, Route};
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, class_word, clock};

/// The tab.
#[component]
pub(super) fn ChangesTab(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let read = RwSignal::new(0_u32);
    let checked = RwSignal::new(None::<u64>);
    let changes = Memo::new(move |_| {
        read.track();
        found.track();
        app.connections.track();
        app.ws().changes(&id.get_value())
    });
    let refused = Memo::new(move |_| {
        found.track();
        app.connections.track();
        app.ws().may_refresh(&id.get_value()).err().map(|why| why.to_string())
    });
    let lines = RwSignal::new(fresh_lines());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<(String, Option<String>)>);
    let check = move || {
        busy.set(true);
        problem.set(None);
        lines.set(fresh_lines());
        let ws = app.ws();
        spawn_local(async move {
            let on_step = move |step: browser::ScanStep| {
                let _ = lines.try_update(|lines| {
                    if let Some(line) = lines.iter_mut().find(|(kind, _)| *kind == step.kind) {
                        line.1 = Some(step.state);
                    }
                });
            };
            let seen = ws.refresh(&id.get_value(), on_step).await;
            busy.try_set(false);
            match seen {
                Ok(_) => {
                    checked.try_set(Some(ws.now()));
                    let _ = read.try_update(|count| *count += 1);
                }
                Err(error) => drop(problem.try_set(Some((error.message, error.hint)))),
            }
        });
    };
    // Whoever opens this page wants to know how the server is now.
    if found.with_untracked(|found| found.as_ref().is_some_and(|one| one.stage != Stage::Archived)) {
        let ws = app.ws();
        spawn_local(async move {
            drop(ws.connect(&id.get_value()).await);
            let _ = read.try_update(|count| *count += 1);
        });
    }
    // Kept by the tab: what is taken over has the list drawn again.
    let taken = Callback::new(move |(accepted, shown): (Accepted, browser::policy::Digest)| {
        let ws = app.ws();
        app.run(async move { ws.accept_changes(&id.get_value(), &shown, accepted).await }, move |()| {
            let _ = read.try_update(|count| *count += 1);
            app.tell("Accepted. What was not accepted stays held.");
        });
    });
    view! {
        <div class="row">
            <Button disabled=Signal::derive(move || busy.get() || refused.get().is_some()) on:click=move |_| check()>"Read the list again"</Button>
            <PauseButton id=id.get_value() found/>
            <span class="small" role="status">{move || match (refused.get(), checked.get()) {
                (Some(why), _) => sentence(&why),
                (None, Some(at)) => format!("Read {}, as you.", clock(at)),
                _ => String::new(),
            }}</span>
            {move || refused.get().is_some_and(|why| why.contains("connect your own account")).then(|| view! {
                <Link to=Route::Connector(id.get_value().to_string(), ConnectorTab::Authentication)>"Connect your account first"</Link>
            })}
        </div>
        {move || busy.get().then(|| view! { <Checklist lines/> })}
        {move || problem.get().map(|(why, next)| view! {
            <div class="note danger" role="alert"><span class="grow"><Worded text=sentence(&why)/>" "{next.map(|next| view! { <Worded text=sentence(&next)/> })}</span></div>
        })}
        {move || match changes.get() {
            None => view! { <p class="none">"The list was not read in this tab yet."</p> }.into_any(),
            Some(changes) if changes.diff.is_empty() => {
                let words = format!("Nothing changed since version {} was approved.", changes.approved.version);
                view! { <p class="none">{words}</p> }.into_any()
            }
            Some(changes) => view! { <ChangeList id=id.get_value() changes found refused taken/> }.into_any(),
        }}
    }
}

/// Everything that differs, the riskiest first.
#[component]
fn ChangeList(
    id: ConnectorId,
    changes: Changes,
    found: Memo<Option<Connector>>,
    refused: Memo<Option<String>>,
    taken: Callback<(Accepted, browser::policy::Digest)>,
) -> impl IntoView {
    let shown = changes.live.digest.clone();
    let count = changes.diff.steps.len();
    let risky = changes.diff.steps.iter().filter(|step| step.weight() == Weight::Risk).count();
    let mild = changes.mild.len();
    let may = Signal::derive(move || refused.get().is_none());
    let all = {
        let shown = shown.clone();
        move |_| taken.run((Accepted { mild: true, ..Accepted::default() }, shown.clone()))
    };
    let instructions = changes.diff.instructions.clone();
    let about = changes.diff.about.clone();
    let steps: Vec<_> = changes
        .diff
        .steps
        .iter()
        .cloned()
        .map(|step| {
            view! { <StepView id=id.clone() step found may shown=shown.clone() taken/> }
        })
        .collect();
    view! {
        <div class="row">
            <b>{plural(count, "action")}{if count == 1 { " differs" } else { " differ" }}</b>
            <span class="small">{(risky > 0).then(|| format!("{risky} raise the risk and are accepted one by one"))}</span>
            {(mild > 0).then(|| view! { <Button small=true disabled=Signal::derive(move || !may.get()) on:click=all>{format!("Accept the {} that do not raise the risk", plural(mild, "change"))}</Button> })}
        </div>
        <h2 class="sr">"What differs"</h2>
        <ul class="changes plain">{steps}</ul>
        {instructions.map(|field| {
            let shown = shown.clone();
            view! {
                <section class="change"><header><h3>"Instructions to a model"</h3><span class="tag">{field.weight.label()}</span>
                    <Button small=true disabled=Signal::derive(move || !may.get()) on:click=move |_| taken.run((Accepted { instructions: true, ..Accepted::default() }, shown.clone()))>"Accept instructions"</Button></header>
                    <FieldView field/></section>
            }
        })}
        {(!about.is_empty()).then(|| view! {
            <section class="change"><header><h3>"What the server calls itself"</h3><span class="tag">"Cosmetic"</span></header>
                {about.into_iter().map(|field| view! { <FieldView field/> }).collect_view()}</section>
        })}
    }
}

#[component]
fn StepView(
    id: ConnectorId,
    step: Step,
    found: Memo<Option<Connector>>,
    may: Signal<bool>,
    shown: browser::policy::Digest,
    taken: Callback<(Accepted, browser::policy::Digest)>,
) -> impl IntoView {
    let app = use_state();
    let name = step.name().to_owned();
    let (what, names, definition) = match &step {
        Step::Added(action) => {
            ("New, comes switched off".to_owned(), vec![name.clone()], Some(action.digest().clone()))
        }
        Step::Removed(_) => ("Gone from the server".to_owned(), vec![name.clone()], None),
        Step::Renamed { from, to, .. } => (
            format!("Looks like {} renamed; a new action, off", from.name()),
            vec![from.name().to_owned(), name.clone()],
            Some(to.digest().clone()),
        ),
        Step::Changed { to, .. } => ("Changed, held".to_owned(), vec![name.clone()], Some(to.digest().clone())),
    };
    let back = found.with_untracked(|found| {
        matches!(step, Step::Added(_)) && found.as_ref().is_some_and(|one| one.review.tombstone(&name).is_some())
    });
    let class = step.class_change();
    let weight = step.weight();
    let look = match weight {
        Weight::Risk => "tag risk",
        Weight::Text | Weight::Cosmetic => "tag",
    };
    let declined = {
        let name = name.clone();
        Memo::new(move |_| {
            found.with(|found| found.as_ref().is_some_and(|one| one.review.has_declined(&name, definition.as_ref())))
        })
    };
    let accept = {
        let shown = shown.clone();
        move |_| {
            let accepted = Accepted { actions: names.iter().cloned().collect(), ..Accepted::default() };
            taken.run((accepted, shown.clone()));
        }
    };
    let decline = {
        let name = name.clone();
        move |_| {
            let (ws, id, shown, name) = (app.ws(), id.clone(), shown.clone(), name.clone());
            app.run(async move { ws.decline_change(&id, &shown, &name).await }, move |()| {
                app.tell("Declined. The action stays held.")
            });
        }
    };
    let whole = match &step {
        Step::Added(action) => Some(action.definition().clone()),
        _ => None,
    };
    let fields = step.fields().to_vec();
    let (accept_label, decline_label) = (format!("Accept {name}"), format!("Decline {name}"));
    view! {
        <li class="change">
            <header>
                <h3><code><Visible text=name/></code></h3>
                <span class=look>{weight.label()}</span>
                <span class="small">{what}{back.then_some("; it was here before")}</span>
                {class.map(|(from, to)| view! { <span class="small">{format!("{} → {}", class_word(from), class_word(to))}</span> })}
                <span class="grow"></span>
                {move || declined.get().then(|| view! { <span class="small">"Declined"</span> })}
                <Button small=true disabled=Signal::derive(move || !may.get()) on:click=accept>{accept_label}</Button>
                {move || (!declined.get()).then(|| { let (label, decline) = (decline_label.clone(), decline.clone()); view! { <Button small=true look=ButtonLook::Quiet disabled=Signal::derive(move || !may.get()) on:click=decline>{label}</Button> } })}
            </header>
            {fields.into_iter().map(|field| view! { <FieldView field/> }).collect_view()}
            {whole.map(|definition| view! { <details><summary>"Full definition"</summary><pre class="json"><Visible text=serde_json::to_string_pretty(&definition).unwrap_or_default()/></pre></details> })}
        </li>
    }
}

/// One place with both values side by side, every invisible character shown.
#[component]
fn FieldView(field: Place) -> impl IntoView {
    let text = |value: &Option<Value>| match value {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(serde_json::to_string_pretty(other).unwrap_or_default()),
    };
    let pane = |label: &'static str, value: Option<String>| {
        view! {
            <div class="pane"><span class="small">{label}</span>
                {match value {
                    Some(text) => view! { <div class="server-text"><Visible text/></div> }.into_any(),
                    None => view! { <div class="small none">"nothing"</div> }.into_any(),
                }}
            </div>
        }
    };
    view! {
        <div class="field-change">
            <p class="small"><code><Visible text=field.at.clone()/></code>" · "{field.why}</p>
            <div class="panes">{pane("Approved", text(&field.before))}{pane("On the server now", text(&field.after))}</div>
        </div>
    }
}
