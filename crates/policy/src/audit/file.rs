//! An audit outside the browser: what is exported, and the check of it without the app.
//!
//! A file of JSON lines: the [`Header`] first, then rows exactly as they are kept, oldest first. A file of all rows can be
//! verified from its first row to its last; of rows that a filter chose, each for itself only, and the header says so.
//! A table of comma-separated values is for reading: it cannot be verified.

use super::line::{About, Line};
use super::{Check, Checkpoint, Report};
use crate::{Millis, audit::Broken};
use serde::{Deserialize, Serialize};

/// What no export of the audit holds, in words.
pub const LEFT_OUT: &str = "arguments and results, which the audit does not hold: only their SHA-256 is in the rows; \
                            what looks like a secret in a reason or a setting is masked";

/// The first line of an exported audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What the file is: `audit`.
    pub countersign: String,
    /// The form of the file: 1.
    pub version: u32,
    /// When it was made, by the device's clock.
    pub exported_at: Millis,
    /// The chain that the rows are from.
    pub chain: String,
    /// How many rows follow.
    pub rows: u64,
    /// Which rows were chosen, in words; `None` when every row is there.
    pub filter: Option<String>,
    /// What is not in the file.
    pub left_out: String,
    /// How far the chain went when it was exported, signed; `None` where the browser could not sign.
    pub checkpoint: Option<Checkpoint>,
}

/// The file is no exported audit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no exported audit: {0}; export it as JSONL on the page Audit")]
pub struct NoAudit(String);

/// What a check of a file found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What the file says about itself.
    pub header: Header,
    /// What is wrong with its rows.
    pub report: Report,
}

/// Checks an exported audit. `kept` is a checkpoint from elsewhere, which the file has to agree with; `fits` tells
/// whether a checkpoint is signed by the key it names.
///
/// # Errors
/// When the file is none.
pub fn check(text: &str, kept: Option<&Checkpoint>, fits: impl Fn(&Checkpoint) -> bool) -> Result<Verdict, NoAudit> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let header: Header = serde_json::from_str(first).map_err(|error| NoAudit(error.to_string()))?;
    if header.countersign != "audit" || header.version != 1 {
        return Err(NoAudit(format!("its first line says `{}` version {}", header.countersign, header.version)));
    }
    let mut check = if header.filter.is_some() { Check::of_some() } else { Check::new() };
    let claims = || header.checkpoint.iter().chain(kept);
    claims().for_each(|checkpoint| check.expect(checkpoint));
    lines.for_each(|line| check.text(line));
    let mut report = check.done().signed(&fits);
    if report.rows != header.rows {
        report.broken.push(Broken::CutOff { found: report.rows, expected: header.rows });
    }
    let forged = claims().filter(|checkpoint| !fits(checkpoint));
    report.broken.extend(forged.map(|checkpoint| Broken::Signature { seq: checkpoint.rows }));
    Ok(Verdict { header, report })
}

/// The heads of the columns of [`csv`].
pub const COLUMNS: &str = "entry,time (UTC),person,connection,connector,action,class,decision,why,outcome,reason,\
                           duration ms,definition SHA-256,grant,what changed,before,after,\
                           arguments SHA-256 (arguments and results are left out)\r\n";

/// A line as comma-separated values (RFC 4180), with the names of its person and its connector.
pub fn csv(line: &Line, person: &str, connector: &str) -> String {
    let mut cells = vec![line.seq.to_string(), utc(line.at), person.to_owned()];
    match &line.about {
        About::Call(call) => {
            let facts = &call.call;
            let class = call.class.map(|class| format!("{class:?}").to_lowercase()).unwrap_or_default();
            cells.extend([
                facts.connection.to_string(),
                connector.to_owned(),
                facts.action.clone(),
                class,
                call.decided.label().to_owned(),
                call.why.clone(),
                call.outcome_words().to_owned(),
                call.reason.clone().unwrap_or_default(),
                call.took.map(|took| took.to_string()).unwrap_or_default(),
                facts.definition.to_string(),
                call.grant.as_ref().map(ToString::to_string).unwrap_or_default(),
                String::new(),
                String::new(),
                String::new(),
                facts.arguments.to_string(),
            ]);
        }
        About::Change { subject, how, before, after } => {
            cells.extend(std::iter::repeat_n(String::new(), 11));
            cells.extend([format!("{subject}: {how}"), before.clone().unwrap_or_default()]);
            cells.extend([after.clone().unwrap_or_default(), String::new()]);
        }
    }
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    use crate::csv::{cell as plain, guarded, is_formula};
    if is_formula(cell) { guarded(cell) } else { plain(cell) }
}

/// A time as RFC 3339 has it, in UTC, to the second.
pub fn utc(at: Millis) -> String {
    let seconds = at / 1000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since the first of March of the year 0, in eras of 400 years (Howard Hinnant, `civil_from_days`).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + next;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{CallFacts, Chain, Entry, PublicKey, Row};
    use crate::fixtures::*;
    use crate::{Cause, Class};

    /// A file of a chain of eight rows, the last of them a checkpoint; and the checkpoint.
    fn file() -> (Vec<Row>, Checkpoint) {
        let (mut chain, first) = Chain::begin("one", NOW);
        let mut rows = vec![first];
        for at in 1..7 {
            rows.push(chain.append(Entry::changed(&"owner".into(), "workspace", format!("renamed {at}")), NOW + at));
        }
        let checkpoint = Checkpoint::of(&chain, NOW + 9, PublicKey::from("04".to_owned()), None, "good".into());
        rows.push(chain.append(Entry::Checkpoint(Box::new(checkpoint.clone())), NOW + 9));
        (rows, checkpoint)
    }

    fn text(rows: &[Row], checkpoint: Option<Checkpoint>, filter: Option<&str>) -> String {
        let header = Header {
            countersign: "audit".into(),
            version: 1,
            exported_at: NOW,
            chain: "one".into(),
            rows: rows.len() as u64,
            filter: filter.map(str::to_owned),
            left_out: LEFT_OUT.into(),
            checkpoint,
        };
        let mut lines = vec![serde_json::to_string(&header).unwrap()];
        lines.extend(rows.iter().map(|row| serde_json::to_string(row).unwrap()));
        lines.join("\n") + "\n"
    }

    fn signed(checkpoint: &Checkpoint) -> bool {
        checkpoint.signature == "good"
    }

    fn broken(text: &str, kept: Option<&Checkpoint>) -> Vec<Broken> {
        check(text, kept, signed).unwrap().report.broken
    }

    #[test]
    fn an_exported_audit_verifies_without_the_app() {
        let (rows, checkpoint) = file();
        let text = text(&rows, Some(checkpoint.clone()), None);
        assert_eq!(broken(&text, None), []);
        assert_eq!(broken(&text, Some(&checkpoint)), []);
        assert!(check("hello", None, signed).is_err());
        assert!(check("", None, signed).is_err());
    }

    #[test]
    fn x123_an_edited_a_removed_and_a_reordered_row_of_a_file_are_found() {
        let (rows, checkpoint) = file();
        let whole = text(&rows, Some(checkpoint), None);
        assert_eq!(broken(&whole.replace("renamed 3", "renamed 8"), None), [Broken::Changed { seq: 3 }]);
        let without: String =
            whole.lines().filter(|line| !line.contains("renamed 3")).map(|line| format!("{line}\n")).collect();
        assert!(
            broken(&without, None).iter().any(|one| matches!(one, Broken::Missing { count: 1, from: 2, to: 4, .. }))
        );
        let mut lines: Vec<&str> = whole.lines().collect();
        lines.swap(3, 4);
        assert!(broken(&lines.join("\n"), None).contains(&Broken::Gap { seq: 2 }));
    }

    #[test]
    fn x123_a_chain_cut_before_the_last_exported_checkpoint_is_found() {
        let (rows, checkpoint) = file();
        // Whoever cuts the rows also takes the checkpoint out of the head and counts anew: only what was kept tells.
        let cut = text(&rows[..5], None, None);
        assert_eq!(broken(&cut, None), []);
        assert_eq!(broken(&cut, Some(&checkpoint)), [Broken::CutOff { found: 5, expected: 7 }]);
        let careless = text(&rows[..5], Some(checkpoint.clone()), None);
        assert_eq!(broken(&careless, None), [Broken::CutOff { found: 5, expected: 7 }]);
    }

    #[test]
    fn x123_a_chain_made_anew_does_not_agree_with_what_was_kept() {
        let (_, kept) = file();
        let (mut chain, first) = Chain::begin("one", NOW);
        let mut rows = vec![first];
        for at in 1..9 {
            rows.push(chain.append(Entry::changed(&"owner".into(), "workspace", "nothing happened"), NOW + at));
        }
        assert_eq!(broken(&text(&rows, None, None), Some(&kept)), [Broken::Kept { rows: 7 }]);
        let (_, first) = Chain::begin("two", NOW);
        assert_eq!(broken(&text(&[first], None, None), Some(&kept)), [Broken::AnotherChain]);
    }

    #[test]
    fn x123_a_forged_signature_is_found() {
        let (rows, checkpoint) = file();
        let forged = Checkpoint { signature: "bad".into(), ..checkpoint };
        assert_eq!(broken(&text(&rows, None, None), Some(&forged)), [Broken::Signature { seq: 7 }]);
    }

    #[test]
    fn rows_of_a_filter_are_checked_for_themselves_and_the_file_says_so() {
        let (rows, checkpoint) = file();
        let chosen = [rows[1].clone(), rows[4].clone()];
        let text = text(&chosen, Some(checkpoint), Some("person owner"));
        let verdict = check(&text, None, signed).unwrap();
        assert_eq!((verdict.report.broken, verdict.header.filter.as_deref()), (vec![], Some("person owner")));
        assert_eq!(broken(&text.replace("renamed 4", "renamed 5"), None), [Broken::Changed { seq: 4 }]);
    }

    #[test]
    fn x50_a_cell_is_never_a_formula_and_never_two_cells() {
        let call =
            CallFacts { action: "=HYPERLINK(\"http://x\")".into(), ..CallFacts::of(&call(&published(), "find")) };
        let (mut chain, _) = Chain::begin("one", NOW);
        let row = chain.append(
            Entry::Refused {
                call,
                cause: Cause::Denied { reason: Some("no, \"never\"".into()) },
                class: Some(Class::Read),
            },
            NOW,
        );
        let line = csv(&Line::of(&row, []).unwrap(), "Ada", "Tracker");
        assert!(line.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{line}");
        assert!(line.contains("\"you declined: no, \"\"never\"\"\""), "{line}");
        assert!(line.ends_with("\r\n") && line.starts_with("1,2023-11-14T22:13:20Z,Ada,"), "{line}");
        let (row, _) = file();
        let plain = csv(&Line::of(&row[1], []).unwrap(), "Ada", "");
        let commas = |text: &str| text.matches(',').count();
        assert_eq!(commas(&plain), commas(COLUMNS), "as many cells as heads: {plain}");
    }

    #[test]
    fn a_time_is_told_in_utc() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399_000), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_795_703_689_000), "2026-11-26T14:34:49Z");
    }
}
