//! What a connector is called here, and what is said about it: its name and description, for whoever looks after it.

use browser::policy::{Connector, ConnectorId, Provider};
use leptos::prelude::*;

use crate::state::use_state;
use crate::ui::{Button, Field};

/// The form; absent for whoever may not change them, and for a part of the product.
#[component]
pub(super) fn Naming(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let may = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as());
            let custom = |one: &Connector| one.provider == Provider::Custom;
            let changes = |one: &Connector| me.is_ok_and(|me| book.may_control_actions(one, me).is_ok());
            found.with(|found| found.as_ref().is_some_and(|one| custom(one) && changes(one)))
        })
    });
    let (name, description) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // Also what another tab or another admin made of it.
    let kept =
        Memo::new(move |_| found.with(|found| found.as_ref().map(|one| (one.name.clone(), one.description.clone()))));
    Effect::new(move |_| {
        if let Some((called, described)) = kept.get() {
            name.set(called);
            description.set(described);
        }
    });
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (ws, name, description) = (app.ws(), name.get_untracked(), description.get_untracked());
        let work = async move { ws.rename_connector(&id.get_value(), &name, &description).await };
        app.run(work, move |()| app.tell("Name and description were saved."));
    };
    let same = move || {
        kept.with(|kept| {
            kept.as_ref().is_some_and(|(called, described)| {
                name.with(|name| name.trim() == called) && description.with(|text| text.trim() == described)
            })
        })
    };
    move || {
        may.get().then(|| view! {
            <form class="setting naming" on:submit=save>
                <h2>"Name and description"</h2>
                <p class="small">"What people here see. The host stays the server's identity."</p>
                <NameFields label="Connector name" name description/>
                <Button submit=true disabled=Signal::derive(move || same() || name.with(|name| name.trim().is_empty()))>"Save name and description"</Button>
            </form>
        })
    }
}

/// The fields for both, as long as they may be.
#[component]
pub(super) fn NameFields(
    /// What the field of the name is called.
    label: &'static str,
    /// The name.
    name: RwSignal<String>,
    /// The description.
    description: RwSignal<String>,
) -> impl IntoView {
    view! {
        <Field label=label let:field>
            <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="80"
                prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))/>
        </Field>
        <Field label="Description" optional=true let:field>
            <input id=field.id aria-describedby=field.described autocomplete="off" maxlength="500"
                prop:value=move || description.get() on:input=move |event| description.set(event_target_value(&event))/>
        </Field>
    }
}
