//! A store in memory: for Node, for tests, and for browsers that keep nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, ready};
use wasm_bindgen::JsValue;
use web_sys::CryptoKey;

use super::{Op, Record, Store, StoreError, Table, indexed, prefix_end};

type Tables = BTreeMap<(Table, String), String>;

/// Records in memory. Clones share them.
#[derive(Clone, Default)]
pub struct Memory {
    records: Rc<RefCell<Tables>>,
    /// The index of marks: table and mark with key, and the key alone.
    marks: Rc<RefCell<Tables>>,
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
                if let Op::Add(table, key, _) | Op::AddMarked(table, key, ..) = op {
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
        let mut index = self.marks.borrow_mut();
        for op in ops {
            match op {
                Op::Put(table, key, value) | Op::Add(table, key, value) => {
                    index.retain(|(its, _), of| *its != table || *of != key);
                    next.insert((table, key), value);
                }
                Op::PutMarked(table, key, value, marks) | Op::AddMarked(table, key, value, marks) => {
                    index.extend(marks.iter().map(|mark| ((table, indexed(mark, &key)), key.clone())));
                    next.insert((table, key), value);
                }
                Op::Delete(table, key) => {
                    index.retain(|(its, _), of| *its != table || *of != key);
                    next.remove(&(table, key));
                }
                Op::DeletePrefix(table, prefix) => {
                    index.retain(|(its, _), of| *its != table || !of.starts_with(&prefix));
                    next.retain(|(its, key), _| *its != table || !key.starts_with(&prefix));
                }
                Op::Clear(table) => {
                    index.retain(|(its, _), _| *its != table);
                    next.retain(|(its, _), _| *its != table);
                }
            }
        }
        drop((next, index));
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

    fn marked(
        &self,
        table: Table,
        marks: &[String],
        from: &str,
        to: &str,
    ) -> LocalBoxFuture<'static, Result<Vec<Vec<String>>, StoreError>> {
        let index = self.marks.borrow();
        let keys = |mark: &String| {
            let range = (table, indexed(mark, from))..=(table, indexed(mark, to));
            index.range(range).map(|(_, key)| key.clone()).collect()
        };
        ready(Ok(marks.iter().map(keys).collect())).boxed_local()
    }

    fn count(&self, table: Table, mark: Option<&str>) -> LocalBoxFuture<'static, Result<u64, StoreError>> {
        let count = match mark {
            None => self.records.borrow().keys().filter(|(its, _)| *its == table).count(),
            Some(mark) => {
                let (from, to) = (indexed(mark, ""), prefix_end(&indexed(mark, "")));
                self.marks.borrow().range((table, from)..=(table, to)).count()
            }
        };
        ready(Ok(u64::try_from(count).unwrap_or(u64::MAX))).boxed_local()
    }

    fn some(&self, table: Table, keys: Vec<String>) -> LocalBoxFuture<'static, Result<Vec<Record>, StoreError>> {
        let records = self.records.borrow();
        let found = keys.into_iter().filter_map(|key| {
            let value = records.get(&(table, key.clone()))?.clone();
            Some((key, value))
        });
        ready(Ok(found.collect())).boxed_local()
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
