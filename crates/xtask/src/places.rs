//! Where things are: the checkout, what is built, and the cache that all checkouts of a machine share.

use crate::run::{Doing, Failure, Outcome};
use std::path::{Path, PathBuf};

/// The folders the commands work in.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// What cargo builds, `CARGO_TARGET_DIR` or `target/`.
    pub(crate) target: PathBuf,
    /// Tools and toolchain parts, outside the checkout so that a fresh clone finds them.
    pub(crate) cache: PathBuf,
}

impl Places {
    /// Finds them from the environment.
    pub(crate) fn find() -> Outcome<Self> {
        // Compiled from the checkout it works on: `cargo xtask` always is.
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder).doing("find CARGO_TARGET_DIR")?,
            None => root.join("target"),
        };
        let cache = cache(
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from),
            std::env::consts::OS,
        )
        .ok_or_else(|| Failure::new("no folder for the tools is known").next("set COUNTERSIGN_CACHE to a folder"))?;
        std::fs::create_dir_all(&cache).doing(format_args!("make `{}`", cache.display()))?;
        Ok(Self { root, target, cache })
    }

    /// Where programs installed by cargo go.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// Says that something in the cache is complete, for exactly these versions.
    pub(crate) fn stamp(&self, name: &str, key: &str) -> Outcome<()> {
        let folder = self.cache.join("stamps");
        std::fs::create_dir_all(&folder).doing("make the folder for stamps")?;
        std::fs::write(folder.join(name), key).doing(format_args!("write the stamp `{name}`"))
    }

    /// Whether it is complete, for exactly these versions.
    pub(crate) fn stamped(&self, name: &str, key: &str) -> bool {
        std::fs::read_to_string(self.cache.join("stamps").join(name)).is_ok_and(|stamp| stamp == key)
    }
}

/// The cache folder: ours if named, else the platform's.
fn cache(variable: impl Fn(&str) -> Option<PathBuf>, os: &str) -> Option<PathBuf> {
    if let Some(own) = variable("COUNTERSIGN_CACHE") {
        return std::path::absolute(own).ok();
    }
    let base = match os {
        "macos" => variable("HOME")?.join("Library/Caches"),
        "windows" => variable("LOCALAPPDATA")?,
        _ => variable("XDG_CACHE_HOME")
            .filter(|folder| folder.is_absolute())
            .or_else(|| Some(variable("HOME")?.join(".cache")))?,
    };
    Some(base.join("countersign"))
}

/// Every file below a folder, sorted, without those in folders of other people's packages.
pub(crate) fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).doing(format_args!("read `{}`", folder.display()))? {
            let entry = entry.doing(format_args!("read `{}`", folder.display()))?;
            let kind = entry.file_type().doing(format_args!("look at `{}`", entry.path().display()))?;
            if kind.is_dir() {
                if entry.file_name() != "node_modules" {
                    open.push(entry.path());
                }
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<PathBuf> {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value))
    }

    #[test]
    fn the_cache_is_ours_if_named_else_the_platforms() {
        assert_eq!(cache(with(&[("COUNTERSIGN_CACHE", "/c"), ("HOME", "/h")]), "linux"), Some("/c".into()));
        assert_eq!(cache(with(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), "linux"), Some("/x/countersign".into()));
        assert_eq!(
            cache(with(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")]), "linux"),
            Some("/h/.cache/countersign".into())
        );
        assert_eq!(cache(with(&[("HOME", "/h")]), "macos"), Some("/h/Library/Caches/countersign".into()));
        assert_eq!(cache(with(&[]), "linux"), None);
    }
}
