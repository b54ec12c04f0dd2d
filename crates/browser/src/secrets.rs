//! Tokens and keys.
//!
//! By default a secret lives until the tab closes: its ciphertext is in `sessionStorage`, under an AES-GCM key that
//! WebCrypto does not let anybody read out and that is kept in the store. *Memory* keeps it in this realm only,
//! *device* keeps the ciphertext in the store. A realm without WebCrypto or `sessionStorage` (Node, a worker, an
//! insecure page) keeps it in memory, which is shorter than asked and never longer.
//!
//! Other code on the same origin can use the key, though not read it: a limit which the help says out loud (X120).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, AesKeyGenParams, CryptoKey, Storage, SubtleCrypto};

use crate::error::{Code, Error};
use crate::leaving;
use crate::store::{Op, Store, StoreError, Table, prefix_end};
use crate::time::{global, hex, random, unhex};
use crate::view::Keep;

/// The secrets of one workspace.
pub(crate) struct Secrets {
    prefix: String,
    store: Rc<dyn Store>,
    known: RefCell<HashMap<String, (String, Keep)>>,
}

impl Secrets {
    /// The secrets kept beside a store.
    pub(crate) fn new(name: &str, store: Rc<dyn Store>) -> Self {
        Secrets { prefix: format!("countersign:{name}:secret:"), store, known: RefCell::default() }
    }

    /// Keeps a secret in the place of the one before, and says how long it really is kept. There is no moment at which
    /// neither is there.
    pub(crate) async fn put(&self, name: &str, value: &str, keep: Keep) -> Result<Keep, Error> {
        let _change = leaving::change();
        let kept = self.seal_away(name, value, keep).await;
        self.known.borrow_mut().insert(name.to_owned(), (value.to_owned(), kept));
        // An old value that cannot be removed is outlived; it must not stop the new one.
        if kept != Keep::Tab
            && let Some(session) = session()
        {
            let _ = session.remove_item(&self.slot(name));
        }
        if kept != Keep::Device {
            let _ = self.store.write(vec![Op::Delete(Table::Secrets, name.to_owned())]).await;
        }
        Ok(kept)
    }

    /// Puts the sealed value where it is to be, or says that memory has to do.
    async fn seal_away(&self, name: &str, value: &str, keep: Keep) -> Keep {
        if keep == Keep::Memory {
            return Keep::Memory;
        }
        let Some(sealed) = self.seal(value).await else { return Keep::Memory };
        let kept = match keep {
            Keep::Device => {
                self.store.write(vec![Op::Put(Table::Secrets, name.to_owned(), sealed)]).await.map_err(drop)
            }
            Keep::Tab | Keep::Memory => {
                session().ok_or(()).and_then(|session| session.set_item(&self.slot(name), &sealed).map_err(drop))
            }
        };
        if kept.is_ok() { keep } else { Keep::Memory }
    }

    /// A secret, if it is still there.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<String>, Error> {
        if let Some((known, _)) = self.known.borrow().get(name) {
            return Ok(Some(known.clone()));
        }
        Ok(self.read(name).await?.map(|(value, _)| value))
    }

    /// A secret as it is where it is kept, and how long that is: another tab may have replaced it a moment ago.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<(String, Keep)>, Error> {
        if let Some(known) = self.known.borrow().get(name).filter(|(_, keep)| *keep == Keep::Memory) {
            return Ok(Some(known.clone()));
        }
        let in_tab = session().and_then(|session| session.get_item(&self.slot(name)).ok()).flatten();
        let (sealed, keep) = match in_tab {
            Some(sealed) => (Some(sealed), Keep::Tab),
            None => (self.store.get(Table::Secrets, name).await?, Keep::Device),
        };
        let opened = match sealed {
            Some(sealed) => self.open(&sealed).await.map(|value| (value, keep)),
            None => None,
        };
        match &opened {
            Some(found) => drop(self.known.borrow_mut().insert(name.to_owned(), found.clone())),
            None => drop(self.known.borrow_mut().remove(name)),
        }
        Ok(opened)
    }

    /// Forgets a secret wherever it is.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Error> {
        self.known.borrow_mut().remove(name);
        if let Some(session) = session() {
            let _ = session.remove_item(&self.slot(name));
        }
        Ok(self.store.write(vec![Op::Delete(Table::Secrets, name.to_owned())]).await?)
    }

    /// Forgets those that are kept on this device under a name which begins so and fits.
    pub(crate) async fn remove_those(&self, prefix: &str, fits: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let fits = |name: &str| name.starts_with(prefix) && fits(name);
        self.known.borrow_mut().retain(|name, _| !fits(name));
        let kept = self.store.range(Table::Secrets, prefix, &prefix_end(prefix)).await?;
        let gone = kept.into_iter().filter(|(name, _)| fits(name));
        self.store.write(gone.map(|(name, _)| Op::Delete(Table::Secrets, name)).collect()).await
    }

    /// Forgets everything, the key included: what a copy of the storage still holds cannot be opened any more.
    pub(crate) async fn remove_all(&self) -> Result<(), Error> {
        self.forget_here();
        self.store.write(vec![Op::Clear(Table::Secrets)]).await?;
        Ok(self.store.set_crypto_key(None).await?)
    }

    /// Another tab replaced or removed a secret: what is known of it here is out of date.
    pub(crate) fn outdated(&self, name: &str) {
        self.known.borrow_mut().remove(name);
        if let Some(session) = session() {
            let _ = session.remove_item(&self.slot(name));
        }
    }

    /// Forgets everything that this realm and this tab hold.
    pub(crate) fn forget_here(&self) {
        self.known.borrow_mut().clear();
        if let Some(session) = session() {
            let mine = |index: u32| session.key(index).ok().flatten().filter(|key| key.starts_with(&self.prefix));
            let keys: Vec<String> = (0..session.length().unwrap_or_default()).filter_map(mine).collect();
            for key in keys {
                let _ = session.remove_item(&key);
            }
        }
    }

    fn slot(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Encrypts; none where that is not possible: no WebCrypto, or a browser that does not keep keys (a private window).
    async fn seal(&self, value: &str) -> Option<String> {
        let subtle = subtle()?;
        let key = match self.store.crypto_key().await.ok()? {
            Some(key) => key,
            None => {
                let key = new_key(&subtle).await.ok()?;
                self.store.set_crypto_key(Some(key.clone())).await.ok()?;
                key
            }
        };
        let mut iv = [0u8; 12];
        random(&mut iv);
        let params = AesGcmParams::new("AES-GCM", &Uint8Array::from(iv.as_slice()));
        let sealed = subtle.encrypt_with_object_and_u8_array(&params, &key, value.as_bytes()).ok()?;
        let sealed = JsFuture::from(sealed).await.ok()?;
        Some(format!("{}.{}", hex(&iv), hex(&bytes(sealed))))
    }

    /// Decrypts; none when the key is gone or the text was tampered with.
    async fn open(&self, sealed: &str) -> Option<String> {
        let (iv, sealed) = sealed.split_once('.')?;
        let (iv, sealed) = (unhex(iv)?, unhex(sealed)?);
        let key = self.store.crypto_key().await.ok()??;
        let params = AesGcmParams::new("AES-GCM", &Uint8Array::from(iv.as_slice()));
        let opened = subtle()?.decrypt_with_object_and_u8_array(&params, &key, &sealed).ok()?;
        String::from_utf8(bytes(JsFuture::from(opened).await.ok()?)).ok()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Unavailable(_) => "allow this page to keep data, or leave the private window",
            StoreError::Full(_) => "free some space in Settings, Data, or export and erase",
            StoreError::Exists(_) | StoreError::Failed(_) => "reload the page and try again",
        };
        Error::new(Code::Storage, error.to_string()).hint(hint)
    }
}

fn session() -> Option<Storage> {
    global("sessionStorage")?.dyn_into().ok()
}

fn subtle() -> Option<SubtleCrypto> {
    let subtle = Reflect::get(&global("crypto")?, &"subtle".into()).ok()?;
    (!subtle.is_undefined()).then(|| subtle.unchecked_into())
}

async fn new_key(subtle: &SubtleCrypto) -> Result<CryptoKey, JsValue> {
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let extractable = false;
    let key = subtle.generate_key_with_object(&AesKeyGenParams::new("AES-GCM", 256), extractable, &usages)?;
    Ok(JsFuture::from(key).await?.unchecked_into())
}

fn bytes(buffer: JsValue) -> Vec<u8> {
    Uint8Array::new(&buffer.unchecked_into::<ArrayBuffer>()).to_vec()
}
