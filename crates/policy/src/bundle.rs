//! A workspace as one signed file: the *policy bundle* (X121, X122; `docs/policy-bundle.md`).
//!
//! What is in it is the whole workspace: people, groups, connectors in every stage with their snapshots, access,
//! permissions, settings, and what was decided about the connectors that are part of the product. What is not in it:
//! tokens and keys (they are not in a [`Rulebook`] at all), remembered answers, requests, each person's own
//! developer-mode switch, accounts, and the audit log.
//!
//! Drafts and archived connectors are for moving a workspace. Whoever gives a file to everybody may leave them out
//! ([`governing`]), and a site that is tied to a bundle never takes them: they belong to whoever made them.
//!
//! This file knows the form, what is signed and what a bundle may hold; it makes no signature and checks none, because
//! that takes a browser. [`mod@changes`] says what a bundle would change, [`mod@adopt`] and [`tighten`] what it becomes, and [`mod@own`] what of that
//! a browser keeps as its own.

mod adopt;
mod changes;
mod check;
mod own;
#[cfg(test)]
mod tests;

pub use adopt::{adopt, tighten, with_parts};
pub use changes::{Change, How, Noun, changes, preview};
pub use own::{kept, lend, meet, stricter_here};

use crate::{Access, Developer, Digest, GroupId, MemberId, Millis, Role, RoleId, Rulebook, Stage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The form of the file that this version writes. It reads the older one, too, which held no drafts and nothing about the
/// parts of the product.
pub const SCHEMA: u64 = 2;
/// What the file says it is.
pub const KIND: &str = "policy-bundle";
/// The largest file that is read, in bytes.
pub const LARGEST: usize = 16 << 20;

/// The public half of an owner's signing key: ECDSA on P-256 (RFC 7518, `ES256`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// Whose key it is, to be shown beside the id.
    pub name: String,
    /// The first coordinate, base64url without padding, as in a JWK.
    pub x: String,
    /// The second coordinate.
    pub y: String,
}

impl PublicKey {
    /// The key's id: the SHA-256 of its canonical JWK (RFC 7638) in hexadecimal digits. The name is not part of it.
    pub fn id(&self) -> Digest {
        Digest::of_json(&json!({ "crv": "P-256", "kty": "EC", "x": self.x, "y": self.y }))
    }
}

/// What is signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// Counts up with every bundle of a workspace. An older one is never taken.
    pub serial: u64,
    /// When it was signed.
    pub issued_at: Millis,
    /// The keys that may sign the next bundle, this one's included unless it retires.
    pub keys: Vec<PublicKey>,
    /// Whom to ask about these settings: a mail address or a sentence. Shown as text.
    pub contact: Option<String>,
    /// The rules, as [`portable`] makes them.
    pub rules: Rulebook,
}

/// One signature over a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key that made it, whole, so that a reader who pinned its id can check it.
    pub key: PublicKey,
    /// The signature as RFC 7518 writes `ES256`: 64 bytes, base64url without padding.
    pub value: String,
}

/// A bundle whose form is right. Whether its signatures are is a question for whoever can compute them.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// What is signed.
    pub payload: Payload,
    /// The digest over the signed part exactly as it was read.
    pub digest: Digest,
    /// The signatures, one or more.
    pub signatures: Vec<Signature>,
}

/// Why a bundle is not taken. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The file is too large to be read.
    #[error("the file is larger than 16 MB; export the workspace again")]
    TooLarge,
    /// The file is no JSON.
    #[error("the file is not a policy bundle: {0}; choose the file that was exported")]
    Unreadable(String),
    /// Something in it is not as the form wants it.
    #[error("the policy bundle has {0}; export the workspace again")]
    Form(String),
    /// A later version of the product wrote it.
    #[error("the policy bundle has the form {0}, which is newer than this page; reload the page or update the site")]
    Newer(u64),
    /// There is more in it than a workspace may have.
    #[error("the policy bundle has more than {limit} {what}; split the workspace")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Two things have one id.
    #[error("the policy bundle has the {what} `{id}` twice; remove one and export again")]
    Twice {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// An id that nothing has.
    #[error("the policy bundle names the {what} `{id}`, which is not in it; export the workspace again")]
    Dangling {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The last owner is missing.
    #[error("the policy bundle has no owner; a workspace needs one")]
    NoOwner,
    /// A definition is not the one its digest is about.
    #[error("the stored definitions of the connector `{0}` are damaged; export the workspace again")]
    Damaged(String),
    /// Nobody signed it.
    #[error("the policy bundle is not signed; ask its sender to sign it")]
    NotSigned,
    /// A signature is not that of its key over this content.
    #[error(
        "the signature of the policy bundle is not valid: it was changed after it was signed; ask its sender for it again"
    )]
    BadSignature,
    /// The key that signed is none of those that may.
    #[error(
        "the policy bundle is signed by a key that is not trusted here; ask its sender to sign it with a known key"
    )]
    UnknownSigner,
    /// It is older than what was seen.
    #[error(
        "the policy bundle has the number {serial}, and number {seen} was seen here already; ask for the latest one"
    )]
    Older {
        /// Its number.
        serial: u64,
        /// The latest number that was taken.
        seen: u64,
    },
    /// There are two bundles of one number.
    #[error("another policy bundle with the number {0} was seen here already; ask its sender to export again")]
    Other(u64),
}

/// The bytes that are signed for a digest. The first line keeps a signature from being one about anything else.
pub fn to_sign(digest: &Digest) -> Vec<u8> {
    format!("countersign policy bundle\n{digest}").into_bytes()
}

/// What of a rulebook goes into a bundle: people with their own switches off, the connectors in every stage, and of the
/// parts of the product what was decided about them. A workspace that was made by [`portable`] stays as it is.
pub fn portable(book: &Rulebook) -> Rulebook {
    let mut book = book.clone();
    book.grants.clear();
    book.accounts.clear();
    book.requests.clear();
    for member in &mut book.members {
        member.developer = Developer::default();
    }
    let owner = book.members.iter().find(|member| member.role == Role::Owner).map(|member| member.id.clone());
    for connector in &mut book.connectors {
        connector.review = connector.review.portable();
        connector.lent = false;
        if connector.is_part() {
            // What it is, each browser's product says itself; whose and since when is about this browser.
            connector.snapshot = None;
            connector.description.clear();
            (connector.created_at, connector.updated_at) = (0, 0);
            connector.owner = owner.clone().unwrap_or_else(|| connector.owner.clone());
        }
    }
    prune(&mut book);
    book
}

/// The same rules without drafts and archived connectors: what is left is about everybody.
pub fn governing(mut rules: Rulebook) -> Rulebook {
    rules.connectors.retain(|connector| connector.stage == Stage::Published);
    rules
}

/// Takes out the names of people, groups and roles that are gone. That never gives anybody more.
fn prune(book: &mut Rulebook) {
    let people: BTreeSet<MemberId> = book.members.iter().map(|member| member.id.clone()).collect();
    let groups: BTreeSet<GroupId> = book.groups.iter().map(|group| group.id.clone()).collect();
    let roles: BTreeSet<RoleId> = book.roles.iter().map(|role| role.id.clone()).collect();
    let reach = |access: &mut Access| {
        if let Access::Only { members, groups: of, custom, .. } = access {
            custom.retain(|id| roles.contains(id));
            members.retain(|id| people.contains(id));
            of.retain(|id| groups.contains(id));
        }
    };
    for member in &mut book.members {
        member.groups.retain(|id| groups.contains(id));
        member.roles.retain(|id| roles.contains(id));
    }
    for group in &mut book.groups {
        group.managers.retain(|id| people.contains(id));
        group.roles.retain(|id| roles.contains(id));
    }
    reach(&mut book.workspace.developers);
    // Whoever made a connector may have left.
    let owner = book.members.iter().find(|member| member.role == Role::Owner).map(|member| member.id.clone());
    for connector in &mut book.connectors {
        reach(&mut connector.access);
        if let Some(owner) = owner.as_ref().filter(|_| !people.contains(&connector.owner)) {
            connector.owner = owner.clone();
        }
    }
}

impl Payload {
    /// The payload as JSON: what the digest is over.
    pub fn to_json(&self) -> Value {
        let mut rules = serde_json::to_value(&self.rules).unwrap_or_default();
        if let Some(rules) = rules.as_object_mut() {
            rules.shift_remove("grants");
            rules.shift_remove("requests");
        }
        let mut fields = Map::new();
        fields.insert("serial".into(), self.serial.into());
        fields.insert("issued_at".into(), self.issued_at.into());
        fields.insert("keys".into(), serde_json::to_value(&self.keys).unwrap_or_default());
        if let Some(contact) = &self.contact {
            fields.insert("contact".into(), contact.as_str().into());
        }
        fields.insert("rules".into(), rules);
        Value::Object(fields)
    }

    /// The digest to sign.
    pub fn digest(&self) -> Digest {
        Digest::of_json(&self.to_json())
    }

    /// The file, with its signatures.
    pub fn seal(&self, signatures: &[Signature]) -> String {
        let file = json!({ "countersign": KIND, "schema": SCHEMA, "signed": self.to_json(), "signatures": signatures });
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }
}

impl Bundle {
    /// Reads a file strictly: every limit holds, no id is there twice or missing, and every definition is whole.
    ///
    /// # Errors
    /// What is wrong first. The signatures are not checked, except that there is one.
    pub fn read(text: &str) -> Result<Bundle, BundleError> {
        if text.len() > LARGEST {
            return Err(BundleError::TooLarge);
        }
        let file: Value = serde_json::from_str(text).map_err(|error| BundleError::Unreadable(error.to_string()))?;
        let file = file.as_object().ok_or_else(|| BundleError::Unreadable("it is no JSON object".into()))?;
        if file.get("countersign").and_then(Value::as_str) != Some(KIND) {
            return Err(BundleError::Unreadable(format!("`countersign` is not `{KIND}`")));
        }
        let form = file.get("schema").and_then(Value::as_u64);
        match form {
            Some(1..=SCHEMA) => {}
            Some(newer) if newer > SCHEMA => return Err(BundleError::Newer(newer)),
            _ => return Err(BundleError::Form("no `schema` that this page knows".into())),
        }
        only(file, &["countersign", "schema", "signed", "signatures"])?;
        let signed = file.get("signed").ok_or_else(|| BundleError::Form("no `signed`".into()))?;
        let signatures: Vec<Signature> = match file.get("signatures") {
            None => Vec::new(),
            Some(list) => read("signatures", list)?,
        };
        if signatures.is_empty() {
            return Err(BundleError::NotSigned);
        }
        let fields = signed.as_object().ok_or_else(|| BundleError::Form("a `signed` that is no object".into()))?;
        only(fields, &["serial", "issued_at", "keys", "contact", "rules"])?;
        let field = |name: &'static str| fields.get(name).ok_or_else(|| BundleError::Form(format!("no `{name}`")));
        let payload = Payload {
            serial: read("serial", field("serial")?)?,
            issued_at: read("issued_at", field("issued_at")?)?,
            keys: read("keys", field("keys")?)?,
            contact: fields.get("contact").map(|contact| read("contact", contact)).transpose()?,
            rules: read("rules", field("rules")?)?,
        };
        check::payload(&payload)?;
        if form == Some(1) {
            check::first_form(&payload)?;
        }
        check::signatures(&signatures)?;
        Ok(Bundle { digest: Digest::of_json(signed), payload, signatures })
    }

    /// Whether it may follow what was seen here: a later number, or the very same bundle again.
    ///
    /// # Errors
    /// [`BundleError::Older`], [`BundleError::Other`].
    pub fn follows(&self, seen: Option<(u64, &Digest)>) -> Result<(), BundleError> {
        match seen {
            Some((seen, _)) if self.payload.serial < seen => {
                Err(BundleError::Older { serial: self.payload.serial, seen })
            }
            Some((seen, digest)) if self.payload.serial == seen && self.digest != *digest => {
                Err(BundleError::Other(seen))
            }
            _ => Ok(()),
        }
    }
}

fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), BundleError> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(BundleError::Form(format!("a `{key}` that this page does not know"))),
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str, value: &Value) -> Result<T, BundleError> {
    T::deserialize(value).map_err(|error| BundleError::Form(format!("a `{name}` that cannot be read ({error})")))
}
