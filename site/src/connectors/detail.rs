//! One connector: what it is, and what each of its actions may do (screens.md e.2).

use browser::policy::{Connector, ConnectorId, SignIn};
use leptos::prelude::*;

use super::access::AccessTab;
use super::actions::Actions;
use super::changes::ChangesTab;
use super::history::HistoryTab;
use super::model_view::ModelViewTab;
use super::overview::Overview;
use crate::router::{ConnectorTab, Route, page_title};
use crate::state::use_state;
use crate::ui::{Badge, HostName, LocalMark, Monogram, Tab, Tabs};

/// The page.
#[component]
pub(crate) fn ConnectorPage(
    /// Which connector.
    id: String,
    /// Which tab.
    tab: ConnectorTab,
) -> impl IntoView {
    let app = use_state();
    let id = ConnectorId::from(id);
    let found = {
        let id = id.clone();
        Memo::new(move |_| {
            app.rulebook.with(|rulebook| {
                // Other people's drafts are not there for whoever may not know of them.
                let seen = app.ws().seen_as();
                rulebook.connector(&id).ok().filter(|one| super::list::may_know(rulebook, one, &seen)).cloned()
            })
        })
    };
    page_title(move || {
        found.with(|found| found.as_ref().map(|one| one.name.clone())).unwrap_or_else(|| "Connector".into())
    });
    view! {
        {move || match found.get() {
            None => view! {
                <div class="empty"><h1>"There is no such connector"</h1><p>"It may have been removed."</p>
                    <crate::router::Link to=Route::Connectors>"All connectors"</crate::router::Link></div>
            }.into_any(),
            Some(connector) => view! { <Heading connector/> }.into_any(),
        }}
        {
            // Built once: a switch that moves must not rebuild the page under the finger that moves it.
            let there = Memo::new(move |_| found.with(Option::is_some));
            let id = id.clone();
            move || there.get().then(|| match tab {
                ConnectorTab::Overview => view! { <Overview id=id.clone() found/> }.into_any(),
                ConnectorTab::Actions => view! { <Actions id=id.clone() found/> }.into_any(),
                ConnectorTab::Access => view! { <AccessTab id=id.clone() found/> }.into_any(),
                ConnectorTab::Changes => view! { <ChangesTab id=id.clone() found/> }.into_any(),
                ConnectorTab::ModelView => view! { <ModelViewTab id=id.clone() found/> }.into_any(),
                ConnectorTab::History => view! { <HistoryTab id=id.clone() found/> }.into_any(),
                ConnectorTab::Authentication => view! { <super::auth::Authentication id=id.clone() found/> }.into_any(),
                ConnectorTab::Apps => view! { <super::app_ui::AppUi id=id.clone() found/> }.into_any(),
            })
        }
    }
}

#[component]
fn Heading(
    /// The connector.
    connector: Connector,
) -> impl IntoView {
    let count = connector.actions().len();
    let id = connector.id.to_string();
    let custom = connector.provider == browser::policy::Provider::Custom;
    let has_apps = connector.snapshot.as_ref().is_some_and(|snapshot| !snapshot.pages.is_empty());
    let signs_in = matches!(connector.sign_in, SignIn::OAuth { .. });
    view! {
        <header class="head">
            <Monogram name=connector.name.clone() tint=connector.tint() size="big"/>
            <div class="grow">
                <h1><bdi>{connector.name.clone()}</bdi></h1>
                <p class="marks"><HostName host=connector.host.clone()/>
                    {connector.badge().map(|word| view! { <Badge word/> })}
                    {connector.is_local().then(|| view! { <LocalMark/> })}
                    <span class="small">{connector.stage.label()}</span></p>
            </div>
        </header>
        <Tabs label="Connector">
            <Tab to=Route::Connector(id.clone(), ConnectorTab::Overview)>"Overview"</Tab>
            <Tab to=Route::Connector(id.clone(), ConnectorTab::Actions)>"Actions "<span class="count">{count}</span></Tab>
            {custom.then(|| { let id = id.clone(); view! {
                <Tab to=Route::Connector(id.clone(), ConnectorTab::Access)>"Access"</Tab>
                <Tab to=Route::Connector(id, ConnectorTab::Changes)>"Changes"</Tab>
            } })}
            {signs_in.then(|| view! { <Tab to=Route::Connector(id.clone(), ConnectorTab::Authentication)>"Authentication"</Tab> })}
            {has_apps.then(|| view! { <Tab to=Route::Connector(id.clone(), ConnectorTab::Apps)>"App UI"</Tab> })}
            <Tab to=Route::Connector(id.clone(), ConnectorTab::ModelView)>"Model view"</Tab>
            <Tab to=Route::Connector(id.clone(), ConnectorTab::History)>"History"</Tab>
        </Tabs>
    }
}
