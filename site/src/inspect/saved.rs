//! Requests that a person keeps to make them again.

use browser::SavedRequest;
use leptos::prelude::*;
use policy::ConnectorId;
use serde_json::Value;

use crate::state::use_state;
use crate::ui::{Button, Field};

/// The kept requests of a connection, and a name for the one in the form.
#[component]
pub(super) fn Saved(
    /// Whose.
    id: ConnectorId,
    /// The request in the form, if it is filled in: its method and parameters.
    current: Callback<(), Option<(String, Value)>>,
    /// Fills a request in, and makes it at once if that is wanted.
    made: Callback<(SavedRequest, bool)>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let name = RwSignal::new(String::new());
    let saved = RwSignal::new(Vec::<SavedRequest>::new());
    let read = move || {
        let ws = app.ws();
        app.run(async move { ws.saved_requests().await }, move |mut found| {
            let _ = id.try_with_value(|id| found.retain(|one| one.connector == *id));
            let _ = saved.try_set(found);
        });
    };
    read();
    let save = move |_| {
        let Some((method, params)) = current.run(()) else { return };
        let (ws, called) = (app.ws(), name.get_untracked());
        app.run(async move { ws.save_request(&called, &id.get_value(), &method, params).await }, move |()| {
            let _ = name.try_set(String::new());
            read();
        });
    };
    let delete = move |one: String| {
        let ws = app.ws();
        app.run(async move { ws.delete_request(&one).await }, move |()| read());
    };
    let row = move |one: SavedRequest| {
        let (title, gone) = (one.name.clone(), one.id.clone());
        let (fill, run) = (one.clone(), one.clone());
        let label = move |verb: &str| format!("{verb} request {title}");
        let (run_label, fill_label, delete_label) = (label("Run"), label("Fill in"), label("Delete"));
        view! {
            <li class="row-card"><div class="grow"><h4><bdi>{one.name.clone()}</bdi></h4>
                <p class="small mono"><bdi>{about(&one)}</bdi></p></div>
                <Button small=true attr:aria-label=run_label on:click=move |_| made.run((run.clone(), true))>"Run request"</Button>
                <Button small=true attr:aria-label=fill_label on:click=move |_| made.run((fill.clone(), false))>"Fill in"</Button>
                <Button small=true attr:aria-label=delete_label on:click=move |_| delete(gone.clone())>"Delete"</Button>
            </li>
        }
    };
    view! {
        <section class="saved" aria-label="Saved requests">
            <h3>"Saved requests"</h3>
            <div class="row saved-form">
                <Field label="Name of the request" let:field>
                    <input class="input" id=field.id autocomplete="off" prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))/>
                </Field>
                <Button on:click=save>"Save request"</Button>
            </div>
            {move || if saved.with(Vec::is_empty) {
                view! { <p class="none">"None is saved for this connection."</p> }.into_any()
            } else {
                view! { <ul class="rows"><For each=move || saved.get() key=|one| one.id.clone() children=row/></ul> }.into_any()
            }}
        </section>
    }
}

fn about(one: &SavedRequest) -> String {
    let member = |path: &str| one.params.pointer(path).and_then(Value::as_str);
    let of = member("/name").or_else(|| member("/uri")).or_else(|| member("/ref/name")).or_else(|| member("/ref/uri"));
    match of {
        Some(of) => format!("{} {of}", one.method),
        None => one.method.clone(),
    }
}
