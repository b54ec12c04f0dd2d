//! 2024-11-05: HTTP+SSE. One GET stream carries everything from the server; it first names an address that takes POSTs.

use crate::error::OpError;

/// The revision to ask for.
pub(crate) const LATEST: &str = "2024-11-05";

/// What is kept between requests.
#[derive(Clone)]
pub(crate) struct Wire {
    /// Where messages go. It usually holds a session id, so it is never shown (X113).
    pub(crate) post: String,
}

/// Resolves the address of the `endpoint` event against the address of the stream. Only an address on the same origin
/// is taken: the credentials of this connector go there.
///
/// This is a small part of the URL standard on purpose. Whatever a full parser would repair (backslashes, blanks, line
/// ends, control characters, user names) is refused, so no second parser can read another host in it. The result is the
/// origin of `base` followed by a path that begins with a slash.
pub(crate) fn resolve(base: &str, reference: &str) -> Result<String, OpError> {
    let foreign = || OpError::ForeignEndpoint { address: reference.chars().take(200).collect() };
    let reference = reference.split('#').next().unwrap_or_default();
    let clean = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if reference.is_empty() || !reference.bytes().all(clean) {
        return Err(foreign());
    }
    let base = split(base).ok_or_else(foreign)?;
    let origin = base.origin;
    if let Some(rest) = reference.strip_prefix("//") {
        let scheme = origin.split("//").next().unwrap_or_default();
        return same_origin(&base, &format!("{scheme}//{rest}")).ok_or_else(foreign);
    }
    if reference.starts_with('/') {
        return Ok(format!("{origin}{reference}"));
    }
    if let Some(query) = reference.strip_prefix('?') {
        return Ok(format!("{origin}{}?{query}", base.path));
    }
    let before_path = reference.split(['/', '?']).next().unwrap_or_default();
    if before_path.contains(':') {
        return same_origin(&base, reference).ok_or_else(foreign);
    }
    let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    Ok(format!("{origin}{folder}/{reference}"))
}

fn same_origin(base: &Parts<'_>, url: &str) -> Option<String> {
    let parts = split(url)?;
    (parts.normal() == base.normal()).then(|| {
        let rest = url.get(parts.origin.len()..).unwrap_or_default();
        let slash = if rest.starts_with('/') { "" } else { "/" };
        format!("{}{slash}{rest}", base.origin)
    })
}

struct Parts<'a> {
    /// Scheme and authority as written.
    origin: &'a str,
    scheme: &'a str,
    host: &'a str,
    port: &'a str,
    /// Path without query, empty or beginning with a slash.
    path: &'a str,
}

impl Parts<'_> {
    /// Scheme, host and port in one spelling.
    fn normal(&self) -> (String, String, String) {
        let scheme = self.scheme.to_ascii_lowercase();
        let port = match (scheme.as_str(), self.port) {
            ("https", "") => "443",
            ("http", "") => "80",
            (_, port) => port,
        };
        let port = port.trim_start_matches('0').to_owned();
        (scheme, self.host.to_ascii_lowercase(), port)
    }
}

/// Splits an absolute `http:` or `https:` address. Anything unusual is `None`.
fn split(url: &str) -> Option<Parts<'_>> {
    let url = url.split('#').next()?;
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at_checked(host_end)?;
    let port = match port.strip_prefix(':') {
        Some(port) => port,
        None if port.is_empty() => "",
        None => return None,
    };
    if host.is_empty() || authority.contains('@') || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let origin = url.get(..url.len() - tail.len())?;
    Some(Parts { origin, scheme, host, port, path: tail.split('?').next().unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_address_is_resolved_on_the_same_origin() {
        let base = "https://mcp.example.com/team/sse?key=1";
        for (reference, expected) in [
            ("/message?sessionId=1", "https://mcp.example.com/message?sessionId=1"),
            ("message?sessionId=1", "https://mcp.example.com/team/message?sessionId=1"),
            ("?sessionId=1", "https://mcp.example.com/team/sse?sessionId=1"),
            ("https://mcp.example.com/m?s=1#x", "https://mcp.example.com/m?s=1"),
            ("HTTPS://MCP.example.com:443/m", "https://mcp.example.com/m"),
            ("//mcp.example.com/m", "https://mcp.example.com/m"),
            ("https://mcp.example.com?s=1", "https://mcp.example.com/?s=1"),
            ("/m?to=https://other.example/x", "https://mcp.example.com/m?to=https://other.example/x"),
        ] {
            assert_eq!(resolve(base, reference).as_deref(), Ok(expected), "{reference}");
        }
        assert_eq!(resolve("http://127.0.0.1:3111", "/message").as_deref(), Ok("http://127.0.0.1:3111/message"));
        assert_eq!(resolve("http://[::1]:80/sse", "http://[::1]/m").as_deref(), Ok("http://[::1]:80/m"));
    }

    #[test]
    fn x20_a_message_address_on_another_origin_is_refused() {
        for reference in [
            "https://evil.example/m",
            "//evil.example/m",
            "/\\evil.example/m",
            "\\\\evil.example/m",
            "/\t/evil.example/m",
            " //evil.example/m",
            "http://mcp.example.com/m",
            "https://mcp.example.com:8443/m",
            "https://mcp.example.com@evil.example/m",
            "https://user@mcp.example.com/m",
            "https:evil.example/m",
            "https:/evil.example/m",
            "javascript:alert(1)",
            "data:text/plain,x",
            "https://mcp.example.com\\@evil.example/",
            "https://mcp.example.com:443x/m",
            "https://[::1/m",
            "/m\r\nX: y",
            "",
        ] {
            let error = resolve("https://mcp.example.com/sse", reference).expect_err(reference);
            assert!(matches!(error, OpError::ForeignEndpoint { .. }), "{reference}: {error}");
        }
    }
}
