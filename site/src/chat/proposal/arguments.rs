//! What an action was run with before, under a name: taken into the form, kept from it, or forgotten. On this device.

use browser::ArgumentSet;
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::ConnectorId;

use crate::state::{sentence, use_state};
use crate::ui::form::FormState;
use crate::ui::{Button, IconButton, IconName};

/// The sets of one action, below its form.
#[component]
pub(super) fn ArgumentSets(connector: ConnectorId, action: String, form: FormState) -> impl IntoView {
    let state = use_state();
    let of = StoredValue::new((connector, action));
    let sets = RwSignal::new(Vec::<ArgumentSet>::new());
    let name = RwSignal::new(String::new());
    let says = RwSignal::new(None::<String>);
    let read = Callback::new(move |()| {
        let (ws, (connector, action)) = (state.ws(), of.get_value());
        spawn_local(async move {
            if let Ok(found) = ws.argument_sets(&connector, &action).await {
                let _ = sets.try_set(found);
            }
        });
    });
    read.run(());
    let keep = Callback::new(move |()| {
        let (ws, (connector, action)) = (state.ws(), of.get_value());
        let set = ArgumentSet { name: name.get_untracked(), values: untrack(|| form.values()) };
        spawn_local(async move {
            let kept = ws.keep_arguments(&connector, &action, set).await;
            let told = match kept {
                Ok(left_out) if left_out.is_empty() => "Kept on this device.".to_owned(),
                Ok(left_out) => {
                    format!("Kept on this device without {}: that looks like a secret.", left_out.join(", "))
                }
                Err(error) => {
                    let _ = says.try_set(Some(sentence(&error)));
                    return;
                }
            };
            let _ = says.try_set(Some(told));
            let _ = name.try_set(String::new());
            read.run(());
        });
    });
    let forget = move |gone: String| {
        let (ws, (connector, action)) = (state.ws(), of.get_value());
        state.run(async move { ws.forget_arguments(&connector, &action, &gone).await }, move |()| {
            says.set(None);
            read.run(());
        });
    };
    let row = move |set: ArgumentSet| {
        let (values, gone, label) = (set.values, set.name.clone(), format!("Forget {}", set.name));
        view! {
            <li class="set">
                <Button small=true on:click=move |_| form.fill(values.clone())><bdi>{set.name}</bdi></Button>
                <IconButton small=true label=label icon=IconName::Close on:click=move |_| forget(gone.clone())/>
            </li>
        }
    };
    let empty = Signal::derive(move || name.with(|name| name.trim().is_empty()));
    view! {
        <details class="saved">
            <summary>{move || match sets.with(Vec::len) {
                0 => "Save these values".to_owned(),
                count => format!("Saved values ({count})"),
            }}</summary>
            <ul class="plain row" aria-label="Saved values">{move || sets.get().into_iter().map(row).collect_view()}</ul>
            <div class="set">
                <input class="input" aria-label="Name for these values" placeholder="Name for these values" maxlength="60" autocomplete="off"
                    prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))
                    on:keydown=move |event| if event.key() == "Enter" {
                        // The name stands in the form of the action; Enter in it keeps, and runs nothing.
                        event.prevent_default();
                        if !empty.get_untracked() {
                            keep.run(());
                        }
                    }/>
                <Button small=true disabled=empty on:click=move |_| keep.run(())>"Save values"</Button>
            </div>
            <p class="small" role="status">{move || says.get()}</p>
        </details>
    }
}
