//! Rules on the values of an action's arguments: what there is, and a form for one more (N06).

use browser::Preview;
use browser::policy::rules::{ArgumentRule, Effect, Example, Test, argument_name, arguments_of};
use browser::policy::{Connector, ConnectorId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::new::sentence;
use super::plural;
use crate::results::{Visible, Worded};
use crate::state::{sentence as told, use_state};
use crate::ui::{Button, ButtonLook, Field};

/// A value as typed: a number or a truth value where the argument takes one, else a text.
fn typed(kind: &str, text: &str) -> Value {
    let text = text.trim();
    match kind {
        "number" | "integer" | "boolean" => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        _ => Value::from(text),
    }
}

/// A list as typed, one value a line: a value may hold commas.
fn listed(kind: &str, text: &str) -> Vec<Value> {
    text.lines().map(str::trim).filter(|one| !one.is_empty()).map(|one| typed(kind, one)).collect()
}

/// A value as it is typed; the other way round than [`typed`].
fn as_typed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a test is called in the form, and what is typed for it.
fn test_as_typed(test: &Test) -> (&'static str, String, String) {
    let bound = |number: &Option<serde_json::Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
    match test {
        Test::Equals(value) => ("equals", as_typed(value), String::new()),
        Test::OneOf(values) => ("one", values.iter().map(as_typed).collect::<Vec<_>>().join("\n"), String::new()),
        Test::Prefix(text) => ("prefix", text.clone(), String::new()),
        Test::Matches(pattern) => ("pattern", pattern.as_str().to_owned(), String::new()),
        Test::Within { min, max } => ("within", bound(min), bound(max)),
    }
}

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
    if arguments.is_empty() {
        return ().into_any();
    }
    let (id, action) = (StoredValue::new(id), StoredValue::new(action));
    let arguments = StoredValue::new(arguments);
    let rules = Memo::new(move |_| {
        found.with(|found| {
            found.as_ref().and_then(|one| one.rules.get(&action.get_value()).cloned()).unwrap_or_default()
        })
    });
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
            <ul class="plain">{move || rules.get().into_iter().map(|rule| {
                let (key, name) = (rule.id.clone(), argument_name(&rule.argument));
                let (label, change) = (format!("Remove the rule on {name}"), format!("Change the rule on {name}"));
                let whole = StoredValue::new(rule.clone());
                view! { <li class="row"><span class="grow"><Visible text=sentence(&rule.sentence())/>" "<span class="small"><bdi>{rule.by.clone()}</bdi>{(!rule.note.is_empty()).then(|| view! { ": "<bdi>{rule.note.clone()}</bdi> })}</span></span>
                    <Button small=true look=ButtonLook::Quiet disabled=Signal::derive(move || allowed.get().is_some()) on:click=move |_| editing.set(Some(Some(whole.get_value())))>{change}</Button>
                    <Button small=true look=ButtonLook::Quiet disabled=Signal::derive(move || allowed.get().is_some()) on:click=move |_| remove(key.clone())>{label}</Button></li> }
            }).collect_view()}</ul>
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
    arguments: Vec<(String, String)>,
    /// The rule to change; none for a new one.
    rule: Option<ArgumentRule>,
    /// Leaves the form.
    done: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let known = StoredValue::new(rule.as_ref().map(|rule| rule.id.clone()).unwrap_or_default());
    let begins = rule.as_ref().map(|rule| rule.argument.clone());
    let begins = begins.or_else(|| arguments.first().map(|(path, _)| path.clone()));
    let (id, action) = (StoredValue::new(id), StoredValue::new(action));
    let chosen = RwSignal::new(begins.unwrap_or_default());
    let kinds = StoredValue::new(arguments.clone());
    let [how, effect] = [("one"), ("deny")].map(|first| RwSignal::new(first.to_owned()));
    let unless = RwSignal::new(true);
    let [value, most, stops, passes, note] = [(); 5].map(|()| RwSignal::new(String::new()));
    if let Some(rule) = rule {
        let (kind, first, second) = test_as_typed(&rule.test);
        how.set(kind.to_owned());
        value.set(first);
        most.set(second);
        unless.set(rule.unless);
        effect.set(if rule.effect == Effect::Ask { "ask" } else { "deny" }.to_owned());
        let lines = |stop: bool| {
            let of = rule.examples.iter().filter(|one| one.stops == stop).filter_map(|one| one.value.as_ref());
            of.map(as_typed).collect::<Vec<_>>().join("\n")
        };
        stops.set(lines(true));
        passes.set(lines(false));
        note.set(rule.note);
    }
    let problem = RwSignal::new(None::<String>);
    let preview = RwSignal::new(None::<Preview>);
    let rule = move || {
        let path = chosen.get_untracked();
        let kind = kinds.with_value(|kinds| {
            kinds.iter().find(|(one, _)| *one == path).map(|(_, kind)| kind.clone()).unwrap_or_default()
        });
        let text = value.get_untracked();
        let number = |text: String| serde_json::from_str::<serde_json::Number>(text.trim()).ok();
        let test = match how.get_untracked().as_str() {
            "equals" => Test::Equals(typed(&kind, &text)),
            "prefix" => Test::Prefix(text.trim().to_owned()),
            "pattern" => Test::Matches(text.trim().to_owned().into()),
            "within" => Test::Within { min: number(text), max: number(most.get_untracked()) },
            _ => Test::OneOf(listed(&kind, &text)),
        };
        let examples = |text: String, stops: bool| {
            let lines = text.lines().map(str::trim).filter(|one| !one.is_empty());
            lines.map(|one| Example { value: Some(typed(&kind, one)), stops }).collect::<Vec<_>>()
        };
        let mut all = examples(stops.get_untracked(), true);
        all.extend(examples(passes.get_untracked(), false));
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
            <Field label=label help=help let:field><textarea id=field.id aria-describedby=field.described class="mono" rows="2" prop:value=move || signal.get() on:input=move |event| { signal.set(event_target_value(&event)); preview.set(None); }></textarea></Field>
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
