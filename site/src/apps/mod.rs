//! The apps of servers: pages in a frame, beside the result they belong to (MCP Apps; screens.md e.4).
//!
//! Loaded when the first app is shown. The head above the frame is drawn here and stays in every mode (X97). The frame is
//! never moved in the document, because a frame that is moved loses what it shows (N15): the modes are classes, and the
//! rest is CSS. What the app wants of the person stands between head and frame, in this page's own words.

mod asks;
mod look;
mod report;
mod shown;
pub(crate) mod words;

use browser::Code;
use browser::app_frame::Sandbox;
use browser::chat::conversation::CallCard;
use browser::mcp::apps::Mode;
use browser::workspace::apps::AppOf;
use leptos::{ev, html, prelude::*};

use crate::router::{ConnectorTab, Link, Route};
use crate::state::sentence;
use crate::ui::{Badge, Button, ButtonLook, HostName, Icon, IconName, Working};
use asks::Asks;
use report::Report;
use shown::{Phase, Shown, sandbox};

/// What is needed to show an app.
#[derive(Clone)]
pub struct Order {
    /// Whose app it is, and where it is shown.
    pub of: AppOf,
    /// The name of the connector.
    pub connector_name: String,
    /// Its host.
    pub host: String,
    /// The call it belongs to; none for a preview.
    pub card: Option<Memo<Option<CallCard>>>,
    /// Whether it is shown by itself; otherwise there is a button.
    pub at_once: bool,
    /// Whether it is shown now, for whoever has the same in words.
    pub shown: RwSignal<bool>,
}

/// Draws an app. The entrance to this part.
pub fn app(order: Order) -> AnyView {
    view! { <App order/> }.into_any()
}

#[component]
fn App(
    /// What to show.
    order: Order,
) -> impl IntoView {
    let (name, host, at_once, shown) = (order.connector_name.clone(), order.host.clone(), order.at_once, order.shown);
    let preview = order.card.is_none();
    let it = Shown::new(order);
    let reporting = RwSignal::new(false);
    let apart = matches!(sandbox(), Some(Sandbox::Apart(_)));
    if at_once {
        it.load();
    }
    // What has said nothing may show nothing: then the result stands there in words, too.
    Effect::new(move |_| shown.set(it.phase.with(|phase| matches!(phase, Phase::Open(_))) && !it.silent.get()));
    let place = NodeRef::<html::Div>::new();
    place.on_load(move |place| it.follow_place(&place));
    it.follow_call();
    it.follow_look();
    it.keep_focus();
    on_cleanup(move || it.leave());
    let open = Memo::new(move |_| match it.phase.get() {
        Phase::Open(count) => Some(count),
        _ => None,
    });
    let edged = move || {
        open.get().is_some() && it.document.with_value(|one| one.as_ref().and_then(|one| one.border)) == Some(true)
    };
    let label = format!("App of {name} · {host}");
    let title = label.clone();
    let frame = move || {
        open.get().map(|_| {
            let element = NodeRef::<html::Iframe>::new();
            element.on_load(move |frame: web_sys::HtmlIFrameElement| it.fill(&frame));
            view! { <iframe node_ref=element title=title.clone()></iframe> }
        })
    };
    let class = move || match it.mode.get() {
        Mode::Inline => "guest",
        Mode::Fullscreen => "guest full",
        Mode::Pip => "guest pip",
    };
    // Empty where the style sheet has the say.
    let height = move || match (open.get().is_some(), it.mode.get()) {
        (true, Mode::Inline) => format!("{}px", it.height.get()),
        _ => String::new(),
    };
    let blocked =
        Memo::new(move |_| it.report.with(|report| report.blocked.iter().map(|(_, count)| *count).sum::<u32>()));
    let expand =
        move |_| it.show(if it.mode.get_untracked() == Mode::Inline { Mode::Fullscreen } else { Mode::Inline });
    let can_expand = move || it.modes.with(|modes| modes.contains(&Mode::Fullscreen));
    let can_pip = move || it.modes.with(|modes| modes.contains(&Mode::Pip)) && it.mode.get() == Mode::Inline;
    let buttons = move || {
        open.get().map(|_| {
            view! {
                {move || can_pip().then(|| view! { <Button small=true on:click=move |_| it.show(Mode::Pip)>"Float"</Button> })}
                {move || (can_expand() || it.mode.get() != Mode::Inline).then(|| view! {
                    <Button small=true on:click=expand>{move || if it.mode.get() == Mode::Inline { "Expand" } else { "Shrink" }}</Button>
                })}
                <Button small=true on:click=move |_| it.reload()>"Reload"</Button>
                <button type="button" class="btn small" aria-expanded=move || reporting.get().to_string()
                    on:click=move |_| reporting.update(|on| *on = !*on)>"Report"</button>
                <Button small=true on:click=move |_| it.close()>"Stop"</Button>
            }
        })
    };
    let words = {
        let (name, host) = (name.clone(), host.clone());
        move || {
            match it.phase.get() {
            Phase::Open(_) if it.silent.get() => view! {
                <div class="note" role="status">
                    <span class="grow">{match preview {
                        true => "This app has not said that it is ready, so it may show nothing.",
                        false => "This app has not said that it is ready, so it was not told its result. The result is below as text.",
                    }}" Load it again, or stop it. The report says what it was kept from."</span>
                    <Button small=true on:click=move |_| it.reload()>"Load the app again"</Button>
                </div>
            }
            .into_any(),
            Phase::Open(_) => ().into_any(),
            Phase::Reading => view! { <Working what="Reading the app"/> }.into_any(),
            Phase::Asking(asks) => {
                let what: Vec<&str> = asks.iter().map(|one| one.words()).collect();
                let (host, name) = (host.clone(), name.clone());
                view! {
                    <div class="app-ask" role="group" aria-label="What the app asks for">
                        <p>"The app of "<HostName host name=Some(name)/>" asks for "<b>{what.join(", ")}</b>". It gets what you allow until it is closed, and asks again the next time."</p>
                        <p class="row">
                            <Button small=true on:click=move |_| it.give(Vec::new())>"Show the app without"</Button>
                            <Button small=true look=ButtonLook::Primary on:click=move |_| it.give(asks.clone())>{format!("Allow {}", what.join(", "))}</Button>
                        </p>
                    </div>
                }
                .into_any()
            }
            Phase::Closed => view! {
                <p class="app-words"><Button small=true on:click=move |_| it.load()>"Show the app"</Button>
                    <small>{format!("A page of {name}, shown in a frame that reaches nothing of yours.")}</small></p>
            }
            .into_any(),
            Phase::Stopped(why) => {
                let says = match why {
                    Some(why) => format!("This app was stopped: {why}."),
                    None => "You stopped this app.".to_owned(),
                };
                view! { <p class="app-words" role="status">{says}" "<Button small=true on:click=move |_| it.load()>"Start the app again"</Button></p> }
                    .into_any()
            }
            Phase::Failed(error) => {
                let held = error.code == Code::Held;
                let to = Route::Connector(it.connector(), ConnectorTab::Apps);
                view! {
                    <div class="note" class:held=held role="status">
                        {held.then(|| view! { <b>"Held"</b> })}
                        <span class="grow">{sentence(&error)}</span>
                        {if held && !preview {
                            view! { <Link to=to>"See what changed"</Link> }.into_any()
                        } else {
                            view! { <Button small=true on:click=move |_| it.load()>"Try again"</Button> }.into_any()
                        }}
                    </div>
                }
                .into_any()
            }
        }
        }
    };
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && it.mode.get_untracked() != Mode::Inline {
            event.stop_propagation();
            it.shrink();
        }
    };
    let document = move || it.document.get_value();
    view! {
        <section class=class node_ref=it.section role="group" aria-label=label on:keydown=escape>
            <header class="app-head">
                <span class="grow app-who">
                    <Icon name=IconName::Monitor size=16/>
                    <HostName host=host.clone() name=Some(name.clone())/>
                    <span class="small">{if preview { "preview of its app" } else { "its app, not this page" }}</span>
                    {(!apart).then(|| view! { <Badge word="shares this site"/> })}
                </span>
                <span class="app-buttons">{buttons}</span>
            </header>
            <Asks it/>
            {words}
            <div class="app-frame" class:edged=edged node_ref=place style:height=height>{frame}</div>
            {move || (blocked.get() > 0).then(|| {
                let count = blocked.get();
                let says = if count == 1 { "1 request blocked".to_owned() } else { format!("{count} requests blocked") };
                view! { <p class="app-blocked"><button type="button" class="text-btn" aria-expanded=move || reporting.get().to_string()
                    on:click=move |_| reporting.update(|on| *on = !*on)>{says}</button></p> }
            })}
            {move || (reporting.get() && open.get().is_some()).then(|| document().map(|document| view! {
                <Report document report=it.report apart/>
            }))}
        </section>
    }
}
