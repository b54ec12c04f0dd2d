//! The connection doctor: asks a server one small thing after the other until it is clear what is in the way.
//!
//! A browser does not tell a page why a request failed: a missing CORS header, a refused local network and a dead port
//! all look alike (wires.md D). But each question asked here fails for fewer reasons than the one before, so the first
//! that fails narrows it down. Where two causes remain, the words say *probably*.
//!
//! Nothing asked here changes anything on a server: requests to read, one `ping`, and a handshake that ends again. No
//! secret is sent.

use futures_util::future::join_all;
use js_sys::{Function, Object, Promise, Reflect};
use mcp::{OpError, Revision};
use policy::Reach;
use policy::address::Address;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::Workspace;
use crate::drive::{Connection, Done, Transport};
use crate::fetch::{Failure, Request};
use crate::link::client;
use crate::time::{global, offline};

/// How long one question may take, in milliseconds.
const PATIENCE: u64 = 8_000;

/// What a question of the doctor is about, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// The address itself.
    Address,
    /// Whether this browser is online.
    Online,
    /// Whether the browser lets this page reach servers on this machine and its network.
    LocalNetwork,
    /// Whether anything answers, readable or not.
    Answers,
    /// Whether an answer to a plain request may be read by this page.
    Reads,
    /// Whether a message may be posted.
    Posts,
    /// Whether a header of the protocol may be sent.
    Header(&'static str),
    /// Whether the header that starts a sign-in can be read.
    Challenge,
    /// Whether there is an MCP server at this path.
    Path,
    /// Whether it speaks a revision of the protocol that is spoken here.
    Revision,
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works without, but something will be missing.
    Doubtful,
    /// This is in the way.
    Bad,
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is about.
    pub kind: CheckKind,
    /// What was asked, in words.
    pub asked: String,
    /// What came back, in words.
    pub answered: String,
    /// Where it is written how it should be.
    pub rule: &'static str,
    /// How that is.
    pub verdict: Verdict,
    /// What to do, when it is not good.
    pub remedy: Option<String>,
}

/// A header that a client of MCP sends, and what is missing without it.
struct Needed {
    name: &'static str,
    value: &'static str,
    without: &'static str,
    verdict: Verdict,
}

/// The headers of the protocol that a server must let web pages send (`Access-Control-Allow-Headers`).
const HEADERS: &[Needed] = &[
    Needed {
        name: "MCP-Protocol-Version",
        value: "2025-11-25",
        without: "only servers of the first revisions work without it",
        verdict: Verdict::Bad,
    },
    Needed { name: "Authorization", value: "Bearer", without: "nobody can sign in", verdict: Verdict::Doubtful },
    Needed {
        name: "DPoP",
        value: "probe",
        without: "tokens cannot be bound to this browser's key",
        verdict: Verdict::Doubtful,
    },
    Needed {
        name: "Mcp-Method",
        value: "ping",
        without: "the revision 2026-07-28 cannot be spoken",
        verdict: Verdict::Doubtful,
    },
    Needed {
        name: "Mcp-Name",
        value: "probe",
        without: "actions of the revision 2026-07-28 cannot be called",
        verdict: Verdict::Doubtful,
    },
    Needed {
        name: "Mcp-Param-Probe",
        value: "probe",
        without: "actions that want an argument as a header cannot be called",
        verdict: Verdict::Doubtful,
    },
    Needed {
        name: "Mcp-Session-Id",
        value: "probe",
        without: "servers of 2025 that keep sessions do not work",
        verdict: Verdict::Doubtful,
    },
    Needed {
        name: "Last-Event-ID",
        value: "0",
        without: "a broken stream cannot be picked up again",
        verdict: Verdict::Doubtful,
    },
];

const FETCH: &str = "Fetch standard, CORS protocol";
const TRANSPORT: &str = "MCP, Streamable HTTP";
const PING: &str = r#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#;

impl Workspace {
    /// Finds out what is in the way between this page and a server. `on_check` hears each answer as it comes; all of
    /// them come back at the end. It ends at the first thing without which nothing else can be known. Dropping the
    /// future stops it.
    pub async fn diagnose(&self, address: &str, on_check: impl Fn(&Check)) -> Vec<Check> {
        let mut report = Report { checks: Vec::new(), on_check };
        // Each question stands on the one before; `None` is an answer after which there is nothing left to ask.
        let _ = self.examine(address, &mut report).await;
        report.checks
    }

    async fn examine(&self, typed: &str, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
        let checked = self.check_address(typed).map_err(|error| error.to_string()).and_then(|address| {
            let listed = self.rulebook().may_reach_host(policy::DomainUse::Servers, &address.host);
            listed.map(|()| address).map_err(|why| why.to_string())
        });
        let address = match checked {
            Ok(address) => address,
            Err(answered) => {
                report.say(
                    CheckKind::Address,
                    "is it an address that may be connected",
                    answered,
                    "the address rules",
                    Verdict::Bad,
                    Some("correct it".into()),
                );
                return None;
            }
        };
        report.say(
            CheckKind::Address,
            "is it an address that may be connected",
            format!("yes: {}", address.host),
            "the address rules",
            Verdict::Good,
            None,
        );
        if offline() {
            let remedy = "connect to a network and try again".to_owned();
            report.say(
                CheckKind::Online,
                "is this browser online",
                "no".into(),
                "navigator.onLine",
                Verdict::Bad,
                Some(remedy),
            );
            return None;
        }
        report.say(CheckKind::Online, "is this browser online", "yes".into(), "navigator.onLine", Verdict::Good, None);
        if address.reach == Reach::Local {
            self.local_network(report).await?;
        }
        self.answers(&address, report).await?;
        self.reads(&address, report).await?;
        let status = self.posts(&address, report).await?;
        self.headers(&address, report).await;
        challenge(&status, report);
        // Who wants a sign-in says nothing before, who fails by itself nothing either, and who lets no header in cannot.
        let spoken = match status.status {
            401 | 403 | 500.. => None,
            _ if report.checks.iter().any(|check| check.verdict == Verdict::Bad) => None,
            _ => Some(self.handshake(&address).await),
        };
        // Servers of the first revision take no message at the address where their stream begins.
        let is_server = matches!(spoken, Some(Ok(_)));
        path(&address, &status, is_server, report)?;
        revision(&spoken?, report);
        Some(())
    }

    /// Connects as a connector would, without any account, and hangs up again.
    async fn handshake(&self, address: &Address) -> Result<String, OpError> {
        let mut config = mcp::Config::new(address.url.clone(), client());
        config.timeouts.connect = PATIENCE;
        let connection = Connection::new(config, Transport::Network(self.0.fetcher.clone()), |_| ());
        let ended = connection.connect().await;
        connection.close();
        match ended {
            Ok(Done::Connected(connected)) => Ok(connected.protocol),
            Ok(_) => Err(OpError::NoAnswer),
            Err(failed) => Err(failed.error),
        }
    }

    /// A browser may keep pages from reaching the local network, and asks the person for it.
    async fn local_network(&self, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
        let asked = "may this page reach servers on this machine and its network";
        let rule = "Local Network Access";
        match permission(&["loopback-network", "local-network", "local-network-access"]).await.as_deref() {
            Some("denied") => {
                let remedy = "allow local network access for this site in the browser's site settings, then reload";
                report.say(
                    CheckKind::LocalNetwork,
                    asked,
                    "no, it was refused".into(),
                    rule,
                    Verdict::Bad,
                    Some(remedy.into()),
                );
                None
            }
            Some("prompt") => {
                let remedy = "the browser asks at the first request: allow it";
                report.say(
                    CheckKind::LocalNetwork,
                    asked,
                    "not decided yet".into(),
                    rule,
                    Verdict::Doubtful,
                    Some(remedy.into()),
                );
                Some(())
            }
            other => {
                let answered = if other.is_some() { "yes" } else { "this browser does not ask" };
                report.say(CheckKind::LocalNetwork, asked, answered.into(), rule, Verdict::Good, None);
                Some(())
            }
        }
    }

    async fn answers(&self, address: &Address, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
        let asked = "does anything answer there (GET, without reading the answer)";
        if self.0.fetcher.answers(&address.url, PATIENCE).await {
            report.say(CheckKind::Answers, asked, "yes".into(), FETCH, Verdict::Good, None);
            return Some(());
        }
        let remedy = format!(
            "check the name and the port, that the server runs, and that its certificate is valid: open {} in a tab of its own and see what the browser says",
            address.host
        );
        let answered =
            "no: the name, the connection or the certificate fails, or the network blocks it; a page is not told which";
        report.say(CheckKind::Answers, asked, answered.into(), FETCH, Verdict::Bad, Some(remedy));
        None
    }

    async fn reads(&self, address: &Address, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
        let asked = "may this page read an answer (GET)";
        match self.ask(address, "GET", Vec::new(), None).await {
            Ok(answer) => {
                report.say(
                    CheckKind::Reads,
                    asked,
                    format!("yes: status {}", answer.status),
                    FETCH,
                    Verdict::Good,
                    None,
                );
                Some(())
            }
            Err(Failure::Redirected) => {
                let remedy = "enter the address it leads to; redirects are not followed, because they would take your sign-in elsewhere";
                report.say(
                    CheckKind::Reads,
                    asked,
                    "it redirects".into(),
                    "RFC 9110 section 15.4",
                    Verdict::Bad,
                    Some(remedy.into()),
                );
                None
            }
            Err(_) => {
                let remedy = "the server has to send `Access-Control-Allow-Origin` with this page's origin, or `*`, with every answer, errors too";
                let answered = "no: probably the answer has no `Access-Control-Allow-Origin` for this page";
                report.say(CheckKind::Reads, asked, answered.into(), FETCH, Verdict::Bad, Some(remedy.into()));
                None
            }
        }
    }

    async fn posts(&self, address: &Address, report: &mut Report<impl Fn(&Check)>) -> Option<Answer> {
        let asked = "may it post a message (POST, JSON)";
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("accept".to_owned(), "application/json, text/event-stream".to_owned()),
        ];
        match self.ask(address, "POST", headers, Some(PING)).await {
            Ok(answer) => {
                report.say(
                    CheckKind::Posts,
                    asked,
                    format!("yes: status {}", answer.status),
                    FETCH,
                    Verdict::Good,
                    None,
                );
                Some(answer)
            }
            Err(failure) => {
                let remedy = "the server has to answer the browser's `OPTIONS` with `Access-Control-Allow-Methods: POST, GET, DELETE` and `Access-Control-Allow-Headers: Content-Type`, and must not want a sign-in for `OPTIONS`";
                let answered = match failure {
                    Failure::Timeout(_) => "no answer in time".to_owned(),
                    _ => "no: probably its `OPTIONS` answer does not allow POST with `Content-Type`".to_owned(),
                };
                report.say(CheckKind::Posts, asked, answered, FETCH, Verdict::Bad, Some(remedy.into()));
                None
            }
        }
    }

    /// One header at a time, side by side: a browser asks the server about each before it sends anything.
    async fn headers(&self, address: &Address, report: &mut Report<impl Fn(&Check)>) {
        let probes = HEADERS.iter().map(|needed| async move {
            let sent = vec![(needed.name.to_owned(), needed.value.to_owned())];
            let allowed = !matches!(self.ask(address, "GET", sent, None).await, Err(Failure::Network(_)));
            (needed, allowed)
        });
        for (needed, allowed) in join_all(probes).await {
            let name = shown(needed.name);
            let asked = format!("may it send `{name}`");
            if allowed {
                report.say(CheckKind::Header(needed.name), asked, "yes".into(), FETCH, Verdict::Good, None);
            } else {
                let remedy = format!("add `{name}` to `Access-Control-Allow-Headers`: {}", needed.without);
                report.say(CheckKind::Header(needed.name), asked, "no".into(), FETCH, needed.verdict, Some(remedy));
            }
        }
    }

    async fn ask(
        &self,
        address: &Address,
        method: &str,
        headers: Vec<(String, String)>,
        body: Option<&str>,
    ) -> Result<Answer, Failure> {
        let request = Request {
            method: method.to_owned(),
            url: address.url.clone(),
            headers,
            body: body.map(|body| body.as_bytes().to_vec()),
            timeout: Some(PATIENCE),
        };
        // Only the head: a stream that opens here is cut off again.
        let response = self.0.fetcher.send(request).await?;
        Ok(Answer {
            status: response.status,
            challenged: response.headers.iter().any(|(name, _)| name == "www-authenticate"),
        })
    }
}

/// What is known of an answer.
struct Answer {
    status: u16,
    challenged: bool,
}

/// The checks so far, and who hears of them.
struct Report<F> {
    checks: Vec<Check>,
    on_check: F,
}

impl<F: Fn(&Check)> Report<F> {
    fn say(
        &mut self,
        kind: CheckKind,
        asked: impl Into<String>,
        answered: String,
        rule: &'static str,
        verdict: Verdict,
        remedy: Option<String>,
    ) {
        let check = Check { kind, asked: asked.into(), answered, rule, verdict, remedy };
        (self.on_check)(&check);
        self.checks.push(check);
    }
}

/// A sign-in begins with a header of the 401, which a page can read only if the server exposes it.
fn challenge(answer: &Answer, report: &mut Report<impl Fn(&Check)>) {
    if answer.status != 401 {
        return;
    }
    let (answered, verdict, remedy) = if answer.challenged {
        ("yes".to_owned(), Verdict::Good, None)
    } else {
        let remedy = "add `Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id`; until then the sign-in is looked for at the well-known places";
        ("no: it is missing, or not exposed to pages".to_owned(), Verdict::Doubtful, Some(remedy.to_owned()))
    };
    let asked = "can the header that starts a sign-in be read (`WWW-Authenticate`)";
    report.say(CheckKind::Challenge, asked, answered, "RFC 9728 section 5.1", verdict, remedy);
}

fn path(address: &Address, answer: &Answer, is_server: bool, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
    let asked = "is there an MCP server at this path";
    match answer.status {
        404 | 405 | 410 if !is_server => {
            let remedy =
                "look up the path in the server's documentation; often it is `/mcp`, or `/sse` for old servers";
            let answered = format!("probably not: status {} for a message to {}", answer.status, address.url);
            report.say(CheckKind::Path, asked, answered, TRANSPORT, Verdict::Bad, Some(remedy.to_owned()));
        }
        500.. => {
            let remedy = "its operator finds the reason in the server's own log";
            let answered = format!("it fails by itself: status {}", answer.status);
            report.say(CheckKind::Path, asked, answered, TRANSPORT, Verdict::Bad, Some(remedy.to_owned()));
        }
        status => {
            let answered = match status {
                401 | 403 => format!("it answers {status}: it wants a sign-in"),
                _ => format!("it answers {status}"),
            };
            report.say(CheckKind::Path, asked, answered, TRANSPORT, Verdict::Good, None);
            return Some(());
        }
    }
    None
}

/// Which revision a handshake came to.
fn revision(spoken: &Result<String, OpError>, report: &mut Report<impl Fn(&Check)>) {
    const NEWER: &str = "ask its operator for a newer version of the server";
    let (answered, verdict, remedy) = match spoken {
        Ok(revision) if revision.as_str() < Revision::V2025_03_26.as_str() => {
            let remedy = format!("it works, with less: {NEWER}");
            (format!("an old one: `{revision}`"), Verdict::Doubtful, Some(remedy))
        }
        Ok(revision) => (format!("yes: `{revision}`"), Verdict::Good, None),
        Err(OpError::SignIn { .. }) => ("it is not known before the sign-in".to_owned(), Verdict::Good, None),
        Err(error @ OpError::Version { .. }) => (format!("no: {error}"), Verdict::Bad, Some(NEWER.to_owned())),
        Err(error) => {
            let remedy = "if the path is right, its operator finds the reason in the server's own log";
            (format!("the handshake fails: {error}"), Verdict::Bad, Some(remedy.to_owned()))
        }
    };
    let asked = "does it speak a revision of the protocol that is spoken here (a handshake)";
    report.say(CheckKind::Revision, asked, answered, "MCP, lifecycle", verdict, remedy);
}

/// The name to put on a server's list: one header stands for all of its kind.
fn shown(name: &'static str) -> &'static str {
    if name == "Mcp-Param-Probe" { "Mcp-Param-*" } else { name }
}

/// What the browser says of the first of these permissions that it knows: `granted`, `denied` or `prompt`.
pub(super) async fn permission(names: &[&str]) -> Option<String> {
    let permissions = Reflect::get(&global("navigator")?, &"permissions".into()).ok()?;
    let query: Function = Reflect::get(&permissions, &"query".into()).ok()?.dyn_into().ok()?;
    for name in names {
        let wanted = Object::new();
        let _ = Reflect::set(&wanted, &"name".into(), &(*name).into());
        let Ok(promise) = query.call1(&permissions, &wanted) else { continue };
        let Ok(status) = JsFuture::from(Promise::resolve(&promise)).await else { continue };
        if let Some(state) = Reflect::get(&status, &"state".into()).ok().and_then(|state| state.as_string()) {
            return Some(state);
        }
    }
    None
}
