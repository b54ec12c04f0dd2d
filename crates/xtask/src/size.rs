//! How heavy the first page is, and how soon it can be used, as a browser sees it.

use crate::headers::Loopback;
use crate::places::Places;
use crate::run::{Failure, Outcome, Program};
use crate::serve::Server;
use crate::setup::Testing;
use serde_json::Value;
use std::path::Path;

/// What the first load of the chat page may weigh as it is served (Brotli), in bytes: 200 KB.
const BUDGET: u64 = 200_000;

/// Loads the page in Chromium, prints what that took, and says whether it is within the budget.
pub(crate) fn check(places: &Places, testing: &Testing, www: &Path) -> Outcome<bool> {
    let server = Server::start(www, "/", 0, Loopback::Allowed)?;
    let script = places.root.join("crates/xtask/tools/first-load.mjs");
    let packages = places.root.join("tests");
    let said = Program::new("node")
        .args([script.into_os_string(), server.address.clone().into(), packages.into_os_string()])
        .env(&testing.environment)
        .output()?;
    let load = Load::read(&said)?;
    println!("{}", load.told());
    Ok(load.total() <= BUDGET)
}

/// Prints what `countersign/mcp` weighs beside the official TypeScript client, bundled for the same job. The budget of
/// the client is not reached (promise P130), so this is a figure and no check.
pub(crate) fn compare_clients(places: &Places, testing: &Testing) -> Outcome<()> {
    let said = Program::new("node")
        .args([places.root.join("crates/xtask/tools/client-weight.mjs"), places.root.join("pkg")])
        .args([places.root.join("tests"), places.target.join("xtask/client-weight")])
        .env(&testing.environment)
        .output()?;
    println!("{}", clients(&said)?);
    Ok(())
}

fn clients(said: &str) -> Outcome<String> {
    let value: Value = serde_json::from_str(said)
        .map_err(|error| Failure::new(format!("the clients could not be weighed: {error}")))?;
    let bytes = |path: &str| {
        let bytes = value.pointer(path).and_then(Value::as_u64).filter(|bytes| *bytes > 0);
        bytes.ok_or_else(|| Failure::new(format!("the clients could not be weighed: nothing at {path}")))
    };
    let (script, module, theirs) = (bytes("/ours/js")?, bytes("/ours/wasm")?, bytes("/theirs/js")?);
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    Ok(format!(
        "  countersign/mcp: {} ({} module, {} script); @modelcontextprotocol/client {version} for the same job: {}",
        kilobytes(script + module),
        kilobytes(module),
        kilobytes(script),
        kilobytes(theirs)
    ))
}

/// What was loaded.
#[derive(Debug)]
struct Load {
    files: Vec<(String, u64)>,
    /// What is fetched at the first sign of a person, so that the first message can be taken.
    then: u64,
    cold: u64,
    warm: u64,
}

impl Load {
    fn read(said: &str) -> Outcome<Self> {
        let value: Value = serde_json::from_str(said)
            .map_err(|error| Failure::new(format!("the first load could not be measured: {error}")))?;
        let mut files = listed(&value, "files")?;
        let then = listed(&value, "then")?.iter().map(|(_, bytes)| bytes).sum();
        if then == 0 {
            return Err(Failure::new("the first movement of the pointer fetched nothing"));
        }
        if !files.iter().any(|(path, _)| path.ends_with(".wasm")) {
            return Err(Failure::new("the page loaded no WebAssembly"));
        }
        let time = |name: &str| {
            value.get(name).and_then(Value::as_u64).ok_or_else(|| Failure::new("the page was never ready"))
        };
        files.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        Ok(Self { files, then, cold: time("cold")?, warm: time("warm")? })
    }

    fn total(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }

    fn told(&self) -> String {
        let mut text = format!(
            "  first load of the chat page: {} (budget {}; 1 KB = 1000 bytes, Brotli)",
            kilobytes(self.total()),
            kilobytes(BUDGET)
        );
        for (path, bytes) in &self.files {
            let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("index.html");
            text.push_str(&format!("\n    {:>9}  {name}", kilobytes(*bytes)));
        }
        text.push_str(&format!(
            "\n  fetched at the first key or movement, for the first message: {} more",
            kilobytes(self.then)
        ));
        text.push_str(&format!(
            "\n  from navigation to a usable composer: {} ms cold, {} ms warm",
            self.cold, self.warm
        ));
        text
    }
}

/// The files of one list, each with its size.
fn listed(value: &Value, list: &str) -> Outcome<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for file in value.get(list).and_then(Value::as_array).into_iter().flatten() {
        let path = file.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
        let bytes = file.get("bytes").and_then(Value::as_u64);
        // A file without a length would count as nothing, and the budget would hold for nothing.
        files.push((path.clone(), bytes.ok_or_else(|| Failure::new(format!("`{path}` came without a length")))?));
    }
    Ok(files)
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_added_up() {
        let load = Load::read(r#"{"files":[{"path":"/","bytes":700},{"path":"/assets/1/app_bg.wasm","bytes":150300}],"then":[{"path":"/b.wasm","bytes":300000}],"cold":900,"warm":300}"#).unwrap();
        assert_eq!(load.total(), 151_000);
        assert!(
            load.told().contains("151.0 KB (budget 200.0 KB")
                && load.told().contains("150.3 KB  app_bg.wasm")
                && load.told().contains("300.0 KB more")
                && load.told().contains("0.7 KB  index.html"),
            "{}",
            load.told()
        );
    }

    #[test]
    fn the_clients_are_told_side_by_side() {
        let told = clients(r#"{"ours":{"js":7400,"wasm":160000},"theirs":{"js":75300},"version":"2.4.0"}"#).unwrap();
        assert!(
            told.contains("167.4 KB (160.0 KB module, 7.4 KB script)")
                && told.contains("2.4.0 for the same job: 75.3 KB"),
            "{told}"
        );
        assert!(clients(r#"{"ours":{"js":1},"theirs":{"js":1}}"#).is_err());
    }

    #[test]
    fn a_page_that_did_not_load_is_no_light_page() {
        assert!(Load::read(r#"{"files":[{"path":"/","bytes":700}],"cold":1,"warm":1}"#).is_err());
        let nothing = r#"{"files":[{"path":"/a.wasm","bytes":7}],"then":[],"cold":1,"warm":1}"#;
        assert!(Load::read(nothing).is_err());
        assert!(Load::read(r#"{"files":[{"path":"/a.wasm","bytes":null}],"cold":1,"warm":1}"#).is_err());
        assert!(Load::read("").is_err());
    }
}
