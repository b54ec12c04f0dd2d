//! Buttons. What a button does is given with `on:click`, which lands on the native element.

use leptos::prelude::*;

use super::dressed::Dressed;
use super::{Icon, IconName};

/// How loud a button is. At most one primary button stands in a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonLook {
    /// The ordinary one, with an edge.
    #[default]
    Plain,
    /// The next step.
    Primary,
    /// The next step, when it destroys something.
    Danger,
    /// Without an edge, for what is rarely needed.
    Quiet,
    /// Looks like a link, acts like a button.
    Link,
}

impl ButtonLook {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "btn",
            Self::Primary => "btn primary",
            Self::Danger => "btn danger",
            Self::Quiet => "btn quiet",
            Self::Link => "btn link",
        }
    }
}

/// A native button. Its children are its name: a verb and its object.
#[component(transparent)]
pub fn Button(
    /// How loud it is.
    #[prop(optional)]
    look: ButtonLook,
    /// Smaller, for rows and cards.
    #[prop(optional)]
    small: bool,
    /// Sends the form around it.
    #[prop(optional)]
    submit: bool,
    /// Cannot be used now. Say why beside it.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    children: Children,
) -> Dressed {
    let class = look.class();
    let kind = if submit { "submit" } else { "button" };
    let children = untrack(children);
    Dressed::new(view! {
        <button type=kind class=class class:small=small disabled=move || disabled.get()>{children}</button>
    })
}

/// A button that shows only an icon; its name is spoken and shown on hover.
#[component(transparent)]
pub fn IconButton(
    /// Its name.
    #[prop(into)]
    label: Signal<String>,
    /// What it shows.
    icon: IconName,
    /// Smaller, for rows and cards.
    #[prop(optional)]
    small: bool,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> Dressed {
    Dressed::new(view! {
        <button type="button" class="btn quiet icon" class:small=small disabled=move || disabled.get()
            aria-label=move || label.get() title=move || label.get()>
            <Icon name=icon/>
        </button>
    })
}
