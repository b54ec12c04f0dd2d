//! Structured results: lists of like objects as tables, everything else as a tree that opens level by level.

use std::sync::Arc;

use browser::chat::results::Table;
use leptos::ev;
use leptos::prelude::*;
use serde_json::Value;

use super::fold::{count, number};
use super::text::{Folded, pieces};

/// Rows of a table that are on the page at once.
const PAGE: usize = 100;
/// Members of an object or a list that are drawn at once.
const BRANCHES: usize = 100;

/// A list of like objects as a table, a page of rows at a time.
#[component]
pub(crate) fn TableView(
    /// The table, with what stood beside it.
    table: Table,
) -> impl IntoView {
    let Table { path, columns, rows, more, beside } = table;
    let total = rows.len();
    let page = RwSignal::new(0usize);
    let pages = total.div_ceil(PAGE);
    let numeric: Arc<[bool]> = columns.iter().map(|column| column.numeric).collect();
    let head: Vec<AnyView> = columns
        .iter()
        .map(|column| {
            view! { <th scope="col" class:num=column.numeric><bdi>{pieces(&column.name)}</bdi></th> }.into_any()
        })
        .collect();
    let rows = Arc::new(rows);
    let body = move || {
        let from = page.get() * PAGE;
        rows.iter()
            .skip(from)
            .take(PAGE)
            .map(|row| {
                let cells: Vec<AnyView> = row
                    .iter()
                    .zip(numeric.iter())
                    .map(|(value, num)| view! { <td class:num=*num>{value.as_ref().map(cell)}</td> }.into_any())
                    .collect();
                view! { <tr>{cells}</tr> }.into_any()
            })
            .collect::<Vec<_>>()
    };
    let label = if path.is_empty() { "Result".to_owned() } else { path };
    let pager = (pages > 1).then(|| {
        let says = move || {
            let from = page.get() * PAGE;
            format!("Rows {} to {} of {}", number(from + 1), number((from + PAGE).min(total)), number(total))
        };
        view! {
            <div class="pager">
                <button type="button" class="btn" disabled=move || page.get() == 0 on:click=move |_| page.update(|at| *at -= 1)>
                    "Previous rows"
                </button>
                <span role="status">{says}</span>
                <button type="button" class="btn" disabled=move || page.get() + 1 == pages on:click=move |_| page.update(|at| *at += 1)>
                    "Next rows"
                </button>
            </div>
        }
    });
    let beside = (!beside.is_empty()).then(|| view! { <Tree value=Arc::new(Value::Object(beside))/> });
    let left_out = (more > 0).then(
        || view! { <p class="cut">{format!("{} not shown here; they are in the JSON.", count(more, "more row"))}</p> },
    );
    view! {
        {beside}
        <div class="table-box" tabindex="0" role="group" aria-label=format!("Table {label}")>
            <table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>
        </div>
        {pager}
        {left_out}
    }
}

/// One cell: text as text, data as its JSON on one line, both folded when long.
fn cell(value: &Value) -> AnyView {
    match value {
        Value::Null => view! { <span class="nothing">"–"</span> }.into_any(),
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
