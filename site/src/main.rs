//! The Leptos app.
fn main() {}
