//! The list of a connector while it is read: the checklist as it goes, and why it stopped.

use browser::{Error, ScanStep};
use leptos::prelude::*;

use super::new::{Checklist, Lines, fresh_lines, went};
use crate::results::Worded;
use crate::ui::sentence;

/// One reading after the other. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    lines: RwSignal<Lines>,
    /// Whether it is being read.
    pub(super) busy: RwSignal<bool>,
    problem: RwSignal<Option<(String, Option<String>)>>,
}

impl Reading {
    /// Nothing was read yet.
    pub(super) fn new() -> Self {
        Reading { lines: RwSignal::new(fresh_lines()), busy: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    /// A reading begins; gives what hears its steps.
    pub(super) fn begin(self) -> impl Fn(ScanStep) + 'static {
        self.busy.set(true);
        self.problem.set(None);
        self.lines.set(fresh_lines());
        move |step| went(self.lines, step)
    }

    /// It is over; gives what came of it, where something did.
    pub(super) fn over<T>(self, ended: Result<T, Error>) -> Option<T> {
        self.busy.try_set(false);
        match ended {
            Ok(found) => Some(found),
            Err(error) => {
                self.problem.try_set(Some((error.message, error.hint)));
                None
            }
        }
    }

    /// What is to be seen of it.
    pub(super) fn view(self) -> impl IntoView {
        view! {
            {move || self.busy.get().then(|| view! { <Checklist lines=self.lines/> })}
            {move || self.problem.get().map(|(why, next)| view! {
                <div class="note danger" role="alert"><span class="grow"><Worded text=sentence(&why)/>" "{next.map(|next| view! { <Worded text=sentence(&next)/> })}</span></div>
            })}
        }
    }
}
