//! What the suites found: one list of named cases, however each suite reports.

use crate::run::{Doing, Failure, Outcome};
use std::collections::BTreeMap;
use std::path::Path;

/// Cases by their whole name, `suite::...`, and whether each passed. A case that ran twice (in Node and in a browser, or
/// several examples of one item) passed when it passed every time.
#[derive(Default, Debug)]
pub(crate) struct Results {
    cases: BTreeMap<String, bool>,
    ignored: Vec<String>,
    unsteady: Vec<String>,
}

impl Results {
    /// Notes one case.
    pub(crate) fn add(&mut self, name: impl Into<String>, passed: bool) {
        let case = self.cases.entry(name.into()).or_insert(true);
        *case &= passed;
    }

    /// Takes over the cases of another list.
    pub(crate) fn take(&mut self, other: Self) {
        for (name, passed) in other.cases {
            self.add(name, passed);
        }
        self.ignored.extend(other.ignored);
        self.unsteady.extend(other.unsteady);
    }

    /// Whether a case ran, whatever came of it.
    pub(crate) fn ran(&self, name: &str) -> bool {
        self.cases.contains_key(name)
    }

    /// How many passed.
    pub(crate) fn passed(&self) -> usize {
        self.cases.values().filter(|passed| **passed).count()
    }

    /// The names of those that failed.
    pub(crate) fn failed(&self) -> Vec<&str> {
        self.cases.iter().filter(|(_, passed)| !**passed).map(|(name, _)| name.as_str()).collect()
    }

    /// The names of those that were there and did not run.
    pub(crate) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The names of those that failed beside other tests and passed alone.
    pub(crate) fn unsteady(&self) -> &[String] {
        &self.unsteady
    }

    /// Reads `{"passed": [...], "failed": [...], "unsteady": [...]}`, as the suites in `tests/` leave it, into cases of
    /// `suite`. What is unsteady passed, and a suite that has no such list (one that tries nothing twice) has none.
    pub(crate) fn read_json(suite: &str, file: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(file)
            .doing(format_args!("read `{}`: the suite left no results", file.display()))?;
        let value: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("`{}` is no JSON: {error}", file.display())))?;
        let mut results = Self::default();
        for (list, passed) in [("passed", true), ("failed", false)] {
            let titles = value
                .get(list)
                .and_then(|list| list.as_array())
                .ok_or_else(|| Failure::new(format!("`{}` has no list `{list}`", file.display())))?;
            for title in titles.iter().filter_map(|title| title.as_str()) {
                results.add(format!("{suite}::{title}"), passed);
            }
        }
        let unsteady = value.get("unsteady").and_then(|list| list.as_array());
        let titles = unsteady.into_iter().flatten().filter_map(|title| title.as_str());
        results.unsteady.extend(titles.map(|title| format!("{suite}::{title}")));
        Ok(results)
    }
}

/// Reads what `cargo test` of one crate prints, line by line.
///
/// Names become `suite::crate::name`, with the file's stem between for an integration test
/// (`suite::crate::file::name`) and `doc` for an example (`suite::crate::doc::file - item`, without its line number,
/// which moves too often to be a name).
#[derive(Debug)]
pub(crate) struct LibtestReader {
    prefix: String,
    place: Place,
    /// What was read so far.
    pub(crate) results: Results,
}

#[derive(Debug)]
enum Place {
    Unit,
    Integration(String),
    Example,
}

impl LibtestReader {
    /// A reader for one run of one crate's tests.
    pub(crate) fn new(suite: &str, of: &str) -> Self {
        Self { prefix: format!("{suite}::{of}"), place: Place::Unit, results: Results::default() }
    }

    /// Reads one line. Lines that say nothing about a case are passed over.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim();
        // Cargo says `Running FILE (BINARY)`; a runner may have something to say about running too.
        if let Some((file, _)) = line.strip_prefix("Running ").and_then(|rest| rest.split_once(" (")) {
            self.place = match file.strip_prefix("unittests ") {
                Some(_) => Place::Unit,
                // A test of several files is `tests/NAME/main.rs`.
                None => {
                    let file = Path::new(file.strip_suffix("/main.rs").unwrap_or(file));
                    Place::Integration(file.file_stem().unwrap_or_default().to_string_lossy().into_owned())
                }
            };
        } else if line.starts_with("Doc-tests ") {
            self.place = Place::Example;
        } else if let Some((name, verdict)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) {
            self.case(name, verdict);
        }
    }

    fn case(&mut self, name: &str, verdict: &str) {
        let name = name.trim_end_matches(" - should panic");
        let whole = match &self.place {
            Place::Unit => format!("{}::{name}", self.prefix),
            Place::Integration(file) => format!("{}::{file}::{name}", self.prefix),
            Place::Example => format!("{}::doc::{}", self.prefix, without_line(name)),
        };
        let verdict = verdict.to_ascii_lowercase();
        if verdict.starts_with("ok") {
            self.results.add(whole, true);
        } else if verdict.starts_with("fail") {
            self.results.add(whole, false);
        } else if verdict.starts_with("ignored") {
            self.results.ignored.push(whole);
        }
    }
}

/// `crates/policy/src/gate.rs - gate::Permit (line 12) - compile fail` without what is no name.
fn without_line(name: &str) -> String {
    name.rsplit_once(" (line ").map_or(name, |(name, _)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Results {
        let mut reader = LibtestReader::new("native", "policy");
        lines.lines().for_each(|line| reader.read(line));
        reader.results
    }

    #[test]
    fn unit_tests_and_examples_are_named_by_their_crate() {
        let results = read(
            "     Running unittests src/lib.rs (target/debug/deps/policy-9f8e)
running 2 tests
test gate::tests::s059_a_write_asks ... ok
test gate::tests::slow ... ignored, takes a day
test gate::tests::broken - should panic ... FAILED
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/order.rs (target/debug/deps/order-9f8e)
Running headless tests in Chrome on `http://127.0.0.1:41255/`
test of_rules ... ok
   Doc-tests policy
test crates/policy/src/gate.rs - gate::Permit (line 12) - compile fail ... ok
test crates/policy/src/gate.rs - gate::Permit (line 20) ... FAILED",
        );
        assert!(results.ran("native::policy::gate::tests::s059_a_write_asks"));
        assert_eq!(
            results.failed(),
            ["native::policy::doc::crates/policy/src/gate.rs - gate::Permit", "native::policy::gate::tests::broken"]
        );
        assert_eq!(results.ignored(), ["native::policy::gate::tests::slow"]);
        assert!(!results.ran("native::policy::gate::tests::slow"), "an ignored case did not run");
        assert!(results.ran("native::policy::order::of_rules"));
        assert_eq!(results.passed(), 2);
    }

    #[test]
    fn a_case_that_failed_once_failed() {
        let mut results = Results::default();
        results.add("a", false);
        results.add("a", true);
        assert_eq!(results.failed(), ["a"]);
    }

    #[test]
    fn what_a_suite_left_is_read() {
        let file = std::env::temp_dir().join(format!("countersign-results-{}.json", std::process::id()));
        std::fs::write(&file, r#"{"suite":"browser","passed":["a b"],"failed":["c"]}"#).unwrap();
        let results = Results::read_json("browser", &file).unwrap();
        assert!(results.ran("browser::a b"));
        assert_eq!(results.failed(), ["browser::c"]);
        assert!(results.unsteady().is_empty());
        std::fs::write(&file, r#"{"suite":"browser","passed":["a b"],"failed":[],"unsteady":["a b"]}"#).unwrap();
        assert_eq!(Results::read_json("browser", &file).unwrap().unsteady(), ["browser::a b"]);
        std::fs::write(&file, r#"{"passed":["a b"]}"#).unwrap();
        assert!(Results::read_json("browser", &file).is_err(), "a list that is missing is no success");
        std::fs::remove_file(&file).unwrap();
        assert!(Results::read_json("browser", &file).is_err(), "no results are no success");
    }
}
