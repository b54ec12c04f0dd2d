//! Moving a workspace: signing keys, export, import with a look at it first, and a site that is tied to a bundle.
//!
//! * A browser that has taken a bundle trusts the keys which that bundle names, takes no older one, and no other one of
//!   the same number. The first bundle is trusted because the person compared its key, and only an admin may take it.
//! * An import is one write: rules, what is trusted from now on, who the person is, and the audit row that says so.
//! * A site that is tied to a bundle reads it again each time a workspace is opened, before each turn, and while a
//!   question waits. When it cannot be verified, the workspace only reads (X121), and says why.
//! * Which person somebody is they say themselves. On a static site that is a guard-rail, not a lock
//!   (behaviour.md, section 0).

use std::rc::Rc;

use policy::audit::Entry;
use policy::bundle::{self, Bundle, BundleError, Change as Difference, Payload, PublicKey, Signature};
use policy::{Cause, Connector, Digest, Level, MemberId, Rulebook, Rules, SignIn, Stage, Veto, Why};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::accounts::all_accounts;
use super::eras::all_found_out;
use super::sign_in::client_secret;
use super::{GLANCE, RULEBOOK, RULEBOOK_SCHEMA, STAMP, StoredRulebook, Workspace, new_stamp};
use crate::error::{Code, Error};
use crate::fetch::{Failure, Request};
use crate::signing::{self, SigningKey};
use crate::store::{Op, StoreError, Table};
use crate::tabs::News;
use crate::time::now;
use crate::view::Millis;

/// Which person is at this browser.
const ME: &str = "me";
/// How long signed settings count before they are asked for again, in milliseconds.
const FRESH: u64 = 5_000;
/// The person of a workspace that nobody else was ever in.
const FIRST: &str = "me";
/// What is known of bundles of this workspace.
const TRUST: &str = "bundle";
/// The file of the bundle that the site is tied to, as it was verified last.
const SEEN: &str = "bundle-seen";
/// The signing key of this browser: its public half among the settings, its private half among the keys.
const KEY: &str = "signing-key";
/// How long a bundle may take to come, in milliseconds.
const PATIENCE: u64 = 15_000;

/// Where a bundle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleSource {
    /// At this address.
    Url(String),
    /// Here: the text of the file.
    Text(String),
}

/// What ties a site, or a page that embeds the workspace, to a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Where the bundle is.
    pub source: BundleSource,
    /// The ids of the keys that may sign it, one of which must have.
    pub keys: Vec<String>,
    /// Whom to ask when it cannot be verified, as the site says.
    pub contact: Option<String>,
}

/// What is known of the bundles of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// The number of the latest bundle that was made or taken here; 0 before the first.
    pub serial: u64,
    /// Its digest.
    pub digest: Option<Digest>,
    /// The digest of its rules as this version writes them down, to tell whether they are still what is here.
    #[serde(default)]
    pub rules: Option<Digest>,
    /// Whether what was decided about the parts of the product is in those rules. It was not in the older form.
    #[serde(default)]
    pub parts: bool,
    /// Whether drafts and archived connectors are in those rules.
    #[serde(default)]
    pub drafts: bool,
    /// When it was signed.
    pub issued_at: Millis,
    /// The key that signed it.
    pub signer: Option<PublicKey>,
    /// The keys that may sign the next one.
    pub keys: Vec<PublicKey>,
    /// Whom it names for questions.
    #[serde(default)]
    pub contact: Option<String>,
}

/// Where the rules of this workspace come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Governed {
    /// From this browser.
    #[default]
    Here,
    /// From the bundle that the site is tied to; settings of this browser only make it stricter.
    Signed {
        /// Its number.
        serial: u64,
        /// When it was signed.
        issued_at: Millis,
        /// Who signed it.
        signer: PublicKey,
        /// Whom it names for questions.
        contact: Option<String>,
    },
    /// The bundle that the site is tied to could not be verified: nothing but reading is possible.
    Unverified {
        /// Why, one sentence with the next step.
        why: String,
        /// Whom to ask.
        contact: Option<String>,
    },
}

/// A bundle that was read and may be imported. Nothing has changed yet.
#[derive(Clone, Debug)]
pub struct Import {
    bundle: Bundle,
    /// Who signed it.
    pub signer: PublicKey,
    /// Whether that key was trusted here before; otherwise the person has to compare it.
    pub known: bool,
    /// What it would change, sorted.
    pub changes: Vec<Difference>,
    /// The people in it: id and name.
    pub people: Vec<(MemberId, String)>,
    /// Whom it names for questions.
    pub contact: Option<String>,
    /// Its number.
    pub serial: u64,
    /// When it was signed.
    pub issued_at: Millis,
}

impl Workspace {
    /// Where the rules come from.
    pub fn governed(&self) -> Governed {
        self.0.governed.borrow().clone()
    }

    /// What is known of the bundles of this workspace; none while there was none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn trust(&self) -> Result<Option<Trust>, Error> {
        let text = self.0.store.get(Table::Settings, TRUST).await?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| StoreError::Failed(error.to_string()).into()))
            .transpose()
    }

    /// Whom the signed settings, or the last file that was taken here, name for questions.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn contact(&self) -> Result<Option<String>, Error> {
        match self.governed() {
            Governed::Signed { contact, .. } | Governed::Unverified { contact, .. } => Ok(contact),
            Governed::Here => Ok(self.trust().await?.and_then(|trust| trust.contact)),
        }
    }

    /// The public half of this browser's signing key, if it has one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn signing_key(&self) -> Result<Option<PublicKey>, Error> {
        Ok(self.own_key().await?.map(|key| key.public))
    }

    /// Makes this browser's signing key. What comes back is the file that holds it under the passphrase: the one copy
    /// outside this browser, which cannot be made again.
    ///
    /// # Errors
    /// When the person may not, the passphrase is too short, or the key cannot be kept.
    pub async fn make_signing_key(&self, passphrase: &str) -> Result<String, Error> {
        let name = self.may_sign()?;
        let (key, file) = signing::make(&name, passphrase).await?;
        self.keep_key(key, "made a signing key").await?;
        Ok(file)
    }

    /// Takes a signing key from its file into this browser.
    ///
    /// # Errors
    /// When the person may not, or the passphrase does not open the file.
    pub async fn open_signing_key(&self, file: &str, passphrase: &str) -> Result<(), Error> {
        self.may_sign()?;
        let key = signing::open(file, passphrase).await?;
        self.keep_key(key, "took a signing key from its file").await
    }

    /// Lets another owner's key sign the next bundle, or no more.
    ///
    /// # Errors
    /// When the person may not, there is no bundle key here yet, or it cannot be kept.
    pub async fn trust_key(&self, key: PublicKey, trusted: bool) -> Result<(), Error> {
        self.may_sign()?;
        let mut trust = self.trust().await?.unwrap_or_else(Trust::none);
        trust.keys.retain(|one| one.id() != key.id());
        let how = if trusted { "may sign" } else { "may no longer sign" };
        let told = format!("{how}: {} {}", key.name, key.id().short());
        if trusted {
            trust.keys.push(key);
        }
        self.keep(vec![put(TRUST, &trust)?], "signing keys", &told).await
    }

    /// The whole workspace as one signed file, with the next number; without drafts and archived connectors where those
    /// are not for everybody who gets the file.
    ///
    /// # Errors
    /// When the person may not, this browser has no key that may sign, or it cannot be kept.
    pub async fn export_bundle(&self, contact: Option<String>, drafts: bool) -> Result<String, Error> {
        self.may_sign()?;
        let key = self.own_key().await?.ok_or_else(|| {
            Error::new(Code::Invalid, "this browser has no signing key").hint("make one first, or open the file of one")
        })?;
        let trust = self.trust().await?.unwrap_or_else(Trust::none);
        if !trust.keys.iter().any(|one| one.id() == key.public.id()) {
            return Err(Error::new(Code::Blocked, "the key of this browser is none of those that may sign")
                .hint("ask an owner whose key may sign to add it"));
        }
        let mut rules = bundle::portable(&self.rulebook());
        if let Some(stored) = self.stored_rulebook().await? {
            // What only this handle forbids is no rule of the workspace.
            rules.workspace.only_published = stored.workspace.only_published;
        }
        let payload = Payload {
            serial: trust.serial + 1,
            issued_at: now(),
            keys: trust.keys.clone(),
            contact: contact.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            rules: if drafts { rules } else { bundle::governing(rules) },
        };
        let digest = payload.digest();
        let value = signing::sign(&key, &bundle::to_sign(&digest)).await?;
        let file = payload.seal(&[Signature { key: key.public.clone(), value }]);
        // Whoever imports it reads it by these rules, so they have to hold here too.
        Bundle::read(&file).map_err(Error::from)?;
        let trust = Trust { drafts, ..Trust::of(&payload, &digest, key.public) };
        let told = format!("number {} exported, digest {}", trust.serial, digest.short());
        self.keep(vec![put(TRUST, &trust)?], "policy bundle", &told).await?;
        Ok(file)
    }

    /// Reads a bundle, checks its signature, and says what it would change. Changes nothing.
    ///
    /// # Errors
    /// When it is no bundle, is not signed by a key that is trusted here, is older than what was seen, or the person may
    /// not take the first one.
    pub async fn read_bundle(&self, text: &str) -> Result<Import, Error> {
        self.alive()?;
        if self.governed() != Governed::Here {
            return Err(tied());
        }
        self.may_bring_servers()?;
        let bundle = Bundle::read(text).map_err(Error::from)?;
        let trust = self.trust().await?;
        let known: Vec<String> = trust.iter().flat_map(|trust| &trust.keys).map(|key| key.id().to_string()).collect();
        let seen = trust.as_ref().and_then(|trust| Some((trust.serial, trust.digest.as_ref()?)));
        let signer = self.signer(&bundle, (!known.is_empty()).then_some(&known[..])).await?;
        bundle.follows(seen).map_err(Error::from)?;
        if known.is_empty() {
            // The first one is taken on the word of a person who runs this workspace.
            self.may_sign()?;
        }
        self.addresses_fit(&bundle)?;
        let rules = &bundle.payload.rules;
        Ok(Import {
            signer,
            known: !known.is_empty(),
            changes: bundle::preview(&self.rulebook(), rules, &self.addable()),
            people: rules.members.iter().map(|member| (member.id.clone(), member.name.clone())).collect(),
            contact: bundle.payload.contact.clone(),
            serial: bundle.payload.serial,
            issued_at: bundle.payload.issued_at,
            bundle,
        })
    }

    /// Takes a bundle over: in one write the rules, what is trusted from now on, who the person is and the audit row.
    /// Nothing is switched on by it.
    ///
    /// # Errors
    /// When there is no such person in it, something newer was taken meanwhile, or it cannot be kept.
    pub async fn import_bundle(&self, import: Import, me: MemberId) -> Result<(), Error> {
        self.alive()?;
        self.may_bring_servers()?;
        let Import { bundle, signer, .. } = import;
        let rules = &bundle.payload.rules;
        rules.member(&me)?;
        let _held = self.0.locks.hold(RULEBOOK).await;
        let trust = self.trust().await?;
        bundle
            .follows(trust.as_ref().and_then(|trust| Some((trust.serial, trust.digest.as_ref()?))))
            .map_err(Error::from)?;
        let old = self.rulebook();
        let stored = self.stored_rulebook().await?.unwrap_or_else(|| Rulebook::clone(&old));
        let was = self.me();
        let with = bundle::with_parts(&stored, rules, &self.addable());
        let book = bundle::adopt(&with, rules, &was, &me);
        let moved: Vec<&Connector> = book.connectors.iter().filter(|one| is_moved(&stored, one)).collect();
        for connector in &moved {
            self.forget_accounts(&stored, connector).await?;
        }
        let told =
            format!("number {} imported, signed by {} {}", bundle.payload.serial, signer.name, signer.id().short());
        let trust = Trust::of(&bundle.payload, &bundle.digest, signer);
        // What stays here beside it is no change that was made since.
        let trust = Trust { rules: Some(rules_digest(&book, trust.parts, trust.drafts)), ..trust };
        let mut ops = vec![put(TRUST, &trust)?, put(ME, &me)?, all_found_out()];
        ops.extend(rules_ops(&book, &me)?);
        self.keep_as(ops, &was, "policy bundle", &told).await?;
        self.0.me.replace(me);
        self.somebody_else(book);
        self.drop_changed_links(&old);
        Ok(())
    }

    /// The demos of the product, which an import adds where its rules name them: they are the same in every browser.
    fn addable(&self) -> Vec<Connector> {
        super::connectors::demos(&self.me(), now())
    }

    /// From now on the person at this browser is this one. They say so themselves.
    ///
    /// # Errors
    /// When there is no such person, or it cannot be kept.
    pub async fn be(&self, me: MemberId) -> Result<(), Error> {
        self.alive()?;
        let _held = self.0.locks.hold(RULEBOOK).await;
        let stored = self.stored_rulebook().await?.unwrap_or_else(|| Rulebook::clone(&self.rulebook()));
        let seen = self.seen(stored.clone());
        let mut book = seen.clone();
        let name = book.member(&me)?.name.clone();
        let was = self.me();
        if was == me {
            return Ok(());
        }
        // Answers and the developer-mode switch are one person's.
        book.grants.clear();
        book.members.iter_mut().for_each(|member| member.developer = Default::default());
        let book = self.to_keep(&stored, &seen, book);
        let mut ops = vec![put(ME, &me)?, all_found_out()];
        ops.extend(rules_ops(&book, &me)?);
        self.keep_as(ops, &was, "person at this browser", &format!("is now {name}")).await?;
        self.0.me.replace(me);
        self.somebody_else(book);
        Ok(())
    }

    /// Another person may be here: what one looked at or chose to look at it is not the next one's.
    fn somebody_else(&self, book: Rulebook) {
        self.forget_wire();
        self.0.revisions.borrow_mut().clear();
        self.drop_outlived();
        self.set_rulebook(book);
        self.tell_tabs(&News::Rulebook);
        self.tell_tabs(&News::Revisions);
    }

    /// What of the current rules is not in the latest bundle yet; none while there was none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn since_bundle(&self) -> Result<Option<bool>, Error> {
        let Some(trust) = self.trust().await?.filter(|trust| trust.serial > 0) else { return Ok(None) };
        Ok(Some(Some(rules_digest(&self.rulebook(), trust.parts, trust.drafts)) != trust.rules))
    }

    /// Who was at this browser last.
    pub(super) async fn read_me(&self) -> Result<(), Error> {
        let kept = self.0.store.get(Table::Settings, ME).await?;
        let kept = kept.and_then(|text| serde_json::from_str(&text).ok());
        self.0.me.replace(kept.unwrap_or_else(|| MemberId::from(FIRST)));
        Ok(())
    }

    /// Reads the bundle that the site is tied to, if it is, and sets by what the rules are held.
    pub(super) async fn read_pinned(&self, stored: &Rulebook) -> Result<(), Error> {
        let Some(pinned) = self.0.pinned.clone() else { return Ok(()) };
        let trust = self.trust().await?;
        let found = self.pinned_bundle(&pinned, trust.as_ref()).await;
        self.take_pinned(stored, pinned, trust, found).await
    }

    /// Reads the bundle that the site is tied to once more, unless that was just done: before a turn, and while a
    /// question waits. A person who has the page open for days follows what was signed meanwhile; one whose network is
    /// gone keeps the rules that were verified last.
    pub(crate) async fn renew_settings(&self) {
        let Some(pinned) = self.0.pinned.clone() else { return };
        let now = crate::time::monotonic();
        if now.saturating_sub(self.0.settings_read.get()) < FRESH {
            return;
        }
        self.0.settings_read.set(now);
        let Ok(trust) = self.trust().await else { return };
        let found = self.pinned_bundle(&pinned, trust.as_ref()).await;
        let verified = match *self.0.governed.borrow() {
            Governed::Signed { serial, .. } => Some(serial),
            _ => None,
        };
        match &found {
            // Two bundles of one number are the same one.
            Ok((bundle, ..)) if verified == Some(bundle.payload.serial) => return,
            Err(error) if verified.is_some() && error.code == Code::Network => return,
            _ => {}
        }
        let _held = self.0.locks.hold(RULEBOOK).await;
        let Ok(Some(stored)) = self.stored_rulebook().await else { return };
        if let Err(error) = self.take_pinned(&stored, pinned, trust, found).await {
            let why = error.to_string();
            self.set_storage(crate::view::StorageState::Unavailable { why });
            return;
        }
        let old = self.rulebook();
        let met = self.met(stored.clone());
        if met != stored
            && let Err(error) = self.keep_rulebook(&met).await
        {
            self.storage_failed(&error);
        }
        self.set_rulebook(met);
        self.drop_changed_links(&old);
    }

    /// A workspace as it is stored, which knows the connectors of the signed settings: what somebody signs in with to one
    /// of them is forgotten when it leads elsewhere, and only then.
    pub(super) fn met(&self, book: Rulebook) -> Rulebook {
        match &*self.0.signed.borrow() {
            Some(signed) => bundle::meet(&book, signed),
            None => book,
        }
    }

    /// The workspace as signed settings have it: with the demos that they lend, and with what is stricter here.
    pub(super) fn tightened(&self, signed: &Rulebook, book: &Rulebook) -> Rulebook {
        // Since when a demo is there is since when it was signed: the same whenever it is asked.
        let since = match *self.0.governed.borrow() {
            Governed::Signed { issued_at, .. } => issued_at,
            _ => 0,
        };
        let lent = bundle::lend(book, Some(signed), &super::connectors::demos(&self.me(), since));
        bundle::tighten(signed, &lent, &self.me())
    }

    /// What is stricter in this browser than what was signed; nothing where nothing is signed (X121).
    pub fn stricter_here(&self) -> Vec<Difference> {
        let Some(signed) = self.0.signed.borrow().clone() else { return Vec::new() };
        let here = self.rulebook();
        let undecided = Rulebook {
            workspace: signed.workspace.clone(),
            connectors: super::connectors::built_in(&self.me(), 0),
            ..Rulebook::clone(&here)
        };
        let alone = self.tightened(&signed, &bundle::meet(&undecided, &signed));
        bundle::stricter_here(&alone, &here)
    }

    /// Whether the signed settings of this site put a demo in place, so that nobody here can remove it.
    pub fn is_demo_signed(&self, id: &policy::ConnectorId) -> bool {
        let names = |signed: &Rulebook| signed.connector(id).is_ok_and(Connector::is_part);
        self.0.signed.borrow().as_ref().is_some_and(names)
    }

    /// While a question waits, the signed settings are looked at again and again: an answer is about the rules of its
    /// moment. Ends with the workspace.
    pub(super) fn watch_settings(&self) {
        if self.0.pinned.is_none() {
            return;
        }
        let inner = Rc::downgrade(&self.0);
        spawn_local(async move {
            loop {
                crate::time::sleep(FRESH).await;
                let Some(workspace) = inner.upgrade().map(Workspace) else { return };
                if workspace.alive().is_err() {
                    return;
                }
                if !workspace.0.questions.borrow().is_empty() {
                    workspace.renew_settings().await;
                }
            }
        });
    }

    async fn take_pinned(
        &self,
        stored: &Rulebook,
        pinned: Pinned,
        trust: Option<Trust>,
        found: Result<(Bundle, PublicKey, String), Error>,
    ) -> Result<(), Error> {
        match found {
            Ok((bundle, signer, text)) => {
                let trust = Trust::of(&bundle.payload, &bundle.digest, signer.clone());
                let mut ops = vec![put(TRUST, &trust)?];
                if self.0.store.get(Table::Settings, SEEN).await?.as_deref() != Some(&text) {
                    ops.push(Op::Put(Table::Settings, SEEN.to_owned(), text));
                }
                self.0.store.write(ops).await?;
                self.0.governed.replace(Governed::Signed {
                    serial: trust.serial,
                    issued_at: trust.issued_at,
                    signer,
                    contact: trust.contact.or(pinned.contact),
                });
                let rules = bundle::governing(bundle.payload.rules);
                for connector in rules.connectors.iter().filter(|one| is_moved(stored, one)) {
                    self.forget_accounts(stored, connector).await?;
                }
                self.0.signed.replace(Some(rules));
            }
            Err(error) => {
                // Reading goes on by the settings that were seen last, as long as they are what was signed.
                if let Some(rules) = self.seen_last(&pinned, trust.as_ref()).await {
                    self.0.signed.replace(Some(rules));
                }
                let contact = pinned.contact.or(trust.and_then(|trust| trust.contact));
                let why = match &error.hint {
                    Some(hint) => format!("{}; {hint}", error.message),
                    None => error.message.clone(),
                };
                self.0.governed.replace(Governed::Unverified { why, contact });
            }
        }
        Ok(())
    }

    /// The rules of the bundle that was verified last, which is verified again; none before the first.
    async fn seen_last(&self, pinned: &Pinned, trust: Option<&Trust>) -> Option<Rulebook> {
        let text = self.0.store.get(Table::Settings, SEEN).await.ok()??;
        let bundle = Bundle::read(&text)
            .ok()
            .filter(|bundle| trust.is_some_and(|trust| trust.digest.as_ref() == Some(&bundle.digest)))?;
        self.signer(&bundle, Some(&pinned.keys)).await.ok()?;
        Some(bundle::governing(bundle.payload.rules))
    }

    async fn pinned_bundle(
        &self,
        pinned: &Pinned,
        trust: Option<&Trust>,
    ) -> Result<(Bundle, PublicKey, String), Error> {
        let text = match &pinned.source {
            BundleSource::Text(text) => text.clone(),
            BundleSource::Url(url) => self.fetched_bundle(url).await?,
        };
        let bundle = Bundle::read(&text).map_err(Error::from)?;
        let signer = self.signer(&bundle, Some(&pinned.keys)).await?;
        let seen = trust.and_then(|trust| Some((trust.serial, trust.digest.as_ref()?)));
        bundle.follows(seen).map_err(Error::from)?;
        self.addresses_fit(&bundle)?;
        Ok((bundle, signer, text))
    }

    async fn fetched_bundle(&self, url: &str) -> Result<String, Error> {
        let request = Request {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
            timeout: Some(PATIENCE),
        };
        let unreachable = |failure: Failure| {
            Error::new(Code::Network, format!("`{url}` could not be fetched: {failure}"))
                .hint("check the connection and reload the page")
        };
        let mut response = self.0.fetcher.send(request).await.map_err(unreachable)?;
        if response.status != 200 {
            let why = format!("`{url}` answered with {}", response.status);
            return Err(Error::new(Code::Network, why).hint("ask whoever runs this site"));
        }
        let bytes = response.all(bundle::LARGEST + 1).await.map_err(unreachable)?;
        String::from_utf8(bytes).map_err(|_| BundleError::Unreadable("it is no text".into()).into())
    }

    /// The key that signed it: one of the ids where those count, whoever it is otherwise. Every signature has to be
    /// right, also those by keys that nobody here knows.
    async fn signer(&self, bundle: &Bundle, ids: Option<&[String]>) -> Result<PublicKey, Error> {
        let data = bundle::to_sign(&bundle.digest);
        for signature in &bundle.signatures {
            if !signing::verify(&signature.key, &data, &signature.value).await {
                return Err(BundleError::BadSignature.into());
            }
        }
        let counts = |key: &PublicKey| ids.is_none_or(|ids| ids.iter().any(|id| *id == key.id().as_str()));
        let mut keys = bundle.signatures.iter().map(|signature| &signature.key);
        keys.find(|key| counts(key)).cloned().ok_or_else(|| BundleError::UnknownSigner.into())
    }

    /// Why no workspace can be imported here, if so: what to show instead of the field for its file.
    ///
    /// # Errors
    /// [`Why::OnlyPublished`] where the page that shows this workspace takes no servers of people's own.
    pub fn may_import(&self) -> Result<(), Why> {
        if self.0.only_published { Err(Why::OnlyPublished) } else { Ok(()) }
    }

    /// A page that takes no servers of people's own takes none out of a file either (X131).
    fn may_bring_servers(&self) -> Result<(), Error> {
        Ok(self.may_import()?)
    }

    /// The host of each connector is that of its address (X26), and the address is one that could be connected at all.
    fn addresses_fit(&self, bundle: &Bundle) -> Result<(), Error> {
        // A part of the product is where the product is.
        for connector in bundle.payload.rules.connectors.iter().filter(|one| !one.is_part()) {
            let found = crate::address::check(&connector.address, true).map_err(super::connectors::address_error)?;
            let same = found.url == connector.address && found.host == connector.host && found.reach == connector.reach;
            if !same {
                let why = format!("the connector `{}` does not lead to `{}`", connector.name, connector.host);
                return Err(Error::new(Code::Address, why).hint("ask the sender of the bundle"));
            }
        }
        Ok(())
    }

    /// What a workspace that could not be verified adds to the rules of every call.
    pub(crate) fn add_governed(&self, rules: &mut Rules) {
        if matches!(*self.0.governed.borrow(), Governed::Unverified { .. })
            && rules.classified().is_none_or(|classified| classified.class > policy::Class::Read)
        {
            rules.add(Veto::refuse(Level::Workspace, Cause::Unverified));
        }
    }

    /// Whether a change is one that this workspace takes: with signed rules only stricter ones, unverified none but
    /// the end of remembered answers.
    pub(super) fn takes(&self, before: &Rulebook, changed: &Rulebook) -> Result<(), Error> {
        match &*self.0.governed.borrow() {
            Governed::Here => Ok(()),
            Governed::Signed { .. } => {
                let signed = self.0.signed.borrow();
                let loosened = signed.as_ref().is_none_or(|signed| self.tightened(signed, changed) != *changed);
                if loosened { Err(tied()) } else { Ok(()) }
            }
            Governed::Unverified { .. } => {
                let same = Rulebook { grants: before.grants.clone(), ..changed.clone() } == *before;
                if same && changed.grants.iter().all(|grant| before.grants.contains(grant)) {
                    return Ok(());
                }
                Err(Error::new(Code::Blocked, "the settings could not be verified, so nothing can be changed")
                    .hint("reload the page, or ask whoever runs this site"))
            }
        }
    }

    /// The person may sign for the workspace; their name.
    fn may_sign(&self) -> Result<String, Error> {
        self.alive()?;
        if self.governed() != Governed::Here {
            return Err(tied());
        }
        let book = self.rulebook();
        let member = book.member(&self.me())?;
        book.may_set_workspace(member)?;
        Ok(member.name.clone())
    }

    async fn own_key(&self) -> Result<Option<SigningKey>, Error> {
        let Some(text) = self.0.store.get(Table::Settings, KEY).await? else { return Ok(None) };
        let public = serde_json::from_str(&text).map_err(|error| StoreError::Failed(error.to_string()))?;
        let private = self.0.store.key_pair(KEY).await?.and_then(|key| key.dyn_into().ok());
        Ok(private.map(|private| SigningKey { public, private }))
    }

    async fn keep_key(&self, key: SigningKey, how: &str) -> Result<(), Error> {
        self.0.store.set_key_pair(KEY, Some(key.private.into())).await?;
        let mut trust = self.trust().await?.unwrap_or_else(Trust::none);
        // The first key of a workspace may sign; a later one has to be let in by one that may.
        if trust.keys.is_empty() {
            trust.keys.push(key.public.clone());
        }
        let told = format!("{how}: {}", key.public.id().short());
        self.keep(vec![put(KEY, &key.public)?, put(TRUST, &trust)?], "signing keys", &told).await
    }

    /// Writes settings and the audit row about it at once.
    async fn keep(&self, ops: Vec<Op>, subject: &str, how: &str) -> Result<(), Error> {
        self.keep_as(ops, &self.me(), subject, how).await
    }

    async fn keep_as(&self, ops: Vec<Op>, by: &MemberId, subject: &str, how: &str) -> Result<(), Error> {
        let entry = Entry::changed(by, subject, how);
        if let Err(error) = self.0.audit.write_with(vec![entry], ops).await {
            self.storage_failed(&error);
            return Err(error.into());
        }
        self.storage_works();
        Ok(())
    }

    /// Forgets everything with which anybody signed in to the connector of this id: it is another server now.
    async fn forget_accounts(&self, before: &Rulebook, connector: &Connector) -> Result<(), Error> {
        for account in all_accounts(before, &connector.id) {
            self.erase_account(&account).await?;
        }
        let client = client_secret(&connector.id);
        self.0.secrets.remove(&client).await?;
        self.tell_secret(&client);
        Ok(())
    }
}

impl Trust {
    fn none() -> Trust {
        Trust {
            serial: 0,
            digest: None,
            rules: None,
            parts: false,
            drafts: false,
            issued_at: 0,
            signer: None,
            keys: Vec::new(),
            contact: None,
        }
    }

    fn of(payload: &Payload, digest: &Digest, signer: PublicKey) -> Trust {
        let has = |what: fn(&Connector) -> bool| payload.rules.connectors.iter().any(what);
        let (parts, drafts) = (has(Connector::is_part), has(|one| one.stage != Stage::Published));
        Trust {
            serial: payload.serial,
            digest: Some(digest.clone()),
            rules: Some(rules_digest(&payload.rules, parts, drafts)),
            parts,
            drafts,
            issued_at: payload.issued_at,
            signer: Some(signer),
            keys: payload.keys.clone(),
            contact: payload.contact.clone(),
        }
    }
}

impl From<BundleError> for Error {
    fn from(error: BundleError) -> Self {
        let code = match error {
            BundleError::NotSigned
            | BundleError::BadSignature
            | BundleError::UnknownSigner
            | BundleError::Older { .. }
            | BundleError::Other(_) => Code::Blocked,
            _ => Code::Invalid,
        };
        Error::new(code, error.to_string())
    }
}

/// Whether a connector is not the one that had this id here: what was kept for that one must not reach this one (X06).
fn is_moved(before: &Rulebook, connector: &Connector) -> bool {
    let sign_in = |one: &Connector| !matches!(one.sign_in, SignIn::None);
    before
        .connector(&connector.id)
        .map_or_else(|_| sign_in(connector), |old| old.address != connector.address || old.sign_in != connector.sign_in)
}

/// The digest of what of some rules goes into a bundle; of the parts of the product and of drafts only where such a
/// bundle has them.
fn rules_digest(book: &Rulebook, parts: bool, drafts: bool) -> Digest {
    let mut rules = bundle::portable(book);
    rules.connectors.retain(|one| (parts || !one.is_part()) && (drafts || one.stage == Stage::Published));
    // An import puts the parts first, wherever they stood.
    rules.connectors.sort_by_key(|one| if one.is_part() { (false, Some(one.id.clone())) } else { (true, None) });
    for part in rules.connectors.iter_mut().filter(|one| one.is_part()) {
        // Each product says itself what its parts are.
        (part.address, part.host) = (String::new(), String::new());
    }
    Digest::of_json(&serde_json::to_value(rules).unwrap_or_default())
}

fn rules_ops(book: &Rulebook, me: &MemberId) -> Result<Vec<Op>, StoreError> {
    let stored = StoredRulebook { schema: RULEBOOK_SCHEMA, rulebook: book.clone() };
    Ok(vec![
        put(RULEBOOK, &stored)?,
        Op::Put(Table::Settings, STAMP.to_owned(), new_stamp()),
        Op::Put(Table::Settings, GLANCE.to_owned(), crate::glance::record(book, me)),
    ])
}

fn put(key: &str, value: &impl Serialize) -> Result<Op, StoreError> {
    let text = serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))?;
    Ok(Op::Put(Table::Settings, key.to_owned(), text))
}

fn tied() -> Error {
    Error::new(Code::Blocked, "the settings of this workspace are signed, so they can only be made stricter here")
        .hint("ask whoever signed them")
}
