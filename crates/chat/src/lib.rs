//! How a conversation runs, without IO.
