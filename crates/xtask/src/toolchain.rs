//! The compilers: the reader's own for what runs here, and one that can build for the browser.
//!
//! Two routes lead to WebAssembly. The ordinary one is `rustup target add`. Where Rust's download host cannot be
//! reached, a Debian machine has all parts in its packages: a compiler (`rustc-web`), the sources of the standard
//! library and a linker; the library is then built into the cache. `COUNTERSIGN_RUST=rustup|debian` forces one.

use crate::debian;
use crate::places::Places;
use crate::run::{Doing, Environment, Failure, Outcome, Program, step};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The browser's target.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// Where cargo looks for the flags of the browser's target.
pub(crate) const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
/// The oldest compiler that builds this workspace (`rust-version` in `Cargo.toml`).
const OLDEST: (u32, u32) = (1, 95);
/// Changes when the way the standard library is built changes.
const RECIPE: &str = "3";
/// What makes up the toolchain on Debian.
const PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "lld-22"];

/// A compiler for the browser: run `cargo` in this environment.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// What to set for cargo and everything that runs it.
    pub(crate) environment: Environment,
    /// [`FLAGS`] for what is shipped. Only there: with other flags than a plain `cargo check` has, each of the two would
    /// build every dependency again after the other.
    pub(crate) shipping: OsString,
    /// Which route it came by, in words.
    pub(crate) route: &'static str,
}

/// Refuses a compiler that is too old, with a sentence.
pub(crate) fn check_native() -> Outcome<()> {
    let said = Program::new("rustc").args(["--version"]).output().map_err(|failure| {
        Failure::new(failure.to_string()).next("install Rust from https://rustup.rs, or your system's rustc")
    })?;
    match version(&said) {
        Some(version) if version >= OLDEST => Ok(()),
        Some((major, minor)) => {
            Err(Failure::new(format!("rustc {major}.{minor} is too old, {}.{} or later is needed", OLDEST.0, OLDEST.1))
                .next("run `rustup update stable`"))
        }
        None => Err(Failure::new(format!("`rustc --version` said `{}`", said.trim()))),
    }
}

/// Major and minor of `rustc 1.95.0 (...)`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Finds or installs a compiler for the browser.
pub(crate) fn for_wasm(places: &Places) -> Outcome<Toolchain> {
    match std::env::var("COUNTERSIGN_RUST").as_deref() {
        Ok("rustup") => ordinary(places, true),
        Ok("debian") => of_debian(places),
        Ok(other) => Err(Failure::new(format!("COUNTERSIGN_RUST is `{other}`"))
            .next("set it to `rustup` or `debian`, or not at all")),
        Err(_) if has_target() => Ok(with_target(places)),
        // Set up before: do not ask the network again.
        Err(_) if debian_library(places).is_some_and(|key| places.stamped("debian-std", &key)) => of_debian(places),
        Err(_) => ordinary(places, !debian::is_here()).or_else(|failure| {
            println!("  {failure}");
            of_debian(places)
        }),
    }
}

/// Whether the reader's own compiler has the target.
fn has_target() -> bool {
    let Ok(sysroot) = Program::new("rustc").args(["--print", "sysroot"]).output() else { return false };
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib");
    std::fs::read_dir(library)
        .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

fn with_target(places: &Places) -> Toolchain {
    let mut environment = Environment::default();
    for_tests(&mut environment);
    let mut flags = without_paths(places);
    // With its sources installed, the standard library is found in the toolchain's own folder.
    if let Ok(sysroot) = Program::new("rustc").args(["--print", "sysroot"]).output() {
        flags.push(" --remap-path-prefix=");
        flags.push(sysroot.trim());
        flags.push("=rust");
    }
    Toolchain { environment, shipping: flags, route: "rustup" }
}

fn for_tests(environment: &mut Environment) {
    environment.set("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
    // One module is one compilation: flags from elsewhere would build a second copy of everything.
    environment.unset("RUSTFLAGS");
    environment.unset("CARGO_ENCODED_RUSTFLAGS");
    environment.unset("CARGO_BUILD_TARGET");
}

/// Flags that keep the folders of this machine out of what is shipped: a module names source files where it may panic.
fn without_paths(places: &Places) -> OsString {
    let mut flags = without_registry();
    if !flags.is_empty() {
        flags.push(" ");
    }
    flags.push("--remap-path-prefix=");
    flags.push(&places.root);
    flags.push("=countersign ");
    flags.push(COMPACT);
    flags
}

/// One hash of a few bytes at a time needs no unrolled rounds: they would be kilobytes of every module.
const COMPACT: &str = r#"--cfg=sha2_backend_soft="compact""#;

fn without_registry() -> OsString {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let mut flags = OsString::new();
    if let Some(home) = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))) {
        flags.push("--remap-path-prefix=");
        flags.push(home.join("registry/src"));
        flags.push("=crates");
    }
    flags
}

/// `rustup target add`.
fn ordinary(places: &Places, last_resort: bool) -> Outcome<Toolchain> {
    if !has_target() {
        step(&format!("add the target {WASM} with rustup"), || {
            let mut quick = Environment::default();
            if !last_resort {
                quick.set("RUSTUP_MAX_RETRIES", "0");
            }
            Program::new("rustup").args(["target", "add", WASM]).env(&quick).within(&places.root).done()
        })
        .map_err(|failure| {
            failure.next(format!("install Rust from https://rustup.rs and run `rustup target add {WASM}`"))
        })?;
        if !has_target() {
            return Err(Failure::new(format!("rustup added {WASM} to another toolchain than the one in use"))
                .next(format!("run `rustup target add {WASM} --toolchain stable`, and cargo of that toolchain")));
        }
    }
    Ok(with_target(places))
}

/// Debian's compiler and what it needs beside it.
struct Parts {
    /// Where `usr` is: `/`, or where the packages were unpacked.
    top: PathBuf,
}

impl Parts {
    fn find(places: &Places) -> Option<Self> {
        let unpacked = debian::unpacked(places);
        [PathBuf::from("/"), unpacked].into_iter().map(|top| Self { top }).find(Parts::complete)
    }

    fn complete(&self) -> bool {
        self.program("rustc").is_file()
            && self.program("cargo").is_file()
            && self.program("cargo-clippy").is_file()
            && self.top.join("usr/lib/rustlib/src/rust/library/std/Cargo.toml").exists()
    }

    fn program(&self, name: &str) -> PathBuf {
        self.top.join("usr/bin").join(name)
    }

    fn rustlib(&self) -> PathBuf {
        self.top.join("usr/lib/rustlib")
    }
}

/// What the standard library in the cache is built from: the version of Debian's compiler.
fn debian_library(places: &Places) -> Option<String> {
    let parts = Parts::find(places)?;
    let version = Program::new(parts.program("rustc")).args(["-vV"]).env(&basics(places, &parts)).output().ok()?;
    Some(format!("{RECIPE}\n{version}"))
}

/// `PATH` with Debian's programs first, and nothing of rustup's.
fn basics(places: &Places, parts: &Parts) -> Environment {
    let mut environment = Environment::default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(places.cache.join("debian-rust")).chain(std::env::split_paths(&path));
    environment.set("PATH", std::env::join_paths(folders).unwrap_or(path.clone()));
    // rustup's cargo leaves these for its children; Debian's must not find the other toolchain by them.
    for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "CARGO", "LD_LIBRARY_PATH"] {
        environment.unset(name);
    }
    if parts.top != Path::new("/") {
        environment.set("LD_LIBRARY_PATH", debian::libraries(&parts.top));
    }
    environment
}

fn of_debian(places: &Places) -> Outcome<Toolchain> {
    if Parts::find(places).is_none() {
        debian::install(places, "Debian's Rust for the browser", PACKAGES)?;
    }
    let parts = Parts::find(places).ok_or_else(|| {
        Failure::new("Debian's packages do not hold a whole toolchain")
            .next(format!("run `apt-get install {}`", PACKAGES.join(" ")))
    })?;
    link_programs(places, &parts)?;
    let environment = basics(places, &parts);
    // cargo does not look into a sysroot: a library that was built another way needs a path of its own, or what was
    // compiled against the old one would be taken for fresh.
    let sysroot = places.cache.join(format!("sysroot-{RECIPE}"));
    let key = debian_library(places).unwrap_or_default();
    if !places.stamped("debian-std", &key) || !sysroot.is_dir() {
        step("build the standard library for the browser (about a minute)", || {
            build_library(places, &parts, &environment, &sysroot)
        })?;
        places.stamp("debian-std", &key)?;
    }
    let mut environment = environment;
    for_tests(&mut environment);
    let mut flags = OsString::from("--sysroot ");
    flags.push(&sysroot);
    environment.set("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTDOCFLAGS", flags.clone());
    environment.set(FLAGS, flags.clone());
    flags.push(" ");
    flags.push(without_paths(places));
    Ok(Toolchain { environment, shipping: flags, route: "debian" })
}

/// A folder with Debian's programs and nothing else, to put first in `PATH`.
fn link_programs(places: &Places, parts: &Parts) -> Outcome<()> {
    let folder = places.cache.join("debian-rust");
    std::fs::create_dir_all(&folder).doing("make a folder for Debian's compiler")?;
    for name in ["rustc", "cargo", "rustdoc", "cargo-clippy", "clippy-driver"] {
        let (link, program) = (folder.join(name), parts.program(name));
        if std::fs::read_link(&link).is_ok_and(|target| target == program) {
            continue;
        }
        let _ = std::fs::remove_file(&link);
        #[cfg(unix)]
        std::os::unix::fs::symlink(&program, &link).doing(format_args!("link `{}`", link.display()))?;
    }
    Ok(())
}

/// Builds `std` and `test` from Debian's sources into a sysroot of its own.
///
/// `-Cembed-bitcode=yes`: cargo leaves the bitcode out when it builds without LTO, and the site is built with it.
/// `test`: `wasm-bindgen-test` links it. For size: the library is most of a small module.
fn build_library(places: &Places, parts: &Parts, environment: &Environment, sysroot: &Path) -> Outcome<()> {
    let work = places.cache.join("stdbuild");
    std::fs::create_dir_all(work.join("src")).doing("make a folder to build in")?;
    std::fs::write(work.join("src/lib.rs"), "").doing("write an empty crate")?;
    let manifest = "[package]\nname = \"stdbuild\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[profile.release]\ncodegen-units = 1\nopt-level = \"z\"\n[workspace]\n";
    std::fs::write(work.join("Cargo.toml"), manifest).doing("write an empty crate")?;
    let _ = std::fs::remove_dir_all(work.join("target"));
    let mut environment = environment.clone();
    let mut flags = OsString::from("-Cembed-bitcode=yes ");
    flags.push(without_registry());
    environment.set("RUSTFLAGS", flags);
    environment.set("RUSTC_BOOTSTRAP", "1");
    environment.set("CARGO_TARGET_DIR", work.join("target"));
    let parts_of_std =
        ["-Zbuild-std=std,panic_abort,panic_unwind,test", "-Zbuild-std-features=optimize_for_size,panic-unwind"];
    Program::new(parts.program("cargo"))
        .args(["build", "--release", "--target", WASM])
        .args(parts_of_std)
        .env(&environment)
        .within(&work)
        .done()?;

    let new = sysroot.with_extension("new");
    let _ = std::fs::remove_dir_all(&new);
    let library = new.join("lib/rustlib").join(WASM).join("lib");
    std::fs::create_dir_all(&library).doing("make the sysroot")?;
    let built = work.join("target").join(WASM).join("release/deps");
    for file in std::fs::read_dir(&built).doing("find what was built")?.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libstdbuild-") {
            std::fs::copy(file.path(), library.join(&name)).doing(format_args!("copy {name}"))?;
        }
    }
    // Proc macros and build scripts are built for this machine, with the library that came with the compiler.
    for entry in std::fs::read_dir(parts.rustlib()).doing("find the compiler's library")?.flatten() {
        if entry.file_name().to_string_lossy().contains("-linux-") {
            #[cfg(unix)]
            std::os::unix::fs::symlink(entry.path(), new.join("lib/rustlib").join(entry.file_name()))
                .doing("link the compiler's library")?;
        }
    }
    let _ = std::fs::remove_dir_all(sysroot);
    std::fs::rename(&new, sysroot).doing("put the sysroot in place")?;
    let _ = std::fs::remove_dir_all(work.join("target"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(version("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95)));
        assert_eq!(version("rustc 1.96.0-nightly"), Some((1, 96)));
        assert_eq!(version(""), None);
    }

    #[test]
    fn the_oldest_compiler_is_the_one_the_workspace_names() {
        let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("rust-version = \"{}.{}\"", OLDEST.0, OLDEST.1)));
    }
}
