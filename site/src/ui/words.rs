//! Small things about words.

/// The text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// A sentence out of an error's message or a reason: capital first, full stop last. A name that is written in code stays
/// as it is.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let code = text.split_whitespace().next().is_some_and(|word| word.contains('_'));
    let mut sentence = if code { text.to_owned() } else { capital(text) };
    if !sentence.is_empty() && !sentence.ends_with(['.', '?', ':']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_and_ends_with_a_stop() {
        for (text, wanted) in [
            ("it asks first", "It asks first."),
            (" Done. ", "Done."),
            ("is it?", "Is it?"),
            ("create_note changes things", "create_note changes things."),
            ("", ""),
        ] {
            assert_eq!(sentence(text), wanted);
        }
    }
}
