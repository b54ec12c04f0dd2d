//! The focus is never lost.
//!
//! What has it may go away, be drawn anew, or be switched off while something runs. The browser then gives the focus to
//! the page as a whole, and whoever works by keyboard or by ear begins again at the top. Here it goes to the same control
//! where that was drawn anew, else to the row, the form or the section that stands in its place. It never goes to another
//! control: a second press of the same key must not do something else.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement};

use crate::router::focus_page;

/// What stands for a control that is gone: the smallest of these around its place.
const PLACES: &str = "li, tr, form, fieldset, section, article, dialog, main";

/// One step of the way from an element up to the page.
struct Step {
    parent: Element,
    /// How many elements of the parent stand before it.
    at: usize,
    /// How many the parent has.
    of: u32,
    tag: String,
}

/// Where the focus is, so that it can be given back.
pub struct Spot {
    element: HtmlElement,
    says: String,
    /// The innermost step first.
    way: Vec<Step>,
}

impl Spot {
    /// Where it is now; none while nothing has it.
    pub fn here() -> Option<Spot> {
        let element: HtmlElement = focused()?.dyn_into().ok()?;
        let mut way = Vec::new();
        let mut child: Element = element.clone().into();
        while let Some(parent) = child.parent_element() {
            let before = std::iter::successors(child.previous_element_sibling(), Element::previous_element_sibling);
            let (at, of, tag) = (before.count(), parent.child_element_count(), child.tag_name());
            way.push(Step { at, of, tag, parent: parent.clone() });
            child = parent;
        }
        Some(Spot { says: says(&element), element, way })
    }

    /// Gives the focus back once the page is drawn, unless something has it by then.
    pub fn back_soon(self) {
        request_animation_frame(move || {
            if focused().is_none() {
                self.back();
            }
        });
    }

    /// Gives the focus back: to the element, to the button of the menu that it was in, to the same control drawn anew, or
    /// to what stands in its place.
    fn back(&self) {
        if takes(&self.element) || self.opener().is_some_and(|button| takes(&button)) {
            return;
        }
        let stand_in = self.stand_in();
        if let Some((there, true)) = &stand_in
            && says(there) == self.says
            && takes(there)
        {
            return;
        }
        let mut place = stand_in.and_then(|(there, _)| there.closest(PLACES).ok().flatten());
        while let Some(found) = place.filter(|found| found.tag_name() != "MAIN") {
            if !found.has_attribute("tabindex") {
                let _ = found.set_attribute("tabindex", "-1");
            }
            if takes(&found) {
                return;
            }
            place = found.parent_element().and_then(|around| around.closest(PLACES).ok().flatten());
        }
        focus_page();
    }

    /// The button of the closed menu that the element is in.
    fn opener(&self) -> Option<Element> {
        let menu = self.element.closest("[popover]:not(:popover-open)").ok()??;
        document().query_selector(&format!("[popovertarget='{}']", menu.id())).ok()?
    }

    /// What stands where the element stood, as deep as the page is still made the same way, and whether that is the very
    /// place of the element. In a list of which a row came or went the place is another row's, whose buttons say the same.
    fn stand_in(&self) -> Option<(Element, bool)> {
        let depth = self.way.iter().position(|step| step.parent.is_connected())?;
        let mut there = self.way.get(depth)?.parent.clone();
        let mut same = true;
        for step in self.way.iter().take(depth + 1).rev() {
            same &= !matches!(step.tag.as_str(), "LI" | "TR") || there.child_element_count() == step.of;
            match child_at(&there, step.at).filter(|child| child.tag_name() == step.tag) {
                Some(child) => there = child,
                None => return Some((there, false)),
            }
        }
        Some((there, same))
    }

    /// Whether it was in a dialog that is gone: that gives the focus back to where it was before.
    fn in_closed_dialog(&self) -> bool {
        let gone = |element: &Element| element.tag_name() == "DIALOG" && !element.is_connected();
        self.way.iter().any(|step| gone(&step.parent))
    }
}

/// What has the focus, and not just the page as a whole or what cannot be used.
fn focused() -> Option<Element> {
    document().active_element().filter(|now| now.tag_name() != "BODY" && !now.matches(":disabled").unwrap_or(false))
}

/// Gives the focus to an element; false when it does not take it.
fn takes(element: &Element) -> bool {
    let options = web_sys::FocusOptions::new();
    // It is where the person looks already.
    options.set_prevent_scroll(true);
    let tried = element.dyn_ref::<HtmlElement>().map(|element| element.focus_with_options(&options));
    tried.is_some() && focused().is_some_and(|now| now == *element)
}

/// What a control says it is, as far as one of two that look alike is told from the other.
fn says(element: &Element) -> String {
    let own = || element.closest("label, .field").ok().flatten().unwrap_or_else(|| element.clone()).text_content();
    element.get_attribute("aria-label").or_else(own).unwrap_or_default()
}

/// The child with so many before it; the last where there are fewer.
fn child_at(parent: &Element, at: usize) -> Option<Element> {
    std::iter::successors(parent.first_element_child(), Element::next_element_sibling).take(at + 1).last()
}

/// What is known of the focus.
#[derive(Default)]
struct Known {
    last: Option<Spot>,
    /// A control that cannot be used for now, and what has the focus meanwhile.
    away: Option<(HtmlElement, Element)>,
}

/// Looks after the focus as long as the page lives.
pub fn keep_focus() {
    let known = StoredValue::new_local(Known::default());
    let note = move || {
        known.update_value(|known| known.last = Spot::here());
    };
    let _ = window_event_listener(ev::focusin, move |_| note());
    let _ = window_event_listener(ev::focusout, move |_| {
        // What is removed or switched off at this moment is by then.
        queue_microtask(move || {
            known.update_value(|known| {
                let usable =
                    |spot: &Spot| spot.element.is_connected() && !spot.element.matches(":disabled").unwrap_or(false);
                // Whoever clicks beside everything wants the focus nowhere.
                if focused().is_none() && known.last.as_ref().is_some_and(usable) {
                    known.last = None;
                }
            });
        });
    });
    let look = move || {
        let Some(now) = focused() else {
            let Some(lost) = known.try_update_value(|known| known.last.take()).flatten() else { return };
            if !lost.in_closed_dialog() {
                lost.back();
                note();
                let away = focused().filter(|_| lost.element.is_connected()).map(|meanwhile| (lost.element, meanwhile));
                known.update_value(|known| known.away = away);
            }
            return;
        };
        let away = known.try_update_value(|known| known.away.take()).flatten();
        if let Some((control, meanwhile)) = away.filter(|(_, meanwhile)| *meanwhile == now)
            && !takes(&control)
            && control.is_connected()
        {
            known.update_value(|known| known.away = Some((control, meanwhile)));
        }
    };
    let hear = Closure::<dyn Fn()>::new(look);
    let options = web_sys::MutationObserverInit::new();
    options.set_child_list(true);
    options.set_subtree(true);
    options.set_attribute_filter(&js_sys::Array::of1(&"disabled".into()));
    let observer = web_sys::MutationObserver::new(hear.as_ref().unchecked_ref()).ok();
    if let (Some(observer), Some(body)) = (&observer, document().body()) {
        let _ = observer.observe_with_options(&body, &options);
    }
    StoredValue::new_local((observer, hear));
}
