//! Where the person is: the address bar and the page, kept the same.
//!
//! A router of our own because the ready-made one weighs as much as this whole page (44 KB) and we need this much of
//! it: the routes below, links that stay real links, back and forward, deep links, any base path (from
//! `<base href>`), the focus on the heading of the new page, and its title.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

/// Every page there is. A path that names none of them is [`Route::NotFound`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A new chat.
    Chat,
    /// A conversation.
    Conversation(String),
    /// Who the person is.
    You,
    /// The person's connectors.
    Connectors,
    /// Developer mode and what comes with it.
    Advanced,
    /// Language models.
    Models,
    /// What is stored here.
    Data,
    /// Name and plan profile of the workspace.
    General,
    /// The people of the workspace.
    Members,
    /// The groups of the workspace.
    Groups,
    /// One group.
    Group(String),
    /// What people may do.
    Permissions(PermissionTab),
    /// The hosts that the workspace deals with.
    Domains,
    /// What is published, with the records of its reviews.
    Catalogue,
    /// The workspace's connectors, by stage.
    WorkspaceConnectors(StageTab),
    /// Adding a connector.
    NewConnector,
    /// One connector.
    Connector(String, ConnectorTab),
    /// The review before a draft is published.
    Publish(String),
    /// An article of the help; empty for all of them.
    Help(String),
    /// What this build is.
    About,
    /// How people join a workspace.
    Invite,
    /// The record of what happened.
    Audit(AuditTab),
    /// The person's remembered answers.
    Approvals,
    /// What goes over the wire: of one connection, or of all when it is empty.
    Inspect(String, InspectTab),
    /// Nothing is there.
    NotFound(String),
}

/// The tabs of the workspace's connectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StageTab {
    /// What everyone with access can use.
    #[default]
    Published,
    /// What its owner tries out.
    Drafts,
    /// What members asked for.
    Requests,
    /// What nobody can use any more.
    Archived,
}

/// The tabs of the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditTab {
    /// What was changed.
    Activity,
    /// Every call.
    #[default]
    Calls,
    /// The calls that were not made.
    Refusals,
    /// What servers asked.
    Questions,
    /// Whether it is whole.
    Integrity,
    /// Taking it along.
    Export,
}

/// The tabs of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InspectTab {
    /// JSON-RPC messages.
    #[default]
    Protocol,
    /// HTTP requests.
    Network,
    /// Requests that sign an account in.
    SignIn,
    /// Messages of apps.
    Apps,
    /// What servers asked the person.
    Questions,
    /// What servers logged.
    Logs,
    /// Calls that became tasks.
    Tasks,
    /// Requests by hand.
    Run,
    /// Two answers side by side.
    Compare,
}

impl InspectTab {
    fn query(self) -> &'static str {
        match self {
            InspectTab::Protocol => "",
            InspectTab::Network => "?tab=network",
            InspectTab::SignIn => "?tab=sign-in",
            InspectTab::Apps => "?tab=apps",
            InspectTab::Questions => "?tab=questions",
            InspectTab::Logs => "?tab=logs",
            InspectTab::Tasks => "?tab=tasks",
            InspectTab::Run => "?tab=run",
            InspectTab::Compare => "?tab=compare",
        }
    }
}

/// The tabs of permissions and roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PermissionTab {
    /// What every member has.
    #[default]
    Defaults,
    /// The workspace's own roles.
    Roles,
    /// Developer mode, and when it asks.
    ConnectedData,
    /// What would become of a call, and why.
    TestAccess,
}

/// The tabs of one connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectorTab {
    /// What it is.
    #[default]
    Overview,
    /// What it can do.
    Actions,
    /// Who may use it, and when it asks.
    Access,
    /// What differs from what is approved.
    Changes,
    /// Who is signed in.
    Authentication,
    /// What a model is told.
    ModelView,
    /// What was decided about it.
    History,
    /// The pages of its apps.
    Apps,
}

impl Route {
    /// Reads a path below the base, with its query. Older and other vendors' paths lead to ours (screens.md e.1).
    pub fn parse(path: &str, query: &str) -> Route {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => Route::Chat,
            ["c", id] => Route::Conversation(decode(id)),
            ["connectors"] | ["settings"] | ["settings", "connectors" | "apps-connectors"] => Route::Connectors,
            ["settings", "connectors" | "apps-connectors", "advanced"] => Route::Advanced,
            ["settings", "you"] => Route::You,
            ["settings", "models"] => Route::Models,
            ["settings", "data"] => Route::Data,
            ["workspace"] | ["workspace", "general"] => Route::General,
            ["workspace", "connectors" | "apps-connectors"] => Route::WorkspaceConnectors(match query {
                "?tab=drafts" => StageTab::Drafts,
                "?tab=requests" => StageTab::Requests,
                "?tab=archived" => StageTab::Archived,
                _ => StageTab::Published,
            }),
            ["workspace", "connectors", "new" | "create"] | ["workspace" | "settings", "apps-connectors", "create"] => {
                Route::NewConnector
            }
            ["workspace", "connectors", id] | ["workspace", "connectors", id, "overview"] => {
                Route::Connector(decode(id), ConnectorTab::Overview)
            }
            ["workspace", "connectors", id, "actions"] => Route::Connector(decode(id), ConnectorTab::Actions),
            ["workspace", "connectors", id, "access"] => Route::Connector(decode(id), ConnectorTab::Access),
            ["workspace", "connectors", id, "changes"] => Route::Connector(decode(id), ConnectorTab::Changes),
            ["workspace", "connectors", id, "model-view"] => Route::Connector(decode(id), ConnectorTab::ModelView),
            ["workspace", "connectors", id, "history"] => Route::Connector(decode(id), ConnectorTab::History),
            ["workspace", "connectors", id, "publish"] => Route::Publish(decode(id)),
            ["workspace", "connectors", id, "auth"] => Route::Connector(decode(id), ConnectorTab::Authentication),
            ["workspace", "connectors", id, "app-ui"] => Route::Connector(decode(id), ConnectorTab::Apps),
            ["workspace", "audit"] | ["workspace", "audit", "calls"] => Route::Audit(AuditTab::Calls),
            ["workspace", "audit", "activity"] => Route::Audit(AuditTab::Activity),
            ["workspace", "audit", "refusals"] => Route::Audit(AuditTab::Refusals),
            ["workspace", "audit", "questions"] => Route::Audit(AuditTab::Questions),
            ["workspace", "audit", "integrity"] => Route::Audit(AuditTab::Integrity),
            ["workspace", "audit", "export"] => Route::Audit(AuditTab::Export),
            ["settings", "approvals"] => Route::Approvals,
            ["inspect", id @ ..] if id.len() < 2 => {
                use InspectTab::{Apps, Compare, Logs, Network, Questions, Run, SignIn, Tasks};
                let all = [Network, SignIn, Apps, Questions, Logs, Tasks, Run, Compare];
                let tab = all.into_iter().find(|tab| tab.query() == query).unwrap_or_default();
                Route::Inspect(id.first().map(|id| decode(id)).unwrap_or_default(), tab)
            }
            ["workspace", "members"] => Route::Members,
            ["workspace", "groups"] => Route::Groups,
            ["workspace", "groups", id] => Route::Group(decode(id)),
            ["workspace", "permissions" | "roles"] => Route::Permissions(PermissionTab::Defaults),
            ["workspace", "permissions" | "roles", "roles" | "custom-roles"] => {
                Route::Permissions(PermissionTab::Roles)
            }
            ["workspace", "permissions" | "roles", "connected-data"] => {
                Route::Permissions(PermissionTab::ConnectedData)
            }
            ["workspace", "permissions" | "roles", "test-access"] => Route::Permissions(PermissionTab::TestAccess),
            ["workspace", "domains"] => Route::Domains,
            ["workspace", "catalogue"] => Route::Catalogue,
            ["help"] => Route::Help(String::new()),
            ["help", id] => Route::Help(decode(id)),
            ["about"] => Route::About,
            ["invite"] => Route::Invite,
            _ => Route::NotFound(path.to_owned()),
        }
    }

    /// The canonical path below the base, without a slash in front.
    pub fn path(&self) -> String {
        match self {
            Route::Chat => String::new(),
            Route::Conversation(id) => format!("c/{}", encode(id)),
            Route::Connectors => "settings/connectors".into(),
            Route::Advanced => "settings/connectors/advanced".into(),
            Route::You => "settings/you".into(),
            Route::Models => "settings/models".into(),
            Route::Data => "settings/data".into(),
            Route::General => "workspace/general".into(),
            Route::WorkspaceConnectors(StageTab::Published) => "workspace/connectors".into(),
            Route::WorkspaceConnectors(StageTab::Drafts) => "workspace/connectors?tab=drafts".into(),
            Route::Members => "workspace/members".into(),
            Route::Groups => "workspace/groups".into(),
            Route::Group(id) => format!("workspace/groups/{}", encode(id)),
            Route::Permissions(PermissionTab::Defaults) => "workspace/permissions".into(),
            Route::Permissions(PermissionTab::Roles) => "workspace/permissions/roles".into(),
            Route::Permissions(PermissionTab::ConnectedData) => "workspace/permissions/connected-data".into(),
            Route::Permissions(PermissionTab::TestAccess) => "workspace/permissions/test-access".into(),
            Route::Domains => "workspace/domains".into(),
            Route::Catalogue => "workspace/catalogue".into(),
            Route::Help(id) if id.is_empty() => "help".into(),
            Route::Help(id) => format!("help/{}", encode(id)),
            Route::About => "about".into(),
            Route::Invite => "invite".into(),
            Route::WorkspaceConnectors(StageTab::Requests) => "workspace/connectors?tab=requests".into(),
            Route::WorkspaceConnectors(StageTab::Archived) => "workspace/connectors?tab=archived".into(),
            Route::NewConnector => "workspace/connectors/new".into(),
            Route::Connector(id, ConnectorTab::Overview) => format!("workspace/connectors/{}/overview", encode(id)),
            Route::Connector(id, ConnectorTab::Actions) => format!("workspace/connectors/{}/actions", encode(id)),
            Route::Connector(id, ConnectorTab::Authentication) => format!("workspace/connectors/{}/auth", encode(id)),
            Route::Connector(id, ConnectorTab::Access) => format!("workspace/connectors/{}/access", encode(id)),
            Route::Connector(id, ConnectorTab::Changes) => format!("workspace/connectors/{}/changes", encode(id)),
            Route::Connector(id, ConnectorTab::ModelView) => format!("workspace/connectors/{}/model-view", encode(id)),
            Route::Connector(id, ConnectorTab::History) => format!("workspace/connectors/{}/history", encode(id)),
            Route::Publish(id) => format!("workspace/connectors/{}/publish", encode(id)),
            Route::Connector(id, ConnectorTab::Apps) => format!("workspace/connectors/{}/app-ui", encode(id)),
            Route::Audit(AuditTab::Calls) => "workspace/audit".into(),
            Route::Audit(AuditTab::Activity) => "workspace/audit/activity".into(),
            Route::Audit(AuditTab::Refusals) => "workspace/audit/refusals".into(),
            Route::Audit(AuditTab::Questions) => "workspace/audit/questions".into(),
            Route::Audit(AuditTab::Integrity) => "workspace/audit/integrity".into(),
            Route::Audit(AuditTab::Export) => "workspace/audit/export".into(),
            Route::Approvals => "settings/approvals".into(),
            Route::Inspect(id, tab) if id.is_empty() => format!("inspect{}", tab.query()),
            Route::Inspect(id, tab) => format!("inspect/{}{}", encode(id), tab.query()),
            Route::NotFound(path) => path.trim_start_matches('/').to_owned(),
        }
    }

    /// The address of the page, base included: what a link's `href` holds.
    pub fn href(&self) -> String {
        format!("{}{}", base(), self.path())
    }

    /// Whether the conversations stand beside it: a chat, or the inspector, which looks at what they do.
    pub fn is_beside_chats(&self) -> bool {
        matches!(self, Route::Chat | Route::Conversation(_) | Route::Inspect(..))
    }
}

fn decode(part: &str) -> String {
    js_sys::decode_uri_component(part).map(String::from).unwrap_or_else(|_| part.to_owned())
}

fn encode(part: &str) -> String {
    js_sys::encode_uri_component(part).into()
}

/// The path under which the site is served, with a slash at both ends.
pub fn base() -> String {
    let path =
        document().base_uri().ok().flatten().and_then(|uri| web_sys::Url::new(&uri).ok()).map(|url| url.pathname());
    let path = path.unwrap_or_else(|| "/".into());
    // A page without `<base>` has its own address as base; then the site is at the root.
    if document().query_selector("base[href]").ok().flatten().is_none() {
        return "/".into();
    }
    match path.rfind('/') {
        Some(at) => path.chars().take(at + 1).collect(),
        None => "/".into(),
    }
}

fn here() -> Route {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let base = base();
    let below = path.strip_prefix(&base).or_else(|| path.strip_prefix(base.trim_end_matches('/'))).unwrap_or(&path);
    Route::parse(below, &location.search().unwrap_or_default())
}

/// Where the person is and the ways to go elsewhere. Copy; found in context by [`use_router`].
#[derive(Clone, Copy)]
pub struct Router {
    route: RwSignal<Route>,
}

/// The router of the page.
pub fn use_router() -> Router {
    expect_context::<Router>()
}

impl Router {
    /// Starts: reads the address, puts the canonical one in its place, listens to links and to back and forward.
    pub fn start() -> Router {
        let first = here();
        let router = Router { route: RwSignal::new(first.clone()) };
        if !matches!(first, Route::NotFound(_)) {
            write_address(&first, true);
        }
        let back = window_event_listener(ev::popstate, move |_| router.arrive(here()));
        let click = window_event_listener(ev::click, move |event| {
            if let Some(route) = target_of(&event) {
                event.prevent_default();
                router.go(route);
            }
        });
        on_cleanup(move || {
            back.remove();
            click.remove();
        });
        provide_context(router);
        router
    }

    /// Where the person is. Tracks.
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// Where the person is, without tracking.
    pub fn route_now(self) -> Route {
        self.route.get_untracked()
    }

    /// Goes to a page and adds a step to the history.
    pub fn go(self, route: Route) {
        if self.route.get_untracked() != route {
            write_address(&route, false);
        }
        self.arrive(route);
    }

    /// Goes to a page in the place of the one before.
    pub fn replace(self, route: Route) {
        write_address(&route, true);
        self.arrive(route);
    }

    fn arrive(self, route: Route) {
        if self.route.get_untracked() != route {
            self.route.set(route);
        }
        request_animation_frame(focus_page);
    }
}

fn write_address(route: &Route, replace: bool) {
    let Ok(history) = window().history() else { return };
    let href = route.href();
    let _ = if replace {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&href))
    } else {
        history.push_state_with_url(&JsValue::NULL, "", Some(&href))
    };
}

/// Where a click leads, if it is ours to follow: a plain click on a link into this site that opens in this tab.
fn target_of(event: &web_sys::MouseEvent) -> Option<Route> {
    let plain = event.button() == 0 && !event.meta_key() && !event.ctrl_key() && !event.shift_key() && !event.alt_key();
    if !plain || event.default_prevented() {
        return None;
    }
    let link = event.target()?.dyn_into::<web_sys::Element>().ok()?.closest("a[href]").ok()??;
    let link: web_sys::HtmlAnchorElement = link.dyn_into().ok()?;
    let elsewhere = !matches!(link.target().as_str(), "" | "_self") || link.has_attribute("download");
    if elsewhere || link.origin() != window().location().origin().ok()? {
        return None;
    }
    // A link within the page, such as the skip link, is the browser's.
    if link.get_attribute("href").is_some_and(|href| href.starts_with('#')) {
        return None;
    }
    let path = link.pathname();
    let below = path.strip_prefix(&base())?;
    match Route::parse(below, &link.search()) {
        Route::NotFound(_) => None,
        route => Some(route),
    }
}

/// Puts the focus where reading the new page begins: the element that asks for it, else the main heading.
pub fn focus_page() {
    let document = document();
    let wanted = document.query_selector("main [data-focus]").ok().flatten();
    let wanted = wanted.or_else(|| document.query_selector("main h1").ok().flatten());
    if let Some(element) = wanted.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        if element.tag_name() == "H1" && !element.has_attribute("tabindex") {
            let _ = element.set_attribute("tabindex", "-1");
        }
        let _ = element.focus();
    }
}

/// A link to a page. It is a real link: a middle click, a modifier and *Copy link* work as everywhere.
#[component]
pub fn Link(
    /// Where it leads.
    to: Route,
    /// Its classes.
    #[prop(optional)]
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let router = use_router();
    let href = to.href();
    let current = move || (router.route() == to).then_some("page");
    view! { <a href=href class=class aria-current=current>{children()}</a> }
}

/// Gives the page its title for as long as the caller lives: `Connectors · Countersign`.
pub fn page_title(title: impl Fn() -> String + 'static) {
    Effect::new(move |_| {
        let title = title();
        document().set_title(&if title.is_empty() {
            "Countersign".to_owned()
        } else {
            format!("{title} · Countersign")
        });
    });
}
