//! The host's own words in a decision. Pure, so that each sentence is tested.

use policy::{Class, ClassSource};

/// Says where the class comes from, and attributes it (screens e.8, 4).
pub(crate) fn class_says(class: Class, source: ClassSource) -> &'static str {
    match (source, class) {
        (ClassSource::Claimed, Class::Read) => "The server says this only reads.",
        (ClassSource::Claimed, Class::Write) => "The server says this only adds.",
        (ClassSource::Claimed, Class::Destructive) => "The server says this can change or delete what exists.",
        (ClassSource::Unlabelled, _) => "The server does not say what this does, so it counts as a write.",
        (ClassSource::Raised, Class::Read) => "Treated as a read.",
        (ClassSource::Raised, Class::Write) => "The server says less than its words suggest, so it counts as a write.",
        (ClassSource::Raised, Class::Destructive) => {
            "The server says less than its words suggest, so it counts as destructive."
        }
        (ClassSource::SetByAdmin, Class::Read) => "Your workspace set this to read.",
        (ClassSource::SetByAdmin, Class::Write) => "Your workspace set this to write.",
        (ClassSource::SetByAdmin, Class::Destructive) => "Your workspace set this to destructive.",
    }
}

/// The verbs which a title may bring onto the approving button. The title is the server's text: only words that say
/// plainly that something happens may stand there, never one like *Cancel* or *Keep* that reads as a way out (X65).
const VERBS: [&str; 32] = [
    "archive",
    "charge",
    "clear",
    "delete",
    "deploy",
    "destroy",
    "disable",
    "discard",
    "drop",
    "empty",
    "erase",
    "execute",
    "issue",
    "merge",
    "move",
    "overwrite",
    "pay",
    "publish",
    "purge",
    "refund",
    "remove",
    "rename",
    "replace",
    "reset",
    "restart",
    "revoke",
    "send",
    "terminate",
    "transfer",
    "trash",
    "uninstall",
    "wipe",
];
/// Longer titles do not fit a button.
const BUTTON_CHARS: usize = 32;

/// What the approving button says. For a destructive action it repeats the verb and the object (screens e.8, 7) when
/// the title is short, plain, and starts with a verb which cannot be misread; otherwise, and for everything else,
/// `Allow once`.
pub(crate) fn allow_label(class: Class, title: &str) -> String {
    let title = title.trim();
    let plain = title.chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '-');
    let first = title.split(' ').next().unwrap_or_default().to_lowercase();
    if class == Class::Destructive
        && plain
        && title.chars().count() <= BUTTON_CHARS
        && title.contains(' ')
        && VERBS.contains(&first.as_str())
    {
        // One capital, so that `Delete note` and `delete note` read the same.
        let mut letters = title.chars();
        letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
    } else {
        "Allow once".to_owned()
    }
}

/// An argument's name as words: `internal_notes` and `internalNotes` become `Internal notes`. The exact name is always
/// one click away (*Exact JSON*) and is shown beside the words when they differ by more than spelling.
pub(crate) fn label(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if matches!(c, '_' | '-' | '.' | ' ') {
            if !words.ends_with(' ') && !words.is_empty() {
                words.push(' ');
            }
        } else if c.is_uppercase() && before.is_lowercase() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
        before = c;
    }
    let mut letters = words.trim_end().chars();
    let text: String = letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if text.is_empty() { name.to_owned() } else { text }
}

/// A host in two parts: what is before the registrable part, and that part, which is set in bold. An address, a single
/// label or a port stay whole. Without the public suffix list the last two labels count as registrable, three when the
/// second-to-last one is a usual second-level suffix such as `co` or `com`; the whole host is always shown, so the
/// emphasis guides the eye and decides nothing (X03, X26).
pub(crate) fn host_parts(host: &str) -> (&str, &str) {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() { name } else { host }
    });
    if name.starts_with('[') || name.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return ("", host);
    }
    let dots: Vec<usize> = name.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at).collect();
    let labels: Vec<&str> = name.split('.').collect();
    let second = labels.len().checked_sub(2).and_then(|at| labels.get(at)).copied().unwrap_or_default();
    let last = labels.last().copied().unwrap_or_default();
    let wide =
        last.len() == 2 && matches!(second, "ac" | "co" | "com" | "edu" | "gov" | "gv" | "ne" | "net" | "or" | "org");
    let keep = if wide { 3 } else { 2 };
    match dots.len().checked_sub(keep).and_then(|at| dots.get(at)) {
        Some(dot) => host.split_at(dot + 1),
        None => ("", host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_source_of_a_class_is_said_in_words() {
        assert_eq!(class_says(Class::Write, ClassSource::Claimed), "The server says this only adds.");
        assert!(class_says(Class::Write, ClassSource::Unlabelled).contains("does not say"));
        assert!(class_says(Class::Destructive, ClassSource::SetByAdmin).starts_with("Your workspace"));
    }

    #[test]
    fn x65_a_destructive_button_repeats_verb_and_object_only_when_it_cannot_mislead() {
        assert_eq!(allow_label(Class::Destructive, "Delete note"), "Delete note");
        assert_eq!(allow_label(Class::Destructive, "delete 3 files"), "Delete 3 files");
        assert_eq!(allow_label(Class::Write, "Delete note"), "Allow once");
        for title in [
            "Cancel",
            "Cancel order",
            "Keep file",
            "Deny",
            "Delete",
            "Delete note, or not?",
            "Delete\u{202e} note",
            "Remove the restriction which keeps you safe today",
            "",
        ] {
            assert_eq!(allow_label(Class::Destructive, title), "Allow once", "{title}");
        }
    }

    #[test]
    fn names_become_labels() {
        assert_eq!(label("internal_notes"), "Internal notes");
        assert_eq!(label("dueDate"), "Due date");
        assert_eq!(label("URL"), "URL");
        assert_eq!(label("_"), "_");
    }

    #[test]
    fn x26_the_registrable_part_of_a_host_stands_out() {
        assert_eq!(host_parts("desk.example.org"), ("desk.", "example.org"));
        assert_eq!(host_parts("good.com.evil.example"), ("good.com.", "evil.example"));
        assert_eq!(host_parts("mcp.shop.co.uk"), ("mcp.", "shop.co.uk"));
        assert_eq!(host_parts("localhost:3000"), ("", "localhost:3000"));
        assert_eq!(host_parts("a.b.example.com:8443"), ("a.b.", "example.com:8443"));
        assert_eq!(host_parts("127.0.0.1:3110"), ("", "127.0.0.1:3110"));
        assert_eq!(host_parts("[::1]:3110"), ("", "[::1]:3110"));
    }
}
