//! `cargo xtask table`: what the MCP specification asks of clients, and what proves it, as a table in
//! `crates/mcp/README.md`.
//!
//! The rows are the promises of `tests/requirements.toml` that name a section of the specification. They are written
//! nowhere else; a native test fails when the table is not the one that these rows make.

use crate::places::Places;
use crate::requirements::{Promise, Requirements};
use crate::run::{Doing, Failure, Outcome};
use std::path::{Path, PathBuf};

/// What stands around the table in the file.
const BEGIN: &str = "<!-- made by `cargo xtask table` from tests/requirements.toml -->\n";
const END: &str = "<!-- end of the table -->\n";
/// The revisions that have a column, and the pages that have a table, in order.
const REVISIONS: &[&str] = &["2025-11-25", "2026-07-28"];
const PAGES: &[(&str, &str)] = &[
    ("basic", "Base protocol"),
    ("basic/lifecycle", "Lifecycle"),
    ("basic/versioning", "Versioning"),
    ("basic/transports", "Transports"),
    ("basic/utilities", "Cancellation, progress, ping and tasks"),
    ("basic/patterns", "Patterns of 2026-07-28"),
    ("basic/authorization", "Authorization"),
    ("client", "Elicitation, roots and sampling"),
    ("server", "Tools, prompts, resources and utilities"),
];

/// Writes the table.
pub(crate) fn write(places: &Places) -> Outcome<()> {
    let file = readme(&places.root);
    let text = std::fs::read_to_string(&file).doing("read crates/mcp/README.md")?;
    std::fs::write(&file, with_table(&text, &Requirements::read(&requirements(&places.root))?)?)
        .doing("write crates/mcp/README.md")
}

fn readme(root: &Path) -> PathBuf {
    root.join("crates/mcp/README.md")
}

fn requirements(root: &Path) -> PathBuf {
    root.join("tests/requirements.toml")
}

/// The text with the table of these promises in its place.
fn with_table(text: &str, requirements: &Requirements) -> Outcome<String> {
    let places = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = places.ok_or_else(|| {
        Failure::new("crates/mcp/README.md has no place for the table").next(format!("add `{}`", BEGIN.trim()))
    })?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", table(requirements)?))
}

fn table(requirements: &Requirements) -> Outcome<String> {
    let rows: Vec<&Promise> = requirements.promises.iter().filter(|promise| !promise.sections.is_empty()).collect();
    let open = rows.iter().filter(|row| row.open.is_some()).count();
    let mut text = format!("{} rows; {open} of them open, wholly or in part.\n", rows.len());
    let mut written = 0;
    for (page, title) in PAGES {
        let of_page: Vec<&&Promise> = rows.iter().filter(|row| page_of(row) == Some(*page)).collect();
        written += of_page.len();
        text.push_str(&format!(
            "\n### {title}\n\n| Row | What is asked | {} | Proven by |\n|---|---|---|---|---|\n",
            REVISIONS.join(" | ")
        ));
        of_page.iter().for_each(|row| text.push_str(&line(row)));
    }
    match written == rows.len() {
        true => Ok(text),
        false => Err(Failure::new("a promise names a page of the specification that has no table")
            .next("add the page to `PAGES` in crates/xtask/src/table.rs")),
    }
}

/// The table that a promise belongs to: the longest page that its section, of the latest revision, is on or below.
fn page_of(promise: &Promise) -> Option<&'static str> {
    let section = REVISIONS.iter().rev().find_map(|revision| section_of(promise, revision))?;
    let page = section.split('#').next().unwrap_or_default();
    let above = |known: &str| page.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // Timeouts and the like moved; they stay with what they were.
    let page = if page == "basic/patterns/cancellation" || page == "basic/patterns/progress" {
        "basic/utilities"
    } else {
        page
    };
    let below = PAGES.iter().map(|(known, _)| *known).filter(|known| *known == page || above(known));
    below.max_by_key(|known| known.len())
}

fn section_of<'a>(promise: &'a Promise, revision: &str) -> Option<&'a str> {
    promise.sections.iter().find(|(known, _)| known == revision).map(|(_, section)| section.as_str())
}

fn line(row: &Promise) -> String {
    let sections: Vec<String> = REVISIONS
        .iter()
        .map(|revision| match section_of(row, revision) {
            Some(section) => {
                let name = section.split('#').nth(1).unwrap_or("page");
                format!("[{name}](https://modelcontextprotocol.io/specification/{revision}/{section})")
            }
            None => "–".to_owned(),
        })
        .collect();
    let mut proven: Vec<String> = row.tests.iter().map(|test| format!("`{}`", test.replace('|', "\\|"))).collect();
    if let Some(open) = &row.open {
        proven.push(format!("*open*: {open}"));
    }
    format!(
        "| {} | **{}** {} | {} | {} |\n",
        row.id,
        row.level.as_deref().unwrap_or_default(),
        row.sentence.replace('|', "\\|"),
        sections.join(" | "),
        proven.join("<br>")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn the_table_of_the_specification_is_the_one_of_the_requirements() {
        let text = std::fs::read_to_string(readme(&root())).unwrap();
        let made = with_table(&text, &Requirements::read(&requirements(&root())).unwrap()).unwrap();
        assert!(made == text, "the table is not up to date: run `cargo xtask table`");
    }

    #[test]
    fn a_row_without_a_test_stays_visible() {
        let promise = |open: Option<&str>, section: &str| Promise {
            id: "MC001".into(),
            sentence: "A | B.".into(),
            tests: Vec::new(),
            open: open.map(str::to_owned),
            level: Some("MUST".into()),
            sections: vec![("2026-07-28".into(), section.into())],
        };
        let made = |promise: Promise| table(&Requirements { promises: vec![promise] });
        let text = made(promise(Some("not built"), "server/tools#tool")).unwrap();
        assert!(text.contains("1 rows; 1 of them open") && text.contains("*open*: not built"), "{text}");
        assert!(text.contains(r"**MUST** A \| B.") && text.contains("2026-07-28/server/tools#tool"), "{text}");
        assert!(made(promise(None, "nowhere")).is_err(), "no row gets lost");
    }

    #[test]
    fn a_row_is_below_the_closest_page() {
        let row = |section: &str| Promise {
            id: String::new(),
            sentence: String::new(),
            tests: Vec::new(),
            open: None,
            level: None,
            sections: vec![("2025-11-25".into(), section.into())],
        };
        assert_eq!(page_of(&row("basic#messages")), Some("basic"));
        assert_eq!(page_of(&row("basic/lifecycle#operation")), Some("basic/lifecycle"));
        assert_eq!(page_of(&row("basic/utilities/tasks#capabilities")), Some("basic/utilities"));
    }
}
