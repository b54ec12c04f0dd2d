//! Structured results: one flat object as a card, everything else that is no table as a tree that opens level by level.

use std::sync::Arc;

use browser::chat::results::Fact;
use leptos::ev;
use leptos::prelude::*;
use serde_json::Value;

use super::fold::count;
use super::text::{Folded, pieces};

/// Members of an object or a list that are drawn at once.
const BRANCHES: usize = 100;

/// A few facts about one thing: its names beside their values.
#[component]
pub(crate) fn Card(
    /// The facts.
    facts: Vec<Fact>,
) -> impl IntoView {
    let facts: Vec<AnyView> = facts
        .into_iter()
        .map(|Fact { name, title, value }| {
            view! { <dt><bdi>{pieces(title.as_deref().unwrap_or(&name))}</bdi></dt><dd><bdi>{cell(&value)}</bdi></dd> }
                .into_any()
        })
        .collect();
    view! { <dl class="facts result-card">{facts}</dl> }
}

/// A value in a line: text as text, data as its JSON, both folded when long.
pub(crate) fn cell(value: &Value) -> AnyView {
    match value {
        Value::Null => view! { <span class="nothing">"–"</span> }.into_any(),
        Value::Array(list) if list.is_empty() => leaf(value),
        Value::Object(object) if object.is_empty() => leaf(value),
        Value::String(text) => view! { <Folded text=text.clone()/> }.into_any(),
        Value::Array(_) | Value::Object(_) => view! { <code><Folded text=value.to_string()/></code> }.into_any(),
        other => other.to_string().into_any(),
    }
}

/// A value as a tree. A branch is drawn when it is first opened, so that the depth and size of what a server sent do
/// not matter (X58).
#[component]
pub(crate) fn Tree(
    /// The value.
    value: Arc<Value>,
) -> impl IntoView {
    view! { <div class="tree">{members(value)}</div> }
}

/// The members of an object or a list, or the value itself when it is neither.
fn members(value: Arc<Value>) -> AnyView {
    let total = match &*value {
        Value::Object(object) => object.len(),
        Value::Array(list) => list.len(),
        other => return view! { <p>{leaf(other)}</p> }.into_any(),
    };
    let shown = RwSignal::new(BRANCHES);
    let list = move || {
        let range = 0..shown.get().min(total);
        match &*value {
            Value::Object(object) => {
                object.iter().take(range.end).map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
            }
            Value::Array(list) => list
                .iter()
                .take(range.end)
                .enumerate()
                .map(|(at, value)| ((at + 1).to_string(), value.clone()))
                .collect(),
            _ => Vec::new(),
        }
    };
    let rest = move || {
        (shown.get() < total).then(|| {
            let says = format!("Show more of {}", count(total, "item"));
            view! { <li><button type="button" class="text-btn" on:click=move |_| shown.update(|n| *n += BRANCHES)>{says}</button></li> }
        })
    };
    view! {
        <ul>
            <For each=list key=|(key, _)| key.clone() children=|(key, value)| member(&key, value)/>
            {rest}
        </ul>
    }
    .into_any()
}

/// One member: a leaf on its line, a branch as something to open.
fn member(key: &str, value: Value) -> AnyView {
    let key = pieces(key);
    let size = match &value {
        Value::Object(object) if !object.is_empty() => count(object.len(), "field"),
        Value::Array(list) if !list.is_empty() => count(list.len(), "item"),
        leaf_value => {
            let leaf = leaf(leaf_value);
            return view! { <li><bdi class="key">{key}</bdi>" "{leaf}</li> }.into_any();
        }
    };
    let value = Arc::new(value);
    let opened = RwSignal::new(false);
    view! {
        <li>
            <details on:toggle=move |_: ev::Event| opened.set(true)>
                <summary><bdi class="key">{key}</bdi>" "<small>{size}</small></summary>
                {move || opened.get().then(|| members(value.clone()))}
            </details>
        </li>
    }
    .into_any()
}

/// A value without members.
fn leaf(value: &Value) -> AnyView {
    match value {
        Value::String(text) if text.is_empty() => view! { <span class="nothing">"empty text"</span> }.into_any(),
        Value::String(text) => view! { <span class="leaf"><Folded text=text.clone()/></span> }.into_any(),
        Value::Array(_) => view! { <span class="nothing">"empty list"</span> }.into_any(),
        Value::Object(_) => view! { <span class="nothing">"empty object"</span> }.into_any(),
        other => view! { <code>{other.to_string()}</code> }.into_any(),
    }
}
