//! The model that this browser has built in, offered where it has one.

use browser::ModelConfig;
use browser::built_in::{BuiltIn, availability, download};
use browser::chat::model::Wire;
use browser::chat::model::built_in::{CONTEXT, PLACE};
use leptos::prelude::*;

use crate::state::use_state;
use crate::ui::{Button, ButtonLook};

/// The offer; nothing where there is no such model, or it is among the models already.
#[component]
pub(super) fn BuiltInModel() -> impl IntoView {
    let app = use_state();
    let found = LocalResource::new(availability);
    let share = RwSignal::new(None::<f64>);
    let known = Memo::new(move |_| app.models.with(|models| models.iter().any(|model| model.wire == Wire::BuiltIn)));
    let take = move || {
        let ws = app.ws();
        let config = ModelConfig {
            name: "This browser's model".to_owned(),
            model: "built-in".to_owned(),
            wire: Wire::BuiltIn,
            base_url: PLACE.to_owned(),
            context: Some(CONTEXT),
            ..ModelConfig::default()
        };
        app.run(
            async move {
                let id = ws.save_model(config, None).await?;
                ws.choose_model(Some(&id)).await
            },
            |()| (),
        );
    };
    let fetch = move || {
        share.set(Some(0.0));
        app.run(
            async move {
                let done = download(move |loaded| {
                    let _ = share.try_set(Some(loaded));
                })
                .await;
                let _ = share.try_set(None);
                done
            },
            move |()| take(),
        );
    };
    let act = move |state: BuiltIn| match (share.get(), state) {
        (Some(loaded), _) => view! {
            <span role="status">{format!("Downloading, {} %", (loaded * 100.0).round())}</span>
        }
        .into_any(),
        (None, BuiltIn::Ready) => {
            view! { <Button look=ButtonLook::Primary on:click=move |_| take()>"Use this browser's model"</Button> }
                .into_any()
        }
        (None, BuiltIn::Downloadable | BuiltIn::Downloading) => view! {
            <Button on:click=move |_| fetch()>"Download this browser's model"</Button>
        }
        .into_any(),
    };
    move || {
        let state = found.get().flatten().filter(|_| !known.get())?;
        let more =
            (state != BuiltIn::Ready).then_some(" It has to be downloaded first, which can be several gigabytes.");
        Some(view! {
            <section class="row-card" role="group" aria-label="This browser's model">
                <div class="grow"><b>"This browser has a model of its own"</b>
                    <p class="small">"It runs on this device, so nothing you type leaves it. It only writes: it is offered no connectors and calls no actions."{more}</p></div>
                {move || act(state)}
            </section>
        })
    }
}
