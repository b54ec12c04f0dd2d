//! What is loaded when it is first needed: settings, the Markdown of answers, and what an empty chat does without.
//!
//! Each function marked below is the entrance to a part of the module that is cut off and fetched on first use. A part
//! that cannot be fetched is an error that the next use tries again, never a stopped page.

use browser::Asked;
use leptos::leptos_dom::helpers::WindowListenerHandle;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};
use policy::ConversationId;
use wasm_split_helpers::SplitLoaderError;
#[cfg(not(test))]
use wasm_split_helpers::wasm_split;

/// A part of the program could not be fetched.
#[derive(Clone, Copy, Debug)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// A function that is the entrance to a part. The module of the tests is not cut, so there the part is simply at hand.
macro_rules! part {
    ($chunk:ident: $(#[$doc:meta])* $vis:vis fn $name:ident($($argument:ident: $type:ty)?) -> $out:ty $body:block) => {
        $(#[$doc])*
        #[cfg(not(test))]
        #[wasm_split($chunk, fallible)]
        $vis fn $name($($argument: $type)?) -> Result<$out, NotLoaded> $body

        $(#[$doc])*
        #[cfg(test)]
        $vis async fn $name($($argument: $type)?) -> Result<$out, NotLoaded> $body
    };
}

part! { settings:
    /// The pages of the settings: a function that draws the page of the address, to be called inside the page's owner.
    pub fn settings() -> fn() -> AnyView {
        Ok(|| view! { <crate::settings::Settings/> }.into_any())
    }
}

part! { markdown:
    /// Takes the Markdown of an answer apart.
    pub fn markdown(source: String) -> Vec<crate::results::markdown::Block> {
        Ok(crate::results::markdown::parse(&source))
    }
}

/// What is on the screen only after the person did something: functions that draw, to be called inside the owner.
#[derive(Clone, Copy)]
pub struct Screens {
    /// What happened in a conversation.
    pub thread: fn(ConversationId) -> AnyView,
    /// The confirmation dialog: the question in front, and where a refused one is kept until it was read.
    pub decide: fn(Signal<Option<Asked>>, RwSignal<Option<Asked>>) -> AnyView,
    /// The command palette.
    pub palette: fn() -> AnyView,
    /// The list of keys.
    pub shortcuts: fn() -> AnyView,
}

part! { chat:
    fn screens() -> Screens {
        Ok(Screens {
            thread: |id| crate::chat::thread(id),
            decide: |asked, reading| crate::confirm::decide(asked, reading),
            palette: || view! { <crate::palette::Palette/> }.into_any(),
            shortcuts: || view! { <crate::shell::shortcuts::Shortcuts/> }.into_any(),
        })
    }
}

/// The [`Screens`], once they are there. In context; Copy.
#[derive(Clone, Copy)]
pub struct Later {
    screens: RwSignal<Option<Result<Screens, NotLoaded>>>,
    loading: StoredValue<bool>,
}

impl Later {
    /// Puts it into context. The screens are fetched at the first sign of a person, so that they are there when one is
    /// wanted; a page that is only opened does not load them.
    pub fn provide() {
        let this = Later { screens: RwSignal::new(None), loading: StoredValue::new(false) };
        provide_context(this);
        let waiting = StoredValue::new(Vec::<WindowListenerHandle>::new());
        let seen = move || {
            if let Some(handles) = waiting.try_update_value(std::mem::take) {
                handles.into_iter().for_each(WindowListenerHandle::remove);
            }
            this.want();
        };
        waiting.set_value(vec![
            window_event_listener(ev::pointermove, move |_| seen()),
            window_event_listener(ev::pointerdown, move |_| seen()),
            window_event_listener(ev::keydown, move |_| seen()),
        ]);
        on_cleanup(move || {
            if let Some(handles) = waiting.try_update_value(std::mem::take) {
                handles.into_iter().for_each(WindowListenerHandle::remove);
            }
        });
    }

    /// Fetches the screens, unless they are there or on their way. After a failure it tries again.
    pub fn want(self) {
        if self.loading.get_value() || self.screens.with_untracked(|screens| matches!(screens, Some(Ok(_)))) {
            return;
        }
        self.loading.set_value(true);
        if self.screens.with_untracked(Option::is_some) {
            self.screens.set(None);
        }
        spawn_local(async move {
            let fetched = screens().await;
            let _ = self.loading.try_set_value(false);
            let _ = self.screens.try_set(Some(fetched));
        });
    }
}

/// Draws one of the [`Screens`]: at once when they are there, otherwise `waiting`, and `missing` when they cannot be
/// fetched. [`Later::want`] then tries again.
pub fn later(
    draw: impl Fn(Screens) -> AnyView + Send + 'static,
    waiting: impl Fn() -> AnyView + Send + 'static,
    missing: impl Fn(Later) -> AnyView + Send + 'static,
) -> AnyView {
    let later = expect_context::<Later>();
    later.want();
    let view = move || match later.screens.get() {
        Some(Ok(screens)) => draw(screens),
        None => waiting(),
        Some(Err(NotLoaded)) => missing(later),
    };
    view.into_any()
}
