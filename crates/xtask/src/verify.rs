//! `cargo xtask verify-audit`: an exported audit, checked without the app and without a browser.

use crate::Words;
use crate::run::{Doing, Failure, Outcome};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use policy::audit::file::{Verdict, check, utc};
use policy::audit::{Broken, Checkpoint};
use std::path::Path;

/// Checks a file, against a kept checkpoint where one is given, and says what was found. False when something is wrong.
pub(crate) fn verify(words: &mut Words) -> Outcome<bool> {
    let kept = words.value("--checkpoint")?;
    let file = words
        .next()
        .ok_or_else(|| Failure::new("which file?").next("run `cargo xtask verify-audit countersign-audit.jsonl`"))?;
    words.end()?;
    let read = |file: &str| std::fs::read_to_string(Path::new(file)).doing(format_args!("read `{file}`"));
    let kept = kept.as_deref().map(|file| checkpoint(file, &read(file)?)).transpose()?;
    let verdict =
        check(&read(&file)?, kept.as_ref(), fits).map_err(|error| Failure::new(format!("`{file}`: {error}")))?;
    report(&verdict, kept.as_ref()).into_iter().for_each(|line| println!("{line}"));
    Ok(verdict.report.broken.is_empty())
}

fn checkpoint(file: &str, text: &str) -> Outcome<Checkpoint> {
    serde_json::from_str(text).map_err(|error| {
        Failure::new(format!("`{file}` is no checkpoint: {error}"))
            .next("save one on the page Audit, Integrity, and keep it elsewhere")
    })
}

/// What to print.
fn report(verdict: &Verdict, kept: Option<&Checkpoint>) -> Vec<String> {
    let (header, report) = (&verdict.header, &verdict.report);
    let mut lines =
        vec![format!("chain `{}`, exported {}, {} entries", header.chain, utc(header.exported_at), report.rows)];
    if let Some(filter) = &header.filter {
        lines.push(format!(
            "a choice of entries ({filter}): each is checked for itself, gaps between them are expected"
        ));
    }
    lines.extend(report.broken.iter().map(|broken| format!("WRONG: {}", words(broken))));
    if report.broken.is_empty() {
        lines.push("nothing was changed, removed or reordered".to_owned());
    }
    match (kept, report.checkpoints.last().or(header.checkpoint.as_ref())) {
        (Some(kept), _) => lines.push(format!(
            "compared with the checkpoint over {} entries, signed {} by the key {}",
            kept.rows,
            utc(kept.at),
            kept.key.short()
        )),
        (None, Some(own)) => lines.push(format!(
            "its own last checkpoint covers {} entries, by the key {}; whoever made the file owns that key: compare it with \
             one that was kept elsewhere (--checkpoint FILE)",
            own.rows,
            own.key.short()
        )),
        (None, None) => lines.push("nothing in it is signed: entries may be missing at its end".to_owned()),
    }
    lines
}

fn words(broken: &Broken) -> String {
    match broken {
        Broken::Missing { count, after, before, .. } => {
            format!("{count} entries are missing between {} and {}", utc(*after), utc(*before))
        }
        other => other.to_string(),
    }
}

/// Whether a checkpoint is signed by the key it names.
fn fits(checkpoint: &Checkpoint) -> bool {
    let key = bytes(checkpoint.key.as_str()).and_then(|point| VerifyingKey::from_sec1_bytes(&point).ok());
    let signature = bytes(&checkpoint.signature).and_then(|both| Signature::from_slice(&both).ok());
    key.zip(signature).is_some_and(|(key, signature)| key.verify(&checkpoint.statement(), &signature).is_ok())
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer as _;
    use policy::audit::file::{Header, LEFT_OUT};
    use policy::audit::{Chain, Entry, PublicKey, Row};

    const NOW: u64 = 1_700_000_000_000;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn signed(chain: &Chain, key: &SigningKey) -> Checkpoint {
        let public = hex(key.verifying_key().to_sec1_point(false).as_bytes());
        let mut checkpoint = Checkpoint::of(chain, NOW, PublicKey::from(public), None, String::new());
        let signature: Signature = key.sign(&checkpoint.statement());
        checkpoint.signature = hex(&signature.to_bytes());
        checkpoint
    }

    /// A file of nine entries, the last a checkpoint, and the checkpoint.
    fn exported() -> (Vec<Row>, Checkpoint) {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let (mut chain, first) = Chain::begin("one", NOW);
        let mut rows = vec![first];
        for at in 1..8 {
            rows.push(chain.append(Entry::changed(&"owner".into(), "workspace", format!("renamed {at}")), NOW + at));
        }
        let checkpoint = signed(&chain, &key);
        rows.push(chain.append(Entry::Checkpoint(Box::new(checkpoint.clone())), NOW + 9));
        (rows, checkpoint)
    }

    fn text(rows: &[Row], checkpoint: Option<&Checkpoint>) -> String {
        let header = Header {
            countersign: "audit".into(),
            version: 1,
            exported_at: NOW,
            chain: "one".into(),
            rows: rows.len() as u64,
            filter: None,
            left_out: LEFT_OUT.into(),
            checkpoint: checkpoint.cloned(),
        };
        let rows = rows.iter().map(|row| serde_json::to_string(row).unwrap());
        std::iter::once(serde_json::to_string(&header).unwrap()).chain(rows).collect::<Vec<_>>().join("\n")
    }

    fn found(text: &str, kept: Option<&Checkpoint>) -> String {
        report(&check(text, kept, fits).unwrap(), kept).join("\n")
    }

    #[test]
    fn x123_a_whole_file_is_whole_and_what_is_done_to_it_is_found() {
        let (rows, checkpoint) = exported();
        let whole = text(&rows, Some(&checkpoint));
        assert!(found(&whole, Some(&checkpoint)).contains("nothing was changed, removed or reordered"));
        assert!(found(&whole.replace("renamed 3", "renamed 9"), None).contains("WRONG: row 3 was changed"));
        let removed: Vec<&str> = whole.lines().filter(|line| !line.contains("renamed 4")).collect();
        assert!(found(&removed.join("\n"), None).contains("WRONG: 1 entries are missing between 2023-11-14T22:13:20Z"));
        let mut moved: Vec<&str> = whole.lines().collect();
        moved.swap(4, 5);
        assert!(found(&moved.join("\n"), None).contains("WRONG: row 3 does not follow"));
    }

    #[test]
    fn x123_a_chain_cut_before_a_kept_checkpoint_and_a_forged_signature_are_found() {
        let (rows, checkpoint) = exported();
        let cut = text(&rows[..5], None);
        assert!(!found(&cut, None).contains("WRONG"), "nothing in a cut file tells");
        assert!(found(&cut, Some(&checkpoint)).contains("WRONG: the audit ends at 5 rows, but 8 were written"));
        let forged = Checkpoint { rows: 5, ..checkpoint.clone() };
        assert!(found(&cut, Some(&forged)).contains("signature"));
        let other = SigningKey::from_slice(&[8; 32]).unwrap();
        let (chain, _) = Chain::begin("one", NOW);
        let stolen = Checkpoint { key: checkpoint.key.clone(), ..signed(&chain, &other) };
        assert!(!fits(&stolen) && fits(&checkpoint));
    }

    #[test]
    fn what_is_no_audit_is_told() {
        assert!(check("{}", None, fits).is_err());
        assert!(checkpoint("x", "{}").is_err());
        assert_eq!((bytes("0g"), bytes("abc"), bytes("0aff")), (None, None, Some(vec![10, 255])));
    }
}
