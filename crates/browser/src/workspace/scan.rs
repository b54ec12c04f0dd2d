//! Scanning a server: a checklist whose lines are what really happens, and causes that are as honest as a browser
//! lets one be.
//!
//! A browser does not say why a request failed. Where the request itself fails, a second one that may not read the
//! answer (`no-cors`) tells whether anything is there at all: if so, the server refuses web pages (wires.md D).

use mcp::{EraChoice, OpError};
use policy::address::{Address, AddressError};
use policy::snapshot::ServerInfo;
use policy::{Connector, ConnectorId, MemberId, Provider, SignIn, Snapshot, Stage};

use super::Workspace;
use super::connectors::address_error;
use crate::drive::{Connection, Failed};
use crate::error::{Code, Error};
use crate::fetch::Presence;
use crate::link::{Account, Live, chosen_words, read_list, refuses};
use crate::time::{now, offline};
use crate::view::{Drift, NewConnector, ScanError, ScanKind, ScanStep, Scanned, StepState};

/// How long the second request may take, in milliseconds.
const PROBE: u64 = 8_000;

impl Workspace {
    /// Checks an address as typed, by the rules of this moment. Cheap enough for every keystroke.
    ///
    /// # Errors
    /// The first rule it breaks (X01 to X04).
    pub fn check_address(&self, text: &str) -> Result<Address, AddressError> {
        crate::address::check(text, self.rulebook().workspace.allow_loopback)
    }

    /// Connects to a server that is not a connector yet and reads what it offers. Nothing is kept. `on_step` hears
    /// each line of the checklist as it happens. Dropping the future stops it.
    ///
    /// # Errors
    /// The line at which it stopped, and why.
    pub async fn scan(&self, new: &NewConnector, on_step: impl Fn(ScanStep) + 'static) -> Result<Scanned, ScanError> {
        let steps = Steps(Box::new(on_step));
        let stop = |error: Error| ScanError { at: ScanKind::Reachable, error };
        self.acting().map_err(stop)?;
        let book = self.rulebook();
        let me = self.me();
        book.member(&me).and_then(|member| book.may_create_draft(member)).map_err(|why| stop(why.into()))?;
        let address = self.check_address(&new.address).map_err(|error| stop(address_error(error)))?;
        book.may_reach_host(policy::DomainUse::Servers, &address.host).map_err(|why| stop(why.into()))?;
        let mut account = Account::default();
        if let SignIn::Header { name } = &new.sign_in {
            let value = new.header_value.clone().unwrap_or_default();
            if value.trim().is_empty() {
                let error =
                    Error::new(Code::Invalid, format!("the header `{name}` has no value")).hint("paste its value");
                return Err(ScanError { at: ScanKind::SignIn, error });
            }
            account.headers.push((name.clone(), value));
        }
        if let SignIn::OAuth { .. } = &new.sign_in {
            let tried =
                self.tried(new, &address.url).await.map_err(|error| ScanError { at: ScanKind::SignIn, error })?;
            account.sign_in = Some(tried.sign_in.clone());
        }
        let connector = unsaved(new, &address, me);
        let live = self.look(&connector, account, EraChoice::Auto, &steps).await?;
        snapshot(&address.url, &live, &steps)
    }

    /// Reads the list of a connector again and compares it with what was approved. Changes nothing; what was read can
    /// be taken over with [`Workspace::accept_changes`].
    ///
    /// # Errors
    /// The line of the checklist at which it stopped, and why.
    pub async fn rescan(&self, id: &ConnectorId, on_step: impl Fn(ScanStep) + 'static) -> Result<Drift, ScanError> {
        let steps = Steps(Box::new(on_step));
        let stop = |error: Error| ScanError { at: ScanKind::Reachable, error };
        self.acting().map_err(stop)?;
        let book = self.rulebook();
        let connector = book.connector(id).map_err(|why| stop(why.into()))?;
        book.member(&self.me())
            .and_then(|member| book.may_refresh(connector, member, self.is_connected(connector)))
            .map_err(|why| stop(why.into()))?;
        // With a connection of its own, so that the checklist shows the whole way.
        let usual = self.usual_account(id);
        let account = self.account_of(connector, &usual).await.map_err(stop)?;
        let live = self.look(connector, account, self.era_of(&usual), &steps).await?;
        snapshot(&connector.address, &live, &steps)?;
        // The connection in use reads the list again too, so that everybody sees the same.
        self.forget_list(id);
        let _ = self.open_link(connector, &usual, true).await;
        self.read_pages(id).await;
        Ok(self.drift(id))
    }

    /// Reads the list of a connector that was never read, and takes it as what is looked at from then on. Later lists are
    /// taken over change by change, see [`Workspace::accept_changes`].
    ///
    /// # Errors
    /// When it was read before, the person may not, the list cannot be read, or it cannot be kept.
    pub async fn read_first(&self, id: &ConnectorId, on_step: impl Fn(ScanStep) + 'static) -> Result<(), Error> {
        if self.rulebook().connector(id)?.snapshot.is_some() {
            let error = Error::new(Code::Invalid, "the list of this connector was read before");
            return Err(error.hint("look at what changed and accept it"));
        }
        self.rescan(id, on_step).await.map_err(|stopped| stopped.error)?;
        let live = self
            .live(id)
            .ok_or_else(|| Error::new(Code::Network, "the connection was lost").hint("read the list again"))?;
        let taken = take(&live).map_err(|why| Error::new(Code::Protocol, why))?;
        let me = self.me();
        self.change_rules(|book| book.refresh(&me, id, taken, true, now())).await?;
        self.note(id, "the list was read for the first time").await;
        self.connect(id).await
    }

    /// Goes down the checklist.
    async fn look(
        &self,
        connector: &Connector,
        account: Account,
        era: EraChoice,
        steps: &Steps,
    ) -> Result<Live, ScanError> {
        let host = connector.host.as_str();
        let sign_in = account.sign_in.clone();
        let signs_in = !account.headers.is_empty() || sign_in.is_some();
        steps.running(ScanKind::Reachable);
        let (connection, _own) = self.scanning(connector, account, era);
        let answered = connection.connect().await;
        if let Err(failed) = &answered {
            let error = self.explain(connector, &connection, era, failed, sign_in.as_deref(), steps).await;
            connection.close();
            return Err(error);
        }
        steps.ok(ScanKind::Reachable, format!("{host} answers"));
        steps.ok(ScanKind::Cors, "it lets this page in".to_owned());
        let mut protocol = connection.connected().map(|connected| connected.protocol).unwrap_or_default();
        if let EraChoice::Exact(_) = era {
            protocol.push_str(", which was chosen in the inspector");
        }
        steps.ok(ScanKind::Protocol, protocol);
        // A server may tell everybody what it is, and ask for a sign-in only for the rest.
        if sign_in.is_none() {
            steps.ok(ScanKind::SignIn, if signs_in { "accepted" } else { "not needed" }.to_owned());
        }
        steps.running(ScanKind::List);
        match read_list(&connection).await {
            Ok(mut live) => {
                live.pages = crate::pages::read_all(&connection, &live.actions, host).await;
                connection.close();
                if sign_in.is_some() {
                    steps.ok(ScanKind::SignIn, "accepted".to_owned());
                }
                let count = live.actions.len();
                steps.ok(ScanKind::List, if count == 1 { "1 action".to_owned() } else { format!("{count} actions") });
                Ok(live)
            }
            Err(failed) => {
                connection.close();
                Err(match failed.error {
                    OpError::SignIn { .. } if !refuses(&failed.error) => {
                        steps.failed(ScanKind::SignIn, asks(&connection, host, sign_in.as_deref()))
                    }
                    _ => steps.failed(ScanKind::List, connection.error(&failed.error, host)),
                })
            }
        }
    }

    /// Which line of the checklist a failure belongs to, and why in words.
    async fn explain(
        &self,
        connector: &Connector,
        connection: &Connection,
        era: EraChoice,
        failed: &Failed,
        sign_in: Option<&crate::oauth::SignIn>,
        steps: &Steps,
    ) -> ScanError {
        let host = connector.host.as_str();
        let reached = |steps: &Steps| {
            steps.ok(ScanKind::Reachable, format!("{host} answers"));
            steps.ok(ScanKind::Cors, "it lets this page in".to_owned());
        };
        match &failed.error {
            OpError::Network { .. } => {
                if offline() {
                    let error =
                        Error::new(Code::Network, "you are offline").hint("connect to the network and scan again");
                    return steps.failed(ScanKind::Reachable, error);
                }
                let presence = self.0.fetcher.answers(&connector.address, PROBE).await;
                if presence == Presence::There {
                    steps.ok(ScanKind::Reachable, format!("{host} answers"));
                    steps.running(ScanKind::Cors);
                    let error =
                        Error::new(Code::Cors, format!("{host} answered, but it does not let web pages talk to it"))
                            .hint("its operator has to send `Access-Control-Allow-Origin` for this page and allow the headers of MCP; ask Guide about CORS for the list");
                    return steps.failed(ScanKind::Cors, error);
                }
                let error = match presence {
                    Presence::Late => {
                        Error::new(Code::Timeout, format!("{host} gave no answer in {} seconds", PROBE / 1_000))
                            .hint("it may be slow or asleep: scan again, or examine the connection")
                    }
                    _ => Error::new(Code::Network, format!("nothing answers at {host}"))
                        .hint("check the address and that the server is running; a browser can also block servers on your own network"),
                };
                steps.failed(ScanKind::Reachable, error)
            }
            OpError::Timeout { .. } => steps.failed(ScanKind::Reachable, connection.error(&failed.error, host)),
            error if refuses(error) => {
                steps.ok(ScanKind::Reachable, format!("{host} answers"));
                steps.running(ScanKind::Cors);
                steps.failed(ScanKind::Cors, connection.error(error, host))
            }
            OpError::SignIn { .. } => {
                reached(steps);
                steps.running(ScanKind::SignIn);
                steps.failed(ScanKind::SignIn, asks(connection, host, sign_in))
            }
            OpError::Http { status: 300..400, .. } => {
                reached(steps);
                steps.running(ScanKind::Protocol);
                steps.failed(ScanKind::Protocol, connection.error(&failed.error, host))
            }
            _ => {
                reached(steps);
                steps.running(ScanKind::Protocol);
                let hint = match era {
                    EraChoice::Exact(revision) => chosen_words(revision),
                    _ => "check the path of the address, often `/mcp` or `/sse`, in the server's documentation"
                        .to_owned(),
                };
                let error = connection.error(&failed.error, host).hint(hint);
                steps.failed(ScanKind::Protocol, error)
            }
        }
    }
}

/// A server wants a sign-in that it did not get.
fn asks(connection: &Connection, host: &str, sign_in: Option<&crate::oauth::SignIn>) -> Error {
    let error = Error::new(Code::SignIn, format!("{host} asks for a sign-in"));
    connection.cover().error(match sign_in {
        None => error.hint("choose OAuth, or a header value if its operator gave you one"),
        Some(sign_in) if sign_in.needs_person().is_some() => error.hint("press Sign in below"),
        Some(sign_in) => sign_in.take_failure().unwrap_or(error),
    })
}

/// Tells the page about each line.
struct Steps(Box<dyn Fn(ScanStep)>);

impl Steps {
    fn running(&self, kind: ScanKind) {
        (self.0)(ScanStep { kind, state: StepState::Running });
    }

    fn ok(&self, kind: ScanKind, detail: String) {
        (self.0)(ScanStep { kind, state: StepState::Ok(detail) });
    }

    fn failed(&self, kind: ScanKind, error: Error) -> ScanError {
        let state = StepState::Failed { why: error.message.clone(), next: error.hint.clone().unwrap_or_default() };
        (self.0)(ScanStep { kind, state });
        ScanError { at: kind, error }
    }
}

/// A connector as it would be, only to connect with.
pub(super) fn unsaved(new: &NewConnector, address: &Address, me: MemberId) -> Connector {
    Connector {
        id: ConnectorId::from("scan"),
        name: new.name.clone(),
        description: String::new(),
        address: address.url.clone(),
        host: address.host.clone(),
        reach: address.reach,
        provider: Provider::Custom,
        provenance: new.provenance,
        stage: Stage::Draft,
        owner: me,
        created_at: now(),
        updated_at: now(),
        snapshot: None,
        controls: Default::default(),
        access: Default::default(),
        confirm: Default::default(),
        sign_in: new.sign_in.clone(),
        colour: None,
        rules: Default::default(),
        review: Default::default(),
        result_review: Default::default(),
        app_permissions: Default::default(),
        lent: false,
    }
}

/// The last two lines of the checklist, and the result.
fn snapshot(address: &str, live: &Live, steps: &Steps) -> Result<Scanned, ScanError> {
    steps.running(ScanKind::Schemas);
    let snapshot = take(live).map_err(|why| steps.failed(ScanKind::Schemas, Error::new(Code::Protocol, why)))?;
    steps.ok(ScanKind::Schemas, "every definition can be used".to_owned());
    steps.ok(
        ScanKind::Excluded,
        match live.excluded.as_slice() {
            [] => "nothing was left out".to_owned(),
            [one] => format!("1 action left out: `{}`, {}", one.name, one.why),
            more => format!("{} actions left out", more.len()),
        },
    );
    Ok(Scanned { address: address.to_owned(), snapshot, excluded: live.excluded.clone() })
}

/// What a live list is as something to approve.
pub(super) fn take(live: &Live) -> Result<Snapshot, String> {
    let connected = &live.connected;
    let about = ServerInfo { name: connected.server_name().to_owned(), version: connected.server_version().to_owned() };
    let instructions = connected.instructions.clone();
    Snapshot::new(1, now(), about, connected.protocol.clone(), instructions, live.actions.clone())
        .map(|snapshot| snapshot.with_pages(live.pages.clone()))
        .map_err(|error| error.to_string())
}
