//! People, groups, roles, domains and requests. Each is a change of the rulebook, which asks first whether the person
//! may.

use policy::domains::Side;
use policy::roster::Row;
use policy::{
    Access, Confirm, ConnectorId, DomainUse, Drafts, GroupId, MemberId, NewMember, Pattern, Permission, Remember,
    RequestId, ResultReview, Role, RoleId, Rulebook, Setting, Wanted, Why,
};

use super::Workspace;
use crate::error::Error;
use crate::time::{new_id, now};

impl Workspace {
    /// Adds a person to the workspace, and gives their id.
    ///
    /// # Errors
    /// When the person may not, the name or the mail address cannot be used, or it cannot be kept.
    pub async fn add_member(
        &self,
        name: &str,
        email: &str,
        role: Role,
        groups: Vec<GroupId>,
    ) -> Result<MemberId, Error> {
        let id = MemberId::from(new_id("m"));
        let new = NewMember {
            id: id.clone(),
            name: name.to_owned(),
            email: Some(email.to_owned()),
            role,
            groups,
            roles: Vec::new(),
        };
        self.decide(|book, me| book.add_member(me, new)).await?;
        Ok(id)
    }

    /// Changes what a person is.
    ///
    /// # Errors
    /// When the person may not, nobody would own the workspace, or it cannot be kept.
    pub async fn set_member_role(&self, id: &MemberId, role: Role) -> Result<(), Error> {
        self.decide(|book, me| book.set_member_role(me, id, role)).await
    }

    /// Changes what a person is called and where they get mail.
    ///
    /// # Errors
    /// When the person may not, the name or the mail address cannot be used, or it cannot be kept.
    pub async fn rename_member(&self, id: &MemberId, name: &str, email: &str) -> Result<(), Error> {
        self.decide(|book, me| book.rename_member(me, id, name, Some(email))).await
    }

    /// Removes a person, with what becomes of their drafts.
    ///
    /// # Errors
    /// When the person may not, nobody would own the workspace, or it cannot be kept.
    pub async fn remove_member(&self, id: &MemberId, drafts: Drafts) -> Result<(), Error> {
        let before = self.rulebook();
        self.decide(|book, me| book.remove_member(me, id, drafts, now())).await?;
        self.drop_changed_links(&before);
        Ok(())
    }

    /// Takes a list of people over, whole or not at all; `remove` removes everyone who is not in it.
    ///
    /// # Errors
    /// When something of the list cannot be taken over, or it cannot be kept.
    pub async fn apply_roster(&self, rows: &[Row], remove: bool) -> Result<(), Error> {
        let before = self.rulebook();
        let fresh = || MemberId::from(new_id("m"));
        self.decide(|book, me| book.apply_roster(me, rows, remove, fresh, now())).await?;
        self.drop_changed_links(&before);
        Ok(())
    }

    /// Makes a group, and gives its id.
    ///
    /// # Errors
    /// When the person may not, the name cannot be used, or it cannot be kept.
    pub async fn add_group(&self, name: &str) -> Result<GroupId, Error> {
        let id = GroupId::from(new_id("g"));
        self.decide(|book, me| book.add_group(me, id.clone(), name)).await?;
        Ok(id)
    }

    /// Renames a group.
    ///
    /// # Errors
    /// When the person may not, the name cannot be used, or it cannot be kept.
    pub async fn rename_group(&self, id: &GroupId, name: &str) -> Result<(), Error> {
        self.decide(|book, me| book.rename_group(me, id, name)).await
    }

    /// Removes a group, and everything it gave.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn remove_group(&self, id: &GroupId) -> Result<(), Error> {
        self.decide(|book, me| book.remove_group(me, id)).await
    }

    /// Puts a person into a group, or takes them out.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_in_group(&self, group: &GroupId, who: &MemberId, inside: bool) -> Result<(), Error> {
        self.decide(|book, me| book.set_in_group(me, group, who, inside)).await
    }

    /// Makes a person a manager of a group, or no longer one.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_group_manager(&self, group: &GroupId, who: &MemberId, manages: bool) -> Result<(), Error> {
        self.decide(|book, me| book.set_group_manager(me, group, who, manages)).await
    }

    /// Makes a custom role, and gives its id.
    ///
    /// # Errors
    /// When the person may not, the name cannot be used, or it cannot be kept.
    pub async fn add_role(&self, name: &str) -> Result<RoleId, Error> {
        let id = RoleId::from(new_id("r"));
        self.decide(|book, me| book.add_role(me, id.clone(), name)).await?;
        Ok(id)
    }

    /// Renames a custom role.
    ///
    /// # Errors
    /// When the person may not, the name cannot be used, or it cannot be kept.
    pub async fn rename_role(&self, id: &RoleId, name: &str) -> Result<(), Error> {
        self.decide(|book, me| book.rename_role(me, id, name)).await
    }

    /// Sets what a custom role says about a permission.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_role(&self, id: &RoleId, permission: Permission, setting: Setting) -> Result<(), Error> {
        self.decide(|book, me| book.set_role(me, id, permission, setting)).await
    }

    /// Removes a custom role.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn remove_role(&self, id: &RoleId) -> Result<(), Error> {
        self.decide(|book, me| book.remove_role(me, id)).await
    }

    /// Gives a custom role to a person, or takes it back.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn give_role(&self, to: &MemberId, role: &RoleId, give: bool) -> Result<(), Error> {
        self.decide(|book, me| book.give_role(me, to, role, give)).await
    }

    /// Gives a custom role to everyone in a group, or takes it back.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn give_group_role(&self, to: &GroupId, role: &RoleId, give: bool) -> Result<(), Error> {
        self.decide(|book, me| book.give_group_role(me, to, role, give)).await
    }

    /// Decides what every member has of a permission.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_default(&self, permission: Permission, on: bool) -> Result<(), Error> {
        self.decide(|book, me| book.set_default(me, permission, on)).await
    }

    /// Opens or shuts gate 1 (S026).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_developer_gate(&self, open: bool) -> Result<(), Error> {
        self.decide(|book, me| book.set_developer_gate(me, open)).await
    }

    /// Decides who passes gate 1 besides admins and owners (S016).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_developers(&self, developers: Access) -> Result<(), Error> {
        self.decide(|book, me| book.set_developers(me, developers)).await
    }

    /// Decides who may use a connector (S070).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_access(&self, id: &ConnectorId, access: Access) -> Result<(), Error> {
        self.decide(|book, me| book.set_access(me, id, access, now())).await
    }

    /// Decides what the workspace asks for.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_confirm(&self, confirm: Confirm) -> Result<(), Error> {
        self.decide(|book, me| book.set_confirm(me, confirm)).await
    }

    /// Decides whether forms of servers that ask for a secret are refused (X80).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_refuse_secret_forms(&self, refuse: bool) -> Result<(), Error> {
        self.decide(|book, me| book.set_refuse_secret_forms(me, refuse)).await
    }

    /// Decides whose results somebody looks at before a model is told them (X54).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_result_review(&self, id: &ConnectorId, review: ResultReview) -> Result<(), Error> {
        self.decide(|book, me| book.set_result_review(me, id, review, now())).await
    }

    /// Decides whether the apps of a connector may ask for something of the device (X99).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_app_permission(&self, id: &ConnectorId, name: &str, on: bool) -> Result<(), Error> {
        self.decide(|book, me| book.set_app_permission(me, id, name, on, now())).await
    }

    /// Decides whether answers may be remembered.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_remember(&self, remember: Remember) -> Result<(), Error> {
        self.decide(|book, me| book.set_remember(me, remember)).await
    }

    /// Puts a pattern on a list of hosts.
    ///
    /// # Errors
    /// When the person may not, the text is no pattern, or it cannot be kept.
    pub async fn add_domain(&self, use_: DomainUse, side: Side, text: &str) -> Result<(), Error> {
        self.decide(|book, me| book.add_domain(me, use_, side, text)).await
    }

    /// Takes a pattern off a list of hosts.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn remove_domain(&self, use_: DomainUse, side: Side, pattern: &Pattern) -> Result<(), Error> {
        self.decide(|book, me| book.remove_domain(me, use_, side, pattern)).await
    }

    /// Asks the admins for something. An address is read as that of a connector is, and nothing is contacted.
    ///
    /// # Errors
    /// When the person may not ask, has it already, the address cannot be one, or it cannot be kept.
    pub async fn ask_for(&self, wanted: Wanted, reason: &str) -> Result<(), Error> {
        let wanted = match wanted {
            Wanted::Connector(typed) => {
                Wanted::Connector(self.check_address(&typed).map_err(super::connectors::address_error)?.url)
            }
            other => other,
        };
        let id = RequestId::from(new_id("q"));
        self.decide(|book, me| book.ask_for(me, id, wanted, reason, now())).await
    }

    /// Takes a request of one's own back, or clears a decided one away.
    ///
    /// # Errors
    /// When it is not theirs or gone, or it cannot be kept.
    pub async fn withdraw(&self, id: &RequestId) -> Result<(), Error> {
        self.decide(|book, me| book.withdraw(me, id)).await
    }

    /// Approves a request.
    ///
    /// # Errors
    /// When the person may not, it is decided already, or it cannot be kept.
    pub async fn approve(&self, id: &RequestId) -> Result<(), Error> {
        self.decide(|book, me| book.approve(me, id, now())).await
    }

    /// Declines a request, with a reason for the person who asked.
    ///
    /// # Errors
    /// When the person may not, it is decided already, or it cannot be kept.
    pub async fn decline(&self, id: &RequestId, reason: &str) -> Result<(), Error> {
        self.decide(|book, me| book.decline(me, id, reason, now())).await
    }

    /// Changes the rulebook as the person at the browser.
    async fn decide<T>(&self, change: impl FnOnce(&mut Rulebook, &MemberId) -> Result<T, Why>) -> Result<T, Error> {
        let me = self.me();
        self.change_rules(|book| change(book, &me)).await
    }
}
