//! The host side of MCP Apps, without IO: pages of a server that are shown in a frame (extension
//! `io.modelcontextprotocol/ui`, specification 2026-01-26; wires.md A).
//!
//! * [`settings`] is what a client says of itself, [`is_page_uri`] knows the address of a page.
//! * [`Page::read`] takes the answer to `resources/read` apart: the HTML, its digest, what it asks for.
//! * [`Sources`] is what a page declares to load, checked entry by entry; [`Sources::policy`] is the content security
//!   policy that it gets, and [`framed`] the document with that policy in front of everything else.
//! * [`View`] is the conversation with the page itself, as a state machine: texts go in, [`Output`]s come out.
//!
//! What the specification leaves to a host is decided so:
//!
//! * `ui/notifications/tool-input-partial` (MAY) is never sent. A page is there once its call is allowed, and by then the
//!   arguments are whole: what a model is still writing was seen by nobody, and a person may deny it (N04).
//! * A page has `tools/call`, `resources/read` and the lists of resources, templates and prompts of its own server, and is
//!   told no change of them: no `listChanged` is among the capabilities of the host. It gets no `tools/list`, which is not
//!   among the messages of that revision, and what it may call is the gate's to say.
//! * Models are not lent to pages: there is no `sampling` among the capabilities, nor in that revision.
//! * Tools that a page offers (`appCapabilities.tools`) are called by nobody. No definition of theirs was ever approved.
//!
//! A page is a guest: whatever it sends is checked here before anybody acts on it, and what it may do is decided by
//! the gate, not here.

mod message;
mod older;
mod page;
mod sources;
mod view;

use serde_json::{Value, json};

pub use message::{Ask, File, FileContent, Mode};
pub use older::{Known, older_script};
pub use page::{LARGEST_PAGE, Page, PageError, Permission};
pub use sources::{Blocked, NOT_STOPPED, Sources, framed};
pub use view::{Host, Output, Refused, Ticket, View};

/// The extension, as it stands among the capabilities of client and server.
pub const EXTENSION: &str = "io.modelcontextprotocol/ui";
/// The media type of a page.
pub const MEDIA_TYPE: &str = "text/html;profile=mcp-app";
/// The media type of a page made for the older Apps SDK; taken when a server sends it. [`older_script`] speaks for it.
pub const OLDER_MEDIA_TYPE: &str = "text/html+skybridge";
/// The revision that is spoken with pages. There is no other.
pub const REVISION: &str = "2026-01-26";

/// What a client that shows pages says of itself under [`EXTENSION`]. `mimeTypes` is required ("Client<>Server
/// Capability Negotiation").
pub fn settings() -> Value {
    json!({ "mimeTypes": [MEDIA_TYPE] })
}

/// Whether a text is an address of a page: `ui://` and something visible behind it.
pub fn is_page_uri(uri: &str) -> bool {
    uri.len() <= 2_000
        && uri
            .strip_prefix("ui://")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x53_only_the_scheme_of_pages_is_a_page() {
        for uri in [
            "https://evil.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ui://",
            "ui:board",
            "UI://x",
            "ui://a b",
            "ui://a\nb",
        ] {
            assert!(!is_page_uri(uri), "{uri}");
        }
        assert!(is_page_uri("ui://board/view"));
    }
}
