//! A list of like objects as a table: a page of rows at a time, to put in order, to narrow, to copy and to save.

use std::sync::Arc;

use browser::chat::results::{Column, Order, Table};
use leptos::prelude::*;
use serde_json::Value;

use super::data::{Tree, cell};
use super::fold::{count, number};
use super::text::pieces;
use crate::ui::{Button, CopyButton, SearchField, save_text};

/// Rows that are on the page at once.
const PAGE: usize = 100;
/// Texts of more bytes than this get a column that they can be read in, also where the table is wider than its place.
const WORDY: usize = 32;
/// With fewer rows than this there is nothing to narrow.
const NARROWABLE: usize = 8;

/// A list of like objects as a table.
#[component]
pub(crate) fn TableView(
    /// The table, with what stood beside it.
    table: Table,
) -> impl IntoView {
    let beside =
        (!table.beside.is_empty()).then(|| view! { <Tree value=Arc::new(Value::Object(table.beside.clone()))/> });
    let (total, left_out) = (table.rows.len(), table.more);
    let name = if table.path.is_empty() { "Result".to_owned() } else { table.path.clone() };
    let table = Arc::new(table);
    let wanted = RwSignal::new(String::new());
    let order = RwSignal::new(None::<Order>);
    let turned = RwSignal::new(0usize);
    let rows = {
        let table = table.clone();
        Memo::new(move |_| table.rows_with(&wanted.read(), order.get()))
    };
    let pages = Memo::new(move |_| rows.with(|rows| rows.len().div_ceil(PAGE)));
    // What is narrowed may have fewer pages than were turned.
    let page = Memo::new(move |_| turned.get().min(pages.get().saturating_sub(1)));

    let head: Vec<AnyView> =
        table.columns.iter().enumerate().map(|(at, column)| heading(at, column, order, turned)).collect();
    let drawn = table.clone();
    let body = move || {
        let from = page.get() * PAGE;
        let row = |at: &usize| {
            let cells: Vec<AnyView> = drawn
                .rows
                .get(*at)?
                .iter()
                .zip(&drawn.columns)
                .map(|(value, column)| {
                    let wordy = value.as_ref().and_then(Value::as_str).is_some_and(|text| text.len() > WORDY);
                    view! { <td class:num=column.numeric class:wordy=wordy>{value.as_ref().map(cell)}</td> }.into_any()
                })
                .collect();
            Some(view! { <tr>{cells}</tr> }.into_any())
        };
        rows.with(|rows| rows.iter().skip(from).take(PAGE).filter_map(row).collect::<Vec<_>>())
    };
    let says = move || {
        let (found, from) = (rows.with(Vec::len), page.get() * PAGE);
        match (found, pages.get() > 1) {
            (0, _) => format!("None of {} contains that", count(total, "row")),
            (found, false) if found == total => count(total, "row"),
            (found, false) => format!("{} of {}", number(found), count(total, "row")),
            (found, true) => {
                format!("Rows {} to {} of {}", number(from + 1), number((from + PAGE).min(found)), number(found))
            }
        }
    };
    let turns = move || {
        (pages.get() > 1).then(|| view! {
            <button type="button" class="btn" disabled=move || page.get() == 0 on:click=move |_| turned.set(page.get_untracked().saturating_sub(1))>
                "Previous rows"
            </button>
            <button type="button" class="btn" disabled=move || { page.get() + 1 >= pages.get() } on:click=move |_| turned.set(page.get_untracked() + 1)>
                "Next rows"
            </button>
        })
    };
    let narrow = (total >= NARROWABLE).then(|| view! { <SearchField label="Rows that contain" value=wanted/> });
    let copied = table.clone();
    let csv = Signal::derive(move || rows.with(|rows| copied.csv(rows)));
    let save = move |_| save_text("table.csv", &csv.get_untracked());
    let cut = (left_out > 0).then(
        || view! { <p class="cut">{format!("{} not shown here; they are in the JSON.", count(left_out, "more row"))}</p> },
    );
    view! {
        {beside}
        <div class="table-tools">
            {narrow}
            <span class="grow" role="status">{says}</span>
            {turns}
            <CopyButton label="Copy rows" text=csv/>
            <Button small=true on:click=save>"Save rows as CSV"</Button>
        </div>
        <div class="table-box" tabindex="0" role="group" aria-label=format!("Table {name}")>
            <table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>
        </div>
        {cut}
    }
}

/// A column's name, which puts the rows in its order: up, down, as sent.
fn heading(at: usize, column: &Column, order: RwSignal<Option<Order>>, turned: RwSignal<usize>) -> AnyView {
    let now = move || order.get().filter(|order| order.column == at).map(|order| order.descending);
    let next = move |_| {
        turned.set(0);
        order.set(match now() {
            None => Some(Order { column: at, descending: false }),
            Some(false) => Some(Order { column: at, descending: true }),
            Some(true) => None,
        });
    };
    let sorted = move || match now() {
        None => "none",
        Some(false) => "ascending",
        Some(true) => "descending",
    };
    let arrow = move || match now() {
        None => "",
        Some(false) => " ↑",
        Some(true) => " ↓",
    };
    let name = column.title.as_deref().unwrap_or(&column.name);
    view! {
        <th scope="col" class:num=column.numeric aria-sort=sorted>
            <button type="button" on:click=next><bdi>{pieces(name)}</bdi><span aria-hidden="true">{arrow}</span></button>
        </th>
    }
    .into_any()
}
