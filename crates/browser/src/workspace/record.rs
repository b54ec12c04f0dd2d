//! The record: what happened, its check, what goes out of it, what is kept for auditors, and remembered answers.
//!
//! Whoever does not run the workspace sees what they did themselves. That is a guard-rail of this page: the browser's
//! owner can read what the browser keeps.

use policy::audit::file::{COLUMNS, Header, LEFT_OUT, csv, utc};
use policy::audit::line::{About, Mark};
use policy::audit::{Checkpoint, Decided, Entry, Line, Row};
use policy::{Call, CallId, Class, GrantId, Member, Provenance};
use serde_json::{Value, json};

use super::Workspace;
use crate::audit::Wanted;
use crate::error::{Code, Error};
use crate::store::{Op, Table};
use crate::time::now;
use crate::view::{Approval, AuditFilter, AuditState, KeptText, Payload, RecordFilter, RecordPage, RecordPart};

/// Lines that are exported at once.
const PIECE: usize = 500;
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

    /// How many lines of the record fit a filter.
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

    /// What a filter looks for. Who may not see the others' lines looks for their own, whatever the filter says.
    fn wanted(&self, filter: &RecordFilter) -> Wanted {
        let person = if self.sees_all_of_record() { filter.person.clone() } else { Some(self.seen_as()) };
        let calls = filter.part != RecordPart::Changes;
        let mut marks: Vec<String> = Vec::new();
        let mut add = |mark: Mark<'_>| marks.push(mark.to_string());
        if let Some(id) = &person {
            add(if calls { Mark::Person(id.as_str()) } else { Mark::By(id.as_str()) });
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
        }
        match filter.part {
            RecordPart::Refusals => add(Mark::Refused),
            // The marks above are those of calls, and of changes, alone.
            RecordPart::Calls if marks.is_empty() => marks.push(Mark::Calls.to_string()),
            RecordPart::Changes if marks.is_empty() => marks.push(Mark::Changes.to_string()),
            RecordPart::Calls | RecordPart::Changes => {}
        }
        Wanted { marks, from: filter.from, until: filter.until, before: None }
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

    /// The last checkpoint that was signed here.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn last_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.alive()?;
        Ok(self.0.audit.signed().await?)
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

    /// The whole record as JSON lines that can be verified without this page, with a checkpoint signed now.
    ///
    /// # Errors
    /// When the store cannot be read, or that it was exported cannot be put on record.
    pub async fn export_audit(&self) -> Result<String, Error> {
        self.exportable()?;
        self.exported("audit log", "exported as JSONL, every entry").await?;
        let checkpoint = self.0.audit.checkpoint().await.ok();
        self.with_header(&self.0.audit.all().await?, None, checkpoint)
    }

    /// The calls or changes that a filter chose, as JSON lines: each entry can be verified for itself. The later entries
    /// of a call, such as its end, come with it.
    ///
    /// # Errors
    /// As [`Workspace::export_audit`].
    pub async fn export_record(&self, filter: &RecordFilter) -> Result<String, Error> {
        self.alive()?;
        let words = self.filter_words(filter);
        self.exported("audit log", &format!("exported as JSONL: {words}")).await?;
        let checkpoint = self.0.audit.checkpoint().await.ok();
        let mut places = self.places(filter).await?;
        places.extend(self.0.audit.later(&places).await?);
        places.sort_unstable();
        let texts = self.0.audit.texts(&places).await?;
        self.with_header(&texts, Some(words), checkpoint)
    }

    /// The lines that a filter chose, as comma-separated values for a table. That cannot be verified.
    ///
    /// # Errors
    /// As [`Workspace::export_audit`].
    pub async fn export_table(&self, filter: &RecordFilter) -> Result<String, Error> {
        self.alive()?;
        self.exported("audit log", &format!("exported as CSV: {}", self.filter_words(filter))).await?;
        let mut text = COLUMNS.to_owned();
        let mut places = self.places(filter).await?;
        places.reverse();
        for piece in places.chunks(PIECE) {
            for line in self.0.audit.lines(piece).await? {
                let person = line.person.as_ref().map(|id| self.person_name(id.as_str())).unwrap_or_default();
                let connector = match &line.about {
                    About::Call(call) => self.connector_words(call.call.connector.as_str()),
                    About::Change { .. } => String::new(),
                };
                text.push_str(&csv(&line, &person, &connector));
            }
        }
        Ok(text)
    }

    /// What the check of the chain found, as a text to hand on.
    ///
    /// # Errors
    /// As [`Workspace::verify_audit`].
    pub async fn integrity_report(&self) -> Result<String, Error> {
        let state = self.verify_audit().await?;
        let checkpoint = self.0.audit.checkpoint().await.ok().or(state.checkpoint);
        let findings: Vec<String> = state.broken.iter().map(ToString::to_string).collect();
        let report = json!({
            "countersign": "integrity",
            "version": 1,
            "at": utc(now()),
            "entries": state.rows,
            "whole": findings.is_empty(),
            "findings": findings,
            "checkpoint": checkpoint,
            "meaning": "whoever owns the browser owns its key: a checkpoint proves something only once it was kept elsewhere",
        });
        serde_json::to_string_pretty(&report).map_err(|error| unwritable(&error))
    }

    /// Conversations with their calls, decisions and where they came from, one a line, for compliance (S097).
    ///
    /// # Errors
    /// When the plan has no such export or the person may not, when the store cannot be read, or when that it was
    /// exported cannot be put on record.
    pub async fn export_conversations(&self) -> Result<String, Error> {
        self.alive()?;
        let book = self.rulebook();
        book.may_export_conversations(book.member(&self.me())?)?;
        let heads = self.conversations();
        self.exported("conversations", &format!("exported for compliance: {}", heads.len())).await?;
        let header = json!({
            "countersign": "conversations",
            "version": 1,
            "exported_at": utc(now()),
            "workspace": book.workspace.name,
            "plan": book.plan().label,
            "by": self.person_name(self.me().as_str()),
            "conversations": heads.len(),
            "left_out": "tokens and keys, and the `_meta` of results; texts that look like a secret are masked",
        });
        let mut lines = vec![header.to_string()];
        for head in heads {
            let conversation = self.conversation(&head.id).await?;
            let mut calls = Vec::new();
            for card in conversation.calls() {
                calls.push(self.call_for_compliance(&card.call).await?);
            }
            let mut said = serde_json::to_value(&conversation).unwrap_or_default();
            without_meta(&mut said);
            let line = json!({"conversation": policy::secrets::mask_value(&said), "calls": calls});
            lines.push(line.to_string());
        }
        Ok(lines.join("\n") + "\n")
    }

    /// What the record says of a call, and who stands behind its connector.
    async fn call_for_compliance(&self, id: &CallId) -> Result<Value, Error> {
        let rows = self.0.audit.about(id).await?;
        let Some(line) = rows.iter().find_map(|row| Line::of(row, &rows)) else {
            return Ok(json!({"call": id, "decision": "not on record"}));
        };
        let About::Call(call) = &line.about else { return Ok(json!({"call": id})) };
        let book = self.rulebook();
        let connector = book.connector(&call.call.connector).ok();
        let provenance = connector.map(|connector| match connector.provenance {
            Provenance::Own => "built by the organisation",
            Provenance::Vendor => "a vendor's",
            Provenance::OpenSource => "open source",
            Provenance::Other => "not stated",
        });
        Ok(json!({
            "call": id,
            "at": utc(line.at),
            "entries": rows.iter().map(|row| row.seq).collect::<Vec<_>>(),
            "person": self.person_name(call.call.member.as_str()),
            "wanted_by": call.call.by,
            "connector": connector.map(|connector| connector.name.as_str()),
            "host": connector.map(|connector| connector.host.as_str()),
            "provenance": provenance,
            "connection": call.call.connection,
            "action": call.call.action,
            "class": call.class,
            "decision": call.decided.label(),
            "why": call.why,
            "grant": call.grant,
            "outcome": call.outcome_words(),
            "duration_ms": call.took,
            "definition_sha256": call.call.definition,
            "arguments_sha256": call.call.arguments,
        }))
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
        let arguments = kept(&masked, arguments.len());
        self.put_payload(call, &Payload { at: now(), arguments, result: None }).await;
    }

    /// Keeps what came back, where what was sent is kept.
    pub(crate) async fn keep_answered(&self, call: &CallId, result: &Value) {
        let Ok(Some(text)) = self.0.store.get(Table::Payloads, call.as_str()).await else { return };
        let Ok(mut payload) = serde_json::from_str::<Payload>(&text) else { return };
        let bytes = result.to_string().len();
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

    /// Only who sees all of the record takes all of it along.
    fn exportable(&self) -> Result<(), Error> {
        self.alive()?;
        let book = self.rulebook();
        Ok(book.may_see_record(book.member(&self.me())?)?)
    }

    async fn exported(&self, subject: &str, how: &str) -> Result<(), Error> {
        Ok(self.0.audit.write(vec![Entry::changed(&self.me(), subject, how)]).await?)
    }

    async fn places(&self, filter: &RecordFilter) -> Result<Vec<u64>, Error> {
        Ok(self.0.audit.find(&self.wanted(filter), usize::MAX).await?.0)
    }

    fn with_header(
        &self,
        rows: &[String],
        filter: Option<String>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<String, Error> {
        let chain = rows.first().and_then(|row| serde_json::from_str::<Row>(row).ok()).map(|row| row.chain);
        let header = Header {
            countersign: "audit".to_owned(),
            version: 1,
            exported_at: now(),
            chain: chain.or_else(|| Some(checkpoint.as_ref()?.chain.clone())).unwrap_or_default(),
            rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
            filter,
            left_out: LEFT_OUT.to_owned(),
            checkpoint,
        };
        let mut text = serde_json::to_string(&header).map_err(|error| unwritable(&error))?;
        text.push('\n');
        for row in rows {
            text.push_str(row);
            text.push('\n');
        }
        Ok(text)
    }

    /// A filter in words, for whoever opens the file later.
    fn filter_words(&self, filter: &RecordFilter) -> String {
        let part = match filter.part {
            RecordPart::Calls => "tool calls",
            RecordPart::Refusals => "calls that were not made",
            RecordPart::Changes => "changes",
        };
        let all = self.sees_all_of_record();
        let person = if all { filter.person.clone() } else { Some(self.seen_as()) };
        let words = [
            person.map(|id| format!("person {}", self.person_name(id.as_str()))),
            filter.connector.as_ref().map(|id| format!("connector {}", self.connector_words(id.as_str()))),
            filter.action.as_ref().map(|name| format!("action {name}")),
            filter.decided.map(|decided: Decided| decided.label().to_owned()),
            filter.class.map(|class| format!("class {}", format!("{class:?}").to_lowercase())),
            filter.from.map(|from| format!("from {}", utc(from))),
            filter.until.map(|until| format!("until {}", utc(until))),
        ];
        std::iter::once(part.to_owned()).chain(words.into_iter().flatten()).collect::<Vec<_>>().join(", ")
    }

    fn person_name(&self, id: &str) -> String {
        let book = self.rulebook();
        book.member(&id.into()).map_or_else(|_| id.to_owned(), |member| member.name.clone())
    }

    /// A connector as a text has it: `Tracker · mcp.example.com`.
    fn connector_words(&self, id: &str) -> String {
        let book = self.rulebook();
        book.connector(&id.into()).map_or_else(|_| id.to_owned(), |one| format!("{} · {}", one.name, one.host))
    }
}

/// A masked value as text, cut where no more is kept; `bytes` is how large it was before.
fn kept(masked: &Value, bytes: usize) -> KeptText {
    let mut text = masked.to_string();
    let mut end = policy::record::PAYLOAD_CAP.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    KeptText { text, bytes: u64::try_from(bytes).unwrap_or(u64::MAX) }
}

/// Takes out what a server put beside its answer for a component to read (X102).
fn without_meta(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("_meta");
            fields.values_mut().for_each(without_meta);
        }
        Value::Array(items) => items.iter_mut().for_each(without_meta),
        _ => {}
    }
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::new(Code::Invalid, format!("the export cannot be written: {error}"))
}
