//! Changes to people and groups. Each asks first whether the person may, and changes nothing when they may not.
//!
//! Who does not run the workspace never gives what they do not have: *Add and remove members* reaches plain members
//! without custom roles, and a group's manager decides about who is in the group and about nothing else.

use crate::{
    Access, Connector, Group, GroupId, Member, MemberId, Millis, Permission, Role, RoleId, Rulebook, Stage, Why,
    lifecycle::visible_name,
};
use std::collections::BTreeSet;

/// A person to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    /// Their id, new to the workspace.
    pub id: MemberId,
    /// The name to show.
    pub name: String,
    /// The mail address, when it is known.
    pub email: Option<String>,
    /// What they are.
    pub role: Role,
    /// The groups they are in.
    pub groups: Vec<GroupId>,
    /// The custom roles they have.
    pub roles: Vec<RoleId>,
}

/// What becomes of the drafts of somebody who is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drafts {
    /// They are archived: kept for the record, and nothing of them runs.
    Archive,
    /// They become drafts of the person who removes their maker.
    TakeOver,
}

impl Rulebook {
    /// May see the list of people, with their mail addresses and what each of them may do: whoever manages people or a
    /// group of them. Others learn the names of those whom they can ask, and nothing more.
    ///
    /// # Errors
    /// [`Why::NotInPlan`] where a workspace is one person, [`Why::AdminsOnly`].
    pub fn may_see_members(&self, member: &Member) -> Result<(), Why> {
        self.has_members()?;
        let manages = self.holds(member, Permission::ManageMembers)
            || self.groups.iter().any(|group| self.may_fill_group(member, group).is_ok());
        manages.then_some(()).ok_or(Why::AdminsOnly("see the list of members"))
    }

    /// May add and remove plain members.
    ///
    /// # Errors
    /// [`Why::NotInPlan`], [`Why::AdminsOnly`].
    pub fn may_manage_members(&self, member: &Member) -> Result<(), Why> {
        self.has_members()?;
        self.holds(member, Permission::ManageMembers).then_some(()).ok_or(Why::AdminsOnly("add and remove members"))
    }

    /// May change or remove a certain person. Only owners decide about owners.
    ///
    /// # Errors
    /// Why not.
    pub fn may_change_member(&self, member: &Member, other: &Member) -> Result<(), Why> {
        self.may_manage_members(member)?;
        if other.role == Role::Owner && member.role != Role::Owner {
            return Err(Why::OwnersOnly("decide about an owner"));
        }
        let plain = other.role == Role::Member && self.roles_of(other).next().is_none();
        if !member.role.runs_workspace() && !plain {
            return Err(Why::AdminsOnly("change a person who is more than a plain member"));
        }
        Ok(())
    }

    /// May look at the workspace as another person sees it. Nothing is done as them.
    ///
    /// # Errors
    /// [`Why::OwnersOnly`], [`Why::NotInPlan`].
    pub fn may_view_as(&self, member: &Member, _other: &Member) -> Result<(), Why> {
        self.has_members()?;
        (member.role == Role::Owner).then_some(()).ok_or(Why::OwnersOnly("look at the workspace as somebody else"))
    }

    /// May make groups, and decide about their managers and roles.
    ///
    /// # Errors
    /// [`Why::NotInPlan`], [`Why::AdminsOnly`].
    pub fn may_manage_groups(&self, member: &Member) -> Result<(), Why> {
        if !self.plan().has_controls() {
            return Err(Why::NotInPlan { what: "groups", plan: self.plan().label });
        }
        member.role.runs_workspace().then_some(()).ok_or(Why::AdminsOnly("decide about groups"))
    }

    /// May put people into a group and take them out: its managers, and whoever may manage groups.
    ///
    /// # Errors
    /// [`Why::NotInPlan`], [`Why::ManagersOnly`].
    pub fn may_fill_group(&self, member: &Member, group: &Group) -> Result<(), Why> {
        match self.may_manage_groups(member) {
            Err(Why::AdminsOnly(_)) if group.managers.contains(&member.id) => Ok(()),
            Err(Why::AdminsOnly(_)) => Err(Why::ManagersOnly(group.name.clone())),
            other => other,
        }
    }

    /// Adds a person. Their developer mode is off, whatever they are (S038).
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_members`]; only admins add people who are more than plain members, and only owners add
    /// owners; a name is needed, and id and mail address are new.
    pub fn add_member(&mut self, by: &MemberId, new: NewMember) -> Result<(), Why> {
        let me = self.member(by)?;
        self.may_manage_members(me)?;
        let plain = new.role == Role::Member && new.groups.is_empty() && new.roles.is_empty();
        if !me.role.runs_workspace() && !plain {
            return Err(Why::AdminsOnly("add a person who is more than a plain member"));
        }
        if new.role == Role::Owner && me.role != Role::Owner {
            return Err(Why::OwnersOnly("add an owner"));
        }
        let name = visible_name(&new.name)?;
        let email = self.free_email(new.email.as_deref(), None)?;
        if self.member(&new.id).is_ok() {
            return Err(Why::Taken(new.id.to_string()));
        }
        self.known_groups(&new.groups)?;
        if let Some(missing) = new.roles.iter().find(|role| self.role(role).is_none()) {
            return Err(Why::UnknownRole(missing.clone()));
        }
        self.members.push(Member {
            id: new.id,
            name,
            email,
            role: new.role,
            groups: new.groups,
            roles: new.roles,
            developer: Default::default(),
        });
        Ok(())
    }

    /// Changes what a person is. The last owner stays one.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`], [`Why::OwnersOnly`], [`Why::LastOwner`], [`Why::UnknownMember`].
    pub fn set_member_role(&mut self, by: &MemberId, id: &MemberId, role: Role) -> Result<(), Why> {
        let (me, other) = (self.member(by)?, self.member(id)?);
        self.may_change_member(me, other)?;
        if !me.role.runs_workspace() {
            return Err(Why::AdminsOnly("decide about roles"));
        }
        if role == Role::Owner && me.role != Role::Owner {
            return Err(Why::OwnersOnly("make somebody an owner"));
        }
        if role != Role::Owner {
            self.other_owner(other)?;
        }
        self.member_mut(id)?.role = role;
        Ok(())
    }

    /// Changes what a person is called and where they get mail.
    ///
    /// # Errors
    /// As [`Rulebook::may_change_member`]; also [`Why::NoName`], [`Why::Email`], [`Why::Taken`].
    pub fn rename_member(&mut self, by: &MemberId, id: &MemberId, name: &str, email: Option<&str>) -> Result<(), Why> {
        self.may_change_member(self.member(by)?, self.member(id)?)?;
        let name = visible_name(name)?;
        let email = self.free_email(email, Some(id))?;
        let member = self.member_mut(id)?;
        (member.name, member.email) = (name, email);
        Ok(())
    }

    /// Removes a person, their remembered answers, requests, and their places in groups and access lists. Drafts are
    /// archived or taken over by the person who removes them; what they published stays, and belongs to that person.
    ///
    /// # Errors
    /// As [`Rulebook::may_change_member`]; also [`Why::LastOwner`], and taking over drafts needs developer mode.
    pub fn remove_member(&mut self, by: &MemberId, id: &MemberId, drafts: Drafts, now: Millis) -> Result<(), Why> {
        let (me, other) = (self.member(by)?, self.member(id)?);
        self.may_change_member(me, other)?;
        self.other_owner(other)?;
        let of_theirs = |connector: &&Connector| connector.owner == *id && connector.stage == Stage::Draft;
        if drafts == Drafts::TakeOver && self.connectors.iter().any(|connector| of_theirs(&connector)) {
            self.developer_mode(me)?;
        }
        for connector in self.connectors.iter_mut().filter(|connector| connector.owner == *id) {
            if connector.stage == Stage::Draft && drafts == Drafts::Archive {
                connector.stage = Stage::Archived;
            }
            connector.owner = by.clone();
            connector.updated_at = now;
        }
        self.members.retain(|member| member.id != *id);
        self.grants.retain(|grant| grant.member != *id);
        self.accounts.retain(|account| account.member != *id);
        self.requests.retain(|request| request.by != *id);
        self.groups.iter_mut().for_each(|group| {
            group.managers.remove(id);
        });
        self.each_access(|access| access.forget_member(id));
        self.connectors.iter_mut().for_each(|connector| connector.review.forget_member(id));
        Ok(())
    }

    /// Makes a group.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_groups`]; also [`Why::NoName`], [`Why::Taken`].
    pub fn add_group(&mut self, by: &MemberId, id: GroupId, name: &str) -> Result<(), Why> {
        self.may_manage_groups(self.member(by)?)?;
        let name = visible_name(name)?;
        if self.groups.iter().any(|group| group.id == id || group.name == name) {
            return Err(Why::Taken(name));
        }
        self.groups.push(Group::new(id, name));
        Ok(())
    }

    /// Renames a group.
    ///
    /// # Errors
    /// As [`Rulebook::add_group`]; also [`Why::UnknownGroup`].
    pub fn rename_group(&mut self, by: &MemberId, id: &GroupId, name: &str) -> Result<(), Why> {
        self.may_manage_groups(self.member(by)?)?;
        let name = visible_name(name)?;
        if self.groups.iter().any(|group| group.id != *id && group.name == name) {
            return Err(Why::Taken(name));
        }
        self.group_mut(id)?.name = name;
        Ok(())
    }

    /// Removes a group. Whoever had access or developer mode by it alone has it no more.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_groups`]; also [`Why::UnknownGroup`].
    pub fn remove_group(&mut self, by: &MemberId, id: &GroupId) -> Result<(), Why> {
        self.may_manage_groups(self.member(by)?)?;
        self.group_mut(id)?;
        self.groups.retain(|group| group.id != *id);
        self.members.iter_mut().for_each(|member| member.groups.retain(|group| group != id));
        self.each_access(|access| access.forget_group(id));
        Ok(())
    }

    /// Makes a person a manager of a group, or no longer one.
    ///
    /// # Errors
    /// As [`Rulebook::may_manage_groups`]; also [`Why::UnknownGroup`], [`Why::UnknownMember`].
    pub fn set_group_manager(&mut self, by: &MemberId, id: &GroupId, who: &MemberId, manages: bool) -> Result<(), Why> {
        self.may_manage_groups(self.member(by)?)?;
        self.member(who)?;
        let group = self.group_mut(id)?;
        if manages {
            group.managers.insert(who.clone());
        } else {
            group.managers.remove(who);
        }
        Ok(())
    }

    /// Puts a person into a group, or takes them out.
    ///
    /// # Errors
    /// As [`Rulebook::may_fill_group`]; also [`Why::UnknownGroup`], [`Why::UnknownMember`].
    pub fn set_in_group(&mut self, by: &MemberId, id: &GroupId, who: &MemberId, inside: bool) -> Result<(), Why> {
        let group = self.group(id).ok_or_else(|| Why::UnknownGroup(id.clone()))?;
        self.may_fill_group(self.member(by)?, group)?;
        let member = self.member_mut(who)?;
        member.groups.retain(|group| group != id);
        if inside {
            member.groups.push(id.clone());
        }
        Ok(())
    }

    /// The people of a group, in the order of the workspace.
    pub fn people_of<'a>(&'a self, id: &'a GroupId) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |member| member.groups.contains(id))
    }

    pub(crate) fn member_mut(&mut self, id: &MemberId) -> Result<&mut Member, Why> {
        self.members.iter_mut().find(|member| &member.id == id).ok_or_else(|| Why::UnknownMember(id.clone()))
    }

    pub(crate) fn group_mut(&mut self, id: &GroupId) -> Result<&mut Group, Why> {
        self.groups.iter_mut().find(|group| &group.id == id).ok_or_else(|| Why::UnknownGroup(id.clone()))
    }

    /// Somebody else owns the workspace too, or this person does not.
    fn other_owner(&self, member: &Member) -> Result<(), Why> {
        let others = self.members.iter().any(|other| other.role == Role::Owner && other.id != member.id);
        (member.role != Role::Owner || others).then_some(()).ok_or(Why::LastOwner)
    }

    fn has_members(&self) -> Result<(), Why> {
        match self.plan().publishing {
            Some(_) => Ok(()),
            None => Err(Why::NotInPlan { what: "other people", plan: self.plan().label }),
        }
    }

    fn known_groups(&self, groups: &[GroupId]) -> Result<(), Why> {
        match groups.iter().find(|group| self.group(group).is_none()) {
            Some(missing) => Err(Why::UnknownGroup(missing.clone())),
            None => Ok(()),
        }
    }

    /// A mail address as typed, which nobody else has.
    fn free_email(&self, email: Option<&str>, of: Option<&MemberId>) -> Result<Option<String>, Why> {
        let Some(email) = email.map(str::trim).filter(|email| !email.is_empty()) else { return Ok(None) };
        if !is_email(email) {
            return Err(Why::Email(email.to_owned()));
        }
        let same = |other: &Member| other.email.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(email));
        if self.members.iter().any(|member| Some(&member.id) != of && same(member)) {
            return Err(Why::Taken(email.to_owned()));
        }
        Ok(Some(email.to_owned()))
    }

    fn each_access(&mut self, change: impl Fn(&mut Access)) {
        for connector in &mut self.connectors {
            change(&mut connector.access);
            // Going back to an earlier version brings nobody back.
            connector.review.versions.iter_mut().for_each(|version| change(&mut version.settings.access));
        }
        change(&mut self.workspace.developers);
    }
}

/// Whether a text has the shape of a mail address. Whether it exists only a mail can tell.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    plain(name) && plain(host) && !text.chars().any(crate::text::is_hidden) && text.len() <= 254
}

impl Access {
    /// Adds a person. Where nobody had access, now they alone have.
    pub fn add_member(&mut self, id: &MemberId) {
        match self {
            Access::Everyone => {}
            Access::Nobody => {
                let members = BTreeSet::from([id.clone()]);
                *self =
                    Access::Only { members, groups: BTreeSet::new(), roles: BTreeSet::new(), custom: BTreeSet::new() };
            }
            Access::Only { members, .. } => {
                members.insert(id.clone());
            }
        }
    }

    fn forget_member(&mut self, id: &MemberId) {
        if let Access::Only { members, .. } = self {
            members.remove(id);
        }
    }

    fn forget_group(&mut self, id: &GroupId) {
        if let Access::Only { groups, .. } = self {
            groups.remove(id);
        }
    }

    pub(crate) fn forget_role(&mut self, id: &RoleId) {
        if let Access::Only { custom, .. } = self {
            custom.remove(id);
        }
    }
}

#[cfg(test)]
mod tests;
