//! What a page declares, in words: the same on the app and where it is reviewed.

use browser::mcp::apps::{Permission, Sources};

/// What a page may load and send, and what of its wishes was dropped.
pub(crate) fn granted(sources: &Sources) -> Vec<String> {
    let mut said: Vec<String> = sources.sentences().into_iter().map(|says| format!("{says}.")).collect();
    said.extend(
        sources.dropped.iter().map(|(entry, why)| format!("It declared `{entry}`, which is not given: {why}.")),
    );
    said
}

/// What of the device a page asks for. Nothing of it is given.
pub(crate) fn permissions(asked: &[String]) -> Option<String> {
    let words: Vec<&str> = Permission::ALL
        .into_iter()
        .filter(|one| asked.iter().any(|name| name == one.name()))
        .map(Permission::words)
        .collect();
    (!words.is_empty()).then(|| format!("It asks for {}, which no app gets here.", words.join(", ")))
}
