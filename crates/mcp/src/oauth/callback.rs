//! The answer of the sign-in page (RFC 6749 section 4.1.2, RFC 9207).

use super::address::decode;
use super::error::AuthError;
use super::step::scrub;

/// Longest callback that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// The authorization code out of a callback URL, after everything that has to be checked first: `state`, then `iss` by
/// the four-row table, and only then whether it is an error ("Authorization Response Validation"). `secret` is taken out
/// of what that says, as `state` is.
pub(crate) fn code(url: &str, state: &str, issuer: &str, advertised: bool, secret: &str) -> Result<String, AuthError> {
    let parts = Parts::read(url).ok_or(AuthError::State)?;
    if parts.one("state").ok().flatten().as_deref() != Some(state) {
        return Err(AuthError::State);
    }
    match parts.one("iss") {
        Ok(Some(iss)) if iss == issuer => {}
        Ok(None) if !advertised => {}
        _ => return Err(AuthError::Iss),
    }
    if let Some(error) = parts.one("error")? {
        let description = parts.one("error_description")?.unwrap_or_default();
        return Err(AuthError::Refused {
            step: "sign-in",
            status: 0,
            error: scrub(&error, &[state, secret]),
            description: scrub(&description, &[state, secret]),
        });
    }
    match parts.one("code")? {
        Some(code) if !code.is_empty() => Ok(code),
        _ => Err(AuthError::Callback { what: "it has no code" }),
    }
}

/// The parameters of a callback, still encoded.
struct Parts<'a>(&'a str);

impl<'a> Parts<'a> {
    fn read(url: &'a str) -> Option<Self> {
        if url.len() > LONGEST {
            return None;
        }
        let (_, query) = url.split('#').next()?.split_once('?')?;
        Some(Self(query))
    }

    /// A parameter that comes at most once (RFC 6749 section 3.1).
    fn one(&self, wanted: &str) -> Result<Option<String>, AuthError> {
        let mut found = None;
        for pair in self.0.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if decode(name).as_deref() != Some(wanted) {
                continue;
            }
            if found.is_some() {
                return Err(AuthError::Callback { what: "it has a parameter twice" });
            }
            found = Some(decode(value).ok_or(AuthError::Callback { what: "it is not readable text" })?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ISSUER: &str = "https://as.example";

    fn read(query: &str, advertised: bool) -> Result<String, AuthError> {
        code(&format!("https://app.example/oauth/callback?{query}"), "s", ISSUER, advertised, "")
    }

    #[test]
    fn the_issuer_is_judged_by_the_four_rows() {
        let with = "code=c&state=s&iss=https%3A%2F%2Fas.example";
        assert_eq!(read(with, true), Ok("c".into()));
        assert_eq!(read("code=c&state=s", true), Err(AuthError::Iss));
        assert_eq!(read(with, false), Ok("c".into()));
        assert_eq!(read("code=c&state=s", false), Ok("c".into()));
        for other in ["https%3A%2F%2Fevil.example", "https%3A%2F%2Fas.example%2F", "https%3A%2F%2FAS.example", ""] {
            for advertised in [true, false] {
                assert_eq!(read(&format!("code=c&state=s&iss={other}"), advertised), Err(AuthError::Iss), "{other}");
            }
        }
        assert_eq!(read(&format!("{with}&iss=https%3A%2F%2Fevil.example"), true), Err(AuthError::Iss));
    }

    #[test]
    fn nothing_is_said_about_an_error_from_a_wrong_issuer() {
        let bad = read("error=access_denied&error_description=visit+evil.example&state=s&iss=x", false).unwrap_err();
        assert_eq!(bad, AuthError::Iss);
        assert!(!bad.to_string().contains("evil"));
    }

    #[test]
    fn the_state_comes_before_everything_else() {
        for query in ["code=c", "code=c&state=", "code=c&state=S", "error=x&state=t", "code=c&state=s&state=s", ""] {
            assert_eq!(read(query, false), Err(AuthError::State), "{query}");
        }
        assert_eq!(code("https://app.example/cb", "s", ISSUER, false, ""), Err(AuthError::State));
        assert_eq!(code("https://app.example/cb#code=c&state=s", "s", ISSUER, false, ""), Err(AuthError::State));
    }

    #[test]
    fn an_error_is_kept_as_cut_text() {
        let long = "x".repeat(2000);
        let query = format!("error=access_denied&error_description=no%0Athanks+%3Cb%3E{long}&state=s");
        match read(&query, false) {
            Err(AuthError::Refused { error, description, .. }) => {
                assert_eq!(error, "access_denied");
                assert!(description.starts_with("no thanks <b>x"));
                assert!(description.len() < 400);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_has_to_be_there_once() {
        assert!(matches!(read("state=s", false), Err(AuthError::Callback { .. })));
        assert!(matches!(read("state=s&code=", false), Err(AuthError::Callback { .. })));
        assert!(matches!(read("state=s&code=a&code=b", false), Err(AuthError::Callback { .. })));
        assert!(matches!(read("state=s&code=%ff", false), Err(AuthError::Callback { .. })));
    }

    proptest! {
        #[test]
        fn no_callback_makes_it_panic(url in "\\PC{0,200}", query in "[a-z=&%0-9+#?]{0,100}") {
            let _ = code(&url, "s", ISSUER, true, "");
            let _ = code(&format!("https://app.example/cb?state=s&{query}"), "s", ISSUER, false, "");
        }

        #[test]
        fn every_code_comes_back(text in "\\PC{1,40}") {
            let query = format!("code={}&state=s", crate::oauth::address::encode(&text));
            prop_assert_eq!(read(&query, false), Ok(text));
        }
    }
}
