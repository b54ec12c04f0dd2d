//! What is loaded when it is first needed: settings, and the Markdown of answers.
//!
//! Each function below is the entrance to a part of the module that is cut off and fetched on first use. A part that
//! cannot be fetched is an error that the next use tries again, never a stopped page.

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// A part of the program could not be fetched.
#[derive(Clone, Copy, Debug)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// The pages of the settings: a function that draws the page of the address, to be called inside the page's owner.
#[wasm_split(settings, fallible)]
pub fn settings() -> Result<fn() -> AnyView, NotLoaded> {
    Ok(|| view! { <crate::settings::Settings/> }.into_any())
}

/// Takes the Markdown of an answer apart.
#[wasm_split(markdown, fallible)]
pub fn markdown(source: String) -> Result<Vec<crate::results::markdown::Block>, NotLoaded> {
    Ok(crate::results::markdown::parse(&source))
}
