//! Words: cutting text into them, bringing them to a common form, and how far two are apart.

/// The closed classes of English (articles, pronouns, prepositions, auxiliaries) and words of politeness. They carry
/// no subject, and in a handful of short descriptions their rarity would look like meaning.
const FUNCTION_WORDS: &[&str] = &[
    "a", "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "hey", "hi", "him", "his", "how", "i", "if",
    "in", "into", "is", "it", "its", "just", "kindly", "let", "me", "my", "no", "not", "now", "of", "on", "one", "or",
    "our", "out", "please", "shall", "she", "should", "so", "some", "than", "thank", "thanks", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "us", "use", "using", "want", "was", "we", "were",
    "what", "when", "where", "which", "who", "will", "with", "would", "you", "your",
];

/// True for a word that carries no subject.
pub(crate) fn is_function_word(word: &str) -> bool {
    FUNCTION_WORDS.binary_search(&word).is_ok()
}

/// The words of a text or of a name, in lower case: `createIssue_v2`, `create-issue v2` and `Create issue, v2` give the
/// same. Scripts without spaces give pairs of neighbouring characters.
pub fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = text.chars().collect();
    let mut last: Option<char> = None;
    for (at, c) in chars.iter().copied().enumerate() {
        if !c.is_alphanumeric() {
            // "don't" is one word.
            let inside =
                (c == '\'' || c == '’') && last.is_some() && chars.get(at + 1).is_some_and(|next| next.is_alphabetic());
            if !inside {
                flush(&mut word, &mut out);
                last = None;
            }
            continue;
        }
        if let Some(before) = last {
            let next_is_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            let hump = before.is_lowercase() && c.is_uppercase();
            let after_abbreviation = before.is_uppercase() && c.is_uppercase() && next_is_lower;
            if hump || after_abbreviation {
                flush(&mut word, &mut out);
            }
        }
        word.extend(c.to_lowercase());
        last = Some(c);
    }
    flush(&mut word, &mut out);
    out
}

fn flush(word: &mut String, out: &mut Vec<String>) {
    let word = std::mem::take(word);
    if word.is_empty() {
        return;
    }
    if !word.chars().any(is_unspaced) {
        out.push(word);
        return;
    }
    let chars: Vec<char> = word.chars().collect();
    if chars.len() == 1 {
        out.push(word);
    }
    out.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
}

/// Han, Hiragana, Katakana, Thai: written without spaces.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// The common form of the inflections of an English word: `notes`, `noted`, `noting` and `note` give the same. Light on
/// purpose: it only has to bring together, never to be pretty.
pub(crate) fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 3 || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut stem = word.to_owned();
    let has_vowel = |part: &str| part.bytes().any(|byte| b"aeiouy".contains(&byte));
    if let Some(rest) = stem.strip_suffix("ies").filter(|rest| rest.len() > 1) {
        stem = format!("{rest}y");
    } else if let Some(rest) = stem.strip_suffix("sses") {
        stem = format!("{rest}ss");
    } else if let Some(rest) = stem.strip_suffix('s').filter(|rest| rest.len() > 2 && !rest.ends_with(['s', 'u', 'i']))
    {
        stem = rest.to_owned();
    }
    for suffix in ["ing", "ed"] {
        if let Some(rest) = stem.strip_suffix(suffix).filter(|rest| rest.len() > 2 && has_vowel(rest)) {
            let doubled = rest.as_bytes().iter().rev().take(2).collect::<Vec<_>>();
            let undouble = matches!(doubled.as_slice(), [a, b] if a == b && !b"lsz".contains(a)) && rest.len() > 3;
            stem = if undouble { rest.get(..rest.len() - 1).unwrap_or(rest).to_owned() } else { rest.to_owned() };
            break;
        }
    }
    if let Some(rest) = stem.strip_suffix('e').filter(|rest| rest.len() > 2) {
        stem = rest.to_owned();
    } else if let Some(rest) = stem.strip_suffix('y').filter(|rest| rest.len() > 2) {
        stem = format!("{rest}i");
    }
    stem
}

/// How many single edits (insert, delete, replace, swap of neighbours) lead from one word to the other.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(at(&last, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    at(&last, b.len())
}

/// How alike two stems are, from 0 to 1: 1 for the same word, less for one that begins with the other or that differs
/// by what a typing mistake makes of it, 0 for different words.
pub(crate) fn likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.chars().count() <= b.chars().count() { (a, b) } else { (b, a) };
    let length = short.chars().count();
    if length >= 4 && long.starts_with(short) {
        return 0.7;
    }
    // A word with a digit is a number or a version: another digit is another thing.
    let has_digit = |word: &str| word.chars().any(char::is_numeric);
    if length < 4 || has_digit(a) || has_digit(b) {
        return 0.0;
    }
    let allowed = if length >= 8 { 2 } else { 1 };
    let difference = long.chars().count() - length;
    if difference > allowed || (a.chars().next() != b.chars().next() && length < 6) {
        return 0.0;
    }
    match distance(a, b) {
        1 => 0.65,
        2 if allowed == 2 => 0.5,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_words_are_sorted() {
        assert!(FUNCTION_WORDS.is_sorted());
    }

    #[test]
    fn names_in_every_case_give_the_same_words() {
        for name in ["create_issue_v2", "create-issue-v2", "createIssue v2", "Create issue, v2", "CREATE_ISSUE_V2"] {
            assert_eq!(words(name), ["create", "issue", "v2"], "{name}");
        }
        assert_eq!(words("parseHTTPResponse"), ["parse", "http", "response"]);
        assert_eq!(words("don't stop"), ["don't", "stop"].map(|w| w.replace('\'', "")));
        assert_eq!(words("検索する"), ["検索", "索す", "する"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn inflections_share_a_stem() {
        for group in [
            &["note", "notes", "noted", "noting"][..],
            &["query", "queries"],
            &["create", "creates", "created", "creating"],
            &["search", "searches", "searching", "searched"],
            &["delete", "deletes", "deleted", "deleting"],
            &["issue", "issues"],
            &["add", "adds", "added", "adding"],
        ] {
            for word in group {
                assert_eq!(stem(word), stem(group[0]), "{word}");
            }
        }
        assert_ne!(stem("status"), stem("state"));
        assert_eq!(stem("v2"), "v2");
    }

    #[test]
    fn typing_mistakes_are_near_and_other_words_are_not() {
        assert_eq!(distance("serach", "search"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert!(likeness(&stem("serach"), &stem("search")) > 0.6);
        assert!(likeness(&stem("conector"), &stem("connector")) > 0.6);
        assert!(likeness("notif", "notification") > 0.6);
        assert_eq!(likeness("note", "node"), 0.65);
        assert_eq!(likeness("read", "lead"), 0.0);
        assert_eq!(likeness("éèé", "abcde"), 0.0, "fewer letters, more bytes");
        assert_eq!(likeness("v2", "v3"), 0.0);
        assert_eq!(likeness("order1", "order2"), 0.0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_words_without_a_panic(text in "\\PC*") {
            for word in words(&text) {
                assert!(!word.is_empty());
                let _ = stem(&word);
            }
        }

        #[test]
        fn distance_is_symmetric(a in "[a-c]{0,6}", b in "[a-c]{0,6}") {
            assert_eq!(distance(&a, &b), distance(&b, &a));
            assert_eq!(distance(&a, &b) == 0, a == b);
        }
    }
}
