//! The pages that a connector's actions are shown with: what was approved, what the server has now, and a look at each in
//! its sandbox (screens.md e.2; X48).

use browser::mcp::apps::Sources;
use browser::policy::diff::PageStep;
use browser::policy::publish::Accepted;
use browser::policy::{AppPage, Connector, ConnectorId};
use browser::workspace::apps::AppOf;
use leptos::prelude::*;
use serde_json::json;

use super::difference::Says;
use crate::apps::Order;
use browser::mcp::apps::Permission;

use crate::apps::words::{granted, permissions};
use crate::lazy;
use crate::results::Visible;
use crate::state::{sentence, use_state};
use crate::ui::{Button, Switch, Working};

/// The tab.
#[component]
pub(crate) fn AppUi(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let state = use_state();
    let looked = {
        let id = id.clone();
        LocalResource::new(move || {
            let (ws, id) = (state.ws(), id.clone());
            async move { ws.look_at_apps(&id).await.err() }
        })
    };
    let pages = Memo::new(move |_| {
        found
            .with(|found| found.as_ref().and_then(|one| one.snapshot.as_ref()).map(|snapshot| snapshot.pages.clone()))
            .unwrap_or_default()
    });
    let id = StoredValue::new(id);
    view! {
        <p>"Pages of the server, shown beside the results of its actions. Each runs in a frame of its own, without access to this page, and only as it was approved."</p>
        {move || match looked.get() {
            None => view! { <Working what="Reading the pages of the server"/> }.into_any(),
            Some(Some(error)) => view! { <div class="note"><span class="grow">{sentence(&error)}</span></div> }.into_any(),
            Some(None) => ().into_any(),
        }}
        {move || pages.get().into_iter().map(|page| {
            // Asked again when the server was looked at; the card itself stays as it is.
            let uri = page.uri.clone();
            let now = Signal::derive_local(move || {
                looked.track();
                state.ws().app_page_now(&id.get_value(), &uri)
            });
            view! { <PageCard id=id.get_value() found page now/> }
        }).collect_view()}
    }
}

/// One page.
#[component]
fn PageCard(
    /// The connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
    /// What was approved.
    page: AppPage,
    /// What the server has now, where it was read.
    now: Signal<Option<AppPage>, LocalStorage>,
) -> impl IntoView {
    let preview = RwSignal::new(false);
    let uri = page.uri.clone();
    let action = page.actions.first().cloned().unwrap_or_default();
    let (name, host) = found
        .with_untracked(|found| found.as_ref().map(|one| (one.name.clone(), one.host.clone())).unwrap_or_default());
    let change = StoredValue::new(id.clone());
    let changed = {
        let (page, host) = (page.clone(), host.clone());
        move || {
            now.get()
                .filter(|now| !page.is_same(now))
                .map(|now| view! { <Change id=change.get_value() before=page.clone() now host=host.clone()/> })
        }
    };
    let may = granted(&declared(&page));
    let allowed = Memo::new(move |_| {
        found.with(|found| found.as_ref().map(|one| one.app_permissions.clone()).unwrap_or_default())
    });
    let wants = page.permissions.clone();
    let asks = move || {
        let says = permissions(&wants, &allowed.get());
        says.into_iter().map(|says| view! { <li>{says}</li> }).collect_view()
    };
    let switches = {
        let (id, wants) = (id.clone(), page.permissions.clone());
        let state = use_state();
        Permission::ALL
            .into_iter()
            .filter(|one| one.can_be_given() && wants.iter().any(|name| name == one.name()))
            .map(|one| {
                let id = id.clone();
                let label = format!("Apps of this connector may ask for {}", one.words());
                let title = label.clone();
                let checked = Signal::derive(move || allowed.with(|allowed| allowed.contains(one.name())));
                view! {
                    <div class="switch-row"><span class="grow">{title}<br/><small>"Each person is asked each time an app is shown."</small></span>
                        <Switch label checked on_change=move |want: bool| {
                            let (ws, id) = (state.ws(), id.clone());
                            state.run(async move { ws.set_app_permission(&id, one.name(), want).await }, |()| ());
                        }/></div>
                }
            })
            .collect_view()
    };
    let of = AppOf { connector: id, action, place: None };
    let order = Order { of, connector_name: name, host, card: None, at_once: true, shown: RwSignal::new(false) };
    let order = StoredValue::new_local(order);
    let draw = LocalResource::new(move || {
        let wanted = preview.get();
        async move { if wanted { Some(lazy::apps().await) } else { None } }
    });
    view! {
        <section class="row-card app-page">
            <div class="grow">
                <h2 class="section"><code><Visible text=uri/></code></h2>
                {changed}
                <dl class="facts">
                    <dt>"Shown with"</dt><dd><Visible text=page.actions.join(", ")/></dd>
                    <dt>"HTML"</dt><dd><code class="digest" title=page.html.as_str().to_owned()>{format!("sha-256 {}…", page.html.as_str().chars().take(16).collect::<String>())}</code>
                        <span class="small">{format!(" {} bytes", page.bytes)}</span></dd>
                    <dt>"It declares"</dt><dd><ul class="plain-list">{may.into_iter().map(|says| view! { <li><Visible text=says/></li> }).collect_view()}
                        {asks}</ul></dd>
                </dl>
                {switches}
                <p><Button small=true on:click=move |_| preview.update(|on| *on = !*on)>{move || if preview.get() { "Close the preview" } else { "Preview the app" }}</Button></p>
                {move || match draw.get().flatten() {
                    Some(Ok(draw)) => draw(order.get_value()),
                    Some(Err(_)) => view! { <p>"The part of this page that shows apps could not be fetched. Close the preview and try again."</p> }.into_any(),
                    None => ().into_any(),
                }}
            </div>
        </section>
    }
}

/// How a page differs from what was approved: what it wants more first.
#[component]
fn Change(
    /// The connector.
    id: ConnectorId,
    /// What was approved.
    before: AppPage,
    /// What the server has now.
    now: AppPage,
    /// The server's host.
    host: String,
) -> impl IntoView {
    let state = use_state();
    let accept = {
        let uri = now.uri.clone();
        move |_| {
            let (ws, id) = (state.ws(), id.clone());
            let accepted = Accepted { pages: [uri.clone()].into(), ..Accepted::default() };
            let Some(shown) = ws.changes(&id).map(|changes| changes.live.digest) else { return };
            state.run(async move { ws.accept_changes(&id, &shown, accepted).await }, move |()| {
                state.tell("The page was approved as it is now.");
            });
        }
    };
    let page = PageStep { before: Some(before), now };
    view! {
        <div class="note held" role="status">
            <b>"Held"</b>
            <div class="grow">
                <p>{format!("{host} changed this page since it was approved. It is not shown, and its actions are paused, until somebody approves the change.")}</p>
                <Says page/>
                <p><Button small=true on:click=accept>"Approve the page as it is now"</Button></p>
            </div>
        </div>
    }
}

/// What a page declares, read back from what was approved.
fn declared(page: &AppPage) -> Sources {
    let csp = json!({
        "connectDomains": page.connect, "resourceDomains": page.resource,
        "frameDomains": page.frame, "baseUriDomains": page.base,
    });
    Sources::read(&csp, true, &|_| true)
}
