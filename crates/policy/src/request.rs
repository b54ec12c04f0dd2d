//! What members ask the admins for: a connector, access to one, developer mode, the publication of a draft.
//!
//! A request changes nothing by itself. Approving one for access or developer mode gives exactly that to the person who
//! asked; approving one for a connector only opens the form with its address filled in, and nothing has been contacted
//! until somebody scans it there (X131). One for a publication is settled by publishing, after the review, and by nothing
//! less.
//!
//! A request is kept in the browser of who asked. It travels with no signed file, so where whoever decides works in
//! another browser the person hands it on as a text: [`Rulebook::request_text`].

use crate::{
    Connector, ConnectorId, Member, MemberId, Millis, Permission, RequestId, Rulebook, Why, connector::Access,
};
use serde::{Deserialize, Serialize};

/// Longest reason that is kept, in characters.
const REASON: usize = 500;
/// Open requests that one person may have at a time.
const OPEN: usize = 20;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A server at this address as a connector. The address is as the URL parser wrote it.
    Connector(String),
    /// Access to a published connector.
    Access(ConnectorId),
    /// Developer mode.
    Developer,
    /// The publication of a draft of one's own.
    Publication(ConnectorId),
}

/// How a request stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody decided yet.
    #[default]
    Open,
    /// Somebody said yes.
    Approved {
        /// Who.
        by: MemberId,
        /// When.
        at: Millis,
    },
    /// Somebody said no.
    Declined {
        /// Who.
        by: MemberId,
        /// When.
        at: Millis,
        /// Why, in their words; may be empty.
        reason: String,
    },
}

/// Something a member asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Which request.
    pub id: RequestId,
    /// Who asked.
    pub by: MemberId,
    /// When.
    pub at: Millis,
    /// For what.
    pub wanted: Wanted,
    /// Why, in their words; may be empty.
    #[serde(default)]
    pub reason: String,
    /// How it stands.
    #[serde(default)]
    pub standing: Standing,
}

impl Request {
    /// Whether somebody still has to decide.
    pub fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }
}

impl Rulebook {
    /// May ask for something.
    ///
    /// # Errors
    /// [`Why::NotInPlan`] where there is nobody to ask, [`Why::NotPermitted`].
    pub fn may_request(&self, member: &Member) -> Result<(), Why> {
        if self.plan().publishing.is_none() {
            return Err(Why::NotInPlan { what: "requests, for there is nobody to ask", plan: self.plan().label });
        }
        let holds = self.holds(member, Permission::RequestConnectors);
        holds.then_some(()).ok_or(Why::NotPermitted("request connectors"))
    }

    /// May decide about a request: whoever may do what it asks for.
    ///
    /// # Errors
    /// Why not.
    pub fn may_decide(&self, member: &Member, request: &Request) -> Result<(), Why> {
        match &request.wanted {
            Wanted::Connector(_) => self.may_set_workspace(member),
            Wanted::Access(id) => self.may_set_access(self.connector(id)?, member),
            Wanted::Developer => self.may_grant_developer(member),
            Wanted::Publication(id) => self.may_publish(self.connector(id)?, member),
        }
    }

    /// The people who may decide about a request.
    pub fn deciders(&self, request: &Request) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| self.may_decide(member, request).is_ok())
    }

    /// May ask for the publication of a draft: its maker, where it is ready and somebody else publishes.
    ///
    /// # Errors
    /// As [`Rulebook::may_request`] and [`Rulebook::publishable`]; [`Why::NotYours`], [`Why::NotNeeded`].
    pub fn may_ask_for_publication(&self, connector: &Connector, member: &Member) -> Result<(), Why> {
        self.may_request(member)?;
        self.publishable(connector)?;
        if connector.owner != member.id {
            return Err(Why::NotYours);
        }
        if self.may_publish(connector, member).is_ok() {
            return Err(Why::NotNeeded);
        }
        Ok(())
    }

    /// What is asked for, in words.
    pub fn wanted_says(&self, wanted: &Wanted) -> String {
        let named = |id: &ConnectorId| match self.connector(id) {
            Ok(one) => format!("{} · {}", one.name, one.host),
            Err(_) => "a connector that was removed".to_owned(),
        };
        match wanted {
            Wanted::Connector(address) => format!("A connector for {address}"),
            Wanted::Access(id) => format!("Access to {}", named(id)),
            Wanted::Developer => "Developer mode".to_owned(),
            Wanted::Publication(id) => format!("Publication of {}", named(id)),
        }
    }

    /// A request as a text to hand on: what is asked for, who asks, why.
    pub fn request_text(&self, request: &Request) -> String {
        self.asked_text(&self.wanted_says(&request.wanted), &request.by, &request.reason)
    }

    /// What somebody asks for in this workspace, as a text to hand on.
    pub fn asked_text(&self, what: &str, by: &MemberId, reason: &str) -> String {
        let who = self.member(by).map_or_else(
            |_| "somebody who left".to_owned(),
            |one| one.email.as_ref().map_or_else(|| one.name.clone(), |email| format!("{}, {email}", one.name)),
        );
        let why = if reason.is_empty() { String::new() } else { format!("Reason: {reason}\n") };
        format!("Request in the workspace {}\n{what}\nAsked for by: {who}\n{why}", self.workspace.name)
    }

    /// Settles what was asked for by publishing a connector.
    pub(crate) fn settle_publication(&mut self, by: &MemberId, id: &ConnectorId, now: Millis) {
        let wanted = Wanted::Publication(id.clone());
        for request in self.requests.iter_mut().filter(|one| one.is_open() && one.wanted == wanted) {
            request.standing = Standing::Approved { by: by.clone(), at: now };
        }
    }

    /// Keeps a request.
    ///
    /// # Errors
    /// As [`Rulebook::may_request`]; [`Why::NotNeeded`] for what the person has already, [`Why::AskedAlready`] for what
    /// is open already.
    pub fn ask_for(
        &mut self,
        by: &MemberId,
        id: RequestId,
        wanted: Wanted,
        reason: &str,
        now: Millis,
    ) -> Result<(), Why> {
        let member = self.member(by)?;
        self.may_request(member)?;
        let needless = match &wanted {
            Wanted::Connector(address) => {
                let there = self.connectors.iter().filter(|connector| connector.address == *address);
                there.into_iter().any(|connector| self.may_use(connector, member).is_ok())
            }
            Wanted::Access(connector) => self.may_reach(self.connector(connector)?, member).is_ok(),
            Wanted::Developer if !self.plan().delegates() => {
                return Err(self.may_grant_developer(member).err().unwrap_or(Why::DeveloperNotGranted));
            }
            Wanted::Developer => self.may_toggle_developer(member).is_ok(),
            Wanted::Publication(connector) => {
                self.may_ask_for_publication(self.connector(connector)?, member)?;
                false
            }
        };
        if needless {
            return Err(Why::NotNeeded);
        }
        let mut open = self.requests.iter().filter(|request| request.by == *by && request.is_open());
        if open.clone().count() >= OPEN || open.any(|request| request.wanted == wanted) {
            return Err(Why::AskedAlready);
        }
        let reason = reason.trim().chars().take(REASON).collect();
        self.requests.push(Request { id, by: by.clone(), at: now, wanted, reason, standing: Standing::Open });
        Ok(())
    }

    /// Takes a request back, or clears away a decided one; only the person who asked can.
    ///
    /// # Errors
    /// [`Why::UnknownRequest`].
    pub fn withdraw(&mut self, by: &MemberId, id: &RequestId) -> Result<(), Why> {
        let before = self.requests.len();
        self.requests.retain(|request| request.id != *id || request.by != *by);
        (self.requests.len() < before).then_some(()).ok_or_else(|| Why::UnknownRequest(id.clone()))
    }

    /// Approves a request, and gives what it asks for where that can be given.
    ///
    /// # Errors
    /// As [`Rulebook::may_decide`]; also [`Why::UnknownRequest`], for one that is decided too.
    pub fn approve(&mut self, by: &MemberId, id: &RequestId, now: Millis) -> Result<(), Why> {
        let request = self.open_request(id)?.clone();
        self.may_decide(self.member(by)?, &request)?;
        self.member(&request.by)?;
        match &request.wanted {
            Wanted::Connector(_) => {}
            Wanted::Access(connector) => {
                let mut access = self.connector(connector)?.access.clone();
                access.add_member(&request.by);
                self.set_access(by, connector, access, now)?;
            }
            Wanted::Developer => {
                let mut developers: Access = self.workspace.developers.clone();
                developers.add_member(&request.by);
                self.set_developers(by, developers)?;
            }
            Wanted::Publication(_) => {
                return Err(Why::NotReady("it is approved by publishing it; open its review".to_owned()));
            }
        }
        self.decided(id, Standing::Approved { by: by.clone(), at: now })
    }

    /// Declines a request, with a reason for the person who asked.
    ///
    /// # Errors
    /// As [`Rulebook::approve`].
    pub fn decline(&mut self, by: &MemberId, id: &RequestId, reason: &str, now: Millis) -> Result<(), Why> {
        let request = self.open_request(id)?;
        self.may_decide(self.member(by)?, request)?;
        let reason = reason.trim().chars().take(REASON).collect();
        self.decided(id, Standing::Declined { by: by.clone(), at: now, reason })
    }

    fn open_request(&self, id: &RequestId) -> Result<&Request, Why> {
        let found = self.requests.iter().find(|request| request.id == *id && request.is_open());
        found.ok_or_else(|| Why::UnknownRequest(id.clone()))
    }

    fn decided(&mut self, id: &RequestId, standing: Standing) -> Result<(), Why> {
        let request = self.requests.iter_mut().find(|request| request.id == *id);
        request.ok_or_else(|| Why::UnknownRequest(id.clone()))?.standing = standing;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Profile, Stage};

    fn asked(book: &mut Rulebook, by: &str, wanted: Wanted) -> Result<RequestId, Why> {
        let id = RequestId::from(format!("r{}", book.requests.len()));
        book.ask_for(&by.into(), id.clone(), wanted, " for the team ", NOW).map(|()| id)
    }

    fn standing(book: &Rulebook, id: &RequestId) -> Standing {
        book.requests.iter().find(|request| request.id == *id).unwrap().standing.clone()
    }

    #[test]
    fn an_approved_request_for_access_gives_access_to_one_person() {
        let mut book = published();
        book.set_access(&"owner".into(), &"tracker".into(), Access::Nobody, NOW).unwrap();
        let id = asked(&mut book, "member", Wanted::Access("tracker".into())).unwrap();
        assert_eq!(book.requests[0].reason, "for the team");
        assert_eq!(book.approve(&"dev".into(), &id, NOW), Err(Why::AdminsOnly("decide who has access")));
        assert_eq!(standing(&book, &id), Standing::Open);
        book.approve(&"admin".into(), &id, NOW + 1).unwrap();
        assert_eq!(standing(&book, &id), Standing::Approved { by: "admin".into(), at: NOW + 1 });
        let may = |who: &str| book.may_use(&book.connectors[0], book.member(&who.into()).unwrap()).is_ok();
        assert!(may("member") && !may("dev"));
        assert_eq!(book.approve(&"admin".into(), &id, NOW), Err(Why::UnknownRequest(id)), "it is decided");
    }

    #[test]
    fn s023_an_approved_request_for_developer_mode_opens_gate_1_for_one_person_and_switches_nothing_on() {
        let mut book = workspace(Profile::Enterprise);
        book.members.iter_mut().for_each(|member| member.developer.on = false);
        let id = asked(&mut book, "member", Wanted::Developer).unwrap();
        book.approve(&"owner".into(), &id, NOW).unwrap();
        let member = book.member(&"member".into()).unwrap();
        assert_eq!(book.may_toggle_developer(member), Ok(()));
        assert_eq!(book.developer_mode(member), Err(Why::DeveloperOff));
    }

    #[test]
    fn s029_business_takes_no_request_for_developer_mode() {
        let mut book = workspace(Profile::Business);
        assert!(matches!(asked(&mut book, "member", Wanted::Developer), Err(Why::NotInPlan { .. })));
    }

    #[test]
    fn a_request_for_a_connector_makes_none() {
        let mut book = workspace(Profile::Enterprise);
        let wanted = Wanted::Connector("https://mcp.example.com/mcp".into());
        let id = asked(&mut book, "member", wanted.clone()).unwrap();
        assert_eq!(asked(&mut book, "member", wanted), Err(Why::AskedAlready));
        book.approve(&"admin".into(), &id, NOW).unwrap();
        assert!(book.connectors.iter().all(|connector| connector.stage != Stage::Published));
    }

    #[test]
    fn s015_a_developer_asks_for_the_publication_of_a_draft_and_nothing_less_than_publishing_approves_it() {
        let mut book = workspace(Profile::Enterprise);
        book.create_draft(&"dev".into(), new_connector("tracker"), NOW).unwrap();
        let wanted = Wanted::Publication("tracker".into());
        assert_eq!(asked(&mut book, "member", wanted.clone()), Err(Why::NotYours));
        let id = asked(&mut book, "dev", wanted.clone()).unwrap();
        assert_eq!(asked(&mut book, "dev", wanted.clone()), Err(Why::AskedAlready));
        let deciders: Vec<&str> = book.deciders(&book.requests[0]).map(|one| one.id.as_str()).collect();
        assert_eq!(deciders, ["owner", "admin"]);
        assert!(matches!(book.approve(&"admin".into(), &id, NOW), Err(Why::NotReady(_))), "nothing less than a review");
        book.decline(&"admin".into(), &id, "its hints are missing", NOW).unwrap();
        book.withdraw(&"dev".into(), &id).unwrap();
        let id = asked(&mut book, "dev", wanted.clone()).unwrap();
        book.settle_publication(&"admin".into(), &"tracker".into(), NOW + 1);
        assert_eq!(standing(&book, &id), Standing::Approved { by: "admin".into(), at: NOW + 1 });
        book.publish(&"admin".into(), &"tracker".into(), NOW + 1).unwrap();
        assert!(matches!(asked(&mut book, "dev", wanted), Err(Why::WrongStage { .. })), "it is published");
    }

    #[test]
    fn who_may_publish_asks_nobody_and_what_cannot_be_published_is_not_asked_for() {
        let mut book = workspace(Profile::Enterprise);
        book.create_draft(&"admin".into(), new_connector("tracker"), NOW).unwrap();
        assert_eq!(asked(&mut book, "admin", Wanted::Publication("tracker".into())), Err(Why::NotNeeded));
        book.connectors[0].owner = "dev".into();
        book.connectors[0].snapshot = None;
        assert_eq!(asked(&mut book, "dev", Wanted::Publication("tracker".into())), Err(Why::NeverScanned));
    }

    #[test]
    fn a_request_is_handed_on_as_a_text() {
        let mut book = published();
        book.set_access(&"owner".into(), &"tracker".into(), Access::Nobody, NOW).unwrap();
        book.members.iter_mut().for_each(|one| one.email = Some(format!("{}@example.com", one.id)));
        asked(&mut book, "member", Wanted::Access("tracker".into())).unwrap();
        assert_eq!(
            book.request_text(&book.requests[0]),
            "Request in the workspace My workspace\nAccess to Tracker · mcp.example.com\nAsked for by: MEMBER, \
             member@example.com\nReason: for the team\n"
        );
    }

    #[test]
    fn a_declined_request_says_why_and_the_person_takes_it_away() {
        let mut book = published();
        book.set_access(&"owner".into(), &"tracker".into(), Access::Nobody, NOW).unwrap();
        let id = asked(&mut book, "member", Wanted::Access("tracker".into())).unwrap();
        book.decline(&"owner".into(), &id, " not yet ", NOW).unwrap();
        let Standing::Declined { reason, .. } = standing(&book, &id) else { panic!("declined") };
        assert_eq!(reason, "not yet");
        assert!(matches!(book.withdraw(&"dev".into(), &id), Err(Why::UnknownRequest(_))));
        book.withdraw(&"member".into(), &id).unwrap();
        assert!(book.requests.is_empty());
    }

    #[test]
    fn nobody_asks_for_what_they_have_or_without_an_end() {
        let mut book = published();
        assert_eq!(asked(&mut book, "member", Wanted::Access("tracker".into())), Err(Why::NotNeeded));
        for number in 0..OPEN {
            asked(&mut book, "member", Wanted::Connector(format!("https://{number}.example/"))).unwrap();
        }
        let more = Wanted::Connector("https://more.example/".into());
        assert_eq!(asked(&mut book, "member", more), Err(Why::AskedAlready));
        book.workspace.profile = Profile::Pro;
        assert!(matches!(asked(&mut book, "owner", Wanted::Developer), Err(Why::NotInPlan { .. })));
    }
}
