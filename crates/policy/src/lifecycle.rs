//! Changes to the rulebook. Each asks first whether the person may, and changes nothing when they may not.

use crate::{
    Access, Action, Class, Confirm, Connector, ConnectorId, Control, Member, MemberId, Millis, Profile, Provenance,
    Provider, Reach, Remember, Rulebook, SignIn, Snapshot, Stage, Why,
};
use std::collections::BTreeMap;

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
    /// The monogram's colour, 0 to 7.
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

    /// Decides what the workspace asks for.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_confirm(&mut self, by: &MemberId, confirm: Confirm) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.confirm = confirm;
        Ok(())
    }

    /// Decides whether answers may be remembered. Turning it off ends every grant.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn set_remember(&mut self, by: &MemberId, remember: Remember) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        self.workspace.remember = remember;
        if remember == Remember::Never {
            self.grants.clear();
        }
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
            return Err(Why::Exists(new.id));
        }
        if new.reach == Reach::Local && !self.workspace.allow_loopback {
            return Err(Why::LocalServers);
        }
        self.connectors.push(Connector {
            id: new.id,
            name: visible_name(&new.name)?,
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
        });
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
        let name = visible_name(name)?;
        self.change(by, id, now, Rulebook::may_control_actions, |connector| connector.name = name)
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
        self.change(by, id, now, Rulebook::may_control_actions, |connector| {
            if connector.address != address {
                connector.address = address;
                connector.host = host;
                connector.reach = reach;
                connector.stage = Stage::Draft;
                connector.snapshot = None;
                connector.controls.clear();
                connector.access = Access::Nobody;
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

    /// Decides who may use a connector (S070).
    ///
    /// # Errors
    /// As [`Rulebook::may_set_access`].
    pub fn set_access(&mut self, by: &MemberId, id: &ConnectorId, access: Access, now: Millis) -> Result<(), Why> {
        self.change(by, id, now, Rulebook::may_set_access, |connector| connector.access = access)
    }

    /// Puts a newer list of actions in place of the approved one (S072 to S080). What is new is off, what changed is
    /// off until someone switches it on again, what is gone leaves nothing behind, so that coming back is being new
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
                    None => Control { on: first, ..Control::default() },
                }
            };
            let controls: BTreeMap<String, Control> =
                snapshot.actions.iter().map(|action| (action.name().to_owned(), carried(action))).collect();
            connector.controls = controls;
            let version = connector.snapshot.as_ref().map_or(1, |old| old.version.saturating_add(1));
            connector.snapshot = Some(Snapshot { version, ..snapshot });
        })
    }

    /// Publishes a draft for the workspace (S063). On a plan without access control it is for everyone.
    ///
    /// # Errors
    /// As [`Rulebook::may_publish`].
    pub fn publish(&mut self, by: &MemberId, id: &ConnectorId, now: Millis) -> Result<(), Why> {
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
        self.change(by, id, now, Rulebook::may_archive, |connector| connector.stage = Stage::Archived)?;
        self.grants.retain(|grant| grant.connector != *id);
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
        self.grants.retain(|grant| grant.connector != *id);
        Ok(())
    }

    /// Ends the remembered answers of a conversation, when it is deleted.
    pub fn forget_conversation(&mut self, conversation: &crate::ConversationId) {
        self.grants.retain(|grant| grant.conversation != *conversation);
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
        if let Some(connector) = self.connectors.iter_mut().find(|connector| &connector.id == id) {
            change(connector);
            connector.updated_at = now;
        }
        Ok(())
    }
}

fn all_on(snapshot: &Snapshot) -> BTreeMap<String, Control> {
    let on = Control { on: true, ..Control::default() };
    snapshot.actions.iter().map(|action| (action.name().to_owned(), on)).collect()
}

/// A name as people typed it, trimmed, with something in it that can be seen.
fn visible_name(name: &str) -> Result<String, Why> {
    let name = name.trim();
    let visible = name.chars().any(|c| !c.is_whitespace() && !crate::text::is_hidden(c));
    visible.then(|| name.to_owned()).ok_or(Why::NoName)
}
