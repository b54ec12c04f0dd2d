//! The store in the browser's IndexedDB.
//!
//! The schema is a list of steps: version `n` of the database is what the first `n` steps create, so an old database
//! is brought up to date by running only the steps it has not seen, and a step is never changed once released.
//! Records with marks are objects of a text and its marks, over which their table has an index with an entry for each
//! mark; all others are texts. A table that got its index later has both, and both are read alike.
//!
//! A newer tab that wants to upgrade asks this one to let go of the database; this one does and says so.

use std::cell::RefCell;
use std::future::{Future, IntoFuture as _};
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{LocalBoxFuture, join_all, ready};
use futures_util::{FutureExt as _, TryFutureExt as _};
use idb::{
    CursorDirection, Database, DatabaseEvent as _, Event as _, Factory, IndexParams, KeyPath, KeyRange,
    ObjectStoreParams, Query, Request as _, Transaction, TransactionMode, TransactionResult,
};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::CryptoKey;

use super::{Op, Record, Store, StoreError, Table, indexed, prefix_end};
use crate::time::words;

/// The table of the non-extractable keys; not a [`Table`], because a key is no text and is never exported. Key pairs of
/// sign-ins are there under the names of their secrets.
const KEYS: &str = "keys";
const KEY: &str = "secrets";

/// The name of an index of marks, of the property it is over, and of the one beside it that holds the text.
const MARKS: &str = "marks";
const TEXT: &str = "text";

/// One thing that a version of the database adds.
#[derive(Clone, Copy, Debug)]
enum Add {
    /// A table.
    Table(&'static str),
    /// An index of marks for a table that is there.
    Marks(&'static str),
}

/// What each version of the database adds. Append only.
const STEPS: &[&[Add]] = &[
    &[
        Add::Table("settings"),
        Add::Table("conversations"),
        Add::Table("items"),
        Add::Table("audit"),
        Add::Table("notes"),
        Add::Table("models"),
        Add::Table("secrets"),
        Add::Table(KEYS),
    ],
    &[Add::Marks("audit"), Add::Table("payloads")],
];

/// An open database. Clones share it.
#[derive(Clone)]
pub struct IndexedDb {
    database: Rc<RefCell<Option<Database>>>,
}

impl IndexedDb {
    /// Opens a database, creating or upgrading it. `lost` runs when a newer tab takes the database over.
    ///
    /// # Errors
    /// [`StoreError`] when the browser blocks it, or when a newer version of the page has written it.
    pub async fn open(name: &str, lost: impl FnOnce() + 'static) -> Result<Self, StoreError> {
        Self::open_steps(name, STEPS, lost).await
    }

    /// Opens it with other steps; the upgrade test does.
    async fn open_steps(
        name: &str,
        steps: &'static [&'static [Add]],
        lost: impl FnOnce() + 'static,
    ) -> Result<Self, StoreError> {
        let factory = Factory::new().map_err(unavailable)?;
        let version = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        let mut request = factory.open(name, Some(version)).map_err(unavailable)?;
        request.on_upgrade_needed(move |event| {
            let (Ok(database), Ok(old)) = (event.database(), event.old_version()) else { return };
            let seen = usize::try_from(old).unwrap_or_default();
            let under_way = event.target().ok().and_then(|request| request.transaction());
            for add in steps.iter().skip(seen).copied().flatten() {
                // A failure here aborts the upgrade, and the open request reports it.
                match add {
                    Add::Table(table) => drop(database.create_object_store(table, ObjectStoreParams::new())),
                    Add::Marks(table) => {
                        let mut each = IndexParams::new();
                        each.multi_entry(true);
                        let store = under_way.as_ref().and_then(|transaction| transaction.object_store(table).ok());
                        let path = KeyPath::new_single(MARKS);
                        let _ = store.map(|store| store.create_index(MARKS, path, Some(each)));
                    }
                }
            }
        });
        let mut database = request.await.map_err(unavailable)?;
        let shared = Rc::new(RefCell::new(None::<Database>));
        let mine = shared.clone();
        database.on_version_change(move |_| {
            if let Some(database) = mine.borrow_mut().take() {
                database.close();
            }
            lost();
        });
        *shared.borrow_mut() = Some(database);
        Ok(IndexedDb { database: shared })
    }

    fn begin(&self, tables: &[&str], mode: TransactionMode) -> Result<Transaction, StoreError> {
        let database = self.database.borrow();
        let database = database
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("another tab has a newer version of this page open".to_owned()))?;
        database.transaction(tables, mode).map_err(failed)
    }

    fn read_key(&self, name: &str) -> LocalBoxFuture<'static, Result<Option<JsValue>, StoreError>> {
        let (this, name) = (self.clone(), JsValue::from_str(name));
        async move {
            let transaction = this.begin(&[KEYS], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(KEYS).map_err(failed)?;
            store.get(name).map_err(failed)?.await.map_err(failed)
        }
        .to_its_end()
    }

    fn select(&self, table: Table, query: Option<Query>) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        let this = self.clone();
        async move {
            let transaction = this.begin(&[table.name()], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(table.name()).map_err(failed)?;
            let keys = store.get_all_keys(query.clone(), None).map_err(failed)?;
            let values = store.get_all(query, None).map_err(failed)?;
            let (keys, values) = (keys.await.map_err(failed)?, values.await.map_err(failed)?);
            Ok(keys.iter().zip(&values).filter_map(record).collect())
        }
        .to_its_end()
    }
}

impl Store for IndexedDb {
    fn get(&self, table: Table, key: &str) -> LocalBoxFuture<'static, Result<Option<String>, StoreError>> {
        let (this, key) = (self.clone(), JsValue::from_str(key));
        async move {
            let transaction = this.begin(&[table.name()], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(table.name()).map_err(failed)?;
            let value = store.get(key).map_err(failed)?.await.map_err(failed)?;
            Ok(value.and_then(|value| text_of(&value)))
        }
        .to_its_end()
    }

    fn range(&self, table: Table, from: &str, to: &str) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        match bounds(from, to) {
            Ok(range) => self.select(table, Some(range)),
            Err(error) => async move { Err(error) }.boxed_local(),
        }
    }

    fn all(&self, table: Table) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        self.select(table, None)
    }

    fn last(&self, table: Table) -> LocalBoxFuture<'static, Result<Option<Record>, StoreError>> {
        let this = self.clone();
        async move {
            let transaction = this.begin(&[table.name()], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(table.name()).map_err(failed)?;
            let cursor = store.open_cursor(None, Some(CursorDirection::Prev)).map_err(failed)?.await.map_err(failed)?;
            let Some(cursor) = cursor else { return Ok(None) };
            Ok(record((&cursor.key().map_err(failed)?, &cursor.value().map_err(failed)?)))
        }
        .to_its_end()
    }

    fn marked(
        &self,
        table: Table,
        marks: &[String],
        from: &str,
        to: &str,
    ) -> LocalBoxFuture<'static, Result<Vec<Vec<String>>, StoreError>> {
        let this = self.clone();
        let ranges: Result<Vec<Query>, _> =
            marks.iter().map(|mark| bounds(&indexed(mark, from), &indexed(mark, to))).collect();
        async move {
            let transaction = this.begin(&[table.name()], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(table.name()).map_err(failed)?;
            let index = store.index(MARKS).map_err(failed)?;
            let ask = |range| Ok(index.get_all_keys(Some(range), None).map_err(failed)?.into_future());
            let asked: Vec<_> = ranges?.into_iter().map(ask).collect::<Result<_, StoreError>>()?;
            let texts = |keys: Result<Vec<JsValue>, _>| {
                Ok(keys.map_err(failed)?.iter().filter_map(JsValue::as_string).collect())
            };
            join_all(asked).await.into_iter().map(texts).collect()
        }
        .to_its_end()
    }

    fn count(&self, table: Table, mark: Option<&str>) -> LocalBoxFuture<'static, Result<u64, StoreError>> {
        let this = self.clone();
        let range = mark.map(|mark| bounds(&indexed(mark, ""), &prefix_end(&indexed(mark, "")))).transpose();
        async move {
            let transaction = this.begin(&[table.name()], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(table.name()).map_err(failed)?;
            let count = match range? {
                None => store.count(None).map_err(failed)?,
                range => store.index(MARKS).map_err(failed)?.count(range).map_err(failed)?,
            };
            Ok(u64::from(count.await.map_err(failed)?))
        }
        .to_its_end()
    }

    fn some(&self, table: Table, keys: Vec<String>) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        let this = self.clone();
        async move {
            let transaction = this.begin(&[table.name()], TransactionMode::ReadOnly)?;
            let store = transaction.object_store(table.name()).map_err(failed)?;
            let asked = keys.iter().map(|key| Ok(store.get(JsValue::from_str(key)).map_err(failed)?.into_future()));
            let asked: Vec<_> = asked.collect::<Result<_, StoreError>>()?;
            let mut found = Vec::with_capacity(keys.len());
            for (key, value) in keys.into_iter().zip(join_all(asked).await) {
                if let Some(text) = value.map_err(failed)?.and_then(|value| text_of(&value)) {
                    found.push((key, text));
                }
            }
            Ok(found)
        }
        .to_its_end()
    }

    fn write(&self, ops: Vec<Op>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let this = self.clone();
        async move {
            let mut tables: Vec<&str> = ops.iter().map(|op| op.table().name()).collect();
            tables.sort_unstable();
            tables.dedup();
            if tables.is_empty() {
                return Ok(());
            }
            let transaction = this.begin(&tables, TransactionMode::ReadWrite)?;
            // The record that must be new, to name it if it is not.
            let adding = ops.iter().find_map(|op| match op {
                Op::Add(_, key, _) | Op::AddMarked(_, key, ..) => Some(key.clone()),
                _ => None,
            });
            let mut requests = Vec::with_capacity(ops.len());
            for op in ops {
                match enqueue(&transaction, op) {
                    Ok(request) => requests.push(request),
                    Err(error) => {
                        // What was begun before must not be committed on its own.
                        if let Ok(transaction) = transaction.abort() {
                            let _ = transaction.into_future().await;
                        }
                        return Err(error);
                    }
                }
            }
            let finished = done(transaction);
            // A request knows why it failed; the transaction often only knows that it did.
            if let Some(error) = join_all(requests).await.into_iter().find_map(Result::err) {
                return match failed(error) {
                    StoreError::Failed(why) if why.contains("ConstraintError") || why.contains("already exists") => {
                        Err(StoreError::Exists(adding.unwrap_or_default()))
                    }
                    other => Err(other),
                };
            }
            finished.await
        }
        .to_its_end()
    }

    fn crypto_key(&self) -> LocalBoxFuture<'static, Result<Option<CryptoKey>, StoreError>> {
        self.read_key(KEY).map_ok(|key| key.and_then(|key| key.dyn_into().ok())).boxed_local()
    }

    fn set_crypto_key(&self, key: Option<CryptoKey>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let this = self.clone();
        async move {
            let transaction = this.begin(&[KEYS], TransactionMode::ReadWrite)?;
            let store = transaction.object_store(KEYS).map_err(failed)?;
            match key {
                Some(key) => drop(store.put(&key, Some(&JsValue::from_str(KEY))).map_err(failed)?),
                None => drop(store.clear().map_err(failed)?),
            }
            done(transaction).await
        }
        .to_its_end()
    }

    fn key_pair(&self, name: &str) -> LocalBoxFuture<'static, Result<Option<JsValue>, StoreError>> {
        self.read_key(name)
    }

    fn set_key_pair(&self, name: &str, pair: Option<JsValue>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let (this, name) = (self.clone(), JsValue::from_str(name));
        async move {
            let transaction = this.begin(&[KEYS], TransactionMode::ReadWrite)?;
            let store = transaction.object_store(KEYS).map_err(failed)?;
            match pair {
                Some(pair) => drop(store.put(&pair, Some(&name)).map_err(failed)?),
                None => drop(store.delete(name).map_err(failed)?),
            }
            done(transaction).await
        }
        .to_its_end()
    }

    fn close(&self) {
        if let Some(database) = self.database.borrow_mut().take() {
            database.close();
        }
    }
}

/// Work that goes on though nobody waits for it any more.
///
/// Who cancels an export drops what it waited for. The browser answers a request all the same, and must find who hears
/// the answer: a handler that is gone is an error of the page.
trait ToItsEnd<T: 'static>: Future<Output = Result<T, StoreError>> + Sized + 'static {
    fn to_its_end(self) -> LocalBoxFuture<'static, Result<T, StoreError>> {
        async move {
            let (tell, told) = oneshot::channel();
            spawn_local(async move { drop(tell.send(self.await)) });
            told.await.unwrap_or_else(|_| Err(StoreError::Failed("the request was given up".to_owned())))
        }
        .boxed_local()
    }
}

impl<T: 'static, F: Future<Output = Result<T, StoreError>> + 'static> ToItsEnd<T> for F {}

/// A request of a transaction under way.
type Asked = LocalBoxFuture<'static, Result<(), idb::Error>>;

/// Puts one change into a transaction.
fn enqueue(transaction: &Transaction, op: Op) -> Result<Asked, StoreError> {
    let store = transaction.object_store(op.table().name()).map_err(failed)?;
    Ok(match op {
        Op::Put(_, key, value) => {
            asked(store.put(&value.into(), Some(&key.into())).map_err(failed)?.into_future().map_ok(drop))
        }
        Op::Add(_, key, value) => {
            asked(store.add(&value.into(), Some(&key.into())).map_err(failed)?.into_future().map_ok(drop))
        }
        Op::AddMarked(_, key, value, marks) => {
            let value = marked(&key, value, &marks)?;
            asked(store.add(&value, Some(&key.into())).map_err(failed)?.into_future().map_ok(drop))
        }
        Op::PutMarked(_, key, value, marks) => {
            let value = marked(&key, value, &marks)?;
            asked(store.put(&value, Some(&key.into())).map_err(failed)?.into_future().map_ok(drop))
        }
        Op::Delete(_, key) => asked(store.delete(JsValue::from(key)).map_err(failed)?.into_future()),
        Op::DeletePrefix(_, prefix) => {
            asked(store.delete(bounds(&prefix, &prefix_end(&prefix))?).map_err(failed)?.into_future())
        }
        Op::Clear(_) => asked(store.clear().map_err(failed)?.into_future()),
    })
}

fn asked(request: impl Future<Output = Result<(), idb::Error>> + 'static) -> Asked {
    request.boxed_local()
}

/// Commits a transaction that has all its requests, and waits until it is on disk. Committed at once and not when the
/// page has heard of every request, it is carried out although the page is left (Indexed Database API 3.0, `commit`). A
/// quota that is used up shows only when it is committed.
fn done(transaction: Transaction) -> impl Future<Output = Result<(), StoreError>> {
    let tables = transaction.store_names();
    let same = tables.first().and_then(|table| transaction.object_store(table).ok()).map(|store| store.transaction());
    let committed = match transaction.commit() {
        Ok(transaction) => transaction.into_future().left_future(),
        Err(error) => ready(Err(error)).right_future(),
    };
    committed.map(move |result| match result {
        Ok(TransactionResult::Committed) => Ok(()),
        Ok(TransactionResult::Aborted) => {
            let why = same.and_then(|transaction| transaction.error());
            let why = why.map_or_else(|| "the transaction was aborted".to_owned(), |why| words(why.as_ref()));
            if why.contains("Quota") { Err(StoreError::Full(why)) } else { Err(StoreError::Failed(why)) }
        }
        Err(error) => Err(failed(error)),
    })
}

fn bounds(from: &str, to: &str) -> Result<Query, StoreError> {
    KeyRange::bound(&from.into(), &to.into(), None, None).map(Query::from).map_err(failed)
}

fn record((key, value): (&JsValue, &JsValue)) -> Option<Record> {
    Some((key.as_string()?, text_of(value)?))
}

/// A record with its marks, as it is stored.
fn marked(key: &str, text: String, marks: &[String]) -> Result<JsValue, StoreError> {
    let object = Object::new();
    let marks: Array = marks.iter().map(|mark| JsValue::from(indexed(mark, key))).collect();
    let set = |name: &str, value: &JsValue| Reflect::set(&object, &name.into(), value);
    set(TEXT, &text.into()).and_then(|_| set(MARKS, &marks)).map_err(|error| StoreError::Failed(words(&error)))?;
    Ok(object.into())
}

/// The text of a record, with marks or without.
fn text_of(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| Reflect::get(value, &TEXT.into()).ok()?.as_string())
}

fn unavailable(error: idb::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

fn failed(error: idb::Error) -> StoreError {
    let words = error.to_string();
    if words.contains("QuotaExceeded") { StoreError::Full(words) } else { StoreError::Failed(words) }
}
