//! The Leptos app.
//!
//! Rooms are named after features. [`state`] is the one store and [`router`] the one place that knows addresses;
//! [`ui`] holds the parts that every screen is made of; [`shell`] is what stands around every page; [`chat`] is the page
//! most people are on; [`confirm`] asks the person, [`results`] shows what servers said, [`apps`] the pages they bring. What is rarely needed is loaded
//! when it is first needed: [`lazy`].

#![allow(unreachable_pub, reason = "the component macro makes its props public")]

mod app;
mod apps;
mod audit;
mod chat;
mod confirm;
mod connectors;
mod inspect;
mod lazy;
mod palette;
mod people;
mod results;
mod router;
mod settings;
mod shell;
mod sign_in;
mod state;
mod theme;
mod ui;

fn main() {
    shell::stopped::watch();
    app::start();
}
