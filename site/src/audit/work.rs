//! Work on the whole record, or on everything: how far it is, and a button that ends it. Leaving the page ends it too.

use browser::Error;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::AppState;
use crate::ui::{Button, Working};

/// The one piece of work that is under way, if any. Copy.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    doing: RwSignal<Option<&'static str>>,
    seen: RwSignal<(u64, u64)>,
    stop: StoredValue<Option<Stop>, LocalStorage>,
}

/// Ends a piece of work when it is dropped.
struct Stop(AbortHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Work {
    /// Nothing is under way.
    pub(crate) fn new() -> Self {
        Work { doing: RwSignal::new(None), seen: RwSignal::new((0, 0)), stop: StoredValue::new_local(None) }
    }

    /// Begins a piece of work, `what` in words such as *Checking the chain*; one that is under way ends. An error is told.
    pub(crate) fn begin<T: 'static>(
        self,
        app: AppState,
        what: &'static str,
        work: impl Future<Output = Result<T, Error>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        let (work, stop) = abortable(work);
        self.stop.set_value(Some(Stop(stop)));
        self.seen.set((0, 0));
        self.doing.set(Some(what));
        spawn_local(async move {
            // What was ended has nothing to say any more.
            let Ok(ended) = work.await else { return };
            self.doing.try_set(None);
            match ended {
                Ok(value) => done(value),
                Err(why) => app.tell_error(&why),
            }
        });
    }

    /// Takes how far it is: so many entries of so many.
    pub(crate) fn told(self, here: u64, of: u64) {
        self.seen.try_set((here, of));
    }

    /// Something is under way. Tracks.
    pub(crate) fn busy(self) -> bool {
        self.doing.get().is_some()
    }

    fn end(self) {
        self.stop.set_value(None);
        self.doing.set(None);
    }

    /// What is being done and how far it is, and the button `cancel` that ends it; nothing while nothing is.
    pub(crate) fn view(self, cancel: &'static str) -> impl IntoView {
        let words = move |what: &'static str| match self.seen.get() {
            (_, 0) => what.to_owned(),
            (here, of) => format!("{what}: {} %", here.saturating_mul(100) / of),
        };
        move || {
            self.doing.get().map(|what| {
                view! {
                    <div class="row">
                        <Working what=Signal::derive(move || words(what))/>
                        <Button on:click=move |_| self.end()>{cancel}</Button>
                    </div>
                }
            })
        }
    }
}
