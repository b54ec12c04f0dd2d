//! The page that is left when the program has stopped.
//!
//! After a panic nothing of ours may run again: the state could be half written. So this page is plain elements without
//! a handler, put up by the panic hook in the last moment in which it still can, and its one link is the browser's.

use leptos::prelude::{document, window};
use std::panic;
use wasm_bindgen::JsValue;

/// Shows the page of [`show`] when anything panics.
pub fn watch() {
    panic::set_hook(Box::new(|info| {
        let details = info.to_string();
        leptos::logging::error!("{details}");
        show("Countersign has stopped", "An internal fault stopped this page. Nothing more was sent.", &details);
    }));
}

/// Replaces the whole page by a heading, a sentence, a link that reloads, and the details.
pub fn show(heading: &str, text: &str, details: &str) {
    let _ = build(heading, text, details);
}

fn build(heading: &str, text: &str, details: &str) -> Result<(), JsValue> {
    let document = document();
    let Some(body) = document.body() else { return Ok(()) };
    let element =
        |name: &str, text: &str| document.create_element(name).inspect(|element| element.set_text_content(Some(text)));
    let main = element("main", "")?;
    main.set_class_name("stopped");
    main.set_attribute("role", "alert")?;
    main.append_child(&*element("h1", heading)?)?;
    main.append_child(&*element("p", text)?)?;
    main.append_child(&*element("p", "Conversations that were kept are still there.")?)?;
    let reload = element("a", "Reload the page")?;
    reload.set_class_name("btn primary");
    // `_top` keeps the click away from the router, which must not run any more.
    reload.set_attribute("target", "_top")?;
    reload.set_attribute("href", &window().location().href()?)?;
    main.append_child(&reload)?;
    let more = element("details", "")?;
    more.append_child(&*element("summary", "Details")?)?;
    more.append_child(&*element("pre", details)?)?;
    main.append_child(&more)?;
    body.set_text_content(None);
    body.append_child(&main)?;
    Ok(())
}
