//! A table as its reader wants it: put in order, narrowed to what contains a text, taken along as CSV.
//!
//! The table itself never changes; what is shown is a list of row numbers, so that thousands of rows are put in order
//! without being copied.

use super::Table;
use policy::csv;
use serde_json::Value;
use std::cmp::Ordering;

/// By which column the rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column's place, from 0.
    pub column: usize,
    /// From the largest to the smallest.
    pub descending: bool,
}

impl Table {
    /// The numbers of the rows that contain `text` in any cell, whatever its case, in the order wanted. Rows without a
    /// value in that column come last either way; rows that are equal stay as the server sent them.
    pub fn rows_with(&self, text: &str, order: Option<Order>) -> Vec<usize> {
        let text = text.trim().to_lowercase();
        let contains = |row: &[Option<Value>]| {
            text.is_empty() || row.iter().flatten().any(|cell| plain(cell).to_lowercase().contains(&text))
        };
        let mut found: Vec<usize> =
            self.rows.iter().enumerate().filter(|(_, row)| contains(row)).map(|(at, _)| at).collect();
        if let Some(Order { column, descending }) = order {
            let key = |at: &usize| {
                self.rows.get(*at).and_then(|row| row.get(column)).and_then(Option::as_ref).and_then(Key::of)
            };
            let mut keyed: Vec<(usize, Option<Key>)> = found.iter().map(|at| (*at, key(at))).collect();
            keyed.sort_by(|(_, one), (_, other)| match (one, other) {
                (Some(one), Some(other)) if descending => other.compare(one),
                (Some(one), Some(other)) => one.compare(other),
                (one, other) => other.is_some().cmp(&one.is_some()),
            });
            found = keyed.into_iter().map(|(at, _)| at).collect();
        }
        found
    }

    /// Those rows as CSV (RFC 4180), with the column names on the first line. A cell that a spreadsheet would take for
    /// a formula is given as text: it is a server's words, and opening a file must run nothing.
    pub fn csv(&self, rows: &[usize]) -> String {
        let mut out = String::new();
        line(&mut out, self.columns.iter().map(|column| column.name.clone()));
        for row in rows.iter().filter_map(|at| self.rows.get(*at)) {
            line(&mut out, row.iter().map(|cell| cell.as_ref().map(plain).unwrap_or_default()));
        }
        out
    }
}

/// A value to order by.
enum Key {
    Number(f64),
    Text(String),
}

impl Key {
    /// Nothing for a value that is not there.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Number(number) => number.as_f64().map(Key::Number),
            other => Some(Key::Text(plain(other).to_lowercase())),
        }
    }

    /// Numbers before texts.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Number(one), Key::Number(other)) => one.total_cmp(other),
            (Key::Text(one), Key::Text(other)) => one.cmp(other),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
        }
    }
}

/// A cell as text: strings as they are, everything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        // A number with a sign is no formula.
        let formula = csv::is_formula(&cell) && cell.parse::<f64>().is_err();
        out.push_str(&if formula { csv::guarded(&cell) } else { csv::cell(&cell) });
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::{Structured, structured};
    use super::*;
    use serde_json::json;

    fn table(value: Value) -> Table {
        match structured(&value) {
            Structured::Table(table) => table,
            other => panic!("not a table: {other:?}"),
        }
    }

    fn by(column: usize, descending: bool) -> Option<Order> {
        Some(Order { column, descending })
    }

    #[test]
    fn rows_are_ordered_by_number_or_by_text_and_missing_values_come_last() {
        let table = table(json!([{"n": 10, "who": "b"}, {"who": "A"}, {"n": 9.5, "who": "c"}, {"n": null}]));
        assert_eq!(table.rows_with("", None), [0, 1, 2, 3]);
        assert_eq!(table.rows_with("", by(0, false)), [2, 0, 1, 3]);
        assert_eq!(table.rows_with("", by(0, true)), [0, 2, 1, 3]);
        assert_eq!(table.rows_with("", by(1, false)), [1, 0, 2, 3]);
        assert_eq!(table.rows_with("", by(1, true)), [2, 0, 1, 3]);
        assert_eq!(table.rows_with("", by(7, true)), [0, 1, 2, 3], "a column that is not there orders nothing");
    }

    #[test]
    fn numbers_and_texts_in_one_column_have_one_order() {
        let table = table(json!([{"v": "x"}, {"v": 2}, {"v": true}, {"v": 1}]));
        assert_eq!(table.rows_with("", by(0, false)), [3, 1, 2, 0]);
    }

    #[test]
    fn rows_are_narrowed_by_what_any_cell_contains() {
        let table = table(json!([{"id": 7, "who": "Ärla"}, {"id": 17, "who": "Bo"}, {"id": 2, "tags": ["seven", 7]}]));
        assert_eq!(table.rows_with("7", None), [0, 1, 2]);
        assert_eq!(table.rows_with(" ÄRLA ", None), [0]);
        assert_eq!(table.rows_with("nobody", None), [0; 0]);
    }

    #[test]
    fn csv_quotes_what_needs_it_and_runs_no_formula() {
        let table = table(json!([
            {"a": "x,y", "b": "say \"hi\"\nthen"},
            {"a": "=HYPERLINK(\"http://evil.example\")", "b": "-5"},
            {"a": "@cmd", "b": -5},
        ]));
        assert_eq!(
            table.csv(&[0, 1, 2]),
            "a,b\r\n\"x,y\",\"say \"\"hi\"\"\nthen\"\r\n\"'=HYPERLINK(\"\"http://evil.example\"\")\",-5\r\n\"'@cmd\",-5\r\n"
        );
        assert_eq!(table.csv(&[]), "a,b\r\n");
    }
}
