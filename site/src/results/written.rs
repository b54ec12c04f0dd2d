//! Markdown by somebody else, whole or while it is written.
//!
//! What of a growing text will not change any more ([`growing::settled`]) is parsed once, and only the end is parsed for
//! each piece that comes. Blocks stand in sheets: to the last one blocks come while the text grows, each is drawn when
//! it comes and again only when it changed, and a sheet that is full is never looked at again. So a piece costs what it
//! brings, however long the text before it is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use wasm_bindgen::JsCast;

use super::markdown::Block;
use super::{growing, pieces, prose};
use crate::state::Front;
use crate::ui::copied;

/// Blocks in one sheet.
const SHEET: usize = 40;

/// Some blocks of a text. Copies are the same sheet.
#[derive(Clone)]
struct Sheet {
    blocks: ArcRwSignal<Vec<Arc<Block>>>,
    /// Whether blocks may come to it, or change at its end.
    grows: bool,
}

impl Sheet {
    fn new(blocks: Vec<Arc<Block>>, grows: bool) -> Self {
        Sheet { blocks: ArcRwSignal::new(blocks), grows }
    }

    fn draw(self) -> AnyView {
        if self.grows {
            prose::growing(self.blocks).into_any()
        } else {
            self.blocks.with_untracked(|blocks| prose::all(blocks)).into_any()
        }
    }
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
    let front = use_context::<Front>();
    // None while the parser is loading, and when it cannot be loaded: the text is then readable as it is.
    let sheets = RwSignal::new(None::<Vec<Sheet>>);
    // How many blocks of the last sheet are settled, and how many bytes of the text.
    let settled = StoredValue::new((0_usize, 0_usize));
    let (busy, again) = (StoredValue::new(false), StoredValue::new(false));
    let last = move || sheets.try_with_untracked(|all| all.as_ref()?.last().filter(|sheet| sheet.grows).cloned());
    // The text goes on.
    let go_on = move |text: String| async move {
        let (blocks, bytes) = settled.try_get_value()?;
        let more = text.get(bytes..)?;
        let (done, open) = more.split_at_checked(growing::settled(more))?;
        let (done_blocks, tail) = (parse(done).await?, parse(open).await?);
        let last = last()?;
        let before = last.as_ref().map(|sheet| sheet.blocks.get_untracked()).unwrap_or_default();
        let stands = blocks + done_blocks.len();
        let mut now = before.get(..blocks)?.to_vec();
        for block in done_blocks.into_iter().chain(tail) {
            // What is as it was is the same block: nothing of it is drawn again.
            let same = before.get(now.len()).filter(|was| ***was == block).cloned();
            now.push(same.unwrap_or_else(|| Arc::new(block)));
        }
        settled.try_set_value((stands, bytes + done.len()));
        let Some(sheet) = last else {
            sheets.try_set(Some(vec![Sheet::new(now, true)]));
            return Some(());
        };
        if stands >= SHEET {
            // It is full: the rest begins another.
            let rest = Sheet::new(now.split_off(stands), true);
            settled.try_update_value(|(blocks, _)| *blocks = 0);
            sheets.try_update(|sheets| sheets.get_or_insert_default().push(rest));
        }
        sheet.blocks.set(now);
        Some(())
    };
    let step = move || async move {
        let (text, grows) = (text.try_get_untracked()?, growing.try_get_untracked()?);
        if grows {
            return go_on(text).await;
        }
        // What it grew to stands already, and is left alone.
        if last()?.is_some() {
            let _ = go_on(text.clone()).await;
        }
        let whole = parse(&text).await?;
        let stands = sheets.try_with_untracked(|sheets| {
            let Some(sheets) = sheets else { return false };
            let drawn: Vec<_> = sheets.iter().flat_map(|sheet| sheet.blocks.get_untracked()).collect();
            drawn.iter().map(Arc::as_ref).eq(&whole)
        })?;
        if !stands {
            let whole: Vec<_> = whole.into_iter().map(Arc::new).collect();
            sheets.try_set(Some(whole.chunks(SHEET).map(|blocks| Sheet::new(blocks.to_vec(), false)).collect()));
        }
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
    view! {
        <div class="md" on:click=move |event| copy_code(&event, front)>
            <Show when=move || sheets.with(Option::is_some) fallback=move || view! { <p class="md-plain"><bdi>{move || pieces(&text.get())}</bdi></p> }>
                <For each=move || sheets.get().unwrap_or_default() key=|sheet| sheet.blocks.clone() let:sheet>
                    <div class="md-sheet">{sheet.draw()}</div>
                </For>
            </Show>
        </div>
    }
}

/// Copies the code beside the button that was pressed, as it is seen: what is invisible in it stands there as a mark.
fn copy_code(event: &leptos::ev::MouseEvent, front: Option<Front>) {
    let on = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let pressed = on.and_then(|on| on.closest(".md-copy").ok().flatten());
    let code = pressed.and_then(|button| button.parent_element()?.query_selector("code").ok().flatten());
    let Some(code) = code else { return };
    // A block that grew stands in pieces of some lines each, without the line breaks between them.
    let mut lines = Vec::new();
    let mut piece = code.first_element_child().filter(|piece| piece.class_name() == "md-lines");
    while let Some(this) = piece {
        lines.push(this.text_content().unwrap_or_default());
        piece = this.next_element_sibling();
    }
    let text = if lines.is_empty() { code.text_content().unwrap_or_default() } else { lines.join("\n") };
    spawn_local(async move {
        let says = match copied(&text).await {
            true => "Code copied.",
            false => "The browser did not let the page copy it. Select it by hand.",
        };
        if let Some(front) = front {
            front.tell(says);
        }
    });
}
