//! The npm package: `crates/sdk` built twice into `pkg/wasm/`, and what `npm pack` makes of it.

use crate::places::{Places, files_below};
use crate::run::{Doing, Failure, Outcome, Program, step};
use crate::setup::Tools;
use std::path::PathBuf;

/// The builds of one crate, by its features: the host, and the MCP client alone.
const BUILDS: &[&str] = &["host", CLIENT];
/// The MCP client alone.
const CLIENT: &str = "mcp";

/// Fills `pkg/wasm/` and puts the licences beside it, so that `npm pack` in `pkg/` has everything.
pub(crate) fn build(places: &Places, tools: &Tools) -> Outcome<()> {
    build_parts(places, tools, BUILDS)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let to = places.root.join("pkg").join(licence);
        std::fs::copy(places.root.join(licence), to).doing(format_args!("copy {licence}"))?;
    }
    Ok(())
}

/// Fills the part of `pkg/wasm/` that `pkg/mcp.js` loads.
pub(crate) fn build_client(places: &Places, tools: &Tools) -> Outcome<()> {
    build_parts(places, tools, &[CLIENT])
}

fn build_parts(places: &Places, tools: &Tools, names: &[&str]) -> Outcome<()> {
    let built = places.target.join(crate::toolchain::WASM).join("release/sdk.wasm");
    for name in names {
        step(&format!("build the package's part `{name}`"), || {
            let out = places.root.join("pkg/wasm").join(name);
            let _ = std::fs::remove_dir_all(&out);
            let mut environment = tools.shipping.clone();
            environment.set("CARGO_TARGET_DIR", places.target.clone());
            Program::new("cargo")
                .args(["build", "--release", "--target", crate::toolchain::WASM, "-p", "sdk"])
                .args(["--no-default-features", "--features", name])
                .env(&environment)
                .within(&places.root)
                .done()?;
            Program::new("wasm-bindgen")
                .args(["--target", "web", "--no-typescript", "--out-name", "sdk", "--out-dir"])
                .args([&out, &built])
                .env(&tools.wasm)
                .done()?;
            // What people read are the files by hand; nobody reads this one.
            let glue = out.join("sdk.js");
            let mut outfile = std::ffi::OsString::from("--outfile=");
            outfile.push(&glue);
            Program::new("esbuild")
                .args(["--minify", "--format=esm", "--log-level=error", "--allow-overwrite"])
                .args([outfile.as_os_str(), glue.as_os_str()])
                .env(&tools.wasm)
                .done()?;
            let module = out.join("sdk_bg.wasm");
            Program::new("wasm-opt")
                .args(["-Oz".as_ref(), module.as_os_str(), "-o".as_ref(), module.as_os_str()])
                .env(&tools.wasm)
                .done()
        })?;
    }
    Ok(())
}

/// Packs `pkg/` and gives the archive.
pub(crate) fn pack(places: &Places, tools: &Tools) -> Outcome<PathBuf> {
    step("pack it", || {
        let folder = places.target.join("package");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).doing("make a folder for the archive")?;
        Program::new("npm")
            .args(["pack", "--ignore-scripts", "--pack-destination"])
            .args([&folder])
            .env(&tools.wasm)
            .within(&places.root.join("pkg"))
            .done()?;
        let files = files_below(&folder)?;
        files.into_iter().next().ok_or_else(|| Failure::new("`npm pack` made no archive"))
    })
}
