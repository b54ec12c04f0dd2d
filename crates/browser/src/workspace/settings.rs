//! Settings of the person and of the workspace. Each is a change of the rulebook, which asks first whether they may.

use policy::{Profile, Rulebook, Why};

use super::Workspace;
use crate::error::Error;
use crate::time::now;

impl Workspace {
    /// Turns the person's developer mode on or off (S031). Off hides their drafts from the chat and keeps them.
    ///
    /// # Errors
    /// When the workspace has not given it to them, or it cannot be kept.
    pub async fn set_developer_mode(&self, on: bool) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_developer_mode(&me, on, now())).await?;
        if !on {
            self.forget_revisions().await;
        }
        Ok(())
    }

    /// Allows or forbids servers on this machine and its network (S119).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_allow_loopback(&self, on: bool) -> Result<(), Error> {
        let me = self.me();
        self.allow_loopback_by_person();
        self.change_rules(|book| book.set_allow_loopback(&me, on)).await
    }

    /// Changes the plan.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_profile(&self, profile: Profile) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_profile(&me, profile)).await
    }

    /// Starts or ends lockdown: no call runs while it is on.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_lockdown(&self, on: bool) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_lockdown(&me, on)).await
    }

    /// Decides whether every point of the checklist needs a tick and evidence before something is published (S096).
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_checklist(&self, needed: bool) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_checklist(&me, needed)).await
    }

    /// Has requests to an origin go through a proxy, or directly again with none (wires.md D).
    ///
    /// # Errors
    /// When the person may not, the entry cannot be used, or it cannot be kept.
    pub async fn set_proxy(&self, origin: &str, through: Option<&str>) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_proxy(&me, origin, through)).await
    }

    /// The proxy that requests to an address go through, if any.
    pub fn proxy_of(&self, address: &str) -> Option<String> {
        self.0.fetcher.proxy_of(address)
    }

    /// Renames the workspace.
    ///
    /// # Errors
    /// When the person may not, the name is empty, or it cannot be kept.
    pub async fn rename_workspace(&self, name: &str) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.rename_workspace(&me, name)).await
    }

    /// Changes the name the person is shown under.
    ///
    /// # Errors
    /// When the name is empty, or it cannot be kept.
    pub async fn rename_me(&self, name: &str) -> Result<(), Error> {
        let me = self.me();
        let name = name.trim().to_owned();
        self.change_rules(|book: &mut Rulebook| {
            if !name.chars().any(|c| !c.is_whitespace() && !policy::text::is_hidden(c)) {
                return Err(Why::NoName);
            }
            let member = book.members.iter_mut().find(|member| member.id == me);
            member.ok_or(Why::UnknownMember(me.clone()))?.name = name;
            Ok(())
        })
        .await
    }
}
