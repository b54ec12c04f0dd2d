//! What is known of a call that did not work, beside the sentence that says so: the next step, and what came back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most characters that are kept of what a server said about a failure.
pub const SAID_CHARS: usize = 4_000;

/// More about a call that did not work (screens.md e.4, *Details*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of failure, one of the codes of the package: `network`, `server`, `timeout`, ...
    pub kind: String,
    /// What the person can do, lower case and without a full stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What came back, with the numeric code of the server or the status of its answer: JSON, at most [`SAID_CHARS`]
    /// characters, with what looks like a secret covered (X59). Server text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// How many characters of it were not kept.
    #[serde(default)]
    pub left_out: usize,
    /// Whether it may be about the way to the server, which the connection doctor examines.
    #[serde(default)]
    pub of_the_way: bool,
}

impl Failure {
    /// A failure of a kind, with the next step and with what came back.
    pub fn new(kind: &str, next: Option<String>, said: Option<&Value>) -> Self {
        let of_the_way = match kind {
            "cors" | "timeout" | "unknown-outcome" => true,
            // Where the browser was offline, or the server sent the page elsewhere, the cause says all there is.
            "network" => said.is_some(),
            _ => false,
        };
        // Of a connection only the browser says something, in the words of its interface, which are for nobody.
        let said = said.filter(|_| !matches!(kind, "cors" | "network"));
        // Covered before it is cut: half a secret is not known as one.
        let whole = said.and_then(|said| serde_json::to_string_pretty(&policy::secrets::mask_value(said)).ok());
        let count = whole.as_ref().map_or(0, |text| text.chars().count());
        let said = whole.map(|text| if count > SAID_CHARS { text.chars().take(SAID_CHARS).collect() } else { text });
        Self { kind: kind.to_owned(), next, said, left_out: count.saturating_sub(SAID_CHARS), of_the_way }
    }
}
