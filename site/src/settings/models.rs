//! Settings, Models: language models behind an OpenAI-compatible wire, or none.

use browser::{Keep, ModelConfig};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::connectors::new::{KeepChoice, sentence};
use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Field, Working};

/// The page.
#[component]
pub(crate) fn Models() -> impl IntoView {
    let app = use_state();
    page_title(|| "Models".into());
    let editing = RwSignal::new(None::<ModelConfig>);
    let choose = move |id: Option<String>| {
        let ws = app.ws();
        app.run(async move { ws.choose_model(id.as_deref()).await }, |()| ());
    };
    let blank = || ModelConfig {
        id: String::new(),
        name: String::new(),
        base_url: String::new(),
        model: String::new(),
        context: None,
        key: Some(Keep::Tab),
    };
    view! {
        <header class="head"><div class="grow"><h1>"Models"</h1>
            <p class="lead">"What answers in chats. Without a model, direct mode finds and fills the action itself; it is not a language model."</p></div></header>
        <fieldset class="rows choices" aria-label="What answers">
            <label class="row-card check"><input type="radio" name="model" prop:checked=move || app.chosen_model.get().is_none()
                on:change=move |_| choose(None)/><span class="grow"><b>"Direct mode"</b><br/><span class="small">"Nothing leaves this page except the calls you confirm."</span></span></label>
            <For each=move || app.models.get() key=|model| (model.id.clone(), model.name.clone(), model.base_url.clone(), model.model.clone()) let:model>
                {
                    let (id, chosen) = (model.id.clone(), model.id.clone());
                    let (edit, remove) = (model.clone(), model.id.clone());
                    view! {
                        <div class="row-card">
                            <label class="check grow"><input type="radio" name="model" prop:checked=move || app.chosen_model.get().as_ref() == Some(&chosen)
                                on:change=move |_| choose(Some(id.clone()))/>
                                <span class="grow"><b><bdi>{model.name.clone()}</bdi></b><br/>
                                    <span class="small"><code>{model.model.clone()}</code>" at "<span class="host">{model.base_url.clone()}</span></span></span></label>
                            <Button small=true look=ButtonLook::Quiet on:click=move |_| editing.set(Some(edit.clone()))>"Edit"</Button>
                            <Button small=true look=ButtonLook::Quiet on:click=move |_| {
                                let (ws, id) = (app.ws(), remove.clone());
                                app.run(async move { ws.remove_model(&id).await }, |()| ());
                            }>"Remove"</Button>
                        </div>
                    }
                }
            </For>
        </fieldset>
        {move || match editing.get() {
            None => view! { <Button look=ButtonLook::Primary on:click=move |_| editing.set(Some(blank()))>"Add model"</Button> }.into_any(),
            Some(config) => view! { <Editor config editing/> }.into_any(),
        }}
    }
}

/// The form of one model.
#[component]
fn Editor(
    /// What is being edited; without an id it is new.
    config: ModelConfig,
    /// Cleared when the form is done.
    editing: RwSignal<Option<ModelConfig>>,
) -> impl IntoView {
    let app = use_state();
    let is_new = config.id.is_empty();
    let id = StoredValue::new(config.id.clone());
    let had_key = config.key.is_some() && !is_new;
    let name = RwSignal::new(config.name);
    let base_url = RwSignal::new(config.base_url);
    let model = RwSignal::new(config.model);
    let key = RwSignal::new(String::new());
    let keep = RwSignal::new(config.key.unwrap_or_default());
    let context = RwSignal::new(config.context.map(|size| size.to_string()).unwrap_or_default());
    let offered = RwSignal::new(Vec::<String>::new());
    let testing = RwSignal::new(false);
    let said = RwSignal::new(None::<Result<String, (String, Option<String>)>>);

    let url_problem = Signal::derive(move || {
        let url = base_url.get();
        let fits = url.is_empty() || url.starts_with("https://") || url.starts_with("http://");
        (!fits).then(|| "Use an address that begins with https:// (or http:// for a model on this machine).".to_owned())
    });
    let context_problem = Signal::derive(move || {
        let text = context.get();
        (!text.trim().is_empty() && text.trim().parse::<u32>().is_err())
            .then(|| "Use a whole number of tokens.".to_owned())
    });
    let ready = Signal::derive(move || {
        !base_url.get().trim().is_empty()
            && !model.get().trim().is_empty()
            && url_problem.get().is_none()
            && context_problem.get().is_none()
    });
    let current = move || ModelConfig {
        id: id.get_value(),
        name: match name.get_untracked().trim() {
            "" => model.get_untracked().trim().to_owned(),
            name => name.to_owned(),
        },
        base_url: base_url.get_untracked().trim().trim_end_matches('/').to_owned(),
        model: model.get_untracked().trim().to_owned(),
        context: context.get_untracked().trim().parse().ok(),
        key: (had_key || !key.get_untracked().is_empty()).then(|| keep.get_untracked()),
    };
    let typed_key = move || Some(key.get_untracked()).filter(|key| !key.is_empty());
    let test = move || {
        testing.set(true);
        said.set(None);
        let ws = app.ws();
        spawn_local(async move {
            let found = ws.test_model(&current(), typed_key().as_deref()).await;
            testing.try_set(false);
            said.try_set(Some(match found {
                Ok(test) => Ok(format!("It answered “{}” in {:.1} s.", test.answer, test.took as f64 / 1000.0)),
                Err(why) => Err((why.message, why.hint)),
            }));
        });
    };
    let ask_names = move || {
        if base_url.get_untracked().trim().is_empty() || url_problem.get_untracked().is_some() {
            return;
        }
        let ws = app.ws();
        spawn_local(async move {
            // Only a convenience: a provider without a list leaves the field as it is.
            let names = ws.list_models(&current().base_url, typed_key().as_deref()).await.unwrap_or_default();
            offered.try_set(names);
        });
    };
    let save = move || {
        let ws = app.ws();
        let (config, key) = (current(), typed_key());
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
            if ready.get_untracked() {
                save();
            }
        }>
            <h2>{if is_new { "Add model" } else { "Edit model" }}</h2>
            <Field label="Name" optional=true let:field>
                <input id=field.id aria-describedby=field.described autocomplete="off" prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))/>
            </Field>
            <Field label="Base URL" help="The address of an OpenAI-compatible server, up to and with /v1." problem=url_problem let:field>
                <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" inputmode="url"
                    placeholder="http://localhost:11434/v1" prop:value=move || base_url.get()
                    on:input=move |event| base_url.set(event_target_value(&event)) on:change=move |_| ask_names()/>
            </Field>
            <Field label="Key" optional=true help=if had_key { "A key is kept. Leave this empty to keep using it." } else { "It is sent to this address only, and never shown again." } let:field>
                <input id=field.id aria-describedby=field.described class="mono" type="password" autocomplete="off" spellcheck="false"
                    prop:value=move || key.get() on:input=move |event| key.set(event_target_value(&event)) on:change=move |_| ask_names()/>
            </Field>
            {move || (had_key || !key.get().is_empty()).then(|| view! { <KeepChoice keep/> })}
            <Field label="Model" help="The model's name at the provider." let:field>
                <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" list="model-names"
                    prop:value=move || model.get() on:input=move |event| model.set(event_target_value(&event))/>
            </Field>
            <datalist id="model-names">{move || offered.get().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}</datalist>
            <Field label="Context size in tokens" optional=true problem=context_problem let:field>
                <input id=field.id aria-describedby=field.described inputmode="numeric" autocomplete="off" prop:value=move || context.get()
                    on:input=move |event| context.set(event_target_value(&event))/>
            </Field>
            <p class="small">"What you type in a chat, the actions' descriptions and their results are sent to this address. Whoever runs it can read them."</p>
            <div class="row">
                <Button look=ButtonLook::Primary submit=true disabled=Signal::derive(move || !ready.get())>"Save"</Button>
                <Button disabled=Signal::derive(move || !ready.get() || testing.get()) on:click=move |_| test()>"Test"</Button>
                <Button look=ButtonLook::Quiet on:click=move |_| editing.set(None)>"Cancel"</Button>
                {move || testing.get().then(|| view! { <Working what="waiting for its answer"/> })}
            </div>
            <div aria-live="polite">{move || said.get().map(|said| match said {
                Ok(words) => view! { <div class="note ok"><bdi>{words}</bdi></div> }.into_any(),
                Err((why, next)) => view! { <div class="note danger"><span class="grow"><bdi>{sentence(&why)}</bdi>" "{next.map(|next| view! { <bdi>{sentence(&next)}</bdi> })}</span></div> }.into_any(),
            })}</div>
        </form>
    }
}
