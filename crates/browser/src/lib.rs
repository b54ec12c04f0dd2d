//! The only crate with IO: fetch, streams, IndexedDB, timers, and the dispatcher.
