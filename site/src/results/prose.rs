//! Markdown on the page, drawn from the tree of [`super::markdown`]: elements and text nodes, never markup from a string.

use std::borrow::Borrow;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use leptos::prelude::*;

use super::cite::words;
use super::link::Outward;
use super::markdown::{Block, Inline, Item};
use super::text::pieces;

/// Lines of code in one piece of a block that grows, at least.
const LINES: usize = 40;

/// Blocks that are drawn once.
pub(crate) fn all<B: Borrow<Block>>(blocks: &[B]) -> Vec<AnyView> {
    blocks.iter().map(|one| block(one.borrow().clone())).collect()
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
                        list(*first, each(move || now.with(|one| match one.as_deref() {
                            Some(Block::List(_, items)) => items.clone(),
                            _ => Vec::new(),
                        }), item))
                    }
                    Block::Code { language, .. } => {
                        let now = now();
                        code(language.clone(), each(move || now.with(|one| match one.as_deref() {
                            Some(Block::Code { text, .. }) => lines(text),
                            _ => Vec::new(),
                        }), |lines| view! { <span class="md-lines">{pieces(&lines)}</span> }.into_any()))
                    }
                    Block::Table { right, head, .. } => {
                        let (now, numbers) = (now(), right.clone());
                        let rows = each(move || now.with(|one| match one.as_deref() {
                            Some(Block::Table { rows, .. }) => rows.clone(),
                            _ => Vec::new(),
                        }), move |cells| row(&numbers, cells));
                        table(right, head.clone(), rows)
                    }
                    other => block(other.clone()),
                }
            }
        />
    }
}

/// The parts of something that grows at its end, each drawn once.
fn each<T: Clone + Hash + Send + Sync + 'static>(
    parts: impl Fn() -> Vec<T> + Send + Sync + 'static,
    draw: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView {
    let keyed = move || parts().into_iter().enumerate().collect::<Vec<_>>();
    view! { <For each=keyed key=|(at, one)| digest(&(at, one)) children=move |(_, one)| draw(one)/> }.into_any()
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

fn block(block: Block) -> AnyView {
    match block {
        // The page's own outline is not the server's to extend: headings look like headings and are not.
        Block::Heading(level, line) => {
            let class = if level < 3 { "md-h md-h1" } else { "md-h" };
            view! { <p class=class>{inline(line)}</p> }.into_any()
        }
        Block::Paragraph(line) => view! { <p>{inline(line)}</p> }.into_any(),
        Block::Quote(inner) => view! { <blockquote>{all(&inner)}</blockquote> }.into_any(),
        Block::Code { language, text } => code(language, pieces(text.strip_suffix('\n').unwrap_or(&text)).into_any()),
        Block::List(first, items) => list(first, items.into_iter().map(item).collect::<Vec<_>>().into_any()),
        Block::Table { right, head, rows } => {
            let rows = rows.into_iter().map(|cells| row(&right, cells)).collect::<Vec<_>>().into_any();
            table(&right, head, rows)
        }
        Block::Rule => view! { <hr/> }.into_any(),
    }
}

fn list(first: Option<u64>, items: AnyView) -> AnyView {
    match first {
        None => view! { <ul>{items}</ul> }.into_any(),
        Some(first) => view! { <ol start=first.to_string()>{items}</ol> }.into_any(),
    }
}

fn item(item: Item) -> AnyView {
    let mark = item.ticked.map(|ticked| {
        let (sign, word) = if ticked { ("☑", "done: ") } else { ("☐", "open: ") };
        view! { <span class="md-tick" aria-hidden="true">{sign}</span><span class="sr">{word}</span> }
    });
    // A tight item holds one paragraph, which needs no element of its own.
    let mut blocks = item.blocks;
    let inner = match blocks.as_mut_slice() {
        [Block::Paragraph(line)] => inline(std::mem::take(line)),
        _ => all(&blocks),
    };
    view! { <li class:md-task=item.ticked.is_some()>{mark}{inner}</li> }.into_any()
}

fn code(language: String, text: AnyView) -> AnyView {
    let label = if language.is_empty() { "Code".to_owned() } else { format!("Code, {language}") };
    // One listener of the whole text hears the button: see `written`.
    view! {
        <div class="md-code-box">
            <pre class="md-code" tabindex="0" role="group" aria-label=label><code>{text}</code></pre>
            <button class="btn small md-copy" type="button">"Copy code"</button>
        </div>
    }
    .into_any()
}

fn num(right: &[bool], at: usize) -> bool {
    right.get(at).copied().unwrap_or(false)
}

fn row(right: &[bool], cells: Vec<Vec<Inline>>) -> AnyView {
    let cells: Vec<AnyView> = cells
        .into_iter()
        .enumerate()
        .map(|(at, cell)| view! { <td class:num=num(right, at)>{inline(cell)}</td> }.into_any())
        .collect();
    view! { <tr>{cells}</tr> }.into_any()
}

fn table(right: &[bool], head: Vec<Vec<Inline>>, rows: AnyView) -> AnyView {
    let head: Vec<AnyView> = head
        .into_iter()
        .enumerate()
        .map(|(at, cell)| view! { <th scope="col" class:num=num(right, at)>{inline(cell)}</th> }.into_any())
        .collect();
    view! {
        <div class="table-box" tabindex="0" role="group" aria-label="Table">
            <table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
        </div>
    }
    .into_any()
}

fn inline(line: Vec<Inline>) -> Vec<AnyView> {
    line.into_iter()
        .map(|piece| match piece {
            Inline::Text(text) => words(&text),
            Inline::Code(text) => view! { <code>{pieces(&text)}</code> }.into_any(),
            Inline::Strong(inner) => view! { <strong>{inline(inner)}</strong> }.into_any(),
            Inline::Emphasis(inner) => view! { <em>{inline(inner)}</em> }.into_any(),
            Inline::Strike(inner) => view! { <s>{inline(inner)}</s> }.into_any(),
            Inline::Link(target, inner) => view! { <Outward target=target>{inline(inner)}</Outward> }.into_any(),
            // Never loaded (X51): the page's own policy lets no picture in from elsewhere, so a click opens it in a tab.
            Inline::Image(target, alt) => {
                let words = if alt.is_empty() { "Picture".to_owned() } else { format!("Picture: {alt}") };
                view! { <span class="md-picture"><Outward target=target>{pieces(&words)}</Outward></span> }.into_any()
            }
            Inline::Break => view! { <br/> }.into_any(),
        })
        .collect()
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
