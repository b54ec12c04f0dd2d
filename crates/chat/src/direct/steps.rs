//! Cutting a message into steps, and finding what in it is quoted.

/// The steps of a message: `find the note about budget, then delete it; list the rest` are three. What stands in
/// quotation marks is never cut. A message without a step word is one step.
pub fn split(text: &str) -> Vec<String> {
    let quotes = quoted(text);
    let inside = |at: usize| quotes.iter().any(|quote| quote.from < at && at < quote.to);
    let lower = text.to_ascii_lowercase();
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let step = text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        if !inside(at)
            && let Some(length) = cut_at(&lower, at)
        {
            cuts.push((at, at + length));
            at += length;
            continue;
        }
        at += step;
    }
    let mut steps = Vec::new();
    let mut from = 0;
    for (begin, end) in cuts.into_iter().chain([(text.len(), text.len())]) {
        if let Some(step) = text.get(from..begin) {
            let step = step.trim().trim_end_matches([',', '.', ';']).trim();
            let step = strip_number(step);
            if step.chars().any(char::is_alphanumeric) {
                steps.push(step.to_owned());
            }
        }
        from = end;
    }
    steps
}

/// The length of a step word (with the punctuation and the `and` before it) at this place, if one begins here.
fn cut_at(lower: &str, at: usize) -> Option<usize> {
    let rest = lower.get(at..)?;
    if rest.starts_with("; ") || rest.starts_with(";\n") {
        return Some(1);
    }
    if rest.starts_with("\n") || rest.starts_with("→") || rest.starts_with("-> ") {
        return rest.chars().next().map(|c| if c == '-' { 2 } else { c.len_utf8() });
    }
    let boundary = at == 0 || lower.get(..at).is_some_and(|before| before.ends_with(|c: char| !c.is_alphanumeric()));
    for word in [
        ", and then ",
        ", then ",
        " and then ",
        " then ",
        ". then ",
        ". after that ",
        ", after that ",
        " and after that ",
    ] {
        if rest.starts_with(word) {
            return Some(word.len());
        }
    }
    if boundary
        && rest.starts_with("then ")
        && at > 0
        && lower.get(..at).is_some_and(|before| before.trim_end().ends_with(['.', ',', ';', '\n']))
    {
        return Some("then ".len());
    }
    None
}

/// A list number at the front: `2. `, `3) `.
fn strip_number(step: &str) -> &str {
    let digits = step.bytes().take_while(u8::is_ascii_digit).count();
    let rest = step.get(digits..).unwrap_or_default();
    if (1..=2).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") ")) {
        return rest.get(2..).unwrap_or_default().trim_start();
    }
    step.strip_prefix("- ").or_else(|| step.strip_prefix("* ")).unwrap_or(step)
}

/// A quotation: byte positions of the marks, `to` being that of the closing one, and what stands between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    /// Where the opening mark is.
    pub(crate) from: usize,
    /// Where the closing mark is.
    pub(crate) to: usize,
    /// Where the text begins again.
    pub(crate) after: usize,
    /// What stands between.
    pub(crate) text: String,
}

/// All quotations: `"..."`, `'...'` where it is no apostrophe, `“...”`, `„...“`, `«...»`, and backticks.
pub(crate) fn quoted(text: &str) -> Vec<Quote> {
    let mut out = Vec::new();
    let mut skip_to = 0;
    for (at, mark) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        let closing: &[char] = match mark {
            '"' => &['"'],
            '`' => &['`'],
            '“' => &['”', '"'],
            '„' => &['“', '”'],
            '«' => &['»'],
            '\'' | '‘' => &['\'', '’'],
            _ => continue,
        };
        let apostrophe = mark == '\''
            && text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric);
        if apostrophe {
            continue;
        }
        let from = at + mark.len_utf8();
        let Some(rest) = text.get(from..) else {
            continue;
        };
        let end = rest.char_indices().find(|(end, c)| {
            let single = matches!(c, '\'' | '’');
            // An apostrophe inside a word does not close a quotation.
            let letter_follows = rest
                .get(end + c.len_utf8()..)
                .and_then(|after| after.chars().next())
                .is_some_and(char::is_alphanumeric);
            closing.contains(c) && !(single && letter_follows)
        });
        let Some((length, mark)) = end else { continue };
        if let Some(inner) = rest.get(..length) {
            out.push(Quote {
                from: at,
                to: from + length,
                after: from + length + mark.len_utf8(),
                text: inner.to_owned(),
            });
            skip_to = from + length + mark.len_utf8();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_cut_at_step_words() {
        assert_eq!(
            split("search the guide for access, then create a note"),
            ["search the guide for access", "create a note"]
        );
        assert_eq!(split("find a; delete b"), ["find a", "delete b"]);
        assert_eq!(split("find a and then delete b."), ["find a", "delete b"]);
        assert_eq!(split("Find a. Then delete b"), ["Find a", "delete b"]);
        assert_eq!(split("1. find a\n2. delete b"), ["find a", "delete b"]);
        assert_eq!(split("list notes"), ["list notes"]);
        assert_eq!(split("  "), Vec::<String>::new());
        assert_eq!(split("strengthen the plan"), ["strengthen the plan"]);
    }

    #[test]
    fn quotations_are_never_cut() {
        assert_eq!(split("add a note \"first this, then that; done\""), ["add a note \"first this, then that; done\""]);
        let quotes = quoted("it's a 'note that's long' and “another”, `code`");
        assert_eq!(quotes.iter().map(|q| q.text.as_str()).collect::<Vec<_>>(), ["note that's long", "another", "code"]);
        assert!(quoted("an \"open one").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn steps_come_from_the_text_in_order(text in "\\PC*") {
            let mut from = 0;
            for step in split(&text) {
                let at = text[from..].find(&step);
                assert!(at.is_some(), "{step:?} of {text:?}");
                from += at.unwrap_or(0) + step.len();
            }
        }
    }
}
