//! The headers of a deployment: one table, and the files for web servers made from it.
//!
//! `cargo xtask start` sends what this table says, the built page carries the same policy in a `<meta>`, and the files
//! in `site/deploy/` are generated from it (`cargo xtask headers`); a test fails when they differ. The policy is the one
//! of the security plan: nothing by default, our own code, connections to HTTPS only.

use crate::places::Places;
use crate::run::{Doing, Outcome};
use std::fmt::Write;

/// Whether a build may connect to servers on this machine. A deployment may not, unless it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Loopback {
    /// `http://localhost` and `http://127.0.0.1`, every port: what `cargo xtask start` serves.
    Allowed,
    /// HTTPS only.
    Refused,
}

/// One directive of the content security policy.
const POLICY: &[(&str, &str)] = &[
    ("default-src", "'none'"),
    ("script-src", "'self' 'wasm-unsafe-eval'"),
    // The reader of models' answers, which is held to this policy by the headers of its own file.
    ("worker-src", "'self'"),
    ("style-src", "'self'"),
    ("img-src", "'self' data: blob:"),
    ("media-src", "data: blob:"),
    ("font-src", "'self'"),
    ("connect-src", "'self' https:"),
    // Of frames there is one: the sandbox of apps. The policy is no weaker for what runs in it.
    ("frame-src", "'self'"),
    ("object-src", "'none'"),
    ("base-uri", "'self'"),
    ("form-action", "'self'"),
    ("frame-ancestors", "'none'"),
];

/// Added to `connect-src` where loopback is allowed. A content security policy cannot name `[::1]`.
const ON_THIS_MACHINE: &str = "http://localhost:* http://127.0.0.1:*";

/// Everything else, on every answer.
const OTHERS: &[(&str, &str)] = &[
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Permissions-Policy", "camera=(), display-capture=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin-allow-popups"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// The folder whose files carry a digest of the build in their path and never change.
pub(crate) const ASSETS: &str = "assets/";
/// The sandbox of apps: a page with a policy of its own. What runs in it is not held to the policy of the site, and the
/// policy of the site is not widened for it (X101).
pub(crate) const SANDBOX: &str = "sandbox.html";
/// Where an authorization server sends the person back to. The page is there with `.html` behind it.
pub(crate) const CALLBACK: &str = "oauth/callback";
/// How long those are kept.
const KEPT: &str = "public, max-age=31536000, immutable";
/// How long the page is kept: asked for every time, so that a new build is seen.
const ASKED: &str = "no-cache";

/// The content security policy as a header says it. `apart` is the origin that the sandbox of apps is on, if it has one
/// of its own.
pub(crate) fn policy(loopback: Loopback, apart: Option<&str>) -> String {
    joined(loopback, apart, |_| true)
}

/// The same for a `<meta>` in the page, where `frame-ancestors` means nothing.
pub(crate) fn policy_in_page(loopback: Loopback, apart: Option<&str>) -> String {
    joined(loopback, apart, |directive| directive != "frame-ancestors")
}

fn joined(loopback: Loopback, apart: Option<&str>, wanted: impl Fn(&str) -> bool) -> String {
    let directives = POLICY.iter().filter(|(name, _)| wanted(name)).map(|(name, sources)| {
        let more = match (*name, loopback, apart) {
            ("frame-src", _, Some(origin)) => format!(" {origin}"),
            ("connect-src" | "frame-src", Loopback::Allowed, _) => format!(" {ON_THIS_MACHINE}"),
            _ => String::new(),
        };
        format!("{name} {sources}{more}")
    });
    directives.collect::<Vec<_>>().join("; ")
}

/// The headers of every answer but the sandbox of apps.
pub(crate) fn everywhere(loopback: Loopback, apart: Option<&str>) -> Vec<(&'static str, String)> {
    with_policy(policy(loopback, apart))
}

/// The headers of the sandbox of apps.
pub(crate) fn of_sandbox(loopback: Loopback, host: Option<&str>) -> Vec<(&'static str, String)> {
    with_policy(policy_of_sandbox(loopback, host))
}

/// The policy of the sandbox says only who may show it: `host` is the origin of the site, where it is known.
fn policy_of_sandbox(loopback: Loopback, host: Option<&str>) -> String {
    let more = match (loopback, host) {
        (_, Some(host)) => format!(" {host}"),
        (Loopback::Allowed, None) => format!(" {ON_THIS_MACHINE}"),
        (Loopback::Refused, None) => String::new(),
    };
    format!("frame-ancestors 'self'{more}")
}

fn with_policy(policy: String) -> Vec<(&'static str, String)> {
    let others = OTHERS.iter().map(|(name, value)| (*name, (*value).to_owned()));
    std::iter::once(("Content-Security-Policy", policy)).chain(others).collect()
}

/// The name that stands for a site's own in the files for web servers.
const EXAMPLE: &str = "https://countersign.example.com";

/// How long a file may be kept; `path` is relative to where the site is.
pub(crate) fn kept(path: &str) -> &'static str {
    if path.starts_with(ASSETS) { KEPT } else { ASKED }
}

/// The media type of a file by its extension.
pub(crate) fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A name in `site/deploy/` and what is in it.
pub(crate) fn files() -> [(&'static str, String); 4] {
    [
        ("Caddyfile", caddyfile()),
        ("nginx.conf", nginx()),
        ("_headers", headers_file("/", Loopback::Refused, None, Some(EXAMPLE))),
        ("_redirects", redirects_file("/")),
    ]
}

/// Writes `site/deploy/`.
pub(crate) fn write(places: &Places) -> Outcome<()> {
    let folder = places.root.join("site/deploy");
    std::fs::create_dir_all(&folder).doing("make site/deploy")?;
    for (name, text) in files() {
        std::fs::write(folder.join(name), text).doing(format_args!("write site/deploy/{name}"))?;
        println!("  site/deploy/{name}");
    }
    Ok(())
}

const MADE: &str = "# Made by `cargo xtask headers` from crates/xtask/src/headers.rs: change it there.";

fn caddyfile() -> String {
    let mut text = format!(
        "{MADE}
# Unpack the archive of `cargo xtask dist` into /srv/countersign and put your own name in the first line.
countersign.example.com {{
\troot * /srv/countersign
\theader {{
"
    );
    for (name, value) in everywhere(Loopback::Refused, None) {
        let _ = writeln!(text, "\t\t{name} \"{value}\"");
    }
    let sandbox = policy_of_sandbox(Loopback::Refused, Some(EXAMPLE));
    let _ = write!(
        text,
        "\t}}
\t# The sandbox of apps. It belongs on an origin of its own: serve the archive under a second name too, and build it
\t# with `cargo xtask dist --sandbox https://that-name`.
\thandle /{SANDBOX} {{
\t\theader Content-Security-Policy \"{sandbox}\"
\t\theader Cache-Control \"{ASKED}\"
\t\tfile_server
\t}}
\thandle /{ASSETS}* {{
\t\t@there file
\t\theader @there Cache-Control \"{KEPT}\"
\t\tfile_server {{
\t\t\tprecompressed br gzip
\t\t}}
\t}}
\t# A deep link is the page's own business; a missing asset is not.
\thandle {{
\t\theader Cache-Control \"{ASKED}\"
\t\ttry_files {{path}} {{path}}.html /index.html
\t\tfile_server {{
\t\t\tprecompressed br gzip
\t\t}}
\t}}
}}
"
    );
    text
}

fn nginx() -> String {
    let mut text = format!(
        "{MADE}
# Unpack the archive of `cargo xtask dist` into /srv/countersign; this file belongs into the `http` block, for example
# as /etc/nginx/conf.d/countersign.conf. Add `listen 443 ssl` with your certificate and your own name.
map $uri $countersign_kept {{
    default \"{ASKED}\";
    ~^/{ASSETS} \"{KEPT}\";
}}
server {{
    listen 80;
    server_name countersign.example.com;
    root /srv/countersign;
    gzip_static on;
    gzip_vary on;
    # With the brotli module: brotli_static on;
"
    );
    // At the level of the server only: a location with an `add_header` of its own would drop all of these.
    for (name, value) in everywhere(Loopback::Refused, None) {
        let _ = writeln!(text, "    add_header {name} \"{value}\" always;");
    }
    let mut sandbox = String::new();
    for (name, value) in of_sandbox(Loopback::Refused, Some(EXAMPLE)) {
        let _ = writeln!(sandbox, "        add_header {name} \"{value}\" always;");
    }
    let _ = write!(
        text,
        "    add_header Cache-Control $countersign_kept;
    # The sandbox of apps. It belongs on an origin of its own: serve the archive under a second name too, and build it
    # with `cargo xtask dist --sandbox https://that-name`. Its headers stand alone: those above are not for it.
    location = /{SANDBOX} {{
{sandbox}        add_header Cache-Control \"{ASKED}\" always;
    }}
    # A deep link is the page's own business; a missing asset is not.
    location / {{ try_files $uri $uri.html /index.html; }}
    location /{ASSETS} {{ try_files $uri =404; }}
    location ~ \\.wasm$ {{ types {{ }} default_type application/wasm; try_files $uri =404; }}
}}
"
    );
    text
}

/// `_headers` as static hosts read it, for a site at `base` whose sandbox is `apart` and whose own origin is `host`. An
/// exclamation mark takes a header away that an earlier line has set.
pub(crate) fn headers_file(base: &str, loopback: Loopback, apart: Option<&str>, host: Option<&str>) -> String {
    let mut text = format!("{MADE}\n{base}*\n");
    for (name, value) in everywhere(loopback, apart) {
        let _ = writeln!(text, "  {name}: {value}");
    }
    let sandbox = policy_of_sandbox(loopback, host);
    let _ = writeln!(text, "{base}{SANDBOX}\n  ! Content-Security-Policy\n  Content-Security-Policy: {sandbox}");
    let _ = writeln!(text, "{base}{ASSETS}*\n  Cache-Control: {KEPT}");
    text
}

/// `_redirects` as static hosts read it: every address that is no file is the page.
pub(crate) fn redirects_file(base: &str) -> String {
    format!("{MADE}\n{base}{CALLBACK} {base}{CALLBACK}.html 200\n{base}* {base}index.html 200\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_starts_from_nothing_and_allows_no_inline_code() {
        let policy = policy(Loopback::Refused, None);
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self';"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains('*'),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"));
    }

    #[test]
    fn servers_on_this_machine_only_where_the_build_allows_it() {
        assert!(
            policy(Loopback::Allowed, None)
                .contains("connect-src 'self' https: http://localhost:* http://127.0.0.1:*;")
        );
        assert!(!policy(Loopback::Refused, None).contains("http://"));
    }

    #[test]
    fn the_page_carries_the_same_policy_but_for_framing() {
        let expected = policy(Loopback::Refused, None).replace("; frame-ancestors 'none'", "");
        assert_eq!(policy_in_page(Loopback::Refused, None), expected);
    }

    #[test]
    fn x101_the_policy_of_the_site_is_no_weaker_for_apps() {
        let apart = policy(Loopback::Refused, Some("https://apps.example.net"));
        assert!(apart.contains("frame-src 'self' https://apps.example.net;"), "{apart}");
        assert_eq!(apart.replace(" https://apps.example.net", ""), policy(Loopback::Refused, None));
        let without = policy(Loopback::Refused, None);
        assert!(without.contains("script-src 'self' 'wasm-unsafe-eval';") && without.contains("frame-src 'self';"));
        // The sandbox has a policy of its own, which says only who may show it.
        let sandbox = policy_of_sandbox(Loopback::Refused, Some("https://countersign.example.com"));
        assert_eq!(sandbox, "frame-ancestors 'self' https://countersign.example.com");
        for (name, text) in files() {
            assert!(name == "_redirects" || text.contains(&sandbox), "{name}");
        }
    }

    #[test]
    fn the_files_for_web_servers_agree_with_the_table() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../site/deploy");
        for (name, expected) in files() {
            let found = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert_eq!(found, expected, "site/deploy/{name} is not what the table says: run `cargo xtask headers`");
            for (header, value) in everywhere(Loopback::Refused, None) {
                assert!(
                    name == "_redirects" || expected.contains(header) && expected.contains(&value),
                    "{name} lacks {header}"
                );
            }
        }
    }

    #[test]
    fn only_what_never_changes_is_kept() {
        assert_eq!(kept("assets/0123/app.js"), KEPT);
        assert_eq!(kept("index.html"), ASKED);
        assert_eq!(kept(""), ASKED);
    }

    #[test]
    fn wasm_has_its_media_type() {
        assert_eq!(media_type("assets/0123/app_bg.wasm"), "application/wasm");
        assert_eq!(media_type("assets/0123/app.js"), "text/javascript; charset=utf-8");
        assert_eq!(media_type("LICENSE"), "application/octet-stream");
    }
}
