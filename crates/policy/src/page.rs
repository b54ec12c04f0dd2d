//! What was approved of a page that actions of a server are shown with (MCP Apps, X48).
//!
//! The identity of an action covers the page it points to. A page has no place in a tool's definition, so it stands
//! beside the actions of a snapshot: its digest, and what it declares to load and to use. A page that is another one
//! than was approved is drift of every action that shows it, and held like any other; that it wants more than before is
//! told first.

use crate::Digest;
use serde::{Deserialize, Serialize};

/// A page of a server, as something to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPage {
    /// Its address, `ui://...`.
    pub uri: String,
    /// The names of the actions that are shown with it, sorted.
    pub actions: Vec<String>,
    /// The digest of the HTML exactly as received.
    pub html: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// Origins it declares to send requests to.
    #[serde(default)]
    pub connect: Vec<String>,
    /// Origins it declares to load scripts, styles, pictures and fonts from.
    #[serde(default)]
    pub resource: Vec<String>,
    /// Origins it declares to show frames of.
    #[serde(default)]
    pub frame: Vec<String>,
    /// Origins its relative addresses may begin at.
    #[serde(default)]
    pub base: Vec<String>,
    /// What of the device it asks for, by the names of the specification.
    #[serde(default)]
    pub permissions: Vec<String>,
}

impl AppPage {
    /// Whether the other one is the same page with the same wishes. Which actions show it does not count: that is part
    /// of their own definitions.
    pub fn is_same(&self, other: &Self) -> bool {
        let mut other = other.clone();
        other.actions.clone_from(&self.actions);
        *self == other
    }

    /// The digest over the page and its wishes, without the actions that show it.
    pub fn digest(&self) -> Digest {
        let bare = Self { actions: Vec::new(), ..self.clone() };
        Digest::of_json(&serde_json::to_value(bare).unwrap_or_default())
    }

    /// What the page wants now and did not want when it was approved, a sentence for each. Empty when it wants no more,
    /// which says nothing about its text.
    pub fn widened(&self, now: &Self) -> Vec<String> {
        let lists = [
            (&self.connect, &now.connect, "send requests to"),
            (&self.resource, &now.resource, "load from"),
            (&self.frame, &now.frame, "show frames of"),
            (&self.base, &now.base, "begin its relative addresses at"),
            (&self.permissions, &now.permissions, "use"),
        ];
        let more = lists.into_iter().flat_map(|(before, after, what)| {
            after.iter().filter(|one| !before.contains(one)).map(move |one| format!("it now wants to {what} {one}"))
        });
        more.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str, connect: &[&str]) -> AppPage {
        AppPage {
            uri: "ui://board/view".into(),
            actions: vec!["show_board".into()],
            html: Digest::of_bytes(html.as_bytes()),
            bytes: html.len() as u64,
            connect: connect.iter().map(|one| (*one).to_owned()).collect(),
            resource: Vec::new(),
            frame: Vec::new(),
            base: Vec::new(),
            permissions: Vec::new(),
        }
    }

    #[test]
    fn x48_another_text_is_another_page() {
        assert!(page("a", &[]).is_same(&page("a", &[])));
        assert!(!page("a", &[]).is_same(&page("b", &[])));
        let renamed = AppPage { actions: vec!["other".into()], ..page("a", &[]) };
        assert!(page("a", &[]).is_same(&renamed));
    }

    #[test]
    fn x48_more_wishes_are_told_one_by_one() {
        let before = page("a", &["https://a.example"]);
        let after =
            AppPage { permissions: vec!["camera".into()], ..page("a", &["https://a.example", "https://b.example"]) };
        assert!(!before.is_same(&after));
        assert_eq!(
            before.widened(&after),
            ["it now wants to send requests to https://b.example", "it now wants to use camera"]
        );
        assert_eq!(after.widened(&before), Vec::<String>::new());
    }
}
