//! The list of conversations: found by what was said in them, grouped by day, renamed and deleted in place.

use browser::ConversationHead;
use leptos::task::spawn_local;
use leptos::{ev, html, prelude::*};
use policy::ConversationId;
use std::time::Duration;

use crate::chat::draft;
use crate::router::{Link, Route, use_router};
use crate::state::{shown_title, use_state};
use crate::ui::{Button, ButtonLook, Dialog, Icon, IconName, Menu, MenuItem, SearchField, day_group, now};

/// More rows than this are shown only when asked for.
const ROWS: usize = 200;

/// The list with its search field.
#[component]
pub fn Conversations() -> impl IntoView {
    let state = use_state();
    let search = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<ConversationHead>>);
    let all = RwSignal::new(false);
    // Asks the workspace a moment after the last key; the answer to an older question is thrown away.
    let ask = move |text: String| {
        if text.trim().is_empty() {
            found.set(None);
            return;
        }
        set_timeout(
            move || {
                if search.try_get_untracked().as_ref() != Some(&text) {
                    return;
                }
                let ws = state.ws();
                spawn_local(async move {
                    let heads = ws.search_conversations(&text).await;
                    if search.try_get_untracked().as_ref() == Some(&text) {
                        state.announce(match heads.len() {
                            0 => "No conversation found".to_owned(),
                            1 => "1 conversation found".to_owned(),
                            count => format!("{count} conversations found"),
                        });
                        let _ = found.try_set(Some(heads));
                    }
                });
            },
            Duration::from_millis(150),
        );
    };
    let renaming = RwSignal::new(None::<ConversationId>);
    let deleting = RwSignal::new(None::<ConversationHead>);
    let groups = Memo::new(move |_| {
        // Found ones are looked up in the list, so that a new title or a deletion shows at once.
        let heads = state.conversations.get();
        let heads: Vec<ConversationHead> = match found.get() {
            Some(found) => heads.into_iter().filter(|head| found.iter().any(|other| other.id == head.id)).collect(),
            None => heads,
        };
        let limit = if all.get() { usize::MAX } else { ROWS };
        let hidden = heads.len().saturating_sub(limit);
        let time = now();
        let mut groups: Vec<(String, Vec<ConversationHead>)> = Vec::new();
        for head in heads.into_iter().take(limit) {
            let group = day_group(head.updated_at, time);
            match groups.last_mut() {
                Some((name, rows)) if *name == group => rows.push(head),
                _ => groups.push((group, vec![head])),
            }
        }
        (groups, hidden)
    });
    let any = Memo::new(move |_| state.conversations.with(|all| !all.is_empty()));
    view! {
        {move || any.get().then(|| view! {
            <div class="rail-search" on:input=move |_| ask(search.get_untracked())>
                <SearchField label="Search conversations" value=search/>
            </div>
        })}
        <nav class="rail-list" aria-label="Conversations">
            <For each=move || groups.get().0 key=|(name, rows)| (name.clone(), rows.iter().map(|head| (head.id.clone(), head.title.clone())).collect::<Vec<_>>()) let:group>
                <h2 class="grp">{group.0}</h2>
                <ul class="plain">
                    {group.1.into_iter().map(|head| view! { <Row head=head renaming=renaming deleting=deleting/> }).collect_view()}
                </ul>
            </For>
            {move || (groups.get().1 > 0).then(|| view! {
                <Button look=ButtonLook::Quiet small=true on:click=move |_| all.set(true)>{format!("Show {} more", groups.get().1)}</Button>
            })}
            {move || (found.get().is_some() && groups.get().0.is_empty()).then(|| view! {
                <p class="rail-empty">"No conversation has these words."</p>
            })}
        </nav>
        {move || deleting.get().map(|head| view! { <Delete head=head deleting=deleting/> })}
    }
}

#[component]
fn Row(
    head: ConversationHead,
    renaming: RwSignal<Option<ConversationId>>,
    deleting: RwSignal<Option<ConversationHead>>,
) -> impl IntoView {
    let state = use_state();
    let title = shown_title(&head);
    let id = head.id.clone();
    let is_renaming = {
        let id = id.clone();
        Memo::new(move |_| renaming.get().as_ref() == Some(&id))
    };
    let running = {
        let id = id.clone();
        move || state.is_running(&id)
    };
    let waits = {
        let id = id.clone();
        move || state.questions.with(|all| all.iter().any(|asked| asked.conversation.as_ref() == Some(&id)))
    };
    let marks = move || {
        if waits() {
            Some(view! { <span class="dot wait" aria-hidden="true"></span><span class="sr">"waits for your decision"</span> }.into_any())
        } else if running() {
            Some(
                view! { <span class="dot busy" aria-hidden="true"></span><span class="sr">"running"</span> }.into_any(),
            )
        } else {
            None
        }
    };
    let marks =
        StoredValue::new(std::sync::Arc::new(marks) as std::sync::Arc<dyn Fn() -> Option<AnyView> + Send + Sync>);
    view! {
        <li class="rail-row">
            {move || if is_renaming.get() {
                view! { <Rename id=id.clone() title=head.title.clone() done=Callback::new(move |()| renaming.set(None))/> }.into_any()
            } else {
                let (title, id) = (title.clone(), id.clone());
                let (for_rename, for_delete) = (id.clone(), head.clone());
                let menu = format!("More for {title}");
                view! {
                    <Link to=Route::Conversation(id.to_string()) class="rail-link">
                        <span class="grow ellipsis"><bdi>{title}</bdi></span>
                        {move || marks.with_value(|marks| marks())}
                    </Link>
                    <Menu label=menu class="btn quiet icon small rail-more" trigger=|| view! { <Icon name=IconName::More/> }>
                        <MenuItem on:click=move |_| renaming.set(Some(for_rename.clone()))><Icon name=IconName::Edit/>"Rename"</MenuItem>
                        <MenuItem danger=true on:click=move |_| deleting.set(Some(for_delete.clone()))><Icon name=IconName::Trash/>"Delete"</MenuItem>
                    </Menu>
                }.into_any()
            }}
        </li>
    }
}

/// A field in the place of a title. Enter keeps, Escape and leaving it empty do not.
#[component]
pub fn Rename(
    /// Which conversation.
    id: ConversationId,
    /// Its title so far.
    title: String,
    /// Called when it is over, either way.
    done: Callback<()>,
) -> impl IntoView {
    let state = use_state();
    let field = NodeRef::<html::Input>::new();
    field.on_load(|input| {
        request_animation_frame(move || {
            let _ = input.focus();
            input.select();
        });
    });
    let before = title.clone();
    let over = StoredValue::new(false);
    let keep = move || {
        if over.try_get_value().unwrap_or(true) {
            return;
        }
        over.set_value(true);
        let wanted =
            field.try_get_untracked().flatten().map(|input| input.value()).unwrap_or_default().trim().to_owned();
        if !wanted.is_empty() && wanted != before {
            let (ws, id) = (state.ws(), id.clone());
            state.run(async move { ws.rename_conversation(&id, &wanted).await }, |()| ());
        }
        done.run(());
    };
    let keep_on_enter = keep.clone();
    view! {
        <input node_ref=field class="input rename" aria-label="Title" maxlength="200" prop:value=title
            on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                "Enter" if !event.is_composing() => {
                    event.prevent_default();
                    keep_on_enter();
                }
                "Escape" => {
                    event.stop_propagation();
                    over.set_value(true);
                    done.run(());
                }
                _ => {}
            }
            on:blur=move |_| keep()/>
    }
}

/// Asks before a conversation is deleted.
#[component]
pub fn Delete(
    /// Which conversation.
    head: ConversationHead,
    /// Where the question stands; cleared when it is over.
    deleting: RwSignal<Option<ConversationHead>>,
) -> impl IntoView {
    let (state, router) = (use_state(), use_router());
    let title = shown_title(&head);
    let id = head.id;
    let delete = move |_| {
        let (ws, id) = (state.ws(), id.clone());
        deleting.set(None);
        let gone = id.clone();
        state.run(async move { ws.delete_conversation(&id).await }, move |()| {
            draft::forget(Some(&gone));
            state.tell("Conversation deleted.");
            if router.route_now() == Route::Conversation(gone.to_string()) {
                router.replace(Route::Chat);
            }
        });
    };
    view! {
        <Dialog title="Delete this conversation?" on_close=move |()| deleting.set(None)>
            <div class="body">
                <p><b><bdi>{title}</bdi></b></p>
                <p>"Its messages and results are erased from this browser. The audit log keeps which calls were made. This cannot be undone."</p>
            </div>
            <footer>
                <Button on:click=move |_| deleting.set(None)>"Keep conversation"</Button>
                <Button look=ButtonLook::Danger on:click=delete>"Delete conversation"</Button>
            </footer>
        </Dialog>
    }
}
