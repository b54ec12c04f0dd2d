//! A control that takes what it does from outside, and takes the newest when it is drawn again.
//!
//! Release builds give every component one type (`--cfg erase_components`), and leptos' own wrapper for what is put on
//! such a component keeps the listeners of the first drawing when the place is drawn again: it builds the new ones and
//! drops them at once (`AnyViewWithAttrs::rebuild` of tachys 0.2.19). A row that moved up would then act on the thing
//! that stood there before. So the controls hold what is put on them themselves.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::{AnyAttribute, IntoAnyAttribute};
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::types::{Element, Node};
use leptos::tachys::view::{Mountable, Position, PositionState, Render};

/// One native element, and what was put on it with `on:` and `attr:` where it is used.
pub struct Dressed {
    view: AnyView,
    worn: Vec<AnyAttribute>,
}

impl Dressed {
    /// A control without anything put on it yet. `view` draws one element.
    pub fn new(view: impl IntoView + 'static) -> Self {
        Self { view: view.into_any(), worn: Vec::new() }
    }
}

/// What is in the document of a [`Dressed`].
pub struct DressedState {
    view: <AnyView as Render>::State,
    worn: Vec<<Vec<AnyAttribute> as Attribute>::State>,
}

impl Render for Dressed {
    type State = DressedState;

    fn build(self) -> Self::State {
        let view = self.view.build();
        let worn = view.elements().iter().map(|element| self.worn.clone().build(element)).collect();
        DressedState { view, worn }
    }

    fn rebuild(self, state: &mut Self::State) {
        self.view.rebuild(&mut state.view);
        // The old listeners go before the new ones come.
        state.worn.clear();
        state.worn = state.view.elements().iter().map(|element| self.worn.clone().build(element)).collect();
    }
}

impl AddAnyAttr for Dressed {
    type Output<SomeNewAttr: Attribute> = Self;

    fn add_any_attr<NewAttr: Attribute>(mut self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        self.worn.push(attr.into_cloneable_owned().into_any_attr());
        self
    }
}

/// The site is drawn in browsers only; the rest of this trait is for servers.
impl RenderHtml for Dressed {
    type AsyncOutput = Self;
    type Owned = Self;
    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self::AsyncOutput {
        self
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        mut extra_attrs: Vec<AnyAttribute>,
    ) {
        extra_attrs.extend(self.worn);
        self.view.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Self::State {
        self.build()
    }

    fn into_owned(self) -> Self::Owned {
        self
    }
}

impl Mountable for DressedState {
    fn unmount(&mut self) {
        self.view.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.view.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.view.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        self.view.elements()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Button;
    use leptos::mount::mount_to;
    use leptos::prelude::*;
    use leptos::task::tick;
    use wasm_bindgen::JsCast;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// Rows are drawn again in the place of others: what is pressed is what is shown.
    #[wasm_bindgen_test]
    async fn a_button_that_is_drawn_again_does_what_it_says_now() {
        // The tests of this crate run in Node, too, where nothing can be drawn.
        if web_sys::window().is_none() {
            return;
        }
        let place = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&place).unwrap();
        let rows = RwSignal::new(vec!["first", "second"]);
        let pressed = RwSignal::new(Vec::new());
        let mounted = mount_to(place.clone().unchecked_into(), move || {
            move || {
                rows.get()
                    .into_iter()
                    .map(|row| {
                        view! { <Button on:click=move |_| pressed.update(|all| all.push(row))>{row}</Button> }
                            .into_any()
                    })
                    .collect_view()
                    .into_any()
            }
        });
        let press =
            || place.query_selector("button").unwrap().unwrap().unchecked_into::<web_sys::HtmlElement>().click();
        press();
        rows.set(vec!["second"]);
        tick().await;
        assert_eq!(place.text_content().unwrap(), "second");
        press();
        assert_eq!(pressed.get_untracked(), ["first", "second"], "once each, and the one that is shown");
        drop(mounted);
        place.remove();
    }
}
