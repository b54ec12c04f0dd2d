//! The plan of the house, checked: which crate may know which, and that the README's map is the checkout.

use crate::places::Places;
use crate::run::{Doing, Failure, Outcome, Program};
use serde_json::Value;
use std::collections::BTreeSet;

/// Who may use whom, and nobody else. `xtask` reads the audit log with `policy`'s verifier.
const ARROWS: &[(&str, &[&str])] = &[
    ("policy", &[]),
    ("mcp", &[]),
    ("chat", &["policy"]),
    ("browser", &["policy", "mcp", "chat"]),
    ("sdk", &["browser"]),
    ("site", &["browser", "policy"]),
    ("xtask", &["policy"]),
];

/// Crates that are tested without a browser, and so must not know one.
const WITHOUT_BROWSER: &[&str] = &["policy", "mcp", "chat", "xtask"];
const OF_THE_BROWSER: &[&str] = &["wasm-bindgen", "wasm-bindgen-futures", "js-sys", "web-sys", "gloo-net"];

/// Fails when a crate of the workspace uses another one it may not.
pub(crate) fn arrows(places: &Places) -> Outcome<()> {
    let said =
        Program::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).within(&places.root).output()?;
    let metadata: Value =
        serde_json::from_str(&said).map_err(|error| Failure::new(format!("`cargo metadata` gave no JSON: {error}")))?;
    let wrong = wrong_arrows(&metadata);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(wrong.join("\n"))
        .next("take the dependency out, or change the plan in crates/xtask/src/house.rs and say why"))
}

/// Every dependency that the plan does not have, in words.
fn wrong_arrows(metadata: &Value) -> Vec<String> {
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let name = |value: &Value| value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let packages = list(metadata, "packages");
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let mut wrong = Vec::new();
    if members.is_empty() {
        wrong.push("the workspace has no packages".to_owned());
    }
    for package in &packages {
        let from = name(package);
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == from) else {
            wrong.push(format!("`{from}` is not in the plan"));
            continue;
        };
        for dependency in list(package, "dependencies") {
            let to = name(&dependency);
            let unplanned = members.contains(&to) && !allowed.contains(&to.as_str());
            let needs_browser = WITHOUT_BROWSER.contains(&from.as_str()) && OF_THE_BROWSER.contains(&to.as_str());
            if unplanned || needs_browser {
                wrong.push(format!("`{from}` must not use `{to}`"));
            }
        }
    }
    wrong
}

/// Fails when the map in the README names a folder that is not there, or leaves one out.
pub(crate) fn readme_map(places: &Places) -> Outcome<()> {
    let readme = std::fs::read_to_string(places.root.join("README.md")).doing("read README.md")?;
    let tracked = Program::new("git").args(["ls-files"]).within(&places.root).output()?;
    let wrong = wrong_map(&readme, &tracked);
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n")).next("change the map in README.md")) }
}

/// What is wrong with the map: it lists every folder of the checkout, and every crate instead of `crates`.
fn wrong_map(readme: &str, tracked: &str) -> Vec<String> {
    let map = readme.split("\n## The map").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    let listed: BTreeSet<&str> = map
        .lines()
        .filter_map(|line| line.trim().strip_prefix("| `")?.split('`').next())
        .map(|name| name.trim_end_matches('/'))
        .collect();
    let there: BTreeSet<String> = tracked
        .lines()
        .filter(|file| !file.starts_with('.'))
        .filter_map(|file| match file.split('/').collect::<Vec<_>>().as_slice() {
            ["crates", name, _, ..] => Some(format!("crates/{name}")),
            [folder, _, ..] => Some((*folder).to_owned()),
            _ => None,
        })
        .collect();
    let gone = listed.iter().filter(|name| !tracked.lines().any(|file| file.starts_with(&format!("{name}/"))));
    let gone = gone.map(|name| format!("the README's map names `{name}`, which is no folder of the checkout"));
    let missing = there.iter().filter(|name| !listed.contains(name.as_str()));
    let missing = missing.map(|name| format!("the README's map leaves out `{name}`"));
    gone.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(packages: &[(&str, &[&str])]) -> Value {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, uses)| {
                let uses: Vec<Value> = uses.iter().map(|name| serde_json::json!({ "name": name })).collect();
                serde_json::json!({ "name": name, "dependencies": uses })
            })
            .collect();
        serde_json::json!({ "packages": packages })
    }

    #[test]
    fn the_planned_arrows_are_fine() {
        let plan: Vec<(&str, &[&str])> = ARROWS.to_vec();
        assert_eq!(wrong_arrows(&workspace(&plan)), Vec::<String>::new());
    }

    #[test]
    fn a_new_arrow_is_found() {
        let wrong = wrong_arrows(&workspace(&[("policy", &["serde", "mcp"]), ("mcp", &[]), ("chat", &["web-sys"])]));
        assert_eq!(wrong, ["`policy` must not use `mcp`", "`chat` must not use `web-sys`"]);
        assert_eq!(wrong_arrows(&workspace(&[("extra", &[])])), ["`extra` is not in the plan"]);
        assert_eq!(wrong_arrows(&serde_json::json!({})).len(), 1, "nothing read is not fine");
    }

    const README: &str = "# X\n\n## The map\n\n| Folder | What |\n|---|---|\n| `crates/a` | one |\n| `site/` | two |\n\n## Next\n| `other` |\n";

    #[test]
    fn the_map_is_the_checkout() {
        assert_eq!(
            wrong_map(README, "Cargo.toml\n.ci/run\ncrates/a/src/lib.rs\nsite/index.html\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_folder_too_many_or_too_few_is_found() {
        let wrong = wrong_map(README, "crates/a/src/lib.rs\ncrates/b/src/lib.rs\ntests/x\n");
        assert_eq!(
            wrong,
            [
                "the README's map names `site`, which is no folder of the checkout",
                "the README's map leaves out `crates/b`",
                "the README's map leaves out `tests`"
            ]
        );
    }
}
