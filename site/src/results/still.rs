//! An element that never changes once it stands on the page, and is made by hand.
//!
//! A long answer is thousands of words, links and list items. A view for each of them costs more than the elements
//! themselves: its box, what would draw it again, a mark in the document behind every list of views (WI31). So what will
//! stay as it is goes straight into the document, as elements and text nodes, never as markup; what may still change
//! stands in it as a view.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::Rndr;
use leptos::tachys::renderer::types::{Element, Node, Placeholder};
use leptos::tachys::view::{Mountable, Position, PositionState, Render};

use super::text::{Piece, chipped};

/// One element with what is in it. Everything that is written goes behind what is there.
pub(crate) struct Still {
    element: Element,
    /// The views in it, each with the element that it stands in and the mark that it stands before.
    views: Vec<(Element, Placeholder, AnyView)>,
}

impl Still {
    /// An empty element.
    pub(crate) fn new(tag: &'static str) -> Self {
        Still { element: Rndr::create_element(tag, None), views: Vec::new() }
    }

    /// An element with a class, and what `fill` writes into it.
    pub(crate) fn of(tag: &'static str, class: &'static str, fill: impl FnOnce(&mut Still)) -> Self {
        let mut still = Still::new(tag);
        if !class.is_empty() {
            still.set("class", class);
        }
        fill(&mut still);
        still
    }

    /// Gives it an attribute.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        Rndr::set_attribute(&self.element, name, value);
    }

    /// Writes a text of somebody else's: nothing in it is hidden, as in [`pieces`](super::text::pieces).
    pub(crate) fn text(&mut self, text: &str) {
        for piece in chipped(text) {
            match piece {
                Piece::Plain(text) => self.plain(text),
                Piece::Chip { short, long } => self.put("span", "unseen", |chip| {
                    chip.set("title", &long);
                    chip.plain(&short);
                }),
            }
        }
    }

    /// Writes a text of ours.
    pub(crate) fn plain(&mut self, text: &str) {
        Rndr::insert_node(&self.element, &Rndr::create_text_node(text), None);
    }

    /// Writes an element with what `fill` writes into it.
    pub(crate) fn put(&mut self, tag: &'static str, class: &'static str, fill: impl FnOnce(&mut Still)) {
        self.add(Still::of(tag, class, fill));
    }

    /// Writes another one into it.
    pub(crate) fn add(&mut self, inner: Still) {
        Rndr::insert_node(&self.element, &inner.element, None);
        self.views.extend(inner.views);
    }

    /// Writes something that may change later.
    pub(crate) fn live(&mut self, view: impl IntoView + 'static) {
        let mark = Rndr::create_placeholder();
        Rndr::insert_node(&self.element, &mark, None);
        self.views.push((self.element.clone(), mark, view.into_any()));
    }
}

/// A [`Still`] that is drawn.
pub(crate) struct StillState {
    element: Element,
    /// They go when it does.
    _views: Vec<<AnyView as Render>::State>,
}

impl Render for Still {
    type State = StillState;

    fn build(self) -> Self::State {
        let place = |(parent, mark, view): (Element, Placeholder, AnyView)| {
            let mut view = view.build();
            view.mount(&parent, Some(&mark));
            view
        };
        StillState { element: self.element, _views: self.views.into_iter().map(place).collect() }
    }

    fn rebuild(self, state: &mut Self::State) {
        let mut now = self.build();
        state.insert_before_this(&mut now);
        state.unmount();
        *state = now;
    }
}

impl AddAnyAttr for Still {
    type Output<SomeNewAttr: Attribute> = Self;

    /// It takes no attribute from outside: nothing gives it one.
    fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        self
    }
}

/// The site is drawn in browsers only; the rest of this trait is for servers.
impl RenderHtml for Still {
    type AsyncOutput = Self;
    type Owned = Self;
    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self::AsyncOutput {
        self
    }

    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Self::State {
        self.build()
    }

    fn into_owned(self) -> Self::Owned {
        self
    }
}

impl Mountable for StillState {
    fn unmount(&mut self) {
        self.element.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.element.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.element.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.element.clone()]
    }
}
