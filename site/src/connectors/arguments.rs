//! Rules on the values of an action's arguments: what there is, and a form for one more (N06).

use browser::Preview;
use browser::policy::rules::form::{Typed, examples_as_typed, examples_typed, kind_of_test};
use browser::policy::rules::{ArgumentRule, Effect, argument_name, arguments_of};
use browser::policy::{Connector, ConnectorId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::new::sentence;
use super::plural;
use crate::results::{Visible, Worded};
use crate::state::{sentence as told, use_state};
use crate::ui::{Button, ButtonLook, Field};

/// The rules of one action.
#[component]
pub(super) fn Rules(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
    /// The action's name.
    action: String,
    /// The JSON Schema of its arguments.
    schema: Value,
    /// Why rules cannot be changed, if so.
    allowed: Signal<Option<String>>,
) -> impl IntoView {
    let app = use_state();
    let arguments = arguments_of(&schema);
    let (id, action) = (StoredValue::new(id), StoredValue::new(action));
    let rules = Memo::new(move |_| {
        found.with(|found| {
            found.as_ref().and_then(|one| one.rules.get(&action.get_value()).cloned()).unwrap_or_default()
        })
    });
    // A rule on an argument that its schema does not name any more is still there to be seen and removed.
    if arguments.is_empty() && rules.with_untracked(Vec::is_empty) {
        return ().into_any();
    }
    let arguments = StoredValue::new(arguments);
    // The rule in the form: a new one has no id.
    let editing = RwSignal::new(None::<Option<ArgumentRule>>);
    let remove = move |rule: String| {
        let ws = app.ws();
        app.run(async move { ws.remove_rule(&id.get_value(), &action.get_value(), &rule).await }, move |()| {
            app.tell("The rule was removed.")
        });
    };
    view! {
        <section class="rules">
            <h4 class="small">"Rules on values"</h4>
            <ul class="plain"><For each=move || rules.get() key=|rule| (rule.id.clone(), rule.at) children=move |rule| {
                let (key, name) = (rule.id.clone(), argument_name(&rule.argument));
                let (label, change) = (format!("Remove the rule on {name}"), format!("Change the rule on {name}"));
                // Of several rules on one argument each button names its own, to whoever does not see beside what it stands.
                let (argument, words) = (rule.argument.clone(), rule.sentence());
                let which = Memo::new(move |_| {
                    let count = rules.with(|all| all.iter().filter(|one| one.argument == argument).count());
                    (count > 1).then(|| format!(": {words}"))
                });
                let which = move || view! { <span class="sr">{move || which.get()}</span> };
                let whole = StoredValue::new(rule.clone());
                view! { <li class="row"><span class="grow"><Visible text=sentence(&rule.sentence())/>" "<span class="small"><bdi>{rule.by.clone()}</bdi>{(!rule.note.is_empty()).then(|| view! { ": "<bdi>{rule.note.clone()}</bdi> })}</span></span>
                    <Button small=true look=ButtonLook::Quiet disabled=Signal::derive(move || allowed.get().is_some()) on:click=move |_| editing.set(Some(Some(whole.get_value())))>{change}{which}</Button>
                    <Button small=true look=ButtonLook::Quiet disabled=Signal::derive(move || allowed.get().is_some()) on:click=move |_| remove(key.clone())>{label}{which}</Button></li> }
            }/></ul>
            {move || match editing.get() {
                None => view! { <Button small=true disabled=Signal::derive(move || allowed.get().is_some()) on:click=move |_| editing.set(Some(None))>"Add a rule"</Button> }.into_any(),
                Some(rule) => view! { <Editor id=id.get_value() action=action.get_value() arguments=arguments.get_value() rule done=Callback::new(move |()| editing.set(None))/> }.into_any(),
            }}
        </section>
    }.into_any()
}

/// The form for a rule.
#[component]
fn Editor(
    /// Which connector.
    id: ConnectorId,
    /// The action's name.
    action: String,
    /// Its arguments, with their kinds.
    mut arguments: Vec<(String, String)>,
    /// The rule to change; none for a new one.
    rule: Option<ArgumentRule>,
    /// Leaves the form.
    done: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let known = StoredValue::new(rule.as_ref().map(|rule| rule.id.clone()).unwrap_or_default());
    if let Some(rule) = rule.as_ref().filter(|rule| !arguments.iter().any(|(path, _)| *path == rule.argument)) {
        arguments.push((rule.argument.clone(), kind_of_test(&rule.test).to_owned()));
    }
    let was = StoredValue::new(rule.clone());
    let begins = rule.as_ref().map(|rule| rule.argument.clone());
    let begins = begins.or_else(|| arguments.first().map(|(path, _)| path.clone()));
    let (id, action) = (StoredValue::new(id), StoredValue::new(action));
    let chosen = RwSignal::new(begins.unwrap_or_default());
    let kinds = StoredValue::new(arguments.clone());
    let [how, effect] = [("one"), ("deny")].map(|first| RwSignal::new(first.to_owned()));
    let unless = RwSignal::new(true);
    let [value, most, stops, passes, note] = [(); 5].map(|()| RwSignal::new(String::new()));
    if let Some(rule) = rule {
        let typed = Typed::of(&rule.test);
        how.set(typed.how);
        value.set(typed.first);
        most.set(typed.second);
        unless.set(rule.unless);
        effect.set(if rule.effect == Effect::Ask { "ask" } else { "deny" }.to_owned());
        stops.set(examples_as_typed(&rule.examples, true));
        passes.set(examples_as_typed(&rule.examples, false));
        note.set(rule.note);
    }
    // Its schema names no kind, and no value of it is there that would.
    let open = Memo::new(move |_| {
        let path = chosen.get();
        let any = kinds.with_value(|kinds| kinds.iter().any(|(one, kind)| *one == path && kind == "any"));
        any && was.with_value(|was| was.as_ref().is_none_or(|was| was.argument != path))
    });
    let problem = RwSignal::new(None::<String>);
    let preview = RwSignal::new(None::<Preview>);
    // What was found of one rule says nothing of another.
    leptos::prelude::Effect::new(move |_| {
        chosen.track();
        how.track();
        unless.track();
        effect.track();
        [value, most, stops, passes].iter().for_each(RwSignal::track);
        preview.set(None);
    });
    let rule = move || {
        let path = chosen.get_untracked();
        let kind = kinds.with_value(|kinds| {
            kinds.iter().find(|(one, _)| *one == path).map(|(_, kind)| kind.clone()).unwrap_or_default()
        });
        // Of another argument the values are others.
        let was = was.get_value().filter(|was| was.argument == path);
        let typed = Typed { how: how.get_untracked(), first: value.get_untracked(), second: most.get_untracked() };
        let test = typed.test(&kind, was.as_ref().map(|was| &was.test));
        let examples = was.map(|was| was.examples).unwrap_or_default();
        let mut all = examples_typed(&kind, &stops.get_untracked(), true, &examples);
        all.extend(examples_typed(&kind, &passes.get_untracked(), false, &examples));
        ArgumentRule {
            id: known.get_value(),
            argument: path,
            test,
            unless: unless.get_untracked(),
            effect: if effect.get_untracked() == "ask" { Effect::Ask } else { Effect::Deny },
            note: note.get_untracked().trim().to_owned(),
            examples: all,
            by: String::new(),
            at: 0,
        }
    };
    let try_it = move || {
        let (ws, rule) = (app.ws(), rule());
        spawn_local(async move {
            match ws.preview_rule(&id.get_value(), &action.get_value(), &rule).await {
                Ok(seen) => drop(preview.try_set(Some(seen))),
                Err(error) => drop(problem.try_set(Some(told(&error)))),
            }
        });
    };
    let save = move || {
        problem.set(None);
        let (ws, rule) = (app.ws(), rule());
        spawn_local(async move {
            match ws.set_rule(&id.get_value(), &action.get_value(), rule).await {
                Ok(()) => {
                    app.tell("The rule was saved.");
                    let _ = done.try_run(());
                }
                Err(error) => drop(problem.try_set(Some(told(&error)))),
            }
        });
    };
    let line = move |label: &'static str, help: &'static str, signal: RwSignal<String>| {
        view! {
            <Field label=label help=help let:field><textarea id=field.id aria-describedby=field.described class="mono" rows="2" prop:value=move || signal.get() on:input=move |event| { signal.set(event_target_value(&event)); }></textarea></Field>
        }
    };
    view! {
        <form class="editor" on:submit=move |event| { event.prevent_default(); save(); }>
            <div class="row">
                <Field label="Argument" let:field><select id=field.id aria-describedby=field.described on:change=move |event| chosen.set(event_target_value(&event))>
                    {arguments.into_iter().map(|(path, kind)| {
                        let (label, own) = (format!("{} ({kind})", argument_name(&path)), path.clone());
                        view! { <option value=path selected=move || chosen.with(|chosen| *chosen == own)>{label}</option> }
                    }).collect_view()}</select></Field>
                <Field label="When it" let:field><select id=field.id aria-describedby=field.described on:change=move |event| unless.set(event_target_value(&event) == "not")>
                    <option value="not" selected=move || unless.get()>"is not"</option><option value="is" selected=move || !unless.get()>"is"</option></select></Field>
                <Field label="Compared with" let:field><select id=field.id aria-describedby=field.described on:change=move |event| how.set(event_target_value(&event))>
                    {[("one", "one of these"), ("equals", "exactly"), ("prefix", "a beginning"), ("pattern", "a pattern"), ("within", "a range of numbers")].map(|(kind, words)| view! {
                        <option value=kind selected=move || how.with(|how| how == kind)>{words}</option>
                    }).collect_view()}</select></Field>
                <Field label="Then" let:field><select id=field.id aria-describedby=field.described on:change=move |event| effect.set(event_target_value(&event))>
                    <option value="deny" selected=move || effect.with(|effect| effect == "deny")>"refuse"</option><option value="ask" selected=move || effect.with(|effect| effect == "ask")>"ask every time"</option></select></Field>
            </div>
            {move || open.get().then(|| view! { <p class="small">"The schema names no kind for this argument, so values are read as JSON: "<code>"5"</code>" is a number, "<code>"\"5\""</code>" is a text."</p> })}
            {move || match how.get().as_str() {
                "within" => view! { <div class="row">{line("Least", "Empty for no lower bound.", value)}{line("Most", "Empty for no upper bound.", most)}</div> }.into_any(),
                "one" => line("Values", "One a line.", value).into_any(),
                "pattern" => line("Pattern", "A regular expression; ^ and $ mark the ends.", value).into_any(),
                _ => line("Value", "Exactly as it is sent.", value).into_any(),
            }}
            {line("Examples it stops", "At least one, one a line. Checked when it is saved.", stops)}
            {line("Examples it lets pass", "At least one, one a line.", passes)}
            {line("Reason", "Shown beside the rule.", note)}
            {move || preview.get().map(|seen| view! { <p class="small" role="status">{match seen.calls {
                0 => "No earlier call of this action is kept in conversations on this device.".to_owned(),
                calls => format!("Of {} kept in conversations on this device it would have met {}, and {} would have come out differently.", plural(calls, "earlier call"), seen.met, seen.different),
            }}</p> })}
            {move || problem.get().map(|why| view! { <div class="note danger" role="alert"><span class="grow"><Worded text=why/></span></div> })}
            <div class="row"><Button look=ButtonLook::Primary submit=true>"Save rule"</Button><Button on:click=move |_| try_it()>"Try on earlier calls"</Button>
                <Button look=ButtonLook::Quiet on:click=move |_| done.run(())>"Discard rule"</Button></div>
        </form>
    }
}
