//! A form made from a JSON Schema: fields, or the whole value as JSON, as the person likes.
//!
//! [`FormState`] holds what was filled in and outlives the fields, so nothing that was typed is lost: a text that is
//! not a value yet is kept as text beside the value, and JSON that does not parse keeps the JSON view open. What
//! schemas mean is decided in `chat::schema`; this file only draws. Schema texts are the server's and are shown as text.

use std::collections::{BTreeMap, BTreeSet};

use browser::chat::results::Offered;
use browser::chat::schema::{self, Field, Form, Format, Kind, Problem, display, typed};
use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::results::fold::number;
use crate::results::{Visible, flat, pieces};

/// A value of an earlier result that a field can take.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offer {
    /// Where it is from, for example `Search orders · mcp.shop.example`.
    pub(crate) from: String,
    /// The value with its place in that result.
    pub(crate) offered: Offered,
}

/// Whether the server's default values are filled in from the start (marked as suggested) or only offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defaults {
    /// Filled in and marked.
    FilledIn,
    /// Not filled in.
    Offered,
}

/// What was filled into a form, taken out of it, so that it outlives the page that shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormDraft {
    value: Value,
    typing: BTreeMap<String, (String, String)>,
    json: Option<(String, Option<String>)>,
}

/// What was filled into a form. Copy: hand it to the form and ask it for the values.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    schema: StoredValue<Value>,
    form: StoredValue<Form>,
    /// The values, as far as they are values.
    value: RwSignal<Value>,
    /// Texts that are not a value of their field, by JSON Pointer, with the reason.
    typing: RwSignal<BTreeMap<String, (String, String)>>,
    /// Fields whose problems are shown.
    touched: RwSignal<BTreeSet<String>>,
    /// Whether all problems are shown, which is so after the first try to go on.
    all: RwSignal<bool>,
    /// The text of the JSON view while that is open, with what is wrong with it.
    json: RwSignal<Option<(String, Option<String>)>>,
    /// How often values were taken from outside as a whole.
    filled: RwSignal<u32>,
}

impl FormState {
    /// A form for this schema that starts with these values.
    pub(crate) fn new(schema: &Value, values: Map<String, Value>, defaults: Defaults) -> Self {
        let form = schema::form_of(schema);
        let mut values = values;
        start(&form.fields, &mut values, defaults);
        Self {
            schema: StoredValue::new(schema.clone()),
            form: StoredValue::new(form),
            value: RwSignal::new(Value::Object(values)),
            typing: RwSignal::new(BTreeMap::new()),
            touched: RwSignal::new(BTreeSet::new()),
            all: RwSignal::new(false),
            json: RwSignal::new(None),
            filled: RwSignal::new(0),
        }
    }

    /// Everything that was filled in, values and not. Tracked.
    pub(crate) fn draft(&self) -> FormDraft {
        FormDraft { value: self.value.get(), typing: self.typing.get(), json: self.json.get() }
    }

    /// Takes these values in the place of what was filled in. The fields are drawn anew with them.
    pub(crate) fn fill(&self, values: Map<String, Value>) {
        self.typing.update(BTreeMap::clear);
        self.json.set(None);
        self.value.set(Value::Object(values));
        self.filled.update(|count| *count += 1);
    }

    /// Goes on where a draft was left.
    pub(crate) fn resume(&self, draft: FormDraft) {
        self.value.set(draft.value);
        self.typing.set(draft.typing);
        self.json.set(draft.json);
    }

    /// The form itself.
    pub(crate) fn form(&self) -> Form {
        self.form.get_value()
    }

    /// The values as they would be sent now. Tracked.
    pub(crate) fn values(&self) -> Map<String, Value> {
        let values = self.value.with(|value| value.as_object().cloned().unwrap_or_default());
        self.form.with_value(|form| tidy(&form.fields, values))
    }

    /// Everything that is wrong now. Tracked.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let json = self.json.with(|json| json.as_ref().and_then(|(_, wrong)| wrong.clone()));
        if let Some(message) = json {
            return vec![Problem { path: String::new(), message }];
        }
        let mut problems: Vec<Problem> = self.typing.with(|typing| {
            typing.iter().map(|(path, (_, message))| Problem { path: path.clone(), message: message.clone() }).collect()
        });
        let values = Value::Object(self.values());
        let checked = self.schema.with_value(|schema| schema::check(schema, &values));
        // A text that is not a value yet has said what is wrong; that it is therefore missing is no news.
        let news: Vec<Problem> =
            checked.into_iter().filter(|new| problems.iter().all(|known| known.path != new.path)).collect();
        problems.extend(news);
        problems
    }

    /// The values, if nothing is wrong; otherwise shows every problem and puts the focus on the first.
    pub(crate) fn ready(&self) -> Option<Map<String, Value>> {
        self.all.set(true);
        let problems = untrack(|| self.problems());
        if problems.is_empty() {
            return Some(untrack(|| self.values()));
        }
        focus_first_invalid();
        None
    }

    /// Replaces one value from outside, for example from an earlier result.
    fn put(&self, path: &[String], value: Option<Value>) {
        self.typing.update(|typing| {
            typing.remove(&pointer(path));
        });
        self.value.update(|root| set(root, path, value));
    }

    /// Takes a text that was typed into a field.
    fn take(&self, path: &[String], kind: &Kind, text: &str) {
        if text.is_empty() {
            return self.put(path, None);
        }
        match typed(kind, text) {
            Ok(value) => self.put(path, Some(value)),
            Err(error) => {
                self.value.update(|root| set(root, path, None));
                self.typing.update(|typing| {
                    typing.insert(pointer(path), (text.to_owned(), error.to_string()));
                });
            }
        }
    }

    /// The text a field starts with.
    fn text(&self, path: &[String]) -> String {
        let at = pointer(path);
        untrack(|| {
            self.typing
                .with(|typing| typing.get(&at).map(|(text, _)| text.clone()))
                .or_else(|| self.value.with(|root| get(root, path).map(display)))
                .unwrap_or_default()
        })
    }

    /// The value of a field. Tracked.
    fn at(&self, path: &[String]) -> Option<Value> {
        self.value.with(|root| get(root, path).cloned())
    }

    /// What to say under a field, if anything. Problems of what is inside it count, unless it is a group of fields.
    fn says(&self, problems: Memo<Vec<Problem>>, path: &[String], group: bool) -> Option<String> {
        let at = pointer(path);
        if !self.all.get() && !self.touched.with(|touched| touched.contains(&at)) {
            return None;
        }
        let inside = format!("{at}/");
        problems.with(|problems| {
            problems
                .iter()
                .find(|problem| problem.path == at || (!group && problem.path.starts_with(&inside)))
                .map(|problem| problem.message.clone())
        })
    }

    fn touch(&self, path: &[String]) {
        self.touched.update(|touched| {
            touched.insert(pointer(path));
        });
    }

    fn open_json(&self) {
        let text = serde_json::to_string_pretty(&Value::Object(untrack(|| self.values()))).unwrap_or_default();
        self.json.set(Some((text, None)));
    }

    fn take_json(&self, text: String) {
        let wrong = match serde_json::from_str::<Value>(&text) {
            Ok(value @ Value::Object(_)) => {
                self.typing.update(BTreeMap::clear);
                self.value.set(value);
                None
            }
            Ok(_) => Some("the arguments must be one JSON object, like {\"title\": \"…\"}".to_owned()),
            Err(error) => Some(format!("this is not valid JSON: {error}")),
        };
        self.json.set(Some((text, wrong)));
    }
}

/// Puts in what a form starts with: the server's defaults where they are wanted, and what is sent anyway.
fn start(fields: &[Field], values: &mut Map<String, Value>, defaults: Defaults) {
    for field in fields {
        if let Kind::Group(inner) = &field.kind {
            let entry = values.entry(field.name.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(group) = entry {
                start(inner, group, defaults);
            }
            continue;
        }
        if values.contains_key(&field.name) {
            continue;
        }
        let first = match (&field.kind, &field.default) {
            (Kind::Fixed(value), _) if field.required => Some(value.clone()),
            (_, Some(default)) if defaults == Defaults::FilledIn => Some(default.clone()),
            // A box that is there is either ticked or not.
            (Kind::Boolean, _) if field.required => Some(Value::Bool(false)),
            _ => None,
        };
        if let Some(first) = first {
            values.insert(field.name.clone(), first);
        }
    }
}

/// The values in the order of the schema, then what it does not name, without groups that hold nothing and need not
/// be there.
fn tidy(fields: &[Field], mut values: Map<String, Value>) -> Map<String, Value> {
    let mut tidied = Map::new();
    for field in fields {
        let Some(value) = values.shift_remove(&field.name) else { continue };
        let value = match (&field.kind, value) {
            (Kind::Group(inner), Value::Object(group)) => {
                let group = tidy(inner, group);
                if group.is_empty() && !field.required {
                    continue;
                }
                Value::Object(group)
            }
            (_, value) => value,
        };
        tidied.insert(field.name.clone(), value);
    }
    tidied.extend(values);
    tidied
}

fn get<'a>(root: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, key| value.get(key))
}

fn set(root: &mut Value, path: &[String], value: Option<Value>) {
    let Some((key, rest)) = path.split_first() else { return };
    if !root.is_object() {
        *root = Value::Object(Map::new());
    }
    let Value::Object(object) = root else { return };
    match (rest.is_empty(), value) {
        (true, Some(value)) => {
            object.insert(key.clone(), value);
        }
        (true, None) => {
            object.shift_remove(key);
        }
        (false, value) => set(object.entry(key.clone()).or_insert(Value::Null), rest, value),
    }
}

/// A path as a JSON Pointer (RFC 6901).
fn pointer(path: &[String]) -> String {
    path.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1"))).collect()
}

/// An id for elements that belong to a field. Ids of two forms on one page differ by the form's number.
fn element_id(form: u32, path: &[String], part: &str) -> String {
    let name: String = pointer(path)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("-{:x}", u32::from(c)) })
        .collect();
    format!("f{form}{name}{part}")
}

fn focus_first_invalid() {
    request_animation_frame(|| {
        let found = document().query_selector(".schema-form [aria-invalid=true]").ok().flatten();
        if let Some(element) =
            found.and_then(|found| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(found).ok())
        {
            // Nothing to do when it cannot take the focus: the problem is said beside it.
            let _ = element.focus();
        }
    });
}

thread_local! {
    static FORMS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// What every field of one form knows.
#[derive(Clone, Copy)]
struct Around {
    state: FormState,
    /// Everything that is wrong, found once for all fields.
    problems: Memo<Vec<Problem>>,
    offers: Signal<Vec<Offer>>,
    number: u32,
}

/// The form. It has no buttons of its own but the one that changes between fields and JSON.
#[component]
pub(crate) fn SchemaForm(
    /// What is filled in.
    state: FormState,
    /// Values of earlier results that fields can take.
    #[prop(optional, into)]
    offers: Option<Signal<Vec<Offer>>>,
) -> impl IntoView {
    let number = FORMS.with(|forms| {
        forms.set(forms.get().wrapping_add(1));
        forms.get()
    });
    let problems = Memo::new(move |_| state.problems());
    let around = Around { state, problems, offers: offers.unwrap_or_else(|| Signal::stored(Vec::new())), number };
    let as_json = Memo::new(move |_| state.json.with(Option::is_some));
    let stuck = move || state.json.with(|json| json.as_ref().is_some_and(|(_, wrong)| wrong.is_some()));
    let toggle = move |_| {
        if !as_json.get_untracked() {
            state.open_json();
        } else if !untrack(stuck) {
            state.json.set(None);
        }
    };
    view! {
        <div class="schema-form">
            {move || {
                state.filled.track();
                if as_json.get() { json_view(around) } else { fields_view(around) }
            }}
            <div class="form-foot">
                <button type="button" class="text-btn" aria-disabled=move || stuck().to_string() on:click=toggle>
                    {move || if as_json.get() { "Edit as form" } else { "Edit as JSON" }}
                </button>
                {move || stuck().then_some(view! { <small>"The form opens again when the JSON is valid."</small> })}
            </div>
        </div>
    }
}

fn json_view(around: Around) -> AnyView {
    let state = around.state;
    let text = untrack(|| state.json.with(|json| json.as_ref().map(|(text, _)| text.clone()))).unwrap_or_default();
    let id = element_id(around.number, &[], "json");
    let says = element_id(around.number, &[], "json-says");
    let problems = around.problems;
    view! {
        <div class="field">
            <label for=id.clone()>"Arguments as JSON"</label>
            <textarea
                id=id
                class="mono"
                rows="10"
                spellcheck="false"
                autocomplete="off"
                aria-describedby=says.clone()
                aria-invalid=move || problems.with(|problems| !problems.is_empty()).to_string()
                prop:value=text
                on:input=move |event| state.take_json(event_target_value(&event))
            ></textarea>
            <ul class="field-errors" id=says>
                {move || {
                    problems
                        .get()
                        .into_iter()
                        .map(|problem| view! { <li><code>{pieces(&problem.path)}</code>" "{pieces(&problem.message)}</li> })
                        .collect::<Vec<_>>()
                }}
            </ul>
        </div>
    }
    .into_any()
}

fn fields_view(around: Around) -> AnyView {
    let form = around.state.form();
    let none = form.fields.is_empty().then(|| view! { <p class="nothing">"This takes no arguments."</p> });
    let notes: Vec<AnyView> =
        form.notes.iter().map(|note| view! { <p class="field-hint">{pieces(note)}</p> }.into_any()).collect();
    let whole = move || {
        around
            .state
            .says(around.problems, &[], true)
            .map(|says| view! { <p class="field-errors" role="alert">{pieces(&says)}</p> })
    };
    view! {
        {none}
        {form.fields.into_iter().map(|field| field_view(around, field, &[])).collect::<Vec<_>>()}
        {notes}
        {whole}
    }
    .into_any()
}

/// One field with its label, hint, suggestion and error.
fn field_view(around: Around, field: Field, within: &[String]) -> AnyView {
    let state = around.state;
    let mut path = within.to_vec();
    path.push(field.name.clone());
    let ids = Ids {
        input: element_id(around.number, &path, ""),
        hint: element_id(around.number, &path, "-hint"),
        error: element_id(around.number, &path, "-error"),
    };
    let group = matches!(field.kind, Kind::Group(_));
    let says = {
        let path = path.clone();
        Memo::new(move |_| state.says(around.problems, &path, group))
    };
    let required = field.required;
    let title = pieces(&field.title);
    let mark = move || required.then(|| view! { <span class="required">" required"</span> });
    let description =
        field.description.clone().map(|text| view! { <span class="field-hint"><Visible text=text/></span> });
    let limits = limits(&field.kind).map(|text| view! { <span class="field-hint">{pieces(&text)}</span> });
    let error = {
        let id = ids.error.clone();
        move || view! { <span class="field-error" id=id.clone()>{says.get().map(|says| pieces(&says))}</span> }
    };
    let suggestion = suggestion(around, &field, &path);
    let picker = picker(around, &field, &path);
    // Several elements make up these kinds, so a legend names them instead of a label.
    let many = matches!(field.kind, Kind::Group(_) | Kind::Choices { .. } | Kind::List { .. }) || radio(&field);
    if many {
        let inner = match &field.kind {
            Kind::Group(inner) => {
                inner.clone().into_iter().map(|field| field_view(around, field, &path)).collect::<Vec<_>>().into_any()
            }
            Kind::Choices { options, .. } => choices(around, options, &path),
            Kind::List { item, .. } => list(around, item, &path, &field.title),
            Kind::Choice(options) => radios(around, options, &path, &ids),
            _ => ().into_any(),
        };
        let class = if group { "field group" } else { "field" };
        let described = format!("{} {}", ids.hint, ids.error);
        return view! {
            <fieldset class=class aria-describedby=described>
                <legend><bdi>{title}</bdi>{mark()}</legend>
                <span id=ids.hint.clone()>{description}{limits}</span>
                {inner}
                {suggestion}
                {picker}
                {error}
            </fieldset>
        }
        .into_any();
    }
    if field.kind == Kind::Boolean {
        return view! {
            <div class="field tick">
                {tick(around, &field, &path, &ids)}
                <label for=ids.input.clone()><bdi>{title}</bdi></label>
                <span id=ids.hint.clone()>{description}</span>
                {suggestion}
                {picker}
                {error}
            </div>
        }
        .into_any();
    }
    let input = input(around, &field, &path, &ids, says);
    view! {
        <div class="field">
            <label for=ids.input.clone()><bdi>{title}</bdi>{mark()}</label>
            <span id=ids.hint.clone()>{description}{limits}</span>
            {input}
            {suggestion}
            {picker}
            {error}
        </div>
    }
    .into_any()
}

/// The ids of a field's parts.
struct Ids {
    input: String,
    hint: String,
    error: String,
}

/// Few choices which are all there is are easier to compare side by side.
fn radio(field: &Field) -> bool {
    matches!(&field.kind, Kind::Choice(options) if options.len() <= 3 && field.required)
}

/// A single element to type into or to choose from.
fn input(around: Around, field: &Field, path: &[String], ids: &Ids, says: Memo<Option<String>>) -> AnyView {
    let state = around.state;
    let described = format!("{} {}", ids.hint, ids.error);
    let invalid = move || says.with(Option::is_some).to_string();
    let required = field.required.to_string();
    let id = ids.input.clone();
    let kind = field.kind.clone();
    let text = RwSignal::new(state.text(path));
    let path = path.to_vec();
    // A value that came from elsewhere (a suggestion, an earlier result) shows up in the field.
    let shown = {
        let path = path.clone();
        let kind = kind.clone();
        move || {
            let now = state.at(&path).map(|value| display(&value));
            let typed_text = text.get();
            match now {
                Some(now) if typed(&kind, &typed_text).ok().map(|value| display(&value)).as_ref() != Some(&now) => now,
                None if typed(&kind, &typed_text).is_ok() && !typed_text.is_empty() => String::new(),
                _ => typed_text,
            }
        }
    };
    let on_input = {
        let (path, kind) = (path.clone(), kind.clone());
        move |new: String| {
            text.set(new.clone());
            state.take(&path, &kind, &new);
        }
    };
    let on_blur = {
        let path = path.clone();
        move || state.touch(&path)
    };
    match &kind {
        Kind::Choice(options) => {
            let options: Vec<AnyView> = options
                .iter()
                .map(|option| {
                    let (value, title) = (display(&option.value), pieces(&option.title));
                    view! { <option value=value>{title}</option> }.into_any()
                })
                .collect();
            view! {
                <select
                    id=id
                    aria-describedby=described
                    aria-invalid=invalid
                    aria-required=required
                    prop:value=shown
                    on:change=move |event| on_input(event_target_value(&event))
                    on:blur=move |_| on_blur()
                >
                    <option value="">"Not chosen"</option>
                    {options}
                </select>
            }
            .into_any()
        }
        Kind::Fixed(value) => view! { <output id=id class="mono">{pieces(&display(value))}</output> }.into_any(),
        Kind::Raw { .. } | Kind::Text { long: true, .. } => {
            let mono = matches!(kind, Kind::Raw { .. });
            view! {
                <textarea
                    id=id
                    rows="4"
                    class:mono=mono
                    aria-describedby=described
                    aria-invalid=invalid
                    aria-required=required
                    placeholder=field.example.clone()
                    prop:value=shown
                    on:input=move |event| on_input(event_target_value(&event))
                    on:blur=move |_| on_blur()
                ></textarea>
            }
            .into_any()
        }
        _ => {
            let (input_type, mode) = match &kind {
                Kind::Number { whole: true, .. } => ("text", "numeric"),
                Kind::Number { .. } => ("text", "decimal"),
                Kind::Text { format: Some(Format::Date), .. } => ("date", "text"),
                Kind::Text { format: Some(Format::Email), .. } => ("email", "email"),
                Kind::Text { format: Some(Format::Uri), .. } => ("url", "url"),
                _ => ("text", "text"),
            };
            let placeholder = field.example.clone().or_else(|| match &kind {
                Kind::Text { format: Some(Format::DateTime), .. } => Some("2026-11-23T09:30:00Z".to_owned()),
                Kind::Text { format: Some(Format::Time), .. } => Some("09:30:00Z".to_owned()),
                _ => None,
            });
            view! {
                <input
                    id=id
                    type=input_type
                    inputmode=mode
                    autocomplete="off"
                    aria-describedby=described
                    aria-invalid=invalid
                    aria-required=required
                    placeholder=placeholder
                    prop:value=shown
                    on:input=move |event| on_input(event_target_value(&event))
                    on:blur=move |_| on_blur()
                />
            }
            .into_any()
        }
    }
}

/// A box to tick. Optional ones start as not set, are then true or false, and can be cleared.
fn tick(around: Around, field: &Field, path: &[String], ids: &Ids) -> AnyView {
    let state = around.state;
    let path = path.to_vec();
    let on = {
        let path = path.clone();
        Memo::new(move |_| state.at(&path).and_then(|value| value.as_bool()))
    };
    let clear = (!field.required).then(|| {
        let path = path.clone();
        move || {
            let path = path.clone();
            match on.get() {
                None => view! { <small>"not set"</small> }.into_any(),
                Some(_) => view! {
                    <button type="button" class="text-btn" on:click=move |_| state.put(&path, None)>"Clear"</button>
                }
                .into_any(),
            }
        }
    });
    view! {
        <input
            id=ids.input.clone()
            type="checkbox"
            aria-describedby=format!("{} {}", ids.hint, ids.error)
            prop:checked=move || on.get() == Some(true)
            on:change=move |event| state.put(&path, Some(Value::Bool(event_target_checked(&event))))
        />
        {clear}
    }
    .into_any()
}

/// One of few values.
fn radios(around: Around, options: &[schema::Opt], path: &[String], ids: &Ids) -> AnyView {
    let state = around.state;
    options
        .iter()
        .map(|option| {
            let (path, value) = (path.to_vec(), option.value.clone());
            let on = {
                let (path, value) = (path.clone(), value.clone());
                move || state.at(&path).as_ref() == Some(&value)
            };
            let about = option.description.clone().map(|text| view! { <small><Visible text=text/></small> });
            view! {
                <label class="option">
                    <input
                        type="radio"
                        name=ids.input.clone()
                        prop:checked=on
                        on:change=move |_| state.put(&path, Some(value.clone()))
                    />
                    <bdi>{pieces(&option.title)}</bdi>
                    {about}
                </label>
            }
        })
        .collect::<Vec<_>>()
        .into_any()
}

/// Any number of a few values.
fn choices(around: Around, options: &[schema::Opt], path: &[String]) -> AnyView {
    let state = around.state;
    let all: Vec<Value> = options.iter().map(|option| option.value.clone()).collect();
    options
        .iter()
        .map(|option| {
            let (path, value, all) = (path.to_vec(), option.value.clone(), all.clone());
            let chosen =
                move |path: &[String]| state.at(path).and_then(|value| value.as_array().cloned()).unwrap_or_default();
            let on = {
                let (path, value) = (path.clone(), value.clone());
                move || chosen(&path).contains(&value)
            };
            let change = move |event| {
                let mut now = untrack(|| chosen(&path));
                if event_target_checked(&event) {
                    now.push(value.clone())
                } else {
                    now.retain(|known| *known != value)
                }
                // In the order of the schema, whatever the order of the clicks.
                let now: Vec<Value> = all.iter().filter(|known| now.contains(known)).cloned().collect();
                state.put(&path, (!now.is_empty()).then_some(Value::Array(now)));
                state.touch(&path);
            };
            let about = option.description.clone().map(|text| view! { <small><Visible text=text/></small> });
            view! {
                <label class="option">
                    <input type="checkbox" prop:checked=on on:change=change/>
                    <bdi>{pieces(&option.title)}</bdi>
                    {about}
                </label>
            }
        })
        .collect::<Vec<_>>()
        .into_any()
}

/// A list of values of one kind, a line each.
fn list(around: Around, item: &Kind, path: &[String], title: &str) -> AnyView {
    let state = around.state;
    let (path, item, title) = (path.to_vec(), item.clone(), title.to_owned());
    let first = untrack(|| state.at(&path)).and_then(|value| value.as_array().cloned()).unwrap_or_default();
    let lines = RwSignal::new(
        first.iter().enumerate().map(|(id, value)| (id, RwSignal::new(display(value)))).collect::<Vec<_>>(),
    );
    let next = StoredValue::new(first.len());
    let store = StoredValue::new((path, item));
    let write = move || {
        store.with_value(|(path, item)| {
            let texts: Vec<String> =
                lines.with_untracked(|lines| lines.iter().map(|(_, text)| text.get_untracked()).collect());
            let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            let values: Result<Vec<Value>, _> = texts.iter().map(|text| typed(item, text)).collect();
            match values {
                Ok(values) if values.is_empty() => state.put(path, None),
                Ok(values) => state.put(path, Some(Value::Array(values))),
                Err(error) => {
                    state.value.update(|root| set(root, path, None));
                    state.typing.update(|typing| {
                        typing.insert(pointer(path), (texts.join("\n"), error.to_string()));
                    });
                }
            }
        });
    };
    let options: Vec<(String, String)> = store.with_value(|(_, item)| match item {
        Kind::Choice(options) => options.iter().map(|option| (display(&option.value), option.title.clone())).collect(),
        Kind::Boolean => vec![("true".to_owned(), "yes".to_owned()), ("false".to_owned(), "no".to_owned())],
        _ => Vec::new(),
    });
    let line = move |(id, text): (usize, RwSignal<String>)| {
        let title = title.clone();
        let place = move || lines.with(|lines| lines.iter().position(|(known, _)| *known == id).map_or(0, |at| at + 1));
        let label = {
            let title = title.clone();
            move || format!("{title}, item {}", place())
        };
        let remove = move |_| {
            lines.update(|lines| lines.retain(|(known, _)| *known != id));
            write();
        };
        let input = if options.is_empty() {
            view! {
                <input
                    type="text"
                    autocomplete="off"
                    aria-label=label
                    prop:value=move || text.get()
                    on:input=move |event| { text.set(event_target_value(&event)); write(); }
                    on:blur=move |_| store.with_value(|(path, _)| state.touch(path))
                />
            }
            .into_any()
        } else {
            let options: Vec<AnyView> = options
                .iter()
                .map(|(value, title)| view! { <option value=value.clone()>{pieces(title)}</option> }.into_any())
                .collect();
            view! {
                <select
                    aria-label=label
                    prop:value=move || text.get()
                    on:change=move |event| { text.set(event_target_value(&event)); write(); }
                >
                    <option value="">"Not chosen"</option>
                    {options}
                </select>
            }
            .into_any()
        };
        view! {
            <div class="list-line">
                {input}
                <button type="button" class="btn quiet" aria-label=move || format!("Remove item {}", place()) on:click=remove>"×"</button>
            </div>
        }
    };
    view! {
        <For each=move || lines.get() key=|(id, _)| *id children=line/>
        <button
            type="button"
            class="text-btn"
            on:click=move |_| {
                let id = next.get_value();
                next.set_value(id + 1);
                lines.update(|lines| lines.push((id, RwSignal::new(String::new()))));
            }
        >
            "Add item"
        </button>
    }
    .into_any()
}

/// What the server suggests: said while it stands in the field, offered while it does not.
fn suggestion(around: Around, field: &Field, path: &[String]) -> Option<AnyView> {
    let state = around.state;
    let default = field.default.clone()?;
    let path = path.to_vec();
    Some(
        (move || {
            if state.at(&path).as_ref() == Some(&default) {
                return view! { <span class="suggested">"suggested by the server"</span> }.into_any();
            }
            let (path, default) = (path.clone(), default.clone());
            let says = pieces(&format!("Use {}, suggested by the server", display(&default)));
            view! { <button type="button" class="text-btn suggested" on:click=move |_| state.put(&path, Some(default.clone()))>{says}</button> }
                .into_any()
        })
        .into_any(),
    )
}

/// Values of earlier results that fit the field. A tick is quicker made than taken from somewhere.
fn picker(around: Around, field: &Field, path: &[String]) -> Option<AnyView> {
    let takes = matches!(field.kind, Kind::Text { .. } | Kind::Number { .. } | Kind::Choice(_));
    if !takes {
        return None;
    }
    let (state, kind, path) = (around.state, field.kind.clone(), path.to_vec());
    let label = format!("Use a value from an earlier result for {}", field.title);
    let fitting = {
        let kind = kind.clone();
        Memo::new(move |_| {
            around
                .offers
                .get()
                .into_iter()
                .filter(|offer| typed(&kind, &display(&offer.offered.value)).is_ok())
                .collect::<Vec<_>>()
        })
    };
    let choose = move |event: web_sys::Event| {
        let select = event_target::<web_sys::HtmlSelectElement>(&event);
        let at: usize = select.value().parse().unwrap_or(usize::MAX);
        let value = fitting.with_untracked(|fitting| fitting.get(at).map(|offer| display(&offer.offered.value)));
        if let Some(value) = value.and_then(|text| typed(&kind, &text).ok()) {
            state.put(&path, Some(value));
        }
        // It is a list to take from, not a field: nothing stays chosen.
        select.set_value("");
    };
    Some(
        view! {
            <Show when=move || fitting.with(|fitting| !fitting.is_empty())>
                <select class="picker" aria-label=label.clone() on:change=choose.clone()>
                    <option value="">"From an earlier result…"</option>
                    {move || {
                        fitting
                            .get()
                            .iter()
                            .enumerate()
                            .map(|(at, offer)| {
                                let text: String = display(&offer.offered.value).chars().take(60).collect();
                                let says = format!("{text} ({} from {})", offer.offered.label, offer.from);
                                view! { <option value=at.to_string()>{flat(&says)}</option> }
                            })
                            .collect::<Vec<_>>()
                    }}
                </select>
            </Show>
        }
        .into_any(),
    )
}

/// A count as it is read: `20 000`.
fn grouped(count: u64) -> String {
    number(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Ranges and lengths in words.
fn limits(kind: &Kind) -> Option<String> {
    fn range(min: Option<String>, max: Option<String>, unit: &str) -> Option<String> {
        match (min, max) {
            (Some(min), Some(max)) if min == max => Some(format!("exactly {min}{unit}")),
            (Some(min), Some(max)) => Some(format!("{min} to {max}{unit}")),
            (Some(min), None) => Some(format!("at least {min}{unit}")),
            (None, Some(max)) => Some(format!("at most {max}{unit}")),
            (None, None) => None,
        }
    }
    let text = |n: &Option<u64>| n.map(grouped);
    // A length of at least one only says that the field is not empty.
    let least = |n: &Option<u64>| n.filter(|n| *n > 1).map(grouped);
    match kind {
        Kind::Text { min, max, pattern, .. } => {
            let length = range(least(min), text(max), " characters");
            let pattern = pattern.as_ref().map(|pattern| format!("pattern {pattern}, checked by the server"));
            match (length, pattern) {
                (Some(length), Some(pattern)) => Some(format!("{length}; {pattern}")),
                (length, pattern) => length.or(pattern),
            }
        }
        Kind::Number { min, max, step, .. } => {
            let range = range(min.as_ref().map(ToString::to_string), max.as_ref().map(ToString::to_string), "");
            let step = step.as_ref().map(|step| format!("in steps of {step}"));
            match (range, step) {
                (Some(range), Some(step)) => Some(format!("{range}, {step}")),
                (range, step) => range.or(step),
            }
        }
        Kind::Choices { min, max, .. } | Kind::List { min, max, .. } => range(least(min), text(max), ""),
        Kind::Raw { why } => Some(format!("{why}: type it as JSON")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn path(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "n": {"type": "integer", "minimum": 1, "default": 3},
                "loud": {"type": "boolean"},
                "to": {"type": "object", "properties": {"street": {"type": "string"}}}
            },
            "required": ["title", "loud"]
        })
    }

    #[test]
    fn defaults_are_filled_in_only_where_that_is_wanted() {
        Owner::new().with(|| {
            let state = FormState::new(&schema(), Map::new(), Defaults::FilledIn);
            assert_eq!(Value::Object(state.values()), json!({"n": 3, "loud": false}));
            let state = FormState::new(&schema(), object(json!({"n": 9})), Defaults::FilledIn);
            assert_eq!(state.values().get("n"), Some(&json!(9)));
            let state = FormState::new(&schema(), Map::new(), Defaults::Offered);
            assert_eq!(Value::Object(state.values()), json!({"loud": false}));
        });
    }

    #[test]
    fn typed_text_is_never_lost() {
        Owner::new().with(|| {
            let state = FormState::new(&schema(), Map::new(), Defaults::Offered);
            let n = schema::form_of(&schema()).fields.into_iter().find(|field| field.name == "n").unwrap();
            state.take(&path(&["n"]), &n.kind, "12x");
            assert_eq!(state.values().get("n"), None);
            assert_eq!(state.text(&path(&["n"])), "12x");
            assert!(state.problems().iter().any(|problem| problem.path == "/n" && problem.message.contains("12x")));
            state.take_json("{\"title\": ".to_owned());
            assert_eq!(state.json.get_untracked().unwrap().0, "{\"title\": ");
            assert_eq!(state.problems().len(), 1);
            state.take_json("{\"title\": \"a\", \"loud\": true, \"more\": 1}".to_owned());
            let again = FormState::new(&schema(), Map::new(), Defaults::Offered);
            again.resume(state.draft());
            assert_eq!(again.values(), state.values());
            state.json.set(None);
            assert_eq!(state.problems(), vec![]);
            assert_eq!(Value::Object(state.values()), json!({"title": "a", "loud": true, "more": 1}));
        });
    }

    #[test]
    fn values_come_in_the_order_of_the_schema_without_empty_groups() {
        Owner::new().with(|| {
            let state = FormState::new(&schema(), Map::new(), Defaults::Offered);
            let street = path(&["to", "street"]);
            state.put(&street, Some(json!("x")));
            assert_eq!(state.values().get("to"), Some(&json!({"street": "x"})));
            state.put(&street, None);
            assert_eq!(state.values().get("to"), None);
            state.put(&path(&["n"]), Some(json!(1)));
            state.put(&path(&["title"]), Some(json!("t")));
            assert_eq!(state.values().keys().collect::<Vec<_>>(), ["title", "n", "loud"]);
        });
    }

    #[test]
    fn paths_are_json_pointers_and_safe_ids() {
        assert_eq!(pointer(&path(&["a/b", "c~d"])), "/a~1b/c~0d");
        assert_eq!(element_id(1, &path(&["x y"]), "-hint"), "f1-2fx-20y-hint");
    }

    #[test]
    fn ranges_in_words() {
        let form = schema::form_of(&json!({"type": "object", "properties": {
            "a": {"type": "string", "minLength": 2, "maxLength": 5},
            "b": {"type": "integer", "minimum": 1, "maximum": 10},
            "c": {"type": "string", "minLength": 1}
        }}));
        let says: Vec<_> = form.fields.iter().map(|field| limits(&field.kind)).collect();
        assert_eq!(says, vec![Some("2 to 5 characters".to_owned()), Some("1 to 10".to_owned()), None]);
    }
}
