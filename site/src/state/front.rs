//! The half of the store that the first page needs: names, lists and short messages, before the workspace is open and
//! after.
//!
//! At first it shows what [`browser::glance`] read. Once the workspace is open, [`super::AppState`] writes it, and
//! nobody else does.

use browser::glance::{Glance, Missing, ModelName, Offer, Person, Watch};
use browser::{ConversationHead, Error, StorageState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::{ConnectorId, ConversationId};
use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use super::{sentence, shown_title};
use crate::router::Route;
use crate::ui::Toast;

/// The name of the store that the page opens.
pub const STORE: &str = "countersign";

/// What the first page shows. Copy; found in context with [`use_front`].
#[derive(Clone, Copy)]
pub struct Front {
    /// Who is at the browser, and where.
    pub person: ReadSignal<Person>,
    /// The connectors that can be used.
    pub offers: ReadSignal<Vec<Offer>>,
    /// Every conversation, newest first.
    pub conversations: ReadSignal<Vec<ConversationHead>>,
    /// The models that can be chosen.
    pub minds: ReadSignal<Vec<ModelName>>,
    /// The id of the chosen one; none means direct mode.
    pub chosen_model: ReadSignal<Option<String>>,
    /// Where things are kept.
    pub storage: ReadSignal<StorageState>,
    /// The conversations in which a turn runs.
    pub running: ReadSignal<BTreeSet<ConversationId>>,
    /// The conversations in which something waits for the person.
    pub waiting: ReadSignal<BTreeSet<ConversationId>>,
    /// How many connectors have changed since they were approved.
    pub changed: ReadSignal<usize>,
    /// The connectors that are active in the conversation on the screen.
    pub active: ReadSignal<Vec<ConnectorId>>,
    /// The account that acts at a connector in the conversation on the screen, where the person has several there.
    pub acting: ReadSignal<Vec<(ConnectorId, String)>>,
    /// How many of its actions a connector is used with there, where the person chose: *2 of 8*.
    pub counts: ReadSignal<Vec<(ConnectorId, String)>>,
    /// The workspace stopped after an internal fault.
    pub dead: ReadSignal<bool>,
    /// Short messages to the person.
    pub toasts: ReadSignal<Vec<Toast>>,
    /// What the polite live region says.
    pub announced: ReadSignal<String>,
    writers: StoredValue<Writers, LocalStorage>,
}

/// The other ends of the signals.
pub(super) struct Writers {
    pub(super) person: WriteSignal<Person>,
    pub(super) offers: WriteSignal<Vec<Offer>>,
    pub(super) conversations: WriteSignal<Vec<ConversationHead>>,
    pub(super) minds: WriteSignal<Vec<ModelName>>,
    pub(super) chosen_model: WriteSignal<Option<String>>,
    pub(super) storage: WriteSignal<StorageState>,
    pub(super) running: WriteSignal<BTreeSet<ConversationId>>,
    pub(super) waiting: WriteSignal<BTreeSet<ConversationId>>,
    pub(super) changed: WriteSignal<usize>,
    pub(super) active: WriteSignal<Vec<ConnectorId>>,
    pub(super) acting: WriteSignal<Vec<(ConnectorId, String)>>,
    pub(super) counts: WriteSignal<Vec<(ConnectorId, String)>>,
    pub(super) dead: WriteSignal<bool>,
    toasts: WriteSignal<Vec<Toast>>,
    announced: WriteSignal<String>,
    /// Tells of other tabs, until the workspace does.
    watch: Option<Watch>,
    /// The toast that the person is looking at.
    held: Option<u64>,
    next_toast: u64,
}

/// What the page that serves this site says about signed settings, in a `meta` element: the address of the bundle, or
/// with `-key` and `-contact` more about it (docs/policy-bundle.md).
pub fn policy_tag(more: &str) -> Option<String> {
    let tag = document().query_selector(&format!("meta[name=countersign-policy{more}]")).ok().flatten()?;
    tag.get_attribute("content").filter(|text| !text.trim().is_empty())
}

/// What the first page shows.
pub fn use_front() -> Front {
    expect_context::<Front>()
}

impl Front {
    /// Shows a glance, and follows what other tabs change until the workspace is open. Called inside the owner that
    /// lives as long as the page.
    pub fn new(glance: Glance) -> Front {
        let (person, set_person) = signal(glance.person);
        let (offers, set_offers) = signal(glance.offers);
        let (conversations, set_conversations) = signal(glance.conversations);
        let (minds, set_minds) = signal(glance.models);
        let (chosen_model, set_chosen_model) = signal(glance.chosen_model);
        let (storage, set_storage) = signal(glance.storage);
        let (running, set_running) = signal(BTreeSet::new());
        let (waiting, set_waiting) = signal(BTreeSet::new());
        let (changed, set_changed) = signal(0);
        let (active, set_active) = signal(Vec::new());
        let (acting, set_acting) = signal(Vec::new());
        let (counts, set_counts) = signal(Vec::new());
        let (dead, set_dead) = signal(false);
        let (toasts, set_toasts) = signal(Vec::new());
        let (announced, set_announced) = signal(String::new());
        let writers = Writers {
            person: set_person,
            offers: set_offers,
            conversations: set_conversations,
            minds: set_minds,
            chosen_model: set_chosen_model,
            storage: set_storage,
            running: set_running,
            waiting: set_waiting,
            changed: set_changed,
            active: set_active,
            acting: set_acting,
            counts: set_counts,
            dead: set_dead,
            toasts: set_toasts,
            announced: set_announced,
            watch: None,
            held: None,
            next_toast: 1,
        };
        let front = Front {
            person,
            offers,
            conversations,
            minds,
            chosen_model,
            storage,
            running,
            waiting,
            changed,
            active,
            acting,
            counts,
            dead,
            toasts,
            announced,
            writers: StoredValue::new_local(writers),
        };
        let watch = Watch::new(STORE, move || {
            spawn_local(async move {
                let glance = Glance::read(STORE).await;
                // The workspace may have been opened meanwhile, and knows better.
                if front.writers.try_with_value(|to| to.watch.is_some()) == Some(true) {
                    front.show(glance);
                }
            });
        });
        let _ = front.writers.try_update_value(|to| to.watch = Some(watch));
        front
    }

    fn show(&self, glance: Glance) {
        self.write(|to| {
            to.person.set(glance.person);
            to.offers.set(glance.offers);
            to.conversations.set(glance.conversations);
            to.minds.set(glance.models);
            to.chosen_model.set(glance.chosen_model);
            to.storage.set(glance.storage);
        });
    }

    /// From now on the workspace tells what changes.
    pub(super) fn stop_watching(&self) {
        let _ = self.writers.try_update_value(|to| to.watch = None);
    }

    /// What the person is offered who misses a connector, and where it leads; none where it is not theirs to do
    /// anything about it. Tracks.
    pub fn missing(&self) -> Option<(&'static str, Route)> {
        match self.person.with(|person| person.missing) {
            Missing::Nothing => None,
            Missing::Add => Some(("Add connector", Route::NewConnector)),
            Missing::TurnOn => Some(("Turn on developer mode", Route::Advanced)),
            Missing::Request => Some(("Request a connector", Route::Catalogue)),
        }
    }

    /// Whether a turn runs in the conversation. Tracks.
    pub fn is_running(&self, id: &ConversationId) -> bool {
        self.running.with(|running| running.contains(id))
    }

    /// The title of a conversation as lists show it. Tracks.
    pub fn title_of(&self, id: &ConversationId) -> String {
        self.conversations.with(|all| all.iter().find(|head| head.id == *id).map(shown_title)).unwrap_or_default()
    }

    /// Does something that takes time. A failure is told in a toast, so it is never lost; `done` runs on success.
    pub fn run<T: 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        let front = *self;
        spawn_local(async move {
            match work.await {
                Ok(value) => done(value),
                Err(error) => front.tell_error(&error),
            }
        });
    }

    /// Says something to the person in a toast.
    pub fn tell(&self, text: impl Into<String>) {
        self.toast(text.into());
    }

    /// Says what went wrong and the next step.
    pub fn tell_error(&self, error: &Error) {
        self.toast(sentence(error));
    }

    /// Takes a toast away.
    pub fn close_toast(&self, id: u64) {
        self.write(|to| to.toasts.update(|list| list.retain(|toast| toast.id != id)));
    }

    /// A toast that is being looked at stays.
    pub fn hold_toast(&self, id: u64, hold: bool) {
        let _ = self.writers.try_update_value(|to| to.held = hold.then_some(id));
        if !hold {
            self.expire(id);
        }
    }

    /// Says something to a screen reader, politely. What is on the screen says it too.
    pub fn announce(&self, text: impl Into<String>) {
        let text = text.into();
        self.write(|to| to.announced.set(text));
    }

    fn toast(&self, text: String) {
        let id = self.writers.try_update_value(|to| {
            let id = to.next_toast;
            to.next_toast += 1;
            id
        });
        let Some(id) = id else { return };
        self.write(|to| to.toasts.update(|list| list.push(Toast { id, text })));
        self.expire(id);
    }

    fn expire(&self, id: u64) {
        let front = *self;
        set_timeout(
            move || {
                if front.writers.try_with_value(|to| to.held) != Some(Some(id)) {
                    front.close_toast(id);
                }
            },
            Duration::from_secs(8),
        );
    }

    pub(super) fn write(&self, with: impl FnOnce(&Writers)) {
        // The page may be gone when a late change arrives.
        let _ = self.writers.try_with_value(with);
    }
}
