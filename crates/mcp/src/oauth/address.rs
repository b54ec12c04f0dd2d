//! Addresses as text. Nothing here normalises: what is compared byte for byte stays as it came (RFC 3986 section 6.2.1).

use super::step::join;
use crate::types::without_query;

/// The parts of an absolute `http` or `https` address, as slices of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Everything up to the path: scheme, host and port.
    pub(crate) origin: &'a str,
    /// Host, without port, brackets kept.
    host: &'a str,
    /// From the first `/`, without the query; empty if there is none.
    pub(crate) path: &'a str,
    /// The query with its `?`; empty if there is none.
    pub(crate) query: &'a str,
    secure: bool,
    port: Option<&'a str>,
    fragment: bool,
}

impl<'a> Address<'a> {
    /// Takes an address apart. `None` for everything that is not plain `http(s)://host[:port][/path][?query]`: other
    /// schemes (X10), user names (X03), spaces and control characters, backslashes, and the dot segments that a browser
    /// would resolve before asking, so that what is compared would not be what is asked.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let secure = match scheme {
            name if name.eq_ignore_ascii_case("https") => true,
            name if name.eq_ignore_ascii_case("http") => false,
            _ => return None,
        };
        if text.len() > 4096 || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
            return None;
        }
        let start = scheme.len() + 3;
        let end = start + rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = text.get(start..end)?;
        let (host, port) = match (authority.starts_with('['), authority.find(']')) {
            (true, Some(close)) => (authority.get(..=close)?, authority.get(close + 1..)?),
            (true, None) => return None,
            _ => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) => return None,
            Some(digits) => Some(digits),
            None if port.is_empty() => None,
            None => return None,
        };
        if host.is_empty() || authority.contains('@') {
            return None;
        }
        let tail = text.get(end..)?;
        let (tail, fragment) = match tail.find('#') {
            Some(at) => (tail.get(..at)?, true),
            None => (tail, false),
        };
        let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
        // `%2e` is a dot to a browser as well.
        if path.split('/').any(|segment| matches!(decode(segment).as_deref(), Some("." | ".."))) {
            return None;
        }
        Some(Self { origin: text.get(..end)?, host, path, query, secure, port, fragment })
    }

    /// The address without the slash that a browser puts behind a bare host (2025-11-25, basic/authorization, "Canonical
    /// Server URI"); none where there is nothing to leave out.
    pub(crate) fn canonical(&self) -> Option<&'a str> {
        (self.path == "/" && self.query.is_empty()).then_some(self.origin)
    }

    /// Whether it is this machine: `localhost`, `127.0.0.0/8` or `[::1]` (RFC 8252 section 7.3).
    pub(crate) fn is_loopback(&self) -> bool {
        let v4 = self
            .host
            .strip_prefix("127.")
            .is_some_and(|rest| rest.split('.').count() == 3 && rest.split('.').all(|part| part.parse::<u8>().is_ok()));
        v4 || self.host.eq_ignore_ascii_case("localhost") || self.host == "[::1]"
    }

    /// Whether both have the same scheme, host and port. Only here letter case and the default port do not count.
    pub(crate) fn same_origin(&self, other: &Address<'_>) -> bool {
        let port = |address: &Address<'_>| match (address.port, address.secure) {
            (Some(port), _) => port.trim_start_matches('0').to_owned(),
            (None, true) => "443".to_owned(),
            (None, false) => "80".to_owned(),
        };
        self.secure == other.secure && self.host.eq_ignore_ascii_case(other.host) && port(self) == port(other)
    }
}

/// Whether a resource is `endpoint` or a parent of it on the same origin, by whole path segments (X12).
pub(crate) fn covers(resource: &str, endpoint: &str) -> bool {
    let (Some(resource), Some(endpoint)) = (Address::parse(resource), Address::parse(endpoint)) else { return false };
    if !resource.same_origin(&endpoint) || resource.fragment {
        return false;
    }
    if !resource.query.is_empty() {
        return resource.path == endpoint.path && resource.query == endpoint.query;
    }
    let base = resource.path.strip_suffix('/').unwrap_or(resource.path);
    endpoint.path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request may go to `url`: `https`, or `http` on loopback if `loopback` allows that.
pub(crate) fn is_allowed(url: &str, loopback: bool) -> bool {
    Address::parse(url)
        .is_some_and(|address| !address.fragment && (address.secure || (loopback && address.is_loopback())))
}

/// What must not be shown of an address: all of it if it has a query, which may be a key; otherwise nothing.
pub(crate) fn hidden(url: &str) -> &str {
    if without_query(url) == url { "" } else { url }
}

/// Whether a server at `url` may name addresses on this machine: only if it is on this machine itself (X04).
pub(crate) fn is_local(url: &str) -> bool {
    Address::parse(url).is_some_and(|address| address.is_loopback())
}

/// Where the metadata of a protected resource can be, in order (RFC 9728 section 3.1, then the root).
pub(crate) fn resource_metadata(endpoint: &str) -> Vec<String> {
    let Some(address) = Address::parse(endpoint) else { return Vec::new() };
    let root = join(&[address.origin, "/.well-known/oauth-protected-resource"]);
    let path = address.path.strip_suffix('/').unwrap_or(address.path);
    if path.is_empty() && address.query.is_empty() {
        return vec![root];
    }
    vec![join(&[&root, path, address.query]), root]
}

/// Where the metadata of an authorization server can be, in order ("Authorization Server Metadata Discovery").
pub(crate) fn server_metadata(issuer: &str) -> Vec<String> {
    let Some(address) = Address::parse(issuer).filter(|address| address.query.is_empty()) else { return Vec::new() };
    let (origin, path) = (address.origin, address.path.strip_suffix('/').unwrap_or(address.path));
    let mut found = vec![
        join(&[origin, "/.well-known/oauth-authorization-server", path]),
        join(&[origin, "/.well-known/openid-configuration", path]),
    ];
    if !path.is_empty() {
        found.push(join(&[origin, path, "/.well-known/openid-configuration"]));
    }
    found
}

/// Encodes text for a form or a query: everything but letters, digits, `-`, `.`, `_` and `~` becomes percent signs.
pub(crate) fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(HEX.get(usize::from(digit)).copied().unwrap_or(b'0')));
            }
        }
    }
    out
}

/// Decodes one name or value of a form (`application/x-www-form-urlencoded`). `None` if it is not UTF-8 or a percent
/// sign stands alone.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_are_addresses() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "javascript://host/%0aalert(1)",
            "https:/x",
            "https://",
            "https://user@host/",
            "https://good.example@evil.example/",
            "https://host\\@evil/",
            "https://ho st/",
            "https://host/\n",
            "https://host:port/",
            "https://[::1/",
            "file:///etc/passwd",
            "https://host/a/../b",
            "https://host/..",
            "https://host/./a?b",
            "https://host/a/%2e%2E#c",
            "https://host/.%2e/a",
            "https://host/%2E/a",
            "",
        ] {
            assert_eq!(Address::parse(bad), None, "{bad}");
        }
        for good in
            ["https://host/.well-known/a", "https://host/a..b/...", "https://host/a?b=/../c", "https://host/%2ea"]
        {
            assert!(Address::parse(good).is_some(), "{good}");
        }
        let address = Address::parse("HTTPS://Host.example:8443/a/b?c=d#e").unwrap();
        assert_eq!(address.origin, "HTTPS://Host.example:8443");
        assert_eq!((address.path, address.query), ("/a/b", "?c=d"));
    }

    #[test]
    fn plain_http_is_only_for_this_machine() {
        assert!(is_allowed("https://as.example/token", false));
        assert!(is_allowed("http://localhost:9/token", true));
        assert!(is_allowed("http://127.0.0.1/token", true));
        assert!(is_allowed("http://[::1]:9/token", true));
        for bad in
            ["http://as.example/t", "http://127.0.0.1.evil.example/t", "http://localhost.evil/t", "ftp://localhost/"]
        {
            assert!(!is_allowed(bad, true), "{bad}");
        }
        assert!(!is_allowed("http://localhost:9/token", false));
        assert!(!is_allowed("https://as.example/token#x", true));
    }

    #[test]
    fn a_resource_covers_what_is_below_it_on_its_origin() {
        assert!(covers("https://a.example/mcp", "https://a.example/mcp"));
        assert!(covers("https://a.example", "https://a.example/mcp"));
        assert!(covers("https://a.example/", "https://a.example/mcp"));
        assert!(covers("https://A.example:443/x", "https://a.example/x/mcp"));
        assert!(!covers("https://a.example/mc", "https://a.example/mcp"));
        assert!(!covers("https://a.example/mcp/x", "https://a.example/mcp"));
        assert!(!covers("https://evil.example/mcp", "https://a.example/mcp"));
        assert!(!covers("http://a.example/mcp", "https://a.example/mcp"));
        assert!(!covers("https://a.example:8443/mcp", "https://a.example/mcp"));
        assert!(!covers("https://a.example/mcp#x", "https://a.example/mcp"));
        assert!(covers("https://a.example/mcp?t=1", "https://a.example/mcp?t=1"));
        assert!(!covers("https://a.example/mcp?t=2", "https://a.example/mcp?t=1"));
    }

    #[test]
    fn well_known_addresses_come_in_the_order_of_the_specification() {
        assert_eq!(
            resource_metadata("https://a.example/public/mcp"),
            [
                "https://a.example/.well-known/oauth-protected-resource/public/mcp",
                "https://a.example/.well-known/oauth-protected-resource",
            ]
        );
        assert_eq!(resource_metadata("https://a.example/"), ["https://a.example/.well-known/oauth-protected-resource"]);
        assert_eq!(
            server_metadata("https://as.example/tenant1"),
            [
                "https://as.example/.well-known/oauth-authorization-server/tenant1",
                "https://as.example/.well-known/openid-configuration/tenant1",
                "https://as.example/tenant1/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            server_metadata("https://as.example"),
            [
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn forms_are_encoded_and_decoded() {
        assert_eq!(encode("b c&d-ü:/"), "b%20c%26d-%C3%BC%3A%2F");
        assert_eq!(decode("b+c%26d").as_deref(), Some("b c&d"));
        assert_eq!(decode("%zz"), None);
        assert_eq!(decode("%ff"), None);
        assert_eq!(decode("%4"), None);
    }
}
