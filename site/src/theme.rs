//! Light, dark, or as the system says.
//!
//! The choice is one word in local storage; `boot.js` puts it on the page before the first paint, so no other theme
//! flashes up. Everything else is `light-dark()` in the style sheet.

use leptos::prelude::*;

/// The key in local storage. `boot.js` reads the same one.
const KEY: &str = "countersign:theme";

/// What the person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The choices with their words.
    pub const ALL: [(Theme, &'static str); 3] =
        [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")];

    /// What was chosen before.
    pub fn kept() -> Theme {
        match local_storage().and_then(|store| store.get_item(KEY).ok().flatten()).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// Shows it and keeps it. Where storage is blocked it holds until the page is left.
    pub fn choose(self) {
        let word = match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        };
        let root = document().document_element();
        match word {
            Some(word) => {
                let _ = root.map(|root| root.set_attribute("data-theme", word));
                let _ = local_storage().map(|store| store.set_item(KEY, word));
            }
            None => {
                let _ = root.map(|root| root.remove_attribute("data-theme"));
                let _ = local_storage().map(|store| store.remove_item(KEY));
            }
        }
    }
}

/// Local storage, where the browser gives it.
pub(crate) fn local_storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
