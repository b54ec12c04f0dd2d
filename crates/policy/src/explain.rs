//! Why: the chain of steps from a person to a verdict.
//!
//! One explanation for every place that shows a result: *Test access*, *Why is this asking?*, *Why can't I use this?*.
//! It decides nothing. Each step asks the question that the gate asks ([`Rulebook::may_use`]) or is raised by a veto
//! that the gate set ([`Rules`]), so the verdict at its end is the gate's own; a property test holds the two together.
//! Where several things stand in the way, each of them is shown, and not only the first.

use crate::{
    Basis, Call, Cause, Class, Confirm, Connector, ConnectorId, Holding, Level, Member, MemberId, Permission, Reach,
    Remember, Rulebook, Rules, Stage, Verdict, Why,
};

/// What a step looks at. The order is that of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Whether the person is in the workspace, and as what.
    Person,
    /// Lockdown.
    Lockdown,
    /// Whether a role lets them use connectors.
    Role,
    /// Gate 1: whether the workspace gives them developer mode.
    Gate,
    /// Gate 2: whether they switched it on.
    Switch,
    /// What the plan has.
    Plan,
    /// The connector's stage.
    Stage,
    /// Whether the connector is for them.
    Access,
    /// Whether the workspace deals with its host.
    Domain,
    /// Whether its actions were ever read.
    Scan,
    /// Whether the action is switched on.
    Action,
    /// The action's class, and how far its provider may reach.
    Class,
    /// Whether the live definition is the approved one.
    Definition,
    /// Which account acts.
    Account,
    /// Who wants the call made.
    Caller,
    /// What is sent.
    Arguments,
    /// What workspace, connector, account and action ask for.
    Asking,
    /// What the conversation has to say.
    Conversation,
    /// What lets it run unasked.
    Grant,
}

impl Subject {
    /// What using a connector depends on, the most telling first.
    pub(crate) const TO_USE: [Subject; 7] = [
        Subject::Stage,
        Subject::Access,
        Subject::Role,
        Subject::Gate,
        Subject::Switch,
        Subject::Domain,
        Subject::Scan,
    ];

    /// The subject as a word to show.
    pub fn label(self) -> &'static str {
        match self {
            Subject::Person => "Person",
            Subject::Lockdown => "Lockdown",
            Subject::Role => "Role",
            Subject::Gate => "Developer mode, workspace",
            Subject::Switch => "Developer mode, own switch",
            Subject::Plan => "Plan",
            Subject::Stage => "Connector",
            Subject::Access => "Access",
            Subject::Domain => "Domain",
            Subject::Scan => "Actions read",
            Subject::Action => "Action",
            Subject::Class => "Class",
            Subject::Definition => "Definition",
            Subject::Account => "Account",
            Subject::Caller => "Caller",
            Subject::Arguments => "Arguments",
            Subject::Asking => "Permission",
            Subject::Conversation => "Conversation",
            Subject::Grant => "Answer",
        }
    }
}

/// How a step comes out. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It has no say here.
    NotNeeded,
    /// It lets the call through.
    Passes,
    /// It has its say once it is known what is sent.
    Depends,
    /// The person is asked.
    Asks,
    /// It stops the call.
    Stops,
}

/// Where a step can be changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The list of members.
    Members,
    /// The workspace's name, plan and lockdown.
    General,
    /// Workspace defaults and custom roles.
    Roles,
    /// *Connected data*, where gate 1 and what to ask for are.
    ConnectedData,
    /// The person's own developer-mode switch.
    Advanced,
    /// The workspace's domains.
    Domains,
    /// A connector's overview.
    Connector(ConnectorId),
    /// A connector's access.
    Access(ConnectorId),
    /// A connector's actions.
    Actions(ConnectorId),
    /// The person's accounts at a connector.
    Accounts(ConnectorId),
}

/// One step of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it looks at.
    pub subject: Subject,
    /// How it comes out.
    pub outcome: Outcome,
    /// What it found: lower case, no full stop. A name in it may be a server's or a person's words.
    pub says: String,
    /// Where it can be changed.
    pub place: Option<Place>,
}

/// The whole chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// How it comes out; where something depends on what is sent, at the mildest.
    pub verdict: Verdict,
    /// Where it asks: whether an answer that was remembered would spare the question.
    pub remembers: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl Explanation {
    /// The steps that stand in the way or make it ask: what to look at first.
    pub fn telling(&self) -> impl Iterator<Item = &Step> {
        let strictest = self.steps.iter().map(|step| step.outcome).max().unwrap_or(Outcome::Passes);
        self.steps.iter().filter(move |step| step.outcome == strictest && strictest > Outcome::Passes)
    }

    /// Whether what is sent may make it stricter.
    pub fn depends(&self) -> bool {
        self.verdict < Verdict::Refuse && self.steps.iter().any(|step| step.outcome == Outcome::Depends)
    }

    fn of(steps: Vec<Step>) -> Self {
        let verdict = match steps.iter().map(|step| step.outcome).max() {
            Some(Outcome::Stops) => Verdict::Refuse,
            Some(Outcome::Asks) | None => Verdict::Ask,
            Some(Outcome::Depends | Outcome::Passes | Outcome::NotNeeded) => Verdict::Run,
        };
        Self { verdict, remembers: false, steps }
    }
}

impl Rulebook {
    /// Explains whether a person can use a connector at all.
    pub fn explain_use(&self, who: &MemberId, id: &ConnectorId) -> Explanation {
        let (mut steps, found) = self.using(who, id);
        if let Some((_, connector)) = found {
            let (on, of) = (count_on(connector), connector.actions().len());
            let outcome = if on > 0 { Outcome::Passes } else { Outcome::Stops };
            let says = format!("{on} of {of} actions are switched on");
            steps.push(step(Subject::Action, outcome, says, Some(Place::Actions(id.clone()))));
        }
        Explanation::of(steps)
    }

    /// Explains a call by the rules that decide about it.
    pub fn explain(&self, call: &Call, rules: &Rules) -> Explanation {
        let (mut steps, found) = self.using(&call.member, &call.connector);
        if let Some((_, connector)) = found {
            self.calling(&mut steps, connector, call);
        }
        steps.push(step(
            Subject::Conversation,
            Outcome::Passes,
            "nothing in this conversation speaks against it",
            None,
        ));
        steps.push(grant_step(rules));
        for (level, floor) in rules.says() {
            let (subject, outcome, says, place) = match floor {
                Ok(because) => (asks(level), Outcome::Asks, because.to_owned(), asks_at(level, &call.connector)),
                Err(cause) => (stops(level, cause), Outcome::Stops, cause.sentence(), None),
            };
            raise(&mut steps, subject, outcome, says, place);
        }
        if !rules.unjudged().is_empty() {
            let says = format!("what is sent decides: {}", rules.unjudged().join("; "));
            steps.push(step(Subject::Arguments, Outcome::Depends, says, Some(Place::Actions(call.connector.clone()))));
        }
        steps.sort_by_key(|step| step.subject);
        // What stopped before never came to an answer.
        if steps.iter().any(|step| step.outcome == Outcome::Stops) {
            for step in steps.iter_mut().filter(|step| step.subject == Subject::Grant) {
                (step.outcome, step.says) = (Outcome::NotNeeded, "it never comes to an answer".to_owned());
            }
        }
        Explanation { remembers: rules.remembers(self.workspace.remember), ..Explanation::of(steps) }
    }

    /// The steps that are about the person and the connector.
    fn using(&self, who: &MemberId, id: &ConnectorId) -> (Vec<Step>, Option<(&Member, &Connector)>) {
        let (member, connector) = match (self.member(who), self.connector(id)) {
            (Ok(member), Ok(connector)) => (member, connector),
            (Err(why), _) => return (vec![stop(Subject::Person, &why, Some(Place::Members))], None),
            (_, Err(why)) => return (vec![stop(Subject::Stage, &why, None)], None),
        };
        let role = member.role.label().to_lowercase();
        let mut steps = vec![step(
            Subject::Person,
            Outcome::Passes,
            format!("{}, {} of this workspace", member.name, article(&role)),
            Some(Place::Members),
        )];
        steps.push(match self.workspace.lockdown {
            false => step(Subject::Lockdown, Outcome::Passes, "the workspace is not in lockdown", Some(Place::General)),
            true => step(Subject::Lockdown, Outcome::Stops, Cause::Lockdown.sentence(), Some(Place::General)),
        });
        for subject in [Subject::Role, Subject::Gate, Subject::Switch] {
            steps.push(self.asked(subject, connector, member));
        }
        steps.push(step(Subject::Plan, Outcome::Passes, self.plan_says(), Some(Place::General)));
        for subject in [Subject::Stage, Subject::Access, Subject::Domain, Subject::Scan] {
            steps.push(self.asked(subject, connector, member));
        }
        (steps, Some((member, connector)))
    }

    /// One of the things that using a connector depends on.
    fn asked(&self, subject: Subject, connector: &Connector, member: &Member) -> Step {
        let place = self.place(subject, connector);
        match self.holds_for(subject, connector, member) {
            Err(why) => stop(subject, &why, place),
            Ok(()) => {
                let (outcome, says) = self.holds_because(subject, connector, member);
                step(subject, outcome, says, place)
            }
        }
    }

    /// Why one of these things holds.
    fn holds_because(&self, subject: Subject, connector: &Connector, member: &Member) -> (Outcome, String) {
        use Outcome::{NotNeeded, Passes};
        let developer = self.needs_developer(connector);
        match subject {
            Subject::Gate | Subject::Switch if !developer => (NotNeeded, "not needed for what is published".to_owned()),
            Subject::Gate => (Passes, self.gate_because(member)),
            Subject::Switch => (Passes, format!("it is on for {}", member.name)),
            Subject::Role if connector.stage == Stage::Draft => (NotNeeded, "not needed for a draft".to_owned()),
            Subject::Role => (Passes, self.holding_says(member, Permission::UseConnectors)),
            Subject::Stage => {
                (Passes, format!("{} · {}, {}", connector.name, connector.host, connector.stage.label().to_lowercase()))
            }
            Subject::Access => (Passes, self.access_because(connector, member)),
            Subject::Domain if connector.reach == Reach::InPage => {
                (NotNeeded, "it runs in this page, so no host is involved".to_owned())
            }
            Subject::Domain => (Passes, format!("the workspace deals with {}", connector.host)),
            Subject::Scan => {
                let version = connector.snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
                (Passes, format!("version {version} of its definition was approved"))
            }
            _ => (NotNeeded, String::new()),
        }
    }

    /// Why a person passes gate 1.
    fn gate_because(&self, member: &Member) -> String {
        let given = match self.plan().gate {
            None => return "everyone passes on this plan".to_owned(),
            Some(_) if member.role.runs_workspace() => return "admins and owners pass".to_owned(),
            Some(_) => &self.workspace.developers,
        };
        match self.included_by(given, member) {
            Some(by) => format!("given to {by}"),
            None => self.holding_says(member, Permission::CreateConnectors),
        }
    }

    fn access_because(&self, connector: &Connector, member: &Member) -> String {
        match connector.stage {
            Stage::Draft => "it is their own draft".to_owned(),
            Stage::Archived => "nobody uses what is archived".to_owned(),
            Stage::Published if !self.plan().has_controls() => match self.plan().publishing {
                Some(_) => "what is published is for everyone on this plan".to_owned(),
                None => "it is their own, or part of the product".to_owned(),
            },
            Stage::Published => {
                self.included_by(&connector.access, member).map_or_else(String::new, |by| format!("it is for {by}"))
            }
        }
    }

    /// By what somebody is among those who may.
    fn included_by(&self, access: &crate::Access, member: &Member) -> Option<String> {
        match access {
            crate::Access::Nobody => None,
            crate::Access::Everyone => Some("everyone".to_owned()),
            crate::Access::Only { members, groups, roles, custom } => {
                if members.contains(&member.id) {
                    return Some(member.name.clone());
                }
                if roles.contains(&member.role) {
                    return Some(format!("the role {}", member.role.label()));
                }
                if let Some(group) = member.groups.iter().find(|group| groups.contains(group)) {
                    let name = self.group(group).map_or(group.as_str(), |group| group.name.as_str());
                    return Some(format!("the group {name}"));
                }
                let role = self.roles_of(member).find(|role| custom.contains(&role.id))?;
                Some(format!("the custom role {}", role.name))
            }
        }
    }

    /// Where a permission comes from, in words.
    pub fn holding_says(&self, member: &Member, permission: Permission) -> String {
        match self.holding(member, permission) {
            Holding::Runs(role) => format!("{}s have every permission", role.label().to_lowercase()),
            Holding::Everyone => "everyone has it".to_owned(),
            Holding::By(role) => {
                let name = self.role(&role).map_or(role.as_str(), |role| role.name.as_str());
                format!("the custom role {name} gives it")
            }
            Holding::Nobody => "it is not given to everyone, and they have no custom role".to_owned(),
            Holding::NoRole => "none of their custom roles gives it".to_owned(),
            Holding::NotAuditor => "only a custom role gives it, and they have none that does".to_owned(),
        }
    }

    fn plan_says(&self) -> String {
        let plan = self.plan();
        let reach = if plan.full_mcp() { "actions that read and that write" } else { "actions that read" };
        format!("{} has {reach}", plan.label)
    }

    fn place(&self, subject: Subject, connector: &Connector) -> Option<Place> {
        let id = || connector.id.clone();
        match subject {
            Subject::Role => self.plan().has_controls().then_some(Place::Roles),
            Subject::Gate => Some(Place::ConnectedData),
            Subject::Switch => Some(Place::Advanced),
            Subject::Stage | Subject::Scan => Some(Place::Connector(id())),
            Subject::Access => self.plan().has_controls().then(|| Place::Access(id())),
            Subject::Domain if connector.is_local() => Some(Place::Advanced),
            Subject::Domain => Some(Place::Domains),
            _ => None,
        }
    }

    /// The steps that are about the action. What stands against it is raised by the gate's own vetoes.
    fn calling(&self, steps: &mut Vec<Step>, connector: &Connector, call: &Call) {
        let actions = Some(Place::Actions(connector.id.clone()));
        let Some(action) = connector.action(&call.action) else { return };
        let version = connector.snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        let says = format!("the action {} is switched on in version {version}", action.name());
        steps.push(step(Subject::Action, Outcome::Passes, says, actions.clone()));
        let classified = connector.classify(action);
        let says = format!("{}: {}", classified.class.label().to_lowercase(), classified.source_sentence());
        steps.push(step(Subject::Class, Outcome::Passes, says, actions));
        let same = "what the server offers is what was approved";
        steps.push(step(Subject::Definition, Outcome::Passes, same, Some(Place::Connector(connector.id.clone()))));
        if let Some(account) = self.account_of(call) {
            let place = Some(Place::Accounts(connector.id.clone()));
            steps.push(step(Subject::Account, Outcome::Passes, format!("it acts as {}", account.name), place));
        }
        let asking = match (classified.class, self.workspace.remember) {
            (Class::Read, _) => "reading asks only where that was chosen",
            (Class::Destructive, _) => "what is destructive asks every time",
            (Class::Write, Remember::Never) => "whatever may change something asks every time",
            (Class::Write, _) => "whatever may change something asks, unless an answer was remembered",
        };
        let asking = format!("{asking}: {}", self.ceilings_say(connector, call));
        steps.push(step(Subject::Asking, Outcome::Passes, asking, Some(Place::ConnectedData)));
    }

    /// What each level asks for; the strictest counts.
    fn ceilings_say(&self, connector: &Connector, call: &Call) -> String {
        let word = |confirm| match confirm {
            Confirm::Writes => "writes",
            Confirm::Everything => "everything",
        };
        let mut says = format!(
            "the workspace asks for {}, the connector for {}",
            word(self.workspace.confirm),
            word(connector.confirm)
        );
        if let Some(account) = self.account_of(call) {
            says.push_str(&format!(", the account {} for {}", account.name, word(account.confirm)));
        }
        says
    }
}

fn count_on(connector: &Connector) -> usize {
    connector.actions().iter().filter(|action| connector.is_on(action.name())).count()
}

fn article(role: &str) -> String {
    if role.starts_with(['a', 'o']) { format!("an {role}") } else { format!("a {role}") }
}

fn step(subject: Subject, outcome: Outcome, says: impl Into<String>, place: Option<Place>) -> Step {
    Step { subject, outcome, says: says.into(), place }
}

fn stop(subject: Subject, why: &Why, place: Option<Place>) -> Step {
    step(subject, Outcome::Stops, why.to_string(), place)
}

fn grant_step(rules: &Rules) -> Step {
    let (outcome, says) = match rules.basis() {
        Some(Basis::Reading) => (Outcome::Passes, "it only reads, and that needs no answer".to_owned()),
        Some(Basis::Remembered { .. }) => (Outcome::Passes, "an answer that was remembered covers it".to_owned()),
        Some(Basis::Answer) => (Outcome::Passes, "it was allowed once".to_owned()),
        None => (Outcome::Asks, "no answer covers this call, so it is asked about".to_owned()),
    };
    step(Subject::Grant, outcome, says, None)
}

/// Makes a step stricter, or adds it. Of several reasons the first kind is kept and the others are added to it. Where the
/// reason is set elsewhere than what the step is about, `place` says where.
fn raise(steps: &mut Vec<Step>, subject: Subject, outcome: Outcome, says: String, place: Option<Place>) {
    match steps.iter_mut().find(|step| step.subject == subject) {
        None => steps.push(step(subject, outcome, says, place)),
        Some(step) if step.outcome < outcome => {
            (step.outcome, step.says) = (outcome, says);
            step.place = place.or(step.place.take());
        }
        Some(step) if step.outcome == outcome && !step.says.contains(&says) => {
            step.says = format!("{}; {says}", step.says);
        }
        Some(_) => {}
    }
}

fn asks(level: Level) -> Subject {
    match level {
        Level::Conversation => Subject::Conversation,
        Level::Workspace | Level::Connector | Level::Access | Level::Action | Level::Account => Subject::Asking,
    }
}

/// Where somebody decided that this level asks.
fn asks_at(level: Level, connector: &ConnectorId) -> Option<Place> {
    match level {
        Level::Workspace => Some(Place::ConnectedData),
        Level::Connector | Level::Access => Some(Place::Access(connector.clone())),
        Level::Action => Some(Place::Actions(connector.clone())),
        Level::Account => Some(Place::Accounts(connector.clone())),
        Level::Conversation => None,
    }
}

fn stops(level: Level, cause: &Cause) -> Subject {
    match cause {
        Cause::Lockdown => Subject::Lockdown,
        Cause::NotPermitted { .. } => Subject::Role,
        Cause::DeveloperNotGranted | Cause::OnlyPublished => Subject::Gate,
        Cause::DeveloperOff => Subject::Switch,
        Cause::ReadOnlyPlan { .. } => Subject::Plan,
        Cause::Stage { .. } | Cause::Paused { .. } => Subject::Stage,
        Cause::NotYours | Cause::NoAccess => Subject::Access,
        Cause::LocalServer | Cause::Domain { .. } => Subject::Domain,
        Cause::NeverScanned => Subject::Scan,
        Cause::Off => Subject::Action,
        Cause::ReadOnlyProvider => Subject::Class,
        Cause::Held => Subject::Definition,
        Cause::NoAccount => Subject::Account,
        Cause::NotForCaller | Cause::NotAutomatic | Cause::Mode { .. } => Subject::Caller,
        Cause::Invalid { .. } | Cause::Rule { .. } => Subject::Arguments,
        Cause::NotInConversation | Cause::OffHere => Subject::Conversation,
        _ => match level {
            Level::Workspace => Subject::Plan,
            Level::Connector => Subject::Stage,
            Level::Access => Subject::Person,
            Level::Action => Subject::Action,
            Level::Account => Subject::Asking,
            Level::Conversation => Subject::Conversation,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Access, Confirm, DomainUse, Profile, domains::Side};

    fn explained(book: &Rulebook, action: &str) -> Explanation {
        let call = call(book, action);
        book.explain(&call, &Rules::of(book, &call))
    }

    fn outcome(explanation: &Explanation, subject: Subject) -> Outcome {
        explanation.steps.iter().find(|step| step.subject == subject).unwrap().outcome
    }

    #[test]
    fn a_read_runs_and_every_step_says_why() {
        let explanation = explained(&published(), "find");
        assert_eq!(explanation.verdict, Verdict::Run);
        assert!(explanation.steps.iter().all(|step| !step.says.is_empty()), "{explanation:#?}");
        let order: Vec<Subject> = explanation.steps.iter().map(|step| step.subject).collect();
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!(explanation.telling().count(), 0);
    }

    #[test]
    fn a_write_asks_and_says_that_nothing_covers_it() {
        let explanation = explained(&published(), "create");
        assert_eq!(explanation.verdict, Verdict::Ask);
        assert_eq!(explanation.telling().map(|step| step.subject).collect::<Vec<_>>(), [Subject::Grant]);
    }

    #[test]
    fn everything_that_stands_in_the_way_is_shown() {
        let mut book = published();
        book.set_access(&"owner".into(), &"tracker".into(), Access::Nobody, NOW).unwrap();
        book.add_domain(&"owner".into(), DomainUse::Servers, Side::Deny, "mcp.example.com").unwrap();
        book.set_lockdown(&"owner".into(), true).unwrap();
        book.set_action_on(&"owner".into(), &"tracker".into(), "create", false, NOW).unwrap();
        let explanation = explained(&book, "create");
        assert_eq!(explanation.verdict, Verdict::Refuse);
        for subject in [Subject::Access, Subject::Domain, Subject::Lockdown, Subject::Action] {
            assert_eq!(outcome(&explanation, subject), Outcome::Stops, "{subject:?}");
        }
        assert_eq!(outcome(&explanation, Subject::Grant), Outcome::NotNeeded);
    }

    #[test]
    fn it_names_the_group_the_role_and_the_setting() {
        let mut book = published();
        let only = Access::Only {
            members: Default::default(),
            groups: ["builders".into()].into(),
            roles: Default::default(),
            custom: Default::default(),
        };
        book.set_access(&"owner".into(), &"tracker".into(), only, NOW).unwrap();
        book.set_confirm(&"owner".into(), Confirm::Everything).unwrap();
        let call = Call { member: "dev".into(), ..call(&book, "find") };
        let explanation = book.explain(&call, &Rules::of(&book, &call));
        let says = |subject| explanation.steps.iter().find(|step| step.subject == subject).unwrap().says.clone();
        assert_eq!(says(Subject::Access), "it is for the group Builders");
        assert_eq!(says(Subject::Asking), "the workspace asks for everything");
        assert_eq!(says(Subject::Person), "DEV, a member of this workspace");
        assert_eq!(explanation.verdict, Verdict::Ask);
    }

    #[test]
    fn pq003_what_asks_says_where_that_is_set() {
        let place = |change: &dyn Fn(&mut Rulebook)| {
            let mut book = published();
            change(&mut book);
            let explanation = explained(&book, "find");
            let asking = explanation.steps.iter().find(|step| step.subject == Subject::Asking);
            asking.map(|step| (step.outcome, step.place.clone())).unwrap()
        };
        let id = || ConnectorId::from("tracker");
        let asks = |place| (Outcome::Asks, Some(place));
        let everything = |book: &mut Rulebook| book.workspace.confirm = Confirm::Everything;
        assert_eq!(place(&|_| ()), (Outcome::Passes, Some(Place::ConnectedData)));
        assert_eq!(place(&everything), asks(Place::ConnectedData));
        assert_eq!(place(&|book| book.connectors[0].confirm = Confirm::Everything), asks(Place::Access(id())));
        let always = |book: &mut Rulebook| {
            book.connectors[0].controls.entry("find".into()).or_default().confirm = Confirm::Everything;
        };
        assert_eq!(place(&always), asks(Place::Actions(id())));
    }

    #[test]
    fn a_draft_needs_both_gates_and_what_is_published_neither() {
        let mut book = workspace(Profile::Enterprise);
        book.create_draft(&"dev".into(), new_connector("tracker"), NOW).unwrap();
        let dev = book.explain_use(&"dev".into(), &"tracker".into());
        assert_eq!((dev.verdict, outcome(&dev, Subject::Gate)), (Verdict::Run, Outcome::Passes));
        let member = book.explain_use(&"member".into(), &"tracker".into());
        assert_eq!(outcome(&member, Subject::Gate), Outcome::Stops);
        assert_eq!(outcome(&member, Subject::Access), Outcome::Stops);
        let published = published().explain_use(&"member".into(), &"tracker".into());
        assert_eq!(outcome(&published, Subject::Gate), Outcome::NotNeeded);
        assert_eq!(published.verdict, Verdict::Run);
    }

    #[test]
    fn a_connector_with_nothing_on_cannot_be_used() {
        let mut book = published();
        book.connectors[0].controls.clear();
        let explanation = book.explain_use(&"member".into(), &"tracker".into());
        assert_eq!(explanation.verdict, Verdict::Refuse);
        assert_eq!(outcome(&explanation, Subject::Action), Outcome::Stops);
    }

    /// Without arguments a rule on values is neither met nor kept: it is shown as what decides, and nothing can be
    /// decided by such rules.
    #[test]
    fn n06_without_arguments_a_rule_on_values_depends_on_them() {
        let mut book = published();
        let rule = |title: &str| crate::ArgumentRule {
            id: title.into(),
            argument: "/title".into(),
            test: crate::rules::Test::Equals(title.into()),
            unless: true,
            effect: crate::rules::Effect::Deny,
            note: String::new(),
            examples: Vec::new(),
            by: String::new(),
            at: NOW,
        };
        book.connectors[0].rules.insert("find".into(), vec![rule("Leak")]);
        let call = Call { arguments: Default::default(), ..call(&book, "find") };
        assert_eq!(book.explain(&call, &Rules::of(&book, &call)).verdict, Verdict::Refuse, "it is left out");
        let any = Rules::of_any(&book, &call);
        let open = book.explain(&call, &any);
        assert_eq!((open.verdict, open.depends(), any.verdict()), (Verdict::Run, true, Verdict::Run));
        let telling: Vec<_> = open.telling().map(|step| (step.subject, step.says.as_str())).collect();
        assert_eq!(telling, [(Subject::Arguments, "what is sent decides: refused when `title` is not `Leak`")]);
        assert!(matches!(crate::decide(call, &any), crate::Decision::Refuse(_)), "these rules decide nothing");
        let sent = self::call(&book, "find");
        let explained = book.explain(&sent, &Rules::of(&book, &sent));
        assert_eq!((explained.verdict, explained.depends()), (Verdict::Run, false));
    }

    #[test]
    fn c4_every_time_is_said_only_where_no_answer_is_remembered() {
        let explained = |remember, action: &str, conversation: bool| {
            let mut book = published();
            book.workspace.remember = remember;
            let mut call = call(&book, action);
            call.conversation = call.conversation.filter(|_| conversation);
            let explanation = book.explain(&call, &Rules::of(&book, &call));
            assert_eq!(explanation.verdict, Verdict::Ask);
            let asking = explanation.steps.iter().find(|step| step.subject == Subject::Asking).unwrap();
            (explanation.remembers, asking.says.split(':').next().unwrap_or_default().to_owned())
        };
        let says = |words: &str| words.to_owned();
        for there in [true, false] {
            let every = says("whatever may change something asks every time");
            assert_eq!(explained(Remember::Never, "create", there), (false, every));
            let unless = says("whatever may change something asks, unless an answer was remembered");
            assert_eq!(explained(Remember::Conversation, "create", there), (true, unless));
            assert!(!explained(Remember::Longer, "delete", there).0, "destructive asks every time");
        }
    }

    #[test]
    fn somebody_unknown_stops_at_the_first_step() {
        let book = published();
        let explanation = book.explain_use(&"nobody".into(), &"tracker".into());
        assert_eq!(explanation.telling().map(|step| step.subject).collect::<Vec<_>>(), [Subject::Person]);
    }
}
