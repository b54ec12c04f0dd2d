//! Markdown that grows: what of it will not change any more.
//!
//! An answer comes in many small pieces. To parse and draw all of it for each would cost more the longer it is. What
//! stands before the last paragraph is settled: it is parsed and drawn once, and only the rest again and again. A few
//! things of Markdown reach over paragraphs all the same (a link's target may stand at the end), so the caller parses the
//! whole once it is whole.

/// How many bytes at the beginning of a text that may still grow are settled: up to the last line that begins something
/// new after an empty line, outside of code.
pub(super) fn settled(text: &str) -> usize {
    let (mut at, mut end) = (0, 0);
    let mut fence: Option<(char, usize)> = None;
    let mut after_blank = false;
    for line in text.split_inclusive('\n') {
        let inner = line.trim();
        let mark = inner.chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let marks = mark.map_or(0, |mark| inner.chars().take_while(|c| *c == mark).count());
        if fence.is_none() && after_blank && begins(line) {
            end = at;
        }
        match (fence, mark) {
            (None, Some(mark)) if marks >= 3 => fence = Some((mark, marks)),
            (Some((open, length)), Some(mark)) if mark == open && marks >= length && inner.len() == marks => {
                fence = None
            }
            _ => {}
        }
        after_blank = inner.is_empty();
        at += line.len();
    }
    end
}

/// Whether a line begins something of its own, whatever stood before the empty line above it: no item of a list that may
/// go on, nothing indented, no raw HTML, no quote.
fn begins(line: &str) -> bool {
    let mut chars = line.chars();
    match (chars.next(), chars.next()) {
        (Some('-' | '+' | '>' | '<' | '|' | '[' | ' ' | '\t' | '\n' | '\r'), _) | (None, _) => false,
        (Some('*'), next) => !matches!(next, None | Some(' ' | '\t' | '\n' | '*')) || line.starts_with("**"),
        // The next letter may still make it one.
        (Some(first), _) => !first.is_ascii_digit(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::markdown::parse;
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LONG: &str = "# Title\n\nOne *two* three.\n\n- a\n- b\n\n- c\n\n  more of c\n\nAfter the list.\n\n1. x\n\n2. y\n\n```rust\nlet a = 1;\n\nlet b = 2;\n~~~\n```\n\n**Bold** begins.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n\n> more\n\nÄnd the end.\n\n    indented\n\nLast";

    #[test]
    fn wi30_what_is_settled_and_the_rest_parse_to_what_the_whole_does() {
        let mut cuts = 0;
        for (at, _) in LONG.char_indices().chain([(LONG.len(), ' ')]) {
            let text = &LONG[..at];
            let cut = settled(text);
            let mut parts = parse(&text[..cut]);
            parts.extend(parse(&text[cut..]));
            assert_eq!(parts, parse(text), "of {at} bytes, {cut} are settled");
            cuts += usize::from(cut > 0);
        }
        assert!(cuts > LONG.len() / 2, "most of a long text is settled");
    }

    #[test]
    fn wi30_what_is_settled_stays_settled_and_nothing_settles_inside_code() {
        let mut last = 0;
        for (at, _) in LONG.char_indices() {
            let cut = settled(&LONG[..at]);
            assert!(cut >= last, "at {at}");
            last = cut;
        }
        assert_eq!(settled("```\n\nlet\n\nmore"), 0);
        assert_eq!(settled("one\n\n"), 0);
        assert_eq!(settled("one\n\nt"), 5);
    }
}
