//! The record: what happened, its check, what is kept for auditors, and remembered answers. What goes out of it is in
//! [`super::export`].
//!
//! Whoever does not run the workspace sees what they did themselves. That is a guard-rail of this page: the browser's
//! owner can read what the browser keeps.

use policy::audit::line::{About, Mark};
use policy::audit::{Checkpoint, Line, Outcome, Row};
use policy::{Call, CallId, Class, ConnectorId, GrantId, Member};
use serde_json::Value;

use super::Workspace;
use crate::audit::Wanted;
use crate::error::{Code, Error};
use crate::store::{Op, Table};
use crate::time::now;
use crate::view::{Approval, AuditFilter, AuditState, KeptText, Payload, RecordFilter, RecordPage, RecordPart, Usage};

const DAY: u64 = 86_400_000;

impl Workspace {
    /// Rows of the audit log as they are kept, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn audit(&self, filter: AuditFilter) -> Result<Vec<Row>, Error> {
        self.alive()?;
        Ok(self.0.audit.read(&filter).await?)
    }

    /// Checks the chain of the audit log from its first row to its last.
    ///
    /// # Errors
    /// When the store cannot be read. A broken chain is a finding, not an error.
    pub async fn verify_audit(&self) -> Result<AuditState, Error> {
        self.verify_audit_telling(|_, _| ()).await
    }

    /// As [`Workspace::verify_audit`]; `told` hears how many rows of how many were looked at.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn verify_audit_telling(&self, told: impl Fn(u64, u64)) -> Result<AuditState, Error> {
        self.alive()?;
        Ok(self.0.audit.check(told).await?)
    }

    /// Whether the last check found something wrong with the chain.
    pub fn record_is_broken(&self) -> bool {
        self.0.audit.found().is_some_and(|found| found.broken)
    }

    /// Checks the chain for who sees the whole record, unless that was done within a day. Dropping it ends it, and the
    /// next one begins anew.
    ///
    /// # Errors
    /// As [`Workspace::verify_audit`].
    pub async fn verify_audit_daily(&self) -> Result<(), Error> {
        let recent = self.0.audit.found().is_some_and(|found| now().saturating_sub(found.at) < DAY);
        if !recent && self.sees_all_of_record() {
            self.verify_audit().await?;
        }
        Ok(())
    }

    /// A page of the record, the newest lines first. `before` is [`RecordPage::next`] of the page before.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn record(&self, filter: &RecordFilter, before: Option<u64>, take: usize) -> Result<RecordPage, Error> {
        self.alive()?;
        let wanted = Wanted { before, ..self.wanted(filter) };
        let (places, next) = self.0.audit.find(&wanted, take).await?;
        Ok(RecordPage { lines: self.0.audit.lines(&places).await?, next })
    }

    /// How many lines that fit a filter were added after a place in the chain.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn record_since(&self, filter: &RecordFilter, after: Option<u64>) -> Result<usize, Error> {
        self.alive()?;
        let wanted = Wanted { after, ..self.wanted(filter) };
        Ok(self.0.audit.find(&wanted, usize::MAX).await?.0.len())
    }

    /// How many entries of an earlier version are not ready to be looked for yet. They are made so in the background
    /// once somebody looks for anything; pages of the record leave them out until then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn record_older(&self) -> Result<u64, Error> {
        self.alive()?;
        Ok(self.0.audit.older().await?)
    }

    /// How many lines of the record fit a filter, once all entries can be looked for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn record_count(&self, filter: &RecordFilter) -> Result<u64, Error> {
        self.alive()?;
        Ok(self.0.audit.count(&self.wanted(filter)).await?)
    }

    /// Whether the person sees what others did.
    pub fn sees_all_of_record(&self) -> bool {
        self.member_here(|book, me| book.may_see_record(me).is_ok())
    }

    /// Whether the person may read what was sent and what came back.
    pub fn reads_payloads(&self) -> bool {
        self.member_here(|book, me| book.may_read_payloads(me))
    }

    fn member_here(&self, may: impl FnOnce(&policy::Rulebook, &Member) -> bool) -> bool {
        let book = self.rulebook();
        book.member(&self.seen_as()).is_ok_and(|me| may(&book, me))
    }

    /// Whose lines the person sees who asks for those of `wanted`; none means everybody's.
    pub(super) fn lines_of(&self, wanted: Option<&policy::MemberId>) -> Option<policy::MemberId> {
        let (book, own) = (self.rulebook(), self.seen_as());
        book.member(&own).map_or(Some(own.clone()), |me| book.lines_of(me, wanted))
    }

    /// What a filter looks for. Who may not see the others' lines looks for their own, whatever the filter says.
    pub(super) fn wanted(&self, filter: &RecordFilter) -> Wanted {
        let person = self.lines_of(filter.person.as_ref());
        let calls = matches!(filter.part, RecordPart::Calls | RecordPart::Refusals);
        let questions = filter.part == RecordPart::Questions;
        let mut marks: Vec<String> = Vec::new();
        let mut add = |mark: Mark<'_>| marks.push(mark.to_string());
        if let Some(id) = &person {
            add(match filter.part {
                RecordPart::Calls | RecordPart::Refusals => Mark::Person(id.as_str()),
                RecordPart::Questions => Mark::Asked(id.as_str()),
                RecordPart::Changes => Mark::By(id.as_str()),
            });
        }
        if let (true, Some(id)) = (questions, &filter.connector) {
            add(Mark::AskedBy(id.as_str()));
        }
        if calls {
            if let Some(id) = &filter.connector {
                add(Mark::Connector(id.as_str()));
            }
            if let Some(name) = &filter.action {
                add(Mark::Action(name));
            }
            if let Some(decided) = filter.decided {
                add(Mark::Decided(decided));
            }
            if let Some(class) = filter.class {
                add(Mark::Class(class));
            }
            if let Some(id) = &filter.grant {
                add(Mark::Grant(id.as_str()));
            }
        }
        match filter.part {
            RecordPart::Refusals => add(Mark::Refused),
            // The marks above are those of calls, of questions, and of changes, alone.
            RecordPart::Calls if marks.is_empty() => marks.push(Mark::Calls.to_string()),
            RecordPart::Questions if marks.is_empty() => marks.push(Mark::Questions.to_string()),
            RecordPart::Changes if marks.is_empty() => marks.push(Mark::Changes.to_string()),
            RecordPart::Calls | RecordPart::Questions | RecordPart::Changes => {}
        }
        Wanted { marks, from: filter.from, until: filter.until, ..Wanted::default() }
    }

    /// When each of these people last did something in this workspace, as far as the record of this browser knows: the
    /// newest line of a call or a change of theirs. None for who never did, and for others where the person at the browser
    /// does not see their lines.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn last_active(&self, people: &[policy::MemberId]) -> Result<Vec<Option<crate::Millis>>, Error> {
        self.alive()?;
        let (all, own) = (self.sees_all_of_record(), self.seen_as());
        let mut active = Vec::with_capacity(people.len());
        for person in people {
            let mut last = None;
            if all || *person == own {
                for mark in [Mark::Person(person.as_str()), Mark::By(person.as_str())] {
                    let wanted = Wanted { marks: vec![mark.to_string()], ..Wanted::default() };
                    let (places, _) = self.0.audit.find(&wanted, 1).await?;
                    last = last.max(self.0.audit.lines(&places).await?.first().map(|line| line.at));
                }
            }
            active.push(last);
        }
        Ok(active)
    }

    /// How much a connector is used: how many calls of it there are, and when one last succeeded among the latest hundred.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn usage(&self, id: &ConnectorId) -> Result<Usage, Error> {
        let filter = RecordFilter { connector: Some(id.clone()), ..RecordFilter::default() };
        let calls = self.record_count(&filter).await?;
        let latest = self.record(&filter, None, 100).await?.lines;
        let done = |line: &&Line| matches!(&line.about, About::Call(call) if call.outcome == Some(Outcome::Done));
        Ok(Usage { calls, succeeded: latest.iter().find(done).map(|line| line.at) })
    }

    /// Signs how far the record goes. It proves something once it is kept elsewhere.
    ///
    /// # Errors
    /// When this browser cannot sign, or the row cannot be kept.
    pub async fn sign_checkpoint(&self) -> Result<Checkpoint, Error> {
        self.alive()?;
        self.0.audit.checkpoint().await
    }

    /// Makes a new key for checkpoints. The old one signs that the new one takes over.
    ///
    /// # Errors
    /// As [`Workspace::sign_checkpoint`].
    pub async fn new_signing_key(&self) -> Result<Checkpoint, Error> {
        self.alive()?;
        self.0.audit.new_key().await
    }

    /// What is kept of a call's arguments and result.
    ///
    /// # Errors
    /// When the person is no auditor, or the store cannot be read.
    pub async fn payload(&self, call: &CallId) -> Result<Option<Payload>, Error> {
        self.alive()?;
        if !self.reads_payloads() {
            return Err(Error::new(Code::Blocked, "only auditors read what was sent and what came back")
                .hint("ask an admin to give you a role that sees payloads"));
        }
        let text = self.0.store.get(Table::Payloads, call.as_str()).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Says for how many days arguments and results are kept for the auditors; `None` keeps none and erases what is kept.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn set_payload_days(&self, days: Option<u16>) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_payload_days(&me, days)).await?;
        self.prune_payloads().await;
        Ok(())
    }

    /// Keeps what is about to be sent, where the workspace keeps such things. Not being able to is no reason not to send:
    /// the row is what counts.
    pub(crate) async fn keep_sent(&self, call: &CallId, arguments: &str) {
        if self.rulebook().workspace.record.payload_days.is_none() {
            return;
        }
        let masked =
            serde_json::from_str(arguments).map(|value| policy::secrets::mask_value(&value)).unwrap_or_default();
        let arguments = kept(&masked, u64::try_from(arguments.len()).unwrap_or(u64::MAX));
        self.put_payload(call, &Payload { at: now(), arguments, result: None }).await;
    }

    /// Keeps what came back, where what was sent is kept; `bytes` is how large it is as text.
    pub(crate) async fn keep_answered(&self, call: &CallId, result: &Value, bytes: u64) {
        let Ok(Some(text)) = self.0.store.get(Table::Payloads, call.as_str()).await else { return };
        let Ok(mut payload) = serde_json::from_str::<Payload>(&text) else { return };
        let mut shown = result.clone();
        without_meta(&mut shown);
        payload.result = Some(kept(&policy::secrets::mask_value(&shown), bytes));
        self.put_payload(call, &payload).await;
    }

    async fn put_payload(&self, call: &CallId, payload: &Payload) {
        let Ok(text) = serde_json::to_string(payload) else { return };
        if let Err(error) = self.0.store.write(vec![Op::Put(Table::Payloads, call.to_string(), text)]).await {
            self.storage_failed(&error);
        }
    }

    /// Erases what was kept longer than the workspace keeps such things.
    pub(crate) async fn prune_payloads(&self) {
        let days = self.rulebook().workspace.record.payload_days;
        let ops = match days {
            None => match self.0.store.count(Table::Payloads, None).await {
                Ok(0) | Err(_) => return,
                Ok(_) => vec![Op::Clear(Table::Payloads)],
            },
            Some(days) => {
                let oldest = now().saturating_sub(u64::from(days) * DAY);
                let all = self.0.store.all(Table::Payloads).await.unwrap_or_default();
                let old = |text: &str| serde_json::from_str::<Payload>(text).map_or(true, |one| one.at < oldest);
                all.into_iter().filter(|(_, text)| old(text)).map(|(key, _)| Op::Delete(Table::Payloads, key)).collect()
            }
        };
        if !ops.is_empty()
            && let Err(error) = self.0.store.write(ops).await
        {
            self.storage_failed(&error);
        }
    }

    /// The person's remembered answers, the newest first, with how often each was used.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn approvals(&self) -> Result<Vec<Approval>, Error> {
        self.alive()?;
        let book = self.rulebook();
        let mut approvals = Vec::new();
        for grant in book.grants_of(&self.me()) {
            let mark = Mark::Grant(grant.id.as_str()).to_string();
            let wanted = Wanted { marks: vec![mark], ..Wanted::default() };
            // Counting waits until older entries can be looked for.
            let used = self.0.audit.count(&wanted).await?;
            let (places, _) = self.0.audit.find(&wanted, 1).await?;
            let last_used = self.0.audit.lines(&places).await?.first().map(|line| line.at);
            let standing = book.standing(grant, now());
            approvals.push(Approval { grant: grant.clone(), standing, used, last_used });
        }
        Ok(approvals)
    }

    /// Takes a remembered answer back: the next such call asks again.
    ///
    /// # Errors
    /// When there is none of that id, or it cannot be kept.
    pub async fn revoke_approval(&self, id: &GrantId) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.revoke(&me, id)).await
    }

    /// Takes every remembered answer of the person back, and says how many there were.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn revoke_approvals(&self) -> Result<usize, Error> {
        let me = self.me();
        self.change_rules(|book| Ok(book.revoke_all(&me))).await
    }

    /// Forgets remembered answers that ended by themselves, once the person has seen them.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn clear_ended_approvals(&self) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| {
            book.forget_ended(&me, now());
            Ok(())
        })
        .await
    }

    /// The class that a call would run as; none when its action is not known.
    pub(crate) fn class_of(&self, call: &Call) -> Option<Class> {
        let book = self.rulebook();
        let connector = book.connector(&call.connector).ok()?;
        Some(connector.classify(connector.action(&call.action)?).class)
    }

    pub(super) fn person_name(&self, id: &str) -> String {
        let book = self.rulebook();
        book.member(&id.into()).map_or_else(|_| id.to_owned(), |member| member.name.clone())
    }

    /// A connector as a text has it: `Tracker · mcp.example.com`.
    pub(super) fn connector_words(&self, id: &str) -> String {
        let book = self.rulebook();
        book.connector(&id.into()).map_or_else(|_| id.to_owned(), |one| format!("{} · {}", one.name, one.host))
    }
}

/// A masked value as text, cut where no more is kept; `bytes` is how large it was before.
fn kept(masked: &Value, bytes: u64) -> KeptText {
    let mut text = masked.to_string();
    let mut end = policy::record::PAYLOAD_CAP.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    KeptText { text, bytes }
}

/// Takes out what a server put beside its answer for a component to read (X102).
pub(super) fn without_meta(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("_meta");
            fields.values_mut().for_each(without_meta);
        }
        Value::Array(items) => items.iter_mut().for_each(without_meta),
        _ => {}
    }
}
