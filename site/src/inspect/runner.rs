//! Requests by hand: an action, a prompt, a resource, a completion or a ping, by form or as JSON. An action goes through
//! the gate like from anywhere else, so a write asks.

use std::sync::Arc;

use browser::inspect::{Message, Recorder};
use browser::mcp::inspect::Kind;
use browser::policy::{CallId, Class, ConnectionId, Connector, ConnectorId};
use browser::{CallRequest, Listed, Plain, SavedRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Map, Value, json};

use super::{Again, Desk, account::name_of, choose_first, saved::Saved, to_tab, use_desk, words::took};
use crate::confirm::Asks;
use crate::connectors::{new::sentence as as_sentence, plural};
use crate::results::{Raw, ResultView};
use crate::router::InspectTab;
use crate::state::{AppState, sentence, use_state};
use crate::ui::form::{Defaults, FormState, SchemaForm};
use crate::ui::{Button, ButtonLook, ClassMark, Field, Working};

/// What can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum What {
    #[default]
    Action,
    Prompt,
    Resource,
    Completion,
    Ping,
}

impl What {
    const ALL: [(What, &'static str, &'static str); 5] = [
        (What::Action, "tools/call", "Action"),
        (What::Prompt, "prompts/get", "Prompt"),
        (What::Resource, "resources/read", "Resource"),
        (What::Completion, "completion/complete", "Completion"),
        (What::Ping, "ping", "Ping"),
    ];

    fn method(self) -> &'static str {
        What::ALL.into_iter().find(|(what, ..)| *what == self).map_or("", |(_, method, _)| method)
    }

    fn of(method: &str) -> Option<What> {
        What::ALL.into_iter().find(|(_, known, _)| *known == method).map(|(what, ..)| what)
    }
}

/// Whether a request of this method can be made by hand.
pub(super) fn can_make(method: &str) -> bool {
    What::of(method).is_some()
}

/// The tab.
#[component]
pub(super) fn Runner() -> impl IntoView {
    let desk = use_desk();
    view! {
        <h2 class="sr">"Run"</h2>
        {move || match desk.connector.get() {
            None => choose_first(),
            Some(id) => view! { <Workbench id/> }.into_any(),
        }}
    }
}

/// What came of a request.
#[derive(Clone)]
struct Came {
    method: String,
    /// As whom it was sent, where the person has several accounts.
    account: Option<String>,
    /// The result, or what went wrong as a sentence.
    result: Result<Value, String>,
    took: u64,
    /// The schema that the action promised.
    promised: Option<Value>,
    /// The answer as it went over the wire, where it was recorded whole.
    wire: Option<Arc<str>>,
    /// The recorded answer of this request, and the one that is to be compared with it.
    answers: Option<(u64, u64)>,
}

/// One connection's requests. Copy.
#[derive(Clone, Copy)]
struct Bench {
    app: AppState,
    desk: Desk,
    id: StoredValue<ConnectorId>,
    what: RwSignal<What>,
    target: RwSignal<String>,
    /// Values that the form is filled with when it is drawn next.
    preset: StoredValue<Map<String, Value>>,
    /// Moves when the form is to be drawn again.
    fill: RwSignal<u32>,
    form: StoredValue<Option<FormState>>,
    listed: RwSignal<Option<Listed>>,
    /// A request is under way; a call can be cancelled.
    running: RwSignal<Option<Option<CallId>>>,
    came: RwSignal<Option<Came>>,
}

impl Bench {
    fn connector(self) -> Option<Connector> {
        self.app.rulebook.with(|book| self.id.with_value(|id| book.connector(id).ok().cloned()))
    }

    /// The account that sends: the one that is looked at, or the usual one.
    fn account(self) -> ConnectionId {
        let usual = || self.id.with_value(|id| self.app.ws().usual_account(id));
        self.desk.account.get_untracked().unwrap_or_else(usual)
    }

    /// Reads what the server lists, for who wants to choose from it.
    fn list(self) {
        if self.listed.with_untracked(Option::is_some) {
            return;
        }
        let (ws, id, account) = (self.app.ws(), self.id.get_value(), self.account());
        let own = account.clone();
        self.app.run(async move { ws.listed_by_hand(&id, Some(&own)).await }, move |found| {
            // Another account may have been chosen meanwhile.
            if self.id.try_with_value(|_| ()).is_some() && self.account() == account {
                let _ = self.listed.try_set(Some(found));
            }
        });
    }

    /// Reads the lists anew where they are chosen from: each account may be listed something else.
    fn list_again(self) {
        self.listed.set(None);
        if matches!(self.what.get_untracked(), What::Prompt | What::Resource | What::Completion) {
            self.list();
        }
    }

    /// What can be chosen: its key and what it is called.
    fn targets(self) -> Vec<(String, String)> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let named = |items: &[Value], key: &str| -> Vec<(String, String)> {
            items.iter().map(|item| (text(item, key), text(item, key))).collect()
        };
        match self.what.get() {
            What::Action => {
                let connector = self.connector();
                let actions = connector.iter().flat_map(Connector::actions);
                actions.map(|action| (action.name().to_owned(), action.title().to_owned())).collect()
            }
            What::Prompt => {
                self.listed.with(|all| all.as_ref().map(|all| named(&all.prompts, "name")).unwrap_or_default())
            }
            What::Resource => {
                let mut found =
                    self.listed.with(|all| all.as_ref().map(|all| named(&all.resources, "uri")).unwrap_or_default());
                found.push((String::new(), "Another address".to_owned()));
                found
            }
            What::Completion => self.listed.with(|all| {
                let Some(all) = all else { return Vec::new() };
                let mut found = named(&all.prompts, "name");
                found.extend(named(&all.templates, "uriTemplate"));
                found
            }),
            What::Ping => Vec::new(),
        }
    }

    /// The form of what is chosen.
    fn schema(self, target: &str) -> Option<Value> {
        let listed = |pick: fn(&Listed) -> &Vec<Value>, key: &str| {
            self.listed.with(|all| {
                let items = pick(all.as_ref()?);
                items.iter().find(|item| item.get(key).and_then(Value::as_str) == Some(target)).cloned()
            })
        };
        match self.what.get() {
            What::Action => self.connector()?.action(target).map(|action| action.input_schema().clone()),
            What::Prompt => Some(match listed(|all| &all.prompts, "name") {
                Some(prompt) => prompt_schema(&prompt),
                // Not listed, or not yet: what it is to be asked with is all there is.
                None => json!({ "type": "object", "properties": self.preset.with_value(|preset| {
                    preset.keys().map(|key| (key.clone(), json!({ "type": "string" }))).collect::<Map<_, _>>()
                }) }),
            }),
            What::Resource => Some(json!({
                "type": "object", "required": ["uri"],
                "properties": { "uri": { "type": "string", "title": "Address", "default": target } },
            })),
            What::Completion => {
                let prompt = listed(|all| &all.prompts, "name");
                let known = prompt.as_ref().and_then(|prompt| prompt.get("arguments")).and_then(Value::as_array);
                let names: Vec<Value> =
                    known.into_iter().flatten().filter_map(|one| one.get("name").cloned()).collect();
                let mut argument = json!({ "type": "string", "title": "Argument" });
                if let (false, Some(argument)) = (names.is_empty(), argument.as_object_mut()) {
                    argument.insert("enum".into(), names.into());
                }
                Some(json!({
                    "type": "object", "required": ["argument"],
                    "properties": { "argument": argument, "value": { "type": "string", "title": "Typed so far" } },
                }))
            }
            What::Ping => None,
        }
    }

    /// The parameters as they go out, if the form is filled in.
    fn params(self, target: &str) -> Option<Value> {
        let what = self.what.get_untracked();
        let values = match (what, self.form.get_value()) {
            (What::Ping, _) => Map::new(),
            (_, Some(form)) => form.ready()?,
            (_, None) => return None,
        };
        let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(match what {
            What::Action | What::Prompt => json!({ "name": target, "arguments": values }),
            What::Resource => json!({ "uri": text("uri") }),
            What::Completion => {
                let template = self.listed.with_untracked(|all| {
                    all.as_ref().is_some_and(|all| {
                        all.templates.iter().any(|one| one.get("uriTemplate").and_then(Value::as_str) == Some(target))
                    })
                });
                let of = match template {
                    true => json!({ "type": "ref/resource", "uri": target }),
                    false => json!({ "type": "ref/prompt", "name": target }),
                };
                json!({ "ref": of, "argument": { "name": text("argument"), "value": text("value") } })
            }
            What::Ping => json!({}),
        })
    }

    /// Puts a request into the form.
    fn fill_in(self, method: &str, params: &Value) {
        let Some(what) = What::of(method) else { return };
        let text = |path: &str| params.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let member = |path: &str| params.pointer(path).and_then(Value::as_object).cloned().unwrap_or_default();
        let (target, values) = match what {
            What::Action | What::Prompt => (text("/name"), member("/arguments")),
            What::Resource => (text("/uri"), Map::from_iter([("uri".to_owned(), text("/uri").into())])),
            What::Completion => {
                let of = if text("/ref/name").is_empty() { text("/ref/uri") } else { text("/ref/name") };
                let values = [("argument", "/argument/name"), ("value", "/argument/value")];
                (of, values.into_iter().map(|(name, path)| (name.to_owned(), text(path).into())).collect())
            }
            What::Ping => (String::new(), Map::new()),
        };
        self.preset.set_value(values);
        self.what.set(what);
        self.target.set(target);
        self.fill.update(|count| *count = count.wrapping_add(1));
    }

    /// Makes a request. `before` is an earlier answer to it.
    fn send(self, method: &str, params: Value, before: Option<u64>) {
        if self.running.with_untracked(Option::is_some) {
            return;
        }
        let (ws, id, method) = (self.app.ws(), self.id.get_value(), method.to_owned());
        let account = self.account();
        let as_whom = name_of(self.app, &id, &account);
        let text = |path: &str| params.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let arguments = params.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default();
        let plain = match What::of(&method) {
            None | Some(What::Action) => None,
            Some(What::Prompt) => Some(Plain::Prompt { name: text("/name"), arguments: arguments.clone() }),
            Some(What::Resource) => Some(Plain::Resource { uri: text("/uri") }),
            Some(What::Completion) => Some(Plain::Completion {
                template: text("/ref/type") == "ref/resource",
                of: if text("/ref/name").is_empty() { text("/ref/uri") } else { text("/ref/name") },
                argument: text("/argument/name"),
                value: text("/argument/value"),
            }),
            Some(What::Ping) => Some(Plain::Ping),
        };
        let action = text("/name");
        let promised = plain.is_none().then(|| self.connector()?.action(&action)?.output_schema().cloned()).flatten();
        let from = self.desk.recorder().next();
        let started = self.app.ws().now();
        self.came.set(None);
        let ended = move |result: Result<Value, browser::Error>, method: String| {
            let newest = |takes: &dyn Fn(&str) -> bool| {
                self.desk.recorder.try_with_value(|recorder| newest_answer(recorder, from, takes)).flatten()
            };
            let answer = newest(&|of| of == method).map(|message| message.id);
            // Where the call became a task, its result came with another answer.
            let last = newest(&|of| of == method || of.starts_with("tasks/"));
            let wire = last.filter(|message| message.whole).map(|message| message.as_written().clone());
            if let (Some(answer), Some(before)) = (answer, before) {
                let _ = self.desk.first.try_set(Some(before));
                let _ = self.desk.second.try_set(Some(answer));
            }
            let _ = self.running.try_set(None);
            let took = self.app.ws().now().saturating_sub(started);
            // A server can send back what it was sent.
            let covered = |value: &Value| self.desk.recorder.try_with_value(|recorder| recorder.without_known(value));
            let result = match result {
                Ok(value) => Ok(covered(&value).unwrap_or_default()),
                Err(error) => {
                    let words = sentence(&error);
                    Err(covered(&Value::from(words))
                        .and_then(|words| words.as_str().map(str::to_owned))
                        .unwrap_or_default())
                }
            };
            let answers = before.zip(answer);
            let _ = self.came.try_set(Some(Came { method, account: as_whom, result, took, promised, wire, answers }));
        };
        match plain {
            Some(plain) => {
                self.running.set(Some(None));
                spawn_local(async move { ended(ws.ask_by_hand(&id, Some(&account), &plain).await, method) });
            }
            None => {
                let (call, running) = ws.call_by_hand(CallRequest { connector: id, action, arguments }, Some(account));
                self.running.set(Some(Some(call)));
                spawn_local(async move { ended(running.await.map(|done| done.result), method) });
            }
        }
    }
}

/// The newest answer that was recorded from a number on, to a request of a method that is wanted.
fn newest_answer(recorder: &Recorder, from: u64, takes: &dyn Fn(&str) -> bool) -> Option<Message> {
    let mut newest = None;
    recorder.messages(from, |message| {
        if !message.sent && matches!(message.kind, Kind::Result | Kind::Error) && takes(&message.method) {
            newest = Some(message.id);
        }
    });
    recorder.message(newest?)
}

/// The arguments of a prompt as the schema of a form: all of them are texts.
fn prompt_schema(prompt: &Value) -> Value {
    let arguments: Vec<&Value> = prompt.get("arguments").and_then(Value::as_array).into_iter().flatten().collect();
    let name = |one: &Value| one.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let properties: Map<String, Value> = arguments
        .iter()
        .map(|one| {
            let description = one.get("description").cloned().unwrap_or_default();
            (name(one), json!({ "type": "string", "description": description.as_str().unwrap_or_default() }))
        })
        .collect();
    let required: Vec<String> = arguments
        .iter()
        .filter(|one| one.get("required").and_then(Value::as_bool).unwrap_or_default())
        .map(|one| name(one))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

#[component]
fn Workbench(
    /// Whose server.
    id: ConnectorId,
) -> impl IntoView {
    let bench = Bench {
        app: use_state(),
        desk: use_desk(),
        id: StoredValue::new(id),
        what: RwSignal::new(What::Action),
        target: RwSignal::new(String::new()),
        preset: StoredValue::new(Map::new()),
        fill: RwSignal::new(0),
        form: StoredValue::new(None),
        listed: RwSignal::new(None),
        running: RwSignal::new(None),
        came: RwSignal::new(None),
    };
    let note = RwSignal::new(None::<&'static str>);
    // A request that is to be made again, from the list of messages.
    Effect::new(move |_| {
        let Some(Again { method, params, answer, waits }) = bench.desk.again.get() else { return };
        bench.desk.again.set(None);
        bench.fill_in(&method, &params);
        note.set(waits);
        if waits.is_none() {
            bench.send(&method, params, answer);
        }
    });
    Effect::watch(move || bench.desk.account.get(), move |_, _, _| bench.list_again(), false);
    let targets = Memo::new(move |_| bench.targets());
    // What was chosen, or the first there is.
    let target = Memo::new(move |_| {
        let wanted = bench.target.get();
        targets.with(|all| {
            let known =
                all.iter().any(|(key, _)| *key == wanted) || (!wanted.is_empty() && bench.what.get() != What::Action);
            if known { wanted } else { all.first().map(|(key, _)| key.clone()).unwrap_or_default() }
        })
    });
    let schema = Memo::new(move |_| bench.schema(&target.get()));
    let fields = move || {
        bench.fill.track();
        let what = bench.what.get();
        let preset = bench.preset.try_update_value(std::mem::take).unwrap_or_default();
        match (schema.get(), what) {
            (Some(schema), _) => {
                let mut values = preset;
                if what == What::Resource && values.is_empty() && !target.get_untracked().is_empty() {
                    values.insert("uri".to_owned(), target.get_untracked().into());
                }
                let state = FormState::new(&schema, values, Defaults::Offered);
                bench.form.set_value(Some(state));
                view! { <SchemaForm state/> }.into_any()
            }
            (None, What::Ping) => view! { <p class="small">"Asks the server whether it is there. The current revision of the protocol has no ping; a server may refuse it."</p> }.into_any(),
            (None, _) => {
                bench.form.set_value(None);
                view! { <p class="none">"There is nothing to choose from."</p> }.into_any()
            }
        }
    };
    let class = move || {
        if bench.what.get() != What::Action {
            return None;
        }
        let connector = bench.connector()?;
        let action = connector.action(&target.get())?;
        let on = connector.is_on(action.name());
        let class = connector.classify(action).class;
        let says = match (on, class) {
            (false, _) => "switched off, so it will be refused",
            (true, Class::Read) => "only reads",
            (true, _) => "asks you before it is sent",
        };
        Some(view! { <span class="marks"><ClassMark class/><span class="small">{says}</span></span> })
    };
    let left_out = move || {
        let account = bench.desk.account.get().unwrap_or_else(|| bench.account());
        bench.app.connection_as(&account);
        let left = bench.app.ws().left_out(&account);
        (!left.is_empty() && bench.what.get() == What::Action).then(|| view! {
            <details><summary class="small">{format!("{} left out", plural(left.len(), "action"))}</summary>
                <ul class="bullets small">{left.into_iter().map(|one| view! { <li><code><bdi>{one.name}</bdi></code>": "<bdi>{as_sentence(&one.why)}</bdi></li> }).collect_view()}</ul></details>
        })
    };
    let run = move |_| {
        note.set(None);
        let method = bench.what.get_untracked().method();
        if let Some(params) = bench.params(&target.get_untracked()) {
            bench.send(method, params, None);
        }
    };
    let busy = Signal::derive(move || bench.running.with(Option::is_some));
    let current = move || {
        let method = bench.what.get_untracked().method();
        bench.params(&target.get_untracked()).map(|params| (method.to_owned(), params))
    };
    let made = move |saved: SavedRequest, now: bool| {
        bench.fill_in(&saved.method, &saved.params);
        note.set(None);
        if now {
            bench.send(&saved.method, saved.params, None);
        }
    };
    view! {
        <div class="bench">
            <div class="bench-choice">
                <Field label="Request" let:field>
                    <select class="input" id=field.id on:change=move |event| {
                        let value = event_target_value(&event);
                        let what = What::of(&value).unwrap_or_default();
                        if matches!(what, What::Prompt | What::Resource | What::Completion) {
                            bench.list();
                        }
                        bench.target.set(String::new());
                        bench.what.set(what);
                    }>
                        {What::ALL.map(|(what, method, word)| view! { <option value=method selected=move || bench.what.get() == what>{word}</option> })}
                    </select>
                </Field>
                {move || (!targets.with(Vec::is_empty)).then(|| view! {
                    <Field label="Which" let:field>
                        <select class="input" id=field.id on:change=move |event| bench.target.set(event_target_value(&event))>
                            {move || { let chosen = target.get(); targets.get().into_iter().map(|(key, word)| {
                                let selected = key == chosen;
                                view! { <option value=key selected=selected>{word}</option> }
                            }).collect_view() }}
                        </select>
                    </Field>
                })}
            </div>
            {class}
            {left_out}
            {move || note.get().map(|note| view! { <p class="note">{note}</p> })}
            {fields}
            <div class="row">
                <Button look=ButtonLook::Primary disabled=busy on:click=run>"Run request"</Button>
                {move || bench.running.get().flatten().map(|call| view! {
                    <Button on:click=move |_| bench.app.ws().cancel_call(&call)>"Cancel request"</Button>
                })}
            </div>
            <Asks/>
            <div role="status">{move || busy.get().then(|| view! { <Working what="Waiting for the answer"/> })}</div>
            {move || bench.came.get().map(|came| came_view(bench, came))}
            <Saved id=bench.id.get_value() current=Callback::new(move |()| current()) made=Callback::new(move |(saved, now)| made(saved, now))/>
        </div>
    }
}

fn came_view(bench: Bench, came: Came) -> AnyView {
    let Came { method, account, result, took: millis, promised, wire: written, answers } = came;
    let head = match &result {
        Ok(_) => match account {
            Some(name) => format!("Answered after {}, as {name}.", took(millis)),
            None => format!("Answered after {}.", took(millis)),
        },
        Err(why) => why.clone(),
    };
    let compare = answers.map(|_| to_tab(bench.desk, InspectTab::Compare, "Compare with the recorded answer"));
    let wire = to_tab(bench.desk, InspectTab::Protocol, "Show on the wire");
    let connector = bench.connector();
    let (name, host) = connector.map(|one| (one.name, one.host)).unwrap_or_default();
    let body = match result {
        Ok(value) if method == "tools/call" => {
            view! { <ResultView result=value connector=name host=host output_schema=promised wire=written/> }.into_any()
        }
        Ok(value) => {
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            view! { <div class="wire-text" role="region" aria-label="Text" tabindex="0"><Raw text/></div> }.into_any()
        }
        Err(_) => ().into_any(),
    };
    view! {
        <section class="came" aria-label="Answer">
            <p role="status"><bdi>{head}</bdi></p>
            <div class="row">{compare}{wire}</div>
            {body}
        </section>
    }
    .into_any()
}
