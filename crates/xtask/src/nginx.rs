//! An nginx for the tests of `site/deploy/`: the machine's, or Debian's unpacked into the cache.
//!
//! Unpacked even where it could be installed: an installed one would start to serve on the developer's machine.

use crate::chromium::wrapper;
use crate::debian;
use crate::places::Places;
use crate::run::{Failure, Outcome, found};
use std::path::{Path, PathBuf};

/// Finds one, or fetches it. `COUNTERSIGN_NGINX` names another.
pub(crate) fn find(places: &Places) -> Outcome<PathBuf> {
    let named = std::env::var_os("COUNTERSIGN_NGINX").map(PathBuf::from);
    let system = Path::new("/usr/sbin/nginx");
    let present = named.into_iter().chain(found("nginx")).chain([system.to_path_buf()]).find(|file| file.is_file());
    if let Some(nginx) = present {
        return Ok(nginx);
    }
    let top = debian::unpacked(places);
    let unpacked = top.join("usr/sbin/nginx");
    if !unpacked.is_file() {
        debian::fetch(places, "nginx for the tests", &["nginx-light"])?;
    }
    if unpacked.is_file() {
        return wrapper(places, &top, &unpacked);
    }
    Err(Failure::new("no nginx was found").next("install nginx, or name one in COUNTERSIGN_NGINX"))
}
