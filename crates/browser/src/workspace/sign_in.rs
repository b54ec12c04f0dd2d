//! Signing in to connectors with OAuth: who is signed in, where tokens are kept, and the end of it.
//!
//! * A call or a turn never opens a window: it ends as *sign-in needed*, with nothing sent. The person signs in by a click,
//!   which is [`Workspace::sign_in`], and may then run the call again.
//! * Credentials are kept among the secrets, encrypted, as long as the person chose; the key that tokens may be bound to
//!   is a `CryptoKeyPair` beside them, which nobody can read out. One tab renews at a time (X23).
//! * Tokens are in no view, no event, no export and no audit row (X21).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use futures_util::future::{LocalBoxFuture, select};
use mcp::OpError;
use mcp::oauth::{
    AuthorizeFailure, Credentials, Outlook, Preregistered, Registered, Revocation, Settings, SignInPage, Step, Verdict,
};
use policy::{ConnectionId, Connector, ConnectorId, DomainUse, Rulebook, SignIn as Rule};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::accounts::{all_accounts, signs_in_otherwise};
use super::eras::found_out;
use super::scan::unsaved;
use super::{Inner, Workspace};
use crate::error::{Code, Error};
use crate::fetch::Request;
use crate::inspect::{Peer, Wire};
use crate::link::{Need, header_secret, op_error, refuses, spoken};
use crate::oauth::{Kept, Needs, SignIn, Surroundings};
use crate::store::{Op, Table};
use crate::view::{ConnectionStatus, Keep, Millis, NewConnector};
use crate::visit::Visit;

/// How long our own client document may take, in milliseconds.
const PATIENCE: u64 = 10_000;
/// How much of it is read, in bytes.
const DOCUMENT: usize = 16 << 10;

/// The addresses of this site that authorization servers see. A host without them cannot sign anybody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInSite {
    /// What authorization servers show to the person.
    pub client_name: String,
    /// Where an authorization server sends the person back to.
    pub redirect_uri: String,
    /// Where this site would serve its Client ID Metadata Document. It is used if it is really there and about itself.
    pub client_document: Option<String>,
    /// Whether tokens are bound to a key of this browser (RFC 9449) wherever the authorization server can do that, and not
    /// only where a server asks for it.
    pub dpop: bool,
}

/// How a sign-out went at the provider. Here the tokens are gone in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedOut {
    /// Nobody was signed in.
    Nobody,
    /// The provider has revoked the tokens (RFC 7009).
    Revoked,
    /// The provider offers no revocation: the tokens stay valid until they expire.
    NotOffered,
    /// The provider could not be asked, or refused: the tokens may still be valid.
    Failed(String),
}

/// What is known about the sign-in of one account. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthReport {
    /// Whether there is a token.
    pub signed_in: bool,
    /// What only a person can give: the scopes that are missing, none where a sign-in is. None when nothing is missing.
    pub needs: Option<Vec<String>>,
    /// The authorization server in use, byte for byte.
    pub issuer: Option<String>,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// The client id that we have there.
    pub client_id: Option<String>,
    /// How we got it.
    pub registered: Option<Registered>,
    /// Whether a refresh token was received; none while nobody is signed in.
    pub refresh_token: Option<bool>,
    /// Whether the connection will go on by itself (C5); none while nobody is signed in.
    pub outlook: Option<Outlook>,
    /// When the access token ends, if the provider said so.
    pub expires_at: Option<Millis>,
    /// Whether tokens are bound to a key of this browser (RFC 9449).
    pub bound: bool,
    /// How long the sign-in is kept.
    pub keep: Keep,
    /// Where the provider sends the person back to.
    pub redirect_uri: String,
    /// What was asked and answered lately, oldest first.
    pub steps: Vec<Step>,
}

/// The word for how a step ended.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "as the rule says",
        Verdict::Warn => "not as the rule says",
        Verdict::Stop => "ended here",
    }
}

/// How we became a client, in words.
pub fn registered_words(how: Registered) -> &'static str {
    match how {
        Registered::ByHand => "by hand",
        Registered::ByMetadata => "by this site's client document",
        Registered::Dynamically => "dynamically, when you signed in",
    }
}

impl OAuthReport {
    /// The verdict on renewal in one sentence (screens.md e.2.1); `clock` writes a time. None while nobody is signed in.
    pub fn renewal(&self, clock: impl FnOnce(Millis) -> String) -> Option<String> {
        Some(match self.outlook? {
            Outlook::ByItself => "Will renew by itself.".to_owned(),
            Outlook::MayStopAtSignOut => "Renews, but may stop when you sign out of the provider.".to_owned(),
            Outlook::NeedsPersonAt(at) => format!("Will need you again at {}.", clock(at.saturating_mul(1_000))),
            Outlook::Unknown => "Unknown: the provider gave no expiry and no refresh token.".to_owned(),
        })
    }

    /// What to do about it, where it does not renew by itself for certain (C5).
    pub fn renewal_next(&self) -> Option<&'static str> {
        match self.outlook? {
            Outlook::ByItself => None,
            Outlook::MayStopAtSignOut => {
                Some("Stay signed in at the provider; where it offers the scope `offline_access`, ask for that one.")
            }
            Outlook::NeedsPersonAt(_) => Some("Sign in again before then, so that no call has to wait for you."),
            Outlook::Unknown => Some("Sign in again when a call says that it needs you."),
        }
    }

    /// When the person has to sign in again, where it is not renewed without them; none where that is not known.
    pub fn ends_at(&self) -> Option<Millis> {
        match self.outlook? {
            Outlook::NeedsPersonAt(at) => Some(at.saturating_mul(1_000)),
            Outlook::ByItself | Outlook::MayStopAtSignOut | Outlook::Unknown => None,
        }
    }

    /// The report as a JSON text to hand to somebody. It holds no secret (A03).
    pub fn to_json(&self) -> String {
        let steps = self.steps.iter().map(|step| {
            json!({
                "asked": step.asked,
                "answered": step.answered,
                "rule": step.rule,
                "verdict": verdict_word(step.verdict),
                "remedy": step.remedy,
            })
        });
        let report = json!({
            "signedIn": self.signed_in,
            "needs": self.needs,
            "issuer": self.issuer,
            "scopes": self.scopes,
            "clientId": self.client_id,
            "registered": self.registered.map(registered_words),
            "refreshToken": self.refresh_token,
            "renewal": self.renewal(iso),
            "renewalNext": self.renewal_next(),
            "expiresAt": self.expires_at,
            "bound": self.bound,
            "redirectUri": self.redirect_uri,
            "steps": Value::Array(steps.collect()),
        });
        serde_json::to_string_pretty(&report).unwrap_or_default()
    }
}

/// A time as a file has it, in UTC.
fn iso(at: Millis) -> String {
    String::from(js_sys::Date::new(&JsValue::from_f64(at as f64)).to_iso_string())
}

/// The sign-in of one account, with where it is kept.
pub(crate) struct OAuth {
    pub(crate) sign_in: Rc<SignIn>,
    place: Place,
}

/// What a sign-in that is only tried belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trial {
    address: String,
    sign_in: Rule,
    secret: Option<String>,
}

/// The name under which the credentials of an account are kept, its key pair and its lock too.
pub(crate) fn oauth_secret(id: &ConnectionId) -> String {
    format!("oauth:{id}")
}

/// The name under which the secret of a client registered by hand is kept.
pub(crate) fn client_secret(id: &ConnectorId) -> String {
    format!("oauth-client:{id}")
}

impl Workspace {
    /// Says where this site is, so that people can sign in. The first word counts.
    pub fn set_sign_in_site(&self, page: SignInSite) {
        let _ = self.0.sign_in_site.set(page);
    }

    /// Where authorization servers send people back to; none where nobody can sign in with OAuth.
    pub fn redirect_uri(&self) -> Option<String> {
        self.0.sign_in_site.get().map(|page| page.redirect_uri.clone())
    }

    /// Has the person sign in with their usual account: [`Workspace::sign_in_as`].
    ///
    /// # Errors
    /// When the connector signs in otherwise, or why there is no token; the doctor then has the steps.
    pub async fn sign_in(&self, id: &ConnectorId, keep: Keep, visit: &Visit) -> Result<(), Error> {
        self.sign_in_as(id, &self.usual_account(id), keep, visit).await
    }

    /// The same once more, kept as before.
    ///
    /// # Errors
    /// As [`Workspace::sign_in`].
    pub async fn sign_in_again(&self, id: &ConnectorId, visit: &Visit) -> Result<(), Error> {
        self.sign_in_again_as(id, &self.usual_account(id), visit).await
    }

    /// Has the person sign in to a server that is no connector yet. [`Workspace::scan`] uses it, and
    /// [`Workspace::create_draft`] keeps it.
    ///
    /// # Errors
    /// Why there is no token.
    pub async fn sign_in_new(&self, new: &NewConnector, visit: &Visit) -> Result<(), Error> {
        self.acting()?;
        let address = self.check_address(&new.address).map_err(super::connectors::address_error)?;
        self.rulebook().may_reach_host(DomainUse::Servers, &address.host)?;
        let oauth = self.tried(new, &address.url).await?;
        oauth.sign_in.sign_in(visit, false).await
    }

    /// Signs the usual account of a connector out: [`Workspace::sign_out_as`].
    ///
    /// # Errors
    /// When the connector signs in otherwise.
    pub async fn sign_out(&self, id: &ConnectorId) -> Result<SignedOut, Error> {
        self.sign_out_as(id, &self.usual_account(id)).await
    }

    /// The same of a server that is no connector yet; none while nobody tried to sign in.
    pub async fn tried_report(&self) -> Option<OAuthReport> {
        let tried = self.0.tried.borrow().as_ref().map(|(_, oauth)| oauth.clone())?;
        Some(tried.report(tried.sign_in.needs_person()).await)
    }

    /// The sign-in of an account, with what is kept of it.
    pub(crate) async fn oauth(&self, connector: &Connector, account: &ConnectionId) -> Result<Rc<OAuth>, Error> {
        let Rule::OAuth { client_id, scope, .. } = &connector.sign_in else { return Err(signs_in_otherwise()) };
        if let Some(known) = self.known_account(account) {
            return Ok(known);
        }
        let secret = match client_id {
            Some(_) => self.0.secrets.get(&client_secret(&connector.id)).await?,
            None => None,
        };
        let settings = self.settings_for(&connector.address, client_id, scope, secret).await?;
        let place = Place::new(&self.0, Some(account.clone()), connector.host.clone());
        let oauth = self.oauth_with(settings, place).await?;
        oauth.sign_in.watched(self.sign_in_wire(connector, account));
        if let Some(needs) = self.noted_needs(account) {
            oauth.sign_in.misses(needs);
        }
        // Somebody else may have been faster, and there must be one only.
        Ok(self.0.sign_ins.borrow_mut().entry(account.clone()).or_insert(oauth).clone())
    }

    /// The sign-in of a server that is no connector yet.
    pub(crate) async fn tried(&self, new: &NewConnector, address: &str) -> Result<Rc<OAuth>, Error> {
        let Rule::OAuth { client_id, scope, .. } = &new.sign_in else { return Err(signs_in_otherwise()) };
        let secret = new.header_value.clone().filter(|secret| !secret.is_empty());
        let trial = Trial { address: address.to_owned(), sign_in: new.sign_in.clone(), secret: secret.clone() };
        if let Some((_, known)) = self.0.tried.borrow().as_ref().filter(|(known, _)| *known == trial) {
            return Ok(known.clone());
        }
        let settings = self.settings_for(address, client_id, scope, secret).await?;
        let known = self.check_address(address).ok();
        let host = known.as_ref().map(|address| address.host.clone()).unwrap_or_default();
        let oauth = self.oauth_with(settings, Place::new(&self.0, None, host)).await?;
        if let Some(address) = known {
            let connector = unsaved(new, &address, self.me());
            oauth.sign_in.watched(self.sign_in_wire(&connector, &ConnectionId::first(&connector.id)));
        }
        self.0.tried.replace(Some((trial, oauth.clone())));
        Ok(oauth)
    }

    /// Keeps what was tried as the sign-in of a connector.
    pub(crate) async fn keep_tried(&self, new: &NewConnector, address: &str, id: &ConnectorId) -> Result<(), Error> {
        let oauth = self.tried(new, address).await?;
        self.0.tried.take();
        if let Some(secret) = new.header_value.as_deref().filter(|secret| !secret.is_empty()) {
            self.0.secrets.put(&client_secret(id), secret, new.keep).await?;
        }
        let first = ConnectionId::first(id);
        oauth.place.settle(&first, new.keep).await;
        if let Ok(connector) = self.rulebook().connector(id) {
            oauth.sign_in.watched(self.sign_in_wire(connector, &first));
        }
        let told = oauth.name();
        self.0.sign_ins.borrow_mut().insert(first.clone(), oauth);
        self.take_name(id, &first, told).await
    }

    /// The connector is going, which `before` still has: the tokens of its accounts are revoked if that can be had, and
    /// forgotten here at once.
    pub(crate) async fn end_sign_in(&self, before: &Rulebook, connector: &Connector) -> Result<(), Error> {
        for account in all_accounts(before, &connector.id) {
            self.end_account(connector, &account).await?;
        }
        let client = client_secret(&connector.id);
        self.0.secrets.remove(&client).await?;
        self.tell_secret(&client);
        Ok(())
    }

    /// The same of one account.
    pub(crate) async fn end_account(&self, connector: &Connector, account: &ConnectionId) -> Result<(), Error> {
        if let Rule::OAuth { .. } = connector.sign_in {
            // Read before it is removed: revoking needs the tokens.
            let oauth = self.oauth(connector, account).await.ok();
            self.forget_account(account);
            if let Some(oauth) = oauth {
                // It forgets first and asks the provider then, which nobody has to wait for.
                let cleared = oauth.place.cleared();
                let (done, ended) = oneshot::channel();
                spawn_local(async move {
                    let _ = done.send(oauth.sign_in.end().await);
                });
                select(cleared, ended).await;
            }
        }
        self.erase_account(account).await
    }

    /// Takes everything out of the store that is kept of an account, without a word to the provider.
    pub(crate) async fn erase_account(&self, account: &ConnectionId) -> Result<(), Error> {
        self.forget_account(account);
        for name in [oauth_secret(account), header_secret(account)] {
            self.0.secrets.remove(&name).await?;
            self.tell_secret(&name);
        }
        self.forget_tasks_of(account).await;
        let _ = self.0.store.set_key_pair(&oauth_secret(account), None).await;
        self.0.revisions.borrow_mut().remove(account);
        let noted = vec![Op::Delete(Table::Settings, spoken(account)), Need::over(account), found_out(account)];
        if let Err(error) = self.0.store.write(noted).await {
            self.storage_failed(&error);
        }
        Ok(())
    }

    /// What is known of the sign-ins at a connector in this realm is out of date.
    pub(crate) fn forget_sign_ins(&self, book: &Rulebook, id: &ConnectorId) {
        all_accounts(book, id).iter().for_each(|account| self.forget_account(account));
        self.drop_links(id);
    }

    /// What is known of an account in this realm is out of date.
    pub(crate) fn forget_account(&self, account: &ConnectionId) {
        self.0.sign_ins.borrow_mut().remove(account);
        self.drop_link(account);
    }

    /// Why an operation failed, in the words of the workspace: a sign-in that is missing is told with what it takes.
    pub(crate) fn op_error(&self, connector: &Connector, account: &ConnectionId, error: &OpError) -> Error {
        let host = &connector.host;
        let of_sign_in = match (error, self.known_account(account)) {
            (OpError::SignIn { .. }, Some(oauth)) => match self.needed(account) {
                Some(needs) => {
                    let hint = "sign in on the connector's page, under Authentication";
                    return Error::new(Code::SignIn, needs_words(host, &needs)).hint(hint);
                }
                None => oauth.sign_in.take_failure(),
            },
            _ => None,
        };
        let error = of_sign_in.unwrap_or_else(|| op_error(error, host));
        self.cover_of(&connector.id, account).error(error)
    }

    /// What a call waits for that only a person can give; none when it failed otherwise.
    pub(crate) fn needs_person(&self, account: &ConnectionId, error: &OpError) -> Option<Needs> {
        let OpError::SignIn { .. } = error else { return None };
        self.needed(account)
    }

    /// The state of a connection that failed.
    pub(crate) fn failed_status(
        &self,
        connector: &Connector,
        account: &ConnectionId,
        error: &OpError,
    ) -> ConnectionStatus {
        match error {
            OpError::SignIn { .. } if !refuses(error) => {
                let needs = self.needs_person(account, error);
                let why = needs.map(|needs| needs_words(&connector.host, &needs));
                let otherwise = || format!("{} asks for a sign-in", connector.host);
                ConnectionStatus::SignIn { why: why.unwrap_or_else(otherwise) }
            }
            other => {
                let error = self.cover_of(&connector.id, account).error(op_error(other, &connector.host));
                let error = self.by_choice(account, error);
                ConnectionStatus::Failed { why: error.message, next: error.hint.unwrap_or_default() }
            }
        }
    }

    /// The wire of the requests that sign an account in.
    fn sign_in_wire(&self, connector: &Connector, account: &ConnectionId) -> Wire {
        Wire::to(self.0.tap.clone(), connector, account, Peer::SignIn)
    }

    async fn oauth_with(&self, settings: Settings, place: Place) -> Result<Rc<OAuth>, Error> {
        let sign_in = SignIn::new(settings, self.0.fetcher.clone(), Rc::new(place.clone())).await?;
        Ok(Rc::new(OAuth { sign_in: Rc::new(sign_in), place }))
    }

    async fn settings_for(
        &self,
        address: &str,
        client_id: &Option<String>,
        scope: &Option<String>,
        secret: Option<String>,
    ) -> Result<Settings, Error> {
        let page = self.0.sign_in_site.get().cloned().ok_or_else(|| {
            Error::new(Code::SignIn, "nobody can sign in with OAuth here")
                .hint("open the site that this connector was made in")
        })?;
        let mut settings = Settings::new(address, &page.redirect_uri, &page.client_name);
        settings.scope.clone_from(scope);
        settings.dpop = page.dpop;
        settings.preregistered = client_id.clone().map(|client_id| Preregistered {
            client_id,
            client_secret: secret,
            key: None,
            issuer: None,
            method: None,
        });
        if let (Some(document), None) = (page.client_document, client_id)
            && self.serves(&document).await
        {
            settings.client_metadata_url = Some(document);
        }
        Ok(settings)
    }

    /// Whether our client document is there and about itself: an authorization server refuses any other.
    async fn serves(&self, document: &str) -> bool {
        let request = Request {
            method: "GET".to_owned(),
            url: document.to_owned(),
            timeout: Some(PATIENCE),
            ..Request::default()
        };
        let Ok(mut response) = self.0.fetcher.send(request).await else { return false };
        let Ok(body) = response.all(DOCUMENT).await else { return false };
        let told = chat::json_of(&body).unwrap_or_default();
        response.status == 200 && told.get("client_id").and_then(Value::as_str) == Some(document)
    }
}

/// What a server asks for that only a person can give.
pub(crate) fn needs_words(host: &str, needs: &Needs) -> String {
    match needs {
        Needs { scopes, .. } if !scopes.is_empty() => format!("{host} asks for more access: {}", scopes.join(", ")),
        Needs { ended: Some(_), .. } => format!("your sign-in at {host} ended"),
        _ => format!("{host} asks for a sign-in"),
    }
}

impl SignedOut {
    /// How a sign-out ended, and the words for the record.
    pub(super) fn of(revocation: Revocation) -> (SignedOut, &'static str) {
        match revocation {
            Revocation::Nothing => (SignedOut::Nobody, "signed out"),
            Revocation::Done => (SignedOut::Revoked, "signed out, tokens revoked"),
            Revocation::NotOffered => (SignedOut::NotOffered, "signed out, the provider offers no revocation"),
            Revocation::Failed(error) => {
                (SignedOut::Failed(error.to_string()), "signed out, the provider did not confirm the revocation")
            }
        }
    }
}

impl OAuth {
    /// Who gave the tokens that are held.
    pub(super) fn issuer(&self) -> Option<String> {
        Some(self.place.0.held.borrow().as_ref()?.0.clone())
    }

    /// What the provider calls the person who is signed in: its own words.
    pub(super) fn name(&self) -> Option<String> {
        self.place.0.held.borrow().as_ref()?.1.clone()
    }

    /// How long the sign-in is kept.
    pub(super) fn keep(&self) -> Keep {
        self.place.0.keep.get()
    }

    /// Has what comes next be kept so long, and says how long it was before.
    pub(super) fn set_keep(&self, keep: Keep) -> Keep {
        self.place.0.keep.replace(keep)
    }

    /// What is known of it, with what it needs a person for.
    pub(super) async fn report(&self, needs: Option<Needs>) -> OAuthReport {
        let needs = needs.map(|needs| needs.scopes);
        let keep = self.place.0.keep.get();
        self.sign_in
            .look(|credentials, renewal, steps, settings| {
                let (account, tokens) = (credentials.current(), credentials.tokens());
                let registration = account.and_then(|account| account.registration.as_ref());
                let scope = tokens.and_then(|tokens| tokens.scope.as_deref()).unwrap_or_default();
                OAuthReport {
                    signed_in: tokens.is_some(),
                    needs,
                    issuer: credentials.issuer.clone(),
                    scopes: scope.split_whitespace().map(str::to_owned).collect(),
                    client_id: registration.map(|known| known.client_id.clone()),
                    registered: registration.map(|known| known.how),
                    refresh_token: renewal.map(|renewal| renewal.refresh_token),
                    outlook: renewal.map(|renewal| renewal.outlook),
                    expires_at: tokens.and_then(|tokens| tokens.expires_at).map(|at| at.saturating_mul(1_000)),
                    bound: tokens.is_some_and(|tokens| tokens.jkt.is_some()),
                    keep,
                    redirect_uri: settings.redirect_uri.clone(),
                    steps: steps.to_vec(),
                }
            })
            .await
    }
}

/// Where the credentials of one sign-in are kept.
#[derive(Clone)]
struct Place(Rc<PlaceState>);

struct PlaceState {
    workspace: Weak<Inner>,
    /// The account it is kept for; none while it is only tried, which is in memory.
    account: RefCell<Option<ConnectionId>>,
    /// The host of the MCP server.
    server: String,
    keep: Cell<Keep>,
    /// Whether what is kept was read before: from then on the person's choice counts.
    read: Cell<bool>,
    tried: RefCell<Kept>,
    /// Who gave the tokens that are held, and what they call the person.
    held: RefCell<Option<(String, Option<String>)>>,
    /// Who waits until everything is forgotten.
    cleared: RefCell<Option<oneshot::Sender<()>>>,
}

impl Place {
    fn new(workspace: &Rc<Inner>, account: Option<ConnectionId>, server: String) -> Self {
        Place(Rc::new(PlaceState {
            workspace: Rc::downgrade(workspace),
            account: RefCell::new(account),
            server,
            keep: Cell::new(Keep::default()),
            read: Cell::new(false),
            tried: RefCell::default(),
            held: RefCell::default(),
            cleared: RefCell::default(),
        }))
    }

    /// Comes when what is kept was forgotten.
    fn cleared(&self) -> oneshot::Receiver<()> {
        let (cleared, wait) = oneshot::channel();
        self.0.cleared.replace(Some(cleared));
        wait
    }

    /// From now on it belongs to an account, what was tried included.
    async fn settle(&self, id: &ConnectionId, keep: Keep) {
        self.0.keep.set(keep);
        self.0.read.set(true);
        self.0.account.replace(Some(id.clone()));
        let (text, pair) = self.0.tried.take();
        if let Some(pair) = pair {
            self.save_key(pair).await;
        }
        if text.is_some() {
            self.save(text).await;
        }
    }

    /// The workspace and the name under which things are kept there; none while it is only tried, or all is over.
    fn kept(&self) -> Option<(Workspace, String)> {
        let name = oauth_secret(self.0.account.borrow().as_ref()?);
        Some((Workspace(self.0.workspace.upgrade()?), name))
    }

    fn see(&self, text: Option<&str>) {
        let read = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        let credentials = Credentials::from_json(&read);
        let name = credentials.tokens().map(|tokens| tokens.name.clone());
        self.0.held.replace(credentials.issuer.clone().zip(name));
    }
}

impl Surroundings for Place {
    /// Nobody is there in the middle of a request: the person signs in by a click.
    fn authorize(&self, _page: &SignInPage<'_>) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>> {
        Box::pin(async { Err(AuthorizeFailure::NeedsPerson) })
    }

    fn load(&self) -> LocalBoxFuture<'static, Option<Kept>> {
        let this = self.clone();
        Box::pin(async move {
            let Some((workspace, name)) = this.kept() else { return Some(this.0.tried.borrow().clone()) };
            // That it cannot be read is no sign-out.
            let found = workspace.0.secrets.read(&name).await.ok()?;
            let first = !this.0.read.replace(true);
            let text = found.map(|(text, keep)| {
                if first {
                    this.0.keep.set(keep);
                }
                text
            });
            this.see(text.as_deref());
            Some((text, workspace.0.store.key_pair(&name).await.ok().flatten()))
        })
    }

    fn save(&self, credentials: Option<String>) -> LocalBoxFuture<'static, ()> {
        let this = self.clone();
        Box::pin(async move {
            this.see(credentials.as_deref());
            let Some((workspace, name)) = this.kept() else {
                let forgets = credentials.is_none();
                let mut tried = this.0.tried.borrow_mut();
                tried.0 = credentials;
                if forgets {
                    tried.1 = None;
                }
                return;
            };
            match credentials {
                Some(text) => {
                    // What is really kept shorter than asked is asked for again the next time.
                    let _ = workspace.0.secrets.put(&name, &text, this.0.keep.get()).await;
                }
                None => {
                    let _ = workspace.0.secrets.remove(&name).await;
                    let _ = workspace.0.store.set_key_pair(&name, None).await;
                    if let Some(cleared) = this.0.cleared.take() {
                        let _ = cleared.send(());
                    }
                }
            }
        })
    }

    fn save_key(&self, pair: JsValue) -> LocalBoxFuture<'static, ()> {
        let this = self.clone();
        Box::pin(async move {
            match this.kept() {
                // A browser that keeps no keys keeps this one until the page is gone.
                Some((workspace, name)) => drop(workspace.0.store.set_key_pair(&name, Some(pair)).await),
                None => this.0.tried.borrow_mut().1 = Some(pair),
            }
        })
    }

    fn lock(&self) -> Option<LocalBoxFuture<'static, Box<dyn Any>>> {
        let (workspace, name) = self.kept()?;
        Some(Box::pin(async move { Box::new(workspace.0.locks.hold(&name).await) as Box<dyn Any> }))
    }

    fn interrupts(&self) -> bool {
        false
    }

    fn allows(&self, url: &str) -> Result<(), String> {
        let Some(inner) = self.0.workspace.upgrade() else { return Err("the workspace is closed".to_owned()) };
        let plain = url.split(['?', '#']).next().unwrap_or_default();
        let workspace = Workspace(inner);
        let address = workspace.check_address(plain).map_err(|error| error.to_string())?;
        // The server itself is on the list of servers; whatever else it names is a place to sign in at.
        if address.host == self.0.server {
            return Ok(());
        }
        workspace.rulebook().may_reach_host(DomainUse::SignIn, &address.host).map_err(|why| why.to_string())
    }
}
