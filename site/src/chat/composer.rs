//! Where the person writes. What is typed is never lost: it is kept until it was really sent.

use browser::chat::conversation::{File, Pin};
use browser::glance::Offer;
use browser::workspace::material::MAX_ATTACHED;
use browser::{Error, Wish};
use leptos::{ev, html, prelude::*};
use policy::{ConnectorId, ConversationId};
use std::sync::Arc;

use super::add::AddMenu;
use super::draft;
use crate::lazy::{Said, once_open, use_later};
use crate::results::Visible;
use crate::router::{Link, Route, use_router};
use crate::shell::focus;
use crate::state::{AppState, sentence, use_front};
use crate::ui::{Badge, Button, ButtonLook, Icon, IconName, Monogram, unique};

/// Where other parts of the page put words into the composer on the screen: examples, the palette, a card. They are
/// edited or sent like typed ones, by the person. In context; Copy.
#[derive(Clone, Copy)]
pub struct Words(StoredValue<Option<(String, Callback<String>, Writing)>>);

impl Words {
    /// Nowhere yet.
    pub fn new() -> Words {
        Words(StoredValue::new(None))
    }

    /// Puts words into the composer on the screen. What stands there already stays.
    pub fn put(self, text: impl Into<String>) {
        if let Some((_, put, _)) = self.0.get_value() {
            put.run(text.into());
        }
    }

    /// What is being written on the screen, if a composer is there.
    pub fn writing(self) -> Option<Writing> {
        self.0.get_value().map(|(_, _, writing)| writing)
    }

    /// For as long as the caller lives, words go there.
    fn lend(self, put: Callback<String>, writing: Writing) {
        let token = unique("composer");
        self.0.set_value(Some((token.clone(), put, writing)));
        // The next composer may be there before this one is gone.
        on_cleanup(move || {
            self.0.update_value(|lent| {
                if lent.as_ref().is_some_and(|(other, ..)| *other == token) {
                    *lent = None;
                }
            });
        });
    }
}

/// What is being written, for what is drawn beside it once the workspace is open. Copy.
#[derive(Clone, Copy)]
pub struct Writing {
    /// In which conversation; none for the page of a new one.
    pub conversation: StoredValue<Option<ConversationId>>,
    /// The text.
    pub text: RwSignal<String>,
    /// Writes another one, as typing does.
    pub put: Callback<String>,
    /// Where it is typed.
    pub field: NodeRef<html::Textarea>,
    /// The connectors that are active.
    pub active: Signal<Vec<ConnectorId>>,
    /// Chooses other ones.
    pub choose: Callback<Vec<ConnectorId>>,
    /// The actions that are to be pinned in a chat that does not exist yet.
    pub pins: RwSignal<Vec<Pin>>,
    /// The connector whose actions the + menu unfolds when it opens next.
    pub unfold: RwSignal<Option<ConnectorId>>,
    /// The resources that go with the message.
    pub attached: RwSignal<Vec<Wish>>,
    /// The files that go with it.
    pub files: RwSignal<Vec<Arc<File>>>,
    /// How many files are being read, to go with it as well, and one more while those of its draft are.
    pub reading: RwSignal<u32>,
    /// The field that chooses them.
    pub picker: NodeRef<html::Input>,
}

impl Writing {
    /// Why nothing more can go with the message, if so.
    pub(super) fn full(&self) -> Option<String> {
        let count = self.attached.with_untracked(Vec::len) + self.files.with_untracked(Vec::len);
        (count >= MAX_ATTACHED).then(|| format!("At most {MAX_ATTACHED} files and resources go with one message."))
    }
}

/// The composer of a conversation, or of a new chat.
#[component]
pub fn Composer(
    /// Which conversation; none makes a new one of the first message.
    id: Option<ConversationId>,
) -> impl IntoView {
    let (front, later, router) = (use_front(), use_later(), use_router());
    let words = expect_context::<Words>();
    let text = RwSignal::new(draft::read(id.as_ref()));
    let problem = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    // The connectors of a chat that does not exist yet; none means: the ones it would start with.
    let chosen = RwSignal::new(None::<Vec<ConnectorId>>);
    let field = NodeRef::<html::Textarea>::new();
    let (pins, attached) = (RwSignal::new(Vec::new()), RwSignal::new(Vec::new()));
    let more = draft::has_more(id.as_ref());
    let (files, reading) = (RwSignal::new(Vec::<Arc<File>>::new()), RwSignal::new(u32::from(more)));
    if more {
        // What was attached is shown before it can be sent.
        later.want();
    }
    let picker = NodeRef::<html::Input>::new();
    let (menu, unfold) = (unique("add"), RwSignal::new(None));
    let id = StoredValue::new(id);
    let running = Memo::new(move |_| id.with_value(|id| id.as_ref().is_some_and(|id| front.is_running(id))));
    let active = Signal::derive(move || match id.with_value(Option::is_some) {
        true => front.active.get(),
        false => chosen
            .get()
            .unwrap_or_else(|| front.offers.with(|offers| offers.iter().map(|offer| offer.id.clone()).collect())),
    });

    let grow = move || {
        if let Some(area) = field.try_get_untracked().flatten() {
            let style = web_sys::HtmlElement::style(&area);
            let _ = style.set_property("height", "auto");
            let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
        }
    };
    let put = move |new: String| {
        id.with_value(|id| draft::keep(id.as_ref(), &new));
        text.set(new);
        request_animation_frame(grow);
    };
    field.on_load(move |_| {
        request_animation_frame(grow);
    });

    // What was typed since it went out stays.
    let sent = move |message: &str| {
        if text.try_get_untracked().is_some_and(|now| now == message) {
            put(String::new());
        }
    };
    let failed = move |error: Error| {
        let _ = problem.try_set(Some(sentence(&error)));
    };
    let send = move || {
        let message = text.get_untracked();
        if message.trim().is_empty() || sending.get_untracked() {
            return;
        }
        if running.get_untracked() {
            problem.set(Some("An answer is still coming. Wait for it or stop it; your text stays here.".to_owned()));
            return;
        }
        if reading.get_untracked() > 0 {
            problem.set(Some(
                "A file is still being read. Send the message in a moment; your text stays here.".to_owned(),
            ));
            return;
        }
        problem.set(None);
        sending.set(true);
        let said = Said {
            conversation: id.get_value(),
            connectors: chosen.get_untracked(),
            pins: pins.get_untracked(),
            attached: attached.get_untracked(),
            files: files.get_untracked(),
            words: message.clone(),
        };
        let with = said.files.clone();
        later.when(move |opened| {
            let told = move |told: Result<Option<ConversationId>, Error>| {
                let _ = sending.try_set(false);
                match told {
                    Ok(begun) => {
                        let _ = attached.try_set(Vec::new());
                        // What was attached since stays, for the next message.
                        let _ =
                            files.try_update(|all| all.retain(|one| !with.iter().any(|sent| Arc::ptr_eq(one, sent))));
                        sent(&message);
                        if let Some(new) = begun {
                            router.go(Route::Conversation(new.to_string()));
                            // The person goes on writing where they wrote. The page is there in the frame after the next.
                            request_animation_frame(|| {
                                request_animation_frame(|| focus("main textarea[aria-label=Message]"));
                            });
                        }
                    }
                    Err(error) => failed(error),
                }
            };
            match opened {
                Ok((parts, state)) => (parts.deeds.say)(state, said, Box::new(told)),
                Err(error) => told(Err(error)),
            }
        });
    };
    let switch = Callback::new(move |wanted: Vec<ConnectorId>| match id.get_value() {
        None => chosen.set(Some(wanted)),
        Some(id) => later.with(move |(parts, state)| (parts.deeds.activate)(state, id, wanted)),
    });
    let stop = move |_| {
        if let Some(id) = id.get_value() {
            later.with(move |(parts, state)| (parts.deeds.stop)(state, &id));
        }
    };
    let is_new = id.with_value(Option::is_none);
    let put = Callback::new(put);
    let writing = Writing {
        conversation: id,
        text,
        put,
        field,
        active,
        choose: switch,
        pins,
        unfold,
        attached,
        files,
        reading,
        picker,
    };
    // Words that were put here and not touched since make room for others; what the person typed never does.
    let lent = StoredValue::new(String::new());
    words.lend(
        Callback::new(move |new: String| {
            let before = text.get_untracked();
            let whole =
                if before.trim().is_empty() || before == lent.get_value() { new } else { format!("{before}\n{new}") };
            lent.set_value(whole.clone());
            put.run(whole);
            request_animation_frame(move || {
                if let Some(area) = field.try_get_untracked().flatten() {
                    let _ = area.focus();
                }
            });
        }),
        writing,
    );
    view! {
        <form class="composer" aria-label="Write" on:submit=move |event| {
            event.prevent_default();
            send();
        }>
            <textarea node_ref=field rows="1" aria-label="Message" dir="auto" data-focus=is_new.then_some("")
                placeholder="Type what you want done" aria-describedby="composer-problem composer-mode"
                prop:value=move || text.get()
                on:input=move |event| {
                    problem.set(None);
                    put.run(event_target_value(&event));
                }
                on:keydown=move |event: ev::KeyboardEvent| {
                    let plain = !event.shift_key() && !event.alt_key() && !event.is_composing();
                    if event.key() == "Enter" && plain {
                        event.prevent_default();
                        send();
                    }
                }></textarea>
            {once_open(move |parts| (parts.mentions)(writing), || ().into_any())}
            <div class="row">
                <AddMenu writing=writing id=menu.clone()/>
                <Chips writing=writing menu=menu/>
                <span class="grow"></span>
                {move || if running.get() {
                    view! { <Button on:click=stop><Icon name=IconName::Stop size=16/>"Stop"</Button> }.into_any()
                } else {
                    let empty = Signal::derive(move || sending.get() || text.with(|text| text.trim().is_empty()));
                    view! { <Button look=ButtonLook::Primary submit=true disabled=empty>"Send"</Button> }.into_any()
                }}
            </div>
        </form>
        <div class="composer-foot">
            <div id="composer-problem" role="alert">
                {move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}
            </div>
            // What is loaded later has its place from the beginning: nothing moves when somebody comes near.
            {once_open(move |parts| (parts.modes)(active), || view! { <div class="modes reserved" aria-hidden="true"><span class="mode tag">"Chat"</span></div> }.into_any())}
            <ModeLine/>
        </div>
    }
}

/// What answers here, when it is not a model.
#[component]
fn ModeLine() -> impl IntoView {
    let front = use_front();
    // A conversation may have a mind of its own; the first page knows of none.
    let state = use_context::<AppState>();
    let later = use_later();
    let direct = Memo::new(move |_| {
        // A mode says itself what it does without a model.
        if later.now().is_some_and(|(_, state)| !state.thread.mode.get().is_chat()) {
            return false;
        }
        match state {
            Some(state) => state.mind_here().is_none() && !state.mind_gone(),
            None => front.chosen_model.with(Option::is_none),
        }
    });
    view! {
        <small id="composer-mode">
            {move || direct.get().then(|| view! {
                "Direct mode: type what you want done and pick the action. It is not a language model. "
                <Link to=Route::Models>"Connect a model"</Link>
            })}
        </small>
    }
}

/// The connectors that are active in this chat.
#[component]
fn Chips(
    /// What is being written.
    writing: Writing,
    /// The id of the + menu, which chooses their actions.
    menu: String,
) -> impl IntoView {
    let (front, active, menu) = (use_front(), writing.active, StoredValue::new(menu));
    let chips = Memo::new(move |_| {
        front.offers.with(|offers| {
            let known = |id: ConnectorId| offers.iter().find(|offer| offer.id == id).cloned();
            active.get().into_iter().filter_map(known).collect::<Vec<_>>()
        })
    });
    let chip = move |offer: Offer| {
        let Offer { id, name, tint, badge, on, .. } = offer;
        let label = format!("Leave {name} out of this chat");
        let said = move |of: ReadSignal<Vec<(ConnectorId, String)>>, id: &ConnectorId| {
            of.with(|all| all.iter().find(|(one, _)| one == id).map(|(_, says)| says.clone()))
        };
        let (acting, counted, unfolded) = (id.clone(), id.clone(), id.clone());
        let acts_as = move || said(front.acting, &acting);
        let count = move || said(front.counts, &counted).unwrap_or_else(|| on.to_string());
        view! {
            <li class="chip">
                <button type="button" class="chip-name" popovertarget=menu.get_value() title="Choose actions" on:click=move |_| writing.unfold.set(Some(unfolded.clone()))>
                    <Monogram name=name.clone() tint=tint size="small"/>
                    <span class="ellipsis"><bdi>{name}</bdi></span>
                    {badge.filter(|badge| badge == "Dev").map(|badge| view! { <Badge word=badge/> })}
                    {move || acts_as().map(|name| view! { <small class="ellipsis">"as "<bdi>{name}</bdi></small> })}
                    <small>{count}<span class="sr">" actions"</span></small>
                </button>
                <button type="button" class="chip-off" aria-label=label.clone() title=label
                    on:click=move |_| writing.choose.run(active.get_untracked().into_iter().filter(|other| *other != id).collect())>
                    <Icon name=IconName::Close size=12/>
                </button>
            </li>
        }
    };
    view! {
        <ul class="chips plain" aria-label="Active connectors">
            {move || chips.get().into_iter().map(chip).collect_view()}
        </ul>
    }
}
