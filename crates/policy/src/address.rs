//! Where a connector may be (X01 to X04, S119).
//!
//! The address was parsed by the WHATWG URL parser before it comes here, so that what is checked is what will be
//! requested: `0x7f.1` arrives as `127.0.0.1`. This file never parses an address by itself, and refuses parts that
//! such a parser would not have produced.
//!
//! A name may resolve to a private address; a page in a browser cannot see that. The browser's own rules for local
//! networks stand behind this one.

use crate::{Reach, secrets, text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A parsed address, as the properties of a `URL` object are, and the text as it was typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What the person typed or pasted.
    pub typed: &'a str,
    /// The whole address as the parser writes it (`href`).
    pub href: &'a str,
    /// The scheme, with or without its colon (`protocol`).
    pub scheme: &'a str,
    /// `username`, empty when there is none.
    pub username: &'a str,
    /// `password`, empty when there is none.
    pub password: &'a str,
    /// `hostname`: ASCII, lower case, IPv6 in brackets.
    pub hostname: &'a str,
    /// `port`, empty for the scheme's own.
    pub port: &'a str,
    /// `search`, with its question mark, empty when there is none.
    pub query: &'a str,
    /// `hash`, with its number sign, empty when there is none.
    pub fragment: &'a str,
}

/// An address that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address to request, as the parser wrote it.
    pub url: String,
    /// The host to show: ASCII, with a port that is not the scheme's own.
    pub host: String,
    /// The part of the host to emphasise; see [`registrable_hint`].
    pub registrable: String,
    /// Where it is.
    pub reach: Reach,
    /// What a person should know before going on.
    pub warnings: Vec<Warning>,
}

/// Something about an allowed address that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Warning {
    /// Not encrypted; only ever to this machine.
    #[error("insecure: what is sent is not encrypted")]
    Insecure,
    /// On this machine or its private network.
    #[error("this server is on your own machine or network")]
    Local,
    /// The name has letters outside ASCII, which can look like others.
    #[error("the name is written with letters that can look like others; compare `{0}` with the name you expect")]
    International(String),
    /// The address has a secret in it, where logs and histories keep it (X27).
    #[error("the address contains what looks like a secret; use a header for it")]
    SecretInAddress,
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was typed.
    #[error("type the address of an MCP server, such as `https://mcp.example.com/mcp`")]
    Empty,
    /// No parser can read it.
    #[error("`{0}` is not an address; it should look like `https://mcp.example.com/mcp`")]
    Unreadable(String),
    /// X01.
    #[error("addresses that start with `{0}:` cannot be used; use `https://`")]
    Scheme(String),
    /// X02.
    #[error("`{0}` is not encrypted; use `https://`")]
    Insecure(String),
    /// X03: a name or password before the host.
    #[error("take out what stands before the `@`; the address really leads to `{0}`")]
    UserInfo(String),
    /// X03: characters that cannot be seen.
    #[error("the address contains a hidden character ({0}); type it by hand")]
    Hidden(String),
    /// X03: a dot at the end of the host makes it another one with the same look.
    #[error("take the dot off the end of `{0}`")]
    TrailingDot(String),
    /// S119: this machine or its network.
    #[error(
        "`{0}` is on your machine or private network; only servers on the internet can be connected, unless Settings, Advanced, Servers on this machine is on"
    )]
    Local(String),
    /// X04: never allowed, by no setting.
    #[error("`{host}` is {what} and can never be connected")]
    Never {
        /// The host.
        host: String,
        /// What kind of address it is.
        what: &'static str,
    },
}

/// Checks a parsed address. `allow_local` is the setting *Servers on this machine*.
///
/// # Errors
/// The first rule that the address breaks.
pub fn check(parts: &Parts<'_>, allow_local: bool) -> Result<Address, AddressError> {
    if parts.typed.trim().is_empty() {
        return Err(AddressError::Empty);
    }
    if let Some(hidden) = text::hidden(parts.typed.trim()).first() {
        return Err(AddressError::Hidden(hidden.label()));
    }
    let scheme = parts.scheme.trim_end_matches(':').to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return Err(AddressError::Scheme(scheme));
    }
    let hostname = parts.hostname;
    if hostname.is_empty() {
        return Err(AddressError::Unreadable(parts.typed.to_owned()));
    }
    let host = if parts.port.is_empty() { hostname.to_owned() } else { format!("{hostname}:{}", parts.port) };
    if !parts.username.is_empty() || !parts.password.is_empty() {
        return Err(AddressError::UserInfo(host));
    }
    if hostname.ends_with('.') {
        return Err(AddressError::TrailingDot(host));
    }

    let place = place(hostname).ok_or_else(|| AddressError::Unreadable(parts.typed.to_owned()))?;
    let reach = match place {
        Place::Never(what) => return Err(AddressError::Never { host, what }),
        Place::Loopback | Place::Private if !allow_local => return Err(AddressError::Local(host)),
        Place::Loopback | Place::Private => Reach::Local,
        Place::Public => Reach::Public,
    };
    if scheme == "http" && place != Place::Loopback {
        return Err(AddressError::Insecure(host));
    }

    let mut warnings = Vec::new();
    if scheme == "http" {
        warnings.push(Warning::Insecure);
    }
    if reach == Reach::Local {
        warnings.push(Warning::Local);
    }
    warnings.extend(international(hostname));
    if has_secret(parts.query) {
        warnings.push(Warning::SecretInAddress);
    }
    // A fragment never reaches a server; without it two spellings of one address are one.
    let url = parts.href.strip_suffix(parts.fragment).unwrap_or(parts.href).to_owned();
    Ok(Address { url, registrable: registrable_hint(hostname).to_owned(), host, reach, warnings })
}

/// A warning about a host whose name has letters outside ASCII, which can look like others (X03). `hostname` is as a
/// parser wrote it: such labels begin with `xn--`.
pub fn international(hostname: &str) -> Option<Warning> {
    hostname.split('.').any(|label| label.starts_with("xn--")).then(|| Warning::International(hostname.to_owned()))
}

/// Where a host is that a server named, by its text alone (X04): for what is asked on the way of a sign-in, where
/// [`check`] would be more than is needed.
///
/// # Errors
/// What kind of address it is, when it can never be connected.
pub fn reach(hostname: &str) -> Result<Reach, &'static str> {
    match place(hostname.strip_suffix('.').unwrap_or(hostname)) {
        Some(Place::Public) => Ok(Reach::Public),
        Some(Place::Loopback | Place::Private) => Ok(Reach::Local),
        Some(Place::Never(what)) => Err(what),
        None => Err("no host that can be read"),
    }
}

/// The part of a host that someone had to register, as far as its shape tells: the last two labels, or three below a
/// country's two letters and a short second label (`example.co.uk`). For emphasis only; decisions use the whole host.
pub fn registrable_hint(hostname: &str) -> &str {
    if hostname.starts_with('[') || hostname.parse::<Ipv4Addr>().is_ok() {
        return hostname;
    }
    let mut dots = hostname.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else {
        return hostname;
    };
    let country = hostname.len() - last - 1 == 2;
    let short = last - second - 1 <= 3;
    let from = match (country && short, dots.next()) {
        (false, _) => second,
        (true, Some(third)) => third,
        (true, None) => return hostname,
    };
    hostname.get(from + 1..).unwrap_or(hostname)
}

/// Where a host is, by what its text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Public,
    Loopback,
    Private,
    Never(&'static str),
}

/// `None` when no URL parser would have produced the host.
fn place(hostname: &str) -> Option<Place> {
    if let Some(inner) = hostname.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(place_of(IpAddr::V6(address)));
    }
    if let Ok(address) = hostname.parse::<Ipv4Addr>() {
        return Some(place_of(IpAddr::V4(address)));
    }
    let readable =
        hostname.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    let last = hostname.rsplit('.').next().unwrap_or_default();
    // A parser turns every host whose last label is a number into an IPv4 address, or fails (WHATWG URL, 3.5).
    let number = last.chars().all(|c| c.is_ascii_digit()) || last.starts_with("0x");
    if !readable || number || hostname.split('.').any(str::is_empty) {
        return None;
    }
    Some(place_of_name(hostname))
}

fn place_of_name(name: &str) -> Place {
    let under = |zone: &str| name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
    if ["metadata.google.internal", "metadata.goog", "metadata", "instance-data", "metadata.azure.internal"]
        .into_iter()
        .chain(["instance-data.ec2.internal"])
        .any(under)
    {
        return Place::Never("a cloud machine's metadata service");
    }
    if under("localhost") {
        return Place::Loopback;
    }
    // Special-use names that never lead out of the local network (RFC 6762, RFC 8375, RFC 6761, ICANN `.internal`).
    let private = ["local", "internal", "home.arpa", "test", "lan", "intranet", "corp", "home"].into_iter().any(under);
    if private || !name.contains('.') { Place::Private } else { Place::Public }
}

fn place_of(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(v4) => place_of_v4(v4),
        IpAddr::V6(v6) => place_of_v6(v6),
    }
}

/// IANA IPv4 Special-Purpose Address Registry (RFC 6890).
fn place_of_v4(address: Ipv4Addr) -> Place {
    const METADATA: [[u8; 4]; 3] = [[169, 254, 169, 254], [100, 100, 100, 200], [168, 63, 129, 16]];
    let octets = address.octets();
    if METADATA.contains(&octets) {
        return Place::Never("a cloud machine's metadata service");
    }
    match octets {
        [127, ..] => Place::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Place::Private,
        [0, ..] => Place::Never("no address of a server"),
        [169, 254, ..] => Place::Never("a link-local address"),
        [192, 0, 0 | 2, _] | [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] => {
            Place::Never("a reserved address")
        }
        [224..=239, ..] => Place::Never("a multicast address"),
        [240..=255, ..] => Place::Never("a reserved address"),
        _ => Place::Public,
    }
}

/// IANA IPv6 Special-Purpose Address Registry. An address that carries an IPv4 address is where that one is.
fn place_of_v6(address: Ipv6Addr) -> Place {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        place_of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Loopback,
        [0, 0, 0, 0, 0, 0, 0, 0] => Place::Never("no address of a server"),
        // IPv4-mapped, IPv4-compatible, IPv4-translated, NAT64.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 1, ..] => Place::Private,
        // 6to4.
        [0x2002, high, low, ..] => v4(high, low),
        [0x2001, 0, ..] => Place::Never("a tunnelled address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] | [0x100, 0, 0, 0, ..] => Place::Never("a reserved address"),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Place::Never("a cloud machine's metadata service"),
        [0xfc00..=0xfdff, ..] => Place::Private,
        [0xfe80..=0xfebf, ..] => Place::Never("a link-local address"),
        [0xfec0..=0xfeff, ..] => Place::Private,
        [0xff00..=0xffff, ..] => Place::Never("a multicast address"),
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Never("a reserved address"),
    }
}

/// Whether a query carries a secret, by its look or by the name of its parameter.
fn has_secret(query: &str) -> bool {
    let query = query.trim_start_matches('?');
    secrets::looks_like_secret(query)
        || query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            !value.is_empty() && (secrets::names_a_secret(name) || name.eq_ignore_ascii_case("key"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits an address that is already in the form a URL parser writes.
    fn parts(href: &str) -> Parts<'_> {
        let (scheme, rest) = href.split_once(':').unwrap_or(("", href));
        let rest = rest.trim_start_matches('/');
        let (rest, fragment) = rest.find('#').map_or((rest, ""), |at| rest.split_at(at));
        let (rest, query) = rest.find('?').map_or((rest, ""), |at| rest.split_at(at));
        let authority = rest.split('/').next().unwrap_or_default();
        let (user_info, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (username, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        let colon = host.rfind(':').filter(|at| !host[*at..].contains(']'));
        let (hostname, port) = colon.map_or((host, ""), |at| (&host[..at], &host[at + 1..]));
        Parts { typed: href, href, scheme, username, password, hostname, port, query, fragment }
    }

    fn allowed(href: &str) -> Address {
        check(&parts(href), false).unwrap_or_else(|error| panic!("{href}: {error}"))
    }

    fn refused(href: &str) -> AddressError {
        check(&parts(href), false).expect_err(href)
    }

    #[test]
    fn x04_where_a_named_host_is() {
        for public in ["auth.example.com", "auth.example.com.", "1.1.1.1", "[2606:4700::1]"] {
            assert_eq!(reach(public), Ok(Reach::Public), "{public}");
        }
        for local in
            ["localhost", "localhost.", "127.0.0.1", "192.168.0.1", "[::1]", "[::ffff:a00:1]", "router", "nas.local"]
        {
            assert_eq!(reach(local), Ok(Reach::Local), "{local}");
        }
        for never in ["169.254.169.254", "[::ffff:a9fe:a9fe]", "0.0.0.0", "metadata.google.internal", "a..b", ""] {
            assert!(reach(never).is_err(), "{never}");
        }
    }

    #[test]
    fn a_server_on_the_internet_is_allowed() {
        let address = allowed("https://mcp.example.com:8443/mcp?x=1#top");
        assert_eq!(address.url, "https://mcp.example.com:8443/mcp?x=1");
        assert_eq!((address.host.as_str(), address.registrable.as_str()), ("mcp.example.com:8443", "example.com"));
        assert_eq!((address.reach, address.warnings), (Reach::Public, vec![]));
        assert_eq!(allowed("https://[2606:4700::1]/mcp").host, "[2606:4700::1]");
        assert_eq!(allowed("https://1.1.1.1/mcp").reach, Reach::Public);
    }

    #[test]
    fn x01_other_schemes_are_refused_and_the_allowed_one_is_named() {
        for scheme in ["javascript", "data", "file", "blob", "vbscript", "ws", "wss", "ftp", "about"] {
            let error = refused(&format!("{scheme}:alert(1)"));
            assert_eq!(error, AddressError::Scheme(scheme.into()));
            assert!(error.to_string().contains("https://"));
        }
        let odd = Parts { scheme: "JavaScript:", ..parts("javascript:alert(1)") };
        assert_eq!(check(&odd, true), Err(AddressError::Scheme("javascript".into())));
    }

    #[test]
    fn x02_plain_http_is_refused_except_to_this_machine_where_that_is_on() {
        assert_eq!(refused("http://mcp.example.com/"), AddressError::Insecure("mcp.example.com".into()));
        assert!(matches!(refused("http://localhost:3000/mcp"), AddressError::Local(_)));
        let local = check(&parts("http://localhost:3000/mcp"), true).unwrap();
        assert_eq!((local.reach, local.warnings), (Reach::Local, vec![Warning::Insecure, Warning::Local]));
        assert!(matches!(check(&parts("http://192.168.1.5/mcp"), true), Err(AddressError::Insecure(_))));
        assert!(matches!(check(&parts("http://mcp.example.com/"), true), Err(AddressError::Insecure(_))));
    }

    #[test]
    fn x03_a_name_before_the_host_is_refused_and_the_real_host_named() {
        assert_eq!(refused("https://good.com@evil.com/"), AddressError::UserInfo("evil.com".into()));
        assert_eq!(refused("https://a:b@evil.com/"), AddressError::UserInfo("evil.com".into()));
    }

    #[test]
    fn x03_hidden_characters_and_a_trailing_dot_are_refused() {
        let typed = "https://example.com/\u{202e}pcm";
        let hidden = check(&Parts { typed, ..parts("https://example.com/%E2%80%AEpcm") }, false);
        assert_eq!(hidden, Err(AddressError::Hidden("U+202E right-to-left override".into())));
        assert_eq!(refused("https://example.com./mcp"), AddressError::TrailingDot("example.com.".into()));
    }

    #[test]
    fn x03_letters_outside_ascii_are_shown_as_they_are_sent_and_warned_about() {
        let address = allowed("https://xn--80ak6aa92e.com/mcp");
        assert_eq!(address.host, "xn--80ak6aa92e.com");
        assert_eq!(address.warnings, [Warning::International("xn--80ak6aa92e.com".into())]);
    }

    #[test]
    fn x04_metadata_and_link_local_addresses_are_never_allowed() {
        for host in [
            "169.254.169.254",
            "169.254.1.1",
            "[::ffff:a9fe:a9fe]",
            "[::a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "168.63.129.16",
            "metadata.google.internal",
            "x.metadata.google.internal",
            "0.0.0.0",
            "[::]",
            "224.0.0.1",
            "255.255.255.255",
            "[ff02::1]",
            "192.0.2.1",
            "[2001:db8::1]",
        ] {
            let href = format!("https://{host}/mcp");
            for allow_local in [false, true] {
                let error = check(&parts(&href), allow_local).expect_err(host);
                assert!(matches!(error, AddressError::Never { .. }), "{host}: {error}");
            }
        }
    }

    #[test]
    fn x04_this_machine_and_its_network_are_refused_unless_allowed() {
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:7f00:1]",
            "localhost",
            "app.localhost",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "[fd12::1]",
            "[::ffff:c0a8:101]",
            "printer",
            "printer.local",
            "wiki.internal",
            "router.home.arpa",
        ] {
            let href = format!("https://{host}/mcp");
            assert_eq!(refused(&href), AddressError::Local(host.into()));
            let address = check(&parts(&href), true).unwrap();
            assert_eq!((address.reach, address.warnings), (Reach::Local, vec![Warning::Local]));
        }
        assert_eq!(allowed("https://172.32.0.1/").reach, Reach::Public);
        assert_eq!(allowed("https://localhost.example.com/").reach, Reach::Public);
        assert_eq!(allowed("https://mylocal/".replace("mylocal", "my.locals.com").as_str()).reach, Reach::Public);
    }

    #[test]
    fn x04_hosts_that_no_parser_would_write_are_refused() {
        for host in
            ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "1.2.3.4.5", "EXAMPLE.com", "exa mple.com", "a..b", "é.com"]
        {
            let href = format!("https://{host}/mcp");
            assert!(matches!(check(&parts(&href), true), Err(AddressError::Unreadable(_))), "{host}");
        }
        assert!(matches!(refused("https://[::1/"), AddressError::Unreadable(_)));
        assert_eq!(check(&Parts { typed: "  ", ..Parts::default() }, false), Err(AddressError::Empty));
        let no_host = Parts { hostname: "", ..parts("https://x/mcp") };
        assert!(matches!(check(&no_host, true), Err(AddressError::Unreadable(_))));
    }

    #[test]
    fn x27_a_secret_in_the_address_is_warned_about() {
        assert_eq!(allowed("https://example.com/mcp?api_key=12345").warnings, [Warning::SecretInAddress]);
        assert_eq!(allowed("https://example.com/mcp?key=12345").warnings, [Warning::SecretInAddress]);
        assert_eq!(allowed("https://example.com/mcp?workspace=12345").warnings, []);
    }

    #[test]
    fn the_emphasised_part_is_what_someone_registered() {
        for (host, part) in [
            ("example.com", "example.com"),
            ("good.com.evil.net", "evil.net"),
            ("mcp.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("mcp.example.de", "example.de"),
            ("localhost", "localhost"),
            ("1.2.3.4", "1.2.3.4"),
            ("[2606:4700::1]", "[2606:4700::1]"),
        ] {
            assert_eq!(registrable_hint(host), part);
        }
    }
}
