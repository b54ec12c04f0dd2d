//! What is loaded when it is first needed.
//!
//! A page that a person has only opened shows names and a composer. The workspace with all that runs, and what is drawn
//! only after the person did something, is one part; the settings, the inspector, the Markdown of answers and the apps
//! of servers are four more. The first is fetched at the first sign of a person, so that it is there when it is wanted,
//! and the workspace is opened with it.
//!
//! Each function marked below is the entrance to a part of the module that is cut off and fetched on first use. A part
//! that cannot be fetched is an error that the next use tries again, never a stopped page.

use browser::chat::conversation::{File, Pin};
use browser::{Code, ConversationHead, Error, Wish};
use leptos::leptos_dom::helpers::WindowListenerHandle;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};
use policy::{ConnectorId, ConversationId};
use std::sync::Arc;
use wasm_bindgen::JsCast;
use wasm_split_helpers::SplitLoaderError;
#[cfg(not(test))]
use wasm_split_helpers::wasm_split;

use crate::chat::Writing;
use crate::state::{AppState, Front};

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

part! { inspector:
    /// The inspector: a function that draws it, to be called inside the page's owner.
    pub fn inspector() -> fn() -> AnyView {
        Ok(|| view! { <crate::inspect::Inspector/> }.into_any())
    }
}

part! { markdown:
    /// Takes the Markdown of an answer apart.
    pub fn markdown(source: String) -> Vec<crate::results::markdown::Block> {
        Ok(crate::results::markdown::parse(&source))
    }
}

part! { apps:
    /// The apps of servers: a function that draws one, to be called inside the owner that shows it.
    pub fn apps() -> fn(crate::apps::Order) -> AnyView {
        Ok(crate::apps::app)
    }
}

/// What needs an open workspace: functions that draw, to be called inside the owner, and functions that do.
#[derive(Clone, Copy)]
pub struct Parts {
    /// The page of a conversation.
    pub conversation: fn(ConversationId) -> AnyView,
    /// Who answers, and the choice of another.
    pub mind: fn() -> AnyView,
    /// What the chat limits itself to, and the choice of another mode.
    pub modes: fn(Active) -> AnyView,
    /// What can be brought into a chat: the content of the + menu.
    pub add_list: fn(Writing, Callback<()>) -> AnyView,
    /// What is named while it is typed, and what goes with the message.
    pub mentions: fn(Writing) -> AnyView,
    /// A field in the place of a conversation's title.
    pub rename: fn(ConversationId, String, Callback<()>) -> AnyView,
    /// The question before a conversation is deleted.
    pub delete: fn(ConversationHead, RwSignal<Option<ConversationHead>>) -> AnyView,
    /// The confirmation dialog, which shows itself while a question waits.
    pub decisions: fn() -> AnyView,
    /// What is said about where the rules come from.
    pub governed: fn() -> AnyView,
    /// The sections of the settings.
    pub settings_rail: fn() -> AnyView,
    /// The pages of the settings.
    pub settings: fn() -> AnyView,
    /// The inspector.
    pub inspector: fn() -> AnyView,
    /// The ways to the inbox and to the inspector, in the rail.
    pub rail_links: fn() -> AnyView,
    /// The banner while an owner looks at the workspace as somebody else.
    pub viewing: fn() -> AnyView,
    /// The command palette.
    pub palette: fn() -> AnyView,
    /// The list of keys.
    pub shortcuts: fn() -> AnyView,
    /// What the person has done.
    pub deeds: Deeds,
    open: fn(Front, Owner) -> Opening,
}

/// Who hears how something ended.
pub type Told<T> = Box<dyn FnOnce(T)>;

/// The conversation that something said began, if it began one.
pub type Begun = Result<Option<ConversationId>, Error>;

/// The connectors that are active in a chat.
pub type Active = Signal<Vec<ConnectorId>>;

/// A workspace being opened.
type Opening = std::pin::Pin<Box<dyn Future<Output = Option<AppState>>>>;

/// What a person has the workspace do from the first page.
#[derive(Clone, Copy)]
pub struct Deeds {
    /// Says something, in a conversation or in a new one with these connectors. Tells which one was begun.
    pub say: fn(AppState, Said, Told<Begun>),
    /// Stops what runs in a conversation.
    pub stop: fn(AppState, &ConversationId),
    /// Chooses the connectors that are active in a conversation.
    pub activate: fn(AppState, ConversationId, Vec<ConnectorId>),
    /// Finds conversations by what was said in them.
    pub search: fn(AppState, String, Told<Vec<ConversationHead>>),
}

/// What is said, and where.
#[derive(Debug)]
pub struct Said {
    /// In which conversation; none begins one.
    pub conversation: Option<ConversationId>,
    /// The connectors of a new one; none takes all that can be used.
    pub connectors: Option<Vec<ConnectorId>>,
    /// The actions that are pinned in a new one.
    pub pins: Vec<Pin>,
    /// The resources that go with it.
    pub attached: Vec<Wish>,
    /// The files that go with it.
    pub files: Vec<Arc<File>>,
    /// The words.
    pub words: String,
}

part! { workspace:
    fn parts() -> Parts {
        Ok(Parts {
            conversation: crate::chat::conversation,
            mind: crate::chat::mind,
            modes: crate::chat::modes,
            add_list: crate::chat::add_list,
            mentions: crate::chat::mentions,
            rename: |id, title, done| view! { <crate::chat::Rename id=id title=title done=done/> }.into_any(),
            delete: |head, deleting| view! { <crate::chat::Delete head=head deleting=deleting/> }.into_any(),
            decisions: || view! { <crate::confirm::Decisions/> }.into_any(),
            governed: || view! { <crate::shell::governed::GovernedNotice/> }.into_any(),
            settings_rail: || view! { <crate::settings::rail::SettingsRail/> }.into_any(),
            settings: || view! { <crate::settings::SettingsPage/> }.into_any(),
            inspector: || view! { <crate::inspect::InspectPage/> }.into_any(),
            rail_links: || view! { <crate::connectors::inbox::InboxLink/><crate::inspect::InspectorLink/> }.into_any(),
            viewing: || view! { <crate::people::viewing::ViewingBanner/> }.into_any(),
            palette: || view! { <crate::palette::Palette/> }.into_any(),
            shortcuts: || view! { <crate::shell::shortcuts::Shortcuts/> }.into_any(),
            deeds: crate::state::DEEDS,
            open: |front, owner| Box::pin(crate::state::open(front, owner)),
        })
    }
}

/// An open workspace and what can be drawn of it.
pub type Opened = (Parts, AppState);

type Waiting = Box<dyn FnOnce(Result<Opened, Error>)>;

/// The workspace, once it is open. In context; Copy.
#[derive(Clone, Copy)]
pub struct Later {
    front: Front,
    opened: RwSignal<Option<Result<Opened, NotLoaded>>>,
    loading: StoredValue<bool>,
    waiting: StoredValue<Vec<Waiting>, LocalStorage>,
    owner: StoredValue<Owner>,
}

/// The workspace that is opened when it is needed.
pub fn use_later() -> Later {
    expect_context::<Later>()
}

impl Later {
    /// Puts it into context. The workspace is opened at the first sign of a person; a page that is only opened does
    /// without it.
    pub fn provide(front: Front) {
        let this = Later {
            front,
            opened: RwSignal::new(None),
            loading: StoredValue::new(false),
            waiting: StoredValue::new_local(Vec::new()),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
        };
        provide_context(this);
        // A site that is tied to signed settings says at once whether they hold.
        if crate::state::policy_tag("").is_some() {
            this.want();
        }
        let listening = StoredValue::new(Vec::<WindowListenerHandle>::new());
        let forget = move || {
            if let Some(handles) = listening.try_update_value(std::mem::take) {
                handles.into_iter().for_each(WindowListenerHandle::remove);
            }
        };
        let seen = move || {
            forget();
            this.want();
        };
        listening.set_value(vec![
            window_event_listener(ev::pointermove, move |_| seen()),
            window_event_listener(ev::pointerdown, move |_| seen()),
            window_event_listener(ev::keydown, move |_| seen()),
            // A file that is dragged here: what takes it has to be there when it is dropped.
            window_event_listener(ev::dragenter, move |_| seen()),
        ]);
        on_cleanup(forget);
        // A file that is dropped beside what takes it: the browser would show it in the place of the page. Fields that
        // choose files take it by themselves.
        let stay = |event: web_sys::DragEvent| {
            let on = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let takes = on.is_some_and(|on| on.matches("input[type=file]").unwrap_or(false));
            if !takes && event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0)) {
                event.prevent_default();
            }
        };
        let _ = (window_event_listener(ev::dragover, stay), window_event_listener(ev::drop, stay));
    }

    /// Opens the workspace, unless it is open or being opened. After a failure it tries again.
    pub fn want(self) {
        if self.loading.get_value() || self.opened.with_untracked(|opened| matches!(opened, Some(Ok(_)))) {
            return;
        }
        self.loading.set_value(true);
        if self.opened.with_untracked(Option::is_some) {
            self.opened.set(None);
        }
        spawn_local(async move {
            let opened = match parts().await {
                // None: it cannot be opened, and the page says so.
                Ok(parts) => (parts.open)(self.front, self.owner.get_value()).await.map(|state| Ok((parts, state))),
                Err(missing) => Some(Err(missing)),
            };
            let _ = self.loading.try_set_value(false);
            let Some(opened) = opened else { return };
            let _ = self.opened.try_set(Some(opened));
            let told = || opened.map_err(|NotLoaded| not_loaded());
            for then in self.waiting.try_update_value(std::mem::take).unwrap_or_default() {
                then(told());
            }
        });
    }

    /// Does something with the open workspace, now or as soon as it is there.
    pub fn when(self, then: impl FnOnce(Result<Opened, Error>) + 'static) {
        if let Some(Ok(opened)) = self.opened.get_untracked() {
            return then(Ok(opened));
        }
        self.waiting.update_value(|waiting| waiting.push(Box::new(then)));
        self.want();
    }

    /// As [`Later::when`]; that it is not there is told in a toast.
    pub fn with(self, then: impl FnOnce(Opened) + 'static) {
        self.when(move |opened| match opened {
            Ok(opened) => then(opened),
            Err(error) => self.front.tell_error(&error),
        });
    }

    /// What is there of it now. Tracks.
    pub fn now(self) -> Option<Opened> {
        self.opened.get().and_then(Result::ok)
    }
}

fn not_loaded() -> Error {
    Error::new(Code::Network, "a part of the page could not be fetched")
        .hint("check the connection and try again; nothing was sent")
}

/// Draws something of the open workspace: at once when it is there, otherwise `waiting`, and `missing` when it cannot be
/// fetched. [`Later::want`] then tries again.
pub fn later(
    draw: impl Fn(Parts) -> AnyView + Send + 'static,
    waiting: impl Fn() -> AnyView + Send + 'static,
    missing: impl Fn(Later) -> AnyView + Send + 'static,
) -> AnyView {
    let later = use_later();
    later.want();
    let view = move || match later.opened.get() {
        Some(Ok((parts, _))) => draw(parts),
        None => waiting(),
        Some(Err(NotLoaded)) => missing(later),
    };
    view.into_any()
}

/// As [`later`], for what is drawn without being asked for: nothing until it is there, and nothing is fetched for it.
pub fn once_open(
    draw: impl Fn(Parts) -> AnyView + Send + 'static,
    before: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let later = use_later();
    (move || match later.now() {
        Some((parts, _)) => draw(parts),
        None => before(),
    })
    .into_any()
}
