//! Signed statements of how far a chain went.
//!
//! The key is made in the browser and cannot be read out of it, so only that browser can sign. Its owner can sign
//! anything, though: a checkpoint proves something to others once it has been kept where the browser's owner cannot
//! change it. Then rows that are changed, or cut off before it, are found.
//!
//! This crate holds no keys: it says which bytes are signed. The signature is ECDSA over P-256 with SHA-256, as
//! WebCrypto makes it (the two numbers one after the other).

use super::Chain;
use crate::{Digest, Millis};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a signature is about, so that it can be taken for nothing else.
const STATEMENT: &str = "countersign audit checkpoint 1";

/// A public key: the uncompressed point on the curve P-256 (SEC 1), in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(String);

impl PublicKey {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A short name to tell keys apart by: the beginning of the SHA-256 of the digits. Never compare by it.
    pub fn short(&self) -> String {
        Digest::of_bytes(self.0.as_bytes()).short().to_owned()
    }
}

impl From<String> for PublicKey {
    fn from(digits: String) -> Self {
        Self(digits)
    }
}

/// A signed statement of how far a chain went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which chain.
    pub chain: String,
    /// How many rows it had.
    pub rows: u64,
    /// The hash of the last of them.
    pub last: Digest,
    /// When it was signed, by the device's clock.
    pub at: Millis,
    /// The key that signed it.
    pub key: PublicKey,
    /// The key that takes over, where this is the last statement of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<PublicKey>,
    /// The signature over [`Checkpoint::statement`], in hexadecimal digits.
    pub signature: String,
}

impl Checkpoint {
    /// A statement about a chain. `signature` is added once [`Checkpoint::statement`] was signed.
    pub fn of(chain: &Chain, at: Millis, key: PublicKey, next: Option<PublicKey>, signature: String) -> Self {
        Self {
            chain: chain.name().to_owned(),
            rows: chain.rows(),
            last: chain.last().clone(),
            at,
            key,
            next,
            signature,
        }
    }

    /// The bytes that are signed: canonical JSON (RFC 8785) of everything but the signature.
    pub fn statement(&self) -> Vec<u8> {
        let statement = json!({
            "statement": STATEMENT,
            "chain": self.chain,
            "rows": self.rows,
            "last": self.last,
            "at": self.at,
            "key": self.key,
            "next": self.next,
        });
        // Texts and whole numbers always have a canonical form; without one nothing verifies.
        serde_json_canonicalizer::to_vec(&statement).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    #[test]
    fn every_field_is_signed() {
        let (chain, _) = Chain::begin("one", NOW);
        let first = Checkpoint::of(&chain, NOW, "04aa".to_owned().into(), None, String::new());
        let changes: [fn(&mut Checkpoint); 6] = [
            |one| one.chain = "two".into(),
            |one| one.rows += 1,
            |one| one.last = Digest::of_bytes(b"x"),
            |one| one.at += 1,
            |one| one.key = "04ab".to_owned().into(),
            |one| one.next = Some("04ac".to_owned().into()),
        ];
        for change in changes {
            let mut other = first.clone();
            change(&mut other);
            assert_ne!(other.statement(), first.statement());
        }
        let text = String::from_utf8(first.statement()).unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"at":{NOW},"chain":"one","key":"04aa","last":"{}","next":null,"rows":1,"statement":"{STATEMENT}"}}"#,
                chain.last()
            )
        );
    }
}
