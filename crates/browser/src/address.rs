//! Addresses, parsed by the browser and judged by the rules of [`policy::address`].

use policy::address::{Address, AddressError, Parts};

/// Checks an address as it was typed, or as a server named it.
///
/// # Errors
/// The first rule it breaks (X01 to X04).
pub(crate) fn check(text: &str, allow_local: bool) -> Result<Address, AddressError> {
    let typed = text.trim();
    if typed.is_empty() {
        return Err(AddressError::Empty);
    }
    // Before parsing, which fails on some of them and would quote them.
    if let Some(hidden) = policy::text::hidden(typed).first() {
        return Err(AddressError::Hidden(hidden.label()));
    }
    let url = web_sys::Url::new(typed).map_err(|_| AddressError::Unreadable(typed.to_owned()))?;
    let (href, scheme, username, password) = (url.href(), url.protocol(), url.username(), url.password());
    let (hostname, port, query, fragment) = (url.hostname(), url.port(), url.search(), url.hash());
    let parts = Parts {
        typed: text,
        href: &href,
        scheme: &scheme,
        username: &username,
        password: &password,
        hostname: &hostname,
        port: &port,
        query: &query,
        fragment: &fragment,
    };
    policy::address::check(&parts, allow_local)
}
