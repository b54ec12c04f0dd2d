//! Server text on the page: isolated from the direction of what is around it, with every character that would not be
//! seen drawn as a chip (X32, X61). Text nodes only.

use leptos::prelude::*;
use policy::text::{Hidden, Kind, Run, visible};

/// A text that somebody else wrote, shown so that nothing in it is hidden and nothing of it reaches outside.
#[component]
pub(crate) fn Visible(
    /// The text as received.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <bdi>{pieces(&text)}</bdi> }
}

/// A sentence of ours, in which what it is about stands between backticks: shown as code. Where they do not pair up they
/// are part of what it is about, and nothing is taken for code.
#[component]
pub(crate) fn Worded(
    /// The sentence.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    if !text.matches('`').count().is_multiple_of(2) {
        return view! { <bdi>{pieces(&text)}</bdi> };
    }
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => pieces(part).into_any(),
        _ => view! { <code><bdi>{pieces(part)}</bdi></code> }.into_any(),
    };
    view! { <bdi>{text.split('`').enumerate().map(part).collect::<Vec<_>>()}</bdi> }
}

/// The pieces of a text as views: plain runs as text nodes, what is hidden as chips.
pub(crate) fn pieces(text: &str) -> Vec<AnyView> {
    chipped(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.to_owned().into_any(),
            Piece::Chip { short, long } => view! { <span class="unseen" title=long>{short}</span> }.into_any(),
        })
        .collect()
}

/// A text for a place that takes no elements (a title, an option): what is hidden stands in brackets.
pub(crate) fn flat(text: &str) -> String {
    chipped(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.to_owned(),
            Piece::Chip { short, .. } => format!("[{short}]"),
        })
        .collect()
}

/// A piece of a text as it is shown.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// As it is.
    Plain(&'a str),
    /// In place of something hidden: what the chip says, and what it says on hover.
    Chip { short: String, long: String },
}

/// Splits a text, with neighbours of one sort in one chip: the same character many times, or a message in tags.
fn chipped(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut group: Vec<Hidden> = Vec::new();
    for run in visible(text) {
        match run {
            Run::Plain(text) => {
                pieces.extend(chip(&std::mem::take(&mut group)));
                pieces.push(Piece::Plain(text));
            }
            Run::Hidden(hidden) => {
                let joins = group.last().is_none_or(|last| {
                    last.code == hidden.code || (last.kind == Kind::Tag && hidden.kind == Kind::Tag)
                });
                if !joins {
                    pieces.extend(chip(&std::mem::take(&mut group)));
                }
                group.push(hidden);
            }
        }
    }
    pieces.extend(chip(&group));
    pieces
}

/// The chip for hidden characters that stand together.
fn chip<'a>(group: &[Hidden]) -> Option<Piece<'a>> {
    let first = group.first()?;
    let short = match (first.kind, group.len()) {
        (Kind::Gap, _) => first.label(),
        (_, 1) => format!("U+{:04X}", first.code),
        (_, n) => format!("U+{:04X} ×{n}", first.code),
    };
    let copied: String = group
        .iter()
        .filter(|hidden| hidden.kind == Kind::Tag)
        .filter_map(|hidden| hidden.code.checked_sub(0xE0000).and_then(char::from_u32))
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .collect();
    // Tags are an invisible copy of ASCII: what they spell is what somebody wanted hidden.
    let short = if copied.is_empty() { short } else { format!("{short} “{copied}”") };
    Some(Piece::Chip { short, long: first.label() })
}

/// Characters of a long text that are added to the page at once: what more takes, nobody waits for in one task (SP05).
const STRETCH: usize = 16 * 1024;

/// A long text of which more and more is on the page. Copy.
#[derive(Clone, Copy)]
pub(super) struct Long {
    text: StoredValue<String>,
    /// Where the stretches end that are shown, in bytes.
    ends: RwSignal<Vec<usize>>,
}

impl Long {
    /// A text of which the beginning is shown.
    pub(super) fn new(text: String) -> Self {
        let end = stretch(&text, 0);
        Self::up_to(text, end)
    }

    /// A text that is shown up to this byte.
    fn up_to(text: String, end: usize) -> Self {
        Self { text: StoredValue::new(text), ends: RwSignal::new(vec![end]) }
    }

    /// How many characters are not shown. Tracks.
    pub(super) fn left(self) -> usize {
        let end = self.end();
        self.text.with_value(|text| text.get(end..).map_or(0, |rest| rest.chars().count()))
    }

    /// Shows the next stretch.
    pub(super) fn more(self) {
        let end = self.text.with_value(|text| stretch(text, self.end()));
        self.ends.update(|ends| ends.push(end));
    }

    fn end(self) -> usize {
        self.ends.with(|ends| ends.last().copied().unwrap_or_default())
    }

    /// What is shown. Each stretch is drawn once.
    pub(super) fn shown(self) -> AnyView {
        let stretches = move || {
            let ends = self.ends.get();
            std::iter::once(0).chain(ends.clone()).zip(ends).collect::<Vec<_>>()
        };
        let drawn = move |(from, to)| self.text.with_value(|text| pieces(text.get(from..to).unwrap_or_default()));
        view! { <For each=stretches key=|(from, _)| *from children=drawn/> }.into_any()
    }
}

/// Where a stretch ends that begins at this byte.
fn stretch(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.char_indices().nth(STRETCH).map_or(text.len(), |(at, _)| from + at)
}

/// A long text of which the first part is shown, with the rest a click away, a stretch at a time, and its length said.
#[component]
pub(crate) fn Folded(
    /// The whole text.
    text: String,
) -> impl IntoView {
    let Some(at) = super::fold::fold_at(&text) else { return pieces(&text).into_any() };
    let long = Long::up_to(text, at);
    let rest = move || {
        let left = long.left();
        (left > 0).then(|| {
            let says = super::fold::count(left, "more character");
            view! { "… " <button type="button" class="text-btn" on:click=move |_| long.more()>{says}</button> }
        })
    };
    view! { <bdi>{long.shown()}{rest}</bdi> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sp05_a_long_text_is_shown_a_stretch_at_a_time_and_whole_in_the_end() {
        let text = "ä€x".repeat(STRETCH);
        let (mut end, mut shown, mut stretches) = (0, String::new(), 0);
        while end < text.len() {
            let next = stretch(&text, end);
            shown.push_str(&text[end..next]);
            (end, stretches) = (next, stretches + 1);
        }
        assert_eq!((shown == text, stretches), (true, 3));
        assert_eq!(stretch("short", 0), 5);
    }

    #[test]
    fn x32_x61_nothing_stays_hidden() {
        assert_eq!(flat("plain text\n"), "plain text\n");
        assert_eq!(flat("a\u{200b}b"), "a[U+200B]b");
        assert_eq!(flat("gpj\u{202e}\u{202e}exe"), "gpj[U+202E ×2]exe");
        assert_eq!(flat("x\u{e0052}\u{e0075}\u{e006e}"), "x[U+E0052 ×3 “Run”]");
        let padded = flat(&format!("safe{}delete all", " ".repeat(400)));
        assert!(padded.contains('[') && padded.ends_with("delete all"), "{padded}");
    }
}
