//! Tool sets in the + menu: the choice of this chat under a name, to be chosen again (S084).

use browser::ToolSet;
use leptos::task::spawn_local;
use leptos::{ev, html, prelude::*};

use super::list::fits;
use super::settle;
use crate::chat::Writing;
use crate::chat::mention::apply_set;
use crate::connectors::plural;
use crate::state::use_state;
use crate::ui::{Button, IconButton, IconName};

/// The sets, and a field to keep the choice of this chat as one.
#[component]
pub(super) fn Sets(writing: Writing, search: RwSignal<String>) -> impl IntoView {
    let state = use_state();
    let sets = RwSignal::new(Vec::<ToolSet>::new());
    let name = RwSignal::new(String::new());
    let renaming = RwSignal::new(None::<String>);
    let list = NodeRef::<html::Ul>::new();
    let read = Callback::new(move |()| {
        let ws = state.ws();
        spawn_local(async move {
            match ws.tool_sets().await {
                Ok(found) => {
                    let _ = sets.try_set(found);
                    request_animation_frame(move || {
                        if let Some(list) = list.try_get_untracked().flatten() {
                            settle(&list);
                        }
                    });
                }
                Err(error) => state.tell_error(&error),
            }
        });
    });
    read.run(());
    let keep = Callback::new(move |()| {
        let ws = state.ws();
        let pins = match state.thread.id.get_untracked() {
            Some(id) => ws.pins(&id),
            None => writing.pins.get_untracked(),
        };
        let chosen = state.chosen_actions.get_untracked();
        let set = ToolSet { name: name.get_untracked(), connectors: writing.active.get_untracked(), chosen, pins };
        state.run(async move { ws.keep_tool_set(set).await }, move |()| {
            let _ = name.try_set(String::new());
            read.run(());
        });
    });
    let rename = Callback::new(move |(from, to): (String, String)| {
        renaming.set(None);
        if from != to {
            let ws = state.ws();
            state.run(async move { ws.rename_tool_set(&from, &to).await }, move |()| read.run(()));
        }
    });
    let forget = move |gone: String| {
        let ws = state.ws();
        state.run(async move { ws.forget_tool_set(&gone).await }, move |()| read.run(()));
    };
    let row = move |set: ToolSet| {
        let (own, from, gone) = (set.clone(), set.name.clone(), set.name.clone());
        let mut says = plural(set.connectors.len(), "connector");
        if !set.chosen.is_empty() {
            says.push_str(", single actions");
        }
        if renaming.with(|renamed| renamed.as_ref() == Some(&set.name)) {
            let text = RwSignal::new(set.name.clone());
            let to = from.clone();
            return view! {
                <li class="set">
                    <input class="input" aria-label=format!("New name of {from}") maxlength="60" prop:value=move || text.get()
                        on:input=move |event| text.set(event_target_value(&event))
                        on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                            "Enter" => rename.run((from.clone(), text.get_untracked())),
                            "Escape" => {
                                event.prevent_default();
                                event.stop_propagation();
                                renaming.set(None);
                            }
                            _ => {}
                        }/>
                    <Button small=true on:click=move |_| rename.run((to.clone(), text.get_untracked()))>"Rename set"</Button>
                </li>
            }
            .into_any();
        }
        view! {
            <li class="set">
                <button type="button" class="menu-item grow" on:click=move |_| apply_set(state, writing, own.clone())>
                    <span class="grow ellipsis"><bdi>{set.name.clone()}</bdi></span><small>{says}</small>
                </button>
                <IconButton small=true label=format!("Rename {}", set.name) icon=IconName::Edit on:click=move |_| renaming.set(Some(from.clone()))/>
                <IconButton small=true label=format!("Delete {}", set.name) icon=IconName::Trash on:click=move |_| forget(gone.clone())/>
            </li>
        }
        .into_any()
    };
    let empty = Signal::derive(move || name.with(|name| name.trim().is_empty()));
    view! {
        <div class="grp" id="add-sets">"Tool sets"</div>
        <ul node_ref=list class="plain" aria-labelledby="add-sets">{move || sets.get().into_iter().filter(|set| fits(search, &format!("tool set {}", set.name))).map(row).collect_view()}</ul>
        <div class="set">
            <input class="input" aria-label="Name of a new tool set" placeholder="Name for what is chosen now" maxlength="60" autocomplete="off"
                prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))
                on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Enter" && !empty.get_untracked() { keep.run(()) }/>
            <Button small=true disabled=empty on:click=move |_| keep.run(())>"Save set"</Button>
        </div>
    }
}
