//! What may happen: who may do what, and the gate.
