//! What the provider of a model wants to get back as it was, kept beside the answer in which it came.
//!
//! Thoughts with their signatures, seals on calls, the ids of calls, in their order: without them a model that goes on
//! from a stored conversation does not know what it thought, and some providers refuse it (wires.md B2). Nobody reads
//! any of it here. It goes back to the model that it came from and to no other, and into no file.

use super::ItemId;
use crate::model::{Endpoint, Part, Wire, WireCall};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most that is kept beside one answer, in bytes as JSON. Of an answer with more only the words are.
pub const KEPT_BYTES: usize = 256 * 1024;

/// What a model is told about a call of which nothing is known: the turn ended first.
const NOT_MADE: &str = "status: not made. The turn ended before this call was made; nothing was sent.";

/// What belongs to an answer besides its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Whom it came from, and goes back to.
    wire: Wire,
    base: String,
    model: String,
    pieces: Vec<Piece>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Piece {
    /// So many bytes of the answer's text.
    Text { bytes: usize },
    /// What goes back as it came.
    Thought { thought: Value },
    /// A call that the model asked for.
    Call(Asked),
}

/// A call as the model asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    id: String,
    name: String,
    arguments: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
    /// The item with its card, where it became a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<ItemId>,
    /// What the model was told, where it became none: a plan, a search for actions, nonsense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<String>,
}

impl Asked {
    /// The id that its provider gave it, or that it got in its place.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What the model was told without a card.
    pub(crate) fn told(&self) -> &str {
        self.told.as_deref().unwrap_or(NOT_MADE)
    }

    /// The call, under the name that its action has now, and with the arguments that were sent where a person changed
    /// them.
    pub(crate) fn call(&self, sent: Option<(String, &Value)>) -> WireCall {
        let came = serde_json::from_str::<Value>(&self.arguments).ok();
        let (name, arguments) = match sent {
            Some((name, sent)) if came.as_ref() != Some(sent) => (name, sent.to_string()),
            Some((name, _)) => (name, self.arguments.clone()),
            None => (self.name.clone(), self.arguments.clone()),
        };
        WireCall { seal: self.seal.clone(), ..WireCall::new(self.id.clone(), name, arguments) }
    }
}

impl Kept {
    /// What is kept of an answer; none where its words say all there is, or where it is too much. `told` gives what the
    /// model is told at once about the call with an id.
    pub(crate) fn of(endpoint: &Endpoint, parts: &[Part], told: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return None;
        }
        let piece = |part: &Part| match part {
            Part::Text(text) => Piece::Text { bytes: text.len() },
            Part::Thought(thought) => Piece::Thought { thought: thought.clone() },
            Part::Call(call) => Piece::Call(Asked {
                id: call.id.clone(),
                name: call.name.clone(),
                arguments: call.arguments.clone(),
                seal: call.seal.clone(),
                card: None,
                told: told(&call.id),
            }),
        };
        let kept = Self {
            wire: endpoint.wire,
            base: endpoint.base().to_owned(),
            model: endpoint.model.clone(),
            pieces: parts.iter().map(piece).collect(),
        };
        serde_json::to_string(&kept).is_ok_and(|text| text.len() <= KEPT_BYTES).then_some(kept)
    }

    /// Whether it came from there.
    pub(crate) fn goes_to(&self, endpoint: &Endpoint) -> bool {
        self.wire == endpoint.wire && self.base == endpoint.base() && self.model == endpoint.model
    }

    /// The call of this id got a card.
    pub(super) fn called(&mut self, id: &str, card: ItemId) {
        let calls =
            self.pieces.iter_mut().filter_map(|piece| if let Piece::Call(call) = piece { Some(call) } else { None });
        calls.filter(|call| call.id == id).for_each(|call| call.card = Some(card.clone()));
    }

    /// Its calls, in their order.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Asked> {
        self.pieces.iter().filter_map(|piece| if let Piece::Call(call) = piece { Some(call) } else { None })
    }

    /// The answer as it came, with this text. `call` makes its calls. None where the text is another.
    pub(crate) fn parts(&self, text: &str, mut call: impl FnMut(&Asked) -> WireCall) -> Option<Vec<Part>> {
        let mut rest = text;
        let parts = self.pieces.iter().map(|piece| {
            Some(match piece {
                Piece::Text { bytes } => {
                    let (here, after) = rest.split_at_checked(*bytes)?;
                    rest = after;
                    Part::Text(here.to_owned())
                }
                Piece::Thought { thought } => Part::Thought(thought.clone()),
                Piece::Call(asked) => Part::Call(call(asked)),
            })
        });
        let parts: Option<Vec<Part>> = parts.collect();
        parts.filter(|_| rest.is_empty())
    }
}
