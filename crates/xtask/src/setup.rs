//! What has to be on the machine before anything can be built or tested, and getting it.
//!
//! Everything is pinned, kept in the cache outside the checkout, and looked for before it is fetched: the second run
//! asks no network and takes well under a second.

use crate::debian;
use crate::places::Places;
use crate::run::{Doing, Environment, Failure, Outcome, Program, found, step};
use crate::toolchain::{self, Toolchain};
use std::path::{Path, PathBuf};

/// Must be exactly the `wasm-bindgen` of `Cargo.toml`.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";
const TRUNK: &str = "0.22.1";
/// Reads what `wasm_split_helpers` of `Cargo.toml` marks.
const WASM_SPLIT: &str = "0.2.4";
/// The suites need Node 22; this one is fetched where the machine's is older.
const NODE: &str = "22.23.3";
const OLDEST_NODE: u32 = 22;

/// A program that cargo builds.
struct Built {
    package: &'static str,
    version: &'static str,
    arguments: &'static [&'static str],
}

const BUILT: &[Built] = &[
    Built { package: "wasm-bindgen-cli", version: WASM_BINDGEN, arguments: &[] },
    Built { package: "wasm_split_cli_support", version: WASM_SPLIT, arguments: &["--features", "build-binary"] },
    // Names a newer compiler than it needs.
    Built { package: "trunk", version: TRUNK, arguments: &["--locked", "--ignore-rust-version"] },
];

/// What is ready for use.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// The environment in which `cargo` builds for the browser and all tools are in `PATH`.
    pub(crate) wasm: Environment,
    /// The compiler in it.
    pub(crate) toolchain: Toolchain,
}

/// Everything needed to build the site and the package.
pub(crate) fn for_building(places: &Places) -> Outcome<Tools> {
    toolchain::check_native()?;
    node_of_the_machine()?;
    let toolchain = toolchain::for_wasm(places)?;
    for tool in BUILT {
        install(places, tool, &toolchain)?;
    }
    let npm = npm_tools(places)?;
    let mut wasm = toolchain.environment.clone();
    let folders = [places.tools().join("bin"), npm];
    put_first(&mut wasm, &folders)?;
    Ok(Tools { wasm, toolchain })
}

/// Puts folders in front of the `PATH` of an environment.
fn put_first(environment: &mut Environment, folders: &[PathBuf]) -> Outcome<()> {
    let set = environment.0.iter().rev().find(|(name, _)| name == "PATH").and_then(|(_, value)| value.clone());
    let path = set.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&path));
    let joined = std::env::join_paths(all).map_err(|error| Failure::new(format!("a folder cannot be in PATH: {error}")))?;
    environment.set("PATH", joined);
    Ok(())
}

fn node_of_the_machine() -> Outcome<()> {
    if found("node").is_some() && found("npm").is_some() {
        return Ok(());
    }
    Err(Failure::new("Node.js with npm is not installed").next("install Node 20 or later from https://nodejs.org or your system's packages"))
}

/// Builds a pinned program, unless that version is there.
fn install(places: &Places, tool: &Built, toolchain: &Toolchain) -> Outcome<()> {
    let list = std::fs::read_to_string(places.tools().join(".crates.toml")).unwrap_or_default();
    if list.contains(&format!("\"{} {} ", tool.package, tool.version)) {
        return Ok(());
    }
    let mut environment = toolchain.environment.clone();
    // These are used a hundred times at most: quick to build matters more than quick to run.
    environment.set("CARGO_PROFILE_RELEASE_LTO", "off");
    environment.set("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    environment.set("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    environment.set("CARGO_TARGET_DIR", places.cache.join("tools-build"));
    step(&format!("build {} {} (some minutes, once)", tool.package, tool.version), || {
        let root = places.tools();
        Program::new("cargo")
            .args(["install", "--root"])
            .args([&root])
            .args(tool.arguments)
            .args([format!("{}@{}", tool.package, tool.version)])
            .env(&environment)
            .within(&places.cache)
            .done()
    })
    .map_err(|failure| failure.next(format!("check the connection, or run `cargo install --root {} {} {}@{}`", places.tools().display(), tool.arguments.join(" "), tool.package, tool.version)))?;
    if tool.package == "trunk" {
        let _ = std::fs::remove_dir_all(places.cache.join("tools-build"));
    }
    Ok(())
}

/// Installs `wasm-opt` and `esbuild` by their lock file and gives the folder they are in.
fn npm_tools(places: &Places) -> Outcome<PathBuf> {
    let source = places.root.join("crates/xtask/tools");
    let folder = places.tools().join("npm");
    let lock = std::fs::read_to_string(source.join("package-lock.json")).doing("read crates/xtask/tools/package-lock.json")?;
    let programs = folder.join("node_modules/.bin");
    if !places.stamped("tools-npm", &lock) || !programs.join("wasm-opt").exists() {
        step("install wasm-opt and esbuild from npm", || {
            std::fs::create_dir_all(&folder).doing("make a folder for npm")?;
            for name in ["package.json", "package-lock.json"] {
                std::fs::copy(source.join(name), folder.join(name)).doing(format_args!("copy {name}"))?;
            }
            npm_ci(&folder)
        })?;
        places.stamp("tools-npm", &lock)?;
    }
    Ok(programs)
}

/// Installs exactly what a lock file names; no package runs a script of its own.
fn npm_ci(folder: &Path) -> Outcome<()> {
    Program::new("npm")
        .args(["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"])
        .within(folder)
        .done()
        .map_err(|failure| failure.next(format!("check the connection, then run `npm ci` in {}", folder.display())))
}
