//! The Leptos app.
//!
//! Rooms are named after features. [`state`] is the one store and [`router`] the one place that knows addresses;
//! [`ui`] holds the parts that every screen is made of; `shell` is what stands around every page; `chat` is the page
//! most people are on. What is rarely needed is loaded when it is first needed: [`lazy`].

mod app;
mod router;
mod shell;
mod state;
mod theme;
mod ui;

fn main() {
    shell::stopped::watch();
    app::start();
}
