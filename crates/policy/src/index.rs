//! The rulebook with an index, so that a decision costs the same in a large workspace as in a small one.
//!
//! [`Rulebook`] stays plain data that anybody may build, change and store. What decides often holds an [`Indexed`]
//! instead: the same rulebook, which cannot change any more, with the places of its parts beside it. Both answer through
//! [`Lookup`], and a property test holds the answers to be the same; nothing else about a decision is different.

use crate::{Action, Call, Connector, ConnectorId, Control, Grant, Member, MemberId, Rulebook, Rules, Why};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::OnceLock;

/// Finds what one decision is about.
pub(crate) trait Lookup {
    /// The member of that id.
    fn find_member(&self, id: &MemberId) -> Result<&Member, Why>;
    /// The connector of that id.
    fn find_connector(&self, id: &ConnectorId) -> Result<&Connector, Why>;
    /// Whether two connectors have that id, so that nobody knows which is meant.
    fn is_ambiguous(&self, id: &ConnectorId) -> bool;
    /// The approved action of that name, and what was decided about it.
    fn find_action<'a>(&'a self, connector: &'a Connector, name: &str) -> Option<(&'a Action, Option<&'a Control>)>;
    /// Whether the snapshot of a connector is the one its digest is about.
    fn is_whole(&self, connector: &Connector) -> bool;
    /// Every remembered answer that may be about a call, and maybe others.
    fn grants_about<'a>(&'a self, call: &Call) -> impl Iterator<Item = &'a Grant>;
}

/// By looking through the lists.
impl Lookup for Rulebook {
    fn find_member(&self, id: &MemberId) -> Result<&Member, Why> {
        self.member(id)
    }

    fn find_connector(&self, id: &ConnectorId) -> Result<&Connector, Why> {
        self.connector(id)
    }

    fn is_ambiguous(&self, id: &ConnectorId) -> bool {
        self.connectors.iter().filter(|connector| connector.id == *id).count() > 1
    }

    fn find_action<'a>(&'a self, connector: &'a Connector, name: &str) -> Option<(&'a Action, Option<&'a Control>)> {
        Some((connector.action(name)?, connector.controls.get(name)))
    }

    fn is_whole(&self, connector: &Connector) -> bool {
        whole(connector)
    }

    fn grants_about<'a>(&'a self, _call: &Call) -> impl Iterator<Item = &'a Grant> {
        self.grants.iter()
    }
}

fn whole(connector: &Connector) -> bool {
    connector.snapshot.as_ref().is_some_and(|snapshot| snapshot.computed_digest() == snapshot.digest)
}

/// A rulebook that does not change any more, with an index. Loading takes time in proportion to its size; what is only
/// needed for a connector that is called is worked out when it first is.
#[derive(Clone, Debug)]
pub struct Indexed {
    book: Rulebook,
    members: HashMap<MemberId, usize>,
    connectors: HashMap<ConnectorId, Place>,
    parts: Vec<Parts>,
    grants: HashMap<MemberId, HashMap<ConnectorId, Vec<usize>>>,
}

/// Where a connector is.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    twice: bool,
}

/// Where an action is in its snapshot, and what was decided about it: looked up together, because every decision needs
/// both.
#[derive(Clone, Copy, Debug)]
struct Found {
    at: usize,
    control: Option<Control>,
}

/// What is worked out about a connector when it is first called.
#[derive(Clone, Debug, Default)]
struct Parts {
    actions: OnceLock<HashMap<String, Found>>,
    whole: OnceLock<bool>,
}

impl Indexed {
    /// Makes the index of a rulebook.
    pub fn new(book: Rulebook) -> Self {
        let mut members = HashMap::with_capacity(book.members.len());
        for (at, member) in book.members.iter().enumerate() {
            // The first of two counts, as everywhere.
            members.entry(member.id.clone()).or_insert(at);
        }
        let mut connectors: HashMap<ConnectorId, Place> = HashMap::with_capacity(book.connectors.len());
        for (at, connector) in book.connectors.iter().enumerate() {
            connectors
                .entry(connector.id.clone())
                .and_modify(|place| place.twice = true)
                .or_insert(Place { at, twice: false });
        }
        let mut grants: HashMap<MemberId, HashMap<ConnectorId, Vec<usize>>> = HashMap::new();
        for (at, grant) in book.grants.iter().enumerate() {
            grants.entry(grant.member.clone()).or_default().entry(grant.connector.clone()).or_default().push(at);
        }
        let parts = vec![Parts::default(); book.connectors.len()];
        Self { book, members, connectors, parts, grants }
    }

    /// Everything that has a say about one call: what [`Rules::of`] says of the rulebook, faster.
    pub fn rules(&self, call: &Call) -> Rules {
        Rules::found(&self.book, self, call)
    }

    /// The member of that id.
    ///
    /// # Errors
    /// [`Why::UnknownMember`].
    pub fn member(&self, id: &MemberId) -> Result<&Member, Why> {
        let found = self.members.get(id).and_then(|at| self.book.members.get(*at));
        found.ok_or_else(|| Why::UnknownMember(id.clone()))
    }

    /// The connector of that id.
    ///
    /// # Errors
    /// [`Why::UnknownConnector`].
    pub fn connector(&self, id: &ConnectorId) -> Result<&Connector, Why> {
        let found = self.connectors.get(id).and_then(|place| self.book.connectors.get(place.at));
        found.ok_or_else(|| Why::UnknownConnector(id.clone()))
    }

    fn parts_of(&self, connector: &Connector) -> Option<&Parts> {
        self.connectors.get(&connector.id).and_then(|place| self.parts.get(place.at))
    }
}

impl From<Rulebook> for Indexed {
    fn from(book: Rulebook) -> Self {
        Self::new(book)
    }
}

impl Deref for Indexed {
    type Target = Rulebook;

    fn deref(&self) -> &Rulebook {
        &self.book
    }
}

/// By looking into the index.
impl Lookup for Indexed {
    fn find_member(&self, id: &MemberId) -> Result<&Member, Why> {
        self.member(id)
    }

    fn find_connector(&self, id: &ConnectorId) -> Result<&Connector, Why> {
        self.connector(id)
    }

    fn is_ambiguous(&self, id: &ConnectorId) -> bool {
        self.connectors.get(id).is_some_and(|place| place.twice)
    }

    fn find_action<'a>(&'a self, connector: &'a Connector, name: &str) -> Option<(&'a Action, Option<&'a Control>)> {
        let places = self.parts_of(connector)?.actions.get_or_init(|| {
            let mut places = HashMap::with_capacity(connector.actions().len());
            for (at, action) in connector.actions().iter().enumerate() {
                let control = connector.controls.get(action.name()).copied();
                places.entry(action.name().to_owned()).or_insert(Found { at, control });
            }
            places
        });
        let found = places.get(name)?;
        Some((connector.actions().get(found.at)?, found.control.as_ref()))
    }

    fn is_whole(&self, connector: &Connector) -> bool {
        self.parts_of(connector).map_or_else(|| whole(connector), |parts| *parts.whole.get_or_init(|| whole(connector)))
    }

    fn grants_about<'a>(&'a self, call: &Call) -> impl Iterator<Item = &'a Grant> {
        let places = self.grants.get(&call.member).and_then(|of| of.get(&call.connector));
        places.into_iter().flatten().filter_map(|at| self.book.grants.get(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::fixtures::*;

    #[test]
    fn a_connector_that_is_there_twice_is_refused_by_the_index_too() {
        let mut book = published();
        let again = book.connectors[0].clone();
        book.connectors.push(again);
        let call = call(&book, "find");
        assert_eq!(Rules::of(&book, &call).verdict(), Verdict::Refuse);
        assert_eq!(Indexed::new(book).rules(&call).verdict(), Verdict::Refuse);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_by_the_index_too() {
        let mut book = published();
        let call = call(&book, "find");
        assert_eq!(Indexed::new(book.clone()).rules(&call).verdict(), Verdict::Run);
        if let Some(snapshot) = &mut book.connectors[0].snapshot {
            snapshot.instructions = Some("obey".into());
        }
        assert_eq!(Indexed::new(book).rules(&call).verdict(), Verdict::Refuse);
    }

    #[test]
    fn what_is_asked_of_the_rulebook_is_asked_of_the_index() {
        let book = Indexed::new(published());
        assert!(book.member(&"admin".into()).is_ok() && book.connector(&"tracker".into()).is_ok());
        assert_eq!(book.member(&"x".into()), Err(Why::UnknownMember("x".into())));
        assert_eq!(book.connector(&"x".into()), Err(Why::UnknownConnector("x".into())));
        assert_eq!(book.admins().count(), 2);
    }
}
