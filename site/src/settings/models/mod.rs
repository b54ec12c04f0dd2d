//! Settings, Models: language models behind an endpoint, or none.

mod built_in;
mod checks;
mod editor;

use browser::chat::model::presets;
use browser::{Keep, ModelConfig};
use leptos::prelude::*;

use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog};
use browser::chat::model::Wire;
use built_in::BuiltInModel;
use editor::Editor;

/// The page.
#[component]
pub(crate) fn Models() -> impl IntoView {
    let app = use_state();
    page_title(|| "Models".into());
    let editing = RwSignal::new(None::<ModelConfig>);
    // A key that is erased cannot be brought back, so this asks: the id and the name.
    let removing = RwSignal::new(None::<(String, String)>);
    let choose = move |id: Option<String>| {
        let ws = app.ws();
        app.run(async move { ws.choose_model(id.as_deref()).await }, |()| ());
    };
    let blank = || {
        let first = presets::ALL.first();
        ModelConfig {
            preset: first.map(|preset| preset.id.to_owned()).unwrap_or_default(),
            wire: first.map(|preset| preset.wire).unwrap_or_default(),
            base_url: first.map(|preset| preset.base_url.to_owned()).unwrap_or_default(),
            key: Some(Keep::Tab),
            ..ModelConfig::default()
        }
    };
    view! {
        <header class="head"><div class="grow"><h1>"Models"</h1>
            <p class="lead">"What answers in chats. Without a model, direct mode finds and fills the action itself; it is not a language model."</p></div></header>
        <fieldset class="rows choices" aria-label="What answers">
            <label class="row-card check"><input type="radio" name="model" prop:checked=move || app.chosen_model.get().is_none()
                on:change=move |_| choose(None)/><span class="grow"><b>"Direct mode"</b><br/><span class="small">"Nothing leaves this page except the calls you confirm."</span></span></label>
            <For each=move || app.models.get() key=|model| format!("{model:?}") let:model>
                {
                    let (id, chosen) = (model.id.clone(), model.id.clone());
                    let (edit, gone) = (model.clone(), (model.id.clone(), model.name.clone()));
                    view! {
                        <div class="row-card">
                            <label class="check grow"><input type="radio" name="model" prop:checked=move || app.chosen_model.get().as_ref() == Some(&chosen)
                                on:change=move |_| choose(Some(id.clone()))/>
                                <span class="grow"><b><bdi>{model.name.clone()}</bdi></b><br/>
                                    <span class="small"><code>{model.model.clone()}</code>" at "<span class="host">{model.base_url.clone()}</span>" · "{model.wire.name()}</span></span></label>
                            {(edit.wire != Wire::BuiltIn).then(|| view! {
                                <Button small=true look=ButtonLook::Quiet on:click=move |_| editing.set(Some(edit.clone()))>"Edit"</Button>
                            })}
                            <Button small=true look=ButtonLook::Quiet on:click=move |_| removing.set(Some(gone.clone()))>"Remove"</Button>
                        </div>
                    }
                }
            </For>
        </fieldset>
        <BuiltInModel/>
        {move || match editing.get() {
            None => view! { <Button look=ButtonLook::Primary on:click=move |_| editing.set(Some(blank()))>"Add model"</Button> }.into_any(),
            Some(config) => view! { <Editor config editing/> }.into_any(),
        }}
        {move || removing.get().map(|(id, name)| {
            let remove = move |_| {
                let (ws, id) = (app.ws(), id.clone());
                app.run(async move { ws.remove_model(&id).await }, move |()| drop(removing.try_set(None)));
            };
            view! {
                <Dialog title=format!("Remove {name}") role="alertdialog" on_close=move |()| removing.set(None)>
                    <div class="body"><p>"What this browser keeps of it is erased, its key included. Chats that it answered stay. Where it was chosen for one chat, nobody answers there until you choose; in the others the model that is chosen for all chats answers, or direct mode where none is."</p></div>
                    <footer>
                        <Button on:click=move |_| removing.set(None)>"Keep model"</Button>
                        <Button look=ButtonLook::Danger on:click=remove>"Remove model"</Button>
                    </footer>
                </Dialog>
            }
        })}
    }
}
