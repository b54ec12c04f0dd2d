//! Where the person writes. What is typed is never lost: it is kept until it was really sent.

use browser::Error;
use leptos::task::spawn_local;
use leptos::{ev, html, prelude::*};
use policy::{ConnectorId, ConversationId};

use super::add::{AddMenu, usable_now};
use super::draft;
use crate::results::Visible;
use crate::router::{Link, Route, use_router};
use crate::shell::focus;
use crate::state::{sentence, use_state};
use crate::ui::{Badge, Button, ButtonLook, Icon, IconName, Monogram, unique};

/// Where other parts of the page put words into the composer on the screen: examples, the palette, a card. They are
/// edited or sent like typed ones, by the person. In context; Copy.
#[derive(Clone, Copy)]
pub struct Words(StoredValue<Option<(String, Callback<String>)>>);

impl Words {
    /// Nowhere yet.
    pub fn new() -> Words {
        Words(StoredValue::new(None))
    }

    /// Puts words into the composer on the screen. What stands there already stays.
    pub fn put(self, text: impl Into<String>) {
        if let Some((_, put)) = self.0.get_value() {
            put.run(text.into());
        }
    }

    /// For as long as the caller lives, words go there.
    fn lend(self, put: Callback<String>) {
        let token = unique("composer");
        self.0.set_value(Some((token.clone(), put)));
        // The next composer may be there before this one is gone.
        on_cleanup(move || {
            self.0.update_value(|lent| {
                if lent.as_ref().is_some_and(|(other, _)| *other == token) {
                    *lent = None;
                }
            });
        });
    }
}

/// The composer of a conversation, or of a new chat.
#[component]
pub fn Composer(
    /// Which conversation; none makes a new one of the first message.
    id: Option<ConversationId>,
) -> impl IntoView {
    let (state, router) = (use_state(), use_router());
    let words = expect_context::<Words>();
    let text = RwSignal::new(draft::read(id.as_ref()));
    let problem = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    // The connectors of a chat that does not exist yet; none means: the ones it would start with.
    let chosen = RwSignal::new(None::<Vec<ConnectorId>>);
    let field = NodeRef::<html::Textarea>::new();
    let id = StoredValue::new(id);
    let running = Memo::new(move |_| id.with_value(|id| id.as_ref().is_some_and(|id| state.is_running(id))));
    let active = Signal::derive(move || match id.with_value(Option::is_some) {
        true => state.thread.connectors.get(),
        false => chosen.get().unwrap_or_else(|| usable_now(state)),
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
        problem.set(None);
        let ws = state.ws();
        if let Some(id) = id.get_value() {
            match ws.say(&id, &message) {
                Ok(()) => sent(&message),
                Err(error) => failed(error),
            }
            return;
        }
        sending.set(true);
        let active = chosen.get_untracked();
        spawn_local(async move {
            let begun: Result<ConversationId, Error> = async {
                let new = ws.new_conversation().await?;
                if let Some(active) = active {
                    ws.set_active(&new, active).await?;
                }
                ws.say(&new, &message)?;
                Ok(new)
            }
            .await;
            let _ = sending.try_set(false);
            match begun {
                Ok(new) => {
                    sent(&message);
                    router.go(Route::Conversation(new.to_string()));
                    // The person goes on writing where they wrote. The page is there in the frame after the next.
                    request_animation_frame(|| request_animation_frame(|| focus("main textarea[aria-label=Message]")));
                }
                Err(error) => failed(error),
            }
        });
    };
    // Words that were put here and not touched since make room for others; what the person typed never does.
    let lent = StoredValue::new(String::new());
    words.lend(Callback::new(move |new: String| {
        let before = text.get_untracked();
        let whole =
            if before.trim().is_empty() || before == lent.get_value() { new } else { format!("{before}\n{new}") };
        lent.set_value(whole.clone());
        put(whole);
        request_animation_frame(move || {
            if let Some(area) = field.try_get_untracked().flatten() {
                let _ = area.focus();
            }
        });
    }));
    let switch = Callback::new(move |wanted: Vec<ConnectorId>| match id.get_value() {
        None => chosen.set(Some(wanted)),
        Some(id) => {
            let ws = state.ws();
            state.run(async move { ws.set_active(&id, wanted).await }, |()| ());
        }
    });
    let stop = move |_| {
        if let Some(id) = id.get_value() {
            state.ws().stop(&id);
        }
    };
    let is_new = id.with_value(Option::is_none);
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
                    put(event_target_value(&event));
                }
                on:keydown=move |event: ev::KeyboardEvent| {
                    let plain = !event.shift_key() && !event.alt_key() && !event.is_composing();
                    if event.key() == "Enter" && plain {
                        event.prevent_default();
                        send();
                    }
                }></textarea>
            <div class="row">
                <AddMenu active=active on_change=switch/>
                <Chips active=active on_change=switch/>
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
            <ModeLine/>
        </div>
    }
}

/// What answers here, when it is not a model.
#[component]
fn ModeLine() -> impl IntoView {
    let state = use_state();
    let direct = Memo::new(move |_| state.chosen_model.with(Option::is_none));
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
    /// The active ones.
    active: Signal<Vec<ConnectorId>>,
    /// What they should be.
    on_change: Callback<Vec<ConnectorId>>,
) -> impl IntoView {
    let state = use_state();
    let chips = Memo::new(move |_| {
        state.rulebook.with(|rules| {
            let known = |id: ConnectorId| {
                let connector = rules.connector(&id).ok()?;
                let on = connector.actions().iter().filter(|action| connector.is_on(action.name())).count();
                Some((id, connector.name.clone(), connector.colour, connector.badge(), on))
            };
            active.get().into_iter().filter_map(known).collect::<Vec<_>>()
        })
    });
    view! {
        <ul class="chips plain" aria-label="Active connectors">
            <For each=move || chips.get() key=|chip| chip.clone() let:chip>
                {
                    let (id, name, colour, badge, on) = chip;
                    let label = format!("Leave {name} out of this chat");
                    view! {
                        <li class="chip">
                            <Monogram name=name.clone() colour=colour size="small"/>
                            <span class="ellipsis"><bdi>{name}</bdi></span>
                            {badge.filter(|badge| *badge == "Dev").map(|badge| view! { <Badge word=badge/> })}
                            <small><span aria-hidden="true">{on}</span><span class="sr">{format!("{on} actions")}</span></small>
                            <button type="button" class="chip-off" aria-label=label.clone() title=label
                                on:click=move |_| on_change.run(active.get_untracked().into_iter().filter(|other| *other != id).collect())>
                                <Icon name=IconName::Close size=12/>
                            </button>
                        </li>
                    }
                }
            </For>
        </ul>
    }
}
