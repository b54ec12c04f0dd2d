//! The actions of a conversation that a model is always offered, also where it searches for the others (N13).

use browser::chat::conversation::Pin;
use leptos::prelude::*;
use policy::ConversationId;

use crate::results::Visible;
use crate::state::use_state;
use crate::ui::SearchField;

/// Actions that are on the page at once; typing narrows them down.
const SHOWN: usize = 20;

/// The pinned actions first, then those that fit what is typed.
#[component]
pub(super) fn Pins(id: ConversationId) -> impl IntoView {
    let state = use_state();
    let id = StoredValue::new(id);
    let text = RwSignal::new(String::new());
    // Said when a choice was not kept: the boxes then show again what is.
    let refused = RwSignal::new(());
    let pins = Memo::new(move |_| {
        state.thread.items.track();
        id.with_value(|id| state.ws().pins(id))
    });
    let rows = Memo::new(move |_| {
        state.thread.connectors.track();
        state.rulebook.track();
        let words: Vec<String> = text.get().to_lowercase().split_whitespace().map(str::to_owned).collect();
        let pins = pins.get();
        let all = id.with_value(|id| state.ws().candidates(id));
        let row = |one: browser::chat::direct::Candidate| {
            let pin = Pin { connector: one.connector.clone(), action: one.action.name().to_owned() };
            let place = format!("{} · {}", one.connector_name, one.host);
            (pins.contains(&pin), one.action.title().to_owned(), place, pin)
        };
        let fits = |(pinned, title, place, pin): &(bool, String, String, Pin)| {
            let whole = format!("{title} {place} {}", pin.action).to_lowercase();
            (words.is_empty() && *pinned) || (!words.is_empty() && words.iter().all(|word| whole.contains(word)))
        };
        let mut rows: Vec<_> = all.into_iter().map(row).filter(fits).collect();
        rows.sort_by_key(|(pinned, ..)| !pinned);
        rows.truncate(SHOWN);
        rows
    });
    let toggle = move |pin: Pin| {
        let mut wanted = pins.get_untracked();
        if wanted.contains(&pin) {
            wanted.retain(|one| *one != pin);
        } else {
            wanted.push(pin);
        }
        let (ws, id) = (state.ws(), id.get_value());
        let work = async move {
            let kept = ws.pin(&id, wanted).await;
            if kept.is_err() {
                let _ = refused.try_set(());
            }
            kept
        };
        state.run(work, |()| ());
    };
    view! {
        <section class="pins" aria-label="Pinned actions">
            <h2>"Pinned actions"</h2>
            <SearchField label="Search actions to pin" value=text/>
            <ul class="plain">
                <For each=move || rows.get() key=|(_, title, place, pin)| (title.clone(), place.clone(), pin.clone()) let:row>
                    {
                        let (_, title, place, pin) = row;
                        let own = pin.clone();
                        view! {
                            <li><label class="check">
                                <input type="checkbox" prop:checked=move || {
                                    refused.track();
                                    pins.with(|pins| pins.contains(&own))
                                } on:change=move |_| toggle(pin.clone())/>
                                <span class="grow"><Visible text=title/>" "<small><bdi>{place}</bdi></small></span>
                            </label></li>
                        }
                    }
                </For>
            </ul>
            {move || rows.with(Vec::is_empty).then(|| view! {
                <p class="small">{move || if text.with(|text| text.trim().is_empty()) { "None is pinned." } else { "No action of this chat has this name." }}</p>
            })}
        </section>
    }
}
