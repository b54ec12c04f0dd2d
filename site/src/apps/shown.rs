//! One app on the page: its phases, what it is told of its call, and what it wants.

use browser::app_frame::{AppEvent, AppFrame, AppReport, Sandbox, Welcome};
use browser::chat::conversation::{CallCard, CallState, Look};
use browser::mcp::apps::{Known, Mode, Permission};
use browser::workspace::apps::AppDocument;
use browser::{Code, Error};
use leptos::task::spawn_local;
use leptos::{ev, html, prelude::*};
use serde_json::{Map, Value, json};
use std::time::Duration;
use wasm_bindgen::prelude::*;

use super::asks::Wish;
use super::{Order, look};
use crate::router::base;
use crate::state::{AppState, use_state};

/// The tallest that an app in a conversation gets, in CSS pixels; what is taller scrolls inside.
const TALLEST: u32 = 640;
/// The least, so that an app cannot hide.
const LEAST: u32 = 48;
/// How long changes of its place are gathered before it is told them.
const CALM: Duration = Duration::from_millis(250);
/// The height before the app has said one.
const FIRST: u32 = 220;

/// How far an app is.
#[derive(Clone, PartialEq)]
pub(super) enum Phase {
    /// It is not shown.
    Closed,
    /// Its page is being read.
    Reading,
    /// It asks for something of the device, and the person has not said yet (X99).
    Asking(Vec<Permission>),
    /// Its frame is there; counts up with every loading.
    Open(u32),
    /// It cannot be shown.
    Failed(Error),
    /// It was stopped, by the person or for this reason.
    Stopped(Option<&'static str>),
}

/// Everything about one app on the page. Copy.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    state: AppState,
    order: StoredValue<Order, LocalStorage>,
    pub(super) phase: RwSignal<Phase>,
    pub(super) mode: RwSignal<Mode>,
    pub(super) modes: RwSignal<Vec<Mode>>,
    pub(super) height: RwSignal<u32>,
    pub(super) wishes: RwSignal<Vec<Wish>>,
    /// It has not said that it is ready, and is late.
    pub(super) silent: RwSignal<bool>,
    pub(super) report: RwSignal<AppReport>,
    frame: StoredValue<Option<AppFrame>, LocalStorage>,
    pub(super) document: StoredValue<Option<AppDocument>>,
    /// What of the device the person gives it this time.
    given: StoredValue<Vec<Permission>>,
    pub(super) section: NodeRef<html::Section>,
    /// The size of its place, as it was told it last.
    told_place: StoredValue<Value>,
    /// What comes after the goodbye: loading it again.
    again: StoredValue<bool>,
    loads: StoredValue<u32>,
}

impl Shown {
    /// An app that is not shown yet.
    pub(super) fn new(order: Order) -> Self {
        Self {
            state: use_state(),
            order: StoredValue::new_local(order),
            phase: RwSignal::new(Phase::Closed),
            mode: RwSignal::new(Mode::Inline),
            modes: RwSignal::new(Vec::new()),
            height: RwSignal::new(FIRST),
            wishes: RwSignal::new(Vec::new()),
            silent: RwSignal::new(false),
            told_place: StoredValue::new(Value::Null),
            report: RwSignal::new(AppReport::default()),
            frame: StoredValue::new_local(None),
            document: StoredValue::new(None),
            given: StoredValue::new(Vec::new()),
            section: NodeRef::new(),
            again: StoredValue::new(false),
            loads: StoredValue::new(0),
        }
    }

    /// Whose app it is, in words.
    pub(super) fn whose(&self) -> (String, String) {
        self.order.with_value(|order| (order.connector_name.clone(), order.host.clone()))
    }

    /// The connector it belongs to.
    pub(super) fn connector(&self) -> String {
        self.order.with_value(|order| order.of.connector.to_string())
    }

    /// Whether the person withheld the result that it shows from the model. Tracks.
    pub(super) fn withheld(&self) -> bool {
        let card = self.order.with_value(|order| order.card);
        card.is_some_and(|card| card.with(|card| card.as_ref().is_some_and(|card| card.look == Some(Look::Withheld))))
    }

    /// The frame, taken out of its place: what it is asked to do may come back to that place.
    fn the_frame(&self) -> Option<AppFrame> {
        self.frame.try_get_value().flatten()
    }

    /// Reads its page and shows it.
    pub(super) fn load(self) {
        self.phase.set(Phase::Reading);
        self.given.set_value(Vec::new());
        let (ws, of) = (self.state.ws(), self.order.with_value(|order| order.of.clone()));
        spawn_local(async move {
            let read = ws.app_document(&of).await;
            // The page may have been left meanwhile.
            let phase = match read {
                Ok(document) => {
                    let asks = document.asks.clone();
                    if self.document.try_set_value(Some(document)).is_some() {
                        return;
                    }
                    if asks.is_empty() { self.opened() } else { Phase::Asking(asks) }
                }
                Err(error) => Phase::Failed(error),
            };
            let _ = self.phase.try_set(phase);
        });
    }

    /// The person gives it this of the device until it is closed, or nothing. The next time it asks again.
    pub(super) fn give(self, given: Vec<Permission>) {
        self.state.ws().record_given(&self.order.with_value(|order| order.of.clone()), &given);
        self.given.set_value(given);
        self.phase.set(self.opened());
    }

    fn opened(&self) -> Phase {
        self.loads.try_update_value(|count| *count += 1);
        Phase::Open(self.loads.try_get_value().unwrap_or_default())
    }

    /// The frame is there: the app comes into it.
    pub(super) fn fill(self, element: &web_sys::HtmlIFrameElement) {
        let (of, document) = (self.order.with_value(|order| order.of.clone()), self.document.get_value());
        let (Some(document), Some(sandbox)) = (document, sandbox()) else { return };
        self.wishes.set(Vec::new());
        self.silent.set(false);
        self.report.set(AppReport::default());
        self.modes.set(Vec::new());
        self.mode.set(Mode::Inline);
        self.height.set(FIRST);
        let ws = self.state.ws();
        let book = ws.rulebook();
        let tool = book.connector(&of.connector).ok().and_then(|connector| connector.action(&of.action));
        let context = look::context(tool.map(|tool| tool.definition()), self.place(Mode::Inline));
        let welcome = Welcome { context, given: self.given.get_value(), known: self.known() };
        let opened = AppFrame::open(&ws, of, document, element, &sandbox, welcome, move |event| self.hear(event));
        match opened {
            Some(frame) => {
                self.frame.set_value(Some(frame));
                self.tell_call();
            }
            None => self.phase.set(Phase::Failed(
                Error::new(Code::Blocked, "this site has no place where an app can run apart from it")
                    .hint("whoever runs the site has to give apps an origin of their own"),
            )),
        }
    }

    /// What is known of its call by now.
    fn known(&self) -> Known {
        let card = self.order.with_value(|order| order.card).and_then(|card| card.get_untracked());
        let card = card.filter(|card| !matches!(card.state, CallState::Proposed | CallState::Waiting));
        card.map(|card| Known { input: card.arguments.as_object().cloned(), result: card.result }).unwrap_or_default()
    }

    /// Tells the app what there is to tell of its call: what it has heard before it is not told again.
    fn tell_call(&self) {
        let Some(frame) = self.the_frame() else { return };
        match self.order.with_value(|order| order.card) {
            None => {
                frame.input(&Map::new());
                frame.result(
                    &json!({ "content": [{ "type": "text", "text": "This is a preview. There is no data." }] }),
                );
            }
            Some(card) => {
                let Some(card) = card.get_untracked() else { return };
                if matches!(card.state, CallState::Proposed | CallState::Waiting) {
                    return;
                }
                frame.input(card.arguments.as_object().unwrap_or(&Map::new()));
                match &card.result {
                    Some(result) => frame.result(result),
                    None if card.state.ended() => frame.cancelled(card.state.name()),
                    None => {}
                }
            }
        }
    }

    /// Follows its call.
    pub(super) fn follow_call(self) {
        let Some(card) = self.order.with_value(|order| order.card) else { return };
        let step = Memo::new(move |_| {
            card.with(|card| card.as_ref().map(|card: &CallCard| (card.state.name(), card.result.is_some())))
        });
        Effect::new(move |_| {
            // Read, and not only tracked: what nobody reads is never worked out.
            let _ = step.get();
            self.tell_call();
        });
    }

    /// Follows the size of its place, a few times a second at most: a window that is made narrower makes it narrower.
    pub(super) fn follow_place(self, place: &web_sys::HtmlElement) {
        let pending = StoredValue::new(false);
        let tell = move || {
            if pending.try_set_value(false).is_some() {
                return;
            }
            let (Some(frame), Some(mode)) = (self.the_frame(), self.mode.try_get_untracked()) else { return };
            // While it goes into another mode, its place is between two sizes; with the mode it is told the new one.
            let now = self.measure(mode);
            if frame.mode() == mode && self.told_place.try_get_value().is_some_and(|told| told != now) {
                self.told_place.set_value(now.clone());
                frame.context_changed(Map::from_iter([("containerDimensions".to_owned(), now)]));
            }
        };
        let resized = Closure::<dyn FnMut()>::new(move || {
            if pending.try_update_value(|pending| std::mem::replace(pending, true)) == Some(false) {
                set_timeout(tell, CALM);
            }
        });
        if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(place);
            let kept = StoredValue::new_local((observer, resized));
            on_cleanup(move || {
                kept.try_with_value(|(observer, _)| observer.disconnect());
            });
        }
    }

    /// Follows the theme of the page.
    pub(super) fn follow_look(self) {
        look::follow(move |part| {
            if let Some(frame) = self.the_frame() {
                frame.context_changed(part);
            }
        });
    }

    /// While it fills the window, the focus stays with it: what is behind cannot be seen.
    pub(super) fn keep_focus(self) {
        let listening = window_event_listener(ev::focusin, move |event| {
            if self.mode.try_get_untracked() != Some(Mode::Fullscreen) {
                return;
            }
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let section = self.section.get_untracked();
            let (Some(target), Some(section)) = (target, section) else { return };
            let asked = target.closest("dialog").ok().flatten().is_some();
            if !asked && !section.contains(Some(&target)) {
                // Not from in here: moving the focus comes back to this listener. Still before the next key.
                queue_microtask(move || self.focus_head());
            }
        });
        on_cleanup(move || listening.remove());
    }

    fn focus_head(&self) {
        let button =
            self.section.get_untracked().and_then(|section| section.query_selector("header button").ok().flatten());
        if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = button.focus();
        }
    }

    /// Something about the app.
    fn hear(self, event: AppEvent) {
        match event {
            AppEvent::Ready(modes) => {
                let _ = self.silent.try_set(false);
                let _ = self.modes.try_set(modes);
            }
            AppEvent::Silent => drop(self.silent.try_set(true)),
            AppEvent::Height(height) => drop(self.height.try_set(height.clamp(LEAST, TALLEST))),
            AppEvent::Show(mode) => self.apply(mode),
            AppEvent::Link { ticket, url } => self.wish(Wish::Open { ticket, url }),
            AppEvent::Words { ticket, text } => self.wish(Wish::Say { ticket, text }),
            AppEvent::Context { ticket, text } => self.wish(Wish::Tell { ticket, text }),
            AppEvent::Files { ticket, files } => self.wish(Wish::Save { ticket, files }),
            AppEvent::Withdrawn(ticket) => {
                let _ = self.wishes.try_update(|wishes| wishes.retain(|wish| wish.ticket() != ticket));
            }
            AppEvent::Reported => {
                if let Some(frame) = self.the_frame() {
                    let _ = self.report.try_set(frame.report());
                }
            }
            AppEvent::Escape => self.shrink(),
            AppEvent::WantsToEnd => self.close(),
            AppEvent::Ended(why) => self.ended(why),
        }
    }

    fn wish(self, wish: Wish) {
        let (name, host) = self.whose();
        self.state.announce(format!("The app of {name} at {host} asks you something"));
        let _ = self.wishes.try_update(|wishes| wishes.push(wish));
    }

    /// The person's answer to a wish; none means yes, otherwise why not.
    pub(super) fn answer(self, wish: &Wish, refused: Option<&str>) {
        let ticket = wish.ticket();
        self.wishes.update(|wishes| wishes.retain(|wish| wish.ticket() != ticket));
        if let Some(frame) = self.the_frame() {
            frame.answer(ticket, refused);
        }
    }

    /// The person lets it say something.
    pub(super) fn say(self, wish: &Wish, text: String) {
        let of = self.order.with_value(|order| order.of.clone());
        match self.state.ws().say_for_app(&of, text) {
            Ok(()) => self.answer(wish, None),
            Err(error) => self.state.tell_error(&error),
        }
    }

    /// Shows it in another mode, if it can be.
    pub(super) fn show(self, mode: Mode) {
        if self.the_frame().is_some_and(|frame| frame.can_show(mode)) {
            self.apply(mode);
        }
    }

    /// Back into the conversation, with the focus on the head.
    pub(super) fn shrink(self) {
        if self.mode.try_get_untracked().is_some_and(|mode| mode != Mode::Inline) {
            self.apply(Mode::Inline);
            request_animation_frame(move || self.focus_head());
        }
    }

    fn apply(self, mode: Mode) {
        let _ = self.mode.try_set(mode);
        // The place has its new size only when it was laid out.
        request_animation_frame(move || {
            if let Some(frame) = self.the_frame() {
                frame.shown(mode, self.place(mode));
            }
        });
    }

    /// The size of its place, as the page of the app is told it now.
    fn place(&self, mode: Mode) -> Value {
        let place = self.measure(mode);
        self.told_place.try_set_value(place.clone());
        place
    }

    fn measure(&self, mode: Mode) -> Value {
        let section = self.section.try_get_untracked().flatten();
        let place = section.and_then(|section| section.query_selector(".app-frame").ok().flatten());
        let (width, height) = place.map_or((0, 0), |place| (place.client_width(), place.client_height()));
        match mode {
            Mode::Inline => json!({ "width": width, "maxHeight": TALLEST }),
            Mode::Fullscreen | Mode::Pip => json!({ "width": width, "height": height }),
        }
    }

    /// Lets it say goodbye and takes it away.
    pub(super) fn close(self) {
        match self.the_frame() {
            Some(frame) => frame.close(),
            None => self.ended(None),
        }
    }

    /// The same, and then from the start.
    pub(super) fn reload(self) {
        self.again.set_value(true);
        self.close();
    }

    fn ended(self, why: Option<&'static str>) {
        self.frame.try_update_value(Option::take);
        let _ = self.mode.try_set(Mode::Inline);
        let _ = self.wishes.try_set(Vec::new());
        let _ = self.silent.try_set(false);
        let again = self.again.try_update_value(|again| std::mem::replace(again, false)).unwrap_or_default();
        if self.phase.try_set(Phase::Stopped(why)).is_none() && again && why.is_none() {
            self.load();
        }
    }

    /// The page is left.
    pub(super) fn leave(self) {
        if let Some(frame) = self.the_frame() {
            frame.close();
        }
    }
}

/// Where apps run: on the origin that the page names, on the other name of this machine, or on this site.
pub(super) fn sandbox() -> Option<Sandbox> {
    let meta = document().query_selector("meta[name='countersign-sandbox']").ok().flatten();
    let named = meta.and_then(|meta| meta.get_attribute("content")).unwrap_or_default();
    let location = window().location();
    let origin = location.origin().ok()?;
    let path = format!("{}sandbox.html", base());
    let other = match location.hostname().ok()?.as_str() {
        "localhost" => Some("127.0.0.1"),
        "127.0.0.1" => Some("localhost"),
        _ => None,
    };
    Some(match (named.as_str(), other) {
        ("loopback", Some(other)) => {
            let port = location.port().ok()?;
            Sandbox::Apart(format!("{}//{other}:{port}{path}", location.protocol().ok()?))
        }
        ("" | "loopback", _) => Sandbox::Here(format!("{origin}{path}")),
        (apart, _) => Sandbox::Apart(format!("{apart}{path}")),
    })
}
