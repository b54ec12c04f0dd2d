//! The host side of MCP Apps, without IO: pages of a server that are shown in a frame (extension
//! `io.modelcontextprotocol/ui`, specification 2026-01-26; wires.md A).
//!
//! * [`settings`] is what a client says of itself, [`page_of`] finds the page of a tool.
//! * [`Page::read`] takes the answer to `resources/read` apart: the HTML, its digest, what it asks for.
//! * [`Sources`] is what a page declares to load, checked entry by entry; [`Sources::policy`] is the content security
//!   policy that it gets, and [`framed`] the document with that policy in front of everything else.
//! * [`View`] is the conversation with the page itself, as a state machine: texts go in, [`Output`]s come out.
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

/// The address of the page of a tool, from its whole definition: `_meta.ui.resourceUri`, else the older flat
/// `ui/resourceUri`, else `openai/outputTemplate`. Anything but `ui://` is no page.
pub fn page_of(definition: &Value) -> Option<&str> {
    let meta = definition.get("_meta")?;
    let nested = meta.get("ui").and_then(|ui| ui.get("resourceUri"));
    let named = nested.or_else(|| meta.get("ui/resourceUri")).or_else(|| meta.get("openai/outputTemplate"))?;
    named.as_str().filter(|uri| is_page_uri(uri))
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

    fn page(meta: Value) -> Option<String> {
        page_of(&json!({ "name": "show", "_meta": meta })).map(str::to_owned)
    }

    #[test]
    fn the_page_of_a_tool_is_found_under_every_name_it_has_had() {
        let found = Some("ui://board/view".to_owned());
        assert_eq!(page(json!({ "ui": { "resourceUri": "ui://board/view" } })), found);
        assert_eq!(page(json!({ "ui/resourceUri": "ui://board/view" })), found);
        assert_eq!(page(json!({ "openai/outputTemplate": "ui://board/view" })), found);
        // The nested name wins over the flat one.
        assert_eq!(page(json!({ "ui": { "resourceUri": "ui://board/view" }, "ui/resourceUri": "ui://other" })), found);
    }

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
            assert_eq!(page(json!({ "ui": { "resourceUri": uri } })), None, "{uri}");
        }
        assert_eq!(page(json!({ "ui": { "resourceUri": 7 } })), None);
        assert_eq!(page(json!({})), None);
    }
}
