//! A store in memory: for Node, for tests, and for browsers that keep nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, ready};
use wasm_bindgen::JsValue;
use web_sys::CryptoKey;

use super::{Op, Record, Store, StoreError, Table, prefix_end};

type Tables = BTreeMap<(Table, String), String>;

/// Records in memory. Clones share them.
#[derive(Clone, Default)]
pub struct Memory {
    records: Rc<RefCell<Tables>>,
    key: Rc<RefCell<Option<CryptoKey>>>,
    pairs: Rc<RefCell<BTreeMap<String, JsValue>>>,
    fault: Rc<RefCell<Option<StoreError>>>,
    writes: Rc<Cell<usize>>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Memory::default()
    }

    /// Lets every later write fail like this, or work again: a full disk cannot be had on request.
    pub fn fail_writes(&self, fault: Option<StoreError>) {
        *self.fault.borrow_mut() = fault;
    }

    /// How many writes were done.
    pub fn writes(&self) -> usize {
        self.writes.get()
    }

    fn apply(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        if let Some(fault) = self.fault.borrow().clone() {
            return Err(fault);
        }
        // First see whether it can be done at all: all or nothing.
        {
            let records = self.records.borrow();
            let mut added: Vec<(Table, &str)> = Vec::new();
            for op in &ops {
                if let Op::Add(table, key, _) = op {
                    let known = records.contains_key(&(*table, key.clone())) || added.contains(&(*table, key.as_str()));
                    let cleared = ops.iter().any(|other| matches!(other, Op::Clear(its) if its == table));
                    if known && !cleared {
                        return Err(StoreError::Exists(key.clone()));
                    }
                    added.push((*table, key));
                }
            }
        }
        let mut next = self.records.borrow_mut();
        for op in ops {
            match op {
                Op::Put(table, key, value) | Op::Add(table, key, value) => {
                    next.insert((table, key), value);
                }
                Op::Delete(table, key) => {
                    next.remove(&(table, key));
                }
                Op::DeletePrefix(table, prefix) => {
                    next.retain(|(its, key), _| *its != table || !key.starts_with(&prefix));
                }
                Op::Clear(table) => next.retain(|(its, _), _| *its != table),
            }
        }
        drop(next);
        self.writes.set(self.writes.get() + 1);
        Ok(())
    }

    fn select(&self, table: Table, from: &str, to: &str) -> Vec<Record> {
        self.records
            .borrow()
            .range((table, from.to_owned())..=(table, to.to_owned()))
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl Store for Memory {
    fn get(&self, table: Table, key: &str) -> LocalBoxFuture<'static, Result<Option<String>, StoreError>> {
        let found = self.records.borrow().get(&(table, key.to_owned())).cloned();
        ready(Ok(found)).boxed_local()
    }

    fn range(&self, table: Table, from: &str, to: &str) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        ready(Ok(self.select(table, from, to))).boxed_local()
    }

    fn all(&self, table: Table) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        ready(Ok(self.select(table, "", &prefix_end("")))).boxed_local()
    }

    fn last(&self, table: Table) -> LocalBoxFuture<'static, Result<Option<Record>, StoreError>> {
        ready(Ok(self.select(table, "", &prefix_end("")).pop())).boxed_local()
    }

    fn write(&self, ops: Vec<Op>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        ready(self.apply(ops)).boxed_local()
    }

    fn crypto_key(&self) -> LocalBoxFuture<'static, Result<Option<CryptoKey>, StoreError>> {
        ready(Ok(self.key.borrow().clone())).boxed_local()
    }

    fn set_crypto_key(&self, key: Option<CryptoKey>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        if key.is_none() {
            self.pairs.borrow_mut().clear();
        }
        *self.key.borrow_mut() = key;
        ready(Ok(())).boxed_local()
    }

    fn key_pair(&self, name: &str) -> LocalBoxFuture<'static, Result<Option<JsValue>, StoreError>> {
        ready(Ok(self.pairs.borrow().get(name).cloned())).boxed_local()
    }

    fn set_key_pair(&self, name: &str, pair: Option<JsValue>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        match pair {
            Some(pair) => drop(self.pairs.borrow_mut().insert(name.to_owned(), pair)),
            None => drop(self.pairs.borrow_mut().remove(name)),
        }
        ready(Ok(())).boxed_local()
    }

    fn close(&self) {}
}
