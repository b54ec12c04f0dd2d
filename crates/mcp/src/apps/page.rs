//! The page itself: the answer to `resources/read` of a `ui://` address.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{MEDIA_TYPE, OLDER_MEDIA_TYPE};
use crate::base64::{self, Alphabet};

/// Bytes of the largest page that is taken.
pub const LARGEST_PAGE: usize = 4 << 20;

/// A page of a server, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub uri: String,
    /// The document, exactly as received.
    pub html: String,
    /// SHA-256 of the document, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// `_meta.ui.csp` as received, `null` when there is none. [`super::Sources::read`] takes it apart.
    pub csp: Value,
    /// What of the device it asks for, sorted.
    pub permissions: Vec<Permission>,
    /// The origin it would like to be at. Formats differ from host to host; this one has none and only shows it.
    pub domain: Option<String>,
    /// Whether it wants an edge around it; none leaves that to the host.
    pub prefers_border: Option<bool>,
    /// Whether it was made for the older Apps SDK, by its media type: it speaks to `window.openai` alone.
    pub older: bool,
}

/// Something of the device that a page can ask for (`McpUiResourcePermissions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `camera`.
    Camera,
    /// `microphone`.
    Microphone,
    /// `geolocation`.
    Geolocation,
    /// `clipboardWrite`.
    ClipboardWrite,
}

impl Permission {
    /// Every one.
    pub const ALL: [Permission; 4] =
        [Permission::Camera, Permission::Microphone, Permission::Geolocation, Permission::ClipboardWrite];

    /// The name by which a page asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Camera => "camera",
            Permission::Microphone => "microphone",
            Permission::Geolocation => "geolocation",
            Permission::ClipboardWrite => "clipboardWrite",
        }
    }

    /// The name of the browser's feature, as it stands in a frame's `allow`.
    pub fn feature(self) -> &'static str {
        match self {
            Permission::ClipboardWrite => "clipboard-write",
            other => other.name(),
        }
    }

    /// Whether a browser gives it to a frame without an origin, as every app is in. Cameras and microphones are bound to an
    /// origin (Media Capture and Streams, section 10.2), so no setting can give them to an app.
    pub fn can_be_given(self) -> bool {
        matches!(self, Permission::Geolocation | Permission::ClipboardWrite)
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Permission::Camera => "the camera",
            Permission::Microphone => "the microphone",
            Permission::Geolocation => "where you are",
            Permission::ClipboardWrite => "writing to the clipboard",
        }
    }
}

/// Why an answer is no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// There is nothing under this address.
    #[error("the server sent nothing for `{0}`")]
    Missing(String),
    /// It is of another media type, so it must not be run.
    #[error("`{uri}` is of the type `{found}`, and only `text/html;profile=mcp-app` is shown")]
    MediaType {
        /// The address.
        uri: String,
        /// What the server says it is.
        found: String,
    },
    /// It is larger than [`LARGEST_PAGE`].
    #[error("`{uri}` has {bytes} bytes, and at most {LARGEST_PAGE} are taken")]
    TooLarge {
        /// The address.
        uri: String,
        /// How large it is.
        bytes: usize,
    },
    /// The bytes are no base64 or no UTF-8.
    #[error("`{0}` is not readable text")]
    Unreadable(String),
}

impl Page {
    /// Reads the page out of the result of `resources/read`. `listed` is the entry of `resources/list` for the same
    /// address, where there is one: metadata is looked for in the content first and there then (draft, "Metadata
    /// location").
    ///
    /// # Errors
    /// [`PageError`] says why the answer is no page that can be shown.
    pub fn read(uri: &str, result: &Value, listed: Option<&Value>) -> Result<Self, PageError> {
        let contents = result.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let content = contents
            .iter()
            .find(|one| one.get("uri").and_then(Value::as_str) == Some(uri))
            .ok_or_else(|| PageError::Missing(uri.to_owned()))?;
        let found = content.get("mimeType").and_then(Value::as_str).unwrap_or_default();
        if found != MEDIA_TYPE && found != OLDER_MEDIA_TYPE {
            return Err(PageError::MediaType { uri: uri.to_owned(), found: found.chars().take(100).collect() });
        }
        let too_large = |bytes| PageError::TooLarge { uri: uri.to_owned(), bytes };
        let html = match (content.get("text"), content.get("blob")) {
            (Some(Value::String(text)), _) => text.clone(),
            (_, Some(Value::String(blob))) => {
                if blob.len() / 4 * 3 > LARGEST_PAGE + 3 {
                    return Err(too_large(blob.len() / 4 * 3));
                }
                decoded(blob).ok_or_else(|| PageError::Unreadable(uri.to_owned()))?
            }
            _ => return Err(PageError::Missing(uri.to_owned())),
        };
        if html.len() > LARGEST_PAGE {
            return Err(too_large(html.len()));
        }
        let meta = |name: &str, older: &str| {
            [Some(content), listed].into_iter().flatten().find_map(|holder| {
                let meta = holder.get("_meta")?;
                meta.get("ui").and_then(|ui| ui.get(name)).or_else(|| meta.get(older))
            })
        };
        let asked = meta("permissions", "");
        let permissions = Permission::ALL
            .into_iter()
            .filter(|one| asked.and_then(|asked| asked.get(one.name())).is_some_and(Value::is_object))
            .collect();
        Ok(Self {
            uri: uri.to_owned(),
            sha256: hexadecimal(&Sha256::digest(html.as_bytes())),
            html,
            older: found == OLDER_MEDIA_TYPE,
            csp: meta("csp", "openai/widgetCSP").cloned().unwrap_or(Value::Null),
            permissions,
            domain: meta("domain", "openai/widgetDomain").and_then(Value::as_str).map(str::to_owned),
            prefers_border: meta("prefersBorder", "openai/widgetPrefersBorder").and_then(Value::as_bool),
        })
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Text in base64 (RFC 4648 section 4); white space between is let through, as servers break lines.
fn decoded(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
    String::from_utf8(base64::decode(text.trim_end_matches('='), Alphabet::Standard)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const URI: &str = "ui://board/view";

    fn read(content: Value) -> Result<Page, PageError> {
        Page::read(URI, &json!({ "contents": [content] }), None)
    }

    #[test]
    fn a_page_is_its_text_its_digest_and_what_it_asks_for() {
        let page = read(json!({
            "uri": URI, "mimeType": MEDIA_TYPE, "text": "abc",
            "_meta": { "ui": { "csp": { "connectDomains": ["https://a.example"] }, "permissions": { "camera": {}, "microphone": null }, "prefersBorder": true, "domain": "x.example" } },
        }))
        .unwrap();
        assert_eq!((page.html.as_str(), page.older), ("abc", false));
        assert_eq!(page.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(page.permissions, [Permission::Camera]);
        assert_eq!((page.domain.as_deref(), page.prefers_border), (Some("x.example"), Some(true)));
        assert_eq!(page.csp, json!({ "connectDomains": ["https://a.example"] }));
    }

    #[test]
    fn a_page_may_come_in_base64_and_under_the_older_type() {
        assert_eq!(
            read(json!({ "uri": URI, "mimeType": MEDIA_TYPE, "blob": "PGI+aGk8L2I+\n" })).unwrap().html,
            "<b>hi</b>"
        );
        let older = read(
            json!({ "uri": URI, "mimeType": OLDER_MEDIA_TYPE, "text": "x", "_meta": { "openai/widgetCSP": { "connect_domains": [] } } }),
        );
        let older = older.unwrap();
        assert_eq!((older.csp, older.older), (json!({ "connect_domains": [] }), true));
    }

    #[test]
    fn metadata_stands_in_the_content_or_in_the_list() {
        let result = json!({ "contents": [{ "uri": URI, "mimeType": MEDIA_TYPE, "text": "x" }] });
        let listed = json!({ "uri": URI, "_meta": { "ui": { "permissions": { "geolocation": {} } } } });
        assert_eq!(Page::read(URI, &result, Some(&listed)).unwrap().permissions, [Permission::Geolocation]);
    }

    #[test]
    fn x53_what_is_no_page_is_not_run() {
        for found in
            ["text/html", "text/html;profile=mcp-app; charset=utf-8", "TEXT/HTML;PROFILE=MCP-APP", "image/svg+xml", ""]
        {
            assert!(
                matches!(read(json!({ "uri": URI, "mimeType": found, "text": "x" })), Err(PageError::MediaType { .. })),
                "{found}"
            );
        }
        // Another address in the answer, nothing in it, no text in the bytes.
        assert!(matches!(
            read(json!({ "uri": "ui://other", "mimeType": MEDIA_TYPE, "text": "x" })),
            Err(PageError::Missing(_))
        ));
        assert!(matches!(read(json!({ "uri": URI, "mimeType": MEDIA_TYPE })), Err(PageError::Missing(_))));
        for blob in ["!", "/w==", "YQ==YQ=="] {
            assert!(
                matches!(
                    read(json!({ "uri": URI, "mimeType": MEDIA_TYPE, "blob": blob })),
                    Err(PageError::Unreadable(_))
                ),
                "{blob}"
            );
        }
    }

    #[test]
    fn a_page_that_is_too_large_is_not_taken() {
        let large = "x".repeat(LARGEST_PAGE + 1);
        assert!(matches!(
            read(json!({ "uri": URI, "mimeType": MEDIA_TYPE, "text": large })),
            Err(PageError::TooLarge { .. })
        ));
        let blob = "eHh4".repeat(LARGEST_PAGE / 3 + 2);
        assert!(matches!(
            read(json!({ "uri": URI, "mimeType": MEDIA_TYPE, "blob": blob })),
            Err(PageError::TooLarge { .. })
        ));
    }
}
