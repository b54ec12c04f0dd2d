//! Small marks that say what something is: badge, class, host, monogram, connection state.
//!
//! Meaning never rests on colour alone: each mark has a word, and each class its own shape.

use leptos::prelude::*;
use policy::Class;

/// The badge of a connector: `Dev`, `custom` or `demo`. A first-party connector has none.
#[component]
pub fn Badge(
    /// The word.
    #[prop(into)]
    word: String,
) -> impl IntoView {
    view! { <span class="tag" class:dev=word == "Dev">{word.clone()}</span> }
}

/// Marks a connector whose server runs on this machine or network.
#[component]
pub fn LocalMark() -> impl IntoView {
    view! { <span class="tag local">"local"</span> }
}

/// The word for a class, as it is used everywhere.
pub fn class_word(class: Class) -> &'static str {
    match class {
        Class::Read => "read",
        Class::Write => "write",
        Class::Destructive => "destructive",
    }
}

/// The class of an action: a shape, a colour and a word.
#[component]
pub fn ClassMark(
    /// Which class.
    class: Class,
) -> impl IntoView {
    let look = match class {
        Class::Read => "class",
        Class::Write => "class write",
        Class::Destructive => "class destroy",
    };
    view! { <span class=look>{class_word(class)}</span> }
}

/// The host of a connector, with the name before it where there is one: `Desk · desk.example.org` (X26).
#[component]
pub fn HostName(
    /// The host, the part of the identity that cannot be made up.
    #[prop(into)]
    host: String,
    /// The connector's name, the server's or the person's words.
    #[prop(optional_no_strip)]
    name: Option<String>,
) -> impl IntoView {
    view! {
        <span class="host">
            {name.map(|name| view! { <bdi>{name}</bdi>" · " })}
            <b><bdi>{host}</bdi></b>
        </span>
    }
}

/// The first letter of a name on a colour. Decoration: the name stands beside it.
#[component]
pub fn Monogram(
    /// The name.
    #[prop(into)]
    name: String,
    /// A connector's colour, 0 to 7; without one it has the colour of the page.
    #[prop(optional)]
    tint: u8,
    /// `small`, `big`, or nothing for the ordinary size.
    #[prop(optional)]
    size: &'static str,
) -> impl IntoView {
    let letter: String =
        name.trim().chars().next().map(|first| first.to_uppercase().collect()).unwrap_or_else(|| "·".into());
    view! { <span class=format!("mono-gram {size} t{tint}") aria-hidden="true">{letter}</span> }
}

/// The state of a connection as a shape; put the words beside it.
#[component]
pub fn StatusDot(
    /// `idle`, `ok`, `busy`, `held` or `bad`.
    #[prop(into)]
    look: Signal<&'static str>,
) -> impl IntoView {
    view! { <span class=move || format!("dot {}", look.get()) aria-hidden="true"></span> }
}
