//! Links that point away: which of them may be followed, and how they look.

use leptos::prelude::*;
use policy::DomainUse;

use super::still::Still;
use crate::state::AppState;

/// A link which may be followed by a click.
pub(crate) struct Away {
    /// Where it goes, as the browser reads it.
    pub(crate) href: String,
    /// Its host as the browser reads it, in ASCII.
    pub(crate) host: String,
}

/// Judges a link's target: `https:` with a host and without a user name or password may be followed; everything else,
/// which includes `javascript:`, `data:`, `file:`, `ui:` and `http:`, stays text (X50, X53, X81).
pub(crate) fn away(target: &str) -> Option<Away> {
    let url = web_sys::Url::new(target.trim()).ok()?;
    let plain = url.protocol() == "https:" && url.username().is_empty() && url.password().is_empty();
    (plain && !url.host().is_empty()).then(|| Away { href: url.href(), host: url.host() })
}

/// Why links to a host cannot be followed in this workspace, if so. Tracks.
pub(crate) fn unlisted(host: &str) -> Option<String> {
    let app = use_context::<AppState>()?;
    app.rulebook.with(|book| book.may_reach_host(DomainUse::Links, host)).err().map(|why| why.to_string())
}

/// Writes a link of server or model text. It shows its host whatever its words say (X62), loads nothing by itself, and
/// opens a new tab which knows nothing of this one. `words` writes what the link says.
pub(crate) fn outward(on: &mut Still, target: &str, words: impl FnOnce(&mut Still)) {
    match away(target) {
        // The words, the host, and that the workspace does not deal with it.
        Some(Away { host, .. }) if untrack(|| unlisted(&host)).is_some() => {
            words(on);
            on.plain(" ");
            on.put("bdi", "away-host", |on| on.plain(&host));
            on.put("small", "", |on| on.plain(" (not on your workspace's list)"));
        }
        Some(Away { href, host }) => {
            on.put("a", "away", |on| {
                on.set("href", &href);
                on.set("target", "_blank");
                on.set("rel", "noopener noreferrer");
                on.set("referrerpolicy", "no-referrer");
                words(on);
            });
            on.plain(" ");
            on.put("bdi", "away-host", |on| on.plain(&host));
        }
        // Not a link: its words and its target, both as text.
        None => {
            words(on);
            on.plain(" ");
            on.put("bdi", "away-host", |on| on.text(target));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::away;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn x50_x53_only_https_may_be_followed() {
        let good = away(" https://EXAMPLE.com/a?b#c ").unwrap();
        assert_eq!((good.href.as_str(), good.host.as_str()), ("https://example.com/a?b#c", "example.com"));
        assert_eq!(away("https://ex\u{430}mple.com/").unwrap().host, "xn--exmple-4nf.com");
        for target in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://example.com/1",
            "ui://other/app",
            "http://example.com/",
            "https://good.com@evil.com/",
            "https://user:pass@evil.com/",
            "//example.com/",
            "/settings",
            "#x",
            "mailto:a@example.com",
            "https://",
            "",
        ] {
            assert!(away(target).is_none(), "{target}");
        }
    }
}
