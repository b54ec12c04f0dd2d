//! What has to be on the machine before anything can be built or tested, and getting it.
//!
//! Everything is pinned, kept in the cache outside the checkout, and looked for before it is fetched: the second run
//! asks no network and takes well under a second.

use crate::chromium;
use crate::debian;
use crate::places::Places;
use crate::proxies::PROXIES;
use crate::run::{Doing, Environment, Failure, Outcome, Program, found, step};
use crate::toolchain::{self, Toolchain};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// Must be exactly the `wasm-bindgen` of `Cargo.toml`.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";
const TRUNK: &str = "0.22.1";
/// Reads what `wasm_split_helpers` of `Cargo.toml` marks.
const WASM_SPLIT: &str = "0.2.4";
/// The suites need Node 22; this one is fetched where the machine's is older.
const NODE: &str = "22.23.3";
const OLDEST_NODE: u32 = 22;
/// The oldest Node the package promises to work with.
const NODE_20: &str = "20.20.2";

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
    Built { package: "trunk", version: TRUNK, arguments: &["--ignore-rust-version"] },
];

/// What is ready for use.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// The environment in which `cargo` builds for the browser and all tools are in `PATH`.
    pub(crate) wasm: Environment,
    /// The same with the flags for what is shipped.
    pub(crate) shipping: Environment,
    /// Which way the compiler in it came, in words.
    pub(crate) route: &'static str,
    /// Where our own small scripts are.
    pub(crate) scripts: PathBuf,
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
    let mut shipping = wasm.clone();
    shipping.set(toolchain::FLAGS, toolchain.shipping);
    Ok(Tools { wasm, shipping, route: toolchain.route, scripts: places.root.join("crates/xtask/tools") })
}

/// Puts folders in front of the `PATH` of an environment.
fn put_first(environment: &mut Environment, folders: &[PathBuf]) -> Outcome<()> {
    let set = environment.get("PATH");
    let path = set.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&path));
    let joined =
        std::env::join_paths(all).map_err(|error| Failure::new(format!("a folder cannot be in PATH: {error}")))?;
    environment.set("PATH", joined);
    Ok(())
}

fn node_of_the_machine() -> Outcome<()> {
    if found("node").is_some() && found("npm").is_some() {
        return Ok(());
    }
    Err(Failure::new("Node.js with npm is not installed")
        .next("install Node 20 or later from https://nodejs.org or your system's packages"))
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
    let root = places.tools();
    let install = |locked: &[&str]| {
        Program::new("cargo")
            .args(["install", "--root"])
            .args([&root])
            .args(tool.arguments)
            .args(locked)
            .args([format!("{}@{}", tool.package, tool.version)])
            .env(&environment)
            .within(&places.cache)
            .done()
    };
    step(&format!("build {} {} (some minutes, once)", tool.package, tool.version), || {
        // As its authors built it; where a version they locked cannot be had, with what fits.
        install(&["--locked"]).or_else(|_| install(&[]))
    })
    .map_err(|failure| {
        let by_hand = ["cargo", "install", "--root", &root.to_string_lossy()].join(" ");
        failure.next(format!(
            "check the connection, or run `{by_hand} {} {}@{}`",
            tool.arguments.join(" "),
            tool.package,
            tool.version
        ))
    })?;
    if tool.package == "trunk" {
        let _ = std::fs::remove_dir_all(places.cache.join("tools-build"));
    }
    Ok(())
}

/// Installs `wasm-opt` and `esbuild` by their lock file and gives the folder they are in.
fn npm_tools(places: &Places) -> Outcome<PathBuf> {
    let source = places.root.join("crates/xtask/tools");
    let folder = places.tools().join("npm");
    let lock =
        std::fs::read_to_string(source.join("package-lock.json")).doing("read crates/xtask/tools/package-lock.json")?;
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

/// What the suites in `tests/` run with.
#[derive(Clone, Debug)]
pub(crate) struct Testing {
    /// What to set for the suites: their Node first in `PATH`, and where the other programs are.
    pub(crate) environment: Environment,
}

/// Everything the suites need beyond what building needs.
pub(crate) fn for_testing(places: &Places, tools: &Tools) -> Outcome<Testing> {
    let browser = chromium::find(places)?;
    let node = node(places)?;
    npm_packages(places)?;
    let python = python(places)?;
    let mut environment = tools.wasm.clone();
    if let Some(folder) = node {
        put_first(&mut environment, &[folder])?;
    }
    browser.put_into(places, &mut environment)?;
    environment.set("COUNTERSIGN_PYTHON", python);
    for proxy in PROXIES {
        environment.set(proxy.variable, proxy.find(places)?);
    }
    Ok(Testing { environment })
}

/// Everything `start --demo` needs beyond what building needs: the packages of the suites, one of which it starts.
pub(crate) fn for_demo(places: &Places) -> Outcome<()> {
    npm_packages(places)
}

/// A Node that is new enough for the suites: nothing to add when the machine's is.
fn node(places: &Places) -> Outcome<Option<PathBuf>> {
    let said = Program::new("node").args(["--version"]).output()?;
    if major(&said).is_some_and(|major| major >= OLDEST_NODE) {
        return Ok(None);
    }
    node_from_npm(places, NODE).map(Some)
}

/// A Node 20, which the package must work with.
pub(crate) fn node_20(places: &Places) -> Outcome<PathBuf> {
    let said = Program::new("node").args(["--version"]).output()?;
    if let (Some(20), Some(node)) = (major(&said), found("node")) {
        return Ok(node);
    }
    Ok(node_from_npm(places, NODE_20)?.join(format!("node{}", std::env::consts::EXE_SUFFIX)))
}

/// The major version in `v22.23.3`.
fn major(said: &str) -> Option<u32> {
    said.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Fetches the binary that npm's package `node` is made of, and gives the folder it is in.
fn node_from_npm(places: &Places, version: &str) -> Outcome<PathBuf> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win",
        other => other,
    };
    let processor = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
    let package = format!("node-{system}-{processor}");
    let folder = places.tools().join(format!("node-{version}"));
    let programs = folder.join("node_modules").join(&package).join("bin");
    if !programs.is_dir() {
        step(&format!("fetch Node {version} for the suites from npm"), || {
            std::fs::create_dir_all(&folder).doing("make a folder for Node")?;
            std::fs::write(folder.join("package.json"), "{\"private\":true}\n").doing("make a folder for Node")?;
            Program::new("npm")
                .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"])
                .args([format!("{package}@{version}")])
                .within(&folder)
                .done()
        })
        .map_err(|failure| failure.next(format!("install Node {OLDEST_NODE} or later from https://nodejs.org")))?;
    }
    Ok(programs)
}

/// Installs the packages of `tests/` by their lock file.
fn npm_packages(places: &Places) -> Outcome<()> {
    let tests = places.root.join("tests");
    let lock = std::fs::read_to_string(tests.join("package-lock.json")).doing("read tests/package-lock.json")?;
    // In the checkout, so the stamp is too: another checkout has packages of its own.
    let stamp = tests.join("node_modules/.countersign");
    if std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == lock) {
        return Ok(());
    }
    step("install the npm packages of the suites", || npm_ci(&tests))?;
    std::fs::write(stamp, lock).doing("note which packages are installed")
}

/// A Python with the packages of the test servers.
fn python(places: &Places) -> Outcome<PathBuf> {
    let wanted = places.root.join("tests/servers/requirements.txt");
    let list = std::fs::read_to_string(&wanted).doing("read tests/servers/requirements.txt")?;
    // Of their own for each list: checkouts that want others may be testing at the same time.
    let mut digest = DefaultHasher::new();
    list.hash(&mut digest);
    let name = format!("tests-python-{:016x}", digest.finish());
    let folder = places.cache.join(&name);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if places.stamped(&name, &list) && python.exists() {
        return Ok(python);
    }
    step("install the Python packages of the test servers", || {
        let _ = std::fs::remove_dir_all(&folder);
        let system = if cfg!(windows) { "python" } else { "python3" };
        // Debian keeps `venv` in a package of its own.
        let made = Program::new(system).args(["-m", "venv"]).args([&folder]).done();
        if made.is_err() && debian::is_here() {
            debian::install(places, "Python", &["python3", "python3-venv"])?;
            Program::new(system).args(["-m", "venv"]).args([&folder]).done()?;
        } else {
            made?;
        }
        Program::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r"])
            .args([&wanted])
            .done()
    })
    .map_err(|failure| failure.next("install Python 3.10 or later with venv and pip"))?;
    places.stamp(&name, &list)?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> String {
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap()
    }

    #[test]
    fn the_command_line_tool_is_the_wasm_bindgen_of_the_workspace() {
        assert!(
            manifest().contains(&format!("wasm-bindgen = \"={WASM_BINDGEN}\"")),
            "Cargo.toml and setup.rs name two versions of wasm-bindgen"
        );
        assert!(
            include_str!("../../../Trunk.toml").contains(&format!("wasm_bindgen = \"{WASM_BINDGEN}\"")),
            "Trunk.toml names another wasm-bindgen"
        );
    }

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v22.23.3\n"), Some(22));
        assert_eq!(major("22"), None);
    }
}
