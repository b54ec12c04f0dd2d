//! A map for few entries: a sorted list. The maps of the standard library bring several kilobytes of program for every
//! kind of key and value, and nothing here has so many entries that a list would be slow.

/// Entries by key, in the order of their keys.
#[derive(Debug)]
pub(crate) struct Table<K, V>(Vec<(K, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Table<K, V> {
    /// Where a key is, or where it would be.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(self.place(key).ok()?).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Puts an entry in, in the place of one with the same key. True if there was none.
    pub(crate) fn insert(&mut self, key: K, value: V) -> bool {
        match self.place(&key) {
            Ok(place) => {
                if let Some(entry) = self.0.get_mut(place) {
                    entry.1 = value;
                }
                false
            }
            Err(place) => {
                self.0.insert(place, (key, value));
                true
            }
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Every entry, taken out.
    pub(crate) fn take(&mut self) -> Vec<(K, V)> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_table_is_a_map(acts in proptest::collection::vec((0u8..9, any::<u8>(), 0u8..3), 0..60)) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (key, value, act) in acts {
                match act {
                    0 => prop_assert_eq!(table.remove(&key), map.remove(&key)),
                    1 => prop_assert_eq!(table.insert(key, value), map.insert(key, value).is_none()),
                    _ => {
                        prop_assert_eq!(table.contains_key(&key), map.contains_key(&key));
                        if let Some(known) = table.get_mut(&key) {
                            *known = value;
                        }
                        map.entry(key).and_modify(|known| *known = value);
                    }
                }
                prop_assert_eq!(table.get(&key), map.get(&key));
            }
            prop_assert!(table.iter().eq(map.iter()) && table.keys().eq(map.keys()) && table.values().eq(map.values()));
            prop_assert!(table.iter_mut().eq(map.iter_mut()) && table.values_mut().eq(map.values_mut()));
            prop_assert_eq!((table.len(), table.is_empty()), (map.len(), map.is_empty()));
            prop_assert!(table.take().into_iter().eq(map));
            prop_assert!(table.is_empty());
        }
    }
}
