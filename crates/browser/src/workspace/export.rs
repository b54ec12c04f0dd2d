//! What goes out, the record and everything, piece by piece, so that much of it neither stops the page nor has to be in
//! memory at once. Dropping an export ends it.

use policy::audit::file::{COLUMNS, Header, LEFT_OUT, csv, utc};
use policy::audit::line::About;
use policy::audit::{Checkpoint, Decided, Entry, Line};
use policy::{CallId, ConversationId, Provenance, Rulebook};
use serde_json::{Value, json};

use super::masked::{masked_conversation, masked_item};
use super::record::without_meta;
use super::{StoredRulebook, Workspace};
use crate::error::{Code, Error};
use crate::store::Table;
use crate::time::{Pace, now};
use crate::view::{RecordFilter, RecordPart};

/// Lines that are exported at once.
const PIECE: usize = 50;

impl Workspace {
    /// The whole record as JSON lines that can be verified without this page, with a checkpoint signed now. `put` gets
    /// the text piece by piece, and how many entries of how many that was.
    ///
    /// # Errors
    /// When the store cannot be read, that it was exported cannot be put on record, or everything was erased meanwhile.
    pub async fn export_audit(&self, mut put: impl FnMut(&str, u64, u64)) -> Result<(), Error> {
        self.exportable()?;
        self.exported("audit log", "exported as JSONL, every entry").await?;
        let checkpoint = self.0.audit.checkpoint().await.ok();
        let (rows, last) = self.0.audit.extent().await?.unwrap_or_default();
        put(&self.header(rows, None, checkpoint).await?, 0, rows);
        let (mut here, mut pieces) = (0, self.0.audit.pieces(last));
        while let Some(records) = pieces.next().await? {
            here += count(records.len());
            put(&lines_of(records.into_iter().map(|(_, text)| text)), here, rows);
        }
        whole(here == rows)
    }

    /// The calls or changes that a filter chose, as JSON lines: each entry can be verified for itself. The later entries
    /// of a call, such as its end, come with it. Half of the work is to find those.
    ///
    /// # Errors
    /// As [`Workspace::export_audit`].
    pub async fn export_record(&self, filter: &RecordFilter, mut put: impl FnMut(&str, u64, u64)) -> Result<(), Error> {
        self.alive()?;
        let words = self.filter_words(filter);
        self.exported("audit log", &format!("exported as JSONL: {words}")).await?;
        let checkpoint = self.0.audit.checkpoint().await.ok();
        let mut places = self.places(filter).await?;
        let lines = count(places.len());
        let hears = std::cell::RefCell::new(&mut put);
        places.extend(self.0.audit.later(&places, |here| (*hears.borrow_mut())("", here, lines * 2)).await?);
        places.sort_unstable();
        let rows = count(places.len());
        put(&self.header(rows, Some(words), checkpoint).await?, lines, lines * 2);
        let (mut here, mut pace) = (0, Pace::begin());
        for piece in places.chunks(PIECE * 4) {
            let texts = self.0.audit.texts(piece).await?;
            here += count(texts.len());
            // As far through the second half as through the entries.
            put(&lines_of(texts), lines + here * lines / rows.max(1), lines * 2);
            pace.rest().await;
        }
        whole(here == rows)
    }

    /// The lines that a filter chose, as comma-separated values for a table, the oldest first. That cannot be verified.
    ///
    /// # Errors
    /// As [`Workspace::export_audit`].
    pub async fn export_table(&self, filter: &RecordFilter, mut put: impl FnMut(&str, u64, u64)) -> Result<(), Error> {
        self.alive()?;
        self.exported("audit log", &format!("exported as CSV: {}", self.filter_words(filter))).await?;
        let mut places = self.places(filter).await?;
        places.reverse();
        let lines = count(places.len());
        put(COLUMNS, 0, lines);
        let (mut here, mut pace) = (0, Pace::begin());
        for piece in places.chunks(PIECE) {
            let mut text = String::new();
            for line in self.0.audit.lines(piece).await? {
                let person = line.person.as_ref().map(|id| self.person_name(id.as_str())).unwrap_or_default();
                let connector = match &line.about {
                    About::Call(call) => self.connector_words(call.call.connector.as_str()),
                    About::Question(question) => self.connector_words(question.connector.as_str()),
                    About::Change { .. } => String::new(),
                };
                text.push_str(&csv(&line, &person, &connector));
            }
            here += count(piece.len());
            put(&text, here, lines);
            pace.rest().await;
        }
        Ok(())
    }

    /// Everything as one JSON text: settings, connectors, conversations, notes, models, the audit log. No tokens and no
    /// keys; what looks like one in texts is masked (X21, X59). `put` gets the text piece by piece, and how many
    /// conversations and entries of how many that was.
    ///
    /// # Errors
    /// When the store cannot be read, or everything was erased meanwhile.
    pub async fn export(&self, mut put: impl FnMut(&str, u64, u64)) -> Result<(), Error> {
        self.alive()?;
        let heads = self.conversations();
        let (rows, last) = self.0.audit.extent().await?.unwrap_or_default();
        let (mut here, of) = (0, rows + count(heads.len()));
        let notes = self.0.store.all(Table::Notes).await?;
        let notes: Vec<Value> = notes.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()).collect();
        let rulebook = StoredRulebook { schema: super::RULEBOOK_SCHEMA, rulebook: Rulebook::clone(&self.rulebook()) };
        let first = json!({
            "countersign": env!("CARGO_PKG_VERSION"),
            "exportedAt": now(),
            "leftOut": "tokens and keys; texts that look like one are masked, except in the audit log, which has none",
            "rulebook": rulebook,
            "notes": policy::secrets::mask_value(&Value::Array(notes)),
            "models": self.models(),
        });
        put(&opened(&first, "conversations")?, here, of);
        for (at, head) in heads.iter().enumerate() {
            if at > 0 {
                put(",\n", here, of);
            }
            self.put_conversation(&head.id, |text| put(text, here, of)).await?;
            here += 1;
        }
        put("],\n\"audit\":[\n", here, of);
        let (mut found, mut pieces) = (0, self.0.audit.pieces(last));
        while let Some(records) = pieces.next().await? {
            let mut text = String::new();
            for (_, row) in &records {
                // As they are: a masked row would not verify. One that is no JSON is for the check to tell.
                if serde_json::from_str::<serde::de::IgnoredAny>(row).is_ok() {
                    text.push_str(if found > 0 { ",\n" } else { "" });
                    text.push_str(row);
                    found += 1;
                }
            }
            here += count(records.len());
            put(&text, here, of);
        }
        put("]}\n", here, of);
        whole(here == of)
    }

    /// A conversation as JSON, secrets masked, item by item: each can hold megabytes.
    async fn put_conversation(&self, id: &ConversationId, mut put: impl FnMut(&str)) -> Result<(), Error> {
        // Read only: many are exported, and none is opened by that.
        let mut conversation = self.kept_conversation(id).await?;
        let items = std::mem::take(&mut conversation.items);
        let mut head = serde_json::to_value(&conversation).unwrap_or_default();
        if let Some(fields) = head.as_object_mut() {
            fields.remove("items");
        }
        put(&opened(&policy::secrets::mask_value(&head), "items")?);
        let mut pace = Pace::begin();
        for (at, item) in items.into_iter().enumerate() {
            let text = masked_item(&item).to_string();
            put(if at > 0 { ",\n" } else { "" });
            put(&text);
            pace.rest().await;
        }
        put("]}");
        Ok(())
    }

    /// What the check of the chain found, as a text to hand on; `told` hears how many rows of how many were looked at.
    ///
    /// # Errors
    /// As [`Workspace::verify_audit`].
    pub async fn integrity_report(&self, told: impl Fn(u64, u64)) -> Result<String, Error> {
        let state = self.verify_audit_telling(told).await?;
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
            let mut said = masked_conversation(conversation);
            without_meta(&mut said);
            let line = json!({"conversation": said, "calls": calls});
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
            "reason": call.reason,
            "duration_ms": call.took,
            "definition_sha256": call.call.definition,
            "arguments_sha256": call.call.arguments,
        }))
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

    /// The places of everything that a filter chooses, the newest first.
    async fn places(&self, filter: &RecordFilter) -> Result<Vec<u64>, Error> {
        self.0.audit.mark_older().await?;
        Ok(self.0.audit.find(&self.wanted(filter), usize::MAX).await?.0)
    }

    /// The first line of an export of so many rows.
    async fn header(&self, rows: u64, filter: Option<String>, signed: Option<Checkpoint>) -> Result<String, Error> {
        let chain = match &signed {
            Some(checkpoint) => checkpoint.chain.clone(),
            None => self.0.audit.name().await?,
        };
        let header = Header {
            countersign: "audit".to_owned(),
            version: 1,
            exported_at: now(),
            chain,
            rows,
            filter,
            left_out: LEFT_OUT.to_owned(),
            checkpoint: signed,
        };
        let text = serde_json::to_string(&header).map_err(|error| unwritable(&error))?;
        Ok(text + "\n")
    }

    /// A filter in words, for whoever opens the file later.
    fn filter_words(&self, filter: &RecordFilter) -> String {
        let part = match filter.part {
            RecordPart::Calls => "tool calls",
            RecordPart::Refusals => "calls that were not made",
            RecordPart::Questions => "questions of servers",
            RecordPart::Changes => "changes",
        };
        let person = self.lines_of(filter.person.as_ref());
        let words = [
            person.map(|id| format!("person {}", self.person_name(id.as_str()))),
            filter.connector.as_ref().map(|id| format!("connector {}", self.connector_words(id.as_str()))),
            filter.action.as_ref().map(|name| format!("action {name}")),
            filter.decided.map(|decided: Decided| decided.label().to_owned()),
            filter.class.map(|class| format!("class {}", format!("{class:?}").to_lowercase())),
            filter.grant.as_ref().map(|id| format!("grant {id}")),
            filter.from.map(|from| format!("from {}", utc(from))),
            filter.until.map(|until| format!("until {}", utc(until))),
        ];
        std::iter::once(part.to_owned()).chain(words.into_iter().flatten()).collect::<Vec<_>>().join(", ")
    }
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX)
}

/// An object as text that is not closed yet: a last field `name` is a list that has just begun.
fn opened(object: &Value, name: &str) -> Result<String, Error> {
    let text = serde_json::to_string(object).map_err(|error| unwritable(&error))?;
    let fields = text.strip_suffix('}').unwrap_or(&text);
    Ok(format!("{fields},\n\"{name}\":[\n"))
}

fn lines_of(texts: impl IntoIterator<Item = String>) -> String {
    texts.into_iter().fold(String::new(), |all, text| all + &text + "\n")
}

/// An export has what its first line says, or it is none.
fn whole(is: bool) -> Result<(), Error> {
    let erased = || Error::new(Code::Cancelled, "the record was erased while it was exported").hint("export it again");
    is.then_some(()).ok_or_else(erased)
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::new(Code::Invalid, format!("the export cannot be written: {error}"))
}
