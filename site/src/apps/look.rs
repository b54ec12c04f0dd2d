//! What an app is told about where it is: colours, fonts, language, size (specification, "Host Context", "Theming").

use leptos::prelude::*;
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::*;

/// The standard names of looks, and where the value comes from: a token of ours (`--...`), or as it is.
const LOOKS: &[(&str, &str)] = &[
    ("--color-background-primary", "--raised"),
    ("--color-background-secondary", "--paper"),
    ("--color-background-tertiary", "--sunken"),
    ("--color-background-inverse", "--ink"),
    ("--color-background-ghost", "transparent"),
    ("--color-background-info", "--accent-wash"),
    ("--color-background-danger", "--destroy-wash"),
    ("--color-background-success", "--done-wash"),
    ("--color-background-warning", "--write-wash"),
    ("--color-background-disabled", "--hover"),
    ("--color-text-primary", "--ink"),
    ("--color-text-secondary", "--ink-2"),
    ("--color-text-tertiary", "--ink-3"),
    ("--color-text-inverse", "--paper"),
    ("--color-text-ghost", "--ink-3"),
    ("--color-text-info", "--accent"),
    ("--color-text-danger", "--destroy"),
    ("--color-text-success", "--done"),
    ("--color-text-warning", "--write"),
    ("--color-text-disabled", "--ink-3"),
    ("--color-border-primary", "--edge"),
    ("--color-border-secondary", "--line-strong"),
    ("--color-border-tertiary", "--line"),
    ("--color-border-inverse", "--paper"),
    ("--color-border-ghost", "transparent"),
    ("--color-border-info", "--accent"),
    ("--color-border-danger", "--destroy"),
    ("--color-border-success", "--done"),
    ("--color-border-warning", "--write"),
    ("--color-border-disabled", "--line"),
    ("--color-ring-primary", "--accent"),
    ("--color-ring-secondary", "--edge"),
    ("--color-ring-inverse", "--paper"),
    ("--color-ring-info", "--accent"),
    ("--color-ring-danger", "--destroy"),
    ("--color-ring-success", "--done"),
    ("--color-ring-warning", "--write"),
    ("--font-sans", "--sans"),
    ("--font-mono", "--mono"),
    ("--font-weight-normal", "400"),
    ("--font-weight-medium", "500"),
    ("--font-weight-semibold", "600"),
    ("--font-weight-bold", "700"),
    ("--font-text-xs-size", "12px"),
    ("--font-text-sm-size", "--t-s"),
    ("--font-text-md-size", "--t"),
    ("--font-text-lg-size", "--t-l"),
    ("--font-heading-xs-size", "14px"),
    ("--font-heading-sm-size", "16px"),
    ("--font-heading-md-size", "--t-l"),
    ("--font-heading-lg-size", "20px"),
    ("--font-heading-xl-size", "--t-xl"),
    ("--font-heading-2xl-size", "28px"),
    ("--font-heading-3xl-size", "34px"),
    ("--font-text-xs-line-height", "1.45"),
    ("--font-text-sm-line-height", "1.45"),
    ("--font-text-md-line-height", "1.5"),
    ("--font-text-lg-line-height", "1.5"),
    ("--font-heading-xs-line-height", "1.35"),
    ("--font-heading-sm-line-height", "1.35"),
    ("--font-heading-md-line-height", "1.3"),
    ("--font-heading-lg-line-height", "1.3"),
    ("--font-heading-xl-line-height", "1.25"),
    ("--font-heading-2xl-line-height", "1.2"),
    ("--font-heading-3xl-line-height", "1.2"),
    ("--border-radius-xs", "3px"),
    ("--border-radius-sm", "--r-s"),
    ("--border-radius-md", "--r"),
    ("--border-radius-lg", "12px"),
    ("--border-radius-xl", "16px"),
    ("--border-radius-full", "999px"),
    ("--border-width-regular", "1px"),
    ("--shadow-hairline", "0 0 0 1px rgb(0 0 0 / .06)"),
    ("--shadow-sm", "0 1px 2px rgb(0 0 0 / .08)"),
    ("--shadow-md", "0 2px 8px rgb(0 0 0 / .12)"),
    ("--shadow-lg", "--shadow"),
];

/// The context at the start: a `McpUiHostContext`.
pub(super) fn context(tool: Option<&Value>, place: Value) -> Map<String, Value> {
    let matches = |query: &str| window().match_media(query).ok().flatten().is_some_and(|list| list.matches());
    let mut context = Map::new();
    let mut put = |key: &str, value: Value| drop(context.insert(key.to_owned(), value));
    if let Some(tool) = tool {
        put("toolInfo", json!({ "tool": tool }));
    }
    put("theme", theme().into());
    put("styles", json!({ "variables": variables() }));
    put("displayMode", "inline".into());
    put("containerDimensions", place);
    put("locale", window().navigator().language().unwrap_or_else(|| "en".to_owned()).into());
    if let Some(zone) = time_zone() {
        put("timeZone", zone.into());
    }
    put("userAgent", concat!("countersign/", env!("CARGO_PKG_VERSION")).into());
    put("platform", "web".into());
    put("deviceCapabilities", json!({ "touch": matches("(pointer: coarse)"), "hover": matches("(hover: hover)") }));
    put("safeAreaInsets", json!({ "top": 0, "right": 0, "bottom": 0, "left": 0 }));
    context
}

/// Our tokens under the standard names. The values have both themes in them (`light-dark()`).
fn variables() -> Map<String, Value> {
    let style = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    let value = |from: &str| match from.strip_prefix("--") {
        None => from.to_owned(),
        Some(_) => {
            let value = style.as_ref().and_then(|style| style.get_property_value(from).ok());
            value.unwrap_or_default().trim().to_owned()
        }
    };
    LOOKS
        .iter()
        .map(|(name, from)| ((*name).to_owned(), value(from)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.into()))
        .collect()
}

/// `light` or `dark`, as the page is now.
fn theme() -> &'static str {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    let dark = match chosen.as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => window().match_media(DARK).ok().flatten().is_some_and(|list| list.matches()),
    };
    if dark { "dark" } else { "light" }
}

const DARK: &str = "(prefers-color-scheme: dark)";

fn time_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::default();
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
}

/// Tells what changes of the look, until the caller is gone.
pub(super) fn follow(changed: impl Fn(Map<String, Value>) + 'static) {
    let tell = move || {
        let mut part = Map::new();
        part.insert("theme".to_owned(), theme().into());
        changed(part);
    };
    let hear = Closure::<dyn Fn()>::new(tell);
    let observer = web_sys::MutationObserver::new(hear.as_ref().unchecked_ref()).ok();
    let options = web_sys::MutationObserverInit::new();
    options.set_attributes(true);
    options.set_attribute_filter(&js_sys::Array::of1(&"data-theme".into()));
    if let (Some(observer), Some(root)) = (&observer, document().document_element()) {
        let _ = observer.observe_with_options(&root, &options);
    }
    let system = window().match_media(DARK).ok().flatten();
    if let Some(system) = &system {
        let _ = system.add_event_listener_with_callback("change", hear.as_ref().unchecked_ref());
    }
    let kept = StoredValue::new_local(Some((hear, observer, system)));
    on_cleanup(move || {
        if let Some(Some((hear, observer, system))) = kept.try_update_value(Option::take) {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            if let Some(system) = system {
                let _ = system.remove_event_listener_with_callback("change", hear.as_ref().unchecked_ref());
            }
        }
    });
}
