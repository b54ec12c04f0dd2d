//! The approved definition of a connector, frozen at one moment (S078).
//!
//! What runs is the snapshot, not what a server lists today. A live definition that differs from the snapshot is
//! *drift* and is held until someone looks at it (S083, X35).

use crate::{Action, AppPage, Digest, Millis};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the server says it is. For showing only; identity is the host (X119).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The server's own name.
    pub name: String,
    /// The server's own version.
    pub version: String,
}

/// What was approved of one connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Counts up from 1 with every approval.
    pub version: u32,
    /// When the list was read from the server.
    pub taken_at: Millis,
    /// What the server said it is.
    pub server: ServerInfo,
    /// The MCP revision that was spoken, such as `2025-11-25`.
    pub protocol: String,
    /// The server's instructions to a model, as received. Part of what is approved (X45).
    pub instructions: Option<String>,
    /// Every action, in the server's order.
    pub actions: Vec<Action>,
    /// The pages that actions are shown with (MCP Apps). A snapshot from before there were any has none, and its apps are
    /// not shown until the connector is scanned again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<AppPage>,
    /// The digest over everything that was approved; see [`Snapshot::computed_digest`].
    pub digest: Digest,
}

/// A snapshot that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Two tools share a name, so a call could mean either.
    #[error("the server lists the tool `{0}` twice, so a call of it would be ambiguous; ask its author to rename one")]
    Twice(String),
}

/// How the live list differs from the snapshot in one action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drift {
    /// The server lists an action that was never approved.
    Added(String),
    /// The definition is another one than was approved.
    Changed(String),
    /// The server no longer lists the action.
    Removed(String),
}

impl Snapshot {
    /// Freezes a list of actions.
    ///
    /// # Errors
    /// When two actions have the same name.
    pub fn new(
        version: u32,
        taken_at: Millis,
        server: ServerInfo,
        protocol: String,
        instructions: Option<String>,
        actions: Vec<Action>,
    ) -> Result<Self, SnapshotError> {
        let mut names: Vec<&str> = actions.iter().map(Action::name).collect();
        names.sort_unstable();
        if let Some([twice, _]) = names.array_windows().find(|[one, two]| one == two) {
            return Err(SnapshotError::Twice((*twice).to_owned()));
        }
        let digest = digest_of(instructions.as_deref(), &actions, &[]);
        Ok(Self { version, taken_at, server, protocol, instructions, actions, pages: Vec::new(), digest })
    }

    /// The same with the pages that its actions are shown with. Which those are, the definitions say: a page that no
    /// action is shown with is left out.
    pub fn with_pages(mut self, mut pages: Vec<AppPage>) -> Self {
        for page in &mut pages {
            page.actions = self.shown_with(&page.uri);
        }
        pages.retain(|page| !page.actions.is_empty());
        pages.sort_by(|one, two| one.uri.cmp(&two.uri));
        self.digest = digest_of(self.instructions.as_deref(), &self.actions, &pages);
        self.pages = pages;
        self
    }

    /// A live list whose pages were not all read, with those that were not as they were approved: a page is compared
    /// with what was approved before it is shown, so that nobody has looked at it yet is no difference.
    pub fn with_unread_as(self, approved: &Self) -> Self {
        let unread = approved.pages.iter().filter(|page| self.page(&page.uri).is_none());
        let pages = self.pages.iter().chain(unread).cloned().collect();
        self.with_pages(pages)
    }

    /// The page of that address.
    pub fn page(&self, uri: &str) -> Option<&AppPage> {
        self.pages.iter().find(|page| page.uri == uri)
    }

    /// The names of the actions whose definition names a page, sorted.
    fn shown_with(&self, uri: &str) -> Vec<String> {
        let shows = self.actions.iter().filter(|action| action.page() == Some(uri));
        let mut names: Vec<String> = shows.map(|action| action.name().to_owned()).collect();
        names.sort();
        names
    }

    /// The digest over the list alone, without pages: two people are listed the same, whether or not each has looked at
    /// every page.
    pub fn list_digest(&self) -> Digest {
        digest_of(self.instructions.as_deref(), &self.actions, &[])
    }

    /// The approved page that an action is shown with.
    pub fn page_of(&self, action: &str) -> Option<&AppPage> {
        self.pages.iter().find(|page| page.actions.iter().any(|name| name == action))
    }

    /// The actions whose page is another one now than was approved (X48), sorted. Only pages that were read count.
    pub fn pages_changed(&self, now: &[AppPage]) -> Vec<String> {
        let other = |page: &&AppPage| now.iter().any(|one| one.uri == page.uri && !page.is_same(one));
        let mut changed: Vec<String> = self.pages.iter().filter(other).flat_map(|page| page.actions.clone()).collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// The action of that exact name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.name() == name)
    }

    /// The digest over the server's instructions and every action's whole definition, in the order of names: a server
    /// that lists its tools in another order has not drifted.
    pub fn computed_digest(&self) -> Digest {
        digest_of(self.instructions.as_deref(), &self.actions, &self.pages)
    }

    /// What is different in a live list, sorted: added, changed, removed.
    pub fn drift(&self, live: &[Action]) -> Vec<Drift> {
        let approved = |name: &str| self.action(name).map(Action::digest);
        let mut drift: Vec<Drift> = live
            .iter()
            .filter_map(|action| match approved(action.name()) {
                None => Some(Drift::Added(action.name().to_owned())),
                Some(digest) if digest != action.digest() => Some(Drift::Changed(action.name().to_owned())),
                Some(_) => None,
            })
            .chain(self.actions.iter().filter_map(|action| {
                let gone = !live.iter().any(|other| other.name() == action.name());
                gone.then(|| Drift::Removed(action.name().to_owned()))
            }))
            .collect();
        drift.sort();
        drift.dedup();
        drift
    }
}

fn digest_of(instructions: Option<&str>, actions: &[Action], pages: &[AppPage]) -> Digest {
    let mut digests: Vec<(&str, &str)> =
        actions.iter().map(|action| (action.name(), action.digest().as_str())).collect();
    digests.sort_unstable();
    let mut all = json!({ "instructions": instructions, "actions": digests });
    // Without pages it is the digest of the snapshots from before there were any.
    if let (false, Some(all)) = (pages.is_empty(), all.as_object_mut()) {
        all.insert("pages".into(), serde_json::to_value(pages).unwrap_or_default());
    }
    Digest::of_json(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(name: &str, description: &str) -> Action {
        Action::new(json!({"name": name, "description": description})).unwrap()
    }

    fn snapshot(instructions: Option<&str>, actions: Vec<Action>) -> Snapshot {
        Snapshot::new(1, 0, ServerInfo::default(), "2025-11-25".into(), instructions.map(Into::into), actions).unwrap()
    }

    #[test]
    fn the_order_of_a_list_is_no_drift() {
        let one = snapshot(None, vec![action("a", "x"), action("b", "y")]);
        let two = snapshot(None, vec![action("b", "y"), action("a", "x")]);
        assert_eq!(one.digest, two.digest);
        assert_eq!(one.drift(&two.actions), []);
    }

    #[test]
    fn x45_changed_instructions_change_the_snapshot() {
        assert_ne!(snapshot(Some("be kind"), vec![]).digest, snapshot(Some("be  kind"), vec![]).digest);
        assert_ne!(snapshot(None, vec![]).digest, snapshot(Some(""), vec![]).digest);
    }

    #[test]
    fn x35_drift_names_what_was_added_changed_and_removed() {
        let approved = snapshot(None, vec![action("stays", "x"), action("changes", "x"), action("goes", "x")]);
        let live = [action("stays", "x"), action("changes", "X"), action("comes", "x")];
        assert_eq!(
            approved.drift(&live),
            [Drift::Added("comes".into()), Drift::Changed("changes".into()), Drift::Removed("goes".into())]
        );
    }

    fn page(html: &str) -> AppPage {
        let text = json!({ "uri": "ui://a", "actions": ["a"], "html": Digest::of_bytes(html.as_bytes()), "bytes": 1 });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn x48_a_page_is_part_of_what_is_approved() {
        let shows = json!({"name": "a", "_meta": {"ui": {"resourceUri": "ui://a"}}});
        let bare = snapshot(None, vec![Action::new(shows).unwrap(), action("b", "x")]);
        let approved = bare.clone().with_pages(vec![page("one")]);
        assert_ne!(approved.digest, bare.digest);
        assert_ne!(approved.digest, bare.clone().with_pages(vec![page("two")]).digest);
        assert_eq!(approved.digest, approved.computed_digest());
        assert_eq!(approved.page_of("a").map(|page| page.uri.as_str()), Some("ui://a"));
        assert_eq!(approved.page_of("b"), None);
        assert_eq!(approved.pages_changed(&[page("one")]), Vec::<String>::new());
        assert_eq!(approved.pages_changed(&[page("two")]), ["a"]);
        assert_eq!(approved.pages_changed(&[]), Vec::<String>::new());
        assert_eq!(approved.list_digest(), bare.digest);
        // A page that was not read is as it was approved; one that no action names is no page of the list.
        assert_eq!(bare.clone().with_unread_as(&approved), approved);
        assert_eq!(snapshot(None, vec![action("b", "x")]).with_unread_as(&approved).pages, []);
        assert_ne!(bare.with_pages(vec![page("two")]).with_unread_as(&approved).digest, approved.digest);
    }

    #[test]
    fn a_snapshot_from_before_there_were_pages_still_loads_and_is_whole() {
        let bare = snapshot(Some("be kind"), vec![action("a", "x")]);
        let text = serde_json::to_string(&bare).unwrap();
        assert!(!text.contains("pages"));
        let read: Snapshot = serde_json::from_str(&text).unwrap();
        assert_eq!((read.computed_digest(), &read.digest), (bare.digest.clone(), &bare.digest));
    }

    #[test]
    fn x34_a_name_listed_twice_is_refused() {
        let twice = Snapshot::new(
            1,
            0,
            ServerInfo::default(),
            String::new(),
            None,
            vec![action("a", "one"), action("b", ""), action("a", "two")],
        );
        assert_eq!(twice, Err(SnapshotError::Twice("a".into())));
    }
}
