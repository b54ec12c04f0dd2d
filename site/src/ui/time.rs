//! Time in words, from the browser's own clock and calendar.

pub use browser::chat::conversation::seconds;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now() -> u64 {
    js_sys::Date::now() as u64
}

/// A clock that moves once a second for as long as its owner lives. Take it only where time is shown.
pub fn tick() -> ReadSignal<u64> {
    let (time, set_time) = signal(now());
    if let Ok(handle) = set_interval_with_handle(move || set_time.set(now()), Duration::from_secs(1)) {
        on_cleanup(move || handle.clear());
    }
    time
}

fn date(millis: u64) -> js_sys::Date {
    js_sys::Date::new(&JsValue::from_f64(millis as f64))
}

fn day(date: &js_sys::Date) -> f64 {
    let midnight =
        js_sys::Date::new_with_year_month_day(date.get_full_year(), date.get_month() as i32, date.get_date() as i32);
    midnight.get_time()
}

/// Date and time in the person's own language, to the minute.
pub fn clock(millis: u64) -> String {
    in_words(millis, &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// The time of day in the person's own language, to the minute; with the date where it is another day's.
pub fn time_of_day(millis: u64, now: u64) -> String {
    let today = day(&date(millis)) == day(&date(now));
    if today { in_words(millis, &[("timeStyle", "short")]) } else { clock(millis) }
}

fn in_words(millis: u64, styles: &[(&str, &str)]) -> String {
    let options = js_sys::Object::new();
    for (key, value) in styles {
        let _ = js_sys::Reflect::set(&options, &(*key).into(), &(*value).into());
    }
    date(millis).to_locale_string("default", &options).into()
}

/// How long ago, in words: `just now`, `5 min ago`, `3 h ago`, then the date.
pub fn ago(millis: u64, now: u64) -> String {
    match now.saturating_sub(millis) {
        0..60_000 => "just now".into(),
        past @ 60_000..3_600_000 => format!("{} min ago", past / 60_000),
        past @ 3_600_000..86_400_000 => format!("{} h ago", past / 3_600_000),
        _ => clock(millis),
    }
}

/// The heading under which a day's conversations stand: *Today*, *Yesterday*, *Last 7 days*, then the month.
pub fn day_group(millis: u64, now: u64) -> String {
    const DAY: f64 = 86_400_000.0;
    let then = date(millis);
    let days = ((day(&date(now)) - day(&then)) / DAY).round();
    if days <= 0.0 {
        "Today".into()
    } else if days <= 1.0 {
        "Yesterday".into()
    } else if days <= 7.0 {
        "Last 7 days".into()
    } else {
        let options = js_sys::Object::new();
        for (key, value) in [("month", "long"), ("year", "numeric")] {
            let _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
        }
        then.to_locale_date_string("default", &options).into()
    }
}

/// Work in progress: a word for what is being done and, after three seconds, for how long.
#[component]
pub fn Working(
    /// What is being done: *Reading the list of actions*.
    #[prop(into)]
    what: Signal<String>,
) -> impl IntoView {
    let since = now();
    let time = tick();
    view! {
        <span class="working">
            {move || what.get()}
            <span class="timer" aria-hidden="true">
                {move || {
                    let past = time.get().saturating_sub(since);
                    (past >= 3000).then(|| format!("{} s", past / 1000))
                }}
            </span>
        </span>
    }
}
