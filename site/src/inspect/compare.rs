//! Two answers side by side: the paths in which they differ.

use browser::inspect::Message;
use browser::mcp::inspect::{Change, Kind, compare};
use leptos::prelude::*;
use serde_json::Value;

use super::use_desk;
use super::words::{named, time_of_day, whose};
use crate::connectors::plural;
use crate::results::pieces;
use crate::state::{AppState, use_state};

/// Answers that can be chosen, the newest.
const CHOICES: usize = 300;
/// Differences that are shown.
const SHOWN: usize = 500;

/// The tab.
#[component]
pub(super) fn Compare() -> impl IntoView {
    let (app, desk) = (use_state(), use_desk());
    let answers = Memo::new(move |_| {
        desk.version.track();
        let mut answers = Vec::new();
        desk.recorder().messages(0, |message| {
            if matches!(message.kind, Kind::Result | Kind::Error) && message.whole && desk.shows(&message.of) {
                answers.push((message.id, words(app, message)));
            }
        });
        let skip = answers.len().saturating_sub(CHOICES);
        answers.drain(..skip);
        answers.reverse();
        answers
    });
    let choice = move |label: &'static str, value: RwSignal<Option<u64>>| {
        let options = move || {
            let chosen = value.get();
            answers
                .get()
                .into_iter()
                .map(|(id, words)| {
                    view! {
                        <option value=id.to_string() selected=chosen == Some(id)>{words}</option>
                    }
                })
                .collect_view()
        };
        view! {
            <label class="field"><span>{label}</span>
                <select class="input" on:change=move |event| value.set(event_target_value(&event).parse().ok())>
                    <option value="" selected=move || value.with(Option::is_none)>"Choose an answer"</option>
                    {options}
                </select>
            </label>
        }
    };
    let both = Memo::new(move |_| Some((desk.first.get()?, desk.second.get()?)));
    view! {
        <h2 class="sr">"Compare"</h2>
        <p class="lead">"Choose two answers. The places in which they differ are listed by path."</p>
        <div class="compare-choice">{choice("First answer", desk.first)}{choice("Second answer", desk.second)}</div>
        {move || both.get().map(|(first, second)| {
            let recorder = desk.recorder();
            match (recorder.message(first), recorder.message(second)) {
                (Some(first), Some(second)) => differences(&first, &second),
                _ => view! { <p class="none">"One of them is not kept any more."</p> }.into_any(),
            }
        })}
    }
}

fn words(app: AppState, message: &Message) -> String {
    format!("{} {} · {}", time_of_day(message.at), named(message), whose(app, &message.of))
}

/// What a message answers: its result or its error. Ids and the rest around it say nothing about the answer.
fn answer(message: &Message) -> Value {
    let value: Value = serde_json::from_str(&message.text).unwrap_or_default();
    let inner = value.get("result").or_else(|| value.get("error")).cloned();
    inner.unwrap_or(value)
}

fn differences(first: &Message, second: &Message) -> AnyView {
    let (found, more) = compare(&answer(first), &answer(second), SHOWN);
    if found.is_empty() {
        return view! { <p role="status">"They are the same."</p> }.into_any();
    }
    let count = plural(found.len(), "difference");
    let rows: Vec<_> = found
        .into_iter()
        .map(|one| {
            let (word, before, after) = match one.change {
                Change::Added(after) => ("only in the second", None, Some(after)),
                Change::Removed(before) => ("only in the first", Some(before), None),
                Change::Changed(before, after) => ("changed", Some(before), Some(after)),
            };
            let path = if one.path.is_empty() { "the whole answer".to_owned() } else { one.path };
            view! {
                <tr><th scope="row"><code><bdi>{pieces(&path)}</bdi></code><span class="small block">{word}</span></th>
                    <td>{side(before)}</td><td>{side(after)}</td></tr>
            }
        })
        .collect();
    view! {
        <p role="status" class="small">{count}{more.then_some(", and more that are not listed")}</p>
        <div class="table-wrap" role="region" aria-label="Differences" tabindex="0"><table class="differences">
            <thead><tr><th scope="col">"Path"</th><th scope="col">"First answer"</th><th scope="col">"Second answer"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
    }
    .into_any()
}

fn side(value: Option<Value>) -> AnyView {
    match value {
        None => view! { <span class="nothing">"not there"</span> }.into_any(),
        Some(value) => {
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            let short: String = text.chars().take(2_000).collect();
            let rest = (short.len() < text.len()).then_some("…");
            view! { <pre><bdi>{pieces(&short)}</bdi>{rest}</pre> }.into_any()
        }
    }
}
