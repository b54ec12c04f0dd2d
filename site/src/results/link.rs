//! Links that point away: which of them may be followed, and how they look.

use leptos::prelude::*;
use policy::DomainUse;

use super::text::pieces;
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

/// A link in server or model text. It shows its host whatever its words say (X62), loads nothing by itself, and opens
/// a new tab which knows nothing of this one.
#[component]
pub(crate) fn Outward(
    /// The target as written.
    target: String,
    /// What the link says.
    children: Children,
) -> impl IntoView {
    match away(&target) {
        // The words, the host, and that the workspace does not deal with it.
        Some(Away { host, .. }) if untrack(|| unlisted(&host)).is_some() => view! {
            {children()}
            " "
            <bdi class="away-host">{host}</bdi>
            <small>" (not on your workspace's list)"</small>
        }
        .into_any(),
        Some(Away { href, host }) => view! {
            <a class="away" href=href target="_blank" rel="noopener noreferrer" referrerpolicy="no-referrer">
                {children()}
            </a>
            " "
            <bdi class="away-host">{host}</bdi>
        }
        .into_any(),
        // Not a link: its words and its target, both as text.
        None => view! {
            {children()}
            " "
            <bdi class="away-host">{pieces(&target)}</bdi>
        }
        .into_any(),
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
