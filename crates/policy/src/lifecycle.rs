//! Changes to the rulebook. Each asks first whether the person may, and changes nothing when they may not.

use crate::{
    Access, Action, Class, Confirm, Connector, ConnectorId, Control, DomainUse, Member, MemberId, Millis, Profile,
    Provenance, Provider, Reach, Remember, ResultReview, Review, Rulebook, SignIn, Snapshot, Stage, Why,
    review::{SETTINGS, Tombstone},
};
use std::collections::{BTreeMap, BTreeSet};

/// The name of the product. No connector that people add has it (X26).
const PRODUCT: &str = "Countersign";

/// What a person brings to make a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConnector {
    /// Its id, new to the workspace.
    pub id: ConnectorId,
    /// The name to show.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The server's URL, as [`crate::address::check`] returned it.
    pub address: String,
    /// The host to show, from the same place.
    pub host: String,
    /// Where the server is, from the same place.
    pub reach: Reach,
    /// Who built it.
    pub provenance: Provenance,
    /// How to sign in.
    pub sign_in: SignIn,
    /// The monogram's colour, 0 to 7, when one was chosen.
    pub colour: Option<u8>,
    /// What the scan found.
    pub snapshot: Snapshot,
}

impl Connector {
    /// A connector that is part of the product: published, for everyone, every action on, in this page.
    pub fn built_in(
        id: ConnectorId,
        name: &str,
        description: &str,
        provider: Provider,
        owner: MemberId,
        snapshot: Snapshot,
        now: Millis,
    ) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            address: format!("in-page:{id}"),
            host: "this page".to_owned(),
            id,
            reach: Reach::InPage,
            provider,
            provenance: Provenance::Own,
            stage: Stage::Published,
            owner,
            created_at: now,
            updated_at: now,
            controls: all_on(&snapshot),
            snapshot: Some(snapshot),
            access: Access::Everyone,
            confirm: Confirm::default(),
            sign_in: SignIn::None,
            colour: None,
            rules: BTreeMap::new(),
            review: Review::default(),
            result_review: ResultReview::default(),
            app_permissions: BTreeSet::new(),
            lent: false,
        }
    }
}

impl Rulebook {
    /// Opens or shuts gate 1 (S014, S026).
    ///
    /// # Errors
    /// As [`Rulebook::may_open_gate`].
    pub fn set_developer_gate(&mut self, by: &MemberId, open: bool) -> Result<(), Why> {
        self.may_open_gate(self.member(by)?)?;
        self.workspace.developer_gate = open;
        Ok(())
    }

    /// Decides who passes gate 1 besides admins and owners (S016).
    ///
    /// # Errors
    /// As [`Rulebook::may_grant_developer`].
    pub fn set_developers(&mut self, by: &MemberId, developers: Access) -> Result<(), Why> {
        self.may_grant_developer(self.member(by)?)?;
        self.workspace.developers = developers;
        Ok(())
    }

    /// Flips gate 2 for the person themselves; nobody can do it for another (S031, S032).
    ///
    /// # Errors
    /// As [`Rulebook::may_toggle_developer`], unless it is being turned off, which anyone may.
    pub fn set_developer_mode(&mut self, by: &MemberId, on: bool, now: Millis) -> Result<(), Why> {
        if on {
            self.may_toggle_developer(self.member(by)?)?;
        }
        let member = self.members.iter_mut().find(|member| &member.id == by);
        let member = member.ok_or_else(|| Why::UnknownMember(by.clone()))?;
        member.developer = crate::Developer { on, changed_at: Some(now) };
        Ok(())
    }

    /// Changes the plan.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_profile(&mut self, by: &MemberId, profile: Profile) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.profile = profile;
        Ok(())
    }

    /// Renames the workspace.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`], [`Why::NoName`].
    pub fn rename_workspace(&mut self, by: &MemberId, name: &str) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.name = visible_name(name)?;
        Ok(())
    }

    /// Starts or ends lockdown.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_lockdown(&mut self, by: &MemberId, lockdown: bool) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.lockdown = lockdown;
        Ok(())
    }

    /// Decides whether every point of the checklist needs a tick and evidence before something is published (S096).
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_checklist(&mut self, by: &MemberId, needed: bool) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.checklist = needed;
        Ok(())
    }

    /// Allows or forbids servers on this machine and its private network (S119).
    ///
    /// # Errors
    /// [`Why::AdminsOnly`]; allowing also needs developer mode.
    pub fn set_allow_loopback(&mut self, by: &MemberId, allow: bool) -> Result<(), Why> {
        let member = self.member(by)?;
        self.may_set_workspace(member)?;
        if allow {
            self.developer_mode(member)?;
        }
        self.workspace.allow_loopback = allow;
        Ok(())
    }

    /// Has requests to an origin go through a proxy, or directly again with none.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`], and [`Why::Proxy`] for an entry that cannot be used.
    pub fn set_proxy(&mut self, by: &MemberId, origin: &str, through: Option<&str>) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
        let Some(through) = through else {
            self.workspace.proxies.remove(&origin);
            return Ok(());
        };
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic() && !"?#\\@".contains(c));
        if !host.is_some_and(|host| !host.is_empty() && plain(host) && !host.contains('/')) {
            return Err(Why::Proxy("needs the origin of a server, such as https://mcp.example.com, without a path"));
        }
        let through = through.trim();
        let here = through.starts_with('/') && !through.starts_with("//");
        let local = ["http://localhost", "http://127.0.0.1"]
            .iter()
            .any(|host| through.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
        let elsewhere = through.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
        if !plain(through) || !(here || elsewhere || (local && self.workspace.allow_loopback)) {
            return Err(Why::Proxy(
                "needs a path of this site, such as /mcp-proxy/example, or an address with https://",
            ));
        }
        self.workspace.proxies.insert(origin, through.trim_end_matches('/').to_owned());
        Ok(())
    }

    /// Decides what the workspace asks for.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_confirm(&mut self, by: &MemberId, confirm: Confirm) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.confirm = confirm;
        Ok(())
    }

    /// Decides whether answers may be remembered, and how long. What is no longer allowed ends.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_remember(&mut self, by: &MemberId, remember: Remember) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.remember = remember;
        self.grants.retain(|grant| remember >= grant.needs());
        Ok(())
    }

    /// Decides whether forms that ask for a secret are refused (X80).
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_refuse_secret_forms(&mut self, by: &MemberId, refuse: bool) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.refuse_secret_forms = refuse;
        Ok(())
    }

    /// Puts a part of the product in place, or its newer version over the older one. What people switched off stays
    /// off; actions that are new with the version are on, because they came with the product that is running.
    pub fn set_built_in(&mut self, connector: Connector) {
        match self.connectors.iter_mut().find(|existing| existing.id == connector.id) {
            Some(existing) => {
                let mut controls = connector.controls;
                for (name, control) in &existing.controls {
                    if let Some(new) = controls.get_mut(name) {
                        *new = *control;
                    }
                }
                *existing = Connector {
                    controls,
                    access: existing.access.clone(),
                    confirm: existing.confirm,
                    created_at: existing.created_at,
                    owner: existing.owner.clone(),
                    rules: existing.rules.clone(),
                    review: existing.review.clone(),
                    result_review: existing.result_review,
                    app_permissions: existing.app_permissions.clone(),
                    lent: existing.lent && connector.lent,
                    ..connector
                };
            }
            None => self.connectors.push(connector),
        }
    }

    /// Makes a draft, usable by its maker only (S006, S046). Every action of the scan is on: the person has just seen
    /// the list, and every write still asks.
    ///
    /// # Errors
    /// As [`Rulebook::may_create_draft`]; also an empty name, an id that is taken, or a local server where that is off.
    pub fn create_draft(&mut self, by: &MemberId, new: NewConnector, now: Millis) -> Result<(), Why> {
        self.may_create_draft(self.member(by)?)?;
        if self.connector(&new.id).is_ok() {
            return Err(Why::Exists(new.id.clone()));
        }
        if new.reach == Reach::Local && !self.workspace.allow_loopback {
            return Err(Why::LocalServers);
        }
        self.may_reach_host(DomainUse::Servers, &new.host)?;
        let id = new.id;
        self.connectors.push(Connector {
            id: id.clone(),
            name: self.free_name(&new.name)?,
            description: new.description,
            address: new.address,
            host: new.host,
            reach: new.reach,
            provider: Provider::Custom,
            provenance: new.provenance,
            stage: Stage::Draft,
            owner: by.clone(),
            created_at: now,
            updated_at: now,
            controls: all_on(&new.snapshot),
            snapshot: Some(new.snapshot),
            access: Access::Nobody,
            confirm: Confirm::default(),
            sign_in: new.sign_in,
            colour: new.colour,
            rules: BTreeMap::new(),
            review: Review::default(),
            result_review: ResultReview::default(),
            app_permissions: BTreeSet::new(),
            lent: false,
        });
        self.keep_version(by, &id, "created", now);
        Ok(())
    }

    /// Makes a new draft from an existing connector, for plans that do not change what is published (S068).
    ///
    /// # Errors
    /// As [`Rulebook::may_create_draft`] and [`Rulebook::may_see`]; also when it was never scanned.
    pub fn recreate(&mut self, by: &MemberId, id: &ConnectorId, new_id: ConnectorId, now: Millis) -> Result<(), Why> {
        let from = self.connector(id)?;
        self.may_see(from, self.member(by)?)?;
        if from.provider != Provider::Custom {
            return Err(Why::BuiltIn("recreate it"));
        }
        let new = NewConnector {
            id: new_id,
            name: from.name.clone(),
            description: from.description.clone(),
            address: from.address.clone(),
            host: from.host.clone(),
            reach: from.reach,
            provenance: from.provenance,
            sign_in: from.sign_in.clone(),
            colour: from.colour,
            snapshot: from.snapshot.clone().ok_or(Why::NeverScanned)?,
        };
        self.create_draft(by, new, now)
    }

    /// Changes what a connector is called and how it looks.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`]; also [`Why::NoName`].
    pub fn rename(&mut self, by: &MemberId, id: &ConnectorId, name: &str, now: Millis) -> Result<(), Why> {
        let name = self.free_name(name)?;
        self.change(by, id, now, Rulebook::may_control_actions, |connector| connector.name = name)
    }

    /// A name for a connector that somebody adds: visible, and not that of the product or of a part of it (X26).
    fn free_name(&self, name: &str) -> Result<String, Why> {
        let name = visible_name(name)?;
        let plain = crate::findings::folded(&name);
        let parts = self.connectors.iter().filter(|one| one.provider != Provider::Custom).map(|one| one.name.as_str());
        if std::iter::once(PRODUCT).chain(parts).any(|own| crate::findings::folded(own) == plain) {
            return Err(Why::Reserved(name));
        }
        Ok(name)
    }

    /// Moves a connector to another address. That makes it another server: the snapshot, every switch, access and
    /// every remembered answer are gone, and it is a draft again (X06).
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`]; also when the new address is local and that is off.
    pub fn set_address(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        address: String,
        host: String,
        reach: Reach,
        now: Millis,
    ) -> Result<(), Why> {
        if self.connector(id)?.provider != Provider::Custom {
            return Err(Why::BuiltIn("change its address"));
        }
        if reach == Reach::Local && !self.workspace.allow_loopback {
            return Err(Why::LocalServers);
        }
        self.may_reach_host(DomainUse::Servers, &host)?;
        self.change(by, id, now, Rulebook::may_control_actions, |connector| {
            if connector.address != address {
                connector.address = address;
                connector.host = host;
                connector.reach = reach;
                connector.stage = Stage::Draft;
                connector.snapshot = None;
                connector.controls.clear();
                connector.access = Access::Nobody;
                connector.rules.clear();
                connector.review = Review::default();
            }
        })?;
        let address = &self.connector(id)?.address.clone();
        self.grants.retain(|grant| grant.connector != *id || grant.address == *address);
        Ok(())
    }

    /// Switches an action on or off.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`]; also [`Why::UnknownAction`].
    pub fn set_action_on(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        action: &str,
        on: bool,
        now: Millis,
    ) -> Result<(), Why> {
        self.known_action(id, action)?;
        self.change(by, id, now, Rulebook::may_control_actions, |connector| {
            connector.controls.entry(action.to_owned()).or_default().on = on;
        })
    }

    /// Sets the class of an action, or with `None` goes back to what its definition says. A milder class than that is
    /// an admin's decision (X37).
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`]; also [`Why::UnknownAction`], [`Why::LoweringClass`].
    pub fn set_action_class(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        action: &str,
        class: Option<Class>,
        now: Millis,
    ) -> Result<(), Why> {
        let own = self.known_action(id, action)?.classified().class;
        let lowers = class.is_some_and(|class| class < own);
        if lowers && !self.member(by)?.role.runs_workspace() {
            return Err(Why::LoweringClass);
        }
        self.change(by, id, now, Rulebook::may_control_actions, |connector| {
            connector.controls.entry(action.to_owned()).or_default().class = class;
        })
    }

    /// Decides what a connector asks for.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`].
    pub fn set_connector_confirm(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        confirm: Confirm,
        now: Millis,
    ) -> Result<(), Why> {
        self.change(by, id, now, Rulebook::may_control_actions, |connector| connector.confirm = confirm)
    }

    /// Decides whose results somebody looks at before a model is told them (X54).
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`].
    pub fn set_result_review(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        review: ResultReview,
        now: Millis,
    ) -> Result<(), Why> {
        self.change(by, id, now, Rulebook::may_control_actions, |connector| connector.result_review = review)
    }

    /// Decides whether the apps of a connector may ask for something of the device (X99). Letting them is an admin's
    /// decision; the person is asked each time all the same.
    ///
    /// # Errors
    /// As [`Rulebook::may_control_actions`]; [`Why::AdminsOnly`] for who is no admin and lets them.
    pub fn set_app_permission(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        name: &str,
        on: bool,
        now: Millis,
    ) -> Result<(), Why> {
        if on && !self.member(by)?.role.runs_workspace() {
            return Err(Why::AdminsOnly("let the apps of a connector ask for something of the device"));
        }
        self.change(by, id, now, Rulebook::may_control_actions, |connector| {
            if on {
                connector.app_permissions.insert(name.to_owned());
            } else {
                connector.app_permissions.remove(name);
            }
        })
    }

    /// Decides who may use a connector (S070).
    ///
    /// # Errors
    /// As [`Rulebook::may_set_access`].
    pub fn set_access(&mut self, by: &MemberId, id: &ConnectorId, access: Access, now: Millis) -> Result<(), Why> {
        self.change(by, id, now, Rulebook::may_set_access, |connector| connector.access = access)
    }

    /// Puts a newer list of actions in place of the approved one (S072 to S080). What is new is off, what changed is
    /// off until someone switches it on again, what is gone leaves only a tombstone, so that coming back is being new
    /// (X36, X38). An admin's class survives a change only where it is the stricter one.
    ///
    /// # Errors
    /// As [`Rulebook::may_refresh`].
    pub fn refresh(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        snapshot: Snapshot,
        connected: bool,
        now: Millis,
    ) -> Result<(), Why> {
        let may =
            |book: &Rulebook, connector: &Connector, member: &Member| book.may_refresh(connector, member, connected);
        self.change(by, id, now, may, |connector| {
            let first = connector.snapshot.is_none();
            let carried = |action: &Action| {
                let old = connector.action(action.name());
                let control = connector.controls.get(action.name()).copied().unwrap_or_default();
                match old {
                    Some(old) if old.digest() == action.digest() => control,
                    Some(_) => {
                        let class = control.class.filter(|class| *class > action.classified().class);
                        Control { on: false, class, confirm: control.confirm }
                    }
                    None => {
                        let back = connector.review.tombstone(action.name()).is_some();
                        let on = first || (!back && connector.review.new_actions.takes(action.classified().class));
                        Control { on, ..Control::default() }
                    }
                }
            };
            let controls: BTreeMap<String, Control> =
                snapshot.actions.iter().map(|action| (action.name().to_owned(), carried(action))).collect();
            let gone = connector.actions().iter().filter(|action| snapshot.action(action.name()).is_none());
            let gone = gone.map(|action| Tombstone {
                name: action.name().to_owned(),
                definition: action.digest().clone(),
                at: now,
            });
            let gone: Vec<Tombstone> = gone.collect();
            connector.review.tombstones.extend(gone);
            connector.review.sightings.clear();
            connector.review.declined.clear();
            connector.rules.retain(|name, _| snapshot.action(name).is_some());
            connector.controls = controls;
            let version = connector.snapshot.as_ref().map_or(1, |old| old.version.saturating_add(1));
            connector.snapshot = Some(Snapshot { version, ..snapshot });
        })
    }

    /// Publishes a draft without a review, which only a test may: [`Rulebook::publish_reviewed`] is the way.
    #[cfg(test)]
    pub(crate) fn publish(&mut self, by: &MemberId, id: &ConnectorId, now: Millis) -> Result<(), Why> {
        let everyone = !self.plan().has_controls();
        self.change(by, id, now, Rulebook::may_publish, |connector| {
            connector.stage = Stage::Published;
            if everyone {
                connector.access = Access::Everyone;
            }
        })
    }

    /// Archives a connector; nothing of it runs any more, and its remembered answers end.
    ///
    /// # Errors
    /// As [`Rulebook::may_archive`].
    pub fn archive(&mut self, by: &MemberId, id: &ConnectorId, now: Millis) -> Result<(), Why> {
        self.change(by, id, now, Rulebook::may_archive, |connector| {
            connector.stage = Stage::Archived;
            connector.review.unread = None;
        })?;
        self.forget_people_of(id);
        Ok(())
    }

    /// Removes a draft or an archived connector for good, with its remembered answers.
    ///
    /// # Errors
    /// Published connectors are archived first; otherwise as [`Rulebook::may_archive`].
    pub fn remove(&mut self, by: &MemberId, id: &ConnectorId) -> Result<(), Why> {
        let (connector, member) = (self.connector(id)?, self.member(by)?);
        match connector.stage {
            Stage::Published if self.plan().publishing.is_some() => {
                return Err(Why::WrongStage { stage: connector.stage, what: "remove it; archive it first" });
            }
            Stage::Archived if connector.owner == member.id || member.role.runs_workspace() => {}
            Stage::Archived => return Err(Why::AdminsOnly("remove it")),
            Stage::Draft | Stage::Published => self.may_archive(connector, member)?,
        }
        self.connectors.retain(|connector| connector.id != *id);
        self.forget_people_of(id);
        Ok(())
    }

    /// Ends what people had with a connector: their remembered answers and their accounts.
    fn forget_people_of(&mut self, id: &ConnectorId) {
        self.grants.retain(|grant| grant.connector != *id);
        self.accounts.retain(|account| account.connector != *id);
    }

    /// Ends the remembered answers of a conversation, when it is deleted.
    pub fn forget_conversation(&mut self, conversation: &crate::ConversationId) {
        self.grants.retain(|grant| grant.conversation.as_ref() != Some(conversation));
    }

    fn known_action(&self, id: &ConnectorId, action: &str) -> Result<&Action, Why> {
        self.connector(id)?.action(action).ok_or_else(|| Why::UnknownAction(action.to_owned()))
    }

    /// Changes one connector, after asking whether the person may.
    fn change(
        &mut self,
        by: &MemberId,
        id: &ConnectorId,
        now: Millis,
        may: impl FnOnce(&Rulebook, &Connector, &Member) -> Result<(), Why>,
        change: impl FnOnce(&mut Connector),
    ) -> Result<(), Why> {
        may(self, self.connector(id)?, self.member(by)?)?;
        self.keep_first(by, id);
        if let Some(connector) = self.connectors.iter_mut().find(|connector| &connector.id == id) {
            change(connector);
            connector.updated_at = now;
        }
        self.keep_version(by, id, SETTINGS, now);
        Ok(())
    }
}

fn all_on(snapshot: &Snapshot) -> BTreeMap<String, Control> {
    let on = Control { on: true, ..Control::default() };
    snapshot.actions.iter().map(|action| (action.name().to_owned(), on)).collect()
}

/// A name as people typed it, trimmed, with something in it that can be seen.
pub(crate) fn visible_name(name: &str) -> Result<String, Why> {
    let name = name.trim();
    let visible = name.chars().any(|c| !c.is_whitespace() && !crate::text::is_hidden(c));
    visible.then(|| name.to_owned()).ok_or(Why::NoName)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Digest, Grant};
    use serde_json::json;

    const TRACKER: &str = "tracker";

    fn drafted(profile: Profile) -> Rulebook {
        let mut book = workspace(profile);
        book.create_draft(&"owner".into(), new_connector(TRACKER), NOW).unwrap();
        book
    }

    fn tracker(book: &Rulebook) -> &Connector {
        book.connector(&TRACKER.into()).unwrap()
    }

    fn owner() -> MemberId {
        "owner".into()
    }

    fn id() -> ConnectorId {
        TRACKER.into()
    }

    fn grant(book: &mut Rulebook) {
        let call = call(book, "create");
        book.grants.push(Grant {
            id: "g".into(),
            given_for: call.id,
            given_at: NOW,
            until: None,
            member: call.member,
            connector: call.connector,
            address: tracker(book).address.clone(),
            connection: call.connection,
            action: call.action,
            definition: call.definition,
            conversation: Some("talk".into()),
            arguments: None,
        });
    }

    #[test]
    fn s046_a_new_connector_is_a_draft_of_its_maker_with_the_dev_badge() {
        let book = drafted(Profile::Enterprise);
        let connector = tracker(&book);
        assert_eq!((connector.stage, connector.owner.as_str(), connector.created_at), (Stage::Draft, "owner", NOW));
        assert_eq!(connector.badge(), Some("Dev"));
        assert!(connector.actions().iter().all(|action| connector.is_on(action.name())));
    }

    #[test]
    fn s066_a_published_connector_has_the_custom_badge() {
        let mut book = drafted(Profile::Enterprise);
        book.publish(&"admin".into(), &id(), NOW + 1).unwrap();
        assert_eq!((tracker(&book).badge(), tracker(&book).updated_at), (Some("custom"), NOW + 1));
    }

    #[test]
    fn s040_no_draft_without_developer_mode() {
        let mut book = workspace(Profile::Enterprise);
        book.set_developer_mode(&owner(), false, NOW).unwrap();
        assert_eq!(book.create_draft(&owner(), new_connector(TRACKER), NOW), Err(Why::DeveloperOff));
        assert_eq!(book.create_draft(&"member".into(), new_connector(TRACKER), NOW), Err(Why::DeveloperNotGranted));
        assert_eq!(book.connectors, []);
    }

    #[test]
    fn s008_who_built_a_server_changes_nothing() {
        for provenance in [Provenance::Own, Provenance::Vendor, Provenance::OpenSource, Provenance::Other] {
            let mut book = workspace(Profile::Enterprise);
            let new = NewConnector { provenance, ..new_connector(TRACKER) };
            assert_eq!(book.create_draft(&owner(), new, NOW), Ok(()));
        }
    }

    #[test]
    fn s075_a_published_connector_is_for_nobody_until_access_is_chosen() {
        let mut book = drafted(Profile::Enterprise);
        book.publish(&owner(), &id(), NOW).unwrap();
        let member = book.member(&"member".into()).unwrap();
        assert_eq!(book.may_use(tracker(&book), member), Err(Why::NoAccess));
        book.set_access(&owner(), &id(), Access::Everyone, NOW).unwrap();
        assert_eq!(book.may_use(tracker(&book), book.member(&"member".into()).unwrap()), Ok(()));
    }

    #[test]
    fn s015_a_member_with_developer_mode_does_not_publish() {
        let mut book = workspace(Profile::Enterprise);
        book.create_draft(&"dev".into(), new_connector(TRACKER), NOW).unwrap();
        assert_eq!(book.publish(&"dev".into(), &id(), NOW), Err(Why::AdminsOnly("publish")));
        assert_eq!(tracker(&book).stage, Stage::Draft);
    }

    #[test]
    fn s067_business_does_not_change_what_is_published() {
        let mut book = drafted(Profile::Business);
        book.publish(&owner(), &id(), NOW).unwrap();
        assert_eq!(tracker(&book).access, Access::Everyone);
        let frozen = Err(Why::Frozen("Business"));
        assert_eq!(book.set_action_on(&owner(), &id(), "find", false, NOW), frozen);
        assert_eq!(book.refresh(&owner(), &id(), snapshot(tools()), true, NOW), frozen);
        assert_eq!(book.rename(&owner(), &id(), "Other", NOW), frozen);
        assert!(matches!(book.set_access(&owner(), &id(), Access::Nobody, NOW), Err(Why::NotInPlan { .. })));
    }

    #[test]
    fn s068_business_recreates_instead() {
        let mut book = drafted(Profile::Business);
        book.publish(&owner(), &id(), NOW).unwrap();
        book.recreate(&"admin".into(), &id(), "again".into(), NOW + 1).unwrap();
        let again = book.connector(&"again".into()).unwrap();
        assert_eq!((again.stage, again.owner.as_str(), &again.name), (Stage::Draft, "admin", &tracker(&book).name));
        assert_eq!(again.snapshot, tracker(&book).snapshot);
    }

    #[test]
    fn business_publishes_all_actions_or_none() {
        let mut book = drafted(Profile::Business);
        book.set_action_on(&owner(), &id(), "find", false, NOW).unwrap();
        assert_eq!(book.publish(&owner(), &id(), NOW), Err(Why::AllOrNothing { plan: "Business", off: 1 }));
    }

    #[test]
    fn s082_a_refresh_needs_the_admins_own_connection() {
        let mut book = drafted(Profile::Enterprise);
        book.publish(&owner(), &id(), NOW).unwrap();
        assert_eq!(book.refresh(&owner(), &id(), snapshot(tools()), false, NOW), Err(Why::ConnectFirst));
        assert_eq!(book.refresh(&owner(), &id(), snapshot(tools()), true, NOW), Ok(()));
    }

    #[test]
    fn s080_what_a_refresh_brings_is_off() {
        let mut book = drafted(Profile::Enterprise);
        book.publish(&owner(), &id(), NOW).unwrap();
        let mut newer = tools();
        newer[0] = tool("find", json!({"readOnlyHint": true, "title": "Changed"}));
        newer.push(tool("fresh", json!({"readOnlyHint": true})));
        book.refresh(&owner(), &id(), snapshot(newer), true, NOW).unwrap();
        let on = |name: &str| tracker(&book).is_on(name);
        assert!(!on("fresh") && !on("find") && on("look"));
        assert_eq!(tracker(&book).snapshot.as_ref().map(|snapshot| snapshot.version), Some(2));
    }

    #[test]
    fn x38_an_action_that_comes_back_is_new() {
        let mut book = drafted(Profile::Enterprise);
        let without = tools().into_iter().filter(|action| action.name() != "create").collect();
        book.refresh(&owner(), &id(), snapshot(without), true, NOW).unwrap();
        book.refresh(&owner(), &id(), snapshot(tools()), true, NOW).unwrap();
        assert!(!tracker(&book).is_on("create") && tracker(&book).is_on("find"));
    }

    #[test]
    fn x36_a_lowered_class_does_not_survive_a_change_and_a_raised_one_does() {
        let mut book = drafted(Profile::Enterprise);
        book.set_action_class(&owner(), &id(), "create", Some(Class::Read), NOW).unwrap();
        book.set_action_class(&owner(), &id(), "find", Some(Class::Destructive), NOW).unwrap();
        let mut newer = tools();
        newer[0] = tool("find", json!({"readOnlyHint": true, "title": "2"}));
        newer[2] = tool("create", json!({"readOnlyHint": false, "title": "2"}));
        book.refresh(&owner(), &id(), snapshot(newer), true, NOW).unwrap();
        let class = |name: &str| tracker(&book).classify(tracker(&book).action(name).unwrap()).class;
        assert_eq!((class("create"), class("find")), (Class::Write, Class::Destructive));
    }

    #[test]
    fn x37_only_an_admin_lowers_a_class() {
        let mut book = workspace(Profile::Enterprise);
        book.create_draft(&"dev".into(), new_connector(TRACKER), NOW).unwrap();
        let mut set = |by: &str, action: &str, class| book.set_action_class(&by.into(), &id(), action, class, NOW);
        assert_eq!(set("dev", "create", Some(Class::Read)), Err(Why::LoweringClass));
        assert_eq!(set("dev", "create", Some(Class::Destructive)), Ok(()));
        assert_eq!(set("dev", "create", None), Ok(()));
        assert_eq!(set("admin", "create", Some(Class::Read)), Ok(()));
        assert_eq!(set("dev", "nothing", None), Err(Why::UnknownAction("nothing".into())));
    }

    #[test]
    fn x06_another_address_makes_another_server() {
        let mut book = drafted(Profile::Enterprise);
        book.publish(&owner(), &id(), NOW).unwrap();
        book.set_access(&owner(), &id(), Access::Everyone, NOW).unwrap();
        grant(&mut book);
        let same = tracker(&book).address.clone();
        let mut moved = book.clone();
        book.set_address(&owner(), &id(), same, "mcp.example.com".into(), Reach::Public, NOW).unwrap();
        assert_eq!((tracker(&book).stage, book.grants.len()), (Stage::Published, 1));

        let new = "https://mcp.example.com/v2".to_owned();
        moved.set_address(&owner(), &id(), new, "mcp.example.com".into(), Reach::Public, NOW).unwrap();
        let connector = tracker(&moved);
        assert_eq!((connector.stage, &connector.snapshot, &connector.access), (Stage::Draft, &None, &Access::Nobody));
        assert!(connector.controls.is_empty() && moved.grants.is_empty());
    }

    #[test]
    fn s119_a_local_server_is_refused_unless_allowed() {
        let mut book = workspace(Profile::Enterprise);
        let local = || NewConnector { reach: Reach::Local, ..new_connector(TRACKER) };
        assert_eq!(book.create_draft(&owner(), local(), NOW), Err(Why::LocalServers));
        assert!(book.set_allow_loopback(&"dev".into(), true).is_err());
        book.set_allow_loopback(&owner(), true).unwrap();
        book.create_draft(&owner(), local(), NOW).unwrap();
        assert!(tracker(&book).is_local());
    }

    #[test]
    fn a_proxy_is_an_origin_and_a_place_and_only_an_admin_sets_it() {
        let mut book = workspace(Profile::Enterprise);
        assert_eq!(
            book.set_proxy(&"dev".into(), "https://a.example", Some("/p")),
            Err(Why::AdminsOnly("change the workspace's settings"))
        );
        for (origin, through) in [
            ("a.example", "/p"),
            ("https://a.example/mcp", "/p"),
            ("https://user@a.example", "/p"),
            ("https://", "/p"),
            ("https://a.example", "//other.example"),
            ("https://a.example", "http://other.example"),
            ("https://a.example", "p"),
            ("https://a.example", "/p?x"),
            ("https://a.example", "https://"),
        ] {
            assert!(
                matches!(book.set_proxy(&owner(), origin, Some(through)), Err(Why::Proxy(_))),
                "{origin} {through}"
            );
        }
        let local = "http://127.0.0.1:8091/mcp-proxy/a";
        assert!(
            book.set_proxy(&owner(), "https://a.example", Some(local)).is_err(),
            "only where local servers are allowed"
        );
        book.set_allow_loopback(&owner(), true).unwrap();
        book.set_proxy(&owner(), "https://a.example", Some(local)).unwrap();
        assert!(book.set_proxy(&owner(), "https://a.example", Some("http://127.0.0.1.evil.example/")).is_err());
        book.set_proxy(&owner(), " https://A.example/ ", Some("/mcp-proxy/a/")).unwrap();
        assert_eq!(book.workspace.proxies["https://a.example"], "/mcp-proxy/a");
        book.set_proxy(&owner(), "https://a.example", None).unwrap();
        assert!(book.workspace.proxies.is_empty());
    }

    #[test]
    fn nothing_runs_of_an_archived_connector_and_it_stays_archived() {
        let mut book = drafted(Profile::Enterprise);
        grant(&mut book);
        book.archive(&owner(), &id(), NOW).unwrap();
        assert!(book.grants.is_empty());
        let stage = Stage::Archived;
        assert_eq!(book.publish(&owner(), &id(), NOW), Err(Why::WrongStage { stage, what: "publish it" }));
        assert_eq!(book.archive(&owner(), &id(), NOW), Err(Why::WrongStage { stage, what: "archive it" }));
        assert_eq!(book.remove(&"dev".into(), &id()), Err(Why::AdminsOnly("remove it")));
        book.remove(&owner(), &id()).unwrap();
        assert_eq!(book.connectors, []);
    }

    #[test]
    fn a_published_connector_is_archived_before_it_is_removed() {
        let mut book = drafted(Profile::Enterprise);
        book.publish(&owner(), &id(), NOW).unwrap();
        assert!(matches!(book.remove(&owner(), &id()), Err(Why::WrongStage { .. })));
        assert_eq!(book.archive(&"dev".into(), &id(), NOW), Err(Why::AdminsOnly("archive it")));
    }

    #[test]
    fn a_newer_product_keeps_what_people_switched_off() {
        let mut book = workspace(Profile::Enterprise);
        let part =
            |actions| Connector::built_in(id(), "Notebook", "Notes", Provider::Demo, owner(), snapshot(actions), NOW);
        book.set_built_in(part(tools()));
        book.set_action_on(&owner(), &id(), "delete", false, NOW).unwrap();
        let mut newer = tools();
        newer.push(tool("fresh", json!({})));
        book.set_built_in(part(newer));
        assert!(!tracker(&book).is_on("delete") && tracker(&book).is_on("fresh"));
        assert_eq!((tracker(&book).badge(), book.connectors.len()), (Some("demo"), 1));
        assert_eq!(book.archive(&owner(), &id(), NOW), Err(Why::BuiltIn("archive it")));
    }

    #[test]
    fn c4_turning_remembering_off_ends_every_grant_for_good() {
        let mut book = drafted(Profile::Enterprise);
        book.set_remember(&owner(), Remember::Conversation).unwrap();
        grant(&mut book);
        book.set_remember(&owner(), Remember::Never).unwrap();
        book.set_remember(&owner(), Remember::Conversation).unwrap();
        assert_eq!(book.grants, []);
    }

    #[test]
    fn a_deleted_conversation_takes_its_grants_along() {
        let mut book = drafted(Profile::Enterprise);
        grant(&mut book);
        book.forget_conversation(&"other".into());
        assert_eq!(book.grants.len(), 1);
        book.forget_conversation(&"talk".into());
        assert_eq!(book.grants, []);
    }

    #[test]
    fn a_name_has_something_to_see() {
        let mut book = drafted(Profile::Enterprise);
        for name in ["", "  ", "\u{200b}", "\u{2800} "] {
            assert_eq!(book.rename(&owner(), &id(), name, NOW), Err(Why::NoName));
        }
        book.rename(&owner(), &id(), "  Tickets ", NOW).unwrap();
        assert_eq!(tracker(&book).name, "Tickets");
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let before = drafted(Profile::Enterprise);
        let mut book = before.clone();
        let (member, id) = (MemberId::from("member"), id());
        assert!(book.publish(&member, &id, NOW + 9).is_err());
        assert!(book.set_access(&member, &id, Access::Everyone, NOW + 9).is_err());
        assert!(book.set_action_on(&member, &id, "find", false, NOW + 9).is_err());
        assert!(book.set_lockdown(&member, true).is_err());
        assert!(book.set_confirm(&member, Confirm::Everything).is_err());
        assert!(book.set_remember(&member, Remember::Conversation).is_err());
        assert!(book.set_profile(&member, Profile::Pro).is_err());
        assert!(book.rename_workspace(&member, "Mine").is_err());
        assert!(book.archive(&member, &id, NOW + 9).is_err());
        assert!(book.remove(&member, &id).is_err());
        assert_eq!(book, before);
    }

    #[test]
    fn a_rulebook_comes_back_from_storage_as_it_was() {
        let mut book = drafted(Profile::Enterprise);
        grant(&mut book);
        let text = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<Rulebook>(&text).unwrap(), book);
        assert_eq!(Digest::of_json(&json!(book)), Digest::of_json(&serde_json::from_str(&text).unwrap()));
    }
    #[test]
    fn x99_only_an_admin_lets_apps_ask_for_something_of_the_device() {
        let mut book = workspace(Profile::Enterprise);
        book.create_draft(&"dev".into(), new_connector(TRACKER), NOW).unwrap();
        let id = ConnectorId::from(TRACKER);
        let set = |book: &mut Rulebook, by: &str, on| book.set_app_permission(&by.into(), &id, "camera", on, NOW);
        assert!(matches!(set(&mut book, "dev", true), Err(Why::AdminsOnly(_))));
        assert!(book.connectors[0].app_permissions.is_empty());
        book.connectors[0].owner = "admin".into();
        set(&mut book, "admin", true).unwrap();
        assert!(book.connectors[0].app_permissions.contains("camera"));
        set(&mut book, "admin", false).unwrap();
        assert!(book.connectors[0].app_permissions.is_empty());
    }

    #[test]
    fn x80_only_an_admin_decides_about_forms_that_ask_for_a_secret() {
        let mut book = workspace(Profile::Enterprise);
        assert!(book.set_refuse_secret_forms(&"dev".into(), true).is_err());
        book.set_refuse_secret_forms(&"admin".into(), true).unwrap();
        assert!(book.workspace.refuse_secret_forms);
    }
}
