//! Tells the linker to keep what `wasm-split-cli` needs to take lazily loaded screens out of the module.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo this way")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
}
