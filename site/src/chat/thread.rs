//! The thread: everything that happened in a conversation, oldest first, of which the page holds what is near.
//!
//! A page that held thousands of messages would be slow to open, slow to scroll, and slow to draw each new word. So the
//! thread is cut into stretches of a few items. Each stretch has its place; its items are drawn while it is near to what
//! is seen, and taken away when it is far, which leaves an empty place of the same height. One stretch is drawn in each
//! frame, the nearest first, so that no frame takes long. What is read stays where it is: the browser's own scroll
//! anchoring evens out what a place above it gains or loses.
//!
//! What this costs is said here, because nobody would look for it: the browser's search in the page, and printing, know
//! only what is drawn. The search over conversations knows everything, and so does an export. A screen reader is told by
//! each message which one of how many it is. A stretch in which something goes on is not taken away: where the focus or
//! a selection is, where an app runs, where something was unfolded or half filled in.

use std::collections::{BTreeMap, BTreeSet};

use leptos::{html, prelude::*};
use policy::ConversationId;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::page::{Pause, item};
use super::proposal::NextStep;
use crate::state::{Load, use_state};
use crate::ui::{Button, Working};

/// Items in a stretch.
const STRETCH: usize = 8;
/// How many stretches at the end of a thread are always drawn: what is being said is there.
const LAST: usize = 2;
/// How far above and below what is seen a stretch counts as near.
const NEAR: &str = "1200px 0px";
/// For how many frames an item that is far away is waited for.
const FRAMES: u8 = 60;
/// How close to the end, in pixels, counts as reading the end.
const AT_END: i32 = 80;
/// What keeps a stretch: an app, what was unfolded, what can be filled in, an answer that is being written.
const IN_USE: &str = "iframe, details[open], form, [aria-expanded=true], [aria-busy=true]";

/// Where a message stands in its conversation, for screen readers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// Which one it is, counted from 1.
    pub(super) at: usize,
    /// How many there are.
    pub(super) of: Memo<usize>,
}

/// Everything that happened. It stays at its end while the person reads there.
#[component]
pub(super) fn ThreadView(id: ConversationId) -> impl IntoView {
    let state = use_state();
    let (scroller, content) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let end = End::new(scroller);
    Effect::new(move |_| {
        if let (Some(scroller), Some(content)) = (scroller.get(), content.get()) {
            end.keep_in_sight(&[scroller.into(), content.into()]);
        }
    });
    let total = Memo::new(move |_| state.thread.items.with(Vec::len));
    let count = Memo::new(move |_| total.get().div_ceil(STRETCH));
    let stretches = Stretches::new(scroller, count);
    let loading = Memo::new(move |_| state.thread.load.get() == Load::Loading);
    let (pause, next) = (id.clone(), id.clone());
    view! {
        <div class="thread-scroll" node_ref=scroller tabindex="0" role="region" aria-label="Thread" on:scroll=move |_| end.scrolled()>
            <div class="thread" node_ref=content role="log" aria-label="Conversation" aria-live="off">
                <h2 class="sr">"Messages"</h2>
                {move || loading.get().then(|| view! { <Working what="Reading the conversation"/> })}
                <For each=move || 0..count.get() key=|at| *at let:at>
                    <StretchView at total stretches conversation=id.clone()/>
                </For>
                <NextStep conversation=next/>
                <crate::confirm::Asks/>
                <Pause id=pause/>
            </div>
            {move || (!end.is_read.get()).then(|| view! {
                <div class="to-end"><Button small=true on:click=move |_| end.go()>"Go to the end"</Button></div>
            })}
        </div>
    }
}

/// Shows an item of the thread wherever it is. `show` says whether the item was there to be shown: one that is far away is
/// drawn once its place comes into sight.
pub(super) fn bring(at: usize, show: impl Fn() -> bool + 'static) {
    if show() {
        return;
    }
    let place = document().query_selector(&format!("[data-stretch=\"{}\"]", at / STRETCH)).ok().flatten();
    if let Some(place) = place {
        place.scroll_into_view();
        soon(FRAMES, show);
    }
}

/// Shows something that will be in the page in a moment.
pub(super) fn soon_shown(show: impl Fn() -> bool + 'static) {
    soon(FRAMES, show);
}

/// Tries in each of the next frames.
fn soon(frames: u8, show: impl Fn() -> bool + 'static) {
    request_animation_frame(move || {
        if !show() && frames > 0 {
            soon(frames - 1, show);
        }
    });
}

/// A few items, or the empty place where they are drawn when somebody comes near.
#[component]
fn StretchView(at: usize, total: Memo<usize>, stretches: Stretches, conversation: ConversationId) -> impl IntoView {
    let state = use_state();
    let place = NodeRef::<html::Div>::new();
    let is_last = at + LAST >= stretches.count.get_untracked();
    let drawn = stretches.add(at, is_last);
    place.on_load(move |place| stretches.watch(&place));
    on_cleanup(move || stretches.remove(at));
    let cells = move || {
        let first = at * STRETCH;
        state
            .thread
            .items
            .with(|items| items.iter().skip(first).take(STRETCH).cloned().zip(first + 1..).collect::<Vec<_>>())
    };
    let items = move || {
        let conversation = conversation.clone();
        drawn.get().then(|| {
            view! {
                <For each=cells key=|(cell, _)| cell.id.clone() let:one>
                    {item(one.0, Position { at: one.1, of: total }, conversation.clone())}
                </For>
            }
        })
    };
    view! {
        <div class="stretch" class:new=is_last class:away=move || !drawn.get() data-stretch=at.to_string() node_ref=place>
            {items}
        </div>
    }
}

/// The stretches of a thread and which of them are drawn. Copy.
#[derive(Clone, Copy)]
struct Stretches {
    scroller: NodeRef<html::Div>,
    count: Memo<usize>,
    drawn: StoredValue<BTreeMap<usize, RwSignal<bool>>>,
    watcher: StoredValue<Option<Watcher>, LocalStorage>,
    /// What is to be drawn and what is to be taken away, with its place.
    waiting: StoredValue<BTreeMap<usize, HtmlElement>, LocalStorage>,
    leaving: StoredValue<BTreeSet<usize>>,
    at_work: StoredValue<bool>,
}

/// Tells which places come near to what is seen and which go away from it.
struct Watcher {
    observer: IntersectionObserver,
    _told: Closure<dyn FnMut(js_sys::Array)>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

impl Stretches {
    fn new(scroller: NodeRef<html::Div>, count: Memo<usize>) -> Self {
        Self {
            scroller,
            count,
            drawn: StoredValue::default(),
            watcher: StoredValue::new_local(None),
            waiting: StoredValue::new_local(BTreeMap::new()),
            leaving: StoredValue::default(),
            at_work: StoredValue::new(false),
        }
    }

    /// A new stretch; says whether it is drawn.
    fn add(self, at: usize, drawn: bool) -> RwSignal<bool> {
        let drawn = RwSignal::new(drawn);
        self.drawn.update_value(|all| {
            all.insert(at, drawn);
        });
        drawn
    }

    fn remove(self, at: usize) {
        self.drawn.try_update_value(|all| all.remove(&at));
        self.waiting.try_update_value(|all| all.remove(&at));
    }

    /// Follows whether a place is near. The first one makes the watcher.
    fn watch(self, place: &Element) {
        let made = self.watcher.try_update_value(|watcher| {
            if watcher.is_none() {
                *watcher = self.scroller.get_untracked().and_then(|scroller| self.watcher(&scroller));
            }
            if let Some(watcher) = watcher {
                watcher.observer.observe(place);
            }
            watcher.is_some()
        });
        // Without a watcher everything is drawn, as a page without one would be.
        if made == Some(false) {
            self.drawn.with_value(|all| all.values().for_each(|drawn| drawn.set(true)));
        }
    }

    fn watcher(self, scroller: &Element) -> Option<Watcher> {
        let told = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            for entry in entries.iter() {
                self.told(&entry.unchecked_into());
            }
            self.work();
        });
        let options = IntersectionObserverInit::new();
        options.set_root(Some(scroller));
        options.set_root_margin(NEAR);
        let observer = IntersectionObserver::new_with_options(told.as_ref().unchecked_ref(), &options).ok()?;
        Some(Watcher { observer, _told: told })
    }

    fn told(self, entry: &IntersectionObserverEntry) {
        let place: HtmlElement = entry.target().unchecked_into();
        let Some(at) = place.dataset().get("stretch").and_then(|at| at.parse::<usize>().ok()) else { return };
        let is_drawn = self.is_drawn(at);
        self.waiting.update_value(|waiting| {
            waiting.remove(&at);
        });
        self.leaving.update_value(|leaving| {
            leaving.remove(&at);
        });
        if entry.is_intersecting() {
            if !is_drawn {
                self.waiting.update_value(|waiting| {
                    waiting.insert(at, place);
                });
            }
        } else if is_drawn && at + LAST < self.count.get_untracked() && !in_use(&place) {
            // Its height is what it leaves behind.
            let height = entry.bounding_client_rect().height();
            let _ = place.style().set_property("height", &format!("{height}px"));
            let _ = place.class_list().remove_1("new");
            self.leaving.update_value(|leaving| {
                leaving.insert(at);
            });
        }
    }

    fn is_drawn(self, at: usize) -> bool {
        self.drawn.with_value(|all| all.get(&at).is_some_and(|drawn| drawn.get_untracked()))
    }

    /// Draws what waits, one stretch in each frame, and takes away what is far once nothing waits.
    fn work(self) {
        let idle = || {
            self.waiting.try_with_value(BTreeMap::is_empty).unwrap_or(true)
                && self.leaving.try_with_value(BTreeSet::is_empty).unwrap_or(true)
        };
        if idle() || self.at_work.get_value() {
            return;
        }
        self.at_work.set_value(true);
        request_animation_frame(move || {
            // The thread may be gone by now.
            if self.at_work.try_set_value(false).is_some() {
                return;
            }
            self.step();
            self.work();
        });
    }

    fn step(self) {
        if let Some((at, place)) = self.nearest() {
            let _ = place.style().remove_property("height");
            self.waiting.update_value(|waiting| {
                waiting.remove(&at);
            });
            self.set(at, true);
        } else if let Some(at) = self.leaving.try_update_value(BTreeSet::pop_first).flatten() {
            self.set(at, false);
        }
    }

    fn set(self, at: usize, drawn: bool) {
        if let Some(signal) = self.drawn.with_value(|all| all.get(&at).copied()) {
            signal.set(drawn);
        }
    }

    /// Of what waits, what is nearest to the middle of what is seen.
    fn nearest(self) -> Option<(usize, HtmlElement)> {
        let middle = |element: &Element| {
            let place = element.get_bounding_client_rect();
            (place.top() + place.bottom()) / 2.0
        };
        let seen = middle(&*self.scroller.get_untracked()?);
        self.waiting.with_value(|waiting| {
            let distance = |place: &HtmlElement| (middle(place) - seen).abs();
            let nearest = waiting.iter().min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
            nearest.map(|(at, place)| (*at, place.clone()))
        })
    }
}

/// Whether something goes on in a stretch that would be lost with it.
fn in_use(place: &Element) -> bool {
    let holds = |selector| place.query_selector(selector).ok().flatten().is_some();
    let selected = || {
        let selection = window().get_selection().ok().flatten()?;
        (!selection.is_collapsed()).then(|| selection.contains_node_with_allow_partial_containment(place, true).ok())?
    };
    holds(":focus") || holds(IN_USE) || selected().unwrap_or(false)
}

/// The end of a thread: whether it is read, and staying there. Copy.
#[derive(Clone, Copy)]
struct End {
    scroller: NodeRef<html::Div>,
    is_read: RwSignal<bool>,
    /// Where the thread was scrolled to when this was last looked at.
    top: StoredValue<i32>,
}

impl End {
    fn new(scroller: NodeRef<html::Div>) -> Self {
        Self { scroller, is_read: RwSignal::new(true), top: StoredValue::new(0) }
    }

    fn go(self) {
        if let Some(element) = self.scroller.try_get_untracked().flatten() {
            element.set_scroll_top(element.scroll_height());
        }
    }

    /// Somebody scrolled, or the thread was scrolled. Only going up leaves the end: what is written meanwhile does not.
    fn scrolled(self) {
        let Some(element) = self.scroller.get_untracked() else { return };
        let (top, before) = (element.scroll_top(), self.top.get_value());
        self.top.set_value(top);
        let near = element.scroll_height() - top - element.client_height() < AT_END;
        if near != self.is_read.get_untracked() && (near || top < before) {
            self.is_read.set(near);
        }
    }

    /// Whenever one of these gets another height, the end is shown again if it was read.
    fn keep_in_sight(self, of: &[Element]) {
        let resized = Closure::<dyn FnMut()>::new(move || {
            if self.is_read.try_get_untracked() == Some(true) {
                self.go();
            }
        });
        let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) else { return };
        of.iter().for_each(|element| observer.observe(element));
        let kept = StoredValue::new_local((observer, resized));
        on_cleanup(move || {
            kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    }
}
