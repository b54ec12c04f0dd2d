//! `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9728 section 5.1).

/// Longest header that is looked at, in bytes. What comes after is ignored.
const LONGEST: usize = 16 * 1024;
/// Most challenges and most parameters that are looked at.
const MOST: usize = 64;

/// One challenge of a `WWW-Authenticate` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as received, such as `Bearer` or `DPoP`.
    pub scheme: String,
    /// Parameters in order, names in lower case, quotes undone. A name that comes twice counts once, by its first value.
    pub params: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is of this scheme, without case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

/// All challenges of a header, or of several joined by commas. What cannot be read is skipped: a server's garbage is no
/// reason to fail, since the well-known addresses still work.
pub fn challenges(header: &str) -> Vec<Challenge> {
    let mut end = header.len().min(LONGEST);
    while !header.is_char_boundary(end) {
        end -= 1;
    }
    let mut reader = Reader { rest: header.get(..end).unwrap_or_default() };
    let mut found: Vec<Challenge> = Vec::new();
    while !reader.rest.is_empty() {
        reader.skip(|byte| byte == b',' || byte == b' ' || byte == b'\t');
        let token = reader.token();
        if token.is_empty() {
            reader.drop_one();
            continue;
        }
        // `name = value` continues the challenge before; a token without `=` begins a new one.
        let before = reader.rest;
        reader.blank();
        if reader.eat('=') && !reader.rest.starts_with('=') {
            reader.blank();
            let value = reader.value();
            let name = token.to_ascii_lowercase();
            if let Some(last) = found.last_mut()
                && last.params.len() < MOST
                && last.get(&name).is_none()
            {
                last.params.push((name, value));
            }
            continue;
        }
        reader.rest = before;
        if found.len() == MOST {
            break;
        }
        found.push(Challenge { scheme: token.to_owned(), params: Vec::new() });
        reader.skip(|byte| byte == b' ' || byte == b'\t');
        reader.token68();
    }
    found
}

/// What a challenge of a protected resource says, for the schemes that this client speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) metadata: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) description: Option<String>,
}

impl Wanted {
    /// Reads the challenges of the scheme in use: `DPoP` if tokens are `bound`, otherwise `Bearer`. Where there are some,
    /// the other scheme only says where the metadata is, which is the same for both. The first value of each parameter
    /// counts.
    pub(crate) fn of(header: Option<&str>, bound: bool) -> Self {
        let mut wanted = Self::default();
        let challenges = challenges(header.unwrap_or_default());
        let schemes = if bound { ["DPoP", "Bearer"] } else { ["Bearer", "DPoP"] };
        let mut read = false;
        for scheme in schemes {
            let other = read;
            for challenge in challenges.iter().filter(|challenge| challenge.is(scheme)) {
                read = true;
                for (slot, name) in [
                    (&mut wanted.metadata, "resource_metadata"),
                    (&mut wanted.scope, "scope"),
                    (&mut wanted.error, "error"),
                    (&mut wanted.description, "error_description"),
                ] {
                    if slot.is_none() {
                        *slot = challenge.get(name).filter(|value| !value.trim().is_empty()).map(str::to_owned);
                    }
                    if other {
                        break;
                    }
                }
            }
        }
        wanted
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        let end = self.rest.bytes().position(|byte| !what(byte)).unwrap_or(self.rest.len());
        self.advance(end);
    }

    fn blank(&mut self) {
        self.skip(|byte| byte == b' ' || byte == b'\t');
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn drop_one(&mut self) {
        self.advance(self.rest.chars().next().map_or(0, char::len_utf8));
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, what: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !what(byte)).unwrap_or(self.rest.len());
        let taken = self.rest.get(..end).unwrap_or_default();
        self.advance(taken.len());
        taken
    }

    fn token(&mut self) -> &'a str {
        self.take(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    }

    /// Skips the base64 text that some schemes carry (`Negotiate abc==`). What is followed by one `=` and a value is a
    /// parameter and stays.
    fn token68(&mut self) {
        let start = self.rest;
        self.take(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        let pads = self.take(|byte| byte == b'=').len();
        let ends = self.rest.trim_start_matches([' ', '\t']);
        if start.len() == self.rest.len()
            || !(ends.is_empty() || ends.starts_with(','))
            || (pads == 0 && ends.is_empty())
        {
            self.rest = start;
        }
    }

    /// A quoted string with its escapes undone, or everything up to the next comma or blank. The latter is wider than a
    /// token: servers do send addresses without quotes.
    fn value(&mut self) -> String {
        if !self.eat('"') {
            return self.take(|byte| byte != b',' && byte != b' ' && byte != b'\t').to_owned();
        }
        let mut value = String::new();
        let mut chars = self.rest.chars();
        while let Some(char) = chars.next() {
            match char {
                '"' => break,
                '\\' => value.extend(chars.next()),
                other => value.push(other),
            }
        }
        self.rest = chars.as_str();
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(header: &str) -> Vec<(String, Vec<(String, String)>)> {
        challenges(header).into_iter().map(|challenge| (challenge.scheme, challenge.params)).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn a_bearer_challenge_is_read() {
        let header = r#"Bearer error="insufficient_scope", scope="a b", resource_metadata="https://x.example/y?z=1,2""#;
        assert_eq!(
            read(header),
            [(
                "Bearer".into(),
                vec![
                    pair("error", "insufficient_scope"),
                    pair("scope", "a b"),
                    pair("resource_metadata", "https://x.example/y?z=1,2"),
                ]
            )]
        );
    }

    #[test]
    fn several_challenges_and_several_headers_are_told_apart() {
        let header = r#"Basic realm="a, Bearer scope=\"no\"" , Negotiate YWJj==, Newauth, bearer Scope=one,x = "y",DPoP algs="ES256""#;
        assert_eq!(
            read(header),
            [
                ("Basic".into(), vec![pair("realm", r#"a, Bearer scope="no""#)]),
                ("Negotiate".into(), vec![]),
                ("Newauth".into(), vec![]),
                ("bearer".into(), vec![pair("scope", "one"), pair("x", "y")]),
                ("DPoP".into(), vec![pair("algs", "ES256")]),
            ]
        );
    }

    #[test]
    fn a_lone_scheme_and_an_unquoted_address_are_read() {
        assert_eq!(read("Bearer"), [("Bearer".into(), vec![])]);
        assert_eq!(
            read("Bearer resource_metadata=https://x.example/a"),
            [("Bearer".into(), vec![pair("resource_metadata", "https://x.example/a")])]
        );
    }

    #[test]
    fn the_first_value_of_a_name_counts() {
        assert_eq!(Wanted::of(Some("Bearer scope=a, scope=b, Bearer scope=c"), false).scope.as_deref(), Some("a"));
        assert_eq!(Wanted::of(Some(r#"Basic scope="a", Bearer scope="b""#), false).scope.as_deref(), Some("b"));
        assert_eq!(Wanted::of(Some(r#"Bearer scope="""#), false).scope, None);
        assert_eq!(Wanted::of(None, false), Wanted::default());
    }

    #[test]
    fn the_other_scheme_says_no_more_than_where_the_metadata_is() {
        let header = "Bearer scope=a, error=insufficient_scope, DPoP error=invalid_token, resource_metadata=m";
        for (bound, scope, error) in [(false, Some("a"), "insufficient_scope"), (true, None, "invalid_token")] {
            let wanted = Wanted::of(Some(header), bound);
            assert_eq!((wanted.scope.as_deref(), wanted.error.as_deref()), (scope, Some(error)));
            assert_eq!(wanted.metadata.as_deref(), Some("m"));
        }
        assert_eq!(Wanted::of(Some("Bearer, DPoP error=use_dpop_nonce"), false), Wanted::default());
        // Alone, it says all: a server may take bound tokens only.
        assert_eq!(Wanted::of(Some("DPoP scope=a"), false).scope.as_deref(), Some("a"));
        assert_eq!(Wanted::of(Some("Bearer scope=a"), true).scope.as_deref(), Some("a"));
    }

    #[test]
    fn a_parameter_without_a_scheme_belongs_to_nothing() {
        assert_eq!(read(r#"scope="a", Bearer error="b""#), [("Bearer".into(), vec![pair("error", "b")])]);
        assert_eq!(read("\"unclosed, Bearer"), [("unclosed".into(), vec![]), ("Bearer".into(), vec![])]);
    }

    proptest! {
        #[test]
        fn garbage_never_panics_and_stays_bounded(header in "\\PC*|[ ,=\"\\\\a-zA-Z]{0,200}") {
            let found = challenges(&header);
            prop_assert!(found.len() <= MOST);
            let bytes: usize = found
                .iter()
                .map(|c| c.scheme.len() + c.params.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>())
                .sum();
            prop_assert!(bytes <= header.len());
        }

        #[test]
        fn what_is_quoted_comes_back(
            scheme in "[A-Za-z]{1,8}",
            params in prop::collection::vec(("[a-z_]{1,10}", "[ -~]{0,30}"), 1..6),
        ) {
            let mut distinct: Vec<(String, String)> = Vec::new();
            for (name, value) in params {
                if distinct.iter().all(|(known, _)| *known != name) {
                    distinct.push((name, value));
                }
            }
            let text: Vec<String> = distinct
                .iter()
                .map(|(n, v)| format!("{n}=\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            let header = format!("{scheme} {}", text.join(", "));
            prop_assert_eq!(read(&header), vec![(scheme, distinct)]);
        }
    }
}
