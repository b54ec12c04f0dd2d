//! Markdown on the page, drawn from the tree of [`super::markdown`]: elements and text nodes, never markup from a string.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use leptos::prelude::*;

use super::cite::words;
use super::link::Outward;
use super::markdown::{Block, Inline, Item};
use super::text::pieces;

/// The blocks of a text, each drawn once: while an answer grows, only the blocks that changed are drawn again.
pub(crate) fn draw(blocks: Signal<Vec<Block>>) -> impl IntoView {
    let keyed = move || blocks.get().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <For
            each=keyed
            key=|(at, block)| {
                let mut hasher = DefaultHasher::new();
                (at, block).hash(&mut hasher);
                hasher.finish()
            }
            children=|(_, one)| block(one)
        />
    }
}

fn all(blocks: Vec<Block>) -> Vec<AnyView> {
    blocks.into_iter().map(block).collect()
}

fn block(block: Block) -> AnyView {
    match block {
        // The page's own outline is not the server's to extend: headings look like headings and are not.
        Block::Heading(level, line) => {
            let class = if level < 3 { "md-h md-h1" } else { "md-h" };
            view! { <p class=class>{inline(line)}</p> }.into_any()
        }
        Block::Paragraph(line) => view! { <p>{inline(line)}</p> }.into_any(),
        Block::Quote(inner) => view! { <blockquote>{all(inner)}</blockquote> }.into_any(),
        Block::Code { language, text } => code(language, text),
        Block::List(None, list) => view! { <ul>{items(list)}</ul> }.into_any(),
        Block::List(Some(first), list) => view! { <ol start=first.to_string()>{items(list)}</ol> }.into_any(),
        Block::Table { right, head, rows } => table(&right, head, rows),
        Block::Rule => view! { <hr/> }.into_any(),
    }
}

fn items(list: Vec<Item>) -> Vec<AnyView> {
    list.into_iter()
        .map(|item| {
            let mark = item.ticked.map(|ticked| {
                let (sign, word) = if ticked { ("☑", "done: ") } else { ("☐", "open: ") };
                view! { <span class="md-tick" aria-hidden="true">{sign}</span><span class="sr">{word}</span> }
            });
            // A tight item holds one paragraph, which needs no element of its own.
            let mut blocks = item.blocks;
            let inner = match blocks.as_mut_slice() {
                [Block::Paragraph(line)] => inline(std::mem::take(line)),
                _ => all(blocks),
            };
            view! { <li class:md-task=item.ticked.is_some()>{mark}{inner}</li> }.into_any()
        })
        .collect()
}

fn code(language: String, text: String) -> AnyView {
    let label = if language.is_empty() { "Code".to_owned() } else { format!("Code, {language}") };
    view! {
        <pre class="md-code" tabindex="0" role="group" aria-label=label>
            <code>{pieces(text.strip_suffix('\n').unwrap_or(&text))}</code>
        </pre>
    }
    .into_any()
}

fn table(right: &[bool], head: Vec<Vec<Inline>>, rows: Vec<Vec<Vec<Inline>>>) -> AnyView {
    let num = |at: usize| right.get(at).copied().unwrap_or(false);
    let head: Vec<AnyView> = head
        .into_iter()
        .enumerate()
        .map(|(at, cell)| view! { <th scope="col" class:num=num(at)>{inline(cell)}</th> }.into_any())
        .collect();
    let rows: Vec<AnyView> = rows
        .into_iter()
        .map(|row| {
            let cells: Vec<AnyView> = row
                .into_iter()
                .enumerate()
                .map(|(at, cell)| view! { <td class:num=num(at)>{inline(cell)}</td> }.into_any())
                .collect();
            view! { <tr>{cells}</tr> }.into_any()
        })
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
