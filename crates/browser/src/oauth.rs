//! The hands of a sign-in: requests, keys and the clock for the flow that [`mcp::oauth`] decides.
//!
//! * A DPoP key is made here as one that nobody can read out, and signs here only (RFC 9449; X28).
//! * Where the person signs in and where credentials are kept is the [`Surroundings`]' to say: a window and the
//!   workspace's store, or the functions that an embedding page passed in.
//! * One flow at a time for a connection; other requests wait for it and then use what it got.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures_channel::oneshot;
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::lock::Mutex;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use mcp::Revision;
use mcp::oauth::{
    Algorithm, AuthError, AuthorizeFailure, Authorizer, Chain, Credentials, KeyFailure, Port, PublicJwk, Refusal,
    Renewal, Revocation, Settings, SignInPage, Signed, SigningKey, Step, WebFailure, WebRequest, WebResponse,
    challenges,
};
use policy::Reach;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CryptoKey, SubtleCrypto};

use crate::drive::Authority;
use crate::error::{Code, Error};
use crate::fetch::{Failure, Fetcher, Request};
use crate::inspect::{Seen, Wire};
use crate::time::{global, global_function, now, random, words};
use crate::visit::Visit;

/// Longest answer that is read of an authorization server, in bytes.
const ANSWER: usize = 256 << 10;
/// How long one request of the flow may take, in milliseconds.
const PATIENCE: u64 = 30_000;

/// Where the person signs in, and where credentials are kept.
pub trait Surroundings {
    /// Has the person sign in at a page, and gives the whole address that they came back to.
    fn authorize(&self, page: &SignInPage<'_>) -> LocalBoxFuture<'static, Result<String, AuthorizeFailure>>;

    /// What is kept: the text given to [`Surroundings::save`], and the pair given to [`Surroundings::save_key`]. None
    /// where it cannot be read, or where nothing is ever kept: that is something else than nothing being there.
    fn load(&self) -> LocalBoxFuture<'static, Option<Kept>>;

    /// Keeps the credentials, a text with secrets in it; none forgets them and the key.
    fn save(&self, credentials: Option<String>) -> LocalBoxFuture<'static, ()>;

    /// Keeps the `CryptoKeyPair` that tokens are bound to. It can be cloned and not be read, so only a store of objects
    /// (IndexedDB) can.
    fn save_key(&self, pair: JsValue) -> LocalBoxFuture<'static, ()>;

    /// Waits until nobody else renews tokens that are kept in the same place. Dropping what comes back lets the next one
    /// in. None where nobody else can.
    fn lock(&self) -> Option<LocalBoxFuture<'static, Box<dyn Any>>>;

    /// Whether a person may be bothered in the middle of a request. Where not, they sign in by [`SignIn::sign_in`] only.
    fn interrupts(&self) -> bool {
        true
    }

    /// Whether an address that a server named may be asked, and why not (X04).
    ///
    /// # Errors
    /// The reason, one sentence.
    fn allows(&self, _url: &str) -> Result<(), String> {
        Ok(())
    }
}

/// Credentials as text, and the `CryptoKeyPair` that tokens are bound to.
pub type Kept = (Option<String>, Option<JsValue>);

/// The sign-in of one connection to a server.
///
/// What it does for a request runs on when the request is given up: a token that was rotated and not kept is lost, and
/// with it, at many providers, the whole grant (X23). Where it has only waited for its turn, it ends with the request: no
/// window opens for somebody who has left.
pub struct SignIn(Rc<State>);

struct State {
    authorizer: Mutex<Authorizer<Hands>>,
    failure: RefCell<Option<AuthError>>,
    /// What a request was refused for that only a person can give.
    wanted: RefCell<Option<Wanted>>,
    visit: Visiting,
    /// A person was at a sign-in page.
    somebody_new: Rc<Cell<bool>>,
    waits: Waits,
    wire: Watched,
}

/// Who may look at the requests of the flow.
type Watched = Rc<RefCell<Option<Wire>>>;

/// Whether the flow only waits for its turn: nothing is lost if it ends here.
#[derive(Clone, Default)]
struct Waits(Rc<Cell<bool>>);

impl Waits {
    /// Waits for something, as a wait that may be given up.
    async fn on<T>(&self, what: impl Future<Output = T>) -> T {
        self.0.set(true);
        let _until = Waiting(&self.0);
        what.await
    }
}

/// A wait that ends when it is dropped, given up or not.
struct Waiting<'a>(&'a Cell<bool>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// The person who is signing in right now.
type Visiting = Rc<RefCell<Option<Visit>>>;

/// What a server wants of a person.
struct Wanted {
    challenge: Option<String>,
    needs: Needs,
}

/// What only a person can give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Needs {
    /// The scopes that are missing; empty where a sign-in is.
    pub scopes: Vec<String>,
    /// When the sign-in that was there ended, in milliseconds since the Unix epoch; none where there was none.
    pub ended: Option<u64>,
}

impl SignIn {
    /// With what is kept of it. Asks no network.
    ///
    /// # Errors
    /// In a realm without WebCrypto, which cannot make a secret.
    pub async fn new(
        settings: Settings,
        fetcher: Fetcher,
        surroundings: Rc<dyn Surroundings>,
    ) -> Result<SignIn, Error> {
        if global("crypto").is_none() {
            return Err(Error::new(Code::Invalid, "a sign-in needs WebCrypto, which is not here"));
        }
        let (kept, pair) = surroundings.load().await.unwrap_or_default();
        let credentials = kept.as_deref().map(read).unwrap_or_default();
        let visit = Visiting::default();
        let somebody_new: Rc<Cell<bool>> = Rc::default();
        let (waits, wire) = (Waits::default(), Watched::default());
        let is_local = reach(&settings.endpoint) == Ok(Reach::Local);
        let hands = Hands {
            fetcher,
            surroundings,
            pair: RefCell::new(usable(pair)),
            visit: visit.clone(),
            somebody_new: somebody_new.clone(),
            waits: waits.clone(),
            wire: wire.clone(),
            is_local,
            background: Cell::new(false),
        };
        let authorizer = Mutex::new(Authorizer::new(hands, settings, credentials));
        let (failure, wanted) = (RefCell::default(), RefCell::default());
        Ok(SignIn(Rc::new(State { authorizer, failure, wanted, visit, somebody_new, waits, wire })))
    }

    /// From now on its requests are to be seen over this wire.
    pub(crate) fn watched(&self, wire: Wire) {
        self.0.wire.replace(Some(wire));
    }

    /// Has the person sign in now, because they want to. Requests wait meanwhile. What is held stays if it fails. With
    /// `choose` the provider asks them which account they want, where it can.
    ///
    /// # Errors
    /// Why there is no new token.
    pub async fn sign_in(&self, visit: &Visit, choose: bool) -> Result<(), Error> {
        let work = async {
            let mut authorizer = self.0.authorizer.lock().await;
            let _visiting = Here::new(&self.0.visit, visit);
            let challenge = self.0.wanted.borrow().as_ref().and_then(|wanted| wanted.challenge.clone());
            authorizer.set_choose_account(choose);
            authorizer.sign_in(challenge.as_deref()).await.map_err(error_of)
        };
        let ended = match select(pin!(work), visit.cancelled()).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => Err(error_of(AuthError::SignIn(AuthorizeFailure::Cancelled))),
        };
        if ended.is_ok() {
            self.0.wanted.take();
            self.0.failure.take();
        }
        ended
    }

    /// Reads the metadata documents again; [`SignIn::look`] then shows what was found.
    ///
    /// # Errors
    /// As a sign-in would fail before its window opens.
    pub async fn examine(&self) -> Result<(), Error> {
        self.0.authorizer.lock().await.examine(None).await.map_err(error_of)
    }

    /// Shows the state of the sign-in: nothing in there is secret but what is held.
    pub(crate) async fn look<T>(&self, at: impl FnOnce(&Credentials, Option<Renewal>, &[Step], &Settings) -> T) -> T {
        let authorizer = self.0.authorizer.lock().await;
        at(authorizer.credentials(), authorizer.renewal(), authorizer.steps(), authorizer.settings())
    }

    /// What the last refused request needs a person for.
    pub(crate) fn needs_person(&self) -> Option<Needs> {
        self.0.wanted.borrow().as_ref().map(|wanted| wanted.needs.clone())
    }

    /// The person is needed for what an earlier page was refused for.
    pub(crate) fn misses(&self, needs: Needs) {
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{}""#, needs.scopes.join(" "));
        self.0.wanted.replace(Some(Wanted { challenge: (!needs.scopes.is_empty()).then_some(challenge), needs }));
    }

    /// Nothing is missing any more: the server let the account in.
    pub(crate) fn misses_nothing(&self) {
        self.0.wanted.take();
    }

    /// The server speaks this revision. The oldest way of finding an authorization server ended with 2025-03-26.
    pub(crate) async fn speaks(&self, revision: Option<Revision>) {
        if revision.is_some_and(|revision| revision > Revision::V2025_03_26) {
            self.0.authorizer.lock().await.set_legacy_fallback(false);
        }
    }

    /// Why the last sign-in failed, once.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.0.failure.take().map(error_of)
    }

    /// Signs out: forgets everything that is kept, and has the authorization server revoke the tokens if it can.
    pub async fn end(&self) -> Revocation {
        let state = self.0.clone();
        // Whoever signs out is signed out, even if that had to wait.
        let ended = detached(Waits::default(), async move {
            let revocation = state.authorizer.lock().await.revoke().await;
            state.wanted.take();
            revocation
        });
        ended.await.unwrap_or(Revocation::Nothing)
    }
}

fn error_of(failure: AuthError) -> Error {
    let mut error = Error::new(Code::SignIn, failure.to_string()).hint(failure.remedy());
    if let AuthError::Refused { error: code, description, .. } = failure {
        error.cause = Some(json!({ "error": code, "error_description": description }));
    }
    error
}

/// Lets the flow see the person, until dropped.
struct Here(Visiting);

impl Here {
    fn new(place: &Visiting, visit: &Visit) -> Self {
        place.replace(Some(visit.clone()));
        Here(place.clone())
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// The scopes of a challenge.
fn scopes(challenge: &str) -> Vec<String> {
    let found = challenges(challenge);
    let scope = found.iter().find_map(|one| one.get("scope")).unwrap_or_default();
    scope.split_whitespace().map(str::to_owned).collect()
}

/// Runs work to its end even if nobody waits for it any more, except where it only [`Waits`]. None when it broke down.
async fn detached<T: 'static>(waits: Waits, work: impl Future<Output = T> + 'static) -> Option<T> {
    let (mut done, wait) = oneshot::channel();
    spawn_local(async move {
        let mut work = pin!(work);
        let ended = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if done.poll_canceled(context).is_ready() && waits.0.get() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(ended) = ended.await {
            let _ = done.send(ended);
        }
    });
    wait.await.ok()
}

impl Authority for SignIn {
    fn headers<'a>(&'a self, method: &'a str, url: &'a str) -> LocalBoxFuture<'a, Result<Signed, String>> {
        let (state, method, url) = (self.0.clone(), method.to_owned(), url.to_owned());
        Box::pin(async move {
            let signed = detached(state.waits.clone(), async move {
                let signed = state.authorizer.lock().await.headers(&method, &url).await;
                signed.map_err(|failure| {
                    let words = failure.to_string();
                    state.failure.replace(Some(failure));
                    words
                })
            });
            signed.await.unwrap_or_else(|| Err("the sign-in broke down".to_owned()))
        })
    }

    fn refused<'a>(&'a self, chain: &'a mut Chain, refusal: Refusal<'a>, background: bool) -> LocalBoxFuture<'a, bool> {
        let (state, mut own) = (self.0.clone(), std::mem::take(chain));
        let (status, used) = (refusal.status, refusal.used);
        let challenge = refusal.www_authenticate.map(str::to_owned);
        let nonce = refusal.dpop_nonce.map(str::to_owned);
        Box::pin(async move {
            let answered = detached(state.waits.clone(), async move {
                let refusal =
                    Refusal { status, www_authenticate: challenge.as_deref(), dpop_nonce: nonce.as_deref(), used };
                let again = state.refused(&mut own, refusal, background).await;
                (again, own)
            });
            let Some((again, own)) = answered.await else { return false };
            *chain = own;
            again
        })
    }

    fn is_somebody_new(&self) -> bool {
        self.0.somebody_new.take()
    }

    fn nonce<'a>(&'a self, url: &'a str, nonce: &'a str) -> LocalBoxFuture<'a, ()> {
        Box::pin(async move { self.0.authorizer.lock().await.seen_nonce(url, nonce) })
    }
}

impl State {
    /// Does what a refusal asks for, and says whether the request can go out again.
    async fn refused(&self, chain: &mut Chain, refusal: Refusal<'_>, background: bool) -> bool {
        let mut authorizer = self.authorizer.lock().await;
        let alone = background || !authorizer.port().surroundings.interrupts();
        let (status, challenge) = (refusal.status, refusal.www_authenticate);
        let held = authorizer.credentials().tokens().map(|tokens| (tokens.issued_at, tokens.expires_at));
        let failure = match alone && status == 401 && authorizer.credentials().tokens().is_none() {
            // Nothing can come of it, so nobody is asked and no client is registered.
            true => Some(AuthError::SignIn(AuthorizeFailure::NeedsPerson)),
            false => {
                authorizer.port().background.set(background);
                let failure = authorizer.challenged(chain, refusal).await.err();
                authorizer.port().background.set(false);
                failure
            }
        };
        let person = matches!(failure, Some(AuthError::SignIn(AuthorizeFailure::NeedsPerson)));
        let before = self.wanted.take().and_then(|wanted| wanted.needs.ended);
        let wanted = person.then(|| Wanted {
            challenge: challenge.map(str::to_owned),
            needs: Needs {
                scopes: challenge.filter(|_| status == 403).map(scopes).unwrap_or_default(),
                // At its time, or when it was first refused, where the provider ended it before or told none.
                ended: match held {
                    _ if status != 401 => None,
                    Some((from, until)) => {
                        let known = before.filter(|at| *at >= from.saturating_mul(1000));
                        known.or_else(|| Some(until.map_or(now(), |until| now().min(until.saturating_mul(1000)))))
                    }
                    None => before,
                },
            },
        });
        self.wanted.replace(wanted);
        let again = failure.is_none();
        self.failure.replace(failure);
        again
    }
}

/// The port of one connection.
struct Hands {
    fetcher: Fetcher,
    surroundings: Rc<dyn Surroundings>,
    pair: RefCell<Option<JsValue>>,
    visit: Visiting,
    somebody_new: Rc<Cell<bool>>,
    waits: Waits,
    wire: Watched,
    /// The server is on this machine or its network, so what it names may be there too (X04).
    is_local: bool,
    /// Nobody waits for what is being done, so nobody is asked for anything.
    background: Cell<bool>,
}

impl Hands {
    /// Whether an address that a server named may be asked (X04).
    fn allows(&self, url: &str) -> Result<(), String> {
        self.surroundings.allows(url)?;
        match reach(url)? {
            Reach::Local if !self.is_local => Err("it is on a private network, and the server is not".to_owned()),
            _ => Ok(()),
        }
    }

    async fn key_pair(&self) -> Result<JsValue, KeyFailure> {
        let known = self.pair.borrow().clone();
        if let Some(pair) = known {
            return Ok(pair);
        }
        // Another tab may have made one meanwhile.
        if let Some(pair) = self.surroundings.load().await.and_then(|(_, pair)| usable(pair)) {
            self.pair.replace(Some(pair.clone()));
            return Ok(pair);
        }
        let usages = Array::of2(&"sign".into(), &"verify".into());
        let extractable = false;
        let made = subtle()?.generate_key_with_object(&algorithm(Algorithm::Es256)?, extractable, &usages);
        let pair = JsFuture::from(made.map_err(unusable)?).await.map_err(unusable)?;
        self.pair.replace(Some(pair.clone()));
        self.surroundings.save_key(pair.clone()).await;
        Ok(pair)
    }
}

impl Port for Hands {
    type Lock = Option<Box<dyn Any>>;

    async fn fetch(&self, request: WebRequest) -> Result<WebResponse, WebFailure> {
        self.allows(&request.url).map_err(WebFailure::Refused)?;
        let leg = self.wire.borrow().as_ref().map(|wire| wire.leg(request.method, &request.url));
        let request = Request {
            method: request.method.to_owned(),
            url: request.url,
            headers: request.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: request.body.map(String::into_bytes),
            timeout: Some(PATIENCE),
        };
        let see = |seen: Seen<'_>| {
            if let Some(leg) = &leg {
                leg.sees(seen);
            }
        };
        let failed = |why: Failure| {
            see(Seen::Failed(&why.to_string()));
            match why {
                Failure::Redirected => WebFailure::Redirect,
                why => WebFailure::Network(why.to_string()),
            }
        };
        if let Some(leg) = &leg {
            leg.sends(&request.headers, request.body.as_deref());
        }
        let mut response = self.fetcher.send(request).await.map_err(failed)?;
        see(Seen::Response { status: response.status, headers: &response.headers });
        let body = response.all(ANSWER).await.map_err(failed)?;
        see(Seen::Chunk(&body));
        see(Seen::Ended);
        Ok(WebResponse {
            status: response.status,
            headers: std::mem::take(&mut response.headers),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    async fn authorize(&self, page: &SignInPage<'_>) -> Result<String, AuthorizeFailure> {
        if self.background.get() {
            return Err(AuthorizeFailure::NeedsPerson);
        }
        self.allows(page.url).map_err(AuthorizeFailure::Failed)?;
        self.waits.on(a_moment()).await;
        self.somebody_new.set(true);
        let visit = self.visit.borrow().clone();
        match visit {
            Some(visit) => visit.authorize(page.url, page.state).await,
            None => self.surroundings.authorize(page).await,
        }
    }

    fn random(&self, bytes: usize) -> Vec<u8> {
        let mut filled = vec![0; bytes];
        random(&mut filled);
        filled
    }

    fn now(&self) -> u64 {
        now() / 1_000
    }

    async fn sign(&self, key: SigningKey<'_>, data: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let subtle = subtle()?;
        let (algorithm, key) = match key {
            SigningKey::Dpop => (algorithm(Algorithm::Es256)?, half(&self.key_pair().await?, "privateKey")?),
            SigningKey::Pem { pem, algorithm: kind } => {
                let algorithm = algorithm(kind)?;
                let der = Uint8Array::from(der(pem)?.as_slice());
                let usages = Array::of1(&"sign".into());
                let read =
                    subtle.import_key_with_object("pkcs8", &der, &algorithm, false, &usages).map_err(unusable)?;
                (algorithm, JsFuture::from(read).await.map_err(unusable)?.unchecked_into())
            }
        };
        let signed = subtle.sign_with_object_and_u8_array(&algorithm, &key, data).map_err(unusable)?;
        let signed = JsFuture::from(signed).await.map_err(unusable)?;
        Ok(Uint8Array::new(&signed.unchecked_into::<ArrayBuffer>()).to_vec())
    }

    async fn dpop_jwk(&self) -> Result<PublicJwk, KeyFailure> {
        let public = half(&self.key_pair().await?, "publicKey")?;
        let told = JsFuture::from(subtle()?.export_key("jwk", &public).map_err(unusable)?).await.map_err(unusable)?;
        let member = |name: &str| {
            let value = Reflect::get(&told, &name.into()).ok().and_then(|value| value.as_string());
            value.ok_or_else(|| KeyFailure("its public half cannot be read".to_owned()))
        };
        Ok(PublicJwk { x: member("x")?, y: member("y")? })
    }

    async fn lock(&self) -> (Self::Lock, Option<Credentials>) {
        let held = match self.surroundings.lock() {
            Some(lock) => Some(self.waits.on(lock).await),
            None => return (None, None),
        };
        let Some((kept, pair)) = self.surroundings.load().await else { return (held, None) };
        if let Some(pair) = usable(pair) {
            self.pair.replace(Some(pair));
        }
        (held, Some(kept.as_deref().map(read).unwrap_or_default()))
    }

    async fn save(&self, credentials: &Credentials) {
        if credentials.accounts.is_empty() {
            self.pair.replace(None);
            return self.surroundings.save(None).await;
        }
        self.surroundings.save(Some(credentials.to_json().to_string())).await;
    }
}

/// Lets whoever drives this look once whether anybody still waits for it.
async fn a_moment() {
    let mut is_over = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A key pair that can be used. A store of texts gives back something else than was put in.
fn usable(pair: Option<JsValue>) -> Option<JsValue> {
    pair.filter(|pair| half(pair, "privateKey").is_ok())
}

/// Where the host of a URL is, as the browser reads it.
fn reach(url: &str) -> Result<Reach, String> {
    let url = web_sys::Url::new(url).map_err(|_| "it is no address".to_owned())?;
    policy::address::reach(&url.hostname()).map_err(|what| format!("its host is {what}"))
}

fn read(kept: &str) -> Credentials {
    Credentials::from_json(&serde_json::from_str(kept).unwrap_or_default())
}

fn unusable(error: JsValue) -> KeyFailure {
    KeyFailure(words(&error))
}

fn subtle() -> Result<SubtleCrypto, KeyFailure> {
    let subtle = global("crypto").and_then(|crypto| Reflect::get(&crypto, &"subtle".into()).ok());
    let subtle = subtle.filter(|subtle| !subtle.is_undefined());
    subtle.map(JsCast::unchecked_into).ok_or_else(|| KeyFailure("there is no WebCrypto here (https only)".to_owned()))
}

/// What WebCrypto calls an algorithm, for making, reading and using a key alike.
fn algorithm(algorithm: Algorithm) -> Result<js_sys::Object, KeyFailure> {
    let text = match algorithm {
        Algorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
    };
    js_sys::JSON::parse(text).map(JsCast::unchecked_into).map_err(unusable)
}

/// One half of a `CryptoKeyPair`.
fn half(pair: &JsValue, name: &str) -> Result<CryptoKey, KeyFailure> {
    let key = Reflect::get(pair, &name.into()).map_err(unusable)?;
    key.dyn_into().map_err(|_| KeyFailure("it is no key pair".to_owned()))
}

/// The bytes of a PEM text (RFC 7468).
fn der(pem: &str) -> Result<Vec<u8>, KeyFailure> {
    let text: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let decoded = global_function("atob").and_then(|atob| atob.call1(&JsValue::UNDEFINED, &text.into()).ok());
    let decoded = decoded.and_then(|decoded| decoded.as_string());
    // Each character stands for one byte. The reason is not told: it would quote the key.
    let bytes = decoded.map(|decoded| decoded.chars().map(|each| each as u8).collect());
    bytes.ok_or_else(|| KeyFailure("it is no PEM text".to_owned()))
}
