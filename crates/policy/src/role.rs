//! Permissions, and the custom roles that give them.
//!
//! Owners and admins run the workspace and hold every permission but one: the payloads of the audit are for whoever was
//! made an auditor. Everyone else holds what the workspace gives to all, or, once they have custom roles, what any of
//! those gives. Roles are additive: *Off* means that this role does not give the permission, and takes nothing away
//! that another role gives (C8). Lockdown is no role; it is a veto of its own.
//!
//! The source text lets only admins and owners publish (S015, S061). That is the default here too; a role that gives
//! publishing to somebody else is an admin's own, explicit decision, as with every loosening (C4).

use crate::{GroupId, Member, MemberId, Role, RoleId, Rulebook, Why, lifecycle::visible_name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a role can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Use connectors that were published for them.
    UseConnectors,
    /// Ask admins for a connector, for access, or for developer mode.
    RequestConnectors,
    /// Gate 1: *Developer mode / Create custom MCP connectors* (S026).
    CreateConnectors,
    /// See the drafts of other people. Seeing is not using.
    SeeDrafts,
    /// Switch the actions of published connectors and refresh them (S076, S079).
    ControlActions,
    /// Decide who has access to a connector (S070).
    ManageAccess,
    /// Publish drafts for the workspace (S061).
    Publish,
    /// Add and remove people who are plain members.
    ManageMembers,
    /// See everyone's calls in the audit.
    SeeAudit,
    /// See what was sent and what came back in the audit: the auditor role (a.10).
    SeePayloads,
}

impl Permission {
    /// Every permission, in the order they are shown.
    pub const ALL: [Permission; 10] = [
        Permission::UseConnectors,
        Permission::RequestConnectors,
        Permission::CreateConnectors,
        Permission::SeeDrafts,
        Permission::ControlActions,
        Permission::ManageAccess,
        Permission::Publish,
        Permission::ManageMembers,
        Permission::SeeAudit,
        Permission::SeePayloads,
    ];

    /// The permission in words, to stand in a list.
    pub fn label(self) -> &'static str {
        match self {
            Permission::UseConnectors => "Use published connectors",
            Permission::RequestConnectors => "Request connectors",
            Permission::CreateConnectors => "Developer mode / Create custom MCP connectors",
            Permission::SeeDrafts => "See other people's drafts",
            Permission::ControlActions => "Control actions and refresh connectors",
            Permission::ManageAccess => "Decide who has access",
            Permission::Publish => "Publish connectors to the workspace",
            Permission::ManageMembers => "Add and remove members",
            Permission::SeeAudit => "See everyone's tool calls",
            Permission::SeePayloads => "See payloads in the audit (auditor)",
        }
    }

    /// Whether it can be given to every member at once. What reaches further is given by roles, to people who were
    /// chosen.
    pub fn for_everyone(self) -> bool {
        matches!(self, Permission::UseConnectors | Permission::RequestConnectors | Permission::SeeDrafts)
    }

    /// What members have of it in a workspace where nobody decided about it.
    fn at_first(self) -> bool {
        matches!(self, Permission::UseConnectors | Permission::RequestConnectors)
    }
}

/// What a custom role says about a permission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// As the workspace has it for all.
    #[default]
    Default,
    /// The role gives it.
    On,
    /// The role does not give it. Another role may (C8).
    Off,
}

/// A role that the workspace made for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRole {
    /// Which role.
    pub id: RoleId,
    /// The name to show.
    pub name: String,
    /// What it says; a permission without an entry is [`Setting::Default`].
    #[serde(default)]
    pub settings: BTreeMap<Permission, Setting>,
}

impl CustomRole {
    /// What the role says about a permission.
    pub fn setting(&self, permission: Permission) -> Setting {
        self.settings.get(&permission).copied().unwrap_or_default()
    }
}

/// Where somebody has a permission from, or why they do not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// By being an admin or owner.
    Runs(Role),
    /// As everyone in the workspace.
    Everyone,
    /// By a custom role.
    By(RoleId),
    /// Everyone lacks it.
    Nobody,
    /// None of their custom roles gives it.
    NoRole,
    /// Only an auditor has it, and no role of theirs makes them one.
    NotAuditor,
}

impl Holding {
    /// Whether they have it.
    pub fn holds(&self) -> bool {
        matches!(self, Holding::Runs(_) | Holding::Everyone | Holding::By(_))
    }
}

impl Rulebook {
    /// The custom role of that id.
    pub fn role(&self, id: &RoleId) -> Option<&CustomRole> {
        self.roles.iter().find(|role| &role.id == id)
    }

    /// The custom roles of a person: their own and those of their groups, in the order of the workspace's list. There
    /// are none in plans without them.
    pub fn roles_of<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = &'a CustomRole> {
        let exist = self.plan().has_controls();
        let by_group = |id: &RoleId| {
            member.groups.iter().filter_map(|group| self.group(group)).any(|group| group.roles.contains(id))
        };
        self.roles.iter().filter(move |role| exist && (member.roles.contains(&role.id) || by_group(&role.id)))
    }

    /// What every member has of a permission.
    pub fn for_all(&self, permission: Permission) -> bool {
        let set = self.workspace.defaults.get(&permission).copied();
        set.filter(|_| permission.for_everyone() && self.plan().has_controls()).unwrap_or(permission.at_first())
    }

    /// Where a person has a permission from, or why not.
    pub fn holding(&self, member: &Member, permission: Permission) -> Holding {
        let auditor = permission == Permission::SeePayloads && self.plan().has_controls();
        if member.role.runs_workspace() && !auditor {
            return Holding::Runs(member.role);
        }
        let for_all = self.for_all(permission);
        let mut any = false;
        for role in self.roles_of(member) {
            any = true;
            match role.setting(permission) {
                Setting::On => return Holding::By(role.id.clone()),
                Setting::Default if for_all => return Holding::Everyone,
                Setting::Default | Setting::Off => {}
            }
        }
        match (any, for_all) {
            _ if auditor => Holding::NotAuditor,
            (true, _) => Holding::NoRole,
            (false, true) => Holding::Everyone,
            (false, false) => Holding::Nobody,
        }
    }

    /// Whether a person has a permission.
    pub fn holds(&self, member: &Member, permission: Permission) -> bool {
        self.holding(member, permission).holds()
    }

    /// May make custom roles, hand them out, and set what everyone has. Only those who run the workspace: whoever could
    /// hand out roles could hand themselves every permission.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`], [`Why::NotInPlan`].
    pub fn may_manage_roles(&self, member: &Member) -> Result<(), Why> {
        if !self.plan().has_controls() {
            return Err(Why::NotInPlan { what: "custom roles", plan: self.plan().label });
        }
        member.role.runs_workspace().then_some(()).ok_or(Why::AdminsOnly("decide about roles"))
    }

    /// Makes a custom role, which gives what everyone has until something is set.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_roles`], [`Why::NoName`], [`Why::Taken`].
    pub fn add_role(&mut self, by: &MemberId, id: RoleId, name: &str) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        let name = visible_name(name)?;
        if self.roles.iter().any(|role| role.id == id || role.name == name) {
            return Err(Why::Taken(name));
        }
        self.roles.push(CustomRole { id, name, settings: BTreeMap::new() });
        Ok(())
    }

    /// Renames a custom role.
    ///
    /// # Errors
    /// As [`Rulebook::add_role`], [`Why::UnknownRole`].
    pub fn rename_role(&mut self, by: &MemberId, id: &RoleId, name: &str) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        let name = visible_name(name)?;
        if self.roles.iter().any(|role| role.id != *id && role.name == name) {
            return Err(Why::Taken(name));
        }
        self.role_mut(id)?.name = name;
        Ok(())
    }

    /// Sets what a custom role says about a permission.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_roles`], [`Why::UnknownRole`].
    pub fn set_role(
        &mut self,
        by: &MemberId,
        id: &RoleId,
        permission: Permission,
        setting: Setting,
    ) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        let role = self.role_mut(id)?;
        match setting {
            Setting::Default => role.settings.remove(&permission),
            set => role.settings.insert(permission, set),
        };
        Ok(())
    }

    /// Removes a custom role from the workspace, from people and from groups.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_roles`], [`Why::UnknownRole`].
    pub fn remove_role(&mut self, by: &MemberId, id: &RoleId) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        self.role_mut(id)?;
        self.roles.retain(|role| role.id != *id);
        self.members.iter_mut().for_each(|member| member.roles.retain(|role| role != id));
        self.groups.iter_mut().for_each(|group| {
            group.roles.remove(id);
        });
        self.workspace.developers.forget_role(id);
        self.connectors.iter_mut().for_each(|connector| connector.access.forget_role(id));
        Ok(())
    }

    /// Gives a custom role to a person, or takes it back.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_roles`], [`Why::UnknownRole`], [`Why::UnknownMember`].
    pub fn give_role(&mut self, by: &MemberId, to: &MemberId, role: &RoleId, give: bool) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        self.role_mut(role)?;
        let member = self.member_mut(to)?;
        member.roles.retain(|other| other != role);
        if give {
            member.roles.push(role.clone());
        }
        Ok(())
    }

    /// Gives a custom role to everyone in a group, or takes it back.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_roles`], [`Why::UnknownRole`], [`Why::UnknownGroup`].
    pub fn give_group_role(&mut self, by: &MemberId, group: &GroupId, role: &RoleId, give: bool) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        self.role_mut(role)?;
        let group = self.group_mut(group)?;
        if give {
            group.roles.insert(role.clone());
        } else {
            group.roles.remove(role);
        }
        Ok(())
    }

    /// Decides what every member has of a permission.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_roles`]; [`Why::NotForEveryone`] for one that reaches too far for that.
    pub fn set_default(&mut self, by: &MemberId, permission: Permission, on: bool) -> Result<(), Why> {
        self.may_manage_roles(self.member(by)?)?;
        if !permission.for_everyone() {
            return Err(Why::NotForEveryone(permission.label()));
        }
        self.workspace.defaults.insert(permission, on);
        Ok(())
    }

    fn role_mut(&mut self, id: &RoleId) -> Result<&mut CustomRole, Why> {
        self.roles.iter_mut().find(|role| &role.id == id).ok_or_else(|| Why::UnknownRole(id.clone()))
    }
}
