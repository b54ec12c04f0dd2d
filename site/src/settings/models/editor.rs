//! The form of one model: who provides it, where, with which key, and whether it works.

use browser::chat::model::listing::Listed;
use browser::chat::model::presets::{self, CUSTOM, Key, Preset};
use browser::chat::model::{Effort, Wire};
use browser::{ModelCheck, ModelConfig};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::checks::{Checks, summary};
use crate::connectors::new::KeepChoice;
use crate::sign_in::{Flow, SigningIn};
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Field, Working};

/// What is typed so far. Copy.
#[derive(Clone, Copy)]
struct Form {
    preset: RwSignal<String>,
    name: RwSignal<String>,
    wire: RwSignal<Wire>,
    base_url: RwSignal<String>,
    model: RwSignal<String>,
    key: RwSignal<String>,
    /// A key that was made by signing in. It is in no field, so in no page.
    made: RwSignal<Option<String>>,
    context: RwSignal<String>,
    effort: RwSignal<Option<Effort>>,
}

impl Form {
    fn preset(self) -> Option<&'static Preset> {
        self.preset.with(|id| presets::of(id))
    }

    /// Takes over what a provider brings along. What was typed for another one goes.
    fn choose(self, id: &str) {
        let Some(preset) = presets::of(id) else { return };
        self.preset.set(id.to_owned());
        self.wire.set(preset.wire);
        self.base_url.set(preset.base_url.to_owned());
        self.model.set(String::new());
        self.made.set(None);
    }

    fn url_problem(self) -> Option<String> {
        let url = self.base_url.get();
        let fits = url.is_empty() || url.starts_with("https://") || url.starts_with("http://");
        (!fits).then(|| "Use an address that begins with https:// (or http:// for a model on this machine).".to_owned())
    }

    fn context_problem(self) -> Option<String> {
        let text = self.context.get();
        (!text.trim().is_empty() && text.trim().parse::<u32>().is_err())
            .then(|| "Use a whole number of tokens.".to_owned())
    }

    fn is_ready(self) -> bool {
        !self.base_url.get().trim().is_empty()
            && !self.model.get().trim().is_empty()
            && self.url_problem().is_none()
            && self.context_problem().is_none()
    }

    fn new_key(self) -> Option<String> {
        let typed = Some(self.key.get_untracked()).filter(|key| !key.trim().is_empty());
        typed.or_else(|| self.made.get_untracked())
    }
}

/// The form of one model.
#[component]
pub(super) fn Editor(
    /// What is being edited; without an id it is new.
    config: ModelConfig,
    /// Cleared when the form is done.
    editing: RwSignal<Option<ModelConfig>>,
) -> impl IntoView {
    let app = use_state();
    let is_new = config.id.is_empty();
    let id = StoredValue::new(config.id.clone());
    let kept = StoredValue::new((config.key.is_some() && !is_new).then(|| config.base_url.clone()));
    let had_key = kept.with_value(Option::is_some);
    let keep = RwSignal::new(config.key.unwrap_or_default());
    let form = Form {
        preset: RwSignal::new(if config.preset.is_empty() { CUSTOM.to_owned() } else { config.preset }),
        name: RwSignal::new(config.name),
        wire: RwSignal::new(config.wire),
        base_url: RwSignal::new(config.base_url),
        model: RwSignal::new(config.model),
        key: RwSignal::new(String::new()),
        made: RwSignal::new(None),
        context: RwSignal::new(config.context.map(|size| size.to_string()).unwrap_or_default()),
        effort: RwSignal::new(config.effort),
    };
    let has_new_key = move || !form.key.with(String::is_empty) || form.made.with(Option::is_some);
    let current = move || ModelConfig {
        id: id.get_value(),
        name: match form.name.get_untracked().trim() {
            "" => form.model.get_untracked().trim().to_owned(),
            name => name.to_owned(),
        },
        preset: form.preset.get_untracked(),
        wire: form.wire.get_untracked(),
        base_url: form.base_url.get_untracked().trim().trim_end_matches('/').to_owned(),
        model: form.model.get_untracked().trim().to_owned(),
        context: form.context.get_untracked().trim().parse().ok(),
        effort: form.effort.get_untracked(),
        key: (had_key || form.new_key().is_some()).then(|| keep.get_untracked()),
    };
    // A changed address takes its key along into nothing (X130), and says so before it happens.
    let loses_key = move || {
        let old = kept.get_value().filter(|old| form.base_url.with(|now| now.trim().trim_end_matches('/') != old))?;
        (!has_new_key()).then_some(old)
    };
    let offered = RwSignal::new(Vec::<Listed>::new());
    let ask_names = move || {
        offered.set(Vec::new());
        if form.base_url.get_untracked().trim().is_empty() || untrack(move || form.url_problem()).is_some() {
            return;
        }
        let ws = app.ws();
        spawn_local(async move {
            // Only a convenience: a provider without a list leaves the field as it is.
            let names = ws.list_models(&current(), form.new_key().as_deref()).await.unwrap_or_default();
            offered.try_set(names);
        });
    };
    let chose_model = move || {
        let known = offered.with_untracked(|list| {
            list.iter().find(|one| form.model.with_untracked(|model| *model == one.name)).and_then(|one| one.context)
        });
        if let Some(context) = known.filter(|_| form.context.with_untracked(|text| text.trim().is_empty())) {
            form.context.set(context.to_string());
        }
    };
    let save = move || {
        let ws = app.ws();
        let (config, key) = (current(), form.new_key());
        app.run(
            async move {
                let id = ws.save_model(config, key).await?;
                if is_new { ws.choose_model(Some(&id)).await } else { Ok(()) }
            },
            move |()| editing.set(None),
        );
    };
    view! {
        <form class="editor" aria-label=if is_new { "Add model" } else { "Edit model" } on:submit=move |event| {
            event.prevent_default();
            if untrack(move || form.is_ready()) {
                save();
            }
        }>
            <h2>{if is_new { "Add model" } else { "Edit model" }}</h2>
            <Field label="Provider" let:field>
                <select id=field.id aria-describedby=field.described on:change=move |event| {
                    form.choose(&event_target_value(&event));
                    ask_names();
                }>
                    {presets::ALL.iter().map(|preset| view! {
                        <option value=preset.id selected=move || form.preset.with(|id| id == preset.id)>{preset.name}</option>
                    }).collect_view()}
                </select>
            </Field>
            <Field label="Name" optional=true help="What it is called here. Without one, the model's own name." let:field>
                <input id=field.id aria-describedby=field.described autocomplete="off" prop:value=move || form.name.get()
                    on:input=move |event| form.name.set(event_target_value(&event))/>
            </Field>
            <Field label="Base URL" help="The address that the paths of the endpoint follow." problem=Signal::derive(move || form.url_problem()) let:field>
                <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" inputmode="url"
                    placeholder="https://models.example.com/v1" prop:value=move || form.base_url.get()
                    on:input=move |event| form.base_url.set(event_target_value(&event)) on:change=move |_| ask_names()/>
            </Field>
            {move || loses_key().map(|old| view! {
                <div class="note warn" role="status"><span class="grow">"The key that is kept belongs to "<b class="host"><bdi>{old}</bdi></b>
                    ". Saving with another address deletes it: enter the key of the new one."</span></div>
            })}
            <MakeKey form on_made=Callback::new(move |()| ask_names())/>
            <Field label="Key" optional=true help=if had_key { "A key is kept. Leave this empty to keep using it." } else { "It is sent to this address only, and never shown again." } let:field>
                <input id=field.id aria-describedby=field.described class="mono" type="password" autocomplete="off" spellcheck="false"
                    prop:value=move || form.key.get() on:input=move |event| form.key.set(event_target_value(&event)) on:change=move |_| ask_names()/>
            </Field>
            {move || (had_key || has_new_key()).then(|| view! { <KeepChoice keep/> })}
            <Field label="Model" help="The model's name at the provider." let:field>
                <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" list="model-names"
                    prop:value=move || form.model.get() on:input=move |event| form.model.set(event_target_value(&event)) on:change=move |_| chose_model()/>
            </Field>
            <datalist id="model-names">{move || offered.get().into_iter().map(|one| view! { <option value=one.name></option> }).collect_view()}</datalist>
            // Its line is there before it has a text: what is below must not move while somebody presses it.
            <p class="small" role="status">{move || match offered.with(Vec::len) {
                0 => "\u{a0}".to_owned(),
                1 => "This endpoint lists 1 model.".to_owned(),
                count => format!("This endpoint lists {count} models; the field suggests them."),
            }}</p>
            <Field label="Context size in tokens" optional=true problem=Signal::derive(move || form.context_problem()) let:field>
                <input id=field.id aria-describedby=field.described inputmode="numeric" autocomplete="off" prop:value=move || form.context.get()
                    on:input=move |event| form.context.set(event_target_value(&event))/>
            </Field>
            <Ways form/>
            <p class="small">"What you type in a chat, the actions' descriptions and their results are sent to this address. Whoever runs it can read them."</p>
            <TestModel form current=Callback::new(move |()| current()) save_disabled=Signal::derive(move || !form.is_ready()) on_cancel=Callback::new(move |()| editing.set(None))/>
        </form>
    }
}

/// Where a key comes from: a page of the provider, or a sign-in.
#[component]
fn MakeKey(
    /// The form.
    form: Form,
    /// Told when there is a new key.
    on_made: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let flow = Flow::new();
    let sign_in = move |_| {
        let (ws, base_url) = (app.ws(), form.base_url.get_untracked());
        form.made.set(None);
        flow.begin(
            move |visit| async move {
                let key = ws.sign_in_model(&base_url, &visit).await?;
                form.made.try_set(Some(key));
                Ok(())
            },
            move |ended| match ended {
                Ok(()) => on_made.run(()),
                Err(error) => app.tell_error(&error),
            },
        );
    };
    move || {
        let key = form.preset().map_or(Key::Optional, |preset| preset.key);
        let page = |page: &'static str| {
            let host = page.trim_start_matches("https://").split('/').next().unwrap_or_default();
            view! { <p class="small">"A key is made at "<a href=page target="_blank" rel="noopener noreferrer">{host}</a>"."</p> }
        };
        match key {
            Key::Optional => ().into_any(),
            Key::At(at) => page(at).into_any(),
            Key::SignIn(at) => view! {
                <div class="row">
                    <Button look=ButtonLook::Primary disabled=Signal::derive(move || flow.is_busy()) on:click=sign_in>"Sign in to make a key"</Button>
                    {move || form.made.with(Option::is_some).then(|| view! { <span class="small" role="status">"Signed in. The key is kept when you save."</span> })}
                </div>
                <SigningIn flow/>
                {page(at)}
            }
            .into_any(),
        }
    }
}

/// What the endpoint speaks, and how much the model is to think.
#[component]
fn Ways(
    /// The form.
    form: Form,
) -> impl IntoView {
    let efforts = [
        (None, "As the model does by itself"),
        (Some(Effort::Low), "A little"),
        (Some(Effort::Medium), "Some"),
        (Some(Effort::High), "A lot"),
    ];
    view! {
        <Field label="Kind of endpoint" help="What it speaks. A provider of the list brings the right one along." let:field>
            <select id=field.id aria-describedby=field.described on:change=move |event| {
                let chosen = event_target_value(&event);
                if let Some(wire) = Wire::ALL.into_iter().find(|wire| wire.name() == chosen) {
                    form.wire.set(wire);
                }
            }>
                {Wire::ALL.into_iter().map(|wire| view! {
                    <option value=wire.name() selected=move || form.wire.get() == wire>{wire.name()}</option>
                }).collect_view()}
            </select>
        </Field>
        <Field label="Thinking" help="Where the model can be told. It costs tokens and time." let:field>
            <select id=field.id aria-describedby=field.described on:change=move |event| {
                let chosen = event_target_value(&event);
                form.effort.set(efforts.iter().find(|(_, words)| *words == chosen).and_then(|(effort, _)| *effort));
            }>
                {efforts.into_iter().map(|(effort, words)| view! {
                    <option value=words selected=move || form.effort.get() == effort>{words}</option>
                }).collect_view()}
            </select>
        </Field>
    }
}

/// The buttons of the form, and what the test found.
#[component]
fn TestModel(
    /// The form.
    form: Form,
    /// The configuration as it is typed now.
    current: Callback<(), ModelConfig>,
    /// Whether something is missing.
    save_disabled: Signal<bool>,
    /// Leaves the form.
    on_cancel: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let testing = RwSignal::new(false);
    let checks = RwSignal::new(None::<Vec<ModelCheck>>);
    let test = move |_| {
        testing.set(true);
        checks.set(Some(Vec::new()));
        let ws = app.ws();
        spawn_local(async move {
            let on_check = move |check: &ModelCheck| {
                let _ = checks.try_update(|checks| checks.get_or_insert_default().push(check.clone()));
            };
            let found = ws.test_model(&current.run(()), form.new_key().as_deref(), on_check).await;
            let _ = testing.try_set(false);
            app.announce(summary(&found));
        });
    };
    let over = move || !testing.get() && checks.with(Option::is_some);
    view! {
        <div class="row">
            <Button look=ButtonLook::Primary submit=true disabled=save_disabled>"Save model"</Button>
            <Button disabled=Signal::derive(move || save_disabled.get() || testing.get()) on:click=test>"Test model"</Button>
            <Button look=ButtonLook::Quiet on:click=move |_| on_cancel.run(())>"Leave without saving"</Button>
            {move || testing.get().then(|| view! { <Working what="waiting for its answer"/> })}
        </div>
        {move || checks.get().map(|checks| view! { <Checks checks/> })}
        {move || over().then(|| view! { <p class="doctor-says"><b>{checks.with(|checks| summary(checks.as_deref().unwrap_or_default()))}</b></p> })}
    }
}
