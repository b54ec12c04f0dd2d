//! The connection doctor: asks a server one small thing after the other until it is clear what is in the way.
//!
//! A browser does not tell a page why a request failed: a missing CORS header, a refused local network and a dead port
//! all look alike (wires.md D). But each question asked here fails for fewer reasons than the one before, so the first
//! that fails narrows it down. Where two causes remain, the words say *probably*. What only might be missing does not end
//! it: the handshake decides, because the client goes on without much of what it asks for first.
//!
//! Nothing asked here changes anything on a server: requests to read, a few `ping`s, and a handshake that ends again. No
//! secret is sent but in the handshake with a connector, which is made as the account that is signed in there; none is in
//! an answer given here.

use std::rc::Rc;

use futures_util::future::join_all;
use js_sys::{Function, Object, Promise, Reflect};
use mcp::{EraChoice, OpError};
use policy::address::Address;
use policy::{Connector, ConnectorId, Reach};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use self::judge::{Answer, Said, Spoken, Way, challenge, let_in, path, revision, sign_in_first};
use super::Workspace;
use crate::drive::{Connection, Done, Transport};
use crate::fetch::{Failure, Presence, Request};
use crate::link::{Account, client};
use crate::time::{global, offline};

mod judge;

/// How long one question may take, in milliseconds.
const PATIENCE: u64 = 8_000;

/// What a question of the doctor is about, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// The address itself.
    Address,
    /// Whether this browser is online.
    Online,
    /// Which way the requests take.
    Proxy,
    /// Whether the browser lets this page reach servers on this machine and its network.
    LocalNetwork,
    /// Whether anything answers, readable or not.
    Answers,
    /// Whether an answer comes in time.
    InTime,
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
    /// Whether the server lets this page and this client in at all.
    LetIn,
    /// Whether the server takes who asks: in doubt where nobody is signed in yet.
    SignIn,
    /// Whether the header that names a session can be read.
    Session,
    /// Whether a handshake works without the headers that may not be sent.
    Handshake,
    /// Whether it speaks a revision of the protocol that is spoken here.
    Revision,
}

impl CheckKind {
    /// Whether it is about what a server lets web pages do, which its operator can paste.
    pub fn is_of_cors(self) -> bool {
        matches!(
            self,
            Self::Reads
                | Self::Posts
                | Self::Header(_)
                | Self::Challenge
                | Self::LetIn
                | Self::Session
                | Self::Handshake
        )
    }
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

/// A header that a client of MCP sends, and what is missing without it. The client goes on without any one of them.
struct Needed {
    name: &'static str,
    value: &'static str,
    without: &'static str,
}

/// The headers of the protocol that a server must let web pages send (`Access-Control-Allow-Headers`).
const HEADERS: &[Needed] = &[
    Needed {
        name: VERSION,
        value: "2025-11-25",
        without: "the revision 2026-07-28 cannot be spoken, and a server of 2025 is not told which one is",
    },
    Needed { name: "Authorization", value: "Bearer", without: "nobody can sign in" },
    Needed { name: "DPoP", value: "probe", without: "tokens cannot be bound to this browser's key" },
    Needed { name: METHOD, value: "ping", without: "the revision 2026-07-28 cannot be spoken" },
    Needed { name: "Mcp-Name", value: "probe", without: "actions of the revision 2026-07-28 cannot be called" },
    Needed {
        name: "Mcp-Param-Probe",
        value: "probe",
        without: "actions that want an argument as a header cannot be called",
    },
    Needed { name: SESSION, value: "probe", without: "servers of 2025 that keep sessions do not work" },
    Needed { name: "Last-Event-ID", value: "0", without: "a broken stream cannot be picked up again" },
];

const VERSION: &str = "MCP-Protocol-Version";
const METHOD: &str = "Mcp-Method";
const SESSION: &str = "Mcp-Session-Id";

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
        let _ = self.examine(address, None, &mut report).await;
        report.checks
    }

    /// The same for a connector. Where its usual account is signed in, the handshake is made as that account.
    ///
    /// # Errors
    /// When there is no such connector.
    pub async fn diagnose_connector(
        &self,
        id: &ConnectorId,
        on_check: impl Fn(&Check),
    ) -> Result<Vec<Check>, crate::Error> {
        self.alive()?;
        let book = self.rulebook();
        let connector = book.connector(id)?.clone();
        // Who may not use it now still learns what is in the way, and nothing goes out as them.
        let may = book.may_use(&connector, book.member(&self.me())?).is_ok() && !book.workspace.lockdown;
        let mut report = Report { checks: Vec::new(), on_check };
        let _ = self.examine(&connector.address, may.then_some(&connector), &mut report).await;
        Ok(report.checks)
    }

    async fn examine(
        &self,
        typed: &str,
        connector: Option<&Connector>,
        report: &mut Report<impl Fn(&Check)>,
    ) -> Option<()> {
        let address = self.usable(typed, report)?;
        let way = Way::to(&address, self.0.fetcher.proxy_of(&address.url));
        if let Some(through) = &way.proxy {
            let said = Said::good(format!("goes through `{through}`"));
            report.say(CheckKind::Proxy, "which way do its requests take", "the proxies of this workspace", said);
        }
        if way.reach == Reach::Local {
            self.local_network(report).await?;
        }
        let hears = self.answers(&address, &way, report).await?;
        let (answer, method) = self.messages(&address, &way, hears, report).await?;
        if !way.is_own {
            self.headers(&address, &way, method, report).await;
        }
        challenge(&answer, &way, report);
        let account = match connector {
            Some(connector) => self.signed_in(connector).await,
            None => None,
        };
        // Who wants a sign-in says nothing before, and who fails by itself nothing either.
        let spoken = match answer.status {
            500.. => None,
            _ if answer.wants_sign_in() && account.is_none() => None,
            _ => {
                let era = connector.map_or(EraChoice::Auto, |one| self.era_of(&self.usual_account(&one.id)));
                Some(self.handshake(&address, account, era).await)
            }
        };
        path(&address, &answer, spoken.as_ref(), &way, report)?;
        let Some(spoken) = spoken else { return sign_in_first(connector, report) };
        let_in(&spoken, connector, &way, report)?;
        revision(&spoken, &way, report);
        Some(())
    }

    /// Whether the address may be asked at all, and whether there is a network to do it.
    fn usable(&self, typed: &str, report: &mut Report<impl Fn(&Check)>) -> Option<Address> {
        let checked = self.check_address(typed).map_err(|error| error.to_string()).and_then(|address| {
            let listed = self.rulebook().may_reach_host(policy::DomainUse::Servers, &address.host);
            listed.map(|()| address).map_err(|why| why.to_string())
        });
        let (said, address) = match checked {
            Ok(address) => (Said::good(format!("yes: {}", address.host)), Some(address)),
            Err(why) => (Said::bad(why, "correct it"), None),
        };
        report.say(CheckKind::Address, "is it an address that may be connected", "the address rules", said);
        let address = address?;
        let alone = offline();
        let said = match alone {
            true => Said::bad("no", "connect to a network and try again"),
            false => Said::good("yes"),
        };
        report.say(CheckKind::Online, "is this browser online", "navigator.onLine", said);
        (!alone).then_some(address)
    }

    /// The usual account of the person at a connector, where it is signed in.
    async fn signed_in<'a>(&self, connector: &'a Connector) -> Option<(&'a Connector, Account)> {
        let id = self.usual_account(&connector.id);
        let account = self.account_of(connector, &id).await.ok()?;
        let holds = match &account.sign_in {
            Some(sign_in) => sign_in.look(|credentials, _, _, _| credentials.tokens().is_some()).await,
            None => !account.headers.is_empty(),
        };
        holds.then_some((connector, account))
    }

    /// Connects as a connector would, and hangs up again: as its account where there is one.
    async fn handshake(&self, address: &Address, account: Option<(&Connector, Account)>, era: EraChoice) -> Spoken {
        let mut config = mcp::Config::new(address.url.clone(), client());
        config.timeouts.connect = PATIENCE;
        config.era = era;
        let is_signed_in = account.is_some();
        let connection = match account {
            None => Connection::new(config, Transport::Network(self.0.fetcher.clone()), |_| ()),
            Some((connector, account)) => {
                let wire = self.wire(connector, &self.usual_account(&connector.id), &account, Rc::default());
                config.headers = account.headers;
                let fetcher = self.0.fetcher.clone();
                let transport = match account.sign_in {
                    Some(sign_in) => Transport::SignedIn(fetcher, sign_in),
                    None => Transport::Network(fetcher),
                };
                Connection::new(config, transport, |_| ()).wired(wire)
            }
        };
        let ended = connection.connect().await;
        connection.close();
        let ended = match ended {
            Ok(Done::Connected(connected)) => Ok(connected.protocol),
            Ok(_) => Err(OpError::NoAnswer),
            Err(failed) => Err(failed.error),
        };
        let chosen = if let EraChoice::Exact(revision) = era { Some(revision) } else { None };
        Spoken { ended, chosen, is_signed_in, cover: connection.cover() }
    }

    /// A browser may keep pages from reaching the local network, and asks the person for it.
    async fn local_network(&self, report: &mut Report<impl Fn(&Check)>) -> Option<()> {
        let (said, goes_on) = match permission(&LOCAL).await.as_deref() {
            Some("denied") => {
                let remedy = "allow local network access for this site in the browser's site settings, then reload";
                (Said::bad("no, it was refused", remedy), None)
            }
            Some("prompt") => {
                (Said::doubtful("not decided yet", "the browser asks at the first request: allow it"), Some(()))
            }
            Some(_) => (Said::good("yes"), Some(())),
            None => (Said::good("this browser does not ask"), Some(())),
        };
        let asked = "may this page reach servers on this machine and its network";
        report.say(CheckKind::LocalNetwork, asked, "Local Network Access", said);
        goes_on
    }

    /// Whether anything is there. False where it is not known yet, because a GET waits.
    async fn answers(&self, address: &Address, way: &Way, report: &mut Report<impl Fn(&Check)>) -> Option<bool> {
        let asked = "does anything answer there (GET, without reading the answer)";
        match self.0.fetcher.answers(&address.url, PATIENCE).await {
            Presence::There => {
                report.say(CheckKind::Answers, asked, FETCH, Said::good("yes"));
                Some(true)
            }
            Presence::Late => {
                report.late(asked, waits());
                Some(false)
            }
            Presence::Gone => {
                let server = format!(
                    "check the name and the port, that the server runs, and that its certificate is valid: open {} in a tab of its own and see what the browser says",
                    address.host
                );
                let answered = "no: the name, the connection or the certificate fails, or the network blocks it; a page is not told which";
                report.say(CheckKind::Answers, asked, FETCH, Said::bad(answered, way.or(&server)));
                None
            }
        }
    }

    /// Whether a plain answer may be read and a message posted. A GET that fails where a POST works is no end: everything
    /// but what the server says by itself goes over POST. Gives what the message was answered, and the method with which
    /// headers can be tried.
    async fn messages(
        &self,
        address: &Address,
        way: &Way,
        hears: bool,
        report: &mut Report<impl Fn(&Check)>,
    ) -> Option<(Answer, &'static str)> {
        let asked = "may this page read an answer (GET)";
        // Nothing keeps a page from reading what its own site answers.
        let got = match hears && !way.is_own {
            true => Some(self.ask(address, "GET", None).await),
            false => None,
        };
        let unread = matches!(got, Some(Err(Failure::Network(_) | Failure::Unsendable(_))));
        match &got {
            Some(Ok(answer)) => {
                report.say(CheckKind::Reads, asked, FETCH, Said::good(format!("yes: status {}", answer.status)));
            }
            Some(Err(Failure::Redirected)) => {
                report.redirected(CheckKind::Reads, asked);
                return None;
            }
            Some(Err(Failure::Timeout(_))) => report.late(asked, waits()),
            Some(Err(_)) | None => {}
        }
        let posted = self.ask(address, "POST", None).await;
        if unread {
            let remedy = format!(
                "{} has to send `Access-Control-Allow-Origin` with this page's origin, or `*`, with every answer, errors too",
                way.answering()
            );
            let said = match &posted {
                Err(Failure::Network(_) | Failure::Unsendable(_)) => {
                    Said::bad("no: probably the answer has no `Access-Control-Allow-Origin` for this page", remedy)
                }
                _ => Said::doubtful(
                    "no: probably an answer to GET has no `Access-Control-Allow-Origin` for this page",
                    format!("{remedy}; until then nothing is heard of what the server says by itself"),
                ),
            };
            let ends = said.verdict == Verdict::Bad;
            report.say(CheckKind::Reads, asked, FETCH, said);
            if ends {
                return None;
            }
        }
        let asked = "may it post a message (POST, JSON)";
        match posted {
            Ok(answer) => {
                report.say(CheckKind::Posts, asked, FETCH, Said::good(format!("yes: status {}", answer.status)));
                return Some((answer, if matches!(got, Some(Ok(_))) { "GET" } else { "POST" }));
            }
            Err(Failure::Redirected) => report.redirected(CheckKind::Posts, asked),
            Err(Failure::Timeout(_)) => report.too_late(asked, way),
            Err(_) if way.is_own => {
                let said = Said::bad("no: the connection breaks off", way.or("look at the server's own log"));
                report.say(CheckKind::Answers, asked, FETCH, said);
            }
            Err(_) => {
                let remedy = format!(
                    "{} has to answer the browser's `OPTIONS` with `Access-Control-Allow-Methods: POST, GET, DELETE` and `Access-Control-Allow-Headers: Content-Type`, and must not want a sign-in for `OPTIONS`",
                    way.answering()
                );
                let answered = "no: probably its `OPTIONS` answer does not allow POST with `Content-Type`";
                report.say(CheckKind::Posts, asked, FETCH, Said::bad(answered, remedy));
            }
        }
        None
    }

    /// One header at a time, side by side: a browser asks the server about each before it sends anything.
    async fn headers(&self, address: &Address, way: &Way, method: &'static str, report: &mut Report<impl Fn(&Check)>) {
        let probes =
            HEADERS.iter().map(|needed| async move { (needed, self.ask(address, method, Some(needed)).await) });
        for (needed, answered) in join_all(probes).await {
            let name = shown(needed.name);
            let asked = format!("may it send `{name}`");
            let said = match answered {
                Err(Failure::Network(_)) => {
                    let list = match &way.proxy {
                        Some(through) => format!("`Access-Control-Allow-Headers` of the proxy `{through}`"),
                        None => "`Access-Control-Allow-Headers`".to_owned(),
                    };
                    Said::doubtful("no", format!("add `{name}` to {list}: without it {}", needed.without))
                }
                Err(Failure::Timeout(_)) => {
                    report.late(asked, "examine the connection again: only this answer was late");
                    continue;
                }
                _ => Said::good("yes"),
            };
            report.say(CheckKind::Header(needed.name), asked, FETCH, said);
        }
    }

    /// Sends a GET, or a `ping` as a POST.
    async fn ask(&self, address: &Address, method: &str, header: Option<&Needed>) -> Result<Answer, Failure> {
        let posts = method == "POST";
        let own: &[(&str, &str)] = match posts {
            true => &[("content-type", "application/json"), ("accept", "application/json, text/event-stream")],
            false => &[],
        };
        let added = header.map(|needed| (needed.name, needed.value));
        let request = Request {
            method: method.to_owned(),
            url: address.url.clone(),
            headers: own
                .iter()
                .copied()
                .chain(added)
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: posts.then(|| PING.as_bytes().to_vec()),
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

/// The checks so far, and who hears of them.
struct Report<F> {
    checks: Vec<Check>,
    on_check: F,
}

impl<F: Fn(&Check)> Report<F> {
    fn say(&mut self, kind: CheckKind, asked: impl Into<String>, rule: &'static str, said: Said) {
        let Said { answered, verdict, remedy } = said;
        let check = Check { kind, asked: asked.into(), answered, rule, verdict, remedy };
        (self.on_check)(&check);
        self.checks.push(check);
    }

    /// Something did not answer in time, and the rest goes on without it.
    fn late(&mut self, asked: impl Into<String>, remedy: &str) {
        self.say(CheckKind::InTime, asked, FETCH, Said::doubtful(no_answer(), remedy));
    }

    /// The same, and nothing goes on.
    fn too_late(&mut self, asked: &str, way: &Way) {
        let remedy = way.or("its operator finds the reason in the server's own log; a server that sleeps until it is asked may answer the next time");
        self.say(CheckKind::InTime, asked, TRANSPORT, Said::bad(no_answer(), remedy));
    }

    fn redirected(&mut self, kind: CheckKind, asked: &str) {
        let remedy =
            "enter the address it leads to; redirects are not followed, because they would take your sign-in elsewhere";
        self.say(kind, asked, "RFC 9110 section 15.4", Said::bad("it redirects", remedy));
    }

    /// Whether a header may not be sent without which no handshake is like any other.
    fn lacks_headers(&self) -> bool {
        let of_handshake = [VERSION, METHOD, SESSION].map(CheckKind::Header);
        self.checks.iter().any(|check| check.verdict != Verdict::Good && of_handshake.contains(&check.kind))
    }
}

fn no_answer() -> String {
    format!("no answer in {} seconds", PATIENCE / 1_000)
}

/// What a late answer to a GET may mean, where a message is still to come.
fn waits() -> &'static str {
    "the server may be slow, or keep the answer to a GET back; what follows shows whether it takes a message"
}

/// The name to put on a server's list: one header stands for all of its kind.
fn shown(name: &'static str) -> &'static str {
    if name == "Mcp-Param-Probe" { "Mcp-Param-*" } else { name }
}

/// The origin of this page; none where there is no page.
fn origin() -> Option<String> {
    let read = Reflect::get(&global("location")?, &"origin".into()).ok()?.as_string()?;
    read.starts_with("http").then_some(read)
}

/// The names under which browsers know the permission for servers on this machine and its network.
pub(super) const LOCAL: [&str; 3] = ["loopback-network", "local-network", "local-network-access"];

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
