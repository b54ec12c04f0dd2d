//! What a build consists of, in a form that anybody can check (X128): the list of its files with their SHA-256, written
//! as `sha256sum` reads it, and the name of the build, which is where the digest of that list begins.
//!
//! The folder of the files has the name, so a page shows which build it is by the address it was loaded from.

use crate::headers;
use crate::run::{Doing, Failure, Outcome};
use policy::Digest;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The list, beside the files that it is about.
pub(crate) const LIST: &str = "files.txt";
/// So many hexadecimal digits of the digest are the name.
const DIGITS: usize = 16;

/// The list of these files of a folder, sorted by their names.
pub(crate) fn list(folder: &Path, files: &[PathBuf]) -> Outcome<String> {
    let mut named = Vec::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let bytes = std::fs::read(file).doing(format_args!("read `{}`", file.display()))?;
        named.push((name, Digest::of_bytes(&bytes)));
    }
    named.sort();
    Ok(named.iter().fold(String::new(), |mut list, (name, digest)| {
        let _ = writeln!(list, "{digest}  {name}");
        list
    }))
}

/// The name of the build that a list is about.
pub(crate) fn name(list: &str) -> String {
    Digest::of_bytes(list.as_bytes()).as_str().chars().take(DIGITS).collect()
}

/// The name of a build that is there.
pub(crate) fn of(www: &Path) -> Outcome<String> {
    let assets = www.join(headers::ASSETS);
    let mut folders = std::fs::read_dir(&assets).doing(format_args!("read `{}`", assets.display()))?;
    let folder = folders.find_map(|entry| Some(entry.ok()?.path()).filter(|path| path.join(LIST).is_file()));
    let folder = folder.ok_or_else(|| Failure::new(format!("`{}` has no list of its files", assets.display())))?;
    Ok(name(&std::fs::read_to_string(folder.join(LIST)).doing("read the list of files")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x128_a_build_is_named_by_the_list_of_its_files_as_sha256sum_writes_it() {
        let folder = std::env::temp_dir().join(format!("countersign-build-name-{}", std::process::id()));
        let www = folder.join("www");
        let assets = www.join(headers::ASSETS).join("x");
        std::fs::create_dir_all(assets.join("sub")).unwrap();
        let files: Vec<PathBuf> = ["sub/b.js", "a.css"].iter().map(|name| assets.join(name)).collect();
        for file in &files {
            std::fs::write(file, b"abc").unwrap();
        }
        let list = list(&assets, &files).unwrap();
        // FIPS 180-4 gives the digest of `abc`.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(list, format!("{abc}  a.css\n{abc}  sub/b.js\n"));
        std::fs::write(assets.join(LIST), &list).unwrap();
        assert_eq!(of(&www).unwrap(), name(&list));
        assert_eq!(name(&list).len(), DIGITS);
        assert_ne!(name(&list), name(&list.replace('a', "b")));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
