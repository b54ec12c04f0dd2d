//! How a conversation runs, without IO.
//!
//! Nothing here fetches, stores, waits or reads a clock: identifiers, bytes and times come in, records and effects go
//! out. `browser` does the effects, `site` shows the records.
//!
//! * [`conversation`]: the record of a chat, its call cards and the words for each of their states.
//! * [`direct`]: direct mode, which finds the action a sentence is about without a language model.
//! * [`schema`]: a form from a JSON Schema, and the check of what was filled in.
//! * [`results`]: what a tool result consists of, ready to be shown, and the values it offers to a later call.
//! * [`context`]: what a model is told, and in which words.
//! * [`material`]: what servers offer besides actions: prompts, and resources with their templates.
//! * [`mention`]: what is named with a mark while it is typed.
//! * [`import`]: conversations from a file.
//! * [`model`]: the wires that language models speak.
//! * [`modes`]: what a mode asks of a model; [`plan`]: its plan for a turn in several steps; [`sources`]: what its
//!   answers stand on.
//! * [`prompts`]: prompts to try an action with.
//! * [`turn`]: one turn with a model, from the question to the answer, tool calls included.

pub mod context;
pub mod conversation;
pub mod direct;
pub mod import;
pub mod material;
pub mod mention;
pub mod model;
pub mod modes;
pub mod plan;
pub mod prompts;
pub mod results;
pub mod schema;
pub mod sources;
pub mod turn;

/// The JSON value of a body; none where it is none.
///
/// Everything is read from text: reading from bytes too would put a second reader of JSON into the program.
pub fn json_of(body: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
}
