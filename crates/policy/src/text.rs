//! Text from outside, looked at for what an eye does not see (X32).
//!
//! Zero-width and direction characters, Unicode tags, control characters and long gaps can carry instructions to a
//! model, or push something out of a person's sight. They are found here and shown as chips by the pages; nothing is
//! removed, because the digest is over the text as received.
//!
//! Not found here: look-alike letters that are visible (`а` for `a`), and words in a colour or size, which plain text
//! does not have. An emoji's own joiners and selectors are left alone.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What sort of thing is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Takes no room: zero-width space, joiner, filler, soft hyphen.
    Invisible,
    /// Changes the direction of the text around it.
    Direction,
    /// A Unicode tag (U+E0000 to U+E007F): an invisible copy of ASCII.
    Tag,
    /// A variation selector, of which there are enough to spell anything.
    Variation,
    /// A control character, such as the escape of a terminal sequence.
    Control,
    /// So much white space that what follows may be out of sight.
    Gap,
}

/// A hidden character, or a gap, in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// Where it starts: a byte offset into the text.
    pub at: usize,
    /// How many bytes of the text it covers.
    pub len: usize,
    /// The code point; of a gap, its first.
    pub code: u32,
    /// What sort of thing it is.
    pub kind: Kind,
    /// A name to show, such as `zero width space`.
    pub name: &'static str,
}

impl Hidden {
    /// The text of the chip that stands for it: `U+200B zero width space`. A tag shows the character it copies.
    pub fn label(&self) -> String {
        let copied = self.code.checked_sub(0xE0000).and_then(char::from_u32).filter(char::is_ascii_graphic);
        match copied {
            Some(ascii) if self.kind == Kind::Tag => {
                format!("U+{:04X} {} {ascii}", self.code, self.name)
            }
            _ if self.kind == Kind::Gap => format!("{} of {} bytes", self.name, self.len),
            _ => format!("U+{:04X} {}", self.code, self.name),
        }
    }
}

/// A piece of a text: to be shown as it is, or as a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run<'a> {
    /// Ordinary text.
    Plain(&'a str),
    /// Something hidden.
    Hidden(Hidden),
}

/// Up to this many blanks in a row are no gap.
const BLANKS: usize = 24;
/// Up to this many line breaks in a row are no gap.
const BREAKS: usize = 5;

/// Everything hidden in a text, in order, not overlapping.
pub fn hidden(text: &str) -> Vec<Hidden> {
    let mut found = Vec::new();
    let mut before = None;
    let mut gap: Option<Gap> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() && !is_hidden(c) {
            let gap = gap.get_or_insert(Gap { at, code: c as u32, end: at, blanks: 0, breaks: 0 });
            gap.end = at + c.len_utf8();
            if c == '\n' { gap.breaks += 1 } else { gap.blanks += 1 }
        } else {
            found.extend(gap.take().and_then(Gap::hidden));
            let after = chars.peek().map(|(_, c)| *c);
            if let Some((kind, name)) = classify(c)
                && !part_of_emoji(c, before, after)
            {
                found.push(Hidden { at, len: c.len_utf8(), code: c as u32, kind, name });
            }
        }
        before = Some(c);
    }
    found.extend(gap.and_then(Gap::hidden));
    found
}

/// A text as runs to show, in order; together they cover all of it.
pub fn visible(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut from = 0;
    for hidden in hidden(text) {
        runs.extend(text.get(from..hidden.at).map(Run::Plain));
        from = hidden.at + hidden.len;
        runs.push(Run::Hidden(hidden));
    }
    runs.extend(text.get(from..).map(Run::Plain));
    runs.retain(|run| *run != Run::Plain(""));
    runs
}

/// Somebody else's words, to stand in a sentence of ours. There, what is between backticks is shown as code, and what is
/// code is not theirs to choose: a backtick of theirs becomes an apostrophe.
pub fn unticked(text: &str) -> Cow<'_, str> {
    if text.contains('`') { Cow::Owned(text.replace('`', "'")) } else { Cow::Borrowed(text) }
}

/// Whether a single character is one that an eye does not see. White space that everyone types is not.
pub fn is_hidden(c: char) -> bool {
    classify(c).is_some()
}

/// White space in a row.
struct Gap {
    at: usize,
    code: u32,
    end: usize,
    blanks: usize,
    breaks: usize,
}

impl Gap {
    fn hidden(self) -> Option<Hidden> {
        let long = self.blanks > BLANKS || self.breaks > BREAKS;
        let len = self.end - self.at;
        long.then_some(Hidden { at: self.at, len, code: self.code, kind: Kind::Gap, name: "white space" })
    }
}

fn classify(c: char) -> Option<(Kind, &'static str)> {
    let found = match c {
        '\n' | '\t' | '\r' => return None,
        '\u{1b}' => (Kind::Control, "escape"),
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => (Kind::Control, "control character"),
        '\u{ad}' => (Kind::Invisible, "soft hyphen"),
        '\u{34f}' => (Kind::Invisible, "combining grapheme joiner"),
        '\u{61c}' => (Kind::Direction, "arabic letter mark"),
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => (Kind::Invisible, "hangul filler"),
        '\u{17b4}' | '\u{17b5}' => (Kind::Invisible, "khmer inherent vowel"),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => (Kind::Variation, "mongolian variation selector"),
        '\u{180e}' => (Kind::Invisible, "mongolian vowel separator"),
        '\u{200b}' => (Kind::Invisible, "zero width space"),
        '\u{200c}' => (Kind::Invisible, "zero width non-joiner"),
        '\u{200d}' => (Kind::Invisible, "zero width joiner"),
        '\u{200e}' => (Kind::Direction, "left-to-right mark"),
        '\u{200f}' => (Kind::Direction, "right-to-left mark"),
        '\u{2028}' => (Kind::Control, "line separator"),
        '\u{2029}' => (Kind::Control, "paragraph separator"),
        '\u{202a}' => (Kind::Direction, "left-to-right embedding"),
        '\u{202b}' => (Kind::Direction, "right-to-left embedding"),
        '\u{202c}' => (Kind::Direction, "pop directional formatting"),
        '\u{202d}' => (Kind::Direction, "left-to-right override"),
        '\u{202e}' => (Kind::Direction, "right-to-left override"),
        '\u{2060}' => (Kind::Invisible, "word joiner"),
        '\u{2061}'..='\u{2064}' => (Kind::Invisible, "invisible operator"),
        '\u{2065}' => (Kind::Invisible, "unassigned invisible character"),
        '\u{2066}' => (Kind::Direction, "left-to-right isolate"),
        '\u{2067}' => (Kind::Direction, "right-to-left isolate"),
        '\u{2068}' => (Kind::Direction, "first strong isolate"),
        '\u{2069}' => (Kind::Direction, "pop directional isolate"),
        '\u{206a}'..='\u{206f}' => (Kind::Direction, "deprecated format character"),
        '\u{2800}' => (Kind::Invisible, "blank braille pattern"),
        '\u{fe00}'..='\u{fe0f}' => (Kind::Variation, "variation selector"),
        '\u{feff}' => (Kind::Invisible, "zero width no-break space"),
        '\u{fff0}'..='\u{fff8}' => (Kind::Invisible, "unassigned invisible character"),
        '\u{fff9}'..='\u{fffb}' => (Kind::Invisible, "interlinear annotation"),
        '\u{13430}'..='\u{1345f}' => (Kind::Control, "hieroglyph format control"),
        '\u{1bca0}'..='\u{1bca3}' => (Kind::Invisible, "shorthand format control"),
        '\u{1d173}'..='\u{1d17a}' => (Kind::Invisible, "musical format control"),
        '\u{e0000}'..='\u{e007f}' => (Kind::Tag, "tag"),
        '\u{e0100}'..='\u{e01ef}' => (Kind::Variation, "variation selector"),
        '\u{e0080}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' => (Kind::Invisible, "unassigned invisible character"),
        _ => return None,
    };
    Some(found)
}

/// A joiner between two emoji, or the one selector right after a character that has both a text and an emoji form.
fn part_of_emoji(c: char, before: Option<char>, after: Option<char>) -> bool {
    let pictograph = |c: char| matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}') && !is_hidden(c);
    let selectable = |c: char| {
        pictograph(c)
            || matches!(
                c,
                '#' | '*' | '0'
                    ..='9'
                        | '\u{a9}'
                        | '\u{ae}'
                        | '\u{203c}'
                        | '\u{2049}'
                        | '\u{2122}'
                        | '\u{2139}'
                        | '\u{3030}'
                        | '\u{303d}'
                        | '\u{3297}'
                        | '\u{3299}'
            )
    };
    match c {
        '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(selectable),
        '\u{200d}' => before.is_some_and(|c| pictograph(c) || c == '\u{fe0f}') && after.is_some_and(pictograph),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        hidden(text).into_iter().map(|hidden| hidden.name).collect()
    }

    #[test]
    fn ct006_what_somebody_else_says_chooses_no_code_in_a_sentence_of_ours() {
        assert_eq!(unticked("no such ticket"), "no such ticket");
        assert!(matches!(unticked("plain"), Cow::Borrowed(_)));
        assert_eq!(unticked("run `rm -rf` ``now``"), "run 'rm -rf' ''now''");
    }

    #[test]
    fn ordinary_text_hides_nothing() {
        for text in ["", "Hello, world!\n\tIndented\r\n", "naïve Ελληνικά 日本語 עברית", "a  b", "👩‍👩‍👧 ❤️ 1️⃣ 🏳️‍🌈 👍🏽"]
        {
            assert_eq!(hidden(text), [], "{text:?}");
        }
    }

    #[test]
    fn x32_invisible_characters_are_found_with_their_place_and_name() {
        assert_eq!(
            hidden("a\u{200b}b"),
            [Hidden { at: 1, len: 3, code: 0x200b, kind: Kind::Invisible, name: "zero width space" }]
        );
        assert_eq!(names("\u{202e}gpj.exe"), ["right-to-left override"]);
        assert_eq!(names("\u{1b}[8mhidden\u{1b}[0m"), ["escape", "escape"]);
        assert_eq!(names("a\u{ad}b\u{2060}c\u{feff}"), ["soft hyphen", "word joiner", "zero width no-break space"]);
    }

    #[test]
    fn x32_tags_show_what_they_copy() {
        let tags: String = "rm".chars().filter_map(|c| char::from_u32(0xE0000 + c as u32)).collect();
        let labels: Vec<String> = hidden(&tags).iter().map(Hidden::label).collect();
        assert_eq!(labels, ["U+E0072 tag r", "U+E006D tag m"]);
    }

    #[test]
    fn x32_joiners_and_selectors_outside_emoji_are_found() {
        assert_eq!(names("de\u{200d}lete"), ["zero width joiner"]);
        assert_eq!(names("a\u{fe0f}"), ["variation selector"]);
        // A second selector after an emoji carries data, not looks.
        assert_eq!(names("❤\u{fe0f}\u{fe0e}"), ["variation selector"]);
        assert_eq!(names("😀\u{e0101}\u{e0102}"), ["variation selector", "variation selector"]);
    }

    #[test]
    fn x32_white_space_that_pushes_text_out_of_sight_is_found() {
        assert_eq!(names(&format!("safe{}also do this", " ".repeat(200))), ["white space"]);
        assert_eq!(names(&format!("safe{}also do this", "\n".repeat(40))), ["white space"]);
        assert_eq!(names(&format!("safe{}also do this", "\u{a0} ".repeat(30))), ["white space"]);
        assert_eq!(names(&format!("{}indented", " ".repeat(16))), Vec::<&str>::new());
    }

    #[test]
    fn the_runs_cover_the_whole_text() {
        let text = "a\u{200b}bc\u{202e}";
        let plain: Vec<_> = visible(text)
            .into_iter()
            .map(|run| match run {
                Run::Plain(part) => part.to_owned(),
                Run::Hidden(hidden) => hidden.label(),
            })
            .collect();
        assert_eq!(plain, ["a", "U+200B zero width space", "bc", "U+202E right-to-left override"]);
    }
}
