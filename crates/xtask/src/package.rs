//! The npm package: `crates/sdk` built twice into `pkg/wasm/`, and what `npm pack` makes of it.

use crate::places::{Places, files_below};
use crate::run::{Doing, Failure, Outcome, Program, step};
use crate::setup::Tools;
use std::path::PathBuf;

/// The builds of one crate, by its features: the host, and the MCP client alone.
const BUILDS: &[&str] = &["host", "mcp"];

/// Fills `pkg/wasm/`.
pub(crate) fn build(places: &Places, tools: &Tools) -> Outcome<()> {
    let built = places.target.join(crate::toolchain::WASM).join("release/sdk.wasm");
    for name in BUILDS {
        step(&format!("build the package's part `{name}`"), || {
            let out = places.root.join("pkg/wasm").join(name);
            let _ = std::fs::remove_dir_all(&out);
            let mut environment = tools.wasm.clone();
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
            let module = out.join("sdk_bg.wasm");
            Program::new("wasm-opt")
                .args(["-Oz".as_ref(), module.as_os_str(), "-o".as_ref(), module.as_os_str()])
                .env(&tools.wasm)
                .done()
        })?;
    }
    Ok(())
}

/// Packs what `pkg/` holds, with the licences, and gives the archive.
pub(crate) fn pack(places: &Places, tools: &Tools) -> Outcome<PathBuf> {
    step("pack it", || {
        let folder = places.target.join("package");
        let stage = folder.join("countersign");
        let _ = std::fs::remove_dir_all(&folder);
        let source = places.root.join("pkg");
        for file in files_below(&source)? {
            let to = stage.join(file.strip_prefix(&source).unwrap_or(&file));
            std::fs::create_dir_all(to.parent().unwrap_or(&stage)).doing("make a folder to pack in")?;
            std::fs::copy(&file, &to).doing(format_args!("copy `{}`", file.display()))?;
        }
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            std::fs::copy(places.root.join(licence), stage.join(licence)).doing(format_args!("copy {licence}"))?;
        }
        Program::new("npm")
            .args(["pack", "--ignore-scripts", "--pack-destination"])
            .args([&folder])
            .env(&tools.wasm)
            .within(&stage)
            .done()?;
        let archive = std::fs::read_dir(&folder).doing("find the archive")?.flatten().map(|entry| entry.path());
        archive
            .into_iter()
            .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
            .ok_or_else(|| Failure::new("`npm pack` made no archive"))
    })
}
