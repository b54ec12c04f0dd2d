//! Markdown on the page, drawn from the tree of [`super::markdown`] by hand (see [`super::still`]): elements and text
//! nodes, never markup from a string.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use leptos::prelude::*;

use super::cite::words;
use super::link::outward;
use super::markdown::{Block, Inline, Item};
use super::still::Still;

/// Lines of code in one piece of a block that grows, at least.
const LINES: usize = 40;

/// Blocks that are drawn once.
pub(crate) fn all(blocks: &[Arc<Block>]) -> Vec<Still> {
    blocks.iter().map(|one| block(one)).collect()
}

/// Blocks that still grow in number, and of which the last ones still grow: what changed is drawn again, of what is long
/// only the part that changed.
pub(crate) fn growing(blocks: ArcRwSignal<Vec<Arc<Block>>>) -> impl IntoView {
    let each_one = {
        let blocks = blocks.clone();
        move || blocks.get().into_iter().enumerate().collect::<Vec<_>>()
    };
    view! {
        <For
            each=each_one
            key=|(at, block)| match &**block {
                Block::List(first, _) => digest(&(at, 1, first)),
                Block::Code { language, .. } => digest(&(at, 2, language)),
                Block::Table { right, head, .. } => digest(&(at, 3, right, head)),
                _ => digest(&(at, 0, Arc::as_ptr(block))),
            }
            children=move |(at, one)| {
                let blocks = blocks.clone();
                // One that is settled is the same from then on, and nothing of it is looked at again.
                let now = move || Memo::new(move |_| blocks.with(|all| all.get(at).cloned()));
                match &*one {
                    Block::List(first, _) => {
                        let now = now();
                        let items = each(move || now.with(|one| match one.as_deref() {
                            Some(Block::List(_, items)) => items.clone(),
                            _ => Vec::new(),
                        }), item);
                        list(*first, |on| on.live(items))
                    }
                    Block::Code { language, .. } => {
                        let now = now();
                        let text = each(move || now.with(|one| match one.as_deref() {
                            Some(Block::Code { text, .. }) => lines(text),
                            _ => Vec::new(),
                        }), |lines| Still::of("span", "md-lines", |on| on.text(lines)));
                        code(language, |on| on.live(text))
                    }
                    Block::Table { right, head, .. } => {
                        let (now, numbers) = (now(), right.clone());
                        let rows = each(move || now.with(|one| match one.as_deref() {
                            Some(Block::Table { rows, .. }) => rows.clone(),
                            _ => Vec::new(),
                        }), move |cells: &Vec<_>| row(&numbers, cells));
                        table(right, head, |on| on.live(rows))
                    }
                    other => block(other),
                }
            }
        />
    }
}

/// The parts of something that grows at its end, each drawn once.
fn each<T: Clone + Hash + Send + Sync + 'static>(
    parts: impl Fn() -> Vec<T> + Send + Sync + 'static,
    draw: impl Fn(&T) -> Still + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let keyed = move || parts().into_iter().enumerate().collect::<Vec<_>>();
    view! { <For each=keyed key=|(at, one)| digest(&(at, one)) children=move |(_, one)| draw(&one)/> }
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A text in pieces of some lines each, without the line breaks between them: each piece is drawn as lines of its own.
/// None ends with an empty line, which would not be seen at the end of a piece.
fn lines(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut in_piece = 0;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let full = in_piece >= LINES && pieces.last().is_some_and(|piece| !piece.ends_with('\n'));
        match pieces.last_mut() {
            Some(piece) if !full => {
                if in_piece > 0 {
                    piece.push('\n');
                }
                piece.push_str(line);
            }
            _ => {
                pieces.push(line.to_owned());
                in_piece = 0;
            }
        }
        in_piece += 1;
    }
    pieces
}

fn block(block: &Block) -> Still {
    match block {
        // The page's own outline is not the server's to extend: headings look like headings and are not.
        Block::Heading(level, line) => {
            let class = if *level < 3 { "md-h md-h1" } else { "md-h" };
            Still::of("p", class, |on| inline(on, line))
        }
        Block::Paragraph(line) => Still::of("p", "", |on| inline(on, line)),
        Block::Quote(inner) => Still::of("blockquote", "", |on| blocks(on, inner)),
        Block::Code { language, text } => code(language, |on| on.text(text.strip_suffix('\n').unwrap_or(text))),
        Block::List(first, items) => list(*first, |on| items.iter().for_each(|one| on.add(item(one)))),
        Block::Table { right, head, rows } => {
            table(right, head, |on| rows.iter().for_each(|cells| on.add(row(right, cells))))
        }
        Block::Rule => Still::new("hr"),
    }
}

fn blocks(on: &mut Still, blocks: &[Block]) {
    blocks.iter().for_each(|one| on.add(block(one)));
}

fn list(first: Option<u64>, items: impl FnOnce(&mut Still)) -> Still {
    let mut list = Still::new(if first.is_some() { "ol" } else { "ul" });
    if let Some(first) = first {
        list.set("start", &first.to_string());
    }
    items(&mut list);
    list
}

fn item(item: &Item) -> Still {
    Still::of("li", if item.ticked.is_some() { "md-task" } else { "" }, |on| {
        if let Some(ticked) = item.ticked {
            let (sign, word) = if ticked { ("☑", "done: ") } else { ("☐", "open: ") };
            on.put("span", "md-tick", |on| {
                on.set("aria-hidden", "true");
                on.plain(sign);
            });
            on.put("span", "sr", |on| on.plain(word));
        }
        // A tight item holds one paragraph, which needs no element of its own.
        match item.blocks.as_slice() {
            [Block::Paragraph(line)] => inline(on, line),
            inner => blocks(on, inner),
        }
    })
}

fn code(language: &str, text: impl FnOnce(&mut Still)) -> Still {
    Still::of("pre", "md-code", |on| {
        on.set("tabindex", "0");
        on.set("role", "group");
        on.set("aria-label", &if language.is_empty() { "Code".to_owned() } else { format!("Code, {language}") });
        on.put("code", "", text);
    })
}

fn num(right: &[bool], at: usize) -> &'static str {
    if right.get(at).copied().unwrap_or(false) { "num" } else { "" }
}

fn row(right: &[bool], cells: &[Vec<Inline>]) -> Still {
    Still::of("tr", "", |on| {
        for (at, cell) in cells.iter().enumerate() {
            on.put("td", num(right, at), |on| inline(on, cell));
        }
    })
}

fn table(right: &[bool], head: &[Vec<Inline>], rows: impl FnOnce(&mut Still)) -> Still {
    let headings = |on: &mut Still| {
        for (at, cell) in head.iter().enumerate() {
            on.put("th", num(right, at), |on| {
                on.set("scope", "col");
                inline(on, cell);
            });
        }
    };
    Still::of("div", "table-box", |on| {
        on.set("tabindex", "0");
        on.set("role", "group");
        on.set("aria-label", "Table");
        on.put("table", "", |on| {
            on.put("thead", "", |on| on.put("tr", "", headings));
            on.put("tbody", "", rows);
        });
    })
}

fn inline(on: &mut Still, line: &[Inline]) {
    for piece in line {
        match piece {
            Inline::Text(text) => words(on, text),
            Inline::Code(text) => on.put("code", "", |on| on.text(text)),
            Inline::Strong(inner) => on.put("strong", "", |on| inline(on, inner)),
            Inline::Emphasis(inner) => on.put("em", "", |on| inline(on, inner)),
            Inline::Strike(inner) => on.put("s", "", |on| inline(on, inner)),
            Inline::Link(target, inner) => outward(on, target, |on| inline(on, inner)),
            // Never loaded (X51): the page's own policy lets no picture in from elsewhere, so a click opens it in a tab.
            Inline::Image(target, alt) => {
                let words = if alt.is_empty() { "Picture".to_owned() } else { format!("Picture: {alt}") };
                on.put("span", "md-picture", |on| outward(on, target, |on| on.text(&words)));
            }
            Inline::Break => on.put("br", "", |_| {}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn se001_code_that_grows_is_cut_between_lines_and_no_line_is_lost_or_doubled() {
        let line = |at: usize| {
            if at.is_multiple_of(7) || (38..45).contains(&at) { String::new() } else { format!("line {at}") }
        };
        for count in [1, 39, 40, 41, 60, 200] {
            let text = (1..=count).map(line).collect::<Vec<_>>().join("\n");
            for text in [format!("{text}\n"), text] {
                let pieces = lines(&text);
                assert_eq!(pieces.join("\n"), text.strip_suffix('\n').unwrap_or(&text), "{count} lines");
                let (_, before) = pieces.split_last().unwrap();
                assert!(before.iter().all(|piece| !piece.ends_with('\n') && piece.split('\n').count() >= LINES));
            }
        }
        assert_eq!(lines(""), [""]);
    }
}
