//! The real proxies for the tests of `site/deploy/`: the machine's, or Debian's unpacked into the cache.
//!
//! Unpacked even where it could be installed: an installed one would start to serve on the developer's machine.

use crate::chromium::wrapper;
use crate::debian;
use crate::places::Places;
use crate::run::{Failure, Outcome, found};
use std::path::{Path, PathBuf};

/// A proxy that the tests start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxy {
    /// What its program is called.
    pub(crate) name: &'static str,
    /// The variable that names another, and by which the suites find it.
    pub(crate) variable: &'static str,
    package: &'static str,
    /// Where Debian puts the program, without the first slash.
    file: &'static str,
}

/// All of them.
pub(crate) const PROXIES: &[Proxy] = &[
    Proxy { name: "nginx", variable: "COUNTERSIGN_NGINX", package: "nginx-light", file: "usr/sbin/nginx" },
    Proxy { name: "caddy", variable: "COUNTERSIGN_CADDY", package: "caddy", file: "usr/bin/caddy" },
];

impl Proxy {
    /// Finds it, or fetches it.
    pub(crate) fn find(&self, places: &Places) -> Outcome<PathBuf> {
        let named = std::env::var_os(self.variable).map(PathBuf::from);
        let system = Path::new("/").join(self.file);
        let present = named.into_iter().chain(found(self.name)).chain([system]).find(|file| file.is_file());
        if let Some(program) = present {
            return Ok(program);
        }
        let top = debian::unpacked(places);
        let unpacked = top.join(self.file);
        if !unpacked.is_file() {
            debian::fetch(places, &format!("{} for the tests", self.name), &[self.package])?;
        }
        if unpacked.is_file() {
            return wrapper(places, &top, &unpacked);
        }
        Err(Failure::new(format!("no {} was found", self.name))
            .next(format!("install {}, or name one in {}", self.name, self.variable)))
    }
}
