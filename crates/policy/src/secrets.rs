//! Texts that look like secrets (X59).
//!
//! A warning, and a mask over what is kept; never a decision. Known shapes are found by their prefixes, keys and
//! tokens without a known shape by their length and mixture. What a password looks like nobody can tell, so names of
//! fields are looked at too (X80).

use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;

/// A part of a text that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is: byte offsets into the text.
    pub range: Range<usize>,
    /// What it looks like, such as `a GitHub token`.
    pub what: &'static str,
}

/// A known shape: how it starts, how many more characters follow at least, what it is.
const SHAPES: [(&str, usize, &str); 34] = [
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 16, "a GitLab token"),
    ("sk-", 20, "an API key"),
    ("sk_live_", 16, "a Stripe key"),
    ("sk_test_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("whsec_", 16, "a webhook secret"),
    ("xoxb-", 16, "a Slack token"),
    ("xoxp-", 16, "a Slack token"),
    ("xoxa-", 16, "a Slack token"),
    ("xoxs-", 16, "a Slack token"),
    ("xapp-", 16, "a Slack token"),
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 30, "a Google API key"),
    ("ya29.", 20, "a Google token"),
    ("GOCSPX-", 20, "a Google client secret"),
    ("npm_", 30, "an npm token"),
    ("pypi-", 30, "a PyPI token"),
    ("dckr_pat_", 20, "a Docker token"),
    ("hf_", 30, "a Hugging Face token"),
    ("gsk_", 30, "an API key"),
    ("xai-", 30, "an API key"),
    ("SG.", 30, "a SendGrid key"),
    ("shpat_", 20, "a Shopify token"),
    ("lin_api_", 20, "a Linear key"),
    ("ntn_", 30, "a Notion token"),
    ("sbp_", 30, "a Supabase token"),
    ("dop_v1_", 30, "a DigitalOcean token"),
];

/// No word that has a known shape, is a JWT or looks random has fewer bytes.
const SHORTEST: usize = 20;

/// What is looked for in a text, a kind at a time.
const KINDS: [fn(&str) -> Vec<Found>; 4] = [private_keys, keys, passwords_in_addresses, card_numbers];

/// Everything in a text that looks like a secret, in order, not overlapping.
pub fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = KINDS.iter().flat_map(|look| look(text)).collect();
    found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut end = 0;
    found.retain(|found| {
        let apart = found.range.start >= end;
        if apart {
            end = found.range.end;
        }
        apart
    });
    found
}

/// Whether anything in a text looks like a secret.
pub fn looks_like_secret(text: &str) -> bool {
    !find(text).is_empty()
}

/// Whether the name of a field says that it holds a secret: `password`, `apiKey`, `access_token` (X80).
pub fn names_a_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    const ENDS: [&str; 16] = [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "secret",
        "apikey",
        "accesskey",
        "privatekey",
        "secretkey",
        "credential",
        "credentials",
        "cardnumber",
        "cvv",
        "cvc",
        "otp",
        "ssn",
    ];
    const TOKENS: [&str; 8] =
        ["token", "accesstoken", "refreshtoken", "authtoken", "apitoken", "bearertoken", "idtoken", "sessiontoken"];
    name == "pin" || ENDS.iter().any(|end| name.ends_with(end)) || TOKENS.contains(&name.as_str())
}

/// The text with everything that looks like a secret covered. The first four characters stay, to tell two apart.
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = find(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for Found { range, .. } in found {
        masked.push_str(text.get(from..range.start).unwrap_or_default());
        masked.extend(text.get(range.clone()).unwrap_or_default().chars().take(4));
        masked.push_str("••••");
        from = range.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(masked)
}

/// A value with every secret-looking text in it covered, and every text whose field's name says that it is one.
pub fn mask_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(mask(text).into_owned()),
        Value::Array(items) => Value::Array(items.iter().map(mask_value).collect()),
        Value::Object(fields) => {
            let masked = fields.iter().map(|(key, field)| {
                let field = match field {
                    Value::String(text) if !text.is_empty() && names_a_secret(key) => Value::from("••••"),
                    other => mask_value(other),
                };
                (key.clone(), field)
            });
            Value::Object(masked.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// About so many bytes are looked at in a step.
const STEP: usize = 1 << 16;

/// Whether [`mask_value`] would cover anything of a value, in steps: results have megabytes, and looking through one at
/// once would keep a page from answering (SP05).
#[derive(Debug)]
pub struct Looking<'a> {
    left: Vec<&'a Value>,
    /// A long text, and how many kinds were looked for in it.
    long: Option<(&'a str, usize)>,
}

impl<'a> Looking<'a> {
    /// Begins with a value of which nothing was looked at yet.
    pub fn of(value: &'a Value) -> Self {
        Self { left: vec![value], long: None }
    }

    /// Looks at some more. Says whether there is something, as soon as that is known.
    pub fn step(&mut self) -> Option<bool> {
        if let Some((text, done)) = self.long.take()
            && let Some(look) = KINDS.get(done)
        {
            self.long = Some((text, done + 1));
            return (!look(text).is_empty()).then_some(true);
        }
        let mut looked = 0;
        while looked < STEP {
            match self.left.pop() {
                None => return Some(false),
                Some(Value::String(text)) if text.len() > STEP => {
                    self.long = Some((text, 0));
                    return None;
                }
                Some(Value::String(text)) if looks_like_secret(text) => return Some(true),
                Some(Value::String(text)) => looked += text.len(),
                Some(Value::Array(items)) => self.left.extend(items),
                Some(Value::Object(fields)) => {
                    let named = |(key, field): (&String, &Value)| {
                        field.as_str().is_some_and(|text| !text.is_empty()) && names_a_secret(key)
                    };
                    if fields.iter().any(named) {
                        return Some(true);
                    }
                    self.left.extend(fields.values());
                }
                Some(Value::Null | Value::Bool(_) | Value::Number(_)) => {}
            }
            looked += 1;
        }
        None
    }
}

/// Every value that looks like a secret, or whose field's name says so: JSON pointer and what it looks like.
pub fn notes(value: &Value) -> Vec<(String, &'static str)> {
    fn look(value: &Value, path: &mut String, secret: bool, notes: &mut Vec<(String, &'static str)>) {
        match value {
            Value::String(text) => {
                let what = find(text).first().map(|found| found.what);
                let named = (secret && !text.is_empty()).then_some("a secret, by the name of its field");
                notes.extend(what.or(named).map(|what| (path.clone(), what)));
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    crate::action::at(path, &index.to_string(), |path| look(item, path, secret, notes));
                }
            }
            Value::Object(fields) => {
                for (key, field) in fields {
                    crate::action::at(path, key, |path| look(field, path, names_a_secret(key), notes));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut notes = Vec::new();
    look(value, &mut String::new(), false, &mut notes);
    notes
}

/// Words that have a known shape or look random.
fn keys(text: &str) -> Vec<Found> {
    let known = |token: Range<usize>| Some(Found { what: shape(text.get(token.clone())?)?, range: token });
    tokens(text).filter_map(known).collect()
}

/// The words of a text that could be keys: runs of letters, digits and the few signs that keys are made of.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=');
    runs(text, SHORTEST, key).flat_map(move |range| {
        // `name=value` and paths: what is after the sign is a word of its own too.
        let word = text.get(range.clone()).unwrap_or_default();
        let trimmed = range.start + word.trim_end_matches('.').len();
        let range = range.start..trimmed;
        let word = text.get(range.clone()).unwrap_or_default();
        let inner = word.find('=').filter(|at| at + 1 < word.len()).map(|at| range.start + at + 1..range.end);
        std::iter::once(range).chain(inner)
    })
}

/// The longest possible runs of some ASCII characters in a text, those of at least `shortest` bytes.
///
/// A result can have megabytes, so most of a text is not even looked at: a run of that length has to reach the last byte
/// of a stretch as long, and where that byte is not part of one, the whole stretch is passed over.
fn runs(text: &str, shortest: usize, part: impl Fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let stretch = bytes.get(from..from + shortest)?;
            if let Some(gap) = stretch.iter().rposition(|byte| !part(*byte)) {
                from += gap + 1;
                continue;
            }
            let rest = bytes.get(from..)?;
            let start = from;
            from += rest.iter().position(|byte| !part(*byte)).unwrap_or(rest.len());
            return Some(start..from);
        }
    })
}

/// Where something that begins with an ASCII sign stands in a text, from a place on. The sign alone is looked for first,
/// which is several times as fast in a large text.
fn place_of(needle: &str, text: &str, from: usize) -> Option<usize> {
    let sign = needle.chars().next()?;
    let signs = text.get(from..)?.match_indices(sign).map(|(at, _)| from + at);
    signs.into_iter().find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(needle)))
}

fn shape(word: &str) -> Option<&'static str> {
    for (prefix, more, what) in SHAPES {
        if let Some(rest) = word.strip_prefix(prefix)
            && rest.len() >= more
            && rest.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
            && (what != "an AWS access key" || rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
        {
            return Some(what);
        }
    }
    if is_jwt(word) {
        return Some("a signed token (JWT)");
    }
    is_random(word).then_some("a key or token")
}

/// Three parts of base64url, the first of which starts a JSON object (RFC 7519).
fn is_jwt(word: &str) -> bool {
    if !word.starts_with("eyJ") {
        return false;
    }
    let mut parts = word.split('.');
    let three = [parts.next(), parts.next(), parts.next()];
    parts.next().is_none() && three.iter().all(|part| part.is_some_and(|part| part.len() >= 10))
}

/// Long, of upper case, lower case and digits, and spread as evenly as chance spreads them. Paths, identifiers in
/// words, hashes in hexadecimal and UUIDs are not.
fn is_random(word: &str) -> bool {
    let len = word.len();
    if !(32..=128).contains(&len) {
        return false;
    }
    let key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mixed = word.chars().any(|c| c.is_ascii_uppercase())
        && word.chars().any(|c| c.is_ascii_lowercase())
        && word.chars().filter(char::is_ascii_digit).count() >= 3;
    if !mixed || !word.trim_end_matches('=').chars().all(key) {
        return false;
    }
    let mut counts = [0u32; 128];
    for byte in word.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / len as f64)
        .map(|share| -share * share.log2())
        .sum();
    entropy > 4.2
}

/// `-----BEGIN … PRIVATE KEY-----` to its end, or to the end of the text.
fn private_keys(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = place_of("-----BEGIN ", text, from) {
        let rest = text.get(start..).unwrap_or_default();
        let label = rest.get(11..).and_then(|rest| rest.split("-----").next()).unwrap_or_default();
        let end = place_of("-----END ", text, start).map_or(text.len(), |end| {
            let line = text.get(end..).unwrap_or_default();
            end + line.find('\n').unwrap_or(line.len())
        });
        if label.contains("PRIVATE KEY") {
            found.push(Found { range: start..end, what: "a private key" });
        }
        from = (start + 11).max(end.min(text.len()));
    }
    found
}

/// `scheme://user:password@host`.
fn passwords_in_addresses(text: &str) -> Vec<Found> {
    text.match_indices(':')
        .filter_map(|(at, _)| {
            let rest = text.get(at..)?.strip_prefix("://")?;
            let start = at + 3;
            let authority = rest.split(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"')).next()?;
            let (user_info, _) = authority.rsplit_once('@')?;
            let (user, password) = user_info.split_once(':')?;
            let from = start + user.len() + 1;
            (!password.is_empty())
                .then(|| Found { range: from..from + password.len(), what: "a password in an address" })
        })
        .collect()
}

/// 13 to 19 digits, in groups or not, whose check digit is right (ISO/IEC 7812).
fn card_numbers(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for stretch in runs(text, 13, |byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-')) {
        let (start, after) = (stretch.start, text.get(stretch.end..).and_then(|rest| rest.chars().next()));
        let mut run: Option<Range<usize>> = None;
        let signs = text.get(stretch).unwrap_or_default().char_indices().map(|(at, c)| (start + at, c));
        for (at, c) in signs.chain([(text.len(), after.unwrap_or('\n'))]) {
            match &mut run {
                Some(range) if c.is_ascii_digit() => range.end = at + 1,
                Some(range) if matches!(c, ' ' | '-') && at == range.end => {}
                Some(range) => {
                    if !c.is_alphanumeric() && is_card(text.get(range.clone()).unwrap_or_default()) {
                        found.push(Found { range: range.clone(), what: "a card number" });
                    }
                    run = None;
                }
                None if c.is_ascii_digit() => run = Some(at..at + 1),
                None => {}
            }
        }
    }
    found
}

fn is_card(digits: &str) -> bool {
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    matches!(digits.first(), Some(3..=6)) && (13..=19).contains(&digits.len()) && luhn(&digits)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Put together here so that no scanner takes this file for a leak.
    fn token(prefix: &str, length: usize) -> String {
        let body: String = "aZ3kQ9xW1bR7tY5uM2nV8cL4".chars().cycle().take(length).collect();
        format!("{prefix}{body}")
    }

    fn what(text: &str) -> Vec<&'static str> {
        find(text).into_iter().map(|found| found.what).collect()
    }

    #[test]
    fn x59_known_shapes_are_found_inside_other_text() {
        let github = token("ghp_", 36);
        assert_eq!(what(&format!("use {github}, please")), ["a GitHub token"]);
        assert_eq!(what(&format!("Authorization: Bearer {}", token("sk-", 40))), ["an API key"]);
        assert_eq!(what(&format!("TOKEN={}", token("glpat-", 20))), ["a GitLab token"]);
        assert_eq!(what("AKIAIOSFODNN7EXAMPLE"), ["an AWS access key"]);
        assert_eq!(
            what("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\nrest"),
            ["a private key"]
        );
        assert_eq!(what("postgres://ada:s3cret@db.example.com/x"), ["a password in an address"]);
        assert_eq!(
            what(&format!("{}.{}.{}", token("eyJ", 20), token("", 30), token("", 30))),
            ["a signed token (JWT)"]
        );
        assert_eq!(what(&token("", 40)), ["a key or token"]);
        assert_eq!(what("card 4111 1111 1111 1111."), ["a card number"]);
        assert_eq!(what("4111111111111111"), ["a card number"]);
    }

    #[test]
    fn ordinary_text_is_no_secret() {
        for text in [
            "",
            "Please restart the server in room 12.",
            "123e4567-e89b-12d3-a456-426614174000",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "https://example.com/a/very/long/path/with/Many/Parts/2024/and/more",
            "https://example.com/@user:name",
            "/usr/local/share/Documents/Report2024FinalVersionForReview",
            "sk-learn and sk-estimators-of-the-forest",
            "call +49 30 1234 5678 or 4111 1111 1111 1112",
            "1700000000000",
            "thisIsAVeryLongFunctionNameThatSomebodyWrote",
        ] {
            assert_eq!(what(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn x59_what_is_kept_is_masked() {
        let key = token("ghp_", 36);
        assert_eq!(mask(&format!("a {key} b")), "a ghp_•••• b");
        assert!(matches!(mask("nothing to hide"), Cow::Borrowed(_)));
        let masked = mask_value(&json!({"password": "hunter2", "n": 1, "list": [key], "token_count": 3, "secret": ""}));
        assert_eq!(masked, json!({"password": "••••", "n": 1, "list": ["ghp_••••"], "token_count": 3, "secret": ""}));
    }

    #[test]
    fn x80_names_of_fields_tell_of_secrets() {
        for name in ["password", "newPassword", "api_key", "X-API-Key", "access_token", "token", "client_secret", "PIN"]
        {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["title", "max_tokens", "tokenizer", "keyword", "pinned", "secretary", "key", "passenger"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn x59_notes_say_which_argument_looks_like_what() {
        let arguments = json!({"to": "ada", "auth": {"password": "x"}, "files": ["ok", token("xoxb-", 24)]});
        assert_eq!(
            notes(&arguments),
            [
                ("/auth/password".to_owned(), "a secret, by the name of its field"),
                ("/files/1".to_owned(), "a Slack token")
            ]
        );
    }

    #[test]
    fn no_known_shape_is_shorter_than_what_is_looked_at() {
        assert_eq!(SHAPES.iter().map(|(prefix, more, _)| prefix.len() + more).min(), Some(SHORTEST));
    }

    proptest! {
        #[test]
        fn passing_over_a_text_finds_every_run(text in "[a-zä .9-]{0,80}", shortest in 1_usize..12) {
            let part = |byte: u8| byte.is_ascii_lowercase() || byte == b'9';
            let (mut all, mut start) = (Vec::new(), None);
            for (at, byte) in text.bytes().chain([b' ']).enumerate() {
                match (part(byte), start) {
                    (true, None) => start = Some(at),
                    (false, Some(from)) => {
                        all.push(from..at);
                        start = None;
                    }
                    _ => {}
                }
            }
            all.retain(|run| run.len() >= shortest);
            prop_assert_eq!(runs(&text, shortest, part).collect::<Vec<_>>(), all);
        }
    }

    #[test]
    fn x59_a_secret_is_found_wherever_it_is_in_a_large_text() {
        let (key, card) = (token("ghp_", 36), "4111 1111 1111 1111");
        let line = "A line of a large text, 12:30, 4 - 5 and so on. ";
        for at in 0..line.len() {
            let (before, after) = (line.repeat(20) + &line[..at], line.repeat(20));
            assert_eq!(what(&format!("{before} {key}, {card}, {after}")), ["a GitHub token", "a card number"], "{at}");
        }
    }

    #[test]
    fn sp05_in_steps_the_same_is_found_as_at_once() {
        let (key, long) = (token("ghp_", 36), "A line of a large text. ".repeat(10_000));
        for value in [
            json!(null),
            json!([]),
            json!("nothing"),
            json!(key),
            json!({"a": [{"password": "x"}]}),
            json!({"a": [{"password": ""}], "token": 3}),
            json!({"content": [{"text": long}]}),
            json!({"content": [{"text": format!("{long} {key}")}, long]}),
            json!({"content": [long, {"text": format!("{long} 4111 1111 1111 1111.")}]}),
            json!({"content": [long, {"text": format!("{long} postgres://ada:s3cret@db.example.com/x")}]}),
            json!(vec!["short"; 100_000]),
        ] {
            let mut looking = Looking::of(&value);
            let mut steps = 1;
            let found = loop {
                if let Some(found) = looking.step() {
                    break found;
                }
                steps += 1;
            };
            assert_eq!(found, mask_value(&value) != value, "after {steps} steps");
            assert!(value.to_string().len() < STEP || steps > 2, "{steps} steps");
        }
    }

    #[test]
    fn text_in_any_script_is_cut_at_characters() {
        let text = format!("пароль: {} — конец", token("ghp_", 36));
        assert_eq!(mask(&text), "пароль: ghp_•••• — конец");
        assert_eq!(mask("-----BEGIN пароль"), "-----BEGIN пароль");
        assert_eq!(find("://ü:ü@ü").len(), 1);
    }
}
