//! Which account of a connector is looked at and sends requests, where the person has several there.

use browser::{AccountView, ConnectionStatus};
use leptos::prelude::*;
use policy::{ConnectionId, ConnectorId};

use super::{Desk, use_desk};
use crate::connectors::ConnectionState;
use crate::state::{AppState, use_state};
use crate::ui::Field;

/// The account that is looked at: what was chosen, while it is there.
pub(super) fn looked_at(
    app: AppState,
    connector: Memo<Option<ConnectorId>>,
    chosen: RwSignal<Option<ConnectionId>>,
) -> Memo<Option<ConnectionId>> {
    Memo::new(move |_| {
        let wanted = chosen.get()?;
        app.several_accounts(&connector.get()?).into_iter().map(|one| one.id).find(|one| *one == wanted)
    })
}

/// The name of an account, where the person has several at its connector.
pub(super) fn name_of(app: AppState, connector: &ConnectorId, account: &ConnectionId) -> Option<String> {
    let accounts = untrack(|| app.several_accounts(connector));
    accounts.into_iter().find(|one| one.id == *account).map(|one| one.name)
}

/// The choice for the connector that is looked at.
#[component]
pub(super) fn AccountChoice() -> impl IntoView {
    let app = use_state();
    let desk = use_desk();
    let accounts = Memo::new(move |_| desk.connector.get().map(|id| app.several_accounts(&id)).unwrap_or_default());
    move || {
        let accounts = accounts.get();
        (!accounts.is_empty()).then(|| choice(app, desk, accounts))
    }
}

fn choice(app: AppState, desk: Desk, accounts: Vec<AccountView>) -> AnyView {
    let usual = accounts.iter().find(|one| one.usual).cloned();
    let usual_name = usual.as_ref().map(|one| one.name.clone()).unwrap_or_default();
    let usual_id = usual.map(|one| one.id);
    let help = move || match desk.account.get() {
        Some(_) => "Requests go out as it, and what is shown is its own.".to_owned(),
        None => format!("What is shown is of all of them. Requests go out as {usual_name}, the usual one."),
    };
    let status = Signal::derive(move || {
        let id = desk.account.get().or_else(|| usual_id.clone());
        id.map(|id| app.connection_as(&id)).unwrap_or(ConnectionStatus::Idle)
    });
    let options = accounts.into_iter().map(|one| {
        let (id, value) = (one.id.clone(), one.id.to_string());
        view! { <option value=value selected=move || desk.account.get().as_ref() == Some(&id)>{one.name}</option> }
    });
    let options = options.collect_view();
    let choose = move |event| {
        let value = event_target_value(&event);
        desk.chosen.set((!value.is_empty()).then(|| ConnectionId::from(value)));
    };
    view! {
        <div class="inspect-account">
            <Field label="Account" let:field>
                <select id=field.id class="input" on:change=choose>
                    <option value="" selected=move || desk.account.with(Option::is_none)>"All accounts"</option>
                    {options}
                </select>
            </Field>
            <p class="small"><bdi>{help}</bdi></p>
            <p class="small"><ConnectionState status/></p>
        </div>
    }
    .into_any()
}
