//! A workspace that is tied to signed settings (a policy bundle): what `open()` takes, and what `policy()` says.

use browser::policy::MemberId;
use browser::{BundleSource, Code, Error, Governed, Pinned};
use serde::Deserialize;
use serde_json::{Value, json};

/// The `policy` of `open()`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `keys` and a `url` or a `bundle`")]
pub(crate) struct Tied {
    #[serde(default)]
    url: Option<String>,
    /// The file: its text, or what is in it.
    #[serde(default)]
    bundle: Option<Value>,
    keys: Vec<String>,
    #[serde(default)]
    member: Option<String>,
    #[serde(default)]
    contact: Option<String>,
}

impl Tied {
    /// What the workspace is tied to, and who the person is in it.
    pub(crate) fn pinned(self) -> Result<(Pinned, Option<MemberId>), Error> {
        let invalid = |why: &str, hint: &str| Error::new(Code::Invalid, why).hint(hint);
        let source = match (self.url, self.bundle) {
            (Some(url), None) => BundleSource::Url(url),
            (None, Some(Value::String(text))) => BundleSource::Text(text),
            (None, Some(file @ Value::Object(_))) => BundleSource::Text(file.to_string()),
            _ => return Err(invalid("the `policy` has not one of `url` and `bundle`", "pass the one you have")),
        };
        // As the settings show it: in groups of four.
        let plain = |key: &String| key.split_whitespace().collect::<String>().to_ascii_lowercase();
        let keys: Vec<String> = self.keys.iter().map(plain).collect();
        if keys.is_empty()
            || keys.iter().any(|key| key.len() != 64 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Err(invalid(
                "the `keys` of `policy` are not the ids of keys",
                "pass the ids of the keys that may sign, 64 hexadecimal digits each, as the settings of a workspace show them",
            ));
        }
        let pinned = Pinned { source, keys, contact: self.contact };
        Ok((pinned, self.member.map(MemberId::from)))
    }
}

/// What `policy()` says.
pub(crate) fn policy_of(governed: &Governed) -> Value {
    match governed {
        Governed::Here => json!({ "state": "own" }),
        Governed::Signed { serial, issued_at, signer, contact } => json!({
            "state": "signed",
            "serial": serial,
            "issuedAt": issued_at,
            "signer": { "name": signer.name, "key": signer.id() },
            "contact": contact,
        }),
        Governed::Unverified { why, contact } => json!({ "state": "unverified", "why": why, "contact": contact }),
    }
}
