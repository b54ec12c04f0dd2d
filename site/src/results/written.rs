//! Markdown by somebody else, whole or while it is written.
//!
//! What of a growing text will not change any more ([`growing::settled`]) is parsed once; only the end is parsed for each
//! piece that comes. A block is drawn once, also when it settles: it stays in its sheet, a few blocks that know nothing
//! of what other sheets do. So a piece costs what it brings, however long the text before it is.

use std::sync::Arc;

use browser::time::sleep;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::markdown::Block;
use super::{growing, pieces, prose};

/// Blocks in one sheet.
const SHEET: usize = 16;

/// Blocks that are drawn in one task.
const AT_ONCE: usize = 3 * SHEET;

/// Some blocks that follow each other; the last ones of a text that grows still change.
type Sheet = ArcRwSignal<Vec<Arc<Block>>>;

/// Puts blocks into their sheets, from the block `first` on, of which nothing stays that was there before. True when
/// there are more or fewer sheets than before.
fn lay(sheets: &mut Vec<Sheet>, first: usize, blocks: Vec<Block>) -> bool {
    let (before, wanted) = (sheets.len(), (first + blocks.len()).div_ceil(SHEET));
    sheets.resize_with(wanted, Sheet::default);
    let mut blocks = blocks.into_iter().map(Arc::new);
    for (at, sheet) in sheets.iter().enumerate().skip(first / SHEET) {
        let stays = first.saturating_sub(at * SHEET);
        let mut filled: Vec<_> = sheet.with_untracked(|all| all.iter().take(stays).cloned().collect());
        filled.extend(blocks.by_ref().take(SHEET.saturating_sub(stays)));
        if sheet.with_untracked(|all| *all != filled) {
            sheet.set(filled);
        }
    }
    before != wanted
}

/// Parses with the parser that is loaded when first needed; None when it cannot be loaded now.
async fn parse(text: &str) -> Option<Vec<Block>> {
    if text.is_empty() { Some(Vec::new()) } else { crate::lazy::markdown(text.to_owned()).await.ok() }
}

/// Markdown by somebody else. Plain text until the parser, which is loaded when first needed, is there.
#[component]
pub(crate) fn Markdown(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// Whether it is still growing. Only the end of a text that grows is parsed and drawn again.
    #[prop(optional, into)]
    growing: Signal<bool>,
) -> impl IntoView {
    // None while the parser is loading, and when it cannot be loaded: the text is then readable as it is.
    let sheets = RwSignal::new(None::<Vec<Sheet>>);
    // How many bytes of the text, and how many blocks, are settled.
    let end = StoredValue::new((0_usize, 0_usize));
    let (busy, again) = (StoredValue::new(false), StoredValue::new(false));
    let step = move || async move {
        let (text, grows) = (text.try_get_untracked()?, growing.try_get_untracked()?);
        // Once it is whole, it is parsed as a whole.
        let (from, first) = if grows { end.try_get_value()? } else { (0, 0) };
        let more = text.get(from..)?;
        let cut = if grows { growing::settled(more) } else { 0 };
        let (done, open) = more.split_at_checked(cut)?;
        let (mut blocks, tail) = (parse(done).await?, parse(open).await?);
        end.try_set_value((from + cut, first + blocks.len()));
        blocks.extend(tail);
        // Nobody waits for all of a long text: it comes a few sheets at a time.
        let at_once = if sheets.try_with_untracked(Option::is_none)? { AT_ONCE } else { usize::MAX };
        let (mut at, mut blocks) = (first, blocks.into_iter().peekable());
        loop {
            let some: Vec<_> = blocks.by_ref().take(at_once).collect();
            let next = at + some.len();
            sheets.try_maybe_update(|sheets| {
                let begins = sheets.is_none();
                (lay(sheets.get_or_insert_default(), at, some) || begins, ())
            })?;
            if blocks.peek().is_none() {
                return Some(());
            }
            at = next;
            sleep(0).await;
        }
    };
    Effect::new(move |_| {
        text.track();
        growing.track();
        again.set_value(true);
        if busy.get_value() {
            return;
        }
        busy.set_value(true);
        spawn_local(async move {
            while again.try_update_value(std::mem::take).unwrap_or(false) {
                let _ = step().await;
            }
            let _ = busy.try_set_value(false);
        });
    });
    let all = move || sheets.get().unwrap_or_default().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <div class="md">
            <Show when=move || sheets.with(Option::is_some) fallback=move || view! { <p class="md-plain"><bdi>{move || pieces(&text.get())}</bdi></p> }>
                <For each=all key=|(at, _)| *at let:one>
                    <div class="md-sheet">{prose::sheet(one.1.into(), growing.get_untracked())}</div>
                </For>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn rules(range: std::ops::Range<usize>) -> Vec<Block> {
        range.map(|at| Block::Heading(u8::try_from(at % 6).unwrap(), Vec::new())).collect()
    }

    fn standing(sheets: &[Sheet]) -> Vec<Block> {
        sheets.iter().flat_map(|sheet| sheet.get_untracked()).map(|block| (*block).clone()).collect()
    }

    #[test]
    fn wi30_blocks_stay_in_their_sheet_while_a_text_grows() {
        let mut sheets = Vec::new();
        assert!(lay(&mut sheets, 0, rules(0..3)));
        let first = sheets[0].clone();
        assert!(!lay(&mut sheets, 2, rules(2..SHEET)));
        assert!(lay(&mut sheets, SHEET - 1, rules(SHEET - 1..2 * SHEET + 1)));
        assert_eq!(sheets.len(), 3);
        assert!(first.with_untracked(|now| *now == sheets[0].get_untracked()));
        assert_eq!(standing(&sheets), rules(0..2 * SHEET + 1));
        assert!(lay(&mut sheets, SHEET + 1, rules(SHEET + 1..SHEET + 2)), "what is no more is gone");
        assert_eq!(standing(&sheets), rules(0..SHEET + 2));
        assert!(lay(&mut sheets, 0, Vec::new()));
        assert!(sheets.is_empty());
    }
}
