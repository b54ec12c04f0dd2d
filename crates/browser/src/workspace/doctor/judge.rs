//! What the answers that the doctor gets mean, in words.

use mcp::{OpError, Revision};
use policy::address::Address;
use policy::{Connector, Reach, SignIn};

use super::{Check, CheckKind, FETCH, Report, TRANSPORT, Verdict, origin};
use crate::inspect::Cover;
use crate::link::{chosen_words, quoted};

/// How a request gets to a server.
pub(super) struct Way {
    /// The prefix of the workspace's proxy for this server, if it has one.
    pub(super) proxy: Option<String>,
    /// The proxy is a part of this site: no rule about other origins is in the way.
    pub(super) is_own: bool,
    /// Where its first stop is.
    pub(super) reach: Reach,
}

impl Way {
    pub(super) fn to(address: &Address, proxy: Option<String>) -> Self {
        // A path alone is on the origin of this page.
        let stop = proxy.as_deref().and_then(|through| web_sys::Url::new(through).ok());
        let (is_own, reach) = match (&proxy, stop) {
            (None, _) => (false, address.reach),
            (Some(_), None) => (true, Reach::Public),
            (Some(_), Some(stop)) => (
                origin().is_some_and(|origin| origin == stop.origin()),
                policy::address::reach(&stop.hostname()).unwrap_or(Reach::Public),
            ),
        };
        Way { proxy, is_own, reach }
    }

    /// Who answers a browser's questions about other origins.
    pub(super) fn answering(&self) -> String {
        match &self.proxy {
            Some(through) => format!("the proxy `{through}`"),
            None => "the server".to_owned(),
        }
    }

    /// Where else to look when something on the way may be the cause.
    pub(super) fn or(&self, server: &str) -> String {
        match &self.proxy {
            Some(through) => format!("look at the proxy `{through}` first, which this came through; then {server}"),
            None => server.to_owned(),
        }
    }
}

/// What a question comes to.
pub(super) struct Said {
    pub(super) answered: String,
    pub(super) verdict: Verdict,
    pub(super) remedy: Option<String>,
}

impl Said {
    pub(super) fn good(answered: impl Into<String>) -> Self {
        Said { answered: answered.into(), verdict: Verdict::Good, remedy: None }
    }

    pub(super) fn doubtful(answered: impl Into<String>, remedy: impl Into<String>) -> Self {
        Said { answered: answered.into(), verdict: Verdict::Doubtful, remedy: Some(remedy.into()) }
    }

    pub(super) fn bad(answered: impl Into<String>, remedy: impl Into<String>) -> Self {
        Said { verdict: Verdict::Bad, ..Said::doubtful(answered, remedy) }
    }
}

/// What is known of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) challenged: bool,
}

impl Answer {
    /// A 403 without a challenge asks for nothing: it refuses.
    pub(super) fn wants_sign_in(&self) -> bool {
        self.status == 401 || (self.status == 403 && self.challenged)
    }
}

/// What a handshake came to.
pub(super) struct Spoken {
    /// The revision.
    pub(super) ended: Result<String, OpError>,
    /// The only revision that was asked for, where somebody chose one.
    pub(super) chosen: Option<Revision>,
    /// Whether it was made as an account that is signed in.
    pub(super) is_signed_in: bool,
    /// What signed that account in.
    pub(super) cover: Cover,
}

impl Spoken {
    /// Whether it shows that an MCP server is there: these are said by nothing else.
    pub(super) fn is_of_server(&self) -> bool {
        use OpError::{SessionUnreadable, SignIn, Version};
        matches!(self.ended, Ok(_) | Err(SignIn { .. } | SessionUnreadable { .. } | Version { .. }))
    }

    /// Why it failed, in words that hold no secret: the server may say one back.
    fn why(&self, error: &OpError) -> String {
        policy::text::unticked(&self.cover.text(&error.to_string())).into_owned()
    }
}

/// A sign-in begins with a header of the 401, which a page can read only if the server exposes it.
pub(super) fn challenge(answer: &Answer, way: &Way, report: &mut Report<impl Fn(&Check)>) {
    if answer.status != 401 {
        return;
    }
    const UNTIL: &str = "until then the sign-in is looked for at the well-known places";
    let said = match (answer.challenged, way.is_own) {
        (true, _) => Said::good("yes"),
        (false, true) => Said::doubtful("no: it is missing", way.or(&format!("the server should send it; {UNTIL}"))),
        (false, false) => Said::doubtful(
            "no: it is missing, or not exposed to pages",
            format!("add `Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id`; {UNTIL}"),
        ),
    };
    let asked = "can the header that starts a sign-in be read (`WWW-Authenticate`)";
    report.say(CheckKind::Challenge, asked, "RFC 9728 section 5.1", said);
}

pub(super) fn path(
    address: &Address,
    answer: &Answer,
    spoken: Option<&Spoken>,
    way: &Way,
    report: &mut Report<impl Fn(&Check)>,
) -> Option<()> {
    const LOG: &str = "its operator finds the reason in the server's own log";
    let said = match answer.status {
        // Servers of the first revision take no message at the address where their stream begins.
        404 | 405 | 410 if !spoken.is_some_and(Spoken::is_of_server) => {
            let remedy =
                "look up the path in the server's documentation; often it is `/mcp`, or `/sse` for old servers";
            let answered = format!("probably not: status {} for a message to {}", answer.status, address.url);
            Said::bad(answered, way.or(remedy))
        }
        status @ 502..=504 if way.proxy.is_some() => {
            Said::bad(format!("status {status}: probably the proxy gets no answer from the server"), way.or(LOG))
        }
        status @ 500.. => Said::bad(format!("it fails by itself: status {status}"), way.or(LOG)),
        status if answer.wants_sign_in() => Said::good(format!("it answers {status}: it wants a sign-in")),
        status => Said::good(format!("it answers {status}")),
    };
    let goes_on = said.verdict != Verdict::Bad;
    report.say(CheckKind::Path, "is there an MCP server at this path", TRANSPORT, said);
    goes_on.then_some(())
}

const AUTHORIZATION: &str = "MCP, Authorization";

/// What shows only to who is signed in: the end of an examination without an account.
pub(super) fn sign_in_first(connector: Option<&Connector>, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
    let remedy = match connector.map(|one| &one.sign_in) {
        Some(SignIn::OAuth { .. }) => "sign in under Authentication, then examine the connection again",
        Some(SignIn::Header { .. }) => "enter the value of its header, then examine the connection again",
        Some(SignIn::None) => "add the connector again with a sign-in",
        None => "choose OAuth, or a header value if its operator gave you one",
    };
    let said = Said::doubtful("no: it wants a sign-in first, and shows the rest only then", remedy);
    report.say(CheckKind::SignIn, "does it take who asks", AUTHORIZATION, said);
    None
}

/// Whether the server lets this page in, and the account that it was asked as.
pub(super) fn let_in(
    spoken: &Spoken,
    connector: Option<&Connector>,
    way: &Way,
    report: &mut Report<impl Fn(&Check)>,
) -> Option<()> {
    let said = match &spoken.ended {
        Err(OpError::SignIn { status: 403, challenge: None, text }) => {
            let origin = origin().map_or_else(|| "this page's".to_owned(), |origin| format!("`{origin}`"));
            let mut server = format!(
                "look at the server's list of origins (its guard of the `Origin` header): {origin} has to be on it"
            );
            server.push_str(match spoken.is_signed_in {
                true => "; or the account may not use it",
                false => "; or it wants a header value that its operator gives out",
            });
            let said = Said::bad(
                format!("no: it refuses this page or this client with status 403{}", quoted(&spoken.cover.text(text))),
                way.or(&server),
            );
            report.say(CheckKind::LetIn, "does it let this page in", "MCP, Streamable HTTP, security warning", said);
            return None;
        }
        Err(OpError::SignIn { .. }) if !spoken.is_signed_in => return sign_in_first(connector, report),
        Err(OpError::SignIn { status, .. }) => {
            let remedy = match connector.map(|one| &one.sign_in) {
                Some(SignIn::Header { .. }) => "enter a new value for its header below",
                _ => "sign in again under Authentication",
            };
            Said::bad(format!("no: it answers {status} to the account that is signed in"), remedy)
        }
        // What failed before the server knew who asks says nothing about that.
        _ if !spoken.is_signed_in || !spoken.is_of_server() => return Some(()),
        _ => Said::good("yes: it was asked as the account that is signed in"),
    };
    let goes_on = said.verdict == Verdict::Good;
    report.say(CheckKind::SignIn, "does it take who asks", AUTHORIZATION, said);
    goes_on.then_some(())
}

/// What a handshake says where it could come to no other revision than the one that somebody chose.
fn of_choice(spoken: &Spoken, chosen: Revision, way: &Way) -> Option<Said> {
    match &spoken.ended {
        Ok(revision) => {
            let said = format!("yes: `{revision}`, which was chosen for it in the inspector");
            Some(match Revision::ALL.last() == Some(&chosen) {
                true => Said::good(said),
                false => Said::doubtful(
                    said,
                    "unless that is meant, have it found out by itself there: a newer one protects more",
                ),
            })
        }
        Err(error @ (OpError::Http { .. } | OpError::Rpc { .. } | OpError::Version { .. })) => {
            Some(Said::bad(format!("the handshake fails: {}", spoken.why(error)), way.or(&chosen_words(chosen))))
        }
        Err(_) => None,
    }
}

/// Which revision a handshake came to.
pub(super) fn revision(spoken: &Spoken, way: &Way, report: &mut Report<impl Fn(&Check)>) {
    const NEWER: &str = "ask its operator for a newer version of the server";
    const LIFECYCLE: &str = "MCP, lifecycle";
    let asked = "does it speak a revision of the protocol that is spoken here (a handshake)";
    if let Some(said) = spoken.chosen.and_then(|chosen| of_choice(spoken, chosen, way)) {
        return report.say(CheckKind::Revision, asked, LIFECYCLE, said);
    }
    let (kind, said) = match &spoken.ended {
        Ok(revision) if revision.as_str() < Revision::V2025_03_26.as_str() => {
            let remedy = format!("it works, with less: {NEWER}");
            (CheckKind::Revision, Said::doubtful(format!("an old one: `{revision}`"), remedy))
        }
        Ok(revision) => (CheckKind::Revision, Said::good(format!("yes: `{revision}`"))),
        Err(OpError::SessionUnreadable { status, .. }) => {
            let remedy = match way.is_own {
                true => way.or("the server has to send it with its answer to `initialize`"),
                false => format!(
                    "{} has to send `Access-Control-Expose-Headers: Mcp-Session-Id, WWW-Authenticate` with every answer",
                    way.answering()
                ),
            };
            let answered = format!(
                "no: probably it is not exposed to pages, because what follows a handshake without it is answered {status}"
            );
            let asked = "can the header that names a session be read (`Mcp-Session-Id`)";
            return report.say(CheckKind::Session, asked, FETCH, Said::bad(answered, remedy));
        }
        Err(OpError::Timeout { .. }) => return report.too_late(asked, way),
        Err(
            error @ (OpError::Network { .. } | OpError::Http { .. } | OpError::Rpc { .. } | OpError::Version { .. }),
        ) if report.lacks_headers() => {
            let remedy = "let the headers in that are named above, then examine the connection again: a server that cannot be spoken to without them looks like this";
            (CheckKind::Handshake, Said::bad(format!("the handshake fails: {}", spoken.why(error)), remedy))
        }
        Err(error @ OpError::Version { .. }) => {
            (CheckKind::Revision, Said::bad(format!("no: {}", spoken.why(error)), NEWER))
        }
        Err(error) => {
            let server = "if the path is right, its operator finds the reason in the server's own log";
            (CheckKind::Revision, Said::bad(format!("the handshake fails: {}", spoken.why(error)), way.or(server)))
        }
    };
    report.say(kind, asked, LIFECYCLE, said);
}
