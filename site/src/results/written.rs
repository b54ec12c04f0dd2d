//! Markdown by somebody else, whole or while it is written.
//!
//! What of a growing text will not change any more ([`growing::settled`]) is parsed once and drawn once, in a sheet that
//! is never looked at again; only the end is parsed and drawn for each piece that comes. So a piece costs what it
//! brings, however long the text before it is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::markdown::Block;
use super::{growing, pieces, prose};

/// Blocks in one sheet of a text that comes whole.
const SHEET: usize = 40;

/// Blocks that are drawn once.
type Sheet = Arc<Vec<Block>>;

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
    // What will not change any more, and the rest; none while the parser is loading, and when it cannot be loaded: the
    // text is then readable as it is.
    let sheets = RwSignal::new(Vec::<Sheet>::new());
    let rest = RwSignal::new(None::<Vec<Block>>);
    // How many bytes of the text are in the sheets.
    let end = StoredValue::new(0_usize);
    let (busy, again) = (StoredValue::new(false), StoredValue::new(false));
    let step = move || async move {
        let (text, grows) = (text.try_get_untracked()?, growing.try_get_untracked()?);
        if !grows {
            let whole = parse(&text).await?;
            // What stands already is left alone.
            let stands = sheets.try_with_untracked(|sheets| {
                rest.with_untracked(|rest| {
                    sheets.iter().flat_map(|sheet| sheet.iter()).chain(rest.iter().flatten()).eq(&whole)
                })
            })?;
            if !stands {
                sheets.try_set(whole.chunks(SHEET).map(|blocks| Arc::new(blocks.to_vec())).collect());
                rest.try_set(Some(Vec::new()));
            } else if rest.try_with_untracked(Option::is_none)? {
                rest.try_set(Some(Vec::new()));
            }
            return Some(());
        }
        let from = end.try_get_value()?;
        let more = text.get(from..)?;
        let (done, open) = more.split_at_checked(growing::settled(more))?;
        let (blocks, tail) = (parse(done).await?, parse(open).await?);
        end.try_set_value(from + done.len());
        if !blocks.is_empty() {
            sheets.try_update(|sheets| sheets.push(Arc::new(blocks)));
        }
        rest.try_set(Some(tail));
        Some(())
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
    let tail = Signal::derive(move || rest.get().unwrap_or_default());
    view! {
        <div class="md">
            <Show when=move || rest.with(Option::is_some) fallback=move || view! { <p class="md-plain"><bdi>{move || pieces(&text.get())}</bdi></p> }>
                <For each=move || sheets.get() key=|sheet| Arc::as_ptr(sheet) as usize let:sheet>
                    <div class="md-sheet">{prose::all(&sheet)}</div>
                </For>
                <div class="md-sheet">{prose::growing(tail)}</div>
            </Show>
        </div>
    }
}
