//! Checkpoints: when the chain is exported, after so many rows, once a day, and when somebody asks for one.

use policy::audit::PublicKey;
use policy::audit::{Checkpoint, Entry};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{AuditLog, END, LOCK, TRIES, add, json, key, parse};
use crate::error::{Code, Error};
use crate::store::{Op, StoreError, Table};
use crate::time::now;
use policy::Millis;
use policy::audit::{Chain, Row};

/// The name of the key pair in the store.
const PAIR: &str = "audit";
/// The last checkpoint.
const SIGNED: &str = "audit-checkpoint";
/// A checkpoint is signed after so many rows,
const ROWS: u64 = 256;
/// and with the first row after so long.
const DAY: Millis = 86_400_000;

impl AuditLog {
    /// Signs how far the chain goes, and writes that into it.
    ///
    /// # Errors
    /// When this browser has no key to sign with and can make none, or the row cannot be kept.
    pub(crate) async fn checkpoint(&self) -> Result<Checkpoint, Error> {
        let _held = self.locks.hold(LOCK).await;
        let pair = self.pair().await?;
        self.put_checkpoint(&pair, None).await
    }

    /// Makes a new key; the old one signs that it takes over, and is forgotten.
    ///
    /// # Errors
    /// As [`AuditLog::checkpoint`].
    pub(crate) async fn new_key(&self) -> Result<Checkpoint, Error> {
        let _held = self.locks.hold(LOCK).await;
        let old = self.pair().await?;
        let new = key::new_pair().await.ok_or_else(no_key)?;
        let next = PublicKey::from(key::public_key(&new).await.ok_or_else(no_key)?);
        self.put_checkpoint(&old, Some(next)).await?;
        self.store.set_key_pair(PAIR, Some(new.clone())).await?;
        self.put_checkpoint(&new, None).await
    }

    /// The last checkpoint; none when nothing was ever signed.
    pub(crate) async fn signed(&self) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.store.get(Table::Settings, SIGNED).await?.and_then(|text| parse(&text).ok()))
    }

    /// Signs in the background when it is time. The caller holds the lock; the signing waits for it.
    pub(super) async fn sign_when_due(&self, chain: &Chain) {
        let (rows, at) = match self.signed.get() {
            Some(known) => known,
            None => self.since().await,
        };
        if chain.rows() < rows.saturating_add(ROWS) && now() < at.saturating_add(DAY) {
            return self.signed.set(Some((rows, at)));
        }
        // Not again for each row that is written until it is done; a browser that cannot sign is not asked all the time.
        self.signed.set(Some((chain.rows(), now())));
        let log = self.clone();
        spawn_local(async move {
            let _ = log.checkpoint().await;
        });
    }

    /// What the last checkpoint is about and when it was signed; without one, the beginning of the chain.
    async fn since(&self) -> (u64, Millis) {
        if let Ok(Some(checkpoint)) = self.signed().await {
            return (checkpoint.rows, checkpoint.at);
        }
        let first = self.store.get(Table::Audit, &key(0)).await.ok().flatten();
        (0, first.and_then(|text| parse::<Row>(&text).ok()).map_or_else(now, |row| row.at))
    }

    async fn pair(&self) -> Result<JsValue, Error> {
        if let Some(pair) = self.store.key_pair(PAIR).await? {
            return Ok(pair);
        }
        let pair = key::new_pair().await.ok_or_else(no_key)?;
        self.store.set_key_pair(PAIR, Some(pair.clone())).await?;
        Ok(pair)
    }

    async fn put_checkpoint(&self, pair: &JsValue, next: Option<PublicKey>) -> Result<Checkpoint, Error> {
        let public = PublicKey::from(key::public_key(pair).await.ok_or_else(no_key)?);
        let mut lost = StoreError::Exists(String::new());
        for _ in 0..TRIES {
            let (mut chain, mut ops) = self.head().await?;
            let mut checkpoint = Checkpoint::of(&chain, now(), public.clone(), next.clone(), String::new());
            checkpoint.signature = key::sign(pair, &checkpoint.statement()).await.ok_or_else(no_key)?;
            ops.push(add(&chain.append(Entry::Checkpoint(Box::new(checkpoint.clone())), checkpoint.at))?);
            ops.push(Op::Put(Table::Settings, END.to_owned(), json(&chain)?));
            ops.push(Op::Put(Table::Settings, SIGNED.to_owned(), json(&checkpoint)?));
            match self.store.write(ops).await {
                Err(StoreError::Exists(row)) => lost = StoreError::Exists(row),
                Err(other) => return Err(other.into()),
                Ok(()) => {
                    self.signed.set(Some((checkpoint.rows, checkpoint.at)));
                    self.tell_written();
                    return Ok(checkpoint);
                }
            }
        }
        Err(lost.into())
    }
}

fn no_key() -> Error {
    Error::new(Code::Storage, "this browser has no key to sign the record with")
        .hint("open the page over https: and outside a private window; the record can be exported unsigned")
}
