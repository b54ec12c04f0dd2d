//! The list of conversations: found by what was said in them, grouped by day, renamed and deleted in place.

use browser::ConversationHead;
use leptos::prelude::*;
use policy::ConversationId;
use std::time::Duration;

use crate::lazy::{Parts, later, use_later};
use crate::router::{Link, Route};
use crate::state::{shown_title, use_front};
use crate::ui::{Button, ButtonLook, Icon, IconName, Menu, MenuItem, SearchField, day_group, now};

/// More rows than this are shown only when asked for.
const ROWS: usize = 200;

/// The list with its search field.
#[component]
pub fn Conversations() -> impl IntoView {
    let (front, later) = (use_front(), use_later());
    let search = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<ConversationId>>);
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
                later.with(move |(parts, state)| {
                    let asked = text.clone();
                    let tell = move |heads: Vec<ConversationHead>| {
                        if search.try_get_untracked().as_ref() != Some(&text) {
                            return;
                        }
                        front.announce(match heads.len() {
                            0 => "No conversation found".to_owned(),
                            1 => "1 conversation found".to_owned(),
                            count => format!("{count} conversations found"),
                        });
                        let _ = found.try_set(Some(heads.into_iter().map(|head| head.id).collect()));
                    };
                    (parts.deeds.search)(state, asked, Box::new(tell));
                });
            },
            Duration::from_millis(150),
        );
    };
    let renaming = RwSignal::new(None::<ConversationId>);
    let deleting = RwSignal::new(None::<ConversationHead>);
    let groups = Memo::new(move |_| {
        // Found ones are looked up in the list, so that a new title or a deletion shows at once.
        let heads = front.conversations.get();
        let heads: Vec<ConversationHead> = match found.get() {
            Some(found) => heads.into_iter().filter(|head| found.contains(&head.id)).collect(),
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
    let any = Memo::new(move |_| front.conversations.with(|all| !all.is_empty()));
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
                    {group.1.into_iter().map(|head| row(head, renaming, deleting)).collect_view()}
                </ul>
            </For>
            {move || (groups.get().1 > 0).then(|| view! {
                <Button look=ButtonLook::Quiet small=true on:click=move |_| all.set(true)>{format!("Show {} more", groups.get().1)}</Button>
            })}
            {move || (found.get().is_some() && groups.get().0.is_empty()).then(|| view! {
                <p class="rail-empty">"No conversation has these words."</p>
            })}
        </nav>
        {move || deleting.get().map(|head| later_or_nothing(move |parts| (parts.delete)(head.clone(), deleting)))}
    }
}

/// What the open workspace draws, and nothing while it cannot: the person is told by whatever else they do.
fn later_or_nothing(draw: impl Fn(Parts) -> AnyView + Send + 'static) -> AnyView {
    later(draw, || ().into_any(), |_| ().into_any())
}

fn row(
    head: ConversationHead,
    renaming: RwSignal<Option<ConversationId>>,
    deleting: RwSignal<Option<ConversationHead>>,
) -> impl IntoView {
    let front = use_front();
    let title = shown_title(&head);
    let id = head.id.clone();
    let is_renaming = {
        let id = id.clone();
        Memo::new(move |_| renaming.get().as_ref() == Some(&id))
    };
    let running = {
        let id = id.clone();
        move || front.is_running(&id)
    };
    let waits = {
        let id = id.clone();
        move || front.waiting.with(|waiting| waiting.contains(&id))
    };
    let marks = move || {
        if waits() {
            Some(
                view! { <span class="dot wait" aria-hidden="true"></span><span class="sr">"needs you"</span> }
                    .into_any(),
            )
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
                let (id, title) = (id.clone(), head.title.clone());
                later_or_nothing(move |parts| {
                    (parts.rename)(id.clone(), title.clone(), Callback::new(move |()| renaming.set(None)))
                })
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
                        <MenuItem on:click=move |_| renaming.set(Some(for_rename.clone()))><Icon name=IconName::Edit/>"Rename conversation"</MenuItem>
                        <MenuItem danger=true on:click=move |_| deleting.set(Some(for_delete.clone()))><Icon name=IconName::Trash/>"Delete conversation"</MenuItem>
                    </Menu>
                }.into_any()
            }}
        </li>
    }
}
