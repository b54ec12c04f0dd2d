//! `cargo xtask dist`: the site as one archive that unpacks onto any static host.

use crate::Words;
use crate::build_name;
use crate::headers::{self, Loopback};
use crate::places::Places;
use crate::run::{Doing, Outcome, Program, step};
use crate::setup;
use crate::site::{self, Wanted};

/// Builds the site and writes `dist/countersign-VERSION.tar.gz`.
pub(crate) fn dist(words: &mut Words) -> Outcome<()> {
    let base = site::base(&words.value("--base")?.unwrap_or_default())?;
    let loopback = if words.switch("--allow-loopback") { Loopback::Allowed } else { Loopback::Refused };
    let origin = words.value("--origin")?;
    let client = origin.as_ref().map(|origin| site::client_document(origin, &base)).transpose()?;
    let host = origin.as_deref().map(|origin| origin.trim_end_matches('/'));
    let apart = words.value("--sandbox")?.map(|typed| site::apart(&typed)).transpose()?;
    words.end()?;
    let places = Places::find()?;
    let tools = setup::for_building(&places)?;
    let www =
        site::build(&places, &tools, &Wanted { base: base.clone(), loopback, apart: apart.clone(), debug: false })?;
    let archive = places.root.join("dist").join(concat!("countersign-", env!("CARGO_PKG_VERSION"), ".tar.gz"));
    step("pack it", || {
        for (name, text) in [
            ("_headers", headers::headers_file(&base, loopback, apart.as_deref(), host)),
            ("_redirects", headers::redirects_file(&base)),
        ] {
            std::fs::write(www.join(name), text).doing(format_args!("write {name}"))?;
        }
        if let Some(client) = &client {
            std::fs::write(www.join("client.json"), client).doing("write client.json")?;
        }
        std::fs::create_dir_all(places.root.join("dist")).doing("make dist/")?;
        Program::new("tar")
            .args(["-czf".as_ref(), archive.as_os_str(), "-C".as_ref(), www.as_os_str(), ".".as_ref()])
            .done()
    })?;
    println!(
        "{} unpacks onto any static host at {base}; headers for Caddy and nginx are in site/deploy/",
        archive.display()
    );
    println!("build {} (About shows it; {} beside its files names them)", build_name::of(&www)?, build_name::LIST);
    if apart.is_none() {
        println!(
            "without `--sandbox https://...` apps of servers run on the site's own host, in an opaque origin; say so to your people, or give them an origin of their own"
        );
    }
    if client.is_none() {
        println!(
            "without `--origin https://...` it has no client.json: people sign in where a server registers clients"
        );
    }
    Ok(())
}
