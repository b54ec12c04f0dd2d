//! Who may read the record of what happened, and what of it is kept.
//!
//! Everybody may look at their own calls; whoever runs the workspace, or has the permission, at all of them
//! (behaviour.md a.10). What was sent and what came back is another matter: it is not kept at all unless an admin turns
//! that on, and only *auditors* may read it: where a plan has custom roles, an admin is no auditor by being one.
//!
//! The ledger of remembered answers is here too: what stands, and what ended by itself.

use crate::{Grant, GrantId, Member, MemberId, Millis, Permission, Rulebook, Why};
use serde::{Deserialize, Serialize};

/// How large a kept payload may be, in bytes; what is beyond is not kept.
pub const PAYLOAD_CAP: usize = 4096;

/// For how many days payloads can be kept.
pub const PAYLOAD_DAYS: [u16; 4] = [1, 7, 30, 90];

/// What a workspace keeps of its calls besides the rows about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSettings {
    /// For how many days arguments and results are kept, secrets masked and cut at [`PAYLOAD_CAP`]; `None` keeps none.
    #[serde(default)]
    pub payload_days: Option<u16>,
}

impl RecordSettings {
    /// Whether nothing was decided yet.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What became of a remembered answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Counts,
    /// Its time is over.
    Expired,
    /// The action is another one than the person saw, or is gone.
    ActionChanged,
    /// The connector leads elsewhere, or is gone.
    ConnectorChanged,
}

impl Standing {
    /// Why it no longer counts, in words; `None` while it does.
    pub fn ended(self) -> Option<&'static str> {
        match self {
            Standing::Counts => None,
            Standing::Expired => Some("ended because its time was over"),
            Standing::ActionChanged => Some("ended because the action changed"),
            Standing::ConnectorChanged => Some("ended because the connector changed"),
        }
    }
}

impl Rulebook {
    /// May see every call and every change, and not only what they did themselves.
    ///
    /// # Errors
    /// The member does not run the workspace and is no auditor.
    pub fn may_see_record(&self, member: &Member) -> Result<(), Why> {
        let may = self.holds(member, Permission::SeeAudit) || self.may_read_payloads(member);
        may.then_some(()).ok_or(Why::AdminsOnly("see what others did"))
    }

    /// Whose lines of the record a person sees and takes along who asks for those of `wanted`; none means everybody's.
    /// Whoever may not see the record has their own, whatever they ask for (matrix a.10).
    pub fn lines_of(&self, member: &Member, wanted: Option<&MemberId>) -> Option<MemberId> {
        match self.may_see_record(member) {
            Ok(()) => wanted.cloned(),
            Err(_) => Some(member.id.clone()),
        }
    }

    /// May read arguments and results that were kept. Only auditors may.
    pub fn may_read_payloads(&self, member: &Member) -> bool {
        self.holds(member, Permission::SeePayloads)
    }

    /// May export conversations for compliance (S097).
    ///
    /// # Errors
    /// The plan has no such export, or the member neither runs the workspace nor is an auditor.
    pub fn may_export_conversations(&self, member: &Member) -> Result<(), Why> {
        if !self.plan().compliance_export {
            return Err(Why::NotInPlan { what: "exporting conversations for compliance", plan: self.plan().label });
        }
        self.may_see_record(member).map_err(|_| Why::AdminsOnly("export conversations for compliance"))
    }

    /// Says for how many days arguments and results are kept; `None` keeps none from now on.
    ///
    /// # Errors
    /// The member does not run the workspace.
    pub fn set_payload_days(&mut self, by: &MemberId, days: Option<u16>) -> Result<(), Why> {
        self.may_set_record(by)?;
        self.workspace.record.payload_days = days;
        Ok(())
    }

    fn may_set_record(&self, by: &MemberId) -> Result<(), Why> {
        let runs = self.member(by)?.role.runs_workspace();
        runs.then_some(()).ok_or(Why::AdminsOnly("decide what is kept of calls and who may read it"))
    }

    /// Whether a remembered answer still counts, and if not, why.
    pub fn standing(&self, grant: &Grant, now: Millis) -> Standing {
        let Ok(connector) = self.connector(&grant.connector) else { return Standing::ConnectorChanged };
        if connector.address != grant.address {
            return Standing::ConnectorChanged;
        }
        if connector.action(&grant.action).is_none_or(|action| *action.digest() != grant.definition) {
            return Standing::ActionChanged;
        }
        if self.workspace.remember < grant.needs() || grant.until.is_some_and(|until| until <= now) {
            return Standing::Expired;
        }
        Standing::Counts
    }

    /// The remembered answers of a member, the newest first.
    pub fn grants_of<'a>(&'a self, member: &'a MemberId) -> impl Iterator<Item = &'a Grant> {
        self.grants.iter().rev().filter(move |grant| grant.member == *member)
    }

    /// Takes a remembered answer back. Everybody may take back their own.
    ///
    /// # Errors
    /// There is none of that id, or it is someone else's.
    pub fn revoke(&mut self, by: &MemberId, id: &GrantId) -> Result<(), Why> {
        let before = self.grants.len();
        self.grants.retain(|grant| grant.id != *id || grant.member != *by);
        (self.grants.len() < before).then_some(()).ok_or(Why::NoGrant)
    }

    /// Takes every remembered answer of a member back, and says how many there were.
    pub fn revoke_all(&mut self, by: &MemberId) -> usize {
        let before = self.grants.len();
        self.grants.retain(|grant| grant.member != *by);
        before - self.grants.len()
    }

    /// Forgets the remembered answers of a member that no longer count, once they were looked at.
    pub fn forget_ended(&mut self, by: &MemberId, now: Millis) {
        let ended: Vec<GrantId> = self
            .grants_of(by)
            .filter(|grant| self.standing(grant, now) != Standing::Counts)
            .map(|grant| grant.id.clone())
            .collect();
        self.grants.retain(|grant| !ended.contains(&grant.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Action, Profile, Remember, RoleId, Setting, Snapshot};
    use serde_json::json;

    fn make_auditor(book: &mut Rulebook, id: &str) {
        let (owner, role) = (MemberId::from("owner"), RoleId::from("audit"));
        book.add_role(&owner, role.clone(), "Auditor").unwrap();
        book.set_role(&owner, &role, Permission::SeePayloads, Setting::On).unwrap();
        book.members.iter_mut().find(|one| one.id.as_str() == id).unwrap().roles.push(role);
    }

    fn remembering() -> (Rulebook, Grant) {
        let mut book = published();
        book.set_remember(&"owner".into(), Remember::Conversation).unwrap();
        let call = call(&book, "create");
        let grant = Grant {
            id: "g".into(),
            given_for: call.id,
            given_at: NOW,
            until: None,
            member: call.member,
            connector: call.connector,
            address: book.connectors[0].address.clone(),
            connection: call.connection,
            action: call.action,
            definition: call.definition,
            conversation: Some("talk".into()),
            arguments: None,
        };
        book.grants.push(grant.clone());
        (book, grant)
    }

    #[test]
    fn a10_members_see_their_own_calls_and_payloads_are_for_auditors_only() {
        let mut book = published();
        let member = |book: &Rulebook, id: &str| book.member(&id.into()).unwrap().clone();
        for (id, sees) in [("owner", true), ("admin", true), ("dev", false), ("member", false)] {
            assert_eq!(book.may_see_record(&member(&book, id)).is_ok(), sees, "{id}");
            assert!(!book.may_read_payloads(&member(&book, id)), "{id} is no auditor by being one");
        }
        make_auditor(&mut book, "dev");
        assert!(book.may_read_payloads(&member(&book, "dev")) && book.may_see_record(&member(&book, "dev")).is_ok());
        assert!(!book.may_read_payloads(&member(&book, "owner")));
        assert_eq!(book.workspace.record.payload_days, None, "nothing is kept until somebody turns it on");
        assert!(book.set_payload_days(&"member".into(), Some(7)).is_err());
    }

    #[test]
    fn s097_conversations_are_exported_in_enterprise_and_edu_only() {
        for profile in Profile::ALL {
            let mut book = workspace(profile);
            let may =
                |book: &Rulebook, id: &str| book.may_export_conversations(book.member(&id.into()).unwrap()).is_ok();
            let has = matches!(profile, Profile::Enterprise | Profile::Edu);
            assert_eq!((may(&book, "owner"), may(&book, "admin")), (has, has), "{profile:?}");
            assert!(!may(&book, "member"));
            if has {
                make_auditor(&mut book, "member");
                assert!(may(&book, "member"), "an auditor may");
            }
        }
    }

    #[test]
    fn a_remembered_answer_says_why_it_ended() {
        let (book, grant) = remembering();
        assert_eq!(book.standing(&grant, NOW), Standing::Counts);
        let short = Grant { until: Some(NOW), ..grant.clone() };
        assert_eq!(book.standing(&short, NOW), Standing::Expired);

        let mut moved = book.clone();
        moved.connectors[0].address.push('2');
        assert_eq!(moved.standing(&grant, NOW), Standing::ConnectorChanged);
        let mut changed = book.clone();
        let actions: Vec<Action> = vec![tool("create", json!({"title": "Changed"}))];
        changed.connectors[0].snapshot =
            Some(Snapshot::new(2, NOW, Default::default(), "2025-11-25".into(), None, actions).unwrap());
        assert_eq!(changed.standing(&grant, NOW), Standing::ActionChanged);
        assert_eq!(changed.standing(&grant, NOW).ended(), Some("ended because the action changed"));
        changed.forget_ended(&"member".into(), NOW);
        assert_eq!(changed.grants, [], "it is listed once");
    }

    #[test]
    fn people_take_back_their_own_answers_and_no_others() {
        let (mut book, grant) = remembering();
        book.grants.push(Grant { id: "h".into(), member: "dev".into(), ..grant });
        assert!(book.revoke(&"member".into(), &"h".into()).is_err());
        assert!(book.revoke(&"owner".into(), &"g".into()).is_err());
        assert_eq!(book.revoke_all(&"member".into()), 1);
        assert_eq!(book.grants_of(&"dev".into()).count(), 1);
        book.revoke(&"dev".into(), &"h".into()).unwrap();
        assert_eq!(book.grants, []);
    }

    #[test]
    fn settings_from_before_the_record_had_any_still_load() {
        let book = published();
        let text = serde_json::to_string(&book).unwrap();
        assert!(!text.contains("payload_days"), "what was never decided is not stored");
        assert_eq!(serde_json::from_str::<Rulebook>(&text).unwrap(), book);
    }
}
