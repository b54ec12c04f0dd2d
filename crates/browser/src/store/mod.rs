//! Where things are kept: one port, two implementations.
//!
//! A record is JSON text under a text key in a [`Table`]; text, because the order of arguments and every invisible
//! character have to survive. [`Store::write`] is atomic over all its tables. Two tabs share one [`indexed_db`]
//! store; what must not be interleaved (the rulebook, the audit chain) is done under a lock of `tabs`, and
//! [`Op::Add`] refuses to overwrite even without one.
//!
//! A record may carry *marks*: words by which it is found in the order of its key, without the others being read.
//!
//! Keys: settings `rulebook`, `chosen-model`; conversations and items `ID` and `ID/000042`; audit `000000000042`;
//! everything else the id of the thing.

pub mod indexed_db;
pub mod memory;

use futures_util::future::LocalBoxFuture;
use wasm_bindgen::JsValue;
use web_sys::CryptoKey;

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// The rulebook and small settings.
    Settings,
    /// Heads of conversations: id, title, times, active connectors.
    Conversations,
    /// Items of conversations, one record each, so that a long conversation is not rewritten for every word.
    Items,
    /// The audit log, one record a row.
    Audit,
    /// The notes of the built-in *Notebook*.
    Notes,
    /// Configured models, without their keys.
    Models,
    /// Encrypted tokens and keys that are kept on this device.
    Secrets,
    /// What was sent and what came back, where a workspace keeps that: masked, cut short, for a time.
    Payloads,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 8] = [
        Table::Settings,
        Table::Conversations,
        Table::Items,
        Table::Audit,
        Table::Notes,
        Table::Models,
        Table::Secrets,
        Table::Payloads,
    ];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Settings => "settings",
            Table::Conversations => "conversations",
            Table::Items => "items",
            Table::Audit => "audit",
            Table::Notes => "notes",
            Table::Models => "models",
            Table::Secrets => "secrets",
            Table::Payloads => "payloads",
        }
    }
}

/// One change of a [`Store::write`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a record, new or not.
    Put(Table, String, String),
    /// Writes a record that must not exist yet; otherwise the whole write fails with [`StoreError::Exists`].
    Add(Table, String, String),
    /// As [`Op::Add`], with marks to find it by. Only in a table that has an index of marks.
    AddMarked(Table, String, String, Vec<String>),
    /// As [`Op::Put`], with marks to find it by.
    PutMarked(Table, String, String, Vec<String>),
    /// Deletes a record, there or not.
    Delete(Table, String),
    /// Deletes the records whose key begins with the text.
    DeletePrefix(Table, String),
    /// Deletes every record of a table.
    Clear(Table),
}

impl Op {
    /// The table it changes.
    pub fn table(&self) -> Table {
        match self {
            Op::Put(table, ..)
            | Op::Add(table, ..)
            | Op::AddMarked(table, ..)
            | Op::PutMarked(table, ..)
            | Op::Delete(table, _)
            | Op::DeletePrefix(table, _)
            | Op::Clear(table) => *table,
        }
    }
}

/// Why a store did not do it. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no storage here, or the browser blocks it.
    #[error("this browser does not let the page keep anything: {0}")]
    Unavailable(String),
    /// The quota is used up.
    #[error("the browser's storage for this page is full: {0}")]
    Full(String),
    /// A record that must be new is there already.
    #[error("the record `{0}` exists already")]
    Exists(String),
    /// Anything else the browser reports.
    #[error("the browser's storage failed: {0}")]
    Failed(String),
}

/// A record: key and JSON text.
pub type Record = (String, String);

/// The port. Everything is asynchronous and single-threaded.
pub trait Store {
    /// One record.
    fn get(&self, table: Table, key: &str) -> LocalBoxFuture<'static, Result<Option<String>, StoreError>>;

    /// The records with `from <= key <= to`, in key order.
    fn range(&self, table: Table, from: &str, to: &str) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>>;

    /// Every record, in key order.
    fn all(&self, table: Table) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>>;

    /// The record with the greatest key.
    fn last(&self, table: Table) -> LocalBoxFuture<'static, Result<Option<Record>, StoreError>>;

    /// For each of some marks the keys of the records that carry it, with `from <= key <= to`, in key order. Only in a
    /// table that has an index of marks. Many at once, because a question of its own for each takes its time.
    fn marked(
        &self,
        table: Table,
        marks: &[String],
        from: &str,
        to: &str,
    ) -> LocalBoxFuture<'static, Result<Vec<Vec<String>>, StoreError>>;

    /// How many records carry a mark; with none, how many there are.
    fn count(&self, table: Table, mark: Option<&str>) -> LocalBoxFuture<'static, Result<u64, StoreError>>;

    /// The records of these keys, in the order of the keys; what is not there is left out.
    fn some(&self, table: Table, keys: Vec<String>) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>>;

    /// Does all of it or nothing.
    fn write(&self, ops: Vec<Op>) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// The key that encrypts secrets; it cannot be read out of the browser.
    fn crypto_key(&self) -> LocalBoxFuture<'static, Result<Option<CryptoKey>, StoreError>>;

    /// Keeps the key that encrypts secrets, or forgets it and every key pair with it.
    fn set_crypto_key(&self, key: Option<CryptoKey>) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// A `CryptoKeyPair` that tokens are bound to (RFC 9449); its private half cannot be read out of the browser.
    fn key_pair(&self, name: &str) -> LocalBoxFuture<'static, Result<Option<JsValue>, StoreError>>;

    /// Keeps or forgets such a pair.
    fn set_key_pair(&self, name: &str, pair: Option<JsValue>) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// Lets go of the storage; later operations fail.
    fn close(&self);
}

/// The greatest key that begins with a prefix, for [`Store::range`].
pub(crate) fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{ffff}")
}

/// Between a mark and the key of its record in an index: sorts before every character of a mark.
const BETWEEN: char = '\u{1}';

/// A mark as an index has it: with the key of its record, so that a part of the keys can be asked for.
pub(crate) fn indexed(mark: &str, key: &str) -> String {
    format!("{mark}{BETWEEN}{key}")
}
