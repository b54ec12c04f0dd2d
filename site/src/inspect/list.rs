//! A list of thousands of rows of which only those on the screen are drawn. One stop for the tab key; arrows choose.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

/// The height of a row in CSS pixels; `inspect.css` gives rows the same.
const ROW: i32 = 34;
/// Rows that are drawn above and below what is seen.
const AROUND: usize = 8;
/// Rows that one step of a page key passes.
const PAGE: usize = 10;

/// The list.
#[component]
pub(super) fn LongList(
    /// What the rows are.
    label: &'static str,
    /// The keys of the rows, in order.
    #[prop(into)]
    keys: Signal<Vec<u64>>,
    /// What is chosen.
    chosen: RwSignal<Option<u64>>,
    /// Draws a row. It tracks what it reads.
    row: Callback<u64, Option<AnyView>>,
) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    let top = RwSignal::new(0_i32);
    let height = RwSignal::new(600_i32);
    // At the end the newest row stays in sight.
    let at_end = StoredValue::new(true);
    let look = move || {
        if let Some(list) = element.try_get_untracked().flatten() {
            let (now, tall) = (list.scroll_top(), list.client_height());
            if top.get_untracked() != now {
                top.set(now);
            }
            if height.get_untracked() != tall {
                height.set(tall);
            }
            at_end.set_value(now + tall >= list.scroll_height() - ROW);
        }
    };
    let resized = window_event_listener(ev::resize, move |_| look());
    on_cleanup(move || resized.remove());
    Effect::new(move |_| {
        keys.with(Vec::len);
        request_animation_frame(move || {
            if let Some(list) = element.try_get_untracked().flatten()
                && at_end.try_get_value().unwrap_or_default()
            {
                list.set_scroll_top(list.scroll_height());
            }
            let _ = top.try_get_untracked().map(|_| look());
        });
    });
    let place = move |key: u64| keys.with_untracked(|keys| keys.iter().position(|one| *one == key));
    let choose = move |at: usize| {
        let Some(key) = keys.with_untracked(|keys| keys.get(at).copied()) else { return };
        chosen.set(Some(key));
        if let Some(list) = element.get_untracked() {
            let y = i32::try_from(at).unwrap_or(i32::MAX / ROW) * ROW;
            let (from, tall) = (list.scroll_top(), list.client_height());
            if y < from {
                list.set_scroll_top(y);
            } else if y + ROW > from + tall {
                list.set_scroll_top(y + ROW - tall);
            }
        }
    };
    let keyed = move |event: ev::KeyboardEvent| {
        let count = keys.with_untracked(Vec::len);
        if count == 0 {
            return;
        }
        let last = count - 1;
        let here = chosen.get_untracked().and_then(place);
        let to = match (event.key().as_str(), here) {
            ("ArrowDown", Some(here)) => (here + 1).min(last),
            ("ArrowDown", None) | ("Home", _) => 0,
            ("ArrowUp", Some(here)) => here.saturating_sub(1),
            ("ArrowUp", None) | ("End", _) => last,
            ("PageDown", here) => here.map_or(0, |here| (here + PAGE).min(last)),
            ("PageUp", here) => here.map_or(last, |here| here.saturating_sub(PAGE)),
            _ => return,
        };
        event.prevent_default();
        choose(to);
    };
    let clicked = move |event: ev::MouseEvent| {
        let row = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("[data-row]").ok().flatten());
        let key = row.and_then(|row| row.get_attribute("data-row")).and_then(|key| key.parse().ok());
        if let Some(key) = key {
            chosen.set(Some(key));
        }
    };
    let seen = Memo::new(move |_| {
        let first = usize::try_from(top.get() / ROW).unwrap_or_default().saturating_sub(AROUND);
        let rows = usize::try_from(height.get() / ROW).unwrap_or_default() + 2 * AROUND + 2;
        (first, rows)
    });
    let rows = move || {
        let (first, rows) = seen.get();
        keys.with(|keys| {
            keys.iter()
                .enumerate()
                .skip(first)
                .take(rows)
                .map(|(at, key)| {
                    let key = *key;
                    let y = format!("{}px", i32::try_from(at).unwrap_or_default() * ROW);
                    let selected = move || (chosen.get() == Some(key)).to_string();
                    view! {
                        <div id=format!("row-{key}") class="long-row" role="option" data-row=key.to_string() style:top=y aria-selected=selected
                            aria-setsize=keys.len().to_string() aria-posinset=(at + 1).to_string()>
                            {row.run(key)}
                        </div>
                    }
                })
                .collect_view()
        })
    };
    let active = move || {
        let key = chosen.get()?;
        let at = keys.with(|keys| keys.iter().position(|one| *one == key))?;
        let (first, rows) = seen.get();
        (at >= first && at < first + rows).then(|| format!("row-{key}"))
    };
    let tall = move || format!("{}px", keys.with(|keys| i32::try_from(keys.len()).unwrap_or_default()) * ROW);
    view! {
        <div node_ref=element class="long-list" role="listbox" tabindex="0" aria-label=label aria-activedescendant=active
            on:scroll=move |_| look() on:keydown=keyed on:click=clicked>
            <div class="long-rows" role="presentation" style:height=tall>{rows}</div>
        </div>
    }
}
