//! All that decisions depend on, and every *may I* question.
//!
//! Each question answers `Ok` or a [`Why`] that says what to do next, so that no screen shows a dead end
//! (screens.md e.0). A static site cannot enforce this against the person who runs the browser; it is a guard-rail and
//! a review workflow, and the page says so (behaviour.md section 0).

use crate::{
    Access, Account, Action, Confirm, Connector, ConnectorId, CustomRole, Developer, DomainUse, Domains, Grant, Group,
    GroupId, Member, MemberId, Millis, Permission, Profile, ProfileRules, Provider, Reach, RecordSettings, Remember,
    Request, RequestId, Role, RoleId, Stage, Subject, cause, domains::PatternError,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of a workspace until somebody gives it another one.
pub const FIRST_WORKSPACE: &str = "My workspace";

/// The settings of a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceSettings {
    /// The name to show.
    pub name: String,
    /// The plan.
    pub profile: Profile,
    /// Gate 1: *Developer mode / Create custom MCP connectors* (S025, S026). It switches nobody on (C2).
    pub developer_gate: bool,
    /// Who passes gate 1 besides admins and owners. Counts only in plans that delegate (S016, S029).
    #[serde(default)]
    pub developers: Access,
    /// Stops every call to every connector until it is off again.
    #[serde(default)]
    pub lockdown: bool,
    /// Servers on this machine and its private network may be connected (S119, X04).
    #[serde(default)]
    pub allow_loopback: bool,
    /// Where requests to an origin go instead, for servers that do not let web pages in: `https://mcp.example.com` to a
    /// path of this site, or to an address over `https:`. Empty by default. A proxy sees all that goes through it,
    /// tokens too, so whatever uses one says so. A server's identity, its `resource` and its tokens stay those of its
    /// own address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub proxies: BTreeMap<String, String>,
    /// What to ask for, everywhere.
    #[serde(default)]
    pub confirm: Confirm,
    /// Whether answers may be remembered.
    #[serde(default)]
    pub remember: Remember,
    /// What is kept of calls, and who may read it.
    #[serde(default, skip_serializing_if = "RecordSettings::is_default")]
    pub record: RecordSettings,
    /// Whether every point of the checklist has to be ticked before publishing (S096).
    #[serde(default = "yes")]
    pub checklist: bool,
    /// What every member has of a permission, where somebody decided about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<Permission, bool>,
    /// A form of a server that asks for a password or a key is refused, and nobody is asked (X80).
    #[serde(default, skip_serializing_if = "no")]
    pub refuse_secret_forms: bool,
    /// Nobody adds a server, and drafts do not run: what was published is all there is (X131). Signed settings say so, or
    /// the page that shows the workspace does for its visitors; nobody switches it here.
    #[serde(default, skip_serializing_if = "no")]
    pub only_published: bool,
    /// The hosts that the workspace deals with.
    #[serde(default, skip_serializing_if = "Domains::is_empty")]
    pub domains: Domains,
}

fn yes() -> bool {
    true
}

fn no(what: &bool) -> bool {
    !what
}

/// All that decisions depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rulebook {
    /// The workspace's settings.
    pub workspace: WorkspaceSettings,
    /// The people.
    pub members: Vec<Member>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// The custom roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<CustomRole>,
    /// What members asked the admins for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// The connectors, in every stage.
    #[serde(default)]
    pub connectors: Vec<Connector>,
    /// The remembered answers.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// What people decided about their accounts at connectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Account>,
}

/// Why something is not allowed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Why {
    /// The person is not in this workspace.
    #[error("`{0}` is not a member of this workspace; ask an admin to be added")]
    UnknownMember(MemberId),
    /// There is no such connector.
    #[error("there is no connector `{0}` in this workspace")]
    UnknownConnector(ConnectorId),
    /// The id is taken.
    #[error("there is a connector `{0}` already")]
    Exists(ConnectorId),
    /// There is no such action in the approved snapshot.
    #[error("this connector has no action `{0}`; refresh the connector if its server has it")]
    UnknownAction(String),
    /// The plan does not have this at all.
    #[error("the plan {plan} does not include {what}")]
    NotInPlan {
        /// What is missing, such as `publishing`.
        what: &'static str,
        /// The plan's name as shown.
        plan: &'static str,
    },
    /// Only admins and owners may.
    #[error("only admins and owners may {0}; ask one of them")]
    AdminsOnly(&'static str),
    /// The person does not pass gate 1.
    #[error("your workspace has not given you developer mode; ask an admin or owner")]
    DeveloperNotGranted,
    /// Nobody adds servers here (X131).
    #[error("servers of your own cannot be used on this site; ask whoever runs it to have one published")]
    OnlyPublished,
    /// The person passes gate 1 but has gate 2 off.
    #[error("developer mode is off for you; turn it on in Settings, Advanced")]
    DeveloperOff,
    /// A draft, or on this plan a connector, of someone else.
    #[error("this connector belongs to someone else and is not shared; ask an admin to publish it")]
    NotYours,
    /// Not among those who have access.
    #[error("you are not among the people who may use this connector; ask an admin for access")]
    NoAccess,
    /// The stage of its life does not allow this.
    #[error("this connector is {}, so you cannot {what}", stage.label().to_lowercase())]
    WrongStage {
        /// The stage it is in.
        stage: Stage,
        /// What was wanted.
        what: &'static str,
    },
    /// Nothing was ever approved.
    #[error("the actions of this connector were never read; scan it first")]
    NeverScanned,
    /// This plan publishes all actions or none.
    #[error(
        "the plan {plan} publishes all actions of a connector or none; switch on the {off} that are off, or recreate it without them"
    )]
    AllOrNothing {
        /// The plan's name as shown.
        plan: &'static str,
        /// How many actions are off.
        off: usize,
    },
    /// This plan does not change what is published (S067).
    #[error("the plan {0} does not change published connectors; recreate it as a new draft and publish that")]
    Frozen(&'static str),
    /// Refreshing needs the person's own connection (S082).
    #[error("connect your own account to this connector first; refreshing reads the list through it")]
    ConnectFirst,
    /// A part of the product cannot be changed this way.
    #[error("this connector is part of the product, so you cannot {0}")]
    BuiltIn(&'static str),
    /// Servers on this machine are off (S119).
    #[error("this server is on your machine or private network; turn on Settings, Advanced, Servers on this machine")]
    LocalServers,
    /// A class may be lowered only by an admin (X37).
    #[error("only admins and owners may set a milder class than the server's definition suggests; ask one of them")]
    LoweringClass,
    /// An entry of the proxies cannot be used.
    #[error("the proxy {0}")]
    Proxy(&'static str),
    /// The account is gone, or someone else's.
    #[error("there is no such account of yours at this connector; it may have been removed")]
    NoAccount,
    /// The remembered answer is gone, or someone else's.
    #[error("there is no such approval of yours; it may have ended already")]
    NoGrant,
    /// A rule on arguments cannot be kept.
    #[error("the rule {0}")]
    Rule(String),
    /// The connector is paused.
    #[error("paused by {name} on {date}: {reason}")]
    Paused {
        /// Who paused it.
        name: String,
        /// On which day, as it is written in a sentence.
        date: String,
        /// Why, in their words.
        reason: String,
    },
    /// It cannot be published, accepted or rolled back as it is; what is wrong and what to do.
    #[error("{0}")]
    NotReady(String),
    /// There is no such group.
    #[error("there is no group `{0}` in this workspace")]
    UnknownGroup(GroupId),
    /// There is no such custom role.
    #[error("there is no role `{0}` in this workspace")]
    UnknownRole(RoleId),
    /// There is no such request, or it was decided.
    #[error("there is no open request `{0}`; it may have been decided or taken back")]
    UnknownRequest(RequestId),
    /// Another one has the name, id or mail address.
    #[error("`{0}` is taken; choose another")]
    Taken(String),
    /// It has not the shape of a mail address.
    #[error("`{0}` is no mail address; it should look like `name@example.com`")]
    Email(String),
    /// A workspace has an owner.
    #[error("a workspace needs an owner; make somebody else an owner first")]
    LastOwner,
    /// Only owners may.
    #[error("only owners may {0}; ask one of them")]
    OwnersOnly(&'static str),
    /// Only the managers of a group and admins may.
    #[error("only admins and the managers of the group `{0}` may change who is in it; ask one of them")]
    ManagersOnly(String),
    /// No role of the person allows it.
    #[error("{}", cause::not_permitted(.0))]
    NotPermitted(&'static str),
    /// A permission that is for people who were chosen.
    #[error("`{0}` cannot be given to everyone; give it with a role")]
    NotForEveryone(&'static str),
    /// The person has what they ask for.
    #[error("you have this already; nothing needs to be asked")]
    NotNeeded,
    /// The same is asked for already, or too much is.
    #[error("you have asked for this already; wait for an answer or take a request back")]
    AskedAlready,
    /// A host that the workspace does not deal with (X131).
    #[error("`{0}` is not on your workspace's list; ask an admin to allow it")]
    Domain(String),
    /// A text that is no host or pattern.
    #[error("{0}")]
    Pattern(PatternError),
    /// A list of people that cannot be taken over.
    #[error("the list cannot be taken over: {0}")]
    Roster(String),
    /// The name of the product, or of a part of it (X26).
    #[error("`{0}` is the name of a part of this product; choose another")]
    Reserved(String),
    /// A name is needed.
    #[error("a name needs at least one visible character; type one")]
    NoName,
}

impl Rulebook {
    /// The workspace on a fresh machine: *My workspace*, plan Enterprise, the person at the browser is its owner,
    /// gate 1 open and gate 2 off (house.md, *The embedded workspace*).
    pub fn first_run(member_name: &str, _now: Millis) -> Self {
        Self {
            workspace: WorkspaceSettings {
                name: FIRST_WORKSPACE.to_owned(),
                profile: Profile::Enterprise,
                developer_gate: true,
                developers: Access::Nobody,
                lockdown: false,
                allow_loopback: false,
                proxies: BTreeMap::new(),
                confirm: Confirm::default(),
                remember: Remember::default(),
                record: RecordSettings::default(),
                checklist: true,
                defaults: BTreeMap::new(),
                refuse_secret_forms: false,
                only_published: false,
                domains: Domains::default(),
            },
            members: vec![Member {
                id: MemberId::from("me"),
                name: member_name.to_owned(),
                email: None,
                role: Role::Owner,
                groups: Vec::new(),
                roles: Vec::new(),
                developer: Developer::default(),
            }],
            groups: Vec::new(),
            roles: Vec::new(),
            requests: Vec::new(),
            connectors: Vec::new(),
            grants: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// What the workspace's plan allows.
    pub fn plan(&self) -> &'static ProfileRules {
        self.workspace.profile.rules()
    }

    /// The member of that id.
    ///
    /// # Errors
    /// [`Why::UnknownMember`].
    pub fn member(&self, id: &MemberId) -> Result<&Member, Why> {
        self.members.iter().find(|member| &member.id == id).ok_or_else(|| Why::UnknownMember(id.clone()))
    }

    /// The group of that id.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.iter().find(|group| &group.id == id)
    }

    /// The connector of that id.
    ///
    /// # Errors
    /// [`Why::UnknownConnector`].
    pub fn connector(&self, id: &ConnectorId) -> Result<&Connector, Why> {
        self.connectors.iter().find(|connector| &connector.id == id).ok_or_else(|| Why::UnknownConnector(id.clone()))
    }

    /// The people who run the workspace, to be named where someone has to ask them.
    pub fn admins(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.role.runs_workspace())
    }

    /// May open and shut gate 1, the workspace's developer-mode switch (S014).
    ///
    /// # Errors
    /// The plan has no gate 1, or the member is no admin.
    pub fn may_open_gate(&self, member: &Member) -> Result<(), Why> {
        if self.plan().gate.is_none() {
            return Err(self.not_in_plan("a developer-mode switch for the workspace"));
        }
        admin(member, "open developer mode for the workspace")
    }

    /// May let people who are not admins through gate 1 (S007, S016, S029).
    ///
    /// # Errors
    /// The plan has no delegation, or the member is no admin.
    pub fn may_grant_developer(&self, member: &Member) -> Result<(), Why> {
        if !self.plan().delegates() {
            return Err(self.not_in_plan("developer mode for single members"));
        }
        admin(member, "give developer mode to others")
    }

    /// Passes gate 1, so may flip their own developer-mode switch (S025, S037).
    ///
    /// # Errors
    /// [`Why::OnlyPublished`] where nobody may, [`Why::DeveloperNotGranted`].
    pub fn may_toggle_developer(&self, member: &Member) -> Result<(), Why> {
        if self.workspace.only_published {
            return Err(Why::OnlyPublished);
        }
        let passes = match self.plan().gate {
            None => true,
            Some(_) if !self.workspace.developer_gate => false,
            Some(_) if member.role.runs_workspace() => true,
            Some(gate) if gate.delegation => {
                self.workspace.developers.includes(member, self) || self.holds(member, Permission::CreateConnectors)
            }
            Some(_) => false,
        };
        passes.then_some(()).ok_or(Why::DeveloperNotGranted)
    }

    /// Is in developer mode: passes gate 1 and has gate 2 on (C1).
    ///
    /// # Errors
    /// Which of the two gates is shut.
    pub fn developer_mode(&self, member: &Member) -> Result<(), Why> {
        self.may_toggle_developer(member)?;
        member.developer.on.then_some(()).ok_or(Why::DeveloperOff)
    }

    /// May create a draft (S040).
    ///
    /// # Errors
    /// Which of the two gates is shut.
    pub fn may_create_draft(&self, member: &Member) -> Result<(), Why> {
        self.developer_mode(member)
    }

    /// May know of a connector: the maker of a draft while they pass gate 1, admins every draft, and what is published
    /// whoever may use it.
    ///
    /// # Errors
    /// Why it is not shown.
    pub fn may_see(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        let own = connector.owner == member.id && self.may_toggle_developer(member).is_ok();
        let shared = self.plan().publishing.is_some();
        let looks_after = match connector.stage {
            Stage::Draft => self.holds(member, Permission::SeeDrafts),
            Stage::Published | Stage::Archived => {
                [Permission::ControlActions, Permission::ManageAccess].into_iter().any(|one| self.holds(member, one))
            }
        };
        if own || (shared && looks_after) {
            return Ok(());
        }
        match connector.stage {
            Stage::Draft | Stage::Archived => Err(Why::NotYours),
            Stage::Published => self.may_reach(connector, member),
        }
    }

    /// May use a connector in a conversation: everything in [`Subject::TO_USE`] holds. What single actions of it may do
    /// is decided by the gate.
    ///
    /// # Errors
    /// Why not: the first that does not hold.
    pub fn may_use(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        Subject::TO_USE.into_iter().try_for_each(|subject| self.holds_for(subject, connector, member))
    }

    /// Whether one of the things holds that using a connector depends on. [`crate::explain`] asks the same, one by one.
    ///
    /// # Errors
    /// Why it does not.
    pub(crate) fn holds_for(&self, subject: Subject, connector: &Connector, member: &Member) -> Result<(), Why> {
        match subject {
            Subject::Stage if connector.stage == Stage::Archived => {
                Err(Why::WrongStage { stage: connector.stage, what: "use it" })
            }
            Subject::Stage if let Some(pause) = &connector.review.pause => Err(pause.why()),
            Subject::Access => match connector.stage {
                Stage::Draft => (connector.owner == member.id).then_some(()).ok_or(Why::NotYours),
                Stage::Published => self.reaches(connector, member),
                Stage::Archived => Ok(()),
            },
            Subject::Role if self.is_shared(connector) && !self.holds(member, Permission::UseConnectors) => {
                Err(Why::NotPermitted("use connectors"))
            }
            Subject::Gate if self.needs_developer(connector) => self.may_toggle_developer(member),
            Subject::Switch if self.needs_developer(connector) => {
                member.developer.on.then_some(()).ok_or(Why::DeveloperOff)
            }
            Subject::Domain if connector.reach == Reach::Local && !self.workspace.allow_loopback => {
                Err(Why::LocalServers)
            }
            Subject::Domain if connector.reach != Reach::InPage => {
                self.may_reach_host(DomainUse::Servers, &connector.host)
            }
            Subject::Scan if connector.snapshot.is_none() => Err(Why::NeverScanned),
            _ => Ok(()),
        }
    }

    /// Whether developer mode is needed to use a connector: for drafts, and for one's own on a plan that publishes
    /// nothing (S126).
    pub(crate) fn needs_developer(&self, connector: &Connector) -> bool {
        let own_only = self.plan().publishing.is_none() && connector.provider == Provider::Custom;
        connector.stage == Stage::Draft || (connector.stage == Stage::Published && own_only)
    }

    /// Whether a connector was published for others and is no part of the product.
    fn is_shared(&self, connector: &Connector) -> bool {
        connector.stage == Stage::Published
            && connector.provider == Provider::Custom
            && self.plan().publishing.is_some()
    }

    /// May publish a draft for the workspace (S015, S061).
    ///
    /// # Errors
    /// Why not.
    pub fn may_publish(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        if self.plan().publishing.is_none() {
            return Err(self.not_in_plan("publishing"));
        }
        self.holds(member, Permission::Publish).then_some(()).ok_or(Why::AdminsOnly("publish"))?;
        self.publishable(connector)
    }

    /// Whether a connector could be published by somebody who may.
    ///
    /// # Errors
    /// Why not.
    pub fn publishable(&self, connector: &Connector) -> Result<(), Why> {
        let Some(publishing) = self.plan().publishing else {
            return Err(self.not_in_plan("publishing"));
        };
        if self.workspace.only_published {
            // Otherwise a draft that was here before could be published by whoever may, unseen by whoever forbade it.
            return Err(Why::OnlyPublished);
        }
        if connector.stage != Stage::Draft {
            return Err(Why::WrongStage { stage: connector.stage, what: "publish it" });
        }
        if connector.snapshot.is_none() {
            return Err(Why::NeverScanned);
        }
        let off = connector.actions().iter().filter(|action| !connector.is_on(action.name())).count();
        if publishing.controls.is_none() && off > 0 {
            return Err(Why::AllOrNothing { plan: self.plan().label, off });
        }
        Ok(())
    }

    /// May archive a connector: the maker of a draft, admins anything; on a plan without publishing the maker.
    ///
    /// # Errors
    /// Why not.
    pub fn may_archive(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        if connector.provider != Provider::Custom {
            return Err(Why::BuiltIn("archive it"));
        }
        if connector.stage == Stage::Archived {
            return Err(Why::WrongStage { stage: connector.stage, what: "archive it" });
        }
        let shared = connector.stage == Stage::Published && self.plan().publishing.is_some();
        if connector.owner == member.id && !shared {
            return Ok(());
        }
        if self.plan().publishing.is_none() {
            return Err(Why::NotYours);
        }
        admin(member, "archive it")
    }

    /// May switch single actions and set their classes: the maker of a draft in developer mode; after publishing
    /// admins, where the plan has controls (S071, S076, S109).
    ///
    /// # Errors
    /// Why not.
    pub fn may_control_actions(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        match connector.stage {
            Stage::Archived => Err(Why::WrongStage { stage: connector.stage, what: "change its actions" }),
            Stage::Draft if connector.owner == member.id => self.developer_mode(member),
            Stage::Draft => self.may_configure(
                member,
                Permission::ControlActions,
                "control the actions of a draft that is not theirs",
            ),
            Stage::Published if self.plan().has_controls() => {
                self.may_configure(member, Permission::ControlActions, "control published actions")
            }
            Stage::Published => Err(self.frozen()),
        }
    }

    /// May choose who has access (S070, S075).
    ///
    /// # Errors
    /// Why not.
    pub fn may_set_access(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        if connector.stage == Stage::Archived {
            return Err(Why::WrongStage { stage: connector.stage, what: "change who has access" });
        }
        self.may_configure(member, Permission::ManageAccess, "decide who has access")
    }

    /// May read the list of actions again: the maker of a draft in developer mode; after publishing admins with a
    /// connection of their own, where the plan has controls (S079, S082).
    ///
    /// # Errors
    /// Why not.
    pub fn may_refresh(&self, connector: &Connector, member: &Member, connected: bool) -> Result<(), Why> {
        match connector.stage {
            Stage::Archived => {
                return Err(Why::WrongStage { stage: connector.stage, what: "refresh it" });
            }
            Stage::Draft if connector.owner == member.id => return self.developer_mode(member),
            Stage::Draft => {
                self.may_configure(member, Permission::ControlActions, "refresh a draft that is not theirs")?;
            }
            Stage::Published if self.plan().has_controls() => {
                self.may_configure(member, Permission::ControlActions, "refresh published connectors")?;
            }
            Stage::Published => return Err(self.frozen()),
        }
        connected.then_some(()).ok_or(Why::ConnectFirst)
    }

    /// May change a setting of the whole workspace: what to ask for, remembering, lockdown, plan, name.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn may_set_workspace(&self, member: &Member) -> Result<(), Why> {
        admin(member, "change the workspace's settings")
    }

    /// The actions a member can be offered now, with their connectors: usable, switched on, within every ceiling. The
    /// gate decides again about each call (X76, X77).
    pub fn offered(&self, member: &Member) -> Vec<(&Connector, &Action)> {
        let of = |connector| self.offered_of(connector, member).into_iter().map(move |action| (connector, action));
        self.connectors.iter().flat_map(of).collect()
    }

    /// The same of one connector, in the order of its server.
    pub fn offered_of<'a>(&'a self, connector: &'a Connector, member: &Member) -> Vec<&'a Action> {
        if self.workspace.lockdown || self.may_use(connector, member).is_err() {
            return Vec::new();
        }
        let usable = |action: &&Action| connector.is_on(action.name()) && self.within_ceilings(connector, action);
        connector.actions().iter().filter(usable).collect()
    }

    /// Whether an action exists in this plan and for this provider. An admin's milder class does not get around a
    /// ceiling: the server's own definition counts here.
    pub fn within_ceilings(&self, connector: &Connector, action: &Action) -> bool {
        let class = action.classified().class.max(connector.classify(action).class);
        class <= self.plan().ceiling.min(connector.provider.ceiling())
    }

    /// Reaches a published connector, whatever its actions: as [`Rulebook::reaches`], and in developer mode where that is
    /// needed.
    pub(crate) fn may_reach(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        self.reaches(connector, member)?;
        if self.needs_developer(connector) { self.developer_mode(member) } else { Ok(()) }
    }

    /// Is among those that a published connector is for.
    fn reaches(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        match self.plan().publishing {
            None if connector.provider != Provider::Custom || connector.owner == member.id => Ok(()),
            None => Err(Why::NotYours),
            Some(publishing) if publishing.controls.is_none() => Ok(()),
            Some(_) => connector.access.includes(member, self).then_some(()).ok_or(Why::NoAccess),
        }
    }

    /// Has a permission, in a plan that has controls.
    fn may_configure(&self, member: &Member, permission: Permission, what: &'static str) -> Result<(), Why> {
        if !self.plan().has_controls() {
            return Err(self.not_in_plan("control over access and single actions"));
        }
        self.holds(member, permission).then_some(()).ok_or(Why::AdminsOnly(what))
    }

    fn not_in_plan(&self, what: &'static str) -> Why {
        Why::NotInPlan { what, plan: self.plan().label }
    }

    fn frozen(&self) -> Why {
        Why::Frozen(self.plan().label)
    }
}

fn admin(member: &Member, what: &'static str) -> Result<(), Why> {
    member.role.runs_workspace().then_some(()).ok_or(Why::AdminsOnly(what))
}

#[cfg(test)]
mod matrix;
