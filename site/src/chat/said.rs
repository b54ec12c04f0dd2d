//! What the person said, with its other versions and what can be done from there, and what they attached to it.

use browser::chat::conversation::{Attached, Body, Item, ItemId};
use leptos::{ev, html, prelude::*};
use policy::ConversationId;

use super::thread::Position;
use crate::results::{ResultView, Visible, size};
use crate::router::{Route, use_router};
use crate::state::{sentence, use_state};
use crate::ui::{Button, ButtonLook, HostName, Icon, IconButton, IconName, Menu, MenuItem, ago, now};

/// Something the person said.
#[component]
pub(super) fn Said(item: ArcRwSignal<Item>, conversation: ConversationId, position: Position) -> impl IntoView {
    let (state, router) = (use_state(), use_router());
    let id = StoredValue::new(item.with_untracked(|item| item.id.clone()));
    let conversation = StoredValue::new(conversation);
    let text = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::Said { text } => text.clone(),
            _ => String::new(),
        })
    });
    let editing = RwSignal::new(false);
    let running = Memo::new(move |_| conversation.with_value(|id| state.is_running(id)));
    let versions = Memo::new(move |_| {
        state.thread.items.track();
        conversation.with_value(|conversation| id.with_value(|id| state.ws().versions(conversation, id)))
    });
    let place = move || versions.with(|all| all.iter().position(|one| id.with_value(|id| one == id)));
    let show = move |step: isize| {
        let to =
            place().and_then(|at| at.checked_add_signed(step)).and_then(|at| versions.with(|all| all.get(at).cloned()));
        let Some(to) = to else { return };
        if let Err(error) = conversation.with_value(|conversation| state.ws().show_version(conversation, &to)) {
            state.tell_error(&error);
        }
    };
    let branch = move |_| {
        let (ws, conversation, item) = (state.ws(), conversation.get_value(), id.get_value());
        let work = async move { ws.branch_conversation(&conversation, &item).await };
        state.run(work, move |new| {
            router.go(Route::Conversation(new.to_string()));
            state.tell("This is the branch. What was said before is copied, what was allowed is not.");
        });
    };
    let named = Memo::new(move |_| {
        let active = state.thread.connectors.get();
        let named = text.with(|text| state.ws().named(text));
        // One that cannot be used did not join.
        state.offers.with(|offers| {
            let joined = offers.iter().filter(|offer| named.contains(&offer.id) && !active.contains(&offer.id));
            joined.map(|offer| offer.name.clone()).collect::<Vec<_>>()
        })
    });
    view! {
        <article class="me-row" aria-label="You" aria-posinset=position.at aria-setsize=move || position.of.get()>
            {move || if editing.get() {
                view! { <Edit text=text.get_untracked() item=id.get_value() conversation=conversation.get_value() editing=editing/> }.into_any()
            } else {
                view! {
                    <div class="me"><span dir="auto">{move || text.get()}</span></div>
                    <div class="me-foot">
                        {move || named.with(|named| !named.is_empty()).then(|| view! {
                            <small class="grow">"With "<bdi>{named.get().join(", ")}</bdi>" for this turn"</small>
                        })}
                        {move || versions.with(|all| all.len() > 1).then(|| view! {
                            <span class="versions" role="group" aria-label="Versions of this message">
                                <IconButton small=true label="Earlier version" icon=IconName::Back disabled=Signal::derive(move || running.get() || place() == Some(0)) on:click=move |_| show(-1)/>
                                <small>{move || format!("{} of {}", place().map_or(0, |at| at + 1), versions.with(Vec::len))}</small>
                                <IconButton small=true label="Later version" icon=IconName::ChevronRight disabled=Signal::derive(move || running.get() || place().is_none_or(|at| at + 1 >= versions.with(Vec::len))) on:click=move |_| show(1)/>
                            </span>
                        })}
                        <Menu label="More for this message" trigger=|| view! { <Icon name=IconName::More size=16/> }>
                            <MenuItem disabled=running on:click=move |_| editing.set(true)><Icon name=IconName::Edit/>"Edit and send again"</MenuItem>
                            <MenuItem on:click=branch><Icon name=IconName::Chat/>"Branch from here"</MenuItem>
                        </Menu>
                    </div>
                }.into_any()
            }}
        </article>
    }
}

/// A message being changed. What it was stays, as another version.
#[component]
fn Edit(text: String, item: ItemId, conversation: ConversationId, editing: RwSignal<bool>) -> impl IntoView {
    let state = use_state();
    let new = RwSignal::new(text);
    let problem = RwSignal::new(None::<String>);
    let field = NodeRef::<html::Textarea>::new();
    field.on_load(|area| {
        request_animation_frame(move || {
            let _ = area.focus();
        });
    });
    let send = Callback::new(move |()| match state.ws().say_instead(&conversation, &item, &new.get_untracked()) {
        Ok(()) => editing.set(false),
        Err(error) => problem.set(Some(sentence(&error))),
    });
    view! {
        <div class="me-edit">
            <textarea node_ref=field class="input" aria-label="Edit message" dir="auto" rows="3" prop:value=move || new.get()
                on:input=move |event| new.set(event_target_value(&event))
                on:keydown=move |event: ev::KeyboardEvent| {
                    let plain = !event.shift_key() && !event.alt_key() && !event.is_composing();
                    match event.key().as_str() {
                        "Enter" if plain => {
                            event.prevent_default();
                            send.run(());
                        }
                        "Escape" => editing.set(false),
                        _ => {}
                    }
                }></textarea>
            <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
            <div class="row">
                <small class="grow">"What was said and done after it stays, as another version."</small>
                <Button small=true on:click=move |_| editing.set(false)>"Keep message"</Button>
                <Button small=true look=ButtonLook::Primary disabled=Signal::derive(move || new.with(|text| text.trim().is_empty())) on:click=move |_| send.run(())>"Send message again"</Button>
            </div>
        </div>
    }
}

/// A resource that went with a message: where it is from, how large it is, and on a click what is in it.
#[component]
pub(super) fn AttachedView(item: ArcRwSignal<Item>) -> impl IntoView {
    let attached = Memo::new(move |_| {
        item.with(|item| match &item.body {
            Body::Attached(one) => Some((**one).clone()),
            _ => None,
        })
    });
    let shown = RwSignal::new(false);
    move || {
        attached.get().map(|one| {
            let Attached { connector_name, host, uri, name, left_out, error, changed_at, .. } = one.clone();
            let says = match (&error, one.size()) {
                (Some(_), _) => "could not be read".to_owned(),
                (None, bytes) if left_out > 0 => format!("{}, {} more were left out", size(bytes as u64), size(left_out as u64)),
                (None, bytes) => size(bytes as u64),
            };
            let (result, connector, from) = (one.as_result(), connector_name.clone(), host.clone());
            let content = move || shown.get().then(|| view! { <ResultView result=result.clone() connector=connector.clone() host=from.clone()/> });
            view! {
                <article class="attached" aria-label="Attached resource">
                    <p class="attached-head"><b><Visible text=name/></b><HostName host=host name=Some(connector_name)/><small>{says}</small></p>
                    <p class="small mono"><Visible text=uri/></p>
                    {changed_at.map(|at| view! { <p class="small" role="status">{format!("It changed on its server since, {}. What is here is as it was read.", ago(at, now()))}</p> })}
                    {match error {
                        Some(error) => view! { <p class="form-problem"><Visible text=error/></p> }.into_any(),
                        None => view! {
                            <details on:toggle=move |_| shown.set(true)><summary>"What was read"</summary>{content}</details>
                        }.into_any(),
                    }}
                </article>
            }
        })
    }
}
