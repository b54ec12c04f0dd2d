//! The page of an app in its frame: the hands of an `mcp::apps::View` (MCP Apps; attacks d.7).
//!
//! Between this page and the app stands the sandbox, a small document of ours (`site/sandbox.html`) on another origin,
//! or, where a deployment has only one, in an opaque origin of its own. The app runs in a frame inside it that has no
//! origin at all. The sandbox is known by its window and its origin and says one thing by itself: that it is there.
//! It then gets the document and the end of a channel that nobody else has, and everything else goes over that.
//!
//! Everything that comes out of the channel is text of an app. It is looked at by the view, and what the app asks for
//! is asked of the workspace or, with [`AppEvent`], of the person.

mod wishes;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use js_sys::{Array, Object, Reflect};
use mcp::apps::{Blocked, File, Host, Known, Mode, Output, Permission, Refused, Ticket, View, framed, older_script};
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlIFrameElement, MessageChannel, MessageEvent, MessagePort};

use crate::inspect::Wire;
use crate::link::client;
use crate::time::{Timer, monotonic};
use crate::workspace::Workspace;
use crate::workspace::apps::{AppDocument, AppOf};
use wishes::{Held, Wish};

/// How long the sandbox may take to be there, in milliseconds.
const PATIENCE: u64 = 15_000;
/// Entries of each report that are kept.
const KEPT: usize = 100;
/// Changes of its size that an app gets in [`CALM`]; what is more has to wait for the next (X98).
const SIZES: u32 = 30;
/// In milliseconds.
const CALM: u64 = 3_000;

/// Where pages of apps run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// On an origin of their own: the address of `sandbox.html` there.
    Apart(String),
    /// On this site, in an opaque origin: the address of `sandbox.html` here. Not what the specification wants, and said
    /// so wherever an app is shown.
    Here(String),
}

/// Something about an app that the person should see, or is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum AppEvent {
    /// The page is ready, and can be shown in these modes besides inline.
    Ready(Vec<Mode>),
    /// It has been there for a while and has not said that it is ready, so it was not told its call. It may still come.
    Silent,
    /// It would like this height, in CSS pixels.
    Height(u32),
    /// It is to be shown in another mode.
    Show(Mode),
    /// It wants an address opened. Answer with [`AppFrame::answer`].
    Link {
        /// By which it is answered.
        ticket: Ticket,
        /// The address, not looked at.
        url: String,
    },
    /// It wants to say something in the conversation. Answer with [`AppFrame::answer`].
    Words {
        /// By which it is answered.
        ticket: Ticket,
        /// The words.
        text: String,
    },
    /// It wants a model to know something at its next turn, and somebody looks at that first (X54). Answer with
    /// [`AppFrame::answer`].
    Context {
        /// By which it is answered.
        ticket: Ticket,
        /// Words and data as one text.
        text: String,
    },
    /// It brings files for the person to keep. Answer with [`AppFrame::answer`].
    Files {
        /// By which it is answered.
        ticket: Ticket,
        /// The files.
        files: Vec<File>,
    },
    /// It no longer waits for an answer.
    Withdrawn(Ticket),
    /// Its policy stopped something, or it called something: read [`AppFrame::report`] again.
    Reported,
    /// The Escape key was pressed in it.
    Escape,
    /// It would like to be closed.
    WantsToEnd,
    /// It has ended; the frame can go. Why, when it is not because the person wanted it.
    Ended(Option<&'static str>),
}

/// What an app did and what it was kept from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppReport {
    /// What its policy stopped, with how often, in the order in which it first happened.
    pub blocked: Vec<(Blocked, u32)>,
    /// What it called or read, with how that ended, the oldest first.
    pub calls: Vec<(String, String)>,
    /// What it logged.
    pub logs: Vec<String>,
    /// What it calls itself.
    pub name: String,
}

/// An app in its frame. Dropping it lets the frame go without a goodbye.
#[derive(Clone)]
pub struct AppFrame(Rc<Inner>);

/// Hears messages for as long as it is kept.
type Hearing = Closure<dyn FnMut(MessageEvent)>;

struct Inner {
    workspace: Workspace,
    of: AppOf,
    frame: HtmlIFrameElement,
    /// The origin that the sandbox has.
    origin: String,
    /// Where messages to the sandbox may go.
    target: String,
    document: AppDocument,
    /// What is loaded: the page behind its policy.
    html: String,
    /// What of the device the person gives it this time.
    given: Vec<Permission>,
    view: RefCell<View>,
    /// Who may look at what it says and is told.
    wire: Option<Wire>,
    mode: Cell<Mode>,
    port: RefCell<Option<MessagePort>>,
    timer: RefCell<Option<Timer>>,
    report: RefCell<AppReport>,
    /// The open questions to the person: one of each kind (X95, X96).
    asked: RefCell<HashMap<Ticket, Wish>>,
    /// What it would have a model know: what the person is asked about, and behind it the last that came since.
    held: RefCell<Vec<Held>>,
    /// Its calls: what is dropped here is given up.
    calls: RefCell<HashMap<Ticket, oneshot::Sender<()>>>,
    sizes: Cell<(u32, u64)>,
    on: Box<dyn Fn(AppEvent)>,
    hears: RefCell<Option<Hearing>>,
    reads: RefCell<Option<Hearing>>,
}

/// What an app finds when it is opened.
#[derive(Debug)]
pub struct Welcome {
    /// A `McpUiHostContext`.
    pub context: Map<String, Value>,
    /// What of the device the person gives it this time (X99).
    pub given: Vec<Permission>,
    /// What is known of its call: a page for the older SDK finds it there at once.
    pub known: Known,
}

impl AppFrame {
    /// Loads the document of an app into a frame that has none yet. `on` hears what the person should see. None where
    /// this realm has no window.
    pub fn open(
        workspace: &Workspace,
        of: AppOf,
        document: AppDocument,
        frame: &HtmlIFrameElement,
        sandbox: &Sandbox,
        welcome: Welcome,
        on: impl Fn(AppEvent) + 'static,
    ) -> Option<AppFrame> {
        let Welcome { context, given, known } = welcome;
        let first = document.older.then(|| older_script(&context, &known));
        let html = framed(&document.html, &document.sources, first.as_deref());
        let window = web_sys::window()?;
        let host = window.location().origin().ok()?;
        let (address, origin, target, flags) = match sandbox {
            Sandbox::Apart(address) => {
                let origin = web_sys::Url::new(address).ok()?.origin();
                // Never on the origin of this page with its rights (X100).
                if origin == host {
                    return None;
                }
                (address, origin.clone(), origin, "allow-scripts allow-same-origin allow-forms")
            }
            Sandbox::Here(address) => (address, "null".to_owned(), "*".to_owned(), "allow-scripts allow-forms"),
        };
        // Only what the page asks for and the workspace lets it ask for, whoever calls this.
        let given: Vec<Permission> = given.into_iter().filter(|one| document.asks.contains(one)).collect();
        let view = View::new(Host {
            info: client(),
            sources: document.sources.clone(),
            context,
            modes: Mode::ALL.to_vec(),
            given: given.clone(),
        });
        // To the sandbox, which hands it on to the frame in it.
        let allowed = if target == "*" { "*" } else { origin.as_str() };
        let allow: Vec<String> = given.iter().map(|one| format!("{} {allowed}", one.feature())).collect();
        let allow = allow.join("; ");
        let wire = workspace.app_wire(&of);
        let inner = Rc::new(Inner {
            workspace: workspace.clone(),
            of,
            frame: frame.clone(),
            origin,
            target,
            document,
            html,
            given,
            view: RefCell::new(view),
            wire,
            mode: Cell::new(Mode::Inline),
            port: RefCell::default(),
            timer: RefCell::default(),
            report: RefCell::default(),
            asked: RefCell::default(),
            held: RefCell::default(),
            calls: RefCell::default(),
            sizes: Cell::new((0, 0)),
            on: Box::new(on),
            hears: RefCell::default(),
            reads: RefCell::default(),
        });
        let weak = Rc::downgrade(&inner);
        let hears = Closure::new(move |event: MessageEvent| {
            if let Some(inner) = weak.upgrade() {
                inner.hear(&event);
            }
        });
        window.add_event_listener_with_callback("message", hears.as_ref().unchecked_ref()).ok()?;
        *inner.hears.borrow_mut() = Some(hears);
        inner.later(PATIENCE, |inner| {
            if inner.port.borrow().is_none() {
                inner.end(Some("its sandbox did not answer"));
            }
        });
        // What it may do is set before there is anything that could do it.
        frame.set_attribute("sandbox", flags).ok()?;
        frame.set_attribute("allow", &allow).ok()?;
        frame.set_attribute("referrerpolicy", "no-referrer").ok()?;
        frame.set_src(&format!("{address}?host={}", String::from(js_sys::encode_uri_component(&host))));
        Some(AppFrame(inner))
    }

    /// The arguments of its call.
    pub fn input(&self, arguments: &Map<String, Value>) {
        self.0.view.borrow_mut().input(arguments);
        self.0.pump();
    }

    /// The result of its call.
    pub fn result(&self, result: &Value) {
        self.0.view.borrow_mut().result(result);
        self.0.pump();
    }

    /// There will be no result.
    pub fn cancelled(&self, reason: &str) {
        self.0.view.borrow_mut().cancelled(reason);
        self.0.pump();
    }

    /// Something about where it is has changed: the part of its `McpUiHostContext` that did.
    pub fn context_changed(&self, part: Map<String, Value>) {
        self.0.view.borrow_mut().context_changed(part);
        self.0.pump();
    }

    /// It is shown in another mode now, in a place of this size.
    pub fn shown(&self, mode: Mode, place: Value) {
        self.0.mode.set(mode);
        let mut part = Map::new();
        part.insert("displayMode".to_owned(), mode.name().into());
        part.insert("containerDimensions".to_owned(), place);
        self.context_changed(part);
    }

    /// The mode it is shown in.
    pub fn mode(&self) -> Mode {
        self.0.mode.get()
    }

    /// Whether it can be shown in a mode.
    pub fn can_show(&self, mode: Mode) -> bool {
        self.0.view.borrow().can_show(mode)
    }

    /// What it did so far.
    pub fn report(&self) -> AppReport {
        self.0.report.borrow().clone()
    }

    /// The person's answer to [`AppEvent::Link`], [`AppEvent::Words`], [`AppEvent::Context`] or [`AppEvent::Files`]: none
    /// means yes, otherwise why not.
    pub fn answer(&self, ticket: Ticket, refused: Option<&str>) {
        self.0.asked.borrow_mut().remove(&ticket);
        if let Some(held) = self.0.let_go(ticket) {
            return self.0.tell(held, refused.map(str::to_owned));
        }
        self.0.settle(
            ticket,
            match refused {
                None => Ok(json!({})),
                Some(why) => Err(why.to_owned()),
            },
        );
    }

    /// Lets it say goodbye; [`AppEvent::Ended`] follows within a second.
    pub fn close(&self) {
        // Whoever stops it wants none of its calls any more.
        self.0.calls.borrow_mut().clear();
        self.0.view.borrow_mut().close(monotonic());
        self.0.pump();
    }
}

impl Inner {
    /// A message to this window: the sandbox says that it is there, or it is none of ours (X93).
    fn hear(self: &Rc<Self>, event: &MessageEvent) {
        let sandbox = self.frame.content_window();
        let from_it = event.source().is_some_and(|source| {
            sandbox.as_ref().is_some_and(|sandbox| Object::is(source.as_ref(), sandbox.as_ref()))
        });
        if !from_it || event.origin() != self.origin || self.port.borrow().is_some() {
            return;
        }
        let data = event.data();
        if text_in(&data, "method").as_deref() != Some("ui/notifications/sandbox-proxy-ready") {
            return;
        }
        let (Some(sandbox), Ok(channel)) = (sandbox, MessageChannel::new()) else { return };
        let weak = Rc::downgrade(self);
        let reads = Closure::new(move |event: MessageEvent| read(&weak, &event));
        let port = channel.port1();
        port.set_onmessage(Some(reads.as_ref().unchecked_ref()));
        *self.reads.borrow_mut() = Some(reads);
        let message = json!({
            "jsonrpc": "2.0",
            "method": "ui/notifications/sandbox-resource-ready",
            "params": {
                "html": self.html,
                "csp": self.document.sources.to_json(),
                "permissions": self.given.iter().map(|one| (one.name().to_owned(), json!({}))).collect::<Map<_, _>>(),
            },
        });
        let Ok(message) = js_sys::JSON::parse(&message.to_string()) else { return };
        let ports = Array::of1(&channel.port2());
        if sandbox.post_message_with_transfer(&message, &self.target, &ports).is_ok() {
            *self.port.borrow_mut() = Some(port);
            self.view.borrow_mut().is_there(monotonic());
            self.pump();
        }
    }

    /// Does what the view wants until it wants nothing more.
    fn pump(self: &Rc<Self>) {
        loop {
            let output = self.view.borrow_mut().poll();
            let Some(output) = output else { break };
            match output {
                Output::Send(text) => self.send(&text),
                Output::Asked { ticket, ask } => self.asks(ticket, ask),
                Output::Withdrawn(ticket) => {
                    self.asked.borrow_mut().remove(&ticket);
                    self.calls.borrow_mut().remove(&ticket);
                    (self.on)(AppEvent::Withdrawn(ticket));
                    self.let_go(ticket);
                }
                Output::Ready { name, modes } => {
                    self.report.borrow_mut().name = name;
                    (self.on)(AppEvent::Ready(modes));
                }
                Output::Silent => (self.on)(AppEvent::Silent),
                Output::Resized(height) => {
                    if self.may_resize() {
                        (self.on)(AppEvent::Height(height));
                    }
                }
                Output::Logged { level, text } => {
                    push(&mut self.report.borrow_mut().logs, format!("{level}: {text}"));
                    (self.on)(AppEvent::Reported);
                }
                Output::WantsToEnd => (self.on)(AppEvent::WantsToEnd),
                Output::Ended => self.end(None),
                Output::Flooded => self.end(Some("it sent more messages than anybody needs")),
            }
        }
        let wake = self.view.borrow().wake_at();
        if let Some(at) = wake {
            self.later(at.saturating_sub(monotonic()), |inner| {
                inner.view.borrow_mut().tick(monotonic());
                inner.pump();
            });
        }
    }

    fn send(&self, text: &str) {
        if let Some(port) = &*self.port.borrow() {
            self.passes(true, text);
            let _ = port.post_message(&Array::of2(&"page".into(), &text.into()));
        }
    }

    /// A message to the app or from it, for whoever looks.
    fn passes(&self, sent: bool, text: &str) {
        if let Some(wire) = &self.wire {
            wire.passes(sent, text);
        }
    }

    /// A page that changes its size again and again is not followed for ever.
    fn may_resize(&self) -> bool {
        let (count, since) = self.sizes.get();
        let now = monotonic();
        let (count, since) = if now.saturating_sub(since) > CALM { (0, now) } else { (count, since) };
        self.sizes.set((count + 1, since));
        count < SIZES
    }

    fn did(&self, what: String, how: String) {
        let calls = &mut self.report.borrow_mut().calls;
        if calls.len() >= KEPT {
            calls.remove(0);
        }
        calls.push((what, how));
    }

    fn settle(self: &Rc<Self>, ticket: Ticket, answer: Result<Value, String>) {
        self.view.borrow_mut().answer(ticket, answer.map_err(Refused));
        self.pump();
        (self.on)(AppEvent::Reported);
    }

    fn blocked(&self, directive: &str, address: &str) {
        let blocked = Blocked::new(directive, address);
        {
            let list = &mut self.report.borrow_mut().blocked;
            let full = list.len() >= KEPT;
            match list.iter_mut().find(|(known, _)| *known == blocked) {
                Some((_, count)) => *count = count.saturating_add(1),
                None if full => {}
                None => list.push((blocked, 1)),
            }
        }
        (self.on)(AppEvent::Reported);
    }

    fn later(self: &Rc<Self>, millis: u64, then: impl FnOnce(&Rc<Inner>) + 'static) {
        let weak = Rc::downgrade(self);
        *self.timer.borrow_mut() = Timer::after(millis, move || {
            if let Some(inner) = weak.upgrade() {
                // The callback is running: it is let go of after it, by whoever sets the next one.
                then(&inner);
            }
        });
    }

    fn end(&self, why: Option<&'static str>) {
        self.calls.borrow_mut().clear();
        if let Some(port) = self.port.borrow_mut().take() {
            port.close();
        }
        (self.on)(AppEvent::Ended(why));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let (Some(window), Some(hears)) = (web_sys::window(), self.hears.borrow_mut().take()) {
            let _ = window.remove_event_listener_with_callback("message", hears.as_ref().unchecked_ref());
        }
        if let Some(port) = self.port.borrow_mut().take() {
            port.set_onmessage(None);
            port.close();
        }
    }
}

/// Something came over the channel: a word of what it is, and texts.
fn read(inner: &Weak<Inner>, event: &MessageEvent) {
    let Some(inner) = inner.upgrade() else { return };
    let Ok(parts) = event.data().dyn_into::<Array>() else { return };
    let text = |at: u32| parts.get(at).as_string();
    match text(0).as_deref() {
        Some("page") => {
            if let Some(text) = text(1) {
                inner.passes(false, &text);
                inner.view.borrow_mut().receive(&text, monotonic());
                inner.pump();
            }
        }
        Some("blocked") => inner.blocked(&text(1).unwrap_or_default(), &text(2).unwrap_or_default()),
        Some("escape") => (inner.on)(AppEvent::Escape),
        Some("flood") => inner.end(Some("it sent more messages than anybody needs")),
        _ => {}
    }
}

fn push(list: &mut Vec<String>, text: String) {
    if list.len() >= KEPT {
        list.remove(0);
    }
    list.push(text);
}

fn text_in(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string()
}
